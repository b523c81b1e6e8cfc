package main

import (
	"bytes"
	"io"
	"os"

	"github.com/larder-ml/larder/rows"
	"github.com/larder-ml/larder/rows/parquet"
)

// openParquet opens a file of rows that has to be read from its end; standard input is read into memory.
func openParquet(name string) (rows.Reader, func(), error) {
	if name == "-" {
		b, err := io.ReadAll(os.Stdin)
		if err != nil {
			return nil, nil, err
		}
		r, err := parquet.NewReader(bytes.NewReader(b), int64(len(b)))
		return r, func() {}, err
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, nil, err
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, nil, err
	}
	r, err := parquet.NewReader(f, info.Size())
	if err != nil {
		f.Close()
		return nil, nil, err
	}
	return r, func() { f.Close() }, nil
}

func newParquetWriter(w io.Writer, o rows.WriteOptions) resultWriter { return parquet.NewWriter(w, o) }
