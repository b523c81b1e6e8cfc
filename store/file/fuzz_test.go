package file

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/larder-ml/larder/internal/fixture"
	"github.com/larder-ml/larder/pack"
	"github.com/larder-ml/larder/store"
)

// FuzzFolder reads a registry somebody else wrote: the files of a version, its name, the text of an alias and where latest leads. What
// it finds lies inside.
func FuzzFolder(f *testing.F) {
	read := func(name string) []byte { return fixture.Read(f, "document/"+name) }
	model, meta, answers := read("text_model.joblib"), read("text_metadata.json"), read("text_validation.json")
	f.Add(meta, answers, "0123abcd", "0123abcd", "0123abcd\n")
	f.Add([]byte(`{"larder":{"fingerprint":"0123abcd"}}`), []byte(`{}`), "0123abcd", "../0123abcd", "..")
	dir := f.TempDir()
	link := filepath.Join(dir, "clf", store.Latest)
	f.Fuzz(func(t *testing.T, meta, answers []byte, id, latest, alias string) {
		if strings.ContainsAny(id, "/\x00") || id == "" || id[0] == '.' || len(id) > 100 || len(latest) > 200 || strings.Contains(latest, "\x00") || latest == "" {
			return
		}
		home := filepath.Join(dir, "clf", id)
		if os.MkdirAll(home, 0o700) != nil {
			return
		}
		defer os.RemoveAll(filepath.Join(dir, "clf"))
		fixture.Write(t, filepath.Join(home, prefixName), map[string][]byte{pack.ModelSuffix: model, pack.MetadataSuffix: meta, pack.ValidationSuffix: answers})
		_ = os.Symlink(latest, link)
		_ = os.WriteFile(filepath.Join(dir, "clf", "best"), []byte(alias), 0o600)
		s, err := Open(context.Background(), dir)
		if err != nil {
			t.Fatal(err)
		}
		inside := func(v store.Version) {
			if v.Prefix != "" {
				fixture.Inside(t, dir, v.Prefix)
			}
		}
		for _, ref := range []string{"clf", "clf:" + id, "clf:latest", "clf@best", "clf@sha256:" + id} {
			if r, err := store.ParseRef(ref); err == nil {
				if v, err := s.Resolve(context.Background(), r); err == nil {
					inside(v)
				}
			}
		}
		if vs, err := s.Versions(context.Background(), "clf"); err == nil {
			for _, v := range vs {
				inside(v)
			}
		}
		_, _, _ = s.Check(context.Background())
	})
}
