package measure

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/larder-ml/larder"
	"github.com/larder-ml/larder/internal/fixture"
	"github.com/larder-ml/larder/rows"
	"github.com/larder-ml/larder/tensor"
)

func run(t *testing.T, name string, ctx context.Context) (*Report, error) {
	t.Helper()
	m, err := larder.Open(fixture.Path(t, "sklearn/1.9.1/"+name))
	if err != nil {
		t.Fatal(err)
	}
	table, err := rows.Samples(rows.WantOf(m, m.DefaultMethod()), 40)
	if err != nil {
		t.Fatal(err)
	}
	x, err := table.Like(rows.WantOf(m, m.DefaultMethod()))
	if err != nil {
		t.Fatal(err)
	}
	return Run(ctx, m, Options{Rows: x, Turns: 1, Dir: t.TempDir()})
}

// TestEveryFormIsMeasured: each is written, opened and run, or says why not; the report is whole as text, JSON and picture.
func TestEveryFormIsMeasured(t *testing.T) {
	for _, name := range []string{"RandomForestClassifier.joblib", "TfidfVectorizer.pkl"} {
		r, err := run(t, name, context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if len(r.Forms) != len(All()) {
			t.Fatalf("%s: %d forms of %d", name, len(r.Forms), len(All()))
		}
		plain := int64(0)
		for _, f := range r.Forms {
			if f.Security == "" || f.Portability == "" {
				t.Errorf("%s: nothing is said of the security and portability of %s", name, f.Name)
			}
			if f.Name == "joblib" {
				plain = f.Bytes
			}
			stored := f.Format == "pickle" || f.Format == "joblib"
			if stored && (f.Problem != "" || f.Bytes <= 0 || f.Save <= 0 || f.Load <= 0 || f.Row <= 0 || f.Batch <= 0 || f.Memory < 0) {
				t.Errorf("%s: %+v", name, f)
			}
			if f.Problem != "" && (f.Row >= 0 || f.Load >= 0) {
				t.Errorf("%s: %s has a problem and a time: %+v", name, f.Name, f)
			}
			if f.Compressor != "" && f.Compressor != "lz4:1" && f.Bytes >= plain {
				t.Errorf("%s: %s has %d bytes, uncompressed %d", name, f.Name, f.Bytes, plain)
			}
		}
		var text, picture bytes.Buffer
		if err := errors.Join(r.Text(&text), r.SVG(&picture)); err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(strings.TrimSpace(text.String()), r.Advice) || strings.Count(r.Advice, "\n") > 0 || !strings.Contains(r.Advice, "joblib") {
			t.Errorf("%s: the text does not end with one line of advice:\n%s", name, text.String())
		}
		bars := 0
		for d := xml.NewDecoder(&picture); ; {
			tok, err := d.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%s: the picture is no XML: %v", name, err)
			}
			if e, ok := tok.(xml.StartElement); ok && e.Name.Local == "rect" {
				bars++
			}
		}
		if bars < 6*7 {
			t.Errorf("%s: %d bars", name, bars)
		}
		b, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		var back Report
		if err := json.Unmarshal(b, &back); err != nil || back.Advice != r.Advice || len(back.Forms) != len(r.Forms) {
			t.Errorf("%s: JSON does not give the report back: %v", name, err)
		}
	}
}

// TestTablesOfTheDocument: the document's rows and columns are there, each cell measured or said why not: the compressors with
// size, time to save and to load; the methods with security, portability, speed and size.
func TestTablesOfTheDocument(t *testing.T) {
	compressions := []string{"joblib", "joblib zlib:3", "joblib lzma:3", "joblib gzip:3", "joblib bz2:9", "joblib xz:3", "joblib lz4:1"}
	methods := []string{"joblib", "pickle", "skops", "onnx", "params", "json", "safetensors"} // JSON is the parameters there
	for name, absent := range map[string]string{"LogisticRegression.skops": "", "RandomForestClassifier.joblib": "params"} {
		r, err := run(t, name, context.Background())
		if err != nil {
			t.Fatal(err)
		}
		forms := map[string]Form{}
		for _, f := range r.Forms {
			forms[f.Name] = f
		}
		var text bytes.Buffer
		if err := r.Text(&text); err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(text.String(), "\n")
		row := func(table int, name string) []string {
			header := regexp.MustCompile([]string{`^form +size +save +load +memory`, `^method +security +portability +size +save +load +1 row +\d+ rows`}[table])
			for i := slices.IndexFunc(lines, header.MatchString); i >= 0 && i < len(lines) && lines[i] != ""; i++ {
				if cells := regexp.MustCompile(` {2,}`).Split(lines[i], -1); cells[0] == name {
					return cells
				}
			}
			return nil
		}
		for _, c := range compressions {
			if f := forms[c]; f.Bytes <= 0 || f.Save <= 0 || f.Load <= 0 || f.Memory < 0 || f.Problem != "" {
				t.Errorf("%s: %s: %+v", name, c, f)
			}
			if cells := row(0, c); len(cells) < 5 || slices.Contains(cells[:5], "-") {
				t.Errorf("%s: the first table has of %s %q", name, c, cells)
			}
		}
		for _, m := range methods {
			f, cells := forms[m], row(1, m)
			if f.Security == "" || f.Portability == "" || len(cells) < 8 {
				t.Errorf("%s: %s: %+v, %q", name, m, f, cells)
			}
			switch said := strings.Contains(text.String(), "\n"+m+": "); {
			case m == absent:
				if f.Problem == "" || !said {
					t.Errorf("%s: nothing says why there is no %s", name, m)
				}
			case f.Problem != "" || f.Bytes <= 0 || f.Save <= 0 || f.Load <= 0 || f.Row <= 0 || f.Batch <= 0 || slices.Contains(cells[:8], "-"):
				t.Errorf("%s: %s: %+v, %q", name, m, f, cells)
			}
		}
	}
}

// TestNothingIsLeft: the folder of the files is empty afterwards, also when the work is cut short.
func TestNothingIsLeft(t *testing.T) {
	m, err := larder.Open(fixture.Path(t, "sklearn/1.9.1/RandomForestClassifier.joblib"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(context.Background())
	step := 0
	x := tensor.Value{Dense: tensor.New(tensor.Float64, 3, m.NFeatures())}
	_, err = Run(ctx, m, Options{Rows: x, Turns: 1, Dir: dir, Step: func(string, int, int) {
		if step++; step == 3 {
			cancel()
		}
	}})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("cut short: %v", err)
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("%d files are left", len(left))
	}
}

// TestAdvice: small models stay as they are; big ones are weighed by the time to fetch and open them.
func TestAdvice(t *testing.T) {
	form := func(compressor string, bytes int64, load float64) Form {
		f := Form{Name: strings.TrimSpace("joblib " + compressor), Format: "joblib", Compressor: compressor, Bytes: bytes, Load: load}
		f.Mapped = compressor == ""
		return f
	}
	for _, c := range []struct {
		forms []Form
		want  string
	}{
		{[]Form{form("", 1000, 1e-5), form("xz:3", 500, 1e-4)}, "Deploy joblib as it is"},
		{[]Form{form("", 250e6, 0.01), form("lz4:1", 80e6, 0.2), form("xz:3", 32e6, 3)}, "Deploy joblib lz4:1: 3.1x smaller"},
		{[]Form{form("", 250e6, 0.01), form("xz:3", 240e6, 3)}, "Deploy joblib uncompressed"},
		{[]Form{{Name: "pickle", Format: "pickle", Load: 1}}, "No stored form"},
	} {
		if got := advice(&Report{Forms: c.forms}); !strings.HasPrefix(got, c.want) {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}
