//go:build !amd64

package exec

const hasAVX = false

func tile4x8AVX(int, *float64, *float64, *[32]float64) {}
func tile8x4AVX(int, *float64, *float64, *[32]float64) {}
func tile1x8AVX(int, *float64, *float64, *[32]float64) {}
