package exec

import (
	"math"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/tensor"
)

// number is what arithmetic runs on: the storages of tensors.
type number interface{ float64 | float32 | int64 }

// toF64 writes a numeric tensor as float64s.
func toF64(dst []float64, t *tensor.Tensor) {
	switch t.DType.Storage() {
	case tensor.F64:
		copy(dst, t.F64)
	case tensor.F32:
		for i, v := range t.F32 {
			dst[i] = float64(v)
		}
	case tensor.I64:
		if t.DType == tensor.Uint64 {
			for i, v := range t.I64 {
				dst[i] = float64(uint64(v))
			}
			return
		}
		for i, v := range t.I64 {
			dst[i] = float64(v)
		}
	case tensor.U8:
		for i, v := range t.U8 {
			dst[i] = float64(v)
		}
	}
}

// toF32 writes a numeric tensor as float32s, each rounded once.
func toF32(dst []float32, t *tensor.Tensor) {
	switch t.DType.Storage() {
	case tensor.F64:
		for i, v := range t.F64 {
			dst[i] = float32(v)
		}
	case tensor.F32:
		copy(dst, t.F32)
	case tensor.I64:
		if t.DType == tensor.Uint64 {
			for i, v := range t.I64 {
				dst[i] = float32(uint64(v))
			}
			return
		}
		for i, v := range t.I64 {
			dst[i] = float32(v)
		}
	case tensor.U8:
		for i, v := range t.U8 {
			dst[i] = float32(v)
		}
	}
}

// toI64 writes a numeric tensor as integers; floats are truncated, what does not fit becomes the smallest integer.
func toI64(dst []int64, t *tensor.Tensor) {
	switch t.DType.Storage() {
	case tensor.F64:
		for i, v := range t.F64 {
			dst[i] = truncate(v)
		}
	case tensor.F32:
		for i, v := range t.F32 {
			dst[i] = truncate(float64(v))
		}
	case tensor.I64:
		copy(dst, t.I64)
	case tensor.U8:
		for i, v := range t.U8 {
			dst[i] = int64(v)
		}
	}
}

func truncate(v float64) int64 {
	if v >= -1<<63 && v < 1<<63 {
		return int64(v)
	}
	return math.MinInt64
}

// toU8 writes a numeric tensor as truth values.
func toU8(dst []uint8, t *tensor.Tensor) {
	switch t.DType.Storage() {
	case tensor.F64:
		for i, v := range t.F64 {
			dst[i] = truth(v != 0)
		}
	case tensor.F32:
		for i, v := range t.F32 {
			dst[i] = truth(v != 0)
		}
	case tensor.I64:
		for i, v := range t.I64 {
			dst[i] = truth(v != 0)
		}
	case tensor.U8:
		copy(dst, t.U8)
	}
}

func truth(b bool) uint8 {
	if b {
		return 1
	}
	return 0
}

// asF64 returns a numeric tensor's elements as float64: its own, or converted in scratch memory.
func asF64(c *call, t *tensor.Tensor) []float64 {
	if t.DType == tensor.Float64 {
		return t.F64
	}
	d := c.f64s(t.Len())
	toF64(d, t)
	return d
}

// asF32 is asF64 for float32.
func asF32(c *call, t *tensor.Tensor) []float32 {
	if t.DType.Storage() == tensor.F32 {
		return t.F32
	}
	d := c.f32s(t.Len())
	toF32(d, t)
	return d
}

// asI64 is asF64 for integers.
func asI64(c *call, t *tensor.Tensor) []int64 {
	if t.DType.Storage() == tensor.I64 {
		return t.I64
	}
	d := c.i64s(t.Len())
	toI64(d, t)
	return d
}

// asU8 is asF64 for truth values.
func asU8(c *call, t *tensor.Tensor) []uint8 {
	if t.DType == tensor.Bool {
		return t.U8
	}
	d := c.bytes(t.Len())
	toU8(d, t)
	return d
}

// operand reads an input as elements of one storage. Constants are converted once.
type operand[T any] struct {
	at    int
	fixed []T
	load  func(*call, *tensor.Tensor) []T
}

func newOperand[T any](n *node, at int, load func(*call, *tensor.Tensor) []T) operand[T] {
	o := operand[T]{at: at, load: load}
	if t := n.constant(at); t != nil && t.DType.IsNumeric() {
		o.fixed = load(&call{}, t)
	}
	return o
}

func (o *operand[T]) get(c *call) []T {
	if o.fixed != nil {
		return o.fixed
	}
	return o.load(c, c.dense(o.at))
}

// operandData is the elements of a dense or CSR input.
func operandData(v tensor.Value) *tensor.Tensor {
	if v.CSR != nil {
		return v.CSR.Data
	}
	return v.Dense
}

// computeStorage is the storage arithmetic of a dtype runs in; bools count as integers.
func computeStorage(d tensor.DType) tensor.Storage {
	if s := d.Storage(); s != tensor.U8 {
		return s
	}
	return tensor.I64
}

// wrap cuts integers to the width of their type.
func wrap(d tensor.DType, s []int64) {
	switch d {
	case tensor.Int32:
		for i, v := range s {
			s[i] = int64(int32(v))
		}
	case tensor.Int16:
		for i, v := range s {
			s[i] = int64(int16(v))
		}
	case tensor.Int8:
		for i, v := range s {
			s[i] = int64(int8(v))
		}
	case tensor.Uint32:
		for i, v := range s {
			s[i] = int64(uint32(v))
		}
	case tensor.Uint16:
		for i, v := range s {
			s[i] = int64(uint16(v))
		}
	case tensor.Uint8:
		for i, v := range s {
			s[i] = int64(uint8(v))
		}
	}
}

// roundHalf rounds float32s to the nearest float16.
func roundHalf(s []float32) {
	for i, v := range s {
		s[i] = tensor.Half(float64(v))
	}
}

// finish makes what a kernel computed in the storage of its dtype valid: integers wrapped, halves rounded.
func finish(t *tensor.Tensor) {
	switch t.DType {
	case tensor.Float16:
		roundHalf(t.F32)
	case tensor.Float64, tensor.Float32, tensor.Int64, tensor.Uint64, tensor.Bool, tensor.String, tensor.Object:
	default:
		wrap(t.DType, t.I64)
	}
}

// sink64 and its kin return where a result computed in another storage than the output's goes, and what stores it.
func storeF64(t *tensor.Tensor, s []float64) {
	src := tensor.Tensor{DType: tensor.Float64, F64: s}
	convert(t, &src)
}

func storeF32(t *tensor.Tensor, s []float32) {
	src := tensor.Tensor{DType: tensor.Float32, F32: s}
	convert(t, &src)
}

func storeI64(t *tensor.Tensor, s []int64) {
	src := tensor.Tensor{DType: tensor.Int64, I64: s}
	convert(t, &src)
}

// convert casts between numeric tensors of one length.
func convert(dst, src *tensor.Tensor) {
	switch dst.DType.Storage() {
	case tensor.F64:
		toF64(dst.F64, src)
	case tensor.F32:
		if dst.DType == tensor.Float16 && src.DType == tensor.Float64 { // rounded once
			for i, v := range src.F64 {
				dst.F32[i] = tensor.Half(v)
			}
			return
		}
		toF32(dst.F32, src)
	case tensor.I64:
		if dst.DType == tensor.Uint64 && src.DType.IsFloat() {
			for i := range dst.I64 {
				switch v, _ := src.Float(i); { // x86's answer to what does not fit
				case v >= 1<<64:
					dst.I64[i] = 0
				case v >= 1<<63:
					dst.I64[i] = int64(uint64(v))
				default:
					dst.I64[i] = truncate(v)
				}
			}
			return
		}
		toI64(dst.I64, src)
		if w := dst.DType; w == tensor.Int32 && src.DType.IsFloat() {
			for i, v := range dst.I64 {
				if v != int64(int32(v)) { // x86's answer to what does not fit
					dst.I64[i] = math.MinInt32
				}
			}
		}
	case tensor.U8:
		toU8(dst.U8, src)
	}
	finish(dst)
}

// spread walks the broadcast of several operands: collapsed output dimensions, and per operand whether it varies along.
type spread struct {
	dims []int    // graph.N for the rows; at most one
	mul  []int    // elements per step of dims[i] when it is N merged with others
	vary [][]bool // by dimension, by operand
	k    int
}

// newSpread plans the broadcast of operand shapes to an output shape.
func newSpread(out []int, ops ...[]int) *spread {
	s := &spread{k: len(ops)}
	for d, size := range out {
		if size == 1 {
			continue
		}
		vary := make([]bool, len(ops))
		for i, o := range ops {
			if j := d - (len(out) - len(o)); j >= 0 {
				vary[i] = o[j] != 1
			}
		}
		last := len(s.dims) - 1
		if last >= 0 && equalBools(s.vary[last], vary) {
			if s.dims[last] == graph.N {
				s.mul[last] *= size
			} else if size == graph.N {
				s.mul[last] = s.dims[last]
				s.dims[last] = graph.N
			} else {
				s.dims[last] *= size
			}
			continue
		}
		s.dims, s.mul, s.vary = append(s.dims, size), append(s.mul, 1), append(s.vary, vary)
	}
	if len(s.dims) == 0 {
		vary := make([]bool, len(ops))
		for i := range vary {
			vary[i] = true
		}
		s.dims, s.mul, s.vary = []int{1}, []int{1}, [][]bool{vary}
	}
	return s
}

func equalBools(a, b []bool) bool {
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// size returns the number of steps of dimension d.
func (s *spread) size(d, rows int) int {
	if s.dims[d] == graph.N {
		return rows * s.mul[d]
	}
	return s.dims[d]
}

// flat reports a single run over all elements.
func (s *spread) flat() bool { return len(s.dims) == 1 }

// each calls run for every innermost run: the output offset, the operands' offsets and the run's length. Operands that
// do not vary in the run keep one element.
func (s *spread) each(rows int, run func(at int, off [3]int, n int)) {
	last := len(s.dims) - 1
	inner := s.size(last, rows)
	var count, step [8]int
	var strides [8][3]int
	block := [3]int{}
	for i := range s.k {
		block[i] = 1
		if s.vary[last][i] {
			block[i] = inner
		}
	}
	total := 1
	for d := last - 1; d >= 0; d-- {
		count[d] = s.size(d, rows)
		total *= count[d]
		for i := range s.k {
			if s.vary[d][i] {
				strides[d][i] = block[i]
				block[i] *= count[d]
			}
		}
	}
	if inner == 0 {
		return
	}
	// The last dimension but one is a plain loop.
	rows1 := 1
	var stride1 [3]int
	if last > 0 {
		rows1, stride1 = count[last-1], strides[last-1]
		if rows1 == 0 {
			return
		}
		total /= rows1
	}
	var base [3]int
	at := 0
	for t := 0; t < total; t++ {
		off := base
		for range rows1 {
			run(at, off, inner)
			at += inner
			off[0] += stride1[0]
			off[1] += stride1[1]
			off[2] += stride1[2]
		}
		for d := last - 2; d >= 0; d-- {
			step[d]++
			for i := range s.k {
				base[i] += strides[d][i]
			}
			if step[d] < count[d] {
				break
			}
			for i := range s.k {
				base[i] -= strides[d][i] * count[d]
			}
			step[d] = 0
		}
	}
}
