package npy

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/source"
)

// Zip reads an .npz archive: its arrays by name, in the archive's order. All members together are held to
// lim.Decompressed.
func Zip(b []byte, lim source.Limits) (names []string, arrays map[string]*pyobj.Array, err error) {
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return nil, nil, &SyntaxError{0, "not a zip archive: " + err.Error()}
	}
	if len(z.File) > lim.Entries {
		return nil, nil, &source.LimitError{Limit: "zip entries", Value: int64(len(z.File)), Max: int64(lim.Entries), Offset: -1}
	}
	arrays = map[string]*pyobj.Array{}
	left := lim.Decompressed
	for _, f := range z.File {
		name := strings.TrimSuffix(f.Name, ".npy")
		if _, dup := arrays[name]; dup || len(name) > lim.Name {
			return nil, nil, &SyntaxError{-1, fmt.Sprintf("member %.80q stands twice or has too long a name", f.Name)}
		}
		r, err := f.Open()
		if err != nil {
			return nil, nil, &SyntaxError{-1, fmt.Sprintf("member %q: %v", f.Name, err)}
		}
		data, err := io.ReadAll(io.LimitReader(r, left+1))
		r.Close()
		if err != nil {
			return nil, nil, &SyntaxError{-1, fmt.Sprintf("member %q: %v", f.Name, err)}
		}
		if left -= int64(len(data)); left < 0 {
			return nil, nil, &source.LimitError{Limit: "decompressed bytes", Value: lim.Decompressed + 1, Max: lim.Decompressed, Offset: -1}
		}
		a, _, err := Array(data, lim)
		if err != nil {
			return nil, nil, fmt.Errorf("member %q: %w", f.Name, err)
		}
		names = append(names, name)
		arrays[name] = a
	}
	return names, arrays, nil
}
