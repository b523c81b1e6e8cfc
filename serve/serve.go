// Package serve keeps models ready to answer and bounds what answering may cost: bodies, rows, time, requests under way.
// The wire protocols stand in serve/rest, the page for people in serve/web; both ask a Server and know no other state.
//
// # Security
//
// A Server reads no model file and takes none over the wire: it serves what was opened before. Addresses other than the
// loopback need a token or an explicit word. Every request is bounded in size and time, a panic ends one request only.
package serve

import (
	"container/list"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
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

// BodyError is a request whose body is larger than is taken.
type BodyError struct{ Max int64 }

func (e *BodyError) Error() string {
	return fmt.Sprintf("the body is over the limit of %d bytes", e.Max)
}

// SlowError is a request whose body did not arrive in time.
type SlowError struct{}

func (e *SlowError) Error() string { return "the body did not arrive in time" }

// A body has grace to begin and then arrives at least at pace, in bytes a second.
const (
	grace = 5 * time.Second
	pace  = 1 << 10
)

// refuse answers with an error in JSON before any protocol is asked.
func refuse(w http.ResponseWriter, code int, text string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_, _ = io.WriteString(w, `{"error":"`+text+`"}`+"\n")
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
				refuse(w, http.StatusInternalServerError, "internal error")
			}
		}()
		head := w.Header()
		head.Set("X-Content-Type-Options", "nosniff")
		head.Set("Referrer-Policy", "no-referrer")
		if !s.allowed(r, open) {
			head.Set("WWW-Authenticate", `Bearer realm="larder"`)
			refuse(w, http.StatusUnauthorized, "a bearer token is wanted")
			return
		}
		body := &heldBody{ReadCloser: http.MaxBytesReader(w, r.Body, s.opts.Body), s: s, counted: r.ContentLength >= 0,
			began: time.Now(), deadline: http.NewResponseController(w).SetReadDeadline}
		defer func() { s.bodies.Add(-body.held) }()
		if r.ContentLength > 0 && !body.hold(min(r.ContentLength, s.opts.Body)) {
			head.Set("Retry-After", "1")
			refuse(w, http.StatusServiceUnavailable, (&BytesError{}).Error())
			return
		}
		ctx, cancel := context.WithTimeout(r.Context(), s.opts.Timeout)
		defer cancel()
		r.Body = body
		h.ServeHTTP(w, r.WithContext(ctx))
	})
}

// BytesError is a request whose body found no place.
type BytesError struct{}

func (e *BytesError) Error() string { return "too many bytes are under way" }

// heldBody is a body as it is read: one that does not say how long it is is counted, and none may be slower than pace.
type heldBody struct {
	io.ReadCloser
	s        *Server
	held     int64
	counted  bool // as a whole, before it was read
	read     int64
	began    time.Time
	deadline func(time.Time) error
}

// hold counts n bytes more; false where there are too many.
func (b *heldBody) hold(n int64) bool {
	b.held += n
	return b.s.bodies.Add(n) <= b.s.opts.Bodies
}

// Read ends with a BytesError where there is no place for more, a BodyError where there is too much, a SlowError where nothing
// came in time.
func (b *heldBody) Read(p []byte) (int, error) {
	_ = b.deadline(b.began.Add(min(grace+time.Duration(b.read/pace)*time.Second, b.s.opts.Timeout))) // tests have no connection
	n, err := b.ReadCloser.Read(p)
	b.read += int64(n)
	if err != nil { // the server goes on reading, to see the client leave
		_ = b.deadline(b.began.Add(b.s.opts.Timeout))
	}
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return n, &BodyError{large.Limit}
	case errors.Is(err, os.ErrDeadlineExceeded):
		return n, &SlowError{}
	case n > 0 && !b.counted && !b.hold(int64(n)):
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
	l := limit(ln, maxConnections)
	srv.ConnState = l.state
	done := make(chan error, 1)
	go func() { done <- srv.Serve(l) }()
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

// maxConnections bounds the connections open at once. One more takes the place of the one that has waited longest without a
// request; where all are being answered it waits to be accepted.
const maxConnections = 4096

type limited struct {
	net.Listener
	open chan struct{}

	mu      sync.Mutex
	order   list.List // of connections without a request, the oldest first
	waiting map[net.Conn]*list.Element
}

func limit(ln net.Listener, most int) *limited {
	return &limited{Listener: ln, open: make(chan struct{}, most), waiting: map[net.Conn]*list.Element{}}
}

func (l *limited) Accept() (net.Conn, error) {
	select {
	case l.open <- struct{}{}:
	default:
		l.evict()
		l.open <- struct{}{}
	}
	c, err := l.Listener.Accept()
	if err != nil {
		<-l.open
		return nil, err
	}
	return &countedConn{Conn: c, release: sync.OnceFunc(func() { <-l.open })}, nil
}

// state follows which connections wait for a request.
func (l *limited) state(c net.Conn, s http.ConnState) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if e := l.waiting[c]; e != nil {
		l.order.Remove(e)
		delete(l.waiting, c)
	}
	if s == http.StateNew || s == http.StateIdle {
		l.waiting[c] = l.order.PushBack(c)
	}
}

func (l *limited) evict() {
	l.mu.Lock()
	e := l.order.Front()
	if e != nil {
		l.order.Remove(e)
		delete(l.waiting, e.Value.(net.Conn))
	}
	l.mu.Unlock()
	if e != nil {
		_ = e.Value.(net.Conn).Close()
	}
}

type countedConn struct {
	net.Conn
	release func()
}

func (c *countedConn) Close() error {
	c.release()
	return c.Conn.Close()
}
