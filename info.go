package larder

import (
	"errors"
	"math"
	"slices"
	"sort"
	"strings"

	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/tensor"
)

// Info is what a file says of itself. The JSON names are a contract.
type Info struct {
	Format         string   `json:"format"`
	Compressor     string   `json:"compressor"` // "none" where there is none
	Protocol       int      `json:"protocol"`
	Bytes          int64    `json:"bytes"`
	Writer         string   `json:"writer"`          // the library that the container names, with its release: "skops 0.16.0"; "" where it names none
	SklearnVersion string   `json:"sklearn_version"` // of the estimator itself; "" where none was recorded
	Releases       []string `json:"releases"`        // of it and all inside, oldest first
	Type           string   `json:"type"`            // class as the file names it
	NFeaturesIn    int      `json:"n_features_in"`   // 0 where it is not known
	FeatureNamesIn []string `json:"feature_names_in"`
	Classes        []any    `json:"classes"` // several outputs: a list of lists
	Methods        []string `json:"methods"`
	Supported      bool     `json:"supported"`
	Problems       []string `json:"problems"`
	UntrustedTypes []string `json:"untrusted_types"` // skops: what skops.io.get_untrusted_types lists
	Results        []Held   `json:"results"`         // of estimators that only hold a result of fitting: labels_, embedding_
	Own            []string `json:"own"`             // attributes that the author hung on estimators, which scikit-learn does not read: "model.threshold"
	Parts          []Part   `json:"parts"`           // the estimator and what is inside it, depth first
	Objects        []Part   `json:"objects"`         // where the file holds no estimator at its root: what Select can pick
	Beside         []Part   `json:"beside"`          // where the only estimator was picked: others deeper inside, which are not applied
}

// Held is a result of fitting that a file holds.
type Held struct {
	Name   string  `json:"name"` // "labels_"
	DType  string  `json:"dtype"`
	Shape  []int   `json:"shape"`
	Counts []Count `json:"counts,omitempty"` // of labels: how many rows have each
	Data   []any   `json:"data,omitempty"`   // in order, if there are no more than 10,000 values
}

// Count is a label and how many rows have it.
type Count struct {
	Label any `json:"label"`
	Rows  int `json:"rows"`
}

const (
	maxHeld   = 10_000
	maxCounts = 1000
)

func held(h sklearn.Held) Held {
	t := h.Tensor
	out := Held{Name: h.Name, DType: t.DType.String(), Shape: t.Shape}
	if t.Len() <= maxHeld {
		out.Data = labels(t)
		for i, v := range out.Data {
			if f, ok := v.(float64); ok && (math.IsNaN(f) || math.IsInf(f, 0)) {
				out.Data[i] = nil
			}
		}
	}
	if len(t.Shape) == 1 && t.DType.IsInt() {
		at := map[int64]int{}
		for _, v := range t.I64 {
			i, ok := at[v]
			if !ok && len(at) == maxCounts {
				out.Counts = nil
				return out
			}
			if !ok {
				i = len(out.Counts)
				at[v] = i
				out.Counts = append(out.Counts, Count{Label: v})
			}
			out.Counts[i].Rows++
		}
		sort.Slice(out.Counts, func(i, j int) bool { return out.Counts[i].Label.(int64) < out.Counts[j].Label.(int64) })
	}
	return out
}

// Part is one object of a model.
type Part struct {
	Path    string         `json:"path"`
	Type    string         `json:"type"`
	Release string         `json:"sklearn_version,omitempty"`
	Params  map[string]any `json:"params,omitempty"`
	Alone   string         `json:"alone,omitempty"` // the whole can not be used: what to Select to use this part
}

// sklearnVersion is the release that the model itself records, "" for none.
func (m *Model) sklearnVersion() string {
	o, ok := m.root.(*pyobj.Object)
	if !ok {
		return ""
	}
	a, ok := o.Attrs()
	if !ok {
		return ""
	}
	v, _ := pyobj.Text(a.Get("_sklearn_version"))
	return v
}

// Info describes the model.
func (m *Model) Info() Info {
	in := Info{
		Format: m.doc.Format, Compressor: m.doc.Compressor, Protocol: m.doc.Protocol, Bytes: m.doc.Size, Writer: m.doc.Writer,
		Methods: []string{}, Problems: []string{}, FeatureNamesIn: []string{}, Classes: []any{}, Parts: []Part{}, Results: []Held{}, Objects: []Part{}, Releases: []string{},
		UntrustedTypes: append([]string{}, m.doc.Untrusted...), Own: append([]string{}, m.own...),
	}
	if in.Compressor == "" {
		in.Compressor = "none"
	}
	o, isObject := m.root.(*pyobj.Object)
	in.SklearnVersion = m.sklearnVersion()
	if isObject {
		in.Type = o.ClassName()
		if a, ok := o.Attrs(); ok {
			if n, err := sklearn.Int(a.Get("n_features_in_")); err == nil {
				in.NFeaturesIn = n
			}
			if v := a.Get("feature_names_in_"); v != nil {
				in.FeatureNamesIn, _ = sklearn.Strings(v)
			}
		}
	} else {
		in.Type = sklearn.Describe(m.root)
		in.Objects = m.objects()
	}
	in.Beside = append([]Part{}, m.beside...)
	m.parts(m.root, m.path, func(path string, o *pyobj.Object, a *pyobj.Dict) {
		p := Part{Path: path, Type: o.ClassName(), Params: plainParams(a)}
		p.Release, _ = pyobj.Text(a.Get("_sklearn_version"))
		in.Parts = append(in.Parts, p)
	})
	in.Releases = m.releases()
	if m.bind != nil {
		in.Problems = append(in.Problems, m.bind.Error())
		m.alone(&in)
		return in
	}
	b := sklearn.Of(m.est)
	in.NFeaturesIn = m.NFeatures()
	if b.FeatureNamesIn != nil {
		in.FeatureNamesIn = b.FeatureNamesIn
	}
	in.Methods = append(in.Methods, m.Methods()...)
	var why *sklearn.MethodError
	in.Supported = slices.ContainsFunc(in.Methods, func(m string) bool { return m != sklearn.MethodInverseTransform })
	if in.Supported || len(in.Methods) > 0 {
		if err := m.Can(m.DefaultMethod()); errors.As(err, &why) && why.Refused { // what it is for does not run, something beside it does
			in.Problems = append(in.Problems, err.Error())
		}
	} else {
		if b.Class.Result != "" {
			in.Problems = append(in.Problems, m.path+": "+b.Class.Result)
			if r, ok := m.est.(sklearn.Resulter); ok {
				for _, h := range r.Results() {
					if h.Tensor != nil {
						in.Results = append(in.Results, held(h))
					}
				}
			}
		} else {
			in.Problems = append(in.Problems, sklearn.WhyNone(m.est).Error())
			m.alone(&in)
		}
	}
	for _, c := range m.Classes() {
		in.Classes = append(in.Classes, labels(c))
	}
	if len(in.Classes) == 1 {
		in.Classes = in.Classes[0].([]any)
	}
	return in
}

// releases lists the releases of the estimator and of all inside, oldest first.
func (m *Model) releases() []string {
	out := []string{}
	m.parts(m.root, m.path, func(_ string, _ *pyobj.Object, a *pyobj.Dict) {
		if r, _ := pyobj.Text(a.Get("_sklearn_version")); r != "" && !slices.Contains(out, r) {
			out = append(out, r)
		}
	})
	slices.SortFunc(out, sklearn.CompareVersions)
	return out
}

// alone finds the parts that can be used without the whole.
func (m *Model) alone(in *Info) {
	bd := m.opts.binder(m.doc)
	for i := range in.Parts {
		p := &in.Parts[i]
		rest, ok := strings.CutPrefix(p.Path, m.path)
		if !ok || rest == "" {
			continue
		}
		chosen := strings.TrimPrefix(rest, ".")
		v, _, err := selectPath(m.root, chosen)
		if err != nil {
			continue
		}
		if e, err := bd.Bind(v, p.Path); err == nil && (sklearn.Has(e, sklearn.MethodPredict) == nil || sklearn.Has(e, sklearn.MethodTransform) == nil) {
			if top, ok := strings.CutPrefix(m.path, "model"); ok && top != "" {
				chosen = strings.TrimPrefix(strings.NewReplacer("['", ".", "']", "").Replace(top)+rest, ".")
			}
			p.Alone = chosen
		}
	}
}

// Final is the class that answers in the end: behind pipelines their last step, behind searches the best estimator.
func (in *Info) Final() string {
	at, class := 0, in.Type
	for i, p := range in.Parts {
		inner, ok := strings.CutPrefix(p.Path, in.Parts[at].Path+".")
		if ok && (inner == "best_estimator_" || strings.HasPrefix(inner, "steps[") && strings.HasSuffix(inner, "]") && !strings.Contains(inner, ".")) {
			at, class = i, p.Type
		} else if prev := in.Parts[at].Path; !ok && strings.HasSuffix(prev, "]") && sameList(prev, p.Path) {
			at, class = i, p.Type
		}
	}
	return class
}

// sameList reports whether two paths name items of one list of steps.
func sameList(a, b string) bool {
	a, b = a[:strings.LastIndexByte(a, '[')], b[:max(strings.LastIndexByte(b, '['), 0)]
	return a == b && strings.HasSuffix(a, ".steps")
}

// Classes returns the class labels of a classifier, one array per output; nil for others.
func (m *Model) Classes() []*tensor.Tensor {
	if c, ok := m.est.(sklearn.Classifier); ok {
		return c.ClassLabels()
	}
	return nil
}

// NFeatures returns the number of input columns, 0 where the model does not say.
func (m *Model) NFeatures() int {
	if m.est == nil {
		return 0
	}
	if n := sklearn.Of(m.est).NFeaturesIn; n > 0 {
		return n
	}
	if in := m.Inputs(); in.Form == FormTable {
		return len(in.Columns)
	}
	return 0
}

// FeatureNames returns the names of the input columns, nil where the model was fitted without names.
func (m *Model) FeatureNames() []string {
	if m.est == nil {
		return nil
	}
	return sklearn.Of(m.est).FeatureNamesIn
}

func labels(t *tensor.Tensor) []any {
	out := make([]any, t.Len())
	for i := range out {
		out[i] = t.Cell(i).Go()
	}
	return out
}

// objects lists what a dict, list or tuple at the root holds.
func (m *Model) objects() []Part {
	out := []Part{}
	see := func(path string, v pyobj.Value) {
		p := Part{Path: path, Type: sklearn.Describe(v)}
		if o, ok := v.(*pyobj.Object); ok {
			if a, ok := o.Attrs(); ok {
				p.Release, _ = pyobj.Text(a.Get("_sklearn_version"))
			}
		}
		out = append(out, p)
	}
	switch x := m.root.(type) {
	case *pyobj.Dict:
		for _, e := range x.Entries {
			if s, ok := pyobj.Text(e.Key); ok {
				see(s, e.Value)
			}
		}
	case *pyobj.List:
		for i, it := range x.Items {
			see(itoa(i), it)
		}
	case *pyobj.Tuple:
		for i, it := range x.Items {
			see(itoa(i), it)
		}
	}
	return out
}

// names lists the first few parts.
func names(parts []Part) string {
	var list []string
	for i, p := range parts {
		if i == 10 {
			list = append(list, "…")
			break
		}
		list = append(list, p.Path)
	}
	return strings.Join(list, ", ")
}

// maxParts bounds the list of parts; a forest's trees are not listed.
const maxParts = 1000

// parts walks the estimators inside v that a person would name: steps, columns, the estimators of ensembles up to a
// handful, never the trees of a forest.
func (m *Model) parts(v pyobj.Value, path string, see func(string, *pyobj.Object, *pyobj.Dict)) {
	n := 0
	seen := map[pyobj.Value]bool{}
	var walk func(v pyobj.Value, path string, depth int)
	walk = func(v pyobj.Value, path string, depth int) {
		if depth > 20 || n >= maxParts {
			return
		}
		switch x := v.(type) {
		case *pyobj.Object:
			a, ok := x.Attrs()
			if !ok || a == nil || seen[v] || !estimatorLike(x, a) {
				return
			}
			seen[v] = true
			n++
			see(path, x, a)
			for _, e := range a.Entries {
				name, _ := pyobj.Text(e.Key)
				switch name {
				case "estimators_", "transformers", "estimators", "named_estimators_", "calibrated_classifiers_":
					if name == "transformers" && a.Get("transformers_") == nil {
						break
					}
					continue
				}
				if strings.HasPrefix(name, "_") || fittedTwin(a, name) {
					continue
				}
				walk(e.Value, path+"."+name, depth+1)
			}
		case *pyobj.List:
			for i, it := range x.Items {
				walk(it, path+"["+itoa(i)+"]", depth+1)
			}
		case *pyobj.Tuple:
			for i, it := range x.Items {
				if _, ok := it.(*pyobj.Object); ok {
					at := path
					if _, named := pyobj.Text(x.Items[0]); !named {
						at += "[" + itoa(i) + "]"
					}
					walk(it, at, depth+1)
				}
			}
		}
	}
	walk(v, path, 0)
}

// fittedTwin reports an unfitted template (estimator) that has a fitted one (estimator_, best_estimator_) beside it, and
// helpers of fitting.
func fittedTwin(a *pyobj.Dict, name string) bool {
	switch name {
	case "estimator", "base_estimator":
		return a.Get("estimator_") != nil || a.Get("base_estimator_") != nil || a.Get("best_estimator_") != nil || a.Get("estimators_") != nil
	case "scorer_", "splitter", "cv":
		return true
	case "estimator_", "base_estimator_":
		return a.Get("estimators_") != nil
	case "regressor", "transformer", "final_estimator":
		return a.Get(name+"_") != nil
	}
	return false
}

func estimatorLike(o *pyobj.Object, a *pyobj.Dict) bool {
	return a.Get("_sklearn_version") != nil || strings.HasPrefix(o.ClassName(), "sklearn.") && o.Make == pyobj.New || o.Make == pyobj.Reduce && strings.Contains(o.ClassName(), "sklearn")
}

// plainParams lists constructor parameters: attributes without underscores at either end that are plain values.
func plainParams(a *pyobj.Dict) map[string]any {
	out := map[string]any{}
	for _, e := range a.Entries {
		name, ok := pyobj.Text(e.Key)
		if !ok || strings.HasPrefix(name, "_") || strings.HasSuffix(name, "_") {
			continue
		}
		if v, ok := plain(e.Value, 0); ok {
			out[name] = v
		}
	}
	return out
}

// plain turns a Python value into JSON values; arrays, estimators and long containers give false.
func plain(v pyobj.Value, depth int) (any, bool) {
	var items []pyobj.Value
	switch x := v.(type) {
	case pyobj.None:
		return nil, true
	case pyobj.Bool:
		return bool(x), true
	case pyobj.Int:
		return int64(x), true
	case pyobj.Float:
		return tensor.FloatCell(float64(x)).Go(), true
	case pyobj.Str, pyobj.Py2Str:
		s, _ := pyobj.Text(v)
		return s, true
	case *pyobj.Scalar:
		t, err := sklearn.Tensor(x)
		if err != nil {
			return nil, false
		}
		return t.Cell(0).Go(), true
	case *pyobj.Global:
		return x.String(), true
	case *pyobj.DType:
		return x.Code(), true
	case *pyobj.List:
		items = x.Items
	case *pyobj.Tuple:
		items = x.Items
	default:
		return nil, false
	}
	if len(items) > 50 || depth > 4 {
		return nil, false
	}
	out := make([]any, len(items))
	for i, it := range items {
		p, ok := plain(it, depth+1)
		if !ok {
			return nil, false
		}
		out[i] = p
	}
	return out, true
}

func itoa(i int) string { return tensor.IntCell(int64(i)).String() }
