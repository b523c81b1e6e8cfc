package exec

import (
	"cmp"
	"slices"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/tensor"
)

var topKernels = table{graph.OpTopK: topK, graph.OpGatherElements: gatherElements}

func topK(n *node) (kernel, error) {
	a, m := n.Attr.(*graph.TopKAttr), n.inType(0).Shape[1]
	n.costs(float64(2*m) + float64(8*a.K))
	return func(c *call) error {
		x, values, index := c.dense(0), c.out(0), c.out(1).I64
		for r := range c.rows {
			in, to := [2]int{r * m, (r + 1) * m}, [2]int{r * a.K, (r + 1) * a.K}
			at := index[to[0]:to[1]]
			switch {
			case x.DType == tensor.Float64:
				first(x.F64[in[0]:in[1]], values.F64[to[0]:to[1]], at, a.Largest)
			case x.DType.IsFloat():
				first(x.F32[in[0]:in[1]], values.F32[to[0]:to[1]], at, a.Largest)
			default:
				first(x.I64[in[0]:in[1]], values.I64[to[0]:to[1]], at, a.Largest)
			}
		}
		return nil
	}, nil
}

// fewest is up to how many entries are kept in order as a row is read; more are sorted.
const fewest = 32

// first gives the first entries of a row in order and where they stand.
func first[T cmp.Ordered](row, values []T, index []int64, largest bool) {
	nan := func(v T) bool { return v != v }
	before := func(a, b T) bool {
		if nan(a) || nan(b) {
			return nan(b) && !nan(a)
		}
		return !largest && a < b || largest && a > b
	}
	if len(values) > fewest {
		order := make([]int64, len(row))
		for i := range order {
			order[i] = int64(i)
		}
		slices.SortStableFunc(order, func(i, j int64) int {
			switch {
			case before(row[i], row[j]):
				return -1
			case before(row[j], row[i]):
				return 1
			}
			return 0
		})
		for k := range values {
			values[k], index[k] = row[order[k]], order[k]
		}
		return
	}
	have := 0
	for i, v := range row {
		k := have
		for k > 0 && before(v, values[k-1]) {
			k--
		}
		if k == len(values) {
			continue
		}
		have = min(have+1, len(values))
		copy(values[k+1:have], values[k:])
		copy(index[k+1:have], index[k:])
		values[k], index[k] = v, int64(i)
	}
}

func gatherElements(n *node) (kernel, error) {
	m, k := n.inType(0).Shape[1], n.inType(1).Shape[1]
	return func(c *call) error {
		x, index, out := c.dense(0), c.dense(1).I64, c.out(0)
		at := c.ints(len(index))
		for i, j := range index {
			if j < 0 {
				j += int64(m)
			}
			if j < 0 || j >= int64(m) {
				return c.errorf("index %d of %d entries", index[i], m)
			}
			at[i] = i/k*m + int(j)
		}
		for i, j := range at {
			switch {
			case x.DType == tensor.Float64:
				out.F64[i] = x.F64[j]
			case x.DType.IsFloat():
				out.F32[i] = x.F32[j]
			case x.DType == tensor.Bool:
				out.U8[i] = x.U8[j]
			default:
				out.I64[i] = x.I64[j]
			}
		}
		return nil
	}, nil
}
