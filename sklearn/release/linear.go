package release

import (
	"bytes"
	"encoding/binary"
	"math"
	"regexp"
	"slices"

	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/tensor"
)

const (
	logistic = "LogisticRegression LogisticRegressionCV"
	bayesian = "BayesianRidge ARDRegression"
	glms     = "PoissonRegressor GammaRegressor TweedieRegressor"
)

var linearSteps = []step{
	{at: "0.18", classes: "LogisticRegression LinearSVC", up: func(s *state) error {
		enc, _ := s.get("_enc").(*pyobj.Object)
		if a := attrsOf(enc); a != nil && s.get("classes_") == nil && a.Get("classes_") != nil {
			s.set("classes_", a.Get("classes_"), "of _enc")
		}
		return nil
	}},
	{at: "0.22", classes: logistic, up: func(s *state) error {
		s.reword("multi_class", "warn", "ovr")
		if s.word("multi_class") == "auto" { // "warn" was not taken for liblinear then
			s.reword("solver", "warn", "lbfgs")
		}
		s.reword("solver", "warn", "liblinear")
		return nil
	}},
	{at: "0.20", classes: logistic, up: func(s *state) error {
		if classes, err := sklearn.Sequence(s.get("classes_")); err == nil && len(classes) <= 2 && s.word("multi_class") == "multinomial" {
			s.set("multi_class", pyobj.Str("ovr"), `until 0.19 "multinomial" of two classes was one logistic function`)
		}
		return nil
	}},
	{at: "1.2", classes: logistic, up: func(s *state) error {
		if s.word("penalty") == "none" {
			s.set("penalty", pyobj.None{}, `"none" → None, the same`)
		}
		return nil
	}, down: func(s *state) error {
		if v, ok := s.get("penalty").(pyobj.None); ok {
			_ = v
			s.set("penalty", pyobj.Str("none"), `None → "none", the same`)
		}
		return nil
	}},
	{at: "1.8", classes: logistic, up: (*state).oneLogisticRule, down: func(s *state) error {
		if s.name == "LogisticRegressionCV" {
			s.reword("penalty", "deprecated", "l2")
			return nil
		}
		ratio, err := sklearn.Float(s.get("l1_ratio"))
		if s.word("penalty") == "deprecated" {
			word := "elasticnet"
			switch {
			case err != nil || ratio == 0:
				word = "l2"
			case ratio == 1:
				word = "l1"
			}
			s.reword("penalty", "deprecated", word)
		}
		if err == nil && ratio == 0 {
			s.set("l1_ratio", pyobj.None{}, "0 → None, the same")
		}
		return nil
	}},
	{at: "1.8", classes: "RidgeClassifier RidgeClassifierCV", up: func(s *state) error {
		b, ok := s.get("_label_binarizer").(*pyobj.Object)
		if !ok {
			return nil
		}
		attrs, _ := b.Attrs()
		if c := attrs.Get("classes_"); c != nil {
			s.add("classes_", c, "as the binarizer's")
		}
		return nil
	}},
	{at: "*", classes: "RidgeClassifier RidgeClassifierCV", up: func(s *state) error {
		a, ok := s.get("coef_").(*pyobj.Array)
		if !ok || len(a.Shape) != 1 || !s.m.To.Before("1.9") {
			return nil
		}
		row := *a
		row.Shape, row.Fortran = []int{1, a.Shape[0]}, false
		s.set("coef_", &row, "one row")
		if b, ok := s.get("intercept_").(*pyobj.Array); ok && len(b.Shape) == 0 {
			one := *b
			one.Shape = []int{1}
			s.set("intercept_", &one, "one number")
		} else if t, err := sklearn.Tensor(s.get("intercept_")); !ok && err == nil && len(t.AsF64()) == 1 {
			s.set("intercept_", floatArray(t.AsF64(), 1), "one number")
		}
		return nil
	}},
	{at: "1.1", classes: "GaussianRandomProjection", up: func(s *state) error {
		s.drop("dense_output") // which its constructor set
		return nil
	}, down: func(s *state) error {
		s.attrs.Set(pyobj.Str("dense_output"), pyobj.Bool(true))
		s.note(Added, "dense_output", "what its constructor sets")
		return nil
	}},
	{at: "1.1", classes: "SGDClassifier", up: func(s *state) error { s.reword("loss", "log", "log_loss"); return nil },
		down: func(s *state) error { s.reword("loss", "log_loss", "log"); return nil }},
	{at: "1.3", classes: "SGDClassifier", up: func(s *state) error { s.reword("loss", "log", "log_loss"); return nil }},
	{at: "1.2", classes: "SGDClassifier SGDRegressor", up: func(s *state) error { s.reword("loss", "squared_loss", "squared_error"); return nil }},
	{at: "0.22", classes: "SGDClassifier SGDRegressor Perceptron PassiveAggressiveClassifier PassiveAggressiveRegressor SGDOneClassSVM",
		up: func(s *state) error { s.drop("loss_function_", "loss_function"); return nil }},
	{at: "*", classes: "SGDClassifier SGDRegressor Perceptron PassiveAggressiveClassifier PassiveAggressiveRegressor SGDOneClassSVM",
		up: func(s *state) error {
			s.drop("loss_function_", "_loss_function_") // what partial_fit makes anew
			return nil
		}},
	{at: "1.3", classes: bayesian, up: func(s *state) error {
		if _, err := sklearn.Int(s.get("n_iter")); err == nil {
			s.rename("n_iter", "max_iter")
		}
		return nil
	}, down: func(s *state) error {
		if _, err := sklearn.Int(s.get("max_iter")); err == nil {
			s.rename("max_iter", "n_iter")
		}
		return nil
	}},
	{at: "*", classes: bayesian, up: (*state).deviation},
	{at: "1.1", classes: glms, up: func(s *state) error {
		s.drop("_link_instance", "_family_instance")
		if !s.fitted() || s.get("_base_loss") != nil {
			return nil
		}
		l := &loss{name: "HalfPoissonLoss"}
		switch s.name {
		case "GammaRegressor":
			l.name = "HalfGammaLoss"
		case "TweedieRegressor":
			p, err := sklearn.Float(s.get("power"))
			if err != nil {
				return s.refuse("power", "%v", err)
			}
			l.name, l.power = "HalfTweedieLoss", p
			if t := s.word("link"); t == "identity" || t == "auto" && p <= 0 {
				l.name = "HalfTweedieLossIdentity"
			}
		}
		s.set("_base_loss", l.write(s.m.To), "the loss that has the link")
		return nil
	}, down: func(s *state) error {
		l, ok := readLoss(s.get("_base_loss"))
		if !ok {
			return nil
		}
		s.set("_link_instance", object("sklearn.linear_model._glm.link", lossLinks[l.name]), "the link of the loss")
		s.drop("_base_loss", "_linear_loss")
		return nil
	}},
	{at: "*", classes: glms, up: func(s *state) error {
		if l, ok := readLoss(s.get("_base_loss")); ok && !s.m.To.Before("1.1") {
			s.set("_base_loss", l.write(s.m.To), "as this release keeps it")
		}
		s.drop("_linear_loss") // of the fit alone
		return nil
	}},
	{at: "*", classes: "PassiveAggressiveClassifier PassiveAggressiveRegressor", up: (*state).passiveAggressive},
	says("1.9", "SGDClassifier", "rows whose every probability is 0 before they are normalised give NaN until 1.8 and equal shares since."),
	{at: "0.18.1", classes: "LinearDiscriminantAnalysis", up: func(s *state) error {
		if _, shape, err := floats(s.get("scalings_")); err == nil && len(shape) == 2 {
			n := shape[1]
			if k, err := sklearn.Int(s.get("n_components")); err == nil && k > 0 {
				n = min(n, k)
			}
			s.add("_max_components", pyobj.Int(n), "as many as transform gave")
		}
		return nil
	}},
	{at: "0.21", classes: "LinearDiscriminantAnalysis", up: (*state).sigmoidDiscriminant},
	{at: "0.22", classes: "SVC NuSVC SVR NuSVR OneClassSVM", up: func(s *state) error { s.rename("n_support_", "_n_support"); return nil }},
	{at: "0.22", classes: "SVR NuSVR OneClassSVM", up: func(s *state) error {
		if n := rowsOf(s.get("support_vectors_")); n >= 0 { // until 0.21 libsvm left it unset
			b := binary.LittleEndian.AppendUint32(nil, uint32(n))
			s.set("_n_support", &pyobj.Array{DType: dtype("<i4"), Shape: []int{2}, Data: append(b, b...), Offset: -1}, "the support vectors, counted")
		}
		return nil
	}},
	{at: "0.23", classes: "SVC NuSVC SVR NuSVR OneClassSVM", up: func(s *state) error {
		s.rename("probA_", "_probA")
		s.rename("probB_", "_probB")
		return nil
	}},
	{at: "0.21", classes: "SVC NuSVC", up: func(s *state) error {
		if _, isNone := s.get("decision_function_shape").(pyobj.None); isNone {
			s.set("decision_function_shape", pyobj.Str("ovo"), "what None meant")
		}
		classes, err := sklearn.Sequence(s.get("classes_"))
		if err == nil && len(classes) > 2 && s.word("decision_function_shape") != "ovo" {
			return s.lose("decision_function_shape", "until 0.20 the decisions of three or more classes were scaled over all rows given", "decision_function")
		}
		return nil
	}},
	{at: "0.20", classes: "OneClassSVM", up: func(s *state) error {
		if !s.fitted() {
			return nil
		}
		if err := s.lose("_intercept_", "until 0.19 decision_function gave a column, not a vector", "decision_function"); err != nil {
			return err
		}
		if !s.has("offset_") {
			if f, err := sklearn.Tensor(s.get("_intercept_")); err == nil && len(f.AsF64()) == 1 {
				s.set("offset_", floatArray([]float64{-f.AsF64()[0]}, 1), "the intercept, negated")
			}
		}
		return nil
	}},
	{at: "1.9", classes: "SVC NuSVC SVR NuSVR OneClassSVM", up: func(s *state) error {
		p, ok := s.get("probability").(pyobj.Bool)
		s.add("_effective_probability", pyobj.Bool(ok && bool(p)), "as probability")
		return nil
	}, down: func(s *state) error {
		s.drop("_effective_probability")
		if s.word("probability") == "deprecated" {
			s.set("probability", pyobj.Bool(false), "the default")
		}
		return nil
	}},
	{at: "1.1", classes: "SVC NuSVC SVR NuSVR OneClassSVM", up: nil, down: func(s *state) error { s.drop("n_iter_", "_num_iter"); return nil }},
	renames("0.19", "GaussianProcessRegressor", "y_train_mean", "_y_train_mean"),
	{at: "0.23", classes: "GaussianProcessRegressor", up: func(s *state) error {
		if s.fitted() {
			s.add("_y_train_std", pyobj.Int(1), "targets were not scaled")
		}
		s.drop("_K_inv")
		return nil
	}},
	{at: "0.24", classes: "GaussianProcessRegressor", up: func(s *state) error { s.drop("_K_inv"); return nil }},
	renames("1.0", "GaussianNB", "sigma_", "var_"),
	{at: "1.6", classes: "NearestCentroid", up: func(s *state) error {
		if s.m.asking > 0 && s.fitted() && s.word("metric") == "euclidean" {
			return s.refuse("centroids_", "what is around it would ask for its probabilities, which it has since 1.6 only")
		}
		if t, err := sklearn.Tensor(s.get("classes_")); err == nil && t.Len() > 0 {
			p := make([]float64, t.Len())
			for i := range p {
				p[i] = 1 / float64(len(p))
			}
			s.add("class_prior_", floatArray(p, len(p)), "equal priors, which keep the old rule")
		}
		return nil
	}, down: func(s *state) error {
		if !equalPriors(s.get("class_prior_")) {
			return s.refuse("class_prior_", "before 1.6 priors do not count")
		}
		if s.get("class_prior_") != nil {
			if s.m.asking > 0 {
				return s.refuse("class_prior_", "what is around it asks for probabilities or a decision_function, which it has only since 1.6")
			}
			s.m.say("%s: NearestCentroid has no probabilities and no decision_function before 1.6.", s.path)
		}
		return nil
	}},
	{at: "0.22", classes: "KNeighborsClassifier KNeighborsRegressor RadiusNeighborsClassifier RadiusNeighborsRegressor NearestNeighbors LocalOutlierFactor KNeighborsTransformer RadiusNeighborsTransformer",
		up: func(s *state) error {
			if n := rowsOf(s.get("_fit_X")); n >= 0 {
				s.add("n_samples_fit_", pyobj.Int(n), "the rows that are kept")
			}
			return nil
		}},
	{at: "0.20", classes: "LocalOutlierFactor", up: func(s *state) error {
		s.rename("threshold_", "offset_")
		s.add("novelty", pyobj.Bool(false), "the only mode")
		return nil
	}},
	{at: "1.2", classes: "KernelDensity", up: func(s *state) error {
		if s.fitted() {
			if v := s.get("bandwidth"); v != nil {
				s.add("bandwidth_", v, "as bandwidth")
			}
		}
		return nil
	}, down: func(s *state) error {
		if v := s.get("bandwidth_"); v != nil {
			s.set("bandwidth", v, "as bandwidth_")
		}
		s.drop("bandwidth_")
		return nil
	}},
	{at: "0.24", classes: "IsotonicRegression", up: func(s *state) error {
		s.rename("_necessary_X_", "X_thresholds_")
		s.rename("_necessary_y_", "y_thresholds_")
		if s.get("X_thresholds_") == nil { // until 0.17 the thresholds are all points
			s.rename("X_", "X_thresholds_")
			s.rename("y_", "y_thresholds_")
		}
		s.drop("f_", "_X_", "_y_", "_f_", "X_", "y_")
		return nil
	}},
}

// rowsOf counts the rows of a matrix, -1 if it is none.
func rowsOf(v pyobj.Value) int {
	m, err := sklearn.AnyMatrix(v)
	switch {
	case err != nil:
		return -1
	case m.Sparse != nil:
		return m.Sparse.Rows
	case len(m.Dense.Shape) > 0:
		return m.Dense.Shape[0]
	}
	return -1
}

// oneLogisticRule: 1.8 removed multi_class; two classes are one logistic function, more are softmax. One logistic
// function per class, normalised, is what SGDClassifier computes from the same coefficients, bit for bit.
func (s *state) oneLogisticRule() error {
	multi, solver := s.word("multi_class"), s.word("solver")
	s.taken["multi_class"] = true
	classes, err := sklearn.Sequence(s.get("classes_"))
	if err != nil || s.get("coef_") == nil {
		s.tidyPenalty()
		if multi == "ovr" {
			s.m.say("%s: LogisticRegression has no multi_class since 1.8: fitting this one anew gives softmax.", s.path)
		}
		return nil
	}
	binary := len(classes) <= 2
	ovr := multi == "ovr" || multi == "warn" || (multi == "auto" || multi == "deprecated" || multi == "") && (binary || solver == "liblinear") ||
		multi == "multinomial" && binary && s.writtenBefore("0.20")
	switch {
	case binary && !ovr:
		if err := s.lose("multi_class", `"multinomial" of two classes gives the logistic function of twice the decision; since 1.8 there is only that of the decision itself`,
			"decision_function"); err != nil {
			return err
		}
		for _, n := range []string{"coef_", "intercept_"} {
			v, err := doubled(s.get(n))
			if err != nil {
				return s.refuse(n, "%v", err)
			}
			s.set(n, v, "doubled: labels and probabilities stay, decision_function doubles")
		}
		s.tidyPenalty()
		return nil
	case binary || !ovr:
		s.tidyPenalty()
		return nil
	}
	penalty := s.get("penalty")
	s.replace("SGDClassifier", "one logistic function per class, which LogisticRegression lost in 1.8; the same coefficients give the same numbers. It can not be fitted anew as it was",
		"coef_", "intercept_", "classes_", "n_iter_", "fit_intercept", "class_weight", "random_state", "max_iter", "tol", "verbose", "warm_start", "n_jobs", "multi_class")
	s.attrs.Delete("multi_class")
	s.attrs.Set(pyobj.Str("loss"), pyobj.Str("log_loss"))
	if t, _ := pyobj.Text(penalty); t == "l1" || t == "elasticnet" {
		s.attrs.Set(pyobj.Str("penalty"), penalty)
	}
	return nil
}

// tidyPenalty says the penalty by l1_ratio and C, as 1.8 wants it.
func (s *state) tidyPenalty() {
	if s.name == "LogisticRegressionCV" {
		return
	}
	_, isNone := s.get("l1_ratio").(pyobj.None)
	switch s.word("penalty") {
	case "l2":
		s.set("penalty", pyobj.Str("deprecated"), "l1_ratio says it")
		s.set("l1_ratio", pyobj.Float(0), "l2")
	case "l1":
		s.set("penalty", pyobj.Str("deprecated"), "l1_ratio says it")
		s.set("l1_ratio", pyobj.Float(1), "l1")
	default:
		if isNone {
			s.set("l1_ratio", pyobj.Float(0), "None → 0, the same")
		}
	}
}

// sigmoidDiscriminant: until 0.20 probabilities of more than two classes were normalised logistic functions, as
// SGDClassifier computes them. Where only transform is asked for, in the middle of a pipeline, nothing changed.
func (s *state) sigmoidDiscriminant() error {
	classes, err := sklearn.Sequence(s.get("classes_"))
	if err != nil || s.get("coef_") == nil || len(classes) <= 2 {
		return nil
	}
	if s.m.middle[s.obj] {
		return nil
	}
	s.replace("SGDClassifier", "until 0.20 its probabilities were one logistic function per class, normalised; the same coefficients give the same numbers. It has no transform",
		"coef_", "intercept_", "classes_")
	s.attrs.Set(pyobj.Str("loss"), pyobj.Str("log_loss"))
	return nil
}

// passiveAggressive: since 1.8 these classes warn when they are loaded, and are SGD with a learning rate of their own.
func (s *state) passiveAggressive() error {
	if s.m.To.Before("1.8") {
		return nil
	}
	name, loss := "SGDClassifier", "hinge"
	if s.name == "PassiveAggressiveRegressor" {
		name, loss = "SGDRegressor", "epsilon_insensitive"
	}
	rate := "pa2"
	if s.word("loss") == loss {
		rate = "pa1"
	}
	c := s.get("C")
	s.replace(name, "it is deprecated since 1.8 and warns when it is loaded; this is the same algorithm", "coef_", "intercept_", "classes_", "n_iter_", "t_",
		"_standard_coef", "_standard_intercept", "_average_coef", "_average_intercept", "_expanded_class_weight", "fit_intercept", "max_iter", "tol", "early_stopping",
		"validation_fraction", "n_iter_no_change", "shuffle", "verbose", "n_jobs", "random_state", "warm_start", "class_weight", "average", "epsilon")
	s.attrs.Set(pyobj.Str("loss"), pyobj.Str(loss))
	s.attrs.Set(pyobj.Str("penalty"), pyobj.None{})
	s.attrs.Set(pyobj.Str("learning_rate"), pyobj.Str(rate))
	if c != nil {
		s.attrs.Set(pyobj.Str("eta0"), c)
	}
	return nil
}

// doubled gives an array of floats, of whichever width, with every number twice as large.
func doubled(v pyobj.Value) (pyobj.Value, error) {
	if a, ok := v.(*pyobj.Array); ok && a.DType != nil && a.DType.Kind == 'f' && a.DType.Size == 4 {
		t, err := sklearn.Tensor(v)
		if err != nil {
			return nil, err
		}
		out, data := *a, make([]byte, 0, 4*t.Len())
		for _, f := range t.AsF64() {
			data = binary.LittleEndian.AppendUint32(data, math.Float32bits(float32(2*f)))
		}
		out.DType, out.Data, out.Fortran = dtype("<f4"), data, false
		return &out, nil
	}
	f, shape, err := floats(v)
	if err != nil {
		return nil, err
	}
	f = append([]float64(nil), f...)
	for i := range f {
		f[i] *= 2
	}
	return floatArray(f, shape...), nil
}

// widen makes a float32 array one of float64 with the same numbers.
func (s *state) widen(name, why string) {
	a, ok := s.get(name).(*pyobj.Array)
	if !ok || a.DType == nil || a.DType.Kind != 'f' || a.DType.Size != 4 {
		return
	}
	t, err := sklearn.Tensor(a)
	if err != nil {
		return
	}
	s.set(name, floatArray(append([]float64(nil), t.AsF64()...), t.Shape...), "float32 → float64: "+why)
}

// standard is a path where predict(return_std=True) reaches an estimator: the model itself or the last step of pipelines.
var standard = regexp.MustCompile(`^model(\.steps\[\d+\]\[1\])*$`)

// deviation keeps predict(return_std=True): releases up to 1.8 measure the rows as they come, 1.9 subtracts X_offset_, and
// those before 1.2 subtract it and divide by X_scale_ where _normalize is set.
func (s *state) deviation() error {
	offset, err := sklearn.Tensor(s.get("X_offset_"))
	if err != nil || s.get("sigma_") == nil {
		return nil //nolint:nilerr // a model that is not fitted, or one that holds no deviation
	}
	// constant is an array like X_offset_: float32 rows stay float32.
	constant := func(x float64) *pyobj.Array {
		if offset.DType != tensor.Float32 {
			return floatArray(slices.Repeat([]float64{x}, offset.Len()), offset.Shape...)
		}
		b := binary.LittleEndian.AppendUint32(nil, math.Float32bits(float32(x)))
		return &pyobj.Array{DType: dtype("<f4"), Shape: offset.Shape, Data: bytes.Repeat(b, offset.Len()), Offset: -1}
	}
	old := s.writtenBefore("1.2")
	scaled := old && (s.get("normalize") == pyobj.Bool(true) || s.get("_normalize") == pyobj.Bool(true))
	centred := scaled || !s.writtenBefore("1.9")
	some := someNotZero(s.get("X_offset_"))
	to := s.m.To
	switch {
	case to.Before("1.2"):
		if centred && some && !scaled {
			s.set("_normalize", pyobj.Bool(true), "predict(return_std=True) subtracts X_offset_ with it")
			s.set("X_scale_", constant(1), "ones: predict(return_std=True) divides by it")
		}
		s.add("_normalize", pyobj.Bool(scaled), "whether predict(return_std=True) subtracts X_offset_")
		return nil
	case !to.Before("1.9"):
		if !centred && some {
			s.set("X_offset_", constant(0), "zeros: predict(return_std=True) subtracts it since 1.9")
		}
	case centred && some:
		const why = "predict(return_std=True) measures the rows less X_offset_, which this release does not subtract"
		if standard.MatchString(s.path) {
			return s.lose("X_offset_", why, "predict_std")
		}
		s.m.say("%s (%s): %s.", s.path, s.name, why)
		return nil
	}
	if scaled {
		return s.descaled()
	}
	return nil
}

// descaled divides sigma_ by what the rows were divided by.
func (s *state) descaled() error {
	scale, _, err := floats(s.get("X_scale_"))
	if err != nil {
		return s.refuse("X_scale_", "%v", err)
	}
	sigma, shape, err := floats(s.get("sigma_"))
	if err != nil {
		return s.refuse("sigma_", "%v", err)
	}
	if s.name == "ARDRegression" {
		lambda, _, err := floats(s.get("lambda_"))
		most, err2 := sklearn.Float(s.get("threshold_lambda"))
		if err != nil || err2 != nil || len(lambda) != len(scale) {
			return s.refuse("lambda_", "it does not tell which columns sigma_ is of")
		}
		var used []float64
		for i, l := range lambda {
			if l < most {
				used = append(used, scale[i])
			}
		}
		scale = used
	}
	if len(shape) != 2 || shape[0] != len(scale) || shape[1] != len(scale) {
		return s.refuse("sigma_", "its shape is %v, with %d columns", shape, len(scale))
	}
	out := make([]float64, len(sigma))
	for i := range sigma {
		out[i] = sigma[i] / scale[i/len(scale)] / scale[i%len(scale)]
	}
	s.set("sigma_", floatArray(out, shape...), "divided by X_scale_, by which rows were divided")
	return nil
}
