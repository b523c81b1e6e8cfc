package larder

import (
	"slices"
	"strings"

	"github.com/larder-ml/larder/sklearn"
)

// truth is the value of an environment marker where not all of the environment is known.
type truth int

const (
	no truth = iota
	unknown
	yes
)

func truly(b bool) truth {
	if b {
		return yes
	}
	return no
}

// marker evaluates an environment marker of PEP 508 while it reads it: of the environment Python's version may be known,
// and that no extra is asked for.
type marker struct {
	rest   string
	python string // "" for unknown
	bad    bool
	depth  int
}

// markerVariables are the names that PEP 508 knows, and the older spellings that pip still reads.
var markerVariables = []string{
	"python_full_version", "python_version", "os_name", "os.name", "sys_platform", "sys.platform", "platform_release", "platform_system", "platform_version",
	"platform.version", "platform_machine", "platform.machine", "platform_python_implementation", "platform.python_implementation", "python_implementation",
	"implementation_name", "implementation_version", "extra",
}

// somePythons stand for all of them where the version is not known.
var somePythons = []string{"2.7.18", "3.4", "3.5", "3.6", "3.7", "3.8", "3.9", "3.10", "3.11", "3.12", "3.13", "3.14", "3.15", "4.0"}

// evalMarker gives a marker's value, python being "" where its version is not known; ok is false for text that is none.
func evalMarker(text, python string) (v truth, ok bool) {
	if python == "" {
		all := map[truth]bool{}
		for _, python := range somePythons {
			if v, ok = evalMarker(text, python); !ok {
				return no, false
			}
			all[v] = true
		}
		if len(all) > 1 {
			return unknown, true
		}
		return v, true
	}
	m := &marker{rest: text, python: python}
	v = m.either()
	m.space()
	return v, !m.bad && m.rest == ""
}

func (m *marker) space() { m.rest = strings.TrimLeft(m.rest, " \t") }

// word takes a word that no letter or digit follows.
func (m *marker) word(w string) bool {
	m.space()
	after, ok := strings.CutPrefix(m.rest, w)
	if !ok || after != "" && (after[0] == '_' || after[0] == '.' || isAlnum(after[0])) {
		return false
	}
	m.rest = after
	return true
}

func isAlnum(c byte) bool { return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' }

func (m *marker) either() truth {
	v := m.both()
	for !m.bad && m.word("or") {
		v = max(v, m.both())
	}
	return v
}

func (m *marker) both() truth {
	v := m.one()
	for !m.bad && m.word("and") {
		v = min(v, m.one())
	}
	return v
}

func (m *marker) one() truth {
	m.space()
	if m.depth++; m.depth > 100 {
		m.bad = true
		return no
	}
	defer func() { m.depth-- }()
	if after, ok := strings.CutPrefix(m.rest, "("); ok {
		m.rest = after
		v := m.either()
		m.space()
		if m.rest, ok = strings.CutPrefix(m.rest, ")"); !ok {
			m.bad = true
		}
		return v
	}
	a, aName := m.side()
	op := m.operator()
	b, bName := m.side()
	if m.bad || aName == bName {
		m.bad = true // pip wants a variable and a text
		return no
	}
	if aName {
		return m.compare(a, op, b, true)
	}
	return m.compare(b, op, a, false)
}

// side takes a variable or a quoted text.
func (m *marker) side() (text string, name bool) {
	m.space()
	if m.rest == "" {
		m.bad = true
		return "", false
	}
	if q := m.rest[0]; q == '"' || q == '\'' {
		text, rest, ok := strings.Cut(m.rest[1:], string(q))
		m.rest, m.bad = rest, m.bad || !ok
		return text, false
	}
	for _, n := range markerVariables {
		if m.word(n) {
			return n, true
		}
	}
	m.bad = true
	return "", true
}

func (m *marker) operator() string {
	m.space()
	for _, op := range operatorsOfMarkers {
		if after, ok := strings.CutPrefix(m.rest, op); ok {
			m.rest = after
			return op
		}
	}
	switch {
	case m.word("in"):
		return "in"
	case m.word("not"):
		if m.word("in") {
			return "not in"
		}
	}
	m.bad = true
	return ""
}

var operatorsOfMarkers = []string{"===", "==", "~=", "!=", "<=", ">=", "<", ">"}

// compare compares a variable with a text; first tells that the variable stands on the left.
func (m *marker) compare(name, op, text string, first bool) truth {
	values := []string{""}
	switch name {
	case "extra":
	case "python_version", "python_full_version":
		v, ok := sklearn.ParseVersion(m.python)
		switch {
		case !ok:
			return unknown // what is given is no version
		case name == "python_version":
			values = []string{v.Minor()}
		case len(v.Release) > 2:
			values = []string{m.python}
		default: // some patch release
			values = []string{v.Minor() + ".0", v.Minor() + ".1", v.Minor() + ".99"}
			if list, ok := sklearn.ParseSpecifiers(op + text); ok && len(list) == 1 {
				values = append(values, list[0].Text)
				values = slices.DeleteFunc(values, func(s string) bool { w, _ := sklearn.ParseVersion(s); return w.Minor() != v.Minor() })
			}
		}
	default:
		return unknown
	}
	var all []truth
	for _, v := range values {
		a, b := v, text
		if !first {
			a, b = text, v
		}
		t, ok := comparePair(name, a, op, b)
		m.bad = m.bad || !ok
		all = append(all, t)
	}
	if slices.Min(all) != slices.Max(all) {
		return unknown
	}
	return all[0]
}

// comparePair compares two texts, as versions where the variable is one and the right side can be.
func comparePair(name, a, op, b string) (truth, bool) {
	if name != "extra" && op != "in" && op != "not in" {
		if list, ok := sklearn.ParseSpecifiers(op + b); ok && len(list) == 1 {
			v, ok := sklearn.ParseVersion(a)
			return truly(ok && list[0].Holds(v)), ok
		}
	}
	switch op {
	case "in":
		return truly(strings.Contains(b, a)), true
	case "not in":
		return truly(!strings.Contains(b, a)), true
	case "==":
		return truly(a == b), true
	case "!=":
		return truly(a != b), true
	case "<", "<=", ">", ">=":
		return truly(op == "<" && a < b || op == "<=" && a <= b || op == ">" && a > b || op == ">=" && a >= b), true
	}
	return no, false
}
