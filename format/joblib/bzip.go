package joblib

import (
	"bytes"
	"encoding/binary"
	"io"
	"math/bits"
	"runtime"
	"slices"
)

// bzip writes one bzip2 stream, its blocks compressed on all cores. What is written does not depend on the number of cores
// or on how the bytes came.
type bzip struct {
	w      io.Writer
	limit  int    // bytes that fill a block
	block  []byte // the block being filled: a run of four to 255 is four bytes and how many more
	last   byte   // of the run at the block's end
	run    int    // its length, 0 at the beginning
	sum    uint32 // of the bytes the block stands for
	total  uint32 // over the blocks written
	sums   *bzSums
	queue  []chan bzPacked
	coders chan *bzCoder // those that have nothing to do
	out    bzBits
	err    error
}

// bzPacked is a compressed block.
type bzPacked struct {
	bits bzBits
	sum  uint32
}

const bzRun = 255 // bytes of the longest run

func newBzip(w io.Writer, level int) *bzip {
	z := &bzip{w: w, limit: 100_000*level - 19, sum: 1<<32 - 1, sums: newBZSums(), coders: make(chan *bzCoder, runtime.GOMAXPROCS(0))}
	z.out.b = append(z.out.b, 'B', 'Z', 'h', '0'+byte(level))
	return z
}

func (z *bzip) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 && z.err == nil {
		k := z.fill(p)
		z.sum = z.sums.add(z.sum, p[:k])
		p = p[k:]
		if len(p) > 0 {
			z.pack(2 * runtime.GOMAXPROCS(0))
		}
	}
	return n, z.err
}

// fill takes bytes until the block is full and gives how many it took. The length of a run of four and more is appended
// when it ends.
func (z *bzip) fill(p []byte) int {
	if z.block == nil {
		z.block = make([]byte, 0, z.limit+19)
	}
	out, last, run := z.block, z.last, z.run
	i := 0
	for i < len(p) {
		c := p[i]
		if c == last && run > 0 && run < bzRun {
			if run++; run <= 4 {
				if run < 4 && len(out) >= z.limit {
					run--
					break
				}
				out = append(out, c)
			}
			i++
			continue
		}
		if run >= 4 {
			out = append(out, byte(run-4))
			run = 0
		}
		if len(out) >= z.limit {
			break
		}
		out = append(out, c)
		last, run = c, 1
		i++
	}
	z.block, z.last, z.run = out, last, run
	return i
}

// pack compresses the block on another goroutine and writes what is ready, in order, until no more than wait are left.
func (z *bzip) pack(wait int) {
	if z.run >= 4 {
		z.block = append(z.block, byte(z.run-4))
	}
	if len(z.block) > 0 {
		block, sum, done := z.block, ^z.sum, make(chan bzPacked, 1)
		go func() {
			var c *bzCoder
			select {
			case c = <-z.coders:
			default:
				c = new(bzCoder)
			}
			done <- bzPacked{c.encode(block, sum), sum}
			select {
			case z.coders <- c:
			default:
			}
		}()
		z.queue = append(z.queue, done)
		z.block, z.run, z.sum = nil, 0, 1<<32-1
	}
	for len(z.queue) > wait {
		b := <-z.queue[0]
		z.queue = z.queue[1:]
		z.total = bits.RotateLeft32(z.total, 1) ^ b.sum
		z.out.join(b.bits)
		if z.err == nil {
			_, z.err = z.w.Write(z.out.b)
		}
		z.out.b = z.out.b[:0]
	}
}

// Close writes what is left and the stream's end.
func (z *bzip) Close() error {
	z.pack(0)
	z.out.put(bzEndMagic>>24, 24)
	z.out.put(bzEndMagic&(1<<24-1), 24)
	z.out.put(uint64(z.total), 32)
	z.out.put(0, -z.out.n&7)
	z.out.flush()
	if z.err == nil {
		_, z.err = z.w.Write(z.out.b)
	}
	return z.err
}

// bzBits are bits, high ones first; the last n lie in hold, less than 32.
type bzBits struct {
	b    []byte
	hold uint64
	n    uint
}

// put appends the n low bits of v, up to 32. The others are zero.
func (o *bzBits) put(v uint64, n uint) {
	o.hold = o.hold<<n | v
	if o.n += n; o.n >= 32 {
		o.n -= 32
		o.b = binary.BigEndian.AppendUint32(o.b, uint32(o.hold>>o.n))
	}
}

// flush moves whole bytes out of hold.
func (o *bzBits) flush() {
	for o.n >= 8 {
		o.n -= 8
		o.b = append(o.b, byte(o.hold>>o.n))
	}
}

// join puts other bits behind these.
func (o *bzBits) join(p bzBits) {
	b := p.b
	for ; len(b) >= 4; b = b[4:] {
		o.put(uint64(binary.BigEndian.Uint32(b)), 32)
	}
	o.put(p.hold&(1<<p.n-1), p.n)
}

// bzCoder compresses blocks, one after another.
type bzCoder struct {
	sorter
	symbols  []uint16
	freq     [258]int32
	tables   [6]bzCode
	selector []byte
}

// bzCode is a Huffman code.
type bzCode struct {
	n     int // symbols
	lens  [258]byte
	codes [258]uint32
	freq  [258]int32
}

const (
	bzGroup   = 50 // symbols that share a code
	bzLongest = 17 // bits of a code that is written; 20 can be read
)

func (z *bzCoder) encode(block []byte, sum uint32) bzBits {
	o := bzBits{b: make([]byte, 0, len(block)/2)}
	o.put(bzBlockMagic>>24, 24)
	o.put(bzBlockMagic&(1<<24-1), 24)
	o.put(uint64(sum), 32)
	row := z.transform(block)
	o.put(uint64(row), 25) // a bit that is zero before it
	z.toFront(block, &o)
	groups := z.choose()
	z.writeCodes(&o, groups)
	for g, s := range z.selector {
		t := &z.tables[s]
		for _, v := range z.symbols[g*bzGroup : min((g+1)*bzGroup, len(z.symbols))] {
			o.put(uint64(t.codes[v]), uint(t.lens[v]))
		}
	}
	return o
}

// toFront writes which bytes there are and turns the block into symbols: a byte's place in a list of them where each moves to
// the front when it comes, one more than it is; runs of the first in binary, of digits 1 and 2, the lowest first; and an end.
func (z *bzCoder) toFront(block []byte, o *bzBits) {
	var there [256]bool
	for _, c := range block {
		there[c] = true
	}
	var front [256]byte
	n := 0
	var ranges, used [17]uint64
	for c, yes := range there {
		if yes {
			front[n] = byte(c)
			n++
			ranges[16] |= 1 << (15 - c/16)
			used[c/16] |= 1 << (15 - c%16)
		}
	}
	o.put(ranges[16], 16)
	for _, u := range used[:16] {
		if u != 0 {
			o.put(u, 16)
		}
	}
	if cap(z.symbols) < len(block)+1 {
		z.symbols = make([]uint16, 0, len(block)+1)
	}
	out := z.symbols[:0]
	freq := &z.freq
	clear(freq[:])
	run := 0
	flush := func() {
		for ; run > 0; run = (run - 1) / 2 {
			digit := uint16(1 - run&1)
			out = append(out, digit)
			freq[digit]++
		}
	}
	for _, c := range block {
		if c == front[0] {
			run++
			continue
		}
		if run > 0 {
			flush()
		}
		k := 1
		last := front[0]
		for ; k < 8; k++ {
			v := front[k]
			front[k] = last
			if v == c {
				break
			}
			last = v
		}
		if k == 8 {
			k += bytes.IndexByte(front[8:], c)
			copy(front[9:k+1], front[8:k])
			front[8] = last
		}
		front[0] = c
		out = append(out, uint16(k+1))
		freq[k+1]++
	}
	flush()
	out = append(out, uint16(n+1))
	freq[n+1]++
	z.symbols = out
	for i := range z.tables {
		z.tables[i].n = n + 2
	}
}

// choose makes up to six codes, and picks one for each group of symbols: each code is made for the groups that chose it in
// the round before.
func (z *bzCoder) choose() (groups int) {
	switch n := len(z.symbols); {
	case n < 200:
		groups = 2
	case n < 600:
		groups = 3
	case n < 1200:
		groups = 4
	case n < 2400:
		groups = 5
	default:
		groups = 6
	}
	size := z.tables[0].n
	// At first each code is for some neighbouring symbols that make up its share of the whole.
	left, from := int32(len(z.symbols)), 0
	for g := range groups {
		share := left / int32(groups-g)
		have, to := int32(0), from
		for to < size && (have < share || to == from) {
			have += z.freq[to]
			to++
		}
		lens := z.tables[g].lens[:size]
		for v := range lens {
			lens[v] = 15
			if v >= from && v < to {
				lens[v] = 0
			}
		}
		left -= have
		from = to
	}
	for range 4 {
		// One sum of six costs of ten bits each: 50 symbols of 17 bits are 850.
		var cost [258]uint64
		for g := range groups {
			for v, n := range z.tables[g].lens[:size] {
				cost[v] |= uint64(n) << (10 * g)
			}
			clear(z.tables[g].freq[:])
		}
		z.selector = z.selector[:0]
		for rest := z.symbols; len(rest) > 0; {
			part := rest[:min(bzGroup, len(rest))]
			rest = rest[len(part):]
			sum := uint64(0)
			for _, v := range part {
				sum += cost[v]
			}
			best, least := 0, sum&1023
			for g := 1; g < groups; g++ {
				if c := sum >> (10 * g) & 1023; c < least {
					best, least = g, c
				}
			}
			z.selector = append(z.selector, byte(best))
			f := &z.tables[best].freq
			for _, v := range part {
				f[v]++
			}
		}
		for g := range groups {
			z.tables[g].build()
		}
	}
	return groups
}

// build gives every symbol a code, of lengths that suit its frequency, up to bzLongest.
func (t *bzCode) build() {
	lens := t.lens[:t.n]
	var keys [258]uint64 // weight and symbol
	for v := range lens {
		keys[v] = uint64(max(t.freq[v], 1))<<9 | uint64(v)
	}
	leaves := keys[:t.n]
	slices.Sort(leaves)
	for shift := 0; ; shift++ {
		// Leaves and the nodes made of them both come in order of weight: the least two are at the heads.
		var weight [2 * 258]uint64
		var parent [2 * 258]int
		n := len(leaves)
		for i, k := range leaves {
			weight[i] = max(k>>9>>shift, 1)
		}
		leaf, node := 0, n
		for next := n; next < 2*n-1; next++ {
			for range 2 {
				least := node
				if leaf < n && (node == next || weight[leaf] <= weight[node]) {
					least = leaf
					leaf++
				} else {
					node++
				}
				weight[next] += weight[least]
				parent[least] = next
			}
		}
		var depth [2 * 258]byte
		longest := byte(0)
		for i := 2*n - 3; i >= 0; i-- {
			depth[i] = depth[parent[i]] + 1
			longest = max(longest, depth[i])
		}
		if longest > bzLongest {
			continue
		}
		for i, k := range leaves {
			lens[k&511] = depth[i]
		}
		break
	}
	code := uint32(0)
	for n := byte(1); n <= bzLongest; n++ {
		for v, l := range lens {
			if l == n {
				t.codes[v] = code
				code++
			}
		}
		code <<= 1
	}
}

// writeCodes writes the codes' lengths and which group has which code.
func (z *bzCoder) writeCodes(o *bzBits, groups int) {
	o.put(uint64(groups), 3)
	o.put(uint64(len(z.selector)), 15)
	order := [6]byte{0, 1, 2, 3, 4, 5}
	for _, s := range z.selector {
		k := bytes.IndexByte(order[:], s)
		copy(order[1:k+1], order[:k])
		order[0] = s
		o.put(1<<(k+1)-2, uint(k+1))
	}
	for g := range groups {
		t := &z.tables[g]
		have := t.lens[0]
		o.put(uint64(have), 5)
		for _, want := range t.lens[:t.n] {
			for ; have < want; have++ {
				o.put(2, 2)
			}
			for ; have > want; have-- {
				o.put(3, 2)
			}
			o.put(0, 1)
		}
	}
}

// bzSums are the tables of bzip2's checksum.
type bzSums [8][256]uint32

func newBZSums() *bzSums {
	t := new(bzSums)
	for i := range t[0] {
		c := uint32(i) << 24
		for range 8 {
			if c&(1<<31) != 0 {
				c = c<<1 ^ 0x04c11db7
			} else {
				c <<= 1
			}
		}
		t[0][i] = c
	}
	for i := range t[0] {
		for k := 1; k < 8; k++ {
			c := t[k-1][i]
			t[k][i] = c<<8 ^ t[0][c>>24]
		}
	}
	return t
}

// add goes on with a checksum, high bits first, from its complement.
func (t *bzSums) add(c uint32, p []byte) uint32 {
	for ; len(p) >= 8; p = p[8:] {
		c ^= binary.BigEndian.Uint32(p)
		d := binary.BigEndian.Uint32(p[4:])
		c = t[7][c>>24] ^ t[6][c>>16&0xff] ^ t[5][c>>8&0xff] ^ t[4][c&0xff] ^
			t[3][d>>24] ^ t[2][d>>16&0xff] ^ t[1][d>>8&0xff] ^ t[0][d&0xff]
	}
	for _, v := range p {
		c = c<<8 ^ t[0][byte(c>>24)^v]
	}
	return c
}
