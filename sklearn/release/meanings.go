package release

import (
	"fmt"
	"slices"
	"strings"

	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/sklearn"
)

// meaning is one object's state, the release that wrote it and the one that would read it.
type meaning struct {
	a     *pyobj.Dict
	class string
	from  string
	to    *Release
	numpy string
}

// writtenBefore reports that the state is older than a release.
func (m *meaning) writtenBefore(v string) bool { return sklearn.CompareVersions(m.from, v) < 0 }

func (m *meaning) word(name string) string {
	s, _ := pyobj.Text(m.a.Get(name))
	return s
}

// rows returns the first two sizes of an array.
func (m *meaning) shape(name string) []int {
	if a, ok := m.a.Get(name).(*pyobj.Array); ok {
		return a.Shape
	}
	return nil
}

var (
	proba   = []string{"predict_proba", "predict_log_proba"}
	predict = []string{"predict"}
	all     = []string{"predict", "predict_proba", "predict_log_proba", "decision_function"}
)

// meanings are the states that two releases read differently though every attribute is there.
var meanings = []struct {
	classes []string
	tell    func(m *meaning) (methods []string, silent bool, text string)
}{
	{[]string{"DecisionTreeClassifier", "ExtraTreeClassifier"}, func(m *meaning) ([]string, bool, string) {
		if m.writtenBefore("1.4") && !m.to.Before("1.4") {
			return proba, true, "leaves hold class counts, as before 1.4, and are taken for probabilities"
		}
		return nil, false, ""
	}},
	{[]string{"LogisticRegression", "LogisticRegressionCV"}, logisticRule},
	{[]string{"AdaBoostClassifier"}, func(m *meaning) ([]string, bool, string) {
		real := m.word("algorithm") == "SAMME.R"
		if real && m.writtenBefore("1.6") && !m.to.Before("1.6") {
			return all, true, "fitted with SAMME.R, which 1.6 and later read as SAMME"
		}
		return nil, false, ""
	}},
	{[]string{"PLSRegression", "PLSCanonical", "CCA"}, partialLeastSquares},
	{[]string{"LinearDiscriminantAnalysis"}, func(m *meaning) ([]string, bool, string) {
		if s := m.shape("coef_"); m.writtenBefore("0.21") && len(s) == 2 && s[0] > 1 {
			return proba, true, "probabilities of several classes were normalised sigmoids before 0.21, and are a softmax since"
		}
		return nil, false, ""
	}},
	{[]string{"TfidfTransformer"}, func(m *meaning) ([]string, bool, string) {
		if m.to.Before("1.5") {
			return nil, false, ""
		}
		for _, e := range m.a.Entries {
			if n, _ := pyobj.Text(e.Key); strings.HasSuffix(n, "_") {
				return nil, false, ""
			}
		}
		return []string{"transform"}, false, "NotFittedError: This TfidfTransformer instance is not fitted yet. Call 'fit' with appropriate arguments before using this estimator."
	}},
	{[]string{"SelectFromModel"}, func(m *meaning) ([]string, bool, string) {
		if _, none := m.a.Get("threshold").(pyobj.None); !none || m.to.Before("1.8") || m.a.Get("importance_getter") == nil {
			return nil, false, ""
		}
		for _, name := range []string{"estimator", "estimator_"} {
			o, ok := m.a.Get(name).(*pyobj.Object)
			if !ok {
				continue
			}
			in, _ := o.Attrs()
			if _, none := in.Get("l1_ratio").(pyobj.None); none && slices.Contains([]string{"LogisticRegression", "LogisticRegressionCV"}, pyobj.ShortName(o.ClassName())) {
				return []string{"transform"}, false, "TypeError: unsupported operand type(s) for -: 'NoneType' and 'float'"
			}
		}
		return nil, false, ""
	}},
	{[]string{"ColumnTransformer"}, func(m *meaning) ([]string, bool, string) {
		if !m.writtenBefore("1.4") || m.to.Before("1.4") {
			return nil, false, ""
		}
		l, _ := m.a.Get("transformers_").(*pyobj.List)
		if l == nil {
			return nil, false, ""
		}
		for _, it := range l.Items {
			t, ok := it.(*pyobj.Tuple)
			if !ok || len(t.Items) < 3 {
				continue
			}
			if s, _ := pyobj.Text(t.Items[1]); s == "passthrough" && !emptyColumns(t.Items[2]) {
				return []string{"transform"}, false, "AttributeError: 'str' object has no attribute 'transform'"
			}
		}
		return nil, false, ""
	}},
	{[]string{"GradientBoostingClassifier", "GradientBoostingRegressor"}, func(m *meaning) ([]string, bool, string) {
		o, ok := m.a.Get("_loss").(*pyobj.Object)
		if ok && !m.writtenBefore("1.4") && m.to.Before("1.4") && !m.to.Before("1.1") {
			return all, false, fmt.Sprintf("AttributeError: '%s' object has no attribute 'get_init_raw_predictions'", pyobj.ShortName(o.ClassName()))
		}
		return nil, false, ""
	}},
	{[]string{"PowerTransformer"}, func(m *meaning) ([]string, bool, string) {
		if m.to.Before("1.1") && sklearn.CompareVersions(m.numpy, "1.24") >= 0 {
			return []string{"transform"}, false, "AttributeError: module 'numpy' has no attribute 'warnings'"
		}
		return nil, false, ""
	}},
	{[]string{"TreePredictor"}, func(m *meaning) ([]string, bool, string) {
		a, ok := m.a.Get("nodes").(*pyobj.Array)
		if !ok || a.DType == nil {
			return nil, false, ""
		}
		for _, x := range a.DType.Fields {
			if x.Name == "feature_idx" && x.DType.Kind == 'u' && !m.to.Before("1.3") {
				return all, false, "ValueError: Buffer dtype mismatch, expected 'intp_t' but got 'unsigned int' in 'const node_struct.feature_idx'"
			}
			if x.Name == "feature_idx" && x.DType.Kind == 'i' && m.to.Before("1.3") {
				return all, false, "ValueError: Buffer dtype mismatch, expected 'unsigned int' but got 'long long' in 'node_struct.feature_idx'"
			}
		}
		return nil, false, ""
	}},
}

// logisticRule compares how probabilities are made of the decision: sigmoids that are normalised, or a softmax.
func logisticRule(m *meaning) ([]string, bool, string) {
	s := m.shape("coef_")
	if len(s) != 2 || m.a.Get("multi_class") == nil {
		return nil, false, ""
	}
	binary, setting := s[0] == 1, m.word("multi_class")
	liblinear := m.word("solver") == "liblinear"
	sigmoids := func(deprecatedIsAuto bool) bool {
		switch {
		case setting == "ovr", setting == "warn":
			return true
		case setting == "auto", setting == "deprecated" && deprecatedIsAuto:
			return binary || liblinear
		}
		return false
	}
	const sigmoid, softmax, doubled = "normalised sigmoids", "a softmax", "a softmax of the decision and its negative"
	name := func(ovr bool) string {
		switch {
		case ovr && binary:
			return "a sigmoid"
		case ovr:
			return sigmoid
		case binary:
			return doubled
		}
		return softmax
	}
	was := name(sigmoids(true))
	is := name(sigmoids(!m.to.Before("1.5")))
	if !m.to.Before("1.8") {
		is = name(binary)
	}
	if was == is {
		return nil, false, ""
	}
	return proba, true, fmt.Sprintf("multi_class=%q: probabilities were %s, scikit-learn %s makes them %s", setting, was, m.to.Minor, is)
}

// partialLeastSquares compares what coef_ holds: (features, targets) up to 1.0 and behind _coef_ to 1.2, then
// (targets, features), of scaled columns to 1.4 and of columns as they come since 1.5.
func partialLeastSquares(m *meaning) ([]string, bool, string) {
	s := m.shape("coef_")
	if len(s) != 2 || m.a.Get("_x_mean") == nil || m.class != "PLSRegression" && m.a.Get("intercept_") == nil && !m.writtenBefore("1.1") {
		return nil, false, ""
	}
	transposedBefore, transposedNow := m.writtenBefore("1.1"), m.to.Before("1.1")
	switch {
	case transposedBefore && !transposedNow && !m.to.Before("1.3"):
		if s[0] == s[1] {
			return predict, true, "coef_ was (features, targets) up to 1.2 and is read as (targets, features)"
		}
		return predict, false, fmt.Sprintf("ValueError: matmul: Input operand 1 has a mismatch in its core dimension 0, with gufunc signature (n?,k),(k,m?)->(n?,m?) (size %d is different from %d)", s[1], s[0])
	case !m.writtenBefore("1.3") && transposedNow:
		if s[0] == s[1] {
			return predict, true, "coef_ is (targets, features) since 1.3 and is read as (features, targets)"
		}
		return predict, false, fmt.Sprintf("ValueError: shapes (n,%d) and (%d,%d) not aligned: %d (dim 1) != %d (dim 0)", s[1], s[0], s[1], s[1], s[0])
	case !m.writtenBefore("1.3") && m.writtenBefore("1.5") && !m.to.Before("1.5"):
		return predict, true, "coef_ is of scaled columns, as before 1.5, and is used with columns that are not"
	case !m.writtenBefore("1.5") && !m.to.Before("1.3") && m.to.Before("1.5"):
		return predict, true, "coef_ holds the scale of the columns, as since 1.5, which is divided by once more"
	}
	return nil, false, ""
}

// emptyColumns reports a selection of no columns.
func emptyColumns(v pyobj.Value) bool {
	switch x := v.(type) {
	case *pyobj.List:
		return len(x.Items) == 0
	case *pyobj.Tuple:
		return len(x.Items) == 0
	case *pyobj.Array:
		return x.Len() == 0
	}
	return false
}
