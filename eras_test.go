package larder_test

import (
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/larder-ml/larder"
	"github.com/larder-ml/larder/audit"
	"github.com/larder-ml/larder/fingerprint"
	"github.com/larder-ml/larder/internal/fixture"
	"github.com/larder-ml/larder/numpy"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/source"
)

// era is what testdata/gen/eras.py writes under one release of Python, numpy, scipy and pandas.
type era struct {
	Versions string
	Cases    []struct {
		Name     string
		Data     string
		Protocol int
		Arrays   [][]any // kind, item size, shape, CRC of the bytes in C order, little-endian
	}
}

// TestEras reads values of every kind as releases of many years wrote them and wants the arrays that Python itself finds in
// them, one fingerprint for all protocols, and the audit's ok. LARDER_ERAS names a folder of further files (eras.py --all).
func TestEras(t *testing.T) {
	for _, dir := range []string{fixture.Path(t, "formats/eras"), os.Getenv("LARDER_ERAS")} {
		files, _ := filepath.Glob(filepath.Join(dir, "*.json.gz"))
		for _, path := range files {
			f, err := os.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			z, err := gzip.NewReader(f)
			if err != nil {
				t.Fatal(err)
			}
			var e era
			if err := json.NewDecoder(z).Decode(&e); err != nil {
				t.Fatal(err)
			}
			f.Close()
			t.Run(filepath.Base(path), func(t *testing.T) { readEra(t, e) })
		}
	}
}

// notOK are honest values the audit does not know: a matrix that is a dict.
var notOK = []string{"sparse dok"}

func readEra(t *testing.T, e era) {
	verdicts := map[string]int{}
	prints := map[string]map[fingerprint.Digest][]string{}
	for _, c := range e.Cases {
		data, err := base64.StdEncoding.DecodeString(c.Data)
		if err != nil {
			t.Fatal(err)
		}
		doc, err := larder.Decode(source.Bytes(data), source.Default())
		if err != nil {
			t.Errorf("%s: %v", c.Name, err)
			continue
		}
		r := audit.Judge(doc, audit.Policy{})
		verdicts[fmt.Sprint(r.Verdict)]++
		if r.Verdict != audit.OK && !slices.Contains(notOK, c.Name[:strings.LastIndexByte(c.Name, ' ')]) {
			t.Errorf("%s: %v: %s", c.Name, r.Verdict, r.Findings[0].Message)
		}
		have := found(doc.Root)
		for _, a := range c.Arrays {
			if strings.HasPrefix(c.Name, "pandas") { // whose blocks have one dimension more
				if !slices.ContainsFunc(have, func(s string) bool { return strings.HasSuffix(s, a[3].(string)) }) {
					t.Errorf("%s: no array %v among %v", c.Name, a, have)
				}
				continue
			}
			if !slices.Contains(have, fmt.Sprint(a...)) {
				t.Errorf("%s: no array %v among %v", c.Name, a, have)
			}
		}
		d, err := fingerprint.Of(doc.Root)
		if err != nil {
			t.Errorf("%s: %v", c.Name, err)
		}
		name := c.Name[:strings.LastIndexByte(c.Name, ' ')]
		if name == "sparse dok" && strings.HasPrefix(e.Versions, "Python 2") {
			continue // written as another base of its class before protocol 2
		}
		if prints[name] == nil {
			prints[name] = map[fingerprint.Digest][]string{}
		}
		prints[name][d] = append(prints[name][d], c.Name)
	}
	for name, p := range prints {
		if len(p) > 1 {
			t.Errorf("%s has %d fingerprints: %v", name, len(p), p)
		}
	}
	t.Logf("%s: %d cases, verdicts %v", e.Versions, len(e.Cases), verdicts)
}

// found describes the arrays, scalars and masked arrays of a graph as eras.py does.
func found(root pyobj.Value) []string {
	var out []string
	add := func(a *pyobj.Array) {
		if a.DType.HasObject() {
			return
		}
		out = append(out, fmt.Sprint(describeArray(a)...))
	}
	pyobj.Walk(root, func(v pyobj.Value) bool {
		switch x := v.(type) {
		case *pyobj.Array:
			add(x)
		case *pyobj.Scalar:
			if x.Obj == nil {
				add(&pyobj.Array{DType: x.DType, Data: x.Data})
			}
		case *pyobj.Object:
			if g, ok := x.Class.(*pyobj.Global); ok && strings.HasSuffix(g.Name, "_mareconstruct") {
				if data, _, err := numpy.Masked(x); err == nil {
					add(data)
				}
			}
		}
		return true
	})
	return out
}

func describeArray(a *pyobj.Array) []any {
	b, err := numpy.InOrder(a, false)
	if err != nil {
		return []any{err}
	}
	crc := crc32.NewIEEE()
	if len(a.DType.Fields) > 0 {
		for _, f := range a.DType.Fields {
			for i := 0; i+a.DType.Size <= len(b); i += a.DType.Size {
				_, _ = crc.Write(little(f.DType, b[i+f.Offset:i+f.Offset+f.DType.Size]))
			}
		}
	} else {
		_, _ = crc.Write(little(a.DType, b))
	}
	shape := make([]any, len(a.Shape))
	for i, n := range a.Shape {
		shape[i] = float64(n)
	}
	return []any{string(a.DType.Kind), float64(a.DType.Size), shape, fmt.Sprintf("%08x", crc.Sum32())}
}

// little reverses the bytes of big-endian numbers.
func little(d *pyobj.DType, b []byte) []byte {
	unit := d.Size
	switch d.Kind {
	case 'U':
		unit = 4
	case 'c':
		unit /= 2
	case 'S', 'V':
		return b
	}
	if d.Order != '>' || unit == 0 {
		return b
	}
	out := slices.Clone(b)
	for i := 0; i+unit <= len(out); i += unit {
		slices.Reverse(out[i : i+unit])
	}
	return out
}
