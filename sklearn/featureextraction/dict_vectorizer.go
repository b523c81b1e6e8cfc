package featureextraction

import (
	"errors"
	"fmt"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/sklearn/parts"
	"github.com/larder-ml/larder/tensor"
)

var errKeys = errors.New("names that are no text")

// vocabulary is the column of each name.
type vocabulary map[string]int32

// UnmarshalPy reads a dict of columns; keys that are no text go by their str().
func (v *vocabulary) UnmarshalPy(_ *sklearn.Binder, path string, x pyobj.Value) error {
	d, ok := x.(*pyobj.Dict)
	if !ok {
		return fmt.Errorf("%s, wanted a dict", sklearn.Describe(x))
	}
	*v = make(vocabulary, d.Len())
	for _, e := range d.Entries {
		name, ok := sklearn.Text(e.Key)
		if !ok {
			c, err := parts.Cell(e.Key)
			if err != nil {
				return errKeys
			}
			name = c.String()
		}
		i, err := sklearn.Int(e.Value)
		if err != nil {
			return err
		}
		if i < 0 || i >= d.Len() {
			return fmt.Errorf("%q has column %d of %d", name, i, d.Len())
		}
		if _, twice := (*v)[name]; twice {
			return fmt.Errorf("two names are written %q", name)
		}
		(*v)[name] = int32(i)
	}
	return nil
}

// ValuesRule says what several values of a row mean for a column.
type ValuesRule string

// The rules.
const (
	ValuesSum    ValuesRule = ""       // their sum
	ValuesLast   ValuesRule = "last"   // dense before 1.0: the last of names that are written alike; no lists
	ValuesSingle ValuesRule = "single" // sparse before 0.24: the sum of names that are written alike; no lists
)

// DictVectorizer is sklearn.feature_extraction.DictVectorizer. Its rows are named values; a value that is a list of
// texts is given as the name once with each of them.
type DictVectorizer struct {
	sklearn.Base
	DTypeParam     parts.DType   `sk:"dtype"`
	SeparatorParam string        `sk:"separator"`
	SparseParam    bool          `sk:"sparse"`
	FeatureNames   []pyobj.Value `sk:"feature_names_"`
	Vocabulary     vocabulary    `sk:"vocabulary_"`
	Values         ValuesRule    `sk:"(values),optional"`

	names []string
}

var (
	_ sklearn.Transformer        = (*DictVectorizer)(nil)
	_ sklearn.InverseTransformer = (*DictVectorizer)(nil)
	_ sklearn.FeatureNamer       = (*DictVectorizer)(nil)
	_ sklearn.InputDescriber     = (*DictVectorizer)(nil)
)

// Bound lists the names by column.
func (v *DictVectorizer) Bound(*sklearn.Binder) error {
	if len(v.FeatureNames) != len(v.Vocabulary) || len(v.Vocabulary) == 0 {
		return &sklearn.BindError{Path: v.Path, Attr: "vocabulary_", Msg: fmt.Sprintf("%d names and %d columns", len(v.FeatureNames), len(v.Vocabulary))}
	}
	if !v.DTypeParam.IsNumeric() {
		return &sklearn.BindError{Path: v.Path, Attr: "dtype", Msg: "no number type"}
	}
	v.names = make([]string, len(v.Vocabulary))
	for name, i := range v.Vocabulary {
		v.names[i] = name
	}
	return nil
}

// Transform puts values into their columns; names that were not fitted are left out.
func (v *DictVectorizer) Transform(b *graph.Builder, x graph.Value) graph.Value {
	if x.OK() && x.Type().Kind != graph.Dicts {
		return b.Refuse("DictVectorizer needs rows of named values, has %s", x.Type())
	}
	y := b.DictRows(x, graph.DictRowsAttr{Vocabulary: v.Vocabulary, Columns: len(v.names), Separator: v.SeparatorParam, DType: v.DTypeParam.DType,
		Last: v.Values == ValuesLast, Single: v.Values != ValuesSum})
	if v.SparseParam {
		return y
	}
	return b.ToDense(y)
}

// InverseTransform names the nonzero entries.
func (v *DictVectorizer) InverseTransform(b *graph.Builder, x graph.Value) graph.Value {
	x = sklearn.Check(b, v, x, sklearn.Accept{Sparse: true, Array: true})
	if x.OK() && x.Type().Kind == graph.OneHot {
		x = b.ToCSR(x)
	}
	if x.OK() && x.Width() != len(v.names) {
		return b.Refuse("X has %d columns, the vocabulary %d", x.Width(), len(v.names))
	}
	return b.TermRows(x, graph.TermRowsAttr{Names: v.names, Values: true})
}

// FeatureNamesOut lists the names by column.
func (v *DictVectorizer) FeatureNamesOut([]string) ([]string, error) { return v.names, nil }

// DescribeInput knows the names.
func (v *DictVectorizer) DescribeInput(in *sklearn.Input) *sklearn.Input {
	in.Form = sklearn.FormMappings
	describe(in, v.names, v.SeparatorParam)
	return nil
}

// describe gives each fitted name a column: names with a separator are text, with what stands behind it for its
// categories.
func describe(in *sklearn.Input, names []string, separator string) {
	at := map[string]*sklearn.Column{}
	cats := map[string][]string{}
	for _, n := range names {
		name, value, text := n, "", false
		if separator != "" {
			name, value, text = cut(n, separator)
		}
		if at[name] == nil {
			c := sklearn.NewColumn(name)
			c.Missing = true
			at[name] = c
			in.Columns = append(in.Columns, c)
		}
		if text {
			cats[name] = append(cats[name], value)
		}
	}
	for name, c := range at {
		if list := cats[name]; list != nil {
			c.OneOf(tensor.FromStr(list))
			c.Unknown = true
		} else {
			c.Read(tensor.Float64)
		}
	}
}

func cut(s, sep string) (string, string, bool) {
	for i := 0; i+len(sep) <= len(s); i++ {
		if s[i:i+len(sep)] == sep {
			return s[:i], s[i+len(sep):], true
		}
	}
	return s, "", false
}
