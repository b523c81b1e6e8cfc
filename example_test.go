package larder_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/larder-ml/larder"
	"github.com/larder-ml/larder/audit"
	"github.com/larder-ml/larder/tensor"
)

// A model of named and typed columns, asked for one row.
func Example() {
	m, err := larder.Open("cmd/larder/quickstart/titanic.joblib")
	if err != nil {
		log.Fatal(err) // refused, malformed or of no known format: errors.Is says which
	}
	row := larder.Frame([]string{"pclass", "sex", "age", "fare", "embarked"},
		tensor.FromI64([]int64{3}, 1),
		tensor.FromStr([]string{"female"}, 1),
		tensor.FromF64([]float64{22}, 1),
		tensor.FromF64([]float64{7.25}, 1),
		tensor.FromStr([]string{"S"}, 1))
	label, err := m.Predict(context.Background(), row)
	if err != nil {
		log.Fatal(err)
	}
	proba, err := m.PredictProba(context.Background(), row)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(label.Tensor().Cell(0).Go(), proba.Tensor().F64)
	// Output: survived [0.4076067479211508 0.5923932520788491]
}

// Numbers without names, as rows of a matrix.
func ExampleModel_Run() {
	m, err := larder.Open("testdata/sklearn/1.9.1/LogisticRegression-binary.pkl")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(m.TypeName(), m.NFeatures(), m.Methods())
	_, err = m.Run(context.Background(), "predict", larder.Floats([][]float64{{1, 2}}))
	fmt.Println(errors.Is(err, larder.ErrInput), err)
	// Output:
	// LogisticRegression 4 [predict predict_proba predict_log_proba decision_function]
	// true X has 2 features, but LogisticRegression is expecting 4 features as input.
}

// What a file would do when Python loads it, without loading it.
func ExampleAudit() {
	r := larder.Audit("cmd/larder/quickstart/titanic-tampered.joblib", audit.Policy{})
	fmt.Println(r.Verdict)
	for _, f := range r.Findings {
		if f.Level == audit.Critical {
			fmt.Printf("%s at byte %d: %s\n", f.Rule, f.Offset, f.Message)
		}
	}
	// Output:
	// refused
	// LRD001 at byte 3598: posix.system would be imported
	// LRD002 at byte 3609: loading calls posix.system("true")
}
