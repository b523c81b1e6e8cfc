// Command bench measures Larder beside scikit-learn and ONNX Runtime, in one run and on one machine: the same models,
// the same rows, one thread each, taking turns. It prints ratios; absolute times mean little on a shared machine.
//
//	go run ./bench -python PYTHON [-size small|full] [-only REGEXP] [-rounds N]
//
// The full size is the 500-tree forest of 50,000 rows, which takes scikit-learn minutes to fit the first time. Models
// are kept in -dir.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"time"

	"github.com/larder-ml/larder"
	"github.com/larder-ml/larder/format/npy"
	"github.com/larder-ml/larder/numpy"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/source"
	"github.com/larder-ml/larder/tensor"
)

// task is a model and a method to time.
type task struct {
	model, method string
	exact         bool // Larder's answer has scikit-learn's bits
}

var sizes = map[string][]task{
	"small": {
		{"forest-20", "predict_proba", true},
		{"gradient-boosting-100", "predict_proba", false},
		{"hist-gradient-boosting-100", "predict_proba", false},
		{"scaler-logistic", "predict_proba", false},
	},
	"full": {
		{"forest-500", "predict_proba", true},
		{"forest-100", "predict_proba", true},
		{"gradient-boosting-100", "predict_proba", false},
		{"hist-gradient-boosting-100", "predict_proba", false},
		{"scaler-logistic", "predict_proba", false},
		{"svc-rbf", "predict", false},
		{"knn-5", "predict_proba", false},
		{"mlp-100", "predict_proba", false},
	},
}

func main() {
	python := flag.String("python", os.Getenv("LARDER_PYTHON"), "Python with scikit-learn (and onnxruntime, skl2onnx)")
	size := flag.String("size", "small", "small or full")
	only := flag.String("only", "", "models whose name matches")
	rounds := flag.Int("rounds", 5, "turns each side takes; the best counts")
	dir := flag.String("dir", filepath.Join(".parity", "bench"), "where models are kept")
	flag.Parse()
	if err := run(*python, *size, *only, *dir, *rounds); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(python, size, only, dir string, rounds int) error {
	match, err := regexp.Compile(only)
	if err != nil {
		return err
	}
	if python == "" {
		return errors.New("no Python: set -python or LARDER_PYTHON")
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	p, err := start(python)
	if err != nil {
		return err
	}
	defer p.stop()
	fmt.Printf("%-40s %-16s %10s %14s %8s %14s %8s\n", "model, one thread", "rows", "Larder", "scikit-learn", "ratio", "ONNX Runtime", "ratio")
	for _, t := range sizes[size] {
		if !match.MatchString(t.model) {
			continue
		}
		if err := p.bench(t, dir, rounds); err != nil {
			return fmt.Errorf("%s: %w", t.model, err)
		}
	}
	return nil
}

// peer is the Python process.
type peer struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Scanner
}

func start(python string) (*peer, error) {
	p := &peer{cmd: exec.Command(python, filepath.Join("bench", "peer.py"))}
	p.cmd.Env = append(os.Environ(), "OMP_NUM_THREADS=1", "OPENBLAS_NUM_THREADS=1")
	p.cmd.Stderr = io.Discard
	in, err := p.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.in, p.out = in, bufio.NewScanner(out)
	return p, p.cmd.Start()
}

func (p *peer) stop() {
	_ = p.in.Close()
	_ = p.cmd.Wait()
}

type reply struct {
	Path, Rows, Release, Error string
	Seconds                    float64
}

func (p *peer) ask(what map[string]any) (reply, error) {
	b, err := json.Marshal(what)
	if err != nil {
		return reply{}, err
	}
	if _, err := p.in.Write(append(b, '\n')); err != nil {
		return reply{}, err
	}
	if !p.out.Scan() {
		return reply{}, errors.New("python ended")
	}
	var r reply
	if err := json.Unmarshal(p.out.Bytes(), &r); err != nil {
		return reply{}, err
	}
	if r.Error != "" {
		return r, errors.New(r.Error)
	}
	return r, nil
}

// bench times one task on all sides.
func (p *peer) bench(t task, dir string, rounds int) error {
	made, err := p.ask(map[string]any{"do": "make", "name": t.model, "dir": dir})
	if err != nil {
		return err
	}
	if _, err := p.ask(map[string]any{"do": "open", "path": made.Path, "rows": made.Rows}); err != nil {
		return err
	}
	_, noORT := p.ask(map[string]any{"do": "onnx", "path": made.Path})
	m, err := larder.Open(made.Path, larder.Threads(1))
	if err != nil {
		return err
	}
	x, err := load(made.Rows)
	if err != nil {
		return err
	}
	// One row first: a mapped forest is walked in place until a batch comes.
	for turn, rows := range []int{1, 10_000, 1} {
		label := fmt.Sprint(rows)
		if turn == 0 {
			label += ", just opened"
		}
		count := 1
		if rows == 1 {
			count = 300
		}
		best := map[string]float64{"larder": math.Inf(1), "scikit-learn": math.Inf(1), "onnxruntime": math.Inf(1)}
		for range rounds {
			s, err := seconds(m, t.method, x, rows, count)
			if err != nil {
				return err
			}
			best["larder"] = min(best["larder"], s)
			for _, who := range []string{"scikit-learn", "onnxruntime"} {
				if who == "onnxruntime" && noORT != nil {
					continue
				}
				n := count
				if who == "scikit-learn" && rows == 1 {
					n = 30
				}
				r, err := p.ask(map[string]any{"do": "time", "who": who, "method": t.method, "rows": rows, "count": n})
				if err != nil {
					return fmt.Errorf("%s: %w", who, err)
				}
				best[who] = min(best[who], r.Seconds)
			}
		}
		ort, ratio := "-", "-"
		if noORT == nil {
			ort, ratio = duration(best["onnxruntime"]), fmt.Sprintf("%.1fx", best["onnxruntime"]/best["larder"])
		}
		fmt.Printf("%-40s %-16s %10s %14s %7.1fx %14s %8s\n", t.model+" "+t.method, label, duration(best["larder"]),
			duration(best["scikit-learn"]), best["scikit-learn"]/best["larder"], ort, ratio)
	}
	if err := p.agree(t, m, x, dir); err != nil {
		return err
	}
	if noORT != nil {
		fmt.Printf("    ONNX Runtime: %v\n", noORT)
	}
	return nil
}

// seconds times Larder as peer.py times its side.
func seconds(m *larder.Model, method string, x *tensor.Tensor, rows, count int) (float64, error) {
	part := func(i int) tensor.Value {
		at := 0
		if rows == 1 {
			at = 100 + i
		}
		w := x.Shape[1]
		return tensor.Value{Dense: tensor.FromF32(x.F32[at*w:(at+rows)*w], rows, w)}
	}
	ctx := context.Background()
	if _, err := m.Run(ctx, method, part(0)); err != nil {
		return 0, err
	}
	began := time.Now()
	for i := range count {
		if _, err := m.Run(ctx, method, part(i)); err != nil {
			return 0, err
		}
	}
	return time.Since(began).Seconds() / float64(count), nil
}

// agree compares the answers for 1,000 rows.
func (p *peer) agree(t task, m *larder.Model, x *tensor.Tensor, dir string) error {
	path := filepath.Join(dir, "answer.npy")
	const rows = 1000
	if _, err := p.ask(map[string]any{"do": "answer", "method": t.method, "rows": rows, "path": path}); err != nil {
		return err
	}
	want, err := load(path)
	if err != nil {
		return err
	}
	r, err := m.Run(context.Background(), t.method, tensor.Value{Dense: tensor.FromF32(x.F32[:rows*x.Shape[1]], rows, x.Shape[1])})
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

func duration(s float64) string {
	switch {
	case s < 1e-3:
		return fmt.Sprintf("%.1f µs", s*1e6)
	case s < 1:
		return fmt.Sprintf("%.2f ms", s*1e3)
	}
	return fmt.Sprintf("%.2f s", s)
}
