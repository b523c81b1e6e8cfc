package skops

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/larder-ml/larder/format/npy"
	"github.com/larder-ml/larder/internal/zipread"
	"github.com/larder-ml/larder/numpy"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/source"
)

// memo is a value under its __id__.
type memo struct {
	value pyobj.Value
	whole bool // it was built to its end
	node  *object
}

// alike reports that two nodes say the same of themselves.
func (o *object) alike(p *object) bool {
	for _, k := range []string{"__loader__", "__module__", "__class__", "file"} {
		if o.text(k) != p.text(k) {
			return false
		}
	}
	a, text1 := o.get("content").(string)
	b, text2 := p.get("content").(string)
	return text1 == text2 && a == b
}

type decoder struct {
	doc     *pyobj.Doc
	archive *zipread.Archive
	lim     source.Limits
	memo    map[string]memo
	files   map[string]string // member → __id__ of the node that read it
	note    func(string, pyobj.Level, int64, string, ...any)
	nodes   int
}

// node builds one node.
func (d *decoder) node(v any, path string, depth int) (pyobj.Value, error) {
	o, ok := v.(*object)
	if !ok {
		return nil, bad(-1, "%s: is no node", path)
	}
	if depth > d.lim.Depth {
		return nil, &source.LimitError{Limit: "nesting", Value: int64(depth), Max: int64(d.lim.Depth), Offset: -1}
	}
	d.nodes++
	loader := o.text("__loader__")
	if loader == "" {
		if o.text("__class__") != "" {
			d.global(o.text("__module__"), o.text("__class__"), "", path)
		}
		return nil, bad(-1, "%s: node without __loader__", path)
	}
	id, _ := o.get("__id__").(number)
	seen, again := d.memo[string(id)]
	if again && !seen.whole {
		return nil, bad(-1, "%s: stands inside itself (id %s)", path, id)
	}
	if loader == "CachedNode" {
		if !again {
			return nil, bad(-1, "%s: refers to id %s, which was not met", path, id)
		}
		return seen.value, nil
	}
	kept := id != "" && id != "0" && !again
	var remember func(pyobj.Value)
	if loader != "JsonNode" && loader != "TypeNode" { // most nodes: they hold no others
		remember = func(v pyobj.Value) {
			if kept {
				d.memo[string(id)] = memo{v, false, o}
			}
		}
	}
	out, err := d.build(o, loader, path, depth, remember)
	if err != nil {
		return nil, err
	}
	if again {
		if !seen.node.alike(o) {
			d.note("skops-id-alias", pyobj.LevelRefuse, -1, "%s: id %s stands for two different values; the first would replace this one", path, id)
		}
		return seen.value, nil
	}
	if kept {
		d.memo[string(id)] = memo{out, true, o}
	}
	return out, nil
}

// class records the class a node names as an import.
func (d *decoder) class(o *object, path string) (*pyobj.Global, error) {
	m, c := o.text("__module__"), o.text("__class__")
	if m == "" || c == "" {
		return nil, bad(-1, "%s: node without __module__ and __class__", path)
	}
	return d.global(m, c, o.text("__loader__"), path), nil
}

func (d *decoder) global(module, name, loader, path string) *pyobj.Global {
	g := &pyobj.Global{Module: module, Name: name}
	if n := len(d.doc.Imports); n == cap(d.doc.Imports) {
		d.doc.Imports = slices.Grow(d.doc.Imports, max(n, 16))
	}
	d.doc.Imports = append(d.doc.Imports, pyobj.Import{Global: g, Offset: -1, Index: d.nodes - 1, Op: loader, Path: path})
	return g
}

func (d *decoder) call(op string, f pyobj.Value, args []pyobj.Value, result *pyobj.Object, path string) {
	d.doc.Calls = append(d.doc.Calls, pyobj.Call{Op: op, Func: f, Args: args, Result: result, Offset: -1, Index: d.nodes - 1, Path: path})
}

// state records and sets an object's state.
func (d *decoder) state(obj *pyobj.Object, state pyobj.Value, path string) {
	obj.State = state
	d.call("BUILD", obj, []pyobj.Value{state}, obj, path)
}

func (d *decoder) build(o *object, loader, path string, depth int, remember func(pyobj.Value)) (pyobj.Value, error) {
	content := o.get("content")
	switch loader {
	case "JsonNode":
		return d.json(o, path)
	case "ListNode", "TupleNode", "SetNode":
		return d.sequence(o, loader, path, depth, remember)
	case "DictNode", "_DictWithDeprecatedKeysNode":
		return d.dict(o, path, depth, remember)
	case "DefaultDictNode":
		return d.defaultDict(o, path, depth)
	case "NdArrayNode":
		return d.array(o, path, depth)
	case "MaskedArrayNode":
		return d.masked(o, path, depth)
	case "DTypeNode":
		v, err := d.node(content, path+".content", depth+1)
		if err != nil {
			return nil, err
		}
		a, ok := v.(*pyobj.Array)
		if !ok {
			return nil, bad(-1, "%s: dtype is no array", path)
		}
		if _, err := d.class(o, path); err != nil {
			return nil, err
		}
		return a.DType, nil
	case "RandomStateNode":
		state, err := d.node(content, path+".content", depth+1)
		if err != nil {
			return nil, err
		}
		return d.random("__randomstate_ctor", state, path), nil
	case "RandomGeneratorNode":
		return d.generator(content, path, depth)
	case "SparseMatrixNode":
		return d.sparse(o, path)
	case "TypeNode":
		return d.class(o, path)
	case "FunctionNode":
		if c, ok := content.(*object); ok { // protocol 0
			return d.global(c.text("module_path"), c.text("function"), loader, path), nil
		}
		return d.class(o, path)
	case "PartialNode":
		return d.partial(content, path, depth)
	case "MethodNode":
		return d.method(o, path, depth)
	case "OperatorFuncNode":
		attrs, err := d.node(o.get("attrs"), path+".attrs", depth+1)
		if err != nil {
			return nil, err
		}
		// skops builds operator.<class>, whatever the module says.
		g := d.global("operator", o.text("__class__"), loader, path)
		obj := &pyobj.Object{Make: pyobj.Reduce, Class: g, Args: items(attrs), Offset: -1}
		d.call("REDUCE", g, obj.Args, obj, path)
		return obj, nil
	case "SliceNode":
		return d.slice(content, path)
	case "BytesNode", "BytearrayNode":
		b, err := d.member(o, path)
		if err != nil {
			return nil, err
		}
		if loader == "BytearrayNode" {
			return &pyobj.ByteArray{B: b}, nil
		}
		return pyobj.Bytes(b), nil
	case "ObjectNode":
		return d.object(o, path, depth, remember)
	case "ConstructorFromReduceNode":
		g, err := d.class(o, path)
		if err != nil {
			return nil, err
		}
		args, err := d.node(content, path+".content", depth+1)
		if err != nil {
			return nil, err
		}
		if n := g.String(); n == "builtins.frozenset" && len(items(args)) == 1 {
			return &pyobj.Set{Items: items(items(args)[0]), Frozen: true}, nil
		}
		obj := &pyobj.Object{Make: pyobj.Reduce, Class: g, Args: items(args), Offset: -1}
		d.call("REDUCE", g, obj.Args, obj, path)
		if *g == *zoneInfo && len(obj.Args) == 1 {
			return pickledZone(obj.Args[0]), nil
		}
		return obj, nil
	case "TreeNode", "LossNode", "SGDNode", "QuantileForestNode":
		return d.reduce(o, path, depth, remember)
	}
	return nil, &UnsupportedError{fmt.Sprintf("%s: node kind %.60q is not known", path, loader)}
}

func items(v pyobj.Value) []pyobj.Value {
	switch x := v.(type) {
	case *pyobj.Tuple:
		return x.Items
	case *pyobj.List:
		return x.Items
	}
	return []pyobj.Value{v}
}

// json reads a JsonNode: its content is JSON text, with NaN and the infinities Python adds.
func (d *decoder) json(o *object, path string) (pyobj.Value, error) {
	s, ok := o.get("content").(string)
	if !ok {
		return nil, bad(-1, "%s: content is no text", path)
	}
	switch s {
	case "null":
		return pyobj.None{}, nil
	case "true", "false":
		return pyobj.Bool(s == "true"), nil
	}
	if strings.HasPrefix(s, `"`) {
		t, err := unquote(s)
		if err != nil {
			return nil, bad(-1, "%s: %v", path, err)
		}
		return pyobj.Str(t), nil
	}
	return parseNumber(s, d.lim.Digits, path)
}

func parseNumber(s string, digits int, path string) (pyobj.Value, error) {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return pyobj.Int(n), nil
	}
	if len(s) > digits {
		return nil, &source.LimitError{Limit: "digits", Value: int64(len(s)), Max: int64(digits), Offset: -1}
	}
	if strings.Trim(s, "-0123456789") == "" {
		if n, ok := new(big.Int).SetString(s, 10); ok {
			return &pyobj.BigInt{V: n}, nil
		}
	}
	switch s {
	case "NaN", "Infinity", "-Infinity":
	default:
		if strings.Trim(s, "+-0123456789.eE") != "" {
			return nil, bad(-1, "%s: %.40q is no JSON value of one number or text", path, s)
		}
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil && f == 0 {
		return nil, bad(-1, "%s: %.40q is no number", path, s)
	}
	return pyobj.Float(f), nil
}

func (d *decoder) sequence(o *object, loader, path string, depth int, remember func(pyobj.Value)) (pyobj.Value, error) {
	list, ok := o.get("content").([]any)
	if !ok {
		return nil, bad(-1, "%s: content is no list", path)
	}
	g, err := d.class(o, path)
	if err != nil {
		return nil, err
	}
	plain := map[string]string{"ListNode": "builtins.list", "TupleNode": "builtins.tuple", "SetNode": "builtins.set"}[loader] == g.String()
	l, t, s := &pyobj.List{}, &pyobj.Tuple{}, &pyobj.Set{}
	if plain {
		remember(map[string]pyobj.Value{"ListNode": l, "TupleNode": t, "SetNode": s}[loader])
	}
	vs := make([]pyobj.Value, len(list))
	for i, c := range list {
		if vs[i], err = d.node(c, path+"["+strconv.Itoa(i)+"]", depth+1); err != nil {
			return nil, err
		}
	}
	if !plain {
		obj := &pyobj.Object{Make: pyobj.Reduce, Class: g, Args: []pyobj.Value{&pyobj.List{Items: vs}}, Offset: -1}
		if loader == "TupleNode" {
			obj.Args = vs
		}
		d.call("REDUCE", g, obj.Args, obj, path)
		return obj, nil
	}
	switch loader {
	case "ListNode":
		l.Items = vs
		return l, nil
	case "TupleNode":
		t.Items = vs
		return t, nil
	}
	s.Items = vs
	return s, nil
}

func (d *decoder) dict(o *object, path string, depth int, remember func(pyobj.Value)) (pyobj.Value, error) {
	content, ok := o.get("content").(*object)
	if !ok {
		return nil, bad(-1, "%s: content is no object", path)
	}
	if o.text("__loader__") == "_DictWithDeprecatedKeysNode" {
		main, ok := content.get("main").(*object)
		if !ok {
			return nil, bad(-1, "%s: no main dict", path)
		}
		return d.dict(&object{keys: main.keys, vals: main.vals, at: main.at}, path+".main", depth+1, remember)
	}
	g, err := d.class(o, path)
	if err != nil {
		return nil, err
	}
	types, err := d.node(o.get("key_types"), path+".key_types", depth+1)
	if err != nil {
		return nil, err
	}
	kinds := items(types)
	if _, ok := types.(*pyobj.List); !ok || len(kinds) != len(content.keys) {
		return nil, bad(-1, "%s: %d keys with %d types", path, len(content.keys), len(kinds))
	}
	dict := &pyobj.Dict{}
	plain := g.String() == "builtins.dict"
	if plain {
		remember(dict)
	}
	for i, k := range content.keys {
		t, ok := kinds[i].(*pyobj.Global)
		if !ok {
			return nil, bad(-1, "%s: type of key %q is no type", path, k)
		}
		key, err := d.key(t, k, path)
		if err != nil {
			return nil, err
		}
		v, err := d.node(content.vals[i], path+"."+k, depth+1)
		if err != nil {
			return nil, err
		}
		dict.Set(key, v)
	}
	if plain {
		return dict, nil
	}
	obj := &pyobj.Object{Make: pyobj.New, Class: g, Pairs: dict.Entries, Offset: -1}
	op := "NEWOBJ"
	if strings.HasPrefix(g.Module, "collections") {
		obj.Make, op = pyobj.Reduce, "REDUCE"
		if g.Name == "Counter" {
			obj.Args, obj.Pairs = []pyobj.Value{dict}, nil
		}
	}
	d.call(op, g, obj.Args, obj, path)
	return obj, nil
}

// key rebuilds a dict key: skops calls the key's type on its text.
func (d *decoder) key(t *pyobj.Global, k, path string) (pyobj.Value, error) {
	switch t.String() {
	case "builtins.str":
		return pyobj.Str(k), nil
	case "builtins.int":
		return parseNumber(k, d.lim.Digits, path)
	case "builtins.float":
		f, err := strconv.ParseFloat(k, 64)
		if err != nil {
			return nil, bad(-1, "%s: key %.40q is no float", path, k)
		}
		return pyobj.Float(f), nil
	case "builtins.bool":
		return pyobj.Bool(k != ""), nil // bool("False") is True in Python
	case "builtins.NoneType":
		return pyobj.None{}, nil
	}
	if s := scalarKey(t, k); s != nil {
		return s, nil
	}
	d.call("REDUCE", t, []pyobj.Value{pyobj.Str(k)}, nil, path)
	return pyobj.Str(k), nil
}

// scalarKey is numpy's number or text of a type, made from text; nil for other types.
func scalarKey(t *pyobj.Global, k string) *pyobj.Scalar {
	if t.Module != "numpy" {
		return nil
	}
	d := &pyobj.DType{Order: '<'}
	var bits uint64
	var err error
	number := func(name string) bool {
		digits, ok := strings.CutPrefix(t.Name, name)
		n, bad := strconv.Atoi(digits)
		d.Kind, d.Size = name[0], n/8
		return ok && bad == nil && (n == 8 || n == 16 || n == 32 || n == 64)
	}
	switch {
	case t.Name == "str_":
		d.Kind = 'U'
		out := []byte{}
		for _, r := range k {
			out = binary.LittleEndian.AppendUint32(out, uint32(r))
		}
		d.Size = len(out)
		return &pyobj.Scalar{DType: d, Data: out}
	case number("int"):
		var n int64
		n, err = strconv.ParseInt(k, 10, 8*d.Size)
		bits = uint64(n)
	case number("uint"):
		bits, err = strconv.ParseUint(k, 10, 8*d.Size)
	case number("float") && d.Size >= 4:
		var f float64
		f, err = strconv.ParseFloat(k, 8*d.Size)
		bits = math.Float64bits(f)
		if d.Size == 4 {
			bits = uint64(math.Float32bits(float32(f)))
		}
	default:
		return nil
	}
	if err != nil {
		return nil
	}
	if d.Size == 1 {
		d.Order = '|'
	}
	return &pyobj.Scalar{DType: d, Data: binary.LittleEndian.AppendUint64(nil, bits)[:d.Size]}
}

func (d *decoder) defaultDict(o *object, path string, depth int) (pyobj.Value, error) {
	c, ok := o.get("content").(*object)
	if !ok {
		return nil, bad(-1, "%s: content is no object", path)
	}
	main, err := d.node(c.get("main"), path+".main", depth+1)
	if err != nil {
		return nil, err
	}
	factory, err := d.node(c.get("default_factory"), path+".default_factory", depth+1)
	if err != nil {
		return nil, err
	}
	g := d.global("collections", "defaultdict", "DefaultDictNode", path)
	obj := &pyobj.Object{Make: pyobj.Reduce, Class: g, Args: []pyobj.Value{factory}, Offset: -1}
	if m, ok := main.(*pyobj.Dict); ok {
		obj.Pairs = m.Entries
	}
	d.call("REDUCE", g, obj.Args, obj, path)
	return obj, nil
}

// member reads the file of a node.
func (d *decoder) member(o *object, path string) ([]byte, error) {
	name, err := d.file(o, path)
	if err != nil {
		return nil, err
	}
	return d.archive.Read(name, d.lim.Decompressed)
}

// file gives the name of the file of a node. A member belongs to one __id__.
func (d *decoder) file(o *object, path string) (string, error) {
	name := o.text("file")
	if name == "" {
		return "", bad(-1, "%s: node without a file", path)
	}
	if why := zipread.Unclean(name); why != "" {
		d.note("skops-file-name", pyobj.LevelRefuse, -1, "%s: file %q: %s", path, name, why)
	}
	id := string(numberOf(o.get("__id__")))
	if id == "" {
		id = fmt.Sprintf("node %d", d.nodes)
	}
	if first, again := d.files[name]; again && first != id {
		d.note("skops-shared-member", pyobj.LevelRefuse, -1, "%s: member %q belongs to two different objects", path, name)
	}
	d.files[name] = id
	return name, nil
}

func numberOf(v any) number { n, _ := v.(number); return n }

func (d *decoder) array(o *object, path string, depth int) (pyobj.Value, error) {
	g, err := d.class(o, path)
	if err != nil {
		return nil, err
	}
	if o.text("type") == "json" {
		return d.objectArray(o, path, depth)
	}
	if o.text("type") != "numpy" {
		return nil, bad(-1, "%s: array of type %.20q", path, o.text("type"))
	}
	if name := o.text("file"); d.lim.Outline && d.archive.Has(name) && !d.archive.Holds(name) {
		return d.outline(o, g, path)
	}
	b, err := d.member(o, path)
	if err != nil {
		return nil, err
	}
	a, n, err := npy.ArrayBehind(d.archive.Head(o.text("file"), 1024), b, d.lim)
	if err != nil {
		return nil, fmt.Errorf("skops: %s: %w", path, err)
	}
	if n != len(b) {
		d.note("trailing-bytes", pyobj.LevelRefuse, -1, "%s: %d bytes after the array in %q", path, len(b)-n, o.text("file"))
	}
	a.Offset, a.Mapped = -1, d.archive.Mapped(o.text("file")) && len(a.Data) > 0
	switch {
	case g.String() == "numpy.ndarray":
	case g.Module == "numpy" && len(a.Shape) == 0:
		return &pyobj.Scalar{DType: a.DType, Data: a.Data}, nil
	default:
		a.Subclass = g
		d.call("REDUCE", &pyobj.Global{Module: "numpy.core.multiarray", Name: "_reconstruct"}, []pyobj.Value{g, &pyobj.Tuple{}, pyobj.Bytes("b")}, nil, path)
	}
	return a, nil
}

// outline gives an array of floats that is not kept in memory.
func (d *decoder) outline(o *object, g *pyobj.Global, path string) (pyobj.Value, error) {
	name, err := d.file(o, path)
	if err != nil {
		return nil, err
	}
	head, size, err := d.archive.Skim(name, 64<<10)
	if err != nil {
		return nil, err
	}
	a, err := npy.Outline(head, size, d.lim)
	if err != nil {
		return nil, fmt.Errorf("skops: %s: %w", path, err)
	}
	if g.String() != "numpy.ndarray" {
		return nil, source.OverHeld(size, d.lim.Held, -1)
	}
	d.doc.Unread += size
	return a, nil
}

// objectArray reads an array of Python objects, stored as nested lists.
func (d *decoder) objectArray(o *object, path string, depth int) (pyobj.Value, error) {
	list, ok := o.get("content").([]any)
	if !ok {
		return nil, bad(-1, "%s: content is no list", path)
	}
	sv, err := d.node(o.get("shape"), path+".shape", depth+1)
	if err != nil {
		return nil, err
	}
	a := &pyobj.Array{DType: &pyobj.DType{Kind: 'O', Size: 8, Order: '|'}, Shape: []int{}, Objects: []pyobj.Value{}, Offset: -1}
	n := 1
	for _, s := range items(sv) {
		k, ok := s.(pyobj.Int)
		if !ok || k < 0 || int64(k) > 1<<31 || (k > 0 && int64(n) > 1<<31/int64(k)) {
			return nil, bad(-1, "%s: shape is no list of sizes", path)
		}
		a.Shape = append(a.Shape, int(k))
		n *= int(k)
	}
	vs := make([]pyobj.Value, len(list))
	for i, c := range list {
		if vs[i], err = d.node(c, path+"["+strconv.Itoa(i)+"]", depth+1); err != nil {
			return nil, err
		}
	}
	for level := 1; level < len(a.Shape); level++ {
		var flat []pyobj.Value
		for _, v := range vs {
			l, ok := v.(*pyobj.List)
			if !ok || len(l.Items) != a.Shape[level] {
				return nil, bad(-1, "%s: the lists do not fill shape %v", path, a.Shape)
			}
			flat = append(flat, l.Items...)
		}
		vs = flat
	}
	if len(vs) != n {
		return nil, bad(-1, "%s: %d items for shape %v", path, len(vs), a.Shape)
	}
	a.Objects = append(a.Objects, vs...)
	return a, nil
}

// masked gives the form numpy pickles a masked array in; skops keeps no fill value.
func (d *decoder) masked(o *object, path string, depth int) (pyobj.Value, error) {
	c, ok := o.get("content").(*object)
	if !ok {
		return nil, bad(-1, "%s: content is no object", path)
	}
	var err error
	var parts [2]*pyobj.Array
	for i, k := range []string{"data", "mask"} {
		v, err := d.node(c.get(k), path+"."+k, depth+1)
		if err != nil {
			return nil, err
		}
		a, ok := v.(*pyobj.Array)
		if s, isScalar := v.(*pyobj.Scalar); isScalar {
			a, ok = &pyobj.Array{DType: s.DType, Shape: []int{}, Data: s.Data}, true
		}
		if !ok {
			return nil, bad(-1, "%s: %s is no array", path, k)
		}
		parts[i] = a
	}
	if len(parts[1].Shape) == 0 && len(parts[0].Shape) > 0 && len(parts[1].Data) == 1 { // one mask for all
		parts[1] = &pyobj.Array{DType: parts[1].DType, Shape: parts[0].Shape, Data: bytes.Repeat(parts[1].Data, parts[0].Len())}
	}
	if !slices.Equal(parts[0].Shape, parts[1].Shape) || parts[1].DType.HasObject() {
		return nil, bad(-1, "%s: the mask does not fit the data", path)
	}
	mask := parts[1].Data
	if parts[0].Fortran != parts[1].Fortran {
		if mask, err = numpy.InOrder(parts[1], parts[0].Fortran); err != nil {
			return nil, bad(-1, "%s: mask: %v", path, err)
		}
	}
	g, err := d.class(o, path)
	if err != nil {
		return nil, err
	}
	shape := &pyobj.Tuple{}
	for _, s := range parts[0].Shape {
		shape.Items = append(shape.Items, pyobj.Int(s))
	}
	f := d.global("numpy.ma.core", "_mareconstruct", "MaskedArrayNode", path)
	obj := &pyobj.Object{Make: pyobj.Reduce, Class: f, Offset: -1,
		Args: []pyobj.Value{g, &pyobj.Global{Module: "numpy", Name: "ndarray"}, &pyobj.Tuple{Items: []pyobj.Value{pyobj.Int(0)}}, pyobj.Str("b")}}
	d.call("REDUCE", f, obj.Args, obj, path)
	var data pyobj.Value = pyobj.Bytes(parts[0].Data)
	if parts[0].DType.Kind == 'O' {
		data = &pyobj.List{Items: parts[0].Objects}
	}
	d.state(obj, &pyobj.Tuple{Items: []pyobj.Value{pyobj.Int(1), shape, parts[0].DType, pyobj.Bool(parts[0].Fortran), data,
		pyobj.Bytes(mask), pyobj.None{}}}, path)
	return obj, nil
}

// random is numpy's constructor of a RandomState or bit generator, with its state.
func (d *decoder) random(ctor string, state pyobj.Value, path string) *pyobj.Object {
	g := d.global("numpy.random._pickle", ctor, "RandomStateNode", path)
	name := pyobj.Value(pyobj.Str("MT19937"))
	if s, ok := state.(*pyobj.Dict); ok {
		if b := s.Get("bit_generator"); b != nil {
			name = b
		}
	}
	obj := &pyobj.Object{Make: pyobj.Reduce, Class: g, Args: []pyobj.Value{name}, Offset: -1}
	d.call("REDUCE", g, obj.Args, obj, path)
	d.state(obj, state, path)
	return obj
}

// seeded gives the form numpy 2 pickles a bit generator in, with its seed sequence.
func (d *decoder) seeded(c *object, state pyobj.Value, path string, depth int) (*pyobj.Object, error) {
	v, err := d.node(c.get("seed_seq"), path+".seed_seq", depth+1)
	if err != nil {
		return nil, err
	}
	seed, ok1 := v.(*pyobj.Dict)
	dict, ok2 := state.(*pyobj.Dict)
	if !ok1 || !ok2 {
		return nil, bad(-1, "%s: a state is no dict", path)
	}
	name, _ := pyobj.Text(dict.Get("bit_generator"))
	module := bitModules[name]
	if module == "" {
		return nil, bad(-1, "%s: bit generator %.40q is not known", path, name)
	}
	f := d.global("numpy.random._pickle", "__bit_generator_ctor", "RandomGeneratorNode", path)
	class := d.global("numpy.random."+module, name, "RandomGeneratorNode", path)
	bits := &pyobj.Object{Make: pyobj.Reduce, Class: f, Args: []pyobj.Value{class}, Offset: -1}
	d.call("REDUCE", f, bits.Args, bits, path)
	seq, err := numpy.SeedSequence(seed)
	if err != nil {
		return nil, bad(-1, "%s: %v", path, err)
	}
	for _, g := range []pyobj.Value{seq.Class, seq.Args[0]} {
		d.global(g.(*pyobj.Global).Module, g.(*pyobj.Global).Name, "RandomGeneratorNode", path)
	}
	d.call("REDUCE", seq.Class, seq.Args, seq, path)
	d.state(seq, seq.State, path)
	d.state(bits, &pyobj.Tuple{Items: []pyobj.Value{state, seq}}, path)
	return bits, nil
}

// bitModules are the modules of numpy's bit generators.
var bitModules = map[string]string{"MT19937": "_mt19937", "PCG64": "_pcg64", "PCG64DXSM": "_pcg64", "Philox": "_philox", "SFC64": "_sfc64"}

// plain reads the state of a generator as skops before 0.6 writes it: no nodes, only dicts of texts and whole numbers.
func (d *decoder) plain(v any, path string) (pyobj.Value, error) {
	switch x := v.(type) {
	case string:
		return pyobj.Str(x), nil
	case number:
		return parseNumber(string(x), d.lim.Digits, path)
	case *object:
		out := &pyobj.Dict{}
		for i, k := range x.keys {
			it, err := d.plain(x.vals[i], path+"."+k)
			if err != nil {
				return nil, err
			}
			out.Set(pyobj.Str(k), it)
		}
		return out, nil
	}
	return nil, bad(-1, "%s: neither text nor number", path)
}

func (d *decoder) generator(content any, path string, depth int) (pyobj.Value, error) {
	c, ok := content.(*object)
	if !ok {
		return nil, bad(-1, "%s: content is no object", path)
	}
	if c.get("bit_generator") == nil {
		return nil, &UnsupportedError{path + ": generators of protocol 0 can not be rebuilt"}
	}
	var state pyobj.Value
	var err error
	if bits, _ := c.get("bit_generator").(*object); bits != nil && bits.get("__loader__") == nil {
		state, err = d.plain(bits, path+".bit_generator")
	} else {
		state, err = d.node(c.get("bit_generator"), path+".bit_generator", depth+1)
	}
	if err != nil {
		return nil, err
	}
	var bits *pyobj.Object
	if c.get("seed_seq") == nil {
		bits = d.random("__bit_generator_ctor", state, path)
	} else if bits, err = d.seeded(c, state, path, depth); err != nil {
		return nil, err
	}
	g := d.global("numpy.random._pickle", "__generator_ctor", "RandomGeneratorNode", path)
	obj := &pyobj.Object{Make: pyobj.Reduce, Class: g, Args: []pyobj.Value{bits}, Offset: -1}
	d.call("REDUCE", g, obj.Args, obj, path)
	return obj, nil
}

// sparse gives the form scipy pickles a sparse matrix in.
func (d *decoder) sparse(o *object, path string) (pyobj.Value, error) {
	g, err := d.class(o, path)
	if err != nil {
		return nil, err
	}
	b, err := d.member(o, path)
	if err != nil {
		return nil, err
	}
	_, arrays, err := npy.Zip(b, d.lim, nil)
	if err != nil {
		return nil, fmt.Errorf("skops: %s: %w", path, err)
	}
	shape, ok := arrays["shape"]
	if !ok || shape.DType.Kind != 'i' || shape.DType.Size != 8 || len(shape.Shape) != 1 {
		return nil, bad(-1, "%s: sparse matrix without a shape", path)
	}
	sizes := &pyobj.Tuple{}
	for i := 0; i+8 <= len(shape.Data); i += 8 {
		sizes.Items = append(sizes.Items, pyobj.Int(int64(binary.LittleEndian.Uint64(shape.Data[i:]))))
	}
	// scipy makes what the archive says, whatever the node's class is.
	format, ok := arrays["format"]
	if !ok || format.DType.HasObject() {
		return nil, bad(-1, "%s: sparse matrix without a format", path)
	}
	class := strings.ReplaceAll(string(format.Data), "\x00", "") + "_matrix"
	if flag := arrays["_is_array"]; flag != nil && strings.Trim(string(flag.Data), "\x00") != "" {
		class = strings.TrimSuffix(class, "matrix") + "array"
	}
	switch {
	case class == g.Name:
	case arrays["_is_array"] == nil && strings.TrimSuffix(class, "matrix")+"array" == g.Name:
		// scipy before 1.11 does not say of an array that it is one: it loads as a matrix.
		g = d.global("scipy.sparse", class, "SparseMatrixNode", path)
	default:
		d.note("skops-sparse-class", pyobj.LevelRefuse, -1, "%s: the node says %s, the archive %s", path, g.Name, class)
	}
	state := &pyobj.Dict{}
	state.Set(pyobj.Str("_shape"), sizes)
	state.Set(pyobj.Str("maxprint"), pyobj.Int(50))
	for _, k := range []string{"indices", "indptr", "row", "col", "offsets", "data"} {
		if a := arrays[k]; a != nil {
			state.Set(pyobj.Str(k), a)
		}
	}
	if strings.HasPrefix(g.Name, "coo_") {
		state.Set(pyobj.Str("has_canonical_format"), pyobj.Bool(false)) // not known, as scipy.sparse.load_npz has it
	}
	if row, col := arrays["row"], arrays["col"]; row != nil && col != nil && g.Name == "coo_array" {
		// Arrays have them as coords alone since scipy 1.13, and no way to take what was before; older ones want row and col.
		state.Set(pyobj.Str("coords"), &pyobj.Tuple{Items: []pyobj.Value{row, col}})
	}
	obj := &pyobj.Object{Make: pyobj.New, Class: g, Offset: -1}
	d.call("NEWOBJ", g, nil, obj, path)
	d.state(obj, state, path)
	return obj, nil
}

func (d *decoder) partial(content any, path string, depth int) (pyobj.Value, error) {
	c, ok := content.(*object)
	if !ok {
		return nil, bad(-1, "%s: content is no object", path)
	}
	parts := make([]pyobj.Value, 4)
	for i, k := range []string{"func", "args", "kwds", "namespace"} {
		v, err := d.node(c.get(k), path+"."+k, depth+1)
		if err != nil {
			return nil, err
		}
		parts[i] = v
	}
	g := d.global("functools", "partial", "PartialNode", path)
	obj := &pyobj.Object{Make: pyobj.Reduce, Class: g, Args: parts[:1], Offset: -1}
	d.call("REDUCE", g, obj.Args, obj, path)
	d.state(obj, &pyobj.Tuple{Items: parts}, path)
	return obj, nil
}

func (d *decoder) method(o *object, path string, depth int) (pyobj.Value, error) {
	c, ok := o.get("content").(*object)
	if !ok {
		return nil, bad(-1, "%s: content is no object", path)
	}
	if _, err := d.class(o, path); err != nil {
		return nil, err
	}
	owner, err := d.node(c.get("obj"), path+".obj", depth+1)
	if err != nil {
		return nil, err
	}
	g := d.global("builtins", "getattr", "MethodNode", path)
	obj := &pyobj.Object{Make: pyobj.Reduce, Class: g, Args: []pyobj.Value{owner, pyobj.Str(c.text("func"))}, Offset: -1}
	d.call("REDUCE", g, obj.Args, obj, path)
	return obj, nil
}

func (d *decoder) slice(content any, path string) (pyobj.Value, error) {
	c, ok := content.(*object)
	if !ok {
		return nil, bad(-1, "%s: content is no object", path)
	}
	g := d.global("builtins", "slice", "SliceNode", path)
	obj := &pyobj.Object{Make: pyobj.Reduce, Class: g, Offset: -1}
	for _, k := range []string{"start", "stop", "step"} {
		var v pyobj.Value = pyobj.None{}
		switch x := c.get(k).(type) {
		case number:
			n, err := parseNumber(string(x), d.lim.Digits, path)
			if err != nil {
				return nil, err
			}
			v = n
		case string:
			v = pyobj.Str(x)
		case nil:
		default:
			return nil, bad(-1, "%s: %s is no number", path, k)
		}
		obj.Args = append(obj.Args, v)
	}
	d.call("REDUCE", g, obj.Args, obj, path)
	return obj, nil
}

// cythonModules hold classes that pickle by their module's newObj.
var cythonModules = map[string]bool{
	"sklearn.neighbors._kd_tree": true, "sklearn.neighbors._ball_tree": true,
	"sklearn.metrics._dist_metrics": true, "sklearn.neighbors._dist_metrics": true,
}

func (d *decoder) object(o *object, path string, depth int, remember func(pyobj.Value)) (pyobj.Value, error) {
	g, err := d.class(o, path)
	if err != nil {
		return nil, err
	}
	obj := &pyobj.Object{Make: pyobj.New, Class: g, Offset: -1}
	if cythonModules[g.Module] {
		f := d.global(g.Module, "newObj", "ObjectNode", path)
		obj.Make, obj.Class, obj.Args = pyobj.Reduce, f, []pyobj.Value{g}
		d.call("REDUCE", f, obj.Args, obj, path)
	} else {
		d.call("NEWOBJ", g, nil, obj, path)
	}
	remember(obj)
	if o.get("content") == nil {
		return obj, nil
	}
	state, err := d.node(o.get("content"), path, depth+1)
	if err != nil {
		return nil, err
	}
	if _, none := state.(pyobj.None); !none {
		d.state(obj, state, path)
	}
	return obj, nil
}

// reduce builds Tree and the losses: class(*args), then its state.
func (d *decoder) reduce(o *object, path string, depth int, remember func(pyobj.Value)) (pyobj.Value, error) {
	g, err := d.class(o, path)
	if err != nil {
		return nil, err
	}
	r, ok := o.get("__reduce__").(*object)
	if !ok {
		d.call("REDUCE", g, nil, nil, path)
		return nil, bad(-1, "%s: node without __reduce__", path)
	}
	args, err := d.node(r.get("args"), path+".args", depth+1)
	if err != nil {
		return nil, err
	}
	obj := &pyobj.Object{Make: pyobj.Reduce, Class: g, Args: items(args), Offset: -1}
	d.call("REDUCE", g, obj.Args, obj, path)
	remember(obj)
	if o.get("content") == nil {
		return obj, nil
	}
	state, err := d.node(o.get("content"), path, depth+1)
	if err != nil {
		return nil, err
	}
	if s, ok := state.(*pyobj.Dict); !ok || s.Len() > 0 {
		d.state(obj, state, path)
	}
	return obj, nil
}
