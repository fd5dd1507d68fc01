// Command mailscript runs Lua scripts that send mail.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	_ "time/tzdata" // zones of events, where the machine has none

	"github.com/mailscript/mailscript/collector"
	"github.com/spf13/cobra"
)

func main() {
	collector.Watch()
	ctx, stop := interruptible()
	code := Main(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// interruptible is a context that ends with the first Ctrl-C. The second ends the
// process at once, as if mailscript had never asked for signals.
func interruptible() (context.Context, context.CancelFunc) {
	signals, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	ctx, cancel := context.WithCancelCause(context.Background())
	context.AfterFunc(signals, func() {
		stop() // before anybody hears of the first
		cancel(context.Cause(signals))
	})
	return ctx, stop
}

// Main is the command without the process around it.
func Main(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	status := 0
	root := rootCommand(&status)
	root.SetArgs(withRun(root, args))
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	if err := root.ExecuteContext(ctx); err != nil {
		if code := complain(stderr, err); status == 0 {
			return code
		}
	}
	return status
}

const exitStatusHelp = `
Exit status:
   0  everything was delivered
  64  the command was called wrongly
  65  the script has a mistake, or raised a fault it did not catch
  69  some mail was refused for good, or a server could not be used
  70  a mistake of mailscript itself
  74  some mail is in doubt: its end was written and never answered
  75  some mail was refused for now, a server could not be reached, or another run has the ledger
  76  mailscript probe, lint or ledger check found something that is an error
  78  the configuration is wrong
 130  interrupted
 os.exit(n) in a script gives n. Mail the script called handled() does not count.
`

func rootCommand(status *int) *cobra.Command {
	root := &cobra.Command{
		Use:           "mailscript",
		Short:         "Script mail with Lua",
		Long:          "mailscript runs Lua scripts that build messages, send them and look at what the servers answer.",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usageError{fmt.Errorf("unknown command %q", args[0]), "mailscript help lists the commands; a script to run ends in .lua"}
			}
			return nil
		},
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.AddCommand(runCommand(status), checkCommand(status), initCommand(), accountCommand(), probeCommand(status), lintCommand(status), dkimCommand(),
		runsCommand(status), statusCommand(status), resumeCommand(status), exportCommand(status), doubtCommand(status), auditCommand(status), suppressionsCommand(status), ledgerCommand(status),
		serveCommand(), jobsCommand(status), docCommand(), versionCommand())
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return usageError{err, "mailscript help " + c.Name() + " lists the flags"}
	})
	root.SetHelpTemplate(`{{with (or .Long .Short)}}{{. | trimTrailingWhitespaces}}{{end}}

{{.UsageString}}` + exitStatusHelp)
	return root
}

// withRun lets `mailscript script.lua` mean `mailscript run script.lua`, which
// is what makes #!/usr/bin/env mailscript work.
func withRun(root *cobra.Command, args []string) []string {
	for _, arg := range args {
		if strings.HasPrefix(arg, "-") && arg != "-" {
			if arg == "--" {
				break
			}
			continue
		}
		for _, command := range root.Commands() {
			if command.Name() == arg || command.HasAlias(arg) {
				return args
			}
		}
		if _, err := os.Stat(arg); err == nil || strings.HasSuffix(arg, ".lua") {
			return append([]string{"run"}, args...)
		}
		return args
	}
	return args
}
