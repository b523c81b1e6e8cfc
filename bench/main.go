// Command bench measures Larder beside joblib, pickle, skops, scikit-learn and ONNX Runtime, in one run and on one machine:
// the same models, files and rows, taking turns. Each round gives a ratio of what was measured side by side; the median of
// the rounds' ratios is printed beside its goal. Absolute times mean little on a shared machine.
//
//	go run ./bench -python PYTHON [-size small|full] [-section start,predict,export,map,store] [-only REGEXP] [-rounds N] [-clock wall|cpu]
//
// The full size holds the 500-tree forest of 50,000 rows, which takes scikit-learn minutes to fit the first time. Models
// are kept in -dir. On a busy machine -clock cpu compares processor time: of predictions those on one thread, of files all, where
// Larder's work on several processors counts in full.
package main

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
)

// config is what one run measures.
type config struct {
	python, size, dir string
	only              *regexp.Regexp
	rounds            int
	cpu               bool
}

var sections = []struct {
	name string
	run  func(*config, *peer) error
}{
	{"start", benchStart},
	{"predict", benchPredict},
	{"export", benchExport},
	{"map", benchMap},
	{"store", benchStore},
}

func main() {
	if len(os.Args) > 2 && os.Args[1] == "-child" {
		if err := child(os.Args[2:]); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(1)
		}
		return
	}
	var c config
	flag.StringVar(&c.python, "python", os.Getenv("LARDER_PYTHON"), "Python with scikit-learn, skops, lz4 (and onnxruntime, skl2onnx)")
	flag.StringVar(&c.size, "size", "small", "small or full")
	flag.StringVar(&c.dir, "dir", filepath.Join(".parity", "bench"), "where models are kept")
	flag.IntVar(&c.rounds, "rounds", 5, "turns each side takes")
	only := flag.String("only", "", "models and stored forms whose name matches")
	section := flag.String("section", "start,predict,export,map,store", "what to measure")
	clock := flag.String("clock", "wall", "wall, or cpu: processor time")
	flag.Parse()
	c.cpu = *clock == "cpu"
	var err error
	if c.only, err = regexp.Compile(*only); err == nil {
		err = run(&c, strings.Split(*section, ","))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(c *config, want []string) error {
	if c.python == "" {
		return fmt.Errorf("no Python: set -python or LARDER_PYTHON")
	}
	if err := os.MkdirAll(c.dir, 0o755); err != nil {
		return err
	}
	p, err := start(c.python)
	if err != nil {
		return err
	}
	defer p.stop()
	fmt.Printf("%s/%s, %d processors; medians of %d rounds; clock of one thread: %s\n", runtime.GOOS, runtime.GOARCH, runtime.NumCPU(),
		c.rounds, map[bool]string{true: "processor time", false: "wall"}[c.cpu])
	for _, s := range sections {
		if slices.Contains(want, s.name) {
			if err := s.run(c, p); err != nil {
				return fmt.Errorf("%s: %w", s.name, err)
			}
		}
	}
	return nil
}

// median of values that are there.
func median[T cmp.Ordered](v []T) T {
	s := slices.Sorted(slices.Values(v))
	return s[len(s)/2]
}

// ratios gives the median of a/b, round by round.
func ratios(a, b []float64) float64 {
	r := make([]float64, len(a))
	for i := range a {
		r[i] = a[i] / b[i]
	}
	return median(r)
}

// goal prints a ratio beside what it should be at least; 0 for no goal.
func goal(ratio, want float64) string {
	text := fmt.Sprintf("%.1fx", ratio)
	if ratio < 10 {
		text = fmt.Sprintf("%.2fx", ratio)
	}
	switch {
	case want == 0:
	case ratio >= want:
		text += fmt.Sprintf(" (>=%g)", want)
	default:
		text += fmt.Sprintf(" MISSED %g", want)
	}
	return text
}

func duration(s float64) string {
	switch {
	case s < 1e-3:
		return fmt.Sprintf("%.1f us", s*1e6)
	case s < 1:
		return fmt.Sprintf("%.2f ms", s*1e3)
	}
	return fmt.Sprintf("%.2f s", s)
}

func megabytes(n int64) string { return fmt.Sprintf("%.1f", float64(n)/1e6) }
