package larder

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/sklearn"
)

// SelectError says which step of a selection leads nowhere.
type SelectError struct {
	Path, Step, Msg string
}

func (e *SelectError) Error() string {
	return fmt.Sprintf("larder: select %s: %s: %s", e.Path, e.Step, e.Msg)
}

// Is answers ErrNotFound.
func (e *SelectError) Is(target error) bool { return target == ErrNotFound }

// selectPath follows "clf", "0", "steps[1]", "model.steps[0]": names are dict keys, attributes, or names of (name,
// object) pairs; numbers are positions. A leading "model" that names nothing means the root.
func selectPath(root pyobj.Value, path string) (pyobj.Value, string, error) {
	v, at := root, "model"
	for i, s := range splitPath(path) {
		next, ok := child(v, s)
		if !ok {
			if i == 0 && s == "model" {
				continue
			}
			return nil, "", &SelectError{path, s, sklearn.Describe(v) + " has nothing of that name"}
		}
		v = next
		if _, err := strconv.Atoi(s); err == nil {
			at += "[" + s + "]"
		} else {
			at += "." + s
		}
	}
	if p, ok := pair(v); ok {
		v = p
	}
	return v, at, nil
}

func splitPath(p string) []string {
	p = strings.NewReplacer("[", ".", "]", "", "'", "", `"`, "").Replace(p)
	return strings.FieldsFunc(p, func(r rune) bool { return r == '.' })
}

func child(v pyobj.Value, step string) (pyobj.Value, bool) {
	var items []pyobj.Value
	switch x := v.(type) {
	case *pyobj.Dict:
		for _, e := range x.Entries {
			if s, ok := pyobj.Text(e.Key); ok && s == step {
				return e.Value, true
			}
			if n, ok := e.Key.(pyobj.Int); ok && strconv.FormatInt(int64(n), 10) == step {
				return e.Value, true
			}
		}
		return nil, false
	case *pyobj.Object:
		if a, ok := x.Attrs(); ok {
			if c := a.Get(step); c != nil {
				return c, true
			}
			for _, list := range []string{"steps", "transformer_list", "transformers_", "estimators"} {
				if c, ok := named(a.Get(list), step); ok {
					return c, true
				}
			}
		}
		for _, e := range x.Pairs {
			if s, ok := pyobj.Text(e.Key); ok && s == step {
				return e.Value, true
			}
		}
		items = x.Items
	case *pyobj.List:
		items = x.Items
	case *pyobj.Tuple:
		items = x.Items
	case *pyobj.Array:
		items = x.Objects
	}
	if i, err := strconv.Atoi(step); err == nil {
		if i >= 0 && i < len(items) {
			return items[i], true
		}
		return nil, false
	}
	return named(v, step)
}

// named finds (name, object, …) in a list.
func named(v pyobj.Value, name string) (pyobj.Value, bool) {
	l, ok := v.(*pyobj.List)
	if !ok {
		return nil, false
	}
	for _, it := range l.Items {
		if t, ok := it.(*pyobj.Tuple); ok && len(t.Items) >= 2 {
			if s, ok := pyobj.Text(t.Items[0]); ok && s == name {
				return t.Items[1], true
			}
		}
	}
	return nil, false
}

// pair sees through the (name, estimator) tuple that steps[1] points at.
func pair(v pyobj.Value) (pyobj.Value, bool) {
	if t, ok := v.(*pyobj.Tuple); ok && len(t.Items) >= 2 {
		if _, ok := pyobj.Text(t.Items[0]); ok {
			if o, ok := t.Items[1].(*pyobj.Object); ok {
				return o, true
			}
		}
	}
	return nil, false
}

// onlyEstimator returns the one estimator a dict, list or tuple holds, unless an object of a foreign class stands beside it:
// which of them makes predictions only their author knows. What else stands deeper inside is listed.
func onlyEstimator(root pyobj.Value, r *sklearn.Registry, foreign []string) (found pyobj.Value, at string, beside []Part, ok bool) {
	n, strange, seen := 0, 0, 0
	var see func(v pyobj.Value, path string, depth int)
	all := func(v pyobj.Value, path string, depth int) {
		if seen++; seen > maxBeside {
			return
		}
		switch x := v.(type) {
		case *pyobj.Dict:
			for i, e := range x.Entries {
				s, ok := pyobj.Text(e.Key)
				if !ok {
					s = itoa(i)
				}
				see(e.Value, path+"['"+s+"']", depth)
			}
		case *pyobj.List:
			for i, it := range x.Items {
				see(it, path+"["+itoa(i)+"]", depth)
			}
		case *pyobj.Tuple:
			for i, it := range x.Items {
				see(it, path+"["+itoa(i)+"]", depth)
			}
		}
	}
	see = func(v pyobj.Value, path string, depth int) {
		class := ""
		switch x := v.(type) {
		case *pyobj.Object:
			class = x.ClassName()
		case *pyobj.Global:
			class = x.String()
		default:
			if depth < 8 {
				all(v, path, depth+1)
			}
			return
		}
		known := r.Lookup(class) != nil
		switch _, object := v.(*pyobj.Object); {
		case depth == 0 && known && object:
			found, at = v, path
			n++
		case slices.Contains(foreign, class):
			if depth == 0 {
				strange++
			}
			fallthrough
		case known:
			beside = append(beside, Part{Path: path, Type: class})
		}
	}
	all(root, "model", 0)
	return found, at, beside, n == 1 && strange == 0
}

// maxBeside bounds the containers that are looked into.
const maxBeside = 10_000
