package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/mailscript/mailscript/config"
	"github.com/mailscript/mailscript/engine"
	"github.com/mailscript/mailscript/luaapi"
	"github.com/mailscript/mailscript/schedule"
	"github.com/mailscript/mailscript/smtp"
)

// scheduled are the jobs of a configuration, with their scripts to run.
func scheduled(p project, log *slog.Logger) ([]schedule.Job, error) {
	jobs := make([]schedule.Job, len(p.file.Jobs))
	for i, job := range p.file.Jobs {
		ready, err := job.Scheduled()
		if err != nil {
			return nil, err
		}
		ready.Run = func(ctx context.Context, run schedule.Run) schedule.Result {
			return runJob(ctx, p, job, run, log)
		}
		jobs[i] = ready
	}
	return jobs, nil
}

// runID names one run of a job, in the log and in notices.
func runID(run schedule.Run) string {
	return fmt.Sprintf("%s/%s/%d", run.Job, run.Fire.Period, run.Attempt)
}

// runJob runs the script of a job once, with a runtime and modules of its own.
// What the script prints goes to the log.
func runJob(ctx context.Context, p project, job config.Job, run schedule.Run, log *slog.Logger) schedule.Result {
	log = log.With("job", run.Job, "run", runID(run))
	output := &jobOutput{log: log}
	stdout, stderr := &lineWriter{output: output, stream: "stdout"}, &lineWriter{output: output, stream: "stderr"}
	var mail jobMail
	flags := runFlags{
		project: &p, account: job.Account, checked: mail.look,
		adapt: func(options *luaapi.Options) { adaptToJob(options, log) },
	}
	status, err := luaRun(ctx, job, flags, stdout, stderr)
	stdout.close()
	stderr.close()
	result := mail.result(ctx, status, err)
	result.Log = output.end()
	return result
}

// luaRun is run with the script of a job, which reads nothing.
func luaRun(ctx context.Context, job config.Job, flags runFlags, stdout, stderr *lineWriter) (int, error) {
	return run(ctx, job.Script, job.Args, flags, strings.NewReader(""), stdout, stderr)
}

// adaptToJob has the modules of a run tell the log.
func adaptToJob(options *luaapi.Options, log *slog.Logger) {
	options.OnResult = func(e luaapi.Event) { logMail(log, e) }
}

// logMail says what became of one message.
func logMail(log *slog.Logger, e luaapi.Event) {
	attributes := []slog.Attr{
		slog.String("message_id", e.MessageID), slog.String("account", e.Account), slog.String("outcome", string(e.Result.Outcome)),
		slog.Int("recipients", len(e.Result.Recipients)),
	}
	if e.Result.Reply.Code != 0 {
		attributes = append(attributes, slog.String("reply", e.Result.Reply.String()))
	}
	if e.Fault != nil {
		attributes = append(attributes, slog.String("err", e.Fault.Error()))
	}
	level := slog.LevelInfo
	if e.Result.Outcome != smtp.Sent {
		level = slog.LevelWarn
	}
	log.LogAttrs(context.Background(), level, "mail", attributes...)
}

// jobMail is what a run did with mail.
type jobMail struct {
	tally luaapi.Tally
	hint  string // about the first copy that was not sent
}

func (m *jobMail) look(api *luaapi.API) {
	m.tally = api.Tally()
	for _, u := range api.Undelivered() {
		if m.hint == "" {
			m.hint = u.Hint
		}
	}
}

// result is what a run says of itself.
func (m *jobMail) result(ctx context.Context, status int, err error) schedule.Result {
	result := schedule.Result{Outcome: schedule.OutcomeOK}
	// The script as a whole would send again what was sent.
	result.Final = m.tally.Sent > 0 || m.tally.InDoubt > 0
	var interrupted *engine.Interrupted
	switch {
	case status == 0:
		return result
	case errors.As(err, &interrupted) && ctx.Err() != nil:
		result.Err = context.Cause(ctx)
	case err != nil:
		var text string
		text, result.Hint = explain(err)
		result.Err = errors.New(text)
	default:
		result.Err = fmt.Errorf("mail was not delivered: %d in doubt, %d failed, %d deferred (sent: %d)", m.tally.InDoubt, m.tally.Failed, m.tally.Deferred, m.tally.Sent)
		result.Hint = m.hint
	}
	result.Outcome = schedule.OutcomeFailed
	return result
}
