package pyre

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/larder-ml/larder/internal/pystr"
)

// flags of a place in the pattern.
type flags struct {
	fold, multi, dotAll, verbose, ascii bool
}

// kinds of node.
type kind uint8

const (
	nEmpty  kind = iota
	nSet         // one character of a set
	nAny         // any character but a line break
	nAll         // any character
	nCat         // parts in order
	nAlt         // one of the parts
	nRepeat      // part lo to hi times
	nGroup       // capturing group n
	nAtomic
	nLook // look-around: behind, negate
	nRef  // back reference to group n
	nCond // if group n matched, part 0, else part 1
	nAssert
)

// kinds of assertion.
type assertion uint8

const (
	aBegin     assertion = iota // \A and ^
	aBeginLine                  // ^ of m
	aEnd                        // $: at the end or before a last line break
	aEndLine                    // $ of m
	aEndText                    // \Z
	aWord                       // \b
	aNotWord                    // \B
	aFail                       // never: an empty negative look-ahead
)

type node struct {
	kind           kind
	set            *set
	parts          []*node
	lo, hi         int // repeat; -1 for no limit
	lazy, possess  bool
	group          int
	behind, negate bool
	assert         assertion
	ascii, fold    bool
	category       bool // of a set: it has one, read with ascii
}

const (
	maxGroups = 1000
	maxDepth  = 200
	maxRepeat = math.MaxInt32
)

type parser struct {
	text  string
	at    int
	names map[string]int
	open  map[int]bool // groups that are not closed yet
	wide  [][2]int     // fewest and most characters of each closed group
	count int
	since int // 1 + the groups before the outermost look-behind that is being read
	depth int
	asked int  // the highest group a condition asks for
	ascii bool // the flag a of the whole pattern
}

// Compile reads a pattern.
func Compile(pattern string) (*Pattern, error) { return compile(pattern, flags{}) }

// CompilePython2 reads a pattern of Python 2, whose classes know ASCII alone unless it says (?u).
func CompilePython2(pattern string) (*Pattern, error) { return compile(pattern, flags{ascii: true}) }

func compile(pattern string, f flags) (*Pattern, error) {
	p := &parser{text: pattern, names: map[string]int{}, open: map[int]bool{}, ascii: f.ascii}
	tree, err := p.alternatives(f)
	if err == nil && p.at < len(p.text) {
		err = p.fail("unbalanced parenthesis")
	}
	if err == nil && p.asked > p.count {
		err = p.fail("invalid group reference " + strconv.Itoa(p.asked))
	}
	if err == nil {
		err = p.differs(tree)
	}
	if err != nil {
		return nil, err
	}
	c := &compiler{pattern: pattern}
	if err := c.node(tree); err != nil {
		return nil, err
	}
	c.emit(inst{op: opMatch})
	if err := c.check(); err != nil {
		return nil, err
	}
	word := wordRuns(pattern)
	if f.ascii && !strings.HasPrefix(pattern, "(?u)") {
		word = 0
	}
	return &Pattern{text: pattern, prog: c.prog, groups: p.count, names: p.names, first: firstSet(tree), word: word}, nil
}

func (p *parser) fail(msg string) error { return &Error{p.text, p.at, msg} }

// more reports that there are characters left; it skips what the flag x does not count.
func (p *parser) more(f flags) bool {
	for f.verbose && p.at < len(p.text) {
		switch c := p.text[p.at]; {
		case strings.IndexByte(" \t\n\r\v\f", c) >= 0:
			p.at++
		case c == '#':
			for p.at < len(p.text) && p.text[p.at] != '\n' {
				p.at++
			}
		default:
			return true
		}
	}
	return p.at < len(p.text)
}

func (p *parser) peek(s string) bool { return strings.HasPrefix(p.text[p.at:], s) }

func (p *parser) take(s string) bool {
	if p.peek(s) {
		p.at += len(s)
		return true
	}
	return false
}

func (p *parser) next() rune {
	r, n := pystr.Decode(p.text[p.at:])
	p.at += n
	return r
}

func (p *parser) alternatives(f flags) (*node, error) {
	alt := &node{kind: nAlt}
	for {
		seq, err := p.sequence(&f)
		if err != nil {
			return nil, err
		}
		alt.parts = append(alt.parts, seq)
		if !p.take("|") {
			break
		}
	}
	if len(alt.parts) == 1 {
		return alt.parts[0], nil
	}
	if f.fold && slices.ContainsFunc(alt.parts, capital) {
		return p.merged(alt)
	}
	return alt, nil
}

// capital reports an alternative that ends with a capital beyond U+FFFF, compared without regard to case.
func capital(n *node) bool {
	if n.kind == nCat && len(n.parts) > 0 {
		n = n.parts[len(n.parts)-1]
	}
	return n.kind == nSet && n.set.fold && slices.ContainsFunc(n.set.items, func(i item) bool {
		return i.class == nil && i.lo == i.hi && i.lo > 0xffff && lower(i.lo, n.set.plain) != i.lo
	})
}

// merged makes the set that CPython makes of alternatives of one character each.
func (p *parser) merged(alt *node) (*node, error) {
	if slices.ContainsFunc(alt.parts, func(n *node) bool { return n.kind == nCat }) {
		if slices.ContainsFunc(alt.parts, func(n *node) bool { return n.kind != nCat }) {
			return alt, nil
		}
		return nil, &Error{p.text, 0, "alternatives that end with a capital beyond U+FFFF: CPython finds none where what is before it is the same"}
	}
	first := alt.parts[0]
	s := &set{fold: true}
	for _, n := range alt.parts {
		if n.kind != nSet || n.set.negate || !n.set.fold {
			return alt, nil
		}
		s.plain = n.set.plain
		s.items = append(s.items, n.set.items...)
	}
	return &node{kind: nSet, set: s.several().build(), category: slices.ContainsFunc(alt.parts, func(n *node) bool { return n.category }), ascii: first.ascii}, nil
}

func (p *parser) sequence(f *flags) (*node, error) {
	if p.depth++; p.depth > maxDepth {
		return nil, p.fail("groups nest too deep")
	}
	defer func() { p.depth-- }()
	seq := &node{kind: nCat}
	for p.more(*f) && !p.peek("|") && !p.peek(")") {
		item, err := p.item(f)
		if err != nil {
			return nil, err
		}
		if item == nil {
			continue
		}
		if item, err = p.repeats(item, *f); err != nil {
			return nil, err
		}
		seq.parts = append(seq.parts, item)
	}
	if len(seq.parts) == 1 {
		return seq.parts[0], nil
	}
	return seq, nil
}

// repeats reads the quantifier after an item.
func (p *parser) repeats(item *node, f flags) (*node, error) {
	if !p.more(f) {
		return item, nil
	}
	begin := p.at
	lo, hi := 0, -1
	switch {
	case p.take("*"):
	case p.take("+"):
		lo = 1
	case p.take("?"):
		hi = 1
	case p.peek("{"):
		var ok bool
		var err error
		if lo, hi, ok, err = p.braces(); err != nil || !ok {
			p.at = begin
			return item, err
		}
	default:
		return item, nil
	}
	if item.kind == nAssert || item.kind == nEmpty {
		p.at = begin
		return nil, p.fail("nothing to repeat")
	}
	if item.kind == nRepeat {
		p.at = begin
		return nil, p.fail("multiple repeat")
	}
	r := &node{kind: nRepeat, parts: []*node{item}, lo: lo, hi: hi}
	switch {
	case p.take("?"):
		r.lazy = true
	case p.take("+"):
		r.possess = true
	}
	if p.more(f) && (p.peek("*") || p.peek("+") || p.peek("?")) {
		return nil, p.fail("multiple repeat")
	}
	if p.more(f) && p.peek("{") {
		begin = p.at
		_, _, ok, err := p.braces()
		p.at = begin
		if err != nil || ok {
			return nil, p.fail("multiple repeat")
		}
	}
	return r, nil
}

// braces reads {m}, {m,}, {,n} or {m,n}; anything else is text.
func (p *parser) braces() (lo, hi int, ok bool, err error) {
	end := strings.IndexByte(p.text[p.at:], '}')
	if end < 2 {
		return 0, 0, false, nil
	}
	body := p.text[p.at+1 : p.at+end]
	number := func(s string, def int) (int, bool) {
		if s == "" {
			return def, true
		}
		for _, c := range s {
			if c < '0' || c > '9' {
				return 0, false
			}
		}
		n, err := strconv.Atoi(s)
		if err != nil || n > maxRepeat {
			n = maxRepeat
		}
		return n, true
	}
	a, b, comma := strings.Cut(body, ",")
	lo, ok = number(a, 0)
	if !ok || !comma && a == "" {
		return 0, 0, false, nil
	}
	if hi = lo; comma {
		if hi, ok = number(b, -1); !ok {
			return 0, 0, false, nil
		}
	}
	p.at += end + 1
	if hi >= 0 && hi < lo {
		return 0, 0, false, p.fail("min repeat greater than max repeat")
	}
	return lo, hi, true, nil
}

// item reads one element; nil stands for a comment or flags.
func (p *parser) item(f *flags) (*node, error) {
	switch begin := p.at; p.text[p.at] {
	case '(':
		return p.group(f)
	case '[':
		return p.class(*f)
	case '.':
		p.at++
		if f.dotAll {
			return &node{kind: nAll}, nil
		}
		return &node{kind: nAny}, nil
	case '^':
		p.at++
		if f.multi {
			return &node{kind: nAssert, assert: aBeginLine}, nil
		}
		return &node{kind: nAssert, assert: aBegin}, nil
	case '$':
		p.at++
		if f.multi {
			return &node{kind: nAssert, assert: aEndLine}, nil
		}
		return &node{kind: nAssert, assert: aEnd}, nil
	case '*', '+', '?':
		return nil, p.fail("nothing to repeat")
	case '{':
		if _, _, ok, err := p.braces(); err != nil || ok {
			p.at = begin
			return nil, p.fail("nothing to repeat")
		}
	case '\\':
		return p.escape(*f)
	}
	return &node{kind: nSet, set: single(p.next(), f.fold, f.ascii)}, nil
}

// group reads what a parenthesis opens.
func (p *parser) group(f *flags) (*node, error) {
	begin := p.at
	p.at++
	inner := *f
	n := &node{kind: nCat}
	switch {
	case !p.take("?"):
		return p.capture("", inner)
	case p.take("P<"):
		name, err := p.name('>')
		if err != nil {
			return nil, err
		}
		return p.capture(name, inner)
	case p.take("P="):
		name, err := p.name(')')
		if err != nil {
			return nil, err
		}
		g, ok := p.names[name]
		if !ok {
			return nil, p.fail("unknown group name '" + name + "'")
		}
		return p.reference(g, *f)
	case p.take(":"):
	case p.take("#"):
		end := strings.IndexByte(p.text[p.at:], ')')
		if end < 0 {
			return nil, p.fail("missing ), unterminated comment")
		}
		p.at += end + 1
		return nil, nil
	case p.take("="):
		n = &node{kind: nLook}
	case p.take("!"):
		n = &node{kind: nLook, negate: true}
	case p.take("<="):
		n = &node{kind: nLook, behind: true}
	case p.take("<!"):
		n = &node{kind: nLook, behind: true, negate: true}
	case p.take(">"):
		n = &node{kind: nAtomic}
	case p.take("("):
		return p.condition(inner)
	default:
		done, err := p.setFlags(f, &inner, begin)
		if err != nil || done {
			return nil, err
		}
	}
	if n.behind && p.since == 0 {
		p.since = p.count + 1
		defer func() { p.since = 0 }()
	}
	body, err := p.alternatives(inner)
	if err != nil {
		return nil, err
	}
	if !p.take(")") {
		p.at = begin
		return nil, p.fail("missing ), unterminated subpattern")
	}
	n.parts = []*node{body}
	if n.kind == nLook && n.negate && !n.behind && body.kind == nCat && len(body.parts) == 0 {
		return &node{kind: nAssert, assert: aFail}, nil
	}
	if n.behind {
		lo, hi := widths(body)
		if lo != hi {
			return nil, p.fail("look-behind requires fixed-width pattern")
		}
		n.lo = lo
	}
	return n, nil
}

// capture reads a capturing group.
func (p *parser) capture(name string, f flags) (*node, error) {
	if p.count++; p.count > maxGroups {
		return nil, p.fail("too many groups")
	}
	g := p.count
	if name != "" {
		if p.names[name] != 0 {
			return nil, p.fail("redefinition of group name '" + name + "'")
		}
		p.names[name] = g
	}
	p.open[g] = true
	body, err := p.alternatives(f)
	if err != nil {
		return nil, err
	}
	if !p.take(")") {
		return nil, p.fail("missing ), unterminated subpattern")
	}
	delete(p.open, g)
	lo, hi := widths(body)
	p.wide = append(p.wide, make([][2]int, max(0, g+1-len(p.wide)))...)
	p.wide[g] = [2]int{lo, hi}
	return &node{kind: nGroup, group: g, parts: []*node{body}}, nil
}

// name reads a group name up to end.
func (p *parser) name(end byte) (string, error) {
	i := strings.IndexByte(p.text[p.at:], end)
	if i < 0 {
		return "", p.fail("missing " + string(end) + ", unterminated name")
	}
	name := p.text[p.at : p.at+i]
	if name == "" {
		return "", p.fail("missing group name")
	}
	for k, r := range name {
		if r != '_' && !unicode.IsLetter(r) && (k == 0 || !unicode.In(r, unicode.Nd, unicode.Mn, unicode.Mc, unicode.Pc)) {
			return "", p.fail("bad character in group name '" + name + "'")
		}
	}
	p.at += i + 1
	return name, nil
}

// condition reads (?(group)yes|no).
func (p *parser) condition(f flags) (*node, error) {
	i := strings.IndexByte(p.text[p.at:], ')')
	if i < 0 {
		return nil, p.fail("missing ), unterminated name")
	}
	name := p.text[p.at : p.at+i]
	p.at += i + 1
	g, err := strconv.Atoi(name)
	if err != nil {
		var ok bool
		if g, ok = p.names[name]; !ok {
			return nil, p.fail("unknown group name '" + name + "'")
		}
	}
	if g < 1 {
		return nil, p.fail("invalid group reference " + name)
	}
	if p.open[g] {
		return nil, p.fail("a condition asks for the group it is in: in CPython that may have kept an end it gave back")
	}
	if p.since > 0 && g >= p.since {
		return nil, p.fail("cannot refer to group defined in the same lookbehind subpattern")
	}
	p.asked = max(p.asked, g) // may come later
	n := &node{kind: nCond, group: g}
	for len(n.parts) < 2 {
		part, err := p.sequence(&f)
		if err != nil {
			return nil, err
		}
		n.parts = append(n.parts, part)
		if !p.take("|") {
			break
		}
	}
	if p.peek("|") {
		return nil, p.fail("conditional backref with more than two branches")
	}
	if !p.take(")") {
		return nil, p.fail("missing ), unterminated subpattern")
	}
	if len(n.parts) == 1 {
		n.parts = append(n.parts, &node{kind: nCat})
	}
	return n, nil
}

// setFlags reads (?flags) for the whole pattern, done, or (?flags-flags: for a group.
func (p *parser) setFlags(f, inner *flags, begin int) (done bool, err error) {
	on := true
	any := false
	for {
		if p.at >= len(p.text) {
			return false, p.fail("missing -, : or )")
		}
		c := p.text[p.at]
		p.at++
		at := map[byte]*bool{'i': &inner.fold, 'm': &inner.multi, 's': &inner.dotAll, 'x': &inner.verbose, 'a': &inner.ascii}[c]
		switch {
		case at != nil:
			*at = on
			any = true
		case c == 'u':
			if !on {
				return false, p.fail("bad inline flags: cannot turn off flags 'a', 'u' and 'L'")
			}
			inner.ascii = false
			any = true
		case c == 'L':
			return false, p.fail("bad inline flags: cannot use 'L' flag with a str pattern")
		case c == '-' && on:
			on, any = false, false
		case c == ':' && any:
			return false, nil
		case c == ')' && on && any:
			if begin != 0 && strings.TrimLeft(p.text[:begin], " \t\n\r\v\f") != "" {
				p.at = begin
				return false, p.fail("global flags not at the start of the expression")
			}
			*f = *inner
			p.ascii = f.ascii
			return true, nil
		default:
			p.at--
			return false, p.fail("unknown extension ?" + string(c))
		}
	}
}

func (p *parser) reference(g int, f flags) (*node, error) {
	if p.open[g] {
		return nil, p.fail("cannot refer to an open group")
	}
	if p.since > 0 && g >= p.since {
		return nil, p.fail("cannot refer to group defined in the same lookbehind subpattern")
	}
	return &node{kind: nRef, group: g, lo: p.wide[g][0], hi: p.wide[g][1], fold: f.fold, ascii: f.ascii}, nil
}

// category returns the class an escape stands for.
func category(c byte, ascii bool) func(rune) bool {
	word, digit, space := pystr.IsWord, pystr.IsDigit, pystr.IsSpace
	if ascii {
		word, digit, space = isWordASCII, isDigitASCII, isSpaceASCII
	}
	switch c {
	case 'w':
		return word
	case 'W':
		return not(word)
	case 'd':
		return digit
	case 'D':
		return not(digit)
	case 's':
		return space
	case 'S':
		return not(space)
	}
	return nil
}

// escape reads a backslash outside a class.
func (p *parser) escape(f flags) (*node, error) {
	if p.at+1 >= len(p.text) {
		return nil, p.fail("bad escape (end of pattern)")
	}
	c := p.text[p.at+1]
	if class := category(c, f.ascii); class != nil {
		p.at += 2
		return &node{kind: nSet, set: (&set{items: []item{{class: class}}}).build(), category: true, ascii: f.ascii}, nil
	}
	assert := func(a assertion) (*node, error) {
		p.at += 2
		return &node{kind: nAssert, assert: a, ascii: f.ascii}, nil
	}
	switch c {
	case 'A':
		return assert(aBegin)
	case 'Z':
		return assert(aEndText)
	case 'b':
		return assert(aWord)
	case 'B':
		return assert(aNotWord)
	}
	if '1' <= c && c <= '9' {
		if n, ok := p.octal(); ok {
			return &node{kind: nSet, set: single(n, f.fold, f.ascii)}, nil
		}
		p.at++
		g := int(c - '0')
		p.at++
		if p.at < len(p.text) && '0' <= p.text[p.at] && p.text[p.at] <= '9' {
			g = 10*g + int(p.text[p.at]-'0')
			p.at++
		}
		if g > p.count {
			return nil, p.fail("invalid group reference " + strconv.Itoa(g))
		}
		return p.reference(g, f)
	}
	r, err := p.character()
	if err != nil {
		return nil, err
	}
	return &node{kind: nSet, set: single(r, f.fold, f.ascii)}, nil
}

// octal reads \ and three octal digits.
func (p *parser) octal() (rune, bool) {
	s := p.text[p.at:]
	if len(s) < 4 {
		return 0, false
	}
	n := 0
	for _, c := range []byte(s[1:4]) {
		if c < '0' || c > '7' {
			return 0, false
		}
		n = 8*n + int(c-'0')
	}
	if n > 0o377 {
		return 0, false
	}
	p.at += 4
	return rune(n), true
}

// character reads an escape that stands for one character.
func (p *parser) character() (rune, error) {
	if p.at+1 >= len(p.text) {
		return 0, p.fail("bad escape (end of pattern)")
	}
	begin := p.at
	p.at++
	c := p.text[p.at]
	hex := func(n int) (rune, error) {
		if p.at+1+n > len(p.text) {
			p.at = begin
			return 0, p.fail("incomplete escape \\" + string(c))
		}
		v, err := strconv.ParseUint(p.text[p.at+1:p.at+1+n], 16, 32)
		if err != nil || v > unicode.MaxRune {
			p.at = begin
			return 0, p.fail("incomplete escape \\" + string(c))
		}
		p.at += 1 + n
		return rune(v), nil
	}
	switch c {
	case 'x':
		return hex(2)
	case 'u':
		return hex(4)
	case 'U':
		return hex(8)
	case '0':
		n := 0
		p.at++
		for k := 0; k < 2 && p.at < len(p.text) && '0' <= p.text[p.at] && p.text[p.at] <= '7'; k++ {
			n = 8*n + int(p.text[p.at]-'0')
			p.at++
		}
		return rune(n), nil
	}
	if i := strings.IndexByte("abfnrtv\\", c); i >= 0 {
		p.at++
		return rune("\a\b\f\n\r\t\v\\"[i]), nil
	}
	if c == 'N' {
		p.at = begin
		return 0, p.fail("characters by name are not known")
	}
	if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' {
		p.at = begin
		return 0, p.fail("bad escape \\" + string(c))
	}
	return p.next(), nil
}

// class reads a set in brackets.
func (p *parser) class(f flags) (*node, error) {
	begin := p.at
	p.at++
	s := &set{fold: f.fold, plain: f.ascii, negate: p.take("^")}
	for first := true; ; first = false {
		if p.at >= len(p.text) {
			p.at = begin
			return nil, p.fail("unterminated character set")
		}
		if !first && p.take("]") {
			break
		}
		lo, class, err := p.member(f)
		if err != nil {
			return nil, err
		}
		if !p.peek("-") || p.at+1 < len(p.text) && p.text[p.at+1] == ']' {
			s.items = append(s.items, item{lo: lo, hi: lo, class: class})
			continue
		}
		p.at++
		if p.at >= len(p.text) {
			p.at = begin
			return nil, p.fail("unterminated character set")
		}
		hi, other, err := p.member(f)
		if err != nil {
			return nil, err
		}
		if class != nil || other != nil || hi < lo {
			return nil, p.fail("bad character range")
		}
		s.items = append(s.items, item{lo: lo, hi: hi})
	}
	category := slices.ContainsFunc(s.items, func(i item) bool { return i.class != nil })
	return &node{kind: nSet, set: s.several().build(), category: category, ascii: f.ascii}, nil
}

// member reads one character or category of a set.
func (p *parser) member(f flags) (rune, func(rune) bool, error) {
	if p.text[p.at] != '\\' {
		return p.next(), nil, nil
	}
	if p.at+1 < len(p.text) {
		c := p.text[p.at+1]
		if class := category(c, f.ascii); class != nil {
			p.at += 2
			return 0, class, nil
		}
		if c == 'b' {
			p.at += 2
			return '\b', nil, nil
		}
		if r, ok := p.octal(); ok {
			return r, nil, nil
		}
		if '1' <= c && c <= '7' {
			n := 0
			p.at++
			for k := 0; k < 3 && p.at < len(p.text) && '0' <= p.text[p.at] && p.text[p.at] <= '7'; k++ {
				n = 8*n + int(p.text[p.at]-'0')
				p.at++
			}
			if n > 0o377 {
				return 0, nil, p.fail("octal escape value outside of range 0-0o377")
			}
			return rune(n), nil, nil
		}
	}
	r, err := p.character()
	return r, nil, err
}

// differs refuses the patterns whose matches in CPython are not those of their meaning and change with its releases:
// a class at the begin whose flag a or u is not the whole pattern's, as the search for a begin reads it with the latter;
// and groups in a possessive repeat, which keep what a branch set that failed.
func (p *parser) differs(tree *node) error {
	if scoped(tree, p.ascii) {
		return &Error{p.text, 0, "a class at the begin has another flag a or u than the pattern: CPython searches for it by the pattern's"}
	}
	if stale(tree) {
		return &Error{p.text, 0, "a capturing group in a possessive repeat may keep in CPython what it matched in a branch that failed"}
	}
	return nil
}

// scoped reports a class a match can begin with that is read with another flag than ascii.
func scoped(n *node, ascii bool) bool {
	switch n.kind {
	case nSet:
		return n.category && n.ascii != ascii
	case nGroup, nAlt:
		return slices.ContainsFunc(n.parts, func(p *node) bool { return scoped(p, ascii) })
	case nCat:
		for _, p := range n.parts {
			if !empty(p) {
				return scoped(p, ascii)
			}
		}
	}
	return false
}

// empty reports groups of nothing.
func empty(n *node) bool {
	return n.kind == nCat && !slices.ContainsFunc(n.parts, func(p *node) bool { return !empty(p) })
}

// stale reports a possessive repeat, of more than one iteration, with a capturing group other than one around all of it.
func stale(n *node) bool {
	if n.kind == nRepeat && n.possess && n.hi != 0 && n.hi != 1 {
		body := n.parts[0]
		if body.kind == nGroup {
			body = body.parts[0] // sets its two ends once in any iteration that matches
		}
		if captures(body) {
			return true
		}
	}
	return slices.ContainsFunc(n.parts, stale)
}

func captures(n *node) bool { return n.kind == nGroup || slices.ContainsFunc(n.parts, captures) }

const unlimited = math.MaxInt32

// widths returns the fewest and most characters a node takes.
func widths(n *node) (lo, hi int) {
	add := func(a, b int) int { return min(a+b, unlimited) }
	switch n.kind {
	case nSet, nAny, nAll:
		return 1, 1
	case nCat:
		for _, p := range n.parts {
			l, h := widths(p)
			lo, hi = add(lo, l), add(hi, h)
		}
	case nAlt, nCond:
		lo = unlimited
		for _, p := range n.parts {
			l, h := widths(p)
			lo, hi = min(lo, l), max(hi, h)
		}
	case nRepeat:
		l, h := widths(n.parts[0])
		lo = min(l*n.lo, unlimited)
		switch {
		case h == 0:
		case n.hi < 0 || h == unlimited || n.hi > unlimited/h:
			hi = unlimited
		default:
			hi = h * n.hi
		}
	case nGroup, nAtomic:
		return widths(n.parts[0])
	case nRef:
		return n.lo, n.hi
	}
	return lo, hi
}

// firstSet returns the characters a match can begin with, nil where it can be empty or anything.
func firstSet(n *node) *set {
	switch n.kind {
	case nSet:
		return n.set
	case nGroup, nAtomic:
		return firstSet(n.parts[0])
	case nRepeat:
		if n.lo > 0 {
			return firstSet(n.parts[0])
		}
	case nCat:
		for _, p := range n.parts {
			if p.kind == nAssert || p.kind == nLook {
				continue
			}
			return firstSet(p)
		}
	}
	return nil
}
