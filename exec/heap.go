package exec

import (
	"math"
	"math/bits"
)

// pushNearest puts a distance into a max-heap of the nearest (sklearn.utils._heap.heap_push). One that is not below
// the largest stays out: the first of the equals remains.
func pushNearest(values []float64, indices []int64, val float64, index int64) {
	if val >= values[0] {
		return
	}
	at, size := 0, len(values)
	for {
		left := 2*at + 1
		right := left + 1
		var swap int
		switch {
		case left >= size:
			values[at], indices[at] = val, index
			return
		case right >= size || values[left] >= values[right]:
			swap = left
		default:
			swap = right
		}
		if !(val < values[swap]) {
			values[at], indices[at] = val, index
			return
		}
		values[at], indices[at] = values[swap], indices[swap]
		at = swap
	}
}

// sortNearest is scikit-learn's simultaneous_sort: introsort with partitions in two, stable to 15 only, or, quick, what it
// was before 1.9, whose time on some distances grows with their square. It reports false of more than are sorted here.
func sortNearest(values []float64, indices []int64, quick bool) bool {
	n := len(values)
	switch {
	case n == 0:
	case quick:
		steps := max(1<<23, 64*n*bits.Len(uint(n)))
		return quicksort(values, indices, &steps)
	default:
		introsort(values, indices, 2*(bits.Len(uint(n))-1))
	}
	return true
}

// quicksort is simultaneous_sort before 1.9: the last element is the pivot, a median of three, and what is below it goes
// to the front by swaps. steps is what it may still look at.
func quicksort(v []float64, x []int64, steps *int) bool {
	swap := func(i, j int) {
		v[i], v[j] = v[j], v[i]
		x[i], x[j] = x[j], x[i]
	}
	least, count := 0.0, 0 // the least distance, and how many have it; 0 before they are known
	for len(v) > 3 {
		n := len(v)
		if count == 0 {
			if *steps -= n; *steps < 0 {
				return false
			}
			least = math.Inf(1)
			for _, d := range v {
				if d < least {
					least, count = d, 0
				}
				if d == least {
					count++
				}
			}
		}
		medianToEnd(v, swap)
		pivot, at := v[n-1], 0
		if least < pivot {
			if *steps -= n; *steps < 0 {
				return false
			}
			for i, d := range v[:n-1] {
				if d < pivot {
					swap(i, at)
					at++
				}
			}
			count = 0
		} else if pivot == least {
			count-- // nothing is below it: one of a run of equals goes to the front
		}
		swap(at, n-1)
		if !quicksort(v[:at], x[:at], steps) {
			return false
		}
		v, x = v[at+1:], x[at+1:]
	}
	if len(v) > 1 && v[0] > v[1] {
		swap(0, 1)
	}
	if len(v) > 2 && v[1] > v[2] {
		swap(1, 2)
		if v[0] > v[1] {
			swap(0, 1)
		}
	}
	return true
}

// medianToEnd puts the least of the first, the middle and the last first, and their median last.
func medianToEnd(v []float64, swap func(i, j int)) {
	mid, end := len(v)/2, len(v)-1
	if v[0] > v[end] {
		swap(0, end)
	}
	if v[end] > v[mid] {
		swap(end, mid)
		if v[0] > v[end] {
			swap(0, end)
		}
	}
}

func introsort(v []float64, x []int64, depth int) {
	swap := func(i, j int) {
		v[i], v[j] = v[j], v[i]
		x[i], x[j] = x[j], x[i]
	}
	for len(v) > 15 {
		if depth <= 0 {
			heapsort(v, x)
			return
		}
		depth--
		n := len(v)
		medianToEnd(v, swap)
		pivot := v[n-1]
		i, j := 1, n-2
		for {
			for i <= j && v[i] < pivot {
				i++
			}
			for i <= j && v[j] > pivot {
				j--
			}
			if i >= j {
				break
			}
			swap(i, j)
			i++
			j--
		}
		swap(i, n-1)
		introsort(v[:i], x[:i], depth)
		v, x = v[i+1:], x[i+1:]
	}
	for i := 1; i < len(v); i++ {
		val, at, j := v[i], x[i], i
		for ; j > 0 && v[j-1] > val; j-- {
			v[j], x[j] = v[j-1], x[j-1]
		}
		v[j], x[j] = val, at
	}
}

func heapsort(v []float64, x []int64) {
	n := len(v)
	down := func(root, end int) {
		for {
			child, top := 2*root+1, root
			if child < end && v[top] < v[child] {
				top = child
			}
			if child+1 < end && v[top] < v[child+1] {
				top = child + 1
			}
			if top == root {
				return
			}
			v[root], v[top] = v[top], v[root]
			x[root], x[top] = x[top], x[root]
			root = top
		}
	}
	for start := (n - 2) / 2; start >= 0; start-- {
		down(start, n)
	}
	for end := n - 1; end > 0; end-- {
		v[0], v[end] = v[end], v[0]
		x[0], x[end] = x[end], x[0]
		down(0, end)
	}
}
