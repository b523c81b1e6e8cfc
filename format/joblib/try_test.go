package joblib

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/source"
)

func left(v pyobj.Value) map[string]int {
	m := map[string]int{}
	pyobj.Walk(v, func(v pyobj.Value) bool {
		if o, ok := v.(*pyobj.Object); ok {
			n := o.ClassName()
			if strings.Contains(n, "numpy") || strings.Contains(n, "joblib") || strings.Contains(n, "codecs") || strings.Contains(n, "copy") {
				m[n]++
			}
		}
		return true
	})
	return m
}

func TestTry(t *testing.T) {
	globs := strings.Split(os.Getenv("GLOBS"), ",")
	n, ok := 0, 0
	for _, g := range globs {
		fs, _ := filepath.Glob(g)
		for _, f := range fs {
			if strings.HasSuffix(f, ".npy") || strings.HasSuffix(f, ".npy.z") || strings.HasSuffix(f, ".json") || strings.HasSuffix(f, ".py") {
				continue
			}
			n++
			src, err := source.Open(f, source.Default())
			if err != nil {
				t.Error(err)
				continue
			}
			d, err := Decode(src, source.Default())
			if err != nil {
				t.Errorf("%s: %v", f, err)
				continue
			}
			ok++
			for _, x := range d.Notes {
				if os.Getenv("NOTES") != "" || x.Level > 0 {
					t.Logf("%s: %s %d %s", filepath.Base(filepath.Dir(f)), x.Rule, x.Level, x.Message)
				}
			}
			if l := left(d.Root); len(l) > 0 && os.Getenv("LEFT") != "" {
				t.Logf("%s: left %v", f, l)
			}
			src.Close()
		}
	}
	t.Log(ok, "of", n)
}

func TestTryHostile(t *testing.T) {
	var ms runtime.MemStats
	filepath.Walk("../../../shared/data/hostile", func(f string, fi os.FileInfo, err error) error {
		if fi.IsDir() || strings.HasSuffix(f, "manifest.json") {
			return nil
		}
		runtime.GC()
		runtime.ReadMemStats(&ms)
		a := ms.TotalAlloc
		t0 := time.Now()
		src, err := source.Open(f, source.Default())
		if err != nil {
			t.Log(err)
			return nil
		}
		d, err := Decode(src, source.Default())
		dt := time.Since(t0)
		runtime.ReadMemStats(&ms)
		s := ""
		if d != nil {
			for _, n := range d.Notes {
				if n.Rule != "legacy-opcode" {
					s += " " + n.Rule
				}
			}
		}
		imp := ""
		for _, i := range d.Imports {
			imp += " " + i.Global.String()
		}
		t.Logf("%s | %v | %v |%s |%s | %v %dK", strings.TrimPrefix(f, "../../../shared/data/hostile/"), err != nil, err, s, imp, dt, (ms.TotalAlloc-a)>>10)
		src.Close()
		return nil
	})
}

func TestTryTime(t *testing.T) {
	for _, f := range strings.Split(os.Getenv("FILES"), ",") {
		best := time.Hour
		for i := 0; i < 3; i++ {
			t0 := time.Now()
			src, err := source.Open(f, source.Default())
			if err != nil {
				t.Fatal(err)
			}
			d, err := Decode(src, source.Default())
			if err != nil {
				t.Fatal(err)
			}
			best = min(best, time.Since(t0))
			_ = d
			src.Close()
		}
		t.Log(filepath.Base(f), best)
	}
	b, _ := os.ReadFile("/proc/self/status")
	for _, l := range strings.Split(string(b), "\n") {
		if strings.HasPrefix(l, "VmHWM") || strings.HasPrefix(l, "RssFile") {
			t.Log(l)
		}
	}
}

func TestTryWrite(t *testing.T) {
	var p, core int
	var comp string
	fmt.Sscanf(os.Getenv("OPT"), "%d %d %s", &p, &core, &comp)
	n := 0
	fs, _ := filepath.Glob(os.Getenv("GLOBS"))
	for _, f := range fs {
		src, err := source.Open(f, source.Default())
		if err != nil {
			t.Error(err)
			continue
		}
		d, err := Decode(src, source.Default())
		if err != nil {
			t.Errorf("%s: %v", f, err)
			continue
		}
		n++
		out, _ := os.Create(filepath.Join(os.Getenv("OUT"), filepath.Base(f)))
		if comp == "pickle" {
			err = Pickle(out, d.Root, p, core == 1)
		} else {
			if comp == "none" {
				comp = ""
			}
			err = Encode(out, d.Root, Options{Protocol: p, Core: core == 1, Compressor: comp})
		}
		if err != nil {
			t.Errorf("%s: %v", f, err)
		}
		out.Close()
	}
	t.Log(n)
}
