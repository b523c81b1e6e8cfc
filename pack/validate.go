package pack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

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
	Package    string         `json:"package"`
	Verdict    Verdict        `json:"verdict"`
	Made       string         `json:"made_by"` // "larder" or "document"
	Rows       int            `json:"rows"`    // stored rows run again
	Equal      int            `json:"equal"`   // of them, equal in every method
	Largest    float64        `json:"largest_difference"`
	ComputedBy string         `json:"computed_by,omitempty"`
	Methods    []MethodCheck  `json:"methods"`
	Why        string         `json:"why,omitempty"`
	Version    *VersionChange `json:"version,omitempty"`
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
		if e.Refused != "" {
			if err == nil {
				c.add(MethodCheck{e.Method, &rows.Difference{Rows: c.Rows, First: "answered, the package says it is refused: " + e.Refused}})
			}
			continue
		}
		if err != nil {
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
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

// VersionChange compares the release a model was fitted with and another.
type VersionChange struct {
	Recorded string `json:"recorded"`
	Asked    string `json:"asked"`
	Change   string `json:"change"` // same, minor, major, unknown
	Level    string `json:"level"`  // ok, warning, error
	Message  string `json:"message"`
}

// Versions compares releases by PEP 440: another minor release is a warning, another major one an error.
func Versions(recorded, asked string) *VersionChange {
	c := &VersionChange{Recorded: recorded, Asked: asked}
	a, ok1 := release(recorded)
	b, ok2 := release(asked)
	switch {
	case !ok1 || !ok2:
		c.Change, c.Level = "unknown", "warning"
		c.Message = "no scikit-learn version is recorded in the model: validate predictions before deploying"
		if ok1 {
			c.Message = fmt.Sprintf("%q is no version", asked)
		}
	case a[0] != b[0]:
		c.Change, c.Level = "major", "error"
		c.Message = fmt.Sprintf("fitted with scikit-learn %s, asked for %s: retrain or migrate (larder migrate --sklearn %s)", recorded, asked, asked)
	case a[1] != b[1]:
		c.Change, c.Level = "minor", "warning"
		c.Message = fmt.Sprintf("fitted with scikit-learn %s, asked for %s: validate predictions before deploying", recorded, asked)
	default:
		c.Change, c.Level = "same", "ok"
		c.Message = "same minor release"
	}
	return c
}

// release gives the first two numbers of a PEP 440 version.
func release(v string) ([2]int, bool) {
	v = strings.TrimPrefix(strings.ToLower(strings.TrimSpace(v)), "v")
	if _, after, ok := strings.Cut(v, "!"); ok {
		v = after
	}
	var out [2]int
	i, digits := 0, false
	for _, c := range v {
		switch {
		case c >= '0' && c <= '9':
			if out[i] > 1e6 {
				return out, false
			}
			out[i] = out[i]*10 + int(c-'0')
			digits = true
		case c == '.' && digits && i == 0:
			i, digits = 1, false
		default:
			return out, digits || i > 0
		}
	}
	return out, digits || i > 0
}

// ErrNoPin is a requirements file that does not pin scikit-learn.
var ErrNoPin = errors.New("the requirements do not pin scikit-learn with ==")

// Pinned finds the release of scikit-learn that a requirements file pins.
func Pinned(requirements []byte) (string, error) {
	for line := range strings.Lines(string(requirements)) {
		line, _, _ = strings.Cut(line, "#")
		line, _, _ = strings.Cut(line, ";")
		name, version, ok := strings.Cut(line, "==")
		name, _, _ = strings.Cut(name, "[")
		name = strings.ToLower(strings.NewReplacer("_", "-", ".", "-").Replace(strings.TrimSpace(name)))
		if ok && (name == "scikit-learn" || name == "sklearn") {
			version, _, _ = strings.Cut(strings.TrimLeft(version, "="), ",")
			version, _, _ = strings.Cut(strings.TrimSpace(version), " ")
			return version, nil
		}
	}
	return "", ErrNoPin
}
