package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/larder-ml/larder"
	"github.com/larder-ml/larder/pack"
	"github.com/larder-ml/larder/rows"
	"github.com/larder-ml/larder/rows/parquet"
	"github.com/larder-ml/larder/source"
)

func predictCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "predict MODEL [DATA]",
		Short: "scikit-learn's own numbers for rows of csv, json, jsonl, npy, npz or parquet",
		Example: `  larder predict model.joblib -i rows.csv
  larder predict model.joblib rows.csv --proba --keep id -o out.csv
  echo '[[5.1, 3.5, 1.4, 0.2]]' | larder predict iris.pkl --format json`,
		Args: args(1, 2),
		RunE: predict,
	}
	addOpen(cmd)
	addData(cmd)
	addJSON(cmd)
	f := cmd.Flags()
	f.StringP("output", "o", "", "file to write; the default is standard output")
	f.String("method", "", "method to run, predict_std for predict(return_std=True); the default is predict, or transform where there is no predict")
	f.Bool("proba", false, "short for --method predict_proba")
	f.StringSlice("keep", nil, "columns of the data to write before the outputs")
	f.String("format", "", "csv, json, jsonl, npy, npz, parquet; the default is the output's extension, or csv")
	f.Bool("sparse", false, "write sparse results as such")
	return cmd
}

// addData adds the flags of verbs that read rows.
func addData(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringP("input", "i", "", "data; the default is standard input")
	f.String("input-format", "", "csv, json, jsonl, npy, npz, parquet; the default is told by content and extension")
	f.Bool("no-header", false, "csv: the first line is data")
	f.StringSlice("columns", nil, "columns of the data to use, in the order the model takes them")
}

// dataName is the file of rows: the flag, or the second argument.
func dataName(cmd *cobra.Command, a []string) (string, error) {
	name, _ := cmd.Flags().GetString("input")
	if len(a) > 1 {
		if name != "" {
			return "", usagef("data is given twice: %s and %s", name, a[1])
		}
		name = a[1]
	}
	if name == "" {
		name = "-"
	}
	if name == "-" && len(a) > 0 && a[0] == "-" {
		return "", usagef("model and data can not both come from standard input")
	}
	if name == "-" && isTerminal(os.Stdin) {
		return "", usagef("no data: give a file or standard input")
	}
	return name, nil
}

// openRows opens a file of rows, "-" for standard input; gzip is seen through.
func openRows(cmd *cobra.Command, name string) (rows.Reader, func(), error) {
	file, err := openInput(cmd.Context(), name)
	if err != nil {
		return nil, nil, err
	}
	r, err := rowsOf(cmd, file, name)
	if err != nil {
		file.Close()
		return nil, nil, err
	}
	return r, func() { file.Close() }, nil
}

func rowsOf(cmd *cobra.Command, file io.Reader, name string) (rows.Reader, error) {
	in := &counted{Reader: file}
	b := bufio.NewReaderSize(in, 64<<10)
	var unpacked *bounded
	if magic, _ := b.Peek(2); string(magic) == "\x1f\x8b" {
		z, err := gzip.NewReader(b)
		if err != nil {
			return nil, err
		}
		unpacked = &bounded{counted: counted{Reader: z}, of: in}
		b = bufio.NewReaderSize(unpacked, 64<<10)
	}
	prefix, err := b.Peek(4096)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	format := rows.Sniff(prefix, name)
	if s, _ := cmd.Flags().GetString("input-format"); s != "" {
		if format, err = rows.ParseFormat(s); err != nil {
			return nil, err
		}
	}
	if unpacked != nil {
		unpacked.most = unpackedMost(format)
	}
	if format == rows.Parquet {
		if f, ok := file.(*os.File); ok && unpacked == nil {
			info, err := f.Stat()
			if err != nil {
				return nil, err
			}
			return parquet.NewReader(f, info.Size())
		}
		all, err := source.ReadAll(b, 0, source.Default().File) // it is read from its end
		if err != nil {
			return nil, err
		}
		return parquet.NewReader(bytes.NewReader(all), int64(len(all)))
	}
	var o rows.Options
	o.NoHeader, _ = cmd.Flags().GetBool("no-header")
	return rows.NewReader(b, format, o)
}

// counted counts the bytes that are read.
type counted struct {
	io.Reader
	n int64
}

func (c *counted) Read(b []byte) (int, error) {
	n, err := c.Reader.Read(b)
	c.n += int64(n)
	return n, err
}

// bounded gives no more than most allows of what so many bytes decompress to.
type bounded struct {
	counted
	of   *counted
	most func(size int64) int64
}

func (r *bounded) Read(b []byte) (int, error) {
	n, err := r.counted.Read(b)
	if r.most == nil {
		return n, err
	}
	if most := r.most(r.of.n); r.n > most {
		return 0, source.OverHeld(r.n, most, -1)
	}
	return n, err
}

// unpackedMost says how many bytes of a format may be kept of so many that are compressed. csv and jsonl are read some rows at a time;
// values of JSON take many times their text.
func unpackedMost(f rows.Format) func(size int64) int64 {
	switch f {
	case rows.JSON:
		return func(size int64) int64 { return 32<<20 + 16*size }
	case rows.NPY, rows.NPZ, rows.Parquet:
		return source.Default().HeldBy
	}
	return nil
}

func predict(cmd *cobra.Command, a []string) error {
	data, err := dataName(cmd, a)
	if err != nil {
		return err
	}
	_, m, err := openToRun(cmd, a[0])
	if err != nil {
		return err
	}
	if _, err := m.Estimator(); err != nil {
		return err
	}
	method, _ := cmd.Flags().GetString("method")
	if proba, _ := cmd.Flags().GetBool("proba"); proba {
		if method != "" && method != "predict_proba" {
			return usagef("--proba and --method %s", method)
		}
		method = "predict_proba"
	}
	if method == "" {
		method = m.DefaultMethod()
	}
	if err := m.Can(method); err != nil {
		if have := m.Methods(); len(have) > 0 {
			err = fmt.Errorf("%w; it has %s", err, strings.Join(have, ", "))
		}
		return err
	}
	in, done, err := openRows(cmd, data)
	if err != nil {
		return err
	}
	defer done()
	names, why := rows.ColumnNames(m, method)
	out, commit, err := openOutput(cmd, rows.WriteOptions{Names: names})
	if err != nil {
		return err
	}
	defer func() { _ = commit(false) }()
	keep, _ := cmd.Flags().GetStringSlice("keep")
	cols, _ := cmd.Flags().GetStringSlice("columns")
	if w, ok := out.(*rows.Writer); why != nil && (!ok || w.Named()) {
		note("columns are numbered: %v", why)
	}
	run := &rows.Run{Model: m, Method: method, Keep: keep, Columns: cols, Note: func(s string) { note("%s", s) }}
	if err := run.All(cmd.Context(), in, out); err != nil {
		return err
	}
	if err := out.Close(); err != nil {
		return err
	}
	return commit(true)
}

// resultWriter is what results are written to.
type resultWriter interface {
	Write(r *larder.Result, keep *rows.Table) error
	Close() error
}

// openOutput opens standard output or begins the file that --output names, which commit(true) puts in place.
func openOutput(cmd *cobra.Command, o rows.WriteOptions) (resultWriter, func(bool) error, error) {
	name, _ := cmd.Flags().GetString("output")
	o.Sparse, _ = cmd.Flags().GetBool("sparse")
	format := rows.Extension(name)
	s, _ := cmd.Flags().GetString("format")
	if s == "" && wantJSON(cmd) {
		s = "json"
	}
	if s != "" {
		f, err := rows.ParseFormat(s)
		if err != nil {
			return nil, nil, err
		}
		format = f
	}
	if format == "" {
		if name != "" && filepath.Ext(name) != "" {
			return nil, nil, usagef("%s: no format goes by that extension: use --format", name)
		}
		format = rows.CSV
	}
	w := stdout(cmd)
	commit := func(bool) error { return nil }
	if name != "" && name != "-" {
		f, err := pack.Create(name)
		if err != nil {
			return nil, nil, err
		}
		w = f
		commit = func(ok bool) error {
			if ok {
				return f.Commit()
			}
			f.Discard()
			return nil
		}
	}
	var rw resultWriter
	var err error
	if format == rows.Parquet {
		rw = parquet.NewWriter(w, o)
	} else {
		rw, err = rows.NewWriter(w, format, o)
	}
	if err != nil {
		_ = commit(false)
		return nil, nil, err
	}
	return rw, commit, nil
}
