package sklearn

import (
	"math"
	"testing"

	"github.com/larder-ml/larder/tensor"
)

// TestColumn: text categories keep text, whole numbers and numbers are read as such, mixtures as cells; the first to
// tell wins.
func TestColumn(t *testing.T) {
	str, one, half := tensor.StrCell("007"), tensor.IntCell(1), tensor.FloatCell(0.5)
	for _, c := range []struct {
		cats *tensor.Tensor
		want tensor.DType
	}{
		{tensor.FromStr([]string{"007"}), tensor.String},
		{tensor.FromCells([]tensor.Cell{str, {}, tensor.FloatCell(math.NaN())}), tensor.String},
		{tensor.FromCells([]tensor.Cell{one, {}}), tensor.Int64},
		{tensor.FromCells([]tensor.Cell{one, half}), tensor.Float64},
		{tensor.FromCells([]tensor.Cell{tensor.BoolCell(true)}), tensor.Bool},
		{tensor.FromCells([]tensor.Cell{str, one}), tensor.Object},
		{tensor.FromCells([]tensor.Cell{{}}), tensor.Object},
		{tensor.FromF32([]float32{1}), tensor.Float64},
	} {
		col := NewColumn("x")
		col.OneOf(c.cats)
		if col.DType != c.want || col.Categories != c.cats {
			t.Errorf("%v: read as %s, want %s", c.cats, col.DType, c.want)
		}
	}
	col := NewColumn("x")
	col.Between(math.NaN(), 2, math.Inf(1))
	col.Between(1, 3, 4)
	if col.Lo != 1 || col.Typical != 2 || col.Hi != 4 || col.DType != tensor.Float64 {
		t.Errorf("got %+v", col)
	}
}
