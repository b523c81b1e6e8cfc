package parts

import (
	"math"
	"slices"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/sklearn"
)

// How much of an ensemble is looked at for DescribeSplits: a forest of gigabytes stays unread.
const (
	splitTrees = 8
	splitNodes = 2048
)

// DescribeSplits says of a model's input what its trees know: the lowest, middle and highest threshold of each column in
// the first trees. Nothing passes.
func DescribeSplits(in *sklearn.Input, ts *graph.Trees, missing bool) *sklearn.Input {
	seen := make([][]float64, len(in.Columns))
	for _, t := range ts.List[:min(len(ts.List), splitTrees)] {
		for i := range min(t.Len(), splitNodes) {
			n := t.Node(i)
			if n.Leaf || n.Categorical {
				continue
			}
			if c := t.Column(n.Feature); c >= 0 && c < len(seen) && !math.IsNaN(n.Threshold) && !math.IsInf(n.Threshold, 0) {
				seen[c] = append(seen[c], n.Threshold)
			}
		}
	}
	for i, c := range in.Columns {
		if c == nil {
			continue
		}
		c.Missing = c.Missing || missing && c.Categories == nil
		if s := seen[i]; len(s) > 0 && c.Categories == nil {
			slices.Sort(s)
			c.Between(s[0], s[len(s)/2], s[len(s)-1])
		}
	}
	in.Numeric()
	return nil
}
