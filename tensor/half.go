package tensor

import "math"

// Half rounds to the nearest float16, ties to even; too big becomes infinite.
func Half(f float64) float32 {
	a := math.Abs(f)
	switch {
	case a >= 65520:
		return float32(math.Copysign(math.Inf(1), f))
	case a != a || a == 0:
		return float32(f)
	}
	_, e := math.Frexp(a)                 // a in [2^(e-1), 2^e)
	unit := math.Ldexp(1, max(e-11, -24)) // of the last of 11 bits
	return float32(math.Copysign(math.RoundToEven(a/unit)*unit, f))
}
