package graph

import "github.com/larder-ml/larder/tensor"

// OpAsLogits is sklearn.calibration._convert_to_logits: log(x + 1e-12) where the whole batch looks like probabilities
// (all in [0, 1], rows summing to 1 within 1e-5), else x.  x [N,k], k ≥ 2 → [N,k]. Couples rows.
// ONNX: a body of ReduceMin over everything.
const OpAsLogits Op = "AsLogits"

// AsLogits turns probabilities into logarithms and leaves scores.
func (b *Builder) AsLogits(x Value) Value {
	if !x.OK() {
		return x
	}
	t := x.Type()
	if t.Kind != Dense || len(t.Shape) != 2 || (t.DType != tensor.Float64 && t.DType != tensor.Float32) {
		return b.Failf(OpAsLogits, "not defined for %s", t)
	}
	v := b.Add1(OpAsLogits, nil, t, x)
	b.Couples()
	return v
}
