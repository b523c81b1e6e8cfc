// Package release says what each scikit-learn release expects of a stored model and what it does with it, and rewrites
// object graphs from what one release wrote into what another one takes.
//
// Two sources answer. The table, made from the real releases by gen/, holds every importable name, and for each
// estimator its home, its constructor parameters with their defaults and the attributes its code knows. The steps
// (steps.go and the files by module) say where the meaning of a state changed.
package release

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"sort"
	"strings"
	"sync"

	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/source"
)

//go:embed table.txt
var text string

// Release is one minor release of scikit-learn: what its last patch release is like.
type Release struct {
	Minor   string // "1.4"
	Version string // what a user asked for, "1.4.0"; the described one, "1.4.2", where only the minor was named
	table   *table
	index   int
}

// Class is an estimator class as one release has it.
type Class struct {
	Home   string  // module that pickles name: "sklearn.linear_model._logistic"
	Name   string  // "LogisticRegression"
	Params []Param // of the constructor, by name

	attrs map[string]bool
}

// Param is a constructor parameter.
type Param struct {
	Name    string
	Default pyobj.Value // nil where there is none, or where it is no plain value
}

// Knows reports whether the code of the class, or of a base class, sets or reads an attribute (parameters included).
func (c *Class) Knows(attr string) bool { return c.attrs[attr] || every[attr] }

// Param returns a parameter by name, nil if the constructor has none of that name.
func (c *Class) Param(name string) *Param {
	i, ok := slices.BinarySearchFunc(c.Params, name, func(p Param, n string) int { return strings.Compare(p.Name, n) })
	if !ok {
		return nil
	}
	return &c.Params[i]
}

// every lists what scikit-learn's own functions put on any estimator.
var every = map[string]bool{"n_features_in_": true, "feature_names_in_": true, "_sklearn_version": true, "_sklearn_output_config": true}

// UnknownError is a release that is not described.
type UnknownError struct{ Version string }

func (e *UnknownError) Error() string {
	r := Releases()
	return fmt.Sprintf("release: scikit-learn %q is not described; known are %s to %s", e.Version, r[0], r[len(r)-1])
}

// Is answers source.ErrUnsupported.
func (e *UnknownError) Is(target error) bool { return target == source.ErrUnsupported }

// Releases lists the minor releases that are described, oldest first.
func Releases() []string { return load().minors }

// Find returns the release of a version: "1.4", "1.4.2", "1.9.0rc1". It fails with an UnknownError.
func Find(version string) (*Release, error) {
	t := load()
	if v, ok := sklearn.ParseVersion(version); ok && len(v.Release) >= 2 {
		for i, m := range t.minors {
			if m != v.Minor() {
				continue
			}
			r := &Release{Minor: m, Version: version, table: t, index: i}
			if len(v.Release) == 2 && v.Final() {
				r.Version = t.versions[i]
			}
			switch version { // as the release itself spells it
			case "1.0.0":
				r.Version = "1.0"
			case "1.4.1":
				r.Version = "1.4.1.post1"
			}
			return r, nil
		}
	}
	return nil, &UnknownError{version}
}

// Before reports that the release is older than another minor release ("1.4"), or than a patch release ("1.3.1").
func (r *Release) Before(version string) bool {
	if strings.Count(version, ".") > 1 {
		return sklearn.CompareVersions(r.Version, version) < 0
	}
	return sklearn.CompareVersions(r.Minor, version) < 0
}

// sameMinor reports a version of the same minor release.
func (r *Release) sameMinor(version string) bool {
	o, err := Find(version)
	return err == nil && o.Minor == r.Minor
}

// Class returns a class by the last part of its name, nil where the release has none.
func (r *Release) Class(name string) *Class {
	if by := r.table.classes[name]; by != nil {
		return by[r.index]
	}
	return nil
}

// Importable reports whether a name of scikit-learn is where a file says it is. Names outside scikit-learn are not known
// here and answer false.
func (r *Release) Importable(module, name string) bool {
	if r.Before("1.0.2") { // where distances moved
		switch module {
		case "sklearn.metrics._dist_metrics":
			return false
		case "sklearn.neighbors._dist_metrics":
			module = "sklearn.metrics._dist_metrics"
		}
	}
	return r.table.names[module][name]&(1<<r.index) != 0
}

// Home returns the module that holds a public or private name with the same last part, "" if there is none or several.
func (r *Release) Home(name string) string {
	if r.Importable("sklearn.neighbors._dist_metrics", name) && r.Before("1.0.2") {
		return "sklearn.neighbors._dist_metrics"
	}
	found := ""
	for _, module := range r.table.modules[name] {
		if r.Importable(module, name) {
			if found != "" {
				return ""
			}
			found = module
		}
	}
	return found
}

// table is table.txt, read once.
type table struct {
	minors, versions []string
	classes          map[string][]*Class
	names            map[string]map[string]uint32 // module → name → bit of each release
	modules          map[string][]string          // name → modules
}

var load = sync.OnceValue(func() *table {
	t := &table{classes: map[string][]*Class{}, names: map[string]map[string]uint32{}, modules: map[string][]string{}}
	class, module := "", ""
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		words := strings.Fields(line)
		switch words[0] {
		case "releases":
			for _, w := range words[1:] {
				minor, version, _ := strings.Cut(w, "=")
				t.minors, t.versions = append(t.minors, minor), append(t.versions, version)
			}
			continue
		case "class":
			class = words[1]
			t.classes[class] = make([]*Class, len(t.minors))
			continue
		case "module":
			module = words[1]
			t.names[module] = map[string]uint32{}
			continue
		}
		head, rest, _ := strings.Cut(line, ": ")
		keyword, span, _ := strings.Cut(strings.TrimSpace(head), " ")
		from, to := t.span(span)
		switch keyword {
		case "home":
			for i := from; i <= to; i++ {
				t.classes[class][i] = &Class{Home: rest, Name: class, attrs: map[string]bool{}}
			}
		case "param":
			name, word, _ := strings.Cut(rest, " ")
			p := Param{name, literal(word)}
			for i := from; i <= to; i++ {
				c := t.classes[class][i]
				c.Params = append(c.Params, p)
				c.attrs[name] = true
			}
		case "attr":
			for _, name := range strings.Fields(rest) {
				for i := from; i <= to; i++ {
					t.classes[class][i].attrs[name] = true
				}
			}
		case "name":
			for _, name := range strings.Fields(rest) {
				if t.names[module][name] == 0 {
					t.modules[name] = append(t.modules[name], module)
				}
				for i := from; i <= to; i++ {
					t.names[module][name] |= 1 << i
				}
			}
		}
	}
	for _, by := range t.classes {
		for _, c := range by {
			if c != nil {
				sort.Slice(c.Params, func(i, j int) bool { return c.Params[i].Name < c.Params[j].Name })
			}
		}
	}
	return t
})

// span reads "", "1.2", "1.2-", "-1.4" and "1.2-1.4" as positions of the first and last release.
func (t *table) span(s string) (int, int) {
	at := func(minor string, none int) int {
		if i := slices.Index(t.minors, minor); i >= 0 {
			return i
		}
		return none
	}
	a, b, has := strings.Cut(s, "-")
	if !has {
		b = a
	}
	return at(a, 0), at(b, len(t.minors)-1)
}

// literal reads a default value; nil for none and for values that are no plain data.
func literal(word string) pyobj.Value {
	if word == "" {
		return nil
	}
	d := json.NewDecoder(strings.NewReader(word))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil {
		return nil
	}
	return plain(v)
}

func plain(v any) pyobj.Value {
	switch x := v.(type) {
	case nil:
		return pyobj.None{}
	case bool:
		return pyobj.Bool(x)
	case string:
		return pyobj.Str(x)
	case json.Number:
		if n, err := x.Int64(); err == nil {
			return pyobj.Int(n)
		}
		f, err := x.Float64()
		if err != nil {
			return nil
		}
		return pyobj.Float(f)
	case []any:
		l := &pyobj.List{}
		for _, it := range x {
			l.Items = append(l.Items, plain(it))
		}
		return l
	case map[string]any:
		for k, it := range x {
			switch k {
			case "float":
				return pyobj.Float(map[any]float64{"nan": math.NaN(), "inf": math.Inf(1), "-inf": math.Inf(-1)}[it])
			case "tuple":
				return &pyobj.Tuple{Items: plain(it).(*pyobj.List).Items}
			case "name":
				module, name, _ := strings.Cut(it.(string), " ")
				return &pyobj.Global{Module: module, Name: name}
			}
		}
	}
	return nil
}
