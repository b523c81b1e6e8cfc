package graph

import (
	"math"
	"reflect"
	"slices"

	"github.com/larder-ml/larder/tensor"
)

// Merge returns a graph that computes equal nodes once: those with the same operation, inputs and attributes, such as
// two methods of one model give. g is left as it is.
func Merge(g *Graph) *Graph {
	out := &Graph{Types: g.Types, Inputs: g.Inputs}
	as := make([]int, len(g.Types)) // the value that stands for a value
	for i := range as {
		as[i] = i
	}
	type kind struct {
		op      Op
		in, out int
		first   int // input
	}
	seen := map[kind][]int{} // nodes of out
	for _, n := range g.Nodes {
		n.In = slices.Clone(n.In)
		for i, id := range n.In {
			n.In[i] = as[id]
		}
		key := kind{n.Op, len(n.In), len(n.Out), -1}
		if len(n.In) > 0 {
			key.first = n.In[0]
		}
		if n.Op != OpInput {
			if j := equalNode(out, g.Types, seen[key], &n); j >= 0 {
				for i, id := range n.Out {
					as[id] = out.Nodes[j].Out[i]
				}
				continue
			}
		}
		seen[key] = append(seen[key], len(out.Nodes))
		out.Nodes = append(out.Nodes, n)
	}
	for _, o := range g.Outputs {
		out.Outputs = append(out.Outputs, Output{o.Name, as[o.ID]})
	}
	return out
}

// equalNode returns which of some nodes equals n, or -1.
func equalNode(g *Graph, types []Type, among []int, n *Node) int {
	for _, j := range among {
		m := &g.Nodes[j]
		same := m.CouplesRows == n.CouplesRows && slices.Equal(m.In, n.In)
		for i := range n.Out {
			same = same && types[m.Out[i]].equal(types[n.Out[i]])
		}
		if same && equalAttr(reflect.ValueOf(m.Attr), reflect.ValueOf(n.Attr)) {
			return j
		}
	}
	return -1
}

// equalAttr compares attributes by content, floats by their bits. Structures behind pointers other than attributes
// themselves and tensors are compared by address.
func equalAttr(a, b reflect.Value) bool {
	if !a.IsValid() || !b.IsValid() {
		return a.IsValid() == b.IsValid()
	}
	if a.Type() != b.Type() {
		return false
	}
	if a.Kind() != reflect.Pointer {
		return equalValue(a, b)
	}
	return a.Pointer() == b.Pointer() || !a.IsNil() && !b.IsNil() && equalValue(a.Elem(), b.Elem())
}

func equalValue(a, b reflect.Value) bool {
	switch a.Kind() {
	case reflect.Struct:
		for i := range a.NumField() {
			if !equalValue(a.Field(i), b.Field(i)) {
				return false
			}
		}
		return true
	case reflect.Slice:
		return equalSlice(a, b)
	case reflect.Array:
		for i := range a.Len() {
			if !equalValue(a.Index(i), b.Index(i)) {
				return false
			}
		}
		return true
	case reflect.Pointer:
		if a.Pointer() == b.Pointer() {
			return true
		}
		if a.IsNil() || b.IsNil() {
			return false
		}
		switch a.Type() {
		case reflect.TypeFor[*tensor.Tensor](), reflect.TypeFor[*tensor.Sparse]():
			return equalValue(a.Elem(), b.Elem())
		}
		return false
	case reflect.Bool:
		return a.Bool() == b.Bool()
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return a.Int() == b.Int()
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return a.Uint() == b.Uint()
	case reflect.Float32, reflect.Float64:
		return sameBits(a.Float(), b.Float())
	case reflect.String:
		return a.String() == b.String()
	}
	return false
}

func equalSlice(a, b reflect.Value) bool {
	if a.Len() != b.Len() || a.IsNil() != b.IsNil() {
		return false
	}
	if a.Len() == 0 || a.Pointer() == b.Pointer() {
		return true
	}
	if a.CanInterface() && b.CanInterface() {
		switch x := a.Interface().(type) {
		case []float64:
			return slices.EqualFunc(x, b.Interface().([]float64), sameBits)
		case []float32:
			return slices.EqualFunc(x, b.Interface().([]float32), func(u, v float32) bool { return sameBits(float64(u), float64(v)) })
		case []int64:
			return slices.Equal(x, b.Interface().([]int64))
		case []int32:
			return slices.Equal(x, b.Interface().([]int32))
		case []string:
			return slices.Equal(x, b.Interface().([]string))
		}
	}
	for i := range a.Len() {
		if !equalValue(a.Index(i), b.Index(i)) {
			return false
		}
	}
	return true
}

func sameBits(x, y float64) bool { return math.Float64bits(x) == math.Float64bits(y) }
