package exec

import "math"

// pow is x to the y within 0.52 ulp, as near as the C library's: e to the y·log|x|, the product in two parts. Package
// math's drifts by several.
func pow(x, y float64) float64 {
	ax, ay := math.Abs(x), math.Abs(y)
	if x == 1 || y == 0 || x != x || y != y || x == 0 || ax == 1 || ax-ax != 0 || ay-ay != 0 {
		return math.Pow(x, y)
	}
	sign := 1.0
	if x < 0 {
		switch whole := math.Trunc(y); {
		case whole != y:
			return nan
		case ay < 1<<53 && math.Mod(y, 2) != 0:
			sign = -1
		}
	}
	hi, lo := logParts(ax)
	e := y * hi
	switch {
	case e > 710:
		return sign * math.Inf(1)
	case e < -746:
		return sign * 0
	case math.Abs(e) < 0x1p-54:
		return sign * (1 + e)
	case math.Abs(e) >= 512:
		return sign * expWide(e, math.FMA(y, hi, -e)+float64(y*lo))
	}
	s, tmp := expParts(e, math.FMA(y, hi, -e)+float64(y*lo))
	scale := math.Float64frombits(s)
	return sign * (scale + float64(scale*tmp))
}

// logParts is the logarithm of a positive number in two parts, to 2^-68 of itself: log with every term that counts there
// in two parts, too.
func logParts(x float64) (hi, lo float64) {
	w, wlo, r := logReduced(x)
	hi = w + r
	lo = w - hi + r
	square := r * r
	half := -0.5 * square
	sum := hi + half
	lo += hi - sum + half
	p := 1./3 + float64(r*(-1./4+float64(r*(1./5+float64(r*(-1./6+float64(r*(1./7+float64(r*(-1./8+float64(r*(1./9))))))))))))
	lo += wlo - float64(0.5*math.FMA(r, r, -square)) + float64(float64(square*r)*p)
	hi = sum + lo
	return hi, sum - hi + lo
}
