package parquet

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"runtime/metrics"
	"strings"
	"testing"

	pq "github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress"
	"github.com/parquet-go/parquet-go/format"

	"github.com/larder-ml/larder"
	"github.com/larder-ml/larder/internal/fixture"
	"github.com/larder-ml/larder/rows"
	"github.com/larder-ml/larder/tensor"
)

// table.parquet was written by pandas 3.1.1 with pyarrow from
//
//	pd.DataFrame({'zip': ['007', '08', None], 'n': [1, 2, 3], 'x': [1.5, nan, 2], 'b': [True, False, True],
//	  'm': pd.array([1, None, 3], dtype='Int64'), 'f': float32 [1, 2, 3], 'c': pd.Categorical(['u', 'v', 'u']),
//	  'u8': uint8 [1, 2, 255]}, index=[5, 6, 7])
func TestReadsPandas(t *testing.T) {
	tab := table(t, "table")
	want := []struct {
		name  string
		d     tensor.DType
		cells [3]string
	}{
		{"zip", tensor.Object, [3]string{"007", "08", "nan"}}, {"n", tensor.Int64, [3]string{"1", "2", "3"}},
		{"x", tensor.Float64, [3]string{"1.5", "nan", "2.0"}}, {"b", tensor.Bool, [3]string{"True", "False", "True"}},
		{"m", tensor.Float64, [3]string{"1.0", "nan", "3.0"}}, {"f", tensor.Float32, [3]string{"1.0", "2.0", "3.0"}},
		{"c", tensor.String, [3]string{"u", "v", "u"}}, {"u8", tensor.Uint8, [3]string{"1", "2", "255"}},
	}
	if len(tab.Names) != len(want) || tab.N != 3 {
		t.Fatalf("columns %v, %d rows", tab.Names, tab.N)
	}
	for i, w := range want {
		x := tab.Columns[i].Tensor
		if tab.Names[i] != w.name || x.DType != w.d {
			t.Errorf("%s: %s %s, want %s", w.name, tab.Names[i], x.DType, w.d)
		}
		for j, s := range w.cells {
			if got := x.Cell(j).String(); got != s {
				t.Errorf("%s[%d] = %s, want %s", w.name, j, got, s)
			}
		}
	}
}

func TestRoundTrip(t *testing.T) {
	var b bytes.Buffer
	w := NewWriter(&b, rows.WriteOptions{Names: []string{"z", "a"}})
	keep := &rows.Table{Names: []string{"id"}, Columns: []rows.Column{{Text: []string{"p,1", "q"}}}, N: 2}
	res := &larder.Result{Method: "predict_proba", Outputs: []larder.Output{{Value: tensor.Value{Dense: tensor.FromF64([]float64{0.25, 0.75, 1, 0}, 2, 2)}}}}
	for range 2 {
		if err := w.Write(res, keep); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil {
		t.Fatal(err)
	}
	tab, err := rows.ReadAll(r)
	if err != nil || tab.N != 4 || len(tab.Names) != 3 || tab.Names[0] != "id" || tab.Names[1] != "z" {
		t.Fatalf("%v, %v", tab, err)
	}
	if got := tab.Columns[1].Tensor; got.F64[0] != 0.25 || got.F64[1] != 1 {
		t.Errorf("z: %v", got.F64)
	}
	if got := tab.Columns[0].Cell(0).S; got != "p,1" {
		t.Errorf("id: %q", got)
	}
}

func TestDamagedFilesAreErrors(t *testing.T) {
	b := fixture.Read(t, "rows/table.parquet")
	for i := 0; i < len(b); i += 7 {
		bad := bytes.Clone(b)
		bad[i] ^= 0x55
		r, err := NewReader(bytes.NewReader(bad), int64(len(bad)))
		if err == nil {
			_, err = rows.ReadAll(r)
		}
		if err != nil && !errors.Is(err, larder.ErrCorrupt) && !errors.Is(err, larder.ErrInput) {
			t.Fatalf("byte %d: %v", i, err)
		}
	}
	if _, err := NewReader(bytes.NewReader(b[:100]), 100); !errors.Is(err, larder.ErrCorrupt) {
		t.Errorf("cut off: %v", err)
	}
}

// TestDamage damages twenty files: what pandas wrote, and tables of every kind of column.
func TestDamage(t *testing.T) {
	seeds := [][]byte{fixture.Read(t, "rows/table.parquet"), fixture.Read(t, "rows/kinds.parquet")}
	for i := range 18 {
		x := tensor.New([]tensor.DType{tensor.Float64, tensor.Float32, tensor.Int64, tensor.Bool}[i%4], 4+i, 1+i%3)
		for k := range x.Len() {
			switch x.DType {
			case tensor.Float64:
				x.F64[k] = float64(k) / 7
			case tensor.Float32:
				x.F32[k] = float32(k) / 3
			case tensor.Int64:
				x.I64[k] = int64(k * i)
			}
		}
		texts := make([]string, 4+i)
		for k := range texts {
			texts[k] = strings.Repeat("ab", k%3)
		}
		var b bytes.Buffer
		w := NewWriter(&b, rows.WriteOptions{})
		res := &larder.Result{Method: "transform", Outputs: []larder.Output{{Value: tensor.Value{Dense: x}}}}
		if err := w.Write(res, &rows.Table{Names: []string{"id"}, Columns: []rows.Column{{Text: texts}}, N: len(texts)}); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		seeds = append(seeds, b.Bytes())
	}
	fixture.Damage(t, fixture.Damaged{Name: "parquet", Seeds: seeds, Read: read})
}

// read gives the digest of a file's rows.
func read(b []byte, _ fixture.Compute) (d [32]byte, err error) {
	r, err := NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return d, err
	}
	tab, err := rows.ReadAll(r)
	if err != nil {
		return d, err
	}
	h := sha256.New()
	for i, name := range tab.Names {
		fmt.Fprintf(h, "%q", name)
		for k := range tab.N {
			fmt.Fprint(h, " ", tab.Columns[i].Cell(k))
		}
	}
	return [32]byte(h.Sum(nil)), nil
}

// TestClaimsTakeNoMemory: a footer that is longer than its file, and columns whose decoder would not end, are refused at once.
func TestClaimsTakeNoMemory(t *testing.T) {
	b := bytes.Clone(fixture.Read(t, "rows/table.parquet"))
	copy(b[len(b)-8:], "\xff\xff\xff\x7f")
	if _, err := NewReader(bytes.NewReader(b), int64(len(b))); !errors.Is(err, larder.ErrCorrupt) || !strings.Contains(err.Error(), "description of 2147483647 bytes") {
		t.Errorf("footer: %v", err)
	}
	var out bytes.Buffer
	w := pq.NewGenericWriter[struct{ X float64 }](&out, pq.Compression(&pq.Lz4Raw))
	if _, err := w.Write([]struct{ X float64 }{{1}}); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := NewReader(bytes.NewReader(out.Bytes()), int64(out.Len())); !errors.Is(err, larder.ErrUnsupported) {
		t.Errorf("LZ4: %v", err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(fixture.Read(f, "rows/table.parquet"))
	f.Add(fixture.Read(f, "rows/kinds.parquet"))
	f.Fuzz(func(_ *testing.T, b []byte) { _, _ = read(b, nil) })
}

// table reads a committed file.
func table(t *testing.T, name string) *rows.Table {
	t.Helper()
	b := fixture.Read(t, "rows/"+name+".parquet")
	r, err := NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	tab, err := rows.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return tab
}

// TestKinds reads what pandas has as decimals, half precision, bytes and nothing; dates, times, durations and lists are named.
func TestKinds(t *testing.T) {
	tab := table(t, "kinds")
	want := map[string]string{
		"dec32": "object 1.25 None", "dec64": "object 1234567890123.45 -0.01", "dec128": "object 1.2345678901234567e+19 -2.5", "half": "float16 1.5 -2.0",
		"u64": "uint64 9223372036854775808 2", "bytes": `object b'a\xff' None`, "nothing": " None None", "large": "str a b", "coded": "str u v", "plain": "int64 1 2",
		"span": "a duration is no number or text", "day": "DATE is no number or text", "moment": "TIMESTAMP(isAdjustedToUTC=false,unit=NANOS) is no number or text",
		"list": "a nested column, wanted numbers or text",
	}
	for i, name := range tab.Names {
		c := &tab.Columns[i]
		got := ""
		switch {
		case c.Err != nil:
			got = c.Err.Error()
		case c.Tensor != nil:
			got = c.Tensor.DType.String()
			fallthrough
		default:
			for j := range c.Len() {
				got += " " + c.Cell(j).String()
			}
		}
		if got != want[name] {
			t.Errorf("%s: %s, want %s", name, got, want[name])
		}
	}
	if c := tab.Columns[tab.Find("bytes")].Cell(0); c.Kind != tensor.CellBytes {
		t.Errorf("bytes are read as %v", c)
	}
	for _, text := range []string{"", "?", "AAAA", "/////wAAAAD/////", "//////////////////////////8="} {
		if d := durations(text); len(d) != 0 {
			t.Errorf("%q holds %v", text, d)
		}
	}
}

func paged(p *page, codec format.CompressionCodec) error {
	_, err := (&checker{room: 1 << 20}).page(p, nil, codec, format.Double, false)
	return err
}

// TestRunsAreCounted: levels, indexes and counts that claim more values than a group has rows are refused before memory is taken for
// them, and so is a page that decompresses to more than its header says.
func TestRunsAreCounted(t *testing.T) {
	long := binary.AppendUvarint(nil, 1<<31-2) // a run of 2^30 values
	for name, err := range map[string]error{
		"a long run":        runs(append(long, 1), 1, 100),
		"many runs":         runs(bytes.Repeat([]byte{0x90, 3, 1}, 10), 1, 100),
		"bits":              runs([]byte{0x93, 3}, 1, 100),
		"a wide index":      runs([]byte{2, 1}, 33, 100),
		"deltas":            deltas([]byte("\x80\x01\x04\xff\xff\xff\xff\x0f\x00"), 100),
		"prefixes":          (&checker{room: 10}).values(&page{encoding: format.DeltaByteArray, values: 2}, []byte("\x80\x01\x04\x01\x32\x00"), format.ByteArray),
		"a list":            described([]byte("\x29\xfc\xff\xff\xff\xff\x0f")),
		"a text":            described([]byte("\x18\xff\xff\xff\xff\x0f")),
		"structures":        described(append([]byte("\x19\xfc\xff\xff\x03"), make([]byte, 65536)...)),
		"nests":             described(bytes.Repeat([]byte("\x1c"), 100)),
		"a page":            paged(&page{kind: format.DataPage, unpacked: 1 << 21}, format.Uncompressed),
		"an unknown method": paged(&page{kind: format.DataPage, unpacked: 1 << 10}, format.LZO),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if err := runs([]byte{0xc8, 1, 1}, 1, 100); err != nil {
		t.Error(err)
	}
	for codec, c := range map[format.CompressionCodec]compress.Codec{format.Snappy: &pq.Snappy, format.Gzip: &pq.Gzip, format.Zstd: &pq.Zstd, format.Brotli: &pq.Brotli} {
		b, err := c.Encode(nil, make([]byte, 32<<20))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := unpack(b, codec, 1000, nil); err == nil {
			t.Errorf("%s: 32 MiB are read as 1000 bytes", codec)
		}
		if got, err := unpack(b, codec, 32<<20, nil); err != nil || len(got) != 32<<20 {
			t.Errorf("%s: %d bytes, %v", codec, len(got), err)
		}
	}
}

// written makes a file of columns i (int64), b (truth values) and s (text), with nulls where null says.
func written(t *testing.T, s pq.Node, n, group int, text string, null func(i int) bool) []byte {
	t.Helper()
	var b bytes.Buffer
	schema := pq.NewSchema("rows", pq.Group{"i": pq.Optional(pq.Int(64)), "b": pq.Optional(pq.Leaf(pq.BooleanType)), "s": s})
	w := pq.NewGenericWriter[any](&b, schema, pq.Compression(&pq.Zstd), pq.PageBufferSize(1<<30))
	for i := range n {
		row := pq.Row{pq.BooleanValue(i%3 == 0).Level(0, 1, 0), pq.Int64Value(int64(i)).Level(0, 1, 1), pq.ByteArrayValue([]byte(text)).Level(0, 0, 2)}
		if null(i) {
			row[0], row[1] = pq.NullValue().Level(0, 0, 0), pq.NullValue().Level(0, 0, 1)
		}
		if _, err := w.WriteRows([]pq.Row{row}); err != nil {
			t.Fatal(err)
		}
		if i%group == group-1 {
			if err := w.Flush(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestTypesAreThoseOfWholeColumns: a group is read some rows at a time, and what a column becomes is settled by all of its values.
func TestTypesAreThoseOfWholeColumns(t *testing.T) {
	const n = 69_999
	for _, c := range []struct {
		group int
		null  func(i int) bool
		i, b  tensor.DType
	}{
		{n, func(int) bool { return false }, tensor.Int64, tensor.Bool},
		{n, func(i int) bool { return i == n-1 }, tensor.Float64, tensor.Object},
		{n / 3, func(i int) bool { return i == n/2 }, tensor.Float64, tensor.Object},
	} {
		b := written(t, pq.String(), n, c.group, "x", c.null)
		r, err := NewReader(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			t.Fatal(err)
		}
		first, err := r.Next()
		if err != nil || first.N >= n || first.N < 1000 {
			t.Fatalf("%d rows, %v", first.N, err)
		}
		rest, err := rows.ReadAll(r)
		if err != nil || first.Append(rest) != nil || first.N != n {
			t.Fatalf("%d rows, %v", first.N, err)
		}
		i, b2 := first.Columns[first.Find("i")].Tensor, first.Columns[first.Find("b")].Tensor
		if i == nil || b2 == nil || i.DType != c.i || b2.DType != c.b {
			t.Fatalf("groups of %d: %+v", c.group, first.Columns)
		}
		for k := range n {
			if got := i.Cell(k); c.null(k) != got.IsNaN() || !c.null(k) && got.String() != tensor.FromI64([]int64{int64(k)}).Cell(0).String() && c.i == tensor.Int64 {
				t.Fatalf("row %d: %s", k, got)
			}
			if got := b2.Cell(k); !c.null(k) && (got.I != 0) != (k%3 == 0) {
				t.Fatalf("row %d: %s", k, got)
			}
		}
	}
}

// TestBombs: long texts that a file holds once are kept once; pages and rows that take too much memory are refused.
func TestBombs(t *testing.T) {
	never := func(int) bool { return false }
	text := strings.Repeat("x", 100_000)
	open := func(b []byte) *Reader {
		r, err := NewReader(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	r := open(written(t, pq.Encoded(pq.String(), &pq.RLEDictionary), 2000, 2000, text, never)) // 200 MB
	before := allocated()
	tab, err := r.Next()
	if n := allocated() - before; err != nil || tab.N != 2000 || n > 16<<20 || tab.Columns[tab.Find("s")].Cell(1999).S != text {
		t.Errorf("one text again and again: %d bytes are allocated, %v", n, err)
	}
	r = open(written(t, pq.Encoded(pq.String(), &pq.DeltaByteArray), 1500, 1500, text, never))
	before = allocated()
	_, err = r.Next()
	if n := allocated() - before; !errors.Is(err, larder.ErrLimit) || n > 16<<20 {
		t.Errorf("texts that begin alike: %d bytes are allocated, %v", n, err)
	}
	wide := written(t, pq.String(), 70_000, 70_000, "", never)
	if _, err := rows.ReadAll(open(wide)); err != nil {
		t.Error(err)
	}
	if _, err := rows.ReadAll(narrow{open(wide)}); !errors.Is(err, larder.ErrLimit) {
		t.Errorf("rows kept together: %v", err)
	}
}

// narrow has room for less than the rows of its file.
type narrow struct{ *Reader }

func (narrow) Room() int64 { return 1 << 20 }

func allocated() uint64 {
	s := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(s)
	return s[0].Value.Uint64()
}
