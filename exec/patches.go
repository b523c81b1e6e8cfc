package exec

import (
	"github.com/larder-ml/larder/graph"
)

var patchKernels = table{graph.OpPatches: patches}

// patches writes more rows than it reads: it sizes its result itself.
func patches(n *node) (kernel, error) {
	a := n.Attr.(*graph.PatchesAttr)
	s := n.inType(0).Shape
	h, w, c := s[1], s[2], s[3]
	down, across := h-a.Height+1, w-a.Width+1
	return func(k *call) error {
		x, out := k.dense(0), k.out(0)
		shape := append([]int{}, n.outType(0).Shape...)
		shape[0] = k.rows * a.Count
		out.Resize(shape...)
		to := out.F64[:0]
		cut := func(image []float64, i, j int) {
			for r := i; r < i+a.Height; r++ {
				to = append(to, image[(r*w+j)*c:(r*w+j+a.Width)*c]...)
			}
		}
		var rs twister
		var is, js []int
		if a.Random != nil {
			rs = twister{key: a.Random.Key, pos: a.Random.Pos}
			is, js = k.ints(a.Count), k.ints(a.Count)
		}
		for row := range k.rows {
			image := x.F64[row*h*w*c : (row+1)*h*w*c]
			if a.Random == nil {
				for i := range down {
					for j := range across {
						cut(image, i, j)
					}
				}
				continue
			}
			for p := range is {
				is[p] = int(rs.below(uint32(down - 1)))
			}
			for p := range js {
				js[p] = int(rs.below(uint32(across - 1)))
			}
			for p := range is {
				cut(image, is[p], js[p])
			}
		}
		return nil
	}, nil
}
