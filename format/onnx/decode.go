package onnx

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/internal/protowire"
	"github.com/larder-ml/larder/source"
	"github.com/larder-ml/larder/tensor"
)

// SyntaxError says where a model is malformed.
type SyntaxError struct {
	Node string // its name, "" for the model
	Msg  string
}

func (e *SyntaxError) Error() string {
	if e.Node != "" {
		return "onnx: " + e.Node + ": " + e.Msg
	}
	return "onnx: " + e.Msg
}

// Is answers source.ErrCorrupt.
func (e *SyntaxError) Is(target error) bool { return target == source.ErrCorrupt }

// maxWidth bounds the columns of a value: a few nodes could ask for more than any file holds.
const maxWidth = 1 << 24

// Decode reads a model into a dataflow graph: the operations that Encode writes and that rows of a batch pass through one by
// one. Sorting, loops and the splitting of text have no operation in a graph: they are a *graph.UnsupportedError that names
// the ONNX operation. Checks that Encode dropped stay dropped.
//
// Sums of a row are added from left to right; an ensemble's trees one after the other, in double where its input is, else
// in double and rounded to float.
func Decode(b []byte) (*graph.Graph, error) {
	d := &decoder{b: graph.NewBuilder(), vals: map[string]graph.Value{}, fixed: map[string]*tensor.Tensor{}, shapes: map[string]graph.Value{}}
	m, err := parse(b)
	if err != nil {
		return nil, err
	}
	gs := m.all(modelGraph)
	if len(gs) != 1 {
		return nil, &SyntaxError{Msg: "no graph"}
	}
	if err := d.imports(m); err != nil {
		return nil, err
	}
	g, err := parse(gs[0])
	if err != nil {
		return nil, err
	}
	for _, p := range g.all(graphInit) {
		name, t, err := readTensor(p)
		if err != nil {
			return nil, err
		}
		d.fixed[name] = t
	}
	for _, p := range g.all(graphInput) {
		if err := d.input(p); err != nil {
			return nil, err
		}
	}
	for _, p := range g.all(graphNode) {
		if err := d.node(p); err != nil {
			return nil, err
		}
	}
	outputs := g.all(graphOutput)
	for _, p := range outputs {
		info, err := parse(p)
		if err != nil {
			return nil, err
		}
		name := info.text(1)
		v, ok := d.vals[name]
		if !ok {
			return nil, &SyntaxError{Msg: fmt.Sprintf("nothing computes the output %q", name)}
		}
		d.b.Output(name, v)
	}
	if len(outputs) == 0 {
		return nil, &SyntaxError{Msg: "no outputs"}
	}
	return d.b.Build()
}

// message is a message's fields.
type message []protowire.Field

func parse(b []byte) (message, error) {
	var m message
	for len(b) > 0 {
		f, rest, err := protowire.Next(b)
		if err != nil {
			return nil, &SyntaxError{Msg: err.Error()}
		}
		m, b = append(m, f), rest
	}
	return m, nil
}

// all gives the contents of a field that may repeat.
func (m message) all(field int) [][]byte {
	var out [][]byte
	for _, f := range m {
		if f.Number == field && f.Wire == protowire.Bytes {
			out = append(out, f.Bytes)
		}
	}
	return out
}

func (m message) texts(field int) []string {
	var out []string
	for _, b := range m.all(field) {
		out = append(out, string(b))
	}
	return out
}

func (m message) text(field int) string {
	for _, b := range m.all(field) {
		return string(b)
	}
	return ""
}

// ints reads a repeated integer field, packed or not.
func (m message) ints(field int) ([]int64, error) {
	var out []int64
	for _, f := range m {
		if f.Number != field {
			continue
		}
		if f.Wire == protowire.Varint {
			out = append(out, int64(f.Int))
			continue
		}
		if out == nil {
			out = make([]int64, 0, len(f.Bytes)/2)
		}
		for b := f.Bytes; len(b) > 0; {
			v, n := binary.Uvarint(b)
			if n <= 0 {
				return nil, &SyntaxError{Msg: "a list of integers ends early"}
			}
			out, b = append(out, int64(v)), b[n:]
		}
	}
	return out, nil
}

// int reads an integer field, 0 where there is none.
func (m message) int(field int) int64 {
	for _, f := range m {
		if f.Number == field && f.Wire == protowire.Varint {
			return int64(f.Int)
		}
	}
	return 0
}

var elemTypes = map[int64]tensor.DType{elemFloat: tensor.Float32, elemUint8: tensor.Uint8, elemInt8: tensor.Int8, elemUint16: tensor.Uint16,
	elemInt16: tensor.Int16, elemInt32: tensor.Int32, elemInt64: tensor.Int64, elemString: tensor.String, elemBool: tensor.Bool,
	elemDouble: tensor.Float64, elemUint32: tensor.Uint32}

// readTensor reads a TensorProto whose numbers are raw bytes.
func readTensor(b []byte) (string, *tensor.Tensor, error) {
	m, err := parse(b)
	if err != nil {
		return "", nil, err
	}
	name := m.text(tensorName)
	dims, err := m.ints(tensorDims)
	if err != nil {
		return "", nil, err
	}
	elem := m.int(tensorType)
	dt, ok := elemTypes[elem]
	if !ok {
		return "", nil, &graph.UnsupportedError{Origin: name, Why: fmt.Sprintf("constants of element type %d are not read", elem)}
	}
	texts, raw := m.texts(tensorStrings), []byte(nil)
	for _, r := range m.all(tensorRaw) {
		raw = r
	}
	have := len(texts)
	if dt != tensor.String {
		have = len(raw) / elemSize(int(elem))
	}
	shape, n := make([]int, len(dims)), 1
	for i, d := range dims {
		if d < 0 || d > int64(have) {
			return "", nil, &SyntaxError{Node: name, Msg: fmt.Sprintf("dimension %d of %d elements", d, have)}
		}
		shape[i] = int(d)
		if n *= shape[i]; n > have {
			break
		}
	}
	if n != have || dt != tensor.String && len(raw) != n*elemSize(int(elem)) {
		return "", nil, &SyntaxError{Node: name, Msg: fmt.Sprintf("%d elements for the shape %v", have, dims)}
	}
	t := &tensor.Tensor{DType: dt, Shape: shape, Str: texts}
	if dt == tensor.String {
		return name, t, nil
	}
	t = tensor.New(dt, shape...)
	for i := range n {
		switch elem {
		case elemDouble:
			t.F64[i] = math.Float64frombits(binary.LittleEndian.Uint64(raw[8*i:]))
		case elemFloat:
			t.F32[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
		case elemInt64:
			t.I64[i] = int64(binary.LittleEndian.Uint64(raw[8*i:]))
		case elemInt32:
			t.I64[i] = int64(int32(binary.LittleEndian.Uint32(raw[4*i:])))
		case elemUint32:
			t.I64[i] = int64(binary.LittleEndian.Uint32(raw[4*i:]))
		case elemInt16:
			t.I64[i] = int64(int16(binary.LittleEndian.Uint16(raw[2*i:])))
		case elemUint16:
			t.I64[i] = int64(binary.LittleEndian.Uint16(raw[2*i:]))
		case elemInt8:
			t.I64[i] = int64(int8(raw[i]))
		case elemUint8:
			t.I64[i] = int64(raw[i])
		case elemBool:
			if t.U8[i] = raw[i]; raw[i] > 1 {
				return "", nil, &SyntaxError{Node: name, Msg: fmt.Sprintf("a bool of %d", raw[i])}
			}
		}
	}
	return name, t, nil
}

// decoder builds a graph.
type decoder struct {
	b      *graph.Builder
	vals   map[string]graph.Value
	fixed  map[string]*tensor.Tensor // constants
	sets   map[string]int64          // versions of operations by domain
	shapes map[string]graph.Value    // values whose shape, or number of rows, is asked for
}

// lastOpset is the last set of operations in which those that are read mean what they mean in leastOpset.
const lastOpset = 22

// imports reads the sets of operations a model uses.
func (d *decoder) imports(m message) error {
	d.sets = map[string]int64{}
	for _, p := range m.all(modelOpset) {
		o, err := parse(p)
		if err != nil {
			return err
		}
		d.sets[o.text(1)] = o.int(2)
	}
	if v, ok := d.sets[""]; !ok {
		return &SyntaxError{Msg: "no set of operations is named"}
	} else if v < leastOpset || v > lastOpset {
		return &graph.UnsupportedError{Why: fmt.Sprintf("ONNX operator set %d: %d to %d are read", v, leastOpset, lastOpset)}
	}
	return nil
}

// nodeProto is a node being read.
type nodeProto struct {
	name, op string
	in, out  []string
	attrs    map[string]message
}

func (n *nodeProto) int(name string, none int64) int64 {
	if a, ok := n.attrs[name]; ok {
		return a.int(attrI)
	}
	return none
}

// input adds an input: rows first, the other dimensions fixed.
func (d *decoder) input(p []byte) error {
	info, err := parse(p)
	if err != nil {
		return err
	}
	name := info.text(1)
	at := func(m message, field int) message {
		var in message
		if bs := m.all(field); err == nil && len(bs) > 0 {
			in, err = parse(bs[0])
		}
		return in
	}
	tt := at(at(info, 2), 1)
	dims := at(tt, 2)
	var shape []int
	for i, p := range dims.all(1) {
		dim, bad := parse(p)
		if bad != nil {
			return bad
		}
		size := dim.int(1)
		switch {
		case i == 0 && size == 0:
			size = graph.N
		case i == 0 || size < 1 || size > maxWidth:
			return &graph.UnsupportedError{Origin: name, Why: "an input is not rows of a fixed width"}
		}
		shape = append(shape, int(size))
	}
	dt, ok := elemTypes[tt.int(1)]
	if err != nil || !ok || len(shape) == 0 {
		return &graph.UnsupportedError{Origin: name, Why: "an input is no tensor of rows"}
	}
	if _, twice := d.vals[name]; twice {
		return &SyntaxError{Node: name, Msg: "two inputs of one name"}
	}
	d.vals[name] = d.b.Input(name, graph.Type{DType: dt, Shape: shape})
	return nil
}

// node adds a node.
func (d *decoder) node(p []byte) error {
	m, err := parse(p)
	if err != nil {
		return err
	}
	n := &nodeProto{name: m.text(nodeName), op: m.text(nodeOp), in: m.texts(nodeInput), out: m.texts(nodeOutput), attrs: map[string]message{}}
	for _, a := range m.all(nodeAttr) {
		am, err := parse(a)
		if err != nil {
			return err
		}
		n.attrs[am.text(attrName)] = am
	}
	defer d.b.Enter(n.name, "")()
	key := n.op
	if domain := m.text(nodeDomain); domain != "" {
		key = domain + "." + n.op
		if d.sets[domain] == 0 {
			return &SyntaxError{Node: n.name, Msg: fmt.Sprintf("the operations of %q are not named", domain)}
		}
	}
	read := readers[key]
	if read == nil || len(n.out) != 1 {
		return &graph.UnsupportedError{Origin: n.name, Op: graph.Op(n.op), Why: "a graph has no such operation"}
	}
	out := n.out[0]
	if _, twice := d.vals[out]; twice || d.fixed[out] != nil {
		return &SyntaxError{Node: n.name, Msg: fmt.Sprintf("%q is computed twice", out)}
	}
	v := read(d, n)
	var unsound *graph.Error
	if err := d.b.Err(); errors.As(err, &unsound) {
		return &SyntaxError{Node: n.name, Msg: unsound.Msg}
	} else if err != nil {
		return err
	}
	if v.OK() {
		if w := v.Type().Width(); w > maxWidth {
			return &source.LimitError{Limit: "columns", Value: int64(w), Max: maxWidth, Offset: -1}
		}
		d.vals[out] = v
	}
	return nil
}

// in gives input i.
func (d *decoder) in(n *nodeProto, i int) graph.Value {
	if i >= len(n.in) {
		return d.b.Fail(&SyntaxError{Node: n.name, Msg: fmt.Sprintf("no input %d", i)})
	}
	if v, ok := d.vals[n.in[i]]; ok {
		return v
	}
	if t := d.fixed[n.in[i]]; t != nil {
		return d.b.Const(t)
	}
	return d.b.Fail(&SyntaxError{Node: n.name, Msg: fmt.Sprintf("nothing computes its input %q", n.in[i])})
}

// constant gives input i, which must be one; nil and an error otherwise.
func (d *decoder) constant(n *nodeProto, i int, dt tensor.DType) *tensor.Tensor {
	if i < len(n.in) {
		if t := d.fixed[n.in[i]]; t != nil && (dt == tensor.Invalid || t.DType == dt) {
			return t
		}
	}
	d.unsupported(n, "its input %d is no constant", i)
	return nil
}

// ints gives a constant input of integers.
func (d *decoder) ints(n *nodeProto, i int) []int {
	t := d.constant(n, i, tensor.Int64)
	if t == nil {
		return nil
	}
	out := make([]int, len(t.I64))
	for i, v := range t.I64 {
		out[i] = int(v)
	}
	return out
}

func (d *decoder) unsupported(n *nodeProto, format string, args ...any) graph.Value {
	return d.b.Fail(&graph.UnsupportedError{Origin: n.name, Op: graph.Op(n.op), Why: fmt.Sprintf(format, args...)})
}

// reader adds the nodes of one ONNX node.
type reader func(d *decoder, n *nodeProto) graph.Value

var readers = map[string]reader{
	"Identity": func(d *decoder, n *nodeProto) graph.Value { return d.in(n, 0) },
	"Neg":      unary(graph.OpNeg), "Abs": unary(graph.OpAbs), "Sqrt": unary(graph.OpSqrt), "Exp": unary(graph.OpExp), "Log": unary(graph.OpLog),
	"Tanh": unary(graph.OpTanh), "Sin": unary(graph.OpSin), "Cos": unary(graph.OpCos), "Erf": unary(graph.OpErf), "Floor": unary(graph.OpFloor),
	"Sign": unary(graph.OpSign), "Ceil": unary(graph.OpCeil), "Round": unary(graph.OpRound), "Not": unary(graph.OpNot),
	"IsNaN": unary(graph.OpIsNaN), "IsInf": unary(graph.OpIsInf),
	"Add": fold(graph.OpAdd), "Sum": fold(graph.OpAdd), "Sub": fold(graph.OpSub), "Mul": fold(graph.OpMul), "Div": fold(graph.OpDiv), "Pow": fold(graph.OpPow),
	"Max": fold(graph.OpMax), "Min": fold(graph.OpMin), "And": fold(graph.OpAnd), "Or": fold(graph.OpOr), "Equal": fold(graph.OpEqual),
	"Less": fold(graph.OpLess), "LessOrEqual": fold(graph.OpLessOrEqual), "Greater": fold(graph.OpGreater), "GreaterOrEqual": fold(graph.OpGreaterOrEqual),
	"Xor": readXor, "Mod": readMod, "Where": readWhere, "Cast": readCast, "Shape": readShape, "Expand": readExpand,
	"ReduceSum": readReduce(graph.OpReduceSum), "ReduceMax": readReduce(graph.OpReduceMax), "ReduceMin": readReduce(graph.OpReduceMin),
	"ReduceMean": readReduce(graph.OpReduceMean), "ReduceSumSquare": readReduce(graph.OpSumSquare), "ReduceLogSumExp": readReduce(graph.OpLogSumExp),
	"ArgMax": readArg(graph.OpArgMax), "ArgMin": readArg(graph.OpArgMin), "CumSum": readCumSum, "Softmax": readSoftmax, "MatMul": readMatMul,
	"Gather": readGather, "Concat": readConcat, "Reshape": readReshape, "Transpose": readTranspose, "Unsqueeze": readUnsqueeze,
	"ai.onnx.ml.LabelEncoder": readLabelEncoder, "ai.onnx.ml.TreeEnsemble": readTrees,
}

func unary(op graph.Op) reader {
	return func(d *decoder, n *nodeProto) graph.Value { return d.b.Unary(op, d.in(n, 0)) }
}

// fold applies an operation to two inputs or more, from left to right.
func fold(op graph.Op) reader {
	return func(d *decoder, n *nodeProto) graph.Value {
		x := d.in(n, 0)
		if x.OK() && op == graph.OpDiv && !x.DType().IsFloat() {
			return d.unsupported(n, "integers are divided")
		}
		for i := 1; i < max(2, len(n.in)); i++ {
			x = d.b.Binary(op, x, d.in(n, i))
		}
		return x
	}
}

func readXor(d *decoder, n *nodeProto) graph.Value {
	x, y := d.in(n, 0), d.in(n, 1)
	not := func(v graph.Value) graph.Value { return d.b.Unary(graph.OpNot, v) }
	return d.b.Binary(graph.OpOr, d.b.Binary(graph.OpAnd, x, not(y)), d.b.Binary(graph.OpAnd, not(x), y))
}

// readMod takes C's fmod of floats, which has the sign of x, from the remainder of the magnitudes.
func readMod(d *decoder, n *nodeProto) graph.Value {
	x, y := d.in(n, 0), d.in(n, 1)
	if n.int("fmod", 0) == 0 {
		return d.b.Binary(graph.OpFloorMod, x, y)
	}
	m := d.b.Binary(graph.OpFloorMod, d.b.Unary(graph.OpAbs, x), d.b.Unary(graph.OpAbs, y))
	return d.b.Where(d.b.Binary(graph.OpLess, x, d.b.Scalar(0, m)), d.b.Unary(graph.OpNeg, m), m)
}

func readWhere(d *decoder, n *nodeProto) graph.Value {
	return d.b.Where(d.in(n, 0), d.in(n, 1), d.in(n, 2))
}

func readCast(d *decoder, n *nodeProto) graph.Value {
	x := d.in(n, 0)
	to, ok := elemTypes[n.int("to", 0)]
	if x.OK() && (!ok || x.DType() == tensor.String || to == tensor.String && !x.DType().IsInt()) {
		return d.unsupported(n, "ONNX reads and writes numbers in text in a way of its own")
	}
	return d.b.Cast(x, to)
}

// readShape remembers whose shape is asked for; only Expand looks.
func readShape(d *decoder, n *nodeProto) graph.Value {
	x := d.in(n, 0)
	if !x.OK() {
		return x
	}
	_, part := n.attrs["start"]
	switch {
	case part && n.int("start", 0) == 0 && n.int("end", 0) == 1 && x.Type().Batched():
		x = d.b.Zeros(x)
	case part:
		return d.unsupported(n, "a part of a shape")
	}
	if x.OK() {
		d.shapes[n.out[0]] = x
	}
	return graph.Value{}
}

// readExpand gives every cell of a shape a value.
func readExpand(d *decoder, n *nodeProto) graph.Value {
	x := d.in(n, 0)
	if len(n.in) < 2 || !d.shapes[n.in[1]].OK() {
		return d.unsupported(n, "a shape that is computed")
	}
	return d.b.Where(d.b.IsMissing(d.shapes[n.in[1]], graph.Missing{Any: true}), x, x)
}

func readReduce(op graph.Op) reader {
	return func(d *decoder, n *nodeProto) graph.Value {
		axes := d.ints(n, 1)
		if len(axes) != 1 {
			return d.unsupported(n, "%d axes are reduced", len(axes))
		}
		return d.b.Reduce(op, d.in(n, 0), axes[0], n.int("keepdims", 1) != 0, graph.Sequential)
	}
}

func readArg(op graph.Op) reader {
	return func(d *decoder, n *nodeProto) graph.Value {
		if n.int("select_last_index", 0) != 0 {
			return d.unsupported(n, "the last of equals is taken")
		}
		return d.b.Reduce(op, d.in(n, 0), int(n.int("axis", 0)), n.int("keepdims", 1) != 0, graph.Any)
	}
}

func readCumSum(d *decoder, n *nodeProto) graph.Value {
	x, axis := d.in(n, 0), d.ints(n, 1)
	if !x.OK() || len(axis) != 1 {
		return graph.Value{}
	}
	if axis[0] < 1 || axis[0] >= x.Type().Rank() || n.int("exclusive", 0)+n.int("reverse", 0) != 0 {
		return d.unsupported(n, "of %s along axis %d", x.Type(), axis[0])
	}
	return d.b.Add1(graph.OpCumSum, &graph.ReduceAttr{Axis: axis[0], KeepDims: true, Order: graph.Sequential}, x.Type(), x)
}

func readSoftmax(d *decoder, n *nodeProto) graph.Value {
	x := d.in(n, 0)
	if axis := n.int("axis", -1); x.OK() && (x.Type().Rank() != 2 || axis != 1 && axis != -1 || !x.DType().IsFloat()) {
		return d.unsupported(n, "of %s along axis %d", x.Type(), axis)
	}
	return d.b.Softmax(x, graph.Sequential)
}

func readMatMul(d *decoder, n *nodeProto) graph.Value {
	x, w := d.in(n, 0), d.in(n, 1)
	if x.OK() && w.OK() && (x.Type().Rank() != 2 || w.Type().Batched() || w.Type().Rank() > 2) {
		return d.unsupported(n, "of %s and %s", x.Type(), w.Type())
	}
	return d.b.MatMul(x, w)
}

// readGather picks columns, or rows of a constant table.
func readGather(d *decoder, n *nodeProto) graph.Value {
	axis := n.int("axis", 0)
	if axis == 0 {
		table, index := d.constant(n, 0, tensor.Invalid), d.in(n, 1)
		if table != nil && len(table.Shape) == 1 {
			return d.b.Labels(index, table)
		}
		return d.b.Take(d.in(n, 0), index)
	}
	x, index := d.in(n, 0), d.constant(n, 1, tensor.Int64)
	if !x.OK() || index == nil {
		return graph.Value{}
	}
	shape := x.Type().Shape
	if axis < 1 || int(axis) >= len(shape) || len(index.Shape) > 1 || !x.Type().Batched() || x.Type().Kind != graph.Dense {
		return d.unsupported(n, "of %s along axis %d", x.Type(), axis)
	}
	if len(shape) == 2 {
		if len(index.Shape) == 0 {
			return d.b.Column(x, int(index.I64[0]))
		}
		return d.b.Gather(x, d.ints(n, 1))
	}
	// Of more dimensions, those of a row are one row of columns.
	outer, count, inner := tensor.Size(shape[1:axis]), shape[axis], tensor.Size(shape[axis+1:])
	if int64(outer)*int64(inner)*int64(index.Len()) > maxWidth {
		return d.unsupported(n, "of %s: too many columns", x.Type())
	}
	var columns []int
	for o := range outer {
		for _, i := range index.I64 {
			if i < 0 || i >= int64(count) {
				return d.b.Fail(&SyntaxError{Node: n.name, Msg: fmt.Sprintf("index %d of %d", i, count)})
			}
			for k := range inner {
				columns = append(columns, (o*count+int(i))*inner+k)
			}
		}
	}
	y := d.b.Gather(d.b.Reshape(x, graph.N, outer*count*inner), columns)
	to := slices.Clone(shape[:axis])
	if len(index.Shape) == 1 {
		to = append(to, index.Len())
	}
	return d.b.Reshape(y, append(to, shape[axis+1:]...)...)
}

// readConcat puts matrices side by side; slices of one column each that are tensors become a stack.
func readConcat(d *decoder, n *nodeProto) graph.Value {
	parts := make([]graph.Value, len(n.in))
	for i := range parts {
		if parts[i] = d.in(n, i); !parts[i].OK() {
			return graph.Value{}
		}
	}
	if len(parts) == 0 || n.int("axis", 0) != 1 {
		return d.unsupported(n, "along axis %d", n.int("axis", 0))
	}
	t := parts[0].Type()
	if t.Rank() == 2 {
		if t.DType == tensor.String {
			return d.unsupported(n, "text side by side")
		}
		return d.b.HStack(false, parts...)
	}
	for i, p := range parts {
		s := p.Type().Shape
		if len(s) < 3 || s[1] != 1 {
			return d.unsupported(n, "of %s", p.Type())
		}
		parts[i] = d.b.Reshape(p, append([]int{s[0]}, s[2:]...)...)
	}
	return d.b.Stack(parts...)
}

func readReshape(d *decoder, n *nodeProto) graph.Value {
	shape := d.ints(n, 1)
	if slices.Contains(shape, 0) || len(shape) > 1 && slices.Contains(shape[1:], -1) {
		return d.unsupported(n, "to %v", shape)
	}
	return d.b.Reshape(d.in(n, 0), shape...) // -1 is graph.N
}

func readTranspose(d *decoder, n *nodeProto) graph.Value {
	perm, err := n.attrs["perm"].ints(attrInts)
	if err != nil {
		return d.b.Fail(err)
	}
	x := d.in(n, 0)
	axes := make([]int, len(perm))
	seen := map[int64]bool{}
	for i, p := range perm {
		if p < 0 || int(p) >= len(perm) || seen[p] {
			return d.b.Fail(&SyntaxError{Node: n.name, Msg: fmt.Sprintf("%v is no order of axes", perm)})
		}
		axes[i], seen[p] = int(p), true
	}
	return d.b.Transpose(x, axes...)
}

func readUnsqueeze(d *decoder, n *nodeProto) graph.Value {
	x, axes := d.in(n, 0), d.ints(n, 1)
	if !x.OK() {
		return x
	}
	s := x.Type().Shape
	if len(axes) != 1 || axes[0] < 1 || axes[0] > len(s) {
		return d.unsupported(n, "at axes %v", axes)
	}
	return d.b.Reshape(x, slices.Insert(slices.Clone(s), axes[0], 1)...)
}

// readLabelEncoder looks each cell up in one table.
func readLabelEncoder(d *decoder, n *nodeProto) graph.Value {
	x := d.in(n, 0)
	if !x.OK() {
		return x
	}
	values, err := n.attrs["values_int64s"].ints(attrInts)
	if err != nil {
		return d.b.Fail(err)
	}
	whole, err := n.attrs["keys_int64s"].ints(attrInts)
	if err != nil {
		return d.b.Fail(err)
	}
	texts := n.attrs["keys_strings"].texts(attrStrings)
	keys := tensor.FromI64(whole)
	if texts != nil {
		keys = tensor.FromStr(texts)
	}
	t := x.Type()
	if values == nil || len(values) != keys.Len() || t.DType != keys.DType || t.Rank() == 0 || t.Rank() > 2 {
		return d.unsupported(n, "%d keys of %s and %d whole values for %s", keys.Len(), keys.DType, len(values), t)
	}
	w := t.Width()
	none := tensor.New(tensor.Int64, w)
	for j := range none.I64 {
		none.I64[j] = n.int("default_int64", -1)
	}
	y := d.b.Category(d.b.AsColumn(x), graph.CategoryAttr{Keys: slices.Repeat([]*tensor.Tensor{keys}, w), Values: slices.Repeat([]*tensor.Tensor{tensor.FromI64(values)}, w), Default: none})
	if t.Rank() == 1 {
		return d.b.Ravel(y)
	}
	return y
}
