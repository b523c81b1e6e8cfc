package protowire

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// ErrMalformed is a message that is no sequence of fields.
var ErrMalformed = errors.New("protowire: malformed message")

// Field is one field of a message: a number for the integer and fixed types, else its bytes.
type Field struct {
	Number, Wire int
	Int          uint64
	Bytes        []byte // a view of the message
}

// Next reads the first field of a message and returns the rest. Groups are refused.
func Next(b []byte) (f Field, rest []byte, err error) {
	tag, n := binary.Uvarint(b)
	if n <= 0 || tag>>3 == 0 || tag>>3 > 1<<29-1 {
		return f, nil, ErrMalformed
	}
	b = b[n:]
	f.Number, f.Wire = int(tag>>3), int(tag&7)
	switch f.Wire {
	case Varint:
		if f.Int, n = binary.Uvarint(b); n <= 0 {
			return f, nil, ErrMalformed
		}
		return f, b[n:], nil
	case Fixed64:
		if len(b) < 8 {
			return f, nil, ErrMalformed
		}
		f.Int = binary.LittleEndian.Uint64(b)
		return f, b[8:], nil
	case Fixed32:
		if len(b) < 4 {
			return f, nil, ErrMalformed
		}
		f.Int = uint64(binary.LittleEndian.Uint32(b))
		return f, b[4:], nil
	case Bytes:
		size, n := binary.Uvarint(b)
		if n <= 0 || size > uint64(len(b)-n) {
			return f, nil, ErrMalformed
		}
		end := n + int(size)
		f.Bytes = b[n:end]
		return f, b[end:], nil
	}
	return f, nil, fmt.Errorf("%w: wire type %d", ErrMalformed, f.Wire)
}
