package exec

import "math/bits"

// selectNumpy is numpy.argpartition of one kth in its scalar form (npysort/selection): it moves into order[:kth+1] the
// places of the smallest of v. It reports false where numpy would turn to medians of medians.
func selectNumpy(v []float64, order []int, kth int) bool {
	low, high := 0, len(order)-1
	at := func(i int) float64 { return v[order[i]] }
	swap := func(i, j int) { order[i], order[j] = order[j], order[i] }
	if kth < 3 {
		for i := range kth + 1 {
			least := i
			for j := i + 1; j <= high; j++ {
				if at(j) < at(least) {
					least = j
				}
			}
			swap(i, least)
		}
		return true
	}
	if kth == high {
		most := low
		for j := low + 1; j <= high; j++ {
			if !(at(j) < at(most)) {
				most = j
			}
		}
		swap(kth, most)
		return true
	}
	for limit := 2 * (bits.Len(uint(len(order))) - 1); low+1 < high; limit-- {
		left, right := low+1, high
		if limit <= 0 && right-left >= 5 {
			return false
		}
		mid := low + (high-low)/2
		if at(high) < at(mid) {
			swap(high, mid)
		}
		if at(high) < at(low) {
			swap(high, low)
		}
		if at(low) < at(mid) {
			swap(low, mid)
		}
		swap(mid, low+1) // the least of the three
		pivot := at(low)
		for {
			for left++; at(left) < pivot; left++ {
			}
			for right--; pivot < at(right); right-- {
			}
			if right < left {
				break
			}
			swap(left, right)
		}
		swap(low, right)
		if right >= kth {
			high = right - 1
		}
		if right <= kth {
			low = left
		}
	}
	if high == low+1 && at(high) < at(low) {
		swap(high, low)
	}
	return true
}

// smallSort is up to how many more than one numpy sorts by insertion.
const smallSort = 16

// argsortNumpy sorts places by their values as numpy.argsort does in its scalar form (npysort/quicksort). It reports false
// where numpy would turn to a heap.
func argsortNumpy(v []float64, order []int) bool {
	return argsort(v, order, 2*(bits.Len(uint(len(order)))-1))
}

func argsort(v []float64, order []int, limit int) bool {
	for len(order)-1 > smallSort {
		if limit < 0 {
			return false
		}
		last := len(order) - 1
		mid := last / 2
		at := func(i int) float64 { return v[order[i]] }
		swap := func(i, j int) { order[i], order[j] = order[j], order[i] }
		if at(mid) < at(0) {
			swap(mid, 0)
		}
		if at(last) < at(mid) {
			swap(last, mid)
		}
		if at(mid) < at(0) {
			swap(mid, 0)
		}
		pivot := at(mid)
		i, j := 0, last-1
		swap(mid, j)
		for {
			for i++; at(i) < pivot; i++ {
			}
			for j--; pivot < at(j); j-- {
			}
			if i >= j {
				break
			}
			swap(i, j)
		}
		swap(i, last-1)
		limit--
		// The parts do not touch each other: which comes first does not matter.
		if !argsort(v, order[i+1:], limit) {
			return false
		}
		order = order[:i]
	}
	for i := 1; i < len(order); i++ {
		place := order[i]
		j := i
		for ; j > 0 && v[place] < v[order[j-1]]; j-- {
			order[j] = order[j-1]
		}
		order[j] = place
	}
	return true
}
