// Package safetensors reads and writes safetensors files: a JSON header that names tensors, and their bytes, which can be mapped.
//
// # Format
//
// A model's arrays are the tensors, named by their place in it (model.steps[1].coef_). The header's metadata holds the
// rest of the object graph under "larder", as package pyjson writes it. Numbers are stored as the library has them:
// little-endian, in C order. Arrays it has no dtype for (structures, text, dates, complex numbers of 16 bytes) are stored as their bytes, with one dimension
// more. What the library can not say (Fortran order, byte order, the real dtype) stands in the graph and is restored.
// A file without "larder" is read as a dict of arrays.
//
// # Security
//
// The header is read strictly: offsets must cover the data without a hole or an overlap, in any order; sizes must agree; no name
// stands twice; tensors the graph does not use are noted. Nothing is copied for what a size merely claims.
package safetensors

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/larder-ml/larder/format/pyjson"
	"github.com/larder-ml/larder/internal/jsonread"
	"github.com/larder-ml/larder/numpy"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/source"
)

// Name is the format's name.
const Name = "safetensors"

// key is the metadata entry that holds the object graph.
const key = "larder"

// maxHeader is the longest header the reference library reads.
const maxHeader = 100_000_000

// align is what the first tensor is aligned to.
const align = 64

// SyntaxError says what is malformed and where in the file.
type SyntaxError struct {
	Offset int64
	Msg    string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("safetensors: offset 0x%x: %s", e.Offset, e.Msg)
}

// Where gives the offset.
func (e *SyntaxError) Where() int64 { return e.Offset }

// Is answers source.ErrCorrupt.
func (e *SyntaxError) Is(target error) bool { return target == source.ErrCorrupt }

// UnsupportedError is a value or a form that is legal but not read or written.
type UnsupportedError struct{ Msg string }

func (e *UnsupportedError) Error() string { return "safetensors: " + e.Msg }

// Is answers source.ErrUnsupported.
func (e *UnsupportedError) Is(target error) bool { return target == source.ErrUnsupported }

// Sniff reports a header length followed by a JSON object.
func Sniff(prefix []byte) bool {
	if len(prefix) < 10 {
		return false
	}
	n := binary.LittleEndian.Uint64(prefix)
	return n >= 2 && n <= maxHeader && prefix[8] == '{' && (prefix[9] == '"' || prefix[9] == '}' || prefix[9] == ' ' || prefix[9] == '\n')
}

// dtypes are the library's names of numpy's types.
var dtypes = map[string]string{"BOOL": "|b1", "U8": "|u1", "I8": "|i1", "U16": "<u2", "I16": "<i2", "U32": "<u4", "I32": "<i4",
	"U64": "<u8", "I64": "<i8", "F16": "<f2", "F32": "<f4", "F64": "<f8", "C64": "<c8"}

// typeOf gives the library's name of a dtype, "" where it has none.
func typeOf(d *pyobj.DType) string {
	if d.Sub != nil || len(d.Fields) > 0 {
		return ""
	}
	little := *d
	if little.Order == '>' {
		little.Order = '<'
	}
	for name, code := range dtypes {
		if little.Code() == code {
			return name
		}
	}
	return ""
}

// tensor is one entry of the header.
type tensor struct {
	name       string
	dtype      string
	shape      []int
	begin, end int64 // in the data
	array      *pyobj.Array
}

// Encode writes v.
func Encode(w io.Writer, v pyobj.Value) error {
	n := &namer{names: map[*pyobj.Array]string{}, taken: map[string]bool{"__metadata__": true}, seen: map[pyobj.Value]bool{}}
	n.visit(v, "model")
	var graph bytes.Buffer
	err := pyjson.EncodeApart(&graph, v, func(a *pyobj.Array) (string, bool) { name, ok := n.names[a]; return name, ok })
	if err != nil {
		return err
	}
	tensors := make([]*tensor, len(n.order))
	for i, a := range n.order {
		if err := numpy.Fits(a.DType, a.Shape, int64(len(a.Data))); err != nil {
			return &UnsupportedError{n.names[a] + ": " + err.Error()}
		}
		t := &tensor{name: n.names[a], dtype: typeOf(a.DType), shape: a.Shape, array: a}
		if t.dtype == "" {
			t.dtype, t.shape = "U8", append(slices.Clone(a.Shape), a.DType.Size)
		}
		tensors[i] = t
	}
	// The most aligned first, so that all are aligned.
	slices.SortStableFunc(tensors, func(a, b *tensor) int { return unit(b) - unit(a) })
	head := []byte(`{"__metadata__":{"format":"larder","` + key + `":`)
	head = appendText(head, strings.TrimSuffix(graph.String(), "\n"))
	head = append(head, '}')
	at := int64(0)
	for _, t := range tensors {
		t.begin, t.end = at, at+int64(len(t.array.Data))
		at = t.end
		head = append(head, ',')
		head = appendText(head, t.name)
		head = append(head, `:{"dtype":"`+t.dtype+`","shape":[`...)
		for i, n := range t.shape {
			if i > 0 {
				head = append(head, ',')
			}
			head = strconv.AppendInt(head, int64(n), 10)
		}
		head = append(fmt.Appendf(head, `],"data_offsets":[%d,%d]`, t.begin, t.end), '}')
	}
	head = append(head, '}')
	head = append(head, bytes.Repeat([]byte{' '}, (align-(8+len(head))%align)%align)...)
	if len(head) > maxHeader {
		return &UnsupportedError{fmt.Sprintf("a header of %d bytes, of which the library reads %d", len(head), maxHeader)}
	}
	if _, err := w.Write(append(binary.LittleEndian.AppendUint64(nil, uint64(len(head))), head...)); err != nil {
		return err
	}
	for _, t := range tensors {
		data, err := numpy.InOrder(t.array, false)
		if err != nil {
			return &UnsupportedError{t.name + ": " + err.Error()}
		}
		if t.array.DType.Order == '>' && typeOf(t.array.DType) != "" {
			data = swapped(data, t.array.DType)
		}
		if _, err := w.Write(data); err != nil {
			return err
		}
	}
	return nil
}

func appendText(b []byte, s string) []byte {
	q, _ := json.Marshal(s) // a string: no error
	return append(b, q...)
}

// unit is what a tensor is to be aligned to: the size of its numbers, of structures what keeps those behind them aligned.
func unit(t *tensor) int {
	n := len(t.array.Data)
	if t.array.DType.Size == 0 || n == 0 {
		return 8
	}
	u := 8
	for n%u != 0 {
		u /= 2
	}
	return u
}

// swapped reverses the bytes of every number.
func swapped(data []byte, d *pyobj.DType) []byte {
	size := d.Size
	if d.Kind == 'c' {
		size /= 2
	}
	out := slices.Clone(data)
	for i := 0; size > 0 && i+size <= len(out); i += size {
		slices.Reverse(out[i : i+size])
	}
	return out
}

// namer names the arrays of a graph by the first place they stand at.
type namer struct {
	names map[*pyobj.Array]string
	taken map[string]bool
	order []*pyobj.Array
	seen  map[pyobj.Value]bool
}

func (n *namer) visit(v pyobj.Value, path string) {
	switch v.(type) {
	case *pyobj.List, *pyobj.Tuple, *pyobj.Dict, *pyobj.Set, *pyobj.Object, *pyobj.Array:
		if n.seen[v] {
			return
		}
		n.seen[v] = true
	default:
		return
	}
	items := func(vs []pyobj.Value, path string) {
		for i, it := range vs {
			n.visit(it, path+"["+strconv.Itoa(i)+"]")
		}
	}
	entries := func(es []pyobj.Entry, path string) {
		for i, kv := range es {
			n.visit(kv.Key, path+".keys["+strconv.Itoa(i)+"]")
			name, ok := pyobj.Text(kv.Key)
			if !ok || len(name) > 100 {
				name = "values[" + strconv.Itoa(i) + "]"
			}
			n.visit(kv.Value, path+"."+name)
		}
	}
	switch x := v.(type) {
	case *pyobj.List:
		items(x.Items, path)
	case *pyobj.Tuple:
		items(x.Items, path)
	case *pyobj.Set:
		items(x.Items, path)
	case *pyobj.Dict:
		entries(x.Entries, path)
	case *pyobj.Object:
		n.visit(x.Class, path+".class")
		items(x.Args, path+".args")
		if x.Kwargs != nil {
			n.visit(x.Kwargs, path+".kwargs")
		}
		n.visit(x.State, path)
		items(x.Items, path)
		entries(x.Pairs, path)
	case *pyobj.Array:
		if x.DType.HasObject() {
			items(x.Objects, path)
			return
		}
		name := path
		for i := 2; n.taken[name]; i++ {
			name = path + "#" + strconv.Itoa(i)
		}
		n.taken[name] = true
		n.names[x] = name
		n.order = append(n.order, x)
	}
}

// Decode reads a file.
func Decode(src *source.Source, lim source.Limits) (*pyobj.Doc, error) {
	doc := &pyobj.Doc{Format: Name, Protocol: -1, Size: src.Len(), Stream: src.Len()}
	all := src.All()
	if len(all) < 8 {
		return doc, &SyntaxError{0, "the file ends in its header's length"}
	}
	n := binary.LittleEndian.Uint64(all)
	if n > maxHeader || n > uint64(len(all)-8) {
		return doc, &SyntaxError{0, fmt.Sprintf("a header of %d bytes in a file of %d", n, len(all))}
	}
	head, data := all[8:8+n], all[8+n:]
	graph, tensors, err := header(head, lim)
	if err != nil {
		return doc, err
	}
	if err := covered(tensors, int64(len(data)), int64(8+n)); err != nil {
		return doc, err
	}
	used := map[string]bool{}
	byName := make(map[string]*tensor, len(tensors))
	for _, t := range tensors {
		byName[t.name] = t
	}
	view := func(t *tensor) []byte { return data[t.begin:t.end:t.end] }
	if graph == "" {
		out := &pyobj.Dict{}
		for _, t := range tensors {
			code, ok := dtypes[t.dtype]
			if !ok {
				return doc, &UnsupportedError{fmt.Sprintf("tensor %.80q has dtype %.20q", t.name, t.dtype)}
			}
			d, err := pyobj.ParseDType(code)
			if err != nil {
				return doc, err
			}
			out.Set(pyobj.Str(t.name), &pyobj.Array{DType: d, Shape: t.shape, Data: view(t), Offset: int64(8+n) + t.begin, Mapped: src.Mapped()})
		}
		doc.Root = out
		return doc, nil
	}
	inside, err := pyjson.DecodeApart(source.Bytes([]byte(graph)), lim, func(name string, a *pyobj.Array) error {
		t := byName[name]
		if t == nil {
			return fmt.Errorf("tensor %.80q is not there", name)
		}
		used[name] = true
		return t.fill(a, view(t), int64(8+n)+t.begin, src.Mapped())
	})
	if err != nil {
		return doc, err
	}
	for _, t := range tensors {
		if !used[t.name] {
			doc.Notes = append(doc.Notes, pyobj.Note{Rule: "unused-tensor", Level: pyobj.LevelSuspect, Offset: int64(8+n) + t.begin,
				Message: fmt.Sprintf("tensor %.80q is no part of the model", t.name)})
		}
	}
	doc.Root, doc.Imports, doc.Calls = inside.Root, inside.Imports, inside.Calls
	return doc, nil
}

// fill gives an array of the graph its bytes.
func (t *tensor) fill(a *pyobj.Array, data []byte, offset int64, mapped bool) error {
	name, shape := typeOf(a.DType), a.Shape
	if name == "" {
		name, shape = "U8", append(slices.Clone(a.Shape), a.DType.Size)
	}
	if a.DType.HasObject() || t.dtype != name || !slices.Equal(t.shape, shape) {
		return fmt.Errorf("tensor %.80q is %s %v, the model wants %s %v", t.name, t.dtype, t.shape, name, shape)
	}
	if err := numpy.Fits(a.DType, a.Shape, int64(len(data))); err != nil {
		return fmt.Errorf("tensor %.80q: %w", t.name, err)
	}
	a.Data, a.Offset, a.Mapped = data, offset, mapped
	if typeOf(a.DType) != "" && a.DType.Order == '>' {
		a.Data, a.Offset, a.Mapped = swapped(data, a.DType), -1, false
	}
	if a.Fortran && len(a.Shape) > 1 {
		view := *a
		view.Fortran = false
		b, err := numpy.InOrder(&view, true)
		if err != nil {
			return err
		}
		a.Data, a.Offset, a.Mapped = b, -1, false
	}
	return nil
}

// header reads the JSON: the graph, "" if there is none, and the tensors.
func header(b []byte, lim source.Limits) (graph string, tensors []*tensor, err error) {
	r := jsonread.New(b, 8)
	for r.Object(); r.More(); {
		name := r.Key()
		if name == "__metadata__" {
			for r.Object(); r.More(); {
				if k, v := r.Key(), r.Text(); k == key {
					graph = v
				}
			}
			continue
		}
		if len(tensors) >= lim.Entries {
			return "", nil, &source.LimitError{Limit: "number of tensors", Value: int64(len(tensors)) + 1, Max: int64(lim.Entries), Offset: int64(8 + r.Offset())}
		}
		t := &tensor{name: name, end: -1}
		whole := func() int64 {
			_, n, ok := r.Number()
			if !ok || n < 0 {
				r.Fail("not a size")
			}
			return n
		}
		for r.Object(); r.More(); {
			switch k := r.Key(); k {
			case "dtype":
				t.dtype = r.Text()
			case "shape":
				t.shape = []int{}
				for r.Array(); r.More(); {
					n := whole()
					if n > math.MaxInt32*int64(math.MaxInt16) || len(t.shape) >= 64 {
						r.Fail("not a size")
					}
					t.shape = append(t.shape, int(n))
				}
			case "data_offsets":
				var at []int64
				for r.Array(); r.More(); {
					at = append(at, whole())
				}
				if len(at) != 2 {
					r.Fail("two offsets are wanted")
					break
				}
				t.begin, t.end = at[0], at[1]
			default:
				r.Fail("member %.40q of a tensor is not known", k)
			}
		}
		if t.dtype == "" || t.shape == nil || t.end < t.begin {
			r.Fail("a tensor without dtype, shape or offsets")
		}
		tensors = append(tensors, t)
	}
	if err := r.End(); err != nil {
		at := int64(8)
		var e *jsonread.SyntaxError
		if errors.As(err, &e) {
			return "", nil, &SyntaxError{at + int64(e.Offset), e.Msg}
		}
		return "", nil, &SyntaxError{at, err.Error()}
	}
	return graph, tensors, nil
}

// bits gives the size of a dtype's number in bits, 0 for one that is not known.
func bits(dtype string) int {
	n, err := strconv.Atoi(strings.TrimLeft(strings.SplitN(dtype, "_", 2)[0], "BFUIC"))
	if dtype == "BOOL" {
		n, err = 8, nil
	}
	if err != nil || n < 4 || n > 64 {
		return 0
	}
	return n
}

// covered checks that the tensors fill the data, one behind the other.
func covered(tensors []*tensor, size, data int64) error {
	byPlace := slices.Clone(tensors)
	slices.SortStableFunc(byPlace, func(a, b *tensor) int {
		if a.begin != b.begin {
			return int(min(max(a.begin-b.begin, -1), 1))
		}
		return int(min(max(a.end-b.end, -1), 1))
	})
	at := int64(0)
	for _, t := range byPlace {
		if t.begin != at {
			return &SyntaxError{data + at, fmt.Sprintf("tensor %.80q begins at %d of the data where %d was wanted", t.name, t.begin, at)}
		}
		n, err := numpy.Elements(t.shape)
		width := bits(t.dtype)
		if width == 0 {
			return &UnsupportedError{fmt.Sprintf("tensor %.80q has dtype %.20q", t.name, t.dtype)}
		}
		if err != nil || n > math.MaxInt/width || int64(n)*int64(width) != 8*(t.end-t.begin) {
			return &SyntaxError{data + t.begin, fmt.Sprintf("tensor %.80q has %d bytes for shape %v of %s", t.name, t.end-t.begin, t.shape, t.dtype)}
		}
		at = t.end
	}
	if at != size {
		return &SyntaxError{data + min(at, size), fmt.Sprintf("the tensors end at %d of %d bytes of data", at, size)}
	}
	return nil
}
