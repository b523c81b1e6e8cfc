package rows

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/larder-ml/larder/internal/jsonread"
	"github.com/larder-ml/larder/tensor"
)

// AppendStored writes rows so that ReadStored gives back the very same: kind, dtypes, names, every bit.
//
//	{"kind":"frame","columns":[…],"dtypes":[…],"data":[[row],…]}    frame; "columns" is null without names
//	{"kind":"dense","dtype":…,"shape":[…],"data":[… flat …]}
//	{"kind":"csr","dtype":…,"shape":[…],"indptr":[…],"indices":[…],"data":[…]}
//	{"kind":"mappings","data":[{…},…]}   {"kind":"tokens","data":[[…],…]}
//
// In columns of numbers null is NaN. In columns of mixed values null is NaN too, and {"none":true} is None.
func AppendStored(b []byte, v tensor.Value) ([]byte, error) {
	switch {
	case v.Frame != nil:
		f := v.Frame
		b = append(b, `{"kind":"frame","columns":`...)
		if f.Names == nil {
			b = append(b, "null"...)
		} else {
			b = AppendTensor(b, tensor.FromStr(f.Names))
		}
		b = append(b, `,"dtypes":[`...)
		for i, c := range f.Columns {
			if i > 0 {
				b = append(b, ',')
			}
			b = AppendString(b, c.DType.String())
		}
		b = append(b, `],"data":[`...)
		for i := range f.N {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(b, '[')
			for j, c := range f.Columns {
				if j > 0 {
					b = append(b, ',')
				}
				b = appendStored(b, c, i)
			}
			b = append(b, ']')
		}
		return append(b, "]}"...), nil
	case v.Dense != nil:
		b = fmt.Appendf(b, `{"kind":"dense","dtype":"%s","shape":`, v.Dense.DType)
		b = appendInts(b, v.Dense.Shape)
		b = append(b, `,"data":`...)
		return append(appendFlat(b, v.Dense), '}'), nil
	case v.CSR != nil:
		b = fmt.Appendf(b, `{"kind":"csr","dtype":"%s","shape":[%d,%d],"indptr":`, v.CSR.Data.DType, v.CSR.Rows, v.CSR.Cols)
		b = appendInts(b, v.CSR.Indptr)
		b = append(b, `,"indices":`...)
		b = appendInts(b, v.CSR.Indices)
		b = append(b, `,"data":`...)
		return append(appendFlat(b, v.CSR.Data), '}'), nil
	case v.Dicts != nil:
		return append(AppendValue(append(b, `{"kind":"mappings","data":`...), v), '}'), nil
	case v.Tokens != nil:
		return append(AppendValue(append(b, `{"kind":"tokens","data":`...), v), '}'), nil
	}
	return nil, &Error{Row: -1, Msg: "rows of a kind that can not be stored"}
}

func appendFlat(b []byte, t *tensor.Tensor) []byte {
	b = append(b, '[')
	for i := range t.Len() {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendStored(b, t, i)
	}
	return append(b, ']')
}

func appendStored(b []byte, t *tensor.Tensor, i int) []byte {
	if t.DType == tensor.Object {
		switch c := t.Cells[i]; {
		case c.Kind == tensor.CellNone:
			return append(b, `{"none":true}`...)
		case c.Kind == tensor.CellFloat && math.IsInf(c.F, 0):
			return fmt.Appendf(b, `{"float":"%s"}`, tensor.FormatFloat(c.F))
		}
	}
	return appendAt(b, t, i)
}

// ReadStored reads what AppendStored wrote.
func ReadStored(r *jsonread.Reader) (v tensor.Value, err error) {
	var kind, dtype string
	var shape, indptr, indices []int
	var names, dtypes []string
	var data []byte
	for r.Object(); r.More(); {
		switch key := r.Key(); key {
		case "kind":
			kind = r.Text()
		case "dtype":
			dtype = r.Text()
		case "shape":
			shape = readInts(r)
		case "indptr":
			indptr = readInts(r)
		case "indices":
			indices = readInts(r)
		case "columns":
			if r.Kind() == jsonread.Null {
				r.Null()
			} else {
				names = readTexts(r)
			}
		case "dtypes":
			dtypes = readTexts(r)
		case "data":
			data = r.Raw()
		default:
			r.Fail("member %q is not known in stored rows", key)
		}
	}
	if r.Err() != nil {
		return v, jsonError(r.Err())
	}
	in := jsonread.New(data, 8)
	bad := func(what string) error { return &Error{Row: -1, Msg: "stored rows: " + what} }
	switch kind {
	case "dense", "csr":
		d, err := parseDType(dtype)
		if err != nil {
			return v, err
		}
		t := &tensor.Tensor{DType: d}
		n := 0
		for in.Array(); in.More(); n++ {
			readStored(in, t)
		}
		if err := in.End(); err != nil {
			return v, jsonError(err)
		}
		if kind == "dense" {
			want := 1
			for _, k := range shape {
				if k < 0 || k > n && n > 0 {
					return v, bad("shape and data do not fit")
				}
				want *= k
			}
			if want != n || len(shape) == 0 {
				return v, bad("shape and data do not fit")
			}
			t.Shape = shape
			return tensor.Value{Dense: t}, nil
		}
		t.Shape = []int{n}
		if len(shape) != 2 || len(indices) != n || len(indptr) != shape[0]+1 || indptr[0] != 0 || indptr[len(indptr)-1] != n || shape[1] > math.MaxInt32 {
			return v, bad("sparse parts do not fit")
		}
		s := &tensor.Sparse{Rows: shape[0], Cols: shape[1], Indptr: indptr, Data: t}
		for i := range shape[0] {
			if indptr[i+1] < indptr[i] {
				return v, bad("sparse parts do not fit")
			}
		}
		for _, j := range indices {
			if j < 0 || j >= shape[1] {
				return v, bad("an index outside the matrix")
			}
			s.Indices = append(s.Indices, int32(j)) //nolint:gosec // below shape[1]
		}
		return tensor.Value{CSR: s}, nil
	case "frame":
		f := &tensor.Frame{Names: names}
		for _, s := range dtypes {
			d, err := parseDType(s)
			if err != nil {
				return v, err
			}
			f.Columns = append(f.Columns, &tensor.Tensor{DType: d})
		}
		if names != nil && len(names) != len(dtypes) {
			return v, bad("columns and dtypes do not fit")
		}
		for in.Array(); in.More(); f.N++ {
			j := 0
			for in.Array(); in.More(); j++ {
				if j == len(f.Columns) {
					return v, bad("a row with too many values")
				}
				readStored(in, f.Columns[j])
			}
			if in.Err() == nil && j != len(f.Columns) {
				return v, bad("a row with too few values")
			}
		}
		if err := in.End(); err != nil {
			return v, jsonError(err)
		}
		for _, c := range f.Columns {
			c.Shape = []int{f.N}
		}
		return tensor.Value{Frame: f}, nil
	case "mappings", "tokens":
		t, err := FromJSON(in)
		if err != nil {
			return v, err
		}
		if kind == "mappings" {
			return t.mappings()
		}
		return t.tokens(false)
	}
	return v, bad(fmt.Sprintf("kind %q is not known", kind))
}

func parseDType(name string) (tensor.DType, error) {
	for d := tensor.Float64; d <= tensor.Object; d++ {
		if d.String() == name {
			return d, nil
		}
	}
	return tensor.Invalid, &Error{Row: -1, Msg: fmt.Sprintf("stored rows: dtype %q is not known", name)}
}

func readInts(r *jsonread.Reader) []int {
	out := []int{}
	for r.Array(); r.More(); {
		_, i, whole := r.Number()
		if !whole || i < 0 || i > math.MaxInt32 {
			r.Fail("a number that is no size")
		}
		out = append(out, int(i))
	}
	return out
}

func readTexts(r *jsonread.Reader) []string {
	out := []string{}
	for r.Array(); r.More(); {
		out = append(out, r.Text())
	}
	return out
}

// readStored appends the next value to a tensor's storage.
func readStored(r *jsonread.Reader, t *tensor.Tensor) {
	if t.DType == tensor.Object {
		var c tensor.Cell
		switch r.Kind() {
		case jsonread.Null:
			r.Null()
			c = missing
		case jsonread.Object:
			for r.Object(); r.More(); {
				switch r.Key() {
				case "none":
					r.Bool()
				case "float":
					f, err := strconv.ParseFloat(r.Text(), 64)
					if err != nil {
						r.Fail("no number")
					}
					c = tensor.FloatCell(f)
				default:
					r.Fail("a value that is not known")
				}
			}
		default:
			c = cell(r)
		}
		t.Cells = append(t.Cells, c)
		return
	}
	switch t.DType.Storage() {
	case tensor.F64, tensor.F32:
		f := math.NaN()
		switch r.Kind() {
		case jsonread.Null:
			r.Null()
		case jsonread.String:
			s := r.Text()
			if f = math.Inf(1); s == "-Infinity" {
				f = math.Inf(-1)
			} else if s != "Infinity" {
				r.Fail("%q is no number", s)
			}
		default:
			f, _, _ = r.Number()
		}
		if t.DType.Storage() == tensor.F32 {
			t.F32 = append(t.F32, float32(f))
		} else {
			t.F64 = append(t.F64, f)
		}
	case tensor.I64:
		_, i, whole := r.Number()
		if !whole {
			r.Fail("not a whole number of 64 bits")
		}
		t.I64 = append(t.I64, i)
	case tensor.U8:
		var u uint8
		if r.Bool() {
			u = 1
		}
		t.U8 = append(t.U8, u)
	case tensor.Str:
		t.Str = append(t.Str, r.Text())
	}
}

// Difference is how far a result is from an expected one.
type Difference struct {
	Rows    int     `json:"rows"`
	Equal   int     `json:"equal"`              // rows within the tolerance
	Largest float64 `json:"largest_difference"` // between numbers
	First   string  `json:"first,omitempty"`    // the first row that differs, in words
}

// Compare compares two results as AppendJSON writes them. Labels must be equal; numbers may differ by tolerance times the
// largest expected one (tolerance 0: not at all). A sparse row equals a dense one of the same values.
func Compare(want, got []byte, tolerance float64) (*Difference, error) {
	w, err := readResult(want)
	if err != nil {
		return nil, err
	}
	g, err := readResult(got)
	if err != nil {
		return nil, err
	}
	d := &Difference{}
	if len(w) != len(g) {
		d.Rows, d.First = 1, "the results have different forms"
		return d, nil
	}
	for k := range w {
		a, b := w[k], g[k]
		c := comparison{tolerance: tolerance * largest(a)}
		d.Rows += max(len(a), len(b))
		for i := range min(len(a), len(b)) {
			if c.equal(a[i], b[i]) {
				d.Equal++
			} else if d.First == "" {
				d.First = fmt.Sprintf("row %d: %s", i, differs(a[i], b[i]))
			}
		}
		if len(a) != len(b) && d.First == "" {
			d.First = fmt.Sprintf("%d rows, expected %d", len(b), len(a))
		}
		d.Largest = max(d.Largest, c.largest)
	}
	return d, nil
}

// maxWords bounds the text that shows a value.
const maxWords = 200

// differs says where two values differ: of long rows the first place only.
func differs(want, got any) string {
	a, ok1 := want.([]any)
	b, ok2 := got.([]any)
	if ok1 && ok2 && len(a) == len(b) && len(fmt.Sprint(a)) > maxWords {
		for i := range a {
			if fmt.Sprint(a[i]) != fmt.Sprint(b[i]) {
				return fmt.Sprintf("column %d: %s", i, differs(a[i], b[i]))
			}
		}
	}
	return fmt.Sprintf("%.*s, expected %.*s", maxWords, fmt.Sprint(got), maxWords, fmt.Sprint(want))
}

// readResult gives a result's data: one list of rows per output.
func readResult(b []byte) ([][]any, error) {
	r := jsonread.New(b, 8)
	m, ok := r.Any().(map[string]any)
	err := r.End()
	if err != nil {
		return nil, jsonError(err)
	}
	data, list := m["data"].([]any)
	if !ok || !list {
		return nil, &Error{Row: -1, Msg: "a result without data"}
	}
	var lists [][]any
	switch {
	case m["indptr"] != nil:
		rows, err := sparseRows(m, data)
		if err != nil {
			return nil, err
		}
		lists = append(lists, rows)
	case m["names"] == nil:
		lists = append(lists, data)
	default:
		for _, o := range data {
			rows, _ := o.([]any)
			if s, ok := o.(map[string]any); ok {
				held, _ := s["data"].([]any)
				if rows, err = sparseRows(s, held); err != nil {
					return nil, err
				}
			}
			lists = append(lists, rows)
		}
	}
	if dist, ok := m["distances"].([]any); ok {
		lists = append(lists, dist)
	}
	return lists, nil
}

// cells is a sparse row of width columns: the values that it holds by column.
type cells struct {
	width int64
	at    map[int64]any
}

func (c cells) String() string { return strings.TrimPrefix(fmt.Sprint(c.at), "map") }

// sparseRows gives a sparse result's rows as cells.
func sparseRows(m map[string]any, data []any) ([]any, error) {
	bad := &Error{Row: -1, Msg: "a sparse result whose indptr, indices, shape and data do not fit"}
	shape, indptr, indices := wholeNumbers(m["shape"]), wholeNumbers(m["indptr"]), wholeNumbers(m["indices"])
	if len(shape) != 2 || len(indptr) == 0 || len(indices) != len(data) || indptr[0] != 0 || indptr[len(indptr)-1] != int64(len(data)) {
		return nil, bad
	}
	rows := make([]any, len(indptr)-1)
	for i := range rows {
		from, to := indptr[i], indptr[i+1]
		if from > to || to > int64(len(data)) {
			return nil, bad
		}
		c := cells{shape[1], make(map[int64]any, to-from)}
		for j, k := range indices[from:to] {
			c.at[k] = data[from+int64(j)]
		}
		if int64(len(c.at)) != to-from {
			return nil, bad
		}
		rows[i] = c
	}
	return rows, nil
}

// wholeNumbers gives a list of whole numbers, nil for anything else.
func wholeNumbers(v any) []int64 {
	list, _ := v.([]any)
	ns := make([]int64, len(list))
	for i, v := range list {
		n, ok := v.(int64)
		if !ok {
			return nil
		}
		ns[i] = n
	}
	return ns
}

// sparse gives a row as cells, those of a dense row without its zeros; ok is false for what is no row.
func sparse(row any) (c cells, ok bool) {
	if c, ok := row.(cells); ok {
		return c, true
	}
	list, ok := row.([]any)
	c = cells{int64(len(list)), map[int64]any{}}
	for j, v := range list {
		if n, is := number2(v); !is || n != 0 {
			c.at[int64(j)] = v
		}
	}
	return c, ok
}

// equalCells compares two rows of which one is sparse.
func (c *comparison) equalCells(want, got any) bool {
	a, ok1 := sparse(want)
	b, ok2 := sparse(got)
	if !ok1 || !ok2 || a.width != b.width {
		return false
	}
	same := true
	for k, v := range a.at {
		w, is := b.at[k]
		if !is {
			w = int64(0)
		}
		same = c.equal(v, w) && same
	}
	for k, w := range b.at {
		if _, is := a.at[k]; !is {
			same = c.equal(int64(0), w) && same
		}
	}
	return same
}

type comparison struct{ tolerance, largest float64 }

func (c *comparison) equal(want, got any) bool {
	if a, ok := number2(want); ok {
		b, ok := number2(got)
		if !ok {
			return false
		}
		diff := math.Abs(a - b)
		c.largest = max(c.largest, diff)
		return diff <= c.tolerance
	}
	_, sparse1 := want.(cells)
	_, sparse2 := got.(cells)
	if sparse1 || sparse2 {
		return c.equalCells(want, got)
	}
	a, ok1 := want.([]any)
	b, ok2 := got.([]any)
	if ok1 && ok2 {
		same := len(a) == len(b)
		for i := range min(len(a), len(b)) {
			same = c.equal(a[i], b[i]) && same
		}
		return same
	}
	return ok1 == ok2 && want == got
}

func number2(v any) (float64, bool) {
	switch x := v.(type) {
	case int64:
		return float64(x), true
	case float64:
		return x, true
	}
	return 0, false
}

func largest(v any) float64 {
	if f, ok := number2(v); ok {
		return math.Abs(f)
	}
	most := 0.0
	if l, ok := v.([]any); ok {
		for _, it := range l {
			most = max(most, largest(it))
		}
	}
	if c, ok := v.(cells); ok {
		for _, it := range c.at {
			most = max(most, largest(it))
		}
	}
	return most
}
