package rows

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/larder-ml/larder"
	"github.com/larder-ml/larder/tensor"
)

// Want is what a method of a model takes. It is immutable and safe for concurrent use.
type Want struct {
	Form    larder.InputForm
	Columns []*larder.InputColumn // of a table: what is known of each; nil where nothing is
	Names   []string              // the fitted names; nil for a model that knows columns by position only
	ByName  bool                  // some columns are found by the rows' own names

	described func() []*larder.InputColumn // Columns as settled says; nil: Columns
}

// WantOf describes what a method takes; what inverse_transform takes is not known and read as it is.
func WantOf(m *larder.Model, method string) *Want {
	in := m.Inputs()
	if in == nil {
		return &Want{}
	}
	if method == "inverse_transform" {
		if in.Form == larder.FormVector {
			return &Want{Form: larder.FormVector}
		}
		return &Want{}
	}
	w := &Want{Form: in.Form, Columns: in.Columns, ByName: in.ByName}
	if names := m.FeatureNames(); in.Form == larder.FormTable && len(names) == len(in.Columns) {
		w.Names = names
	}
	w.described = sync.OnceValue(func() []*larder.InputColumn { return w.settled(m, method) })
	return w
}

// Match gives the table's rows as the model takes them, with notes on what was left out or moved.
func (t *Table) Match(w *Want) (tensor.Value, []string, error) {
	notes := t.Notes
	switch w.Form {
	case larder.FormMappings:
		v, err := t.mappings()
		return v, notes, err
	case larder.FormTokens:
		v, err := t.tokens(len(w.Columns) == 0)
		return v, notes, err
	case larder.FormTexts:
		c, note, err := t.single("text", func(c *Column) bool { return typedColumn(c).DType == tensor.String })
		if err != nil {
			return tensor.Value{}, nil, err
		}
		x, err := t.read(c, &larder.InputColumn{Name: "text", DType: tensor.String})
		if c.Text != nil && len(t.Names) == 1 && strings.ContainsAny(t.Names[0], " \t") {
			note = append(note, fmt.Sprintf("the first line, %.60q, is taken as the column's name; with --no-header it is a text", t.Names[0]))
		}
		return tensor.Value{Dense: x}, append(notes, note...), err
	case larder.FormVector:
		want := &larder.InputColumn{}
		if len(w.Columns) == 1 {
			want = w.Columns[0]
		}
		c, note, err := t.single("label", func(*Column) bool { return false })
		if err != nil {
			return tensor.Value{}, nil, err
		}
		x, err := t.read(c, want)
		return tensor.Value{Dense: x}, append(notes, note...), err
	}
	if v := t.Value; v != nil {
		switch {
		case v.CSR != nil:
			return *v, notes, nil
		case v.Dense != nil && len(v.Dense.Shape) == 1 && v.Dense.Len() == 0:
			return tensor.Value{}, nil, &Error{Row: -1, Msg: "no rows"}
		case v.Dense != nil && len(v.Dense.Shape) != 2:
			return *v, notes, nil // the model refuses it in scikit-learn's words
		case v.Dense != nil && w.Names == nil && v.Dense.DType.IsNumeric() && numeric(w.Columns):
			if !t.Typed && !v.Dense.DType.IsFloat() && known(w.Columns) {
				return tensor.Value{Dense: tensor.FromF64(v.Dense.AsF64(), v.Dense.Shape...)}, notes, nil
			}
			return *v, notes, nil
		case v.Dense != nil && w.Names == nil && v.Dense.DType == tensor.String && t.Typed && v.Dense.Cols() == len(w.Columns):
			return *v, notes, nil // an array of text is one to scikit-learn, too
		case v.Tokens != nil:
			return tensor.Value{}, nil, &Error{Row: -1, Msg: "rows differ in length"}
		}
		if err := t.Spread(); err != nil {
			return tensor.Value{}, nil, err
		}
	}
	cols, more, err := t.arrange(w)
	if err != nil {
		return tensor.Value{}, nil, err
	}
	v, err := t.frame(cols, w)
	return v, append(notes, more...), err
}

func numeric(cols []*larder.InputColumn) bool {
	for _, c := range cols {
		if c.DType != tensor.Invalid && !c.DType.IsNumeric() {
			return false
		}
	}
	return true
}

// known reports that every column is to be read as numbers.
func known(cols []*larder.InputColumn) bool {
	for _, c := range cols {
		if c.DType != tensor.Float64 || c.Integers {
			return false
		}
	}
	return len(cols) > 0
}

// arrange finds the wanted columns: by name where both sides have names, else by position.
func (t *Table) arrange(w *Want) (cols []*Column, notes []string, err error) {
	width := len(w.Columns)
	if w.Names == nil || t.Names == nil {
		for i := range t.Columns {
			cols = append(cols, &t.Columns[i])
		}
		if width == 0 || len(cols) == width {
			if w.ByName && t.Names != nil {
				notes = []string{"the model does not name all of its columns: those without a name are taken by position, in the file's order"}
			}
			return cols, notes, nil
		}
		if w.Names == nil && t.Names != nil {
			// Names such as x0, x1 or 0, 1 say which of the columns are meant.
			if i := t.Find("Unnamed: 0"); i == 0 && len(cols) == width+1 {
				return cols[1:], []string{"the first column has no name and is taken as the index"}, nil
			}
			if picked := t.generic(width); picked != nil {
				return picked, nil, nil
			}
		}
		msg := fmt.Sprintf("%d columns where the model takes %d", len(cols), width)
		if w.Names != nil {
			msg += " (" + list(w.Names) + ")"
		} else if t.Names != nil && len(cols) > width {
			msg += " and knows them by position only; the file has " + list(t.Names) + ": name the ones to use"
		}
		return nil, nil, &Error{Row: -1, Msg: msg}
	}
	cols = make([]*Column, width)
	var absent []string
	last, moved := -1, false
	used := make([]bool, len(t.Names))
	find := t.finder(len(w.Names))
	for i, name := range w.Names {
		at := find(name)
		if at < 0 {
			if unused(w.Columns[i]) {
				cols[i] = &Column{Tensor: nans(t.N)}
				notes = append(notes, fmt.Sprintf("column %q is not there; nothing in the model reads it", name))
				continue
			}
			absent = append(absent, name)
			continue
		}
		cols[i], used[at] = &t.Columns[at], true
		moved = moved || at < last
		last = at
	}
	if absent != nil {
		word := "columns are missing: "
		if len(absent) == 1 {
			word = "column is missing: "
		}
		return nil, nil, &Error{Row: -1, Msg: word + list(absent) + t.has()}
	}
	var extra []string
	for i, name := range t.Names {
		if !used[i] {
			extra = append(extra, name)
		}
	}
	if extra != nil {
		notes = append(notes, "columns the model does not take are left out: "+list(extra))
	}
	if moved {
		notes = append(notes, "columns were put in the order of fitting")
	}
	return cols, notes, nil
}

// unused reports a column that bears on nothing.
func unused(c *larder.InputColumn) bool { return c.DType == tensor.Invalid && !c.Passed }

// generic finds columns named x0, x1, … or 0, 1, ….
func (t *Table) generic(width int) []*Column {
	find := t.finder(width)
	for _, prefix := range []string{"x", ""} {
		var out []*Column
		for i := range width {
			at := find(prefix + strconv.Itoa(i))
			if at < 0 {
				break
			}
			out = append(out, &t.Columns[at])
		}
		if len(out) == width {
			return out
		}
	}
	return nil
}

// frame reads each column and joins them.
func (t *Table) frame(cols []*Column, w *Want) (tensor.Value, error) {
	f := &tensor.Frame{N: t.N}
	if w.ByName && len(cols) == len(t.Names) {
		f.Names = t.Names
	}
	dt := tensor.Invalid
	for i, c := range cols {
		want := &larder.InputColumn{}
		if i < len(w.Columns) {
			want = w.Columns[i]
		}
		if want.Name == "" {
			named := *want
			if named.Name = strconv.Itoa(i); i < len(t.Names) {
				named.Name = t.Names[i]
			}
			want = &named
		}
		if c.Err != nil && w.Names != nil && unused(want) {
			continue
		}
		x, err := t.read(c, want)
		if err != nil {
			return tensor.Value{}, err
		}
		f.Columns = append(f.Columns, x)
		if w.Names != nil {
			f.Names = append(f.Names, w.Names[i])
		}
		if dt == tensor.Invalid {
			dt = x.DType
		} else {
			dt = tensor.Promote(dt, x.DType)
		}
	}
	if f.Names != nil || !dt.IsNumeric() {
		return tensor.Value{Frame: f}, nil
	}
	return tensor.Value{Dense: join(f, dt)}, nil
}

// join makes a matrix of numeric columns.
func join(f *tensor.Frame, dt tensor.DType) *tensor.Tensor {
	w := len(f.Columns)
	out := tensor.New(dt, f.N, w)
	for j, c := range f.Columns {
		for i := range f.N {
			at := i*w + j
			switch dt.Storage() {
			case tensor.F64:
				out.F64[at], _ = c.Float(i)
			case tensor.F32:
				v, _ := c.Float(i)
				out.F32[at] = float32(v)
			case tensor.I64:
				out.I64[at] = c.Cell(i).I
			case tensor.U8:
				out.U8[at] = c.U8[i]
			}
		}
	}
	return out
}

// missing is what a missing value is to pandas: NaN.
var missing = tensor.FloatCell(math.NaN())

// IsMissing reports what pandas.read_csv reads as a missing value.
func IsMissing(s string) bool {
	switch s {
	case "", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA",
		"NULL", "NaN", "None", "n/a", "nan", "null":
		return true
	}
	return false
}

// learned is what the categories of a column say about reading it.
type learned struct {
	text map[string]bool // categories that are text
	keys map[tensor.Cell]bool
	none bool // the missing value learned is None, not NaN
}

func learnedBy(c *tensor.Tensor) *learned {
	l := &learned{}
	if c == nil {
		return l
	}
	l.text, l.keys = map[string]bool{}, map[tensor.Cell]bool{}
	nan := false
	for i := range c.Len() {
		v := c.Cell(i)
		switch v.Kind {
		case tensor.CellNone:
			l.none = true
		case tensor.CellStr:
			l.text[v.S] = true
		}
		nan = nan || v.IsNaN()
		l.keys[v.Key()] = true
	}
	l.none = l.none && !nan
	return l
}

func (l *learned) missing() tensor.Cell {
	if l.none {
		return tensor.Cell{}
	}
	return missing
}

// numbers is a column that holds numbers, but for what is missing, where its file says what is one; else nil.
func (c *Column) numbers() *tensor.Tensor {
	if c.Text != nil || c.Tensor != nil && !c.Tensor.DType.IsNumeric() {
		return nil
	}
	known := false
	for i := range c.Len() {
		switch v := c.Cell(i); v.Kind {
		case tensor.CellBool, tensor.CellInt, tensor.CellFloat:
			known = known || !v.IsNaN()
		case tensor.CellNone:
		default:
			return nil
		}
	}
	if !known {
		return nil
	}
	return typedColumn(c)
}

// asText is a column of text in which null is NaN, as in a frame; other columns as they are.
func (c *Column) asText(want *larder.InputColumn) *Column {
	text, none := false, false
	for _, v := range c.Cells {
		switch {
		case v.Kind == tensor.CellStr:
			text = true
		case v.Kind == tensor.CellNone:
			none = true
		case !v.IsNaN():
			return c
		}
	}
	if !text || !none || want.None {
		return c
	}
	out := &Column{Cells: slices.Clone(c.Cells)}
	for i, v := range out.Cells {
		if v.Kind == tensor.CellNone {
			out.Cells[i] = missing
		}
	}
	return out
}

// read gives a column the type the model learned.
func (t *Table) read(c *Column, want *larder.InputColumn) (*tensor.Tensor, error) {
	bad := func(i int, wanted string) error {
		v := c.Cell(i)
		s := v.String()
		if v.Kind == tensor.CellStr {
			s = strconv.Quote(shorten(s))
		}
		e := &Error{Row: i, Column: want.Name, Msg: s + " is " + wanted}
		if t.line > 0 && c.Text != nil {
			e.Line = t.line + i
		}
		return e
	}
	if c.Err != nil {
		return nil, c.unread(want.Name)
	}
	switch want.DType {
	case tensor.Invalid:
		return typedColumn(c.asText(want)), nil
	case tensor.String, tensor.Object:
		if x := c.numbers(); x != nil && want.DType == tensor.String {
			return x, nil // where text was learned: the model refuses them in scikit-learn's words
		}
		return c.cells(want), nil
	case tensor.Bool:
		return c.bools(want, bad)
	}
	if c.Tensor != nil && c.Tensor.DType.IsNumeric() {
		if c.Masked && !(want.Integers && c.Tensor.DType.IsFloat()) {
			return tensor.FromF64(c.Tensor.AsF64()), nil
		}
		if c.Tensor.DType.IsFloat() || c.Tensor.DType.IsInt() && (t.Typed || want.Integers || want.DType.IsInt()) || t.Typed && !want.DType.IsInt() {
			return c.Tensor, nil
		}
		return tensor.FromF64(c.Tensor.AsF64()), nil
	}
	if c.Tensor != nil && !c.Tensor.DType.IsNumeric() && want.Categories != nil {
		return c.Tensor, nil // what each value is, its author said
	}
	if want.Integers && c.Tensor == nil {
		if x := typedColumn(c); x.DType.IsInt() || x.DType == tensor.Bool {
			return x, nil
		}
	}
	f := make([]float64, c.Len())
	whole := want.DType.IsInt()
	for i := range f {
		var ok bool
		if c.Text != nil {
			if f[i], ok = parseNumber(c.Text[i]); !ok {
				if want.Categories != nil && want.Unknown {
					return c.cells(&larder.InputColumn{DType: tensor.Object, Categories: want.Categories}), nil
				}
				return nil, bad(i, "no number")
			}
		} else {
			v := c.Cell(i)
			switch v.Kind {
			case tensor.CellNone:
				f[i] = math.NaN()
			case tensor.CellStr:
				if want.DType.IsInt() && want.Categories == nil {
					if _, ok = tensor.ParseInt(v.S); !ok {
						return nil, bad(i, "no whole number")
					}
				}
				if f[i], ok = parseFloat(v.S); !ok || want.Categories != nil && math.IsNaN(f[i]) {
					if want.Categories != nil && want.Unknown {
						return c.cells(&larder.InputColumn{DType: tensor.Object, Categories: want.Categories}), nil
					}
					return nil, bad(i, "no number")
				}
			case tensor.CellBytes:
				return nil, bad(i, "no number")
			default:
				f[i], _ = v.Float()
			}
		}
		whole = whole && f[i] == math.Trunc(f[i]) && math.Abs(f[i]) < 1<<53
	}
	if whole {
		x := tensor.New(tensor.Int64, len(f))
		for i, v := range f {
			x.I64[i] = int64(v)
		}
		return x, nil
	}
	return tensor.FromF64(f), nil
}

// parseNumber reads a csv field of a numeric column: a number, a missing value or a truth value.
func parseNumber(s string) (float64, bool) {
	if f, ok := parseFloat(s); ok {
		return f, true
	}
	if IsMissing(s) {
		return math.NaN(), true
	}
	if b, ok := parseBool(s); ok {
		if b {
			return 1, true
		}
		return 0, true
	}
	return 0, false
}

// parseFloat reads what Python's float takes, without underscores.
func parseFloat(s string) (float64, bool) {
	s = strings.TrimSpace(s)
	if s == "" || strings.ContainsAny(s, "_xXpP") {
		return 0, false
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil && !math.IsInf(f, 0) {
		return 0, false
	}
	return f, true
}

func parseBool(s string) (value, ok bool) {
	switch s {
	case "True", "TRUE", "true":
		return true, true
	case "False", "FALSE", "false":
		return false, true
	}
	return false, false
}

// bools reads truth values: words, 0 and 1; a column with missing values stays one of cells. Text of a file that has types is no
// category that is true or false.
func (c *Column) bools(want *larder.InputColumn, bad func(int, string) error) (*tensor.Tensor, error) {
	if c.Tensor != nil && c.Tensor.DType == tensor.Bool {
		return c.Tensor, nil
	}
	cells := make([]tensor.Cell, c.Len())
	gaps := false
	for i := range cells {
		v := c.Cell(i)
		if v.Kind == tensor.CellStr && (c.Text != nil || want.Categories == nil) {
			if b, ok := parseBool(strings.TrimSpace(v.S)); ok {
				v = tensor.BoolCell(b)
			} else if f, ok := parseFloat(v.S); ok {
				v = tensor.FloatCell(f)
			}
		}
		f, ok := v.Float()
		switch {
		case v.Kind == tensor.CellNone || v.IsNaN():
			gaps = true
			cells[i] = missing
		case ok && (f == 0 || f == 1):
			cells[i] = tensor.BoolCell(f == 1)
		case c.Text == nil && want.Categories != nil && want.Unknown:
			return c.cells(&larder.InputColumn{DType: tensor.Object, Categories: want.Categories}), nil
		default:
			return nil, bad(i, "neither true nor false")
		}
	}
	if gaps {
		return tensor.FromCells(cells), nil
	}
	return typed(cells), nil
}

// cells reads a column of text or of mixed values.
func (c *Column) cells(want *larder.InputColumn) *tensor.Tensor {
	l := learnedBy(want.Categories)
	cells := make([]tensor.Cell, c.Len())
	for i := range cells {
		var v tensor.Cell
		if c.Text != nil {
			s := c.Text[i]
			switch {
			case IsMissing(s) && !l.text[s]:
				v = l.missing()
			case want.DType == tensor.Object && !l.text[s]:
				v = tensor.StrCell(s)
				if f, ok := parseFloat(s); ok && l.keys[tensor.FloatCell(f).Key()] {
					v = tensor.FloatCell(f)
				} else if b, ok := parseBool(s); ok && l.keys[tensor.BoolCell(b).Key()] {
					v = tensor.BoolCell(b)
				}
			default:
				v = tensor.StrCell(s)
			}
		} else if v = c.Cell(i); v.IsNaN() || v.Kind == tensor.CellNone && !want.None && c.Tensor == nil {
			v = l.missing()
		}
		cells[i] = v
	}
	if x := typed(cells); x.DType == tensor.String || want.DType == tensor.Object {
		return x
	}
	return tensor.FromCells(cells)
}

// typedColumn reads a column as pandas would: integers, floats, bools where all values are such, else text.
func typedColumn(c *Column) *tensor.Tensor {
	if c.Tensor != nil {
		return c.Tensor
	}
	if c.Text == nil {
		return typed(c.Cells)
	}
	n := len(c.Text)
	ints, gaps := n > 0, 0
	i64 := make([]int64, n)
	for i, s := range c.Text {
		v, err := strconv.ParseInt(strings.TrimSpace(s), 10, 64)
		if err != nil {
			ints = false
			break
		}
		i64[i] = v
	}
	if ints {
		return tensor.FromI64(i64)
	}
	f64 := make([]float64, n)
	floats := true
	for i, s := range c.Text {
		if IsMissing(s) {
			f64[i] = math.NaN()
			gaps++
			continue
		}
		f, ok := parseFloat(s)
		if !ok || math.IsNaN(f) {
			floats = false
			break
		}
		f64[i] = f
	}
	if floats {
		return tensor.FromF64(f64)
	}
	cells := make([]tensor.Cell, n)
	bools := true
	gaps = 0
	for i, s := range c.Text {
		if IsMissing(s) {
			cells[i] = missing
			gaps++
			continue
		}
		b, ok := parseBool(s)
		if !ok {
			bools = false
			break
		}
		cells[i] = tensor.BoolCell(b)
	}
	if !bools {
		for i, s := range c.Text {
			if cells[i] = tensor.StrCell(s); IsMissing(s) {
				cells[i] = missing
			}
		}
	}
	return typed(cells)
}

// single returns the only column, or the only one that suits.
func (t *Table) single(word string, suits func(*Column) bool) (*Column, []string, error) {
	if v := t.Value; v != nil && v.Dense != nil && len(v.Dense.Shape) == 1 {
		if !t.Typed && v.Dense.DType == tensor.Object {
			return &Column{Cells: v.Dense.Cells}, nil, nil
		}
		return &Column{Tensor: v.Dense}, nil, nil
	}
	if err := t.Spread(); err != nil {
		return nil, nil, err
	}
	if len(t.Columns) == 1 {
		return &t.Columns[0], nil, nil
	}
	var found []int
	for i := range t.Columns {
		if suits(&t.Columns[i]) {
			found = append(found, i)
		}
	}
	if len(found) == 1 && t.Names != nil {
		return &t.Columns[found[0]], []string{fmt.Sprintf("the model takes one %s a row: column %q", word, t.Names[found[0]])}, nil
	}
	return nil, nil, &Error{Row: -1, Msg: fmt.Sprintf("%d columns where the model takes one %s a row%s", len(t.Columns), word, t.has())}
}

// mappings gives rows of names and values; missing values are left out of a row.
func (t *Table) mappings() (tensor.Value, error) {
	if t.Value != nil && t.Value.Dicts != nil {
		return *t.Value, nil
	}
	if err := t.Spread(); err != nil {
		return tensor.Value{}, err
	}
	if t.Names == nil {
		return tensor.Value{}, &Error{Row: -1, Msg: "values without names where the model takes mappings"}
	}
	if err := t.unread(); err != nil {
		return tensor.Value{}, err
	}
	d := &tensor.Dicts{Indptr: make([]int, 1, t.N+1)}
	cols := make([]*tensor.Tensor, len(t.Columns))
	for j := range cols {
		cols[j] = typedColumn(&t.Columns[j])
	}
	for i := range t.N {
		for j, c := range cols {
			if v := c.Cell(i); v.Kind != tensor.CellNone && !v.IsNaN() {
				d.Keys = append(d.Keys, t.Names[j])
				d.Values = append(d.Values, v)
			}
		}
		d.Indptr = append(d.Indptr, len(d.Keys))
	}
	return tensor.Value{Dicts: d}, nil
}

// tokens gives rows of several texts; missing values are left out. Where names are wanted nothing but text is one.
func (t *Table) tokens(names bool) (tensor.Value, error) {
	if t.Value != nil && t.Value.Tokens != nil {
		return *t.Value, nil
	}
	if v := t.Value; v != nil && v.Dense != nil && len(v.Dense.Shape) == 1 {
		return tensor.Value{}, &Error{Row: -1, Msg: "a row is a list of texts: scikit-learn would take one text letter by letter, or refuse it"}
	}
	if err := t.Spread(); err != nil {
		return tensor.Value{}, err
	}
	if err := t.unread(); err != nil {
		return tensor.Value{}, err
	}
	k := &tensor.Tokens{Indptr: make([]int, 1, t.N+1)}
	for i := range t.N {
		for j := range t.Columns {
			v := t.Columns[j].Cell(i)
			if names && t.Columns[j].Text == nil && v.Kind != tensor.CellStr {
				return tensor.Value{}, &Error{Row: i, Msg: "feature names must be strings"}
			}
			if v.Kind != tensor.CellNone && !v.IsNaN() {
				k.Terms = append(k.Terms, v.String())
			}
		}
		k.Indptr = append(k.Indptr, len(k.Terms))
	}
	return tensor.Value{Tokens: k}, nil
}

// Spread turns a matrix, vector or mappings into columns. Sparse and ragged rows stay what they are.
func (t *Table) Spread() error {
	v := t.Value
	if v == nil {
		return nil
	}
	switch {
	case v.Dense != nil:
		x := v.Dense
		t.N = x.Rows()
		w := x.Cols()
		if w > maxColumns {
			return &Error{Row: -1, Msg: fmt.Sprintf("%d columns are more than %d", w, maxColumns), Err: larder.ErrLimit}
		}
		t.Columns = make([]Column, w)
		for j := range w {
			at := make([]int, t.N)
			for i := range at {
				at[i] = i*w + j
			}
			t.Columns[j].Tensor = sliceTensor(x.Reshape(x.Len()), at)
		}
	case v.Dicts != nil:
		d := v.Dicts
		t.N = v.Rows()
		at := map[string]int{}
		for _, k := range d.Keys {
			at[k] = -1
		}
		if cells := len(at) * t.N; cells > spreadCells && cells > 16*len(d.Keys) {
			return &Error{Row: -1, Msg: fmt.Sprintf("%d rows of %d names in all are too many to be columns", t.N, len(at)), Err: larder.ErrLimit}
		}
		for i := range t.N {
			for p := d.Indptr[i]; p < d.Indptr[i+1]; p++ {
				j := at[d.Keys[p]]
				if j < 0 {
					j = len(t.Names)
					at[d.Keys[p]] = j
					t.Names = append(t.Names, d.Keys[p])
					t.Columns = append(t.Columns, Column{Cells: make([]tensor.Cell, t.N)})
				}
				t.Columns[j].Cells[i] = d.Values[p]
			}
		}
	default:
		return nil
	}
	t.Value = nil
	return nil
}

// spreadCells is how many cells rows of names and values may become as columns, however few of them are given.
const spreadCells = 4_000_000

func nans(n int) *tensor.Tensor {
	t := tensor.New(tensor.Float64, n)
	for i := range t.F64 {
		t.F64[i] = math.NaN()
	}
	return t
}

// sliceTensor picks rows.
func sliceTensor(t *tensor.Tensor, rows []int) *tensor.Tensor {
	w := t.Cols()
	out := tensor.New(t.DType, append([]int{len(rows)}, t.Shape[1:]...)...)
	for i, r := range rows {
		switch t.DType.Storage() {
		case tensor.F64:
			copy(out.F64[i*w:], t.F64[r*w:(r+1)*w])
		case tensor.F32:
			copy(out.F32[i*w:], t.F32[r*w:(r+1)*w])
		case tensor.I64:
			copy(out.I64[i*w:], t.I64[r*w:(r+1)*w])
		case tensor.U8:
			copy(out.U8[i*w:], t.U8[r*w:(r+1)*w])
		case tensor.Str:
			copy(out.Str[i*w:], t.Str[r*w:(r+1)*w])
		case tensor.Cells:
			copy(out.Cells[i*w:], t.Cells[r*w:(r+1)*w])
		}
	}
	return out
}

// Head gives the first n rows, copied; n must not be more than there are.
func Head(v tensor.Value, n int) tensor.Value {
	at := make([]int, n)
	for i := range at {
		at[i] = i
	}
	return sliceValue(v, at)
}

func sliceValue(v tensor.Value, rows []int) tensor.Value {
	switch {
	case v.Dense != nil:
		return tensor.Value{Dense: sliceTensor(v.Dense, rows)}
	case v.CSR != nil:
		s := &tensor.Sparse{Rows: len(rows), Cols: v.CSR.Cols, Indptr: make([]int, 1, len(rows)+1)}
		var at []int
		for _, r := range rows {
			for p := v.CSR.Indptr[r]; p < v.CSR.Indptr[r+1]; p++ {
				at = append(at, p)
				s.Indices = append(s.Indices, v.CSR.Indices[p])
			}
			s.Indptr = append(s.Indptr, len(at))
		}
		s.Data = sliceTensor(v.CSR.Data, at)
		return tensor.Value{CSR: s}
	case v.Frame != nil:
		f := &tensor.Frame{Names: v.Frame.Names, N: len(rows)}
		for _, c := range v.Frame.Columns {
			f.Columns = append(f.Columns, sliceTensor(c, rows))
		}
		return tensor.Value{Frame: f}
	case v.Dicts != nil:
		d := &tensor.Dicts{Indptr: []int{0}}
		for _, r := range rows {
			d.Keys = append(d.Keys, v.Dicts.Keys[v.Dicts.Indptr[r]:v.Dicts.Indptr[r+1]]...)
			d.Values = append(d.Values, v.Dicts.Values[v.Dicts.Indptr[r]:v.Dicts.Indptr[r+1]]...)
			d.Indptr = append(d.Indptr, len(d.Keys))
		}
		return tensor.Value{Dicts: d}
	case v.Tokens != nil:
		k := &tensor.Tokens{Indptr: []int{0}}
		for _, r := range rows {
			k.Terms = append(k.Terms, v.Tokens.Terms[v.Tokens.Indptr[r]:v.Tokens.Indptr[r+1]]...)
			k.Indptr = append(k.Indptr, len(k.Terms))
		}
		return tensor.Value{Tokens: k}
	}
	return v
}

// Like is Match without its notes.
func (t *Table) Like(w *Want) (tensor.Value, error) {
	v, _, err := t.Match(w)
	return v, err
}
