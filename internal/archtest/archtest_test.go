// Package archtest keeps the shape of the house: imports point toward the nouns, nothing runs before main, and every
// package says what it is.
package archtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/larder-ml/larder/internal/fixture"
)

const module = "github.com/larder-ml/larder"

// floors lists the house from the nouns down to the program. A package imports only from floors above its own.
// An entry ending in /* stands for every package below that folder; such packages never import each other.
var floors = [][]string{
	{"tensor", "source"},
	{"pyobj", "graph"},
	{"numpy"},
	{"format/*"},
	{"fingerprint", "audit"},
	{"sklearn"},
	{"sklearn/parts"},
	{"sklearn/release"},
	{"sklearn/*"},
	{"sklearn/all"},
	{"exec/*"},
	{"exec"},
	{""},
	{"rows"},
	{"rows/*"},
	{"measure"},
	{"pack"},
	{"sign"},
	{"store"},
	{"store/*"},
	{"serve"},
	{"serve/*"},
	{"cmd/*"},
}

// exceptions are imports between packages of one floor that the house allows.
var exceptions = map[string][]string{
	"format/joblib": {"format/pickle", "format/npy"},
	"format/npy":    {"format/pickle"},
	"format/skops":  {"format/npy"},

	"format/safetensors": {"format/pyjson"},
}

// forbidden are imports that the order of the floors alone would let through: importer prefix → prefixes.
// An importer ending in "!" is meant exactly.
var forbidden = map[string][]string{
	"tensor!":     {"source"},
	"graph!":      {"pyobj"},
	"pyobj!":      {"graph"},
	"numpy!":      {"graph"},
	"format/onnx": {"pyobj", "numpy"},
	"fingerprint": {"format", "graph"},
	"audit":       {"format", "graph"},
	"sklearn":     {"format", "audit", "fingerprint", "exec"},
	"exec":        {"format", "audit", "fingerprint", "sklearn", "numpy", "pyobj"},
	"measure":     {"pyobj", "numpy", "sklearn", "graph", "exec", "format"},
	"pack":        {"pyobj", "numpy", "sklearn", "graph", "exec", "format"},
	"sign":        {"pyobj", "numpy", "sklearn", "graph", "exec", "format"},
	"store":       {"pyobj", "numpy", "sklearn", "graph", "exec", "format"},
	"serve":       {"pyobj", "numpy", "sklearn", "graph", "exec", "format"},
}

// denied are packages of the standard library that a floor has no business with.
var denied = map[string][]string{
	"tensor": {"net", "os", "os/exec", "plugin"}, "pyobj": {"net", "os", "os/exec", "plugin"},
	"graph": {"net", "os", "os/exec", "plugin"}, "numpy": {"net", "os", "os/exec", "plugin"},
	"format": {"net", "net/http", "os", "os/exec", "plugin"}, "audit": {"net", "net/http", "os", "os/exec", "plugin"},
	"fingerprint": {"net", "os", "os/exec", "plugin"}, "sklearn": {"net", "net/http", "os", "os/exec", "plugin"},
	"exec": {"net", "net/http", "os", "os/exec", "plugin"}, "source": {"net", "net/http", "os/exec", "plugin"},
	"": {"net", "net/http", "os/exec", "plugin"},
}

type pkg struct {
	ImportPath, Name, Dir, Doc string
	GoFiles, Imports           []string
}

// list runs go list once; packages come with their path inside the module.
func list(t *testing.T) map[string]pkg {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Name,Dir,Doc,GoFiles,Imports", "./...")
	cmd.Dir = fixture.Root(t)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	pkgs := map[string]pkg{}
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return pkgs
		} else if err != nil {
			t.Fatal(err)
		}
		pkgs[inside(p.ImportPath)] = p
	}
}

func inside(path string) string { return strings.TrimPrefix(strings.TrimPrefix(path, module), "/") }

func keys(pkgs map[string]pkg) []string {
	var names []string
	for name := range pkgs {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// floor returns the floor of a package, the folder entry it fell under ("" for an exact one), and false for a package
// that stands outside the house (internal, parity, bench).
func floor(name string) (int, string, bool) {
	for i, f := range floors {
		if slices.Contains(f, name) {
			return i, "", true
		}
	}
	best, at := "", -1
	for i, f := range floors {
		for _, e := range f {
			if dir, ok := strings.CutSuffix(e, "*"); ok && strings.HasPrefix(name, dir) && len(dir) > len(best) {
				best, at = dir, i
			}
		}
	}
	return at, best, at >= 0
}

func outside(name string) bool {
	for _, dir := range []string{"internal", "parity", "bench", "testdata", "api"} {
		if name == dir || strings.HasPrefix(name, dir+"/") {
			return true
		}
	}
	return false
}

func under(name, prefix string) bool { return name == prefix || strings.HasPrefix(name, prefix+"/") }

func bars(table map[string][]string, name, imp string) bool {
	for who, what := range table {
		exact := strings.HasSuffix(who, "!")
		who = strings.TrimSuffix(who, "!")
		if name != who && (exact || who == "" || !under(name, who)) {
			continue
		}
		for _, w := range what {
			if under(imp, w) && !under(w, who) {
				return true
			}
		}
	}
	return false
}

func TestImportsPointTowardTheNouns(t *testing.T) {
	pkgs := list(t)
	for _, name := range keys(pkgs) {
		if outside(name) {
			continue
		}
		at, dir, ok := floor(name)
		if !ok {
			t.Errorf("%s has no floor", name)
			continue
		}
		var seen []string
		for _, path := range pkgs[name].Imports {
			if path != module && !strings.HasPrefix(path, module+"/") {
				for who, what := range denied {
					if (name == who || who != "" && under(name, who)) && slices.Contains(what, path) {
						t.Errorf("%s imports %s", label(name), path)
					}
				}
				continue
			}
			imp := inside(path)
			if under(imp, "internal") {
				if imp == "internal/fixture" || imp == "internal/golden" || imp == "internal/archtest" {
					t.Errorf("%s imports %s, which is for tests", label(name), imp)
				}
				continue
			}
			seen = append(seen, label(imp))
			to, toDir, _ := floor(imp)
			switch {
			case slices.Contains(exceptions[name], imp):
			case to == at && dir != "" && dir == toDir && under(imp, name):
				// a room's own inner rooms
			case to >= at:
				t.Errorf("%s imports %s, which is not above it", label(name), label(imp))
			case bars(forbidden, name, imp):
				t.Errorf("%s imports %s, which the house forbids", label(name), label(imp))
			}
		}
		t.Logf("%2d  %-32s → %s", at, label(name), strings.Join(seen, " "))
	}
}

func label(name string) string {
	if name == "" {
		return "larder"
	}
	return name
}

func TestPackagesSayWhatTheyAre(t *testing.T) {
	pkgs := list(t)
	for _, name := range keys(pkgs) {
		p := pkgs[name]
		want := "Package " + p.Name + " "
		if p.Name == "main" {
			want = ""
		}
		if len(p.GoFiles) > 0 && (p.Doc == "" || !strings.HasPrefix(p.Doc, want)) {
			t.Errorf("%s: package comment is %q, want it to begin %q", label(name), p.Doc, want)
		}
	}
}

func TestNothingRunsBeforeMain(t *testing.T) {
	for name, p := range list(t) {
		for _, file := range p.GoFiles {
			path := filepath.Join(p.Dir, file)
			fset := token.NewFileSet()
			f, err := parser.ParseFile(fset, path, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range f.Decls {
				if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
					t.Errorf("%s: %s declares init", label(name), fset.Position(fn.Pos()))
				}
			}
			for _, imp := range f.Imports {
				if imp.Path.Value == `"unsafe"` && !(name == "tensor" && file == "view.go") {
					t.Errorf("%s/%s imports unsafe", label(name), file)
				}
				if imp.Path.Value == `"C"` {
					t.Errorf("%s/%s imports C", label(name), file)
				}
			}
		}
	}
}
