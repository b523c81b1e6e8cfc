package sklearn

import (
	"errors"
	"fmt"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/source"
	"github.com/larder-ml/larder/tensor"
)

// The inference methods, by scikit-learn's names, in the order they are listed.
const (
	MethodPredict          = "predict"
	MethodPredictProba     = "predict_proba"
	MethodPredictLogProba  = "predict_log_proba"
	MethodDecisionFunction = "decision_function"
	MethodTransform        = "transform"
	MethodInverseTransform = "inverse_transform"
	MethodScoreSamples     = "score_samples"
	MethodApply            = "apply"
	MethodDecisionPath     = "decision_path"
	MethodKNeighbors       = "kneighbors"
	MethodRadiusNeighbors  = "radius_neighbors"
	MethodMahalanobis      = "mahalanobis"
	MethodStagedPredict    = "staged_predict"
	MethodStagedProba      = "staged_predict_proba"
	MethodStagedDecision   = "staged_decision_function"
	MethodJointLogProba    = "predict_joint_log_proba"
	MethodPredictStd       = "predict_std" // predict(return_std=True)
	MethodLatent           = "latent_mean_and_variance"
	MethodKNeighborsGraph  = "kneighbors_graph"
	MethodRadiusGraph      = "radius_neighbors_graph"
)

// The capabilities. x is the method's input as the caller gave it: implementations pass it through Check first.
// Results are one value; several (multi-output probabilities, distances and indices) come as a tuple with names.
type (
	// Predictor has predict.
	Predictor interface {
		Predict(b *graph.Builder, x graph.Value) graph.Value
	}
	// ProbaPredictor has predict_proba.
	ProbaPredictor interface {
		PredictProba(b *graph.Builder, x graph.Value) graph.Value
	}
	// LogProbaPredictor has a predict_log_proba of its own; any ProbaPredictor that also has the marker method
	// LogOfProba gets log(predict_proba).
	LogProbaPredictor interface {
		PredictLogProba(b *graph.Builder, x graph.Value) graph.Value
	}
	// Decider has decision_function.
	Decider interface {
		DecisionFunction(b *graph.Builder, x graph.Value) graph.Value
	}
	// Transformer has transform.
	Transformer interface {
		Transform(b *graph.Builder, x graph.Value) graph.Value
	}
	// InverseTransformer has inverse_transform.
	InverseTransformer interface {
		InverseTransform(b *graph.Builder, x graph.Value) graph.Value
	}
	// ScoreSampler has score_samples.
	ScoreSampler interface {
		ScoreSamples(b *graph.Builder, x graph.Value) graph.Value
	}
	// Applier has apply.
	Applier interface {
		Apply(b *graph.Builder, x graph.Value) graph.Value
	}
	// PathDecider has decision_path.
	PathDecider interface {
		DecisionPath(b *graph.Builder, x graph.Value) graph.Value
	}
	// Neighbour has kneighbors; the result is the tuple (distances, indices).
	Neighbour interface {
		KNeighbors(b *graph.Builder, x graph.Value) graph.Value
	}
	// RadiusNeighbour has radius_neighbors.
	RadiusNeighbour interface {
		RadiusNeighbors(b *graph.Builder, x graph.Value) graph.Value
	}
	// Mahalanobiser has mahalanobis.
	Mahalanobiser interface {
		Mahalanobis(b *graph.Builder, x graph.Value) graph.Value
	}
	// StagedPredictor has staged_predict; the stages are stacked along axis 1.
	StagedPredictor interface {
		StagedPredict(b *graph.Builder, x graph.Value) graph.Value
	}
	// StagedProbaPredictor has staged_predict_proba.
	StagedProbaPredictor interface {
		StagedPredictProba(b *graph.Builder, x graph.Value) graph.Value
	}
	// StagedDecider has staged_decision_function.
	StagedDecider interface {
		StagedDecisionFunction(b *graph.Builder, x graph.Value) graph.Value
	}
	// JointLogProbaPredictor has predict_joint_log_proba.
	JointLogProbaPredictor interface {
		PredictJointLogProba(b *graph.Builder, x graph.Value) graph.Value
	}
	// StdPredictor has predict(return_std=True): the tuple (mean, std).
	StdPredictor interface {
		PredictStd(b *graph.Builder, x graph.Value) graph.Value
	}
	// LatentPredictor has latent_mean_and_variance: the tuple (mean, variance).
	LatentPredictor interface {
		LatentMeanAndVariance(b *graph.Builder, x graph.Value) graph.Value
	}
	// NeighbourGrapher has kneighbors_graph, a sparse matrix [N, fitted rows] of ones.
	NeighbourGrapher interface {
		KNeighborsGraph(b *graph.Builder, x graph.Value) graph.Value
	}
	// RadiusGrapher has radius_neighbors_graph, a sparse matrix [N, fitted rows] of ones.
	RadiusGrapher interface {
		RadiusNeighborsGraph(b *graph.Builder, x graph.Value) graph.Value
	}
	// Linear predicts X @ coef.T + intercept or, where there are classes, the one of the largest of these (of two classes with
	// one row: the second above zero). An error says why this one does not.
	Linear interface {
		Coefficients() (coef, intercept, classes *tensor.Tensor, err error)
	}
	// FeatureNamer has get_feature_names_out. in is nil when the names of the input are not known.
	FeatureNamer interface {
		FeatureNamesOut(in []string) ([]string, error)
	}
	// Availabler says whether a method that the type has is there under these settings: nil, or the reason why not,
	// in scikit-learn's words where it has some.
	Availabler interface {
		Available(method string) error
	}
	// Classifier gives the class labels (classes_); several for multi-output.
	Classifier interface {
		ClassLabels() []ClassLabels
	}
	// Resulter holds a result of fitting: what Class.Result speaks of.
	Resulter interface {
		Results() []Held
	}
	// Unchecked reports estimators that take no rows, too: they look at their number alone, or not even at that.
	Unchecked interface{ Unchecked() bool }
	// Holder names the estimators directly inside, for show and for walking.
	Holder interface {
		Inside() []Estimator
	}
)

// Held is a fitted attribute that is a result by itself.
type Held struct {
	Name   string // "labels_"
	Tensor *tensor.Tensor
}

var methods = []struct {
	name string
	call func(e Estimator) func(b *graph.Builder, x graph.Value) graph.Value
}{
	{MethodPredict, func(e Estimator) func(*graph.Builder, graph.Value) graph.Value {
		if m, ok := e.(Predictor); ok {
			return m.Predict
		}
		return nil
	}},
	{MethodPredictProba, func(e Estimator) func(*graph.Builder, graph.Value) graph.Value {
		if m, ok := e.(ProbaPredictor); ok {
			return m.PredictProba
		}
		return nil
	}},
	{MethodPredictLogProba, func(e Estimator) func(*graph.Builder, graph.Value) graph.Value {
		if m, ok := e.(LogProbaPredictor); ok {
			return m.PredictLogProba
		}
		return nil
	}},
	{MethodDecisionFunction, func(e Estimator) func(*graph.Builder, graph.Value) graph.Value {
		if m, ok := e.(Decider); ok {
			return m.DecisionFunction
		}
		return nil
	}},
	{MethodTransform, func(e Estimator) func(*graph.Builder, graph.Value) graph.Value {
		if m, ok := e.(Transformer); ok {
			return m.Transform
		}
		return nil
	}},
	{MethodInverseTransform, func(e Estimator) func(*graph.Builder, graph.Value) graph.Value {
		if m, ok := e.(InverseTransformer); ok {
			return m.InverseTransform
		}
		return nil
	}},
	{MethodScoreSamples, func(e Estimator) func(*graph.Builder, graph.Value) graph.Value {
		if m, ok := e.(ScoreSampler); ok {
			return m.ScoreSamples
		}
		return nil
	}},
	{MethodApply, func(e Estimator) func(*graph.Builder, graph.Value) graph.Value {
		if m, ok := e.(Applier); ok {
			return m.Apply
		}
		return nil
	}},
	{MethodDecisionPath, func(e Estimator) func(*graph.Builder, graph.Value) graph.Value {
		if m, ok := e.(PathDecider); ok {
			return m.DecisionPath
		}
		return nil
	}},
	{MethodKNeighbors, func(e Estimator) func(*graph.Builder, graph.Value) graph.Value {
		if m, ok := e.(Neighbour); ok {
			return m.KNeighbors
		}
		return nil
	}},
	{MethodRadiusNeighbors, func(e Estimator) func(*graph.Builder, graph.Value) graph.Value {
		if m, ok := e.(RadiusNeighbour); ok {
			return m.RadiusNeighbors
		}
		return nil
	}},
	{MethodMahalanobis, func(e Estimator) func(*graph.Builder, graph.Value) graph.Value {
		if m, ok := e.(Mahalanobiser); ok {
			return m.Mahalanobis
		}
		return nil
	}},
	{MethodStagedPredict, func(e Estimator) func(*graph.Builder, graph.Value) graph.Value {
		if m, ok := e.(StagedPredictor); ok {
			return m.StagedPredict
		}
		return nil
	}},
	{MethodStagedProba, func(e Estimator) func(*graph.Builder, graph.Value) graph.Value {
		if m, ok := e.(StagedProbaPredictor); ok {
			return m.StagedPredictProba
		}
		return nil
	}},
	{MethodStagedDecision, func(e Estimator) func(*graph.Builder, graph.Value) graph.Value {
		if m, ok := e.(StagedDecider); ok {
			return m.StagedDecisionFunction
		}
		return nil
	}},
	{MethodJointLogProba, func(e Estimator) func(*graph.Builder, graph.Value) graph.Value {
		if m, ok := e.(JointLogProbaPredictor); ok {
			return m.PredictJointLogProba
		}
		return nil
	}},
	{MethodPredictStd, func(e Estimator) func(*graph.Builder, graph.Value) graph.Value {
		if m, ok := e.(StdPredictor); ok {
			return m.PredictStd
		}
		return nil
	}},
	{MethodLatent, func(e Estimator) func(*graph.Builder, graph.Value) graph.Value {
		if m, ok := e.(LatentPredictor); ok {
			return m.LatentMeanAndVariance
		}
		return nil
	}},
	{MethodKNeighborsGraph, func(e Estimator) func(*graph.Builder, graph.Value) graph.Value {
		if m, ok := e.(NeighbourGrapher); ok {
			return m.KNeighborsGraph
		}
		return nil
	}},
	{MethodRadiusGraph, func(e Estimator) func(*graph.Builder, graph.Value) graph.Value {
		if m, ok := e.(RadiusGrapher); ok {
			return m.RadiusNeighborsGraph
		}
		return nil
	}},
}

// aside says why the public methods of scikit-learn's estimators that compute nothing on rows are not run.
func aside(method string) string {
	switch method {
	case "fit", "fit_transform", "fit_predict", "partial_fit", "score", "staged_score", "path", "cost_complexity_pruning_path", "correct_covariance", "reweight_covariance", "log_marginal_likelihood":
		return "it fits, or judges a fit"
	case "sample":
		return "it draws rows rather than taking them"
	case "error_norm", "get_covariance", "get_precision", "get_support", "get_indices", "get_shape", "get_submatrix", "get_depth", "get_n_leaves", "reconstruction_error", "dbscan_clustering", "get_params":
		return "it takes no rows; show lists what the file holds"
	case "get_feature_names_out":
		return "it takes no rows; the columns of transform have its names"
	case "densify", "sparsify", "restrict", "set_params", "set_output":
		return "it changes the model"
	case "build_analyzer", "build_preprocessor", "build_tokenizer", "decode", "get_stop_words":
		return "it gives a function or words, not numbers; transform runs it"
	}
	return ""
}

// MethodError says that an estimator has no such method, with the reason.
type MethodError struct {
	Path, Class, Method string
	Why                 error // nil if the class never has it
	Refused             bool  // scikit-learn has it
}

func (e *MethodError) Error() string {
	switch {
	case e.Method == "" && e.Why == nil:
		return fmt.Sprintf("%s: %s has no method to run", e.Path, e.Class)
	case e.Method == "":
		return fmt.Sprintf("%s: %s: %s", e.Path, e.Class, e.Why)
	case e.Refused:
		return fmt.Sprintf("%s: %s.%s is not computed: %s", e.Path, e.Class, e.Method, e.Why)
	case e.Why == nil && aside(e.Method) != "": // whether this class has it is not asked
		return fmt.Sprintf("%s: %s is not computed for %s: %s", e.Path, e.Method, e.Class, aside(e.Method))
	}
	s := fmt.Sprintf("%s: this '%s' has no attribute '%s'", e.Path, e.Class, e.Method)
	if e.Why != nil {
		s += ": " + e.Why.Error()
	}
	return s
}

// Unwrap gives the cause.
func (e *MethodError) Unwrap() error { return e.Why }

// Is answers source.ErrUnsupported.
func (e *MethodError) Is(target error) bool { return target == source.ErrUnsupported }

// notComputed is what Availabler gives for a method that scikit-learn has and Larder can not run.
type notComputed string

func (n notComputed) Error() string { return string(n) }

// NotComputed is an answer of Availabler: scikit-learn has the method here, Larder can not run it.
func NotComputed(format string, args ...any) error { return notComputed(fmt.Sprintf(format, args...)) }

// refused reports that Larder, not scikit-learn, is the reason.
func refused(why error) bool {
	var n notComputed
	var m *MethodError
	return errors.As(why, &n) || errors.As(why, &m) && m.Refused
}

// WhyNone is the *MethodError of an estimator that no method can be run of: of one that scikit-learn has, if there is such.
func WhyNone(e Estimator) error {
	b := e.base()
	if b.Class.Result != "" {
		return lacking(b, "")
	}
	for _, m := range methods {
		if m.call(e) != nil {
			if err := Has(e, m.name); err != nil && refused(err) {
				return err
			}
		}
	}
	return lacking(b, "")
}

// Has returns nil if the estimator can run the method under its settings, else a *MethodError: of no method, "", that of WhyNone.
func Has(e Estimator, method string) error {
	if method == "" {
		return WhyNone(e)
	}
	b := e.base()
	for _, m := range methods {
		if m.name != method || m.call(e) == nil && former(e, method) == nil {
			continue
		}
		if m.call(e) == nil {
			return nil
		}
		if a, ok := e.(Availabler); ok {
			if why := a.Available(method); why != nil {
				return &MethodError{b.Path, b.Name(), method, why, refused(why)}
			}
		}
		return nil
	}
	return lacking(b, method)
}

// lacking is the error of a method that the class does not have; "" stands for any.
func lacking(b *Base, method string) error {
	var why error
	switch reason := b.Class.Lacks[method]; {
	case reason != "":
		why = errors.New(reason)
	case b.Class.Result != "":
		why = errors.New(b.Class.Result)
	}
	return &MethodError{b.Path, b.Name(), method, why, b.Class.Lacks[method] != ""}
}

// former is a method that the class has in files of older releases alone, else nil.
func former(e Estimator, method string) func(*graph.Builder, graph.Value) graph.Value {
	if f := e.base().Class.Former; f != nil {
		return f(e, method)
	}
	return nil
}

// Methods lists the methods an estimator can run under its settings.
func Methods(e Estimator) []string {
	var out []string
	for _, m := range methods {
		if Has(e, m.name) == nil {
			out = append(out, m.name)
		}
	}
	return out
}

// Call lowers one method of an estimator. All calls between estimators go through here.
func Call(b *graph.Builder, e Estimator, method string, x graph.Value) graph.Value {
	if !x.OK() {
		return graph.Value{}
	}
	if err := Has(e, method); err != nil {
		return b.Fail(err)
	}
	base := e.base()
	leave := b.Enter(base.Path, base.Name())
	defer leave()
	for _, m := range methods {
		if m.name == method {
			call := m.call(e)
			if call == nil {
				call = former(e, method)
			}
			y := call(b, x)
			if method == MethodTransform && base.Output != "" {
				y = frame(b, e, y)
			}
			return y
		}
	}
	return graph.Value{}
}

// frame is set_output(transform="pandas"): what transform gives becomes a frame of named columns.
func frame(b *graph.Builder, e Estimator, y graph.Value) graph.Value {
	if !y.OK() {
		return y
	}
	names, err := FeatureNames(e, nil)
	if errors.As(err, new(*graph.InputError)) {
		return b.Fail(err)
	}
	if y.IsTuple() || Nameless(e, err) {
		return y
	}
	table := y
	switch len(y.Type().Shape) {
	case 1: // of isotonic regression
		table = b.AsColumn(y)
	case 2:
	default:
		return y
	}
	if err != nil {
		return y // nor does scikit-learn wrap what has no names, sparse or not
	}
	switch y.Type().Kind {
	case graph.CSR, graph.OneHot:
		return b.Refuse("Pandas output does not support sparse data. Set sparse_output=False to output pandas dataframes or disable Pandas output via `set_output(transform=\"default\").")
	case graph.Dense, graph.Frame:
	default:
		return y
	}
	if len(names) != table.Width() {
		return b.Refuse("Length mismatch: Expected axis has %d elements, new values have %d elements", table.Width(), len(names))
	}
	return b.ToFrame(table, names)
}

// Predict lowers predict.
func Predict(b *graph.Builder, e Estimator, x graph.Value) graph.Value {
	return Call(b, e, MethodPredict, x)
}

// PredictProba lowers predict_proba.
func PredictProba(b *graph.Builder, e Estimator, x graph.Value) graph.Value {
	return Call(b, e, MethodPredictProba, x)
}

// DecisionFunction lowers decision_function.
func DecisionFunction(b *graph.Builder, e Estimator, x graph.Value) graph.Value {
	return Call(b, e, MethodDecisionFunction, x)
}

// Transform lowers transform.
func Transform(b *graph.Builder, e Estimator, x graph.Value) graph.Value {
	return Call(b, e, MethodTransform, x)
}

// InverseTransform lowers inverse_transform.
func InverseTransform(b *graph.Builder, e Estimator, x graph.Value) graph.Value {
	return Call(b, e, MethodInverseTransform, x)
}

// LogProba is the predict_log_proba most classifiers have: the logarithm of predict_proba.
func LogProba(b *graph.Builder, e Estimator, x graph.Value) graph.Value {
	p := Call(b, e, MethodPredictProba, x)
	if !p.IsTuple() {
		return b.Unary(graph.OpLog, p)
	}
	parts := make([]graph.Value, len(p.Parts()))
	for i, v := range p.Parts() {
		parts[i] = b.Unary(graph.OpLog, v).Named(v.Name())
	}
	return b.Tuple(parts...)
}

// FeatureNames returns get_feature_names_out.
func FeatureNames(e Estimator, in []string) ([]string, error) {
	n, ok := e.(FeatureNamer)
	if !ok {
		return nil, &MethodError{Path: e.base().Path, Class: e.base().Name(), Method: "get_feature_names_out"}
	}
	return n.FeatureNamesOut(in)
}

// Nameless reports that err is of e having no get_feature_names_out, not of an estimator inside it.
func Nameless(e Estimator, err error) bool {
	var m *MethodError
	return errors.As(err, &m) && m.Path == e.base().Path && m.Method == "get_feature_names_out"
}

// Inside returns the estimators directly inside e.
func Inside(e Estimator) []Estimator {
	if h, ok := e.(Holder); ok {
		return h.Inside()
	}
	return nil
}
