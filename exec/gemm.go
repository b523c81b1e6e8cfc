package exec

// panel is a matrix of k rows and m columns laid out for products: strips of `wide` columns, each k x wide elements,
// the last padded with zeros; `high` rows are multiplied by a strip at a time. Every element of a product is the sum over k, one after the other from 0, whatever the
// number of rows and the processor.
type panel[T float] struct {
	k, m, wide, high int
	data             []T
}

// newPanel lays out w, k x m or, transposed, m x k.
func newPanel[T float](w []T, k, m int, trans bool) *panel[T] {
	p := &panel[T]{}
	p.fill(w, k, m, trans)
	return p
}

// fill lays out another matrix in the same memory.
func (p *panel[T]) fill(w []T, k, m int, trans bool) {
	p.k, p.m, p.wide, p.high = k, m, 8, 4
	_, narrow := any(T(0)).(float32)
	switch {
	case narrow && hasAVX && m > 8:
		p.wide = 16
		if hasAVX512 {
			p.high = 8
		}
	case narrow && hasAVX:
		p.high = 8
	case m <= 4:
		p.wide, p.high = 4, 8
	case hasAVX512:
		p.high = 8
	}
	strips := (m + p.wide - 1) / p.wide
	p.data = room(p.data, strips*k*p.wide)
	for s := range strips {
		strip := p.data[s*k*p.wide:]
		for i := range k {
			for j := range p.wide {
				var v T
				if c := s*p.wide + j; c < m {
					if trans {
						v = w[c*k+i]
					} else {
						v = w[i*m+c]
					}
				}
				strip[i*p.wide+j] = v
			}
		}
	}
}

// product writes x @ p, rows x k by k x m.
func (p *panel[T]) product(out, x []T, rows int) {
	if p.k == 0 {
		clear(out[:rows*p.m])
		return
	}
	high := p.high
	if _, double := any(T(0)).(float64); double && p.wide == 8 && rows < high {
		high = 4
	}
	for s := 0; s*p.wide < p.m; s++ {
		strip := p.data[s*p.k*p.wide : (s+1)*p.k*p.wide]
		cols := min(p.wide, p.m-s*p.wide)
		i := 0
		for ; rows-i >= high || i > 0 && i < rows && rows >= high; i += high {
			i = min(i, rows-high) // the last tile overlaps
			xs := x[i*p.k : (i+high)*p.k]
			if cols == p.wide {
				p.tile(high, xs, strip, out[i*p.m+s*p.wide:], p.m)
				continue
			}
			var tile [128]T
			p.tile(high, xs, strip, tile[:], p.wide)
			for r := range high {
				copy(out[(i+r)*p.m+s*p.wide:][:cols], tile[r*p.wide:])
			}
		}
		for ; i < rows; i++ {
			var row [16]T
			xs := x[i*p.k : (i+1)*p.k]
			switch p.wide {
			case 4:
				tile1x4(xs, strip, row[:])
			case 8:
				tile1x8(xs, strip, row[:])
			default:
				tile1x16AVX(p.k, &any(xs).([]float32)[0], &any(strip).([]float32)[0], &any(row[:]).([]float32)[0])
			}
			copy(out[i*p.m+s*p.wide:][:cols], row[:])
		}
	}
}

// tile multiplies high rows by a strip of p.wide columns; rows of out are stride elements apart.
func (p *panel[T]) tile(high int, x, strip, out []T, stride int) {
	switch {
	case p.wide == 4:
		tile8x4(p.k, x, strip, out, stride)
		return
	case p.wide == 8 && high == 4:
		tile4x8(p.k, x, strip, out, stride)
		return
	}
	_ = out[(high-1)*stride+p.wide-1]
	switch x := any(x).(type) {
	case []float64: // with registers of 512 bits
		tile8x8AVX512(p.k, &x[0], &any(strip).([]float64)[0], &any(out).([]float64)[0], stride)
	case []float32: // with registers of 256 bits at least
		a, w, o := &x[0], &any(strip).([]float32)[0], &any(out).([]float32)[0]
		switch {
		case p.wide == 8:
			tile8x8AVX(p.k, a, w, o, stride)
		case high == 8:
			tile8x16AVX512(p.k, a, w, o, stride)
		default:
			tile4x16AVX(p.k, a, w, o, stride)
		}
	}
}

// tile4x8 multiplies 4 rows by a strip of 8 columns.
func tile4x8[T float](k int, x, strip, out []T, stride int) {
	switch x := any(x).(type) {
	case []float64:
		if hasAVX {
			o := any(out).([]float64)
			_ = o[3*stride+7]
			tile4x8AVX(k, &x[0], &any(strip).([]float64)[0], &o[0], stride)
			return
		}
	}
	for r := 0; r < 4; r += 2 {
		a, b := x[r*k:(r+1)*k], x[(r+1)*k:(r+2)*k]
		for j := 0; j < 8; j += 4 {
			var a0, a1, a2, a3, b0, b1, b2, b3 T
			for i, u := range a {
				v, w := b[i], strip[i*8+j:i*8+j+4:i*8+j+4]
				a0 += T(u * w[0])
				a1 += T(u * w[1])
				a2 += T(u * w[2])
				a3 += T(u * w[3])
				b0 += T(v * w[0])
				b1 += T(v * w[1])
				b2 += T(v * w[2])
				b3 += T(v * w[3])
			}
			o := out[r*stride+j:]
			o[0], o[1], o[2], o[3] = a0, a1, a2, a3
			o = o[stride:]
			o[0], o[1], o[2], o[3] = b0, b1, b2, b3
		}
	}
}

// tile8x4 multiplies 8 rows by a strip of 4 columns.
func tile8x4[T float](k int, x, strip, out []T, stride int) {
	switch x := any(x).(type) {
	case []float64:
		if hasAVX {
			o := any(out).([]float64)
			_ = o[7*stride+3]
			tile8x4AVX(k, &x[0], &any(strip).([]float64)[0], &o[0], stride)
			return
		}
	}
	for r := 0; r < 8; r += 2 {
		a, b := x[r*k:(r+1)*k], x[(r+1)*k:(r+2)*k]
		var a0, a1, a2, a3, b0, b1, b2, b3 T
		for i, u := range a {
			v, w := b[i], strip[i*4:i*4+4:i*4+4]
			a0 += T(u * w[0])
			a1 += T(u * w[1])
			a2 += T(u * w[2])
			a3 += T(u * w[3])
			b0 += T(v * w[0])
			b1 += T(v * w[1])
			b2 += T(v * w[2])
			b3 += T(v * w[3])
		}
		o := out[r*stride:]
		o[0], o[1], o[2], o[3] = a0, a1, a2, a3
		o = o[stride:]
		o[0], o[1], o[2], o[3] = b0, b1, b2, b3
	}
}

// tile1x8 multiplies one row by a strip of 8 columns.
func tile1x8[T float](x, strip, out []T) {
	switch x := any(x).(type) {
	case []float64:
		if hasAVX {
			tile1x8AVX(len(x), &x[0], &any(strip).([]float64)[0], &any(out).([]float64)[0])
			return
		}
	}
	var a0, a1, a2, a3, a4, a5, a6, a7 T
	for i, u := range x {
		w := strip[i*8 : i*8+8 : i*8+8]
		a0 += T(u * w[0])
		a1 += T(u * w[1])
		a2 += T(u * w[2])
		a3 += T(u * w[3])
		a4 += T(u * w[4])
		a5 += T(u * w[5])
		a6 += T(u * w[6])
		a7 += T(u * w[7])
	}
	out[0], out[1], out[2], out[3], out[4], out[5], out[6], out[7] = a0, a1, a2, a3, a4, a5, a6, a7
}

// tile1x4 multiplies one row by a strip of 4 columns.
func tile1x4[T float](x, strip, out []T) {
	var a0, a1, a2, a3 T
	for i, u := range x {
		w := strip[i*4 : i*4+4 : i*4+4]
		a0 += T(u * w[0])
		a1 += T(u * w[1])
		a2 += T(u * w[2])
		a3 += T(u * w[3])
	}
	out[0], out[1], out[2], out[3] = a0, a1, a2, a3
}
