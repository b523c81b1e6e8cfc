package pyre

import "testing"

// TestCompilePython2 wants classes of ASCII, unless the pattern says otherwise.
func TestCompilePython2(t *testing.T) {
	for pattern, want := range map[string]bool{`\w`: false, `(?u)\w`: true} {
		p, err := CompilePython2(pattern)
		if err != nil {
			t.Fatal(err)
		}
		got, err := p.FindAll(nil, "ï")
		if err != nil || len(got) > 0 != want {
			t.Errorf("%s: %v %v, want a match: %v", pattern, got, err, want)
		}
	}
}
