package pack_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/larder-ml/larder"
	"github.com/larder-ml/larder/pack"
)

// A model with proof of what it answers, and the proof run again.
func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "pack")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	file, err := os.ReadFile("../cmd/larder/quickstart/titanic.joblib")
	if err != nil {
		log.Fatal(err)
	}
	m, err := larder.OpenBytes(file)
	if err != nil {
		log.Fatal(err)
	}
	files, err := pack.Build(ctx, pack.Content{Model: m, File: file, Writer: "example", Now: time.Now()})
	if err != nil {
		log.Fatal(err)
	}
	prefix := filepath.Join(dir, "titanic")
	if err := files.Write(prefix); err != nil {
		log.Fatal(err)
	}

	p, err := pack.Read(prefix)
	if err != nil {
		log.Fatal(err)
	}
	if m, err = p.Open(); err != nil {
		log.Fatal(err) // errors.Is(err, pack.ErrSignature): a file was changed
	}
	c, err := p.Validate(ctx, m, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(files.ID, c.Verdict, c.Equal, "of", c.Rows)
	// Output: 35d72efe ok 32 of 32
}
