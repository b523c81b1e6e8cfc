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
