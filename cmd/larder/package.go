package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/larder-ml/larder"
	"github.com/larder-ml/larder/pack"
	"github.com/larder-ml/larder/rows"
)

func packageCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "package MODEL --prefix PREFIX --data DATA",
		Aliases: []string{"pack"},
		Short:   "model, metadata and proof in three files: PREFIX_model.joblib, _metadata.json, _validation.json",
		Example: `  larder package model.joblib --prefix fraud --data train.csv --target y --metric f1=0.89
  larder package model.joblib --prefix fraud --data train.csv --target y --rows test.csv --expected sklearn.json`,
		Args: args(1, 2),
		RunE: func(cmd *cobra.Command, a []string) error {
			prefix, _ := cmd.Flags().GetString("prefix")
			if prefix == "" {
				return usagef("--prefix is wanted")
			}
			if data, _ := cmd.Flags().GetString("data"); data == "" && len(a) < 2 {
				return usagef("--data is wanted: the rows the model was fitted on")
			}
			f, err := buildPackage(cmd, a)
			if err != nil {
				return err
			}
			if err := f.Write(prefix); err != nil {
				return err
			}
			if wantJSON(cmd) {
				return printJSON(stdout(cmd), map[string]any{
					"files":       []string{prefix + pack.ModelSuffix, prefix + pack.MetadataSuffix, prefix + pack.ValidationSuffix},
					"fingerprint": f.Fingerprint, "version": f.ID, "rows": f.Summary.NTrainingSamples, "stored_rows": f.Stored, "computed_by": f.ComputedBy,
				})
			}
			st := styleOf(stdout(cmd))
			base := filepath.Base(prefix)
			fmt.Fprintf(stdout(cmd), "%s%s  %s%s  %s%s\n", base, pack.ModelSuffix, base, pack.MetadataSuffix, base, pack.ValidationSuffix)
			fmt.Fprintln(stdout(cmd), packageLine(st, f))
			return nil
		},
	}
	addOpen(cmd)
	addJSON(cmd)
	addPackage(cmd)
	cmd.Flags().String("prefix", "", "beginning of the three files' names")
	return cmd
}

// packageLine says in one line what a package holds.
func packageLine(st style, f *pack.Files) string {
	var parts []string
	if n := f.Summary.NTrainingSamples; n != nil {
		parts = append(parts, fmt.Sprintf("%d rows", *n))
	}
	if d := f.Summary.ClassDistribution; d != nil && len(d) <= 10 {
		var s []string
		for _, c := range f.Summary.Larder.Classes {
			s = append(s, fmt.Sprintf("%d %v", d[fmt.Sprint(c)], c))
		}
		parts = append(parts, strings.Join(s, " "))
	}
	parts = append(parts, fmt.Sprintf("%d stored rows, outputs by %s", f.Stored, f.ComputedBy), size(int64(len(f.Model))))
	return strings.Join(parts, st.dot())
}

func addPackage(cmd *cobra.Command) {
	f := cmd.Flags()
	f.String("data", "", "the training data")
	f.String("target", "", "the column of the data that was learned")
	f.StringArray("metric", nil, "NAME=VALUE, any number of times")
	f.String("rows", "", "rows to store as proof instead of some of the training data")
	f.String("expected", "", `JSON of what scikit-learn computed for the rows: {"sklearn": "1.9.1", "predict": [...], "predict_proba": [...]}`)
	f.String("input-format", "", "csv, json, jsonl, npy, npz, parquet; the default is told by content and extension")
	f.Bool("no-header", false, "csv: the first line is data")
}

// readTable reads a whole file of rows.
func readTable(cmd *cobra.Command, name string) (*rows.Table, error) {
	r, done, err := openRows(cmd, name)
	if err != nil {
		return nil, err
	}
	defer done()
	return rows.ReadAll(r)
}

// buildPackage makes the files of a package from a model and the flags of addPackage.
func buildPackage(cmd *cobra.Command, a []string) (*pack.Files, error) {
	data, _ := cmd.Flags().GetString("data")
	if len(a) > 1 {
		if data != "" {
			return nil, usagef("data is given twice: %s and %s", data, a[1])
		}
		data = a[1]
	}
	t, err := locate(cmd, a[0])
	if err != nil {
		return nil, err
	}
	m, file, err := t.read(cmd)
	if err != nil {
		return nil, err
	}
	c := pack.Content{Model: m, File: file, Writer: writer(), Now: time.Now(), Metrics: map[string]any{}}
	if data != "" {
		if c.Train, err = readTable(cmd, data); err != nil {
			return nil, err
		}
	}
	if c.Name, _ = cmd.Flags().GetString("target"); c.Name != "" {
		if data == "" {
			return nil, usagef("--target without --data")
		}
		col, err := c.Train.Take(c.Name)
		if err != nil {
			return nil, err
		}
		c.Target = &col
	}
	metrics, _ := cmd.Flags().GetStringArray("metric")
	for _, s := range metrics {
		name, value, ok := strings.Cut(s, "=")
		if !ok || name == "" {
			return nil, usagef("--metric %s: wanted NAME=VALUE", s)
		}
		c.Metrics[name] = value
		if f, err := strconv.ParseFloat(value, 64); err == nil {
			c.Metrics[name] = f
		}
	}
	if name, _ := cmd.Flags().GetString("rows"); name != "" {
		if c.Proof, err = readTable(cmd, name); err != nil {
			return nil, err
		}
	}
	if name, _ := cmd.Flags().GetString("expected"); name != "" {
		b, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		if c.Answers, c.ComputedBy, err = answers(name, b); err != nil {
			return nil, err
		}
	}
	f, err := pack.Build(cmd.Context(), c)
	if err != nil {
		var differs *pack.AnswerError
		if errors.As(err, &differs) {
			return nil, &codeError{exitRefused, err.Error()}
		}
		return nil, err
	}
	for _, n := range f.Notes {
		note("%s", n)
	}
	return f, nil
}

func writer() string {
	v, _ := version()
	return "larder " + v
}

// answers reads what scikit-learn computed: an object of methods, each an array by row, beside the release.
func answers(name string, b []byte) (map[string][]byte, string, error) {
	var all map[string]json.RawMessage
	if err := json.Unmarshal(b, &all); err != nil {
		return nil, "", usagef("%s: %v", name, err)
	}
	by := "the file of expected answers"
	var release string
	if json.Unmarshal(all["sklearn"], &release) == nil && release != "" {
		by = "scikit-learn " + release
	}
	out := map[string][]byte{}
	for k, v := range all {
		v = bytes.TrimSpace(v)
		switch {
		case k == "classes" || k == "columns" || len(v) == 0:
		case v[0] == '[':
			out[k] = fmt.Appendf(nil, `{"method":%q,"data":%s}`, k, v)
		case v[0] == '{':
			out[k] = v
		}
	}
	if len(out) == 0 {
		return nil, "", usagef("%s: no method's answers", name)
	}
	return out, by, nil
}

func validateCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "validate PREFIX|MODEL",
		Short: "does it still give the stored answers? are the files whole? with a release: may it be used there?",
		Args:  args(1, 1),
		RunE:  validate,
	}
	addOpen(cmd)
	addJSON(cmd)
	f := cmd.Flags()
	f.String("data", "", "the training data, for a package that stores no rows")
	f.String("target", "", "the column of the data that was learned, to be left out")
	f.String("sklearn", "", "compare the recorded release with this one")
	f.String("requirements", "", "compare the recorded release with the one that this requirements file or conda environment.yml pins")
	f.String("python", "", "Python that the environment markers of --requirements are asked of")
	f.String("input-format", "", "of --data")
	f.Bool("no-header", false, "of --data")
	return cmd
}

func validate(cmd *cobra.Command, a []string) error {
	asked, err := askedRuntime(cmd)
	if err != nil {
		return err
	}
	name := a[0]
	if prefix, ok := pack.Locate(name); ok {
		name = prefix
	}
	p, m, err := openPackage(cmd, name)
	if err != nil {
		return err
	}
	var data *rows.Table
	if name, _ := cmd.Flags().GetString("data"); name != "" {
		if data, err = readTable(cmd, name); err != nil {
			return err
		}
		if target, _ := cmd.Flags().GetString("target"); target != "" {
			if _, err := data.Take(target); err != nil {
				return err
			}
		}
	}
	c := &pack.Check{Package: a[0], Verdict: pack.Unproven, Made: "none", Methods: []pack.MethodCheck{}, Why: "the file stands alone: there are no stored answers"}
	if p != nil {
		if c, err = p.Validate(cmd.Context(), m, data); err != nil {
			return err
		}
	}
	if asked.Sklearn != "" {
		if c.Version, err = p.CompareRelease(m, asked.Sklearn); err != nil {
			return err
		}
	}
	if wantJSON(cmd) {
		if err := printJSON(stdout(cmd), c); err != nil {
			return err
		}
	} else {
		printCheck(stdout(cmd), styleOf(stdout(cmd)), c)
	}
	if c.Verdict == pack.Differs || c.Version != nil && c.Version.Level == "error" {
		return &codeError{exitRefused, ""}
	}
	return nil
}

func printCheck(w io.Writer, st style, c *pack.Check) {
	switch c.Verdict {
	case pack.Unproven:
		fmt.Fprintf(w, "unproven  %s  %s\n", printable(c.Package), printable(c.Why))
	default:
		verdict := st.green(string(c.Verdict))
		if c.Verdict != pack.OK {
			verdict = st.red(string(c.Verdict))
		}
		fmt.Fprintf(w, "%s  %s  stored rows %d of %d equal, largest difference %g%soutputs by %s\n", verdict, printable(c.Package), c.Equal, c.Rows, c.Largest, st.dot(), c.ComputedBy)
		if c.Why != "" {
			fmt.Fprintf(w, "    %s\n", printable(c.Why))
		}
	}
	if v := c.Version; v != nil {
		fmt.Fprintf(w, "%s  %s\n", v.Level, v.Message)
	}
}

// askedRuntime is what --sklearn or --requirements name, with --numpy, --scipy and --python where the verb has them; its Sklearn is ""
// where no release is asked for. What was concluded of a requirements file is noted.
func askedRuntime(cmd *cobra.Command) (larder.Runtime, error) {
	asked, _ := cmd.Flags().GetString("sklearn")
	name, _ := cmd.Flags().GetString("requirements")
	np, _ := cmd.Flags().GetString("numpy")
	sp, _ := cmd.Flags().GetString("scipy")
	python, _ := cmd.Flags().GetString("python")
	for _, v := range []string{asked, np, sp, python} {
		if _, err := larder.CompareReleases("", v); v != "" && err != nil {
			return larder.Runtime{}, err
		}
	}
	r := larder.Runtime{Sklearn: asked}
	if name != "" {
		if asked != "" {
			return larder.Runtime{}, usagef("--sklearn and --requirements")
		}
		var err error
		if r, err = larder.ReadRequirements(name, larder.RequirementsOptions{Python: python}); errors.Is(err, larder.ErrInput) {
			return r, usagef("%v", err)
		} else if err != nil {
			return r, err
		}
		for _, n := range r.Notes {
			note("%s", n)
		}
	}
	r.Numpy, r.Scipy, r.Python = cmp.Or(np, r.Numpy), cmp.Or(sp, r.Scipy), cmp.Or(python, r.Python)
	return r, nil
}
