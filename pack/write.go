package pack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/larder-ml/larder"
	"github.com/larder-ml/larder/rows"
	"github.com/larder-ml/larder/tensor"
)

// Content is what a package is made of.
type Content struct {
	Model *larder.Model
	File  []byte // the bytes Model was opened from

	Train   *rows.Table    // the training rows, without the target; nil where they are not at hand: then rows are made up
	Target  *rows.Column   // their target; nil where it is not known
	Name    string         // the target's name
	Metrics map[string]any // as the user gave them

	Proof      *rows.Table       // rows to store instead of some of Train's
	Answers    map[string][]byte // what ComputedBy gave for Proof (or Train), by method, as predict --format json; nil: Larder computes
	ComputedBy string            // "scikit-learn 1.9.1"

	Writer string // name and version of this program
	Now    time.Time
}

// Files are the three files of a package.
type Files struct {
	Model, Metadata, Validation []byte
	Fingerprint                 string
	ID                          string // version id
	Summary                     Metadata
	Stored                      int // rows stored as proof
	ComputedBy                  string
	Notes                       []string
}

// AnswerError is an answer of scikit-learn that Larder does not agree with.
type AnswerError struct {
	Method string
	*rows.Difference
}

func (e *AnswerError) Error() string {
	return fmt.Sprintf("pack: %s: %d of %d rows differ from the expected answers; %s", e.Method, e.Rows-e.Equal, e.Rows, e.First)
}

// Tolerance is how far numbers may be from the expected ones, as part of the largest: sums of floats are not ordered
// alike everywhere.
const Tolerance = 1e-12

// Build makes the files of a package.
func Build(ctx context.Context, c Content) (*Files, error) {
	m := c.Model
	if err := m.Trustworthy(); err != nil {
		return nil, err
	}
	if _, err := m.Estimator(); err != nil {
		return nil, err
	}
	f := &Files{ComputedBy: c.ComputedBy}
	var err error
	if f.Model, err = modelFile(c); err != nil {
		return nil, err
	}
	fp, err := m.Fingerprint()
	if err != nil {
		return nil, err
	}
	f.Fingerprint, f.ID = fp.String(), fp.ID()
	method := m.DefaultMethod()
	want := rows.WantOf(m, method)
	madeUp := c.Train == nil
	if madeUp {
		if c.Train, err = rows.Samples(want, stored); err != nil {
			return nil, err
		}
	}
	train, notes, err := c.Train.Match(want)
	if err != nil {
		return nil, err
	}
	f.Notes = notes
	val, sum, err := c.validation(ctx, f, want, train)
	if err != nil {
		return nil, err
	}
	if f.Validation, err = marshal(val); err != nil {
		return nil, err
	}
	meta := c.metadata(f, want, train)
	meta.Larder.Validation = sum
	if madeUp {
		meta.NTrainingSamples, meta.Larder.Train = nil, nil
	}
	f.Summary = *meta
	if f.Metadata, err = marshal(meta); err != nil {
		return nil, err
	}
	return f, nil
}

// Write puts the files at prefix: the metadata, which states the digests of the others, last.
func (f *Files) Write(prefix string) error {
	for _, p := range []struct {
		suffix string
		data   []byte
	}{{ModelSuffix, f.Model}, {ValidationSuffix, f.Validation}, {MetadataSuffix, f.Metadata}} {
		if err := WriteFile(prefix+p.suffix, p.data); err != nil {
			return err
		}
	}
	return nil
}

func marshal(v any) ([]byte, error) {
	b, err := json.MarshalIndent(v, "", "  ")
	return append(b, '\n'), err
}

// finite replaces what JSON has no number for.
func finite(v any) any {
	switch x := v.(type) {
	case float64:
		switch {
		case math.IsNaN(x):
			return "NaN"
		case math.IsInf(x, 1):
			return "Infinity"
		case math.IsInf(x, -1):
			return "-Infinity"
		}
	case []any:
		out := make([]any, len(x))
		for i := range x {
			out[i] = finite(x[i])
		}
		return out
	case map[string]any:
		out := map[string]any{}
		for k := range x {
			out[k] = finite(x[k])
		}
		return out
	}
	return v
}

func (c *Content) metadata(f *Files, want *rows.Want, train tensor.Value) *Metadata {
	m := c.Model
	info := m.Info()
	n := train.Rows()
	meta := &Metadata{
		CreatedAt: c.Now.UTC().Format("2006-01-02T15:04:05.000000+00:00"), NTrainingSamples: &n, ModelType: m.TypeName(),
		ModelParams: m.Params(), FileSizeBytes: int64(len(f.Model)), Metrics: map[string]any{},
	}
	if info.SklearnVersion != "" {
		meta.SklearnVersion = &info.SklearnVersion
	}
	if w := width(train); w > 0 {
		meta.NFeatures = &w
	}
	if names := m.FeatureNames(); len(names) > 0 {
		meta.FeatureNames = names
	} else if c.Train.Names != nil && want.Form == larder.FormTable {
		meta.FeatureNames = c.Train.Names
	}
	for k, v := range c.Metrics {
		meta.Metrics[k] = finite(v)
	}
	inputs := want.Inputs()
	meta.Larder = &Own{
		Format: 1, Writer: c.Writer, Fingerprint: f.Fingerprint,
		Digests: Digests{Model: Digest(f.Model), Validation: Digest(f.Validation)},
		Source:  Source{info.Format, info.Compressor, info.Protocol, Digest(c.File)},
		Methods: m.Methods(), Classes: info.Classes, Inputs: inputs, Train: summary(train),
	}
	if c.Target != nil {
		c.target(meta)
	}
	return meta
}

// target fills class_distribution for a classifier, and a summary of the target for anything else.
func (c *Content) target(meta *Metadata) {
	classes := c.Model.Classes()
	t := &TargetSummary{Name: c.Name, Kind: "numbers"}
	meta.Larder.Target = t
	if len(classes) == 1 {
		t.Kind = "classes"
		meta.ClassDistribution = map[string]int{}
		for i := range classes[0].Len() {
			meta.ClassDistribution[classes[0].Cell(i).String()] = 0
		}
	}
	label := &larder.InputColumn{Name: c.Name}
	if t.Kind == "classes" {
		label.OneOf(classes[0])
	}
	x := readTarget(c.Target, label)
	var lo, hi, total, squares float64
	k := 0
	for i := range x.Len() {
		v := x.Cell(i)
		if v.Kind == tensor.CellNone || v.IsNaN() {
			t.Missing++
			continue
		}
		t.Count++
		if t.Kind == "classes" {
			meta.ClassDistribution[v.String()]++
			continue
		}
		f, ok := v.Float()
		if !ok {
			continue
		}
		if k == 0 || f < lo {
			lo = f
		}
		if k == 0 || f > hi {
			hi = f
		}
		k++
		delta := f - total
		total += delta / float64(k) // running mean
		squares += float64(delta * (f - total))
	}
	if k > 0 {
		std := math.Sqrt(squares / float64(k))
		t.Min, t.Max, t.Mean, t.Std = &lo, &hi, &total, &std
	}
}

// readTarget reads the target as the labels are; as it stands where that is not possible.
func readTarget(c *rows.Column, label *larder.InputColumn) *tensor.Tensor {
	t := &rows.Table{Columns: []rows.Column{*c}, N: c.Len()}
	v, _, err := t.Match(&rows.Want{Form: larder.FormVector, Columns: []*larder.InputColumn{label}})
	if err != nil {
		v, _, _ = t.Match(&rows.Want{Form: larder.FormVector})
	}
	return v.Dense
}

func width(v tensor.Value) int {
	switch {
	case v.Frame != nil:
		return len(v.Frame.Columns)
	case v.CSR != nil:
		return v.CSR.Cols
	case v.Dense != nil && len(v.Dense.Shape) == 2:
		return v.Dense.Shape[1]
	}
	return 0
}

func shape(v tensor.Value) []int {
	s := []int{v.Rows()}
	if w := width(v); w > 0 {
		s = append(s, w)
	}
	return s
}

func summary(v tensor.Value) *Summary {
	s := &Summary{Rows: v.Rows(), Missing: map[string]int{}}
	count := func(name string, t *tensor.Tensor) {
		for i := range t.Len() {
			if c := t.Cell(i); c.Kind == tensor.CellNone || c.IsNaN() {
				s.Missing[name]++
			}
		}
	}
	if v.Frame != nil {
		s.Columns = v.Frame.Names
		for j, c := range v.Frame.Columns {
			name := strconv.Itoa(j)
			if s.Columns != nil {
				name = s.Columns[j]
			}
			count(name, c)
		}
	}
	return s
}

// validation runs every method on the stored rows.
func (c *Content) validation(ctx context.Context, f *Files, want *rows.Want, train tensor.Value) (*Validation, *Summary, error) {
	m := c.Model
	method := m.DefaultMethod()
	table, all := c.Train, train
	if c.Proof != nil {
		var err error
		if all, _, err = c.Proof.Match(want); err != nil {
			return nil, nil, err
		}
		table = c.Proof
	}
	if all.Rows() == 0 || train.Rows() == 0 {
		return nil, nil, &rows.Error{Row: -1, Msg: "no rows"}
	}
	val := &Validation{}
	// The document's part: the first five training rows.
	head, err := c.Train.Slice(upTo(min(first, train.Rows()))).Like(want)
	if err != nil {
		return nil, nil, err
	}
	res, err := m.Run(ctx, method, head)
	if err != nil {
		return nil, nil, err
	}
	val.InputShape = shape(head)
	if val.ExpectedOutput, err = data(res); err != nil {
		return nil, nil, err
	}
	positions, err := c.positions(ctx, method, want, table, all)
	if err != nil {
		return nil, nil, err
	}
	chosen, err := table.Slice(positions).Like(want)
	if err != nil {
		return nil, nil, err
	}
	p := &Proof{ComputedBy: c.Writer, Positions: positions}
	f.Stored = len(positions)
	if p.Rows, err = rows.AppendStored(nil, chosen); err != nil {
		return nil, nil, err
	}
	for _, method := range m.Methods() {
		if method == "inverse_transform" {
			continue // takes what transform gives
		}
		e := Expected{Method: method}
		res, err := m.Run(ctx, method, chosen)
		switch {
		case err != nil && (errors.Is(err, larder.ErrInput) || errors.Is(err, larder.ErrUnsupported)):
			e.Refused = err.Error()
		case err != nil:
			return nil, nil, err
		default:
			if e.Result, err = rows.AppendJSON(nil, res, true); err != nil {
				return nil, nil, err
			}
		}
		if given := c.Answers[method]; given != nil {
			picked, err := pick(given, positions, all.Rows())
			if err != nil {
				return nil, nil, err
			}
			d, err := rows.Compare(picked, e.Result, Tolerance)
			if err != nil {
				return nil, nil, err
			}
			if d.Equal != d.Rows {
				return nil, nil, &AnswerError{method, d}
			}
			e.Result = picked
			p.ComputedBy = c.ComputedBy
		}
		p.Outputs = append(p.Outputs, e)
	}
	if c.Answers != nil {
		// What nobody but Larder computed is not stored as if scikit-learn had.
		var kept []Expected
		for _, e := range p.Outputs {
			if c.Answers[e.Method] != nil {
				kept = append(kept, e)
			}
		}
		if kept == nil {
			return nil, nil, &rows.Error{Row: -1, Msg: "the expected answers are of no method the model has"}
		}
		p.Outputs = kept
	}
	f.ComputedBy = p.ComputedBy
	val.Larder = p
	return val, summary(chosen), nil
}

func upTo(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// positions picks the rows to store.
func (c *Content) positions(ctx context.Context, method string, want *rows.Want, table *rows.Table, all tensor.Value) ([]int, error) {
	var labels []*tensor.Tensor
	n := min(all.Rows(), lookedAt)
	v := all
	if n < all.Rows() {
		var err error
		if v, err = table.Slice(upTo(n)).Like(want); err != nil {
			return nil, err
		}
	}
	res, err := c.Model.Run(ctx, method, v)
	if err != nil {
		return nil, err
	}
	for _, o := range res.Outputs {
		if o.Dense != nil && method == "predict" {
			labels = append(labels, o.Dense)
		}
	}
	if c.Target != nil && c.Proof == nil {
		labels = append(labels, readTarget(c.Target, &larder.InputColumn{}))
	}
	return choose(v, labels), nil
}

// data gives the data of a result alone, as the document's expected_output.
func data(r *larder.Result) (json.RawMessage, error) {
	b, err := rows.AppendJSON(nil, r, false)
	if err != nil {
		return nil, err
	}
	var d struct {
		Data json.RawMessage `json:"data"`
	}
	err = json.Unmarshal(b, &d)
	return d.Data, err
}

// pick takes the rows at positions out of a result of n rows.
func pick(result []byte, positions []int, n int) ([]byte, error) {
	var r map[string]json.RawMessage
	if err := json.Unmarshal(result, &r); err != nil {
		return nil, err
	}
	var data []json.RawMessage
	if err := json.Unmarshal(r["data"], &data); err != nil {
		return nil, err
	}
	if len(data) != n {
		return nil, &rows.Error{Row: -1, Msg: fmt.Sprintf("%d expected answers for %d rows", len(data), n)}
	}
	out := make([]json.RawMessage, len(positions))
	for i, p := range positions {
		out[i] = data[p]
	}
	b, err := json.Marshal(out)
	if err != nil {
		return nil, err
	}
	r["data"] = b
	if r["shape"] != nil {
		var s []int
		if json.Unmarshal(r["shape"], &s) == nil && len(s) > 0 {
			s[0] = len(positions)
			r["shape"], _ = json.Marshal(s)
		}
	}
	return json.Marshal(r)
}

// Load reads the files of a package that is there, checked and run again: it is not passed on unless it is whole, its
// audit says ok and its stored answers are given.
func Load(ctx context.Context, prefix string, opts ...larder.Option) (*Files, error) {
	p, err := Read(prefix)
	if err != nil {
		return nil, err
	}
	m, err := p.Open(opts...)
	if err != nil {
		return nil, err
	}
	if err := m.Trustworthy(); err != nil {
		return nil, err
	}
	if p.Made != "larder" {
		return nil, &Error{prefix, "the package was not made by larder: give its training data (--data) to make one", larder.ErrUnsupported}
	}
	c, err := p.Validate(ctx, m, nil)
	if err != nil {
		return nil, err
	}
	switch c.Verdict {
	case Differs:
		return nil, &Error{prefix, "stored answers differ: " + c.Why, ErrSignature}
	case Unproven:
		return nil, &Error{prefix, c.Why + ": give its training data (--data) to make one that is proven", larder.ErrUnsupported}
	}
	f := &Files{Validation: p.validation, Fingerprint: p.Metadata.Larder.Fingerprint, Summary: p.Metadata, Stored: c.Rows, ComputedBy: c.ComputedBy}
	f.ID = f.Fingerprint[:8]
	if f.Model, err = readFile(p.ModelPath(), 4<<30); err != nil {
		return nil, err
	}
	if Digest(f.Model) != p.Metadata.Larder.Digests.Model {
		return nil, &Error{prefix, "the model changed while it was read", ErrSignature}
	}
	f.Metadata, err = readFile(prefix+MetadataSuffix, maxJSON)
	return f, err
}

// CopyTo copies the package out: to a model file (*.joblib, alone), into a folder, or to another prefix. It returns the
// path of the model file.
func (p *Package) CopyTo(out string) (string, error) {
	model, err := readFile(p.ModelPath(), 4<<30)
	if err != nil {
		return "", err
	}
	if strings.HasSuffix(out, ".joblib") && !strings.HasSuffix(out, ModelSuffix) {
		return out, WriteFile(out, model)
	}
	prefix := strings.TrimSuffix(out, ModelSuffix)
	if info, err := os.Stat(out); err == nil && info.IsDir() || strings.HasSuffix(out, "/") {
		if err := os.MkdirAll(out, 0o755); err != nil {
			return "", err
		}
		prefix = filepath.Join(out, filepath.Base(p.Prefix))
	}
	for _, suffix := range []string{ModelSuffix, ValidationSuffix, MetadataSuffix} {
		b := model
		if suffix != ModelSuffix {
			b, err = readFile(p.Prefix+suffix, maxJSON)
			if errors.Is(err, os.ErrNotExist) && suffix == ValidationSuffix {
				continue
			}
			if err != nil {
				return "", err
			}
		}
		if err := WriteFile(prefix+suffix, b); err != nil {
			return "", err
		}
	}
	return prefix + ModelSuffix, nil
}
