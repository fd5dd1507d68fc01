package luaapi

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/mailscript/mailscript/config"
	"github.com/mailscript/mailscript/delivery"
	"github.com/mailscript/mailscript/engine"
	"github.com/mailscript/mailscript/ledger"
	"github.com/mailscript/mailscript/mime"
	"github.com/mailscript/mailscript/mime/dkim"
	"github.com/mailscript/mailscript/rows"
	"github.com/mailscript/mailscript/smtp"
	"github.com/mailscript/mailscript/template"
)

// fault words an error of the packages below as the error value scripts meet.
func (b *bound) fault(err error) *engine.Fault {
	var (
		wire    *smtp.Error
		message *mime.Error
		address *mime.AddressError
		ready   *engine.Fault
		setting *config.Error
		token   *config.TokenError
		aligned *dkim.AlignmentError
		row     *rows.Error
		blank   *template.Error
		book    *ledger.Error
		locked  *ledger.LockedError
		failed  *ledger.FailedError
		changed *ledger.ChangedError
		edited  *delivery.EditError
		taken   *delivery.TakenError
	)
	switch {
	case errors.As(err, &ready):
		return ready
	case errors.As(err, &blank):
		return templateFault(blank)
	case errors.As(err, &failed):
		// What a pipeline says around it helps nobody.
		return &engine.Fault{Kind: engine.KindFile, Message: failed.Error(), Hint: failedHint(failed), Err: err}
	case errors.As(err, &book):
		return &engine.Fault{Kind: engine.KindFile, Message: book.Error(), Hint: book.Hint, Err: err}
	case errors.As(err, &locked):
		return &engine.Fault{Kind: engine.KindFile, Message: locked.Error(), Hint: "one process at a time uses the ledger of a project; wait until the other ends, or look at it with mailscript status", Temporary: true, Err: err}
	case errors.As(err, &changed):
		return &engine.Fault{Kind: engine.KindArgument, Message: changedText(changed), Hint: `give the run a new name, or let it go on with the new text for the rows that are left: changed = "accept", or --accept-changes`, Err: err}
	case errors.As(err, &edited):
		return &engine.Fault{Kind: engine.KindArgument, Message: err.Error(), Hint: `nothing was sent; what has been sent cannot be changed: put these rows back as they were, or let them stay as they were sent and the others be sent with edited = "ignore"; a correction needs a run with a new name`, Err: err}
	case errors.As(err, &taken):
		return &engine.Fault{Kind: engine.KindArgument, Message: err.Error(), Hint: "nothing was sent; a row whose key was changed is known again once it has its old one; unique_address = false sends to the address again, and a new mailing needs a new name", Err: err}
	case errors.As(err, &row):
		return &engine.Fault{Kind: engine.KindFile, Message: err.Error(), Hint: row.Hint, Err: err}
	case errors.As(err, &setting):
		return &engine.Fault{Kind: engine.KindConfig, Message: err.Error(), Hint: setting.Hint, Err: err}
	case errors.As(err, &aligned):
		return &engine.Fault{Kind: engine.KindArgument, Message: err.Error(), Hint: "sign with a key of the domain of from, or send from its domain", Err: err}
	case errors.As(err, &token):
		return &engine.Fault{Kind: engine.Kind(token.Kind), Message: err.Error(), Temporary: token.Temporary(), Hint: tokenHint(token), Err: err}
	case errors.As(err, &wire):
		f := &engine.Fault{
			Kind:      engine.Kind(wire.Kind),
			Message:   err.Error(),
			Command:   wire.Command,
			Temporary: wire.Temporary(),
			Hint:      smtpHint(wire),
			Err:       err,
		}
		if wire.Reply != nil {
			f.Code, f.Enhanced = wire.Reply.Code, wire.Reply.Enhanced
		}
		if errors.Is(err, mime.ErrChanged) {
			// The server is not at fault, and the same file will fail again.
			f.Kind, f.Temporary, f.Hint = engine.KindFile, false, changedHint
		}
		return f
	case errors.Is(err, mime.ErrChanged) && errors.As(err, &message):
		return &engine.Fault{Kind: engine.KindFile, Message: message.Value + ": " + message.Reason, Hint: changedHint, Err: err}
	case errors.As(err, &message) && message.Field == "file":
		f := &engine.Fault{Kind: engine.KindFile, Message: message.Value + ": " + message.Reason, Hint: message.Hint, Err: err}
		return b.fileFault(err, f)
	case errors.As(err, &message):
		return b.fileFault(err, &engine.Fault{Kind: engine.KindArgument, Message: err.Error(), Hint: message.Hint, Err: err})
	case errors.As(err, &address):
		hint := address.Hint
		if hint == "" {
			hint = "an address is one mailbox, as in ann@example.org or Ann <ann@example.org>"
		}
		return &engine.Fault{Kind: engine.KindArgument, Message: err.Error(), Hint: hint, Err: err}
	}
	return b.fileFault(err, &engine.Fault{Kind: engine.KindArgument, Message: err.Error(), Err: err})
}

// failedHint is what to do about a ledger that could not be written while a merge ran.
func failedHint(e *ledger.FailedError) string {
	const after = "no message was begun after that. Then run the script again: it goes on where this ended; what was on its way and could not be noted is in doubt (mailscript doubt)"
	if hint := e.Hint(); hint != "" {
		return hint + "; " + after
	}
	return after
}

// changedText says what of a run is not what it was, as a script knows it.
func changedText(e *ledger.ChangedError) string {
	what := "the script, or a template it loads, has"
	switch {
	case !slices.Contains(e.What, "settings"):
	case len(e.What) == 1:
		what = `the option "key" has`
	default:
		what = `the script and the option "key" have`
	}
	return fmt.Sprintf("run %q: %s changed since it began", e.Run, what)
}

// changedHint is for files that are too large to be held.
const changedHint = "a file of more than 8 MiB is read while it is sent; make the part anew with mime.file, or send a copy that nobody writes to"

// fileFault makes f one of the kind "file" where a file was the cause: with the
// whole path, which is what a reader needs to see.
func (b *bound) fileFault(err error, f *engine.Fault) *engine.Fault {
	var path *fs.PathError
	if !errors.As(err, &path) {
		return f
	}
	f.Kind = engine.KindFile
	f.Message = path.Path + ": " + path.Err.Error()
	if f.Hint == "" && errors.Is(err, fs.ErrNotExist) {
		f.Hint = "relative paths start at the project folder " + b.options.Root
	}
	return f
}
