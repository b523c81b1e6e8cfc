package release

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/larder-ml/larder/numpy"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/source"
)

// Options say what a model is rewritten for.
type Options struct {
	To       *Release
	Registry *sklearn.Registry // classes whose state is understood

	// Float32 also keeps the answers to float32 rows where a newer release rounds differently, by another class.
	Float32 bool

	// Without names methods whose numbers need not stay, where a model can not be expressed with them.
	Without []string
}

// Action says what was done to an attribute or an object.
type Action string

// The actions.
const (
	Added     Action = "added"
	Dropped   Action = "dropped"
	Renamed   Action = "renamed"
	Rewritten Action = "rewritten"
	Replaced  Action = "replaced" // the object became another class that gives the same numbers
	Moved     Action = "moved"    // a name is in another module
)

// Change is one thing that was changed.
type Change struct {
	Path   string `json:"path"`  // "model.steps[1][1]"
	Class  string `json:"class"` // "LogisticRegression"
	Attr   string `json:"attr,omitempty"`
	Action Action `json:"action"`
	Detail string `json:"detail,omitempty"`
}

// Report lists what a migration did.
type Report struct {
	From    []string `json:"from"` // releases found in the model, by age; "" where one was not recorded
	To      string   `json:"to"`
	Changes []Change `json:"changes"`
	Notes   []string `json:"notes"` // what holds for the answers, in sentences

	// Complete names methods that give the same numbers for rows without missing values alone.
	Complete []string `json:"complete,omitempty"`
}

// RefusedError is a model that the release can not express.
type RefusedError struct {
	Path, Class, Attr string
	Reason            string
	To                string
}

func (e *RefusedError) Error() string {
	at := e.Path
	if e.Attr != "" {
		at += "." + e.Attr
	}
	return fmt.Sprintf("migrate: %s of %s: scikit-learn %s can not express it: %s", e.Class, at, e.To, e.Reason)
}

// Is answers source.ErrUnsupported.
func (e *RefusedError) Is(target error) bool { return target == source.ErrUnsupported }

// Migrate rewrites a copy of a model's graph into what a release loads without a warning and computes the same numbers
// from. root is not changed. It fails with a RefusedError, or with the binding's error for a state that is not understood.
func Migrate(root pyobj.Value, opt Options) (pyobj.Value, *Report, error) {
	m := &migration{Options: opt, report: &Report{To: opt.To.Version, Changes: []Change{}, Notes: []string{}}, done: map[pyobj.Value]bool{}, middle: map[*pyobj.Object]bool{}}
	m.report.From = append(m.report.From, m.versions(root)...)
	root = pyobj.Clone(root)
	if len(m.report.From) == 1 && m.report.From[0] == opt.To.Version { // its numpy may be an older one all the same
		root, err := m.names(root)
		return root, m.report, err
	}
	pyobj.Walk(root, func(v pyobj.Value) bool {
		if _, ok := v.(pyobj.Py2Str); ok {
			m.python2 = true
		}
		return !m.python2
	})
	m.bigEndian = numpy.BigEndian(root)
	if m.python2 {
		root = pyobj.Rewrite(root, textOfPython2)
		m.say("Text of Python 2 became str, in arrays too.")
	}
	if err := m.value(root, "model", ""); err != nil {
		return nil, nil, err
	}
	root, err := m.names(root)
	if err != nil {
		return nil, nil, err
	}
	return root, m.report, nil
}

type migration struct {
	Options
	report    *Report
	done      map[pyobj.Value]bool
	middle    map[*pyobj.Object]bool // transformers inside another estimator
	inside    int                    // estimators around the current one
	asking    int                    // those of them that ask for scores or probabilities
	python2   bool                   // Python 2 wrote the file
	bigEndian bool                   // a big-endian machine wrote it
}

// versions lists the releases recorded in estimators, by age.
func (m *migration) versions(root pyobj.Value) []string {
	var out []string
	pyobj.Walk(root, func(v pyobj.Value) bool {
		if o, ok := v.(*pyobj.Object); ok && m.estimator(o) && !m.helps(pyobj.ShortName(o.ClassName())) {
			a, _ := o.Attrs()
			s, _ := pyobj.Text(a.Get("_sklearn_version"))
			if !slices.Contains(out, s) {
				out = append(out, s)
			}
		}
		return true
	})
	slices.SortFunc(out, sklearn.CompareVersions)
	return out
}

// estimator reports an object that records a release of its own.
func (m *migration) estimator(o *pyobj.Object) bool {
	name := o.ClassName()
	if !strings.HasPrefix(name, "sklearn.") {
		return false
	}
	if m.Registry.Lookup(name) != nil {
		return true
	}
	short := pyobj.ShortName(name)
	_, known := m.To.table.classes[short]
	return known
}

// helps reports a class that estimators are made of and that records no release: it is of the one around it.
func (m *migration) helps(name string) bool {
	_, estimator := m.To.table.classes[name]
	return !estimator && m.Registry.Lookup("sklearn."+homeOf(name)+"."+name) == nil
}

// value migrates what is below v; release is that of the estimator around it.
func (m *migration) value(v pyobj.Value, path, release string) error {
	switch v.(type) {
	case *pyobj.List, *pyobj.Tuple, *pyobj.Dict, *pyobj.Set, *pyobj.Object, *pyobj.Array:
	default:
		return nil
	}
	if m.done[v] {
		return nil
	}
	m.done[v] = true
	each := func(s []pyobj.Value) error {
		for i, it := range s {
			if err := m.value(it, path+"["+strconv.Itoa(i)+"]", release); err != nil {
				return err
			}
		}
		return nil
	}
	pairs := func(s []pyobj.Entry, attrs bool) error {
		for _, e := range s {
			at := path
			if k, ok := pyobj.Text(e.Key); ok && attrs {
				at += "." + k
			} else if ok {
				at += "['" + k + "']"
			}
			if err := m.value(e.Value, at, release); err != nil {
				return err
			}
		}
		return nil
	}
	switch x := v.(type) {
	case *pyobj.List:
		return each(x.Items)
	case *pyobj.Tuple:
		return each(x.Items)
	case *pyobj.Set:
		return each(x.Items)
	case *pyobj.Array:
		return each(x.Objects)
	case *pyobj.Dict:
		return pairs(x.Entries, false)
	case *pyobj.Object:
		if m.estimator(x) {
			return m.object(x, path, release)
		}
		if err := each(x.Args); err != nil {
			return err
		}
		if d, ok := x.State.(*pyobj.Dict); ok {
			m.done[d] = true
			if err := pairs(d.Entries, true); err != nil {
				return err
			}
		} else if err := m.value(x.State, path, release); err != nil {
			return err
		}
		if err := each(x.Items); err != nil {
			return err
		}
		if err := pairs(x.Pairs, false); err != nil {
			return err
		}
		return m.helper(x, path, release)
	}
	return nil
}

// state is one estimator being rewritten. Steps change attrs and, to replace the object, name.
type state struct {
	m     *migration
	obj   *pyobj.Object
	attrs *pyobj.Dict
	name  string // "LogisticRegression"
	from  string // the release that wrote it, "" if not recorded
	path  string
	class *sklearn.Class // nil where the registry has none

	taken map[string]bool // parameters that steps settled
}

// object migrates an estimator: what it holds first, then its own state.
func (m *migration) object(o *pyobj.Object, path, release string) error {
	attrs, ok := o.Attrs()
	if !ok {
		return &RefusedError{path, pyobj.ShortName(o.ClassName()), "", "its state is no dict of attributes", m.To.Version}
	}
	if attrs == nil {
		attrs = &pyobj.Dict{}
	}
	s := &state{m: m, obj: o, attrs: attrs, name: pyobj.ShortName(o.ClassName()), path: path, taken: map[string]bool{}}
	s.class = m.Registry.Lookup(o.ClassName())
	s.from, _ = pyobj.Text(attrs.Get("_sklearn_version"))
	if m.helps(s.name) {
		s.from = release
	}
	if m.inside == 0 && s.fitted() {
		if s.class == nil {
			return s.refuse("", "Larder does not know what it computes")
		}
		bd := &sklearn.Binder{Registry: m.Registry}
		if _, err := bd.Bind(o, path); err != nil {
			return err
		}
	}
	if n := renamed[s.name]; n != "" && m.To.Class(s.name) == nil {
		s.name = n
		s.note(Replaced, "", "by "+n+": the same under its later name")
	}
	m.transformers(s)
	if err := m.weights(s); err != nil {
		return err
	}
	m.inside++
	defer func() { m.inside-- }()
	if slices.Contains(strings.Fields(askers), s.name) {
		m.asking++
		defer func() { m.asking-- }()
	}
	for _, e := range append([]pyobj.Entry(nil), attrs.Entries...) {
		k, _ := pyobj.Text(e.Key)
		if err := m.value(e.Value, path+"."+k, s.from); err != nil {
			return err
		}
	}
	return s.migrate()
}

// askers are the estimators that ask those inside for more than predict.
const askers = `OneVsRestClassifier OneVsOneClassifier OutputCodeClassifier CalibratedClassifierCV StackingClassifier VotingClassifier BaggingClassifier
	AdaBoostClassifier ClassifierChain SelfTrainingClassifier TunedThresholdClassifierCV FixedThresholdClassifier`

// renamed are classes by the names that other releases gave them.
var renamed = map[string]string{
	"QDA": "QuadraticDiscriminantAnalysis", "LDA": "LinearDiscriminantAnalysis", "GraphLasso": "GraphicalLasso", "GraphLassoCV": "GraphicalLassoCV",
}

// transformers notes the estimators inside one that only have to transform.
func (m *migration) transformers(s *state) {
	attr := map[string]string{"Pipeline": "steps", "FeatureUnion": "transformer_list", "ColumnTransformer": "transformers_"}[s.name]
	list, err := sklearn.Sequence(s.get(attr))
	if attr == "" || err != nil {
		return
	}
	for i, it := range list {
		if t, ok := it.(*pyobj.Tuple); ok && len(t.Items) > 1 && (s.name != "Pipeline" || i+1 < len(list) || m.middle[s.obj]) {
			if o, ok := t.Items[1].(*pyobj.Object); ok {
				m.middle[o] = true
			}
		}
	}
}

// weights: since 1.5 a TfidfTransformer that weighs nothing is fitted by the number of its columns.
func (m *migration) weights(s *state) error {
	if m.To.Before("1.5") {
		return nil
	}
	switch s.name {
	case "TfidfVectorizer":
		o, _ := s.get("_tfidf").(*pyobj.Object)
		words, _ := s.get("vocabulary_").(*pyobj.Dict)
		if a := attrsOf(o); a != nil && words != nil && a.Get("use_idf") == pyobj.Bool(false) && a.Get("n_features_in_") == nil {
			a.Set(pyobj.Str("n_features_in_"), pyobj.Int(words.Len()))
			m.report.Changes = append(m.report.Changes, Change{s.path + "._tfidf", "TfidfTransformer", "n_features_in_", Added, "the words"})
		}
	case "Pipeline":
		list, _ := sklearn.Sequence(s.get("steps"))
		var before *pyobj.Object
		for i, it := range list {
			t, ok := it.(*pyobj.Tuple)
			if !ok || len(t.Items) < 2 {
				continue
			}
			o, ok := t.Items[1].(*pyobj.Object)
			if !ok {
				continue
			}
			if a := attrsOf(o); pyobj.ShortName(o.ClassName()) == "TfidfTransformer" && a.Get("use_idf") == pyobj.Bool(false) && a.Get("n_features_in_") == nil {
				if n := countsOf(before); n != nil {
					a.Set(pyobj.Str("n_features_in_"), n)
					m.report.Changes = append(m.report.Changes, Change{fmt.Sprintf("%s.steps[%d][1]", s.path, i), "TfidfTransformer", "n_features_in_", Added, "the words"})
				}
			}
			before = o
		}
	case "TfidfTransformer":
		if s.get("use_idf") == pyobj.Bool(false) && s.from != "" && s.writtenBefore("1.0") && s.get("n_features_in_") == nil && m.inside == 0 {
			return s.refuse("n_features_in_", "it wants the number of columns, which the file does not hold")
		}
	}
	return nil
}

// countsOf gives the number of columns that a transformer of texts makes, nil for others.
func countsOf(o *pyobj.Object) pyobj.Value {
	if o == nil {
		return nil
	}
	switch a := attrsOf(o); pyobj.ShortName(o.ClassName()) {
	case "CountVectorizer":
		if words, ok := a.Get("vocabulary_").(*pyobj.Dict); ok {
			return pyobj.Int(words.Len())
		}
	case "HashingVectorizer":
		return a.Get("n_features")
	}
	return nil
}

func attrsOf(o *pyobj.Object) *pyobj.Dict {
	if o == nil {
		return nil
	}
	a, _ := o.Attrs()
	return a
}

// migrate takes the steps between the two releases, then settles names, parameters and attributes.
func (s *state) migrate() error {
	if s.from != s.m.To.Version {
		if err := s.steps(); err != nil {
			return err
		}
		if s.fitted() && !s.m.To.sameMinor(s.from) && s.narrow() {
			s.m.say("%s (%s): it was fitted on float32: what is computed with its float32 numbers agrees in their digits, about 1e-7.", s.path, s.name)
		}
	}
	return s.settle()
}

// settle gives the object the class, the parameters and the attributes that the release has.
func (s *state) settle() error {
	to := s.m.To.Class(s.name)
	if home := s.m.To.Home(s.name); to == nil && home != "" {
		s.obj.Make, s.obj.Class, s.obj.Args, s.obj.State = pyobj.New, &pyobj.Global{Module: home, Name: s.name}, nil, s.attrs
		return nil
	}
	if to == nil {
		return s.refuse("", "it has no such class")
	}
	if to.Home+"."+to.Name != s.obj.ClassName() {
		s.note(Moved, "", s.obj.ClassName()+" → "+to.Home+"."+to.Name)
	}
	s.obj.Make, s.obj.Class, s.obj.Args, s.obj.State = pyobj.New, &pyobj.Global{Module: to.Home, Name: to.Name}, nil, s.attrs
	if err := s.params(to); err != nil {
		return err
	}
	for _, e := range append([]pyobj.Entry(nil), s.attrs.Entries...) {
		k, ok := pyobj.Text(e.Key)
		if !ok {
			return s.refuse("", "an attribute's name is no text")
		}
		if !to.Knows(k) && !s.taken[k] && !s.own(k) {
			s.attrs.Delete(k)
			s.note(Dropped, k, "not used by this release")
		}
	}
	if s.from != s.m.To.Version {
		s.attrs.Set(pyobj.Str("_sklearn_version"), pyobj.Str(s.m.To.Version))
		was := s.from
		if was == "" {
			was = "not recorded"
		}
		s.note(Rewritten, "_sklearn_version", was+" → "+s.m.To.Version)
	}
	return nil
}

// own reports an attribute that the author hung on the object: neither what fitting makes nor a parameter of the release
// that wrote it.
func (s *state) own(attr string) bool {
	if strings.HasPrefix(attr, "_") || strings.HasSuffix(attr, "_") {
		return false
	}
	r, err := Find(s.from)
	if err != nil {
		return false
	}
	c := r.Class(s.name)
	return c != nil && !c.Knows(attr) && c.Param(attr) == nil
}

// params drops constructor parameters that the release does not have and adds those it has.
func (s *state) params(to *Class) error {
	if to.Param("base_estimator") == nil && to.Param("estimator") != nil && s.has("base_estimator") {
		if s.word("base_estimator") == "deprecated" {
			s.drop("base_estimator")
		} else {
			s.rename("base_estimator", "estimator")
		}
	}
	if to.Param("estimator") == nil && to.Param("base_estimator") != nil && s.has("estimator") {
		s.attrs.Delete("base_estimator")
		s.rename("estimator", "base_estimator")
	}
	from := map[string]*Param{}
	var known *Class
	if r, err := Find(s.from); err == nil {
		known = r.Class(s.name)
	}
	if known != nil {
		for i := range known.Params {
			from[known.Params[i].Name] = &known.Params[i]
		}
	}
	for _, e := range append([]pyobj.Entry(nil), s.attrs.Entries...) {
		k, _ := pyobj.Text(e.Key)
		if k == "" || to.Param(k) != nil || strings.HasSuffix(k, "_") || strings.HasPrefix(k, "_") {
			continue
		}
		p := from[k]
		if known != nil && p == nil {
			continue // an attribute, not a parameter
		}
		if s.fitted() && !s.taken[k] && s.class != nil && !s.fitOnly(k) && !(p != nil && equal(e.Value, p.Default)) && !to.Knows(k) {
			return s.refuse(k, "it has no such parameter, and this one is %s", sklearn.Describe(e.Value))
		}
	}
	for _, p := range to.Params {
		if t, ok := pyobj.Text(s.attrs.Get(p.Name)); ok && (t == "deprecated" || t == "warn") && p.Default != nil && !equal(p.Default, pyobj.Str(t)) {
			s.attrs.Set(pyobj.Str(p.Name), pyobj.Clone(p.Default))
			s.note(Rewritten, p.Name, strconv.Quote(t)+" stood for the default: "+show(p.Default))
			continue
		}
		if s.attrs.Get(p.Name) != nil {
			continue
		}
		if p.Default == nil {
			return s.refuse(p.Name, "it wants this parameter, which has no default and is not in the file")
		}
		s.attrs.Set(pyobj.Str(p.Name), pyobj.Clone(p.Default))
		s.note(Added, p.Name, "the default: "+show(p.Default))
	}
	return nil
}

func (s *state) fitOnly(name string) bool {
	return slices.Contains(s.class.FitOnly, name) || slices.Contains(s.class.Ignore, name) || slices.Contains(always, name)
}

var always = []string{"verbose", "n_jobs", "warm_start", "random_state", "copy", "copy_X", "copy_x"}

// fitted reports whether the object holds what fit makes.
func (s *state) fitted() bool {
	for _, e := range s.attrs.Entries {
		k, _ := pyobj.Text(e.Key)
		if every[k] || k == "_metadata_request" || k == "_impl" || k == "_validate" {
			continue
		}
		if strings.HasSuffix(k, "_") || strings.HasPrefix(k, "_") {
			return true
		}
	}
	return false
}

func (s *state) refuse(attr, format string, args ...any) error {
	return &RefusedError{s.path, s.name, attr, fmt.Sprintf(format, args...), s.m.To.Version}
}

// lose refuses a model whose named methods would give other numbers, unless they are not wanted.
func (s *state) lose(attr, reason string, methods ...string) error {
	for _, n := range methods {
		if !slices.Contains(s.m.Without, n) {
			return s.refuse(attr, "%s; without %s it could be (--without %s)", reason, strings.Join(methods, " and "), strings.Join(methods, ","))
		}
	}
	s.m.say("%s (%s): %s gives other numbers than the writing release: %s.", s.path, s.name, strings.Join(methods, " and "), reason)
	return nil
}

func (s *state) note(a Action, attr, detail string) {
	s.m.report.Changes = append(s.m.report.Changes, Change{s.path, s.name, attr, a, detail})
}

// say adds a sentence to the report once.
func (m *migration) say(format string, args ...any) {
	if text := fmt.Sprintf(format, args...); !slices.Contains(m.report.Notes, text) {
		m.report.Notes = append(m.report.Notes, text)
	}
}

// writtenBefore and writtenFrom compare the release that wrote the object.
func (s *state) writtenBefore(v string) bool { return sklearn.Older(s.from, v) }

// get returns an attribute; nil if it is absent.
func (s *state) get(name string) pyobj.Value { return s.attrs.Get(name) }

// has reports an attribute that is there and not None.
func (s *state) has(name string) bool {
	v := s.attrs.Get(name)
	_, none := v.(pyobj.None)
	return v != nil && !none
}

func (s *state) set(name string, v pyobj.Value, detail string) {
	a := Rewritten
	if s.attrs.Get(name) == nil {
		a = Added
	}
	s.attrs.Set(pyobj.Str(name), v)
	s.note(a, name, detail)
}

// add sets an attribute that is absent.
func (s *state) add(name string, v pyobj.Value, detail string) {
	if s.attrs.Get(name) == nil {
		s.set(name, v, detail)
	}
}

func (s *state) drop(names ...string) {
	for _, n := range names {
		if s.attrs.Get(n) != nil {
			s.attrs.Delete(n)
			s.note(Dropped, n, "")
		}
	}
}

func (s *state) rename(from, to string) {
	v := s.attrs.Get(from)
	if v == nil {
		return
	}
	s.attrs.Delete(from)
	s.taken[from] = true
	if s.attrs.Get(to) == nil || from == "base_estimator" {
		s.attrs.Set(pyobj.Str(to), v)
	}
	s.note(Renamed, from, "→ "+to)
}

// word returns an attribute that is text.
func (s *state) word(name string) string {
	t, _ := pyobj.Text(s.attrs.Get(name))
	return t
}

// reword changes one value of a parameter into another.
func (s *state) reword(name, from, to string) {
	if t, ok := pyobj.Text(s.attrs.Get(name)); ok && t == from {
		s.attrs.Set(pyobj.Str(name), pyobj.Str(to))
		s.note(Rewritten, name, strconv.Quote(from)+" → "+strconv.Quote(to))
	}
}

// replace makes the object another class, with the attributes given beside those that stay.
func (s *state) replace(name, why string, keep ...string) {
	for _, e := range append([]pyobj.Entry(nil), s.attrs.Entries...) {
		k, _ := pyobj.Text(e.Key)
		if !slices.Contains(keep, k) && !every[k] {
			s.attrs.Delete(k)
			s.taken[k] = true
		}
	}
	s.note(Replaced, "", "by "+name+": "+why)
	s.m.say("%s (%s) became %s: %s.", s.path, s.name, name, why)
	s.name, s.class = name, s.m.Registry.Lookup("sklearn."+homeOf(name)+"."+name)
}

// make builds an estimator as the target release has it, with its defaults.
func (m *migration) make(name string, attrs ...pyobj.Entry) (*pyobj.Object, error) {
	c := m.To.Class(name)
	if c == nil {
		return nil, &RefusedError{"", name, "", "it has no such class", m.To.Version}
	}
	d := &pyobj.Dict{}
	for _, p := range c.Params {
		if p.Default != nil {
			d.Set(pyobj.Str(p.Name), pyobj.Clone(p.Default))
		}
	}
	for _, e := range attrs {
		d.Set(e.Key, e.Value)
	}
	d.Set(pyobj.Str("_sklearn_version"), pyobj.Str(m.To.Version))
	o := &pyobj.Object{Make: pyobj.New, Class: &pyobj.Global{Module: c.Home, Name: name}, State: d, Offset: -1}
	m.done[o] = true
	return o, nil
}

// homeOf names the public module of classes that replace others.
func homeOf(name string) string {
	switch name {
	case "SGDClassifier", "SGDRegressor":
		return "linear_model"
	case "SimpleImputer":
		return "impute"
	case "TransformedTargetRegressor":
		return "compose"
	}
	return "preprocessing"
}

func entry(name string, v pyobj.Value) pyobj.Entry {
	return pyobj.Entry{Key: pyobj.Str(name), Value: v}
}

// narrow reports float32 among the fitted attributes.
func (s *state) narrow() bool {
	is := func(v pyobj.Value) bool {
		a, ok := v.(*pyobj.Array)
		return ok && a.DType != nil && a.DType.Kind == 'f' && a.DType.Size == 4
	}
	return slices.ContainsFunc(s.attrs.Entries, func(e pyobj.Entry) bool {
		l, ok := e.Value.(*pyobj.List)
		return is(e.Value) || ok && slices.ContainsFunc(l.Items, is)
	})
}

// equal compares plain values.
func equal(a, b pyobj.Value) bool {
	if a == nil || b == nil {
		return false
	}
	x, errA := sklearn.Float(a)
	y, errB := sklearn.Float(b)
	if errA == nil && errB == nil {
		return x == y || x != x && y != y
	}
	s, okA := pyobj.Text(a)
	t, okB := pyobj.Text(b)
	if okA && okB {
		return s == t
	}
	switch a.(type) {
	case pyobj.None, pyobj.Bool, pyobj.Int, pyobj.Float:
		return a == b
	}
	return false
}

// show writes a plain value as Python does.
func show(v pyobj.Value) string {
	switch x := v.(type) {
	case pyobj.None:
		return "None"
	case pyobj.Bool:
		if x {
			return "True"
		}
		return "False"
	case pyobj.Int:
		return strconv.FormatInt(int64(x), 10)
	case pyobj.Float:
		return strconv.FormatFloat(float64(x), 'g', -1, 64)
	case pyobj.Str:
		return strconv.Quote(string(x))
	}
	return sklearn.Describe(v)
}

// textOfPython2 makes Python 2's str the text it stands for.
func textOfPython2(v pyobj.Value) (pyobj.Value, bool) {
	fix := func(s []pyobj.Value) {
		for i, it := range s {
			if b, ok := it.(pyobj.Py2Str); ok {
				t, _ := pyobj.Text(b)
				s[i] = pyobj.Str(t)
			}
		}
	}
	pairs := func(s []pyobj.Entry) {
		for i := range s {
			kv := []pyobj.Value{s[i].Key, s[i].Value}
			fix(kv)
			s[i] = pyobj.Entry{Key: kv[0], Value: kv[1]}
		}
	}
	switch x := v.(type) {
	case *pyobj.List:
		fix(x.Items)
	case *pyobj.Tuple:
		fix(x.Items)
	case *pyobj.Set:
		fix(x.Items)
	case *pyobj.Array:
		fix(x.Objects)
		if x.DType.Kind == 'S' && x.DType.Size > 0 {
			wide := *x
			wide.DType, wide.Data = &pyobj.DType{Kind: 'U', Size: 4 * x.DType.Size, Order: '<'}, widened(x.Data, x.DType.Size)
			return &wide, true
		}
	case *pyobj.Scalar:
		if x.DType.Kind == 'S' && x.DType.Size > 0 {
			return &pyobj.Scalar{DType: &pyobj.DType{Kind: 'U', Size: 4 * x.DType.Size, Order: '<'}, Data: widened(x.Data, x.DType.Size)}, true
		}
	case *pyobj.Dict:
		pairs(x.Entries)
	case *pyobj.Object:
		fix(x.Args)
		fix(x.Items)
		pairs(x.Pairs)
	}
	return v, false
}

// widened makes UCS-4 of the texts of an array whose items have size bytes.
func widened(b []byte, size int) []byte {
	out := make([]byte, 4*len(b))
	for at := 0; at < len(b); at += size {
		text, _ := pyobj.Text(pyobj.Py2Str(bytes.TrimRight(b[at:at+size], "\x00")))
		i := 4 * at
		for _, r := range text {
			binary.LittleEndian.PutUint32(out[i:], uint32(r))
			i += 4
		}
	}
	return out
}

// names settles every import that is left: scikit-learn's names where the release has them, numpy's and scipy's by the
// spelling that all their releases understand.
func (m *migration) names(root pyobj.Value) (pyobj.Value, error) {
	var err error
	moved := map[string]bool{}
	global := func(g *pyobj.Global) *pyobj.Global {
		n := portable(g)
		if !strings.HasPrefix(n.Module, "sklearn.") && n.Module != "_loss" || m.To.Importable(n.Module, n.Name) {
			return n
		}
		home := m.To.Home(n.Name)
		if home == "" {
			if err == nil {
				err = &RefusedError{n.Module, n.Name, "", "it has no such name", m.To.Version}
			}
			return n
		}
		n = &pyobj.Global{Module: home, Name: n.Name}
		if !moved[g.String()] {
			moved[g.String()] = true
			m.report.Changes = append(m.report.Changes, Change{"model", n.Name, "", Moved, g.String() + " → " + n.String()})
		}
		return n
	}
	root = renameGlobals(root, global)
	root = pyobj.Rewrite(root, func(v pyobj.Value) (pyobj.Value, bool) {
		o, ok := v.(*pyobj.Object)
		if !ok {
			return nil, false
		}
		if r := randomState(o); r != nil {
			return r, true
		}
		if pyobj.ShortName(o.ClassName()) == "BSpline" {
			bothSplines(o)
		}
		return nil, false
	})
	return root, err
}

// bothSplines names the attributes of scipy's BSpline as scipy 1.17 asks for them and as the releases before it do.
func bothSplines(o *pyobj.Object) {
	d, _ := o.Attrs()
	if d == nil {
		return
	}
	d.Set(pyobj.Str("_asarray"), &pyobj.Global{Module: "numpy", Name: "asarray"})
	for _, n := range []string{"t", "c"} {
		if v := d.Get("_" + n); v != nil {
			d.Set(pyobj.Str(n), v)
		} else if v := d.Get(n); v != nil {
			d.Set(pyobj.Str("_"+n), v)
		}
	}
}

// renameGlobals replaces every Global of a graph.
func renameGlobals(root pyobj.Value, f func(*pyobj.Global) *pyobj.Global) pyobj.Value {
	fix := func(v pyobj.Value) pyobj.Value {
		if g, ok := v.(*pyobj.Global); ok {
			return f(g)
		}
		return v
	}
	slice := func(s []pyobj.Value) {
		for i := range s {
			s[i] = fix(s[i])
		}
	}
	pairs := func(s []pyobj.Entry) {
		for i := range s {
			s[i].Key, s[i].Value = fix(s[i].Key), fix(s[i].Value)
		}
	}
	pyobj.Walk(root, func(v pyobj.Value) bool {
		switch x := v.(type) {
		case *pyobj.List:
			slice(x.Items)
		case *pyobj.Tuple:
			slice(x.Items)
		case *pyobj.Set:
			slice(x.Items)
		case *pyobj.Dict:
			pairs(x.Entries)
		case *pyobj.Array:
			slice(x.Objects)
			if x.Subclass != nil {
				x.Subclass = f(x.Subclass)
			}
		case *pyobj.Object:
			x.Class = fix(x.Class)
			slice(x.Args)
			x.State = fix(x.State)
			slice(x.Items)
			pairs(x.Pairs)
		}
		return true
	})
	return fix(root)
}

// portable spells a name of numpy, scipy and Python 2 so that every release of those libraries finds it.
func portable(g *pyobj.Global) *pyobj.Global {
	module, name := g.Module, g.Name
	dotted := numpy.Canonical(g)
	switch {
	case strings.HasPrefix(module, "scipy.sparse.") && (strings.HasSuffix(name, "_matrix") || strings.HasSuffix(name, "_array")):
		return &pyobj.Global{Module: "scipy.sparse", Name: name}
	case dotted == "numpy.ma.core.MaskedArray" || dotted == "numpy.ma.MaskedArray":
		return &pyobj.Global{Module: "numpy.ma", Name: "MaskedArray"}
	case dotted == "numpy.core._multiarray_umath."+name, dotted == "numpy.core.umath."+name, dotted == "numpy.core.fromnumeric."+name:
		return &pyobj.Global{Module: "numpy", Name: name}
	case module == "__builtin__" || module == "copy_reg":
		i := strings.LastIndexByte(dotted, '.')
		return &pyobj.Global{Module: dotted[:i], Name: dotted[i+1:]}
	case strings.HasPrefix(module, "numpy._core."):
		return &pyobj.Global{Module: "numpy.core." + module[len("numpy._core."):], Name: name}
	}
	return g
}

// randomState gives a RandomState in the form that every numpy reads, a Generator in the one that all since 1.17 read;
// nil for other objects.
func randomState(o *pyobj.Object) pyobj.Value {
	name := o.ClassName()
	if name != "numpy.random._pickle.__randomstate_ctor" && name != "numpy.random._pickle.__generator_ctor" {
		return nil
	}
	d, ok := o.State.(*pyobj.Dict)
	if !ok && len(o.Args) > 0 {
		// numpy 2: the state is that of the bit generator
		bits, _ := o.Args[0].(*pyobj.Object)
		if bits == nil {
			return nil
		}
		d, _ = bits.State.(*pyobj.Dict)
		if t, ok := bits.State.(*pyobj.Tuple); ok && len(t.Items) > 0 {
			d, _ = t.Items[0].(*pyobj.Dict)
		}
	}
	if d == nil {
		return nil
	}
	kind, _ := pyobj.Text(d.Get("bit_generator"))
	if name == "numpy.random._pickle.__generator_ctor" {
		return &pyobj.Object{Make: pyobj.Reduce, Class: &pyobj.Global{Module: "numpy.random._pickle", Name: "__generator_ctor"},
			Args: []pyobj.Value{pyobj.Str(kind)}, State: d, Offset: -1}
	}
	inner, _ := d.Get("state").(*pyobj.Dict)
	if kind != "MT19937" || inner == nil || d.Get("has_gauss") == nil {
		return nil
	}
	return &pyobj.Object{Make: pyobj.Reduce, Class: &pyobj.Global{Module: "numpy.random", Name: "__RandomState_ctor"}, Offset: -1,
		State: &pyobj.Tuple{Items: []pyobj.Value{pyobj.Str(kind), inner.Get("key"), inner.Get("pos"), d.Get("has_gauss"), d.Get("gauss")}}}
}
