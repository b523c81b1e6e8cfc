package release

import (
	"fmt"
	"slices"
	"strings"

	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/sklearn"
)

// Outcome is what happens to a file that a release loads as it is.
type Outcome string

// The outcomes.
const (
	Same          Outcome = "same"
	SilentlyWrong Outcome = "silently-wrong"
	Fails         Outcome = "fails"
)

// Foretelling says what a release would do with a file.
type Foretelling struct {
	Outcome Outcome  `json:"outcome"`
	When    string   `json:"when,omitempty"`  // "load", or the methods that fail or answer otherwise
	Path    string   `json:"path,omitempty"`  // the object that does: "model.steps[1]"
	Error   string   `json:"error,omitempty"` // in Python's words: "ModuleNotFoundError: No module named …"
	Why     string   `json:"why,omitempty"`   // of numbers that are silently wrong
	Notes   []string `json:"notes"`           // what holds only in some environments
}

// Runtime is what stands beside scikit-learn. Versions are "" where nothing is known: numpy is then the newest that the
// release runs with, Python the oldest.
type Runtime struct{ Numpy, Scipy, Python string }

// Foretell says what would happen if the release loaded the file as it is and its methods were called: doc is the file,
// root the model in it. Nothing is computed: names are looked up in the table of the release, attributes in what its
// methods need, and where the meaning of a state changed the rules of both releases are compared.
func Foretell(doc *pyobj.Doc, root pyobj.Value, to *Release, rt Runtime) *Foretelling {
	f := &foreteller{to: to, rt: rt, skops: doc.Format == "skops", out: &Foretelling{Outcome: Same, Notes: []string{}}, seen: map[pyobj.Value]bool{}}
	if f.loading(doc); f.out.Outcome == Same {
		f.walk(root, place{path: "model", methods: needMethods})
		f.settle()
	}
	return f.out
}

type foreteller struct {
	to    *Release
	rt    Runtime
	skops bool
	out   *Foretelling
	seen  map[pyobj.Value]bool
	found []finding
}

// finding is one thing that goes wrong after loading.
type finding struct {
	silent             bool
	path, method, text string
}

// fail ends the foretelling with an error.
func (f *foreteller) fail(when, path, text string) {
	f.out.Outcome, f.out.When, f.out.Path, f.out.Error = Fails, when, path, text
}

func (f *foreteller) note(format string, args ...any) {
	if s := fmt.Sprintf(format, args...); !slices.Contains(f.out.Notes, s) {
		f.out.Notes = append(f.out.Notes, s)
	}
}

// settle turns the findings into an outcome: the first error counts more than silence.
func (f *foreteller) settle() {
	for _, silent := range []bool{false, true} {
		var methods []string
		var first *finding
		for i := range f.found {
			x := &f.found[i]
			if x.silent != silent {
				continue
			}
			if first == nil {
				first = x
			}
			if x.path == first.path && !slices.Contains(methods, x.method) && x.method != "use" {
				methods = append(methods, x.method)
			}
		}
		if first == nil {
			continue
		}
		f.out.Outcome, f.out.When, f.out.Path = Fails, strings.Join(methods, ", "), first.path
		if silent {
			f.out.Outcome, f.out.Why = SilentlyWrong, first.text
		} else {
			f.out.Error = first.text
		}
		return
	}
}

// loading follows the file as the unpickler would and stops at the first error.
func (f *foreteller) loading(doc *pyobj.Doc) {
	if doc.Protocol >= 5 && (doc.Format == "pickle" || doc.Format == "joblib") {
		const text = "ValueError: unsupported pickle protocol: 5"
		switch e := EnvironmentOf(f.to.Version); {
		case f.rt.Python != "" && sklearn.CompareVersions(f.rt.Python, "3.8") < 0:
			f.fail("load", "", text)
			return
		case f.rt.Python == "" && sklearn.CompareVersions(e.Python, "3.8") < 0:
			f.note("on Python older than 3.8: %s", text)
		}
	}
	type event struct {
		at   int64
		text string
	}
	var first *event
	see := func(at int64, text string) {
		if text != "" && (first == nil || at < first.at) {
			first = &event{at, text}
		}
	}
	done := map[pyobj.Global]bool{}
	for _, im := range doc.Imports {
		if !done[*im.Global] {
			done[*im.Global] = true
			see(im.Offset, f.importing(im.Global))
		}
	}
	for i := range doc.Calls {
		see(doc.Calls[i].Offset, f.calling(&doc.Calls[i]))
	}
	if first != nil {
		f.fail("load", "", first.text)
	}
}

// importing gives the error of importing a name, "" for none.
func (f *foreteller) importing(g *pyobj.Global) string {
	top, rest, _ := strings.Cut(g.Module, ".")
	switch top {
	case "sklearn":
		if f.to.Importable(g.Module, g.Name) || f.to.lends(g.Module, g.Name) {
			return ""
		}
		return f.absent(g)
	case "_loss":
		// The compiled module is there under this name too in the releases whose pickles name it so.
		if f.to.Before("1.5") || !f.to.Before("1.9") {
			return "ModuleNotFoundError: No module named '_loss'"
		}
		return f.importing(&pyobj.Global{Module: "sklearn._loss._loss", Name: g.Name})
	case "numpy":
		sub, _, _ := strings.Cut(rest, ".")
		if sub != "_core" {
			return ""
		}
		const text = "ModuleNotFoundError: No module named 'numpy._core'"
		switch {
		case f.rt.Numpy == "" && !f.numpy1():
			f.note("numpy 2 is needed; with numpy older than 1.26: %s", text)
		case f.rt.Numpy == "" || sklearn.CompareVersions(f.rt.Numpy, "1.26") < 0:
			return text
		case sklearn.CompareVersions(f.rt.Numpy, "2.0.dev0") < 0 && strings.HasPrefix(rest, "_core.numeric"):
			return "ModuleNotFoundError: No module named 'numpy._core.numeric'"
		}
	case "scipy":
		if name, ok := strings.CutPrefix(g.Module, "scipy.sparse._"); ok && !strings.HasPrefix(name, "sputils") {
			text := "ModuleNotFoundError: No module named '" + g.Module + "'"
			if f.rt.Scipy != "" && sklearn.CompareVersions(f.rt.Scipy, "1.8") < 0 {
				return text
			}
			if f.rt.Scipy == "" && sklearn.CompareVersions(EnvironmentOf(f.to.Version).Scipy, "1.8") < 0 {
				f.note("with scipy older than 1.8: %s", text)
			}
		}
	}
	return ""
}

// numpy1 reports a release that runs with numpy 1 only.
func (f *foreteller) numpy1() bool { return EnvironmentOf(f.to.Version).NumpyBelow != "" }

// absent gives the error for a name of scikit-learn that is not there: the first module on the way that is missing, or
// the name in a module that exists.
func (f *foreteller) absent(g *pyobj.Global) string {
	parts := strings.Split(g.Module, ".")
	for i := range parts {
		if m := strings.Join(parts[:i+1], "."); !f.to.hasModule(m) {
			return "ModuleNotFoundError: No module named '" + m + "'"
		}
	}
	if f.skops {
		return fmt.Sprintf("AttributeError: module '%s' has no attribute '%s'", g.Module, g.Name)
	}
	return fmt.Sprintf("AttributeError: Can't get attribute '%s' on <module '%s'>", g.Name, g.Module)
}

// hasModule reports a module or package that holds names of the release.
func (r *Release) hasModule(m string) bool {
	switch m {
	case "sklearn", "sklearn.externals":
		return true
	}
	for module, names := range r.table.names {
		if module != m && !strings.HasPrefix(module, m+".") {
			continue
		}
		for _, bits := range names {
			if bits&(1<<r.index) != 0 {
				return true
			}
		}
	}
	return false
}

// calling gives the error of a call while loading, "" for none.
func (f *foreteller) calling(c *pyobj.Call) string {
	if g, ok := c.Func.(*pyobj.Global); ok {
		if g.Module == "numpy.random._pickle" && g.Name == "__bit_generator_ctor" && len(c.Args) > 0 {
			class, byClass := c.Args[0].(*pyobj.Global)
			old := f.rt.Numpy == "" && f.numpy1() || f.rt.Numpy != "" && sklearn.CompareVersions(f.rt.Numpy, "2.0.dev0") < 0
			if byClass && old {
				return fmt.Sprintf("ValueError: <class '%s'> is not a known BitGenerator module.", class)
			}
		}
		if ctor := g.Name; g.Module == "numpy.random._pickle" && (ctor == "__randomstate_ctor" || ctor == "__generator_ctor") && len(c.Args) == 2 {
			text := "TypeError: " + ctor + "() takes from 0 to 1 positional arguments but 2 were given"
			if f.rt.Numpy != "" && sklearn.CompareVersions(f.rt.Numpy, "1.24") < 0 {
				return text
			}
			if f.rt.Numpy == "" && sklearn.CompareVersions(EnvironmentOf(f.to.Version).Numpy, "1.24") < 0 {
				f.note("with numpy older than 1.24: %s", text)
			}
		}
		return ""
	}
	o, ok := c.Func.(*pyobj.Object)
	if !ok || len(c.Args) == 0 || o.ClassName() != "sklearn.tree._tree.Tree" {
		return ""
	}
	state, ok := c.Args[0].(*pyobj.Dict)
	if !ok {
		return ""
	}
	return f.treeNodes(state)
}

// treeNodes compares the layout of a tree's nodes with what the release takes.
func (f *foreteller) treeNodes(state *pyobj.Dict) string {
	a, ok := state.Get("nodes").(*pyobj.Array)
	if !ok {
		return ""
	}
	missing := slices.ContainsFunc(a.DType.Fields, func(x pyobj.Field) bool { return x.Name == "missing_go_to_left" })
	if missing != f.to.Before("1.3") {
		return ""
	}
	const seven = "[('left_child', '<i8'), ('right_child', '<i8'), ('feature', '<i8'), ('threshold', '<f8'), ('impurity', '<f8'), ('n_node_samples', '<i8'), ('weighted_n_node_samples', '<f8')]"
	eight := "{'names': ['left_child', 'right_child', 'feature', 'threshold', 'impurity', 'n_node_samples', 'weighted_n_node_samples', 'missing_go_to_left'], 'formats': ['<i8', '<i8', '<i8', '<f8', '<f8', '<i8', '<f8', 'u1'], 'offsets': [0, 8, 16, 24, 32, 40, 48, 56], 'itemsize': 64}"
	if f.rt.Numpy != "" && sklearn.CompareVersions(f.rt.Numpy, "1.22") < 0 {
		eight = strings.NewReplacer("', '", "','", ": ", ":", "0, 8, 16, 24, 32, 40, 48, 56", "0,8,16,24,32,40,48,56").Replace(eight) // as it wrote them
	}
	expected, got := eight, seven
	if missing {
		expected, got = seven, eight
	}
	return "ValueError: node array from the pickle has an incompatible dtype:\n- expected: " + expected + "\n- got     : " + got
}

// twins are the fitted attributes beside which an attribute is only a template, by its name.
var twins = map[string][]string{
	"estimator": {"estimator_", "base_estimator_", "best_estimator_", "estimators_", "calibrated_classifiers_"}, "base_estimator": {"estimator_", "base_estimator_", "estimators_", "calibrated_classifiers_"},
	"estimator_": {"estimators_"}, "base_estimator_": {"estimators_"}, "regressor": {"regressor_"}, "transformer": {"transformer_"},
	"final_estimator": {"final_estimator_"}, "estimators": {"estimators_"}, "transformers": {"transformers_"}, "init": {"init_"}, "kernel": {"kernel_"},
	"named_estimators_": {"estimators_"},
}

// aside are attributes that no method uses.
var aside = []string{"param_grid", "param_distributions", "cv_results_", "scorer_", "scoring", "cv", "_optimizer", "random_state", "multimetric_", "oob_prediction_"}

// maxDepth bounds objects inside objects.
const maxDepth = 64

// place is where an object stands: the release of the estimator around it, and the methods that are asked of it there.
type place struct {
	path, release string
	methods       []string
	depth         int
}

func (p place) in(path string) place {
	p.path += path
	p.depth++
	return p
}

// inner are the methods that estimators ask of those inside them.
var inner = []string{"predict", "transform", "predict_proba", "decision_function", "predict_log_proba", "score_samples", "kneighbors", "use"}

// asked are the places where fewer methods are, or none: there the numbers are read.
var asked = map[string][]string{
	"TransformedTargetRegressor.transformer_": {"inverse_transform"},
	"OneVsOneClassifier.estimators_":          {"predict", "decision_function", "predict_proba"},
	"OutputCodeClassifier.estimators_":        {"decision_function", "predict_proba"},
	"SelectFromModel.estimator_":              {},
	"IsolationForest.estimators_":             {},
	"GradientBoostingClassifier.estimators_":  {},
	"GradientBoostingRegressor.estimators_":   {},
}

// walk looks at every object a method may reach.
func (f *foreteller) walk(v pyobj.Value, at place) {
	switch v.(type) {
	case *pyobj.List, *pyobj.Tuple, *pyobj.Array, *pyobj.Dict, *pyobj.Object:
		if at.depth > maxDepth || f.seen[v] {
			return
		}
		f.seen[v] = true
	default:
		return
	}
	switch x := v.(type) {
	case *pyobj.List:
		for i, it := range x.Items {
			f.walk(it, at.in(fmt.Sprintf("[%d]", i)))
		}
	case *pyobj.Tuple:
		for i, it := range x.Items {
			index := ""
			if _, named := pyobj.Text(x.Items[0]); !named {
				index = fmt.Sprintf("[%d]", i)
			}
			f.walk(it, at.in(index))
		}
	case *pyobj.Array:
		for i, it := range x.Objects {
			f.walk(it, at.in(fmt.Sprintf("[%d]", i)))
		}
	case *pyobj.Dict:
		for _, e := range x.Entries {
			if k, ok := pyobj.Text(e.Key); ok {
				f.walk(e.Value, at.in("."+k))
			}
		}
	case *pyobj.Object:
		if state, ok := x.State.(*pyobj.Tuple); ok && x.ClassName() != "" {
			f.made(x, state, at)
			return
		}
		a, ok := x.Attrs()
		if !ok || a == nil {
			return
		}
		if s, ok := pyobj.Text(a.Get("_sklearn_version")); ok {
			at.release = s
		}
		if strings.HasPrefix(x.ClassName(), "sklearn.") {
			if at.depth > 0 && f.template(x, a) {
				return
			}
			switch of := (&visit{f, x, a, at, map[string]bool{}}); pyobj.ShortName(x.ClassName()) {
			case "ColumnTransformer": // those inside it are asked before the passed columns
				of.attributes()
				defer of.meanings()
			case "IterativeImputer":
				defer of.attributes()
			default:
				of.meanings()
				of.attributes()
			}
		}
		if x.ClassName() == "scipy.interpolate._bsplines.BSpline" && a.Get("c") == nil && a.Get("_c") != nil {
			const text = "AttributeError: 'BSpline' object has no attribute 'c'"
			if f.rt.Scipy == "" {
				f.note("with scipy older than 1.17: %s", text)
			} else if sklearn.CompareVersions(f.rt.Scipy, "1.17") < 0 {
				f.found = append(f.found, finding{false, at.path, "transform", text})
			}
		}
		for _, e := range a.Entries {
			name, _ := pyobj.Text(e.Key)
			if slices.Contains(aside, name) || slices.ContainsFunc(twins[name], func(t string) bool { return a.Get(t) != nil }) {
				continue
			}
			to := at.in("." + name)
			if to.methods = asks(x, name, a); len(to.methods) > 0 {
				f.walk(e.Value, to)
			}
		}
	}
}

// made looks at what compiled code keeps: trees of neighbours and their distance.
func (f *foreteller) made(o *pyobj.Object, state *pyobj.Tuple, at place) {
	g, ok := o.Class.(*pyobj.Global)
	if !ok || g.Name != "newObj" || len(o.Args) == 0 {
		return
	}
	of, _ := o.Args[0].(*pyobj.Global)
	switch {
	case of == nil:
	case of.Name == "KDTree" || of.Name == "BallTree":
		f.walk(state, at)
	case of.Name == "MinkowskiDistance" && len(state.Items) == 3 && blankWeights(state) && !f.to.Before("1.1"):
		for _, m := range at.methods {
			f.found = append(f.found, finding{true, at.path, m, "a Minkowski distance of before 1.1 keeps a zero where there are no weights of columns, which is read as a weight: every distance is 0"})
		}
	}
}

// asks lists the methods that an estimator asks of those in one of its attributes.
func asks(o *pyobj.Object, attr string, a *pyobj.Dict) []string {
	class := pyobj.ShortName(o.ClassName())
	if m, ok := asked[class+"."+attr]; ok {
		return m
	}
	if class == "VotingClassifier" && attr == "estimators_" && word(a.Get("voting")) == `"hard"` {
		return []string{"predict"}
	}
	return inner
}

// template reports an estimator that was never fitted, though its methods need what fitting leaves.
func (f *foreteller) template(o *pyobj.Object, a *pyobj.Dict) bool {
	for _, e := range a.Entries {
		n, _ := pyobj.Text(e.Key)
		if n != "_sklearn_version" && (strings.HasSuffix(n, "_") || strings.HasPrefix(n, "_")) {
			return false
		}
	}
	by := needs()[pyobj.ShortName(o.ClassName())]
	if by == nil {
		return false
	}
	for _, list := range by[f.to.index] {
		for _, n := range list {
			if strings.HasSuffix(n.attr, "_") || strings.HasPrefix(n.attr, "_") {
				return true
			}
		}
	}
	return false
}

// visit is one object of scikit-learn at its place.
type visit struct {
	f    *foreteller
	o    *pyobj.Object
	a    *pyobj.Dict
	at   place
	told map[string]bool // methods whose error is found
}

func (x *visit) class() string { return pyobj.ShortName(x.o.ClassName()) }

// methods lists what is asked of the object: where probabilities or decisions will do, decisions if it has them.
func (x *visit) methods() []string {
	if by := needs()[x.class()]; len(x.at.methods) < len(inner) && by != nil && by[x.f.to.index]["decision_function"] != nil {
		return slices.DeleteFunc(slices.Clone(x.at.methods), func(m string) bool { return m == "predict_proba" })
	}
	return x.at.methods
}

// meanings looks at attributes that the release reads otherwise.
func (x *visit) meanings() {
	f, class := x.f, x.class()
	s := &meaning{a: x.a, class: class, from: x.at.release, to: f.to, numpy: f.rt.Numpy}
	for _, r := range remarks {
		if slices.Contains(r.classes, class) && s.from != "" && s.crosses(r.at) && r.holds(s) {
			f.note("%s (%s): %s", x.at.path, class, r.text)
		}
	}
	for _, rule := range meanings {
		if !slices.Contains(rule.classes, class) {
			continue
		}
		methods, silent, text := rule.tell(s)
		for _, m := range methods {
			if slices.Contains(x.methods(), m) {
				f.found = append(f.found, finding{silent, x.at.path, m, text})
				x.told[m] = !silent
			}
		}
	}
}

// attributes looks for what the methods need.
func (x *visit) attributes() {
	f, class := x.f, x.class()
	for _, m := range x.methods() {
		n := f.to.missing(class, m, x.a)
		if n == nil || x.told[m] || !f.has(class, m, x.a) {
			continue
		}
		text := n.error(class)
		if n.silent && class == "TfidfTransformer" && evenly(x.a.Get("_idf_diag")) {
			continue
		}
		if n.silent {
			text = fmt.Sprintf("scikit-learn %s looks for %s, which the file does not have, and goes on without it", f.to.Minor, n.attr)
		}
		f.found = append(f.found, finding{n.silent, x.at.path, m, text})
	}
}

// has leaves out methods that a setting takes away.
func (f *foreteller) has(class, method string, a *pyobj.Dict) bool {
	switch class {
	case "_BisectingTree": // of which only leaves have labels
		_, leaf := a.Get("left").(pyobj.None)
		return leaf
	case "LinearDiscriminantAnalysis":
		if method == "transform" {
			return word(a.Get("solver")) != `"lsqr"`
		}
	case "SVC", "NuSVC":
		if method == "predict_proba" || method == "predict_log_proba" {
			return a.Get("probability") == pyobj.Bool(true)
		}
	case "VotingClassifier":
		if method == "predict_proba" {
			return word(a.Get("voting")) == `"soft"`
		}
	}
	return true
}

// evenly reports a diagonal that weighs every word with 1, as none would.
func evenly(v pyobj.Value) bool {
	m, err := sklearn.AnyMatrix(v)
	if err != nil {
		return false
	}
	d, err := diagonal(m)
	return err == nil && !slices.ContainsFunc(d, func(f float64) bool { return f != 1 })
}
