package audit

import (
	"bytes"
	"encoding/base64"
	"strings"

	"github.com/larder-ml/larder/pyobj"
)

// hidden tells data that begins like a pickle, also in base64.
func hidden(v pyobj.Value) string {
	var b []byte
	switch x := v.(type) {
	case pyobj.Bytes:
		b = x
	case *pyobj.ByteArray:
		b = x.B
	case pyobj.Str:
		b = []byte(prefix(string(x), 64))
	case pyobj.Py2Str:
		b = []byte(prefix(string(x), 64))
	default:
		return ""
	}
	if looksPickled(b) {
		return "bytes that begin like a pickle"
	}
	if len(b) >= 12 && (b[0] == 'g' || b[0] == 'Y') { // 0x80, "c"
		head := b[:min(len(b), 64)/4*4]
		if d, err := base64.StdEncoding.DecodeString(string(head)); err == nil && looksPickled(d) {
			return "text that begins like a pickle in base64"
		}
	}
	return ""
}

func prefix(s string, n int) string {
	if len(s) > n {
		return s[:n]
	}
	return s
}

func looksPickled(b []byte) bool {
	if len(b) < 4 {
		return false
	}
	if b[0] == 0x80 && b[1] >= 2 && b[1] <= 5 && strings.IndexByte("\x95c]}(q\x8cX)K\x58", b[2]) >= 0 {
		return true
	}
	return b[0] == 'c' && bytes.Count(b[:min(len(b), 60)], []byte("\n")) >= 2 && bytes.Contains(b, []byte("\n("))
}
