// Package protowire writes and reads the wire format of protocol buffers, field by field, without generated code and
// without copying large contents.
package protowire

import (
	"encoding/binary"
	"io"
	"math"
	"slices"
)

// The wire types.
const (
	Varint  = 0
	Fixed64 = 1
	Bytes   = 2
	Fixed32 = 5
)

// Message collects the fields of one message, in the order in which they are added. The zero Message is empty.
type Message struct {
	parts []part
	buf   []byte // what follows the parts
	size  int    // of the parts
}

// part is a run of bytes, held or written on demand.
type part struct {
	held  []byte
	write func(io.Writer) error
}

func (m *Message) tag(field, wire int) {
	m.buf = binary.AppendUvarint(m.buf, uint64(field)<<3|uint64(wire))
}

// Int adds an integer field (int32, int64, bool, enum).
func (m *Message) Int(field int, v int64) {
	m.tag(field, Varint)
	m.buf = binary.AppendUvarint(m.buf, uint64(v))
}

// Float adds a float field.
func (m *Message) Float(field int, v float32) {
	m.tag(field, Fixed32)
	m.buf = binary.LittleEndian.AppendUint32(m.buf, math.Float32bits(v))
}

// String adds a string or bytes field.
func (m *Message) String(field int, s string) {
	m.tag(field, Bytes)
	m.buf = binary.AppendUvarint(m.buf, uint64(len(s)))
	m.buf = append(m.buf, s...)
}

// Ints adds a packed field of integers.
func (m *Message) Ints(field int, vs []int64) {
	n := 0
	for _, v := range vs {
		n += uvarintLen(uint64(v))
	}
	m.tag(field, Bytes)
	m.buf = slices.Grow(binary.AppendUvarint(m.buf, uint64(n)), n)
	for _, v := range vs {
		m.buf = binary.AppendUvarint(m.buf, uint64(v))
	}
}

// Floats adds a packed field of floats.
func (m *Message) Floats(field int, vs []float32) {
	m.tag(field, Bytes)
	m.buf = binary.AppendUvarint(m.buf, uint64(4*len(vs)))
	for _, v := range vs {
		m.buf = binary.LittleEndian.AppendUint32(m.buf, math.Float32bits(v))
	}
}

// Raw adds a bytes field of n bytes that write writes when the message is written.
func (m *Message) Raw(field, n int, write func(io.Writer) error) {
	m.tag(field, Bytes)
	m.buf = binary.AppendUvarint(m.buf, uint64(n))
	m.flush()
	m.parts = append(m.parts, part{write: write})
	m.size += n
}

// Message adds a field that is a message. The inner one must not change afterwards.
func (m *Message) Message(field int, inner *Message) {
	m.tag(field, Bytes)
	m.buf = binary.AppendUvarint(m.buf, uint64(inner.Len()))
	if len(inner.parts) > 0 {
		m.flush()
		m.parts = append(m.parts, inner.parts...)
		m.size += inner.size
	}
	m.take(inner.buf)
}

// Append adds the fields of another message, which must not change afterwards.
func (m *Message) Append(other *Message) {
	m.flush()
	m.parts = append(m.parts, other.parts...)
	m.size += other.size
	m.take(other.buf)
}

// take adds the end of another message: copied when it is short, held when it is long.
func (m *Message) take(buf []byte) {
	if len(buf) < 1<<12 {
		m.buf = append(m.buf, buf...)
		return
	}
	m.flush()
	m.parts = append(m.parts, part{held: buf})
	m.size += len(buf)
}

// flush makes the buffer a part.
func (m *Message) flush() {
	if len(m.buf) > 0 {
		m.parts = append(m.parts, part{held: m.buf})
		m.size += len(m.buf)
		m.buf = nil
	}
}

// Len returns the length of the message in bytes.
func (m *Message) Len() int { return m.size + len(m.buf) }

// WriteTo writes the message.
func (m *Message) WriteTo(w io.Writer) (int64, error) {
	for _, p := range m.parts {
		var err error
		if p.write != nil {
			err = p.write(w)
		} else {
			_, err = w.Write(p.held)
		}
		if err != nil {
			return 0, err
		}
	}
	_, err := w.Write(m.buf)
	return int64(m.Len()), err
}

func uvarintLen(v uint64) int {
	n := 1
	for ; v >= 0x80; v >>= 7 {
		n++
	}
	return n
}
