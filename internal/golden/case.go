package golden

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/larder-ml/larder/tensor"
)

// Case is one fitted model with inputs and what scikit-learn itself computed from them. The Python that writes it is
// testdata/gen/record.py.
type Case struct {
	Name      string   `json:"name"`
	Estimator string   `json:"estimator"` // short class name, as in sklearn's all_estimators
	Setting   string   `json:"setting"`   // the parameters and data in words
	Release   string   `json:"sklearn"`   // the scikit-learn that fitted, wrote and computed
	Model     string   `json:"model"`     // file name beside the case
	Methods   []string `json:"methods"`   // inference methods the fitted object has
	Others    []string `json:"others"`    // further public methods that take rows, which Larder refuses by name

	Inputs  map[string]*Value `json:"inputs"`
	Outputs []Output          `json:"outputs"`

	Dir string `json:"-"`
}

// Output is the answer of one method to one input.
type Output struct {
	Method string `json:"method"`
	Input  string `json:"input"`

	Value   *Value `json:"value"`
	Refusal string `json:"refusal"` // scikit-learn's exception instead of a value

	Tolerance string    `json:"tolerance"` // a golden.Class
	Scale     []float64 `json:"scale"`     // per row, for tolerances relative to something that is not the output
	Tied      []int     `json:"tied"`      // rows where two best scores tie within the tolerance: any label goes
	Undecided []int     `json:"undecided"` // rows whose neighbours tie in a brute-force search: any value goes

	AnyWidth bool `json:"-"` // the same numbers in another type are equal: float32 for float64 within float32, 1.0 for 1
}

// Value is one input or output. Exactly one field is set.
type Value struct {
	Dense  *tensor.Tensor
	Sparse *tensor.Sparse
	Frame  *tensor.Frame
	Tokens *tensor.Tokens
	Dicts  *tensor.Dicts
	Ragged *tensor.Ragged
	List   []*Value // several outputs of one method
}

// Of makes a Value of what a method returned.
func Of(outputs ...tensor.Value) *Value {
	if len(outputs) != 1 {
		v := &Value{List: make([]*Value, len(outputs))}
		for i, o := range outputs {
			v.List[i] = Of(o)
		}
		return v
	}
	o := outputs[0]
	return &Value{Dense: o.Dense, Sparse: o.CSR, Frame: o.Frame, Tokens: o.Tokens, Dicts: o.Dicts, Ragged: o.Ragged}
}

// Rows gives the value as a method takes it.
func (v *Value) Rows() tensor.Value {
	return tensor.Value{Dense: v.Dense, CSR: v.Sparse, Frame: v.Frame, Tokens: v.Tokens, Dicts: v.Dicts}
}

// ModelPath returns the path of the model file.
func (c *Case) ModelPath() string { return filepath.Join(c.Dir, c.Model) }

// ReadCase reads one case file.
func ReadCase(path string) (*Case, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	c := &Case{Dir: filepath.Dir(path)}
	if err := json.Unmarshal(b, c); err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Base(path), err)
	}
	return c, nil
}

// CasePaths returns the case files of a folder in order of name.
func CasePaths(dir string) ([]string, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*.json"))
	slices.Sort(paths)
	return paths, err
}

// UnmarshalJSON reads the form record.py writes.
func (v *Value) UnmarshalJSON(b []byte) error {
	var w struct {
		DType      string
		Shape      []int
		Data       json.RawMessage
		Indptr     []int
		Indices    []int32
		Neighbours []int64
		Tokens     [][]string
		Columns    []struct {
			Name  *string
			DType string
			Data  json.RawMessage
		}
		List  []*Value
		Dicts [][][2]json.RawMessage
	}
	if err := json.Unmarshal(b, &w); err != nil {
		return err
	}
	switch {
	case w.List != nil:
		v.List = w.List
	case w.Tokens != nil:
		v.Tokens = &tensor.Tokens{Indptr: []int{0}}
		for _, row := range w.Tokens {
			v.Tokens.Terms = append(v.Tokens.Terms, row...)
			v.Tokens.Indptr = append(v.Tokens.Indptr, len(v.Tokens.Terms))
		}
	case w.Dicts != nil:
		v.Dicts = &tensor.Dicts{Indptr: []int{0}}
		for _, row := range w.Dicts {
			for _, kv := range row {
				var key string
				if err := json.Unmarshal(kv[0], &key); err != nil {
					return err
				}
				c := &tensor.Tensor{}
				if err := cells(slices.Concat([]byte("["), kv[1], []byte("]")), c); err != nil {
					return err
				}
				v.Dicts.Keys = append(v.Dicts.Keys, key)
				v.Dicts.Values = append(v.Dicts.Values, c.Cells[0])
			}
			v.Dicts.Indptr = append(v.Dicts.Indptr, len(v.Dicts.Keys))
		}
	case w.Neighbours != nil:
		d, err := decode(w.DType, w.Data, nil)
		if err != nil {
			return err
		}
		v.Ragged = &tensor.Ragged{Indptr: w.Indptr, Indices: w.Neighbours, Dist: d}
	case w.Columns != nil:
		f := &tensor.Frame{N: -1}
		for _, c := range w.Columns {
			t, err := decode(c.DType, c.Data, nil)
			if err != nil {
				return err
			}
			if f.N >= 0 && f.N != t.Len() {
				return errors.New("columns differ in length")
			}
			f.N = t.Len()
			f.Columns = append(f.Columns, t)
			if c.Name != nil {
				f.Names = append(f.Names, *c.Name)
			}
		}
		v.Frame = f
	case w.Indptr != nil:
		t, err := decode(w.DType, w.Data, nil)
		if err != nil {
			return err
		}
		v.Sparse = &tensor.Sparse{Rows: w.Shape[0], Cols: w.Shape[1], Indptr: w.Indptr, Indices: w.Indices, Data: t}
	default:
		t, err := decode(w.DType, w.Data, w.Shape)
		if err != nil {
			return err
		}
		v.Dense = t
	}
	return nil
}

func dtypeOf(name string) (tensor.DType, error) {
	for d := tensor.Float64; d <= tensor.Object; d++ {
		if d.String() == name {
			return d, nil
		}
	}
	return 0, fmt.Errorf("dtype %q", name)
}

// decode reads a flat JSON array. Floats that JSON has no number for are "nan", "inf" and "-inf".
func decode(dtype string, data json.RawMessage, shape []int) (*tensor.Tensor, error) {
	d, err := dtypeOf(dtype)
	if err != nil {
		return nil, err
	}
	t := &tensor.Tensor{DType: d}
	switch d.Storage() {
	case tensor.Str:
		err = json.Unmarshal(data, &t.Str)
	case tensor.Cells:
		err = cells(data, t)
	default:
		err = numbers(data, t)
	}
	if err != nil {
		return nil, err
	}
	n := max(len(t.F64), len(t.F32), len(t.I64), len(t.U8), len(t.Str), len(t.Cells))
	if shape == nil {
		shape = []int{n}
	}
	if tensor.Size(shape) != n {
		return nil, fmt.Errorf("shape %v with %d values", shape, n)
	}
	t.Shape = shape
	return t, nil
}

func numbers(data []byte, t *tensor.Tensor) error {
	data = bytes.Trim(data, "[] \n")
	if len(data) == 0 {
		return nil
	}
	for item := range strings.SplitSeq(string(data), ",") {
		item = strings.Trim(item, ` "`)
		var err error
		switch t.DType.Storage() {
		case tensor.F64:
			var f float64
			f, err = strconv.ParseFloat(item, 64)
			t.F64 = append(t.F64, f)
		case tensor.F32:
			var f float64
			f, err = strconv.ParseFloat(item, 32)
			if t.DType == tensor.Float16 { // written with the digits that tell it from its neighbours
				_, e := math.Frexp(f)
				unit := math.Ldexp(1, max(e-11, -24))
				f = math.RoundToEven(f/unit) * unit
			}
			t.F32 = append(t.F32, float32(f))
		case tensor.I64:
			var i int64
			if t.DType == tensor.Uint64 {
				var u uint64
				u, err = strconv.ParseUint(item, 10, 64)
				i = int64(u)
			} else {
				i, err = strconv.ParseInt(item, 10, 64)
			}
			t.I64 = append(t.I64, i)
		case tensor.U8:
			var u uint8
			if item == "true" {
				u = 1
			}
			t.U8 = append(t.U8, u)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// cells reads an object array: null, true, 1, 1.0, "text", {"f":"nan"}, {"b":"base64"}.
func cells(data []byte, t *tensor.Tensor) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	var items []any
	if err := dec.Decode(&items); err != nil {
		return err
	}
	for _, it := range items {
		var c tensor.Cell
		switch x := it.(type) {
		case nil:
		case bool:
			c = tensor.BoolCell(x)
		case string:
			c = tensor.StrCell(x)
		case json.Number:
			if i, err := strconv.ParseInt(x.String(), 10, 64); err == nil {
				c = tensor.IntCell(i)
			} else if f, err := x.Float64(); err == nil {
				c = tensor.FloatCell(f)
			} else {
				return err
			}
		case map[string]any:
			if s, ok := x["b"].(string); ok {
				b, err := base64.StdEncoding.DecodeString(s)
				if err != nil {
					return err
				}
				c = tensor.Cell{Kind: tensor.CellBytes, S: string(b)}
				break
			}
			s, _ := x["f"].(string)
			f, err := strconv.ParseFloat(s, 64)
			if err != nil {
				return err
			}
			if math.IsNaN(f) {
				f = math.NaN()
			}
			c = tensor.FloatCell(f)
		default:
			return fmt.Errorf("cell %v", it)
		}
		t.Cells = append(t.Cells, c)
	}
	return nil
}
