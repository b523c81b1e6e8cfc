package exec

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// plainQuicksort is quicksort with every element looked at in every step.
func plainQuicksort(v []float64, x []int64) {
	swap := func(i, j int) {
		v[i], v[j] = v[j], v[i]
		x[i], x[j] = x[j], x[i]
	}
	if len(v) < 4 {
		quicksort(v, x, new(int))
		return
	}
	medianToEnd(v, swap)
	at, end := 0, len(v)-1
	for i := range end {
		if v[i] < v[end] {
			swap(i, at)
			at++
		}
	}
	swap(at, end)
	plainQuicksort(v[:at], x[:at])
	plainQuicksort(v[at+1:], x[at+1:])
}

func TestQuicksortOfEquals(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		n, different := 1+r.IntN(400), 1+r.IntN(30)
		v, x := make([]float64, n), make([]int64, n)
		for i := range v {
			v[i], x[i] = float64(r.IntN(different)), int64(i)
		}
		w, y := slices.Clone(v), slices.Clone(x)
		plainQuicksort(w, y)
		if !sortNearest(v, x, true) || !slices.Equal(v, w) || !slices.Equal(x, y) {
			t.Fatalf("%d of %d distances: %v, want %v", n, different, x, y)
		}
	}
	// A run of equals takes no square of its length.
	if n := 1 << 20; !sortNearest(make([]float64, n), make([]int64, n), true) {
		t.Errorf("%d equal distances are refused", n)
	}
}

func TestQuicksortEnds(t *testing.T) {
	// Every pivot is the second least.
	n := 1 << 13
	at, v, x := make([]int, n), make([]float64, n), make([]int64, n)
	for i := range at {
		at[i] = i
	}
	least := 0.0
	for len(at) > 3 {
		last := len(at) - 1
		v[at[0]], v[at[last]] = least, least+1
		least += 2
		// The pivot goes second, and what was second to the end.
		at = append(slices.Clone(at[2:last]), at[1])
	}
	for _, i := range at {
		v[i] = least
	}
	if sortNearest(v, x, true) {
		t.Errorf("%d distances sorted in %d steps or less", n, 1<<23)
	}
}
