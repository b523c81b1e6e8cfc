package larder

import (
	"fmt"
	"slices"

	"github.com/larder-ml/larder/sklearn"
)

// VersionChange compares the release a model was fitted with and another one.
type VersionChange struct {
	Recorded string `json:"recorded"` // "" where the model says nothing
	Asked    string `json:"asked"`
	Change   string `json:"change"` // "same", "minor", "major", "unknown"
	Level    string `json:"level"`  // "ok", "warning", "error"
	Message  string `json:"message"`
}

// versionPolicy says what to do about each change.
var versionPolicy = map[string]struct{ level, message string }{
	"same":    {"ok", "fitted with scikit-learn %[1]s, the same minor release as %[2]s"},
	"minor":   {"warning", "fitted with scikit-learn %[1]s, asked for %[2]s. Validate predictions before deploying"},
	"major":   {"error", "fitted with scikit-learn %[1]s, asked for %[2]s. Retrain required, or migrate (larder migrate --sklearn %[2]s)"},
	"unknown": {"warning", "no scikit-learn version is recorded in the model, asked for %[2]s. Validate predictions before deploying"},
}

// CompareReleases compares the release a model was fitted with and the one it is to be loaded with, both PEP 440
// versions. Development and pre-releases count to the release they lead to.
func CompareReleases(recorded, asked string) (*VersionChange, error) {
	b, ok := sklearn.ParseVersion(asked)
	if !ok {
		return nil, &VersionError{asked}
	}
	c := &VersionChange{Recorded: recorded, Asked: asked, Change: "same"}
	switch a, known := sklearn.ParseVersion(recorded); {
	case !known:
		c.Change = "unknown"
	case a.Epoch != b.Epoch || a.Part(0) != b.Part(0):
		c.Change = "major"
	case a.Part(1) != b.Part(1):
		c.Change = "minor"
	}
	p := versionPolicy[c.Change]
	c.Level, c.Message = p.level, fmt.Sprintf(p.message, recorded, asked)
	return c, nil
}

// CompareRelease compares the releases the model and the estimators inside it were fitted with and the one it is to be
// loaded with; it returns the widest change.
func (m *Model) CompareRelease(asked string) (*VersionChange, error) {
	in := m.Info()
	releases := in.Releases
	if in.SklearnVersion != "" || len(releases) == 0 {
		releases = append([]string{in.SklearnVersion}, releases...)
	}
	order := []string{"same", "unknown", "minor", "major"}
	var worst *VersionChange
	for _, r := range releases {
		c, err := CompareReleases(r, asked)
		if err != nil {
			return nil, err
		}
		if worst == nil || slices.Index(order, c.Change) > slices.Index(order, worst.Change) {
			worst = c
		}
	}
	return worst, nil
}

// VersionError is text that is no version by PEP 440.
type VersionError struct{ Text string }

func (e *VersionError) Error() string { return fmt.Sprintf("larder: %q is no version", e.Text) }

// Is answers ErrInput.
func (e *VersionError) Is(target error) bool { return target == ErrInput }
