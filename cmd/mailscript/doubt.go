package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/mailscript/mailscript/ledger"
	"github.com/mailscript/mailscript/luaapi"
	"github.com/spf13/cobra"
)

type doubtFlags struct {
	project           string
	sent, resend, all bool
	json, takeOver    bool
}

func doubtCommand(status *int) *cobra.Command {
	var flags doubtFlags
	command := &cobra.Command{
		Use:   "doubt RUN [KEY...]",
		Short: "List the messages of a run that may have arrived, and decide about them",
		Long: `doubt lists the rows of a run whose message was finished and whose reply never came:
the connection broke, or the machine went down. Such a message may have arrived, or
not; the log of the server knows, which the list says what to look for in.

With --sent or --resend the rows that the KEYs name, or all of them with --all, are
decided: taken for sent, or sent again by the next mailscript resume, with the same
Message-ID. A message that did arrive then arrives twice. Deciding needs the ledger
for itself: no merge of the project may be running.

The status is 0, 64 where there is no such run or row, or 75 where a merge is running.`,
		Example: "  mailscript doubt news-2026-11\n  mailscript doubt news-2026-11 --sent ann@example.org bob@example.org\n  mailscript doubt news-2026-11 --resend --all",
		Args: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return oneRun(c, args)
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			return ofLedger(status, doubt(c.Context(), args[0], args[1:], flags, c.OutOrStdout()))
		},
	}
	f := command.Flags()
	projectFlag(command, &flags.project)
	f.BoolVar(&flags.sent, "sent", false, "take the rows for sent")
	f.BoolVar(&flags.resend, "resend", false, "send the rows again with the next resume")
	f.BoolVar(&flags.all, "all", false, "decide about all rows in doubt")
	f.BoolVar(&flags.takeOver, "takeover", false, "use a ledger that was copied here, or restored")
	f.BoolVar(&flags.json, "json", false, "list as JSON, a line each")
	return command
}

func doubt(ctx context.Context, run string, keys []string, flags doubtFlags, stdout io.Writer) error {
	project := projectFolder(flags.project)
	switch deciding := flags.sent || flags.resend; {
	case flags.sent && flags.resend:
		return usageError{errors.New("--sent and --resend exclude each other"), ""}
	case !deciding && (len(keys) > 0 || flags.all):
		return usageError{errors.New("it is not said what becomes of the rows"), "--sent takes them for sent, --resend sends them again"}
	case deciding && flags.all == (len(keys) > 0):
		return usageError{errors.New("it is not said which rows"), "give their keys, or --all"}
	case deciding:
		return decide(ctx, project, run, keys, flags, stdout)
	}
	return listDoubts(ctx, project, run, flags.json, stdout)
}

func listDoubts(ctx context.Context, project, run string, asJSON bool, stdout io.Writer) (err error) {
	book, summary, err := lookUp(ctx, project, run)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, book.Close()) }()
	encoder := json.NewEncoder(stdout)
	encoder.SetEscapeHTML(false)
	found := 0
	for item, err := range book.Items(ctx, run, ledger.Filter{States: []ledger.State{ledger.Unknown, ledger.InDoubt}}) {
		if err != nil {
			return err
		}
		for i := range item.Recipients {
			to := &item.Recipients[i]
			if to.State != ledger.Unknown && to.State != ledger.InDoubt {
				continue
			}
			if found++; asJSON {
				one := luaapi.LedgerRowOf(&item, to)
				if err := encoder.Encode(&one); err != nil {
					return err
				}
				continue
			}
			writeDoubt(stdout, &item, to)
		}
	}
	if asJSON {
		return nil
	}
	if found == 0 {
		_, err := fmt.Fprintf(stdout, "nothing of %s is in doubt\n", printable(run))
		return err
	}
	return adviseDoubt(stdout, summary, project, found)
}

// writeDoubt says of one message what helps to find it in the log of a server.
func writeDoubt(w io.Writer, item *ledger.Item, to *ledger.Recipient) {
	fmt.Fprintf(w, "%s  %s", longTime(to.Time), printable(to.Address))
	if !strings.EqualFold(item.Key, to.Address) {
		fmt.Fprintf(w, "  (key %s)", printable(keyText(item.Key)))
	}
	fmt.Fprintf(w, "  row %d\n", item.Number)
	var details []string
	if to.Via != "" {
		details = append(details, viaText(to.Via))
	}
	if to.Message != "" {
		details = append(details, "Message-ID "+printable(to.Message))
	}
	if len(details) > 0 {
		fmt.Fprintf(w, "    %s\n", strings.Join(details, ", "))
	}
	switch {
	case to.State == ledger.InDoubt:
		fmt.Fprintln(w, "    on its way, or was when the process ended")
	case to.Code != 0 || to.Text != "":
		fmt.Fprintf(w, "    %s\n", replyText(to.Code, to.Enhanced, to.Text))
	}
}

func adviseDoubt(w io.Writer, s *ledger.Summary, project string, found int) error {
	command := advised("doubt", s.Name, project)
	fmt.Fprintf(w, "\n%s in doubt: the end of the message was written and never answered. Look into the log of the server, at that time, for the\n", counted(found, "message"))
	fmt.Fprintln(w, "Message-ID or the address. One that it accepted has arrived; one that it has not is safe to send again.")
	if s.Counts.InDoubt > 0 {
		fmt.Fprintln(w, "If the run goes on at this moment, wait until it has ended.")
	}
	fmt.Fprintf(w, "  %s --sent KEY...    takes them for sent\n", command)
	fmt.Fprintf(w, "  %s --resend KEY...  sends them again with the next resume: whoever has got one gets it twice\n", command)
	_, err := fmt.Fprintln(w, "--all in place of the keys decides about all.")
	return err
}

// decide resolves rows in the ledger.
func decide(ctx context.Context, project, name string, keys []string, flags doubtFlags, stdout io.Writer) (err error) {
	looked, _, err := lookUp(ctx, project, name)
	if err != nil {
		return err
	}
	if err := looked.Close(); err != nil {
		return err
	}
	options := ledger.Options{}
	if flags.takeOver {
		options.Takeover = ledger.TakeOver
	}
	book, err := ledger.Open(ctx, project, options)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, book.Close()) }()
	summary, err := book.Summary(name)
	if err != nil {
		return err
	}
	settings := summary.Settings
	settings.Addresses = ledger.AnyAddress
	run, err := book.Run(name, settings)
	if err != nil {
		return err
	}
	var ids []ledger.ID
	if !flags.all {
		if ids, err = doubtful(ctx, book, name, project, keys); err != nil {
			return err
		}
	}
	policy, what := ledger.AssumeSent, "taken for sent"
	if flags.resend {
		policy, what = ledger.Resend, "to be sent again"
	}
	n, err := run.Resolve(policy, ids...)
	if err != nil {
		return err
	}
	if flags.json {
		return json.NewEncoder(stdout).Encode(map[string]any{"run": name, "decided": n, "outcome": map[bool]string{true: "deferred", false: "sent"}[flags.resend]})
	}
	fmt.Fprintf(stdout, "%s %s\n", counted(n, "row"), what)
	if flags.resend && n > 0 {
		fmt.Fprintf(stdout, "%s sends them\n", advised("resume", name, project))
	}
	return nil
}

// doubtful finds the rows in doubt that keys name: all of them, or it is an error and
// nothing is decided.
func doubtful(ctx context.Context, book *ledger.Ledger, run, project string, keys []string) ([]ledger.ID, error) {
	var ids []ledger.ID
	missing := slices.Clone(keys)
	for item, err := range book.Items(ctx, run, ledger.Filter{States: []ledger.State{ledger.Unknown}}) {
		if err != nil {
			return nil, err
		}
		if slices.Contains(keys, item.Key) {
			ids = append(ids, item.ID)
			missing = slices.DeleteFunc(missing, func(key string) bool { return key == item.Key })
		}
	}
	if len(missing) > 0 {
		for i := range missing {
			missing[i] = quoteArg(missing[i])
		}
		return nil, usageError{fmt.Errorf("no row in doubt has the key %s; nothing was decided", strings.Join(missing, ", ")), advised("doubt", run, project) + " lists them"}
	}
	return ids, nil
}
