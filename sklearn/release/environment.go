package release

import (
	"strings"

	"github.com/larder-ml/larder/sklearn"
)

// Environment says what a release of scikit-learn runs with, as its own package metadata does: the oldest versions it
// takes, and where a newer one breaks it, the first that does.
type Environment struct {
	Python, Numpy, Scipy, Joblib string // oldest; "" for a release that does not use it
	NumpyBelow                   string // first that does not work: built for another ABI, or without aliases the code uses; "" for none
}

// environments by minor release, oldest first: each entry holds until the next.
var environments = []struct {
	minor string
	Environment
}{
	{"0.17", Environment{"2.6", "1.6.1", "0.9", "", "1.24"}},
	{"0.19", Environment{"2.7", "1.8.2", "0.13.3", "", "1.24"}},
	{"0.20", Environment{"2.7", "1.8.2", "0.13.3", "", "1.24"}},
	{"0.21", Environment{"3.5", "1.11.0", "0.17.0", "0.11", "1.24"}},
	{"0.23", Environment{"3.6", "1.13.3", "0.19.1", "0.11", "1.24"}},
	{"1.0", Environment{"3.7", "1.14.6", "1.1.0", "0.11", "2"}},
	{"1.1", Environment{"3.8", "1.17.3", "1.3.2", "1.0.0", "2"}},
	{"1.2", Environment{"3.8", "1.17.3", "1.3.2", "1.1.1", "2"}},
	{"1.3", Environment{"3.8", "1.17.3", "1.5.0", "1.1.1", "2"}},
	{"1.4", Environment{"3.9", "1.19.5", "1.6.0", "1.2.0", ""}},
	{"1.7", Environment{"3.10", "1.22.0", "1.8.0", "1.2.0", ""}},
	{"1.8", Environment{"3.11", "1.24.1", "1.10.0", "1.3.0", ""}},
	{"1.9", Environment{"3.11", "1.24.1", "1.10.0", "1.4.0", ""}},
}

// EnvironmentOf returns what a release runs with; of the oldest or newest known one for releases beyond them.
func EnvironmentOf(version string) Environment {
	v, _ := sklearn.ParseVersion(version)
	e := environments[0].Environment
	for _, x := range environments {
		if sklearn.CompareVersions(v.Minor(), x.minor) >= 0 {
			e = x.Environment
		}
	}
	return e
}

// published holds the releases that the index has, oldest first: every one of scikit-learn since 0.17, of others the last
// of each minor release.
var published = map[string]string{
	"scikit-learn": "0.17 0.17.1 0.18 0.18.1 0.18.2 0.19.0 0.19.1 0.19.2 0.20.0 0.20.1 0.20.2 0.20.3 0.20.4 0.21.1 0.21.2 0.21.3 0.22 0.22.1 0.22.2.post1 " +
		"0.23.0 0.23.1 0.23.2 0.24.0 0.24.1 0.24.2 1.0 1.0.1 1.0.2 1.1.0 1.1.1 1.1.2 1.1.3 1.2.0 1.2.1 1.2.2 1.3.0 1.3.1 1.3.2 " +
		"1.4.0 1.4.1.post1 1.4.2 1.5.0 1.5.1 1.5.2 1.6.0 1.6.1 1.7.0 1.7.1 1.7.2 1.8.0 1.9.0 1.9.1",
	"numpy": "1.6.2 1.7.2 1.8.2 1.9.3 1.10.4 1.11.3 1.12.1 1.13.3 1.14.6 1.15.4 1.16.6 1.17.5 1.18.5 1.19.5 1.20.3 1.21.6 1.22.4 1.23.5 1.24.4 1.25.2 1.26.4 " +
		"2.0.2 2.1.3 2.2.6 2.3.5 2.4.6 2.5.5",
	"scipy": "0.9.0 0.10.1 0.11.0 0.12.1 0.13.3 0.14.1 0.15.1 0.16.1 0.17.1 0.18.1 0.19.1 1.0.1 1.1.0 1.2.3 1.3.3 1.4.1 1.5.4 1.6.3 1.7.3 1.8.1 1.9.3 1.10.1 " +
		"1.11.4 1.12.0 1.13.1 1.14.1 1.15.3 1.16.3 1.17.1 1.18.1",
}

// Published lists the releases of scikit-learn, numpy or scipy that are known to be on the index, oldest first; nil for
// other names.
func Published(name string) []string { return strings.Fields(published[name]) }
