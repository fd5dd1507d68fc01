package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/mailscript/mailscript/config"
	"github.com/mailscript/mailscript/engine"
	"github.com/mailscript/mailscript/luaapi"
	"github.com/mailscript/mailscript/mime"
	"github.com/mailscript/mailscript/schedule"
	"github.com/mailscript/mailscript/smtp"
)

// noticeScript sends a notice as a script of a user's would. A notice answers to
// nobody: its sender is null (RFC 5321, section 4.5.5), and the field says that no
// person wrote it (RFC 3834, section 5). A server that takes no null sender from
// its customers gets it once more with the account's own.
const noticeScript = `
local smtp = require "smtp"
local from, to, subject, text = ...
local function send(sender)
  return smtp.send {
    from = from, to = to, subject = subject, text = text,
    auto_submitted = "auto-generated", envelope = { from = sender, to = to },
  }
end
local result = send("")
if result.outcome == "failed" then
  result:handled()
  result = send(arg[5])
end
`

// notifier sends the notices of a project.
type notifier struct {
	project project
	log     *slog.Logger
	shared  shared
}

// send sends one notice.
func (n notifier) send(ctx context.Context, notice schedule.Notice) error {
	job := config.Job{}
	for _, known := range n.project.file.Jobs {
		if known.Name == notice.Job {
			job = known
		}
	}
	sender := noticeSender(n.project, job.Account, notice.To)
	subject, text := noticeText(notice, job, n.project.folder)
	warn := func(text string) { n.log.Warn(text, "job", notice.Job) }
	output := &jobOutput{log: n.log.With("job", notice.Job, "notice", notice.Kind)}
	stderr := &lineWriter{output: output, stream: "stderr"}
	defer stderr.close()
	api := luaapi.New(luaapi.Options{
		Root: n.project.folder, Context: ctx, Config: n.project.file, Account: job.Account, Dial: n.shared.dial,
		Secrets: secretReader(n.project, stderr, warn), Notice: warn,
		OnResult: func(e luaapi.Event) {
			logMail(n.log.With("job", notice.Job, "notice", notice.Kind, "to", notice.To), e)
		},
	})
	runtime := engine.New(engine.Options{
		Modules: api.Modules(), Args: []string{"mailscript <" + sender + ">", notice.To, subject, text, sender},
		Stdout: io.Discard, Stderr: stderr, Warn: warn, Memory: n.shared.memory,
	})
	script, err := engine.LoadSource("notice", strings.TrimPrefix(noticeScript, "\n"))
	if err != nil {
		return err
	}
	err = runtime.Run(ctx, script)
	goodbye, cancel := context.WithTimeout(context.WithoutCancel(ctx), luaapi.QuitGrace())
	defer cancel()
	api.Close(goodbye)
	if closing := runtime.Close(goodbye); err == nil {
		err = closing
	}
	t := api.Tally()
	switch {
	case err != nil:
		var fault *engine.Fault
		if errors.As(err, &fault) {
			fault.Where = "" // a line of the script above helps nobody
		}
		text, _ := explain(err)
		return fmt.Errorf("sending a notice: %s", text)
	case t.Failed+t.Deferred > 0:
		return fmt.Errorf("sending a notice: the server refused it")
	}
	return nil
}

// noticeSender is the address that notices are from: that of the account, where its
// user name is one, else that of who gets it.
func noticeSender(p project, account, to string) string {
	if account == "" {
		account = "default"
	}
	name := p.file.Accounts[account].Username
	if address, err := mime.ParseAddress(name); err == nil && strings.Contains(name, "@") {
		if wire, err := address.Wire(); err == nil {
			return wire
		}
	}
	return to
}

// noticeText is what a notice says.
func noticeText(n schedule.Notice, job config.Job, folder string) (subject, text string) {
	what, lines := noticeSentence(n, job)
	r := n.Record
	zone := job.Zone
	if zone == nil {
		zone = time.UTC
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n", lines)
	row := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%-9s %s\n", name, strings.ReplaceAll(strings.TrimRight(value, "\n"), "\n", "\n          "))
		}
	}
	row("job", n.Job)
	row("period", r.Period)
	row("due", moment(r.At, zone))
	if r.Outcome != schedule.OutcomeSkipped {
		row("began", moment(r.Claimed, zone))
	}
	row("ended", moment(r.Ended, zone))
	if r.Attempt > 1 {
		row("attempts", fmt.Sprint(r.Attempt))
	}
	row("outcome", described(r))
	row("error", r.Error)
	row("hint", r.Hint)
	host, _ := os.Hostname()
	row("host", host)
	row("project", folder)
	if n.Held > 0 {
		fmt.Fprintf(&b, "\n%s before this one were held back, so that this mailbox does not fill up.\n", counted(n.Held, "notice"))
	}
	if r.Log != "" {
		fmt.Fprintf(&b, "\nThe end of what it printed:\n\n  %s\n", strings.ReplaceAll(strings.TrimRight(r.Log, "\n"), "\n", "\n  "))
	}
	fmt.Fprintf(&b, "\nMore: mailscript jobs history %s\nRun it now: mailscript jobs run %s\n", n.Job, n.Job)
	return fmt.Sprintf("%s: %s (%s)", n.Job, what, r.Period), sendable(b.String())
}

// sendable is a text that is taken for a message, whatever a script printed: what
// stands for a secret would be refused, as a mistake in a letter.
func sendable(text string) string {
	return strings.ReplaceAll(printableLines(strings.ToValidUTF8(text, "\ufffd")), smtp.NewSecret("x").String(), "(secret)")
}

// noticeSentence is the matter in a few words, and in a sentence.
func noticeSentence(n schedule.Notice, job config.Job) (what, sentence string) {
	switch n.Kind {
	case schedule.NoticeFailed:
		return "failed", fmt.Sprintf("The job %s failed for %s. What it was to send is not out, or not all of it.", n.Job, n.Record.Period)
	case schedule.NoticeSkipped:
		reason := "too much time had passed when it could run"
		if n.Record.Reason == schedule.ReasonOverlap {
			reason = "its last run was still there"
		}
		if n.Record.Missed > 0 {
			reason += fmt.Sprintf("; nor was it for %d times before", n.Record.Missed)
		}
		return "skipped", fmt.Sprintf("The job %s was not run for %s: %s.", n.Job, n.Record.Period, reason)
	case schedule.NoticeInDoubt:
		return "in doubt", fmt.Sprintf("mailscript ended during the run of %s for %s: its report may be out, or not. It is not run again by itself.", n.Job, n.Record.Period)
	case schedule.NoticeDeadline:
		return "not out in time", fmt.Sprintf("The report of %s for %s was to be out %s after its time, and is not.", n.Job, n.Record.Period, job.Deadline)
	}
	return "more notices", "More happened than this mailbox was told of within an hour. The last of it:"
}
