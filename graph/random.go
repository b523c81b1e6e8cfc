package graph

import "github.com/larder-ml/larder/tensor"

// Operations that read only the number of rows.
const (
	// OpZeros gives a zero for each row: any X → int64 [N]. ONNX: Shape, ConstantOfShape.
	OpZeros Op = "Zeros"
	// OpRandomDraw draws as numpy's RandomState does, from the same state at each run: any X → int64 [N] (randint) or
	// float64 [N,k] of one 1 a row (multinomial). Attr *RandomAttr. Couples rows. No ONNX form.
	OpRandomDraw Op = "RandomDraw"
)

// Zeros gives a zero for each row of x.
func (b *Builder) Zeros(x Value) Value {
	return b.Add1(OpZeros, nil, Type{DType: tensor.Int64, Shape: []int{N}}, x)
}

// Draw is one call of a numpy generator, made for all rows at once.
type Draw struct {
	Below int       // randint(Below, size=n)
	Prob  []float64 // multinomial(1, Prob, size=n), when Below is 0
}

// RandomAttr holds the state of numpy's MT19937 and the draws made from it, of which the last is the result.
type RandomAttr struct {
	Key   [624]uint32
	Pos   int
	Draws []Draw
}

// Seed sets the state RandomState(seed) has.
func (a *RandomAttr) Seed(seed uint32) {
	for i := range a.Key {
		a.Key[i] = seed
		seed = 1812433253*(seed^seed>>30) + uint32(i) + 1
	}
	a.Pos = len(a.Key)
}

// RandomDraw adds a draw.
func (b *Builder) RandomDraw(x Value, a *RandomAttr) Value {
	if len(a.Draws) == 0 {
		return b.Failf(OpRandomDraw, "no draw")
	}
	out := Type{DType: tensor.Int64, Shape: []int{N}}
	if d := a.Draws[len(a.Draws)-1]; d.Below == 0 {
		out = Type{DType: tensor.Float64, Shape: []int{N, len(d.Prob)}}
	}
	v := b.Add1(OpRandomDraw, a, out, x)
	b.Couples()
	return v
}
