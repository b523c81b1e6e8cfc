// Package pyobj holds the object graph: what Python would have built from a model file, as plain data.
//
// It is the first of Larder's two waists. Decoders (format/...) make a Doc; audit, fingerprint, the encoders of stored
// forms and sklearn read it. Nothing here opens a file, judges a name or calls anything.
//
// # Security
//
// No Value is callable and none is ever executed. A Doc carries, beside the graph that remains, the Trace of all
// that happened while it was read (imports, calls, state settings, also of objects that were dropped again), because
// a payload need not be part of the result.
package pyobj

// Doc is one decoded file: the value it holds and the trace of everything that would have happened.
type Doc struct {
	Root  Value   // the first pickle's value (or the skops root)
	Extra []Value // values of further pickles after the first STOP

	Format     string // "pickle", "joblib", "skops", "npy", "json", ...
	Compressor string // "", "zlib", "gzip", "bz2", "lzma", "xz", "lz4", "zip", "ZF"
	Writer     string // "skops 0.16.0" where the container names the library that wrote it, else ""
	Protocol   int    // highest pickle protocol seen; skops: its protocol number; -1 if none
	Size       int64  // bytes of the file
	Stream     int64  // bytes of the decompressed stream

	Imports []Import
	Calls   []Call
	Notes   []Note
	Opcodes int   // pickle opcodes executed
	Unread  int64 // bytes of arrays that were stepped over (source.Limits.Outline)
	Python2 bool  // a Python 2 form was met (STRING, BINSTRING, __builtin__ ...)

	Untrusted []string // skops: what skops.io.get_untrusted_types answers
}

// Import is one name that loading would import: GLOBAL, STACK_GLOBAL, INST, EXT*, or a class named by a skops node.
type Import struct {
	Global *Global
	Offset int64  // byte offset in the uncompressed stream
	Index  int    // ordinal of the opcode in its stream, or of the skops node
	Op     string // opcode or node kind
	Path   string // skops: JSON path of the node
}

// Call is one thing loading would execute: REDUCE, NEWOBJ, NEWOBJ_EX, INST, OBJ, BUILD, or the skops node's equivalent.
type Call struct {
	Op     string
	Func   Value   // what is called; for BUILD the object whose state is set
	Args   []Value // for BUILD the state
	Result *Object // nil for BUILD on something that is no Object
	Offset int64
	Index  int
	Path   string
}

// Level grades a Note.
type Level uint8

// Levels, from harmless to certain harm. LevelNote is reported and allowed; LevelRefuse may never be ok.
const (
	LevelNote Level = iota
	LevelSuspect
	LevelRefuse
)

// Note is something a container or decoder saw that a reader of the values alone could not know:
// trailing bytes, a second stream, a name two zip readers would read differently.
type Note struct {
	Rule    string // short stable id, e.g. "trailing-bytes", "zip-duplicate-name"
	Level   Level
	Offset  int64
	Message string
}
