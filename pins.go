package larder

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/sklearn/release"
)

// Runtime is what a model is to be loaded with. Versions are "" where nothing is known.
type Runtime struct {
	Sklearn string   `json:"scikit-learn"`
	Numpy   string   `json:"numpy,omitempty"`
	Scipy   string   `json:"scipy,omitempty"`
	Python  string   `json:"python,omitempty"`
	Notes   []string `json:"notes,omitempty"` // what was concluded, and what was not read
}

// ErrNoPin is a requirements file that does not tell which minor release of scikit-learn it asks for.
var ErrNoPin = errors.New("the requirements do not pin scikit-learn with ==")

// RequirementsError is a requirements file, or a line of it, that can not be read or does not decide a version.
type RequirementsError struct {
	File string
	Line int // 0 for the file as a whole
	Why  string
	Err  error // ErrNoPin, or nil
}

func (e *RequirementsError) Error() string {
	at := e.File
	if e.Line > 0 {
		at = fmt.Sprintf("%s:%d", e.File, e.Line)
	}
	if e.Err != nil {
		return fmt.Sprintf("%s: %v: %s", at, e.Err, e.Why)
	}
	return at + ": " + e.Why
}

// Is answers ErrInput.
func (e *RequirementsError) Is(target error) bool { return target == ErrInput }

// Unwrap gives ErrNoPin where that is the reason.
func (e *RequirementsError) Unwrap() error { return e.Err }

// RequirementsOptions say what is known beside a requirements file.
type RequirementsOptions struct {
	Python string                            // Python's version, which markers ask for; "" for what the file says, or unknown
	Open   func(name string) ([]byte, error) // reads the file and those it includes; nil for the file system
}

const (
	maxRequirements      = 8 << 20 // bytes of all files together
	maxRequirementsFiles = 100
)

// ReadRequirements finds the versions that a requirements file asks for, as pip reads it: with the files it includes by -r
// and -c, continued lines, hashes, extras, environment markers, and several lines for one library taken together. A conda
// environment.yml is read too. Text is UTF-8, or what a byte order mark says.
//
// A version counts where it is pinned (==, ===, the name of a wheel), or where the clauses leave a single minor release
// (==1.5.*, ~=1.5.0): then it is the newest release of it that is known, and a note says so. Markers are decided by
// Python's version where it is known; those that remain open have to lead to the same version. Everything else is an
// error that names the line: a RequirementsError, with ErrNoPin where scikit-learn is left open.
func ReadRequirements(name string, o RequirementsOptions) (Runtime, error) {
	p := &pins{open: o.Open, python: o.Python, lines: map[string][]pinned{}, seen: map[string]bool{}}
	if p.open == nil {
		p.open = openRequirements
	}
	if o.Python != "" {
		if _, ok := sklearn.ParseVersion(o.Python); !ok {
			return Runtime{}, &VersionError{o.Python}
		}
	}
	if err := p.file(name); err != nil {
		return Runtime{}, err
	}
	return p.decide(name)
}

func openRequirements(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxRequirements+1))
}

// pins collects what requirements files say.
type pins struct {
	open   func(string) ([]byte, error)
	python string
	lines  map[string][]pinned // by the normal name of the library
	seen   map[string]bool     // files
	bytes  int
	notes  []string
}

// pinned is one line about a library.
type pinned struct {
	file   string
	line   int
	text   string
	specs  []sklearn.Specifier
	url    string // from where it is installed, if not from an index
	marker string
}

func (p *pinned) fail(format string, args ...any) error {
	return &RequirementsError{File: p.file, Line: p.line, Why: fmt.Sprintf(format, args...)}
}

func (p *pins) note(format string, args ...any) {
	if s := fmt.Sprintf(format, args...); !slices.Contains(p.notes, s) {
		p.notes = append(p.notes, s)
	}
}

// file reads one file.
func (p *pins) file(name string) error {
	if p.seen[name] {
		return nil
	}
	if p.seen[name] = true; len(p.seen) > maxRequirementsFiles {
		return &RequirementsError{File: name, Why: fmt.Sprintf("more than %d files include each other", maxRequirementsFiles)}
	}
	b, err := p.open(name)
	if err != nil {
		return err
	}
	if p.bytes += len(b); p.bytes > maxRequirements {
		return &RequirementsError{File: name, Why: fmt.Sprintf("more than %d bytes of requirements", maxRequirements)}
	}
	text, ok := decodedText(b)
	if !ok {
		return &RequirementsError{File: name, Why: "no text in UTF-8, or of the byte order mark it begins with"}
	}
	if condaFile().MatchString(text) {
		return p.conda(name, text)
	}
	return p.pip(name, text)
}

// decodedText decodes a file by its byte order mark, UTF-8 where there is none.
func decodedText(b []byte) (string, bool) {
	wide := func(b []byte, order binary.ByteOrder) (string, bool) {
		units := make([]uint16, len(b)/2)
		for i := range units {
			units[i] = order.Uint16(b[2*i:])
		}
		return string(utf16.Decode(units)), len(b)%2 == 0
	}
	text, ok := "", true
	switch {
	case bytes.HasPrefix(b, []byte("\xef\xbb\xbf")):
		text = string(b[3:])
	case bytes.HasPrefix(b, []byte("\xff\xfe")):
		text, ok = wide(b[2:], binary.LittleEndian)
	case bytes.HasPrefix(b, []byte("\xfe\xff")):
		text, ok = wide(b[2:], binary.BigEndian)
	default:
		text = string(b)
	}
	return text, ok && utf8.ValidString(text) && !strings.ContainsRune(text, 0) && !strings.ContainsRune(text, utf8.RuneError)
}

// lazily compiles an expression when it is first used.
func lazily(expr string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expr) })
}

// lineEnds are what Python's splitlines takes for one.
var lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\v", "\n", "\f", "\n", "\x1c", "\n", "\x1d", "\n", "\x1e", "\n", "\u0085", "\n", "\u2028", "\n", "\u2029", "\n")

// pythonComment is the comment that FormatRequirements writes.
var pythonComment = lazily(`^\s*#\s*python ==\s*([^\s,]+)`)

var (
	commentLine = lazily(`^\s*#`)
	comment     = lazily(`(^|\s+)#.*$`)
	variable    = lazily(`\$\{[A-Z0-9_]+\}`)
	included    = lazily(`^(?:-r|-c|--requirement|--constraint)(?:\s*=\s*|\s*)(.*)$`)
	editable    = lazily(`^(?:-e|--editable)(?:\s*=\s*|\s*)(.*)$`)
	egg         = lazily(`[#&]egg=([A-Za-z0-9._-]+)`)
	leadingName = lazily(`^([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*`)
	extras      = lazily(`^\[\s*(?:[A-Za-z0-9][A-Za-z0-9._-]*(?:\s*,\s*[A-Za-z0-9][A-Za-z0-9._-]*)*)?\s*\]\s*`)
	archive     = lazily(`^([A-Za-z0-9._]+?(?:-[A-Za-z._]+)*?)-([0-9][^-]*?)(?:(?:-[^-]+){3,4}\.whl|\.tar\.gz|\.zip|\.tar\.bz2|\.tgz)$`)
	separators  = lazily(`[-_.]+`)
	condaFile   = lazily(`(?m)^dependencies:`)
)

// normalName is a library's name as indexes compare it.
func normalName(name string) string {
	return strings.ToLower(separators().ReplaceAllString(name, "-"))
}

// logical gives the lines of a file with those that a backslash continues, by the number of the first.
func logical(text string, each func(line int, text string) error) error {
	joined, at := "", 0
	for i, line := range strings.Split(lineEnds.Replace(text), "\n") {
		note := commentLine().MatchString(line)
		if joined == "" {
			at = i + 1
		}
		if strings.HasSuffix(line, `\`) && !note {
			joined += strings.Trim(line, `\`)
			continue
		}
		if note && joined != "" {
			line = " " + line
		}
		if err := each(at, joined+line); err != nil {
			return err
		}
		joined = ""
	}
	if joined != "" {
		return each(at, joined)
	}
	return nil
}

// pip reads a requirements file.
func (p *pins) pip(file, text string) error {
	for line := range strings.Lines(lineEnds.Replace(text)) {
		if m := pythonComment().FindStringSubmatch(line); m != nil && p.python == "" {
			if _, ok := sklearn.ParseVersion(m[1]); ok {
				p.python = m[1]
			}
		}
	}
	return logical(text, func(line int, text string) error {
		return p.requirement(&pinned{file: file, line: line, text: strings.TrimSpace(comment().ReplaceAllString(text, ""))})
	})
}

// requirement reads one line: a requirement, or an option.
func (p *pins) requirement(r *pinned) error {
	switch text := r.text; {
	case text == "":
		return nil
	case included().MatchString(text):
		name := strings.Trim(included().FindStringSubmatch(text)[1], `"'`)
		if name == "" || variable().MatchString(name) {
			return r.fail("%q: which file is included is not told", text)
		}
		if strings.Contains(name, "://") {
			p.note("%s:%d: %s is not read: nothing is fetched", r.file, r.line, name)
			return nil
		}
		if !filepath.IsAbs(name) {
			name = filepath.Join(filepath.Dir(r.file), name)
		}
		if err := p.file(name); err != nil {
			var of *RequirementsError
			if errors.As(err, &of) {
				return err
			}
			return fmt.Errorf("%s:%d: %w", r.file, r.line, err)
		}
		return nil
	case editable().MatchString(text):
		text = editable().FindStringSubmatch(text)[1]
		if m := egg().FindStringSubmatch(text); m != nil {
			r.url = text
			p.add(m[1], r)
		}
		return nil
	case strings.HasPrefix(text, "-"):
		return nil // where to look, and how to install
	}
	// the options of one requirement stand behind it
	if i := strings.Index(r.text, " -"); i >= 0 {
		r.text = strings.TrimSpace(r.text[:i])
	}
	if link(r.text) {
		r.url, r.marker, _ = strings.Cut(r.text, " ;")
		if m := egg().FindStringSubmatch(r.url); m != nil {
			p.add(m[1], r)
			return p.checked(r)
		}
		base, _, _ := strings.Cut(r.url, "#")
		base, _, _ = strings.Cut(base, "?")
		if m := archive().FindStringSubmatch(base[strings.LastIndexAny(base, `/\`)+1:]); m != nil {
			p.add(m[1], r)
			return p.checked(r)
		}
		p.note("%s:%d: what %s holds is not known", r.file, r.line, r.url)
		return nil
	}
	m := leadingName().FindStringSubmatch(r.text)
	if m == nil {
		return r.fail("%q is no requirement (a requirements file as pip reads it, or a conda environment.yml, is wanted)", shortened(r.text))
	}
	rest := extras().ReplaceAllString(r.text[len(m[0]):], "")
	if after, ok := strings.CutPrefix(rest, "@"); ok {
		after = strings.TrimLeft(after, " \t")
		if i := strings.IndexAny(after, " \t"); i >= 0 {
			r.url, after = after[:i], strings.TrimSpace(after[i:])
			if after, ok = strings.CutPrefix(after, ";"); !ok {
				return r.fail("%q is no requirement", shortened(r.text))
			}
			r.marker = strings.TrimSpace(after)
		} else {
			r.url = after
		}
		if r.url == "" {
			return r.fail("%q is no requirement", shortened(r.text))
		}
		p.add(m[1], r)
		return p.checked(r)
	}
	clauses, mark, marked := strings.Cut(rest, ";")
	clauses = strings.TrimSpace(clauses)
	if inside, ok := strings.CutPrefix(clauses, "("); ok {
		if clauses, ok = strings.CutSuffix(inside, ")"); !ok {
			return r.fail("%q is no requirement", shortened(r.text))
		}
	}
	if marked {
		if r.marker = strings.TrimSpace(mark); r.marker == "" {
			return r.fail("%q is no requirement: the environment marker is empty", shortened(r.text))
		}
	}
	var ok bool
	if variable().MatchString(r.text) {
		if slices.Contains(told, normalName(m[1])) {
			return r.fail("%q: what the variable of the environment holds is not known", shortened(r.text))
		}
		return nil
	}
	if r.specs, ok = sklearn.ParseSpecifiers(clauses); !ok {
		// what conda list --export writes
		if r.specs, ok = condaClauses(r.text[len(m[1]):]); !ok {
			return r.fail("%q is no requirement: %q is no version specifier", shortened(r.text), shortened(clauses))
		}
	}
	p.add(m[1], r)
	return p.checked(r)
}

// checked tests the marker of a line, also where nothing depends on it.
func (p *pins) checked(r *pinned) error {
	if r.marker == "" {
		return nil
	}
	if _, ok := evalMarker(r.marker, p.python); !ok {
		return r.fail("%q is no environment marker", shortened(r.marker))
	}
	return nil
}

// link tells whether a line names a file, a folder or an address.
func link(text string) bool {
	if i := strings.Index(text, "://"); i > 0 && !strings.ContainsAny(text[:i], " @;'\"") {
		return true
	}
	word, _, _ := strings.Cut(text, " ")
	return strings.HasPrefix(word, "file:") || word == "." || word == ".." || strings.HasPrefix(word, ".") && strings.ContainsAny(word, `/\`) ||
		!strings.Contains(word, "@") && strings.ContainsAny(word, `/\`) && !strings.ContainsAny(word, "[<>=;") || archive().MatchString(word)
}

func shortened(s string) string {
	if len(s) > 200 {
		return strings.ToValidUTF8(s[:200], "") + "…"
	}
	return s
}

// told are the libraries whose versions are wanted. The index has another one of the name sklearn, which says nothing of
// scikit-learn's version.
var told = []string{"scikit-learn", "numpy", "scipy", "sklearn", "python"}

func (p *pins) add(name string, r *pinned) {
	if name = normalName(name); slices.Contains(told[:4], name) {
		p.lines[name] = append(p.lines[name], *r)
	}
}

// condaClauses reads conda's "=1.5", "=1.5.2=build" and "==1.5.2=build".
func condaClauses(text string) ([]sklearn.Specifier, bool) {
	m := condaVersion().FindStringSubmatch(text)
	switch {
	case m == nil:
		return nil, false
	case m[1] == "=" && !strings.HasSuffix(m[2], ".*"):
		m[2] += ".*"
	}
	return sklearn.ParseSpecifiers("==" + m[2])
}

var condaVersion = lazily(`^(==?)([0-9][^=,|<>!~\s]*)(?:[=\s][^=,|<>!~\s]+)?$`)

// conda reads the dependencies of an environment.yml, and the lines of pip among them.
func (p *pins) conda(file, text string) error {
	inside, pip := false, -1
	for i, line := range strings.Split(lineEnds.Replace(text), "\n") {
		line = strings.TrimRight(comment().ReplaceAllString(line, ""), " \t")
		body := strings.TrimLeft(line, " \t")
		indent := len(line) - len(body)
		r := &pinned{file: file, line: i + 1}
		item, listed := strings.CutPrefix(body, "-")
		listed = listed && (item == "" || strings.HasPrefix(item, " "))
		switch {
		case body == "":
			continue
		case !listed && indent == 0:
			key, value, _ := strings.Cut(body, ":")
			value = strings.TrimSpace(value)
			if inside = key == "dependencies"; inside && value != "" {
				return r.fail("dependencies are read as a list with one on each line")
			}
			if key == "python" && p.python == "" {
				if v := strings.Trim(value, `"'`); sklearn.CompareVersions(v, "0") > 0 {
					p.python = v
				}
			}
			continue
		case !inside:
			continue
		case !listed:
			return r.fail("%q is no dependency", shortened(body))
		}
		r.text = strings.Trim(strings.TrimSpace(item), `"'`)
		switch {
		case r.text == "pip:":
			pip = indent
			continue
		case pip >= 0 && indent > pip, strings.HasPrefix(r.text, "-"):
			if err := p.requirement(r); err != nil {
				return err
			}
			continue
		}
		pip = -1
		if err := p.match(r); err != nil {
			return err
		}
	}
	return nil
}

// match reads one of conda's specifications: "conda-forge::scikit-learn=1.5", "scikit-learn 1.5.2 py311h", "python>=3.9".
func (p *pins) match(r *pinned) error {
	text := r.text[strings.LastIndex(r.text, "::")+1:]
	text = strings.TrimPrefix(text, ":")
	m := leadingName().FindStringSubmatch(text)
	if m == nil {
		return r.fail("%q is no dependency", shortened(r.text))
	}
	name := normalName(m[1])
	if !slices.Contains(told, name) {
		return nil
	}
	rest := strings.TrimSpace(text[len(m[0]):])
	var ok bool
	switch {
	case rest == "" || rest == "*":
		ok = true
	case rest[0] >= '0' && rest[0] <= '9':
		version, _, _ := strings.Cut(rest, " ")
		r.specs, ok = sklearn.ParseSpecifiers("==" + version)
	default:
		if r.specs, ok = condaClauses(rest); !ok {
			r.specs, ok = sklearn.ParseSpecifiers(rest)
		}
	}
	if !ok {
		return r.fail("%q: %q is not understood", shortened(r.text), shortened(rest))
	}
	if name != "python" {
		p.add(name, r)
		return nil
	}
	for _, s := range r.specs {
		if s.Op == "==" && p.python == "" {
			p.python = s.Text
		}
	}
	return nil
}

// decide settles the versions of all libraries.
func (p *pins) decide(file string) (Runtime, error) {
	r := Runtime{Python: p.python}
	for _, lib := range []struct {
		name string
		to   *string
	}{{"scikit-learn", &r.Sklearn}, {"numpy", &r.Numpy}, {"scipy", &r.Scipy}} {
		lines := slices.Clone(p.lines[lib.name])
		v, err := p.settle(lib.name, lines)
		var open *RequirementsError
		switch {
		case errors.As(err, &open) && open.Err != nil && lib.name != "scikit-learn":
			p.note("%s:%d: %s", open.File, open.Line, open.Why)
		case err != nil:
			return Runtime{}, err
		}
		*lib.to = v
	}
	r.Notes = p.notes
	if r.Sklearn != "" {
		return r, nil
	}
	why := "no line names it"
	if len(p.lines["scikit-learn"]) > 0 {
		why = "no line that names it holds for this Python"
	}
	if l := p.lines["sklearn"]; len(l) > 0 {
		return Runtime{}, &RequirementsError{l[0].file, l[0].line, fmt.Sprintf("%q is another distribution, which only asked for some scikit-learn", shortened(l[0].text)), ErrNoPin}
	}
	return Runtime{}, &RequirementsError{file, 0, why, ErrNoPin}
}

// settle finds the version that the lines about one library ask for; "" where there are none that hold.
func (p *pins) settle(name string, lines []pinned) (string, error) {
	var always, maybe []pinned
	for _, l := range lines {
		switch t, _ := evalMarker(l.marker, p.python); {
		case l.marker == "" || t == yes:
			always = append(always, l)
		case t == unknown:
			maybe = append(maybe, l)
		}
	}
	if len(maybe) == 0 {
		if len(always) == 0 {
			return "", nil
		}
		v, note, err := single(name, always)
		if note != "" {
			p.note("%s", note)
		}
		return v, err
	}
	// Each line that may hold, with those that do.
	type answer struct{ version, note, where string }
	var found []answer
	var first error
	try := func(more []pinned, where string) {
		v, note, err := single(name, slices.Concat(always, more))
		if err != nil {
			if first == nil {
				first = err
			}
			return
		}
		found = append(found, answer{v, note, where})
	}
	if len(always) > 0 {
		try(nil, "")
	}
	for _, l := range maybe {
		try([]pinned{l}, l.marker)
	}
	if len(found) == 0 {
		return "", first
	}
	for _, a := range found[1:] {
		if sklearn.CompareVersions(a.version, found[0].version) != 0 {
			hint := ""
			if p.python == "" {
				hint = "; --python or a line \"# python ==3.11\" may tell"
			}
			l := maybe[0]
			return "", l.fail("%s is %s or %s, depending on %s%s", name, found[0].version, a.version, shortened(a.where), hint)
		}
	}
	for _, a := range found {
		if a.note != "" {
			p.note("%s", a.note)
		}
		if a.where != "" && found[0].where != "" {
			p.note("%s %s is asked for where %s", name, a.version, shortened(a.where))
		}
	}
	return found[0].version, nil
}

// single finds the one version that lines which all hold ask for. The error wraps ErrNoPin where they leave several.
func single(name string, lines []pinned) (version, note string, err error) {
	var specs []sklearn.Specifier
	last := &lines[len(lines)-1]
	var said []string
	for i := range lines {
		l := &lines[i]
		specs = append(specs, l.specs...)
		for _, s := range l.specs {
			said = append(said, s.String())
		}
		if l.url == "" {
			continue
		}
		base, _, _ := strings.Cut(l.url, "#")
		base, _, _ = strings.Cut(base, "?")
		m := archive().FindStringSubmatch(base[strings.LastIndexAny(base, `/\`)+1:])
		if m == nil || normalName(m[1]) != name {
			return "", "", &RequirementsError{l.file, l.line, fmt.Sprintf("which version of %s %s holds is not told", name, shortened(l.url)), ErrNoPin}
		}
		s, ok := sklearn.ParseSpecifiers("==" + strings.ReplaceAll(m[2], "%2B", "+"))
		if !ok {
			return "", "", &RequirementsError{l.file, l.line, fmt.Sprintf("which version of %s %s holds is not told", name, shortened(l.url)), ErrNoPin}
		}
		specs, said = append(specs, s...), append(said, m[2])
	}
	exact := ""
	var candidates []sklearn.Version
	for _, s := range specs {
		if !s.Any && (s.Op == "==" || s.Op == "===") {
			v, ok := sklearn.ParseVersion(s.Text)
			if !ok {
				return "", "", last.fail("%s%s: %q is no version", name, s, s.Text)
			}
			exact = s.Text
			candidates = append(candidates, v)
		}
	}
	for _, text := range release.Published(name) {
		v, _ := sklearn.ParseVersion(text)
		candidates = append(candidates, v)
	}
	newest := candidates[len(candidates)-1]
	later := laterVersions(newest)
	allowed := slices.DeleteFunc(append(candidates, later...), func(v sklearn.Version) bool { return !v.Satisfies(specs) })
	clauses := name + " " + strings.Join(said, ",")
	if len(allowed) == 0 {
		return "", "", last.fail("%s: no release satisfies this", clauses)
	}
	slices.SortStableFunc(allowed, sklearn.Version.Compare)
	lowest, highest := allowed[0], allowed[len(allowed)-1]
	if exact != "" {
		return full(lowest), "", nil // all that is allowed is equal to it
	}
	if lowest.Minor() != highest.Minor() || lowest.Epoch != highest.Epoch || slices.ContainsFunc(later, func(v sklearn.Version) bool { return v.Satisfies(specs) }) {
		if len(said) == 0 {
			clauses = name + " without a version"
		}
		// below something: what an index gives is the newest
		if name != "scikit-learn" && highest.Compare(newest) <= 0 {
			return highest.Text, fmt.Sprintf("%s: read as %s, the newest that is known", clauses, highest.Text), nil
		}
		through := highest.Text
		if highest.Compare(newest) > 0 {
			through = "later ones"
		}
		return "", "", &RequirementsError{last.file, last.line, fmt.Sprintf("%s leaves open %s to %s", clauses, lowest.Text, through), ErrNoPin}
	}
	if len(allowed) > 1 {
		note = fmt.Sprintf("%s: read as %s, the newest that is known", clauses, highest.Text)
	}
	return full(highest), note, nil
}

// laterVersions stand for the releases that are still to come.
func laterVersions(newest sklearn.Version) []sklearn.Version {
	var list []sklearn.Version
	for _, text := range []string{fmt.Sprintf("%d.%d.0", newest.Part(0), newest.Part(1)+1), fmt.Sprintf("%d.0.0", newest.Part(0)+1), "99.0"} {
		v, _ := sklearn.ParseVersion(text)
		list = append(list, v)
	}
	return list
}

// full is a version with the three numbers that tell a release from its minor release: "1.5" is 1.5.0.
func full(v sklearn.Version) string {
	if text := strings.TrimSpace(v.Text); len(v.Release) != 2 || !v.Final() || text != v.Minor() {
		return text
	}
	return v.Minor() + ".0"
}
