package exec

import (
	"math"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/tensor"
)

var calibrationKernels = table{graph.OpAsLogits: asLogits}

func asLogits(n *node) (kernel, error) {
	k := n.inType(0).Width()
	if n.inType(0).DType == tensor.Float32 {
		return func(c *call) error {
			logits(c.dense(0).F32, c.out(0).F32, k)
			return nil
		}, nil
	}
	return func(c *call) error {
		logits(c.dense(0).F64, c.out(0).F64, k)
		return nil
	}, nil
}

func logits[T float32 | float64](x, out []T, k int) {
	probabilities := true
	for i := 0; i < len(x) && probabilities; i += k {
		sum := T(0)
		for _, v := range x[i : i+k] {
			sum += v
			probabilities = probabilities && v >= 0 && v <= 1
		}
		probabilities = probabilities && math.Abs(float64(sum)-1) <= 1e-8+1e-5
	}
	if !probabilities {
		copy(out, x)
		return
	}
	for i, v := range x {
		out[i] = T(log(float64(v + T(1e-12))))
	}
}
