// Package graph is the dataflow intermediate form: what has to be computed, as operations on typed values.
//
// It is the second of Larder's two waists. Estimators (sklearn/...) build a Graph, exec runs it and format/onnx
// writes it: one formula, so that prediction and export can not drift apart. Operations carry ONNX's names and
// meaning where ONNX has them; what ONNX lacks is Larder's own. Unlike ONNX, reductions name the order of their sum.
//
// A Builder checks types and shapes as nodes are added, so that exec and the encoders meet only sound graphs. It
// keeps the first error and goes on with zero Values: formulas never check errors, Build returns it.
package graph

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/larder-ml/larder/source"
	"github.com/larder-ml/larder/tensor"
)

// ErrInput is the sentinel of refused rows.
var ErrInput = errors.New("rows do not fit the model")

// N stands for the number of rows in a Shape: known only when the graph runs.
const N = -1

// Kind is the layout of a value.
type Kind uint8

// The kinds of value.
const (
	Dense  Kind = iota // *tensor.Tensor
	CSR                // *tensor.Sparse, shape [N, k]
	Frame              // *tensor.Frame: one type per column
	Tokens             // rows of strings, ragged (text on its way to counts)
	Dicts              // rows of key–value pairs, ragged
	OneHot             // one code per row and block, -1 for none; blocks of Widths columns
	Ragged             // rows of indices and distances, ragged (radius neighbours)
)

var kindNames = [...]string{"dense", "csr", "frame", "tokens", "dicts", "onehot", "ragged"}

func (k Kind) String() string { return kindNames[k] }

// Column is the name and type of a Frame's column.
type Column struct {
	Name  string
	DType tensor.DType
}

// Type is the type of a value.
type Type struct {
	Kind    Kind
	DType   tensor.DType // element type; of a Frame, Invalid
	Shape   []int        // Dense: N first for row values; CSR, OneHot: [N, k]; Frame: [N, columns]
	Columns []Column     // Frame
	Widths  []int        // OneHot: columns of each block
}

// Rank returns the number of dimensions.
func (t Type) Rank() int { return len(t.Shape) }

// Width returns the number of columns of a row value: 1 for a one-dimensional one.
func (t Type) Width() int {
	if len(t.Shape) < 2 {
		return 1
	}
	w := 1
	for _, d := range t.Shape[1:] {
		w *= d
	}
	return w
}

// Sparse reports rows of which scikit-learn stores the entries that are not zero.
func (t Type) Sparse() bool { return t.Kind == CSR || t.Kind == OneHot }

// Batched reports that the first dimension is the rows.
func (t Type) Batched() bool { return len(t.Shape) > 0 && t.Shape[0] == N }

func (t Type) equal(u Type) bool {
	return t.Kind == u.Kind && t.DType == u.DType && slices.Equal(t.Shape, u.Shape) && slices.Equal(t.Columns, u.Columns) && slices.Equal(t.Widths, u.Widths)
}

func (t Type) String() string {
	var s strings.Builder
	if t.Kind != Dense {
		s.WriteString(t.Kind.String())
	}
	if t.Kind == Frame {
		s.WriteByte('{')
		for i, c := range t.Columns {
			if i > 0 {
				s.WriteByte(' ')
			}
			fmt.Fprintf(&s, "%s:%s", c.Name, c.DType)
		}
		s.WriteByte('}')
		return s.String()
	}
	s.WriteString(t.DType.String())
	s.WriteByte('[')
	for i, d := range t.Shape {
		if i > 0 {
			s.WriteByte(',')
		}
		if d == N {
			s.WriteByte('n')
		} else {
			fmt.Fprint(&s, d)
		}
	}
	s.WriteByte(']')
	return s.String()
}

// Op names an operation.
type Op string

// Node is one operation.
type Node struct {
	Op          Op
	In, Out     []int  // indices into Graph.Types
	Attr        any    // pointer to the op's attribute struct, nil if it has none
	Origin      string // path of the estimator that added it: "model.steps[1]"
	Class       string // its scikit-learn class name: "StandardScaler"
	CouplesRows bool   // a row's result depends on the other rows: never split or merge batches
}

// Output is a named result.
type Output struct {
	Name string
	ID   int
}

// Graph is a sound dataflow graph: nodes in an order in which every input is made before it is used.
type Graph struct {
	Types   []Type
	Nodes   []Node
	Inputs  []int // Input nodes' values
	Outputs []Output
}

// CouplesRows reports whether any node couples rows.
func (g *Graph) CouplesRows() bool {
	for i := range g.Nodes {
		if g.Nodes[i].CouplesRows {
			return true
		}
	}
	return false
}

// String is a text dump, one node a line.
func (g *Graph) String() string {
	var s strings.Builder
	for _, n := range g.Nodes {
		for i, o := range n.Out {
			if i > 0 {
				s.WriteString(", ")
			}
			fmt.Fprintf(&s, "%%%d:%s", o, g.Types[o])
		}
		fmt.Fprintf(&s, " = %s(", n.Op)
		for i, in := range n.In {
			if i > 0 {
				s.WriteString(", ")
			}
			fmt.Fprintf(&s, "%%%d", in)
		}
		s.WriteByte(')')
		if a, ok := n.Attr.(fmt.Stringer); ok {
			s.WriteByte(' ')
			s.WriteString(a.String())
		}
		if n.Origin != "" {
			fmt.Fprintf(&s, "  # %s", n.Origin)
		}
		s.WriteByte('\n')
	}
	for _, o := range g.Outputs {
		fmt.Fprintf(&s, "output %s = %%%d:%s\n", o.Name, o.ID, g.Types[o.ID])
	}
	return s.String()
}

// Value is a symbolic value while a graph is built. The zero Value stands for "an error came before".
// A tuple Value holds several (multi-output probabilities, neighbours): see Builder.Tuple.
type Value struct {
	b     *Builder
	id    int
	name  string
	parts []Value
}

// OK reports a usable value: not the zero Value.
func (v Value) OK() bool { return v.b != nil }

// IsTuple reports a tuple.
func (v Value) IsTuple() bool { return v.parts != nil }

// Parts returns a tuple's values, or the value itself alone.
func (v Value) Parts() []Value {
	if v.parts != nil {
		return v.parts
	}
	return []Value{v}
}

// Name returns the name given by Named.
func (v Value) Name() string { return v.name }

// Named returns v with a name, used for the outputs of tuples ("distances", "indices").
func (v Value) Named(name string) Value { v.name = name; return v }

// ID returns the value's index in Graph.Types.
func (v Value) ID() int { return v.id }

// Type returns the value's type; the zero Type for a zero Value.
func (v Value) Type() Type {
	if v.b == nil || v.parts != nil {
		return Type{}
	}
	return v.b.g.Types[v.id]
}

// DType returns the element type.
func (v Value) DType() tensor.DType { return v.Type().DType }

// Width returns the number of columns.
func (v Value) Width() int { return v.Type().Width() }

// InputError is what scikit-learn would raise for the data: wrong width or names, NaN where none may be, an unknown
// category. Msg is scikit-learn's text.
type InputError struct {
	Origin string // path of the estimator that refused
	Msg    string
	Width  int // the number of columns the estimator takes, if the number is what is wrong
}

func (e *InputError) Error() string { return e.Msg }

// Is answers ErrInput.
func (e *InputError) Is(target error) bool { return target == ErrInput }

// Error is a fault found while building: a formula that does not fit its inputs.
type Error struct {
	Origin string
	Op     Op
	Msg    string
}

func (e *Error) Error() string {
	s := "graph: "
	if e.Origin != "" {
		s += e.Origin + ": "
	}
	if e.Op != "" {
		s += string(e.Op) + ": "
	}
	return s + e.Msg
}

// Is answers ErrInput: a formula that does not fit was given rows of a type it can not take.
func (e *Error) Is(target error) bool { return target == ErrInput }

// UnsupportedError names what a target (exec, onnx) or an estimator can not do and why.
type UnsupportedError struct {
	Target string // "onnx"; "" when nothing can compute it
	Op     Op
	Origin string
	Why    string
}

func (e *UnsupportedError) Error() string {
	s := ""
	if e.Origin != "" {
		s = e.Origin + ": "
	}
	if e.Op != "" {
		s += string(e.Op) + ": "
	}
	if e.Target != "" {
		return s + "can not be expressed in " + e.Target + ": " + e.Why
	}
	return s + e.Why
}

// Is answers source.ErrUnsupported.
func (e *UnsupportedError) Is(target error) bool { return target == source.ErrUnsupported }
