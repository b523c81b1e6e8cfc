package larder

import (
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/tensor"
)

// What a model takes, as far as the file itself knows it.
type (
	Input       = sklearn.Input
	InputColumn = sklearn.Column
	InputForm   = sklearn.InputForm
)

// The forms of input.
const (
	FormTable    = sklearn.FormTable
	FormVector   = sklearn.FormVector
	FormTexts    = sklearn.FormTexts
	FormMappings = sklearn.FormMappings
	FormTokens   = sklearn.FormTokens
)

// Inputs describes what the methods of the model take: its columns with what was learned of each. It is nil when the
// estimator is not supported.
func (m *Model) Inputs() *Input {
	if m.est == nil {
		return nil
	}
	return sklearn.Inputs(m.est)
}

// FeatureNamesOut returns the names of transform's columns (get_feature_names_out).
func (m *Model) FeatureNamesOut() ([]string, error) {
	if m.bind != nil {
		return nil, m.bind
	}
	return sklearn.FeatureNames(m.est, nil)
}

// Can returns nil if a method can be run, else the reason why not.
func (m *Model) Can(method string) error {
	if m.bind != nil {
		return m.bind
	}
	return sklearn.Has(m.est, method)
}

// CouplesRows reports that a method's result for one of these rows depends on the others, so that a batch must not be
// cut. Rows the method can not take give false; Run says why.
func (m *Model) CouplesRows(method string, rows tensor.Value) bool {
	p, err := m.plan(method, rows)
	return err == nil && p.Graph().CouplesRows()
}
