package graph

import "github.com/larder-ml/larder/tensor"

// Operations of Gaussian processes.
const (
	// OpSolveTriangular solves L v = x for each row x: x [N,m] float64 → [N,m].  Attr *SolveAttr
	// Forward substitution, each sum in order. ONNX: a product with the inverse, less exact.
	OpSolveTriangular Op = "SolveTriangular"
	// OpBesselK is the modified Bessel function of the second kind of order Nu, elementwise on float64.  Attr *BesselAttr
	// No ONNX form.
	OpBesselK Op = "BesselK"
)

// SolveAttr holds the lower triangle; what stands above the diagonal is not read.
type SolveAttr struct{ L *tensor.Tensor } // float64 [m,m]

// BesselAttr holds the order.
type BesselAttr struct{ Nu float64 }

// SolveTriangular adds the solution of L v = x.
func (b *Builder) SolveTriangular(x Value, l *tensor.Tensor) Value {
	if !x.OK() {
		return x
	}
	t := x.Type()
	if t.Kind != Dense || t.DType != tensor.Float64 || l.DType != tensor.Float64 || len(l.Shape) != 2 || l.Shape[0] != l.Shape[1] ||
		len(t.Shape) != 2 || t.Shape[1] != l.Shape[0] {
		return b.Failf(OpSolveTriangular, "%s does not fit %s%v", t, l.DType, l.Shape)
	}
	return b.Add1(OpSolveTriangular, &SolveAttr{l}, t, x)
}

// BesselK adds K of order nu.
func (b *Builder) BesselK(x Value, nu float64) Value {
	if !x.OK() {
		return x
	}
	t := x.Type()
	if t.Kind != Dense || t.DType != tensor.Float64 || !(nu >= 0 && nu < 1000) {
		return b.Failf(OpBesselK, "not defined for %s and order %g", t, nu)
	}
	return b.Add1(OpBesselK, &BesselAttr{nu}, t, x)
}
