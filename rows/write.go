package rows

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/larder-ml/larder"
	"github.com/larder-ml/larder/format/npy"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/tensor"
)

// denseCells is how many cells a sparse result may have to be written out densely.
const denseCells = 10_000_000

// WriteOptions of results.
type WriteOptions struct {
	Names  []string // of the columns of a result with one output: class labels, feature names; nil: made from the method
	Sparse bool     // sparse results are written as such
}

// ColumnNames gives the names of a result's columns: class labels for probabilities, get_feature_names_out for
// transform; nil where the model has none. The error says why names that scikit-learn would give are not known.
func ColumnNames(m *larder.Model, method string) ([]string, error) {
	switch method {
	case "predict_proba", "predict_log_proba", "decision_function":
		classes := m.Classes()
		if len(classes) != 1 {
			return nil, nil
		}
		out := make([]string, classes[0].Len())
		for i := range out {
			out[i] = classes[0].Cell(i).String()
		}
		return out, nil
	case "transform":
		names, err := m.FeatureNamesOut()
		var none *sklearn.MethodError
		if errors.As(err, &none) && !none.Refused {
			err = nil // scikit-learn has none either
		}
		return names, err
	}
	return nil, nil
}

// Writer writes results as they come. csv and jsonl go out at once, the other forms are whole and wait for Close.
type Writer struct {
	w     *bufio.Writer
	f     Format
	o     WriteOptions
	begun bool
	all   *larder.Result
}

// NewWriter writes results in format f, which is not Parquet.
func NewWriter(w io.Writer, f Format, o WriteOptions) (*Writer, error) {
	if f == Parquet {
		return nil, &Error{Row: -1, Msg: "format parquet is not written here"}
	}
	return &Writer{w: bufio.NewWriterSize(w, 1<<16), f: f, o: o}, nil
}

// Named reports that the columns' names are written.
func (w *Writer) Named() bool { return w.f == CSV || w.f == JSONL }

// Write adds a result. keep holds columns of the input to stand before the outputs (csv, jsonl); it may be nil.
func (w *Writer) Write(r *larder.Result, keep *Table) error {
	switch w.f {
	case CSV, JSONL:
		cols, err := Flatten(r, w.o.Names)
		if err != nil {
			return err
		}
		if keep != nil {
			cols = &Table{Names: append(append([]string{}, keep.Names...), cols.Names...),
				Columns: append(append([]Column{}, keep.Columns...), cols.Columns...), N: cols.N}
		}
		if w.f == CSV {
			w.csv(cols)
		} else {
			w.jsonl(cols)
		}
		return w.w.Flush()
	}
	if keep != nil {
		return &Error{Row: -1, Msg: fmt.Sprintf("columns can not be kept in %s: use csv, jsonl or parquet", w.f)}
	}
	if w.all == nil {
		w.all = r
		return nil
	}
	return join2(w.all, r)
}

// Close writes what waited.
func (w *Writer) Close() error {
	if w.all != nil {
		var err error
		switch w.f {
		case JSON:
			var b []byte
			if b, err = AppendJSON(nil, w.all, w.o.Sparse); err == nil {
				_, err = w.w.Write(append(b, '\n'))
			}
		case NPY:
			err = w.npy()
		case NPZ:
			err = w.npz()
		}
		if err != nil {
			return err
		}
		w.all = nil
	}
	return w.w.Flush()
}

// join2 appends b's rows to a.
func join2(a, b *larder.Result) error {
	for i := range a.Outputs {
		x, y := &a.Outputs[i].Value, b.Outputs[i].Value
		switch {
		case x.Dense != nil && y.Dense != nil:
			x.Dense = appendTensor(x.Dense, y.Dense)
		case x.CSR != nil && y.CSR != nil:
			s := *x.CSR
			base := s.Indptr[len(s.Indptr)-1]
			for _, p := range y.CSR.Indptr[1:] {
				s.Indptr = append(s.Indptr, base+p)
			}
			s.Indices = append(s.Indices, y.CSR.Indices...)
			s.Data = appendTensor(s.Data, y.CSR.Data)
			s.Rows += y.CSR.Rows
			x.CSR = &s
		case x.Ragged != nil && y.Ragged != nil:
			s := *x.Ragged
			base := s.Indptr[len(s.Indptr)-1]
			for _, p := range y.Ragged.Indptr[1:] {
				s.Indptr = append(s.Indptr, base+p)
			}
			s.Indices = append(s.Indices, y.Ragged.Indices...)
			if s.Dist != nil {
				s.Dist = appendTensor(s.Dist, y.Ragged.Dist)
			}
			x.Ragged = &s
		default:
			u, err := table(*x)
			if err != nil {
				return err
			}
			v, err := table(y)
			if err != nil {
				return err
			}
			f := &tensor.Frame{Names: u.Names, N: u.N + v.N}
			for j := range u.Columns {
				f.Columns = append(f.Columns, appendTensor(u.Columns[j].Tensor, v.Columns[j].Tensor))
			}
			*x = tensor.Value{Frame: f}
		}
	}
	return nil
}

func appendTensor(a, b *tensor.Tensor) *tensor.Tensor {
	if a.DType != b.DType {
		cells := make([]tensor.Cell, 0, a.Len()+b.Len())
		for i := range a.Len() {
			cells = append(cells, a.Cell(i))
		}
		for i := range b.Len() {
			cells = append(cells, b.Cell(i))
		}
		x := typed(cells)
		x.Shape = append([]int{a.Rows() + b.Rows()}, a.Shape[1:]...)
		return x
	}
	c := *a
	c.Shape = append([]int{a.Rows() + b.Rows()}, a.Shape[1:]...)
	c.F64 = append(c.F64, b.F64...)
	c.F32 = append(c.F32, b.F32...)
	c.I64 = append(c.I64, b.I64...)
	c.U8 = append(c.U8, b.U8...)
	c.Str = append(c.Str, b.Str...)
	c.Cells = append(c.Cells, b.Cells...)
	return &c
}

// Flatten gives a result as named columns.
func Flatten(r *larder.Result, names []string) (*Table, error) {
	out := &Table{}
	for i, o := range r.Outputs {
		t, err := table(o.Value)
		if err != nil {
			return nil, err
		}
		out.N = t.N
		base := o.Name
		if base == "" || len(r.Outputs) == 1 {
			base = r.Method
		}
		if r.Method == "predict" && len(r.Outputs) == 1 {
			base = "prediction"
		}
		for j, c := range t.Columns {
			name := base
			switch {
			case len(r.Outputs) == 1 && len(names) == len(t.Columns):
				name = names[j]
			case t.Names != nil && t.Names[j] != "":
				name = t.Names[j]
			case len(t.Columns) > 1 || width2(o.Value):
				name = fmt.Sprintf("%s_%d", base, j)
			}
			if len(r.Outputs) > 1 && t.Names != nil {
				name = fmt.Sprintf("%s_%d", name, i)
			}
			out.Names = append(out.Names, name)
			out.Columns = append(out.Columns, c)
		}
	}
	return out, nil
}

// width2 reports a matrix, which may have one column.
func width2(v tensor.Value) bool {
	return v.Dense != nil && len(v.Dense.Shape) > 1 && v.Dense.Cols() > 1
}

// table spreads a value into columns of tensors.
func table(v tensor.Value) (*Table, error) {
	v, err := dense(v)
	if err != nil {
		return nil, err
	}
	switch {
	case v.Dense != nil:
		t := &Table{Value: &v}
		return t, t.Spread()
	case v.Frame != nil:
		t := &Table{Names: v.Frame.Names, N: v.Frame.N}
		for _, c := range v.Frame.Columns {
			t.Columns = append(t.Columns, Column{Tensor: c})
		}
		return t, nil
	}
	return nil, &Error{Row: -1, Msg: "rows of different lengths do not fit a table: use json"}
}

// dense writes sparse results out.
func dense(v tensor.Value) (tensor.Value, error) {
	switch {
	case v.CSR != nil:
		if n := v.CSR.Rows * v.CSR.Cols; n > denseCells {
			return v, &Error{Row: -1, Msg: fmt.Sprintf("a sparse result of %d x %d is not written out densely: use --sparse", v.CSR.Rows, v.CSR.Cols), Err: larder.ErrLimit}
		}
		return tensor.Value{Dense: v.CSR.Dense()}, nil
	case v.OneHot != nil:
		return dense(tensor.Value{CSR: oneHot(v.OneHot)})
	}
	return v, nil
}

func oneHot(o *tensor.OneHot) *tensor.Sparse {
	s := &tensor.Sparse{Rows: o.Rows, Cols: o.Cols(), Indptr: make([]int, 1, o.Rows+1)}
	for i := range o.Rows {
		at := 0
		for b, w := range o.Widths {
			if c := o.Codes[i*len(o.Widths)+b]; c >= 0 {
				s.Indices = append(s.Indices, int32(at)+c)
			}
			at += w
		}
		s.Indptr = append(s.Indptr, len(s.Indices))
	}
	s.Data = tensor.New(o.DType, len(s.Indices))
	for i := range s.Indices {
		switch o.DType.Storage() {
		case tensor.F64:
			s.Data.F64[i] = 1
		case tensor.F32:
			s.Data.F32[i] = 1
		case tensor.I64:
			s.Data.I64[i] = 1
		case tensor.U8:
			s.Data.U8[i] = 1
		}
	}
	return s
}

func (w *Writer) csv(t *Table) {
	if !w.begun {
		w.begun = true
		for j, n := range t.Names {
			if j > 0 {
				_ = w.w.WriteByte(',')
			}
			w.csvText(n)
		}
		_ = w.w.WriteByte('\n')
	}
	var buf []byte
	for i := range t.N {
		for j := range t.Columns {
			if j > 0 {
				_ = w.w.WriteByte(',')
			}
			c := &t.Columns[j]
			if c.Text != nil {
				w.csvText(c.Text[i])
				continue
			}
			switch v := c.Cell(i); {
			case v.Kind == tensor.CellNone || v.IsNaN():
			case v.Kind == tensor.CellStr || v.Kind == tensor.CellBytes:
				w.csvText(v.S)
			default:
				buf = appendCell(buf[:0], v)
				_, _ = w.w.Write(buf)
			}
		}
		_ = w.w.WriteByte('\n')
	}
}

func appendCell(b []byte, v tensor.Cell) []byte {
	switch v.Kind {
	case tensor.CellInt:
		return strconv.AppendInt(b, v.I, 10)
	case tensor.CellFloat:
		return appendFloat(b, v.F)
	}
	return append(b, v.String()...)
}

func (w *Writer) csvText(s string) {
	if !strings.ContainsAny(s, ",\"\r\n") && (s == "" || s[0] != ' ' && s[len(s)-1] != ' ') {
		_, _ = w.w.WriteString(s)
		return
	}
	_ = w.w.WriteByte('"')
	_, _ = w.w.WriteString(strings.ReplaceAll(s, `"`, `""`))
	_ = w.w.WriteByte('"')
}

func (w *Writer) jsonl(t *Table) {
	var b []byte
	for i := range t.N {
		b = append(b[:0], '{')
		for j := range t.Columns {
			if j > 0 {
				b = append(b, ',')
			}
			b = AppendString(b, t.Names[j])
			b = append(b, ':')
			b = AppendCell(b, t.Columns[j].Cell(i))
		}
		_, _ = w.w.Write(append(b, '}', '\n'))
	}
}

// AppendJSON writes a result as the command line's predict does:
//
//	{"method":…,"shape":[…],"dtype":…,"data":[… nested …]}
//
// Floats round-trip, NaN is null, infinities are the strings "Infinity" and "-Infinity". Several outputs: data is their
// list, shape the list of shapes, names names them; neighbours: data holds the indices, distances stands beside it.
// Sparse results are written out, or with sparse as indptr, indices and data.
func AppendJSON(b []byte, r *larder.Result, sparse bool) ([]byte, error) {
	b = append(b, `{"method":`...)
	b = AppendString(b, r.Method)
	out := append([]larder.Output{}, r.Outputs...)
	for i := range out {
		if out[i].OneHot != nil {
			out[i].Value = tensor.Value{CSR: oneHot(out[i].OneHot)}
		}
		if out[i].CSR != nil && !sparse {
			v, err := dense(out[i].Value)
			if err != nil {
				return nil, err
			}
			out[i].Value = v
		}
	}
	var distances *tensor.Value
	if len(out) == 2 && (r.Method == "kneighbors" || r.Method == "radius_neighbors") {
		for i, o := range out {
			if o.Name == "distances" {
				distances = &out[i].Value
				out = append(out[:i:i], out[i+1:]...)
				break
			}
		}
	}
	one := len(out) == 1
	if one && out[0].CSR != nil {
		s := out[0].CSR
		b = fmt.Appendf(b, `,"shape":[%d,%d],"dtype":"%s",`, s.Rows, s.Cols, s.Data.DType)
		return append(appendSparse(b, s), '}'), nil
	}
	list := func(f func(o larder.Output)) {
		if one {
			f(out[0])
			return
		}
		b = append(b, '[')
		for i, o := range out {
			if i > 0 {
				b = append(b, ',')
			}
			f(o)
		}
		b = append(b, ']')
	}
	b = append(b, `,"shape":`...)
	list(func(o larder.Output) { b = appendInts(b, shape(o.Value)) })
	b = append(b, `,"dtype":`...)
	same := true
	for _, o := range out {
		same = same && dtype(o.Value) == dtype(out[0].Value)
	}
	if same && len(out) > 0 {
		b = AppendString(b, dtype(out[0].Value))
	} else {
		list(func(o larder.Output) { b = AppendString(b, dtype(o.Value)) })
	}
	if !one {
		b = append(b, `,"names":[`...)
		for i, o := range out {
			if i > 0 {
				b = append(b, ',')
			}
			b = AppendString(b, o.Name)
		}
		b = append(b, ']')
	}
	b = append(b, `,"data":`...)
	list(func(o larder.Output) {
		if o.CSR != nil && sparse {
			b = append(appendSparse(fmt.Appendf(b, `{"shape":[%d,%d],`, o.CSR.Rows, o.CSR.Cols), o.CSR), '}')
			return
		}
		b = AppendValue(b, o.Value)
	})
	if distances == nil && one && out[0].Ragged != nil && out[0].Ragged.Dist != nil {
		b = append(b, `,"distances":`...)
		g := out[0].Ragged
		b = appendRagged(b, g.Indptr, func(b []byte, p int) []byte { return AppendCell(b, g.Dist.Cell(p)) })
	}
	if distances != nil {
		b = append(b, `,"distances":`...)
		b = AppendValue(b, *distances)
	}
	return append(b, '}'), nil
}

// appendSparse writes what a sparse matrix holds beside its shape.
func appendSparse(b []byte, s *tensor.Sparse) []byte {
	b = appendInts(append(b, `"indptr":`...), s.Indptr)
	b = appendInts(append(b, `,"indices":`...), s.Indices)
	return AppendTensor(append(b, `,"data":`...), s.Data)
}

func shape(v tensor.Value) []int {
	switch {
	case v.Dense != nil:
		return v.Dense.Shape
	case v.CSR != nil:
		return []int{v.CSR.Rows, v.CSR.Cols}
	case v.Frame != nil:
		return []int{v.Frame.N, len(v.Frame.Columns)}
	}
	return []int{v.Rows()}
}

func dtype(v tensor.Value) string {
	switch {
	case v.Dense != nil:
		return v.Dense.DType.String()
	case v.CSR != nil:
		return v.CSR.Data.DType.String()
	case v.Ragged != nil:
		return tensor.Int64.String()
	}
	return tensor.Object.String()
}

// AppendValue writes a value as nested arrays.
func AppendValue(b []byte, v tensor.Value) []byte {
	switch {
	case v.Dense != nil:
		return AppendTensor(b, v.Dense)
	case v.CSR != nil:
		return AppendTensor(b, v.CSR.Dense())
	case v.Frame != nil:
		b = append(b, '[')
		for i := range v.Frame.N {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(b, '[')
			for j, c := range v.Frame.Columns {
				if j > 0 {
					b = append(b, ',')
				}
				b = AppendCell(b, c.Cell(i))
			}
			b = append(b, ']')
		}
		return append(b, ']')
	case v.Tokens != nil:
		return appendRagged(b, v.Tokens.Indptr, func(b []byte, p int) []byte { return AppendString(b, v.Tokens.Terms[p]) })
	case v.Ragged != nil:
		return appendRagged(b, v.Ragged.Indptr, func(b []byte, p int) []byte { return strconv.AppendInt(b, v.Ragged.Indices[p], 10) })
	case v.Dicts != nil:
		b = append(b, '[')
		for i := range v.Rows() {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(b, '{')
			for p := v.Dicts.Indptr[i]; p < v.Dicts.Indptr[i+1]; p++ {
				if p > v.Dicts.Indptr[i] {
					b = append(b, ',')
				}
				b = AppendString(b, v.Dicts.Keys[p])
				b = append(b, ':')
				b = AppendCell(b, v.Dicts.Values[p])
			}
			b = append(b, '}')
		}
		return append(b, ']')
	}
	return append(b, "null"...)
}

func appendRagged(b []byte, indptr []int, item func([]byte, int) []byte) []byte {
	b = append(b, '[')
	for i := 0; i+1 < len(indptr); i++ {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, '[')
		for p := indptr[i]; p < indptr[i+1]; p++ {
			if p > indptr[i] {
				b = append(b, ',')
			}
			b = item(b, p)
		}
		b = append(b, ']')
	}
	return append(b, ']')
}

// AppendTensor writes a tensor as nested arrays.
func AppendTensor(b []byte, t *tensor.Tensor) []byte {
	if len(t.Shape) == 0 {
		return appendAt(b, t, 0)
	}
	at := 0
	return nested(b, t, 0, &at)
}

func nested(b []byte, t *tensor.Tensor, dim int, at *int) []byte {
	b = append(b, '[')
	for i := range t.Shape[dim] {
		if i > 0 {
			b = append(b, ',')
		}
		if dim == len(t.Shape)-1 {
			b = appendAt(b, t, *at)
			*at++
		} else {
			b = nested(b, t, dim+1, at)
		}
	}
	return append(b, ']')
}

func appendAt(b []byte, t *tensor.Tensor, i int) []byte {
	switch t.DType.Storage() {
	case tensor.F64:
		return appendJSONFloat(b, t.F64[i])
	case tensor.F32:
		return appendJSONFloat(b, float64(t.F32[i]))
	case tensor.I64:
		if t.DType == tensor.Uint64 {
			return strconv.AppendUint(b, uint64(t.I64[i]), 10) //nolint:gosec // stored as its bits
		}
		return strconv.AppendInt(b, t.I64[i], 10)
	case tensor.U8:
		return strconv.AppendBool(b, t.U8[i] != 0)
	case tensor.Str:
		return AppendString(b, t.Str[i])
	}
	return AppendCell(b, t.Cell(i))
}

// AppendCell writes one value.
func AppendCell(b []byte, c tensor.Cell) []byte {
	switch c.Kind {
	case tensor.CellNone:
		return append(b, "null"...)
	case tensor.CellBool:
		return strconv.AppendBool(b, c.I != 0)
	case tensor.CellInt:
		return strconv.AppendInt(b, c.I, 10)
	case tensor.CellFloat:
		return appendJSONFloat(b, c.F)
	}
	return AppendString(b, c.S)
}

func appendJSONFloat(b []byte, f float64) []byte {
	switch {
	case math.IsNaN(f):
		return append(b, "null"...)
	case math.IsInf(f, 1):
		return append(b, `"Infinity"`...)
	case math.IsInf(f, -1):
		return append(b, `"-Infinity"`...)
	}
	return appendFloat(b, f)
}

// appendFloat writes Python's repr of a float.
func appendFloat(b []byte, f float64) []byte {
	if abs := math.Abs(f); math.IsInf(f, 0) || abs != 0 && (abs < 1e-4 || abs >= 1e16) {
		if math.IsInf(f, 0) {
			return append(b, tensor.FormatFloat(f)...)
		}
		return strconv.AppendFloat(b, f, 'e', -1, 64)
	}
	n := len(b)
	b = strconv.AppendFloat(b, f, 'f', -1, 64)
	for _, c := range b[n:] {
		if c == '.' {
			return b
		}
	}
	return append(b, '.', '0')
}

const hexDigits = "0123456789abcdef"

// AppendString writes a JSON string.
func AppendString(b []byte, s string) []byte {
	b = append(b, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= 0x20 && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(s[i:])
			if r != utf8.RuneError || n != 1 {
				i += n
				continue
			}
			b = append(append(b, s[start:i]...), `\ufffd`...)
			i++
			start = i
			continue
		}
		b = append(b, s[start:i]...)
		switch c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\n':
			b = append(b, '\\', 'n')
		case '\r':
			b = append(b, '\\', 'r')
		case '\t':
			b = append(b, '\\', 't')
		default:
			b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
		i++
		start = i
	}
	return append(append(b, s[start:]...), '"')
}

func appendInts[T int | int32](b []byte, s []T) []byte {
	b = append(b, '[')
	for i, v := range s {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, int64(v), 10)
	}
	return append(b, ']')
}

func (w *Writer) npy() error {
	if len(w.all.Outputs) != 1 {
		return &Error{Row: -1, Msg: fmt.Sprintf("%d outputs do not fit one npy file: use npz", len(w.all.Outputs))}
	}
	v, err := dense(w.all.Outputs[0].Value)
	if err != nil {
		return err
	}
	if v.Dense == nil {
		return &Error{Row: -1, Msg: "a result of several types does not fit npy: use json"}
	}
	a, err := toArray(v.Dense)
	if err != nil {
		return err
	}
	return npy.Encode(w.w, a)
}

func (w *Writer) npz() error {
	var names []string
	var arrays []*pyobj.Array
	add := func(name string, t *tensor.Tensor) error {
		a, err := toArray(t)
		names, arrays = append(names, name), append(arrays, a)
		return err
	}
	one := len(w.all.Outputs) == 1
	for _, o := range w.all.Outputs {
		v := o.Value
		if v.OneHot != nil {
			v = tensor.Value{CSR: oneHot(v.OneHot)}
		}
		if v.CSR != nil && one && w.o.Sparse {
			s := v.CSR
			indptr, indices := tensor.New(tensor.Int64, len(s.Indptr)), tensor.New(tensor.Int64, len(s.Indices))
			for i, p := range s.Indptr {
				indptr.I64[i] = int64(p)
			}
			for i, p := range s.Indices {
				indices.I64[i] = int64(p)
			}
			for _, err := range []error{add("indices", indices), add("indptr", indptr)} {
				if err != nil {
					return err
				}
			}
			names = append(names, "format")
			arrays = append(arrays, &pyobj.Array{DType: &pyobj.DType{Kind: 'S', Size: 3, Order: '|'}, Shape: []int{}, Data: []byte("csr"), Offset: -1})
			for _, err := range []error{add("shape", tensor.FromI64([]int64{int64(s.Rows), int64(s.Cols)})), add("data", s.Data)} {
				if err != nil {
					return err
				}
			}
			continue
		}
		v, err := dense(v)
		if err != nil {
			return err
		}
		if v.Dense == nil {
			return &Error{Row: -1, Msg: "a result of several types does not fit npz: use json"}
		}
		name := o.Name
		if one || name == "" {
			name = w.all.Method
		}
		if err := add(name, v.Dense); err != nil {
			return err
		}
	}
	return writeNPZ(w.w, names, arrays)
}
