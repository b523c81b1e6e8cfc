//go:build !amd64

package exec

const hasAVX = false

func tile4x8AVX(int, *float64, *float64, *[32]float64) {}
func tile8x4AVX(int, *float64, *float64, *[32]float64) {}
func tile1x8AVX(int, *float64, *float64, *[32]float64) {}
func addAVX(o, x, y *float64, n int)                   {}
func addScalarAVX(o, x *float64, y float64, n int)     {}
func subAVX(o, x, y *float64, n int)                   {}
func subScalarAVX(o, x *float64, y float64, n int)     {}
func mulAVX(o, x, y *float64, n int)                   {}
func mulScalarAVX(o, x *float64, y float64, n int)     {}
func divAVX(o, x, y *float64, n int)                   {}
func divScalarAVX(o, x *float64, y float64, n int)     {}
func finiteAVX(x *float64, n int) bool                 { return false }
