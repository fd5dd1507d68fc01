package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/mailscript/mailscript/engine"
	"github.com/mailscript/mailscript/luaapi"
	"github.com/spf13/cobra"
)

func accountCommand() *cobra.Command {
	var path string
	var trace bool
	command := &cobra.Command{
		Use:   "account",
		Short: "Test the accounts of mailscript.toml",
		Args:  cobra.NoArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	test := &cobra.Command{
		Use:   "test [NAME]",
		Short: "Connect and log in, and send nothing",
		Long: `test connects with an account of mailscript.toml (default "default"), encrypts,
logs in, and says what the server offers. It sends nothing.`,
		Example: "  mailscript account test\n  mailscript account test --trace reports",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			name := "default"
			if len(args) == 1 {
				name = args[0]
			}
			return testAccount(c.Context(), name, path, trace, c.InOrStdin(), c.OutOrStdout(), c.ErrOrStderr())
		},
	}
	test.Flags().StringVar(&path, "config", "", "use the configuration in `FILE`")
	test.Flags().BoolVar(&trace, "trace", false, "show what crosses the connection on standard error, credentials replaced")
	command.AddCommand(test)
	return command
}

// accountTest is the test as the script a user could write.
const accountTest = `
local smtp = require "smtp"
local session = smtp.connect(arg[1])
print("connected to " .. tostring(session):gsub("^session with ", ""))
if session.tls then
  print(session.tls.version .. ", certificate of " .. table.concat(session.tls.names, ", ") .. ", valid until " .. session.tls.expires)
else
  print("not encrypted")
end
print("logged in: " .. session:auth().text)
local offered = {}
for keyword in pairs(session.capabilities) do offered[#offered + 1] = keyword end
table.sort(offered)
print("offers " .. table.concat(offered, " "))
if session.max_size then print(("messages up to %.1f MB"):format(session.max_size / 1e6)) end
session:quit()
`

func testAccount(ctx context.Context, name, path string, trace bool, stdin io.Reader, stdout, stderr io.Writer) error {
	warn := func(text string) { fmt.Fprintln(stderr, "mailscript: warning:", text) }
	p, err := openProject(filepath.Join(".", "account.lua"), path, warn)
	if err != nil {
		return err
	}
	report := &reporter{text: stderr}
	options := luaapi.Options{Root: p.folder, Config: p.file, Secrets: secretReader(p, stderr, warn), Notice: warn}
	if trace {
		options.Trace = report.trace
	}
	api := luaapi.New(options)
	runtime := engine.New(engine.Options{Modules: api.Modules(), Args: []string{name}, Stdin: stdin, Stdout: stdout, Stderr: stderr, Warn: warn})
	script, err := engine.LoadSource("account test", strings.TrimPrefix(accountTest, "\n"))
	if err != nil {
		return err
	}
	err = runtime.Run(ctx, script)
	if closing := runtime.Close(ctx); err == nil {
		err = closing
	}
	api.Close(ctx)
	var fault *engine.Fault
	if errors.As(err, &fault) {
		fault.Where = "" // a line of the script above helps nobody
	}
	return err
}
