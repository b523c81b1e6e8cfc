package graph

import (
	"github.com/larder-ml/larder/tensor"
)

// OpPatches cuts patches out of images: float64 [N,h,w,c] → [N·p, height, width, c], each image's patches one after
// the other, without the last dimension where c is 1. Couples rows; nothing can follow it. Attr *PatchesAttr. No ONNX form.
const OpPatches Op = "Patches"

// PatchesAttr describes Patches. With Random, Count patches of each image are drawn with replacement, else all are
// taken, row by row.
type PatchesAttr struct {
	Height, Width int
	Count         int
	Random        *RandomAttr
}

// Patches cuts patches out of images.
func (b *Builder) Patches(x Value, a PatchesAttr) Value {
	if !x.OK() {
		return x
	}
	t := x.Type()
	if t.Kind != Dense || len(t.Shape) != 4 || t.DType != tensor.Float64 || a.Height < 1 || a.Width < 1 || a.Height > t.Shape[1] || a.Width > t.Shape[2] {
		return b.Failf(OpPatches, "patches of %d x %d from %s", a.Height, a.Width, t)
	}
	out := Type{DType: tensor.Float64, Shape: []int{N, a.Height, a.Width}}
	if c := t.Shape[3]; c > 1 {
		out.Shape = append(out.Shape, c)
	}
	v := b.Add1(OpPatches, &a, out, x)
	b.Couples()
	return v
}
