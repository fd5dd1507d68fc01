package config

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/mailscript/mailscript/smtp"
)

// Reader fetches secrets from where their sources say. The zero Reader is the
// real world: the process's terminal, environment and standard error.
type Reader struct {
	// Stdin is where a prompt is answered; nil is os.Stdin.
	Stdin *os.File
	// Stderr gets prompts and what commands complain of; nil is os.Stderr.
	Stderr io.Writer
	// LookupEnv reads the environment; nil is os.LookupEnv.
	LookupEnv func(string) (string, bool)
	// Warn is told, in one line, what is allowed but unwise; nil writes to Stderr.
	Warn func(string)
	// Folder is where commands run; "" is the folder of the configuration that
	// the source was read from, else the current one.
	Folder string
}

func (r Reader) withDefaults() Reader {
	if r.Stdin == nil {
		r.Stdin = os.Stdin
	}
	if r.Stderr == nil {
		r.Stderr = os.Stderr
	}
	if r.LookupEnv == nil {
		r.LookupEnv = os.LookupEnv
	}
	if r.Warn == nil {
		stderr := r.Stderr
		r.Warn = func(text string) { fmt.Fprintf(stderr, "mailscript: warning: %s\n", text) }
	}
	return r
}

// maxSecret is the length of what a command or a file may hold, in bytes.
const maxSecret = 64 << 10

// Secret fetches a secret, each time anew. One line end behind it is dropped. An
// error is an *Error and wraps ctx.Err() where ctx ended; it never holds a part
// of what was read.
func (r Reader) Secret(ctx context.Context, s Source) (smtp.Secret, error) {
	r = r.withDefaults()
	if s.label == "" {
		s.label = "secret"
	}
	if err := ended(ctx); err != nil {
		return smtp.Secret{}, s.fault("", "was not read: "+err.Error(), "", err)
	}
	switch {
	case s.ways() > 1:
		return smtp.Secret{}, s.fault("", "is in more than one place", "", nil)
	case !s.Command.IsZero():
		return r.command(ctx, s)
	case s.Env != "":
		value, ok := r.LookupEnv(s.Env)
		if !ok {
			return smtp.Secret{}, s.fault(s.String(), "is not set", "", nil)
		}
		return s.secret(value)
	case s.File != "":
		return r.file(s)
	case s.Keyring != nil:
		return s.fromKeyring(ctx)
	case s.Prompt:
		return r.prompt(ctx, s)
	case !s.Literal.IsZero():
		return s.Literal, nil
	}
	return smtp.Secret{}, s.fault("", "is nowhere", "", nil)
}

// fault is an error about the source; subject is the part of the world it came
// from, "" for the secret as a whole.
func (s Source) fault(subject, text, hint string, cause error) *Error {
	if subject != "" {
		subject = ": " + subject
	}
	return s.at.fault(s.label+subject+" "+text, hint, cause)
}

// ended is why ctx ended, nil where it did not.
func ended(ctx context.Context) error {
	err, cause := ctx.Err(), context.Cause(ctx)
	if err == nil || errors.Is(cause, err) {
		return cause
	}
	return fmt.Errorf("%w: %w", err, cause)
}

// secret is what a source gave. The line end behind it is one that
// echo wrote, and no server takes it.
func (s Source) secret(value string) (smtp.Secret, error) {
	value = strings.TrimSuffix(strings.TrimSuffix(value, "\n"), "\r")
	if value == "" {
		return smtp.Secret{}, s.fault(s.String(), "is empty", "", nil)
	}
	return smtp.NewSecret(value), nil
}

// errUTF16 is what Windows makes of text where nobody takes care.
var errUTF16 = errors.New("is UTF-16")

// meant is what counts of a text: its first line, without its end and without a
// byte order mark, or all.
func (s Source) meant(text []byte) (string, error) {
	whole := strings.TrimPrefix(string(text), "\ufeff")
	if strings.HasPrefix(whole, "\xff\xfe") || strings.HasPrefix(whole, "\xfe\xff") {
		return "", errUTF16
	}
	if s.whole {
		return whole, nil
	}
	line, _, _ := strings.Cut(whole, "\n")
	return strings.TrimSuffix(line, "\r"), nil
}

func (r Reader) file(s Source) (smtp.Secret, error) {
	path := s.File
	if r.Folder != "" && !filepath.IsAbs(path) {
		path = filepath.Join(r.Folder, path)
	}
	text, info, err := readRegular(path, maxSecret)
	switch {
	case errors.Is(err, errNotRegular):
		return smtp.Secret{}, s.at.fault(fmt.Sprintf("%s: %s: %s", s.label, s, err), "a command can read other kinds", err)
	case err != nil:
		return smtp.Secret{}, s.at.fault(fmt.Sprintf("%s: %s: %s", s.label, s, err), "", err)
	}
	if othersMayRead(info) {
		r.Warn(path + " is readable by others; chmod 600")
	}
	line, err := s.meant(text)
	if err != nil {
		return smtp.Secret{}, s.fault(s.String(), err.Error(), "save it as UTF-8", err)
	}
	return s.secret(line)
}

// abandon runs a call that cannot be interrupted, and gives it up when ctx ends.
// The call then goes on until the terminal or the keyring answers, or the
// process ends, which is what usually follows.
func abandon(ctx context.Context, call func() (string, error)) (string, error) {
	type answer struct {
		text string
		err  error
	}
	answers := make(chan answer, 1)
	go func() {
		text, err := call()
		answers <- answer{text, err}
	}()
	select {
	case a := <-answers:
		return a.text, a.err
	case <-ctx.Done():
		return "", ended(ctx)
	}
}
