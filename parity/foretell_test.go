package parity

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/larder-ml/larder"
	"github.com/larder-ml/larder/internal/fixture"
	"github.com/larder-ml/larder/internal/golden"
)

// TestForetold lets the real scikit-learn load files of older releases and compares what happened with what was foretold.
func TestForetold(t *testing.T) {
	live(t)
	root := fixture.Shared(t, "data/sklearn-old")
	cmd := exec.Command(fixture.Python(t), filepath.Join(fixture.Root(t), "testdata", "gen", "outcomes.py"), root, "0.22.2.post1", "1.3.2", "1.7.2")
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, errs.String())
	}
	real, err := golden.ReadOutcomes(bytes.NewReader(out))
	if err != nil {
		t.Fatal(err)
	}
	agree := 0
	for name, o := range real.Of {
		m, err := larder.Open(filepath.Join(root, name+".pkl"))
		if err != nil {
			t.Fatal(err)
		}
		got, err := m.Foretell(larder.Runtime{Sklearn: real.Sklearn, Numpy: real.Numpy})
		if err != nil {
			t.Fatal(err)
		}
		switch d := o.Differs(string(got.Outcome), got.Error); {
		case d == "":
			agree++
		case name == "1.3.2/TfidfT", name == "0.22.2.post1/Power", name == "0.22.2.post1/Quant":
			// weights that are all 1; inverse_transform, which is not run
		default:
			t.Errorf("%s: %s", name, d)
		}
	}
	t.Logf("scikit-learn %s: %d of %d files as foretold", real.Sklearn, agree, len(real.Of))
	if agree < 300 {
		t.Errorf("only %d files", agree)
	}
}
