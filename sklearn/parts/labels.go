package parts

import (
	"fmt"
	"math"
	"strings"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/tensor"
)

// LabelBinarizer is a fitted sklearn.preprocessing.LabelBinarizer inside another estimator, of which only the way back
// from scores to labels is used.
type LabelBinarizer struct {
	Classes  *tensor.Tensor `sk:"classes_,text"`
	YType    string         `sk:"y_type_"`
	NegLabel float64        `sk:"neg_label"`
	PosLabel float64        `sk:"pos_label"`
	Sparse   bool           `sk:"sparse_input_"` // fitted on a sparse indicator: predictions are sparse, too
}

// UnmarshalPy reads the object.
func (l *LabelBinarizer) UnmarshalPy(bd *sklearn.Binder, path string, v pyobj.Value) error {
	o, ok := v.(*pyobj.Object)
	if !ok || pyobj.ShortName(o.ClassName()) != "LabelBinarizer" || !strings.HasPrefix(o.ClassName(), "sklearn.preprocessing.") {
		return &sklearn.BindError{Path: path, Msg: sklearn.Describe(v) + ", wanted a LabelBinarizer"}
	}
	attrs, ok := o.Attrs()
	if !ok || attrs == nil {
		return &sklearn.BindError{Path: path, Msg: "state is no dict of attributes"}
	}
	if err := bd.Struct(l, attrs, path, []string{"sparse_output"}); err != nil {
		return err
	}
	switch l.YType {
	case "binary", "multiclass", "multilabel-indicator":
	default:
		return &sklearn.BindError{Path: path, Attr: "y_type_", Msg: fmt.Sprintf("value %q is not known", l.YType)}
	}
	if len(l.Classes.Shape) != 1 || l.Classes.Len() == 0 {
		return &sklearn.BindError{Path: path, Attr: "classes_", Msg: fmt.Sprintf("shape %v holds no classes", l.Classes.Shape)}
	}
	return nil
}

// Multilabel reports that each column is a label of its own.
func (l *LabelBinarizer) Multilabel() bool { return strings.HasPrefix(l.YType, "multilabel") }

// Inverse is inverse_transform: the largest column of several classes; else what is strictly above threshold.
// y is [N] or [N,k]. Labels of several outputs come as a 0/1 matrix of integers, sparse where the labels were.
func (l *LabelBinarizer) Inverse(b *graph.Builder, y graph.Value, threshold float64) graph.Value {
	if l.YType == "multiclass" {
		return b.Labels(b.ArgMax(y), l.Classes)
	}
	if l.YType == "binary" && l.Classes.Len() == 1 {
		threshold = math.Inf(1) // always that class
	}
	on := b.Binary(graph.OpGreater, y, b.Scalar(threshold, y))
	if l.YType == "binary" {
		return b.Labels(l.flat(b, on), l.Classes)
	}
	if l.Sparse {
		return b.ToCSR(b.Cast(on, tensor.Int64))
	}
	return b.Cast(on, tensor.Int64)
}

func (l *LabelBinarizer) flat(b *graph.Builder, y graph.Value) graph.Value {
	if len(y.Type().Shape) == 2 {
		return b.Ravel(y)
	}
	return y
}

// Inlier turns a condition into the labels of outlier detectors: 1 where it holds, else -1.
func Inlier(b *graph.Builder, in graph.Value, dt tensor.DType) graph.Value {
	labels := tensor.New(dt, 2)
	labels.I64[0], labels.I64[1] = -1, 1
	return b.Labels(in, labels)
}
