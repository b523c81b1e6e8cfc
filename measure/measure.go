// Package measure weighs the stored forms of one model against each other: each is written, opened and run on the same rows,
// here and now. What a form promises (who may open it, where it runs) stands beside what it costs.
//
// Times are the best of several turns: a machine that does other things can only make them longer. Memory is what the opened
// model keeps, not the most it took.
package measure

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/larder-ml/larder"
	"github.com/larder-ml/larder/rows"
	"github.com/larder-ml/larder/tensor"
)

// Options choose what is measured.
type Options struct {
	Rows   tensor.Value // what the model is run on; the first row is the single one
	Method string       // "" for the model's default
	Dir    string       // where files are written and removed again; "" for the system's folder for such
	Turns  int          // at most so many turns of each measurement; 0 for 5
	Open   []larder.Option
	Step   func(form string, done, all int) // called before each form; may be nil
}

// Report is what was measured.
type Report struct {
	Model  string `json:"model"`
	Method string `json:"method"`
	Batch  int    `json:"batch_rows"`
	Forms  []Form `json:"forms"`
	Advice string `json:"advice"`
}

// Form is a stored form of the model. Times are in seconds, -1 for what was not measured (see Problem).
type Form struct {
	Name        string  `json:"name"`       // "joblib zlib:3"
	Format      string  `json:"format"`     // "joblib"
	Compressor  string  `json:"compressor"` // "zlib:3", "" for none
	Security    string  `json:"security"`
	Portability string  `json:"portability"`
	Bytes       int64   `json:"bytes"`
	Save        float64 `json:"save_s"`
	Load        float64 `json:"load_s"`
	Memory      int64   `json:"memory_bytes"` // heap of the opened model
	Mapped      bool    `json:"mapped"`       // arrays stay in the file and are shared by processes
	Row         float64 `json:"predict_row_s"`
	Batch       float64 `json:"predict_batch_s"`
	Problem     string  `json:"problem,omitempty"` // why there is no file, or none that can be opened
	Note        string  `json:"note,omitempty"`    // why something about the file was not measured, or otherwise
}

// mappedFrom is the size from which uncompressed files are mapped.
const mappedFrom = 256 << 10

// kind says what holds for every file of a format.
type kind struct{ security, portability string }

var kinds = map[string]kind{
	"pickle":      {"runs code when Python loads it", "Python, the same scikit-learn"},
	"joblib":      {"runs code when Python loads it", "Python, the same scikit-learn"},
	"skops":       {"types are inspected before loading", "Python with skops, the same scikit-learn"},
	"safetensors": {"holds no code", "any safetensors reader for the arrays; Larder for the model"},
	"json":        {"holds no code", "any language for the numbers; Larder for the model"},
	"params":      {"holds no code", "any language: coefficients, intercept, classes as JSON"},
	"onnx":        {"holds no code", "ONNX Runtime: C++, Java, Go, Rust, browsers; no scikit-learn"},
}

// compressors are joblib's, with the levels the document's table has.
var compressors = []larder.Form{
	{Compressor: "lz4", Level: 1}, {Compressor: "zlib", Level: 3}, {Compressor: "gzip", Level: 3}, {Compressor: "bz2", Level: 9},
	{Compressor: "xz", Level: 3}, {Compressor: "lzma", Level: 3},
}

// All lists the forms that are measured: each format, joblib with each compressor, a linear model's parameters, ONNX.
func All() []larder.Form {
	var all []larder.Form
	for _, f := range larder.Forms() {
		form := larder.Form{Format: f}
		if f == "pickle" {
			form.Protocol = 5
		}
		all = append(all, form)
		if f != "joblib" {
			continue
		}
		for _, c := range compressors {
			c.Format = f
			all = append(all, c)
		}
	}
	return append(all, larder.Form{Format: "params"}, larder.Form{Format: "onnx"})
}

// Run measures every form. A form that can not be written or run says why and stays in the report; what is wrong with the
// model or the rows is an error. When ctx ends between two forms, so does Run.
func Run(ctx context.Context, m *larder.Model, opts Options) (*Report, error) {
	if err := m.Trustworthy(); err != nil {
		return nil, err
	}
	if opts.Method == "" {
		opts.Method = m.DefaultMethod()
	}
	if opts.Turns == 0 {
		opts.Turns = 5
	}
	if _, err := m.Run(ctx, opts.Method, opts.Rows); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(opts.Dir, "larder-bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	r := &Report{Model: m.TypeName(), Method: opts.Method, Batch: opts.Rows.Rows()}
	all := All()
	for i, f := range all {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		out := describe(f)
		if opts.Step != nil {
			opts.Step(out.Name, i, len(all))
		}
		path := filepath.Join(dir, "model")
		if f.Format == "onnx" {
			err = opts.onnx(ctx, m, path, &out)
		} else {
			err = opts.stored(ctx, m, f, path, &out)
		}
		if err != nil {
			if ctx.Err() != nil {
				return nil, err
			}
			out.Problem = err.Error()
		}
		r.Forms = append(r.Forms, out)
		if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
			return nil, err
		}
	}
	r.Advice = advice(r)
	return r, nil
}

func describe(f larder.Form) Form {
	k := kinds[f.Format]
	out := Form{Name: f.Format, Format: f.Format, Security: k.security, Portability: k.portability, Save: -1, Load: -1, Row: -1, Batch: -1, Memory: -1}
	if f.Compressor != "" {
		out.Compressor = fmt.Sprintf("%s:%d", f.Compressor, f.Level)
		out.Name += " " + out.Compressor
	}
	return out
}

// stored measures a form that keeps the model.
func (o *Options) stored(ctx context.Context, m *larder.Model, f larder.Form, path string, out *Form) error {
	err := o.save(path, out, func(w io.Writer) error { return m.Encode(w, f) })
	if err != nil {
		return err
	}
	var back *larder.Model
	before := heap()
	if out.Load, err = o.best(func() error {
		back = nil // the one before is let go
		back, err = larder.Open(path, o.Open...)
		return err
	}); err != nil {
		return err
	}
	out.Memory = max(0, heap()-before)
	if f.Format == "skops" {
		out.Security = inspected(back.Info().UntrustedTypes)
	}
	out.Mapped = f.Compressor == "" && (f.Format == "joblib" || f.Format == "pickle" || f.Format == "skops" || f.Format == "safetensors") && out.Bytes >= mappedFrom
	if err := back.Can(o.Method); err != nil && f.Format == "params" {
		out.Note = "it only predicts; " + o.Method + " is not in it"
		return nil
	}
	return o.predict(out, func(x tensor.Value) error {
		_, err := back.Run(ctx, o.Method, x)
		return err
	})
}

// inspected says what Python's skops will ask of who opens the file.
func inspected(untrusted []string) string {
	switch n := len(untrusted); n {
	case 0:
		return "types are inspected before loading: all known to skops"
	case 1:
		return "types are inspected before loading: 1 to be trusted by name"
	default:
		return fmt.Sprintf("types are inspected before loading: %d to be trusted by name", n)
	}
}

// onnx measures the computed form: the file is read back and runs here. One with operations that only ONNX Runtime has is
// not opened; the graph it was written from runs instead.
func (o *Options) onnx(ctx context.Context, m *larder.Model, path string, out *Form) error {
	opts := larder.ONNXOptions{Like: o.Rows}
	err := o.save(path, out, func(w io.Writer) error {
		_, err := m.EncodeONNX(w, opts)
		return err
	})
	if err != nil {
		return err
	}
	var file *larder.ONNX
	before := heap()
	out.Load, err = o.best(func() error {
		file = nil
		b, err := os.ReadFile(path)
		if err == nil {
			file, err = larder.ReadONNX(b, o.Open...)
		}
		return err
	})
	if errors.Is(err, larder.ErrUnsupported) {
		out.Note = fmt.Sprintf("opened by ONNX Runtime alone (%v); predicting is timed on the graph it was written from", err)
		run := larder.ONNXOptions{Method: o.Method}
		return o.predict(out, func(x tensor.Value) error {
			_, err := m.RunONNX(ctx, run, x)
			return err
		})
	}
	if err != nil {
		return err
	}
	out.Memory = max(0, heap()-before)
	if o.Method == "predict" && m.Can("predict_proba") == nil {
		out.Note = "predicting gives labels and probabilities"
	}
	return o.predict(out, func(x tensor.Value) error {
		_, err := file.Run(ctx, x)
		return err
	})
}

// save writes a file, several times.
func (o *Options) save(path string, out *Form, encode func(io.Writer) error) error {
	s, err := o.best(func() error { return write(path, encode) })
	if err != nil {
		return err
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	out.Save, out.Bytes = s, info.Size()
	return nil
}

func write(path string, encode func(io.Writer) error) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(f, 64<<10)
	if err = encode(w); err == nil {
		err = w.Flush()
	}
	if end := f.Close(); err == nil {
		err = end
	}
	return err
}

// predict times one row and the batch.
func (o *Options) predict(out *Form, run func(tensor.Value) error) error {
	one := rows.Head(o.Rows, 1)
	if err := run(o.Rows); err != nil { // what is built for the first batch is not counted
		return err
	}
	if err := run(one); err != nil {
		return err
	}
	var err error
	if out.Batch, err = o.best(func() error { return run(o.Rows) }); err != nil {
		return err
	}
	// A row may take a microsecond: as many as take a millisecond are one turn.
	n := 1
	for began := time.Now(); time.Since(began) < time.Millisecond; n++ {
		if err := run(one); err != nil {
			return err
		}
	}
	s, err := o.best(func() error {
		for range n {
			if err := run(one); err != nil {
				return err
			}
		}
		return nil
	})
	out.Row = s / float64(n)
	return err
}

// best gives the shortest of several turns: opts.Turns, or as many as fit into a second.
func (o *Options) best(f func() error) (float64, error) {
	best, began := math.Inf(1), time.Now()
	for range o.Turns {
		t := time.Now()
		if err := f(); err != nil {
			return -1, err
		}
		best = min(best, time.Since(t).Seconds())
		if time.Since(began) > time.Second {
			break
		}
	}
	return best, nil
}

// heap gives the bytes in use after everything unused is gone: what pools and cleanups hold goes with the second and third round.
func heap() int64 {
	for range 3 {
		runtime.GC()
	}
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	return int64(s.HeapAlloc)
}
