package decomposition

import (
	"fmt"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/tensor"
)

var nmfClasses = []sklearn.Class{
	nmfClass("NMF", "sklearn.decomposition._nmf", "sklearn.decomposition.nmf"),
	nmfClass("ProjectedGradientNMF", "sklearn.decomposition.nmf"),
	{Name: "sklearn.decomposition.MiniBatchNMF", Modules: []string{"sklearn.decomposition._nmf"},
		New:     func() sklearn.Estimator { return new(NMF) },
		FitOnly: sklearn.Names("n_components init batch_size max_no_improvement forget_factor fresh_restarts fresh_restarts_max_iter transform_max_iter beta_loss verbose"),
		Ignore: sklearn.Names("reconstruction_err_ n_iter_ n_components_ _n_components _batch_size _rho _components_numerator _components_denominator " +
			"_ewa_cost _ewa_cost_min _no_improvement n_steps_ _l1_reg_W _l1_reg_H _l2_reg_W _l2_reg_H")},
}

func nmfClass(name string, modules ...string) sklearn.Class {
	return sklearn.Class{Name: "sklearn.decomposition." + name, Modules: modules, New: func() sklearn.Estimator { return new(NMF) },
		FitOnly: sklearn.Names("n_components init beta_loss"),
		Ignore:  sklearn.Names("reconstruction_err_ n_iter_ n_components_ _n_components _l1_reg_W _l1_reg_H _l2_reg_W _l2_reg_H comp_sparseness_ data_sparseness_"),
		Upgrade: []sklearn.Rung{{Before: "0.23", Fix: func(s *sklearn.State) error {
			s.Attrs.Set(pyobj.Str("(double)"), pyobj.Bool(true))
			return nil
		}}, {Before: "1.0", Fix: func(s *sklearn.State) error {
			s.Default("alpha_W", pyobj.Float(0))
			s.Default("beta_loss", pyobj.Str("frobenius"))
			s.Default("solver", pyobj.Str("cd"))
			if b := s.Attrs.Get("beta_loss"); b != nil {
				s.Default("_beta_loss", b)
			}
			return nil
		}}},
	}
}

// NMF is sklearn.decomposition.NMF and MiniBatchNMF, and ProjectedGradientNMF, which 0.19 removed.
//
// transform searches: its rows depend on each other through the start and the stop test. shuffle=True draws and is
// refused. Files before 1.2 may have one alpha for both factors, which no number of features multiplies.
type NMF struct {
	sklearn.Base
	Solver     string         `sk:"solver,optional"`
	Beta       betaLoss       `sk:"_beta_loss"`
	Tol        float64        `sk:"tol"`
	MaxIter    int            `sk:"max_iter"`
	BatchIter  int            `sk:"_transform_max_iter,optional"`
	AlphaW     float64        `sk:"alpha_W"`
	AlphaH     pyobj.Value    `sk:"alpha_H,optional"`
	OldAlpha   pyobj.Value    `sk:"alpha,optional"`
	OldSide    pyobj.Value    `sk:"regularization,optional"`
	L1Ratio    float64        `sk:"l1_ratio"`
	Shuffle    bool           `sk:"shuffle,optional"`
	Gamma      *float64       `sk:"_gamma,optional"`
	Components *tensor.Tensor `sk:"components_"`

	// Of the solver "pg", until 0.18.
	Sparseness   pyobj.Value `sk:"sparseness,optional"` // "data", "components" or None
	SparseBeta   *float64    `sk:"beta,optional"`
	SparseEta    *float64    `sk:"eta,optional"`
	InnerMaxIter int         `sk:"nls_max_iter,optional"`

	// DoubleRule: before 0.23 rows of float32 became float64.
	DoubleRule bool `sk:"(double),optional"`
}

// betaLoss is the beta of a divergence, by number or name.
type betaLoss float64

// UnmarshalPy reads a number or a name.
func (l *betaLoss) UnmarshalPy(_ *sklearn.Binder, _ string, v pyobj.Value) error {
	if s, ok := pyobj.Text(v); ok {
		n, ok := map[string]betaLoss{"frobenius": 2, "kullback-leibler": 1, "itakura-saito": 0}[s]
		if !ok {
			return fmt.Errorf("%q is not known", s)
		}
		*l = n
		return nil
	}
	f, err := sklearn.Float(v)
	*l = betaLoss(f)
	return err
}

var (
	_ sklearn.Transformer        = (*NMF)(nil)
	_ sklearn.InverseTransformer = (*NMF)(nil)
	_ sklearn.FeatureNamer       = (*NMF)(nil)
	_ sklearn.Availabler         = (*NMF)(nil)
)

// Bound checks the components.
func (p *NMF) Bound(*sklearn.Binder) error {
	if side, _ := pyobj.Text(p.Sparseness); p.Solver == "pg" {
		if p.InnerMaxIter < 1 {
			return &sklearn.BindError{Path: p.Path, Attr: "nls_max_iter", Msg: fmt.Sprintf("%d iterations of projected gradients", p.InnerMaxIter)}
		}
		for attr, v := range map[string]*float64{"beta": p.SparseBeta, "eta": p.SparseEta} {
			if v == nil || !(*v >= 0) {
				return &sklearn.BindError{Path: p.Path, Attr: attr, Msg: "missing or negative, for projected gradients"}
			}
		}
		if _, none := p.Sparseness.(pyobj.None); !none && p.Sparseness != nil && side != "data" && side != "components" {
			return &sklearn.BindError{Path: p.Path, Attr: "sparseness", Msg: sklearn.Describe(p.Sparseness) + " is not known"}
		}
	} else if !p.batches() && p.Solver != "cd" && p.Solver != "mu" {
		return &sklearn.BindError{Path: p.Path, Attr: "solver", Msg: fmt.Sprintf("%q is not known", p.Solver)}
	}
	return matrix(&p.Base, "components_", p.Components, -1, p.NFeaturesIn)
}

// batches reports a MiniBatchNMF.
func (p *NMF) batches() bool { return p.Name() == "MiniBatchNMF" }

// Available refuses what draws.
func (p *NMF) Available(method string) error {
	if method == sklearn.MethodTransform && p.Shuffle && p.Solver == "cd" {
		return fmt.Errorf("shuffle=True draws the order of the components")
	}
	return nil
}

// penalties are those of the coefficients.
func (p *NMF) penalties() (l1, l2 float64) {
	alpha := float64(p.Components.Shape[1]) * p.AlphaW
	same, _ := pyobj.Text(p.AlphaH)
	if old, err := sklearn.Float(p.OldAlpha); p.OldAlpha != nil && err == nil && p.AlphaW == 0 && (p.AlphaH == nil || same == "same") {
		alpha = old
		if side, _ := pyobj.Text(p.OldSide); side == "components" {
			alpha = 0
		}
	}
	return alpha * p.L1Ratio, alpha * (1 - p.L1Ratio)
}

// Transform searches the coefficients with the components fixed.
func (p *NMF) Transform(b *graph.Builder, x graph.Value) graph.Value {
	x = sklearn.Check(b, p, x, sklearn.Accept{DType: sklearn.DTypeFloat2, Sparse: true, Width: p.Components.Shape[1]})
	if !x.OK() {
		return x
	}
	if p.DoubleRule {
		x = b.Cast(x, tensor.Float64)
	}
	a := graph.NMFAttr{H: p.Components, Solver: p.Solver, Beta: float64(p.Beta), Tol: p.Tol, MaxIter: p.MaxIter}
	a.L1, a.L2 = p.penalties()
	if p.Solver == "pg" {
		a.MaxIter = p.InnerMaxIter
		switch side, _ := pyobj.Text(p.Sparseness); side {
		case "data":
			a.GramAll = *p.SparseBeta
		case "components":
			a.GramDiagonal = *p.SparseEta
		}
	}
	if !p.batches() {
		if x.DType() != p.Components.DType {
			return b.Refuse("H should have the same dtype as X. Got H.dtype = %s.", p.Components.DType)
		}
		a.TakesZeros = p.Before("0.22") && x.Type().Sparse() // the least of the stored numbers was asked
		a.RefuseNegative = "Negative values in data passed to X in NMF."
		a.Gamma = 1
		if a.Beta < 1 {
			a.Gamma = 1 / (2 - a.Beta)
		} else if a.Beta > 2 {
			a.Gamma = 1 / (a.Beta - 1)
		}
	} else {
		a.Solver, a.MiniBatch, a.Gamma = "mu", true, 1
		if p.Gamma != nil {
			a.Gamma = *p.Gamma
		}
		if p.BatchIter > 0 {
			a.MaxIter = p.BatchIter
		}
	}
	return b.NMFSolve(b.ToDense(x), a)
}

// InverseTransform is w·H.
func (p *NMF) InverseTransform(b *graph.Builder, x graph.Value) graph.Value {
	return b.MatMul(components(b, p, x, p.Components.Shape[0]), b.Const(p.Components))
}

// FeatureNamesOut is nmf0, nmf1, ….
func (p *NMF) FeatureNamesOut([]string) ([]string, error) {
	return sklearn.PrefixNames(p, p.Components.Shape[0]), nil
}
