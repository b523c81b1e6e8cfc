package graph

import (
	"testing"

	"github.com/larder-ml/larder/tensor"
)

func TestMergeComputesEqualNodesOnce(t *testing.T) {
	b := NewBuilder()
	x := b.Input("X", Type{DType: tensor.Float64, Shape: []int{N, 2}})
	formula := func(scale float64) Value {
		y := b.Div(x, b.Const(tensor.FromF64([]float64{1, 2})))
		y = b.MatMul(y, b.Const(tensor.FromF64([]float64{1, scale, 3, 4}, 2, 2)))
		return b.Clip(y, 0, 1)
	}
	b.Output("a", formula(2))
	b.Output("b", b.ArgMax(formula(2)))
	b.Output("c", formula(5))
	g, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	before := len(g.Nodes)
	m := Merge(g)
	count := map[Op]int{}
	for _, n := range m.Nodes {
		count[n.Op]++
	}
	if count[OpDiv] != 1 || count[OpMatMul] != 2 || count[OpClip] != 2 || count[OpConst] != 3 || count[OpInput] != 1 {
		t.Errorf("%v\n%s", count, m)
	}
	if len(g.Nodes) != before || len(m.Outputs) != 3 || m.Outputs[0].ID == m.Outputs[2].ID {
		t.Errorf("%s", m)
	}
}
