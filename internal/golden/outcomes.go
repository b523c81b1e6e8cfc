package golden

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
)

// Outcomes is what one real scikit-learn release did with old files: testdata/gen/outcomes.py writes it.
type Outcomes struct {
	Sklearn, Numpy string
	Of             map[string]Outcome // by "release/model"
}

// Outcome is what happened to one file.
type Outcome struct{ Outcome, When, Error string }

// ReadOutcomes reads the text that outcomes.py writes.
func ReadOutcomes(r io.Reader) (*Outcomes, error) {
	o := &Outcomes{Of: map[string]Outcome{}}
	var releases []string
	s := bufio.NewScanner(r)
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		line := s.Text()
		if rest, ok := strings.CutPrefix(line, "# made by testdata/gen/outcomes.py with scikit-learn "); ok {
			o.Sklearn, o.Numpy, _ = strings.Cut(rest, ", numpy ")
			continue
		}
		f := strings.Split(line, "\t")
		if f[0] == "releases" {
			releases = strings.Fields(f[1])
			continue
		}
		if len(f) != 4 {
			return nil, fmt.Errorf("golden: outcomes: %q", line)
		}
		c := Outcome{Outcome: f[0], When: f[1]}
		if err := json.Unmarshal([]byte(f[2]), &c.Error); err != nil {
			return nil, err
		}
		for _, w := range strings.Fields(f[3]) {
			model, at, _ := strings.Cut(w, ":")
			for _, n := range strings.Split(at, ",") {
				i, err := strconv.Atoi(n)
				if err != nil || i < 0 || i >= len(releases) {
					return nil, fmt.Errorf("golden: outcomes: release %q", n)
				}
				o.Of[releases[i]+"/"+model] = c
			}
		}
	}
	return o, s.Err()
}

var (
	rowCount = regexp.MustCompile(`shapes \(\d+,`)
	noMethod = regexp.MustCompile(`^(AttributeError: This '\w+' has no attribute )'\w+'$`) // whichever was asked first
)

// Differs compares what happened with what was foretold: the outcome and the very words of the error. It returns "" for
// agreement.
func (o Outcome) Differs(outcome, text string) string {
	// How many rows there were is not the model's to know.
	want := rowCount.ReplaceAllString(o.Error, "shapes (n,")
	if outcome == o.Outcome && noMethod.ReplaceAllString(text, "$1") == noMethod.ReplaceAllString(want, "$1") {
		return ""
	}
	return fmt.Sprintf("%s %s %q, foretold %s %q", o.Outcome, o.When, want, outcome, text)
}
