package server

import (
	"fmt"
	"strconv"
	"strings"
)

// replyLine is the longest reply line in octets, with CRLF: RFC 5321, section 4.5.3.1.5.
const replyLine = 512

// Reply is an answer to a command. In the hands of a handler the zero Reply is
// the usual yes.
type Reply struct {
	// Code is 2xx, 4xx or 5xx: RFC 5321, section 4.2.
	Code int
	// Enhanced is a code such as "5.1.1" (RFC 3463). Where it is empty or
	// contradicts Code, x.0.0 is sent.
	Enhanced string
	// Text is one line, or several separated by "\n". Control characters are not sent.
	Text string
}

// Positive tells whether the reply says yes.
func (r Reply) Positive() bool { return r.Code/100 == 2 }

func (r Reply) String() string {
	return strings.Join(strings.Fields(fmt.Sprintf("%d %s %s", r.Code, r.Enhanced, r.Text)), " ")
}

// or makes the zero Reply the usual one, and a code that would confuse the
// dialogue, such as a 354 from a handler, a local error.
func (r Reply) or(usual Reply) Reply {
	switch {
	case r == Reply{}:
		return usual
	case r.Code >= 200 && r.Code <= 299, r.Code >= 400 && r.Code <= 599:
		return r
	}
	return Reply{451, "4.3.0", "local error"}
}

// charset is what may stand in the text of a reply.
type charset string

const (
	charsetASCII charset = "us-ascii"
	// charsetUTF8 needs a client that said SMTPUTF8: RFC 6531, section 3.7.4.1.
	charsetUTF8 charset = "utf-8"
)

// append adds the reply's lines to buffer. Characters that set has no place for
// become question marks, and a line that is too long loses its end.
func (r Reply) append(buffer []byte, form replyForm, set charset) []byte {
	enhanced := ""
	if form == replyEnhanced && r.Code/100 != 3 {
		enhanced = r.Enhanced
		if !enhancedFits(enhanced, r.Code) {
			enhanced = strconv.Itoa(r.Code/100) + ".0.0"
		}
		enhanced += " "
	}
	lines := strings.Split(r.Text, "\n")
	for i, text := range lines {
		separator := byte('-')
		if i == len(lines)-1 {
			separator = ' '
		}
		start := len(buffer)
		buffer = strconv.AppendInt(buffer, int64(r.Code), 10)
		buffer = append(buffer, separator)
		buffer = append(buffer, enhanced...)
		for _, c := range strings.ToValidUTF8(text, "?") {
			switch {
			case c == '\r':
				continue
			case c < ' ', c == 0x7f, c >= 0x80 && c < 0xa0:
				c = ' '
			case c >= 0x80 && set == charsetASCII:
				c = '?'
			}
			if len(buffer)-start+len(string(c)) > replyLine-2 {
				break
			}
			buffer = append(buffer, string(c)...)
		}
		buffer = append(buffer, '\r', '\n')
	}
	return buffer
}

// replyForm tells replies that carry an enhanced code from those that do not: the
// greeting, the answers to EHLO and HELO, and 3xx (RFC 2034, section 4).
type replyForm string

const (
	replyPlain    replyForm = "plain"
	replyEnhanced replyForm = "enhanced"
)

// enhancedFits checks the syntax of RFC 2034, section 4 and that the class is the
// one of the reply code.
func enhancedFits(enhanced string, code int) bool {
	fields := strings.Split(enhanced, ".")
	if len(fields) != 3 || fields[0] != strconv.Itoa(code/100) {
		return false
	}
	for _, field := range fields[1:] {
		if len(field) == 0 || len(field) > 3 || strings.Trim(field, "0123456789") != "" {
			return false
		}
	}
	return true
}
