package pack

import (
	"bufio"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
)

// WriteFile writes a file so that after a crash there is the old one or the new one, whole.
func WriteFile(path string, data []byte) error {
	f, err := Create(path)
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
}

// Create begins a file. Nothing is at path, or what was there before, until Commit.
func Create(path string) (*NewFile, error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".tmp-*")
	if err != nil {
		return nil, err
	}
	return &NewFile{path: path, f: f, w: bufio.NewWriterSize(f, 64<<10)}, nil
}

// Write appends to the file. What is big goes there without a copy.
func (f *NewFile) Write(p []byte) (int, error) {
	n, err := f.w.Write(p)
	f.size += int64(n)
	return n, err
}

// Size is the number of bytes written.
func (f *NewFile) Size() int64 { return f.size }

// Name is where what was written so far can be read, until Commit or Discard.
func (f *NewFile) Name() (string, error) { return f.f.Name(), f.w.Flush() }

// Commit syncs the file, renames it over its path and syncs the folder: after a crash there is the old one or the new one, whole.
func (f *NewFile) Commit() error {
	err := f.w.Flush()
	if err == nil {
		if err = f.f.Chmod(0o644); err == nil {
			err = f.f.Sync()
		}
	}
	if e := f.f.Close(); err == nil {
		err = e
	}
	tmp := f.f.Name()
	f.f = nil
	if err == nil {
		err = os.Rename(tmp, f.path)
	}
	if err != nil {
		_ = os.Remove(tmp)
		return err
	}
	return SyncDir(filepath.Dir(f.path))
}

// Discard removes what was written, unless it was committed.
func (f *NewFile) Discard() {
	if f.f == nil {
		return
	}
	_ = f.f.Close()
	_ = os.Remove(f.f.Name())
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
