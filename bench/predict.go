package main

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"strings"

	"github.com/larder-ml/larder"
	"github.com/larder-ml/larder/format/npy"
	"github.com/larder-ml/larder/numpy"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/source"
	"github.com/larder-ml/larder/tensor"
)

// task is a model and a method to time, and how many times as fast as the peers it should be.
type task struct {
	model, method string
	exact         bool // Larder's answer has scikit-learn's bits
	texts         bool
	goals         goals
}

// goals by peer and rows: scikit-learn and ONNX Runtime.
type goals struct{ oneSK, oneORT, batchSK, batchORT float64 }

var (
	ofForests = goals{500, 10, 4, 12}
	ofOthers  = goals{1, 1, 1, 1}
)

var tasks = map[string][]task{
	"small": {
		{"forest-20", "predict_proba", true, false, ofForests},
		{"gradient-boosting-100", "predict_proba", false, false, ofOthers},
		{"hist-gradient-boosting-100", "predict_proba", false, false, ofOthers},
		{"scaler-logistic", "predict_proba", false, false, ofOthers},
		{"text", "predict_proba", false, true, ofOthers},
	},
	"full": {
		{"forest-500", "predict_proba", true, false, ofForests},
		{"forest-100", "predict_proba", true, false, ofForests},
		{"gradient-boosting-100", "predict_proba", false, false, ofOthers},
		{"hist-gradient-boosting-100", "predict_proba", false, false, ofOthers},
		{"scaler-logistic", "predict_proba", false, false, ofOthers},
		{"svc-rbf", "predict", false, false, ofOthers},
		{"knn-5", "predict_proba", false, false, ofOthers},
		{"mlp-100", "predict_proba", false, false, ofOthers},
		{"text", "predict_proba", false, true, ofOthers},
	},
}

func benchPredict(c *config, p *peer) error {
	fmt.Printf("\n%-26s %-9s %10s %13s %-18s %13s %-18s\n", "model", "rows", "Larder", "scikit-learn", "times", "ONNX Runtime", "times")
	for _, t := range tasks[c.size] {
		if !c.only.MatchString(t.model) {
			continue
		}
		if err := p.predict(c, t); err != nil {
			return fmt.Errorf("%s: %w", t.model, err)
		}
	}
	return nil
}

// predict times one task on all sides.
func (p *peer) predict(c *config, t task) error {
	made, err := p.ask(map[string]any{"do": "make", "name": t.model, "dir": c.dir})
	if err != nil {
		return err
	}
	if _, err := p.ask(map[string]any{"do": "open", "path": made.Path, "rows": made.Rows}); err != nil {
		return err
	}
	data, err := load(made.Rows)
	if err != nil {
		return err
	}
	x := rows{data, t.texts}
	var m *larder.Model
	var noORT error
	for _, turn := range []struct {
		rows, threads int
		label         string
	}{
		// One row first: a big mapped forest is walked in place until a batch comes; goals are for what comes after.
		{1, 1, "1, opened"}, {10_000, 1, "10000"}, {1, 1, "1"}, {10_000, 2, "10000, 2t"},
	} {
		if m == nil || turn.threads > 1 {
			if m, err = larder.Open(made.Path, larder.Threads(turn.threads)); err != nil {
				return err
			}
			_, noORT = p.ask(map[string]any{"do": "onnx", "path": made.Path, "threads": turn.threads})
			if _, err := p.ask(map[string]any{"do": "threads", "threads": turn.threads}); err != nil {
				return err
			}
		}
		if turn.rows > x.Shape[0] {
			turn.rows = x.Shape[0]
			turn.label = strings.Replace(turn.label, "10000", fmt.Sprint(turn.rows), 1)
		}
		counts := map[string]int{"larder": 300, "scikit-learn": 20, "onnxruntime": 300}
		if turn.rows > 1 {
			counts = nil
		}
		times := map[string][]float64{}
		cpu := c.cpu && turn.threads == 1
		timed := func(who string, count int) (reply, error) {
			if who == "larder" {
				return timeRun(m, t.method, x, turn.rows, count)
			}
			return p.ask(map[string]any{"do": "time", "who": who, "method": t.method, "rows": turn.rows, "count": count})
		}
		for range c.rounds {
			for _, who := range []string{"larder", "scikit-learn", "onnxruntime"} {
				if who == "onnxruntime" && noORT != nil {
					continue
				}
				count := counts[who]
				if count == 0 {
					once, err := timed(who, 1)
					if err != nil {
						return fmt.Errorf("%s: %w", who, err)
					}
					count = repeats(once)
				}
				r, err := timed(who, count)
				if err != nil {
					return fmt.Errorf("%s: %w", who, err)
				}
				times[who] = append(times[who], r.on(cpu))
			}
		}
		wantSK, wantORT := t.goals.batchSK, t.goals.batchORT
		switch {
		case strings.HasSuffix(turn.label, "opened"):
			wantSK, wantORT = 0, 0
		case turn.rows == 1:
			wantSK, wantORT = t.goals.oneSK, t.goals.oneORT
		}
		ort, ratio := "-", "-"
		if noORT == nil {
			ort, ratio = duration(median(times["onnxruntime"])), goal(ratios(times["onnxruntime"], times["larder"]), wantORT)
		}
		fmt.Printf("%-26s %-9s %10s %13s %-18s %13s %-18s\n", t.model, turn.label, duration(median(times["larder"])),
			duration(median(times["scikit-learn"])), goal(ratios(times["scikit-learn"], times["larder"]), wantSK), ort, ratio)
	}
	if noORT != nil {
		fmt.Printf("    ONNX Runtime: %v\n", noORT)
	}
	// scikit-learn's sums over trees depend on its threads.
	if _, err := p.ask(map[string]any{"do": "threads", "threads": 1}); err != nil {
		return err
	}
	return p.agree(t, m, x, c.dir)
}

// repeats tells how many calls of a batch take a fifth of a second: the threads of the side whose turn it was before go on
// spinning for a part of that.
func repeats(once reply) int { return max(1, min(300, int(0.2/max(once.Seconds, 1e-6)))) }

// rows are the rows of a task, a matrix or texts.
type rows struct {
	*tensor.Tensor
	texts bool
}

func (x rows) part(from, n int) tensor.Value {
	if x.texts {
		return tensor.Value{Dense: tensor.FromStr(x.Str[from : from+n])}
	}
	w := x.Shape[1]
	return tensor.Value{Dense: tensor.FromF32(x.F32[from*w:(from+n)*w], n, w)}
}

// timeRun times Larder as peer.py times its side.
func timeRun(m *larder.Model, method string, x rows, n, count int) (reply, error) {
	part := func(i int) tensor.Value {
		if n == 1 {
			return x.part(100+i, 1)
		}
		return x.part(0, n)
	}
	ctx := context.Background()
	if _, err := m.Run(ctx, method, part(0)); err != nil {
		return reply{}, err
	}
	w := watch()
	for i := range count {
		if _, err := m.Run(ctx, method, part(i)); err != nil {
			return reply{}, err
		}
	}
	return w.stop(count), nil
}

// agree compares the answers for 1,000 rows.
func (p *peer) agree(t task, m *larder.Model, x rows, dir string) error {
	path := filepath.Join(dir, "answer.npy")
	const n = 1000
	if _, err := p.ask(map[string]any{"do": "answer", "method": t.method, "rows": n, "path": path}); err != nil {
		return err
	}
	want, err := load(path)
	if err != nil {
		return err
	}
	r, err := m.Run(context.Background(), t.method, x.part(0, n))
	if err != nil {
		return err
	}
	got, limit := r.Tensor(), 1e-6
	if t.exact {
		limit = 0
	}
	for i := range want.Len() {
		w, _ := want.Float(i)
		if g, _ := got.Float(i); math.Abs(g-w) > limit*max(1, math.Abs(w)) {
			return fmt.Errorf("answers differ at %d: %v, scikit-learn %v", i, g, w)
		}
	}
	return nil
}

func load(path string) (*tensor.Tensor, error) {
	src, err := source.Open(path, source.Default())
	if err != nil {
		return nil, err
	}
	doc, err := npy.Decode(src, source.Default())
	if err != nil {
		return nil, err
	}
	a, ok := doc.Root.(*pyobj.Array)
	if !ok {
		return nil, fmt.Errorf("%s holds no array", path)
	}
	return numpy.Tensor(a)
}
