package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/mailscript/mailscript/config"
	"github.com/mailscript/mailscript/engine"
	"github.com/mailscript/mailscript/ledger"
	"github.com/mailscript/mailscript/luaapi"
)

// The exit statuses, after sysexits.h.
const (
	exitUsage     = 64
	exitData      = 65
	exitRefused   = 69
	exitInternal  = 70
	exitInDoubt   = 74
	exitDeferred  = 75
	exitConfig    = 78
	exitInterrupt = 130
)

// usageError is a wrong call of the command.
type usageError struct {
	err  error
	hint string
}

func (e usageError) Error() string { return e.err.Error() }

// interruptedError is a run that was ended before it was done, by a rule and not by a
// person.
type interruptedError struct {
	err  error
	hint string
}

func (e interruptedError) Error() string { return e.err.Error() }

// exitStatus is the status that an error alone asks for.
func exitStatus(err error) int {
	var (
		usage       usageError
		late        interruptedError
		exit        *engine.ExitError
		internal    *engine.InternalError
		interrupted *engine.Interrupted
		fault       *engine.Fault
		setting     *config.Error
	)
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		return exit.Code
	case errors.As(err, &interrupted), errors.As(err, &late):
		return exitInterrupt
	case errors.As(err, &internal):
		return exitInternal
	case errors.As(err, &usage):
		return exitUsage
	case errors.As(err, &setting):
		return exitConfig
	case errors.As(err, &fault):
		return faultStatus(fault)
	}
	return exitData
}

// faultStatus is that of a fault the script did not catch.
func faultStatus(f *engine.Fault) int {
	var locked *ledger.LockedError
	if errors.As(f, &locked) {
		return exitDeferred // the same call succeeds when the other run has ended
	}
	switch f.Kind {
	case engine.KindArgument, engine.KindFile, engine.KindFinished, engine.KindClosed:
		return exitData
	case engine.KindConfig:
		return exitConfig
	}
	if f.Temporary {
		return exitDeferred
	}
	return exitRefused
}

// tallyStatus is that of mail that did not arrive.
func tallyStatus(t luaapi.Tally) int {
	switch {
	case t.InDoubt > 0:
		return exitInDoubt
	case t.Failed > 0:
		return exitRefused
	case t.Deferred > 0:
		return exitDeferred
	}
	return 0
}

// runStatus is that of a run. An error that is about mail does not hide mail that
// fared worse: a script that may be run again, as "refused for now" says, must not
// be where some of its mail may have arrived.
func runStatus(err error, t luaapi.Tally) int {
	status, mail := exitStatus(err), tallyStatus(t)
	for _, worse := range []int{exitInDoubt, exitRefused, exitDeferred} {
		if (status == 0 || status == exitRefused || status == exitDeferred) && (status == worse || mail == worse) {
			return worse
		}
	}
	return status
}

// complain tells the user what went wrong and returns the exit status.
func complain(w io.Writer, err error) int {
	var exit *engine.ExitError
	if !errors.As(err, &exit) {
		text, hint := explain(err)
		fmt.Fprintf(w, "mailscript: %s\n", strings.ReplaceAll(text, "\n", "\nmailscript:   "))
		if hint != "" {
			fmt.Fprintf(w, "mailscript: hint: %s\n", hint)
		}
	}
	return exitStatus(err)
}

// explain is what happened, and what to do about it.
func explain(err error) (text, hint string) {
	var (
		usage       usageError
		late        interruptedError
		syntax      *engine.SyntaxError
		mistake     *engine.LuaError
		fault       *engine.Fault
		internal    *engine.InternalError
		interrupted *engine.Interrupted
		setting     *config.Error
	)
	switch {
	case errors.As(err, &usage):
		return err.Error(), usage.hint
	case errors.As(err, &late):
		return err.Error(), late.hint
	case errors.As(err, &setting):
		text = setting.Error()
		if errors.As(err, &fault) && fault.Where != "" {
			text = fault.Where + ": " + fault.Message
		}
		if setting.Excerpt != "" {
			text += "\n" + strings.TrimRight(setting.Excerpt, "\n")
		}
		return text, setting.Hint
	case errors.As(err, &syntax):
		text = syntax.Error()
		if excerpt := syntax.Excerpt(); excerpt != "" {
			text += "\n" + strings.TrimRight(excerpt, "\n")
		}
		return text, ""
	case errors.As(err, &mistake):
		return mistake.Error(), mistake.Hint
	case errors.As(err, &fault):
		if fault.Where != "" {
			return fault.Where + ": " + fault.Message, fault.Hint
		}
		return fault.Message, fault.Hint
	case errors.As(err, &internal):
		return fmt.Sprintf("%v\n%s", internal, internal.Stack), "this is a mistake of mailscript, not of the script; please report it with the lines above"
	case errors.As(err, &interrupted):
		return "interrupted", ""
	case errors.Is(err, fs.ErrNotExist):
		return err.Error(), "check the path of the script"
	}
	return err.Error(), ""
}
