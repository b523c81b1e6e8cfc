package graph

import (
	"github.com/larder-ml/larder/tensor"
)

// Elementwise operations. Shapes broadcast as numpy's; types promote as numpy's unless InPlace.
const (
	OpNeg      Op = "Neg"
	OpAbs      Op = "Abs"
	OpSqrt     Op = "Sqrt"
	OpExp      Op = "Exp"
	OpLog      Op = "Log"
	OpLog1p    Op = "Log1p"
	OpExpm1    Op = "Expm1"
	OpTanh     Op = "Tanh"
	OpSin      Op = "Sin"
	OpCos      Op = "Cos"
	OpErf      Op = "Erf"
	OpSigmoid  Op = "Sigmoid" // scipy.special.expit
	OpFloor    Op = "Floor"
	OpSign     Op = "Sign"
	OpCeil     Op = "Ceil"
	OpRound    Op = "Round" // to the nearest, halves to even
	OpTan      Op = "Tan"
	OpAtan     Op = "Atan"
	OpAsinh    Op = "Asinh"
	OpSinh     Op = "Sinh"
	OpCosh     Op = "Cosh"
	OpAsin     Op = "Asin"
	OpAcos     Op = "Acos"
	OpAcosh    Op = "Acosh"
	OpAtanh    Op = "Atanh"
	OpErfc     Op = "Erfc"     // scipy.special.erfc
	OpLogGamma Op = "LogGamma" // scipy.special.gammaln
	OpLogNdtr  Op = "LogNdtr"  // scipy.special.log_ndtr
	OpLog2     Op = "Log2"     // no ONNX form but a quotient
	OpLog10    Op = "Log10"    // no ONNX form but a quotient
	OpCbrt     Op = "Cbrt"     // no ONNX form
	OpRelu     Op = "Relu"     // maximum(x, 0)
	OpSoftplus Op = "Softplus" // logaddexp(0, x)
	OpNormCdf  Op = "NormCdf"  // scipy.special.ndtr
	OpNormPpf  Op = "NormPpf"  // scipy.special.ndtri
	OpNot      Op = "Not"
	OpIsNaN    Op = "IsNaN"
	OpIsInf    Op = "IsInf"

	OpAdd            Op = "Add"
	OpSub            Op = "Sub"
	OpMul            Op = "Mul"
	OpDiv            Op = "Div"
	OpPow            Op = "Pow"
	OpMax            Op = "Max" // NaN wins, as numpy.maximum
	OpMin            Op = "Min"
	OpFloorMod       Op = "FloorMod"
	OpLogAddExp      Op = "LogAddExp"
	OpLess           Op = "Less"
	OpLessOrEqual    Op = "LessOrEqual"
	OpGreater        Op = "Greater"
	OpGreaterOrEqual Op = "GreaterOrEqual"
	OpEqual          Op = "Equal"
	OpAnd            Op = "And"
	OpOr             Op = "Or"

	OpWhere Op = "Where" // cond, x, y → x where cond, else y
	OpClip  Op = "Clip"  // x → min(max(x, Lo), Hi); NaN passes. Attr *ClipAttr
	OpCast  Op = "Cast"  // x → x as another dtype. Attr *CastAttr
)

// BinaryAttr says how a binary operation rounds.
type BinaryAttr struct {
	// InPlace is numpy's `x op= y`: the result keeps x's dtype; a float32 x with a float64 y is computed in
	// float64 and rounded once.
	InPlace bool
}

// ClipAttr holds the bounds, infinite where there is none.
type ClipAttr struct{ Lo, Hi float64 }

// CastAttr holds the type to cast to. From text: Python's float(). From floating to integer: truncation.
// A value outside float32 becomes infinite.
type CastAttr struct{ To tensor.DType }

// Unary adds an elementwise operation on a dense or CSR value. Integers and bools become float64 except for
// Neg, Abs, Sign, Floor, Ceil, Relu (kept) and Not, IsNaN, IsInf (bool). On CSR only operations that keep zero are allowed.
func (b *Builder) Unary(op Op, x Value) Value {
	if !x.OK() {
		return x
	}
	x = b.stored(x)
	t := x.Type()
	switch t.Kind {
	case Dense:
	case CSR:
		switch op {
		case OpNeg, OpAbs, OpSqrt, OpExpm1, OpLog1p, OpTanh, OpSin, OpFloor, OpSign, OpRelu, OpErf, OpLog,
			OpCeil, OpRound, OpTan, OpAtan, OpAsinh, OpCbrt, OpSinh, OpAsin, OpAtanh:
			// Log acts on stored entries alone: sublinear term frequencies.
		default:
			return b.Failf(op, "a sparse value would become dense")
		}
	default:
		return b.Failf(op, "needs a matrix, has %s", t)
	}
	switch op {
	case OpNot, OpIsNaN, OpIsInf:
		t.DType = tensor.Bool
	case OpNeg, OpAbs, OpSign, OpFloor, OpCeil, OpRelu:
		if !t.DType.IsNumeric() {
			return b.Failf(op, "needs numbers, has %s", t)
		}
	default:
		if !t.DType.IsNumeric() {
			return b.Failf(op, "needs numbers, has %s", t)
		}
		if !t.DType.IsFloat() {
			t.DType = tensor.Float64
		}
	}
	return b.Add1(op, nil, t, x)
}

// Binary adds an elementwise operation with numpy's broadcasting and promotion. A CSR x takes a dense row or scalar y
// for Mul and Div (Add and Sub of two CSR values of one shape are allowed too) and stays CSR.
func (b *Builder) Binary(op Op, x, y Value) Value { return b.binary(op, x, y, false) }

// InPlace adds `x op= y`: the result has x's dtype.
func (b *Builder) InPlace(op Op, x, y Value) Value { return b.binary(op, x, y, true) }

func (b *Builder) binary(op Op, x, y Value, inPlace bool) Value {
	if !x.OK() || !y.OK() {
		return Value{}
	}
	x = b.stored(x)
	xt, yt := x.Type(), y.Type()
	out := Type{Kind: xt.Kind}
	switch {
	case xt.Kind == Dense && yt.Kind == Dense:
		shape, ok := Broadcast(xt.Shape, yt.Shape)
		if !ok {
			return b.Failf(op, "shapes of %s and %s do not fit", xt, yt)
		}
		out.Shape = shape
	case xt.Kind == CSR && (op == OpMul || op == OpDiv) && yt.Kind == Dense:
		if w := yt.Shape; len(w) > 1 || (len(w) == 1 && w[0] != xt.Shape[1]) {
			return b.Failf(op, "shapes of %s and %s do not fit", xt, yt)
		}
		out.Shape = xt.Shape
	case xt.Kind == CSR && yt.Kind == CSR && (op == OpAdd || op == OpSub):
		out.Shape = xt.Shape
	default:
		return b.Failf(op, "not defined for %s and %s", xt, yt)
	}
	switch op {
	case OpLess, OpLessOrEqual, OpGreater, OpGreaterOrEqual, OpEqual, OpAnd, OpOr:
		out.DType = tensor.Bool
	default:
		if !xt.DType.IsNumeric() || !yt.DType.IsNumeric() {
			return b.Failf(op, "needs numbers, has %s and %s", xt, yt)
		}
		out.DType = tensor.Promote(xt.DType, yt.DType)
		if (op == OpDiv || op == OpLogAddExp) && !out.DType.IsFloat() {
			out.DType = tensor.Float64
		}
		if inPlace {
			out.DType = xt.DType
		}
	}
	return b.Add1(op, &BinaryAttr{InPlace: inPlace}, out, x, y)
}

// Add returns x + y.
func (b *Builder) Add(x, y Value) Value { return b.Binary(OpAdd, x, y) }

// Sub returns x - y.
func (b *Builder) Sub(x, y Value) Value { return b.Binary(OpSub, x, y) }

// Mul returns x * y, elementwise.
func (b *Builder) Mul(x, y Value) Value { return b.Binary(OpMul, x, y) }

// Div returns x / y.
func (b *Builder) Div(x, y Value) Value { return b.Binary(OpDiv, x, y) }

// Broadcast returns numpy's broadcast of two shapes; N meets only N, 1 or nothing, and comes first.
func Broadcast(a, c []int) ([]int, bool) {
	n := max(len(a), len(c))
	out := make([]int, n)
	for i := 1; i <= n; i++ {
		x, y := 1, 1
		if i <= len(a) {
			x = a[len(a)-i]
		}
		if i <= len(c) {
			y = c[len(c)-i]
		}
		switch {
		case x == y:
			out[n-i] = x
		case x == 1:
			out[n-i] = y
		case y == 1:
			out[n-i] = x
		default:
			return nil, false
		}
		if out[n-i] == N && i < n {
			return nil, false
		}
	}
	return out, true
}

// Where returns x where cond holds, else y.
func (b *Builder) Where(cond, x, y Value) Value {
	if !cond.OK() || !x.OK() || !y.OK() {
		return Value{}
	}
	s, ok := Broadcast(x.Type().Shape, y.Type().Shape)
	if ok {
		s, ok = Broadcast(s, cond.Type().Shape)
	}
	if !ok || cond.DType() != tensor.Bool {
		return b.Failf(OpWhere, "%s, %s and %s do not fit", cond.Type(), x.Type(), y.Type())
	}
	return b.Add1(OpWhere, nil, Type{DType: tensor.Promote(x.DType(), y.DType()), Shape: s}, cond, x, y)
}

// Clip bounds x; the bounds are rounded to x's dtype first.
func (b *Builder) Clip(x Value, lo, hi float64) Value {
	if !x.OK() {
		return x
	}
	return b.Add1(OpClip, &ClipAttr{lo, hi}, x.Type(), x)
}

// Cast converts the elements of a dense or CSR value, the distances of a Ragged one, or all columns of a Frame into one
// dense matrix. Casting to the type it has is no node.
func (b *Builder) Cast(x Value, to tensor.DType) Value {
	if !x.OK() {
		return x
	}
	t := x.Type()
	if t.Kind != Frame && t.DType == to {
		return x
	}
	switch t.Kind {
	case Dense, CSR:
	case OneHot, Ragged:
	case Frame:
		t = Type{Kind: Dense, Shape: []int{N, len(t.Columns)}}
	default:
		return b.Failf(OpCast, "not defined for %s", t)
	}
	t.DType = to
	return b.Add1(OpCast, &CastAttr{to}, t, x)
}

// Order is the order in which a reduction adds, which decides its last bits.
type Order uint8

// The orders.
const (
	// Any leaves the order to the kernel: only for sums whose order scikit-learn leaves to BLAS.
	Any Order = iota
	// Sequential adds one after the other from 0: sums over axis 0, loops, CSR rows.
	Sequential
	// Pairwise is numpy's sum over the last axis of a C-contiguous array (docs: numpy.sum, pairwise summation).
	Pairwise
	// Columns is numpy's row sum of an F-ordered (transposed) array: sequential for two rows and more,
	// pairwise for a batch of one row, whose memory is contiguous again.
	Columns
	// Lanes is numpy.einsum's row norm: 2 lanes of float64 or 4 of float32 (128-bit SIMD).
	Lanes
)

// Reductions and row operations.
const (
	OpReduceSum  Op = "ReduceSum"
	OpReduceMean Op = "ReduceMean"
	OpReduceMax  Op = "ReduceMax" // NaN wins
	OpReduceMin  Op = "ReduceMin"
	OpSumSquare  Op = "ReduceSumSquare"
	OpArgMax     Op = "ArgMax" // first of the equals; the first NaN wins
	OpArgMin     Op = "ArgMin"
	OpCumSum     Op = "CumSum"    // sequential
	OpSoftmax    Op = "Softmax"   // x - max, exp, / sum (a division per entry)
	OpLogSumExp  Op = "LogSumExp" // scikit-learn's _logsumexp (ties of the maximum counted apart, log1p)
)

// ReduceAttr describes a reduction.
type ReduceAttr struct {
	Axis     int // 1 and up: within a row
	KeepDims bool
	Order    Order
}

// Reduce reduces one axis (not the rows) of a dense value; of a CSR or OneHot value axis 1, over stored entries in their order.
// Sums and means of integers and bools keep integers for ReduceSum and become float64 for ReduceMean; ReduceSumSquare keeps
// every type, as einsum: what overflows wraps, and of bools it is whether any is true.
func (b *Builder) Reduce(op Op, x Value, axis int, keep bool, order Order) Value {
	if !x.OK() {
		return x
	}
	x = b.stored(x)
	t := x.Type()
	if axis < 0 || axis >= len(t.Shape) || t.Shape[axis] == N || (t.Kind != Dense && t.Kind != CSR) {
		return b.Failf(op, "no axis %d in %s", axis, t)
	}
	out := Type{DType: t.DType}
	switch op {
	case OpArgMax, OpArgMin:
		out.DType = tensor.Int64
	case OpReduceMean, OpLogSumExp:
		if !t.DType.IsFloat() {
			out.DType = tensor.Float64
		}
	case OpReduceSum:
		if t.DType == tensor.Bool || t.DType.IsInt() {
			out.DType = tensor.Int64
		}
	}
	for i, d := range t.Shape {
		if i != axis {
			out.Shape = append(out.Shape, d)
		} else if keep {
			out.Shape = append(out.Shape, 1)
		}
	}
	return b.Add1(op, &ReduceAttr{axis, keep, order}, out, x)
}

// ArgMax returns the index of the first largest entry of each row.
func (b *Builder) ArgMax(x Value) Value { return b.Reduce(OpArgMax, x, 1, false, Any) }

// RowSum sums each row.
func (b *Builder) RowSum(x Value, order Order) Value {
	return b.Reduce(OpReduceSum, x, 1, false, order)
}

// Softmax normalises each row.
func (b *Builder) Softmax(x Value, order Order) Value {
	if !x.OK() {
		return x
	}
	return b.Add1(OpSoftmax, &ReduceAttr{Axis: 1, KeepDims: true, Order: order}, x.Type(), x)
}

// CumSum adds along axis 1, one after the other.
func (b *Builder) CumSum(x Value) Value {
	if !x.OK() {
		return x
	}
	return b.Add1(OpCumSum, &ReduceAttr{Axis: 1, KeepDims: true, Order: Sequential}, x.Type(), x)
}

// Products.
const (
	// OpMatMul multiplies x (dense or CSR, [N,k] or constant) by w. Attr *MatMulAttr.
	// CSR: for each row the stored entries in order, added to every output column from 0.0 (exact).
	// Dense: the order is the kernel's (scikit-learn's is BLAS's): 1e-12 of the largest.
	OpMatMul Op = "MatMul"
)

// MatMulAttr says which side is transposed.
type MatMulAttr struct{ TransB bool }

// MatMul returns x @ w: x [N,k], w [k,m] or [k].
func (b *Builder) MatMul(x, w Value) Value { return b.matmul(x, w, false) }

// MatMulT returns x @ w.T: x [N,k], w [m,k] or [k].
func (b *Builder) MatMulT(x, w Value) Value { return b.matmul(x, w, true) }

func (b *Builder) matmul(x, w Value, trans bool) Value {
	if !x.OK() || !w.OK() {
		return Value{}
	}
	if w.Type().Kind == CSR {
		x = b.stored(x)
	}
	xt, wt := x.Type(), w.Type()
	if (xt.Kind != Dense && xt.Kind != CSR && xt.Kind != OneHot) || (wt.Kind != Dense && wt.Kind != CSR) || len(xt.Shape) != 2 || len(wt.Shape) < 1 || len(wt.Shape) > 2 {
		return b.Failf(OpMatMul, "not defined for %s and %s", xt, wt)
	}
	k, m := wt.Shape[0], -2
	if len(wt.Shape) == 2 {
		k, m = wt.Shape[0], wt.Shape[1]
		if trans {
			k, m = m, k
		}
	}
	if xt.Shape[1] != k {
		return b.Failf(OpMatMul, "inner sizes %d and %d differ", xt.Shape[1], k)
	}
	out := Type{DType: tensor.Promote(xt.DType, wt.DType), Shape: []int{xt.Shape[0]}}
	if m != -2 {
		out.Shape = append(out.Shape, m)
	}
	if xt.Kind == CSR && wt.Kind == CSR {
		out.Kind = CSR
	}
	return b.Add1(OpMatMul, &MatMulAttr{trans}, out, x, w)
}

// Shape operations.
const (
	OpGather    Op = "Gather"    // x → chosen columns (Frame, dense, CSR). Attr *GatherAttr
	OpTake      Op = "Take"      // table const, codes int → table rows. Out-of-range codes are a bug of the formula
	OpHStack    Op = "HStack"    // parts side by side. Attr *HStackAttr
	OpStack     Op = "Stack"     // parts of one type along a new axis after the rows
	OpReshape   Op = "Reshape"   // Attr *ReshapeAttr
	OpTranspose Op = "Transpose" // Attr *TransposeAttr; the rows stay first
	OpToDense   Op = "ToDense"
	OpToCSR     Op = "ToCSR"  // drops zeros
	OpColumn    Op = "Column" // Frame or matrix → one column, [N]. Attr *GatherAttr with one index
	OpLabels    Op = "Labels" // codes int → classes[code]. Attr *LabelsAttr
)

// GatherAttr holds column indices.
type GatherAttr struct{ Index []int }

// HStackAttr says whether the result is CSR; scikit-learn decides that at fit.
type HStackAttr struct{ Sparse bool }

// ReshapeAttr holds the new shape, N first for row values.
type ReshapeAttr struct{ Shape []int }

// TransposeAttr holds the permutation of axes.
type TransposeAttr struct{ Perm []int }

// LabelsAttr holds the classes a code stands for.
type LabelsAttr struct{ Classes *tensor.Tensor }

// Gather picks columns, in the order given, duplicates allowed.
func (b *Builder) Gather(x Value, index []int) Value {
	if !x.OK() {
		return x
	}
	t := x.Type()
	w := t.Width()
	same := len(index) == w
	for i, j := range index {
		if j < 0 || j >= w {
			return b.Failf(OpGather, "no column %d in %s", j, t)
		}
		same = same && i == j
	}
	if same {
		return x
	}
	switch t.Kind {
	case Frame:
		cols := make([]Column, len(index))
		for i, j := range index {
			cols[i] = t.Columns[j]
		}
		t.Columns = cols
	case Dense, CSR:
		if len(t.Shape) != 2 {
			return b.Failf(OpGather, "needs a matrix, has %s", t)
		}
	case OneHot:
		x = b.ToCSR(x)
		t = x.Type()
	default:
		return b.Failf(OpGather, "needs a matrix, has %s", t)
	}
	t.Shape = []int{t.Shape[0], len(index)}
	return b.Add1(OpGather, &GatherAttr{index}, t, x)
}

// Column picks one column as a one-dimensional value.
func (b *Builder) Column(x Value, j int) Value {
	if !x.OK() {
		return x
	}
	t := x.Type()
	if j < 0 || j >= t.Width() || len(t.Shape) != 2 {
		return b.Failf(OpColumn, "no column %d in %s", j, t)
	}
	dt := t.DType
	switch t.Kind {
	case Frame:
		dt = t.Columns[j].DType
	case Dense, CSR:
	default:
		return b.Failf(OpColumn, "not defined for %s", t)
	}
	return b.Add1(OpColumn, &GatherAttr{[]int{j}}, Type{DType: dt, Shape: []int{t.Shape[0]}}, x)
}

// Take looks up rows of a constant table: table [c, …], codes [N] or [N,k] of integers → [N, …] or [N,k, …].
func (b *Builder) Take(table, codes Value) Value {
	if !table.OK() || !codes.OK() {
		return Value{}
	}
	tt, ct := table.Type(), codes.Type()
	if tt.Kind != Dense || ct.Kind != Dense || len(tt.Shape) == 0 || !ct.DType.IsInt() {
		return b.Failf(OpTake, "not defined for %s and %s", tt, ct)
	}
	return b.Add1(OpTake, nil, Type{DType: tt.DType, Shape: append(append([]int{}, ct.Shape...), tt.Shape[1:]...)}, table, codes)
}

// Labels turns class codes (integers or bools, any shape) into class labels.
func (b *Builder) Labels(codes Value, classes *tensor.Tensor) Value {
	if !codes.OK() {
		return codes
	}
	t := codes.Type()
	if classes == nil || t.Kind != Dense || !(t.DType.IsInt() || t.DType == tensor.Bool) {
		return b.Failf(OpLabels, "not defined for %s", t)
	}
	return b.Add1(OpLabels, &LabelsAttr{classes}, Type{DType: classes.DType, Shape: t.Shape}, codes)
}

// HStack puts row values side by side, one-dimensional ones as one column. All dense numbers: a dense matrix of the
// promoted type. sparse: CSR, zeros of dense parts dropped, duplicates kept. Any Frame, text or object part: a Frame,
// column by column.
func (b *Builder) HStack(sparse bool, parts ...Value) Value {
	if len(parts) == 1 && len(parts[0].Type().Shape) == 2 && (parts[0].Type().Kind == CSR) == sparse && parts[0].Type().Kind != OneHot {
		return parts[0]
	}
	out := Type{Kind: Dense, Shape: []int{N, 0}}
	if sparse {
		out.Kind = CSR
	}
	frame := false
	for i, p := range parts {
		if !p.OK() {
			return Value{}
		}
		t := p.Type()
		if len(t.Shape) < 1 || len(t.Shape) > 2 || !t.Batched() {
			return b.Failf(OpHStack, "part %d is %s", i, t)
		}
		if sparse && t.DType == tensor.Float16 {
			return b.Refuse("scipy.sparse does not support dtype float16.")
		}
		out.Shape[1] += t.Width()
		if t.Kind == Frame || t.DType == tensor.String || t.DType == tensor.Object {
			frame = true
		}
		if i == 0 {
			out.DType = t.DType
		} else if !frame {
			out.DType = tensor.Promote(out.DType, t.DType)
		}
	}
	if frame {
		if sparse {
			return b.Refuse("For a sparse output, all columns should be a numeric or convertible to a numeric.")
		}
		out = Type{Kind: Frame, Shape: out.Shape}
		for _, p := range parts {
			t := p.Type()
			if t.Kind == Frame {
				out.Columns = append(out.Columns, t.Columns...)
				continue
			}
			for range t.Width() {
				out.Columns = append(out.Columns, Column{DType: t.DType})
			}
		}
	}
	if out.DType == tensor.Invalid && !frame {
		out.DType = tensor.Float64
	}
	return b.Add1(OpHStack, &HStackAttr{sparse}, out, parts...)
}

// Stack puts dense values of one shape and dtype along a new axis 1: k of [N, …] → [N, k, …].
func (b *Builder) Stack(parts ...Value) Value {
	var t Type
	for i, p := range parts {
		if !p.OK() {
			return Value{}
		}
		if i == 0 {
			t = p.Type()
			continue
		}
		t.DType = tensor.Promote(t.DType, p.DType())
		if s, ok := Broadcast(t.Shape, p.Type().Shape); !ok || len(s) != len(t.Shape) {
			return b.Failf(OpStack, "part %d is %s, the first %s", i, p.Type(), t)
		}
	}
	if len(parts) == 0 || t.Kind != Dense || !t.Batched() {
		return b.Failf(OpStack, "nothing to stack")
	}
	t.Shape = append([]int{t.Shape[0], len(parts)}, t.Shape[1:]...)
	return b.Add1(OpStack, nil, t, parts...)
}

// Reshape changes the dimensions after the rows.
func (b *Builder) Reshape(x Value, shape ...int) Value {
	if !x.OK() {
		return x
	}
	t := x.Type()
	old, size := 1, 1
	for _, d := range t.Shape {
		if d != N {
			old *= d
		}
	}
	for _, d := range shape {
		if d != N {
			size *= d
		}
	}
	if t.Kind != Dense || old != size || t.Batched() != (len(shape) > 0 && shape[0] == N) {
		return b.Failf(OpReshape, "%s does not fit %v", t, shape)
	}
	t.Shape = append([]int{}, shape...)
	return b.Add1(OpReshape, &ReshapeAttr{t.Shape}, t, x)
}

// Ravel makes an [N,1] value one-dimensional.
func (b *Builder) Ravel(x Value) Value {
	if !x.OK() || len(x.Type().Shape) == 1 {
		return x
	}
	if x.Width() != 1 {
		return b.Failf(OpReshape, "%s has more than one column", x.Type())
	}
	return b.Reshape(x, N)
}

// AsColumn makes a one-dimensional value [N,1].
func (b *Builder) AsColumn(x Value) Value {
	if !x.OK() || len(x.Type().Shape) != 1 {
		return x
	}
	return b.Reshape(x, N, 1)
}

// Transpose permutes the axes of a dense value; the rows must stay first.
func (b *Builder) Transpose(x Value, perm ...int) Value {
	if !x.OK() {
		return x
	}
	t := x.Type()
	if t.Kind != Dense || len(perm) != len(t.Shape) || (t.Batched() && perm[0] != 0) {
		return b.Failf(OpTranspose, "%s by %v", t, perm)
	}
	s := make([]int, len(perm))
	for i, p := range perm {
		s[i] = t.Shape[p]
	}
	t.Shape = s
	return b.Add1(OpTranspose, &TransposeAttr{perm}, t, x)
}

// ToDense materialises CSR and OneHot values; dense ones pass.
func (b *Builder) ToDense(x Value) Value {
	if !x.OK() || x.Type().Kind == Dense {
		return x
	}
	t := x.Type()
	if t.Kind != CSR && t.Kind != OneHot {
		return b.Failf(OpToDense, "not defined for %s", t)
	}
	return b.Add1(OpToDense, nil, Type{DType: t.DType, Shape: t.Shape}, x)
}

// stored is x with one-hot blocks as the sparse matrix that they stand for.
func (b *Builder) stored(x Value) Value {
	if x.Type().Kind == OneHot {
		return b.ToCSR(x)
	}
	return x
}

// ToCSR makes a dense or OneHot value sparse.
func (b *Builder) ToCSR(x Value) Value {
	if !x.OK() || x.Type().Kind == CSR {
		return x
	}
	t := x.Type()
	if (t.Kind != Dense && t.Kind != OneHot) || len(t.Shape) != 2 {
		return b.Failf(OpToCSR, "not defined for %s", t)
	}
	return b.Add1(OpToCSR, nil, Type{Kind: CSR, DType: t.DType, Shape: t.Shape}, x)
}

// Guards: refusals at run time, with scikit-learn's words. Targets without errors (ONNX) drop and report them.
const (
	OpFinite Op = "Finite" // x → x, or an InputError. Attr *FiniteAttr
	OpGuard  Op = "Guard"  // x, cond bool → x, or an InputError when cond holds anywhere (everywhere). Attr *GuardAttr
)

// FiniteAttr says what is refused and how. DType is the name scikit-learn prints.
type FiniteAttr struct {
	AllowNaN, AllowInf bool
	NaN, Inf           string // messages
}

// GuardAttr holds the message.
type GuardAttr struct {
	Msg string
	All bool // only where cond holds everywhere
}

// Finite refuses NaN and infinities at run time, in dense, CSR (stored entries) and floating Frame columns.
func (b *Builder) Finite(x Value, a FiniteAttr) Value {
	if !x.OK() {
		return x
	}
	t := x.Type()
	if t.Kind != Frame && !t.DType.IsFloat() && t.DType != tensor.Object {
		return x
	}
	return b.Add1(OpFinite, &a, t, x)
}

// Guard refuses when cond holds anywhere.
func (b *Builder) Guard(x, cond Value, msg string) Value {
	if !x.OK() || !cond.OK() {
		return Value{}
	}
	if cond.DType() != tensor.Bool {
		return b.Failf(OpGuard, "condition is %s", cond.Type())
	}
	return b.Add1(OpGuard, &GuardAttr{Msg: msg}, x.Type(), x, cond)
}

// GuardAll refuses when cond holds everywhere in a batch.
func (b *Builder) GuardAll(x, cond Value, msg string) Value {
	x = b.Guard(x, cond, msg)
	if x.OK() {
		b.g.Nodes[len(b.g.Nodes)-1].Attr.(*GuardAttr).All = true
		b.Couples()
	}
	return x
}
