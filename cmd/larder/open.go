package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/larder-ml/larder"
	"github.com/larder-ml/larder/audit"
	"github.com/larder-ml/larder/pack"
	"github.com/larder-ml/larder/source"
	"github.com/larder-ml/larder/store"
	"github.com/larder-ml/larder/store/file"
)

// addOpen adds the flags of verbs that open a model.
func addOpen(cmd *cobra.Command) {
	cmd.Flags().String("select", "", "pick one estimator of the file: a key, a position, steps[1]")
	cmd.Flags().StringSlice("trusted", nil, "classes of your own to allow, by exact name")
}

func openOptions(cmd *cobra.Command) []larder.Option {
	var opts []larder.Option
	if s, _ := cmd.Flags().GetString("select"); s != "" {
		opts = append(opts, larder.Select(s))
	}
	if t, _ := cmd.Flags().GetStringSlice("trusted"); len(t) > 0 {
		opts = append(opts, larder.Trusted(t...))
	}
	return opts
}

// target is what a MODEL argument names.
type target struct {
	file    string         // a model file; "-" for standard input
	prefix  string         // a package
	version *store.Version // of the registry
}

// locate finds what a MODEL argument names: a file, a package by its prefix or folder, a folder of another tool, a
// reference to the registry.
func locate(cmd *cobra.Command, name string) (target, error) {
	if scheme, _, ok := strings.Cut(name, "://"); ok {
		return target{}, usagef("%s:// is not a place this program reads models from", scheme)
	}
	if filepath.Base(name) == "MLmodel" { // the description stands for its folder
		name = filepath.Dir(name)
	}
	info, err := os.Stat(name)
	prefix, packaged := pack.Locate(name)
	// A package's model file stands for itself, what lies beside it for the package.
	if name == "-" || err == nil && !info.IsDir() && (!packaged || strings.HasSuffix(name, pack.ModelSuffix)) {
		return target{file: name}, nil
	}
	if packaged {
		return target{prefix: prefix}, nil
	}
	if err == nil {
		f, err := pack.ModelFile(name)
		return target{file: f}, err
	}
	ref, refErr := store.ParseRef(name)
	if refErr != nil || strings.ContainsRune(name, os.PathSeparator) && strings.Contains(name, ".") {
		return target{}, err // no such file
	}
	s, openErr := openRegistry(cmd)
	if openErr != nil {
		return target{}, openErr
	}
	v, resolveErr := s.Resolve(cmd.Context(), ref)
	if resolveErr != nil {
		if _, statErr := os.Stat(s.Dir()); statErr != nil {
			return target{}, err
		}
		return target{}, resolveErr
	}
	return target{prefix: v.Prefix, version: &v}, nil
}

// openRegistry opens the registry of --registry, LARDER_REGISTRY or ./models.
func openRegistry(cmd *cobra.Command) (*file.Store, error) {
	dir, _ := cmd.Flags().GetString("registry")
	if dir == "" {
		dir = os.Getenv("LARDER_REGISTRY")
	}
	if dir == "" {
		dir = "models"
	}
	if scheme, _, ok := strings.Cut(dir, "://"); ok {
		return nil, usagef("%s:// is not a place this program keeps a registry in", scheme)
	}
	ctx := cmd.Context()
	if ctx == nil {
		ctx = context.Background()
	}
	return file.Open(ctx, dir)
}

// openModel opens what a MODEL argument names and judges all of it, as audit does.
func openModel(cmd *cobra.Command, name string) (*larder.Model, error) {
	_, m, err := openPackage(cmd, name)
	return m, err
}

// openOutline is openModel for whoever looks at a file and computes nothing from it.
func openOutline(cmd *cobra.Command, name string) (*larder.Model, error) {
	t, err := locate(cmd, name)
	if err != nil {
		return nil, err
	}
	_, m, err := t.open(cmd, larder.Outline())
	if err == nil && m.Doc().Unread == 0 { // what was not kept was judged when it was opened
		err = judged(m)
	}
	return m, err
}

// judged is the error of a model that is refused when all of it is judged.
func judged(m *larder.Model) error {
	r, err := m.Judge()
	if err == nil && r.Verdict == audit.Refused {
		err = &larder.UnsafeError{Report: r}
	}
	return err
}

// openPackage opens what a MODEL argument names and judges all of it; the package is nil for a file that stands alone.
func openPackage(cmd *cobra.Command, name string) (*pack.Package, *larder.Model, error) {
	p, m, err := openToRun(cmd, name)
	if err != nil {
		return nil, nil, err
	}
	if err := judged(m); err != nil {
		return nil, nil, err
	}
	return p, m, nil
}

// openToRun opens what a MODEL argument names and leaves the trees of a big file unread: rows are answered with a proof of
// every step.
func openToRun(cmd *cobra.Command, name string) (*pack.Package, *larder.Model, error) {
	t, err := locate(cmd, name)
	if err != nil {
		return nil, nil, err
	}
	return t.open(cmd)
}

// open opens a package's model, or a file's, for which there is no package.
func (t target) open(cmd *cobra.Command, how ...larder.Option) (p *pack.Package, m *larder.Model, err error) {
	bar := newBar(os.Stderr)
	defer bar.end()
	opts := append(append(openOptions(cmd), how...), larder.Progress(func(done, total int64) { bar.bytes("reading", done, total) }))
	if t.prefix != "" {
		if p, err = pack.Read(t.prefix); err != nil {
			return nil, nil, err
		}
	}
	m, err = await(cmd.Context(), func() (*larder.Model, error) {
		switch {
		case p != nil:
			return p.Open(opts...)
		case t.file == "-":
			return larder.OpenReader(os.Stdin, opts...)
		}
		return larder.Open(t.file, opts...)
	})
	if err == nil {
		tellBeside(m)
	}
	return p, m, err
}

// tellBeside says what else the file holds that is not applied.
func tellBeside(m *larder.Model) {
	for i, o := range m.Beside() {
		if i == 3 {
			note("the file holds %d more objects", len(m.Beside())-i)
			break
		}
		note("the file also holds %s (%s), which is not applied", o.Path, o.Type)
	}
}

// path is the model's file.
func (t target) path() string {
	if t.prefix != "" {
		return t.prefix + pack.ModelSuffix
	}
	return t.file
}

// read opens a model and gives the bytes of its file, too.
func (t target) read(cmd *cobra.Command) (*larder.Model, []byte, error) {
	in, err := openInput(cmd.Context(), t.path())
	if err != nil {
		return nil, nil, err
	}
	defer in.Close()
	b, err := source.ReadAll(in, 0, source.Default().File)
	if err != nil {
		return nil, nil, err
	}
	if _, plain := in.(*os.File); plain {
		_, m, err := t.open(cmd) // which finds its companions
		return m, b, err
	}
	m, err := larder.OpenBytes(b, openOptions(cmd)...)
	if err == nil {
		tellBeside(m)
	}
	return m, b, err
}

// openSource opens a file to be read without judging it.
func openSource(cmd *cobra.Command, name string) (*source.Source, error) {
	return await(cmd.Context(), func() (*source.Source, error) {
		if name == "-" {
			return source.Reader(os.Stdin, source.Default())
		}
		return source.Open(name, source.Default())
	})
}
