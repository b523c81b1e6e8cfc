package golden

import (
	"math"
	"testing"

	"github.com/larder-ml/larder/tensor"
)

func TestULPCountsRepresentableNumbers(t *testing.T) {
	next := math.Nextafter(1, 2)
	for _, c := range []struct{ a, b, want float64 }{
		{1, 1, 0},
		{1, next, 1},
		{next, 1, 1},
		{0, math.Copysign(0, -1), 0},
		{math.SmallestNonzeroFloat64, -math.SmallestNonzeroFloat64, 2},
		{math.NaN(), math.NaN(), 0},
		{math.NaN(), 1, math.Inf(1)},
		{math.MaxFloat64, math.Inf(1), 1},
		{1, 2, 1 << 52},
	} {
		if got := ULP(c.a, c.b); got != c.want {
			t.Errorf("ULP(%v, %v) = %v, want %v", c.a, c.b, got, c.want)
		}
	}
	if got := ULP32(1, math.Nextafter32(1, 2)); got != 1 {
		t.Errorf("ULP32 of neighbours = %v, want 1", got)
	}
}

func dense(x ...float64) *Value { return &Value{Dense: tensor.FromF64(x)} }

func TestCompareJudgesByClass(t *testing.T) {
	up := func(x float64, n int) float64 {
		for range n {
			x = math.Nextafter(x, math.Inf(1))
		}
		return x
	}
	labels := func(s ...string) *Value { return &Value{Dense: tensor.FromStr(s)} }
	for _, c := range []struct {
		name      string
		got, want *Value
		class     Class
		scale     []float64
		tied      []int
		ok        bool
	}{
		{name: "exact same", got: dense(1, 2), want: dense(1, 2), class: Exact, ok: true},
		{name: "exact one ulp", got: dense(1, up(2, 1)), want: dense(1, 2), class: Exact},
		{name: "ulp8 eight", got: dense(up(3, 8)), want: dense(3), class: ULP8, ok: true},
		{name: "ulp8 nine", got: dense(up(3, 9)), want: dense(3), class: ULP8},
		{name: "sum by the largest", got: dense(1e-13, 1), want: dense(0, 1), class: Sum, ok: true},
		{name: "sum too far", got: dense(1e-11, 1), want: dense(0, 1), class: Sum},
		{name: "sum with row scale", got: dense(1e-9, 1), want: dense(0, 1), class: Sum, scale: []float64{1e4, 1}, ok: true},
		{name: "root of a squared distance", got: dense(1e-7), want: dense(0), class: Dist, scale: []float64{1}, ok: true},
		{name: "nan equals nan", got: dense(math.NaN()), want: dense(math.NaN()), class: Sum, ok: true},
		{name: "nan is no probability of zero", got: dense(math.NaN()), want: dense(math.Inf(-1)), class: Log},
		{name: "a probability of zero", got: dense(-40), want: dense(math.Inf(-1)), class: Log, ok: true},
		{name: "nan is no number", got: dense(math.NaN()), want: dense(1), class: Sum},
		{name: "inf is no number", got: dense(math.Inf(1)), want: dense(1), class: Sum},
		{name: "shape", got: dense(1), want: dense(1, 2), class: Sum},
		{name: "dtype", got: &Value{Dense: tensor.FromF32([]float32{1})}, want: dense(1), class: Sum},
		{name: "labels", got: labels("a", "b"), want: labels("a", "b"), ok: true},
		{name: "labels differ", got: labels("a", "c"), want: labels("a", "b")},
		{name: "labels differ in a tie", got: labels("a", "c"), want: labels("a", "b"), tied: []int{1}, ok: true},
		{name: "unknown class", got: dense(1), want: dense(1), class: "roughly"},
	} {
		d := Compare(c.got, &Output{Value: c.want, Tolerance: string(c.class), Scale: c.scale, Tied: c.tied})
		if d.OK() != c.ok {
			t.Errorf("%s: ok = %v (%v), want %v", c.name, d.OK(), d, c.ok)
		}
	}
}

func TestFloat32SumsHaveFloat32Tolerance(t *testing.T) {
	got := &Value{Dense: tensor.FromF32([]float32{1.0000002, 5})}
	want := &Value{Dense: tensor.FromF32([]float32{1, 5})}
	if d := Compare(got, &Output{Value: want, Tolerance: string(Sum)}); !d.OK() {
		t.Error(d)
	}
	got.Dense.F32[0] = 1.001
	if d := Compare(got, &Output{Value: want, Tolerance: string(Sum)}); d.OK() {
		t.Error("1e-3 passed")
	}
}
