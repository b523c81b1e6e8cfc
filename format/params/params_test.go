package params

import (
	"bytes"
	"errors"
	"math"
	"testing"

	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/source"
	"github.com/larder-ml/larder/tensor"
)

func floatsOf(shape []int, v ...float64) *tensor.Tensor {
	t := tensor.New(tensor.Float64, shape...)
	copy(t.F64, v)
	return t
}

func TestTwoClassesHaveTwoRows(t *testing.T) {
	var b bytes.Buffer
	err := Encode(&b, Params{Coef: floatsOf([]int{1, 2}, 1.5, -2), Intercept: floatsOf([]int{1}, 0.5), Classes: tensor.FromStr([]string{"no", "yes"}), Features: []string{"a", "b"}, Type: "X"})
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"coefficients":[[-1.5,2.0],[1.5,-2.0]],"intercept":[-0.5,0.5],"classes":["no","yes"],"feature_names":["a","b"],"model_type":"X"}` + "\n"
	if b.String() != want {
		t.Errorf("wrote %s", b.String())
	}
	doc, err := Decode(source.Bytes(b.Bytes()), source.Default())
	if err != nil {
		t.Fatal(err)
	}
	a, _ := doc.Root.(*pyobj.Object).Attrs()
	if c := a.Get("coef_").(*pyobj.Array); c.Shape[0] != 1 || c.Shape[1] != 2 {
		t.Errorf("coef_ of shape %v", c.Shape)
	}
}

func TestRegressorsKeepTheirShape(t *testing.T) {
	for want, p := range map[string]Params{
		`{"coefficients":[1.0,2.0],"intercept":3.0,"classes":null}` + "\n":           {Coef: floatsOf([]int{2}, 1, 2), Intercept: floatsOf(nil, 3)},
		`{"coefficients":[[1.0],[2.0]],"intercept":[3.0,4.0],"classes":null}` + "\n": {Coef: floatsOf([]int{2, 1}, 1, 2), Intercept: floatsOf([]int{2}, 3, 4)},
	} {
		var b bytes.Buffer
		if err := Encode(&b, p); err != nil || b.String() != want {
			t.Errorf("wrote %s, want %s (%v)", b.String(), want, err)
		}
	}
}

// Other writers indent, order the members as they like and give two classes one row.
func TestFilesOfOthersAreRead(t *testing.T) {
	for _, s := range []string{
		"{\n  \"classes\": [0, 1],\n  \"coefficients\": [[1, 2.5]],\n  \"intercept\": [0.1]\n}", `{"coefficients":[1e3],"intercept":0,"note":{"x":[1]}}`,
		`{"intercept":[1,2,3],"classes":["a",1,true],"coefficients":[[1],[2],[3]]}`, `{"coefficients":[[1,2],[3,4]],"intercept":[0,1],"classes":[0.5,2]}`,
	} {
		if !Sniff([]byte(s)) {
			t.Errorf("%s is not known", s)
		}
		if _, err := Decode(source.Bytes([]byte(s)), source.Default()); err != nil {
			t.Errorf("%s: %v", s, err)
		}
	}
	for _, s := range []string{
		`{"coefficients":[[1],[1,2]],"intercept":[0,0]}`, `{"coefficients":[],"intercept":0}`, `{"coefficients":[[]],"intercept":0}`, `{"coefficients":[1]}`,
		`{"coefficients":[1],"intercept":[1,2]}`, `{"coefficients":[1,[2]],"intercept":1}`, `{"coefficients":[NaN],"intercept":1}`, `{"coefficients":[1],"intercept":1`,
		`{"coefficients":[[1],[2]],"intercept":[0,0],"classes":[1,2,3]}`, `{"coefficients":[[1],[2],[3]],"intercept":0,"classes":[1,2]}`,
		`{"coefficients":[1],"intercept":1,"feature_names":["a","b"]}`, `{"coefficients":[1],"coefficients":[2],"intercept":1}`,
	} {
		if _, err := Decode(source.Bytes([]byte(s)), source.Default()); !errors.Is(err, source.ErrCorrupt) {
			t.Errorf("%s: %v", s, err)
		}
	}
}

// A label that the array which numpy makes of the JSON would not hold is refused.
func TestLabelsThatJSONDoesNotKeep(t *testing.T) {
	big := tensor.New(tensor.Uint64, 2)
	big.I64[1] = -1
	for _, classes := range []*tensor.Tensor{big, tensor.FromStr([]string{"a", "b\x00"}), tensor.FromStr([]string{"a", "\xed\xa0\x80"}), tensor.FromF64([]float64{0, math.Inf(1)})} {
		err := Encode(&bytes.Buffer{}, Params{Coef: floatsOf([]int{1, 1}, 1), Intercept: floatsOf([]int{1}, 0), Classes: classes})
		if !errors.Is(err, source.ErrUnsupported) {
			t.Errorf("%v: %v", classes.Cell(1), err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"coefficients":[[-1.5,2.0],[1.5,-2.0]],"intercept":[-0.5,0.5],"classes":["no","yes"],"feature_names":["a","b"]}`))
	f.Add([]byte(`{"coefficients":[1e3],"intercept":0,"classes":null}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		doc, err := Decode(source.Bytes(b), source.Default())
		if (err == nil) != (doc != nil && doc.Root != nil) {
			t.Fatalf("root %v, error %v", doc, err)
		}
	})
}
