// Package file keeps a registry in a folder, as the seed document's class does, readable and writable by that class:
//
//	models/<name>/<version>/model_model.joblib, model_metadata.json, model_validation.json
//	models/<name>/latest             symbolic link to the version registered last
//	models/<name>/.aliases/<alias>   a version's id
//
// Version folders are plain copies: the document's class writes in place, and a hard link would be written through.
// Folders that class made are versions like any other.
//
// # Security
//
// A version is written beside its final place, synced, and renamed; an acknowledged Publish survives a crash, another one
// leaves nothing but a hidden folder. Names are checked; symbolic links other than latest are refused, and latest is
// read for the last part of its target only: what it leads to is always a folder beside it.
package file

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/larder-ml/larder"
	"github.com/larder-ml/larder/pack"
	"github.com/larder-ml/larder/store"
)

// prefixName is what the files of a version begin with.
const prefixName = "model"

// aliasDir holds the aliases of a model.
const aliasDir = ".aliases"

// Store is a registry in a folder.
type Store struct{ dir string }

var _ store.Store = (*Store)(nil)

// Open opens the registry in dir. The folder need not be there until something is published.
func Open(_ context.Context, dir string) (*Store, error) {
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, storage(dir, err)
	case !info.IsDir():
		return nil, &store.Error{Ref: dir, Msg: "is no folder", Err: larder.ErrNotFound}
	}
	return &Store{dir}, nil
}

// Init makes the folder.
func (s *Store) Init() error {
	if err := os.MkdirAll(s.dir, 0o755); err != nil {
		return storage(s.dir, err)
	}
	return storage(s.dir, pack.SyncDir(filepath.Dir(filepath.Clean(s.dir))))
}

// Dir returns the registry's folder.
func (s *Store) Dir() string { return s.dir }

func storage(ref string, err error) error {
	if err == nil {
		return nil
	}
	return &store.Error{Ref: ref, Msg: err.Error(), Err: errors.Join(store.ErrStorage, err)}
}

// Publish adds a version.
func (s *Store) Publish(ctx context.Context, name string, f *pack.Files) (store.Version, bool, error) {
	var none store.Version
	if err := store.CheckName("model name", name); err != nil {
		return none, false, err
	}
	if err := ctx.Err(); err != nil {
		return none, false, err
	}
	if err := s.Init(); err != nil {
		return none, false, err
	}
	home := filepath.Join(s.dir, name)
	if err := os.Mkdir(home, 0o755); err == nil {
		if err := pack.SyncDir(s.dir); err != nil {
			return none, false, storage(name, err)
		}
	} else if !errors.Is(err, fs.ErrExist) {
		return none, false, storage(name, err)
	}
	if err := realDir(home); err != nil {
		return none, false, err
	}
	made := true
	switch old, err := s.version(name, f.ID); {
	case err == nil && old.Fingerprint == f.Fingerprint:
		made = false
	case err == nil && old.Problem != "":
		return none, false, &store.Error{Ref: name + ":" + f.ID, Msg: "a version of that id is there and cannot be used: " + old.Problem, Err: store.ErrConflict}
	case err == nil && old.Made == "document":
		return none, false, &store.Error{Ref: name + ":" + f.ID, Msg: "a version of that id was made by another program", Err: store.ErrConflict}
	case err == nil:
		return none, false, &store.Error{Ref: name + ":" + f.ID, Msg: "another model has the same version id", Err: store.ErrConflict}
	case !errors.Is(err, larder.ErrNotFound):
		return none, false, err
	}
	if made {
		tmp, err := os.MkdirTemp(home, ".tmp-")
		if err != nil {
			return none, false, storage(name, err)
		}
		defer os.RemoveAll(tmp) // nothing is left of it once it was renamed
		if err := os.Chmod(tmp, 0o755); err != nil {
			return none, false, storage(name, err)
		}
		if err := f.Write(filepath.Join(tmp, prefixName)); err != nil {
			return none, false, storage(name, err)
		}
		// A folder is never renamed over one that is not empty: of two writers one is told so.
		err = os.Rename(tmp, filepath.Join(home, f.ID))
		if err != nil {
			other, e := s.version(name, f.ID)
			if e != nil || other.Fingerprint != f.Fingerprint {
				return none, false, storage(name, err)
			}
			made = false
		}
		if err := pack.SyncDir(home); err != nil {
			return none, false, storage(name, err)
		}
	}
	if err := s.setLatest(home, f.ID); err != nil {
		return none, false, storage(name, err)
	}
	v, err := s.version(name, f.ID)
	v.Latest = true
	return v, made, err
}

// setLatest replaces the link in one step.
func (s *Store) setLatest(home, id string) error {
	link := filepath.Join(home, store.Latest)
	if info, err := os.Lstat(link); err == nil && info.Mode()&os.ModeSymlink == 0 {
		return fmt.Errorf("latest is no symbolic link")
	}
	for i := range 100 {
		tmp := filepath.Join(home, fmt.Sprintf(".tmp-latest-%d-%d", os.Getpid(), i))
		err := os.Symlink(id, tmp)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return err
		}
		if err := os.Rename(tmp, link); err != nil {
			_ = os.Remove(tmp)
			return err
		}
		return pack.SyncDir(home)
	}
	return fmt.Errorf("temporary links of other programs are in the way")
}

// realDir refuses a folder that is a link.
func realDir(dir string) error {
	info, err := os.Lstat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return store.NotFound(filepath.Base(dir), "is not in the registry")
	case err != nil:
		return storage(filepath.Base(dir), err)
	case info.Mode()&os.ModeSymlink != 0:
		return &store.Error{Ref: filepath.Base(dir), Msg: "is a symbolic link, wanted a folder", Err: larder.ErrUnsafe}
	case !info.IsDir():
		return store.NotFound(filepath.Base(dir), "is no folder")
	}
	return nil
}

// version reads what is known of one version.
func (s *Store) version(name, id string) (store.Version, error) {
	v := store.Version{Name: name, ID: id, Aliases: []string{}, Metrics: map[string]any{}}
	for kind, n := range map[string]string{"model name": name, "version": id} {
		if err := store.CheckName(kind, n); err != nil {
			return v, err
		}
	}
	dir := filepath.Join(s.dir, name, id)
	for _, d := range []string{filepath.Dir(dir), dir} {
		if err := realDir(d); err != nil {
			var e *store.Error
			if errors.As(err, &e) {
				e.Ref = name + ":" + id
			}
			return v, err
		}
	}
	v.Prefix = filepath.Join(dir, prefixName)
	for _, suffix := range []string{pack.ModelSuffix, pack.MetadataSuffix, pack.ValidationSuffix} {
		info, err := os.Lstat(v.Prefix + suffix)
		switch {
		case errors.Is(err, fs.ErrNotExist) && suffix == pack.ValidationSuffix:
		case errors.Is(err, fs.ErrNotExist):
			return v, store.NotFound(v.Ref(), prefixName+suffix+" is missing")
		case err != nil:
			return v, storage(v.Ref(), err)
		case !info.Mode().IsRegular():
			return v, &store.Error{Ref: v.Ref(), Msg: prefixName + suffix + " is no plain file", Err: larder.ErrUnsafe}
		}
	}
	p, err := pack.Read(v.Prefix)
	if err != nil {
		v.Problem = err.Error()
		if info, e := os.Stat(v.Prefix + pack.ModelSuffix); e == nil {
			v.CreatedAt = info.ModTime().UTC().Format(time.RFC3339)
		}
		return v, nil
	}
	m := &p.Metadata
	v.CreatedAt, v.ModelType, v.Made = m.CreatedAt, m.ModelType, p.Made
	if m.SklearnVersion != nil {
		v.Sklearn = *m.SklearnVersion
	}
	if m.Metrics != nil {
		v.Metrics = m.Metrics
	}
	if m.Larder != nil {
		v.Fingerprint = m.Larder.Fingerprint
		if !strings.HasPrefix(v.Fingerprint, id) {
			return v, &store.Error{Ref: v.Ref(), Msg: "the folder holds the model of version " + v.Fingerprint[:min(8, len(v.Fingerprint))], Err: pack.ErrSignature}
		}
	}
	return v, nil
}

// latest reads the link: the last part of its target, whatever comes before. The document's class takes it away for a
// moment when it moves it.
func (s *Store) latest(name string) (string, error) {
	home := filepath.Join(s.dir, name)
	if err := realDir(home); err != nil {
		return "", err
	}
	link := filepath.Join(home, store.Latest)
	for range 20 {
		target, err := os.Readlink(link)
		if err == nil {
			return path.Base(filepath.ToSlash(target)), nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return "", &store.Error{Ref: name + ":latest", Msg: "latest is no symbolic link", Err: larder.ErrNotFound}
		}
		time.Sleep(5 * time.Millisecond)
	}
	return "", store.NotFound(name+":latest", "no version is the latest")
}

// Resolve finds a version.
func (s *Store) Resolve(ctx context.Context, r store.Ref) (store.Version, error) {
	var none store.Version
	if err := store.CheckName("model name", r.Name); err != nil {
		return none, err
	}
	id := r.Version
	switch {
	case id != "":
	case r.Digest != "":
		all, err := s.Versions(ctx, r.Name)
		if err != nil {
			return none, err
		}
		var found []store.Version
		for _, v := range all {
			if strings.HasPrefix(v.Fingerprint, r.Digest) {
				found = append(found, v)
			}
		}
		if len(found) != 1 {
			return none, store.NotFound(r.String(), fmt.Sprintf("%d versions have that fingerprint", len(found)))
		}
		return found[0], nil
	case r.Alias == store.Latest || r.Alias == "":
		var err error
		if id, err = s.latest(r.Name); err != nil {
			return none, err
		}
	default:
		if err := store.CheckName("alias", r.Alias); err != nil {
			return none, err
		}
		if err := realDir(filepath.Join(s.dir, r.Name)); err != nil {
			return none, err
		}
		all, err := s.aliases(r.Name)
		if err != nil {
			return none, err
		}
		var ok bool
		if id, ok = all[r.Alias]; !ok {
			return none, store.NotFound(r.String(), "no such alias")
		}
		if store.CheckName("version", id) != nil {
			return none, store.NotFound(r.String(), "the alias names no version")
		}
	}
	v, err := s.version(r.Name, id)
	if err != nil {
		return none, err
	}
	return v, s.point(&v)
}

// point fills in what points at a version.
func (s *Store) point(v *store.Version) error {
	if id, err := os.Readlink(filepath.Join(s.dir, v.Name, store.Latest)); err == nil {
		v.Latest = path.Base(filepath.ToSlash(id)) == v.ID
	}
	all, err := s.aliases(v.Name)
	if err != nil {
		return err
	}
	for alias, id := range all {
		if id == v.ID {
			v.Aliases = append(v.Aliases, alias)
		}
	}
	slices.Sort(v.Aliases)
	return nil
}

// aliases reads which version each alias of a model stands for: the plain files of the folder that go by an alias's name.
func (s *Store) aliases(name string) (map[string]string, error) {
	dir := filepath.Join(s.dir, name, aliasDir)
	all := map[string]string{}
	if err := realDir(dir); errors.Is(err, larder.ErrNotFound) {
		return all, nil
	} else if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, storage(name, err)
	}
	for _, e := range entries {
		if !e.Type().IsRegular() || store.CheckName("alias", e.Name()) != nil {
			continue // being written, or put there by another hand
		}
		f, err := os.Open(filepath.Join(dir, e.Name()))
		if errors.Is(err, fs.ErrNotExist) {
			continue // taken away meanwhile
		}
		if err != nil {
			return nil, storage(name, err)
		}
		b, err := io.ReadAll(io.LimitReader(f, 256)) // a version's name is shorter
		f.Close()
		if err != nil {
			return nil, storage(name, err)
		}
		all[e.Name()] = strings.TrimSpace(string(b))
	}
	return all, nil
}

// Names lists the models.
func (s *Store) Names(context.Context) ([]string, error) {
	entries, err := os.ReadDir(s.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &store.Error{Ref: s.dir, Msg: "there is no registry", Err: larder.ErrNotFound}
	}
	if err != nil {
		return nil, storage(s.dir, err)
	}
	names := []string{}
	for _, e := range entries {
		if e.IsDir() && store.CheckName("model name", e.Name()) == nil {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// Versions lists a model's versions, newest first.
func (s *Store) Versions(_ context.Context, name string) ([]store.Version, error) {
	if err := store.CheckName("model name", name); err != nil {
		return nil, err
	}
	home := filepath.Join(s.dir, name)
	if err := realDir(home); err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(home)
	if err != nil {
		return nil, storage(name, err)
	}
	out := []store.Version{}
	for _, e := range entries {
		if !e.IsDir() || store.CheckName("version", e.Name()) != nil {
			continue
		}
		v, err := s.version(name, e.Name())
		if errors.Is(err, store.ErrStorage) {
			return nil, err
		}
		if err != nil {
			v.Problem = err.Error()
		}
		if err := s.point(&v); err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	slices.SortStableFunc(out, func(a, b store.Version) int {
		if c := strings.Compare(b.CreatedAt, a.CreatedAt); c != 0 {
			return c
		}
		return strings.Compare(a.ID, b.ID)
	})
	return out, nil
}

// Alias makes an alias stand for a version. latest moves the link.
func (s *Store) Alias(_ context.Context, name, alias, id string) error {
	if err := store.CheckName("alias", alias); err != nil {
		return err
	}
	if _, err := s.version(name, id); err != nil {
		return err
	}
	home := filepath.Join(s.dir, name)
	if alias == store.Latest {
		return storage(name, s.setLatest(home, id))
	}
	dir := filepath.Join(home, aliasDir)
	if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return storage(name, err)
	}
	if err := realDir(dir); err != nil {
		return err
	}
	return storage(name, pack.WriteFile(filepath.Join(dir, alias), []byte(id+"\n")))
}

// Check reads every version again.
func (s *Store) Check(ctx context.Context) (int, []store.Finding, error) {
	found := []store.Finding{}
	names, err := s.Names(ctx)
	if err != nil {
		return 0, nil, err
	}
	n := 0
	for _, name := range names {
		bad := func(ref, format string, args ...any) {
			found = append(found, store.Finding{Ref: ref, Problem: fmt.Sprintf(format, args...)})
		}
		versions, err := s.Versions(ctx, name)
		if err != nil {
			bad(name, "%v", err)
			continue
		}
		ids := map[string]bool{}
		for _, v := range versions {
			if ctx.Err() != nil {
				return n, found, ctx.Err()
			}
			n++
			ids[v.ID] = true
			if v.Problem != "" {
				bad(v.Ref(), "%s", v.Problem)
				continue
			}
			if err := checkVersion(ctx, v); err != nil {
				bad(v.Ref(), "%v", err)
			}
		}
		if len(versions) > 0 {
			if id, err := s.latest(name); err != nil {
				bad(name, "%v", err)
			} else if !ids[id] {
				bad(name+":latest", "points at %q, which is no version", id)
			}
		}
		aliases, err := s.aliases(name)
		if err != nil {
			bad(name, "%v", err)
		}
		for _, alias := range slices.Sorted(maps.Keys(aliases)) {
			if id := aliases[alias]; !ids[id] {
				bad(name+"@"+alias, "points at %q, which is no version", id)
			}
		}
	}
	return n, found, nil
}

func checkVersion(ctx context.Context, v store.Version) error {
	p, err := pack.Read(v.Prefix)
	if err != nil {
		return err
	}
	m, err := p.Open()
	if err != nil {
		return err
	}
	if err := m.Trustworthy(); err != nil {
		return err
	}
	c, err := p.Validate(ctx, m, nil)
	if err != nil {
		return err
	}
	if c.Verdict == pack.Differs {
		return &store.Error{Ref: v.Ref(), Msg: "stored answers differ: " + c.Why, Err: pack.ErrSignature}
	}
	return nil
}
