package numpy

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/tensor"
)

// Tensor converts an array to native byte order and C order. Little-endian aligned C-order data of the types
// float64, float32 and int64 is viewed, not copied. Object arrays become cells; structured arrays are refused.
func Tensor(a *pyobj.Array) (*tensor.Tensor, error) {
	n, err := count(a)
	if err != nil {
		return nil, err
	}
	t := &tensor.Tensor{Shape: append([]int{}, a.Shape...)}
	d := a.DType
	if d.Kind == 'O' {
		if len(a.Objects) != n {
			return nil, fmt.Errorf("numpy: object array of shape %v holds %d items", a.Shape, len(a.Objects))
		}
		t.DType = tensor.Object
		t.Cells = make([]tensor.Cell, n)
		for i, v := range order(a, a.Objects) {
			c, ok := cell(v)
			if !ok {
				return nil, fmt.Errorf("numpy: item %d of an object array is no plain value", i)
			}
			t.Cells[i] = c
		}
		return t, nil
	}
	if d.Sub != nil || len(d.Fields) > 0 || d.Size <= 0 && d.Kind != 'U' && d.Kind != 'S' {
		return nil, fmt.Errorf("numpy: dtype %s is no plain element type", d.Code())
	}
	if d.Size > 0 && len(a.Data) != n*d.Size {
		return nil, fmt.Errorf("numpy: %d bytes for shape %v of %s", len(a.Data), a.Shape, d.Code())
	}
	cOrder := !a.Fortran || len(a.Shape) < 2
	big := d.Order == '>'
	switch d.Kind {
	case 'f':
		switch d.Size {
		case 8:
			t.DType = tensor.Float64
			if v, ok := tensor.ViewF64(a.Data); ok && !big {
				t.F64 = v
			} else {
				t.F64 = decode(a.Data, n, 8, big, func(b []byte, o binary.ByteOrder) float64 { return math.Float64frombits(o.Uint64(b)) })
			}
			if !cOrder {
				t.F64 = order(a, t.F64)
			}
		case 4:
			t.DType = tensor.Float32
			if v, ok := tensor.ViewF32(a.Data); ok && !big {
				t.F32 = v
			} else {
				t.F32 = decode(a.Data, n, 4, big, func(b []byte, o binary.ByteOrder) float32 { return math.Float32frombits(o.Uint32(b)) })
			}
			if !cOrder {
				t.F32 = order(a, t.F32)
			}
		case 2:
			t.DType = tensor.Float16
			t.F32 = order(a, decode(a.Data, n, 2, big, func(b []byte, o binary.ByteOrder) float32 { return HalfFloat(o.Uint16(b)) }))
		default:
			return nil, fmt.Errorf("numpy: dtype %s is not supported", d.Code())
		}
	case 'i', 'u':
		t.DType = intType(d)
		if t.DType == tensor.Invalid {
			return nil, fmt.Errorf("numpy: dtype %s is not supported", d.Code())
		}
		if v, ok := tensor.ViewI64(a.Data); ok && d.Size == 8 && !big {
			t.I64 = v
		} else {
			t.I64 = decode(a.Data, n, d.Size, big, func(b []byte, o binary.ByteOrder) int64 { return integer(b, o, d.Kind == 'i') })
		}
		if !cOrder {
			t.I64 = order(a, t.I64)
		}
	case 'b':
		t.DType = tensor.Bool
		t.U8 = make([]uint8, n)
		for i, b := range order(a, a.Data) {
			if b != 0 {
				t.U8[i] = 1
			}
		}
	case 'U':
		t.DType = tensor.String
		t.Str = make([]string, n)
		for i := range t.Str {
			t.Str[i] = ucs4(a.Data[i*d.Size:(i+1)*d.Size], big)
		}
		t.Str = order(a, t.Str)
	case 'S':
		if d.Text {
			t.DType = tensor.String
			t.Str = make([]string, n)
			for i := range t.Str {
				t.Str[i], _ = pyobj.Text(pyobj.Py2Str(strings.TrimRight(string(a.Data[i*d.Size:(i+1)*d.Size]), "\x00")))
			}
			t.Str = order(a, t.Str)
			break
		}
		t.DType = tensor.Object
		t.Cells = make([]tensor.Cell, n)
		for i := range t.Cells {
			t.Cells[i] = tensor.Cell{Kind: tensor.CellBytes, S: strings.TrimRight(string(a.Data[i*d.Size:(i+1)*d.Size]), "\x00")}
		}
		t.Cells = order(a, t.Cells)
	default:
		return nil, fmt.Errorf("numpy: dtype %s is not supported", d.Code())
	}
	return t, nil
}

// Items returns an array's items as a Python loop over it would: scalars of a one-dimensional array, rows of a larger
// one. An object array is flattened in C order.
func Items(a *pyobj.Array) ([]pyobj.Value, error) {
	n, err := count(a)
	if err != nil {
		return nil, err
	}
	if a.DType.Kind == 'O' {
		if len(a.Objects) != n {
			return nil, fmt.Errorf("numpy: object array of shape %v holds %d items", a.Shape, len(a.Objects))
		}
		return order(a, a.Objects), nil
	}
	if len(a.Shape) == 0 {
		return nil, fmt.Errorf("numpy: iteration over a 0-d array")
	}
	if len(a.Data) != n*a.DType.Size {
		return nil, fmt.Errorf("numpy: %d bytes for shape %v of %s", len(a.Data), a.Shape, a.DType.Code())
	}
	out := make([]pyobj.Value, a.Shape[0])
	if len(a.Shape) == 1 {
		for i := range out {
			out[i] = &pyobj.Scalar{DType: a.DType, Data: a.Data[i*a.DType.Size : (i+1)*a.DType.Size]}
		}
		return out, nil
	}
	data := a.Data
	if a.Fortran {
		data = make([]byte, 0, len(a.Data))
		at := make([]int, n)
		for i := range at {
			at[i] = i
		}
		for _, i := range order(a, at) {
			data = append(data, a.Data[i*a.DType.Size:(i+1)*a.DType.Size]...)
		}
	}
	row := 0
	if a.Shape[0] > 0 {
		row = len(data) / a.Shape[0]
	}
	for i := range out {
		out[i] = &pyobj.Array{DType: a.DType, Shape: a.Shape[1:], Data: data[i*row : (i+1)*row], Offset: -1}
	}
	return out, nil
}

// count returns the number of elements, refusing negative and overflowing shapes.
func count(a *pyobj.Array) (int, error) {
	if a.DType == nil {
		return 0, fmt.Errorf("numpy: array without a dtype")
	}
	n := 1
	for _, d := range a.Shape {
		if d < 0 || (d > 0 && n > math.MaxInt/d) {
			return 0, fmt.Errorf("numpy: shape %v is impossible", a.Shape)
		}
		n *= d
	}
	if a.DType.Size > 0 && n > math.MaxInt/a.DType.Size {
		return 0, fmt.Errorf("numpy: shape %v is impossible", a.Shape)
	}
	return n, nil
}

// COrder returns the items of an object array in C order.
func COrder(a *pyobj.Array) []pyobj.Value { return order(a, a.Objects) }

// InOrder returns the bytes of an array in Fortran or in C order.
func InOrder(a *pyobj.Array, fortran bool) ([]byte, error) {
	if err := Fits(a.DType, a.Shape, int64(len(a.Data))); err != nil {
		return nil, err
	}
	size := a.DType.Size
	if a.Fortran == fortran || len(a.Shape) < 2 || size == 0 {
		return a.Data, nil
	}
	at := make([]int, len(a.Data)/size) // where each item stands
	for i := range at {
		at[i] = i
	}
	view := *a
	if fortran { // C order of the reversed shape read as Fortran is the transposed
		view.Shape = slices.Clone(a.Shape)
		slices.Reverse(view.Shape)
	}
	view.Fortran = true
	out := make([]byte, 0, len(a.Data))
	for _, i := range order(&view, at) {
		out = append(out, a.Data[i*size:(i+1)*size]...)
	}
	return out, nil
}

// order returns items in C order.
func order[T any](a *pyobj.Array, items []T) []T {
	if !a.Fortran || len(a.Shape) < 2 || len(items) == 0 {
		return items
	}
	out := make([]T, len(items))
	stride := make([]int, len(a.Shape))
	s := 1
	for i := range a.Shape {
		stride[i] = s
		s *= a.Shape[i]
	}
	index := make([]int, len(a.Shape))
	at := 0
	for i := range out {
		out[i] = items[at]
		for k := len(index) - 1; k >= 0; k-- {
			index[k]++
			at += stride[k]
			if index[k] < a.Shape[k] {
				break
			}
			at -= stride[k] * a.Shape[k]
			index[k] = 0
		}
	}
	return out
}

func decode[T any](data []byte, n, size int, big bool, f func([]byte, binary.ByteOrder) T) []T {
	var o binary.ByteOrder = binary.LittleEndian
	if big {
		o = binary.BigEndian
	}
	out := make([]T, n)
	for i := range out {
		out[i] = f(data[i*size:(i+1)*size], o)
	}
	return out
}

func integer(b []byte, o binary.ByteOrder, signed bool) int64 {
	switch len(b) {
	case 1:
		if signed {
			return int64(int8(b[0]))
		}
		return int64(b[0])
	case 2:
		if signed {
			return int64(int16(o.Uint16(b)))
		}
		return int64(o.Uint16(b))
	case 4:
		if signed {
			return int64(int32(o.Uint32(b)))
		}
		return int64(o.Uint32(b))
	}
	return int64(o.Uint64(b))
}

func intType(d *pyobj.DType) tensor.DType {
	signed := d.Kind == 'i'
	switch {
	case d.Size == 8 && signed:
		return tensor.Int64
	case d.Size == 4 && signed:
		return tensor.Int32
	case d.Size == 2 && signed:
		return tensor.Int16
	case d.Size == 1 && signed:
		return tensor.Int8
	case d.Size == 8:
		return tensor.Uint64
	case d.Size == 4:
		return tensor.Uint32
	case d.Size == 2:
		return tensor.Uint16
	case d.Size == 1:
		return tensor.Uint8
	}
	return tensor.Invalid
}

// HalfBits gives a float32 that is a half-precision number, as the values of Float16 tensors are, in its 16 bits.
func HalfBits(f float32) uint16 {
	b := math.Float32bits(f)
	sign := uint16(b >> 16 & 0x8000)
	switch a := math.Abs(float64(f)); {
	case a != a:
		return sign | 0x7e00
	case math.IsInf(a, 0):
		return sign | 0x7c00
	case a < 1.0/(1<<14): // subnormal: counted in units of 2⁻²⁴
		return sign | uint16(a*(1<<24))
	}
	return sign | uint16(b>>13&0x3ff) | uint16(b>>23&0xff-112)<<10
}

// HalfFloat widens an IEEE half-precision number.
func HalfFloat(h uint16) float32 {
	sign := uint32(h>>15) << 31
	exp := uint32(h>>10) & 0x1f
	frac := uint32(h) & 0x3ff
	switch exp {
	case 0:
		f := float32(frac) / (1 << 24)
		if sign != 0 {
			f = -f
		}
		return f
	case 0x1f:
		return math.Float32frombits(sign | 0x7f800000 | frac<<13)
	}
	return math.Float32frombits(sign | (exp+112)<<23 | frac<<13)
}

// ucs4 decodes numpy's fixed-width text, trailing NULs cut off. A code point outside Unicode becomes U+FFFD.
func ucs4(b []byte, big bool) string {
	var o binary.ByteOrder = binary.LittleEndian
	if big {
		o = binary.BigEndian
	}
	n := len(b) / 4
	for n > 0 && o.Uint32(b[(n-1)*4:]) == 0 {
		n--
	}
	var s strings.Builder
	for i := 0; i < n; i++ {
		r := rune(o.Uint32(b[i*4:]))
		if r < 0 || r > utf8.MaxRune {
			r = utf8.RuneError
		}
		s.WriteRune(r)
	}
	return s.String()
}

// cell turns a plain Python value into a Cell.
func cell(v pyobj.Value) (tensor.Cell, bool) {
	switch x := v.(type) {
	case pyobj.None:
		return tensor.Cell{}, true
	case pyobj.Bool:
		return tensor.BoolCell(bool(x)), true
	case pyobj.Int:
		return tensor.IntCell(int64(x)), true
	case pyobj.Float:
		return tensor.FloatCell(float64(x)), true
	case pyobj.Str, pyobj.Py2Str:
		s, _ := pyobj.Text(v)
		return tensor.StrCell(s), true
	case pyobj.Bytes:
		return tensor.Cell{Kind: tensor.CellBytes, S: string(x)}, true
	case *pyobj.Scalar:
		if x.DType == nil {
			return tensor.Cell{}, false
		}
		if x.DType.Kind == 'O' {
			return cell(x.Obj)
		}
		t, err := Tensor(&pyobj.Array{DType: x.DType, Shape: []int{}, Data: x.Data})
		if err != nil {
			return tensor.Cell{}, false
		}
		return t.Cell(0), true
	}
	return tensor.Cell{}, false
}
