// Package golden reads the cases that scikit-learn recorded and compares what Larder computed with them, by the meaning
// of "equal" that each kind of computation has. It is for tests only.
package golden

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/larder-ml/larder/tensor"
)

// Class is a meaning of "equal", from the strictest.
type Class string

// The classes.
const (
	// Exact wants the same bits; NaN equals NaN and 0 equals -0.
	Exact Class = "exact"
	// ULP8 allows 8 units in the last place: one pass through exp, log, pow or erf.
	ULP8 Class = "ulp8"
	// Sum allows 1e-12 of the largest of |want| and of the output's largest |want|, or of the row's scale where the
	// case gives one: sums, dot products, decompositions.
	Sum Class = "sum"
	// Sum32 is Sum with 1e-6: computations in float32.
	Sum32 Class = "sum32"
	// Log is Sum, or Sum of what the output is the logarithm of.
	Log Class = "log"
	// Dist is Sum of the squares, of which the output is the root: scale is ‖x‖²+‖y‖².
	Dist Class = "dist"
	// Dist32 is Dist with 1e-6.
	Dist32 Class = "dist32"
)

// Diff is the outcome of a comparison.
type Diff struct {
	Worst float64 // in units of the class: ulps for Exact and ULP8, else a fraction of the scale
	At    int     // flat index of the worst element
	Bad   int     // elements outside the tolerance
	Got   string
	Want  string
	Err   string // shapes or types differ; the numbers above then mean nothing
}

// OK reports equality in the sense of the class.
func (d Diff) OK() bool { return d.Err == "" && d.Bad == 0 }

func (d Diff) String() string {
	switch {
	case d.Err != "":
		return d.Err
	case d.Bad > 0:
		return fmt.Sprintf("%d elements differ, worst %.3g at [%d]: got %s, want %s", d.Bad, d.Worst, d.At, d.Got, d.Want)
	}
	return fmt.Sprintf("%.3g", d.Worst)
}

// ULP returns the distance of two floats counted in representable float64s: 0 for two NaNs and for 0 and -0,
// +Inf for a NaN and a number.
func ULP(a, b float64) float64 {
	if math.IsNaN(a) || math.IsNaN(b) {
		if math.IsNaN(a) && math.IsNaN(b) {
			return 0
		}
		return math.Inf(1)
	}
	return distance(ordered(math.Float64bits(a), 64), ordered(math.Float64bits(b), 64))
}

// ULP32 is ULP counted in float32s.
func ULP32(a, b float32) float64 {
	if a != a || b != b {
		if a != a && b != b {
			return 0
		}
		return math.Inf(1)
	}
	return distance(ordered(uint64(math.Float32bits(a)), 32), ordered(uint64(math.Float32bits(b)), 32))
}

// ordered maps the bits of a float to an integer that grows with the float; 0 and -0 share one.
func ordered(bits uint64, width uint) int64 {
	sign := uint64(1) << (width - 1)
	mag := int64(bits &^ sign)
	if bits&sign != 0 {
		return -mag
	}
	return mag
}

func distance(a, b int64) float64 {
	if (a < 0) != (b < 0) {
		return math.Abs(float64(a)) + math.Abs(float64(b))
	}
	return math.Abs(float64(a - b))
}

// Compare compares an output of a case with what was computed. A value of another shape or kind is never equal;
// element types may differ in width (int32 and int64), text may come as str or object.
func Compare(got *Value, want *Output) Diff {
	return compare(got, want.Value, want)
}

// Shaken gives a value whose floats are all greater or less by a fraction of themselves, and whether it has any. A
// comparison that finds it equal still can not see an error of that size.
func Shaken(v *Value, by float64) (*Value, bool) {
	tensorOf := func(t *tensor.Tensor) (*tensor.Tensor, bool) {
		out, any := tensor.New(t.DType, t.Shape...), false
		move := func(x float64) float64 {
			any = any || x != 0 && !math.IsNaN(x) && !math.IsInf(x, 0)
			return x * (1 + by)
		}
		switch t.DType.Storage() {
		case tensor.F64:
			for i, x := range t.F64 {
				out.F64[i] = move(x)
			}
		case tensor.F32:
			for i, x := range t.F32 {
				out.F32[i] = float32(move(float64(x)))
			}
		default:
			return t, false
		}
		return out, any
	}
	out, any := *v, false
	switch {
	case v.Dense != nil:
		out.Dense, any = tensorOf(v.Dense)
	case v.Sparse != nil:
		s := *v.Sparse
		s.Data, any = tensorOf(s.Data)
		out.Sparse = &s
	case v.Ragged != nil:
		r := *v.Ragged
		r.Dist, any = tensorOf(r.Dist)
		out.Ragged = &r
	case v.Frame != nil:
		f := *v.Frame
		f.Columns = slices.Clone(f.Columns)
		for j, c := range f.Columns {
			moved, some := tensorOf(c)
			f.Columns[j], any = moved, any || some
		}
		out.Frame = &f
	case v.List != nil:
		out.List = slices.Clone(v.List)
		for j, c := range v.List {
			moved, some := Shaken(c, by)
			out.List[j], any = moved, any || some
		}
	}
	return &out, any
}

// arrays makes an array of each row of terms, or of values without keys.
func arrays(v *Value) *Value {
	list := &Value{List: []*Value{}}
	if t := v.Tokens; t != nil {
		for i := 1; i < len(t.Indptr); i++ {
			list.List = append(list.List, &Value{Dense: tensor.FromStr(t.Terms[t.Indptr[i-1]:t.Indptr[i]])})
		}
		return list
	}
	for i := 1; i < len(v.Dicts.Indptr); i++ {
		list.List = append(list.List, &Value{Dense: tensor.FromCells(v.Dicts.Values[v.Dicts.Indptr[i-1]:v.Dicts.Indptr[i]])})
	}
	return list
}

// joined joins arrays of one type and shape along a new first axis; nil if they differ.
func joined(list []*Value) *tensor.Tensor {
	var all *tensor.Tensor
	for _, v := range list {
		switch d := v.Dense; {
		case d == nil || d.DType.Storage() != tensor.F64 && d.DType.Storage() != tensor.F32:
			return nil
		case all == nil:
			all = &tensor.Tensor{DType: d.DType, Shape: append([]int{len(list)}, d.Shape...)}
		case d.DType != all.DType || !slices.Equal(d.Shape, all.Shape[1:]):
			return nil
		}
		all.F64, all.F32 = append(all.F64, v.Dense.F64...), append(all.F32, v.Dense.F32...)
	}
	return all
}

func compare(got, want *Value, out *Output) Diff {
	if got.List != nil && want.Dense != nil {
		if all := joined(got.List); all != nil {
			apart := *out // its rows are not those of the scale
			apart.Scale = nil
			got, out = &Value{Dense: all}, &apart
		}
	}
	switch {
	case want.List != nil:
		if got.Tokens != nil || got.Dicts != nil {
			got = arrays(got)
		}
		if len(got.List) != len(want.List) {
			return Diff{Err: fmt.Sprintf("got %d values, want %d", len(got.List), len(want.List))}
		}
		var worst Diff
		for i := range want.List {
			d := compare(got.List[i], want.List[i], out)
			if d.Err != "" {
				d.Err = fmt.Sprintf("value %d: %s", i, d.Err)
				return d
			}
			worst = merge(worst, d)
		}
		return worst
	case want.Tokens != nil:
		if got.Tokens == nil || !slices.Equal(got.Tokens.Indptr, want.Tokens.Indptr) || !slices.Equal(got.Tokens.Terms, want.Tokens.Terms) {
			return Diff{Err: fmt.Sprintf("got %v, want %v", got.Tokens, want.Tokens)}
		}
		return Diff{}
	case want.Dicts != nil:
		if got.Dicts == nil || !slices.Equal(got.Dicts.Indptr, want.Dicts.Indptr) || !slices.Equal(got.Dicts.Keys, want.Dicts.Keys) || !slices.Equal(got.Dicts.Values, want.Dicts.Values) {
			return Diff{Err: fmt.Sprintf("got %v, want %v", got.Dicts, want.Dicts)}
		}
		return Diff{}
	case want.Ragged != nil:
		return ragged(got.Ragged, want.Ragged, out)
	case want.Frame != nil:
		return frames(got.Frame, want.Frame, out)
	case want.Sparse != nil:
		if got.Sparse == nil {
			return Diff{Err: "got a dense value, want CSR"}
		}
		g, w := got.Sparse, want.Sparse
		if g.Rows != w.Rows || g.Cols != w.Cols {
			return Diff{Err: fmt.Sprintf("shape [%d %d], want [%d %d]", g.Rows, g.Cols, w.Rows, w.Cols)}
		}
		return tensors(g.Dense(), w.Dense(), out)
	case want.Dense != nil:
		if got.Frame != nil && len(want.Dense.Shape) == 2 {
			return tensors(stack(got.Frame), want.Dense, out)
		}
		if len(want.Dense.Shape) == 3 && len(got.List) == want.Dense.Shape[0] {
			return planes(got.List, want.Dense, out)
		}
		if got.Dense == nil {
			return Diff{Err: "got another kind of value, want a dense array"}
		}
		return tensors(got.Dense, want.Dense, out)
	}
	return Diff{Err: "nothing to compare with"}
}

// planes compares several matrices with the array that has them along its first axis.
func planes(got []*Value, want *tensor.Tensor, out *Output) Diff {
	var worst Diff
	size := want.Shape[1] * want.Shape[2]
	for i, g := range got {
		w := &tensor.Tensor{DType: want.DType, Shape: want.Shape[1:]}
		switch want.DType.Storage() {
		case tensor.F64:
			w.F64 = want.F64[i*size : (i+1)*size]
		case tensor.F32:
			w.F32 = want.F32[i*size : (i+1)*size]
		default:
			return Diff{Err: "planes of " + want.DType.String()}
		}
		d := compare(g, &Value{Dense: w}, out)
		if d.Err != "" {
			return d
		}
		worst = merge(worst, d)
	}
	return worst
}

// stack makes the array of cells that numpy makes of a frame of mixed columns.
func stack(f *tensor.Frame) *tensor.Tensor {
	t := tensor.New(tensor.Object, f.N, len(f.Columns))
	for j, c := range f.Columns {
		for i := range f.N {
			t.Cells[i*len(f.Columns)+j] = cell(c, i)
		}
	}
	return t
}

func merge(a, b Diff) Diff {
	if b.Worst > a.Worst || (a.Bad == 0 && b.Bad > 0) {
		a.Worst, a.At, a.Got, a.Want = b.Worst, b.At, b.Got, b.Want
	}
	a.Bad += b.Bad
	return a
}

// ragged compares neighbours within a radius as sets: scikit-learn gives them in the order of its search, and those at the
// same distance in an order of their last bits. Undecided rows have one at the radius itself.
func ragged(got, want *tensor.Ragged, out *Output) Diff {
	if got == nil {
		return Diff{Err: "got no lists of neighbours"}
	}
	g, w := byIndex(got, out.Undecided), byIndex(want, out.Undecided)
	if !slices.Equal(g.Indptr, w.Indptr) {
		return Diff{Err: fmt.Sprintf("lengths %v, want %v", got.Indptr, want.Indptr)}
	}
	apart := Output{Tolerance: out.Tolerance, AnyWidth: out.AnyWidth}
	if out.Scale != nil {
		for r := range len(w.Indptr) - 1 {
			apart.Scale = append(apart.Scale, slices.Repeat(out.Scale[r:r+1], w.Indptr[r+1]-w.Indptr[r])...)
		}
	}
	return merge(tensors(g.Dist, w.Dist, &apart), tensors(tensor.FromI64(g.Indices, len(g.Indices)), tensor.FromI64(w.Indices, len(w.Indices)), &Output{}))
}

// byIndex orders the neighbours of each row by their index; rows without stay empty.
func byIndex(r *tensor.Ragged, without []int) *tensor.Ragged {
	out := &tensor.Ragged{Indptr: make([]int, len(r.Indptr))}
	var from []int
	for i := range len(r.Indptr) - 1 {
		if !slices.Contains(without, i) {
			row := len(from)
			for j := r.Indptr[i]; j < r.Indptr[i+1]; j++ {
				from = append(from, j)
			}
			slices.SortFunc(from[row:], func(a, b int) int { return cmp.Compare(r.Indices[a], r.Indices[b]) })
		}
		out.Indptr[i+1] = len(from)
	}
	out.Dist = tensor.New(r.Dist.DType, len(from))
	for at, j := range from {
		out.Indices = append(out.Indices, r.Indices[j])
		if r.Dist.DType.Storage() == tensor.F32 {
			out.Dist.F32[at] = r.Dist.F32[j]
		} else {
			out.Dist.F64[at] = r.Dist.F64[j]
		}
	}
	return out
}

func frames(got, want *tensor.Frame, out *Output) Diff {
	if got == nil {
		return Diff{Err: "got no frame"}
	}
	if !slices.Equal(got.Names, want.Names) {
		return Diff{Err: fmt.Sprintf("columns %q, want %q", got.Names, want.Names)}
	}
	var worst Diff
	for i := range want.Columns {
		d := tensors(got.Columns[i], want.Columns[i], out)
		if d.Err != "" {
			d.Err = fmt.Sprintf("column %d: %s", i, d.Err)
			return d
		}
		worst = merge(worst, d)
	}
	return worst
}

func tensors(got, want *tensor.Tensor, out *Output) Diff {
	if !slices.Equal(got.Shape, want.Shape) {
		return Diff{Err: fmt.Sprintf("shape %v, want %v", got.Shape, want.Shape)}
	}
	n := want.Len()
	if n == 0 {
		return Diff{}
	}
	cols := n / max(1, want.Rows())
	if isLabels(want.DType) || isLabels(got.DType) {
		return labels(got, want, cols, out)
	}
	if out.AnyWidth && got.DType.Storage() != want.DType.Storage() {
		wide := *out
		switch single := got.DType.Storage() == tensor.F32 || want.DType.Storage() == tensor.F32; {
		case single && (Class(out.Tolerance) == Dist || Class(out.Tolerance) == Dist32):
			wide.Tolerance = string(Dist32)
		case single:
			wide.Tolerance = string(Sum32)
		}
		return floats(tensor.FromF64(got.AsF64(), got.Shape...), tensor.FromF64(want.AsF64(), want.Shape...), cols, &wide)
	}
	if got.DType.IsFloat() != want.DType.IsFloat() || got.DType.Storage() != want.DType.Storage() {
		return Diff{Err: fmt.Sprintf("dtype %s, want %s", got.DType, want.DType)}
	}
	if !want.DType.IsFloat() {
		return labels(got, want, cols, out)
	}
	return floats(got, want, cols, out)
}

func isLabels(d tensor.DType) bool { return d == tensor.String || d == tensor.Object }

// labels wants equal values, except in tied and undecided rows.
func labels(got, want *tensor.Tensor, cols int, out *Output) Diff {
	var d Diff
	for i := range want.Len() {
		g, w := cell(got, i), cell(want, i)
		if out.AnyWidth && g.Kind == tensor.CellBytes && w.Kind == tensor.CellStr {
			g.Kind = w.Kind
		}
		if g.Kind == tensor.CellFloat && w.Kind == tensor.CellFloat && want.DType == tensor.Object {
			// A number among text is as near as one among numbers.
			if floats(tensor.FromF64([]float64{g.F}), tensor.FromF64([]float64{w.F}), 1, &Output{Tolerance: out.Tolerance}).Bad == 0 {
				continue
			}
		}
		if g.Key() == w.Key() || slices.Contains(out.Tied, i/cols) || slices.Contains(out.Undecided, i/cols) {
			continue
		}
		if d.Bad == 0 {
			d.At, d.Got, d.Want, d.Worst = i, g.String(), w.String(), math.Inf(1)
		}
		d.Bad++
	}
	return d
}

func cell(t *tensor.Tensor, i int) tensor.Cell {
	switch t.DType.Storage() {
	case tensor.F64:
		return tensor.FloatCell(t.F64[i])
	case tensor.F32:
		return tensor.FloatCell(float64(t.F32[i]))
	case tensor.I64:
		return tensor.IntCell(t.I64[i])
	case tensor.U8:
		return tensor.BoolCell(t.U8[i] != 0)
	case tensor.Str:
		return tensor.StrCell(t.Str[i])
	}
	return t.Cells[i]
}

func floats(got, want *tensor.Tensor, cols int, out *Output) Diff {
	at := func(t *tensor.Tensor, i int) float64 {
		if t.DType.Storage() == tensor.F32 {
			return float64(t.F32[i])
		}
		return t.F64[i]
	}
	n, largest := want.Len(), 0.0
	for i := range n {
		if w := math.Abs(at(want, i)); w > largest && !math.IsInf(w, 0) {
			largest = w
		}
	}
	class := Class(out.Tolerance)
	limit := map[Class]float64{Exact: 0, ULP8: 8, Sum: 1e-12, Sum32: 1e-6, Log: 1e-12, Dist: 1e-12, Dist32: 1e-6}
	allowed, ok := limit[class]
	if !ok {
		return Diff{Err: fmt.Sprintf("tolerance class %q", out.Tolerance)}
	}
	if want.DType.Storage() == tensor.F32 && (class == Sum || class == Log || class == Dist) {
		allowed = limit[Sum32]
	}
	var d Diff
	for i := range n {
		g, w := at(got, i), at(want, i)
		var diff float64
		switch {
		case class == Exact || class == ULP8:
			if want.DType.Storage() == tensor.F32 {
				diff = ULP32(got.F32[i], want.F32[i])
			} else {
				diff = ULP(g, w)
			}
		case math.IsNaN(g) && math.IsNaN(w) || g == w:
		case math.IsNaN(g) || math.IsNaN(w):
			diff = math.Inf(1)
		case (math.IsInf(g, -1) || math.IsInf(w, -1)) && (class == Log || out.Method == "predict_log_proba" && allowed == limit[Sum32]):
			diff = math.Abs(math.Exp(g) - math.Exp(w)) // of a probability of zero
		case math.IsInf(g, 0) || math.IsInf(w, 0):
			diff = math.Inf(1)
		default:
			scale := max(largest, math.Abs(w))
			if class == Dist || class == Dist32 {
				g, w, scale = float64(g*g), float64(w*w), float64(scale*scale)
			}
			if out.Scale != nil {
				scale = max(scale, out.Scale[i/cols])
			}
			diff = math.Abs(g-w) / scale
			if class == Log || out.Method == "predict_log_proba" && allowed == limit[Sum32] {
				// probabilities near 1 leave few digits to their complement's logarithm
				diff = min(diff, math.Abs(math.Exp(g)-math.Exp(w)))
			}
		}
		if diff > allowed && class == Exact && slices.Contains(out.Tied, i/cols) && strings.HasSuffix(out.Method, "predict") {
			continue // labels that are floats
		}
		if diff > allowed && out.Method != "kneighbors" && slices.Contains(out.Undecided, i/cols) {
			continue // but the distances of neighbours that tie are the same
		}
		if diff > d.Worst || d.Got == "" {
			d.Worst, d.At = max(d.Worst, diff), i
			d.Got, d.Want = tensor.FormatFloat(at(got, i)), tensor.FormatFloat(at(want, i))
		}
		if diff > allowed {
			d.Bad++
		}
	}
	return d
}
