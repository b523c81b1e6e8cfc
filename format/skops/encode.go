package skops

import (
	"archive/zip"
	"bytes"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/larder-ml/larder/format/npy"
	"github.com/larder-ml/larder/numpy"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/source"
	"github.com/larder-ml/larder/tensor"
)

// skopsVersion is what the files say of their writer; skops itself does not read it.
const skopsVersion = "0.16.0"

// Encode writes v as a skops file of protocol 2 (1 where a numpy generator comes without its seed sequence, as numpy 1
// stores it): stored members aligned to 64 bytes, arrays and objects that are shared written once. What skops.io.load
// would not give back as it was is refused, with its path: cycles, keys other than text and numbers, fill values of
// masked arrays, arrays of several dimensions that hold sequences, calls that skops has no node for.
func Encode(w io.Writer, v pyobj.Value) error {
	e := &encoder{zip: zip.NewWriter(&counter{w: w}), ids: map[pyobj.Value]int{}, open: map[pyobj.Value]bool{}, scalars: map[string]int{}, protocol: maxProtocol}
	e.out = e.zip
	if seedless(v) {
		e.protocol = 1
	}
	if err := e.root(v); err != nil {
		return err
	}
	if lim := source.Default(); nesting(e.b) > lim.SchemaDepth || int64(len(e.b)) > lim.Schema {
		return e.refuse("a schema of %d bytes that nests %d deep, where readers take %d and %d", len(e.b), nesting(e.b), lim.Schema, lim.SchemaDepth)
	}
	if err := e.member("schema.json", e.b); err != nil {
		return err
	}
	return e.zip.Close()
}

type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}

type encoder struct {
	zip      *zip.Writer
	out      *zip.Writer
	at       int64 // bytes of the archive before the next member
	b        []byte
	protocol int
	ids      map[pyobj.Value]int  // values that were written, and those being written
	open     map[pyobj.Value]bool // being written
	scalars  map[string]int       // ids of the scalars that were written, by class, dtype and bytes
	last     int                  // the last id given
	members  int
	path     []string
}

// align is what the data of a member is aligned to in the file.
const align = 64

// member writes a stored member. Its header is padded by an extra field, which readers of zip skip.
func (e *encoder) member(name string, data []byte) error {
	const head, alignID = 30, 0xd935
	if e.members++; e.members > source.Default().Entries {
		return e.refuse("more than %d arrays and scalars, which readers of skops files do not take", source.Default().Entries)
	}
	h := &zip.FileHeader{Name: name, Method: zip.Store, CRC32: crc32.ChecksumIEEE(data),
		CompressedSize64: uint64(len(data)), UncompressedSize64: uint64(len(data))}
	start := e.at + head + int64(len(name))
	big := 0
	if int64(len(data)) >= math.MaxUint32 {
		big = 20 // the zip64 field, which the writer puts there itself
	}
	pad := int((align - (start+4+int64(big))%align) % align)
	h.Extra = append([]byte{alignID & 0xff, alignID >> 8, byte(pad), 0}, make([]byte, pad)...)
	w, err := e.out.CreateRaw(h)
	if err != nil {
		return err
	}
	if _, err := w.Write(data); err != nil {
		return err
	}
	e.at = start + int64(len(h.Extra)) + int64(big) + int64(len(data))
	return nil
}

func (e *encoder) refuse(format string, args ...any) error {
	return &UnsupportedError{"model" + strings.Join(e.path, "") + ": " + fmt.Sprintf(format, args...)}
}

func (e *encoder) push(part string) { e.path = append(e.path, part) }
func (e *encoder) pop()             { e.path = e.path[:len(e.path)-1] }

func (e *encoder) str(s string) { e.b = append(e.b, s...) }

// text writes a JSON string in ASCII, as Python's json does; lone surrogates keep their code.
func (e *encoder) text(s string) { e.b = appendText(e.b, s) }

func appendText(b []byte, s string) []byte {
	b = append(b, '"')
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			switch {
			case c == '"' || c == '\\':
				b = append(b, '\\', c)
			case c < ' ' || c == 0x7f:
				b = fmt.Appendf(b, "\\u%04x", c)
			default:
				b = append(b, c)
			}
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 && len(s)-i >= 3 { // a surrogate in its three-byte form
			r, n = rune(s[i]&0x0f)<<12|rune(s[i+1]&0x3f)<<6|rune(s[i+2]&0x3f), 3
		}
		if r > 0xffff {
			hi, lo := utf16.EncodeRune(r)
			b = fmt.Appendf(b, "\\u%04x\\u%04x", hi, lo)
		} else {
			b = fmt.Appendf(b, "\\u%04x", r)
		}
		i += n
	}
	return append(b, '"')
}

// head begins a node. The caller ends it with "}".
func (e *encoder) head(g *pyobj.Global, loader string, id int) {
	e.str(`{"__class__":`)
	e.text(g.Name)
	e.str(`,"__module__":`)
	e.text(g.Module)
	e.str(`,"__loader__":"` + loader + `"`)
	if id > 0 {
		e.str(`,"__id__":` + strconv.Itoa(id))
	}
}

func (e *encoder) id() int {
	e.last++
	return e.last
}

var (
	listClass    = &pyobj.Global{Module: "builtins", Name: "list"}
	tupleClass   = &pyobj.Global{Module: "builtins", Name: "tuple"}
	setClass     = &pyobj.Global{Module: "builtins", Name: "set"}
	dictClass    = &pyobj.Global{Module: "builtins", Name: "dict"}
	strClass     = &pyobj.Global{Module: "builtins", Name: "str"}
	arrayClass   = &pyobj.Global{Module: "numpy", Name: "ndarray"}
	partialClass = &pyobj.Global{Module: "functools", Name: "partial"}
)

func (e *encoder) root(v pyobj.Value) error {
	if err := e.node(v); err != nil {
		return err
	}
	e.b = e.b[:len(e.b)-1] // the root node is closed again behind what follows
	e.str(`,"protocol":` + strconv.Itoa(e.protocol) + `,"_skops_version":"` + skopsVersion + `"}`)
	return nil
}

// node writes one value; one that stands inside itself is refused, one that was written is referred to.
func (e *encoder) node(v pyobj.Value) error {
	switch v.(type) {
	case *pyobj.List, *pyobj.Tuple, *pyobj.Dict, *pyobj.Set, *pyobj.Object, *pyobj.Array, *pyobj.ByteArray:
	default:
		return e.leaf(v)
	}
	if id, ok := e.ids[v]; ok {
		if e.open[v] {
			return e.refuse("the value stands inside itself, which skops can not hold")
		}
		e.cached(id)
		return nil
	}
	id := e.id()
	e.ids[v], e.open[v] = id, true
	defer delete(e.open, v)
	switch x := v.(type) {
	case *pyobj.List:
		return e.sequence(listClass, "ListNode", id, x.Items)
	case *pyobj.Tuple:
		return e.sequence(tupleClass, "TupleNode", id, x.Items)
	case *pyobj.Set:
		if x.Frozen {
			return e.call(&pyobj.Global{Module: "builtins", Name: "frozenset"}, id, []pyobj.Value{&pyobj.List{Items: x.Items}})
		}
		return e.sequence(setClass, "SetNode", id, x.Items)
	case *pyobj.Dict:
		return e.dict(dictClass, id, x.Entries)
	case *pyobj.Array:
		return e.array(x, id)
	case *pyobj.ByteArray:
		return e.blob(&pyobj.Global{Module: "builtins", Name: "bytearray"}, "BytearrayNode", id, x.B)
	}
	return e.object(v.(*pyobj.Object), id)
}

// cached refers to a node that was written.
func (e *encoder) cached(id int) {
	e.str(`{"__class__":null,"__module__":null,"__loader__":"CachedNode","__id__":` + strconv.Itoa(id) + "}")
}

func (e *encoder) leaf(v pyobj.Value) error {
	var content []byte
	switch x := v.(type) {
	case nil, pyobj.None:
		content = []byte("null")
	case pyobj.Bool:
		content = strconv.AppendBool(nil, bool(x))
	case pyobj.Int:
		content = strconv.AppendInt(nil, int64(x), 10)
	case *pyobj.BigInt:
		content = x.V.Append(nil, 10)
	case pyobj.Float:
		content = []byte(floatText(float64(x)))
	case pyobj.Str, pyobj.Py2Str:
		s, _ := pyobj.Text(v)
		content = appendText(nil, s)
	case pyobj.Bytes:
		return e.blob(&pyobj.Global{Module: "builtins", Name: "bytes"}, "BytesNode", e.id(), x)
	case *pyobj.Global:
		return e.global(x, 0)
	case *pyobj.Scalar:
		return e.scalar(x)
	case *pyobj.DType:
		return e.dtype(x)
	default:
		return e.refuse("a value of type %s has no node in skops", pyobj.TypeName(v))
	}
	e.head(strClass, "JsonNode", 0)
	e.str(`,"content":`)
	e.text(string(content))
	e.str(`,"is_json":true}`)
	return nil
}

// floatText is what json.dumps makes of a float.
func floatText(f float64) string {
	switch {
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 1):
		return "Infinity"
	case math.IsInf(f, -1):
		return "-Infinity"
	}
	return tensor.FormatFloat(f)
}

func (e *encoder) blob(class *pyobj.Global, loader string, id int, b []byte) error {
	name := strconv.Itoa(id) + ".bin"
	e.head(class, loader, id)
	e.str(`,"file":"` + name + `"}`)
	return e.member(name, b)
}

func (e *encoder) sequence(class *pyobj.Global, loader string, id int, items []pyobj.Value) error {
	e.head(class, loader, id)
	e.str(`,"content":`)
	if err := e.items(items); err != nil {
		return err
	}
	e.str("}")
	return nil
}

func (e *encoder) items(items []pyobj.Value) error {
	e.str("[")
	for i, it := range items {
		if i > 0 {
			e.str(",")
		}
		e.push("[" + strconv.Itoa(i) + "]")
		if err := e.node(it); err != nil {
			return err
		}
		e.pop()
	}
	e.str("]")
	return nil
}

// call writes class(*args).
func (e *encoder) call(class *pyobj.Global, id int, args []pyobj.Value) error {
	e.head(class, "ConstructorFromReduceNode", id)
	e.str(`,"content":`)
	if err := e.tuple(args); err != nil {
		return err
	}
	e.str("}")
	return nil
}

func (e *encoder) tuple(items []pyobj.Value) error {
	return e.sequence(tupleClass, "TupleNode", 0, items)
}

// dict writes a dict or a subclass of it. skops makes a key by calling its type on the text JSON has for it.
func (e *encoder) dict(class *pyobj.Global, id int, entries []pyobj.Entry) error {
	e.head(class, "DictNode", id)
	e.str(`,"content":{`)
	seen := make(map[string]bool, len(entries))
	types := make([]*pyobj.Global, len(entries))
	for i, kv := range entries {
		t, key, err := e.key(kv.Key)
		if err != nil {
			return err
		}
		if seen[key] {
			return e.refuse("two keys are both %.60q as text", key)
		}
		seen[key] = true
		types[i] = t
		if i > 0 {
			e.str(",")
		}
		e.text(key)
		e.str(":")
		e.push("." + key)
		if err := e.node(kv.Value); err != nil {
			return err
		}
		e.pop()
	}
	e.str(`},"key_types":`)
	e.head(listClass, "ListNode", 0)
	e.str(`,"content":[`)
	for i, t := range types {
		if i > 0 {
			e.str(",")
		}
		e.head(t, "TypeNode", 0)
		e.str("}")
	}
	e.str("]}}")
	return nil
}

// key gives a key's type and its text.
func (e *encoder) key(v pyobj.Value) (*pyobj.Global, string, error) {
	builtin := func(name string) *pyobj.Global { return &pyobj.Global{Module: "builtins", Name: name} }
	switch k := v.(type) {
	case pyobj.Str, pyobj.Py2Str:
		s, _ := pyobj.Text(v)
		if !utf8.ValidString(s) {
			return nil, "", e.refuse("the key %.60q holds a lone surrogate", s)
		}
		return strClass, s, nil
	case pyobj.Int:
		return builtin("int"), strconv.FormatInt(int64(k), 10), nil
	case *pyobj.BigInt:
		return builtin("int"), k.V.String(), nil
	case pyobj.Float:
		return builtin("float"), floatText(float64(k)), nil
	case *pyobj.Scalar:
		switch k.DType.Kind {
		case 'i', 'u', 'f', 'U':
			t, err := numpy.Tensor(&pyobj.Array{DType: k.DType, Data: k.Data})
			if err != nil {
				break
			}
			text := t.Cell(0).String()
			if t.Cell(0).Kind == tensor.CellFloat {
				text = floatText(t.Cell(0).F)
			}
			return scalarClass(k.DType), text, nil
		}
		return nil, "", e.refuse("a key of dtype %s can not be held by skops", k.DType.Code())
	case pyobj.Bool:
		return nil, "", e.refuse("a bool as a key of a dict comes back from skops as True")
	}
	return nil, "", e.refuse("a key that is neither text nor a number can not be held by skops")
}

// scalarClass names the class of a numpy scalar.
func scalarClass(d *pyobj.DType) *pyobj.Global {
	name := ""
	switch d.Kind {
	case 'b':
		name = "bool"
	case 'i':
		name = "int" + strconv.Itoa(8*d.Size)
	case 'u':
		name = "uint" + strconv.Itoa(8*d.Size)
	case 'f':
		name = "float" + strconv.Itoa(8*d.Size)
		if d.Size > 8 {
			name = "longdouble"
		}
	case 'c':
		name = "complex" + strconv.Itoa(8*d.Size)
		if d.Size > 16 {
			name = "clongdouble"
		}
	case 'U':
		name = "str_"
	case 'S':
		name = "bytes_"
	case 'M':
		name = "datetime64"
	case 'm':
		name = "timedelta64"
	case 'V':
		if d.Sub != nil || d.HasObject() {
			return nil
		}
		name = "void"
	default:
		return nil
	}
	return &pyobj.Global{Module: "numpy", Name: name}
}

func (e *encoder) scalar(s *pyobj.Scalar) error {
	class := scalarClass(s.DType)
	if s.DType.Record {
		return e.refuse("a numpy.record comes back from skops as a numpy.void")
	}
	if class == nil {
		return e.refuse("a numpy scalar of dtype %s can not be held by skops", s.DType.Code())
	}
	key := class.Name + s.DType.Code() + string(s.Data)
	if id := e.scalars[key]; id > 0 && len(s.DType.Fields) == 0 { // equal scalars are one
		e.cached(id)
		return nil
	}
	id := e.id()
	e.scalars[key] = id
	return e.numpy(class, id, &pyobj.Array{DType: s.DType, Data: s.Data})
}

func (e *encoder) array(a *pyobj.Array, id int) error {
	class := arrayClass
	if a.Subclass != nil {
		switch n := pyobj.ShortName(a.Subclass.Name); n {
		case "ndarray", "memmap":
		case "matrix":
			class = a.Subclass
		default:
			return e.refuse("an array of class %s can not be held by skops", a.Subclass)
		}
	}
	if a.DType.Kind == 'O' && a.DType.Sub == nil {
		if class != arrayClass {
			return e.refuse("a matrix of objects can not be held by skops")
		}
		return e.objects(a, id)
	}
	return e.numpy(class, id, a)
}

// numpy writes an array beside the schema.
func (e *encoder) numpy(class *pyobj.Global, id int, a *pyobj.Array) error {
	if a.DType.HasObject() {
		return e.refuse("an array of structures that hold objects can not be held by skops")
	}
	if err := numpy.Fits(a.DType, a.Shape, int64(len(a.Data))); err != nil {
		return e.refuse("%v", err)
	}
	var buf bytes.Buffer
	if err := npy.Encode(&buf, a); err != nil {
		return e.refuse("%v", err)
	}
	name := strconv.Itoa(id) + ".npy"
	e.head(class, "NdArrayNode", id)
	e.str(`,"type":"numpy","file":"` + name + `"}`)
	return e.member(name, buf.Bytes())
}

// objects writes an object array as nested lists. skops rebuilds those of several dimensions by numpy.array(lists), which
// looks into sequences.
func (e *encoder) objects(a *pyobj.Array, id int) error {
	items := numpy.COrder(a)
	if n := len(a.Shape); n == 0 {
		return e.refuse("an object array without dimensions can not be held by skops")
	} else if n > 1 {
		if len(items) == 0 && a.Shape[0] == 0 {
			return e.refuse("an empty object array of shape %v can not be held by skops", a.Shape)
		}
		for _, it := range items {
			if !single(it) {
				return e.refuse("an object array of shape %v that holds more than text, numbers and trees can not be held by skops", a.Shape)
			}
		}
	}
	e.head(arrayClass, "NdArrayNode", id)
	e.str(`,"content":`)
	if err := e.nested(a.Shape, items); err != nil {
		return err
	}
	e.str(`,"type":"json","shape":`)
	shape := make([]pyobj.Value, len(a.Shape))
	for i, n := range a.Shape {
		shape[i] = pyobj.Int(n)
	}
	if err := e.tuple(shape); err != nil {
		return err
	}
	e.str("}")
	return nil
}

func (e *encoder) nested(shape []int, items []pyobj.Value) error {
	if len(shape) == 1 {
		return e.items(items)
	}
	e.str("[")
	n := len(items) / max(shape[0], 1)
	for i := range shape[0] {
		if i > 0 {
			e.str(",")
		}
		e.head(listClass, "ListNode", 0)
		e.str(`,"content":`)
		if err := e.nested(shape[1:], items[i*n:(i+1)*n]); err != nil {
			return err
		}
		e.str("}")
	}
	e.str("]")
	return nil
}

// dtype is stored as an empty array.
func (e *encoder) dtype(d *pyobj.DType) error {
	if d.Sub != nil {
		return e.refuse("a subarray dtype can not be held by skops")
	}
	e.head(&pyobj.Global{Module: "numpy", Name: "dtype"}, "DTypeNode", 0)
	e.str(`,"content":`)
	a := &pyobj.Array{DType: d, Shape: []int{0}, Data: []byte{}, Objects: []pyobj.Value{}}
	var err error
	if d.Kind == 'O' {
		err = e.objects(a, e.id())
	} else {
		err = e.numpy(arrayClass, e.id(), a)
	}
	e.str("}")
	return err
}

// global writes a class or a function; id is 0 where no other node refers to it.
func (e *encoder) global(g *pyobj.Global, id int) error {
	g, err := e.name(g)
	if err != nil {
		return err
	}
	loader := "FunctionNode"
	if isType(g) {
		loader = "TypeNode"
	}
	e.head(g, loader, id)
	e.str("}")
	return nil
}

// name gives a name as Python 3 has it; skops finds names one level below their module only.
func (e *encoder) name(g *pyobj.Global) (*pyobj.Global, error) {
	if strings.Contains(g.Name, ".") || g.Module == "" || g.Name == "" {
		return nil, e.refuse("skops does not find the name %s", g)
	}
	if g.Module == "__builtin__" || g.Module == "copy_reg" {
		full := numpy.Canonical(g)
		at := strings.LastIndexByte(full, '.')
		g = &pyobj.Global{Module: full[:at], Name: full[at+1:]}
	}
	if g.Module == "builtins" && (g.Name == "NoneType" || g.Name == "Ellipsis" || g.Name == "NotImplemented") {
		return nil, e.refuse("skops can not hold %s", g.Name)
	}
	return g, nil
}

// isType reports a name that stands for a class; functions of builtins and math are kept so too.
func isType(g *pyobj.Global) bool {
	if g.Module == "builtins" || g.Module == "math" || g.Module == "datetime" || trusted("dtype", g.String()) || g.String() == "numpy.ndarray" || g.String() == "numpy.dtype" {
		return true
	}
	n := strings.TrimLeft(g.Name, "_")
	return n != "" && n[0] >= 'A' && n[0] <= 'Z'
}
