package npy

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/larder-ml/larder/format/pickle"
	"github.com/larder-ml/larder/internal/zipread"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/source"
)

// SniffZip reports an archive of nothing but .npy files: the bytes it begins with, and the names of its members.
func SniffZip(prefix []byte, members []string) bool {
	for _, m := range members {
		if !strings.HasSuffix(m, ".npy") {
			return false
		}
	}
	return bytes.HasPrefix(prefix, []byte("PK\x05\x06")) || len(members) > 0
}

// DecodeZip reads an .npz archive with the trace of its object arrays. Root is a dict of arrays by name.
func DecodeZip(src *source.Source, lim source.Limits) (*pyobj.Doc, error) {
	doc := &pyobj.Doc{Format: NameZip, Compressor: "zip", Protocol: -1, Size: src.Len()}
	out := &pyobj.Dict{}
	note := func(rule string, level pyobj.Level, off int64, format string, args ...any) {
		doc.Notes = append(doc.Notes, pyobj.Note{Rule: rule, Level: level, Offset: off, Message: fmt.Sprintf(format, args...)})
	}
	err := members(src, lim, note, nil, func(name string, data []byte) error {
		doc.Stream += int64(len(data))
		if !Sniff(data) { // numpy gives such a member as bytes; whoever put a pickle there means it to be loaded
			doc.Notes = append(doc.Notes, pyobj.Note{Rule: "npz-member", Level: pyobj.LevelRefuse, Offset: -1,
				Message: fmt.Sprintf("member %q is no .npy file", name)})
			if pickle.Sniff(data) {
				if _, err := traced(doc, data, 0, name, lim); err != nil {
					return fmt.Errorf("member %q: %w", name, err)
				}
			}
			out.Set(pyobj.Str(name), pyobj.Bytes(data))
			return nil
		}
		a, err := DecodeInto(doc, data, name+".npy", lim)
		if err != nil {
			return fmt.Errorf("member %q: %w", name, err)
		}
		out.Set(pyobj.Str(name), a)
		return nil
	}, func(name string, head []byte, size int64) error {
		a, err := Outline(head, size, lim)
		if err != nil {
			return fmt.Errorf("member %q: %w", name, err)
		}
		doc.Stream += size
		doc.Unread += size
		out.Set(pyobj.Str(name), a)
		return nil
	})
	if err != nil {
		return doc, err
	}
	doc.Root = out
	return doc, nil
}

// Zip reads an .npz archive: its names in the archive's order and its arrays by them, of which only those that pick chooses are read;
// nil chooses all. What is read is held to lim.Decompressed and lim.Held together.
func Zip(b []byte, lim source.Limits, pick func(names []string) []string) (names []string, arrays map[string]*pyobj.Array, err error) {
	arrays = map[string]*pyobj.Array{}
	var twice error
	note := func(rule string, _ pyobj.Level, off int64, format string, args ...any) {
		if rule == "zip-duplicate-name" {
			twice = &SyntaxError{off, fmt.Sprintf(format, args...)}
		}
	}
	err = members(source.Bytes(b), lim, note, func(all []string) []string {
		if names = all; pick != nil {
			return pick(all)
		}
		return all
	}, func(name string, data []byte) error {
		a, _, err := Array(data, lim)
		if err != nil {
			return fmt.Errorf("member %q: %w", name, err)
		}
		arrays[name] = a
		return nil
	}, nil)
	if err = errors.Join(err, twice); err != nil {
		return nil, nil, err
	}
	return names, arrays, nil
}

// headed is read of a member of which no more than the header is kept.
const headed = 64 << 10

// members gives the members of an archive one by one, without .npy, those that pick chooses if it is not nil; of those that lim.Outline keeps none of in memory, over is given
// the first bytes and the size.
func members(src *source.Source, lim source.Limits, note zipread.Note, pick func([]string) []string, f func(name string, data []byte) error, over func(name string, head []byte, size int64) error) error {
	if src.Len() == int64(len(emptyArchive)) && string(src.All()) == emptyArchive { // numpy.savez of nothing
		return nil
	}
	a, err := zipread.Open(src, lim, note)
	if err != nil {
		return err
	}
	chosen := func(string) bool { return true }
	if pick != nil {
		var names []string
		for _, member := range a.Names {
			names = append(names, strings.TrimSuffix(member, ".npy"))
		}
		picked := map[string]bool{}
		for _, name := range pick(names) {
			picked[name] = true
		}
		chosen = func(member string) bool { return picked[strings.TrimSuffix(member, ".npy")] }
	}
	for _, member := range a.Names {
		if !chosen(member) {
			continue
		}
		if lim.Outline && over != nil && !a.Holds(member) {
			head, size, err := a.Skim(member, headed)
			if err == nil {
				err = over(strings.TrimSuffix(member, ".npy"), head, size)
			}
			if err != nil {
				return err
			}
			continue
		}
		data, err := a.Read(member, lim.Decompressed)
		if err != nil {
			return err
		}
		if err := f(strings.TrimSuffix(member, ".npy"), data); err != nil {
			return err
		}
	}
	return nil
}

// emptyArchive is an archive without members.
const emptyArchive = "PK\x05\x06" + "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
