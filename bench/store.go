package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/larder-ml/larder"
)

// form is a stored form, and how many times as fast as its Python library Larder should load and save it.
type form struct {
	name       string // as peer.py knows it
	larder     larder.Form
	load, save float64
	slow       bool // one round is enough
}

var forms = []form{
	{"joblib none", larder.Form{Format: "joblib"}, 3, 2, false},
	{"joblib lz4-1", larder.Form{Format: "joblib", Compressor: "lz4", Level: 1}, 3, 2, false},
	{"joblib zlib-3", larder.Form{Format: "joblib", Compressor: "zlib", Level: 3}, 2, 2, false},
	{"joblib gzip-3", larder.Form{Format: "joblib", Compressor: "gzip", Level: 3}, 2, 2, false},
	{"joblib bz2-3", larder.Form{Format: "joblib", Compressor: "bz2", Level: 3}, 1, 2, true},
	{"joblib lzma-3", larder.Form{Format: "joblib", Compressor: "lzma", Level: 3}, 1, 2, true},
	{"joblib xz-3", larder.Form{Format: "joblib", Compressor: "xz", Level: 3}, 1, 2, true},
	{"pickle 5", larder.Form{Format: "pickle", Protocol: 5}, 3, 0, false},
	{"skops", larder.Form{Format: "skops"}, 3, 2, false},
}

// benchStore saves one forest in every form on both sides and loads what Python saved, each load in a process of its own.
func benchStore(c *config, p *peer) error {
	model := map[string]string{"small": "forest-100", "full": "forest-500"}[c.size]
	made, err := p.ask(map[string]any{"do": "make", "name": model, "dir": c.dir})
	if err != nil {
		return err
	}
	m, err := larder.Open(made.Path)
	if err != nil {
		return err
	}
	info, err := os.Stat(made.Path)
	if err != nil {
		return err
	}
	arrays := info.Size()
	fmt.Printf("\n%s, %s MB of arrays\n", model, megabytes(arrays))
	fmt.Printf("%-14s %-19s %-21s %-18s %-21s %-18s %-21s %s\n", "", "MB: Larder, theirs", "save: Larder, theirs", "times", "load: Larder, theirs", "times",
		"peak MB: L, theirs", "peak/arrays")
	for _, f := range forms {
		if !c.only.MatchString(f.name) {
			continue
		}
		if err := p.store(c, f, m, made, arrays); err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
	}
	return nil
}

func (p *peer) store(c *config, f form, m *larder.Model, made reply, arrays int64) error {
	rounds := c.rounds
	if f.slow {
		rounds = 1
	}
	theirs := filepath.Join(c.dir, "theirs."+strings.ReplaceAll(f.name, " ", "-"))
	ours := filepath.Join(c.dir, "ours."+strings.ReplaceAll(f.name, " ", "-"))
	var save, saveL, open, openL []float64
	var peak, peakL []int64
	var sizeL int64
	unwritten := ""
	var size int64
	if _, err := p.ask(map[string]any{"do": "open", "path": made.Path, "rows": made.Rows}); err != nil {
		return err
	}
	for range rounds {
		if unwritten == "" {
			settle(ours)
			w := watch()
			n, err := writeFile(ours, func(w io.Writer) error { return m.Encode(w, f.larder) })
			if err != nil {
				unwritten = err.Error()
			} else {
				saveL, sizeL = append(saveL, w.stop(1).on(c.cpu)), n
			}
		}
		settle(theirs)
		r, err := p.ask(map[string]any{"do": "save", "form": f.name, "to": theirs})
		if err != nil {
			return err
		}
		save, size = append(save, r.on(c.cpu)), r.Size
	}
	agrees := "-"
	if unwritten == "" {
		if _, err := p.ask(map[string]any{"do": "same", "form": f.name, "path": ours, "rows": made.Rows}); err != nil {
			return fmt.Errorf("the file of Larder: %w", err)
		}
		agrees = "Python reads ours"
	}
	if _, err := p.ask(map[string]any{"do": "close"}); err != nil {
		return err
	}
	var first float64
	for range rounds {
		r, err := runChild("load", theirs, made.Rows)
		if err != nil {
			return err
		}
		first = r.First
		openL, peakL = append(openL, r.on(c.cpu)), append(peakL, r.Peak-r.Before)
		if r, err = p.ask(map[string]any{"do": "load", "form": f.name, "path": theirs}); err != nil {
			return err
		}
		open, peak = append(open, r.on(c.cpu)), append(peak, r.Peak-r.Before)
	}
	saved, times := "-, "+duration(median(save)), "-"
	if unwritten == "" {
		want := f.save
		saved = duration(median(saveL)) + ", " + duration(median(save))
		times = goal(ratios(save, saveL), want)
	}
	bound := float64(median(peakL)) / float64(arrays)
	verdict := fmt.Sprintf("%.2f (<=1.2)", bound)
	if bound > 1.2 {
		verdict = fmt.Sprintf("%.2f MISSED 1.2", bound)
	}
	fmt.Printf("%-14s %-19s %-21s %-18s %-21s %-18s %-21s %-16s first row after %s; %s\n", f.name, megabytes(sizeL)+", "+megabytes(size), saved, times,
		duration(median(openL))+", "+duration(median(open)), goal(ratios(open, openL), f.load),
		megabytes(median(peakL))+", "+megabytes(median(peak)), verdict, duration(first), agrees)
	if unwritten != "" {
		fmt.Printf("    %s\n", unwritten)
	}
	return nil
}

// settle removes a file and waits until what was written before is on the disk: a save pays for its own pages alone.
func settle(path string) {
	_ = os.Remove(path)
	_ = exec.Command("sync").Run()
}

// writeFile writes a file and returns its size.
func writeFile(path string, write func(io.Writer) error) (int64, error) {
	out, err := os.Create(path)
	if err != nil {
		return 0, err
	}
	w := bufio.NewWriterSize(out, 64<<10)
	if err = write(w); err == nil {
		err = w.Flush()
	}
	if end := out.Close(); err == nil {
		err = end
	}
	if err != nil {
		return 0, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}
