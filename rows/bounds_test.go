package rows

import (
	"archive/zip"
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/larder-ml/larder"
	"github.com/larder-ml/larder/format/npy"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/source"
	"github.com/larder-ml/larder/tensor"
)

// TestRecordsOnBothSides: a record of as many bytes as may be is read, and one of more is a limit's error.
func TestRecordsOnBothSides(t *testing.T) {
	for _, c := range []struct {
		f     Format
		text  string
		bytes int64
	}{
		{CSV, "a,b\n1,\"22\n22\"\n", 6}, {CSV, "a\n      \n1\n", 6}, {CSV, "a\n123456\n", 6}, {JSONL, "[1,2]\n[33]\n", 6}, {JSONL, "[33]\n[1,23]", 6},
	} {
		for off := range int64(2) {
			r, err := NewReader(strings.NewReader(c.text), c.f, Options{Record: c.bytes - off})
			if err == nil {
				_, err = ReadAll(r)
			}
			if off == 0 && err != nil || off == 1 && !errors.Is(err, larder.ErrLimit) {
				t.Errorf("%s %.20q of %d: %v", c.f, c.text, off, err)
			}
		}
	}
}

// TestChunksAreBounded: rows of long texts come some at a time.
func TestChunksAreBounded(t *testing.T) {
	line := strings.Repeat("x", 33<<20)
	for f, text := range map[Format]string{CSV: "a\n" + strings.Repeat(line+"\n", 3), JSONL: strings.Repeat(`{"a":"`+line+"\"}\n", 3)} {
		r, err := NewReader(strings.NewReader(text), f, Options{})
		if err != nil {
			t.Fatal(err)
		}
		first, err := r.Next()
		if err != nil || first.Rows() != 2 {
			t.Fatalf("%s: %d rows, %v", f, first.Rows(), err)
		}
		if rest, err := ReadAll(r); err != nil || rest.Rows() != 1 {
			t.Errorf("%s: %v", f, err)
		}
	}
}

// TestMessagesAreShort: a long text is not told whole.
func TestMessagesAreShort(t *testing.T) {
	long := strings.Repeat("x", 1<<20)
	want := &Want{Columns: []*larder.InputColumn{{Name: "a", DType: tensor.Float64}}, Names: []string{"a"}}
	for f, text := range map[Format]string{CSV: "a\n" + long + "\n", JSON: `[{"a":"` + long + `"}]`, JSONL: `{"` + long + `":1}`} {
		r, err := NewReader(strings.NewReader(text), f, Options{})
		if err != nil {
			t.Fatal(err)
		}
		tab, err := ReadAll(r)
		if err == nil {
			_, _, err = tab.Match(want)
		}
		if err == nil || len(err.Error()) > 1000 {
			t.Errorf("%s: %.300v", f, err)
		}
	}
}

// TestOtherArraysAreNotRead: beside X an archive may hold what is too large to be kept.
func TestOtherArraysAreNotRead(t *testing.T) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, n := range map[string]int{"other": 20 << 20, "X": 2} {
		w, err := z.Create(name + ".npy")
		if err == nil {
			err = npy.Encode(w, &pyobj.Array{DType: &pyobj.DType{Kind: 'f', Size: 8, Order: '<'}, Shape: []int{n / 2, 2}, Data: make([]byte, 8*n)})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	tab, err := parseNPZ(b.Bytes())
	if err != nil || tab.Rows() != 1 {
		t.Fatal(err)
	}
	if _, _, err := npy.Zip(b.Bytes(), limited(), nil); !errors.Is(err, larder.ErrLimit) {
		t.Errorf("all of them: %v", err)
	}
}

func limited() source.Limits {
	lim := source.Default()
	lim.Held, lim.HeldPer = 1<<20, 1
	return lim
}

// TestColumnsOnBothSides: a matrix of no rows may have any number of columns, of which a table takes some.
func TestColumnsOnBothSides(t *testing.T) {
	for shape, refused := range map[string]bool{"(0, 2000000)": false, "(0, 2000001)": true, "(0, 9223372036854775807)": true} {
		tab, err := parseNPY(records("'<f8'", shape, nil))
		if err != nil {
			t.Fatal(err)
		}
		if err := tab.Spread(); errors.Is(err, larder.ErrLimit) != refused {
			t.Errorf("%s: %v", shape, err)
		}
	}
}
