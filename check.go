package larder

import (
	"github.com/larder-ml/larder/sklearn/release"
)

// Foretelling says what a release of scikit-learn would do with a file as it is.
type Foretelling = release.Foretelling

// The outcomes of a Foretelling.
const (
	OutcomeSame          = release.Same
	OutcomeSilentlyWrong = release.SilentlyWrong
	OutcomeFails         = release.Fails
)

// Foretell says what would happen if the release loaded the file as it is: it fails, with the very error; it answers
// otherwise without a word; or it gives the same numbers. Nothing is run. A release that is not described answers
// ErrUnsupported.
func (m *Model) Foretell(r Runtime) (*Foretelling, error) {
	if err := m.notPython("scikit-learn"); err != nil {
		return nil, err
	}
	to, err := release.Find(r.Sklearn)
	if err != nil {
		return nil, err
	}
	f := release.Foretell(m.doc, m.root, to, release.Runtime{Numpy: r.Numpy, Scipy: r.Scipy, Python: r.Python})
	if m.path != "model" && f.Path != "" {
		f.Path = m.path + f.Path[len("model"):]
	}
	return f, nil
}
