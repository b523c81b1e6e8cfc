package sklearn

import (
	"errors"
	"testing"
)

// What scikit-learn has and no rows go into is said to be that, rather than missing.
func TestMethodErrorWords(t *testing.T) {
	for _, c := range []struct {
		err  *MethodError
		want string
	}{
		{&MethodError{Path: "model", Class: "GaussianMixture", Method: "sample"}, "model: sample is not computed for GaussianMixture: it draws rows rather than taking them"},
		{&MethodError{Path: "model", Class: "Ridge", Method: "fit"}, "model: fit is not computed for Ridge: it fits, or judges a fit"},
		{&MethodError{Path: "model", Class: "Ridge", Method: "transform"}, "model: this 'Ridge' has no attribute 'transform'"},
		{&MethodError{Path: "model", Class: "DBSCAN", Method: "fit_predict", Why: errors.New("no")}, "model: this 'DBSCAN' has no attribute 'fit_predict': no"},
	} {
		if got := c.err.Error(); got != c.want {
			t.Errorf("%s, want %s", got, c.want)
		}
	}
}
