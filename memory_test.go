//go:build linux

package larder

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/larder-ml/larder/format/joblib"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/tensor"
)

// TestForestChild is no test: it is what the tests of this file run in processes of their own. It opens the forest that
// LARDER_FOREST names, predicts row by row and then a batch, says what it used, and waits to be let go.
func TestForestChild(t *testing.T) {
	path := os.Getenv("LARDER_FOREST")
	if path == "" {
		t.Skip("is run by TestProcessesShareAForest and TestForestLargerThanMemory")
	}
	if group := os.Getenv("LARDER_GROUP"); group != "" {
		if err := os.WriteFile(filepath.Join(group, "cgroup.procs"), []byte(strconv.Itoa(os.Getpid())), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if most := os.Getenv("LARDER_DATA"); most != "" {
		n, _ := strconv.ParseUint(most, 10, 64)
		if err := syscall.Setrlimit(syscall.RLIMIT_DATA, &syscall.Rlimit{Cur: n, Max: n}); err != nil {
			t.Fatal(err)
		}
	}
	m, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	batch, _ := strconv.Atoi(os.Getenv("LARDER_BATCH"))
	fmt.Printf("answer %x\n", forestAnswer(t, m, batch))
	fmt.Println("ready")
	_, _ = bufio.NewReader(os.Stdin).ReadString('\n')
	fmt.Printf("private %d\n", privately(t, path))
	fmt.Printf("peak %d\n", ownMemory(t, "VmHWM:"))
}

// forestAnswer gives the digest of the probabilities of 20 rows, one by one, and of batch rows together.
func forestAnswer(t *testing.T, m *Model, batch int) []byte {
	t.Helper()
	rows := someRows(max(20, batch), m.NFeatures()).Dense
	w := m.NFeatures()
	sum := sha256.New()
	put := func(x *tensor.Tensor) {
		got, err := m.Run(context.Background(), "predict_proba", tensor.Value{Dense: x})
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range got.Tensor().F64 {
			_ = binary.Write(sum, binary.LittleEndian, math.Float64bits(p))
		}
	}
	for i := range 20 {
		put(tensor.FromF32(rows.F32[i*w:(i+1)*w], 1, w))
	}
	if batch > 0 {
		put(rows)
	}
	return sum.Sum(nil)
}

// privately gives the bytes of a mapped file that this process alone holds in memory.
func privately(t *testing.T, path string) (n int64) {
	t.Helper()
	smaps, err := os.ReadFile("/proc/self/smaps")
	if err != nil {
		t.Fatal(err)
	}
	in, found := false, false
	for line := range strings.Lines(string(smaps)) {
		f := strings.Fields(line)
		switch {
		case len(f) >= 5 && strings.Contains(f[0], "-"):
			in = f[len(f)-1] == path
			found = found || in
		case in && (f[0] == "Private_Clean:" || f[0] == "Private_Dirty:"):
			kb, _ := strconv.ParseInt(f[1], 10, 64)
			n += kb << 10
		}
	}
	if !found {
		t.Fatalf("%s is not mapped", path)
	}
	return n
}

func ownMemory(t *testing.T, field string) int64 {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(status), field)
	kb, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return kb << 10
}

// forestChild is a running TestForestChild.
type forestChild struct {
	cmd  *exec.Cmd
	in   io.WriteCloser
	out  *bufio.Reader
	told map[string]string
}

func startForestChild(t *testing.T, env ...string) *forestChild {
	t.Helper()
	c := &forestChild{cmd: exec.Command(os.Args[0], "-test.run=^TestForestChild$"), told: map[string]string{}}
	c.cmd.Env = append(os.Environ(), env...)
	c.cmd.Stderr = os.Stderr
	out, err := c.cmd.StdoutPipe()
	if err == nil {
		c.in, err = c.cmd.StdinPipe()
	}
	if err == nil {
		err = c.cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	c.out = bufio.NewReader(out)
	return c
}

// until reads what the child says, up to a word.
func (c *forestChild) until(t *testing.T, word string) {
	t.Helper()
	var all bytes.Buffer
	for {
		line, err := c.out.ReadString('\n')
		all.WriteString(line)
		if f := strings.Fields(line); len(f) == 2 {
			c.told[f[0]] = f[1]
		} else if strings.HasPrefix(line, word) {
			return
		}
		if err != nil {
			_ = c.cmd.Wait()
			t.Fatalf("%v (%v): %s", err, c.cmd.ProcessState, &all)
		}
	}
}

func (c *forestChild) letGo(t *testing.T) {
	t.Helper()
	_, _ = io.WriteString(c.in, "\n")
	c.until(t, "PASS")
	if err := c.cmd.Wait(); err != nil {
		t.Error(err)
	}
}

// TestProcessesShareAForest: two processes that predict single rows from one mapped file hold nothing of it for themselves.
func TestProcessesShareAForest(t *testing.T) {
	root := bigForest(t, nil)
	for form := range mappedForms {
		path := writeFile(t, form, root)
		a, b := startForestChild(t, "LARDER_FOREST="+path), startForestChild(t, "LARDER_FOREST="+path)
		a.until(t, "ready")
		b.until(t, "ready")
		a.letGo(t) // while b has the file in its memory
		b.letGo(t)
		if a.told["answer"] == "" || a.told["answer"] != b.told["answer"] {
			t.Errorf("%s: answers %q and %q", form, a.told["answer"], b.told["answer"])
		}
		n, err := strconv.ParseInt(a.told["private"], 10, 64)
		if err != nil || n > 256<<10 {
			t.Errorf("%s: %d bytes of the file are private to one process (%v)", form, n, err)
		}
		t.Logf("%s: %s bytes of the map are private after 20 single rows", form, a.told["private"])
	}
}

// TestForestLargerThanMemory: a forest of 1 GB predicts in a control group of 256 MiB, and with no more than that for its own
// data. It needs LARDER_LONG, 1.2 GB of disk and, for the group, the right to make one.
func TestForestLargerThanMemory(t *testing.T) {
	if os.Getenv("LARDER_LONG") == "" {
		t.Skip("LARDER_LONG is not set: a file of 1 GB is written")
	}
	var disk syscall.Statfs_t
	if dir := os.TempDir(); syscall.Statfs(dir, &disk) != nil || int64(disk.Bavail)*int64(disk.Bsize) < 2<<30 { //nolint:unconvert // is 32 bits wide on some
		t.Skipf("%s has no 2 GB of room", dir)
	}
	path := filepath.Join(t.TempDir(), "forest.joblib")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w := bufio.NewWriterSize(f, 1<<20)
	if err := joblib.Encode(w, wideForest(t, 1<<30), joblib.Options{Protocol: 4}); err != nil {
		t.Fatal(err)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	info, _ := f.Stat()
	m, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf("%x", forestAnswer(t, m, 2000))
	_ = m.src.Close()
	const limit = 256 << 20
	for _, kind := range []string{"a control group", "RLIMIT_DATA"} {
		// What the file has in the page cache already would be free for the child.
		_ = f.Sync()
		if _, _, errno := syscall.Syscall6(syscall.SYS_FADVISE64, f.Fd(), 0, uintptr(info.Size()), 4, 0, 0); errno != 0 {
			t.Fatal(errno)
		}
		env := []string{"LARDER_FOREST=" + path, "LARDER_BATCH=2000"}
		if kind == "RLIMIT_DATA" {
			env = append(env, fmt.Sprintf("LARDER_DATA=%d", limit), fmt.Sprintf("GOMEMLIMIT=%d", limit*3/4))
		} else {
			group, why := makeGroup(t, limit)
			if why != "" {
				t.Logf("no control group: %s", why)
				continue
			}
			env = append(env, "LARDER_GROUP="+group)
		}
		c := startForestChild(t, env...)
		c.until(t, "ready")
		c.letGo(t)
		if c.told["answer"] != want {
			t.Errorf("%s: another answer than without a limit", kind)
		}
		t.Logf("%s of 256 MiB, file of %d MB: 20 single rows and a batch of 2,000 answered; peak resident %s bytes", kind, info.Size()/1e6, c.told["peak"])
	}
	_ = f.Close()
}

// wideForest gives the forest of bigForest with copies of its trees, of size bytes together.
func wideForest(t *testing.T, size int) pyobj.Value {
	t.Helper()
	root := bigForest(t, nil).(*pyobj.Object)
	attrs, _ := root.Attrs()
	list := attrs.Get("estimators_").(*pyobj.List)
	var trees []pyobj.Value
	for have, i := 0, 0; have < size; i++ {
		v := list.Items[i%len(list.Items)]
		own, _ := pyobj.Rewrite(shallow(v), func(v pyobj.Value) (pyobj.Value, bool) {
			if a, ok := v.(*pyobj.Array); ok {
				c := *a
				have += len(a.Data)
				return &c, true
			}
			return nil, false
		}).(*pyobj.Object)
		trees = append(trees, own)
	}
	list.Items = trees
	attrs.Set(pyobj.Str("n_estimators"), pyobj.Int(len(trees)))
	return root
}

// shallow copies objects and dicts, their arrays and all else shared.
func shallow(v pyobj.Value) pyobj.Value {
	switch x := v.(type) {
	case *pyobj.Object:
		c := *x
		c.State = shallow(x.State)
		return &c
	case *pyobj.Dict:
		c := &pyobj.Dict{}
		for _, e := range x.Entries {
			c.Set(e.Key, shallow(e.Value))
		}
		return c
	}
	return v
}

// makeGroup makes a control group of limit bytes, or says why it can not.
func makeGroup(t *testing.T, limit int64) (dir, why string) {
	t.Helper()
	for _, g := range [][2]string{{"/sys/fs/cgroup/memory", "memory.limit_in_bytes"}, {"/sys/fs/cgroup", "memory.max"}} {
		if _, err := os.Stat(filepath.Join(g[0], "cgroup.procs")); err != nil {
			continue
		}
		dir := filepath.Join(g[0], fmt.Sprintf("larder-test-%d", os.Getpid()))
		if err := os.Mkdir(dir, 0o755); err != nil {
			return "", err.Error()
		}
		t.Cleanup(func() { _ = os.Remove(dir) })
		if err := os.WriteFile(filepath.Join(dir, g[1]), []byte(strconv.FormatInt(limit, 10)), 0o600); err != nil {
			return "", err.Error()
		}
		return dir, ""
	}
	return "", "this system has none for memory"
}
