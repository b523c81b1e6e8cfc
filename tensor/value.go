package tensor

// Value is what a graph's value is while it runs: exactly one field is set, the one its kind names.
type Value struct {
	Dense  *Tensor
	CSR    *Sparse
	Frame  *Frame
	OneHot *OneHot
	Tokens *Tokens
	Dicts  *Dicts
	Ragged *Ragged
}

// Rows returns the number of rows; 1 for a scalar, 0 for the zero Value.
func (v Value) Rows() int {
	switch {
	case v.Dense != nil:
		return v.Dense.Rows()
	case v.CSR != nil:
		return v.CSR.Rows
	case v.Frame != nil:
		return v.Frame.N
	case v.OneHot != nil:
		return v.OneHot.Rows
	case v.Tokens != nil:
		return len(v.Tokens.Indptr) - 1
	case v.Dicts != nil:
		return len(v.Dicts.Indptr) - 1
	case v.Ragged != nil:
		return len(v.Ragged.Indptr) - 1
	}
	return 0
}

// OneHot is a 0/1 matrix with at most one 1 per row and block of columns, kept as codes.
type OneHot struct {
	DType  DType
	Rows   int
	Widths []int   // columns of each block
	Codes  []int32 // Rows x len(Widths): the column inside the block, -1 for none
}

// Cols returns the number of columns.
func (o *OneHot) Cols() int {
	n := 0
	for _, w := range o.Widths {
		n += w
	}
	return n
}

// Tokens are rows of strings: row i is Terms[Indptr[i]:Indptr[i+1]].
type Tokens struct {
	Indptr []int
	Terms  []string
}

// Dicts are rows of key-value pairs in their order: row i is Keys, Values[Indptr[i]:Indptr[i+1]].
type Dicts struct {
	Indptr []int
	Keys   []string
	Values []Cell
}

// Ragged are rows of indices and distances: row i is Indices, Dist[Indptr[i]:Indptr[i+1]]. Dist is one-dimensional.
type Ragged struct {
	Indptr  []int
	Indices []int64
	Dist    *Tensor
}
