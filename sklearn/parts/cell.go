package parts

import (
	"fmt"
	"strings"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/tensor"
)

// Missing is missing_values: a number, text, None, NaN or pandas.NA.
type Missing struct{ graph.Missing }

// UnmarshalPy reads the value. "NaN" is NaN, as sklearn.preprocessing.Imputer spelled it.
func (m *Missing) UnmarshalPy(_ *sklearn.Binder, path string, v pyobj.Value) error {
	if g, ok := v.(*pyobj.Global); ok && (g.Module == "pandas" || strings.HasPrefix(g.Module, "pandas.")) && g.Name == "NA" {
		m.Any = true
		return nil
	}
	c, err := Cell(v)
	m.Value = c
	return err
}

// NaN reports that NaN, or anything pandas takes for missing, is missing.
func (m Missing) NaN() bool { return m.Any || m.Value.IsNaN() }

// Cell reads a plain Python or numpy value.
func Cell(v pyobj.Value) (tensor.Cell, error) {
	if _, none := v.(pyobj.None); none {
		return tensor.Cell{}, nil
	}
	switch v.(type) {
	case *pyobj.List, *pyobj.Tuple:
		return tensor.Cell{}, fmt.Errorf("%s, wanted one value", sklearn.Describe(v))
	}
	t, err := sklearn.Tensor(v)
	if err != nil {
		return tensor.Cell{}, err
	}
	if t.Len() != 1 {
		return tensor.Cell{}, fmt.Errorf("%s, wanted one value", sklearn.Describe(v))
	}
	return t.Cell(0), nil
}
