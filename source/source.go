// Package source is where bytes come from: files (mapped when they can be), memory, standard input. It also
// holds the Limits that every decoder takes and the sentinel errors every typed error answers to. It knows no format.
//
// # Security
//
// Nothing is allocated from a declared size. A Sibling is opened only by a plain name in the source's own folder.
package source

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
)

// Sentinels, one question for callers each: errors.Is(err, source.ErrCorrupt). Every typed error of a decoder
// answers one of them.
var (
	ErrFormat      = errors.New("format is not known")
	ErrCorrupt     = errors.New("file is malformed")
	ErrUnsupported = errors.New("form is not supported")
	ErrLimit       = errors.New("limit is exceeded")
	ErrNotFound    = errors.New("file is not there")
)

// Big is the size from which a mapped file is not read before it is needed.
const Big = 16 << 20

// mapFrom is the size from which a file is mapped instead of read.
const mapFrom = 256 << 10

// Source is a run of bytes that can be viewed anywhere. Views stay valid until Close.
type Source struct {
	data     []byte
	path     string
	file     *os.File // of a map: kept to see whether it shrinks
	mapped   bool
	siblings []*Source
	watch    func(done, total int64)
	owed     []func() error
	settled  sync.Once
	unsound  error
	closed   bool
	readers  sync.WaitGroup // goroutines that read data

	scattered atomic.Bool
}

// Open opens the file at path. Regular files of some size are mapped read-only where the system can do so; anything
// else is read into memory, within lim.File.
func Open(path string, lim Limits) (*Source, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, openError(path, err)
	}
	s, err := openFile(f, path, lim)
	if err != nil || s.file == nil {
		_ = f.Close() // it was only read
	}
	return s, err
}

func openFile(f *os.File, path string, lim Limits) (*Source, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, openError(path, err)
	}
	if info.IsDir() {
		return nil, &OpenError{Path: path, Msg: "is a folder", Err: ErrFormat}
	}
	if info.Size() > lim.File {
		return nil, &LimitError{Limit: "file size", Value: info.Size(), Max: lim.File, Offset: -1}
	}
	if info.Mode().IsRegular() && info.Size() >= mapFrom {
		if data, err := mapFile(f, info.Size()); err == nil {
			return &Source{data: data, path: path, file: f, mapped: true}, nil
		}
	}
	s, err := read(f, info.Size(), lim)
	if err != nil {
		return nil, openError(path, err)
	}
	s.path = path
	return s, nil
}

// Bytes makes a Source of memory. The bytes must not change while the Source or anything decoded from it is in use.
func Bytes(b []byte) *Source { return &Source{data: b} }

// Reader reads r to its end, within lim.File.
func Reader(r io.Reader, lim Limits) (*Source, error) { return read(r, 0, lim) }

func read(r io.Reader, hint int64, lim Limits) (*Source, error) {
	b, err := ReadAll(r, hint, lim.File)
	if err != nil {
		return nil, err
	}
	return &Source{data: b}, nil
}

// ReadAll reads r to its end. Memory for hint bytes is taken at once, so hint must be backed by something better than
// a claim; more than max bytes are a LimitError.
func ReadAll(r io.Reader, hint, max int64) ([]byte, error) {
	var b bytes.Buffer
	if hint > 0 && hint <= max {
		b.Grow(int(hint) + bytes.MinRead)
	}
	take := max
	if take < 1<<62 {
		take++ // one byte more than allowed tells a file at the limit from one beyond
	}
	n, err := b.ReadFrom(io.LimitReader(r, take))
	if err != nil {
		return nil, err
	}
	if n > max {
		return nil, &LimitError{Limit: "file size", Value: n, Max: max, Offset: -1}
	}
	return b.Bytes(), nil
}

// Len returns the number of bytes.
func (s *Source) Len() int64 { return int64(len(s.data)) }

// All returns every byte. The slice is a view: never write to it.
func (s *Source) All() []byte { return s.data[:len(s.data):len(s.data)] }

// View returns n bytes from off without copying, or an error when they are not all there.
func (s *Source) View(off, n int64) ([]byte, error) {
	if off < 0 || n < 0 || off > s.Len() || n > s.Len()-off {
		return nil, fmt.Errorf("source: %d bytes at offset 0x%x, file has %d: %w", n, off, s.Len(), ErrCorrupt)
	}
	return s.data[off : off+n : off+n], nil
}

// ReadAt implements io.ReaderAt. A mapped file is read, not touched in its map.
func (s *Source) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 || off >= s.Len() {
		return 0, io.EOF
	}
	if s.file != nil {
		n, err := s.file.ReadAt(p[:min(int64(len(p)), s.Len()-off)], off)
		if err == nil && n < len(p) {
			err = io.EOF
		}
		return n, err
	}
	n := copy(p, s.data[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// Forget says that the bytes before off will not be needed soon: those of a map leave memory. They stay readable.
func (s *Source) Forget(off int64) {
	if s.watch != nil {
		s.watch(off, s.Len())
	}
	if s.mapped && off <= s.Len() {
		forget(s.data, off)
	}
}

// Scattered says whether a map will next be touched here and there, so that reading ahead is in vain, or in long runs.
func (s *Source) Scattered(yes bool) {
	if s.mapped && s.scattered.Swap(yes) != yes {
		advise(s.data, yes)
	}
}

// Watch has f called, now and then, with how many of all bytes a decoder is done with.
func (s *Source) Watch(f func(done, total int64)) { s.watch = f }

// Owe puts off a check of bytes of a map that nobody has looked at yet. It is for decoders, before the Source is shared.
func (s *Source) Owe(check func() error) { s.owed = append(s.owed, check) }

// Settle makes the checks that were put off, once; every call returns the first one's error, after Close another one. It comes before anything that
// was computed from the bytes is given away.
func (s *Source) Settle() error {
	if s.closed {
		return &OpenError{Path: s.path, Msg: "was closed", Err: fs.ErrClosed}
	}
	s.settled.Do(func() {
		for _, check := range s.owed {
			if s.unsound = check(); s.unsound != nil {
				return
			}
		}
	})
	return s.unsound
}

// Peek returns the n bytes at off, or what there is of them: a view of memory, a copy of a map, no page of which is touched.
func (s *Source) Peek(off, n int64) []byte {
	if off < 0 || off > s.Len() {
		return nil
	}
	n = min(max(n, 0), s.Len()-off)
	if s.file == nil {
		return s.data[off : off+n : off+n]
	}
	b := make([]byte, n)
	k, _ := s.ReadAt(b, off) // what is missing is missed by whoever wanted it
	return b[:k]
}

// Mapped reports whether the bytes are a file map.
func (s *Source) Mapped() bool { return s.mapped }

// Whole returns an error if the source is a map, or has a companion that is one, of a file that has become shorter since
// it was opened. What was read from it before is then not to be trusted: the last page may have been zeros.
func (s *Source) Whole() error {
	if s.file != nil {
		info, err := s.file.Stat()
		if err == nil && info.Size() < s.Len() {
			err = fmt.Errorf("%q had %d bytes and has %d", s.path, s.Len(), info.Size())
		}
		if err != nil {
			return &FaultError{err}
		}
	}
	for _, c := range s.siblings {
		if err := c.Whole(); err != nil {
			return err
		}
	}
	return nil
}

// Path returns the file's path, "" for memory and streams.
func (s *Source) Path() string { return s.path }

// Dir returns the file's folder, "" for memory and streams.
func (s *Source) Dir() string {
	if s.path == "" {
		return ""
	}
	return filepath.Dir(s.path)
}

// Sibling opens the file called name in the source's folder. Names with a path separator, a colon, "." or ".." are
// refused, and so is what is no regular file, and every name when the source is no file. The companion is closed with the source.
func (s *Source) Sibling(name string, lim Limits) (*Source, error) {
	if name == "" || name == "." || name == ".." || strings.ContainsAny(name, "/\\:\x00") {
		return nil, &OpenError{Path: name, Msg: "not a plain file name", Err: ErrCorrupt}
	}
	if s.path == "" {
		return nil, &OpenError{Path: name, Msg: "companion of a model that was not read from a file", Err: ErrNotFound}
	}
	path := filepath.Join(s.Dir(), name)
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() { // a pipe would keep us waiting, a device give bytes without end
		return nil, &OpenError{Path: name, Msg: "is no regular file", Err: ErrCorrupt}
	}
	c, err := Open(path, lim)
	if err == nil {
		s.siblings = append(s.siblings, c)
	}
	return c, err
}

// Go calls f, which may read the source's bytes, on another goroutine and gives its error, a fault of memory too, to done.
func (s *Source) Go(f func() error, done func(error)) {
	s.readers.Go(func() { done(Protect(f)) })
}

// Close gives the bytes back, once what Go began has ended. Nothing decoded from the source may be used afterwards.
func (s *Source) Close() error {
	s.readers.Wait()
	var errs []error
	for _, c := range s.siblings {
		errs = append(errs, c.Close())
	}
	data, mapped := s.data, s.mapped
	file := s.file
	s.data, s.mapped, s.siblings, s.file, s.closed = nil, false, nil, nil, true
	if mapped {
		errs = append(errs, unmap(data), file.Close())
	}
	return errors.Join(errs...)
}

// OpenError says why a file could not be opened.
type OpenError struct {
	Path string
	Msg  string
	Err  error // a sentinel of this package, or the system's error
}

func (e *OpenError) Error() string {
	msg := e.Msg
	if msg == "" {
		msg = e.Err.Error()
	}
	return fmt.Sprintf("source: %q: %s", e.Path, msg)
}

// Unwrap gives the cause.
func (e *OpenError) Unwrap() error { return e.Err }

// Is answers ErrNotFound for a file that does not exist.
func (e *OpenError) Is(target error) bool {
	return target == ErrNotFound && errors.Is(e.Err, fs.ErrNotExist)
}

func openError(path string, err error) error {
	var lim *LimitError
	if errors.As(err, &lim) {
		return err
	}
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return &OpenError{Path: path, Msg: pe.Err.Error(), Err: err}
	}
	return &OpenError{Path: path, Err: err}
}
