//go:build !amd64

package exec

const hasAVX, hasAVX2 = false, false

func tile4x8AVX(k int, x, strip, out *float64, stride int)            {}
func tile8x4AVX(k int, x, strip, out *float64, stride int)            {}
func tile1x8AVX(k int, x, strip, out *float64)                        {}
func addAVX(o, x, y *float64, n int)                                  {}
func addScalarAVX(o, x *float64, y float64, n int)                    {}
func subAVX(o, x, y *float64, n int)                                  {}
func subScalarAVX(o, x *float64, y float64, n int)                    {}
func mulAVX(o, x, y *float64, n int)                                  {}
func mulScalarAVX(o, x *float64, y float64, n int)                    {}
func divAVX(o, x, y *float64, n int)                                  {}
func divScalarAVX(o, x *float64, y float64, n int)                    {}
func finiteAVX(x *float64, n int) bool                                { return false }
func reluAVX(o, x *float64, n int)                                    {}
func expAVX2(o, x *float64, n int, table *uint64, k *[10]float64) int { return 0 }
