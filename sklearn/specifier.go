package sklearn

import (
	"slices"
	"strings"
)

// Specifier is one clause of a version specifier of PEP 440: ">=1.2", "==1.3.*", "~=1.4.0".
type Specifier struct {
	Op   string  // "==", "!=", "<=", ">=", "<", ">", "~=" or "==="
	Text string  // behind the operator, without the ".*" of a prefix
	Any  bool    // "==1.3.*" and "!=1.3.*": only the beginning counts
	V    Version // of Text; empty for "===", which compares text
}

// operators of clauses, those that begin like another one first.
var operators = []string{"===", "==", "~=", "!=", "<=", ">=", "<", ">"}

// String writes the clause without spaces.
func (s Specifier) String() string {
	if s.Any {
		return s.Op + s.Text + ".*"
	}
	return s.Op + s.Text
}

// ParseSpecifiers reads clauses with commas between them, all of which have to hold. ok is false for what PEP 440 does not
// know; no clauses at all hold for every version.
func ParseSpecifiers(text string) (list []Specifier, ok bool) {
	for clause := range strings.SplitSeq(text, ",") {
		if clause = strings.TrimSpace(clause); clause == "" {
			continue
		}
		i := slices.IndexFunc(operators, func(op string) bool { return strings.HasPrefix(clause, op) })
		if i < 0 {
			return nil, false
		}
		s := Specifier{Op: operators[i], Text: strings.TrimSpace(clause[len(operators[i]):])}
		if s.Op == "===" {
			if s.Text == "" || strings.ContainsAny(s.Text, " \t;)") {
				return nil, false
			}
			list = append(list, s)
			continue
		}
		if s.Op == "==" || s.Op == "!=" {
			s.Text, s.Any = strings.CutSuffix(s.Text, ".*")
		}
		if s.V, ok = ParseVersion(s.Text); !ok || strings.ContainsAny(s.Text, " \t") {
			return nil, false
		}
		plain := s.V.Final() && s.V.post < 0
		switch {
		case s.V.local != "" && (s.Any || s.Op != "==" && s.Op != "!="), s.Any && !plain, s.Op == "~=" && len(s.V.Release) < 2:
			return nil, false
		}
		list = append(list, s)
	}
	return list, true
}

// Holds tells whether a version satisfies the clause. Pre-releases do as other versions do; whether they are wanted at all
// is not asked here.
func (s Specifier) Holds(v Version) bool {
	public := v
	public.local = ""
	switch s.Op {
	case "===":
		return strings.EqualFold(strings.TrimSpace(v.Text), s.Text)
	case "==", "!=":
		if s.V.local != "" {
			public = v
		}
		return (s.Any && public.begins(s.V.Epoch, s.V.Release) || !s.Any && public.Compare(s.V) == 0) == (s.Op == "==")
	case "~=":
		return public.Compare(s.V) >= 0 && public.begins(s.V.Epoch, s.V.Release[:len(s.V.Release)-1])
	case "<=":
		return public.Compare(s.V) <= 0
	case ">=":
		return public.Compare(s.V) >= 0
	case "<":
		return v.Compare(s.V) < 0 && (!s.V.Final() || v.Final() || !v.sameRelease(s.V))
	}
	return v.Compare(s.V) > 0 && (s.V.post >= 0 || v.post < 0 || !v.sameRelease(s.V)) && (v.local == "" || !v.sameRelease(s.V))
}

// Satisfies tells whether a version satisfies every clause.
func (v Version) Satisfies(list []Specifier) bool {
	return !slices.ContainsFunc(list, func(s Specifier) bool { return !s.Holds(v) })
}

// begins tells whether a version is of an epoch and its release begins with some numbers.
func (v Version) begins(epoch int, release []int) bool {
	if v.Epoch != epoch {
		return false
	}
	for i, n := range release {
		if v.Part(i) != n {
			return false
		}
	}
	return true
}

// sameRelease compares all but the phases behind the release and the local part.
func (v Version) sameRelease(w Version) bool {
	return v.begins(w.Epoch, w.Release) && w.begins(v.Epoch, v.Release)
}
