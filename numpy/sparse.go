package numpy

import (
	"fmt"
	"math"
	"strings"

	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/tensor"
)

// Sparse converts a scipy.sparse matrix or array (csr, csc, coo, dia) of any scipy release to CSR. A csr keeps the
// order of its stored entries, duplicates and explicit zeros; the others come sorted by row. A csr of one dimension is
// a single row.
func Sparse(v pyobj.Value) (*tensor.Sparse, error) {
	o, ok := v.(*pyobj.Object)
	if !ok || !strings.HasPrefix(o.ClassName(), "scipy.sparse.") {
		return nil, fmt.Errorf("numpy: not a scipy sparse matrix")
	}
	attrs, ok := o.Attrs()
	if !ok || attrs == nil {
		return nil, fmt.Errorf("numpy: sparse matrix without state")
	}
	name := pyobj.ShortName(o.ClassName())
	shape, err := ints(first(attrs, "_shape", "shape"))
	if err == nil && len(shape) == 1 && strings.HasPrefix(name, "csr") {
		shape = []int{1, shape[0]}
	}
	if err != nil || len(shape) != 2 || shape[0] < 0 || shape[1] < 0 || shape[1] > math.MaxInt32 {
		return nil, fmt.Errorf("numpy: %s without a shape of two sizes", name)
	}
	rows, cols := shape[0], shape[1]
	data, err := vector(attrs, "data")
	if err != nil {
		return nil, fmt.Errorf("numpy: %s: %w", name, err)
	}
	switch strings.SplitN(name, "_", 2)[0] {
	case "csr", "csc":
		ptr, err := intVector(attrs, "indptr")
		if err != nil {
			return nil, fmt.Errorf("numpy: %s: %w", name, err)
		}
		idx, err := intVector(attrs, "indices")
		if err != nil {
			return nil, fmt.Errorf("numpy: %s: %w", name, err)
		}
		major, minor := rows, cols
		if name[2] == 'c' {
			major, minor = cols, rows
		}
		if err := checkCompressed(ptr, idx, data.Len(), major, minor); err != nil {
			return nil, fmt.Errorf("numpy: %s: %w", name, err)
		}
		nnz := ptr[major]
		if name[2] == 'r' {
			s := &tensor.Sparse{Rows: rows, Cols: cols, Indptr: ptr, Indices: make([]int32, nnz), Data: data}
			for i := range s.Indices {
				s.Indices[i] = int32(idx[i])
			}
			s.Data = head(data, nnz)
			return s, nil
		}
		r, c := make([]int, nnz), make([]int, nnz)
		for j := 0; j < major; j++ {
			for p := ptr[j]; p < ptr[j+1]; p++ {
				r[p], c[p] = idx[p], j
			}
		}
		return fromTriples(rows, cols, r, c, head(data, nnz))
	case "coo":
		var r, c []int
		if t, ok := attrs.Get("coords").(*pyobj.Tuple); ok && len(t.Items) == 2 {
			if r, err = ints(t.Items[0]); err == nil {
				c, err = ints(t.Items[1])
			}
		} else if r, err = ints(attrs.Get("row")); err == nil {
			c, err = ints(attrs.Get("col"))
		}
		if err != nil || len(r) != data.Len() || len(c) != len(r) {
			return nil, fmt.Errorf("numpy: %s: coordinates do not fit", name)
		}
		for i := range r {
			if r[i] < 0 || r[i] >= rows || c[i] < 0 || c[i] >= cols {
				return nil, fmt.Errorf("numpy: %s: coordinate %d,%d outside %v", name, r[i], c[i], shape)
			}
		}
		return fromTriples(rows, cols, r, c, data)
	case "dia":
		off, err := ints(attrs.Get("offsets"))
		if err != nil {
			return nil, fmt.Errorf("numpy: %s: %w", name, err)
		}
		if len(data.Shape) == 1 {
			data = data.Reshape(1, data.Len())
		}
		if len(data.Shape) != 2 || data.Shape[0] != len(off) {
			return nil, fmt.Errorf("numpy: %s: offsets do not fit", name)
		}
		var r, c, at []int
		for k, o := range off {
			for j := 0; j < data.Shape[1] && j < cols; j++ {
				if i := j - o; i >= 0 && i < rows {
					r, c, at = append(r, i), append(c, j), append(at, k*data.Shape[1]+j)
				}
			}
		}
		return fromTriples(rows, cols, r, c, pick(data, at))
	}
	return nil, fmt.Errorf("numpy: sparse format %s is not supported", name)
}

// IsVector reports a sparse array of one dimension.
func IsVector(v pyobj.Value) bool {
	o, ok := v.(*pyobj.Object)
	if !ok {
		return false
	}
	attrs, ok := o.Attrs()
	if !ok || attrs == nil {
		return false
	}
	shape, err := ints(first(attrs, "_shape", "shape"))
	return err == nil && len(shape) == 1
}

func checkCompressed(ptr, idx []int, data, major, minor int) error {
	if len(ptr) != major+1 || ptr[0] != 0 || ptr[major] > len(idx) || ptr[major] > data {
		return fmt.Errorf("index pointers do not fit")
	}
	for i := 0; i < major; i++ {
		if ptr[i+1] < ptr[i] {
			return fmt.Errorf("index pointers fall at %d", i)
		}
	}
	for _, j := range idx[:ptr[major]] {
		if j < 0 || j >= minor {
			return fmt.Errorf("index %d outside %d", j, minor)
		}
	}
	return nil
}

// maxEmptyRows and perEntry bound the rows that a few entries may claim.
const (
	maxEmptyRows = 1 << 24
	perEntry     = 64
)

func fromTriples(rows, cols int, r, c []int, data *tensor.Tensor) (*tensor.Sparse, error) {
	if rows > maxEmptyRows && rows/perEntry > len(r) {
		return nil, fmt.Errorf("numpy: a sparse matrix of %d rows with %d entries", rows, len(r))
	}
	s := &tensor.Sparse{Rows: rows, Cols: cols, Indptr: make([]int, rows+1), Indices: make([]int32, len(r))}
	for _, i := range r {
		s.Indptr[i+1]++
	}
	for i := 0; i < rows; i++ {
		s.Indptr[i+1] += s.Indptr[i]
	}
	next := append([]int{}, s.Indptr[:rows]...)
	at := make([]int, len(r))
	for p := range r {
		q := next[r[p]]
		next[r[p]]++
		s.Indices[q] = int32(c[p])
		at[q] = p
	}
	s.Data = pick(data, at)
	return s, nil
}

func pick(t *tensor.Tensor, at []int) *tensor.Tensor {
	out := tensor.New(t.DType, len(at))
	for i, p := range at {
		switch t.DType.Storage() {
		case tensor.F64:
			out.F64[i] = t.F64[p]
		case tensor.F32:
			out.F32[i] = t.F32[p]
		case tensor.I64:
			out.I64[i] = t.I64[p]
		case tensor.U8:
			out.U8[i] = t.U8[p]
		}
	}
	return out
}

func head(t *tensor.Tensor, n int) *tensor.Tensor {
	if t.Len() == n {
		return t
	}
	u := *t
	u.Shape = []int{n}
	switch t.DType.Storage() {
	case tensor.F64:
		u.F64 = t.F64[:n]
	case tensor.F32:
		u.F32 = t.F32[:n]
	case tensor.I64:
		u.I64 = t.I64[:n]
	case tensor.U8:
		u.U8 = t.U8[:n]
	}
	return &u
}

func first(d *pyobj.Dict, names ...string) pyobj.Value {
	for _, n := range names {
		if v := d.Get(n); v != nil {
			return v
		}
	}
	return nil
}

func vector(d *pyobj.Dict, name string) (*tensor.Tensor, error) {
	a, ok := d.Get(name).(*pyobj.Array)
	if !ok {
		return nil, fmt.Errorf("no array %s", name)
	}
	t, err := Tensor(a)
	if err != nil {
		return nil, err
	}
	if !t.DType.IsNumeric() {
		return nil, fmt.Errorf("%s is not numeric", name)
	}
	return t, nil
}

func intVector(d *pyobj.Dict, name string) ([]int, error) {
	v := d.Get(name)
	if v == nil {
		return nil, fmt.Errorf("no array %s", name)
	}
	return ints(v)
}

// ints reads a one-dimensional array, list or tuple of integers.
func ints(v pyobj.Value) ([]int, error) {
	var items []pyobj.Value
	switch x := v.(type) {
	case *pyobj.Array:
		t, err := Tensor(x)
		if err != nil {
			return nil, err
		}
		if t.DType.Storage() != tensor.I64 {
			return nil, fmt.Errorf("not integers")
		}
		out := make([]int, len(t.I64))
		for i, n := range t.I64 {
			out[i] = int(n)
		}
		return out, nil
	case *pyobj.List:
		items = x.Items
	case *pyobj.Tuple:
		items = x.Items
	default:
		return nil, fmt.Errorf("not integers")
	}
	out := make([]int, len(items))
	for i, it := range items {
		c, ok := cell(it)
		if !ok || c.Kind != tensor.CellInt {
			return nil, fmt.Errorf("not integers")
		}
		out[i] = int(c.I)
	}
	return out, nil
}
