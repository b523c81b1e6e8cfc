package archtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/larder-ml/larder/internal/fixture"
)

// TestKernelsNeverFuse finds x*y+z on floats in exec: Go may round such an expression once on some processors and
// twice on others. The product must be converted (float64(x*y)+z) or assigned first.
func TestKernelsNeverFuse(t *testing.T) {
	if _, err := os.Stat(filepath.Join(fixture.Root(t), "exec")); err != nil {
		t.Skip("package exec not present")
	}
	cmd := exec.Command("go", "list", "-export", "-deps", "-json=ImportPath,Dir,GoFiles,Export", "./exec/...")
	cmd.Dir = fixture.Root(t)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	exports := map[string]string{}
	var kernels []pkg
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p struct {
			pkg
			Export string
		}
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		exports[p.ImportPath] = p.Export
		if under(inside(p.ImportPath), "exec") && p.ImportPath != inside(p.ImportPath) {
			kernels = append(kernels, p.pkg)
		}
	}
	if len(kernels) == 0 {
		t.Fatal("no package exec")
	}
	for _, k := range kernels {
		bare, err := fusible(k, exports)
		if err != nil {
			t.Fatal(err)
		}
		for _, at := range bare {
			t.Errorf("%s: a float product is added in the same expression: write float64(x*y)", at)
		}
	}
}

func TestFusibleSeesBareProducts(t *testing.T) {
	dir := t.TempDir()
	src := "package k\n" +
		"func f(x, y, z float64, i, j int) float64 {\n" +
		"\tz = x*y + z\n" +
		"\tz -= (x * y)\n" +
		"\tz = float64(x*y) + z\n" +
		"\tp := x * y\n" +
		"\treturn p + z + float64(i*j+i)\n" +
		"}\n"
	if err := os.WriteFile(filepath.Join(dir, "k.go"), []byte(src), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := fusible(pkg{ImportPath: "k", Dir: dir, GoFiles: []string{"k.go"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"k.go:3", "k.go:4"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// fusible returns the places in p where a float product is an operand of a sum.
func fusible(p pkg, exports map[string]string) ([]string, error) {
	fset := token.NewFileSet()
	var files []*ast.File
	for _, name := range p.GoFiles {
		f, err := parser.ParseFile(fset, filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}}
	conf := types.Config{Importer: importer.ForCompiler(fset, "gc", func(path string) (io.ReadCloser, error) {
		return os.Open(exports[path])
	})}
	if _, err := conf.Check(p.ImportPath, fset, files, info); err != nil {
		return nil, err
	}
	product := func(e ast.Expr) bool {
		b, ok := ast.Unparen(e).(*ast.BinaryExpr)
		if !ok || b.Op != token.MUL {
			return false
		}
		tv := info.Types[b]
		basic, ok := tv.Type.Underlying().(*types.Basic)
		if !ok { // a type parameter: judge by its constraint's name alone
			return true
		}
		return tv.Value == nil && basic.Info()&types.IsFloat != 0
	}
	var bare []string
	report := func(n ast.Node) {
		at := fset.Position(n.Pos())
		bare = append(bare, fmt.Sprintf("%s:%d", filepath.Base(at.Filename), at.Line))
	}
	for _, f := range files {
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.BinaryExpr:
				if (n.Op == token.ADD || n.Op == token.SUB) && (product(n.X) || product(n.Y)) {
					report(n)
				}
			case *ast.AssignStmt:
				if (n.Tok == token.ADD_ASSIGN || n.Tok == token.SUB_ASSIGN) && product(n.Rhs[0]) {
					report(n)
				}
			}
			return true
		})
	}
	return bare, nil
}
