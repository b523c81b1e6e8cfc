// Command larder opens scikit-learn model files: it shows, audits, predicts, converts, packages, registers and serves
// them, without Python and without executing anything from the file.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/larder-ml/larder"
	"github.com/larder-ml/larder/format/joblib"
	"github.com/larder-ml/larder/pack"
	"github.com/larder-ml/larder/sklearn/release"
	"github.com/larder-ml/larder/store"
)

// The exit codes.
const (
	exitRefused   = 1
	exitUndecided = 2
	exitNothing   = 3
	exitUsage     = 4
	exitTrust     = 5
	exitConflict  = 6
	exitStorage   = 7
	exitInterrupt = 130
)

// usageError is a command line that makes no sense.
type usageError struct{ msg string }

func (e *usageError) Error() string { return e.msg }

func usagef(format string, args ...any) error { return &usageError{fmt.Sprintf(format, args...)} }

// codeError ends the program with a code. An empty message prints nothing: the verb has said what there is to say.
type codeError struct {
	code int
	msg  string
}

func (e *codeError) Error() string { return e.msg }

func main() { os.Exit(run()) }

func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	root := rootCommand()
	out := &output{f: os.Stdout}
	root.SetOut(out)
	cmd, err := root.ExecuteContextC(ctx)
	if err == nil {
		err = out.err // a report that was lost is no success
	}
	if err == nil {
		return 0
	}
	code, kind := exitCode(ctx, err)
	msg := message(err)
	if asJSON, _ := cmd.Flags().GetBool("json"); asJSON && msg != "" {
		_ = json.NewEncoder(os.Stderr).Encode(map[string]any{"error": map[string]any{"kind": kind, "code": code, "message": msg}})
		return code
	}
	if msg != "" {
		fmt.Fprintf(os.Stderr, "larder: %s\n", printable(msg))
	}
	if code == exitUsage && kind == "usage" {
		fmt.Fprintf(os.Stderr, "usage: %s\n", cmd.UseLine())
	}
	return code
}

// message is an error's text without the name of the system call that failed on a file, or of the signal that ended it.
func message(err error) string {
	if errors.Is(err, context.Canceled) {
		return "interrupted"
	}
	msg := strings.TrimPrefix(err.Error(), "larder: ")
	var at *fs.PathError
	if errors.As(err, &at) {
		msg = strings.Replace(msg, at.Error(), at.Path+": "+at.Err.Error(), 1)
	}
	return msg
}

func exitCode(ctx context.Context, err error) (int, string) {
	var usage *usageError
	var code *codeError
	var inexpressible *release.RefusedError
	var option *joblib.OptionError
	switch {
	case errors.As(err, &code):
		return code.code, map[int]string{exitRefused: "refused", exitUndecided: "undecided", exitNothing: "not-found", exitTrust: "signature", exitConflict: "conflict"}[code.code]
	case errors.As(err, &inexpressible):
		return exitRefused, "refused"
	case errors.As(err, &usage), errors.As(err, &option):
		return exitUsage, "usage"
	case ctx.Err() != nil:
		return exitInterrupt, "interrupted"
	}
	for _, s := range []struct {
		err  error
		code int
		kind string
	}{
		{larder.ErrUnsafe, exitRefused, "unsafe"},
		{store.ErrStorage, exitStorage, "storage"},
		{pack.ErrSignature, exitTrust, "signature"},
		{larder.ErrCorrupt, exitUndecided, "corrupt"},
		{larder.ErrLimit, exitUndecided, "limit"},
		{larder.ErrUnsupported, exitUndecided, "unsupported"},
		{larder.ErrFormat, exitNothing, "format"},
		{larder.ErrNotFound, exitNothing, "not-found"},
		{os.ErrNotExist, exitNothing, "not-found"},
		{larder.ErrInput, exitUsage, "input"},
		{store.ErrConflict, exitConflict, "conflict"},
		{syscall.EISDIR, exitNothing, "not-found"},
		{syscall.ENOSPC, exitStorage, "storage"},
		{syscall.EROFS, exitStorage, "storage"},
		{syscall.EIO, exitStorage, "storage"},
		{os.ErrPermission, exitStorage, "storage"},
	} {
		if errors.Is(err, s.err) {
			return s.code, s.kind
		}
	}
	return exitUndecided, "other"
}

func rootCommand() *cobra.Command {
	show := showCommand()
	root := &cobra.Command{
		Use:   "larder [command | MODEL]",
		Short: "Opens any scikit-learn model file. No Python. Runs nothing from the file.",
		Long: `Opens any scikit-learn model file: shows it, judges it, predicts with scikit-learn's own numbers,
converts, packages, registers and serves it. No Python; nothing in the file is executed.

A MODEL is a path (pickle, joblib, skops; recognised by content), "-" for standard input, a package's
prefix or folder, or a registry reference (name, name:version, name@alias).`,
		Example: `  larder show model.joblib
  larder predict model.joblib -i rows.csv
  larder serve model.joblib`,
		Args:              cobra.ArbitraryArgs,
		SilenceUsage:      true,
		SilenceErrors:     true,
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: true},
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return cmd.Help()
			}
			if len(args) == 1 {
				if _, err := os.Stat(args[0]); err == nil || args[0] == "-" {
					return show.RunE(cmd, args)
				}
			}
			return usagef("%q is neither a command nor a file", args[0])
		},
	}
	root.Flags().AddFlagSet(show.Flags())
	root.PersistentFlags().String("registry", "", "folder of the registry; the default is LARDER_REGISTRY or ./models")
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return &usageError{err.Error()} })
	root.AddCommand(show, auditCommand(), rulesCommand(), packageCommand(), validateCommand(),
		registerCommand(), loadCommand(), listCommand(), registryCommand(), convertCommand(), migrateCommand(), quickstartCommand(), serveCommand(), checkCommand(), benchCommand(), predictCommand(), exampleCommand(), requirementsCommand(), diffCommand(), disCommand(), supportedCommand(), versionCommand())
	return root
}

// args accepts between min and max arguments.
func args(min, max int) cobra.PositionalArgs {
	return func(_ *cobra.Command, a []string) error {
		switch {
		case len(a) < min && min == 1:
			return usagef("a MODEL is wanted")
		case len(a) < min:
			return usagef("%d arguments, wanted %d", len(a), min)
		case max >= 0 && len(a) > max:
			return usagef("%d arguments, wanted at most %d", len(a), max)
		}
		return nil
	}
}

func addJSON(cmd *cobra.Command) { cmd.Flags().Bool("json", false, "machine-readable output") }

func wantJSON(cmd *cobra.Command) bool {
	b, _ := cmd.Flags().GetBool("json")
	return b
}

// printJSON writes a value as indented JSON without escaping HTML.
func printJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}
