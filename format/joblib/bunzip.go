package joblib

import (
	"encoding/binary"
	"errors"
	"io"

	"github.com/larder-ml/larder/source"
)

// bunzip reads bzip2 files from memory. While one block is put back in order, the next is decoded on another goroutine.
type bunzip struct {
	src     *source.Source
	in      []byte // the source's bytes
	members int
	next    chan *bzBlock // the block that is being decoded; nil at the end
	b       *bzBlock      // the block that is being read
	decoded
	end  int    // where in in the file ends, once it is known
	sum  uint32 // over the blocks of the stream
	sums *bzSums
}

// bzBlock is a decoded block: its bytes in the order of the transform, each with where the one after it stands.
type bzBlock struct {
	tt       []uint32
	n        int
	at       uint32 // where to go on
	crc      uint32 // announced
	sum      uint32 // of what came out
	last     int    // byte before, -1 if none
	run      int    // how often it stood there
	from     bzReader
	level    int
	final    bool // no block, but the end of a stream with its checksum in crc
	err      error
	spare    *bzBlock // the block before, whose memory is used again
	tables   [6]bzTable
	selector [18002]byte
}

// bzReader reads bits, high ones first.
type bzReader struct {
	in   []byte
	ip   int
	hold uint64
	n    uint
}

const (
	bzWidth  = 10 // bits that a table looks up at once
	bzLength = 20 // of the longest code
)

// bzTable decodes one Huffman code.
type bzTable struct {
	short [1 << bzWidth]uint16 // symbol<<5 | length, 0 for longer ones
	limit [bzLength + 2]uint32 // first code of no more bits than this, left-aligned to bzLength
	base  [bzLength + 2]int32
	perm  [258]uint16
	least uint
}

func newBunzip(src *source.Source) (*bunzip, error) {
	z := &bunzip{src: src, in: src.All(), sums: newBZSums()}
	return z, z.stream(0)
}

func (z *bunzip) rest() int { return len(z.in) - z.end }

// stream begins a stream at a byte.
func (z *bunzip) stream(at int) error {
	h := z.in[at:]
	if len(h) < 4 {
		return io.ErrUnexpectedEOF
	}
	if h[0] != 'B' || h[1] != 'Z' || h[2] != 'h' || h[3] < '1' || h[3] > '9' {
		return errors.New("header is corrupt")
	}
	z.members++
	z.sum = 0
	z.start(bzReader{in: z.in, ip: at + 4}, int(h[3]-'0'), nil)
	return nil
}

// start decodes the block at from on another goroutine, which ends with it.
func (z *bunzip) start(from bzReader, level int, spare *bzBlock) {
	b := spare
	if b == nil {
		b = new(bzBlock)
	}
	c := make(chan *bzBlock, 1)
	z.next = c
	b.from, b.level = from, level
	z.src.Go(b.decode, func(err error) {
		b.err = err
		c <- b
	})
}

func (z *bunzip) Read(p []byte) (int, error) { return z.give(p, z.more) }

func (z *bunzip) more() error {
	z.r, z.w, z.buf = 0, 0, z.buf[:0]
	if z.b == nil {
		b := <-z.next
		if b.err != nil {
			return b.err
		}
		if b.final {
			return z.endStream(b)
		}
		spare := b.spare
		b.spare = nil
		z.start(b.from, b.level, spare)
		z.b = b
	}
	b := z.b
	if z.buf == nil {
		z.buf = make([]byte, 0, step+256)
	}
	z.buf = b.read(z.buf, step)
	z.w = len(z.buf)
	b.sum = z.sums.add(b.sum, z.buf)
	if b.n > 0 {
		return nil
	}
	z.b = nil
	if b.sum = ^b.sum; b.sum != b.crc {
		return errors.New("checksum does not fit")
	}
	z.sum = (z.sum<<1 | z.sum>>31) ^ b.sum
	// the block being decoded now takes this one's memory for the one after it
	next := <-z.next
	next.spare = b
	again := make(chan *bzBlock, 1)
	again <- next
	z.next = again
	return nil
}

func (z *bunzip) endStream(b *bzBlock) error {
	if b.crc != z.sum {
		return errors.New("checksum does not fit")
	}
	z.end = b.from.ip - int(b.from.n>>3)
	if h := z.in[z.end:]; len(h) >= 3 && h[0] == 'B' && h[1] == 'Z' && h[2] == 'h' {
		return z.stream(z.end)
	}
	return io.EOF
}

// read appends up to about n bytes: the transform undone, and the runs of four and more written out.
func (b *bzBlock) read(out []byte, n int) []byte {
	at, left, last, run := b.at, b.n, b.last, b.run
	tt := b.tt
	for left > 0 && len(out) < n {
		e := tt[at]
		at = e >> 8
		left--
		c := int(e & 0xff)
		if run == 4 {
			run = 0
			for ; c > 0; c-- {
				out = append(out, byte(last))
			}
			last = -1
			continue
		}
		if c == last {
			run++
		} else {
			last, run = c, 1
		}
		out = append(out, byte(c))
	}
	b.at, b.n, b.last, b.run = at, left, last, run
	return out
}

func (r *bzReader) fill() {
	if r.ip+8 <= len(r.in) {
		r.hold |= binary.BigEndian.Uint64(r.in[r.ip:]) >> r.n
		r.ip += int((63 - r.n) >> 3)
		r.n |= 56
		return
	}
	for r.n <= 56 && r.ip < len(r.in) {
		r.hold |= uint64(r.in[r.ip]) << (56 - r.n)
		r.ip++
		r.n += 8
	}
}

// take reads n bits, up to 32. At the end of the input it gives zeros and n falls below zero, which short tells.
func (r *bzReader) take(n uint) uint32 {
	if r.n < n {
		r.fill()
	}
	v := uint32(r.hold >> (64 - n))
	r.hold <<= n
	r.n -= n
	return v
}

// short reports that more was taken than there was.
func (r *bzReader) short() bool { return int(r.n) < 0 }

const (
	bzBlockMagic = 0x314159265359
	bzEndMagic   = 0x177245385090
)

var errBZ = errors.New("data are corrupt")

// decode reads a block up to its transformed bytes.
func (b *bzBlock) decode() error {
	r := &b.from
	magic := uint64(r.take(24))<<24 | uint64(r.take(24))
	b.crc = r.take(32)
	if r.short() {
		return io.ErrUnexpectedEOF
	}
	if b.final = magic == bzEndMagic; b.final {
		r.take(r.n & 7)
		return nil
	}
	if magic != bzBlockMagic {
		return errBZ
	}
	if r.take(1) != 0 {
		return errUnsupported("a randomised block")
	}
	orig := r.take(24)
	var symbols [256]byte
	n := 0
	ranges := r.take(16)
	for i := 0; i < 16; i++ {
		if ranges>>(15-i)&1 == 0 {
			continue
		}
		used := r.take(16)
		for j := 0; j < 16; j++ {
			if used>>(15-j)&1 != 0 {
				symbols[n] = byte(16*i + j)
				n++
			}
		}
	}
	groups, selectors := int(r.take(3)), int(r.take(15))
	if r.short() {
		return io.ErrUnexpectedEOF
	}
	if n == 0 || groups < 2 || groups > 6 || selectors == 0 {
		return errBZ
	}
	order := [6]byte{0, 1, 2, 3, 4, 5}
	for i := 0; i < selectors; i++ {
		j := 0
		for r.take(1) != 0 {
			if j++; j >= groups {
				return errBZ
			}
		}
		s := order[j]
		copy(order[1:], order[:j])
		order[0] = s
		if i < len(b.selector) { // more of them are never needed
			b.selector[i] = s
		}
	}
	selectors = min(selectors, len(b.selector))
	for g := 0; g < groups; g++ {
		var lens [258]byte
		length := int(r.take(5))
		for i := 0; i < n+2; i++ {
			for {
				if length < 1 || length > bzLength {
					return errBZ
				}
				if r.take(1) == 0 {
					break
				}
				length += 1 - 2*int(r.take(1))
			}
			lens[i] = byte(length)
		}
		if r.short() {
			return io.ErrUnexpectedEOF
		}
		b.tables[g].build(lens[:n+2])
	}
	return b.symbols(r, symbols[:n], b.selector[:selectors], orig)
}

// build makes a table from the lengths of a canonical code. Codes that no symbol has lead to one that none has.
func (t *bzTable) build(lens []byte) {
	var count [bzLength + 2]int
	for _, n := range lens {
		count[n]++
	}
	t.least = 1
	for count[t.least] == 0 {
		t.least++
	}
	k := 0
	for n := byte(1); n <= bzLength; n++ {
		for sym, l := range lens {
			if l == n {
				t.perm[k] = uint16(sym)
				k++
			}
		}
	}
	clear(t.short[:])
	code, index := uint32(0), 0
	for n := 1; n <= bzLength; n++ {
		t.base[n] = int32(index) - int32(code)
		for i := 0; i < count[n]; i++ {
			if n <= bzWidth && code < 1<<n {
				first := code << (bzWidth - n)
				for j := uint32(0); j < 1<<(bzWidth-n); j++ {
					t.short[first+j] = t.perm[index]<<5 | uint16(n)
				}
			}
			code++
			index++
		}
		t.limit[n] = min(code, 1<<n) << (bzLength - n)
		code <<= 1
	}
}

// symbols decodes the block's data: codes, positions in a list that moves to the front, and runs of the first.
func (b *bzBlock) symbols(r *bzReader, list, selectors []byte, orig uint32) error {
	room := 100_000 * b.level
	if cap(b.tt) < room {
		b.tt = make([]uint32, room)
	}
	tt := b.tt[:room]
	var front [256]byte
	copy(front[:], list)
	var count [256]uint32
	eob := uint32(len(list) + 1)
	n, run, weight := 0, 0, 1
	group := 0
	var t *bzTable
	for left := 0; ; left-- {
		if left == 0 {
			if group == len(selectors) {
				return errBZ
			}
			t = &b.tables[selectors[group]]
			group++
			left = 50
		}
		if r.n < bzLength {
			r.fill()
		}
		var sym, length uint32
		if e := uint32(t.short[r.hold>>(64-bzWidth)]); e != 0 {
			sym, length = e>>5, e&31
		} else {
			code := uint32(r.hold >> (64 - bzLength))
			length = bzWidth + 1
			for length <= bzLength && code >= t.limit[length] {
				length++
			}
			if length > bzLength {
				return errBZ
			}
			at := t.base[length] + int32(code>>(bzLength-length))
			if at < 0 || int(at) >= len(list)+2 {
				return errBZ
			}
			sym = uint32(t.perm[at])
		}
		if r.n -= uint(length); r.short() {
			return io.ErrUnexpectedEOF
		}
		r.hold <<= length
		if sym <= 1 {
			run += weight << sym
			if weight <<= 1; run > room {
				return errBZ
			}
			continue
		}
		if run > 0 {
			c := front[0]
			if run > room-n {
				return errBZ
			}
			for i := range tt[n : n+run] {
				tt[n+i] = uint32(c)
			}
			count[c] += uint32(run)
			n += run
			run, weight = 0, 1
		}
		if sym == eob {
			break
		}
		if n == room {
			return errBZ
		}
		at := sym - 1
		c := front[at&0xff]
		if at < 16 {
			for ; at > 0; at-- {
				front[at] = front[at-1]
			}
		} else {
			copy(front[1:at+1], front[:at])
		}
		front[0] = c
		tt[n] = uint32(c)
		count[c]++
		n++
	}
	if int(orig) >= n {
		return errBZ
	}
	sum := uint32(0)
	for i, c := range count {
		count[i] = sum
		sum += c
	}
	for i, e := range tt[:n] {
		c := byte(e)
		tt[count[c]] |= uint32(i) << 8
		count[c]++
	}
	b.tt, b.n = tt, n
	b.at = tt[orig] >> 8
	b.last, b.run, b.sum = -1, 0, 1<<32-1
	return nil
}
