package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/mailscript/mailscript/config"
	"github.com/mailscript/mailscript/daemon"
	"github.com/mailscript/mailscript/schedule"
	"github.com/spf13/cobra"
)

// serveFlags are the flags of serve.
type serveFlags struct {
	project string
	json    bool
	grace   time.Duration
}

func serveCommand() *cobra.Command {
	var flags serveFlags
	command := &cobra.Command{
		Use:   "serve",
		Short: "Run the jobs of mailscript.toml at their times",
		Long: `serve runs the jobs of a project, [job.NAME] in mailscript.toml, at their times, until
it is told to end. A job runs at most once in each period, whatever happens to the
process; what became of each is kept in .mailscript/jobs.jsonl.

SIGTERM and Ctrl-C end it: no job begins any more, those that run may go on for
--grace, and then they are cancelled. SIGHUP, or a change of mailscript.toml, has it
read the jobs anew; where that has a mistake, the jobs stay as they are.

The log goes to standard error: as text on a terminal, as lines of JSON elsewhere.`,
		Example: "  mailscript serve\n  mailscript serve --project /srv/reports",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if flags.grace <= 0 {
				return usageError{fmt.Errorf("--grace %s is not more than nothing", flags.grace), ""}
			}
			format := logAuto
			if flags.json {
				format = logJSON
			}
			return serve(c.Context(), flags, newLog(c.ErrOrStderr(), format))
		},
	}
	f := command.Flags()
	f.StringVar(&flags.project, "project", "", "run the jobs of the project in `DIR` (default that of the current folder)")
	f.BoolVar(&flags.json, "json", false, "log lines of JSON on a terminal too")
	f.DurationVar(&flags.grace, "grace", 30*time.Second, "how long runs may go on when serve is to end")
	return command
}

// The files of jobs in the folder .mailscript of a project.
const (
	jobsState  = "jobs.jsonl"   // what became of each period; of serve
	jobsLock   = "jobs.lock"    // who serves
	manualFile = "manual.jsonl" // what became of runs that a person began
	manualLock = "manual.lock"
)

// inProject is the path of such a file.
func inProject(p project, name string) string { return filepath.Join(p.folder, ".mailscript", name) }

// openJobs opens the project of a folder, "" being the current one.
func openJobs(folder string, warn func(string)) (project, error) {
	if folder == "" {
		folder = config.Find("")
	}
	path, err := filepath.Abs(filepath.Join(folder, config.Name))
	if err != nil {
		return project{}, err
	}
	file, err := config.Load(path)
	if errors.Is(err, fs.ErrNotExist) {
		return project{}, usageError{fmt.Errorf("%s: there is no %s", filepath.Dir(path), config.Name), "mailscript init writes one; --project names the folder of another"}
	}
	if err != nil {
		return project{}, err
	}
	for _, text := range file.Warnings {
		warn(text)
	}
	return project{filepath.Dir(path), file}, nil
}

// jobServer is serve at work.
type jobServer struct {
	folder   string
	log      *slog.Logger
	shared   shared
	state    schedule.State
	service  *daemon.Notifier
	clock    schedule.Clock  // nil is that of the machine
	watcher  *daemon.Watcher // nil where files cannot be watched
	engine   *schedule.Engine
	notifier atomic.Pointer[notifier] // of the configuration in force
}

// serve runs jobs until the context ends.
func serve(ctx context.Context, flags serveFlags, log *slog.Logger) error {
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP) // before anything that takes time: without it, SIGHUP ends the process
	defer signal.Stop(hangup)
	p, err := openJobs(flags.project, func(text string) { log.Warn(text) })
	if err != nil {
		return err
	}
	if len(p.file.Jobs) == 0 {
		return &config.Error{Path: p.file.Path, Text: "there are no jobs", Hint: "a job is a table [job.NAME] with script and cron; see docs/reports.md"}
	}
	s := &jobServer{folder: p.folder, log: log, shared: newShared(), service: daemon.NewNotifier(os.Getenv, os.Getpid())}
	if s.watcher, err = daemon.NewWatcher(); err == nil {
		defer s.watcher.Close()
		err = s.watcher.Files(watched(p))
	}
	if err != nil {
		log.Warn("changes of files are not noticed; SIGHUP has them read", "err", err)
	}
	return s.serve(ctx, p, flags.grace, hangup)
}

// serve runs the jobs of a project until the context ends and everything has come to an
// end.
func (s *jobServer) serve(ctx context.Context, p project, grace time.Duration, hangup <-chan os.Signal) error {
	lock, state, err := s.openState(p)
	if err != nil {
		return err
	}
	defer lock.Release()
	defer state.Close()
	s.state = state
	jobs, err := (&jobRunner{p, state, s.log, s.shared}).jobs()
	if err != nil {
		return err
	}
	s.notifier.Store(&notifier{p, s.log, s.shared})
	s.engine, err = schedule.New(schedule.Options{
		State: state, Clock: s.clock, Grace: grace, Log: s.log,
		Notify: func(ctx context.Context, n schedule.Notice) error { return s.notifier.Load().send(ctx, n) },
	}, jobs)
	if err != nil {
		return err
	}
	return s.run(ctx, hangup)
}

// openState opens the records of a project, of which one process at a time is the
// keeper.
func (s *jobServer) openState(p project) (*daemon.Lock, *schedule.File, error) {
	if err := folderFor(p); err != nil {
		return nil, nil, err
	}
	lock, err := daemon.Acquire(inProject(p, jobsLock))
	var locked *daemon.LockedError
	if errors.As(err, &locked) {
		h := locked.Holder
		return nil, nil, usageError{fmt.Errorf("the jobs of %s are being run already, by process %d on %s since %s", p.folder, h.PID, h.Host, h.Since.Local().Format(time.DateTime)),
			"two of them would run each job twice; end the other one first"}
	}
	if err != nil {
		return nil, nil, err
	}
	state, err := schedule.OpenFile(inProject(p, jobsState))
	if err != nil {
		lock.Release()
		return nil, nil, err
	}
	return lock, state, nil
}

// watched are the files whose changes matter. Scripts are read whenever they run.
func watched(p project) []string {
	files := []string{p.file.Path}
	for _, job := range p.file.Jobs {
		if job.DaysOffFile != "" {
			files = append(files, job.DaysOffFile)
		}
	}
	return files
}

// run lets the engine run, and takes what is said to it meanwhile.
func (s *jobServer) run(ctx context.Context, hangup <-chan os.Signal) error {
	done := make(chan error, 1)
	go func() { done <- s.engine.Run(ctx) }()
	if err := s.ready(ctx); err != nil {
		return errors.Join(<-done, err)
	}
	var changed <-chan struct{}
	if s.watcher != nil {
		changed = s.watcher.Changed()
	}
	var alive <-chan time.Time
	if wait := s.service.Watchdog(); wait > 0 {
		ticker := time.NewTicker(wait / 2) // sd_watchdog_enabled(3)
		defer ticker.Stop()
		alive = ticker.C
	}
	stop := ctx.Done()
	for {
		select {
		case err := <-done:
			s.log.Info("ended")
			return err
		case <-stop:
			stop, changed, hangup = nil, nil, nil
			s.tell(s.service.Stopping())
		case <-hangup:
			s.reload(ctx, "SIGHUP")
		case <-changed:
			s.reload(ctx, "a change of files")
		case <-alive:
			// Only if the one goroutine that decides still answers.
			asked, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.service.Watchdog()/4)
			if _, err := s.engine.Status(asked); err == nil {
				s.tell(s.service.Alive())
			}
			cancel()
		}
	}
}

// ready says that the jobs are in force, and when the next of them is due.
func (s *jobServer) ready(ctx context.Context) error {
	status, err := s.engine.Status(context.WithoutCancel(ctx))
	if err != nil {
		return err
	}
	summary := counted(len(status), "job")
	attributes := []any{"jobs", len(status), "project", s.folder}
	var next schedule.Status
	for _, job := range status {
		if next.Job == "" || job.Next.Due.Before(next.Next.Due) {
			next = job
		}
	}
	if next.Job != "" {
		summary += fmt.Sprintf("; next: %s at %s", next.Job, moment(next.Next.Due, next.Next.At.Location()))
		attributes = append(attributes, "next", next.Job, "at", next.Next.Due)
	}
	s.log.Info("serving", attributes...)
	s.tell(s.service.Ready(summary))
	return nil
}

// reload takes the configuration as it is now, if there is nothing wrong with it.
func (s *jobServer) reload(ctx context.Context, why string) {
	s.tell(s.service.Reloading())
	err := s.replace(ctx)
	if err != nil {
		text, hint := explain(err)
		s.log.Error("the configuration is broken, and the jobs stay as they were", "err", text, "hint", hint)
		s.tell(s.service.Ready("the configuration is broken, and the jobs stay as they were: " + text))
		return
	}
	s.log.Info("configuration read anew", "because", why)
	if err := s.ready(ctx); err != nil {
		s.log.Error("the scheduler does not answer", "err", err)
	}
}

func (s *jobServer) replace(ctx context.Context) error {
	p, err := openJobs(s.folder, func(text string) { s.log.Warn(text) })
	if err != nil {
		return err
	}
	jobs, err := (&jobRunner{p, s.state, s.log, s.shared}).jobs()
	if err != nil {
		return err
	}
	if err := s.engine.Reload(context.WithoutCancel(ctx), jobs); err != nil {
		return err
	}
	s.notifier.Store(&notifier{p, s.log, s.shared})
	if s.watcher != nil {
		if err := s.watcher.Files(watched(p)); err != nil {
			s.log.Warn("changes of files are not noticed; SIGHUP has them read", "err", err)
		}
	}
	return nil
}

func (s *jobServer) tell(err error) {
	if err != nil {
		s.log.Warn("the service manager was not told", "err", err)
	}
}
