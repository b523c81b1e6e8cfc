package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/larder-ml/larder"
	"github.com/larder-ml/larder/rows"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/sklearn/release"
	"github.com/larder-ml/larder/tensor"
)

func migrateCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "migrate MODEL --sklearn VERSION -o OUT",
		Short: "rewrite a model for another release of scikit-learn, which computes the same numbers from it",
		Long: `Rewrites a model for another release of scikit-learn, 1.0 to 1.9, older or newer than the one that wrote it. That release
loads the result without a warning and computes the same numbers. Every change is listed. Where the release has no such
behaviour another estimator with the same numbers takes its place, which is said; where there is none, the model is
refused. The numbers of both models are compared on the rows of -i, or on made-up ones, before anything is written.`,
		Example: `  larder migrate model.pkl --sklearn 1.9 -o model.joblib
  larder migrate model.joblib --sklearn 1.2.2 -o old.pkl -i rows.csv --json
  larder migrate model.joblib --requirements requirements-model.txt -o model-there.joblib`,
		Args: args(1, 1),
		RunE: migrate,
	}
	addOpen(cmd)
	addData(cmd)
	addJSON(cmd)
	f := cmd.Flags()
	f.StringP("output", "o", "", "file to write; - for standard output with --to")
	f.String("to", "", "form: "+strings.Join(larder.Forms(), ", ")+"; the default is OUT's extension")
	f.String("compress", "", "joblib: zlib:3, gzip:3, bz2:9, lzma:3, xz:3, lz4:1, none; the default is zlib:3")
	f.Int("protocol", 0, "pickle protocol, 2 to 5; the default is 4")
	f.Bool("dry-run", false, "say what would change; write nothing")
	addMigrate(cmd)
	return cmd
}

// addMigrate adds the flags that name a target release.
func addMigrate(cmd *cobra.Command) {
	f := cmd.Flags()
	f.String("sklearn", "", "release to write for, 1.0 to 1.9")
	f.String("requirements", "", "or what this requirements file or conda environment.yml pins: scikit-learn, numpy and Python")
	f.String("numpy", "", "numpy it runs with; the default is the oldest that the release takes, whose names later ones understand")
	f.String("python", "", "Python it runs on; the default is the oldest that the release takes")
	f.Bool("float32", false, "keep the answers to float32 rows too, where that takes another class (StandardScaler)")
	f.StringSlice("without", nil, "methods whose numbers need not stay, where the model can not be expressed with them")
}

// migrated rewrites a model as the flags of addMigrate say and sets the form's protocol to one that the Python reads.
func migrated(cmd *cobra.Command, m *larder.Model, form *larder.Form) (*larder.Model, *release.Report, error) {
	f := cmd.Flags()
	var o larder.MigrateOptions
	asked, err := askedRuntime(cmd)
	if err != nil {
		return nil, nil, err
	}
	o.Sklearn = asked.Sklearn
	o.Float32, _ = f.GetBool("float32")
	o.Without, _ = f.GetStringSlice("without")
	if o.Sklearn == "" {
		return nil, nil, usagef("--sklearn or --requirements is wanted: the release to write for")
	}
	to, err := release.Find(o.Sklearn)
	if err != nil {
		return nil, nil, usagef("scikit-learn %s: known are %s", o.Sklearn, strings.Join(release.Releases(), ", "))
	}
	needs := release.EnvironmentOf(to.Version)
	if v := asked.Numpy; v != "" {
		if sklearn.CompareVersions(v, needs.Numpy) < 0 {
			return nil, nil, usagef("numpy %s: scikit-learn %s wants %s or later", v, to.Version, needs.Numpy)
		}
		o.Numpy2 = sklearn.CompareVersions(v, "2") >= 0
	}
	python := asked.Python
	if python == "" {
		python = needs.Python
	} else if sklearn.CompareVersions(python, needs.Python) < 0 {
		return nil, nil, usagef("Python %s: scikit-learn %s wants %s or later", python, to.Version, needs.Python)
	}
	if form.Protocol > 4 && sklearn.CompareVersions(python, "3.8") < 0 {
		return nil, nil, usagef("--protocol %d: Python %s does not read it", form.Protocol, python)
	}
	return m.Migrate(o)
}

func migrate(cmd *cobra.Command, a []string) error {
	out, _ := cmd.Flags().GetString("output")
	dry, _ := cmd.Flags().GetBool("dry-run")
	if out == "" && !dry {
		return usagef("-o is wanted: the file to write, - for standard output")
	}
	form := larder.Form{Format: "pickle"}
	if to, _ := cmd.Flags().GetString("to"); out != "" || to != "" {
		var err error
		if form, err = targetForm(cmd, out); err != nil {
			return err
		}
	}
	if !slices.Contains(larder.Forms(), form.Format) {
		return usagef("%s holds no scikit-learn objects: %s do", form.Format, strings.Join(larder.Forms(), ", "))
	}
	m, err := openModel(cmd, a[0])
	if err != nil {
		return err
	}
	n, report, err := migrated(cmd, m, &form)
	if err != nil {
		return err
	}
	diff, err := checkMigrated(cmd, m, n, report)
	if err != nil {
		return err
	}
	to, err := newConverted(cmd.Context(), out, dry)
	if err != nil {
		return err
	}
	defer to.discard()
	if err := n.Encode(to, form); err != nil {
		return err
	}
	if err := to.commit(stdout(cmd)); err != nil || !dry && out == "-" {
		return err
	}
	return printMigrated(cmd, out, form, to.size(), report, diff)
}

// printMigrated reports what was changed.
func printMigrated(cmd *cobra.Command, out string, form larder.Form, bytes int64, report *release.Report, diff *rows.Difference) error {
	if wantJSON(cmd) {
		return printJSON(stdout(cmd), map[string]any{"output": out, "format": form.Format, "bytes": bytes, "from": report.From, "to": report.To,
			"changes": report.Changes, "notes": report.Notes, "check": diff})
	}
	w, st := stdout(cmd), styleOf(stdout(cmd))
	from := strings.Join(report.From, ", ")
	if from == "" {
		from = "no recorded release"
	}
	name := out
	if name == "" {
		name = "(not written)"
	}
	line := fmt.Sprintf("%s  %s%s%s%sscikit-learn %s %s %s", name, form.Format, st.dot(), size(bytes), st.dot(), from, st.arrow(), report.To)
	if diff != nil {
		line += fmt.Sprintf("%sequal on %d rows, largest difference %g", st.dot(), diff.Rows, diff.Largest)
	}
	fmt.Fprintln(w, line)
	for _, s := range report.Notes {
		fmt.Fprintln(w, "  note: "+st.text(s))
	}
	type group struct {
		c  release.Change
		at []string
	}
	var groups []*group
	index := map[release.Change]*group{}
	for _, c := range report.Changes {
		key := c
		key.Path = ""
		g := index[key]
		if g == nil {
			g = &group{c: c}
			index[key] = g
			groups = append(groups, g)
		}
		g.at = append(g.at, c.Path)
	}
	if len(groups) == 0 {
		fmt.Fprintln(w, "  nothing to change")
	}
	for _, g := range groups {
		where := g.at[0]
		if len(g.at) > 1 {
			where += fmt.Sprintf(" and %d more", len(g.at)-1)
		}
		what := string(g.c.Action)
		if g.c.Attr != "" {
			what = g.c.Attr + " " + what
		}
		if g.c.Detail != "" {
			what += ": " + g.c.Detail
		}
		fmt.Fprintf(w, "  %s (%s): %s\n", printable(where), printable(g.c.Class), st.text(what))
	}
	return nil
}

// migrateTolerance is how far sums may move, as part of the largest.
const migrateTolerance = 1e-11

// checkMigrated runs every method that both models have on the same rows and refuses a difference. Methods that are gone
// are added to the notes.
func checkMigrated(cmd *cobra.Command, m, n *larder.Model, report *release.Report) (*rows.Difference, error) {
	if _, err := m.Estimator(); err != nil {
		return nil, nil //nolint:nilerr // several models in one file, which were bound one by one
	}
	v, err := checkRows(cmd, m)
	if err != nil {
		if name, _ := cmd.Flags().GetString("input"); name != "" {
			return nil, err
		}
		return nil, nil //nolint:nilerr // no rows can be made up for it
	}
	without, _ := cmd.Flags().GetStringSlice("without")
	all := &rows.Difference{Rows: v.Rows(), Equal: v.Rows()}
	for _, method := range m.Methods() {
		if !slices.Contains(n.Methods(), method) {
			report.Notes = append(report.Notes, method+" is not there any more.")
			continue
		}
		if method == "inverse_transform" || slices.Contains(without, method) || strings.HasPrefix(method, "staged_") {
			continue
		}
		x := v
		if slices.Contains(report.Complete, method) {
			x = complete(v)
		} else if _, err := n.Run(cmd.Context(), method, x); errors.Is(err, larder.ErrInput) {
			x = complete(v) // a release may refuse NaN where the writing one took it
		}
		d, err := compareMethod(cmd.Context(), m, n, method, x)
		if err != nil {
			return nil, err
		}
		if d.Equal < d.Rows && method == sklearn.MethodPredictLogProba && slices.Contains(n.Methods(), sklearn.MethodPredictProba) {
			// releases differ in what they make of a probability that rounds to 0
			p, err := compareMethod(cmd.Context(), m, n, sklearn.MethodPredictProba, x)
			if err != nil {
				return nil, err
			}
			if p.Equal == p.Rows {
				report.Notes = append(report.Notes, fmt.Sprintf("%s differs on %s, where the probabilities are equal.", method, differing(d)))
				continue
			}
		}
		if d.Equal < d.Rows && method == sklearn.MethodKNeighbors {
			tied, err := tiedNeighbours(cmd.Context(), m, n, x)
			if err != nil {
				return nil, err
			}
			if tied {
				report.Notes = append(report.Notes, fmt.Sprintf("%s: neighbours at equal distances come in another order, or others of them (%s).", method, d.First))
				continue
			}
		}
		joinDifference(all, method, d)
	}
	if all.Equal < all.Rows {
		hint := ""
		if method, _, ok := strings.Cut(all.First, ":"); ok && method != m.DefaultMethod() {
			hint = "; --without " + method + " promises nothing of that method"
		}
		return nil, &codeError{exitRefused, fmt.Sprintf("the model for scikit-learn %s would differ on %s; nothing was written%s", report.To, differing(all), hint)}
	}
	return all, nil
}

// differing says on how many rows two models differ, by how much, and where first.
func differing(d *rows.Difference) string {
	by := ""
	if d.Largest > 0 {
		by = fmt.Sprintf(", by up to %g", d.Largest)
	}
	return fmt.Sprintf("%d of %d rows%s (%s)", d.Rows-d.Equal, d.Rows, by, d.First)
}

// compareMethod compares the answers of two models to the same rows.
func compareMethod(ctx context.Context, m, n *larder.Model, method string, x tensor.Value) (*rows.Difference, error) {
	p, err := answer(ctx, m, method, x, true)
	if err != nil {
		return nil, err
	}
	q, err := answer(ctx, n, method, x, true)
	if err != nil {
		return nil, err
	}
	return rows.Compare(p, q, migrateTolerance)
}

// tiedNeighbours tells whether both models find neighbours at the same distances, and the same ones but for the order of those
// that tie, and for those at the last distance, which others may share.
func tiedNeighbours(ctx context.Context, m, n *larder.Model, x tensor.Value) (bool, error) {
	var found [2][]byte
	for k, model := range []*larder.Model{m, n} {
		res, err := model.Run(ctx, sklearn.MethodKNeighbors, x)
		if err != nil {
			return false, err
		}
		var index []int64
		var distance func(i int) float64
		cols := 0
		for _, o := range res.Outputs {
			switch d := o.Dense; {
			case d == nil || len(d.Shape) != 2:
				return false, nil
			case d.I64 != nil:
				index, cols = d.I64, d.Shape[1]
			case d.F32 != nil:
				distance = func(i int) float64 { return float64(d.F32[i]) }
			default:
				distance = func(i int) float64 { return d.F64[i] }
			}
		}
		if index == nil || distance == nil {
			return false, nil
		}
		for row := 0; row < len(index); row += cols {
			for from := row; from < row+cols; {
				to := from + 1
				for to < row+cols && distance(to) == distance(from) {
					to++
				}
				if slices.Sort(index[from:to]); to == row+cols {
					clear(index[from:to])
				}
				from = to
			}
		}
		if found[k], err = rows.AppendJSON(nil, res, false); err != nil {
			return false, err
		}
	}
	d, err := rows.Compare(found[0], found[1], migrateTolerance)
	return err == nil && d.Equal == d.Rows, err
}

// complete leaves out the rows of a matrix or frame that hold missing values, unless all do.
func complete(v tensor.Value) tensor.Value {
	var missing func(i int) bool
	switch d, f := v.Dense, v.Frame; {
	case d != nil && d.F64 != nil && len(d.Shape) == 2:
		missing = func(i int) bool { return slices.ContainsFunc(d.F64[i*d.Shape[1]:][:d.Shape[1]], math.IsNaN) }
	case f != nil:
		missing = func(i int) bool {
			return slices.ContainsFunc(f.Columns, func(c *tensor.Tensor) bool { return c.Cell(i).Kind == tensor.CellNone || c.Cell(i).IsNaN() })
		}
	default:
		return v
	}
	var whole []int
	for i := range v.Rows() {
		if !missing(i) {
			whole = append(whole, i)
		}
	}
	if len(whole) == 0 {
		return v
	}
	return *(&rows.Table{Value: &v, N: v.Rows()}).Slice(whole).Value
}
