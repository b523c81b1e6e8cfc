package larder_test

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/larder-ml/larder"
	"github.com/larder-ml/larder/audit"
	"github.com/larder-ml/larder/internal/fixture"
	"github.com/larder-ml/larder/source"
)

// endless is time that only runaway work takes, on a machine however busy.
const endless = time.Minute

// TestAuditHostile holds the audit to the verdict class of every attack and malformed file.
func TestAuditHostile(t *testing.T) {
	root := fixture.Shared(t, "data/hostile")
	b, err := os.ReadFile(filepath.Join(root, "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	var files []struct{ Path, Expect, Cat string }
	if err := json.Unmarshal(b, &files); err != nil {
		t.Fatal(err)
	}
	count := map[string]int{}
	for _, f := range files {
		start := time.Now()
		r := larder.Audit(filepath.Join(root, f.Path), audit.Policy{})
		if d := time.Since(start); d > endless {
			t.Errorf("%s: took %v", f.Path, d)
		}
		count[f.Expect+" "+string(r.Verdict)]++
		switch f.Expect {
		case "clean":
			if r.Verdict != audit.OK {
				t.Errorf("%s: clean, but %s: %v", f.Path, r.Verdict, first(r))
			}
		case "suspect":
			if len(r.Findings) == 0 {
				t.Errorf("%s: nothing reported", f.Path)
			}
		default:
			if r.Verdict == audit.OK {
				t.Errorf("%s: %s, but ok", f.Path, f.Expect)
			}
			if f.Expect == "rce" && !namesSymbol(r) {
				t.Errorf("%s: %s without a symbol, its byte and its opcode: %v", f.Path, r.Verdict, first(r))
			}
		}
	}
	t.Log(count)
}

func first(r *audit.Report) any {
	if len(r.Findings) == 0 {
		return nil
	}
	return r.Findings[0]
}

func namesSymbol(r *audit.Report) bool {
	for _, f := range r.Findings {
		if f.Level == audit.Critical && f.Symbol != "" && (f.Offset >= 0 && f.Index >= 0 || f.Path != "") {
			return true
		}
	}
	return false
}

// TestAuditHonest wants ok for everything scikit-learn itself wrote.
func TestAuditHonest(t *testing.T) {
	for _, dir := range []string{"data/sklearn-old", "data/skops-old"} {
		root := fixture.Shared(t, dir)
		files, _ := filepath.Glob(filepath.Join(root, "*", "*.*"))
		ok, all := 0, 0
		for _, f := range files {
			if !strings.HasSuffix(f, ".pkl") && !strings.HasSuffix(f, ".skops") {
				continue
			}
			all++
			r := larder.Audit(f, audit.Policy{})
			if r.Verdict == audit.OK {
				ok++
			} else {
				t.Errorf("%s: %s: %v", f, r.Verdict, first(r))
			}
		}
		t.Logf("%s: %d of %d ok", dir, ok, all)
	}
}

// TestAuditPublic wants ok for every public file that needs scikit-learn alone.
func TestAuditPublic(t *testing.T) {
	root := fixture.Shared(t, "data/public-models")
	f, err := os.Open(filepath.Join(root, "manifest.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	col := map[string]int{}
	for i, n := range rows[0] {
		col[n] = i
	}
	alone, ok := 0, 0
	for _, r := range rows[1:] {
		rep := larder.Audit(modelFile(t, filepath.Join(root, r[col["id"]])), audit.Policy{})
		if r[col["other_libs"]] != "" || r[col["main_classes"]] != "" {
			if rep.Verdict == audit.OK && r[col["other_libs"]] != "pandas" {
				t.Errorf("%s: names %s%s, but ok", r[0], r[col["other_libs"]], r[col["main_classes"]])
			}
			continue
		}
		if rep.Verdict != audit.OK && !loads(root, r[0]) {
			t.Logf("%s %s: %s: scikit-learn can not load it either: %v", r[0], r[1], rep.Verdict, rep.Findings[len(rep.Findings)-1].Message)
			continue
		}
		alone++
		if rep.Verdict == audit.OK {
			ok++
		} else {
			t.Errorf("%s %s: %s: %v", r[0], r[1], rep.Verdict, rep.Findings)
		}
	}
	t.Logf("%d of %d files of scikit-learn alone are ok", ok, alone)
}

// loads reports whether any scikit-learn could load a public file: some lack their companions or are damaged.
func loads(root, id string) bool {
	b, err := os.ReadFile(filepath.Join(root, id, "reference.json"))
	var ref reference
	return err == nil && json.Unmarshal(b, &ref) == nil && ref.Load == "ok"
}

// TestAuditNumpyFiles: arrays alone are ok, in .npy and .npz; a pickle in them is judged like any other; an archive with
// anything else in it is no .npz.
func TestAuditNumpyFiles(t *testing.T) {
	array := func(descr, body string) string {
		header := "{'descr': '" + descr + "', 'fortran_order': False, 'shape': (1,), }\n"
		return "\x93NUMPY\x01\x00" + string([]byte{byte(len(header)), 0}) + header + body
	}
	numbers := array("<i8", "\x05\x00\x00\x00\x00\x00\x00\x00")
	attack := array("|O", "\x80\x02cposix\nsystem\nU\x04true\x85R.")
	zipped := func(members ...string) string {
		var b bytes.Buffer
		w := zip.NewWriter(&b)
		for i := 0; i < len(members); i += 2 {
			f, err := w.CreateHeader(&zip.FileHeader{Name: members[i]})
			if err == nil {
				_, err = f.Write([]byte(members[i+1]))
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	for name, c := range map[string]struct {
		file   string
		format string
		want   audit.Verdict
	}{
		"npy":                 {numbers, "npy", audit.OK},
		"npz":                 {zipped("x.npy", numbers, "y.npy", numbers), "npz", audit.OK},
		"empty npz":           {zipped(), "npz", audit.OK},
		"attack in npy":       {attack, "npy", audit.Refused},
		"attack in npz":       {zipped("x.npy", numbers, "y.npy", attack), "npz", audit.Refused},
		"another member":      {zipped("x.npy", numbers, "readme.txt", "hello"), "zip", audit.Undetermined},
		"a pickle as member":  {zipped("x.npy", "\x80\x02cposix\nsystem\nU\x04true\x85R."), "npz", audit.Refused},
		"bytes before a npz":  {"\x00" + zipped("x.npy", numbers), "", audit.Undetermined},
		"bytes behind a npz":  {zipped("x.npy", numbers) + "\x00", "skops", audit.Undetermined},
		"same name twice":     {zipped("x.npy", numbers, "x.npy", numbers), "npz", audit.Refused},
		"path out of its dir": {zipped("../x.npy", numbers), "npz", audit.Refused},
	} {
		r := larder.AuditBytes([]byte(c.file), audit.Policy{})
		if r.Verdict != c.want || r.Format != c.format {
			t.Errorf("%s: %s %q, want %s %q: %v", name, r.Verdict, r.Format, c.want, c.format, first(r))
		}
	}
}

// TestTwoFormats: a safetensors file whose length of the header, and what follows it, is a pickle as well is refused for what that
// runs, and so is any file that ends as a zip archive does.
func TestTwoFormats(t *testing.T) {
	evil := "0cposix\nsystem\n(S'true'\ntR."
	const size = 'X' + 256*48 // read as text of 48 bytes by pickle
	header := `{"__metadata__":{"a":"`
	header += strings.Repeat("a", 48-3-len(header))
	end := fmt.Sprintf(`"},"w":{"dtype":"U8","shape":[%d],"data_offsets":[0,%d]}}`, len(evil), len(evil))
	for size-len(header) > 250 {
		header += "Ud" + strings.Repeat("b", 'd') // and on to text of 100 bytes
	}
	last := size - len(header) - 2
	for last > 126 {
		header += "U!" + strings.Repeat("b", '!')
		last = size - len(header) - 2
	}
	header += "U" + string(rune(last)) + strings.Repeat("c", last-len(end)) + end
	file := append(binary.LittleEndian.AppendUint64(nil, size), header+evil...)
	r := larder.AuditBytes(file, audit.Policy{})
	if r.Format != "safetensors" || r.Verdict != audit.Refused || !namesSymbol(r) {
		t.Errorf("%s %s: %v", r.Format, r.Verdict, r.Findings)
	}
	if _, err := larder.OpenBytes(file); !errors.Is(err, larder.ErrUnsafe) {
		t.Errorf("opened: %v", err)
	}
	var z bytes.Buffer
	w := zip.NewWriter(&z)
	if _, err := w.Create("schema.json"); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	pickled := "\x80\x04B" + string(binary.LittleEndian.AppendUint32(nil, uint32(z.Len()))) + z.String() + "."
	npy := "\x93NUMPY\x01\x00\x76\x00" + fmt.Sprintf("%-117s\n", fmt.Sprintf("{'descr': '|u1', 'fortran_order': False, 'shape': (%d,), }", z.Len())) + z.String()
	for _, f := range []string{pickled, npy} {
		if r := larder.AuditBytes([]byte(f), audit.Policy{}); r.Verdict != audit.Refused {
			t.Errorf("an archive in %q: %s: %v", f[:8], r.Verdict, r.Findings)
		}
		if r := larder.AuditBytes([]byte(strings.ReplaceAll(f, "PK\x01\x02", "PK\x01\x03")), audit.Policy{}); r.Verdict != audit.OK {
			t.Errorf("no archive in %q: %s: %v", f[:8], r.Verdict, r.Findings)
		}
	}
	file[len(file)-len(evil)] = 0xff // no opcode
	if r := larder.AuditBytes(file, audit.Policy{}); r.Verdict != audit.OK {
		t.Errorf("the file without the pickle: %s: %v", r.Verdict, r.Findings)
	}
}

// TestOverLimitsIsNotOpened: what the audit can not judge within its limits is not opened either.
func TestOverLimitsIsNotOpened(t *testing.T) {
	b := []byte("\x80\x04]\x94")
	for i := range 60 {
		b = append(b, '0', ']', '(', 'h', byte(i), 'h', byte(i), 'e', 0x94)
	}
	b = append(b, '.')
	if r := larder.AuditBytes(b, audit.Policy{}); r.Verdict != audit.Undetermined {
		t.Errorf("%s: %v", r.Verdict, r.Findings)
	}
	if _, err := larder.OpenBytes(b); !errors.Is(err, larder.ErrUnsafe) {
		t.Errorf("opened: %v", err)
	}
}

// TestSharedWithoutEnd: values that hold one another, written out, would be without end: each file is judged with little memory, soon.
func TestSharedWithoutEnd(t *testing.T) {
	u4 := func(n int) string { return string(binary.LittleEndian.AppendUint32(nil, uint32(n))) }
	dtype := func(code, state string) string {
		return "cnumpy\ndtype\n(\x8c\x02" + code + "\x89\x88tR(K\x03" + state + "tb"
	}
	var fields, ring strings.Builder
	fields.WriteString("]\x94" + dtype("i8", "\x8c\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00") + "\x94a")
	for i := range 40 {
		field := "j" + u4(i+1) + "K\x00\x86"
		fields.WriteString(dtype("V8", "\x8c\x01|N\x8c\x01a\x8c\x01b\x86}(\x8c\x01a"+field+"\x8c\x01b"+field+"uK\x08K\x01K\x00") + "\x94a")
	}
	const members = 300_000
	ring.WriteString("]\x94")
	for i := range members - 1 {
		ring.WriteString("j" + u4(i) + "]\x94a0")
	}
	ring.WriteString("j" + u4(members-1) + "j" + u4(0) + "a0")
	for what, c := range map[string]struct {
		body string
		want audit.Verdict
	}{
		"a wide list in itself":                      {"]\x94(h\x00" + strings.Repeat("K\x01", 100_000) + "e", audit.OK},
		"a wide list in itself, last":                {"]\x94(" + strings.Repeat("K\x01", 100_000) + "h\x00e", audit.OK},
		"fields of fields of fields":                 {fields.String(), audit.Undetermined},
		"fields of fields of fields, and cut":        {fields.String() + "]", audit.Undetermined},
		"a ring of lists":                            {ring.String(), audit.Undetermined},
		"a ring of lists without an end to its file": {ring.String() + "(", audit.Undetermined},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		start := time.Now()
		r := larder.AuditBytes([]byte("\x80\x04"+c.body+"."), audit.Policy{})
		runtime.ReadMemStats(&after)
		if n := (after.TotalAlloc - before.TotalAlloc) >> 20; r.Verdict == audit.OK && c.want != audit.OK || c.want == audit.OK && r.Verdict != audit.OK || n > 800 || time.Since(start) > endless {
			t.Errorf("%s: %s after %v and %d MiB: %v", what, r.Verdict, time.Since(start), n, first(r))
		}
	}
}

// TestLoneText: a pickle of nothing but a long text or number is one from its last byte; a text that only begins like one is not.
func TestLoneText(t *testing.T) {
	long := strings.Repeat("7", 3000)
	for what, c := range map[string]struct {
		data string
		ok   bool
	}{
		"text":      {"V" + long + "\np0\n.", true},
		"binary":    {"X\xb8\x0b\x00\x00" + long + "q\x00.", true},
		"number":    {"L" + long + "L\n.", true},
		"no STOP":   {"V" + long + "\np0\n", false},
		"more":      {"V" + long + "\np0\n. and so on.", false},
		"a letter":  {"Very dear friends,\n" + long + ".", false},
		"all alone": {"V" + long + ".", false},
	} {
		doc, err := larder.Decode(source.Bytes([]byte(c.data)), source.Default())
		if (err == nil) != c.ok || c.ok && doc.Format != "pickle" || !c.ok && !errors.Is(err, larder.ErrFormat) {
			t.Errorf("%s: %v", what, err)
		}
	}
}
