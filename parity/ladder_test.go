package parity

import (
	"os"
	"path/filepath"
	"testing"
)

// TestLadder runs the models of `make ladder`: what other releases wrote, with what they computed themselves.
func TestLadder(t *testing.T) {
	root := os.Getenv("LARDER_LADDER")
	if root == "" {
		t.Skip("LARDER_LADDER is not set: run make ladder")
	}
	dirs, err := os.ReadDir(root)
	if err != nil || len(dirs) == 0 {
		t.Fatalf("no releases in %s: %v", root, err)
	}
	for _, d := range dirs {
		if d.IsDir() {
			t.Run(d.Name(), func(t *testing.T) { run(t, filepath.Join(root, d.Name()), "", true) })
		}
	}
}
