// Package serve keeps models ready to answer and bounds what answering may cost: bodies, rows, time, requests under way.
// The wire protocols stand in serve/rest, the page for people in serve/web; both ask a Server and know no other state.
//
// # Security
//
// A Server reads no model file and takes none over the wire: it serves what was opened before. Addresses other than the
// loopback need a token or an explicit word. Every request is bounded in size and time, a panic ends one request only.
package serve

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"runtime"
	"runtime/debug"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode"

	"github.com/larder-ml/larder"
	"github.com/larder-ml/larder/rows"
)

// Options bound a Server. The zero value of a field means its default.
type Options struct {
	Body     int64         // bytes of a request body; 16 MiB
	Bodies   int64         // bytes of all bodies held at once; 128 MiB. What is read of them takes up to sixteen times as much
	Rows     int           // rows of a request; 10,000
	InFlight int           // requests computed at once; 4 per processor
	Queue    int           // requests waiting for that; 256
	Timeout  time.Duration // of one request; 30 s
	Depth    int           // nesting of JSON; 16
	Tokens   []string      // bearer tokens, any of which is wanted; none for an open server
	Log      *slog.Logger  // nil for silence
}

func (o Options) filled() Options {
	def := func(at *int, v int) {
		if *at <= 0 {
			*at = v
		}
	}
	if o.Body <= 0 {
		o.Body = 16 << 20
	}
	if o.Bodies <= 0 {
		o.Bodies = max(128<<20, o.Body)
	}
	if o.Timeout <= 0 {
		o.Timeout = 30 * time.Second
	}
	def(&o.Rows, 10_000)
	def(&o.InFlight, 4*runtime.GOMAXPROCS(0))
	def(&o.Queue, 256)
	def(&o.Depth, 16)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

// Model is one model under the name and version it is asked for.
type Model struct {
	Name, Version string
	*larder.Model

	wants map[string]*rows.Want
	stats sync.Map // method → *Stat
}

// NewModel prepares a model for serving. A model that can run nothing is an error.
func NewModel(name, version string, m *larder.Model) (*Model, error) {
	if name == "" || strings.ContainsAny(name, "/:@ ") || strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return nil, fmt.Errorf("serve: %q is no name of a model", name)
	}
	if _, err := m.Estimator(); err != nil {
		return nil, err
	}
	if len(m.Methods()) == 0 {
		return nil, fmt.Errorf("serve: %s: the model has no method to run", name)
	}
	s := &Model{Name: name, Version: version, Model: m, wants: map[string]*rows.Want{}}
	for _, method := range m.Methods() {
		s.wants[method] = rows.WantOf(m, method)
	}
	return s, nil
}

// Want says what a method takes.
func (m *Model) Want(method string) *rows.Want {
	if w := m.wants[method]; w != nil {
		return w
	}
	return &rows.Want{}
}

// Stat counts the answers of a method.
type Stat struct {
	Requests, Rows, Failures, Nanoseconds atomic.Int64
}

// Stats calls f for every method that was asked for.
func (m *Model) Stats(f func(method string, s *Stat)) {
	m.stats.Range(func(k, v any) bool { f(k.(string), v.(*Stat)); return true })
}

// Server holds models.
type Server struct {
	opts   Options
	tokens [][32]byte
	slots  chan struct{}
	queued atomic.Int64
	bodies atomic.Int64 // bytes of bodies being read or held

	mu     sync.RWMutex
	models map[string][]*Model // by name, oldest first

	draining atomic.Bool
}

// New returns a Server without models.
func New(o Options) *Server {
	o = o.filled()
	s := &Server{opts: o, slots: make(chan struct{}, o.InFlight), models: map[string][]*Model{}}
	for _, t := range o.Tokens {
		s.tokens = append(s.tokens, sha256.Sum256([]byte(t)))
	}
	return s
}

// Options returns the bounds in force.
func (s *Server) Options() Options { return s.opts }

// Add serves a model. Another of the same name and version is replaced without a request being dropped; the version
// added last is the one a name alone stands for.
func (s *Server) Add(m *Model) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []*Model
	for _, old := range s.models[m.Name] {
		if old.Version != m.Version {
			list = append(list, old)
		}
	}
	s.models[m.Name] = append(list, m)
}

// Models returns the latest version of every model, by name.
func (s *Server) Models() []*Model {
	s.mu.RLock()
	defer s.mu.RUnlock()
	out := make([]*Model, 0, len(s.models))
	for _, list := range s.models {
		out = append(out, list[len(list)-1])
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Name < out[j].Name })
	return out
}

// Versions returns all versions of a model, oldest first.
func (s *Server) Versions(name string) []*Model {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return append([]*Model(nil), s.models[name]...)
}

// NotFoundError names a model that is not served.
type NotFoundError struct{ Name, Version string }

func (e *NotFoundError) Error() string {
	if e.Version != "" {
		return fmt.Sprintf("model %q version %q is not served", e.Name, e.Version)
	}
	return fmt.Sprintf("model %q is not served", e.Name)
}

// Is answers larder.ErrNotFound.
func (e *NotFoundError) Is(target error) bool { return target == larder.ErrNotFound }

// Model finds a model; an empty version is the latest, an empty name the only model.
func (s *Server) Model(name, version string) (*Model, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if name == "" && len(s.models) == 1 {
		for n := range s.models {
			name = n
		}
	}
	list := s.models[name]
	for i := len(list) - 1; i >= 0; i-- {
		if version == "" || version == "latest" || list[i].Version == version {
			return list[i], nil
		}
	}
	return nil, &NotFoundError{name, version}
}

// Ready reports that there are models and the server is not being shut down.
func (s *Server) Ready() bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return len(s.models) > 0 && !s.draining.Load()
}

// BusyError is a request that found no place.
type BusyError struct{}

func (e *BusyError) Error() string { return "too many requests are under way" }

// RowsError is a request with more rows than are taken at once.
type RowsError struct{ Rows, Max int }

func (e *RowsError) Error() string {
	return fmt.Sprintf("%d rows are over the limit of %d a request", e.Rows, e.Max)
}

// Run computes a method ("" for the default one) for a table, within the server's bounds. Notes say what was left out or
// moved to fit the model.
func (s *Server) Run(ctx context.Context, m *Model, method string, t *rows.Table) (*larder.Result, []string, error) {
	if method == "" {
		method = m.DefaultMethod()
	}
	if err := m.Can(method); err != nil {
		return nil, nil, err
	}
	if n := t.Rows(); n > s.opts.Rows {
		return nil, nil, &RowsError{n, s.opts.Rows}
	}
	release, err := s.acquire(ctx)
	if err != nil {
		return nil, nil, err
	}
	defer release()
	v, ok := m.stats.Load(method)
	if !ok {
		v, _ = m.stats.LoadOrStore(method, new(Stat))
	}
	stat := v.(*Stat)
	start := time.Now()
	x, notes, err := t.Match(m.Want(method))
	var r *larder.Result
	if err == nil {
		r, err = m.Run(ctx, method, x)
	}
	stat.Requests.Add(1)
	stat.Rows.Add(int64(t.Rows()))
	stat.Nanoseconds.Add(int64(time.Since(start)))
	if err != nil {
		stat.Failures.Add(1)
	}
	return r, notes, err
}

// acquire takes a place among the requests under way, waiting in the queue for one.
func (s *Server) acquire(ctx context.Context) (release func(), err error) {
	select {
	case s.slots <- struct{}{}:
	default:
		if s.queued.Add(1) > int64(s.opts.Queue) {
			s.queued.Add(-1)
			return nil, &BusyError{}
		}
		defer s.queued.Add(-1)
		select {
		case s.slots <- struct{}{}:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return func() { <-s.slots }, nil
}

// Guard wraps a handler: body size, time, a panic ends one request, and where the server has tokens one is wanted.
// Paths in open need none.
func (s *Server) Guard(h http.Handler, open ...string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		debug.SetPanicOnFault(true) // a mapped model that is cut off ends the request, too
		defer func() {
			if p := recover(); p != nil {
				if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
					panic(p)
				}
				s.opts.Log.Error("request failed", "path", r.URL.Path, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
				http.Error(w, `{"error":"internal error"}`, http.StatusInternalServerError)
			}
		}()
		head := w.Header()
		head.Set("X-Content-Type-Options", "nosniff")
		head.Set("Referrer-Policy", "no-referrer")
		if !s.allowed(r, open) {
			head.Set("WWW-Authenticate", `Bearer realm="larder"`)
			head.Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = w.Write([]byte(`{"error":"a bearer token is wanted"}` + "\n"))
			return
		}
		body := &heldBody{s: s}
		defer func() { s.bodies.Add(-body.held) }()
		if r.ContentLength > 0 && !body.hold(min(r.ContentLength, s.opts.Body)) {
			head.Set("Retry-After", "1")
			head.Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = w.Write([]byte(`{"error":"` + (&BytesError{}).Error() + `"}` + "\n"))
			return
		}
		ctx, cancel := context.WithTimeout(r.Context(), s.opts.Timeout)
		defer cancel()
		r.Body = http.MaxBytesReader(w, r.Body, s.opts.Body)
		if r.ContentLength < 0 {
			body.ReadCloser, r.Body = r.Body, body
		}
		h.ServeHTTP(w, r.WithContext(ctx))
	})
}

// BytesError is a request whose body found no place.
type BytesError struct{}

func (e *BytesError) Error() string { return "too many bytes are under way" }

// heldBody counts a body that does not say how long it is, as it is read.
type heldBody struct {
	io.ReadCloser
	s    *Server
	held int64
}

// hold counts n bytes more; false where there are too many.
func (b *heldBody) hold(n int64) bool {
	b.held += n
	return b.s.bodies.Add(n) <= b.s.opts.Bodies
}

// Read ends with a BytesError where there is no place for more.
func (b *heldBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if n > 0 && !b.hold(int64(n)) {
		return 0, &BytesError{}
	}
	return n, err
}

func (s *Server) allowed(r *http.Request, open []string) bool {
	if len(s.tokens) == 0 {
		return true
	}
	for _, p := range open {
		if r.URL.Path == p {
			return true
		}
	}
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	got, match := sha256.Sum256([]byte(token)), 0
	for i := range s.tokens {
		match |= subtle.ConstantTimeCompare(got[:], s.tokens[i][:])
	}
	return ok && match == 1
}

// CheckAddress refuses an address that others can reach unless requests need a token or insecure is said out loud.
func CheckAddress(addr string, tokens, insecure bool) error {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("serve: address %q: %w", addr, err)
	}
	if ip := net.ParseIP(host); host == "localhost" || (ip != nil && ip.IsLoopback()) || tokens || insecure {
		return nil
	}
	return fmt.Errorf("serve: %s can be reached by others and asks for no token: give --token-file, or say --insecure", addr)
}

// Serve answers on ln until ctx ends, then finishes the requests under way (at most Options.Timeout) and returns.
func (s *Server) Serve(ctx context.Context, ln net.Listener, h http.Handler) error {
	srv := &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: s.opts.Timeout, WriteTimeout: 2 * s.opts.Timeout,
		IdleTimeout: 60 * time.Second, MaxHeaderBytes: 16 << 10, ErrorLog: slog.NewLogLogger(s.opts.Log.Handler(), slog.LevelDebug)}
	done := make(chan error, 1)
	go func() { done <- srv.Serve(&limited{Listener: ln, open: make(chan struct{}, maxConnections)}) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	s.draining.Store(true)
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.opts.Timeout)
	defer cancel()
	err := srv.Shutdown(stop)
	if serveErr := <-done; !errors.Is(serveErr, http.ErrServerClosed) {
		return serveErr
	}
	return err
}

// maxConnections bounds the connections open at once; more wait to be accepted.
const maxConnections = 4096

type limited struct {
	net.Listener
	open chan struct{}
}

func (l *limited) Accept() (net.Conn, error) {
	l.open <- struct{}{}
	c, err := l.Listener.Accept()
	if err != nil {
		<-l.open
		return nil, err
	}
	return &countedConn{Conn: c, release: sync.OnceFunc(func() { <-l.open })}, nil
}

type countedConn struct {
	net.Conn
	release func()
}

func (c *countedConn) Close() error {
	c.release()
	return c.Conn.Close()
}
