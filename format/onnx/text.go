package onnx

import (
	"slices"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/tensor"
)

// textLabels makes class labels that are text in an object array (pandas columns, lists) the text they are. It changes g,
// which is Merge's own copy but for its types.
func textLabels(g *graph.Graph) {
	g.Types = slices.Clone(g.Types)
	for i := range g.Nodes {
		n := &g.Nodes[i]
		a, ok := n.Attr.(*graph.LabelsAttr)
		if !ok || a.Classes.DType != tensor.Object {
			continue
		}
		s := make([]string, len(a.Classes.Cells))
		text := true
		for k, c := range a.Classes.Cells {
			s[k] = c.S
			text = text && c.Kind == tensor.CellStr
		}
		if text && g.Types[n.Out[0]].DType == tensor.Object {
			n.Attr = &graph.LabelsAttr{Classes: tensor.FromStr(s, a.Classes.Shape...)}
			g.Types[n.Out[0]].DType = tensor.String
		}
	}
}
