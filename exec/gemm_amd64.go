package exec

// hasAVX reports 256-bit registers of the processor and the system.
var hasAVX = avx()

func avx() bool

// tile4x8AVX writes the product of 4 rows of k elements and a strip of k x 8, without fused steps; rows of out are
// stride elements apart.
//
//go:noescape
func tile4x8AVX(k int, x, strip, out *float64, stride int)

// tile8x8AVX512 writes the product of 8 rows of k elements and a strip of k x 8.
//
//go:noescape
func tile8x8AVX512(k int, x, strip, out *float64, stride int)

// tile8x4AVX writes the product of 8 rows of k elements and a strip of k x 4.
//
//go:noescape
func tile8x4AVX(k int, x, strip, out *float64, stride int)

// tile1x8AVX writes the product of one row of k elements and a strip of k x 8.
//
//go:noescape
func tile1x8AVX(k int, x, strip, out *float64)

// tile4x16AVX writes the product of 4 rows of k elements and a strip of k x 16.
//
//go:noescape
func tile4x16AVX(k int, x, strip, out *float32, stride int)

// tile8x16AVX512 writes the product of 8 rows of k elements and a strip of k x 16.
//
//go:noescape
func tile8x16AVX512(k int, x, strip, out *float32, stride int)

// tile8x8AVX writes the product of 8 rows of k elements and a strip of k x 8.
//
//go:noescape
func tile8x8AVX(k int, x, strip, out *float32, stride int)

// tile1x16AVX writes the product of one row of k elements and a strip of k x 16.
//
//go:noescape
func tile1x16AVX(k int, x, strip, out *float32)
