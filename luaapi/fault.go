package luaapi

import (
	"errors"
	"io/fs"

	"github.com/mailscript/mailscript/engine"
	"github.com/mailscript/mailscript/mime"
	"github.com/mailscript/mailscript/smtp"
)

// fault words an error of the packages below as the error value scripts meet.
func (b *bound) fault(err error) *engine.Fault {
	var (
		wire    *smtp.Error
		message *mime.Error
		address *mime.AddressError
		ready   *engine.Fault
	)
	switch {
	case errors.As(err, &ready):
		return ready
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
		return f
	case errors.As(err, &message):
		f := &engine.Fault{Kind: engine.KindArgument, Message: err.Error(), Hint: message.Hint, Err: err}
		var path *fs.PathError
		if errors.As(err, &path) {
			f.Kind = engine.KindFile
		}
		return f
	case errors.As(err, &address):
		return &engine.Fault{Kind: engine.KindArgument, Message: err.Error(), Hint: address.Hint, Err: err}
	}
	kind := engine.KindArgument
	var path *fs.PathError
	if errors.As(err, &path) {
		kind = engine.KindFile
	}
	return &engine.Fault{Kind: kind, Message: err.Error(), Err: err}
}
