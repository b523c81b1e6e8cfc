package exec

import (
	"slices"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/tensor"
)

var shapeKernels = table{
	graph.OpGather: gather, graph.OpColumn: pickColumn, graph.OpTake: take, graph.OpLabels: labels,
	graph.OpHStack: hstack, graph.OpStack: stack, graph.OpReshape: reshape, graph.OpTranspose: transpose,
	graph.OpToDense: toDense, graph.OpToCSR: toCSR,
}

// perStorage runs the instance of a generic function that fits a tensor pair.
func perStorage(dst, src *tensor.Tensor, f64 func(d, s []float64), f32 func(d, s []float32), i64 func(d, s []int64),
	u8 func(d, s []uint8), str func(d, s []string), cells func(d, s []tensor.Cell)) {
	switch dst.DType.Storage() {
	case tensor.F64:
		f64(dst.F64, src.F64)
	case tensor.F32:
		f32(dst.F32, src.F32)
	case tensor.I64:
		i64(dst.I64, src.I64)
	case tensor.U8:
		u8(dst.U8, src.U8)
	case tensor.Str:
		str(dst.Str, src.Str)
	case tensor.Cells:
		cells(dst.Cells, src.Cells)
	}
}

// gather picks columns.
func gather(n *node) (kernel, error) {
	index := n.Attr.(*graph.GatherAttr).Index
	width := n.inType(0).Shape[1]
	switch n.inType(0).Kind {
	case graph.Frame:
		return gatherFrame(index), nil
	case graph.CSR:
		return gatherCSR(index, width), nil
	}
	return func(c *call) error {
		src, dst := c.dense(0), c.out(0)
		perStorage(dst, src, pick[float64](index, width), pick[float32](index, width), pick[int64](index, width),
			pick[uint8](index, width), pick[string](index, width), pick[tensor.Cell](index, width))
		return nil
	}, nil
}

// pick copies the chosen columns of rows of a width.
func pick[T any](index []int, width int) func(d, s []T) {
	return func(d, s []T) {
		for len(s) >= width && width > 0 && len(d) >= len(index) && len(index) > 0 {
			row := s[:width]
			for i, j := range index {
				d[i] = row[j]
			}
			s, d = s[width:], d[len(index):]
		}
	}
}

func gatherFrame(index []int) kernel {
	return func(c *call) error {
		l := c.local(func() any { return &tensor.Frame{Columns: make([]*tensor.Tensor, len(index))} }).(*tensor.Frame)
		f := c.frame(0)
		l.N, l.Names = f.N, c.outFrame(0).Names
		for i, j := range index {
			l.Columns[i] = f.Columns[j]
		}
		c.set(0, tensor.Value{Frame: l})
		return nil
	}
}

// gatherCSR keeps each row's stored order; a column chosen twice appears twice, as scipy's column index.
func gatherCSR(index []int, width int) kernel {
	at := make([][]int32, width)
	for i, j := range index {
		at[j] = append(at[j], int32(i))
	}
	return func(c *call) error {
		x, o := c.csr(0), c.outCSR(0)
		from := c.ints(0)[:0]
		for i := range x.Rows {
			for p := x.Indptr[i]; p < x.Indptr[i+1]; p++ {
				for _, k := range at[x.Indices[p]] {
					o.Indices = append(o.Indices, k)
					from = append(from, p)
				}
			}
			o.Indptr[i+1] = len(o.Indices)
		}
		o.Data.Resize(len(from))
		takeElements(o.Data, x.Data, from)
		return nil
	}
}

// takeElements writes src[from[i]] to dst[i].
func takeElements(dst, src *tensor.Tensor, from []int) {
	perStorage(dst, src, taker[float64](from), taker[float32](from), taker[int64](from), taker[uint8](from), taker[string](from), taker[tensor.Cell](from))
}

func taker[T any](from []int) func(d, s []T) {
	return func(d, s []T) {
		for i, p := range from {
			d[i] = s[p]
		}
	}
}

// pickColumn makes one column a one-dimensional value.
func pickColumn(n *node) (kernel, error) {
	index := n.Attr.(*graph.GatherAttr).Index
	j, width := index[0], n.inType(0).Shape[1]
	switch n.inType(0).Kind {
	case graph.Frame:
		return func(c *call) error {
			c.set(0, tensor.Value{Dense: c.frame(0).Columns[j]})
			return nil
		}, nil
	case graph.CSR:
		return func(c *call) error {
			x, out := c.csr(0), c.out(0)
			vals := c.f64s(x.Rows)
			clear(vals)
			data := asF64(c, x.Data)
			for i := range x.Rows {
				for p := x.Indptr[i]; p < x.Indptr[i+1]; p++ {
					if int(x.Indices[p]) == j {
						vals[i] += data[p]
					}
				}
			}
			storeF64(out, vals)
			return nil
		}, nil
	}
	return func(c *call) error {
		src, dst := c.dense(0), c.out(0)
		perStorage(dst, src, pick[float64](index, width), pick[float32](index, width), pick[int64](index, width),
			pick[uint8](index, width), pick[string](index, width), pick[tensor.Cell](index, width))
		return nil
	}, nil
}

// take looks up rows of a table.
func take(n *node) (kernel, error) {
	t := n.inType(0)
	inner := tensor.Size(t.Shape[1:])
	return func(c *call) error {
		table, codes := c.dense(0), asI64(c, c.dense(1))
		rows := int64(table.Shape[0])
		for _, k := range codes {
			if k < 0 || k >= rows {
				return c.errorf("code %d of a table of %d rows", k, rows)
			}
		}
		perStorage(c.out(0), table, rowTaker[float64](codes, inner), rowTaker[float32](codes, inner), rowTaker[int64](codes, inner),
			rowTaker[uint8](codes, inner), rowTaker[string](codes, inner), rowTaker[tensor.Cell](codes, inner))
		return nil
	}, nil
}

func rowTaker[T any](codes []int64, inner int) func(d, s []T) {
	return func(d, s []T) {
		if inner == 1 {
			for i, k := range codes {
				d[i] = s[k]
			}
			return
		}
		for i, k := range codes {
			copy(d[i*inner:(i+1)*inner], s[int(k)*inner:])
		}
	}
}

// labels turns codes into classes.
func labels(n *node) (kernel, error) {
	classes := n.Attr.(*graph.LabelsAttr).Classes
	count := int64(classes.Len())
	return func(c *call) error {
		codes := asI64(c, c.dense(0))
		for _, k := range codes {
			if k < 0 || k >= count {
				return c.errorf("code %d of %d classes", k, count)
			}
		}
		perStorage(c.out(0), classes, rowTaker[float64](codes, 1), rowTaker[float32](codes, 1), rowTaker[int64](codes, 1),
			rowTaker[uint8](codes, 1), rowTaker[string](codes, 1), rowTaker[tensor.Cell](codes, 1))
		return nil
	}, nil
}

// hstack puts parts side by side.
func hstack(n *node) (kernel, error) {
	switch n.outType(0).Kind {
	case graph.Frame:
		return hstackFrame(n), nil
	case graph.CSR:
		return hstackCSR(n), nil
	}
	width := n.outType(0).Width()
	d := n.outType(0).DType
	var starts []int
	at := 0
	for i := range n.In {
		starts = append(starts, at)
		at += n.inType(i).Width()
	}
	return func(c *call) error {
		out := c.out(0)
		l := c.local(func() any { return tensor.New(d, 0) }).(*tensor.Tensor)
		for i, start := range starts {
			v := c.in(i)
			w := 0
			src := v.Dense
			switch {
			case v.CSR != nil:
				w = v.CSR.Cols
				l.Resize(c.rows, w)
				densify(c, l, v.CSR)
				src = l
			case v.OneHot != nil:
				w = v.OneHot.Cols()
				l.Resize(c.rows, w)
				densifyOneHot(l, v.OneHot)
				src = l
			default:
				w = src.Cols()
				if src.DType != d {
					l.Resize(c.rows, w)
					if err := castTo(c, l, src); err != nil {
						return err
					}
					src = l
				}
			}
			perStorage(out, src, block[float64](width, start, w), block[float32](width, start, w), block[int64](width, start, w),
				block[uint8](width, start, w), block[string](width, start, w), block[tensor.Cell](width, start, w))
		}
		return nil
	}, nil
}

// block copies rows of w elements to column start of rows of width elements.
func block[T any](width, start, w int) func(d, s []T) {
	return func(d, s []T) {
		switch {
		case w == 0:
		case w == 1:
			for i, v := range s {
				d[i*width+start] = v
			}
		default:
			for i := 0; len(s) >= w; i++ {
				copy(d[i*width+start:], s[:w])
				s = s[w:]
			}
		}
	}
}

func hstackFrame(n *node) kernel {
	cols := len(n.outType(0).Columns)
	return func(c *call) error {
		own := c.outFrame(0)
		l := c.local(func() any { return &tensor.Frame{Columns: make([]*tensor.Tensor, cols)} }).(*tensor.Frame)
		l.N, l.Names = c.rows, own.Names
		at := 0
		for i := range c.node.In {
			v := c.in(i)
			switch {
			case v.Frame != nil:
				at += copy(l.Columns[at:], v.Frame.Columns)
				continue
			case v.Dense == nil:
				return c.errorf("a sparse part beside text")
			case len(v.Dense.Shape) == 1:
				l.Columns[at] = v.Dense
				at++
				continue
			}
			for j := range v.Dense.Cols() {
				dst := own.Columns[at]
				split(dst, v.Dense, j)
				l.Columns[at] = dst
				at++
			}
		}
		c.set(0, tensor.Value{Frame: l})
		return nil
	}
}

// split copies column j of a matrix.
func split(dst, src *tensor.Tensor, j int) {
	w := src.Cols()
	perStorage(dst, src, splitter[float64](w, j), splitter[float32](w, j), splitter[int64](w, j), splitter[uint8](w, j), splitter[string](w, j), splitter[tensor.Cell](w, j))
}

func splitter[T any](w, j int) func(d, s []T) {
	return func(d, s []T) {
		for i := range d {
			d[i] = s[i*w+j]
		}
	}
}

// hstackCSR joins rows. Beside a dense part scipy goes through coordinates: columns are then sorted and duplicates
// summed.
func hstackCSR(n *node) kernel {
	canonical := false
	for i := range n.In {
		canonical = canonical || n.inType(i).Kind == graph.Dense
	}
	d := n.outType(0).DType
	return func(c *call) error {
		o := c.outCSR(0)
		l := c.local(func() any { return &stacker{} }).(*stacker)
		l.vals = l.vals[:0]
		l.use(c)
		for r := range c.rows {
			begin := len(o.Indices)
			col := int32(0)
			for i := range c.node.In {
				v := c.in(i)
				switch {
				case v.CSR != nil:
					for p := v.CSR.Indptr[r]; p < v.CSR.Indptr[r+1]; p++ {
						o.Indices = append(o.Indices, col+v.CSR.Indices[p])
						l.vals = append(l.vals, l.data[i][p])
					}
					col += int32(v.CSR.Cols)
				case v.OneHot != nil:
					b := len(v.OneHot.Widths)
					for k, w := range v.OneHot.Widths {
						if code := v.OneHot.Codes[r*b+k]; code >= 0 {
							o.Indices = append(o.Indices, col+code)
							l.vals = append(l.vals, 1)
						}
						col += int32(w)
					}
				default:
					w := v.Dense.Cols()
					for j := range w {
						if x := l.data[i][r*w+j]; x != 0 {
							o.Indices = append(o.Indices, col+int32(j))
							l.vals = append(l.vals, x)
						}
					}
					col += int32(w)
				}
			}
			if canonical {
				l.canonical(o, begin)
			}
			o.Indptr[r+1] = len(o.Indices)
		}
		if d == tensor.Float64 {
			o.Data.F64 = append(o.Data.F64[:0], l.vals...)
			return nil
		}
		o.Data.Resize(len(l.vals))
		storeF64(o.Data, l.vals)
		return nil
	}
}

// stacker holds the parts' values as float64 while rows are joined.
type stacker struct {
	data [][]float64
	vals []float64
}

func (l *stacker) use(c *call) {
	l.data = l.data[:0]
	for i := range c.node.In {
		v := c.in(i)
		switch {
		case v.OneHot != nil:
			l.data = append(l.data, nil)
		default:
			l.data = append(l.data, asF64(c, operandData(v)))
		}
	}
}

// canonical sorts the row that begins at begin and sums duplicates.
func (l *stacker) canonical(o *tensor.Sparse, begin int) {
	cols, vals := o.Indices[begin:], l.vals[begin:]
	if !slices.IsSorted(cols) {
		for i := 1; i < len(cols); i++ { // rows are nearly sorted
			for k := i; k > 0 && cols[k] < cols[k-1]; k-- {
				cols[k], cols[k-1] = cols[k-1], cols[k]
				vals[k], vals[k-1] = vals[k-1], vals[k]
			}
		}
	}
	to := 0
	for i := range cols {
		if i > 0 && cols[i] == cols[to-1] {
			vals[to-1] += vals[i]
			continue
		}
		cols[to], vals[to] = cols[i], vals[i]
		to++
	}
	o.Indices, l.vals = o.Indices[:begin+to], l.vals[:begin+to]
}

// stack puts parts along a new axis after the rows.
func stack(n *node) (kernel, error) {
	out := n.outType(0)
	inner := tensor.Size(out.Shape[2:])
	width := inner * len(n.In)
	return func(c *call) error {
		o := c.out(0)
		l := c.local(func() any { return tensor.New(out.DType, 0) }).(*tensor.Tensor)
		for i := range c.node.In {
			src := c.dense(i)
			if src.DType != out.DType {
				l.Resize(src.Shape...)
				if err := castTo(c, l, src); err != nil {
					return err
				}
				src = l
			}
			if src.Len() != c.rows*inner {
				return c.errorf("part %d has shape %v", i, src.Shape)
			}
			s := i * inner
			perStorage(o, src, block[float64](width, s, inner), block[float32](width, s, inner), block[int64](width, s, inner),
				block[uint8](width, s, inner), block[string](width, s, inner), block[tensor.Cell](width, s, inner))
		}
		return nil
	}, nil
}

// reshape shares the elements under another shape.
func reshape(n *node) (kernel, error) {
	shape := n.Attr.(*graph.ReshapeAttr).Shape
	return func(c *call) error {
		l := c.local(func() any { return &tensor.Tensor{} }).(*tensor.Tensor)
		s := append(l.Shape[:0], shape...)
		*l = *c.dense(0)
		for i, d := range s {
			if d == graph.N {
				s[i] = c.rows
			}
		}
		l.Shape = s
		c.set(0, tensor.Value{Dense: l})
		return nil
	}, nil
}

// transpose permutes axes; the rows stay first.
func transpose(n *node) (kernel, error) {
	perm := n.Attr.(*graph.TransposeAttr).Perm
	return func(c *call) error {
		x, out := c.dense(0), c.out(0)
		rank := len(perm)
		stride, step, count := c.ints(rank), c.ints(rank), c.ints(rank)
		s := 1
		for i := rank - 1; i >= 0; i-- {
			stride[i] = s
			s *= x.Shape[i]
		}
		for i, p := range perm {
			step[i], count[i] = stride[p], 0
		}
		at := 0
		for i := range out.Len() {
			copyElement(out, i, x, at)
			for d := rank - 1; d >= 0; d-- {
				count[d]++
				at += step[d]
				if count[d] < out.Shape[d] {
					break
				}
				at -= step[d] * out.Shape[d]
				count[d] = 0
			}
		}
		return nil
	}, nil
}

// toDense materialises a sparse or one-hot value.
func toDense(n *node) (kernel, error) {
	if n.inType(0).Kind == graph.OneHot {
		return func(c *call) error { densifyOneHot(c.out(0), c.in(0).OneHot); return nil }, nil
	}
	return func(c *call) error { densify(c, c.out(0), c.csr(0)); return nil }, nil
}

// densify writes a sparse matrix, duplicates summed, in the type of dst.
func densify(c *call, dst *tensor.Tensor, s *tensor.Sparse) {
	switch dst.DType.Storage() {
	case tensor.F64:
		spill(dst.F64, s, asF64(c, s.Data))
	case tensor.F32:
		spill(dst.F32, s, asF32(c, s.Data))
	case tensor.I64:
		spill(dst.I64, s, asI64(c, s.Data))
	case tensor.U8:
		clear(dst.U8)
		for i := range s.Rows {
			for p := s.Indptr[i]; p < s.Indptr[i+1]; p++ {
				dst.U8[i*s.Cols+int(s.Indices[p])] |= s.Data.U8[p]
			}
		}
	}
	finish(dst)
}

func spill[T number](d []T, s *tensor.Sparse, data []T) {
	clear(d)
	for i := range s.Rows {
		row := d[i*s.Cols : (i+1)*s.Cols]
		for p := s.Indptr[i]; p < s.Indptr[i+1]; p++ {
			row[s.Indices[p]] += data[p]
		}
	}
}

func densifyOneHot(dst *tensor.Tensor, o *tensor.OneHot) {
	switch dst.DType.Storage() {
	case tensor.F64:
		spillOnes(dst.F64, o)
	case tensor.F32:
		spillOnes(dst.F32, o)
	case tensor.I64:
		spillOnes(dst.I64, o)
	case tensor.U8:
		spillOnes(dst.U8, o)
	}
}

func spillOnes[T number | uint8](d []T, o *tensor.OneHot) {
	clear(d)
	width, at := o.Cols(), 0
	for i := range o.Rows {
		start := i * width
		for _, w := range o.Widths {
			if code := o.Codes[at]; code >= 0 {
				d[start+int(code)] = 1
			}
			start += w
			at++
		}
	}
}

// toCSR makes a dense or one-hot value sparse; zeros of dense ones are dropped.
func toCSR(n *node) (kernel, error) {
	if n.inType(0).Kind == graph.OneHot {
		return func(c *call) error {
			h, o := c.in(0).OneHot, c.outCSR(0)
			at := 0
			for i := range h.Rows {
				col := int32(0)
				for _, w := range h.Widths {
					if code := h.Codes[at]; code >= 0 {
						o.Indices = append(o.Indices, col+code)
					}
					col += int32(w)
					at++
				}
				o.Indptr[i+1] = len(o.Indices)
			}
			fillOnes(o.Data, len(o.Indices))
			return nil
		}, nil
	}
	width := n.inType(0).Shape[1]
	return func(c *call) error {
		x, o := c.dense(0), c.outCSR(0)
		switch x.DType.Storage() {
		case tensor.F64:
			o.Data.F64 = sift(o, x.F64, o.Data.F64[:0], width)
		case tensor.F32:
			o.Data.F32 = sift(o, x.F32, o.Data.F32[:0], width)
		case tensor.I64:
			o.Data.I64 = sift(o, x.I64, o.Data.I64[:0], width)
		case tensor.U8:
			o.Data.U8 = sift(o, x.U8, o.Data.U8[:0], width)
		}
		return nil
	}, nil
}

func sift[T number | uint8](o *tensor.Sparse, x, data []T, width int) []T {
	for i := range o.Rows {
		for j, v := range x[i*width : (i+1)*width] {
			if v != 0 {
				o.Indices = append(o.Indices, int32(j))
				data = append(data, v)
			}
		}
		o.Indptr[i+1] = len(o.Indices)
	}
	return data
}

// fillOnes sizes a tensor and sets every element to one.
func fillOnes(t *tensor.Tensor, n int) {
	t.Resize(n)
	for i := range n {
		switch t.DType.Storage() {
		case tensor.F64:
			t.F64[i] = 1
		case tensor.F32:
			t.F32[i] = 1
		case tensor.I64:
			t.I64[i] = 1
		case tensor.U8:
			t.U8[i] = 1
		}
	}
}
