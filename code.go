package larder

import (
	"fmt"
	"slices"
	"strings"

	"github.com/larder-ml/larder/audit"
	"github.com/larder-ml/larder/pyobj"
)

// byValue reports names of cloudpickle and dill, by which files hold functions and classes as code instead of by name.
func byValue(name string) bool {
	return strings.HasPrefix(name, "cloudpickle.") || strings.HasPrefix(name, "dill.")
}

// onlyCode reports a file that is refused for the code it holds, and for what that code names, and for nothing else: what is called when it
// is loaded belongs to cloudpickle or dill.
func onlyCode(r *audit.Report) bool {
	held := false
	for _, f := range r.Findings {
		if f.Level != audit.Critical && f.Level != audit.Error {
			continue
		}
		switch f.Rule {
		case "LRD001", "LRD004", "LRD006", "LRD007":
		default:
			if f.Symbol != "" && !byValue(f.Symbol) {
				return false
			}
		}
		held = held || byValue(f.Symbol)
	}
	return held
}

// code names the functions and classes that a file holds as code, each with where it stands.
func code(root pyobj.Value) []string {
	var out []string
	seen := map[pyobj.Value]bool{}
	var walk func(v pyobj.Value, path string, depth int)
	walk = func(v pyobj.Value, path string, depth int) {
		if depth > 20 || len(out) >= 20 {
			return
		}
		switch v.(type) {
		case *pyobj.Object, *pyobj.List, *pyobj.Tuple, *pyobj.Dict:
			if seen[v] {
				return
			}
			seen[v] = true
		}
		switch x := v.(type) {
		case *pyobj.Object:
			if what := made(x); what != "" {
				out = append(out, path+" is "+what)
				return
			}
			if class, ok := x.Class.(*pyobj.Object); ok {
				if what := made(class); what != "" {
					out = append(out, path+" is of "+what)
				}
			}
			if a, ok := x.Attrs(); ok && a != nil {
				walk(a, path, depth)
			}
		case *pyobj.Dict:
			for _, e := range x.Entries {
				if name, ok := pyobj.Text(e.Key); ok {
					walk(e.Value, path+"."+name, depth+1)
				}
			}
		case *pyobj.List:
			for i, it := range x.Items {
				walk(it, path+"["+itoa(i)+"]", depth+1)
			}
		case *pyobj.Tuple:
			named := len(x.Items) > 0
			if named {
				_, named = pyobj.Text(x.Items[0])
			}
			for i, it := range x.Items {
				if named {
					walk(it, path, depth+1) // (name, estimator)
				} else {
					walk(it, path+"["+itoa(i)+"]", depth+1)
				}
			}
		}
	}
	walk(root, "model", 0)
	return out
}

// made describes what a call of cloudpickle or dill makes of code, "" for any other object.
func made(o *pyobj.Object) string {
	what, at := "", 0
	switch o.ClassName() {
	case "cloudpickle.cloudpickle._make_function", "cloudpickle.cloudpickle_fast._make_function", "dill._dill._create_function":
		what, at = "function", 2
	case "cloudpickle.cloudpickle._make_skeleton_class", "cloudpickle.cloudpickle_fast._make_skeleton_class", "dill._dill._create_type":
		what, at = "class", 1
	default:
		return ""
	}
	if len(o.Args) > at {
		if name, ok := pyobj.Text(o.Args[at]); ok && len(name) < 200 {
			return "the " + what + " " + name
		}
	}
	if len(o.Args) == 0 {
		return "a " + what
	}
	// Without a name of its own a function has its code's, behind that of the file it was written in.
	var words []string
	if c, ok := o.Args[0].(*pyobj.Object); ok {
		for _, a := range c.Args {
			if word, ok := pyobj.Text(a); ok && len(word) < 200 {
				words = append(words, word)
			}
		}
	}
	if len(words) > 1 {
		return "the " + what + " " + words[1]
	}
	return "a " + what
}

// part is the part of a file that a value of it is: what was imported and called for it.
func part(doc *pyobj.Doc, v pyobj.Value) *pyobj.Doc {
	held := map[pyobj.Value]bool{}
	pyobj.Walk(v, func(v pyobj.Value) bool {
		switch x := v.(type) {
		case *pyobj.Object:
			held[x] = true
			if x.Class != nil {
				held[x.Class] = true
			}
		case *pyobj.Global:
			held[x] = true
		}
		return true
	})
	d := *doc
	d.Root, d.Extra, d.Imports, d.Calls = v, nil, nil, nil
	for _, i := range doc.Imports {
		if held[i.Global] {
			d.Imports = append(d.Imports, i)
		}
	}
	for _, c := range doc.Calls {
		if o, ok := c.Func.(*pyobj.Object); c.Result != nil && held[c.Result] || ok && held[o] {
			d.Calls = append(d.Calls, c)
		}
	}
	d.Notes = slices.DeleteFunc(slices.Clone(doc.Notes), func(n pyobj.Note) bool { return n.Level != pyobj.LevelRefuse })
	return &d
}

// admit lets a part of a file be used that is refused for code of its author's alone, if no such code belongs to the part. The report of the
// file stays: what passes the file on refuses it.
func (o *options) admit(doc *pyobj.Doc, r *audit.Report) bool {
	if o.selected == "" || !onlyCode(r) {
		return false
	}
	v, _, err := selectPath(doc.Root, o.selected)
	if err != nil {
		return false
	}
	alone := audit.Judge(part(doc, v), audit.Policy{Trusted: o.trusted})
	return alone.Verdict != audit.Refused
}

// explained adds to a refusal which code the file holds.
func explained(doc *pyobj.Doc, err *UnsafeError) *UnsafeError {
	dill := slices.ContainsFunc(doc.Imports, func(i pyobj.Import) bool { return strings.HasPrefix(i.Global.String(), "dill.") })
	for _, f := range err.Report.Findings {
		dill = dill && (f.Rule != "LRD002" || f.Symbol == "" || byValue(f.Symbol) || f.Symbol == "builtins.setattr" || f.Symbol == "__builtin__.setattr")
	}
	if !dill && !onlyCode(err.Report) {
		return err
	}
	names := code(doc.Root)
	switch list := strings.Join(names, ", "); {
	case dill && len(names) == 0:
		err.words = "refused: dill wrote the file so that loading it calls dill's own code, for each array: save the model again with pickle or joblib"
	case dill:
		err.words = fmt.Sprintf("refused: the file holds code of its author's, which is never run: %s; dill wrote it, whose arrays are calls of its own: save what is without code again with pickle or joblib", list)
	case len(names) > 0:
		err.words = fmt.Sprintf("refused: the file holds code of its author's, which is never run: %s; parts without it can be used with --select", list)
	}
	return err
}
