// Package pyre matches regular expressions of Python's module re, with its syntax, its Unicode classes and its
// leftmost, first-alternative matches, by backtracking within a budget of steps.
//
// Flags i, m, s, x, a and u, groups, look-around, back references, atomic groups, possessive repeats and conditionals
// are read; what is not (the flag L, \N names) is refused by Compile. So is what CPython matches otherwise than it means:
// a class at the begin under another flag a or u than the pattern's, groups in a possessive repeat but one around all of it, and
// conditions on the group they are in.
package pyre

import (
	"fmt"
	"strings"

	"github.com/larder-ml/larder/internal/pystr"
)

// Error says what is wrong with a pattern, in re's words where it has some.
type Error struct {
	Pattern string
	Pos     int
	Msg     string
}

func (e *Error) Error() string { return fmt.Sprintf("pyre: %s at position %d", e.Msg, e.Pos) }

// BudgetError says that a match took more steps than allowed.
type BudgetError struct{ Pattern string }

func (e *BudgetError) Error() string {
	return "pyre: matching " + e.Pattern + " takes too many steps"
}

// Pattern is a compiled pattern. It is safe for concurrent use.
type Pattern struct {
	text   string
	prog   []inst
	groups int
	names  map[string]int
	first  *set // characters a match can begin with; nil if any or none
	word   int  // see WordRuns
}

// Groups returns the number of capturing groups.
func (p *Pattern) Groups() int { return p.groups }

// String returns the pattern.
func (p *Pattern) String() string { return p.text }

// WordRuns returns k > 0 if the matches are exactly the maximal runs of word characters (\w) that are k long or longer.
func (p *Pattern) WordRuns() int { return p.word }

// wordRuns are the spellings people use.
func wordRuns(pattern string) int {
	switch strings.TrimPrefix(pattern, "(?u)") {
	case `\b\w\w+\b`, `\w\w+`, `\b\w\w+`, `\w\w+\b`, `\b\w{2,}\b`, `\w{2,}`, `\b\w{2,}`:
		return 2
	case `\b\w+\b`, `\w+`, `\b\w+`, `\w+\b`:
		return 1
	case `\b\w\w\w+\b`, `\w\w\w+`, `\b\w{3,}\b`, `\w{3,}`:
		return 3
	}
	return 0
}

// budget of steps for one text: this much and per byte.
const (
	stepsBase = 1 << 22
	stepsByte = 1 << 10
)

// FindAll appends what re.findall returns: whole matches, or the text of the only group. It fails when the budget of
// steps is used up.
func (p *Pattern) FindAll(dst []string, s string) ([]string, error) {
	m, err := p.matcher(s)
	if err != nil {
		return dst, err
	}
	err = m.all(func() {
		a, b := m.caps[0], m.caps[1]
		if p.groups == 1 {
			if a, b = m.caps[2], m.caps[3]; a < 0 || b < 0 {
				a, b = 0, 0
			}
		}
		dst = append(dst, s[a:b])
	})
	return dst, err
}

// all calls f for each match from left to right. After an empty match the next may begin at the same place if it is
// not empty.
func (m *matcher) all(f func()) error {
	at, barred := 0, false
	for {
		if m.p.first != nil {
			from := at
			for at < len(m.s) {
				r, n := pystr.Decode(m.s[at:])
				if m.p.first.has(r) {
					break
				}
				at += n
			}
			if at == len(m.s) {
				return nil
			}
			barred = barred && at == from
		}
		ok, err := m.match(at, barred)
		switch {
		case err != nil:
			return err
		case ok:
			f()
			at, barred = m.caps[1], m.caps[1] == m.caps[0]
		case at == len(m.s):
			return nil
		default:
			_, n := pystr.Decode(m.s[at:])
			at, barred = at+n, false
		}
	}
}
