// Package rest speaks the protocols users know over HTTP: Open Inference V2 (KServe, Triton, MLServer), KServe V1,
// MLflow's scoring server, health and metrics.
//
// # Compatibility
//
// V2: https://github.com/kserve/open-inference-protocol (REST). V1: KServe data plane V1. MLflow: /invocations with
// dataframe_split, dataframe_records, instances, inputs and text/csv; /ping, /health, /version.
package rest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path"
	"runtime/debug"
	"strings"

	"github.com/larder-ml/larder"
	"github.com/larder-ml/larder/internal/jsonread"
	"github.com/larder-ml/larder/rows"
	"github.com/larder-ml/larder/serve"
)

// Open lists the paths that need no token.
var Open = []string{"/healthz", "/livez", "/readyz", "/ping", "/health", "/v2/health/live", "/v2/health/ready"}

// Handler answers for a server's models.
func Handler(s *serve.Server) http.Handler {
	a := &api{s}
	mux := http.NewServeMux()
	for _, p := range []string{"/healthz", "/livez", "/ping", "/health"} {
		mux.HandleFunc("GET "+p, a.live)
	}
	mux.HandleFunc("GET /readyz", a.ready)
	mux.HandleFunc("GET /version", a.version)
	mux.HandleFunc("GET /metrics", a.metrics)
	mux.HandleFunc("POST /invocations", a.invocations)
	mux.HandleFunc("POST /models/{model}/invocations", a.invocations)
	a.routesV1(mux)
	a.routesV2(mux)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, pattern := mux.Handler(r); pattern == "" || path.Clean(r.URL.Path) != r.URL.Path {
			w = &plainError{ResponseWriter: w}
		}
		mux.ServeHTTP(w, r)
	})
}

// plainError turns what http says of paths and methods that are not there into JSON.
type plainError struct {
	http.ResponseWriter
	code int
}

// WriteHeader keeps the code for Write.
func (e *plainError) WriteHeader(code int) { e.code = code }

// Write answers with the text as an error; http's text of another place is a page.
func (e *plainError) Write(text []byte) (int, error) {
	words := strings.ToLower(strings.TrimSpace(string(text)))
	if at := e.Header().Get("Location"); at != "" {
		words = "it is at " + at
	}
	fail(e.ResponseWriter, e.code, errors.New(words))
	return len(text), nil
}

type api struct{ s *serve.Server }

func (a *api) live(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = io.WriteString(w, "ok\n")
}

func (a *api) ready(w http.ResponseWriter, _ *http.Request) {
	if !a.s.Ready() {
		fail(w, http.StatusServiceUnavailable, errors.New("no model is ready"))
		return
	}
	a.live(w, nil)
}

func (a *api) version(w http.ResponseWriter, _ *http.Request) {
	v := "devel"
	if b, ok := debug.ReadBuildInfo(); ok && b.Main.Version != "" {
		v = b.Main.Version
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = io.WriteString(w, v+"\n")
}

// body reads a request's body, which Guard bounds.
func body(r *http.Request) ([]byte, error) {
	if coding := r.Header.Get("Content-Encoding"); coding != "" && coding != "identity" {
		return nil, &codingError{coding}
	}
	b, err := io.ReadAll(r.Body)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = &badRequest{"the body ends early"}
	}
	return b, err
}

// codingError is a body that was compressed.
type codingError struct{ coding string }

func (e *codingError) Error() string {
	return fmt.Sprintf("content encoding %q is not read: send the body as it is", e.coding)
}

// jsonBody opens a request's body as JSON.
func (a *api) jsonBody(r *http.Request) (*jsonread.Reader, error) {
	b, err := body(r)
	if err != nil {
		return nil, err
	}
	return jsonread.New(b, a.s.Options().Depth), nil
}

// status maps an error to a status code.
func status(err error) int {
	var (
		large   *serve.BodyError
		slow    *serve.SlowError
		busy    *serve.BusyError
		many    *serve.RowsError
		coding  *codingError
		bytes   *serve.BytesError
		syntax  *jsonread.SyntaxError
		bad     *badRequest
		rowsErr *rows.Error
	)
	switch {
	case errors.As(err, &large), errors.As(err, &many):
		return http.StatusRequestEntityTooLarge
	case errors.As(err, &slow):
		return http.StatusRequestTimeout
	case errors.As(err, &coding):
		return http.StatusUnsupportedMediaType
	case errors.As(err, &busy):
		return http.StatusTooManyRequests
	case errors.Is(err, larder.ErrNotFound):
		return http.StatusNotFound
	case errors.As(err, &syntax), errors.As(err, &bad), errors.As(err, &rowsErr), errors.Is(err, larder.ErrInput), errors.Is(err, larder.ErrUnsupported):
		return http.StatusBadRequest
	case errors.As(err, &bytes), errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

// badRequest is a request that does not keep to its protocol.
type badRequest struct{ msg string }

func (e *badRequest) Error() string { return e.msg }

// fail answers with an error in JSON.
func fail(w http.ResponseWriter, code int, err error) {
	if code == http.StatusTooManyRequests || code == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "1")
	}
	b := append([]byte(nil), `{"error":`...)
	b = rows.AppendString(b, err.Error())
	send(w, code, append(b, "}\n"...))
}

func send(w http.ResponseWriter, code int, b []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_, _ = w.Write(b)
}
