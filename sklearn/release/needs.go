package release

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/larder-ml/larder/pyobj"
)

//go:embed needs.txt
var needsText string

// need is an attribute a method reads.
type need struct {
	attr   string
	silent bool   // without it the method answers otherwise
	text   string // the error, "" for Python's own words
	when   []string
	unless bool // the settings of when are those without the need
}

// needsOf is one class in one release: attributes by method, in the order they are read.
type needsOf map[string][]need

// needMethods are the methods needs.txt tells of, in the order they matter.
var needMethods = []string{"predict", "transform", "predict_proba", "decision_function", "predict_log_proba", "inverse_transform",
	"score_samples", "kneighbors", "radius_neighbors", "apply", "decision_path", "use"}

// needsTable is needs.txt, read once.
type needsTable struct {
	classes map[string][]needsOf           // class → position of the release
	lent    map[string]map[string][2]int16 // module → name it has from another one → first and last release
}

func needs() map[string][]needsOf { return loadNeeds().classes }

var loadNeeds = sync.OnceValue(func() *needsTable {
	t, out := load(), map[string][]needsOf{}
	lent := map[string]map[string][2]int16{}
	var messages []string
	class := ""
	for line := range strings.Lines(needsText) {
		line = strings.TrimRight(line, "\n")
		head, rest, _ := strings.Cut(line, ": ")
		word, span, _ := strings.Cut(strings.TrimSpace(head), " ")
		switch {
		case strings.HasPrefix(line, "releases"):
		case word == "lent":
			names := strings.Fields(rest)
			from, to := t.span(span)
			if lent[names[0]] == nil {
				lent[names[0]] = map[string][2]int16{}
			}
			for _, n := range names[1:] {
				lent[names[0]][n] = [2]int16{int16(from), int16(to)}
			}
		case word == "message":
			messages = append(messages, rest)
		case word == "class":
			class = span
			out[class] = make([]needsOf, len(t.minors))
		default:
			from, to := t.span(span)
			var list []need
			for _, w := range strings.Fields(rest) {
				w, when, conditional := strings.Cut(w, "?")
				n := need{attr: w}
				if conditional {
					when, n.unless = strings.CutPrefix(when, "!")
					n.when = strings.Split(when, "|")
				}
				if attr, silent := strings.CutSuffix(w, "~"); silent {
					n.attr, n.silent = attr, true
				} else if attr, number, ok := strings.Cut(w, "="); ok {
					i, _ := strconv.Atoi(number)
					n.attr, n.text = attr, messages[i]
				}
				list = append(list, n)
			}
			for i := from; i <= to; i++ {
				if out[class][i] == nil {
					out[class][i] = needsOf{}
				}
				out[class][i][word] = list
			}
		}
	}
	return &needsTable{out, lent}
})

// lends reports a name that a module has from another one, where a pickle finds it all the same.
func (r *Release) lends(module, name string) bool {
	span, ok := loadNeeds().lent[module][name]
	return ok && int(span[0]) <= r.index && r.index <= int(span[1])
}

// missing returns the first attribute of a method that a state lacks, nil if it has all.
func (r *Release) missing(class, method string, a *pyobj.Dict) *need {
	by := needs()[class]
	if by == nil || by[r.index] == nil {
		return nil
	}
	list := by[r.index][method]
	for i := range list {
		if n := &list[i]; a.Get(n.attr) == nil && n.applies(a) {
			return n
		}
	}
	return nil
}

// applies reports that the settings of a state are those the need holds for.
func (n *need) applies(a *pyobj.Dict) bool {
	if n.when == nil {
		return true
	}
	set := slices.ContainsFunc(n.when, func(w string) bool {
		name, value, _ := strings.Cut(w, "=")
		return word(a.Get(name)) == value
	})
	return set != n.unless
}

// word gives a plain setting as needs.txt writes it.
func word(v pyobj.Value) string {
	switch x := v.(type) {
	case pyobj.None:
		return "null"
	case pyobj.Bool:
		return strconv.FormatBool(bool(x))
	case pyobj.Int:
		return strconv.FormatInt(int64(x), 10)
	}
	if s, ok := pyobj.Text(v); ok {
		b, err := json.Marshal(s)
		if err == nil {
			return string(b)
		}
	}
	return ""
}

// error gives the words Python would use.
func (n *need) error(class string) string {
	if n.text != "" {
		return n.text
	}
	return fmt.Sprintf("AttributeError: '%s' object has no attribute '%s'", class, n.attr)
}
