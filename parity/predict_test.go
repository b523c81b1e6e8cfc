package parity

import "testing"

// TestPredictProgram gives the same rows to scikit-learn and, as files of every kind, to the program.
func TestPredictProgram(t *testing.T) {
	folder := beside(t, "predict")
	python(t, "predict_check.py", program(t), folder)
}

// TestPredictEvery does so with a model of every estimator.
func TestPredictEvery(t *testing.T) {
	folder := beside(t, "predict-every")
	python(t, "predict_every.py", program(t), folder)
}
