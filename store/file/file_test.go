package file

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/larder-ml/larder"
	"github.com/larder-ml/larder/internal/fixture"
	"github.com/larder-ml/larder/pack"
	"github.com/larder-ml/larder/store"
	"github.com/larder-ml/larder/store/storetest"
)

func open(t *testing.T, dir string) *Store {
	t.Helper()
	s, err := Open(context.Background(), dir)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSuite(t *testing.T) {
	storetest.Run(t, fixture.Path(t, "document"), func(t *testing.T) store.Store { return open(t, filepath.Join(t.TempDir(), "models")) })
}

// published makes a registry of one version.
func published(t *testing.T) (*Store, store.Version) {
	t.Helper()
	s := open(t, filepath.Join(t.TempDir(), "models"))
	v, _, err := s.Publish(context.Background(), "clf", storetest.Files(t, filepath.Join(fixture.Path(t, "document"), "text_model.joblib"), nil))
	if err != nil {
		t.Fatal(err)
	}
	return s, v
}

func TestLayoutIsTheDocuments(t *testing.T) {
	s, v := published(t)
	for _, f := range []string{"model_model.joblib", "model_metadata.json", "model_validation.json"} {
		info, err := os.Lstat(filepath.Join(s.Dir(), "clf", v.ID, f))
		if err != nil || !info.Mode().IsRegular() || info.Mode().Perm() != 0o644 {
			t.Errorf("%s: %v, %v", f, info, err)
		}
	}
	if target, err := os.Readlink(filepath.Join(s.Dir(), "clf", "latest")); err != nil || target != v.ID {
		t.Errorf("latest → %q, %v", target, err)
	}
	entries, err := os.ReadDir(filepath.Join(s.Dir(), "clf"))
	if err != nil || len(entries) != 2 {
		t.Errorf("%v, %v: something was left behind", entries, err)
	}
}

// TestLatestIsReadInEveryForm: people link to the folder's name, to a path from the registry's root, to an absolute path.
func TestLatestIsReadInEveryForm(t *testing.T) {
	s, v := published(t)
	link := filepath.Join(s.Dir(), "clf", "latest")
	for _, target := range []string{v.ID, "models/clf/" + v.ID, filepath.Join(s.Dir(), "clf", v.ID), "./" + v.ID + "/"} {
		if err := os.Remove(link); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(target, link); err != nil {
			t.Fatal(err)
		}
		got, err := s.Resolve(context.Background(), store.Ref{Name: "clf"})
		if err != nil || got.ID != v.ID {
			t.Errorf("%s: %+v, %v", target, got, err)
		}
	}
}

func TestLinksAreRefused(t *testing.T) {
	ctx := context.Background()
	s, v := published(t)
	outside := t.TempDir()
	move := func(path string) {
		t.Helper()
		to := filepath.Join(outside, filepath.Base(path))
		if err := os.Rename(path, to); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(to, path); err != nil {
			t.Fatal(err)
		}
	}
	back := func(path string) {
		t.Helper()
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(filepath.Join(outside, filepath.Base(path)), path); err != nil {
			t.Fatal(err)
		}
	}
	home := filepath.Join(s.Dir(), "clf")
	for _, path := range []string{home, filepath.Join(home, v.ID), filepath.Join(home, v.ID, "model_model.joblib"), filepath.Join(home, v.ID, "model_metadata.json")} {
		move(path)
		if got, err := s.Resolve(ctx, store.Ref{Name: "clf", Version: v.ID}); !errors.Is(err, larder.ErrUnsafe) {
			t.Errorf("%s is a link: %+v, %v", filepath.Base(path), got, err)
		}
		back(path)
	}
	// latest to somewhere else never leaves the folder
	link := filepath.Join(home, "latest")
	if err := os.Remove(link); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("../../../etc", link); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Resolve(ctx, store.Ref{Name: "clf"}); !errors.Is(err, larder.ErrNotFound) {
		t.Errorf("%+v, %v", got, err)
	}
}

// TestAliasesAreReadFromPlainFilesAlone puts into the folder of aliases what others may leave there.
func TestAliasesAreReadFromPlainFilesAlone(t *testing.T) {
	ctx := context.Background()
	s, v := published(t)
	if err := s.Alias(ctx, "clf", "champion", v.ID); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(s.Dir(), "clf", aliasDir)
	secret := filepath.Join(t.TempDir(), "secret")
	for path, text := range map[string]string{secret: v.ID, filepath.Join(dir, ".tmp-1"): v.ID, filepath.Join(dir, "long"): strings.Repeat("x", 1<<20)} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(secret, filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	versions, err := s.Versions(ctx, "clf")
	if err != nil || len(versions) != 1 || strings.Join(versions[0].Aliases, " ") != "champion" {
		t.Errorf("%+v, %v", versions, err)
	}
	for _, alias := range []string{"link", "long"} {
		if got, err := s.Resolve(ctx, store.Ref{Name: "clf", Alias: alias}); !errors.Is(err, larder.ErrNotFound) || strings.Contains(err.Error(), "xxxx") {
			t.Errorf("%s: %+v, %v", alias, got, err)
		}
	}
}

func TestCheckSeesWhatWasChanged(t *testing.T) {
	ctx := context.Background()
	for name, change := range map[string]func(dir string) error{
		"model": func(d string) error { return os.WriteFile(filepath.Join(d, "model_model.joblib"), []byte("x"), 0o600) },
		"validation": func(d string) error {
			p := filepath.Join(d, "model_validation.json")
			b, err := os.ReadFile(p)
			if err != nil {
				return err
			}
			return os.WriteFile(p, []byte(strings.Replace(string(b), `"yes"`, `"no"`, 1)), 0o600)
		},
		"missing": func(d string) error { return os.Remove(filepath.Join(d, "model_model.joblib")) },
		"renamed": func(d string) error { return os.Rename(d, filepath.Join(filepath.Dir(d), "01234567")) },
	} {
		s, v := published(t)
		if n, found, err := s.Check(ctx); err != nil || n != 1 || len(found) != 0 {
			t.Fatalf("%d, %v, %v", n, found, err)
		}
		if err := change(filepath.Join(s.Dir(), "clf", v.ID)); err != nil {
			t.Fatal(err)
		}
		if _, found, err := s.Check(ctx); err != nil || len(found) == 0 {
			t.Errorf("%s: %v, %v", name, found, err)
		}
	}
}

func TestDebrisOfACrashIsPassedOver(t *testing.T) {
	s, v := published(t)
	if err := os.MkdirAll(filepath.Join(s.Dir(), "clf", ".tmp-123"), 0o700); err != nil {
		t.Fatal(err)
	}
	versions, err := s.Versions(context.Background(), "clf")
	if err != nil || len(versions) != 1 || versions[0].ID != v.ID {
		t.Errorf("%v, %v", versions, err)
	}
}

func TestReadOnlyRegistry(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("the superuser may write anywhere")
	}
	dir := filepath.Join(t.TempDir(), "models")
	if err := os.Mkdir(dir, 0o500); err != nil {
		t.Fatal(err)
	}
	_, _, err := open(t, dir).Publish(context.Background(), "clf", &pack.Files{ID: "01234567"})
	if !errors.Is(err, store.ErrStorage) {
		t.Errorf("%v", err)
	}
}

// TestDocumentsClass runs the seed document's ModelRegistry in one folder with ours.
func TestDocumentsClass(t *testing.T) {
	python := fixture.Python(t)
	ctx := context.Background()
	dir := filepath.Join(t.TempDir(), "models")
	run := func(args ...string) string {
		t.Helper()
		out, err := exec.Command(python, append([]string{filepath.Join(fixture.Root(t), "testdata", "gen", "document.py")}, args...)...).CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		return strings.TrimSpace(string(out))
	}
	id := run("register", dir, "clf")
	s := open(t, dir)
	v, err := s.Resolve(ctx, store.Ref{Name: "clf"})
	if err != nil || v.ID != id || v.Made != "document" || !v.Latest || v.Metrics["f1"] != 0.9 {
		t.Fatalf("%+v, %v; the class registered %s", v, err, id)
	}
	p, err := pack.Read(v.Prefix)
	if err != nil {
		t.Fatal(err)
	}
	m, err := p.Open()
	if err != nil {
		t.Fatal(err)
	}
	if c, err := p.Validate(ctx, m, nil); err != nil || c.Verdict != pack.Unproven {
		t.Errorf("%+v, %v", c, err)
	}
	ours, _, err := s.Publish(ctx, "clf", storetest.Files(t, filepath.Join(fixture.Path(t, "document"), "text_model.joblib"), nil))
	if err != nil {
		t.Fatal(err)
	}
	if got := run("resolve", dir, "clf"); got != ours.ID+" Pipeline None" {
		t.Errorf("the class reads %q, want %s", got, ours.ID)
	}
	// The class registers over ours: its link replaces ours, our version stays what it is.
	other := run("register", dir, "clf", "0.5")
	if v, err := s.Resolve(ctx, store.Ref{Name: "clf"}); err != nil || v.ID != other {
		t.Errorf("%+v, %v", v, err)
	}
	if n, found, err := s.Check(ctx); err != nil || n != 3 || len(found) != 0 {
		t.Errorf("%d, %v, %v", n, found, err)
	}
}
