package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
)

// walker is a childWalk process.
type walker struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

func startWalker(path, data string) (*walker, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	w := &walker{cmd: exec.Command(self, "-child", "walk", path, data)}
	w.cmd.Stderr = os.Stderr
	out, err := w.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if w.in, err = w.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	w.out = bufio.NewReader(out)
	return w, w.cmd.Start()
}

func (w *walker) read() (walked, error) {
	var r walked
	line, err := w.out.ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, &r)
	}
	return r, err
}

// benchMap opens each uncompressed form of the big forest in two processes at once and prints what they hold of it.
func benchMap(c *config, p *peer) error {
	model := map[string]string{"small": "forest-100", "full": "forest-500"}[c.size]
	made, err := p.ask(map[string]any{"do": "make", "name": model, "dir": c.dir})
	if err != nil {
		return err
	}
	fmt.Printf("\n%-26s %9s %9s %-12s %14s %22s %20s\n", "two processes, one file", "MB", "open", "goal", "MB read at open", "after 200 single rows", "after a batch")
	fmt.Printf("%-26s %9s %9s %-12s %14s %22s %20s\n", "", "", "", "", "", "private map / heap MB", "heap MB")
	for _, form := range []string{"joblib none", "pickle 5", "pickle 4", "skops"} {
		if !c.only.MatchString(form) {
			continue
		}
		path, err := filepath.Abs(filepath.Join(c.dir, "map."+form))
		if err != nil {
			return err
		}
		if _, err := os.Stat(path); err != nil {
			if _, err := p.ask(map[string]any{"do": "convert", "path": made.Path, "form": form, "to": path}); err != nil {
				return err
			}
		}
		if err := walkTogether(form, path, made.Rows); err != nil {
			return fmt.Errorf("%s: %w", form, err)
		}
	}
	return nil
}

func walkTogether(form, path, data string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if err := warm(path); err != nil {
		return err
	}
	var ws [2]*walker
	for i := range ws {
		if ws[i], err = startWalker(path, data); err != nil {
			return err
		}
		defer func() { _ = ws[i].in.Close(); _ = ws[i].cmd.Wait() }()
	}
	var first, last [2]walked
	for i, w := range ws {
		if first[i], err = w.read(); err != nil {
			return err
		}
	}
	// Both have answered and neither has gone: what is private is private.
	for i, w := range ws {
		cmd := "x"
		if i == 1 {
			cmd = "b"
		}
		if _, err := io.WriteString(w.in, cmd); err != nil {
			return err
		}
		if last[i], err = w.read(); err != nil {
			return err
		}
		_ = w.in.Close()
	}
	a, b := first[0], last[0]
	goal := "MISSED 20 ms"
	if a.Open <= 0.020*max(1, float64(info.Size())/250e6) {
		goal = "(<=20/250MB)"
	}
	fmt.Printf("%-26s %9s %9s %-12s %14s %14s / %5s %20s\n", form, megabytes(info.Size()), duration(a.Open), goal, megabytes(a.AtOpen.Rss),
		megabytes(b.AtRows.Private), megabytes(a.Heap-a.Heap0), megabytes(last[1].Batch-a.Heap0))
	return nil
}

// warm reads a file, so that none of it has to come from a disk.
func warm(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(io.Discard, f)
	return err
}
