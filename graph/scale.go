package graph

import (
	"github.com/larder-ml/larder/tensor"
)

// Operations of numeric preprocessing.
const (
	OpNormalize   Op = "Normalize"          // X → rows of norm one. Attr *NormalizeAttr
	OpBinarizer   Op = "Binarizer"          // X → 1 where above the threshold, else 0; CSR drops zeros. Attr *BinarizerAttr
	OpQuantile    Op = "Quantile"           // X → its columns mapped through quantiles. Attr *QuantileAttr
	OpSearch      Op = "SearchSorted"       // X → int64 positions among each column's edges. Attr *SearchAttr
	OpUnitColumns Op = "UnitColumns"        // X → its columns, each divided by its norm over the batch unless that is 0
	OpPolynomial  Op = "PolynomialFeatures" // X → products of its columns. Attr *PolynomialAttr
)

// Norm is the norm of a row.
type Norm uint8

// The norms.
const (
	NormL1 Norm = iota
	NormL2
	NormMax
	NormLargest // the largest value with its sign; of a sparse row that leaves zeros out, at least 0
)

// NormalizeAttr describes Normalize. Dense rows whose norm is below Tiny·eps of their dtype stay as they are, with
// Tiny 0 only rows of norm 0; sparse rows whose norm is 0.
type NormalizeAttr struct {
	Norm Norm
	Tiny float64
}

// Normalize divides each row of a floating dense or CSR value by its norm.
func (b *Builder) Normalize(x Value, a NormalizeAttr) Value {
	if !x.OK() {
		return x
	}
	x = b.stored(x)
	t := x.Type()
	if (t.Kind != Dense && t.Kind != CSR) || len(t.Shape) != 2 || !t.DType.IsFloat() {
		return b.Failf(OpNormalize, "not defined for %s", t)
	}
	return b.Add1(OpNormalize, &a, t, x)
}

// BinarizerAttr holds the threshold, which is rounded to a floating x's dtype.
type BinarizerAttr struct{ Threshold float64 }

// Binarizer turns numbers above the threshold into one and the others into zero, of the same dtype.
func (b *Builder) Binarizer(x Value, threshold float64) Value {
	if !x.OK() {
		return x
	}
	x = b.stored(x)
	t := x.Type()
	if (t.Kind != Dense && t.Kind != CSR) || !t.DType.IsNumeric() {
		return b.Failf(OpBinarizer, "not defined for %s", t)
	}
	return b.Add1(OpBinarizer, &BinarizerAttr{threshold}, t, x)
}

// QuantileAttr describes Quantile.
type QuantileAttr struct {
	Quantiles  *tensor.Tensor // [q, columns]
	References *tensor.Tensor // [q]
	Normal     bool           // the other side is the normal distribution, else the uniform one
	Inverse    bool
	// Near takes values within 1e-7 of the ends for the ends also where the distribution is uniform, and clips the
	// result to [1e-7, 1-1e-7]: scikit-learn before 0.21.
	Near bool
	Ends Ends
}

// Quantile maps each column of a floating value, of a CSR one the stored entries. Couples rows where the quantiles do not
// ascend.
func (b *Builder) Quantile(x Value, a QuantileAttr) Value {
	if !x.OK() {
		return x
	}
	x = b.stored(x)
	t := x.Type()
	q := a.Quantiles.Shape
	if (t.Kind != Dense && t.Kind != CSR) || len(t.Shape) != 2 || !t.DType.IsFloat() || len(q) != 2 || q[1] != t.Shape[1] ||
		q[0] < 1 || a.References.Len() != q[0] {
		return b.Failf(OpQuantile, "%d references and quantiles %v for %s", a.References.Len(), q, t)
	}
	v := b.Add1(OpQuantile, &a, t, x)
	if !a.Inverse && !a.Ascending() {
		b.Couples()
	}
	return v
}

// Ascending reports whether the quantiles of every column ascend. Where they do not, numpy.interp finds a value's
// neighbours starting from those of the row before.
func (a *QuantileAttr) Ascending() bool {
	width := a.Quantiles.Shape[1]
	for i := width; i < a.Quantiles.Len(); i++ {
		if a.Quantiles.F64[i] < a.Quantiles.F64[i-width] {
			return false
		}
	}
	return true
}

// SearchAttr holds one ascending float64 vector per column. Right counts the edges not above the value, else those
// below it. NaN comes after all edges.
type SearchAttr struct {
	Edges []*tensor.Tensor
	Right bool
}

// SearchSorted finds each number's position among the edges of its column, comparing in float64.
func (b *Builder) SearchSorted(x Value, a SearchAttr) Value {
	if !x.OK() {
		return x
	}
	t := x.Type()
	if t.Kind != Dense || len(t.Shape) != 2 || t.Shape[1] != len(a.Edges) || !t.DType.IsNumeric() {
		return b.Failf(OpSearch, "%d sets of edges for %s", len(a.Edges), t)
	}
	for i, e := range a.Edges {
		if e.DType != tensor.Float64 || len(e.Shape) != 1 {
			return b.Failf(OpSearch, "edges of column %d are %s%v", i, e.DType, e.Shape)
		}
	}
	return b.Add1(OpSearch, &a, Type{DType: tensor.Int64, Shape: t.Shape}, x)
}

// PolynomialAttr lists the columns multiplied for each output; none gives ones. Left multiplies (a·b)·c, else
// a·(b·c); CSR always multiplies from the left and keeps only products of stored entries.
type PolynomialAttr struct {
	Terms [][]int32
	Left  bool
}

// Polynomial multiplies columns of a floating value.
func (b *Builder) Polynomial(x Value, a PolynomialAttr) Value {
	if !x.OK() {
		return x
	}
	x = b.stored(x)
	t := x.Type()
	if (t.Kind != Dense && t.Kind != CSR) || len(t.Shape) != 2 || !t.DType.IsFloat() {
		return b.Failf(OpPolynomial, "not defined for %s", t)
	}
	for _, term := range a.Terms {
		for _, j := range term {
			if j < 0 || int(j) >= t.Shape[1] {
				return b.Failf(OpPolynomial, "no column %d in %s", j, t)
			}
		}
	}
	t.Shape = []int{t.Shape[0], len(a.Terms)}
	return b.Add1(OpPolynomial, &a, t, x)
}

// OpNonNegative passes x unless it holds a negative number: then an InputError. Attr *GuardAttr.
const OpNonNegative Op = "NonNegative"

// NonNegative refuses negative numbers at run time, of a CSR value among the stored entries.
func (b *Builder) NonNegative(x Value, msg string) Value {
	if !x.OK() {
		return x
	}
	x = b.stored(x)
	t := x.Type()
	if (t.Kind != Dense && t.Kind != CSR) || !t.DType.IsNumeric() {
		return b.Failf(OpNonNegative, "not defined for %s", t)
	}
	return b.Add1(OpNonNegative, &GuardAttr{Msg: msg}, t, x)
}

// OpSpline evaluates B-spline bases of each column. Attr *SplineAttr.
const OpSpline Op = "Spline"

// Extrapolation says what happens outside the knots.
type Extrapolation uint8

// The kinds of extrapolation.
const (
	ExtrapolateConstant Extrapolation = iota
	ExtrapolateLinear
	ExtrapolateContinue
	ExtrapolatePeriodic
	ExtrapolateError
)

// SplineAttr describes Spline. Coefficients are the identity, wrapped around where there are fewer bases than knots
// give. Missing values give zeros; but where sparse bases continue, are periodic or are held to the knots, those of
// all columns but the first take the place of the smallest value of the batch, as scikit-learn computes them.
type SplineAttr struct {
	Knots         []*tensor.Tensor // float64, per column
	Degree        int
	Bases         int // per column
	Extrapolation Extrapolation
	Bias          bool // keep the last basis of each column
	Sparse        bool // the result is float64 whatever x is
	Missing       bool // missing values may come
	Ends          Ends
}

// Ends says how float32 rows are compared with the ends of their columns, and wrapped around them.
type Ends uint8

const (
	// EndsWide is in float64: numpy 2.
	EndsWide Ends = iota
	// EndsNarrow is in float32: numpy 1. A value beyond the end of a spline, but not in float32, has NaN for its bases.
	EndsNarrow
	// EndsUnknown refuses values that the two take differently.
	EndsUnknown
)

// Spline evaluates the bases of the columns of a floating matrix.
func (b *Builder) Spline(x Value, a SplineAttr) Value {
	if !x.OK() {
		return x
	}
	t := x.Type()
	if t.Kind != Dense || len(t.Shape) != 2 || t.Shape[1] != len(a.Knots) || !t.DType.IsFloat() {
		return b.Failf(OpSpline, "%d splines for %s", len(a.Knots), t)
	}
	for _, k := range a.Knots {
		if k.DType != tensor.Float64 || k.Len() < 2*(a.Degree+1) || k.Len()-a.Degree-1 < a.Bases {
			return b.Failf(OpSpline, "%d knots for %d bases of degree %d", k.Len(), a.Bases, a.Degree)
		}
	}
	n := a.Bases
	if !a.Bias {
		n--
	}
	out := Type{DType: t.DType, Shape: []int{t.Shape[0], n * len(a.Knots)}}
	if a.Sparse {
		out.DType = tensor.Float64
	}
	v := b.Add1(OpSpline, &a, out, x)
	if a.FillsMissing() {
		b.Couples()
	}
	return v
}

// FillsMissing reports that missing values are filled from the batch.
func (a *SplineAttr) FillsMissing() bool {
	return a.Sparse && a.Missing && a.Extrapolation != ExtrapolateConstant && a.Extrapolation != ExtrapolateLinear
}

// UnitColumns divides each column of a dense float64 matrix by its Euclidean norm over the whole batch.
func (b *Builder) UnitColumns(x Value) Value {
	if !x.OK() {
		return x
	}
	if t := x.Type(); t.Kind != Dense || len(t.Shape) != 2 || t.DType != tensor.Float64 {
		return b.Failf(OpUnitColumns, "not defined for %s", t)
	}
	v := b.Add1(OpUnitColumns, nil, x.Type(), x)
	b.Couples()
	return v
}
