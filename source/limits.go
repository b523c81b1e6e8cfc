package source

import (
	"fmt"
	"math"
)

// Limits bounds what a decoder may use. Every size in a file is a claim: nothing is allocated from a declared
// size alone. The zero value means "no allowance"; start from Default.
type Limits struct {
	File         int64 // bytes of the file itself
	Decompressed int64 // bytes after decompression, all streams together
	Held         int64 // bytes of arrays and long texts of compressed streams that are kept in memory
	HeldPer      int64 // the same per byte of the file, beyond Held
	Outline      bool  // floats of arrays that would go over Held are stepped over (pyobj.Array.Unread) instead of an error
	LZMADict     int64 // dictionary of an LZMA or xz stream
	Opcodes      int64 // pickle opcodes
	OpcodesPer   int64 // pickle opcodes per input byte, beyond one million
	Heap         int64 // bytes of the values a pickle makes, long strings and arrays' data left out
	HeapPer      int64 // the same per input byte, beyond Heap
	Stack        int   // pickle stack depth
	Marks        int   // open MARKs
	Memo         int   // memo entries
	Depth        int   // nesting of values
	String       int64 // bytes of one string
	Long         int64 // bytes of one LONG1/LONG4
	Digits       int   // digits of an int in text form
	Entries      int   // members of a zip archive; tensors of a safetensors file
	Name         int   // bytes of a zip entry's name
	Schema       int64 // bytes of skops' schema.json
	SchemaDepth  int   // its nesting
	Elements     int64 // elements of one array
}

// Default returns the limits Larder uses unless told otherwise.
func Default() Limits {
	return Limits{
		File: 4 << 30, Decompressed: 8 << 30, Held: 128 << 20, HeldPer: 200, LZMADict: 64 << 20,
		Opcodes: 50_000_000, OpcodesPer: 16,
		Heap: 96 << 20, HeapPer: 64,
		Stack: 1_000_000, Marks: 10_000, Memo: 10_000_000, Depth: 1000,
		String: 256 << 20, Long: 64 << 10, Digits: 4300,
		Entries: 1_000_000, Name: 255, Schema: 64 << 20, SchemaDepth: 200,
		Elements: 1 << 40,
	}
}

// Outlined gives the limits of whoever looks at a file and computes nothing from it: little memory is taken for a compressed file that
// decompresses to much more than its size.
func (l Limits) Outlined() Limits {
	l.HeldPer, l.Outline = min(l.HeldPer, 16), true
	return l
}

// HeldBy gives the bytes that may be kept of what a file of size bytes decompresses to.
func (l Limits) HeldBy(size int64) int64 {
	if l.HeldPer > 0 && size > (math.MaxInt64-l.Held)/l.HeldPer {
		return math.MaxInt64
	}
	return l.Held + size*l.HeldPer
}

// OverHeld is the error of a compressed file that holds n bytes where most may be kept in memory.
func OverHeld(n, most, at int64) error {
	return &LimitError{Limit: "memory of what a compressed file holds (decompress it: a file that is not compressed is mapped):", Value: n, Max: most, Offset: at}
}

// LimitError says which limit a file went over.
type LimitError struct {
	Limit  string // the field of Limits, in words
	Value  int64  // what the file asked for
	Max    int64
	Offset int64 // where, -1 if unknown
}

func (e *LimitError) Error() string {
	at := ""
	if e.Offset >= 0 {
		at = fmt.Sprintf("offset 0x%x: ", e.Offset)
	}
	return fmt.Sprintf("%s%s %d is over the limit of %d", at, e.Limit, e.Value, e.Max)
}

// Where gives the offset.
func (e *LimitError) Where() int64 { return e.Offset }

// Is answers ErrLimit.
func (e *LimitError) Is(target error) bool { return target == ErrLimit }
