package pack

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
)

// ErrStorage is the sentinel of files that can not be written or read: a full disk, a folder that is not there or may not
// be written.
var ErrStorage = errors.New("storage failed")

// StorageError is a file that could not be written.
type StorageError struct {
	Path string
	Err  error // the system's
}

func (e *StorageError) Error() string {
	err := e.Err
	var at *fs.PathError
	if errors.As(err, &at) {
		err = at.Err // at names the temporary file
	}
	return fmt.Sprintf("pack: %s: %v", e.Path, err)
}

// Unwrap gives ErrStorage and the system's error.
func (e *StorageError) Unwrap() []error { return []error{ErrStorage, e.Err} }

// WriteFile writes a file so that after a crash there is the old one or the new one, whole. A link at path is replaced, not
// followed.
func WriteFile(path string, data []byte) error {
	f, err := create(path)
	if err != nil {
		return err
	}
	defer f.Discard()
	if _, err := f.Write(data); err != nil {
		return err
	}
	return f.Commit()
}

// NewFile is a file being written, under a name of its own in the folder where it will be.
type NewFile struct {
	path string
	f    *os.File
	w    *bufio.Writer
	size int64
	own  bool        // f is a file beside path, to be renamed over it; else it is what stands at path
	mode fs.FileMode // of the file that is replaced; 0 where there is none
}

// Create begins a file. Nothing is at path, or what was there before, until Commit. A link is followed; what is no plain
// file (a device, a pipe) is written to as it stands.
func Create(path string) (*NewFile, error) {
	named := path
	for range 40 {
		to, err := os.Readlink(path)
		if err != nil {
			break
		}
		if !filepath.IsAbs(to) {
			to = filepath.Dir(path) + string(filepath.Separator) + to
		}
		path = to
	}
	info, err := os.Stat(named)
	switch {
	case err != nil:
		return create(path)
	case info.IsDir():
		return nil, &StorageError{named, syscall.EISDIR}
	case !info.Mode().IsRegular():
		f, err := os.OpenFile(named, os.O_WRONLY, 0)
		if err != nil {
			return nil, &StorageError{named, err}
		}
		return &NewFile{path: path, f: f, w: bufio.NewWriterSize(f, 64<<10)}, nil
	}
	f, err := create(path)
	if err == nil {
		f.mode = info.Mode().Perm()
	}
	return f, err
}

func create(path string) (*NewFile, error) {
	for range 100 {
		name := filepath.Join(filepath.Dir(path), fmt.Sprintf(".tmp-%08x", rand.Uint32()))
		f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666) // less what the umask takes
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return nil, &StorageError{path, err}
		}
		return &NewFile{path: path, f: f, w: bufio.NewWriterSize(f, 64<<10), own: true}, nil
	}
	return nil, &StorageError{path, errors.New("temporary files of other programs are in the way")}
}

// Write appends to the file. What is big goes there without a copy.
func (f *NewFile) Write(p []byte) (int, error) {
	n, err := f.w.Write(p)
	f.size += int64(n)
	if err != nil {
		err = &StorageError{f.path, err}
	}
	return n, err
}

// Size is the number of bytes written.
func (f *NewFile) Size() int64 { return f.size }

// Name is where what was written so far can be read, until Commit or Discard; what goes to a device or a pipe can not.
func (f *NewFile) Name() (string, error) {
	if err := f.w.Flush(); err != nil {
		return "", &StorageError{f.path, err}
	}
	return f.f.Name(), nil
}

// Commit syncs the file, renames it over its path and syncs the folder: after a crash there is the old one or the new one, whole.
func (f *NewFile) Commit() error {
	err := f.w.Flush()
	if err == nil && f.own {
		if f.mode != 0 {
			err = f.f.Chmod(f.mode)
		}
		if err == nil {
			err = f.f.Sync()
		}
	}
	if e := f.f.Close(); err == nil {
		err = e
	}
	tmp := f.f.Name()
	f.f = nil
	if err == nil && f.own {
		err = os.Rename(tmp, f.path)
	}
	if err != nil {
		if f.own {
			_ = os.Remove(tmp)
		}
		return &StorageError{f.path, err}
	}
	if !f.own {
		return nil
	}
	if err := SyncDir(filepath.Dir(f.path)); err != nil {
		return &StorageError{f.path, err}
	}
	return nil
}

// Discard removes what was written, unless it was committed.
func (f *NewFile) Discard() {
	if f.f == nil {
		return
	}
	_ = f.f.Close()
	if f.own {
		_ = os.Remove(f.f.Name())
	}
	f.f = nil
}

// SyncDir makes the names in a folder last.
func SyncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil // folders can not be opened for it
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	err = d.Sync()
	if e := d.Close(); err == nil {
		err = e
	}
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOTSUP) {
		return nil // a file system that does not know of it
	}
	return err
}
