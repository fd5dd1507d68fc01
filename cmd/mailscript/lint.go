package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/mail"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mailscript/mailscript/mime/lint"
	"github.com/spf13/cobra"
)

type lintFlags struct {
	json            bool
	ignore          []string
	limit           int
	config, account string
}

func lintCommand(status *int) *cobra.Command {
	var flags lintFlags
	command := &cobra.Command{
		Use:   "lint FILE... [-- ARGUMENT...]",
		Short: "Find out what is wrong with messages",
		Long: `lint looks at messages as a server would get them and says what is wrong, where,
and what to do about it. A file ending in .lua is a script: it is run, nothing
leaves the machine, and every message it would send is looked at. Any other
file is a message; - is one on standard input.

A finding is an error (status 76), a warning or a note (status 0). Errors are
what breaks a message; docs/lint.md lists the rules.`,
		Example: "  mailscript lint hello.eml\n  mailscript lint newsletter.lua -- november.csv\n  mailscript lint --json --ignore line-long *.eml",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usageError{errors.New("nothing to look at"), "mailscript lint FILE.eml, or SCRIPT.lua"}
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			files, scriptArgs := args, []string(nil)
			if n := c.ArgsLenAtDash(); n >= 0 {
				files, scriptArgs = args[:n], args[n:]
			}
			if len(files) == 0 {
				return usageError{errors.New("nothing to look at"), "mailscript lint FILE.eml, or SCRIPT.lua"}
			}
			var err error
			*status, err = lintFiles(c.Context(), files, scriptArgs, flags, c.InOrStdin(), c.OutOrStdout(), c.ErrOrStderr())
			return err
		},
	}
	f := command.Flags()
	f.BoolVar(&flags.json, "json", false, "report as JSON")
	f.StringSliceVar(&flags.ignore, "ignore", nil, "leave out `RULE`")
	f.IntVar(&flags.limit, "limit", 0, "end each script after `N` messages")
	f.StringVar(&flags.config, "config", "", "use the configuration in `FILE`")
	f.StringVar(&flags.account, "account", "", "use account `NAME` where a script names none")
	return command
}

// lintFiles looks at all files. What scripts print goes to standard error.
func lintFiles(ctx context.Context, files, args []string, flags lintFlags, stdin io.Reader, stdout, stderr io.Writer) (int, error) {
	report := lintReport{options: lint.Options{Ignore: flags.ignore}, Findings: []lintFinding{}}
	if _, err := lint.Check([]byte("\r\n"), report.options); err != nil {
		return 0, usageError{fmt.Errorf("--ignore: %w", err), "docs/lint.md lists the rules"}
	}
	status := 0
	var failed error
	for _, path := range files {
		of := 0
		switch {
		case path == "-":
			failed = report.read(path, stdin)
		case strings.HasSuffix(path, ".lua"):
			of, failed = report.script(ctx, path, args, flags, stdin, stderr)
		default:
			failed = report.file(path)
		}
		if status == 0 {
			status = of
		}
		if failed != nil {
			break // and what was found before is told
		}
	}
	if report.Errors > 0 && status == 0 && failed == nil {
		status = exitFound
	}
	if flags.json {
		encoder := json.NewEncoder(stdout)
		encoder.SetIndent("", "  ")
		encoder.SetEscapeHTML(false)
		return status, errors.Join(failed, encoder.Encode(report))
	}
	_, err := io.WriteString(stdout, report.String())
	return status, errors.Join(failed, err)
}

// lintReport is all that was found.
type lintReport struct {
	options  lint.Options
	Messages int           `json:"messages"`
	Errors   int           `json:"errors"`
	Warnings int           `json:"warnings"`
	Notes    int           `json:"notes"`
	Findings []lintFinding `json:"findings"`
}

// lintFinding is a finding and the message it is about.
type lintFinding struct {
	File     string        `json:"file"`
	Message  int           `json:"message,omitempty"` // of a script, from 1
	Subject  string        `json:"subject,omitempty"`
	Rule     string        `json:"rule"`
	Severity lint.Severity `json:"severity"`
	Line     int           `json:"line,omitempty"`
	Header   string        `json:"header,omitempty"`
	Part     string        `json:"part,omitempty"`
	Text     string        `json:"text"`
	Hint     string        `json:"hint"`

	found lint.Finding
}

// script runs a script in a rehearsal and looks at what it sent.
func (r *lintReport) script(ctx context.Context, path string, args []string, flags lintFlags, stdin io.Reader, stderr io.Writer) (int, error) {
	folder, err := os.MkdirTemp("", "mailscript-lint-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(folder)
	rehearsal := runFlags{sink: folder, unreported: true, limit: flags.limit, config: flags.config, account: flags.account}
	// What was sent before a mistake ended the script is looked at too.
	status, failed := run(ctx, path, args, rehearsal, stdin, stderr, stderr)
	caught, err := filepath.Glob(filepath.Join(folder, "new", "*"))
	if err != nil {
		return status, err
	}
	slices.Sort(caught)
	for i, message := range caught {
		text, err := os.ReadFile(message)
		if err != nil {
			return status, err
		}
		if err := r.check(path, i+1, withoutTrace(text)); err != nil {
			return status, err
		}
	}
	return status, failed
}

// withoutTrace takes off what the sink wrote before a message: Return-Path, X-Envelope-To and
// a folded Received.
func withoutTrace(text []byte) []byte {
	_, rest, found := bytes.Cut(text, []byte("\r\nReceived: "))
	if !found {
		return text
	}
	for {
		end := bytes.Index(rest, []byte("\r\n"))
		if end < 0 {
			return text
		}
		rest = rest[end+2:]
		if len(rest) == 0 || rest[0] != '\t' {
			return rest
		}
	}
}

func (r *lintReport) file(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return usageError{err, "give a message, or a script that ends in .lua"}
	}
	defer f.Close()
	return r.read(path, f)
}

// maxLint is the size of the largest message in a file, in bytes.
const maxLint = 256 << 20

func (r *lintReport) read(path string, from io.Reader) error {
	text, err := io.ReadAll(io.LimitReader(from, maxLint+1))
	switch {
	case err != nil:
		return usageError{fmt.Errorf("%s: %w", path, err), ""}
	case len(text) > maxLint:
		return usageError{fmt.Errorf("%s: larger than %d MiB", path, maxLint>>20), ""}
	}
	if !bytes.Contains(text, []byte("\r\n")) {
		// Programs of Unix store messages so; on its way each line ends in CRLF.
		text = bytes.ReplaceAll(text, []byte("\n"), []byte("\r\n"))
	}
	return r.check(path, 0, text)
}

func (r *lintReport) check(path string, number int, text []byte) error {
	found, err := lint.Check(text, r.options)
	if err != nil {
		return err
	}
	r.Messages++
	subject := ""
	if number > 0 && len(found) > 0 {
		subject = subjectOf(text)
	}
	for _, f := range found {
		switch f.Severity {
		case lint.Error:
			r.Errors++
		case lint.Warning:
			r.Warnings++
		default:
			r.Notes++
		}
		r.Findings = append(r.Findings, lintFinding{
			File: path, Message: number, Subject: subject, Rule: f.Rule, Severity: f.Severity, Line: f.Line,
			Header: f.Header, Part: f.Part, Text: f.Text, Hint: f.Hint, found: f,
		})
	}
	return nil
}

// String is the report for a terminal. What many messages of a script have in common is
// said once.
func (r *lintReport) String() string {
	type common struct{ file, rule, header, part, text string }
	also := map[common]int{}
	of := func(f lintFinding) common { return common{f.File, f.Rule, f.Header, f.Part, f.Text} }
	for _, f := range r.Findings {
		also[of(f)]++
	}
	var b strings.Builder
	for _, f := range r.Findings {
		n := also[of(f)]
		if n == 0 {
			continue // said
		}
		place := f.File
		if f.Message > 0 {
			place = fmt.Sprintf("%s: message %d", f.File, f.Message)
			if f.Subject != "" {
				place += fmt.Sprintf(" (%q)", f.Subject)
			}
		}
		fmt.Fprintf(&b, "%s: %s\n", place, f.found)
		if f.Message > 0 && n > 1 {
			fmt.Fprintf(&b, "    so in %d messages\n", n)
			also[of(f)] = 0
		}
		fmt.Fprintf(&b, "    hint: %s\n", f.Hint)
	}
	fmt.Fprintf(&b, "%s: %s, %s, %s\n", counted(r.Messages, "message"), counted(r.Errors, "error"), counted(r.Warnings, "warning"), counted(r.Notes, "note"))
	return b.String()
}

// subjectOf is the subject of a message, to know it by.
func subjectOf(text []byte) string {
	message, err := mail.ReadMessage(bytes.NewReader(text))
	if err != nil {
		return ""
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(message.Header.Get("Subject"))
	if err != nil {
		return ""
	}
	return subject
}

func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
