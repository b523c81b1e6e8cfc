package parts

import (
	"math"
	"math/big"
)

// Correctly rounded functions of constants, for formulas whose later steps cancel: an ulp here is many of the result.
// The C library's are correctly rounded but for one argument in a thousand.

// roundPrec is the precision of the steps between: twice that of the result and guard bits.
const roundPrec = 160

func wide(x float64) *big.Float { return new(big.Float).SetPrec(roundPrec).SetFloat64(x) }

// Log is the natural logarithm of a finite positive number, correctly rounded; math.Log of any other.
func Log(x float64) float64 {
	if !(x > 0) || math.IsInf(x, 1) {
		return math.Log(x)
	}
	y, _ := logWide(wide(x)).Float64()
	return y
}

// logWide is e·log 2 + 2·artanh((m-1)/(m+1)) of m·2^e with m near 1.
func logWide(x *big.Float) *big.Float {
	m := new(big.Float).SetPrec(roundPrec + 64)
	e := x.MantExp(m)
	if m.Cmp(wide(math.Sqrt2/2)) < 0 {
		m.SetMantExp(m, 1)
		e--
	}
	sum := artanh(new(big.Float).SetPrec(roundPrec+64).Quo(new(big.Float).Sub(m, wide(1)), new(big.Float).Add(m, wide(1))))
	if e != 0 {
		third := new(big.Float).SetPrec(roundPrec+64).Quo(wide(1), wide(3))
		sum.Add(sum, new(big.Float).Mul(artanh(third), wide(float64(e))))
	}
	return sum.SetMantExp(sum, 1)
}

// artanh is the series z + z³/3 + z⁵/5 + …; |z| is at most a third.
func artanh(z *big.Float) *big.Float {
	sum, power, square := new(big.Float).Set(z), new(big.Float).Set(z), new(big.Float).Mul(z, z)
	for n := 3; z.Sign() != 0; n += 2 {
		power.Mul(power, square)
		term := new(big.Float).Quo(power, wide(float64(n)))
		if term.Sign() == 0 || term.MantExp(nil) < sum.MantExp(nil)-roundPrec {
			break
		}
		sum.Add(sum, term)
	}
	return sum
}

// Exp is e to the x, correctly rounded, of |x| below 700; math.Exp of any other.
func Exp(x float64) float64 {
	if !(math.Abs(x) < 700) {
		return math.Exp(x)
	}
	const halvings = 12
	r := new(big.Float).SetMantExp(wide(x), -halvings)
	sum, term := wide(1), wide(1)
	for n := 1; n < 60; n++ {
		term.Quo(term.Mul(term, r), wide(float64(n)))
		sum.Add(sum, term)
	}
	for range halvings {
		sum.Mul(sum, sum)
	}
	y, _ := sum.Float64()
	return y
}
