package release

import (
	"testing"

	"github.com/larder-ml/larder/pyobj"
)

// From 1.3 to 1.8 classes that are words fail where the votes of all rows are counted together.
func TestWordsForNumbers(t *testing.T) {
	attrs := func(metric, weights string, p int, classes ...pyobj.Value) *pyobj.Dict {
		d := &pyobj.Dict{}
		for name, v := range map[string]pyobj.Value{"_fit_method": pyobj.Str("brute"), "weights": pyobj.Str(weights), "metric": pyobj.Str(metric), "p": pyobj.Int(p),
			"classes_": &pyobj.Array{DType: &pyobj.DType{Kind: 'O', Size: 8}, Shape: []int{len(classes)}, Objects: classes}} {
			d.Set(pyobj.Str(name), v)
		}
		return d
	}
	a, one, two := pyobj.Str("a"), pyobj.Str("1"), pyobj.Int(2)
	for _, c := range []struct {
		to    string
		attrs *pyobj.Dict
		want  string
	}{
		{"1.3.2", attrs("manhattan", "uniform", 2, one, a), "a"}, {"1.8.0", attrs("minkowski", "uniform", 3, a, one), "a"},
		{"1.2.2", attrs("manhattan", "uniform", 2, a), ""}, {"1.9.1", attrs("manhattan", "uniform", 2, a), ""},
		{"1.5.2", attrs("minkowski", "uniform", 2, a), ""}, {"1.5.2", attrs("cosine", "uniform", 2, a), ""},
		{"1.5.2", attrs("manhattan", "distance", 2, a), ""}, {"1.5.2", attrs("manhattan", "uniform", 2, two), ""},
		{"1.5.2", attrs("manhattan", "uniform", 2, one), ""},
	} {
		to, err := Find(c.to)
		if err != nil {
			t.Fatal(err)
		}
		if got := wordsForNumbers(c.attrs, to); got != c.want {
			t.Errorf("%s %v: %q, want %q", c.to, c.attrs, got, c.want)
		}
	}
}

// Rows stay sparse through scalers and selectors, and unions of both.
func TestSparsePrincipals(t *testing.T) {
	object := func(class string, attrs ...pyobj.Entry) *pyobj.Object {
		return &pyobj.Object{Make: pyobj.New, Class: &pyobj.Global{Module: "sklearn.x", Name: class}, State: &pyobj.Dict{Entries: attrs}}
	}
	list := func(of ...*pyobj.Object) pyobj.Value {
		l := &pyobj.List{}
		for _, o := range of {
			l.Items = append(l.Items, &pyobj.Tuple{Items: []pyobj.Value{pyobj.Str("n"), o}})
		}
		return l
	}
	onehot := object("KBinsDiscretizer", entry("encode", pyobj.Str("onehot")))
	dense := object("KBinsDiscretizer", entry("encode", pyobj.Str("ordinal")))
	pca := object("PCA")
	for i, c := range []struct {
		steps pyobj.Value
		fails bool
	}{
		{list(onehot, pca), true}, {list(dense, pca), false}, {list(onehot, object("MaxAbsScaler"), pca), true}, {list(onehot, object("TruncatedSVD"), pca), false},
		{list(object("FeatureUnion", entry("transformer_list", list(dense, onehot))), object("FeatureUnion", entry("transformer_list", list(dense, pca)))), true},
		{list(onehot, object("Pipeline", entry("steps", list(pca)))), true}, {list(pca, onehot), false},
	} {
		to, _ := Find("1.3.2")
		d := &pyobj.Dict{}
		d.Set(pyobj.Str("steps"), c.steps)
		s := &state{m: &migration{Options: Options{To: to}}, attrs: d, name: "Pipeline"}
		if err := s.sparsePrincipals(); (err != nil) != c.fails {
			t.Errorf("%d: %v", i, err)
		}
	}
}
