package larder_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/larder-ml/larder"
	"github.com/larder-ml/larder/internal/fixture"
	"github.com/larder-ml/larder/tensor"
)

func openFixture(t *testing.T, name string) *larder.Model {
	t.Helper()
	m, err := larder.Open(filepath.Join(fixture.Path(t, "fingerprint"), name))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func said(changes []larder.Change) string {
	var b strings.Builder
	for _, c := range changes {
		b.WriteString(c.Kind + " " + c.Path + " " + c.Text + "\n")
	}
	return b.String()
}

func TestDiff(t *testing.T) {
	a := openFixture(t, "model.joblib")
	for _, name := range []string{"model.skops", "model.p0.pkl", "model.lzma.joblib", "model.again.joblib"} {
		if got := said(larder.Diff(a, openFixture(t, name))); got != "" {
			t.Errorf("%s:\n%s", name, got)
		}
	}
	for name, want := range map[string]string{
		"other.parameters.joblib": "parameter forest__n_estimators forest__n_estimators: 3 -> 4\ntrees model.steps[1] estimators_: 3 trees -> 4, 3 of the first 3 the same, nodes 27 -> 36\n",
		"other.data.joblib": "learned model.steps[0].transformers_[0] mean_: 1 of 2 changed, by up to 4.429e-05 (largest was 0.4429)\n" +
			"learned model.steps[0].transformers_[0] var_: 1 of 2 changed, by up to 0.0002341 (largest was 1.17)\n" +
			"learned model.steps[0].transformers_[0] scale_: 1 of 2 changed, by up to 0.0001082 (largest was 1.082)\n",
	} {
		if got := said(larder.Diff(a, openFixture(t, name))); got != want {
			t.Errorf("%s:\n%s\nwant\n%s", name, got, want)
		}
	}
}

func TestDiffOfDifferentModels(t *testing.T) {
	root := fixture.Shared(t, "data/sklearn-old")
	open := func(name string) *larder.Model {
		m, err := larder.Open(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	for _, c := range []struct{ a, b, want string }{
		{"1.8.0/Pipe.pkl", "1.9.1/Pipe.pkl", "version model scikit-learn 1.8.0 -> 1.9.1"},
		{"1.9.1/DTC.pkl", "1.9.1/DTC_str.pkl", "class model gone: 0, 1, 2"},
		{"1.9.1/DTC.pkl", "1.9.1/DTC_str.pkl", "parameter max_depth max_depth: None -> 3"},
		{"1.9.1/DTC.pkl", "1.9.1/DTC_str.pkl", "trees model tree_: 1 tree -> 1, 0 of the first 1 the same, nodes 25 -> 15, deepest 6 -> 3"},
		{"1.9.1/LogReg_bin.pkl", "1.9.1/LogReg_multi.pkl", "learned model coef_: shape [1 4] -> [3 4]"},
		{"1.9.1/Pipe.pkl", "1.9.1/CT_pipe.pkl", "step model.steps[0] StandardScaler -> ColumnTransformer"},
		{"1.9.1/Grid.pkl", "1.9.1/Calib.pkl", "parameter estimator estimator: LogisticRegression() -> DecisionTreeClassifier(max_depth=3, random_state=0)"},
		{"0.19.2/SVC.pkl", "1.9.1/SVC.pkl", "parameter gamma gamma: 0.25 -> 'scale'"},
	} {
		got := said(larder.Diff(open(c.a), open(c.b)))
		if !strings.Contains("\n"+got, "\n"+c.want+"\n") {
			t.Errorf("%s %s: no %q in\n%s", c.a, c.b, c.want, got)
		}
	}
	if got := said(larder.Diff(open("0.19.2/SVC.pkl"), open("1.9.1/SVC.pkl"))); strings.Contains(got, "type ") {
		t.Errorf("a module that moved is no other type:\n%s", got)
	}
	x := larder.Floats([][]float64{{0.5, 0.5, 0.5, 0.5}, {-2, 0, 0, 1}, {3, 1, 0, -1}})
	moves, err := larder.Moves(context.Background(), open("1.9.1/LogReg_bin.pkl"), open("1.9.1/LogReg_multi.pkl"), x, x)
	if err != nil || len(moves) != 3 || !moves[0].Labels || moves[0].Rows != 3 || moves[1].Why == "" {
		t.Errorf("%+v, %v", moves, err)
	}
	moves, err = larder.Moves(context.Background(), open("1.9.1/Ridge.pkl"), open("1.9.1/Lasso.pkl"), x, x)
	if err != nil || len(moves) != 1 || moves[0].Labels || moves[0].Changed != 3 || moves[0].Largest < moves[0].Mean || moves[0].Mean == 0 {
		t.Errorf("%+v, %v", moves, err)
	}
	texts := tensor.Value{Dense: tensor.FromStr([]string{"the cat", "no word of it"})}
	if moves, err = larder.Moves(context.Background(), open("1.9.1/CV.pkl"), open("1.9.1/CV.pkl"), texts, texts); err != nil || len(moves) != 1 || moves[0].Changed != 0 {
		t.Errorf("%+v, %v", moves, err)
	}
}

// TestDiffContainers: what a dict, list or tuple holds is compared by key or place, and steps by name.
func TestDiffContainers(t *testing.T) {
	open := func(text string) *larder.Model {
		m, err := larder.OpenBytes([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	normalizer := func(norm string) string {
		return "csklearn.preprocessing._data\nNormalizer\n)\x81(dVnorm\nV" + norm + "\nsVcopy\nI01\nsV_sklearn_version\nV1.9.1\nsb"
	}
	pair := func(name, v string) string { return "V" + name + "\n" + v + "s" }
	dict := func(items string) *larder.Model { return open("\x80\x02(d" + items + ".") }
	a := dict(pair("first", normalizer("l1")) + pair("second", normalizer("l2")) + pair("note", "Vx\n"))
	for want, b := range map[string]*larder.Model{
		"": dict(pair("note", "Vx\n") + pair("second", normalizer("l2")) + pair("first", normalizer("l1"))),
		"parameter model.second.norm norm: 'l2' -> 'max'\n":                      dict(pair("first", normalizer("l1")) + pair("second", normalizer("max")) + pair("note", "Vx\n")),
		"value model.note 'x' -> 'y'\n":                                          dict(pair("first", normalizer("l1")) + pair("second", normalizer("l2")) + pair("note", "Vy\n")),
		"step model.second Normalizer is gone\nvalue model.note \"x\" is gone\n": dict(pair("first", normalizer("l1"))),
	} {
		if got := said(larder.Diff(a, b)); got != want && !(want == "" && strings.HasPrefix(got, "learned model something")) {
			t.Errorf("%s\nwant\n%s", got, want)
		}
	}
	steps := func(items string) *larder.Model {
		return open("\x80\x02csklearn.pipeline\nPipeline\n)\x81(dVsteps\n(l" + items + "sVmemory\nNsVverbose\nI00\nsV_sklearn_version\nV1.9.1\nsb.")
	}
	step := func(name, v string) string { return "(V" + name + "\n" + v + "ta" }
	one := steps(step("scale", normalizer("l1")))
	two := steps(step("first", normalizer("l2")) + step("scale", normalizer("max")))
	if got, want := said(larder.Diff(one, two)), "step model.steps[0] Normalizer is new\n"; !strings.HasPrefix(got, want) || !strings.Contains(got, "parameter scale__norm scale__norm: 'l1' -> 'max'\n") {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}

// TestDiffInside: what an estimator keeps for itself is compared too.
func TestDiffInside(t *testing.T) {
	open := func(release string) *larder.Model {
		m, err := larder.Open(filepath.Join(fixture.Path(t, "sklearn/"+release), "TfidfVectorizer.pkl"))
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	if got := said(larder.Diff(open("1.2.2"), open("1.9.1"))); !strings.Contains(got, "learned model._tfidf idf_ is new\n") {
		t.Errorf("%s", got)
	}
	if got := said(larder.Diff(open("1.9.1"), open("1.9.1"))); got != "" {
		t.Errorf("%s", got)
	}
}
