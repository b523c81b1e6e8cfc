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

// floats reads a repeated float field, packed or not.
func (m message) floats(field int) ([]float32, error) {
	var out []float32
	for _, f := range m {
		switch {
		case f.Number != field:
		case f.Wire == protowire.Fixed32:
			out = append(out, math.Float32frombits(uint32(f.Int)))
		case len(f.Bytes)%4 != 0:
			return nil, &SyntaxError{Msg: "a list of numbers ends early"}
		default:
			out = slices.Grow(out, len(f.Bytes)/4)
			for b := f.Bytes; len(b) > 0; b = b[4:] {
				out = append(out, math.Float32frombits(binary.LittleEndian.Uint32(b)))
			}
		}
	}
	return out, nil
}

// doubles reads a repeated double field, packed or not.
func (m message) doubles(field int) ([]float64, error) {
	var out []float64
	for _, f := range m {
		switch {
		case f.Number != field:
		case f.Wire == protowire.Fixed64:
			out = append(out, math.Float64frombits(f.Int))
		case len(f.Bytes)%8 != 0:
			return nil, &SyntaxError{Msg: "a list of numbers ends early"}
		default:
			out = slices.Grow(out, len(f.Bytes)/8)
			for b := f.Bytes; len(b) > 0; b = b[8:] {
				out = append(out, math.Float64frombits(binary.LittleEndian.Uint64(b)))
			}
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

// readTensor reads a TensorProto, its numbers as raw bytes or as a list.
func readTensor(b []byte) (string, *tensor.Tensor, error) {
	m, err := parse(b)
	if err != nil {
		return "", nil, err
	}
	name := m.text(tensorName)
	if m.external() {
		return name, nil, &graph.UnsupportedError{Origin: name, Why: "its numbers are in another file"}
	}
	dims, err := m.ints(tensorDims)
	if err != nil {
		return name, nil, err
	}
	elem := m.int(tensorType)
	dt, ok := elemTypes[elem]
	if !ok {
		return name, nil, &graph.UnsupportedError{Origin: name, Why: fmt.Sprintf("constants of element type %d are not read", elem)}
	}
	var raw []byte
	for _, r := range m.all(tensorRaw) {
		raw = r
	}
	t := &tensor.Tensor{DType: dt}
	switch {
	case dt == tensor.String:
		t.Str = m.texts(tensorStrings)
	case raw != nil:
		size := elemSize(int(elem))
		if len(raw)%size != 0 {
			return name, nil, &SyntaxError{Node: name, Msg: fmt.Sprintf("%d bytes of elements of %d", len(raw), size)}
		}
		t = tensor.New(dt, len(raw)/size)
		for i := range len(raw) / size {
			setRaw(t, i, elem, raw[i*size:])
		}
	case elem == elemFloat:
		t.F32, err = m.floats(tensorFloats)
	case elem == elemDouble:
		t.F64, err = m.doubles(tensorDoubles)
	default:
		field := map[int64]int{elemInt64: tensorInt64s, elemUint32: tensorUint64s}[elem]
		if field == 0 {
			field = tensorInt32s
		}
		t.I64, err = m.ints(field)
		if dt == tensor.Bool {
			for _, v := range t.I64 {
				t.U8 = append(t.U8, uint8(v&1))
			}
			t.I64 = nil
		}
	}
	if err != nil {
		return name, nil, err
	}
	have := max(len(t.Str), len(t.F32), len(t.F64), len(t.I64), len(t.U8))
	t.Shape = make([]int, len(dims))
	n := 1
	for i, d := range dims {
		if d < 0 || d > int64(have) {
			return name, nil, &SyntaxError{Node: name, Msg: fmt.Sprintf("dimension %d of %d elements", d, have)}
		}
		t.Shape[i] = int(d)
		if n *= t.Shape[i]; n > have {
			break
		}
	}
	if n != have {
		return name, nil, &SyntaxError{Node: name, Msg: fmt.Sprintf("%d elements for the shape %v", have, dims)}
	}
	for _, v := range t.U8 {
		if v > 1 {
			return name, nil, &SyntaxError{Node: name, Msg: fmt.Sprintf("a bool of %d", v)}
		}
	}
	return name, t, nil
}

// setRaw sets element i of t from its bytes.
func setRaw(t *tensor.Tensor, i int, elem int64, raw []byte) {
	switch elem {
	case elemDouble:
		t.F64[i] = math.Float64frombits(binary.LittleEndian.Uint64(raw))
	case elemFloat:
		t.F32[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw))
	case elemInt64:
		t.I64[i] = int64(binary.LittleEndian.Uint64(raw))
	case elemInt32:
		t.I64[i] = int64(int32(binary.LittleEndian.Uint32(raw)))
	case elemUint32:
		t.I64[i] = int64(binary.LittleEndian.Uint32(raw))
	case elemInt16:
		t.I64[i] = int64(int16(binary.LittleEndian.Uint16(raw)))
	case elemUint16:
		t.I64[i] = int64(binary.LittleEndian.Uint16(raw))
	case elemInt8:
		t.I64[i] = int64(int8(raw[0]))
	case elemUint8:
		t.I64[i] = int64(raw[0])
	case elemBool:
		t.U8[i] = raw[0]
	}
}

// external reports that a TensorProto's numbers are in a file of their own.
func (m message) external() bool { return m.int(tensorLocation) == 1 || len(m.all(tensorExternal)) > 0 }

// decoder builds a graph.
type decoder struct {
	b      *graph.Builder
	vals   map[string]graph.Value
	fixed  map[string]*tensor.Tensor // constants
	shapes map[string]graph.Value    // values whose shape, or number of rows, is asked for
	lying  map[string]bool           // values [N] that ONNX has as [1, N]
	opset  int64                     // of the main domain
}

// lies are the operations that make nothing of the difference between [N] and [1, N].
var lies = map[string]bool{"Reshape": true, "Cast": true, "Identity": true, "Squeeze": true}

// nodeProto is a node being read.
type nodeProto struct {
	name, op, domain string
	in, out          []string
	attrs            map[string]message
}

// key is the operation with its domain, which the main one has not.
func (n *nodeProto) key() string {
	if n.domain == "" {
		return n.op
	}
	return n.domain + "." + n.op
}

// has reports an input, which may be left out by an empty name.
func (n *nodeProto) has(i int) bool { return i < len(n.in) && n.in[i] != "" }

func (n *nodeProto) int(name string, none int64) int64 {
	if a, ok := n.attrs[name]; ok {
		return a.int(attrI)
	}
	return none
}

func (n *nodeProto) float(name string, none float32) float32 {
	for _, f := range n.attrs[name] {
		if f.Number == attrF && f.Wire == protowire.Fixed32 {
			none = math.Float32frombits(uint32(f.Int))
		}
	}
	return none
}

func (n *nodeProto) text(name, none string) string {
	if a, ok := n.attrs[name]; ok {
		return a.text(attrS)
	}
	return none
}

func (n *nodeProto) texts(name string) []string { return n.attrs[name].texts(attrStrings) }

// lists reads attributes that are lists of integers and of floats; a malformed one ends the reading.
func (d *decoder) intList(n *nodeProto, name string) []int64 {
	v, err := n.attrs[name].ints(attrInts)
	if err != nil {
		d.b.Fail(err)
	}
	return v
}

func (d *decoder) floatList(n *nodeProto, name string) []float32 {
	v, err := n.attrs[name].floats(attrFloats)
	if err != nil {
		d.b.Fail(err)
	}
	return v
}

// node adds a node.
func (d *decoder) node(n *nodeProto) error {
	defer d.b.Enter(n.name, "")()
	read := readers[n.key()]
	if read == nil {
		return &graph.UnsupportedError{Origin: n.name, Op: graph.Op(n.key()), Why: "a graph has no such operation"}
	}
	for _, out := range n.out {
		if _, twice := d.vals[out]; twice || d.fixed[out] != nil {
			return &SyntaxError{Node: n.name, Msg: fmt.Sprintf("%q is computed twice", out)}
		}
	}
	v := read(d, n)
	var unsound *graph.Error
	if err := d.b.Err(); errors.As(err, &unsound) {
		return &SyntaxError{Node: n.name, Msg: unsound.Msg}
	} else if err != nil {
		return err
	}
	parts := []graph.Value{v}
	if v.IsTuple() {
		parts = v.Parts()
	}
	for i, p := range parts {
		if !p.OK() || i >= len(n.out) || n.out[i] == "" {
			continue
		}
		if w := p.Type().Width(); w > maxWidth {
			return &source.LimitError{Limit: "columns", Value: int64(w), Max: maxWidth, Offset: -1}
		}
		d.vals[n.out[i]] = p
	}
	if len(n.out) > len(parts) {
		return &graph.UnsupportedError{Origin: n.name, Op: graph.Op(n.key()), Why: fmt.Sprintf("%d outputs", len(n.out))}
	}
	return nil
}

// in gives input i.
func (d *decoder) in(n *nodeProto, i int) graph.Value {
	if !n.has(i) {
		return d.b.Fail(&SyntaxError{Node: n.name, Msg: fmt.Sprintf("no input %d", i)})
	}
	if d.lying[n.in[i]] && !lies[n.op] {
		return d.unsupported(n, "of a row of all rows' values")
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

// axes gives the axes of an operation, an attribute or, since later sets of operations, input i; negative ones count from the end.
func (d *decoder) axes(n *nodeProto, i int, x graph.Value) []int {
	var axes []int
	if _, ok := n.attrs["axes"]; ok {
		for _, a := range d.intList(n, "axes") {
			axes = append(axes, int(a))
		}
	} else if n.has(i) {
		axes = slices.Clone(d.ints(n, i))
	}
	for k := range axes {
		axes[k] = fromEnd(axes[k], x)
	}
	return axes
}

// fromEnd turns a negative axis into the one it is.
func fromEnd(axis int, x graph.Value) int {
	if axis < 0 && x.OK() && !x.IsTuple() {
		axis += len(x.Type().Shape)
	}
	return axis
}

func (d *decoder) unsupported(n *nodeProto, format string, args ...any) graph.Value {
	return d.b.Fail(&graph.UnsupportedError{Origin: n.name, Op: graph.Op(n.key()), Why: fmt.Sprintf(format, args...)})
}

// reader adds the nodes of one ONNX node.
type reader func(d *decoder, n *nodeProto) graph.Value

var readers = map[string]reader{
	"Identity": readIdentity,
	"Neg":      unary(graph.OpNeg), "Abs": unary(graph.OpAbs), "Sqrt": unary(graph.OpSqrt), "Exp": unary(graph.OpExp), "Log": unary(graph.OpLog),
	"Tanh": unary(graph.OpTanh), "Sin": unary(graph.OpSin), "Cos": unary(graph.OpCos), "Erf": unary(graph.OpErf), "Floor": unary(graph.OpFloor),
	"Sign": unary(graph.OpSign), "Ceil": unary(graph.OpCeil), "Round": unary(graph.OpRound), "Not": unary(graph.OpNot),
	"Relu": unary(graph.OpRelu), "Sigmoid": unary(graph.OpSigmoid), "Softplus": unary(graph.OpSoftplus), "Reciprocal": readReciprocal,
	"IsNaN": unary(graph.OpIsNaN), "IsInf": unary(graph.OpIsInf),
	"Add": fold(graph.OpAdd), "Sum": fold(graph.OpAdd), "Sub": fold(graph.OpSub), "Mul": fold(graph.OpMul), "Div": fold(graph.OpDiv), "Pow": fold(graph.OpPow),
	"Max": fold(graph.OpMax), "Min": fold(graph.OpMin), "And": fold(graph.OpAnd), "Or": fold(graph.OpOr), "Equal": fold(graph.OpEqual),
	"Less": fold(graph.OpLess), "LessOrEqual": fold(graph.OpLessOrEqual), "Greater": fold(graph.OpGreater), "GreaterOrEqual": fold(graph.OpGreaterOrEqual),
	"Xor": readXor, "Mod": readMod, "Where": readWhere, "Cast": readCast, "Shape": readShape, "Expand": readExpand,
	"ReduceSum": readReduce(graph.OpReduceSum), "ReduceMax": readReduce(graph.OpReduceMax), "ReduceMin": readReduce(graph.OpReduceMin),
	"ReduceMean": readReduce(graph.OpReduceMean), "ReduceSumSquare": readReduce(graph.OpSumSquare), "ReduceLogSumExp": readReduce(graph.OpLogSumExp),
	"ArgMax": readArg(graph.OpArgMax), "ArgMin": readArg(graph.OpArgMin), "CumSum": readCumSum, "Softmax": readSoftmax, "MatMul": readMatMul,
	"Gemm": readGemm, "Clip": readClip, "Constant": readConstant, "Squeeze": readSqueeze, "Flatten": readFlatten, "Slice": readSlice,
	"TopK": readTopK, "GatherElements": readGatherElements, "LogSoftmax": readLogSoftmax, "ReduceL1": readL1, "ReduceL2": readL2, "ConstantOfShape": readFill,
	"Gather": readGather, "Concat": readConcat, "Reshape": readReshape, "Transpose": readTranspose, "Unsqueeze": readUnsqueeze,
	"ai.onnx.ml.LabelEncoder": readLabelEncoder, "ai.onnx.ml.TreeEnsemble": readTrees,
	"ai.onnx.ml.TreeEnsembleRegressor": readRegressorTrees, "ai.onnx.ml.TreeEnsembleClassifier": readClassifierTrees,
	"ai.onnx.ml.ZipMap": readIdentity, "ai.onnx.ml.Scaler": readScaler, "ai.onnx.ml.Normalizer": readNormalizer, "ai.onnx.ml.Binarizer": readBinarizer,
	"ai.onnx.ml.Imputer": readImputer, "ai.onnx.ml.OneHotEncoder": readOneHot, "ai.onnx.ml.ArrayFeatureExtractor": readExtractor,
	"ai.onnx.ml.FeatureVectorizer": readVectorizer, "ai.onnx.ml.LinearRegressor": readLinearRegressor, "ai.onnx.ml.LinearClassifier": readLinearClassifier,
	"ai.onnx.ml.SVMRegressor":  readSVMRegressor,
	"ai.onnx.ml.SVMClassifier": readSVMClassifier,
}

// readIdentity hands on its input, lying or not.
func readIdentity(d *decoder, n *nodeProto) graph.Value {
	d.lie(n)
	return d.in(n, 0)
}

// lie hands on that a value lies.
func (d *decoder) lie(n *nodeProto) {
	if n.has(0) && len(n.out) > 0 && d.lying[n.in[0]] {
		d.lying[n.out[0]] = true
	}
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
	d.lie(n)
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
		x := d.in(n, 0)
		axes := d.axes(n, 1, x)
		if len(axes) != 1 {
			return d.unsupported(n, "%d axes are reduced", len(axes))
		}
		if axes[0] == 0 && x.OK() && x.Type().Batched() {
			return d.unsupported(n, "rows are reduced")
		}
		return d.b.Reduce(op, x, axes[0], n.int("keepdims", 1) != 0, graph.Sequential)
	}
}

func readArg(op graph.Op) reader {
	return func(d *decoder, n *nodeProto) graph.Value {
		if n.int("select_last_index", 0) != 0 {
			return d.unsupported(n, "the last of equals is taken")
		}
		x := d.in(n, 0)
		axis := fromEnd(int(n.int("axis", 0)), x)
		if axis == 0 && x.OK() && x.Type().Batched() {
			return d.unsupported(n, "rows are compared")
		}
		return d.b.Reduce(op, x, axis, n.int("keepdims", 1) != 0, graph.Any)
	}
}

func readCumSum(d *decoder, n *nodeProto) graph.Value {
	x, axis := d.in(n, 0), slices.Clone(d.ints(n, 1))
	for i := range axis {
		axis[i] = fromEnd(axis[i], x)
	}
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
	if axis := n.int("axis", map[bool]int64{true: -1, false: 1}[d.opset >= 13]); x.OK() && (x.Type().Rank() != 2 || axis != 1 && axis != -1 || !x.DType().IsFloat()) {
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
	if len(parts) == 0 {
		return d.unsupported(n, "of nothing")
	}
	t := parts[0].Type()
	axis := fromEnd(int(n.int("axis", 0)), parts[0])
	if axis == 2 && t.Rank() == 3 && t.Batched() { // blocks of one row each
		width := 0
		for i, p := range parts {
			s := p.Type().Shape
			if len(s) != 3 || s[1] != 1 || p.DType() != t.DType || t.DType == tensor.String {
				return d.unsupported(n, "of %s", p.Type())
			}
			parts[i] = d.b.Reshape(p, graph.N, s[2])
			width += s[2]
		}
		return d.b.Reshape(d.b.HStack(false, parts...), graph.N, 1, width)
	}
	if axis != 1 || !t.Batched() {
		return d.unsupported(n, "of %s along axis %d", t, axis)
	}
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
	x := d.in(n, 0)
	if n.has(1) && d.shapes[n.in[1]].OK() { // to the rows of another
		return d.b.Reshape(x, d.shapes[n.in[1]].Type().Shape...)
	}
	shape := slices.Clone(d.ints(n, 1))
	if !x.OK() || shape == nil {
		return graph.Value{}
	}
	at := x.Type().Shape
	size, open := 1, -1
	for i, s := range shape {
		if s == 0 && n.int("allowzero", 0) == 0 && i < len(at) {
			shape[i] = at[i]
		}
		switch {
		case shape[i] == -1 && s == -1:
			open = i
		case shape[i] > 0:
			size *= shape[i]
		case shape[i] != graph.N:
			return d.unsupported(n, "to %v", shape)
		}
	}
	if x.Type().Batched() && open != 0 && (len(shape) == 0 || shape[0] != graph.N) {
		if len(shape) == 2 && shape[0] == 1 && open == 1 && len(at) == 1 { // a row of all rows' values
			d.lying[n.out[0]] = true
			return x
		}
		return d.unsupported(n, "to %v", shape)
	}
	if all := x.Width(); open > 0 && len(at) > 0 {
		if len(at) == 1 {
			all = 1
		} else if len(at) > 2 {
			all = tensor.Size(at[1:])
		}
		if !x.Type().Batched() {
			all = tensor.Size(at)
		}
		if all%size != 0 {
			return d.unsupported(n, "to %v", shape)
		}
		shape[open] = all / size
	}
	if open == 0 && !x.Type().Batched() {
		shape[0] = tensor.Size(at) / size
	}
	return d.b.Reshape(x, shape...) // -1 is graph.N
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
	x := d.in(n, 0)
	if !x.OK() {
		return x
	}
	axes := d.axes(n, 1, x)
	s := x.Type().Shape
	for i := range axes {
		if _, ok := n.attrs["axes"]; ok && axes[i] != int(d.intList(n, "axes")[i]) || n.has(1) && d.ints(n, 1)[i] < 0 {
			axes[i]++ // counted from the end of what comes out
		}
	}
	if len(axes) != 1 || axes[0] < 1 || axes[0] > len(s) {
		return d.unsupported(n, "at axes %v", axes)
	}
	return d.b.Reshape(x, slices.Insert(slices.Clone(s), axes[0], 1)...)
}

func readSqueeze(d *decoder, n *nodeProto) graph.Value {
	x := d.in(n, 0)
	if !x.OK() {
		return x
	}
	axes, s := d.axes(n, 1, x), x.Type().Shape
	if d.lying[n.in[0]] && (len(axes) == 0 || len(axes) == 1 && axes[0] == 0) {
		return x
	}
	if d.lying[n.in[0]] {
		return d.unsupported(n, "at axes %v", axes)
	}
	if len(axes) == 0 {
		return d.unsupported(n, "all dimensions of one, of which the rows may be")
	}
	var out []int
	for i, size := range s {
		switch {
		case !slices.Contains(axes, i):
			out = append(out, size)
		case size != 1:
			return d.unsupported(n, "axis %d of %s", i, x.Type())
		}
	}
	return d.b.Reshape(x, out...)
}

func readFlatten(d *decoder, n *nodeProto) graph.Value {
	x := d.in(n, 0)
	if !x.OK() {
		return x
	}
	if t := x.Type(); fromEnd(int(n.int("axis", 1)), x) != 1 || !t.Batched() {
		return d.unsupported(n, "of %s at axis %d", t, n.int("axis", 1))
	}
	return d.b.Reshape(x, graph.N, tensor.Size(x.Type().Shape[1:]))
}

// readSlice takes a run of columns.
func readSlice(d *decoder, n *nodeProto) graph.Value {
	x := d.in(n, 0)
	if !x.OK() {
		return x
	}
	list := func(name string, i int) []int {
		if _, ok := n.attrs[name]; !ok && n.has(i) {
			return d.ints(n, i)
		}
		var out []int
		for _, v := range d.intList(n, name) {
			out = append(out, int(v))
		}
		return out
	}
	starts, ends, axes, steps := list("starts", 1), list("ends", 2), list("axes", 3), list("steps", 4)
	t := x.Type()
	if len(starts) != 1 || len(ends) != 1 || len(axes) != 1 || fromEnd(axes[0], x) != 1 || len(t.Shape) != 2 || !t.Batched() || len(steps) > 1 || len(steps) == 1 && steps[0] < 1 {
		return d.unsupported(n, "of %s from %v to %v along %v", t, starts, ends, axes)
	}
	w := t.Shape[1]
	bound := func(i int) int {
		if i < 0 {
			i += w
		}
		return min(max(i, 0), w)
	}
	var columns []int
	for i := bound(starts[0]); i < bound(ends[0]); i += max(1, append(steps, 1)[0]) {
		columns = append(columns, i)
	}
	if columns == nil {
		return d.unsupported(n, "no columns")
	}
	return d.b.Gather(x, columns)
}

func readReciprocal(d *decoder, n *nodeProto) graph.Value {
	x := d.in(n, 0)
	return d.b.Div(d.b.Scalar(1, x), x)
}

func readClip(d *decoder, n *nodeProto) graph.Value {
	x := d.in(n, 0)
	if !x.OK() {
		return x
	}
	if t := x.Type(); !t.DType.IsFloat() {
		return d.unsupported(n, "of %s", t)
	}
	bounds := [2]float64{float64(n.float("min", float32(math.Inf(-1)))), float64(n.float("max", float32(math.Inf(1))))}
	for i := range bounds {
		if !n.has(i + 1) {
			continue
		}
		t := d.constant(n, i+1, x.DType())
		if t == nil || t.Len() != 1 {
			return d.unsupported(n, "a bound is no number")
		}
		bounds[i], _ = t.Float(0)
	}
	return d.b.Clip(x, bounds[0], bounds[1])
}

// readConstant keeps a constant that is a node.
func readConstant(d *decoder, n *nodeProto) graph.Value {
	var t *tensor.Tensor
	for name, a := range n.attrs {
		switch name {
		case "value":
			for _, p := range a.all(attrT) {
				_, v, err := readTensor(p)
				if err != nil {
					return d.b.Fail(err)
				}
				t = v
			}
		case "value_float":
			t = tensor.FromF32([]float32{n.float(name, 0)}).Reshape()
		case "value_int":
			t = tensor.FromI64([]int64{n.int(name, 0)}).Reshape()
		case "value_floats":
			t = tensor.FromF32(d.floatList(n, name))
		case "value_ints":
			t = tensor.FromI64(d.intList(n, name))
		case "value_strings":
			t = tensor.FromStr(n.texts(name))
		}
	}
	if t == nil || len(n.out) != 1 {
		return d.unsupported(n, "its value is no tensor")
	}
	d.fixed[n.out[0]] = t
	return graph.Value{}
}

// readFill gives every cell of a shape one value.
func readFill(d *decoder, n *nodeProto) graph.Value {
	if !n.has(0) || !d.shapes[n.in[0]].OK() {
		return d.unsupported(n, "of a shape that is computed")
	}
	value := tensor.FromF32([]float32{0})
	for _, p := range n.attrs["value"].all(attrT) {
		_, v, err := readTensor(p)
		if err != nil {
			return d.b.Fail(err)
		}
		value = v
	}
	if value.Len() != 1 {
		return d.b.Fail(&SyntaxError{Node: n.name, Msg: fmt.Sprintf("%d values to fill with", value.Len())})
	}
	v := d.b.Const(value.Reshape())
	return d.b.Where(d.b.IsMissing(d.shapes[n.in[0]], graph.Missing{Any: true}), v, v)
}

func readLogSoftmax(d *decoder, n *nodeProto) graph.Value {
	return d.b.Unary(graph.OpLog, readSoftmax(d, n))
}

func readL1(d *decoder, n *nodeProto) graph.Value {
	x := d.in(n, 0)
	axes := d.axes(n, 1, x)
	if len(axes) != 1 || axes[0] == 0 {
		return d.unsupported(n, "of axes %v", axes)
	}
	return d.b.Reduce(graph.OpReduceSum, d.b.Unary(graph.OpAbs, x), axes[0], n.int("keepdims", 1) != 0, graph.Sequential)
}

func readL2(d *decoder, n *nodeProto) graph.Value {
	x := d.in(n, 0)
	axes := d.axes(n, 1, x)
	if len(axes) != 1 || axes[0] == 0 {
		return d.unsupported(n, "of axes %v", axes)
	}
	return d.b.Unary(graph.OpSqrt, d.b.Reduce(graph.OpSumSquare, x, axes[0], n.int("keepdims", 1) != 0, graph.Sequential))
}

// readGemm is alpha A B + beta C.
func readGemm(d *decoder, n *nodeProto) graph.Value {
	x, w := d.in(n, 0), d.in(n, 1)
	if !x.OK() || !w.OK() {
		return graph.Value{}
	}
	if n.int("transA", 0) != 0 || w.Type().Batched() || x.Type().Rank() != 2 || !x.DType().IsFloat() {
		return d.unsupported(n, "of %s and %s", x.Type(), w.Type())
	}
	var y graph.Value
	if n.int("transB", 0) != 0 {
		y = d.b.MatMulT(x, w)
	} else {
		y = d.b.MatMul(x, w)
	}
	times := func(v graph.Value, f float32) graph.Value {
		if f == 1 {
			return v
		}
		return d.b.Mul(v, d.b.Scalar(float64(f), v))
	}
	y = times(y, n.float("alpha", 1))
	if n.has(2) {
		y = d.b.Add(y, times(d.in(n, 2), n.float("beta", 1)))
	}
	return y
}

// readLabelEncoder looks each cell up in one table.
func readLabelEncoder(d *decoder, n *nodeProto) graph.Value {
	x := d.in(n, 0)
	if !x.OK() {
		return x
	}
	if texts := n.texts("classes_strings"); texts != nil { // the first version
		return d.codes(n, x, tensor.FromStr(texts), nil, false)
	}
	list := func(kind string) *tensor.Tensor {
		for _, p := range n.attrs[kind+"_tensor"].all(attrT) {
			if _, t, err := readTensor(p); err == nil && len(t.Shape) == 1 {
				return t
			}
		}
		if texts := n.texts(kind + "_strings"); texts != nil {
			return tensor.FromStr(texts)
		}
		if whole := d.intList(n, kind+"_int64s"); whole != nil {
			return tensor.FromI64(whole)
		}
		if f := d.floatList(n, kind+"_floats"); f != nil {
			return tensor.FromF32(f)
		}
		return tensor.FromI64(nil)
	}
	keys, values := list("keys"), list("values")
	if keys.Len() != values.Len() || keys.Len() == 0 {
		return d.unsupported(n, "%d keys and %d values", keys.Len(), values.Len())
	}
	none := func() *tensor.Tensor {
		for _, p := range n.attrs["default_tensor"].all(attrT) {
			if _, t, err := readTensor(p); err == nil && t.Len() == 1 && t.DType == values.DType {
				return t.Reshape(1)
			}
		}
		switch values.DType {
		case tensor.String:
			return tensor.FromStr([]string{n.text("default_string", "_Unused")})
		case tensor.Float32:
			return tensor.FromF32([]float32{n.float("default_float", float32(math.Copysign(0, -1)))})
		case tensor.Int64:
			return tensor.FromI64([]int64{n.int("default_int64", -1)})
		}
		return nil
	}()
	if none == nil || x.DType() != keys.DType && !(x.DType().IsFloat() && keys.DType.IsFloat()) {
		return d.unsupported(n, "keys of %s and values of %s for %s", keys.DType, values.DType, x.Type())
	}
	var table *tensor.Tensor
	switch values.DType {
	case tensor.String:
		table = tensor.FromStr(append(slices.Clone(values.Str), none.Str[0]))
	case tensor.Float32:
		table = tensor.FromF32(append(slices.Clone(values.F32), none.F32[0]))
	default:
		table = tensor.FromI64(append(slices.Clone(values.I64), none.I64[0]))
	}
	return d.codes(n, x, keys, table, false)
}

// codes gives each cell's entry in table, its last where it is none of keys; without a table the place in keys, and for none -1 or,
// where they are strict, an error.
func (d *decoder) codes(n *nodeProto, x graph.Value, keys, table *tensor.Tensor, strict bool) graph.Value {
	t := x.Type()
	if t.Rank() == 0 || t.Rank() > 2 || !t.Batched() {
		return d.unsupported(n, "of %s", t)
	}
	w := 1
	if t.Rank() == 2 {
		w = t.Shape[1]
	}
	if int64(w)*int64(keys.Len()) > maxWidth {
		return d.unsupported(n, "%d keys of %d columns", keys.Len(), w)
	}
	places, other := tensor.New(tensor.Int64, keys.Len()), tensor.New(tensor.Int64, w)
	for i := range places.I64 {
		places.I64[i] = int64(i)
	}
	for j := range other.I64 {
		other.I64[j] = -1
		if table != nil {
			other.I64[j] = int64(keys.Len())
		}
	}
	a := graph.CategoryAttr{Keys: slices.Repeat([]*tensor.Tensor{keys}, w), Values: slices.Repeat([]*tensor.Tensor{places}, w), Default: other}
	if strict {
		a.Default, a.Words = nil, "Unknown Category {first} and zeros = 0."
	}
	y := d.b.Category(d.b.AsColumn(x), a)
	if t.Rank() == 1 {
		y = d.b.Ravel(y)
	}
	if table == nil {
		return y
	}
	return d.b.Labels(y, table)
}
