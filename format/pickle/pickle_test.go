package pickle

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/larder-ml/larder/internal/fixture"
	"github.com/larder-ml/larder/numpy"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/source"
)

func decode(b []byte) (*pyobj.Doc, error) { return Decode(source.Bytes(b), source.Default()) }

// fold makes of protocol 0 to 2's spellings what Python makes of them.
func fold(t *testing.T, v pyobj.Value) pyobj.Value {
	t.Helper()
	v, err := numpy.Fold(v)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestDecodeReadsWhatPythonReads(t *testing.T) {
	for _, file := range []string{"pickle", "numpy", "opcodes"} {
		for _, c := range fixture.Cases(t, file) {
			if c.Want == "" {
				continue
			}
			doc, err := decode(c.Data)
			if err != nil {
				t.Errorf("%s p%d: %v", c.Name, c.Protocol, err)
				continue
			}
			if c.Name == "keywords" && c.Protocol < 4 {
				continue // protocols 2 and 3 write a functools.partial, which Python then calls
			}
			if got := fixture.Describe(fold(t, doc.Root)); got != c.Want {
				t.Errorf("%s p%d:\n got %s\nwant %s", c.Name, c.Protocol, cut(got), cut(c.Want))
			}
			if doc.Stream != int64(len(c.Data)) || doc.Protocol != max(c.Protocol, doc.Protocol) {
				t.Errorf("%s p%d: stream of %d bytes, protocol %d", c.Name, c.Protocol, doc.Stream, doc.Protocol)
			}
			for _, n := range doc.Notes {
				if n.Level != pyobj.LevelNote && file != "opcodes" {
					t.Errorf("%s p%d: note %s: %s", c.Name, c.Protocol, n.Rule, n.Message)
				}
			}
		}
	}
}

func cut(s string) string {
	if len(s) > 600 {
		return s[:600] + "…"
	}
	return s
}

// The machine must take a stream in any pieces, and give the same as from memory.
func TestReaderReadsWhatMemoryReads(t *testing.T) {
	for _, file := range []string{"pickle", "numpy", "opcodes"} {
		for _, c := range fixture.Cases(t, file) {
			if c.Want == "" {
				continue
			}
			doc, err := NewReader(&oneByte{c.Data}, int64(len(c.Data)), source.Default()).Run()
			if err != nil {
				t.Errorf("%s p%d: %v", c.Name, c.Protocol, err)
				continue
			}
			if got := fixture.Describe(fold(t, doc.Root)); got != c.Want && c.Name != "keywords" {
				t.Errorf("%s p%d: got %s", c.Name, c.Protocol, cut(got))
			}
		}
	}
}

type oneByte struct{ b []byte }

func (r *oneByte) Read(p []byte) (int, error) {
	if len(r.b) == 0 {
		return 0, io.EOF
	}
	p[0] = r.b[0]
	r.b = r.b[1:]
	return 1, nil
}

func TestDisassembleIsPickletools(t *testing.T) {
	for _, file := range []string{"opcodes", "listing"} {
		for _, c := range fixture.Cases(t, file) {
			var w bytes.Buffer
			err := Disassemble(&w, source.Bytes(c.Data), source.Default(), 0)
			got := w.String()
			if err != nil && c.Want != "" {
				t.Errorf("%s: %v", c.Name, err)
			}
			if err != nil && strings.HasPrefix(c.Dis, got) {
				continue // what Python could list but not load
			}
			if got != c.Dis {
				g, d := strings.Split(got, "\n"), strings.Split(c.Dis, "\n")
				for i := 0; i < min(len(g), len(d)); i++ {
					if g[i] != d[i] {
						t.Errorf("%s p%d:\n got %s\nwant %s", c.Name, c.Protocol, cut(g[i]), cut(d[i]))
						break
					}
				}
				if len(g) != len(d) && c.Error == "" {
					t.Errorf("%s p%d: %d lines, want %d", c.Name, c.Protocol, len(g), len(d))
				}
			}
		}
	}
}

func TestEveryOpcodeIsInAFixture(t *testing.T) {
	met := map[string]bool{}
	for _, file := range []string{"opcodes", "listing"} {
		for _, c := range fixture.Cases(t, file) {
			for _, line := range strings.Split(c.Dis, "\n") {
				if f := strings.Fields(line); len(f) > 2 && strings.HasSuffix(f[0], ":") {
					met[f[2]] = true
				}
			}
		}
	}
	n := 0
	for op, info := range ops {
		if info.name == "" {
			continue
		}
		n++
		if !met[info.name] {
			t.Errorf("no fixture has %s (0x%02x)", info.name, op)
		}
	}
	if n != 68 {
		t.Errorf("%d opcodes, want 68", n)
	}
}

func TestEncodeWritesWhatPythonWrites(t *testing.T) {
	for _, file := range []string{"pickle", "numpy"} {
		for _, c := range fixture.Cases(t, file) {
			doc, err := decode(c.Data)
			if err != nil {
				t.Fatal(err)
			}
			if c.Name == "keywords" && c.Protocol < 4 {
				continue
			}
			root := fold(t, doc.Root)
			for p := 2; p <= 5; p++ {
				r := numpy.Reducer{Protocol: p}
				var w bytes.Buffer
				err := Encode(&w, root, p, r.Reduce)
				if c.Name == "keywords" && p < 4 {
					if !errors.Is(err, source.ErrUnsupported) {
						t.Errorf("keywords p%d: %v", p, err)
					}
					continue
				}
				if err != nil {
					t.Errorf("%s p%d: %v", c.Name, p, err)
					continue
				}
				again, err := decode(w.Bytes())
				if err != nil {
					t.Errorf("%s p%d: %v", c.Name, p, err)
					continue
				}
				if got := fixture.Describe(fold(t, again.Root)); got != c.Want {
					t.Errorf("%s p%d written as p%d:\n got %s\nwant %s", c.Name, c.Protocol, p, cut(got), cut(c.Want))
				}
				for _, n := range again.Notes {
					t.Errorf("%s p%d: note %s: %s", c.Name, p, n.Rule, n.Message)
				}
				if p == c.Protocol && !sameButSharing[c.Name] && !bytes.Equal(w.Bytes(), c.Data) {
					t.Errorf("%s p%d: bytes differ from Python's", c.Name, p)
				}
			}
		}
	}
}

// sameButSharing are cases with equal strings that are two objects in CPython, which writes both, and arrays that Python
// held with strides.
var sameButSharing = map[string]bool{"stdlib": true, "globals": true, "ints": true, "aligned": true, "object 2d": true,
	"object fortran": true, "dtypes": true, "f8 permuted": true, "f8 strided": true}

// Names of either Python go out as the protocol's readers know them.
func TestEncodeNamesForTheProtocol(t *testing.T) {
	for _, c := range []struct{ read, two, three string }{
		{"__builtin__ slice", "c__builtin__\nslice\n", "cbuiltins\nslice\n"},
		{"builtins slice", "c__builtin__\nslice\n", "cbuiltins\nslice\n"},
		{"__builtin__ unicode", "c__builtin__\nunicode\n", "cbuiltins\nstr\n"},
		{"builtins range", "c__builtin__\nxrange\n", "cbuiltins\nrange\n"},
		{"__builtin__ reduce", "c__builtin__\nreduce\n", "cfunctools\nreduce\n"},
		{"copy_reg _reconstructor", "ccopy_reg\n_reconstructor\n", "ccopyreg\n_reconstructor\n"},
		{"numpy ndarray", "cnumpy\nndarray\n", "cnumpy\nndarray\n"},
	} {
		module, name, _ := strings.Cut(c.read, " ")
		g := &pyobj.Global{Module: module, Name: name}
		for proto := 2; proto <= 5; proto++ {
			var buf bytes.Buffer
			if err := Encode(&buf, g, proto, nil); err != nil {
				t.Fatal(err)
			}
			want := c.three
			switch proto {
			case 2:
				want = c.two
			case 4, 5:
				f := strings.Fields(c.three[1:])
				want = "\x8c" + string(rune(len(f[0]))) + f[0] + "\x94\x8c" + string(rune(len(f[1]))) + f[1] + "\x94\x93"
			}
			if !bytes.Contains(buf.Bytes(), []byte(want)) {
				t.Errorf("%s at protocol %d: %q, want %q in it", c.read, proto, buf.Bytes(), want)
			}
		}
	}
}

func TestTraceHoldsDroppedCalls(t *testing.T) {
	doc, err := decode([]byte("\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x04true\x85R0N."))
	if err != nil {
		t.Fatal(err)
	}
	if doc.Root != (pyobj.None{}) || len(doc.Imports) != 1 || len(doc.Calls) != 1 {
		t.Fatalf("root %v, %d imports, %d calls", doc.Root, len(doc.Imports), len(doc.Calls))
	}
	i, c := doc.Imports[0], doc.Calls[0]
	if i.Global.String() != "os.system" || i.Offset != 14 || i.Index != 3 || i.Op != "STACK_GLOBAL" {
		t.Errorf("import %+v", i)
	}
	if c.Func != i.Global || c.Offset != 22 || c.Index != 6 || c.Op != "REDUCE" || fixture.Describe(c.Args[0]) != "s:74727565" {
		t.Errorf("call %+v", c)
	}
}

func TestErrorKeepsTheTrace(t *testing.T) {
	doc, err := decode([]byte("cos\nsystem\n(S'true'\ntR\xff"))
	var se *SyntaxError
	if !errors.As(err, &se) || se.Offset != 22 || !errors.Is(err, source.ErrCorrupt) {
		t.Fatalf("error %v", err)
	}
	if len(doc.Imports) != 1 || len(doc.Calls) != 1 {
		t.Errorf("%d imports, %d calls", len(doc.Imports), len(doc.Calls))
	}
}

func TestBuildChangesTheMemoisedObject(t *testing.T) {
	doc, err := decode([]byte("\x80\x04]\x94ccollections\nOrderedDict\n)\x81\x94}K\x01K\x02sb0h\x01."))
	if err != nil {
		t.Fatal(err)
	}
	o, ok := doc.Root.(*pyobj.Object)
	if !ok || o.State == nil {
		t.Fatalf("root %s", fixture.Describe(doc.Root))
	}
}

func TestNotes(t *testing.T) {
	for _, c := range []struct {
		name, data, rule string
		level            pyobj.Level
		err              bool
	}{
		{"bytes after STOP", "\x80\x04N.garbage", "trailing-bytes", pyobj.LevelRefuse, false},
		{"second pickle", "\x80\x04N.\x80\x04N.", "second-pickle", pyobj.LevelSuspect, false},
		{"key twice", "}(X\x01\x00\x00\x00aK\x01X\x01\x00\x00\x00aK\x02u.", "duplicate-key", pyobj.LevelRefuse, false},
		{"int key twice", "}(K\x01K\x01K\x01K\x02u.", "duplicate-key", pyobj.LevelRefuse, false},
		{"equal keys", "}(K\x01K\x01\x88K\x02u.", "equal-keys", pyobj.LevelNote, false},
		{"newer opcode than protocol", "\x80\x02\x8c\x01a.", "protocol-lie", pyobj.LevelSuspect, false},
		{"second PROTO", "\x80\x02N0\x80\x02N.", "protocol-lie", pyobj.LevelSuspect, false},
		{"sparse memo", "]q\x05.", "memo-sparse", pyobj.LevelNote, true},
		{"memo written twice", "]q\x00q\x00.", "memo-overwrite", pyobj.LevelSuspect, false},
		{"memo of the pickle before", "\x80\x04]\x94.\x80\x04h\x00.", "memo-carry", pyobj.LevelRefuse, false},
		{"old opcode", "I1\n.", "legacy-opcode", pyobj.LevelNote, false},
		{"Python 2 text", "S'a'\n.", "legacy-opcode", pyobj.LevelNote, false},
		{"carriage return in a name", "cos\r\nsystem\n.", "global-text", pyobj.LevelRefuse, false},
		{"lines of text", "(dp0\r\nVa\r\np1\r\nI1\r\ns.", "text-mode", pyobj.LevelNote, false},
		{"raw text first", "Va\r\np0\r\n.", "text-mode", pyobj.LevelNote, false},
		{"tab in a name", "cos\nsystem\t\n.", "global-text", pyobj.LevelRefuse, false},
		{"NUL in a name", "cos\x00\nsystem\n.", "global-text", pyobj.LevelRefuse, false},
		{"letters beyond ASCII", "c\xd0\xbes\nsystem\n.", "global-text", pyobj.LevelSuspect, false},
		{"dot in a name", "\x80\x04\x8c\x01a\x8c\x03b.c\x93.", "dotted-name", pyobj.LevelRefuse, false},
		{"extension", "\x80\x02\x82\x01.", "extension-code", pyobj.LevelRefuse, false},
		{"persistent id", "Pa\n.", "persistent-id", pyobj.LevelRefuse, false},
		{"values left", "NN.", "stack-left", pyobj.LevelRefuse, false},
		{"mark left", "N(N.", "stack-left", pyobj.LevelRefuse, false},
		{"state set twice", "ca\nb\n)\x81}b}b.", "build-twice", pyobj.LevelRefuse, false},
		{"state of a class", "ca\nb\n}b.", "build-target", pyobj.LevelRefuse, false},
		{"state changed later", "ca\nb\n)\x81}q\x00bh\x00K\x01K\x02s0.", "changed-later", pyobj.LevelRefuse, false},
		{"argument changed later", "ca\nb\n]q\x00\x85Rh\x00K\x01a0.", "changed-later", pyobj.LevelRefuse, false},
		{"half a surrogate pair", "X\x03\x00\x00\x00\xed\xa0\x80.", "lone-surrogate", pyobj.LevelRefuse, false},
		{"frame cuts an argument", "\x80\x04\x95\x02\x00\x00\x00\x00\x00\x00\x00M\x01\x02.", "frame", pyobj.LevelRefuse, true},
		{"frame beyond the file", "\x80\x04\x95\x63\x00\x00\x00\x00\x00\x00\x00N.", "frame", pyobj.LevelRefuse, true},
		{"frame beyond STOP", "\x80\x04\x95\x04\x00\x00\x00\x00\x00\x00\x00N.N.", "frame", pyobj.LevelRefuse, true},
		{"frame in a frame", "\x80\x04\x95\x0b\x00\x00\x00\x00\x00\x00\x00\x95\x02\x00\x00\x00\x00\x00\x00\x00N.", "frame", pyobj.LevelRefuse, true},
	} {
		doc, err := decode([]byte(c.data))
		if (err != nil) != c.err && c.rule != "memo-sparse" {
			t.Errorf("%s: error %v", c.name, err)
		}
		found := false
		for _, n := range doc.Notes {
			found = found || n.Rule == c.rule && n.Level == c.level
		}
		if !found && c.rule != "memo-sparse" {
			t.Errorf("%s: no note %s in %v", c.name, c.rule, doc.Notes)
		}
	}
}

// CPython's C reader drops the rest of a frame when an argument goes over its end; what it would run is in the trace.
func TestFrameDivergenceShowsBothReadings(t *testing.T) {
	data := "\x80\x05(\x95\x02\x00\x00\x00\x00\x00\x00\x00B\x19\x01\x00\x00\x00\x00cos\nsystem\nVtrue\n\x85R" + strings.Repeat("N", 0x200) + "1N."
	doc, err := decode([]byte(data))
	if !errors.Is(err, source.ErrCorrupt) {
		t.Fatalf("error %v", err)
	}
	at := int64(strings.Index(data, "cos"))
	if len(doc.Imports) != 1 || doc.Imports[0].Global.String() != "os.system" || doc.Imports[0].Offset != at {
		t.Errorf("imports %+v, want os.system at %d", doc.Imports, at)
	}
}

func TestRefuses(t *testing.T) {
	for name, data := range map[string]string{
		"empty":                       "",
		"protocol 6":                  "\x80\x06N.",
		"no STOP":                     "\x80\x04N",
		"no value":                    ".",
		"unknown opcode":              "\x80\x04\xff.",
		"memo not written":            "h\x00.",
		"memo across a mark":          "](q\x000.",
		"MEMOIZE on nothing":          "\x80\x04\x94.",
		"get of a gap":                "]q\x000h\x01.",
		"list of no mark":             "l.",
		"dict of odd items":           "(Nd.",
		"unhashable key":              "(]Nd.",
		"unhashable item":             "\x80\x04\x8f(]\x90.",
		"append to int":               "K\x01Na.",
		"items of an int":             "K\x01NNs.",
		"ADDITEMS to a list":          "\x80\x04](N\x90.",
		"ADDITEMS to a frozenset":     "\x80\x04(\x91(N\x90.",
		"arguments are a list":        "cos\nsystem\n]R.",
		"call of an int":              "K\x01)R.",
		"NEWOBJ_EX without a dict":    "\x80\x04ca\nb\n)N\x92.",
		"OBJ without a class":         "(o.",
		"state of a list":             "]}b.",
		"names are ints":              "\x80\x04K\x01K\x02\x93.",
		"extension zero":              "\x80\x02\x82\x00.",
		"negative extension":          "\x80\x02\x84\xff\xff\xff\xff.",
		"out-of-band buffer":          "\x80\x05\x97.",
		"hex int":                     "I0x10\n.",
		"int with underscore":         "I1_0\n.",
		"int with blanks":             "I 1\n.",
		"int with a leading zero":     "I010\n.",
		"int of nothing":              "I\n.",
		"long of text":                "Labc\n.",
		"float of text":               "Fabc\n.",
		"hex float":                   "F0x1p3\n.",
		"negative PUT":                "]p-1\n.",
		"string without quotes":       "Sabc\n.",
		"string with one quote":       "S'\n.",
		"string with a cut escape":    "S'\\x1'\n.",
		"unicode with a cut escape":   "V\\u12\n.",
		"unicode beyond Unicode":      "V\\U00110000\n.",
		"not UTF-8":                   "X\x01\x00\x00\x00\xff.",
		"negative BINSTRING":          "T\xff\xff\xff\xff.",
		"negative LONG4":              "\x80\x02\x8b\xff\xff\xff\xff.",
		"BINBYTES8 beyond the file":   "\x80\x04\x8e\xff\xff\xff\xff\xff\xff\xff\x7f.",
		"BINUNICODE8 beyond int64":    "\x80\x04\x8d\xff\xff\xff\xff\xff\xff\xff\xff.",
		"BYTEARRAY8 beyond the file":  "\x80\x05\x96\x00\x00\x00\x00\x00\x01\x00\x00.",
		"GLOBAL without second line":  "cos\n.",
		"line without end":            "I1",
		"POP of nothing":              "0N.",
		"POP_MARK without mark":       "N1.",
		"TUPLE3 of two":               "\x80\x02NN\x87.",
		"BUILD of one":                "}b.",
		"BINPERSID of nothing":        "Q.",
		"SETITEM under a mark":        "}(NNs.",
		"DUP of nothing":              "2.",
		"html":                        "<html>404</html>",
		"BINFLOAT cut":                "G\x00\x00.",
		"LONG1 cut":                   "\x80\x02\x8a\x09\x00.",
		"second PROTO of protocol 99": "\x80\x04\x80\x63N.",
	} {
		for _, stream := range []bool{false, true} {
			m := New([]byte(data), source.Default())
			if stream {
				m = NewReader(strings.NewReader(data), int64(len(data)), source.Default())
			}
			_, err := m.Run()
			if !errors.Is(err, source.ErrCorrupt) && !(stream && errors.Is(err, source.ErrLimit)) { // how long a stream is nobody knows
				t.Errorf("%s (stream %v): error %v", name, stream, err)
			}
		}
	}
}

func TestLimits(t *testing.T) {
	lim := source.Default()
	lim.Opcodes, lim.Stack, lim.Marks, lim.Memo, lim.Depth, lim.String, lim.Long, lim.Digits = 100_000, 1000, 100, 1000, 50, 1000, 100, 50
	nest := func(n int) string { return "\x80\x02)" + strings.Repeat("\x85", n-1) + "." }
	memo := func(n int) string {
		var b strings.Builder
		b.WriteString("\x80\x04")
		for i := 0; i < n; i++ {
			b.WriteString("N\x940")
		}
		return b.String() + "N."
	}
	for _, c := range []struct{ name, under, over string }{
		{"opcodes", strings.Repeat("N0", 49_999) + "N.", strings.Repeat("N0", 50_000) + "N."},
		{"stack", strings.Repeat("N", 1000) + ".", strings.Repeat("N", 1001) + "."},
		{"marks", strings.Repeat("(", 100) + "N.", strings.Repeat("(", 101) + "N."},
		{"memo", memo(1000), memo(1001)},
		{"memo index", "]q\x00.", "]r\xff\x03\x00\x00."},
		{"depth", nest(50), nest(51)},
		{"string", fmt.Sprintf("X\xe8\x03\x00\x00%s.", strings.Repeat("a", 1000)), fmt.Sprintf("X\xe9\x03\x00\x00%s.", strings.Repeat("a", 1001))},
		{"line", "V" + strings.Repeat("a", 1000) + "\n.", "V" + strings.Repeat("a", 1001) + "\n."},
		{"long", "\x80\x02\x8a\x64" + strings.Repeat("\x01", 100) + ".", "\x80\x02\x8a\x65" + strings.Repeat("\x01", 101) + "."},
		{"digits", "I" + strings.Repeat("1", 50) + "\n.", "I" + strings.Repeat("1", 51) + "\n."},
	} {
		if _, err := New([]byte(c.under), lim).Run(); err != nil {
			t.Errorf("%s at the limit: %v", c.name, err)
		}
		var le *source.LimitError
		if _, err := New([]byte(c.over), lim).Run(); !errors.As(err, &le) || !errors.Is(err, source.ErrLimit) {
			t.Errorf("%s over the limit: %v", c.name, err)
		}
	}
}

// Nesting is counted along the longest path, whatever the order of building, and a ring counts once.
func TestDepth(t *testing.T) {
	lim := source.Default()
	lim.Depth = 10
	chain := func(n int) string { // [l0, l1, ...] where each list holds the one before: every list is met at the top
		var b strings.Builder
		b.WriteString("\x80\x04](")
		for i := 0; i < n; i++ {
			b.WriteString("]\x94")
			if i > 0 {
				fmt.Fprintf(&b, "h%ca", i-1)
			}
		}
		return b.String() + "e."
	}
	if _, err := New([]byte(chain(9)), lim).Run(); err != nil {
		t.Error(err)
	}
	if _, err := New([]byte(chain(10)), lim).Run(); !errors.Is(err, source.ErrLimit) {
		t.Errorf("a chain met from its end: %v", err)
	}
	ring := func(n int) string { // n lists, each holding the next, the last the first
		var b bytes.Buffer
		b.WriteString("\x80\x04")
		for i := 0; i < n; i++ {
			b.WriteString("]\x94")
		}
		for i := n - 1; i >= 0; i-- {
			b.Write([]byte{'h', byte((i + 1) % n), 'a'})
			if i > 0 {
				b.WriteByte('0')
			}
		}
		return b.String() + "."
	}
	if _, err := New([]byte(ring(200)), lim).Run(); err != nil {
		t.Errorf("a ring of 200 lists: %v", err)
	}
}

// A file must not be able to take memory that its bytes do not back.
func TestMemoryFollowsTheBytes(t *testing.T) {
	for name, data := range map[string]string{
		"BINBYTES8":   "\x80\x04\x8e\x00\x00\x00\x00\x00\x01\x00\x00ab.",
		"BINUNICODE":  "X\x00\x00\x00\x0fab.",
		"BYTEARRAY8":  "\x80\x05\x96\x00\x00\x00\x40\x00\x00\x00\x00ab.",
		"LONG_BINPUT": "]r\x00\x00\x00\x7f.",
		"PUT":         "]p9999999\n.",
		"FRAME":       "\x80\x04\x95\xff\xff\xff\xff\xff\xff\xff\x7fN.",
		"marks":       strings.Repeat("(", 200_000),
		"dup":         "]" + strings.Repeat("2", 1_100_000),
	} {
		for _, stream := range []bool{false, true} {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			m := New([]byte(data), source.Default())
			if stream {
				m = NewReader(strings.NewReader(data), int64(len(data)), source.Default())
			}
			_, err := m.Run()
			runtime.ReadMemStats(&after)
			if err == nil {
				t.Errorf("%s: no error", name)
			}
			if got := after.TotalAlloc - before.TotalAlloc; got > 128<<20 {
				t.Errorf("%s (stream %v): %d bytes allocated", name, stream, got)
			}
		}
	}
}

func TestTruncatedAnywhere(t *testing.T) {
	for _, c := range fixture.Cases(t, "opcodes") {
		for n := range c.Data {
			if _, err := decode(c.Data[:n]); err == nil {
				t.Errorf("%s: %d of %d bytes read without an error", c.Name, n, len(c.Data))
			}
		}
	}
	for _, c := range fixture.Cases(t, "listing") {
		for n := 0; n < len(c.Data); n += 1 + n/500 {
			if _, err := decode(c.Data[:n]); err == nil {
				t.Errorf("p%d: %d of %d bytes read without an error", c.Protocol, n, len(c.Data))
			}
		}
	}
}

func TestSniff(t *testing.T) {
	for _, c := range fixture.Cases(t, "pickle") {
		if !Sniff(c.Data[:min(len(c.Data), 64)]) {
			t.Errorf("%s p%d is not recognised", c.Name, c.Protocol)
		}
	}
	if !Sniff([]byte("cos\nsystem\n(S'true'\ntR\xff")) {
		t.Error("a pickle that breaks after its payload is not recognised")
	}
	for _, s := range []string{"", "<html>", "cat,dog\n1,2\n3,4\n", "{\"a\": 1}", "PK\x03\x04", "\x93NUMPY\x01\x00", "a,b,c\n1,2,3\n", "Name,Age\nx,1\n", "\x80\x06N.", "\xff\xfe", "\xef\xbb\xbf"} {
		if Sniff([]byte(s)) {
			t.Errorf("%q is taken for a pickle", s)
		}
	}
}

// Python walks a tuple each time it is hashed: as a key, one that holds the same tuple twice, so many levels deep, never ends.
func TestKeysThatAreWalkedWithoutEnd(t *testing.T) {
	key := "K\x01\x85\x94"
	for i := range 40 {
		key += "h" + string([]byte{byte(i)}) + "\x86\x94"
	}
	deep := ")" + strings.Repeat("\x85", 2000)
	for what, body := range map[string]string{
		"key": "}%sK\x01s", "keys": "}(%sK\x01u", "dict": "(%sK\x01d", "set": "\x8f(%s\x90", "frozen set": "(%s\x91", "dropped": "}%sK\x01s0N",
		"call of set": "cbuiltins\nset\n](%se\x85R", "call of frozenset": "cbuiltins\nfrozenset\n](%se\x85R", "instance": "(](%sei__builtin__\nset\n",
		"pairs": "cbuiltins\ndict\n]((%sK\x01te\x85R", "keys of a mapping": "ccollections\nOrderedDict\n)R(%sK\x01u", "dropped call": "cbuiltins\nset\n](%se\x85R0N",
	} {
		for name, k := range map[string]string{"wide": key, "deep": deep} {
			_, err := decode([]byte("\x80\x04" + strings.Replace(body, "%s", k, 1) + "."))
			if !errors.Is(err, source.ErrLimit) {
				t.Errorf("%s %s: %v", name, what, err)
			}
		}
	}
	if _, err := decode([]byte("\x80\x04}(" + key[:24] + "K\x01u.")); err != nil {
		t.Errorf("a small key: %v", err)
	}
}

func FuzzDecode(f *testing.F) {
	for _, file := range []string{"pickle", "numpy", "opcodes"} {
		for _, c := range fixture.Cases(f, file) {
			if len(c.Data) < 4096 {
				f.Add(c.Data)
			}
		}
	}
	lim := source.Default()
	lim.Opcodes = 1_000_000
	f.Fuzz(func(t *testing.T, b []byte) {
		doc, err := Decode(source.Bytes(b), lim)
		stream, err2 := NewReader(&oneByte{b}, int64(len(b)), lim).Run()
		if (err == nil) != (err2 == nil) && !errors.Is(err2, source.ErrLimit) { // what a stream claims is bounded, what a file holds is there
			t.Fatalf("memory: %v, stream: %v", err, err2)
		}
		if len(doc.Imports) < len(stream.Imports) {
			t.Fatalf("%d imports in memory, %d in a stream", len(doc.Imports), len(stream.Imports))
		}
		if err != nil {
			return
		}
		root, err := numpy.Fold(doc.Root)
		if err != nil {
			return
		}
		var w bytes.Buffer
		r := numpy.Reducer{Protocol: 5}
		if err := Encode(&w, root, 5, r.Reduce); err != nil {
			return
		}
		again, err := Decode(source.Bytes(w.Bytes()), source.Default())
		if err != nil {
			t.Fatalf("what was written is not read: %v", err)
		}
		var w2 bytes.Buffer
		back, err := numpy.Fold(again.Root)
		if err != nil {
			t.Fatalf("what was written is not read: %v", err)
		}
		r2 := numpy.Reducer{Protocol: 5}
		if err := Encode(&w2, back, 5, r2.Reduce); err != nil || !bytes.Equal(w.Bytes(), w2.Bytes()) {
			t.Fatalf("not stable: %v\n%q\n%q", err, w.Bytes(), w2.Bytes())
		}
	})
}

// A file that Python 2 on Windows opened as text holds \r\n where the pickler wrote \n. What it wrote at protocol 0 is lines alone.
func TestLinesOfText(t *testing.T) {
	written := "(lp0\nccopy_reg\n_reconstructor\np1\n(csklearn.tree.tree\nLeaf\np2\nc__builtin__\nobject\np3\nNtp4\nRp5\n" +
		"(dp6\nS'a\\r\\n'\np7\nVb\r\np8\nsVc\np9\nF0.5\nsVd\np10\nL12L\nsbaI01\na."
	want, err := decode([]byte(written))
	if err != nil {
		t.Fatal(err)
	}
	turned := strings.ReplaceAll(written, "\n", "\r\n")
	got, err := decode([]byte(turned))
	if err != nil {
		t.Fatal(err)
	}
	var a, b bytes.Buffer
	if err := errors.Join(Encode(&a, got.Root, 2, nil), Encode(&b, want.Root, 2, nil)); err != nil {
		t.Fatal(err)
	}
	if !Sniff([]byte(turned)) || !bytes.Equal(a.Bytes(), b.Bytes()) || len(got.Imports) != 3 {
		t.Errorf("got %q, want %q", a.Bytes(), b.Bytes())
	}
	for _, bad := range []string{
		strings.Replace(turned, "Vc\r\n", "Vc\n", 1),
		strings.Replace(turned, "L12L\r\n", "K\x0c", 1),
	} {
		if _, err := decode([]byte(bad)); !errors.Is(err, source.ErrCorrupt) {
			t.Errorf("%q: error %v", bad, err)
		}
	}
}
