package exec

import (
	"math"
	"sort"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/tensor"
)

var interpKernels = table{graph.OpInterp: interpKnots}

func interpKnots(n *node) (kernel, error) {
	a := n.Attr.(*graph.InterpAttr)
	if a.X.DType == tensor.Float64 {
		return interpOf(a.Bounds, a.X.F64, a.Y.F64, newInterp(a.X.F64, a.Y.F64).at, tensor.FormatFloat, func(c *call) ([]float64, []float64) { return c.dense(0).F64, c.out(0).F64 }), nil
	}
	return interpOf(a.Bounds, a.X.F32, a.Y.F32, func(x float32) float32 { return interpScipy(x, a.X.F32, a.Y.F32) }, shortFloat, func(c *call) ([]float32, []float32) { return c.dense(0).F32, c.out(0).F32 }), nil
}

func interpOf[T float32 | float64](bounds graph.Bounds, xs, ys []T, at func(T) T, text func(T) string, io func(*call) (x, out []T)) kernel {
	lo, hi := xs[0], xs[len(xs)-1]
	return func(c *call) error {
		x, out := io(c)
		if len(xs) == 1 {
			for i := range out {
				out[i] = ys[0]
			}
			return nil
		}
		if bounds == graph.BoundsRaise {
			for _, v := range x {
				if v < lo {
					return c.refuse("A value (%s) in x_new is below the interpolation range's minimum value (%s).", text(v), text(lo))
				}
			}
			for _, v := range x {
				if v > hi {
					return c.refuse("A value (%s) in x_new is above the interpolation range's maximum value (%s).", text(v), text(hi))
				}
			}
		}
		for i, v := range x {
			if v < lo || v > hi {
				out[i] = T(math.NaN())
				continue
			}
			out[i] = at(v)
		}
		return nil
	}
}

// interpScipy is interp1d's own linear interpolation.
func interpScipy(x float32, xs, ys []float32) float32 {
	i := min(max(sort.Search(len(xs), func(i int) bool { return xs[i] >= x }), 1), len(xs)-1)
	slope := (ys[i] - ys[i-1]) / (xs[i] - xs[i-1])
	return float32(slope*(x-xs[i-1])) + ys[i-1]
}
