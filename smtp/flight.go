package smtp

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// flight is one message of a stream, from its source to its result. Which of
// its replies comes next is a number: RSET where the transaction
// begins with one, then MAIL, each RCPT, DATA, and the reply to the message, or
// with LMTP one for each accepted recipient.
type flight struct {
	delivery
	transaction
	given Mail // as the source gave it; what it leaves open is filled in
	progress

	pieces [][]byte  // the message, every line ended with CRLF
	whole  [1][]byte // what pieces are where it is one
	tail   string    // what completes the last line
	weight int64     // octets, as the window counts them
}

// progress is how far a flight has come.
type progress struct {
	begins bool // with RSET
	asks   bool // with DATA
	// heard is how many replies have come, asked how many commands have been
	// written that have one. The reply to the message is asked for as soon as any
	// of its text is.
	heard, asked int
	// terminator is set before the write begins that holds the last octet of the
	// message's end, and never cleared.
	terminator bool
	// empty is a message that was not sent, though the server asked for it: a lone
	// dot, whose reply means nothing.
	empty    bool
	granted  bool // 354 was the answer to DATA
	finals   int  // replies to the message that have come
	answered bool // nothing more will come
	more     bool // recipients are left for another transaction
	alone    bool // does not share the connection, see Stream.lonely
	closed   bool // the server's transaction is over

}

// load gets the text of the message ready to be sent: that held in memory as it
// is, any other written once. The error is that of the message's source.
func (f *flight) load() error {
	f.pieces, f.tail = f.content.Pieces, ""
	if f.pieces == nil {
		var text bytes.Buffer
		text.Grow(int(f.content.Size) + 64)
		lines := &dotStuffer{out: &text, chunked: true}
		var to io.Writer = lines
		if f.content.Binary {
			to = &text
		}
		if _, err := f.content.Writer.WriteTo(to); err != nil {
			return err
		}
		read := lines.read
		if f.content.Binary {
			read = int64(text.Len())
		}
		if read != f.content.Size {
			return wrongSize(f.content.Size, read)
		}
		f.whole[0] = text.Bytes()
		f.pieces = f.whole[:]
		// A second transaction, for recipients left over, cannot ask the source again.
		f.content.Writer, f.content.Size = bytesContent(text.Bytes()), int64(text.Len())
		if !f.content.Binary {
			f.tail = lines.ending()
		}
		return nil
	}
	if size := f.octets(); size != f.content.Size {
		return wrongSize(f.content.Size, size)
	}
	for i := len(f.pieces) - 1; i >= 0; i-- {
		if n := len(f.pieces[i]); n > 0 {
			if f.pieces[i][n-1] != '\n' {
				f.tail = "\r\n"
			}
			break
		}
	}
	return nil
}

func (f *flight) octets() (n int64) {
	for _, p := range f.pieces {
		n += int64(len(p))
	}
	return n
}

// stage is a place in a transaction.
type stage int

const (
	stageRset stage = iota
	stageMail
	stageRcpt
	stageData
	stageMessage
)

// at is what reply number n answers; of RCPTs, which.
func (f *flight) at(n int) (stage, int) {
	if f.begins {
		if n == 0 {
			return stageRset, 0
		}
		n--
	}
	switch rcpts := len(f.to()); {
	case n == 0:
		return stageMail, 0
	case n <= rcpts:
		return stageRcpt, n - 1
	case n == rcpts+1 && f.asks:
		return stageData, 0
	}
	return stageMessage, 0
}

// envelope is how many replies come before those to the message.
func (f *flight) envelope() int {
	n := 1 + len(f.to())
	if f.begins {
		n++
	}
	if f.asks {
		n++
	}
	return n
}

func (f *flight) to() []*addressee { return f.transaction.to }

// command is the one that reply number n answers, as people know it.
func (f *flight) command(n int) string {
	at, i := f.at(n)
	w := f.session.wire
	switch at {
	case stageRset:
		return "RSET"
	case stageMail:
		return w.shown(f.mail)
	case stageRcpt:
		return w.shown(f.to()[i].line)
	case stageData:
		return "DATA"
	}
	return verdictOn
}

// limit is how long reply number n may take.
func (f *flight) limit(n int) time.Duration {
	t := f.session.options.Timeouts
	switch at, _ := f.at(n); at {
	case stageRset:
		return t.Reset
	case stageData:
		return t.Data
	case stageMessage:
		return t.Message
	}
	return t.Command
}

// willing counts the addressees the server would take the message for.
func (f *flight) willing() int {
	n := 0
	for _, a := range f.to() {
		if f.isWilling(a) {
			n++
		}
	}
	return n
}

func (f *flight) isWilling(a *addressee) bool {
	r := &f.result.Recipients[a.copies[0]]
	return r.Outcome == "" && r.Reply.OK()
}

// replied is a reply on its way to a flight: its code, and the rest for when it
// is wanted.
type replied struct {
	code  int
	line  []byte // the whole of it, where it had one line
	reply Reply  // else
}

func (r replied) ok() bool { return r.code/100 == 2 }

// full is the reply with all its text.
func (r replied) full(f *flight, command string) Reply {
	reply := r.reply
	if r.line != nil {
		reply = shortReply(r.line, r.code, f.room[:0])
		f.room = nil
	}
	reply = f.session.wire.cleaned(reply)
	reply.Command = command
	return reply
}

// take gives the flight its next reply. A fault ends the connection; what it
// leaves open is for lost to decide.
func (f *flight) take(r replied) *Error {
	n := f.heard
	f.heard++
	at, i := f.at(n)
	unexpected := func() *Error {
		reply := r.full(f, f.command(n))
		return &Error{Kind: KindProtocol, Command: reply.Command, Err: fmt.Errorf("unexpected reply: %s", reply)}
	}
	if r.code == 421 && at != stageMessage {
		// RFC 5321, section 3.8: the server closes the channel.
		reply := r.full(f, f.command(n))
		f.goodbye(at, i, reply)
		return &Error{Kind: KindLost, Command: reply.Command, Reply: &reply}
	}
	switch at {
	case stageRset:
		if !r.ok() {
			// What the server still has of an earlier transaction would be lent to
			// this one.
			reply := r.full(f, "RSET")
			return &Error{Kind: KindRefused, Command: "RSET", Reply: &reply}
		}
	case stageMail:
		switch {
		case r.code/100 == 3:
			return unexpected()
		case !r.ok():
			f.refused, f.closed = true, true
			f.decide(r.full(f, f.command(n)))
		}
	case stageRcpt:
		if r.code/100 == 3 {
			return unexpected()
		}
		if !f.refused {
			f.takeRcpt(f.to()[i], r, n)
		}
	case stageData:
		switch {
		case r.ok():
			return unexpected()
		case r.code == 354:
			f.granted = true
		case f.willing() > 0:
			f.decide(r.full(f, "DATA"))
			f.more = false
		}
	case stageMessage:
		return f.takeVerdict(r)
	}
	f.settled()
	return nil
}

// goodbye decides what a 421 in front of the message answers. Where the message
// was written already, a server that goes on all the same may take it, for
// whoever it has accepted or will.
func (f *flight) goodbye(at stage, i int, reply Reply) {
	switch {
	case !f.terminator, at == stageMail:
		f.decide(reply)
	case at == stageRcpt && !f.refused:
		f.each(f.to()[i], func(r *Recipient) { r.Reply, r.Outcome = reply, Deferred })
	}
}

// settled notes when nothing more will come, because there is no message to send.
func (f *flight) settled() {
	if f.asked == f.heard && f.heard == f.envelope() && !f.granted && f.willing() == 0 {
		f.finish()
	}
}

func (f *flight) takeRcpt(a *addressee, r replied, n int) {
	if r.ok() {
		// Its text would be replaced by that of the reply to the message.
		for _, i := range a.copies {
			f.result.Recipients[i].Reply = Reply{Code: r.code}
		}
		return
	}
	reply := r.full(f, f.command(n))
	a.again = tooMany(reply) && f.willing() > 0
	f.more = f.more || a.again
	f.each(a, func(r *Recipient) {
		r.Reply = reply
		if !a.again {
			r.Outcome = outcomeOf(reply)
		}
	})
}

// verdictOn is the command that a reply to a message answers, as people know it.
const verdictOn = "message"

// takeVerdict takes a reply to the message.
func (f *flight) takeVerdict(r replied) *Error {
	const what = verdictOn
	f.finals++
	if f.empty || f.session.obliging && r.ok() && f.terminator && f.willing() == 0 {
		f.finish()
		return nil
	}
	reply := r.full(f, what)
	// RFC 3030, section 2: a refused chunk leaves a transaction that needs RSET.
	f.closed = f.closed || f.asks || r.ok()
	willing := f.willing()
	switch {
	case !f.terminator && r.code < 400:
		// What is no refusal means nothing for a message that was never finished.
		return &Error{Kind: KindProtocol, Command: what, Err: fmt.Errorf("%w: %s", errEarly, reply)}
	case r.code/100 == 3, misplaced(reply), willing == 0 && r.ok():
		return &Error{Kind: KindProtocol, Command: what, Err: fmt.Errorf("unexpected reply: %s", reply)}
	}
	lmtp := f.session.options.Protocol == LMTP
	for _, a := range f.to() {
		if !f.isWilling(a) {
			continue
		}
		f.verdict(a, reply)
		if lmtp {
			break
		}
	}
	if r.code == 421 || !f.terminator {
		// The server leaves, or may still be reading text.
		last := reply
		return &Error{Kind: KindLost, Command: what, Reply: &last}
	}
	if willing <= 1 || !lmtp {
		if reply.Class() > 3 && !lmtp {
			// What the server has against the message, it has for whoever is left.
			f.decide(reply)
			f.more = false
		}
		f.finish()
	}
	return nil
}

// misplaced reports whether a reply says of itself that it is none to a message:
// its status is one of addresses (RFC 3463, section 3.2). The server has then
// said more than it was asked, and every reply since is one too early.
func misplaced(reply Reply) bool {
	return reply.OK() && strings.HasPrefix(reply.Enhanced, "2.1.")
}

// lost decides what the end of the connection leaves open. Replies that are out
// of step say nothing of a message that may have been taken.
func (f *flight) lost(outOfStep bool) {
	if outOfStep && !slices.ContainsFunc(f.result.Recipients, func(r Recipient) bool { return r.Reply.Command == verdictOn }) {
		for i := range f.result.Recipients {
			if r := &f.result.Recipients[i]; !r.Reply.Local {
				r.Reply, r.Outcome = Reply{}, ""
			}
		}
	}
	for i := range f.result.Recipients {
		r := &f.result.Recipients[i]
		if r.Outcome != "" {
			continue
		}
		r.Reply, r.Outcome = Reply{}, Deferred
		if f.terminator && !f.empty {
			r.Reply, r.Outcome = Reply{Command: verdictOn}, InDoubt
		}
	}
	f.more = false
	f.finish()
}

// finish ends the flight; recipients left for another transaction keep it open.
func (f *flight) finish() {
	f.answered = true
	if !f.more {
		f.result.conclude()
	}
}

// done reports whether the result may be handed out.
func (f *flight) done() bool { return f.answered && !f.more }
