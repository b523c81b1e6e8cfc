package cluster

import (
	"fmt"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/tensor"
)

// pooling is a known pooling function of the columns of a cluster: a reduction, or their median.
type pooling struct {
	op     graph.Op
	median bool
}

// UnmarshalPy reads a numpy function by name.
func (p *pooling) UnmarshalPy(_ *sklearn.Binder, _ string, v pyobj.Value) error {
	g, ok := v.(*pyobj.Global)
	if ok {
		switch pyobj.ShortName(g.Name) {
		case "mean":
			p.op = graph.OpReduceMean
		case "max", "amax":
			p.op = graph.OpReduceMax
		case "min", "amin":
			p.op = graph.OpReduceMin
		case "sum":
			p.op = graph.OpReduceSum
		case "median":
			p.median = true
		}
	}
	if p.op == "" && !p.median {
		return fmt.Errorf("pooling function %s is not known", sklearn.Describe(v))
	}
	return nil
}

// of pools the entries of each row.
func (p pooling) of(b *graph.Builder, x graph.Value) graph.Value {
	if p.median {
		return median(b, x)
	}
	return b.Reduce(p.op, x, 1, true, graph.Sequential)
}

// median is numpy.median of each row: the entry in the middle, or the mean of the two there.
func median(b *graph.Builder, x graph.Value) graph.Value {
	if !x.OK() {
		return x
	}
	switch t := x.Type().DType; {
	case t == tensor.Float16:
		return b.Cast(median(b, b.Cast(x, tensor.Float32)), t) // the sum of two is none of its numbers
	case !t.IsFloat():
		x = b.Cast(x, tensor.Float64)
	}
	half := x.Width() / 2
	least := b.TopK(x, half+1, false).Parts()[0]
	high := b.Gather(least, []int{half})
	if x.Width()%2 == 1 {
		return high
	}
	return b.Div(b.Add(b.Gather(least, []int{half - 1}), high), b.Scalar(2, high))
}
