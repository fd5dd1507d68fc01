package smtptest

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// Claim is what a client says became of one recipient's copy of a message.
// Recipients are told apart by their addresses: no two claims share one.
type Claim struct {
	From, To string
	Text     []byte
	// Outcome is "sent", "deferred", "failed", "in_doubt", or "" for a copy that
	// was never tried.
	Outcome string
}

// Disputes holds the claims of a client against what a connection has seen, and
// returns what is wrong with them. It knows nothing of how the client works, only
// what its words commit it to:
//
//   - sent: the server has said so, of the whole message, to this recipient
//   - deferred, failed, or not tried: the server cannot have kept a copy
//   - failed: the server refused for good, or talks so out of step that it seems to
//   - in doubt: the whole message may have arrived, and no reply to it did
//
// Nobody may be given what was sent to somebody else, whatever is claimed.
func (c Connection) Disputes(claims []Claim) (wrong []string) {
	of := map[string]Claim{}
	for _, claim := range claims {
		of[claim.To] = claim
	}
	for _, m := range c.Messages {
		wrong = append(wrong, m.lent(of)...)
	}
	for _, claim := range claims {
		if complaint := c.dispute(claim); complaint != "" {
			wrong = append(wrong, fmt.Sprintf("%s: %q, and %s", claim.To, claim.Outcome, complaint))
		}
	}
	return append(wrong, c.oddVerbs()...)
}

// lent says what is wrong with where a message went.
func (m Received) lent(of map[string]Claim) (wrong []string) {
	for _, to := range m.To {
		switch claim, known := of[to]; {
		case !known:
			wrong = append(wrong, fmt.Sprintf("%s is no recipient of anything", to))
		case claim.From != m.From:
			wrong = append(wrong, fmt.Sprintf("%s is given a message of %s, not of %s", to, m.From, claim.From))
		case m.Complete && !bytes.Equal(m.Text, claim.Text):
			wrong = append(wrong, fmt.Sprintf("%s is given %.200q in the place of %.200q", to, m.Text, claim.Text))
		}
	}
	return wrong
}

func (c Connection) dispute(claim Claim) string {
	var taken, mayHave, heard bool
	for _, m := range c.Messages {
		i := slices.Index(m.To, claim.To)
		if i < 0 {
			continue
		}
		mayHave = mayHave || m.MayHave(claim.To)
		if !m.Each {
			i = 0
		}
		taken = taken || m.Complete && i < len(m.Replies) && m.Replies[i].positive()
		heard = heard || m.Turn > 0 && m.Turn+i <= c.trusted()
	}
	switch claim.Outcome {
	case "sent":
		if !taken {
			return "the server has not taken it"
		}
	case "deferred", "failed", "":
		if mayHave && (claim.Outcome != "failed" || !c.OutOfStep) {
			return "the server may have it"
		}
		if claim.Outcome == "failed" && !c.OutOfStep && !c.rejected(claim) {
			return "the server never refused for good"
		}
	case "in_doubt":
		// What becomes of the last octets when the server leaves is chance.
		switch {
		case c.Ended == ByServer, c.stopped:
		case !c.arrived(claim.Text):
			return "it never arrived whole"
		case heard && !c.OutOfStep:
			return "the server has answered"
		}
	default:
		return "that is no outcome"
	}
	return ""
}

// arrived reports whether a whole message did, with what ends it, wherever it
// ended up.
func (c Connection) arrived(text []byte) bool {
	stuffed := bytes.ReplaceAll(text, []byte("\r\n."), []byte("\r\n.."))
	return bytes.Contains(c.Above, append([]byte(" LAST\r\n"), text...)) || bytes.Contains(c.Above, append(stuffed, ".\r\n"...))
}

// rejected reports whether the server refused the recipient, its sender or its
// message for good.
func (c Connection) rejected(claim Claim) bool {
	from := ""
	for _, command := range c.Commands {
		mine := false
		switch command.Verb {
		case "MAIL":
			from, _, _ = path(strings.TrimPrefix(command.Line, command.Verb+" "), "FROM:")
			mine = from == claim.From
		case "RCPT":
			to, _, _ := path(strings.TrimPrefix(command.Line, command.Verb+" "), "TO:")
			mine = to == claim.To
		case "DATA", "BDAT":
			mine = from == claim.From
		}
		if mine && slices.ContainsFunc(command.Replies, func(r Reply) bool { return r.Code >= 500 }) {
			return true
		}
	}
	return false
}

// trusted is how many replies a client has to believe: those up to the first
// that is none, or that it has to leave for.
func (c Connection) trusted() int {
	list, _ := codes(string(c.Said))
	n := len(list)
	if c.doubtful > 0 {
		n = min(n, c.doubtful-1)
	}
	return n
}

// codes are those of the replies that text begins with, and whether they end
// where there is none, rather than where nothing more has come.
func codes(text string) (list []int, spoiled bool) {
	under := ""
	for {
		line, rest, ok := strings.Cut(text, "\n")
		text = rest
		if !ok {
			return list, len(line) > mostOfLine
		}
		line = strings.TrimSuffix(line, "\r")
		if len(line) < 3 || len(line) > mostOfLine || strings.ContainsRune(line, 0) || under != "" && line[:3] != under {
			return list, true
		}
		code := 0
		for i, digit := range []byte(line[:3]) {
			if digit < '0' || digit > '9' || i == 0 && (digit < '2' || digit > '5') {
				return list, true
			}
			code = code*10 + int(digit-'0')
		}
		switch {
		case len(line) == 3 || line[3] == ' ':
			list, under = append(list, code), ""
		case line[3] == '-':
			under = line[:3]
		default:
			return list, true
		}
	}
}

// mostOfLine is more than any server has to be believed: RFC 5321, section
// 4.5.3.1.5, has 512.
const mostOfLine = 4 << 10

// oddVerbs are commands that no client says: text was taken for commands, or the
// other way round.
func (c Connection) oddVerbs() (wrong []string) {
	for _, command := range c.Commands {
		switch command.Verb {
		case "", "EHLO", "LHLO", "HELO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "BDAT", "RSET", "QUIT":
		case "NOOP", "*": // the probe's, and a cancelled AUTH
		default:
			wrong = append(wrong, fmt.Sprintf("the command %.100q", command.Line))
		}
	}
	return wrong
}
