// Package joblib reads and writes joblib's files: a pickle stream with the bytes of its arrays spliced in, plain or inside
// one of six compressions. A plain pickle is a joblib file without arrays, so Decode reads those too, as joblib.load does.
//
// What Decode returns is folded: numpy's objects are *pyobj.Array, *pyobj.Scalar and *pyobj.DType.
//
// # Security
//
// Decompression is bounded in bytes, dictionary and layers (one). Arrays are views of the file or are read straight into
// their own memory, never allocated from a declared shape alone. Companion files of old releases are opened only by a
// plain name in the model's own folder.
//
// # Compatibility
//
// Files of joblib 0.8.4 to 1.6 are read: compressors zlib, gzip, bz2, lzma, xz and lz4; arrays with and without alignment;
// the .npy companions and the "ZF" form of releases before 0.10; sklearn.externals.joblib; Python 2.
package joblib

import (
	"errors"
	"fmt"
	"io"

	"github.com/larder-ml/larder/format/pickle"
	"github.com/larder-ml/larder/numpy"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/source"
)

// Name is the format's name.
const Name = "joblib"

// notable is the ratio of decompressed to compressed bytes above which a note is left.
const notable = 200

// Sniff reports whether prefix, the first bytes of a file, begins a compressed joblib file or a pickle.
func Sniff(prefix []byte) bool { return Compressor(prefix) != "" || pickle.Sniff(prefix) }

// ContainerError is a fault of the compression around a pickle stream, or of a companion file.
type ContainerError struct {
	Compressor string
	Msg        string
	Err        error
}

func (e *ContainerError) Error() string {
	if e.Compressor == "" {
		return "joblib: " + e.Msg
	}
	return "joblib: " + e.Compressor + ": " + e.Msg
}

// Unwrap gives the cause.
func (e *ContainerError) Unwrap() error { return e.Err }

// Is answers source.ErrCorrupt, unless the cause is a missing file or a form that is not supported.
func (e *ContainerError) Is(target error) bool {
	return target == source.ErrCorrupt && !errors.Is(e.Err, source.ErrNotFound) && !errors.Is(e.Err, source.ErrUnsupported)
}

// Decode reads a joblib file or a pickle. On an error the Doc, if not nil, holds the trace up to it.
func Decode(src *source.Source, lim source.Limits) (*pyobj.Doc, error) {
	r, m, err := start(src, lim)
	if err != nil {
		return &pyobj.Doc{Format: Name, Compressor: Compressor(src.Peek(0, 8)), Protocol: -1, Size: src.Len()}, err
	}
	doc, err := m.Run()
	r.finish()
	if err != nil {
		return doc, err
	}
	folding := numpy.Folding{DTypes: r.dtypes, Mapped: r.s == nil && src.Mapped(), Copied: pickle.Copied,
		Size: doc.Opcodes / pickle.PerContainer}
	if doc.Root, err = folding.Fold(doc.Root); err != nil {
		return doc, err
	}
	for i := range doc.Extra {
		if doc.Extra[i], err = folding.Fold(doc.Extra[i]); err != nil {
			return doc, err
		}
	}
	return doc, nil
}

// Disassemble writes the opcodes of the stream as pickletools.dis does, arrays stepped over with a line of their own.
func Disassemble(w io.Writer, src *source.Source, lim source.Limits, cut int) error {
	_, m, err := start(src, lim)
	if err != nil {
		return err
	}
	return m.Disassemble(w, cut)
}

// A tar archive says so at an offset of its first header.
const (
	tarMagic = 257
	tarName  = "ustar"
)

// reader joins a machine to the container around it.
type reader struct {
	src    *source.Source
	lim    source.Limits
	m      *pickle.Machine
	s      *stream // nil for a file without compression
	dtypes map[pyobj.Value]*pyobj.DType
	kinds  map[*pyobj.Global]string // of array wrapper that a class is
	npy    map[string]*pyobj.Array
	zf     map[string][]byte
}

func start(src *source.Source, lim source.Limits) (*reader, *pickle.Machine, error) {
	r := &reader{src: src, lim: lim, dtypes: map[pyobj.Value]*pyobj.DType{}, kinds: map[*pyobj.Global]string{}}
	name := Compressor(src.Peek(0, 8))
	if name == "" {
		r.m = pickle.NewSource(src, lim)
	} else {
		s, err := open(src, name, lim)
		if err != nil {
			return nil, nil, err
		}
		first := make([]byte, tarMagic+len(tarName))
		n, err := io.ReadFull(s, first[:6])
		if n == 6 && first[0] != '\x80' {
			var more int
			more, err = io.ReadFull(s, first[6:])
			n += more
		}
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			return nil, nil, err
		}
		if n == len(first) && string(first[tarMagic:]) == tarName {
			return nil, nil, &ContainerError{Compressor: name, Msg: "inside is a tar archive: unpack it and open the file it holds"}
		}
		if twice := Compressor(first[:n]); twice != "" {
			return nil, nil, &ContainerError{Compressor: name, Msg: "compressed twice: inside is " + twice}
		}
		r.s = s
		r.m = pickle.NewReader(&rejoined{first[:n], s}, src.Len(), lim)
	}
	r.m.Doc.Size = src.Len()
	r.m.Doc.Compressor = name
	if name != "" {
		r.m.Doc.Format = Name
	}
	r.m.Built = r.built
	return r, r.m, nil
}

// rejoined gives the first bytes and then the rest.
type rejoined struct {
	first []byte
	s     *stream
}

func (r *rejoined) Read(p []byte) (int, error) {
	if len(r.first) > 0 {
		n := copy(p, r.first)
		r.first = r.first[n:]
		return n, nil
	}
	return r.s.Read(p)
}

// finish looks at what the compression left behind.
func (r *reader) finish() {
	s := r.s
	if s == nil {
		return
	}
	n := s.left()
	if s.members > 1 {
		r.m.Note("multi-member", pyobj.LevelRefuse, 0, "%s file of %d members; joblib reads no more than one", s.name, s.members)
	}
	if n > 0 && errors.Is(s.end, io.EOF) {
		r.m.Note("trailing-bytes", pyobj.LevelRefuse, r.src.Len()-int64(n), "%d bytes after the end of the %s stream", n, s.name)
	}
	if s.out > 1<<20 && s.out/notable > r.src.Len() {
		r.m.Note("ratio", pyobj.LevelNote, 0, "%d bytes decompress to %d", r.src.Len(), s.out)
	}
}

func (r *reader) bad(format string, args ...any) error {
	return &ContainerError{Msg: fmt.Sprintf("offset 0x%x: ", r.m.Offset()) + fmt.Sprintf(format, args...)}
}
