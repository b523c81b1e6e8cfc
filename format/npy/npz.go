package npy

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/larder-ml/larder/format/pickle"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/source"
)

// DecodeZip reads an .npz archive with the trace of its object arrays. Root is a dict of arrays by name.
func DecodeZip(src *source.Source, lim source.Limits) (*pyobj.Doc, error) {
	doc := &pyobj.Doc{Format: "npz", Compressor: "zip", Protocol: -1, Size: src.Len()}
	out := &pyobj.Dict{}
	err := members(src.All(), lim, func(name string, data []byte) error {
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
	})
	if err != nil {
		return doc, err
	}
	doc.Root = out
	return doc, nil
}

// Zip reads an .npz archive: its arrays by name, in the archive's order. All members together are held to
// lim.Decompressed.
func Zip(b []byte, lim source.Limits) (names []string, arrays map[string]*pyobj.Array, err error) {
	arrays = map[string]*pyobj.Array{}
	err = members(b, lim, func(name string, data []byte) error {
		a, _, err := Array(data, lim)
		if err != nil {
			return fmt.Errorf("member %q: %w", name, err)
		}
		names = append(names, name)
		arrays[name] = a
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	return names, arrays, nil
}

// members gives the members of an archive one by one, each name once and without .npy.
func members(b []byte, lim source.Limits, f func(name string, data []byte) error) error {
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return &SyntaxError{0, "not a zip archive: " + err.Error()}
	}
	if len(z.File) > lim.Entries {
		return &source.LimitError{Limit: "zip entries", Value: int64(len(z.File)), Max: int64(lim.Entries), Offset: -1}
	}
	seen := map[string]bool{}
	left := lim.Decompressed
	for _, m := range z.File {
		name := strings.TrimSuffix(m.Name, ".npy")
		if seen[name] || len(name) > lim.Name {
			return &SyntaxError{-1, fmt.Sprintf("member %.80q stands twice or has too long a name", m.Name)}
		}
		seen[name] = true
		r, err := m.Open()
		if err != nil {
			return &SyntaxError{-1, fmt.Sprintf("member %q: %v", m.Name, err)}
		}
		data, err := io.ReadAll(io.LimitReader(r, left+1))
		r.Close()
		if err != nil {
			return &SyntaxError{-1, fmt.Sprintf("member %q: %v", m.Name, err)}
		}
		if left -= int64(len(data)); left < 0 {
			return &source.LimitError{Limit: "decompressed bytes", Value: lim.Decompressed + 1, Max: lim.Decompressed, Offset: -1}
		}
		if err := f(name, data); err != nil {
			return err
		}
	}
	return nil
}
