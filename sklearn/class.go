// Package sklearn turns object graphs into typed estimators and typed estimators into dataflow graphs. It holds
// what all rooms under it share: the class table, Bind, the capabilities and the check every method makes of its
// input. The rooms (preprocessing, linearmodel, …) hold one struct and one formula per scikit-learn class; none knows
// another, none reads bytes or computes numbers.
//
// # Capabilities
//
// What an estimator can do is told by the interfaces it implements:
//
//	Predictor            Predict            FeatureNamer       FeatureNamesOut
//	ProbaPredictor       PredictProba       Applier            Apply
//	LogProbaPredictor    PredictLogProba    PathDecider        DecisionPath
//	Decider              DecisionFunction   Neighbour          KNeighbors
//	Transformer          Transform          RadiusNeighbour    RadiusNeighbors
//	InverseTransformer   InverseTransform   StagedPredictor …  Staged…
//	ScoreSampler         ScoreSamples       Mahalanobiser      Mahalanobis
//	StdPredictor         PredictStd         NeighbourGrapher   KNeighborsGraph
//	LatentPredictor      Latent…            RadiusGrapher      RadiusNeighborsGraph
//
// Having a method is not enough (SVC without probability=True, a search without refit): Availabler says no with a
// reason. Meta-estimators call the functions Predict, Transform, … of this package, never another estimator's
// methods: they check, name the place and give the error its words in one place.
package sklearn

import (
	"fmt"
	"maps"
	"sort"
	"strings"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/source"
)

// Estimator is a typed scikit-learn estimator. Implementations embed Base.
type Estimator interface{ base() *Base }

// Base is what every estimator has. Bind fills it.
type Base struct {
	Path           string   // where it stands: "model", "model.steps[1]"
	Class          *Class   // its entry in the class table
	Version        string   // _sklearn_version of this very object; "" where none was recorded (before 0.18)
	NFeaturesIn    int      // n_features_in_, 0 if not recorded
	FeatureNamesIn []string // feature_names_in_, nil if fitted without names
	Output         string   // set_output's "pandas", "polars" or ""
	Object         *pyobj.Object
	Numpy          int  // major release of the numpy that it computed with; 0 where the file does not tell
	BigEndian      bool // a big-endian machine computed it, as far as the file tells
}

func (b *Base) base() *Base { return b }

// Of returns the Base of an estimator.
func Of(e Estimator) *Base { return e.base() }

// Name returns the class name without its module: "StandardScaler".
func (b *Base) Name() string { return pyobj.ShortName(b.Class.Name) }

// Class is one entry of the class table: how a scikit-learn class is recognised and built.
type Class struct {
	Name    string   // public name: "sklearn.preprocessing.StandardScaler"
	Modules []string // modules a file may name it under, newest first: "sklearn.preprocessing._data"; the public one is implied
	New     func() Estimator

	// FitOnly lists constructor parameters that leave no trace in a prediction, Ignore fitted attributes that no
	// method reads. What is neither bound nor listed fails Bind.
	FitOnly []string
	Ignore  []string

	// Upgrade is the ladder from old states to the newest, oldest first.
	Upgrade []Rung

	// Former gives methods that the type lacks but the release that wrote e had: nil where there is none.
	Former func(e Estimator, method string) func(*graph.Builder, graph.Value) graph.Value

	// Lacks names methods that scikit-learn has and Larder has not, each with the reason printed.
	Lacks map[string]string

	// Result marks an estimator that only holds a result of fitting (labels_, embedding_), with the reason printed.
	Result string
}

// Names splits a list of names at spaces, for the tables of FitOnly and Ignore.
func Names(list string) []string { return strings.Fields(list) }

// Rung brings the state of files written before a release to the shape that release wrote.
type Rung struct {
	Before string // PEP 440 release; applied when the object's own version is older or not recorded
	Fix    func(*State) error
}

// State is a copy of an object's attributes on the ladder. Fixes change Attrs only.
type State struct {
	Attrs   *pyobj.Dict
	Version string // "" where none was recorded
	Class   *Class
	Path    string
}

// Rename moves an attribute unless the new name is there already.
func (s *State) Rename(from, to string) {
	v := s.Attrs.Get(from)
	if v == nil {
		return
	}
	if s.Attrs.Get(to) == nil {
		s.Attrs.Set(pyobj.Str(to), v)
	}
	s.Attrs.Delete(from)
}

// Default sets an attribute that is absent.
func (s *State) Default(name string, v pyobj.Value) {
	if s.Attrs.Get(name) == nil {
		s.Attrs.Set(pyobj.Str(name), v)
	}
}

// Drop removes attributes.
func (s *State) Drop(names ...string) {
	for _, n := range names {
		s.Attrs.Delete(n)
	}
}

// Func is a Go implementation of a function that files name: the author's own, or another library's. Of the three forms those are
// set that have a meaning: what a FunctionTransformer, a vectorizer's preprocessor or strip_accents, and its tokenizer or analyzer call.
// They must be safe for concurrent use.
type Func struct {
	Name  string // module and name as the file says them: "shop.words"
	Rows  func(b *graph.Builder, x graph.Value) graph.Value
	Text  func(s string) string
	Terms func(s string) []string
}

// Registry finds classes and functions by the names files use.
type Registry struct {
	byName  map[string]*Class
	classes []*Class
	funcs   map[string]*Func
}

// NewRegistry joins class tables. It panics when two entries answer to one name.
func NewRegistry(tables ...[]Class) *Registry {
	r := &Registry{byName: map[string]*Class{}}
	for _, t := range tables {
		for i := range t {
			c := &t[i]
			short := pyobj.ShortName(c.Name)
			names := []string{c.Name}
			for _, m := range c.Modules {
				names = append(names, m+"."+short)
			}
			for _, n := range names {
				if old := r.byName[n]; old != nil && old != c {
					panic(fmt.Sprintf("sklearn: %s stands twice in the class table", n))
				}
				r.byName[n] = c
			}
			r.classes = append(r.classes, c)
		}
	}
	sort.Slice(r.classes, func(i, j int) bool { return r.classes[i].Name < r.classes[j].Name })
	return r
}

// WithFuncs returns a registry that has functions, too.
func (r *Registry) WithFuncs(funcs ...Func) *Registry {
	more := *r
	more.funcs = maps.Clone(r.funcs)
	if more.funcs == nil {
		more.funcs = map[string]*Func{}
	}
	for i := range funcs {
		more.funcs[funcs[i].Name] = &funcs[i]
	}
	return &more
}

// Func returns the function a file names, nil if there is none.
func (r *Registry) Func(name string) *Func { return r.funcs[name] }

// Lookup returns the class a file names, nil if there is none.
func (r *Registry) Lookup(name string) *Class { return r.byName[name] }

// Classes returns all entries, by name.
func (r *Registry) Classes() []*Class { return r.classes }

// BindError says which attribute of which object does not fit.
type BindError struct {
	Path string // "model.steps[1]"
	Attr string // "" when the object itself is meant
	Msg  string
}

func (e *BindError) Error() string {
	s := "sklearn: " + e.Path
	if e.Attr != "" {
		s += ": " + e.Attr
	}
	return s + ": " + e.Msg
}

// UnknownClassError names an object whose class is not in the table: the author's own code, another library.
type UnknownClassError struct {
	Path, Class string
}

func (e *UnknownClassError) Error() string {
	if strings.HasPrefix(e.Class, "sklearn.") {
		return fmt.Sprintf("sklearn: %s: class %s is not supported", e.Path, e.Class)
	}
	return fmt.Sprintf("sklearn: %s: class %s is not part of scikit-learn, and a model's own code is never run", e.Path, e.Class)
}

// Is answers source.ErrUnsupported.
func (e *BindError) Is(target error) bool { return target == source.ErrUnsupported }

// Is answers source.ErrUnsupported.
func (e *UnknownClassError) Is(target error) bool { return target == source.ErrUnsupported }
