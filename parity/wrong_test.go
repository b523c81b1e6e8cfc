package parity

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/larder-ml/larder"
	"github.com/larder-ml/larder/internal/fixture"
	"github.com/larder-ml/larder/internal/golden"
)

var update = flag.Bool("update", false, "write docs/WRONG-INPUTS.md")

const wrongHead = `# Wrong inputs

What scikit-learn 1.9.1 says to rows that a model can not take, and what Larder says. Written by
` + "`go test ./parity -run TestWrongInputs -update`" + ` from testdata/wrong, which testdata/gen/wrong.py makes with real scikit-learn. Errors of
this kind answer larder.ErrInput; the program ends with 4. What a model lacks altogether answers larder.ErrUnsupported.

`

// TestWrongInputs gives every kind of bad input to a model of each kind: what scikit-learn refuses is refused, in its words
// where docs/WRONG-INPUTS.md says so; what it takes is computed.
func TestWrongInputs(t *testing.T) {
	allow := &table{allow: allowances(t)}
	var rows []string
	kinds, same := 0, 0
	for c, m := range models(t, fixture.Path(t, "wrong")) {
		for i := range c.Outputs {
			out := &c.Outputs[i]
			kinds++
			got, err := compute(m, c, out)
			if out.Refusal == "" {
				if err != nil {
					if !allow.allowed("refuses", c, out, err.Error()) {
						t.Errorf("%s: %q: scikit-learn computes, Larder refuses: %v", c.Name, out.Input, err)
					}
				} else if d := golden.Compare(got, out); !d.OK() {
					t.Errorf("%s: %q: %s", c.Name, out.Input, d)
				}
				continue
			}
			switch {
			case err == nil:
				if allow.allowed("answers", c, out, out.Refusal) {
					continue
				}
				t.Errorf("%s: %q: scikit-learn refuses (%s), Larder answers", c.Name, out.Input, out.Refusal)
				continue
			case !errors.Is(err, larder.ErrInput) && !errors.Is(err, larder.ErrUnsupported):
				t.Errorf("%s: %q: Larder fails: %v", c.Name, out.Input, err)
			}
			_, theirs, _ := strings.Cut(out.Refusal, ": ")
			ours := strings.Join(strings.Fields(err.Error()), " ")
			if n := min(len(theirs), 250); n > 0 && strings.Contains(ours, theirs[:n]) {
				same++
				ours = "the same"
			}
			rows = append(rows, fmt.Sprintf("| %s | `%s.%s` | %s | %s |", out.Input, c.Estimator, out.Method, cellText(out.Refusal), cellText(ours)))
		}
	}
	t.Logf("%d kinds of wrong input, %d refused by scikit-learn, %d of them in the same words", kinds, len(rows), same)
	if len(rows) < 30 {
		t.Errorf("%d kinds refused, want 30 at least", len(rows))
	}
	text := wrongHead + fmt.Sprintf("%d kinds are refused by both, %d in the same words.\n\n| input | given to | scikit-learn | Larder |\n|---|---|---|---|\n", len(rows), same) +
		strings.Join(rows, "\n") + "\n"
	doc := filepath.Join(fixture.Root(t), "docs", "WRONG-INPUTS.md")
	if *update {
		if err := os.WriteFile(doc, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if have, _ := os.ReadFile(doc); string(have) != text {
		t.Error("docs/WRONG-INPUTS.md is not what the cases give: go test ./parity -run TestWrongInputs -update")
	}
}

// cellText makes a text fit for a cell of a table.
func cellText(s string) string {
	s = strings.NewReplacer("|", `\|`, "<", "&lt;", "\n", " ").Replace(s)
	if r := []rune(s); len(r) > 160 {
		s = string(r[:157]) + "..."
	}
	return s
}
