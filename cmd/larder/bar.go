package main

import (
	"fmt"
	"io"
	"os"
	"time"
)

// bar shows on a terminal how far a long work has come.
type bar struct {
	out  *os.File
	wide int
}

// newBar shows nothing where out is no terminal.
func newBar(out *os.File) *bar {
	if !isTerminal(out) {
		return &bar{}
	}
	return &bar{out: out}
}

// step shows how many of all steps are done.
func (b *bar) step(what string, done, all int) {
	b.show(fmt.Sprintf("[%-20s] %d/%d %s", "===================="[:20*done/max(all, 1)], done, all, what))
}

// bytes shows how many of a file's bytes are done; total is 0 where nobody knows.
func (b *bar) bytes(what string, done, total int64) {
	if total <= 0 {
		b.show(what + " " + size(done))
		return
	}
	b.show(fmt.Sprintf("[%-20s] %s %s of %s", "===================="[:20*min(done, total)/total], what, size(done), size(total)))
}

func (b *bar) show(line string) {
	if b.out == nil {
		return
	}
	fmt.Fprintf(b.out, "\r%-*s", b.wide, line)
	b.wide = max(b.wide, len(line))
}

// counted shows how much has been written to w, ten times a second.
func (b *bar) counted(w io.Writer) io.Writer {
	if b.out == nil {
		return w
	}
	return &countedWriter{w: w, bar: b, next: time.Now().Add(time.Second)}
}

type countedWriter struct {
	w    io.Writer
	bar  *bar
	n    int64
	next time.Time
}

func (c *countedWriter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	if now := time.Now(); now.After(c.next) {
		c.next = now.Add(100 * time.Millisecond)
		c.bar.bytes("writing", c.n, 0)
	}
	return n, err
}

// end clears the line.
func (b *bar) end() {
	if b.out != nil && b.wide > 0 {
		fmt.Fprintf(b.out, "\r%*s\r", b.wide, "")
		b.wide = 0
	}
}
