//go:build !amd64

package exec

const hasAVX, hasAVX2, hasAVX512 = false, false, false

func tile4x8AVX(k int, x, strip, out *float64, stride int)           {}
func tile8x8AVX512(k int, x, strip, out *float64, stride int)        {}
func tile8x4AVX(k int, x, strip, out *float64, stride int)           {}
func tile1x8AVX(k int, x, strip, out *float64)                       {}
func addAVX(o, x, y *float64, n int)                                 {}
func addScalarAVX(o, x *float64, y float64, n int)                   {}
func subAVX(o, x, y *float64, n int)                                 {}
func subScalarAVX(o, x *float64, y float64, n int)                   {}
func mulAVX(o, x, y *float64, n int)                                 {}
func mulScalarAVX(o, x *float64, y float64, n int)                   {}
func divAVX(o, x, y *float64, n int)                                 {}
func divScalarAVX(o, x *float64, y float64, n int)                   {}
func finiteAVX(x *float64, n int) bool                               { return false }
func reluAVX(o, x *float64, n int)                                   {}
func expAVX2(o, x *float64, n int, table *uint64, k *[9]float64) int { return 0 }
func add32AVX(o, x, y *float32, n int)                               {}
func add32ScalarAVX(o, x *float32, y float32, n int)                 {}
func sub32AVX(o, x, y *float32, n int)                               {}
func sub32ScalarAVX(o, x *float32, y float32, n int)                 {}
func mul32AVX(o, x, y *float32, n int)                               {}
func mul32ScalarAVX(o, x *float32, y float32, n int)                 {}
func div32AVX(o, x, y *float32, n int)                               {}
func div32ScalarAVX(o, x *float32, y float32, n int)                 {}
func relu32AVX(o, x *float32, n int)                                 {}
func tile4x16AVX(k int, x, strip, out *float32, stride int)          {}
func tile8x16AVX512(k int, x, strip, out *float32, stride int)       {}
func tile8x8AVX(k int, x, strip, out *float32, stride int)           {}
func tile1x16AVX(k int, x, strip, out *float32)                      {}
