package pickle

import (
	"bytes"
	"strings"
	"testing"

	"github.com/larder-ml/larder/pyobj"
)

// TestEncodeStrOfPython2: at protocol 2 a str of Python 2 stays one where Python 3 reads its own str, too, which it does of ASCII.
// The bytes are those of cPickle but for the memo's numbers.
func TestEncodeStrOfPython2(t *testing.T) {
	long := pyobj.Py2Str(strings.Repeat("x", 300))
	v := &pyobj.List{Items: []pyobj.Value{pyobj.Py2Str("ab"), pyobj.Py2Str("ab"), pyobj.Str("ab"), pyobj.Py2Str("caf\xc3\xa9"), long}}
	for protocol, want := range map[int]string{
		2: "\x80\x02]q\x00(U\x02abq\x01h\x01X\x02\x00\x00\x00abq\x02X\x05\x00\x00\x00caf\xc3\xa9q\x03T\x2c\x01\x00\x00" + string(long) + "q\x04e.",
		3: "\x80\x03]q\x00(X\x02\x00\x00\x00abq\x01h\x01h\x01X\x05\x00\x00\x00caf\xc3\xa9q\x02X\x2c\x01\x00\x00" + string(long) + "q\x03e.",
	} {
		var b bytes.Buffer
		e, err := NewEncoder(&b, protocol, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := e.Encode(v); err != nil || b.String() != want {
			t.Errorf("protocol %d: %q, want %q (%v)", protocol, b.String(), want, err)
		}
	}
}
