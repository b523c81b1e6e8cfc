package compose

import (
	"fmt"
	"slices"
	"strings"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/tensor"
)

var columnClasses = []sklearn.Class{
	{Name: "sklearn.compose.ColumnTransformer", Modules: []string{"sklearn.compose._column_transformer"},
		New:     func() sklearn.Estimator { return new(ColumnTransformer) },
		FitOnly: []string{"transformers", "remainder", "sparse_threshold", "force_int_remainder_cols"},
		Ignore:  []string{"_columns", "_name_to_fitted_passthrough", "_has_str_cols", "_df_columns"},
		Upgrade: []sklearn.Rung{
			{Before: "1.0", Fix: func(s *sklearn.State) error {
				s.Rename("_feature_names_in", "feature_names_in_")
				if v := s.Attrs.Get("feature_names_in_"); v == nil || v == pyobj.Value(pyobj.None{}) {
					if _, err := sklearn.Strings(s.Attrs.Get("_df_columns")); err == nil { // before 0.22.1
						s.Attrs.Set(pyobj.Str("feature_names_in_"), s.Attrs.Get("_df_columns"))
					}
				}
				s.Default("verbose_feature_names_out", pyobj.Bool(true))
				return nil
			}},
			{Before: "1.4", Fix: func(s *sklearn.State) error {
				s.Rename("_n_features", "n_features_in_")
				s.Drop("_n_features")
				return nil
			}}}},
}

// Branch is one item of transformers_. Estimator is nil where Pass or Drop is set.
type Branch struct {
	Name       string
	Estimator  sklearn.Estimator
	Pass, Drop bool
	Columns    Key

	raw pyobj.Value // the transformer, which is bound only where the branch takes columns
	at  string
}

// Branches is transformers_.
type Branches []Branch

// UnmarshalPy reads a list of (name, transformer, columns).
func (bs *Branches) UnmarshalPy(_ *sklearn.Binder, path string, v pyobj.Value) error {
	items, err := sklearn.Sequence(v)
	if err != nil {
		return err
	}
	for i, it := range items {
		at := fmt.Sprintf("%s[%d]", path, i)
		p, err := sklearn.Sequence(it)
		if err != nil || len(p) != 3 {
			return &sklearn.BindError{Path: at, Msg: "not a triple of name, transformer and columns"}
		}
		br := Branch{}
		var ok bool
		if br.Name, ok = sklearn.Text(p[0]); !ok {
			return &sklearn.BindError{Path: at, Msg: "name is no text"}
		}
		if word, ok := sklearn.Text(p[1]); ok {
			br.Pass, br.Drop = word == "passthrough", word == "drop"
			if !br.Pass && !br.Drop {
				return &sklearn.BindError{Path: at, Msg: fmt.Sprintf("%q is no transformer", word)}
			}
		} else {
			br.raw, br.at = p[1], at
		}
		if br.Columns, err = readKey(p[2]); err != nil {
			return &sklearn.BindError{Path: at, Msg: err.Error()}
		}
		*bs = append(*bs, br)
	}
	return nil
}

// Key says which columns a branch takes: one of Index, Names, Mask and the slices.
type Key struct {
	Scalar bool // one column, handed over one-dimensional
	Index  []int
	Names  []string
	Mask   []bool
	Slice  *slice
	opaque bool // no list Larder can read: the positions stand beside it
}

// slice is a Python slice of positions or of names, of which both ends are taken.
type slice struct {
	start, stop, step *int
	from, to          *string
	named             bool
}

func readKey(v pyobj.Value) (Key, error) {
	if s, ok := sklearn.Text(v); ok {
		return Key{Scalar: true, Names: []string{s}}, nil
	}
	switch x := v.(type) {
	case pyobj.None:
		return Key{Index: []int{}}, nil
	case pyobj.Int, *pyobj.Scalar:
		i, err := sklearn.Int(v)
		return Key{Scalar: true, Index: []int{i}}, err
	case *pyobj.Object:
		if strings.HasSuffix(x.ClassName(), ".slice") && len(x.Args) == 3 {
			return readSlice(x.Args)
		}
		if a, ok := x.Attrs(); ok && a != nil && pyobj.ShortName(x.ClassName()) == "_RemainderColsList" {
			return readKey(a.Get("data"))
		}
		if _, err := sklearn.Sequence(v); err != nil { // no index of pandas
			return Key{opaque: true}, nil
		}
	case *pyobj.Global:
		return Key{opaque: true}, nil
	}
	items, err := sklearn.Sequence(v)
	if err != nil {
		return Key{}, err
	}
	k := Key{Index: []int{}}
	for _, it := range items {
		if s, ok := sklearn.Text(it); ok {
			k.Names = append(k.Names, s)
			continue
		}
		t, err := sklearn.Tensor(it)
		if err != nil || t.Len() != 1 {
			return Key{}, fmt.Errorf("%s is no column", sklearn.Describe(it))
		}
		switch c := t.Cell(0); c.Kind {
		case tensor.CellBool:
			k.Mask = append(k.Mask, c.I != 0)
		case tensor.CellInt:
			k.Index = append(k.Index, int(c.I))
		default:
			return Key{}, fmt.Errorf("%s is no column", sklearn.Describe(it))
		}
	}
	kinds := 0
	for _, n := range []int{len(k.Names), len(k.Mask), len(k.Index)} {
		if n > 0 {
			kinds++
		}
	}
	if kinds > 1 {
		return Key{}, fmt.Errorf("columns of several kinds")
	}
	return k, nil
}

func readSlice(args []pyobj.Value) (Key, error) {
	s := &slice{}
	for i, a := range args {
		if _, none := a.(pyobj.None); none {
			continue
		}
		if name, ok := sklearn.Text(a); ok && i < 2 {
			s.named = true
			if i == 0 {
				s.from = &name
			} else {
				s.to = &name
			}
			continue
		}
		n, err := sklearn.Int(a)
		if err != nil {
			return Key{}, fmt.Errorf("a slice of %s", sklearn.Describe(a))
		}
		*[]**int{&s.start, &s.stop, &s.step}[i] = &n
	}
	return Key{Slice: s}, nil
}

// strings reports that the key names columns.
func (k Key) strings() bool { return k.Names != nil || (k.Slice != nil && k.Slice.named) }

// fromEnd reports a position that counts from the last column.
func (k Key) fromEnd() bool {
	if s := k.Slice; s != nil {
		return s.start != nil && *s.start < 0 || s.stop != nil && *s.stop < 0
	}
	return slices.ContainsFunc(k.Index, func(i int) bool { return i < 0 })
}

// positions resolves the key among k columns of these names.
func (k Key) positions(names []string, width int) ([]int, error) {
	find := func(name string) (int, error) {
		if i := slices.Index(names, name); i >= 0 {
			return i, nil
		}
		return 0, fmt.Errorf("A given column is not a column of the dataframe: '%s'", name)
	}
	switch {
	case k.opaque:
		return nil, fmt.Errorf("columns are given by an object that can not be read")
	case k.Slice != nil && k.Slice.named:
		lo, hi := 0, width-1
		var err error
		if k.Slice.from != nil {
			if lo, err = find(*k.Slice.from); err != nil {
				return nil, err
			}
		}
		if k.Slice.to != nil {
			if hi, err = find(*k.Slice.to); err != nil {
				return nil, err
			}
		}
		return k.Slice.span(lo, hi+1, width), nil
	case k.Slice != nil:
		return k.Slice.indices(width), nil
	case k.Names != nil:
		out := make([]int, len(k.Names))
		for i, n := range k.Names {
			var err error
			if out[i], err = find(n); err != nil {
				return nil, err
			}
		}
		return out, nil
	case k.Mask != nil:
		if len(k.Mask) != width {
			return nil, fmt.Errorf("a mask of %d for %d columns", len(k.Mask), width)
		}
		out := []int{}
		for i, on := range k.Mask {
			if on {
				out = append(out, i)
			}
		}
		return out, nil
	}
	out := make([]int, len(k.Index))
	for i, j := range k.Index {
		if j < 0 {
			j += width
		}
		if j < 0 || j >= width {
			return nil, fmt.Errorf("all features must be in [0, %d] or [-%d, 0]", width-1, width)
		}
		out[i] = j
	}
	return out, nil
}

func (s *slice) span(lo, hi, width int) []int {
	t := slice{start: &lo, stop: &hi, step: s.step}
	return t.indices(width)
}

// indices is range(*slice.indices(n)).
func (s *slice) indices(n int) []int {
	step := 1
	if s.step != nil {
		step = *s.step
	}
	out := []int{}
	if step == 0 {
		return out
	}
	step = min(max(step, -n-1), n+1)
	lo, hi := 0, n
	if step < 0 {
		lo, hi = n-1, -1
	}
	clamp := func(i int) int {
		if i < 0 {
			i += n
		}
		if step > 0 {
			return min(max(i, 0), n)
		}
		return min(max(i, -1), n-1)
	}
	if s.start != nil {
		lo = clamp(*s.start)
	}
	if s.stop != nil {
		hi = clamp(*s.stop)
	}
	for i := lo; (step > 0 && i < hi) || (step < 0 && i > hi); i += step {
		out = append(out, i)
	}
	return out
}

// inputIndices is _transformer_to_input_indices.
type inputIndices map[string][]int

// UnmarshalPy reads a dict of lists.
func (m *inputIndices) UnmarshalPy(_ *sklearn.Binder, path string, v pyobj.Value) error {
	d, ok := v.(*pyobj.Dict)
	if !ok {
		return fmt.Errorf("%s, wanted a dict", sklearn.Describe(v))
	}
	*m = inputIndices{}
	for _, e := range d.Entries {
		name, ok := sklearn.Text(e.Key)
		items, err := sklearn.Sequence(e.Value)
		if !ok || err != nil {
			return fmt.Errorf("%s is no list of columns", sklearn.Describe(e.Value))
		}
		list := make([]int, len(items))
		for i, it := range items {
			if list[i], err = sklearn.Int(it); err != nil || list[i] < 0 {
				return fmt.Errorf("%s is no column", sklearn.Describe(it))
			}
		}
		(*m)[name] = list
	}
	return nil
}

// ColumnTransformer is sklearn.compose.ColumnTransformer. Since 1.0 what was fitted on named columns takes named columns in
// any order and among others; else, and before, a branch takes what its key says of the rows at hand: names by name,
// numbers by position.
type ColumnTransformer struct {
	sklearn.Base
	Transformers                   Branches        `sk:"transformers_"`
	SparseOutput                   bool            `sk:"sparse_output_,optional"` // not set where every transformer was dropped
	TransformerWeightsParam        sklearn.Weights `sk:"transformer_weights,optional"`
	VerboseFeatureNamesOutParam    pyobj.Value     `sk:"verbose_feature_names_out"`
	PrivateTransformerInputIndices inputIndices    `sk:"_transformer_to_input_indices,optional"`
	PrivateNamesOut                pyobj.Value     `sk:"_transformers_feature_names_out,optional"` // of frames that transformers gave
	OutputIndices                  pyobj.Value     `sk:"output_indices_,optional"`
	PrivateRemainder               pyobj.Value     `sk:"_remainder,optional"`

	keyed bool // the names are those of the keys: the file does not say which columns the fit had
}

var (
	_ sklearn.Transformer    = (*ColumnTransformer)(nil)
	_ sklearn.FeatureNamer   = (*ColumnTransformer)(nil)
	_ sklearn.Availabler     = (*ColumnTransformer)(nil)
	_ sklearn.Holder         = (*ColumnTransformer)(nil)
	_ sklearn.InputDescriber = (*ColumnTransformer)(nil)
)

// Bound checks the recorded positions and binds the transformers that were fitted.
func (c *ColumnTransformer) Bound(bd *sklearn.Binder) error {
	c.namedByKeys()
	for name, list := range c.PrivateTransformerInputIndices {
		for _, i := range list {
			if c.NFeaturesIn > 0 && i >= c.NFeaturesIn {
				return &sklearn.BindError{Path: c.Path, Attr: "_transformer_to_input_indices", Msg: fmt.Sprintf("%q takes column %d of %d", name, i, c.NFeaturesIn)}
			}
		}
	}
	for i := range c.Transformers {
		br := &c.Transformers[i]
		if br.raw == nil || c.empty(*br) {
			continue
		}
		var err error
		if br.Estimator, err = bd.Bind(br.raw, br.at); err != nil {
			return err
		}
	}
	return nil
}

// namedByKeys takes for the columns of the fit those that the branches name, where the file lists none: before 0.20.3 it kept no
// names, and columns that no branch takes do not matter.
func (c *ColumnTransformer) namedByKeys() {
	if c.FeatureNamesIn != nil || c.PrivateTransformerInputIndices != nil {
		return
	}
	var names []string
	for _, br := range c.Transformers {
		if br.Drop || c.empty(br) {
			continue
		}
		if br.Columns.Names == nil {
			return
		}
		for _, n := range br.Columns.Names {
			if !slices.Contains(names, n) {
				names = append(names, n)
			}
		}
	}
	if names != nil {
		c.FeatureNamesIn, c.NFeaturesIn, c.keyed = names, len(names), true
	}
}

// Available asks every branch.
func (c *ColumnTransformer) Available(method string) error {
	for _, e := range c.Inside() {
		if err := sklearn.Has(e, method); err != nil {
			return err
		}
	}
	return nil
}

// Inside returns the fitted transformers.
func (c *ColumnTransformer) Inside() []sklearn.Estimator {
	var out []sklearn.Estimator
	for _, br := range c.Transformers {
		if br.Estimator != nil && !c.empty(br) {
			out = append(out, br.Estimator)
		}
	}
	return out
}

// empty reports a branch that takes no columns; its transformer was never fitted.
func (c *ColumnTransformer) empty(br Branch) bool {
	if list, ok := c.PrivateTransformerInputIndices[br.Name]; ok {
		return len(list) == 0
	}
	k := br.Columns
	if k.Slice != nil {
		list, err := k.positions(c.FeatureNamesIn, c.NFeaturesIn)
		return err == nil && len(list) == 0 && c.NFeaturesIn > 0
	}
	return !k.opaque && len(k.Names) == 0 && len(k.Index) == 0 && !slices.Contains(k.Mask, true)
}

// fitted returns a branch's columns among those of the fit.
func (c *ColumnTransformer) fitted(br Branch) ([]int, error) {
	if list, ok := c.PrivateTransformerInputIndices[br.Name]; ok {
		return list, nil
	}
	return br.Columns.positions(c.FeatureNamesIn, c.NFeaturesIn)
}

// columns returns a branch's columns in x.
func (c *ColumnTransformer) columns(br Branch, t graph.Type, named bool) ([]int, error) {
	names := make([]string, len(t.Columns))
	for i, col := range t.Columns {
		names[i] = col.Name
	}
	if named {
		list, err := c.fitted(br)
		if err != nil {
			return nil, err
		}
		out := make([]int, len(list))
		for i, j := range list {
			if j >= len(c.FeatureNamesIn) {
				return nil, fmt.Errorf("no name for column %d", j)
			}
			if out[i] = slices.Index(names, c.FeatureNamesIn[j]); out[i] < 0 {
				return nil, fmt.Errorf("columns are missing: {'%s'}", c.FeatureNamesIn[j])
			}
		}
		return out, nil
	}
	if br.Columns.strings() && t.Kind != graph.Frame {
		return nil, fmt.Errorf("Specifying the columns using strings is only supported for dataframes.")
	}
	if br.Columns.opaque {
		return c.fitted(br)
	}
	return br.Columns.positions(names, t.Width())
}

// missing lists the fitted names x lacks, of columns that are in use.
func (c *ColumnTransformer) missing(t graph.Type) ([]string, error) {
	var out []string
	for _, br := range c.Transformers {
		if br.Drop {
			continue
		}
		list, err := c.fitted(br)
		if err != nil {
			return nil, err
		}
		for _, j := range list {
			if j >= len(c.FeatureNamesIn) {
				continue
			}
			name := c.FeatureNamesIn[j]
			if !slices.ContainsFunc(t.Columns, func(col graph.Column) bool { return col.Name == name }) && !slices.Contains(out, name) {
				out = append(out, name)
			}
		}
	}
	return out, nil
}

// Transform runs each branch on its columns and puts the results side by side, sparse if that was decided when
// fitting.
func (c *ColumnTransformer) Transform(b *graph.Builder, x graph.Value) graph.Value {
	if x.OK() && x.Type().Kind == graph.OneHot {
		x = b.ToCSR(x)
	}
	if !x.OK() {
		return x
	}
	t := x.Type()
	if len(t.Shape) != 2 {
		return b.Refuse("Expected 2D array, got %dD array instead", len(t.Shape))
	}
	named := c.FeatureNamesIn != nil && t.Kind == graph.Frame && len(t.Columns) > 0
	for _, col := range t.Columns {
		named = named && col.Name != ""
	}
	switch got := t.Width(); {
	case c.Before("1.0"):
		if why := c.unlike(t, named); why != "" {
			return b.Refuse("%s", why)
		}
		named = false
	case named:
		lacking, err := c.missing(t)
		if err != nil {
			return b.Fail(err)
		}
		if lacking != nil {
			return b.Refuse("columns are missing: {'%s'}", strings.Join(lacking, "', '"))
		}
	case c.NFeaturesIn > 0 && got != c.NFeaturesIn:
		return b.Refuse("X has %d features, but ColumnTransformer is expecting %d features as input.", got, c.NFeaturesIn)
	}
	var parts []graph.Value
	var names []string
	for _, br := range c.Transformers {
		if br.Drop || c.empty(br) {
			continue
		}
		cols, err := c.columns(br, t, named)
		if err != nil {
			return b.Refuse("%s", err)
		}
		if len(cols) == 0 {
			continue
		}
		part := c.branch(b, br, x, cols)
		if !part.OK() {
			return part
		}
		if s := part.Type().Shape; len(s) != 2 {
			return b.Refuse("The output of the '%s' transformer should be 2D (numpy array, scipy sparse array, dataframe).", br.Name)
		}
		parts = append(parts, c.TransformerWeightsParam.Scale(b, br.Name, part))
		names = append(names, br.Name)
	}
	if len(parts) == 0 {
		return sklearn.NoColumns(b, x)
	}
	if c.SparseOutput {
		if !slices.ContainsFunc(parts, func(p graph.Value) bool { return p.Type().Sparse() }) {
			return b.Refuse("blocks must be 2-D: scipy makes no sparse matrix of dense arrays alone")
		}
		for i, p := range parts {
			if t := p.Type(); t.Kind == graph.Frame || t.DType == tensor.Object || t.DType == tensor.String {
				parts[i] = b.Cast(p, sklearn.FrameDType(frameType(t)))
			}
		}
	} else {
		if err := textAmongNumbers(parts); err != nil {
			return b.Fail(err)
		}
		for i, p := range parts {
			if p.Type().Sparse() {
				parts[i] = b.ToDense(p)
			}
		}
	}
	format, err := c.format()
	if err != nil {
		format = ""
	}
	return sklearn.UnionOf(b, c, c.SparseOutput, parts, names, format, "tmp_col_name_")
}

// unlike is what releases before 1.0 say of rows that are not those of the fit: 0.24 of any other width or name; from 0.20.4
// and 0.21.1 on of fewer columns, and of others first where the remainder goes by position beside names; since 0.22 of
// another width where a key counts from the end. The others did not know how many columns the fit had.
func (c *ColumnTransformer) unlike(t graph.Type, named bool) string {
	n, got := c.NFeaturesIn, t.Width()
	if n == 0 || c.keyed {
		return ""
	}
	differ := func() bool {
		for i, name := range c.FeatureNamesIn {
			if t.Columns[i].Name != name {
				return true
			}
		}
		return false
	}
	switch {
	case !c.Before("0.24"):
		if got != n {
			return fmt.Sprintf("X has %d features, but ColumnTransformer is expecting %d features as input.", got, n)
		}
		if named && differ() {
			return "Given feature/column names do not match the ones for the data given during fit."
		}
		return ""
	case got < n:
		return fmt.Sprintf("Number of features of the input must be equal to or greater than that of the fitted transformer. Transformer n_features is %d and input n_features is %d.", n, got)
	}
	byName, fromEnd := false, false
	for _, br := range c.Transformers {
		byName, fromEnd = byName || br.Columns.strings(), fromEnd || br.Columns.fromEnd()
	}
	if rest, err := sklearn.Sequence(c.PrivateRemainder); err == nil && len(rest) == 3 && byName && named && differ() {
		if _, none := rest[2].(pyobj.None); !none {
			return "Column ordering must be equal for fit and for transform when using the remainder keyword"
		}
	}
	if fromEnd && got != n && !c.Before("0.22") {
		return "At least one negative column was used to indicate columns, and the new data's number of columns does not match the data given during fit."
	}
	return ""
}

// branch runs one transformer.
func (c *ColumnTransformer) branch(b *graph.Builder, br Branch, x graph.Value, cols []int) graph.Value {
	var part graph.Value
	if br.Columns.Scalar && len(cols) == 1 {
		part = b.Column(x, cols[0])
	} else {
		part = b.Gather(x, cols)
	}
	if br.Estimator != nil {
		part = sklearn.Transform(b, br.Estimator, part)
	}
	return part
}

func frameType(t graph.Type) graph.Type {
	if t.Kind != graph.Frame {
		t.Columns = []graph.Column{{DType: t.DType}}
	}
	return t
}

// textAmongNumbers refuses arrays of text beside arrays of numbers: numpy writes the numbers as text.
func textAmongNumbers(parts []graph.Value) error {
	text, numbers, objects := false, false, false
	for _, p := range parts {
		switch t := p.Type(); {
		case t.Kind == graph.Frame && !sklearn.NumericFrame(t), t.DType == tensor.Object:
			objects = true
		case t.DType == tensor.String:
			text = true
		default:
			numbers = true
		}
	}
	if text && numbers && !objects {
		return &graph.UnsupportedError{Op: graph.OpHStack, Why: "an array of text beside an array of numbers makes numpy turn the numbers into text"}
	}
	return nil
}

// FeatureNamesOut joins the names of the branches.
func (c *ColumnTransformer) FeatureNamesOut(in []string) ([]string, error) {
	in, err := sklearn.InputNames(c, in, c.NFeaturesIn)
	if err != nil {
		return nil, err
	}
	var names []sklearn.PartNames
	for _, br := range c.Transformers {
		if br.Drop || c.empty(br) {
			continue
		}
		cols, err := c.fitted(br)
		if err != nil {
			return nil, err
		}
		part := sklearn.PartNames{Part: br.Name}
		for _, j := range cols {
			if j >= len(in) {
				return nil, fmt.Errorf("%s: no name for column %d", c.Path, j)
			}
			part.Names = append(part.Names, in[j])
		}
		if br.Estimator != nil {
			part.Names, err = sklearn.FeatureNames(br.Estimator, part.Names)
			if sklearn.Nameless(br.Estimator, err) {
				var ok bool
				if part.Names, ok = c.stored(br.Name); ok {
					err = nil
				} else {
					err = fmt.Errorf("%s: Transformer %s (type %s) does not provide get_feature_names_out.", c.Path, br.Name, sklearn.Of(br.Estimator).Name())
				}
			}
			if err != nil {
				return nil, err
			}
		}
		names = append(names, part)
	}
	format, err := c.format()
	if err != nil {
		return nil, err
	}
	return sklearn.JoinNames(c, names, format)
}

// format is the one of the names of features, "" for names as they are.
func (c *ColumnTransformer) format() (string, error) {
	if s, ok := sklearn.Text(c.VerboseFeatureNamesOutParam); ok {
		return s, nil
	}
	switch on, err := sklearn.Bool(c.VerboseFeatureNamesOutParam); {
	case err != nil:
		return "", &sklearn.BindError{Path: c.Path, Attr: "verbose_feature_names_out", Msg: "a function names the features"}
	case on:
		return sklearn.PrefixFormat, nil
	}
	return "", nil
}

// stored returns the names that a transformer's frame had in fitting.
func (c *ColumnTransformer) stored(name string) ([]string, bool) {
	all, err := sklearn.IndexNames(c.PrivateNamesOut)
	at, ok := c.OutputIndices.(*pyobj.Dict)
	if err != nil || !ok {
		return nil, false
	}
	k, err := readKey(at.Get(name))
	if err != nil || k.Slice == nil {
		return nil, false
	}
	names := []string{}
	for _, i := range k.Slice.indices(len(all)) {
		names = append(names, all[i])
	}
	return names, true
}

// DescribeInput asks each branch about its columns.
func (c *ColumnTransformer) DescribeInput(in *sklearn.Input) *sklearn.Input {
	out := &sklearn.Input{}
	var passed []*sklearn.Column
	for _, br := range c.Transformers {
		if br.Drop || c.empty(br) {
			continue
		}
		in.ByName = in.ByName || c.FeatureNamesIn == nil && br.Columns.strings()
		cols, err := c.fitted(br)
		if err != nil {
			out = nil
			continue
		}
		part := &sklearn.Input{}
		for _, j := range cols {
			if j < len(in.Columns) {
				part.Columns = append(part.Columns, in.Columns[j])
			}
		}
		if br.Estimator == nil {
			passed = append(passed, part.Columns...)
		} else {
			made := sklearn.DescribeInput(br.Estimator, part)
			if made == nil {
				made = &sklearn.Input{}
				names, err := sklearn.FeatureNames(br.Estimator, nil)
				if err != nil {
					out = nil
				}
				for range names {
					made.Columns = append(made.Columns, sklearn.NewColumn(""))
				}
			}
			part = made
		}
		if out != nil {
			out.Columns = append(out.Columns, part.Columns...)
		}
	}
	if out == nil { // who comes after can not tell which columns they are
		(&sklearn.Input{Columns: passed}).Pass()
	}
	return out
}
