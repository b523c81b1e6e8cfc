package pyobj

import (
	"math/big"
	"unicode/utf8"
)

// Value is one node of the object graph. It is one of
//
//	None, Bool, Int, *BigInt, Float, Str, Py2Str, Bytes, *ByteArray,
//	*List, *Tuple, *Dict, *Set, *Global, *Object, *Array, *Scalar, *DType, *Persistent
//
// No Value can be called: a Global is a name, an Object a record of what Python would have built.
type Value interface{ pyobj() }

// None is Python's None.
type None struct{}

// Bool is Python's bool.
type Bool bool

// Int is a Python int that fits 64 bits.
type Int int64

// BigInt is a Python int outside 64 bits.
type BigInt struct{ V *big.Int }

// Float is Python's float.
type Float float64

// Str is Python's str as UTF-8; lone surrogates are kept in their three-byte form (surrogatepass).
type Str string

// Py2Str is a Python 2 str: bytes that may be meant as text. The bytes are kept as they were.
type Py2Str string

// Bytes is Python's bytes. It may be a view of the file: never write to it.
type Bytes []byte

// ByteArray is Python's bytearray.
type ByteArray struct{ B []byte }

// List is a Python list.
type List struct{ Items []Value }

// Tuple is a Python tuple.
type Tuple struct{ Items []Value }

// Set is a Python set or frozenset, items in file order.
type Set struct {
	Items  []Value
	Frozen bool
}

// Global is a reference to an importable name: what GLOBAL and STACK_GLOBAL push. Names are as the file spells them.
type Global struct {
	Module, Name string
}

// String gives module and name joined by a dot.
func (g *Global) String() string { return g.Module + "." + g.Name }

// Make says by which door an Object came to be.
type Make uint8

// The ways of making an object.
const (
	Reduce Make = iota + 1 // Class(*Args): REDUCE
	New                    // Class.__new__(Class, *Args, **Kwargs): NEWOBJ, NEWOBJ_EX
	Inst                   // Class(*Args): INST, OBJ
)

// Object is what a call or an allocation in the file would have returned.
type Object struct {
	Make   Make
	Class  Value // what is called or allocated; a *Global in every honest file
	Args   []Value
	Kwargs *Dict   // NEWOBJ_EX only
	State  Value   // the argument of BUILD; nil if there was none
	Items  []Value // APPEND(S) or ADDITEMS on a subclass of list or set
	Pairs  []Entry // SETITEM(S) on a subclass of dict
	Offset int64   // byte offset of the opcode that made it, in the uncompressed stream; -1 if not from a pickle
}

// Persistent is a reference to an object outside the file (PERSID, BINPERSID).
type Persistent struct{ ID Value }

func (None) pyobj()        {}
func (Bool) pyobj()        {}
func (Int) pyobj()         {}
func (*BigInt) pyobj()     {}
func (Float) pyobj()       {}
func (Str) pyobj()         {}
func (Py2Str) pyobj()      {}
func (Bytes) pyobj()       {}
func (*ByteArray) pyobj()  {}
func (*List) pyobj()       {}
func (*Tuple) pyobj()      {}
func (*Dict) pyobj()       {}
func (*Set) pyobj()        {}
func (*Global) pyobj()     {}
func (*Object) pyobj()     {}
func (*Array) pyobj()      {}
func (*Scalar) pyobj()     {}
func (*DType) pyobj()      {}
func (*Persistent) pyobj() {}

// Entry is one key and value of a dict, in file order.
type Entry struct{ Key, Value Value }

// Dict is a Python dict: entries in insertion order. A key written twice stands once, with the later value,
// when it is a string; other duplicates stay as entries (audit reports them).
type Dict struct {
	Entries []Entry
	index   map[string]int
}

// Set adds or replaces a key.
func (d *Dict) Set(key, value Value) {
	if s, ok := Text(key); ok {
		if i, ok := d.find(s); ok {
			d.Entries[i].Value = value
			return
		}
		if d.index != nil {
			d.index[s] = len(d.Entries)
		}
	}
	d.Entries = append(d.Entries, Entry{key, value})
}

// Get returns the value of a string key, or nil.
func (d *Dict) Get(name string) Value {
	if d == nil {
		return nil
	}
	if i, ok := d.find(name); ok {
		return d.Entries[i].Value
	}
	return nil
}

// Find returns the place in Entries of a string key, -1 if it is not there.
func (d *Dict) Find(name string) int {
	if i, ok := d.find(name); ok {
		return i
	}
	return -1
}

// Delete removes a string key if it is there.
func (d *Dict) Delete(name string) {
	if i, ok := d.find(name); ok {
		d.Entries = append(d.Entries[:i:i], d.Entries[i+1:]...)
		d.index = nil
	}
}

// Clone returns a shallow copy.
func (d *Dict) Clone() *Dict {
	return &Dict{Entries: append([]Entry(nil), d.Entries...)}
}

// Len returns the number of entries.
func (d *Dict) Len() int {
	if d == nil {
		return 0
	}
	return len(d.Entries)
}

// indexFrom is the number of entries from which a map finds a name sooner than a look at each.
const indexFrom = 32

func (d *Dict) find(name string) (int, bool) {
	if d.index == nil && len(d.Entries) < indexFrom {
		for i := range d.Entries {
			if s, ok := Text(d.Entries[i].Key); ok && s == name {
				return i, true
			}
		}
		return 0, false
	}
	if d.index == nil {
		d.index = make(map[string]int, len(d.Entries))
		for i := range d.Entries {
			if s, ok := Text(d.Entries[i].Key); ok {
				if _, dup := d.index[s]; !dup {
					d.index[s] = i
				}
			}
		}
	}
	i, ok := d.index[name]
	return i, ok
}

// Text returns the text of a Str or Py2Str. A Py2Str that is not UTF-8 is read as latin-1.
func Text(v Value) (string, bool) {
	switch s := v.(type) {
	case Str:
		return string(s), true
	case Py2Str:
		return decoded(string(s)), true
	}
	return "", false
}

func decoded(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	r := make([]rune, len(s))
	for i := 0; i < len(s); i++ {
		r[i] = rune(s[i])
	}
	return string(r)
}
