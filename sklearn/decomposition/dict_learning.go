package decomposition

import (
	"fmt"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/sklearn/parts"
	"github.com/larder-ml/larder/tensor"
)

var dictionaryModules = []string{"sklearn.decomposition._dict_learning", "sklearn.decomposition.dict_learning"}

var dictionaryClasses = []sklearn.Class{
	{Name: "sklearn.decomposition.DictionaryLearning", Modules: dictionaryModules, New: func() sklearn.Estimator { return new(DictionaryLearning) },
		FitOnly: sklearn.Names("n_components max_iter tol fit_algorithm code_init dict_init callback positive_dict"),
		Ignore:  sklearn.Names("error_ n_iter_"),
		Upgrade: []sklearn.Rung{unitRung, alphaRung, looseRung}},
	{Name: "sklearn.decomposition.MiniBatchDictionaryLearning", Modules: dictionaryModules, New: func() sklearn.Estimator { return new(DictionaryLearning) },
		FitOnly: sklearn.Names("n_components n_iter max_iter tol fit_algorithm batch_size shuffle dict_init callback positive_dict max_no_improvement"),
		Ignore: sklearn.Names("_n_components _fit_algorithm _batch_size _random_state _A _B _ewa_cost _ewa_cost_min _no_improvement n_steps_ n_iter_ " +
			"inner_stats_ _inner_stats iter_offset_ random_state_ error_"),
		Upgrade: []sklearn.Rung{unitRung, alphaRung, looseRung}},
	{Name: "sklearn.decomposition.SparseCoder", Modules: dictionaryModules, New: func() sklearn.Estimator { return new(DictionaryLearning) },
		Ignore: sklearn.Names("n_components_ n_components"),
		Upgrade: []sklearn.Rung{unitRung, alphaRung, looseRung, {Before: "1.0", Fix: func(s *sklearn.State) error {
			if c := s.Attrs.Get("components_"); c != nil {
				s.Default("dictionary", c)
			}
			return nil
		}}}},
}

var unitRung = sklearn.Rung{Before: "0.20", Fix: func(s *sklearn.State) error {
	s.Attrs.Set(pyobj.Str("(unit)"), pyobj.Bool(true))
	return nil
}}

// alphaRung: before 1.2 transform_alpha=None stood for 1, since then for alpha.
var alphaRung = sklearn.Rung{Before: "1.2", Fix: func(s *sklearn.State) error {
	if _, none := s.Attrs.Get("transform_alpha").(pyobj.None); none {
		s.Attrs.Set(pyobj.Str("transform_alpha"), pyobj.Float(1))
	}
	return nil
}}

var looseRung = sklearn.Rung{Before: "1.8", Fix: func(s *sklearn.State) error {
	s.Attrs.Set(pyobj.Str("(loose)"), pyobj.Bool(true))
	return nil
}}

// DictionaryLearning is sklearn.decomposition.DictionaryLearning, MiniBatchDictionaryLearning and SparseCoder, with
// every transform_algorithm.
type DictionaryLearning struct {
	sklearn.Base
	Algorithm  string         `sk:"transform_algorithm"`
	NonZero    *int           `sk:"transform_n_nonzero_coefs,optional"`
	Alpha      *float64       `sk:"transform_alpha,optional"`
	FitAlpha   *float64       `sk:"alpha,optional"`
	MaxIter    *int           `sk:"transform_max_iter,optional"`
	Split      bool           `sk:"split_sign"`
	Positive   bool           `sk:"positive_code,optional"`
	Components *tensor.Tensor `sk:"components_,optional"`
	Dictionary *tensor.Tensor `sk:"dictionary,optional"`

	// UnitRule: before 0.20 matching pursuit took atoms to have norm one.
	UnitRule bool `sk:"(unit),optional"`
	// LooseRule: before 1.8 lasso_cd stopped at 1e-4, without screening, and took rows in the precision of the dictionary.
	LooseRule bool `sk:"(loose),optional"`
}

var (
	_ sklearn.Transformer        = (*DictionaryLearning)(nil)
	_ sklearn.InverseTransformer = (*DictionaryLearning)(nil)
	_ sklearn.FeatureNamer       = (*DictionaryLearning)(nil)
)

// Bound checks the dictionary.
func (p *DictionaryLearning) Bound(*sklearn.Binder) error {
	if p.Components == nil {
		p.Components = p.Dictionary
	}
	if p.NonZero != nil && *p.NonZero < 0 {
		return &sklearn.BindError{Path: p.Path, Attr: "transform_n_nonzero_coefs", Msg: fmt.Sprint(*p.NonZero)}
	}
	return matrix(&p.Base, "components_", p.Components, -1, p.NFeaturesIn)
}

// Transform codes each row. Its type is that of the rows for omp, of both for threshold, of the dictionary for the
// others; split signs are float64.
func (p *DictionaryLearning) Transform(b *graph.Builder, x graph.Value) graph.Value {
	m, k := p.Components.Shape[0], p.Components.Shape[1]
	x = sklearn.Check(b, p, x, sklearn.Accept{Width: k})
	if !x.OK() {
		return x
	}
	if x.DType() != tensor.Float32 {
		x = b.Cast(x, tensor.Float64)
	}
	dictionary := p.Components
	if dictionary.DType != tensor.Float32 {
		dictionary = parts.Float64(dictionary)
	} else if x.DType() == tensor.Float64 && p.Algorithm != "omp" && p.Algorithm != "threshold" && !p.Before("1.5") {
		// The regression on the atoms brings the row to their type.
		x = b.Cast(sklearn.Finite(b, p, b.Cast(x, tensor.Float32), sklearn.Accept{}), tensor.Float64)
	}
	alpha := 1.0
	if p.Alpha != nil {
		alpha = *p.Alpha
	} else if p.FitAlpha != nil && p.Name() != "SparseCoder" {
		alpha = *p.FitAlpha
	}
	a := graph.SparseCodeAttr{Dictionary: dictionary, Algorithm: p.Algorithm, NonZero: int(min(max(float64(k)/10, 1), float64(m))),
		Alpha: alpha / float64(k), MaxIter: 1000, Positive: p.Positive, Unit: p.UnitRule, Double: p.Before("1.8"), Loose: p.LooseRule}
	if p.NonZero != nil {
		a.NonZero = *p.NonZero
	}
	if p.MaxIter != nil {
		a.MaxIter = *p.MaxIter
	}
	var z graph.Value
	switch p.Algorithm {
	case "threshold":
		q := b.MatMulT(x, b.Const(dictionary))
		size := b.Sub(b.Unary(graph.OpAbs, q), b.Scalar(alpha, q))
		z = b.Mul(b.Unary(graph.OpSign, q), b.Binary(graph.OpMax, size, b.Scalar(0, size)))
		if p.Positive {
			z = b.Binary(graph.OpMax, z, b.Scalar(0, z))
		}
	case "omp", "lars":
		if p.Positive && (p.Algorithm == "omp" || !p.Before("0.22")) {
			return b.Refuse("Positive constraint not supported for '%s' coding method.", p.Algorithm)
		}
		if p.Algorithm == "omp" && a.NonZero > m {
			return b.Refuse("The number of atoms cannot be more than the number of features")
		}
		z = b.SparseCode(x, a)
	case "lasso_lars":
		z = b.SparseCode(x, a)
	case "lasso_cd":
		if p.Before("1.1") { // in double precision alone
			dictionary = parts.Float64(dictionary)
			a.Dictionary = dictionary
		}
		if p.LooseRule {
			x = b.Cast(x, dictionary.DType)
		}
		if x.DType() != dictionary.DType {
			return b.Refuse("Buffer dtype mismatch, expected 'const %s' but got '%s'", ctype[dictionary.DType], ctype[x.DType()])
		}
		z = b.SparseCode(x, a)
	default:
		return b.Unsupported("", "transform_algorithm=%q is not known", p.Algorithm)
	}
	if p.Split {
		z = b.Cast(z, tensor.Float64)
		zero := b.Scalar(0, z)
		z = b.HStack(false, b.Binary(graph.OpMax, z, zero), b.Unary(graph.OpNeg, b.Binary(graph.OpMin, z, zero)))
	}
	return z
}

// ctype is how C calls a type.
var ctype = map[tensor.DType]string{tensor.Float64: "double", tensor.Float32: "float"}

// InverseTransform is the code times the dictionary.
func (p *DictionaryLearning) InverseTransform(b *graph.Builder, x graph.Value) graph.Value {
	m := p.Components.Shape[0]
	if !p.Split {
		return b.MatMul(components(b, p, x, m), b.Const(p.Components))
	}
	x = components(b, p, x, 2*m)
	pos, neg := make([]int, m), make([]int, m)
	for i := range m {
		pos[i], neg[i] = i, m+i
	}
	return b.MatMul(b.Sub(b.Gather(x, pos), b.Gather(x, neg)), b.Const(p.Components))
}

// FeatureNamesOut is the class name in lower case and a number for each atom, also where split signs make two columns of
// one.
func (p *DictionaryLearning) FeatureNamesOut([]string) ([]string, error) {
	return sklearn.PrefixNames(p, p.Components.Shape[0]), nil
}
