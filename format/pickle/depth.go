package pickle

import (
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/source"
)

// maxRing bounds a walk through cycles: the longest chain of values, members of a ring of references counted one by
// one. It keeps recursive walks of the graph inside a goroutine's stack.
const maxRing = 250_000

// checkDepth refuses graphs nested deeper than Limits.Depth, rings of references counted as one level.
func (m *Machine) checkDepth() error {
	d := depths{index: map[pyobj.Value]int{}}
	d.visit(m.Doc.Root)
	for _, v := range m.Doc.Extra {
		d.visit(v)
	}
	for i := range m.Doc.Calls {
		c := &m.Doc.Calls[i]
		d.visit(c.Func)
		for _, a := range c.Args {
			d.visit(a)
		}
		if c.Result != nil {
			d.visit(c.Result)
		}
	}
	if d.deepest > m.lim.Depth {
		return &source.LimitError{Limit: "nesting depth", Value: int64(d.deepest), Max: int64(m.lim.Depth), Offset: -1}
	}
	if d.longest > maxRing {
		return &source.LimitError{Limit: "length of a chain of references", Value: int64(d.longest), Max: maxRing, Offset: -1}
	}
	return nil
}

// depths is Tarjan's walk for strongly connected components, without recursion.
type depths struct {
	index   map[pyobj.Value]int // position in nodes
	nodes   []node
	calls   []frame
	open    []int // nodes of unfinished components
	deepest int
	longest int
}

type node struct {
	low    int
	done   bool
	levels int // finished: nesting below and with this node
	length int // finished: longest chain
}

type frame struct {
	node     int
	children []pyobj.Value
	levels   int // deepest finished child outside of the component
	length   int
}

func (d *depths) visit(v pyobj.Value) {
	if !d.enter(v) {
		return
	}
	for len(d.calls) > 0 {
		f := &d.calls[len(d.calls)-1]
		if len(f.children) > 0 {
			c := f.children[len(f.children)-1]
			f.children = f.children[:len(f.children)-1]
			if d.enter(c) {
				continue
			}
			if i, ok := d.index[c]; ok {
				d.child(f, i)
			}
			continue
		}
		n := f.node
		levels, length := f.levels, f.length
		d.calls = d.calls[:len(d.calls)-1]
		if d.nodes[n].low == n {
			// n is the first node of its component; members keep what is below the whole of it
			size := 0
			for i := len(d.open) - 1; d.open[i] >= n; i-- {
				size++
				if d.nodes[d.open[i]].levels > levels {
					levels = d.nodes[d.open[i]].levels
				}
				if d.nodes[d.open[i]].length > length {
					length = d.nodes[d.open[i]].length
				}
				if i == 0 {
					break
				}
			}
			levels, length = levels+1, length+size
			for _, k := range d.open[len(d.open)-size:] {
				d.nodes[k].done, d.nodes[k].levels, d.nodes[k].length = true, levels, length
			}
			d.open = d.open[:len(d.open)-size]
			d.deepest, d.longest = max(d.deepest, levels), max(d.longest, length)
		} else {
			d.nodes[n].levels, d.nodes[n].length = levels, length
		}
		if len(d.calls) > 0 {
			d.child(&d.calls[len(d.calls)-1], n)
		}
	}
}

// child takes a visited child into account.
func (d *depths) child(f *frame, i int) {
	if d.nodes[i].done {
		f.levels, f.length = max(f.levels, d.nodes[i].levels), max(f.length, d.nodes[i].length)
	} else {
		d.nodes[f.node].low = min(d.nodes[f.node].low, d.nodes[i].low)
	}
}

// enter begins a container not met before.
func (d *depths) enter(v pyobj.Value) bool {
	var children []pyobj.Value
	switch x := v.(type) {
	case *pyobj.List:
		children = containers(nil, x.Items)
	case *pyobj.Tuple:
		children = containers(nil, x.Items)
	case *pyobj.Set:
		children = containers(nil, x.Items)
	case *pyobj.Dict:
		children = pairs(nil, x.Entries)
	case *pyobj.Array:
		children = containers(nil, x.Objects)
	case *pyobj.Persistent:
		children = containers(nil, []pyobj.Value{x.ID})
	case *pyobj.Object:
		children = containers(nil, []pyobj.Value{x.Class, x.State})
		children = containers(children, x.Args)
		if x.Kwargs != nil {
			children = append(children, x.Kwargs)
		}
		children = containers(children, x.Items)
		children = pairs(children, x.Pairs)
	default:
		return false
	}
	if _, ok := d.index[v]; ok {
		return false
	}
	n := len(d.nodes)
	d.index[v] = n
	d.nodes = append(d.nodes, node{low: n})
	d.open = append(d.open, n)
	d.calls = append(d.calls, frame{node: n, children: children})
	return true
}

func containers(to, items []pyobj.Value) []pyobj.Value {
	for _, v := range items {
		switch v.(type) {
		case *pyobj.List, *pyobj.Tuple, *pyobj.Set, *pyobj.Dict, *pyobj.Array, *pyobj.Persistent, *pyobj.Object:
			to = append(to, v)
		}
	}
	return to
}

func pairs(to []pyobj.Value, entries []pyobj.Entry) []pyobj.Value {
	for i := range entries {
		to = containers(to, []pyobj.Value{entries[i].Key, entries[i].Value})
	}
	return to
}
