package exec

import (
	"math"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/tensor"
)

// real is what sparse coding computes in.
type real interface{ float32 | float64 }

// reals returns a floating tensor's elements; of another type, converted.
func reals[F real](t *tensor.Tensor) []F {
	switch any(([]F)(nil)).(type) {
	case []float32:
		if t.DType == tensor.Float32 {
			return any(t.F32).([]F)
		}
	case []float64:
		return any(t.AsF64()).([]F)
	}
	out := make([]F, t.Len())
	for i := range out {
		f, _ := t.Float(i)
		out[i] = F(f)
	}
	return out
}

// epsilon is numpy.finfo(F).eps, the largest finite value is the start of a minimum over positive ones.
func epsilon[F real]() F {
	if F(1)+F(0x1p-30) == 1 {
		return 0x1p-23
	}
	e := 0x1p-52
	return F(e)
}

func topmost[F real]() F {
	if F(1)+F(0x1p-30) == 1 {
		f := float64(math.MaxFloat32)
		return F(f)
	}
	f := math.MaxFloat64
	return F(f)
}

// dot is a dot product as BLAS takes it of short vectors: products of their own type, summed in float64.
func dot[F real](a, b []F) F {
	var s float64
	for i, v := range a {
		s += float64(F(v * b[i]))
	}
	return F(s)
}

// fused is x·y + z, rounded once.
func fused[F real](x, y, z F) F { return F(math.FMA(float64(x), float64(y), float64(z))) }

// fusedDot is an element of a product of matrices as BLAS computes it: each term is added without rounding it before.
func fusedDot[F real](a, b []F) F {
	var s F
	for i, v := range a {
		s = fused(v, b[i], s)
	}
	return s
}

func abs[F real](v F) F { return F(math.Abs(float64(v))) }

// sparseCode is sklearn.decomposition.sparse_encode. D is the type of the dictionary, G that of the Gram matrix, which
// follows the rows, C that of the correlations and the code.
func sparseCode(n *node) (kernel, error) {
	a := n.Attr.(*graph.SparseCodeAttr)
	if n.inType(0).Width() != a.Dictionary.Shape[1] {
		return nil, n.errorf("%d columns for atoms of %d", n.inType(0).Width(), a.Dictionary.Shape[1])
	}
	switch single := a.Dictionary.DType == tensor.Float32; {
	case n.inType(0).DType == tensor.Float32 && single:
		return coder[float32, float32, float32](n, a), nil
	case n.inType(0).DType == tensor.Float32 && !a.Double:
		return coder[float64, float32, float64](n, a), nil
	case single && n.inType(0).DType == tensor.Float64:
		return coder[float32, float64, float64](n, a), nil
	}
	return coder[float64, float64, float64](n, a), nil
}

func coder[D, G, C real](n *node, a *graph.SparseCodeAttr) kernel {
	m, k := a.Dictionary.Shape[0], a.Dictionary.Shape[1]
	atoms, d := reals[D](a.Dictionary), reals[C](a.Dictionary)
	gram := make([]G, m*m)
	for i := range m {
		for j := range m {
			gram[i*m+j] = G(fusedDot(atoms[i*k:(i+1)*k], atoms[j*k:(j+1)*k]))
		}
	}
	n.costs(float64(20 * m * m))
	return func(c *call) error {
		x := reals[C](c.dense(0))
		out := c.out(0)
		q, code := make([]C, m), make([]C, m)
		stopped := func(it int) bool { return it%64 == 0 && c.stopped() != nil }
		for r := range c.rows {
			row := x[r*k : (r+1)*k]
			for i := range m {
				q[i] = fusedDot(d[i*k:(i+1)*k], row)
			}
			clear(code)
			switch a.Algorithm {
			case "omp":
				pursue(gram, q, code, min(a.NonZero, m), a.Unit)
			case "lasso_cd":
				if a.Loose {
					descendLoosely(gram, q, code, dot(row, row), C(float64(a.Alpha*float64(k))), a.MaxIter, a.Positive, stopped)
					break
				}
				descendGram(gram, q, code, dot(row, row), C(float64(a.Alpha*float64(k))), a.MaxIter, a.Positive, stopped)
			default:
				if msg := angle(gram, q, code, a, k, stopped); msg != "" {
					return c.refuse("%s", msg)
				}
			}
			if err := c.stopped(); err != nil {
				return err
			}
			if out.DType == tensor.Float32 {
				for i, v := range code {
					out.F32[r*m+i] = float32(v)
				}
			} else {
				for i, v := range code {
					out.F64[r*m+i] = float64(v)
				}
			}
		}
		return nil
	}
}

// pursue is _gram_omp: orthogonal matching pursuit on the Gram matrix (sklearn/linear_model/_omp.py).
func pursue[G, C real](gram []G, q, code []C, atoms int, unit bool) {
	m := len(q)
	alpha := append([]C{}, q...)
	gamma := make([]C, atoms)
	l := make([]C, atoms*atoms)
	var chosen []int
	least := C(epsilon[G]())
	for len(chosen) < atoms {
		active, best := len(chosen), -1
		// Chosen atoms stand first, so that one of equals is the chosen one.
		for _, i := range chosen {
			if best < 0 || abs(alpha[i]) > abs(alpha[best]) {
				best = i
			}
		}
		again := best
		for i := range alpha {
			if best < 0 || abs(alpha[i]) > abs(alpha[best]) {
				best = i
			}
		}
		if active > 0 && best == again || C(alpha[best]*alpha[best]) < least {
			break
		}
		row := l[active*atoms : active*atoms+active+1]
		sum := C(gram[best*m+best])
		if unit {
			sum = 1
		}
		for i := range active {
			v := C(gram[best*m+chosen[i]])
			for p := range i {
				v -= C(row[p] * l[i*atoms+p])
			}
			row[i] = v / l[i*atoms+i]
			sum -= C(row[i] * row[i])
		}
		if active > 0 && sum <= least {
			break
		}
		row[active] = C(math.Sqrt(float64(sum)))
		chosen = append(chosen, best)
		active++
		for i := range active {
			gamma[i] = q[chosen[i]]
		}
		solveLower(l, gamma[:active], atoms)
		for i := range m {
			var v C
			for p := range active {
				v += C(C(gram[i*m+chosen[p]]) * gamma[p])
			}
			alpha[i] = q[i] - v
		}
	}
	for i, j := range chosen {
		code[j] = gamma[i]
	}
}

// solveLower solves L·Lᵀ·x = b in place for a lower triangle of rows of n (LAPACK's potrs).
func solveLower[F real](l, b []F, n int) {
	for i := range b {
		for p := range i {
			b[i] -= F(l[i*n+p] * b[p])
		}
		b[i] /= l[i*n+i]
	}
	for i := len(b) - 1; i >= 0; i-- {
		for p := i + 1; p < len(b); p++ {
			b[i] -= F(l[p*n+i] * b[p])
		}
		b[i] /= l[i*n+i]
	}
}

// descendLoosely is enet_coordinate_descent_gram of scikit-learn before 1.8 without an L2 penalty: cyclic coordinate
// descent from zero, the duality gap looked at when no coefficient changes by more than 1e-4 of the largest.
func descendLoosely[G, C real](gram []G, q, w []C, norm2, alpha C, maxIter int, positive bool, stopped func(it int) bool) {
	m := len(q)
	qw := make([]C, m)
	rate := 1e-4
	stop := C(rate)
	tol := C(stop * norm2)
	axpy := func(f C, j int) {
		for i := range qw {
			qw[i] += C(f * C(gram[j*m+i]))
		}
	}
	for it := range maxIter {
		if stopped(it) {
			return
		}
		var wMax, dMax C
		for j := range m {
			diagonal := C(gram[j*m+j])
			if diagonal == 0 {
				continue
			}
			was := w[j]
			if was != 0 {
				axpy(-was, j)
			}
			switch t := q[j] - qw[j]; {
			case t > alpha:
				w[j] = (t - alpha) / diagonal
			case t < -alpha && !positive:
				w[j] = -(-t - alpha) / diagonal
			default:
				w[j] = 0
			}
			if w[j] != 0 {
				axpy(w[j], j)
			}
			dMax, wMax = max(dMax, abs(w[j]-was)), max(wMax, abs(w[j]))
		}
		if wMax != 0 && dMax/wMax >= stop && it != maxIter-1 {
			continue
		}
		qDotW, r2 := dot(w, q), norm2
		var dual, l1, wqw C
		for j, v := range w {
			size := q[j] - qw[j]
			if !positive {
				size = abs(size)
			}
			if j == 0 || size > dual {
				dual = size
			}
			l1 += abs(v)
			wqw += C(v * qw[j])
		}
		r2 += wqw - C(2*qDotW)
		scale, gap := C(1), r2
		if dual > alpha {
			scale = alpha / dual
			gap = C(r2+C(r2*C(scale*scale))) / 2
		}
		gap += C(alpha*l1) - C(scale*norm2) + C(scale*qDotW)
		if gap < tol {
			return
		}
	}
}

// descendGram is enet_coordinate_descent_gram without an L2 penalty (sklearn/linear_model/_cd_fast.pyx): cyclic coordinate
// descent from zero with gap-safe screening. What C computes in float64 between float32 numbers is computed so here.
func descendGram[G, C real](gram []G, q, w []C, norm2, alpha C, maxIter int, positive bool, stopped func(it int) bool) {
	m := len(q)
	qw, xta := make([]C, m), make([]C, m)
	rate := 1e-8
	stop := C(rate)
	tol := C(stop * norm2)
	screen := alpha != 0
	active, out := make([]int, 0, m), make([]bool, m)
	// gap is gap_enet_gram.
	gap := func() (gap, dual C) {
		qDotW, wqw := dot(w, q), dot(w, qw)
		r2 := norm2 + wqw - C(2*qDotW)
		ry := norm2 - qDotW
		for j := range xta {
			xta[j] = q[j] - qw[j]
		}
		if alpha == 0 {
			dual = dot(xta, xta)
			return dual, dual
		}
		var l1 C
		for j, v := range w {
			l1 += abs(v)
			size := xta[j]
			if !positive {
				size = abs(size)
			}
			if j == 0 || size > dual {
				dual = size
			}
		}
		primal := C(r2/2) + C(alpha*l1)
		scale := C(1)
		if dual > alpha {
			scale = alpha / dual
		}
		return primal - C(float64(-float64(C(scale*scale))/2*float64(r2))+float64(C(scale*ry))), dual
	}
	axpy := func(f C, j int) {
		for i := range qw {
			qw[i] = fused(f, C(gram[j*m+i]), qw[i])
		}
	}
	choose := func(g, dual C) {
		radius := C(math.Sqrt(2*math.Abs(float64(g))) / float64(alpha))
		active = active[:0]
		for j := range m {
			if out[j] {
				continue
			}
			diagonal := C(gram[j*m+j])
			if diagonal == 0 {
				w[j], out[j] = 0, true
				continue
			}
			theta := xta[j] / max(alpha, dual)
			if C((1-math.Abs(float64(theta)))/math.Sqrt(float64(diagonal))) <= radius {
				active = append(active, j)
				continue
			}
			if w[j] != 0 {
				axpy(-w[j], j)
				w[j] = 0
			}
			out[j] = true
		}
	}
	g, dual := gap()
	if g >= 0 && g <= tol {
		return
	}
	if screen {
		choose(g, dual)
	} else {
		for j := range m {
			active = append(active, j)
		}
	}
	for it := range maxIter {
		if stopped(it) {
			return
		}
		var wMax, dMax C
		for _, j := range active {
			diagonal := C(gram[j*m+j])
			if diagonal == 0 {
				continue
			}
			was := w[j]
			t := q[j] - qw[j] + C(was*diagonal)
			if positive && t < 0 {
				w[j] = 0
			} else {
				w[j] = C(math.Copysign(max(math.Abs(float64(t))-float64(alpha), 0), float64(t)) / float64(diagonal))
				if t == 0 {
					w[j] = 0
				}
			}
			if w[j] != was {
				axpy(w[j]-was, j)
			}
			dMax, wMax = max(dMax, abs(w[j]-was)), max(wMax, abs(w[j]))
		}
		if wMax == 0 || dMax/wMax <= stop || it == maxIter-1 {
			g, dual = gap()
			if g <= tol {
				return
			}
			if screen {
				choose(g, dual)
			}
		}
	}
}

// angle is _lars_path_solver on the Gram matrix, its last coefficients alone (sklearn/linear_model/_least_angle.py): lars
// with NonZero steps, lasso_lars down to Alpha. It returns the reason of a refusal.
func angle[G, C real](gramIn []G, q, coef []C, a *graph.SparseCodeAttr, k int, stopped func(it int) bool) string {
	m := len(q)
	lasso, positive := a.Algorithm == "lasso_lars", a.Positive
	maxIter, alphaMin := a.NonZero, 0.0
	if lasso {
		maxIter, alphaMin = a.MaxIter, a.Alpha
	}
	const equal = 0x1p-23 // numpy.finfo(numpy.float32).eps
	// Python's float and numpy's float32 make a float32.
	early := float64(float32(alphaMin) + equal)
	var tiny float32 = 0x1p-126
	size := min(maxIter, m)
	gram, cov := append([]G{}, gramIn...), append([]C{}, q...)
	indices := make([]int, m)
	for i := range indices {
		indices[i] = i
	}
	l := make([]G, max(size*size, 1))
	sign := make([]G, 0, size+1)
	var active []int
	prev := make([]C, m)
	var alpha, prevAlpha C
	digits := C(1e15)
	if epsilon[C]() > 0x1p-40 {
		digits = 1e6
	}
	drop := false
	for iter := 0; ; {
		at := 0
		for i, v := range cov {
			if b := cov[at]; positive && v > b || !positive && abs(v) > abs(b) {
				at = i
			}
		}
		var top, big C
		if len(cov) > 0 {
			top = cov[at]
			big = abs(top)
			if positive {
				big = top
			}
		}
		alpha = big / C(k)
		if float64(alpha) <= early {
			if math.Abs(float64(alpha)-alphaMin) > equal && iter > 0 {
				s := C(float64(prevAlpha)-alphaMin) / (prevAlpha - alpha)
				for i, v := range coef {
					coef[i] = prev[i] + C(s*(v-prev[i]))
				}
			}
			return ""
		}
		if iter >= maxIter || len(active) >= m || stopped(iter) {
			return ""
		}
		n := len(active)
		if !drop {
			s := G(1)
			if !positive && top < 0 {
				s = -1
			}
			from := at + n
			cov[at], cov[0] = cov[0], cov[at]
			indices[from], indices[n] = indices[n], indices[from]
			exchange(gram, m, n, from)
			row := l[n*size : n*size+n+1]
			copy(row, gram[n*m:n*m+n])
			for i := range n {
				for p := range i {
					row[i] -= G(l[i*size+p] * row[p])
				}
				row[i] /= l[i*size+i]
			}
			diagonal := max(G(math.Sqrt(float64(abs(gram[n*m+n]-dot(row[:n], row[:n]))))), G(0x1p-52))
			row[n] = diagonal
			if diagonal < 1e-7 {
				cov[0] = 0
				cov[at], cov[0] = cov[0], cov[at]
				continue
			}
			cov = cov[1:]
			sign = append(sign[:n], s)
			active = append(active, indices[n])
			n++
		}
		if lasso && iter > 0 && prevAlpha < alpha {
			return ""
		}
		ls := append([]G{}, sign[:n]...)
		solveLower(l, ls, size)
		aa := 1 / G(math.Sqrt(float64(dot(ls, sign[:n]))))
		if n == 1 && ls[0] == 0 {
			ls[0], aa = 1, 1
		} else {
			if math.IsInf(float64(aa), 0) || aa != aa {
				more := append([]G{}, l...)
				for i := 0; math.IsInf(float64(aa), 0) || aa != aa; i++ {
					if i > 1000 {
						return "the atoms are too alike: their factorisation has no end"
					}
					for j := range n {
						more[j*size+j] += G(math.Ldexp(0x1p-52, i))
					}
					copy(ls, sign[:n])
					solveLower(more, ls, size)
					aa = 1 / G(math.Sqrt(math.Max(float64(dot(ls, sign[:n])), 0x1p-52)))
				}
			}
			for i := range ls {
				ls[i] *= aa
			}
		}
		eq := make([]G, m-n)
		for p := range n {
			for j := range eq {
				eq[j] += G(gram[p*m+n+j] * ls[p])
			}
		}
		for j, v := range eq {
			eq[j] = G(math.RoundToEven(float64(G(v*G(digits))))) / G(digits)
		}
		gamma, best := big/C(aa), topmost[C]()
		for j, v := range cov {
			if t := C(big-v) / C(aa-eq[j]+G(tiny)); t > 0 && t < best {
				best = t
			}
		}
		gamma = min(best, gamma)
		if !positive {
			best = topmost[C]()
			for j, v := range cov {
				if t := C(big+v) / C(aa+eq[j]+G(tiny)); t > 0 && t < best {
					best = t
				}
			}
			gamma = min(best, gamma)
		}
		drop = false
		least, gone := topmost[C](), -1
		for i, j := range active {
			switch z := -coef[j] / C(ls[i]+G(tiny)); {
			case z > 0 && z < least:
				least, gone = z, i
			case z == least && gone >= 0 && lasso:
				return "two atoms leave the path at once"
			}
		}
		if least < gamma {
			sign[gone] = -sign[gone]
			if lasso {
				gamma = least
			}
			drop = true
		}
		iter++
		copy(prev, coef)
		prevAlpha = alpha
		clear(coef)
		for i, j := range active {
			coef[j] = prev[j] + C(gamma*C(ls[i]))
		}
		for j := range cov {
			cov[j] -= C(gamma * C(eq[j]))
		}
		if drop && lasso {
			deleteRow(l, size, n, gone)
			atom := active[gone]
			active = append(active[:gone], active[gone+1:]...)
			for i := gone; i < n-1; i++ {
				indices[i], indices[i+1] = indices[i+1], indices[i]
				exchange(gram, m, i, i+1)
			}
			var t C
			for j, v := range coef {
				t += C(C(gramIn[atom*m+j]) * v)
			}
			cov = append([]C{q[atom] - t}, cov...)
			sign = append(sign[:gone], sign[gone+1:]...)
		}
	}
}

// exchange swaps two rows and the same two columns.
func exchange[F real](a []F, n, i, j int) {
	for p := range n {
		a[i*n+p], a[j*n+p] = a[j*n+p], a[i*n+p]
	}
	for p := range n {
		a[p*n+i], a[p*n+j] = a[p*n+j], a[p*n+i]
	}
}

// deleteRow takes row and column out of a Cholesky factor of n rows, stored in rows of size (cholesky_delete of
// sklearn/utils/arrayfuncs.pyx).
func deleteRow[F real](l []F, size, n, out int) {
	for i := out; i < n-1; i++ {
		copy(l[i*size:i*size+i+2], l[(i+1)*size:(i+1)*size+i+2])
	}
	for i := out; i < n-1; i++ {
		x, y := l[i*size+i], l[i*size+i+1]
		c, s, r := F(1), F(0), x
		if y != 0 || x != 0 {
			scale := abs(x) + abs(y)
			u, v := x/scale, y/scale
			r = scale * F(math.Sqrt(float64(F(u*u)+F(v*v))))
			if larger := x; abs(x) <= abs(y) && y < 0 || abs(x) > abs(y) && larger < 0 {
				r = -r
			}
			c, s = x/r, y/r
		}
		if r < 0 {
			r, c, s = -r, -c, -s
		}
		l[i*size+i], l[i*size+i+1] = r, 0
		for p := i + 1; p < n-1; p++ {
			u, v := l[p*size+i], l[p*size+i+1]
			l[p*size+i], l[p*size+i+1] = F(c*u)+F(s*v), F(c*v)-F(s*u)
		}
	}
}
