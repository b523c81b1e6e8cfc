package graph

import "github.com/larder-ml/larder/tensor"

// Operations of ONNX on the entries of each row that no estimator needs of its own: files that others wrote have them.
const (
	// OpTopK gives the K least or greatest entries of each row in order, and where they stand: of equals the first, NaN last.
	// x [N,m] → values [N,K], int64 [N,K]. Attr *TopKAttr.
	OpTopK Op = "TopK"
	// OpGatherElements picks entries of each row. x [N,m], int64 [N,k] → [N,k]; negative indices count from the end.
	OpGatherElements Op = "GatherElements"
)

// TopKAttr describes TopK.
type TopKAttr struct {
	K       int
	Largest bool
}

// TopK takes the first k entries of each row in order.
func (b *Builder) TopK(x Value, k int, largest bool) Value {
	if !x.OK() {
		return x
	}
	t := x.Type()
	if t.Kind != Dense || len(t.Shape) != 2 || !t.Batched() || !t.DType.IsFloat() && !t.DType.IsInt() || t.DType == tensor.Uint64 || k < 1 || k > t.Shape[1] {
		return b.Failf(OpTopK, "no %d of %s", k, t)
	}
	shape := []int{N, k}
	out := b.AddN(OpTopK, &TopKAttr{k, largest}, []Type{{DType: t.DType, Shape: shape}, {DType: tensor.Int64, Shape: shape}}, x)
	return b.Tuple(out...)
}

// GatherElements picks the entries of each row that index says.
func (b *Builder) GatherElements(x, index Value) Value {
	if !x.OK() || !index.OK() {
		return Value{}
	}
	t, i := x.Type(), index.Type()
	if t.Kind != Dense || len(t.Shape) != 2 || !t.Batched() || !t.DType.IsNumeric() || i.Kind != Dense || len(i.Shape) != 2 || !i.Batched() || i.DType != tensor.Int64 {
		return b.Failf(OpGatherElements, "not defined for %s and %s", t, i)
	}
	return b.Add1(OpGatherElements, nil, Type{DType: t.DType, Shape: i.Shape}, x, index)
}
