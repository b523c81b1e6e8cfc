package larder

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/larder-ml/larder/audit"
	"github.com/larder-ml/larder/format/npy"
	"github.com/larder-ml/larder/format/pickle"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/source"
)

// UnsafeError is a file that the audit does not let through.
type UnsafeError struct {
	Report *audit.Report
	words  string // of a file that is refused for the code it holds: which, and where
}

func (e *UnsafeError) Error() string {
	if e.words != "" {
		return e.words
	}
	for _, f := range e.Report.Findings {
		if f.Level == audit.Critical || f.Level == audit.Error {
			at := ""
			if f.Offset >= 0 {
				at = fmt.Sprintf(" at byte 0x%x", f.Offset)
			}
			return fmt.Sprintf("refused: %s%s (%s)", f.Message, at, f.Rule)
		}
	}
	return "refused"
}

// Is answers ErrUnsafe.
func (e *UnsafeError) Is(target error) bool { return target == ErrUnsafe }

// Audit judges the file at path: what loading it in Python would import and call. It never fails: a file that can not
// be read is undetermined, or refused for what was seen before the fault. Of the options Progress counts.
func Audit(path string, p audit.Policy, opts ...Option) *audit.Report {
	o := newOptions(opts)
	lim := o.limits.Outlined()
	src, err := source.Open(path, lim)
	if err != nil {
		r := audit.Failure(err, nil, p)
		r.Path = path
		return r
	}
	defer src.Close()
	src.Watch(o.watch)
	r := auditSource(src, lim, p)
	r.Path = path
	return r
}

// AuditBytes judges a file held in memory.
func AuditBytes(data []byte, p audit.Policy) *audit.Report {
	return auditSource(source.Bytes(data), source.Default().Outlined(), p)
}

func auditSource(src *source.Source, lim source.Limits, p audit.Policy) (r *audit.Report) {
	lost := source.Protect(func() error {
		r = judgeSource(src, lim, p)
		return src.Whole()
	})
	if lost != nil {
		return audit.Failure(lost, nil, p)
	}
	return r
}

func judgeSource(src *source.Source, lim source.Limits, p audit.Policy) *audit.Report {
	doc, err := Decode(src, lim)
	if err == nil {
		if err = src.Settle(); err == nil {
			return audit.Judge(doc, p)
		}
	}
	if members := pickledMembers(src, lim); members != nil {
		if doc != nil {
			members.Notes = append(doc.Notes, members.Notes...)
			members.Imports = append(doc.Imports, members.Imports...)
			members.Calls = append(doc.Calls, members.Calls...)
			members.Format = doc.Format
		}
		doc = members
	}
	return audit.Failure(err, doc, p)
}

// maxMembers bounds the bytes that are decompressed to name what hides in a container that is refused anyway, and searched the
// members that are.
const (
	maxMembers = 64 << 20
	searched   = 10_000
)

// pickledMembers finds pickles in containers that are no model files of their own: .npy and .npz with object arrays,
// zip archives with pickles in them, pickles before or behind a zip. It gives their joint trace; nil if there is none.
func pickledMembers(src *source.Source, lim source.Limits) *pyobj.Doc {
	joint := &pyobj.Doc{Protocol: -1}
	found := false
	budget := min(lim.Decompressed, maxMembers)
	look := func(b []byte) {
		if npy.Sniff(b) {
			a, at, err := npy.Header(b)
			if err != nil || !a.DType.HasObject() {
				return
			}
			b = b[at:]
		}
		if !pickle.Sniff(b[:min(len(b), 64)]) {
			return
		}
		d, err := pickle.Decode(source.Bytes(b), lim)
		if d == nil || err != nil && len(d.Imports) == 0 {
			return
		}
		found = true
		joint.Imports = append(joint.Imports, d.Imports...)
		joint.Calls = append(joint.Calls, d.Calls...)
		joint.Notes = append(joint.Notes, d.Notes...)
	}
	data := src.All()
	look(data)
	if i := bytes.Index(data, []byte("PK\x03\x04")); i > 0 {
		look(data[:i])
	}
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) || z == nil {
		return only(joint, found)
	}
	for i, f := range z.File {
		if i >= searched {
			break
		}
		if strings.HasSuffix(f.Name, "/") {
			continue
		}
		at, err := f.DataOffset()
		if err != nil || at > int64(len(data)) {
			continue
		}
		// Sizes, flags and checksums that lie hide nothing here: what a lenient reader would see is looked at.
		b := data[at:]
		switch f.Method {
		case zip.Store:
			b = b[:min(uint64(len(b)), max(f.CompressedSize64, f.UncompressedSize64))]
		case zip.Deflate:
			r := flate.NewReader(bytes.NewReader(b))
			b, _ = io.ReadAll(io.LimitReader(r, 4096))
			if array, _, err := npy.Header(b); err == nil && !array.DType.HasObject() {
				continue
			}
			if !npy.Sniff(b) && !pickle.Sniff(b[:min(len(b), 64)]) {
				continue
			}
			rest, _ := io.ReadAll(io.LimitReader(r, budget))
			b = append(b, rest...)
		default:
			continue
		}
		if budget -= int64(len(b)); budget <= 0 {
			break
		}
		look(b)
	}
	return only(joint, found)
}

func only(d *pyobj.Doc, found bool) *pyobj.Doc {
	if !found {
		return nil
	}
	return d
}

// gate judges a decoded file; what audit refuses, or can not judge within its limits, is not opened. What is merely unknown is
// opened: whoever uses the model asks Unknown first.
func (o *options) gate(doc *pyobj.Doc) (*audit.Report, error) {
	r := audit.Judge(doc, audit.Policy{Trusted: o.trusted, Unread: doc.Size >= source.Big})
	over := slices.ContainsFunc(r.Findings, func(f audit.Finding) bool { return f.Level == audit.Error })
	if r.Verdict == audit.Refused || r.Verdict == audit.Undetermined && over {
		if o.admit(doc, r) {
			return r, nil
		}
		return r, explained(doc, &UnsafeError{Report: r})
	}
	return r, nil
}

// Judge judges the whole file as Audit does, reading what was left unread when it was opened. It fails where the file can not
// be read any more; a file that is refused is no failure.
func (m *Model) Judge() (*audit.Report, error) {
	if err := m.src.Settle(); err != nil || !m.report.Unread {
		return m.report, err
	}
	m.full.Do(func() {
		m.fullErr = source.Protect(func() error {
			m.fullReport = audit.Judge(m.doc, audit.Policy{Trusted: m.opts.trusted})
			return m.src.Whole()
		})
	})
	return m.fullReport, m.fullErr
}

// Report returns the audit of the whole file the model came from. The nodes of trees in a big mapped file are not read for
// it: every walk proves its steps, and Judge reads them all.
func (m *Model) Report() *audit.Report { return m.report }
