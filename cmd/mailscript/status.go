package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/mailscript/mailscript/ledger"
	"github.com/mailscript/mailscript/luaapi"
	"github.com/mailscript/mailscript/smtp"
	"github.com/spf13/cobra"
)

func statusCommand(status *int) *cobra.Command {
	var project string
	var asJSON bool
	command := &cobra.Command{
		Use:   "status RUN",
		Short: "Say how a run of a merge stands",
		Long: `status says how many rows of a run stand where, what the servers answered, with an
example each, and what to do. It may be used while the run goes on.

The status is 0, or 64 where there is no such run.`,
		Example: "  mailscript status news-2026-11",
		Args:    oneRun,
		RunE: func(c *cobra.Command, args []string) error {
			return ofLedger(status, showStatus(c.Context(), projectFolder(project), args[0], asJSON, c.OutOrStdout()))
		},
	}
	projectFlag(command, &project)
	command.Flags().BoolVar(&asJSON, "json", false, "report as JSON")
	return command
}

// runStatusReport is a run as status shows it.
type runStatusReport struct {
	runSummary
	Sending  int64        `json:"sending"` // of those in doubt: they may be being sent at this moment
	NextTry  *time.Time   `json:"next_try,omitempty"`
	Problems []replyGroup `json:"problems"`
	Script   string       `json:"script,omitempty"`

	project string
}

// replyGroup is recipients that met the same.
type replyGroup struct {
	Outcome    string `json:"outcome"`
	Recipients int    `json:"recipients"`
	Code       int    `json:"code,omitempty"`
	Enhanced   string `json:"enhanced,omitempty"`
	Text       string `json:"text"`    // of the first
	Example    string `json:"example"` // its address
	Hint       string `json:"hint,omitempty"`
}

func showStatus(ctx context.Context, project, name string, asJSON bool, stdout io.Writer) (err error) {
	book, summary, err := lookUp(ctx, project, name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, book.Close()) }()
	report := runStatusReport{runSummary: summaryOf(summary), Sending: summary.Counts.InDoubt, Problems: []replyGroup{}, project: project}
	if err := report.gather(ctx, book, summary); err != nil {
		return err
	}
	if all, err := readOrigins(project); err == nil {
		report.Script = all[name].Script
	}
	if asJSON {
		return encodeIndented(stdout, report)
	}
	return report.write(stdout)
}

// gather groups what was not sent. Rows that failed are found by looking at all of them.
func (r *runStatusReport) gather(ctx context.Context, book *ledger.Ledger, s *ledger.Summary) error {
	states := []ledger.State{ledger.Deferred, ledger.Unknown}
	if s.Counts.Failed > 0 {
		states = append(states, ledger.Failed)
	} else if s.Counts.Deferred+s.Counts.Unknown == 0 {
		return nil
	}
	groups := map[string]*replyGroup{}
	for item, err := range book.Items(ctx, s.Name, ledger.Filter{States: states}) {
		if err != nil {
			return err
		}
		for i := range item.Recipients {
			to := &item.Recipients[i]
			if !slices.Contains(states, to.State) {
				continue
			}
			if to.State == ledger.Deferred && !to.Next.IsZero() && (r.NextTry == nil || to.Next.Before(*r.NextTry)) {
				next := to.Next
				r.NextTry = &next
			}
			key := to.State.String() + alike(to)
			if g := groups[key]; g != nil {
				g.Recipients++
				continue
			}
			groups[key] = &replyGroup{
				Outcome: luaapi.OutcomeName(to.State), Recipients: 1, Code: to.Code, Enhanced: to.Enhanced, Text: to.Text, Example: to.Address,
				Hint: luaapi.HintForReply(replyOf(to)),
			}
		}
	}
	for _, g := range groups {
		r.Problems = append(r.Problems, *g)
	}
	slices.SortFunc(r.Problems, func(a, b replyGroup) int {
		return cmp.Or(cmp.Compare(a.Outcome, b.Outcome), cmp.Compare(b.Recipients, a.Recipients), cmp.Compare(a.Text, b.Text))
	})
	return nil
}

func replyOf(r *ledger.Recipient) smtp.Reply {
	reply := smtp.Reply{Code: r.Code, Enhanced: r.Enhanced}
	if r.Text != "" {
		reply.Lines = strings.Split(r.Text, "\n")
	}
	return reply
}

// particular is what differs between replies that mean the same: numbers, names of
// messages, addresses.
var particular = regexp.MustCompile(`[<(\[]?[^\s<>()\[\]]*(?:@|[0-9])[^\s<>()\[\]]*[>)\]]?`)

// alike is what replies have in common that mean the same. Servers put addresses, times and
// names of their own into them.
func alike(r *ledger.Recipient) string {
	text := r.Text
	if r.Address != "" {
		text = strings.ReplaceAll(text, r.Address, "")
	}
	return fmt.Sprintf("%d %s %s", r.Code, r.Enhanced, particular.ReplaceAllString(text, "#"))
}

// maxGroups is how many kinds of replies a terminal gets.
const maxGroups = 12

func (r *runStatusReport) write(w io.Writer) error {
	fmt.Fprintf(w, "%s, begun %s", printable(r.Run), longTime(r.Began))
	if r.Script != "" {
		fmt.Fprintf(w, ", by %s", printable(r.Script))
	}
	fmt.Fprintln(w)
	if r.Changed.Sub(r.Began) > time.Minute {
		fmt.Fprintf(w, "went on with another script or template at %s\n", longTime(r.Changed))
	}
	fmt.Fprintln(w)
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, line := range []struct {
		n            int64
		what, remark string
	}{
		{r.Rows, "rows", ""}, {r.Sent, "sent", ""}, {r.Failed, "failed", "refused for good"}, {r.Deferred, "deferred", "refused for now, to be tried again"},
		{r.InDoubt, "in doubt", "may have arrived"}, {r.Planned, "planned", "to be sent"}, {r.Skipped, "skipped", "by the script"},
		{r.Suppressed, "suppressed", "on the list of those who get nothing"}, {r.Duplicates, "duplicates", "an earlier row had the address"},
	} {
		if line.n > 0 || line.what == "rows" || line.what == "sent" {
			line.what = strings.TrimRight(fmt.Sprintf("%-10s  %s", line.what, line.remark), " ")
			fmt.Fprintf(table, "%s\t  %s\n", grouped(line.n), line.what)
		}
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if r.Sending > 0 {
		fmt.Fprintf(w, "\n%s of those in doubt may be on their way at this moment, if the run goes on\n", grouped(r.Sending))
	}
	r.writeProblems(w)
	return r.writeAdvice(w)
}

func (r *runStatusReport) writeProblems(w io.Writer) {
	if len(r.Problems) == 0 {
		return
	}
	var hints []string
	fmt.Fprintln(w)
	for i, g := range r.Problems {
		if i == maxGroups {
			fmt.Fprintf(w, "… and %d more kinds of replies; %s has them all\n", len(r.Problems)-i, advised("status --json", r.Run, r.project))
			break
		}
		fmt.Fprintf(w, "%s %s: %s\n", grouped(int64(g.Recipients)), spoken(g.Outcome), replyText(g.Code, g.Enhanced, g.Text))
		fmt.Fprintf(w, "    such as %s\n", printable(g.Example))
		if g.Hint != "" && !slices.Contains(hints, g.Hint) {
			hints = append(hints, g.Hint)
		}
	}
	for _, hint := range hints {
		fmt.Fprintf(w, "hint: %s\n", hint)
	}
}

// writeAdvice says what to do about each kind of row that was not sent.
func (r *runStatusReport) writeAdvice(w io.Writer) error {
	var todo []string
	if r.Planned+r.Deferred > 0 {
		line := advised("resume", r.Run, r.project)
		if r.Script == "" {
			line = "mailscript run SCRIPT"
		}
		line += "  goes on"
		if r.NextTry != nil {
			if r.NextTry.After(time.Now()) {
				line += ", with what was deferred from " + longTime(*r.NextTry)
			} else {
				line += "; what was deferred is due"
			}
		}
		todo = append(todo, line)
	}
	if r.InDoubt > 0 {
		todo = append(todo, advised("doubt", r.Run, r.project)+"  lists what is in doubt, and what can be done")
	}
	if r.Failed > 0 {
		todo = append(todo, advised("export --failed", r.Run, r.project)+"  writes the rows that failed")
	}
	if len(todo) == 0 {
		if r.Rows > 0 {
			_, err := fmt.Fprintln(w, "\nnothing is left to do")
			return err
		}
		_, err := fmt.Fprintln(w, "\nnothing was sent")
		return err
	}
	_, err := fmt.Fprintln(w, "\n"+strings.Join(todo, "\n"))
	return err
}

// spoken is the name of an outcome in a sentence.
func spoken(outcome string) string { return strings.ReplaceAll(outcome, "_", " ") }

// replyText is a reply, or a reason, on one line.
func replyText(code int, enhanced, text string) string {
	var parts []string
	if code != 0 {
		parts = append(parts, fmt.Sprint(code))
	}
	if enhanced != "" && !strings.HasPrefix(text, enhanced) {
		parts = append(parts, enhanced)
	}
	if text != "" {
		parts = append(parts, printable(text))
	}
	if len(parts) == 0 {
		return "no reply"
	}
	return strings.Join(parts, " ")
}

var plainArg = regexp.MustCompile(`^[A-Za-z0-9_.:/@%+,=][A-Za-z0-9_.:/@%+,=-]*$`)

// quoteArg is an argument as a shell takes it.
func quoteArg(text string) string {
	if plainArg.MatchString(text) {
		return text
	}
	return "'" + strings.ReplaceAll(printable(text), "'", `'\''`) + "'"
}
