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

func (s *set) slow(r rune) bool {
	found := s.member(r)
	if !found && s.fold {
		for _, f := range folds(r, s.plain) {
			if found = s.member(f); found {
				break
			}
		}
	}
	return found != s.negate
}

func (s *set) member(r rune) bool {
	for i := range s.items {
		it := &s.items[i]
		if it.class != nil {
			if it.class(r) {
				return true
			}
		} else if it.lo <= r && r <= it.hi {
			return true
		}
	}
	return false
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

func isWordASCII(r rune) bool  { return r < 128 && pystr.IsWord(r) }
func isDigitASCII(r rune) bool { return r < 128 && pystr.IsDigit(r) }

// isSpaceASCII leaves out the separators 28 to 31, which only str.isspace counts.
func isSpaceASCII(r rune) bool { return r == ' ' || 9 <= r && r <= 13 }

func not(f func(rune) bool) func(rune) bool { return func(r rune) bool { return !f(r) } }
