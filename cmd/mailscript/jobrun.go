package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strings"
	"sync/atomic"

	"github.com/mailscript/mailscript/config"
	"github.com/mailscript/mailscript/engine"
	"github.com/mailscript/mailscript/luaapi"
	"github.com/mailscript/mailscript/schedule"
	"github.com/mailscript/mailscript/smtp"
)

// jobRunner runs the jobs of one configuration.
type jobRunner struct {
	project project
	state   schedule.State
	log     *slog.Logger
	shared  shared
}

// shared is what all runs of one process have in common, whatever the configuration.
type shared struct {
	books  *luaapi.Books
	memory *engine.Memory
	// dial replaces every connection; nil is the network.
	dial func(context.Context, smtp.Target) (net.Conn, error)
	// running is how many runs there are.
	running *atomic.Int64
}

func newShared() shared {
	return shared{books: luaapi.NewBooks(), memory: engine.NewMemory(0), running: &atomic.Int64{}}
}

// idle gives the memory of a run back to the system if it was the last one and took much:
// serve waits for most of its life, and Go would keep what it may need again.
func (s *shared) idle() {
	if s.running.Add(-1) > 0 {
		return
	}
	kept := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/memory/classes/heap/free:bytes"}}
	metrics.Read(kept)
	if kept[0].Value.Uint64()+kept[1].Value.Uint64() > muchMemory {
		runtime.GC() // what is pooled goes the second time
		debug.FreeOSMemory()
	}
}

// muchMemory is what serve has after runs that take little, in bytes, and some more.
const muchMemory = 12 << 20

// jobs are those of the configuration, with scripts to run.
func (r *jobRunner) jobs() ([]schedule.Job, error) {
	jobs := make([]schedule.Job, len(r.project.file.Jobs))
	for i, job := range r.project.file.Jobs {
		ready, err := job.Scheduled()
		if err != nil {
			return nil, err
		}
		ready.Run = func(ctx context.Context, run schedule.Run) schedule.Result { return r.run(ctx, job, run) }
		jobs[i] = ready
		if _, err := os.Stat(job.Script); err != nil {
			// It may be there when it is time, and is no reason to keep others from running.
			r.log.Warn("a script cannot be read", "job", job.Name, "err", err)
		}
	}
	return jobs, nil
}

// run runs the script of a job once, with a runtime and modules of its own. What the
// script prints goes to the log.
func (r *jobRunner) run(ctx context.Context, job config.Job, told schedule.Run) schedule.Result {
	r.shared.running.Add(1)
	defer r.shared.idle()
	log := r.log.With("job", told.Job, "run", fmt.Sprintf("%s/%s/%d", told.Job, told.Fire.Period, told.Attempt))
	output := &jobOutput{log: log}
	stdout, stderr := &lineWriter{output: output, stream: "stdout"}, &lineWriter{output: output, stream: "stderr"}
	mail := jobMail{ctx: ctx}
	flags := runFlags{project: &r.project, books: r.shared.books, memory: r.shared.memory, account: job.Account, checked: mail.look, nothing: mail.skip}
	flags.adapt = func(options *luaapi.Options) {
		options.Job = scriptJob(job.Job, told.Fire, r.state)
		options.Log = output.logger()
		options.Dial = r.shared.dial
		options.OnResult = func(e luaapi.Event) { logMail(log, e) }
	}
	status, err := run(ctx, job.Script, job.Args, flags, strings.NewReader(""), stdout, stderr)
	stdout.close()
	stderr.close()
	result := mail.result(status, err)
	result.Log = output.end()
	return result
}

// scriptJob is what a script is told about the job it runs for.
func scriptJob(job schedule.Job, fire schedule.Fire, state schedule.State) *luaapi.Job {
	told := &luaapi.Job{Name: job.Name, Period: fire.Period, Zone: job.Zone, Scheduled: fire.At, Mode: luaapi.JobScheduled}
	// The first may be that of this run.
	records, err := state.History(job.Name, fire.At, 2)
	if err != nil {
		return told // it can do without
	}
	for _, r := range records {
		if r.Period != fire.Period && told.Previous == nil {
			told.Previous = &luaapi.PreviousRun{At: r.At, Period: r.Period, Outcome: string(r.Outcome)}
		}
	}
	return told
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
	ctx     context.Context // of the run
	tally   luaapi.Tally
	hint    string // about the first copy that was not sent
	nothing string // why there was nothing to report
}

func (m *jobMail) look(api *luaapi.API) {
	m.tally = api.Tally()
	for _, u := range api.Undelivered() {
		if m.hint == "" {
			m.hint = u.Hint
		}
	}
}

func (m *jobMail) skip(reason string) { m.nothing = reason }

// result is what a run says of itself.
func (m *jobMail) result(status int, err error) schedule.Result {
	result := schedule.Result{Outcome: schedule.OutcomeOK}
	// The script as a whole would send again what was sent.
	result.Final = m.tally.Sent > 0 || m.tally.InDoubt > 0
	if status == 0 {
		status = exitStatus(err) // of a run that did not come to begin
	}
	var interrupted *engine.Interrupted
	switch {
	case status == 0 && m.nothing != "":
		result.Outcome, result.Err = schedule.OutcomeNothing, errors.New(m.nothing)
		return result
	case status == 0:
		return result
	case errors.As(err, &interrupted) && m.ctx.Err() != nil:
		result.Err = errors.New(strings.TrimPrefix(context.Cause(m.ctx).Error(), "schedule: "))
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
