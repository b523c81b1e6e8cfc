package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/larder-ml/larder"
	"github.com/larder-ml/larder/tensor"
)

// stopwatch reads both clocks.
type stopwatch struct {
	wall time.Time
	cpu  float64
}

func watch() stopwatch { return stopwatch{time.Now(), processorTime()} }

// stop gives the time of one of count calls.
func (w stopwatch) stop(count int) reply {
	n := float64(count)
	return reply{Seconds: time.Since(w.wall).Seconds() / n, CPU: (processorTime() - w.cpu) / n}
}

func processorTime() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}

// runChild measures in a process of its own.
func runChild(args ...string) (reply, error) {
	self, err := os.Executable()
	if err != nil {
		return reply{}, err
	}
	cmd := exec.Command(self, append([]string{"-child"}, args...)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return reply{}, fmt.Errorf("%s: %w", strings.Join(args, " "), err)
	}
	var r reply
	return r, json.Unmarshal(out, &r)
}

// child is the other side of runChild.
func child(args []string) error {
	var r reply
	var err error
	switch args[0] {
	case "load":
		r, err = childLoad(args[1], args[2])
	case "walk":
		return childWalk(args[1], args[2])
	default:
		err = fmt.Errorf("no child %q", args[0])
	}
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(r)
}

// childLoad opens a model and lets it answer for one row.
func childLoad(path, data string) (reply, error) {
	before := memory("VmRSS")
	w := watch()
	m, err := larder.Open(path)
	if err != nil {
		return reply{}, err
	}
	r := w.stop(1)
	r.Before, r.Peak = before, memory("VmHWM")
	if data != "" {
		x, err := load(data)
		if err != nil {
			return reply{}, err
		}
		if _, err := m.Run(context.Background(), "", rows{x, false}.part(100, 1)); err != nil {
			return reply{}, err
		}
		r.First = w.stop(1).Seconds
	}
	return r, nil
}

// memory reads a line of /proc/self/status, in bytes.
func memory(what string) int64 {
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(b)) {
		if f := strings.Fields(line); len(f) > 1 && f[0] == what+":" {
			n, _ := strconv.ParseInt(f[1], 10, 64)
			return n << 10
		}
	}
	return 0
}

// fileMap is what /proc/self/smaps says of the map of a file, in bytes.
type fileMap struct{ Rss, Private int64 }

var mapHeader = regexp.MustCompile(`^[0-9a-f]+-[0-9a-f]+ `)

// mapOf reads smaps.
func mapOf(path string) fileMap {
	b, err := os.ReadFile("/proc/self/smaps")
	if err != nil {
		return fileMap{}
	}
	var m fileMap
	inside := false
	for line := range strings.Lines(string(b)) {
		if mapHeader.MatchString(line) {
			inside = strings.HasSuffix(strings.TrimSpace(line), path)
			continue
		}
		f := strings.Fields(line)
		if !inside || len(f) < 2 {
			continue
		}
		n, _ := strconv.ParseInt(f[1], 10, 64)
		switch f[0] {
		case "Rss:":
			m.Rss += n << 10
		case "Private_Clean:", "Private_Dirty:":
			m.Private += n << 10
		}
	}
	return m
}

// walked is what a process says of itself once it has answered for single rows.
type walked struct {
	Open             float64
	AtOpen, AtRows   fileMap
	Heap0, Heap      int64 // anonymous memory when the file was opened, and at the end
	Batch, BatchHeap int64 // anonymous memory after a batch, and what of it is the heap's
	Sum              float64
}

// childWalk opens a model, answers for 200 single rows, prints what memory it has and waits for its input to end before it
// answers for a batch.
func childWalk(path, data string) error {
	x, err := load(data)
	if err != nil {
		return err
	}
	var w walked
	w.Heap0 = memory("RssAnon")
	t := watch()
	m, err := larder.Open(path, larder.Threads(1))
	if err != nil {
		return err
	}
	w.Open = t.stop(1).Seconds
	w.AtOpen = mapOf(path)
	for i := range 200 {
		r, err := m.Run(context.Background(), "predict_proba", rows{x, false}.part(i, 1))
		if err != nil {
			return err
		}
		w.Sum += sum(r.Tensor())
	}
	w.Heap = memory("RssAnon")
	if err := json.NewEncoder(os.Stdout).Encode(w); err != nil {
		return err
	}
	wait := make([]byte, 1)
	if _, err := os.Stdin.Read(wait); err != nil {
		return nil //nolint:nilerr // the parent has gone
	}
	w.AtRows = mapOf(path)
	if bytes.Equal(wait, []byte("b")) {
		if _, err := m.Run(context.Background(), "predict_proba", rows{x, false}.part(0, 5000)); err != nil {
			return err
		}
		w.Batch = memory("RssAnon")
	}
	return json.NewEncoder(os.Stdout).Encode(w)
}

func sum(t *tensor.Tensor) float64 {
	s := 0.0
	for _, v := range t.F64 {
		s += v
	}
	return s
}
