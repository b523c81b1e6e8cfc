package joblib

import (
	"encoding/binary"
	"hash/crc32"
	"hash/crc64"
	"io"
	"math/bits"
	"runtime"
)

// xzWriter writes one xz stream of independent blocks, compressed on all cores. Where blocks end depends on the level alone.
type xzWriter struct {
	w      io.Writer
	level  int
	piece  int
	in     []byte
	queue  []chan xzBlock
	index  []byte
	blocks uint64
	err    error
}

// xzBlock is a finished block: with its header, padding and sum.
type xzBlock struct {
	b        []byte
	unpadded uint64 // without the padding
	size     uint64 // of what is in it
}

var xzFlags = []byte{0, 4} // sums are CRC64

var crc64ECMA = crc64.MakeTable(crc64.ECMA)

func newXZWriter(w io.Writer, level int) (*xzWriter, error) {
	head := append([]byte("\xfd7zXZ\x00"), xzFlags...)
	head = binary.LittleEndian.AppendUint32(head, crc32.ChecksumIEEE(xzFlags))
	_, err := w.Write(head)
	return &xzWriter{w: w, level: level, piece: min(max(3*dictSize(level), 1<<20), 24<<20)}, err
}

func (z *xzWriter) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 && z.err == nil {
		k := min(len(p), z.piece-len(z.in))
		z.in = append(z.in, p[:k]...)
		if p = p[k:]; len(z.in) == z.piece {
			z.block(2 * runtime.GOMAXPROCS(0))
		}
	}
	return n, z.err
}

// block compresses what was gathered on another goroutine, and writes finished blocks until no more than wait are left.
func (z *xzWriter) block(wait int) {
	if len(z.in) > 0 {
		in, done := z.in, make(chan xzBlock, 1)
		z.in = nil
		go func() { done <- xzBlockOf(in, z.level) }()
		z.queue = append(z.queue, done)
	}
	for len(z.queue) > wait {
		b := <-z.queue[0]
		z.queue = z.queue[1:]
		z.blocks++
		z.index = binary.AppendUvarint(binary.AppendUvarint(z.index, b.unpadded), b.size)
		if z.err == nil {
			_, z.err = z.w.Write(b.b)
		}
	}
}

// The bounds of a chunk of LZMA2.
const (
	lzma2Packed = 1 << 16
	lzma2Bytes  = 1 << 21
)

func xzBlockOf(in []byte, level int) xzBlock {
	dict := dictSize(level)
	head := []byte{2, 0, 0x21, 1, byte(2 * (bits.Len(uint(dict)) - 13)), 0, 0, 0} // 12 bytes; one filter, LZMA2, its dictionary
	out := binary.LittleEndian.AppendUint32(head, crc32.ChecksumIEEE(head))
	parser, coder := newLZMAParser(dict, lzmaDepth[level]), newLZMACoder(in[:min(len(in), lzmaSegment)])
	parser.buf = in
	var ops []lzmaOp
	p, first := 0, true
	for from := 0; from < len(in); from += lzmaSegment {
		ops = parser.parse(ops[:0], from, min(len(in), from+lzmaSegment))
		for len(ops) > 0 {
			// An operation takes less than 16 bytes; five end the range coder.
			coder.out = coder.out[:0]
			coder.begin()
			start, n := p, 0
			for n < len(ops) && len(coder.out)+coder.cacheSize < lzma2Packed-32 && p-start+lzmaLongest <= lzma2Bytes {
				coder.op(ops[n], in, p, int64(p))
				p += int(ops[n].n)
				n++
			}
			ops = ops[n:]
			coder.end()
			kind := byte(0x80) // goes on where the last chunk ended
			if first {
				kind = 0xe0 // everything begins anew
			}
			size, packed := p-start-1, len(coder.out)-1
			out = append(out, kind|byte(size>>16), byte(size>>8), byte(size), byte(packed>>8), byte(packed))
			if first {
				out = append(out, coder.props())
			}
			first = false
			out = append(out, coder.out...)
		}
	}
	out = append(out, 0)
	b := xzBlock{unpadded: uint64(len(out)) + 8, size: uint64(len(in))}
	for len(out)%4 != 0 {
		out = append(out, 0)
	}
	b.b = binary.LittleEndian.AppendUint64(out, crc64.Checksum(in, crc64ECMA))
	return b
}

// Close writes what is left, the index and the foot.
func (z *xzWriter) Close() error {
	z.block(0)
	if z.err != nil {
		return z.err
	}
	index := append(binary.AppendUvarint([]byte{0}, z.blocks), z.index...)
	for len(index)%4 != 0 {
		index = append(index, 0)
	}
	index = binary.LittleEndian.AppendUint32(index, crc32.ChecksumIEEE(index))
	foot := append(binary.LittleEndian.AppendUint32(nil, uint32(len(index)/4-1)), xzFlags...)
	index = binary.LittleEndian.AppendUint32(index, crc32.ChecksumIEEE(foot))
	_, z.err = z.w.Write(append(append(index, foot...), 'Y', 'Z'))
	return z.err
}
