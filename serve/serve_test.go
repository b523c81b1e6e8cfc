package serve

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// TestSilentConnectionsMakeRoom: a connection that has sent nothing is closed for one that asks.
func TestSilentConnectionsMakeRoom(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := limit(ln, 3)
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "answered") }), ConnState: l.state}
	done := make(chan error, 1)
	go func() { done <- srv.Serve(l) }()
	defer func() { _, _ = srv.Close(), <-done }()
	var silent []net.Conn
	for range 5 {
		c, err := net.Dial("tcp", ln.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		silent = append(silent, c)
	}
	client := &http.Client{Timeout: 10 * time.Second}
	r, err := client.Get("http://" + ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	b, _ := io.ReadAll(r.Body)
	r.Body.Close()
	if string(b) != "answered" {
		t.Errorf("answer %q", b)
	}
	_ = silent[0].SetReadDeadline(time.Now().Add(10 * time.Second))
	if _, err := silent[0].Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("the oldest silent connection: %v", err)
	}
}

// TestBodiesArriveInTime: one that stops, ends early or is too large is refused in words.
func TestBodiesArriveInTime(t *testing.T) {
	s := New(Options{Body: 50, Timeout: 300 * time.Millisecond})
	got := make(chan error, 1)
	srv := httptest.NewServer(s.Guard(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, err := io.ReadAll(r.Body)
		got <- err
	})))
	defer srv.Close()
	for what, c := range map[string]struct{ head, body, says string }{
		"slow":        {"content-length: 40", "a", "the body did not arrive in time"},
		"slow chunks": {"transfer-encoding: chunked", "1\r\na\r\n", "the body did not arrive in time"},
		"large":       {"transfer-encoding: chunked", "60\r\n" + strings.Repeat("a", 0x60) + "\r\n", "the body is over the limit of 50 bytes"},
		"whole":       {"content-length: 1", "a", ""},
	} {
		conn, err := net.Dial("tcp", srv.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(conn, "POST / HTTP/1.1\r\nhost: a\r\n%s\r\n\r\n%s", c.head, c.body)
		if err := <-got; err != nil && err.Error() != c.says || err == nil && c.says != "" {
			t.Errorf("%s: %v", what, err)
		}
		if _, err := http.ReadResponse(bufio.NewReader(conn), nil); err != nil {
			t.Errorf("%s: %v", what, err)
		}
		conn.Close()
	}
	if n := s.bodies.Load(); n != 0 {
		t.Errorf("%d bytes are still held", n)
	}
}
