package tensor

import "unsafe"

// ViewF64 returns b as float64s without copying when b is aligned, its length a multiple of eight and the
// machine little-endian; else false. The view is as mutable as b: do not write to it.
func ViewF64(b []byte) ([]float64, bool) { return view[float64](b) }

// ViewF32 is ViewF64 for float32.
func ViewF32(b []byte) ([]float32, bool) { return view[float32](b) }

// ViewI64 is ViewF64 for int64.
func ViewI64(b []byte) ([]int64, bool) { return view[int64](b) }

// ViewI32 is ViewF64 for int32.
func ViewI32(b []byte) ([]int32, bool) { return view[int32](b) }

func view[T float64 | float32 | int64 | int32](b []byte) ([]T, bool) {
	var zero T
	size := int(unsafe.Sizeof(zero))
	if len(b)%size != 0 || !littleEndian() {
		return nil, false
	}
	if len(b) == 0 {
		return []T{}, true
	}
	p := unsafe.Pointer(unsafe.SliceData(b))
	if uintptr(p)%unsafe.Alignof(zero) != 0 {
		return nil, false
	}
	return unsafe.Slice((*T)(p), len(b)/size), true
}

func littleEndian() bool {
	x := uint16(1)
	return *(*byte)(unsafe.Pointer(&x)) == 1
}

// Start gives where a string's bytes are in memory: strings of one length and one start are copies of one string.
func Start(s string) *byte { return unsafe.StringData(s) }
