package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/mailscript/mailscript/config"
	"github.com/mailscript/mailscript/ledger"
	"github.com/spf13/cobra"
)

func ledgerCommand(status *int) *cobra.Command {
	command := &cobra.Command{
		Use:   "ledger",
		Short: "Look after the ledger of a project",
		Long: `The ledger, .mailscript/ledger.db in the project folder, knows what became of each
row of each merge.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	command.AddCommand(
		&cobra.Command{
			Use:   "check [SCRIPT]",
			Short: "Find out whether the ledger is in order",
			Long: `check reads the whole ledger of the project that SCRIPT belongs to (default that of
the current folder) and says what is wrong with it. It changes nothing, and may be
used while a merge runs. A ledger that is damaged is status 76.`,
			Example: "  mailscript ledger check\n  mailscript ledger check letters/newsletter.lua",
			Args:    cobra.MaximumNArgs(1),
			RunE: func(c *cobra.Command, args []string) error {
				return ofLedger(status, checkLedger(c.Context(), projectOf(args), status, c.OutOrStdout()))
			},
		},
		&cobra.Command{
			Use:   "salvage [SCRIPT]",
			Short: "Copy what can be read of a damaged ledger into a new one",
			Long: `salvage copies what can be read of the ledger of the project that SCRIPT belongs to
(default that of the current folder) into a new one, which takes its place; the
damaged one is kept beside it. What became of a row and cannot be read is taken as
sent, perhaps: such rows are in doubt, and are not sent again by themselves.`,
			Example: "  mailscript ledger salvage",
			Args:    cobra.MaximumNArgs(1),
			RunE: func(c *cobra.Command, args []string) error {
				return ofLedger(status, salvageLedger(c.Context(), projectOf(args), c.OutOrStdout()))
			},
		},
	)
	return command
}

// projectOf is the project folder of the script a command was given, or the current one.
func projectOf(args []string) string {
	if len(args) == 0 {
		return config.Find("")
	}
	return config.Find(args[0])
}

func checkLedger(ctx context.Context, project string, status *int, stdout io.Writer) error {
	report, err := ledger.Check(ctx, project, ledger.Options{})
	if err != nil {
		return err
	}
	for _, problem := range report.Problems {
		fmt.Fprintf(stdout, "%s: %s\n", report.Path, problem)
	}
	found := "in order"
	if len(report.Problems) > 0 {
		found = "damaged"
		*status = exitFound
	}
	fmt.Fprintf(stdout, "%s: %s, %s, %d KiB: %s\n", report.Path, counted(report.Runs, "run"), counted(int(report.Rows), "row"), report.Bytes>>10, found)
	if report.InUse {
		fmt.Fprintln(stdout, "a merge is using it at the moment; its journal was not looked at")
	}
	if len(report.Problems) > 0 {
		fmt.Fprintln(stdout, "hint: mailscript ledger salvage copies what can be read into a new one")
	}
	return nil
}

func salvageLedger(ctx context.Context, project string, stdout io.Writer) error {
	report, err := ledger.Salvage(ctx, project, ledger.Options{})
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "%s: %s, %s; %s lost, %s in doubt because of the damage\n", report.Path, counted(report.Runs, "run"),
		counted(int(report.Rows), "row"), counted(int(report.Lost), "row"), counted(int(report.Unknown), "row"))
	fmt.Fprintf(stdout, "the damaged one is %s\n", report.Damaged)
	return nil
}

// ofLedger gives an error of the ledger its status and its hint.
func ofLedger(status *int, err error) error {
	var (
		explained *ledger.Error
		locked    *ledger.LockedError
		failed    *ledger.FailedError
	)
	switch {
	case errors.As(err, &failed):
		*status = exitData
		return usageError{err, failed.Hint()}
	case errors.Is(err, ledger.ErrMissing):
		errors.As(err, &explained)
		return usageError{err, explained.Hint}
	case errors.As(err, &locked):
		*status = exitDeferred
		return usageError{err, "one command at a time writes to the ledger of a project; wait until the other ends, or look at it with mailscript status"}
	case errors.As(err, &explained):
		*status = exitData
		return usageError{err, explained.Hint}
	}
	return err
}
