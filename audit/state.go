package audit

import (
	"cmp"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"

	"github.com/larder-ml/larder/pyobj"
)

// interfaceNames are the methods by which an estimator is used: a state may not set them to anything.
var interfaceNames = func() map[string]bool {
	m := map[string]bool{}
	for _, n := range strings.Fields(`fit fit_transform fit_predict partial_fit predict predict_proba predict_log_proba decision_function transform
inverse_transform score score_samples apply decision_path kneighbors radius_neighbors kneighbors_graph get_params set_params get_feature_names_out
set_output get_metadata_routing build_analyzer build_tokenizer build_preprocessor decode staged_predict staged_predict_proba
staged_decision_function mahalanobis densify sparsify get_support get_covariance get_precision`) {
		m[n] = true
	}
	return m
}()

// checkState gives the reason why a state may not be set.
func (j *judge) checkState(class string, o *pyobj.Object, state pyobj.Value) string {
	if isOperator(class) || class == "re._compile" {
		return "it has none"
	}
	parts := []pyobj.Value{state}
	if t, ok := state.(*pyobj.Tuple); ok {
		switch class {
		case "numpy.dtype":
			return dtypeState(o, t)
		case "functools.partial":
			return j.partialState(t)
		}
		parts = t.Items
	}
	for _, p := range parts {
		d, ok := p.(*pyobj.Dict)
		if !ok {
			if updates(class) && pairs(p, state) && !(strings.HasPrefix(class, "scipy.stats.") && drawn(p)) {
				return "its attributes are no plain dict"
			}
			if strings.HasPrefix(class, "pandas.") {
				if why := zonePath(p); why != "" {
					return why
				}
			}
			continue
		}
		if strings.HasPrefix(class, "pandas.") {
			if why := zonePath(d); why != "" {
				return why
			}
		}
		for _, e := range d.Entries {
			if why := j.attribute(class, e.Key, e.Value); why != "" {
				return why
			}
		}
	}
	if strings.HasSuffix(class, "ArrayWrapper") {
		if d, ok := state.(*pyobj.Dict); ok {
			if v := d.Get("subclass"); v != nil && !arrayClass(v) {
				return "subclass " + describe(v)
			}
		}
	}
	return ""
}

// updates reports classes whose __setstate__, or the reader that sets their state, may call dict.update, which takes pairs too.
func updates(class string) bool {
	top, _, _ := strings.Cut(class, ".")
	switch top {
	case "numpy", "pandas", "pyarrow":
		return false
	}
	return true
}

// pairs reports a part of a state that dict.update would read names from.
func pairs(part, state pyobj.Value) bool {
	items := func(v pyobj.Value) ([]pyobj.Value, bool) {
		switch x := v.(type) {
		case *pyobj.List:
			return x.Items, true
		case *pyobj.Tuple:
			return x.Items, true
		case *pyobj.Set:
			return x.Items, true
		}
		return nil, false
	}
	if _, object := part.(*pyobj.Object); object {
		// A mapping of another class, or what gives one: the state itself, or one of (attributes, slots).
		t, ok := state.(*pyobj.Tuple)
		return part == state || ok && len(t.Items) == 2
	}
	if part == state { // no tuple: a list or a set of pairs
		all, ok := items(part)
		return ok && len(all) > 0
	}
	two, ok := items(part)
	if !ok || len(two) != 2 {
		return false
	}
	_, named := pyobj.Text(two[0])
	return named
}

// attribute judges one name of a state and what it is set to.
func (j *judge) attribute(class string, key, value pyobj.Value) string {
	name, ok := pyobj.Text(key)
	if !ok {
		return ""
	}
	if strings.HasPrefix(name, "__") && strings.HasSuffix(name, "__") && len(name) > 4 && !described(class, name, value) {
		return "attribute " + name
	}
	switch {
	case vectorizes(class):
		if name == "pyfunc" && !entropy(value) && !j.elementwise(value) {
			return "pyfunc is " + describe(value)
		}
		if d, ok := value.(*pyobj.Dict); name == "_ufunc" && (!ok || d.Len() > 0) {
			return "_ufunc is " + describe(value)
		}
		if strings.HasPrefix(name, "_vectorize_call") || strings.HasPrefix(name, "_get_ufunc") || strings.HasPrefix(name, "_call_") || strings.HasPrefix(name, "_init_") {
			return "attribute " + name + " replaces a method"
		}
	case strings.HasPrefix(class, "sklearn.") && !strings.Contains(class, "_metadata_requests"):
		if interfaceNames[name] && !strings.HasPrefix(pyobj.ShortName(class), "_") || methods()[name] && callable(value) {
			return "attribute " + name + " replaces a method"
		}
		if name == "pre_dispatch" && !dispatch(value) {
			return "pre_dispatch is code" // joblib before 1.2 evaluates it
		}
		if name == "kw_args" || name == "inv_kw_args" {
			return zonePath(value)
		}
	case strings.HasPrefix(class, "scipy.stats."):
		// scipy runs this text as code when the state is set.
		if name == "_parse_arg_template" && !parseArgs.MatchString(text(value)) {
			return "_parse_arg_template is not what scipy writes"
		}
		if name == "shapes" && !shapeNames.MatchString(text(value)) {
			return "shapes are no names"
		}
	}
	return ""
}

// drawn reports a numpy.random.RandomState, which distributions before scipy 1.6 store beside the arguments they were made with.
func drawn(v pyobj.Value) bool {
	o, ok := v.(*pyobj.Object)
	return ok && (o.ClassName() == "numpy.random.__RandomState_ctor" || o.ClassName() == "numpy.random._pickle.__randomstate_ctor")
}

// described reports the texts that scipy.stats keeps on its distributions, and on the functions of discrete ones.
func described(class, name string, value pyobj.Value) bool {
	if name != "__doc__" && name != "__name__" || !vectorizes(class) && !strings.HasPrefix(class, "scipy.stats.") {
		return false
	}
	_, isText := pyobj.Text(value)
	_, none := value.(pyobj.None)
	return isText || none
}

// vectorizes reports numpy.vectorize, of which a discrete distribution of scipy.stats holds one.
func vectorizes(class string) bool {
	return class == "numpy.vectorize" || class == "numpy.lib.function_base.vectorize" || class == "numpy.lib._function_base_impl.vectorize"
}

// entropy reports the bound method _entropy of a distribution.
func entropy(v pyobj.Value) bool {
	o, ok := v.(*pyobj.Object)
	if !ok || !strings.HasSuffix(o.ClassName(), ".getattr") || len(o.Args) != 2 || text(o.Args[1]) != "_entropy" {
		return false
	}
	of, ok := o.Args[0].(*pyobj.Object)
	return ok && strings.HasPrefix(of.ClassName(), "scipy.stats.")
}

// callable reports a value that could be called.
func callable(v pyobj.Value) bool {
	switch x := v.(type) {
	case *pyobj.Global:
		return true
	case *pyobj.Object:
		n := x.ClassName()
		return n == "" || n == "functools.partial" || vectorizes(n) || isOperator(n) || strings.HasSuffix(n, ".getattr")
	}
	return false
}

var dispatchText = regexp.MustCompile(`^[0-9 +*/().-]*(n_jobs)?[0-9 +*/().-]*$`)

// dispatch wants the values of pre_dispatch: None, 'all', a number, or arithmetic over n_jobs.
func dispatch(v pyobj.Value) bool {
	switch x := v.(type) {
	case pyobj.None, pyobj.Int, *pyobj.Scalar, pyobj.Float:
		return true
	case pyobj.Str, pyobj.Py2Str:
		return text(x) == "all" || len(text(x)) < 40 && dispatchText.MatchString(text(x)) && !strings.Contains(text(x), "**")
	}
	return false
}

// partialState checks (function, arguments, keywords, attributes).
func (j *judge) partialState(t *pyobj.Tuple) string {
	if len(t.Items) != 4 {
		return "wants a function, its arguments and its attributes"
	}
	if callsMethod(t.Items[0]) {
		if why := methodForm(j, members(t.Items[1])); why != "" {
			return why
		}
		if d, ok := t.Items[2].(*pyobj.Dict); !ok || !plainData(d, 4) {
			return "the keywords are " + describe(t.Items[2])
		}
	} else if why := j.function(t.Items[0]); why != "" {
		return why
	}
	for _, v := range t.Items[1:] {
		if why := zonePath(v); why != "" {
			return why
		}
	}
	return shape("any tuple|none dict|none dict|none")(j, append([]pyobj.Value{pyobj.None{}}, t.Items[1:]...))
}

// The flags of a dtype that say that its items hold references to objects.
const (
	flagRefers = 1
	flagListed = 2
)

// dtypeState refuses metadata that could carry objects, and a layout by which numpy would take bytes for references to objects.
func dtypeState(o *pyobj.Object, t *pyobj.Tuple) string {
	refers := len(o.Args) > 0 && refers(o.Args[0])
	if len(t.Items) > 4 {
		if why := overlap(t.Items[4]); why != "" {
			return why
		}
		if sub, ok := t.Items[2].(*pyobj.Tuple); ok && len(sub.Items) > 0 {
			refers = refers || refersTo(sub.Items[0])
		}
		refers = refers || len(layout(t.Items[4])) > 0 && refersField(t.Items[4])
	}
	if len(t.Items) > 6 {
		if why := fits(t.Items[4], t.Items[5]); why != "" {
			return why
		}
		if n, ok := t.Items[6].(pyobj.Int); !ok || n < 1 && n != -1 {
			return "the alignment is none" // numpy divides by it
		}
	}
	if len(t.Items) > 7 {
		flags, ok := t.Items[7].(pyobj.Int)
		if want := pyobj.Int(flagRefers | flagListed); !ok || refers && flags&want != want || !refers && flags&want != 0 {
			return "the dtype's flags lie about what its items are"
		}
	}
	if len(t.Items) < 9 {
		return ""
	}
	meta := t.Items[8]
	if p, ok := meta.(*pyobj.Tuple); ok && len(p.Items) > 0 {
		meta = p.Items[0]
	}
	switch m := meta.(type) {
	case pyobj.None:
		return ""
	case *pyobj.Dict:
		if m.Len() == 0 {
			return ""
		}
	}
	return "dtype carries metadata"
}

// refers reports a type string of objects.
func refers(code pyobj.Value) bool {
	s := strings.TrimLeft(text(code), "<>=|")
	return strings.HasPrefix(s, "O") || s == "object"
}

// refersTo reports a dtype whose items hold objects, or one that is too nested to tell.
func refersTo(v pyobj.Value) bool {
	parts := maxParts
	return refersWithin(v, &parts)
}

// maxParts bounds the fields within fields of a dtype that are looked at.
const maxParts = 1 << 16

func refersWithin(v pyobj.Value, parts *int) bool {
	if *parts--; *parts < 0 {
		return true
	}
	switch d := v.(type) {
	case *pyobj.DType:
		*parts -= d.Parts()
		return *parts < 0 || d.HasObject()
	case *pyobj.Object:
		if len(d.Args) > 0 && refers(d.Args[0]) {
			return true
		}
		if t, ok := d.State.(*pyobj.Tuple); ok && len(t.Items) > 4 {
			if sub, ok := t.Items[2].(*pyobj.Tuple); ok && len(sub.Items) > 0 && refersWithin(sub.Items[0], parts) {
				return true
			}
			return slices.ContainsFunc(layout(t.Items[4]), func(t *pyobj.Tuple) bool { return refersWithin(t.Items[0], parts) })
		}
	}
	return false
}

// layout gives the tuples (dtype, offset) of a dtype's fields.
func layout(fields pyobj.Value) (out []*pyobj.Tuple) {
	if d, ok := fields.(*pyobj.Dict); ok {
		for _, e := range d.Entries {
			if t, ok := e.Value.(*pyobj.Tuple); ok && len(t.Items) > 1 {
				out = append(out, t)
			}
		}
	}
	return out
}

func refersField(fields pyobj.Value) bool {
	return slices.ContainsFunc(layout(fields), func(t *pyobj.Tuple) bool { return refersTo(t.Items[0]) })
}

// overlap refuses fields that share bytes with one of objects: a number written there would be taken for a reference.
func overlap(fields pyobj.Value) string {
	all := layout(fields)
	if !refersField(fields) {
		return ""
	}
	start := func(f *pyobj.Tuple) pyobj.Int { n, _ := f.Items[1].(pyobj.Int); return n }
	slices.SortStableFunc(all, func(a, b *pyobj.Tuple) int { return cmp.Compare(start(a), start(b)) })
	end := pyobj.Int(math.MinInt64)
	for i, f := range all {
		if i > 0 && f.Items[0] == all[i-1].Items[0] && f.Items[1] == all[i-1].Items[1] {
			continue // a title names its field again
		}
		at, ok := f.Items[1].(pyobj.Int)
		if !ok || at < end {
			return "fields share the bytes of objects"
		}
		end = max(end, at+sizeOf(f.Items[0]))
	}
	return ""
}

// fits wants fields to lie in their item, those that only a title names too.
func fits(fields, size pyobj.Value) string {
	for _, f := range layout(fields) {
		n, ok := size.(pyobj.Int)
		at, placed := f.Items[1].(pyobj.Int)
		if want := sizeOf(f.Items[0]); !ok || !placed || at < 0 || want < pyobj.MaxItem && at+want > n {
			return "a field lies outside its item"
		}
	}
	return ""
}

func sizeOf(v pyobj.Value) pyobj.Int {
	if d, ok := v.(*pyobj.DType); ok {
		return pyobj.Int(d.Size)
	}
	return pyobj.MaxItem // not folded
}

// standings reports every name that stands as a value where only data or an inert function may. where tells the import of
// each name.
func (j *judge) standings(roots []pyobj.Value, where map[*pyobj.Global]*pyobj.Import, soon int) {
	if soon == 0 || !j.standingsOf(roots, where, nil, soon) {
		j.standingsOf(roots, where, map[pyobj.Value]bool{}, 0)
	}
}

// standingsOf looks at values shared once, or at all of them as a tree where seen is nil: it then gives up after soon.
func (j *judge) standingsOf(roots []pyobj.Value, where map[*pyobj.Global]*pyobj.Import, seen map[pyobj.Value]bool, soon int) bool {
	stack := make([]pyobj.Value, 0, 256)
	push := func(vs []pyobj.Value) { stack = append(stack, vs...) }
	pairs := func(es []pyobj.Entry) {
		for _, e := range es {
			stack = append(stack, e.Key, e.Value)
		}
	}
	push(roots)
	for n := 0; len(stack) > 0; n++ {
		v := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		switch v.(type) {
		case *pyobj.List, *pyobj.Tuple, *pyobj.Dict, *pyobj.Set, *pyobj.Object, *pyobj.Array:
			if seen == nil {
				if n+len(stack) > soon {
					return false
				}
				break
			}
			if seen[v] {
				continue
			}
			seen[v] = true
		}
		switch x := v.(type) {
		case *pyobj.Global:
			// Names that are forbidden or unknown were reported where they are imported.
			if s := j.standing(x); s == listed && !j.value(x) {
				f := Finding{Rule: ruleValue, Level: Critical, Symbol: x.String(), Offset: -1, Index: -1,
					Message: fmt.Sprintf("%s stands as a value; honest files only call it", x)}
				if i := where[x]; i != nil {
					f.Offset, f.Index, f.Path = i.Offset, i.Index, i.Path
				}
				j.add(f)
			}
		case *pyobj.List:
			push(x.Items)
		case *pyobj.Tuple:
			push(x.Items)
		case *pyobj.Set:
			push(x.Items)
		case *pyobj.Dict:
			pairs(x.Entries)
		case *pyobj.Array:
			push(x.Objects)
		case *pyobj.Object:
			// The names a call is given were judged with the call.
			for _, a := range x.Args {
				if _, name := a.(*pyobj.Global); !name {
					stack = append(stack, a)
				}
			}
			if x.Kwargs != nil {
				pairs(x.Kwargs.Entries)
			}
			if t, ok := x.State.(*pyobj.Tuple); ok && len(t.Items) > 0 && callsMethod(t.Items[0]) && j.className(x) == "functools.partial" {
				push(t.Items[1:])
			} else if d, ok := x.State.(*pyobj.Dict); ok && strings.HasSuffix(j.className(x), "ArrayWrapper") {
				for _, e := range d.Entries {
					if text(e.Key) != "subclass" {
						stack = append(stack, e.Value)
					}
				}
			} else {
				stack = append(stack, x.State)
			}
			push(x.Items)
			pairs(x.Pairs)
		}
	}
	return true
}

// checkItems judges APPENDS and SETITEMS on an object, which call methods of its class.
func (j *judge) checkItems(g *pyobj.Global, o *pyobj.Object) string {
	if o.Kwargs != nil && o.Kwargs.Len() > 0 {
		return "is allocated with keyword arguments"
	}
	if len(o.Items) == 0 && len(o.Pairs) == 0 {
		return ""
	}
	name := g.String()
	if c := o.ClassName(); c != "" {
		name = c
	}
	switch {
	case itemClasses[pyobj.ShortName(name)]:
	case len(o.Pairs) > 0:
		return "keys are set on it"
	default:
		return "items are appended to it"
	}
	for _, e := range o.Pairs {
		if why := j.attribute(name, e.Key, e.Value); why != "" && strings.HasSuffix(name, ".Bunch") {
			return why
		}
	}
	return ""
}

// itemClasses are the listed classes that are dicts, lists or sets.
var itemClasses = map[string]bool{"OrderedDict": true, "defaultdict": true, "Counter": true, "deque": true, "Bunch": true, "DeprecationDict": true,
	"_DictWithDeprecatedKeys": true, "dict": true, "list": true, "set": true, "_RemainderColsList": true, "MethodMapping": true, "_nandict": true}
