package exec

// hasAVX2 reports AVX2's integers and gathers beside the registers.
var hasAVX2 = hasAVX && avx2()

func avx2() bool

// hasAVX512 reports registers of 512 bits, of the processor and the system.
var hasAVX512 = hasAVX2 && avx512()

func avx512() bool

//go:noescape
func addAVX(o, x, y *float64, n int)

//go:noescape
func addScalarAVX(o, x *float64, y float64, n int)

//go:noescape
func subAVX(o, x, y *float64, n int)

//go:noescape
func subScalarAVX(o, x *float64, y float64, n int)

//go:noescape
func mulAVX(o, x, y *float64, n int)

//go:noescape
func mulScalarAVX(o, x *float64, y float64, n int)

//go:noescape
func divAVX(o, x, y *float64, n int)

//go:noescape
func divScalarAVX(o, x *float64, y float64, n int)

//go:noescape
func finiteAVX(x *float64, n int) bool

//go:noescape
func reluAVX(o, x *float64, n int)

//go:noescape
func expAVX2(o, x *float64, n int, table *uint64, k *[9]float64) int

//go:noescape
func add32AVX(o, x, y *float32, n int)

//go:noescape
func add32ScalarAVX(o, x *float32, y float32, n int)

//go:noescape
func sub32AVX(o, x, y *float32, n int)

//go:noescape
func sub32ScalarAVX(o, x *float32, y float32, n int)

//go:noescape
func mul32AVX(o, x, y *float32, n int)

//go:noescape
func mul32ScalarAVX(o, x *float32, y float32, n int)

//go:noescape
func div32AVX(o, x, y *float32, n int)

//go:noescape
func div32ScalarAVX(o, x *float32, y float32, n int)

//go:noescape
func relu32AVX(o, x *float32, n int)
