package preprocessing

import (
	"fmt"
	"math"
	"strings"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/tensor"
)

var nan = math.NaN()

var polynomialClasses = []sklearn.Class{
	{Name: "sklearn.preprocessing.PolynomialFeatures",
		Modules: []string{"sklearn.preprocessing._polynomial", "sklearn.preprocessing._data", "sklearn.preprocessing.data"},
		New:     func() sklearn.Estimator { return new(PolynomialFeatures) },
		FitOnly: []string{"order"},
		Ignore:  []string{"_n_out_full", "n_output_features_", "powers_"},
		Upgrade: []sklearn.Rung{
			{Before: "0.22", Fix: func(s *sklearn.State) error {
				s.Attrs.Set(pyobj.Str("rule_left"), pyobj.Bool(true))
				return nil
			}},
			{Before: "1.0", Fix: func(s *sklearn.State) error {
				s.Rename("n_input_features_", "n_features_in_")
				s.Drop("n_input_features_")
				s.Default("_min_degree", pyobj.Int(0))
				s.Default("_max_degree", s.Attrs.Get("degree"))
				return nil
			}},
			{Before: "1.3", Fix: func(s *sklearn.State) error {
				s.Drop("n_input_features_")
				return nil
			}}}},
	{Name: "sklearn.preprocessing.SplineTransformer", Modules: []string{"sklearn.preprocessing._polynomial"},
		New:     func() sklearn.Estimator { return new(SplineTransformer) },
		FitOnly: []string{"knots", "order", "n_knots"},
		Ignore:  []string{"n_features_out_"},
		Upgrade: []sklearn.Rung{
			{Before: "1.3", Fix: func(s *sklearn.State) error {
				s.Default("sparse_output", pyobj.Bool(false))
				return nil
			}},
			{Before: "1.8", Fix: func(s *sklearn.State) error {
				s.Default("handle_missing", pyobj.Str("error"))
				return nil
			}}}},
}

// PolynomialFeatures is sklearn.preprocessing.PolynomialFeatures.
type PolynomialFeatures struct {
	sklearn.Base
	DegreeParam          pyobj.Value `sk:"degree"`
	InteractionOnlyParam bool        `sk:"interaction_only"`
	IncludeBiasParam     bool        `sk:"include_bias"`
	PrivateMinDegree     int         `sk:"_min_degree"`
	PrivateMaxDegree     int         `sk:"_max_degree"`

	// RuleLeft: before 0.22 products of dense columns were taken from the left.
	RuleLeft bool `sk:"rule_left,optional"`

	terms [][]int32
}

var (
	_ sklearn.Transformer  = (*PolynomialFeatures)(nil)
	_ sklearn.FeatureNamer = (*PolynomialFeatures)(nil)
)

// maxTerms bounds the columns a file may ask for.
const maxTerms = 1 << 22

// Bound lists the terms: ones, then the combinations of each degree in lexicographic order.
func (p *PolynomialFeatures) Bound(*sklearn.Binder) error {
	n := p.NFeaturesIn
	if n == 0 || p.PrivateMinDegree < 0 || p.PrivateMaxDegree < p.PrivateMinDegree {
		return &sklearn.BindError{Path: p.Path, Attr: "_max_degree", Msg: fmt.Sprintf("degrees %d to %d of %d columns", p.PrivateMinDegree, p.PrivateMaxDegree, n)}
	}
	var flat []int32 // where the next terms go
	term := make([]int32, 0, 8)
	count, size, keep := 0, 0, false
	var add func(from, left int) bool
	add = func(from, left int) bool {
		if left == 0 {
			if keep {
				p.terms, flat = append(p.terms, flat[:len(term):len(term)]), flat[copy(flat, term):]
			}
			count++
			size += 1 + len(term)
			return count <= maxTerms && size <= 8*maxTerms
		}
		for j := from; j < n; j++ {
			if p.InteractionOnlyParam && n-j < left {
				break
			}
			term = append(term, int32(j))
			next := j
			if p.InteractionOnlyParam {
				next++
			}
			ok := add(next, left-1)
			term = term[:len(term)-1]
			if !ok {
				return false
			}
		}
		return true
	}
	for _, keep = range []bool{false, true} { // they are counted first: what is too much takes no memory
		if keep {
			p.terms, flat = make([][]int32, 0, count+1), make([]int32, size-count)
			if p.IncludeBiasParam {
				p.terms = append(p.terms, []int32{})
			}
		}
		count, size = 0, 0
		for d := max(1, p.PrivateMinDegree); d <= p.PrivateMaxDegree; d++ {
			if p.InteractionOnlyParam && d > n {
				break
			}
			if d > maxTerms || !add(0, d) {
				return &sklearn.BindError{Path: p.Path, Attr: "degree", Msg: fmt.Sprintf("more than %d products", maxTerms)}
			}
		}
	}
	return nil
}

// Transform multiplies columns.
func (p *PolynomialFeatures) Transform(b *graph.Builder, x graph.Value) graph.Value {
	x = sklearn.Check(b, p, x, sklearn.Accept{DType: sklearn.DTypeFloat, Sparse: true})
	if x.OK() && x.Type().Kind == graph.OneHot {
		x = b.ToCSR(x)
	}
	return b.Polynomial(x, graph.PolynomialAttr{Terms: p.terms, Left: p.RuleLeft})
}

// FeatureNamesOut writes the products.
func (p *PolynomialFeatures) FeatureNamesOut(in []string) ([]string, error) {
	in, err := oneToOne(p, in)
	if err != nil {
		return nil, err
	}
	out := make([]string, len(p.terms))
	for i, t := range p.terms {
		var parts []string
		for j := 0; j < len(t); {
			k := j
			for k < len(t) && t[k] == t[j] {
				k++
			}
			name := in[t[j]]
			if k-j > 1 {
				name = fmt.Sprintf("%s^%d", name, k-j)
			}
			parts = append(parts, name)
			j = k
		}
		if out[i] = strings.Join(parts, " "); len(t) == 0 {
			out[i] = "1"
		}
	}
	return out, nil
}

// SplineTransformer is sklearn.preprocessing.SplineTransformer.
type SplineTransformer struct {
	sklearn.Base
	DegreeParam        int      `sk:"degree"`
	ExtrapolationParam string   `sk:"extrapolation"`
	IncludeBiasParam   bool     `sk:"include_bias"`
	SparseOutputParam  bool     `sk:"sparse_output"`
	HandleMissingParam string   `sk:"handle_missing"`
	BSplines           []spline `sk:"bsplines_"`

	ends graph.Ends // of float32 rows
}

// spline is scipy.interpolate.BSpline with the identity for coefficients, wrapped around where it is periodic.
type spline struct {
	T *tensor.Tensor `sk:"t"`
	C *tensor.Tensor `sk:"c"`
	K int            `sk:"k"`

	narrow bool // its knots are float32, which scipy evaluates no spline of
}

// UnmarshalPy reads the object.
func (s *spline) UnmarshalPy(bd *sklearn.Binder, path string, v pyobj.Value) error {
	o, ok := v.(*pyobj.Object)
	if !ok || pyobj.ShortName(o.ClassName()) != "BSpline" || !strings.HasPrefix(o.ClassName(), "scipy.") {
		return &sklearn.BindError{Path: path, Msg: sklearn.Describe(v) + ", wanted a BSpline"}
	}
	attrs, ok := o.Attrs()
	if !ok || attrs == nil {
		return &sklearn.BindError{Path: path, Msg: "state is no dict of attributes"}
	}
	for _, n := range []string{"t", "c", "k"} {
		if attrs.Get(n) == nil && attrs.Get("_"+n) != nil {
			attrs = attrs.Clone()
			attrs.Set(pyobj.Str(n), attrs.Get("_"+n))
			attrs.Delete("_" + n)
		}
	}
	if err := bd.Struct(s, attrs, path, []string{"extrapolate", "axis", "_asarray", "_t", "_c"}); err != nil {
		return err
	}
	if s.narrow = s.T.DType == tensor.Float32; s.narrow {
		s.T = tensor.FromF64(s.T.AsF64(), s.T.Shape...)
	}
	if s.T.DType != tensor.Float64 || s.C.DType != tensor.Float64 || len(s.T.Shape) != 1 || len(s.C.Shape) != 2 || s.K < 0 || s.K > 64 ||
		s.C.Shape[0] != s.T.Len()-s.K-1 || s.C.Shape[0] <= s.K || s.C.Shape[1] < 1 {
		return &sklearn.BindError{Path: path, Msg: fmt.Sprintf("%d knots, coefficients %v, degree %d", s.T.Len(), s.C.Shape, s.K)}
	}
	for i, f := range s.T.F64 {
		if f != f || (i > 0 && f < s.T.F64[i-1]) {
			return &sklearn.BindError{Path: path, Attr: "t", Msg: "knots do not rise"}
		}
	}
	for i := range s.C.Shape[0] {
		for j := range s.C.Shape[1] {
			want := 0.0
			if i%s.C.Shape[1] == j {
				want = 1
			}
			if s.C.F64[i*s.C.Shape[1]+j] != want {
				return &sklearn.BindError{Path: path, Attr: "c", Msg: "coefficients are not those of a basis"}
			}
		}
	}
	return nil
}

var (
	_ sklearn.Transformer    = (*SplineTransformer)(nil)
	_ sklearn.FeatureNamer   = (*SplineTransformer)(nil)
	_ sklearn.InputDescriber = (*SplineTransformer)(nil)
)

var extrapolations = map[string]graph.Extrapolation{
	"constant": graph.ExtrapolateConstant, "linear": graph.ExtrapolateLinear, "continue": graph.ExtrapolateContinue,
	"periodic": graph.ExtrapolatePeriodic, "error": graph.ExtrapolateError,
}

// ends tells how the numpy that computed compares float32 rows with numbers of float64.
func ends(b *sklearn.Base) graph.Ends {
	switch b.Numpy {
	case 0:
		return graph.EndsUnknown
	case 1:
		return graph.EndsNarrow
	}
	return graph.EndsWide
}

// Bound checks the splines.
func (s *SplineTransformer) Bound(*sklearn.Binder) error {
	if _, ok := extrapolations[s.ExtrapolationParam]; !ok {
		return &sklearn.BindError{Path: s.Path, Attr: "extrapolation", Msg: fmt.Sprintf("%q is not known", s.ExtrapolationParam)}
	}
	if s.HandleMissingParam != "error" && s.HandleMissingParam != "zeros" {
		return &sklearn.BindError{Path: s.Path, Attr: "handle_missing", Msg: fmt.Sprintf("%q is not known", s.HandleMissingParam)}
	}
	s.ends = ends(&s.Base)
	for i, sp := range s.BSplines {
		if sp.K != s.DegreeParam || sp.C.Shape[1] != s.BSplines[0].C.Shape[1] {
			return &sklearn.BindError{Path: s.Path, Attr: "bsplines_", Msg: fmt.Sprintf("item %d has degree %d and %d bases", i, sp.K, sp.C.Shape[1])}
		}
	}
	if len(s.BSplines) == 0 || s.NFeaturesIn != len(s.BSplines) {
		return &sklearn.BindError{Path: s.Path, Attr: "bsplines_", Msg: fmt.Sprintf("%d splines for %d columns", len(s.BSplines), s.NFeaturesIn)}
	}
	return nil
}

// Transform evaluates the bases of each column.
func (s *SplineTransformer) Transform(b *graph.Builder, x graph.Value) graph.Value {
	x = sklearn.Check(b, s, x, sklearn.Accept{NaN: s.HandleMissingParam == "zeros", Inf: s.HandleMissingParam == "zeros"})
	if !x.OK() {
		return x
	}
	if !x.DType().IsFloat() {
		x = b.Cast(x, tensor.Float64)
	}
	if s.SparseOutputParam && s.DegreeParam == 0 && s.ExtrapolationParam == "periodic" {
		return b.Refuse("inconsistent shapes")
	}
	a := graph.SplineAttr{Degree: s.DegreeParam, Bases: s.BSplines[0].C.Shape[1], Extrapolation: extrapolations[s.ExtrapolationParam], Bias: s.IncludeBiasParam, Sparse: s.SparseOutputParam, Missing: s.HandleMissingParam == "zeros"}
	if x.DType() == tensor.Float32 {
		a.Ends = s.ends
	}
	for _, sp := range s.BSplines {
		if sp.narrow && (!s.SparseOutputParam || s.ExtrapolationParam == "constant" || s.ExtrapolationParam == "linear") {
			return b.Refuse("Expected a 1-dim C contiguous array of dtype = 12")
		}
		a.Knots = append(a.Knots, sp.T)
	}
	out := b.Spline(x, a)
	if s.SparseOutputParam {
		return b.ToCSR(out)
	}
	return out
}

// FeatureNamesOut numbers the bases of each column.
func (s *SplineTransformer) FeatureNamesOut(in []string) ([]string, error) {
	in, err := oneToOne(s, in)
	if err != nil {
		return nil, err
	}
	n := s.BSplines[0].C.Shape[1]
	if !s.IncludeBiasParam {
		n--
	}
	out := []string{}
	for _, name := range in {
		for j := range n {
			out = append(out, fmt.Sprintf("%s_sp_%d", name, j))
		}
	}
	return out, nil
}

// DescribeInput knows the range of the knots.
func (s *SplineTransformer) DescribeInput(in *sklearn.Input) *sklearn.Input {
	for i, c := range in.Columns {
		if i < len(s.BSplines) {
			t, k := s.BSplines[i].T.F64, s.DegreeParam
			lo, hi := t[k], t[len(t)-1-k]
			c.Between(lo, lo+(hi-lo)/2, hi)
		}
		c.Missing = s.HandleMissingParam == "zeros"
	}
	return nil
}
