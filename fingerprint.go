package larder

import "github.com/larder-ml/larder/fingerprint"

// Fingerprint returns the identity of the fitted model: the same in every stored form and whichever way it was written.
// Its ID is what the registry calls a version.
func (m *Model) Fingerprint() (d fingerprint.Digest, err error) {
	err = m.protect(func() error {
		d, err = fingerprint.Of(m.root)
		return err
	})
	return d, err
}
