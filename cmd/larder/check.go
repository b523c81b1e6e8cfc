package main

import (
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/larder-ml/larder/audit"
)

func checkCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "check MODEL...",
		Short: "will it work here? per file the methods that run, each refusal with its reason",
		Args:  args(1, -1),
		RunE:  check,
	}
	addOpen(cmd)
	addJSON(cmd)
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
}

func check(cmd *cobra.Command, a []string) error {
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
	refused, unsupported, missing := 0, 0, 0
	for _, name := range names {
		if cmd.Context().Err() != nil {
			return cmd.Context().Err()
		}
		c := checked{Path: name, Methods: []string{}, Problems: []string{}}
		m, err := openModel(cmd, name)
		if err != nil {
			c.Problems = append(c.Problems, err.Error())
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
			c.Problems = append(c.Problems, err.Error())
		}
		if !c.Supported {
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
			word := "supported"
			switch {
			case c.Verdict == audit.Refused:
				word = "refused"
			case !c.Supported:
				word = "not supported"
			}
			first := ""
			if len(c.Problems) > 0 {
				first = c.Problems[0]
			}
			lines = append(lines, []string{word, c.Path, c.Sklearn, first})
		}
		columns(stdout(cmd), "", lines)
	}
	switch {
	case refused > 0:
		return &codeError{exitRefused, ""}
	case unsupported > 0:
		return &codeError{exitUndecided, ""}
	case missing > 0:
		return &codeError{exitNothing, ""}
	}
	return nil
}
