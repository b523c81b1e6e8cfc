package sklearn

import (
	"testing"

	"github.com/larder-ml/larder/pyobj"
)

func TestOlder(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{{"1.3.0rc1", "1.3", false}, {"1.3.dev0", "1.3", false}, {"1.2.2", "1.3", true}, {"", "0.18", true}, {"0.24.rc1", "0.24.1", true}, {"1.3.0", "1.3.0", false}, {"1.4.1.post1", "1.4.2", true}} {
		if got := Older(c.a, c.b); got != c.want {
			t.Errorf("%q older than %q: %v", c.a, c.b, got)
		}
	}
}

// A snapshot of the development is read where the rung changes no meaning, and refused where it does.
func TestClimbSnapshot(t *testing.T) {
	rename := Rung{Before: "1.3", Fix: func(s *State) error { s.Rename("old_", "new_"); return nil }}
	rule := Rung{Before: "1.3", Fix: func(s *State) error { s.Default("rule_x", pyobj.Bool(true)); return nil }}
	value := Rung{Before: "1.3", Fix: func(s *State) error { s.Attrs.Set(pyobj.Str("old_"), pyobj.Int(2)); return nil }}
	for _, c := range []struct {
		version string
		rung    Rung
		refused bool
		name    string
	}{{"1.3.dev0", rename, false, "new_"}, {"1.3.dev0", rule, true, ""}, {"1.3.dev0", value, true, ""}, {"1.3.0rc1", rule, false, "old_"}, {"1.4.dev0", value, false, "old_"}, {"1.2.2", rule, false, "rule_x"}} {
		attrs := &pyobj.Dict{}
		attrs.Set(pyobj.Str("old_"), pyobj.Int(1))
		st := &State{Attrs: attrs, Version: c.version, Class: &Class{Upgrade: []Rung{c.rung}}, Path: "model"}
		err := new(Binder).climb(st)
		if (err != nil) != c.refused {
			t.Errorf("%s: %v", c.version, err)
		}
		if c.name != "" && st.Attrs.Get(c.name) == nil {
			t.Errorf("%s: no %s", c.version, c.name)
		}
	}
}
