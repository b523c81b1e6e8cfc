package graph

import "github.com/larder-ml/larder/tensor"

// Operations that read only the number of rows.
const (
	// OpZeros gives a zero for each row: any X → int64 [N]. ONNX: Shape, ConstantOfShape.
	OpZeros Op = "Zeros"
	// OpRandomDraw draws as numpy's RandomState does, from the same state at each run: any X → int64 [N] (randint) or
	// float64 [N,k] of one 1 a row (multinomial). Attr *RandomAttr. Couples rows. No ONNX form.
	OpRandomDraw Op = "RandomDraw"
	// OpTruncatedNormal draws from normal distributions cut off at Lo and Hi, as scipy.stats.truncnorm of numpy's RandomState:
	// chosen bool [N], mean and deviation float64 [N], draws before int64 [N] (each the same number) → values float64 [N],
	// draws so far int64 [N]. Only chosen rows draw, in order; where a mean is outside, it is the bound; where there is no
	// deviation, the mean. Attr *TruncatedAttr. Couples rows. No ONNX form.
	OpTruncatedNormal Op = "TruncatedNormal"
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

// TruncatedAttr holds the bounds and the state of numpy's MT19937 that the first draw of a run starts from.
type TruncatedAttr struct {
	Lo, Hi float64
	Key    *[624]uint32
	Pos    int
}

// TruncatedNormal adds draws from truncated normal distributions: the values, and the number of draws so far.
func (b *Builder) TruncatedNormal(chosen, mean, std, before Value, a *TruncatedAttr) (values, after Value) {
	for _, v := range []Value{chosen, mean, std, before} {
		if !v.OK() {
			return Value{}, Value{}
		}
		if t := v.Type(); t.Kind != Dense || len(t.Shape) != 1 {
			return b.Failf(OpTruncatedNormal, "needs vectors, has %s", t), Value{}
		}
	}
	if chosen.DType() != tensor.Bool || mean.DType() != tensor.Float64 || std.DType() != tensor.Float64 || before.DType() != tensor.Int64 {
		return b.Failf(OpTruncatedNormal, "not defined for %s, %s, %s", chosen.Type(), mean.Type(), std.Type()), Value{}
	}
	out := b.AddN(OpTruncatedNormal, a, []Type{mean.Type(), before.Type()}, chosen, mean, std, before)
	b.Couples()
	return out[0], out[1]
}
