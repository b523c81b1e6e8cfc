package rows

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/larder-ml/larder"
	"github.com/larder-ml/larder/tensor"
)

// Example makes one row the model takes out of what the model itself knows: medians or means of numbers, the first
// category of categories. Where nothing is known a number is 0 and a text is "text".
func Example(w *Want) (*Table, error) {
	switch w.Form {
	case larder.FormTexts:
		return &Table{N: 1, Value: &tensor.Value{Dense: tensor.FromStr([]string{"text"})}}, nil
	case larder.FormTokens:
		return &Table{N: 1, Value: &tensor.Value{Tokens: &tensor.Tokens{Indptr: []int{0, 1}, Terms: []string{firstText(w)}}}}, nil
	}
	if len(w.Columns) == 0 {
		return nil, &Error{Row: -1, Msg: "the model does not say how many columns it takes"}
	}
	if w.Form == larder.FormVector {
		return &Table{N: 1, Value: &tensor.Value{Dense: typed([]tensor.Cell{typical(w.Columns[0])})}}, nil
	}
	if w.ByName {
		return nil, &Error{Row: -1, Msg: "the model finds columns by name and the file does not say the names of all"}
	}
	t := &Table{N: 1}
	for _, c := range w.Columns {
		t.Columns = append(t.Columns, Column{Cells: []tensor.Cell{typical(c)}})
		t.Names = append(t.Names, c.Name)
	}
	if w.Form == larder.FormMappings {
		d := &tensor.Dicts{Indptr: []int{0, len(t.Names)}, Keys: t.Names}
		for _, c := range t.Columns {
			d.Values = append(d.Values, c.Cells[0])
		}
		return &Table{N: 1, Value: &tensor.Value{Dicts: d}}, nil
	}
	if w.Names == nil {
		t.Names = nil
	}
	return t, nil
}

func firstText(w *Want) string {
	if len(w.Columns) > 0 {
		if c := w.Columns[0].Categories; c != nil && c.Len() > 0 {
			return c.Cell(0).String()
		}
	}
	return "text"
}

// typical is a value of a column: its first category that is no missing value, its typical number.
func typical(c *larder.InputColumn) tensor.Cell {
	if c.Categories != nil {
		for i := range c.Categories.Len() {
			if v := c.Categories.Cell(i); v.Kind != tensor.CellNone && !v.IsNaN() {
				return v
			}
		}
	}
	switch c.DType {
	case tensor.String, tensor.Object:
		return tensor.StrCell("text")
	case tensor.Bool:
		return tensor.BoolCell(false)
	}
	f := c.Typical
	switch {
	case !math.IsNaN(f):
	case !math.IsNaN(c.Lo) && !math.IsNaN(c.Hi):
		f = c.Lo/2 + c.Hi/2
	case !math.IsNaN(c.Lo):
		f = c.Lo
	case !math.IsNaN(c.Hi):
		f = c.Hi
	default:
		f = 0
	}
	f, _ = strconv.ParseFloat(strconv.FormatFloat(f, 'g', 6, 64), 64)
	if c.DType.IsInt() {
		return tensor.IntCell(int64(math.Round(f)))
	}
	return tensor.FloatCell(f)
}

// AppendRows writes a table as JSON that NewReader reads back: objects where there are names, else arrays or values.
func (t *Table) AppendRows(b []byte) []byte {
	if t.Value != nil && (t.Value.Dicts != nil || t.Value.Tokens != nil || t.Value.Dense != nil) {
		return AppendValue(b, *t.Value)
	}
	b = append(b, '[')
	for i := range t.N {
		if i > 0 {
			b = append(b, ',')
		}
		open, end := byte('['), byte(']')
		if t.Names != nil {
			open, end = '{', '}'
		}
		b = append(b, open)
		for j := range t.Columns {
			if j > 0 {
				b = append(b, ',')
			}
			if t.Names != nil {
				b = AppendString(b, t.Names[j])
				b = append(b, ':')
			}
			b = AppendCell(b, t.Columns[j].Cell(i))
		}
		b = append(b, end)
	}
	return append(b, ']')
}

// columns are w's columns for description.
func (w *Want) columns() []*larder.InputColumn {
	if w.described == nil {
		return w.Columns
	}
	return w.described()
}

// maxTried bounds the columns that are tried one by one.
const maxTried = 256

// settled tries missing values where the first step takes them, since a later one may not: a column for which the
// method then refuses the example row is told as one that has none.
func (w *Want) settled(m *larder.Model, method string) []*larder.InputColumn {
	refused := func(missing func(*larder.InputColumn) bool) bool {
		t, err := Example(w)
		if err != nil || t.Value != nil {
			return false
		}
		for j, c := range w.Columns {
			if missing(c) {
				t.Columns[j].Cells = []tensor.Cell{tensor.FloatCell(math.NaN())}
			}
		}
		v, _, err := t.Match(w)
		if err == nil {
			_, err = m.Run(context.Background(), method, v)
		}
		return errors.Is(err, larder.ErrInput)
	}
	if !refused(func(c *larder.InputColumn) bool { return c.Missing }) || refused(func(*larder.InputColumn) bool { return false }) {
		return w.Columns
	}
	out := slices.Clone(w.Columns)
	for j, c := range w.Columns {
		if c.Missing && (j >= maxTried || refused(func(o *larder.InputColumn) bool { return o == c })) {
			told := *c
			told.Missing = false
			out[j] = &told
		}
	}
	return out
}

// Schema is a JSON schema (draft 2020-12) of the rows a model takes, as Go values for encoding/json.
func Schema(w *Want) map[string]any {
	s := map[string]any{"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "array"}
	switch w.Form {
	case larder.FormTexts:
		s["items"] = map[string]any{"type": "string"}
		return s
	case larder.FormTokens:
		s["items"] = map[string]any{"type": "array", "items": map[string]any{"type": "string"}}
		return s
	case larder.FormVector:
		c := &larder.InputColumn{}
		if len(w.Columns) == 1 {
			c = w.Columns[0]
		}
		s["items"] = columnSchema(c)
		return s
	}
	if w.Names == nil && w.Form == larder.FormTable {
		var prefix []any
		for _, c := range w.columns() {
			prefix = append(prefix, columnSchema(c))
		}
		s["items"] = map[string]any{"type": "array", "prefixItems": prefix, "minItems": len(prefix), "maxItems": len(prefix)}
		return s
	}
	props := map[string]any{}
	required := []string{}
	for _, c := range w.columns() {
		props[c.Name] = columnSchema(c)
		if !unused(c) && w.Form == larder.FormTable {
			required = append(required, c.Name)
		}
	}
	s["items"] = map[string]any{"type": "object", "properties": props, "required": required}
	return s
}

func columnSchema(c *larder.InputColumn) map[string]any {
	kind := map[tensor.DType]string{tensor.Float64: "number", tensor.Int64: "integer", tensor.Bool: "boolean", tensor.String: "string"}[c.DType]
	s := map[string]any{}
	if kind != "" {
		s["type"] = kind
		if c.Missing {
			s["type"] = []string{kind, "null"}
		}
	}
	if c.Categories != nil {
		var values []any
		null := false
		for i := range c.Categories.Len() {
			v := c.Categories.Cell(i)
			if v.Kind == tensor.CellNone || v.IsNaN() {
				null = true
				continue
			}
			values = append(values, v.Go())
		}
		switch {
		case c.Unknown:
			s["examples"] = values
		default:
			if null || c.Missing {
				values = append(values, nil)
				if kind != "" {
					s["type"] = []string{kind, "null"}
				}
			}
			s["enum"] = values
		}
	}
	if unused(c) {
		s["description"] = "nothing in the model reads this column"
	}
	var known []any
	for _, v := range []float64{c.Lo, c.Typical, c.Hi} {
		if !math.IsNaN(v) {
			known = append(known, v)
		}
	}
	if known != nil && c.Categories == nil {
		s["examples"] = known
		s["description"] = fmt.Sprintf("seen in fitting: %s", rangeText(c))
	}
	return s
}

func rangeText(c *larder.InputColumn) string {
	f := func(v float64) string { // three digits are enough to say about where
		v, _ = strconv.ParseFloat(strconv.FormatFloat(v, 'g', 3, 64), 64)
		return strconv.FormatFloat(v, 'g', -1, 64)
	}
	switch {
	case !math.IsNaN(c.Lo) && !math.IsNaN(c.Hi) && c.Lo != c.Hi:
		return "about " + f(c.Lo) + " to " + f(c.Hi)
	case !math.IsNaN(c.Typical):
		return "about " + f(c.Typical)
	case !math.IsNaN(c.Lo):
		return "about " + f(c.Lo)
	case !math.IsNaN(c.Hi):
		return "about " + f(c.Hi)
	}
	return "numbers"
}

// categories are the values a column learned, but for the missing one.
func categories(c *larder.InputColumn) []tensor.Cell {
	var out []tensor.Cell
	for i := range c.Categories.Len() {
		if v := c.Categories.Cell(i); v.Kind != tensor.CellNone && !v.IsNaN() {
			out = append(out, v)
		}
	}
	return out
}

// Describe says in words what a column takes.
func Describe(c *larder.InputColumn) string {
	var s string
	switch {
	case c.Categories != nil:
		s = "one of "
		known := categories(c)
		for i, v := range known {
			if i == 8 {
				s += fmt.Sprintf(" and %d more", len(known)-8)
				break
			}
			if i > 0 {
				s += ", "
			}
			s += v.String()
		}
		if c.Unknown {
			s += "; others are taken"
		}
	case c.Text:
		s = "text"
	case unused(c):
		return "anything: nothing in the model reads it"
	case c.DType == tensor.Invalid:
		return "anything: it is handed on as it is"
	case c.DType == tensor.String:
		s = "text"
	case c.DType == tensor.Bool:
		s = "true or false"
	case c.DType == tensor.Object:
		s = "any value"
	case c.DType.IsInt():
		s = "whole numbers"
		if r := rangeText(c); r != "numbers" {
			s += ", " + r
		}
	default:
		if s = "numbers"; rangeText(c) != s {
			s += ", " + rangeText(c)
		}
	}
	if c.Missing {
		s += "; may be missing"
	}
	return s
}

// Input is what is known of a column, for JSON.
type Input struct {
	Name       string   `json:"name"`
	Type       string   `json:"type"` // number, integer, boolean, string, any; "" where nothing reads it
	Categories []any    `json:"categories,omitempty"`
	Low        *float64 `json:"low,omitempty"`
	Typical    *float64 `json:"typical,omitempty"`
	High       *float64 `json:"high,omitempty"`
	Missing    bool     `json:"missing"` // missing values are taken
	Unknown    bool     `json:"unknown"` // categories the model did not learn are taken
	Words      string   `json:"words"`
}

// Inputs describes the columns a model takes.
func (w *Want) Inputs() []Input {
	out := []Input{}
	for _, c := range w.columns() {
		in := Input{Name: c.Name, Missing: c.Missing, Unknown: c.Unknown, Words: Describe(c)}
		switch {
		case c.DType.IsFloat():
			in.Type = "number"
		case c.DType.IsInt():
			in.Type = "integer"
		case c.DType == tensor.Bool:
			in.Type = "boolean"
		case c.DType == tensor.String:
			in.Type = "string"
		case c.DType == tensor.Object:
			in.Type = "any"
		}
		if c.Categories != nil {
			for _, v := range categories(c) {
				in.Categories = append(in.Categories, v.Go())
			}
		}
		for _, v := range []struct {
			at **float64
			f  float64
		}{{&in.Low, c.Lo}, {&in.Typical, c.Typical}, {&in.High, c.Hi}} {
			if !math.IsNaN(v.f) && !math.IsInf(v.f, 0) {
				f := v.f
				*v.at = &f
			}
		}
		out = append(out, in)
	}
	return out
}

// Words says what a row is.
func (w *Want) Words() string {
	switch w.Form {
	case larder.FormVector:
		return "one label a row"
	case larder.FormTexts:
		return "one text a row"
	case larder.FormMappings:
		return "a mapping of names to values a row"
	case larder.FormTokens:
		return "several labels a row"
	}
	switch n := len(w.Columns); {
	case n == 0:
		return "columns of numbers; the file does not say how many"
	case n == 1:
		return "1 column"
	case w.ByName:
		return fmt.Sprintf("%d columns, some by name, of which the file does not say where they stand", n)
	case w.Names == nil:
		return fmt.Sprintf("%d columns by position, names unknown", n)
	default:
		return fmt.Sprintf("%d columns", n)
	}
}

// maxSamples is how many cells samples have at most, beside the first rows.
const maxSamples = 4 << 20

// Samples makes n rows a model takes out of what it knows, fewer but four of very wide ones, all different ways: categories
// in turn, low, typical and high numbers in turn, missing values where they are taken.
func Samples(w *Want, n int) (*Table, error) {
	one, err := Example(w)
	if err != nil || len(w.Columns) == 0 || w.Form == larder.FormTokens {
		return one, err
	}
	n = min(n, max(4, maxSamples/len(w.Columns)))
	t := &Table{N: n, Columns: make([]Column, len(w.Columns))}
	for j, c := range w.columns() {
		cells := make([]tensor.Cell, n)
		for i := range cells {
			cells[i] = sample(c, i+j)
			if c.Missing && i%5 == 4 && (i/5+j)%3 == 0 {
				cells[i] = tensor.FloatCell(math.NaN())
			}
		}
		t.Columns[j].Cells = cells
		t.Names = append(t.Names, c.Name)
	}
	switch {
	case w.Form == larder.FormMappings:
		v, err := t.mappings()
		return &Table{N: n, Value: &v}, err
	case w.Form == larder.FormVector:
		return &Table{N: n, Value: &tensor.Value{Dense: typed(t.Columns[0].Cells)}}, nil
	case w.Names == nil:
		t.Names = nil
	}
	return t, nil
}

func sample(c *larder.InputColumn, i int) tensor.Cell {
	if k := c.Categories; k != nil && k.Len() > 0 {
		for d := range k.Len() {
			if v := k.Cell((i + d) % k.Len()); v.Kind != tensor.CellNone && !v.IsNaN() {
				return v
			}
		}
	}
	v := typical(c)
	f, ok := v.Float()
	if !ok || v.Kind == tensor.CellBool {
		if v.Kind == tensor.CellBool {
			return tensor.BoolCell(i%2 == 0)
		}
		return v
	}
	lo, hi := c.Lo, c.Hi
	if math.IsNaN(lo) {
		lo = f - 1
	}
	if math.IsNaN(hi) {
		hi = f + 1
	}
	f = [...]float64{f, lo, hi, lo/2 + f/2, hi/2 + f/2}[i%5]
	if v.Kind == tensor.CellInt {
		return tensor.IntCell(int64(math.Round(f)))
	}
	return tensor.FloatCell(f)
}
