package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/mailscript/mailscript/ledger"
	"github.com/mailscript/mailscript/luaapi"
	"github.com/mailscript/mailscript/mime"
	"github.com/spf13/cobra"
)

func auditCommand(status *int) *cobra.Command {
	var project string
	var asJSON bool
	command := &cobra.Command{
		Use:   "audit ADDRESS",
		Short: "Say what an address was sent, by all runs",
		Long: `audit finds each row of each run that has the address as a recipient, and says what
became of it: when, what the server answered, which server, and whether the
connection was encrypted. It may be used while a merge runs.

The status is 0, also where nothing was sent.`,
		Example: "  mailscript audit ann@example.org",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usageError{errors.New("one address is wanted"), "mailscript audit ann@example.org"}
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			return ofLedger(status, audit(c.Context(), projectFolder(project), args[0], asJSON, c.OutOrStdout()))
		},
	}
	projectFlag(command, &project)
	command.Flags().BoolVar(&asJSON, "json", false, "report as JSON, a line each")
	return command
}

// wireAddress is an address as it is said to servers.
func wireAddress(text string) (string, error) {
	address, err := mime.ParseAddress(text)
	if err != nil {
		return "", usageError{err, "an address is one mailbox, as in ann@example.org"}
	}
	return address.Wire()
}

// audited is a recipient of a row of some run.
type audited struct {
	Run string `json:"run"`
	luaapi.LedgerRow
}

func audit(ctx context.Context, project, text string, asJSON bool, stdout io.Writer) (err error) {
	address, err := wireAddress(text)
	if err != nil {
		return err
	}
	book, err := ledger.OpenReadOnly(ctx, project, ledger.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, book.Close()) }()
	items, err := book.Audit(ctx, address)
	if err != nil {
		return err
	}
	encoder := json.NewEncoder(stdout)
	encoder.SetEscapeHTML(false)
	found := 0
	for i := range items {
		for n := range items[i].Recipients {
			to := &items[i].Recipients[n]
			if !strings.EqualFold(to.Address, address) {
				continue
			}
			found++
			one := audited{items[i].Run, luaapi.LedgerRowOf(&items[i], to)}
			if asJSON {
				err = encoder.Encode(one)
			} else {
				err = one.write(stdout)
			}
			if err != nil {
				return err
			}
		}
	}
	if asJSON {
		return nil
	}
	if found == 0 {
		fmt.Fprintf(stdout, "no run has a row for %s\n", printable(address))
	}
	return writeSuppression(stdout, book, address)
}

// write is what a person reads of one.
func (a *audited) write(w io.Writer) error {
	when := "not yet"
	if a.Time != nil {
		when = longTime(*a.Time)
	}
	text := spoken(a.Outcome)
	if a.Code != 0 || a.Text != "" {
		text += ": " + replyText(a.Code, a.Enhanced, a.Text)
	}
	fmt.Fprintf(w, "%s  %s  %s\n", when, printable(a.Run), text)
	details := []string{fmt.Sprintf("row %d", a.Row)}
	if !strings.EqualFold(a.Key, a.Address) {
		details = append(details, "key "+printable(keyText(a.Key)))
	}
	if a.Attempts > 0 {
		details = append(details, counted(a.Attempts, "attempt"))
	}
	if a.Next != nil {
		details = append(details, "next "+longTime(*a.Next))
	}
	if a.Via != "" {
		details = append(details, viaText(a.Via))
	}
	if a.MessageID != "" {
		details = append(details, "Message-ID "+printable(a.MessageID))
	}
	_, err := fmt.Fprintf(w, "    %s\n", strings.Join(details, ", "))
	return err
}

// viaText is a server, and whether the connection was encrypted.
func viaText(via string) string {
	server, encrypted, found := strings.Cut(via, " ")
	if !found {
		encrypted = "not encrypted"
	}
	return printable(server + " (" + encrypted + ")")
}

// keyText is the key of a row; a ledger that was damaged knows of some only that they were.
func keyText(key string) string {
	if rest, found := strings.CutPrefix(key, "\x00"); found {
		return "(" + rest + ")"
	}
	return key
}

func writeSuppression(w io.Writer, book *ledger.Ledger, address string) error {
	list, err := book.Suppressions()
	if err != nil {
		return err
	}
	for _, s := range list {
		if strings.EqualFold(s.Address, address) {
			_, err := fmt.Fprintf(w, "%s gets nothing since %s: %s\n", printable(address), longTime(s.Since), printable(s.Reason))
			return err
		}
	}
	return nil
}
