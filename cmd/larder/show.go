package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/larder-ml/larder"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/rows"
)

func showCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "show MODEL",
		Short: "what is in a file: pipeline, parameters, inputs, classes, methods, what is unsupported and why",
		Args:  args(1, 1),
		RunE: func(cmd *cobra.Command, a []string) error {
			m, err := openOutline(cmd, a[0])
			if err != nil {
				return err
			}
			if wantJSON(cmd) {
				return printJSON(stdout(cmd), showInfo(m))
			}
			if tree, _ := cmd.Flags().GetBool("tree"); tree {
				return pyobj.Dump(stdout(cmd), m.Doc().Root)
			}
			show(stdout(cmd), styleOf(stdout(cmd)), a[0], m)
			return nil
		},
	}
	addJSON(cmd)
	addOpen(cmd)
	cmd.Flags().Bool("tree", false, "the object graph as it is stored")
	return cmd
}

type shown struct {
	larder.Info
	Inputs []rows.Input `json:"inputs"`
}

func showInfo(m *larder.Model) shown {
	s := shown{Info: m.Info(), Inputs: []rows.Input{}}
	if m.Inputs() != nil {
		s.Inputs = rows.WantOf(m, m.DefaultMethod()).Inputs()
	}
	return s
}

// show prints a model for people.
func show(w io.Writer, st style, name string, m *larder.Model) {
	in := m.Info()
	head := []string{in.Format}
	if in.Compressor != "none" {
		head = append(head, in.Compressor)
	}
	if in.Protocol >= 0 {
		head = append(head, fmt.Sprintf("protocol %d", in.Protocol))
	}
	head = append(head, size(in.Bytes))
	if in.Writer != "" {
		head = append(head, "by "+in.Writer)
	}
	switch {
	case in.SklearnVersion != "":
		head = append(head, "scikit-learn "+in.SklearnVersion)
	case len(in.Parts) > 0:
		head = append(head, "no scikit-learn version recorded")
	}
	fmt.Fprintf(w, "%s  %s\n", st.bold(printable(name)), printable(strings.Join(head, st.dot())))
	if len(in.Releases) > 1 {
		fmt.Fprintf(w, "  parts were fitted with %s\n", printable(strings.Join(in.Releases, ", ")))
	}
	var lines [][]string
	for _, p := range in.Parts {
		depth := strings.Count(p.Path, ".") + strings.Count(p.Path, "[") - strings.Count(in.Parts[0].Path, ".") - strings.Count(in.Parts[0].Path, "[")
		lines = append(lines, []string{strings.Repeat("  ", max(0, depth)) + pyobj.ShortName(p.Type), p.Path, paramText(p.Params)})
	}
	columns(w, "  ", lines)
	for _, o := range in.Objects {
		fmt.Fprintf(w, "  --select %s  %s\n", printable(o.Path), printable(o.Type))
	}
	if m.Inputs() != nil {
		want := rows.WantOf(m, m.DefaultMethod())
		inputs := want.Inputs()
		fmt.Fprintf(w, "%s %s\n", st.bold("takes"), want.Words())
		lines = nil
		if want.Names == nil && alike(inputs) {
			inputs = nil
		}
		for i, c := range inputs {
			if i == 30 {
				lines = append(lines, []string{fmt.Sprintf("and %d more", len(inputs)-i)})
				break
			}
			lines = append(lines, []string{c.Name, c.Words})
		}
		columns(w, "  ", lines)
	}
	if len(in.Classes) > 0 {
		var names []string
		for _, c := range in.Classes {
			names = append(names, printable(fmt.Sprint(c)))
		}
		fmt.Fprintf(w, "%s %s\n", st.bold("classes"), clip(strings.Join(names, st.bar()), 300))
	}
	if len(in.Methods) > 0 {
		fmt.Fprintf(w, "%s %s\n", st.bold("methods"), strings.Join(in.Methods, st.dot()))
	}
	for _, h := range in.Results {
		fmt.Fprintf(w, "%s %s, %s %v%s\n", st.bold("holds"), h.Name, h.DType, h.Shape, printable(clip(heldText(h), 300)))
	}
	if len(in.Own) > 0 {
		fmt.Fprintf(w, "%s %s\n", st.bold("the author's own, not read:"), printable(clip(strings.Join(in.Own, st.dot()), 300)))
	}
	if len(in.UntrustedTypes) > 0 {
		fmt.Fprintf(w, "%s %s\n", st.bold("untrusted by skops"), printable(clip(strings.Join(in.UntrustedTypes, st.dot()), 600)))
	}
	for _, p := range in.Problems {
		fmt.Fprintf(w, "%s %s\n", st.red("not supported:"), printable(p))
	}
	var alone []string
	for _, p := range in.Parts {
		if p.Alone != "" {
			alone = append(alone, "--select "+p.Alone)
		}
	}
	if alone != nil {
		fmt.Fprintf(w, "%s %s\n", st.bold("usable by itself:"), printable(clip(strings.Join(alone, st.dot()), 300)))
	}
}

// heldText sums up labels, or gives the first values of others.
func heldText(h larder.Held) string {
	var b strings.Builder
	for i, c := range h.Counts {
		fmt.Fprintf(&b, "%s %v in %d rows", []string{":", ","}[min(i, 1)], c.Label, c.Rows)
	}
	if h.Counts == nil && len(h.Data) > 0 {
		b.WriteString(":")
		for _, v := range h.Data[:min(len(h.Data), 8)] {
			fmt.Fprintf(&b, " %.6v", v)
		}
		if len(h.Data) > 8 {
			b.WriteString(" ...")
		}
	}
	return b.String()
}

// paramText lists the parameters of a part that are not too long to read.
func paramText(p map[string]any) string {
	var names []string
	for n := range p {
		names = append(names, n)
	}
	slices.Sort(names)
	var out []string
	for _, n := range names {
		if p[n] == nil {
			continue
		}
		out = append(out, fmt.Sprintf("%s=%v", n, p[n]))
	}
	return clip(strings.Join(out, " "), 100)
}

// clip cuts a text that is too long to read.
func clip(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	return string(r[:n-3]) + "..."
}

// alike reports that there is nothing to say about one column that does not hold for all.
func alike(in []rows.Input) bool {
	for _, c := range in {
		if c.Words != in[0].Words {
			return false
		}
	}
	return true
}
