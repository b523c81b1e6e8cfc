package preprocessing

import (
	"math"
	"slices"
	"strings"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/sklearn/parts"
	"github.com/larder-ml/larder/tensor"
)

// called is what a function makes of rows.
type called = func(*arguments, graph.Value) graph.Value

// asNumpy gives the function of numpy that one of Python's operators is on arrays and frames.
func asNumpy(f *parts.Function) *parts.Function {
	if name := operations[f.Name]; name != "" {
		g := *f
		g.Name = name
		return &g
	}
	return f
}

// known finds what a function does, nil if Larder does not know.
func known(f *parts.Function) called {
	f = asNumpy(f)
	switch kind, method, _ := strings.Cut(f.Name, "."); {
	case kind == "method":
		return methods[method]
	case strings.HasPrefix(f.Name, "numpy.ndarray.") && len(f.Args) == 0:
		do := methods[strings.TrimPrefix(f.Name, "numpy.ndarray.")]
		if do == nil {
			return nil
		}
		return func(c *arguments, x graph.Value) graph.Value {
			if x.OK() && x.Type().Kind != graph.Dense {
				return c.b.Refuse("descriptor '%s' for 'numpy.ndarray' objects doesn't apply to %s", strings.TrimPrefix(f.Name, "numpy.ndarray."), x.Type())
			}
			return do(c, x)
		}
	case f.Name == "numpy.vectorize":
		return vectorized(f)
	case (kind == "pandas" || kind == "scipy") && strings.Count(method, ".") == 1 && len(f.Args) == 0: // pandas.NDFrame.fillna
		class, method, _ := strings.Cut(method, ".")
		do := methods[method]
		if do == nil {
			return nil
		}
		return func(c *arguments, x graph.Value) graph.Value {
			if x.OK() && (kind == "pandas" && x.Type().Kind != graph.Frame || kind == "scipy" && !x.Type().Sparse()) {
				return c.b.Refuse("%s.%s of %s", class, method, x.Type())
			}
			return do(c, x)
		}
	}
	if do := rowwise[f.Name]; do != nil {
		return do
	}
	return functions[f.Name]
}

// whole reports functions that take the whole value, numbers or not.
func whole(f *parts.Function) bool {
	switch f.Name {
	case "numpy.asarray", "numpy.array", "numpy.nan_to_num", "numpy.reshape", "numpy.ravel", "numpy.squeeze", "numpy.atleast_2d", "numpy.float64", "numpy.float32", "scipy.softmax",
		"numpy.copy", "numpy.asanyarray", "numpy.ascontiguousarray", "numpy.asfortranarray", "numpy.vectorize", "operator.itemgetter", "operator.attrgetter", "scipy.csr_matrix", "scipy.csr_array",
		"builtins.round":
		return true
	}
	return strings.HasPrefix(f.Name, "sklearn.") || strings.Count(f.Name, ".") == 2 || strings.HasPrefix(f.Name, "method.") || strings.HasPrefix(f.Name, "numpy.ndarray.") || rowwise[f.Name] != nil
}

// operations are Python's operators, which arrays and frames compute as numpy's functions do.
var operations = map[string]string{
	"builtins.abs": "numpy.absolute", "builtins.pow": "numpy.power", "operator.abs": "numpy.absolute", "operator.neg": "numpy.negative", "operator.pos": "numpy.positive",
	"operator.add": "numpy.add", "operator.sub": "numpy.subtract", "operator.mul": "numpy.multiply", "operator.truediv": "numpy.divide", "operator.pow": "numpy.power",
	"operator.lt": "numpy.less", "operator.le": "numpy.less_equal", "operator.gt": "numpy.greater", "operator.ge": "numpy.greater_equal", "operator.eq": "numpy.equal", "operator.ne": "numpy.not_equal",
}

// rowwise are functions of numpy along an axis, which are computed where that is the row.
var rowwise = map[string]called{
	"numpy.sum": reduced(graph.OpReduceSum), "numpy.mean": reduced(graph.OpReduceMean), "numpy.max": reduced(graph.OpReduceMax), "numpy.amax": reduced(graph.OpReduceMax),
	"numpy.min": reduced(graph.OpReduceMin), "numpy.amin": reduced(graph.OpReduceMin), "numpy.argmax": reduced(graph.OpArgMax), "numpy.argmin": reduced(graph.OpArgMin),
	"numpy.cumsum": cumulated, "numpy.diff": differences, "numpy.take": taken, "numpy.delete": deleted,
}

// columnsOf are the columns that operator.itemgetter takes by name, nil if it takes none so.
func columnsOf(f *parts.Function) (names []string) {
	if f == nil || f.Name != "operator.itemgetter" || len(f.Args) != 1 {
		return nil
	}
	if name, ok := sklearn.Text(f.Args[0]); ok {
		return []string{name}
	}
	if l, ok := f.Args[0].(*pyobj.List); ok {
		names, _ = sklearn.Strings(l)
	}
	return names
}

// table is a value of several columns as one array of numbers, as numpy makes it.
func (c *arguments) table(x graph.Value) graph.Value {
	if !x.OK() {
		return x
	}
	switch t := x.Type(); {
	case t.Kind == graph.Frame && !slices.ContainsFunc(t.Columns, func(col graph.Column) bool { return !col.DType.IsNumeric() }):
		return c.b.Cast(x, sklearn.FrameDType(t))
	case t.Kind != graph.Dense || len(t.Shape) != 2 || !t.DType.IsNumeric():
		return c.b.Unsupported("", "%s of %s", c.f.What, t)
	}
	return x
}

// along reads axis, which has to be the row. A frame's rows go to pandas, which leaves out what is missing.
func (c *arguments) along(x graph.Value, def float64) graph.Value {
	if axis := c.number("axis", def); axis != 1 && axis != -1 {
		return c.b.Unsupported("", "%s over the whole batch: a row's result would depend on the others", c.f.What)
	}
	if x.OK() && x.Type().Kind == graph.Frame {
		return c.b.Unsupported("", "%s of a frame", c.f.What)
	}
	if x.OK() && x.Type().Sparse() {
		return c.b.Unsupported("", "%s of sparse rows", c.f.What)
	}
	if x = c.table(x); x.OK() && x.DType() == tensor.Float16 {
		return c.b.Unsupported("", "%s on float16: numpy rounds each step", c.f.What)
	}
	return x
}

func reduced(op graph.Op) called {
	return func(c *arguments, x graph.Value) graph.Value {
		x = c.along(x, math.Inf(1))
		if x.OK() && x.Width() == 0 {
			return c.b.Refuse("zero-size array to reduction operation %s which has no identity", c.f.Name)
		}
		keep, err := sklearn.Bool(c.get("keepdims"))
		keep = keep && err == nil
		if x.OK() && (op == graph.OpReduceSum || op == graph.OpReduceMean) {
			switch d := x.DType(); {
			case d == tensor.Uint64 || op == graph.OpReduceSum && (d == tensor.Uint8 || d == tensor.Uint16 || d == tensor.Uint32):
				return c.b.Unsupported("", "%s of %s", c.f.What, d)
			case op == graph.OpReduceMean && !d.IsFloat():
				x = c.b.Cast(x, tensor.Float64)
			}
		}
		return c.b.Reduce(op, x, 1, keep, graph.Pairwise)
	}
}

func cumulated(c *arguments, x graph.Value) graph.Value {
	x = c.along(x, math.Inf(1))
	if x.OK() && !x.DType().IsFloat() {
		switch x.DType() {
		case tensor.Uint8, tensor.Uint16, tensor.Uint32, tensor.Uint64:
			return c.b.Unsupported("", "%s of %s", c.f.What, x.DType())
		}
		x = c.b.Cast(x, tensor.Int64)
	}
	return c.b.CumSum(x)
}

// differences of neighbouring columns.
func differences(c *arguments, x graph.Value) graph.Value {
	x = c.along(x, -1)
	n := c.number("n", 1)
	if n < 0 || n > 99 || n != math.Trunc(n) {
		return c.b.Unsupported("", "numpy.diff with n=%v", n)
	}
	if x.OK() && x.DType() == tensor.Bool {
		return c.b.Unsupported("", "numpy.diff of truth values")
	}
	for ; n > 0 && x.OK(); n-- {
		w := x.Width()
		if w < 2 {
			return c.b.Unsupported("", "numpy.diff of fewer columns than differences")
		}
		x = c.b.Sub(c.b.Gather(x, span(1, w)), c.b.Gather(x, span(0, w-1)))
	}
	return x
}

func span(from, to int) []int {
	out := make([]int, 0, to-from)
	for i := from; i < to; i++ {
		out = append(out, i)
	}
	return out
}

// places are the columns that an index names: a number, a list, a slice.
func places(v pyobj.Value, width int) ([]int, bool) {
	if s, ok := slice(v); ok {
		return s(width)
	}
	items, err := sklearn.Sequence(v)
	if err != nil {
		items = []pyobj.Value{v}
	}
	out := make([]int, len(items))
	for i, it := range items {
		if _, truth := it.(pyobj.Bool); truth {
			return nil, false
		}
		n, err := sklearn.Int(it)
		if n < 0 {
			n += width
		}
		if err != nil || n < 0 || n >= width {
			return nil, false
		}
		out[i] = n
	}
	return out, true
}

// slice reads slice(begin, end, step).
func slice(v pyobj.Value) (func(width int) ([]int, bool), bool) {
	o, ok := v.(*pyobj.Object)
	if !ok || o.ClassName() != "builtins.slice" && o.ClassName() != "__builtin__.slice" || len(o.Args) != 3 {
		return nil, false
	}
	return func(width int) ([]int, bool) {
		var at [3]int
		var given [3]bool
		for i, a := range o.Args {
			if _, none := a.(pyobj.None); none {
				continue
			}
			n, err := sklearn.Int(a)
			if err != nil {
				return nil, false
			}
			at[i], given[i] = n, true
		}
		if !given[2] {
			at[2] = 1
		}
		if at[2] < 1 {
			return nil, false
		}
		bound := func(i, def int) int {
			switch n := at[i]; {
			case !given[i]:
				return def
			case n < 0:
				return max(0, n+width)
			default:
				return min(n, width)
			}
		}
		var out []int
		for i := bound(0, 0); i < bound(1, width); i += at[2] {
			out = append(out, i)
		}
		return out, true
	}, true
}

func taken(c *arguments, x graph.Value) graph.Value {
	x = c.along(x, math.Inf(1))
	v := c.get("indices")
	if !x.OK() {
		return x
	}
	at, ok := places(v, x.Width())
	if !ok {
		return c.b.Unsupported("", "%s of %s", c.f.What, sklearn.Describe(v))
	}
	x = c.b.Gather(x, at)
	if _, err := sklearn.Sequence(v); err != nil {
		return c.b.Ravel(x)
	}
	return x
}

func deleted(c *arguments, x graph.Value) graph.Value {
	x = c.along(x, math.Inf(1))
	v := c.get("obj")
	if !x.OK() {
		return x
	}
	at, ok := places(v, x.Width())
	if !ok {
		return c.b.Unsupported("", "%s of %s", c.f.What, sklearn.Describe(v))
	}
	var keep []int
	for j := range x.Width() {
		if !slices.Contains(at, j) {
			keep = append(keep, j)
		}
	}
	if len(keep) == 0 {
		return c.b.Unsupported("", "%s of all columns", c.f.What)
	}
	return c.b.Gather(x, keep)
}

// items is operator.itemgetter with one key: columns of a frame by name, of an array by (slice(None), columns).
func items(c *arguments, x graph.Value) graph.Value {
	c.taken = len(c.f.Args)
	if len(c.f.Args) != 1 {
		return c.b.Unsupported("", "%s of several keys", c.f.What)
	}
	key := c.f.Args[0]
	if !x.OK() {
		return x
	}
	t := x.Type()
	if t.Kind == graph.Frame {
		index := func(v pyobj.Value) int {
			name, ok := sklearn.Text(v)
			return slices.IndexFunc(t.Columns, func(col graph.Column) bool { return ok && col.Name == name })
		}
		names, single := []pyobj.Value{key}, true
		if l, ok := key.(*pyobj.List); ok {
			names, single = l.Items, false
		}
		var at []int
		for _, n := range names {
			i := index(n)
			if i < 0 {
				return c.b.Refuse("no column %s in the frame", sklearn.Describe(n))
			}
			at = append(at, i)
		}
		switch {
		case single:
			return c.b.Column(x, at[0])
		case len(at) == 0:
			return c.b.Unsupported("", "%s of no column", c.f.What)
		}
		return c.b.Gather(x, at)
	}
	pair, ok := key.(*pyobj.Tuple)
	if !ok || len(pair.Items) != 2 || len(t.Shape) != 2 {
		return c.b.Unsupported("", "%s of rows of the batch", c.f.What)
	}
	if all, ok := slice(pair.Items[0]); !ok {
		return c.b.Unsupported("", "%s of rows of the batch", c.f.What)
	} else if at, ok := all(2); !ok || len(at) != 2 {
		return c.b.Unsupported("", "%s of rows of the batch", c.f.What)
	}
	if _, tuple := pair.Items[1].(*pyobj.Tuple); tuple {
		return c.b.Unsupported("", "%s of a tuple", c.f.What)
	}
	at, ok := places(pair.Items[1], t.Width())
	if !ok || len(at) == 0 {
		return c.b.Unsupported("", "%s of %s", c.f.What, sklearn.Describe(pair.Items[1]))
	}
	x = c.b.Gather(x, at)
	if _, err := sklearn.Int(pair.Items[1]); err == nil {
		if t.Sparse() {
			return x // of a sparse matrix one column is a matrix
		}
		return c.b.Ravel(x)
	}
	return x
}

// attribute is operator.attrgetter of a frame's values.
func attribute(c *arguments, x graph.Value) graph.Value {
	c.taken = len(c.f.Args)
	name := ""
	if len(c.f.Args) == 1 {
		name, _ = sklearn.Text(c.f.Args[0])
	}
	if x.OK() && name == "values" && x.Type().Kind == graph.Frame {
		return c.cells(x)
	}
	return c.b.Unsupported("", "attribute %s of %s", name, x.Type())
}

// cells is a frame as one array. Truth values beside numbers are objects there.
func (c *arguments) cells(x graph.Value) graph.Value {
	truths := 0
	for _, col := range x.Type().Columns {
		if col.DType == tensor.Bool {
			truths++
		}
	}
	if truths > 0 && truths < len(x.Type().Columns) {
		return c.b.Unsupported("", "%s of truth values beside numbers", c.f.What)
	}
	return c.table(x)
}

// methods are those of arrays, sparse matrices and frames, with their arguments in order.
var methods = map[string]called{
	"abs":   func(c *arguments, x graph.Value) graph.Value { return c.ofFrame(x, "abs", unary(graph.OpAbs)) },
	"copy":  identity,
	"ravel": arraysOnly(raveled), "flatten": arraysOnly(raveled),
	"reshape": func(c *arguments, x graph.Value) graph.Value {
		if len(c.f.Args) == 0 || x.OK() && x.Type().Kind == graph.Frame {
			return c.b.Unsupported("", "%s of %s", c.f.What, x.Type())
		}
		shape := &pyobj.Tuple{Items: c.f.Args}
		if t, ok := c.f.Args[0].(*pyobj.Tuple); ok && len(c.f.Args) == 1 {
			shape = t
		}
		return c.with("shape", shape, reshaped, x)
	},
	"toarray": func(c *arguments, x graph.Value) graph.Value {
		if x.OK() && !x.Type().Sparse() {
			return c.b.Refuse("object of %s has no attribute 'toarray'", x.Type())
		}
		return c.b.ToDense(x)
	},
	"tocsr": func(c *arguments, x graph.Value) graph.Value {
		if x.OK() && !x.Type().Sparse() {
			return c.b.Refuse("object of %s has no attribute 'tocsr'", x.Type())
		}
		return x
	},
	"to_numpy": func(c *arguments, x graph.Value) graph.Value {
		if x.OK() && x.Type().Kind != graph.Frame {
			return c.b.Refuse("object of %s has no attribute 'to_numpy'", x.Type())
		}
		if !x.OK() {
			return x
		}
		return c.cells(x)
	},
	"sum": ofArray("numpy.sum"), "mean": ofArray("numpy.mean"), "max": ofArray("numpy.max"), "min": ofArray("numpy.min"), "argmax": ofArray("numpy.argmax"),
	"argmin": ofArray("numpy.argmin"), "cumsum": ofArray("numpy.cumsum"),
	"fillna": filled,
}

// arraysOnly is a method that neither frames nor sparse matrices have.
func arraysOnly(f called) called {
	return func(c *arguments, x graph.Value) graph.Value {
		if x.OK() && x.Type().Kind != graph.Dense {
			return c.b.Refuse("%s: %s has no such attribute", c.f.What, x.Type())
		}
		return f(c, x)
	}
}

// with calls f with the method's arguments given by name.
func (c *arguments) with(name string, v pyobj.Value, f called, x graph.Value) graph.Value {
	d := &pyobj.Dict{}
	d.Set(pyobj.Str(name), v)
	of := *c.f
	c.taken = len(of.Args)
	of.Args = nil
	c.f, c.dicts = &of, append(c.dicts, d)
	return f(c, x)
}

// ofArray is a method of arrays whose first argument is the axis.
func ofArray(name string) called {
	return func(c *arguments, x graph.Value) graph.Value {
		switch len(c.f.Args) {
		case 0:
			return rowwise[name](c, x)
		case 1:
			return c.with("axis", c.f.Args[0], rowwise[name], x)
		}
		return c.b.Unsupported("", "%s with %d arguments", c.f.What, len(c.f.Args))
	}
}

// ofFrame is a method of frames and sparse matrices that arrays have not.
func (c *arguments) ofFrame(x graph.Value, name string, f called) graph.Value {
	switch t := x.Type(); {
	case t.Kind == graph.Frame:
		return c.columns(x, f)
	case !x.OK() || t.Sparse():
		return f(c, x)
	}
	return c.b.Refuse("'numpy.ndarray' object has no attribute '%s'", name)
}

// columns calls f for each column of a frame.
func (c *arguments) columns(x graph.Value, f called) graph.Value {
	cols := make([]graph.Value, len(x.Type().Columns))
	for i, col := range x.Type().Columns {
		if !col.DType.IsNumeric() {
			return c.b.Unsupported("", "%s of column %d, which holds %s", c.f.What, i, col.DType)
		}
		if cols[i] = c.b.AsColumn(f(c, c.b.Column(x, i))); col.Name != "" {
			cols[i] = c.b.ToFrame(cols[i], []string{col.Name})
		}
	}
	return c.b.HStack(false, cols...)
}

// filled is DataFrame.fillna(number) of columns of numbers.
func filled(c *arguments, x graph.Value) graph.Value {
	v := c.get("value")
	if len(c.f.Args) > 0 {
		v = c.f.Args[0]
		c.taken = 1
	}
	by, err := sklearn.Float(v)
	if _, truth := v.(pyobj.Bool); truth || err != nil || v == nil {
		return c.b.Unsupported("", "%s with %s", c.f.What, sklearn.Describe(v))
	}
	if x.OK() && x.Type().Kind != graph.Frame {
		return c.b.Refuse("object of %s has no attribute 'fillna'", x.Type())
	}
	return c.columns(x, func(c *arguments, x graph.Value) graph.Value {
		switch d := x.DType(); {
		case !d.IsFloat():
			return x
		case !holds(d, by):
			return c.b.Unsupported("", "%s of %s by %v, which has no place among them", c.f.What, d, by)
		}
		return c.b.Where(c.b.Unary(graph.OpIsNaN, x), c.b.Scalar(by, x), x)
	})
}

// mathOps are the functions of math that have an operation of their own; they raise where the result of a finite number is not finite.
var mathOps = map[string]graph.Op{
	"sqrt": graph.OpSqrt, "log": graph.OpLog, "log2": graph.OpLog2, "log10": graph.OpLog10, "log1p": graph.OpLog1p, "exp": graph.OpExp, "expm1": graph.OpExpm1,
	"sin": graph.OpSin, "cos": graph.OpCos, "tan": graph.OpTan, "asin": graph.OpAsin, "acos": graph.OpAcos, "atan": graph.OpAtan, "sinh": graph.OpSinh,
	"cosh": graph.OpCosh, "tanh": graph.OpTanh, "asinh": graph.OpAsinh, "acosh": graph.OpAcosh, "atanh": graph.OpAtanh, "fabs": graph.OpAbs, "cbrt": graph.OpCbrt,
}

// vectorized is numpy.vectorize of a function of one number, whose results take the type of the first.
func vectorized(f *parts.Function) called {
	d, ok := f.Of.(*pyobj.Dict)
	if !ok || f.Each == nil || len(f.Each.Args) > 0 || !f.Each.Keywords() || len(f.Args) > 0 || !f.Keywords() {
		return nil
	}
	for _, name := range []string{"otypes", "signature"} {
		switch d.Get(name).(type) {
		case nil, pyobj.None:
		default:
			return nil
		}
	}
	if s, ok := d.Get("excluded").(*pyobj.Set); ok && len(s.Items) > 0 {
		return nil
	}
	each := f.Each.Name
	root, name, _ := strings.Cut(each, ".")
	var do func(b *graph.Builder, x graph.Value) graph.Value
	finite := true // its results of finite numbers are finite, or it raises
	switch op := mathOps[name]; {
	case root == "math" && op != "":
		do = func(b *graph.Builder, x graph.Value) graph.Value { return b.Unary(op, x) }
	case each == "math.degrees", each == "math.radians":
		by := 180 / math.Pi
		if each == "math.radians" {
			by = math.Pi / 180
		}
		do = func(b *graph.Builder, x graph.Value) graph.Value { return b.Mul(x, b.Scalar(by, x)) }
		finite = false
	case each == "builtins.float":
		do = func(_ *graph.Builder, x graph.Value) graph.Value { return x }
	case each == "math.isnan":
		do = func(b *graph.Builder, x graph.Value) graph.Value { return b.Unary(graph.OpIsNaN, x) }
		finite = false
	case each == "math.isinf":
		do = func(b *graph.Builder, x graph.Value) graph.Value { return b.Unary(graph.OpIsInf, x) }
		finite = false
	case each == "builtins.abs", each == "operator.abs":
		return func(c *arguments, x graph.Value) graph.Value {
			if x.OK() && x.Type().Kind == graph.Frame {
				x = c.cells(x)
			}
			return c.b.Unary(graph.OpAbs, c.numbers(x))
		}
	default:
		return nil
	}
	return func(c *arguments, x graph.Value) graph.Value {
		x = c.b.Cast(c.numbers(x), tensor.Float64)
		y := do(c.b, x)
		if !finite || !y.OK() {
			return y
		}
		b := c.b
		or := func(p, q graph.Value) graph.Value { return b.Binary(graph.OpOr, p, q) }
		is := func(op graph.Op, v graph.Value) graph.Value { return b.Unary(op, v) }
		wrong := b.Binary(graph.OpAnd, is(graph.OpIsNaN, y), is(graph.OpNot, is(graph.OpIsNaN, x)))
		over := b.Binary(graph.OpAnd, is(graph.OpIsInf, y), is(graph.OpNot, is(graph.OpIsInf, x)))
		return b.Guard(y, or(wrong, over), "math domain error: "+each+" of a number in the batch")
	}
}

// numbers is a value of numbers, as numpy.vectorize hands them on one by one.
func (c *arguments) numbers(x graph.Value) graph.Value {
	if x.OK() && len(x.Type().Shape) > 1 && x.Width() == 0 {
		return c.b.Refuse("cannot call `vectorize` on size 0 inputs unless `otypes` is set")
	}
	if x.OK() && x.Type().Kind == graph.Dense && len(x.Type().Shape) == 1 && x.DType().IsNumeric() {
		return x
	}
	return c.table(x)
}
