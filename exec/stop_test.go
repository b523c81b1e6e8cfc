package exec

import (
	"context"
	"errors"
	"math"
	"testing"
	"time"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/tensor"
)

// TestIterationsEndWithTheContext runs searches that a model says may take for ever.
func TestIterationsEndWithTheContext(t *testing.T) {
	const ever = math.MaxInt
	nan := tensor.FromF64([]float64{math.NaN(), 1, 1, math.NaN()}, 2, 2)
	h := tensor.FromF64([]float64{1, 2, 3, 4}, 2, 2)
	code := func(a graph.SparseCodeAttr) func(b *graph.Builder, x graph.Value) graph.Value {
		return func(b *graph.Builder, x graph.Value) graph.Value { return b.SparseCode(x, a) }
	}
	nmf := func(a graph.NMFAttr) func(b *graph.Builder, x graph.Value) graph.Value {
		return func(b *graph.Builder, x graph.Value) graph.Value { return b.NMFSolve(x, a) }
	}
	for name, f := range map[string]func(b *graph.Builder, x graph.Value) graph.Value{
		"nmf cd": nmf(graph.NMFAttr{H: h, Solver: "cd", MaxIter: ever, Tol: -1}),
		"nmf mu": nmf(graph.NMFAttr{H: h, Solver: "mu", Beta: 1, MaxIter: ever}),
		"nmf pg": nmf(graph.NMFAttr{H: h, Solver: "pg", MaxIter: ever, Tol: -1}),
		"topics": func(b *graph.Builder, x graph.Value) graph.Value {
			return b.TopicInfer(x, graph.TopicAttr{ExpDirichlet: h, Prior: 1, MaxIter: ever, Tol: -1})
		},
		"lasso_cd":           code(graph.SparseCodeAttr{Dictionary: nan, Algorithm: "lasso_cd", Alpha: 1, MaxIter: ever}),
		"lasso_cd until 1.7": code(graph.SparseCodeAttr{Dictionary: nan, Algorithm: "lasso_cd", Alpha: 1, MaxIter: ever, Loose: true}),
	} {
		p, err := Compile(build(t, matrix(tensor.Float64, 2), f), Options{})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
		start := time.Now()
		_, err = p.Run(ctx, []tensor.Value{{Dense: tensor.FromF64([]float64{1, 2, 3, 4}, 2, 2)}})
		cancel()
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v", name, err)
		}
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("%s: %v", name, took)
		}
	}
}
