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
	doc.WriteString(against(t, found))
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

// against counts the 211 estimators of scikit-learn 1.9.1 that Larder and others take. What the others take was tried with
// each estimator fitted on made-up rows (skl2onnx 1.20.0, skops 0.16.0) or read from their lists (sklearn2pmml 0.133.1,
// m2cgen 0.10.0); testdata/peers.csv has each answer.
func against(t *testing.T, found map[string]*cover) string {
	lines := strings.Split(strings.TrimSpace(string(fixture.Read(t, "peers.csv"))), "\n")[1:]
	yes := make([]int, 6)
	opens, computes, exports := 0, 0, 0
	alone := 0
	for _, l := range lines {
		f := strings.Split(l, ",")
		others := false
		for i, v := range f {
			if v == "yes" {
				yes[i]++
				others = others || i == 3 || i == 4 || i == 5
			}
		}
		class := all.Registry().Lookup(f[0])
		if class == nil {
			t.Errorf("%s has no reader", f[0])
			continue
		}
		opens++
		c := found[class.Name]
		if c == nil || len(c.methods) == 0 {
			continue
		}
		computes++
		if len(c.onnx) > 0 {
			exports++
		}
		if !others {
			alone++
		}
	}
	return fmt.Sprintf("Of the %d estimators of scikit-learn 1.9.1:\n\n| | estimators |\n|---|---|\n"+
		"| Larder opens and describes | %d |\n| Larder computes on new rows | %d |\n| Larder writes as ONNX | %d |\n"+
		"| skl2onnx 1.20.0 lists | %d |\n| skl2onnx 1.20.0 converts, tried with each | %d |\n| sklearn2pmml 0.133.1 lists | %d |\n| m2cgen 0.10.0 lists | %d |\n"+
		"| skops 0.16.0 loads without further trust | %d |\n\n%d compute here that neither skl2onnx converts nor sklearn2pmml or m2cgen list. testdata/peers.csv has each answer.\n\n",
		len(lines), opens, computes, exports, yes[2], yes[3], yes[4], yes[5], yes[1], alone)
}

func add(list *[]string, s string) {
	if !slices.Contains(*list, s) {
		*list = append(*list, s)
	}
}
