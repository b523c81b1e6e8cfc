package archtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/larder-ml/larder/internal/fixture"
)

// TestOperationsAreComplete: each operation of package graph has a kernel in exec, and an encoding or a reason in
// format/onnx.
func TestOperationsAreComplete(t *testing.T) {
	root := fixture.Root(t)
	count := 0
	sources := func(dir string) string {
		paths, err := filepath.Glob(filepath.Join(root, dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		var s strings.Builder
		for _, p := range paths {
			if strings.HasSuffix(p, "_test.go") {
				continue
			}
			b, err := os.ReadFile(p)
			if err != nil {
				t.Fatal(err)
			}
			s.Write(b)
		}
		return s.String()
	}
	exec, onnx := sources("exec"), sources("format/onnx")
	files, err := filepath.Glob(filepath.Join(root, "graph", "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range files {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			v, ok := n.(*ast.ValueSpec)
			if !ok || len(v.Names) != 1 {
				return true
			}
			if typ, ok := v.Type.(*ast.Ident); !ok || typ.Name != "Op" {
				return true
			}
			count++
			name := "graph." + v.Names[0].Name
			if !strings.Contains(exec, name+":") && !strings.Contains(exec, "case "+name) {
				t.Errorf("exec: no kernel for %s", name)
			}
			if !strings.Contains(onnx, name+":") {
				t.Errorf("format/onnx: neither an encoding nor a reason for %s", name)
			}
			return true
		})
	}
	if count < 80 {
		t.Errorf("%d operations found", count)
	}
}
