//go:build matrix

package smtptest_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	"github.com/mailscript/mailscript/smtp"
	. "github.com/mailscript/mailscript/smtp/smtptest"
)

// judge compares what came of a cell with what must, and returns what is wrong.
func (c cell) judge(p prediction, o observation) (wrong []string) {
	say := func(format string, a ...any) { wrong = append(wrong, fmt.Sprintf(format, a...)) }
	if o.untyped != nil {
		say("an error that is no *smtp.Error: %v", o.untyped)
	}
	if o.quit != nil {
		say("QUIT returned %v", o.quit)
	}
	for _, e := range []struct {
		what string
		want string
		got  *smtp.Error
	}{{"connect", p.connect, o.connect}, {"auth", p.auth, o.auth}, {"send", p.send, o.send}} {
		kind := ""
		if e.got != nil {
			kind = string(e.got.Kind)
			if e.got.InDoubt && e.what != "send" {
				say("%s: in doubt, where no message was", e.what)
			}
		}
		if e.want != "*" && kind != e.want && !slices.Contains(strings.Fields(e.want), kind) {
			say("%s: error of kind %q (%v), want %q", e.what, kind, e.got, e.want)
		}
	}
	for i, outcome := range o.outcomes() {
		if outcome != p.out[i] && !slices.Contains(strings.Fields(p.out[i]), outcome) {
			say("%s: %q (%v), want %q", recipients[i], outcome, o.result.Recipients, p.out[i])
		}
	}
	if usable := map[bool]string{true: "yes", false: "no"}[o.usable]; p.usable != "either" && p.usable != usable {
		say("usable: %s, want %s", usable, p.usable)
	}
	if n := complete(o.seen); p.copies >= 0 && n != p.copies && !strings.Contains(strings.Join(p.out[:], ""), " ") {
		say("%d complete messages arrived, want %d", n, p.copies)
	}
	if c.seen != nil {
		if complaint := c.seen(o.seen); complaint != "" {
			say("%s", complaint)
		}
	}
	return append(append(wrong, c.judgeWire(p, o)...), c.judgeSafety(p, o)...)
}

func complete(seen Connection) (n int) {
	for _, m := range seen.Messages {
		if m.Complete && len(m.To) > 0 {
			n++
		}
	}
	return n
}

// judgeWire looks at the octets, and at how the connection ended.
func (c cell) judgeWire(p prediction, o observation) (wrong []string) {
	say := func(format string, a ...any) { wrong = append(wrong, fmt.Sprintf(format, a...)) }
	got := string(o.seen.Above)
	fits := slices.ContainsFunc(p.streams, func(want string) bool {
		// A server that has left does not hear the rest.
		return got == want || (p.part || o.seen.Ended == ByServer) && strings.HasPrefix(want, got)
	})
	if p.body {
		rest, ok := bytes.CutPrefix(o.seen.Above, []byte(p.streams[0]))
		fits = ok && bytes.HasPrefix(bigMessage(len(rest)+1000), rest)
	}
	if !fits {
		say("the client wrote %s, want %s", short(got), short(p.streams...))
	}
	if p.part && bytes.Contains(o.seen.Above, []byte("\r\n.\r\n")) {
		say("the client ended the message")
	}
	switch quit := o.seen.Ended == ByQuit; {
	case o.seen.Ended == ByServer, c.fault.class == hangup && c.fault.slow: // it does not hear QUIT
	case o.usable && !quit:
		say("the connection was usable and ended with %s", o.seen.Ended)
	case !o.usable && quit:
		say("the connection was broken, and QUIT was said on it")
	}
	// Credentials in clear text, as such or in base64.
	if c.mode != TLSOff || c.inClear != "" {
		for _, secret := range []string{
			password, base64.StdEncoding.EncodeToString([]byte(password)),
			base64.StdEncoding.EncodeToString([]byte("\x00" + user + "\x00" + password)),
		} {
			if bytes.Contains(o.seen.Below, []byte(secret)) {
				say("the password crossed in clear text")
			}
		}
		if o.seen.Secure && bytes.Contains(o.seen.Below, []byte("MAIL FROM")) {
			say("the envelope crossed in clear text")
		}
	}
	if !c.pipelining && o.seen.Ahead > 0 {
		say("%d commands were sent ahead, though PIPELINING is not offered", o.seen.Ahead)
	}
	return wrong
}

// judgeSafety holds what the client claims against what the server knows.
func (c cell) judgeSafety(p prediction, o observation) (wrong []string) {
	say := func(format string, a ...any) { wrong = append(wrong, fmt.Sprintf(format, a...)) }
	want := c.message()
	for i, outcome := range o.outcomes() {
		to, taken, mayHave := recipients[i], false, 0
		for _, m := range o.seen.Messages {
			if m.MayHave(to) {
				mayHave++
			}
			if m.Accepted() && slices.Contains(m.To, to) {
				taken = true
				if !bytes.Equal(m.Text, want) {
					say("%s: the message that was taken is not the one that was sent", to)
				}
			}
		}
		switch smtp.Outcome(outcome) {
		case smtp.Sent:
			if !taken {
				say("%s: sent, and the server has accepted nothing", to)
			}
		case smtp.Deferred, "":
			if mayHave > 0 {
				say("%s: %q is safe to send again, and the server may have it", to, outcome)
			}
		case smtp.Failed:
			if mayHave > 0 {
				say("%s: failed, and the server may have it", to)
			}
			if !rejected(o.seen, to) && !c.outOfStep() {
				say("%s: failed for good, and the server never said so", to)
			}
		case smtp.InDoubt:
			if complete(o.seen) == 0 && p.copies >= 0 && o.seen.Ended != ByServer {
				say("%s: in doubt, and no whole message arrived", to)
			}
		}
		if o.again != nil {
			for _, m := range o.again.Messages {
				if m.MayHave(to) {
					mayHave++
				}
			}
		}
		if mayHave > 1 {
			say("%s: %d copies after the second attempt", to, mayHave)
		}
		if mayHave == 0 && outcome != string(smtp.Failed) && outcome != string(smtp.InDoubt) {
			say("%s: lost: %q at first, and the second attempt brought nothing (%v)", to, outcome, o.retried)
		}
	}
	return wrong
}

// rejected reports whether the server refused the recipient, or the message,
// for good.
func rejected(seen Connection, to string) bool {
	for _, command := range seen.Commands {
		switch command.Verb {
		case "RCPT":
			if !strings.Contains(command.Line, "<"+to+">") {
				continue
			}
		case "MAIL", "DATA", "BDAT":
		default:
			continue
		}
		if slices.ContainsFunc(command.Replies, func(r Reply) bool { return r.Code >= 500 }) {
			return true
		}
	}
	return false
}

// short is text for people.
func short(texts ...string) string {
	var list []string
	for _, text := range texts {
		if len(text) > 1200 {
			text = text[:400] + fmt.Sprintf("…%d octets…", len(text)-800) + text[len(text)-400:]
		}
		list = append(list, fmt.Sprintf("%q", text))
	}
	return strings.Join(list, " or ")
}
