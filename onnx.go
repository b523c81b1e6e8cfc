package larder

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/larder-ml/larder/exec"
	"github.com/larder-ml/larder/format/onnx"
	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/tensor"
)

// ONNXOptions of EncodeONNX.
type ONNXOptions struct {
	Precision onnx.Precision
	// Method exports one method, its results named as Run names them. Empty: a classifier's "label" and
	// "probabilities", a cluster's or detector's "label" and "scores", else "variable".
	Method  string
	Version string // of the program that writes
	// Like are rows whose columns' types are taken where the model does not record them: columns that pass through.
	// Without rows such columns are taken for numbers.
	Like tensor.Value
}

// ONNXReport is what EncodeONNX says of the model it wrote.
type ONNXReport struct {
	onnx.Report
	// Assumed are columns that were taken for numbers, since neither the model nor rows say what they hold.
	Assumed []string
}

// EncodeONNX writes the model as ONNX. Tables of numbers are one float32 input "X" of shape [N, columns]; with text or
// bool columns each column the model reads is an input of its own, named and typed as in fitting, of shape [N, 1],
// where empty text stands for a missing value; texts are an input "X" of shape [N].
//
// What ONNX can not express is a *graph.UnsupportedError; the checks it can not make are in the report.
func (m *Model) EncodeONNX(w io.Writer, opts ONNXOptions) (*ONNXReport, error) {
	g, assumed, err := m.exported(opts)
	if err != nil {
		return nil, err
	}
	meta := map[string]string{"larder.estimator": sklearn.Of(m.est).Name(), onnxMethod: cmp.Or(opts.Method, m.DefaultMethod())}
	if v := m.sklearnVersion(); v != "" {
		meta["larder.sklearn_version"] = v
	}
	var r *onnx.Report
	err = m.protect(func() error {
		r, err = onnx.Encode(w, g, onnx.Options{Precision: opts.Precision, Version: opts.Version, Metadata: meta})
		return err
	})
	if err != nil {
		return nil, err
	}
	return &ONNXReport{Report: *r, Assumed: assumed}, nil
}

// onnxMethod is the entry of an ONNX file's metadata that names the method its outputs are of.
const onnxMethod = "larder.method"

// ONNXGraph gives the dataflow graph that EncodeONNX writes.
func (m *Model) ONNXGraph(opts ONNXOptions) (*graph.Graph, error) {
	g, _, err := m.exported(opts)
	return g, err
}

// exported lowers the model on the input an ONNX model takes. It also names the columns of unknown type that are read.
func (m *Model) exported(opts ONNXOptions) (g *graph.Graph, assumed []string, err error) {
	if m.bind != nil {
		return nil, nil, m.bind
	}
	if opts.Method != "" {
		if err := m.Can(opts.Method); err != nil {
			return nil, nil, err
		}
	} else if len(m.Methods()) == 0 {
		return nil, nil, &graph.UnsupportedError{Target: onnx.Name, Origin: m.path, Why: sklearn.Of(m.est).Name() + " has no method to run"}
	}
	in := m.Inputs()
	if opts.Method == sklearn.MethodInverseTransform {
		if g, err := m.exportedInverse(opts); err == nil {
			return g, nil, nil
		}
	}
	whole := func(t graph.Type) func(b *graph.Builder) graph.Value {
		return func(b *graph.Builder) graph.Value { return b.Input("X", t) }
	}
	switch in.Form {
	case FormTexts:
		g, err = m.onnxGraph(opts, whole(graph.Type{DType: tensor.String, Shape: []int{graph.N}}))
	case FormMappings:
		g, err = m.onnxGraph(opts, whole(graph.Type{Kind: graph.Dicts, Shape: []int{graph.N}}))
	case FormTokens:
		g, err = m.onnxGraph(opts, whole(graph.Type{Kind: graph.Tokens, Shape: []int{graph.N}}))
	default:
		g, assumed, err = m.exportedTable(opts, in)
	}
	return g, assumed, notForONNX(err)
}

// exportedInverse lowers inverse_transform on numbers of the shape that transform gives: floats, or codes where it wants whole
// numbers.
func (m *Model) exportedInverse(opts ONNXOptions) (g *graph.Graph, err error) {
	if err := m.Can(sklearn.MethodTransform); err != nil {
		return nil, err
	}
	there := opts
	there.Method = sklearn.MethodTransform
	forth, err := m.ONNXGraph(there)
	if err != nil {
		return nil, err
	}
	shape := forth.Types[forth.Outputs[0].ID].Shape
	for _, d := range []tensor.DType{tensor.Float64, tensor.Float32, tensor.Int64} {
		g, err = m.onnxGraph(opts, func(b *graph.Builder) graph.Value {
			if d == tensor.Float64 {
				return b.Cast(b.Input("X", graph.Type{DType: tensor.Float32, Shape: shape}), d)
			}
			return b.Input("X", graph.Type{DType: d, Shape: shape})
		})
		if err == nil || !errors.Is(err, ErrInput) {
			break
		}
	}
	return g, err
}

// exportedTable lowers a model of columns.
func (m *Model) exportedTable(opts ONNXOptions, in *Input) (g *graph.Graph, assumed []string, err error) {
	columns := in.Columns
	if len(columns) == 0 {
		columns = []*InputColumn{{Name: "x0"}} // of a model that takes any number
	}
	names := make([]string, len(columns))
	cols := make([]graph.Column, len(columns))
	unknown := map[int]bool{}
	numbers := true
	for i, c := range columns {
		names[i] = c.Name
		cols[i] = graph.Column{Name: c.Name, DType: c.DType}
		if d := typeLike(opts.Like, i, c.Name); d != tensor.Invalid && (c.DType == tensor.Invalid || c.DType == tensor.Object || c.Integers && (d.IsInt() || d == tensor.Bool)) {
			cols[i].DType = d
		}
		if cols[i].DType == tensor.Invalid {
			cols[i].DType = tensor.Float64
			unknown[i] = true
		}
		numbers = numbers && (cols[i].DType == tensor.Float64 || cols[i].DType == tensor.Int64)
	}
	table := in.Form == FormTable
	var inputs []func(b *graph.Builder) graph.Value
	add := func(input func(b *graph.Builder) graph.Value) { inputs = append(inputs, input) }
	switch {
	case !numbers && table:
		add(func(b *graph.Builder) graph.Value {
			return b.Input("X", graph.Type{Kind: graph.Frame, Shape: []int{graph.N, len(cols)}, Columns: cols})
		})
	case !numbers && len(cols) == 1:
		add(func(b *graph.Builder) graph.Value {
			return b.Input("X", graph.Type{DType: cols[0].DType, Shape: []int{graph.N}})
		})
	default:
		shape := []int{graph.N, len(cols)}
		if in.Form == FormVector {
			shape = shape[:1]
		}
		single := func(b *graph.Builder) graph.Value {
			return b.Input("X", graph.Type{DType: tensor.Float32, Shape: shape})
		}
		double := func(b *graph.Builder) graph.Value { return b.Cast(single(b), tensor.Float64) }
		// Models that pick columns by name, and models fitted on float32 that take nothing else.
		for _, matrix := range []func(b *graph.Builder) graph.Value{double, single} {
			add(matrix)
			if table {
				add(func(b *graph.Builder) graph.Value { return b.ToFrame(matrix(b), names) })
			}
		}
	}
	for _, input := range inputs {
		h, again := m.onnxGraph(opts, input)
		if again == nil {
			for i, c := range columnsRead(h, len(columns)) {
				if c && unknown[i] {
					assumed = append(assumed, names[i])
				}
			}
			return h, assumed, nil
		}
		if err == nil {
			err = again
		}
		if !errors.Is(again, ErrInput) {
			break
		}
	}
	return nil, nil, err
}

// notForONNX makes a refusal of the input ONNX models have a refusal to write one.
func notForONNX(err error) error {
	var in *graph.InputError
	if errors.As(err, &in) {
		return &graph.UnsupportedError{Target: onnx.Name, Origin: in.Origin, Why: "a matrix of numbers is refused: " + in.Msg}
	}
	return err
}

// typeLike is the type of a column of rows as ONNX can hold it, Invalid where there is no such column.
func typeLike(rows tensor.Value, i int, name string) tensor.DType {
	var at func(i int) tensor.Cell
	var d tensor.DType
	n := 0
	switch {
	case rows.Dense != nil && len(rows.Dense.Shape) == 2 && i < rows.Dense.Shape[1]:
		t := rows.Dense
		d, n = t.DType, t.Shape[0]
		at = func(r int) tensor.Cell { return t.Cell(r*t.Shape[1] + i) }
	case rows.Frame != nil:
		if k := slices.Index(rows.Frame.Names, name); k >= 0 {
			i = k
		}
		if i >= len(rows.Frame.Columns) {
			return tensor.Invalid
		}
		t := rows.Frame.Columns[i]
		d, n, at = t.DType, t.Len(), t.Cell
	default:
		return tensor.Invalid
	}
	switch {
	case d.IsFloat():
		return tensor.Float64
	case d.IsInt():
		return tensor.Int64
	case d != tensor.Object:
		return d
	}
	d = tensor.Invalid
	for r := range n {
		c := at(r)
		k := tensor.Invalid
		switch {
		case c.Kind == tensor.CellNone || c.IsNaN():
			continue
		case c.Kind == tensor.CellStr:
			k = tensor.String
		case c.Kind == tensor.CellBool:
			k = tensor.Bool
		case c.Kind == tensor.CellInt, c.Kind == tensor.CellFloat:
			k = tensor.Float64
		}
		if d != tensor.Invalid && d != k || k == tensor.Invalid {
			return tensor.Object
		}
		d = k
	}
	return d
}

// columnsRead says which columns of its input a graph reads.
func columnsRead(g *graph.Graph, width int) []bool {
	read := make([]bool, width)
	whole := map[int]bool{} // values that are the input
	for i := range g.Nodes {
		n := &g.Nodes[i]
		if n.Op == graph.OpInput {
			whole[n.Out[0]] = true
			continue
		}
		for _, id := range n.In {
			if !whole[id] {
				continue
			}
			switch n.Op {
			case graph.OpGather, graph.OpColumn:
				for _, j := range n.Attr.(*graph.GatherAttr).Index {
					read[j] = true
				}
			case graph.OpCast, graph.OpFrame, graph.OpFinite:
				whole[n.Out[0]] = true
			default:
				for j := range read {
					read[j] = true
				}
			}
		}
	}
	for _, o := range g.Outputs {
		if whole[o.ID] {
			for j := range read {
				read[j] = true
			}
		}
	}
	return read
}

// onnxGraph lowers the methods to export on an input.
func (m *Model) onnxGraph(opts ONNXOptions, input func(b *graph.Builder) graph.Value) (*graph.Graph, error) {
	b := graph.NewBuilder()
	x := input(b)
	call := func(method string) graph.Value {
		y := sklearn.Call(b, m.est, method, x)
		if y.Type().Kind == graph.OneHot {
			y = b.ToDense(y)
		}
		return y
	}
	methods := m.Methods()
	has := func(method string) bool { return slices.Contains(methods, method) }
	method := opts.Method
	if method == "" {
		method = m.DefaultMethod()
		if method == sklearn.MethodPredict {
			y := call(method)
			_, classifier := m.est.(sklearn.Classifier)
			label := classifier || y.DType() == tensor.String || y.DType().IsInt() || y.DType() == tensor.Bool
			if !label {
				b.Output("variable", b.AsColumn(y))
				return b.Build()
			}
			b.Output("label", y)
			switch {
			case has(sklearn.MethodPredictProba):
				b.Output("probabilities", call(sklearn.MethodPredictProba))
			case has(sklearn.MethodDecisionFunction):
				b.Output("scores", call(sklearn.MethodDecisionFunction))
			case has(sklearn.MethodTransform):
				b.Output("scores", call(sklearn.MethodTransform))
			}
			return b.Build()
		}
		y := call(method)
		if y.IsTuple() {
			b.Output(method, y)
		} else {
			b.Output("variable", y)
		}
		return b.Build()
	}
	b.Output(method, call(method))
	return b.Build()
}

// RunONNX runs the graph that EncodeONNX writes for opts.Method, on rows as the ONNX model takes them: a matrix rounded to
// float32. It does not read what was written.
func (m *Model) RunONNX(ctx context.Context, opts ONNXOptions, rows tensor.Value) (*Result, error) {
	// No method has a space in its name. Rows that opts are about are not part of the key: nothing is kept then.
	name := fmt.Sprintf("onnx %s %v", opts.Method, opts.Precision)
	lower := func(graph.Type) (*graph.Graph, error) { return m.graphToRun(opts, rows) }
	var p *exec.Plan
	var err error
	if opts.Like == (tensor.Value{}) {
		p, err = m.compiled(name, rows, lower)
	} else {
		var g *graph.Graph
		if g, err = lower(graph.Type{}); err == nil {
			p, err = exec.Compile(g, exec.Options{Threads: m.opts.threads, Memory: m.memory})
		}
	}
	if err != nil {
		return nil, err
	}
	g := p.Graph()
	out, err := p.Run(ctx, []tensor.Value{asONNX(rows, g.Types[g.Inputs[0]])})
	if err != nil {
		return nil, err
	}
	r := &Result{Method: opts.Method}
	for i, v := range out {
		r.Outputs = append(r.Outputs, Output{g.Outputs[i].Name, v})
	}
	return r, nil
}

// graphToRun gives the graph RunONNX runs on rows.
func (m *Model) graphToRun(opts ONNXOptions, rows tensor.Value) (*graph.Graph, error) {
	g, err := m.ONNXGraph(opts)
	if err != nil {
		return nil, err
	}
	t := g.Types[g.Inputs[0]]
	if t.Kind != graph.Frame || rows.Frame == nil || len(rows.Frame.Columns) != len(t.Columns) {
		return g, nil
	}
	// Here missing text is a cell of its own, not empty text.
	t.Columns = slices.Clone(t.Columns)
	for i, c := range rows.Frame.Columns {
		if t.Columns[i].DType == tensor.String && c.DType == tensor.Object {
			t.Columns[i].DType = tensor.Object
		}
	}
	return m.onnxGraph(opts, func(b *graph.Builder) graph.Value { return b.Input("X", t) })
}

// RowsForONNX gives rows as an ONNX model is given them, for the model itself: numbers in one matrix are rounded to float32
// and keep their types, unless the model takes nothing but float32. A frame that holds text is given column by column,
// with float64 numbers, and stays as it is.
func (m *Model) RowsForONNX(opts ONNXOptions, rows tensor.Value) (tensor.Value, error) {
	g, err := m.ONNXGraph(opts)
	if err != nil {
		return tensor.Value{}, err
	}
	x := g.Inputs[0]
	for i := range g.Nodes {
		if n := &g.Nodes[i]; slices.Contains(n.In, x) && n.Op != graph.OpCast && g.Types[x].DType == tensor.Float32 {
			return asONNX(rows, g.Types[x]), nil
		}
	}
	return rounded(rows), nil
}

func rounded(rows tensor.Value) tensor.Value {
	round := func(t *tensor.Tensor) *tensor.Tensor {
		if t.DType != tensor.Float64 {
			return t
		}
		out := tensor.New(tensor.Float64, t.Shape...)
		for i, f := range t.F64 {
			out.F64[i] = float64(float32(f))
		}
		return out
	}
	switch {
	case rows.Dense != nil:
		return tensor.Value{Dense: round(rows.Dense)}
	case rows.Frame != nil:
		f := &tensor.Frame{Names: rows.Frame.Names, N: rows.Frame.N}
		for _, c := range rows.Frame.Columns {
			if !c.DType.IsNumeric() || c.DType == tensor.Bool {
				return rows
			}
			f.Columns = append(f.Columns, round(c))
		}
		return tensor.Value{Frame: f}
	}
	return rows
}

// asONNX gives rows the type of an ONNX graph's input where they are of another.
func asONNX(rows tensor.Value, t graph.Type) tensor.Value {
	switch {
	case t.Kind == graph.Frame && rows.Frame != nil:
		f := &tensor.Frame{N: rows.Frame.N}
		for i, c := range rows.Frame.Columns {
			want := tensor.Float64
			if i < len(t.Columns) {
				want = t.Columns[i].DType
				f.Names = append(f.Names, t.Columns[i].Name)
			}
			f.Columns = append(f.Columns, asColumn(c, want))
		}
		return tensor.Value{Frame: f}
	case t.Kind == graph.Dense && t.DType == tensor.Float32:
		d := rows.Dense
		if d == nil && rows.Frame != nil {
			w := len(rows.Frame.Columns)
			d = tensor.New(tensor.Float64, rows.Frame.N, w)
			for j, c := range rows.Frame.Columns {
				for i := range rows.Frame.N {
					d.F64[i*w+j], _ = c.Float(i)
				}
			}
		}
		if d == nil || !d.DType.IsNumeric() || d.DType == tensor.Float32 {
			return rows
		}
		out := tensor.New(tensor.Float32, d.Shape...)
		for i, f := range d.AsF64() {
			out.F32[i] = float32(f)
		}
		return tensor.Value{Dense: out}
	}
	return rows
}

func asColumn(c *tensor.Tensor, want tensor.DType) *tensor.Tensor {
	if c.DType == want {
		return c
	}
	out := tensor.New(want, c.Len())
	for i := range c.Len() {
		v := c.Cell(i)
		f, _ := v.Float()
		switch want.Storage() {
		case tensor.F64:
			out.F64[i] = f
		case tensor.F32:
			out.F32[i] = float32(f)
		case tensor.I64:
			out.I64[i] = int64(f)
		case tensor.U8:
			out.U8[i] = uint8(v.I) //nolint:gosec // a bool
		case tensor.Str:
			if v.Kind == tensor.CellStr {
				out.Str[i] = v.S
			}
		default:
			return c
		}
	}
	return out
}
