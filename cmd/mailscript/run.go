package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"

	"github.com/mailscript/mailscript/engine"
	"github.com/mailscript/mailscript/luaapi"
	"github.com/mailscript/mailscript/mime"
	"github.com/mailscript/mailscript/sink"
	"github.com/mailscript/mailscript/smtp"
	"github.com/spf13/cobra"
)

// runFlags are the flags of run.
type runFlags struct {
	sink     string
	dryRun   bool
	to       string
	limit    int
	config   string
	account  string
	trace    bool
	json     bool
	accept   bool // merges go on with another script or template than they began with
	takeover bool // the ledger is of another machine

	unreported bool // the caller says what the sink caught

	export  *luaapi.Export        // rows are read for a report; nil lets merges send
	resume  string                // the one merge that sends; "" lets all
	begun   func()                // is told when a merge begins that keeps the ledger; nil where nobody asks
	project *project              // has been opened already
	books   *luaapi.Books         // shared with other runs of the process; nil with none
	memory  *engine.Memory        // the same
	adapt   func(*luaapi.Options) // what the caller wants different
	nothing func(reason string)   // is told that there is nothing to report

	check   *luaapi.Checking  // merges only look at their rows; nil where they send
	checked func(*luaapi.API) // is told at the end
}

// newFolder stands for --sink without a folder.
const newFolder = "(new)"

func runCommand(status *int) *cobra.Command {
	var flags runFlags
	command := &cobra.Command{
		Use:   "run SCRIPT [-- ARGUMENT...]",
		Short: "Run a script",
		Long: `run runs a Lua script. What stands behind -- is the script's arg.

With --sink, every connection goes to a server inside mailscript: nothing leaves
the machine, no account is needed, and what was sent is kept as a Maildir.`,
		Example: "  mailscript run --sink examples/hello.lua\n  mailscript run --trace probe.lua -- mail.example.org",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usageError{errors.New("no script given"), "mailscript run SCRIPT"}
			}
			return nil
		},
		ValidArgsFunction: luaFiles,
		RunE: func(c *cobra.Command, args []string) error {
			var err error
			*status, err = run(c.Context(), args[0], args[1:], flags, c.InOrStdin(), c.OutOrStdout(), c.ErrOrStderr())
			return err
		},
	}
	f := command.Flags()
	f.SetInterspersed(true)
	f.StringVar(&flags.sink, "sink", "", "keep all mail in `DIR` (default a new folder) instead of sending it")
	f.Lookup("sink").NoOptDefVal = newFolder
	f.BoolVar(&flags.dryRun, "dry-run", false, "build everything and send nothing")
	f.StringVar(&flags.to, "to", "", "send everything to `ADDRESS` and to nobody else, whatever the script says")
	f.IntVar(&flags.limit, "limit", 0, "end the run after `N` messages")
	f.StringVar(&flags.config, "config", "", "use the configuration in `FILE`")
	f.StringVar(&flags.account, "account", "", "use account `NAME` where the script names none")
	f.BoolVar(&flags.trace, "trace", false, "show what crosses each connection on standard error, credentials replaced")
	f.BoolVar(&flags.accept, "accept-changes", false, "let merges go on with another script or template than they began with")
	f.BoolVar(&flags.takeover, "takeover", false, "use a ledger that was copied here, or restored: what was sent after that it does not know")
	f.BoolVar(&flags.json, "json", false, "report on standard output as JSON, a line each; what the script prints goes to standard error")
	return command
}

func luaFiles(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return []string{"lua"}, cobra.ShellCompDirectiveFilterFileExt
}

// run runs one script and returns the exit status of the mail it sent. The
// error is that of the script.
func run(ctx context.Context, path string, args []string, flags runFlags, stdin io.Reader, stdout, stderr io.Writer) (int, error) {
	script, err := engine.Load(path)
	if err != nil {
		return 0, err
	}
	terminal := stderr // programs that are asked for passwords write to it themselves
	screen := newScreen(stderr)
	stdout, stderr = screen.beside(stdout), screen.beside(stderr)
	warn := func(text string) { fmt.Fprintln(stderr, "mailscript: warning:", text) }
	var p project
	if flags.project != nil {
		p = *flags.project
	} else if p, err = openProject(path, flags.config, warn); err != nil {
		return 0, err
	}
	allowed, err := bounds(flags, p)
	if err != nil {
		return 0, err
	}
	report := &reporter{text: stderr, dryRun: flags.dryRun, script: path, project: p.folder}
	screen.caught = flags.sink != "" || flags.dryRun
	printed := stdout
	if flags.json {
		report.json, printed = stdout, stderr
	}
	options := luaapi.Options{
		Root: p.folder, Context: ctx, Config: p.file, Account: flags.account, Guard: allowed.Guard(),
		Secrets: secretReader(p, terminal, warn), Notice: warn, OnResult: report.result, Check: flags.check,
		Books: flags.books, Export: flags.export, Resume: flags.resume, Progress: screen.progress, Merged: screen.merged,
	}
	if flags.json {
		options.Progress, options.Merged = report.progress, report.merged
	}
	if flags.sink == "" && !flags.dryRun && flags.to == "" {
		options.Ledger = p.folder
		options.Begun = func(merge string) {
			noteOrigin(p.folder, merge, originOf(p.folder, path, args, flags), warn)
			report.kept = append(report.kept, merge)
			if flags.begun != nil {
				flags.begun()
			}
		}
	}
	options.Script, options.AcceptChanges, options.Takeover = script.Sum(), flags.accept, flags.takeover
	if flags.trace {
		options.Trace = report.trace
	}
	if flags.adapt != nil {
		flags.adapt(&options)
	}
	var caught *sink.Sink
	if flags.sink != "" || flags.dryRun {
		if caught, err = openSink(flags); err != nil {
			return 0, err
		}
		if flags.dryRun {
			defer os.RemoveAll(caught.Dir())
		}
		options.Rehearsal, options.RootCAs = true, caught.RootCAs()
		options.Dial = func(ctx context.Context, t smtp.Target) (net.Conn, error) {
			return caught.Dial(ctx, t.Host, t.Port, t.TLS)
		}
	}
	api := luaapi.New(options)
	runtime := engine.New(engine.Options{
		Modules: api.Modules(), Args: args, Root: p.folder,
		Stdin: stdin, Stdout: printed, Stderr: stderr, Warn: warn, Memory: flags.memory,
	})
	err = runtime.Run(ctx, script)
	var limit *luaapi.LimitReached
	var exported *luaapi.Exported
	if errors.As(err, &exported) {
		err = nil
	}
	if errors.As(err, &limit) {
		// What was asked for, and no error.
		fmt.Fprintf(stderr, "mailscript: ended: %v\n", limit)
		err = nil
	}
	var nothing *luaapi.NothingToReport
	if errors.As(err, &nothing) {
		fmt.Fprintf(stderr, "mailscript: %v\n", nothing)
		if flags.nothing != nil {
			flags.nothing(nothing.Reason)
		}
		err = nil
	}
	// Before the goodbyes, which nobody waits long for: mail that is on its way has
	// all the time its replies may take, and after Ctrl-C a few seconds.
	api.Drain()
	// Goodbyes are said even after Ctrl-C, but nobody waits long for them.
	goodbye, cancel := context.WithTimeout(context.WithoutCancel(ctx), luaapi.QuitGrace())
	defer cancel()
	if ctx.Err() != nil {
		cancel()
	}
	api.Close(goodbye)
	err = errors.Join(err, runtime.Close(goodbye))
	if caught != nil {
		err = errors.Join(err, caught.Close())
		if !flags.unreported {
			report.caught(caught)
		}
	}
	if flags.checked != nil {
		flags.checked(api)
	}
	status := runStatus(err, api.Tally())
	report.end(api, status, err)
	return status, err
}

// bounds are what the command line and the configuration let a run send.
func bounds(flags runFlags, p project) (luaapi.Bounds, error) {
	b := luaapi.Bounds{Limit: flags.limit}
	if flags.limit < 0 {
		return b, usageError{fmt.Errorf("--limit %d is less than 0", flags.limit), "give the number of messages to send"}
	}
	if p.file != nil && len(p.file.AllowDomains) > 0 {
		b.Allows = p.file.AllowsDomain
	}
	if flags.to != "" {
		address, err := mime.ParseAddress(flags.to)
		if err != nil {
			return b, usageError{fmt.Errorf("--to: %w", err), "give one address, as in --to you@example.org"}
		}
		if b.To, err = address.Wire(); err != nil {
			return b, usageError{fmt.Errorf("--to: %w", err), ""}
		}
	}
	return b, nil
}

// openSink opens the embedded server. A dry run keeps nothing: the folder goes
// with it.
func openSink(flags runFlags) (*sink.Sink, error) {
	if flags.dryRun && flags.sink != "" {
		return nil, usageError{errors.New("--sink and --dry-run exclude each other"), "--sink keeps what would be sent, --dry-run does not"}
	}
	folder := flags.sink
	if folder == newFolder || flags.dryRun {
		made, err := os.MkdirTemp("", "mailscript-sink-")
		if err != nil {
			return nil, err
		}
		folder = made
	}
	return sink.Open(sink.Options{Dir: folder})
}
