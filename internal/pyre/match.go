package pyre

import (
	"github.com/larder-ml/larder/internal/pystr"
)

// operations of the machine.
type opcode uint8

const (
	opMatch   opcode = iota
	opSet            // a character of set
	opAny            // a character but a line break
	opAll            // a character
	opRun            // set lo to hi times (set nil: see any); lazy, possess
	opSplit          // go on at x, later at y
	opJump           // go on at x
	opSave           // caps[x] = position
	opAssert         // x: assertion
	opRef            // the text of group x
	opCond           // at y if group x did not match
	opLook           // sub-program from here to y: look-around; x: characters back
	opSubEnd         // end of a sub-program
	opAtomic         // sub-program from here to y, not gone into again
	opMark           // marks[x] = position: the begin of an iteration that need not be
	opMoved          // at y if such an iteration began here: it was empty
	opCount          // counts[x] = 0
	opCounted        // counts[x]++
	opBelow          // at y if counts[x] < lo
	opAtMost         // at y if hi >= 0 and counts[x] >= hi
)

type inst struct {
	op             opcode
	x, y           int
	set            *set
	lo, hi         int
	lazy, possess  bool
	behind, negate bool
	ascii, fold    bool
	any            kind // of opRun without a set
}

type compiler struct {
	pattern  string
	prog     []inst
	counters int
}

const maxProgram = 1 << 16

func (c *compiler) emit(i inst) int {
	c.prog = append(c.prog, i)
	return len(c.prog) - 1
}

func (c *compiler) check() error {
	if len(c.prog) > maxProgram {
		return &Error{c.pattern, 0, "pattern is too large"}
	}
	return nil
}

func (c *compiler) node(n *node) error {
	if err := c.check(); err != nil {
		return err
	}
	switch n.kind {
	case nSet:
		c.emit(inst{op: opSet, set: n.set})
	case nAny:
		c.emit(inst{op: opAny})
	case nAll:
		c.emit(inst{op: opAll})
	case nCat:
		for _, p := range n.parts {
			if err := c.node(p); err != nil {
				return err
			}
		}
	case nAlt:
		var ends []int
		for i, p := range n.parts {
			split := -1
			if i < len(n.parts)-1 {
				split = c.emit(inst{op: opSplit})
				c.prog[split].x = len(c.prog)
			}
			if err := c.node(p); err != nil {
				return err
			}
			if split >= 0 {
				ends = append(ends, c.emit(inst{op: opJump}))
				c.prog[split].y = len(c.prog)
			}
		}
		for _, e := range ends {
			c.prog[e].x = len(c.prog)
		}
	case nGroup:
		c.emit(inst{op: opSave, x: 2 * n.group})
		if err := c.node(n.parts[0]); err != nil {
			return err
		}
		c.emit(inst{op: opSave, x: 2*n.group + 1})
	case nAtomic:
		return c.sub(inst{op: opAtomic}, n.parts[0])
	case nLook:
		return c.sub(inst{op: opLook, behind: n.behind, negate: n.negate, x: n.lo}, n.parts[0])
	case nRef:
		c.emit(inst{op: opRef, x: n.group, fold: n.fold, ascii: n.ascii})
	case nCond:
		at := c.emit(inst{op: opCond, x: n.group})
		if err := c.node(n.parts[0]); err != nil {
			return err
		}
		end := c.emit(inst{op: opJump})
		c.prog[at].y = len(c.prog)
		if err := c.node(n.parts[1]); err != nil {
			return err
		}
		c.prog[end].x = len(c.prog)
	case nAssert:
		c.emit(inst{op: opAssert, x: int(n.assert), ascii: n.ascii})
	case nRepeat:
		return c.repeat(n)
	}
	return nil
}

// sub emits a sub-program behind its instruction.
func (c *compiler) sub(i inst, body *node) error {
	at := c.emit(i)
	if err := c.node(body); err != nil {
		return err
	}
	c.emit(inst{op: opSubEnd})
	c.prog[at].y = len(c.prog)
	return nil
}

func (c *compiler) repeat(n *node) error {
	body := n.parts[0]
	switch body.kind {
	case nSet:
		c.emit(inst{op: opRun, set: body.set, lo: n.lo, hi: n.hi, lazy: n.lazy, possess: n.possess})
		return nil
	case nAny, nAll:
		c.emit(inst{op: opRun, any: body.kind, lo: n.lo, hi: n.hi, lazy: n.lazy, possess: n.possess})
		return nil
	}
	if n.possess {
		// re takes each iteration as it first comes, even below the minimum
		plain := *n
		plain.possess = false
		plain.parts = []*node{{kind: nAtomic, parts: []*node{body}}}
		return c.sub(inst{op: opAtomic}, &plain)
	}
	if n.hi == 0 {
		return nil
	}
	split := func() int { return c.emit(inst{op: opSplit}) }
	aim := func(at, in, out int) {
		if n.lazy {
			in, out = out, in
		}
		c.prog[at].x, c.prog[at].y = in, out
	}
	if n.lo == 0 && n.hi == 1 {
		s := split()
		in := len(c.prog)
		if err := c.node(body); err != nil {
			return err
		}
		aim(s, in, len(c.prog))
		return nil
	}
	// count; loop: below → in; full, not moved → out; split mark, out; mark; in: body; counted; jump loop; out
	k := c.counters
	c.counters++
	c.emit(inst{op: opCount, x: k})
	loop := c.emit(inst{op: opBelow, x: k, lo: n.lo})
	full := c.emit(inst{op: opAtMost, x: k, hi: n.hi})
	moved := c.emit(inst{op: opMoved, x: k})
	s := split()
	mark := c.emit(inst{op: opMark, x: k})
	c.prog[loop].y = len(c.prog)
	if err := c.node(body); err != nil {
		return err
	}
	c.emit(inst{op: opCounted, x: k})
	c.emit(inst{op: opJump, x: loop})
	out := len(c.prog)
	aim(s, mark, out)
	c.prog[full].y, c.prog[moved].y = out, out
	return nil
}

// matcher runs a pattern on a text.
type matcher struct {
	p     *Pattern
	s     string
	caps  []int
	loops []loop
	steps int
	stack []choice
}

// loop is the state of a counted repeat.
type loop struct{ count, mark int }

// choice is a point to come back to: go on at pc, or undo a change.
type choice struct {
	kind   choiceKind
	pc     int32
	at     int32
	lo, hi int32 // of a run: shortest end and the end taken last, or what may still be taken; of a loop: its state
}

// maxChoices bounds the memory of a match.
const maxChoices = 1 << 22

type choiceKind uint8

const (
	chGo choiceKind = iota
	chCap
	chLoop
	chGreedy // a run that can give back characters
	chLazy   // a run that can take more
)

// match tries to match at a place; barred forbids an empty match there.
func (m *matcher) match(at int, barred bool) (bool, error) {
	for i := range m.caps {
		m.caps[i] = -1
	}
	if m.loops == nil {
		n := 0
		for i := range m.p.prog {
			if m.p.prog[i].op == opCount {
				n = max(n, m.p.prog[i].x+1)
			}
		}
		m.loops = make([]loop, n)
	}
	bar := -1
	if barred {
		bar = at
	}
	m.stack = m.stack[:0]
	end, ok, err := m.run(0, at, bar)
	if ok {
		m.caps[0], m.caps[1] = at, end
	}
	return ok, err
}

// run executes from pc until opMatch or opSubEnd; choices above the stack's present height are its own.
func (m *matcher) run(pc, at, bar int) (int, bool, error) {
	base := len(m.stack)
	prog := m.p.prog
	s := m.s
	for {
		if m.steps--; m.steps < 0 || len(m.stack) > maxChoices {
			return 0, false, &BudgetError{m.p.text}
		}
		in := &prog[pc]
		ok := true
		switch in.op {
		case opMatch, opSubEnd:
			if in.op == opMatch && at == bar {
				ok = false
				break
			}
			return at, true, nil
		case opSet, opAny, opAll:
			if at == len(s) {
				ok = false
				break
			}
			r, n := pystr.Decode(s[at:])
			if in.op == opSet && !in.set.has(r) || in.op == opAny && r == '\n' {
				ok = false
				break
			}
			at += n
			pc++
		case opRun:
			at, ok = m.repeat(in, pc, at)
			pc++
		case opSplit:
			m.stack = append(m.stack, choice{kind: chGo, pc: int32(in.y), at: int32(at)})
			pc = in.x
		case opJump:
			pc = in.x
		case opSave:
			m.stack = append(m.stack, choice{kind: chCap, pc: int32(in.x), at: int32(m.caps[in.x])})
			m.caps[in.x] = at
			pc++
		case opAssert:
			ok = m.holds(assertion(in.x), at, in.ascii)
			pc++
		case opRef:
			at, ok = m.reference(in, at)
			pc++
		case opCond:
			if pc++; !m.set(in.x) {
				pc = in.y
			}
		case opLook:
			var err error
			if ok, err = m.look(in, pc, at); err != nil {
				return 0, false, err
			}
			pc = in.y
		case opAtomic:
			height := len(m.stack)
			end, matched, err := m.run(pc+1, at, -1)
			if err != nil {
				return 0, false, err
			}
			if ok = matched; ok {
				m.keepUndo(height)
				at = end
			}
			pc = in.y
		case opCount:
			m.setLoop(in.x, loop{mark: -1})
			pc++
		case opMark:
			l := m.loops[in.x]
			l.mark = at
			m.setLoop(in.x, l)
			pc++
		case opCounted:
			l := m.loops[in.x]
			l.count++
			m.setLoop(in.x, l)
			pc++
		case opMoved:
			if pc++; m.loops[in.x].mark == at {
				pc = in.y
			}
		case opBelow:
			if pc++; m.loops[in.x].count < in.lo {
				pc = in.y
			}
		case opAtMost:
			if pc++; in.hi >= 0 && m.loops[in.x].count >= in.hi {
				pc = in.y
			}
		}
		if ok {
			continue
		}
		if pc, at, ok = m.back(base); !ok {
			return 0, false, nil
		}
	}
}

func (m *matcher) setLoop(i int, l loop) {
	old := m.loops[i]
	m.stack = append(m.stack, choice{kind: chLoop, pc: int32(i), lo: int32(old.count), hi: int32(old.mark)})
	m.loops[i] = l
}

// undo takes one change back.
func (m *matcher) undo(c *choice) {
	switch c.kind {
	case chCap:
		m.caps[c.pc] = int(c.at)
	case chLoop:
		m.loops[c.pc] = loop{int(c.lo), int(c.hi)}
	}
}

// back undoes changes down to the last choice that can go on.
func (m *matcher) back(base int) (pc, at int, ok bool) {
	for len(m.stack) > base {
		c := &m.stack[len(m.stack)-1]
		switch c.kind {
		case chGo:
			pc, at = int(c.pc), int(c.at)
			m.stack = m.stack[:len(m.stack)-1]
			return pc, at, true
		case chGreedy:
			// c.hi is the end taken last; give one character back
			if c.hi > c.lo {
				_, n := pystr.DecodeLast(m.s[:c.hi])
				c.hi -= int32(n)
				return int(c.pc), int(c.hi), true
			}
		case chLazy:
			in := &m.p.prog[c.pc-1]
			if n := m.one(in, int(c.at)); n > 0 && c.hi != 0 {
				c.at += int32(n)
				if c.hi > 0 {
					c.hi--
				}
				return int(c.pc), int(c.at), true
			}
		default:
			m.undo(c)
		}
		m.stack = m.stack[:len(m.stack)-1]
	}
	return 0, 0, false
}

// keepUndo drops the choices above height but keeps what undoes changes.
func (m *matcher) keepUndo(height int) {
	k := height
	for _, c := range m.stack[height:] {
		if c.kind == chCap || c.kind == chLoop {
			m.stack[k] = c
			k++
		}
	}
	m.stack = m.stack[:k]
}

// one returns the length of the character at a place if a run takes it, else 0.
func (m *matcher) one(in *inst, at int) int {
	if at >= len(m.s) {
		return 0
	}
	r, n := pystr.Decode(m.s[at:])
	switch {
	case in.set != nil:
		if !in.set.has(r) {
			return 0
		}
	case in.any == nAny && r == '\n':
		return 0
	}
	return n
}

// repeat runs opRun.
func (m *matcher) repeat(in *inst, pc, at int) (int, bool) {
	end, count := at, 0
	shortest := at
	limit := in.hi
	if in.lazy {
		limit = in.lo
	}
	for limit < 0 || count < limit {
		n := m.one(in, end)
		if n == 0 {
			break
		}
		end += n
		if count++; count == in.lo {
			shortest = end
		}
	}
	m.steps -= count / 16
	if count < in.lo {
		return at, false
	}
	switch {
	case in.lazy:
		left := -1
		if in.hi >= 0 {
			left = in.hi - in.lo
		}
		if left != 0 {
			m.stack = append(m.stack, choice{kind: chLazy, pc: int32(pc + 1), at: int32(end), hi: int32(left)})
		}
	case !in.possess && end > shortest:
		m.stack = append(m.stack, choice{kind: chGreedy, pc: int32(pc + 1), lo: int32(shortest), hi: int32(end)})
	}
	return end, true
}

// set reports that a group has matched; while it matches again, its old end may lie before its new begin.
func (m *matcher) set(group int) bool {
	a, b := m.caps[2*group], m.caps[2*group+1]
	return 0 <= a && a <= b
}

// reference matches the text of a group again.
func (m *matcher) reference(in *inst, at int) (int, bool) {
	if !m.set(in.x) {
		return at, false
	}
	a, b := m.caps[2*in.x], m.caps[2*in.x+1]
	want := m.s[a:b]
	m.steps -= len(want) / 16
	if !in.fold {
		if len(m.s)-at < len(want) || m.s[at:at+len(want)] != want {
			return at, false
		}
		return at + len(want), true
	}
	for len(want) > 0 {
		if at == len(m.s) {
			return at, false
		}
		r, n := pystr.Decode(want)
		q, k := pystr.Decode(m.s[at:])
		if lower(r, in.ascii) != lower(q, in.ascii) {
			return at, false
		}
		want, at = want[n:], at+k
	}
	return at, true
}

// look runs a look-around.
func (m *matcher) look(in *inst, pc, at int) (bool, error) {
	from := at
	if in.behind {
		m.steps -= min(in.x, at) / 4
		for range in.x {
			if from == 0 {
				return in.negate, nil
			}
			_, n := pystr.DecodeLast(m.s[:from])
			from -= n
		}
	}
	height := len(m.stack)
	_, ok, err := m.run(pc+1, from, -1)
	if err != nil {
		return false, err
	}
	if !ok {
		return in.negate, nil
	}
	if in.negate {
		// undo what the sub-program changed
		for len(m.stack) > height {
			m.undo(&m.stack[len(m.stack)-1])
			m.stack = m.stack[:len(m.stack)-1]
		}
		return false, nil
	}
	m.keepUndo(height)
	return true, nil
}

// holds tests an assertion.
func (m *matcher) holds(a assertion, at int, ascii bool) bool {
	s := m.s
	switch a {
	case aBegin:
		return at == 0
	case aBeginLine:
		return at == 0 || s[at-1] == '\n'
	case aEnd:
		return at == len(s) || at == len(s)-1 && s[at] == '\n'
	case aEndLine:
		return at == len(s) || s[at] == '\n'
	case aEndText:
		return at == len(s)
	case aFail:
		return false
	}
	word := pystr.IsWord
	if ascii {
		word = isWordASCII
	}
	before, after := false, false
	if at > 0 {
		r, _ := pystr.DecodeLast(s[:at])
		before = word(r)
	}
	if at < len(s) {
		r, _ := pystr.Decode(s[at:])
		after = word(r)
	}
	if a == aNotWord {
		// re before 3.14 never finds \B in empty text
		return before == after && len(s) > 0
	}
	return before != after
}
