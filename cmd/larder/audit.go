package main

import (
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/larder-ml/larder"
	"github.com/larder-ml/larder/audit"
	"github.com/larder-ml/larder/source"
)

func auditCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "audit PATH...",
		Aliases: []string{"scan"},
		Short:   "may I open it? ok, refused or undetermined, with symbol and offset; folders recursively",
		Args:    args(1, -1),
		RunE:    runAudit,
	}
	addJSON(cmd)
	f := cmd.Flags()
	f.String("sarif", "", "write a SARIF 2.1.0 log to this file")
	f.String("policy", "", `JSON file: {"trusted": [...], "strict": false}`)
	f.StringSlice("trusted", nil, "classes of your own to allow, by exact name")
	f.Bool("legacy", false, "old opcodes and Python 2 forms are a note, not a refusal")
	f.String("fail-on", "", "exit 1 at findings of this level or above: note, warning, error, critical")
	f.Bool("strict-errors", false, "undetermined (2) wins over refused (1) in the exit code")
	return cmd
}

func auditPolicy(cmd *cobra.Command) (audit.Policy, error) {
	p := audit.Policy{}
	if name, _ := cmd.Flags().GetString("policy"); name != "" {
		b, err := os.ReadFile(name)
		if err != nil {
			return p, err
		}
		if p, err = audit.ParsePolicy(b); err != nil {
			return p, usagef("%s: %v", name, err)
		}
	} else {
		p.Strict = true
	}
	trusted, _ := cmd.Flags().GetStringSlice("trusted")
	p.Trusted = append(p.Trusted, trusted...)
	if legacy, _ := cmd.Flags().GetBool("legacy"); legacy {
		p.Strict = false
	}
	return p, nil
}

func runAudit(cmd *cobra.Command, paths []string) error {
	p, err := auditPolicy(cmd)
	if err != nil {
		return err
	}
	order := []audit.Level{audit.Note, audit.Warning, audit.Error, audit.Critical}
	failOn, _ := cmd.Flags().GetString("fail-on")
	limit := len(order)
	if failOn != "" {
		if limit = slices.Index(order, audit.Level(failOn)); limit < 0 {
			return usagef("--fail-on %s: wanted note, warning, error or critical", failOn)
		}
	}
	var reports []*audit.Report
	skipped := []string{}
	bar := newBar(os.Stderr)
	defer bar.end()
	watch := larder.Progress(func(done, total int64) { bar.bytes("reading", done, total) })
	for _, path := range paths {
		switch info, err := os.Stat(path); {
		case path == "-":
			b, err := await(cmd.Context(), func() ([]byte, error) { return source.ReadAll(os.Stdin, 0, source.Default().File) })
			if err != nil {
				return err
			}
			r := larder.AuditBytes(b, p)
			r.Path = "-"
			reports = append(reports, r)
		case err != nil:
			t, lost := locate(cmd, path) // a package by its prefix, a reference to the registry
			if lost != nil || t.prefix == "" {
				return err
			}
			r := larder.Audit(t.path(), p, watch)
			r.Path = path
			reports = append(reports, r)
		case info.IsDir():
			err := filepath.WalkDir(path, func(name string, d fs.DirEntry, err error) error {
				if err != nil {
					return err
				}
				if cmd.Context().Err() != nil {
					return cmd.Context().Err()
				}
				if d.IsDir() {
					return nil
				}
				if info, err := os.Stat(name); err != nil || !info.Mode().IsRegular() {
					skipped = append(skipped, name)
					return nil //nolint:nilerr // a dangling link, a socket
				}
				r := larder.Audit(name, p, watch)
				if unknownFormat(r) && !modelName(name) {
					skipped = append(skipped, name)
					return nil
				}
				reports = append(reports, r)
				return nil
			})
			if err != nil {
				return err
			}
		default:
			r, err := await(cmd.Context(), func() (*audit.Report, error) { return larder.Audit(path, p, watch), nil })
			if err != nil {
				return err
			}
			reports = append(reports, r)
		}
	}
	bar.end()
	if name, _ := cmd.Flags().GetString("sarif"); name != "" {
		v, _ := version()
		b, err := json.MarshalIndent(audit.SARIF(reports, v), "", " ")
		if err != nil {
			return err
		}
		if err := writeOutput(name, append(b, '\n')); err != nil {
			return err
		}
	}
	if wantJSON(cmd) {
		files := reports
		if files == nil {
			files = []*audit.Report{}
		}
		if err := printJSON(stdout(cmd), map[string]any{"files": files, "skipped": skipped, "promise": audit.Promise}); err != nil {
			return err
		}
	} else {
		printAudit(stdout(cmd), styleOf(stdout(cmd)), reports, skipped)
	}
	refused, undetermined, unknown := 0, 0, 0
	for _, r := range reports {
		switch r.Verdict {
		case audit.Refused:
			refused++
		case audit.Undetermined:
			undetermined++
			if unknownFormat(r) {
				unknown++
			}
		}
		if r.Verdict != audit.Refused && slices.ContainsFunc(r.Findings, func(f audit.Finding) bool { return slices.Index(order, f.Level) >= limit }) {
			refused++
		}
	}
	strict, _ := cmd.Flags().GetBool("strict-errors")
	switch {
	case len(reports) == 0:
		return &codeError{exitNothing, "nothing to read"}
	case unknown == len(reports):
		return &codeError{exitNothing, ""}
	case refused > 0 && (!strict || undetermined == 0):
		return &codeError{exitRefused, ""}
	case undetermined > 0:
		return &codeError{exitUndecided, ""}
	}
	return nil
}

// unknownFormat reports that all that is said about a file is that its format is not known.
func unknownFormat(r *audit.Report) bool {
	return r.Verdict == audit.Undetermined && r.Format == "" && len(r.Findings) == 1 && r.Findings[0].Rule == audit.RuleFormat
}

// modelName reports a name that a Python program would load as a model or as data: in a folder such a file is never
// passed over.
func modelName(name string) bool {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".pkl", ".pickle", ".p", ".pk", ".joblib", ".jbl", ".sav", ".model", ".skops", ".dat", ".data", ".bin", ".npy", ".npz",
		".pt", ".pth", ".ckpt", ".dill", ".z", ".gz", ".bz2", ".xz", ".lzma", ".lz4", ".zip", ".onnx", ".h5", ".keras":
		return true
	}
	return false
}

func printAudit(w io.Writer, st style, reports []*audit.Report, skipped []string) {
	wide := 0
	for _, r := range reports {
		wide = max(wide, len(string(r.Verdict)))
	}
	for _, r := range reports {
		verdict := fmt.Sprintf("%-*s", wide, r.Verdict)
		switch r.Verdict {
		case audit.OK:
			verdict = st.green(verdict)
		default:
			verdict = st.red(verdict)
		}
		about := r.Format
		if n := len(r.Imports); n > 0 {
			about += fmt.Sprintf("%s%d imports", st.dot(), n)
		}
		fmt.Fprintf(w, "%s  %s  %s\n", verdict, printable(r.Path), st.dim(about))
		for _, f := range r.Findings {
			at := ""
			if f.Offset >= 0 && !strings.Contains(f.Message, fmt.Sprintf("0x%x", f.Offset)) {
				at = fmt.Sprintf(" at byte 0x%x", f.Offset)
			}
			if f.Index >= 0 {
				at += fmt.Sprintf(" (opcode %d)", f.Index)
			}
			if f.Path != "" {
				at += " " + f.Path
			}
			fmt.Fprintf(w, "%*s  %s %-8s %s%s\n", wide, "", f.Rule, f.Level, st.text(f.Message), printable(at))
		}
	}
	if len(skipped) > 0 {
		fmt.Fprintf(w, "%d files are of no format that holds models and were left out\n", len(skipped))
	}
	fmt.Fprintln(w, st.dim(audit.Promise))
}

func rulesCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "rules",
		Short: "the audit's rules",
		Args:  args(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if wantJSON(cmd) {
				return printJSON(stdout(cmd), audit.Rules())
			}
			for _, r := range audit.Rules() {
				fmt.Fprintf(stdout(cmd), "%s  %s (%s)\n", r.ID, r.Title, r.Effect)
				if r.Reason != "" {
					fmt.Fprintf(stdout(cmd), "        %s\n", r.Reason)
				}
				if r.Fix != "" {
					fmt.Fprintf(stdout(cmd), "        %s\n", r.Fix)
				}
			}
			return nil
		},
	}
	addJSON(cmd)
	return cmd
}
