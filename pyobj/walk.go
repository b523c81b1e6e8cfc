package pyobj

// Rewrite walks the graph from v and replaces every value for which f returns true by f's value, children first.
// Containers are changed in place; each shared or cyclic node is visited once and keeps its identity.
// The walk is iterative in effect: depth is bounded by the decoder's nesting limit.
func Rewrite(v Value, f func(Value) (Value, bool)) Value { return RewriteSized(v, 0, f) }

// RewriteSized is Rewrite of about as many containers as n says.
func RewriteSized(v Value, n int, f func(Value) (Value, bool)) Value {
	r := rewriter{f: f, done: make(map[Value]Value, n), open: map[Value]bool{}}
	v = r.value(v)
	if r.stale {
		// a replaced value is part of a cycle: those inside it still hold the old one
		replaced := r.done
		r = rewriter{done: map[Value]Value{}, open: map[Value]bool{}, f: func(v Value) (Value, bool) {
			out, ok := replaced[v]
			return out, ok && out != v
		}}
		v = r.value(v)
	}
	return v
}

type rewriter struct {
	f     func(Value) (Value, bool)
	done  map[Value]Value
	open  map[Value]bool // begun, not done, and met again below themselves
	stale bool
}

func (r *rewriter) value(v Value) Value {
	switch v.(type) {
	case *List, *Tuple, *Dict, *Set, *Object, *Array, *Scalar, *DType:
	default:
		if v == nil {
			return nil
		}
		return v
	}
	if out, ok := r.done[v]; ok {
		if out == nil {
			r.open[v] = true
			return v
		}
		return out
	}
	r.done[v] = nil
	switch x := v.(type) {
	case *List:
		r.slice(x.Items)
	case *Tuple:
		r.slice(x.Items)
	case *Set:
		r.slice(x.Items)
	case *Dict:
		r.entries(x.Entries)
	case *Object:
		x.Class = r.value(x.Class)
		r.slice(x.Args)
		if x.Kwargs != nil {
			r.value(x.Kwargs)
		}
		if x.State != nil {
			x.State = r.value(x.State)
		}
		r.slice(x.Items)
		r.entries(x.Pairs)
	case *Array:
		r.slice(x.Objects)
	}
	out, ok := r.f(v)
	if !ok {
		out = v
	} else if r.open[v] {
		r.stale = true
	}
	r.done[v] = out
	return out
}

func (r *rewriter) slice(s []Value) {
	for i := range s {
		s[i] = r.value(s[i])
	}
}

func (r *rewriter) entries(s []Entry) {
	for i := range s {
		s[i].Key = r.value(s[i].Key)
		s[i].Value = r.value(s[i].Value)
	}
}

// Walk calls f for every value reachable from v, parents first, each shared node once. f returns false to
// leave out a value's children.
func Walk(v Value, f func(Value) bool) {
	seen := map[Value]bool{}
	stack := []Value{v}
	for len(stack) > 0 {
		v := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		switch v.(type) {
		case nil:
			continue
		case *List, *Tuple, *Dict, *Set, *Object, *Array:
			if seen[v] {
				continue
			}
			seen[v] = true
		}
		if f(v) {
			stack = pushChildren(stack, v)
		}
	}
}

// WalkTree calls f for the values in Walk's order without a memory of those seen: for a shared one each time it is met. It
// gives up after most values and reports whether it came to the end.
func WalkTree(v Value, most int, f func(Value)) bool {
	stack := append(make([]Value, 0, 256), v)
	for n := 0; len(stack) > 0; n++ {
		if n+len(stack) > most {
			return false
		}
		v := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if v != nil {
			f(v)
			stack = pushChildren(stack, v)
		}
	}
	return true
}

// pushChildren adds the values that v holds, the first one last.
func pushChildren(stack []Value, v Value) []Value {
	push := func(s []Value) {
		for i := len(s) - 1; i >= 0; i-- {
			stack = append(stack, s[i])
		}
	}
	pairs := func(s []Entry) {
		for i := len(s) - 1; i >= 0; i-- {
			stack = append(stack, s[i].Value, s[i].Key)
		}
	}
	switch x := v.(type) {
	case *List:
		push(x.Items)
	case *Tuple:
		push(x.Items)
	case *Set:
		push(x.Items)
	case *Dict:
		pairs(x.Entries)
	case *Array:
		push(x.Objects)
	case *Persistent:
		stack = append(stack, x.ID)
	case *Object:
		pairs(x.Pairs)
		push(x.Items)
		stack = append(stack, x.State)
		if x.Kwargs != nil {
			stack = append(stack, x.Kwargs)
		}
		push(x.Args)
		stack = append(stack, x.Class)
	}
	return stack
}

// Trace lists the imports and calls that building a graph takes, for stored forms that record none of their own: every
// Global once, every Object's making and state, parents after what they hold.
func Trace(root Value) ([]Import, []Call) {
	var imports []Import
	var calls []Call
	seen := map[Global]bool{}
	n := 0
	see := func(v Value) {
		if g, ok := v.(*Global); ok && !seen[*g] {
			seen[*g] = true
			imports = append(imports, Import{Global: g, Offset: -1, Index: n, Op: "GLOBAL"})
		}
	}
	Walk(root, func(v Value) bool {
		n++
		see(v)
		switch x := v.(type) {
		case *Array:
			if x.Subclass != nil {
				see(x.Subclass)
				calls = append(calls, Call{Op: "REDUCE", Func: &Global{"numpy.core.multiarray", "_reconstruct"},
					Args: []Value{x.Subclass, &Tuple{}, Bytes("b")}, Offset: -1, Index: n})
			}
		case *Object:
			op := map[Make]string{New: "NEWOBJ", Reduce: "REDUCE", Inst: "INST"}[x.Make]
			calls = append(calls, Call{Op: op, Func: x.Class, Args: x.Args, Result: x, Offset: -1, Index: n})
			if x.State != nil {
				calls = append(calls, Call{Op: "BUILD", Func: x, Args: []Value{x.State}, Result: x, Offset: -1, Index: n})
			}
		}
		return true
	})
	return imports, calls
}
