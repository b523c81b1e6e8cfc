package graph

import (
	"fmt"

	"github.com/larder-ml/larder/tensor"
)

// Builder adds nodes to a graph.
type Builder struct {
	g      *Graph
	err    error
	origin string
	class  string
	consts map[*tensor.Tensor]Value
}

// NewBuilder returns an empty builder.
func NewBuilder() *Builder {
	return &Builder{g: &Graph{}, consts: map[*tensor.Tensor]Value{}}
}

// Err returns the first error.
func (b *Builder) Err() error { return b.err }

// Fail records an error and returns the zero Value.
func (b *Builder) Fail(err error) Value {
	if b.err == nil {
		b.err = err
	}
	return Value{}
}

// Failf records an Error about op at the current origin.
func (b *Builder) Failf(op Op, format string, args ...any) Value {
	return b.Fail(&Error{Origin: b.origin, Op: op, Msg: fmt.Sprintf(format, args...)})
}

// Refuse records an InputError with scikit-learn's words.
func (b *Builder) Refuse(format string, args ...any) Value {
	return b.Fail(&InputError{Origin: b.origin, Msg: fmt.Sprintf(format, args...)})
}

// RefuseWidth is Refuse where an estimator takes another number of columns.
func (b *Builder) RefuseWidth(width int, format string, args ...any) Value {
	return b.Fail(&InputError{Origin: b.origin, Msg: fmt.Sprintf(format, args...), Width: width})
}

// Unsupported records an UnsupportedError.
func (b *Builder) Unsupported(op Op, format string, args ...any) Value {
	return b.Fail(&UnsupportedError{Op: op, Origin: b.origin, Why: fmt.Sprintf(format, args...)})
}

// Enter sets the origin (path and class of the estimator whose formula follows) and returns what restores the former.
func (b *Builder) Enter(origin, class string) (leave func()) {
	o, c := b.origin, b.class
	b.origin, b.class = origin, class
	return func() { b.origin, b.class = o, c }
}

// Origin returns the path of the estimator being lowered.
func (b *Builder) Origin() string { return b.origin }

// Class returns the scikit-learn class name of the estimator being lowered.
func (b *Builder) Class() string { return b.class }

// Build ends the graph.
func (b *Builder) Build() (*Graph, error) {
	if b.err != nil {
		return nil, b.err
	}
	return b.g, nil
}

// Output names a result. A tuple becomes one output per part, named by the part or by name and its index.
func (b *Builder) Output(name string, v Value) {
	for i, p := range v.Parts() {
		n := name
		if v.IsTuple() {
			if n = p.name; n == "" {
				n = fmt.Sprintf("%s%d", name, i)
			}
		}
		if !p.OK() {
			b.Failf("Output", "%s: no value", n)
			return
		}
		if len(p.Type().Shape) == 0 {
			b.Failf("Output", "%s is one number, whatever the rows", n)
			return
		}
		b.g.Outputs = append(b.g.Outputs, Output{n, p.id})
	}
}

// Tuple joins values into one: multi-output probabilities, distances and indices.
func (b *Builder) Tuple(vs ...Value) Value {
	for _, v := range vs {
		if !v.OK() {
			return Value{}
		}
	}
	return Value{b: b, parts: vs}
}

// Add1 adds a node with one output: the door through which every op, also those of other files, is added.
// Inputs that are zero Values give a zero Value.
func (b *Builder) Add1(op Op, attr any, out Type, in ...Value) Value {
	vs := b.AddN(op, attr, []Type{out}, in...)
	return vs[0]
}

// AddN adds a node with several outputs.
func (b *Builder) AddN(op Op, attr any, outs []Type, in ...Value) []Value {
	vs := make([]Value, len(outs))
	n := Node{Op: op, Attr: attr, Origin: b.origin, Class: b.class}
	for i, v := range in {
		if b.err != nil || !v.OK() {
			return vs
		}
		if v.IsTuple() {
			b.Failf(op, "input %d is several values", i)
			return vs
		}
		n.In = append(n.In, v.id)
	}
	for i, t := range outs {
		vs[i] = Value{b: b, id: len(b.g.Types)}
		n.Out = append(n.Out, vs[i].id)
		b.g.Types = append(b.g.Types, t)
	}
	b.g.Nodes = append(b.g.Nodes, n)
	return vs
}

// Couples marks the last added node as coupling rows.
func (b *Builder) Couples() {
	if len(b.g.Nodes) > 0 {
		b.g.Nodes[len(b.g.Nodes)-1].CouplesRows = true
	}
}

// OpInput and OpConst make the values a graph starts from.
const (
	OpInput Op = "Input" //                     → X        Attr *InputAttr
	OpConst Op = "Const" //                     → tensor   Attr *ConstAttr
)

// InputAttr names an input.
type InputAttr struct{ Name string }

// ConstAttr holds a constant: Tensor, or Sparse for a constant matrix in CSR form (its type then has kind CSR and
// a first dimension that is a number).
type ConstAttr struct {
	Tensor *tensor.Tensor
	Sparse *tensor.Sparse
}

// Input adds an input.
func (b *Builder) Input(name string, t Type) Value {
	v := b.Add1(OpInput, &InputAttr{name}, t)
	if v.OK() {
		b.g.Inputs = append(b.g.Inputs, v.id)
	}
	return v
}

// Const adds a constant. The same tensor added twice is one node.
func (b *Builder) Const(t *tensor.Tensor) Value {
	if t == nil {
		return b.Failf(OpConst, "no tensor")
	}
	if v, ok := b.consts[t]; ok {
		return v
	}
	v := b.Add1(OpConst, &ConstAttr{Tensor: t}, Type{DType: t.DType, Shape: append([]int{}, t.Shape...)})
	b.consts[t] = v
	return v
}

// ConstSparse adds a constant sparse matrix.
func (b *Builder) ConstSparse(s *tensor.Sparse) Value {
	return b.Add1(OpConst, &ConstAttr{Sparse: s}, Type{Kind: CSR, DType: s.Data.DType, Shape: []int{s.Rows, s.Cols}})
}

// ConstOf returns the constant behind a value, if it is one.
func (b *Builder) ConstOf(v Value) (*tensor.Tensor, bool) {
	if !v.OK() || v.IsTuple() {
		return nil, false
	}
	for i := range b.g.Nodes {
		if n := &b.g.Nodes[i]; n.Op == OpConst && n.Out[0] == v.id {
			c := n.Attr.(*ConstAttr)
			return c.Tensor, c.Tensor != nil
		}
	}
	return nil, false
}

// Scalar adds a constant number with like's dtype when that is floating, else float64: how numpy treats a Python
// float beside an array.
func (b *Builder) Scalar(f float64, like Value) Value {
	switch d := like.DType(); d {
	case tensor.Float32:
		return b.Const(&tensor.Tensor{DType: d, Shape: []int{}, F32: []float32{float32(f)}})
	case tensor.Float16:
		return b.Const(&tensor.Tensor{DType: d, Shape: []int{}, F32: []float32{tensor.Half(f)}})
	}
	return b.Const(&tensor.Tensor{DType: tensor.Float64, Shape: []int{}, F64: []float64{f}})
}
