package jsonread

import (
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"testing"
)

func read(s string) (any, error) {
	r := New([]byte(s), 8)
	v := r.Any()
	return v, r.End()
}

func TestValues(t *testing.T) {
	for in, want := range map[string]any{
		` null `: nil, `true`: true, `false`: false, `0`: int64(0), `-12`: int64(-12), `1.5e3`: 1500.0, `1.0`: 1.0,
		`9223372036854775807`: int64(math.MaxInt64), `9223372036854775808`: 9223372036854775808.0,
		`"a\"\\\/\b\f\n\r\té😀é"`: "a\"\\/\b\f\n\r\té😀é", `[]`: []any{}, `{}`: map[string]any{},
		`[1, [2.5,"x"] , {"a":null}]`: []any{int64(1), []any{2.5, "x"}, map[string]any{"a": nil}},
		`Infinity`:                    math.Inf(1), `-Infinity`: math.Inf(-1),
	} {
		if got, err := read(in); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v, %v; want %v", in, got, err, want)
		}
	}
	if got, err := read("NaN"); err != nil || !math.IsNaN(got.(float64)) {
		t.Errorf("NaN: %v, %v", got, err)
	}
}

func TestRefusals(t *testing.T) {
	for in, words := range map[string]string{
		``: "ends", `[1,]`: "comma before the end", `[1 2]`: "comma was wanted", `{"a":1,"a":2}`: "stands twice",
		`01`: "none in JSON", `1.`: "point", `1e`: "exponent", `-`: "sign", `"a`: "without an end", `"\x"`: "not known",
		`"\ud800"`: "no character", "\"\xff\"": "UTF-8", `nul`: "not a JSON value", `1 2`: "more text", `{1:2}`: "wanted",
		`{"a" 1}`: "colon", `[[[[[[[[[1]]]]]]]]]`: "deeper than 8", `[1`: "ends inside", "\"a\nb\"": "control", `-NaN`: "not a number",
		`{"a":1,"b":2,"c":3,"d":4,"e":5,"f":6,"g":7,"h":8,"i":9,"j":1,"k":1,"l":1,"m":1,"n":1,"o":1,"p":1,"q":1,"r":1,"s":1,"t":1,"u":1,"v":1,"w":1,"x":1,"y":1,"z":1,"z":2}`: "stands twice",
	} {
		if _, err := read(in); err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%s: %v, want %q", in, err, words)
		}
	}
}

func FuzzReader(f *testing.F) {
	for _, s := range []string{`{"a":[1,2.5,null,"x\u00e9"]}`, `[[1],[2]]`, `NaN`, `"\ud83d\ude00"`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		r := New(b, 16)
		v := r.Any()
		if r.End() != nil {
			return
		}
		if !json.Valid(b) {
			if s := string(b); !strings.Contains(s, "NaN") && !strings.Contains(s, "Infinity") {
				t.Fatalf("%q is taken, but is no JSON: %v", b, v)
			}
		}
	})
}
