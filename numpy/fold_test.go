package numpy

import (
	"encoding/binary"
	"errors"
	"math"
	"reflect"
	"testing"

	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/source"
)

func tuple(items ...pyobj.Value) *pyobj.Tuple { return &pyobj.Tuple{Items: items} }

func call(module, name string, args ...pyobj.Value) *pyobj.Object {
	return &pyobj.Object{Make: pyobj.Reduce, Class: &pyobj.Global{Module: module, Name: name}, Args: args, Offset: 0x40}
}

func dtypeOf(code string, state ...pyobj.Value) *pyobj.Object {
	o := call("numpy", "dtype", pyobj.Str(code), pyobj.Bool(false), pyobj.Bool(true))
	if state == nil {
		state = []pyobj.Value{pyobj.Int(3), pyobj.Str("<"), none, none, none, pyobj.Int(-1), pyobj.Int(-1), pyobj.Int(0)}
	}
	o.State = tuple(state...)
	return o
}

func arrayOf(shape, dtype, fortran, data pyobj.Value) *pyobj.Object {
	o := call("numpy.core.multiarray", "_reconstruct", &pyobj.Global{Module: "numpy", Name: "ndarray"}, tuple(pyobj.Int(0)), pyobj.Bytes("b"))
	o.State = tuple(pyobj.Int(1), shape, dtype, fortran, data)
	return o
}

// Arguments that do not fit are an error with a place, never a panic or an allocation.
func TestFoldRefuses(t *testing.T) {
	f8 := func() pyobj.Value { return dtypeOf("f8") }
	b := func(n int) pyobj.Value { return pyobj.Bytes(make([]byte, n)) }
	no := pyobj.Bool(false)
	noState := arrayOf(tuple(), f8(), no, b(8))
	noState.State = nil
	short := arrayOf(tuple(), f8(), no, b(8))
	short.State = tuple(pyobj.Int(1))
	for name, v := range map[string]pyobj.Value{
		"too few bytes":          arrayOf(tuple(pyobj.Int(3)), f8(), no, b(16)),
		"too many bytes":         arrayOf(tuple(pyobj.Int(1)), f8(), no, b(16)),
		"2^61 items":             arrayOf(tuple(pyobj.Int(1<<61)), f8(), no, b(0)),
		"product beyond 64 bits": arrayOf(tuple(pyobj.Int(1<<62), pyobj.Int(4)), f8(), no, b(0)),
		"items without bytes":    arrayOf(tuple(pyobj.Int(1<<40)), dtypeOf("V0", pyobj.Int(3), pyobj.Str("|"), none, none, none, pyobj.Int(0), pyobj.Int(1), pyobj.Int(0)), no, b(0)),
		"negative size":          arrayOf(tuple(pyobj.Int(-1)), f8(), no, b(0)),
		"shape of text":          arrayOf(tuple(pyobj.Str("1")), f8(), no, b(8)),
		"65 dimensions":          arrayOf(tuple(make([]pyobj.Value, 65)...), f8(), no, b(8)),
		"list for floats":        arrayOf(tuple(pyobj.Int(1)), f8(), no, &pyobj.List{Items: []pyobj.Value{none}}),
		"bytes for objects":      arrayOf(tuple(pyobj.Int(1)), dtypeOf("O8"), no, b(8)),
		"short list":             arrayOf(tuple(pyobj.Int(2)), dtypeOf("O8"), no, &pyobj.List{Items: []pyobj.Value{none}}),
		"no dtype":               arrayOf(tuple(pyobj.Int(1)), none, no, b(8)),
		"no state":               noState,
		"state of one":           short,
		"unknown dtype":          dtypeOf("z8"),
		"dtype of size 3":        dtypeOf("f3"),
		"dtype without end":      dtypeOf("f99999999999999999999"),
		"byte order":             dtypeOf("f8", pyobj.Int(3), pyobj.Str("?"), none, none, none, pyobj.Int(-1), pyobj.Int(-1), pyobj.Int(0)),
		"item of 2 GiB":          dtypeOf("V8", pyobj.Int(3), pyobj.Str("|"), none, none, none, pyobj.Int(1<<31), pyobj.Int(1), pyobj.Int(0)),
		"text of odd bytes":      dtypeOf("U1", pyobj.Int(3), pyobj.Str("<"), none, none, none, pyobj.Int(7), pyobj.Int(4), pyobj.Int(8)),
		"names without fields":   dtypeOf("V8", pyobj.Int(3), pyobj.Str("|"), none, tuple(pyobj.Str("a")), none, pyobj.Int(8), pyobj.Int(1), pyobj.Int(16)),
		"field outside":          dtypeOf("V8", pyobj.Int(3), pyobj.Str("|"), none, tuple(pyobj.Str("a")), &pyobj.Dict{Entries: []pyobj.Entry{{Key: pyobj.Str("a"), Value: tuple(f8(), pyobj.Int(4))}}}, pyobj.Int(8), pyobj.Int(1), pyobj.Int(16)),
		"field before":           dtypeOf("V8", pyobj.Int(3), pyobj.Str("|"), none, tuple(pyobj.Str("a")), &pyobj.Dict{Entries: []pyobj.Entry{{Key: pyobj.Str("a"), Value: tuple(f8(), pyobj.Int(-8))}}}, pyobj.Int(8), pyobj.Int(1), pyobj.Int(16)),
		"subarray too large":     dtypeOf("V8", pyobj.Int(3), pyobj.Str("|"), tuple(f8(), tuple(pyobj.Int(2))), none, none, pyobj.Int(8), pyobj.Int(1), pyobj.Int(0)),
		"date unit":              dtypeOf("M8", pyobj.Int(4), pyobj.Str("<"), none, none, none, pyobj.Int(-1), pyobj.Int(-1), pyobj.Int(0), tuple(none, none)),
		"scalar of 4 bytes":      call("numpy._core.multiarray", "scalar", f8(), b(4)),
		"latin-1 beyond":         call("_codecs", "encode", pyobj.Str("日"), pyobj.Str("latin1")),
		"buffer order":           call("numpy.core.numeric", "_frombuffer", b(8), f8(), tuple(pyobj.Int(1)), pyobj.Str("X")),
		"buffer size":            call("numpy.core.numeric", "_frombuffer", b(8), f8(), tuple(pyobj.Int(2)), pyobj.Str("C")),
		"axes too many":          call("numpy._core.numeric", "_frombuffer", b(8), f8(), tuple(pyobj.Int(1)), pyobj.Str("K"), tuple(pyobj.Int(0), pyobj.Int(1))),
		"axes twice":             call("numpy._core.numeric", "_frombuffer", b(32), f8(), tuple(pyobj.Int(2), pyobj.Int(2)), pyobj.Str("K"), tuple(pyobj.Int(0), pyobj.Int(0))),
	} {
		_, err := Fold(&pyobj.List{Items: []pyobj.Value{v}})
		var fe *FoldError
		if !errors.As(err, &fe) || !errors.Is(err, source.ErrCorrupt) || fe.Offset != 0x40 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What is not numpy's own stays a record of a call.
func TestFoldLeavesTheUnknown(t *testing.T) {
	popen := &pyobj.Global{Module: "subprocess", Name: "Popen"}
	for name, o := range map[string]*pyobj.Object{
		"class of an array": {Make: pyobj.Reduce, Class: &pyobj.Global{Module: "numpy.core.multiarray", Name: "_reconstruct"}, Args: []pyobj.Value{popen, tuple(pyobj.Int(0)), pyobj.Bytes("b")}},
		"masked array":      call("numpy.ma.core", "_mareconstruct", &pyobj.Global{Module: "numpy.ma", Name: "MaskedArray"}),
		"codec":             call("_codecs", "encode", pyobj.Str("x"), pyobj.Str("rot13")),
		"set of a call":     call("builtins", "set", call("os", "system")),
		"base of an object": call("copyreg", "_reconstructor", popen, popen, none),
		"another function":  call("numpy", "load", pyobj.Str("x")),
	} {
		v, err := Fold(o)
		if err != nil || v != pyobj.Value(o) || o.Make != pyobj.Reduce {
			t.Errorf("%s: %T, %v", name, v, err)
		}
	}
}

func TestMetadataIsKept(t *testing.T) {
	md := &pyobj.Dict{}
	md.Set(pyobj.Str("vlen"), &pyobj.Global{Module: "builtins", Name: "str"})
	v, err := Fold(dtypeOf("O8", pyobj.Int(4), pyobj.Str("|"), none, none, none, pyobj.Int(-1), pyobj.Int(-1), pyobj.Int(63), md))
	if err != nil {
		t.Fatal(err)
	}
	if d := v.(*pyobj.DType); d.Metadata != md {
		t.Error("metadata are lost")
	}
	r := Reducer{Protocol: 4}
	o, err := r.Reduce(v)
	if err != nil || len(o.State.(*pyobj.Tuple).Items) != 9 {
		t.Errorf("metadata are not written: %v", err)
	}
}

// numpy 1 reads a dtype's flags into a signed char.
func TestReducerWritesForNumpy1(t *testing.T) {
	d := &pyobj.DType{Kind: 'V', Size: 16, Order: '|', Align: true, Fields: []pyobj.Field{
		{Name: "a", DType: &pyobj.DType{Kind: 'i', Size: 1, Order: '|'}}, {Name: "b", DType: &pyobj.DType{Kind: 'f', Size: 8, Order: '<'}, Offset: 8}}}
	for core, want := range map[bool]pyobj.Int{true: -112, false: 144} {
		r := Reducer{Protocol: 4, Core: core}
		o, err := r.Reduce(d)
		if err != nil {
			t.Fatal(err)
		}
		s := o.State.(*pyobj.Tuple).Items
		if s[7] != want || s[6] != pyobj.Int(8) {
			t.Errorf("core %v: alignment %v, flags %v", core, s[6], s[7])
		}
	}
}

// A tree's nodes: unaligned, packed or padded, either byte order.
func TestRecords(t *testing.T) {
	for _, big := range []bool{false, true} {
		ord, o := byte('<'), binary.ByteOrder(binary.LittleEndian)
		if big {
			ord, o = '>', binary.BigEndian
		}
		d := &pyobj.DType{Kind: 'V', Size: 23, Order: '|', Fields: []pyobj.Field{
			{Name: "flag", DType: &pyobj.DType{Kind: 'u', Size: 1, Order: '|'}, Offset: 0},
			{Name: "value", DType: &pyobj.DType{Kind: 'f', Size: 8, Order: ord}, Offset: 1},
			{Name: "left", DType: &pyobj.DType{Kind: 'i', Size: 8, Order: ord}, Offset: 9},
			{Name: "small", DType: &pyobj.DType{Kind: 'f', Size: 4, Order: ord}, Offset: 17},
			{Name: "kind", DType: &pyobj.DType{Kind: 'b', Size: 1, Order: '|'}, Offset: 21},
		}}
		data := make([]byte, 3*23)
		for i := 0; i < 3; i++ {
			p := data[i*23:]
			p[0] = byte(200 + i)
			o.PutUint64(p[1:], math.Float64bits(float64(i)+0.5))
			o.PutUint64(p[9:], uint64(int64(-i)))
			o.PutUint32(p[17:], math.Float32bits(float32(i)/4))
			p[21] = byte(i & 1)
		}
		r, err := NewRecords(&pyobj.Array{DType: d, Shape: []int{3}, Data: data})
		if err != nil {
			t.Fatal(err)
		}
		column := func(name string) Column {
			c, err := r.Column(name)
			if err != nil {
				t.Fatal(err)
			}
			return c
		}
		if got := column("value").Floats(); !reflect.DeepEqual(got, []float64{0.5, 1.5, 2.5}) {
			t.Errorf("value %v", got)
		}
		if got := column("left").Ints(); !reflect.DeepEqual(got, []int64{0, -1, -2}) {
			t.Errorf("left %v", got)
		}
		if got := column("small").Floats(); !reflect.DeepEqual(got, []float64{0, 0.25, 0.5}) {
			t.Errorf("small %v", got)
		}
		if got := column("flag").Ints(); !reflect.DeepEqual(got, []int64{200, 201, 202}) {
			t.Errorf("flag %v", got)
		}
		if got := r.Unread(); !reflect.DeepEqual(got, []string{"kind"}) {
			t.Errorf("unread %v", got)
		}
		if _, err := r.Column("none"); err == nil {
			t.Error("a field that is not there")
		}
		if _, err := NewRecords(&pyobj.Array{DType: d, Shape: []int{4}, Data: data}); err == nil {
			t.Error("an array with too few bytes")
		}
	}
}
