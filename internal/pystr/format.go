package pystr

import (
	"fmt"
	"strconv"
	"strings"
)

// Format is str.format with fields that are text: names, {{ and }}, !s, and fill, alignment, width and precision. What else
// Python's format has (attributes, items, !r and !a, nested fields) is an error.
func Format(template string, fields map[string]string) (string, error) {
	var out strings.Builder
	for i := 0; i < len(template); {
		c := template[i]
		switch {
		case c != '{' && c != '}':
			out.WriteByte(c)
			i++
			continue
		case i+1 < len(template) && template[i+1] == c:
			out.WriteByte(c)
			i += 2
			continue
		case c == '}':
			return "", fmt.Errorf("Single '}' encountered in format string")
		}
		end := strings.IndexAny(template[i+1:], "{}")
		switch {
		case end < 0 && i+1 == len(template):
			return "", fmt.Errorf("Single '{' encountered in format string")
		case end < 0:
			return "", fmt.Errorf("expected '}' before end of string")
		case template[i+1+end] == '{':
			return "", fmt.Errorf("a field inside a field of %q", template)
		}
		field := template[i+1 : i+1+end]
		i += end + 2
		spec := ""
		if at := strings.IndexByte(field, ':'); at >= 0 {
			field, spec = field[:at], field[at+1:]
		}
		value, ok := fields[strings.TrimSuffix(field, "!s")]
		if !ok {
			return "", fmt.Errorf("the field %q of %q", field, template)
		}
		s, err := padded(value, spec)
		if err != nil {
			return "", err
		}
		out.WriteString(s)
	}
	return out.String(), nil
}

// padded is format(s, spec).
func padded(s, spec string) (string, error) {
	rest, fill, align := spec, " ", byte('<')
	if rest != "" {
		_, n := Decode(rest)
		switch {
		case len(rest) > n && strings.IndexByte("<>^", rest[n]) >= 0:
			fill, align, rest = rest[:n], rest[n], rest[n+1:]
		case strings.IndexByte("<>^", rest[0]) >= 0:
			align, rest = rest[0], rest[1:]
		case rest[0] == '0': // fills with zeros
			fill, rest = "0", rest[1:]
		}
	}
	rest = strings.TrimSuffix(rest, "s")
	width, precision, found := strings.Cut(rest, ".")
	w, p := 0, -1
	for _, part := range []struct {
		digits string
		given  bool
		to     *int
	}{{width, width != "", &w}, {precision, found, &p}} {
		if !part.given {
			continue
		}
		n, err := strconv.ParseUint(part.digits, 10, 16)
		if err != nil {
			return "", fmt.Errorf("the format %q of text", spec)
		}
		*part.to = int(n)
	}
	n := Len(s)
	if p >= 0 && p < n {
		at := 0
		for range p {
			_, k := Decode(s[at:])
			at += k
		}
		s, n = s[:at], p
	}
	gap := max(w-n, 0)
	left := map[byte]int{'<': 0, '>': gap, '^': gap / 2}[align]
	return strings.Repeat(fill, left) + s + strings.Repeat(fill, gap-left), nil
}
