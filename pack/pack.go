// Package pack is what a packaged model is: the seed document's three files
//
//	PREFIX_model.joblib       the model, joblib, zlib 3
//	PREFIX_metadata.json      who wrote it, with what, on which data
//	PREFIX_validation.json    the shape and predictions of the first five training rows
//
// with the document's own keys, and under the key "larder" what the document lacks: the model's fingerprint, digests of
// the files, rows chosen to cover classes, categories and missing values with the outputs of every method, and who
// computed those.
//
// Read takes what the document's code and its repaired variants wrote (text or numbers for counts, NaN and Infinity).
// Such a package stores no rows: validating it answers Unproven, never OK. What Write writes is strict JSON.
//
// # Security
//
// A model is packaged only when its audit says ok. Files are written beside their final place, synced and renamed.
package pack

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/larder-ml/larder"
	"github.com/larder-ml/larder/internal/jsonread"
	"github.com/larder-ml/larder/rows"
)

// ErrSignature is the sentinel of digests that do not agree.
var ErrSignature = errors.New("digest does not agree")

// The ends of the three files' names.
const (
	ModelSuffix      = "_model.joblib"
	MetadataSuffix   = "_metadata.json"
	ValidationSuffix = "_validation.json"
)

// Metadata is PREFIX_metadata.json. The keys up to Larder are the document's.
type Metadata struct {
	CreatedAt         string         `json:"created_at"`
	SklearnVersion    *string        `json:"sklearn_version"`
	PythonVersion     *string        `json:"python_version"`
	NumpyVersion      *string        `json:"numpy_version"`
	NTrainingSamples  *int           `json:"n_training_samples"`
	NFeatures         *int           `json:"n_features"`
	FeatureNames      []string       `json:"feature_names"`
	ClassDistribution map[string]int `json:"class_distribution"`
	Metrics           map[string]any `json:"metrics"`
	ModelType         string         `json:"model_type"`
	ModelParams       Params         `json:"model_params"`
	FileSizeBytes     int64          `json:"file_size_bytes"`
	Larder            *Own           `json:"larder,omitempty"` // nil in a package the document's code made
}

// Own is what Larder adds to the metadata.
type Own struct {
	Format      int            `json:"format"` // of this object: 1
	Writer      string         `json:"writer"`
	Fingerprint string         `json:"fingerprint"` // of the fitted model, in any stored form
	Digests     Digests        `json:"digests"`
	Source      Source         `json:"source"`
	Methods     []string       `json:"methods"`
	Classes     []any          `json:"classes"`
	Inputs      []rows.Input   `json:"inputs"`
	Train       *Summary       `json:"train"`
	Validation  *Summary       `json:"validation"`
	Target      *TargetSummary `json:"target"`
}

// Digests are sha256 of the other two files.
type Digests struct {
	Model      string `json:"model"`
	Validation string `json:"validation"`
}

// Source is the file the model came in.
type Source struct {
	Format     string `json:"format"`
	Compressor string `json:"compressor"`
	Protocol   int    `json:"protocol"`
	Digest     string `json:"digest"`
}

// Summary is a set of rows.
type Summary struct {
	Rows    int            `json:"rows"`
	Columns []string       `json:"columns"`
	Missing map[string]int `json:"missing"` // missing values by column, those that have any
}

// TargetSummary describes the target column.
type TargetSummary struct {
	Name    string   `json:"name"`
	Kind    string   `json:"kind"` // "classes" or "numbers"
	Count   int      `json:"count"`
	Missing int      `json:"missing"`
	Min     *float64 `json:"min,omitempty"`
	Max     *float64 `json:"max,omitempty"`
	Mean    *float64 `json:"mean,omitempty"`
	Std     *float64 `json:"std,omitempty"`
}

// Params are constructor parameters in order.
type Params []larder.Param

// MarshalJSON writes an object in the order of the parameters.
func (p Params) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, q := range p {
		if i > 0 {
			b.WriteByte(',')
		}
		v, err := json.Marshal(finite(q.Value))
		if err != nil {
			return nil, err
		}
		b.Write(rows.AppendString(nil, q.Name))
		b.WriteByte(':')
		b.Write(v)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// Validation is PREFIX_validation.json.
type Validation struct {
	InputShape     []int           `json:"input_shape"`
	ExpectedOutput json.RawMessage `json:"expected_output"`
	Larder         *Proof          `json:"larder,omitempty"`
}

// Proof is what a model is proven by: rows and what every method gave for them.
type Proof struct {
	ComputedBy string          `json:"computed_by"`
	Positions  []int           `json:"positions"` // of the rows in the data
	Rows       json.RawMessage `json:"rows"`      // as rows.AppendStored writes them
	Outputs    []Expected      `json:"outputs"`
}

// Expected is the output of one method: Result as predict --format json writes it, sparse results as such; or why there
// is none.
type Expected struct {
	Method  string          `json:"method"`
	Result  json.RawMessage `json:"result,omitempty"`
	Refused string          `json:"refused,omitempty"`
}

// Package is a package that was read.
type Package struct {
	Prefix     string
	Metadata   Metadata
	Validation Validation
	Made       string // "larder" or "document"

	validation []byte
}

// ModelPath returns the path of the model file.
func (p *Package) ModelPath() string { return p.Prefix + ModelSuffix }

// Exists reports whether a package stands at prefix.
func Exists(prefix string) bool {
	_, err := os.Stat(prefix + MetadataSuffix)
	return err == nil
}

// Locate gives the prefix of the package a name stands for: the prefix itself, one of the three files, or a folder that
// holds exactly one package.
func Locate(name string) (string, bool) {
	for _, s := range []string{ModelSuffix, MetadataSuffix, ValidationSuffix} {
		if prefix, ok := strings.CutSuffix(name, s); ok && Exists(prefix) {
			return prefix, true
		}
	}
	if Exists(name) {
		return name, true
	}
	if info, err := os.Stat(name); err == nil && info.IsDir() {
		all, err := filepath.Glob(filepath.Join(globEscape(name), "*"+MetadataSuffix))
		if err == nil && len(all) == 1 {
			return strings.TrimSuffix(all[0], MetadataSuffix), true
		}
	}
	return "", false
}

func globEscape(s string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(s)
}

// Error says what is wrong with a package.
type Error struct {
	Prefix string
	Msg    string
	Err    error // a sentinel
}

func (e *Error) Error() string { return fmt.Sprintf("pack: %s: %s", e.Prefix, e.Msg) }

// Unwrap gives the sentinel.
func (e *Error) Unwrap() error { return e.Err }

// maxJSON bounds the two JSON files.
const maxJSON = 256 << 20

// Read reads the package at prefix. Its model is judged and opened by Open.
func Read(prefix string) (*Package, error) {
	meta, err := readFile(prefix+MetadataSuffix, maxJSON)
	if err != nil {
		return nil, err
	}
	p := &Package{Prefix: prefix, Made: "document"}
	if err := p.readMetadata(meta); err != nil {
		return nil, err
	}
	p.validation, err = readFile(prefix+ValidationSuffix, maxJSON)
	switch {
	case errors.Is(err, os.ErrNotExist) && p.Made == "document":
		return p, nil // a variant that writes none
	case err != nil:
		return nil, err
	}
	return p, p.readValidation(p.validation)
}

func readFile(path string, max int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, max+1))
	if err == nil && int64(len(b)) > max {
		err = fmt.Errorf("pack: %s: more than %d bytes: %w", path, max, larder.ErrLimit)
	}
	return b, err
}

func (p *Package) bad(file, format string, args ...any) error {
	return &Error{p.Prefix, file + ": " + fmt.Sprintf(format, args...), larder.ErrCorrupt}
}

// readMetadata reads what the document's code and its variants write: counts as text, labels of any kind as keys, NaN,
// class_distribution as a list of pairs, model_params of any shape.
func (p *Package) readMetadata(b []byte) error {
	r := jsonread.New(b, 64)
	m := &p.Metadata
	text := func(at **string) {
		switch v := r.Any().(type) {
		case nil:
		case string:
			*at = &v
		default:
			s := fmt.Sprint(v)
			*at = &s
		}
	}
	count := func(at **int) {
		if n, ok := integer(r.Any()); ok {
			*at = &n
		}
	}
	for r.Object(); r.More(); {
		switch key := r.Key(); key {
		case "created_at":
			m.CreatedAt, _ = r.Any().(string)
		case "sklearn_version":
			text(&m.SklearnVersion)
		case "python_version":
			text(&m.PythonVersion)
		case "numpy_version":
			text(&m.NumpyVersion)
		case "n_training_samples":
			count(&m.NTrainingSamples)
		case "n_features":
			count(&m.NFeatures)
		case "feature_names":
			if l, ok := r.Any().([]any); ok {
				m.FeatureNames = []string{}
				for _, v := range l {
					m.FeatureNames = append(m.FeatureNames, fmt.Sprint(v))
				}
			}
		case "class_distribution":
			switch d := r.Any().(type) {
			case map[string]any:
				m.ClassDistribution = map[string]int{}
				for k, v := range d {
					if n, ok := integer(v); ok {
						m.ClassDistribution[k] = n
					}
				}
			case []any: // [[label, count], …]
				m.ClassDistribution = map[string]int{}
				for _, it := range d {
					if pair, ok := it.([]any); ok && len(pair) == 2 {
						if n, ok := integer(pair[1]); ok {
							m.ClassDistribution[fmt.Sprint(pair[0])] = n
						}
					}
				}
			}
		case "metrics":
			m.Metrics, _ = r.Any().(map[string]any)
		case "model_type":
			m.ModelType, _ = r.Any().(string)
		case "model_params":
			if r.Kind() != jsonread.Object {
				r.Skip()
				continue
			}
			for r.Object(); r.More(); {
				name := r.Key()
				m.ModelParams = append(m.ModelParams, larder.Param{Name: name, Value: r.Any()})
			}
		case "file_size_bytes":
			n, _ := integer(r.Any())
			m.FileSizeBytes = int64(n)
		case "larder":
			raw := r.Raw()
			if r.Err() != nil {
				break
			}
			m.Larder = &Own{}
			if err := json.Unmarshal(raw, m.Larder); err != nil {
				return p.bad("metadata", "%v", err)
			}
			if m.Larder.Format != 1 {
				return &Error{p.Prefix, fmt.Sprintf("metadata: format %d is newer than this program", m.Larder.Format), larder.ErrUnsupported}
			}
			p.Made = "larder"
		default:
			r.Skip()
		}
	}
	if err := r.End(); err != nil {
		return p.bad("metadata", "%v", err)
	}
	return nil
}

// integer reads a count that may be text or a float without a fraction.
func integer(v any) (int, bool) {
	switch x := v.(type) {
	case int64:
		return int(x), true
	case float64:
		return int(x), x == float64(int(x))
	case string:
		n, err := strconv.Atoi(strings.TrimSpace(x))
		return n, err == nil
	}
	return 0, false
}

func (p *Package) readValidation(b []byte) error {
	r := jsonread.New(b, 64)
	for r.Object(); r.More(); {
		switch r.Key() {
		case "input_shape":
			if l, ok := r.Any().([]any); ok {
				for _, v := range l {
					n, _ := integer(v)
					p.Validation.InputShape = append(p.Validation.InputShape, n)
				}
			}
		case "expected_output":
			p.Validation.ExpectedOutput = bytes.Clone(r.Raw())
		case "larder":
			raw := r.Raw()
			if r.Err() != nil {
				break
			}
			p.Validation.Larder = &Proof{}
			if err := json.Unmarshal(raw, p.Validation.Larder); err != nil {
				return p.bad("validation", "%v", err)
			}
		default:
			r.Skip()
		}
	}
	if err := r.End(); err != nil {
		return p.bad("validation", "%v", err)
	}
	return nil
}

// Open checks the digests the package states and opens its model.
func (p *Package) Open(opts ...larder.Option) (*larder.Model, error) {
	b, err := readFile(p.ModelPath(), 4<<30)
	if err != nil {
		return nil, err
	}
	if own := p.Metadata.Larder; own != nil {
		for _, c := range []struct {
			file, want string
			data       []byte
		}{{ModelSuffix, own.Digests.Model, b}, {ValidationSuffix, own.Digests.Validation, p.validation}} {
			if got := Digest(c.data); got != c.want {
				return nil, &Error{p.Prefix, fmt.Sprintf("%s is %s, the package says %s", c.file[1:], got, c.want), ErrSignature}
			}
		}
	}
	m, err := larder.OpenBytes(b, opts...)
	if err != nil {
		return nil, err
	}
	if own := p.Metadata.Larder; own != nil {
		f, err := m.Fingerprint()
		if err != nil {
			return nil, err
		}
		if f.String() != own.Fingerprint {
			return nil, &Error{p.Prefix, fmt.Sprintf("the model's fingerprint is %s, the package says %s", f, own.Fingerprint), ErrSignature}
		}
	}
	return m, nil
}

// Digest is the sha256 of bytes, as "sha256:" and 64 digits.
func Digest(b []byte) string {
	sum := sha256.Sum256(b)
	return "sha256:" + hex.EncodeToString(sum[:])
}
