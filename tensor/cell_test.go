package tensor

import "testing"

// TestCellsOfUint64: numbers of 2^63 and more are no negative ones.
func TestCellsOfUint64(t *testing.T) {
	x := &Tensor{DType: Uint64, Shape: []int{3}, I64: []int64{7, -1, -1 << 63}}
	for i, want := range []string{"7", "18446744073709551615", "9223372036854775808"} {
		if got := x.Cell(i).String(); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	if f, ok := x.Cell(2).Float(); !ok || f != 1<<63 {
		t.Errorf("%g", f)
	}
	if got := x.Cell(1).Go(); got != uint64(1<<64-1) {
		t.Errorf("%v", got)
	}
	if FloatCell(1<<63).Key() != x.Cell(2).Key() || FloatCell(-1<<63).Key() == x.Cell(2).Key() {
		t.Error("equal numbers have one key, others not")
	}
}

func TestCellsOfBytes(t *testing.T) {
	c := Cell{Kind: CellBytes, S: "b\xe9"}
	if got, want := c.String(), `b'b\xe9'`; got != want {
		t.Errorf("str() of the bytes: %s, want %s", got, want)
	}
}
