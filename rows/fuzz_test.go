package rows

import (
	"bytes"
	"testing"

	"github.com/larder-ml/larder"
	"github.com/larder-ml/larder/tensor"
)

// FuzzRead reads any bytes as every format and gives them to models of every form: rows or an error.
func FuzzRead(f *testing.F) {
	for _, s := range []string{
		"a,b\n1,x\n", "a\tb\n1\t2\n", "\"a\nb\",c\r1,2,3\r\n", `[[1,"x"],[null,2.5]]`, `[{"a":1,"b":"x"}]`, `{"columns":["a","b"],"data":[[1,2]]}`,
		`{"a":[1],"b":["x"]}`, `["x","y"]`, `[1,2]`, "[1,2]\n[3,4]\n", "\xef\xbb\xbfa\n1\n", `[["a"],["b","c"]]`, `{"kind":"frame","columns":["a"],"dtypes":["object"],"data":[[{"none":true}]]}`,
	} {
		f.Add([]byte(s))
	}
	wants := []*Want{
		{}, {Form: larder.FormTexts}, {Form: larder.FormMappings}, {Form: larder.FormTokens}, {Form: larder.FormVector, Columns: []*larder.InputColumn{column("y", tensor.Int64)}},
		wantFrame(column("a", tensor.Float64), column("b", tensor.String, tensor.StrCell("x"), tensor.FloatCell(1))),
		{Columns: []*larder.InputColumn{column("x0", tensor.Bool), column("x1", tensor.Object)}},
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, format := range []Format{CSV, JSON, JSONL, NPY, NPZ} {
			for _, w := range wants {
				r, err := NewReader(bytes.NewReader(b), format, Options{Chunk: 3, Bytes: 1 << 20})
				if err != nil {
					break
				}
				tab, err := ReadAll(r)
				if err != nil {
					break
				}
				v, _, err := tab.Match(w)
				if err != nil {
					continue
				}
				if v.Rows() != tab.Rows() && tab.Rows() > 0 && v.Rows() > 0 {
					t.Errorf("%s: %d rows became %d", format, tab.Rows(), v.Rows())
				}
				if s, err := AppendStored(nil, v); err == nil && len(s) == 0 {
					t.Error("nothing stored")
				}
			}
		}
	})
}
