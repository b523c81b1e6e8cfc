package exec

import (
	"slices"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/tensor"
)

var castKernels = table{graph.OpCast: cast}

// cast converts a dense or CSR value, a OneHot one (whose ones change type), the distances of a Ragged one, or the columns of a Frame into one matrix.
func cast(n *node) (kernel, error) {
	to := n.Attr.(*graph.CastAttr).To
	switch n.inType(0).Kind {
	case graph.CSR:
		// scipy's astype sorts rows and sums duplicates, before it rounds.
		return func(c *call) error {
			x := c.csr(0)
			if sortedRows(x) {
				return castTo(c, likeCSR(c, x), x.Data)
			}
			l := c.local(func() any { return &canon{} }).(*canon)
			l.data.DType = x.Data.DType
			l.from(x, c.outCSR(0))
			c.outCSR(0).Data.Resize(l.data.Len())
			return castTo(c, c.outCSR(0).Data, &l.data)
		}, nil
	case graph.OneHot:
		return func(c *call) error {
			copy(c.result(0).OneHot.Codes, c.in(0).OneHot.Codes)
			return nil
		}, nil
	case graph.Ragged:
		return func(c *call) error {
			x, out := c.in(0).Ragged, c.result(0).Ragged
			copy(out.Indptr, x.Indptr)
			out.Indices = append(out.Indices, x.Indices...)
			out.Dist.Resize(len(x.Indices))
			return castTo(c, out.Dist, x.Dist)
		}, nil
	case graph.Frame:
		width := len(n.inType(0).Columns)
		return func(c *call) error {
			f, out := c.frame(0), c.out(0)
			l := c.local(func() any { return tensor.New(to, 0) }).(*tensor.Tensor)
			for j, col := range f.Columns {
				src := col
				if col.DType != to {
					l.Resize(c.rows)
					if err := castTo(c, l, col); err != nil {
						return err
					}
					src = l
				}
				column(out, src, j, width)
			}
			return nil
		}, nil
	}
	return func(c *call) error { return castTo(c, c.out(0), c.dense(0)) }, nil
}

// column writes src into column j of a matrix of the same type.
func column(dst, src *tensor.Tensor, j, width int) {
	switch dst.DType.Storage() {
	case tensor.F64:
		scatter(dst.F64, src.F64, j, width)
	case tensor.F32:
		scatter(dst.F32, src.F32, j, width)
	case tensor.I64:
		scatter(dst.I64, src.I64, j, width)
	case tensor.U8:
		scatter(dst.U8, src.U8, j, width)
	case tensor.Str:
		scatter(dst.Str, src.Str, j, width)
	case tensor.Cells:
		scatter(dst.Cells, src.Cells, j, width)
	}
}

func scatter[T any](dst, src []T, j, width int) {
	for i, v := range src {
		dst[i*width+j] = v
	}
}

// castTo converts elements between any two types as numpy's astype.
func castTo(c *call, dst, src *tensor.Tensor) error {
	switch {
	case src.DType.IsNumeric() && dst.DType.IsNumeric():
		convert(dst, src)
		return nil
	case dst.DType == tensor.String:
		for i := range dst.Str {
			dst.Str[i] = text(src, i)
		}
		return nil
	case dst.DType == tensor.Object:
		for i := range dst.Cells {
			dst.Cells[i] = src.Cell(i)
		}
		return nil
	case dst.DType.IsFloat() || dst.DType == tensor.Bool:
		buf := c.f64s(src.Len())
		for i := range buf {
			v, err := castFloat(c, src, i, dst.DType == tensor.Bool)
			if err != nil {
				return err
			}
			buf[i] = v
		}
		storeF64(dst, buf)
		return nil
	}
	for i := range dst.I64 {
		v, err := castInt(c, src, i)
		if err != nil {
			return err
		}
		dst.I64[i] = v
	}
	finish(dst)
	return nil
}

// castFloat converts text or a cell to a float. As a truth value, text is true unless empty and None is false.
func castFloat(c *call, t *tensor.Tensor, i int, boolean bool) (float64, error) {
	cell := t.Cell(i)
	switch cell.Kind {
	case tensor.CellNone:
		if boolean {
			return 0, nil
		}
		return nan, nil
	case tensor.CellStr, tensor.CellBytes:
		if boolean {
			return float64(truth(cell.S != "")), nil
		}
		f, ok := tensor.ParseFloat(cell.S)
		if !ok {
			word := cell.Repr()
			if t.DType == tensor.String {
				word = "np.str_(" + word + ")"
			}
			return 0, c.refuse("could not convert string to float: %s", word)
		}
		return f, nil
	}
	f, _ := cell.Float()
	return f, nil
}

func castInt(c *call, t *tensor.Tensor, i int) (int64, error) {
	cell := t.Cell(i)
	switch cell.Kind {
	case tensor.CellBool, tensor.CellInt:
		if cell.Big && t.DType == tensor.Object {
			return 0, c.refuse("Python int too large to convert to C long")
		}
		return cell.I, nil
	case tensor.CellFloat:
		switch {
		case cell.IsNaN():
			return 0, c.refuse("cannot convert float NaN to integer")
		case cell.F-cell.F != 0:
			return 0, c.refuse("cannot convert float infinity to integer")
		case t.DType == tensor.Object && !(cell.F >= -1<<63 && cell.F < 1<<63):
			return 0, c.refuse("Python int too large to convert to C long")
		}
		return truncate(cell.F), nil
	case tensor.CellNone:
		return 0, c.refuse("int() argument must be a string, a bytes-like object or a real number, not 'NoneType'")
	}
	v, ok := tensor.ParseInt(cell.S)
	if !ok {
		word := cell.Repr()
		if t.DType == tensor.String {
			word = "np.str_(" + word + ")"
		}
		return 0, c.refuse("invalid literal for int() with base 10: %s", word)
	}
	return v, nil
}

// text is an element as numpy writes it into a text array; a float32 has its own shortest digits.
func text(t *tensor.Tensor, i int) string {
	switch t.DType {
	case tensor.String:
		return t.Str[i]
	case tensor.Float32, tensor.Float16:
		return shortFloat(t.F32[i])
	case tensor.Uint64:
		return formatUint(uint64(t.I64[i]))
	}
	return t.Cell(i).String()
}

// sortedRows reports rows whose columns increase.
func sortedRows(s *tensor.Sparse) bool {
	for i := range s.Rows {
		for p := s.Indptr[i] + 1; p < s.Indptr[i+1]; p++ {
			if s.Indices[p] <= s.Indices[p-1] {
				return false
			}
		}
	}
	return true
}

// canon sorts rows and sums duplicates.
type canon struct {
	order []int
	data  tensor.Tensor
}

// from writes x's canonical pattern to o and its values to data.
func (l *canon) from(x, o *tensor.Sparse) {
	l.data.Resize(len(x.Indices))
	n := 0
	for i := range x.Rows {
		l.order = l.order[:0]
		for p := x.Indptr[i]; p < x.Indptr[i+1]; p++ {
			l.order = append(l.order, p)
		}
		slices.SortStableFunc(l.order, func(a, b int) int { return int(x.Indices[a]) - int(x.Indices[b]) })
		for _, p := range l.order {
			if j := x.Indices[p]; n > o.Indptr[i] && o.Indices[n-1] == j {
				addElement(&l.data, n-1, x.Data, p)
				continue
			}
			o.Indices = append(o.Indices, x.Indices[p])
			copyElement(&l.data, n, x.Data, p)
			n++
		}
		o.Indptr[i+1] = n
	}
	l.data.Resize(n)
}

// addElement adds one element to another of the same numeric type.
func addElement(dst *tensor.Tensor, i int, src *tensor.Tensor, j int) {
	switch dst.DType.Storage() {
	case tensor.F64:
		dst.F64[i] += src.F64[j]
	case tensor.F32:
		dst.F32[i] += src.F32[j]
	case tensor.I64:
		dst.I64[i] += src.I64[j]
	case tensor.U8:
		dst.U8[i] |= src.U8[j]
	}
}

// sortColumns sorts the column indices of a row.
func sortColumns(s []int32) { slices.Sort(s) }
