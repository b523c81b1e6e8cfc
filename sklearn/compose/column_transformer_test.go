package compose

import (
	"fmt"
	"slices"
	"testing"

	"github.com/larder-ml/larder/pyobj"
)

func list(v ...pyobj.Value) pyobj.Value { return &pyobj.List{Items: v} }

func slicing(v ...pyobj.Value) pyobj.Value {
	return &pyobj.Object{Make: pyobj.Reduce, Class: &pyobj.Global{Module: "builtins", Name: "slice"}, Args: v}
}

// Positions are those of sklearn.utils._indexing._get_column_indices.
func TestKey(t *testing.T) {
	names := []string{"a", "b", "c", "d", "e"}
	none := pyobj.None{}
	for i, c := range []struct {
		key    pyobj.Value
		scalar bool
		want   []int
	}{
		{pyobj.Str("c"), true, []int{2}},
		{pyobj.Int(3), true, []int{3}},
		{pyobj.Int(-1), true, []int{4}},
		{list(pyobj.Str("d"), pyobj.Str("a")), false, []int{3, 0}},
		{list(pyobj.Int(1), pyobj.Int(-2), pyobj.Int(1)), false, []int{1, 3, 1}},
		{list(pyobj.Bool(true), pyobj.Bool(false), pyobj.Bool(false), pyobj.Bool(true), pyobj.Bool(false)), false, []int{0, 3}},
		{list(), false, []int{}},
		{slicing(pyobj.Int(1), pyobj.Int(3), none), false, []int{1, 2}},
		{slicing(pyobj.Int(-3), none, pyobj.Int(2)), false, []int{2, 4}},
		{slicing(none, none, pyobj.Int(-2)), false, []int{4, 2, 0}},
		{slicing(pyobj.Str("b"), pyobj.Str("d"), none), false, []int{1, 2, 3}},
		{slicing(none, pyobj.Str("b"), none), false, []int{0, 1}},
		{slicing(pyobj.Str("d"), none, none), false, []int{3, 4}},
	} {
		k, err := readKey(c.key)
		if err != nil {
			t.Errorf("%d: %v", i, err)
			continue
		}
		got, err := k.positions(names, len(names))
		if err != nil || !slices.Equal(got, c.want) || k.Scalar != c.scalar {
			t.Errorf("%d: %v, %v, scalar %v, want %v", i, got, err, k.Scalar, c.want)
		}
	}
	for i, key := range []pyobj.Value{pyobj.Str("z"), pyobj.Int(5), pyobj.Int(-6), list(pyobj.Bool(true)), slicing(pyobj.Str("z"), none, none)} {
		k, err := readKey(key)
		if err == nil {
			_, err = k.positions(names, len(names))
		}
		if err == nil {
			t.Errorf("bad key %d is taken", i)
		}
	}
	if _, err := readKey(list(pyobj.Str("a"), pyobj.Int(1))); err == nil {
		t.Error("names and positions in one list are taken")
	}
	if _, err := readKey(list(pyobj.Float(1.5))); err == nil {
		t.Error("a fraction is taken for a column")
	}
}

func FuzzSlice(f *testing.F) {
	f.Add(1, 3, 1, 5)
	f.Add(-1, -9, -2, 4)
	f.Fuzz(func(t *testing.T, start, stop, step, n int) {
		if n < 0 || n > 50 || step == 0 {
			return
		}
		s := slice{start: &start, stop: &stop, step: &step}
		for _, i := range s.indices(n) {
			if i < 0 || i >= n {
				t.Fatal(fmt.Sprint(i))
			}
		}
	})
}
