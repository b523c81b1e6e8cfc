package pystr

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"
	"unicode"
)

// TestUnicode compares every character with Python's str, re and unicodedata and scikit-learn's accent stripping
// (testdata/gen/unicode_tables.py --digest).
func TestUnicode(t *testing.T) {
	const want = "56e2bbefc1ff9cc1f712dd25d4b4765c168339efc2ae9b6e3d8ba315bc1f1a28"
	if unicode.Version != unicodeVersion {
		t.Skipf("package unicode has version %s, the tables %s", unicode.Version, unicodeVersion)
	}
	h := sha256.New()
	flag := func(b bool) string {
		if b {
			return "1"
		}
		return "0"
	}
	for r := rune(0); r < 0x110000; r++ {
		if 0xd800 <= r && r < 0xe000 {
			continue
		}
		s := string(r)
		fmt.Fprintf(h, "%x %s %s %s %s\n", r, Lower(s), StripUnicode(s), StripASCII(s),
			flag(IsWord(r))+flag(IsSpace(r))+flag(IsDigit(r))+flag(IsSpace(r))+
				flag(strings.HasSuffix(Lower("a"+s+"Σ"), "ς"))+flag(strings.HasPrefix(strings.TrimPrefix(Lower("aΣ"+s), "a"), "ς")))
	}
	if got := fmt.Sprintf("%x", h.Sum(nil)); got != want {
		t.Errorf("digest %s, want %s", got, want)
	}
}

// TestSurrogates keeps lone surrogates whole.
func TestSurrogates(t *testing.T) {
	s := "a\xed\xa0\x80Z"
	if got := Lower(s); got != "a\xed\xa0\x80z" {
		t.Errorf("Lower = %q", got)
	}
	if n := Len(s); n != 3 {
		t.Errorf("Len = %d, want 3", n)
	}
	if r, n := DecodeLast(s[:4]); r != 0xd800 || n != 3 {
		t.Errorf("DecodeLast = %x, %d", r, n)
	}
}

func TestDecomposed(t *testing.T) {
	// unicodedata.is_normalized("NFKD", s)
	for s, want := range map[string]bool{"e\u0301": true, "é": false, "e\u0301\u0323": false, "e\u0323\u0301": true, "한": false, "ﬁ": false, "abc": true} {
		if got := IsDecomposed(s); got != want {
			t.Errorf("IsDecomposed(%q) = %v", s, got)
		}
	}
}
