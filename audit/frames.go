package audit

import (
	"fmt"
	"strings"

	"github.com/larder-ml/larder/numpy"
	"github.com/larder-ml/larder/pyobj"
)

// frameIndices gives the reason why what pandas' and pyarrow's compiled code follows unchecked may not be followed: the codes
// of categories, the places of a frame's columns, the offsets of texts.
func frameIndices(class string, args []pyobj.Value, state pyobj.Value) string {
	switch short := pyobj.ShortName(class); short {
	case "_restore_array":
		if len(args) == 1 {
			return arrowArray(args[0], 0)
		}
	case "__pyx_unpickle_NDArrayBacked":
		return codesOf(args, state)
	case "IntIndex":
		if len(args) == 2 {
			n, _ := integer(args[0])
			return within(args[1], n, "value")
		}
	case "SparseArray":
		return sparseValues(state)
	case "IntegerArray", "FloatingArray", "BooleanArray":
		d := attributes(state)
		if d == nil {
			return ""
		}
		n, known := pandasLength(first(d, "_data"))
		if m, ok := pandasLength(first(d, "_mask")); !ok || !known || m != n {
			return fmt.Sprintf("says of %d values which of %d are missing", m, n)
		}
	case "Categorical":
		d := attributes(state)
		if d == nil {
			return ""
		}
		n, known := pandasLength(first(d, "categories", "_categories", "_levels"))
		if !known {
			n, known = categoriesOf(first(d, "_dtype", "dtype"))
		}
		return categoryCodes(first(d, "_codes", "codes", "labels"), n, known)
	case "_new_Index":
		return multiIndex(args)
	case "BlockManager":
		if len(args) == 2 {
			return blocks(members(args[0]), members(args[1]))
		}
		return oldBlocks(state)
	}
	return ""
}

// sparseValues wants as many values as there are places for.
func sparseValues(state pyobj.Value) string {
	d := attributes(state)
	if d == nil {
		return ""
	}
	n, known := pandasLength(first(d, "_sparse_values"))
	o, ok := first(d, "_sparse_index").(*pyobj.Object)
	if !known || !ok || len(o.Args) < 2 {
		return "has no values and places"
	}
	places, known := pandasLength(o.Args[1])
	if known && len(o.Args) > 2 { // blocks, of so many each
		lengths, ok := o.Args[2].(*pyobj.Array)
		if !ok {
			return "has no lengths of blocks"
		}
		places = 0
		for _, n := range integers(lengths) {
			if n < 0 || places+n > maxItems {
				return fmt.Sprintf("a block of %d values", n)
			}
			places += n
		}
	}
	if !known || places != n {
		return fmt.Sprintf("%d values for %d places", n, places)
	}
	return ""
}

func first(d *pyobj.Dict, names ...string) pyobj.Value {
	for _, n := range names {
		if v := d.Get(n); v != nil {
			return v
		}
	}
	return nil
}

// codesOf checks pandas' NDArrayBacked: (class, checksum, state), state of (dtype, array) there or set later.
func codesOf(args []pyobj.Value, state pyobj.Value) string {
	if len(args) == 0 {
		return ""
	}
	if g, _ := global(args[0]); pyobj.ShortName(g) != "Categorical" {
		return ""
	}
	if state == nil && len(args) > 2 {
		state = args[2]
	}
	parts := members(state)
	if len(parts) < 2 {
		return ""
	}
	codes, dtype := parts[1], parts[0]
	if _, ok := codes.(*pyobj.Array); !ok {
		codes, dtype = dtype, codes // before 1.4 the array stands first
	}
	n, known := categoriesOf(dtype)
	return categoryCodes(codes, n, known)
}

func categoriesOf(dtype pyobj.Value) (int64, bool) {
	o, ok := dtype.(*pyobj.Object)
	if !ok {
		return 0, false
	}
	d := attributes(o.State)
	if d == nil {
		return 0, false
	}
	return pandasLength(first(d, "categories", "_categories"))
}

func categoryCodes(codes pyobj.Value, n int64, known bool) string {
	if _, ok := codes.(*pyobj.Array); !ok {
		return ""
	}
	if !known {
		return "categories of which it is not known how many there are"
	}
	return between(codes, -1, n, "category")
}

// multiIndex checks the codes of each level.
func multiIndex(args []pyobj.Value) string {
	if len(args) != 2 {
		return ""
	}
	d, ok := args[1].(*pyobj.Dict)
	if !ok || d.Get("levels") == nil {
		return ""
	}
	levels, codes := members(d.Get("levels")), members(first(d, "codes", "labels"))
	if len(levels) != len(codes) {
		return fmt.Sprintf("codes of %d levels of %d", len(codes), len(levels))
	}
	for i, c := range codes {
		n, known := pandasLength(levels[i])
		if why := categoryCodes(c, n, known); why != "" {
			return why
		}
	}
	return ""
}

// blocks checks the places of a frame's blocks among its columns.
func blocks(all, axes []pyobj.Value) string {
	if len(axes) == 0 || len(all) == 0 {
		return ""
	}
	n, known := pandasLength(axes[0])
	if !known {
		return "columns of which it is not known how many there are"
	}
	for _, b := range all {
		o, ok := b.(*pyobj.Object)
		if !ok || len(o.Args) < 2 {
			continue
		}
		if why := places(o.Args[1], n); why != "" {
			return why
		}
	}
	return ""
}

// oldBlocks checks the state of pandas before 1.3: its fourth part holds {'0.14.1': {'axes', 'blocks': [{'mgr_locs', 'values'}]}}.
func oldBlocks(state pyobj.Value) string {
	parts := members(state)
	if len(parts) < 4 {
		return ""
	}
	versions, ok := parts[3].(*pyobj.Dict)
	if !ok {
		return ""
	}
	d, ok := versions.Get("0.14.1").(*pyobj.Dict)
	if !ok {
		return ""
	}
	axes, all := members(d.Get("axes")), members(d.Get("blocks"))
	if len(axes) == 0 {
		return ""
	}
	n, known := pandasLength(axes[0])
	for _, b := range all {
		if block, ok := b.(*pyobj.Dict); ok && known {
			if why := places(block.Get("mgr_locs"), n); why != "" {
				return why
			}
		}
	}
	return ""
}

// places wants the places of a block's columns, a slice or an array, to be below n.
func places(v pyobj.Value, n int64) string {
	o, ok := v.(*pyobj.Object)
	if !ok {
		if _, array := v.(*pyobj.Array); !array {
			return "the places of a block are " + describe(v)
		}
		return within(v, n, "column")
	}
	if len(o.Args) < 2 {
		return "the places of a block are " + describe(v)
	}
	from, ok1 := integer(o.Args[0])
	to, ok2 := integer(o.Args[1])
	step := int64(1)
	if len(o.Args) > 2 {
		if _, none := o.Args[2].(pyobj.None); !none {
			step, _ = integer(o.Args[2])
		}
	}
	if _, none := o.Args[1].(pyobj.None); none && step < 0 {
		to, ok2 = -1, true
	}
	if !ok1 || !ok2 || step == 0 || from < -1 || to < -1 || max(from, to) > maxItems || step > maxItems || step < -maxItems {
		return fmt.Sprintf("columns %d to %d in steps of %d", from, to, step)
	}
	last := from
	switch {
	case step > 0 && to > from:
		last += (to - from - 1) / step * step
	case step < 0 && to < from:
		last += (from - to - 1) / -step * step
	default:
		return ""
	}
	if min(from, last) < 0 || max(from, last) >= n {
		return fmt.Sprintf("columns %d to %d of %d", from, last, n)
	}
	return ""
}

// pandasLength gives the number of items of an array or index.
func pandasLength(v pyobj.Value) (int64, bool) {
	switch x := v.(type) {
	case *pyobj.Array:
		if len(x.Shape) > 0 {
			return int64(x.Shape[len(x.Shape)-1]), true
		}
	case *pyobj.List:
		return int64(len(x.Items)), true
	case *pyobj.Tuple:
		return int64(len(x.Items)), true
	case *pyobj.Object:
		return objectLength(x)
	}
	return 0, false
}

func objectLength(o *pyobj.Object) (int64, bool) {
	switch name := pyobj.ShortName(o.ClassName()); name {
	case "_restore_array":
		if parts := members(argument(o, 0)); len(parts) > 1 {
			return integer(parts[1])
		}
	case "chunked_array":
		total := int64(0)
		for _, c := range members(argument(o, 0)) {
			n, ok := pandasLength(c)
			if !ok {
				return 0, false
			}
			total += n
		}
		return total, true
	case "__pyx_unpickle_NDArrayBacked":
		state := o.State
		if state == nil {
			state = argument(o, 2)
		}
		for _, p := range members(state) {
			if a, ok := p.(*pyobj.Array); ok {
				return pandasLength(a)
			}
		}
	case "_new_Index", "_new_DatetimeIndex", "_new_IntervalIndex":
		if d, ok := argument(o, 1).(*pyobj.Dict); ok {
			return indexLength(d)
		}
	case "FrozenList":
		return int64(len(o.Items)), true
	case "SparseArray":
		if d := attributes(o.State); d != nil {
			if i, ok := first(d, "_sparse_index").(*pyobj.Object); ok {
				return integer(argument(i, 0))
			}
		}
	case "__pyx_unpickle_IntervalMixin":
		for _, p := range append(members(o.State), argument(o, 2)) {
			if d, ok := p.(*pyobj.Dict); ok {
				return pandasLength(first(d, "_left", "left"))
			}
		}
	default:
		d := attributes(o.State)
		if d == nil {
			return 0, false
		}
		if v := first(d, "_pa_array", "_data", "_ndarray", "_codes", "_left", "data"); v != nil {
			return pandasLength(v)
		}
	}
	return 0, false
}

func indexLength(d *pyobj.Dict) (int64, bool) {
	if d.Get("levels") != nil {
		codes := members(first(d, "codes", "labels"))
		if len(codes) == 0 {
			return 0, false
		}
		return pandasLength(codes[0])
	}
	if v := first(d, "data", "left"); v != nil {
		return pandasLength(v)
	}
	from, ok1 := integer(d.Get("start"))
	to, ok2 := integer(d.Get("stop"))
	step, ok3 := integer(d.Get("step"))
	switch {
	case !ok1 || !ok2 || !ok3 || step == 0:
		return 0, false
	case step > 0 && to > from:
		return (to-from-1)/step + 1, true
	case step < 0 && to < from:
		return (from-to-1)/-step + 1, true
	}
	return 0, true
}

func argument(o *pyobj.Object, i int) pyobj.Value {
	if i < len(o.Args) {
		return o.Args[i]
	}
	return nil
}

// arrowWidths are the bits of an item of the types pandas keeps in pyarrow's arrays.
var arrowWidths = map[string]int64{"bool": 1, "bool_": 1, "int8": 8, "uint8": 8, "int16": 16, "uint16": 16, "int32": 32, "uint32": 32, "int64": 64, "uint64": 64,
	"halffloat": 16, "float": 32, "double": 64, "date32": 32, "date64": 64, "date32[day]": 32, "date64[ms]": 64}

const maxItems = 1 << 40

// arrowArray checks (type, length, nulls, offset, buffers, children, dictionary): every buffer must hold the items that the
// length and the offset promise, and texts must lie in theirs.
func arrowArray(v pyobj.Value, depth int) string {
	parts := members(v)
	if len(parts) != 7 || depth > 8 {
		return "is no array of pyarrow"
	}
	length, ok1 := integer(parts[1])
	offset, ok2 := integer(parts[3])
	if !ok1 || !ok2 || length < 0 || offset < 0 || length > maxItems || offset > maxItems {
		return "has no length and offset"
	}
	kind, ok := arrowType(parts[0])
	if !ok {
		return "is of a type pandas does not store: " + describe(parts[0])
	}
	if len(members(parts[5])) > 0 {
		return "has children"
	}
	buffers := members(parts[4])
	n := offset + length
	if o, ok := parts[0].(*pyobj.Object); ok && kind == "dictionary" {
		if why := arrowArray(parts[6], depth+1); why != "" {
			return "has a dictionary that " + why
		}
		return arrowCodes(o, buffers, offset, n, members(parts[6])[1])
	}
	if _, none := parts[6].(pyobj.None); !none {
		return "has a dictionary"
	}
	if kind == "null" {
		return ""
	}
	wide, fixed := arrowWidths[kind]
	offsets := int64(4)
	if strings.HasPrefix(kind, "large_") {
		offsets = 8
	}
	want := 2
	if !fixed {
		want = 3
	}
	if len(buffers) != want {
		return fmt.Sprintf("has %d buffers", len(buffers))
	}
	if b, have, ok := arrowBuffer(buffers[0]); have && (!ok || int64(len(b)) < (n+7)/8) {
		return "has too few bits of what is missing"
	}
	if fixed {
		if b, have, ok := arrowBuffer(buffers[1]); n > 0 && !have || have && !ok || int64(len(b)) < (n*wide+7)/8 {
			return fmt.Sprintf("has %d bytes for %d items of %d bits", len(b), n, wide)
		}
		return ""
	}
	starts, have, ok := arrowBuffer(buffers[1])
	if !ok || n > 0 && !have || have && len(starts) > 0 && int64(len(starts)) < (n+1)*offsets || n > 0 && len(starts) == 0 {
		return fmt.Sprintf("has %d bytes of offsets for %d texts", len(starts), n)
	}
	texts, _, ok := arrowBuffer(buffers[2])
	if !ok {
		return "has no texts"
	}
	if n == 0 {
		return ""
	}
	a := &pyobj.Array{DType: &pyobj.DType{Kind: 'i', Size: int(offsets), Order: '<'}, Shape: []int{int(n + 1)}, Data: starts[:(n+1)*offsets]}
	t, err := numpy.Tensor(a)
	if err != nil {
		return err.Error()
	}
	last := int64(0)
	for i, at := range t.I64 {
		if at < last || at > int64(len(texts)) {
			return fmt.Sprintf("text %d begins at byte %d of %d", i, at, len(texts))
		}
		last = at
	}
	return ""
}

// arrowCodes checks the places in a dictionary of most values, those of missing items left out.
func arrowCodes(o *pyobj.Object, buffers []pyobj.Value, offset, n int64, most pyobj.Value) string {
	index, _ := arrowType(o.Args[0])
	bits := arrowWidths[index]
	values, _ := integer(most)
	if bits < 8 || !strings.Contains(index, "int") || len(buffers) != 2 {
		return "has places in a dictionary of type " + index
	}
	valid, some, ok1 := arrowBuffer(buffers[0])
	codes, have, ok2 := arrowBuffer(buffers[1])
	if some && (!ok1 || int64(len(valid)) < (n+7)/8) || have && !ok2 || int64(len(codes)) < n*bits/8 {
		return fmt.Sprintf("has %d bytes for %d places of %d bits", len(codes), n, bits)
	}
	a := &pyobj.Array{DType: &pyobj.DType{Kind: index[0], Size: int(bits / 8), Order: '<'}, Shape: []int{int(n)}, Data: codes[:n*bits/8]}
	for i, c := range integers(a) {
		if missing := some && valid[i/8]>>(i%8)&1 == 0; int64(i) >= offset && !missing && (c < 0 || c >= values) {
			return fmt.Sprintf("has place %d in a dictionary of %d", c, values)
		}
	}
	return ""
}

// arrowType gives the name of a type that pandas stores.
func arrowType(v pyobj.Value) (string, bool) {
	o, ok := v.(*pyobj.Object)
	if !ok {
		return "", false
	}
	switch pyobj.ShortName(o.ClassName()) {
	case "timestamp", "duration":
		return "int64", true
	case "dictionary":
		return "dictionary", len(o.Args) == 3
	case "type_for_alias":
		if len(o.Args) != 1 {
			return "", false
		}
	default:
		return "", false
	}
	name := text(o.Args[0])
	switch name {
	case "null", "string", "utf8", "large_string", "large_utf8", "binary", "large_binary":
		return name, true
	}
	if arrowWidths[name] > 0 {
		return name, true
	}
	if strings.HasPrefix(name, "timestamp[") || strings.HasPrefix(name, "duration[") {
		return "int64", true
	}
	return "", false
}

// arrowBuffer gives a buffer's bytes; have is false for None.
func arrowBuffer(v pyobj.Value) (b []byte, have, ok bool) {
	if _, none := v.(pyobj.None); none {
		return nil, false, true
	}
	o, isObject := v.(*pyobj.Object)
	if !isObject || pyobj.ShortName(o.ClassName()) != "py_buffer" || len(o.Args) != 1 {
		return nil, true, false
	}
	switch x := o.Args[0].(type) {
	case pyobj.Bytes:
		return x, true, true
	case *pyobj.ByteArray:
		return x.B, true, true
	}
	return nil, true, false
}
