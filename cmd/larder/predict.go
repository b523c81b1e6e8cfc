package main

import (
	"bufio"
	"compress/gzip"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/larder-ml/larder"
	"github.com/larder-ml/larder/rows"
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
	file := os.Stdin
	done := func() {}
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, nil, err
		}
		file = f
		done = func() { f.Close() }
	}
	b := bufio.NewReaderSize(file, 64<<10)
	if magic, _ := b.Peek(2); string(magic) == "\x1f\x8b" {
		z, err := gzip.NewReader(b)
		if err != nil {
			done()
			return nil, nil, err
		}
		b = bufio.NewReaderSize(z, 64<<10)
	}
	prefix, _ := b.Peek(4096)
	format := rows.Sniff(prefix, name)
	if s, _ := cmd.Flags().GetString("input-format"); s != "" {
		f, err := rows.ParseFormat(s)
		if err != nil {
			done()
			return nil, nil, err
		}
		format = f
	}
	var o rows.Options
	o.NoHeader, _ = cmd.Flags().GetBool("no-header")
	if format == rows.Parquet {
		done()
		return openParquet(name)
	}
	r, err := rows.NewReader(b, format, o)
	if err != nil {
		done()
		return nil, nil, err
	}
	return r, done, nil
}

func predict(cmd *cobra.Command, a []string) error {
	data, err := dataName(cmd, a)
	if err != nil {
		return err
	}
	m, err := openModel(cmd, a[0])
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
		return err
	}
	in, done, err := openRows(cmd, data)
	if err != nil {
		return err
	}
	defer done()
	out, commit, err := openOutput(cmd, rows.WriteOptions{Names: rows.ColumnNames(m, method)})
	if err != nil {
		return err
	}
	defer func() { _ = commit(false) }()
	keep, _ := cmd.Flags().GetStringSlice("keep")
	cols, _ := cmd.Flags().GetStringSlice("columns")
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

// openOutput opens standard output or a temporary file beside the one named, which commit(true) puts in place.
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
		f, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*")
		if err != nil {
			return nil, nil, err
		}
		w = f
		over := false
		commit = func(ok bool) error {
			if over {
				return nil
			}
			over = true
			err := f.Close()
			if ok && err == nil {
				if err = os.Chmod(f.Name(), 0o644); err == nil {
					err = os.Rename(f.Name(), name)
				}
			}
			if !ok || err != nil {
				os.Remove(f.Name())
			}
			return err
		}
	}
	var rw resultWriter
	var err error
	if format == rows.Parquet {
		rw = newParquetWriter(w, o)
	} else {
		rw, err = rows.NewWriter(w, format, o)
	}
	if err != nil {
		_ = commit(false)
		return nil, nil, err
	}
	return rw, commit, nil
}
