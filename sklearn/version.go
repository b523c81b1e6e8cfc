package sklearn

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Version is a version in the order of PEP 440: "0.22.2.post1", "1.2.0rc1", "1.5.dev0", "1.9.1+local".
type Version struct {
	Text    string
	Epoch   int
	Release []int // "1.2.0" is {1, 2, 0}; at least one number

	pre   [2]int // letter ('a', 'b' or 'r') and number; {} for none
	post  int    // -1 for none
	dev   int    // -1 for none
	local string
}

// ParseVersion reads a version. ok is false for text that PEP 440 does not know; the version then stands for the
// longest beginning that it does know, before every other one if there is none.
func ParseVersion(s string) (v Version, ok bool) {
	v = Version{Text: s, post: -1, dev: -1}
	p := scanner{strings.TrimPrefix(strings.ToLower(strings.TrimSpace(s)), "v")}
	if n, rest, found := strings.Cut(p.rest, "!"); found {
		e, err := strconv.Atoi(n)
		if err != nil {
			return v, false
		}
		v.Epoch, p.rest = e, rest
	}
	for {
		n, found := p.number()
		if !found {
			return v, false
		}
		v.Release = append(v.Release, n)
		if len(p.rest) < 2 || p.rest[0] != '.' || p.rest[1] < '0' || p.rest[1] > '9' {
			break
		}
		p.rest = p.rest[1:]
	}
	if letter := p.word(prePhases); letter != 0 {
		v.pre = [2]int{letter, p.counted()}
	}
	if n, found := strings.CutPrefix(p.rest, "-"); found && n != "" && n[0] >= '0' && n[0] <= '9' {
		p.rest = n
		v.post, _ = p.number()
	} else if p.word(postPhases) != 0 {
		v.post = p.counted()
	}
	if p.word(devPhases) != 0 {
		v.dev = p.counted()
	}
	if l, found := strings.CutPrefix(p.rest, "+"); found && localPart(l) {
		v.local, p.rest = l, ""
	}
	return v, p.rest == ""
}

// localPart reports words of letters and digits with single separators between them.
func localPart(s string) bool {
	for w := range strings.SplitSeq(strings.NewReplacer("-", ".", "_", ".").Replace(s), ".") {
		if w == "" || strings.Trim(w, "abcdefghijklmnopqrstuvwxyz0123456789") != "" {
			return false
		}
	}
	return true
}

type phase struct {
	word   string
	letter int
}

// Longer words stand before those they begin with.
var (
	prePhases  = []phase{{"alpha", 'a'}, {"a", 'a'}, {"beta", 'b'}, {"b", 'b'}, {"preview", 'r'}, {"pre", 'r'}, {"rc", 'r'}, {"c", 'r'}}
	postPhases = []phase{{"post", 'p'}, {"rev", 'p'}, {"r", 'p'}}
	devPhases  = []phase{{"dev", 'd'}}
)

type scanner struct{ rest string }

// number takes decimal digits; numbers too large for any release count as the largest.
func (p *scanner) number() (int, bool) {
	n := 0
	for n < len(p.rest) && p.rest[n] >= '0' && p.rest[n] <= '9' {
		n++
	}
	if n == 0 {
		return 0, false
	}
	v, err := strconv.Atoi(p.rest[:n])
	if err != nil {
		v = math.MaxInt
	}
	p.rest = p.rest[n:]
	return v, true
}

// word takes one of the words with a separator before it, which may be missing.
func (p *scanner) word(words []phase) int {
	s := p.rest
	if s != "" && strings.ContainsRune(".-_", rune(s[0])) {
		s = s[1:]
	}
	for _, w := range words {
		if after, ok := strings.CutPrefix(s, w.word); ok {
			p.rest = after
			return w.letter
		}
	}
	return 0
}

// counted takes the number behind a word; 0 where there is none.
func (p *scanner) counted() int {
	s := p.rest
	if s != "" && strings.ContainsRune(".-_", rune(s[0])) {
		p.rest = s[1:]
	}
	n, ok := p.number()
	if !ok {
		p.rest = s
	}
	return n
}

// Part returns one number of the release, 0 where it has fewer: Part(1) of "1.2.0rc1" is 2.
func (v Version) Part(i int) int {
	if i < len(v.Release) {
		return v.Release[i]
	}
	return 0
}

// Minor returns the first two numbers as text: "1.2" of "1.2.0rc1".
func (v Version) Minor() string { return strconv.Itoa(v.Part(0)) + "." + strconv.Itoa(v.Part(1)) }

// Final reports a version that is neither a pre-release nor a development one.
func (v Version) Final() bool { return v.pre == [2]int{} && v.dev < 0 }

// Compare gives -1, 0 or 1 by PEP 440: epoch, release, then development and pre-releases before the release itself and
// post-releases after it, then local parts. A version without numbers is before all.
func (v Version) Compare(w Version) int {
	c := cmp.Or(
		cmp.Compare(min(len(v.Release), 1), min(len(w.Release), 1)),
		cmp.Compare(v.Epoch, w.Epoch))
	for i := range max(len(v.Release), len(w.Release)) {
		c = cmp.Or(c, cmp.Compare(v.Part(i), w.Part(i)))
	}
	a, b := v.order(), w.order()
	return cmp.Or(c, slices.Compare(a[:], b[:]), compareLocal(v.local, w.local))
}

// order gives the phases behind the release: pre letter and number, post, dev.
func (v Version) order() [4]int {
	o := [4]int{v.pre[0], v.pre[1], v.post, v.dev}
	if v.dev < 0 {
		o[3] = math.MaxInt
	}
	if v.pre == [2]int{} {
		o[0] = math.MaxInt
		if v.dev >= 0 && v.post < 0 {
			o[0] = -1 // 1.5.dev0 comes before 1.5a1
		}
	}
	return o
}

// compareLocal orders local parts: segment by segment, numbers above words, none before any.
func compareLocal(a, b string) int {
	split := func(s string) []string {
		return strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(".-_", r) })
	}
	return slices.CompareFunc(split(a), split(b), func(x, y string) int {
		m, errX := strconv.Atoi(x)
		n, errY := strconv.Atoi(y)
		switch {
		case errX == nil && errY == nil:
			return cmp.Compare(m, n)
		case errX == nil:
			return 1
		case errY == nil:
			return -1
		}
		return strings.Compare(x, y)
	})
}

// CompareVersions compares two versions as Version.Compare does. "" is older than anything.
func CompareVersions(a, b string) int {
	x, _ := ParseVersion(a)
	y, _ := ParseVersion(b)
	return x.Compare(y)
}

// settled is the release that a pre-release, or a snapshot of the development, became.
func (v Version) settled() Version {
	v.pre, v.dev = [2]int{}, -1
	return v
}

// Older reports that what version a wrote computes as releases before b did: 1.3.0rc1 and 1.3.dev0 as 1.3 does. An
// unrecorded version is older than all.
func Older(a, b string) bool {
	x, _ := ParseVersion(a)
	y, _ := ParseVersion(b)
	return x.settled().Compare(y) < 0
}

// Before reports that the estimator was written by a release older than v, as Older has it.
func (b *Base) Before(v string) bool { return Older(b.Version, v) }
