// Package npy reads and writes numpy's .npy arrays and .npz archives of them (numpy.lib.format, versions 1, 2 and 3).
//
// # Security
//
// The header is read by a parser of its own for the one literal it may hold, never evaluated. Sizes are checked
// against the bytes present before anything is made. Object arrays hold a pickle: Array refuses them, Decode runs it on
// the machine that calls nothing.
package npy

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/larder-ml/larder/format/pickle"
	"github.com/larder-ml/larder/numpy"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/source"
)

// Name is the format's name.
const Name = "npy"

// NameZip is the name of the archive of them.
const NameZip = "npz"

const magic = "\x93NUMPY"

// maxHeader bounds the header text (numpy's own limit is 10,000 characters for untrusted files; structured dtypes of
// honest files stay far below this).
const maxHeader = 1 << 16

// SyntaxError says where a file is malformed.
type SyntaxError struct {
	Offset int64
	Msg    string
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("npy: offset 0x%x: %s", e.Offset, e.Msg) }

// Where gives the offset.
func (e *SyntaxError) Where() int64 { return e.Offset }

// Is answers source.ErrCorrupt.
func (e *SyntaxError) Is(target error) bool { return target == source.ErrCorrupt }

// Sniff reports a .npy file.
func Sniff(prefix []byte) bool { return bytes.HasPrefix(prefix, []byte(magic)) }

// Decode reads one array. Its data are a view of src. An array of objects is a pickle behind the header: it is run by
// format/pickle's machine, its trace goes to the Doc.
func Decode(src *source.Source, lim source.Limits) (*pyobj.Doc, error) {
	doc := &pyobj.Doc{Format: Name, Protocol: -1, Size: src.Len(), Stream: src.Len()}
	a, err := DecodeInto(doc, src.All(), "", lim)
	if err != nil {
		return doc, err
	}
	a.Mapped = src.Mapped() && a.Data != nil
	doc.Root = a
	return doc, nil
}

// DecodeInto reads a file that is part of another, as the companions of a joblib file are. Notes and the trace of an
// object array go to doc, marked with path.
func DecodeInto(doc *pyobj.Doc, b []byte, path string, lim source.Limits) (*pyobj.Array, error) {
	a, at, err := Header(b)
	if err != nil {
		return nil, err
	}
	if a.DType.HasObject() {
		return objects(doc, a, b[at:len(b):len(b)], int64(at), path, lim)
	}
	a, n, err := Array(b, lim)
	if err != nil {
		return nil, err
	}
	if rest := len(b) - n; rest > 0 {
		doc.Notes = append(doc.Notes, pyobj.Note{Rule: "trailing-bytes", Level: pyobj.LevelRefuse, Offset: int64(n),
			Message: fmt.Sprintf("%d bytes after the array", rest)})
	}
	return a, nil
}

// objects reads the pickle behind the header of an object array.
func objects(doc *pyobj.Doc, a *pyobj.Array, body []byte, at int64, path string, lim source.Limits) (*pyobj.Array, error) {
	inner, err := traced(doc, body, at, path, lim)
	if err != nil {
		return nil, fmt.Errorf("npy: object array: %w", err)
	}
	for i := range inner.Extra {
		if inner.Extra[i], err = numpy.Fold(inner.Extra[i]); err != nil {
			return nil, fmt.Errorf("npy: object array: %w", err)
		}
	}
	doc.Extra = append(doc.Extra, inner.Extra...)
	v, err := numpy.Fold(inner.Root)
	if err != nil {
		return nil, fmt.Errorf("npy: object array: %w", err)
	}
	got, ok := v.(*pyobj.Array)
	if !ok || got.DType.Kind != 'O' {
		return nil, &SyntaxError{at, "an object array is announced, the pickle holds none"}
	}
	if !slices.Equal(got.Shape, a.Shape) {
		return nil, &SyntaxError{at, fmt.Sprintf("the header says shape %v, the pickle %v", a.Shape, got.Shape)}
	}
	return got, nil
}

// traced runs a pickle that is part of another file and adds its trace to that file's.
func traced(doc *pyobj.Doc, b []byte, at int64, path string, lim source.Limits) (*pyobj.Doc, error) {
	inner, err := pickle.Decode(source.Bytes(b), lim)
	for _, i := range inner.Imports {
		i.Offset, i.Path = i.Offset+at, path
		doc.Imports = append(doc.Imports, i)
	}
	for _, c := range inner.Calls {
		c.Offset, c.Path = c.Offset+at, path
		doc.Calls = append(doc.Calls, c)
	}
	for _, n := range inner.Notes {
		n.Offset += at
		doc.Notes = append(doc.Notes, n)
	}
	doc.Opcodes += inner.Opcodes
	doc.Protocol = max(doc.Protocol, inner.Protocol)
	doc.Python2 = doc.Python2 || inner.Python2
	return inner, err
}

// Array reads the array at the start of b and returns the number of bytes it takes. The data are a view of b.
func Array(b []byte, lim source.Limits) (*pyobj.Array, int, error) { return ArrayBehind(b, b, lim) }

// ArrayBehind is Array for bytes of a map of which no page is to be touched: head are the first of them again.
func ArrayBehind(head, b []byte, lim source.Limits) (*pyobj.Array, int, error) {
	a, at, err := Header(head)
	if err != nil && len(head) < len(b) {
		a, at, err = Header(b) // a long header, or a wrong one
	}
	if err != nil {
		return nil, 0, err
	}
	if a.DType.HasObject() {
		return nil, 0, &SyntaxError{int64(at), "object array: its items are a pickle"}
	}
	n, err := numpy.ByteSize(a.DType, a.Shape)
	if err != nil {
		return nil, 0, &SyntaxError{0, err.Error()}
	}
	if items, _ := numpy.Elements(a.Shape); int64(items) > lim.Elements {
		return nil, 0, &source.LimitError{Limit: "array elements", Value: int64(items), Max: lim.Elements, Offset: 0}
	}
	if n > int64(len(b)-at) {
		return nil, 0, &SyntaxError{int64(at), fmt.Sprintf("%d bytes left where shape %v of %s needs %d", len(b)-at, a.Shape, a.DType.Code(), n)}
	}
	end := at + int(n)
	a.Data = b[at:end:end]
	a.Offset = int64(at)
	return a, end, nil
}

// Outline is Array for a file of size bytes that was not kept: of floats, and nothing behind them. Others are a LimitError.
func Outline(head []byte, size int64, lim source.Limits) (*pyobj.Array, error) {
	a, at, err := Header(head)
	if err != nil {
		return nil, err
	}
	if !a.DType.Inert() {
		return nil, source.OverHeld(size, lim.Held, -1)
	}
	n, err := numpy.ByteSize(a.DType, a.Shape)
	if err != nil || n != size-int64(at) {
		return nil, &SyntaxError{int64(at), fmt.Sprintf("%d bytes where shape %v of %s needs %d", size-int64(at), a.Shape, a.DType.Code(), n)}
	}
	a.Unread, a.Offset = true, -1
	return a, nil
}

// Header reads the header: an Array without data, and where its data begin.
func Header(b []byte) (*pyobj.Array, int, error) {
	if len(b) < 10 || !Sniff(b) {
		return nil, 0, &SyntaxError{0, "no npy magic"}
	}
	var n, at int
	switch b[6] {
	case 1:
		n, at = int(binary.LittleEndian.Uint16(b[8:])), 10
	case 2, 3:
		if len(b) < 12 {
			return nil, 0, &SyntaxError{8, "header is cut off"}
		}
		u := binary.LittleEndian.Uint32(b[8:])
		if u > maxHeader {
			return nil, 0, &source.LimitError{Limit: "npy header", Value: int64(u), Max: maxHeader, Offset: 8}
		}
		n, at = int(u), 12
	default:
		return nil, 0, &SyntaxError{6, fmt.Sprintf("version %d.%d is not known", b[6], b[7])}
	}
	if b[7] != 0 {
		return nil, 0, &SyntaxError{6, fmt.Sprintf("version %d.%d is not known", b[6], b[7])}
	}
	if n > len(b)-at {
		return nil, 0, &SyntaxError{8, "header is cut off"}
	}
	p := &literal{text: string(b[at : at+n]), at: at}
	v, err := p.value(0)
	if err != nil {
		return nil, 0, err
	}
	if p.skip(); p.pos != len(p.text) {
		return nil, 0, p.fail("text after the header")
	}
	d, ok := v.(map[string]any)
	if !ok || len(d) != 3 {
		return nil, 0, p.fail("header is not a dict of descr, fortran_order and shape")
	}
	fortran, ok1 := d["fortran_order"].(bool)
	shape, ok2 := d["shape"].([]any)
	descr, ok3 := d["descr"]
	if !ok1 || !ok2 || !ok3 {
		return nil, 0, p.fail("header is not a dict of descr, fortran_order and shape")
	}
	a := &pyobj.Array{Fortran: fortran, Shape: make([]int, len(shape)), Offset: -1}
	for i, s := range shape {
		k, ok := s.(int)
		if !ok || k < 0 {
			return nil, 0, p.fail("shape holds something other than sizes")
		}
		a.Shape[i] = k
	}
	if a.DType, err = dtype(descr, 0); err != nil {
		return nil, 0, p.fail(err.Error())
	}
	return a, at + n, nil
}

// dtype reads a descr: a type string, a list of fields, or a (type, shape) pair.
func dtype(v any, depth int) (*pyobj.DType, error) {
	if depth > 8 {
		return nil, fmt.Errorf("dtype nests too deep")
	}
	switch x := v.(type) {
	case string:
		return pyobj.ParseDType(x)
	case []any:
		if p, ok := isPair(x); ok {
			base, err := dtype(p[0], depth+1)
			if err != nil {
				return nil, err
			}
			d := &pyobj.DType{Kind: 'V', Order: '|', Sub: base, Size: base.Size}
			shape, ok := p[1].([]any)
			if !ok {
				shape = []any{p[1]}
			}
			for _, s := range shape {
				k, ok := s.(int)
				if !ok || k < 0 || (k > 0 && d.Size > math.MaxInt32/k) {
					return nil, fmt.Errorf("subarray shape is no list of sizes")
				}
				d.Shape = append(d.Shape, k)
				d.Size *= k
			}
			return d, nil
		}
		d := &pyobj.DType{Kind: 'V', Order: '|'}
		for _, f := range x {
			t, ok := f.([]any)
			if !ok || len(t) < 2 || len(t) > 3 {
				return nil, fmt.Errorf("field is no (name, type) pair")
			}
			field := pyobj.Field{Offset: d.Size}
			switch n := t[0].(type) {
			case string:
				field.Name = n
			case []any:
				if len(n) != 2 {
					return nil, fmt.Errorf("field name is no text")
				}
				field.Title, _ = n[0].(string)
				field.Name, _ = n[1].(string)
			default:
				return nil, fmt.Errorf("field name is no text")
			}
			descr := t[1]
			if len(t) == 3 {
				descr = []any{pairMark{}, t[1], t[2]}
			}
			ft, err := dtype(descr, depth+1)
			if err != nil {
				return nil, err
			}
			if d.Size > math.MaxInt32-ft.Size {
				return nil, fmt.Errorf("dtype is too large")
			}
			d.Size += ft.Size
			if field.Name == "" && ft.Kind == 'V' && len(ft.Fields) == 0 {
				continue // padding
			}
			field.DType = ft
			d.Fields = append(d.Fields, field)
		}
		return d, nil
	}
	return nil, fmt.Errorf("descr is no dtype")
}

// pairMark stands before a (type, shape) pair, to tell it from a list of fields.
type pairMark struct{}

func isPair(x []any) ([]any, bool) {
	if len(x) == 3 {
		if _, ok := x[0].(pairMark); ok {
			return x[1:], true
		}
	}
	return nil, false
}

// literal parses the Python literal of a header: dict, list, tuple, str, int, True, False.
type literal struct {
	text string
	pos  int
	at   int // offset of the text in the file
}

func (p *literal) fail(msg string) error { return &SyntaxError{int64(p.at + p.pos), msg} }

func (p *literal) skip() {
	for p.pos < len(p.text) && strings.IndexByte(" \t\n\r\f", p.text[p.pos]) >= 0 {
		p.pos++
	}
}

func (p *literal) value(depth int) (any, error) {
	p.skip()
	if depth > 16 {
		return nil, p.fail("header nests too deep")
	}
	if p.pos >= len(p.text) {
		return nil, p.fail("header ends early")
	}
	switch c := p.text[p.pos]; {
	case c == '{':
		return p.dict(depth)
	case c == '(' || c == '[':
		return p.list(depth, map[byte]byte{'(': ')', '[': ']'}[c])
	case c == '\'' || c == '"':
		return p.str()
	case strings.HasPrefix(p.text[p.pos:], "True"):
		p.pos += 4
		return true, nil
	case strings.HasPrefix(p.text[p.pos:], "False"):
		p.pos += 5
		return false, nil
	case c == '-' || c >= '0' && c <= '9':
		start := p.pos
		p.pos++
		for p.pos < len(p.text) && p.text[p.pos] >= '0' && p.text[p.pos] <= '9' {
			p.pos++
		}
		n, err := strconv.Atoi(p.text[start:p.pos])
		if err != nil {
			return nil, p.fail("size is out of range")
		}
		if p.pos < len(p.text) && p.text[p.pos] == 'L' { // Python 2 long
			p.pos++
		}
		return n, nil
	}
	return nil, p.fail("header is no literal")
}

func (p *literal) dict(depth int) (any, error) {
	p.pos++
	out := map[string]any{}
	for {
		p.skip()
		if p.pos < len(p.text) && p.text[p.pos] == '}' {
			p.pos++
			return out, nil
		}
		k, err := p.value(depth + 1)
		if err != nil {
			return nil, err
		}
		key, ok := k.(string)
		if _, dup := out[key]; !ok || dup {
			return nil, p.fail("header key is no text or stands twice")
		}
		if p.skip(); p.pos >= len(p.text) || p.text[p.pos] != ':' {
			return nil, p.fail("no colon after a key")
		}
		p.pos++
		if out[key], err = p.value(depth + 1); err != nil {
			return nil, err
		}
		if err := p.comma('}'); err != nil {
			return nil, err
		}
	}
}

func (p *literal) list(depth int, end byte) (any, error) {
	p.pos++
	out := []any{}
	for {
		p.skip()
		if p.pos < len(p.text) && p.text[p.pos] == end {
			p.pos++
			return out, nil
		}
		v, err := p.value(depth + 1)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
		if err := p.comma(end); err != nil {
			return nil, err
		}
	}
}

func (p *literal) comma(end byte) error {
	p.skip()
	switch {
	case p.pos < len(p.text) && p.text[p.pos] == ',':
		p.pos++
	case p.pos < len(p.text) && p.text[p.pos] == end:
	default:
		return p.fail("no comma")
	}
	return nil
}

func (p *literal) str() (any, error) {
	q := p.text[p.pos]
	p.pos++
	start := p.pos
	for p.pos < len(p.text) && p.text[p.pos] != q {
		if p.text[p.pos] == '\\' || p.text[p.pos] < ' ' {
			return nil, p.fail("escape in a header's text")
		}
		p.pos++
	}
	if p.pos >= len(p.text) {
		return nil, p.fail("text does not end")
	}
	s := p.text[start:p.pos]
	p.pos++
	return s, nil
}

// Encode writes an array as numpy.save does: version 1 (2 where the header is long, 3 where a name is not latin-1),
// data 64-byte aligned. Object arrays are refused.
func Encode(w io.Writer, a *pyobj.Array) error {
	if a.DType.HasObject() {
		return fmt.Errorf("npy: object arrays need a pickle")
	}
	descr, err := descr(a.DType)
	if err != nil {
		return err
	}
	shape := make([]string, len(a.Shape))
	for i, d := range a.Shape {
		shape[i] = strconv.Itoa(d)
	}
	tuple := "(" + strings.Join(shape, ", ")
	if len(shape) == 1 {
		tuple += ","
	}
	order := "False"
	if a.Fortran && len(a.Shape) > 1 {
		order = "True"
	}
	head := fmt.Sprintf("{'descr': %s, 'fortran_order': %s, 'shape': %s), }", descr, order, tuple)
	if n := len(shape); n > 0 { // room for the outermost axis to grow
		axis := shape[0]
		if order == "True" {
			axis = shape[n-1]
		}
		head += strings.Repeat(" ", 21-len(axis))
	}
	version, fixed := byte(1), 10
	if len(head)+65 > math.MaxUint16 {
		version, fixed = 2, 12
	}
	for _, r := range head {
		if r > 0xff {
			version, fixed = 3, 12
		}
	}
	pad := 64 - (fixed+len(head)+1)%64
	head += strings.Repeat(" ", pad) + "\n"
	out := append([]byte(magic), version, 0)
	if version == 1 {
		out = binary.LittleEndian.AppendUint16(out, uint16(len(head)))
	} else {
		out = binary.LittleEndian.AppendUint32(out, uint32(len(head)))
	}
	if _, err := w.Write(append(out, head...)); err != nil {
		return err
	}
	_, err = w.Write(a.Data)
	return err
}

// descr gives a dtype as the literal numpy.save writes.
func descr(d *pyobj.DType) (string, error) {
	if d.Sub != nil {
		return "", fmt.Errorf("npy: a subarray dtype stands only inside a field")
	}
	if len(d.Fields) == 0 {
		return "'" + d.Code() + "'", nil
	}
	var parts []string
	at := 0
	pad := func(n int) {
		if n > 0 {
			parts = append(parts, fmt.Sprintf("('', '|V%d')", n))
		}
	}
	for _, f := range d.Fields {
		if f.Offset < at || strings.ContainsAny(f.Name, "'\\\n") {
			return "", fmt.Errorf("npy: field %q can not be written", f.Name)
		}
		pad(f.Offset - at)
		name := "'" + f.Name + "'"
		if f.Title != "" {
			name = "('" + f.Title + "', " + name + ")"
		}
		base, shape := f.DType, ""
		if base.Sub != nil {
			dims := make([]string, len(base.Shape))
			for i, n := range base.Shape {
				dims[i] = strconv.Itoa(n)
			}
			shape = ", (" + strings.Join(dims, ", ")
			if len(dims) == 1 {
				shape += ","
			}
			shape += ")"
			base = base.Sub
		}
		s, err := descr(base)
		if err != nil {
			return "", err
		}
		parts = append(parts, "("+name+", "+s+shape+")")
		at = f.Offset + f.DType.Size
	}
	pad(d.Size - at)
	return "[" + strings.Join(parts, ", ") + "]", nil
}
