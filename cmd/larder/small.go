package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"github.com/larder-ml/larder"
	"github.com/larder-ml/larder/rows"
	"github.com/larder-ml/larder/sklearn/all"
	"github.com/larder-ml/larder/source"
)

func disCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "dis FILE",
		Short: "disassembly with offsets; nothing is judged",
		Args:  args(1, 1),
		RunE: func(cmd *cobra.Command, a []string) error {
			t, err := locate(cmd, a[0])
			if err != nil {
				return err
			}
			src, err := openSource(cmd, t.path())
			if err != nil {
				return err
			}
			cut, _ := cmd.Flags().GetInt("cut")
			return larder.Disassemble(stdout(cmd), src, source.Default().Outlined(), cut)
		},
	}
	cmd.Flags().Int("cut", 100, "bytes of an argument to print; 0 for all")
	return cmd
}

func supportedCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "supported",
		Short: "every estimator known",
		Args:  args(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			type entry struct {
				Name   string `json:"name"`
				Result string `json:"result,omitempty"` // why it has no method to run
			}
			list := []entry{}
			for _, c := range all.Registry().Classes() {
				list = append(list, entry{c.Name, c.Result})
			}
			if wantJSON(cmd) {
				return printJSON(stdout(cmd), list)
			}
			for _, e := range list {
				line := e.Name
				if e.Result != "" {
					line += "  (" + e.Result + ")"
				}
				fmt.Fprintln(stdout(cmd), line)
			}
			return nil
		},
	}
	addJSON(cmd)
	return cmd
}

func versionCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "version",
		Short: "what this program is",
		Args:  args(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			v, revision := version()
			if wantJSON(cmd) {
				return printJSON(stdout(cmd), map[string]string{"version": v, "revision": revision, "go": runtime.Version(), "platform": runtime.GOOS + "/" + runtime.GOARCH})
			}
			if revision != "" {
				v += " (" + revision + ")"
			}
			fmt.Fprintf(stdout(cmd), "larder %s %s %s/%s\n", v, runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return nil
		},
	}
	addJSON(cmd)
	return cmd
}

// version is the module's version and the commit, as the build recorded them.
func version() (v, revision string) {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown", ""
	}
	if v = info.Main.Version; v == "" || v == "(devel)" {
		v = "development"
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			revision = s.Value[:min(12, len(s.Value))]
		}
	}
	return v, revision
}

func exampleCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "example MODEL",
		Short: "a valid row made from what the model knows, its schema, a curl line",
		Args:  args(1, 1),
		RunE: func(cmd *cobra.Command, a []string) error {
			m, err := openModel(cmd, a[0])
			if err != nil {
				return err
			}
			if _, err := m.Estimator(); err != nil {
				return err
			}
			method := m.DefaultMethod()
			want := rows.WantOf(m, method)
			t, err := rows.Example(want)
			if err != nil {
				return err
			}
			if schema, _ := cmd.Flags().GetBool("schema"); schema {
				return printJSON(stdout(cmd), rows.Schema(want))
			}
			row := string(t.AppendRows(nil))
			if curl, _ := cmd.Flags().GetBool("curl"); curl {
				key := "inputs"
				if t.Names != nil {
					key = "dataframe_records"
				}
				body := fmt.Sprintf(`{"%s":%s}`, key, row)
				fmt.Fprintf(stdout(cmd), "curl -s http://127.0.0.1:8080/invocations -H 'content-type: application/json' \\\n  -d '%s'\n", strings.ReplaceAll(body, "'", `'\''`))
				return nil
			}
			fmt.Fprintln(stdout(cmd), row)
			return nil
		},
	}
	addJSON(cmd)
	addOpen(cmd)
	cmd.Flags().Bool("curl", false, "a curl line for a served model")
	cmd.Flags().Bool("schema", false, "the JSON schema of the rows")
	return cmd
}
