package measure

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// Text writes the two tables and the advice for people, in plain ASCII.
func (r *Report) Text(w io.Writer) error {
	fmt.Fprintf(w, "%s, %s\n\n", r.Model, r.Method)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "form\tsize\tsave\tload\tmemory\t")
	for _, f := range r.Forms {
		memory := Size(f.Memory)
		if f.Mapped {
			memory += " + the file, shared"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t\n", f.Name, sizeOf(f), Duration(f.Save), Duration(f.Load), memory)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(w)
	fmt.Fprintf(t, "method\tsecurity\tportability\tsize\tsave\tload\t1 row\t%d rows\t\n", r.Batch)
	for _, f := range r.Forms {
		if f.Compressor != "" {
			continue
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t\n", f.Name, f.Security, f.Portability, sizeOf(f), Duration(f.Save), Duration(f.Load),
			Duration(f.Row), Duration(f.Batch))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(w)
	for _, f := range r.Forms {
		for _, said := range []string{f.Problem, f.Note} {
			if said != "" {
				fmt.Fprintf(w, "%s: %s\n", f.Name, strings.TrimPrefix(said, "larder: "))
			}
		}
	}
	_, err := fmt.Fprintln(w, r.Advice)
	return err
}

func sizeOf(f Form) string {
	if f.Bytes == 0 {
		return "-"
	}
	return Size(f.Bytes)
}
