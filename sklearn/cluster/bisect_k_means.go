package cluster

import (
	"fmt"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/sklearn/parts"
	"github.com/larder-ml/larder/tensor"
)

// BisectingKMeans is sklearn.cluster.BisectingKMeans.
type BisectingKMeans struct {
	sklearn.Base
	Centers *tensor.Tensor `sk:"cluster_centers_"`
	Mean    *tensor.Tensor `sk:"_X_mean,optional"`
	Tree    *bisection     `sk:"_bisecting_tree"`
}

var (
	_ sklearn.Predictor    = (*BisectingKMeans)(nil)
	_ sklearn.Transformer  = (*BisectingKMeans)(nil)
	_ sklearn.FeatureNamer = (*BisectingKMeans)(nil)
)

// bisection is a node of the tree of splits.
type bisection struct {
	center      *tensor.Tensor
	label       int // of a leaf
	left, right *bisection
}

// UnmarshalPy reads a _BisectingTree.
func (n *bisection) UnmarshalPy(bd *sklearn.Binder, path string, v pyobj.Value) error {
	o, ok := v.(*pyobj.Object)
	if !ok {
		return fmt.Errorf("%s, wanted a _BisectingTree", sklearn.Describe(v))
	}
	if err := bd.Visit(o, path); err != nil {
		return err
	}
	a, ok := o.Attrs()
	if !ok || a == nil {
		return fmt.Errorf("a tree of splits without state")
	}
	var err error
	if n.center, err = sklearn.Tensor(a.Get("center")); err != nil {
		return err
	}
	l, r := a.Get("left"), a.Get("right")
	if isNone(l) && isNone(r) {
		n.label, err = sklearn.Int(a.Get("label"))
		return err
	}
	n.left, n.right = new(bisection), new(bisection)
	if err := n.left.UnmarshalPy(bd, path+".left", l); err != nil {
		return err
	}
	return n.right.UnmarshalPy(bd, path+".right", r)
}

func isNone(v pyobj.Value) bool {
	_, none := v.(pyobj.None)
	return v == nil || none
}

// Bound checks the centers.
func (k *BisectingKMeans) Bound(*sklearn.Binder) error {
	if err := centers(&k.Base, "cluster_centers_", k.Centers); err != nil {
		return err
	}
	if k.Mean != nil && (k.Mean.Len() != k.Centers.Shape[1] || !k.Mean.DType.IsNumeric()) {
		return &sklearn.BindError{Path: k.Path, Attr: "_X_mean", Msg: fmt.Sprintf("%s%v for %d columns", k.Mean.DType, k.Mean.Shape, k.Centers.Shape[1])}
	}
	return nil
}

// Predict walks the splits: at each the nearer of two centers, the left one on a tie.
func (k *BisectingKMeans) Predict(b *graph.Builder, x graph.Value) graph.Value {
	x = sklearn.Check(b, k, x, sklearn.Accept{DType: sklearn.DTypeFloat2, Sparse: true})
	if x.OK() && x.DType() != k.Centers.DType {
		c := map[tensor.DType]string{tensor.Float32: "float", tensor.Float64: "double"}
		return b.Refuse("Buffer dtype mismatch, expected 'const %s' but got '%s'", c[k.Centers.DType], c[x.DType()])
	}
	if k.Tree.left == nil {
		return b.Cast(b.Take(b.Const(tensor.FromI64([]int64{int64(k.Tree.label)})), b.Zeros(x)), tensor.Int32)
	}
	return b.Cast(k.walk(b, x, k.Tree), tensor.Int32)
}

func (k *BisectingKMeans) walk(b *graph.Builder, x graph.Value, n *bisection) graph.Value {
	if n.left == nil {
		return b.Const(&tensor.Tensor{DType: tensor.Int64, Shape: []int{}, I64: []int64{int64(n.label)}})
	}
	w := n.left.center.Len()
	pair := tensor.New(k.Centers.DType, 2, w)
	for i, c := range []*tensor.Tensor{n.left.center, n.right.center} {
		if c.Len() != k.Centers.Shape[1] {
			return b.Failf("", "a split's center has %d values", c.Len())
		}
		for j := range w {
			v, _ := c.Float(j)
			if k.Mean != nil {
				m, _ := k.Mean.Float(j)
				v += m
			}
			if pair.DType == tensor.Float32 {
				pair.F32[i*w+j] = float32(v)
			} else {
				pair.F64[i*w+j] = v
			}
		}
	}
	right := b.Cast(parts.NearestCenter(b, x, pair), tensor.Bool)
	return b.Where(right, k.walk(b, x, n.right), k.walk(b, x, n.left))
}

// Transform gives the distances to the centers.
func (k *BisectingKMeans) Transform(b *graph.Builder, x graph.Value) graph.Value {
	x = sklearn.Check(b, k, x, sklearn.Accept{DType: sklearn.DTypeFloat2, Sparse: true})
	return parts.Euclidean(b, x, k.Centers)
}

// FeatureNamesOut is bisectingkmeans0, bisectingkmeans1, ….
func (k *BisectingKMeans) FeatureNamesOut([]string) ([]string, error) {
	return sklearn.PrefixNames(k, k.Centers.Shape[0]), nil
}
