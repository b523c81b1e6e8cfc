package exec

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/tensor"
)

// testNode is a node as the tests write it.
type testNode struct {
	left, right, feature int
	threshold            float64
	missing, cat         bool
	bitset               int
	values               []float64
}

var (
	layout64 = &graph.TreeLayout{
		Size: 64, Left: graph.TreeField{Offset: 0, DType: tensor.Int64}, Right: graph.TreeField{Offset: 8, DType: tensor.Int64},
		Feature: graph.TreeField{Offset: 16, DType: tensor.Int64}, Threshold: graph.TreeField{Offset: 24, DType: tensor.Float64},
		Missing: graph.TreeField{Offset: 56, DType: tensor.Uint8},
	}
	layoutBig32 = &graph.TreeLayout{
		Size: 29, Big: true, Left: graph.TreeField{Offset: 1, DType: tensor.Int32}, Right: graph.TreeField{Offset: 5, DType: tensor.Int32},
		Feature: graph.TreeField{Offset: 9, DType: tensor.Int32}, Threshold: graph.TreeField{Offset: 13, DType: tensor.Float64},
		Missing: graph.TreeField{Offset: 0, DType: tensor.Uint8},
	}
	layoutHGB = &graph.TreeLayout{
		Size: 56, Value: graph.TreeField{Offset: 0, DType: tensor.Float64}, Feature: graph.TreeField{Offset: 12, DType: tensor.Int64},
		Threshold: graph.TreeField{Offset: 20, DType: tensor.Float64}, Missing: graph.TreeField{Offset: 28, DType: tensor.Uint8},
		Left: graph.TreeField{Offset: 29, DType: tensor.Uint32}, Right: graph.TreeField{Offset: 33, DType: tensor.Uint32},
		Leaf: graph.TreeField{Offset: 49, DType: tensor.Uint8}, Categorical: graph.TreeField{Offset: 51, DType: tensor.Uint8},
		Bitset: graph.TreeField{Offset: 52, DType: tensor.Uint32},
	}
)

func put(l *graph.TreeLayout, r []byte, f graph.TreeField, v float64) {
	var o binary.ByteOrder = binary.LittleEndian
	if l.Big {
		o = binary.BigEndian
	}
	switch f.DType {
	case tensor.Uint8:
		r[f.Offset] = uint8(v)
	case tensor.Int32, tensor.Uint32:
		o.PutUint32(r[f.Offset:], uint32(int32(v)))
	case tensor.Int64:
		o.PutUint64(r[f.Offset:], uint64(int64(v)))
	case tensor.Float64:
		o.PutUint64(r[f.Offset:], math.Float64bits(v))
	}
}

func flag(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// record writes nodes as records; a leaf has left -1.
func record(l *graph.TreeLayout, width int, nodes []testNode) graph.Tree {
	t := graph.Tree{Layout: l, Inputs: width, Nodes: make([]byte, len(nodes)*l.Size)}
	for i, n := range nodes {
		r := t.Nodes[i*l.Size : (i+1)*l.Size]
		leaf := n.left < 0
		if leaf && l.Leaf.DType != tensor.Invalid {
			n.left, n.right = 0, 0
		}
		put(l, r, l.Left, float64(n.left))
		put(l, r, l.Right, float64(n.right))
		put(l, r, l.Feature, float64(n.feature))
		put(l, r, l.Threshold, n.threshold)
		put(l, r, l.Missing, flag(n.missing))
		put(l, r, l.Leaf, flag(leaf))
		put(l, r, l.Categorical, flag(n.cat))
		put(l, r, l.Bitset, float64(n.bitset))
		if l.Value.DType != tensor.Invalid {
			put(l, r, l.Value, n.values[0])
			continue
		}
		for _, v := range n.values {
			if l.Big {
				t.Numbers = binary.BigEndian.AppendUint64(t.Numbers, math.Float64bits(v))
			} else {
				t.Numbers = binary.LittleEndian.AppendUint64(t.Numbers, math.Float64bits(v))
			}
		}
	}
	return t
}

// grow makes a random tree of about size nodes, numbered as scikit-learn numbers them.
func grow(r *rand.Rand, size, width, values int, value func() float64) []testNode {
	var nodes []testNode
	var split func(budget int) int
	split = func(budget int) int {
		at := len(nodes)
		n := testNode{left: -1, right: -1, feature: -2, threshold: -2, values: make([]float64, values)}
		if r.IntN(3) == 0 && values > 1 {
			n.values[r.IntN(values)] = 1
		} else {
			for k := range n.values {
				n.values[k] = value()
			}
		}
		nodes = append(nodes, n)
		if budget < 3 {
			return at
		}
		rest := budget - 1
		a := 1 + r.IntN(rest-1)
		nodes[at].feature = r.IntN(width)
		nodes[at].threshold = float64(r.IntN(40)-20)/8 + []float64{0, 1e-12, -1e-12}[r.IntN(3)]
		nodes[at].missing = r.IntN(2) == 0
		left := split(a)
		right := split(rest - a)
		nodes[at].left, nodes[at].right = left, right
		return at
	}
	split(size)
	return nodes
}

// walk is the definition.
func walk(nodes []testNode, sets []uint32, known *[8]uint32, row []float64) int {
	at := 0
	for nodes[at].left >= 0 {
		n := nodes[at]
		v := row[n.feature]
		left := v <= n.threshold
		if n.cat {
			switch {
			case v != v || v < 0:
				left = n.missing
			case sets[8*n.bitset+int(v)/32]>>(int(v)%32)&1 == 1:
				left = true
			default:
				left = n.missing && known[int(v)/32]>>(int(v)%32)&1 == 0
			}
		} else if v != v {
			left = n.missing
		}
		if left {
			at = n.left
		} else {
			at = n.right
		}
	}
	return at
}

func runTrees(t *testing.T, a graph.TreeEnsembleAttr, x tensor.Value, start []float64) *tensor.Tensor {
	t.Helper()
	out, err := tryTrees(a, x, start)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func tryTrees(a graph.TreeEnsembleAttr, x tensor.Value, start []float64) (*tensor.Tensor, error) {
	b := graph.NewBuilder()
	in := graph.Type{Shape: []int{graph.N, a.Trees.Width}}
	if x.CSR != nil {
		in.Kind, in.DType = graph.CSR, x.CSR.Data.DType
	} else {
		in.DType = x.Dense.DType
	}
	v := b.Input("X", in)
	if start != nil {
		v = b.TreeEnsemble(v, a, b.Const(tensor.FromF64(start)))
	} else {
		v = b.TreeEnsemble(v, a)
	}
	b.Output("y", v)
	g, err := b.Build()
	if err != nil {
		return nil, err
	}
	p, err := Compile(g, Options{})
	if err != nil {
		return nil, err
	}
	out, err := p.Run(context.Background(), []tensor.Value{x})
	if err != nil {
		return nil, err
	}
	return out[0].Dense, nil
}

// sparse keeps the entries that are not zero.
func sparse(x *tensor.Tensor) tensor.Value {
	s := &tensor.Sparse{Rows: x.Shape[0], Cols: x.Shape[1], Indptr: []int{0}, Data: tensor.New(x.DType, 0)}
	for i := range s.Rows {
		for j := range s.Cols {
			v, _ := x.Float(i*s.Cols + j)
			if v == 0 {
				continue
			}
			s.Indices = append(s.Indices, int32(j))
			s.Data.F32 = append(s.Data.F32, float32(v))
		}
		s.Indptr = append(s.Indptr, len(s.Indices))
	}
	s.Data.Shape[0] = len(s.Indices)
	return tensor.Value{CSR: s}
}

func bitEqual(a, b float64) bool { return math.Float64bits(a) == math.Float64bits(b) }

// TestTreesWalkAsDefined compares every way of walking with the definition: compact and in place, near and wide nodes,
// dense and sparse rows, with and without NaN, one row and many.
func TestTreesWalkAsDefined(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, c := range []struct {
		name                       string
		layout                     *graph.TreeLayout
		trees, size, width, values int
		f64, cat                   bool
	}{
		{name: "forest", layout: layout64, trees: 13, size: 200, width: 5, values: 3},
		{name: "two classes", layout: layout64, trees: 9, size: 60, width: 4, values: 2},
		{name: "many classes", layout: layoutBig32, trees: 5, size: 90, width: 3, values: 11},
		{name: "regressor", layout: layoutBig32, trees: 20, size: 40, width: 6, values: 1},
		{name: "stump and root", layout: layout64, trees: 3, size: 1, width: 2, values: 1},
		{name: "wide tree", layout: layout64, trees: 2, size: 70001, width: 7, values: 1},
		{name: "many columns", layout: layout64, trees: 40, size: 2001, width: 9000, values: 2},
		{name: "histogram", layout: layoutHGB, trees: 12, size: 61, width: 5, values: 1, f64: true},
		{name: "categories", layout: layoutHGB, trees: 12, size: 61, width: 5, values: 1, f64: true, cat: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			ts := &graph.Trees{Width: c.width, Values: c.values, Float64: c.f64, Scale: 0.1}
			var trees [][]testNode
			known := &[8]uint32{0x00ffffff, 7, 0, 0, 0, 0, 0, 0x80000000}
			if c.cat {
				ts.Known = make([]*[8]uint32, c.width)
				ts.Known[0], ts.Known[3] = known, known
			}
			for tr := range c.trees {
				nodes := grow(r, c.size, c.width, c.values, func() float64 { return r.NormFloat64() })
				var sets []uint32
				if c.cat {
					for i := range nodes {
						if tr%3 < 2 && nodes[i].left > 0 && (i == 0 || nodes[i].feature == 0 || nodes[i].feature == 3) {
							if i == 0 {
								nodes[i].feature = 3
							}
							nodes[i].cat, nodes[i].bitset = true, len(sets)/8
							for range 8 {
								sets = append(sets, r.Uint32()&r.Uint32())
							}
						}
					}
				}
				tree := record(c.layout, c.width, nodes)
				tree.Bitsets = sets
				ts.List = append(ts.List, tree)
				trees = append(trees, nodes)
			}
			for _, rows := range []int{1, 3, 5, 8, 21, 300} {
				for _, nan := range []bool{false, true} {
					if c.width > 1000 && rows > 21 {
						continue
					}
					x := tensor.New(tensor.Float32, rows, c.width)
					for i := range x.F32 {
						x.F32[i] = float32(r.IntN(48)-24) / 8
						if nan && r.IntN(7) == 0 {
							x.F32[i] = float32(math.NaN())
						}
						if nan && r.IntN(29) == 0 {
							x.F32[i] = float32(math.Inf(r.IntN(2)*2 - 1))
						}
					}
					if c.cat {
						for i := 0; i < len(x.F32); i++ {
							if i%c.width == 0 || i%c.width == 3 {
								if x.F32[i] = float32(r.IntN(256)); r.IntN(9) == 0 {
									x.F32[i] = -1
								}
							}
						}
					}
					if c.f64 {
						x = tensor.FromF64(x.AsF64(), rows, c.width)
					}
					xs := []tensor.Value{{Dense: x}}
					if !c.f64 {
						xs = append(xs, sparse(x))
					}
					outputs := c.values
					if c.values == 1 && c.trees%3 == 0 {
						outputs = 3
					}
					for kind, xv := range xs {
						for _, inPlace := range []bool{false, true} {
							for _, start := range [][]float64{nil, make([]float64, outputs)} {
								a := graph.TreeEnsembleAttr{Trees: &graph.Trees{List: ts.List, Width: ts.Width, Values: ts.Values, Float64: ts.Float64, Scale: 0.1, Known: ts.Known}, Outputs: outputs}
								if inPlace {
									a.Trees.KeepCompiled(&kept{done: true})
								}
								got := runTrees(t, a, xv, start)
								for i := range rows {
									row := make([]float64, c.width)
									for j := range row {
										row[j], _ = x.Float(i*c.width + j)
									}
									want := make([]float64, outputs)
									if start == nil {
										for k := range want {
											want[k] = math.Copysign(0, -1)
										}
									}
									for tr, nodes := range trees {
										leaf := nodes[walk(nodes, ts.List[tr].Bitsets, known, row)]
										if c.values == 1 {
											want[tr%outputs] += float64(0.1 * leaf.values[0])
											continue
										}
										for k, v := range leaf.values {
											want[k] += float64(0.1 * v)
										}
									}
									for k, w := range want {
										if g := got.F64[i*outputs+k]; !bitEqual(g, w) {
											t.Fatalf("%d rows, kind %d, in place %v, nan %v: row %d output %d is %v, want %v", rows, kind, inPlace, nan, i, k, g, w)
										}
									}
								}
							}
						}
					}
				}
			}
		})
	}
}

// TestTreeFractions: class counts become fractions.
func TestTreeFractions(t *testing.T) {
	nodes := []testNode{{left: 1, right: 2, feature: 0, threshold: 0.5, values: []float64{6, 1, 3, 4}}, {left: -1, values: []float64{3, 0, 1, 2}}, {left: -1, values: []float64{0, 0, 5, 0}}}
	ts := &graph.Trees{Width: 1, Values: 4, Scale: 1, Fractions: []int{2, 2}, List: []graph.Tree{record(layout64, 1, nodes)}}
	got := runTrees(t, graph.TreeEnsembleAttr{Trees: ts, Outputs: 4}, tensor.Value{Dense: tensor.FromF32([]float32{0, 1}, 2, 1)}, nil)
	want := []float64{1, 0, 1.0 / 3, 2.0 / 3, 0, 0, 1, 0}
	for i, w := range want {
		if got.F64[i] != w {
			t.Fatalf("%v, want %v", got.F64, want)
		}
	}
}

// TestTreeModes: leaves, stages and paths.
func TestTreeModes(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	ts := &graph.Trees{Width: 3, Values: 1, Scale: 0.5}
	var trees [][]testNode
	for range 6 {
		n := grow(r, 30, 3, 1, r.NormFloat64)
		trees = append(trees, n)
		ts.List = append(ts.List, record(layout64, 3, n))
	}
	for _, rows := range []int{1, 40} {
		x := tensor.New(tensor.Float32, rows, 3)
		for i := range x.F32 {
			x.F32[i] = float32(r.NormFloat64())
		}
		xv := tensor.Value{Dense: x}
		leaf := runTrees(t, graph.TreeEnsembleAttr{Trees: ts, Outputs: 1, Mode: graph.TreeLeaf}, xv, nil)
		staged := runTrees(t, graph.TreeEnsembleAttr{Trees: ts, Outputs: 2, Mode: graph.TreeStaged}, xv, []float64{1, 2})
		for i := range rows {
			cur := []float64{1, 2}
			for tr, n := range trees {
				at := walk(n, nil, nil, []float64{float64(x.F32[3*i]), float64(x.F32[3*i+1]), float64(x.F32[3*i+2])})
				if leaf.I64[6*i+tr] != int64(at) {
					t.Fatalf("leaf of row %d tree %d is %d, want %d", i, tr, leaf.I64[6*i+tr], at)
				}
				cur[tr%2] += 0.5 * n[at].values[0]
				if g := staged.F64[6*i+tr]; g != cur[tr%2] {
					t.Fatalf("stage of row %d tree %d is %v, want %v", i, tr, g, cur[tr%2])
				}
			}
		}
	}
}

// TestHostileTrees: what is no tree is refused or fails the request, soon and without a panic, in place and compact.
func TestHostileTrees(t *testing.T) {
	leaf := testNode{left: -1, right: -1, values: []float64{1}}
	inner := func(l, r, f int) testNode {
		return testNode{left: l, right: r, feature: f, threshold: 0.5, values: []float64{0}}
	}
	nan := inner(1, 2, 0)
	nan.threshold = math.NaN()
	chain := make([]testNode, 40001)
	for i := 0; i+2 < len(chain); i += 2 {
		chain[i], chain[i+1] = inner(i+1, i+2, 0), leaf
	}
	chain[len(chain)-1] = leaf
	for _, c := range []struct {
		name  string
		nodes []testNode
		want  string // "" for no error
	}{
		{"own child", []testNode{inner(0, 0, 0)}, "node 0"},
		{"cycle", []testNode{inner(1, 2, 0), inner(0, 2, 0), leaf}, "node 1"},
		{"child out of range", []testNode{inner(1, 1<<30, 0), leaf}, "node 0"},
		{"negative child", []testNode{inner(1, -7, 0), leaf}, "node 0"},
		{"feature out of range", []testNode{inner(1, 2, 1e9), leaf, leaf}, "feature"},
		{"negative feature", []testNode{inner(1, 2, -2), leaf, leaf}, "feature"},
		{"nan threshold", []testNode{nan, leaf, leaf}, ""},
		{"chain", chain, ""},
	} {
		for _, inPlace := range []bool{false, true} {
			for _, rows := range []int{1, 64} {
				ts := &graph.Trees{Width: 1, Values: 1, Scale: 1, List: []graph.Tree{record(layout64, 1, c.nodes)}}
				if inPlace {
					ts.KeepCompiled(&kept{done: true})
				}
				began := time.Now()
				got, err := tryTrees(graph.TreeEnsembleAttr{Trees: ts, Outputs: 1}, tensor.Value{Dense: tensor.New(tensor.Float32, rows, 1)}, nil)
				if d := time.Since(began); d > time.Minute {
					t.Errorf("%s: took %v", c.name, d)
				}
				var fault *FaultError
				switch {
				case c.want == "" && err != nil, c.want != "" && err == nil, errors.As(err, &fault), err != nil && !strings.Contains(err.Error(), c.want):
					t.Errorf("%s, in place %v, %d rows: %v", c.name, inPlace, rows, err)
				case err == nil && got.F64[0] != 1:
					t.Errorf("%s, in place %v: %v", c.name, inPlace, got.F64)
				}
			}
		}
	}
	shared := &graph.Trees{Width: 1, Values: 1, Scale: 1, List: []graph.Tree{record(layout64, 1, []testNode{inner(1, 2, 0), inner(3, 4, 0), inner(3, 4, 0), leaf, leaf})}}
	if _, err := tryTrees(graph.TreeEnsembleAttr{Trees: shared, Outputs: 1}, tensor.Value{Dense: tensor.New(tensor.Float32, 1, 1)}, nil); err == nil || !strings.Contains(err.Error(), "two parents") {
		t.Errorf("shared child: %v", err)
	}
}

// TestTreesOfSharedArrays: many trees made of few arrays are not multiplied in memory.
func TestTreesOfSharedArrays(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	one := record(layout64, 2, grow(r, 30001, 2, 1, r.NormFloat64))
	ts := &graph.Trees{Width: 2, Values: 1, Scale: 1}
	for range 500 {
		ts.List = append(ts.List, one)
	}
	f, err := newForest(ts)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(f.plain.near); n > 30001+16+nearNodes {
		t.Errorf("%d nodes", n)
	}
	ts.List = nil
	for i := range 100 {
		for j := range 100 {
			t := one
			t.Nodes, t.Numbers = one.Nodes[:len(one.Nodes)-64*i], append([]byte{}, one.Numbers[:8]...)
			_ = j
			ts.List = append(ts.List, t)
		}
	}
	if worth(ts) {
		t.Error("ten thousand trees from a hundred arrays are worth compacting")
	}
}

// TestTreesUnderMemoryLimit: a forest over the bound, or a mapped one asked for few rows, is not copied.
func TestTreesUnderMemoryLimit(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	for _, c := range []struct {
		memory   int64
		mapped   bool
		size     int
		compact  bool
		describe string
	}{
		{0, false, 301, true, "small"},
		{1000, false, 301, false, "over the bound"},
		{0, true, 301, true, "small and mapped"},
		{0, true, 2*compactNodes + 1001, false, "big and mapped"},
		{0, false, 2*compactNodes + 1001, true, "big"},
	} {
		ts := &graph.Trees{Width: 2, Values: 1, Scale: 1, Mapped: c.mapped, List: []graph.Tree{record(layout64, 2, grow(r, c.size, 2, 1, r.NormFloat64))}}
		b := graph.NewBuilder()
		b.Output("y", b.TreeEnsemble(b.Input("X", graph.Type{DType: tensor.Float32, Shape: []int{graph.N, 2}}), graph.TreeEnsembleAttr{Trees: ts, Outputs: 1}))
		g, err := b.Build()
		if err != nil {
			t.Fatal(err)
		}
		p, err := Compile(g, Options{Memory: c.memory})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Run(context.Background(), []tensor.Value{{Dense: tensor.New(tensor.Float32, 1, 2)}}); err != nil {
			t.Fatal(err)
		}
		if k := ts.Compiled().(*kept); (k.forest != nil) != c.compact {
			t.Errorf("%s: compact is %v", c.describe, k.forest != nil)
		}
	}
}

func BenchmarkTrees(b *testing.B) {
	r := rand.New(rand.NewPCG(7, 8))
	ts := &graph.Trees{Width: 20, Values: 3, Scale: 1}
	for range 50 {
		ts.List = append(ts.List, record(layout64, 20, grow(r, 4001, 20, 3, r.Float64)))
	}
	for _, rows := range []int{1, 4096} {
		b.Run(fmt.Sprint(rows), func(b *testing.B) {
			x := tensor.New(tensor.Float32, rows, 20)
			for i := range x.F32 {
				x.F32[i] = float32(r.NormFloat64())
			}
			g := graph.NewBuilder()
			g.Output("y", g.TreeEnsemble(g.Input("X", graph.Type{DType: tensor.Float32, Shape: []int{graph.N, 20}}), graph.TreeEnsembleAttr{Trees: ts, Outputs: 3}))
			gr, _ := g.Build()
			p, err := Compile(gr, Options{Threads: 1})
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				if _, err := p.Run(context.Background(), []tensor.Value{{Dense: x}}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
