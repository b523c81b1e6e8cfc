package exec

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/tensor"
)

var encodeKernels = table{
	graph.OpCategory: category, graph.OpOneHot: oneHot, graph.OpIsMissing: isMissing, graph.OpImpute: impute,
	graph.OpMultiHot: multiHot, graph.OpSets: labelSets,
}

// lookup finds the position of a value among keys under Python's ==, -1 if there is none.
type lookup struct {
	text  map[string]int32
	bytes map[string]int32
	whole map[int64]int32
	small []int32 // positions of the integers from base on, where they lie close together
	base  int64
	other map[float64]int32 // fractions, infinities, integers beyond int64
	nan   int32
	none  int32
}

func newLookup(keys *tensor.Tensor) *lookup {
	l := &lookup{whole: map[int64]int32{}, nan: -1, none: -1}
	lo, hi := int64(math.MaxInt64), int64(math.MinInt64)
	for i := range keys.Len() {
		at := int32(i)
		c := keys.Cell(i)
		if keys.DType == tensor.Uint64 && c.I < 0 {
			c = tensor.FloatCell(float64(uint64(c.I)))
		}
		switch k := c.Key(); k.Kind {
		case tensor.CellNone:
			l.none = at
		case tensor.CellStr:
			if l.text == nil {
				l.text = make(map[string]int32, keys.Len())
			}
			l.text[k.S] = at
		case tensor.CellBytes:
			if l.bytes == nil {
				l.bytes = map[string]int32{}
			}
			l.bytes[k.S] = at
		case tensor.CellInt:
			l.whole[k.I] = at
			lo, hi = min(lo, k.I), max(hi, k.I)
		case tensor.CellFloat:
			if c.IsNaN() {
				l.nan = at
				break
			}
			if l.other == nil {
				l.other = map[float64]int32{}
			}
			l.other[k.F] = at
		}
	}
	if n := len(l.whole); n > 0 && uint64(hi)-uint64(lo) < uint64(4*n+64) {
		l.base, l.small = lo, make([]int32, hi-lo+1)
		for i := range l.small {
			l.small[i] = -1
		}
		for k, at := range l.whole {
			l.small[k-lo] = at
		}
	}
	return l
}

func (l *lookup) integer(v int64) int32 {
	if l.small != nil {
		if d := uint64(v) - uint64(l.base); d < uint64(len(l.small)) {
			return l.small[d]
		}
		return -1
	}
	return found(l.whole, v)
}

func (l *lookup) float(v float64) int32 {
	if v != v {
		return l.nan
	}
	if v >= -1<<63 && v < 1<<63 {
		if i := int64(v); float64(i) == v {
			return l.integer(i)
		}
	}
	return found(l.other, v)
}

func (l *lookup) cell(c tensor.Cell) int32 {
	switch c.Kind {
	case tensor.CellStr:
		return found(l.text, c.S)
	case tensor.CellBool, tensor.CellInt:
		return l.integer(c.I)
	case tensor.CellFloat:
		return l.float(c.F)
	case tensor.CellBytes:
		return found(l.bytes, c.S)
	}
	return l.none
}

func found[K comparable](m map[K]int32, k K) int32 {
	if at, ok := m[k]; ok {
		return at
	}
	return -1
}

// positions fills dst with the positions of the elements at, at+stride, … of t.
func (l *lookup) positions(dst []int32, t *tensor.Tensor, at, stride int) {
	switch t.DType.Storage() {
	case tensor.F64:
		for i := range dst {
			dst[i] = l.float(t.F64[at])
			at += stride
		}
	case tensor.F32:
		for i := range dst {
			dst[i] = l.float(float64(t.F32[at]))
			at += stride
		}
	case tensor.I64:
		for i := range dst {
			v := t.I64[at]
			if t.DType == tensor.Uint64 && v < 0 {
				dst[i] = l.float(float64(uint64(v)))
			} else {
				dst[i] = l.integer(v)
			}
			at += stride
		}
	case tensor.U8:
		for i := range dst {
			dst[i] = l.integer(int64(t.U8[at]))
			at += stride
		}
	case tensor.Str:
		for i := range dst {
			dst[i] = found(l.text, t.Str[at])
			at += stride
		}
	case tensor.Cells:
		for i := range dst {
			dst[i] = l.cell(t.Cells[at])
			at += stride
		}
	}
}

// category looks each cell up in its column's table.
func category(n *node) (kernel, error) {
	a := n.Attr.(*graph.CategoryAttr)
	width := len(a.Keys)
	tables := make([]*lookup, width)
	made := map[*tensor.Tensor]*lookup{}
	for i, k := range a.Keys {
		if made[k] == nil {
			made[k] = newLookup(k)
		}
		tables[i] = made[k]
	}
	values := make([]*tensor.Tensor, width)
	for i, v := range a.Values {
		values[i] = v
		if a.Default != nil {
			// The default stands behind the table, where position -1 is sent.
			values[i] = tensor.New(v.DType, v.Len()+1)
			copyAt(values[i], 0, v)
			w := slicePart(a.Default, i, i+1)
			copyAt(values[i], v.Len(), &w)
		}
	}
	frame := n.inType(0).Kind == graph.Frame
	n.costs(20 * float64(width))
	return func(c *call) error {
		out := c.out(0)
		at := c.i32s(c.rows)
		for j, l := range tables {
			src, from, stride := c.in(0).Dense, j, width
			if frame {
				src, from, stride = c.frame(0).Columns[j], 0, 1
			}
			if a.Text != "" && src.DType == tensor.Object && !allText(src, from, stride, c.rows) {
				return c.refuse("%s", a.Text)
			}
			if a.Cut > 0 {
				src, from, stride = cutText(src, from, stride, c.rows, a.Cut), 0, 1
			}
			if a.Distinct > 0 && distinct(src, from, stride, c.rows) > a.Distinct {
				return c.refuse("%s", a.Words)
			}
			l.positions(at, src, from, stride)
			last := int32(a.Keys[j].Len())
			for i, p := range at {
				if p >= 0 {
					continue
				}
				if a.Default == nil {
					return c.refuse("%s", unknownWords(a, j, at, src, from, stride, frame))
				}
				at[i] = last
			}
			lookUp(out, values[j], at, j, width)
		}
		return nil
	}, nil
}

// slicePart is elements [from, to) of a vector.
func slicePart(t *tensor.Tensor, from, to int) tensor.Tensor {
	var v tensor.Tensor
	view(&v, t.Reshape(t.Len()), from, to)
	return v
}

// lookUp writes table[at[i]] into column j.
func lookUp(dst, table *tensor.Tensor, at []int32, j, width int) {
	switch dst.DType.Storage() {
	case tensor.F64:
		spread1(dst.F64, table.F64, at, j, width)
	case tensor.F32:
		spread1(dst.F32, table.F32, at, j, width)
	case tensor.I64:
		spread1(dst.I64, table.I64, at, j, width)
	case tensor.U8:
		spread1(dst.U8, table.U8, at, j, width)
	}
}

func spread1[T any](dst, table []T, at []int32, j, width int) {
	for i, p := range at {
		dst[i*width+j] = table[p]
	}
}

// cutText copies a column with its text shortened to n code points.
func cutText(t *tensor.Tensor, at, stride, rows, n int) *tensor.Tensor {
	out := tensor.New(tensor.Object, rows)
	for i := range out.Cells {
		c := t.Cell(at)
		if c.Kind == tensor.CellStr {
			k := 0
			for p := range c.S {
				if k == n {
					c.S = c.S[:p]
					break
				}
				k++
			}
		}
		out.Cells[i] = c
		at += stride
	}
	return out
}

// allText reports that every cell is text.
func allText(t *tensor.Tensor, at, stride, rows int) bool {
	for range rows {
		if t.Cells[at].Kind != tensor.CellStr {
			return false
		}
		at += stride
	}
	return true
}

func distinct(t *tensor.Tensor, at, stride, rows int) int {
	seen := map[tensor.Cell]bool{}
	for range rows {
		seen[t.Cell(at).Key()] = true
		at += stride
	}
	return len(seen)
}

// unknownWords fills the placeholders of a refusal.
func unknownWords(a *graph.CategoryAttr, j int, at []int32, src *tensor.Tensor, from, stride int, frame bool) string {
	seen := map[tensor.Cell]bool{}
	var list []int
	for i, p := range at {
		e := from + i*stride
		if k := src.Cell(e).Key(); p < 0 && !seen[k] {
			seen[k] = true
			list = append(list, e)
		}
	}
	numeric := src.DType.IsNumeric()
	if numeric {
		slices.SortFunc(list, func(x, y int) int {
			f, _ := src.Float(x)
			g, _ := src.Float(y)
			switch {
			case f < g || f == f && g != g:
				return -1
			case f > g || f != f && g == g:
				return 1
			}
			return 0
		})
	}
	words := make([]string, len(list))
	plain := make([]string, len(list))
	for i, e := range list {
		plain[i] = text(src, e)
		switch {
		case numeric && src.DType == tensor.Bool:
			words[i] = "np." + plain[i] + "_"
		case numeric:
			words[i] = "np." + src.DType.String() + "(" + plain[i] + ")"
		case src.DType == tensor.String && !frame || a.Cut > 0:
			words[i] = "np.str_(" + src.Cell(e).Repr() + ")"
		default:
			words[i] = src.Cell(e).Repr()
		}
	}
	return strings.NewReplacer("{unknown}", "["+strings.Join(words, ", ")+"]", "{array}", "["+strings.Join(plain, " ")+"]",
		"{first}", words[0], "{column}", fmt.Sprint(j)).Replace(a.Words)
}

// oneHot keeps codes inside their blocks.
func oneHot(n *node) (kernel, error) {
	widths := n.Attr.(*graph.OneHotAttr).Widths
	return func(c *call) error {
		codes := c.result(0).OneHot.Codes
		b := len(widths)
		for i, v := range c.dense(0).I64 {
			if v < 0 || v >= int64(widths[i%b]) {
				v = -1
			}
			codes[i] = int32(v)
		}
		return nil
	}, nil
}

// misser reports whether element i is missing.
type misser func(t *tensor.Tensor, i int) bool

// missing makes the test for elements of a type.
func missing(m graph.Missing, d tensor.DType) misser {
	never := func(*tensor.Tensor, int) bool { return false }
	nan := m.Any || m.Value.IsNaN()
	f, number := m.Value.Float()
	switch d.Storage() {
	case tensor.F64:
		if nan {
			return func(t *tensor.Tensor, i int) bool { return t.F64[i] != t.F64[i] }
		}
		if number {
			return func(t *tensor.Tensor, i int) bool { return t.F64[i] == f }
		}
	case tensor.F32:
		if nan {
			return func(t *tensor.Tensor, i int) bool { return t.F32[i] != t.F32[i] }
		}
		if number {
			return func(t *tensor.Tensor, i int) bool { return float64(t.F32[i]) == f }
		}
	case tensor.I64, tensor.U8:
		if k := m.Value.Key(); !nan && number && k.Kind == tensor.CellInt {
			return func(t *tensor.Tensor, i int) bool { return t.Cell(i).I == k.I }
		}
	case tensor.Str:
		if m.Value.Kind == tensor.CellStr && !m.Any {
			return func(t *tensor.Tensor, i int) bool { return t.Str[i] == m.Value.S }
		}
	case tensor.Cells:
		if m.Text {
			return func(t *tensor.Tensor, i int) bool { return t.Cells[i].Kind == tensor.CellStr }
		}
		if m.Any {
			return func(t *tensor.Tensor, i int) bool { return t.Cells[i].IsNaN() || t.Cells[i].Kind == tensor.CellNone }
		}
		k := m.Value.Key()
		return func(t *tensor.Tensor, i int) bool { return t.Cells[i].Key() == k }
	}
	return never
}

// isMissing marks missing cells.
func isMissing(n *node) (kernel, error) {
	m := n.Attr.(*graph.MissingAttr).Missing
	t := n.inType(0)
	switch t.Kind {
	case graph.Frame:
		tests := make([]misser, len(t.Columns))
		for j, col := range t.Columns {
			tests[j] = missing(m, col.DType)
		}
		return func(c *call) error {
			out := c.out(0).U8
			for j, col := range c.frame(0).Columns {
				for i := range c.rows {
					out[i*len(tests)+j] = truth(tests[j](col, i))
				}
			}
			return nil
		}, nil
	case graph.CSR:
		test := missing(m, t.DType)
		return func(c *call) error {
			x, out := c.csr(0), c.outCSR(0)
			for r := range x.Rows {
				for p := x.Indptr[r]; p < x.Indptr[r+1]; p++ {
					if test(x.Data, p) {
						out.Indices = append(out.Indices, x.Indices[p])
						out.Data.U8 = append(out.Data.U8, 1)
					}
				}
				out.Indptr[r+1] = len(out.Indices)
			}
			return nil
		}, nil
	}
	test := missing(m, t.DType)
	return func(c *call) error {
		x, out := c.dense(0), c.out(0).U8
		for i := range out {
			out[i] = truth(test(x, i))
		}
		return nil
	}, nil
}

// filling holds one fill per column in the storage of a type.
func filling(n *node, d tensor.DType, fill []tensor.Cell) (*tensor.Tensor, error) {
	t := tensor.New(d, len(fill))
	for i, c := range fill {
		f, number := c.Float()
		if !number && d.IsNumeric() || c.Kind != tensor.CellStr && d == tensor.String {
			return nil, n.errorf("%s can not fill a column of %s", c.Repr(), d)
		}
		switch d.Storage() {
		case tensor.F64:
			t.F64[i] = f
		case tensor.F32:
			if t.F32[i] = float32(f); d == tensor.Float16 {
				t.F32[i] = tensor.Half(float64(t.F32[i]))
			}
		case tensor.I64:
			if t.I64[i] = c.I; c.Kind == tensor.CellFloat {
				t.I64[i] = truncate(f)
			}
		case tensor.U8:
			t.U8[i] = truth(f != 0)
		case tensor.Str:
			t.Str[i] = c.S
		case tensor.Cells:
			t.Cells[i] = c
		}
	}
	return t, nil
}

// impute copies its input and fills missing cells.
func impute(n *node) (kernel, error) {
	a := n.Attr.(*graph.ImputeAttr)
	t := n.inType(0)
	if t.Kind == graph.Frame {
		tests, fills := make([]misser, len(t.Columns)), make([]*tensor.Tensor, len(t.Columns))
		for j, col := range t.Columns {
			tests[j] = missing(a.Missing, col.DType)
			fill, err := filling(n, col.DType, a.Fill[j:j+1])
			if err != nil && canMiss(a.Missing, col.DType) {
				return nil, err
			}
			fills[j] = fill
		}
		return func(c *call) error {
			for j, col := range c.frame(0).Columns {
				out := c.outFrame(0).Columns[j]
				copyAt(out, 0, col)
				for i := range c.rows {
					if tests[j](col, i) {
						copyAt(out, i, fills[j])
					}
				}
			}
			return nil
		}, nil
	}
	fill, err := filling(n, t.DType, a.Fill)
	if err != nil {
		if canMiss(a.Missing, t.DType) {
			return nil, err
		}
		return pass, nil
	}
	test := missing(a.Missing, t.DType)
	if t.Kind == graph.CSR {
		return func(c *call) error {
			x, out := c.csr(0), likeCSR(c, c.csr(0))
			copyAt(out, 0, x.Data)
			for p, j := range x.Indices {
				if test(x.Data, p) {
					one := slicePart(fill, int(j), int(j)+1)
					copyAt(out, p, &one)
				}
			}
			return nil
		}, nil
	}
	width := len(a.Fill)
	if t.DType == tensor.Float64 && (a.Missing.Any || a.Missing.Value.IsNaN()) {
		return func(c *call) error {
			x, out := c.dense(0).F64, c.out(0).F64
			for r := 0; r < len(out); r += width {
				for j, f := range fill.F64 {
					v := x[r+j]
					if v != v {
						v = f
					}
					out[r+j] = v
				}
			}
			return nil
		}, nil
	}
	return func(c *call) error {
		x, out := c.dense(0), c.out(0)
		copyAt(out, 0, x)
		for i := range x.Len() {
			if test(x, i) {
				one := slicePart(fill, i%width, i%width+1)
				copyAt(out, i, &one)
			}
		}
		return nil
	}, nil
}

// canMiss reports whether cells of a type can be missing at all.
func canMiss(m graph.Missing, d tensor.DType) bool {
	_, number := m.Value.Float()
	nan := m.Any || m.Value.IsNaN()
	switch d.Storage() {
	case tensor.F64, tensor.F32:
		return nan || number
	case tensor.I64, tensor.U8:
		return !nan && number
	case tensor.Str:
		return m.Value.Kind == tensor.CellStr && !m.Any
	}
	return true
}

// multiHot marks each row's classes, in the order the row names them.
func multiHot(n *node) (kernel, error) {
	classes := n.Attr.(*graph.MultiHotAttr).Classes
	l := newLookup(classes)
	return func(c *call) error {
		out := c.outCSR(0)
		last := c.ints(classes.Len()) // the row that marked a class last, from 1 on
		clear(last)
		v := c.in(0)
		for r := range c.rows {
			mark := func(at int32) {
				if at < 0 || last[at] == r+1 {
					return
				}
				last[at] = r + 1
				out.Indices = append(out.Indices, at)
				out.Data.I64 = append(out.Data.I64, 1)
			}
			switch t := v.Tokens; {
			case t != nil:
				for _, s := range t.Terms[t.Indptr[r]:t.Indptr[r+1]] {
					mark(found(l.text, s))
				}
			case v.Dense != nil:
				for j := r * v.Dense.Shape[1]; j < (r+1)*v.Dense.Shape[1]; j++ {
					mark(l.cell(v.Dense.Cell(j)))
				}
			default:
				for _, cell := range v.Dicts.Values[v.Dicts.Indptr[r]:v.Dicts.Indptr[r+1]] {
					mark(l.cell(cell))
				}
			}
			out.Indptr[r+1] = len(out.Indices)
		}
		return nil
	}, nil
}

// labelSets lists the classes of each row.
func labelSets(n *node) (kernel, error) {
	classes := n.Attr.(*graph.MultiHotAttr).Classes
	width := classes.Len()
	return func(c *call) error {
		x, v := c.dense(0), c.result(0)
		for r := range c.rows {
			for j := range width {
				f, _ := x.Float(r*width + j)
				switch {
				case f == 0:
				case f != 1:
					return c.refuse("Expected only 0s and 1s in label indicator. Also got {%s}", text(x, r*width+j))
				case v.Tokens != nil:
					v.Tokens.Terms = append(v.Tokens.Terms, classes.Cell(j).S)
				default:
					v.Dicts.Keys = append(v.Dicts.Keys, "")
					v.Dicts.Values = append(v.Dicts.Values, classes.Cell(j))
				}
			}
			if v.Tokens != nil {
				v.Tokens.Indptr[r+1] = len(v.Tokens.Terms)
			} else {
				v.Dicts.Indptr[r+1] = len(v.Dicts.Values)
			}
		}
		return nil
	}, nil
}
