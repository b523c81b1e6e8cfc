package exec

import (
	"github.com/larder-ml/larder/graph"
)

var frameKernels = table{graph.OpFrame: toFrame}

// toFrame splits a matrix into columns, or copies those of a frame.
func toFrame(n *node) (kernel, error) {
	if n.inType(0).Kind == graph.Frame {
		return func(c *call) error {
			for j, col := range c.frame(0).Columns {
				copyAt(c.outFrame(0).Columns[j], 0, col)
			}
			return nil
		}, nil
	}
	return func(c *call) error {
		for j, col := range c.outFrame(0).Columns {
			split(col, c.dense(0), j)
		}
		return nil
	}, nil
}
