package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/larder-ml/larder"
	"github.com/larder-ml/larder/audit"
	"github.com/larder-ml/larder/format/onnx"
)

func checkCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "check MODEL...",
		Short: "will it work here, or in another scikit-learn release? per file what runs, or what would happen there",
		Long: `Without a release: per file the methods that run here, and each refusal with its reason.

With --sklearn or --requirements: what would happen if that release loaded the file as it is. It fails, with the error
Python would print; it is silently wrong, with the reason; or it gives the same numbers. Nothing is run: this is told
from what each release expects, which was compared with the real ones. Files that are not the same can be migrated, or
need retraining. The exit code is 1 unless every file is the same.`,
		Example: `  larder check models/ --sklearn 1.9.1
  larder check fraud@latest --requirements requirements-model.txt`,
		Args: args(1, -1),
		RunE: check,
	}
	addOpen(cmd)
	addJSON(cmd)
	cmd.Flags().String("sklearn", "", "what would this release do with the file as it is?")
	cmd.Flags().String("requirements", "", "what would the release do that this requirements file or conda environment.yml pins?")
	cmd.Flags().String("numpy", "", "numpy that stands beside it; the default is the newest that the release runs with")
	cmd.Flags().String("scipy", "", "scipy that stands beside it; nothing is concluded where it is not given")
	cmd.Flags().String("python", "", "Python it runs on; the default is the oldest that the release takes")
	return cmd
}

// checked is one file's answer.
type checked struct {
	Path      string        `json:"path"`
	Verdict   audit.Verdict `json:"audit"`
	Supported bool          `json:"supported"`
	Type      string        `json:"type"`
	Sklearn   string        `json:"sklearn_version"`
	Methods   []string      `json:"methods"`
	Problems  []string      `json:"problems"`

	Release  string              `json:"release,omitempty"` // that was asked for
	Foretold *larder.Foretelling `json:"foretold,omitempty"`
	Migrate  *bool               `json:"migrate,omitempty"` // where it is not the same: migrate can write it for the release
	Refusal  string              `json:"migrate_refusal,omitempty"`
}

// advice is what to do about a file that is not the same.
func (c *checked) advice() string {
	switch {
	case c.Migrate == nil:
		return ""
	case *c.Migrate:
		return "migrate"
	}
	return "retrain"
}

// word is the one-word answer.
func (c *checked) word() string {
	switch {
	case c.Verdict == audit.Refused:
		return "refused"
	case c.Foretold != nil:
		return string(c.Foretold.Outcome)
	case c.Release != "":
		return "undetermined"
	case !c.Supported:
		return "not supported"
	}
	return "supported"
}

// first is the most important thing to say.
func (c *checked) first() string {
	if f := c.Foretold; f != nil && f.Outcome != larder.OutcomeSame {
		s := f.Error + f.Why
		if f.When != "" && f.When != "load" {
			s = f.When + ": " + s
		}
		if f.Path != "" && f.Path != "model" {
			s = f.Path + ": " + s
		}
		s, _, _ = strings.Cut(s, "\n")
		return s
	}
	if f := c.Foretold; f != nil && len(f.Notes) > 0 {
		return f.Notes[0]
	}
	if c.Foretold == nil && len(c.Problems) > 0 {
		return c.Problems[0]
	}
	return ""
}

func check(cmd *cobra.Command, a []string) error {
	asked, err := askedRuntime(cmd)
	if err != nil {
		return err
	}
	var names []string
	for _, name := range a {
		info, err := os.Stat(name)
		if err != nil || !info.IsDir() {
			names = append(names, name)
			continue
		}
		if t, err := locate(cmd, name); err == nil && (t.prefix != "" || t.file != "") {
			names = append(names, name)
			continue
		}
		err = filepath.WalkDir(name, func(path string, d fs.DirEntry, err error) error {
			if ext := filepath.Ext(path); err == nil && !d.IsDir() && modelName(path) && ext != ".npy" && ext != ".npz" {
				names = append(names, path)
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	if len(names) == 0 {
		return &codeError{exitNothing, "nothing to read"}
	}
	list := []checked{}
	refused, unsupported, missing, other := 0, 0, 0, 0
	for _, name := range names {
		if cmd.Context().Err() != nil {
			return cmd.Context().Err()
		}
		c := checked{Path: name, Release: asked.Sklearn, Methods: []string{}, Problems: []string{}}
		m, err := openModel(cmd, name)
		if err != nil {
			c.Problems = append(c.Problems, message(err))
			code, _ := exitCode(cmd.Context(), err)
			switch code {
			case exitRefused:
				c.Verdict = audit.Refused
				refused++
			case exitNothing:
				missing++
			default:
				c.Verdict = audit.Undetermined
				unsupported++
			}
			list = append(list, c)
			continue
		}
		in := m.Info()
		c.Verdict, c.Supported, c.Type, c.Sklearn = m.Report().Verdict, in.Supported, in.Type, in.SklearnVersion
		c.Methods, c.Problems = in.Methods, in.Problems
		if err := m.Trustworthy(); err != nil {
			c.Problems = append(c.Problems, message(err))
			if !errors.Is(err, larder.ErrUnsupported) {
				// Nodes of a big file that were not read when it was opened, or its sums.
				c.Verdict, c.Supported, c.Methods = audit.Undetermined, false, []string{}
				if errors.Is(err, larder.ErrUnsafe) {
					c.Verdict = audit.Refused
					refused++
				} else {
					unsupported++
				}
				list = append(list, c)
				continue
			}
		}
		switch {
		case asked.Sklearn != "":
			c.Foretold, err = m.Foretell(asked)
			switch {
			case err != nil && m.Info().Format == onnx.Name: // which no release loads
				c.Problems = append(c.Problems, err.Error())
				unsupported++
			case err != nil:
				return err
			case c.Foretold.Outcome != larder.OutcomeSame:
				other++
				_, _, err := m.Migrate(larder.MigrateOptions{Sklearn: asked.Sklearn})
				possible := err == nil
				if c.Migrate = &possible; err != nil {
					c.Refusal = err.Error()
				}
			}
		case !c.Supported:
			unsupported++
		}
		list = append(list, c)
	}
	if wantJSON(cmd) {
		if err := printJSON(stdout(cmd), map[string]any{"files": list}); err != nil {
			return err
		}
	} else {
		var lines [][]string
		for _, c := range list {
			line := []string{c.word(), c.Path, c.Sklearn, c.first()}
			if asked.Sklearn != "" {
				line = slices.Insert(line, 1, c.advice())
			}
			lines = append(lines, line)
		}
		columns(stdout(cmd), "", lines)
		if asked.Sklearn != "" && len(list) > 1 {
			fmt.Fprintf(stdout(cmd), "\nscikit-learn %s, %d files as they are: %s\n", asked.Sklearn, len(list), summary(list))
		}
	}
	switch {
	case refused > 0 || other > 0:
		return &codeError{exitRefused, ""}
	case unsupported > 0:
		return &codeError{exitUndecided, ""}
	case missing > 0:
		return &codeError{exitNothing, ""}
	}
	return nil
}

// summary counts the answers.
func summary(list []checked) string {
	n := map[string]int{}
	for i := range list {
		n[list[i].word()]++
	}
	var parts []string
	for _, w := range []string{"same", "silently-wrong", "fails", "undetermined", "refused"} {
		if n[w] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n[w], w))
		}
	}
	advice := map[string]int{}
	for i := range list {
		advice[list[i].advice()]++
	}
	for _, w := range []string{"migrate", "retrain"} {
		if advice[w] > 0 {
			parts = append(parts, fmt.Sprintf("%s %d", w, advice[w]))
		}
	}
	return strings.Join(parts, ", ")
}
