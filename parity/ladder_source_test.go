package parity

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/larder-ml/larder/internal/fixture"
)

// TestLadderSourcesAreOld looks for what Python 2.7 can not read in the files that `make ladder` runs under it.
func TestLadderSourcesAreOld(t *testing.T) {
	newer := regexp.MustCompile(`:=| @ |[ (=\[]f"[^"]|\bnonlocal\b|\byield from\b|\basync\b`)
	for _, name := range []string{"ladder.py", "exactness.py", "asjson.py"} {
		text, err := os.ReadFile(filepath.Join(fixture.Root(t), "testdata", "gen", name))
		if err != nil {
			t.Fatal(err)
		}
		for i, line := range strings.Split(string(text), "\n") {
			if found := newer.FindString(line); found != "" {
				t.Errorf("%s:%d: %q is not of Python 2.7: %s", name, i+1, found, line)
			}
		}
	}
}
