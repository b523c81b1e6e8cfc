package graph

// OpFrame gives a value's columns names: dense matrix or Frame → Frame. Attr *FrameAttr.
const OpFrame Op = "Frame"

// FrameAttr holds the names of the columns.
type FrameAttr struct{ Names []string }

// ToFrame makes named columns of a dense matrix or a frame, each of the type it has.
func (b *Builder) ToFrame(x Value, names []string) Value {
	if !x.OK() {
		return x
	}
	t := x.Type()
	if (t.Kind != Dense && t.Kind != Frame) || len(t.Shape) != 2 || t.Shape[1] != len(names) {
		return b.Failf(OpFrame, "%d names for %s", len(names), t)
	}
	out := Type{Kind: Frame, Shape: t.Shape, Columns: make([]Column, len(names))}
	for i, n := range names {
		out.Columns[i] = Column{Name: n, DType: t.DType}
		if t.Kind == Frame {
			out.Columns[i].DType = t.Columns[i].DType
		}
	}
	return b.Add1(OpFrame, &FrameAttr{names}, out, x)
}
