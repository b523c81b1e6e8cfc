package pystr

import (
	"encoding/base64"
	"encoding/json"
	"testing"

	"github.com/larder-ml/larder/internal/fixture"
)

// TestDecodeBytes compares with Python's bytes.decode (testdata/gen/codecs_cases.py).
func TestDecodeBytes(t *testing.T) {
	var cases [][5]string
	if err := json.Unmarshal(fixture.Read(t, "pyre/codecs.json"), &cases); err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		data, err := base64.StdEncoding.DecodeString(c[2])
		if err != nil {
			t.Fatal(err)
		}
		name, ok := Encoding(c[0])
		if !ok {
			t.Errorf("%s is not known", c[0])
			continue
		}
		got, err := DecodeBytes(string(data), name, c[1])
		switch {
		case c[4] != "" && (err == nil || err.Error() != c[4]):
			t.Errorf("%s %s %q: %q, %v, want %s", c[0], c[1], data, got, err, c[4])
		case c[4] == "" && (err != nil || got != c[3]):
			t.Errorf("%s %s %q: %q, %v, want %q", c[0], c[1], data, got, err, c[3])
		}
	}
}
