package exec

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/tensor"
)

// matrix is the type of n rows of k numbers.
func matrix(d tensor.DType, k int) graph.Type {
	return graph.Type{DType: d, Shape: []int{graph.N, k}}
}

// build makes a graph of one formula over one input.
func build(t testing.TB, in graph.Type, f func(b *graph.Builder, x graph.Value) graph.Value) *graph.Graph {
	t.Helper()
	b := graph.NewBuilder()
	b.Output("out", f(b, b.Input("X", in)))
	g, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// compute runs a formula over one value.
func compute(t testing.TB, opts Options, in graph.Type, x tensor.Value, f func(b *graph.Builder, x graph.Value) graph.Value) (tensor.Value, error) {
	t.Helper()
	p, err := Compile(build(t, in, f), opts)
	if err != nil {
		t.Fatal(err)
	}
	outs, err := p.Run(context.Background(), []tensor.Value{x})
	if err != nil {
		return tensor.Value{}, err
	}
	return outs[0], nil
}

// rng is splitmix64, as in testdata/gen/kernels.py.
type rng uint64

func (r *rng) next() uint64 {
	*r += 0x9e3779b97f4a7c15
	z := uint64(*r)
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// floats returns n numbers of very different size and both signs.
func floats(seed uint64, n int) []float64 {
	r := rng(seed)
	s := make([]float64, n)
	for i := range s {
		u := r.next()
		f := float64(u>>11)/(1<<53) - 0.5
		s[i] = math.Ldexp(f, int(r.next()%20)-10)
	}
	return s
}

func narrowed(s []float64) []float32 {
	out := make([]float32, len(s))
	for i, v := range s {
		out[i] = float32(v)
	}
	return out
}

func TestScalerAndLogisticRegression(t *testing.T) {
	p, err := Compile(scalerLogistic(t), Options{})
	if err != nil {
		t.Fatal(err)
	}
	out, err := p.Run(context.Background(), []tensor.Value{{Dense: tensor.FromF64(floats(1, 20), 1, 20)}})
	if err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for _, v := range out[1].Dense.F64 {
		sum += v
	}
	if math.Abs(sum-1) > 1e-15 {
		t.Errorf("probabilities sum to %v", sum)
	}
}

// scalerLogistic is a StandardScaler before a LogisticRegression of three classes: labels and probabilities.
func scalerLogistic(t testing.TB) *graph.Graph {
	b := graph.NewBuilder()
	x := b.Input("X", matrix(tensor.Float64, 20))
	x = b.Finite(x, graph.FiniteAttr{NaN: "Input X contains NaN.", Inf: "Input X contains infinity or a value too large for dtype('float64')."})
	x = b.Sub(x, b.Const(tensor.FromF64(floats(2, 20))))
	scale := floats(3, 20)
	for i := range scale {
		scale[i] = 1 + math.Abs(scale[i])
	}
	x = b.Div(x, b.Const(tensor.FromF64(scale)))
	s := b.Add(b.MatMulT(x, b.Const(tensor.FromF64(floats(4, 60), 3, 20))), b.Const(tensor.FromF64(floats(5, 3))))
	b.Output("label", b.Labels(b.ArgMax(s), tensor.FromI64([]int64{7, 8, 9})))
	b.Output("probabilities", b.Softmax(s, graph.Pairwise))
	g, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func TestBlocksChangeNothing(t *testing.T) {
	g := scalerLogistic(t)
	x := tensor.Value{Dense: tensor.FromF64(floats(9, 1000*20), 1000, 20)}
	var first []tensor.Value
	for _, o := range []Options{{Threads: 1, BlockRows: 1000}, {Threads: 1, BlockRows: 1}, {Threads: 3, BlockRows: 7}, {Threads: 2}} {
		p, err := Compile(g, o)
		if err != nil {
			t.Fatal(err)
		}
		out, err := p.Run(context.Background(), []tensor.Value{x})
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = out
			continue
		}
		for i, v := range out[1].Dense.F64 {
			if v != first[1].Dense.F64[i] {
				t.Fatalf("%+v: probability %d is %v, whole %v", o, i, v, first[1].Dense.F64[i])
			}
		}
		for i, v := range out[0].Dense.I64 {
			if v != first[0].Dense.I64[i] {
				t.Fatalf("%+v: label %d is %v, whole %v", o, i, v, first[0].Dense.I64[i])
			}
		}
	}
}

func TestRefusals(t *testing.T) {
	x := tensor.FromF64(make([]float64, 200*20), 200, 20)
	x.F64[20*20] = math.Inf(1)
	x.F64[150*20] = math.NaN()
	for _, o := range []Options{{BlockRows: 10}, {}} {
		p, err := Compile(scalerLogistic(t), o)
		if err != nil {
			t.Fatal(err)
		}
		_, err = p.Run(context.Background(), []tensor.Value{{Dense: x}})
		var bad *graph.InputError
		if !errors.As(err, &bad) || bad.Msg != "Input X contains NaN." {
			t.Errorf("%+v: %v: NaN anywhere comes before infinity", o, err)
		}
	}
}

func TestWrongInput(t *testing.T) {
	p, err := Compile(scalerLogistic(t), Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range []tensor.Value{
		{},
		{Dense: tensor.FromF64(make([]float64, 19), 1, 19)},
		{Dense: tensor.FromF64(make([]float64, 20))},
		{Dense: tensor.FromF32(make([]float32, 20), 1, 20)},
		{CSR: &tensor.Sparse{Rows: 1, Cols: 20, Indptr: []int{0, 0}, Data: tensor.New(tensor.Float64, 0)}},
	} {
		var e *Error
		if _, err := p.Run(context.Background(), []tensor.Value{v}); !errors.As(err, &e) {
			t.Errorf("%+v: %v", v, err)
		}
	}
	in := graph.Type{Kind: graph.CSR, DType: tensor.Float64, Shape: []int{graph.N, 2}}
	sum := func(b *graph.Builder, x graph.Value) graph.Value { return b.RowSum(x, graph.Sequential) }
	for _, s := range []*tensor.Sparse{
		{Rows: 1, Cols: 2, Indptr: []int{0, 2}, Indices: []int32{0, 2}, Data: tensor.FromF64([]float64{1, 2})},
		{Rows: 1, Cols: 2, Indptr: []int{0, 2}, Indices: []int32{0}, Data: tensor.FromF64([]float64{1})},
		{Rows: 2, Cols: 2, Indptr: []int{0, 2, 1}, Indices: []int32{0}, Data: tensor.FromF64([]float64{1})},
	} {
		if _, err := compute(t, Options{}, in, tensor.Value{CSR: s}, sum); err == nil {
			t.Errorf("%+v: no error", s)
		}
	}
}

func TestFaultsBecomeErrors(t *testing.T) {
	p, err := Compile(build(t, matrix(tensor.Float64, 1), func(b *graph.Builder, x graph.Value) graph.Value { return b.Unary(graph.OpExp, x) }), Options{})
	if err != nil {
		t.Fatal(err)
	}
	p.steps[0].run = func(*call) error { panic("boom") }
	_, err = p.Run(context.Background(), []tensor.Value{{Dense: tensor.FromF64([]float64{1}, 1, 1)}})
	var f *FaultError
	if !errors.As(err, &f) || f.Op != graph.OpExp {
		t.Errorf("%v", err)
	}
}

func TestNoKernel(t *testing.T) {
	g := build(t, matrix(tensor.Float64, 1), func(b *graph.Builder, x graph.Value) graph.Value {
		return b.Add1("NoSuchOp", nil, x.Type(), x)
	})
	var u *graph.UnsupportedError
	if _, err := Compile(g, Options{}); !errors.As(err, &u) || u.Op != "NoSuchOp" {
		t.Errorf("%v", err)
	}
}

func TestRunsDoNotAllocatePerRow(t *testing.T) {
	p, err := Compile(scalerLogistic(t), Options{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	count := func(rows int) float64 {
		in := []tensor.Value{{Dense: tensor.FromF64(floats(1, 20*rows), rows, 20)}}
		return testing.AllocsPerRun(20, func() {
			if _, err := p.Run(context.Background(), in); err != nil {
				t.Fatal(err)
			}
		})
	}
	if one, many := count(1), count(100); many > one || one > 12 {
		t.Errorf("%v allocations for one row, %v for a hundred", one, many)
	}
}

func BenchmarkScalerLogistic(b *testing.B) {
	for _, rows := range []int{1, 10000} {
		b.Run(fmt.Sprint(rows), func(b *testing.B) {
			p, err := Compile(scalerLogistic(b), Options{Threads: 1})
			if err != nil {
				b.Fatal(err)
			}
			in := []tensor.Value{{Dense: tensor.FromF64(floats(1, 20*rows), rows, 20)}}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := p.Run(context.Background(), in); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func TestVectorsComputeWhatScalarsDo(t *testing.T) {
	x := floats(31, 1003)
	for i := range x {
		x[i] *= 3
	}
	x = append(x, 0, math.Inf(1), math.NaN(), 800, -800, 1e-20, -745, 709.5, 511.9, -511.9, math.Inf(-1), math.Copysign(0, -1))
	same := func(what string, got, want float64) {
		if math.Float64bits(got) != math.Float64bits(want) && (got == got || want == want) {
			t.Errorf("%s: %v, want %v", what, got, want)
		}
	}
	for _, from := range []int{0, 1, 990, 1003, len(x) - 3} {
		s, out := x[from:], make([]float64, len(x)-from)
		exps(out, s)
		for i, v := range s {
			same(fmt.Sprint("exp ", v), out[i], exp(v))
		}
		expits(out, s)
		for i, v := range s {
			same(fmt.Sprint("expit ", v), out[i], expit(v))
		}
		relus(out, s)
		for i, v := range s {
			same(fmt.Sprint("relu ", v), out[i], relu(v))
		}
		s32, out32 := make([]float32, len(s)), make([]float32, len(s))
		for i, v := range s {
			s32[i] = float32(v)
		}
		exps32(out32, s32)
		for i, v := range s32 {
			same(fmt.Sprint("exp32 ", v), float64(out32[i]), float64(exp32(v)))
		}
		relus32(out32, s32)
		for i, v := range s32 {
			same(fmt.Sprint("relu32 ", v), float64(out32[i]), float64(float32(relu(float64(v)))))
		}
		for op, f := range map[graph.Op]loop[float64, float64]{graph.OpAdd: add[float64], graph.OpSub: sub[float64], graph.OpMul: mul[float64], graph.OpDiv: div[float64]} {
			want := make([]float64, len(s))
			for _, y := range [][]float64{s, {3.7}} {
				x := slices.Clone(s)
				slices.Reverse(x)
				f(want, x, y)
				loopF64(op)(out, x, y)
				for i := range want {
					same(fmt.Sprint(op, " ", x[i]), out[i], want[i])
				}
			}
		}
		for op, f := range map[graph.Op]loop[float32, float32]{graph.OpAdd: add[float32], graph.OpSub: sub[float32], graph.OpMul: mul[float32], graph.OpDiv: div[float32]} {
			want := make([]float32, len(s))
			for _, y := range [][]float32{s32, {3.7}} {
				x := slices.Clone(s32)
				slices.Reverse(x)
				f(want, x, y)
				loopF32(op)(out32, x, y)
				for i := range want {
					same(fmt.Sprint(op, " ", x[i]), float64(out32[i]), float64(want[i]))
				}
			}
		}
	}
}

func TestProductsDoNotDependOnTheNumberOfRows(t *testing.T) {
	for _, k := range []int{1, 3, 20} {
		for _, m := range []int{1, 3, 4, 5, 8, 11, 16, 24, 37} {
			w, x := floats(uint64(k), k*m), floats(uint64(m), 13*k)
			productsOfRows(t, w, x, k, m)
			productsOfRows(t, asFloat32s(w), asFloat32s(x), k, m)
		}
	}
}

// TestDistancesDoNotDependOnTheNumberOfRows: every squared distance is the sum of a row's squares one after the other, and
// closer gives those below a bound, NaN never, in order.
func TestDistancesDoNotDependOnTheNumberOfRows(t *testing.T) {
	for _, k := range []int{0, 1, 3, 20} {
		for _, m := range []int{1, 7, 8, 9, 24, 29} {
			y, x := floats(uint64(k+1), k*m), floats(uint64(m), 13*k)
			if k > 1 {
				y[min(m-1, 1)*k] = math.NaN()
			}
			want := func(i, j int) float64 {
				s := 0.0
				for e := range k {
					d := x[i*k+e] - y[j*k+e]
					s += float64(d * d)
				}
				return s
			}
			f := newFarPanel(y, m, k)
			for rows := 1; rows <= 13; rows++ {
				out := make([]float64, rows*m)
				f.squares(out, x, rows)
				seen := make([]float64, rows*m)
				f.each(x, rows, func(at, high, to, wide int, tile *[32]float64) {
					for r := range high {
						copy(seen[(at+r)*m+to:][:wide], tile[r*8:])
					}
				})
				bounds := make([]float64, rows)
				below := make([][]int, rows)
				for i := range rows {
					bounds[i] = want(i, i%m) + 0.1*float64(i%3)
					for j := range m {
						d := want(i, j)
						if math.Float64bits(out[i*m+j]) != math.Float64bits(d) && d == d || math.Float64bits(seen[i*m+j]) != math.Float64bits(d) && d == d {
							t.Fatalf("%d rows, %d of %d: distance %d,%d is %v and %v, want %v", rows, m, k, i, j, out[i*m+j], seen[i*m+j], d)
						}
						if d < bounds[i] {
							below[i] = append(below[i], j)
						}
					}
				}
				got := make([][]int, rows)
				f.closer(x, rows, bounds, func(at, to int, d float64) {
					if d != want(at, to) {
						t.Fatalf("%d rows, %d of %d: distance %d,%d is %v", rows, m, k, at, to, d)
					}
					got[at] = append(got[at], to)
				})
				for i := range rows {
					if !slices.Equal(got[i], below[i]) {
						t.Fatalf("%d rows, %d of %d: row %d is closer to %v, want %v", rows, m, k, i, got[i], below[i])
					}
				}
			}
		}
	}
}

func TestUnusual(t *testing.T) {
	for n := range 40 {
		x := floats(uint64(n), n)
		if nan, inf := unusual(tensor.FromF64(x)); nan || inf {
			t.Errorf("%v is finite", x)
		}
		for i := range x {
			for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
				y := slices.Clone(x)
				y[i] = bad
				if nan, inf := unusual(tensor.FromF64(y)); nan != (bad != bad) || inf != (bad == bad) {
					t.Errorf("%v at %d of %d: NaN %v, infinity %v", bad, i, n, nan, inf)
				}
			}
		}
	}
}

func asFloat32s(x []float64) []float32 {
	out := make([]float32, len(x))
	for i, v := range x {
		out[i] = float32(v)
	}
	return out
}

func productsOfRows[T float](t *testing.T, w, x []T, k, m int) {
	t.Helper()
	p := newPanel(w, k, m, false)
	for rows := 1; rows <= 13; rows++ {
		out := make([]T, rows*m)
		p.product(out, x, rows)
		for i := range rows {
			for j := range m {
				s := T(0)
				for e := range k {
					s += T(x[i*k+e] * w[e*m+j])
				}
				if s != out[i*m+j] {
					t.Fatalf("%d rows, %d x %d: element %d,%d is %v, want %v", rows, k, m, i, j, out[i*m+j], s)
				}
			}
		}
	}
}
