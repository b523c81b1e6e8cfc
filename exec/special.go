package exec

import (
	"math"
	"strconv"
	"strings"

	"github.com/larder-ml/larder/internal/cephes"
)

var nan = math.NaN()

// shortFloat writes a float32 as numpy does: its shortest digits, in Python's notation.
func shortFloat(f float32) string {
	v := float64(f)
	switch {
	case math.IsNaN(v):
		return "nan"
	case math.IsInf(v, 1):
		return "inf"
	case math.IsInf(v, -1):
		return "-inf"
	}
	if a := math.Abs(v); a != 0 && (a < 1e-4 || a >= 1e16) {
		return strconv.FormatFloat(v, 'e', -1, 32)
	}
	s := strconv.FormatFloat(v, 'f', -1, 32)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}

func formatUint(u uint64) string { return strconv.FormatUint(u, 10) }

// polevl evaluates a polynomial, highest power first.
func polevl(x float64, c []float64) float64 {
	r := c[0]
	for _, k := range c[1:] {
		r = float64(r*x) + k
	}
	return r
}

// p1evl is polevl with a leading coefficient of one.
func p1evl(x float64, c []float64) float64 {
	r := x + c[0]
	for _, k := range c[1:] {
		r = float64(r*x) + k
	}
	return r
}

// ndtr is Cephes' normal distribution function.
func ndtr(a float64) float64 {
	if a != a {
		return a
	}
	x := a * (1 / math.Sqrt2)
	z := math.Abs(x)
	if z < 1 {
		return 0.5 + float64(0.5*erf(x))
	}
	y := 0.5 * erfc(z)
	if x > 0 {
		y = 1 - y
	}
	return y
}

// erf is Cephes'.
func erf(x float64) float64 {
	switch {
	case x < 0:
		return -erf(-x)
	case x > 1:
		return 1 - erfc(x)
	}
	z := x * x
	return x * polevl(z, cephes.ErfT) / p1evl(z, cephes.ErfU)
}

// erfc is Cephes'.
func erfc(a float64) float64 {
	x := math.Abs(a)
	if x < 1 {
		return 1 - erf(a)
	}
	z := -a * a
	if z < -7.09782712893383996843e2 {
		if a < 0 {
			return 2
		}
		return 0
	}
	z = exp(z)
	var p, q float64
	if x < 8 {
		p, q = polevl(x, cephes.ErfcP), p1evl(x, cephes.ErfcQ)
	} else {
		p, q = polevl(x, cephes.ErfcR), p1evl(x, cephes.ErfcS)
	}
	y := z * p / q
	if a < 0 {
		y = 2 - y
	}
	if y != 0 {
		return y
	}
	if a < 0 {
		return 2
	}
	return 0
}

// ndtri is Cephes' inverse of ndtr.
func ndtri(y0 float64) float64 {
	switch {
	case y0 == 0:
		return math.Inf(-1)
	case y0 == 1:
		return math.Inf(1)
	case !(y0 > 0 && y0 < 1):
		return nan
	}
	const expM2 = 0.13533528323661269189 // exp(-2)
	y, negate := y0, true
	if y > 1-expM2 {
		y, negate = 1-y, false
	}
	if y > expM2 {
		y -= 0.5
		y2 := y * y
		x := y + float64(y*float64(y2*polevl(y2, cephes.NdtriP0)/p1evl(y2, cephes.NdtriQ0)))
		return x * 2.50662827463100050242 // sqrt(2 pi)
	}
	x := math.Sqrt(-2 * log(y))
	x0 := x - log(x)/x
	z := 1 / x
	var x1 float64
	if x < 8 {
		x1 = z * polevl(z, cephes.NdtriP1) / p1evl(z, cephes.NdtriQ1)
	} else {
		x1 = z * polevl(z, cephes.NdtriP2) / p1evl(z, cephes.NdtriQ2)
	}
	x = x0 - x1
	if negate {
		return -x
	}
	return x
}

// log2 is exact for powers of two and does not cancel near one.
func log2(x float64) float64 {
	if f, e := math.Frexp(x); f == 0.5 {
		return float64(e - 1)
	}
	return log(x) * (1 / math.Ln2)
}

// log10 is exact for powers of ten that float64 holds.
func log10(x float64) float64 {
	y := log(x) / math.Ln10
	if n := math.RoundToEven(y); n != y && math.Abs(n) <= 22 && math.Pow10(int(n)) == x {
		return n
	}
	return y
}

// asin keeps its digits near one.
func asin(x float64) float64 { return math.Atan2(x, math.Sqrt((1-x)*(1+x))) }

// acos keeps its digits near one.
func acos(x float64) float64 { return 2 * math.Atan2(math.Sqrt(1-x), math.Sqrt(1+x)) }

// logGamma is Cephes' log|gamma(x)|, infinite at zero and the negative integers.
func logGamma(x float64) float64 {
	const half = 0.91893853320467274178 // log(sqrt(2 pi))
	switch {
	case math.IsNaN(x) || math.IsInf(x, 0):
		return x
	case x < -34:
		q := -x
		p := math.Floor(q)
		z := q - p
		if z == 0 {
			return math.Inf(1)
		}
		if z > 0.5 {
			z = p + 1 - q
		}
		return 1.14472988584940017414 - log(q*math.Sin(math.Pi*z)) - logGamma(q)
	case x < 13:
		z, p, u := 1.0, 0.0, x
		for u >= 3 {
			p--
			u = x + p
			z *= u
		}
		for u < 2 {
			if u == 0 {
				return math.Inf(1)
			}
			z /= u
			p++
			u = x + p
		}
		z = math.Abs(z)
		if u == 2 {
			return log(z)
		}
		x += p - 2
		return log(z) + float64(x*polevl(x, cephes.LgamB))/p1evl(x, cephes.LgamC)
	}
	q := float64((x-0.5)*log(x)) - x + half
	if x > 1e8 {
		return q
	}
	return q + polevl(1/float64(x*x), cephes.LgamA)/x
}

// logNdtr is the logarithm of ndtr, by the scaled complement of erf below -1.
func logNdtr(x float64) float64 {
	if x < -1 {
		t := x * (1 / math.Sqrt2)
		return log(erfcx(-t)/2) - float64(t*t)
	}
	return math.Log1p(-erfc(x*(1/math.Sqrt2)) / 2)
}

// ndtriExp is the y of which logNdtr is x.
func ndtriExp(x float64) float64 {
	switch {
	case math.IsInf(x, -1):
		return x
	case x < -2:
		r := math.Sqrt(-2 * x)
		z := 1 / r
		p, q := cephes.NdtriP1, cephes.NdtriQ1
		if r >= 8 {
			p, q = cephes.NdtriP2, cephes.NdtriQ2
		}
		return z*polevl(z, p)/p1evl(z, q) - (r - log(r)/r)
	case x > -0.14541345786885906: // log1p(-exp(-2))
		return -ndtri(-math.Expm1(x))
	}
	return ndtri(exp(x))
}

// erfcx is exp(x²) erfc(x) for x > 0.7: from Cephes' quotients, above 8 by its asymptotic quotient.
func erfcx(x float64) float64 {
	switch {
	case math.IsInf(x, 1):
		return 0
	case x > 1e8:
		return 1 / (math.SqrtPi * x)
	case x < 1:
		return math.Exp(x*x) * erfc(x)
	case x < 8:
		return polevl(x, cephes.ErfcP) / p1evl(x, cephes.ErfcQ)
	}
	return polevl(x, cephes.ErfcR) / p1evl(x, cephes.ErfcS)
}
