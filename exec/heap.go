package exec

import "math/bits"

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

// sortNearest is sklearn.utils._sorting.simultaneous_sort: introsort with partitions in two, stable to 15 only.
func sortNearest(values []float64, indices []int64) {
	if n := len(values); n > 0 {
		introsort(values, indices, 2*(bits.Len(uint(n))-1))
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
		// The median of three goes to the end.
		mid := n / 2
		if v[0] > v[n-1] {
			swap(0, n-1)
		}
		if v[n-1] > v[mid] {
			swap(n-1, mid)
			if v[0] > v[n-1] {
				swap(0, n-1)
			}
		}
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
