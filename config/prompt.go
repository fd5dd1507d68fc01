package config

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"

	"github.com/mailscript/mailscript/smtp"
	"golang.org/x/term"
)

// prompt asks at the terminal, which does not show the answer.
func (r Reader) prompt(ctx context.Context, s Source) (smtp.Secret, error) {
	fd := int(r.Stdin.Fd())
	if !term.IsTerminal(fd) {
		return smtp.Secret{}, s.fault("", "is asked for at a terminal, and there is none",
			"a command, an environment variable, a file or the keyring work without", nil)
	}
	state, err := term.GetState(fd)
	if err != nil {
		return smtp.Secret{}, s.at.fault(fmt.Sprintf("%s: terminal: %s", s.label, err), "", err)
	}
	fmt.Fprintf(r.Stderr, "%s: ", s.question())
	value, err := abandon(ctx, func() (string, error) {
		text, err := term.ReadPassword(fd)
		return string(text), err
	})
	fmt.Fprintln(r.Stderr)
	switch {
	case ctx.Err() != nil && err != nil:
		// The reading that was given up cannot turn the echo on again.
		_ = term.Restore(fd, state)
		return smtp.Secret{}, s.fault("", "was not given: "+err.Error(), "", err)
	case errors.Is(err, io.EOF):
		return smtp.Secret{}, s.fault("", "was not given", "", err)
	case err != nil:
		return smtp.Secret{}, s.at.fault(fmt.Sprintf("%s: terminal: %s", s.label, err), "", err)
	}
	return s.secret(value)
}

// question is what a prompt asks; a script's words reach the terminal only as
// far as they can be seen.
func (s Source) question() string {
	if strings.TrimSpace(s.Question) == "" {
		return s.label
	}
	return strings.Map(func(c rune) rune {
		if !unicode.IsPrint(c) {
			return -1
		}
		return c
	}, s.Question)
}
