package pack

import (
	"fmt"
	"slices"

	"github.com/larder-ml/larder/rows"
	"github.com/larder-ml/larder/tensor"
)

// How many rows are looked at, stored, and what stands first.
const (
	lookedAt = 20_000
	stored   = 32
	first    = 5
)

// maxCategories is the number of values from which a column of text is running text, not categories.
const maxCategories = 50

// choose picks rows to store: the first five (the document's), then those that show the most that no row before showed –
// a class, a category, a missing value, the lowest and highest number of a column. labels are what the model predicts, and
// the target where it is known.
func choose(v tensor.Value, labels []*tensor.Tensor) []int {
	n := min(v.Rows(), lookedAt)
	facts := make([][]string, n)
	see := func(name string, t *tensor.Tensor, categories bool) {
		if t.Rows() < n || t.Rows() == 0 || t.Len() != t.Rows() {
			return
		}
		values := map[tensor.Cell]bool{}
		lo, hi := -1, -1
		for i := range n {
			c := t.Cell(i)
			if c.Kind == tensor.CellNone || c.IsNaN() {
				facts[i] = append(facts[i], name+" missing")
				continue
			}
			if len(values) <= maxCategories {
				values[c.Key()] = true
			}
			if f, ok := c.Float(); ok {
				if g, _ := t.Cell(max(lo, 0)).Float(); lo < 0 || f < g {
					lo = i
				}
				if g, _ := t.Cell(max(hi, 0)).Float(); hi < 0 || f > g {
					hi = i
				}
			}
		}
		if categories || len(values) <= maxCategories && !t.DType.IsFloat() {
			for i := range n {
				facts[i] = append(facts[i], fmt.Sprintf("%s=%v", name, t.Cell(i).Key()))
			}
		}
		if lo >= 0 {
			facts[lo] = append(facts[lo], name+" lowest")
			facts[hi] = append(facts[hi], name+" highest")
		}
	}
	switch {
	case v.Frame != nil:
		for j, c := range v.Frame.Columns {
			see(fmt.Sprint(j), c, false)
		}
	case v.Dense != nil && len(v.Dense.Shape) == 2:
		t := &rows.Table{Value: &tensor.Value{Dense: v.Dense}}
		_ = t.Spread() // a matrix always spreads
		for j, c := range t.Columns {
			see(fmt.Sprint(j), c.Tensor, false)
		}
	}
	for k, l := range labels {
		see(fmt.Sprintf("label %d", k), l, !l.DType.IsFloat())
	}
	shown := map[string]bool{}
	var out []int
	take := func(i int) {
		out = append(out, i)
		for _, f := range facts[i] {
			shown[f] = true
		}
	}
	for i := range min(first, n) {
		take(i)
	}
	for len(out) < min(stored, n) {
		best, most := -1, 0
		for i := range n {
			k := 0
			for _, f := range facts[i] {
				if !shown[f] {
					k++
				}
			}
			if k > most {
				best, most = i, k
			}
		}
		if best < 0 {
			break
		}
		take(best)
	}
	// The rest evenly, so that a model that has only ordinary rows is proven by more than a handful.
	for i := 0; len(out) < min(stored, n) && i < n; i++ {
		at := i * n / stored
		if i >= stored {
			at = i
		}
		if !slices.Contains(out, at) {
			take(at)
		}
	}
	return out
}
