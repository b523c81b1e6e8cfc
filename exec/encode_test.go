package exec

import (
	"math"
	"testing"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/tensor"
)

// TestLookup compares as Python's == and dict do: 1, 1.0 and True are one key, None and NaN two.
func TestLookup(t *testing.T) {
	keys := tensor.FromCells([]tensor.Cell{tensor.StrCell("a"), tensor.IntCell(1), tensor.FloatCell(2.5), {}, tensor.FloatCell(math.NaN()),
		{Kind: tensor.CellBytes, S: "a"}, tensor.IntCell(1 << 60), tensor.FloatCell(math.Inf(1)), tensor.StrCell("1")})
	l := newLookup(keys)
	for _, c := range []struct {
		in   tensor.Cell
		want int32
	}{
		{tensor.StrCell("a"), 0}, {tensor.StrCell("b"), -1}, {tensor.IntCell(1), 1}, {tensor.FloatCell(1), 1}, {tensor.BoolCell(true), 1},
		{tensor.BoolCell(false), -1}, {tensor.FloatCell(2.5), 2}, {tensor.FloatCell(2), -1}, {tensor.Cell{}, 3}, {tensor.FloatCell(math.NaN()), 4},
		{tensor.Cell{Kind: tensor.CellBytes, S: "a"}, 5}, {tensor.FloatCell(1 << 60), 6}, {tensor.FloatCell(math.Inf(1)), 7},
		{tensor.FloatCell(math.Inf(-1)), -1}, {tensor.StrCell("1"), 8}, {tensor.FloatCell(1e300), -1},
	} {
		if got := l.cell(c.in); got != c.want {
			t.Errorf("%v %s: %d, want %d", c.in.Kind, c.in.Repr(), got, c.want)
		}
	}
	var at [3]int32
	l.positions(at[:], tensor.FromF32([]float32{2.5, 1, float32(math.NaN())}), 0, 1)
	if at != [3]int32{2, 1, 4} {
		t.Errorf("float32: %v", at)
	}
	big := &tensor.Tensor{DType: tensor.Uint64, Shape: []int{1}, I64: []int64{-1}}
	l.positions(at[:1], big, 0, 1)
	if at[0] != -1 {
		t.Errorf("uint64 beyond int64: %d", at[0])
	}
}

// TestMissing: only NaN is NaN, None is None, and pandas.NA is either.
func TestMissing(t *testing.T) {
	cells := tensor.FromCells([]tensor.Cell{tensor.FloatCell(math.NaN()), {}, tensor.IntCell(0), tensor.StrCell("")})
	for _, c := range []struct {
		m    graph.Missing
		want string
	}{
		{graph.Missing{Value: tensor.FloatCell(math.NaN())}, "1000"},
		{graph.Missing{}, "0100"},
		{graph.Missing{Any: true}, "1100"},
		{graph.Missing{Value: tensor.BoolCell(false)}, "0010"},
		{graph.Missing{Value: tensor.StrCell("")}, "0001"},
	} {
		test := missing(c.m, tensor.Object)
		got := ""
		for i := range cells.Cells {
			got += string('0' + rune(truth(test(cells, i))))
		}
		if got != c.want {
			t.Errorf("%+v: %s, want %s", c.m, got, c.want)
		}
	}
}

// numpy.interp(x, [0, 1, 1, 3], [0, 1, 2, 5])
func TestQuantileInterp(t *testing.T) {
	p := newInterp([]float64{0, 1, 1, 3}, []float64{0, 1, 2, 5})
	for x, want := range map[float64]float64{-1: 0, 0: 0, .5: .5, 1: 2, 2: 3.5, 3: 5, 4: 5} {
		if got := p.at(x); got != want {
			t.Errorf("at %v: %v, want %v", x, got, want)
		}
	}
}
