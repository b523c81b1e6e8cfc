package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/larder-ml/larder"
	"github.com/larder-ml/larder/rows"
	"github.com/larder-ml/larder/tensor"
)

func diffCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "diff A B",
		Short: "what changed between two models, in words; with --data, how predictions move",
		Long: `What changed between two models: versions, steps, parameters, features, classes, trees and what else was learned. Two files
that hold the same fitted model are the same, whatever their forms. With --data, how the answers to these rows move. The exit
code is 0 either way; --json has "same".`,
		Example: `  larder diff old.joblib new.joblib
  larder diff fraud:35d72efe fraud@latest --data rows.csv`,
		Args: args(2, 2),
		RunE: diff,
	}
	addOpen(cmd)
	addJSON(cmd)
	cmd.Flags().String("data", "", "rows to ask both models about")
	cmd.Flags().String("target", "", "a column of the data to be left out")
	cmd.Flags().String("input-format", "", "of --data")
	cmd.Flags().Bool("no-header", false, "of --data")
	return cmd
}

func diff(cmd *cobra.Command, a []string) error {
	var models [2]*larder.Model
	for i := range models {
		m, err := openModel(cmd, a[i])
		if err != nil {
			return err
		}
		models[i] = m
	}
	changes := larder.Diff(models[0], models[1])
	var moves []larder.Move
	if name, _ := cmd.Flags().GetString("data"); name != "" {
		var err error
		if moves, err = compareAnswers(cmd, a, models, name); err != nil {
			return err
		}
	}
	if wantJSON(cmd) {
		return printJSON(stdout(cmd), map[string]any{"a": a[0], "b": a[1], "same": len(changes) == 0, "changes": changes, "moves": moves})
	}
	printDiff(stdout(cmd), changes, moves)
	return nil
}

func compareAnswers(cmd *cobra.Command, a []string, models [2]*larder.Model, name string) ([]larder.Move, error) {
	t, err := readTable(cmd, name)
	if err != nil {
		return nil, err
	}
	if target, _ := cmd.Flags().GetString("target"); target != "" {
		if _, err := t.Take(target); err != nil {
			return nil, err
		}
	}
	var in [2]tensor.Value
	for i, m := range models {
		if _, err := m.Estimator(); err != nil {
			return nil, err
		}
		v, notes, err := t.Match(rows.WantOf(m, m.DefaultMethod()))
		if errors.Is(err, larder.ErrInput) {
			return []larder.Move{{Method: m.DefaultMethod(), Why: a[i] + ": " + err.Error()}}, nil
		}
		if err != nil {
			return nil, err
		}
		for _, n := range notes {
			note("%s", n)
		}
		in[i] = v
	}
	return larder.Moves(cmd.Context(), models[0], models[1], in[0], in[1])
}

func printDiff(w io.Writer, changes []larder.Change, moves []larder.Move) {
	if len(changes) == 0 {
		fmt.Fprintln(w, "the fitted models are the same")
	}
	var lines [][]string
	for _, c := range changes {
		path := c.Path
		if c.Kind == "parameter" {
			name, _, _ := strings.Cut(c.Text, ":")
			path = strings.TrimSuffix(strings.TrimSuffix(path, name), ".")
		}
		lines = append(lines, []string{c.Kind, path, c.Text})
	}
	columns(w, "", lines)
	if len(moves) > 0 {
		fmt.Fprintln(w)
	}
	for _, m := range moves {
		switch {
		case m.Why != "":
			fmt.Fprintf(w, "%s  not compared: %s\n", m.Method, m.Why)
		case m.Changed == 0:
			fmt.Fprintf(w, "%s  the same for all %d rows\n", m.Method, m.Rows)
		case m.Labels:
			fmt.Fprintf(w, "%s  another answer for %d of %d rows; %s\n", m.Method, m.Changed, m.Rows, printable(m.First))
		default:
			fmt.Fprintf(w, "%s  moves for %d of %d rows, by up to %.4g, on average %.4g; %s\n", m.Method, m.Changed, m.Rows, m.Largest, m.Mean, printable(m.First))
		}
	}
}
