package larder_test

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/larder-ml/larder"
	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/internal/fixture"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/sklearn/all"
)

var update = flag.Bool("update", false, "write generated documents anew")

// cover is what the fixtures of one class show.
type cover struct {
	methods, asked, onnx []string // run, asked for as ONNX, written as ONNX
	refusals             map[string]bool
	fixtures             int
}

// TestCoverage holds docs/COVERAGE.md to the class table and the fixtures. Every class has a fixture that computes, or
// holds a result only.
func TestCoverage(t *testing.T) {
	found := map[string]*cover{}
	files, err := filepath.Glob(filepath.Join(fixture.Path(t, "sklearn/1.9.1"), "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if filepath.Ext(f) == ".json" || filepath.Ext(f) == ".npy" {
			continue
		}
		m, err := larder.Open(f)
		if err != nil {
			t.Errorf("%s: %v", f, err)
			continue
		}
		est, err := m.Estimator()
		if err != nil {
			t.Errorf("%s: %v", f, err)
			continue
		}
		name := sklearn.Of(est).Class.Name
		c := found[name]
		if c == nil {
			c = &cover{refusals: map[string]bool{}}
			found[name] = c
		}
		c.fixtures++
		for _, method := range m.Methods() {
			add(&c.methods, method)
			if method == sklearn.MethodInverseTransform { // takes what transform gives, not the model's input
				continue
			}
			add(&c.asked, method)
			_, err := m.EncodeONNX(io.Discard, larder.ONNXOptions{Method: method})
			var u *graph.UnsupportedError
			switch {
			case err == nil:
				add(&c.onnx, method)
			case errors.As(err, &u):
				c.refusals[u.Why] = true
			default:
				t.Errorf("%s: %s to ONNX: %v", f, method, err)
			}
		}
	}

	var doc strings.Builder
	doc.WriteString("# Coverage\n\n" +
		"Every public class of scikit-learn 1.9.1 and of older releases that Larder knows, with the methods its fixtures run and those\n" +
		"of them that were written as ONNX. Written by `go test -run TestCoverage -update .` from the class table and `testdata/sklearn`.\n\n")
	var body strings.Builder
	computes, results, exports := 0, 0, 0
	for _, class := range all.Registry().Classes() {
		if short := class.Name[strings.LastIndexByte(class.Name, '.')+1:]; strings.HasPrefix(short, "_") {
			continue
		}
		c := found[class.Name]
		switch {
		case class.Result != "":
			results++
			fmt.Fprintf(&body, "| `%s` | | | %s |\n", class.Name, class.Result)
			continue
		case c == nil:
			fmt.Fprintf(&body, "| `%s` | | | older releases only |\n", class.Name)
			continue
		case len(c.methods) == 0:
			t.Errorf("no fixture of %s computes anything", class.Name)
			continue
		}
		computes++
		onnx := ""
		switch {
		case len(c.onnx) == len(c.asked):
			onnx = "all"
		case len(c.onnx) > 0:
			onnx = strings.Join(c.onnx, ", ")
		}
		if onnx != "" {
			exports++
		}
		var why []string
		for w := range c.refusals {
			why = append(why, w)
		}
		sort.Strings(why)
		fmt.Fprintf(&body, "| `%s` | %s | %s | %s |\n", class.Name, strings.Join(c.methods, ", "), onnx, strings.Join(why, "; "))
	}
	fmt.Fprintf(&doc, "%d classes compute on new rows, %d of them as ONNX too; %d hold only a result of fitting.\n\n", computes, exports, results)
	doc.WriteString("| class | methods | as ONNX | why not |\n|---|---|---|---|\n" + body.String())

	path := filepath.Join(fixture.Root(t), "docs", "COVERAGE.md")
	if *update {
		if err := os.WriteFile(path, []byte(doc.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(have) != doc.String() {
		t.Error("docs/COVERAGE.md is not what the class table and the fixtures give: go test -run TestCoverage -update .")
	}
}

func add(list *[]string, s string) {
	if !slices.Contains(*list, s) {
		*list = append(*list, s)
	}
}
