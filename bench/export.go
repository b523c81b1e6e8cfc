package main

import (
	"fmt"
	"io"
	"path/filepath"

	"github.com/larder-ml/larder"
)

// exportGoal is how many times as fast as skl2onnx Larder should write an ONNX file.
const exportGoal = 50

// benchExport writes each model as ONNX on both sides, from an open model to a file.
func benchExport(c *config, p *peer) error {
	fmt.Printf("\n%-26s %-19s %12s %12s %s\n", "ONNX export", "MB: Larder, theirs", "Larder", "skl2onnx", "times")
	for _, t := range tasks[c.size] {
		if !c.only.MatchString(t.model) {
			continue
		}
		if err := p.export(c, t); err != nil {
			return fmt.Errorf("%s: %w", t.model, err)
		}
	}
	return nil
}

func (p *peer) export(c *config, t task) error {
	made, err := p.ask(map[string]any{"do": "make", "name": t.model, "dir": c.dir})
	if err != nil {
		return err
	}
	if _, err := p.ask(map[string]any{"do": "open", "path": made.Path, "rows": made.Rows}); err != nil {
		return err
	}
	to := filepath.Join(c.dir, "export.onnx")
	var ours, theirs []float64
	var size, sizeL int64
	var unwritten error
	for range c.rounds {
		m, err := larder.Open(made.Path)
		if err != nil {
			return err
		}
		settle(to)
		w := watch()
		if sizeL, err = writeFile(to, func(w io.Writer) error {
			_, err := m.EncodeONNX(w, larder.ONNXOptions{})
			return err
		}); err != nil {
			return err
		}
		ours = append(ours, w.stop(1).on(c.cpu))
		if unwritten != nil {
			continue
		}
		settle(to)
		r, err := p.ask(map[string]any{"do": "export", "to": to})
		if err != nil {
			unwritten = err
			continue
		}
		theirs, size = append(theirs, r.on(c.cpu)), r.Size
	}
	if unwritten != nil {
		fmt.Printf("%-26s %-19s %12s %12s -\n    skl2onnx: %v\n", t.model, megabytes(sizeL)+", -", duration(median(ours)), "-", unwritten)
		return nil
	}
	fmt.Printf("%-26s %-19s %12s %12s %s\n", t.model, megabytes(sizeL)+", "+megabytes(size), duration(median(ours)), duration(median(theirs)),
		goal(ratios(theirs, ours), exportGoal))
	return nil
}
