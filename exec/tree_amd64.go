package exec

// walkNearAVX2 walks n trees, a multiple of 4, side by side: at[j] goes down the tree that begins at near[base[j]].
//
//go:noescape
func walkNearAVX2(near, base, at *int64, n int, x *int64, depth int)
