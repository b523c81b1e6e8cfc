package parity

import "testing"

// TestParameters exports every linear model of scikit-learn, fitted on targets of every kind, as parameters: the seed document's
// own function and the program predict from them what scikit-learn does.
func TestParameters(t *testing.T) {
	folder := beside(t, "params")
	python(t, "params_check.py", program(t), folder)
}
