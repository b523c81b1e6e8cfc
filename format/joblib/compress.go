package joblib

import (
	"bytes"
	"compress/bzip2"
	"encoding/binary"
	"errors"
	"io"
	"strconv"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"
	"github.com/pierrec/lz4/v4"
	"github.com/ulikunitz/xz"
	"github.com/ulikunitz/xz/lzma"

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

// stream is one decompressing reader over a file in memory.
type stream struct {
	r        io.Reader
	in       *bytes.Reader // what is left of the file
	more     func() (bool, error)
	name     string
	out      int64 // bytes given
	max      int64
	declared int64 // ZF: the length its header gives; -1 for others
	members  int
	end      error
}

// open starts decompressing src.
func open(src *source.Source, name string, lim source.Limits) (*stream, error) {
	s := &stream{in: bytes.NewReader(src.All()), name: name, max: lim.Decompressed, declared: -1, members: 1}
	var err error
	switch name {
	case "ZF":
		if s.declared, err = zfHeader(s.in); err == nil {
			s.r, err = zlib.NewReader(s.in)
		}
	case "zlib":
		s.r, err = zlib.NewReader(s.in)
	case "gzip":
		var z *gzip.Reader
		if z, err = gzip.NewReader(s.in); err == nil {
			z.Multistream(false)
			s.r = z
			s.more = func() (bool, error) {
				var two [2]byte
				if n, _ := s.in.ReadAt(two[:], s.in.Size()-int64(s.in.Len())); n < 2 || two != [2]byte{0x1f, 0x8b} {
					return false, nil
				}
				err := z.Reset(s.in)
				if err == nil {
					z.Multistream(false)
				}
				return true, err
			}
		}
	case "bz2":
		s.r = bzip2.NewReader(s.in)
	case "lzma":
		var h [5]byte
		s.in.ReadAt(h[:], 0)
		if dict := int64(binary.LittleEndian.Uint32(h[1:])); dict > lim.LZMADict {
			return nil, &source.LimitError{Limit: "LZMA dictionary", Value: dict, Max: lim.LZMADict, Offset: -1}
		}
		s.r, err = lzma.NewReader(s.in)
	case "xz":
		s.r, err = xz.ReaderConfig{SingleStream: true}.NewReader(s.in)
	case "lz4":
		s.r = lz4.NewReader(s.in)
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

// Read gives decompressed bytes, within the limit. Further members of a gzip file follow on.
func (s *stream) Read(p []byte) (int, error) {
	if s.end != nil {
		return 0, s.end
	}
	n, err := s.r.Read(p)
	s.out += int64(n)
	if s.out > s.max {
		s.end = &source.LimitError{Limit: "decompressed size", Value: s.out, Max: s.max, Offset: -1}
		return n, s.end
	}
	if err == io.EOF && s.more != nil {
		if more, e := s.more(); e != nil {
			err = e
		} else if more {
			s.members++
			return n, nil
		}
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

// zfHeader reads joblib 0.9's header: "ZF", the length as 0x… padded with spaces to 19 characters; Python 2's 0.8.4
// wrote one space more.
func zfHeader(r *bytes.Reader) (int64, error) {
	var h [2 + 19]byte
	if _, err := io.ReadFull(r, h[:]); err != nil {
		return 0, err
	}
	text := strings.TrimRight(string(h[2:]), " ")
	n, err := strconv.ParseUint(strings.TrimSuffix(strings.TrimPrefix(text, "0x"), "L"), 16, 63)
	if err != nil || !strings.HasPrefix(text, "0x") {
		return 0, errors.New("header has no length")
	}
	if c, err := r.ReadByte(); err == nil && c != ' ' {
		r.UnreadByte()
	}
	return int64(n), nil
}
