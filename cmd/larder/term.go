package main

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/spf13/cobra"
)

// style prints for people: with the signs a terminal shows, or in plain ASCII.
type style struct{ plain bool }

// styleOf is plain without a terminal, with NO_COLOR and with TERM=dumb.
func styleOf(w io.Writer) style {
	o, ok := w.(*output)
	return style{plain: !ok || !isTerminal(o.f) || os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb"}
}

// output is standard output, which remembers that something could not be written.
type output struct {
	f   *os.File
	err error
}

// Write keeps the first error.
func (o *output) Write(p []byte) (int, error) {
	n, err := o.f.Write(p)
	if o.err == nil {
		o.err = err
	}
	return n, err
}

// stdout is where a command's data goes.
func stdout(cmd *cobra.Command) io.Writer { return cmd.OutOrStdout() }

func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

func (s style) dot() string {
	if s.plain {
		return ", "
	}
	return " · "
}

func (s style) bar() string {
	if s.plain {
		return " | "
	}
	return " │ "
}

func (s style) arrow() string {
	if s.plain {
		return "->"
	}
	return "→"
}

var plainSigns = strings.NewReplacer("→", "->", "…", "...")

// text is printable words of Larder's own.
func (s style) text(words string) string {
	if s.plain {
		words = plainSigns.Replace(words)
	}
	return printable(words)
}

func (s style) code(n int, text string) string {
	if s.plain {
		return text
	}
	return "\x1b[" + strconv.Itoa(n) + "m" + text + "\x1b[0m"
}

func (s style) bold(text string) string  { return s.code(1, text) }
func (s style) dim(text string) string   { return s.code(2, text) }
func (s style) red(text string) string   { return s.code(31, text) }
func (s style) green(text string) string { return s.code(32, text) }

// size is a number of bytes in words.
func size(n int64) string {
	switch {
	case n < 1000:
		return fmt.Sprintf("%d bytes", n)
	case n < 1_000_000:
		return fmt.Sprintf("%.0f kB", float64(n)/1e3)
	case n < 1_000_000_000:
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	}
	return fmt.Sprintf("%.2f GB", float64(n)/1e9)
}

// printable escapes what could pass for something else on a terminal: control characters, line ends, characters that turn
// the direction of text. Names of files and all that stands in them are shown through it.
func printable(s string) string {
	fine := func(r rune) bool { return r == ' ' || unicode.IsPrint(r) && r != utf8.RuneError }
	if strings.IndexFunc(s, func(r rune) bool { return !fine(r) }) < 0 {
		return s
	}
	var b strings.Builder
	for i, r := range s {
		switch {
		case fine(r):
			b.WriteRune(r)
		case r == utf8.RuneError:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		default:
			b.WriteString(strings.Trim(strconv.QuoteRune(r), "'"))
		}
	}
	return b.String()
}

// columns prints lines whose fields stand under each other, indented.
func columns(w io.Writer, indent string, lines [][]string) {
	var widths []int
	for _, l := range lines {
		for i, f := range l {
			f = printable(f)
			l[i] = f
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(f))
		}
	}
	for _, l := range lines {
		var b strings.Builder
		b.WriteString(indent)
		for i, f := range l {
			b.WriteString(f)
			if i < len(l)-1 {
				b.WriteString(strings.Repeat(" ", widths[i]-utf8.RuneCountInString(f)+2))
			}
		}
		fmt.Fprintln(w, strings.TrimRight(b.String(), " "))
	}
}

// note tells what a user may not expect, on stderr.
func note(format string, a ...any) {
	fmt.Fprintf(os.Stderr, "larder: note: %s\n", printable(fmt.Sprintf(format, a...)))
}
