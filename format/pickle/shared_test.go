package pickle

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/larder-ml/larder/source"
)

func TestSharedTry(t *testing.T) {
	files, _ := filepath.Glob("../../../shared/data/sklearn-old/*/*.pkl")
	n := 0
	for _, f := range files {
		src, err := source.Open(f, source.Default())
		if err != nil {
			t.Fatal(err)
		}
		d, err := Decode(src, source.Default())
		if err != nil {
			t.Errorf("%s: %v", f, err)
			continue
		}
		n++
		if len(d.Notes) > 0 {
			t.Errorf("%s: %v", f, d.Notes)
		}
	}
	t.Log(n)
}

func TestDisTry(t *testing.T) {
	f := os.Getenv("DIS")
	if f == "" {
		t.Skip()
	}
	src, err := source.Open(f, source.Default())
	if err != nil {
		t.Fatal(err)
	}
	w, _ := os.Create(os.Getenv("DISOUT"))
	t.Log(Disassemble(w, src, source.Default(), 0))
	w.Close()
}
