package sklearn

import (
	"fmt"
	"sort"
	"strings"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/tensor"
)

// ClassLabels is classes_.
type ClassLabels = *tensor.Tensor

// DTypeRule says what check_array's dtype argument asks for.
type DTypeRule uint8

// The rules (sklearn.utils.validation.check_array).
const (
	Numeric      DTypeRule = iota // "numeric": numbers and bool keep their dtype, object becomes float64
	DTypeFloat                    // FLOAT_DTYPES: float64, float32, float16 kept, all else float64
	DTypeFloat2                   // [float64, float32] kept, all else float64
	DTypeFloat64                  // float64
	DTypeFloat32                  // float32; a finite float64 outside its range is refused
	DTypeInt                      // int: objects and text as Python's int() takes them, floats have to be finite
	DTypeAny                      // None: untouched
)

// Accept says what an estimator takes; the zero value is a dense finite numeric matrix of the fitted width.
type Accept struct {
	DType    DTypeRule
	Sparse   bool // CSR allowed
	NaN      bool // NaN allowed
	Inf      bool // infinities allowed
	AnyWidth bool // no check of the width
	NoHalf   bool // float16 is refused: numpy rounds each step of the computation to it
	Images   bool // more than two dimensions allowed
	Array    bool // check_array alone: neither width nor names
	Width    int  // width to expect where n_features_in_ was not recorded; 0 for none
}

// Check is scikit-learn's validate_data at inference: feature names, two dimensions, sparse, dtype, finite values,
// width. Refusals have scikit-learn's words.
func Check(b *graph.Builder, e Estimator, x graph.Value, a Accept) graph.Value {
	if !x.OK() {
		return x
	}
	base := e.base()
	t := x.Type()
	if x.IsTuple() {
		return b.Failf("", "the input is several values")
	}
	if len(t.Shape) < 2 && t.Kind == graph.Dense {
		return b.Refuse("Expected 2D array, got 1D array instead. Reshape your data either using array.reshape(-1, 1) if your data has a single feature or array.reshape(1, -1) if it contains a single sample.")
	}
	if len(t.Shape) > 2 && t.Kind == graph.Dense && !a.Images {
		return b.Refuse("Found array with dim %d, while dim <= 2 is required by %s.", len(t.Shape), base.Name())
	}
	if t.Kind == graph.Dense && t.DType == tensor.String && a.DType == Numeric {
		return b.Refuse("dtype='numeric' is not compatible with arrays of bytes/strings.Convert your data to numeric values explicitly instead.")
	}
	if t.Kind == graph.OneHot && !a.Sparse {
		x = b.ToCSR(x)
		t = x.Type()
	}
	if t.Sparse() && !a.Sparse {
		return b.Refuse("Sparse data was passed for X, but dense data is required. Use '.toarray()' to convert to a dense numpy array.")
	}
	if t.Kind == graph.Frame && !a.Array {
		if msg := NamesMismatch(base.FeatureNamesIn, t); msg != "" {
			return b.Refuse("%s", msg)
		}
	}
	want := base.NFeaturesIn
	if want == 0 {
		want = a.Width
	} else if a.Width != 0 && a.Width != want && !a.AnyWidth && !a.Array {
		return b.Fail(&BindError{Path: base.Path, Attr: "n_features_in_", Msg: fmt.Sprintf("%d, the fitted arrays are of %d features", want, a.Width)})
	}
	if t.Kind != graph.Frame && t.Width() == 0 && want != 0 {
		return b.RefuseWidth(want, "Found array with 0 feature(s) (shape=(n, 0)) while a minimum of 1 is required by %s.", base.Name())
	}
	if got := t.Width(); want != 0 && !a.AnyWidth && !a.Array && got != want {
		return b.RefuseWidth(want, "X has %d features, but %s is expecting %d features as input.", got, base.Name(), want)
	}
	if a.DType != DTypeAny && (t.Kind == graph.Frame || t.DType == tensor.Object || t.DType == tensor.String) {
		x = b.Cast(x, matrixDType(t, a.DType))
		t = x.Type()
	}
	switch a.DType {
	case DTypeFloat, DTypeFloat2:
		if !t.DType.IsFloat() || (a.DType == DTypeFloat2 && t.DType == tensor.Float16) {
			x = b.Cast(x, tensor.Float64)
		}
	case DTypeFloat64:
		x = b.Cast(x, tensor.Float64)
	}
	if a.DType == DTypeFloat32 {
		x = b.Cast(x, tensor.Float32)
	}
	if a.DType == DTypeInt {
		if t.DType.IsFloat() {
			x = Finite(b, e, x, a)
		}
		return b.Cast(x, tensor.Int64)
	}
	if a.NoHalf && x.DType() == tensor.Float16 {
		return b.Unsupported("", "%s on float16: numpy rounds each step of the computation", base.Name())
	}
	if !(a.NaN && a.Inf) {
		x = Finite(b, e, x, a)
	}
	return x
}

// matrixDType is the type of the matrix that check_array first makes of a frame, of text or of objects.
func matrixDType(t graph.Type, rule DTypeRule) tensor.DType {
	switch {
	case t.Kind == graph.Frame && (rule != DTypeInt || NumericFrame(t)):
		return FrameDType(t)
	case t.Kind == graph.Frame:
		return tensor.Object
	case rule == DTypeInt:
		return tensor.Int64
	}
	return tensor.Float64
}

// Finite adds the guard against NaN and infinities with scikit-learn's words.
func Finite(b *graph.Builder, e Estimator, x graph.Value, a Accept) graph.Value {
	name := e.base().Name()
	dt := "float64"
	if a.DType == DTypeFloat32 || x.DType() == tensor.Float32 {
		dt = "float32"
	}
	if a.DType == DTypeInt {
		dt = "int64"
	}
	return b.Finite(x, graph.FiniteAttr{
		AllowNaN: a.NaN, AllowInf: a.Inf,
		NaN: "Input X contains NaN.\n" + name + " does not accept missing values encoded as NaN natively. For supervised learning, you might want to consider sklearn.ensemble.HistGradientBoostingClassifier and Regressor which accept missing values encoded as NaNs natively. Alternatively, it is possible to preprocess the data, for instance by using an imputer transformer in a pipeline or drop samples with missing values. See https://scikit-learn.org/stable/modules/impute.html You can find a list of all estimators that handle NaN values at the following page: https://scikit-learn.org/stable/modules/impute.html#estimators-that-handle-nan-values",
		Inf: fmt.Sprintf("Input X contains infinity or a value too large for dtype('%s').", dt),
	})
}

// FrameDType is numpy's result_type over a frame's columns; text and object columns make it float64 (parsed).
func FrameDType(t graph.Type) tensor.DType {
	dt := tensor.Invalid
	for _, c := range t.Columns {
		if !c.DType.IsNumeric() {
			return tensor.Float64
		}
		if dt == tensor.Invalid {
			dt = c.DType
		} else {
			dt = tensor.Promote(dt, c.DType)
		}
	}
	if dt == tensor.Invalid {
		return tensor.Float64
	}
	return dt
}

// NamesMismatch compares a frame's column names with the fitted ones and gives scikit-learn's text, "" if they agree
// or either side has none.
func NamesMismatch(fitted []string, t graph.Type) string {
	if fitted == nil || len(t.Columns) == 0 {
		return ""
	}
	got := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		if c.Name == "" {
			return ""
		}
		got[i] = c.Name
	}
	same := len(got) == len(fitted)
	for i := 0; same && i < len(got); i++ {
		same = got[i] == fitted[i]
	}
	if same {
		return ""
	}
	unseen, missing := without(got, fitted), without(fitted, got)
	var s strings.Builder
	s.WriteString("The feature names should match those that were passed during fit.\n")
	list := func(head string, names []string) {
		if len(names) == 0 {
			return
		}
		s.WriteString(head)
		for i, n := range names {
			if i == 5 {
				s.WriteString("- ...\n")
				break
			}
			s.WriteString("- " + n + "\n")
		}
	}
	list("Feature names unseen at fit time:\n", unseen)
	list("Feature names seen at fit time, yet now missing:\n", missing)
	if len(unseen) == 0 && len(missing) == 0 {
		s.WriteString("Feature names must be in the same order as they were in fit.\n")
	}
	return s.String()
}

func without(a, b []string) []string {
	in := make(map[string]bool, len(b))
	for _, s := range b {
		in[s] = true
	}
	var out []string
	for _, s := range a {
		if !in[s] {
			out = append(out, s)
		}
	}
	sort.Strings(out)
	return out
}

// InputNames checks names given to get_feature_names_out and fills in the fitted ones or x0, x1, ….
func InputNames(e Estimator, in []string, width int) ([]string, error) {
	b := e.base()
	if in == nil {
		if b.FeatureNamesIn != nil {
			return b.FeatureNamesIn, nil
		}
		out := make([]string, width)
		for i := range out {
			out[i] = fmt.Sprintf("x%d", i)
		}
		return out, nil
	}
	if b.FeatureNamesIn != nil {
		same := len(in) == len(b.FeatureNamesIn)
		for i := 0; same && i < len(in); i++ {
			same = in[i] == b.FeatureNamesIn[i]
		}
		if !same {
			return nil, &graph.InputError{Origin: b.Path, Msg: "input_features is not equal to feature_names_in_"}
		}
	}
	if width > 0 && len(in) != width {
		return nil, &graph.InputError{Origin: b.Path, Msg: fmt.Sprintf("input_features should have length equal to number of features (%d), got %d", width, len(in))}
	}
	return in, nil
}

// PrefixNames is ClassNamePrefixFeaturesOutMixin: the class name in lower case and a number.
func PrefixNames(e Estimator, n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprintf("%s%d", strings.ToLower(e.base().Name()), i)
	}
	return out
}
