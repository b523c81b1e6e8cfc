package sklearn

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/internal/pystr"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/tensor"
)

// Weights is transformer_weights: factors by the name of a part.
type Weights map[string]pyobj.Value

// UnmarshalPy reads the dict.
func (w *Weights) UnmarshalPy(_ *Binder, path string, v pyobj.Value) error {
	d, ok := v.(*pyobj.Dict)
	if !ok {
		return fmt.Errorf("%s, wanted a dict", Describe(v))
	}
	*w = Weights{}
	for _, e := range d.Entries {
		name, ok := Text(e.Key)
		if !ok {
			return fmt.Errorf("%s, wanted a name", Describe(e.Key))
		}
		if _, none := e.Value.(pyobj.None); none {
			continue
		}
		if _, err := Tensor(e.Value); err != nil {
			return err
		}
		(*w)[name] = e.Value
	}
	return nil
}

// Scale multiplies x by the weight of the part, if it has one. Python's numbers take on x's precision, numpy's
// scalars keep theirs.
func (w Weights) Scale(b *graph.Builder, part string, x graph.Value) graph.Value {
	v, ok := w[part]
	if !ok || !x.OK() {
		return x
	}
	switch x.Type().Kind {
	case graph.OneHot:
		x = b.ToCSR(x)
	case graph.Frame:
		columns := x.Type().Columns
		if len(columns) == 0 {
			return x
		}
		cols, names := make([]graph.Value, len(columns)), make([]string, len(columns))
		for i, col := range columns {
			cols[i], names[i] = b.AsColumn(w.Scale(b, part, b.Column(x, i))), col.Name
		}
		return b.ToFrame(b.HStack(false, cols...), names)
	case graph.Dense:
		if x.DType() == tensor.Object {
			x = b.Guard(x, b.IsMissing(x, graph.Missing{Text: true}), "can't multiply sequence by non-int of type 'float'")
			x = b.Guard(x, b.IsMissing(x, graph.Missing{}), "unsupported operand type(s) for *: 'NoneType' and 'float'")
			x = b.Cast(x, tensor.Float64)
		}
	}
	t, err := Tensor(v)
	if err != nil || t.Len() != 1 || !t.DType.IsNumeric() {
		return b.Failf(graph.OpMul, "weight of %q is no number", part)
	}
	t = t.Reshape()
	switch n := v.(type) {
	case pyobj.Float:
		return b.Mul(x, b.Scalar(float64(n), x))
	case pyobj.Int:
		if d := x.DType(); d.IsFloat() {
			return b.Mul(x, b.Scalar(float64(n), x))
		} else if d.IsInt() {
			t.DType = d
		}
	}
	return b.Mul(x, b.Const(t))
}

// PartNames are the output names of one part of a union.
type PartNames struct {
	Part  string
	Names []string
}

// PrefixFormat is the format of verbose_feature_names_out=True.
const PrefixFormat = "{transformer_name}__{feature_name}"

// JoinNames joins the names of the parts under a Python format of {transformer_name} and {feature_name}; without a format
// the names stand as they are and must differ.
func JoinNames(e Estimator, parts []PartNames, format string) ([]string, error) {
	out := []string{}
	if format != "" {
		for _, p := range parts {
			for _, n := range p.Names {
				name, err := pystr.Format(format, map[string]string{"transformer_name": p.Part, "feature_name": n})
				if err != nil {
					return nil, &BindError{e.base().Path, "verbose_feature_names_out", err.Error()}
				}
				out = append(out, name)
			}
		}
		return out, nil
	}
	count := map[string]int{}
	for _, p := range parts {
		out = append(out, p.Names...)
		for _, n := range p.Names {
			count[n]++
		}
	}
	var twice []string
	for n, k := range count {
		if k > 1 {
			twice = append(twice, n)
		}
	}
	if twice == nil {
		return out, nil
	}
	slices.Sort(twice)
	rest := "]"
	if len(twice) > 5 {
		twice, rest = twice[:5], ", ...]"
	}
	return nil, &graph.InputError{Origin: e.base().Path, Msg: "Output feature names: ['" + strings.Join(twice, "', '") + "'" + rest + " are not unique. Please set verbose_feature_names_out=True to add prefixes to feature names"}
}

// UnionOf puts what the parts of a union gave side by side. Under set_output(transform="pandas") frames make a frame that keeps
// each column's type; otherwise numpy or scipy makes one array of them. A frame's names are joined under the format; since 1.9
// they are numbers of part and column behind a word, and stay that where get_feature_names_out has no others.
func UnionOf(b *graph.Builder, e Estimator, sparse bool, parts []graph.Value, names []string, format, word string) graph.Value {
	frames := !sparse && e.base().Output != ""
	joined := make([]PartNames, len(parts))
	for i, p := range parts {
		t := p.Type()
		frames = frames && t.Kind == graph.Frame
		joined[i].Part = names[i]
		for j, c := range t.Columns {
			frames = frames && c.Name != ""
			if !e.base().Before("1.9") {
				c.Name = fmt.Sprintf("%s%d_%d", word, i, j)
			}
			joined[i].Names = append(joined[i].Names, c.Name)
		}
	}
	if frames {
		y := b.HStack(false, parts...)
		if !e.base().Before("1.9") {
			format = ""
		}
		all, err := JoinNames(e, joined, format)
		if err != nil {
			return b.Fail(err)
		}
		return b.ToFrame(y, all)
	}
	for i, p := range parts {
		if t := p.Type(); t.Kind == graph.Frame && NumericFrame(t) && (sparse || !truthAmongNumbers(t)) {
			parts[i] = b.Cast(p, FrameDType(t))
		}
	}
	return b.HStack(sparse, parts...)
}

// NoColumns is numpy.zeros((len(x), 0)).
func NoColumns(b *graph.Builder, x graph.Value) graph.Value {
	x = b.Gather(x, []int{})
	if k := x.Type().Kind; k == graph.CSR || k == graph.OneHot {
		x = b.ToDense(x)
	}
	return b.Cast(x, tensor.Float64)
}

// truthAmongNumbers reports truth values beside numbers, of which pandas makes an array of objects: they stay what they are.
func truthAmongNumbers(t graph.Type) bool {
	isBool := func(c graph.Column) bool { return c.DType == tensor.Bool }
	isNumber := func(c graph.Column) bool { return c.DType != tensor.Bool }
	return slices.ContainsFunc(t.Columns, isBool) && slices.ContainsFunc(t.Columns, isNumber)
}

// ObjectFrame reports a frame of which pandas makes an array of objects.
func ObjectFrame(t graph.Type) bool { return !NumericFrame(t) || truthAmongNumbers(t) }

// NumericFrame reports that all columns are numbers.
func NumericFrame(t graph.Type) bool {
	return !slices.ContainsFunc(t.Columns, func(c graph.Column) bool { return !c.DType.IsNumeric() })
}

// IndexNames are the names of a pandas index: text, or numbers as str writes them.
func IndexNames(v pyobj.Value) ([]string, error) {
	items, err := Sequence(v)
	if err != nil {
		return nil, err
	}
	out := make([]string, len(items))
	for i, it := range items {
		var ok bool
		if out[i], ok = Text(it); ok {
			continue
		}
		n, err := Int(it)
		if err != nil {
			return nil, err
		}
		out[i] = strconv.Itoa(n)
	}
	return out, nil
}
