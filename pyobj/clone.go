package pyobj

// Clone copies a graph so that the copy can be changed: containers, objects and array headers are new, shared and cyclic
// nodes stay shared and cyclic. Bytes of arrays, scalars and text are not copied, nor are dtypes and globals; whoever
// changes one of those replaces it. Its depth is bounded by the decoder's nesting limit.
func Clone(v Value) Value {
	c := cloner{done: map[Value]Value{}}
	return c.value(v)
}

type cloner struct{ done map[Value]Value }

func (c *cloner) value(v Value) Value {
	switch v.(type) {
	case *List, *Tuple, *Dict, *Set, *Object, *Array, *Persistent:
	default:
		return v
	}
	if out, ok := c.done[v]; ok {
		return out
	}
	switch x := v.(type) {
	case *List:
		n := &List{}
		c.done[v] = n
		n.Items = c.slice(x.Items)
		return n
	case *Tuple:
		n := &Tuple{}
		c.done[v] = n
		n.Items = c.slice(x.Items)
		return n
	case *Set:
		n := &Set{Frozen: x.Frozen}
		c.done[v] = n
		n.Items = c.slice(x.Items)
		return n
	case *Dict:
		n := &Dict{}
		c.done[v] = n
		n.Entries = c.entries(x.Entries)
		return n
	case *Persistent:
		n := &Persistent{}
		c.done[v] = n
		n.ID = c.value(x.ID)
		return n
	case *Array:
		n := *x
		c.done[v] = &n
		n.Objects = c.slice(x.Objects)
		return &n
	case *Object:
		n := &Object{Make: x.Make, Offset: x.Offset}
		c.done[v] = n
		n.Class = c.value(x.Class)
		n.Args = c.slice(x.Args)
		if x.Kwargs != nil {
			n.Kwargs = c.value(x.Kwargs).(*Dict)
		}
		if x.State != nil {
			n.State = c.value(x.State)
		}
		n.Items = c.slice(x.Items)
		n.Pairs = c.entries(x.Pairs)
		return n
	}
	return v
}

func (c *cloner) slice(s []Value) []Value {
	if s == nil {
		return nil
	}
	out := make([]Value, len(s))
	for i, v := range s {
		out[i] = c.value(v)
	}
	return out
}

func (c *cloner) entries(s []Entry) []Entry {
	if s == nil {
		return nil
	}
	out := make([]Entry, len(s))
	for i, e := range s {
		out[i] = Entry{c.value(e.Key), c.value(e.Value)}
	}
	return out
}
