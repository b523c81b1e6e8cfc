package pyre

import (
	"slices"
	"unicode"

	"github.com/larder-ml/larder/internal/pystr"
)

// set is a class of characters.
type set struct {
	ascii  [128]bool // the answer for ASCII, once built
	items  []item
	negate bool
	fold   bool // compare without case
	plain  bool // of ASCII letters alone
	wide   bool // with fold: of several members, one beyond U+FFFF
	built  bool
}

// item is a range or a category.
type item struct {
	lo, hi rune
	class  func(rune) bool // nil for a range
}

func (s *set) build() *set {
	for r := rune(0); r < 128; r++ {
		s.ascii[r] = s.slow(r)
	}
	s.built = true
	return s
}

func (s *set) has(r rune) bool {
	if r < 128 && s.built {
		return s.ascii[r]
	}
	return s.slow(r)
}

func (s *set) slow(r rune) bool { return s.member(r) != s.negate }

func (s *set) member(r rune) bool {
	if s.wide {
		return s.beyond(r)
	}
	return s.classed(r) || s.ranged(r) || s.fold && slices.ContainsFunc(folds(r, s.plain), s.ranged)
}

// classed reports a category that has r: none is a matter of case.
func (s *set) classed(r rune) bool {
	return slices.ContainsFunc(s.items, func(i item) bool { return i.class != nil && i.class(r) })
}

func (s *set) ranged(r rune) bool {
	return slices.ContainsFunc(s.items, func(i item) bool { return i.class == nil && i.lo <= r && r <= i.hi })
}

// beyond is member of a set whose map of characters CPython does not finish: what reaches beyond U+FFFF is compared with the
// lower case, ranges with its upper case too, so that a capital there is found by nothing.
func (s *set) beyond(r rune) bool {
	low := lower(r, s.plain)
	up := upper(low)
	cases := append(folds(r, s.plain), r)
	return s.classed(r) || slices.ContainsFunc(s.items, func(i item) bool {
		switch {
		case i.class != nil:
			return false
		case i.lo == i.hi && i.lo > 0xffff:
			return low == i.lo
		case i.hi > 0xffff && (i.lo <= low && low <= i.hi || i.lo <= up && up <= i.hi):
			return true
		}
		return slices.ContainsFunc(cases, func(c rune) bool { return i.lo <= c && c <= min(i.hi, 0xffff) })
	})
}

// several notes that a set without regard to case is one of several members for CPython.
func (s *set) several() *set {
	literal := func(i item) bool { return i.class == nil && i.lo == i.hi && i.lo == s.items[0].lo }
	s.wide = s.fold && slices.ContainsFunc(s.items, func(i item) bool { return i.hi > 0xffff }) &&
		slices.ContainsFunc(s.items, func(i item) bool { return !literal(i) })
	return s
}

func single(r rune, fold, plain bool) *set {
	return (&set{items: []item{{lo: r, hi: r}}, fold: fold, plain: plain}).build()
}

// folds are the other characters that equal r without regard to case: the simple foldings, the dotted and dotless i,
// which re takes for one, and the letters with one upper case of several characters; plain: of ASCII letters the other case alone.
func folds(r rune, plain bool) []rune {
	if plain {
		if 'a' <= r|0x20 && r|0x20 <= 'z' {
			return []rune{r ^ 0x20}
		}
		return nil
	}
	var out []rune
	for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
		out = append(out, f)
	}
	for _, same := range [...][]rune{{'i', 'I', 'İ', 'ı'}, {0x390, 0x1fd3}, {0x3b0, 0x1fe3}, {0xfb05, 0xfb06}} {
		if slices.Contains(same, r) {
			for _, f := range same {
				if f != r && !slices.Contains(out, f) {
					out = append(out, f)
				}
			}
		}
	}
	return out
}

// lower is what a back reference without regard to case compares: the simple lower case, so that of two letters with one
// upper case, as the sigmas, each equals itself alone.
func lower(r rune, plain bool) rune {
	if plain && r >= 128 {
		return r
	}
	return unicode.ToLower(r)
}

// upper is the upper case, of several characters the first where that is beyond r.
func upper(r rune) rune {
	switch r {
	case 0x149:
		return 0x2bc
	case 0x390:
		return 0x399
	case 0x1fb2, 0x1fc2, 0x1ff2:
		return r + 8
	}
	return unicode.ToUpper(r)
}

func isWordASCII(r rune) bool  { return r < 128 && pystr.IsWord(r) }
func isDigitASCII(r rune) bool { return r < 128 && pystr.IsDigit(r) }

// isSpaceASCII leaves out the separators 28 to 31, which only str.isspace counts.
func isSpaceASCII(r rune) bool { return r == ' ' || 9 <= r && r <= 13 }

func not(f func(rune) bool) func(rune) bool { return func(r rune) bool { return !f(r) } }
