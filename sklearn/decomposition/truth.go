package decomposition

import (
	"fmt"

	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/sklearn"
)

// truth is a parameter that Python tests for truth: False, True, or the name of a variant.
type truth struct {
	on   bool
	name string
}

// UnmarshalPy reads a bool or text.
func (t *truth) UnmarshalPy(_ *sklearn.Binder, _ string, v pyobj.Value) error {
	if s, ok := pyobj.Text(v); ok {
		t.on, t.name = s != "", s
		return nil
	}
	on, err := sklearn.Bool(v)
	if err != nil {
		return fmt.Errorf("%s, wanted a bool or the name of a variant", sklearn.Describe(v))
	}
	t.on = on
	return nil
}
