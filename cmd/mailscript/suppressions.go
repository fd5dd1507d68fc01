package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/mailscript/mailscript/ledger"
	"github.com/spf13/cobra"
)

func suppressionsCommand(status *int) *cobra.Command {
	var project string
	var asJSON bool
	list := func(c *cobra.Command, _ []string) error {
		return ofLedger(status, listSuppressions(c.Context(), projectFolder(project), asJSON, c.OutOrStdout()))
	}
	command := &cobra.Command{
		Use:   "suppressions",
		Short: "Look after the list of those who get nothing",
		Long: `No merge of the project sends to an address on this list. merge.suppress puts
addresses on it, too.`,
		Example: "  mailscript suppressions\n  mailscript suppressions add --reason \"asked by telephone\" ann@example.org\n  mailscript suppressions remove ann@example.org",
		Args:    cobra.NoArgs,
		RunE:    list,
	}
	var reason string
	add := &cobra.Command{
		Use: "add ADDRESS...", Short: "Put addresses on the list", Args: addresses,
		Long: `add puts addresses on the list of those who get nothing. No merge of the project may
be running: that is status 75.`,
		RunE: func(c *cobra.Command, args []string) error {
			if strings.TrimSpace(reason) == "" {
				return usageError{errors.New("a reason is missing"), `--reason "unsubscribed by telephone"; reports show it`}
			}
			return ofLedger(status, changeSuppressions(c.Context(), projectFolder(project), args, c.OutOrStdout(), func(book *ledger.Ledger, all []string) error {
				entries := make([]ledger.Suppression, len(all))
				for i, address := range all {
					entries[i] = ledger.Suppression{Address: address, Reason: reason, Since: time.Now()}
				}
				return book.Suppress(entries)
			}))
		},
	}
	add.Flags().StringVar(&reason, "reason", "", "why, for reports: `TEXT`")
	remove := &cobra.Command{
		Use: "remove ADDRESS...", Short: "Take addresses off the list", Args: addresses,
		Long: `remove takes addresses off the list of those who get nothing. Rows that were
suppressed stay so in their run. No merge of the project may be running: that is
status 75.`,
		RunE: func(c *cobra.Command, args []string) error {
			return ofLedger(status, changeSuppressions(c.Context(), projectFolder(project), args, c.OutOrStdout(), (*ledger.Ledger).Unsuppress))
		},
	}
	projectFlag(command, &project)
	command.Flags().BoolVar(&asJSON, "json", false, "list as JSON, a line each")
	for _, sub := range []*cobra.Command{add, remove} {
		projectFlag(sub, &project)
		command.AddCommand(sub)
	}
	return command
}

func addresses(_ *cobra.Command, args []string) error {
	if len(args) == 0 {
		return usageError{errors.New("no address given"), ""}
	}
	return nil
}

func listSuppressions(ctx context.Context, project string, asJSON bool, stdout io.Writer) (err error) {
	book, err := ledger.OpenReadOnly(ctx, project, ledger.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, book.Close()) }()
	list, err := book.Suppressions()
	if err != nil {
		return err
	}
	encoder := json.NewEncoder(stdout)
	encoder.SetEscapeHTML(false)
	for _, s := range list {
		if asJSON {
			err = encoder.Encode(map[string]any{"address": s.Address, "reason": s.Reason, "since": s.Since})
		} else {
			_, err = fmt.Fprintf(stdout, "%s  %s  %s\n", shortTime(s.Since), printable(s.Address), printable(s.Reason))
		}
		if err != nil {
			return err
		}
	}
	if len(list) == 0 && !asJSON {
		fmt.Fprintln(stdout, "nobody is on the list")
	}
	return nil
}

// changeSuppressions changes the list and says how long it is now.
func changeSuppressions(ctx context.Context, project string, given []string, stdout io.Writer, change func(*ledger.Ledger, []string) error) (err error) {
	all := make([]string, len(given))
	for i, text := range given {
		if all[i], err = wireAddress(text); err != nil {
			return err
		}
	}
	book, err := ledger.Open(ctx, project, ledger.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, book.Close()) }()
	if err := change(book, slices.Compact(all)); err != nil {
		return err
	}
	list, err := book.Suppressions()
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(stdout, "%d on the list\n", len(list))
	return err
}
