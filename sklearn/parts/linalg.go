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
