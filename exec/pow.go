package exec

import "math"

// Constants of fdlibm's e_pow.c (Sun Microsystems 1993): its polynomials and split logarithms.
const (
	powL1 = 5.99999999999994648725e-01
	powL2 = 4.28571428578550184252e-01
	powL3 = 3.33333329818377432918e-01
	powL4 = 2.72728123808534006489e-01
	powL5 = 2.30660745775561754067e-01
	powL6 = 2.06975017800338417784e-01
	powP1 = 1.66666666666666019037e-01
	powP2 = -2.77777777770155933842e-03
	powP3 = 6.61375632143793436117e-05
	powP4 = -1.65339022054652515390e-06
	powP5 = 4.13813679705723846039e-08

	highHalf = 0xffffffff00000000

	lg2     = 6.93147180559945286227e-01
	lg2High = 6.93147182464599609375e-01
	lg2Low  = -1.90465429995776804525e-09
	ovt     = 8.0085662595372944372e-17 // -(1024 - log2(overflow + half a unit))
	cp      = 9.61796693925975554329e-01
	cpHigh  = 9.61796700954437255859e-01
	cpLow   = -7.02846165095275826516e-09
	ivln2   = 1.44269504088896338700e+00
	ivln2H  = 1.44269502162933349609e+00
	ivln2L  = 1.92596299112661746887e-08
)

var (
	powBase = [2]float64{1, 1.5}
	powHigh = [2]float64{0, 5.84962487220764160156e-01}
	powLow  = [2]float64{0, 1.35003920212974897128e-08}
)

// high clears the low half of a float's bits.
func high(x float64) float64 { return math.Float64frombits(math.Float64bits(x) & highHalf) }

func highWord(x float64) int32 { return int32(math.Float64bits(x) >> 32) }

// pow is fdlibm's, within 0.7 ulp; package math's drifts by several.
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
	var t1, t2 float64 // log2(ax) in two parts
	if ay > 1<<31 {
		// |log2(ax)| is tiny, or the power overflows or vanishes.
		switch {
		case ax < 1-1.0/(1<<20):
			return sign * extreme(y < 0)
		case ax > 1+1.0/(1<<20):
			return sign * extreme(y > 0)
		}
		t := ax - 1
		w := float64(t*t) * (0.5 - float64(t*(1.0/3-float64(t*0.25))))
		u := ivln2H * t
		v := float64(t*ivln2L) - float64(w*ivln2)
		t1 = high(u + v)
		t2 = v - (t1 - u)
	} else {
		n := int32(0)
		if ax < 0x1p-1022 {
			ax *= 1 << 53
			n -= 53
		}
		ix := highWord(ax)
		n += ix>>20 - 0x3ff
		j := ix & 0xfffff
		ix = j | 0x3ff00000
		k := 0
		switch {
		case j <= 0x3988E:
		case j < 0xBB67A:
			k = 1
		default:
			n++
			ix -= 0x100000
		}
		ax = math.Float64frombits(uint64(uint32(ix))<<32 | math.Float64bits(ax)&^highHalf)
		u := ax - powBase[k]
		v := 1 / (ax + powBase[k])
		ss := u * v
		sh := high(ss)
		th := math.Float64frombits(uint64(uint32(ix>>1|0x20000000)+0x00080000+uint32(k)<<18) << 32)
		tl := ax - (th - powBase[k])
		sl := v * ((u - float64(sh*th)) - float64(sh*tl))
		s2 := ss * ss
		r := float64(s2*s2) * (powL1 + float64(s2*(powL2+float64(s2*(powL3+float64(s2*(powL4+float64(s2*(powL5+float64(s2*powL6))))))))))
		r += float64(sl * (sh + ss))
		s2 = sh * sh
		th = high(3 + s2 + r)
		tl = r - ((th - 3) - s2)
		u = sh * th
		v = float64(sl*th) + float64(tl*ss)
		ph := high(u + v)
		pl := v - (ph - u)
		zh := cpHigh * ph
		zl := float64(cpLow*ph) + float64(pl*cp) + powLow[k]
		t := float64(n)
		t1 = high(((zh + zl) + powHigh[k]) + t)
		t2 = zl - (((t1 - t) - powHigh[k]) - zh)
	}
	y1 := high(y)
	pl := float64((y-y1)*t1) + float64(y*t2)
	ph := y1 * t1
	z := pl + ph
	switch {
	case z > 1024 || z == 1024 && pl+ovt > z-ph:
		return sign * extreme(true)
	case z < -1075 || z == -1075 && pl <= z-ph:
		return sign * extreme(false)
	}
	n := math.Floor(z + 0.5)
	ph -= n
	t := high(pl + ph)
	u := t * lg2High
	v := float64((pl-(t-ph))*lg2) + float64(t*lg2Low)
	z = u + v
	w := v - (z - u)
	t = z * z
	t1 = z - float64(t*(powP1+float64(t*(powP2+float64(t*(powP3+float64(t*(powP4+float64(t*powP5)))))))))
	r := float64(z*t1)/(t1-2) - (w + float64(z*w))
	z = 1 - (r - z)
	return sign * math.Ldexp(z, int(n))
}

// extreme is the result beyond the range.
func extreme(over bool) float64 {
	if over {
		return math.Inf(1)
	}
	return 0
}
