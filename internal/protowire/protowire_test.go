package protowire

import (
	"bytes"
	"io"
	"testing"
)

func TestMessages(t *testing.T) {
	// The bytes protoc gives for { 1: 150, 2: "testing", 3: { 1: 150 }, 4: [3, 270, 86942], 5: 1.5 }.
	want := []byte("\x08\x96\x01" + "\x12\x07testing" + "\x1a\x03\x08\x96\x01" + "\x22\x06\x03\x8e\x02\x9e\xa7\x05" + "\x2d\x00\x00\xc0\x3f")
	var m, inner Message
	inner.Int(1, 150)
	m.Int(1, 150)
	m.Raw(2, 7, func(w io.Writer) error { _, err := w.Write([]byte("testing")); return err })
	m.Message(3, &inner)
	m.Ints(4, []int64{3, 270, 86942})
	m.Float(5, 1.5)
	var outer Message
	outer.String(9, "x")
	outer.Message(1, &m)
	var buf bytes.Buffer
	if n, err := m.WriteTo(&buf); err != nil || int(n) != m.Len() || !bytes.Equal(buf.Bytes(), want) {
		t.Errorf("%q, %v", buf.Bytes(), err)
	}
	buf.Reset()
	if _, err := outer.WriteTo(&buf); err != nil || buf.Len() != outer.Len() || !bytes.Equal(buf.Bytes()[5:], want) {
		t.Errorf("%q, %v", buf.Bytes(), err)
	}
	var fields []int
	for rest := want; len(rest) > 0; {
		f, r, err := Next(rest)
		if err != nil {
			t.Fatal(err)
		}
		fields, rest = append(fields, f.Number), r
	}
	if len(fields) != 5 {
		t.Errorf("%v", fields)
	}
}

func TestNegativeIntegersTakeTenBytes(t *testing.T) {
	var m Message
	m.Int(1, -1)
	if m.Len() != 11 {
		t.Errorf("%d bytes", m.Len())
	}
}

func FuzzNext(f *testing.F) {
	f.Add([]byte("\x08\x96\x01\x12\x07testing"))
	f.Add([]byte("\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01x"))
	f.Fuzz(func(t *testing.T, b []byte) {
		for len(b) > 0 {
			_, rest, err := Next(b)
			if err != nil {
				return
			}
			if len(rest) >= len(b) {
				t.Fatal("no progress")
			}
			b = rest
		}
	})
}
