package luaapi

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/mailscript/mailscript/engine"
	"github.com/mailscript/mailscript/smtp"
	lua "github.com/yuin/gopher-lua"
)

// streamOptions are the options of session:stream.
type streamOptions struct {
	Messages int           `lua:"messages" doc:"how many may be on their way at once, default 64"`
	Bytes    int64         `lua:"bytes" doc:"how many octets may be on their way at once, default 1 MiB; a larger message travels alone"`
	DSN      noticeOptions `lua:"dsn" doc:"when to be told of delivery or failure (RFC 3461)"`
	commonOptions
}

func streamFunction() Function {
	return Function{
		Name: "stream",
		Params: []Param{
			{"messages", "message|description|(message|description)[]|(fun(): message|description|nil)", "a list, or a function that returns the next message each time and nil after the last; coroutine.wrap makes one"},
			{"opts?", "stream.options", "for every message"},
		},
		Options: streamOptions{}, Returns: "(fun(): result?, integer?)",
		Doc: "Send many messages, several at a time, and return an iterator of their results, in order, each with the number of its message. " +
			"Messages are built ahead of results, on the script's thread; nothing is sent before the loop begins. " +
			"Leaving the loop early begins nothing more: the next call of the session, or the end of the run, waits for what is on its way, and it counts. " +
			"So does a call of the session inside the loop, result:retry() included: the loop then gets the results of what was on its way, and an error. Keep what is to be retried in a list until the loop is over. " +
			"Where the connection ends, or a message cannot be built, the results of the messages before come first, then the loop raises.",
		Example: "local later = {}\n" +
			"for result, number in session:stream { message, message:with { to = \"bob@example.org\" } } do\n" +
			"  print(number, result.outcome)\n  if result.temporary then later[#later + 1] = result end\nend\n" +
			"for _, result in ipairs(later) do result:retry() end",
		Call: func(c *Call) []lua.LValue { return values(c.stream()) },
	}
}

// stream is the messages of one source on their way over a session.
type stream struct {
	b       *bound
	session *session
	where   string // of the call of session:stream
	send    sending
	options smtp.StreamOptions
	source  func(L *lua.LState) lua.LValue // nil after the last
	pull    *lua.LFunction                 // takes from the source under protection
	pulled  *letter                        // what pull got, nil after the last

	wire    *smtp.Stream // nil before the loop begins
	quiet   func() bool  // ends what tells the user of an interruption
	call    *Call        // of the iterator, while it looks for a result
	number  int          // of the message asked for last, from 1
	waiting []outgoing   // taken from the source, without a result; oldest first
	left    []numbered   // known since the stream was left, and not handed out
	cut     bool         // the session was used for something else
	told    int          // of the last message whose result is known
	fault   error        // what the source raised
}

// outgoing is a message on its way, numbered a result on its way to the script.
type (
	outgoing struct {
		letter  *letter
		number  int
		content smtp.Content
	}
	numbered struct {
		result *result
		number int
	}
)

// stream makes the iterator. The stream begins when it is called first.
func (c *Call) stream() lua.LValue {
	var o streamOptions
	c.Options(1, &o)
	if o.Messages < 0 || o.Messages > maxWindow {
		c.Usage("", `option "messages" must be between 1 and %d, got %d`, maxWindow, o.Messages)
	}
	if o.Bytes < 0 {
		c.Usage("", `option "bytes" must be more than 0, got %d`, o.Bytes)
	}
	send := c.wireOptions(o.commonOptions, o.DSN)
	switch send.Transfer {
	case "", smtp.TransferData, smtp.TransferBdat:
	default:
		c.Usage("", `option "transfer" must be "DATA" or "BDAT", got %q`, o.Transfer)
	}
	st := &stream{b: c.bound, session: c.Self.(*session), where: c.rt.Where(c.L), send: send}
	st.options = smtp.StreamOptions{Messages: o.Messages, Bytes: o.Bytes, Transfer: send.Transfer, Left: st.drained}
	st.source = st.sourceOf(c.Arg(0))
	st.pull = c.rt.NewFunction(c.function.full, st.take)
	c.API.streams = append(c.API.streams, st)
	function := c.function
	return c.rt.NewFunction(function.full, func(L *lua.LState) int {
		results := st.next(&Call{bound: st.b, L: L, Self: st.session, function: function})
		for _, v := range results {
			L.Push(v)
		}
		return len(results)
	})
}

// maxWindow bounds how far a stream may run ahead of its results: each message
// on its way is held in memory.
const maxWindow = 10_000

// sourceOf turns what the script gave into one way of asking for the next message.
// It may raise, and sets st.number before it does.
func (st *stream) sourceOf(messages lua.LValue) func(*lua.LState) lua.LValue {
	list, ok := messages.(*lua.LTable)
	if ok && isDescription(list) {
		ok = false
	}
	switch {
	case ok:
		at, n := 0, list.MaxN()
		return func(*lua.LState) lua.LValue {
			for at < n {
				at++
				if v := list.RawGetInt(at); v != lua.LNil {
					st.number = at
					return v
				}
			}
			return lua.LNil
		}
	case messages.Type() == lua.LTFunction:
		return func(L *lua.LState) lua.LValue {
			st.number++
			L.Push(messages)
			L.Call(0, 1)
			v := L.Get(-1)
			L.Pop(1)
			return v
		}
	}
	given := false
	return func(*lua.LState) lua.LValue { // one for a list of one
		if given {
			return lua.LNil
		}
		given, st.number = true, 1
		return messages
	}
}

// isDescription tells a description from a list: it has names.
func isDescription(t *lua.LTable) bool {
	if t.MaxN() == 0 {
		first, _ := t.Next(lua.LNil)
		return first != lua.LNil
	}
	for _, o := range OptionsOf(description{}) {
		if t.RawGetString(o.Name) != lua.LNil {
			return true
		}
	}
	return false
}

// take asks the source for a message and builds it. It is called through Lua, so
// that whatever it raises is an error by the time it meets the stream of the client.
func (st *stream) take(L *lua.LState) int {
	st.pulled = nil
	v := st.source(L)
	if v == lua.LNil {
		return 0
	}
	c := &Call{bound: st.b, L: L, Self: st.session, args: []lua.LValue{v}, function: &Function{full: st.item(st.number)}}
	if !fits(v, "message|description") {
		c.Usage("", "a source gives messages and descriptions, and nil after the last; got %s", engine.TypeName(v))
	}
	st.pulled = c.letter(0)
	if len(st.pulled.envelope().To) == 0 {
		c.rt.Raise(L, &engine.Fault{Kind: engine.KindArgument, Message: c.function.full + ": no recipients"})
	}
	return 0
}

// item names a message in errors.
func (st *stream) item(number int) string { return fmt.Sprintf("session:stream: message %d", number) }

// mail is the source as the client's stream knows it.
func (st *stream) mail() (smtp.Mail, error) {
	if st.call == nil || st.fault != nil {
		return smtp.Mail{}, io.EOF // nobody to ask on behalf of
	}
	if _, err := st.b.rt.Call(st.call.L, st.pull, 0); err != nil {
		st.fault = st.at(st.number, err)
		return smtp.Mail{}, st.fault
	}
	m := st.pulled
	if m == nil {
		return smtp.Mail{}, io.EOF
	}
	content, err := st.call.content(st.session, st.session.account.name, m, st.send)
	if err != nil {
		st.fault = st.at(st.number, st.call.fault(err))
		return smtp.Mail{}, st.fault
	}
	st.waiting = append(st.waiting, outgoing{m, st.number, content})
	return smtp.Mail{Envelope: m.envelope(), Content: content, Options: st.send.SendOptions}, nil
}

// at adds the number of its message to a fault. Other errors are the script's own
// values, and stay as they are.
func (st *stream) at(number int, err error) error {
	raised, ok := err.(*engine.Fault)
	if !ok || strings.HasPrefix(raised.Message, st.item(number)) {
		return err
	}
	f := *raised // the script may hold the other
	f.Message = st.item(number) + ": " + strings.TrimPrefix(f.Message, "mime: ")
	return &f
}

// next is one step of the script's loop.
func (st *stream) next(c *Call) []lua.LValue {
	s := st.session
	s.refuseInSource(c)
	if len(st.left) > 0 {
		n := st.left[0]
		st.left = st.left[1:]
		return values(c.object("result", n.result), lua.LNumber(n.number))
	}
	if st.cut {
		c.Usage("keep what needs the session, such as results to retry, in a list until the loop is over",
			"the session was used for something else inside the loop, which ends the stream; its last message was number %d", st.told)
	}
	if st.wire == nil {
		st.begin()
	}
	sent, err := st.wait(c)
	if err == nil {
		n := st.resultOf(sent, nil)
		return values(c.object("result", n.result), lua.LNumber(n.number))
	}
	st.finish()
	if err == io.EOF {
		if len(st.waiting) == 0 {
			return nil
		}
		err = st.unsent()
	}
	c.stopAtLimit(err)
	var n numbered
	if len(sent.Recipients) > 0 {
		n = st.resultOf(sent, err)
	}
	if err == st.fault {
		c.rt.Rethrow(c.L, err)
	}
	f := c.fault(err)
	if n.result != nil {
		f = c.carrying(f, n.result)
		f.Message = st.item(n.number) + ": " + f.Message
	}
	c.rt.Raise(c.L, f)
	return nil
}

// unsent is why a stream has ended before all its messages were begun, where it
// does not say so itself: whatever it was, it must not look like the end of the source.
func (st *stream) unsent() error {
	if begin := st.b.options.Guard.Begin; begin != nil {
		if err := begin(); err != nil {
			return err
		}
	}
	if err := st.session.Usable(); err != nil {
		return err
	}
	return &engine.Fault{Kind: engine.KindLost, Temporary: true, Message: "session:stream: the stream has ended early"}
}

// wait gets the next result; meanwhile the source is asked on behalf of c.
func (st *stream) wait(c *Call) (smtp.Result, error) {
	st.call = c
	defer func() { st.call = nil }()
	return st.wire.Next()
}

// begin starts the stream of the client, in the place of another one.
func (st *stream) begin() {
	s := st.session
	s.leave()
	ctx := st.b.options.Context
	if ctx == nil {
		ctx = context.Background()
	}
	// Not the context of the script, which ends with it: what is on its way by then
	// is still waited for.
	st.wire = s.Stream(ctx, st.mail, st.options)
	st.quiet = context.AfterFunc(ctx, func() {
		st.b.notice("interrupted: waiting a few seconds for replies to mail that is on its way; a second Ctrl-C ends at once")
	})
	s.streaming = st
}

// resultOf is the result of the message that has waited longest, and counts it.
func (st *stream) resultOf(sent smtp.Result, fault error) numbered {
	out := st.waiting[0]
	st.waiting[0] = outgoing{}
	st.waiting = st.waiting[1:]
	st.told = out.number
	r := &result{Result: sent, message: out.letter, account: st.session.account.label()}
	r.again = func(c *Call, envelope smtp.Envelope) *result {
		return c.sendContent(st.session, out.letter, out.content, envelope, st.send)
	}
	st.b.note(r, fault)
	return numbered{r, out.number}
}

// drained takes a result that became known after the stream was left.
func (st *stream) drained(_ smtp.Mail, sent smtp.Result) {
	if len(sent.Recipients) == 0 {
		return // never begun, and so not counted
	}
	st.left = append(st.left, st.resultOf(sent, nil))
}

// finish lets go of what the stream holds.
func (st *stream) finish() {
	st.quiet()
	if st.session.streaming == st {
		st.session.streaming = nil
	}
	st.b.API.streams = slices.DeleteFunc(st.b.API.streams, func(other *stream) bool { return other == st })
}

// leave ends the stream of a session, if there is one: nothing more is begun, and
// what is on its way is waited for and counted.
func (s *session) leave() {
	st := s.streaming
	if st == nil {
		return
	}
	st.wire.Leave()
	st.cut = true
	st.finish()
}

// refuseInSource raises where a stream of the session waits for its source: one
// that used the session would wait for itself.
func (s *session) refuseInSource(c *Call) {
	if s.streaming != nil && s.streaming.call != nil {
		c.Usage("a source may build messages and use other sessions", "the session is busy: its stream is waiting for its source")
	}
}

// Drain waits for the messages that streams have on their way, and counts them.
// Once Options.Context has ended it waits no longer than the grace of a stream,
// and what is not answered by then is in doubt.
func (a *API) Drain() {
	for len(a.streams) > 0 {
		st := a.streams[0]
		a.streams = a.streams[1:]
		if st.wire == nil {
			a.notice(st.where + ": session:stream sends nothing by itself; write for result in session:stream(messages) do")
			continue
		}
		st.session.leave()
	}
}
