package larder

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/internal/fixture"
)

func TestONNXInputsAndOutputs(t *testing.T) {
	for name, want := range map[string]string{
		"LogisticRegression.skops":      "X:float32[n,4] → label:str[n] probabilities:float64[n,3]",
		"Ridge.pkl":                     "X:float32[n,4] → variable:float64[n,1]",
		"StandardScaler.joblib":         "X:float32[n,4] → variable:float64[n,4]",
		"KMeans.pkl":                    "X:float32[n,4] → label:int32[n] scores:float64[n,3]",
		"IsotonicRegression.pkl":        "X:float32[n,1] → variable:float64[n,1]",
		"LinearSVC.pkl":                 "X:float32[n,4] → label:int64[n] scores:float64[n,3]",
		"MultiOutputClassifier.pkl":     "",
		"DecisionTreeClassifier.pkl":    "",
		"RandomForestClassifier.joblib": "",
		"GradientBoostingRegressor.pkl": "",
	} {
		m, err := Open(fixture.Path(t, "sklearn/1.9.1/"+name))
		if err != nil {
			t.Error(err)
			continue
		}
		g, err := m.ONNXGraph(ONNXOptions{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		s := ""
		for i := range g.Nodes {
			if n := &g.Nodes[i]; n.Op == graph.OpInput {
				s += fmt.Sprintf("%s:%s →", n.Attr.(*graph.InputAttr).Name, g.Types[n.Out[0]])
			}
		}
		for _, o := range g.Outputs {
			s += fmt.Sprintf(" %s:%s", o.Name, g.Types[o.ID])
		}
		if want != "" && s != want {
			t.Errorf("%s: %s, want %s", name, s, want)
		}
		var buf bytes.Buffer
		if r, err := m.EncodeONNX(&buf, ONNXOptions{}); err != nil || r.Bytes != int64(buf.Len()) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestONNXRefusesByName(t *testing.T) {
	m, err := Open(fixture.Path(t, "sklearn/1.9.1/NMF.pkl"))
	if err != nil {
		t.Fatal(err)
	}
	var u *graph.UnsupportedError
	if _, err := m.EncodeONNX(&bytes.Buffer{}, ONNXOptions{}); !errors.As(err, &u) || u.Op != graph.OpNMFSolve || u.Target != "onnx" {
		t.Errorf("%v", err)
	}
}
