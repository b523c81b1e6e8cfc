package sklearn

import (
	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/tensor"
)

// LabelsOf returns the class labels of an estimator, one set per output; nil where it is no classifier.
func LabelsOf(e Estimator) []ClassLabels {
	if c, ok := e.(Classifier); ok {
		return c.ClassLabels()
	}
	return nil
}

// ClassIndex finds a label among classes as Python's == does.
func ClassIndex(classes *tensor.Tensor, label pyobj.Value) (int, bool) {
	t, err := Tensor(label)
	if err != nil || t.Len() != 1 {
		return 0, false
	}
	want := t.Cell(0).Key()
	text := func(c tensor.Cell) bool { return c.Kind == tensor.CellStr || c.Kind == tensor.CellBytes }
	_, old := label.(pyobj.Py2Str) // Python 2 has one type for text and bytes
	for i := range classes.Len() {
		if c := classes.Cell(i).Key(); c == want || old && text(c) && text(want) && c.S == want.S {
			return i, true
		}
	}
	return 0, false
}

// Response is sklearn.utils._response._get_response_values: the first of the methods the estimator has. Of two classes
// it gives one value a row, for class pos (by index; -1 for the last): the column of probabilities, or the decision,
// negated for the first class. It also returns the name of the method.
func Response(b *graph.Builder, e Estimator, x graph.Value, methods []string, pos int) (graph.Value, string) {
	method, why := "", error(nil)
	for _, m := range methods {
		if why = Has(e, m); why == nil {
			method = m
			break
		}
	}
	if method == "" {
		return b.Fail(why), ""
	}
	y := Call(b, e, method, x)
	labels := LabelsOf(e)
	if len(labels) == 0 || method == MethodPredict {
		return y, method
	}
	if len(labels) > 1 {
		if y.IsTuple() {
			parts := make([]graph.Value, len(y.Parts()))
			for i, p := range y.Parts() {
				parts[i] = b.Column(p, p.Width()-1)
			}
			y = b.HStack(false, parts...)
		}
		return y, method
	}
	k := labels[0].Len()
	if k > 2 || !y.OK() {
		return y, method
	}
	if pos < 0 {
		pos = k - 1
	}
	if method == MethodDecisionFunction {
		if pos == 0 {
			y = b.Mul(b.Scalar(-1, y), y)
		}
		return y, method
	}
	if y.Width() < 2 {
		return b.Refuse("Got predict_proba of shape (n, %d), but need classifier with two classes.", y.Width()), method
	}
	return b.Column(y, pos), method
}
