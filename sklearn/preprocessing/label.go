package preprocessing

import (
	"fmt"
	"math"
	"strings"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/sklearn/parts"
	"github.com/larder-ml/larder/tensor"
)

var labelModules = []string{"sklearn.preprocessing._label", "sklearn.preprocessing.label"}

var labelClasses = []sklearn.Class{
	{Name: "sklearn.preprocessing.LabelEncoder", Modules: labelModules,
		New: func() sklearn.Estimator { return new(LabelEncoder) },
		Upgrade: []sklearn.Rung{{Before: "1.1", Fix: func(s *sklearn.State) error {
			s.Attrs.Set(pyobj.Str("rule_uncast"), pyobj.Bool(true))
			return nil
		}}}},
	{Name: "sklearn.preprocessing.LabelBinarizer", Modules: labelModules,
		New: func() sklearn.Estimator { return new(LabelBinarizer) }},
	{Name: "sklearn.preprocessing.MultiLabelBinarizer", Modules: labelModules,
		New:     func() sklearn.Estimator { return new(MultiLabelBinarizer) },
		FitOnly: []string{"classes"},
		Ignore:  []string{"_cached_dict"}},
}

// labelClassesOf is classes_ with the number of code points its text type holds, 0 where text is not cut.
type labelClassesOf struct {
	*tensor.Tensor
	cut int
}

// UnmarshalPy reads the array.
func (c *labelClassesOf) UnmarshalPy(_ *sklearn.Binder, path string, v pyobj.Value) error {
	t, err := sklearn.Tensor(v)
	if err != nil {
		return err
	}
	if len(t.Shape) != 1 {
		return fmt.Errorf("shape %v, wanted a vector", t.Shape)
	}
	c.Tensor = t
	if a, ok := v.(*pyobj.Array); ok && a.DType != nil && a.DType.Kind == 'U' {
		c.cut = a.DType.Size / 4
	}
	return nil
}

// labelColumn is column_or_1d: one label a row, as a one-column matrix.
func labelColumn(b *graph.Builder, x graph.Value) graph.Value {
	if !x.OK() {
		return x
	}
	t := x.Type()
	if (t.Kind != graph.Dense && t.Kind != graph.Frame) || len(t.Shape) > 2 || t.Width() != 1 {
		return b.Refuse("y should be a 1d array, got an array of shape %s instead.", strings.ReplaceAll(shape(t), "-1", "n"))
	}
	if t.Kind == graph.Frame {
		x = b.Column(x, 0)
	}
	return b.AsColumn(x)
}

func shape(t graph.Type) string {
	return "(" + strings.Trim(strings.ReplaceAll(fmt.Sprint(t.Shape), " ", ", "), "[]") + ")"
}

// known casts labels to the type of the classes, as numpy would.
func (c *labelClassesOf) known(b *graph.Builder, x graph.Value) graph.Value {
	if !x.OK() || c.Tensor == nil {
		return x
	}
	d := x.DType()
	switch want := c.DType; {
	case want.IsNumeric() && d.IsNumeric():
		return b.Cast(x, want)
	case want.IsInt() && d == tensor.String:
		return b.Cast(x, tensor.Int64) // what a narrower type can not hold is no label either
	case want.IsNumeric() && d == tensor.String, want == tensor.String && d.IsNumeric():
		return b.Cast(x, want)
	}
	return x
}

// LabelEncoder is sklearn.preprocessing.LabelEncoder.
type LabelEncoder struct {
	sklearn.Base
	Classes labelClassesOf `sk:"classes_"`

	// RuleUncast: since 1.1 labels are cast to the type of the classes first: numbers are truncated, text is cut.
	RuleUncast bool `sk:"rule_uncast,optional"`
}

var (
	_ sklearn.Transformer        = (*LabelEncoder)(nil)
	_ sklearn.InverseTransformer = (*LabelEncoder)(nil)
	_ sklearn.Classifier         = (*LabelEncoder)(nil)
	_ sklearn.InputDescriber     = (*LabelEncoder)(nil)
)

// Bound takes Python 2's labels for text.
func (e *LabelEncoder) Bound(*sklearn.Binder) error {
	e.Classes.Tensor = parts.Text(e, e.Classes.Tensor)
	return nil
}

// Unchecked: no labels are no codes.
func (e *LabelEncoder) Unchecked() bool { return true }

// ClassLabels returns the classes.
func (e *LabelEncoder) ClassLabels() []sklearn.ClassLabels {
	return []sklearn.ClassLabels{e.Classes.Tensor}
}

func count(n int) *tensor.Tensor {
	t := tensor.New(tensor.Int64, n)
	for i := range t.I64 {
		t.I64[i] = int64(i)
	}
	return t
}

// Transform numbers the labels; text is cut to the length of the longest class, as numpy's cast does.
func (e *LabelEncoder) Transform(b *graph.Builder, x graph.Value) graph.Value {
	x = labelColumn(b, x)
	cut := 0
	if !e.RuleUncast {
		x, cut = e.Classes.known(b, x), e.Classes.cut
	}
	words := "y contains previously unseen labels: {unknown}"
	if !e.Classes.DType.IsNumeric() {
		words = "y contains previously unseen labels: {first}"
	}
	return b.Ravel(b.Category(x, graph.CategoryAttr{
		Keys: []*tensor.Tensor{e.Classes.Tensor}, Values: []*tensor.Tensor{count(e.Classes.Len())}, Words: words, Cut: cut,
	}))
}

// InverseTransform gives the labels back.
func (e *LabelEncoder) InverseTransform(b *graph.Builder, x graph.Value) graph.Value {
	x = labelColumn(b, x)
	if x.OK() && !x.DType().IsInt() && x.DType() != tensor.Bool {
		return b.Refuse("arrays used as indices must be of integer (or boolean) type")
	}
	n := e.Classes.Len()
	codes := b.Category(b.Cast(x, tensor.Int64), graph.CategoryAttr{
		Keys: []*tensor.Tensor{count(n)}, Values: []*tensor.Tensor{count(n)}, Words: "y contains previously unseen labels: {array}",
	})
	return b.Labels(b.Ravel(codes), e.Classes.Tensor)
}

// DescribeInput knows the labels.
func (e *LabelEncoder) DescribeInput(in *sklearn.Input) *sklearn.Input {
	return describeLabels(in, e.Classes.Tensor)
}

func describeLabels(in *sklearn.Input, classes *tensor.Tensor) *sklearn.Input {
	in.Form = sklearn.FormVector
	if len(in.Columns) == 0 {
		in.Columns = []*sklearn.Column{sklearn.NewColumn("y")}
	}
	in.Columns[0].OneOf(classes)
	return nil
}

// LabelBinarizer is sklearn.preprocessing.LabelBinarizer.
type LabelBinarizer struct {
	sklearn.Base
	parts.LabelBinarizer
	SparseOutputParam bool `sk:"sparse_output"`
}

var (
	_ sklearn.Transformer        = (*LabelBinarizer)(nil)
	_ sklearn.InverseTransformer = (*LabelBinarizer)(nil)
	_ sklearn.Classifier         = (*LabelBinarizer)(nil)
	_ sklearn.InputDescriber     = (*LabelBinarizer)(nil)
)

// ClassLabels returns the classes.
func (e *LabelBinarizer) ClassLabels() []sklearn.ClassLabels {
	return []sklearn.ClassLabels{e.Classes}
}

// Bound checks the labels of the output.
func (e *LabelBinarizer) Bound(*sklearn.Binder) error {
	e.Classes = parts.Text(e, e.Classes)
	if e.PosLabel <= e.NegLabel || e.PosLabel != float64(int64(e.PosLabel)) || e.NegLabel != float64(int64(e.NegLabel)) {
		return &sklearn.BindError{Path: e.Path, Attr: "pos_label", Msg: fmt.Sprintf("labels %v and %v are not in order", e.NegLabel, e.PosLabel)}
	}
	if e.SparseOutputParam && e.NegLabel != 0 {
		return &sklearn.BindError{Path: e.Path, Attr: "neg_label", Msg: "sparse output needs a neg_label of zero"}
	}
	return nil
}

// Transform marks each row's class; labels that are no class give a row without a mark. Two classes give one column;
// more than two different labels in a batch would give two, and are refused.
func (e *LabelBinarizer) Transform(b *graph.Builder, x graph.Value) graph.Value {
	if !x.OK() {
		return x
	}
	if e.Multilabel() {
		return e.indicator(b, x)
	}
	x = labelColumn(b, x)
	if !x.OK() {
		return x
	}
	out := tensor.Int64
	switch d := x.DType(); {
	case d == tensor.Int32, d == tensor.Int16, d == tensor.Int8:
		out = d
	case d.IsFloat():
		x = b.Guard(x, b.IsMissing(x, graph.Missing{Value: tensor.FloatCell(math.NaN())}), "Input contains NaN.")
		x = b.Guard(x, b.Binary(graph.OpLess, b.Unary(graph.OpFloor, x), x), "continuous target data is not supported with label binarization")
	}
	n := e.Classes.Len()
	if n > 1 && (e.Classes.DType.IsNumeric() != x.DType().IsNumeric()) && x.DType() != tensor.Object && e.Classes.DType != tensor.Object {
		return b.Refuse("labels are %s, the fitted ones %s", x.DType(), e.Classes.DType)
	}
	a := graph.CategoryAttr{Default: tensor.FromI64([]int64{-1}), Text: "a label is missing or no text: The type of target data is not known"}
	switch n {
	case 1:
		a.Keys, a.Values = []*tensor.Tensor{tensor.New(e.Classes.DType, 0)}, []*tensor.Tensor{tensor.New(tensor.Int64, 0)}
	case 2:
		a.Keys, a.Values = []*tensor.Tensor{e.Classes}, []*tensor.Tensor{tensor.FromI64([]int64{-1, 0})}
		a.Distinct, a.Words = 2, "a batch of more than two different labels where two classes were fitted"
		n = 1
	default:
		a.Keys, a.Values = []*tensor.Tensor{e.Classes}, []*tensor.Tensor{count(n)}
	}
	return e.labels(b, b.OneHot(b.Category(x, a), []int{n}, out))
}

// labels puts pos_label and neg_label for one and zero.
func (e *LabelBinarizer) labels(b *graph.Builder, y graph.Value) graph.Value {
	if !y.OK() {
		return y
	}
	whole := func(f float64) graph.Value {
		return b.Const(&tensor.Tensor{DType: y.DType(), Shape: []int{}, I64: []int64{int64(f)}})
	}
	if e.SparseOutputParam {
		y = b.ToCSR(y)
		if e.PosLabel != 1 {
			y = b.InPlace(graph.OpMul, y, whole(e.PosLabel))
		}
		return y
	}
	y = b.ToDense(y)
	if e.PosLabel == 1 && e.NegLabel == 0 {
		return y
	}
	return b.Where(b.Binary(graph.OpEqual, y, whole(0)), whole(e.NegLabel), whole(e.PosLabel))
}

// indicator passes a label indicator matrix.
func (e *LabelBinarizer) indicator(b *graph.Builder, x graph.Value) graph.Value {
	if x.OK() && x.Type().Kind == graph.Frame && sklearn.NumericFrame(x.Type()) {
		x = b.Cast(x, sklearn.FrameDType(x.Type()))
	}
	if !x.OK() {
		return x
	}
	t := x.Type()
	if t.Width() != e.Classes.Len() || len(t.Shape) != 2 || !t.DType.IsNumeric() {
		return b.RefuseWidth(e.Classes.Len(), "classes %d mismatch with the labels %d found in the data", e.Classes.Len(), t.Width())
	}
	on := b.Unary(graph.OpNot, b.Binary(graph.OpEqual, b.ToDense(x), b.Scalar(0, x)))
	y := b.Cast(on, tensor.Int64)
	if e.SparseOutputParam {
		y = b.ToCSR(y)
	}
	return e.labels(b, y)
}

// InverseTransform takes the largest column of several classes, else what is above the middle of the two labels.
func (e *LabelBinarizer) InverseTransform(b *graph.Builder, x graph.Value) graph.Value {
	x = b.ToDense(x)
	if !x.OK() {
		return x
	}
	if t := x.Type(); len(t.Shape) == 2 && e.YType == "binary" && t.Shape[1] == 2 {
		x = b.Gather(x, []int{1})
	} else if len(t.Shape) == 2 && e.YType == "binary" && t.Shape[1] > 2 {
		return b.Refuse("output_type='binary', but y.shape = %s", shape(t))
	} else if e.YType != "binary" && t.Width() != e.Classes.Len() {
		return b.Refuse("The number of class is not equal to the number of dimension of y.")
	}
	y := e.Inverse(b, x, (e.PosLabel+e.NegLabel)/2)
	if e.Sparse && y.OK() && len(y.Type().Shape) == 2 {
		return b.ToCSR(y)
	}
	return y
}

// DescribeInput knows the labels.
func (e *LabelBinarizer) DescribeInput(in *sklearn.Input) *sklearn.Input {
	if e.Multilabel() {
		in.Numeric()
		return nil
	}
	return describeLabels(in, e.Classes)
}

// MultiLabelBinarizer is sklearn.preprocessing.MultiLabelBinarizer. Its input is several labels a row, or a matrix of as many in each.
type MultiLabelBinarizer struct {
	sklearn.Base
	SparseOutputParam bool           `sk:"sparse_output"`
	Classes           *tensor.Tensor `sk:"classes_,text"`
}

var (
	_ sklearn.Transformer        = (*MultiLabelBinarizer)(nil)
	_ sklearn.InverseTransformer = (*MultiLabelBinarizer)(nil)
	_ sklearn.Classifier         = (*MultiLabelBinarizer)(nil)
	_ sklearn.InputDescriber     = (*MultiLabelBinarizer)(nil)
)

// Bound takes Python 2's labels for text.
func (e *MultiLabelBinarizer) Bound(*sklearn.Binder) error {
	e.Classes = parts.Text(e, e.Classes)
	return nil
}

// ClassLabels returns the classes.
func (e *MultiLabelBinarizer) ClassLabels() []sklearn.ClassLabels {
	return []sklearn.ClassLabels{e.Classes}
}

// Transform marks the classes of each row; labels that are none are ignored.
func (e *MultiLabelBinarizer) Transform(b *graph.Builder, x graph.Value) graph.Value {
	if x.OK() && x.Type().Kind != graph.Tokens && x.Type().Kind != graph.Dicts && (x.Type().Kind != graph.Dense || len(x.Type().Shape) != 2) {
		return b.Refuse("%s needs several labels a row", e.Name())
	}
	y := b.MultiHot(x, e.Classes)
	if e.SparseOutputParam {
		return y
	}
	return b.ToDense(y)
}

// InverseTransform gives the labels of each row.
func (e *MultiLabelBinarizer) InverseTransform(b *graph.Builder, x graph.Value) graph.Value {
	x = b.ToDense(x)
	if x.OK() && x.Width() != e.Classes.Len() {
		return b.Refuse("Expected indicator for %d classes, but got %d", e.Classes.Len(), x.Width())
	}
	return b.Sets(x, e.Classes)
}

// DescribeInput knows the labels.
func (e *MultiLabelBinarizer) DescribeInput(in *sklearn.Input) *sklearn.Input {
	in.Form = sklearn.FormTokens
	if len(in.Columns) == 0 {
		in.Columns = []*sklearn.Column{sklearn.NewColumn("y")}
	}
	in.Columns[0].OneOf(e.Classes)
	return nil
}
