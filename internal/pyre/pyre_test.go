package pyre

import (
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/larder-ml/larder/internal/fixture"
)

// TestFindAll compares with Python's re.findall (testdata/gen/pyre.py). LARDER_PYRE names another file of cases.
func TestFindAll(t *testing.T) {
	data := fixture.Read(t, "pyre/findall.json")
	if path := os.Getenv("LARDER_PYRE"); path != "" {
		var err error
		if data, err = os.ReadFile(path); err != nil {
			t.Fatal(err)
		}
	}
	var doc struct {
		Texts []string
		Cases []struct {
			Pattern string
			Error   string
			Groups  int
			Found   [][]string
		}
	}
	if err := json.Unmarshal(data, &doc); err != nil {
		t.Fatal(err)
	}
	for _, c := range doc.Cases {
		p, err := Compile(c.Pattern)
		switch {
		case c.Error != "":
			var bad *Error
			if !errors.As(err, &bad) {
				t.Errorf("%q compiles, re says %s", c.Pattern, c.Error)
			}
			continue
		case err != nil:
			t.Errorf("%q: %v", c.Pattern, err)
			continue
		case p.Groups() != c.Groups:
			t.Errorf("%q: %d groups, want %d", c.Pattern, p.Groups(), c.Groups)
			continue
		}
		for i, want := range c.Found {
			got, err := p.FindAll(nil, doc.Texts[i])
			var over *BudgetError
			if errors.As(err, &over) {
				t.Logf("%q in %q: %v", c.Pattern, doc.Texts[i], err)
				continue
			}
			if err != nil || !slices.Equal(got, want) {
				t.Errorf("%q in %q: %q, %v, want %q", c.Pattern, doc.Texts[i], got, err, want)
			}
		}
	}
}

// TestCPython compares what only CPython's own way of matching explains with re.findall of Python 3.11.
func TestCPython(t *testing.T) {
	for _, c := range []struct {
		pattern, text string
		want          []string
	}{
		{`a(?:[a-c]{1,2}){2}+`, "aaa aaaa aab", []string{"aaaa"}},
		{`(?:a|ab){2}+c`, "aac ababc", []string{"aac"}},
		{`(ab?|b){2,}+`, "abb b aba", []string{"b", "a"}},
		{`(?:\w?){2}+1`, "ab1 b1", []string{"ab1"}},
		{`(?i)(.)\1`, "ςσ Σσ ΣΣ Kk Iı ſs", []string{"Σ", "Σ", "K"}},
		{`(?i)(?:(.)\1)`, "σΣ", []string{"σ"}},
		{`(?i)ΐ|[ΰ]|ﬅ`, "ΐΐ ΰΰ ﬅﬆ", []string{"ΐ", "ΐ", "ΰ", "ΰ", "ﬅ", "ﬆ"}},
		{`(?ai)(.)\1`, "éÉ kK Kk", []string{"k"}},
		{`(?a)(?a:\W)`, "é-", []string{"é", "-"}},
		{`(?:(?ai:\w))?b`, "éb ab", []string{"b", "ab"}},
		{`(?i)[^\W]`, "\u0345\u1fbeι", []string{"\u1fbe", "ι"}},
		{`(?i)[\w-]`, "\u0345\u1fbe", []string{"\u1fbe"}},
		{`(?i)[𐐀]`, "𐐀𐐨", []string{"𐐀", "𐐨"}},
		{`(?i)[𐐀a]|b`, "𐐀𐐨Ab", []string{"A", "b"}},
		{`(?i)𐐀|b`, "𐐀𐐨B", []string{"B"}},
		{`(?i)𐐀|bc`, "𐐀𐐨BC", []string{"𐐀", "𐐨", "BC"}},
		{`(?i)[𐐀-𐐁a]`, "𐐀𐐨a", []string{"𐐀", "𐐨", "a"}},
		{`(?ai)[ΐ-𐐀]`, "µéß", []string{"µ"}},
		{`(?i)[Ι-𐐀]`, "ΐŉ", []string{"ΐ"}},
		{`(a)(?<=\1)b`, "ab bb", []string{"a"}},
	} {
		p, err := Compile(c.pattern)
		if err != nil {
			t.Errorf("%q: %v", c.pattern, err)
			continue
		}
		if got, err := p.FindAll(nil, c.text); err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%q in %q: %q, %v, want %q", c.pattern, c.text, got, err, c.want)
		}
	}
}

// TestRefused refuses by reason the patterns whose matches differ between releases of CPython, and takes their like.
func TestRefused(t *testing.T) {
	const search, stale, open = "a class at the begin", "a capturing group in a possessive repeat", "a condition asks for the group it is in"
	for pattern, reason := range map[string]string{
		`(?a:\W)`: search, `(?m)(?a:[\W\d])x`: search, `((?a:\w)+)?`: "", `(?:x|(?ai:\W))`: search, `(?a)(?u:\w)`: search, `(?a)(?a:\w)`: "",
		`(?a:[a-z])`: "", `x(?a:\w)`: "", `(?:(?:)(?a:\w))`: search, `(?a)\w|(?a:\W)`: "",
		`(?:(a)|b)*+`: stale, `((a)b?|c)++`: stale, `x(?:y(?:(a)|b){2,}+)`: stale, `(a|b)*+c`: "", `(?:(a)|b)?+`: "", `(?>(?:(a)|b)*)`: "",
		`(?:(?:a)|b)*+`: "", `(?=(?:(a)|b)++)`: stale,
		`(?i)a𐐀|ab`: "alternatives that end with a capital", `(?i)a𐐨|ab`: "", `a𐐀|ab`: "",
		`(?<=(a)\1)b`: "the same lookbehind", `(?<=(a)(?(1)b|c))b`: "the same lookbehind", `(ab?)(?<=\1)b`: "fixed-width",
		`(a(?(1)b|c))+`: open, `(a)(?(1)b|c)`: "", `(?:(a)|b(?(1)c|d))*`: "",
	} {
		_, err := Compile(pattern)
		if reason == "" && err != nil || reason != "" && (err == nil || !strings.Contains(err.Error(), reason)) {
			t.Errorf("%q: %v, want %q", pattern, err, reason)
		}
	}
}

// TestBudget ends a match that would take exponential time.
func TestBudget(t *testing.T) {
	p, err := Compile(`(a|aa)+$`)
	if err != nil {
		t.Fatal(err)
	}
	_, err = p.FindAll(nil, strings.Repeat("a", 100)+"b")
	var over *BudgetError
	if !errors.As(err, &over) {
		t.Errorf("got %v, want a BudgetError", err)
	}
}

// TestSize refuses patterns whose program would be large.
func TestSize(t *testing.T) {
	for _, p := range []string{strings.Repeat("(", 5000), strings.Repeat("(a)", 5000), strings.Repeat("a?", 100000)} {
		if _, err := Compile(p); err == nil {
			t.Errorf("%.10s… compiles", p)
		}
	}
}

func FuzzCompile(f *testing.F) {
	f.Add(`(?u)\b\w\w+\b`, "some text")
	f.Add(`(a|b)*?\1(?<=x)[^]]`, "abab")
	f.Fuzz(func(t *testing.T, pattern, text string) {
		p, err := Compile(pattern)
		if err != nil {
			return
		}
		if _, err := p.FindAll(nil, text); err != nil {
			var over *BudgetError
			if !errors.As(err, &over) {
				t.Error(err)
			}
		}
	})
}

// TestNestingIsBounded compiles patterns that nest without end.
func TestNestingIsBounded(t *testing.T) {
	for _, open := range []string{"(", "(?:", "(?=", "(?>", "(?i:", "(?(1)", "(?(1)|", "(?P<a>", "(?#"} {
		if _, err := Compile("(a)" + strings.Repeat(open, 2_000_000)); err == nil {
			t.Errorf("%s: no error", open)
		}
	}
}

// TestReplace compares with re.sub and re.split of Python 3.11.
func TestReplace(t *testing.T) {
	for _, c := range []struct {
		pattern     string
		flags       int64
		by, s, want string
		split       []string
	}{
		{`(\w)(\d)?`, 32, `[\2\g<1>]`, "a1 b", "[1a] [b]", nil},
		{`x*`, 32, "-", "axxb", "-a--b-", []string{"", "a", "", "b", ""}},
		{`(?P<q>['"])`, 32, `\g<q>\\\061\n`, "it's", "it'\\1\ns", []string{"it", "'", "s"}},
		{`\w+ # w`, 98, "", "ab c", " ", []string{"", " ", ""}},
		{`k`, 34, "x", "K K k", "x x x", []string{"", " ", " ", ""}},
		{`\w`, 256, `\.`, "aé", `\.é`, []string{"", "é"}},
	} {
		p, err := CompileFlags(c.pattern, c.flags)
		if err != nil {
			t.Fatal(err)
		}
		by, err := p.Template(c.by)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := p.Replace(c.s, by, 99); got != c.want || err != nil {
			t.Errorf("%q in %q: %q, %v, want %q", c.pattern, c.s, got, err, c.want)
		}
		got, err := p.Split(nil, c.s)
		if (err != nil) != (c.split == nil) || err == nil && !slices.Equal(got, c.split) {
			t.Errorf("%q splits %q: %q, %v, want %q", c.pattern, c.s, got, err, c.split)
		}
	}
	p, _ := Compile(`(a)`)
	for _, bad := range []string{`\2`, `\g<b>`, `\g<>`, `\q`, `\`, `\400`} {
		if _, err := p.Template(bad); err == nil {
			t.Errorf("%q is no template", bad)
		}
	}
	if long, _ := p.Template(strings.Repeat("b", 60)); long != nil {
		if _, err := p.Replace("aaaa", long, 99); err == nil {
			t.Error("a text of any length")
		}
	}
}
