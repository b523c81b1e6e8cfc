package rows

import (
	"encoding/json"
	"errors"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/larder-ml/larder"
	"github.com/larder-ml/larder/internal/fixture"
	"github.com/larder-ml/larder/tensor"
)

func readCSV(t *testing.T, text string, o Options) (*Table, error) {
	t.Helper()
	r, err := NewReader(strings.NewReader(text), CSV, o)
	if err != nil {
		return nil, err
	}
	return ReadAll(r)
}

// TestReadsAsPandas compares with what pandas.read_csv made of the same texts.
func TestReadsAsPandas(t *testing.T) {
	var golden struct {
		Cases []struct {
			Text    string
			Error   string
			Columns []string
			Data    [][]any
		}
	}
	if err := json.Unmarshal(fixture.Read(t, "rows/read_csv.json"), &golden); err != nil {
		t.Fatal(err)
	}
	for _, c := range golden.Cases {
		for _, chunk := range []int{0, 1} {
			got, err := readCSV(t, c.Text, Options{Chunk: chunk})
			if c.Error != "" {
				if !errors.Is(err, larder.ErrInput) {
					t.Errorf("%q: %v, pandas says %s", c.Text, err, c.Error)
				}
				continue
			}
			if err != nil {
				t.Errorf("%q: %v", c.Text, err)
				continue
			}
			if strings.Join(got.Names, "|") != strings.Join(c.Columns, "|") {
				t.Errorf("%q: columns %q, want %q", c.Text, got.Names, c.Columns)
				continue
			}
			for j, want := range c.Data {
				x := typedColumn(&got.Columns[j])
				if x.Len() != len(want) {
					t.Errorf("%q: column %d has %d rows, want %d", c.Text, j, x.Len(), len(want))
					continue
				}
				for i, w := range want {
					if !same(x.Cell(i), w) {
						t.Errorf("%q: column %d row %d is %#v, want %v", c.Text, j, i, x.Cell(i), w)
					}
				}
			}
		}
	}
}

// TestOnlyUTF8 reads files of other encodings, which pandas refuses too.
func TestOnlyUTF8(t *testing.T) {
	for text, where := range map[string]string{
		"a,b\nx,1\n\xe9t\xe9,2\n": `line 3: column "a": 'utf-8' codec can't decode byte 0xe9`, "na\xefve,b\nx,1\n": "line 1: ", "\xff\xfea\x00,\x00b\x00\n\x001\x00": "UTF-16",
	} {
		if _, err := readCSV(t, text, Options{}); !errors.Is(err, larder.ErrInput) || !strings.Contains(err.Error(), where) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func same(c tensor.Cell, want any) bool {
	switch w := want.(type) {
	case map[string]any:
		f, err := strconv.ParseFloat(w["f"].(string), 64)
		return err == nil && c.Kind == tensor.CellFloat && (c.F == f && math.Signbit(c.F) == math.Signbit(f) || math.IsNaN(c.F) && math.IsNaN(f))
	case float64:
		return c.Kind == tensor.CellInt && float64(c.I) == w
	case bool:
		return c.Kind == tensor.CellBool && (c.I != 0) == w
	case string:
		return c.Kind == tensor.CellStr && c.S == w
	}
	return false
}

func column(name string, d tensor.DType, categories ...tensor.Cell) *larder.InputColumn {
	c := &larder.InputColumn{Name: name, DType: d}
	if categories != nil {
		c.Categories = typed(categories)
	}
	return c
}

func wantFrame(cols ...*larder.InputColumn) *Want {
	w := &Want{Columns: cols}
	for _, c := range cols {
		w.Names = append(w.Names, c.Name)
	}
	return w
}

func TestColumnsAreReadAsLearned(t *testing.T) {
	text := "id,zip,n,flag,mixed,income,grade\n" +
		"1,007,1.0,true,1,1000,NA\n" +
		"2,08,2,False,x,,B\n"
	tab, err := readCSV(t, text, Options{})
	if err != nil {
		t.Fatal(err)
	}
	w := wantFrame(
		column("income", tensor.Float64),
		column("zip", tensor.String, tensor.StrCell("007"), tensor.StrCell("08")),
		column("n", tensor.Int64, tensor.IntCell(1), tensor.IntCell(2)),
		column("flag", tensor.Bool, tensor.BoolCell(false), tensor.BoolCell(true)),
		column("mixed", tensor.Object, tensor.IntCell(1), tensor.StrCell("x")),
		column("grade", tensor.String, tensor.StrCell("NA"), tensor.StrCell("B")))
	v, notes, err := tab.Match(w)
	if err != nil {
		t.Fatal(err)
	}
	f := v.Frame
	want := []struct {
		d    tensor.DType
		a, b string
	}{
		{tensor.Float64, "1000.0", "nan"}, {tensor.String, "007", "08"}, {tensor.Int64, "1", "2"},
		{tensor.Bool, "True", "False"}, {tensor.Object, "1.0", "x"}, {tensor.String, "NA", "B"},
	}
	for i, c := range want {
		x := f.Columns[i]
		if x.DType != c.d || x.Cell(0).String() != c.a || x.Cell(1).String() != c.b {
			t.Errorf("%s: %s %s, %s; want %s %s, %s", f.Names[i], x.DType, x.Cell(0), x.Cell(1), c.d, c.a, c.b)
		}
	}
	all := strings.Join(notes, "; ")
	if !strings.Contains(all, "left out: id") || !strings.Contains(all, "order of fitting") {
		t.Errorf("notes: %s", all)
	}
}

func TestMissingIsNoneWhereNoneWasLearned(t *testing.T) {
	tab, err := readCSV(t, "a,b\n,\nx,y\n", Options{})
	if err != nil {
		t.Fatal(err)
	}
	v, _, err := tab.Match(wantFrame(
		column("a", tensor.String, tensor.StrCell("x"), tensor.Cell{}),
		column("b", tensor.String, tensor.StrCell("y"), tensor.FloatCell(math.NaN()))))
	if err != nil {
		t.Fatal(err)
	}
	if k := v.Frame.Columns[0].Cell(0).Kind; k != tensor.CellNone {
		t.Errorf("a: kind %d, want None", k)
	}
	if !v.Frame.Columns[1].Cell(0).IsNaN() {
		t.Errorf("b: %v, want NaN", v.Frame.Columns[1].Cell(0))
	}
}

func TestRefusals(t *testing.T) {
	num := wantFrame(column("a", tensor.Float64), column("b", tensor.Float64))
	byPlace := &Want{Columns: num.Columns}
	for _, c := range []struct {
		text, words string
		w           *Want
	}{
		{"a\n1\n", `column is missing: b; there are a`, num},
		{"a,b\n1,2\n3,x\n", `line 3: column "b": "x" is no number`, num},
		{"a,b\n1,  \n", `line 2: column "b": "  " is no number`, num},
		{"a,b\n1,1_0\n", `"1_0" is no number`, num},
		{"a,b,c\n1,2,3\n", `3 columns where the model takes 2 and knows them by position only; the file has a, b, c`, byPlace},
		{"a\n2\n", `"2" is neither true nor false`, wantFrame(column("a", tensor.Bool))},
		{"a,b\n1,2\n", `2 columns where the model takes one text a row`, &Want{Form: larder.FormTexts}},
	} {
		tab, err := readCSV(t, c.text, Options{})
		if err != nil {
			t.Fatal(err)
		}
		_, _, err = tab.Match(c.w)
		if !errors.Is(err, larder.ErrInput) || !strings.Contains(err.Error(), c.words) {
			t.Errorf("%q: %v, want %s", c.text, err, c.words)
		}
	}
}

func TestPositionalColumns(t *testing.T) {
	w := &Want{Columns: []*larder.InputColumn{column("x0", tensor.Float64), column("x1", tensor.Float64)}}
	for text, note := range map[string]string{
		"p,q\n1,2\n": "", ",p,q\n9,1,2\n": "index", "y,x1,x0\n9,2,1\n": "", "1\t2\n1\t2\n": "header line",
	} {
		tab, err := readCSV(t, text, Options{})
		if err != nil {
			t.Fatal(err)
		}
		v, notes, err := tab.Match(w)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if d := v.Dense; d == nil || d.DType != tensor.Float64 || d.F64[0] != 1 || d.F64[1] != 2 {
			t.Errorf("%q: %v", text, v)
		}
		if all := strings.Join(notes, ";"); !strings.Contains(all, note) {
			t.Errorf("%q: notes %q, want %q", text, all, note)
		}
	}
	tab, err := readCSV(t, "1,2\n3,4\n", Options{NoHeader: true})
	if err != nil || tab.N != 2 {
		t.Fatalf("%v, %v", tab, err)
	}
}

func TestHeaderOfTexts(t *testing.T) {
	for text, want := range map[string]string{"the cat sat\na dog\n": `the first line, "the cat sat", is taken as the column's name`, "text\na dog\n": ""} {
		tab, err := readCSV(t, text, Options{})
		if err != nil {
			t.Fatal(err)
		}
		_, notes, err := tab.Match(&Want{Form: larder.FormTexts})
		if all := strings.Join(notes, ";"); err != nil || !strings.Contains(all, want) || (want == "") != (all == "") {
			t.Errorf("%q: %q, %v", text, all, err)
		}
	}
}
