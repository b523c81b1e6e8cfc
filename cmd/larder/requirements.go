package main

import (
	"github.com/spf13/cobra"

	"github.com/larder-ml/larder"
)

func requirementsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "requirements MODEL",
		Short: "a pinned requirements file from what the model itself records; what is inferred is marked so",
		Example: `  larder requirements model.joblib > requirements-model.txt
  larder validate model.joblib --requirements requirements-model.txt`,
		Args: args(1, 1),
		RunE: func(cmd *cobra.Command, a []string) error {
			p, m, err := openPackage(cmd, a[0])
			if err != nil {
				return err
			}
			var recorded map[string]string
			if p != nil {
				recorded = p.Recorded()
			}
			list := m.Requirements(recorded)
			if wantJSON(cmd) {
				return printJSON(stdout(cmd), map[string]any{"requirements": list})
			}
			_, err = stdout(cmd).Write(larder.FormatRequirements(list))
			return err
		},
	}
	addOpen(cmd)
	addJSON(cmd)
	return cmd
}
