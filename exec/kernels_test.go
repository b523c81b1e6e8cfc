package exec

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/internal/fixture"
	"github.com/larder-ml/larder/tensor"
)

// section reads one section of what numpy, scipy and scikit-learn computed (testdata/gen/kernels.py).
func section(t *testing.T, name string, into any) {
	t.Helper()
	var doc map[string]json.RawMessage
	if err := json.Unmarshal(fixture.Read(t, "exec/kernels.json"), &doc); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(doc[name], into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

func raw(s string) []byte {
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return b
}

func f64s(s string) []float64 {
	b := raw(s)
	out := make([]float64, len(b)/8)
	for i := range out {
		out[i] = math.Float64frombits(binary.LittleEndian.Uint64(b[8*i:]))
	}
	return out
}

func f32s(s string) []float32 {
	b := raw(s)
	out := make([]float32, len(b)/4)
	for i := range out {
		out[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
	}
	return out
}

// numbers makes a tensor of the bytes of a dtype.
func numbers(dtype, s string, shape ...int) *tensor.Tensor {
	if dtype == "float32" {
		return tensor.FromF32(f32s(s), shape...)
	}
	return tensor.FromF64(f64s(s), shape...)
}

// as makes a tensor of a dtype from float64s.
func as(dtype string, f []float64, shape ...int) *tensor.Tensor {
	if dtype == "float32" {
		return tensor.FromF32(narrowed(f), shape...)
	}
	return tensor.FromF64(f, shape...)
}

// ulps returns the distance of two floats in units of the last place; NaNs are equal.
func ulps(a, b float64, narrow bool) uint64 {
	if a != a && b != b {
		return 0
	}
	if a == b {
		return 0
	}
	key := func(f float64) int64 {
		if narrow {
			i := int64(int32(math.Float32bits(float32(f))))
			if i < 0 {
				return -(i & math.MaxInt32)
			}
			return i
		}
		i := int64(math.Float64bits(f))
		if i < 0 {
			return -(i & math.MaxInt64)
		}
		return i
	}
	d := key(a) - key(b)
	return uint64(max(d, -d))
}

// same fails unless two tensors agree within some ulps; zero demands equal numbers, also signs of zeros.
func same(t *testing.T, what string, got, want *tensor.Tensor, limit uint64) {
	t.Helper()
	if got.DType != want.DType || got.Len() != want.Len() {
		t.Errorf("%s: %s of %d elements, want %s of %d", what, got.DType, got.Len(), want.DType, want.Len())
		return
	}
	for i := range want.Len() {
		g, _ := got.Float(i)
		w, _ := want.Float(i)
		if d := ulps(g, w, want.DType == tensor.Float32); d > limit || (limit == 0 && w == w && math.Signbit(g) != math.Signbit(w)) {
			t.Errorf("%s: element %d is %v, want %v (%d ulp)", what, i, g, w, d)
			return
		}
	}
}

// eval runs a formula on dense rows.
func eval(t *testing.T, x *tensor.Tensor, f func(b *graph.Builder, x graph.Value) graph.Value) *tensor.Tensor {
	t.Helper()
	in := graph.Type{DType: x.DType, Shape: append([]int{}, x.Shape...)}
	in.Shape[0] = graph.N
	v, err := compute(t, Options{}, in, tensor.Value{Dense: x}, f)
	if err != nil {
		t.Fatal(err)
	}
	return v.Dense
}

func TestSumsAreNumpys(t *testing.T) {
	var cases []struct {
		N                                                        int
		DType                                                    string
		Pairwise, Mean, Square, Columns, Columns1, Lanes, CumSum string
	}
	section(t, "sums", &cases)
	for _, c := range cases {
		x := as(c.DType, floats(uint64(c.N), 2*c.N), 2, c.N)
		first := as(c.DType, floats(uint64(c.N), 2*c.N)[:c.N], 1, c.N)
		check := func(what string, x *tensor.Tensor, op graph.Op, o graph.Order, want string) {
			got := eval(t, x, func(b *graph.Builder, x graph.Value) graph.Value { return b.Reduce(op, x, 1, false, o) })
			same(t, fmt.Sprintf("%s of %d %s", what, c.N, c.DType), got, numbers(c.DType, want), 0)
		}
		check("pairwise sum", x, graph.OpReduceSum, graph.Pairwise, c.Pairwise)
		check("mean", x, graph.OpReduceMean, graph.Pairwise, c.Mean)
		check("sum of squares", x, graph.OpSumSquare, graph.Pairwise, c.Square)
		check("columns", x, graph.OpReduceSum, graph.Columns, c.Columns)
		check("columns of one row", first, graph.OpReduceSum, graph.Columns, c.Columns1)
		check("lanes", x, graph.OpSumSquare, graph.Lanes, c.Lanes)
		sums := eval(t, x, func(b *graph.Builder, x graph.Value) graph.Value { return b.Column(b.CumSum(x), c.N-1) })
		same(t, fmt.Sprintf("cumsum of %d %s", c.N, c.DType), sums, numbers(c.DType, c.CumSum), 0)
		if c.N > 0 {
			seq := eval(t, x, func(b *graph.Builder, x graph.Value) graph.Value { return b.RowSum(x, graph.Sequential) })
			same(t, fmt.Sprintf("sequential sum of %d %s", c.N, c.DType), seq, numbers(c.DType, c.Columns), 0)
		}
	}
}

func TestFunctions(t *testing.T) {
	var s struct {
		Inputs map[string]string
		Cases  []struct{ Op, DType, X, Y string }
	}
	section(t, "functions", &s)
	// Distances to numpy's and scipy's own values, which differ among processors by an ulp or two.
	limits := map[string]uint64{"Sqrt": 0, "Floor": 0, "Sign": 0, "Relu": 0, "Abs": 0, "Neg": 0, "Sigmoid": 2, "NormCdf": 4, "NormPpf": 4}
	for _, c := range s.Cases {
		limit, ok := limits[c.Op]
		if !ok {
			limit = 2
		}
		x := as(c.DType, f64s(s.Inputs[c.X]))
		got := eval(t, x, func(b *graph.Builder, x graph.Value) graph.Value { return b.Unary(graph.Op(c.Op), x) })
		same(t, c.Op+" "+c.DType, got, numbers(c.DType, c.Y), limit)
	}
}

func TestPairs(t *testing.T) {
	var s struct {
		Inputs map[string]string
		Cases  []struct {
			Op      string
			In      [2]string
			X, Y, Z string
		}
	}
	section(t, "pairs", &s)
	limits := map[string]uint64{"LogAddExp": 2, "Pow": 2}
	for _, c := range s.Cases {
		x, y := as(c.In[0], f64s(s.Inputs[c.X])), as(c.In[1], f64s(s.Inputs[c.Y]))
		out := "float64"
		if c.In[0] == "float32" && c.In[1] == "float32" {
			out = "float32"
		}
		b := graph.NewBuilder()
		u := b.Input("x", graph.Type{DType: x.DType, Shape: []int{graph.N}})
		v := b.Input("y", graph.Type{DType: y.DType, Shape: []int{graph.N}})
		b.Output("z", b.Binary(graph.Op(c.Op), u, v))
		got := runBoth(t, b, x, y)
		same(t, c.Op+fmt.Sprint(c.In), got, numbers(out, c.Z), limits[c.Op])
	}
}

// runBoth runs a graph of two dense inputs.
func runBoth(t *testing.T, b *graph.Builder, x, y *tensor.Tensor) *tensor.Tensor {
	t.Helper()
	g, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	p, err := Compile(g, Options{})
	if err != nil {
		t.Fatal(err)
	}
	out, err := p.Run(t.Context(), []tensor.Value{{Dense: x}, {Dense: y}})
	if err != nil {
		t.Fatal(err)
	}
	return out[0].Dense
}

func TestInPlaceRoundsOnce(t *testing.T) {
	var cases []struct{ Op, Z string }
	section(t, "in_place", &cases)
	ops := map[string]graph.Op{"__isub__": graph.OpSub, "__itruediv__": graph.OpDiv, "__imul__": graph.OpMul, "__iadd__": graph.OpAdd}
	x := tensor.FromF32(narrowed(floats(14, 12)), 4, 3)
	c := tensor.FromF64(floats(15, 3))
	for _, k := range cases {
		got := eval(t, x, func(b *graph.Builder, x graph.Value) graph.Value { return b.InPlace(ops[k.Op], x, b.Const(c)) })
		same(t, k.Op, got, numbers("float32", k.Z), 0)
	}
}

func dtypeOf(name string) tensor.DType {
	for d := tensor.Float64; d <= tensor.Object; d++ {
		if d.String() == name {
			return d
		}
	}
	panic(name)
}

func TestIntegers(t *testing.T) {
	var cases []map[string]json.RawMessage
	section(t, "integers", &cases)
	for _, c := range cases {
		var name string
		ints := func(k string) []int64 {
			var v []int64
			if err := json.Unmarshal(c[k], &v); err != nil {
				t.Fatal(err)
			}
			return v
		}
		if err := json.Unmarshal(c["dtype"], &name); err != nil {
			t.Fatal(err)
		}
		d := dtypeOf(name)
		make12 := func(k string) *tensor.Tensor {
			x := tensor.New(d, 12)
			convert(x, tensor.FromI64(ints(k)))
			return x
		}
		a, y := make12("a"), make12("b")
		for _, op := range []graph.Op{graph.OpAdd, graph.OpMul, graph.OpMax, graph.OpSub, graph.OpLess, graph.OpDiv} {
			if c[string(op)] == nil {
				continue
			}
			b := graph.NewBuilder()
			u, v := b.Input("x", graph.Type{DType: d, Shape: []int{graph.N}}), b.Input("y", graph.Type{DType: d, Shape: []int{graph.N}})
			b.Output("z", b.Binary(op, u, v))
			got := runBoth(t, b, a, y)
			what := name + " " + string(op)
			if op == graph.OpDiv {
				var z string
				if err := json.Unmarshal(c["Div"], &z); err != nil {
					t.Fatal(err)
				}
				if name == "int8" || name == "uint8" || name == "bool" { // numpy divides these in float16
					continue
				}
				same(t, what, got, numbers("float64", z), 0)
				continue
			}
			want := ints(string(op))
			for i, w := range want {
				if g, _ := got.Float(i); g != float64(w) {
					t.Errorf("%s: element %d is %v, want %d", what, i, g, w)
				}
			}
		}
		m := a.Reshape(3, 4)
		sum := eval(t, m, func(b *graph.Builder, x graph.Value) graph.Value { return b.RowSum(x, graph.Pairwise) })
		for i, w := range ints("Sum") {
			if g, _ := sum.Float(i); g != float64(w) {
				t.Errorf("%s sum: %v, want %d", name, g, w)
			}
		}
		var mean, narrow string
		if json.Unmarshal(c["Mean"], &mean) != nil || json.Unmarshal(c["ToFloat32"], &narrow) != nil {
			t.Fatal("mean")
		}
		same(t, name+" mean", eval(t, m, func(b *graph.Builder, x graph.Value) graph.Value {
			return b.Reduce(graph.OpReduceMean, x, 1, false, graph.Pairwise)
		}), numbers("float64", mean), 0)
		same(t, name+" to float32", eval(t, a, func(b *graph.Builder, x graph.Value) graph.Value { return b.Cast(x, tensor.Float32) }), numbers("float32", narrow), 0)
	}
}

func TestPromotionIsNumpys(t *testing.T) {
	var table map[string]string
	section(t, "promotions", &table)
	for k, want := range table {
		a, b, _ := strings.Cut(k, ",")
		if got := tensor.Promote(dtypeOf(a), dtypeOf(b)); got.String() != want {
			t.Errorf("%s: %s, want %s", k, got, want)
		}
	}
}

func TestSoftmaxAndLogSumExp(t *testing.T) {
	var cases []struct {
		K                            int
		DType                        string
		Softmax, SoftmaxF, LSE, LSEF string
	}
	section(t, "row_functions", &cases)
	for _, c := range cases {
		data := floats(uint64(100+c.K), 4*c.K)
		x := as(c.DType, append([]float64{}, data...), 4, c.K)
		for i := range c.K {
			data[c.K+i] = data[c.K]
		}
		if c.K > 2 {
			data[2*c.K+1] = largest(data[2*c.K : 3*c.K])
			data[3*c.K] = math.Inf(-1)
		}
		ties := as(c.DType, data, 4, c.K)
		for _, o := range []struct {
			order        graph.Order
			softmax, lse string
		}{{graph.Pairwise, c.Softmax, c.LSE}, {graph.Columns, c.SoftmaxF, c.LSEF}} {
			what := fmt.Sprintf("%d %s order %d", c.K, c.DType, o.order)
			limit := uint64(4)
			same(t, "softmax "+what, eval(t, x, func(b *graph.Builder, x graph.Value) graph.Value { return b.Softmax(x, o.order) }), numbers(c.DType, o.softmax), limit)
			same(t, "logsumexp "+what, eval(t, ties, func(b *graph.Builder, x graph.Value) graph.Value {
				return b.Reduce(graph.OpLogSumExp, x, 1, false, o.order)
			}), numbers(c.DType, o.lse), limit)
		}
	}
	var edges struct{ X, Y string }
	section(t, "lse_edges", &edges)
	same(t, "edges", eval(t, numbers("float64", edges.X, 5, 2), func(b *graph.Builder, x graph.Value) graph.Value {
		return b.Reduce(graph.OpLogSumExp, x, 1, false, graph.Pairwise)
	}), numbers("float64", edges.Y), 1)
}

func TestExtremesKnowNaN(t *testing.T) {
	var c struct {
		X, Max, Min    string
		ArgMax, ArgMin []int64
	}
	section(t, "extremes", &c)
	x := numbers("float64", c.X, 4, 4)
	for op, want := range map[graph.Op]*tensor.Tensor{
		graph.OpReduceMax: numbers("float64", c.Max), graph.OpReduceMin: numbers("float64", c.Min),
		graph.OpArgMax: tensor.FromI64(c.ArgMax), graph.OpArgMin: tensor.FromI64(c.ArgMin),
	} {
		same(t, string(op), eval(t, x, func(b *graph.Builder, x graph.Value) graph.Value { return b.Reduce(op, x, 1, false, graph.Any) }), want, 0)
	}
}

type csrCase struct {
	Shape   [2]int
	Indptr  []int
	Indices []int32
	Data    string
}

func (c csrCase) sparse() *tensor.Sparse {
	return &tensor.Sparse{Rows: c.Shape[0], Cols: c.Shape[1], Indptr: c.Indptr, Indices: c.Indices, Data: tensor.FromF64(f64s(c.Data), len(c.Indices))}
}

func sameCSR(t *testing.T, what string, got *tensor.Sparse, want csrCase) {
	t.Helper()
	if fmt.Sprint(got.Indptr, got.Indices) != fmt.Sprint(want.Indptr, want.Indices) {
		t.Errorf("%s: pattern %v %v, want %v %v", what, got.Indptr, got.Indices, want.Indptr, want.Indices)
		return
	}
	same(t, what, got.Data, want.sparse().Data, 0)
}

func TestSparseIsScipys(t *testing.T) {
	var c struct {
		X, Y, Prod, Picked, Stacked, Joined                     csrCase
		W, Dot, Dot1, Dot32, Dot3232, Dense, ToDense, Left, Sum string
		Cols                                                    []int
	}
	section(t, "sparse", &c)
	x := c.X.sparse()
	w := tensor.FromF64(f64s(c.W), 9, 3)
	type formula func(b *graph.Builder, x graph.Value) graph.Value
	of := func(x *tensor.Sparse, f formula) tensor.Value {
		v, err := compute(t, Options{BlockRows: 4}, graph.Type{Kind: graph.CSR, DType: x.Data.DType, Shape: []int{graph.N, x.Cols}}, tensor.Value{CSR: x}, f)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	column := tensor.New(tensor.Float64, 9)
	for i := range 9 {
		column.F64[i] = w.F64[3*i]
	}
	dot := func(w *tensor.Tensor) formula {
		return func(b *graph.Builder, x graph.Value) graph.Value { return b.MatMul(x, b.Const(w)) }
	}
	same(t, "dot", of(x, dot(w)).Dense, numbers("float64", c.Dot), 0)
	same(t, "dot vector", of(x, dot(column)).Dense, numbers("float64", c.Dot1), 0)
	cast := func(f formula) formula { // scipy's astype sorts
		return func(b *graph.Builder, x graph.Value) graph.Value { return f(b, b.Cast(x, tensor.Float32)) }
	}
	same(t, "dot of float32", of(x, cast(dot(w))).Dense, numbers("float64", c.Dot32), 0)
	same(t, "dot in float32", of(x, cast(dot(tensor.FromF32(narrowed(w.F64), 9, 3)))).Dense, numbers("float32", c.Dot3232), 0)
	trans := &tensor.Tensor{DType: tensor.Float64, Shape: []int{3, 9}, F64: make([]float64, 27)}
	for i := range 9 {
		for j := range 3 {
			trans.F64[j*9+i] = w.F64[i*3+j]
		}
	}
	same(t, "dot transposed", of(x, func(b *graph.Builder, x graph.Value) graph.Value { return b.MatMulT(x, b.Const(trans)) }).Dense, numbers("float64", c.Dot), 0)
	sameCSR(t, "product", of(x, func(b *graph.Builder, x graph.Value) graph.Value { return b.MatMul(x, b.ConstSparse(c.Y.sparse())) }).CSR, c.Prod)
	sameCSR(t, "columns", of(x, func(b *graph.Builder, x graph.Value) graph.Value { return b.Gather(x, c.Cols) }).CSR, c.Picked)
	sameCSR(t, "hstack", of(x, func(b *graph.Builder, x graph.Value) graph.Value { return b.HStack(true, x, x) }).CSR, c.Joined)
	same(t, "dense", of(x, func(b *graph.Builder, x graph.Value) graph.Value { return b.ToDense(x) }).Dense, numbers("float64", c.ToDense), 0)
	same(t, "row sums", of(x, func(b *graph.Builder, x graph.Value) graph.Value { return b.RowSum(x, graph.Pairwise) }).Dense, numbers("float64", c.Sum), 0)

	left := tensor.FromF64(floats(24, 18), 2, 9)
	same(t, "dense by sparse", eval(t, left, func(b *graph.Builder, x graph.Value) graph.Value { return b.MatMul(x, b.ConstSparse(c.Y.sparse())) }), numbers("float64", c.Left), 0)

	b := graph.NewBuilder()
	u := b.Input("x", graph.Type{Kind: graph.CSR, DType: tensor.Float64, Shape: []int{graph.N, 9}})
	v := b.Input("d", matrix(tensor.Float64, 2))
	b.Output("z", b.HStack(true, u, v))
	g, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	p, err := Compile(g, Options{BlockRows: 4})
	if err != nil {
		t.Fatal(err)
	}
	out, err := p.Run(t.Context(), []tensor.Value{{CSR: x}, {Dense: numbers("float64", c.Dense, 6, 2)}})
	if err != nil {
		t.Fatal(err)
	}
	sameCSR(t, "hstack with dense", out[0].CSR, c.Stacked)
}

func TestHalvesAreNumpys(t *testing.T) {
	var c struct{ X, Y string }
	section(t, "halves", &c)
	for i, v := range f32s(c.X) {
		w := f32s(c.Y)[i]
		if g := tensor.Half(float64(v)); g != w && (g == g || w == w) {
			t.Errorf("half(%v) = %v, want %v", v, g, w)
		}
	}
}

func TestTextToFloatIsPythons(t *testing.T) {
	var cases [][2]*string
	section(t, "texts", &cases)
	for _, c := range cases {
		got, ok := tensor.ParseFloat(*c[0])
		if ok != (c[1] != nil) {
			t.Errorf("%q: %v, %v", *c[0], got, ok)
			continue
		}
		if !ok {
			continue
		}
		if w := f64s(*c[1])[0]; math.Float64bits(got) != math.Float64bits(w) && (got == got || w == w) {
			t.Errorf("%q: %v, want %v", *c[0], got, w)
		}
	}
}
