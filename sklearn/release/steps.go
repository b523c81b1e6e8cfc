package release

import (
	"slices"
	"strings"

	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/sklearn"
)

// step is one change of a state between releases: what a model of an older release needs to say the same to one of
// at or later, and the way back.
type step struct {
	at       string // the first release with the new state; "*" for a form that is written anew for every release
	classes  string // names; "*" for all
	up, down func(*state) error
}

// allSteps holds, of one class and release, first what is taken first upward.
var allSteps = slices.Concat(commonSteps, linearSteps, treeSteps, boostSteps, preprocessingSteps, otherSteps)

var commonSteps = []step{
	{at: "1.0", classes: "*", up: func(s *state) error {
		if c := s.m.To.Class(s.name); c != nil && !c.Knows("n_features_") && s.get("n_features_in_") == nil {
			s.rename("n_features_", "n_features_in_")
		}
		return nil
	}},
	{at: "1.0", classes: "*", up: (*state).width},
}

// widthOf names, of transformers that ask for the number of features since 1.0, attributes with an entry or a column for each.
var widthOf = map[string]string{
	"StandardScaler": "scale_ var_", "MinMaxScaler": "scale_", "MaxAbsScaler": "scale_", "RobustScaler": "scale_ center_",
	"KMeans": "cluster_centers_", "MiniBatchKMeans": "cluster_centers_", "PowerTransformer": "lambdas_", "QuantileTransformer": "quantiles_",
}

// width sets the number of features.
func (s *state) width() error {
	for attr := range strings.FieldsSeq(widthOf[s.name]) {
		if t, err := sklearn.Tensor(s.get(attr)); err == nil && len(t.Shape) > 0 {
			s.add("n_features_in_", pyobj.Int(t.Shape[len(t.Shape)-1]), "as "+attr+" has")
		}
	}
	return nil
}

func (st *step) of(name string) bool {
	return st.classes == "*" || slices.Contains(strings.Fields(st.classes), name)
}

// steps takes what lies between the two releases, one after the other: newer states, or the way back; then the forms that
// are written anew.
func (s *state) steps() error {
	var list []step
	for _, st := range allSteps {
		if st.at == "*" || !st.of(s.name) {
			continue
		}
		switch old, wanted := s.writtenBefore(st.at), s.m.To.Before(st.at); {
		case old && !wanted:
			st.down = st.up
			list = append(list, st)
		case !old && wanted:
			list = append(list, st)
		}
	}
	up := s.writtenBefore(s.m.To.Minor)
	slices.SortStableFunc(list, func(a, b step) int {
		if up {
			return sklearn.CompareVersions(a.at, b.at)
		}
		return sklearn.CompareVersions(b.at, a.at)
	})
	for _, st := range allSteps {
		if st.at == "*" {
			st.down = st.up
			list = append(list, st)
		}
	}
	for _, st := range list {
		if st.down == nil || !st.of(s.name) {
			continue
		}
		if err := st.down(s); err != nil {
			return err
		}
	}
	return nil
}

// renames moves attributes upward and back.
func renames(at, classes string, pairs ...string) step {
	return step{at: at, classes: classes, up: func(s *state) error {
		for i := 0; i < len(pairs); i += 2 {
			s.rename(pairs[i], pairs[i+1])
		}
		return nil
	}, down: func(s *state) error {
		for i := 0; i < len(pairs); i += 2 {
			s.rename(pairs[i+1], pairs[i])
		}
		return nil
	}}
}

// says adds a sentence when a fitted model crosses a release, either way; any, if that is "*".
func says(at, classes, sentence string) step {
	f := func(s *state) error {
		if s.fitted() && !s.m.To.sameMinor(s.from) {
			s.m.say("%s (%s): %s", s.path, s.name, sentence)
		}
		return nil
	}
	return step{at: at, classes: classes, up: f, down: f}
}

// refuses is a change that a fitted model can not be brought over.
func refuses(at, classes, attr, reason string) step {
	return step{at: at, classes: classes, up: func(s *state) error {
		if s.fitted() {
			return s.refuse(attr, "%s", reason)
		}
		return nil
	}}
}
