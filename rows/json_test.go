package rows

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/larder-ml/larder"
	"github.com/larder-ml/larder/tensor"
)

func matchJSON(text string, w *Want) (tensor.Value, error) {
	r, err := NewReader(strings.NewReader(text), Sniff([]byte(text), ""), Options{Chunk: 2})
	if err != nil {
		return tensor.Value{}, err
	}
	t, err := ReadAll(r)
	if err != nil {
		return tensor.Value{}, err
	}
	v, _, err := t.Match(w)
	return v, err
}

func TestEveryFormOfJSONIsOneFrame(t *testing.T) {
	w := wantFrame(column("age", tensor.Float64), column("sex", tensor.String, tensor.StrCell("f"), tensor.StrCell("m")))
	for _, text := range []string{
		`[{"age":31,"sex":"f"},{"sex":"m","age":null},{"age":2.5}]`,
		`{"columns":["sex","age"],"index":[7,8,9],"data":[["f",31],["m",null],[null,2.5]]}`,
		`{"index":[7,8,9],"columns":["sex","age"],"data":[["f",31],["m",NaN],[null,2.5]]}`,
		`{"sex":["f","m",null],"age":[31,null,2.5]}`,
		`{"sex":{"7":"f","8":"m","9":null},"age":{"7":31,"8":null,"9":2.5}}`,
		`[[31,"f"],[null,"m"],[2.5,null]]`,
		"{\"age\":31,\"sex\":\"f\"}\n{\"age\":null,\"sex\":\"m\"}\n\n{\"age\":2.5}\n",
		"[31,\"f\"]\n[null,\"m\"]\n[2.5,null]\n",
	} {
		v, err := matchJSON(text, w)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		age, sex := v.Frame.Columns[0], v.Frame.Columns[1]
		if age.DType != tensor.Float64 || age.F64[0] != 31 || !math.IsNaN(age.F64[1]) || age.F64[2] != 2.5 {
			t.Errorf("%s: age %v", text, age)
		}
		if sex.DType != tensor.Object || sex.Cells[0].S != "f" || sex.Cells[1].S != "m" || !sex.Cells[2].IsNaN() {
			t.Errorf("%s: sex %v", text, sex)
		}
	}
}

func TestOneRow(t *testing.T) {
	v, err := matchJSON(`{"sex":"f","age":31}`, wantFrame(column("age", tensor.Float64), column("sex", tensor.String)))
	if err != nil || v.Frame.N != 1 || v.Frame.Columns[1].Str[0] != "f" {
		t.Errorf("%v, %v", v, err)
	}
}

func TestMatrices(t *testing.T) {
	for text, want := range map[string]tensor.DType{
		`[[1,2],[3,4]]`: tensor.Int64, `[[1,2.5],[3,null]]`: tensor.Float64, `[[1,true],[2,false]]`: tensor.Int64,
		`[[9007199254740993,1],[2,3]]`: tensor.Int64,
	} {
		v, err := matchJSON(text, &Want{})
		if err != nil || v.Dense == nil || v.Dense.DType != want || v.Dense.Shape[0] != 2 || v.Dense.Shape[1] != 2 {
			t.Errorf("%s: %v, %v", text, v.Dense, err)
		}
	}
	v, err := matchJSON(`[[9007199254740993,1],[2,3]]`, &Want{})
	if err != nil || v.Dense.I64[0] != 9007199254740993 {
		t.Errorf("%v, %v", v.Dense, err)
	}
	// A model that reads numbers gets floats whatever the text looks like.
	v, err = matchJSON(`[[1,2]]`, &Want{Columns: []*larder.InputColumn{column("x0", tensor.Float64), column("x1", tensor.Float64)}})
	if err != nil || v.Dense.DType != tensor.Float64 {
		t.Errorf("%v, %v", v.Dense, err)
	}
}

func TestTextsVectorsMappings(t *testing.T) {
	v, err := matchJSON(`["a b","c"]`, &Want{Form: larder.FormTexts})
	if err != nil || v.Dense.DType != tensor.String || v.Dense.Str[1] != "c" || len(v.Dense.Shape) != 1 {
		t.Errorf("texts: %v, %v", v.Dense, err)
	}
	r, err := NewReader(strings.NewReader("\"a b\"\n\"c\"\n"), JSONL, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if tab, err := ReadAll(r); err != nil || tab.Rows() != 2 {
		t.Errorf("texts by line: %v, %v", tab, err)
	}
	v, err = matchJSON(`[{"id":1,"body":"a b"},{"id":2,"body":"c"}]`, &Want{Form: larder.FormTexts})
	if err != nil || v.Dense.Str[0] != "a b" {
		t.Errorf("one text column: %v, %v", v.Dense, err)
	}
	v, err = matchJSON(`[1,2]`, &Want{Form: larder.FormVector, Columns: []*larder.InputColumn{column("y", tensor.Int64)}})
	if err != nil || v.Dense.DType != tensor.Int64 {
		t.Errorf("labels: %v, %v", v.Dense, err)
	}
	v, err = matchJSON(`[{"a":1,"b":"x"},{"c":2.5}]`, &Want{Form: larder.FormMappings})
	if err != nil || v.Dicts == nil || len(v.Dicts.Keys) != 3 || v.Dicts.Indptr[1] != 2 {
		t.Errorf("mappings: %v, %v", v.Dicts, err)
	}
	v, err = matchJSON(`[["a"],["b","c"]]`, &Want{Form: larder.FormTokens})
	if err != nil || v.Tokens == nil || v.Tokens.Indptr[2] != 3 || v.Tokens.Terms[2] != "c" {
		t.Errorf("tokens: %v, %v", v.Tokens, err)
	}
	v, err = matchJSON(`[["a","b"],["b","c"]]`, &Want{Form: larder.FormTokens})
	if err != nil || v.Tokens == nil || v.Tokens.Indptr[2] != 4 {
		t.Errorf("tokens: %v, %v", v.Tokens, err)
	}
}

func TestJSONRefusals(t *testing.T) {
	w := wantFrame(column("a", tensor.Float64))
	for text, words := range map[string]string{
		`[[1],[1,2]]`: "rows differ in length", `[{"a":"x"}]`: `row 0: column "a": "x" is no number`, `[{"a":[1]}]`: "single value",
		`{"a":[1],"b":[1,2]}`: "2 values where", `{"columns":["a"],"data":[[1,2]]}`: "1 names for 2 columns",
		`[1,[2]]`: "array after other values", `[{"a":1,"a":2}]`: "twice", `{"columns":["a"]}`: `without "columns" and "data"`,
		`{"a":{"0":1,"1":2},"b":{"0":1}}`: "1 values where", `{"a":{"0":1},"b":{"1":2}}`: "has not the rows", `{"a":{"0":[1]}}`: "single value", `{"a":{"0":1},"b":2}`: "wanted",
		`[[1]] x`: "more text", `[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]`: "single value",
	} {
		if _, err := matchJSON(text, w); !errors.Is(err, larder.ErrInput) || !strings.Contains(err.Error(), words) {
			t.Errorf("%s: %v, want %s", text, err, words)
		}
	}
}

func result(method string, outs ...larder.Output) *larder.Result {
	return &larder.Result{Method: method, Outputs: outs}
}

func TestJSONContract(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(-1)
	csr := &tensor.Sparse{Rows: 2, Cols: 3, Indptr: []int{0, 1, 1}, Indices: []int32{2}, Data: tensor.FromF64([]float64{0.1})}
	for _, c := range []struct {
		r      *larder.Result
		sparse bool
		want   string
	}{
		{result("predict", larder.Output{Name: "predict", Value: tensor.Value{Dense: tensor.FromStr([]string{"a\"b", "é"})}}), false,
			`{"method":"predict","shape":[2],"dtype":"str","data":["a\"b","é"]}`},
		{result("predict_proba", larder.Output{Value: tensor.Value{Dense: tensor.FromF64([]float64{0.1, 1, nan, inf, 1e-7, 1e22}, 3, 2)}}), false,
			`{"method":"predict_proba","shape":[3,2],"dtype":"float64","data":[[0.1,1.0],[null,"-Infinity"],[1e-07,1e+22]]}`},
		{result("transform", larder.Output{Value: tensor.Value{CSR: csr}}), false,
			`{"method":"transform","shape":[2,3],"dtype":"float64","data":[[0.0,0.0,0.1],[0.0,0.0,0.0]]}`},
		{result("transform", larder.Output{Value: tensor.Value{CSR: csr}}), true,
			`{"method":"transform","shape":[2,3],"dtype":"float64","indptr":[0,1,1],"indices":[2],"data":[0.1]}`},
		{result("predict_proba", larder.Output{Name: "y0", Value: tensor.Value{Dense: tensor.FromF64([]float64{1, 0}, 1, 2)}},
			larder.Output{Name: "y1", Value: tensor.Value{Dense: tensor.FromF64([]float64{1, 0, 0}, 1, 3)}}), false,
			`{"method":"predict_proba","shape":[[1,2],[1,3]],"dtype":"float64","names":["y0","y1"],"data":[[[1.0,0.0]],[[1.0,0.0,0.0]]]}`},
		{result("kneighbors", larder.Output{Name: "distances", Value: tensor.Value{Dense: tensor.FromF64([]float64{0, 2.5}, 1, 2)}},
			larder.Output{Name: "indices", Value: tensor.Value{Dense: tensor.FromI64([]int64{4, 7}, 1, 2)}}), false,
			`{"method":"kneighbors","shape":[1,2],"dtype":"int64","data":[[4,7]],"distances":[[0.0,2.5]]}`},
		{result("predict", larder.Output{Value: tensor.Value{Dense: tensor.FromBool([]bool{true, false})}}), false,
			`{"method":"predict","shape":[2],"dtype":"bool","data":[true,false]}`},
		{result("predict", larder.Output{Value: tensor.Value{Dense: tensor.FromF32([]float32{0.1})}}), false,
			`{"method":"predict","shape":[1],"dtype":"float32","data":[0.10000000149011612]}`},
	} {
		b, err := AppendJSON(nil, c.r, c.sparse)
		if err != nil || string(b) != c.want {
			t.Errorf("%s, %v\nwant %s", b, err, c.want)
		}
	}
	big := &tensor.Sparse{Rows: 10_000, Cols: 1001, Indptr: make([]int, 10_001), Data: tensor.New(tensor.Float64, 0)}
	if _, err := AppendJSON(nil, result("transform", larder.Output{Value: tensor.Value{CSR: big}}), false); !errors.Is(err, larder.ErrLimit) || !strings.Contains(err.Error(), "--sparse") {
		t.Errorf("a big sparse result: %v", err)
	}
}

func write(t *testing.T, f Format, o WriteOptions, keep *Table, rs ...*larder.Result) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := NewWriter(&b, f, o)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rs {
		if err := w.Write(r, keep); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestWriters(t *testing.T) {
	proba := func() *larder.Result {
		return result("predict_proba", larder.Output{Value: tensor.Value{Dense: tensor.FromF64([]float64{0.25, 0.75}, 1, 2)}})
	}
	keep := &Table{Names: []string{"id"}, Columns: []Column{{Text: []string{"a,1"}}}, N: 1}
	if got := string(write(t, CSV, WriteOptions{Names: []string{"died", "survived"}}, keep, proba(), proba())); got != "id,died,survived\n\"a,1\",0.25,0.75\n\"a,1\",0.25,0.75\n" {
		t.Errorf("csv: %s", got)
	}
	if got := string(write(t, JSONL, WriteOptions{}, nil, proba())); got != "{\"predict_proba_0\":0.25,\"predict_proba_1\":0.75}\n" {
		t.Errorf("jsonl: %s", got)
	}
	if got := string(write(t, JSON, WriteOptions{}, nil, proba(), proba())); got != `{"method":"predict_proba","shape":[2,2],"dtype":"float64","data":[[0.25,0.75],[0.25,0.75]]}`+"\n" {
		t.Errorf("json: %s", got)
	}
	for _, f := range []Format{NPY, NPZ} {
		b := write(t, f, WriteOptions{}, nil, proba(), proba())
		r, err := NewReader(bytes.NewReader(b), Sniff(b, ""), Options{})
		if err != nil {
			t.Fatal(err)
		}
		tab, err := ReadAll(r)
		if err != nil || tab.Value.Dense == nil || tab.Value.Dense.Shape[0] != 2 || tab.Value.Dense.F64[3] != 0.75 {
			t.Errorf("%s: %v, %v", f, tab, err)
		}
	}
	csr := &tensor.Sparse{Rows: 2, Cols: 3, Indptr: []int{0, 1, 2}, Indices: []int32{2, 0}, Data: tensor.FromF64([]float64{0.1, 7})}
	b := write(t, NPZ, WriteOptions{Sparse: true}, nil, result("transform", larder.Output{Value: tensor.Value{CSR: csr}}))
	r, err := NewReader(bytes.NewReader(b), NPZ, Options{})
	if err != nil {
		t.Fatal(err)
	}
	tab, err := ReadAll(r)
	if err != nil || tab.Value.CSR == nil || tab.Value.CSR.Dense().F64[3] != 7 {
		t.Errorf("sparse npz: %v, %v", tab, err)
	}
	if tab := write(t, NPY, WriteOptions{}, nil, result("predict", larder.Output{Value: tensor.Value{Dense: tensor.FromStr([]string{"é", "abc"})}})); !bytes.Contains(tab, []byte("<U3")) {
		t.Errorf("text as npy: %q", tab)
	}
}

func TestNamesThatDifferInEveryRowAreNotSpread(t *testing.T) {
	var b strings.Builder
	b.WriteByte('[')
	for i := range 9000 {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"k%d":1}`, i)
	}
	b.WriteByte(']')
	if _, err := matchJSON(b.String(), wantFrame(column("k1", tensor.Float64))); !errors.Is(err, larder.ErrLimit) {
		t.Errorf("%v", err)
	}
	if v, err := matchJSON(b.String(), &Want{Form: larder.FormMappings}); err != nil || v.Rows() != 9000 {
		t.Errorf("as mappings: %v", err)
	}
}

// scikit-learn knows the text "1" or "True" for neither of the categories False and True.
func TestTextIsNoTruthValueOfACategory(t *testing.T) {
	flag := column("flag", tensor.Bool, tensor.BoolCell(false), tensor.BoolCell(true))
	text := `[{"flag":"1"},{"flag":"True"},{"flag":true},{"flag":0}]`
	if v, err := matchJSON(text, wantFrame(flag)); err == nil {
		t.Errorf("read as %v", v)
	}
	flag.Unknown = true
	v, err := matchJSON(text, wantFrame(flag))
	if err != nil {
		t.Fatal(err)
	}
	c := v.Frame.Columns[0]
	for i, want := range []tensor.CellKind{tensor.CellStr, tensor.CellStr, tensor.CellBool, tensor.CellInt} {
		if got := c.Cell(i).Kind; got != want {
			t.Errorf("row %d: kind %d, want %d", i, got, want)
		}
	}
}
