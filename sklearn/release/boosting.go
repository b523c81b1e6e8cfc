package release

import (
	"encoding/binary"
	"fmt"
	"math"
	"strings"

	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/sklearn"
)

const (
	gradientBoosting = "GradientBoostingClassifier GradientBoostingRegressor"
	histBoosting     = "HistGradientBoostingClassifier HistGradientBoostingRegressor"
)

var boostSteps = []step{
	{at: "1.4", classes: "GradientBoostingClassifier", up: (*state).zeroDecision, down: (*state).zeroDecision},
	{at: "0.19", classes: gradientBoosting, up: func(s *state) error {
		s.rename("n_features", "n_features_")
		return nil
	}, down: func(s *state) error {
		s.rename("n_features_", "n_features")
		return nil
	}},
	{at: "0.21", classes: gradientBoosting, up: (*state).oldStart},
	{at: "1.1", classes: gradientBoosting, up: func(s *state) error {
		s.rename("loss_", "_loss")
		s.reword("loss", "deviance", "log_loss")
		s.reword("loss", "ls", "squared_error")
		s.reword("loss", "lad", "absolute_error")
		return nil
	}, down: func(s *state) error {
		s.rename("_loss", "loss_")
		s.reword("loss", "log_loss", "deviance")
		return nil
	}},
	{at: "1.4", classes: gradientBoosting, up: (*state).symmetricStart, down: (*state).symmetricStart},
	{at: "1.4", classes: gradientBoosting, up: func(s *state) error {
		s.drop("_n_classes")
		return s.stageTrees()
	}, down: func(s *state) error {
		if n := s.get("n_classes_"); n != nil {
			s.add("_n_classes", n, "the number of classes")
		}
		s.drop("n_trees_per_iteration_")
		return nil
	}},
	{at: "1.8", classes: gradientBoosting, up: (*state).startInside, down: (*state).startInside},
	{at: "*", classes: "GradientBoostingRegressor", up: func(s *state) error {
		o, ok := s.get("init_").(*pyobj.Object)
		if !ok || s.m.To.sameMinor(s.from) || strings.HasPrefix(pyobj.ShortName(o.ClassName()), "Dummy") || isTree(o) {
			return nil
		}
		return s.lose("init_", fmt.Sprintf("%s is given float32 rows, which the releases may round differently", sklearn.Describe(o)), "predict")
	}},
	{at: "*", classes: gradientBoosting, up: (*state).boostingLoss, down: (*state).boostingLoss},

	{at: "0.24", classes: histBoosting, up: func(s *state) error {
		s.rename("bin_mapper_", "_bin_mapper")
		s.rename("loss_", "_loss")
		s.rename("scorer_", "_scorer")
		if n := s.get("n_features_"); n != nil {
			s.add("_n_features", n, "the number of features")
		}
		return nil
	}},
	{at: "0.24", classes: histBoosting, up: func(s *state) error { s.add("is_categorical_", pyobj.None{}, "no feature is categorical"); return nil }},
	{at: "1.1", classes: histBoosting, up: func(s *state) error {
		for _, w := range [][2]string{{"least_squares", "squared_error"}, {"least_absolute_deviation", "absolute_error"},
			{"binary_crossentropy", "log_loss"}, {"categorical_crossentropy", "log_loss"}} {
			s.reword("loss", w[0], w[1])
		}
		if s.name == "HistGradientBoostingClassifier" {
			s.reword("loss", "auto", "log_loss")
		}
		return s.baseline(true)
	}, down: func(s *state) error {
		if s.name == "HistGradientBoostingClassifier" {
			s.reword("loss", "log_loss", "auto")
		}
		return s.baseline(false)
	}},
	{at: "0.24", classes: histBoosting, up: func(s *state) error { return s.repackPredictors(hist24) }},
	{at: "1.3.1", classes: histBoosting, up: func(s *state) error { return s.repackPredictors(hist13) },
		down: func(s *state) error { return s.repackPredictors(hist24) }},
	{at: "1.4", classes: histBoosting, up: func(s *state) error {
		if s.fitted() || s.get("_predictors") != nil {
			s.add("_preprocessor", pyobj.None{}, "the trees take the columns as they are")
			s.add("_is_categorical_remapped", s.orNone("is_categorical_"), "as is_categorical_")
		}
		return nil
	}, down: func(s *state) error {
		if s.has("_preprocessor") {
			return s.refuse("_preprocessor", "it has no preprocessor for categorical columns")
		}
		s.drop("_preprocessor", "_is_categorical_remapped", "_feature_subsample_rng")
		return nil
	}},
	{at: "1.7", classes: "HistGradientBoostingClassifier", up: nil, down: func(s *state) error { s.drop("_label_encoder"); return nil }},
	{at: "*", classes: histBoosting, up: (*state).histLoss, down: (*state).histLoss},
	{at: "*", classes: histBoosting, up: func(s *state) error {
		s.ownScorer("_scorer")
		return nil
	}},

	{at: "0.24", classes: "_BinMapper", up: func(s *state) error {
		n := 0
		if list, err := sklearn.Sequence(s.get("bin_thresholds_")); err == nil {
			n = len(list)
		}
		s.add("is_categorical", pyobj.None{}, "no feature is categorical")
		s.add("known_categories", pyobj.None{}, "no feature is categorical")
		s.add("is_categorical_", &pyobj.Array{DType: dtype("|u1"), Shape: []int{n}, Data: make([]byte, n), Offset: -1}, "no feature is categorical")
		return nil
	}},
	{at: "1.3.1", classes: "AdaBoostClassifier", up: func(s *state) error { return s.votes(true) }, down: func(s *state) error { return s.votes(false) }},
	{at: "0.22", classes: "HistGradientBoostingClassifier", up: func(s *state) error {
		if a, ok := s.get("_baseline_prediction").(*pyobj.Array); ok && len(a.Shape) > 0 && a.Shape[0] == 1 && s.word("loss") == "categorical_crossentropy" {
			return s.refuse("loss", "0.21 took the loss of several classes for two, whose probabilities have one column")
		}
		return nil
	}},
	{at: "0.22", classes: "AdaBoostClassifier", up: func(s *state) error {
		if !s.fitted() || s.word("algorithm") == "SAMME.R" {
			return nil
		}
		return s.lose("algorithm", "until 0.21 its probabilities were not the softmax of its decision", "predict_proba")
	}},
	{at: "1.6", classes: "AdaBoostClassifier", up: (*state).indicatorTrees, down: func(s *state) error {
		s.set("algorithm", pyobj.Str("SAMME"), "the only rule since 1.6")
		return nil
	}},
}

func (s *state) orNone(name string) pyobj.Value {
	if v := s.get(name); v != nil {
		return v
	}
	return pyobj.None{}
}

// stageTrees sets the number of trees of a stage, which 1.4 keeps.
func (s *state) stageTrees() error {
	a, ok := s.get("estimators_").(*pyobj.Array)
	if !ok || len(a.Shape) != 2 {
		return nil
	}
	s.add("n_trees_per_iteration_", pyobj.Int(a.Shape[1]), "the trees of a stage")
	return nil
}

// boostingLoss writes the loss as the release has it.
func (s *state) boostingLoss() error {
	name := "_loss"
	if s.get(name) == nil {
		name = "loss_"
	}
	v := s.get(name)
	if v == nil {
		return nil
	}
	l, ok := readLoss(v)
	if !ok {
		return s.refuse(name, "%s is no loss that is known", sklearn.Describe(v))
	}
	var out pyobj.Value
	if s.m.To.Before("1.4") {
		out = l.old()
	} else {
		out = l.write(s.m.To)
	}
	if out == nil {
		return s.refuse(name, "it has no loss %s", l.name)
	}
	s.set(name, out, "as this release keeps it")
	return nil
}

func (s *state) histLoss() error {
	v := s.get("_loss")
	if v == nil {
		return nil
	}
	l, ok := readLoss(v)
	if !ok {
		return s.refuse("_loss", "%s is no loss that is known", sklearn.Describe(v))
	}
	if l.name == "HalfMultinomialLoss" && l.classes == 0 {
		if t, err := sklearn.Tensor(s.get("classes_")); err == nil {
			l.classes = t.Len()
		}
	}
	out := l.write(s.m.To)
	if s.m.To.Before("1.1") {
		out = l.oldHist()
	}
	if out == nil {
		return s.refuse("_loss", "it has no loss %s", l.name)
	}
	s.set("_loss", out, "as this release keeps it")
	return nil
}

// start gives the constant raw scores that the stages of gradient boosting add to, as the writing release computed them;
// nil where they are no constant.
func (s *state) start() []float64 {
	if t, ok := pyobj.Text(s.get("init_")); ok && t == "zero" {
		return []float64{}
	}
	o, ok := s.get("init_").(*pyobj.Object)
	if !ok {
		return nil
	}
	attrs, _ := o.Attrs()
	row := func(name string) []float64 {
		t, err := sklearn.Tensor(attrs.Get(name))
		if err != nil {
			return nil
		}
		return append([]float64(nil), t.AsF64()...)
	}
	switch pyobj.ShortName(o.ClassName()) {
	case "ZeroEstimator":
		return []float64{}
	case "MeanEstimator":
		return row("mean")
	case "QuantileEstimator":
		return row("quantile")
	case "LogOddsEstimator", "ScaledLogOddsEstimator":
		return row("prior")
	case "PriorProbabilityEstimator":
		return row("priors")
	case "DummyRegressor":
		return row("constant_")
	case "DummyClassifier":
		strategy := attrs.Get("_strategy")
		if strategy == nil {
			strategy = attrs.Get("strategy")
		}
		p := row("class_prior_")
		if t, _ := pyobj.Text(strategy); t != "prior" || len(p) < 2 {
			return nil
		}
		eps := 0x1p-52
		if s.writtenBefore("1.8") {
			eps = 0x1p-23
		}
		for i := range p {
			p[i] = math.Min(math.Max(p[i], eps), 1-eps)
		}
		if len(p) == 2 {
			v := math.Log(p[1] / (1 - p[1]))
			if pyobj.ShortName(lossClass(s)) == "ExponentialLoss" {
				v *= 0.5
			}
			return []float64{v}
		}
		mean := 0.0
		for i := range p {
			p[i] = math.Log(p[i])
			mean += p[i]
		}
		if !s.writtenBefore("1.4") {
			for i := range p {
				p[i] -= mean / float64(len(p))
			}
		}
		return p
	}
	return nil
}

func lossClass(s *state) string {
	for _, n := range []string{"_loss", "loss_"} {
		if o, ok := s.get(n).(*pyobj.Object); ok {
			return o.ClassName()
		}
	}
	return ""
}

// intoFirstStage moves the start into the leaves of the first stage: the release then starts from zero.
func (s *state) intoFirstStage(row []float64) error {
	a, ok := s.get("estimators_").(*pyobj.Array)
	if !ok || len(a.Shape) != 2 || len(a.Objects) == 0 {
		return s.refuse("estimators_", "there are no stages to move the first scores into")
	}
	rate, err := sklearn.Float(s.get("learning_rate"))
	if err != nil || rate == 0 {
		return s.refuse("learning_rate", "the first scores can not be moved into the first stage")
	}
	k := a.Shape[1]
	if len(row) != 0 && len(row) != k {
		return s.refuse("init_", "%d scores for stages of %d trees", len(row), k)
	}
	for i, v := range row {
		at := i
		if a.Fortran {
			at = i * a.Shape[0]
		}
		o, _ := a.Objects[at].(*pyobj.Object)
		if o == nil {
			return s.refuse("estimators_", "one is no tree")
		}
		attrs, _ := o.Attrs()
		t := &state{m: s.m, obj: o, attrs: attrs, name: s.name, path: fmt.Sprintf("%s.estimators_[0][%d]", s.path, i)}
		if err := t.leaves(func(_ int, leaf []float64) {
			for j := range leaf {
				leaf[j] += v / rate
			}
		}); err != nil {
			return err
		}
	}
	s.set("init_", pyobj.Str("zero"), "the first scores moved into the leaves of the first stage")
	s.m.say("%s: the scores that boosting starts from stand in the leaves of its first trees, whose sums may round otherwise: of classes with equal scores another one may win.", s.path)
	return nil
}

// oldStart: until 0.20 the start came from classes of its own.
func (s *state) oldStart() error {
	if s.get("init_") == nil {
		return nil
	}
	row := s.start()
	if row == nil {
		return s.refuse("init_", "how scores begin from %s is not known", sklearn.Describe(s.get("init_")))
	}
	if t, ok := pyobj.Text(s.get("init_")); ok && t == "zero" {
		return nil
	}
	return s.intoFirstStage(row)
}

// symmetricStart: since 1.4 the first scores of several classes are the logarithms of the priors less their mean.
func (s *state) symmetricStart() error {
	a, ok := s.get("estimators_").(*pyobj.Array)
	if !ok || len(a.Shape) != 2 || a.Shape[1] < 2 {
		return nil
	}
	if t, ok := pyobj.Text(s.get("init_")); ok && t == "zero" {
		return nil
	}
	row := s.start()
	if row == nil {
		return s.lose("init_", "decision_function of several classes begins elsewhere since 1.4", "decision_function")
	}
	return s.intoFirstStage(row)
}

// startInside: until 1.7 the first probabilities were kept 2^-23 from 0 and 1, since 1.8 2^-52.
func (s *state) startInside() error {
	o, ok := s.get("init_").(*pyobj.Object)
	if !ok || s.name != "GradientBoostingClassifier" {
		return nil
	}
	row := s.start()
	if row == nil {
		return s.lose("init_", fmt.Sprintf("probabilities of %s within 2^-23 of 0 and 1 are cut elsewhere since 1.8", sklearn.Describe(o)),
			"predict_proba", "decision_function")
	}
	attrs, _ := o.Attrs()
	p, err := sklearn.Tensor(attrs.Get("class_prior_"))
	if err != nil {
		return nil
	}
	for _, v := range p.AsF64() {
		if v < 0x1p-23 || v > 1-0x1p-23 {
			return s.intoFirstStage(row)
		}
	}
	return nil
}

// baseline turns _baseline_prediction between (K,1), or a number, and (1,K).
func (s *state) baseline(up bool) error {
	v := s.get("_baseline_prediction")
	if v == nil {
		return nil
	}
	t, err := sklearn.Tensor(v)
	if err != nil || t.AsF64() == nil {
		return s.refuse("_baseline_prediction", "it is %s", sklearn.Describe(v))
	}
	f := t.AsF64()
	switch {
	case up:
		s.set("_baseline_prediction", floatArray(f, 1, len(f)), "one row")
	case len(f) == 1:
		s.set("_baseline_prediction", &pyobj.Scalar{DType: dtype("<f8"), Data: binary.LittleEndian.AppendUint64(nil, math.Float64bits(f[0]))}, "a number")
	default:
		s.set("_baseline_prediction", floatArray(f, len(f), 1), "one column")
	}
	return nil
}

// packed makes a structured dtype without padding.
func packed(fields ...string) *pyobj.DType {
	d := &pyobj.DType{Kind: 'V', Order: '|'}
	for i := 0; i < len(fields); i += 2 {
		t := dtype(fields[i+1])
		d.Fields = append(d.Fields, pyobj.Field{Name: fields[i], DType: t, Offset: d.Size})
		d.Size += t.Size
	}
	return d
}

var (
	hist24 = packed("value", "<f8", "count", "<u4", "feature_idx", "<u4", "num_threshold", "<f8", "missing_go_to_left", "|u1", "left", "<u4",
		"right", "<u4", "gain", "<f8", "depth", "<u4", "is_leaf", "|u1", "bin_threshold", "|u1", "is_categorical", "|u1", "bitset_idx", "<u4")
	hist13 = packed("value", "<f8", "count", "<u4", "feature_idx", "<i8", "num_threshold", "<f8", "missing_go_to_left", "|u1", "left", "<u4",
		"right", "<u4", "gain", "<f8", "depth", "<u4", "is_leaf", "|u1", "bin_threshold", "|u1", "is_categorical", "|u1", "bitset_idx", "<u4")
)

// repackPredictors gives the nodes of every predictor another layout.
func (s *state) repackPredictors(to *pyobj.DType) error {
	v := s.get("_predictors")
	if v == nil {
		return nil
	}
	var err error
	pyobj.Walk(v, func(v pyobj.Value) bool {
		o, ok := v.(*pyobj.Object)
		if !ok || pyobj.ShortName(o.ClassName()) != "TreePredictor" || err != nil {
			return true
		}
		d, _ := o.State.(*pyobj.Dict)
		a, _ := d.Get("nodes").(*pyobj.Array)
		var out *pyobj.Array
		if out, err = repack(a, to, map[string]string{"num_threshold": "threshold"}); err != nil {
			return false
		}
		d.Set(pyobj.Str("nodes"), out)
		for _, n := range []string{"binned_left_cat_bitsets", "raw_left_cat_bitsets"} {
			if d.Get(n) == nil {
				d.Set(pyobj.Str(n), &pyobj.Array{DType: dtype("<u4"), Shape: []int{0, 8}, Data: []byte{}, Offset: -1})
			}
		}
		return false
	})
	if err != nil {
		return s.refuse("_predictors", "nodes: %v", err)
	}
	s.note(Rewritten, "_predictors", fmt.Sprintf("nodes of %d bytes", to.Size))
	return nil
}

// maxIndicators bounds the trees that stand for SAMME.R.
const maxIndicators = 5000

// indicatorTrees writes SAMME.R, which 1.6 removed, as the SAMME that remained. A leaf of SAMME.R adds a vector v that
// sums to zero; SAMME adds w·e(k) for a class k, where e(k) is 1 at k and -1/(K-1) elsewhere, so that
// (K-1)/K·v[k]·(e(k)-e(0)), summed over k, is v. Each tree of depth one or more therefore becomes, for all leaves but
// one and all classes but the first, a tree that says k in that leaf and the first class elsewhere, weighted; what is
// left of every tree is constant and is collected in one constant classifier per class.
func (s *state) indicatorTrees() error {
	if s.word("algorithm") != "SAMME.R" {
		return nil
	}
	if !s.fitted() {
		return nil
	}
	list, err := sklearn.Sequence(s.get("estimators_"))
	if err != nil {
		return s.refuse("estimators_", "%v", err)
	}
	labels, ok := s.get("classes_").(*pyobj.Array)
	if !ok || len(labels.Shape) != 1 || labels.Shape[0] < 2 {
		return s.refuse("algorithm", "SAMME.R of a single class")
	}
	weights, err := sklearn.Tensor(s.get("estimator_weights_"))
	if err != nil || weights.AsF64() == nil {
		return s.refuse("estimator_weights_", "%s", sklearn.Describe(s.get("estimator_weights_")))
	}
	k := labels.Shape[0]
	total := 0.0
	for _, x := range weights.AsF64() {
		total += x
	}
	scale := float64(k-1) / float64(k)
	base := make([]float64, k) // weights of the constant trees
	var out []pyobj.Value
	var w []float64
	for _, it := range list {
		o, _ := it.(*pyobj.Object)
		if o == nil || !isTreeClassifier(o) {
			return s.refuse("algorithm", "SAMME.R was removed in 1.6, and only trees can be written as SAMME; this ensemble holds %s", sklearn.Describe(it))
		}
		attrs, _ := o.Attrs()
		t := &state{m: s.m, obj: o, attrs: attrs, name: "DecisionTreeClassifier", path: s.path + ".estimators_"}
		_, d, err := t.tree()
		if err != nil || d == nil {
			return s.refuse("estimators_", "one is not fitted")
		}
		if n, ok := attrs.Get("classes_").(*pyobj.Array); !ok || len(n.Shape) != 1 || n.Shape[0] != k {
			return s.refuse("estimators_", "one knows fewer classes than the ensemble")
		}
		a, _ := d.Get("nodes").(*pyobj.Array)
		rec, err := repack(a, nodes13, nil)
		if err != nil {
			return s.refuse("estimators_", "nodes: %v", err)
		}
		v, _, err := floats(d.Get("values"))
		if err != nil || len(v) != rec.Shape[0]*k {
			return s.refuse("estimators_", "values do not fit")
		}
		terms := func(node int) []float64 {
			return sammeTerms(v[node*k:][:k])
		}
		var leaves []int
		for i := range rec.Shape[0] {
			if int64(binary.LittleEndian.Uint64(rec.Data[i*64:])) == -1 {
				leaves = append(leaves, i)
			}
		}
		if len(leaves) == 0 {
			return s.refuse("estimators_", "a tree has no leaf")
		}
		last := terms(leaves[len(leaves)-1])
		for c := 1; c < k; c++ {
			base[c] += scale * last[c]
			base[0] -= scale * last[c]
		}
		for _, leaf := range leaves[:len(leaves)-1] {
			u := terms(leaf)
			for c := 1; c < k; c++ {
				g := scale * (u[c] - last[c])
				if g == 0 {
					continue
				}
				if len(out) >= maxIndicators {
					return s.refuse("algorithm", "SAMME.R was removed in 1.6, and writing it as SAMME would take more than %d trees", maxIndicators)
				}
				says := make([]float64, rec.Shape[0]*k)
				for n := range rec.Shape[0] {
					says[n*k] = 1
				}
				says[leaf*k], says[leaf*k+c] = 0, 1
				out = append(out, s.treeLike(o, d, d.Get("nodes"), floatArray(says, rec.Shape[0], 1, k)))
				w = append(w, g)
				base[0] -= g
			}
		}
	}
	// The weights of the constant trees also bring the sum of all weights to what SAMME.R divided by.
	sum := 0.0
	for _, x := range w {
		sum += x
	}
	for _, x := range base {
		sum += x
	}
	for c := range k {
		d, err := s.constant(labels, c)
		if err != nil {
			return err
		}
		out = append(out, d)
		w = append(w, base[c]+(total-sum)/float64(k))
	}
	n := len(list)
	s.attrs.Set(pyobj.Str("estimators_"), &pyobj.List{Items: out})
	s.attrs.Set(pyobj.Str("estimator_weights_"), floatArray(w, len(w)))
	s.attrs.Set(pyobj.Str("estimator_errors_"), floatArray(make([]float64, len(w)), len(w)))
	s.taken["algorithm"] = true
	s.note(Rewritten, "estimators_", fmt.Sprintf("%d trees of SAMME.R → %d trees of SAMME whose weighted votes add up to the same decision", n, len(out)))
	s.m.say("%s: SAMME.R was removed in 1.6; the same decision and probabilities come from SAMME over %d small trees. feature_importances_ and the staged_ methods do not carry over.", s.path, len(out))
	return nil
}

// constant makes a classifier that always says one class.
func (s *state) constant(labels *pyobj.Array, class int) (pyobj.Value, error) {
	k := labels.Shape[0]
	prior := make([]float64, k)
	prior[class] = 1
	return s.m.make("DummyClassifier", entry("strategy", pyobj.Str("prior")), entry("_strategy", pyobj.Str("prior")), entry("classes_", labels),
		entry("class_prior_", floatArray(prior, k)), entry("n_classes_", pyobj.Int(k)), entry("n_outputs_", pyobj.Int(1)), entry("sparse_output_", pyobj.Bool(false)))
}

// votes: until 1.3.0 a member of SAMME added its weight for the class it says and nothing for the others; since then
// the others lose weight/(K-1). Constant members that say every class alike bring the scale of the decision back: for two
// classes wholly, for more but for a shift of 1/K that labels and probabilities do not see.
func (s *state) votes(up bool) error {
	if !s.fitted() || s.word("algorithm") != "SAMME" {
		return nil
	}
	labels, ok := s.get("classes_").(*pyobj.Array)
	if !ok || len(labels.Shape) != 1 || labels.Shape[0] < 2 {
		return s.refuse("algorithm", "SAMME of a single class")
	}
	k := labels.Shape[0]
	if k > 2 {
		if err := s.lose("algorithm", "until 1.3.0 SAMME gave the other classes no negative votes", "decision_function"); err != nil {
			return err
		}
	}
	list, err := sklearn.Sequence(s.get("estimators_"))
	if err != nil {
		return s.refuse("estimators_", "%v", err)
	}
	weights, err := sklearn.Tensor(s.get("estimator_weights_"))
	if err != nil || weights.AsF64() == nil || weights.Len() < len(list) {
		return s.refuse("estimator_weights_", "%s", sklearn.Describe(s.get("estimator_weights_")))
	}
	w := append([]float64(nil), weights.AsF64()[:len(list)]...)
	total := 0.0
	for _, x := range weights.AsF64() { // the sum that was divided by counts members that were not kept
		total += x
	}
	own := 0.0
	for _, x := range w {
		own += x
	}
	list = append([]pyobj.Value(nil), list...)
	wanted := total * float64(k) / float64(k-1)
	if !up {
		wanted = total * float64(k-1) / float64(k)
	}
	each := (wanted - own) / float64(k)
	for c := range k {
		d, err := s.constant(labels, c)
		if err != nil {
			return err
		}
		list, w = append(list, d), append(w, each)
	}
	s.attrs.Set(pyobj.Str("estimators_"), &pyobj.List{Items: list})
	s.attrs.Set(pyobj.Str("estimator_weights_"), floatArray(w, len(w)))
	s.attrs.Set(pyobj.Str("estimator_errors_"), floatArray(make([]float64, len(w)), len(w)))
	s.note(Rewritten, "estimators_", fmt.Sprintf("%d constant members bring the decision back to the scale of the writing release", k))
	s.m.say("%s: the staged_ methods do not carry over.", s.path)
	return nil
}

func isTreeClassifier(o *pyobj.Object) bool {
	switch pyobj.ShortName(o.ClassName()) {
	case "DecisionTreeClassifier", "ExtraTreeClassifier":
		return true
	}
	return false
}

// isTree reports an estimator whose answers are stored numbers, chosen by float32 rows in every release alike.
func isTree(o *pyobj.Object) bool {
	name := pyobj.ShortName(o.ClassName())
	return strings.Contains(name, "Tree") || strings.Contains(name, "Forest")
}

// sammeTerms is (K-1)·(log p - mean log p) of a leaf's probabilities.
func sammeTerms(p []float64) []float64 {
	out, sum := make([]float64, len(p)), 0.0
	for i, x := range p {
		out[i] = math.Log(math.Max(x, 0x1p-52))
		sum += out[i]
	}
	k := float64(len(p))
	for i := range out {
		out[i] = (k - 1) * (out[i] - float64(1/k)*sum)
	}
	return out
}

// treeLike copies a fitted tree with other nodes and values.
func (s *state) treeLike(o *pyobj.Object, tree *pyobj.Dict, nodes, values pyobj.Value) *pyobj.Object {
	attrs, _ := o.Attrs()
	c := attrs.Clone()
	old, _ := attrs.Get("tree_").(*pyobj.Object)
	d := tree.Clone()
	d.Set(pyobj.Str("nodes"), nodes)
	d.Set(pyobj.Str("values"), values)
	if a, ok := nodes.(*pyobj.Array); ok {
		d.Set(pyobj.Str("node_count"), pyobj.Int(a.Shape[0]))
		if a.Shape[0] == 1 {
			d.Set(pyobj.Str("max_depth"), pyobj.Int(0))
		}
	}
	c.Set(pyobj.Str("tree_"), &pyobj.Object{Make: old.Make, Class: old.Class, Args: old.Args, State: d, Offset: -1})
	out := &pyobj.Object{Make: o.Make, Class: o.Class, State: c, Offset: -1}
	s.m.done[out] = true
	return out
}

// zeroDecision: of two classes with equal probabilities the first is predicted until 1.3, the second since 1.4.
func (s *state) zeroDecision() error {
	if s.fitted() && rowsOf(s.get("classes_")) == 2 {
		s.m.say("%s (%s): of two classes with equal probabilities the second is predicted since 1.4, before the first.", s.path, s.name)
	}
	return nil
}
