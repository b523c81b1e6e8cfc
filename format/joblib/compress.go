package joblib

import (
	"bytes"
	"errors"
	"io"
	"runtime"
	"strconv"
	"strings"

	"github.com/pierrec/lz4/v4"

	"github.com/larder-ml/larder/source"
)

// Compressor names the compression of a file from its first bytes, as joblib does: by content, never by extension. It is "ZF",
// "zlib", "gzip", "bz2", "lzma", "xz", "lz4", or "" for none.
func Compressor(prefix []byte) string {
	p := string(prefix[:min(len(prefix), 6)])
	switch {
	case strings.HasPrefix(p, "ZF"):
		return "ZF"
	case len(p) >= 2 && p[0] == 0x78 && (int(p[0])<<8|int(p[1]))%31 == 0:
		return "zlib"
	case strings.HasPrefix(p, "\x1f\x8b"):
		return "gzip"
	case strings.HasPrefix(p, "BZh"):
		return "bz2"
	case strings.HasPrefix(p, "\x5d\x00"):
		return "lzma"
	case strings.HasPrefix(p, "\xfd7zXZ"):
		return "xz"
	case strings.HasPrefix(p, "\x04\x22\x4d\x18"):
		return "lz4"
	}
	return ""
}

// decoded is a window of what a decoder has decoded, of which the bytes from r to w are not given yet.
type decoded struct {
	buf   []byte
	r, w  int
	fault error
}

// give copies what is not given yet, after more has decoded some where there is none. What was decoded before a fault is given first.
func (d *decoded) give(p []byte, more func() error) (int, error) {
	for d.r == d.w {
		if d.fault != nil {
			return 0, d.fault
		}
		d.fault = more()
	}
	n := copy(p, d.buf[d.r:d.w])
	d.r += n
	return n, nil
}

// stream is one decompressing reader over a file in memory.
type stream struct {
	r        io.Reader
	in       *bytes.Reader // what is left of the file
	name     string
	out      int64 // bytes given
	max      int64
	declared int64 // ZF: the length its header gives; -1 for others
	members  int
	end      error
	src      *source.Source
	forget   int // where in the file to let go of what was read
}

// piece is how much of a compressed file stays in memory when it has been read.
const piece = 8 << 20

// open starts decompressing src.
func open(src *source.Source, name string, lim source.Limits) (*stream, error) {
	s := &stream{src: src, in: bytes.NewReader(src.All()), name: name, max: lim.Decompressed, declared: -1, members: 1}
	var err error
	switch name {
	case "ZF":
		var at int
		if s.declared, at, err = zfHeader(src.All()); err == nil {
			s.r, err = newInflate(src.All(), at, false)
		}
	case "zlib", "gzip":
		s.r, err = newInflate(src.All(), 0, name == "gzip")
	case "bz2":
		s.r, err = newBunzip(src)
	case "lzma":
		s.r, err = newLZMA(src.All(), lim.LZMADict)
	case "xz":
		s.r, err = newXZ(src.All(), lim.LZMADict)
	case "lz4":
		s.r, err = newLZ4(src.All())
	}
	if err != nil {
		return nil, s.fault(err)
	}
	return s, nil
}

func (s *stream) fault(err error) error {
	var lim *source.LimitError
	if errors.As(err, &lim) {
		return err
	}
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return &ContainerError{Compressor: s.name, Msg: err.Error(), Err: err}
}

// Read gives decompressed bytes, within the limit. Further members follow on.
func (s *stream) Read(p []byte) (int, error) {
	if s.end != nil {
		return 0, s.end
	}
	n, err := s.r.Read(p)
	s.out += int64(n)
	if at := int(s.src.Len()) - s.left(); at >= s.forget+piece {
		s.forget = at
		s.src.Forget(int64(at))
	}
	if s.out > s.max {
		s.end = &source.LimitError{Limit: "decompressed size", Value: s.out, Max: s.max, Offset: -1}
		return n, s.end
	}
	switch {
	case err == io.EOF:
		s.end = io.EOF
		if s.declared >= 0 && s.out != s.declared {
			s.end = &ContainerError{Compressor: s.name, Msg: "header declares " + strconv.FormatInt(s.declared, 10) +
				" bytes, the stream has " + strconv.FormatInt(s.out, 10)}
		}
	case err != nil:
		s.end = s.fault(err)
	}
	return n, s.end
}

// left is the number of bytes of the file behind what was decompressed.
func (s *stream) left() int {
	switch z := s.r.(type) {
	case *bunzip:
		s.members = z.members
		return z.rest()
	case *inflate:
		s.members = z.members
		return z.rest()
	case *lz4Frame:
		s.members = z.frames
		return z.rest()
	case *lzmaAlone:
		return z.rest()
	case *xz:
		s.members = z.streams
		return z.rest()
	}
	return s.in.Len()
}

// zfHeader reads joblib 0.9's header: "ZF", the length as 0x… padded with spaces to 19 characters; Python 2's 0.8.4
// wrote one space more.
func zfHeader(b []byte) (length int64, size int, err error) {
	const fixed = 2 + 19
	if len(b) < fixed {
		return 0, 0, io.ErrUnexpectedEOF
	}
	text := strings.TrimRight(string(b[2:fixed]), " ")
	n, err := strconv.ParseUint(strings.TrimSuffix(strings.TrimPrefix(text, "0x"), "L"), 16, 63)
	if err != nil || !strings.HasPrefix(text, "0x") {
		return 0, 0, errors.New("header has no length")
	}
	if len(b) > fixed && b[fixed] == ' ' {
		return int64(n), fixed + 1, nil
	}
	return int64(n), fixed, nil
}

type plain struct{ io.Writer }

func (plain) Close() error { return nil }

// compress wraps w so that what is written comes out as joblib's compressor of that name would write it.
func compress(w io.Writer, name string, level int) (io.WriteCloser, error) {
	if level < 0 || level > 9 {
		return nil, &OptionError{"compression level is not between 1 and 9"}
	}
	if level == 0 {
		level = map[string]int{"bz2": 9, "lz4": 1}[name]
		if level == 0 {
			level = 3
		}
	}
	switch name {
	case "":
		return plain{w}, nil
	case "zlib", "gzip":
		return newDeflate(w, name == "gzip", level)
	case "bz2":
		return newBzip(w, level), nil
	case "lzma":
		return newLZMAWriter(w, level), nil
	case "xz":
		return newXZWriter(w, level)
	case "lz4":
		z := lz4.NewWriter(w)
		levels := []lz4.CompressionLevel{lz4.Fast, lz4.Fast, lz4.Fast, lz4.Level3, lz4.Level4, lz4.Level5, lz4.Level6, lz4.Level7, lz4.Level8, lz4.Level9}
		return z, z.Apply(lz4.BlockSizeOption(lz4.Block64Kb), lz4.ChecksumOption(false), lz4.CompressionLevelOption(levels[level]),
			lz4.ConcurrencyOption(runtime.GOMAXPROCS(0)))
	}
	return nil, &OptionError{"compressor " + strconv.Quote(name) + " is not known"}
}

// dictSize is liblzma's dictionary of a preset.
func dictSize(level int) int {
	return []int{256 << 10, 1 << 20, 2 << 20, 4 << 20, 4 << 20, 8 << 20, 8 << 20, 16 << 20, 32 << 20, 64 << 20}[level]
}

// OptionError is an option Encode does not know.
type OptionError struct{ Msg string }

func (e *OptionError) Error() string { return "joblib: " + e.Msg }

// Is answers source.ErrUnsupported.
func (e *OptionError) Is(target error) bool { return target == source.ErrUnsupported }
