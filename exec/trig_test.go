package exec

import (
	"math"
	"testing"
)

// TestTrig compares with glibc's functions, within two units in the last place: package math keeps an absolute error only.
func TestTrig(t *testing.T) {
	for _, c := range [][4]float64{
		{3.141592653589793, 1.2246467991473532e-16, -1.0, -1.2246467991473532e-16},
		{-1.5707963267948966, -1.0, 6.123233995736766e-17, -1.633123935319537e+16},
		{4.71238898038469, -1.0, -1.8369701987210297e-16, 5443746451065123.0},
		{22.0, -0.008851309290403876, -0.9999608263946371, 0.00885165604168446},
		{100000.0, 0.03574879797201651, -0.9993608074382124, -0.035771662952898776},
		{1048576.5, 0.7425208640927718, 0.669822936593637, 1.1085330518373078},
		{1e+150, 0.6906310845321496, -0.7232072352223441, -0.9549559944872797},
		{-1099511627776.0, 0.40570501153282873, -0.914004071991557, -0.44387659088741604},
		{9.93e-08, 9.929999999999984e-08, 0.9999999999999951, 9.930000000000033e-08},
		{1000000000.0, 0.5458434494486996, 0.8378871813639024, 0.6514522021451413},
	} {
		for i, f := range []func(float64) float64{sin, cos, tan} {
			got, want := f(c[0]), c[i+1]
			if d := math.Abs(got - want); d > 2*(math.Nextafter(math.Abs(want), math.Inf(1))-math.Abs(want)) {
				t.Errorf("function %d of %v is %v, want %v", i, c[0], got, want)
			}
		}
	}
	for _, x := range []float64{math.Inf(1), math.NaN()} {
		if !math.IsNaN(sin(x)) || !math.IsNaN(cos(x)) || !math.IsNaN(tan(x)) {
			t.Errorf("functions of %v are no NaN", x)
		}
	}
	if !math.Signbit(tan(math.Copysign(0, -1))) {
		t.Error("tan(-0) is 0")
	}
}
