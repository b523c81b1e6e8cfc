package larder

import (
	_ "embed"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/tensor"
)

// paramTable is the constructor of every estimator of scikit-learn 1.9.1: class, then its parameters in order of name
// with Python's repr of their defaults. testdata/gen/params.py writes it.
//
//go:embed params.txt
var paramTable string

// signature is a constructor: defaults by parameter, "" for one that must be given.
type signature struct {
	names    []string
	defaults map[string]string
}

var signatures = sync.OnceValue(func() map[string]*signature {
	all := map[string]*signature{}
	for line := range strings.Lines(paramTable) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		s := &signature{defaults: map[string]string{}}
		for _, p := range f[1:] {
			name, value, _ := strings.Cut(p, "=")
			s.names = append(s.names, name)
			s.defaults[name] = value
		}
		all[f[0]] = s
	}
	return all
})

// removedParams are parameters of older releases that 1.9.1 has no more.
var removedParams = []string{"base_estimator", "iid", "min_impurity_split", "multi_class", "normalize", "presort", "sparse"}

// Param is one constructor parameter.
type Param struct {
	Name  string // "memory", "clf__C"
	Value any    // nil, bool, int64, float64 (NaN too), string, []any, map[string]any
}

// Params returns what get_params() returns, nested parameters included, in its order. What JSON has no value for
// (estimators, functions, classes, arrays) is text: Python's repr without line breaks and addresses.
func (m *Model) Params() []Param {
	o, ok := m.root.(*pyobj.Object)
	if !ok {
		return nil
	}
	p := &paramReader{registry: m.opts.registry}
	return p.deep(o, 0)
}

// TypeName returns the class name of the model as Python's type(model).__name__ gives it.
func (m *Model) TypeName() string {
	if o, ok := m.root.(*pyobj.Object); ok {
		return pyobj.ShortName(o.ClassName())
	}
	return sklearn.Describe(m.root)
}

type paramReader struct{ registry *sklearn.Registry }

// maxParamDepth bounds estimators inside parameters.
const maxParamDepth = 20

// lists names the parameter that holds an estimator's (name, estimator) pairs, by class.
var pairLists = map[string]string{
	"Pipeline": "steps", "FeatureUnion": "transformer_list", "ColumnTransformer": "transformers", "VotingClassifier": "estimators",
	"VotingRegressor": "estimators", "StackingClassifier": "estimators", "StackingRegressor": "estimators",
}

// own returns an object's constructor parameters in order of name.
func (p *paramReader) own(o *pyobj.Object) []pyobj.Entry {
	a, ok := o.Attrs()
	if !ok || a == nil {
		return nil
	}
	sig := p.signature(o)
	var out []pyobj.Entry
	if sig == nil {
		for _, e := range a.Entries {
			if n, ok := pyobj.Text(e.Key); ok && !strings.HasPrefix(n, "_") && !strings.HasSuffix(n, "_") {
				out = append(out, e)
			}
		}
	} else {
		names := sig.names
		if v, _ := pyobj.Text(a.Get("_sklearn_version")); sklearn.Older(v, "1.9") {
			names = slices.Compact(slices.Sorted(slices.Values(append(slices.Clone(names), removedParams...))))
		}
		for _, n := range names {
			if v := a.Get(n); v != nil {
				out = append(out, pyobj.Entry{Key: pyobj.Str(n), Value: v})
			}
		}
	}
	slices.SortStableFunc(out, func(x, y pyobj.Entry) int {
		a, _ := pyobj.Text(x.Key)
		b, _ := pyobj.Text(y.Key)
		return strings.Compare(a, b)
	})
	return out
}

// signature returns the constructor of an object's class, nil for one that is not scikit-learn's.
func (p *paramReader) signature(o *pyobj.Object) *signature {
	name := o.ClassName()
	if c := p.registry.Lookup(name); c != nil {
		return signatures()[c.Name]
	}
	parts := strings.Split(name, ".")
	return signatures()[strings.Join(slices.DeleteFunc(parts, func(s string) bool { return strings.HasPrefix(s, "_") }), ".")]
}

func (p *paramReader) deep(o *pyobj.Object, depth int) []Param {
	if depth > maxParamDepth {
		return nil
	}
	var out []Param
	class := pyobj.ShortName(o.ClassName())
	list := pairLists[class]
	var pairs pyobj.Value
	for _, e := range p.own(o) {
		name, _ := pyobj.Text(e.Key)
		if name == list {
			pairs = e.Value
		} else if in := p.estimator(e.Value); in != nil && class != "FrozenEstimator" {
			for _, q := range p.deep(in, depth+1) {
				out = append(out, Param{name + "__" + q.Name, q.Value})
			}
		}
		out = append(out, Param{name, p.json(e.Value)})
	}
	named := [][2]any{}
	if l, ok := pairs.(*pyobj.List); ok {
		for _, it := range l.Items {
			if t, ok := it.(*pyobj.Tuple); ok && len(t.Items) >= 2 {
				if n, ok := pyobj.Text(t.Items[0]); ok {
					named = append(named, [2]any{n, t.Items[1]})
				}
			}
		}
	}
	for _, n := range named {
		out = append(out, Param{n[0].(string), p.json(n[1].(pyobj.Value))})
	}
	for _, n := range named {
		if in := p.estimator(n[1].(pyobj.Value)); in != nil {
			for _, q := range p.deep(in, depth+1) {
				out = append(out, Param{n[0].(string) + "__" + q.Name, q.Value})
			}
		}
	}
	return out
}

// estimator returns an object that has get_params.
func (p *paramReader) estimator(v pyobj.Value) *pyobj.Object {
	o, ok := v.(*pyobj.Object)
	if !ok {
		return nil
	}
	if p.registry.Lookup(o.ClassName()) != nil {
		return o
	}
	if a, ok := o.Attrs(); ok && a.Get("_sklearn_version") != nil {
		return o
	}
	return nil
}

// json gives what json.dumps(…, default=str) makes of a value.
func (p *paramReader) json(v pyobj.Value) any {
	var items []pyobj.Value
	switch x := v.(type) {
	case nil, pyobj.None:
		return nil
	case pyobj.Bool:
		return bool(x)
	case pyobj.Int:
		return int64(x)
	case pyobj.Float:
		return float64(x)
	case pyobj.Str, pyobj.Py2Str:
		s, _ := pyobj.Text(v)
		return s
	case *pyobj.Scalar:
		if t, err := sklearn.Tensor(x); err == nil {
			switch c := t.Cell(0); c.Kind {
			case tensor.CellBool:
				return c.I != 0
			case tensor.CellInt:
				return c.I
			case tensor.CellFloat:
				return c.F
			case tensor.CellStr:
				return c.S
			}
		}
	case *pyobj.List:
		items = x.Items
	case *pyobj.Tuple:
		items = x.Items
	case *pyobj.Dict:
		out := map[string]any{}
		for _, e := range x.Entries {
			k, ok := pyobj.Text(e.Key)
			if !ok {
				k = p.repr(e.Key, 0)
			}
			out[k] = p.json(e.Value)
		}
		return out
	default:
		return p.repr(v, 0)
	}
	out := make([]any, len(items))
	for i, it := range items {
		out[i] = p.json(it)
	}
	return out
}

// maxRepr bounds the items of a container and maxReprArray those of an array in a repr.
const (
	maxRepr      = 200
	maxReprArray = 1000
)

// repr is Python's repr on one line.
func (p *paramReader) repr(v pyobj.Value, depth int) string {
	if depth > maxParamDepth {
		return "..."
	}
	items := func(vs []pyobj.Value, open, end string) string {
		var s []string
		for i, it := range vs {
			if i == maxRepr {
				s = append(s, "...")
				break
			}
			s = append(s, p.repr(it, depth+1))
		}
		return open + strings.Join(s, ", ") + end
	}
	switch x := v.(type) {
	case nil, pyobj.None:
		return "None"
	case pyobj.Bool:
		if x {
			return "True"
		}
		return "False"
	case pyobj.Int:
		return strconv.FormatInt(int64(x), 10)
	case *pyobj.BigInt:
		return x.V.String()
	case pyobj.Float:
		return tensor.FormatFloat(float64(x))
	case pyobj.Str, pyobj.Py2Str:
		s, _ := pyobj.Text(v)
		return tensor.Quote(s)
	case pyobj.Bytes:
		return tensor.Cell{Kind: tensor.CellBytes, S: string(x)}.Repr()
	case *pyobj.List:
		return items(x.Items, "[", "]")
	case *pyobj.Tuple:
		if len(x.Items) == 1 {
			return items(x.Items, "(", ",)")
		}
		return items(x.Items, "(", ")")
	case *pyobj.Set:
		s := items(x.Items, "{", "}")
		if len(x.Items) == 0 {
			s = "set()"
		}
		if x.Frozen {
			return "frozenset(" + s + ")"
		}
		return s
	case *pyobj.Dict:
		var s []string
		for _, e := range x.Entries {
			s = append(s, p.repr(e.Key, depth+1)+": "+p.repr(e.Value, depth+1))
		}
		return "{" + strings.Join(s, ", ") + "}"
	case *pyobj.Global:
		if last := pyobj.ShortName(x.Name); last != "" && (last[0] >= 'A' && last[0] <= 'Z' || isDType(x)) {
			return "<class '" + x.String() + "'>"
		}
		if x.Module == "numpy" && slices.Contains(ufuncs, x.Name) {
			return "<ufunc '" + x.Name + "'>"
		}
		return "<function " + x.Name + ">"
	case *pyobj.DType:
		return "dtype('" + x.Code() + "')"
	case *pyobj.Scalar:
		if t, err := sklearn.Tensor(x); err == nil {
			return "np." + t.DType.String() + "(" + t.Cell(0).Repr() + ")"
		}
	case *pyobj.Array:
		return p.array(x)
	case *pyobj.Object:
		if e := p.estimator(v); e != nil {
			return p.estimatorRepr(e, depth)
		}
		if name := x.ClassName(); name == "builtins.slice" || name == "__builtin__.slice" {
			return items(x.Args, "slice(", ")")
		}
		return "<" + x.ClassName() + ">"
	}
	return sklearn.Describe(v)
}

// ufuncs are numpy's functions that people transform with and whose repr says ufunc.
var ufuncs = []string{"absolute", "cbrt", "cos", "exp", "exp2", "expm1", "fabs", "log", "log10", "log1p", "log2", "negative",
	"reciprocal", "sign", "sin", "sqrt", "square", "tan", "tanh"}

func isDType(g *pyobj.Global) bool {
	return g.Module == "numpy" && strings.TrimRight(g.Name, "0123456789_") != "" && strings.Contains("float int uint bool object str complex", strings.TrimRight(g.Name, "0123456789_"))
}

func (p *paramReader) array(a *pyobj.Array) string {
	t, err := sklearn.Tensor(a)
	if err != nil || t.Len() > maxReprArray {
		return sklearn.Describe(a)
	}
	var b strings.Builder
	at := 0
	var dim func(d int)
	dim = func(d int) {
		if d == len(t.Shape) {
			b.WriteString(strings.TrimSuffix(t.Cell(at).Repr(), "0"))
			at++
			return
		}
		b.WriteByte('[')
		for i := range t.Shape[d] {
			if i > 0 {
				b.WriteString(", ")
			}
			dim(d + 1)
		}
		b.WriteByte(']')
	}
	dim(0)
	return "array(" + b.String() + ")"
}

// estimatorRepr is the class with the parameters that differ from their defaults.
func (p *paramReader) estimatorRepr(o *pyobj.Object, depth int) string {
	sig := p.signature(o)
	var changed []string
	for _, e := range p.own(o) {
		name, _ := pyobj.Text(e.Key)
		r := p.repr(e.Value, depth+1)
		if sig != nil && sig.defaults[name] == r {
			continue
		}
		if f, ok := e.Value.(pyobj.Float); ok && math.IsNaN(float64(f)) && sig != nil && sig.defaults[name] == "nan" {
			continue
		}
		changed = append(changed, name+"="+r)
	}
	return pyobj.ShortName(o.ClassName()) + "(" + strings.Join(changed, ", ") + ")"
}
