package joblib

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"io"
	"runtime"

	"github.com/klauspost/compress/flate"
)

// deflate writes one zlib stream or one gzip member, compressed in pieces on all cores. A piece knows the 32 KiB before it,
// so little is lost; what is written does not depend on the number of cores.
type deflate struct {
	w     io.Writer
	gzip  bool
	level int // of the compressor, see effort
	sum   checksum
	size  uint32
	in    []byte // the piece being filled, after the bytes of the one before it
	dict  int    // how many those are
	queue []chan deflated
	free  chan *flate.Writer // those that are done with a piece
	err   error
}

type deflated struct {
	b   []byte
	err error
}

const (
	deflatePiece = 1 << 20
	deflateDict  = 32 << 10
)

// effort is the level of our compressor that gives files of the size zlib's levels give.
var effort = [10]int{3: 6, 1: 3, 2: 5, 4: 6, 5: 7, 6: 8, 7: 8, 8: 8, 9: 8}

func newDeflate(w io.Writer, gzip bool, level int) (*deflate, error) {
	z := &deflate{w: w, gzip: gzip, level: effort[level], sum: newAdler(), free: make(chan *flate.Writer, runtime.GOMAXPROCS(0))}
	head := []byte{0x78, [10]byte{1: 0x01, 2: 0x5e, 3: 0x5e, 4: 0x5e, 5: 0x5e, 6: 0x9c, 7: 0xda, 8: 0xda, 9: 0xda}[level]}
	if gzip {
		z.sum = crc32.NewIEEE()
		head = []byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3} // no name, no time, Unix
	}
	_, err := w.Write(head)
	return z, err
}

func (z *deflate) Write(p []byte) (int, error) {
	n := len(p)
	_, _ = z.sum.Write(p)
	z.size += uint32(n)
	for len(p) > 0 && z.err == nil {
		if z.in == nil {
			z.in = make([]byte, 0, deflateDict+deflatePiece)
		}
		k := min(len(p), z.dict+deflatePiece-len(z.in))
		z.in = append(z.in, p[:k]...)
		p = p[k:]
		if len(z.in) == z.dict+deflatePiece {
			z.piece(false)
		}
	}
	return n, z.err
}

// piece compresses what was gathered on another goroutine and writes what is ready, in order.
func (z *deflate) piece(last bool) {
	in, dict := z.in, z.dict
	done := make(chan deflated, 1)
	go func() {
		b, err := z.compress(in[:dict], in[dict:], last)
		done <- deflated{b, err}
	}()
	z.queue = append(z.queue, done)
	if !last {
		next := make([]byte, 0, deflateDict+deflatePiece)
		z.in = append(next, in[len(in)-deflateDict:]...)
		z.dict = deflateDict
	}
	for len(z.queue) > 2*runtime.GOMAXPROCS(0) || last && len(z.queue) > 0 {
		d := <-z.queue[0]
		z.queue = z.queue[1:]
		if z.err == nil {
			z.err = d.err
		}
		if z.err == nil {
			_, z.err = z.w.Write(d.b)
		}
	}
}

// compress makes the deflate blocks of a piece. Only the last ends the stream; the others end on a whole byte.
func (z *deflate) compress(dict, in []byte, last bool) ([]byte, error) {
	var b bytes.Buffer
	b.Grow(len(in) / 2)
	var f *flate.Writer
	select {
	case f = <-z.free:
		f.ResetDict(&b, dict)
	default:
		var err error
		if f, err = flate.NewWriterDict(&b, z.level, dict); err != nil {
			return nil, err
		}
	}
	_, err := f.Write(in)
	if err == nil && last {
		err = f.Close()
	} else if err == nil {
		err = f.Flush()
	}
	select {
	case z.free <- f:
	default:
	}
	return b.Bytes(), err
}

// Close writes what is left and the checksum.
func (z *deflate) Close() error {
	z.piece(true)
	if z.err != nil {
		return z.err
	}
	var foot []byte
	if z.gzip {
		foot = binary.LittleEndian.AppendUint32(foot, z.sum.Sum32())
		foot = binary.LittleEndian.AppendUint32(foot, z.size)
	} else {
		foot = binary.BigEndian.AppendUint32(foot, z.sum.Sum32())
	}
	_, z.err = z.w.Write(foot)
	return z.err
}
