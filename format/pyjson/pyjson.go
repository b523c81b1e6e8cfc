// Package pyjson writes object graphs as JSON and reads them back without loss: the stored form for people, diffs and
// other languages.
//
// # Format
//
// The text is {"larder":1,"root":NODE}. A NODE is:
//
//	null, true, false, 12, 1.5, "text"     None, bool, int, float (always with a point or exponent), str
//	[NODE, …]                              list
//	{"tuple":[…]}  {"set":[…]}  {"frozenset":[…]}
//	{"dict":[[NODE,NODE],…]}  {"map":{"name":NODE,…}}   dict; map when all keys are text
//	{"int":"…"}  {"float":"nan|inf|-inf|0x1p-3"}        what a JSON number can not carry
//	{"bytes":"base64"}  {"bytearray":"base64"}  {"str2":"base64"}  {"text":"base64"}
//	{"global":["module","name"]}
//	{"object":{"make":"new|reduce|inst","class":NODE,"args":[…],"kwargs":NODE,"state":NODE,"items":[…],"pairs":[[NODE,NODE],…]}}
//	{"array":{"dtype":DTYPE,"shape":[…],"order":"F","class":NODE,"values":[…]|"data":"base64"|"objects":[…]}}
//	{"scalar":{"dtype":DTYPE,"data":"base64"|"object":NODE}}  {"dtype":DTYPE}  {"persistent":NODE}
//	{"id":7,"node":NODE}  {"ref":7}        a value met more than once, and every further place of it
//
// A DTYPE is numpy's type string, {"base":DTYPE,"shape":[…]} or {"fields":[[name,DTYPE,offset],…],"size":…}.
//
// # Security
//
// Reading calls nothing; sizes, nesting and references are checked. The graph's imports and calls are listed for the
// audit as a pickle's are.
package pyjson

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"math/big"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/larder-ml/larder/internal/jsonread"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/source"
)

// Name is the format's name.
const Name = "json"

// version is written into every file; readers refuse others.
const version = 1

const opening = `{"larder":`

// SyntaxError says what does not keep to the format.
type SyntaxError struct {
	Msg string
	Err error // of the reader below, which knows where; may be nil
}

// Unwrap gives the cause.
func (e *SyntaxError) Unwrap() error { return e.Err }

func (e *SyntaxError) Error() string { return "pyjson: " + e.Msg }

// Is answers source.ErrCorrupt.
func (e *SyntaxError) Is(target error) bool { return target == source.ErrCorrupt }

// Sniff reports a file this package wrote.
func Sniff(prefix []byte) bool { return bytes.HasPrefix(prefix, []byte(opening)) }

// Encode writes a value.
func Encode(w io.Writer, v pyobj.Value) error { return EncodeApart(w, v, nil) }

// EncodeApart writes a value without the bytes of the arrays that apart has a name for: they are kept elsewhere, and only
// DecodeApart reads the text.
func EncodeApart(w io.Writer, v pyobj.Value, apart func(*pyobj.Array) (name string, ok bool)) error {
	e := &encoder{seen: map[pyobj.Value]int{}, ids: map[pyobj.Value]int{}, apart: apart}
	e.count(v)
	e.b = append(e.b, opening...)
	e.b = strconv.AppendInt(e.b, version, 10)
	e.b = append(e.b, `,"root":`...)
	e.w = w
	if err := e.node(v); err != nil {
		return err
	}
	e.b = append(e.b, "}\n"...)
	_, err := w.Write(e.b)
	return err
}

type encoder struct {
	w    io.Writer
	b    []byte
	seen map[pyobj.Value]int // times a node is met
	ids  map[pyobj.Value]int // nodes written with an id

	apart func(*pyobj.Array) (string, bool)
}

// shared reports the kinds of node that have an identity.
func shared(v pyobj.Value) bool {
	switch v.(type) {
	case *pyobj.List, *pyobj.Tuple, *pyobj.Dict, *pyobj.Set, *pyobj.Object, *pyobj.Array, *pyobj.ByteArray:
		return true
	}
	return false
}

func (e *encoder) count(root pyobj.Value) {
	var visit func(v pyobj.Value)
	each := func(vs []pyobj.Value) {
		for _, v := range vs {
			visit(v)
		}
	}
	pairs := func(es []pyobj.Entry) {
		for _, p := range es {
			visit(p.Key)
			visit(p.Value)
		}
	}
	visit = func(v pyobj.Value) {
		if !shared(v) {
			return
		}
		if e.seen[v]++; e.seen[v] > 1 {
			return
		}
		switch x := v.(type) {
		case *pyobj.List:
			each(x.Items)
		case *pyobj.Tuple:
			each(x.Items)
		case *pyobj.Set:
			each(x.Items)
		case *pyobj.Dict:
			pairs(x.Entries)
		case *pyobj.Array:
			each(x.Objects)
		case *pyobj.Object:
			visit(x.Class)
			each(x.Args)
			if x.Kwargs != nil {
				visit(x.Kwargs)
			}
			visit(x.State)
			each(x.Items)
			pairs(x.Pairs)
		}
	}
	visit(root)
}

func (e *encoder) str(s string) { e.b = append(e.b, s...) }

func (e *encoder) text(s string) {
	if !utf8.ValidString(s) {
		e.str(`{"text":`)
		e.base64([]byte(s))
		e.str("}")
		return
	}
	q, _ := json.Marshal(s)
	e.b = append(e.b, q...)
}

func (e *encoder) base64(b []byte) {
	e.b = append(e.b, '"')
	e.b = base64.StdEncoding.AppendEncode(e.b, b)
	e.b = append(e.b, '"')
}

func (e *encoder) float(f float64) {
	switch {
	case math.IsNaN(f) && math.Float64bits(f) != math.Float64bits(math.NaN()) && math.Float64bits(f) != 0x7ff8000000000000:
		e.str(`{"float":"0x`)
		e.b = strconv.AppendUint(e.b, math.Float64bits(f), 16)
		e.str(`"}`)
	case math.IsNaN(f):
		e.str(`{"float":"nan"}`)
	case math.IsInf(f, 1):
		e.str(`{"float":"inf"}`)
	case math.IsInf(f, -1):
		e.str(`{"float":"-inf"}`)
	default:
		start := len(e.b)
		e.b = strconv.AppendFloat(e.b, f, 'g', -1, 64)
		if !bytes.ContainsAny(e.b[start:], ".e") {
			e.str(".0")
		}
	}
}

func (e *encoder) list(vs []pyobj.Value) error {
	e.str("[")
	for i, v := range vs {
		if i > 0 {
			e.str(",")
		}
		if err := e.node(v); err != nil {
			return err
		}
	}
	e.str("]")
	return e.flush()
}

func (e *encoder) pairs(es []pyobj.Entry) error {
	e.str("[")
	for i, p := range es {
		if i > 0 {
			e.str(",")
		}
		if err := e.list([]pyobj.Value{p.Key, p.Value}); err != nil {
			return err
		}
	}
	e.str("]")
	return nil
}

// flush keeps the buffer small.
func (e *encoder) flush() error {
	if len(e.b) < 1<<16 {
		return nil
	}
	_, err := e.w.Write(e.b)
	e.b = e.b[:0]
	return err
}

func (e *encoder) node(v pyobj.Value) error {
	if shared(v) && e.seen[v] > 1 {
		if id, ok := e.ids[v]; ok {
			e.str(`{"ref":` + strconv.Itoa(id) + `}`)
			return nil
		}
		id := len(e.ids)
		e.ids[v] = id
		e.str(`{"id":` + strconv.Itoa(id) + `,"node":`)
		if err := e.plain(v); err != nil {
			return err
		}
		e.str("}")
		return nil
	}
	return e.plain(v)
}

func (e *encoder) plain(v pyobj.Value) error {
	switch x := v.(type) {
	case nil, pyobj.None:
		e.str("null")
	case pyobj.Bool:
		e.b = strconv.AppendBool(e.b, bool(x))
	case pyobj.Int:
		e.b = strconv.AppendInt(e.b, int64(x), 10)
	case *pyobj.BigInt:
		e.str(`{"int":"` + x.V.String() + `"}`)
	case pyobj.Float:
		e.float(float64(x))
	case pyobj.Str:
		e.text(string(x))
	case pyobj.Py2Str:
		return e.blob("str2", []byte(x))
	case pyobj.Bytes:
		return e.blob("bytes", x)
	case *pyobj.ByteArray:
		return e.blob("bytearray", x.B)
	case *pyobj.List:
		return e.list(x.Items)
	case *pyobj.Tuple:
		return e.wrapped("tuple", x.Items)
	case *pyobj.Set:
		if x.Frozen {
			return e.wrapped("frozenset", x.Items)
		}
		return e.wrapped("set", x.Items)
	case *pyobj.Dict:
		return e.dict(x)
	case *pyobj.Global:
		e.str(`{"global":[`)
		e.text(x.Module)
		e.str(",")
		e.text(x.Name)
		e.str("]}")
	case *pyobj.Object:
		return e.object(x)
	case *pyobj.Array:
		return e.array(x)
	case *pyobj.Scalar:
		e.str(`{"scalar":{"dtype":`)
		e.dtype(x.DType)
		if x.DType.Kind == 'O' {
			e.str(`,"object":`)
			if err := e.node(x.Obj); err != nil {
				return err
			}
		} else {
			e.str(`,"data":`)
			e.base64(x.Data)
		}
		e.str("}}")
	case *pyobj.DType:
		e.str(`{"dtype":`)
		e.dtype(x)
		e.str("}")
	case *pyobj.Persistent:
		e.str(`{"persistent":`)
		if err := e.node(x.ID); err != nil {
			return err
		}
		e.str("}")
	default:
		return fmt.Errorf("pyjson: a value of type %s can not be written", pyobj.TypeName(v))
	}
	return e.flush()
}

func (e *encoder) blob(name string, b []byte) error {
	e.str(`{"` + name + `":`)
	e.base64(b)
	e.str("}")
	return e.flush()
}

func (e *encoder) wrapped(name string, vs []pyobj.Value) error {
	e.str(`{"` + name + `":`)
	if err := e.list(vs); err != nil {
		return err
	}
	e.str("}")
	return nil
}

func (e *encoder) dict(d *pyobj.Dict) error {
	names := map[string]bool{}
	for _, p := range d.Entries {
		s, ok := p.Key.(pyobj.Str)
		if !ok || names[string(s)] || !utf8.ValidString(string(s)) {
			e.str(`{"dict":`)
			if err := e.pairs(d.Entries); err != nil {
				return err
			}
			e.str("}")
			return nil
		}
		names[string(s)] = true
	}
	e.str(`{"map":{`)
	for i, p := range d.Entries {
		if i > 0 {
			e.str(",")
		}
		e.text(string(p.Key.(pyobj.Str)))
		e.str(":")
		if err := e.node(p.Value); err != nil {
			return err
		}
	}
	e.str("}}")
	return nil
}

var makes = map[pyobj.Make]string{pyobj.New: "new", pyobj.Reduce: "reduce", pyobj.Inst: "inst"}

func (e *encoder) object(o *pyobj.Object) error {
	e.str(`{"object":{"make":"` + makes[o.Make] + `","class":`)
	if err := e.node(o.Class); err != nil {
		return err
	}
	if len(o.Args) > 0 {
		e.str(`,"args":`)
		if err := e.list(o.Args); err != nil {
			return err
		}
	}
	if o.Kwargs != nil {
		e.str(`,"kwargs":`)
		if err := e.node(o.Kwargs); err != nil {
			return err
		}
	}
	if o.State != nil {
		e.str(`,"state":`)
		if err := e.node(o.State); err != nil {
			return err
		}
	}
	if len(o.Items) > 0 {
		e.str(`,"items":`)
		if err := e.list(o.Items); err != nil {
			return err
		}
	}
	if len(o.Pairs) > 0 {
		e.str(`,"pairs":`)
		if err := e.pairs(o.Pairs); err != nil {
			return err
		}
	}
	e.str("}}")
	return nil
}

func (e *encoder) dtype(d *pyobj.DType) {
	switch {
	case d.Sub != nil:
		e.str(`{"base":`)
		e.dtype(d.Sub)
		e.str(`,"shape":` + ints(d.Shape) + "}")
	case len(d.Fields) > 0:
		e.str(`{"fields":[`)
		for i, f := range d.Fields {
			if i > 0 {
				e.str(",")
			}
			e.str("[")
			e.text(f.Name)
			e.str(",")
			e.dtype(f.DType)
			e.str("," + strconv.Itoa(f.Offset))
			if f.Title != "" {
				e.str(",")
				e.text(f.Title)
			}
			e.str("]")
		}
		e.str(`],"size":` + strconv.Itoa(d.Size))
		if d.Align {
			e.str(`,"align":true`)
		}
		if d.Record {
			e.str(`,"record":true`)
		}
		e.str("}")
	default:
		e.text(d.Code())
	}
}

func ints(s []int) string {
	b := []byte{'['}
	for i, n := range s {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, int64(n), 10)
	}
	return string(append(b, ']'))
}

// readable is the number of elements up to which an array of numbers is written as numbers.
const readable = 1000

func (e *encoder) array(a *pyobj.Array) error {
	e.str(`{"array":{"dtype":`)
	e.dtype(a.DType)
	e.str(`,"shape":` + ints(a.Shape))
	if a.Fortran {
		e.str(`,"order":"F"`)
	}
	if a.Subclass != nil {
		e.str(`,"class":`)
		if err := e.node(a.Subclass); err != nil {
			return err
		}
	}
	if e.apart != nil {
		if name, ok := e.apart(a); ok {
			e.str(`,"tensor":`)
			e.text(name)
			e.str("}}")
			return nil
		}
	}
	switch {
	case a.DType.Kind == 'O' && a.DType.Sub == nil:
		e.str(`,"objects":`)
		if err := e.list(a.Objects); err != nil {
			return err
		}
	case a.Len() <= readable && e.values(a):
	default:
		e.str(`,"data":`)
		e.base64(a.Data)
	}
	e.str("}}")
	return nil
}

// values writes little-endian float64, int64, int32 and bool arrays as numbers; it reports whether it could.
func (e *encoder) values(a *pyobj.Array) bool {
	d := a.DType
	if d.Sub != nil || len(d.Fields) > 0 || d.Order == '>' || len(a.Data) != a.Len()*d.Size {
		return false
	}
	code := d.Code()
	start := len(e.b)
	e.str(`,"values":[`)
	for i := range a.Len() {
		if i > 0 {
			e.str(",")
		}
		b := a.Data[i*d.Size : (i+1)*d.Size]
		switch code {
		case "<f8":
			f := math.Float64frombits(uintLE(b))
			if math.IsNaN(f) || math.IsInf(f, 0) {
				e.b = e.b[:start]
				return false
			}
			e.float(f)
		case "<i8":
			e.b = strconv.AppendInt(e.b, int64(uintLE(b)), 10)
		case "<i4":
			e.b = strconv.AppendInt(e.b, int64(int32(uintLE(b))), 10)
		case "|b1":
			if b[0] > 1 {
				e.b = e.b[:start]
				return false
			}
			e.b = strconv.AppendBool(e.b, b[0] == 1)
		default:
			e.b = e.b[:start]
			return false
		}
	}
	e.str("]")
	return true
}

func uintLE(b []byte) uint64 {
	n := uint64(0)
	for i := len(b) - 1; i >= 0; i-- {
		n = n<<8 | uint64(b[i])
	}
	return n
}

// Decode reads a file.
func Decode(src *source.Source, lim source.Limits) (*pyobj.Doc, error) {
	return DecodeApart(src, lim, nil)
}

// DecodeApart reads what EncodeApart wrote. fill gives an array, whose dtype, shape and order are known, the bytes of that name.
func DecodeApart(src *source.Source, lim source.Limits, fill func(name string, a *pyobj.Array) error) (*pyobj.Doc, error) {
	if src.Len() > lim.Decompressed {
		return nil, &source.LimitError{Limit: "bytes", Value: src.Len(), Max: lim.Decompressed, Offset: -1}
	}
	d := &decoder{r: jsonread.New(src.All(), 4*lim.Depth), lim: lim, ids: map[int64]pyobj.Value{}, fill: fill}
	doc := &pyobj.Doc{Format: Name, Protocol: -1, Size: src.Len(), Stream: src.Len()}
	for d.r.Object(); d.r.More(); {
		switch key := d.r.Key(); key {
		case "larder":
			if _, n, whole := d.r.Number(); !whole || n != version {
				d.r.Fail("version is not %d", version)
			}
		case "root":
			doc.Root = d.node(0)
		default:
			d.r.Fail("member %q is not known", key)
		}
	}
	if err := d.r.End(); err != nil {
		if d.err != nil {
			err = d.err
		} else {
			err = &SyntaxError{err.Error(), err}
		}
		return nil, err
	}
	if doc.Root == nil {
		return nil, &SyntaxError{"no root", nil}
	}
	doc.Imports, doc.Calls = pyobj.Trace(doc.Root)
	return doc, nil
}

type decoder struct {
	r   *jsonread.Reader
	lim source.Limits
	ids map[int64]pyobj.Value
	err error

	fill func(string, *pyobj.Array) error
}

func (d *decoder) fail(format string, args ...any) pyobj.Value {
	d.r.Fail(format, args...)
	return pyobj.None{}
}

func (d *decoder) node(depth int) pyobj.Value {
	if depth > d.lim.Depth {
		if d.err == nil {
			d.err = &source.LimitError{Limit: "nesting", Value: int64(depth), Max: int64(d.lim.Depth), Offset: int64(d.r.Offset())}
		}
		return d.fail("nests too deep")
	}
	switch d.r.Kind() {
	case jsonread.Null:
		d.r.Null()
		return pyobj.None{}
	case jsonread.Bool:
		return pyobj.Bool(d.r.Bool())
	case jsonread.Number:
		raw := d.r.Raw()
		if bytes.ContainsAny(raw, ".eE") {
			f, err := strconv.ParseFloat(string(raw), 64)
			if err != nil {
				return d.fail("%s is no float", raw)
			}
			return pyobj.Float(f)
		}
		n, err := strconv.ParseInt(string(raw), 10, 64)
		if err != nil {
			return d.fail("%.40s is no integer of 64 bits", raw)
		}
		return pyobj.Int(n)
	case jsonread.String:
		return pyobj.Str(d.r.Text())
	case jsonread.Array:
		return &pyobj.List{Items: d.list(depth)}
	}
	return d.tagged(depth, nil)
}

func (d *decoder) list(depth int) []pyobj.Value {
	out := []pyobj.Value{}
	for d.r.Array(); d.r.More(); {
		out = append(out, d.node(depth+1))
	}
	return out
}

func (d *decoder) pairs(depth int) []pyobj.Entry {
	var out []pyobj.Entry
	for d.r.Array(); d.r.More(); {
		kv := d.list(depth)
		if len(kv) != 2 {
			d.fail("a pair of %d", len(kv))
			return nil
		}
		out = append(out, pyobj.Entry{Key: kv[0], Value: kv[1]})
	}
	return out
}

func (d *decoder) blob() []byte {
	b, err := base64.StdEncoding.DecodeString(d.r.Text())
	if err != nil {
		d.fail("no base64")
	}
	return b
}

// tagged reads {"kind":…}. keep, if not nil, is told the value before what is inside it is read, so that it can be
// referred to from there.
func (d *decoder) tagged(depth int, keep func(pyobj.Value)) pyobj.Value {
	var out pyobj.Value = pyobj.None{}
	tell := func(v pyobj.Value) {
		out = v
		if keep != nil {
			keep(v)
		}
	}
	n := 0
	for d.r.Object(); d.r.More(); n++ {
		switch key := d.r.Key(); key {
		case "tuple":
			t := &pyobj.Tuple{}
			tell(t)
			t.Items = d.list(depth)
		case "set", "frozenset":
			s := &pyobj.Set{Frozen: key == "frozenset"}
			tell(s)
			s.Items = d.list(depth)
		case "dict":
			v := &pyobj.Dict{}
			tell(v)
			v.Entries = d.pairs(depth)
		case "map":
			v := &pyobj.Dict{}
			tell(v)
			for d.r.Object(); d.r.More(); {
				k := d.r.Key()
				v.Entries = append(v.Entries, pyobj.Entry{Key: pyobj.Str(k), Value: d.node(depth + 1)})
			}
		case "int":
			s := d.r.Text()
			if len(s) > d.lim.Digits {
				d.fail("an integer of %d digits", len(s))
				break
			}
			b, ok := new(big.Int).SetString(s, 10)
			if !ok {
				d.fail("no integer")
				break
			}
			tell(&pyobj.BigInt{V: b})
		case "float":
			tell(pyobj.Float(d.float(d.r.Text())))
		case "bytes":
			tell(pyobj.Bytes(d.blob()))
		case "bytearray":
			tell(&pyobj.ByteArray{B: d.blob()})
		case "str2":
			tell(pyobj.Py2Str(d.blob()))
		case "text":
			tell(pyobj.Str(d.blob()))
		case "global":
			p := d.list(depth)
			m, ok1 := first(p, 0)
			g, ok2 := first(p, 1)
			if len(p) != 2 || !ok1 || !ok2 {
				d.fail("a global is a module and a name")
				break
			}
			tell(&pyobj.Global{Module: m, Name: g})
		case "object":
			o := &pyobj.Object{Offset: -1}
			tell(o)
			d.object(o, depth)
		case "array":
			a := &pyobj.Array{Offset: -1}
			tell(a)
			d.array(a, depth)
		case "scalar":
			tell(d.scalar(depth))
		case "dtype":
			tell(d.dtype(depth))
		case "persistent":
			tell(&pyobj.Persistent{ID: d.node(depth + 1)})
		case "ref":
			_, id, whole := d.r.Number()
			v, ok := d.ids[id]
			if !whole || !ok {
				d.fail("refers to an id that was not met")
				break
			}
			tell(v)
		case "id":
			_, id, whole := d.r.Number()
			if _, dup := d.ids[id]; !whole || dup || keep != nil {
				d.fail("an id stands twice")
				break
			}
			if !d.r.More() || d.r.Key() != "node" {
				d.fail("an id without its node")
				break
			}
			remember := func(v pyobj.Value) { d.ids[id] = v }
			if d.r.Kind() == jsonread.Array {
				l := &pyobj.List{}
				remember(l)
				l.Items = d.list(depth)
				out = l
			} else {
				out = d.tagged(depth+1, remember)
			}
		default:
			d.fail("kind %q is not known", key)
		}
	}
	if n != 1 {
		d.fail("an object of %d members where one kind is wanted", n)
	}
	return out
}

func first(p []pyobj.Value, i int) (string, bool) {
	if i >= len(p) {
		return "", false
	}
	s, ok := p[i].(pyobj.Str)
	return string(s), ok
}

func (d *decoder) float(s string) float64 {
	switch s {
	case "nan":
		return math.NaN()
	case "inf":
		return math.Inf(1)
	case "-inf":
		return math.Inf(-1)
	}
	bits, err := strconv.ParseUint(strings.TrimPrefix(s, "0x"), 16, 64)
	if err != nil {
		d.fail("no float")
	}
	return math.Float64frombits(bits)
}

func (d *decoder) object(o *pyobj.Object, depth int) {
	for d.r.Object(); d.r.More(); {
		switch key := d.r.Key(); key {
		case "make":
			m := d.r.Text()
			for k, name := range makes {
				if name == m {
					o.Make = k
				}
			}
		case "class":
			o.Class = d.node(depth + 1)
		case "args":
			o.Args = d.list(depth)
		case "kwargs":
			k, ok := d.node(depth + 1).(*pyobj.Dict)
			if !ok {
				d.fail("kwargs are no dict")
			}
			o.Kwargs = k
		case "state":
			o.State = d.node(depth + 1)
		case "items":
			o.Items = d.list(depth)
		case "pairs":
			o.Pairs = d.pairs(depth)
		default:
			d.fail("member %q of an object is not known", key)
		}
	}
	if o.Make == 0 || o.Class == nil {
		d.fail("an object without make or class")
	}
}

func (d *decoder) sizes() []int {
	out := []int{}
	for d.r.Array(); d.r.More(); {
		_, n, whole := d.r.Number()
		if !whole || n < 0 || n > math.MaxInt32 {
			d.fail("a shape holds something other than sizes")
		}
		out = append(out, int(n))
	}
	return out
}

func (d *decoder) dtype(depth int) *pyobj.DType {
	out := &pyobj.DType{Kind: 'V', Order: '|'}
	if depth > d.lim.Depth {
		d.fail("a dtype nests too deep")
		return out
	}
	if d.r.Kind() == jsonread.String {
		t, err := pyobj.ParseDType(d.r.Text())
		if err != nil {
			d.fail("%v", err)
			return out
		}
		return t
	}
	for d.r.Object(); d.r.More(); {
		switch key := d.r.Key(); key {
		case "base":
			out.Sub = d.dtype(depth + 1)
			out.Size = out.Sub.Size
		case "shape":
			out.Shape = d.sizes()
			for _, n := range out.Shape {
				if n > 0 && out.Size > math.MaxInt32/n {
					d.fail("a dtype is too large")
					return out
				}
				out.Size *= n
			}
		case "fields":
			for d.r.Array(); d.r.More(); {
				var f pyobj.Field
				i := 0
				for d.r.Array(); d.r.More(); i++ {
					switch i {
					case 0:
						f.Name = d.r.Text()
					case 1:
						f.DType = d.dtype(depth + 1)
					case 2:
						_, n, whole := d.r.Number()
						if !whole || n < 0 || n > math.MaxInt32 {
							d.fail("an offset is no size")
						}
						f.Offset = int(n)
					default:
						f.Title = d.r.Text()
					}
				}
				if i < 3 || f.DType == nil {
					d.fail("a field is a name, a dtype and an offset")
					return out
				}
				out.Fields = append(out.Fields, f)
			}
		case "size":
			_, n, whole := d.r.Number()
			if !whole || n < 0 || n > math.MaxInt32 {
				d.fail("a size is none")
			}
			out.Size = int(n)
		case "align":
			out.Align = d.r.Bool()
		case "record":
			out.Record = d.r.Bool()
		default:
			d.fail("member %q of a dtype is not known", key)
		}
	}
	for _, f := range out.Fields {
		if f.Offset > out.Size-f.DType.Size {
			d.fail("field %q lies outside its dtype", f.Name)
		}
	}
	return out
}

func (d *decoder) scalar(depth int) *pyobj.Scalar {
	s := &pyobj.Scalar{}
	for d.r.Object(); d.r.More(); {
		switch key := d.r.Key(); key {
		case "dtype":
			s.DType = d.dtype(depth + 1)
		case "data":
			s.Data = d.blob()
		case "object":
			s.Obj = d.node(depth + 1)
		default:
			d.fail("member %q of a scalar is not known", key)
		}
	}
	if s.DType == nil || (s.Obj == nil && len(s.Data) != s.DType.Size) {
		d.fail("a scalar whose bytes do not fit its dtype")
	}
	return s
}

func (d *decoder) array(a *pyobj.Array, depth int) {
	var values []byte
	tensor := ""
	for d.r.Object(); d.r.More(); {
		switch key := d.r.Key(); key {
		case "tensor":
			tensor = d.r.Text()
		case "dtype":
			a.DType = d.dtype(depth + 1)
		case "shape":
			a.Shape = d.sizes()
		case "order":
			a.Fortran = d.r.Text() == "F"
		case "class":
			g, ok := d.node(depth + 1).(*pyobj.Global)
			if !ok {
				d.fail("an array's class is no name")
			}
			a.Subclass = g
		case "data":
			a.Data = d.blob()
		case "objects":
			a.Objects = d.list(depth)
		case "values":
			values = d.r.Raw()
		default:
			d.fail("member %q of an array is not known", key)
		}
	}
	if a.DType == nil || a.Shape == nil {
		d.fail("an array without dtype or shape")
		return
	}
	n := 1
	for _, s := range a.Shape {
		if s > 0 && n > math.MaxInt32/s {
			d.fail("a shape is too large")
			return
		}
		n *= s
	}
	if tensor != "" {
		if d.fill == nil || values != nil || a.Data != nil || a.Objects != nil {
			d.fail("the bytes of an array are not here")
		} else if err := d.fill(tensor, a); err != nil {
			d.fail("%v", err)
		}
	}
	if values != nil {
		a.Data = d.numbers(values, a.DType, n)
	}
	if a.DType.Kind == 'O' && a.DType.Sub == nil {
		if len(a.Objects) != n {
			d.fail("%d objects for a shape of %d", len(a.Objects), n)
		}
		return
	}
	if a.Data == nil {
		a.Data = []byte{}
	}
	if a.DType.Size > 0 && len(a.Data) != n*a.DType.Size || a.DType.Size == 0 && len(a.Data) != 0 {
		d.fail("%d bytes for %d elements of %s", len(a.Data), n, a.DType.Code())
	}
}

func (d *decoder) numbers(raw []byte, t *pyobj.DType, n int) []byte {
	r := jsonread.New(raw, 2)
	out := make([]byte, 0, min(n*max(t.Size, 1), 16*len(raw)))
	for r.Array(); r.More(); {
		var u uint64
		switch t.Code() {
		case "<f8":
			f, err := strconv.ParseFloat(string(r.Raw()), 64)
			if err != nil {
				r.Fail("no float")
			}
			u = math.Float64bits(f)
		case "<i8", "<i4":
			i, err := strconv.ParseInt(string(r.Raw()), 10, 8*t.Size)
			if err != nil {
				r.Fail("no integer of %d bytes", t.Size)
			}
			u = uint64(i)
		case "|b1":
			if r.Bool() {
				u = 1
			}
		default:
			r.Fail("values of dtype %s", t.Code())
			r.Skip()
		}
		for k := 0; k < t.Size; k++ {
			out = append(out, byte(u>>(8*k)))
		}
	}
	if err := r.End(); err != nil {
		d.fail("%v", err)
	}
	return out
}
