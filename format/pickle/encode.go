package pickle

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"math/big"
	"unicode/utf8"

	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/source"
	"github.com/larder-ml/larder/tensor"
)

const (
	frameTarget = 64 << 10 // a frame is closed when it has grown to this
	frameMin    = 4        // shorter ones are written without a header
	batch       = 1000     // items per APPENDS, SETITEMS and ADDITEMS
)

// Encode writes v as a pickle of protocol 2 to 5, opcode for opcode as CPython's pickler does. reduce gives the call
// that rebuilds an array, a scalar or a dtype (package numpy's Reducer); it may be nil where v has none.
func Encode(w io.Writer, v pyobj.Value, protocol int, reduce func(pyobj.Value) (*pyobj.Object, error)) error {
	e, err := NewEncoder(w, protocol, reduce)
	if err != nil {
		return err
	}
	return e.Encode(v)
}

// UnsupportedError is a value that a protocol has no way to write.
type UnsupportedError struct{ Msg string }

func (e *UnsupportedError) Error() string { return "pickle: " + e.Msg }

// Is answers source.ErrUnsupported.
func (e *UnsupportedError) Is(target error) bool { return target == source.ErrUnsupported }

// Encoder writes one pickle. What is written once is fetched from the memo afterwards: names and, by their identity,
// containers and objects, which may refer to themselves.
type Encoder struct {
	// Identity says that the values were decoded from a pickle, where equal strings may be two objects: each is written
	// once, as CPython would. Else equal strings are one.
	Identity bool

	// Array, if set, is asked before an array is written in the ordinary way. It returns whether it wrote it.
	Array func(*pyobj.Array) (bool, error)

	w       io.Writer
	n       int64 // bytes given to w
	proto   int
	reduce  func(pyobj.Value) (*pyobj.Object, error)
	frame   []byte
	framing bool
	memo    map[pyobj.Value]int
	globals map[pyobj.Global]int
	words   map[word]int
	own     map[string]int // strings that are one object each in CPython: names, those of up to one character
	keys    map[string]int // names of attributes in the values' own strings
	py2     map[string]int // str of Python 2
	bytes1  map[string]int // bytes of length up to one are one object each
	count   int            // memo entries
	err     error
}

// word is a string or bytes by where they are in memory.
type word struct {
	start *byte
	n     int
}

// NewEncoder returns an Encoder.
func NewEncoder(w io.Writer, protocol int, reduce func(pyobj.Value) (*pyobj.Object, error)) (*Encoder, error) {
	if protocol < 2 || protocol > maxProtocol {
		return nil, &UnsupportedError{fmt.Sprintf("protocol %d can not be written", protocol)}
	}
	return &Encoder{w: w, proto: protocol, reduce: reduce, memo: map[pyobj.Value]int{}, globals: map[pyobj.Global]int{},
		words: map[word]int{}, own: map[string]int{}, keys: map[string]int{}, bytes1: map[string]int{}, py2: map[string]int{}}, nil
}

// Encode writes the whole pickle, PROTO to STOP.
func (e *Encoder) Encode(v pyobj.Value) error {
	e.op(opProto, byte(e.proto))
	e.flush()
	e.framing = e.proto >= 4
	if err := e.Save(v); err != nil {
		return err
	}
	e.op(opStop)
	return e.CommitFrame()
}

// Offset is the number of bytes written, those of an open frame left out.
func (e *Encoder) Offset() int64 { return e.n }

// Raw writes bytes outside of any frame. CommitFrame must come first.
func (e *Encoder) Raw(b []byte) error {
	e.write(b)
	return e.err
}

func (e *Encoder) write(b []byte) {
	if e.err == nil {
		var n int
		n, e.err = e.w.Write(b)
		e.n += int64(n)
	}
}

// CommitFrame ends the current frame.
func (e *Encoder) CommitFrame() error {
	e.flush()
	return e.err
}

func (e *Encoder) flush() {
	if len(e.frame) == 0 {
		return
	}
	if e.framing && len(e.frame) >= frameMin {
		e.write(binary.LittleEndian.AppendUint64([]byte{byte(opFrame)}, uint64(len(e.frame))))
	}
	e.write(e.frame)
	e.frame = e.frame[:0]
}

func (e *Encoder) op(o Opcode, arg ...byte) {
	e.frame = append(append(e.frame, byte(o)), arg...)
}

// sized writes an opcode, a length of width bytes and a payload. Payloads of a frame's size stand outside of frames.
func (e *Encoder) sized(o Opcode, payload []byte) {
	width := ops[o].width
	head := binary.LittleEndian.AppendUint64([]byte{byte(o)}, uint64(len(payload)))[:1+width]
	if len(payload) < frameTarget {
		e.frame = append(append(e.frame, head...), payload...)
		return
	}
	e.flush()
	e.write(head)
	e.write(payload)
}

func (e *Encoder) put() int {
	i := e.count
	e.count++
	switch {
	case e.proto >= 4:
		e.op(opMemoize)
	case i < 256:
		e.op(opBinPut, byte(i))
	default:
		e.op(opLongBinPut, binary.LittleEndian.AppendUint32(nil, uint32(i))...)
	}
	return i
}

func (e *Encoder) get(i int) {
	if i < 256 {
		e.op(opBinGet, byte(i))
	} else {
		e.op(opLongBinGet, binary.LittleEndian.AppendUint32(nil, uint32(i))...)
	}
}

func (e *Encoder) unwritten(v pyobj.Value) bool {
	_, ok := e.memo[v]
	return !ok
}

func (e *Encoder) memoize(v pyobj.Value) { e.memo[v] = e.put() }

// boundary ends a frame that has grown enough, before a value.
func (e *Encoder) boundary() {
	if len(e.frame) >= frameTarget {
		e.flush()
	}
}

// Save writes one value.
func (e *Encoder) Save(v pyobj.Value) error {
	if e.err != nil {
		return e.err
	}
	e.boundary()
	switch x := v.(type) {
	case nil:
		return &UnsupportedError{"a value is missing"}
	case pyobj.None:
		e.op(opNone)
		return nil
	case pyobj.Bool:
		if x {
			e.op(opNewTrue)
		} else {
			e.op(opNewFalse)
		}
		return nil
	case pyobj.Int:
		e.int(int64(x))
		return nil
	case *pyobj.BigInt:
		return e.bigInt(x.V)
	case pyobj.Float:
		e.op(opBinFloat, binary.BigEndian.AppendUint64(nil, math.Float64bits(float64(x)))...)
		return nil
	case pyobj.Bytes:
		return e.bytes(x)
	case *pyobj.Global:
		return e.global(x)
	case pyobj.Py2Str:
		if e.proto == 2 && ascii(string(x)) && len(x) <= math.MaxInt32 {
			return e.py2str(string(x))
		}
		text, _ := pyobj.Text(x)
		return e.str(text, false)
	case pyobj.Str:
		return e.str(string(x), false)
	}
	if i, ok := e.memo[v]; ok {
		e.get(i)
		return nil
	}
	switch x := v.(type) {
	case *pyobj.ByteArray:
		return e.byteArray(x)
	case *pyobj.Tuple:
		return e.tuple(x)
	case *pyobj.List:
		e.op(opEmptyList)
		e.memoize(x)
		return e.appends(x.Items)
	case *pyobj.Dict:
		return e.dict(x, false)
	case *pyobj.Set:
		return e.set(x)
	case *pyobj.Object:
		return e.object(x, x)
	case *pyobj.Array:
		if e.Array != nil {
			if done, err := e.Array(x); done || err != nil {
				return err
			}
		}
		return e.numpy(x)
	case *pyobj.Scalar, *pyobj.DType:
		return e.numpy(x)
	case *pyobj.Persistent:
		if err := e.Save(x.ID); err != nil {
			return err
		}
		e.op(opBinPersID)
		return nil
	}
	return &UnsupportedError{"a value of type " + pyobj.TypeName(v)}
}

func (e *Encoder) numpy(v pyobj.Value) error {
	if e.reduce == nil {
		return &UnsupportedError{"an array where none was announced"}
	}
	o, err := e.reduce(v)
	if err != nil {
		return err
	}
	if i, ok := e.memo[o]; ok { // one object for equal dtypes
		e.get(i)
		return nil
	}
	if err := e.object(o, v); err != nil {
		return err
	}
	e.memo[o] = e.memo[v]
	return nil
}

func (e *Encoder) int(n int64) {
	switch {
	case n >= 0 && n <= 0xff:
		e.op(opBinInt1, byte(n))
	case n >= 0 && n <= 0xffff:
		e.op(opBinInt2, byte(n), byte(n>>8))
	case n >= math.MinInt32 && n <= math.MaxInt32:
		e.op(opBinInt, binary.LittleEndian.AppendUint32(nil, uint32(n))...)
	default:
		b := binary.LittleEndian.AppendUint64(nil, uint64(n))
		e.sized(opLong1, shortest(b))
	}
}

// shortest drops bytes of two's complement that say no more than the sign.
func shortest(b []byte) []byte {
	for n := len(b); n > 1; n-- {
		sign := b[n-2] & 0x80
		if !(b[n-1] == 0 && sign == 0 || b[n-1] == 0xff && sign != 0) {
			break
		}
		b = b[:n-1]
	}
	return b
}

func (e *Encoder) bigInt(x *big.Int) error {
	n := x.BitLen()/8 + 1
	v := x
	if x.Sign() < 0 {
		v = new(big.Int).Add(x, new(big.Int).Lsh(big.NewInt(1), uint(8*n)))
	}
	b := v.FillBytes(make([]byte, n))
	for i, j := 0, n-1; i < j; i, j = i+1, j-1 {
		b[i], b[j] = b[j], b[i]
	}
	b = shortest(b)
	switch {
	case len(b) < 256:
		e.sized(opLong1, b)
	case uint64(len(b)) <= math.MaxInt32:
		e.sized(opLong4, b)
	default:
		return &UnsupportedError{"an int of more than 2 GiB"}
	}
	return nil
}

// str writes a string of the values; attribute says that it names one.
func (e *Encoder) str(s string, attribute bool) error {
	if !e.Identity || len(s) <= 2 && utf8.RuneCountInString(s) <= 1 && s <= "\u00ff" {
		return e.name(s)
	}
	w := word{tensor.Start(s), len(s)}
	i, ok := e.words[w]
	if ok && i < 0 {
		return e.name(s)
	}
	if !ok && attribute {
		i, ok = e.own[s]
	}
	if ok {
		e.get(i)
		e.words[w] = i
		return nil
	}
	if err := e.newStr(s); err != nil {
		return err
	}
	i = e.put()
	e.words[w] = i
	if _, ok := e.keys[s]; attribute && !ok {
		e.keys[s] = i
	}
	return nil
}

// py2str writes a str of Python 2 that both Pythons read as their own str, which they do of ASCII alone: Python 3 has to be told how
// others are encoded.
func (e *Encoder) py2str(s string) error {
	if i, ok := e.py2[s]; ok {
		e.get(i)
		return nil
	}
	if len(s) <= 0xff {
		e.sized(opShortBinString, []byte(s))
	} else {
		e.sized(opBinString, []byte(s))
	}
	e.py2[s] = e.put()
	return nil
}

// Names says that these strings are names in the code that writes the pickle: with Identity too each is one object with
// the attributes of its name.
func (e *Encoder) Names(names ...string) {
	for _, s := range names {
		e.words[word{tensor.Start(s), len(s)}] = -1
	}
}

// name writes a string that is one object wherever it stands.
func (e *Encoder) name(s string) error {
	i, ok := e.own[s]
	if !ok {
		i, ok = e.keys[s]
	}
	if ok {
		e.get(i)
		return nil
	}
	if err := e.newStr(s); err != nil {
		return err
	}
	e.own[s] = e.put()
	return nil
}

func (e *Encoder) newStr(s string) error {
	b := []byte(s)
	switch {
	case len(b) <= 0xff && e.proto >= 4:
		e.sized(opShortBinUnicode, b)
	case uint64(len(b)) <= math.MaxUint32:
		e.sized(opBinUnicode, b)
	case e.proto >= 4:
		e.sized(opBinUnicode8, b)
	default:
		return &UnsupportedError{fmt.Sprintf("a string of %d bytes needs protocol 4", len(b))}
	}
	return nil
}

func (e *Encoder) bytes(b pyobj.Bytes) error {
	var w word
	i, ok := 0, false
	if len(b) <= 1 {
		i, ok = e.bytes1[string(b)]
	} else {
		w = word{&b[0], len(b)}
		i, ok = e.words[w]
	}
	if ok {
		e.get(i)
		return nil
	}
	switch {
	case e.proto < 3 && len(b) == 0:
		o := &pyobj.Object{Make: pyobj.Reduce, Class: &pyobj.Global{Module: "builtins", Name: "bytes"}}
		if err := e.object(o, o); err != nil {
			return err
		}
	case e.proto < 3:
		if err := e.encoded(latin1(b)); err != nil {
			return err
		}
	case len(b) <= 0xff:
		e.sized(opShortBinBytes, b)
		e.put()
	case uint64(len(b)) <= math.MaxUint32:
		e.sized(opBinBytes, b)
		e.put()
	case e.proto >= 4:
		e.sized(opBinBytes8, b)
		e.put()
	default:
		return &UnsupportedError{fmt.Sprintf("%d bytes need protocol 4", len(b))}
	}
	if len(b) <= 1 {
		e.bytes1[string(b)] = e.count - 1
	} else if e.Identity {
		e.words[w] = e.count - 1
	}
	return nil
}

// encoded writes the call that makes bytes of a string.
func (e *Encoder) encoded(text string) error {
	err := e.global(&pyobj.Global{Module: "_codecs", Name: "encode"})
	if err == nil && utf8.RuneCountInString(text) == 1 {
		err = e.name(text)
	} else if err == nil {
		if err = e.newStr(text); err == nil {
			e.put()
		}
	}
	if err == nil {
		err = e.name("latin1")
	}
	if err != nil {
		return err
	}
	e.op(opTuple2)
	e.put()
	e.op(opReduce)
	e.put()
	return nil
}

func (e *Encoder) byteArray(b *pyobj.ByteArray) error {
	if e.proto >= 5 {
		e.sized(opByteArray8, b.B)
		e.memoize(b)
		return nil
	}
	o := &pyobj.Object{Make: pyobj.Reduce, Class: &pyobj.Global{Module: "builtins", Name: "bytearray"}}
	if len(b.B) > 0 {
		o.Args = []pyobj.Value{pyobj.Bytes(b.B)}
	}
	return e.object(o, b)
}

func (e *Encoder) tuple(t *pyobj.Tuple) error {
	n := len(t.Items)
	if n == 0 {
		e.op(opEmptyTuple)
		return nil
	}
	if n > 3 {
		e.op(opMark)
	}
	for _, v := range t.Items {
		if err := e.Save(v); err != nil {
			return err
		}
	}
	if i, ok := e.memo[t]; ok { // the tuple holds itself and was written by one of its items
		if n > 3 {
			e.op(opPopMark)
		} else {
			for ; n > 0; n-- {
				e.op(opPop)
			}
		}
		e.get(i)
		return nil
	}
	if n > 3 {
		e.op(opTuple)
	} else {
		e.op(opTuple1 + Opcode(n-1))
	}
	e.memoize(t)
	return nil
}

func (e *Encoder) appends(items []pyobj.Value) error {
	for len(items) > 0 {
		n := min(len(items), batch)
		if n > 1 {
			e.op(opMark)
		}
		for _, v := range items[:n] {
			if err := e.Save(v); err != nil {
				return err
			}
		}
		if n > 1 {
			e.op(opAppends)
		} else {
			e.op(opAppend)
		}
		items = items[n:]
	}
	return nil
}

// dict writes a dict that is not in the memo; attributes says that its keys name an object's.
func (e *Encoder) dict(d *pyobj.Dict, attributes bool) error {
	e.op(opEmptyDict)
	e.memoize(d)
	return e.setItems(d.Entries, attributes)
}

func (e *Encoder) setItems(entries []pyobj.Entry, attributes bool) error {
	for len(entries) > 0 {
		n := min(len(entries), batch)
		if n > 1 {
			e.op(opMark)
		}
		for _, kv := range entries[:n] {
			var err error
			if s, ok := kv.Key.(pyobj.Str); ok && attributes {
				e.boundary()
				err = e.str(string(s), true)
			} else {
				err = e.Save(kv.Key)
			}
			if err != nil {
				return err
			}
			if err := e.Save(kv.Value); err != nil {
				return err
			}
		}
		if n > 1 {
			e.op(opSetItems)
		} else {
			e.op(opSetItem)
		}
		entries = entries[n:]
	}
	return nil
}

func (e *Encoder) set(s *pyobj.Set) error {
	if e.proto < 4 {
		name := "set"
		if s.Frozen {
			name = "frozenset"
		}
		return e.object(&pyobj.Object{Make: pyobj.Reduce, Class: &pyobj.Global{Module: "builtins", Name: name},
			Args: []pyobj.Value{&pyobj.List{Items: s.Items}}}, s)
	}
	if s.Frozen {
		e.op(opMark)
		for _, v := range s.Items {
			if err := e.Save(v); err != nil {
				return err
			}
		}
		if i, ok := e.memo[s]; ok {
			e.op(opPopMark)
			e.get(i)
			return nil
		}
		e.op(opFrozenSet)
		e.memoize(s)
		return nil
	}
	e.op(opEmptySet)
	e.memoize(s)
	for items := s.Items; len(items) > 0; {
		n := min(len(items), batch)
		e.op(opMark)
		for _, v := range items[:n] {
			if err := e.Save(v); err != nil {
				return err
			}
		}
		e.op(opAddItems)
		items = items[n:]
	}
	return nil
}

// object writes the call that makes o, its items and its state; what results stands for v.
func (e *Encoder) object(o *pyobj.Object, v pyobj.Value) error {
	maker := opReduce
	if o.Make == pyobj.New || o.Make == pyobj.Inst && len(o.Args) == 0 {
		maker = opNewObj
	}
	switch o.Class.(type) {
	case *pyobj.Global, *pyobj.Object, *pyobj.Persistent:
	default:
		return &UnsupportedError{"a call of " + kind(o.Class)}
	}
	if err := e.Save(o.Class); err != nil {
		return err
	}
	if err := e.Save(&pyobj.Tuple{Items: o.Args}); err != nil {
		return err
	}
	if o.Kwargs.Len() > 0 {
		if e.proto < 4 || maker != opNewObj {
			return &UnsupportedError{"keyword arguments of a constructor need protocol 4"}
		}
		maker = opNewObjEx
		if err := e.Save(o.Kwargs); err != nil {
			return err
		}
	}
	e.op(maker)
	if i, ok := e.memo[v]; ok { // an argument refers to the object, which has been written there
		e.op(opPop)
		e.get(i)
	} else {
		e.memoize(v)
	}
	if err := e.appends(o.Items); err != nil {
		return err
	}
	if err := e.setItems(o.Pairs, false); err != nil {
		return err
	}
	if o.State == nil {
		return nil
	}
	var err error
	if d, ok := o.State.(*pyobj.Dict); ok && e.unwritten(d) {
		err = e.dict(d, true)
	} else {
		err = e.Save(o.State)
	}
	if err != nil {
		return err
	}
	e.op(opBuild)
	return nil
}

// renamed are the names that Python 3 has moved, by their Python 2 name: the part of _compat_pickle that data can hold.
var renamed = map[pyobj.Global]pyobj.Global{
	{Module: "__builtin__", Name: "xrange"}:        {Module: "builtins", Name: "range"},
	{Module: "__builtin__", Name: "long"}:          {Module: "builtins", Name: "int"},
	{Module: "__builtin__", Name: "unicode"}:       {Module: "builtins", Name: "str"},
	{Module: "__builtin__", Name: "unichr"}:        {Module: "builtins", Name: "chr"},
	{Module: "__builtin__", Name: "reduce"}:        {Module: "functools", Name: "reduce"},
	{Module: "itertools", Name: "izip"}:            {Module: "builtins", Name: "zip"},
	{Module: "itertools", Name: "imap"}:            {Module: "builtins", Name: "map"},
	{Module: "itertools", Name: "ifilter"}:         {Module: "builtins", Name: "filter"},
	{Module: "itertools", Name: "ifilterfalse"}:    {Module: "itertools", Name: "filterfalse"},
	{Module: "itertools", Name: "izip_longest"}:    {Module: "itertools", Name: "zip_longest"},
	{Module: "UserDict", Name: "IterableUserDict"}: {Module: "collections", Name: "UserDict"},
	{Module: "UserList", Name: "UserList"}:         {Module: "collections", Name: "UserList"},
	{Module: "UserString", Name: "UserString"}:     {Module: "collections", Name: "UserString"},
}

// old gives the names that CPython writes at protocol 2 for Python 2 to find.
func old(g pyobj.Global) pyobj.Global {
	for was, is := range renamed {
		if g == is {
			return was
		}
	}
	switch g.Module {
	case "builtins":
		g.Module = "__builtin__"
	case "copyreg":
		g.Module = "copy_reg"
	}
	return g
}

// modern gives the names that Python 3 knows to what was read from a protocol 2 file.
func modern(g pyobj.Global) pyobj.Global {
	if is, ok := renamed[g]; ok {
		return is
	}
	switch {
	case g == pyobj.Global{Module: "__builtin__", Name: "basestring"}:
		g = pyobj.Global{Module: "builtins", Name: "str"}
	case g.Module == "__builtin__":
		g.Module = "builtins"
	case g.Module == "copy_reg":
		g.Module = "copyreg"
	}
	return g
}

// python3 gives the names that Python 3 has for those a pickle of protocol 2 or Python 2 holds.
func python3(g pyobj.Global) pyobj.Global {
	switch g.Module {
	case "__builtin__", "exceptions":
		g.Module = "builtins"
		if n := map[string]string{"long": "int", "unicode": "str", "basestring": "str", "xrange": "range", "unichr": "chr"}[g.Name]; n != "" {
			g.Name = n
		} else if g.Name == "reduce" {
			g.Module = "functools"
		}
	case "copy_reg":
		g.Module = "copyreg"
	case "cPickle":
		g.Module = "pickle"
	case "UserDict", "UserList", "UserString":
		g.Module = "collections"
	}
	return g
}

func (e *Encoder) global(g *pyobj.Global) error {
	if e.proto >= 3 {
		if modern := python3(*g); modern != *g {
			g = &modern
		}
	}
	if i, ok := e.globals[*g]; ok {
		e.get(i)
		return nil
	}
	name := modern(*g)
	if e.proto < 3 {
		name = old(*g)
	}
	switch {
	case !identifiers(g.Module) || !identifiers(g.Name):
		return &UnsupportedError{fmt.Sprintf("%.80q is no name", g.String())}
	case e.proto >= 4:
		if err := e.name(name.Module); err != nil {
			return err
		}
		if name == (pyobj.Global{Module: "numpy", Name: "dtype"}) {
			// the name of a C type is a new string in CPython, which the attribute name "dtype" is not
			e.sized(opShortBinUnicode, []byte(name.Name))
			e.put()
		} else if err := e.name(name.Name); err != nil {
			return err
		}
		e.op(opStackGlobal)
	default:
		e.op(opGlobal, []byte(name.Module+"\n"+name.Name+"\n")...)
	}
	e.globals[*g] = e.put()
	return nil
}
