package luaapi

import (
	"errors"
	"fmt"
	"strings"
	"sync/atomic"

	"github.com/mailscript/mailscript/engine"
	"github.com/mailscript/mailscript/smtp"
)

// Bounds are what a run may send, set by whoever starts it and not by the
// script.
type Bounds struct {
	// To receives everything in place of the recipients; "" leaves them.
	To string
	// Allows says whether mail may go to a domain; nil allows all.
	Allows func(domain string) bool
	// Limit is how many messages may be sent; 0 is no limit.
	Limit int
}

// LimitReached ends a run that has sent as many messages as it may.
type LimitReached struct{ Limit int }

func (e *LimitReached) Error() string {
	return fmt.Sprintf("the limit of %s is reached", count(e.Limit, "message"))
}

// notAllowed is a recipient outside the allowed domains.
type notAllowed struct{ address string }

func (e *notAllowed) Error() string {
	return fmt.Sprintf("%s is not in a domain that mailscript.toml allows", e.address)
}

// Guard holds the bounds for every way of sending. The zero Bounds give the
// zero Guard, which costs nothing.
func (b Bounds) Guard() smtp.Guard {
	var g smtp.Guard
	if b.To != "" || b.Allows != nil {
		g.Recipient = b.recipient
	}
	if b.Limit > 0 {
		var sent atomic.Int64 // a merge sends on a goroutine of its own
		g.Begin = func() error {
			if sent.Load() >= int64(b.Limit) {
				return &LimitReached{b.Limit}
			}
			return nil
		}
		g.Ended = func() { sent.Add(1) }
	}
	return g
}

func (b Bounds) recipient(address string) (string, error) {
	if b.To != "" {
		address = b.To
	}
	if b.Allows != nil && !b.Allows(address[strings.LastIndexByte(address, '@')+1:]) {
		return "", &notAllowed{address}
	}
	return address, nil
}

// stopAtLimit ends the run where err is that it has sent all it may. Nothing
// that was held back counts as mail that did not arrive.
func (c *Call) stopAtLimit(err error) {
	var limit *LimitReached
	if errors.As(err, &limit) {
		c.rt.Abort(c.L, limit)
	}
}

// fault is that of an error, unless the error ends the run.
func (c *Call) fault(err error) *engine.Fault {
	c.stopAtLimit(err)
	return c.bound.fault(err)
}
