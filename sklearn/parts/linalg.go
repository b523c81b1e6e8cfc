package parts

import (
	"math"
	"slices"
)

// factor is the LU factorisation with partial pivoting (LAPACK's getrf): the factors in place, the row order, and the
// sign of the permutation; nil where a pivot is zero or no number.
func factor(a []float64, n int) (lu []float64, perm []int, sign float64) {
	lu, perm, sign = slices.Clone(a), make([]int, n), 1
	for i := range perm {
		perm[i] = i
	}
	for j := range n {
		best := j
		for i := j + 1; i < n; i++ {
			if math.Abs(lu[i*n+j]) > math.Abs(lu[best*n+j]) {
				best = i
			}
		}
		if p := lu[best*n+j]; p == 0 || math.IsNaN(p) || math.IsInf(p, 0) {
			return nil, nil, 0
		}
		if best != j {
			sign = -sign
			perm[j], perm[best] = perm[best], perm[j]
			for k := range n {
				lu[j*n+k], lu[best*n+k] = lu[best*n+k], lu[j*n+k]
			}
		}
		for i := j + 1; i < n; i++ {
			f := lu[i*n+j] / lu[j*n+j]
			lu[i*n+j] = f
			for k := j + 1; k < n; k++ {
				lu[i*n+k] -= float64(f * lu[j*n+k])
			}
		}
	}
	return lu, perm, sign
}

// Inverse inverts a matrix; row-major n×n; nil where it is singular.
func Inverse(a []float64, n int) []float64 {
	lu, perm, _ := factor(a, n)
	if lu == nil {
		return nil
	}
	inv := make([]float64, n*n)
	x := make([]float64, n)
	for c := range n {
		for i := range n {
			x[i] = 0
			if perm[i] == c {
				x[i] = 1
			}
			for k := range i {
				x[i] -= float64(lu[i*n+k] * x[k])
			}
		}
		for i := n - 1; i >= 0; i-- {
			for k := i + 1; k < n; k++ {
				x[i] -= float64(lu[i*n+k] * x[k])
			}
			x[i] /= lu[i*n+i]
		}
		for i := range n {
			inv[i*n+c] = x[i]
		}
	}
	return inv
}

// LogDet is sklearn.utils.extmath.fast_logdet: -inf where the determinant is not positive.
func LogDet(a []float64, n int) float64 {
	lu, _, sign := factor(a, n)
	if lu == nil {
		return math.Inf(-1)
	}
	sum := 0.0
	for i := range n {
		d := lu[i*n+i]
		if d < 0 {
			sign = -sign
		}
		sum += math.Log(math.Abs(d))
	}
	if sign < 0 {
		return math.Inf(-1)
	}
	return sum
}

// PseudoInverse is scipy.linalg.pinv: of a row-major m×n matrix, n×m. It is nil where the rank is a matter of rounding.
func PseudoInverse(a []float64, m, n int) []float64 {
	basis := orthonormal(a, m, n)
	if basis == nil {
		return nil
	}
	// a = t·basis with t of full column rank, so that pinv(a) = basisᵀ·pinv(t) and pinv(t) = s⁻¹·qᵀ where t = q·s.
	r := len(basis)
	t := make([]float64, r*m)
	for i := range m {
		for j, q := range basis {
			t[j*m+i] = dot(a[i*n:(i+1)*n], q)
		}
	}
	qs := make([][]float64, r)
	s := make([]float64, r*r)
	for j := range qs {
		q := t[j*m : (j+1)*m]
		for range 2 {
			for p, other := range qs[:j] {
				f := dot(q, other)
				s[p*r+j] += f
				subtract(q, other, f)
			}
		}
		size := math.Sqrt(dot(q, q))
		if size == 0 {
			return nil
		}
		s[j*r+j] = size
		for i := range q {
			q[i] /= size
		}
		qs[j] = q
	}
	out := make([]float64, n*m)
	col := make([]float64, r)
	for i := range m {
		for j := r - 1; j >= 0; j-- {
			col[j] = qs[j][i]
			for p := j + 1; p < r; p++ {
				col[j] -= float64(s[j*r+p] * col[p])
			}
			col[j] /= s[j*r+j]
		}
		for j, q := range basis {
			for k := range n {
				out[k*m+i] += float64(q[k] * col[j])
			}
		}
	}
	return out
}

// orthonormal spans the rows of a, the largest remainder first; nil where a remainder is neither clearly zero nor clearly
// not. scipy takes singular values below max(m,n)·eps of the largest for zeros.
func orthonormal(a []float64, m, n int) [][]float64 {
	left := slices.Clone(a)
	basis := [][]float64{}
	used := make([]bool, m)
	first := 0.0
	for range min(m, n) {
		best, size := -1, 0.0
		for i := range m {
			if w := left[i*n : (i+1)*n]; !used[i] {
				if s := dot(w, w); s > size {
					best, size = i, s
				}
			}
		}
		size = math.Sqrt(size)
		if len(basis) == 0 {
			first = size
		}
		doubt := first * 0x1p-52 * float64(max(m, n))
		if best < 0 || size <= 10*doubt {
			break
		}
		if size < 1e4*doubt {
			return nil
		}
		q := left[best*n : (best+1)*n]
		used[best] = true
		for _, other := range basis {
			subtract(q, other, dot(q, other))
		}
		size = math.Sqrt(dot(q, q))
		for i := range q {
			q[i] /= size
		}
		basis = append(basis, q)
		for i := range m {
			if w := left[i*n : (i+1)*n]; !used[i] {
				subtract(w, q, dot(w, q))
			}
		}
	}
	return basis
}

func dot(a, b []float64) float64 {
	s := 0.0
	for i, v := range a {
		s += float64(v * b[i])
	}
	return s
}

// subtract takes f·b from a.
func subtract(a, b []float64, f float64) {
	for i, v := range b {
		a[i] -= float64(f * v)
	}
}
