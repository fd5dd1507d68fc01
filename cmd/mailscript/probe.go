package main

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mailscript/mailscript/config"
	"github.com/mailscript/mailscript/engine"
	"github.com/mailscript/mailscript/luaapi"
	"github.com/mailscript/mailscript/probe"
	"github.com/mailscript/mailscript/smtp"
	"github.com/spf13/cobra"
)

// exitFound is the status where a finding is an error (EX_PROTOCOL).
const exitFound = 76

type probeFlags struct {
	account, config, tls, ca string
	auth, json, trace        bool
	timeout                  time.Duration
}

func probeCommand(status *int) *cobra.Command {
	var flags probeFlags
	command := &cobra.Command{
		Use:   "probe HOST[:PORT]",
		Short: "Find out what a server offers, and what is wrong with it",
		Long: `probe asks a mail server what it offers: encryption and certificates, log-ins,
limits, and whether PIPELINING and CHUNKING do what they should. It says what
is wrong, why that is likely, and what to write into mailscript.toml. It sends
nothing. Without a port it tries 465, 587 and 25.

A finding is an error (status 76), a warning or a note. Errors are what keeps
mailscript from using the server as it should be used.`,
		Example: "  mailscript probe mail.example.org\n  mailscript probe mail.example.org:587 --json\n  mailscript probe --account reports --auth",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			server := ""
			if len(args) == 1 {
				server = args[0]
			}
			failed, err := probeServer(c.Context(), server, flags, c.OutOrStdout(), c.ErrOrStderr())
			if failed && err == nil {
				*status = exitFound
			}
			return err
		},
	}
	f := command.Flags()
	f.StringVar(&flags.account, "account", "", "ask the server of account `NAME`")
	f.BoolVar(&flags.auth, "auth", false, "log in too, with the password of the account")
	f.StringVar(&flags.tls, "tls", "", "the `MODE` that is meant: implicit, starttls, opportunistic, off; another one is an error then")
	f.StringVar(&flags.ca, "ca", "", "trust the authorities in the PEM `FILE` in place of the system's")
	f.DurationVar(&flags.timeout, "timeout", 15*time.Second, "`TIME` for each exchange")
	f.StringVar(&flags.config, "config", "", "use the configuration in `FILE`")
	f.BoolVar(&flags.trace, "trace", false, "show what crosses each connection on standard error, credentials replaced")
	f.BoolVar(&flags.json, "json", false, "report as JSON")
	return command
}

// probeServer reports on a server, and whether an error was found.
func probeServer(ctx context.Context, server string, flags probeFlags, stdout, stderr io.Writer) (failed bool, err error) {
	options := probe.Options{Timeout: flags.timeout, Advise: luaapi.Advice}
	switch {
	case server == "" && flags.account == "":
		return false, usageError{errors.New("no server given"), "mailscript probe HOST[:PORT], or --account NAME"}
	case server != "" && flags.account != "":
		return false, usageError{errors.New("a server and --account exclude each other"), ""}
	case flags.account == "" && flags.auth:
		return false, usageError{errors.New("--auth needs --account"), "the password is that of an account in mailscript.toml"}
	case flags.account != "" && (flags.tls != "" || flags.ca != ""):
		return false, usageError{errors.New("--account excludes --tls and --ca"), "these are settings of the account"}
	case flags.tls != "" && !slices.Contains(tlsModes(), flags.tls):
		return false, usageError{fmt.Errorf("--tls %q is none of %s", flags.tls, strings.Join(tlsModes(), ", ")), ""}
	case flags.timeout <= 0:
		return false, usageError{fmt.Errorf("--timeout %v is not a time to wait", flags.timeout), "a minute is 1m"}
	case flags.account != "":
		err = probeAccount(ctx, &options, flags, stderr)
	default:
		options.Connection, err = serverOf(server, flags)
		options.CA = flags.ca
	}
	if err != nil {
		return false, err
	}
	if flags.trace {
		options.Connection.Trace = (&reporter{text: stderr}).trace
	}
	options.Known = luaapi.KnownService(options.Connection.Host)
	report := probe.Run(ctx, options)
	if ctx.Err() != nil {
		return false, &engine.Interrupted{Cause: context.Cause(ctx)}
	}
	if flags.json {
		encoder := json.NewEncoder(stdout)
		encoder.SetIndent("", "  ")
		encoder.SetEscapeHTML(false)
		err = encoder.Encode(report)
	} else {
		_, err = io.WriteString(stdout, report.String())
	}
	return report.Failed(), err
}

func tlsModes() []string {
	return []string{string(smtp.TLSImplicit), string(smtp.TLSStartTLS), string(smtp.TLSOpportunistic), string(smtp.TLSOff)}
}

// serverOf reads HOST, HOST:PORT, [ADDRESS]:PORT.
func serverOf(server string, flags probeFlags) (smtp.Options, error) {
	o := smtp.Options{Host: strings.Trim(server, "[]"), TLS: smtp.TLSMode(flags.tls)}
	if host, port, err := net.SplitHostPort(server); err == nil {
		n, err := strconv.Atoi(port)
		if err != nil || n < 1 || n > 65535 {
			return o, usageError{fmt.Errorf("port %q is not between 1 and 65535", port), "mail.example.org:587, or [2001:db8::25]:587"}
		}
		o.Host, o.Port = host, n
	}
	if flags.ca == "" {
		return o, nil
	}
	text, err := os.ReadFile(flags.ca)
	if err != nil {
		return o, usageError{fmt.Errorf("--ca: %w", err), ""}
	}
	if o.RootCAs = x509.NewCertPool(); !o.RootCAs.AppendCertsFromPEM(text) {
		return o, usageError{fmt.Errorf("--ca: %s holds no certificate", flags.ca), "a PEM file has lines that say BEGIN CERTIFICATE"}
	}
	return o, nil
}

// probeAccount takes the server, and the log-in, from an account.
func probeAccount(ctx context.Context, options *probe.Options, flags probeFlags, stderr io.Writer) error {
	warn := func(text string) { fmt.Fprintln(stderr, "mailscript: warning:", text) }
	p, err := openProject(filepath.Join(".", "probe.lua"), flags.config, warn)
	if err != nil {
		return err
	}
	var entry config.Account
	known := false
	if p.file != nil {
		entry, known = p.file.Accounts[flags.account]
	}
	if !known {
		return usageError{fmt.Errorf("there is no account %q", flags.account), "accounts stand in mailscript.toml as [account." + flags.account + "]"}
	}
	connection, err := entry.Options()
	if err != nil {
		return err
	}
	extras, err := entry.Extras()
	if err != nil {
		return err
	}
	connection.SourceAddress, connection.Certificates, connection.Pins = extras.SourceAddress, extras.Certificates, extras.Pins
	connection.Port = luaapi.PortOf(connection)
	options.Connection, options.Account = connection, flags.account
	if !flags.auth {
		return nil
	}
	credentials, err := entry.Credentials(ctx, secretReader(p, stderr, warn))
	options.Login = &credentials
	return err
}
