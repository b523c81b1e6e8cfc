package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"unicode"

	"github.com/spf13/cobra"

	"github.com/larder-ml/larder"
	"github.com/larder-ml/larder/pack"
	"github.com/larder-ml/larder/serve"
	"github.com/larder-ml/larder/serve/rest"
	"github.com/larder-ml/larder/serve/web"
)

func serveCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "serve MODEL...",
		Short: "answer over HTTP: Open Inference V2, KServe V1, MLflow /invocations, health, metrics, a page for people",
		Example: `  larder serve model.joblib
  larder serve fraud:latest churn@champion --http 127.0.0.1:9000
  larder serve scores=model_final_v2.pkl`,
		Args: args(1, -1),
		RunE: func(cmd *cobra.Command, a []string) error {
			addr, _ := cmd.Flags().GetString("http")
			s, err := newServer(cmd, a)
			if err != nil {
				return err
			}
			ln, err := listen(cmd, addr, len(s.Options().Tokens) > 0)
			if err != nil {
				return err
			}
			for _, m := range s.Models() {
				fmt.Fprintf(os.Stderr, "larder: %s %s: %s\n", m.Name, m.Version, strings.Join(m.Methods(), ", "))
			}
			fmt.Fprintf(os.Stderr, "larder: http://%s  page, /v2/models, /invocations, /metrics\n", ln.Addr())
			return s.Serve(cmd.Context(), ln, handler(s))
		},
	}
	addOpen(cmd)
	f := cmd.Flags()
	f.String("http", "127.0.0.1:8080", "address to answer on")
	f.Bool("insecure", false, "answer on an address others can reach without asking for a token")
	f.String("token-file", "", "file of bearer tokens, one a line; a request must bring one of them")
	f.Bool("quiet", false, "log nothing but failures")
	return cmd
}

// listen opens an address that may be answered on.
func listen(cmd *cobra.Command, addr string, tokens bool) (net.Listener, error) {
	insecure, _ := cmd.Flags().GetBool("insecure")
	if os.Getenv("LARDER_TRUSTED_NETWORK") == "1" {
		insecure = true
	}
	if err := serve.CheckAddress(addr, tokens, insecure); err != nil {
		return nil, &usageError{err.Error()}
	}
	if insecure && serve.CheckAddress(addr, tokens, false) != nil {
		fmt.Fprintf(os.Stderr, "larder: WARNING: anyone who reaches %s may ask the models (--insecure)\n", addr)
	}
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		if errors.Is(err, syscall.EADDRINUSE) {
			return nil, &codeError{exitConflict, err.Error()}
		}
		return nil, usagef("%v", err)
	}
	return ln, nil
}

// newServer opens the models. What the audit does not call ok, and a version whose stored answers differ, is not served.
func newServer(cmd *cobra.Command, names []string) (*serve.Server, error) {
	level := slog.LevelInfo
	if quiet, _ := cmd.Flags().GetBool("quiet"); quiet {
		level = slog.LevelError
	}
	o := serve.Options{Log: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level}))}
	if name, _ := cmd.Flags().GetString("token-file"); name != "" {
		b, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		for line := range strings.Lines(string(b)) {
			if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
				o.Tokens = append(o.Tokens, line)
			}
		}
		if len(o.Tokens) == 0 {
			return nil, usagef("%s holds no token", name)
		}
	}
	s := serve.New(o)
	for _, n := range names {
		m, err := servedModel(cmd, n)
		if err != nil {
			return nil, err
		}
		if old, err := s.Model(m.Name, m.Version); err == nil && old != nil {
			return nil, usagef("two models are called %s %s: name one with NAME=MODEL", m.Name, m.Version)
		}
		s.Add(m)
	}
	return s, nil
}

// servedModel opens one argument: MODEL or NAME=MODEL.
func servedModel(cmd *cobra.Command, arg string) (*serve.Model, error) {
	name := ""
	if before, after, ok := strings.Cut(arg, "="); ok {
		if _, err := os.Stat(arg); err != nil {
			name, arg = before, after
		}
	}
	t, err := locate(cmd, arg)
	if err != nil {
		return nil, err
	}
	p, m, err := t.open(cmd)
	if err != nil {
		return nil, err
	}
	if name == "" {
		name = modelTitle(t, arg)
	}
	served, err := admit(cmd.Context(), t, p, m, name)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", arg, err)
	}
	return served, nil
}

// admit refuses what is not to be served and gives m its name and version: the registry's, or the fingerprint's.
func admit(ctx context.Context, t target, p *pack.Package, m *larder.Model, name string) (*serve.Model, error) {
	if err := m.Trustworthy(); err != nil {
		return nil, err
	}
	if p != nil {
		c, err := p.Validate(ctx, m, nil)
		if err != nil {
			return nil, err
		}
		if c.Verdict == pack.Differs {
			return nil, &codeError{exitRefused, "stored answers differ: " + c.Why}
		}
	}
	fp, err := m.Fingerprint()
	if err != nil {
		return nil, err
	}
	version := fp.ID()
	if t.version != nil {
		version = t.version.ID
	}
	return serve.NewModel(name, version, m)
}

// modelTitle is the name a model goes by when none is given: the registry's, or the file's without its ending.
func modelTitle(t target, arg string) string {
	if t.version != nil {
		return t.version.Name
	}
	base := filepath.Base(arg)
	if t.prefix != "" {
		base = filepath.Base(t.prefix)
	}
	if arg == "-" {
		base = "model"
	}
	for _, suffix := range []string{pack.ModelSuffix, ".gz", ".xz", ".bz2", ".lz4", ".z"} {
		base = strings.TrimSuffix(base, suffix)
	}
	if ext := filepath.Ext(base); ext != base && t.prefix == "" {
		base = strings.TrimSuffix(base, ext)
	}
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune("/:@ \\", r) || !unicode.IsPrint(r) {
			return '_'
		}
		return r
	}, base)
}

// handler joins the protocols and the page.
func handler(s *serve.Server) http.Handler {
	api, page := rest.Handler(s), web.Handler(s)
	both := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch path := r.URL.Path; {
		case r.Method != http.MethodGet && r.Method != http.MethodHead:
			api.ServeHTTP(w, r)
		case path == "/", strings.HasPrefix(path, "/assets/"), strings.HasPrefix(path, "/models/"):
			page.ServeHTTP(w, r)
		default:
			api.ServeHTTP(w, r)
		}
	})
	return s.Guard(both, append(append([]string{}, rest.Open...), web.Open...)...)
}

// serveUntil serves on ln in the background; stop ends it and waits.
func serveUntil(ctx context.Context, s *serve.Server, ln net.Listener) (stop func() error) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx, ln, handler(s)) }()
	return func() error {
		cancel()
		return <-done
	}
}
