package exec

import (
	"fmt"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/tensor"
)

// checkInput returns what is wrong with a value for a type, or "".
func checkInput(t graph.Type, v tensor.Value) string {
	kind, dtype := graph.Kind(0), t.DType
	var width int
	switch {
	case v.Dense != nil:
		dtype, width = v.Dense.DType, v.Dense.Cols()
		if len(v.Dense.Shape) != len(t.Shape) {
			return fmt.Sprintf("%d dimensions where %s is planned", len(v.Dense.Shape), t)
		}
		for i, d := range t.Shape {
			if d != graph.N && d != v.Dense.Shape[i] {
				return fmt.Sprintf("shape %v where %s is planned", v.Dense.Shape, t)
			}
		}
	case v.CSR != nil:
		kind, dtype, width = graph.CSR, v.CSR.Data.DType, v.CSR.Cols
	case v.Frame != nil:
		kind, width = graph.Frame, len(v.Frame.Columns)
		for i, c := range v.Frame.Columns {
			if i < len(t.Columns) && (c.DType != t.Columns[i].DType || c.Len() != v.Frame.N) {
				return fmt.Sprintf("column %d is %s of %d rows where %s of %d is planned", i, c.DType, c.Len(), t.Columns[i].DType, v.Frame.N)
			}
		}
	case v.OneHot != nil:
		kind, dtype, width = graph.OneHot, v.OneHot.DType, v.OneHot.Cols()
	case v.Tokens != nil:
		kind, width = graph.Tokens, t.Width()
	case v.Dicts != nil:
		kind, width = graph.Dicts, t.Width()
	case v.Ragged != nil:
		kind, dtype, width = graph.Ragged, v.Ragged.Dist.DType, t.Width()
	default:
		return "no value"
	}
	switch {
	case kind != t.Kind:
		return fmt.Sprintf("%s where %s is planned", kind, t)
	case dtype != t.DType:
		return fmt.Sprintf("%s where %s is planned", dtype, t)
	case width != t.Width():
		return fmt.Sprintf("%d columns where %s is planned", width, t)
	}
	return ""
}

// cut makes views of row ranges, reusing its headers.
type cut struct {
	dense  tensor.Tensor
	data   tensor.Tensor
	csr    tensor.Sparse
	frame  tensor.Frame
	cols   []tensor.Tensor
	oneHot tensor.OneHot
	tokens tensor.Tokens
	dicts  tensor.Dicts
	ragged tensor.Ragged
	indptr []int
}

// rows returns rows [from, to) of v.
func (k *cut) rows(v tensor.Value, from, to int) tensor.Value {
	switch {
	case v.Dense != nil:
		view(&k.dense, v.Dense, from, to)
		return tensor.Value{Dense: &k.dense}
	case v.CSR != nil:
		a, b := v.CSR.Indptr[from], v.CSR.Indptr[to]
		k.rebase(v.CSR.Indptr, from, to)
		view(&k.data, v.CSR.Data, a, b)
		k.csr = tensor.Sparse{Rows: to - from, Cols: v.CSR.Cols, Indptr: k.indptr, Indices: v.CSR.Indices[a:b], Data: &k.data}
		return tensor.Value{CSR: &k.csr}
	case v.Frame != nil:
		if k.cols == nil {
			k.cols = make([]tensor.Tensor, len(v.Frame.Columns))
			k.frame.Columns = make([]*tensor.Tensor, len(v.Frame.Columns))
			k.frame.Names = v.Frame.Names
		}
		for i, c := range v.Frame.Columns {
			view(&k.cols[i], c, from, to)
			k.frame.Columns[i] = &k.cols[i]
		}
		k.frame.N = to - from
		return tensor.Value{Frame: &k.frame}
	case v.OneHot != nil:
		w := len(v.OneHot.Widths)
		k.oneHot = *v.OneHot
		k.oneHot.Rows, k.oneHot.Codes = to-from, v.OneHot.Codes[from*w:to*w]
		return tensor.Value{OneHot: &k.oneHot}
	case v.Tokens != nil:
		a, b := v.Tokens.Indptr[from], v.Tokens.Indptr[to]
		k.rebase(v.Tokens.Indptr, from, to)
		k.tokens = tensor.Tokens{Indptr: k.indptr, Terms: v.Tokens.Terms[a:b]}
		return tensor.Value{Tokens: &k.tokens}
	case v.Dicts != nil:
		a, b := v.Dicts.Indptr[from], v.Dicts.Indptr[to]
		k.rebase(v.Dicts.Indptr, from, to)
		k.dicts = tensor.Dicts{Indptr: k.indptr, Keys: v.Dicts.Keys[a:b], Values: v.Dicts.Values[a:b]}
		return tensor.Value{Dicts: &k.dicts}
	}
	a, b := v.Ragged.Indptr[from], v.Ragged.Indptr[to]
	k.rebase(v.Ragged.Indptr, from, to)
	view(&k.data, v.Ragged.Dist, a, b)
	k.ragged = tensor.Ragged{Indptr: k.indptr, Indices: v.Ragged.Indices[a:b], Dist: &k.data}
	return tensor.Value{Ragged: &k.ragged}
}

func (k *cut) rebase(indptr []int, from, to int) {
	k.indptr = k.indptr[:0]
	for _, p := range indptr[from : to+1] {
		k.indptr = append(k.indptr, p-indptr[from])
	}
}

// view points dst at rows [from, to) of src.
func view(dst, src *tensor.Tensor, from, to int) {
	w := src.Cols()
	shape := append(dst.Shape[:0], src.Shape...)
	shape[0] = to - from
	*dst = tensor.Tensor{DType: src.DType, Shape: shape}
	a, b := from*w, to*w
	switch src.DType.Storage() {
	case tensor.F64:
		dst.F64 = src.F64[a:b:b]
	case tensor.F32:
		dst.F32 = src.F32[a:b:b]
	case tensor.I64:
		dst.I64 = src.I64[a:b:b]
	case tensor.U8:
		dst.U8 = src.U8[a:b:b]
	case tensor.Str:
		dst.Str = src.Str[a:b:b]
	case tensor.Cells:
		dst.Cells = src.Cells[a:b:b]
	}
}

// copyAt copies all elements of src into dst from element at on.
func copyAt(dst *tensor.Tensor, at int, src *tensor.Tensor) {
	switch src.DType.Storage() {
	case tensor.F64:
		copy(dst.F64[at:], src.F64)
	case tensor.F32:
		copy(dst.F32[at:], src.F32)
	case tensor.I64:
		copy(dst.I64[at:], src.I64)
	case tensor.U8:
		copy(dst.U8[at:], src.U8)
	case tensor.Str:
		copy(dst.Str[at:], src.Str)
	case tensor.Cells:
		copy(dst.Cells[at:], src.Cells)
	}
}

func cloneTensor(t *tensor.Tensor) *tensor.Tensor {
	box := &struct { // one allocation for both
		t    tensor.Tensor
		dims [4]int
	}{}
	u := &box.t
	u.DType, u.Shape = t.DType, append(box.dims[:0], t.Shape...)
	switch n := t.Len(); t.DType.Storage() {
	case tensor.F64:
		u.F64 = append(make([]float64, 0, n), t.F64...)
	case tensor.F32:
		u.F32 = append(make([]float32, 0, n), t.F32...)
	case tensor.I64:
		u.I64 = append(make([]int64, 0, n), t.I64...)
	case tensor.U8:
		u.U8 = append(make([]uint8, 0, n), t.U8...)
	case tensor.Str:
		u.Str = append(make([]string, 0, n), t.Str...)
	case tensor.Cells:
		u.Cells = append(make([]tensor.Cell, 0, n), t.Cells...)
	}
	return u
}

// clone copies a value out of a state.
func clone(v tensor.Value) tensor.Value {
	switch {
	case v.Dense != nil:
		return tensor.Value{Dense: cloneTensor(v.Dense)}
	case v.CSR != nil:
		s := v.CSR
		return tensor.Value{CSR: &tensor.Sparse{Rows: s.Rows, Cols: s.Cols, Indptr: copyOf(s.Indptr), Indices: copyOf(s.Indices), Data: cloneTensor(s.Data)}}
	case v.Frame != nil:
		f := &tensor.Frame{Names: copyOf(v.Frame.Names), Columns: make([]*tensor.Tensor, len(v.Frame.Columns)), N: v.Frame.N}
		for i, c := range v.Frame.Columns {
			f.Columns[i] = cloneTensor(c)
		}
		return tensor.Value{Frame: f}
	case v.OneHot != nil:
		o := *v.OneHot
		o.Widths, o.Codes = copyOf(o.Widths), copyOf(o.Codes)
		return tensor.Value{OneHot: &o}
	case v.Tokens != nil:
		return tensor.Value{Tokens: &tensor.Tokens{Indptr: copyOf(v.Tokens.Indptr), Terms: copyOf(v.Tokens.Terms)}}
	case v.Dicts != nil:
		d := v.Dicts
		return tensor.Value{Dicts: &tensor.Dicts{Indptr: copyOf(d.Indptr), Keys: copyOf(d.Keys), Values: copyOf(d.Values)}}
	case v.Ragged != nil:
		r := v.Ragged
		return tensor.Value{Ragged: &tensor.Ragged{Indptr: copyOf(r.Indptr), Indices: copyOf(r.Indices), Dist: cloneTensor(r.Dist)}}
	}
	return v
}

func copyOf[T any](s []T) []T { return append([]T(nil), s...) }

// sink collects one output of all blocks.
type sink struct {
	t      graph.Type
	n      int
	dense  *tensor.Tensor
	frame  *tensor.Frame
	pieces []tensor.Value // by block, of what has no fixed size
}

func newSink(t graph.Type, n, blocks int) sink {
	s := sink{t: t, n: n}
	switch {
	case t.Kind == graph.Dense && t.Batched():
		shape := append([]int{}, t.Shape...)
		shape[0] = n
		s.dense = tensor.New(t.DType, shape...)
	case t.Kind == graph.Frame:
		s.frame = empty(t).Frame
		s.frame.N = n
		for _, c := range s.frame.Columns {
			c.Resize(n)
		}
	default:
		s.pieces = make([]tensor.Value, blocks)
	}
	return s
}

// put takes the value of a block. Blocks write to places of their own.
func (s *sink) put(v tensor.Value, block, from int) {
	switch {
	case s.dense != nil:
		copyAt(s.dense, from*s.dense.Cols(), v.Dense)
	case s.frame != nil:
		for i, c := range v.Frame.Columns {
			copyAt(s.frame.Columns[i], from, c)
		}
	default:
		s.pieces[block] = clone(v)
	}
}

// value returns the whole.
func (s *sink) value() tensor.Value {
	switch {
	case s.dense != nil:
		return tensor.Value{Dense: s.dense}
	case s.frame != nil:
		return tensor.Value{Frame: s.frame}
	case !s.t.Batched():
		return s.pieces[0]
	}
	switch s.t.Kind {
	case graph.CSR:
		m := &tensor.Sparse{Rows: s.n, Cols: s.t.Width(), Indptr: []int{0}}
		nnz := 0
		for _, p := range s.pieces {
			nnz += len(p.CSR.Indices)
		}
		m.Data = tensor.New(s.t.DType, nnz)
		for _, p := range s.pieces {
			copyAt(m.Data, len(m.Indices), p.CSR.Data)
			m.Indptr = joinPtr(m.Indptr, p.CSR.Indptr)
			m.Indices = append(m.Indices, p.CSR.Indices...)
		}
		return tensor.Value{CSR: m}
	case graph.OneHot:
		o := &tensor.OneHot{DType: s.t.DType, Rows: s.n, Widths: copyOf(s.t.Widths)}
		for _, p := range s.pieces {
			o.Codes = append(o.Codes, p.OneHot.Codes...)
		}
		return tensor.Value{OneHot: o}
	case graph.Tokens:
		m := &tensor.Tokens{Indptr: []int{0}}
		for _, p := range s.pieces {
			m.Indptr = joinPtr(m.Indptr, p.Tokens.Indptr)
			m.Terms = append(m.Terms, p.Tokens.Terms...)
		}
		return tensor.Value{Tokens: m}
	case graph.Dicts:
		m := &tensor.Dicts{Indptr: []int{0}}
		for _, p := range s.pieces {
			m.Indptr = joinPtr(m.Indptr, p.Dicts.Indptr)
			m.Keys = append(m.Keys, p.Dicts.Keys...)
			m.Values = append(m.Values, p.Dicts.Values...)
		}
		return tensor.Value{Dicts: m}
	}
	m := &tensor.Ragged{Indptr: []int{0}}
	nnz := 0
	for _, p := range s.pieces {
		nnz += len(p.Ragged.Indices)
	}
	m.Dist = tensor.New(s.t.DType, nnz)
	for _, p := range s.pieces {
		copyAt(m.Dist, len(m.Indices), p.Ragged.Dist)
		m.Indptr = joinPtr(m.Indptr, p.Ragged.Indptr)
		m.Indices = append(m.Indices, p.Ragged.Indices...)
	}
	return tensor.Value{Ragged: m}
}

// joinPtr appends the row ends of a block that starts at zero.
func joinPtr(all, block []int) []int {
	base := all[len(all)-1]
	for _, p := range block[1:] {
		all = append(all, base+p)
	}
	return all
}
