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

var functionClasses = []sklearn.Class{
	{Name: "sklearn.preprocessing.FunctionTransformer", Modules: []string{"sklearn.preprocessing._function_transformer"},
		New:     func() sklearn.Estimator { return new(FunctionTransformer) },
		FitOnly: []string{"check_inverse", "pass_y"},
		Upgrade: []sklearn.Rung{
			{Before: "0.22", Fix: func(s *sklearn.State) error {
				if v := s.Attrs.Get("_validate"); v != nil {
					s.Attrs.Set(pyobj.Str("validate"), v)
				}
				s.Drop("_validate")
				return nil
			}},
			{Before: "1.1", Fix: func(s *sklearn.State) error {
				s.Default("feature_names_out", pyobj.None{})
				return nil
			}}}},
}

// FunctionTransformer is sklearn.preprocessing.FunctionTransformer, for the functions of numpy, scipy and scikit-learn
// listed in functions. Another function is the author's code, which Larder does not run.
type FunctionTransformer struct {
	sklearn.Base
	FuncParam            *parts.Function `sk:"func,optional"`
	InverseFuncParam     *parts.Function `sk:"inverse_func,optional"`
	ValidateParam        bool            `sk:"validate,optional"`
	AcceptSparseParam    pyobj.Value     `sk:"accept_sparse,optional"`
	FeatureNamesOutParam pyobj.Value     `sk:"feature_names_out"`
	KwArgsParam          pyobj.Value     `sk:"kw_args,optional"`
	InvKwArgsParam       pyobj.Value     `sk:"inv_kw_args,optional"`
}

// anew are the functions of scikit-learn that fit the rows they are given.
var anew = sklearn.Names("sklearn.scale sklearn.minmax_scale sklearn.maxabs_scale sklearn.robust_scale sklearn.quantile_transform sklearn.power_transform")

var (
	_ sklearn.Transformer        = (*FunctionTransformer)(nil)
	_ sklearn.InverseTransformer = (*FunctionTransformer)(nil)
	_ sklearn.FeatureNamer       = (*FunctionTransformer)(nil)
	_ sklearn.Availabler         = (*FunctionTransformer)(nil)
	_ sklearn.InputDescriber     = (*FunctionTransformer)(nil)
	_ sklearn.Unchecked          = (*FunctionTransformer)(nil)
)

// Available says whether the function is known.
func (t *FunctionTransformer) Available(method string) error {
	f := t.FuncParam
	if method == sklearn.MethodInverseTransform {
		f = t.InverseFuncParam
	}
	switch {
	case f == nil, known(f) != nil, f.Own != nil && f.Own.Rows != nil:
		return nil
	case slices.Contains(anew, f.Name):
		return sklearn.NotComputed("function %s fits each batch anew: what it gives for a row depends on the others", f.What)
	}
	if f.Foreign() {
		return sklearn.NotComputed("function %s is not known: a model's own code is never run", f.What)
	}
	return sklearn.NotComputed("function %s, with what is bound to it, has no implementation here", f.What)
}

// Unchecked: without validate, rows are the function's to check, as those of scikit-learn do.
func (t *FunctionTransformer) Unchecked() bool {
	for _, f := range []*parts.Function{t.FuncParam, t.InverseFuncParam} {
		if f != nil && strings.HasPrefix(f.Name, "sklearn.") {
			return false
		}
	}
	return !t.ValidateParam
}

// Transform applies the function.
func (t *FunctionTransformer) Transform(b *graph.Builder, x graph.Value) graph.Value {
	if t.ValidateParam {
		x = sklearn.Check(b, t, x, sklearn.Accept{Sparse: t.sparse()})
	}
	out := t.apply(b, x, t.FuncParam, t.KwArgsParam)
	if !out.OK() || out.Type().Kind != graph.Frame {
		return out
	}
	if t.foreignNames() {
		return b.ToFrame(out, make([]string, out.Width())) // named by the author's function, which is not known
	}
	if _, declared := sklearn.Text(t.FeatureNamesOutParam); !declared {
		return out
	}
	// The columns are named as they were in fitting, whatever order and names they come in.
	names, err := t.FeatureNamesOut(nil)
	if err != nil {
		return b.Fail(err)
	}
	if len(names) != out.Width() {
		return b.Refuse("Length mismatch: Expected axis has %d elements, new values have %d elements", out.Width(), len(names))
	}
	return b.ToFrame(out, names)
}

// InverseTransform applies the inverse function; its rows may be of any width.
func (t *FunctionTransformer) InverseTransform(b *graph.Builder, x graph.Value) graph.Value {
	if t.ValidateParam {
		x = sklearn.Check(b, t, x, sklearn.Accept{Sparse: t.sparse(), Array: true})
	}
	return t.apply(b, x, t.InverseFuncParam, t.InvKwArgsParam)
}

func (t *FunctionTransformer) sparse() bool {
	switch v := t.AcceptSparseParam.(type) {
	case pyobj.Bool:
		return bool(v)
	case nil, pyobj.None:
		return false
	}
	return true
}

// apply calls a function on a value; of a frame each column keeps its own type.
func (t *FunctionTransformer) apply(b *graph.Builder, x graph.Value, f *parts.Function, kw pyobj.Value) graph.Value {
	if f == nil || !x.OK() {
		return x
	}
	run, operation := known(f), operations[f.Name] != ""
	f = asNumpy(f)
	if f.Own != nil && f.Own.Rows != nil {
		if d, ok := kw.(*pyobj.Dict); ok && d.Len() > 0 || len(f.Args) > 0 || !f.Keywords() {
			return b.Unsupported("", "%s with bound arguments", f.What)
		}
		return f.Own.Rows(b, x)
	}
	if run == nil {
		return b.Fail(t.Available(sklearn.MethodTransform))
	}
	c := &arguments{b: b, self: t, f: f, operation: operation, used: map[string]bool{}}
	if d, ok := kw.(*pyobj.Dict); ok {
		c.dicts = append(c.dicts, d)
	}
	c.dicts = append(c.dicts, f.Kwargs...)
	if x.Type().Kind == graph.OneHot {
		x = b.ToCSR(x)
	}
	if ty := x.Type(); ty.Kind == graph.Dense && !ty.DType.IsNumeric() && !whole(f) {
		return b.Refuse("loop of ufunc does not support argument 0 of type %s which has no callable %s method", ty.DType, f.Name)
	}
	if ty := x.Type(); ty.Sparse() && !whole(f) && !sparseFunctions[f.Name] {
		return b.Refuse("loop of ufunc does not support argument 0 of type csr_matrix which has no callable %s method", f.Name)
	}
	var out graph.Value
	if ty := x.Type(); ty.Kind == graph.Frame && !whole(f) {
		c.together(ty)
		cols := make([]graph.Value, len(ty.Columns))
		for i, col := range ty.Columns {
			if !col.DType.IsNumeric() {
				return b.Refuse("column %d holds %s, the function %s takes numbers", i, col.DType, f.Name)
			}
			column := b.Column(x, i)
			if c.common != tensor.Invalid {
				column = b.Cast(column, c.common)
			}
			if cols[i] = b.AsColumn(run(c, column)); col.Name != "" {
				cols[i] = b.ToFrame(cols[i], []string{col.Name})
			}
		}
		out = b.HStack(false, cols...)
	} else {
		out = run(c, x)
	}
	if c.err != nil {
		return b.Fail(c.err)
	}
	if len(f.Args) > c.taken {
		return b.Unsupported("", "%s with %d bound arguments", f.Name, len(f.Args))
	}
	for _, d := range c.dicts {
		for _, e := range d.Entries {
			if name, _ := pyobj.Text(e.Key); !c.used[name] {
				return b.Unsupported("", "%s with the argument %s", f.Name, name)
			}
		}
	}
	return out
}

// foreignNames reports that a function of the author's names the features.
func (t *FunctionTransformer) foreignNames() bool {
	_, text := sklearn.Text(t.FeatureNamesOutParam)
	_, none := t.FeatureNamesOutParam.(pyobj.None)
	return !text && !none && t.FeatureNamesOutParam != nil
}

// FeatureNamesOut keeps the names where that was declared.
func (t *FunctionTransformer) FeatureNamesOut(in []string) ([]string, error) {
	switch s, ok := sklearn.Text(t.FeatureNamesOutParam); {
	case ok && s == "one-to-one":
		return oneToOne(t, in)
	case !ok:
		if t.foreignNames() {
			return nil, &sklearn.BindError{Path: t.Path, Attr: "feature_names_out", Msg: "function " + sklearn.Describe(t.FeatureNamesOutParam) +
				" names the features: a model's own code is never run"}
		}
	}
	return nil, &sklearn.MethodError{Path: t.Path, Class: t.Name(), Method: "get_feature_names_out"}
}

// DescribeInput reads numbers, or anything where the input passes as it is.
func (t *FunctionTransformer) DescribeInput(in *sklearn.Input) *sklearn.Input {
	if t.FuncParam == nil && !t.ValidateParam {
		return in
	}
	if names := columnsOf(t.FuncParam); len(names) > 0 {
		out := &sklearn.Input{}
		for _, n := range names {
			at := slices.IndexFunc(in.Columns, func(c *sklearn.Column) bool { return c.Name == n })
			if at < 0 {
				in.ByName, at = true, len(in.Columns)
				in.Columns = append(in.Columns, sklearn.NewColumn(n))
			}
			out.Columns = append(out.Columns, in.Columns[at])
		}
		return out
	}
	in.Numeric()
	if t.FuncParam == nil {
		return in
	}
	for _, c := range in.Columns {
		c.Integers = c.Integers || !t.ValidateParam
	}
	return nil
}

// arguments hands a function its bound arguments.
type arguments struct {
	b     *graph.Builder
	self  *FunctionTransformer
	f     *parts.Function
	dicts []*pyobj.Dict
	used  map[string]bool
	taken int
	err   error

	operation bool // one of Python's, not of numpy's

	frame  bool         // pandas is asked
	common tensor.DType // of a frame's columns and the bound number, Invalid if each column meets it alone
}

// together sets the type that a frame's columns have in a function of two arguments that is no operator of Python: pandas
// makes one array of them and another of the bound number, which is a float64 or int64 then.
func (c *arguments) together(t graph.Type) {
	c.frame = true
	switch c.f.Name {
	case "numpy.maximum", "numpy.minimum", "numpy.fmax", "numpy.fmin", "numpy.logaddexp":
	default:
		return
	}
	if len(c.f.Args) != 1 {
		return
	}
	c.common = sklearn.FrameDType(t)
	old := c.self.Numpy == 1 // where a single number has no type of its own
	for _, col := range t.Columns {
		if col.DType == tensor.Bool && c.common != tensor.Bool && c.err == nil {
			c.err = &graph.UnsupportedError{Origin: c.self.Path, Why: c.f.Name + " of numbers beside truth values, which pandas makes objects"}
		}
	}
	switch c.f.Args[0].(type) {
	case pyobj.Float, pyobj.Int, *pyobj.Scalar:
		if old {
			return
		}
	}
	switch c.f.Args[0].(type) {
	case pyobj.Float:
		c.common = tensor.Promote(c.common, tensor.Float64)
	case pyobj.Int:
		c.common = tensor.Promote(c.common, tensor.Int64)
	default:
		if k, err := sklearn.Tensor(c.f.Args[0]); err == nil && k.DType.IsNumeric() {
			c.common = tensor.Promote(c.common, k.DType)
		}
	}
}

// get returns a keyword argument, nil if it is not given.
func (c *arguments) get(name string) pyobj.Value {
	c.used[name] = true
	for i := range c.dicts {
		if v := c.dicts[len(c.dicts)-1-i].Get(name); v != nil {
			return v
		}
	}
	return nil
}

// number returns a keyword argument that is a number or None.
func (c *arguments) number(name string, def float64) float64 {
	v := c.get(name)
	if v == nil {
		return def
	}
	if _, none := v.(pyobj.None); none {
		return def
	}
	f, err := sklearn.Float(v)
	if err != nil && c.err == nil {
		c.err = &sklearn.BindError{Path: c.self.Path, Attr: "kw_args", Msg: name + ": " + err.Error()}
	}
	return f
}

// ignore marks arguments that do not bear on the result.
func (c *arguments) ignore(names ...string) {
	for _, n := range names {
		c.used[n] = true
	}
}

// unary is a ufunc with loops for every number type.
func unary(op graph.Op) called {
	return func(c *arguments, x graph.Value) graph.Value { return c.b.Unary(op, x) }
}

// signed is a ufunc of every number type but bool.
func signed(op graph.Op) called {
	return func(c *arguments, x graph.Value) graph.Value {
		if x.OK() && x.DType() == tensor.Bool {
			switch { // pandas asks Python's operators
			case c.frame && op == graph.OpNeg:
				return c.b.Unary(graph.OpNot, x)
			case c.frame && op == "":
				return x
			}
			return c.b.Refuse("ufunc '%s' did not contain a loop with signature matching types <class 'numpy.dtypes.BoolDType'>", c.f.Name)
		}
		if op == "" { // positive
			return x
		}
		return c.b.Unary(op, x)
	}
}

// ufunc is a ufunc of numpy with floating loops only: bools and bytes take the half precision one, short integers the
// single precision one.
func ufunc(op graph.Op) called {
	return floating(func(b *graph.Builder, x graph.Value) graph.Value { return b.Unary(op, x) })
}

// special is a ufunc of scipy.special, whose first loop is that of float64.
func special(f func(b *graph.Builder, x graph.Value) graph.Value) called {
	return func(c *arguments, x graph.Value) graph.Value {
		if x.OK() && x.DType() != tensor.Float32 {
			x = c.b.Cast(x, tensor.Float64)
		}
		return f(c.b, x)
	}
}

// loop is the type of the first floating loop that takes a type without loss.
func loop(d, least tensor.DType) tensor.DType {
	switch d {
	case tensor.Bool, tensor.Int8, tensor.Uint8:
		return least
	case tensor.Float16:
		return least
	case tensor.Int16, tensor.Uint16:
		return tensor.Float32
	case tensor.Float32:
		return d
	}
	return tensor.Float64
}

// floating makes integers and bools floating, as a ufunc without integer loops does.
func floating(f func(b *graph.Builder, x graph.Value) graph.Value) called {
	return func(c *arguments, x graph.Value) graph.Value {
		if x.OK() {
			d := loop(x.DType(), tensor.Float16)
			if d == tensor.Float16 && x.Type().Sparse() {
				return c.b.Refuse("scipy.sparse does not support dtype float16.")
			}
			x = c.b.Cast(x, d)
		}
		return f(c.b, x)
	}
}

// binary is a ufunc of two arguments of which functools.partial bound the first.
func binary(op graph.Op) called {
	return func(c *arguments, x graph.Value) graph.Value {
		if len(c.f.Args) != 1 {
			c.err = &graph.UnsupportedError{Origin: c.self.Path, Why: c.f.Name + " of two values"}
			return graph.Value{}
		}
		c.taken = 1
		if !x.OK() {
			return x
		}
		k, x := c.bound(op, x)
		if !k.OK() || !x.OK() {
			return k
		}
		if x.Type().Sparse() {
			return c.b.Binary(op, x, k)
		}
		if k.DType() == tensor.Bool && x.DType() == tensor.Bool {
			switch op {
			case graph.OpSub:
				return c.b.Refuse("numpy boolean subtract, the `-` operator, is not supported, use the bitwise_xor, the `^` operator, or the logical_xor function instead.")
			case graph.OpPow:
				x = c.b.Cast(x, tensor.Int8)
			}
		}
		if op == graph.OpPow && k.DType().IsInt() && x.DType().IsInt() {
			x = c.b.Guard(x, c.b.Binary(graph.OpLess, x, c.b.Scalar(0, x)), "Integers to negative integer powers are not allowed.")
		}
		return c.b.Binary(op, k, x)
	}
}

// bound is the first argument, and x as the function meets it: a number of Python takes the type of what it meets, one of
// numpy has its own, which pandas forgets in Python's operators, and scipy where numpy calls it.
func (c *arguments) bound(op graph.Op, x graph.Value) (k, y graph.Value) {
	number := c.f.Args[0]
	if t, err := sklearn.Tensor(number); err == nil && (c.frame || x.Type().Sparse() && !c.operation) && operators[op] && len(t.Shape) == 0 {
		switch {
		case t.DType.IsFloat():
			number = pyobj.Float(t.AsF64()[0])
		case t.DType.IsInt():
			number = pyobj.Int(t.I64[0])
		}
	}
	d := x.DType()
	if t, err := sklearn.Tensor(number); err == nil && c.self.Numpy == 1 && t.DType.IsNumeric() && len(t.Shape) == 0 {
		return c.byValue(op, t, x)
	}
	switch v := number.(type) {
	case pyobj.Float:
		return c.like(float64(v), x), x
	case pyobj.Int:
		if op == graph.OpLogAddExp && d.IsInt() {
			d = loop(d, tensor.Float16)
			x = c.b.Cast(x, d)
		}
		if d.IsFloat() {
			return c.like(float64(v), x), x
		}
		k = c.b.Const(&tensor.Tensor{DType: tensor.Int64, Shape: []int{}, I64: []int64{int64(v)}})
		limits, short := shortInts[d]
		if d == tensor.Uint64 {
			limits, short = [2]int64{0, math.MaxInt64}, true
		}
		if short && op != graph.OpDiv && (operators[op] || op == graph.OpMax || op == graph.OpMin) {
			if int64(v) < limits[0] || int64(v) > limits[1] {
				return c.b.Refuse("Python integer %d out of bounds for %s", v, d), x
			}
			k = c.b.Cast(k, d)
		}
		return k, x
	}
	t, err := sklearn.Tensor(number)
	if err != nil || !t.DType.IsNumeric() {
		c.err = &graph.UnsupportedError{Origin: c.self.Path, Why: c.f.Name + " with " + sklearn.Describe(number)}
		return graph.Value{}, x
	}
	if op == graph.OpLogAddExp && !d.IsFloat() && !t.DType.IsFloat() {
		d = tensor.Promote(loop(d, tensor.Float16), loop(t.DType, tensor.Float16))
		return c.b.Cast(c.b.Const(t), d), c.b.Cast(x, d)
	}
	return c.b.Const(t), x
}

// like is a number of x's floating type, of float64 where x holds none.
func (c *arguments) like(f float64, x graph.Value) graph.Value {
	k := c.b.Scalar(f, c.b.Const(tensor.FromF64([]float64{f})))
	if d := x.DType(); d.IsFloat() {
		return c.b.Cast(k, d)
	}
	return k
}

// byValue is bound as numpy 1 promotes: a single number that is of no higher kind than what it meets counts as the least type
// that holds its value.
func (c *arguments) byValue(op graph.Op, t *tensor.Tensor, x graph.Value) (k, y graph.Value) {
	d := x.DType()
	v := t.Cell(0)
	common := t.DType
	if rank(t.DType) <= rank(d) {
		common = least(v, d)
	}
	switch common = tensor.Promote(d, common); {
	case common.IsFloat():
	case op == graph.OpLogAddExp && rank(t.DType) <= rank(d):
		common = tensor.Promote(loop(d, tensor.Float16), loop(least(v, tensor.Float16), tensor.Float16))
	case op == graph.OpLogAddExp:
		common = loop(common, tensor.Float16)
	case op == graph.OpPow && common != d: // its first loop that takes both: of one width the signed one
		switch {
		case common == tensor.Uint16 && v.I <= math.MaxInt16:
			common = tensor.Int16
		case common == tensor.Uint32 && v.I <= math.MaxInt32:
			common = tensor.Int32
		case common == tensor.Uint64:
			common = tensor.Int64
		}
	}
	return c.b.Cast(c.b.Const(t), common), c.b.Cast(x, common)
}

// rank orders truth values, integers and floats.
func rank(d tensor.DType) int {
	switch {
	case d.IsFloat():
		return 2
	case d.IsInt():
		return 1
	}
	return 0
}

// least is numpy.min_scalar_type: the least type that holds a value, of integers that may be of either sign that of d.
func least(v tensor.Cell, d tensor.DType) tensor.DType {
	switch v.Kind {
	case tensor.CellFloat:
		switch a := math.Abs(v.F); {
		case a < 65000, math.IsInf(a, 0), math.IsNaN(a):
			return tensor.Float16
		case a < 3.4e38:
			return tensor.Float32
		}
		return tensor.Float64
	case tensor.CellBool:
		return tensor.Bool
	}
	types := []tensor.DType{tensor.Int8, tensor.Int16, tensor.Int32, tensor.Int64}
	switch d {
	case tensor.Uint8, tensor.Uint16, tensor.Uint32, tensor.Uint64:
		if v.I >= 0 {
			types = []tensor.DType{tensor.Uint8, tensor.Uint16, tensor.Uint32, tensor.Uint64}
		}
	}
	for i, t := range types[:3] {
		lo, hi := int64(-1)<<(8<<i-1), int64(1)<<(8<<i-1)-1
		if types[0] == tensor.Uint8 || d.IsFloat() && v.I >= 0 { // unsigned
			hi = int64(1)<<(8<<i) - 1
		}
		if v.I >= lo && v.I <= hi {
			return t
		}
	}
	return types[3]
}

// operators are the functions that are arithmetic operators of Python.
var operators = map[graph.Op]bool{graph.OpAdd: true, graph.OpMul: true, graph.OpSub: true, graph.OpPow: true, graph.OpDiv: true}

// shortInts are the integers that do not hold every integer of Python that an int64 holds.
var shortInts = map[tensor.DType][2]int64{
	tensor.Int8: {math.MinInt8, math.MaxInt8}, tensor.Int16: {math.MinInt16, math.MaxInt16}, tensor.Int32: {math.MinInt32, math.MaxInt32},
	tensor.Uint8: {0, math.MaxUint8}, tensor.Uint16: {0, math.MaxUint16}, tensor.Uint32: {0, math.MaxUint32}, tensor.Uint64: {0, math.MaxInt64},
}

// scaled multiplies by a constant.
func scaled(by float64) called {
	return floating(func(b *graph.Builder, x graph.Value) graph.Value {
		if x.DType() == tensor.Float16 { // by a factor of float32
			return b.Cast(b.Mul(b.Cast(x, tensor.Float32), b.Const(tensor.FromF32([]float32{float32(by)}).Reshape())), tensor.Float16)
		}
		return b.Mul(x, b.Scalar(by, x))
	})
}

// functions are those Larder knows, under the first and the last part of their names.
var functions = map[string]called{
	"numpy.log": ufunc(graph.OpLog), "numpy.log1p": ufunc(graph.OpLog1p), "numpy.exp": ufunc(graph.OpExp), "numpy.expm1": ufunc(graph.OpExpm1),
	"numpy.log2": ufunc(graph.OpLog2), "numpy.log10": ufunc(graph.OpLog10), "numpy.cbrt": ufunc(graph.OpCbrt),
	"numpy.sqrt": ufunc(graph.OpSqrt), "numpy.sin": ufunc(graph.OpSin), "numpy.cos": ufunc(graph.OpCos), "numpy.tan": ufunc(graph.OpTan),
	"numpy.tanh": ufunc(graph.OpTanh), "numpy.arctan": ufunc(graph.OpAtan), "numpy.arcsinh": ufunc(graph.OpAsinh),
	"numpy.abs": unary(graph.OpAbs), "numpy.absolute": unary(graph.OpAbs), "numpy.negative": signed(graph.OpNeg), "numpy.sign": signed(graph.OpSign),
	"numpy.sinh": ufunc(graph.OpSinh), "numpy.cosh": ufunc(graph.OpCosh), "numpy.arcsin": ufunc(graph.OpAsin), "numpy.arccos": ufunc(graph.OpAcos),
	"numpy.arccosh": ufunc(graph.OpAcosh), "numpy.arctanh": ufunc(graph.OpAtanh), "numpy.trunc": trunc, "numpy.fix": trunc,
	"numpy.positive":    signed(""),
	"numpy.isinf":       unary(graph.OpIsInf),
	"numpy.isfinite":    isFinite,
	"numpy.logical_not": func(c *arguments, x graph.Value) graph.Value { return c.b.Unary(graph.OpNot, x) },
	"numpy.fabs":        ufunc(graph.OpAbs),
	"numpy.floor":       unary(graph.OpFloor), "numpy.ceil": unary(graph.OpCeil),
	"numpy.rint":    ufunc(graph.OpRound),
	"numpy.round":   round,
	"numpy.around":  round,
	"numpy.isnan":   unary(graph.OpIsNaN),
	"numpy.deg2rad": scaled(math.Pi / 180), "numpy.radians": scaled(math.Pi / 180), "numpy.rad2deg": scaled(180 / math.Pi), "numpy.degrees": scaled(180 / math.Pi),
	"numpy.square": func(c *arguments, x graph.Value) graph.Value {
		if x.OK() && x.DType() == tensor.Bool {
			x = c.b.Cast(x, tensor.Int8)
		}
		return c.b.Mul(x, x)
	},
	"numpy.exp2": floating(exp2),
	"numpy.reciprocal": func(c *arguments, x graph.Value) graph.Value {
		if x.OK() && !x.DType().IsFloat() {
			return c.b.Unsupported("", "the reciprocal of integers")
		}
		return c.b.Div(c.b.Scalar(1, x), x)
	},
	"numpy.add": binary(graph.OpAdd), "numpy.multiply": binary(graph.OpMul), "numpy.subtract": binary(graph.OpSub), "numpy.power": binary(graph.OpPow),
	"numpy.divide": binary(graph.OpDiv), "numpy.true_divide": binary(graph.OpDiv), "numpy.maximum": binary(graph.OpMax), "numpy.minimum": binary(graph.OpMin),
	"numpy.fmax": fminmax(graph.OpMax), "numpy.fmin": fminmax(graph.OpMin), "numpy.logaddexp": binary(graph.OpLogAddExp),
	"numpy.less": binary(graph.OpLess), "numpy.less_equal": binary(graph.OpLessOrEqual), "numpy.greater": binary(graph.OpGreater),
	"numpy.greater_equal": binary(graph.OpGreaterOrEqual), "numpy.equal": binary(graph.OpEqual),
	"numpy.not_equal": func(c *arguments, x graph.Value) graph.Value {
		return c.b.Unary(graph.OpNot, binary(graph.OpEqual)(c, x))
	},
	"numpy.isposinf": infinite(graph.OpGreater), "numpy.isneginf": infinite(graph.OpLess),
	"numpy.copy": identity, "numpy.asanyarray": identity, "numpy.ascontiguousarray": identity, "numpy.asfortranarray": identity, "numpy.real": identity,
	"operator.itemgetter": items, "operator.attrgetter": attribute, "scipy.csr_matrix": stored, "scipy.csr_array": stored,
	"numpy.float64": castTo(tensor.Float64), "numpy.float32": castTo(tensor.Float32),
	"numpy.reshape": reshaped, "numpy.ravel": raveled, "numpy.squeeze": squeezed, "numpy.atleast_2d": identity,
	"numpy.clip":       clip,
	"numpy.nan_to_num": nanToNum,
	"numpy.asarray":    identity, "numpy.array": identity,
	"scipy.expit": special(one(graph.OpSigmoid)), "scipy.ndtr": special(one(graph.OpNormCdf)), "scipy.ndtri": single(one(graph.OpNormPpf)),
	"scipy.erf": special(one(graph.OpErf)), "scipy.log1p": special(one(graph.OpLog1p)), "scipy.expm1": special(one(graph.OpExpm1)),
	"scipy.erfc": special(one(graph.OpErfc)), "scipy.gammaln": special(one(graph.OpLogGamma)), "scipy.log_ndtr": special(one(graph.OpLogNdtr)),
	"scipy.log_expit": special(logExpit), "scipy.entr": single(entropy), "scipy.softmax": softmax,
	"scipy.cbrt": special(one(graph.OpCbrt)), "scipy.exp2": special(exp2), "scipy.logit": special(logit),
	"sklearn._identity": identity,
	"sklearn.normalize": func(c *arguments, x graph.Value) graph.Value {
		norm := "l2"
		if v := c.get("norm"); v != nil {
			norm, _ = sklearn.Text(v)
		}
		if axis := c.number("axis", 1); axis != 1 {
			return c.b.Unsupported("", "normalize along axis %v", axis)
		}
		c.ignore("copy")
		x = sklearn.Check(c.b, c.self, x, sklearn.Accept{Sparse: true, Array: true})
		old := sklearn.Of(c.self)
		return normalize(c.b, x, norm, old.Before("1.0"), old.Before("0.23"))
	},
	"sklearn.binarize": func(c *arguments, x graph.Value) graph.Value {
		c.ignore("copy")
		x = sklearn.Check(c.b, c.self, x, sklearn.Accept{Sparse: true, Array: true})
		return binarize(c.b, x, c.number("threshold", 0))
	},
	"sklearn.add_dummy_feature": func(c *arguments, x graph.Value) graph.Value {
		value := c.number("value", 1)
		x = sklearn.Check(c.b, c.self, x, sklearn.Accept{DType: sklearn.DTypeFloat, Sparse: true, Array: true})
		if !x.OK() {
			return x
		}
		sparse := x.Type().Kind != graph.Dense
		first := c.b.Cast(c.b.ToDense(c.b.Gather(x, []int{0})), tensor.Float64)
		dummy := c.b.Where(c.b.Binary(graph.OpEqual, first, first), c.b.Scalar(value, first), c.b.Scalar(value, first))
		return c.b.HStack(sparse, dummy, x)
	},
	"sklearn.check_array": checkArray,
}

// sparseFunctions are the ufuncs that scipy's sparse matrices have as methods, and the product with a number, which is Python's of
// the two.
var sparseFunctions = map[string]bool{
	"numpy.log1p": true, "numpy.expm1": true, "numpy.sqrt": true, "numpy.sin": true, "numpy.tan": true, "numpy.tanh": true, "numpy.arctan": true,
	"numpy.sinh": true, "numpy.arcsin": true, "numpy.arctanh": true,
	"numpy.arcsinh": true, "numpy.rint": true, "numpy.deg2rad": true, "numpy.rad2deg": true, "numpy.abs": true, "numpy.absolute": true, "numpy.negative": true,
	"numpy.round": true, "numpy.around": true, "numpy.multiply": true,
}

func identity(c *arguments, x graph.Value) graph.Value {
	c.ignore("copy")
	return x
}

// single is a ufunc of scipy.special whose first loop is that of float32.
func single(f func(b *graph.Builder, x graph.Value) graph.Value) called {
	return func(c *arguments, x graph.Value) graph.Value {
		if x.OK() {
			x = c.b.Cast(x, loop(x.DType(), tensor.Float32))
		}
		return f(c.b, x)
	}
}

func one(op graph.Op) func(b *graph.Builder, x graph.Value) graph.Value {
	return func(b *graph.Builder, x graph.Value) graph.Value { return b.Unary(op, x) }
}

// logit is log(x/(1-x)), near a half by log1p.
func logit(b *graph.Builder, x graph.Value) graph.Value {
	far := b.Unary(graph.OpLog, b.Div(x, b.Sub(b.Scalar(1, x), x)))
	s := b.Mul(b.Scalar(2, x), b.Sub(x, b.Scalar(0.5, x)))
	near := b.Sub(b.Unary(graph.OpLog1p, s), b.Unary(graph.OpLog1p, b.Unary(graph.OpNeg, s)))
	out := b.Binary(graph.OpOr, b.Binary(graph.OpLess, x, b.Scalar(0.3, x)), b.Binary(graph.OpGreater, x, b.Scalar(0.65, x)))
	return b.Where(out, far, near)
}

// trunc drops what is behind the point, and keeps the sign of zero.
func trunc(c *arguments, x graph.Value) graph.Value {
	if !x.OK() || !x.DType().IsFloat() {
		return x
	}
	return c.b.Where(c.b.Binary(graph.OpLess, x, c.b.Scalar(0, x)), c.b.Unary(graph.OpCeil, x), c.b.Unary(graph.OpFloor, x))
}

func isFinite(c *arguments, x graph.Value) graph.Value {
	return c.b.Unary(graph.OpNot, c.b.Binary(graph.OpOr, c.b.Unary(graph.OpIsNaN, x), c.b.Unary(graph.OpIsInf, x)))
}

// infinite finds the infinities of one sign.
func infinite(side graph.Op) called {
	return func(c *arguments, x graph.Value) graph.Value {
		return c.b.Binary(graph.OpAnd, c.b.Unary(graph.OpIsInf, x), c.b.Binary(side, x, c.b.Scalar(0, x)))
	}
}

// stored is a sparse matrix of what is not zero.
func stored(c *arguments, x graph.Value) graph.Value {
	if !x.OK() || x.Type().Kind == graph.CSR {
		return x
	}
	if t := x.Type(); t.Kind == graph.Dense && !t.DType.IsNumeric() {
		return c.b.Refuse("scipy.sparse does not support dtype object.")
	}
	if x = c.table(x); x.OK() && x.DType() == tensor.Float16 {
		return c.b.Refuse("scipy.sparse does not support dtype float16.")
	}
	return c.b.ToCSR(x)
}

// fminmax is the lesser or greater of two, of which a NaN is neither.
func fminmax(op graph.Op) called {
	plain := binary(op)
	return func(c *arguments, x graph.Value) graph.Value {
		y := plain(c, x)
		if y.OK() {
			x = c.b.Cast(x, y.DType())
		}
		if !y.OK() || !y.DType().IsFloat() {
			return y
		}
		k := binary(graph.OpMul)(c, c.b.Where(c.b.Unary(graph.OpIsNaN, x), c.b.Scalar(1, x), c.b.Scalar(1, x)))
		y = c.b.Where(c.b.Unary(graph.OpIsNaN, x), k, y)
		return c.b.Where(c.b.Unary(graph.OpIsNaN, k), x, y)
	}
}

// castTo is a type of numpy called on the whole value.
func castTo(d tensor.DType) called {
	return func(c *arguments, x graph.Value) graph.Value {
		if x.OK() && x.Type().Sparse() {
			return c.b.Refuse("setting an array element with a sequence.")
		}
		return c.b.Cast(x, d)
	}
}

// logExpit is log(expit(x)).
func logExpit(b *graph.Builder, x graph.Value) graph.Value {
	return b.Unary(graph.OpNeg, b.Unary(graph.OpSoftplus, b.Unary(graph.OpNeg, x)))
}

// entropy is -x log(x), zero at zero and -inf below.
func entropy(b *graph.Builder, x graph.Value) graph.Value {
	zero := b.Scalar(0, x)
	y := b.Unary(graph.OpNeg, b.Mul(x, b.Unary(graph.OpLog, x)))
	y = b.Where(b.Binary(graph.OpEqual, x, zero), zero, y)
	return b.Where(b.Binary(graph.OpLess, x, zero), b.Scalar(math.Inf(-1), x), y)
}

// softmax is scipy.special.softmax of each row.
func softmax(c *arguments, x graph.Value) graph.Value {
	if axis := c.number("axis", math.Inf(1)); axis != 1 && axis != -1 {
		return c.b.Unsupported("", "softmax over the whole batch: a row's result would depend on the others")
	}
	if t := x.Type(); t.Kind == graph.Frame {
		if sklearn.ObjectFrame(t) {
			return c.b.Refuse("loop of ufunc does not support argument 0 of type float which has no callable exp method")
		}
		x = c.b.Cast(x, sklearn.FrameDType(t))
	}
	if t := x.Type(); t.Kind != graph.Dense || !t.DType.IsNumeric() || len(t.Shape) != 2 {
		return c.b.Unsupported("", "softmax of %s", t)
	}
	if x.Width() == 0 {
		return c.b.Refuse("zero-size array to reduction operation maximum which has no identity")
	}
	if x.DType() == tensor.Bool {
		return c.b.Refuse("numpy boolean subtract, the `-` operator, is not supported, use the bitwise_xor, the `^` operator, or the logical_xor function instead.")
	}
	switch x.DType() {
	case tensor.Int64, tensor.Int32:
		x = c.b.Cast(x, tensor.Float64)
	case tensor.Float64, tensor.Float32:
	default:
		return c.b.Unsupported("", "softmax of %s: what numpy subtracts wraps, and what it divides is rounded", x.DType())
	}
	return c.b.Softmax(x, graph.Pairwise)
}

// flat is a value of one column as a vector.
func flat(c *arguments, x graph.Value) graph.Value {
	if t := x.Type(); t.Kind == graph.Frame && len(t.Columns) == 1 {
		x = c.b.Column(x, 0)
	}
	switch t := x.Type(); {
	case t.Kind != graph.Dense || len(t.Shape) > 2 || len(t.Shape) == 2 && t.Shape[1] != 1:
		return c.b.Unsupported("", "%s of %s: a row in would not be a row out", c.f.Name, t)
	case len(t.Shape) == 1:
		return x
	}
	return c.b.Ravel(x)
}

func raveled(c *arguments, x graph.Value) graph.Value {
	c.ignore("order")
	return flat(c, x)
}

// squeezed drops the axis of a single column; of a single row numpy drops that axis, too.
func squeezed(c *arguments, x graph.Value) graph.Value {
	if axis := c.number("axis", math.Inf(1)); axis == 1 || axis == -1 {
		return flat(c, x)
	}
	return c.b.Unsupported("", "squeeze without axis=1: of a batch of one row the rows would be lost")
}

// reshaped is numpy.reshape where a row stays a row: to -1, (-1,) and (-1, 1) of one column, or to the width there is.
func reshaped(c *arguments, x graph.Value) graph.Value {
	c.ignore("order", "copy")
	v := c.get("shape")
	if old := c.get("newshape"); old != nil {
		v = old
	}
	if len(c.f.Args) > 0 {
		return c.b.Unsupported("", "reshape of a bound array")
	}
	var shape []int
	if n, err := sklearn.Int(v); err == nil {
		shape = []int{n}
	} else if items, err := sklearn.Sequence(v); err == nil {
		for _, it := range items {
			n, err := sklearn.Int(it)
			if err != nil {
				return c.b.Unsupported("", "reshape to %s", sklearn.Describe(v))
			}
			shape = append(shape, n)
		}
	}
	sparse := x.Type().Sparse()
	switch {
	case len(shape) == 1 && shape[0] == -1:
		return flat(c, x)
	case len(shape) == 2 && shape[0] == -1 && sparse && x.Width() == shape[1]:
		return x
	case len(shape) == 2 && shape[0] == -1 && shape[1] == 1:
		return c.b.AsColumn(flat(c, x))
	case len(shape) == 2 && shape[0] == -1 && x.Type().Kind == graph.Dense && len(x.Type().Shape) == 2 && x.Width() == shape[1]:
		return x
	}
	return c.b.Unsupported("", "reshape of %s to %v: a row in would not be a row out", x.Type(), shape)
}

func exp2(b *graph.Builder, x graph.Value) graph.Value {
	return b.Binary(graph.OpPow, b.Scalar(2, x), x)
}

func round(c *arguments, x graph.Value) graph.Value {
	d := c.number("decimals", 0)
	c.ignore("out")
	if x.OK() && x.Type().Sparse() { // an object to numpy, rounded by rint or multiplied by a float
		to := tensor.Float64
		if d == 0 || d > 0 && x.DType() == tensor.Float32 {
			to = loop(x.DType(), tensor.Float16)
		}
		if to == tensor.Float16 {
			return c.b.Refuse("scipy.sparse does not support dtype float16.")
		}
		x = c.b.Cast(x, to)
	}
	if x.OK() && !x.DType().IsFloat() {
		if c.frame && x.DType() == tensor.Bool {
			return x
		}
		if d != 0 && x.DType() == tensor.Bool {
			return c.b.Refuse("Cannot cast ufunc 'multiply' output from dtype('float64') to dtype('bool') with casting rule 'same_kind'")
		}
		if d < 0 {
			return c.b.Unsupported("", "%s of integers to %v decimals", c.f.Name, d)
		}
		if x.DType() == tensor.Bool { // rounded as rint does, which has no loop of theirs
			return c.b.Unary(graph.OpRound, c.b.Cast(x, tensor.Float16))
		}
		return x
	}
	if d == 0 {
		return c.b.Unary(graph.OpRound, x)
	}
	if d != math.Trunc(d) || math.Abs(d) > 22 {
		return c.b.Unsupported("", "%s to %v decimals", c.f.Name, d)
	}
	power := math.Pow(10, math.Abs(d))
	up := func(v graph.Value) graph.Value { return c.b.Mul(v, c.b.Scalar(power, v)) }
	down := func(v graph.Value) graph.Value { return c.b.Div(v, c.b.Scalar(power, v)) }
	if x.OK() && x.Type().Sparse() { // scipy divides by multiplying, in float64
		down = func(v graph.Value) graph.Value {
			v = c.b.Cast(v, tensor.Float64)
			return c.b.Mul(v, c.b.Scalar(1/power, v))
		}
	}
	if d < 0 {
		return up(c.b.Unary(graph.OpRound, down(x)))
	}
	return down(c.b.Unary(graph.OpRound, up(x)))
}

// clip is numpy.clip, which leaves a frame to pandas: there a column keeps its type unless a bound that cuts it has no place in it.
// Whole numbers that a fraction might cut are float64 here, whether or not one of the rows is cut.
func clip(c *arguments, x graph.Value) graph.Value {
	c.ignore("out")
	lo := c.number("a_min", c.number("min", math.Inf(-1)))
	hi := c.number("a_max", c.number("max", math.Inf(1)))
	if !x.OK() {
		return x
	}
	d := x.DType()
	to := d
	for _, name := range []string{"a_min", "min", "a_max", "max"} {
		v := c.get(name)
		t, err := sklearn.Tensor(v)
		if err != nil {
			continue // there is none
		}
		bound, _ := t.Float(0)
		switch _, scalar := v.(*pyobj.Scalar); {
		case c.frame && cutsNone(d, bound, strings.HasSuffix(name, "min")):
		case c.frame && (d == tensor.Bool || t.DType == tensor.Bool):
			return c.b.Unsupported("", "%s of truth values, which pandas makes objects", c.f.Name)
		case c.frame && holds(d, bound):
		case c.frame && (d.IsFloat() || bound == math.Trunc(bound)):
			return c.b.Unsupported("", "%s of a frame's %s by %v, which has no place among them", c.f.Name, d, bound)
		case !scalar && t.DType == tensor.Bool:
		case !scalar && t.DType.IsFloat() && d.IsFloat():
		case !scalar && t.DType.IsInt():
			if d == tensor.Bool {
				to = tensor.Promote(to, tensor.Int64)
			}
		case scalar && c.self.Numpy == 1 && rank(t.DType) <= rank(d):
			to = tensor.Promote(to, least(t.Cell(0), d))
		default:
			to = tensor.Promote(to, t.DType)
		}
	}
	if to == tensor.Bool {
		return c.b.Cast(c.b.Clip(c.b.Cast(x, tensor.Int64), lo, hi), to)
	}
	return c.b.Clip(c.b.Cast(x, to), lo, hi)
}

// holds reports that a bound is among the values of a type.
func holds(d tensor.DType, bound float64) bool {
	switch {
	case d == tensor.Float32:
		return float64(float32(bound)) == bound
	case d.IsFloat():
		return d == tensor.Float64
	}
	lo, hi := limits(d)
	return bound == math.Trunc(bound) && lo <= bound && bound <= hi
}

// cutsNone reports a bound that no value of a type lies beyond.
func cutsNone(d tensor.DType, bound float64, lower bool) bool {
	if d.IsFloat() {
		return math.IsInf(bound, 0)
	}
	lo, hi := limits(d)
	return lower && bound <= lo || !lower && bound >= hi
}

// limits are the least and the largest of an integer type or of truth values.
func limits(d tensor.DType) (lo, hi float64) {
	if short, ok := shortInts[d]; ok && d != tensor.Uint64 {
		return float64(short[0]), float64(short[1])
	}
	switch d {
	case tensor.Bool:
		return 0, 1
	case tensor.Uint64:
		return 0, 0x1p64 - 1
	}
	return -0x1p63, 0x1p63 - 1
}

func nanToNum(c *arguments, x graph.Value) graph.Value {
	c.ignore("copy")
	if t := x.Type(); t.Kind == graph.Frame && !slices.ContainsFunc(t.Columns, func(col graph.Column) bool { return !col.DType.IsNumeric() }) {
		x = c.b.Cast(x, sklearn.FrameDType(t))
	}
	if !x.OK() || !x.DType().IsFloat() || x.Type().Kind != graph.Dense {
		c.ignore("nan", "posinf", "neginf")
		return x
	}
	b := c.b
	top := math.MaxFloat64
	switch x.DType() {
	case tensor.Float32:
		top = math.MaxFloat32
	case tensor.Float16:
		top = 65504
	}
	zero, nan := b.Scalar(0, x), b.Scalar(c.number("nan", 0), x)
	inf := b.Unary(graph.OpIsInf, x)
	pos := b.Scalar(c.number("posinf", top), x)
	neg := b.Scalar(c.number("neginf", -top), x)
	x2 := b.Where(inf, b.Where(b.Binary(graph.OpGreater, x, zero), pos, neg), x)
	return b.Where(b.Unary(graph.OpIsNaN, x), nan, x2)
}

// checkArray is sklearn.utils.validation.check_array.
func checkArray(c *arguments, x graph.Value) graph.Value {
	a := sklearn.Accept{Array: true}
	if v := c.get("dtype"); v != nil {
		list, err := sklearn.Sequence(v)
		switch name, _ := sklearn.Text(v); {
		case isFloat64(v), err == nil && len(list) == 1 && isFloat64(list[0]):
			a.DType = sklearn.DTypeFloat64
		case name != "numeric":
			return c.b.Unsupported("", "check_array of dtype %s", sklearn.Describe(v))
		}
	}
	for _, name := range []string{"force_all_finite", "ensure_all_finite"} {
		switch v := c.get(name).(type) {
		case pyobj.Bool:
			a.NaN, a.Inf = !bool(v), !bool(v)
		case pyobj.Str:
			a.NaN = v == "allow-nan"
		}
	}
	if v, ok := c.get("accept_sparse").(pyobj.Bool); ok {
		a.Sparse = bool(v)
	}
	c.ignore("copy", "order", "ensure_min_samples", "ensure_min_features", "estimator", "input_name")
	return sklearn.Check(c.b, c.self, x, a)
}

func isFloat64(v pyobj.Value) bool {
	switch x := v.(type) {
	case *pyobj.Global:
		return x.Name == "float64"
	case *pyobj.DType:
		return x.Kind == 'f' && x.Size == 8
	}
	return false
}
