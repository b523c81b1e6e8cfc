package pickle

import (
	"bytes"
	"encoding/binary"
	"io"
	"math"

	"github.com/larder-ml/larder/source"
)

const (
	window   = 64 << 10 // bytes of a stream held at a time
	peep     = 4 << 10  // bytes of a mapped file read behind a payload; what is no longer is copied, too
	atOnce   = 1 << 20  // bytes allocated on a mere claim
	noFrame  = math.MaxInt64
	lineStep = 256
)

// input is a stream of bytes: all of them at once (r is nil; payloads are views) or through a window over a reader
// (payloads are read straight into memory of their own). Of a mapped file (all is the map) the window is read and long
// payloads are views, so that the machine touches no page of the map.
type input struct {
	all    []byte
	buf    []byte
	pos    int
	base   int64 // offset of buf[0] in the stream
	r      io.Reader
	end    error // why r gave no more
	backed int64 // bytes that a claim may allocate at once
	frame  int64 // end of the current frame, noFrame outside of one

	cut     int64 // first read that crosses a frame's end: where it starts
	cutEnd  int64 // and where the frame ends
	crossed bool  // a read went over the frame's end since last asked
}

func (in *input) offset() int64 { return in.base + int64(in.pos) }

// fill makes n bytes available at pos, reading more of a stream; it reports whether they are there.
func (in *input) fill(n int) bool {
	if len(in.buf)-in.pos >= n {
		return true
	}
	if in.r == nil || in.end != nil {
		return false
	}
	step := window
	if in.all != nil {
		// Behind an array stands little before the next one; where much is read, more is read at a time.
		if step = min(2*len(in.buf), window); step < peep {
			step = peep - int(in.base+int64(len(in.buf)))%peep // to the end of the page
		}
	}
	if in.pos > 0 {
		k := copy(in.buf, in.buf[in.pos:])
		in.base += int64(in.pos)
		in.buf, in.pos = in.buf[:k], 0
	}
	for len(in.buf) < n {
		if len(in.buf) == cap(in.buf) {
			grown := make([]byte, len(in.buf), max(window, 2*cap(in.buf)))
			copy(grown, in.buf)
			in.buf = grown
		}
		k, err := in.r.Read(in.buf[len(in.buf):min(len(in.buf)+step, cap(in.buf))])
		in.buf = in.buf[:len(in.buf)+k]
		if err != nil {
			in.end = err
			break
		}
	}
	return len(in.buf) >= n
}

// left is the number of bytes to the end when that is known, else -1.
func (in *input) left() int64 {
	switch {
	case in.r == nil:
		return int64(len(in.buf) - in.pos)
	case in.all != nil:
		return int64(len(in.all)) - in.offset()
	}
	return -1
}

// skip goes to the end of the stream, where its checksum stands.
func (in *input) skip() {
	if in.all != nil {
		in.seek(int64(len(in.all)))
	}
	for in.fill(1) {
		in.pos = len(in.buf)
	}
}

// seek goes to an offset of a mapped file.
func (in *input) seek(at int64) {
	if k := at - in.base; k <= int64(len(in.buf)) {
		in.pos = int(k)
		return
	}
	in.base, in.buf, in.pos = at, in.buf[:0], 0
	_, _ = in.r.(io.Seeker).Seek(at, io.SeekStart) // of a section: it can not fail
}

func (in *input) leave(n int64) {
	if in.frame == noFrame {
		return
	}
	at := in.offset()
	if n > in.frame-at {
		if at < in.frame && in.cutEnd == 0 {
			in.cut, in.cutEnd = at, in.frame
		}
		in.crossed = true
		in.frame = noFrame
	}
}

// short reads n bytes into view; the slice is valid until the next read.
func (in *input) short(n int) ([]byte, bool) {
	in.leave(int64(n))
	if !in.fill(n) {
		return nil, false
	}
	b := in.buf[in.pos : in.pos+n : in.pos+n]
	in.pos += n
	return b, true
}

func (in *input) byte() (byte, bool) {
	in.leave(1)
	if in.pos >= len(in.buf) && !in.fill(1) {
		return 0, false
	}
	b := in.buf[in.pos]
	in.pos++
	return b, true
}

// uint reads a little-endian number of 1, 2, 4 or 8 bytes.
func (in *input) uint(width int) (uint64, bool) {
	if width == 1 {
		b, ok := in.byte()
		return uint64(b), ok
	}
	b, ok := in.short(width)
	if !ok {
		return 0, false
	}
	switch width {
	case 2:
		return uint64(binary.LittleEndian.Uint16(b)), true
	case 4:
		return uint64(binary.LittleEndian.Uint32(b)), true
	}
	return binary.LittleEndian.Uint64(b), true
}

// line reads to the next newline, which is consumed and not returned; the slice is valid until the next read.
// More than limit bytes are a LimitError.
func (in *input) line(limit int64) ([]byte, bool, error) {
	n := 0
	for {
		if i := bytes.IndexByte(in.buf[in.pos+n:], '\n'); i >= 0 {
			n += i
			break
		}
		n = len(in.buf) - in.pos
		if int64(n) > limit {
			return nil, false, &source.LimitError{Limit: "line length", Value: int64(n), Max: limit, Offset: in.offset()}
		}
		if !in.fill(n + 1) {
			in.leave(int64(n) + 1)
			return nil, false, nil
		}
	}
	if int64(n) > limit {
		return nil, false, &source.LimitError{Limit: "line length", Value: int64(n), Max: limit, Offset: in.offset()}
	}
	in.leave(int64(n) + 1)
	b := in.buf[in.pos : in.pos+n : in.pos+n]
	in.pos += n + 1
	return b, true, nil
}

// payload reads n bytes that stay valid: a view of what is in memory, or fresh memory.
func (in *input) payload(n int64) ([]byte, bool) {
	in.leave(n)
	if in.r == nil {
		if n > int64(len(in.buf)-in.pos) {
			return nil, false
		}
		b := in.buf[in.pos : in.pos+int(n) : in.pos+int(n)]
		in.pos += int(n)
		return b, true
	}
	if in.all != nil && n <= peep {
		if !in.fill(int(n)) {
			return nil, false
		}
		b := bytes.Clone(in.buf[in.pos : in.pos+int(n)])
		in.pos += int(n)
		return b, true
	}
	if in.all != nil {
		at := in.offset()
		if n > int64(len(in.all))-at {
			return nil, false
		}
		in.seek(at + n)
		return in.all[at : at+n : at+n], true
	}
	if n > math.MaxInt {
		return nil, false
	}
	size := n
	if size > atOnce && size > in.backed {
		size = atOnce
	}
	out := make([]byte, 0, size)
	for {
		part := out[len(out):cap(out)]
		if int64(len(part)) > n-int64(len(out)) {
			part = part[:n-int64(len(out))]
		}
		k, ok := in.read(part)
		out = out[:len(out)+k]
		if !ok {
			return nil, false
		}
		if int64(len(out)) == n {
			return out, true
		}
		grown := make([]byte, len(out), min(n, 8*int64(cap(out)))) // what is not read into takes no memory
		copy(grown, out)
		out = grown
	}
}

// over steps over n bytes of what is no frame.
func (in *input) over(n int64) bool {
	switch {
	case in.r == nil:
		if n > int64(len(in.buf)-in.pos) {
			return false
		}
		in.pos += int(n)
		return true
	case in.all != nil:
		if n > in.left() {
			return false
		}
		in.seek(in.offset() + n)
		return true
	}
	k := min(n, int64(len(in.buf)-in.pos))
	in.pos += int(k)
	buf := make([]byte, min(window, n-k))
	for n -= k; n > 0; n -= int64(len(buf)) {
		buf = buf[:min(n, int64(len(buf)))]
		if _, ok := in.read(buf); !ok {
			return false
		}
	}
	return true
}

// read fills p from the window and then from the stream.
func (in *input) read(p []byte) (int, bool) {
	k := copy(p, in.buf[in.pos:])
	in.pos += k
	for k < len(p) && in.end == nil {
		n, err := in.r.Read(p[k:])
		k += n
		in.base += int64(n)
		if err != nil {
			in.end = err
		}
	}
	return k, k == len(p)
}
