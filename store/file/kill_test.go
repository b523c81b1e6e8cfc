package file

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/larder-ml/larder/internal/fixture"
	"github.com/larder-ml/larder/store"
	"github.com/larder-ml/larder/store/storetest"
)

// publishDir, when set in the environment, makes the test binary a writer: it publishes into that registry until it is
// killed and prints each version once its publishing was acknowledged.
const publishDir = "LARDER_TEST_PUBLISH"

func TestMain(m *testing.M) {
	if dir := os.Getenv(publishDir); dir != "" {
		writeForever(dir, os.Args[1:])
		return
	}
	os.Exit(m.Run())
}

func writeForever(dir string, models []string) {
	ctx := context.Background()
	s, err := Open(ctx, dir)
	if err != nil {
		panic(err)
	}
	t := new(testing.T)
	for i := 0; ; i++ {
		f := storetest.Files(t, models[i%len(models)], nil)
		v, _, err := s.Publish(ctx, fmt.Sprintf("m%d", i), f)
		if err != nil {
			panic(err)
		}
		fmt.Println(v.Ref())
	}
}

// TestKilledWriters kills writers in the middle of publishing: what was acknowledged is there and whole, what was not is
// there whole or not at all.
func TestKilledWriters(t *testing.T) {
	ctx := context.Background()
	dir := fixture.Path(t, "document")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	acknowledged := 0
	for range 12 {
		registry := filepath.Join(t.TempDir(), "models")
		cmd := exec.Command(self, filepath.Join(dir, "text_model.joblib"), filepath.Join(dir, "regressor_model.joblib"))
		cmd.Env = append(os.Environ(), publishDir+"="+registry)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		first := make(chan struct{})
		lines := make(chan []string)
		go func() {
			var refs []string
			for s := bufio.NewScanner(out); s.Scan(); {
				if refs = append(refs, s.Text()); len(refs) == 1 {
					close(first)
				}
			}
			lines <- refs
		}()
		<-first
		time.Sleep(time.Duration(rand.IntN(20_000)) * time.Microsecond)
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		refs := <-lines
		_ = cmd.Wait()
		s := open(t, registry)
		for _, ref := range refs {
			if !strings.Contains(ref, ":") {
				continue // cut off while it was printed
			}
			r, err := store.ParseRef(ref)
			if err != nil {
				t.Fatal(err)
			}
			if v, err := s.Resolve(ctx, r); err != nil || v.Problem != "" {
				t.Errorf("%s was acknowledged: %+v, %v", ref, v, err)
			}
			acknowledged++
		}
		if _, found, err := s.Check(ctx); err != nil {
			t.Error(err)
		} else {
			for _, f := range found {
				// Killed between the folder and the link: the version stands, nothing points at it yet.
				if !strings.Contains(f.Problem, "no version is the latest") {
					t.Errorf("%+v", f)
				}
			}
		}
	}
	t.Logf("%d acknowledged versions", acknowledged)
}
