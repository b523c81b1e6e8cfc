package exec

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// bigLog returns log(x) of a positive number to some 2^-130 of itself.
func bigLog(x float64) *big.Float {
	const prec = 200
	m, k := math.Frexp(x)
	series := func(z *big.Float) *big.Float { // 2·atanh(z)
		sum, term, square := new(big.Float).Set(z), new(big.Float).Set(z), new(big.Float).Mul(z, z)
		for n := 3; n < 260; n += 2 {
			term.Mul(term, square)
			sum.Add(sum, new(big.Float).Quo(term, big.NewFloat(float64(n)).SetPrec(prec)))
		}
		return sum.Mul(sum, big.NewFloat(2))
	}
	ratio := func(v float64) *big.Float {
		b := big.NewFloat(v).SetPrec(prec)
		return new(big.Float).Quo(new(big.Float).Sub(b, big.NewFloat(1)), new(big.Float).Add(b, big.NewFloat(1)))
	}
	if m < math.Sqrt2/2 {
		m, k = 2*m, k-1
	}
	ln2 := series(ratio(2))
	return new(big.Float).Add(series(ratio(m)), ln2.Mul(ln2, big.NewFloat(float64(k))))
}

// powExcess returns x^y - z in units of z's last place.
func powExcess(x, y, z float64) float64 {
	const prec = 200
	e := new(big.Float).Mul(bigLog(x), big.NewFloat(y).SetPrec(prec))
	e.Quo(e, big.NewFloat(4096))
	term, sum := big.NewFloat(1).SetPrec(prec), big.NewFloat(1).SetPrec(prec)
	for n := 1; n < 40; n++ {
		term.Mul(term, e)
		term.Quo(term, big.NewFloat(float64(n)))
		sum.Add(sum, term)
	}
	for range 12 {
		sum.Mul(sum, sum)
	}
	sum.Sub(sum, big.NewFloat(z))
	d, _ := sum.Quo(sum, big.NewFloat(math.Nextafter(z, math.Inf(1))-z)).Float64()
	return math.Abs(d)
}

func TestPow(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	worst := 0.0
	for i := range 4000 {
		x, y := r.Float64()*10, r.Float64()*6-3
		switch i % 4 {
		case 1:
			x, y = 2, -r.Float64()
		case 2:
			x = 1 + (r.Float64()-0.5)*math.Pow(2, float64(-r.IntN(50)))
			y = (r.Float64() - 0.5) * 600 / math.Abs(math.Log(x))
		case 3:
			x = math.Float64frombits(r.Uint64N(0x7fe << 52))
			y = (r.Float64() - 0.5) * 2
		}
		if z := pow(x, y); z > 0x1p-1000 && z < math.MaxFloat64 && x != 1 {
			if d := powExcess(x, y, z); d > worst {
				worst = d
			}
		}
	}
	if worst > 0.525 {
		t.Errorf("%v ulp", worst)
	}
	for _, c := range [][3]float64{{2, 10, 1024}, {-2, 3, -8}, {-2, 4, 16}, {10, 22, 1e22}, {9, 0.5, 3}, {2, -1074, 5e-324}, {2, -1080, 0}, {2, 1024, math.Inf(1)},
		{2, 1023.9999999999999, 1.7976931348621742e308}, {-3, 1e300, math.Inf(1)}, {0.5, 1e300, 0}, {1 + 0x1p-52, 1e-300, 1}, {5e-324, 0.5, 2.2227587494850775e-162},
		{0, -1, math.Inf(1)}, {2, -0.8559150532041282, 0.5525147738613153}} {
		if got := pow(c[0], c[1]); got != c[2] {
			t.Errorf("%v to the %v is %v, want %v", c[0], c[1], got, c[2])
		}
	}
	if !math.IsNaN(pow(-2, 0.5)) || !math.IsNaN(pow(math.NaN(), 1)) || math.Signbit(pow(-0.5, 2001)) != true {
		t.Error("a power of what has none, or a sign")
	}
}

func BenchmarkPow(b *testing.B) {
	s := 0.0
	for i := range b.N {
		s += pow(float64(i&1023)+0.3, 2.7)
	}
	_ = s
}
