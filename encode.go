package larder

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/larder-ml/larder/audit"
	"github.com/larder-ml/larder/format/joblib"
	"github.com/larder-ml/larder/format/params"
	"github.com/larder-ml/larder/format/pickle"
	"github.com/larder-ml/larder/format/pyjson"
	"github.com/larder-ml/larder/format/safetensors"
	"github.com/larder-ml/larder/format/skops"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/sklearn"
)

// UndeterminedError is a file that holds classes the audit does not know, met by a verb that passes the file on.
type UndeterminedError struct {
	Report *audit.Report
}

func (e *UndeterminedError) Error() string {
	var names []string
	for _, f := range e.Report.Findings {
		if f.Level == audit.Warning && f.Symbol != "" {
			names = append(names, f.Symbol)
		}
	}
	if names == nil {
		return "larder: the audit could not decide about this file"
	}
	return fmt.Sprintf("larder: the file holds classes that are not known: %s; if they are yours, allow them by name (--trusted %s)",
		strings.Join(names, ", "), strings.Join(names, ","))
}

// Is answers ErrUnsupported.
func (e *UndeterminedError) Is(target error) bool { return target == ErrUnsupported }

// Trustworthy returns nil if the audit of the whole file said ok. Whatever passes a model on (convert, package, register,
// serve) asks it first.
func (m *Model) Trustworthy() error {
	r, err := m.Judge()
	switch {
	case err != nil:
		return err
	case r.Verdict == audit.OK:
		return nil
	case r.Verdict == audit.Refused:
		return &UnsafeError{Report: r}
	}
	return &UndeterminedError{r}
}

// Whole reports that the model is all its file holds, not a part of it that was selected.
func (m *Model) Whole() bool { return m.root == m.doc.Root }

// Form is a stored form to write.
type Form struct {
	Format     string // "pickle", "joblib", "skops", "safetensors", "json", "params"
	Compressor string // joblib: "zlib", "gzip", "bz2", "lzma", "xz", "lz4"; "" for none
	Level      int    // of the compressor; 0 for joblib's default
	Protocol   int    // of the pickle, 2 to 5; 0 for 4
	Alone      bool   // only the model, where the file holds it beside other things
}

// Encode writes the file in a stored form: all that it holds, or what Select chose. numpy's module is named as the file the
// model came from names it, so that the releases that read that file read this one; where it names none, as all releases of
// numpy understand. A file the audit does not call ok is not written.
func (m *Model) Encode(w io.Writer, f Form) error {
	if err := m.notPython(f.Format); err != nil {
		return err
	}
	if err := m.Trustworthy(); err != nil {
		return err
	}
	return m.protect(func() error { return m.encode(w, f) })
}

func (m *Model) encode(w io.Writer, f Form) error {
	if f.Protocol == 0 {
		f.Protocol = 4
	}
	if f.Format == params.Name {
		return m.encodeParams(w)
	}
	root := m.root
	if m.opts.selected == "" && !f.Alone {
		root = m.doc.Root
	}
	err := encodeValue(w, f, root, m.pickling(f.Protocol))
	if errors.Is(err, ErrUnsupported) && root != m.root {
		return fmt.Errorf("%w; --select picks what is to be written", err)
	}
	return err
}

// pickling gives how pickles are written.
func (m *Model) pickling(protocol int) joblib.Options {
	from := m.doc.Format
	return joblib.Options{Protocol: protocol, Core: m.numpyCore(protocol), Identity: from == joblib.Name || from == pickle.Name, Packed: m.packed, Python2: m.doc.Python2 && !m.migrated && protocol == 2}
}

func encodeValue(w io.Writer, f Form, root pyobj.Value, opt joblib.Options) error {
	switch f.Format {
	case joblib.Name:
		opt.Compressor, opt.Level = f.Compressor, f.Level
		return joblib.Encode(w, root, opt)
	case pickle.Name:
		return joblib.Pickle(w, root, opt)
	case pyjson.Name:
		return pyjson.Encode(w, root)
	case skops.Name:
		return skops.Encode(w, root)
	case safetensors.Name:
		return safetensors.Encode(w, root)
	}
	return &FormError{Format: f.Format}
}

// encodeParams writes what a linear model learned.
func (m *Model) encodeParams(w io.Writer) error {
	if m.bind != nil {
		return m.bind
	}
	l, ok := m.est.(sklearn.Linear)
	if !ok {
		return &FormError{Format: params.Name, Why: fmt.Sprintf("only what predicts X @ coef_.T + intercept_ has this form, %s does not; "+
			"--select picks a part that does, to be given the rows that reach it", m.TypeName())}
	}
	p := params.Params{Type: sklearn.Of(m.est).Class.Name, Features: m.FeatureNames()}
	var err error
	if p.Coef, p.Intercept, p.Classes, err = l.Coefficients(); err != nil {
		return err
	}
	if o, ok := m.root.(*pyobj.Object); ok {
		if a, ok := o.Attrs(); ok {
			p.Release, _ = pyobj.Text(a.Get("_sklearn_version"))
		}
	}
	return params.Encode(w, p)
}

// FormError names a stored form that is not written.
type FormError struct {
	Format string
	Why    string // "" where it is not written at all
}

func (e *FormError) Error() string {
	if e.Why != "" {
		return fmt.Sprintf("larder: as %s the model can not be written: %s", e.Format, e.Why)
	}
	return fmt.Sprintf("larder: format %q is not written", e.Format)
}

// Is answers ErrUnsupported.
func (e *FormError) Is(target error) bool { return target == ErrUnsupported }

// numpyCore reports that numpy's modules are named as numpy before 2.0 does: the file does so, or names none, as stored forms
// without calls do. Later releases understand these names without a word but for protocol 5's function.
func (m *Model) numpyCore(protocol int) bool {
	if m.migrated {
		return !m.numpy2
	}
	for _, i := range m.doc.Imports {
		if strings.HasPrefix(i.Global.Module, "numpy._core") {
			return false
		}
		if strings.HasPrefix(i.Global.Module, "numpy.core") {
			return true
		}
	}
	return protocol < 5 || m.beforeNumpy2()
}

// beforeNumpy2 reports a file that names no release of scikit-learn that knows numpy 2.
func (m *Model) beforeNumpy2() bool {
	releases := m.releases()
	return len(releases) == 0 || sklearn.CompareVersions(releases[0], "1.4.2") < 0
}

// Forms lists the formats Encode writes.
func Forms() []string {
	return []string{pickle.Name, joblib.Name, skops.Name, safetensors.Name, pyjson.Name}
}
