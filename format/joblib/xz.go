package joblib

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"io"

	"github.com/larder-ml/larder/source"
)

// step is how much the LZMA readers decode at a time.
const step = 256 << 10

// lzmaAlone reads the .lzma form: a header of 13 bytes and one LZMA stream.
type lzmaAlone struct {
	lzma
	left int64 // bytes the header announces, -1 for up to the end marker
}

func newLZMA(in []byte, maxDict int64) (*lzmaAlone, error) {
	if len(in) < 13 {
		return nil, io.ErrUnexpectedEOF
	}
	z := &lzmaAlone{left: int64(binary.LittleEndian.Uint64(in[5:]))}
	if z.left < -1 {
		return nil, errors.New("size is impossible")
	}
	dict, err := dictionary(int64(binary.LittleEndian.Uint32(in[1:])), maxDict)
	if err != nil {
		return nil, err
	}
	z.in, z.ip, z.dict = in, 13, dict
	if err := z.props(in[0]); err != nil {
		return nil, err
	}
	if err := z.begin(len(in)); err != nil {
		return nil, err
	}
	if z.left == 0 {
		z.room(step)
		return z, z.ending()
	}
	return z, nil
}

func dictionary(size, max int64) (int, error) {
	if size > max {
		return 0, &source.LimitError{Limit: "LZMA dictionary", Value: size, Max: max, Offset: -1}
	}
	if size < 4096 {
		size = 4096
	}
	return int(size), nil
}

func (z *lzmaAlone) rest() int { return len(z.in) - z.ip }

func (z *lzmaAlone) Read(p []byte) (int, error) { return z.give(p, z.more) }

func (z *lzmaAlone) more() error {
	if z.finished || z.left == 0 {
		return io.EOF
	}
	z.room(step)
	z.r = z.w
	limit := z.w + step
	if z.left > 0 && z.left < step {
		limit = z.w + int(z.left)
	}
	err := z.decode(limit, len(z.in))
	if err == nil && z.finished {
		err = z.finish(len(z.in))
	}
	if err != nil || z.left < 0 {
		return err
	}
	if z.left -= int64(z.w - z.r); z.left < 0 || z.finished && z.left > 0 {
		return errLZMA
	}
	if z.left > 0 || z.finished {
		return nil
	}
	return z.ending()
}

// ending checks what stands behind the last byte of an announced size: nothing, or an end marker all the same.
func (z *lzmaAlone) ending() error {
	if err := z.finish(len(z.in)); !errors.Is(err, errLZMA) {
		return err
	}
	at := z.w
	if err := z.decode(z.w+1, len(z.in)); err != nil || !z.finished || z.w != at {
		return errLZMA
	}
	return z.finish(len(z.in))
}

// xz reads the .xz form: streams of blocks, each a sequence of LZMA2 chunks with a checksum over what it gives.
type xz struct {
	lzma
	maxDict int64
	streams int
	check   byte // kind of checksum of the stream
	sum     hash.Hash
	block   bool // inside of one
	began   int  // where the block's header begins
	data    int  // and its data
	size    int64
	says    [2]int64 // compressed and uncompressed size in the block's header, -1 if not there
	records [][2]int64
	chunk   int // bytes still to come of an LZMA chunk
	end     int // of its input
	raw     int // bytes still to come of a chunk that is not compressed
	ready   [2]bool
}

var (
	xzMagic  = []byte("\xfd7zXZ\x00")
	errShort = io.ErrUnexpectedEOF
)

func newXZ(in []byte, maxDict int64) (*xz, error) {
	z := &xz{maxDict: maxDict}
	z.in = in
	return z, z.header()
}

func (z *xz) rest() int { return len(z.in) - z.ip }

// header reads a stream's header.
func (z *xz) header() error {
	h := z.in[z.ip:]
	if len(h) < 12 {
		return errShort
	}
	if !bytes.Equal(h[:6], xzMagic) || h[6] != 0 || crc32.ChecksumIEEE(h[6:8]) != binary.LittleEndian.Uint32(h[8:]) {
		return errors.New("header is corrupt")
	}
	z.check = h[7]
	switch z.check {
	case 0:
		z.sum = nil
	case 1:
		z.sum = crc32.NewIEEE()
	case 4:
		z.sum = crc64.New(crc64.MakeTable(crc64.ECMA))
	case 10:
		z.sum = sha256.New()
	default:
		return fmt.Errorf("checksum of kind %d is not known: %w", z.check, source.ErrUnsupported)
	}
	z.ip += 12
	z.streams++
	z.records = nil
	return nil
}

func (z *xz) Read(p []byte) (int, error) { return z.give(p, z.more) }

// more decodes the next piece, or reads what stands between pieces.
func (z *xz) more() error {
	switch {
	case z.chunk > 0:
		n := min(z.chunk, step)
		z.room(n)
		z.r = z.w
		if err := z.decode(z.w+n, z.end); err != nil {
			return err
		}
		if z.chunk -= z.w - z.r; z.chunk < 0 || z.finished {
			return errLZMA
		}
		if z.chunk == 0 {
			if err := z.finish(z.end); err != nil || z.ip != z.end {
				return errLZMA
			}
		}
	case z.raw > 0:
		n := min(z.raw, step)
		z.room(n)
		z.r = z.w
		copy(z.buf[z.w:], z.in[z.ip:z.ip+n])
		z.w, z.ip, z.raw = z.w+n, z.ip+n, z.raw-n
	case z.block:
		return z.nextChunk()
	default:
		return z.nextBlock()
	}
	if z.sum != nil {
		z.sum.Write(z.buf[z.r:z.w])
	}
	z.size += int64(z.w - z.r)
	return nil
}

// nextChunk reads an LZMA2 control byte and what belongs to it.
func (z *xz) nextChunk() error {
	h := z.in[z.ip:]
	if len(h) == 0 {
		return errShort
	}
	control := h[0]
	if control == 0 {
		z.ip++
		return z.endBlock()
	}
	if control == 1 || control >= 0xe0 { // the dictionary begins here
		z.low = z.w
		z.count = -z.w
		z.ready[0] = true
	}
	if !z.ready[0] {
		return errLZMA
	}
	if control < 0x80 {
		if control > 2 {
			return errLZMA
		}
		if len(h) < 3 {
			return errShort
		}
		z.raw = int(h[1])<<8 | int(h[2]) + 1
		z.ip += 3
		if len(h)-3 < z.raw {
			return errShort
		}
		if control == 1 {
			z.ready[1] = false
		}
		return nil
	}
	if len(h) < 6 {
		return errShort
	}
	z.chunk = int(control&0x1f)<<16 | int(h[1])<<8 | int(h[2]) + 1
	packed := int(h[3])<<8 | int(h[4]) + 1
	z.ip += 5
	if control >= 0xc0 {
		if err := z.props(h[5]); err != nil {
			return err
		}
		if z.lc > 4 || int(h[5])%9+int(h[5])/9%5 > 4 {
			return errors.New("properties are not known")
		}
		z.ip++
		z.ready[1] = true
	} else if !z.ready[1] {
		return errLZMA
	} else if control >= 0xa0 {
		z.reset()
	}
	z.end = z.ip + packed
	if z.end > len(z.in) {
		return errShort
	}
	return z.begin(z.end)
}

// nextBlock reads a block's header, or the index and footer behind the last and what follows the stream.
func (z *xz) nextBlock() error {
	h := z.in[z.ip:]
	if len(h) == 0 {
		return errShort
	}
	if h[0] == 0 {
		return z.index()
	}
	n := (int(h[0]) + 1) * 4
	if len(h) < n {
		return errShort
	}
	h = h[:n]
	if crc32.ChecksumIEEE(h[:n-4]) != binary.LittleEndian.Uint32(h[n-4:]) {
		return errors.New("block header is corrupt")
	}
	flags := h[1]
	if flags&0x3c != 0 {
		return errors.New("block header is corrupt")
	}
	v := vli{b: h[2 : n-4]}
	z.says = [2]int64{-1, -1}
	for i, bit := range []byte{0x40, 0x80} {
		if flags&bit != 0 {
			z.says[i] = v.next()
		}
	}
	id, size := v.next(), v.next()
	if flags&3 != 0 || id != 0x21 {
		return fmt.Errorf("filters other than LZMA2: %w", source.ErrUnsupported)
	}
	if v.bad || size != 1 || len(v.b) < 1 || v.b[0] > 40 {
		return errors.New("block header is corrupt")
	}
	bits := v.b[0]
	dict := int64(2|bits&1) << (bits/2 + 11)
	if bits == 40 {
		dict = 1<<32 - 1
	}
	for _, b := range v.b[1:] {
		if b != 0 {
			return errors.New("block header is corrupt")
		}
	}
	var err error
	if z.dict, err = dictionary(dict, z.maxDict); err != nil {
		return err
	}
	z.began, z.data = z.ip, z.ip+n
	z.ip += n
	z.block, z.size, z.ready = true, 0, [2]bool{}
	if z.sum != nil {
		z.sum.Reset()
	}
	return nil
}

func (z *xz) endBlock() error {
	packed := int64(z.ip - z.data)
	if z.says[0] >= 0 && z.says[0] != packed || z.says[1] >= 0 && z.says[1] != z.size {
		return errors.New("block is not of the size its header says")
	}
	for (z.ip-z.data)%4 != 0 {
		if z.ip >= len(z.in) {
			return errShort
		}
		if z.in[z.ip] != 0 {
			return errors.New("padding is not zero")
		}
		z.ip++
	}
	n := map[byte]int{0: 0, 1: 4, 4: 8, 10: 32}[z.check]
	if len(z.in)-z.ip < n {
		return errShort
	}
	if z.sum != nil {
		sum := z.sum.Sum(nil)
		if z.check != 10 { // the CRCs are stored little-endian
			for i, j := 0, len(sum)-1; i < j; i, j = i+1, j-1 {
				sum[i], sum[j] = sum[j], sum[i]
			}
		}
		if !bytes.Equal(sum, z.in[z.ip:z.ip+n]) {
			return errors.New("checksum does not fit")
		}
	}
	z.ip += n
	// the index counts header, data and checksum, not the padding
	z.records = append(z.records, [2]int64{int64(z.data-z.began) + packed + int64(n), z.size})
	z.block = false
	return nil
}

// index reads the index and the footer, and goes on to another stream if one follows.
func (z *xz) index() error {
	began := z.ip
	v := vli{b: z.in[z.ip+1:]}
	n := v.next()
	if v.bad || n != int64(len(z.records)) {
		return z.cut(v.bad, "index does not fit")
	}
	for _, rec := range z.records {
		if a, b := v.next(), v.next(); v.bad || a != rec[0] || b != rec[1] {
			return z.cut(v.bad, "index does not fit")
		}
	}
	z.ip = len(z.in) - len(v.b)
	for (z.ip-began)%4 != 0 {
		if z.ip >= len(z.in) {
			return errShort
		}
		if z.in[z.ip] != 0 {
			return errors.New("padding is not zero")
		}
		z.ip++
	}
	if len(z.in)-z.ip < 16 {
		return errShort
	}
	if crc32.ChecksumIEEE(z.in[began:z.ip]) != binary.LittleEndian.Uint32(z.in[z.ip:]) {
		return errors.New("index is corrupt")
	}
	size := int64(z.ip+4-began)/4 - 1
	f := z.in[z.ip+4 : z.ip+16]
	if crc32.ChecksumIEEE(f[4:10]) != binary.LittleEndian.Uint32(f) || int64(binary.LittleEndian.Uint32(f[4:])) != size ||
		f[8] != 0 || f[9] != z.check || f[10] != 'Y' || f[11] != 'Z' {
		return errors.New("footer is corrupt")
	}
	z.ip += 16
	next := z.in[z.ip:]
	for len(next) >= 4 && bytes.Equal(next[:4], []byte{0, 0, 0, 0}) {
		next = next[4:]
	}
	if !bytes.HasPrefix(next, xzMagic) {
		return io.EOF
	}
	z.ip = len(z.in) - len(next)
	return z.header()
}

func (z *xz) cut(short bool, msg string) error {
	if short {
		return errShort
	}
	return errors.New(msg)
}

// vli reads xz's numbers of seven bits a byte.
type vli struct {
	b   []byte
	bad bool
}

func (v *vli) next() int64 {
	var n int64
	for i := 0; i < 9; i++ {
		if i >= len(v.b) {
			break
		}
		c := v.b[i]
		n |= int64(c&0x7f) << (7 * i)
		if c < 0x80 {
			if i > 0 && c == 0 {
				break
			}
			v.b = v.b[i+1:]
			return n
		}
	}
	v.bad = true
	return -1
}
