// Package zipread reads zip archives that two readers can not read differently: what deviates from the plainest form is
// noted or refused before anything is decompressed. It is what skops files and .npz archives are read with.
package zipread

import (
	"archive/zip"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"path"
	"sort"
	"strings"
	"unicode/utf8"

	"github.com/klauspost/compress/flate"

	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/source"
)

// Note is told what deviates: a rule, how grave it is, where, and the words.
type Note func(rule string, level pyobj.Level, off int64, format string, args ...any)

// SyntaxError is a damaged archive. Offset is -1 where it is not known.
type SyntaxError struct {
	Offset int64
	Msg    string
}

func (e *SyntaxError) Error() string {
	if e.Offset < 0 {
		return "zip: " + e.Msg
	}
	return fmt.Sprintf("zip: offset 0x%x: %s", e.Offset, e.Msg)
}

// Where gives the offset.
func (e *SyntaxError) Where() int64 { return e.Offset }

// Is answers source.ErrCorrupt.
func (e *SyntaxError) Is(target error) bool { return target == source.ErrCorrupt }

// UnsupportedError is a member of a form that is legal but not read.
type UnsupportedError struct{ Msg string }

func (e *UnsupportedError) Error() string { return "zip: " + e.Msg }

// Is answers source.ErrUnsupported.
func (e *UnsupportedError) Is(target error) bool { return target == source.ErrUnsupported }

// Archive is an open archive.
type Archive struct {
	Names []string // of the members, in the central directory's order

	src   *source.Source
	files map[string]*zip.File
	start map[string]int64 // where the bytes of members begin, as far as their local headers told when they were checked
	head  []byte           // what Head gave
	left  int64            // decompressed bytes still allowed
	held  int64            // bytes of compressed members that are kept in memory
	room  int64            // and what they may grow to
	cache map[string][]byte
}

// entry is what the central directory says of a member, and where its local header stands.
type entry struct {
	name                   string
	flags, method          uint16
	crc                    uint32
	packed, size, offset   uint64
	extraAttr, made        uint32
	nameLen, extraLen, cmt int
}

func bad(off int64, format string, args ...any) error {
	return &SyntaxError{off, fmt.Sprintf(format, args...)}
}

// Open checks the whole structure of the archive before anything is decompressed.
func Open(src *source.Source, lim source.Limits, note Note) (*Archive, error) {
	entries, dir, err := central(src, lim, note)
	if err != nil {
		return nil, err
	}
	seen := map[string]string{}
	for _, e := range entries {
		if len(e.name) > lim.Name {
			return nil, &source.LimitError{Limit: "zip name", Value: int64(len(e.name)), Max: int64(lim.Name), Offset: int64(e.offset)}
		}
		fold := strings.ToLower(e.name)
		if old, dup := seen[fold]; dup {
			note("zip-duplicate-name", pyobj.LevelRefuse, int64(e.offset), "members %q and %q share a name", old, e.name)
		}
		seen[fold] = e.name
		if why := Unclean(e.name); why != "" {
			note("zip-name", pyobj.LevelRefuse, int64(e.offset), "member %q: %s", e.name, why)
		}
		if e.flags&^uint16(0x0808) != 0 {
			note("zip-flags", pyobj.LevelRefuse, int64(e.offset), "member %q has flags 0x%x", e.name, e.flags)
		}
		if e.method != zip.Store && e.method != zip.Deflate {
			return nil, &UnsupportedError{fmt.Sprintf("member %q is compressed by method %d", e.name, e.method)}
		}
		if e.made>>8 == 3 && e.extraAttr>>16&0o170000 == 0o120000 {
			note("zip-symlink", pyobj.LevelRefuse, int64(e.offset), "member %q is a link", e.name)
		}
	}
	sort.Slice(entries, func(i, j int) bool { return entries[i].offset < entries[j].offset })
	at := uint64(0)
	start := make(map[string]int64, len(entries))
	var header []byte
	for i, e := range entries {
		if i == 0 && e.offset != 0 {
			note("zip-prefix", pyobj.LevelRefuse, 0, "%d bytes before the first member", e.offset)
			at = e.offset
		}
		if e.offset < at {
			return nil, bad(int64(e.offset), "member %q overlaps the one before", e.name)
		}
		if gap := e.offset - at; gap > 0 {
			note("zip-gap", pyobj.LevelRefuse, int64(at), "%d bytes between members", gap)
		}
		var begin uint64
		if begin, at, header, err = local(src, dir, e, header, note); err != nil {
			return nil, err
		}
		if _, twice := start[e.name]; twice {
			begin = 0 // archive/zip knows which is meant
		}
		start[e.name] = int64(begin)
	}
	if at < dir {
		note("zip-gap", pyobj.LevelRefuse, int64(at), "%d bytes before the central directory", dir-at)
	}
	z, err := zip.NewReader(src, src.Len())
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		return nil, bad(0, "not a readable zip: %v", err)
	}
	z.RegisterDecompressor(zip.Deflate, flate.NewReader)
	a := &Archive{src: src, files: make(map[string]*zip.File, len(z.File)), start: start, left: lim.Decompressed, room: lim.HeldBy(src.Len()), cache: map[string][]byte{}}
	for _, f := range z.File {
		if a.files[f.Name] == nil {
			a.files[f.Name] = f
			a.Names = append(a.Names, f.Name)
		}
	}
	if len(z.File) > 0 { // it may count offsets from elsewhere, after bytes that do not belong to the archive
		f := z.File[0]
		if at, err := f.DataOffset(); err != nil || at != start[f.Name] {
			a.start = nil
		}
	}
	return a, nil
}

// dataOffset is f.DataOffset, without reading the local header again.
func (a *Archive) dataOffset(f *zip.File) (int64, error) {
	if at := a.start[f.Name]; at > 0 {
		return at, nil
	}
	return f.DataOffset()
}

const (
	sigLocal   = 0x04034b50
	sigCentral = 0x02014b50

	sigDescriptor = 0x08074b50
	sigEnd        = 0x06054b50
	sigEnd64      = 0x06064b50
	sigLoc64      = 0x07064b50
)

// central reads the central directory; dir is where it starts.
func central(src *source.Source, lim source.Limits, note Note) (entries []entry, dir uint64, err error) {
	le := binary.LittleEndian
	length := src.Len()
	tailAt := max(length-22-65535, 0)
	tail := src.Peek(tailAt, 22+65535)
	end := -1
	for i := len(tail) - 22; i >= 0; i-- {
		if le.Uint32(tail[i:]) == sigEnd && i+22+int(le.Uint16(tail[i+20:])) == len(tail) {
			end = i
			break
		}
	}
	if end < 0 {
		return nil, 0, bad(length, "no end of a zip archive")
	}
	h, endAt := tail[end:], uint64(tailAt)+uint64(end)
	if c := le.Uint16(h[20:]); c > 0 {
		note("zip-comment", pyobj.LevelRefuse, int64(endAt), "a comment of %d bytes", c)
	}
	if le.Uint16(h[4:]) != 0 || le.Uint16(h[6:]) != 0 {
		return nil, 0, bad(int64(endAt), "an archive of several disks")
	}
	n, size, off := uint64(le.Uint16(h[10:])), uint64(le.Uint32(h[12:])), uint64(le.Uint32(h[16:]))
	stop := endAt
	if loc := src.Peek(int64(endAt)-20, 20); len(loc) == 20 && le.Uint32(loc) == sigLoc64 {
		at := le.Uint64(loc[8:])
		if at > endAt-20 || endAt-20-at < 56 {
			return nil, 0, bad(int64(endAt-20), "the zip64 end is not where it should be")
		}
		e := src.Peek(int64(at), 56)
		if len(e) < 56 || le.Uint32(e) != sigEnd64 {
			return nil, 0, bad(int64(endAt-20), "the zip64 end is not where it should be")
		}
		n, size, off, stop = le.Uint64(e[32:]), le.Uint64(e[40:]), le.Uint64(e[48:]), at
	}
	if off > stop || size > stop-off {
		return nil, 0, bad(int64(endAt), "the central directory lies outside the file")
	}
	if off+size != stop {
		note("zip-gap", pyobj.LevelRefuse, int64(off+size), "%d bytes after the central directory", stop-off-size)
	}
	if n > uint64(lim.Entries) {
		return nil, 0, &source.LimitError{Limit: "zip entries", Value: int64(n), Max: int64(lim.Entries), Offset: int64(endAt)}
	}
	// Names, extras and comments of 64 kB are the most that so many entries can have.
	if most := n * (46 + 3*65535); size > most {
		return nil, 0, bad(int64(off), "the central directory holds more than its count says")
	}
	data := src.Peek(int64(off), int64(size))
	if uint64(len(data)) != size {
		return nil, 0, bad(int64(off), "the central directory is damaged")
	}
	at := uint64(0)
	for range n {
		if at+46 > size || le.Uint32(data[at:]) != sigCentral {
			return nil, 0, bad(int64(off+at), "the central directory is damaged")
		}
		h := data[at:]
		e := entry{flags: le.Uint16(h[8:]), method: le.Uint16(h[10:]), crc: le.Uint32(h[16:]), packed: uint64(le.Uint32(h[20:])),
			size: uint64(le.Uint32(h[24:])), extraAttr: le.Uint32(h[38:]), made: uint32(le.Uint16(h[4:])), offset: uint64(le.Uint32(h[42:])),
			nameLen: int(le.Uint16(h[28:])), extraLen: int(le.Uint16(h[30:])), cmt: int(le.Uint16(h[32:]))}
		next := at + 46 + uint64(e.nameLen+e.extraLen+e.cmt)
		if next > size {
			return nil, 0, bad(int64(off+at), "the central directory is damaged")
		}
		e.name = string(h[46 : 46+e.nameLen])
		zip64(h[46+e.nameLen:46+e.nameLen+e.extraLen], &e)
		entries = append(entries, e)
		at = next
	}
	if at != size {
		return nil, 0, bad(int64(off+at), "the central directory holds more than its count says")
	}
	return entries, off, nil
}

// zip64 reads the sizes that did not fit 32 bits.
func zip64(extra []byte, e *entry) {
	le := binary.LittleEndian
	for len(extra) >= 4 {
		id, n := le.Uint16(extra), int(le.Uint16(extra[2:]))
		if n > len(extra)-4 {
			return
		}
		b := extra[4 : 4+n]
		if id == 1 {
			for _, f := range []*uint64{&e.size, &e.packed, &e.offset} {
				if *f == 0xffffffff && len(b) >= 8 {
					*f, b = le.Uint64(b), b[8:]
				}
			}
		}
		extra = extra[4+n:]
	}
}

// local compares a member's local header with the central directory and returns where the member's bytes begin and where it
// ends. buf is memory for the header; it is returned to be used again.
func local(src *source.Source, dir uint64, e entry, buf []byte, note Note) (begin, end uint64, used []byte, err error) {
	le := binary.LittleEndian
	// Most local headers are no longer than what the central directory has of them.
	h, buf := peekInto(src, int64(e.offset), 30+e.nameLen+e.extraLen, buf)
	if e.offset > dir || dir-e.offset < 30 || len(h) < 30 || le.Uint32(h) != sigLocal {
		return 0, 0, buf, bad(int64(e.offset), "member %q has no local header", e.name)
	}
	l := entry{flags: le.Uint16(h[6:]), method: le.Uint16(h[8:]), crc: le.Uint32(h[14:]), packed: uint64(le.Uint32(h[18:])),
		size: uint64(le.Uint32(h[22:])), nameLen: int(le.Uint16(h[26:])), extraLen: int(le.Uint16(h[28:]))}
	start := uint64(30 + l.nameLen + l.extraLen)
	if start > uint64(len(h)) {
		h, buf = peekInto(src, int64(e.offset), int(start), buf)
	}
	if start > uint64(len(h)) || start > dir-e.offset {
		return 0, 0, buf, bad(int64(e.offset), "member %q has a damaged local header", e.name)
	}
	l.name = string(h[30 : 30+l.nameLen])
	zip64(h[30+l.nameLen:start], &l)
	descriptor := e.flags&8 != 0
	if l.name != e.name || l.flags != e.flags || l.method != e.method || (!descriptor && (l.crc != e.crc || l.packed != e.packed || l.size != e.size)) {
		note("zip-local-central-differ", pyobj.LevelRefuse, int64(e.offset), "the local header of %q says otherwise than the central directory", e.name)
	}
	if e.packed > dir-e.offset-start {
		return 0, 0, buf, bad(int64(e.offset), "member %q does not end inside the archive", e.name)
	}
	begin = e.offset + start
	end = begin + e.packed
	if descriptor {
		for _, n := range []uint64{16, 24, 12, 20} {
			if end+n > dir {
				continue
			}
			if b := src.Peek(int64(end+n), 4); len(b) == 4 {
				if next := le.Uint32(b); next == sigLocal || next == sigCentral || next == sigEnd64 {
					if !described(src.Peek(int64(end), int64(n)), e) {
						note("zip-local-central-differ", pyobj.LevelRefuse, int64(end), "the data descriptor of %q says otherwise than the central directory", e.name)
					}
					return begin, end + n, buf, nil
				}
			}
		}
		return 0, 0, buf, bad(int64(end), "member %q has no data descriptor", e.name)
	}
	return begin, end, buf, nil
}

// described reports whether a data descriptor (a signature or none, the sum, and both sizes in 32 or 64 bits) says what the central
// directory says.
func described(b []byte, e entry) bool {
	le := binary.LittleEndian
	if len(b) == 16 || len(b) == 24 {
		if le.Uint32(b) != sigDescriptor {
			return false
		}
		b = b[4:]
	}
	switch {
	case len(b) < 12 || le.Uint32(b) != e.crc:
		return false
	case len(b) == 20:
		return le.Uint64(b[4:]) == e.packed && le.Uint64(b[12:]) == e.size
	}
	return uint64(le.Uint32(b[4:])) == e.packed && uint64(le.Uint32(b[8:])) == e.size
}

// peekInto is src.Peek into memory that is used again: the bytes are valid until it is.
func peekInto(src *source.Source, off int64, n int, buf []byte) (got, used []byte) {
	if off < 0 || off > src.Len() {
		return nil, buf
	}
	if cap(buf) < n {
		buf = make([]byte, max(n, 256))
	}
	k, _ := src.ReadAt(buf[:n], off) // what is missing is missed by whoever wanted it
	return buf[:k], buf
}

// Unclean gives the reason against a member's name.
func Unclean(name string) string {
	switch {
	case name == "":
		return "is empty"
	case !utf8.ValidString(name):
		return "is no UTF-8"
	case strings.ContainsAny(name, "\\:\x00") || strings.HasPrefix(name, "/"):
		return "is no relative path"
	case strings.HasSuffix(name, "/"):
		return "is a folder"
	case path.Clean(name) != name || strings.HasPrefix(name, ".."):
		return "leaves its folder"
	}
	for _, r := range name {
		if r < ' ' || r == 0x202e || r == 0x7f {
			return "holds control characters"
		}
	}
	return ""
}

// Has reports whether there is a member of this name.
func (a *Archive) Has(name string) bool { return a.files[name] != nil }

// Left is how many bytes may still be decompressed.
func (a *Archive) Left() int64 { return a.left }

// Read gives a member, a view of the file where it is stored as it is. Its CRC is checked; that of a long member of a big
// mapped file is owed by the source. It is kept for a second reading.
func (a *Archive) Read(name string, limit int64) ([]byte, error) {
	if b, ok := a.cache[name]; ok {
		return b, nil
	}
	f := a.files[name]
	if f == nil {
		return nil, bad(-1, "member %q is not there", name)
	}
	limit = min(limit, a.left)
	if f.UncompressedSize64 > uint64(limit) {
		return nil, &source.LimitError{Limit: "decompressed bytes", Value: int64(min(f.UncompressedSize64, 1<<62)), Max: limit, Offset: -1}
	}
	var b []byte
	var err error
	if a.stored(f) && !a.Mapped(name) && f.UncompressedSize64 == f.CompressedSize64 {
		b, err = a.Copy(name, limit)
	} else if b, err = a.unpack(f, limit); err == nil {
		a.left -= int64(len(b))
	}
	if err != nil {
		return nil, err
	}
	a.cache[name] = b
	return b, nil
}

// Holds reports whether Read takes no more memory for a member than is allowed.
func (a *Archive) Holds(name string) bool {
	f := a.files[name]
	return f == nil || f.Method == zip.Store || f.UncompressedSize64 <= uint64(a.room-a.held) || a.cache[name] != nil
}

// Skim reads a compressed member through, as Read does, and keeps its first n bytes only; size is what it has.
func (a *Archive) Skim(name string, n int64) (head []byte, size int64, err error) {
	f := a.files[name]
	if f.UncompressedSize64 > uint64(a.left) {
		return nil, 0, &source.LimitError{Limit: "decompressed bytes", Value: int64(min(f.UncompressedSize64, 1<<62)), Max: a.left, Offset: -1}
	}
	r, err := f.Open()
	if err != nil {
		return nil, 0, bad(-1, "member %q: %v", f.Name, err)
	}
	defer r.Close()
	if head, err = io.ReadAll(io.LimitReader(r, n)); err == nil {
		size, err = io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{r}, make([]byte, 64<<10))
	}
	if err != nil {
		return nil, 0, bad(-1, "member %q: %v", f.Name, err)
	}
	size += int64(len(head))
	a.left -= size
	return head, size, nil
}

// Copy is Read for bytes that are looked at once: they are no view of a map.
func (a *Archive) Copy(name string, limit int64) ([]byte, error) {
	f := a.files[name]
	if !a.stored(f) || f.UncompressedSize64 != f.CompressedSize64 || f.UncompressedSize64 > uint64(min(limit, a.left)) {
		return a.Read(name, limit)
	}
	at, err := a.dataOffset(f)
	if err != nil {
		return nil, bad(-1, "member %q: %v", f.Name, err)
	}
	b := a.src.Peek(at, int64(f.UncompressedSize64))
	if crc32.ChecksumIEEE(b) != f.CRC32 {
		return nil, bad(at, "member %q: %v", f.Name, zip.ErrChecksum)
	}
	a.left -= int64(len(b))
	return b, nil
}

// stored reports a member that stands in a mapped file as it is.
func (a *Archive) stored(f *zip.File) bool {
	return f != nil && f.Method == zip.Store && a.src.Mapped()
}

// copied is the size up to which members of a mapped file are copied, not views.
const copied = 4 << 10

// owedFrom is the size of a member whose sum may be owed.
const owedFrom = 64 << 10

// Head gives the first n bytes of a member that Read gave, without touching the map it may be a view of. They are valid
// until the next call.
func (a *Archive) Head(name string, n int64) []byte {
	if f := a.files[name]; a.Mapped(name) {
		if at, err := a.dataOffset(f); err == nil {
			var b []byte
			b, a.head = peekInto(a.src, at, int(min(uint64(n), f.UncompressedSize64)), a.head)
			return b
		}
	}
	b := a.cache[name]
	return b[:min(n, int64(len(b)))]
}

// check compares the sum of a member of a mapped file. The bytes are read, so that the map's pages stay out of memory.
func (a *Archive) check(f *zip.File, at int64) error {
	sum := crc32.NewIEEE()
	buf := make([]byte, max(1, min(256<<10, int64(f.UncompressedSize64))))
	if _, err := io.CopyBuffer(struct{ io.Writer }{sum}, io.NewSectionReader(a.src, at, int64(f.UncompressedSize64)), buf); err != nil {
		return bad(at, "member %q: %v", f.Name, err)
	}
	if sum.Sum32() != f.CRC32 {
		return bad(at, "member %q: %v", f.Name, zip.ErrChecksum)
	}
	return nil
}

// Mapped reports whether what Read gives of a member is a view of a mapped file.
func (a *Archive) Mapped(name string) bool {
	f := a.files[name]
	return a.stored(f) && f.UncompressedSize64 > copied
}

// unpack gives the bytes of a member, of limit at most.
func (a *Archive) unpack(f *zip.File, limit int64) ([]byte, error) {
	if f.Method == zip.Store {
		at, err := a.dataOffset(f)
		if err != nil {
			return nil, bad(-1, "member %q: %v", f.Name, err)
		}
		if f.CompressedSize64 != f.UncompressedSize64 {
			return nil, bad(at, "member %q is stored as it is and has %d and %d bytes", f.Name, f.CompressedSize64, f.UncompressedSize64)
		}
		b, err := a.src.View(at, int64(f.UncompressedSize64))
		if err != nil {
			return nil, bad(at, "member %q: %v", f.Name, err)
		}
		switch {
		case !a.src.Mapped():
			if crc32.ChecksumIEEE(b) != f.CRC32 {
				return nil, bad(at, "member %q: %v", f.Name, zip.ErrChecksum)
			}
			return b, nil
		case a.src.Len() >= source.Big && len(b) >= owedFrom:
			a.src.Owe(func() error { return a.check(f, at) })
			return b, nil
		}
		return b, a.check(f, at)
	}
	if f.UncompressedSize64 > uint64(a.room-a.held) {
		return nil, source.OverHeld(a.held+int64(min(f.UncompressedSize64, 1<<62)), a.room, -1)
	}
	r, err := f.Open()
	if err != nil {
		return nil, bad(-1, "member %q: %v", f.Name, err)
	}
	defer r.Close()
	// Deflate makes 1032 bytes of one at most: the size is a claim up to there.
	size := int64(min(f.UncompressedSize64, 1032*f.CompressedSize64+64))
	b, err := source.ReadAll(r, size, limit)
	if err != nil {
		var lim *source.LimitError
		if errors.As(err, &lim) {
			return nil, &source.LimitError{Limit: "decompressed bytes", Value: lim.Value, Max: limit, Offset: -1}
		}
		return nil, bad(-1, "member %q: %v", f.Name, err)
	}
	a.held += int64(len(b))
	return b, nil
}
