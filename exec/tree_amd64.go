package exec

// walkNearAVX2 walks n trees, a multiple of 4, side by side: at[j] goes down the tree that begins at near[base[j]].
//
//go:noescape
func walkNearAVX2(near, base, at *int64, n int, x *int64, depth int)

// walkRowsAVX512 walks 32 rows, four groups of keys that are stride bytes apart, down the tree at near. leaf gets the
// leaves' numbers.
//
//go:noescape
func walkRowsAVX512(near, x *int64, stride, depth int, leaf *int64)

// walkNearAVX512 is walkNearAVX2 for n a multiple of 8.
//
//go:noescape
func walkNearAVX512(near, base, at *int64, n int, x *int64, depth int)
