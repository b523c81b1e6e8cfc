package joblib

import (
	"bytes"
	"compress/bzip2"
	"io"
	"math/rand/v2"
	"slices"
	"testing"
)

// bzipOf compresses in parts of some size.
func bzipOf(t testing.TB, b []byte, level, part int) []byte {
	var w bytes.Buffer
	z := newBzip(&w, level)
	for p := range slices.Chunk(b, part) {
		if _, err := z.Write(p); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return w.Bytes()
}

// bzipInputs are awkward for a transform by sorting: runs, powers of a word, few and all symbols, blocks just full.
func bzipInputs() map[string][]byte {
	r := rand.New(rand.NewPCG(1, 2))
	random := func(n, symbols int) []byte {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(r.IntN(symbols))
		}
		return b
	}
	fibonacci := func(n int) []byte {
		a, b := []byte("a"), []byte("ab")
		for len(b) < n {
			a, b = b, append(slices.Clone(b), a...)
		}
		return b[:n]
	}
	m := map[string][]byte{
		"empty":           nil,
		"one":             {7},
		"all":             random(300_000, 256),
		"few":             random(250_000, 2),
		"zeros":           make([]byte, 3_000_000),
		"power":           bytes.Repeat([]byte("abcab"), 50_000),
		"power of a word": bytes.Repeat(random(1000, 4), 300),
		"fibonacci":       fibonacci(400_000),
		"falling":         bytes.Repeat([]byte{9, 8, 7, 6, 5, 4, 3, 2, 1, 0}, 20_000),
	}
	var runs []byte
	for len(runs) < 400_000 {
		runs = append(runs, bytes.Repeat([]byte{byte(r.IntN(3))}, r.IntN(600))...)
	}
	m["runs"] = runs
	for n := range 12 {
		// A block ends within a run.
		b := random(99_981-n, 256)
		for i := range b {
			b[i] |= byte(i & 1)
			b[i] &^= byte(^i & 1)
		}
		m["edge"+string(rune('a'+n))] = append(append(b, make([]byte, 270)...), random(100, 256)...)
	}
	return m
}

func TestBzipIsReadBack(t *testing.T) {
	for name, b := range bzipInputs() {
		w := bzipOf(t, b, 1, 1<<30)
		got, err := io.ReadAll(bzip2.NewReader(bytes.NewReader(w)))
		if err != nil || !bytes.Equal(got, b) {
			t.Errorf("%s: %d bytes came back of %d: %v", name, len(got), len(b), err)
		}
		if name == "runs" || name == "all" || name == "edgec" {
			if !bytes.Equal(bzipOf(t, b, 1, 977), w) {
				t.Errorf("%s: what is written depends on how it came", name)
			}
		}
	}
}

func TestTransformSortsRotations(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	var s sorter
	for range 3000 {
		b := make([]byte, 1+r.IntN(40))
		k := 1 + r.IntN(4)
		for i := range b {
			b[i] = byte(r.IntN(k))
		}
		twice := append(slices.Clone(b), b...)
		var rows []string
		for i := range b {
			rows = append(rows, string(twice[i:i+len(b)]))
		}
		slices.Sort(rows)
		want := make([]byte, len(b))
		for i, row := range rows {
			want[i] = row[len(row)-1]
		}
		got := slices.Clone(b)
		row := s.transform(got)
		if !bytes.Equal(got, want) || rows[row] != string(b) {
			t.Fatalf("%v: %v, row %d; want %v", b, got, row, want)
		}
	}
}
