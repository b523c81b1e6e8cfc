package release

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/tensor"
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
func (m *meaning) writtenBefore(v string) bool { return sklearn.Older(m.from, v) }

// crosses reports that one of writer and reader is older than a release, and the other is not.
func (m *meaning) crosses(v string) bool { return m.writtenBefore(v) != m.to.Before(v) }

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
		if !real && m.a.Get("estimators_") != nil && m.crosses("1.3.1") {
			return []string{"decision_function", "predict_proba", "predict_log_proba"}, true, "until 1.3.0 members of SAMME did not vote against the classes they do not say, since 1.3.1 they do"
		}
		return nil, false, ""
	}},
	{[]string{"SGDClassifier"}, func(m *meaning) ([]string, bool, string) {
		switch m.word("loss") {
		case "log_loss":
			if m.to.Before("1.1") {
				return proba, false, "AttributeError: probability estimates are not available for loss='log_loss'"
			}
		case "log":
			if !m.to.Before("1.3") {
				return proba, false, "AttributeError: This 'SGDClassifier' has no attribute 'predict_proba'"
			}
		}
		return nil, false, ""
	}},
	{[]string{"SelfTrainingClassifier"}, func(m *meaning) ([]string, bool, string) {
		if m.to.Before("1.6") || m.a.Get("estimator") != nil || m.a.Get("estimator_") != nil {
			return nil, false, ""
		}
		return all, false, "AttributeError: This 'SelfTrainingClassifier' has no attribute 'predict'"
	}},
	{[]string{"GaussianRandomProjection"}, func(m *meaning) ([]string, bool, string) {
		if m.to.Before("1.1") && m.a.Get("dense_output") == nil {
			return []string{"transform"}, false, "AttributeError: 'GaussianRandomProjection' object has no attribute 'dense_output'"
		}
		return nil, false, ""
	}},
	{strings.Fields(dictionaries), func(m *meaning) ([]string, bool, string) {
		if m.word("transform_algorithm") == "lasso_cd" && m.from != "" && m.crosses("1.8") {
			return []string{"transform"}, true, "coordinate descent stops elsewhere since 1.8"
		}
		return nil, false, ""
	}},
	{[]string{"OrdinalEncoder"}, func(m *meaning) ([]string, bool, string) { return m.infrequent("1.3") }},
	{[]string{"OneHotEncoder"}, func(m *meaning) ([]string, bool, string) { return m.infrequent("1.1") }},
	{[]string{"SimpleImputer"}, func(m *meaning) ([]string, bool, string) {
		a, ok := m.a.Get("statistics_").(*pyobj.Array)
		rows, typed := m.a.Get("_fit_dtype").(*pyobj.DType)
		if !ok || !typed || m.word("strategy") != "constant" || a.DType.Kind != 'O' || rows.Kind == 'O' || !m.to.Before("1.8") || m.to.Before("1.4") {
			return nil, false, ""
		}
		is := "is"
		if !m.to.Before("1.7") {
			is = "are"
		}
		return []string{"transform"}, false, fmt.Sprintf("ValueError: The dtype of the filling value (i.e. dtype('O')) cannot be cast to the input data that is dtype('float64'). Make sure that the dtypes of the input data %s of the same kind between fit and transform.", is)
	}},
	{[]string{"NearestCentroid"}, func(m *meaning) ([]string, bool, string) {
		if !m.writtenBefore("1.6") && m.to.Before("1.6") && !equalPriors(m.a.Get("class_prior_")) {
			return predict, true, "before 1.6 the priors of the classes do not count"
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
	{strings.Fields(neighbours), func(m *meaning) ([]string, bool, string) {
		if m.word("_fit_method") == "brute" && m.word("effective_metric_") == "braycurtis" && m.from != "" && m.crosses("1.1") && negative(m.a.Get("_fit_X")) {
			methods := []string{"predict", "kneighbors"}
			switch {
			case strings.HasSuffix(m.class, "Classifier"):
				methods = append(methods, proba...)
			case strings.HasSuffix(m.class, "Transformer"):
				methods = []string{"transform"}
			case m.class == "LocalOutlierFactor":
				methods = append(methods, "score_samples", "decision_function")
			}
			return methods, true, "the Bray-Curtis distance of rows with negative numbers is another one since 1.1"
		}
		return nil, false, ""
	}},
	{[]string{"KNeighborsClassifier"}, func(m *meaning) ([]string, bool, string) {
		text := wordsForNumbers(m.a, m.to)
		if text == "" {
			return nil, false, ""
		}
		repr := tensor.Quote(text)
		if m.numpy != "" && sklearn.CompareVersions(m.numpy, "2") >= 0 || m.numpy == "" && EnvironmentOf(m.to.Version).NumpyBelow == "" {
			repr = "np.str_(" + repr + ")"
		}
		return append([]string{"predict"}, proba...), false, "ValueError: invalid literal for int() with base 10: " + repr
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
	{[]string{"OneHotEncoder"}, func(m *meaning) ([]string, bool, string) {
		if _, some, _ := m.infrequent("99"); some && m.word("handle_unknown") == "warn" && m.from != "" && m.crosses("1.8") {
			return []string{"transform"}, true, "unknown categories that are warned of leave their block empty before 1.8, since then they are infrequent"
		}
		return nil, false, ""
	}},
	{[]string{"SelectFromModel"}, func(m *meaning) ([]string, bool, string) {
		name, lasso := elasticLasso(m.a)
		_, open := m.a.Get("threshold").(pyobj.None)
		exact := name == "ElasticNet" || name == "ElasticNetCV"
		if lasso && open && m.from != "" && (m.crosses("1.1.2") && (exact || m.writtenBefore("1.7") && m.to.Before("1.7")) || !exact && m.crosses("1.7") && !m.writtenBefore("1.1.2") && !m.to.Before("1.1.2")) {
			return []string{"transform"}, true, name + " with l1_ratio=1 counts as penalised by l1, or not, with the release"
		}
		return nil, false, ""
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
		if m.crosses("1.9") && smallPower(m.a.Get("lambdas_")) {
			return []string{"transform"}, true, "powers near 0 and 2 lost digits until 1.8"
		}
		return nil, false, ""
	}},
	{[]string{"TreePredictor"}, func(m *meaning) ([]string, bool, string) {
		a, ok := m.a.Get("nodes").(*pyobj.Array)
		if !ok || a.DType == nil {
			return nil, false, ""
		}
		for _, x := range a.DType.Fields {
			if x.Name == "feature_idx" && x.DType.Kind == 'u' && !m.to.Before("1.3.1") {
				return all, false, "ValueError: Buffer dtype mismatch, expected 'intp_t' but got 'unsigned int' in 'const node_struct.feature_idx'"
			}
			if x.Name == "feature_idx" && x.DType.Kind == 'i' && m.to.Before("1.3.1") {
				return all, false, "ValueError: Buffer dtype mismatch, expected 'unsigned int' but got 'long long' in 'node_struct.feature_idx'"
			}
		}
		return nil, false, ""
	}},
}

// infrequent tells of an encoder that groups categories, which releases before one do not.
func (m *meaning) infrequent(since string) ([]string, bool, string) {
	groups, err := sklearn.Sequence(m.a.Get("_infrequent_indices"))
	some := err == nil && slices.ContainsFunc(groups, func(v pyobj.Value) bool { _, none := v.(pyobj.None); return !none })
	if some && m.to.Before(since) {
		return []string{"transform"}, true, "before " + since + " infrequent categories are not grouped"
	}
	return nil, false, ""
}

// remarks are differences that only some rows see, between releases before and from one on.
var remarks = []struct {
	classes []string
	at      string
	holds   func(m *meaning) bool
	text    string
}{
	{[]string{"StandardScaler"}, "1.8", func(m *meaning) bool { return m.shape("mean_") != nil || m.shape("scale_") != nil },
		"float64 rows give the same; float32 rows are rounded otherwise since 1.8"},
	{[]string{"BayesianRidge", "ARDRegression"}, "1.9", func(m *meaning) bool { return m.shape("sigma_") != nil && someNotZero(m.a.Get("X_offset_")) },
		"predict gives the same; predict(return_std=True) gives other deviations: since 1.9 it subtracts X_offset_ from the rows first"},
	{[]string{"KBinsDiscretizer"}, "1.1", func(m *meaning) bool { return m.shape("bin_edges_") != nil },
		"values less than 1e-8 + 1e-5·|x| below an edge fell into the next bin until 1.0"},
	{[]string{"PowerTransformer"}, "1.9", func(m *meaning) bool { return m.shape("lambdas_") != nil },
		"powers are computed by another routine since 1.9: last digits may differ"},
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
	case ones(m.a.Get("_x_std")) && ones(m.a.Get("_y_std")):
		return nil, false, "" // with no scale the two are one
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

// ones reports an array of nothing but 1.
func ones(v pyobj.Value) bool {
	t, err := sklearn.Tensor(v)
	return err == nil && !slices.ContainsFunc(t.AsF64(), func(x float64) bool { return x != 1 })
}

// someNotZero reports an array that is not all zeros.
func someNotZero(v pyobj.Value) bool {
	return slices.ContainsFunc(numbersOf(v), func(x float64) bool { return x != 0 })
}

// numbersOf gives the numbers of an array of any type, none of what is no array.
func numbersOf(v pyobj.Value) []float64 {
	t, err := sklearn.Tensor(v)
	if err != nil {
		return nil
	}
	return t.AsF64()
}

// smallPower reports powers near 0 and 2, whose logarithms lost digits until 1.8.
func smallPower(v pyobj.Value) bool {
	return slices.ContainsFunc(numbersOf(v), func(l float64) bool {
		small := math.Min(math.Abs(l), math.Abs(l-2))
		return small > 0 && small < 1e-3
	})
}

// equalPriors reports priors that are all alike, or none.
func equalPriors(v pyobj.Value) bool {
	t, err := sklearn.Tensor(v)
	if err != nil {
		return true
	}
	each := 1 / float64(t.Len())
	return !slices.ContainsFunc(t.AsF64(), func(p float64) bool { return math.Abs(p-each) > 1e-8+float64(1e-5*each) })
}
