package joblib

import (
	"encoding/binary"
	"io"
	"math/bits"
	"runtime"
)

// The LZMA encoder: a parser that finds matches through chains of hashes and takes them greedily, looking one byte ahead,
// and a range coder for what it found. The parser does not need the coder's state, so one can run ahead of the other.

const (
	lzmaSegment = 1 << 20 // bytes parsed at a time; no match crosses its end
	lzmaLongest = 273
	lzmaLiteral = 1<<32 - 1
)

// lzmaDepth is how many candidates are looked at, by level: as many as give files of the size liblzma's level gives where the
// coder's settings suit the bytes (see newLZMACoder), a third of what the usual settings need.
var lzmaDepth = [10]int{1: 4, 2: 6, 3: 10, 4: 32, 5: 48, 6: 64, 7: 64, 8: 96, 9: 128}

// lzmaOp is a literal (back is lzmaLiteral), a repeated distance (back 0 to 3), or a match at distance back-3.
type lzmaOp struct{ n, back uint32 }

// lzmaParser finds the operations for a window of bytes.
type lzmaParser struct {
	buf    []byte
	dict   int
	depth  int
	h2, h3 []int32 // 1 + where a hash was seen last
	h4     []int32
	chain  []int32 // by place: 1 + where its hash was seen before
	reps   [4]int
	found  []lzmaMatch // of the last find
	again  []lzmaMatch
}

type lzmaMatch struct{ n, dist int }

func newLZMAParser(dict, depth int) *lzmaParser {
	return &lzmaParser{dict: dict, depth: depth, h2: make([]int32, 1<<10), h3: make([]int32, 1<<16), h4: make([]int32, 1<<18), reps: [4]int{1, 1, 1, 1}}
}

// hashes of the 2, 3 and 4 bytes at p.
func (z *lzmaParser) hashes(p int) (a, b, c uint32) {
	v := binary.LittleEndian.Uint32(z.buf[p:])
	return (v & 0xffff) * 0x9e3779b1 >> 22, (v << 8) * 0x9e3779b1 >> 16, v * 0x9e3779b1 >> 14
}

// insert remembers place p.
func (z *lzmaParser) insert(p, end int) {
	if end-p < 4 {
		return
	}
	a, b, c := z.hashes(p)
	z.chain[p] = z.h4[c]
	z.h2[a], z.h3[b], z.h4[c] = int32(p+1), int32(p+1), int32(p+1)
}

// same gives how many bytes at a and b, which lies behind a, are equal, up to n.
func same(buf []byte, a, b, n int) int {
	i := 0
	for ; i+8 <= n; i += 8 {
		if d := binary.LittleEndian.Uint64(buf[a+i:]) ^ binary.LittleEndian.Uint64(buf[b+i:]); d != 0 {
			return i + bits.TrailingZeros64(d)/8
		}
	}
	for i < n && buf[a+i] == buf[b+i] {
		i++
	}
	return i
}

// find gives the matches at p, longer and longer, and remembers p.
func (z *lzmaParser) find(out []lzmaMatch, p, end int) []lzmaMatch {
	limit := min(end-p, lzmaLongest)
	if limit < 4 {
		return out
	}
	buf := z.buf
	a, b, c := z.hashes(p)
	d2, d3, cur := p+1-int(z.h2[a]), p+1-int(z.h3[b]), int(z.h4[c])
	z.chain[p] = int32(cur)
	z.h2[a], z.h3[b], z.h4[c] = int32(p+1), int32(p+1), int32(p+1)
	best := 1
	if d2 <= z.dict && d2 <= p && buf[p-d2] == buf[p] && buf[p-d2+1] == buf[p+1] {
		best = same(buf, p-d2, p, limit)
		out = append(out, lzmaMatch{best, d2})
	}
	if d3 != d2 && d3 <= z.dict && d3 <= p && best < limit {
		if n := same(buf, p-d3, p, limit); n > max(best, 2) {
			best = n
			out = append(out, lzmaMatch{n, d3})
		}
	}
	best = max(best, 3)
	for depth := z.depth; depth > 0 && cur > 0 && best < limit; depth-- {
		at := cur - 1
		if p-at > z.dict {
			break
		}
		if buf[at+best] == buf[p+best] && binary.LittleEndian.Uint32(buf[at:]) == binary.LittleEndian.Uint32(buf[p:]) {
			if n := 4 + same(buf, at+4, p+4, limit-4); n > best {
				best = n
				out = append(out, lzmaMatch{n, p - at})
			}
		}
		cur = int(z.chain[at])
	}
	return out
}

// farther reports that a distance is so much longer than another that a match of one byte more is not worth it.
func farther(small, big int) bool { return small < big>>7 }

// parse appends the operations for buf[p:end].
func (z *lzmaParser) parse(ops []lzmaOp, p, end int) []lzmaOp {
	if len(z.chain) < len(z.buf) {
		z.chain = room(z.chain, len(z.buf))
	}
	buf, ahead := z.buf, false
	literal := lzmaOp{1, lzmaLiteral}
	for p < end {
		if !ahead {
			z.found = z.find(z.found[:0], p, end)
		}
		ahead = false
		limit := min(end-p, lzmaLongest)
		rep, repLen := 0, 0
		for i, d := range z.reps {
			if limit >= 2 && d <= p && buf[p-d] == buf[p] {
				if n := same(buf, p-d, p, limit); n > repLen {
					rep, repLen = i, n
				}
			}
		}
		n, dist := 0, 0
		if k := len(z.found) - 1; k >= 0 {
			n, dist = z.found[k].n, z.found[k].dist
			for k > 0 && n == z.found[k-1].n+1 && farther(z.found[k-1].dist, dist) {
				k--
				n, dist = z.found[k].n, z.found[k].dist
			}
			if n == 2 && dist > 0x80 {
				n = 1
			}
		}
		if repLen >= 2 && (repLen+1 >= n || repLen+2 >= n && dist > 512 || repLen+3 >= n && dist > 32768) {
			d := z.reps[rep]
			copy(z.reps[1:rep+1], z.reps[:rep])
			z.reps[0] = d
			ops = append(ops, lzmaOp{uint32(repLen), uint32(rep)})
			for q := p + 1; q < p+repLen; q++ {
				z.insert(q, end)
			}
			p += repLen
			continue
		}
		if n < 2 || limit <= 2 {
			ops = append(ops, literal)
			p++
			continue
		}
		z.again = z.find(z.again[:0], p+1, end)
		better := false
		if k := len(z.again) - 1; k >= 0 {
			n2, d2 := z.again[k].n, z.again[k].dist
			better = n2 >= n && d2 < dist || n2 == n+1 && !farther(dist, d2) || n2 > n+1 || n2+1 >= n && n >= 3 && farther(d2, dist)
		}
		for _, d := range z.reps {
			if better {
				break
			}
			want := max(2, n-1)
			better = d <= p && end-p-1 >= want && same(buf, p+1-d, p+1, want) == want
		}
		if better {
			ops = append(ops, literal)
			z.found, z.again, ahead = z.again, z.found, true
			p++
			continue
		}
		copy(z.reps[1:], z.reps[:3])
		z.reps[0] = dist
		ops = append(ops, lzmaOp{uint32(n), uint32(dist + 3)})
		for q := p + 2; q < p+n; q++ {
			z.insert(q, end)
		}
		p += n
	}
	return ops
}

// begin takes a window whose bytes before from were parsed by another parser: they are remembered, but which distances were
// the last is not known.
func (z *lzmaParser) begin(buf []byte, from int) {
	z.buf, z.reps = buf, [4]int{1, 1, 1, 1}
	clear(z.h2)
	clear(z.h3)
	clear(z.h4)
	if from == 0 {
		return
	}
	z.reps = [4]int{len(buf), len(buf), len(buf), len(buf)} // before the window
	z.chain = room(z.chain, len(buf))
	for p := range from {
		z.insert(p, len(buf))
	}
}

// room gives a slice of n elements, in s where it has room.
func room(s []int32, n int) []int32 {
	if cap(s) < n {
		return make([]int32, n)
	}
	return s[:n]
}

// lzmaCoder writes operations with a range coder.
type lzmaCoder struct {
	lc, lp, pb int

	out       []byte
	low       uint64
	width     uint32
	cache     byte
	cacheSize int

	state              int
	reps               [4]int
	isMatch, rep0Long  [12 << 4]uint16
	isRep, g0, g1, g2  [12]uint16
	slots              [4][64]uint16
	special            [128]uint16
	align              [16]uint16
	lengths, repLength lzmaLengths
	literals           []uint16
}

type lzmaLengths struct {
	choice, choice2 uint16
	low, mid        [16][8]uint16
	high            [256]uint16
}

// newLZMACoder sets its parameters by what the bytes look like: numbers of eight bytes repeat themselves at the same place
// of the next one, so their place counts for more than the byte before.
func newLZMACoder(sample []byte) *lzmaCoder {
	z := &lzmaCoder{lc: 3, pb: 2, state: 0, reps: [4]int{1, 1, 1, 1}}
	equal := 0
	for i := 8; i < len(sample); i++ {
		if sample[i] == sample[i-8] {
			equal++
		}
	}
	if len(sample) > 4096 && equal > len(sample)/4 {
		z.lc, z.lp, z.pb = 0, 4, 4
	}
	z.literals = make([]uint16, 0x300<<(z.lc+z.lp))
	all := func(p []uint16) {
		for i := range p {
			p[i] = 1 << 10
		}
	}
	all(z.literals)
	for _, p := range [][]uint16{z.isMatch[:], z.rep0Long[:], z.isRep[:], z.g0[:], z.g1[:], z.g2[:], z.special[:], z.align[:]} {
		all(p)
	}
	for i := range z.slots {
		all(z.slots[i][:])
	}
	for _, l := range []*lzmaLengths{&z.lengths, &z.repLength} {
		l.choice, l.choice2 = 1<<10, 1<<10
		all(l.high[:])
		for i := range l.low {
			all(l.low[i][:])
			all(l.mid[i][:])
		}
	}
	z.begin()
	return z
}

func (z *lzmaCoder) props() byte { return byte((z.pb*5+z.lp)*9 + z.lc) }

// begin starts the range coder.
func (z *lzmaCoder) begin() { z.low, z.width, z.cache, z.cacheSize = 0, 1<<32-1, 0, 1 }

// end writes what the range coder holds.
func (z *lzmaCoder) end() {
	for range 5 {
		z.shift()
	}
}

func (z *lzmaCoder) shift() {
	if uint32(z.low) < 0xff000000 || z.low>>32 != 0 {
		b := z.cache
		for ; z.cacheSize > 0; z.cacheSize-- {
			z.out = append(z.out, b+byte(z.low>>32))
			b = 0xff
		}
		z.cache = byte(z.low >> 24)
	}
	z.cacheSize++
	z.low = z.low & 0xffffff << 8
}

func (z *lzmaCoder) bit(p *uint16, b uint32) {
	bound := z.width >> 11 * uint32(*p)
	if b == 0 {
		z.width = bound
		*p += (1<<11 - *p) >> 5
	} else {
		z.low += uint64(bound)
		z.width -= bound
		*p -= *p >> 5
	}
	for z.width < 1<<24 {
		z.width <<= 8
		z.shift()
	}
}

// tree writes n bits, the highest first.
func (z *lzmaCoder) tree(p []uint16, n int, v uint32) {
	m := uint32(1)
	for i := n - 1; i >= 0; i-- {
		b := v >> i & 1
		z.bit(&p[m], b)
		m = m<<1 | b
	}
}

// reverse writes n bits, the lowest first.
func (z *lzmaCoder) reverse(p []uint16, n int, v uint32) {
	m := uint32(1)
	for range n {
		b := v & 1
		z.bit(&p[m], b)
		m, v = m<<1|b, v>>1
	}
}

// direct writes n bits of even odds.
func (z *lzmaCoder) direct(v uint32, n int) {
	for i := n - 1; i >= 0; i-- {
		z.width >>= 1
		if v>>i&1 != 0 {
			z.low += uint64(z.width)
		}
		for z.width < 1<<24 {
			z.width <<= 8
			z.shift()
		}
	}
}

func (z *lzmaCoder) length(l *lzmaLengths, n uint32, place int) {
	switch n -= 2; {
	case n < 8:
		z.bit(&l.choice, 0)
		z.tree(l.low[place][:], 3, n)
	case n < 16:
		z.bit(&l.choice, 1)
		z.bit(&l.choice2, 0)
		z.tree(l.mid[place][:], 3, n-8)
	default:
		z.bit(&l.choice, 1)
		z.bit(&l.choice2, 1)
		z.tree(l.high[:], 8, n-16)
	}
}

// op writes an operation at buf[p]; at is the place of p in the stream.
func (z *lzmaCoder) op(o lzmaOp, buf []byte, p int, at int64) {
	place := int(at) & (1<<z.pb - 1)
	match := &z.isMatch[z.state<<4|place]
	if o.back == lzmaLiteral {
		z.bit(match, 0)
		z.literal(buf, p, at)
		return
	}
	z.bit(match, 1)
	if o.back > 3 {
		z.bit(&z.isRep[z.state], 0)
		z.match(o.n, o.back-4, place)
		copy(z.reps[1:], z.reps[:3])
		z.reps[0] = int(o.back) - 3
		return
	}
	z.bit(&z.isRep[z.state], 1)
	if o.back == 0 {
		z.bit(&z.g0[z.state], 0)
		z.bit(&z.rep0Long[z.state<<4|place], 1)
	} else {
		z.bit(&z.g0[z.state], 1)
		if o.back == 1 {
			z.bit(&z.g1[z.state], 0)
		} else {
			z.bit(&z.g1[z.state], 1)
			z.bit(&z.g2[z.state], o.back-2)
		}
		d := z.reps[o.back]
		copy(z.reps[1:o.back+1], z.reps[:o.back])
		z.reps[0] = d
	}
	z.length(&z.repLength, o.n, place)
	if z.state < 7 {
		z.state = 8
	} else {
		z.state = 11
	}
}

func (z *lzmaCoder) literal(buf []byte, p int, at int64) {
	before := uint32(0)
	if p > 0 {
		before = uint32(buf[p-1])
	}
	probs := z.literals[0x300*(uint32(at)&(1<<z.lp-1)<<z.lc+before>>(8-z.lc)):][:0x300]
	v := uint32(buf[p])
	if z.state < 7 {
		z.tree(probs, 8, v)
	} else {
		other, offset := uint32(buf[p-z.reps[0]]), uint32(0x100)
		for v |= 0x100; v < 0x10000; {
			other <<= 1
			z.bit(&probs[offset+other&offset+v>>8], v>>7&1)
			v <<= 1
			offset &= ^(other ^ v)
		}
	}
	switch {
	case z.state < 4:
		z.state = 0
	case z.state < 10:
		z.state -= 3
	default:
		z.state -= 6
	}
}

// match writes length and distance; dist is one less than the distance.
func (z *lzmaCoder) match(n, dist uint32, place int) {
	z.length(&z.lengths, n, place)
	slot := dist
	if dist >= 4 {
		high := uint32(bits.Len32(dist) - 1)
		slot = high<<1 | dist>>(high-1)&1
	}
	z.tree(z.slots[min(n-2, 3)][:], 6, slot)
	if slot >= 4 {
		foot := int(slot>>1 - 1)
		base := (2 | slot&1) << foot
		if slot < 14 {
			z.reverse(z.special[base-slot:], foot, dist-base)
		} else {
			z.direct((dist-base)>>4, foot-4)
			z.reverse(z.align[:], 4, dist&15)
		}
	}
	if z.state < 7 {
		z.state = 7
	} else {
		z.state = 10
	}
}

// lzmaAloneWriter writes the .lzma form: one stream of unknown length with an end marker. Pieces are parsed on all cores, each
// with the dictionary before it, and coded one after the other. What is written does not depend on the number of cores.
type lzmaAloneWriter struct {
	w       io.Writer
	depth   int
	dict    int
	piece   int
	in      []byte // the piece being filled, behind its dictionary
	from    int    // where it begins in in
	at      int64  // where it begins in the stream
	queue   []chan lzmaJob
	wait    int // how many are parsed at once
	parsers chan *lzmaParser
	coder   *lzmaCoder
	err     error
}

// lzmaJob is a parsed piece: its bytes begin at p in buf.
type lzmaJob struct {
	ops []lzmaOp
	buf []byte
	p   int
	at  int64
}

// lzmaMemory bounds what parsers at work take together, where that is more than one.
const lzmaMemory = 640 << 20

func newLZMAWriter(w io.Writer, level int) *lzmaAloneWriter {
	dict := dictSize(level)
	piece := min(max(2*dict, 4<<20), 64<<20)
	wait := max(1, min(runtime.GOMAXPROCS(0), lzmaMemory/(5*(dict+piece))))
	return &lzmaAloneWriter{w: w, dict: dict, piece: piece, depth: 3 * lzmaDepth[level], wait: wait, parsers: make(chan *lzmaParser, wait)}
}

func (z *lzmaAloneWriter) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 && z.err == nil {
		k := min(len(p), z.from+z.piece-len(z.in))
		z.in = append(z.in, p[:k]...)
		if p = p[k:]; len(z.in) == z.from+z.piece {
			z.parse()
			z.code(z.wait)
		}
	}
	return n, z.err
}

// parse parses the piece on another goroutine and begins the next one.
func (z *lzmaAloneWriter) parse() {
	in, from, at := z.in, z.from, z.at
	done := make(chan lzmaJob, 1)
	go func() {
		var p *lzmaParser
		select {
		case p = <-z.parsers:
		default:
			p = newLZMAParser(z.dict, z.depth)
		}
		p.begin(in, from)
		done <- lzmaJob{p.parse(make([]lzmaOp, 0, (len(in)-from)/8), from, len(in)), in, from, at}
		p.buf = nil
		select {
		case z.parsers <- p:
		default:
		}
	}()
	z.queue = append(z.queue, done)
	z.at += int64(len(in) - from)
	tail := in[max(0, len(in)-z.dict):]
	z.in = append(make([]byte, 0, len(tail)+z.piece), tail...)
	z.from = len(tail)
}

// code writes parsed pieces, in order, until no more than wait are left.
func (z *lzmaAloneWriter) code(wait int) {
	for len(z.queue) > wait {
		j := <-z.queue[0]
		z.queue = z.queue[1:]
		if z.coder == nil {
			z.coder = newLZMACoder(nil) // joblib knows the form by this setting's byte
			head := append([]byte{z.coder.props()}, binary.LittleEndian.AppendUint32(nil, uint32(z.dict))...)
			z.coder.out = append(z.coder.out, append(head, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)...)
		}
		for _, o := range j.ops {
			z.coder.op(o, j.buf, j.p, j.at)
			j.p, j.at = j.p+int(o.n), j.at+int64(o.n)
		}
		if z.err == nil {
			_, z.err = z.w.Write(z.coder.out)
		}
		z.coder.out = z.coder.out[:0]
	}
}

// Close writes what is left and the end marker.
func (z *lzmaAloneWriter) Close() error {
	z.parse()
	z.code(0)
	if z.err != nil {
		return z.err
	}
	c := z.coder
	place := int(z.at) & (1<<c.pb - 1)
	c.bit(&c.isMatch[c.state<<4|place], 1)
	c.bit(&c.isRep[c.state], 0)
	c.match(2, 1<<32-1, place)
	c.end()
	_, z.err = z.w.Write(c.out)
	return z.err
}
