package parts

import "math"

// Correctly rounded functions of constants, for formulas whose later steps cancel: an ulp here is many of the result.
// The C library's are correctly rounded but for one argument in a thousand. The steps between carry some 100 bits, so that
// the last rounding is right but for one argument in 2^40.

// wide is the sum of two floats, the second at most half an ulp of the first.
type wide struct{ hi, lo float64 }

// sum2 is a + b without an error.
func sum2(a, b float64) wide {
	s := a + b
	t := s - a
	return wide{s, (a - (s - t)) + (b - t)}
}

func (x wide) add(y wide) wide {
	s, t := sum2(x.hi, y.hi), sum2(x.lo, y.lo)
	s = sum2(s.hi, s.lo+t.hi)
	return sum2(s.hi, s.lo+t.lo)
}

func (x wide) mul(y wide) wide {
	p := float64(x.hi * y.hi)
	return sum2(p, math.FMA(x.hi, y.hi, -p)+(float64(x.hi*y.lo)+float64(x.lo*y.hi)))
}

func (x wide) div(y wide) wide {
	q := wide{x.hi / y.hi, 0}
	for range 2 {
		r := x.add(q.mul(wide{-y.hi, -y.lo}))
		q = q.add(wide{r.hi / y.hi, 0})
	}
	return q
}

// log2Of is e·log 2. The first part of log 2 has zeros where e has bits.
func log2Of(e int) wide {
	const a, b, c = 0x1.62e42feep-1, 0x1.a39ef35793c76p-33, 0x1.cc01f97b57a08p-87
	k := wide{float64(e), 0}
	return wide{k.hi * a, 0}.add(k.mul(wide{b, c}))
}

// Log is the natural logarithm of a finite positive number, correctly rounded; math.Log of any other: e·log 2 +
// 2·artanh((m-1)/(m+1)) of m·2^e with m near 1.
func Log(x float64) float64 {
	if !(x > 0) || math.IsInf(x, 1) {
		return math.Log(x)
	}
	m, e := math.Frexp(x)
	if m < math.Sqrt2/2 {
		m, e = 2*m, e-1
	}
	z := wide{m - 1, 0}.div(sum2(m, 1))
	// z + z³/3 + z⁵/5 + …; |z| is below 0.172.
	sum, power, square := z, z, z.mul(z)
	for n := 3.0; n < 45; n += 2 {
		power = power.mul(square)
		sum = sum.add(power.div(wide{n, 0}))
	}
	return log2Of(e).add(wide{2 * sum.hi, 2 * sum.lo}).hi
}

// Exp is e to the x, correctly rounded, of |x| below 700; math.Exp of any other.
func Exp(x float64) float64 {
	if !(math.Abs(x) < 700) {
		return math.Exp(x)
	}
	const halvings = 6
	k := math.Round(x / math.Ln2)
	r := wide{x, 0}.add(log2Of(-int(k)))
	r.hi, r.lo = math.Ldexp(r.hi, -halvings), math.Ldexp(r.lo, -halvings)
	// e^r - 1, whose squares keep the bits that 1 would cost.
	sum, term := r, r
	for n := 2.0; n < 16; n++ {
		term = term.mul(r).div(wide{n, 0})
		sum = sum.add(term)
	}
	for range halvings {
		sum = wide{2 * sum.hi, 2 * sum.lo}.add(sum.mul(sum))
	}
	y := sum.add(wide{1, 0})
	return math.Ldexp(y.hi, int(k))
}
