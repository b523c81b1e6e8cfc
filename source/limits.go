package source

import "fmt"

// Limits bounds what a decoder may use. Every size in a file is a claim: nothing is allocated from a declared
// size alone. The zero value means "no allowance"; start from Default.
type Limits struct {
	File         int64 // bytes of the file itself
	Decompressed int64 // bytes after decompression, all streams together
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
		File: 4 << 30, Decompressed: 8 << 30, LZMADict: 64 << 20,
		Opcodes: 50_000_000, OpcodesPer: 16,
		Heap: 96 << 20, HeapPer: 64,
		Stack: 1_000_000, Marks: 10_000, Memo: 10_000_000, Depth: 1000,
		String: 256 << 20, Long: 64 << 10, Digits: 4300,
		Entries: 1_000_000, Name: 255, Schema: 64 << 20, SchemaDepth: 200,
		Elements: 1 << 40,
	}
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
