package exec

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/internal/pyre"
	"github.com/larder-ml/larder/tensor"
)

// sklearn.utils.murmurhash3_32(s, seed=0)
func TestMurmur3(t *testing.T) {
	for s, want := range map[string]int32{"": 0, "a": 1009084850, "bb": 855411159, "ccc": 735026264, "dddd": 2067265391,
		"東京": -1765863102, "hello world": 1586663183, "x=1": 628805888} {
		if got := murmur3(false, s); got != want {
			t.Errorf("murmur3(%q) = %d, want %d", s, got, want)
		}
	}
	if got := murmur3(false, "x", "=", "1"); got != 628805888 {
		t.Errorf("in parts: %d", got)
	}
	if got := hashColumn(-1<<31, 7); got != (1<<31-1-6)%7 {
		t.Errorf("column of the smallest hash: %d", got)
	}
}

// CountVectorizer(…).build_analyzer()
func TestTokenizer(t *testing.T) {
	words, err := pyre.Compile(`(?u)\b\w\w+\b`)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		a    graph.TokenizeAttr
		in   string
		want []string
	}{
		{graph.TokenizeAttr{Unit: graph.UnitChar, Lo: 1, Hi: 2}, "a  b\t\nc", []string{"a", " ", "b", " ", "c", "a ", " b", "b ", " c"}},
		{graph.TokenizeAttr{Unit: graph.UnitCharWB, Lo: 2, Hi: 5}, " ab  c\u2003d ", []string{" a", "ab", "b ", " ab", "ab ", " ab ", " c", "c ", " c ", " d", "d ", " d "}},
		{graph.TokenizeAttr{Pattern: words, Lo: 2, Hi: 3}, "one two three four", []string{"one two", "two three", "three four", "one two three", "two three four"}},
		{graph.TokenizeAttr{Pattern: words, Lo: 1, Hi: 2, Stop: map[string]bool{"two": true}}, "one two three", []string{"one", "three", "one three"}},
	} {
		tk := tokenizer{terms: terms{most: 1000}}
		tk.start(nil)
		switch c.a.Unit {
		case graph.UnitChar:
			tk.charGrams(c.in, c.a.Lo, c.a.Hi)
		case graph.UnitCharWB:
			tk.charWBGrams(c.in, c.a.Lo, c.a.Hi)
		default:
			if _, err := tk.wordGrams(nil, c.in, &c.a); err != nil {
				t.Fatal(err)
			}
		}
		if got := tk.finish(); !slices.Equal(got, c.want) {
			t.Errorf("%q: %q, want %q", c.in, got, c.want)
		}
	}
}

// TestWordRuns holds the fast path against the pattern it stands for.
func TestWordRuns(t *testing.T) {
	texts := []string{"", "a", "ab", "The cat's hat, isn't it? 3.14", "naïve café e\u0301tude 東京 x ١٢", "_a__ b1 \xed\xa0\x80ab", "ab\ncd\t\t e"}
	for pattern, slow := range map[string]string{`(?u)\b\w\w+\b`: `(?:\b\w\w+\b)`, `\w+`: `(?:\w)+`, `\b\w{3,}\b`: `(?:\b\w{3,}\b)`} {
		fast, err := pyre.Compile(pattern)
		if err != nil {
			t.Fatal(err)
		}
		p, err := pyre.Compile(slow)
		if err != nil {
			t.Fatal(err)
		}
		if fast.WordRuns() == 0 || p.WordRuns() != 0 {
			t.Fatalf("%s and %s do not take different paths", pattern, slow)
		}
		for _, s := range texts {
			want, err := p.FindAll(nil, s)
			if err != nil {
				t.Fatal(err)
			}
			if got := wordRuns(nil, s, fast.WordRuns()); !slices.Equal(got, want) {
				t.Errorf("%s in %q: %q, want %q", pattern, s, got, want)
			}
		}
	}
}

// TestGramsAreBounded asks for n-grams of any length, whose number grows with the square of the text.
func TestGramsAreBounded(t *testing.T) {
	words := slices.Repeat([]string{"ab"}, 100_000)
	for name, f := range map[string]func(*tokenizer) bool{
		"char":    func(k *tokenizer) bool { return k.charGrams(strings.Repeat("ab", 100_000), 1, math.MaxInt) },
		"char_wb": func(k *tokenizer) bool { return k.charWBGrams(strings.Repeat("ab", 100_000), 1, math.MaxInt) },
		"word":    func(k *tokenizer) bool { return k.grams(words, 1, math.MaxInt) },
	} {
		k := tokenizer{terms: terms{most: 1000}}
		if f(&k) {
			t.Errorf("%s: %d terms", name, len(k.out))
		}
	}
}

// sklearn.utils.murmurhash3_32(s, seed=0) % 8 of FeatureHasher on s390x: words of four bytes are swapped, what is left is not.
func TestMurmurBigEndian(t *testing.T) {
	for s, same := range map[string]bool{"a": true, "cat": true, "東": true, "cats": false, "naïve": false, "東京": false} {
		if (murmur3(true, s) == murmur3(false, s)) != same {
			t.Errorf("murmur3(%q): alike %v, want %v", s, !same, same)
		}
	}
}

// DictVectorizer(dtype=numpy.int64): int() of None and of what is not finite
func TestWholeDicts(t *testing.T) {
	for what, cell := range map[string]tensor.Cell{"NoneType": {Kind: tensor.CellNone}, "NaN": tensor.FloatCell(math.NaN()), "": tensor.FloatCell(2.7)} {
		b := graph.NewBuilder()
		x := b.Input("x", graph.Type{Kind: graph.Dicts, Shape: []int{graph.N}})
		b.Output("y", b.DictRows(x, graph.DictRowsAttr{Vocabulary: map[string]int32{"a": 0}, Columns: 1, DType: tensor.Int64}))
		g, err := b.Build()
		if err != nil {
			t.Fatal(err)
		}
		p, err := Compile(g, Options{})
		if err != nil {
			t.Fatal(err)
		}
		out, err := p.Run(t.Context(), []tensor.Value{{Dicts: &tensor.Dicts{Indptr: []int{0, 1}, Keys: []string{"a"}, Values: []tensor.Cell{cell}}}})
		switch {
		case what != "" && (err == nil || !strings.Contains(err.Error(), what)):
			t.Errorf("%v: %v", cell, err)
		case what == "" && (err != nil || out[0].CSR.Data.I64[0] != 2):
			t.Errorf("%v: %v, %v", cell, out, err)
		}
	}
}
