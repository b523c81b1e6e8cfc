package source

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestOpenMapsLargeFiles(t *testing.T) {
	dir := t.TempDir()
	for _, n := range []int{0, 1, mapFrom - 1, mapFrom, mapFrom + 1} {
		want := bytes.Repeat([]byte("ab"), n)[:n]
		p := filepath.Join(dir, "f")
		if err := os.WriteFile(p, want, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := Open(p, Default())
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(s.All(), want) || s.Len() != int64(n) || s.Path() != p || s.Dir() != dir {
			t.Errorf("%d bytes: %d read", n, s.Len())
		}
		if s.Mapped() && n < mapFrom {
			t.Errorf("%d bytes are mapped", n)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	if _, err := Open(filepath.Join(dir, "none"), Default()); !errors.Is(err, ErrNotFound) {
		t.Errorf("missing file: %v", err)
	}
	if _, err := Open(dir, Default()); !errors.Is(err, ErrFormat) {
		t.Errorf("folder: %v", err)
	}
	p := filepath.Join(dir, "f")
	if err := os.WriteFile(p, make([]byte, 11), 0o600); err != nil {
		t.Fatal(err)
	}
	lim := Default()
	lim.File = 10
	if _, err := Open(p, lim); !errors.Is(err, ErrLimit) {
		t.Errorf("eleven bytes: %v", err)
	}
	if _, err := Reader(strings.NewReader("12345678901"), lim); !errors.Is(err, ErrLimit) {
		t.Errorf("eleven bytes of a stream: %v", err)
	}
	if s, err := Reader(strings.NewReader("1234567890"), lim); err != nil || s.Len() != 10 {
		t.Errorf("ten bytes of a stream: %v", err)
	}
}

func TestViewStaysInside(t *testing.T) {
	s := Bytes([]byte("0123456789"))
	if b, err := s.View(3, 4); err != nil || string(b) != "3456" || cap(b) != 4 {
		t.Errorf("%q %v", b, err)
	}
	for _, c := range [][2]int64{{-1, 1}, {0, 11}, {11, 0}, {5, 6}, {5, -1}, {1 << 62, 1 << 62}} {
		if _, err := s.View(c[0], c[1]); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%v: %v", c, err)
		}
	}
	p := make([]byte, 4)
	if n, err := s.ReadAt(p, 8); n != 2 || err == nil {
		t.Errorf("ReadAt the end: %d %v", n, err)
	}
}

func TestSiblingStaysInTheFolder(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a", "b"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s, err := Open(filepath.Join(dir, "a"), Default())
	if err != nil {
		t.Fatal(err)
	}
	b, err := s.Sibling("b", Default())
	if err != nil || string(b.All()) != "b" {
		t.Fatalf("sibling: %v", err)
	}
	for _, name := range []string{"", ".", "..", "../a", "x/b", `x\b`, "c:b", "b\x00"} {
		if _, err := s.Sibling(name, Default()); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%q: %v", name, err)
		}
	}
	if _, err := Bytes(nil).Sibling("b", Default()); !errors.Is(err, ErrNotFound) {
		t.Errorf("sibling of memory: %v", err)
	}
	if err := s.Close(); err != nil || b.All() != nil && b.Len() != 0 {
		t.Errorf("the sibling is not closed with the source: %v", err)
	}
}

// TestSiblingsAreFiles: a companion that is no regular file is not opened: a pipe would wait for its writer, a device never end.
func TestSiblingsAreFiles(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "m.pkl")
	if err := errors.Join(os.WriteFile(path, []byte("N."), 0o600), os.Mkdir(filepath.Join(dir, "folder.npy"), 0o700)); err != nil {
		t.Fatal(err)
	}
	names := []string{"folder.npy"}
	if os.Symlink("/dev/zero", filepath.Join(dir, "zero.npy")) == nil {
		if _, err := os.Stat("/dev/zero"); err == nil {
			names = append(names, "zero.npy")
		}
	}
	src, err := Open(path, Default())
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	for _, name := range names {
		if _, err := src.Sibling(name, Default()); !errors.Is(err, ErrCorrupt) && !strings.Contains(err.Error(), "no regular file") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
