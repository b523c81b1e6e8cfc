package joblib

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"math/bits"

	"github.com/larder-ml/larder/source"
)

// inflate reads zlib and gzip files from memory. Codes are looked up in tables, the output grows in a window that
// slides over it.
type inflate struct {
	in   []byte
	ip   int
	bits uint64 // what is read of in and not used, low bits first
	n    uint   // how many of them
	decoded
	low     int // where in the window the stream, or what is kept of it, begins
	gzip    bool
	members int
	sum     checksum
	size    uint32
	block   byte // what is being read, see below
	final   bool
	fixed   bool // the tables are those of the fixed codes
	stored  int
	lit     [1<<litBits + 144<<(maxBits-litBits)]uint32 // second tables: each holds two codes or more
	dist    [1<<distBits + 15<<(maxBits-distBits)]uint32
}

// What an inflate is in the middle of.
const (
	atHeader byte = iota // of a block
	inStored
	inCodes
	atEnd // of a member
)

const (
	maxBits  = 15
	litBits  = 11
	distBits = 9
	maxDist  = 32 << 10
	maxCopy  = 258 + 8  // a match, copied eight bytes at a time
	stride   = 64 << 10 // decoded at a time
)

// A table entry holds in its low four bits how many bits to drop, then in four how many bits follow (or index the second
// table), in sixteen a literal, length, distance or where the second table begins, and one of these.
const (
	entryLiteral uint32 = 1 << (24 + iota)
	entryEnd
	entryTable
	entryBad
)

var errDeflate = errors.New("data are corrupt")

func newInflate(in []byte, at int, gzip bool) (*inflate, error) {
	z := &inflate{in: in, ip: at, gzip: gzip}
	return z, z.header()
}

func (z *inflate) rest() int { return len(z.in) - z.ip }

// header reads the header of a zlib stream or a gzip member.
func (z *inflate) header() error {
	z.members++
	z.block, z.final, z.bits, z.n, z.size, z.low = atHeader, false, 0, 0, 0, z.w
	h := z.in[z.ip:]
	if !z.gzip {
		if len(h) < 2 {
			return io.ErrUnexpectedEOF
		}
		if h[0]&0xf != 8 || h[0]>>4 > 7 || (uint(h[0])<<8|uint(h[1]))%31 != 0 {
			return errors.New("header is corrupt")
		}
		if h[1]&0x20 != 0 {
			return errUnsupported("a preset dictionary")
		}
		z.ip += 2
		z.sum = newAdler()
		return nil
	}
	if len(h) < 10 {
		return io.ErrUnexpectedEOF
	}
	flags := h[3]
	if h[0] != 0x1f || h[1] != 0x8b || h[2] != 8 || flags&0xe0 != 0 {
		return errors.New("header is corrupt")
	}
	at := 10
	if flags&4 != 0 {
		if len(h) < at+2 {
			return io.ErrUnexpectedEOF
		}
		at += 2 + int(binary.LittleEndian.Uint16(h[at:]))
	}
	for _, f := range []byte{8, 16} { // name and comment end in NUL
		if flags&f == 0 {
			continue
		}
		for {
			if at >= len(h) {
				return io.ErrUnexpectedEOF
			}
			at++
			if h[at-1] == 0 {
				break
			}
		}
	}
	if flags&2 != 0 {
		if len(h) < at+2 {
			return io.ErrUnexpectedEOF
		}
		if uint16(crc32.ChecksumIEEE(h[:at])) != binary.LittleEndian.Uint16(h[at:]) {
			return errors.New("header is corrupt")
		}
		at += 2
	}
	if at > len(h) {
		return io.ErrUnexpectedEOF
	}
	z.ip += at
	z.sum = crc32.NewIEEE()
	return nil
}

type errUnsupported string

func (e errUnsupported) Error() string        { return string(e) + " is not supported" }
func (e errUnsupported) Is(target error) bool { return target == source.ErrUnsupported }

// footer checks what stands behind a member's blocks.
func (z *inflate) footer() error {
	z.align()
	f := z.in[z.ip:]
	if !z.gzip {
		if len(f) < 4 {
			return io.ErrUnexpectedEOF
		}
		z.ip += 4
		if binary.BigEndian.Uint32(f) != z.sum.Sum32() {
			return errors.New("checksum does not fit")
		}
		return io.EOF
	}
	if len(f) < 8 {
		return io.ErrUnexpectedEOF
	}
	z.ip += 8
	if binary.LittleEndian.Uint32(f) != z.sum.Sum32() || binary.LittleEndian.Uint32(f[4:]) != z.size {
		return errors.New("checksum does not fit")
	}
	if f = f[8:]; len(f) < 2 || f[0] != 0x1f || f[1] != 0x8b {
		return io.EOF
	}
	return z.header()
}

// align drops the rest of a byte and gives back the whole bytes that were read ahead.
func (z *inflate) align() {
	z.ip -= int(z.n >> 3)
	z.bits, z.n = 0, 0
}

// Read gives what is decoded. Long reads are decoded in place, once what matches may refer to is there.
func (z *inflate) Read(p []byte) (int, error) {
	n := 0
	for len(p)-n >= maxDist+2*stride && n < maxDist && z.fault == nil {
		k, err := z.give(p[n:], z.more)
		if n += k; err != nil {
			return n, err
		}
	}
	if n < maxDist || z.r < z.w {
		if n > 0 {
			return n, nil
		}
		return z.give(p, z.more)
	}
	own := z.buf
	begin := n - (z.w - z.low)
	z.buf, z.low, z.r, z.w = p, max(begin, 0), n, n
	for z.fault == nil && len(p)-z.w >= stride+maxCopy {
		z.fault = z.more()
	}
	n = z.w
	keep := copy(own, p[max(z.low, n-maxDist):n])
	z.buf, z.low, z.r, z.w = own, 0, keep, keep
	return n, nil
}

// more decodes the next piece of a block, or reads what stands between blocks.
func (z *inflate) more() error {
	switch z.block {
	case atHeader:
		return z.blockHeader()
	case atEnd:
		return z.footer()
	}
	z.room()
	z.r = z.w
	if z.block == inStored {
		n := min(z.stored, stride)
		if len(z.in)-z.ip < n {
			return io.ErrUnexpectedEOF
		}
		copy(z.buf[z.w:], z.in[z.ip:z.ip+n])
		z.ip, z.w, z.stored = z.ip+n, z.w+n, z.stored-n
		if z.stored == 0 {
			z.block = atHeader
		}
	} else if err := z.decode(z.w + stride); err != nil {
		return err
	}
	_, _ = z.sum.Write(z.buf[z.r:z.w])
	z.size += uint32(z.w - z.r)
	if z.block == atHeader && z.final {
		z.block = atEnd
	}
	return nil
}

// room makes place for a stride and a match behind the window's end.
func (z *inflate) room() {
	if len(z.buf)-z.w >= stride+maxCopy {
		return
	}
	if z.buf == nil {
		z.buf = make([]byte, maxDist+4*stride)
		return
	}
	keep := min(maxDist, z.w-z.low)
	copy(z.buf, z.buf[z.w-keep:z.w])
	z.low, z.w = 0, keep
}

// take reads n bits, up to 32.
func (z *inflate) take(n uint) (uint32, bool) {
	for z.n < n {
		if z.ip >= len(z.in) {
			return 0, false
		}
		z.bits |= uint64(z.in[z.ip]) << z.n
		z.ip++
		z.n += 8
	}
	v := uint32(z.bits & (1<<n - 1))
	z.bits >>= n
	z.n -= n
	return v, true
}

func (z *inflate) blockHeader() error {
	h, ok := z.take(3)
	if !ok {
		return io.ErrUnexpectedEOF
	}
	z.final = h&1 != 0
	switch h >> 1 {
	case 0:
		z.align()
		if len(z.in)-z.ip < 4 {
			return io.ErrUnexpectedEOF
		}
		n := binary.LittleEndian.Uint16(z.in[z.ip:])
		if n != ^binary.LittleEndian.Uint16(z.in[z.ip+2:]) {
			return errDeflate
		}
		z.ip += 4
		z.block, z.stored = inStored, int(n)
		return nil
	case 1:
		z.block = inCodes
		if z.fixed {
			return nil
		}
		var lens [288 + 30]byte
		for i := range lens {
			switch {
			case i < 144:
				lens[i] = 8
			case i < 256:
				lens[i] = 9
			case i < 280:
				lens[i] = 7
			case i < 288:
				lens[i] = 8
			default:
				lens[i] = 5
			}
		}
		z.fixed = true
		if err := build(z.lit[:], litBits, lens[:288], litEntry); err != nil {
			return err
		}
		// all 32 codes of five bits exist, two of them mean nothing
		return build(z.dist[:], distBits, append(lens[288:], 5, 5), distEntry)
	case 2:
		z.block, z.fixed = inCodes, false
		return z.codes()
	}
	return errDeflate
}

// codes reads a block's own codes.
func (z *inflate) codes() error {
	h, ok := z.take(14)
	if !ok {
		return io.ErrUnexpectedEOF
	}
	nlit, ndist, nlen := int(h&31)+257, int(h>>5&31)+1, int(h>>10)+4
	if nlit > 286 || ndist > 30 {
		return errDeflate
	}
	var lens [286 + 30]byte
	var order = [19]byte{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}
	var short [19]byte
	for i := 0; i < nlen; i++ {
		v, ok := z.take(3)
		if !ok {
			return io.ErrUnexpectedEOF
		}
		short[order[i]] = byte(v)
	}
	var table [1 << 7]uint32
	if err := build(table[:], 7, short[:], func(sym int) uint32 { return uint32(sym) << 8 }); err != nil {
		return err
	}
	for i := 0; i < nlit+ndist; {
		for z.n < 7 && z.ip < len(z.in) {
			z.bits |= uint64(z.in[z.ip]) << z.n
			z.ip++
			z.n += 8
		}
		e := table[z.bits&127]
		if e&entryBad != 0 {
			return errDeflate
		}
		if _, ok := z.take(uint(e & 15)); !ok {
			return io.ErrUnexpectedEOF
		}
		sym := e >> 8
		if sym < 16 {
			lens[i] = byte(sym)
			i++
			continue
		}
		extra, base, value := uint(2), 3, byte(0)
		switch sym {
		case 16:
			if i == 0 {
				return errDeflate
			}
			value = lens[i-1]
		case 17:
			extra = 3
		case 18:
			extra, base = 7, 11
		}
		v, ok := z.take(extra)
		if !ok {
			return io.ErrUnexpectedEOF
		}
		count := base + int(v)
		if i+count > nlit+ndist {
			return errDeflate
		}
		for ; count > 0; count-- {
			lens[i] = value
			i++
		}
	}
	if lens[256] == 0 {
		return errDeflate
	}
	if err := build(z.lit[:], litBits, lens[:nlit], litEntry); err != nil {
		return err
	}
	return build(z.dist[:], distBits, lens[nlit:nlit+ndist], distEntry)
}

// litEntry is the entry of a literal, the end of a block, or a length with its extra bits.
func litEntry(sym int) uint32 {
	switch {
	case sym < 256:
		return entryLiteral | uint32(sym)<<8
	case sym == 256:
		return entryEnd
	case sym < 265:
		return uint32(sym-254) << 8
	case sym < 285:
		extra := uint32(sym-261) >> 2
		return (3+(4+uint32(sym-265)&3)<<extra)<<8 | extra<<4
	case sym == 285:
		return 258 << 8
	}
	return entryBad
}

// distEntry is the entry of a distance with its extra bits.
func distEntry(sym int) uint32 {
	switch {
	case sym < 4:
		return uint32(sym+1) << 8
	case sym < 30:
		extra := uint32(sym-2) >> 1
		return (1+(2+uint32(sym)&1)<<extra)<<8 | extra<<4
	}
	return entryBad
}

// build makes a table of width bits, with second tables behind it, from the lengths of a canonical code. Codes that
// are not complete are refused, but for one of a single bit or none at all, as zlib does.
func build(table []uint32, width uint, lens []byte, entry func(int) uint32) error {
	var count [maxBits + 1]int
	longest := uint(0)
	for _, n := range lens {
		count[n]++
		longest = max(longest, uint(n))
	}
	for i := range table[:1<<width] {
		table[i] = entryBad
	}
	if longest == 0 {
		return nil
	}
	left, code := 1, uint32(0)
	var next [maxBits + 1]uint32
	for n := 1; n <= maxBits; n++ {
		if left = left<<1 - count[n]; left < 0 {
			return errDeflate
		}
		next[n] = code
		code = (code + uint32(count[n])) << 1
	}
	if left > 0 && longest > 1 {
		return errDeflate
	}
	free := uint32(1) << width
	for sym, length := range lens {
		if length == 0 {
			continue
		}
		n := uint(length)
		rev := uint32(bits.Reverse16(uint16(next[n]))) >> (16 - n)
		next[n]++
		if n <= width {
			for i := rev; i < 1<<width; i += 1 << n {
				table[i] = entry(sym) | uint32(n)
			}
			continue
		}
		more := longest - width
		first := rev & (1<<width - 1)
		if table[first]&entryTable == 0 {
			if int(free)+1<<more > len(table) {
				return errDeflate
			}
			table[first] = entryTable | free<<8 | uint32(more)<<4 | uint32(width)
			free += 1 << more
		}
		at := table[first] >> 8 & 0xffff
		for i := rev >> width; i < 1<<more; i += 1 << (n - width) {
			table[at+i] = entry(sym) | uint32(n-width)
		}
	}
	return nil
}

// decode writes to the window until it reaches limit or the block ends.
func (z *inflate) decode(limit int) error {
	if z.ip <= len(z.in)-16 {
		if err := z.run(z.in, len(z.in)-16, limit); err != nil || z.w >= limit || z.block != inCodes {
			return err
		}
	}
	// near its end, the input is read from a copy with room behind it
	at := z.ip
	have := len(z.in) - at
	in := make([]byte, have+32)
	copy(in, z.in[at:])
	z.ip = 0
	err := z.run(in, have+8, limit)
	short := z.ip*8-int(z.n) > have*8
	if z.ip += at; z.ip > len(z.in) { // read ahead into the room: take that back
		over := min(uint(z.ip-len(z.in)), z.n>>3)
		z.ip -= int(over)
		z.n -= over * 8
		z.bits &= 1<<z.n - 1
	}
	if short || err == nil && z.w < limit && z.block == inCodes {
		return io.ErrUnexpectedEOF
	}
	return err
}

// run decodes while the window is short of limit and the input not past last, sixteen bytes before its end.
func (z *inflate) run(in []byte, last, limit int) error {
	ip, hold, n, w, buf := z.ip, z.bits, z.n, z.w, z.buf
	var err error
loop:
	for w < limit && ip <= last {
		hold |= binary.LittleEndian.Uint64(in[ip:]) << (n & 63)
		ip += int((63 - n) >> 3)
		n |= 56
		e := z.lit[hold&(1<<litBits-1)]
		for range 2 {
			if e&entryLiteral == 0 {
				break
			}
			hold >>= e & 15
			n -= uint(e & 15)
			buf[w] = byte(e >> 8)
			w++
			e = z.lit[hold&(1<<litBits-1)]
		}
		if e&entryTable != 0 {
			hold >>= e & 15
			n -= uint(e & 15)
			e = z.lit[e>>8&0xffff+uint32(hold)&(1<<(e>>4&15)-1)]
		}
		hold >>= e & 15
		n -= uint(e & 15)
		if e&entryLiteral != 0 {
			buf[w] = byte(e >> 8)
			w++
			continue
		}
		if e&(entryEnd|entryBad) != 0 {
			if e&entryBad != 0 {
				err = errDeflate
			}
			z.block = atHeader
			break
		}
		length := int(e>>8&0xffff + uint32(hold)&(1<<(e>>4&15)-1))
		hold >>= e >> 4 & 15
		n -= uint(e >> 4 & 15)
		hold |= binary.LittleEndian.Uint64(in[ip:]) << (n & 63)
		ip += int((63 - n) >> 3)
		n |= 56
		e = z.dist[hold&(1<<distBits-1)]
		if e&entryTable != 0 {
			hold >>= e & 15
			n -= uint(e & 15)
			e = z.dist[e>>8&0xffff+uint32(hold)&(1<<(e>>4&15)-1)]
		}
		hold >>= e & 15
		n -= uint(e & 15)
		back := int(e>>8&0xffff + uint32(hold)&(1<<(e>>4&15)-1))
		hold >>= e >> 4 & 15
		n -= uint(e >> 4 & 15)
		if e&entryBad != 0 || back > w-z.low {
			err = errDeflate
			break
		}
		from, end := w-back, w+length
		switch {
		case back >= 8:
			for w < end {
				binary.LittleEndian.PutUint64(buf[w:], binary.LittleEndian.Uint64(buf[from:]))
				w, from = w+8, from+8
			}
		case back == 1:
			for c := buf[from]; w < end; w++ {
				buf[w] = c
			}
		default:
			for ; w < end; w, from = w+1, from+1 {
				buf[w] = buf[from]
			}
		}
		w = end
		continue loop
	}
	z.ip, z.bits, z.n, z.w = ip, hold&(1<<n-1), n, w
	return err
}
