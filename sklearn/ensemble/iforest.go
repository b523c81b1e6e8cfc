package ensemble

import (
	"fmt"
	"math"
	"sync"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/sklearn/parts"
	"github.com/larder-ml/larder/tensor"
)

var iforestClasses = []sklearn.Class{{
	Name: "sklearn.ensemble.IsolationForest", Modules: []string{"sklearn.ensemble._iforest", "sklearn.ensemble.iforest"},
	New: func() sklearn.Estimator { return new(IsolationForest) },
	FitOnly: []string{"estimator", "base_estimator", "n_estimators", "estimator_params", "max_samples", "max_features", "bootstrap",
		"bootstrap_features", "oob_score", "random_state", "contamination", "behaviour"},
	Ignore: []string{"estimator_", "base_estimator_", "_estimator", "_n_samples", "_sample_weight", "_seeds", "_contamination", "max_samples_", "oob_score_"},
	Upgrade: []sklearn.Rung{
		{Before: "1.6", Fix: func(s *sklearn.State) error {
			s.Attrs.Set(pyobj.Str("(missing)"), pyobj.Str(MissingRefused))
			return nil
		}},
		{Before: "1.3", Fix: func(s *sklearn.State) error {
			if v := s.Attrs.Get("max_samples_"); v != nil {
				s.Attrs.Set(pyobj.Str("_max_samples"), v)
			}
			return oldFeatures(s)
		}},
		{Before: "0.22", Fix: oldThreshold},
		{Before: "1.0", Fix: func(s *sklearn.State) error {
			if v, err := sklearn.Int(s.Attrs.Get("max_samples_")); err == nil && v == 1 && !sklearn.Older(s.Version, "0.21") {
				s.Attrs.Set(pyobj.Str("(single)"), pyobj.Bool(true))
			}
			return nil
		}},
		{Before: "0.21", Fix: func(s *sklearn.State) error {
			rule := DepthMean
			if sklearn.Older(s.Version, "0.19") {
				rule = DepthLog
			}
			s.Attrs.Set(pyobj.Str("(depth)"), pyobj.Str(rule))
			return nil
		}},
		{Before: "0.20", Fix: func(s *sklearn.State) error {
			s.Attrs.Set(pyobj.Str("(outlier)"), pyobj.Str(OutlierUpTo))
			s.Default("offset_", pyobj.Float(-0.5))
			return nil
		}},
	},
}}

// oldThreshold: until 0.21, unless behaviour was "new", outliers were told by threshold_, not by zero.
func oldThreshold(s *sklearn.State) error {
	s.Rename("_threshold_", "threshold_")
	if b, ok := pyobj.Text(s.Attrs.Get("behaviour")); ok && b != "old" {
		s.Drop("threshold_")
	}
	return nil
}

// DepthRule says how depths become a score.
type DepthRule string

// The rules.
const (
	DepthSum  DepthRule = ""     // sum/(T·c(n))
	DepthMean DepthRule = "mean" // before 0.21: mean/c(n), with c(1) = 1 and c(2) from the formula
	DepthLog  DepthRule = "log"  // before 0.19: mean/c(n) with log(n) for log(n-1) in c
)

// OutlierRule says which decisions are outliers.
type OutlierRule string

// The rules.
const (
	OutlierBelow OutlierRule = ""      // below the threshold
	OutlierUpTo  OutlierRule = "up to" // before 0.20: at it, too
)

// IsolationForest is sklearn.ensemble.IsolationForest.
type IsolationForest struct {
	sklearn.Base
	Estimators        []sklearn.Estimator `sk:"estimators_"`
	Features          [][]int             `sk:"estimators_features_"`
	PrivateMaxSamples int                 `sk:"_max_samples"`
	PrivateMaxFeature int                 `sk:"_max_features"`
	Lengths           []*tensor.Tensor    `sk:"_decision_path_lengths,optional"`
	Averages          []*tensor.Tensor    `sk:"_average_path_length_per_tree,optional"`
	Offset            float64             `sk:"offset_"`
	Threshold         float64             `sk:"threshold_,optional"`
	Nan               MissingRule         `sk:"(missing),optional"`
	Depth             DepthRule           `sk:"(depth),optional"`
	Single            bool                `sk:"(single),optional"` // from 0.21 to 0.24 trees of one row divided by zero
	Outlier           OutlierRule         `sk:"(outlier),optional"`

	members []*parts.Tree
	once    sync.Once
	trees   *graph.Trees
	err     error
}

// Bound checks the trees.
func (f *IsolationForest) Bound(*sklearn.Binder) error {
	bad := func(attr, format string, args ...any) error {
		return &sklearn.BindError{Path: f.Path, Attr: attr, Msg: fmt.Sprintf(format, args...)}
	}
	if len(f.Estimators) == 0 || len(f.Features) != len(f.Estimators) {
		return bad("estimators_", "%d trees, %d sets of features", len(f.Estimators), len(f.Features))
	}
	if f.NFeaturesIn == 0 {
		return bad("n_features_in_", "attribute is missing")
	}
	for i, e := range f.Estimators {
		t, ok := e.(parts.DecisionTree)
		if !ok || t.Fitted().MaxClasses != 1 || len(t.Fitted().NClasses) != 1 {
			return bad("estimators_", "item %d is no regression tree", i)
		}
		f.members = append(f.members, t.Fitted())
		for _, c := range f.Features[i] {
			if c < 0 || c >= f.NFeaturesIn {
				return bad("estimators_features_", "column %d of %d", c, f.NFeaturesIn)
			}
		}
		want := f.NFeaturesIn
		if f.subset() {
			want = len(f.Features[i])
		}
		if t.Fitted().Inputs != want {
			return bad("estimators_", "tree %d knows %d columns of %d", i, t.Fitted().Inputs, want)
		}
	}
	for attr, l := range map[string][]*tensor.Tensor{"_decision_path_lengths": f.Lengths, "_average_path_length_per_tree": f.Averages} {
		if l == nil {
			continue
		}
		if len(l) != len(f.members) {
			return bad(attr, "%d arrays for %d trees", len(l), len(f.members))
		}
		for i, t := range l {
			if t.Len() != f.members[i].Len() || !t.DType.IsNumeric() {
				return bad(attr, "%d numbers for %d nodes", t.Len(), f.members[i].Len())
			}
		}
	}
	return nil
}

func (f *IsolationForest) subset() bool { return f.PrivateMaxFeature != f.NFeaturesIn }

// Inside returns the trees.
func (f *IsolationForest) Inside() []sklearn.Estimator { return f.Estimators }

// averagePathLength is c(n), the mean length of an unsuccessful search among n samples.
func (f *IsolationForest) averagePathLength(n float64) float64 {
	const eulerGamma = 0.5772156649015329
	switch {
	case f.Depth != DepthSum && n <= 1:
		return 1
	case f.Depth == DepthLog:
		return float64(2*(math.Log(n)+0.5772156649)) - 2*(n-1)/n
	case f.Depth == DepthMean:
	case n <= 1:
		return 0
	case n == 2:
		return 1
	}
	return float64(2*(math.Log(n-1)+eulerGamma)) - 2*(n-1)/n
}

// forest gives the trees with depths at their leaves.
func (f *IsolationForest) forest() (*graph.Trees, error) {
	f.once.Do(func() { f.trees, f.err = f.measure() })
	return f.trees, f.err
}

func (f *IsolationForest) measure() (*graph.Trees, error) {
	ts := parts.NewTrees(f.NFeaturesIn, f.members...)
	for i, t := range f.members {
		var depths []int
		if f.Lengths == nil {
			var err error
			if depths, err = t.Depths(); err != nil {
				return nil, fmt.Errorf("tree %d: %w", i, err)
			}
		}
		ts.List[i] = t.WithNumbers(1, func(leaf int, _, out []float64) {
			var length, average float64
			if depths != nil {
				length = float64(depths[leaf])
			} else {
				length, _ = f.Lengths[i].Float(leaf)
			}
			if f.Averages != nil {
				average, _ = f.Averages[i].Float(leaf)
			} else {
				average = f.averagePathLength(float64(t.Samples(leaf)))
			}
			if f.Depth == DepthMean {
				out[0] = length - 1 + average
				return
			}
			out[0] = length + average - 1
		})
		if f.subset() {
			ts.List[i].Columns = f.Features[i]
		}
	}
	return ts, nil
}

// score is 2^(-depth/c), the anomaly score of the paper.
func (f *IsolationForest) score(b *graph.Builder, x graph.Value) graph.Value {
	free := f.Nan == MissingByMember
	// Of sparse rows scikit-learn sends what is missing to the right, whatever the tree says.
	x = sklearn.Check(b, f, x, sklearn.Accept{DType: sklearn.DTypeFloat32, Sparse: true, NaN: free && !x.Type().Sparse(), Inf: free})
	ts, err := f.forest()
	if err != nil {
		return b.Fail(&sklearn.BindError{Path: f.Path, Attr: "estimators_", Msg: err.Error()})
	}
	depth := b.Ravel(b.TreeEnsemble(x, graph.TreeEnsembleAttr{Trees: ts, Outputs: 1}, b.Const(tensor.New(tensor.Float64, 1))))
	trees, c := float64(len(f.members)), f.averagePathLength(float64(f.PrivateMaxSamples))
	scalar := func(v float64) graph.Value { return b.Scalar(v, depth) }
	if f.Depth != DepthSum {
		depth = b.Div(depth, scalar(trees))
		trees = 1
	}
	if trees*c == 0 && !f.Single {
		depth = b.Add(b.Mul(depth, scalar(0)), scalar(1))
	} else {
		depth = b.Div(depth, scalar(trees*c))
	}
	return b.Binary(graph.OpPow, scalar(2), b.Unary(graph.OpNeg, depth))
}

// ScoreSamples is the negated anomaly score.
func (f *IsolationForest) ScoreSamples(b *graph.Builder, x graph.Value) graph.Value {
	return b.Unary(graph.OpNeg, f.score(b, x))
}

// DecisionFunction is the score above offset_.
func (f *IsolationForest) DecisionFunction(b *graph.Builder, x graph.Value) graph.Value {
	s := f.ScoreSamples(b, x)
	return b.Sub(s, b.Scalar(f.Offset, s))
}

// Predict is -1 for outliers, 1 for others.
func (f *IsolationForest) Predict(b *graph.Builder, x graph.Value) graph.Value {
	d := f.DecisionFunction(b, x)
	op := graph.OpLess
	if f.Outlier == OutlierUpTo {
		op = graph.OpLessOrEqual
	}
	return parts.Inlier(b, b.Unary(graph.OpNot, b.Binary(op, d, b.Scalar(f.Threshold, d))), tensor.Int64)
}

var (
	_ sklearn.Predictor    = (*IsolationForest)(nil)
	_ sklearn.Decider      = (*IsolationForest)(nil)
	_ sklearn.ScoreSampler = (*IsolationForest)(nil)
	_ sklearn.Holder       = (*IsolationForest)(nil)
)
