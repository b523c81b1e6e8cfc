package exec

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/tensor"
)

// TestTopK: the first entries of rows with ties and NaN are those of a stable sort, few of them and many, and GatherElements finds the
// same ones where TopK says they stand.
func TestTopK(t *testing.T) {
	const rows, m = 30, 70
	r := rand.New(rand.NewPCG(1, 2))
	x := tensor.New(tensor.Float64, rows, m)
	for i := range x.F64 {
		if x.F64[i] = float64(r.IntN(20)); i%m < i/m {
			x.F64[i] = math.NaN()
		}
	}
	for _, k := range []int{1, 5, 32, 33, m} {
		for _, largest := range []bool{false, true} {
			b := graph.NewBuilder()
			in := b.Input("X", graph.Type{DType: tensor.Float64, Shape: []int{graph.N, m}})
			top := b.TopK(in, k, largest)
			for i, v := range append(top.Parts(), b.GatherElements(in, top.Parts()[1])) {
				b.Output([]string{"values", "indices", "again"}[i], v)
			}
			g, err := b.Build()
			if err != nil {
				t.Fatal(err)
			}
			p, err := Compile(g, Options{})
			if err != nil {
				t.Fatal(err)
			}
			out, err := p.Run(context.Background(), []tensor.Value{{Dense: x}})
			if err != nil {
				t.Fatal(err)
			}
			for i := range rows {
				row := x.F64[i*m : (i+1)*m]
				order := make([]int, m)
				for j := range order {
					order[j] = j
				}
				slices.SortStableFunc(order, func(a, b int) int {
					u, v := row[a], row[b]
					switch {
					case math.IsNaN(u) || math.IsNaN(v):
						return map[bool]int{true: 1}[math.IsNaN(u)] - map[bool]int{true: 1}[math.IsNaN(v)]
					case largest:
						return int(v - u)
					}
					return int(u - v)
				})
				for j := range k {
					at := i*k + j
					same := func(f float64) bool { return f == row[order[j]] || math.IsNaN(f) && math.IsNaN(row[order[j]]) }
					if out[1].Dense.I64[at] != int64(order[j]) || !same(out[0].Dense.F64[at]) || !same(out[2].Dense.F64[at]) {
						t.Fatalf("row %d, %d of %d (largest %v): %v at %d, wanted %d", i, j, k, largest, out[0].Dense.F64[at], out[1].Dense.I64[at], order[j])
					}
				}
			}
		}
	}
}
