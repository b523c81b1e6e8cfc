package larder_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log"
	"strings"

	"github.com/larder-ml/larder"
	"github.com/larder-ml/larder/audit"
	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/sklearn/all"
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

// The same model in another stored form, and what reading it back gives.
func ExampleModel_Encode() {
	m, err := larder.Open("testdata/sklearn/1.9.1/LogisticRegression-binary.pkl")
	if err != nil {
		log.Fatal(err)
	}
	var b bytes.Buffer
	if err := m.Encode(&b, larder.Form{Format: "skops"}); err != nil {
		log.Fatal(err)
	}
	back, err := larder.OpenBytes(b.Bytes())
	if err != nil {
		log.Fatal(err)
	}
	x, err := m.Fingerprint()
	if err != nil {
		log.Fatal(err)
	}
	y, err := back.Fingerprint()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(back.Info().Format, back.TypeName(), x == y)
	// Output: skops LogisticRegression true
}

// A model for runtimes that know ONNX alone.
func ExampleModel_EncodeONNX() {
	m, err := larder.Open("testdata/sklearn/1.9.1/LogisticRegression-binary.pkl")
	if err != nil {
		log.Fatal(err)
	}
	var b bytes.Buffer
	r, err := m.EncodeONNX(&b, larder.ONNXOptions{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(b.Len() > 0, len(r.Inputs), len(r.Outputs))
	// Output: true 1 2
}

// What another release of scikit-learn would make of a file, and the same model written for it.
func ExampleModel_Migrate() {
	m, err := larder.Open("testdata/sklearn/1.9.1/RandomForestClassifier.joblib")
	if err != nil {
		log.Fatal(err)
	}
	f, err := m.Foretell(larder.Runtime{Sklearn: "1.0"})
	if err != nil {
		log.Fatal(err)
	}
	old, report, err := m.Migrate(larder.MigrateOptions{Sklearn: "1.0"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(f.Outcome, report.To, len(report.Changes) > 0, old.TypeName())
	// Output: fails 1.0.2 true RandomForestClassifier
}

// clipper is the Go implementation of an author's own transformer, shop.Clipper: numpy.clip between low and high.
type clipper struct {
	sklearn.Base
	Low  float64 `sk:"low"`
	High float64 `sk:"high"`
}

// Transform keeps each number between low and high.
func (c *clipper) Transform(b *graph.Builder, x graph.Value) graph.Value {
	x = sklearn.Check(b, c, x, sklearn.Accept{DType: sklearn.DTypeFloat})
	return b.Clip(x, c.Low, c.High)
}

// A model with a class of its author's own: Larder never runs that code, but takes yours in its place.
func ExampleWithRegistry() {
	rows := larder.Floats([][]float64{{0.5, 2, -3}, {0, 0, 0.25}})
	m, err := larder.Open("testdata/own/class.pkl")
	if err != nil {
		log.Fatal(err)
	}
	_, err = m.PredictProba(context.Background(), rows)
	fmt.Println(err)

	own := []sklearn.Class{{Name: "shop.Clipper", New: func() sklearn.Estimator { return new(clipper) }}}
	m, err = larder.Open("testdata/own/class.pkl", larder.WithRegistry(all.Registry(own)))
	if err != nil {
		log.Fatal(err)
	}
	proba, err := m.PredictProba(context.Background(), rows)
	if err != nil {
		log.Fatal(err)
	}
	for i := range 2 {
		fmt.Printf("%.12f\n", proba.Tensor().F64[2*i:2*i+2])
	}
	// Output:
	// sklearn: model.steps[0]: class shop.Clipper is not part of scikit-learn, and a model's own code is never run
	// [0.287239454174 0.712760545826]
	// [0.297431096582 0.702568903418]
}

// Models with functions of their author's own: a FunctionTransformer's, and a tokenizer.
func ExampleWithRegistry_functions() {
	own := larder.WithRegistry(all.Registry().WithFuncs(
		sklearn.Func{Name: "shop.double", Rows: func(b *graph.Builder, x graph.Value) graph.Value { return b.Mul(x, b.Scalar(2, x)) }},
		sklearn.Func{Name: "shop.words", Terms: strings.Fields},
	))
	for path, rows := range map[string]tensor.Value{
		"testdata/own/function.pkl":  larder.Floats([][]float64{{0.5, 2, -3}, {0, 0, 0.25}}),
		"testdata/own/tokenizer.pkl": larder.Texts("cat  fish", "dog"),
	} {
		m, err := larder.Open(path, own)
		if err != nil {
			log.Fatal(err)
		}
		proba, err := m.PredictProba(context.Background(), rows)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%.12f\n", []float64{proba.Tensor().F64[1], proba.Tensor().F64[3]})
	}
	// Unordered output:
	// [0.249245180284 0.742876257302]
	// [0.689751649752 0.283149107684]
}
