package larder

import "github.com/larder-ml/larder/sklearn"

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
