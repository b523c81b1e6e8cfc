package sklearn

import (
	"errors"
	"fmt"
	"math"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/tensor"
)

// InputForm is the shape of what an estimator's methods take.
type InputForm uint8

// The forms.
const (
	FormTable    InputForm = iota // a matrix or a frame: several columns a row
	FormVector                    // one value a row, one-dimensional: labels
	FormTexts                     // one text a row, one-dimensional
	FormMappings                  // one mapping of names to values a row
	FormTokens                    // several texts or labels a row
)

// Column is what the fitted model knows about one column of its input.
type Column struct {
	Name string
	// DType is how to read the column: Float64, Int64, Bool, String (text is kept as it is) or Object (cells whose
	// type decides); Invalid when nothing fitted reads the column.
	DType tensor.DType
	// Categories are the values the model learned, in its order; nil if it learned none.
	Categories *tensor.Tensor
	// Lo, Typical and Hi are numbers of the fitted data or close to it (minimum, mean or median, maximum); NaN where
	// nothing is known.
	Lo, Typical, Hi float64
	// Missing says that missing values are accepted.
	Missing bool
	// None says that the missing value is None, not NaN.
	None bool
	// Unknown says that categories the model did not learn are accepted.
	Unknown bool
	// Text says that the column holds running text for a vectorizer.
	Text bool
	// Integers says that integers and truth values are computed with as such: a column that holds nothing else is read as
	// int64 or bool.
	Integers bool
	// Passed says that the result holds the column as it is, whatever it is.
	Passed bool
}

// Input is the description of an estimator's input. Columns stands for FormTable and, with one entry, for FormVector.
type Input struct {
	Form    InputForm
	Columns []*Column
	ByName  bool // columns are found by names of which the file does not say where they stand: rows need names of their own
}

// InputDescriber refines the description of an estimator's input by what the estimator learned. It returns the
// description of what transform gives, sharing the columns that pass through unchanged, so that the next estimator of
// a pipeline can refine those; nil where nothing passes.
type InputDescriber interface {
	DescribeInput(in *Input) (out *Input)
}

// NewColumn returns a column nothing is known of.
func NewColumn(name string) *Column {
	return &Column{Name: name, Lo: math.NaN(), Typical: math.NaN(), Hi: math.NaN()}
}

// Inputs describes the input of an estimator as far as the file knows it.
func Inputs(e Estimator) *Input {
	in := inputs(e, e.base().NFeaturesIn)
	if in.Form == FormTable && len(in.Columns) == 0 && !in.ByName {
		in = inputs(e, width(e))
	}
	return in
}

func inputs(e Estimator, width int) *Input {
	in := &Input{}
	b := e.base()
	for i := range width {
		name := fmt.Sprintf("x%d", i)
		if i < len(b.FeatureNamesIn) {
			name = b.FeatureNamesIn[i]
		}
		in.Columns = append(in.Columns, NewColumn(name))
	}
	DescribeInput(e, in).Pass()
	if n := b.NFeaturesIn; n > 0 && n < len(in.Columns) {
		in.Columns = in.Columns[:n] // a chain's estimators are also given what those before them predict
	}
	return in
}

// width finds the number of columns that an estimator takes where the file does not say it (n_features_in_ is of 0.24 and
// later): the one that is asked for where another is refused, if that one is taken. 0 if there is none.
func width(e Estimator) int {
	taken := func(method string, n int) error {
		b := graph.NewBuilder()
		Call(b, e, method, b.Input("X", graph.Type{Kind: graph.Dense, DType: tensor.Float64, Shape: []int{graph.N, n}}))
		return b.Err()
	}
	for _, method := range Methods(e) {
		if method == MethodInverseTransform {
			continue
		}
		for n := 2; n <= 3; n++ { // neither need be wrong
			var refused *graph.InputError
			if errors.As(taken(method, n), &refused) && refused.Width > 0 && taken(method, refused.Width) == nil {
				return refused.Width
			}
		}
	}
	return 0
}

// Pass marks what is handed on unread.
func (in *Input) Pass() {
	if in == nil {
		return
	}
	for _, c := range in.Columns {
		c.Passed = c.Passed || c.DType == tensor.Invalid
	}
}

// DescribeInput lets an estimator refine the description of its input. One that has nothing to say reads every column as
// numbers.
func DescribeInput(e Estimator, in *Input) (out *Input) {
	if in == nil {
		return nil
	}
	for len(in.Columns) < e.base().NFeaturesIn {
		in.Columns = append(in.Columns, NewColumn(fmt.Sprintf("x%d", len(in.Columns))))
	}
	if d, ok := e.(InputDescriber); ok {
		return d.DescribeInput(in)
	}
	in.Numeric()
	return nil
}

// By lets every estimator describe the same input. Nothing passes.
func (in *Input) By(es ...Estimator) *Input {
	for _, e := range es {
		DescribeInput(e, in)
	}
	return nil
}

// Numeric marks the columns nothing else is known of as numbers.
func (in *Input) Numeric() {
	for _, c := range in.Columns {
		if c != nil {
			c.Read(tensor.Float64)
		}
	}
}

// Read sets how the column is read unless that is known.
func (c *Column) Read(d tensor.DType) {
	if c.DType == tensor.Invalid {
		c.DType = d
	}
}

// Between sets what is known of a column's numbers; NaN leaves a value as it is.
func (c *Column) Between(lo, typical, hi float64) {
	c.Read(tensor.Float64)
	set := func(at *float64, v float64) {
		if math.IsNaN(*at) && !math.IsInf(v, 0) {
			*at = v
		}
	}
	set(&c.Lo, lo)
	set(&c.Typical, typical)
	set(&c.Hi, hi)
}

// OneOf sets the categories unless some are known, and reads the column as they are: text, whole numbers, numbers,
// bools, or cells where they are mixed. Text stays text though another estimator takes numbers of it.
func (c *Column) OneOf(categories *tensor.Tensor) {
	if categories == nil || c.Categories != nil {
		return
	}
	c.Categories = categories
	d := categoryType(categories)
	if d == tensor.String || d == tensor.Object {
		c.DType = d
	}
	c.Read(d)
}

// categoryType is how to read a column of these categories.
func categoryType(categories *tensor.Tensor) tensor.DType {
	if categories.DType != tensor.Object {
		return readAs(categories.DType)
	}
	d := tensor.Invalid
	for _, v := range categories.Cells {
		k := tensor.Object
		switch v.Kind {
		case tensor.CellNone:
			continue
		case tensor.CellBool:
			k = tensor.Bool
		case tensor.CellInt:
			k = tensor.Int64
		case tensor.CellFloat:
			if k = tensor.Float64; v.IsNaN() {
				continue
			}
		case tensor.CellStr:
			k = tensor.String
		}
		switch {
		case d == tensor.Invalid:
			d = k
		case d != k && d.IsNumeric() && k.IsNumeric():
			d = tensor.Promote(d, k)
		case d != k:
			d = tensor.Object
		}
	}
	if d == tensor.Invalid {
		return tensor.Object
	}
	return d
}

func readAs(d tensor.DType) tensor.DType {
	switch {
	case d.IsFloat():
		return tensor.Float64
	case d.IsInt():
		return tensor.Int64
	}
	return d
}
