// Package storetest is the suite every place that keeps a registry must pass.
package storetest

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/larder-ml/larder"
	"github.com/larder-ml/larder/pack"
	"github.com/larder-ml/larder/store"
)

// Files makes the package of a model file with made-up rows.
func Files(t testing.TB, path string, metrics map[string]any) *pack.Files {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	m, err := larder.OpenBytes(b)
	if err != nil {
		t.Fatal(err)
	}
	f, err := pack.Build(context.Background(), pack.Content{Model: m, File: b, Writer: "larder test", Now: time.Now(), Metrics: metrics})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// Run runs the suite. open gives a new, empty place; dir holds model files.
func Run(t *testing.T, dir string, open func(t *testing.T) store.Store) {
	ctx := context.Background()
	a := Files(t, filepath.Join(dir, "text_model.joblib"), map[string]any{"f1": 0.9})
	b := Files(t, filepath.Join(dir, "regressor_model.joblib"), nil)

	t.Run("PublishAndResolve", func(t *testing.T) {
		s := open(t)
		v, made, err := s.Publish(ctx, "clf", a)
		if err != nil || !made || v.ID != a.ID || !v.Latest || v.Fingerprint != a.Fingerprint {
			t.Fatalf("%+v, %v, %v", v, made, err)
		}
		w, made, err := s.Publish(ctx, "clf", b)
		if err != nil || !made {
			t.Fatalf("%+v, %v", w, err)
		}
		for ref, want := range map[string]string{
			"clf": b.ID, "clf:latest": b.ID, "clf@latest": b.ID, "clf/latest": b.ID, "clf:" + a.ID: a.ID, "clf/" + a.ID: a.ID,
			"clf@sha256:" + a.Fingerprint: a.ID, "clf@sha256:" + a.Fingerprint[:12]: a.ID,
		} {
			r, err := store.ParseRef(ref)
			if err != nil {
				t.Fatal(err)
			}
			got, err := s.Resolve(ctx, r)
			if err != nil || got.ID != want || got.Latest != (want == b.ID) {
				t.Errorf("%s: %+v, %v; want %s", ref, got, err, want)
			}
		}
		for _, ref := range []string{"clf:00000000", "other", "clf@champion", "clf@sha256:" + strings.Repeat("0", 64)} {
			r, err := store.ParseRef(ref)
			if err != nil {
				t.Fatal(err)
			}
			if v, err := s.Resolve(ctx, r); !errors.Is(err, larder.ErrNotFound) {
				t.Errorf("%s: %+v, %v", ref, v, err)
			}
		}
		versions, err := s.Versions(ctx, "clf")
		if err != nil || len(versions) != 2 {
			t.Errorf("%v, %v", versions, err)
		}
		names, err := s.Names(ctx)
		if err != nil || len(names) != 1 || names[0] != "clf" {
			t.Errorf("%v, %v", names, err)
		}
	})

	t.Run("SameModelIsOneVersion", func(t *testing.T) {
		s := open(t)
		first, _, err := s.Publish(ctx, "clf", a)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := s.Publish(ctx, "clf", b); err != nil {
			t.Fatal(err)
		}
		again := *a
		again.Metadata = bytes.Replace(a.Metadata, []byte("0.9"), []byte("0.1"), 1)
		v, made, err := s.Publish(ctx, "clf", &again)
		if err != nil || made || v.ID != first.ID || !v.Latest || v.Metrics["f1"] != 0.9 {
			t.Errorf("%+v, %v, %v", v, made, err)
		}
	})

	t.Run("ConflictIsTold", func(t *testing.T) {
		s := open(t)
		if _, _, err := s.Publish(ctx, "clf", a); err != nil {
			t.Fatal(err)
		}
		other := *a
		other.Fingerprint = a.ID + strings.Repeat("0", 56)
		other.Metadata = bytes.ReplaceAll(a.Metadata, []byte(a.Fingerprint), []byte(other.Fingerprint))
		if _, _, err := s.Publish(ctx, "clf", &other); !errors.Is(err, store.ErrConflict) {
			t.Errorf("%v", err)
		}
	})

	t.Run("Aliases", func(t *testing.T) {
		s := open(t)
		for _, f := range []*pack.Files{a, b} {
			if _, _, err := s.Publish(ctx, "clf", f); err != nil {
				t.Fatal(err)
			}
		}
		for _, id := range []string{a.ID, b.ID, a.ID} {
			if err := s.Alias(ctx, "clf", "champion", id); err != nil {
				t.Fatal(err)
			}
		}
		v, err := s.Resolve(ctx, store.Ref{Name: "clf", Alias: "champion"})
		if err != nil || v.ID != a.ID || len(v.Aliases) != 1 || v.Aliases[0] != "champion" {
			t.Errorf("%+v, %v", v, err)
		}
		if err := s.Alias(ctx, "clf", "latest", a.ID); err != nil {
			t.Fatal(err)
		}
		if v, err := s.Resolve(ctx, store.Ref{Name: "clf"}); err != nil || v.ID != a.ID {
			t.Errorf("%+v, %v", v, err)
		}
		if err := s.Alias(ctx, "clf", "champion", "00000000"); !errors.Is(err, larder.ErrNotFound) {
			t.Errorf("%v", err)
		}
	})

	t.Run("HostileNames", func(t *testing.T) {
		s := open(t)
		if _, _, err := s.Publish(ctx, "clf", a); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"", ".", "..", "../x", "a/b", `a\b`, "/etc", "a..b", ".hidden", "a\x00b", "a b", "con", "LPT1.x", "-x", "a.", strings.Repeat("a", 129), "é"} {
			if _, _, err := s.Publish(ctx, name, a); !errors.Is(err, larder.ErrInput) {
				t.Errorf("publish %q: %v", name, err)
			}
			if _, err := s.Resolve(ctx, store.Ref{Name: "clf", Version: name, Alias: name}); err == nil && name != "" {
				t.Errorf("resolve clf:%q works", name)
			}
			if err := s.Alias(ctx, "clf", name, a.ID); !errors.Is(err, larder.ErrInput) {
				t.Errorf("alias %q: %v", name, err)
			}
		}
	})

	t.Run("ManyWriters", func(t *testing.T) {
		s := open(t)
		var wg sync.WaitGroup
		made := make(chan bool, 64)
		for i := range 16 {
			wg.Go(func() {
				for k := range 4 {
					f := a
					if (i+k)%2 == 0 {
						f = b
					}
					_, m, err := s.Publish(ctx, "clf", f)
					if err != nil {
						t.Error(err)
					}
					made <- m
					if v, err := s.Resolve(ctx, store.Ref{Name: "clf"}); err != nil || v.ID != a.ID && v.ID != b.ID || v.Problem != "" {
						t.Errorf("%+v, %v", v, err)
					}
				}
			})
		}
		wg.Wait()
		close(made)
		n := 0
		for m := range made {
			if m {
				n++
			}
		}
		if n != 2 {
			t.Errorf("%d publishes say they made a version, want 2", n)
		}
		if k, found, err := s.Check(ctx); err != nil || k != 2 || len(found) != 0 {
			t.Errorf("%d, %v, %v", k, found, err)
		}
	})
}
