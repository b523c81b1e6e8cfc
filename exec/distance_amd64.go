package exec

// far4x8AVX writes the squared distances of 4 rows of k elements to a strip of k x 8, without fused steps.
//
//go:noescape
func far4x8AVX(k int, x, strip *float64, out *[32]float64)

// far4x8AVX512 is far4x8AVX with a bit for each distance that is less than its row's bound.
//
//go:noescape
func far4x8AVX512(k int, x, strip *float64, out *[32]float64, below *[4]float64) uint32

// far1x8AVX writes the squared distances of one row of k elements to a strip of k x 8.
//
//go:noescape
func far1x8AVX(k int, x, strip *float64, out *[8]float64)
