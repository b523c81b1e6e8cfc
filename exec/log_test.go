package exec

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// excess returns log(x) - y in units of y's last place, from x·e^-y.
func excess(x, y float64) float64 {
	const prec = 160
	term, sum := big.NewFloat(1).SetPrec(prec), big.NewFloat(1).SetPrec(prec)
	z := big.NewFloat(-y / 1024).SetPrec(prec)
	for n := 1; n < 40; n++ {
		term.Mul(term, z)
		term.Quo(term, big.NewFloat(float64(n)))
		sum.Add(sum, term)
	}
	for range 10 {
		sum.Mul(sum, sum)
	}
	sum.Mul(sum, big.NewFloat(x))
	d, _ := sum.Sub(sum, big.NewFloat(1)).Float64()
	return d / (math.Nextafter(math.Abs(y), math.Inf(1)) - math.Abs(y))
}

func TestLog(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	worst := 0.0
	for i := range 12000 {
		var x float64
		switch i % 4 {
		case 0:
			x = r.Float64()
		case 1:
			x = 1 + (r.Float64()-0.5)*math.Pow(2, float64(-r.IntN(50)))
		case 2:
			x = math.Float64frombits(r.Uint64N(0x7ff << 52))
		case 3:
			x = float64(r.IntN(1000) + 1)
		}
		if y := log(x); y != 0 || x != 1 {
			worst = max(worst, math.Abs(excess(x, y)))
		}
	}
	if worst > 0.505 {
		t.Errorf("%v ulp", worst)
	}
	for x, want := range map[float64]float64{0: math.Inf(-1), math.Inf(1): math.Inf(1), 1: 0, 3: 1.0986122886681098} {
		if got := log(x); got != want {
			t.Errorf("log(%v) = %v, want %v", x, got, want)
		}
	}
	if !math.IsNaN(log(-1)) || !math.IsNaN(log(math.NaN())) {
		t.Error("log of what has none")
	}
}

func BenchmarkLog(b *testing.B) {
	s := 0.0
	for i := range b.N {
		s += log(float64(i&1023) + 0.3)
	}
	_ = s
}
