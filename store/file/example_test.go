package file_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/larder-ml/larder"
	"github.com/larder-ml/larder/pack"
	"github.com/larder-ml/larder/store"
	"github.com/larder-ml/larder/store/file"
)

// A version is registered, named, found and opened.
func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "models")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	s, err := file.Open(ctx, dir)
	if err != nil {
		log.Fatal(err)
	}
	model, err := os.ReadFile("../../cmd/larder/quickstart/titanic.joblib")
	if err != nil {
		log.Fatal(err)
	}
	m, err := larder.OpenBytes(model)
	if err != nil {
		log.Fatal(err)
	}
	files, err := pack.Build(ctx, pack.Content{Model: m, File: model, Writer: "example", Now: time.Now()})
	if err != nil {
		log.Fatal(err)
	}
	v, _, err := s.Publish(ctx, "titanic", files)
	if err != nil {
		log.Fatal(err)
	}
	if err := s.Alias(ctx, "titanic", "champion", v.ID); err != nil {
		log.Fatal(err)
	}
	ref, err := store.ParseRef("titanic@champion")
	if err != nil {
		log.Fatal(err)
	}
	if v, err = s.Resolve(ctx, ref); err != nil {
		log.Fatal(err)
	}
	p, err := pack.Read(v.Prefix)
	if err != nil {
		log.Fatal(err)
	}
	if m, err = p.Open(); err != nil {
		log.Fatal(err)
	}
	fmt.Println(v.Ref(), v.Latest, v.Aliases, m.Methods())
	// Output: titanic:35d72efe true [champion] [predict predict_proba predict_log_proba]
}
