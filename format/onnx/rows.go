package onnx

import (
	"fmt"
	"math"
	"slices"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/tensor"
)

var rowOps = table{
	graph.OpCategory: category, graph.OpOneHot: oneHot, graph.OpIsMissing: isMissing, graph.OpImpute: impute,
	graph.OpNormalize: normalize, graph.OpBinarizer: binarizer, graph.OpSearch: inDouble(searchSorted), graph.OpPolynomial: polynomial,
	graph.OpNonNegative: nonNegative, graph.OpQuantile: inDouble(quantile), graph.OpInterp: interpolate, graph.OpAsLogits: asLogits,
	graph.OpFrame: frame, graph.OpZeros: zeros, graph.OpSpline: spline, graph.OpCircularConvolve: circularConvolve,
	graph.OpOvrScale: ovrScale,
}

// columnOf returns column j of input 0 as [N,1] and its dtype.
func (e *encoder) columnOf(j int) (string, tensor.DType) {
	t := e.inType(0)
	if t.Kind == graph.Frame {
		return e.vals[e.at.In[0]].cols[j], t.Columns[j].DType
	}
	if t.Width() == 1 {
		return e.in(0), t.DType
	}
	return e.add("Gather", []string{e.in(0), e.ints(j)}, attr{"axis", 1}), t.DType
}

// category looks each column up in its table.
func category(e *encoder, n *graph.Node) ([]value, error) {
	a := n.Attr.(*graph.CategoryAttr)
	if a.Cut > 0 {
		if a.Default != nil {
			return nil, e.unsupported("ONNX can not shorten text")
		}
		e.drop(fmt.Sprintf("text of more than %d characters is shortened to them; in ONNX it is unknown", a.Cut))
	}
	if a.Default == nil || a.Distinct > 0 {
		e.drop(a.Words)
	}
	out := e.outType(0).DType
	parts := make([]string, len(a.Keys))
	for j := range a.Keys {
		at, err := e.position(j, a.Keys[j])
		if err != nil {
			return nil, err
		}
		v := a.Values[j]
		values := tensor.New(v.DType, v.Len()+1)
		for i := range v.Len() {
			f, _ := v.Float(i)
			setNumber(values, i, f)
		}
		last := -1.0 // an unknown category: refused by scikit-learn
		if out.IsFloat() {
			last = math.NaN()
		}
		if a.Default != nil {
			last, _ = a.Default.Float(j)
		}
		setNumber(values, v.Len(), last)
		parts[j] = e.add("Gather", []string{e.tensor(values), at}, attr{"axis", 0})
	}
	return one(e.concat(parts, 1)), nil
}

func setNumber(t *tensor.Tensor, i int, f float64) {
	switch t.DType.Storage() {
	case tensor.F64:
		t.F64[i] = f
	case tensor.F32:
		t.F32[i] = float32(f)
	case tensor.I64:
		t.I64[i] = int64(f)
	case tensor.U8:
		t.U8[i] = uint8(f)
	}
}

// position gives the int64 [N,1] positions of column j of input 0 among keys, their number for none.
func (e *encoder) position(j int, keys *tensor.Tensor) (string, error) {
	x, d := e.columnOf(j)
	none := keys.Len()
	var text []string
	var whole, at []int64
	var floats []float64
	var floatAt []int64
	nanAt, emptyAt, empty := int64(-1), int64(-1), tensor.Cell{}
	allWhole := true
	for i := range none {
		c := keys.Cell(i)
		f, number := c.Float()
		switch {
		case c.IsNaN():
			nanAt = int64(i)
			emptyAt, empty = nanAt, c
		case c.Kind == tensor.CellNone && emptyAt < 0:
			emptyAt, empty = int64(i), c
		case number:
			floats, floatAt = append(floats, f), append(floatAt, int64(i))
			if k := c.Key(); k.Kind == tensor.CellInt {
				whole = append(whole, k.I)
			} else {
				allWhole = false
			}
		case c.Kind == tensor.CellStr && d == tensor.String:
			text, at = append(text, c.S), append(at, int64(i))
		}
	}
	switch {
	case d == tensor.String:
		switch {
		case emptyAt >= 0 && slices.Contains(text, ""):
			e.drop("empty text is a category of its own; a missing value can not be given")
		case emptyAt >= 0:
			text, at = append(text, ""), append(at, emptyAt)
			if err := e.emptyText(x, empty); err != nil {
				return "", err
			}
		}
		return e.labelEncoder(x, "keys_strings", text, at, none), nil
	case d.IsInt() || d == tensor.Bool:
		if !allWhole {
			whole, floatAt = wholeOnly(keys)
		}
		return e.labelEncoder(e.cast(x, d, tensor.Int64), "keys_int64s", whole, floatAt, none), nil
	case !d.IsFloat():
		return "", e.unsupported("no tensor holds column %d of %s", j, d)
	}
	x = e.cast(x, d, tensor.Float64)
	d = tensor.Float64
	var p string
	switch {
	case len(floats) == 0:
		p = e.add("Expand", []string{e.scalar(float64(none), tensor.Int64), e.op("Shape", x)})
	case allWhole && len(floats) > 16:
		isWhole := e.op("And", e.op("Equal", x, e.op("Floor", x)), e.op("Less", e.op("Abs", x), e.scalar(1<<53, d)))
		code := e.cast(e.op("Where", isWhole, x, e.scalar(0, d)), d, tensor.Int64)
		p = e.labelEncoder(code, "keys_int64s", whole, floatAt, none)
		p = e.op("Where", isWhole, p, e.scalar(float64(none), tensor.Int64))
	default:
		// Σ (x == key)·(position - none) + none
		table := tensor.New(tensor.Int64, 1, len(floats))
		for i, k := range floatAt {
			table.I64[i] = k - int64(none)
		}
		equal := e.cast(e.op("Equal", x, e.tensor(tensor.FromF64(floats, 1, len(floats)))), tensor.Bool, tensor.Int64)
		sum := e.add("ReduceSum", []string{e.op("Mul", equal, e.tensor(table)), e.ints(1)}, attr{"keepdims", 1})
		p = e.op("Add", sum, e.scalar(float64(none), tensor.Int64))
	}
	if nanAt >= 0 {
		p = e.op("Where", e.op("IsNaN", x), e.scalar(float64(nanAt), tensor.Int64), p)
	}
	return p, nil
}

// wholeOnly returns the keys that are integers, and where they stand.
func wholeOnly(keys *tensor.Tensor) (whole, at []int64) {
	for i := range keys.Len() {
		if _, number := keys.Cell(i).Float(); !number {
			continue
		}
		if k := keys.Cell(i).Key(); k.Kind == tensor.CellInt {
			whole, at = append(whole, k.I), append(at, int64(i))
		}
	}
	return
}

// labelEncoder maps keys to positions.
func (e *encoder) labelEncoder(x, name string, keys any, at []int64, none int) string {
	if len(at) == 0 {
		return e.add("Expand", []string{e.scalar(float64(none), tensor.Int64), e.op("Shape", x)})
	}
	return e.addML(2, "LabelEncoder", []string{x}, attr{name, keys}, attr{"values_int64s", at}, attr{"default_int64", none})
}

// oneHot compares each column's code with the numbers of its block.
func oneHot(e *encoder, n *graph.Node) ([]value, error) {
	widths := n.Attr.(*graph.OneHotAttr).Widths
	var from []int
	code := tensor.New(tensor.Int64, 1, 0)
	for b, w := range widths {
		for k := range w {
			from = append(from, b)
			code.I64 = append(code.I64, int64(k))
		}
	}
	if len(from) == 0 {
		return nil, e.unsupported("no columns")
	}
	code.Shape[1] = len(from)
	x := e.in(0)
	if len(widths) > 1 || len(from) > 1 {
		x = e.add("Gather", []string{x, e.ints(from...)}, attr{"axis", 1})
	}
	return one(e.cast(e.op("Equal", x, e.tensor(code)), tensor.Bool, e.outType(0).DType)), nil
}

// missing marks a tensor's missing elements; of text, empty ones stand for NaN and None.
func (e *encoder) missing(x string, d tensor.DType, m graph.Missing) (string, error) {
	f, number := m.Value.Float()
	switch {
	case d.IsFloat() && (m.Any || m.Value.IsNaN()):
		return e.op("IsNaN", x), nil
	case d.IsFloat() && number, d.IsInt() && number && !m.Value.IsNaN() && !m.Any:
		if d.IsInt() && f != math.Trunc(f) {
			break
		}
		k := compute(d)
		return e.op("Equal", e.cast(x, d, k), e.scalar(f, k)), nil
	case d == tensor.String && (m.Any || m.Value.IsNaN() || m.Value.Kind == tensor.CellNone || m.Value.Kind == tensor.CellStr):
		if !m.Any && m.Value.Kind != tensor.CellStr {
			if err := e.emptyText(x, m.Value); err != nil {
				return "", err
			}
		}
		is := e.addML(2, "LabelEncoder", []string{x}, attr{"keys_strings", []string{m.Value.S}}, attr{"values_int64s", []int64{1}}, attr{"default_int64", 0})
		return e.cast(is, tensor.Int64, tensor.Bool), nil
	case e.elem(d) == 0:
		return "", e.unsupported("no tensor holds %s", d)
	}
	return e.add("Expand", []string{e.scalar(0, tensor.Bool), e.op("Shape", x)}), nil
}

func isMissing(e *encoder, n *graph.Node) ([]value, error) {
	m := n.Attr.(*graph.MissingAttr).Missing
	t := e.inType(0)
	if t.Kind != graph.Frame {
		s, err := e.missing(e.in(0), t.DType, m)
		return one(s), err
	}
	parts := make([]string, len(t.Columns))
	for j := range parts {
		x, d := e.columnOf(j)
		var err error
		if parts[j], err = e.missing(x, d, m); err != nil {
			return nil, err
		}
	}
	return one(e.concat(parts, 1)), nil
}

func impute(e *encoder, n *graph.Node) ([]value, error) {
	a := n.Attr.(*graph.ImputeAttr)
	t := e.inType(0)
	if t.Kind != graph.Frame {
		m, err := e.missing(e.in(0), t.DType, a.Missing)
		if err != nil {
			return nil, err
		}
		fill, err := e.fill(t.DType, a.Fill)
		if err != nil {
			return nil, err
		}
		return one(e.choose(m, fill, e.in(0), t.DType)), nil
	}
	v := value{cols: make([]string, len(t.Columns))}
	for j := range v.cols {
		x, d := e.columnOf(j)
		m, err := e.missing(x, d, a.Missing)
		if err != nil {
			return nil, err
		}
		fill, err := e.fill(d, a.Fill[j:j+1])
		if err != nil {
			return nil, err
		}
		v.cols[j] = e.choose(m, fill, x, d)
	}
	return []value{v}, nil
}

// choose is Where in a dtype runtimes have it for.
func (e *encoder) choose(cond, x, y string, d tensor.DType) string {
	if d == tensor.String {
		return e.op("Where", cond, x, y)
	}
	k := compute(d)
	return e.cast(e.op("Where", cond, e.cast(x, d, k), e.cast(y, d, k)), k, d)
}

// fill is a row of fills of one dtype.
func (e *encoder) fill(d tensor.DType, cells []tensor.Cell) (string, error) {
	t := tensor.New(d, 1, len(cells))
	for i, c := range cells {
		f, number := c.Float()
		switch {
		case d == tensor.String && c.Kind == tensor.CellStr:
			t.Str[i] = c.S
		case d.IsNumeric() && number:
			setNumber(t, i, f)
		case d.IsFloat() && c.Kind == tensor.CellNone:
			setNumber(t, i, math.NaN())
		default:
			return "", e.unsupported("%s where the column is %s", c.Repr(), d)
		}
	}
	return e.tensor(t), nil
}

func normalize(e *encoder, n *graph.Node) ([]value, error) {
	a := n.Attr.(*graph.NormalizeAttr)
	x, d, end := e.unaryIn()
	keep := attr{"keepdims", 1}
	var norm string
	switch a.Norm {
	case graph.NormL1:
		norm = e.add("ReduceSum", []string{e.op("Abs", x), e.ints(1)}, keep)
	case graph.NormL2:
		norm = e.op("Sqrt", e.add("ReduceSumSquare", []string{x, e.ints(1)}, keep))
	case graph.NormLargest:
		norm = e.add("ReduceMax", []string{x, e.ints(1)}, keep)
	default:
		norm = e.add("ReduceMax", []string{e.op("Abs", x), e.ints(1)}, keep)
	}
	tiny := e.op("Equal", norm, e.scalar(0, d))
	if a.Tiny > 0 && e.inType(0).Kind == graph.Dense {
		eps := 1.0 / (1 << 52)
		if e.elem(d) == elemFloat {
			eps = 1.0 / (1 << 23)
		}
		tiny = e.op("Less", norm, e.scalar(a.Tiny*eps, d))
	}
	norm = e.op("Where", tiny, e.scalar(1, d), norm)
	return end(e.op("Div", x, norm)), nil
}

func binarizer(e *encoder, n *graph.Node) ([]value, error) {
	t := e.inType(0).DType
	if !t.IsFloat() {
		x := e.cast(e.in(0), t, tensor.Float64)
		return one(e.cast(e.op("Greater", x, e.scalar(n.Attr.(*graph.BinarizerAttr).Threshold, tensor.Float64)), tensor.Bool, t)), nil
	}
	return one(e.cast(e.op("Greater", e.in(0), e.scalar(n.Attr.(*graph.BinarizerAttr).Threshold, t)), tensor.Bool, t)), nil
}

// searchSorted counts the edges below.
func searchSorted(e *encoder, n *graph.Node) ([]value, error) {
	a := n.Attr.(*graph.SearchAttr)
	parts := make([]string, len(a.Edges))
	for j, edges := range a.Edges {
		x, d := e.columnOf(j)
		x = e.cast(x, d, tensor.Float64)
		if edges.Len() == 0 {
			parts[j] = e.add("Expand", []string{e.scalar(0, tensor.Int64), e.op("Shape", x)})
			continue
		}
		count := e.countBelow(x, edges.F64, a.Right)
		parts[j] = e.op("Where", e.op("IsNaN", x), e.scalar(float64(edges.Len()), tensor.Int64), count)
	}
	return one(e.concat(parts, 1)), nil
}

// countBelow counts the edges below each number of x, float64 [N,1], or, with equal, not above it.
func (e *encoder) countBelow(x string, edges []float64, equal bool) string {
	op := "Greater"
	if equal {
		op = "GreaterOrEqual"
	}
	over := e.op(op, x, e.tensor(tensor.FromF64(edges, 1, len(edges))))
	return e.add("ReduceSum", []string{e.cast(over, tensor.Bool, tensor.Int64), e.ints(1)}, attr{"keepdims", 1})
}

// polynomial multiplies columns picked from x beside a column of ones.
func polynomial(e *encoder, n *graph.Node) ([]value, error) {
	a := n.Attr.(*graph.PolynomialAttr)
	t := e.inType(0)
	if len(a.Terms) == 0 {
		return nil, e.unsupported("no columns")
	}
	x, d, end := e.unaryIn()
	width, degree := t.Width(), 0
	for _, term := range a.Terms {
		degree = max(degree, len(term))
	}
	first := e.add("Gather", []string{x, e.ints(0)}, attr{"axis", 1})
	ones := e.add("Expand", []string{e.scalar(1, d), e.op("Shape", first)})
	x = e.concat([]string{x, ones}, 1)
	pick := func(k int) string {
		index := make([]int, len(a.Terms))
		for i, term := range a.Terms {
			index[i] = width
			if k < len(term) {
				index[i] = int(term[k])
			}
		}
		return e.add("Gather", []string{x, e.ints(index...)}, attr{"axis", 1})
	}
	if degree == 0 {
		return end(pick(0)), nil
	}
	if a.Left || t.Kind == graph.CSR {
		y := pick(0)
		for k := 1; k < degree; k++ {
			y = e.op("Mul", y, pick(k))
		}
		return end(y), nil
	}
	y := pick(degree - 1)
	for k := degree - 2; k >= 0; k-- {
		y = e.op("Mul", pick(k), y)
	}
	return end(y), nil
}

func nonNegative(e *encoder, n *graph.Node) ([]value, error) {
	e.drop(n.Attr.(*graph.GuardAttr).Msg)
	return same(e, n)
}

// interp is numpy.interp of x, float64 [N,1]; NaN gives NaN.
func (e *encoder) interp(x string, xp, fp []float64) string {
	d := tensor.Float64
	n := len(xp)
	if n == 1 {
		return e.op("Where", e.op("IsNaN", x), x, e.scalar(fp[0], d))
	}
	slope := make([]float64, n-1)
	for i := range slope {
		s := (fp[i+1] - fp[i]) / (xp[i+1] - xp[i])
		if s-s == 0 { // of equal knots only the last is met
			slope[i] = s
		}
	}
	j := e.op("Sub", e.countBelow(x, xp, true), e.scalar(1, tensor.Int64))
	j = e.op("Max", e.op("Min", j, e.scalar(float64(n-2), tensor.Int64)), e.scalar(0, tensor.Int64))
	look := func(v []float64) string {
		return e.add("Gather", []string{e.tensor(tensor.FromF64(v)), j}, attr{"axis", 0})
	}
	y := e.op("Add", e.op("Mul", look(slope), e.op("Sub", x, look(xp[:n-1]))), look(fp[:n-1]))
	y = e.op("Where", e.op("GreaterOrEqual", x, e.scalar(xp[n-1], d)), e.scalar(fp[n-1], d), y)
	return e.op("Where", e.op("Less", x, e.scalar(xp[0], d)), e.scalar(fp[0], d), y)
}

// quantile maps each column through its quantiles and the references.
func quantile(e *encoder, n *graph.Node) ([]value, error) {
	a := n.Attr.(*graph.QuantileAttr)
	t, d := e.inType(0), tensor.Float64
	if t.DType != d {
		return nil, e.unsupported("quantiles of %s", t.DType)
	}
	if !a.Inverse && !a.Ascending() {
		return nil, e.unsupported("quantiles that do not ascend")
	}
	const near = 1e-7
	ends := a.Normal || a.Near
	rows, width := a.Quantiles.Shape[0], a.Quantiles.Shape[1]
	refs := a.References.F64
	parts := make([]string, width)
	for j := range parts {
		x, _ := e.columnOf(j)
		q := make([]float64, rows)
		for i := range q {
			q[i] = a.Quantiles.F64[i*width+j]
		}
		lowX, highX, lowY, highY := q[0], q[rows-1], 0.0, 1.0
		if a.Inverse {
			lowX, highX, lowY, highY = 0, 1, q[0], q[rows-1]
			switch {
			case a.Normal:
				x = e.ndtr(x, d)
			case a.Near:
				x = e.op("Max", e.op("Min", x, e.scalar(1, d)), e.scalar(0, d))
			}
		}
		low, high := e.op("Equal", x, e.scalar(lowX, d)), e.op("Equal", x, e.scalar(highX, d))
		if ends {
			low = e.op("Less", e.op("Sub", x, e.scalar(near, d)), e.scalar(lowX, d))
			high = e.op("Greater", e.op("Add", x, e.scalar(near, d)), e.scalar(highX, d))
		}
		var v string
		if a.Inverse {
			v = e.interp(x, refs, q)
		} else {
			up, down := e.interp(x, q, refs), e.interp(e.op("Neg", x), negated(q), negated(refs))
			v = e.op("Mul", e.scalar(0.5, d), e.op("Sub", up, down))
		}
		v = e.op("Where", high, e.scalar(highY, d), v)
		v = e.op("Where", low, e.scalar(lowY, d), v)
		if !a.Inverse && ends {
			lo, hi := near-1.0/(1<<52), 1-(near-1.0/(1<<52))
			if a.Normal {
				v = e.ndtri(v, d)
				lo, hi = -5.199337582605575, 5.19933758270342 // ndtri of the bounds
			}
			v = e.op("Where", e.op("Less", v, e.scalar(lo, d)), e.scalar(lo, d), v)
			v = e.op("Where", e.op("Greater", v, e.scalar(hi, d)), e.scalar(hi, d), v)
		}
		if t.Kind == graph.CSR {
			x, _ = e.columnOf(j)
			v = e.op("Where", e.op("Equal", x, e.scalar(0, d)), x, v) // stored entries alone are mapped
		}
		parts[j] = v
	}
	return one(e.concat(parts, 1)), nil
}

// negated is -s backwards.
func negated(s []float64) []float64 {
	out := make([]float64, len(s))
	for i, v := range s {
		out[len(s)-1-i] = -v
	}
	return out
}

func interpolate(e *encoder, n *graph.Node) ([]value, error) {
	a := n.Attr.(*graph.InterpAttr)
	if a.Bounds == graph.BoundsRaise {
		e.drop("a value in x_new is outside the interpolation range")
	}
	d := tensor.Float64
	xs, ys := a.X.AsF64(), a.Y.AsF64()
	x := e.reshape(e.cast(e.in(0), e.inType(0).DType, d), graph.N, 1)
	y := e.interp(x, xs, ys)
	if len(xs) == 1 {
		y = e.op("Where", e.op("IsNaN", x), e.scalar(ys[0], d), y)
	} else {
		outside := e.op("Or", e.op("Less", x, e.scalar(xs[0], d)), e.op("Greater", x, e.scalar(xs[len(xs)-1], d)))
		y = e.op("Where", outside, e.scalar(math.NaN(), d), y)
	}
	return one(e.cast(e.reshape(y, graph.N), d, e.outType(0).DType)), nil
}

// asLogits decides for the whole batch.
func asLogits(e *encoder, _ *graph.Node) ([]value, error) {
	x, d, end := e.unaryIn()
	sum := e.add("ReduceSum", []string{x, e.ints(1)}, attr{"keepdims", 1})
	off := e.op("Greater", e.op("Abs", e.op("Sub", sum, e.scalar(1, d))), e.scalar(1e-8+1e-5, d))
	out := e.op("Or", e.op("Less", x, e.scalar(0, d)), e.op("Greater", x, e.scalar(1, d)))
	bad := e.cast(e.op("Or", off, out), tensor.Bool, tensor.Int64)
	none := e.op("Equal", e.add("ReduceMax", []string{bad}, attr{"keepdims", 0}), e.scalar(0, tensor.Int64))
	log := e.op("Log", e.op("Add", x, e.scalar(1e-12, d)))
	return end(e.op("Where", none, log, x)), nil
}

// frame makes columns of a matrix.
func frame(e *encoder, n *graph.Node) ([]value, error) {
	v := value{cols: make([]string, len(n.Attr.(*graph.FrameAttr).Names))}
	for j := range v.cols {
		v.cols[j], _ = e.columnOf(j)
	}
	return []value{v}, nil
}

// zeros is a zero per row.
func zeros(e *encoder, n *graph.Node) ([]value, error) {
	v := e.vals[n.In[0]]
	var x string
	switch {
	case v.cols == nil:
		x = e.in(0)
	case len(v.cols) == 0:
		return nil, e.unsupported("an input without columns")
	default:
		x = v.cols[0]
	}
	rows := e.add("Shape", []string{x}, attr{"start", 0}, attr{"end", 1})
	return one(e.add("Expand", []string{e.scalar(0, tensor.Int64), rows})), nil
}
