package neighbors

import (
	"fmt"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/sklearn/parts"
	"github.com/larder-ml/larder/tensor"
)

// voters is what both classifiers share: the class of each fitted row.
type voters struct {
	NeighborsBase
	Classes      parts.ClassList `sk:"classes_"`
	Y            *tensor.Tensor  `sk:"_y"`
	Outputs2D    bool            `sk:"outputs_2d_"`
	WeightsParam pyobj.Value     `sk:"weights"`

	codes   []*tensor.Tensor // by output: class index of each fitted row
	inverse bool
}

func (v *voters) bind(bd *sklearn.Binder) error {
	bad := func(attr, format string, args ...any) error {
		return &sklearn.BindError{Path: v.Path, Attr: attr, Msg: fmt.Sprintf(format, args...)}
	}
	if err := v.NeighborsBase.Bound(bd); err != nil {
		return err
	}
	var err error
	if v.inverse, err = weighting(v.Path, v.WeightsParam); err != nil {
		return err
	}
	o := len(v.Classes.List)
	if v.Outputs2D != v.Classes.Multi {
		return bad("outputs_2d_", "does not agree with classes_")
	}
	if !v.Y.DType.IsInt() || v.Y.Len() != v.rows*o {
		return bad("_y", "%s%v for %d rows of %d outputs", v.Y.DType, v.Y.Shape, v.rows, o)
	}
	for k, c := range v.Classes.List {
		t := tensor.New(tensor.Int64, v.rows)
		for i := range t.I64 {
			t.I64[i] = v.Y.I64[i*o+k]
			if t.I64[i] < 0 || t.I64[i] >= int64(c.Len()) {
				return bad("_y", "class %d of %d", t.I64[i], c.Len())
			}
		}
		v.codes = append(v.codes, t)
	}
	return nil
}

// ClassLabels returns classes_ of each output.
func (v *voters) ClassLabels() []sklearn.ClassLabels { return v.Classes.List }

// KNeighborsClassifier is sklearn.neighbors.KNeighborsClassifier.
type KNeighborsClassifier struct{ voters }

var (
	_ sklearn.Predictor        = (*KNeighborsClassifier)(nil)
	_ sklearn.ProbaPredictor   = (*KNeighborsClassifier)(nil)
	_ sklearn.Neighbour        = (*KNeighborsClassifier)(nil)
	_ sklearn.NeighbourGrapher = (*KNeighborsClassifier)(nil)
	_ sklearn.Classifier       = (*KNeighborsClassifier)(nil)
)

// Bound reads the classes of the rows.
func (c *KNeighborsClassifier) Bound(bd *sklearn.Binder) error { return c.bind(bd) }

// KNeighbors gives distances and indices of the nearest rows.
func (c *KNeighborsClassifier) KNeighbors(b *graph.Builder, x graph.Value) graph.Value {
	k, ok := c.neighbors(b)
	if !ok {
		return graph.Value{}
	}
	return c.kneighbors(b, x, k)
}

// KNeighborsGraph marks them in a sparse matrix.
func (c *KNeighborsClassifier) KNeighborsGraph(b *graph.Builder, x graph.Value) graph.Value {
	return c.kneighborsGraph(b, x)
}

// votes sums the weights of each class, by output [N, classes].
func (c *KNeighborsClassifier) votes(b *graph.Builder, x graph.Value, order graph.Order) []graph.Value {
	dist, index := c.nearest(b, x)
	if !dist.OK() {
		return make([]graph.Value, len(c.codes))
	}
	k := dist.Width()
	var w graph.Value
	if c.inverse {
		w = inverse(b, dist)
		if order == graph.Sequential { // added into float64 zeros
			w = b.Cast(w, tensor.Float64)
		}
		w = b.Reshape(w, graph.N, 1, k)
	}
	out := make([]graph.Value, len(c.codes))
	for o, codes := range c.codes {
		n := c.Classes.List[o].Len()
		all := tensor.New(tensor.Int64, n, 1)
		for i := range all.I64 {
			all.I64[i] = int64(i)
		}
		is := b.Binary(graph.OpEqual, b.Reshape(b.Take(b.Const(codes), index), graph.N, 1, k), b.Const(all))
		v := b.Cast(is, tensor.Float64)
		if c.inverse {
			v = b.Where(is, w, b.Scalar(0, w))
		}
		out[o] = b.Reduce(graph.OpReduceSum, v, 2, false, order)
	}
	return out
}

// Predict takes the first class of most votes. Weights are summed pairwise here, in order by PredictProba.
func (c *KNeighborsClassifier) Predict(b *graph.Builder, x graph.Value) graph.Value {
	return c.Classes.Choose(b, c.votes(b, x, graph.Pairwise))
}

// PredictProba is the share of the votes.
func (c *KNeighborsClassifier) PredictProba(b *graph.Builder, x graph.Value) graph.Value {
	p := c.votes(b, x, graph.Sequential)
	for i, v := range p {
		p[i] = b.Div(v, b.Reduce(graph.OpReduceSum, v, 1, true, graph.Pairwise))
	}
	return c.Classes.Each(b, p)
}

// ownOutliers marks releases before 1.4, where outlier labels were always those of the classes.
func ownOutliers(s *sklearn.State) error {
	s.Attrs.Set(pyobj.Str("(outliers)"), pyobj.Str(outliersByLabel))
	return nil
}

// oneOutlier: until 0.21 the label of outliers was the parameter's, for every output, as an array of the classes' type holds it.
func oneOutlier(s *sklearn.State) error {
	label := s.Attrs.Get("outlier_label")
	if label == nil {
		return nil
	}
	if _, none := label.(pyobj.None); !none {
		n, classes := 1, s.Attrs.Get("classes_")
		if two, _ := sklearn.Bool(s.Attrs.Get("outputs_2d_")); two {
			if items, err := sklearn.Sequence(classes); err == nil && len(items) > 0 {
				n, classes = len(items), items[0]
			}
		}
		if a, ok := classes.(*pyobj.Array); ok {
			var err error
			if label, err = heldBy(a.DType, label); err != nil {
				return err
			}
		}
		list := &pyobj.List{}
		for range n {
			list.Items = append(list.Items, label)
		}
		label = list
	}
	s.Default("outlier_label_", label)
	return nil
}

// heldBy gives a label as arrays of text of a fixed width hold it: as text, what is longer cut off.
func heldBy(d *pyobj.DType, label pyobj.Value) (pyobj.Value, error) {
	if d.Kind != 'U' && d.Kind != 'S' {
		return label, nil
	}
	t, err := sklearn.Tensor(label)
	if err != nil || t.Len() != 1 {
		return nil, fmt.Errorf("%s is no label", sklearn.Describe(label))
	}
	text := t.Cell(0).String()
	if d.Kind == 'S' {
		data := make([]byte, d.Size)
		copy(data, text)
		return &pyobj.Array{DType: d, Shape: []int{}, Data: data, Offset: -1}, nil
	}
	if r := []rune(text); len(r) > d.Size/4 {
		text = string(r[:d.Size/4])
	}
	return pyobj.Str(text), nil
}

// The rules of outlier labels.
const (
	outliersByLabel = "label"
	outliersMixed   = "" // the class-mode search of 1.4 and later compares the label with class indices
)

// RadiusNeighborsClassifier is sklearn.neighbors.RadiusNeighborsClassifier.
type RadiusNeighborsClassifier struct {
	voters
	OutlierLabelParam pyobj.Value `sk:"outlier_label"`
	OutlierLabel      pyobj.Value `sk:"outlier_label_"`
	Outliers          string      `sk:"(outliers),optional"`

	outlier []pyobj.Value // by output; nil: rows without neighbours are refused
}

var (
	_ sklearn.Predictor       = (*RadiusNeighborsClassifier)(nil)
	_ sklearn.ProbaPredictor  = (*RadiusNeighborsClassifier)(nil)
	_ sklearn.RadiusNeighbour = (*RadiusNeighborsClassifier)(nil)
	_ sklearn.RadiusGrapher   = (*RadiusNeighborsClassifier)(nil)
	_ sklearn.Classifier      = (*RadiusNeighborsClassifier)(nil)
)

// Bound reads the classes of the rows and the labels of outliers.
func (c *RadiusNeighborsClassifier) Bound(bd *sklearn.Binder) error {
	if err := c.bind(bd); err != nil {
		return err
	}
	if _, none := c.OutlierLabel.(pyobj.None); none {
		return nil
	}
	c.outlier = []pyobj.Value{c.OutlierLabel}
	if items, err := sklearn.Sequence(c.OutlierLabel); err == nil {
		c.outlier = items
	}
	if len(c.outlier) != len(c.codes) {
		return &sklearn.BindError{Path: c.Path, Attr: "outlier_label_", Msg: fmt.Sprintf("%d labels for %d outputs", len(c.outlier), len(c.codes))}
	}
	return nil
}

// RadiusNeighbors gives the rows within the radius.
func (c *RadiusNeighborsClassifier) RadiusNeighbors(b *graph.Builder, x graph.Value) graph.Value {
	return c.radiusNeighbors(b, x)
}

// RadiusNeighborsGraph marks them in a sparse matrix.
func (c *RadiusNeighborsClassifier) RadiusNeighborsGraph(b *graph.Builder, x graph.Value) graph.Value {
	return c.radiusGraph(b, x)
}

// byIndex reports scikit-learn's class-mode search, which looks for the outlier label among 0, 1, … instead of the
// classes: weights "uniform" rather than None, brute force, one output, rows of one floating type, a metric that is not plainly Euclidean.
func (c *RadiusNeighborsClassifier) byIndex(x graph.Value) bool {
	name, _ := sklearn.Text(c.MetricParam)
	if name == graph.Minkowski && c.PParam != nil && *c.PParam == 2 {
		return false
	}
	switch name {
	case "l2", "p", graph.Minkowski, graph.Manhattan, "cityblock", "l1", graph.Chebyshev, "infinity", graph.SEuclidean, graph.Canberra,
		graph.BrayCurtis, graph.Haversine:
	default:
		return false
	}
	var fit tensor.DType
	if c.FitX.Sparse != nil {
		fit = c.FitX.Sparse.Data.DType
	} else {
		fit = c.FitX.Dense.DType
	}
	same := x.DType() == fit && (fit == tensor.Float64 || fit == tensor.Float32)
	weights, _ := sklearn.Text(c.WeightsParam)
	return c.Outliers == outliersMixed && weights == "uniform" && c.FitMethod == "brute" && !c.Outputs2D && same
}

// shares is predict_proba by output.
func (c *RadiusNeighborsClassifier) shares(b *graph.Builder, x graph.Value) []graph.Value {
	byIndex := c.byIndex(x)
	r, _ := c.within(b, x, false)
	out := make([]graph.Value, len(c.codes))
	for o, codes := range c.codes {
		a := &graph.RaggedReduceAttr{Mode: graph.RaggedVotes, Inverse: c.inverse, Width: c.Classes.List[o].Len()}
		for _, v := range codes.I64 {
			a.Codes = append(a.Codes, int(v))
		}
		if c.outlier == nil {
			a.Empty = "No neighbors found for test samples %s, you can try using larger radius, giving a label for outliers, or considering removing them from your dataset."
		}
		p := b.RaggedReduce(r, a)
		s := b.Reduce(graph.OpReduceSum, p, 1, true, graph.Pairwise)
		none := b.Binary(graph.OpEqual, s, b.Scalar(0, s))
		if at, ok := c.outlierClass(o, byIndex); ok {
			row := tensor.New(tensor.Float64, a.Width)
			row.F64[at] = 1
			p = b.Where(none, b.Const(row), p)
		}
		out[o] = b.Div(p, b.Where(none, b.Scalar(1, s), s))
	}
	return out
}

// outlierClass is the class whose probability is 1 where there are no neighbours.
func (c *RadiusNeighborsClassifier) outlierClass(output int, byIndex bool) (int, bool) {
	if c.outlier == nil {
		return 0, false
	}
	if !byIndex {
		return sklearn.ClassIndex(c.Classes.List[output], c.outlier[output])
	}
	at, err := sklearn.Int(c.OutlierLabelParam)
	if err != nil || at < 0 || at >= c.Classes.List[output].Len() {
		return 0, false
	}
	return at, true
}

// PredictProba is the share of the votes; without neighbours that of the outlier label, where it is a class.
func (c *RadiusNeighborsClassifier) PredictProba(b *graph.Builder, x graph.Value) graph.Value {
	return c.Classes.Each(b, c.shares(b, x))
}

// Predict takes the first class of the largest share, or the outlier label where all are zero.
func (c *RadiusNeighborsClassifier) Predict(b *graph.Builder, x graph.Value) graph.Value {
	shares := c.shares(b, x)
	cols := make([]graph.Value, len(shares))
	for o, p := range shares {
		labels := c.Classes.List[o]
		codes := b.ArgMax(p)
		if c.outlier != nil {
			// The label comes as one more class.
			with, err := appendLabel(labels, c.outlier[o])
			if err != nil {
				return b.Fail(&sklearn.BindError{Path: c.Path, Attr: "outlier_label_", Msg: err.Error()})
			}
			s := b.Reduce(graph.OpReduceSum, p, 1, false, graph.Pairwise)
			none := b.Binary(graph.OpEqual, s, b.Scalar(0, s))
			codes = b.Where(none, b.Const(&tensor.Tensor{DType: tensor.Int64, Shape: []int{}, I64: []int64{int64(labels.Len())}}), codes)
			labels = with
		}
		cols[o] = b.Labels(codes, labels)
	}
	if !c.Outputs2D {
		return cols[0]
	}
	return b.Stack(cols...)
}

// appendLabel puts a label behind the classes, as their type.
func appendLabel(classes *tensor.Tensor, label pyobj.Value) (*tensor.Tensor, error) {
	t, err := sklearn.Tensor(label)
	if err != nil || t.Len() != 1 {
		return nil, fmt.Errorf("%s is no label", sklearn.Describe(label))
	}
	n := classes.Len()
	out := tensor.New(classes.DType, n+1)
	cell := t.Cell(0)
	f, isNumber := cell.Float()
	switch classes.DType.Storage() {
	case tensor.Str:
		out.Str[copy(out.Str, classes.Str)] = cell.String()
		return out, nil
	case tensor.Cells:
		out.Cells[copy(out.Cells, classes.Cells)] = cell
		return out, nil
	case tensor.F64:
		out.F64[copy(out.F64, classes.F64)] = f
	case tensor.F32:
		out.F32[copy(out.F32, classes.F32)] = float32(f)
	case tensor.I64:
		out.I64[copy(out.I64, classes.I64)] = int64(f)
	case tensor.U8:
		copy(out.U8, classes.U8)
		if f != 0 {
			out.U8[n] = 1
		}
	}
	if !isNumber {
		return nil, fmt.Errorf("%s does not fit classes of %s", sklearn.Describe(label), classes.DType)
	}
	return out, nil
}
