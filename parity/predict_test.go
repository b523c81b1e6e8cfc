package parity

import "testing"

// TestPredictProgram gives the same rows to scikit-learn and, as files of every kind, to the program.
func TestPredictProgram(t *testing.T) {
	python(t, "predict_check.py", program(t), beside(t, "predict"))
}
