package main

import (
	"os"

	"github.com/spf13/cobra"

	"github.com/larder-ml/larder"
	"github.com/larder-ml/larder/source"
)

// addOpen adds the flags of verbs that open a model.
func addOpen(cmd *cobra.Command) {
	cmd.Flags().String("select", "", "pick one estimator of the file: a key, a position, steps[1]")
	cmd.Flags().StringSlice("trusted", nil, "classes of your own to allow, by exact name")
}

func openOptions(cmd *cobra.Command) []larder.Option {
	var opts []larder.Option
	if s, _ := cmd.Flags().GetString("select"); s != "" {
		opts = append(opts, larder.Select(s))
	}
	if t, _ := cmd.Flags().GetStringSlice("trusted"); len(t) > 0 {
		opts = append(opts, larder.Trusted(t...))
	}
	return opts
}

// openModel opens what a MODEL argument names.
func openModel(cmd *cobra.Command, name string, more ...larder.Option) (*larder.Model, error) {
	opts := append(openOptions(cmd), more...)
	if name == "-" {
		return larder.OpenReader(os.Stdin, opts...)
	}
	return larder.Open(name, opts...)
}

// openSource opens a file to be read without judging it.
func openSource(name string) (*source.Source, error) {
	if name == "-" {
		return source.Reader(os.Stdin, source.Default())
	}
	return source.Open(name, source.Default())
}
