package release

import (
	"math"
	"regexp"
	"slices"

	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/tensor"
)

// inlineUnicode finds the flag by which a pattern of Python 2 asks for Unicode.
var inlineUnicode = regexp.MustCompile(`\(\?[aiLmsx]*u`)

var preprocessingSteps = []step{
	{at: "0.18", classes: "StandardScaler", up: func(s *state) error { s.rename("std_", "scale_"); return nil }},
	{at: "1.8", classes: "StandardScaler", up: func(s *state) error { return s.wideScaler() }, down: func(s *state) error {
		if s.fitted() {
			s.m.say("%s (StandardScaler): float32 rows round differently: since 1.8 mean_ and scale_ are rounded to float32 first, before each step was. float64 rows give the same bits.", s.path)
		}
		return nil
	}},
	{at: "1.0", classes: "Normalizer", up: func(s *state) error {
		if s.word("norm") == "max" {
			return s.refuse("norm", "until 0.24 rows were divided by their largest element, since by the largest absolute one")
		}
		return nil
	}},
	{at: "0.21", classes: "QuantileTransformer", up: func(s *state) error {
		if s.fitted() && s.word("output_distribution") == "uniform" {
			return s.lose("output_distribution", "until 0.20 values within 1e-7 of a bound were moved to it", "transform")
		}
		return nil
	}},
	{at: "0.21", classes: "MultiLabelBinarizer", up: func(s *state) error {
		if s.fitted() {
			s.add("_cached_dict", pyobj.None{}, "made when it is asked for")
		}
		return nil
	}},
	{at: "0.24", classes: "SimpleImputer KNNImputer IterativeImputer", up: func(s *state) error {
		if o, ok := s.get("indicator_").(*pyobj.Object); ok {
			if d, _ := o.Attrs(); d != nil {
				d.Set(pyobj.Str("_precomputed"), pyobj.Bool(true))
				s.note(Rewritten, "indicator_", "_precomputed: it is given masks")
			}
		}
		return nil
	}},
	{at: "1.0", classes: "PolynomialFeatures", up: func(s *state) error {
		if !s.fitted() {
			return nil
		}
		s.rename("n_input_features_", "n_features_in_")
		s.drop("n_input_features_")
		d, err := sklearn.Int(s.get("degree"))
		if err != nil {
			return s.refuse("degree", "%v", err)
		}
		n, err := sklearn.Int(s.get("n_features_in_"))
		if err != nil {
			return s.refuse("n_features_in_", "%v", err)
		}
		only, _ := sklearn.Bool(s.get("interaction_only"))
		all := combinations(n, d, only)
		if bias, err := sklearn.Bool(s.get("include_bias")); err == nil && !bias {
			all--
		}
		s.add("_min_degree", pyobj.Int(0), "degree")
		s.add("_max_degree", pyobj.Int(d), "degree")
		s.add("_n_out_full", pyobj.Int(all), "the columns of all degrees")
		return nil
	}},
	{at: "1.3", classes: "PolynomialFeatures", up: func(s *state) error { s.drop("n_input_features_"); return nil }},
	{at: "0.20.1", classes: "KBinsDiscretizer", up: func(s *state) error {
		if o, ok := s.get("_encoder").(*pyobj.Object); ok {
			if attrs, ok := o.Attrs(); ok && attrs.Get("categories_") == nil {
				return s.refuse("_encoder", "0.20.0 fits it in each transform, so that it is not fitted here")
			}
		}
		return nil
	}},
	{at: "0.20", classes: "OneHotEncoder", up: (*state).legacyEncoder},
	{at: "0.21", classes: "OneHotEncoder", up: (*state).legacyEncoder},
	{at: "0.22", classes: "OneHotEncoder", up: (*state).legacyEncoder},
	{at: "0.21", classes: "OneHotEncoder", up: func(s *state) error {
		s.drop("categorical_features", "n_values", "_n_values", "_categories", "_legacy_mode", "_active_features_", "_n_values_", "_feature_indices_", "feature_indices_", "n_values_", "active_features_")
		if s.fitted() {
			s.add("drop_idx_", pyobj.None{}, "nothing is dropped")
		}
		return nil
	}},
	{at: "0.22", classes: "OneHotEncoder", up: func(s *state) error {
		s.drop("categorical_features", "n_values", "_n_values", "_categories", "_legacy_mode", "_active_features_", "_n_values_", "_feature_indices_", "feature_indices_", "n_values_", "active_features_")
		if s.fitted() {
			s.add("drop_idx_", pyobj.None{}, "nothing is dropped")
		}
		return nil
	}},
	{at: "0.23", classes: "OneHotEncoder", up: func(s *state) error {
		if !s.has("drop_idx_") {
			return nil
		}
		t, err := sklearn.Sequence(s.get("drop_idx_"))
		if err != nil {
			return s.refuse("drop_idx_", "%v", err)
		}
		s.set("drop_idx_", &pyobj.Array{DType: dtype("O"), Shape: []int{len(t)}, Objects: t, Offset: -1}, "an array of objects")
		return nil
	}},
	{at: "1.1", classes: "OneHotEncoder OrdinalEncoder", up: func(s *state) error {
		if s.fitted() {
			s.add("_infrequent_enabled", pyobj.Bool(false), "no category is infrequent")
			if s.name == "OneHotEncoder" {
				return s.encodedWidths()
			}
		}
		return nil
	}, down: func(s *state) error {
		if b, ok := s.get("_infrequent_enabled").(pyobj.Bool); ok && bool(b) && s.name == "OneHotEncoder" {
			return s.refuse("_infrequent_enabled", "it does not group infrequent categories")
		}
		return nil
	}},
	{at: "1.3", classes: "OrdinalEncoder", up: func(s *state) error {
		if s.fitted() {
			s.add("_infrequent_enabled", pyobj.Bool(false), "no category is infrequent")
			s.add("_missing_indices", &pyobj.Dict{}, "no category is missing")
		}
		return nil
	}, down: func(s *state) error {
		if b, ok := s.get("_infrequent_enabled").(pyobj.Bool); ok && bool(b) {
			return s.refuse("_infrequent_enabled", "it does not group infrequent categories")
		}
		s.drop("_infrequent_enabled")
		return nil
	}},
	{at: "1.0", classes: "OrdinalEncoder", up: func(s *state) error {
		if s.fitted() {
			s.add("_missing_indices", &pyobj.Dict{}, "no category is missing")
		}
		return nil
	}},
	{at: "1.2", classes: "OneHotEncoder", up: func(s *state) error {
		s.rename("sparse", "sparse_output")
		return nil
	}, down: func(s *state) error {
		s.drop("sparse")
		s.rename("sparse_output", "sparse")
		return nil
	}},
	// until 1.2.1 drop_idx_ counted the categories as they were grouped.
	{at: "1.2.2", classes: "OneHotEncoder", up: func(s *state) error {
		if v := s.get("drop_idx_"); v != nil {
			s.add("_drop_idx_after_grouping", v, "as drop_idx_")
		}
		return nil
	}, down: func(s *state) error {
		if v := s.get("_drop_idx_after_grouping"); v != nil {
			s.attrs.Set(pyobj.Str("drop_idx_"), v)
		}
		s.drop("_drop_idx_after_grouping")
		return nil
	}},
	{at: "1.6", classes: "OneHotEncoder", up: nil, down: (*state).warnOfUnknown},
	{at: "1.8", classes: "OneHotEncoder", up: (*state).warnOfUnknown, down: (*state).warnOfUnknown},
	{at: "0.24", classes: "OrdinalEncoder", up: func(s *state) error {
		s.add("handle_unknown", pyobj.Str("error"), "the only rule")
		s.add("unknown_value", pyobj.None{}, "")
		return nil
	}},
	{at: "1.1", classes: "KBinsDiscretizer", up: func(s *state) error { return s.nudgedBins(true) }, down: func(s *state) error { return s.nudgedBins(false) }},
	{at: "0.22", classes: "FunctionTransformer", up: func(s *state) error {
		if v := s.get("_validate"); v != nil {
			s.set("validate", v, "as _validate")
		} else if _, isNone := s.get("validate").(pyobj.None); isNone {
			s.set("validate", pyobj.Bool(true), "None stood for True")
		}
		s.drop("_validate")
		if b, ok := s.get("pass_y").(pyobj.Bool); ok && bool(b) {
			return s.refuse("pass_y", "it passes no target to the function")
		}
		s.drop("pass_y")
		return nil
	}},
	{at: "0.21", classes: "SimpleImputer", up: func(s *state) error { s.add("indicator_", pyobj.None{}, "there is none"); return nil }},
	{at: "1.1", classes: "SimpleImputer", up: func(s *state) error {
		if v := statisticsType(s.get("statistics_")); v != nil {
			s.add("_fit_dtype", v, "that of statistics_")
		}
		return nil
	}},
	{at: "1.8", classes: "SimpleImputer", up: func(s *state) error {
		s.fillType()
		return nil
	}, down: (*state).constantStatistics},
	{at: "0.24", classes: "MissingIndicator", up: func(s *state) error {
		if s.fitted() {
			s.add("_precomputed", pyobj.Bool(false), "the rows are no masks")
		}
		return nil
	}},
	{at: "0.23", classes: "IterativeImputer", up: func(s *state) error {
		o, ok := s.get("initial_imputer_").(*pyobj.Object)
		if !ok {
			return nil
		}
		d, _ := o.Attrs()
		n := rowsOf(d.Get("statistics_"))
		for _, name := range []string{"_min_value", "_max_value"} {
			limit, err := sklearn.Float(s.get(name))
			if err != nil || n < 0 {
				continue
			}
			f := make([]float64, n)
			for i := range f {
				f[i] = limit
			}
			s.set(name, floatArray(f, n), "one for every column")
		}
		return nil
	}},
	{at: "1.6", classes: "IterativeImputer", up: func(s *state) error {
		o, ok := s.get("initial_imputer_").(*pyobj.Object)
		if !ok {
			return nil
		}
		d, _ := o.Attrs()
		t, err := sklearn.Tensor(d.Get("statistics_"))
		if err != nil || t.AsF64() == nil {
			return s.refuse("initial_imputer_", "statistics_: %s, wanted numbers", sklearn.Describe(d.Get("statistics_")))
		}
		f := t.AsF64()
		empty := make([]byte, len(f))
		for i, v := range f {
			if math.IsNaN(v) {
				empty[i] = 1
			}
		}
		s.add("_is_empty_feature", &pyobj.Array{DType: dtype("|b1"), Shape: []int{len(empty)}, Data: empty, Offset: -1}, "the columns without a statistic")
		return nil
	}, down: func(s *state) error {
		n, _ := sklearn.Int(s.get("n_iter_"))
		if s.get("keep_empty_features") != pyobj.Bool(true) || n == 0 {
			return nil
		}
		if t, err := sklearn.Tensor(s.get("_is_empty_feature")); err != nil || slices.Contains(t.U8, 1) {
			return s.refuse("keep_empty_features", "until 1.5 nothing was imputed after the first guess where empty columns are kept")
		}
		s.set("keep_empty_features", pyobj.Bool(false), "there are no empty columns, and until 1.5 nothing was imputed after the first guess where they are kept")
		return nil
	}},
	{at: "1.1", classes: "KNNImputer", up: func(s *state) error { return s.validMask() }},
	{at: "0.24", classes: "KNNImputer", up: func(s *state) error { return s.validMask() }},
	{at: "0.22", classes: "KNNImputer", up: func(s *state) error { return s.validMask() }},
	{at: "0.22", classes: "Imputer", up: (*state).oldImputer},
	{at: "1.5", classes: "TfidfTransformer", up: func(s *state) error {
		v := s.get("_idf_diag")
		if v == nil {
			return nil
		}
		m, err := sklearn.AnyMatrix(v)
		if err != nil {
			return s.refuse("_idf_diag", "%v", err)
		}
		d, err := diagonal(m)
		if err != nil {
			return s.refuse("_idf_diag", "%v", err)
		}
		s.drop("_idf_diag")
		s.set("idf_", floatArray(d, len(d)), "the diagonal of _idf_diag")
		return nil
	}, down: func(s *state) error {
		v, _, err := floats(s.get("idf_"))
		if err != nil {
			if s.get("idf_") != nil {
				return s.refuse("idf_", "%v", err)
			}
			return nil
		}
		s.drop("idf_")
		s.set("_idf_diag", diagonalCSR(v), "idf_ on a diagonal")
		return nil
	}},
	{at: "1.0", classes: "TfidfVectorizer", up: func(s *state) error {
		o, ok := s.get("_tfidf").(*pyobj.Object)
		if !ok {
			return nil
		}
		attrs, _ := o.Attrs()
		for _, n := range []string{"norm", "use_idf", "smooth_idf", "sublinear_tf"} {
			if v := attrs.Get(n); v != nil {
				s.add(n, v, "as _tfidf's")
			}
		}
		return nil
	}},
	{at: "0.22", classes: "CountVectorizer TfidfVectorizer HashingVectorizer", up: func(s *state) error {
		if s.word("strip_accents") == "unicode" {
			s.m.say("%s (%s): until 0.21 accents of text that was decomposed already stayed.", s.path, s.name)
		}
		return nil
	}},
	{at: "*", classes: "HashingVectorizer FeatureHasher", up: func(s *state) error {
		if s.m.bigEndian {
			return s.refuse("n_features", "a big-endian machine wrote the file, and other machines hash terms to other columns")
		}
		return nil
	}},
	{at: "0.21", classes: "HashingVectorizer FeatureHasher", up: func(s *state) error {
		if b, ok := s.get("non_negative").(pyobj.Bool); ok && bool(b) {
			return s.refuse("non_negative", "it has no absolute values of hashed counts")
		}
		s.drop("non_negative")
		return nil
	}},
	{at: "*", classes: "CountVectorizer TfidfVectorizer HashingVectorizer", up: func(s *state) error {
		s.drop("_stop_words_id", "stop_words_")
		if !s.m.python2 {
			return nil
		}
		if p := s.word("token_pattern"); p != "" && !inlineUnicode.MatchString(p) {
			s.set("token_pattern", pyobj.Str("(?a)"+p), "a pattern of Python 2 knows ASCII alone")
		}
		if a := s.word("analyzer"); a == "char" || a == "char_wb" {
			s.m.say("%s (%s): Python 2 joined white space of ASCII only.", s.path, s.name)
		}
		if s.get("lowercase") == pyobj.Bool(true) {
			s.m.say("%s (%s): Python 2 made lower case of each character by itself: \u0130 and a last sigma differ.", s.path, s.name)
		}
		return nil
	}},
	{at: "1.0", classes: "ColumnTransformer", up: func(s *state) error {
		s.rename("_feature_names_in", "feature_names_in_")
		if _, isNone := s.get("feature_names_in_").(pyobj.None); isNone {
			s.drop("feature_names_in_")
		}
		if err := s.columnNames(); err != nil {
			return err
		}
		s.drop("_df_columns")
		return nil
	}},
	{at: "1.4", classes: "ColumnTransformer", up: (*state).fittedPassthrough, down: (*state).namedPassthrough},
	{at: "*", classes: "ColumnTransformer", up: (*state).columnBookkeeping},
	{at: "1.4", classes: "PowerTransformer", up: func(s *state) error {
		s.widen("lambdas_", "numpy 1 computed with a scalar as float64")
		return nil
	}},
	{at: "1.9", classes: "PowerTransformer", up: (*state).powers, down: (*state).powers},
	{at: "*", classes: "SimpleImputer", up: func(s *state) error {
		v := statisticsType(s.get("statistics_"))
		if v == nil || s.m.To.Before("1.1") {
			return nil
		}
		s.add("_fit_dtype", v, "that of statistics_") // 1.1.0 had none yet
		if !s.m.To.Before("1.8") {
			s.fillType()
		}
		return nil
	}},
	says("0.21", "PolynomialFeatures", "products were multiplied in another order until 0.20: last digits may differ."),
}

// wideScaler: until 1.7 each step of float32 rows was computed in float64 and rounded, as RobustScaler still does it.
func (s *state) wideScaler() error {
	if !s.fitted() {
		return nil
	}
	if !s.m.Float32 {
		s.m.say("%s (StandardScaler): float32 rows round differently: since 1.8 mean_ and scale_ are rounded to float32 first, before each step was. float64 rows give the same bits; --float32 keeps those of float32 too.", s.path)
		return nil
	}
	withMean, withStd, center, scale := s.orNone("with_mean"), s.orNone("with_std"), s.orNone("mean_"), s.orNone("scale_")
	s.replace("RobustScaler", "StandardScaler rounds float32 rows differently since 1.8; RobustScaler with this center and scale gives the same bits for float32 and float64. It can not be fitted anew as it was", "copy")
	s.attrs.Set(pyobj.Str("with_centering"), withMean)
	s.attrs.Set(pyobj.Str("with_scaling"), withStd)
	s.attrs.Set(pyobj.Str("center_"), center)
	s.attrs.Set(pyobj.Str("scale_"), scale)
	return nil
}

// powers: since 1.9 (x^λ-1)/λ is computed without the loss of digits that a small λ brought.
func (s *state) powers() error {
	if s.get("lambdas_") == nil {
		return nil
	}
	if smallPower(s.get("lambdas_")) {
		return s.lose("lambdas_", "powers near 0 and 2 lost digits until 1.8", "transform")
	}
	s.m.say("%s (PowerTransformer): powers are computed by another routine since 1.9: the last digits may differ.", s.path)
	return nil
}

// combinations counts the monomials up to a degree.
func combinations(n, degree int, interactionOnly bool) int {
	choose := func(n, k int) int {
		out := 1
		for i := 1; i <= k; i++ {
			out = out * (n - k + i) / i
		}
		return out
	}
	if !interactionOnly {
		return choose(n+degree, degree)
	}
	sum := 0
	for k := 0; k <= degree && k <= n; k++ {
		sum += choose(n, k)
	}
	return sum
}

// warnOfUnknown says in other words what an encoder that warns of unknown categories does with them: none is there before 1.6; until
// 1.7 they left the block empty, since 1.8 they are infrequent.
func (s *state) warnOfUnknown() error {
	same := "infrequent_if_exist"
	if grouped, ok := s.get("_infrequent_enabled").(pyobj.Bool); ok && bool(grouped) && s.writtenBefore("1.8") {
		same = "ignore"
	}
	s.reword("handle_unknown", "warn", same)
	return nil
}

// legacyEncoder writes OneHotEncoder of integers below n_values_ as one of categories.
func (s *state) legacyEncoder() error {
	get := func(names ...string) []int {
		for _, n := range names {
			if t, err := sklearn.Tensor(s.get(n)); err == nil && t.I64 != nil {
				out := make([]int, t.Len())
				for i, v := range t.I64 {
					out[i] = int(v)
				}
				return out
			}
		}
		return nil
	}
	if b, ok := s.get("_legacy_mode").(pyobj.Bool); ok && !bool(b) || !ok && s.has("categories_") {
		return nil
	}
	counts, offsets, active := get("n_values_", "_n_values_"), get("feature_indices_", "_feature_indices_"), get("active_features_", "_active_features_")
	if counts == nil || offsets == nil {
		return nil
	}
	if w := s.word("categorical_features"); w != "all" && s.get("categorical_features") != nil && s.has("categorical_features") {
		return s.refuse("categorical_features", "it encodes all columns or none; a ColumnTransformer would be wanted")
	}
	auto := s.word("n_values") == "auto" || s.word("_n_values") == "auto"
	if auto && active == nil {
		return s.refuse("active_features_", "it is missing")
	}
	gaps := auto && len(active) < offsets[len(offsets)-1]
	cats := &pyobj.List{}
	for j := range counts {
		if j+1 >= len(offsets) {
			return s.refuse("feature_indices_", "it does not fit n_values_")
		}
		var codes []int64
		if auto {
			for _, a := range active {
				if a >= offsets[j] && a < offsets[j+1] {
					codes = append(codes, int64(a-offsets[j]))
				}
			}
		} else {
			for v := range counts[j] {
				codes = append(codes, int64(v))
			}
		}
		cats.Items = append(cats.Items, intArray(codes, len(codes)))
	}
	s.taken["n_values"], s.taken["categorical_features"] = true, true
	s.set("categories_", cats, "the integers of n_values_ and active_features_")
	s.m.say("%s (OneHotEncoder): rows hold its integers as numbers: until 0.19 text of digits and numbers with a fraction were cut to integers first.", s.path)
	s.attrs.Set(pyobj.Str("categories"), pyobj.Str("auto"))
	s.set("drop_idx_", pyobj.None{}, "nothing is dropped")
	s.drop("n_values_", "_n_values_", "feature_indices_", "_feature_indices_", "active_features_", "_active_features_", "_legacy_mode")
	if s.word("handle_unknown") == "error" && gaps {
		s.set("handle_unknown", pyobj.Str("ignore"), "values below the largest that were not met in the fit give zeros")
		s.m.say("%s (OneHotEncoder): values above the largest of the fit give zeros, too, which were refused.", s.path)
	}
	return nil
}

// encodedWidths sets how many columns each feature gives.
func (s *state) encodedWidths() error {
	cats, err := sklearn.Sequence(s.get("categories_"))
	if err != nil {
		return nil
	}
	var dropped []pyobj.Value
	if s.has("drop_idx_") {
		if dropped, err = sklearn.Sequence(s.get("drop_idx_")); err != nil {
			return s.refuse("drop_idx_", "%v", err)
		}
	}
	out := &pyobj.List{}
	for i, c := range cats {
		items, err := sklearn.Sequence(c)
		if err != nil {
			return s.refuse("categories_", "%v", err)
		}
		n := len(items)
		if i < len(dropped) {
			if _, isNone := dropped[i].(pyobj.None); !isNone {
				n--
			}
		}
		out.Items = append(out.Items, pyobj.Int(n))
	}
	s.add("_n_features_outs", out, "counted")
	return nil
}

// nudgedBins: until 1.0 values were raised by 1e-8 + 1e-5·|x| before their bin was looked for. Each inner edge becomes the
// smallest number that, so raised, reached it; or, on the way back, what it is when raised.
func (s *state) nudgedBins(up bool) error {
	edges, ok := s.get("bin_edges_").(*pyobj.Array)
	if !ok {
		return nil
	}
	raised := func(x float64) float64 { return x + (1e-8 + float64(1e-5*math.Abs(x))) }
	for i, it := range edges.Objects {
		v, shape, err := floats(it)
		if err != nil || len(shape) != 1 {
			return s.refuse("bin_edges_", "%v", err)
		}
		v = append([]float64(nil), v...)
		for j := 1; j+1 < len(v); j++ {
			edge := v[j]
			if up {
				v[j] = smallest(func(x float64) bool { return raised(x) >= edge })
				continue
			}
			if v[j] = raised(edge); raised(math.Nextafter(edge, math.Inf(-1))) >= v[j] {
				return s.refuse("bin_edges_", "until 1.0 values were raised by 1e-8 + 1e-5·|x|, which does not tell %v from its neighbour", edge)
			}
		}
		edges.Objects[i] = floatArray(v, len(v))
	}
	s.note(Rewritten, "bin_edges_", "inner edges moved, as until 1.0 values were raised by 1e-8 + 1e-5·|x| before their bin was looked for")
	s.m.say("%s (KBinsDiscretizer): bins are those of the writing release for float64 rows; inverse_transform gives the middles of the moved edges.", s.path)
	return nil
}

// smallest finds the least float64 for which a monotone condition holds.
func smallest(ok func(float64) bool) float64 {
	key := func(f float64) uint64 {
		b := math.Float64bits(f)
		if b>>63 != 0 {
			return ^b
		}
		return b | 1<<63
	}
	back := func(k uint64) float64 {
		if k>>63 != 0 {
			return math.Float64frombits(k &^ (1 << 63))
		}
		return math.Float64frombits(^k)
	}
	low, high := key(math.Inf(-1)), key(math.Inf(1))
	for low < high {
		mid := low + (high-low)/2
		if ok(back(mid)) {
			high = mid
		} else {
			low = mid + 1
		}
	}
	return back(low)
}

// statisticsType is the dtype of statistics.
func statisticsType(v pyobj.Value) pyobj.Value {
	if a, ok := v.(*pyobj.Array); ok {
		return a.DType
	}
	return nil
}

// validMask: KNNImputer keeps which columns have a value.
func (s *state) validMask() error {
	m, ok := s.get("_mask_fit_X").(*pyobj.Array)
	if !ok || len(m.Shape) != 2 || s.get("_valid_mask") != nil {
		return nil
	}
	t, err := sklearn.Tensor(m)
	if err != nil || t.DType != tensor.Bool {
		return s.refuse("_mask_fit_X", "it is %s", sklearn.Describe(m))
	}
	valid := make([]byte, m.Shape[1])
	for i, missing := range t.U8 {
		if missing == 0 {
			valid[i%m.Shape[1]] = 1
		}
	}
	s.set("_valid_mask", &pyobj.Array{DType: dtype("|b1"), Shape: []int{len(valid)}, Data: valid, Offset: -1}, "the columns with a value")
	return nil
}

// oldImputer: Imputer along columns is SimpleImputer.
func (s *state) oldImputer() error {
	axis, err := sklearn.Int(s.get("axis"))
	if err != nil || axis != 0 {
		return s.refuse("axis", "imputation by row keeps nothing of the fit")
	}
	missing := s.get("missing_values")
	if t, ok := pyobj.Text(missing); ok && t == "NaN" {
		missing = pyobj.Float(math.NaN())
	}
	s.replace("SimpleImputer", "its name since 0.20", "strategy", "copy", "verbose", "statistics_")
	s.attrs.Set(pyobj.Str("missing_values"), missing)
	s.attrs.Set(pyobj.Str("indicator_"), pyobj.None{})
	if !s.m.To.Before("1.1") {
		s.attrs.Set(pyobj.Str("_fit_dtype"), dtype("<f8"))
	}
	if !s.m.To.Before("1.8") {
		s.attrs.Set(pyobj.Str("_fill_dtype"), dtype("<f8"))
	}
	return nil
}

// fillType: since 1.8 what is filled in is first cast to _fill_dtype; before, numbers kept all their digits.
func (s *state) fillType() {
	d, ok := s.get("_fit_dtype").(*pyobj.DType)
	switch {
	case ok && d.Kind == 'f':
		s.add("_fill_dtype", dtype("<f8"), "numbers keep their digits")
	case s.get("_fit_dtype") != nil:
		s.add("_fill_dtype", s.get("_fit_dtype"), "as _fit_dtype")
	}
}

// constantStatistics: since 1.8 the constants that stand for missing values are kept as objects, before in the type of the
// rows.
func (s *state) constantStatistics() error {
	d, _ := s.get("_fill_dtype").(*pyobj.DType)
	a, _ := s.get("statistics_").(*pyobj.Array)
	s.drop("_fill_dtype")
	if t, err := sklearn.Tensor(s.get("statistics_")); err == nil && d != nil && d.Kind == 'f' && d.Size == 4 && a != nil && a.DType != nil && a.DType.Kind == 'f' && a.DType.Size == 8 {
		f := append([]float64(nil), t.AsF64()...)
		for i := range f {
			f[i] = float64(float32(f[i]))
		}
		s.set("statistics_", floatArray(f, a.Shape...), "rounded to float32, as transform does since 1.8")
		return nil
	}
	if d == nil || a == nil || a.DType == nil || a.DType.Kind != 'O' || d.Kind != 'f' && d.Kind != 'i' {
		return nil
	}
	f, n := make([]float64, len(a.Objects)), make([]int64, len(a.Objects))
	for i, v := range a.Objects {
		x, err := sklearn.Float(v)
		if err != nil {
			return nil // text
		}
		f[i] = x
		if d.Size == 4 {
			f[i] = float64(float32(x))
		}
		whole, err := sklearn.Int(v)
		if n[i] = int64(whole); err != nil && d.Kind == 'i' {
			return s.refuse("statistics_", "%v", err)
		}
	}
	out := floatArray(f, a.Shape...)
	if d.Kind == 'i' {
		out = intArray(n, a.Shape...)
	}
	s.set("statistics_", out, "as "+d.Code())
	return nil
}
