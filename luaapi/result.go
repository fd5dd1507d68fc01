package luaapi

import (
	"errors"
	"fmt"

	"github.com/mailscript/mailscript/engine"
	"github.com/mailscript/mailscript/smtp"
	lua "github.com/yuin/gopher-lua"
)

// result is what became of a message, and what another attempt needs.
type result struct {
	smtp.Result
	message *letter // nil in a merge
	id      string  // of the message, in a merge
	keys    []copyOf
	account string
	again   func(c *Call, envelope smtp.Envelope) *result // sends the same bytes to some of the recipients
	reason  string                                        // why a row of a merge got nothing, where no reply says it
	nothing bool                                          // of a merge: nothing was to be sent
	settle  func()                                        // in a merge, what handled() does
}

func (r *result) messageID() string {
	if r.message == nil {
		return r.id
	}
	return r.message.id()
}

func (r *result) answer() smtp.Reply { return r.Reply }

func resultClass() *Class {
	of := func(c *Call) *result { return c.Self.(*result) }
	some := func(name string, outcomes ...smtp.Outcome) Field {
		return Field{name, "recipient[]", "the recipients " + map[string]string{
			"accepted": "the message was accepted for", "deferred": "refused for now", "rejected": "refused for good",
		}[name], func(c *Call) lua.LValue {
			t := c.rt.State().NewTable()
			for _, r := range of(c).Recipients {
				for _, want := range outcomes {
					if r.Outcome == want || want == smtp.Sent && r.Outcome == "" && r.Reply.OK() {
						t.Append(c.object("recipient", &recipient{r}))
						break
					}
				}
			}
			return t
		}}
	}
	return &Class{
		Name: "result",
		Doc:  "What became of one message. At the end of the run, every recipient that got nothing sets the exit status, unless handled() was called.",
		Fields: append([]Field{
			{"ok", "boolean", "every recipient was accepted, and the message too; in a merge also where nothing was to be sent: skipped, suppressed, duplicate, already_sent",
				func(c *Call) lua.LValue { return lua.LBool(of(c).OK() || of(c).nothing) }},
			{"outcome", "string?", `"sent", "partial", "deferred", "failed" or "in_doubt" (its end was written and never answered, so it may have arrived); in a merge also "skipped", "suppressed", "duplicate" and "already_sent"; nil where nothing was to be sent`,
				func(c *Call) lua.LValue { return optional(string(of(c).Outcome)) }},
			{"recipients", "recipient[]", "every recipient, in the order of the envelope",
				func(c *Call) lua.LValue {
					return c.list(len(of(c).Recipients), func(i int) lua.LValue {
						return c.object("recipient", &recipient{of(c).Recipients[i]})
					})
				}},
			some("accepted", smtp.Sent), some("deferred", smtp.Deferred), some("rejected", smtp.Failed),
			{"temporary", "boolean", "somebody was refused for now and nobody is in doubt: retry() may help",
				func(c *Call) lua.LValue { return lua.LBool(of(c).temporary()) }},
			{"message_id", "string?", "the Message-ID, with its angle brackets",
				func(c *Call) lua.LValue { return optional(of(c).messageID()) }},
			{"account", "string", "the account it went through",
				func(c *Call) lua.LValue { return lua.LString(of(c).account) }},
			{"reason", "string?", "why a row of a merge got nothing, where no reply says it",
				func(c *Call) lua.LValue { return optional(of(c).reason) }},
		}, answerFields("the reply that decided")...),
		Methods: []Function{
			{
				Name: "retry", Returns: "result",
				Doc:     "Send the same bytes again to the recipients that were refused for now. A message in doubt is refused: it may have arrived. It goes alone, also where the message was one of a stream, which a retry leaves: retry when the loop is over.",
				Example: "if result.temporary then\n  result = result:retry()\nend",
				Call: func(c *Call) []lua.LValue {
					return values(c.object("result", of(c).retry(c)))
				},
			},
			{
				Name: "handled", Params: []Param{{"reason?", "string", "why, for reports"}}, Returns: "result",
				Doc:     "Say that the script has taken care of what was not delivered: it no longer sets the exit status.",
				Example: "if not result.ok then\n  print(\"will call them instead\")\n  result:handled(\"by telephone\")\nend",
				Call: func(c *Call) []lua.LValue {
					c.outcomes.handle(of(c).keys)
					if settle := of(c).settle; settle != nil {
						settle()
					}
					return values(c.object("result", of(c)))
				},
			},
		},
		Text: func(self any) string {
			r := self.(*result)
			return fmt.Sprintf("%s: %s", r.Outcome, r.Reply)
		},
	}
}

func (r *result) temporary() bool {
	some := false
	for _, recipient := range r.Recipients {
		if recipient.Outcome == smtp.InDoubt {
			return false
		}
		some = some || recipient.Outcome == smtp.Deferred
	}
	return some
}

func (r *result) retry(c *Call) *result {
	if r.message == nil {
		c.Usage("run it again: what was refused for now is tried again then", "a merge tries again by itself, until retry_for is over")
	}
	if r.Outcome == smtp.InDoubt {
		c.rt.Raise(c.L, &engine.Fault{
			Kind:    engine.KindArgument,
			Message: "result:retry: the message is in doubt: it may have arrived, and would arrive twice",
			Hint:    "find out from the server's log or the recipient, then send a new message if need be",
		})
	}
	if !r.temporary() {
		c.rt.Raise(c.L, &engine.Fault{
			Kind: engine.KindArgument, Message: "result:retry: no recipient was refused for now",
			Hint: "look at result.temporary first",
		})
	}
	envelope := smtp.Envelope{From: r.message.from()}
	for _, recipient := range r.Recipients {
		if recipient.Outcome == smtp.Deferred {
			envelope.To = append(envelope.To, recipient.Address)
		}
	}
	return r.again(c, envelope)
}

// delivered records and wraps what Send returned; where an error ended it, it
// raises a fault that carries the result.
func (c *Call) delivered(r *result, err error) *result {
	c.stopAtLimit(err)
	c.note(r, err)
	if err == nil {
		return r
	}
	f := c.fault(err)
	if len(r.Recipients) > 0 {
		f = c.carrying(f, r)
	}
	c.rt.Raise(c.L, f)
	return nil
}

// note records what became of a message, and tells who wants to know.
func (a *API) note(r *result, fault error) {
	id := r.message.id()
	r.keys = a.outcomes.record(id, r.Recipients)
	if a.options.OnResult != nil && len(r.keys) > 0 {
		a.options.OnResult(Event{MessageID: id, Account: r.account, Result: r.Result, Fault: fault})
	}
}

// carrying gives a fault the result of the message it is about.
func (c *Call) carrying(f *engine.Fault, r *result) *engine.Fault {
	f.Result = c.object("result", r)
	f.Handled = func(string) { c.outcomes.handle(r.keys) }
	return f
}

// undelivered is the result of a message that no connection could be made for.
func undelivered(envelope smtp.Envelope, err error) smtp.Result {
	outcome := smtp.Failed
	var fault *smtp.Error
	if errors.As(err, &fault) && fault.Temporary() {
		outcome = smtp.Deferred
	}
	r := smtp.Result{Outcome: outcome}
	for _, address := range envelope.To {
		r.Recipients = append(r.Recipients, smtp.Recipient{Address: address, Outcome: outcome})
	}
	return r
}
