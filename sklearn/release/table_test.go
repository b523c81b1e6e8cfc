package release

import (
	"errors"
	"testing"

	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/source"
)

func find(t *testing.T, version string) *Release {
	t.Helper()
	r, err := Find(version)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestTableKnowsTheReleases(t *testing.T) {
	if r := find(t, "1.4"); r.Version != "1.4.2" || r.Minor != "1.4" {
		t.Errorf("1.4 is %+v", r)
	}
	if r := find(t, "1.9.0rc1"); r.Version != "1.9.0rc1" || r.Minor != "1.9" || r.Before("1.9") || !r.Before("1.10") {
		t.Errorf("1.9.0rc1 is %+v", r)
	}
	for _, v := range []string{"", "1", "0.24.2", "2.0", "1.10", "latest"} {
		if _, err := Find(v); !errors.Is(err, source.ErrUnsupported) {
			t.Errorf("Find(%q): %v", v, err)
		}
	}
}

func TestTableKnowsClassesByRelease(t *testing.T) {
	old, last := find(t, "1.2"), find(t, "1.9")
	c, d := old.Class("LogisticRegression"), last.Class("LogisticRegression")
	if c == nil || d == nil || c.Home != "sklearn.linear_model._logistic" || d.Home != c.Home {
		t.Fatalf("LogisticRegression: %+v, %+v", c, d)
	}
	if p := c.Param("multi_class"); p == nil || p.Default != pyobj.Str("auto") {
		t.Errorf("multi_class of 1.2: %+v", p)
	}
	if d.Param("multi_class") != nil {
		t.Error("1.9 has multi_class")
	}
	if !d.Knows("coef_") || !d.Knows("n_features_in_") || d.Knows("multi_class") {
		t.Error("attributes of 1.9's LogisticRegression")
	}
	if old.Class("TargetEncoder") != nil || last.Class("TargetEncoder") == nil {
		t.Error("TargetEncoder came in 1.3")
	}
	if !last.Importable("sklearn._loss._loss", "CyHalfSquaredError") || last.Importable("sklearn.ensemble._gb_losses", "BinomialDeviance") ||
		!old.Importable("sklearn.ensemble._gb_losses", "BinomialDeviance") {
		t.Error("names of losses")
	}
	if h := last.Home("_PassthroughScorer"); h != "sklearn.metrics._scorer" {
		t.Errorf("_PassthroughScorer is in %q", h)
	}
}
