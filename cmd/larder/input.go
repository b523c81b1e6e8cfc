package main

import (
	"context"
	"io"
	"os"
)

// await runs f, which may wait for a pipe or a terminal, and gives up on it when the program is told to end.
func await[T any](ctx context.Context, f func() (T, error)) (T, error) {
	type result struct {
		v   T
		err error
	}
	done := make(chan result, 1)
	go func() {
		v, err := f()
		done <- result{v, err}
	}()
	select {
	case r := <-done:
		return r.v, r.err
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
}

// openInput opens a file to be read from its beginning to its end, "-" for standard input. Reading ends when the program is
// told to.
func openInput(ctx context.Context, name string) (io.ReadCloser, error) {
	if name == "-" {
		return &waiting{ctx: ctx, f: os.Stdin}, nil
	}
	f, err := await(ctx, func() (*os.File, error) { return os.Open(name) })
	if err != nil {
		return nil, err
	}
	if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
		return f, nil
	}
	return &waiting{ctx: ctx, f: f}, nil
}

// waiting is a file that may make its reader wait.
type waiting struct {
	ctx context.Context
	f   *os.File
	b   []byte // what is read into: after giving up nobody may write to the caller's
}

func (w *waiting) Read(p []byte) (int, error) {
	if len(w.b) < len(p) {
		w.b = make([]byte, len(p))
	}
	n, err := await(w.ctx, func() (int, error) { return w.f.Read(w.b[:len(p)]) })
	return copy(p, w.b[:n]), err
}

func (w *waiting) Close() error { return w.f.Close() }
