package exec

import "github.com/larder-ml/larder/graph"

// float is what ordered sums run on.
type float interface{ float64 | float32 }

// summer adds the elements of a contiguous row in one order.
type summer[T float] func(a []T) T

// pairwise is numpy's pairwise summation of contiguous elements.
func pairwise[T float](a []T) T { return graph.PairwiseSum(a) }

// sumPairwise is numpy.sum: pairwise onto a zero.
func sumPairwise[T float](a []T) T { return 0 + pairwise(a) }

// sumSequential adds from 0 on.
func sumSequential[T float](a []T) T {
	var s T
	for _, v := range a {
		s += v
	}
	return s
}

// sumLanes is numpy.einsum's sum in 128-bit lanes: blocks of four vectors, the last first.
func sumLanes[T float](a []T) T { return lanes(a, func(v T) T { return v }) }

// squareLanes is numpy.einsum("ij,ij->i").
func squareLanes[T float](a []T) T { return lanes(a, func(v T) T { return v * v }) }

func lanes[T float](a []T, f func(T) T) T {
	var l [4]T
	var zero T
	w := 4
	if _, double := any(zero).(float64); double {
		w = 2
	}
	i := 0
	for ; i+4*w <= len(a); i += 4 * w {
		for k := range w {
			s := l[k]
			s = f(a[i+3*w+k]) + s
			s = f(a[i+2*w+k]) + s
			s = f(a[i+w+k]) + s
			l[k] = f(a[i+k]) + s
		}
	}
	for ; i < len(a); i += w {
		for k := range min(w, len(a)-i) {
			l[k] = f(a[i+k]) + l[k]
		}
	}
	if w == 2 {
		return l[0] + l[1]
	}
	return (l[0] + l[1]) + (l[2] + l[3])
}

// summing returns the summer of an order for a batch.
func summing[T float](o graph.Order, batch int) summer[T] {
	switch {
	case o == graph.Pairwise, o == graph.Columns && batch == 1:
		return sumPairwise[T]
	case o == graph.Lanes:
		return sumLanes[T]
	}
	return sumSequential[T]
}
