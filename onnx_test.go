package larder

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/internal/fixture"
	"github.com/larder-ml/larder/tensor"
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

func TestONNXColumnsOfUnknownType(t *testing.T) {
	m, err := Open(fixture.Path(t, "sklearn/1.9.1/MissingIndicator.pkl"))
	if err != nil {
		t.Fatal(err)
	}
	r, err := m.EncodeONNX(&bytes.Buffer{}, ONNXOptions{})
	if err != nil || len(r.Assumed) == 0 || len(r.Inputs) != 1 || r.Inputs[0].Type != "tensor(float)" {
		t.Errorf("%+v %v", r, err)
	}
	cols := make([]*tensor.Tensor, m.NFeatures())
	names := make([]string, len(cols))
	for i := range cols {
		names[i] = m.Inputs().Columns[i].Name
		cols[i] = tensor.FromCells([]tensor.Cell{tensor.StrCell("a"), {Kind: tensor.CellNone}})
	}
	r, err = m.EncodeONNX(&bytes.Buffer{}, ONNXOptions{Like: Frame(names, cols...)})
	if err != nil || r.Assumed != nil || len(r.Inputs) != len(cols) || r.Inputs[0].Type != "tensor(string)" {
		t.Errorf("%+v %v", r, err)
	}
}

func TestTypeLike(t *testing.T) {
	null := tensor.Cell{Kind: tensor.CellNone}
	for _, c := range []struct {
		cells []tensor.Cell
		want  tensor.DType
	}{
		{[]tensor.Cell{null, tensor.StrCell("a")}, tensor.String},
		{[]tensor.Cell{tensor.IntCell(1), null, tensor.FloatCell(2)}, tensor.Float64},
		{[]tensor.Cell{tensor.BoolCell(true)}, tensor.Bool},
		{[]tensor.Cell{null}, tensor.Invalid},
		{[]tensor.Cell{tensor.StrCell("a"), tensor.IntCell(1)}, tensor.Object},
	} {
		if d := typeLike(Frame([]string{"other", "x"}, tensor.FromF64([]float64{1}), tensor.FromCells(c.cells)), 0, "x"); d != c.want {
			t.Errorf("%v: %s, want %s", c.cells, d, c.want)
		}
	}
}
