package exec

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
