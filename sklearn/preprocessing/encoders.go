package preprocessing

import (
	"errors"
	"fmt"
	"math"
	"strconv"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/sklearn/parts"
	"github.com/larder-ml/larder/tensor"
)

var encoderModules = []string{"sklearn.preprocessing._encoders", "sklearn.preprocessing.data"}

var encoderClasses = []sklearn.Class{
	{Name: "sklearn.preprocessing.OneHotEncoder", Modules: encoderModules,
		New:     func() sklearn.Estimator { return new(OneHotEncoder) },
		FitOnly: []string{"categories", "drop", "min_frequency", "max_categories"},
		Ignore:  []string{"drop_idx_", "_n_features_outs", "sparse", "n_values", "categorical_features", "_categories", "_n_values"},
		Upgrade: []sklearn.Rung{
			{Before: "0.20", Fix: func(s *sklearn.State) error {
				s.Rename("n_values_", "_n_values_")
				s.Rename("active_features_", "_active_features_")
				s.Rename("categorical_features", "_categorical_features")
				s.Drop("feature_indices_")
				s.Attrs.Set(pyobj.Str("_legacy_mode"), pyobj.Bool(true))
				return nil
			}},
			{Before: "1.1", Fix: func(s *sklearn.State) error {
				s.Drop("_feature_indices_")
				s.Default("_infrequent_enabled", pyobj.Bool(false))
				return nil
			}},
			{Before: "1.2", Fix: func(s *sklearn.State) error {
				s.Rename("sparse", "sparse_output")
				return nil
			}},
			{Before: "1.2.2", Fix: func(s *sklearn.State) error {
				s.Rename("drop_idx_", "_drop_idx_after_grouping")
				return nil
			}},
			{Before: "1.3", Fix: func(s *sklearn.State) error {
				s.Default("feature_name_combiner", pyobj.Str("concat"))
				return nil
			}}}},
	{Name: "sklearn.preprocessing.OrdinalEncoder", Modules: encoderModules,
		New:     func() sklearn.Estimator { return new(OrdinalEncoder) },
		FitOnly: []string{"categories", "min_frequency", "max_categories"},
		Ignore:  []string{"_categories"},
		Upgrade: []sklearn.Rung{
			{Before: "0.24", Fix: func(s *sklearn.State) error {
				s.Default("handle_unknown", pyobj.Str("error"))
				s.Default("unknown_value", pyobj.None{})
				return nil
			}},
			{Before: "1.0", Fix: func(s *sklearn.State) error {
				s.Default("_missing_indices", &pyobj.Dict{})
				return nil
			}},
			{Before: "1.1", Fix: func(s *sklearn.State) error {
				s.Default("encoded_missing_value", pyobj.Float(math.NaN()))
				return nil
			}},
			{Before: "1.3", Fix: func(s *sklearn.State) error {
				s.Default("_infrequent_enabled", pyobj.Bool(false))
				return nil
			}}}},
	{Name: "sklearn.preprocessing.TargetEncoder", Modules: []string{"sklearn.preprocessing._target_encoder"},
		New:     func() sklearn.Estimator { return new(TargetEncoder) },
		FitOnly: []string{"categories", "target_type", "smooth", "cv", "shuffle", "random_state"},
		Ignore:  []string{"_infrequent_enabled"}},
}

// mappings is _default_to_infrequent_mappings: per column the group of each category, nil for a column without groups.
type mappings [][]int

// UnmarshalPy reads a list of integer arrays and None.
func (m *mappings) UnmarshalPy(_ *sklearn.Binder, path string, v pyobj.Value) error {
	items, err := sklearn.Sequence(v)
	if err != nil {
		return err
	}
	for _, it := range items {
		if _, none := it.(pyobj.None); none {
			*m = append(*m, nil)
			continue
		}
		codes, err := sklearn.Sequence(it)
		if err != nil {
			return err
		}
		row := make([]int, len(codes))
		for i, c := range codes {
			if row[i], err = sklearn.Int(c); err != nil || row[i] < 0 || row[i] >= len(row) {
				return fmt.Errorf("%s: %s is no group of %d categories", path, sklearn.Describe(c), len(row))
			}
		}
		*m = append(*m, row)
	}
	return nil
}

// at returns the groups of column i, nil where there are none.
func (m mappings) at(i int) []int {
	if i < len(m) {
		return m[i]
	}
	return nil
}

// infrequent returns the number of the group of infrequent categories.
func infrequent(groups []int) int64 {
	last := 0
	for _, g := range groups {
		last = max(last, g)
	}
	return int64(last)
}

// encoder is what the encoders of columns share.
type encoder struct {
	Categories                 []*tensor.Tensor `sk:"categories_,text,optional"`
	PrivateInfrequentEnabled   bool             `sk:"_infrequent_enabled,optional"`
	PrivateInfrequentIndices   pyobj.Value      `sk:"_infrequent_indices,optional"`
	PrivateDefaultToInfrequent mappings         `sk:"_default_to_infrequent_mappings,optional"`
}

// bound checks the categories and drops groups that are not in use.
func (c *encoder) bound(e sklearn.Estimator) error {
	path := sklearn.Of(e).Path
	if c.Categories == nil {
		return &sklearn.BindError{Path: path, Attr: "categories_", Msg: "attribute is missing"}
	}
	for i, t := range c.Categories {
		c.Categories[i] = parts.Text(e, t)
		if len(t.Shape) != 1 || t.Len() == 0 {
			return &sklearn.BindError{Path: path, Attr: "categories_", Msg: fmt.Sprintf("item %d has shape %v", i, t.Shape)}
		}
	}
	if !c.PrivateInfrequentEnabled {
		c.PrivateDefaultToInfrequent = nil
	} else if len(c.PrivateDefaultToInfrequent) != len(c.Categories) {
		return &sklearn.BindError{Path: path, Attr: "_default_to_infrequent_mappings", Msg: "does not fit categories_"}
	}
	return nil
}

// nanRefused reports releases that refuse NaN; None is a value as any other to them.
func nanRefused(e sklearn.Estimator) bool {
	if _, ordinal := e.(*OrdinalEncoder); ordinal {
		return sklearn.Of(e).Before("1.0")
	}
	return sklearn.Of(e).Before("0.24")
}

// input checks x and that numbers do not meet tables of text.
func (c *encoder) input(b *graph.Builder, e sklearn.Estimator, x graph.Value) graph.Value {
	x = sklearn.Check(b, e, x, sklearn.Accept{DType: sklearn.DTypeAny, NaN: !nanRefused(e), Width: len(c.Categories)})
	if !x.OK() {
		return x
	}
	t := x.Type()
	if t.Kind == graph.Frame && sklearn.Of(e).Before("0.21") && !sklearn.NumericFrame(t) {
		return x // as objects
	}
	for i, cats := range c.Categories {
		d := t.DType
		if t.Kind == graph.Frame {
			d = t.Columns[i].DType
		}
		if d == tensor.Float16 && sklearn.Of(e).Before("1.6") && !halves(cats) {
			return b.Unsupported("", "column %d is float16 and the categories are not: whether numpy compares them as float16 depends on its release and on how many rows there are", i)
		}
		if d == tensor.Bool && cats.DType == tensor.String && !sklearn.Of(e).Before("1.6") {
			continue // they are compared as objects
		}
		if d.IsNumeric() && !anyNumber(cats) {
			return b.Refuse("column %d holds numbers, the categories are text: ufunc 'isnan' not supported for the input types", i)
		}
		// A frame's columns may stand for those of an array of objects, as an imputer makes of a mixed frame.
		if t.Kind != graph.Frame && d.IsNumeric() && d != tensor.Bool && cats.DType == tensor.Object && !sklearn.Of(e).Before("0.24") {
			return b.Refuse("column %d holds numbers, the categories are objects: ufunc 'isnan' not supported for the input types", i)
		}
	}
	return x
}

// halves reports categories that float16 holds.
func halves(t *tensor.Tensor) bool {
	for i := range t.Len() {
		if f, ok := t.Float(i); ok && !math.IsNaN(f) && float64(tensor.Half(f)) != f {
			return false
		}
	}
	return true
}

func anyNumber(t *tensor.Tensor) bool {
	if t.DType != tensor.Object {
		return t.DType.IsNumeric()
	}
	for _, c := range t.Cells {
		if _, ok := c.Float(); ok && !c.IsNaN() {
			return true
		}
	}
	return false
}

func allNumbers(t *tensor.Tensor) bool {
	for i := range t.Len() {
		if _, ok := t.Float(i); !ok {
			return false
		}
	}
	return t.Len() > 0
}

// replaced refuses what scikit-learn can not encode: where unknown values are let through it writes the first category in
// their place, as the column's own type, which may be none of the categories: a number in a column of text, or in one of
// truth values. Releases 0.22 to 1.5 did not look at truth values again.
func (c *encoder) replaced(b *graph.Builder, e sklearn.Estimator, x graph.Value) graph.Value {
	if !x.OK() {
		return x
	}
	t := x.Type()
	for i, cats := range c.Categories {
		dt := t.DType
		if t.Kind == graph.Frame {
			dt = t.Columns[i].DType
		}
		if !allNumbers(cats) {
			continue
		}
		if t.Kind == graph.Dense && dt == tensor.String && cats.DType.IsNumeric() {
			return b.Refuse("column %d holds text, the categories are numbers: y contains previously unseen labels: np.str_(%s)", i, tensor.StrCell(categoryName(cats, 0)).Repr())
		}
		if base := sklearn.Of(e); dt != tensor.Bool || base.Before("1.6") && !base.Before("0.22") {
			continue
		}
		known := map[bool]bool{}
		for j := range cats.Len() {
			if f, _ := cats.Float(j); f == 0 || f == 1 {
				known[f == 1] = true
			}
		}
		first, _ := cats.Float(0)
		put := first != 0
		if known[put] {
			continue
		}
		col := b.Column(x, i)
		unknown := col
		if !put {
			unknown = b.Unary(graph.OpNot, col)
		}
		word := "np.False_"
		if put {
			word = "np.True_"
		}
		if !known[!put] {
			unknown = b.Binary(graph.OpOr, col, b.Unary(graph.OpNot, col))
		}
		x = b.Guard(x, unknown, "y contains previously unseen labels: "+word)
	}
	return x
}

const unknownWords = "Found unknown categories {unknown} in column {column} during transform"

// describe tells the columns' categories.
func (c *encoder) describe(e sklearn.Estimator, in *sklearn.Input, unknown bool) *sklearn.Input {
	for i, col := range in.Columns {
		if i >= len(c.Categories) {
			break
		}
		cats := c.Categories[i]
		col.OneOf(cats)
		col.Unknown = col.Unknown || unknown
		col.None = col.None || !col.Missing && nanRefused(e)
		for j := range cats.Len() {
			if v := cats.Cell(j); v.IsNaN() || v.Kind == tensor.CellNone {
				col.Missing = true
			}
		}
	}
	return nil
}

// categoryName is Python's str() of a category.
func categoryName(t *tensor.Tensor, i int) string {
	if d := t.DType; d == tensor.Float32 || d == tensor.Float16 {
		f := float64(t.F32[i])
		if s, err := strconv.ParseFloat(strconv.FormatFloat(f, 'g', -1, 32), 64); err == nil {
			f = s
		}
		return tensor.FormatFloat(f)
	}
	return t.Cell(i).String()
}

// Infrequent is the name scikit-learn gives the group of infrequent categories.
const infrequentName = "infrequent_sklearn"

// OneHotEncoder is sklearn.preprocessing.OneHotEncoder. Its legacy mode (before 0.22: columns of non-negative integers,
// unseen ones below the largest give zeros) is read too.
type OneHotEncoder struct {
	sklearn.Base
	encoder
	HandleUnknownParam       string      `sk:"handle_unknown"`
	SparseOutputParam        bool        `sk:"sparse_output"`
	DTypeParam               parts.DType `sk:"dtype"`
	FeatureNameCombinerParam pyobj.Value `sk:"feature_name_combiner"`
	PrivateDropIdx           []*int      `sk:"_drop_idx_after_grouping,optional"`

	PrivateLegacyMode          bool        `sk:"_legacy_mode,optional"`
	PrivateNValues             []int       `sk:"_n_values_,optional"`
	PrivateActiveFeatures      []int       `sk:"_active_features_,optional"`
	PrivateCategoricalFeatures pyobj.Value `sk:"_categorical_features,optional"`
}

var (
	_ sklearn.Transformer        = (*OneHotEncoder)(nil)
	_ sklearn.InverseTransformer = (*OneHotEncoder)(nil)
	_ sklearn.FeatureNamer       = (*OneHotEncoder)(nil)
	_ sklearn.Availabler         = (*OneHotEncoder)(nil)
	_ sklearn.InputDescriber     = (*OneHotEncoder)(nil)
)

// Bound checks the tables.
func (e *OneHotEncoder) Bound(*sklearn.Binder) error {
	switch e.HandleUnknownParam {
	case "error", "ignore", "infrequent_if_exist", "warn":
	default:
		return &sklearn.BindError{Path: e.Path, Attr: "handle_unknown", Msg: fmt.Sprintf("%q is not known", e.HandleUnknownParam)}
	}
	if !e.DTypeParam.IsNumeric() {
		return &sklearn.BindError{Path: e.Path, Attr: "dtype", Msg: "no number type"}
	}
	if e.PrivateLegacyMode {
		for _, n := range e.PrivateNValues {
			if n < 0 || n > 1<<24 {
				return &sklearn.BindError{Path: e.Path, Attr: "n_values_", Msg: fmt.Sprintf("%d categories", n)}
			}
		}
		if len(e.Categories) == 0 { // until 0.19 there were none
			return nil
		}
	}
	if err := e.bound(e); err != nil || e.PrivateLegacyMode {
		return err
	}
	if e.PrivateDropIdx != nil && len(e.PrivateDropIdx) != len(e.Categories) {
		return &sklearn.BindError{Path: e.Path, Attr: "drop_idx_", Msg: "does not fit categories_"}
	}
	for i, cats := range e.Categories {
		if groups := e.PrivateDefaultToInfrequent.at(i); groups != nil && len(groups) != cats.Len() {
			return &sklearn.BindError{Path: e.Path, Attr: "_default_to_infrequent_mappings", Msg: fmt.Sprintf("item %d has %d groups for %d categories", i, len(groups), cats.Len())}
		}
		if d := e.drop(i); d >= e.groups(i) {
			return &sklearn.BindError{Path: e.Path, Attr: "drop_idx_", Msg: fmt.Sprintf("item %d is %d", i, d)}
		}
	}
	if e.NFeaturesIn == 0 {
		e.NFeaturesIn = len(e.Categories)
	}
	return nil
}

// Available refuses the inverse of the legacy mode where no categories are stored.
func (e *OneHotEncoder) Available(method string) error {
	if method == sklearn.MethodInverseTransform && e.PrivateLegacyMode && len(e.Categories) == 0 {
		return errors.New("the legacy mode of before 0.20 has no inverse")
	}
	return nil
}

// groups returns the number of categories of column i, infrequent ones counted as one.
func (e *OneHotEncoder) groups(i int) int {
	if g := e.PrivateDefaultToInfrequent.at(i); g != nil {
		return int(infrequent(g)) + 1
	}
	return e.Categories[i].Len()
}

// drop returns the group that is dropped, -1 for none.
func (e *OneHotEncoder) drop(i int) int {
	if e.PrivateDropIdx == nil || e.PrivateDropIdx[i] == nil {
		return -1
	}
	return *e.PrivateDropIdx[i]
}

// column turns a group into its column inside the block, -1 where it is dropped.
func (e *OneHotEncoder) column(i, group int) int64 {
	switch d := e.drop(i); {
	case group == d:
		return -1
	case d >= 0 && group > d:
		return int64(group - 1)
	}
	return int64(group)
}

// widths returns the number of columns of each block.
func (e *OneHotEncoder) widths() []int {
	w := make([]int, len(e.Categories))
	for i := range w {
		w[i] = e.groups(i)
		if e.drop(i) >= 0 {
			w[i]--
		}
	}
	return w
}

// Transform gives one block of columns per input column.
func (e *OneHotEncoder) Transform(b *graph.Builder, x graph.Value) graph.Value {
	if e.Output != "" && e.SparseOutputParam {
		return b.Refuse("Pandas output does not support sparse data. Set sparse_output=False to output pandas dataframes or disable Pandas output via` ohe.set_output(transform=\"default\").")
	}
	if e.PrivateLegacyMode {
		return e.legacy(b, x)
	}
	x = e.input(b, e, x)
	return e.encode(b, x, e.DTypeParam.DType)
}

// encode gives the blocks in a dtype of the caller's choice.
func (e *OneHotEncoder) encode(b *graph.Builder, x graph.Value, dtype tensor.DType) graph.Value {
	a := graph.CategoryAttr{Keys: e.Categories, Words: unknownWords}
	unknown := tensor.New(tensor.Int64, len(e.Categories))
	for i, cats := range e.Categories {
		codes := tensor.New(tensor.Int64, cats.Len())
		groups := e.PrivateDefaultToInfrequent.at(i)
		for j := range codes.I64 {
			g := j
			if groups != nil {
				g = groups[j]
			}
			codes.I64[j] = e.column(i, g)
		}
		a.Values = append(a.Values, codes)
		unknown.I64[i] = -1
		// Before 1.8 "warn" left the block of an unknown category empty.
		if groups != nil && (e.HandleUnknownParam == "infrequent_if_exist" || e.HandleUnknownParam == "warn" && !e.Before("1.8")) {
			unknown.I64[i] = e.column(i, int(infrequent(groups)))
		}
	}
	if e.HandleUnknownParam != "error" {
		a.Default = unknown
		x = e.replaced(b, e, x)
	}
	out := b.OneHot(b.Category(x, a), e.widths(), dtype)
	if !e.SparseOutputParam {
		return b.ToDense(out)
	}
	return out
}

// legacy is the transform of releases before 0.22 for integers.
func (e *OneHotEncoder) legacy(b *graph.Builder, x graph.Value) graph.Value {
	x = sklearn.Check(b, e, x, sklearn.Accept{DType: sklearn.DTypeFloat})
	if !x.OK() {
		return x
	}
	selected, rest, err := e.selected(x.Width())
	if err != nil {
		return b.Fail(err)
	}
	if len(selected) == 0 {
		return x
	}
	if len(selected) != len(e.PrivateNValues) {
		return b.Refuse("X has different shape than during fitting. Expected %d, got %d.", len(e.PrivateNValues), len(selected))
	}
	codes := b.Cast(b.Gather(x, selected), tensor.Int64)
	codes = b.NonNegative(codes, "X needs to contain only non-negative integers.")
	a := graph.CategoryAttr{Words: "unknown categorical feature present {unknown} during transform."}
	widths := make([]int, len(e.PrivateNValues))
	base, active := 0, 0
	for i, n := range e.PrivateNValues {
		keys, values := tensor.New(tensor.Int64, n), tensor.New(tensor.Int64, n)
		for j := range n {
			keys.I64[j], values.I64[j] = int64(j), int64(j)
			if e.PrivateActiveFeatures == nil {
				widths[i]++
				continue
			}
			if values.I64[j] = -1; active < len(e.PrivateActiveFeatures) && e.PrivateActiveFeatures[active] == base+j {
				values.I64[j] = int64(widths[i])
				widths[i]++
				active++
			}
		}
		base += n
		a.Keys, a.Values = append(a.Keys, keys), append(a.Values, values)
	}
	if e.HandleUnknownParam != "error" {
		a.Default = tensor.New(tensor.Int64, len(widths))
		for i := range widths {
			a.Default.I64[i] = -1
		}
	}
	out := b.OneHot(b.Category(codes, a), widths, e.DTypeParam.DType)
	if !e.SparseOutputParam {
		out = b.ToDense(out)
	}
	if len(rest) == 0 {
		return out
	}
	return b.HStack(e.SparseOutputParam, out, b.Gather(x, rest))
}

// selected reads categorical_features: "all", a mask or indices.
func (e *OneHotEncoder) selected(width int) (in, out []int, err error) {
	chosen := make([]bool, width)
	if s, ok := sklearn.Text(e.PrivateCategoricalFeatures); ok || e.PrivateCategoricalFeatures == nil {
		if s != "all" && s != "" {
			return nil, nil, &sklearn.BindError{Path: e.Path, Attr: "categorical_features", Msg: fmt.Sprintf("%q is not known", s)}
		}
		for i := range chosen {
			chosen[i] = true
		}
	} else {
		t, err := sklearn.Tensor(e.PrivateCategoricalFeatures)
		if err != nil || !t.DType.IsNumeric() {
			return nil, nil, &sklearn.BindError{Path: e.Path, Attr: "categorical_features", Msg: "no mask and no list of columns"}
		}
		for i := range t.Len() {
			f, _ := t.Float(i)
			switch j := int(f); {
			case t.DType == tensor.Bool && i < width:
				chosen[i] = f != 0
			case t.DType != tensor.Bool && j >= -width && j < width:
				chosen[(j+width)%width] = true
			default:
				return nil, nil, &sklearn.BindError{Path: e.Path, Attr: "categorical_features", Msg: fmt.Sprintf("no column %d", j)}
			}
		}
	}
	for i, c := range chosen {
		if c {
			in = append(in, i)
		} else {
			out = append(out, i)
		}
	}
	return in, out, nil
}

// names returns the categories of column i as they are grouped and kept, with the number of the group.
func (e *OneHotEncoder) kept(i int, dropped bool) (cells []tensor.Cell, names []string) {
	groups := e.PrivateDefaultToInfrequent.at(i)
	cats := e.Categories[i]
	last := infrequent(groups)
	for j := range cats.Len() {
		if groups != nil && groups[j] == int(last) {
			continue
		}
		cells, names = append(cells, cats.Cell(j)), append(names, categoryName(cats, j))
	}
	if groups != nil {
		cells, names = append(cells, tensor.StrCell(infrequentName)), append(names, infrequentName)
	}
	if d := e.drop(i); d >= 0 && !dropped {
		cells = append(cells[:d:d], cells[d+1:]...)
		names = append(names[:d:d], names[d+1:]...)
	}
	return cells, names
}

// InverseTransform takes the first largest entry of each block.
func (e *OneHotEncoder) InverseTransform(b *graph.Builder, x graph.Value) graph.Value {
	x = b.ToDense(sklearn.Check(b, e, x, sklearn.Accept{Sparse: true, Array: true}))
	if !x.OK() {
		return x
	}
	widths, sum := e.widths(), 0
	for _, w := range widths {
		sum += w
	}
	if got := x.Width(); got != sum {
		return b.Refuse("Shape of the passed X data is not correct. Expected %d columns, got %d.", sum, got)
	}
	var cols []graph.Value
	at := 0
	for i, w := range widths {
		index := make([]int, w)
		for j := range index {
			index[j] = at + j
		}
		at += w
		cols = append(cols, e.inverse(b, i, b.Gather(x, index)))
	}
	return matrix(b, cols)
}

// matrix puts columns into one array: of text where all are text, of objects where there is anything but numbers.
func matrix(b *graph.Builder, cols []graph.Value) graph.Value {
	x := b.HStack(false, cols...)
	if !x.OK() || x.Type().Kind != graph.Frame {
		return x
	}
	d := tensor.String
	for _, c := range x.Type().Columns {
		if c.DType != tensor.String {
			d = tensor.Object
		}
	}
	return b.Cast(x, d)
}

// inverse turns a block back into its column.
func (e *OneHotEncoder) inverse(b *graph.Builder, i int, block graph.Value) graph.Value {
	cells, _ := e.kept(i, false)
	all, _ := e.kept(i, true)
	groups := e.PrivateDefaultToInfrequent.at(i)
	drop := e.drop(i)
	original := func(j int) tensor.Cell { return e.Categories[i].Cell(j) }
	if len(cells) == 0 {
		zero := b.Cast(b.RowSum(block, graph.Pairwise), tensor.Int64)
		return b.Labels(zero, column(e.Categories[i].DType, []tensor.Cell{original(drop)}))
	}
	code := b.ArgMax(block)
	empty := b.Binary(graph.OpEqual, b.RowSum(block, graph.Pairwise), b.Scalar(0, block))
	ignore := e.HandleUnknownParam == "ignore" || (e.HandleUnknownParam != "error" && groups == nil)
	switch {
	case ignore && drop < 0:
		cells = append(cells[:len(cells):len(cells)], tensor.Cell{})
	case ignore:
		cells = append(cells[:len(cells):len(cells)], original(drop))
	case e.PrivateDropIdx == nil:
		code = b.Guard(code, empty, "Samples can not be inverted when drop=None and handle_unknown='error' because they contain all zeros")
	case drop < 0:
		// numpy's X_tr[dropped, i] = transformed_features[i][None] fails on its shape.
		code = b.Guard(code, empty, "shape mismatch: a row of zeros in a block of which no category was dropped")
	default:
		cells = append(cells[:len(cells):len(cells)], all[drop])
	}
	last := b.Const(&tensor.Tensor{DType: tensor.Int64, Shape: []int{}, I64: []int64{int64(len(cells) - 1)}})
	if ignore || drop >= 0 {
		code = b.Where(empty, last, code)
	}
	return b.Labels(code, column(e.Categories[i].DType, cells))
}

// column makes a table of cells, of the dtype they come from where all fit it.
func column(d tensor.DType, cells []tensor.Cell) *tensor.Tensor {
	out := tensor.New(d, len(cells))
	for i, c := range cells {
		f, number := c.Float()
		switch d.Storage() {
		case tensor.F64:
			if out.F64[i] = f; !number {
				return tensor.FromCells(cells)
			}
		case tensor.F32:
			if out.F32[i] = float32(f); !number {
				return tensor.FromCells(cells)
			}
		case tensor.I64:
			if out.I64[i] = c.I; !number {
				return tensor.FromCells(cells)
			}
		case tensor.U8:
			if out.U8[i] = uint8(c.I); !number {
				return tensor.FromCells(cells)
			}
		case tensor.Str:
			if out.Str[i] = c.S; c.Kind != tensor.CellStr {
				return tensor.FromCells(cells)
			}
		default:
			out.Cells[i] = c
		}
	}
	return out
}

// FeatureNamesOut joins the column's name and the category.
func (e *OneHotEncoder) FeatureNamesOut(in []string) ([]string, error) {
	if s, ok := sklearn.Text(e.FeatureNameCombinerParam); !ok || s != "concat" {
		return nil, &sklearn.BindError{Path: e.Path, Attr: "feature_name_combiner", Msg: "a function names the features"}
	}
	if e.PrivateLegacyMode {
		return nil, &sklearn.MethodError{Path: e.Path, Class: e.Name(), Method: "get_feature_names_out", Why: errors.New("the legacy mode names no features")}
	}
	in, err := oneToOne(e, in)
	if err != nil {
		return nil, err
	}
	out := []string{}
	for i := range e.Categories {
		_, names := e.kept(i, false)
		for _, n := range names {
			out = append(out, in[i]+"_"+n)
		}
	}
	return out, nil
}

// DescribeInput knows the categories.
func (e *OneHotEncoder) DescribeInput(in *sklearn.Input) *sklearn.Input {
	if e.PrivateLegacyMode {
		in.Numeric()
		return nil
	}
	return e.describe(e, in, e.HandleUnknownParam != "error")
}

// OrdinalEncoder is sklearn.preprocessing.OrdinalEncoder.
type OrdinalEncoder struct {
	sklearn.Base
	encoder
	HandleUnknownParam       string      `sk:"handle_unknown"`
	UnknownValueParam        *float64    `sk:"unknown_value,optional"`
	EncodedMissingValueParam float64     `sk:"encoded_missing_value"`
	DTypeParam               parts.DType `sk:"dtype"`
	PrivateMissingIndices    missing     `sk:"_missing_indices"`
}

// missing is _missing_indices: by column, the code of NaN.
type missing map[int]int

// UnmarshalPy reads a dict of integers.
func (m *missing) UnmarshalPy(_ *sklearn.Binder, path string, v pyobj.Value) error {
	d, ok := v.(*pyobj.Dict)
	if !ok {
		return fmt.Errorf("%s, wanted a dict", sklearn.Describe(v))
	}
	*m = missing{}
	for _, e := range d.Entries {
		k, err := sklearn.Int(e.Key)
		if err != nil {
			return err
		}
		if (*m)[k], err = sklearn.Int(e.Value); err != nil {
			return err
		}
	}
	return nil
}

var (
	_ sklearn.Transformer        = (*OrdinalEncoder)(nil)
	_ sklearn.InverseTransformer = (*OrdinalEncoder)(nil)
	_ sklearn.FeatureNamer       = (*OrdinalEncoder)(nil)
	_ sklearn.InputDescriber     = (*OrdinalEncoder)(nil)
)

// Bound checks the tables.
func (e *OrdinalEncoder) Bound(*sklearn.Binder) error {
	switch e.HandleUnknownParam {
	case "error":
	case "use_encoded_value":
		if e.UnknownValueParam == nil {
			return &sklearn.BindError{Path: e.Path, Attr: "unknown_value", Msg: "None, wanted a number"}
		}
	default:
		return &sklearn.BindError{Path: e.Path, Attr: "handle_unknown", Msg: fmt.Sprintf("%q is not known", e.HandleUnknownParam)}
	}
	if !e.DTypeParam.IsNumeric() {
		return &sklearn.BindError{Path: e.Path, Attr: "dtype", Msg: "no number type"}
	}
	if err := e.bound(e); err != nil {
		return err
	}
	for i, j := range e.PrivateMissingIndices {
		if i < 0 || i >= len(e.Categories) || j < 0 || j >= e.Categories[i].Len() {
			return &sklearn.BindError{Path: e.Path, Attr: "_missing_indices", Msg: fmt.Sprintf("no category %d in column %d", j, i)}
		}
	}
	if e.NFeaturesIn == 0 {
		e.NFeaturesIn = len(e.Categories)
	}
	return nil
}

// code returns what category j of column i becomes.
func (e *OrdinalEncoder) code(i, j int) float64 {
	if m, ok := e.PrivateMissingIndices[i]; ok && m == j {
		return e.EncodedMissingValueParam
	}
	if g := e.PrivateDefaultToInfrequent.at(i); g != nil && j < len(g) {
		return float64(g[j])
	}
	return float64(j)
}

// Transform looks the codes up.
func (e *OrdinalEncoder) Transform(b *graph.Builder, x graph.Value) graph.Value {
	x = e.input(b, e, x)
	a := graph.CategoryAttr{Keys: e.Categories, Words: unknownWords}
	for i, cats := range e.Categories {
		codes := make([]float64, cats.Len())
		for j := range codes {
			codes[j] = e.code(i, j)
		}
		a.Values = append(a.Values, numbers(e.DTypeParam.DType, codes))
	}
	if e.HandleUnknownParam != "error" {
		x = e.replaced(b, e, x)
		def := make([]float64, len(e.Categories))
		for i := range def {
			def[i] = *e.UnknownValueParam
		}
		a.Default = numbers(e.DTypeParam.DType, def)
	}
	return b.Category(x, a)
}

// numbers makes a vector of a numeric dtype.
func numbers(d tensor.DType, v []float64) *tensor.Tensor {
	t := tensor.New(d, len(v))
	for i, f := range v {
		switch d.Storage() {
		case tensor.F64:
			t.F64[i] = f
		case tensor.F32:
			t.F32[i] = float32(f)
		case tensor.I64:
			t.I64[i] = wrap(d, int64(f))
		case tensor.U8:
			if f != 0 {
				t.U8[i] = 1
			}
		}
	}
	return t
}

// wrap keeps the bits of an integer that its dtype holds.
func wrap(d tensor.DType, i int64) int64 {
	switch d {
	case tensor.Int32:
		return int64(int32(i))
	case tensor.Int16:
		return int64(int16(i))
	case tensor.Int8:
		return int64(int8(i))
	case tensor.Uint32:
		return int64(uint32(i))
	case tensor.Uint16:
		return int64(uint16(i))
	case tensor.Uint8:
		return int64(uint8(i))
	}
	return i
}

// InverseTransform gives the categories back: codes are truncated to integers, negative ones count from the end.
func (e *OrdinalEncoder) InverseTransform(b *graph.Builder, x graph.Value) graph.Value {
	x = sklearn.Check(b, e, x, sklearn.Accept{NaN: true, Array: true})
	if !x.OK() {
		return x
	}
	if got, want := x.Width(), len(e.Categories); got != want {
		return b.Refuse("Shape of the passed X data is not correct. Expected %d columns, got %d.", want, got)
	}
	var cols []graph.Value
	for i := range e.Categories {
		cols = append(cols, e.inverse(b, i, b.Column(x, i)))
	}
	return matrix(b, cols)
}

// inverse turns one column of codes back. Steps and their order are scikit-learn's, which does not reckon with a
// missing category beside infrequent ones.
func (e *OrdinalEncoder) inverse(b *graph.Builder, i int, code graph.Value) graph.Value {
	if !code.OK() {
		return code
	}
	cats := e.Categories[i]
	is := func(code graph.Value, v float64) graph.Value {
		if !math.IsNaN(v) {
			return b.Binary(graph.OpEqual, code, b.Scalar(v, code))
		}
		if !code.DType().IsFloat() {
			return b.Binary(graph.OpLess, code, code) // never
		}
		return b.Unary(graph.OpIsNaN, code)
	}
	whole := func(n int) graph.Value {
		return b.Const(&tensor.Tensor{DType: tensor.Int64, Shape: []int{}, I64: []int64{int64(n)}})
	}
	if m, ok := e.PrivateMissingIndices[i]; ok {
		code = b.Cast(b.Where(is(code, e.EncodedMissingValueParam), b.Scalar(float64(m), code), code), code.DType())
	}
	groups := e.PrivateDefaultToInfrequent.at(i)
	last := int(infrequent(groups))
	var cells []tensor.Cell
	for j := range cats.Len() {
		if groups == nil || j >= len(groups) || groups[j] != last {
			cells = append(cells, cats.Cell(j))
		}
	}
	n := len(cells)
	index := code
	if code.DType().IsFloat() {
		index = b.Where(b.Unary(graph.OpIsNaN, code), b.Scalar(math.MinInt32, code), code)
	}
	index = b.Cast(index, tensor.Int64)
	index = b.Where(b.Binary(graph.OpLess, index, whole(0)), b.Add(index, whole(n)), index)
	out := b.Binary(graph.OpOr, b.Binary(graph.OpLess, index, whole(0)), b.Binary(graph.OpGreaterOrEqual, index, whole(n)))
	// set puts a cell of its own where a condition holds, whatever the index is there.
	set := func(where graph.Value, c tensor.Cell) {
		cells = append(cells, c)
		index = b.Where(where, whole(len(cells)-1), index)
		out = b.Binary(graph.OpAnd, out, b.Unary(graph.OpNot, where))
	}
	if e.HandleUnknownParam != "error" && !(math.IsNaN(*e.UnknownValueParam) && e.Before("1.2")) { // NaN equalled nothing
		set(is(code, *e.UnknownValueParam), tensor.Cell{})
	}
	if groups != nil {
		set(is(code, float64(cats.Len()-infrequentCount(groups, last))), tensor.StrCell(infrequentName))
	}
	index = b.Guard(index, out, fmt.Sprintf("index is out of bounds for axis 0 with size %d", n))
	return b.Labels(index, column(cats.DType, cells))
}

func infrequentCount(groups []int, last int) int {
	n := 0
	for _, g := range groups {
		if g == last {
			n++
		}
	}
	return n
}

// FeatureNamesOut keeps the names.
func (e *OrdinalEncoder) FeatureNamesOut(in []string) ([]string, error) { return oneToOne(e, in) }

// DescribeInput knows the categories.
func (e *OrdinalEncoder) DescribeInput(in *sklearn.Input) *sklearn.Input {
	return e.describe(e, in, e.HandleUnknownParam != "error")
}

// TargetEncoder is sklearn.preprocessing.TargetEncoder.
type TargetEncoder struct {
	sklearn.Base
	encoder
	TargetType string           `sk:"target_type_"`
	Encodings  []*tensor.Tensor `sk:"encodings_"`
	TargetMean *tensor.Tensor   `sk:"target_mean_"`
	Classes    *tensor.Tensor   `sk:"classes_,text,optional"`
}

var (
	_ sklearn.Transformer    = (*TargetEncoder)(nil)
	_ sklearn.FeatureNamer   = (*TargetEncoder)(nil)
	_ sklearn.InputDescriber = (*TargetEncoder)(nil)
)

// Bound checks the tables.
func (e *TargetEncoder) Bound(*sklearn.Binder) error {
	if err := e.bound(e); err != nil {
		return err
	}
	k := e.classes()
	if len(e.Encodings) != k*len(e.Categories) || e.TargetMean.Len() != k {
		return &sklearn.BindError{Path: e.Path, Attr: "encodings_", Msg: "does not fit categories_ and classes_"}
	}
	for i, t := range e.Encodings {
		if t.Len() != e.Categories[i/k].Len() || t.AsF64() == nil {
			return &sklearn.BindError{Path: e.Path, Attr: "encodings_", Msg: fmt.Sprintf("item %d does not fit its categories", i)}
		}
	}
	return nil
}

// classes returns the number of output columns per input column.
func (e *TargetEncoder) classes() int {
	if e.TargetType == "multiclass" && e.Classes != nil {
		return e.Classes.Len()
	}
	return 1
}

// Transform looks the encodings up; unknown categories get the mean of the target.
func (e *TargetEncoder) Transform(b *graph.Builder, x graph.Value) graph.Value {
	x = e.replaced(b, e, e.input(b, e, x))
	k := e.classes()
	a := graph.CategoryAttr{}
	var index []int
	mean := make([]float64, 0, len(e.Encodings))
	for i, t := range e.Encodings {
		index = append(index, i/k)
		a.Keys = append(a.Keys, e.Categories[i/k])
		a.Values = append(a.Values, tensor.FromF64(t.AsF64()))
		m, _ := e.TargetMean.Float(i % k)
		mean = append(mean, m)
	}
	a.Default = tensor.FromF64(mean)
	return b.Category(b.Gather(x, index), a)
}

// FeatureNamesOut keeps the names, with the class where there are several columns for one.
func (e *TargetEncoder) FeatureNamesOut(in []string) ([]string, error) {
	in, err := oneToOne(e, in)
	if err != nil || e.TargetType != "multiclass" {
		return in, err
	}
	out := []string{}
	for _, n := range in {
		for j := range e.Classes.Len() {
			out = append(out, n+"_"+categoryName(e.Classes, j))
		}
	}
	return out, nil
}

// DescribeInput knows the categories.
func (e *TargetEncoder) DescribeInput(in *sklearn.Input) *sklearn.Input {
	return e.describe(e, in, true)
}
