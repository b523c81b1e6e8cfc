package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/larder-ml/larder/pack"
	"github.com/larder-ml/larder/store"
)

func registerCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "register MODEL --name NAME",
		Short: "package a model into the registry and make it the latest version; prints NAME/VERSION",
		Example: `  larder register model.joblib --name fraud --data train.csv --target y --metric f1=0.89
  larder register fraud_model.joblib --name fraud      (a package that was made before)`,
		Args: args(1, 1),
		RunE: register,
	}
	addOpen(cmd)
	addJSON(cmd)
	addPackage(cmd)
	cmd.Flags().String("name", "", "the model's name in the registry")
	return cmd
}

func register(cmd *cobra.Command, a []string) error {
	name, _ := cmd.Flags().GetString("name")
	if name == "" {
		return usagef("--name is wanted")
	}
	if err := store.CheckName("model name", name); err != nil {
		return err
	}
	s, err := openRegistry(cmd)
	if err != nil {
		return err
	}
	var f *pack.Files
	data, _ := cmd.Flags().GetString("data")
	prefix, packaged := pack.Locate(a[0])
	if !packaged {
		t, err := locate(cmd, a[0])
		if err != nil {
			return err
		}
		prefix, packaged = t.prefix, t.prefix != ""
	}
	if data == "" && packaged {
		f, err = pack.Load(cmd.Context(), prefix, openOptions(cmd)...)
	} else {
		f, err = buildPackage(cmd, a)
	}
	if err != nil {
		return err
	}
	if data == "" && !packaged {
		note("no training data was given (--data): the version is proven on rows made up from what the model knows")
	}
	v, made, err := s.Publish(cmd.Context(), name, f)
	if err != nil {
		return err
	}
	if !made {
		note("%s is registered already; it is the latest again", v.Ref())
	}
	if wantJSON(cmd) {
		return printJSON(stdout(cmd), map[string]any{"name": v.Name, "version": v.ID, "new": made, "fingerprint": v.Fingerprint, "prefix": v.Prefix})
	}
	fmt.Fprintf(stdout(cmd), "%s/%s\n", v.Name, v.ID)
	return nil
}

func loadCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "load REF",
		Short: "validate a version of the registry and print its path; -o copies it out",
		Args:  args(1, 1),
		RunE:  load,
	}
	addJSON(cmd)
	cmd.Flags().StringSlice("trusted", nil, "classes of your own to allow, by exact name")
	cmd.Flags().StringP("output", "o", "", "copy to this model file (.joblib), folder or prefix")
	return cmd
}

func load(cmd *cobra.Command, a []string) error {
	ref, err := store.ParseRef(a[0])
	if err != nil {
		return err
	}
	s, err := openRegistry(cmd)
	if err != nil {
		return err
	}
	v, err := s.Resolve(cmd.Context(), ref)
	if err != nil {
		return err
	}
	p, err := pack.Read(v.Prefix)
	if err != nil {
		return err
	}
	m, err := p.Open(openOptions(cmd)...)
	if err != nil {
		return err
	}
	if err := m.Trustworthy(); err != nil {
		return err
	}
	c, err := p.Validate(cmd.Context(), m, nil)
	if err != nil {
		return err
	}
	switch c.Verdict {
	case pack.Differs:
		return &codeError{exitRefused, fmt.Sprintf("%s: stored answers differ: %s", v.Ref(), c.Why)}
	case pack.Unproven:
		note("%s is unproven: %s", v.Ref(), c.Why)
	}
	path := p.ModelPath()
	if out, _ := cmd.Flags().GetString("output"); out != "" {
		if path, err = p.CopyTo(out); err != nil {
			return err
		}
	}
	if wantJSON(cmd) {
		return printJSON(stdout(cmd), map[string]any{"name": v.Name, "version": v.ID, "path": path, "validation": c})
	}
	fmt.Fprintln(stdout(cmd), path)
	return nil
}

func listCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "list [NAME]",
		Short: "the models of the registry, or the versions of one",
		Args:  args(0, 1),
		RunE: func(cmd *cobra.Command, a []string) error {
			s, err := openRegistry(cmd)
			if err != nil {
				return err
			}
			var names []string
			if len(a) == 1 {
				names = a
			} else if names, err = s.Names(cmd.Context()); err != nil {
				return err
			}
			all := []store.Version{}
			var lines [][]string
			for _, n := range names {
				versions, err := s.Versions(cmd.Context(), n)
				if err != nil {
					return err
				}
				for _, v := range versions {
					all = append(all, v)
					point := strings.Join(v.Aliases, " ")
					if v.Latest {
						point = strings.TrimSpace("latest " + point)
					}
					about := metricText(v.Metrics)
					if v.Problem != "" {
						about = "cannot be used: " + v.Problem
					}
					lines = append(lines, []string{v.Name, v.ID, point, v.ModelType, v.Sklearn, clip(v.CreatedAt, 19), about})
				}
			}
			if wantJSON(cmd) {
				return printJSON(stdout(cmd), map[string]any{"versions": all})
			}
			if lines != nil {
				lines = append([][]string{{"NAME", "VERSION", "POINTS", "TYPE", "SKLEARN", "CREATED", "METRICS"}}, lines...)
				columns(stdout(cmd), "", lines)
			}
			return nil
		},
	}
	addJSON(cmd)
	return cmd
}

func metricText(m map[string]any) string {
	var names []string
	for n := range m {
		names = append(names, n)
	}
	slices.Sort(names)
	for i, n := range names {
		names[i] = fmt.Sprintf("%s=%v", n, m[n])
	}
	return clip(strings.Join(names, " "), 80)
}

func registryCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "registry", Short: "housekeeping of the registry", Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, a []string) error {
			if len(a) > 0 {
				return usagef("registry %s: there are init and fsck", a[0])
			}
			return cmd.Help()
		}}
	create := &cobra.Command{
		Use:   "init",
		Short: "make the registry's folder",
		Args:  args(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := openRegistry(cmd)
			if err != nil {
				return err
			}
			if err := s.Init(); err != nil {
				return err
			}
			dir, err := filepath.Abs(s.Dir())
			if err != nil {
				return err
			}
			fmt.Fprintln(stdout(cmd), dir)
			return nil
		},
	}
	fsck := &cobra.Command{
		Use:   "fsck",
		Short: "read everything again: digests, fingerprints, audit, stored answers",
		Args:  args(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := openRegistry(cmd)
			if err != nil {
				return err
			}
			n, found, err := s.Check(cmd.Context())
			if err != nil {
				return err
			}
			if wantJSON(cmd) {
				if err := printJSON(stdout(cmd), map[string]any{"versions": n, "findings": found}); err != nil {
					return err
				}
			} else {
				for _, f := range found {
					fmt.Fprintf(stdout(cmd), "%s  %s\n", printable(f.Ref), printable(f.Problem))
				}
				fmt.Fprintf(stdout(cmd), "%d versions read, %d problems\n", n, len(found))
			}
			if len(found) > 0 {
				return &codeError{exitTrust, ""}
			}
			return nil
		},
	}
	addJSON(fsck)
	cmd.AddCommand(create, fsck)
	return cmd
}
