package cluster

import (
	"fmt"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/sklearn"
)

// pooling is a known pooling function.
type pooling struct{ op graph.Op }

// UnmarshalPy reads a numpy function by name.
func (p *pooling) UnmarshalPy(_ *sklearn.Binder, _ string, v pyobj.Value) error {
	g, ok := v.(*pyobj.Global)
	if ok {
		switch pyobj.ShortName(g.Name) {
		case "mean":
			p.op = graph.OpReduceMean
		case "max", "amax":
			p.op = graph.OpReduceMax
		case "min", "amin":
			p.op = graph.OpReduceMin
		case "sum":
			p.op = graph.OpReduceSum
		}
	}
	if p.op == "" {
		return fmt.Errorf("pooling function %s is not known", sklearn.Describe(v))
	}
	return nil
}
