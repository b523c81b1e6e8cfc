// Package parity compares Larder with scikit-learn: on the committed fixtures, and on fresh models that gen.py has just
// fitted with random data and parameters (make parity).
package parity

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/larder-ml/larder"
	"github.com/larder-ml/larder/internal/fixture"
	"github.com/larder-ml/larder/internal/golden"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/tensor"
)

// TestFixtures runs every committed case of every release.
func TestFixtures(t *testing.T) {
	dirs, err := filepath.Glob(filepath.Join(fixture.Path(t, "sklearn"), "*"))
	if err != nil || len(dirs) == 0 {
		t.Fatal("no fixtures")
	}
	for _, dir := range dirs {
		older := sklearn.CompareVersions(filepath.Base(dir), "1.5") < 0 && sklearn.CompareVersions(filepath.Base(dir), "1.2.2") != 0
		t.Run(filepath.Base(dir), func(t *testing.T) { run(t, dir, "", older) })
	}
}

// TestLive runs the models of `make parity`.
func TestLive(t *testing.T) {
	dir := live(t)
	run(t, dir, filepath.Join(filepath.Dir(dir), "table.txt"), false)
}

// live is the folder of the models and answers of `make parity`.
func live(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("LARDER_PARITY")
	if dir == "" {
		t.Skip("LARDER_PARITY is not set: run make parity")
	}
	return dir
}

// models opens the models of the committed cases in a folder.
func models(t *testing.T, dir string) iter.Seq2[*golden.Case, *larder.Model] {
	t.Helper()
	paths, err := golden.CasePaths(dir)
	if err != nil || len(paths) == 0 {
		t.Fatal("no cases", err)
	}
	return func(yield func(*golden.Case, *larder.Model) bool) {
		for _, p := range paths {
			c, err := golden.ReadCase(p)
			if err != nil {
				t.Fatal(err)
			}
			m, err := larder.Open(c.ModelPath())
			if err != nil {
				t.Errorf("%s: %v", c.Name, err)
				continue
			}
			if !yield(c, m) {
				return
			}
		}
	}
}

// beside is an empty folder next to the live models, for what the real libraries are to load.
func beside(t *testing.T, name string) string {
	t.Helper()
	dir := filepath.Join(filepath.Dir(live(t)), name)
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// row is a line of the table: one method of one estimator over all settings and shapes.
type row struct {
	estimator, method           string
	settings                    map[string]bool
	equal, wrong, refused, same int // same: scikit-learn refuses and so does Larder
	worst                       float64
	class                       string
	at                          string
	sees                        float64 // the least error of those tried that at least one comparison found; 0: it has no floats
}

type table struct {
	rows    map[[2]string]*row
	unknown map[string]bool
	refused map[string]int     // words → how often
	named   map[[2]string]bool // estimator and method of scikit-learn's that Larder says it has not, and why
	words   []string           // refusals of both, side by side
	allow   []allowance
	older   bool // methods and types that another release chose are not compared, numbers are
}

func (tb *table) row(c *golden.Case, method string) *row {
	k := [2]string{c.Estimator, method}
	r := tb.rows[k]
	if r == nil {
		r = &row{estimator: c.Estimator, method: method, settings: map[string]bool{}}
		tb.rows[k] = r
	}
	r.settings[c.Setting] = true
	return r
}

func run(t *testing.T, dir, report string, older bool) {
	paths, err := golden.CasePaths(dir)
	if err != nil || len(paths) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	tb := &table{rows: map[[2]string]*row{}, unknown: map[string]bool{}, refused: map[string]int{}, named: map[[2]string]bool{}, allow: allowances(t), older: older}
	for _, p := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(p), ".json"), func(t *testing.T) {
			c, err := golden.ReadCase(p)
			if err != nil {
				t.Fatal(err)
			}
			c.Setting = short(c.Setting)
			tb.model(t, c)
		})
	}
	text := tb.String()
	t.Log("\n" + text)
	if report != "" {
		for _, r := range tb.rows {
			if r.sees > 1e-5 {
				t.Errorf("%s.%s: none of its %d comparisons sees an error of a hundred-thousandth", r.estimator, r.method, r.equal)
			}
		}
		text += "\nrefused by both, scikit-learn's words | Larder's\n" + strings.Join(tb.words, "\n") + "\n"
		if err := os.WriteFile(report, []byte(text), 0o644); err != nil {
			t.Error(err)
		}
	}
}

func (tb *table) model(t *testing.T, c *golden.Case) {
	m, err := larder.Open(c.ModelPath())
	if err == nil {
		_, err = m.Estimator()
	}
	var unknown *sklearn.UnknownClassError
	if errors.As(err, &unknown) {
		tb.unknown[unknown.Class] = true
	}
	if err != nil && !errors.Is(err, larder.ErrUnsupported) {
		t.Fatalf("%s: %v", c.Setting, err)
	}
	if err == nil && !tb.older {
		for _, have := range m.Methods() {
			if !slices.Contains(c.Methods, have) {
				t.Errorf("%s: Larder has %s, scikit-learn has not", c.Setting, have)
			}
		}
		for _, other := range c.Others {
			var why *sklearn.MethodError
			if err := m.Can(other); !errors.As(err, &why) || !why.Refused {
				t.Errorf("%s: scikit-learn has %s, Larder does not say why not: %v", c.Setting, other, err)
			}
			tb.named[[2]string{c.Estimator, other}] = true
		}
	}
	for i := range c.Outputs {
		out := &c.Outputs[i]
		r := tb.row(c, out.Method)
		if err != nil {
			tb.refusal(t, c, out, r, err)
			continue
		}
		got, runErr := compute(m, c, out)
		switch {
		case out.Refusal != "" && runErr == nil:
			if tb.allowed("answers", c, out, out.Refusal) {
				r.same++
				continue
			}
			r.wrong++
			t.Errorf("%s: %s of %q: scikit-learn refuses (%s), Larder answers", c.Setting, out.Method, out.Input, out.Refusal)
		case out.Refusal != "":
			if !errors.Is(runErr, larder.ErrInput) && !errors.Is(runErr, larder.ErrUnsupported) {
				t.Errorf("%s: %s of %q: scikit-learn refuses (%s), Larder fails: %v", c.Setting, out.Method, out.Input, out.Refusal, runErr)
			}
			r.same++
			tb.words = append(tb.words, fmt.Sprintf("%s %s %q: %s | %v", c.Estimator, out.Method, out.Input, out.Refusal, runErr))
		case runErr != nil:
			tb.refusal(t, c, out, r, runErr)
		default:
			if n, takes := m.NFeatures(), columns(c.Inputs[out.Input]); !strings.HasPrefix(out.Input, "bad ") && n != takes && n > 0 && takes > 0 && out.Method != sklearn.MethodInverseTransform {
				t.Errorf("%s: %s of %q: scikit-learn takes its %d columns, Larder says %d", c.Setting, out.Method, out.Input, takes, n)
			}
			out.AnyWidth = tb.older
			d := golden.Compare(got, out)
			if d.Worst >= r.worst {
				r.worst, r.class, r.at = d.Worst, out.Tolerance, c.Name+" "+out.Input
			}
			if d.OK() {
				r.equal++
				r.sees = sharper(r.sees, got, out)
			} else {
				r.wrong++
				t.Errorf("%s: %s of %q (%s): %s", c.Setting, out.Method, out.Input, out.Tolerance, d)
			}
		}
	}
}

// columns is the width of a matrix, 0 of anything else.
func columns(v *golden.Value) int {
	switch {
	case v == nil:
	case v.Dense != nil && len(v.Dense.Shape) == 2:
		return v.Dense.Shape[1]
	case v.Sparse != nil:
		return v.Sparse.Cols
	}
	return 0
}

// sharper gives the lesser of an error that was seen and of the least one that this comparison sees.
func sharper(sees float64, got *golden.Value, out *golden.Output) float64 {
	for _, by := range []float64{1e-11, 1e-9, 1e-7, 1e-5, 1e-3, math.Inf(1)} {
		if by >= sees && sees > 0 {
			break
		}
		if moved, any := golden.Shaken(got, by); any && (math.IsInf(by, 1) || !golden.Compare(moved, out).OK()) {
			return by
		}
	}
	return sees
}

// compute runs one method as the case describes.
func compute(m *larder.Model, c *golden.Case, out *golden.Output) (*golden.Value, error) {
	if out.Method == "get_feature_names_out" {
		est, err := m.Estimator()
		if err != nil {
			return nil, err
		}
		names, err := sklearn.FeatureNames(est, m.FeatureNames())
		if err != nil {
			return nil, err
		}
		return &golden.Value{Dense: tensor.FromStr(names)}, nil
	}
	res, err := m.Run(context.Background(), out.Method, c.Inputs[out.Input].Rows())
	if err != nil {
		return nil, err
	}
	values := make([]tensor.Value, len(res.Outputs))
	for i, o := range res.Outputs {
		values[i] = o.Value
	}
	return golden.Of(values...), nil
}

// refusal notes that Larder refuses what scikit-learn computes; only a listed reason excuses it.
func (tb *table) refusal(t *testing.T, c *golden.Case, out *golden.Output, r *row, err error) {
	if out.Refusal != "" {
		r.same++
		return
	}
	r.refused++
	tb.refused[fmt.Sprintf("%s.%s: %v", c.Estimator, out.Method, err)]++
	if !tb.allowed("refuses", c, out, err.Error()) {
		t.Errorf("%s: %s of %q: refused: %v", c.Setting, out.Method, out.Input, err)
	}
}

// allowance is a line of allow.txt, and how often it was needed.
type allowance struct {
	kind, estimator, method, input, words, reason string

	needed int
}

func allowances(t *testing.T) []allowance {
	b, err := os.ReadFile(filepath.Join(fixture.Root(t), "parity", "allow.txt"))
	if err != nil {
		t.Fatal(err)
	}
	var all []allowance
	for i, line := range strings.Split(string(b), "\n") {
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		f := strings.Split(line, "|")
		if len(f) != 6 {
			t.Fatalf("allow.txt:%d: %d fields, want 6", i+1, len(f))
		}
		for j := range f {
			f[j] = strings.TrimSpace(f[j])
		}
		if f[5] == "" || !slices.Contains([]string{"refuses", "answers", "older"}, f[0]) {
			t.Fatalf("allow.txt:%d: want refuses, answers or older, and a reason", i+1)
		}
		all = append(all, allowance{kind: f[0], estimator: f[1], method: f[2], input: f[3], words: f[4], reason: f[5]})
	}
	return all
}

func (tb *table) allowed(kind string, c *golden.Case, out *golden.Output, words string) bool {
	match := func(pattern, s string) bool {
		ok, err := path.Match(pattern, s)
		return ok && err == nil
	}
	for i, a := range tb.allow {
		if (a.kind == kind || a.kind == "older" && kind == "answers" && sklearn.Older(c.Release, "1.9")) && match(a.estimator, c.Estimator) && match(a.method, out.Method) && match(a.input, out.Input) && strings.Contains(words, a.words) {
			tb.allow[i].needed++
			return true
		}
	}
	return false
}

func (tb *table) String() string {
	var rows []*row
	for _, r := range tb.rows {
		rows = append(rows, r)
	}
	slices.SortFunc(rows, func(a, b *row) int { return strings.Compare(a.estimator+a.method, b.estimator+b.method) })
	var s strings.Builder
	fmt.Fprintf(&s, "%-32s %-26s %8s %6s %6s %7s %7s  %-22s %-6s %s\n", "estimator", "method", "settings", "equal", "wrong", "refused", "refuse2", "worst difference", "sees", "where")
	var equal, wrong, refused, same int
	names := map[string]bool{}
	for _, r := range rows {
		worst := ""
		if r.equal+r.wrong > 0 {
			unit := " of the largest"
			if r.class == string(golden.Exact) || r.class == string(golden.ULP8) {
				unit = " ulp"
			}
			worst = "bit-equal"
			if r.worst > 0 {
				worst = fmt.Sprintf("%.2g%s", r.worst, unit)
			}
			if math.IsInf(r.worst, 0) {
				worst = "differs"
			}
		}
		sees := ""
		if r.sees > 0 {
			sees = fmt.Sprintf("%.0g", r.sees)
		}
		fmt.Fprintf(&s, "%-32s %-26s %8d %6d %6d %7d %7d  %-22s %-6s %s\n", r.estimator, r.method, len(r.settings), r.equal, r.wrong, r.refused, r.same, worst, sees, r.at)
		equal, wrong, refused, same = equal+r.equal, wrong+r.wrong, refused+r.refused, same+r.same
		names[r.estimator] = true
	}
	fmt.Fprintf(&s, "%d estimators: %d outputs equal, %d differ, %d refused by Larder alone, %d refused by both\n", len(names), equal, wrong, refused, same)
	of := map[string]int{}
	for at := range tb.named {
		of[at[1]]++
	}
	fmt.Fprintf(&s, "%d methods of estimators computed, %d others of scikit-learn's refused by name:", len(tb.rows), len(tb.named))
	for _, method := range sorted(of) {
		fmt.Fprintf(&s, " %s %d", method, of[method])
	}
	s.WriteString("\n")
	if len(tb.refused) > 0 {
		s.WriteString("refused by Larder alone:\n")
		for _, w := range sorted(tb.refused) {
			fmt.Fprintf(&s, "  %d × %s\n", tb.refused[w], w)
		}
	}
	s.WriteString("lines of allow.txt that nothing here needed (the ladder of releases and rarer draws need some):\n")
	for _, a := range tb.allow {
		if a.needed == 0 {
			fmt.Fprintf(&s, "  %s | %s | %s | %s | %s\n", a.kind, a.estimator, a.method, a.input, a.words)
		}
	}
	if len(tb.unknown) > 0 {
		fmt.Fprintf(&s, "classes without a reader: %d: %s\n", len(tb.unknown), strings.Join(sorted(tb.unknown), " "))
	}
	return s.String()
}

func sorted[V any](m map[string]V) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
