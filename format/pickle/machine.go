package pickle

import (
	"errors"
	"fmt"
	"io"
	"math"
	"math/big"
	"slices"
	"sort"

	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/source"
)

const (
	maxProtocol  = 5
	notesPerRule = 20
	maxStreams   = 1000 // pickles in one file
)

// Machine runs pickles of one stream. Its values are plain data.
type Machine struct {
	Doc *pyobj.Doc // filled as the machine runs

	// Built is asked after every BUILD on an Object. A value other than nil takes the object's place on the stack
	// (not in the memo), as joblib's unpickler does for its array wrappers. It may read the bytes that follow with
	// Take and Nested.
	Built func(*pyobj.Object) (pyobj.Value, error)

	in    input
	lim   source.Limits
	size  int64 // bytes the stream is made from
	held  int64 // bytes of a stream's payloads
	room  int64 // and what they may grow to
	ops   int64 // opcodes of all pickles
	heap  int64 // bytes of the values made, an estimate
	hash  int64 // items of tuples that Python would have hashed
	most  int64 // and what they may grow to
	proto int   // of the current pickle, -1 before PROTO
	start int64 // m.ops at the beginning of the current pickle

	at int64 // offset of the current opcode
	op Opcode

	stack []pyobj.Value
	marks []mark
	memo  memo
	older memo // of the pickle before, see get

	keys    map[*pyobj.Dict]map[pyobj.Value]int
	given   map[pyobj.Value]bool // lists, dicts and sets that calls and states took as they were then
	globals map[pyobj.Global]*pyobj.Global
	legacy  [256]int64 // first index+1 of legacy opcodes
	rules   map[string]int
	broken  error // first breach of the frames
	lines   lineEnd
	dis     *lister
}

type mark struct {
	depth int
	at    int64
}

// New returns a machine over bytes that are all there. Bytes values are views of b.
func New(b []byte, lim source.Limits) *Machine {
	m := newMachine(lim)
	m.in.buf = b
	m.sized(int64(len(b)))
	return m
}

// NewSource returns a machine over a whole file. Of a mapped one, Bytes values longer than Copied are views of the map, and no
// page of it is touched: what stands between them is read.
func NewSource(src *source.Source, lim source.Limits) *Machine {
	if !src.Mapped() {
		return New(src.All(), lim)
	}
	m := newMachine(lim)
	m.in.all = src.All()
	m.in.r = io.NewSectionReader(src, 0, src.Len())
	m.sized(src.Len())
	return m
}

// PerContainer is about how many opcodes there are for each container of a model.
const PerContainer = 6

// Copied is the length up to which bytes of a mapped file are copies, not views.
const Copied = peep

// NewReader returns a machine over a decompressing stream made from size bytes. Long payloads are read straight into
// memory of their own, at once where they are no more than 200 times size, else in growing steps.
func NewReader(r io.Reader, size int64, lim source.Limits) *Machine {
	m := newMachine(lim)
	m.in.r = r
	m.in.backed = size * 200
	m.room = lim.HeldBy(size)
	m.sized(size)
	return m
}

func newMachine(lim source.Limits) *Machine {
	m := &Machine{lim: lim, room: math.MaxInt64, Doc: &pyobj.Doc{Format: Name, Protocol: -1}}
	m.in.frame = noFrame
	m.globals = map[pyobj.Global]*pyobj.Global{}
	m.rules = map[string]int{}
	return m
}

func (m *Machine) sized(n int64) {
	m.size = n
	m.most = m.lim.Heap
	if n < math.MaxInt64/max(m.lim.HeapPer, 1)-m.most {
		m.most += n * m.lim.HeapPer
	} else {
		m.most = math.MaxInt64
	}
}

// charge counts bytes of values towards Limits.Heap, those of values that were dropped again included: picklers drop none.
func (m *Machine) charge(n int) error {
	if m.heap += int64(n); m.heap > m.most {
		return m.over("memory of values", m.heap, m.most)
	}
	return nil
}

// Run reads the whole stream: the first pickle, any further ones, and what is left.
func (m *Machine) Run() (*pyobj.Doc, error) {
	root, err := m.Next()
	if err == nil {
		m.Doc.Root = root
		if err = m.further(); err == nil {
			err = m.checkDepth()
		}
	}
	m.Doc.Stream = m.in.offset()
	m.noteLegacy()
	if m.in.cutEnd > 0 {
		m.otherReading()
	}
	if err == nil {
		err = m.broken
	}
	var lim *source.LimitError
	if errors.As(err, &lim) {
		err = fmt.Errorf("pickle: %w", err)
	}
	return m.Doc, err
}

// further reads what stands after the first STOP: more pickles, or bytes that are none.
func (m *Machine) further() error {
	for m.in.fill(1) {
		at := m.in.offset()
		if len(m.Doc.Extra) >= maxStreams {
			return &source.LimitError{Limit: "number of pickles in a file", Value: maxStreams + 1, Max: maxStreams, Offset: at}
		}
		v, err := m.Next()
		if errors.Is(err, source.ErrLimit) {
			return err
		}
		if err != nil {
			m.Note("trailing-bytes", pyobj.LevelRefuse, at, "bytes after the end of the pickle are no pickle: %v", err)
			m.in.skip()
			break
		}
		m.Note("second-pickle", pyobj.LevelSuspect, at, "pickle number %d in one file; loading reads the first only", len(m.Doc.Extra)+2)
		m.Doc.Extra = append(m.Doc.Extra, v)
	}
	if m.in.end != nil && !errors.Is(m.in.end, io.EOF) {
		m.at, m.op = m.in.offset(), 0
		return m.eof("")
	}
	return nil
}

// otherReading records what CPython's C unpickler does when it reads from a file and an argument crosses a frame's end: it
// drops the rest of the frame.
func (m *Machine) otherReading() {
	all := m.in.all
	switch {
	case m.in.r == nil:
		all = m.in.buf
	case all == nil:
		return
	}
	b := append(all[:m.in.cut:m.in.cut], all[m.in.cutEnd:]...)
	o := New(b, m.lim)
	o.in.cutEnd = -1
	_, _ = o.Next() // its error is not this reading's
	gone := m.in.cutEnd - m.in.cut
	for _, i := range o.Doc.Imports {
		if i.Offset >= m.in.cut {
			i.Offset += gone
			m.Doc.Imports = append(m.Doc.Imports, i)
		}
	}
	for _, c := range o.Doc.Calls {
		if c.Offset >= m.in.cut {
			c.Offset += gone
			m.Doc.Calls = append(m.Doc.Calls, c)
		}
	}
}

// Next reads one pickle, to its STOP.
func (m *Machine) Next() (pyobj.Value, error) {
	m.older, m.memo = m.memo, memo{}
	m.stack, m.marks = m.stack[:0], m.marks[:0]
	m.proto, m.start = -1, m.ops
	m.in.frame = noFrame
	for {
		v, done, err := m.step()
		if m.dis != nil {
			m.dis.line(m)
		}
		if err != nil {
			return nil, err
		}
		if m.in.crossed {
			m.in.crossed = false
			m.breach("goes over the end of its frame")
		}
		if done {
			if m.in.frame != noFrame && m.in.offset() < m.in.frame {
				m.breach("the frame goes on after it")
			}
			m.in.frame = noFrame
			return v, nil
		}
	}
}

// Nested reads one pickle in the middle of another, as joblib stores an object array.
func (m *Machine) Nested() (pyobj.Value, error) {
	m.closeFrame()
	outer := *m
	m.Built, m.stack, m.marks, m.memo = nil, nil, nil, memo{}
	var v pyobj.Value
	var err error
	if m.dis != nil {
		m.dis.within(m, func() { v, err = m.Next() })
	} else {
		v, err = m.Next()
	}
	m.Built, m.stack, m.marks, m.memo, m.older = outer.Built, outer.stack, outer.marks, outer.memo, outer.older
	m.proto, m.start, m.at, m.op = outer.proto, outer.start, outer.at, outer.op
	return v, err
}

// hold counts n bytes of a stream that are kept towards Limits.Held.
func (m *Machine) hold(n int64) error {
	if n > m.room-m.held {
		return source.OverHeld(m.held+min(n, math.MaxInt64-m.held), m.room, m.at)
	}
	m.held += n
	return nil
}

// Holds reports whether Take keeps n more bytes in memory.
func (m *Machine) Holds(n int64) bool { return n <= m.room-m.held }

// Skip steps over n raw bytes.
func (m *Machine) Skip(n int64) error {
	m.closeFrame()
	if !m.in.over(n) {
		return m.eof(fmt.Sprintf("%d bytes wanted, ", n))
	}
	return nil
}

// Take reads n raw bytes. They may be a view of the input: never write to them.
func (m *Machine) Take(n int64) ([]byte, error) {
	m.closeFrame()
	if err := m.hold(n); err != nil {
		return nil, err
	}
	b, ok := m.in.payload(n)
	if !ok {
		return nil, m.eof(fmt.Sprintf("%d bytes wanted, ", n))
	}
	return b, nil
}

// Offset is the position in the uncompressed stream.
func (m *Machine) Offset() int64 { return m.in.offset() }

// Note adds a note, at most 20 of a rule.
func (m *Machine) Note(rule string, level pyobj.Level, at int64, format string, args ...any) {
	m.rules[rule]++
	if n := m.rules[rule]; n > notesPerRule {
		return
	} else if n == notesPerRule {
		format, args = "and more of the kind", nil
	}
	m.Doc.Notes = append(m.Doc.Notes, pyobj.Note{Rule: rule, Level: level, Offset: at, Message: fmt.Sprintf(format, args...)})
}

func (m *Machine) breach(msg string) {
	m.Note("frame", pyobj.LevelRefuse, m.at, "%s: %s", m.op, msg)
	if m.broken == nil {
		m.broken = m.bad("%s", msg)
	}
}

// closeFrame is called where bytes follow that belong to no frame.
func (m *Machine) closeFrame() {
	if m.in.frame != noFrame && m.in.offset() < m.in.frame {
		m.breach("the frame goes on after it")
	}
	m.in.frame = noFrame
}

func (m *Machine) bad(format string, args ...any) error {
	return &SyntaxError{Offset: m.at, Op: m.op.String(), Msg: fmt.Sprintf(format, args...)}
}

func (m *Machine) over(limit string, value, max int64) error {
	return &source.LimitError{Limit: limit, Value: value, Max: max, Offset: m.at}
}

// eof is the error of input that ended.
func (m *Machine) eof(what string) error {
	cause := m.in.end
	if cause == nil || errors.Is(cause, io.EOF) {
		cause = io.ErrUnexpectedEOF
	}
	var lim *source.LimitError
	if errors.As(cause, &lim) {
		return cause
	}
	msg := what + "the file ends"
	if !errors.Is(cause, io.ErrUnexpectedEOF) {
		msg = cause.Error()
	}
	return &SyntaxError{Offset: m.at, Op: m.op.String(), Msg: msg, Err: cause}
}

func (m *Machine) push(v pyobj.Value) error {
	if len(m.stack) >= m.lim.Stack {
		return m.over("stack depth", int64(len(m.stack))+1, int64(m.lim.Stack))
	}
	m.stack = append(m.stack, v)
	return nil
}

func (m *Machine) fence() int {
	if n := len(m.marks); n > 0 {
		return m.marks[n-1].depth
	}
	return 0
}

// need checks that n values stand above the last mark.
func (m *Machine) need(n int) error {
	if len(m.stack)-m.fence() < n {
		if len(m.stack) >= n {
			return m.bad("a mark is in the way")
		}
		return m.bad("stack is empty")
	}
	return nil
}

func (m *Machine) pop() pyobj.Value {
	v := m.stack[len(m.stack)-1]
	m.stack = m.stack[:len(m.stack)-1]
	return v
}

// popMark removes the last mark and what is above it. The slice is valid until the next push.
func (m *Machine) popMark() ([]pyobj.Value, error) {
	n := len(m.marks)
	if n == 0 {
		return nil, m.bad("no mark on the stack")
	}
	mk := m.marks[n-1]
	m.marks = m.marks[:n-1]
	items := m.stack[mk.depth:]
	m.stack = m.stack[:mk.depth]
	if m.dis != nil {
		m.dis.note = fmt.Sprintf("(MARK at %d)", mk.at)
	}
	return items, nil
}

func clone(items []pyobj.Value) []pyobj.Value { return append([]pyobj.Value(nil), items...) }

// step runs one opcode. It returns the result at STOP.
func (m *Machine) step() (pyobj.Value, bool, error) {
	if m.in.frame != noFrame && m.in.offset() >= m.in.frame {
		m.in.frame = noFrame
	}
	m.at, m.op = m.in.offset(), 0
	if m.dis != nil {
		m.dis.start(m)
	}
	b, ok := m.in.byte()
	if !ok {
		return nil, false, m.eof("")
	}
	m.op = Opcode(b)
	info := &ops[b]
	if info.name == "" {
		m.op = 0
		return nil, false, m.bad("0x%02x is no opcode", b)
	}
	m.ops++
	m.Doc.Opcodes++
	if m.ops > m.lim.Opcodes {
		return nil, false, m.over("number of opcodes", m.ops, m.lim.Opcodes)
	}
	if m.ops > 1_000_000 && m.lim.OpcodesPer > 0 && m.ops-1_000_000 > m.lim.OpcodesPer*m.size {
		return nil, false, m.over("number of opcodes for the file's size", m.ops, m.lim.OpcodesPer*m.size+1_000_000)
	}
	if info.legacy && m.legacy[b] == 0 {
		m.legacy[b] = m.at + 1
	}
	if m.lines == crlf && info.proto > 0 {
		return nil, false, m.bad(`a binary opcode where lines end in \r\n: bytes were changed on the way`)
	}
	if int(info.proto) > m.proto {
		m.undeclared(int(info.proto))
	}
	if m.op == opStop {
		v, err := m.stop()
		return v, err == nil, err
	}
	return nil, false, m.run(info)
}

// undeclared notes an opcode newer than the protocol the pickle says it has.
func (m *Machine) undeclared(proto int) {
	if m.op == opProto {
		return
	}
	if proto < 2 {
		m.proto = proto
		return
	}
	m.Note("protocol-lie", pyobj.LevelSuspect, m.at, "%s belongs to protocol %d, the pickle says %d", m.op, proto, max(m.proto, 0))
	m.proto = proto
	m.Doc.Protocol = max(m.Doc.Protocol, proto)
}

func (m *Machine) stop() (pyobj.Value, error) {
	if err := m.need(1); err != nil {
		return nil, err
	}
	v := m.pop()
	if len(m.stack) > 0 || len(m.marks) > 0 {
		m.Note("stack-left", pyobj.LevelRefuse, m.at, "%d values and %d marks are left on the stack", len(m.stack), len(m.marks))
	}
	m.Doc.Protocol = max(m.Doc.Protocol, m.proto, 0)
	return v, nil
}

func (m *Machine) run(info *opInfo) error {
	if err := m.charge(int(info.cost)); err != nil {
		return err
	}
	switch m.op {
	case opMark:
		if len(m.marks) >= m.lim.Marks {
			return m.over("number of open marks", int64(len(m.marks))+1, int64(m.lim.Marks))
		}
		m.marks = append(m.marks, mark{len(m.stack), m.at})
		return nil
	case opPop:
		if n := len(m.marks); n > 0 && m.marks[n-1].depth == len(m.stack) {
			_, err := m.popMark()
			return err
		}
		if err := m.need(1); err != nil {
			return err
		}
		m.pop()
		return nil
	case opPopMark:
		_, err := m.popMark()
		return err
	case opDup:
		if err := m.need(1); err != nil {
			return err
		}
		return m.push(m.stack[len(m.stack)-1])

	case opNone:
		return m.push(pyobj.None{})
	case opNewTrue:
		return m.push(pyobj.Bool(true))
	case opNewFalse:
		return m.push(pyobj.Bool(false))
	case opBinInt, opBinInt1, opBinInt2:
		n, err := m.number(info)
		if err != nil {
			return err
		}
		return m.push(pyobj.Int(n))
	case opLong1, opLong4:
		return m.long(info)
	case opInt, opLong:
		return m.textInt()
	case opFloat:
		return m.textFloat()
	case opBinFloat:
		b, ok := m.in.short(8)
		if !ok {
			return m.eof("")
		}
		f := math.Float64frombits(bigEndian(b))
		if m.dis != nil {
			m.dis.arg = reprFloat(f)
		}
		return m.push(pyobj.Float(f))

	case opBinUnicode, opShortBinUnicode, opBinUnicode8:
		return m.unicode(info)
	case opUnicode:
		return m.textUnicode()
	case opString:
		return m.textString()
	case opBinString, opShortBinString:
		b, err := m.counted(info, true)
		if err != nil {
			return err
		}
		return m.py2(string(b))
	case opBinBytes, opShortBinBytes, opBinBytes8:
		b, err := m.counted(info, false)
		if err != nil {
			return err
		}
		if m.dis != nil {
			m.dis.arg = m.dis.reprBytes(b)
		}
		return m.push(pyobj.Bytes(b))
	case opByteArray8:
		b, err := m.counted(info, false)
		if err != nil {
			return err
		}
		if m.dis != nil {
			m.dis.arg = "bytearray(" + reprByteArray(m.dis.reprBytes(b)) + ")"
		}
		return m.push(&pyobj.ByteArray{B: b})

	case opEmptyTuple:
		return m.push(&pyobj.Tuple{})
	case opTuple1, opTuple2, opTuple3:
		n := int(m.op-opTuple1) + 1
		if err := m.need(n); err != nil {
			return err
		}
		t := &pyobj.Tuple{Items: clone(m.stack[len(m.stack)-n:])}
		m.stack = append(m.stack[:len(m.stack)-n], t)
		return nil
	case opTuple, opList, opDict, opFrozenSet:
		return m.collect()
	case opEmptyList:
		return m.push(&pyobj.List{})
	case opEmptyDict:
		return m.push(&pyobj.Dict{})
	case opEmptySet:
		return m.push(&pyobj.Set{})
	case opAppend:
		if err := m.need(2); err != nil {
			return err
		}
		n := len(m.stack)
		if err := m.extend(m.stack[n-2], m.stack[n-1:]); err != nil {
			return err
		}
		m.stack = m.stack[:n-1]
		return nil
	case opAppends, opAddItems:
		items, err := m.popMark()
		if err == nil {
			err = m.need(1)
		}
		if err != nil {
			return err
		}
		return m.extend(m.stack[len(m.stack)-1], items)
	case opSetItem:
		if err := m.need(3); err != nil {
			return err
		}
		n := len(m.stack)
		if err := m.setItems(m.stack[n-3], m.stack[n-2:]); err != nil {
			return err
		}
		m.stack = m.stack[:n-2]
		return nil
	case opSetItems:
		items, err := m.popMark()
		if err == nil {
			err = m.need(1)
		}
		if err != nil {
			return err
		}
		return m.setItems(m.stack[len(m.stack)-1], items)

	case opPut, opBinPut, opLongBinPut:
		n, err := m.index(info)
		if err != nil {
			return err
		}
		return m.put(n)
	case opMemoize:
		if m.dis != nil {
			m.dis.note = fmt.Sprintf("(as %d)", m.memo.n)
		}
		return m.put(m.memo.n)
	case opGet, opBinGet, opLongBinGet:
		n, err := m.index(info)
		if err != nil {
			return err
		}
		return m.get(n)

	case opGlobal:
		g, err := m.globalLines()
		if err != nil {
			return err
		}
		return m.push(g)
	case opStackGlobal:
		return m.stackGlobal()
	case opExt1, opExt2, opExt4:
		n, err := m.number(info)
		if err != nil {
			return err
		}
		if n <= 0 {
			return m.bad("extension code %d is not positive", n)
		}
		m.Note("extension-code", pyobj.LevelRefuse, m.at, "extension code %d: the name is in a registry outside of the file", n)
		return m.push(m.imports("copyreg", fmt.Sprintf("extension %d", n)))
	case opReduce, opNewObj, opNewObjEx:
		return m.call()
	case opInst, opObj:
		return m.inst()
	case opBuild:
		return m.build()

	case opPersID:
		b, err := m.text()
		if err != nil {
			return err
		}
		if m.dis != nil {
			m.dis.arg = reprStr(string(b))
		}
		m.Note("persistent-id", pyobj.LevelRefuse, m.at, "refers to an object outside of the file")
		return m.push(&pyobj.Persistent{ID: pyobj.Str(latin1(b))})
	case opBinPersID:
		if err := m.need(1); err != nil {
			return err
		}
		m.Note("persistent-id", pyobj.LevelRefuse, m.at, "refers to an object outside of the file")
		m.stack[len(m.stack)-1] = &pyobj.Persistent{ID: m.stack[len(m.stack)-1]}
		return nil
	case opNextBuffer, opReadonlyBuffer:
		return m.bad("refers to a buffer outside of the file")

	case opProto:
		n, err := m.number(info)
		if err != nil {
			return err
		}
		if n > maxProtocol {
			return m.bad("protocol %d is not known", n)
		}
		if m.ops != m.start+1 {
			m.Note("protocol-lie", pyobj.LevelSuspect, m.at, "PROTO is not the first opcode")
		}
		m.proto = int(n)
		m.Doc.Protocol = max(m.Doc.Protocol, m.proto)
		return nil
	case opFrame:
		return m.beginFrame()
	}
	return m.bad("no opcode")
}

func (m *Machine) beginFrame() error {
	n, ok := m.in.uint(8)
	if !ok {
		return m.eof("")
	}
	if m.dis != nil {
		m.dis.arg = fmt.Sprint(n)
	}
	if m.in.frame != noFrame && m.in.offset() < m.in.frame {
		m.breach("begins inside a frame")
	}
	at := m.in.offset()
	switch left := m.in.left(); {
	case left >= 0 && n > uint64(left):
		m.breach(fmt.Sprintf("%d bytes, the file has %d more", n, left))
	case n > math.MaxInt64/2:
		m.breach(fmt.Sprintf("%d bytes", n))
	default:
		m.in.frame = at + int64(n)
	}
	return nil
}

// number reads an integer argument.
func (m *Machine) number(info *opInfo) (int64, error) {
	width := [...]int{u1: 1, u2: 2, i4: 4, u4: 4}[info.arg]
	n, ok := m.in.uint(width)
	if !ok {
		return 0, m.eof("")
	}
	v := int64(n)
	if info.arg == i4 {
		v = int64(int32(uint32(n)))
	}
	if m.dis != nil {
		m.dis.arg = fmt.Sprint(v)
	}
	return v, nil
}

// counted reads a payload behind its length. brief payloads are valid until the next read only.
func (m *Machine) counted(info *opInfo, brief bool) ([]byte, error) {
	n, ok := m.in.uint(int(info.width))
	if !ok {
		return nil, m.eof("")
	}
	signed := m.op == opBinString || m.op == opLong4
	if n > math.MaxInt64 || signed && n > math.MaxInt32 {
		return nil, m.bad("length %d is impossible", n)
	}
	limit := int64(math.MaxInt64)
	what := "length of a string"
	switch m.op {
	case opLong1, opLong4:
		limit, what = m.lim.Long, "length of an int"
	case opBinUnicode, opBinUnicode8, opShortBinUnicode, opBinString, opShortBinString:
		limit = m.lim.String
	}
	if left := m.in.left(); left >= 0 && int64(n) > left {
		return nil, &SyntaxError{Offset: m.at, Op: m.op.String(), Err: io.ErrUnexpectedEOF,
			Msg: fmt.Sprintf("%d bytes declared, the file has %d more", n, left)}
	}
	if int64(n) > limit {
		return nil, m.over(what, int64(n), limit)
	}
	if n < window {
		if err := m.charge(int(n)); err != nil {
			return nil, err
		}
	}
	var b []byte
	switch {
	case brief && n <= window:
		b, ok = m.in.short(int(n))
	case n > window && m.lists():
		b, ok = m.dis.begin(&m.in, int64(n))
	default:
		if n >= window {
			if err := m.hold(int64(n)); err != nil {
				return nil, err
			}
		}
		b, ok = m.in.payload(int64(n))
	}
	if !ok {
		return nil, m.eof(fmt.Sprintf("%d bytes declared, ", n))
	}
	return b, nil
}

// lists reports whether no more of the bytes at hand is wanted than a disassembly shows of them.
func (m *Machine) lists() bool {
	switch m.op {
	case opBinBytes, opBinBytes8, opByteArray8:
		return m.dis != nil && m.dis.cut > 0 && m.dis.cut <= window
	}
	return false
}

// index reads a memo index.
func (m *Machine) index(info *opInfo) (int64, error) {
	if info.arg != line {
		return m.number(info)
	}
	b, err := m.text()
	if err != nil {
		return 0, err
	}
	v, ok := decimal(b)
	if !ok || v.Sign() < 0 {
		return 0, m.bad("%s is no memo index", quote(b))
	}
	if m.dis != nil {
		m.dis.arg = v.String()
	}
	if !v.IsInt64() {
		return 0, m.over("memo index", math.MaxInt64, int64(m.lim.Memo))
	}
	return v.Int64(), nil
}

func (m *Machine) put(n int64) error {
	if err := m.need(1); err != nil {
		return err
	}
	if n >= int64(m.lim.Memo) {
		return m.over("memo index", n, int64(m.lim.Memo)-1)
	}
	if n > m.ops+255 { // entries are counted up; memory for them must be earned
		return m.over("memo index", n, m.ops+255)
	}
	if err := m.charge(16); err != nil {
		return err
	}
	switch size := m.memo.n; {
	case n > size:
		if n != 1 || size != 0 { // Python 2's cPickle counts from one
			m.Note("memo-sparse", pyobj.LevelNote, m.at, "memo entry %d is written when there are %d", n, size)
		}
	case n < size && m.memo.get(n) != nil:
		m.Note("memo-overwrite", pyobj.LevelSuspect, m.at, "memo entry %d is written again", n)
	}
	m.memo.put(n, m.stack[len(m.stack)-1])
	return nil
}

func (m *Machine) get(n int64) error {
	if v := m.memo.get(n); v != nil {
		return m.push(v)
	}
	if v := m.older.get(n); v != nil {
		m.Note("memo-carry", pyobj.LevelRefuse, m.at, "memo entry %d is from the pickle before", n)
		return m.push(v)
	}
	return m.bad("memo entry %d was never written", n)
}

// memo is the table of values met before, in pages so that growing copies nothing.
type memo struct {
	pages [][]pyobj.Value
	n     int64
}

const memoPage = 1 << 12

func (t *memo) get(n int64) pyobj.Value {
	if n >= t.n {
		return nil
	}
	return t.pages[n/memoPage][n%memoPage]
}

func (t *memo) put(n int64, v pyobj.Value) {
	if len(t.pages) == 0 {
		t.pages = append(t.pages, make([]pyobj.Value, 64))
	}
	for n >= int64(len(t.pages))*memoPage {
		t.pages = append(t.pages, make([]pyobj.Value, memoPage))
	}
	if p := &t.pages[0]; n < memoPage && n >= int64(len(*p)) { // small pickles have a small memo
		grown := make([]pyobj.Value, min(memoPage, max(2*int64(len(*p)), n+1)))
		copy(grown, *p)
		*p = grown
	}
	t.pages[n/memoPage][n%memoPage] = v
	t.n = max(t.n, n+1)
}

func (m *Machine) collect() error {
	items, err := m.popMark()
	if err == nil {
		err = m.charge(16 * len(items))
	}
	if err != nil {
		return err
	}
	switch m.op {
	case opTuple:
		return m.push(&pyobj.Tuple{Items: clone(items)})
	case opList:
		return m.push(&pyobj.List{Items: clone(items)})
	case opFrozenSet:
		s := &pyobj.Set{Items: clone(items), Frozen: true}
		if err := m.hashable(s.Items); err != nil {
			return err
		}
		return m.push(s)
	}
	d := &pyobj.Dict{}
	if err := m.setItems(d, items); err != nil {
		return err
	}
	return m.push(d)
}

func (m *Machine) extend(to pyobj.Value, items []pyobj.Value) error {
	if err := m.charge(24 * len(items)); err != nil {
		return err
	}
	m.changed(to)
	switch x := to.(type) {
	case *pyobj.List:
		if m.op != opAddItems {
			x.Items = append(x.Items, items...)
			return nil
		}
	case *pyobj.Set:
		if m.op == opAddItems && !x.Frozen {
			if err := m.hashable(items); err != nil {
				return err
			}
			x.Items = append(x.Items, items...)
			return nil
		}
	case *pyobj.Object:
		x.Items = append(x.Items, items...)
		if m.op == opAddItems {
			return m.hashed(items)
		}
		return nil
	}
	return m.bad("%s takes no items", kind(to))
}

func (m *Machine) setItems(to pyobj.Value, items []pyobj.Value) error {
	if len(items)%2 != 0 {
		return m.bad("a key without a value")
	}
	if err := m.charge(48 * len(items)); err != nil { // the index by key among it
		return err
	}
	m.changed(to)
	switch x := to.(type) {
	case *pyobj.Dict:
		if len(x.Entries) == 0 && len(items) > 2 {
			x.Entries = make([]pyobj.Entry, 0, len(items)/2)
		}
		for i := 0; i < len(items); i += 2 {
			if err := m.setItem(x, items[i], items[i+1]); err != nil {
				return err
			}
		}
		return nil
	case *pyobj.Object:
		for i := 0; i < len(items); i += 2 {
			x.Pairs = append(x.Pairs, pyobj.Entry{Key: items[i], Value: items[i+1]})
			if err := m.hashed(items[i : i+1]); err != nil {
				return err
			}
		}
		return nil
	}
	return m.bad("%s takes no keys", kind(to))
}

// setItem sets a key as Python does: an equal key stays, with the new value.
func (m *Machine) setItem(d *pyobj.Dict, key, value pyobj.Value) error {
	n := len(d.Entries)
	switch k := key.(type) {
	case pyobj.Str, pyobj.Py2Str:
		d.Set(key, value)
		if len(d.Entries) == n {
			text, _ := pyobj.Text(key)
			m.Note("duplicate-key", pyobj.LevelRefuse, m.at, "key %s is set twice", reprStr(text))
		}
		return nil
	case pyobj.Int, pyobj.Bool, pyobj.Float, pyobj.None:
		norm := key
		switch k := k.(type) {
		case pyobj.Bool:
			norm = pyobj.Int(0)
			if k {
				norm = pyobj.Int(1)
			}
		case pyobj.Float:
			if k == pyobj.Float(math.Trunc(float64(k))) && math.Abs(float64(k)) < 1<<62 {
				norm = pyobj.Int(int64(k))
			}
		}
		if m.keys == nil {
			m.keys = map[*pyobj.Dict]map[pyobj.Value]int{}
		}
		seen := m.keys[d]
		if seen == nil {
			seen = map[pyobj.Value]int{}
			m.keys[d] = seen
		}
		if i, dup := seen[norm]; dup {
			if d.Entries[i].Key == key {
				m.Note("duplicate-key", pyobj.LevelRefuse, m.at, "key %v is set twice", key)
			} else {
				m.Note("equal-keys", pyobj.LevelNote, m.at, "keys %v and %v are equal", d.Entries[i].Key, key)
			}
			d.Entries[i].Value = value
			return nil
		}
		seen[norm] = n
	default:
		if err := m.hashable([]pyobj.Value{key}); err != nil {
			return err
		}
	}
	d.Set(key, value)
	return nil
}

func (m *Machine) hashable(items []pyobj.Value) error {
	for _, v := range items {
		switch v := v.(type) {
		case *pyobj.List, *pyobj.Dict, *pyobj.ByteArray:
			return m.bad("%s is not hashable", kind(v))
		case *pyobj.Set:
			if !v.Frozen {
				return m.bad("%s is not hashable", kind(v))
			}
		}
	}
	return m.hashed(items)
}

// hashed counts what hashing keys costs: Python walks a tuple each time, what is shared in it as often as it is met, and so deep as
// its stack holds.
func (m *Machine) hashed(keys []pyobj.Value) error {
	most := maxHashed + 16*m.ops
	for _, k := range keys {
		if t, ok := k.(*pyobj.Tuple); ok {
			if err := m.walkKey(t, 0, most); err != nil {
				return err
			}
		}
	}
	if m.hash > most {
		return m.over("tuples walked for their hashes", m.hash, most)
	}
	return nil
}

// maxHashed is walked at once whatever a file holds.
const maxHashed = 1 << 22

func (m *Machine) walkKey(t *pyobj.Tuple, depth int, most int64) error {
	m.hash += int64(len(t.Items))
	switch {
	case depth > m.lim.Depth:
		return m.over("nesting depth", int64(depth), int64(m.lim.Depth))
	case m.hash > most:
		return m.over("tuples walked for their hashes", m.hash, most)
	}
	for _, v := range t.Items {
		if t, ok := v.(*pyobj.Tuple); ok { // a frozenset keeps the hashes of its items
			if err := m.walkKey(t, depth+1, most); err != nil {
				return err
			}
		}
	}
	return nil
}

// hashedBy counts what a call hashes of its arguments: sets, dicts and the mappings of collections their items.
func (m *Machine) hashedBy(f pyobj.Value, args []pyobj.Value) error {
	g, ok := f.(*pyobj.Global)
	if !ok || g.Module != "builtins" && g.Module != "__builtin__" && g.Module != "collections" {
		return nil
	}
	for _, a := range args {
		var items []pyobj.Value
		switch x := a.(type) {
		case *pyobj.List:
			items = x.Items
		case *pyobj.Tuple:
			items = x.Items
		case *pyobj.Set:
			items = x.Items
		case *pyobj.Dict:
			for i := range x.Entries {
				if err := m.hashed([]pyobj.Value{x.Entries[i].Key}); err != nil {
					return err
				}
			}
		}
		m.hash += int64(len(items))
		hash := m.hashed
		if g.Name == "set" || g.Name == "frozenset" {
			hash = m.hashable
		}
		if err := hash(items); err != nil {
			return err
		}
	}
	return nil
}

// imports records an import and returns its global.
func (m *Machine) imports(module, name string) *pyobj.Global {
	key := pyobj.Global{Module: module, Name: name}
	g := m.globals[key]
	if g == nil {
		g = &key
		m.globals[key] = g
		m.checkGlobal(g)
	}
	m.Doc.Imports = append(m.Doc.Imports, pyobj.Import{Global: g, Offset: m.at, Index: int(m.ops - 1), Op: m.op.String()})
	return g
}

func (m *Machine) globalLines() (*pyobj.Global, error) {
	mod, err := m.text()
	if err != nil {
		return nil, err
	}
	module := string(mod)
	nam, err := m.text()
	if err != nil {
		return nil, err
	}
	name := string(nam)
	if m.dis != nil {
		m.dis.arg = reprStr(module + " " + name)
	}
	return m.imports(module, name), nil
}

func (m *Machine) stackGlobal() error {
	if err := m.need(2); err != nil {
		return err
	}
	n := len(m.stack)
	module, ok1 := pyobj.Text(m.stack[n-2])
	name, ok2 := pyobj.Text(m.stack[n-1])
	if !ok1 || !ok2 {
		return m.bad("wants two strings, has %s and %s", kind(m.stack[n-2]), kind(m.stack[n-1]))
	}
	m.stack = append(m.stack[:n-2], m.imports(module, name))
	return nil
}

func (m *Machine) record(f pyobj.Value, args []pyobj.Value, result *pyobj.Object) {
	if n := len(m.Doc.Calls); n == cap(m.Doc.Calls) {
		m.Doc.Calls = slices.Grow(m.Doc.Calls, max(n, 16)) // calls are large: doubled, fewer copies are made
	}
	m.Doc.Calls = append(m.Doc.Calls, pyobj.Call{Op: m.op.String(), Func: f, Args: args, Result: result, Offset: m.at, Index: int(m.ops - 1)})
}

func (m *Machine) call() error {
	n := 2
	if m.op == opNewObjEx {
		n = 3
	}
	if err := m.need(n); err != nil {
		return err
	}
	top := len(m.stack)
	o := &pyobj.Object{Make: pyobj.New, Offset: m.at}
	if m.op == opReduce {
		o.Make = pyobj.Reduce
	}
	var kwargs pyobj.Value
	if n == 3 {
		kwargs = m.stack[top-1]
	}
	o.Class = m.stack[top-n]
	args, tuple := m.stack[top-n+1].(*pyobj.Tuple)
	if tuple {
		o.Args = args.Items
	}
	m.record(o.Class, o.Args, o)
	m.giveAll(o.Args)
	if !tuple {
		return m.bad("arguments are %s, not a tuple", kind(m.stack[top-n+1]))
	}
	if err := m.callable(o.Class); err != nil {
		return err
	}
	if n == 3 {
		kw, ok := kwargs.(*pyobj.Dict)
		if !ok {
			return m.bad("keyword arguments are %s, not a dict", kind(kwargs))
		}
		o.Kwargs = kw
	}
	if err := m.hashedBy(o.Class, o.Args); err != nil {
		return err
	}
	m.stack = append(m.stack[:top-n], o)
	return nil
}

func (m *Machine) inst() error {
	var class pyobj.Value
	if m.op == opInst {
		g, err := m.globalLines()
		if err != nil {
			return err
		}
		class = g
	}
	args, err := m.popMark()
	if err == nil {
		err = m.charge(16 * len(args))
	}
	if err != nil {
		return err
	}
	if m.op == opObj {
		if len(args) == 0 {
			return m.bad("no class above the mark")
		}
		class, args = args[0], args[1:]
	}
	o := &pyobj.Object{Make: pyobj.Inst, Class: class, Args: clone(args), Offset: m.at}
	m.record(class, o.Args, o)
	if err := m.callable(class); err != nil {
		return err
	}
	if err := m.hashedBy(class, o.Args); err != nil {
		return err
	}
	return m.push(o)
}

// callable refuses what Python could not call in any case.
func (m *Machine) callable(f pyobj.Value) error {
	switch f.(type) {
	case *pyobj.Global, *pyobj.Object, *pyobj.Persistent:
		return nil
	}
	return m.bad("%s can not be called", kind(f))
}

// give remembers what a call or a state was given: Python copies lists and dicts there, so that what is put into them later
// is in the file's graph and not in what Python builds. changed reports it; no pickler does it.
func (m *Machine) give(v pyobj.Value) {
	switch v.(type) {
	case *pyobj.List, *pyobj.Dict, *pyobj.Set:
	default:
		return
	}
	if m.given == nil {
		m.given = map[pyobj.Value]bool{}
	}
	m.given[v] = true
}

func (m *Machine) giveAll(vs []pyobj.Value) {
	for _, v := range vs {
		m.give(v)
	}
}

func (m *Machine) changed(to pyobj.Value) {
	switch to.(type) {
	case *pyobj.List, *pyobj.Dict, *pyobj.Set:
		if m.given[to] {
			m.Note("changed-later", pyobj.LevelRefuse, m.at, "%s is changed after it was given to a call or a state, which Python does not see", kind(to))
		}
	}
}

func (m *Machine) build() error {
	if err := m.need(2); err != nil {
		return err
	}
	state := m.pop()
	to := m.stack[len(m.stack)-1]
	o, _ := to.(*pyobj.Object)
	m.record(to, []pyobj.Value{state}, o)
	if o == nil {
		switch to.(type) {
		case *pyobj.Global, *pyobj.Persistent:
			m.Note("build-target", pyobj.LevelRefuse, m.at, "sets the state of %s", kind(to))
			return nil
		}
		return m.bad("%s takes no state", kind(to))
	}
	if o.State != nil {
		m.Note("build-twice", pyobj.LevelRefuse, m.at, "the state of an object is set a second time")
	}
	o.State = state
	m.give(state)
	if t, ok := state.(*pyobj.Tuple); ok {
		m.giveAll(t.Items)
	}
	if m.Built == nil {
		return nil
	}
	v, err := m.Built(o)
	if err != nil {
		return err
	}
	if v != nil {
		m.stack[len(m.stack)-1] = v
	}
	return nil
}

// noteLegacy adds one note for each old opcode that was met.
func (m *Machine) noteLegacy() {
	var met []int
	for op, at := range m.legacy {
		if at > 0 {
			met = append(met, op)
		}
	}
	sort.Slice(met, func(i, j int) bool { return m.legacy[met[i]] < m.legacy[met[j]] })
	for _, op := range met {
		switch Opcode(op) {
		case opString, opBinString, opShortBinString:
			m.Doc.Python2 = true
		}
		m.Note("legacy-opcode", pyobj.LevelNote, m.legacy[op]-1, "%s is written by no Python 3 at protocol 2 or later", Opcode(op))
	}
}

func (m *Machine) long(info *opInfo) error {
	b, err := m.counted(info, true)
	if err != nil {
		return err
	}
	var v pyobj.Value
	if len(b) <= 8 {
		var n uint64
		for i, c := range b {
			n |= uint64(c) << (8 * i)
		}
		if k := len(b); k > 0 && k < 8 && b[k-1]&0x80 != 0 {
			n |= ^uint64(0) << (8 * k)
		}
		v = pyobj.Int(int64(n))
	} else {
		be := make([]byte, len(b))
		for i, c := range b {
			be[len(b)-1-i] = c
		}
		x := new(big.Int).SetBytes(be)
		if be[0]&0x80 != 0 {
			x.Sub(x, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
		}
		v = integer(x)
	}
	if m.dis != nil {
		m.dis.arg = reprInt(v)
	}
	return m.push(v)
}

func integer(x *big.Int) pyobj.Value {
	if x.IsInt64() {
		return pyobj.Int(x.Int64())
	}
	return &pyobj.BigInt{V: x}
}

func kind(v pyobj.Value) string {
	switch x := v.(type) {
	case pyobj.None:
		return "None"
	case pyobj.Bool:
		return "a bool"
	case pyobj.Int, *pyobj.BigInt:
		return "an int"
	case pyobj.Float:
		return "a float"
	case pyobj.Str, pyobj.Py2Str:
		return "a str"
	case pyobj.Bytes:
		return "a bytes"
	case *pyobj.ByteArray:
		return "a bytearray"
	case *pyobj.List:
		return "a list"
	case *pyobj.Tuple:
		return "a tuple"
	case *pyobj.Dict:
		return "a dict"
	case *pyobj.Set:
		if x.Frozen {
			return "a frozenset"
		}
		return "a set"
	case *pyobj.Global:
		return "the name " + quote([]byte(x.String()))
	case *pyobj.Object:
		if name := x.ClassName(); name != "" {
			return "an object of " + quote([]byte(name))
		}
		return "an object"
	case *pyobj.Array:
		return "an array"
	case *pyobj.Persistent:
		return "a persistent id"
	}
	return "a value"
}
