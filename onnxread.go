package larder

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/larder-ml/larder/exec"
	"github.com/larder-ml/larder/format/onnx"
	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/source"
	"github.com/larder-ml/larder/tensor"
)

// ONNX is an ONNX model that was read, ready to run. It is immutable and safe for concurrent use.
type ONNX struct {
	plan *exec.Plan
}

// ReadONNX reads a model that EncodeONNX wrote, or one of the same operations: what the file says is what runs, nothing of the
// model it was made from. Operations that a graph has not are a *graph.UnsupportedError; see format/onnx.Decode.
func ReadONNX(b []byte, opts ...Option) (*ONNX, error) {
	o := newOptions(opts)
	g, err := onnx.Decode(b)
	if err != nil {
		return nil, err
	}
	p, err := exec.Compile(g, exec.Options{Threads: o.threads, Memory: source.Memory() / 4})
	if err != nil {
		return nil, err
	}
	return &ONNX{plan: p}, nil
}

// Run computes the outputs for rows as RunONNX takes them: a matrix, which is rounded to the input's type; or a frame, whose
// columns go to the inputs of their names, missing text as empty text.
func (o *ONNX) Run(ctx context.Context, rows tensor.Value) (*Result, error) {
	g := o.plan.Graph()
	in := make([]tensor.Value, len(g.Inputs))
	for i, id := range g.Inputs {
		t := g.Types[id]
		in[i] = asONNX(rows, t)
		if rows.Frame == nil || len(g.Inputs) == 1 && t.Width() > 1 {
			continue
		}
		name := inputName(g, id)
		k := slices.Index(rows.Frame.Names, name)
		if rows.Frame.Names == nil {
			// Columns without names are x0, x1 and so on, of which the model may read some.
			if n, err := strconv.Atoi(strings.TrimPrefix(name, "x")); err == nil {
				k = n
			}
		}
		if k < 0 || k >= len(rows.Frame.Columns) {
			return nil, &graph.InputError{Msg: fmt.Sprintf("no column %q, which the ONNX model takes", name)}
		}
		in[i] = tensor.Value{Dense: asColumn(rows.Frame.Columns[k], t.DType).Reshape(rows.Frame.N, 1)}
	}
	out, err := o.plan.Run(ctx, in)
	if err != nil {
		return nil, err
	}
	r := &Result{}
	for i, v := range out {
		r.Outputs = append(r.Outputs, Output{g.Outputs[i].Name, v})
	}
	return r, nil
}

func inputName(g *graph.Graph, id int) string {
	for i := range g.Nodes {
		if n := &g.Nodes[i]; n.Op == graph.OpInput && n.Out[0] == id {
			return n.Attr.(*graph.InputAttr).Name
		}
	}
	return ""
}
