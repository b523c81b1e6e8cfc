package pystr

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestCase compares every character with Python's str (testdata/gen/unicode_tables.py --case-digest).
func TestCase(t *testing.T) {
	const want = "2e32c275df87d9e4bb9b6c065c64bcf38796d1d2838f2cccc38ab51b9dbf1e4a"
	h := sha256.New()
	for r := rune(0); r < 0x110000; r++ {
		if 0xd800 <= r && r < 0xe000 || 0x1df25 <= r && r <= 0x1df2a || 0x1e030 <= r && r <= 0x1e08f || strings.ContainsRune("\u10fc\ua7f2\ua7f3\ua7f4\uab69", r) {
			continue
		}
		s := string(r)
		fmt.Fprintln(h, strings.Join([]string{Upper(s), Casefold(s), Title(s), Swapcase(s), Title("a" + s + "B"), Capitalize("." + s + "A"), Swapcase(s + "AΣ")}, "|"))
	}
	if got := fmt.Sprintf("%x", h.Sum(nil)); got != want {
		t.Errorf("digest %s, want %s", got, want)
	}
	for _, f := range []func(string) string{Upper, Casefold, Title, Swapcase, Capitalize} {
		if got := f("\xed\xa0\x80"); got != "\xed\xa0\x80" {
			t.Errorf("a lone surrogate becomes %q", got)
		}
	}
}

// TestSplit compares with Python's str.split, splitlines and strip.
func TestSplit(t *testing.T) {
	for _, c := range []struct {
		got, want []string
	}{
		{Split(nil, " a\u3000b \x1c c ", "", -1), []string{"a", "b", "c"}},
		{Split(nil, " a b  c ", "", 1), []string{"a", "b  c "}},
		{Split(nil, "  ", "", 0), nil},
		{Split(nil, "a,,b,", ",", -1), []string{"a", "", "b", ""}},
		{Split(nil, "a,b,c", ",", 1), []string{"a", "b,c"}},
		{Split(nil, "", ",", -1), []string{""}},
		{Splitlines(nil, "a\r\nb\u2028\n\x1dc\n", false), []string{"a", "b", "", "", "c"}},
		{Splitlines(nil, "a\r\n\rb", true), []string{"a\r\n", "\r", "b"}},
		{[]string{Strip("\u00a0 a \x1f", nil, true, true), Strip("xyaxy", ptr("yx"), true, false)}, []string{"a", "axy"}},
	} {
		if !slices.Equal(c.got, c.want) {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
}

func ptr(s string) *string { return &s }
