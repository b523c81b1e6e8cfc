package larder

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/larder-ml/larder/fingerprint"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/tensor"
)

// Change is one thing that differs between two models.
type Change struct {
	Kind string `json:"kind"` // "type", "version", "step", "parameter", "feature", "class", "trees", "learned", "value"
	Path string `json:"path"` // "model.steps[1]"; for parameters the name get_params gives it, behind its place in a dict, list or tuple
	Text string `json:"text"` // "C: 1.0 -> 0.5"
}

// Diff tells in words what changed from a to b: versions, steps, parameters, features, classes, trees and what else was
// learned. It is empty when the fitted models are the same, whatever their files are like. Where a file holds a dict, list
// or tuple of objects and none is selected, all are compared, by key or place.
func Diff(a, b *Model) []Change {
	d := &differ{a: a, b: b, rootA: a.root, rootB: b.root, changes: []Change{}, listed: map[*pyobj.Dict]bool{}}
	if d.many = container(a.root) || container(b.root); d.many {
		d.rootA, d.rootB = a.whole(), b.whole()
	}
	x, y := a.Info(), b.Info()
	if s, t := typeName(d.rootA), typeName(d.rootB); pyobj.ShortName(s) != pyobj.ShortName(t) {
		d.add("type", "model", "%s -> %s", s, t)
	}
	if !d.many {
		d.releases = [2][]string{x.Releases, y.Releases}
	} else {
		d.releases = [2][]string{releasesIn(d.rootA), releasesIn(d.rootB)}
	}
	if r, s := strings.Join(d.releases[0], ", "), strings.Join(d.releases[1], ", "); r != s {
		d.add("version", "model", "scikit-learn %s -> %s", orNone(r), orNone(s))
	}
	pairs := d.parts()
	d.params()
	if !d.many {
		d.names("feature", x.FeatureNamesIn, y.FeatureNamesIn)
		if x.NFeaturesIn != y.NFeaturesIn && x.NFeaturesIn > 0 && y.NFeaturesIn > 0 {
			d.add("feature", "model", "takes %d columns -> %d", x.NFeaturesIn, y.NFeaturesIn)
		}
		d.names("class", texts(x.Classes), texts(y.Classes))
	}
	for _, p := range pairs {
		d.learned(p)
	}
	if len(d.changes) == 0 {
		f, err1 := fingerprint.Of(d.rootA)
		g, err2 := fingerprint.Of(d.rootB)
		if err1 != nil || err2 != nil || f != g {
			d.add("learned", "model", "something differs that no method reads, such as the state of random numbers")
		}
	}
	return d.changes
}

// container reports a value that holds objects by key or place.
func container(v pyobj.Value) bool {
	switch v.(type) {
	case *pyobj.Dict, *pyobj.List, *pyobj.Tuple:
		return true
	}
	return false
}

// whole is all that the file holds, or what was selected of it.
func (m *Model) whole() pyobj.Value {
	if m.opts.selected == "" && container(m.doc.Root) {
		return m.doc.Root
	}
	return m.root
}

// releasesIn lists the releases that the objects inside a value record, oldest first.
func releasesIn(v pyobj.Value) []string {
	var out []string
	pyobj.Walk(v, func(v pyobj.Value) bool {
		if o, ok := v.(*pyobj.Object); ok {
			if a, ok := o.Attrs(); ok && a != nil {
				if r, ok := pyobj.Text(a.Get("_sklearn_version")); ok && !slices.Contains(out, r) {
					out = append(out, r)
				}
			}
		}
		return true
	})
	slices.SortFunc(out, sklearn.CompareVersions)
	return out
}

func typeName(v pyobj.Value) string {
	if o, ok := v.(*pyobj.Object); ok && o.ClassName() != "" {
		return o.ClassName()
	}
	return sklearn.Describe(v)
}

type differ struct {
	a, b         *Model
	rootA, rootB pyobj.Value
	many         bool        // the roots are containers
	releases     [2][]string // of all estimators
	values       []placed    // what containers hold beside models
	changes      []Change
	listed       map[*pyobj.Dict]bool // attributes of a's estimators that are compared at their own place
}

func (d *differ) add(kind, path, format string, args ...any) {
	d.changes = append(d.changes, Change{kind, path, fmt.Sprintf(format, args...)})
}

func orNone(s string) string {
	if s == "" {
		return "not recorded"
	}
	return s
}

func texts(list []any) []string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = fmt.Sprint(v)
	}
	return out
}

// placed is one object of a container, or the only one.
type placed struct {
	path string
	v    pyobj.Value
}

// objects lists what the containers around the models hold.
func objects(v pyobj.Value, path string, depth int) []placed {
	var out []placed
	if depth > maxParamDepth {
		return nil
	}
	switch x := v.(type) {
	case *pyobj.Dict:
		for _, e := range x.Entries {
			if k, ok := pyobj.Text(e.Key); ok {
				out = append(out, objects(e.Value, path+"."+k, depth+1)...)
			}
		}
	case *pyobj.List:
		for i, it := range x.Items {
			out = append(out, objects(it, path+"["+itoa(i)+"]", depth+1)...)
		}
	case *pyobj.Tuple:
		for i, it := range x.Items {
			out = append(out, objects(it, path+"["+itoa(i)+"]", depth+1)...)
		}
	default:
		out = []placed{{path, v}}
	}
	return out
}

// partPair is one estimator that both models have at a place.
type partPair struct {
	path string
	a, b *pyobj.Dict
}

// parts pairs the estimators of both models by place, and tells those that only one has.
func (d *differ) parts() []partPair {
	type found struct {
		class string
		attrs *pyobj.Dict
	}
	list := func(m *Model, root pyobj.Value) (order []string, by map[string]found, at map[string]string) {
		by, at = map[string]found{}, map[string]string{}
		for _, h := range objects(root, "model", 0) {
			names := map[string]string{} // of steps, by their places
			m.parts(h.v, h.path, func(path string, o *pyobj.Object, a *pyobj.Dict) {
				key := path
				for i := strings.LastIndexByte(path, '[') + 1; i > 0; i = strings.LastIndexByte(path[:i-1], '[') + 1 {
					end := i + strings.IndexByte(path[i:], ']') + 1
					if n, ok := names[path[:end]]; ok {
						key = key[:i] + n + key[end-1:]
					}
				}
				if list := pairLists[pyobj.ShortName(o.ClassName())]; list != "" {
					for _, of := range []string{list, list + "_"} {
						for i, n := range stepNames(a.Get(of)) {
							names[fmt.Sprintf("%s.%s[%d]", path, of, i)] = tensor.Quote(n)
						}
					}
				}
				if _, twice := by[key]; !twice {
					order = append(order, key)
					by[key] = found{pyobj.ShortName(o.ClassName()), a}
					at[key] = path
				}
			})
			if o, ok := h.v.(*pyobj.Object); d.many && (!ok || !isPart(o)) {
				d.values = append(d.values, h)
			}
		}
		return order, by, at
	}
	before, was, wasAt := list(d.a, d.rootA)
	plainA := d.values
	d.values = nil
	after, is, isAt := list(d.b, d.rootB)
	var out []partPair
	replaced := map[string]bool{}
	for _, p := range before {
		x, y := was[p], is[p]
		d.listed[x.attrs] = true
		at := wasAt[p]
		switch {
		case y.attrs == nil:
			// another one that stands in its place under another name
			q := slices.IndexFunc(after, func(q string) bool { return isAt[q] == at && was[q].attrs == nil && is[q].class != x.class })
			if q < 0 {
				d.add("step", at, "%s is gone", x.class)
			} else {
				replaced[after[q]] = true
				d.add("step", at, "%s -> %s", x.class, is[after[q]].class)
			}
		case x.class != y.class:
			if at != "model" {
				d.add("step", at, "%s -> %s", x.class, y.class)
			}
		default:
			out = append(out, partPair{at, x.attrs, y.attrs})
		}
	}
	for _, p := range after {
		if was[p].attrs == nil && !replaced[p] {
			d.add("step", isAt[p], "%s is new", is[p].class)
		}
	}
	d.plain(plainA, d.values)
	return out
}

// stepNames are the names of a list of (name, estimator) pairs.
func stepNames(v pyobj.Value) []string {
	l, _ := v.(*pyobj.List)
	if l == nil {
		return nil
	}
	out := make([]string, 0, len(l.Items))
	for _, it := range l.Items {
		t, _ := it.(*pyobj.Tuple)
		if t == nil || len(t.Items) < 2 {
			return nil
		}
		n, ok := pyobj.Text(t.Items[0])
		if !ok {
			return nil
		}
		out = append(out, n)
	}
	return out
}

// plain compares what containers hold beside models.
func (d *differ) plain(was, is []placed) {
	at := func(list []placed, path string) int {
		return slices.IndexFunc(list, func(h placed) bool { return h.path == path })
	}
	for _, h := range was {
		if i := at(is, h.path); i < 0 {
			d.add("value", h.path, "%s is gone", sklearn.Describe(h.v))
		} else if text := compareValues(h.v, is[i].v); text != "" {
			d.add("value", h.path, "%s", text)
		}
	}
	for _, h := range is {
		if at(was, h.path) < 0 {
			d.add("value", h.path, "%s is new", sklearn.Describe(h.v))
		}
	}
}

// params compares constructor parameters, nested ones included, of each object that both files hold.
func (d *differ) params() {
	second := objects(d.rootB, "model", 0)
	for _, h := range objects(d.rootA, "model", 0) {
		i := slices.IndexFunc(second, func(q placed) bool { return q.path == h.path })
		if i < 0 {
			continue
		}
		x, ok1 := h.v.(*pyobj.Object)
		y, ok2 := second[i].v.(*pyobj.Object)
		if ok1 && ok2 && (!d.many || isPart(x) && isPart(y)) {
			in := ""
			if d.many {
				in = h.path + "."
			}
			d.paramsOf(in, (&paramReader{registry: d.a.opts.registry}).deep(x, 0), (&paramReader{registry: d.b.opts.registry}).deep(y, 0))
		}
	}
}

// paramsOf compares the parameters of one object, which in says the place of.
func (d *differ) paramsOf(in string, a, b []Param) {
	was, is := map[string]string{}, map[string]string{}
	var order []string
	for _, p := range a {
		was[p.Name] = paramText(p.Value)
		order = append(order, p.Name)
	}
	for _, p := range b {
		is[p.Name] = paramText(p.Value)
		if _, ok := was[p.Name]; !ok {
			order = append(order, p.Name)
		}
	}
	for _, n := range order {
		x, had := was[n]
		y, has := is[n]
		if x == y && had == has || toldInside(n, order, was, is) || had != has && toldOutside(n, was, is) {
			continue
		}
		switch {
		case !has:
			d.add("parameter", in+n, "%s: %s -> no such parameter", n, x)
		case !had:
			d.add("parameter", in+n, "%s: no such parameter -> %s", n, y)
		default:
			d.add("parameter", in+n, "%s: %s -> %s", n, x, y)
		}
	}
}

// toldInside reports a parameter that holds an estimator whose own parameters, which both models have, say it better.
func toldInside(name string, order []string, was, is map[string]string) bool {
	last := name
	if i := strings.LastIndex(name, "__"); i >= 0 {
		last = name[i+2:]
	}
	switch last {
	case "steps", "transformers", "transformer_list", "estimators":
		return true
	}
	nested := false
	for _, o := range order {
		if !strings.HasPrefix(o, name+"__") {
			continue
		}
		_, had := was[o]
		_, has := is[o]
		if had != has {
			return false
		}
		nested = nested || was[o] != is[o]
	}
	return nested
}

// toldOutside reports a parameter of an estimator that is another one, or not there, in the other model.
func toldOutside(name string, was, is map[string]string) bool {
	for i := strings.LastIndex(name, "__"); i > 0; i = strings.LastIndex(name[:i], "__") {
		p := name[:i]
		x, had := was[p]
		y, has := is[p]
		if had != has || classIn(x) != classIn(y) {
			return true
		}
	}
	return false
}

// classIn is the class of a repr: "Ridge" of "Ridge(alpha=2.0)".
func classIn(repr string) string {
	name, _, _ := strings.Cut(repr, "(")
	return name
}

func paramText(v any) string {
	if s, ok := v.(string); ok {
		for _, open := range []string{"<", "array("} {
			if strings.HasPrefix(s, open) {
				return s
			}
		}
		if class := classIn(s); strings.HasSuffix(s, ")") && class != "" && class[0] >= 'A' && class[0] <= 'Z' {
			return s
		}
		return tensor.Quote(s)
	}
	s := pythonText(v)
	if r := []rune(s); len(r) > 80 {
		s = string(r[:77]) + "..."
	}
	return s
}

// pythonText writes a plain value as Python does.
func pythonText(v any) string {
	switch x := v.(type) {
	case nil:
		return "None"
	case bool:
		return map[bool]string{true: "True", false: "False"}[x]
	case float64:
		return tensor.FormatFloat(x)
	case string:
		return paramText(x)
	case []any:
		out := make([]string, len(x))
		for i, it := range x {
			out[i] = pythonText(it)
		}
		return "[" + strings.Join(out, ", ") + "]"
	case map[string]any:
		out := make([]string, 0, len(x))
		for _, k := range slices.Sorted(maps.Keys(x)) {
			out = append(out, tensor.Quote(k)+": "+pythonText(x[k]))
		}
		return "{" + strings.Join(out, ", ") + "}"
	}
	return fmt.Sprint(v)
}

// names compares two lists of names.
func (d *differ) names(kind string, was, is []string) {
	if slices.Equal(was, is) {
		return
	}
	only := func(x, y []string) []string {
		var out []string
		for _, n := range x {
			if !slices.Contains(y, n) {
				out = append(out, n)
			}
		}
		return out
	}
	gone, added := only(was, is), only(is, was)
	for _, c := range []struct {
		word string
		list []string
	}{{"gone", gone}, {"new", added}} {
		if len(c.list) > 0 {
			d.add(kind, "model", "%s: %s", c.word, shorten(c.list))
		}
	}
	if len(gone) == 0 && len(added) == 0 {
		d.add(kind, "model", "in another order: %s", shorten(is))
	}
}

func shorten(list []string) string {
	const most = 12
	if len(list) <= most {
		return strings.Join(list, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(list[:most], ", "), len(list)-most)
}

// learned compares the fitted attributes of one estimator.
func (d *differ) learned(p partPair) {
	var order []string
	for _, s := range []*pyobj.Dict{p.a, p.b} {
		for _, e := range s.Entries {
			n, _ := pyobj.Text(e.Key)
			if (strings.HasSuffix(n, "_") || strings.HasPrefix(n, "_")) && !slices.Contains(order, n) {
				order = append(order, n)
			}
		}
	}
	for _, n := range order {
		switch n {
		case "n_features_in_", "feature_names_in_", "classes_":
			if !d.many {
				continue
			}
		case "_sklearn_version", "named_estimators_", "_random_state", "random_state_", "_rng", "n_features_", "estimators_samples_", "_seeds", "_stop_words_id", "_random_seed", "_feature_subsample_rng":
			continue
		}
		x, y := p.a.Get(n), p.b.Get(n)
		switch {
		case y == nil:
			d.add("learned", p.path, "%s is gone", n)
			continue
		case x == nil:
			d.add("learned", p.path, "%s is new", n)
			continue
		}
		f, err1 := fingerprint.Of(x)
		g, err2 := fingerprint.Of(y)
		if err1 == nil && err2 == nil && f == g {
			continue
		}
		if s, t := treesOf(x), treesOf(y); s != nil && t != nil {
			if text := compareTrees(s, t); text != "" {
				d.add("trees", p.path, "%s: %s", n, text)
			}
			continue
		}
		if text := compareValues(x, y); text != "" {
			d.add("learned", p.path, "%s: %s", n, text)
		}
		d.inside(p.path+"."+n, x, y)
	}
}

// inside compares the estimators that an attribute keeps for itself: a vectorizer's weights, a binner's encoder.
func (d *differ) inside(path string, x, y pyobj.Value) {
	parts := func(v pyobj.Value) []*pyobj.Object {
		var out []*pyobj.Object
		pyobj.Walk(v, func(v pyobj.Value) bool {
			o, ok := v.(*pyobj.Object)
			if ok && isPart(o) {
				out = append(out, o)
			}
			return !ok || !isPart(o)
		})
		return out
	}
	was, is := parts(x), parts(y)
	for i := range min(len(was), len(is)) {
		a, _ := was[i].Attrs()
		b, _ := is[i].Attrs()
		if d.listed[a] {
			continue
		}
		d.listed[a] = true
		at := path
		if len(was) > 1 {
			at = fmt.Sprintf("%s[%d]", path, i)
		}
		if s, t := pyobj.ShortName(was[i].ClassName()), pyobj.ShortName(is[i].ClassName()); s != t {
			d.add("step", at, "%s -> %s", s, t)
			continue
		}
		d.learned(partPair{at, a, b})
	}
}

// isPart reports an estimator that parts lists by itself.
func isPart(o *pyobj.Object) bool {
	a, ok := o.Attrs()
	return ok && a != nil && estimatorLike(o, a)
}

// treeSummary is one tree.
type treeSummary struct {
	nodes, depth int
	digest       fingerprint.Digest
}

// treesOf finds the trees of a forest, a boosted ensemble or a single tree; nil where there are none.
func treesOf(v pyobj.Value) []treeSummary {
	var out []treeSummary
	pyobj.Walk(v, func(v pyobj.Value) bool {
		o, ok := v.(*pyobj.Object)
		if !ok {
			return true
		}
		switch pyobj.ShortName(o.ClassName()) {
		case "Tree", "TreePredictor":
		default:
			return true
		}
		a, _ := o.Attrs()
		nodes, _ := a.Get("nodes").(*pyobj.Array)
		if nodes == nil {
			return false
		}
		s := treeSummary{nodes: nodes.Len()}
		s.depth, _ = sklearn.Int(a.Get("max_depth"))
		s.digest, _ = fingerprint.Of(o)
		out = append(out, s)
		return false
	})
	return out
}

func compareTrees(a, b []treeSummary) string {
	count := func(l []treeSummary) (nodes, depth int) {
		for _, t := range l {
			nodes += t.nodes
			depth = max(depth, t.depth)
		}
		return nodes, depth
	}
	n, deep := count(a)
	m, deeper := count(b)
	same := 0
	for i := range min(len(a), len(b)) {
		if a[i].digest == b[i].digest {
			same++
		}
	}
	if same == len(a) && same == len(b) {
		return ""
	}
	s := fmt.Sprintf("%s -> %d, %d of the first %d the same, nodes %d -> %d", plural(len(a), "tree"), len(b), same, min(len(a), len(b)), n, m)
	if deep != deeper {
		s += fmt.Sprintf(", deepest %d -> %d", deep, deeper)
	}
	return s
}

func plural(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}

// compareValues tells how two values differ, "" where they do not.
func compareValues(a, b pyobj.Value) string {
	if o, ok := a.(*pyobj.Object); ok && isPart(o) {
		if p, ok := b.(*pyobj.Object); ok && isPart(p) {
			return "" // compared at its own place
		}
	}
	f, err1 := fingerprint.Of(a)
	g, err2 := fingerprint.Of(b)
	if err1 == nil && err2 == nil && f == g {
		return ""
	}
	s, text1 := pyobj.Text(a)
	t, text2 := pyobj.Text(b)
	if text1 && text2 {
		return tensor.Quote(s) + " -> " + tensor.Quote(t)
	}
	x, err1 := sklearn.Tensor(a)
	y, err2 := sklearn.Tensor(b)
	if err1 == nil && err2 == nil {
		return compareTensors(x, y)
	}
	if p, ok := plain(a, 0); ok {
		if q, ok := plain(b, 0); ok {
			if s, t := paramText(p), paramText(q); s != t {
				return s + " -> " + t
			}
			return fmt.Sprintf("%s of another type", paramText(q))
		}
	}
	m, ok1 := a.(*pyobj.Dict)
	n, ok2 := b.(*pyobj.Dict)
	if ok1 && ok2 {
		return compareDicts(m, n)
	}
	l, err1 := sklearn.Sequence(a)
	k, err2 := sklearn.Sequence(b)
	if err1 == nil && err2 == nil {
		if len(l) != len(k) {
			return fmt.Sprintf("%d items -> %d", len(l), len(k))
		}
		for i := range l {
			if s := compareValues(l[i], k[i]); s != "" {
				return fmt.Sprintf("[%d] %s", i, s)
			}
		}
		return ""
	}
	if o, ok := b.(*pyobj.Object); ok && strings.HasSuffix(o.ClassName(), ".newObj") && len(o.Args) == 1 {
		if c, ok := o.Args[0].(*pyobj.Global); ok {
			return "another " + c.Name
		}
	}
	if s, t := sklearn.Describe(a), sklearn.Describe(b); s != t {
		return s + " -> " + t
	}
	return "another " + strings.TrimPrefix(sklearn.Describe(b), "a ")
}

func compareTensors(x, y *tensor.Tensor) string {
	if !slices.Equal(x.Shape, y.Shape) {
		return fmt.Sprintf("shape %v -> %v", x.Shape, y.Shape)
	}
	if x.Len() == 1 {
		if s, t := x.Cell(0).String(), y.Cell(0).String(); s != t {
			return s + " -> " + t
		}
		return ""
	}
	changed, largest, scale := 0, 0.0, 0.0
	for i := range x.Len() {
		f, ok1 := x.Float(i)
		g, ok2 := y.Float(i)
		if !ok1 || !ok2 {
			if x.Cell(i) != y.Cell(i) {
				changed++
			}
			continue
		}
		scale = max(scale, math.Abs(f))
		if f != g && (f == f || g == g) {
			changed++
			largest = max(largest, math.Abs(f-g))
		}
	}
	switch {
	case changed == 0 && x.DType == y.DType:
		return ""
	case changed == 0:
		return fmt.Sprintf("%s -> %s", x.DType, y.DType)
	case largest == 0:
		return fmt.Sprintf("%d of %d changed", changed, x.Len())
	}
	return fmt.Sprintf("%d of %d changed, by up to %.4g (largest was %.4g)", changed, x.Len(), largest, scale)
}

func compareDicts(a, b *pyobj.Dict) string {
	gone, changed, added := []string{}, 0, []string{}
	for _, e := range a.Entries {
		k, ok := pyobj.Text(e.Key)
		if !ok {
			continue
		}
		switch v := b.Get(k); {
		case v == nil:
			gone = append(gone, k)
		default:
			if f, err := fingerprint.Of(e.Value); err == nil {
				if g, err := fingerprint.Of(v); err == nil && f != g {
					changed++
				}
			}
		}
	}
	for _, e := range b.Entries {
		if k, ok := pyobj.Text(e.Key); ok && a.Get(k) == nil {
			added = append(added, k)
		}
	}
	var parts []string
	if len(gone) > 0 {
		parts = append(parts, fmt.Sprintf("%d gone (%s)", len(gone), shorten(gone)))
	}
	if len(added) > 0 {
		parts = append(parts, fmt.Sprintf("%d new (%s)", len(added), shorten(added)))
	}
	if changed > 0 {
		parts = append(parts, fmt.Sprintf("%d of %d changed", changed, a.Len()))
	}
	return strings.Join(parts, ", ")
}

// Move is how the answers of one method move between two models, over the same rows.
type Move struct {
	Method  string  `json:"method"`
	Rows    int     `json:"rows"`
	Changed int     `json:"changed"` // rows with another label, or with any other number
	Labels  bool    `json:"labels"`
	Largest float64 `json:"largest"` // change of a number; 0 for labels
	Mean    float64 `json:"mean"`    // absolute change over all numbers
	First   string  `json:"first,omitempty"`
	Why     string  `json:"why,omitempty"` // there is no comparison, and why
}

// Moves runs the methods that both models have (predict or transform, and probabilities or decisions) on rows that each
// takes, given as both want them.
func Moves(ctx context.Context, a, b *Model, rowsA, rowsB tensor.Value) ([]Move, error) {
	out := []Move{}
	for _, method := range []string{sklearn.MethodPredict, sklearn.MethodPredictProba, sklearn.MethodDecisionFunction, sklearn.MethodTransform, sklearn.MethodScoreSamples} {
		if !slices.Contains(a.Methods(), method) || !slices.Contains(b.Methods(), method) || method == sklearn.MethodTransform && len(out) > 0 {
			continue
		}
		x, err := a.Run(ctx, method, rowsA)
		var y *Result
		if err == nil {
			y, err = b.Run(ctx, method, rowsB)
		}
		if errors.Is(err, ErrInput) { // one of them does not take these rows
			out = append(out, Move{Method: method, Why: err.Error()})
			continue
		}
		if err != nil {
			return nil, err
		}
		out = append(out, move(method, x, y))
	}
	return out, nil
}

func move(method string, a, b *Result) Move {
	m := Move{Method: method}
	if len(a.Outputs) != len(b.Outputs) {
		m.Why = fmt.Sprintf("%d outputs and %d", len(a.Outputs), len(b.Outputs))
		return m
	}
	sum, n := 0.0, 0
	rows := map[int]bool{}
	for i := range a.Outputs {
		x, y := dense(a.Outputs[i].Value), dense(b.Outputs[i].Value)
		if x == nil || y == nil {
			m.Why = "the outputs are too large"
			return m
		}
		if !slices.Equal(x.Shape, y.Shape) {
			m.Why = fmt.Sprintf("the outputs have different shapes, %v and %v", x.Shape, y.Shape)
			return m
		}
		m.Rows = x.Rows()
		width := max(1, x.Len()/max(1, m.Rows))
		m.Labels = m.Labels || x.DType != tensor.Float64 && x.DType != tensor.Float32
		for j := range x.Len() {
			f, ok1 := x.Float(j)
			g, ok2 := y.Float(j)
			numbers := ok1 && ok2 && !m.Labels
			n++
			if x.Cell(j) == y.Cell(j) || numbers && f != f && g != g {
				continue
			}
			if m.First == "" {
				m.First = fmt.Sprintf("row %d: %s -> %s", j/width, x.Cell(j), y.Cell(j))
			}
			rows[j/width] = true
			if numbers {
				m.Largest = max(m.Largest, math.Abs(f-g))
				sum += math.Abs(f - g)
			}
		}
	}
	m.Changed = len(rows)
	if n > 0 {
		m.Mean = sum / float64(n)
	}
	return m
}

func dense(v tensor.Value) *tensor.Tensor {
	if v.CSR != nil {
		return v.CSR.Dense()
	}
	return v.Dense
}
