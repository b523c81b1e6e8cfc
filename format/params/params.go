// Package params reads and writes the learned parameters of a linear model as a few JSON members, the form in which other
// languages take them:
//
//	{"coefficients":[[…],…],"intercept":[…],"classes":[…],"feature_names":[…],"model_type":"…","sklearn_version":"…"}
//
// A regressor has "classes":null and predicts X @ coefficients.T + intercept; its coefficients may be one list. A
// classifier predicts the class of the largest score. Of two classes both have a row, [-w, w], so that the rule is the
// same for any number of classes; a file with one row, as other writers make it, is read as scikit-learn reads one
// (the second class where the score is above zero). The last three members are optional; unknown ones are passed over.
//
// # Security
//
// What is read becomes a LinearRegression or a LinearSVC, whatever the file says of its type.
package params

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/larder-ml/larder/internal/jsonread"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/source"
	"github.com/larder-ml/larder/tensor"
)

// Name is the format's name.
const Name = "params"

// release is the scikit-learn whose rules hold where a file names none.
const release = "1.9.1"

// SyntaxError says what is malformed.
type SyntaxError struct {
	Offset int
	Msg    string
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("params: offset 0x%x: %s", e.Offset, e.Msg) }

// Where gives the offset.
func (e *SyntaxError) Where() int64 { return int64(e.Offset) }

// Is answers source.ErrCorrupt.
func (e *SyntaxError) Is(target error) bool { return target == source.ErrCorrupt }

// UnsupportedError is a model the form can not hold.
type UnsupportedError struct{ Msg string }

func (e *UnsupportedError) Error() string { return "params: " + e.Msg }

// Is answers source.ErrUnsupported.
func (e *UnsupportedError) Is(target error) bool { return target == source.ErrUnsupported }

// members are those of the form, in the order they are written.
var members = []string{"coefficients", "intercept", "classes", "feature_names", "model_type", "sklearn_version"}

// Sniff reports a JSON object that begins with one of the form's members.
func Sniff(prefix []byte) bool {
	s, ok := strings.CutPrefix(strings.TrimLeft(string(prefix), " \t\r\n"), "{")
	s = strings.TrimLeft(s, " \t\r\n")
	return ok && slices.ContainsFunc(members, func(m string) bool { return strings.HasPrefix(s, `"`+m+`"`) })
}

// Params are the parameters of a linear model.
type Params struct {
	Coef      *tensor.Tensor // [k], or [rows,k]
	Intercept *tensor.Tensor // a number, or one per row
	Classes   *tensor.Tensor // nil for a regressor
	Features  []string       // nil where they have no names
	Type      string         // the class they come from
	Release   string         // of scikit-learn; "" where it is not known
}

// Encode writes the parameters. Numbers that JSON can not hold are refused.
func Encode(w io.Writer, p Params) error {
	coef, err := rows(p.Coef)
	if err != nil {
		return err
	}
	b, err := rows(p.Intercept)
	if err != nil {
		return err
	}
	flat := len(p.Coef.Shape) == 1 && p.Classes == nil
	intercept := b[0]
	single := len(p.Intercept.Shape) == 0 && p.Classes == nil
	if p.Classes != nil {
		if len(intercept) == 1 {
			intercept = slices.Repeat(intercept, len(coef))
		}
		if len(coef) == 1 && p.Classes.Len() == 2 {
			coef = [][]float64{negated(coef[0]), coef[0]}
			intercept = []float64{-intercept[0], intercept[0]}
		}
		if len(coef) != p.Classes.Len() || len(intercept) != len(coef) {
			return &UnsupportedError{fmt.Sprintf("%d rows of coefficients for %d classes", len(coef), p.Classes.Len())}
		}
	}
	out := []byte(`{"coefficients":`)
	if flat {
		out = appendFloats(out, coef[0])
	} else {
		out = append(out, '[')
		for i, r := range coef {
			if i > 0 {
				out = append(out, ',')
			}
			out = appendFloats(out, r)
		}
		out = append(out, ']')
	}
	out = append(out, `,"intercept":`...)
	if single {
		out = append(out, tensor.FormatFloat(intercept[0])...)
	} else {
		out = appendFloats(out, intercept)
	}
	out = append(out, `,"classes":`...)
	if p.Classes == nil {
		out = append(out, "null"...)
	} else {
		out = append(out, '[')
		for i := range p.Classes.Len() {
			if i > 0 {
				out = append(out, ',')
			}
			switch c := p.Classes.Cell(i); {
			case c.Kind == tensor.CellStr && utf8.ValidString(c.S) && !strings.HasSuffix(c.S, "\x00"):
				out = appendText(out, c.S)
			case c.Kind == tensor.CellBool:
				out = fmt.Append(out, c.I != 0)
			case c.Kind == tensor.CellInt && !c.Big, c.Kind == tensor.CellFloat && !math.IsNaN(c.F) && !math.IsInf(c.F, 0):
				out = append(out, c.String()...)
			default:
				return &UnsupportedError{fmt.Sprintf("the class %s, which numpy does not make of JSON", c.Repr())}
			}
		}
		out = append(out, ']')
	}
	if p.Features != nil {
		out = append(out, `,"feature_names":[`...)
		for i, n := range p.Features {
			if i > 0 {
				out = append(out, ',')
			}
			if !utf8.ValidString(n) {
				return &UnsupportedError{fmt.Sprintf("the name %q, half of a surrogate pair", n)}
			}
			out = appendText(out, n)
		}
		out = append(out, ']')
	}
	for i, s := range []string{p.Type, p.Release} {
		if s != "" {
			out = append(append(out, `,"`+members[4+i]+`":`...), appendText(nil, s)...)
		}
	}
	_, err = w.Write(append(out, "}\n"...))
	return err
}

func appendText(b []byte, s string) []byte {
	q, _ := json.Marshal(s) // a string: no error
	return append(b, q...)
}

func negated(v []float64) []float64 {
	out := make([]float64, len(v))
	for i, x := range v {
		out[i] = -x
	}
	return out
}

// rows gives the rows of a matrix, a vector or number as one row.
func rows(t *tensor.Tensor) ([][]float64, error) {
	n, k := 1, t.Len()
	if len(t.Shape) == 2 {
		n, k = t.Shape[0], t.Shape[1]
	}
	if k == 0 {
		return nil, &UnsupportedError{"no coefficients"}
	}
	out := make([][]float64, n)
	for i := range out {
		out[i] = make([]float64, k)
		for j := range out[i] {
			f, ok := t.Float(i*k + j)
			if !ok || math.IsNaN(f) || math.IsInf(f, 0) {
				return nil, &UnsupportedError{"a parameter that JSON has no number for"}
			}
			out[i][j] = f
		}
	}
	return out, nil
}

func appendFloats(b []byte, v []float64) []byte {
	b = append(b, '[')
	for i, f := range v {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, tensor.FormatFloat(f)...)
	}
	return append(b, ']')
}

// Decode reads a file.
func Decode(src *source.Source, _ source.Limits) (*pyobj.Doc, error) {
	doc := &pyobj.Doc{Format: Name, Protocol: -1, Size: src.Len(), Stream: src.Len()}
	d := &decoder{r: jsonread.New(src.All(), 64)}
	for d.r.Object(); d.r.More(); {
		switch key := d.r.Key(); key {
		case "coefficients":
			d.coef, d.flat = d.matrix()
		case "intercept":
			d.single = d.r.Kind() == jsonread.Number
			if d.single {
				d.intercept = []float64{d.number()}
			} else {
				d.intercept = d.vector()
			}
		case "classes":
			d.classes = d.labels()
		case "feature_names":
			d.names = d.labels()
		case "sklearn_version":
			if d.r.Kind() == jsonread.String {
				d.release = d.r.Text()
			} else {
				d.r.Skip()
			}
		default:
			d.r.Skip()
		}
	}
	if err := d.r.End(); err != nil {
		var e *jsonread.SyntaxError
		if errors.As(err, &e) {
			return doc, &SyntaxError{e.Offset, e.Msg}
		}
		return doc, err
	}
	root, err := d.object()
	if err != nil {
		return doc, err
	}
	doc.Root = root
	doc.Imports, doc.Calls = pyobj.Trace(root)
	return doc, nil
}

type decoder struct {
	r            *jsonread.Reader
	coef         [][]float64
	intercept    []float64
	flat, single bool
	classes      []pyobj.Value
	names        []pyobj.Value
	release      string
}

func (d *decoder) number() float64 {
	f, _, _ := d.r.Number()
	if math.IsNaN(f) || math.IsInf(f, 0) {
		d.r.Fail("a parameter that is not finite")
	}
	return f
}

func (d *decoder) vector() []float64 {
	out := []float64{}
	for d.r.Array(); d.r.More(); {
		out = append(out, d.number())
	}
	return out
}

// matrix reads a list of lists, or one list.
func (d *decoder) matrix() (out [][]float64, flat bool) {
	for d.r.Array(); d.r.More(); {
		if d.r.Kind() == jsonread.Array && !flat {
			out = append(out, d.vector())
			if len(out[len(out)-1]) != len(out[0]) {
				d.r.Fail("rows of different length")
			}
			continue
		}
		if out == nil {
			out, flat = [][]float64{nil}, true
		}
		if !flat {
			d.r.Fail("a number among lists")
		}
		out[0] = append(out[0], d.number())
	}
	return out, flat
}

// labels reads a list of texts and numbers, nil for null.
func (d *decoder) labels() []pyobj.Value {
	if d.r.Kind() == jsonread.Null {
		d.r.Null()
		return nil
	}
	out := []pyobj.Value{}
	for d.r.Array(); d.r.More(); {
		switch d.r.Kind() {
		case jsonread.Bool:
			out = append(out, pyobj.Bool(d.r.Bool()))
		case jsonread.Number:
			f, n, whole := d.r.Number()
			if whole {
				out = append(out, pyobj.Int(n))
			} else {
				out = append(out, pyobj.Float(f))
			}
		default:
			out = append(out, pyobj.Str(d.r.Text()))
		}
	}
	return out
}

// object makes the estimator that predicts from the parameters.
func (d *decoder) object() (pyobj.Value, error) {
	bad := func(format string, args ...any) error { return &SyntaxError{0, fmt.Sprintf(format, args...)} }
	if len(d.coef) == 0 || len(d.coef[0]) == 0 || d.intercept == nil {
		return nil, bad("coefficients or intercept are missing")
	}
	k := len(d.coef[0])
	if n := len(d.intercept); n != 1 && n != len(d.coef) {
		return nil, bad("%d intercepts for %d rows of coefficients", n, len(d.coef))
	}
	if d.names != nil && len(d.names) != k {
		return nil, bad("%d names for %d coefficients", len(d.names), k)
	}
	class, state := &pyobj.Global{Module: "sklearn.linear_model._base", Name: "LinearRegression"}, &pyobj.Dict{}
	set := func(name string, v pyobj.Value) { state.Set(pyobj.Str(name), v) }
	if d.classes != nil {
		class = &pyobj.Global{Module: "sklearn.svm._classes", Name: "LinearSVC"}
		d.flat, d.single = false, false
		if len(d.intercept) == 1 {
			d.intercept = slices.Repeat(d.intercept, len(d.coef))
		}
		if len(d.coef) == 2 && len(d.classes) == 2 && slices.Equal(d.coef[0], negated(d.coef[1])) && d.intercept[0] == -d.intercept[1] {
			d.coef, d.intercept = d.coef[1:], d.intercept[1:]
		}
		if n := len(d.classes); n != len(d.coef) && (n != 2 || len(d.coef) != 1) {
			return nil, bad("%d classes for %d rows of coefficients", n, len(d.coef))
		}
		set("classes_", labelArray(d.classes))
	}
	coef := floats(slices.Concat(d.coef...), len(d.coef), k)
	if d.flat {
		coef.Shape = []int{k}
	}
	set("coef_", coef)
	if d.single {
		set("intercept_", pyobj.Float(d.intercept[0]))
	} else {
		set("intercept_", floats(d.intercept, len(d.intercept)))
	}
	set("n_features_in_", pyobj.Int(k))
	if d.release == "" {
		d.release = release
	}
	set("_sklearn_version", pyobj.Str(d.release))
	if d.names != nil {
		set("feature_names_in_", labelArray(d.names))
	}
	return &pyobj.Object{Make: pyobj.New, Class: class, State: state, Offset: -1}, nil
}

func floats(v []float64, shape ...int) *pyobj.Array {
	data := make([]byte, 0, 8*len(v))
	for _, f := range v {
		data = binary.LittleEndian.AppendUint64(data, math.Float64bits(f))
	}
	return &pyobj.Array{DType: &pyobj.DType{Kind: 'f', Size: 8, Order: '<'}, Shape: shape, Data: data, Offset: -1}
}

// labelArray is the array numpy makes of labels: of numbers where all are, else of objects.
func labelArray(vs []pyobj.Value) *pyobj.Array {
	kind := func(v pyobj.Value) byte {
		switch v.(type) {
		case pyobj.Int:
			return 'i'
		case pyobj.Float:
			return 'f'
		case pyobj.Bool:
			return 'b'
		}
		return 'O'
	}
	all := byte(0)
	for _, v := range vs {
		switch k := kind(v); {
		case all == 0 || all == k:
			all = k
		case all == 'i' && k == 'f' || all == 'f' && k == 'i':
			all = 'f'
		default:
			all = 'O'
		}
	}
	a := &pyobj.Array{DType: &pyobj.DType{Kind: all, Size: 8, Order: '<'}, Shape: []int{len(vs)}, Offset: -1}
	for _, v := range vs {
		switch x := v.(type) {
		case pyobj.Int:
			if all == 'f' {
				a.Data = binary.LittleEndian.AppendUint64(a.Data, math.Float64bits(float64(x)))
			} else {
				a.Data = binary.LittleEndian.AppendUint64(a.Data, uint64(x))
			}
		case pyobj.Float:
			a.Data = binary.LittleEndian.AppendUint64(a.Data, math.Float64bits(float64(x)))
		case pyobj.Bool:
			b := byte(0)
			if x {
				b = 1
			}
			a.Data = append(a.Data, b)
		}
	}
	switch all {
	case 'b':
		a.DType.Size, a.DType.Order = 1, '|'
	case 'O', 0:
		a.DType = &pyobj.DType{Kind: 'O', Size: 8, Order: '|'}
		a.Data, a.Objects = nil, vs
	}
	return a
}
