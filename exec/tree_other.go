//go:build !amd64

package exec

func walkNearAVX2(near, base, at *int64, n int, x *int64, depth int)   {}
func walkRowsAVX512(near, x *int64, stride, depth int, leaf *int64)    {}
func walkNearAVX512(near, base, at *int64, n int, x *int64, depth int) {}
