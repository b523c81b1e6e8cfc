package parity

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/larder-ml/larder"
	"github.com/larder-ml/larder/format/onnx"
	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/internal/fixture"
	"github.com/larder-ml/larder/internal/golden"
	"github.com/larder-ml/larder/tensor"
)

// TestRefusals holds refusals.txt against the source: every operation with every reason for which its ONNX form can be
// refused, and every reason for which skops' can, are there, and nothing else. So what the file does not hold no draw of
// models can meet, and a new place that refuses has to be agreed to. -update adds and strikes out.
func TestRefusals(t *testing.T) {
	want := possible(t)
	have := agreed(t)
	if *update {
		var lines []string
		for why := range want {
			lines = append(lines, have[why]+why)
		}
		slices.SortFunc(lines, func(a, b string) int {
			return strings.Compare(strings.TrimPrefix(a, never), strings.TrimPrefix(b, never))
		})
		if err := os.WriteFile(refusals, []byte(strings.Join(append(heading(t), lines...), "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		have = agreed(t)
	}
	for _, why := range sorted(want) {
		if _, ok := have[why]; !ok {
			t.Errorf("the source refuses for a reason that %s does not hold: %s", refusals, why)
		}
	}
	for _, why := range sorted(have) {
		if !want[why] {
			t.Errorf("nothing refuses for this reason of %s: %s", refusals, why)
		}
	}
	t.Logf("%d pairs of operation and reason", len(want))
}

const (
	refusals = "refusals.txt"
	never    = "never " // before a line: of no model that scikit-learn computes with
)

// heading gives the lines of refusals.txt that say what it is.
func heading(t *testing.T) []string {
	b, err := os.ReadFile(refusals)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for line := range strings.Lines(string(b)) {
		if strings.HasPrefix(line, "#") {
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	return lines
}

// agreed reads refusals.txt: what stands before each reason, "never " or nothing.
func agreed(t *testing.T) map[string]string {
	b, err := os.ReadFile(refusals)
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]string{}
	for line := range strings.Lines(string(b)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			why, marked := strings.CutPrefix(line, never)
			known[why] = map[bool]string{true: never}[marked]
		}
	}
	return known
}

var verb = regexp.MustCompile(`%[-+#.\d]*[a-zA-Z]`)

// possible derives from the source what can be refused: "Op: reason", "any: reason" where it is no matter of one operation,
// "skops: reason".
func possible(t *testing.T) map[string]bool {
	root := fixture.Root(t)
	names := map[string]string{} // OpAdd → Add
	for _, f := range parsed(t, filepath.Join(root, "graph")) {
		ast.Inspect(f, func(n ast.Node) bool {
			if v, ok := n.(*ast.ValueSpec); ok && len(v.Values) == len(v.Names) {
				for i, name := range v.Names {
					if s := literal(v.Values[i]); strings.HasPrefix(name.Name, "Op") && s != "" {
						names[name.Name] = s
					}
				}
			}
			return true
		})
	}
	if len(names) < 50 {
		t.Fatalf("%d operations found in graph", len(names))
	}
	want := map[string]bool{}
	add := func(op string, reasons map[string]bool) {
		for why := range reasons {
			want[op+": "+why] = true
		}
	}
	files := parsed(t, filepath.Join(root, "format", "onnx"))
	var written []*ast.File
	for name, f := range files {
		if !strings.HasPrefix(name, "decode") {
			written = append(written, f)
		}
	}
	r := newReach(written)
	for _, f := range written {
		ast.Inspect(f, func(n ast.Node) bool {
			c, ok := n.(*ast.CompositeLit)
			if !ok {
				return true
			}
			for _, e := range c.Elts {
				kv, ok := e.(*ast.KeyValueExpr)
				if !ok {
					continue
				}
				key, ok := kv.Key.(*ast.SelectorExpr)
				if !ok || names[key.Sel.Name] == "" {
					continue
				}
				if why := literal(kv.Value); why != "" {
					add(names[key.Sel.Name], map[string]bool{why: true})
				} else if id, ok := c.Type.(*ast.Ident); ok && id.Name == "table" {
					add(names[key.Sel.Name], r.from(kv.Value))
				}
			}
			return true
		})
	}
	for _, general := range []string{".node", ".model", "Encode"} {
		add("any", r.from(r.bodies[general][0]))
	}
	var stored []*ast.File
	for name, f := range parsed(t, filepath.Join(root, "format", "skops")) {
		if name == "encode.go" || name == "json.go" || name == "objects.go" {
			stored = append(stored, f)
		}
	}
	s := newReach(stored)
	for _, bodies := range s.bodies {
		for _, b := range bodies {
			add("skops", s.from(b))
		}
	}
	if len(want) < 60 {
		t.Fatalf("%d reasons found", len(want))
	}
	return want
}

func parsed(t *testing.T, dir string) map[string]*ast.File {
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]*ast.File{}
	for _, p := range paths {
		if strings.HasSuffix(p, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), p, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		files[filepath.Base(p)] = f
	}
	return files
}

func literal(e ast.Expr) string {
	if b, ok := e.(*ast.BasicLit); ok && b.Kind == token.STRING {
		s, _ := strconv.Unquote(b.Value)
		return s
	}
	return ""
}

// reach follows calls within a package, by name; those of methods have a point before them.
type reach struct {
	bodies map[string][]ast.Node
	done   map[string]bool
	found  map[string]bool
}

func newReach(files []*ast.File) *reach {
	r := &reach{bodies: map[string][]ast.Node{}}
	for _, f := range files {
		for _, d := range f.Decls {
			if d, ok := d.(*ast.FuncDecl); ok && d.Body != nil {
				name := d.Name.Name
				if d.Recv != nil {
					name = "." + name
				}
				r.bodies[name] = append(r.bodies[name], d.Body)
			}
		}
	}
	return r
}

// from gives the reasons of all refusals that what a node names can come to.
func (r *reach) from(n ast.Node) map[string]bool {
	r.done, r.found = map[string]bool{}, map[string]bool{}
	r.walk(n)
	return r.found
}

func (r *reach) walk(n ast.Node) {
	ast.Inspect(n, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			if s, ok := n.Fun.(*ast.SelectorExpr); ok && (s.Sel.Name == "unsupported" || s.Sel.Name == "refuse") {
				r.note(n.Args[0])
			} else if ok {
				r.enter("." + s.Sel.Name)
			}
		case *ast.CompositeLit:
			if s, ok := n.Type.(*ast.SelectorExpr); ok && s.Sel.Name == "UnsupportedError" || named(n.Type) == "UnsupportedError" {
				for _, e := range n.Elts {
					if kv, ok := e.(*ast.KeyValueExpr); !ok {
						r.note(e)
					} else if named(kv.Key) == "Why" {
						r.note(kv.Value)
					}
				}
			}
		case *ast.SelectorExpr:
			if named(n.X) == "e" { // a method as a value
				r.enter("." + n.Sel.Name)
			}
			r.walk(n.X)
			return false
		case *ast.Ident:
			r.enter(n.Name)
		}
		return true
	})
}

func (r *reach) enter(name string) {
	if bodies := r.bodies[name]; bodies != nil && !r.done[name] {
		r.done[name] = true
		for _, b := range bodies {
			r.walk(b)
		}
	}
}

func named(e ast.Node) string {
	if id, ok := e.(*ast.Ident); ok {
		return id.Name
	}
	return ""
}

// note keeps a reason, whose particulars become stars; one made of nothing else is given by its caller.
func (r *reach) note(e ast.Expr) {
	if c, ok := e.(*ast.CallExpr); ok && len(c.Args) > 0 { // fmt.Sprintf
		e = c.Args[0]
	}
	if why := verb.ReplaceAllString(literal(e), "*"); strings.Trim(why, "*: ") != "" {
		r.found[why] = true
	}
}

// reasons holds refusals of live models, by estimator and what was to be written, against refusals.txt.
func reasons(t *testing.T, refused map[string]error) {
	t.Helper()
	have := agreed(t)
	type pattern struct {
		re  *regexp.Regexp
		why string
	}
	var patterns []pattern
	for _, why := range sorted(have) {
		patterns = append(patterns, pattern{regexp.MustCompile("(?s)^" + strings.ReplaceAll(regexp.QuoteMeta(why), `\*`, ".*") + "$"), why})
	}
	met := map[string]bool{}
	for _, what := range sorted(refused) {
		for _, why := range each(refused[what]) {
			_, reason, _ := strings.Cut(why, ": ")
			i := slices.IndexFunc(patterns, func(p pattern) bool { return p.re.MatchString(why) || p.re.MatchString("any: "+reason) })
			switch {
			case i < 0:
				t.Errorf("%s is refused for a reason that %s does not hold: %s", what, refusals, why)
			case have[patterns[i].why] == never:
				t.Errorf("%s is refused for what no model should be: %s", what, why)
			default:
				met[patterns[i].why] = true
			}
		}
	}
	t.Logf("%d of the %d reasons of %s met", len(met), len(have), refusals)
}

var place = regexp.MustCompile(`^(skops: )model[^:]*: `)

// each gives the parts of a refusal as refusals.txt has them.
func each(err error) []string {
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		var all []string
		for _, e := range many.Unwrap() {
			all = append(all, each(e)...)
		}
		return all
	}
	var un *graph.UnsupportedError
	if errors.As(err, &un) {
		return []string{fmt.Sprintf("%s: %s", un.Op, un.Why)}
	}
	return []string{place.ReplaceAllString(strings.TrimSuffix(err.Error(), "; --select picks what is to be written"), "$1")}
}

// ownRefusal reports a refusal that is none of ONNX's: the model takes no matrix of numbers, or its method can not be computed
// at all. Then running the method is refused, too.
func ownRefusal(m *larder.Model, c *golden.Case, method, key string, err error) (own bool, differs error) {
	var un *graph.UnsupportedError
	if !errors.As(err, &un) {
		return false, nil
	}
	rows, want := c.Inputs[key].Rows(), larder.ErrUnsupported
	switch {
	case strings.HasPrefix(un.Why, "a matrix of numbers is refused: "):
		rows, want = tensor.Value{Dense: tensor.New(tensor.Float32, 3, max(1, m.NFeatures()))}, larder.ErrInput
	case un.Target == onnx.Name:
		return false, nil
	}
	if _, ran := m.Run(context.Background(), method, rows); !errors.Is(ran, want) {
		return true, fmt.Errorf("ONNX is refused (%w), running is not: %w", err, ran)
	}
	return true, nil
}
