package text

import (
	"errors"
	"fmt"
	"strings"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/internal/pyre"
	"github.com/larder-ml/larder/internal/pystr"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/sklearn/parts"
)

// maxText bounds what replacing makes of a document.
const maxText = 1 << 28

// step gives what a function of one text to one text does, nil if it is not known. why says what is wrong with one that is.
func step(f *parts.Function) (do func(string) (string, error), why error) {
	plain := func(g func(string) string) (func(string) (string, error), error) {
		if len(f.Args) > 0 || !f.Keywords() {
			return nil, nil
		}
		return func(s string) (string, error) { return g(s), nil }, nil
	}
	if f.Own != nil && f.Own.Text != nil {
		return plain(f.Own.Text)
	}
	switch f.Name {
	case "builtins.str":
		return plain(func(s string) string { return s })
	case "sklearn.strip_accents_unicode":
		return plain(pystr.StripUnicode)
	case "sklearn.strip_accents_ascii":
		return plain(pystr.StripASCII)
	case "sklearn.strip_tags":
		return tags(f)
	case "re.sub", "pattern.sub":
		return substitution(f)
	}
	if g := caseOf[f.Name]; g != nil {
		return plain(g)
	}
	switch kind, method, _ := strings.Cut(f.Name, "."); {
	case kind != "str" && kind != "method", kind == "str" && len(f.Args) > 0, !f.Keywords():
		return nil, nil
	case method == "strip" || method == "lstrip" || method == "rstrip":
		chars, ok := optional(f.Args)
		if !ok {
			return nil, nil
		}
		return func(s string) (string, error) {
			return pystr.Strip(s, chars, method != "rstrip", method != "lstrip"), nil
		}, nil
	case method == "replace" && len(f.Args) == 2:
		from, ok1 := sklearn.Text(f.Args[0])
		to, ok2 := sklearn.Text(f.Args[1])
		if !ok1 || !ok2 {
			return nil, nil
		}
		return func(s string) (string, error) {
			if n := strings.Count(s, from); n*(len(to)-len(from)) > maxText {
				return "", fmt.Errorf("%s makes a document of more than %d bytes", f.What, maxText)
			}
			if from == "" {
				return spaced(s, to), nil
			}
			return strings.ReplaceAll(s, from, to), nil
		}, nil
	case (method == "removeprefix" || method == "removesuffix") && len(f.Args) == 1:
		part, ok := sklearn.Text(f.Args[0])
		if !ok {
			return nil, nil
		}
		if method == "removeprefix" {
			return func(s string) (string, error) { return strings.TrimPrefix(s, part), nil }, nil
		}
		return func(s string) (string, error) { return strings.TrimSuffix(s, part), nil }, nil
	}
	return nil, nil
}

// spaced puts text before each character and at the end, as str.replace("", text) does.
func spaced(s, by string) string {
	var b strings.Builder
	for b.WriteString(by); s != ""; b.WriteString(by) {
		_, n := pystr.Decode(s)
		b.WriteString(s[:n])
		s = s[n:]
	}
	return b.String()
}

// caseOf are the methods of str without arguments that give text.
var caseOf = func() map[string]func(string) string {
	m := map[string]func(string) string{}
	for name, f := range map[string]func(string) string{"lower": pystr.Lower, "upper": pystr.Upper, "casefold": pystr.Casefold, "title": pystr.Title,
		"capitalize": pystr.Capitalize, "swapcase": pystr.Swapcase} {
		m["str."+name], m["method."+name] = f, f
	}
	return m
}()

// optional reads no argument, None or a text.
func optional(args []pyobj.Value) (*string, bool) {
	if len(args) == 0 {
		return nil, true
	}
	if _, none := args[0].(pyobj.None); none && len(args) == 1 {
		return nil, true
	}
	s, ok := sklearn.Text(args[0])
	return &s, ok && len(args) == 1
}

// tags is scikit-learn's strip_tags.
func tags(f *parts.Function) (func(string) (string, error), error) {
	if len(f.Args) > 0 || !f.Keywords() {
		return nil, nil
	}
	p, err := pyre.Compile(`<([^>]+)>`)
	if err != nil {
		return nil, err
	}
	blank, err := p.Template(" ")
	return func(s string) (string, error) { return p.Replace(s, blank, maxText) }, err
}

// substitution is re.sub(pattern, replacement) or a pattern's sub(replacement) before the text.
func substitution(f *parts.Function) (func(string) (string, error), error) {
	p, args, err := pattern(f, "count", "flags")
	if p == nil || err != nil {
		return nil, err
	}
	if n := f.Get("count"); n != nil && n != pyobj.Value(pyobj.Int(0)) {
		return nil, errors.New("it replaces so many times and no more")
	}
	if len(args) != 1 {
		return nil, nil
	}
	by, ok := sklearn.Text(args[0])
	if !ok {
		return nil, errors.New("what replaces is " + sklearn.Describe(args[0]))
	}
	t, err := p.Template(by)
	if err != nil {
		return nil, err
	}
	return func(s string) (string, error) { return p.Replace(s, t, maxText) }, nil
}

// pattern compiles what a function of re or a method of a pattern is bound to, nil if it is bound to none, and gives its other arguments.
func pattern(f *parts.Function, keywords ...string) (*pyre.Pattern, []pyobj.Value, error) {
	if strings.HasPrefix(f.Name, "pattern.") {
		if !f.Keywords(keywords...) || f.Get("flags") != nil {
			return nil, nil, nil
		}
		p, err := compiled(f.Of)
		return p, f.Args, err
	}
	if !f.Keywords(keywords...) || len(f.Args) == 0 {
		return nil, nil, nil
	}
	v, args := f.Args[0], f.Args[1:]
	flags, given := flagsOf(f.Get("flags"))
	switch text, ok := sklearn.Text(v); {
	case !given:
		return nil, nil, nil
	case ok:
		p, err := pyre.CompileFlags(text, flags)
		return p, args, err
	}
	p, err := compiled(v)
	return p, args, err
}

// compiled reads re._compile(text, flags).
func compiled(v pyobj.Value) (*pyre.Pattern, error) {
	o, ok := v.(*pyobj.Object)
	if !ok || o.ClassName() != "re._compile" || len(o.Args) == 0 {
		return nil, nil
	}
	text, ok := sklearn.Text(o.Args[0])
	if !ok {
		return nil, errors.New("its pattern is " + sklearn.Describe(o.Args[0]))
	}
	flags := int64(0)
	if len(o.Args) > 1 {
		if flags, ok = flagsOf(o.Args[1]); !ok {
			return nil, nil
		}
	}
	return pyre.CompileFlags(text, flags)
}

// flagsOf reads a number or re.RegexFlag(number).
func flagsOf(v pyobj.Value) (int64, bool) {
	if o, ok := v.(*pyobj.Object); ok && o.ClassName() == "re.RegexFlag" && len(o.Args) == 1 {
		v = o.Args[0]
	}
	n, ok := v.(pyobj.Int)
	return int64(n), ok || v == nil
}

// cut gives what a function of one text to a list of texts does, nil if it is not known. One to text gives its characters.
func cut(f *parts.Function) (*graph.TextCut, error) {
	named := func(do func(dst []string, s string) ([]string, error)) *graph.TextCut {
		return &graph.TextCut{Name: f.What, Do: do}
	}
	if f.Own != nil && f.Own.Terms != nil && len(f.Args) == 0 && f.Keywords() {
		terms := f.Own.Terms
		return named(func(dst []string, s string) ([]string, error) { return append(dst, terms(s)...), nil }), nil
	}
	switch f.Name {
	case "builtins.list", "builtins.tuple":
		if len(f.Args) > 0 || !f.Keywords() {
			return nil, nil
		}
		return named(characters), nil
	case "re.findall", "pattern.findall":
		p, args, err := pattern(f, "flags")
		if p == nil || err != nil || len(args) > 0 {
			return nil, err
		}
		if p.Groups() > 1 {
			return nil, errors.New("it finds tuples, as its pattern has several groups")
		}
		return named(p.FindAll), nil
	case "re.split", "pattern.split":
		p, args, err := pattern(f, "flags", "maxsplit")
		if n := f.Get("maxsplit"); n != nil && n != pyobj.Value(pyobj.Int(0)) {
			return nil, errors.New("it splits so many times and no more")
		}
		if p == nil || err != nil || len(args) > 0 {
			return nil, err
		}
		return named(p.Split), nil
	}
	if do, err := step(f); do != nil || err != nil {
		return named(func(dst []string, s string) ([]string, error) {
			t, err := do(s)
			if err != nil {
				return dst, err
			}
			return characters(dst, t)
		}), err
	}
	kind, method, _ := strings.Cut(f.Name, ".")
	if kind != "str" && kind != "method" || kind == "str" && len(f.Args) > 0 {
		return nil, nil
	}
	switch args := f.Args; method {
	case "split", "rsplit":
		sep, most := "", int64(-1)
		if v := f.Get("sep"); v != nil {
			args = append([]pyobj.Value{v}, args...)
		}
		if v := f.Get("maxsplit"); v != nil {
			args = append(args[:len(args):len(args)], v)
			if len(args) == 1 {
				args = []pyobj.Value{pyobj.None{}, v}
			}
		}
		if !f.Keywords("sep", "maxsplit") || len(args) > 2 {
			return nil, nil
		}
		if len(args) > 0 {
			s, ok := optional(args[:1])
			switch {
			case !ok:
				return nil, nil
			case s != nil && *s == "":
				return nil, errors.New("empty separator")
			case s != nil:
				sep = *s
			}
		}
		if len(args) > 1 {
			n, ok := args[1].(pyobj.Int)
			if !ok {
				return nil, nil
			}
			most = max(-1, min(int64(n), 1<<30))
		}
		if method == "rsplit" && (sep != "" || most >= 0) {
			return nil, errors.New("it splits from the end")
		}
		return named(func(dst []string, s string) ([]string, error) { return pystr.Split(dst, s, sep, int(most)), nil }), nil
	case "splitlines":
		keep := f.Get("keepends")
		if len(args) == 1 {
			keep = args[0]
		}
		ends := false
		if keep != nil {
			var err error
			if ends, err = sklearn.Bool(keep); err != nil {
				return nil, nil
			}
		}
		if !f.Keywords("keepends") || len(args) > 1 {
			return nil, nil
		}
		return named(func(dst []string, s string) ([]string, error) { return pystr.Splitlines(dst, s, ends), nil }), nil
	}
	return nil, nil
}

// characters appends the code points of a text.
func characters(dst []string, s string) ([]string, error) {
	for s != "" {
		_, n := pystr.Decode(s)
		dst, s = append(dst, s[:n]), s[n:]
	}
	return dst, nil
}
