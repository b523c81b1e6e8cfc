package main

import (
	"bytes"
	"os"

	"github.com/spf13/cobra"

	"github.com/larder-ml/larder"
	"github.com/larder-ml/larder/measure"
	"github.com/larder-ml/larder/rows"
	"github.com/larder-ml/larder/tensor"
)

func benchCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "bench MODEL [--data DATA]",
		Short: "measure every stored form of a model: size, save, load, memory, prediction, security, portability",
		Example: `  larder bench model.joblib
  larder bench model.joblib --data rows.csv --svg forms.svg`,
		Args: args(1, 2),
		RunE: benchModel,
	}
	addOpen(cmd)
	addData(cmd)
	addJSON(cmd)
	f := cmd.Flags()
	f.String("data", "", "rows to predict; made-up ones where none are given")
	f.String("method", "", "method to time; the default is predict, or transform where there is no predict")
	f.String("svg", "", "file to write a picture to")
	f.Int("turns", 5, "times each thing is measured, if it is quick; the shortest counts")
	return cmd
}

func benchModel(cmd *cobra.Command, a []string) error {
	m, err := openModel(cmd, a[0])
	if err != nil {
		return err
	}
	if _, err := m.Estimator(); err != nil {
		return err
	}
	opts := measure.Options{}
	opts.Method, _ = cmd.Flags().GetString("method")
	opts.Turns, _ = cmd.Flags().GetInt("turns")
	if opts.Turns < 1 {
		return usagef("--turns %d: 1 or more is wanted", opts.Turns)
	}
	if t, _ := cmd.Flags().GetStringSlice("trusted"); len(t) > 0 {
		opts.Open = append(opts.Open, larder.Trusted(t...))
	}
	if opts.Rows, err = benchRows(cmd, m, opts.Method, a); err != nil {
		return err
	}
	bar := newBar(os.Stderr)
	opts.Step = bar.step
	r, err := measure.Run(cmd.Context(), m, opts)
	bar.end()
	if err != nil {
		return err
	}
	if svg, _ := cmd.Flags().GetString("svg"); svg != "" {
		var b bytes.Buffer
		if err := r.SVG(&b); err != nil {
			return err
		}
		if err := writeOutput(svg, b.Bytes()); err != nil {
			return err
		}
	}
	if wantJSON(cmd) {
		return printJSON(stdout(cmd), r)
	}
	return r.Text(stdout(cmd))
}

// benchRows reads the rows of --data, -i or the second argument, or makes some up.
func benchRows(cmd *cobra.Command, m *larder.Model, method string, a []string) (tensor.Value, error) {
	if method == "" {
		method = m.DefaultMethod()
	}
	want := rows.WantOf(m, method)
	name, _ := cmd.Flags().GetString("data")
	if in, _ := cmd.Flags().GetString("input"); in != "" || len(a) > 1 {
		if name != "" {
			return tensor.Value{}, usagef("data is given twice")
		}
		var err error
		if name, err = dataName(cmd, a); err != nil {
			return tensor.Value{}, err
		}
	}
	t, err := (*rows.Table)(nil), error(nil)
	if name != "" {
		t, err = readTable(cmd, name)
	} else {
		t, err = rows.Samples(want, 1000)
	}
	if err != nil {
		return tensor.Value{}, err
	}
	return likeColumns(cmd, t, want)
}
