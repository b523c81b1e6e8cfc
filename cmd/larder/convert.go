package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/larder-ml/larder"
	"github.com/larder-ml/larder/format/onnx"
	"github.com/larder-ml/larder/format/params"
	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/pack"
	"github.com/larder-ml/larder/rows"
	"github.com/larder-ml/larder/tensor"
)

func convertCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "convert MODEL -o OUT",
		Short: "write a model in another form; the target is OUT's extension or --to",
		Example: `  larder convert model.pkl -o model.joblib
  larder convert model.joblib -o model.pkl --protocol 5 --check -i rows.csv`,
		Args: args(1, 1),
		RunE: convert,
	}
	addOpen(cmd)
	addData(cmd)
	addJSON(cmd)
	f := cmd.Flags()
	f.StringP("output", "o", "", "file to write; - for standard output with --to")
	f.String("to", "", "target: "+strings.Join(append(larder.Forms(), params.Name, onnx.Name), ", "))
	f.String("precision", "exact", "onnx: exact keeps float64 inside, compact makes it float32")
	f.String("compress", "", "joblib: zlib:3, gzip:3, bz2:9, lzma:3, xz:3, lz4:1, none; the default is zlib:3")
	f.Int("protocol", 0, "pickle protocol, 2 to 5; the default is 4")
	f.Bool("check", false, "run both on the rows of -i, or made-up ones, and report the largest difference")
	f.Bool("dry-run", false, "say whether it can be done; write nothing")
	addMigrate(cmd)
	return cmd
}

// targetForm reads the form to write from --to and OUT's extension.
func targetForm(cmd *cobra.Command, out string) (larder.Form, error) {
	var f larder.Form
	f.Protocol, _ = cmd.Flags().GetInt("protocol")
	if cmd.Flags().Changed("protocol") && (f.Protocol < 2 || f.Protocol > 5) {
		return f, usagef("--protocol %d: 2 to 5 are written", f.Protocol)
	}
	f.Format, _ = cmd.Flags().GetString("to")
	compress, _ := cmd.Flags().GetString("compress")
	ext := strings.ToLower(filepath.Ext(out))
	inner := strings.ToLower(filepath.Ext(strings.TrimSuffix(out, filepath.Ext(out))))
	byExt := map[string]string{".z": "zlib", ".gz": "gzip", ".bz2": "bz2", ".lzma": "lzma", ".xz": "xz", ".lz4": "lz4"}
	if c := byExt[ext]; c != "" {
		if compress == "" {
			compress = c
		}
		ext = inner
		if ext == "" {
			ext = ".joblib"
		}
	}
	if f.Format == "" {
		f.Format = map[string]string{".joblib": "joblib", ".jbl": "joblib", ".pkl": "pickle", ".pickle": "pickle", ".p": "pickle", ".sav": "pickle",
			".skops": "skops", ".onnx": "onnx", ".json": "json", ".safetensors": "safetensors"}[ext]
		if f.Format == "pickle" && compress != "" && compress != "none" {
			f.Format = "joblib" // what joblib.dump makes of model.pkl.gz
		}
	}
	if f.Format == "" {
		return f, usagef("%s: no form goes by that extension: use --to", out)
	}
	if f.Protocol != 0 && f.Format != "joblib" && f.Format != "pickle" {
		return f, usagef("--protocol is pickle's and joblib's; %s has none", f.Format)
	}
	if f.Format == "joblib" && compress == "" {
		compress = "zlib:3"
	}
	if compress != "" && compress != "none" {
		if f.Format != "joblib" {
			return f, usagef("--compress is joblib's; %s is written as it is", f.Format)
		}
		name, level, has := strings.Cut(compress, ":")
		f.Compressor = name
		if has {
			n, err := strconv.Atoi(level)
			if err != nil {
				return f, usagef("--compress %s: wanted NAME:LEVEL", compress)
			}
			f.Level = n
		}
	}
	return f, nil
}

func convert(cmd *cobra.Command, a []string) error {
	out, _ := cmd.Flags().GetString("output")
	dry, _ := cmd.Flags().GetBool("dry-run")
	if to, _ := cmd.Flags().GetString("to"); out == "" && to == "" {
		return usagef("-o is wanted: the file to write")
	} else if out == "" && !dry {
		return usagef("-o is wanted: the file to write, - for standard output")
	}
	form, err := targetForm(cmd, out)
	if err != nil {
		return err
	}
	m, err := openModel(cmd, a[0])
	if err != nil {
		return err
	}
	if v, _ := cmd.Flags().GetString("sklearn"); v != "" {
		if !slices.Contains(larder.Forms(), form.Format) {
			return usagef("--sklearn is for %s; %s holds no scikit-learn objects", strings.Join(larder.Forms(), ", "), form.Format)
		}
		return migrate(cmd, a)
	}
	report := map[string]any{"output": out, "format": form.Format}
	to, err := newConverted(cmd.Context(), out, dry)
	if err != nil {
		return err
	}
	defer to.discard()
	var about string
	checked := "the file that was made, read back"
	compare := func() (*rows.Difference, error) { return checkConverted(cmd, m, to) }
	if form.Format == onnx.Name {
		o, err := onnxOptions(cmd)
		if err != nil {
			return err
		}
		if name, _ := cmd.Flags().GetString("input"); name != "" {
			if o.Like, err = checkRows(cmd, m); err != nil {
				return err
			}
		}
		if about, err = writeONNX(m, to, o, report); err != nil {
			if dry {
				printUnsupported(cmd, err, report)
			}
			return err
		}
		checked = "the graph that was written, and the file that was made, read back, on rows rounded to float32"
		compare = func() (*rows.Difference, error) {
			file, err := to.openONNX()
			if errors.Is(err, larder.ErrUnsupported) {
				checked = "the graph that was written, in double, on rows rounded to float32"
				note("--check runs the graph, not the file: %v", err)
			} else if err != nil {
				return nil, err
			}
			return checkONNX(cmd, m, o, file)
		}
	} else {
		bar := newBar(os.Stderr)
		err := m.Encode(bar.counted(to), form)
		bar.end()
		if err != nil {
			return err
		}
	}
	report["bytes"] = to.size()
	var diff *rows.Difference
	if check, _ := cmd.Flags().GetBool("check"); check {
		if diff, err = compare(); err != nil {
			return err
		}
		report["check"], report["checked"] = diff, checked
	}
	if diff != nil && diff.Equal < diff.Rows {
		if wantJSON(cmd) {
			_ = printJSON(stdout(cmd), report)
		}
		return &codeError{exitRefused, fmt.Sprintf("the converted model differs on %s; nothing was written", differing(diff))}
	}
	if err := to.commit(stdout(cmd)); err != nil || !dry && out == "-" {
		return err
	}
	if wantJSON(cmd) {
		return printJSON(stdout(cmd), report)
	}
	st := styleOf(stdout(cmd))
	line := fmt.Sprintf("%s  %s%s%s", out, form.Format, st.dot(), size(to.size()))
	if about != "" {
		line += st.dot() + about
	}
	if diff != nil {
		line += fmt.Sprintf("%sequal on %d rows, largest difference %g", st.dot(), diff.Rows, diff.Largest)
	}
	fmt.Fprintln(stdout(cmd), line)
	return nil
}

// converted is where a verb writes a model: a file, which is there once it is whole and found right, or memory, for standard
// output, for what is no plain file and for a dry run.
type converted struct {
	ctx  context.Context
	out  string
	dry  bool
	file *pack.NewFile
	b    bytes.Buffer
}

func newConverted(ctx context.Context, out string, dry bool) (*converted, error) {
	t := &converted{ctx: ctx, out: out, dry: dry}
	info, err := os.Stat(out)
	if dry || out == "-" || err == nil && !info.Mode().IsRegular() && !info.IsDir() {
		return t, nil
	}
	t.file, err = pack.Create(out)
	return t, err
}

// Write ends when the program is told to.
func (t *converted) Write(p []byte) (int, error) {
	if err := t.ctx.Err(); err != nil {
		return 0, err
	}
	if t.file != nil {
		return t.file.Write(p)
	}
	return t.b.Write(p)
}

func (t *converted) size() int64 {
	if t.file != nil {
		return t.file.Size()
	}
	return int64(t.b.Len())
}

// open reads back what was written.
func (t *converted) open(opts []larder.Option) (*larder.Model, error) {
	if t.file == nil {
		return larder.OpenBytes(t.b.Bytes(), opts...)
	}
	name, err := t.file.Name()
	if err != nil {
		return nil, err
	}
	return larder.Open(name, opts...)
}

// openONNX reads back the ONNX model that was written.
func (t *converted) openONNX() (*larder.ONNX, error) {
	if t.file == nil {
		return larder.ReadONNX(t.b.Bytes())
	}
	name, err := t.file.Name()
	if err != nil {
		return nil, err
	}
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	return larder.ReadONNX(b)
}

// commit puts what was written where it belongs.
func (t *converted) commit(stdout io.Writer) error {
	switch {
	case t.dry:
		return nil
	case t.file != nil:
		return t.file.Commit()
	case t.out == "-":
		_, err := stdout.Write(t.b.Bytes())
		return err
	}
	return writeOutput(t.out, t.b.Bytes())
}

// writeOutput writes what a user named as output.
func writeOutput(name string, b []byte) error {
	f, err := pack.Create(name)
	if err != nil {
		return err
	}
	defer f.Discard()
	if _, err := f.Write(b); err != nil {
		return err
	}
	return f.Commit()
}

func (t *converted) discard() {
	if t.file != nil {
		t.file.Discard()
	}
}

// checkConverted runs every method of both models on the same rows. A stored form must also have the model's fingerprint.
func checkConverted(cmd *cobra.Command, m *larder.Model, to *converted) (*rows.Difference, error) {
	ctx := cmd.Context()
	n, err := to.open(openOptions(cmd))
	if err != nil {
		return nil, err
	}
	x, err := m.Fingerprint()
	if err != nil {
		return nil, err
	}
	y, err := n.Fingerprint()
	if err != nil {
		return nil, err
	}
	if x != y && n.Info().Format != params.Name { // which holds a part of the model
		return nil, &codeError{exitRefused, fmt.Sprintf("the converted model has fingerprint %s, the original %s; nothing was written", y.ID(), x.ID())}
	}
	if _, err := m.Estimator(); err != nil {
		// It can not be run; the fingerprint says that nothing was lost.
		return &rows.Difference{}, nil //nolint:nilerr // see above
	}
	v, err := checkRows(cmd, m)
	if err != nil {
		return nil, err
	}
	all := &rows.Difference{Rows: v.Rows(), Equal: v.Rows()}
	for _, method := range m.Methods() {
		if method == "inverse_transform" || n.Info().Format == params.Name && method != "predict" {
			continue
		}
		p, err := answer(ctx, m, method, v, true)
		if err != nil {
			return nil, err
		}
		q, err := answer(ctx, n, method, v, true)
		if err != nil {
			return nil, err
		}
		d, err := rows.Compare(p, q, 0)
		if err != nil {
			return nil, err
		}
		joinDifference(all, method, d)
	}
	return all, nil
}

func joinDifference(all *rows.Difference, method string, d *rows.Difference) {
	all.Largest = max(all.Largest, d.Largest)
	if d.Rows > 0 && d.Equal < d.Rows {
		all.Equal = min(all.Equal, d.Equal*all.Rows/d.Rows)
		all.First = method + ": " + d.First
	}
}

// checkRows reads the rows of -i, or makes some up.
func checkRows(cmd *cobra.Command, m *larder.Model) (tensor.Value, error) {
	want := rows.WantOf(m, m.DefaultMethod())
	var t *rows.Table
	var err error
	if name, _ := cmd.Flags().GetString("input"); name != "" {
		t, err = readTable(cmd, name)
	} else {
		t, err = rows.Samples(want, 64)
	}
	if err != nil {
		return tensor.Value{}, err
	}
	return likeColumns(cmd, t, want)
}

// likeColumns is the table, or the columns of it that --columns names, as a model takes it.
func likeColumns(cmd *cobra.Command, t *rows.Table, want *rows.Want) (tensor.Value, error) {
	if names, _ := cmd.Flags().GetStringSlice("columns"); len(names) > 0 {
		var err error
		if t, err = t.Use(names, want); err != nil {
			return tensor.Value{}, err
		}
	}
	return t.Like(want)
}

func onnxOptions(cmd *cobra.Command) (larder.ONNXOptions, error) {
	v, _ := version()
	o := larder.ONNXOptions{Version: v}
	switch p, _ := cmd.Flags().GetString("precision"); p {
	case "exact":
		o.Precision = onnx.Exact
	case "compact":
		o.Precision = onnx.Compact
	default:
		return o, usagef("--precision %s: wanted exact or compact", p)
	}
	return o, nil
}

// writeONNX writes the model as ONNX and says what that model needs and does not check.
func writeONNX(m *larder.Model, w io.Writer, o larder.ONNXOptions, report map[string]any) (string, error) {
	if err := m.Trustworthy(); err != nil {
		return "", err
	}
	r, err := m.EncodeONNX(w, o)
	if err != nil {
		return "", err
	}
	report["opset"], report["ml_opset"], report["nodes"] = r.Opset, r.MLOpset, r.Nodes
	dropped := r.Dropped
	if dropped == nil {
		dropped = []onnx.Dropped{}
	}
	report["dropped"] = dropped
	report["inputs"], report["outputs"] = r.Inputs, r.Outputs
	if r.EmptyText != nil {
		report["empty_text"] = r.EmptyText
	}
	if r.Assumed != nil {
		report["assumed_numbers"] = r.Assumed
		note("the model does not say what these columns hold; they are taken for numbers (-i DATA says): %s", clip(strings.Join(r.Assumed, ", "), 90))
	}
	about := fmt.Sprintf("opset %d", r.Opset)
	if r.MLOpset > 0 {
		about += fmt.Sprintf(" with ai.onnx.ml %d", r.MLOpset)
	}
	var checks []string
	for _, d := range r.Dropped {
		words, _, _ := strings.Cut(d.Check, "\n")
		if words = strings.TrimSuffix(clip(words, 90), "."); !slices.Contains(checks, words) {
			checks = append(checks, words)
		}
	}
	if len(checks) > 0 {
		note("the ONNX model does not refuse as scikit-learn does: %s", strings.Join(checks, "; "))
	}
	return about, nil
}

// printUnsupported lists all that has no ONNX form.
func printUnsupported(cmd *cobra.Command, err error, report map[string]any) {
	list := []map[string]string{}
	var walk func(err error)
	walk = func(err error) {
		var many interface{ Unwrap() []error }
		var one *graph.UnsupportedError
		switch {
		case errors.As(err, &many):
			for _, e := range many.Unwrap() {
				walk(e)
			}
		case errors.As(err, &one):
			list = append(list, map[string]string{"origin": one.Origin, "op": string(one.Op), "why": one.Why})
		}
	}
	walk(err)
	if len(list) == 0 {
		return
	}
	report["unsupported"] = list
	if wantJSON(cmd) {
		_ = printJSON(stdout(cmd), report)
		return
	}
	for _, u := range list {
		fmt.Fprintf(stdout(cmd), "%s  %s  %s\n", u["origin"], u["op"], u["why"])
	}
}

// onnxTolerance is how far float32 results may be from the model's own, as part of the largest.
const onnxTolerance = 1e-5

// checkONNX runs the graph that was written, here, and the model on the same rows rounded to float32, which is what the
// ONNX model is given; and the file, if it was read back, beside the graph.
func checkONNX(cmd *cobra.Command, m *larder.Model, o larder.ONNXOptions, file *larder.ONNX) (*rows.Difference, error) {
	v, err := checkRows(cmd, m)
	if err != nil {
		return nil, err
	}
	if v, err = m.RowsForONNX(o, v); err != nil {
		return nil, err
	}
	methods := []string{m.DefaultMethod()}
	if m.Can("predict_proba") == nil && methods[0] != "predict_proba" {
		methods = append(methods, "predict_proba")
	}
	all := &rows.Difference{Rows: v.Rows(), Equal: v.Rows()}
	for _, method := range methods {
		p, err := answer(cmd.Context(), m, method, v, false)
		if err != nil {
			return nil, err
		}
		o.Method = method
		res, err := m.RunONNX(cmd.Context(), o, v)
		if err != nil {
			return nil, err
		}
		q, err := rows.AppendJSON(nil, res, false) // ONNX has no sparse rows
		if err != nil {
			return nil, err
		}
		d, err := rows.Compare(p, q, onnxTolerance)
		if err != nil {
			return nil, err
		}
		joinDifference(all, method, d)
	}
	if file == nil {
		return all, nil
	}
	o.Method = ""
	want, err := m.RunONNX(cmd.Context(), o, v)
	if err != nil {
		return nil, err
	}
	got, err := file.Run(cmd.Context(), v)
	if err != nil {
		return nil, err
	}
	p, err := rows.AppendJSON(nil, asTensors(want), false)
	if err != nil {
		return nil, err
	}
	q, err := rows.AppendJSON(nil, got, false)
	if err != nil {
		return nil, err
	}
	d, err := rows.Compare(p, q, onnxTolerance)
	if err != nil {
		return nil, err
	}
	joinDifference(all, "the file", d)
	return all, nil
}

// asTensors gives a result as an ONNX model gives it: a frame as its columns, text that is missing as empty text.
func asTensors(r *larder.Result) *larder.Result {
	out := &larder.Result{Method: r.Method}
	for _, o := range r.Outputs {
		if o.Frame == nil {
			out.Outputs = append(out.Outputs, o)
			continue
		}
		for i, c := range o.Frame.Columns {
			if c.DType == tensor.Object {
				text := tensor.New(tensor.String, c.Len())
				for k := range c.Len() {
					text.Str[k] = c.Cell(k).S
				}
				c = text
			}
			out.Outputs = append(out.Outputs, larder.Output{Name: o.Frame.Names[i], Value: tensor.Value{Dense: c.Reshape(c.Len(), 1)}})
		}
	}
	return out
}

// answer runs a method; rows that are refused are an answer too.
func answer(ctx context.Context, m *larder.Model, method string, v tensor.Value, sparse bool) ([]byte, error) {
	res, err := m.Run(ctx, method, v)
	if errors.Is(err, larder.ErrInput) || errors.Is(err, larder.ErrUnsupported) {
		return append(rows.AppendString([]byte(`{"data":[`), err.Error()), "]}"...), nil
	}
	if err != nil {
		return nil, err
	}
	return rows.AppendJSON(nil, res, sparse)
}
