// Package store is the registry: names, versions and what points at them. A place to keep models implements Store;
// store/file keeps them in a folder.
//
// A version is named by the first eight hexadecimal digits of the fitted model's fingerprint: the same model registered
// twice is one version, and a version never changes.
package store

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/larder-ml/larder"
	"github.com/larder-ml/larder/pack"
)

// Sentinels.
var (
	ErrConflict = errors.New("another model is there")
	ErrStorage  = pack.ErrStorage
)

// Latest is the alias of the version registered last.
const Latest = "latest"

// Error says what went wrong with a reference.
type Error struct {
	Ref string
	Msg string
	Err error // a sentinel or a cause
}

func (e *Error) Error() string {
	if e.Msg == "" {
		return fmt.Sprintf("store: %s: %v", e.Ref, e.Err)
	}
	return fmt.Sprintf("store: %s: %s", e.Ref, e.Msg)
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// NotFound makes the error of something that is not there.
func NotFound(ref, msg string) error { return &Error{ref, msg, larder.ErrNotFound} }

// Ref names a version: name, name:version, name/version, name:latest, name@alias or name@sha256:….
type Ref struct {
	Name    string
	Version string // "" unless given
	Alias   string // "latest" unless given otherwise
	Digest  string // 64 hexadecimal digits of a fingerprint, or a beginning of at least eight
}

// String gives the reference in its usual form.
func (r Ref) String() string {
	switch {
	case r.Version != "":
		return r.Name + ":" + r.Version
	case r.Digest != "":
		return r.Name + "@sha256:" + r.Digest
	case r.Alias != "":
		return r.Name + "@" + r.Alias
	}
	return r.Name
}

var plainName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$`)

// CheckName refuses names that could leave a folder or be taken for something else.
func CheckName(kind, name string) error {
	if !plainName.MatchString(name) || strings.Contains(name, "..") || strings.HasSuffix(name, ".") || reserved(name) {
		return &Error{name, fmt.Sprintf("%s %q: wanted letters, digits, dot, dash and underscore, at most 128", kind, name), larder.ErrInput}
	}
	return nil
}

// reserved are names some systems do not let a file have.
func reserved(name string) bool {
	base, _, _ := strings.Cut(strings.ToLower(name), ".")
	switch base {
	case "con", "prn", "aux", "nul":
		return true
	}
	return len(base) == 4 && (strings.HasPrefix(base, "com") || strings.HasPrefix(base, "lpt")) && base[3] >= '0' && base[3] <= '9'
}

// ParseRef reads a reference.
func ParseRef(s string) (Ref, error) {
	r := Ref{}
	switch name, digest, ok := strings.Cut(s, "@sha256:"); {
	case ok:
		r.Name, r.Digest = name, digest
		if len(digest) < 8 || len(digest) > 64 || strings.Trim(digest, "0123456789abcdef") != "" {
			return r, &Error{s, "a digest has 8 to 64 lower-case hexadecimal digits", larder.ErrInput}
		}
	case strings.Contains(s, "@"):
		r.Name, r.Alias, _ = strings.Cut(s, "@")
		if err := CheckName("alias", r.Alias); err != nil {
			return r, err
		}
	case strings.Contains(s, ":"):
		r.Name, r.Version, _ = strings.Cut(s, ":")
	case strings.Count(s, "/") == 1:
		r.Name, r.Version, _ = strings.Cut(s, "/")
	default:
		r.Name = s
	}
	if r.Version == Latest {
		r.Version = ""
	}
	if r.Version != "" {
		if err := CheckName("version", r.Version); err != nil {
			return r, err
		}
	}
	if r.Version == "" && r.Digest == "" && r.Alias == "" {
		r.Alias = Latest
	}
	return r, CheckName("model name", r.Name)
}

// Version is one registered version.
type Version struct {
	Name        string         `json:"name"`
	ID          string         `json:"version"`
	Latest      bool           `json:"latest"`
	Aliases     []string       `json:"aliases"`
	CreatedAt   string         `json:"created_at"`
	ModelType   string         `json:"model_type"`
	Sklearn     string         `json:"sklearn_version"`
	Metrics     map[string]any `json:"metrics"`
	Fingerprint string         `json:"fingerprint,omitempty"` // "" where the document's class made the version
	Made        string         `json:"made_by"`               // "larder" or "document"
	Prefix      string         `json:"prefix"`                // of the package's files
	Problem     string         `json:"problem,omitempty"`     // why it can not be used
}

// Ref is the version's own reference.
func (v Version) Ref() string { return v.Name + ":" + v.ID }

// Finding is something wrong that checking a registry found.
type Finding struct {
	Ref     string `json:"ref"`
	Problem string `json:"problem"`
}

// Store is a place that keeps models.
type Store interface {
	// Publish adds the files of a package as a version of name and makes it the latest. The same model again is the same
	// version: made is false, and nothing of it changes.
	Publish(ctx context.Context, name string, f *pack.Files) (v Version, made bool, err error)
	// Resolve finds the version a reference stands for.
	Resolve(ctx context.Context, r Ref) (Version, error)
	// Names lists the models.
	Names(ctx context.Context) ([]string, error)
	// Versions lists a model's versions, newest first.
	Versions(ctx context.Context, name string) ([]Version, error)
	// Alias makes an alias stand for a version.
	Alias(ctx context.Context, name, alias, version string) error
	// Check reads everything again: digests, fingerprints, audit, stored rows.
	Check(ctx context.Context) (versions int, found []Finding, err error)
}
