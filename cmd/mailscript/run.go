package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"

	"github.com/mailscript/mailscript/engine"
	"github.com/mailscript/mailscript/luaapi"
	"github.com/mailscript/mailscript/sink"
	"github.com/mailscript/mailscript/smtp"
	"github.com/spf13/cobra"
)

// runFlags are the flags of run.
type runFlags struct {
	sink  string
	trace bool
	json  bool
}

// newFolder stands for --sink without a folder.
const newFolder = "\x00new"

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
	f.BoolVar(&flags.trace, "trace", false, "show what crosses each connection on standard error, credentials replaced")
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
	report := &reporter{text: stderr}
	printed := stdout
	if flags.json {
		report.json, printed = stdout, stderr
	}
	options := luaapi.Options{Root: projectFolder(path), OnResult: report.result}
	if flags.trace {
		options.Trace = report.trace
	}
	var caught *sink.Sink
	if flags.sink != "" {
		if caught, err = openSink(flags.sink); err != nil {
			return 0, err
		}
		options.Rehearsal, options.RootCAs = true, caught.RootCAs()
		options.Dial = func(ctx context.Context, t smtp.Target) (net.Conn, error) {
			return caught.Dial(ctx, t.Host, t.Port, t.TLS)
		}
	}
	api := luaapi.New(options)
	runtime := engine.New(engine.Options{
		Modules: api.Modules(), Args: args, Root: options.Root,
		Stdin: stdin, Stdout: printed, Stderr: stderr,
		Warn: func(text string) { fmt.Fprintln(stderr, "mailscript: warning:", text) },
	})
	err = runtime.Run(ctx, script)
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
		report.caught(caught)
	}
	status := tallyStatus(api.Tally())
	if err != nil {
		status = exitStatus(err)
	}
	report.end(api.Tally(), status, err)
	return status, err
}

// projectFolder is where a script's files are: the nearest folder at or above
// it that holds mailscript.toml, else its own. The current folder never matters.
func projectFolder(script string) string {
	path, err := filepath.Abs(script)
	if err != nil {
		path = script
	}
	own := filepath.Dir(path)
	for folder := own; ; folder = filepath.Dir(folder) {
		if info, err := os.Stat(filepath.Join(folder, "mailscript.toml")); err == nil && info.Mode().IsRegular() {
			return folder
		}
		if folder == filepath.Dir(folder) {
			return own
		}
	}
}

func openSink(folder string) (*sink.Sink, error) {
	if folder == newFolder {
		made, err := os.MkdirTemp("", "mailscript-sink-")
		if err != nil {
			return nil, err
		}
		folder = made
	}
	return sink.Open(sink.Options{Dir: folder})
}
