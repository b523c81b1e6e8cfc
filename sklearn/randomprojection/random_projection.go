// Package randomprojection is sklearn.random_projection.
package randomprojection

import (
	"fmt"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/sklearn/parts"
	"github.com/larder-ml/larder/tensor"
)

// Classes lists what this package understands.
var Classes = []sklearn.Class{
	{Name: "sklearn.random_projection.GaussianRandomProjection", New: func() sklearn.Estimator { return new(Projection) },
		FitOnly: sklearn.Names("n_components eps compute_inverse_components"), Ignore: sklearn.Names("n_components_")},
	{Name: "sklearn.random_projection.SparseRandomProjection", New: func() sklearn.Estimator { return new(Projection) },
		FitOnly: sklearn.Names("n_components eps density compute_inverse_components"), Ignore: sklearn.Names("n_components_ density_"),
		Upgrade: []sklearn.Rung{{Before: "1.8", Fix: func(s *sklearn.State) error {
			s.Attrs.Set(pyobj.Str("rule_mixed"), pyobj.Bool(true))
			return nil
		}}}},
}

// Projection is sklearn.random_projection.GaussianRandomProjection and SparseRandomProjection.
type Projection struct {
	sklearn.Base
	Components  sklearn.Matrix `sk:"components_"`
	Inverse     *tensor.Tensor `sk:"inverse_components_,optional"`
	DenseOutput bool           `sk:"dense_output,optional"`

	// RuleMixed: before 1.8 sparse rows of another type than the components could be multiplied into a dense result.
	RuleMixed bool `sk:"rule_mixed,optional"`
}

var (
	_ sklearn.Transformer        = (*Projection)(nil)
	_ sklearn.InverseTransformer = (*Projection)(nil)
	_ sklearn.FeatureNamer       = (*Projection)(nil)
)

func (p *Projection) shape() (m, k int) {
	if p.Components.Sparse != nil {
		return p.Components.Sparse.Rows, p.Components.Sparse.Cols
	}
	return p.Components.Dense.Shape[0], p.Components.Dense.Shape[1]
}

// Bound checks the shapes.
func (p *Projection) Bound(*sklearn.Binder) error {
	if p.Components.Dense != nil && len(p.Components.Dense.Shape) != 2 {
		return fmt.Errorf("components_ is no matrix")
	}
	m, k := p.shape()
	if p.NFeaturesIn != 0 && p.NFeaturesIn != k {
		return fmt.Errorf("components_ has %d columns for %d features", k, p.NFeaturesIn)
	}
	if p.Inverse != nil && (len(p.Inverse.Shape) != 2 || p.Inverse.Shape[0] != k || p.Inverse.Shape[1] != m) {
		return fmt.Errorf("inverse_components_ does not fit components_")
	}
	return nil
}

// Transform is x·Cᵀ; a sparse x with sparse components gives CSR unless dense_output is set.
func (p *Projection) Transform(b *graph.Builder, x graph.Value) graph.Value {
	_, k := p.shape()
	x = sklearn.Check(b, p, x, sklearn.Accept{DType: sklearn.DTypeFloat2, Sparse: true, Width: k})
	if p.Components.Dense != nil {
		return b.MatMulT(x, b.Const(p.Components.Dense))
	}
	sparse := x.Type().Sparse()
	if sparse && p.DenseOutput && x.DType() != p.Components.Sparse.Data.DType && !p.RuleMixed {
		return b.Refuse("Dtype of A and B must be the same, either both float32 or float64.")
	}
	z := b.MatMulT(x, b.Const(p.Components.Sparse.Dense()))
	if sparse && !p.DenseOutput {
		z = b.ToCSR(z)
	}
	return z
}

// InverseTransform is z·inverseᵀ, with the pseudo-inverse of the components where the file holds none.
func (p *Projection) InverseTransform(b *graph.Builder, x graph.Value) graph.Value {
	x = sklearn.Check(b, p, x, sklearn.Accept{DType: sklearn.DTypeFloat2, Sparse: true, Array: true})
	inv := p.Inverse
	if inv == nil {
		if inv = p.pinv(); inv == nil {
			return b.Unsupported("", "the rank of components_ is a matter of rounding, and with it its pseudo-inverse")
		}
	}
	return b.MatMulT(x, b.Const(inv))
}

// pinv is the pseudo-inverse of the components in their type → [k,m]; nil where their rank is a matter of rounding.
func (p *Projection) pinv() *tensor.Tensor {
	m, k := p.shape()
	d := p.Components.Dense
	if d == nil {
		d = p.Components.Sparse.Dense()
	}
	inv := parts.PseudoInverse(d.AsF64(), m, k)
	if inv == nil {
		return nil
	}
	if d.DType != tensor.Float32 {
		return tensor.FromF64(inv, k, m)
	}
	out := tensor.New(tensor.Float32, k, m)
	for i, v := range inv {
		out.F32[i] = float32(v)
	}
	return out
}

// FeatureNamesOut is the class name in lower case and a number.
func (p *Projection) FeatureNamesOut([]string) ([]string, error) {
	m, _ := p.shape()
	return sklearn.PrefixNames(p, m), nil
}
