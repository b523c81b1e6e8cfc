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
	n := m.ops / PerContainer
	d := depths{index: make(map[pyobj.Value]int, n), nodes: make([]node, 0, n)}
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
	index    map[pyobj.Value]int // position in nodes
	nodes    []node
	calls    []visit
	children []pyobj.Value // of all calls, the last one's at the end
	open     []int         // nodes of unfinished components
	deepest  int
	longest  int
}

type node struct {
	low    int
	done   bool
	levels int // finished: nesting below and with this node
	length int // finished: longest chain
}

type visit struct {
	node   int
	first  int // where its children begin
	levels int // deepest finished child outside of the component
	length int
}

func (d *depths) visit(v pyobj.Value) {
	if !d.enter(v) {
		return
	}
	for len(d.calls) > 0 {
		f := &d.calls[len(d.calls)-1]
		if last := len(d.children) - 1; last >= f.first {
			c := d.children[last]
			d.children = d.children[:last]
			if i, ok := d.index[c]; ok {
				d.child(f, i)
			} else {
				d.enter(c)
			}
			continue
		}
		n := f.node
		levels, length := f.levels, f.length
		d.calls = d.calls[:len(d.calls)-1]
		if d.nodes[n].low == n {
			// n is the first node of its component; all of them have what is below any of them
			first := len(d.open) - 1
			for d.open[first] != n {
				first--
			}
			ring := d.open[first:]
			for _, k := range ring {
				levels, length = max(levels, d.nodes[k].levels), max(length, d.nodes[k].length)
			}
			levels, length = levels+1, length+len(ring)
			for _, k := range ring {
				d.nodes[k].done, d.nodes[k].levels, d.nodes[k].length = true, levels, length
			}
			d.open = d.open[:first]
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
func (d *depths) child(f *visit, i int) {
	if c := &d.nodes[i]; c.done {
		f.levels, f.length = max(f.levels, c.levels), max(f.length, c.length)
	} else {
		d.nodes[f.node].low = min(d.nodes[f.node].low, c.low)
	}
}

// enter begins a container not met before.
func (d *depths) enter(v pyobj.Value) bool {
	if !container(v) {
		return false
	}
	if _, ok := d.index[v]; ok {
		return false
	}
	n := len(d.nodes)
	d.index[v] = n
	d.nodes = append(d.nodes, node{low: n})
	d.open = append(d.open, n)
	d.calls = append(d.calls, visit{node: n, first: len(d.children)})
	switch x := v.(type) {
	case *pyobj.List:
		d.add(x.Items)
	case *pyobj.Tuple:
		d.add(x.Items)
	case *pyobj.Set:
		d.add(x.Items)
	case *pyobj.Dict:
		d.pairs(x.Entries)
	case *pyobj.Array:
		d.add(x.Objects)
	case *pyobj.Persistent:
		d.one(x.ID)
	case *pyobj.Object:
		d.one(x.Class)
		d.one(x.State)
		d.add(x.Args)
		if x.Kwargs != nil {
			d.one(x.Kwargs)
		}
		d.add(x.Items)
		d.pairs(x.Pairs)
	}
	return true
}

func container(v pyobj.Value) bool {
	switch v.(type) {
	case *pyobj.List, *pyobj.Tuple, *pyobj.Set, *pyobj.Dict, *pyobj.Array, *pyobj.Persistent, *pyobj.Object:
		return true
	}
	return false
}

func (d *depths) one(v pyobj.Value) {
	if container(v) {
		d.children = append(d.children, v)
	}
}

func (d *depths) add(items []pyobj.Value) {
	for _, v := range items {
		d.one(v)
	}
}

func (d *depths) pairs(entries []pyobj.Entry) {
	for i := range entries {
		d.one(entries[i].Key)
		d.one(entries[i].Value)
	}
}
