package main

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"testing"

	"github.com/larder-ml/larder"
	"github.com/larder-ml/larder/rows"
)

// TestUnpackedIsBounded: what a small compressed file of JSON may become has an end; rows of csv are read as they come.
func TestUnpackedIsBounded(t *testing.T) {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	line := bytes.Repeat([]byte("0,"), 1<<19)
	for range 40 {
		if _, err := w.Write(line); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for format, refused := range map[rows.Format]bool{rows.JSON: true, rows.CSV: false, rows.JSONL: false, rows.NPY: false} {
		in := &counted{Reader: bytes.NewReader(b.Bytes())}
		z, err := gzip.NewReader(in)
		if err != nil {
			t.Fatal(err)
		}
		n, err := io.Copy(io.Discard, &bounded{counted: counted{Reader: z}, of: in, most: unpackedMost(format)})
		if errors.Is(err, larder.ErrLimit) != refused || refused && n > 34<<20 || !refused && n != 40<<20 {
			t.Errorf("%s: %d bytes, %v", format, n, err)
		}
	}
}
