package larder

import (
	"github.com/larder-ml/larder/audit"
	"github.com/larder-ml/larder/fingerprint"
)

// Fingerprint returns the identity of the fitted model: the same in every stored form and whichever way it was written.
// Its ID is what the registry calls a version. A model that is refused once all of its file is read has none.
func (m *Model) Fingerprint() (d fingerprint.Digest, err error) {
	r, err := m.Judge()
	if err != nil {
		return d, err
	}
	if r.Verdict == audit.Refused {
		return d, &UnsafeError{Report: r}
	}
	err = m.protect(func() error {
		d, err = fingerprint.Of(m.root)
		return err
	})
	return d, err
}
