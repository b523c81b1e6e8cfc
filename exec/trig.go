package exec

import (
	"math"
	"math/big"
	"sync"
)

// Sines, cosines and tangents beyond an eighth of a turn. Package math keeps only an absolute error there: sin(math.Pi) is 14 units in
// its last place off, cosines of huge numbers hundreds.

func sin(x float64) float64 {
	if !beyond(x) {
		return math.Sin(x)
	}
	return circular(x, 0)
}

func cos(x float64) float64 {
	if !beyond(x) {
		return math.Cos(x)
	}
	return circular(math.Abs(x), 1)
}

func tan(x float64) float64 {
	if !beyond(x) {
		return smallTan(x)
	}
	q, r, rest := quarter(math.Abs(x))
	t := smallTan(r)
	t += float64(rest * (1 + float64(t*t)))
	if q&1 == 1 {
		t = -1 / t
	}
	return math.Copysign(1, x) * t
}

// smallTan is math.Tan to an eighth of a turn, which takes numbers below 1e-7 for their tangents.
func smallTan(x float64) float64 {
	if math.Abs(x) < 1e-4 {
		square := float64(x * x)
		return x + float64(float64(square*x)*(1.0/3+float64(square*(2.0/15))))
	}
	return math.Tan(x)
}

func beyond(x float64) bool { return math.Abs(x) > math.Pi/4 && !math.IsInf(x, 0) }

// circular is the sine of x and so many quarters of a turn.
func circular(x float64, quarters int) float64 {
	q, r, rest := quarter(math.Abs(x))
	s, c := math.Sincos(r)
	if q += quarters; q&1 == 1 {
		s, c = c, -s
	}
	s += float64(rest * c)
	if (q&2 != 0) != (x < 0) {
		s = -s
	}
	return s
}

// halfPi is π/2 to 1,300 bits: by Machin, π/4 = 4 arctan(1/5) - arctan(1/239).
var halfPi = sync.OnceValue(func() *big.Float {
	const bits = 1400
	arctan := func(n int64) *big.Int { // of 1/n, times 2^bits
		power := new(big.Int).Quo(new(big.Int).Lsh(big.NewInt(1), bits), big.NewInt(n))
		sum, square := new(big.Int).Set(power), big.NewInt(n*n)
		for k, term := int64(3), new(big.Int); power.Sign() != 0; k += 2 {
			term.Quo(power.Neg(power.Quo(power, square)), big.NewInt(k))
			sum.Add(sum, term)
		}
		return sum
	}
	four := new(big.Int).Sub(new(big.Int).Lsh(arctan(5), 2), arctan(239))
	f := new(big.Float).SetPrec(bits).SetInt(four)
	return f.SetMantExp(f, 1-bits)
})

// quarter takes from x > 0 the nearest number of quarters of a turn: what is left is r + rest.
func quarter(x float64) (quarters int, r, rest float64) {
	if x < 1<<40 { // the products with the three parts of π/2, and the first differences, without an error
		const a, b, c = math.Pi / 2, 6.123233995736766e-17, -1.4973849048591833e-33
		n := math.Round(x * (2 / math.Pi))
		p, q := float64(n*a), float64(n*b)
		e, f := math.FMA(n, a, -p), math.FMA(n, b, -q)
		s, lost := minus(x-p, e)
		s, less := minus(s, q)
		lost += less - f - float64(n*c)
		r = s + lost
		return int(int64(n) & 3), r, (s - r) + lost
	}
	pi := halfPi()
	v := new(big.Float).SetPrec(pi.Prec()).SetFloat64(x)
	half := new(big.Float).SetPrec(pi.Prec()).SetFloat64(0.5)
	q, _ := new(big.Float).SetPrec(pi.Prec()).Add(new(big.Float).SetPrec(pi.Prec()).Quo(v, pi), half).Int(nil)
	v.Sub(v, new(big.Float).SetPrec(pi.Prec()).Mul(new(big.Float).SetPrec(pi.Prec()).SetInt(q), pi))
	r, _ = v.Float64()
	rest, _ = v.Sub(v, new(big.Float).SetFloat64(r)).Float64()
	return int(new(big.Int).And(q, big.NewInt(3)).Int64()), r, rest
}

// minus is a - b and what rounding it left out.
func minus(a, b float64) (d, lost float64) {
	d = a - b
	v := d - a
	return d, (a - (d - v)) - (b + v)
}
