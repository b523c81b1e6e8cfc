package larder

import (
	"fmt"
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

// onlyEstimator returns the one estimator a dict, list or tuple holds beside plain data.
func onlyEstimator(root pyobj.Value, r *sklearn.Registry) (pyobj.Value, string, bool) {
	var found pyobj.Value
	var at string
	n := 0
	see := func(v pyobj.Value, path string) {
		if o, ok := v.(*pyobj.Object); ok && r.Lookup(o.ClassName()) != nil {
			found, at = v, path
			n++
		}
	}
	switch x := root.(type) {
	case *pyobj.Dict:
		for _, e := range x.Entries {
			s, _ := pyobj.Text(e.Key)
			see(e.Value, "model['"+s+"']")
		}
	case *pyobj.List:
		for i, it := range x.Items {
			see(it, fmt.Sprintf("model[%d]", i))
		}
	case *pyobj.Tuple:
		for i, it := range x.Items {
			see(it, fmt.Sprintf("model[%d]", i))
		}
	}
	return found, at, n == 1
}
