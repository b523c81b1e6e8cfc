//go:build !amd64

package exec

func far4x8AVX(int, *float64, *float64, *[32]float64)                        {}
func far1x8AVX(int, *float64, *float64, *[8]float64)                         {}
func far4x8AVX512(int, *float64, *float64, *[32]float64, *[4]float64) uint32 { return 0 }
