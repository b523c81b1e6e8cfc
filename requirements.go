package larder

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/larder-ml/larder/audit"
	"github.com/larder-ml/larder/format/onnx"
	"github.com/larder-ml/larder/numpy"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/sklearn/release"
)

// Requirement is one line of a requirements file: a distribution, or "python" itself.
type Requirement struct {
	Name      string `json:"name"`
	Specifier string `json:"specifier"` // "==1.3.2", ">=1.17.3,<2"; "" where nothing is known
	Inferred  bool   `json:"inferred"`  // not recorded as such: concluded from the bytes or from what the release takes
	Because   string `json:"because"`
	Module    string `json:"module,omitempty"` // imported, but of no distribution that is known: Name is ""
}

// distributions names the distribution of a module where the two differ or the module is likely inside a model.
var distributions = map[string]string{
	"xgboost": "xgboost", "lightgbm": "lightgbm", "catboost": "catboost", "imblearn": "imbalanced-learn", "category_encoders": "category-encoders",
	"pandas": "pandas", "pyarrow": "pyarrow", "polars": "polars", "sklearn_pandas": "sklearn-pandas", "feature_engine": "feature-engine",
	"statsmodels": "statsmodels", "skops": "skops", "mlxtend": "mlxtend", "umap": "umap-learn", "hdbscan": "hdbscan", "nltk": "nltk", "spacy": "spacy",
	"sklearn_crfsuite": "sklearn-crfsuite", "quantile_forest": "quantile-forest", "interpret": "interpret", "skorch": "skorch", "gensim": "gensim",
	"sklearn2pmml": "sklearn2pmml", "causalml": "causalml", "sklego": "scikit-lego", "flaml": "flaml", "dill": "dill", "cloudpickle": "cloudpickle", "tpot": "tpot", "lifelines": "lifelines", "sksurv": "scikit-survival", "tslearn": "tslearn",
}

// span is what is known of a version: bounds with their reasons.
type span struct {
	exact, source   string // recorded, and where
	low, whyLow     string
	below, whyBelow string
}

func (s *span) atLeast(v, why string) {
	if v != "" && (s.low == "" || sklearn.CompareVersions(v, s.low) > 0) {
		s.low, s.whyLow = v, why
	}
}

func (s *span) under(v, why string) {
	if v != "" && (s.below == "" || sklearn.CompareVersions(v, s.below) < 0) {
		s.below, s.whyBelow = v, why
	}
}

func (s *span) requirement(name string) Requirement {
	if s.exact != "" {
		return Requirement{Name: name, Specifier: "==" + s.exact, Because: s.source}
	}
	var spec, why []string
	if s.low != "" {
		spec, why = append(spec, ">="+s.low), append(why, s.whyLow)
	}
	if s.below != "" {
		spec, why = append(spec, "<"+s.below), append(why, s.whyBelow)
	}
	return Requirement{Name: name, Specifier: strings.Join(spec, ","), Inferred: true, Because: strings.Join(slices.Compact(why), "; ")}
}

// version returns a recorded version, "" for text that is none.
func version(s string) string {
	v, ok := sklearn.ParseVersion(s)
	if !ok {
		return ""
	}
	return strings.TrimSpace(v.Text)
}

// Requirements tells what the model needs in Python: scikit-learn as recorded, the rest as far as names and forms of the
// file and the release tell, then the other libraries it names. recorded are versions that were written down elsewhere
// (a package's metadata), by distribution.
func (m *Model) Requirements(recorded map[string]string) []Requirement {
	if m.doc.Format == onnx.Name {
		return []Requirement{{Name: "onnxruntime", Inferred: true, Because: "it runs ONNX models"}}
	}
	in := m.Info()
	spans := map[string]*span{"python": {}, "scikit-learn": {}, "numpy": {}, "scipy": {}, "joblib": {}}
	for name, v := range recorded {
		if s := spans[name]; s != nil && version(v) != "" {
			s.exact, s.source = version(v), "recorded beside the model"
		}
	}
	tops := map[string]bool{}
	python, np, scipy, jl := spans["python"], spans["numpy"], spans["scipy"], spans["joblib"]
	for _, im := range m.doc.Imports {
		module := im.Global.Module
		top, rest, _ := strings.Cut(module, ".")
		tops[top] = true
		switch {
		case top == "scipy" && strings.HasPrefix(rest, "sparse._"):
			scipy.atLeast("1.8", "names of scipy 1.8 are stored")
		case top == "scipy" && strings.HasPrefix(rest, "sparse.") && rest != "sparse.linalg":
			scipy.under("1.8", "names older than scipy 1.8 are stored")
		case top == "joblib" && im.Global.Name == "NumpyArrayWrapper":
			jl.atLeast("0.10", "arrays are stored as joblib 0.10 does")
			tops["joblib"] = true
		}
	}
	switch numpy.Generation(m.doc) {
	case 1:
		np.under("2", "names of numpy 1 are stored")
	case 2:
		np.atLeast("2.0", "names of numpy 2 are stored")
	}
	if aligned(m.doc) {
		jl.atLeast("1.2", "arrays are aligned as joblib 1.2 does")
	} else if jl.low != "" {
		jl.under("1.2", "arrays are not aligned, which joblib does since 1.2")
	}
	if m.doc.Format == "pickle" || m.doc.Format == "joblib" {
		switch p := m.doc.Protocol; {
		case m.doc.Python2:
			python.under("3", "forms of Python 2 are stored")
		case p >= 5:
			python.atLeast("3.8", "pickle protocol 5")
		case p >= 3:
			python.atLeast(map[int]string{3: "3.0", 4: "3.4"}[p], fmt.Sprintf("pickle protocol %d", p))
		}
	}
	sk := spans["scikit-learn"]
	fitted := version(in.SklearnVersion)
	if fitted == "" && len(in.Releases) > 0 {
		fitted = version(in.Releases[len(in.Releases)-1])
	}
	switch {
	case fitted != "":
		sk.exact, sk.source = fitted, "recorded in the model"
	case sk.exact != "":
		fitted = sk.exact
	case tops["sklearn"] && m.opts.registry.Lookup(in.Type) != nil && m.doc.Protocol >= 0 && m.doc.Protocol < 4 && !aligned(m.doc):
		sk.under("0.18", "no release is recorded, as before 0.18")
		fitted = "0.17"
	}
	var out []Requirement
	if fitted != "" {
		e := release.EnvironmentOf(fitted)
		by := "what scikit-learn " + fitted + " takes"
		if !m.doc.Python2 {
			python.atLeast(e.Python, by)
		}
		np.atLeast(e.Numpy, by)
		np.under(e.NumpyBelow, by)
		scipy.atLeast(e.Scipy, by)
		jl.atLeast(e.Joblib, by)
		r := sk.requirement("scikit-learn")
		if v, ok := sklearn.ParseVersion(fitted); ok && !v.Final() {
			r.Because += "; a development or pre-release"
		}
		if len(in.Releases) > 1 {
			r.Because += "; estimators inside were fitted with " + strings.Join(in.Releases, ", ")
		}
		out = append(out, python.requirement("python"), r)
	} else {
		out = append(out, python.requirement("python"))
		if tops["sklearn"] {
			out = append(out, Requirement{Name: "scikit-learn", Inferred: true, Because: "names of it are stored, its release is not recorded"})
		}
	}
	if fitted != "" || tops["numpy"] {
		out = append(out, np.requirement("numpy"))
	}
	if fitted != "" || tops["scipy"] {
		out = append(out, scipy.requirement("scipy"))
	}
	if tops["joblib"] || jl.low != "" || jl.exact != "" {
		out = append(out, jl.requirement("joblib"))
	}
	if name, v, ok := strings.Cut(m.doc.Writer, " "); ok && version(v) != "" {
		out = append(out, Requirement{Name: name, Specifier: "==" + v, Because: "recorded in the file, which it wrote"})
		delete(tops, name)
	}
	return append(out, others(tops, recorded)...)
}

// others lists the libraries beside scikit-learn's own that a file names.
func others(tops map[string]bool, recorded map[string]string) []Requirement {
	var out []Requirement
	for top := range tops {
		switch top {
		case "sklearn", "numpy", "scipy", "joblib", "_loss", "":
			continue
		}
		if audit.StandardLibrary(top) {
			continue
		}
		r := Requirement{Name: distributions[top], Inferred: true, Because: "classes of it are stored, its version is not recorded"}
		switch v := version(recorded[r.Name]); {
		case r.Name == "":
			r.Module, r.Because = top, "no distribution of this module is known: the author's own code, or another library's"
		case v != "":
			r.Specifier, r.Inferred, r.Because = "=="+v, false, "recorded beside the model"
		}
		out = append(out, r)
	}
	slices.SortFunc(out, func(a, b Requirement) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Module, b.Module))
	})
	return out
}

// aligned reports that a joblib file pads its arrays.
func aligned(doc *pyobj.Doc) bool {
	for _, c := range doc.Calls {
		if c.Op != "BUILD" || len(c.Args) == 0 {
			continue
		}
		if d, ok := c.Args[0].(*pyobj.Dict); ok && d.Get("numpy_array_alignment_bytes") != nil {
			return true
		}
	}
	return false
}

// FormatRequirements writes a requirements file. What is inferred says so in a comment above its line; Python and modules
// of no known distribution, which a requirements file cannot hold, are comments.
func FormatRequirements(list []Requirement) []byte {
	var b strings.Builder
	for _, r := range list {
		kind := ""
		if r.Inferred {
			kind = "inferred: "
		}
		because := strings.Map(func(c rune) rune {
			if c < ' ' || c == 0x7f {
				return ' '
			}
			return c
		}, r.Because)
		switch {
		case r.Module != "":
			fmt.Fprintf(&b, "# module %q: %s\n", r.Module, because)
		case r.Name == "python" && r.Specifier == "":
			fmt.Fprintf(&b, "# python: nothing in the file tells its version\n")
		case r.Name == "python":
			fmt.Fprintf(&b, "# python %s  (%s%s)\n", r.Specifier, kind, because)
		default:
			fmt.Fprintf(&b, "# %s%s\n%s%s\n", kind, because, r.Name, r.Specifier)
		}
	}
	return []byte(b.String())
}
