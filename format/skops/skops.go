// Package skops reads and writes skops files: a zip archive with schema.json, a tree of nodes that says how to build an object, and
// the arrays beside it (skops.io, protocols 0 to 2).
//
// The result is the object graph that a pickle of the same object gives, so that everything behind it (audit, binding,
// encoders) knows one form only.
//
// # Security
//
// A node's label is never believed: what is recorded as imported and called is what skops would build from the node's
// kind. All nodes are recorded, also those that skops would skip because their __id__ was seen. The archive is read by
// the strictest reading of zip; members are read once, each within the limits.
//
// # Compatibility
//
// All node kinds of protocols 0 to 2 are read, SGDNode and _DictWithDeprecatedKeysNode of old files included, which
// current skops no longer reads. What is written skops 0.10 and later load, once the untrusted types are passed back.
package skops

import (
	"bytes"
	"fmt"

	"github.com/larder-ml/larder/internal/zipread"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/source"
)

// Name is the format's name.
const Name = "skops"

const maxProtocol = 2

// SyntaxError says what is malformed. Offset is -1 where only the node's path is known; then Msg begins with it.
type SyntaxError struct {
	Offset int64
	Msg    string
}

func (e *SyntaxError) Error() string {
	if e.Offset < 0 {
		return "skops: " + e.Msg
	}
	return fmt.Sprintf("skops: offset 0x%x: %s", e.Offset, e.Msg)
}

// Where gives the offset.
func (e *SyntaxError) Where() int64 { return e.Offset }

// Is answers source.ErrCorrupt.
func (e *SyntaxError) Is(target error) bool { return target == source.ErrCorrupt }

// UnsupportedError is a form that is legal but not read.
type UnsupportedError struct{ Msg string }

func (e *UnsupportedError) Error() string { return "skops: " + e.Msg }

// Is answers source.ErrUnsupported.
func (e *UnsupportedError) Is(target error) bool { return target == source.ErrUnsupported }

func bad(off int64, format string, args ...any) error {
	return &SyntaxError{off, fmt.Sprintf(format, args...)}
}

// Sniff reports a zip archive. Only Decode can tell whether it holds a schema.json.
func Sniff(prefix []byte) bool { return bytes.HasPrefix(prefix, []byte("PK\x03\x04")) }

// Decode reads a file. On an error the Doc, if not nil, holds what was seen before it.
func Decode(src *source.Source, lim source.Limits) (*pyobj.Doc, error) {
	doc := &pyobj.Doc{Format: Name, Compressor: "zip", Protocol: -1, Size: src.Len()}
	note := func(rule string, level pyobj.Level, off int64, format string, args ...any) {
		doc.Notes = append(doc.Notes, pyobj.Note{Rule: rule, Level: level, Offset: off, Message: fmt.Sprintf(format, args...)})
	}
	a, err := zipread.Open(src, lim, note)
	if err != nil {
		return doc, err
	}
	if !a.Has("schema.json") {
		doc.Format = "zip"
		return doc, &FormatError{a.Names}
	}
	text, err := a.Copy("schema.json", lim.Schema)
	if err != nil {
		return doc, err
	}
	schema, err := parseJSON(text, lim.SchemaDepth, note)
	if err != nil {
		return doc, err
	}
	root, ok := schema.(*object)
	if !ok {
		return doc, bad(-1, "schema.json is no object")
	}
	p, ok := root.get("protocol").(number)
	n, err := p.int()
	if !ok || err != nil {
		return doc, bad(-1, "schema.json: protocol is no integer")
	}
	if n < 0 || n > maxProtocol {
		return doc, &UnsupportedError{fmt.Sprintf("protocol %d is not one of 0 to %d", n, maxProtocol)}
	}
	doc.Protocol = n
	if v, ok := root.get("_skops_version").(string); ok && len(v) < 40 {
		doc.Writer = "skops " + v
	}
	doc.Untrusted = untrusted(root, n)
	d := &decoder{doc: doc, archive: a, lim: lim, memo: make(map[string]memo, len(text)/512), files: map[string]string{}, note: note}
	doc.Root, err = d.node(root, "schema", 0)
	doc.Stream = lim.Decompressed - a.Left()
	return doc, err
}

// FormatError is a sound zip archive that is no skops file.
type FormatError struct {
	Names []string // of its members
}

func (e *FormatError) Error() string {
	msg := "skops: the zip archive holds no schema.json"
	if len(e.Names) == 0 {
		return msg
	}
	names := e.Names[:min(len(e.Names), 3)]
	msg += fmt.Sprintf(" but %q", names)
	if more := len(e.Names) - len(names); more > 0 {
		msg += fmt.Sprintf(" and %d more", more)
	}
	return msg + ": if a model is among them, unpack the archive and open that file"
}

// Is answers source.ErrFormat.
func (e *FormatError) Is(target error) bool { return target == source.ErrFormat }
