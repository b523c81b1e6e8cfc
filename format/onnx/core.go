package onnx

import (
	"cmp"
	"fmt"
	"math"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/tensor"
)

// table maps operations to their encodings.
type table map[graph.Op]encode

// find returns the encoding of op.
func find(op graph.Op) encode {
	for _, t := range []table{coreOps, rowOps, treeOps, distanceOps, neighborOps, imputeOps, textOps, topOps} {
		if f := t[op]; f != nil {
			return f
		}
	}
	return nil
}

// refused says why an operation has no encoding.
var refused = map[graph.Op]string{
	graph.OpAtan:            "runtimes have no arc tangent in double",
	graph.OpSinh:            "runtimes have no hyperbolic sine in double",
	graph.OpCosh:            "runtimes have no hyperbolic cosine in double",
	graph.OpAsin:            "runtimes have no arc sine in double",
	graph.OpAcos:            "runtimes have no arc cosine in double",
	graph.OpAcosh:           "runtimes have no inverse hyperbolic cosine in double",
	graph.OpAtanh:           "runtimes have no inverse hyperbolic tangent in double",
	graph.OpErfc:            "ONNX has no complement of erf that keeps its digits",
	graph.OpLogGamma:        "ONNX has no gamma function",
	graph.OpLogNdtr:         "ONNX has no logarithm of the normal distribution function",
	graph.OpBesselK:         "ONNX has no Bessel functions",
	graph.OpTreePath:        "ONNX has no sparse rows, and a column per node of all trees is too wide",
	graph.OpRadiusNeighbors: "ONNX has no rows of different length",
	graph.OpRaggedReduce:    "ONNX has no rows of different length",
	graph.OpNeighborGraph:   "ONNX has no sparse rows",
	graph.OpKernelDensity:   "it walks a tree until a tolerance is met",
	graph.OpTruncatedNormal: "ONNX has not numpy's random generator",
	graph.OpRandomDraw:      "ONNX has not numpy's random generator",
	graph.OpMultiHot:        "ONNX has no rows of different length",
	graph.OpSets:            "ONNX has no rows of different length",
	graph.OpHashTerms:       "ONNX has not the hash",
	graph.OpDictRows:        "ONNX has no rows of different length",
	graph.OpTermRows:        "ONNX has no rows of different length",
	graph.OpNMFSolve:        "it is a search that stops by a tolerance, not a formula",
	graph.OpTopicInfer:      "it is a search that stops by a tolerance, not a formula",
	graph.OpRowImpute:       "no operation takes the median or the most frequent cell of a row without the missing ones",
	graph.OpSparseCode:      "it is a greedy search, not a formula",
	graph.OpPatches:         "a row in is not a row out",
	graph.OpUnitColumns:     "a row's result depends on the other rows of the batch",
	graph.OpBarycenter:      "ONNX can not solve systems of equations",
}

var coreOps = table{
	graph.OpInput: input, graph.OpConst: constant,
	graph.OpNeg: simple("Neg"), graph.OpAbs: simple("Abs"), graph.OpSqrt: simple("Sqrt"), graph.OpExp: simple("Exp"),
	graph.OpLog: logarithm, graph.OpLog1p: log1p, graph.OpLog2: logTo(math.Ln2), graph.OpLog10: logTo(math.Ln10), graph.OpExpm1: expm1, graph.OpTanh: simple("Tanh"),
	graph.OpSin: simple("Sin"), graph.OpCos: simple("Cos"), graph.OpErf: erf, graph.OpSigmoid: sigmoid,
	graph.OpFloor: simple("Floor"), graph.OpSign: simple("Sign"), graph.OpRelu: relu, graph.OpSoftplus: softplus,
	graph.OpNormCdf: normCdf, graph.OpNormPpf: normPpf, graph.OpNot: simple("Not"), graph.OpCeil: simple("Ceil"), graph.OpRound: simple("Round"), graph.OpCbrt: cbrt,
	graph.OpTan: inDouble(tangent), graph.OpAsinh: asinh, graph.OpSublinear: sublinear,
	graph.OpIsNaN: isNaN, graph.OpIsInf: isInf,
	graph.OpAdd: arithmetic("Add"), graph.OpSub: arithmetic("Sub"), graph.OpMul: arithmetic("Mul"), graph.OpDiv: arithmetic("Div"),
	graph.OpPow: arithmetic("Pow"), graph.OpMax: arithmetic("Max"), graph.OpMin: arithmetic("Min"), graph.OpFloorMod: floorMod,
	graph.OpLogAddExp: logAddExp,
	graph.OpLess:      comparison("Less"), graph.OpLessOrEqual: comparison("LessOrEqual"), graph.OpGreater: comparison("Greater"),
	graph.OpGreaterOrEqual: comparison("GreaterOrEqual"), graph.OpEqual: comparison("Equal"),
	graph.OpAnd: comparison("And"), graph.OpOr: comparison("Or"), graph.OpWhere: where, graph.OpClip: clip, graph.OpCast: cast,
	graph.OpReduceSum: reduce("ReduceSum"), graph.OpReduceMean: reduce("ReduceMean"), graph.OpReduceMax: reduce("ReduceMax"),
	graph.OpReduceMin: reduce("ReduceMin"), graph.OpSumSquare: reduce("ReduceSumSquare"), graph.OpLogSumExp: reduce("ReduceLogSumExp"),
	graph.OpArgMax: arg("ArgMax"), graph.OpArgMin: arg("ArgMin"), graph.OpCumSum: cumSum, graph.OpSoftmax: softmax,
	graph.OpMatMul: matmul,
	graph.OpGather: gather, graph.OpColumn: column, graph.OpTake: take, graph.OpLabels: labels, graph.OpHStack: hstack,
	graph.OpStack: stack, graph.OpReshape: reshape, graph.OpTranspose: transpose, graph.OpToDense: same, graph.OpToCSR: same,
	graph.OpFinite: finite, graph.OpGuard: guard,
}

func one(name string) []value { return []value{{name: name}} }

// same passes the first input on.
func same(e *encoder, n *graph.Node) ([]value, error) { return []value{e.vals[n.In[0]]}, nil }

func input(e *encoder, n *graph.Node) ([]value, error) {
	t := e.outType(0)
	name := n.Attr.(*graph.InputAttr).Name
	if t.Kind != graph.Frame {
		if e.elem(t.DType) == 0 {
			return nil, e.unsupported("no tensor holds %s", t.DType)
		}
		return one(e.port(name)), nil
	}
	v := value{cols: make([]string, len(t.Columns))}
	for j, c := range t.Columns {
		if e.elem(c.DType) == 0 {
			return nil, e.unsupported("no tensor holds column %q of %s", c.Name, c.DType)
		}
		v.cols[j] = e.port(cmp.Or(c.Name, fmt.Sprintf("%s%d", name, j)))
	}
	return []value{v}, nil
}

func constant(e *encoder, n *graph.Node) ([]value, error) {
	a := n.Attr.(*graph.ConstAttr)
	if a.Sparse != nil {
		return []value{{fixed: a.Sparse.Dense()}}, nil
	}
	if e.elem(a.Tensor.DType) == 0 {
		return nil, e.unsupported("no tensor holds %s", a.Tensor.DType)
	}
	return []value{{fixed: a.Tensor}}, nil
}

// compute is the dtype arithmetic of a dtype is done in: runtimes have no kernels for the narrow ones.
func compute(d tensor.DType) tensor.DType {
	switch d {
	case tensor.Float64, tensor.Float32, tensor.Int64, tensor.Int32:
		return d
	}
	return tensor.Int64
}

// unaryIn returns input 0 in the dtype the output is computed in, and what brings a result to the output's dtype.
func (e *encoder) unaryIn() (x string, d tensor.DType, end func(string) []value) {
	out := e.outType(0).DType
	d = compute(out)
	return e.cast(e.in(0), e.inType(0).DType, d), d, func(s string) []value { return one(e.cast(s, d, out)) }
}

func simple(op string) encode {
	return func(e *encoder, n *graph.Node) ([]value, error) {
		if n.Op == graph.OpNot {
			return one(e.add(op, []string{e.cast(e.in(0), e.inType(0).DType, tensor.Bool)})), nil
		}
		x, d, end := e.unaryIn()
		if !d.IsFloat() && (n.Op == graph.OpFloor || n.Op == graph.OpCeil || n.Op == graph.OpRound) {
			return end(x), nil
		}
		return end(e.add(op, []string{x})), nil
	}
}

func relu(e *encoder, _ *graph.Node) ([]value, error) {
	x, d, end := e.unaryIn()
	return end(e.add("Max", []string{x, e.scalar(0, d)})), nil
}

// logarithm of a sparse value acts on stored entries alone, none of which is zero.
func logarithm(e *encoder, _ *graph.Node) ([]value, error) {
	x, d, end := e.unaryIn()
	y := e.add("Log", []string{x})
	if e.inType(0).Kind == graph.CSR {
		y = e.add("Where", []string{e.add("Equal", []string{x, e.scalar(0, d)}), x, y})
	}
	return end(y), nil
}

// log1pOf is log(1+u) with the rounding of 1+u taken back: log(w)·u/(w-1).
func (e *encoder) log1pOf(u string, d tensor.DType) string {
	w := e.add("Add", []string{u, e.scalar(1, d)})
	l := e.add("Log", []string{w})
	diff := e.add("Sub", []string{w, e.scalar(1, d)})
	y := e.add("Mul", []string{l, e.add("Div", []string{u, diff})})
	tiny := e.add("Equal", []string{w, e.scalar(1, d)})
	y = e.add("Where", []string{tiny, u, y})
	inf := e.add("IsInf", []string{w})
	return e.add("Where", []string{inf, l, y})
}

func log1p(e *encoder, _ *graph.Node) ([]value, error) {
	x, d, end := e.unaryIn()
	return end(e.log1pOf(x, d)), nil
}

// expm1 is exp(x)-1 with the rounding of exp taken back: (u-1)·x/log(u).
func expm1(e *encoder, _ *graph.Node) ([]value, error) {
	x, d, end := e.unaryIn()
	u := e.add("Exp", []string{x})
	diff := e.add("Sub", []string{u, e.scalar(1, d)})
	y := e.add("Mul", []string{diff, e.add("Div", []string{x, e.add("Log", []string{u})})})
	y = e.add("Where", []string{e.add("Equal", []string{u, e.scalar(1, d)}), x, y})
	y = e.add("Where", []string{e.add("Less", []string{e.add("Abs", []string{x}), e.scalar(1, d)}), y, diff})
	return end(y), nil
}

// softplus is max(x,0) + log1p(exp(-|x|)).
func softplus(e *encoder, _ *graph.Node) ([]value, error) {
	x, d, end := e.unaryIn()
	u := e.add("Exp", []string{e.add("Neg", []string{e.add("Abs", []string{x})})})
	return end(e.add("Add", []string{e.add("Max", []string{x, e.scalar(0, d)}), e.log1pOf(u, d)})), nil
}

func logAddExp(e *encoder, _ *graph.Node) ([]value, error) {
	x, y, d, end, err := e.binaryIn()
	if err != nil {
		return nil, err
	}
	diff := e.add("Sub", []string{x, y})
	u := e.add("Exp", []string{e.add("Neg", []string{e.add("Abs", []string{diff})})})
	s := e.add("Add", []string{e.add("Max", []string{x, y}), e.log1pOf(u, d)})
	same := e.add("Equal", []string{x, y}) // also equal infinities
	return end(e.add("Where", []string{same, e.add("Add", []string{x, e.scalar(math.Ln2, d)}), s})), nil
}

func isNaN(e *encoder, _ *graph.Node) ([]value, error) {
	if d := e.inType(0).DType; d.IsFloat() {
		return one(e.add("IsNaN", []string{e.in(0)})), nil
	}
	return one(e.never()), nil
}

func isInf(e *encoder, _ *graph.Node) ([]value, error) {
	if d := e.inType(0).DType; d.IsFloat() {
		return one(e.add("IsInf", []string{e.in(0)})), nil
	}
	return one(e.never()), nil
}

// never is false in the shape of input 0.
func (e *encoder) never() string {
	shape := e.add("Shape", []string{e.in(0)})
	return e.add("Expand", []string{e.scalar(0, tensor.Bool), shape})
}

// binaryIn returns both inputs in the dtype they are computed in, and what brings a result to the output's dtype.
func (e *encoder) binaryIn() (x, y string, d tensor.DType, end func(string) []value, err error) {
	xd, yd, out := e.inType(0).DType, e.inType(1).DType, e.outType(0).DType
	p := tensor.Promote(xd, yd)
	if (e.at.Op == graph.OpDiv || e.at.Op == graph.OpLogAddExp) && !p.IsFloat() {
		p = tensor.Float64
	}
	if !p.IsNumeric() {
		return "", "", 0, nil, e.unsupported("no arithmetic of %s and %s", xd, yd)
	}
	d = compute(p)
	end = func(s string) []value { return one(e.cast(e.cast(s, d, p), p, out)) }
	return e.cast(e.in(0), xd, d), e.cast(e.in(1), yd, d), d, end, nil
}

func arithmetic(op string) encode {
	return func(e *encoder, n *graph.Node) ([]value, error) {
		x, y, _, end, err := e.binaryIn()
		if err != nil {
			return nil, err
		}
		return end(e.add(op, []string{x, y})), nil
	}
}

// floorMod is fmod moved to the divisor's sign.
func floorMod(e *encoder, _ *graph.Node) ([]value, error) {
	x, y, d, end, err := e.binaryIn()
	if err != nil {
		return nil, err
	}
	if !d.IsFloat() {
		return end(e.add("Mod", []string{x, y})), nil
	}
	m := e.add("Mod", []string{x, y}, attr{"fmod", 1})
	zero := e.scalar(0, d)
	wrong := e.add("And", []string{
		e.add("Not", []string{e.add("Equal", []string{m, zero})}),
		e.add("Xor", []string{e.add("Less", []string{m, zero}), e.add("Less", []string{y, zero})}),
	})
	return end(e.add("Where", []string{wrong, e.add("Add", []string{m, y}), m})), nil
}

func comparison(op string) encode {
	return func(e *encoder, n *graph.Node) ([]value, error) {
		xd, yd := e.inType(0).DType, e.inType(1).DType
		if op == "And" || op == "Or" {
			return one(e.add(op, []string{e.cast(e.in(0), xd, tensor.Bool), e.cast(e.in(1), yd, tensor.Bool)})), nil
		}
		p := tensor.Promote(xd, yd)
		if !p.IsNumeric() {
			return nil, e.unsupported("no comparison of %s and %s", xd, yd)
		}
		d := compute(p)
		return one(e.add(op, []string{e.cast(e.in(0), xd, d), e.cast(e.in(1), yd, d)})), nil
	}
}

func where(e *encoder, n *graph.Node) ([]value, error) {
	out := e.outType(0).DType
	d := out
	if d != tensor.String {
		if !d.IsNumeric() {
			return nil, e.unsupported("no tensor holds %s", d)
		}
		d = compute(d)
	}
	pick := func(i int) (string, error) {
		t := e.inType(i).DType
		if (t == tensor.String) != (d == tensor.String) {
			return "", e.unsupported("numbers as text")
		}
		return e.cast(e.in(i), t, d), nil
	}
	x, err := pick(1)
	if err != nil {
		return nil, err
	}
	y, err := pick(2)
	if err != nil {
		return nil, err
	}
	return one(e.cast(e.add("Where", []string{e.in(0), x, y}), d, out)), nil
}

func clip(e *encoder, n *graph.Node) ([]value, error) {
	a := n.Attr.(*graph.ClipAttr)
	x, d, end := e.unaryIn()
	if !d.IsFloat() {
		a = &graph.ClipAttr{Lo: math.Ceil(a.Lo), Hi: math.Floor(a.Hi)}
	}
	if a.Lo > math.Inf(-1) {
		lo := e.scalar(a.Lo, d)
		x = e.add("Where", []string{e.add("Less", []string{x, lo}), lo, x}) // NaN passes
	}
	if a.Hi < math.Inf(1) {
		hi := e.scalar(a.Hi, d)
		x = e.add("Where", []string{e.add("Greater", []string{x, hi}), hi, x})
	}
	return end(x), nil
}

func cast(e *encoder, n *graph.Node) ([]value, error) {
	to := n.Attr.(*graph.CastAttr).To
	t := e.inType(0)
	if t.Kind != graph.Frame {
		s, err := e.castChecked(e.in(0), t.DType, to)
		return one(s), err
	}
	if len(t.Columns) == 0 {
		return nil, e.unsupported("a frame without columns")
	}
	cols := make([]string, len(t.Columns))
	for j, c := range t.Columns {
		var err error
		if cols[j], err = e.castChecked(e.vals[n.In[0]].cols[j], c.DType, to); err != nil {
			return nil, err
		}
	}
	return one(e.concat(cols, 1)), nil
}

// castChecked refuses what ONNX reads or writes otherwise than Python.
func (e *encoder) castChecked(s string, from, to tensor.DType) (string, error) {
	switch {
	case from == to:
		return s, nil
	case from == tensor.String || from == tensor.Object:
		return "", e.unsupported("ONNX reads numbers in text otherwise than Python")
	case to == tensor.Object:
		return "", e.unsupported("no tensor holds %s", to)
	case to == tensor.String && !from.IsInt():
		return "", e.unsupported("ONNX writes numbers as text otherwise than Python")
	}
	return e.cast(s, from, to), nil
}

// concat joins along an axis; a single part is passed on.
func (e *encoder) concat(parts []string, axis int) string {
	if len(parts) == 1 {
		return parts[0]
	}
	return e.add("Concat", parts, attr{"axis", axis})
}

func reduce(op string) encode {
	return func(e *encoder, n *graph.Node) ([]value, error) {
		a := n.Attr.(*graph.ReduceAttr)
		x, out := e.inType(0), e.outType(0).DType
		d := compute(out)
		keep := 0
		if a.KeepDims {
			keep = 1
		}
		if x.Shape[a.Axis] == 0 && op != "ReduceSum" && op != "ReduceSumSquare" {
			return nil, e.unsupported("nothing to reduce")
		}
		in := []string{e.cast(e.in(0), x.DType, d), e.ints(a.Axis)}
		return one(e.cast(e.add(op, in, attr{"keepdims", keep}), d, out)), nil
	}
}

func arg(op string) encode {
	return func(e *encoder, n *graph.Node) ([]value, error) {
		a := n.Attr.(*graph.ReduceAttr)
		x := e.inType(0)
		keep := 0
		if a.KeepDims {
			keep = 1
		}
		d := x.DType
		if !d.IsFloat() {
			d = tensor.Int32
			if x.DType == tensor.Int64 || x.DType == tensor.Uint32 {
				d = tensor.Float64 // runtimes find the largest int32, not int64
				if e.opts.Precision == Compact {
					return nil, e.unsupported("the largest of 64-bit integers")
				}
			}
		}
		return one(e.add(op, []string{e.cast(e.in(0), x.DType, d)}, attr{"axis", a.Axis}, attr{"keepdims", keep}, attr{"select_last_index", 0})), nil
	}
}

func cumSum(e *encoder, n *graph.Node) ([]value, error) {
	x, _, end := e.unaryIn()
	return end(e.add("CumSum", []string{x, e.scalar(float64(n.Attr.(*graph.ReduceAttr).Axis), tensor.Int64)})), nil
}

func softmax(e *encoder, n *graph.Node) ([]value, error) {
	return one(e.add("Softmax", []string{e.in(0)}, attr{"axis", n.Attr.(*graph.ReduceAttr).Axis})), nil
}

func matmul(e *encoder, n *graph.Node) ([]value, error) {
	xt, wt, out := e.inType(0), e.inType(1), e.outType(0).DType
	d := compute(out)
	var w string
	switch c := e.vals[n.In[1]].fixed; {
	case !n.Attr.(*graph.MatMulAttr).TransB || len(wt.Shape) != 2:
		w = e.in(1)
	case c != nil:
		w = e.tensor(transposed(c))
	default:
		w = e.add("Transpose", []string{e.in(1)}, attr{"perm", []int64{1, 0}})
	}
	y := e.add("MatMul", []string{e.cast(e.in(0), xt.DType, d), e.cast(w, wt.DType, d)})
	return one(e.cast(y, d, out)), nil
}

// transposed returns the transpose of a numeric matrix.
func transposed(t *tensor.Tensor) *tensor.Tensor {
	r, c := t.Shape[0], t.Shape[1]
	u := tensor.New(t.DType, c, r)
	switch t.DType.Storage() {
	case tensor.F64:
		flip(u.F64, t.F64, r, c)
	case tensor.F32:
		flip(u.F32, t.F32, r, c)
	case tensor.I64:
		flip(u.I64, t.I64, r, c)
	case tensor.U8:
		flip(u.U8, t.U8, r, c)
	}
	return u
}

// flip writes the columns of x, r x c, as rows.
func flip[T any](out, x []T, r, c int) {
	for i := range r {
		for j, v := range x[i*c : (i+1)*c] {
			out[j*r+i] = v
		}
	}
}

func gather(e *encoder, n *graph.Node) ([]value, error) {
	index := n.Attr.(*graph.GatherAttr).Index
	if e.inType(0).Kind == graph.Frame {
		v := value{cols: make([]string, len(index))}
		for i, j := range index {
			v.cols[i] = e.vals[n.In[0]].cols[j]
		}
		return []value{v}, nil
	}
	return one(e.add("Gather", []string{e.in(0), e.ints(index...)}, attr{"axis", 1})), nil
}

func column(e *encoder, n *graph.Node) ([]value, error) {
	j := n.Attr.(*graph.GatherAttr).Index[0]
	if e.inType(0).Kind == graph.Frame {
		return one(e.reshape(e.vals[n.In[0]].cols[j], graph.N)), nil
	}
	return one(e.add("Gather", []string{e.in(0), e.scalar(float64(j), tensor.Int64)}, attr{"axis", 1})), nil
}

// reshape gives a tensor other dimensions; graph.N is what is left.
func (e *encoder) reshape(s string, shape ...int) string {
	return e.add("Reshape", []string{s, e.ints(shape...)})
}

func take(e *encoder, _ *graph.Node) ([]value, error) {
	return one(e.add("Gather", []string{e.in(0), e.cast(e.in(1), e.inType(1).DType, tensor.Int64)}, attr{"axis", 0})), nil
}

func labels(e *encoder, n *graph.Node) ([]value, error) {
	c := n.Attr.(*graph.LabelsAttr).Classes
	if e.elem(c.DType) == 0 {
		return nil, e.unsupported("no tensor holds classes of different types")
	}
	flat := c
	if len(c.Shape) != 1 {
		flat = c.Reshape(c.Len())
	}
	return one(e.add("Gather", []string{e.tensor(flat), e.cast(e.in(0), e.inType(0).DType, tensor.Int64)}, attr{"axis", 0})), nil
}

// matrixOf returns input i as a matrix.
func (e *encoder) matrixOf(i int) string {
	if len(e.inType(i).Shape) == 1 {
		return e.reshape(e.in(i), graph.N, 1)
	}
	return e.in(i)
}

func hstack(e *encoder, n *graph.Node) ([]value, error) {
	out := e.outType(0)
	if out.Kind == graph.Frame {
		var v value
		for i := range n.In {
			t := e.inType(i)
			switch {
			case t.Kind == graph.Frame:
				v.cols = append(v.cols, e.vals[n.In[i]].cols...)
			case t.Width() == 1:
				v.cols = append(v.cols, e.matrixOf(i))
			default:
				for j := range t.Width() {
					v.cols = append(v.cols, e.add("Gather", []string{e.in(i), e.ints(j)}, attr{"axis", 1}))
				}
			}
		}
		if len(v.cols) == 0 {
			return nil, e.unsupported("nothing to stack")
		}
		return []value{v}, nil
	}
	var parts []string
	for i := range n.In {
		if e.inType(i).Width() > 0 {
			parts = append(parts, e.cast(e.matrixOf(i), e.inType(i).DType, out.DType))
		}
	}
	if len(parts) == 0 {
		return nil, e.unsupported("nothing to stack")
	}
	return one(e.concat(parts, 1)), nil
}

func stack(e *encoder, n *graph.Node) ([]value, error) {
	out := e.outType(0)
	parts := make([]string, len(n.In))
	for i := range n.In {
		parts[i] = e.add("Unsqueeze", []string{e.cast(e.in(i), e.inType(i).DType, out.DType), e.ints(1)})
	}
	return one(e.concat(parts, 1)), nil
}

func reshape(e *encoder, n *graph.Node) ([]value, error) {
	return one(e.reshape(e.in(0), n.Attr.(*graph.ReshapeAttr).Shape...)), nil
}

func transpose(e *encoder, n *graph.Node) ([]value, error) {
	perm := n.Attr.(*graph.TransposeAttr).Perm
	p := make([]int64, len(perm))
	for i, v := range perm {
		p[i] = int64(v)
	}
	return one(e.add("Transpose", []string{e.in(0)}, attr{"perm", p})), nil
}

func finite(e *encoder, n *graph.Node) ([]value, error) {
	a := n.Attr.(*graph.FiniteAttr)
	if !a.AllowNaN {
		e.drop(a.NaN)
	}
	if !a.AllowInf {
		e.drop(a.Inf)
	}
	return same(e, n)
}

func guard(e *encoder, n *graph.Node) ([]value, error) {
	e.drop(n.Attr.(*graph.GuardAttr).Msg)
	return same(e, n)
}
