package graph

import (
	"github.com/larder-ml/larder/tensor"
)

// Operations on categories and missing values.
const (
	OpCategory  Op = "Category"  // X → what each column's table says. Attr *CategoryAttr
	OpOneHot    Op = "OneHot"    // codes int64 [N,b] → OneHot; codes outside a block give none. Attr *OneHotAttr
	OpIsMissing Op = "IsMissing" // X → bool, true where a cell is the missing value; CSR looks at stored entries. Attr *MissingAttr
	OpImpute    Op = "Impute"    // X → X with missing cells filled by column. Attr *ImputeAttr
	OpMultiHot  Op = "MultiHot"  // Tokens, Dicts' values or a matrix → CSR int64, one where the row holds the class. Attr *MultiHotAttr
	OpSets      Op = "Sets"      // 0/1 matrix → Tokens or Dicts' values: the classes of each row. Attr *MultiHotAttr
)

// CategoryAttr holds one table per column. Keys compare as Python's == does, NaN with NaN.
type CategoryAttr struct {
	Keys   []*tensor.Tensor // of column i, one-dimensional, any type
	Values []*tensor.Tensor // what they become: as long as Keys[i], all of one numeric dtype
	// Default is what an unknown value of column i becomes; nil refuses it. Of Values' dtype, one per column.
	Default *tensor.Tensor
	// Words is the message of the refusal: {unknown} stands for the list of unknown values, {array} for the same as
	// numpy prints an array, {first} for the first of them, {column} for the column's number.
	Words string
	// Cut shortens text to so many code points first; 0 leaves it.
	Cut int
	// Distinct refuses a batch with more different values than this in a column; 0 for no limit. It couples rows.
	Distinct int
	Text     string // words of a refusal where an object is no text; "": any is looked up
}

// Category looks each cell of a matrix or frame up in its column's table.
func (b *Builder) Category(x Value, a CategoryAttr) Value {
	if !x.OK() {
		return x
	}
	t := x.Type()
	if (t.Kind != Dense && t.Kind != Frame) || len(t.Shape) != 2 || t.Shape[1] != len(a.Keys) || len(a.Keys) != len(a.Values) {
		return b.Failf(OpCategory, "%d tables for %s", len(a.Keys), t)
	}
	out := tensor.Int64
	for i, v := range a.Values {
		if i == 0 {
			out = v.DType
		}
		if v.DType != out || !out.IsNumeric() || v.Len() != a.Keys[i].Len() {
			return b.Failf(OpCategory, "table %d has %d keys and %s%v", i, a.Keys[i].Len(), v.DType, v.Shape)
		}
	}
	if a.Default != nil && (a.Default.DType != out || a.Default.Len() != len(a.Keys)) {
		return b.Failf(OpCategory, "defaults are %s%v", a.Default.DType, a.Default.Shape)
	}
	v := b.Add1(OpCategory, &a, Type{DType: out, Shape: t.Shape}, x)
	if a.Distinct > 0 {
		b.Couples()
	}
	return v
}

// OneHotAttr says how many columns each block has.
type OneHotAttr struct{ Widths []int }

// OneHot makes blocks of columns with a one where the code says.
func (b *Builder) OneHot(codes Value, widths []int, dtype tensor.DType) Value {
	if !codes.OK() {
		return codes
	}
	t := codes.Type()
	if t.Kind != Dense || t.DType != tensor.Int64 || len(t.Shape) != 2 || t.Shape[1] != len(widths) || !dtype.IsNumeric() {
		return b.Failf(OpOneHot, "%d blocks for %s", len(widths), t)
	}
	sum := 0
	for _, w := range widths {
		sum += w
	}
	return b.Add1(OpOneHot, &OneHotAttr{widths}, Type{Kind: OneHot, DType: dtype, Shape: []int{t.Shape[0], sum}, Widths: widths}, codes)
}

// Missing is what stands for missing: NaN, None, text or a number, compared as Python's == does; or, with Any, every
// NaN and None (pandas.NA), or, with Text, every text.
type Missing struct {
	Value     tensor.Cell
	Any, Text bool
}

// MissingAttr holds the missing value.
type MissingAttr struct{ Missing Missing }

// IsMissing finds missing cells. In a CSR value only stored entries can be missing.
func (b *Builder) IsMissing(x Value, missing Missing) Value {
	if !x.OK() {
		return x
	}
	x = b.stored(x)
	t := x.Type()
	out := Type{DType: tensor.Bool, Shape: t.Shape}
	switch t.Kind {
	case Dense, Frame:
	case CSR:
		out.Kind = CSR
	default:
		return b.Failf(OpIsMissing, "not defined for %s", t)
	}
	return b.Add1(OpIsMissing, &MissingAttr{missing}, out, x)
}

// ImputeAttr holds the missing value and one fill per column, converted to the column's type when it is written.
type ImputeAttr struct {
	Missing Missing
	Fill    []tensor.Cell
}

// Impute fills missing cells.
func (b *Builder) Impute(x Value, a ImputeAttr) Value {
	if !x.OK() {
		return x
	}
	x = b.stored(x)
	t := x.Type()
	if (t.Kind != Dense && t.Kind != Frame && t.Kind != CSR) || len(t.Shape) != 2 || t.Shape[1] != len(a.Fill) {
		return b.Failf(OpImpute, "%d fills for %s", len(a.Fill), t)
	}
	return b.Add1(OpImpute, &a, t, x)
}

// MultiHotAttr holds the classes of label sets.
type MultiHotAttr struct{ Classes *tensor.Tensor }

// MultiHot marks the classes each row holds; values that are no class are ignored, repeated ones count once.
func (b *Builder) MultiHot(x Value, classes *tensor.Tensor) Value {
	if !x.OK() {
		return x
	}
	t := x.Type()
	if t.Kind != Tokens && t.Kind != Dicts && (t.Kind != Dense || len(t.Shape) != 2) {
		return b.Failf(OpMultiHot, "needs rows of labels, has %s", t)
	}
	return b.Add1(OpMultiHot, &MultiHotAttr{classes}, Type{Kind: CSR, DType: tensor.Int64, Shape: []int{N, classes.Len()}}, x)
}

// Sets turns a 0/1 matrix back into rows of labels: Tokens where the classes are text, else the values of Dicts.
// Other numbers are refused.
func (b *Builder) Sets(x Value, classes *tensor.Tensor) Value {
	if !x.OK() {
		return x
	}
	t := x.Type()
	if t.Kind != Dense || len(t.Shape) != 2 || t.Shape[1] != classes.Len() || !t.DType.IsNumeric() {
		return b.Failf(OpSets, "%d classes for %s", classes.Len(), t)
	}
	out := Type{Kind: Dicts, Shape: []int{N}}
	if TextOnly(classes) {
		out.Kind = Tokens
	}
	return b.Add1(OpSets, &MultiHotAttr{classes}, out, x)
}

// TextOnly reports that all elements are text.
func TextOnly(t *tensor.Tensor) bool {
	for i := range t.Len() {
		if t.Cell(i).Kind != tensor.CellStr {
			return false
		}
	}
	return true
}
