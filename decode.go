package larder

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/larder-ml/larder/format/joblib"
	"github.com/larder-ml/larder/format/npy"
	"github.com/larder-ml/larder/format/onnx"
	"github.com/larder-ml/larder/format/params"
	"github.com/larder-ml/larder/format/pickle"
	"github.com/larder-ml/larder/format/pyjson"
	"github.com/larder-ml/larder/format/safetensors"
	"github.com/larder-ml/larder/format/skops"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/source"
)

// format is one way a stored object graph is recognised and read.
type format struct {
	name   string
	sniff  func(prefix []byte) bool
	decode func(*source.Source, source.Limits) (*pyobj.Doc, error)
}

// formats in the order they are tried. The format is decided once, from the first bytes; there is no falling back.
var formats = []format{
	{skops.Name, skops.Sniff, decodeZip},
	{npy.NameZip, func(b []byte) bool { return npy.SniffZip(b, nil) }, npy.DecodeZip},
	{npy.Name, npy.Sniff, npy.Decode},
	{pyjson.Name, pyjson.Sniff, pyjson.Decode},
	{params.Name, params.Sniff, params.Decode},
	{safetensors.Name, safetensors.Sniff, safetensors.Decode},
	{onnx.Name, onnx.Sniff, decodeONNX},
	{joblib.Name, joblib.Sniff, joblib.Decode},
}

// decodeZip reads a zip archive as what its members say it is: skops with its schema.json, or .npz of nothing but arrays.
func decodeZip(src *source.Source, lim source.Limits) (*pyobj.Doc, error) {
	doc, err := skops.Decode(src, lim)
	var none *skops.FormatError
	if errors.As(err, &none) && npy.SniffZip(nil, none.Names) {
		return npy.DecodeZip(src, lim)
	}
	return doc, err
}

// Disassemble writes the opcodes of a pickle or joblib file with their offsets, arrays stepped over with a line of their own; cut bounds
// the bytes of an argument, 0 for all. A file of another format has none.
func Disassemble(w io.Writer, src *source.Source, lim source.Limits, cut int) error {
	prefix := src.Peek(0, 64)
	for _, f := range formats {
		if f.name != joblib.Name && f.sniff(prefix) {
			return fmt.Errorf("larder: files of %s have no opcodes; show --tree tells what this one holds: %w", f.name, ErrUnsupported)
		}
	}
	return joblib.Disassemble(w, src, lim, cut)
}

// FormatError says that the bytes are of no known format.
type FormatError struct {
	Path   string
	Prefix []byte
	tar    bool
}

func (e *FormatError) Error() string {
	msg := "larder: "
	if e.Path != "" {
		msg += e.Path + ": "
	}
	if len(e.Prefix) == 0 {
		return msg + "the file is empty"
	}
	msg += fmt.Sprintf("offset 0x0: no format begins with % x", e.Prefix)
	for _, t := range mistaken {
		if bytes.HasPrefix(e.Prefix, []byte(t.prefix)) {
			return msg + "; it looks like " + t.what
		}
	}
	if e.tar {
		msg += "; it is a tar archive: unpack it and open the file it holds"
	}
	return msg
}

// mistaken are the first bytes of what people take for a model: binary pickles that something took for text, and what stands for a
// file that was not fetched.
var mistaken = []struct{ prefix, what string }{
	{"\xe2\x82\xac", "a pickle that was turned from Windows-1252 into UTF-8 on its way: fetch it again as binary"},
	{"\xc2\x80", "a pickle that was turned from Latin-1 into UTF-8 on its way: fetch it again as binary"},
	{"\xef\xbf\xbd", "a pickle that was read as UTF-8 on its way, what was none is lost: fetch it again as binary"},
	{"\xef\xbb\xbf", "a pickle that was given a mark of UTF-8 text on its way: fetch it again as binary"},
	{"version ", "the pointer that Git LFS leaves in place of a file: git lfs pull fetches it"},
	{"<!DOCTYP", "a page of the web: fetch the file itself"},
	{"<!doctyp", "a page of the web: fetch the file itself"},
	{"<html", "a page of the web: fetch the file itself"},
}

// Where gives the offset.
func (e *FormatError) Where() int64 { return 0 }

// Is answers ErrFormat.
func (e *FormatError) Is(target error) bool { return target == ErrFormat }

// Decode reads the object graph of a file without judging or binding it.
func Decode(src *source.Source, lim source.Limits) (*pyobj.Doc, error) {
	prefix := src.Peek(0, 64)
	for _, f := range formats {
		if f.sniff(prefix) {
			doc, err := f.decode(src, lim)
			if doc != nil && f.name == safetensors.Name {
				alsoPickle(doc, src, lim)
			}
			if doc != nil && f.name != skops.Name && f.name != npy.NameZip {
				alsoZip(doc, src)
			}
			return doc, err
		}
	}
	if long := int64(len(prefix)) < src.Len(); long && bytes.HasSuffix(src.Peek(src.Len()-1, 1), []byte(".")) {
		// A pickle of one long text or number shows nothing but it in its first bytes: it is one if it runs to its last.
		if doc, err := joblib.Decode(src, lim); err == nil && !slices.ContainsFunc(doc.Notes, func(n pyobj.Note) bool { return n.Rule == "trailing-bytes" }) {
			return doc, nil
		}
	}
	return nil, &FormatError{src.Path(), prefix[:min(len(prefix), 8)], string(src.Peek(257, 5)) == "ustar"}
}

// alsoPickle notes a safetensors file that a loader of pickles runs, and adds what that would import and call. Its first bytes are a
// number, which pickle takes for opcodes; no other format that is read here begins with any.
func alsoPickle(doc *pyobj.Doc, src *source.Source, lim source.Limits) {
	p, err := pickle.Decode(src, lim)
	if p == nil || err != nil && len(p.Imports) == 0 {
		return
	}
	doc.Notes = append(doc.Notes, pyobj.Note{Rule: "two-formats", Level: pyobj.LevelRefuse, Offset: 0, Message: "the file is a pickle, too"})
	doc.Imports, doc.Calls = append(doc.Imports, p.Imports...), append(doc.Calls, p.Calls...)
}

// alsoZip notes a file that readers of zip archives, who begin at the end, take for one.
func alsoZip(doc *pyobj.Doc, src *source.Source) {
	const end = 22 // bytes of the archive's last record, before a comment
	n := min(src.Len(), end+1<<16)
	tail := src.Peek(src.Len()-n, n)
	at := bytes.LastIndex(tail, []byte("PK\x05\x06"))
	if at < 0 || len(tail)-at < end {
		return
	}
	size, files := int64(binary.LittleEndian.Uint32(tail[at+12:])), binary.LittleEndian.Uint16(tail[at+10:])
	where := src.Len() - n + int64(at) - size
	if files == 0 || where < 0 || string(src.Peek(where, 4)) != "PK\x01\x02" && size != 1<<32-1 {
		return
	}
	doc.Notes = append(doc.Notes, pyobj.Note{Rule: "two-formats", Level: pyobj.LevelRefuse, Offset: src.Len() - n + int64(at), Message: "the file is a zip archive, too"})
}
