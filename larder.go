// Package larder opens scikit-learn model files without Python and without executing anything in them, says what is
// in them, whether they are safe, and computes scikit-learn's own numbers.
//
//	m, err := larder.Open("model.joblib")
//	res, err := m.Run(ctx, "predict_proba", larder.Floats([][]float64{{5.1, 3.5, 1.4, 0.2}}))
//
// A Model is immutable and safe for concurrent use. Errors answer errors.Is with one of the sentinels below.
//
// # Security
//
// Opening a file decodes it to inert data (package pyobj), judges it (package audit) and only then builds estimators.
// A file that is refused gives ErrUnsafe and no Model.
package larder

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"

	"github.com/larder-ml/larder/audit"
	"github.com/larder-ml/larder/exec"
	"github.com/larder-ml/larder/format/onnx"
	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/source"
	"github.com/larder-ml/larder/tensor"
)

// Model is one opened file, or the part of it that Select chose.
type Model struct {
	opts options
	doc  *pyobj.Doc
	src  *source.Source
	root pyobj.Value // what is bound
	path string      // its place in the file: "model", "model['clf']", "model.steps[1]"
	est  sklearn.Estimator
	bind error // why there is no estimator

	own    []string // attributes of the author's own, by path
	beside []Part   // what else a dict, list or tuple holds that was seen through

	memory int64 // for faster forms of a big model; 0 for no bound

	migrated, numpy2 bool // rewritten for another release; whose numpy is 2 or later
	packed           bool // for a release of before joblib 1.2

	report *audit.Report

	full       sync.Once
	fullReport *audit.Report
	fullErr    error

	mu    sync.RWMutex
	plans []*plan
}

type plan struct {
	method string
	in     graph.Type
	exec   *exec.Plan
	err    error
}

// Open opens the file at path: pickle, joblib, skops and the other forms that Convert writes, recognised by content. Uncompressed files are mapped, their
// arrays viewed in place; the file must not change while the Model is in use.
func Open(path string, opts ...Option) (*Model, error) {
	o := newOptions(opts)
	src, err := source.Open(path, o.limits)
	if err != nil {
		return nil, err
	}
	m, err := open(src, o)
	if err != nil {
		_ = src.Close() // it was only read
	}
	return m, err
}

// Close gives the file back that the model is mapped from, if it is. Neither the model, nor what Doc, Estimator and
// Migrate gave, can be used afterwards: Run and what writes the model answer fs.ErrClosed. Results stay. No call may be
// under way.
func (m *Model) Close() error { return m.src.Close() }

// OpenBytes opens a file held in memory. data must not change while the Model is in use.
func OpenBytes(data []byte, opts ...Option) (*Model, error) {
	return open(source.Bytes(data), newOptions(opts))
}

// OpenReader reads a file to its end and opens it.
func OpenReader(r io.Reader, opts ...Option) (*Model, error) {
	o := newOptions(opts)
	src, err := source.Reader(r, o.limits)
	if err != nil {
		return nil, err
	}
	return open(src, o)
}

func open(src *source.Source, o options) (m *Model, err error) {
	src.Watch(o.watch)
	lost := source.Protect(func() error {
		m, err = build(src, o)
		return nil
	})
	if lost == nil && err == nil {
		lost = src.Whole()
	}
	if lost != nil {
		return nil, lost
	}
	return m, err
}

func build(src *source.Source, o options) (*Model, error) {
	doc, err := Decode(src, o.limits)
	if err != nil {
		return nil, err
	}
	report, err := o.gate(doc)
	if err != nil {
		return nil, err
	}
	m := &Model{opts: o, src: src, doc: doc, report: report, root: doc.Root, path: "model"}
	if o.selected != "" {
		if m.root, m.path, err = selectPath(doc.Root, o.selected); err != nil {
			return nil, err
		}
	} else if only, at, beside, ok := onlyEstimator(doc.Root, o.registry, report.Foreign()); ok {
		m.root, m.path, m.beside = only, at, beside
	}
	if doc.Format == onnx.Name {
		m.est, m.bind = bindONNX(src, m.path)
		return m, nil
	}
	if doc.Unread > 0 {
		m.bind = source.OverHeld(doc.Unread, o.limits.HeldBy(src.Len()), -1)
		src.Owe(func() error { return m.bind })
		return m, nil
	}
	m.take(o.binder(doc), m.root, m.path)
	if held := m.objects(); m.bind != nil && len(held) > 1 {
		m.bind = &sklearn.BindError{Path: m.path, Msg: sklearn.Describe(m.root) + " is no estimator: select one of what it holds: " + names(held)}
	}
	if src.Len() >= source.Big {
		m.memory = source.Memory() / 4
	}
	return m, nil
}

// take binds the estimator that the model is to run.
func (m *Model) take(bd *sklearn.Binder, root pyobj.Value, path string) {
	func() {
		defer exec.Recover(&m.bind, path)
		m.est, m.bind = bd.Bind(root, path)
	}()
	slices.Sort(bd.Own)
	m.own = slices.Compact(bd.Own)
}

// Doc returns the object graph the file holds. It must not be changed.
func (m *Model) Doc() *pyobj.Doc { return m.doc }

// Estimator returns the bound estimator, or the error that says why there is none.
func (m *Model) Estimator() (sklearn.Estimator, error) { return m.est, m.bind }

// Beside lists the estimators and the objects of foreign classes that stand in the same dict, list or tuple as the model, where
// the model was picked because it is the only one at its top. None of them was applied.
func (m *Model) Beside() []Part { return m.beside }

// Methods lists the methods that can be run. It is empty when the estimator is not supported (see Estimator).
func (m *Model) Methods() []string {
	if m.bind != nil {
		return nil
	}
	return sklearn.Methods(m.est)
}

// DefaultMethod returns "predict", or "transform" where there is no predict, or the first method there is. One of the two that
// scikit-learn runs and Larder does not is returned too: Can says why.
func (m *Model) DefaultMethod() string {
	if m.bind != nil {
		return ""
	}
	for _, want := range []string{sklearn.MethodPredict, sklearn.MethodTransform} {
		var why *sklearn.MethodError
		if err := m.Can(want); err == nil || errors.As(err, &why) && why.Refused {
			return want
		}
	}
	if ms := m.Methods(); len(ms) > 0 {
		return ms[0]
	}
	return ""
}

// Output is one result of a method: exactly one of the Value's kinds.
type Output struct {
	Name string
	tensor.Value
}

// Result is what a method returned: usually one output; several for multi-output probabilities (one per target) and
// neighbours ("distances", "indices").
type Result struct {
	Method  string
	Outputs []Output
}

// Tensor returns the only output as a dense array; nil if there are several or it is not dense.
func (r *Result) Tensor() *tensor.Tensor {
	if len(r.Outputs) != 1 {
		return nil
	}
	return r.Outputs[0].Dense
}

// Run computes a method for rows, as scikit-learn would: what it refuses gives an error answering ErrInput with
// scikit-learn's words. An empty method means DefaultMethod.
//
// rows is a matrix (Floats, or any numeric *tensor.Tensor of shape [n,k]), a sparse matrix, a frame of named and typed
// columns, or texts (Texts) for text models. Results are the caller's to keep.
//
// A mapped file that was cut off since it was opened gives an error answering ErrCorrupt.
func (m *Model) Run(ctx context.Context, method string, rows tensor.Value) (r *Result, err error) {
	lost := m.protect(func() error {
		r, err = m.run(ctx, method, rows)
		return err
	})
	if lost != nil {
		return nil, lost
	}
	return r, nil
}

// protect calls f, which may read the model's file where it is mapped. A panic of ours is an error: a file must not end the program.
func (m *Model) protect(f func() error) error {
	if err := m.src.Settle(); err != nil {
		return err
	}
	err := source.Protect(func() (err error) {
		defer exec.Recover(&err, m.path)
		return f()
	})
	if err == nil {
		err = m.src.Whole()
	}
	return err
}

func (m *Model) run(ctx context.Context, method string, rows tensor.Value) (*Result, error) {
	if method == "" {
		method = m.DefaultMethod()
	}
	if rows.CSR == nil || rows.CSR.Data == nil { // the plan checks sparse rows
		if msg := rows.Check(); msg != "" {
			return nil, &graph.InputError{Origin: m.path, Msg: msg}
		}
	}
	p, err := m.plan(method, rows)
	if err != nil {
		return nil, err
	}
	if e, is := m.est.(sklearn.Unchecked); !(is && e.Unchecked()) && rows.Rows() == 0 {
		shape := ""
		if w := width(rows); w > 0 {
			shape = fmt.Sprintf("(0, %d)", w)
		} else if d := rows.Dense; d != nil && len(d.Shape) == 1 && d.DType != tensor.String && d.DType != tensor.Object {
			shape = "(0,)"
		}
		if shape != "" {
			return nil, &graph.InputError{Origin: m.path, Msg: fmt.Sprintf(
				"Found array with 0 sample(s) (shape=%s) while a minimum of 1 is required by %s.", shape, sklearn.Of(m.est).Name())}
		}
	}
	if m.src.Len() >= source.Big && m.src.Len() > 2*m.memory {
		m.src.Scattered(rows.Rows() < manyRows) // of a file that memory does not hold
	}
	out, err := p.Run(ctx, []tensor.Value{rows})
	if err != nil {
		return nil, err
	}
	g := p.Graph()
	r := &Result{Method: method, Outputs: make([]Output, len(out))}
	for i, v := range out {
		r.Outputs[i] = Output{g.Outputs[i].Name, v}
	}
	return r, nil
}

// manyRows is the number of rows that visit most of a tree's pages.
const manyRows = 256

// plan finds or makes the compiled graph for a method and a type of rows.
func (m *Model) plan(method string, rows tensor.Value) (*exec.Plan, error) {
	return m.compiled(method, rows, func(in graph.Type) (*graph.Graph, error) { return m.Lower(method, in) })
}

// compiled finds the compiled graph of a name and a type of rows, or makes it of what lower gives.
func (m *Model) compiled(method string, rows tensor.Value, lower func(in graph.Type) (*graph.Graph, error)) (*exec.Plan, error) {
	m.mu.RLock()
	for _, p := range m.plans {
		if p.method == method && fits(p.in, rows) {
			m.mu.RUnlock()
			return p.exec, p.err
		}
	}
	m.mu.RUnlock()
	in, err := typeOf(rows)
	if err != nil {
		return nil, err
	}
	p := &plan{method: method, in: in}
	var g *graph.Graph
	if g, p.err = lower(in); p.err == nil {
		p.exec, p.err = exec.Compile(g, exec.Options{Threads: m.opts.threads, Memory: m.memory})
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.plans) >= maxPlans {
		m.plans = m.plans[1:]
	}
	m.plans = append(m.plans[:len(m.plans):len(m.plans)], p)
	return p.exec, p.err
}

// maxPlans bounds the compiled graphs a model keeps: input types are the caller's choice.
const maxPlans = 64

// Lower gives the dataflow graph of a method for rows of a type.
func (m *Model) Lower(method string, in graph.Type) (*graph.Graph, error) {
	if m.bind != nil {
		return nil, m.bind
	}
	b := graph.NewBuilder()
	x := b.Input("X", in)
	y := sklearn.Call(b, m.est, method, x)
	if y.Type().Kind == graph.OneHot {
		y = b.ToCSR(y)
	}
	b.Output(method, y)
	return b.Build()
}

// typeOf gives the type rows have in a graph.
func typeOf(v tensor.Value) (graph.Type, error) {
	switch {
	case v.Dense != nil:
		t := v.Dense
		if len(t.Shape) == 0 {
			return graph.Type{}, &graph.InputError{Msg: "Expected 2D array, got scalar array instead. Reshape your data either using array.reshape(-1, 1) if your data has a single feature or array.reshape(1, -1) if it contains a single sample."}
		}
		return graph.Type{DType: t.DType, Shape: append([]int{graph.N}, t.Shape[1:]...)}, nil
	case v.CSR != nil:
		return graph.Type{Kind: graph.CSR, DType: v.CSR.Data.DType, Shape: []int{graph.N, v.CSR.Cols}}, nil
	case v.Frame != nil:
		f := v.Frame
		t := graph.Type{Kind: graph.Frame, Shape: []int{graph.N, len(f.Columns)}, Columns: make([]graph.Column, len(f.Columns))}
		for i, c := range f.Columns {
			t.Columns[i].DType = c.DType
			if i < len(f.Names) {
				t.Columns[i].Name = f.Names[i]
			}
		}
		return t, nil
	}
	if k, ok := kindOf(v); ok {
		return graph.Type{Kind: k, Shape: []int{graph.N}}, nil
	}
	return graph.Type{}, &graph.InputError{Msg: "no rows were given"}
}

// width returns the columns of a matrix or frame, 0 for other kinds of rows.
func width(v tensor.Value) int {
	switch {
	case v.Dense != nil && len(v.Dense.Shape) == 2:
		return v.Dense.Shape[1]
	case v.CSR != nil:
		return v.CSR.Cols
	case v.Frame != nil:
		return len(v.Frame.Columns)
	}
	return 0
}

// fits reports whether rows have type t, without allocating.
func fits(t graph.Type, v tensor.Value) bool {
	switch {
	case v.Dense != nil:
		d := v.Dense
		if t.Kind != graph.Dense || t.DType != d.DType || len(t.Shape) != len(d.Shape) {
			return false
		}
		for i := 1; i < len(t.Shape); i++ {
			if t.Shape[i] != d.Shape[i] {
				return false
			}
		}
		return true
	case v.CSR != nil:
		return t.Kind == graph.CSR && t.DType == v.CSR.Data.DType && t.Shape[1] == v.CSR.Cols
	case v.Frame != nil:
		f := v.Frame
		if t.Kind != graph.Frame || len(t.Columns) != len(f.Columns) {
			return false
		}
		for i, c := range t.Columns {
			name := ""
			if i < len(f.Names) {
				name = f.Names[i]
			}
			if c.DType != f.Columns[i].DType || c.Name != name {
				return false
			}
		}
		return true
	}
	k, ok := kindOf(v)
	return ok && t.Kind == k
}

// kindOf tells the ragged kinds of rows.
func kindOf(v tensor.Value) (graph.Kind, bool) {
	switch {
	case v.Tokens != nil:
		return graph.Tokens, true
	case v.Dicts != nil:
		return graph.Dicts, true
	}
	return 0, false
}

// Floats makes rows from a matrix of float64, copied. It panics where the rows differ in length.
func Floats(rows [][]float64) tensor.Value {
	w := 0
	if len(rows) > 0 {
		w = len(rows[0])
	}
	t := tensor.New(tensor.Float64, len(rows), w)
	for i, r := range rows {
		if len(r) != w {
			panic(fmt.Sprintf("larder: row %d has %d values, the first %d", i, len(r), w))
		}
		copy(t.F64[i*w:], r)
	}
	return tensor.Value{Dense: t}
}

// Texts makes rows from documents, for text models.
func Texts(docs ...string) tensor.Value { return tensor.Value{Dense: tensor.FromStr(docs)} }

// Frame makes rows from columns of one length, [n] each; names may be nil. Columns that do not fit together are an error
// of Run, answering ErrInput.
func Frame(names []string, columns ...*tensor.Tensor) tensor.Value {
	n := 0
	if len(columns) > 0 {
		n = columns[0].Len()
	}
	return tensor.Value{Frame: &tensor.Frame{Names: names, Columns: columns, N: n}}
}

// Sentinels: errors.Is(err, larder.ErrUnsafe).
var (
	ErrFormat      = source.ErrFormat      // no known format
	ErrCorrupt     = source.ErrCorrupt     // a known format, malformed
	ErrUnsupported = source.ErrUnsupported // a class, option or form Larder does not compute
	ErrLimit       = source.ErrLimit       // over a limit
	ErrNotFound    = source.ErrNotFound    // no such file, companion or selection
	ErrUnsafe      = errors.New("file is refused")
	ErrInput       = graph.ErrInput // rows the model does not take
)
