package onnx

import (
	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/tensor"
)

var topOps = table{graph.OpTopK: topK, graph.OpGatherElements: gatherElements}

func topK(e *encoder, n *graph.Node) ([]value, error) {
	a := n.Attr.(*graph.TopKAttr)
	largest := 0
	if a.Largest {
		largest = 1
	}
	values, index := e.fresh(), e.fresh()
	e.addTo("TopK", "", []string{e.in(0), e.ints(a.K)}, []string{values, index}, attr{"axis", 1}, attr{"largest", largest}, attr{"sorted", 1})
	return []value{{name: values}, {name: index}}, nil
}

func gatherElements(e *encoder, _ *graph.Node) ([]value, error) {
	return one(e.add("GatherElements", []string{e.in(0), e.in(1)}, attr{"axis", 1})), nil
}

// readTopK takes the first entries of each row.
func readTopK(d *decoder, n *nodeProto) graph.Value {
	x := d.in(n, 0)
	k := []int{int(n.int("k", 0))}
	if _, ok := n.attrs["k"]; !ok { // an input since the tenth set of operations
		k = d.ints(n, 1)
	}
	if !x.OK() || k == nil {
		return graph.Value{}
	}
	t := x.Type()
	if len(k) != 1 || fromEnd(int(n.int("axis", -1)), x) != 1 || len(t.Shape) != 2 || !t.Batched() || n.int("sorted", 1) == 0 {
		return d.unsupported(n, "of %s", t)
	}
	return d.b.TopK(x, k[0], n.int("largest", 1) != 0)
}

// readGatherElements picks entries of each row; of batches, not of constants.
func readGatherElements(d *decoder, n *nodeProto) graph.Value {
	x, index := d.in(n, 0), d.in(n, 1)
	if !x.OK() || !index.OK() {
		return graph.Value{}
	}
	if t, i := x.Type(), index.Type(); fromEnd(int(n.int("axis", 0)), x) != 1 || len(t.Shape) != 2 || !t.Batched() || len(i.Shape) != 2 || !i.Batched() || i.DType != tensor.Int64 {
		return d.unsupported(n, "of %s and %s", t, i)
	}
	return d.b.GatherElements(x, index)
}
