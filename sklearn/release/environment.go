package release

import "github.com/larder-ml/larder/sklearn"

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
