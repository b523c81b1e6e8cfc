package pack

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/larder-ml/larder"
	"github.com/larder-ml/larder/internal/jsonread"
	"github.com/larder-ml/larder/rows"
	"github.com/larder-ml/larder/tensor"
)

// Verdict is the answer of validating.
type Verdict string

// The verdicts.
const (
	OK       Verdict = "ok"
	Differs  Verdict = "differs"
	Unproven Verdict = "unproven" // nothing stored to compare with
)

// MethodCheck is one method's comparison.
type MethodCheck struct {
	Method string `json:"method"`
	*rows.Difference
}

// Check is what validating a package found.
type Check struct {
	Package    string                `json:"package"`
	Verdict    Verdict               `json:"verdict"`
	Made       string                `json:"made_by"` // "larder" or "document"
	Rows       int                   `json:"rows"`    // stored rows run again
	Equal      int                   `json:"equal"`   // of them, equal in every method
	Largest    float64               `json:"largest_difference"`
	ComputedBy string                `json:"computed_by,omitempty"`
	Methods    []MethodCheck         `json:"methods"`
	Why        string                `json:"why,omitempty"`
	Version    *larder.VersionChange `json:"version,omitempty"`
}

// Validate runs the stored rows of a package again and compares the outputs. data, which may be nil, is the training
// data of a package that stores no rows.
func (p *Package) Validate(ctx context.Context, m *larder.Model, data *rows.Table) (*Check, error) {
	c := &Check{Package: p.Prefix, Made: p.Made, Methods: []MethodCheck{}}
	proof := p.Validation.Larder
	if proof == nil {
		return c, p.document(ctx, m, data, c)
	}
	c.ComputedBy = proof.ComputedBy
	r := jsonread.New(proof.Rows, 16)
	v, err := rows.ReadStored(r)
	if err != nil {
		return nil, p.bad("validation", "%v", err)
	}
	c.Rows, c.Equal = v.Rows(), v.Rows()
	c.Verdict = OK
	for _, e := range proof.Outputs {
		res, err := m.Run(ctx, e.Method, v)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if e.Refused != "" {
			if err == nil {
				c.add(MethodCheck{e.Method, &rows.Difference{Rows: c.Rows, First: "answered, the package says it is refused: " + e.Refused}})
			}
			continue
		}
		if err != nil {
			c.add(MethodCheck{e.Method, &rows.Difference{Rows: c.Rows, First: err.Error()}})
			continue
		}
		got, err := rows.AppendJSON(nil, res, true)
		if err != nil {
			return nil, err
		}
		d, err := rows.Compare(e.Result, got, Tolerance)
		if err != nil {
			return nil, p.bad("validation", "%s: %v", e.Method, err)
		}
		c.add(MethodCheck{e.Method, d})
	}
	if c.Rows == 0 || len(c.Methods) == 0 {
		c.Verdict, c.Equal, c.Why = Unproven, 0, "the package stores no rows with outputs"
	}
	return c, nil
}

func (c *Check) add(m MethodCheck) {
	c.Methods = append(c.Methods, m)
	c.Largest = max(c.Largest, m.Largest)
	if m.Rows > 0 && m.Equal < m.Rows {
		c.Verdict = Differs
		if part := m.Equal * c.Rows / m.Rows; part < c.Equal {
			c.Equal = part
		}
		if c.Why == "" {
			c.Why = m.Method + ": " + m.First
		}
	}
}

// document compares the document's expected_output with what the model gives for the first rows of the data.
func (p *Package) document(ctx context.Context, m *larder.Model, data *rows.Table, c *Check) error {
	c.Verdict = Unproven
	c.Why = "the package stores no rows: bring its training data with --data"
	n := 0
	if len(p.Validation.InputShape) > 0 {
		n = p.Validation.InputShape[0]
	}
	var want []json.RawMessage
	if err := json.Unmarshal(strict(p.Validation.ExpectedOutput), &want); err == nil && n == 0 {
		n = len(want)
	}
	if data == nil {
		return nil
	}
	if n == 0 || n != len(want) {
		c.Why = "the package stores no expected output"
		return nil
	}
	if data.Rows() < n {
		return &rows.Error{Row: -1, Msg: fmt.Sprintf("%d rows, the package was made from %d or more", data.Rows(), n)}
	}
	method := m.DefaultMethod()
	v, err := data.Slice(upTo(n)).Like(rows.WantOf(m, method))
	if err != nil {
		return err
	}
	res, err := m.Run(ctx, method, v)
	if err != nil {
		return err
	}
	got, err := rows.AppendJSON(nil, res, false)
	if err != nil {
		return err
	}
	d, err := rows.Compare(append(append([]byte(`{"data":`), strict(p.Validation.ExpectedOutput)...), '}'), got, Tolerance)
	if err != nil {
		return p.bad("validation", "expected_output: %v", err)
	}
	c.Verdict, c.Why = OK, ""
	c.Rows, c.Equal, c.ComputedBy = n, n, "the program that made the package"
	c.add(MethodCheck{method, d})
	return nil
}

// strict replaces Python's bare NaN and Infinity.
func strict(b []byte) []byte {
	r := jsonread.New(b, 64)
	v := r.Any()
	if r.End() != nil {
		return []byte("null")
	}
	out, err := json.Marshal(nullNaN(v))
	if err != nil {
		return []byte("null")
	}
	return out
}

func nullNaN(v any) any {
	switch x := v.(type) {
	case float64:
		return tensor.FloatCell(x).Go()
	case []any:
		for i := range x {
			x[i] = nullNaN(x[i])
		}
	case map[string]any:
		for k := range x {
			x[k] = nullNaN(x[k])
		}
	}
	return v
}

// CompareRelease compares the releases of a model with the one it is to be loaded with. What the model does not record
// is taken from the metadata of the package; p may be nil.
func (p *Package) CompareRelease(m *larder.Model, asked string) (*larder.VersionChange, error) {
	c, err := m.CompareRelease(asked)
	if err == nil && c.Change == "unknown" && p != nil && p.Metadata.SklearnVersion != nil {
		return larder.CompareReleases(*p.Metadata.SklearnVersion, asked)
	}
	return c, err
}

// Recorded returns the versions that the metadata of the package holds, by distribution.
func (p *Package) Recorded() map[string]string {
	r := map[string]string{}
	for name, v := range map[string]*string{"scikit-learn": p.Metadata.SklearnVersion, "numpy": p.Metadata.NumpyVersion, "python": p.Metadata.PythonVersion} {
		if v != nil {
			r[name] = *v
		}
	}
	return r
}
