// Package pickle reads and writes Python's pickle, protocols 0 to 5.
//
// Decode runs the pickle machine over plain data: GLOBAL makes a name, REDUCE and its kin make a record of the call
// that Python would make. The result is a pyobj.Doc: the graph, and the trace of every import and call with its byte
// offset, those of dropped objects and of second pickles included. What numpy's objects mean is package numpy's
// matter; container and compression are format/joblib's.
//
// # Security
//
// Nothing is ever called, imported or resolved. Every size in the file is a claim: memory is taken as bytes arrive, not
// as they are declared. Opcodes, stack, marks, memo, nesting, strings and digits are bounded by source.Limits. When an
// error is returned, the Doc beside it holds the trace up to the error: a file that breaks after its payload has
// still shown it.
//
// # Compatibility
//
// All 68 opcodes are read. The reading is the strictest of those Python has: frames must hold whole opcodes and lie
// inside the file, memo entries must be written before they are read, arguments of a call must be a tuple, integers
// in text are plain decimal. Out-of-band buffers are refused.
package pickle

import (
	"errors"
	"fmt"
	"io"

	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/source"
)

// Name is the format's name.
const Name = "pickle"

// Sniff reports whether prefix, the first bytes of a file (64 or more, or all of them), begins a pickle: the machine
// can run to the end of the prefix, or would have imported something before it fails. A pickle that breaks after its
// payload is a pickle.
func Sniff(prefix []byte) bool {
	if len(prefix) >= 2 && prefix[0] == byte(opProto) {
		return prefix[1] <= maxProtocol
	}
	if len(prefix) > 1<<12 {
		prefix = prefix[:1<<12]
	}
	m := New(prefix, source.Default())
	_, err := m.Next()
	if err == nil {
		return true
	}
	if len(m.Doc.Imports) > 0 && m.rules["global-text"] == 0 {
		return true
	}
	var se *SyntaxError
	return m.Doc.Opcodes > 1 && errors.As(err, &se) && errors.Is(se.Err, io.ErrUnexpectedEOF)
}

// Decode reads a file: its first pickle as Root, further ones as Extra. Arrays stay as the reduce calls they were
// written as. On an error the Doc, if not nil, holds what was seen before it.
func Decode(src *source.Source, lim source.Limits) (*pyobj.Doc, error) {
	m := NewSource(src, lim)
	m.Doc.Size = src.Len()
	return m.Run()
}

// SyntaxError is a pickle that no Python pickler would write or a strict reader accept.
type SyntaxError struct {
	Offset int64  // of the opcode, in the uncompressed stream
	Op     string // "" between opcodes
	Msg    string
	Err    error // the cause, if there is one below
}

func (e *SyntaxError) Error() string {
	op := e.Op
	if op != "" {
		op = " " + op
	}
	return fmt.Sprintf("pickle: offset 0x%x%s: %s", e.Offset, op, e.Msg)
}

// Unwrap gives the cause.
func (e *SyntaxError) Unwrap() error { return e.Err }

// Where gives the offset.
func (e *SyntaxError) Where() int64 { return e.Offset }

// Is answers source.ErrCorrupt.
func (e *SyntaxError) Is(target error) bool { return target == source.ErrCorrupt }
