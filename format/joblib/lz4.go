package joblib

import (
	"encoding/binary"
	"errors"
	"io"
	"math/bits"

	"github.com/pierrec/lz4/v4"
)

// lz4Frame reads LZ4 frames from memory, block by block into a window.
type lz4Frame struct {
	in []byte
	ip int
	decoded
	low      int // where in the window the frame begins
	frames   int
	flags    byte
	block    int // largest size of one
	size     uint64
	announce uint64
	sum      xxh32
}

const (
	lz4Magic = 0x184d2204
	lz4Reach = 64 << 10 // how far back a block may refer
	lz4Alone = 0x20     // flags: blocks do not refer to each other
	lz4Block = 0x10     // a checksum follows each block
	lz4Size  = 8        // the header has the content's size
	lz4Sum   = 4        // a checksum follows the content
	lz4Dict  = 1        // a dictionary is needed
)

var errLZ4 = errors.New("data are corrupt")

func newLZ4(in []byte) (*lz4Frame, error) {
	z := &lz4Frame{in: in}
	return z, z.header()
}

func (z *lz4Frame) rest() int { return len(z.in) - z.ip }

func (z *lz4Frame) header() error {
	h := z.in[z.ip:]
	if len(h) < 7 {
		return io.ErrUnexpectedEOF
	}
	z.flags = h[4]
	if binary.LittleEndian.Uint32(h) != lz4Magic || z.flags>>6 != 1 || z.flags&2 != 0 || h[5]&0x8f != 0 || h[5]>>4 < 4 {
		return errors.New("header is corrupt")
	}
	if z.flags&lz4Dict != 0 {
		return errUnsupported("a dictionary")
	}
	z.block = 1 << (8 + 2*(h[5]>>4))
	at := 6
	if z.flags&lz4Size != 0 {
		at += 8
	}
	if len(h) <= at {
		return io.ErrUnexpectedEOF
	}
	if z.flags&lz4Size != 0 {
		z.announce = binary.LittleEndian.Uint64(h[6:])
	}
	var sum xxh32
	sum.reset()
	sum.write(h[4:at])
	if byte(sum.value()>>8) != h[at] {
		return errors.New("header is corrupt")
	}
	z.ip += at + 1
	z.frames++
	z.low, z.size = z.w, 0
	z.sum.reset()
	return nil
}

func (z *lz4Frame) Read(p []byte) (int, error) { return z.give(p, z.more) }

func (z *lz4Frame) uint32() (uint32, bool) {
	if len(z.in)-z.ip < 4 {
		return 0, false
	}
	z.ip += 4
	return binary.LittleEndian.Uint32(z.in[z.ip-4:]), true
}

// more decodes a block, or reads the end of a frame.
func (z *lz4Frame) more() error {
	n, ok := z.uint32()
	if !ok {
		return io.ErrUnexpectedEOF
	}
	if n == 0 {
		return z.end()
	}
	stored := n>>31 != 0
	size := int(n & (1<<31 - 1))
	if size > z.block {
		return errLZ4
	}
	if len(z.in)-z.ip < size {
		return io.ErrUnexpectedEOF
	}
	data := z.in[z.ip : z.ip+size]
	z.ip += size
	if z.flags&lz4Block != 0 {
		want, ok := z.uint32()
		var sum xxh32
		sum.reset()
		sum.write(data)
		if !ok {
			return io.ErrUnexpectedEOF
		} else if want != sum.value() {
			return errors.New("checksum does not fit")
		}
	}
	if len(z.buf)-z.w < z.block {
		keep := min(lz4Reach, z.w-z.low)
		if want := lz4Reach + max(z.block, 4*step); len(z.buf) < want {
			grown := make([]byte, want)
			copy(grown, z.buf[z.w-keep:z.w])
			z.buf = grown
		} else {
			copy(z.buf, z.buf[z.w-keep:z.w])
		}
		z.low, z.w = 0, keep
	}
	z.r = z.w
	to := z.buf[z.w : z.w+z.block]
	if stored {
		size = copy(to, data)
	} else {
		var dict []byte
		if z.flags&lz4Alone == 0 {
			dict = z.buf[max(z.low, z.w-lz4Reach):z.w]
		}
		var err error
		if size, err = lz4.UncompressBlockWithDict(data, to, dict); err != nil {
			return errLZ4
		}
	}
	z.w += size
	z.size += uint64(size)
	if z.flags&lz4Sum != 0 {
		z.sum.write(z.buf[z.r:z.w])
	}
	return nil
}

// end reads what stands behind a frame's blocks and goes on to the next frame if there is one.
func (z *lz4Frame) end() error {
	if z.flags&lz4Size != 0 && z.size != z.announce {
		return errors.New("content is not of the size the header says")
	}
	if z.flags&lz4Sum != 0 {
		want, ok := z.uint32()
		if !ok {
			return io.ErrUnexpectedEOF
		}
		if want != z.sum.value() {
			return errors.New("checksum does not fit")
		}
	}
	if h := z.in[z.ip:]; len(h) < 4 || binary.LittleEndian.Uint32(h) != lz4Magic {
		return io.EOF
	}
	return z.header()
}

// xxh32 is the checksum of LZ4 frames, with seed zero.
type xxh32 struct {
	v    [4]uint32
	n    uint64
	tail [16]byte
}

const (
	xxh1 uint32 = 2654435761
	xxh2 uint32 = 2246822519
	xxh3 uint32 = 3266489917
	xxh4 uint32 = 668265263
	xxh5 uint32 = 374761393
)

func (x *xxh32) reset() {
	first := xxh1
	*x = xxh32{v: [4]uint32{first + xxh2, xxh2, 0, -first}}
}

func (x *xxh32) write(p []byte) {
	used := int(x.n % 16)
	x.n += uint64(len(p))
	if used > 0 {
		k := copy(x.tail[used:], p)
		if used+k < 16 {
			return
		}
		x.blocks(x.tail[:])
		p = p[k:]
	}
	whole := len(p) &^ 15
	x.blocks(p[:whole])
	copy(x.tail[:], p[whole:])
}

func (x *xxh32) blocks(p []byte) {
	for ; len(p) >= 16; p = p[16:] {
		for i := range x.v {
			x.v[i] = bits.RotateLeft32(x.v[i]+binary.LittleEndian.Uint32(p[4*i:])*xxh2, 13) * xxh1
		}
	}
}

func (x *xxh32) value() uint32 {
	h := x.v[2] + xxh5
	if x.n >= 16 {
		h = bits.RotateLeft32(x.v[0], 1) + bits.RotateLeft32(x.v[1], 7) + bits.RotateLeft32(x.v[2], 12) + bits.RotateLeft32(x.v[3], 18)
	}
	h += uint32(x.n)
	p := x.tail[:x.n%16]
	for ; len(p) >= 4; p = p[4:] {
		h = bits.RotateLeft32(h+binary.LittleEndian.Uint32(p)*xxh3, 17) * xxh4
	}
	for _, b := range p {
		h = bits.RotateLeft32(h+uint32(b)*xxh5, 11) * xxh1
	}
	h = (h ^ h>>15) * xxh2
	h = (h ^ h>>13) * xxh3
	return h ^ h>>16
}
