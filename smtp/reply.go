package smtp

import (
	"strconv"
	"strings"
)

// Reply is what a server answered to one command (RFC 5321, section 4.2).
type Reply struct {
	// Command is the command this answers, without its arguments' secrets.
	// It is empty for the greeting.
	Command string
	// Code is the three-digit reply code, 200 to 599.
	Code int
	// Enhanced is the status code of RFC 3463, such as "5.1.1", or "".
	Enhanced string
	// Lines is the text of each line, without the reply code and with control
	// characters replaced, so that it is safe to print.
	Lines []string
	// Local is true where this package wrote the reply itself, because asking
	// the server would have been pointless (a message over its SIZE limit).
	Local bool
}

// localReply is an answer in the server's place.
func localReply(command string, code int, enhanced, text string) Reply {
	return Reply{Command: command, Code: code, Enhanced: enhanced, Lines: []string{enhanced + " " + text}, Local: true}
}

// Text returns the reply's text without reply codes, lines joined with "\n".
func (r Reply) Text() string {
	if r.Enhanced == "" {
		return strings.Join(r.Lines, "\n")
	}
	if len(r.Lines) == 1 {
		return r.bare(r.Lines[0])
	}
	var b strings.Builder
	for i, line := range r.Lines {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(r.bare(line))
	}
	return b.String()
}

// bare is a line without its enhanced code.
func (r Reply) bare(line string) string {
	rest, found := strings.CutPrefix(line, r.Enhanced)
	if found && (rest == "" || rest[0] == ' ') {
		return strings.TrimPrefix(rest, " ")
	}
	return line
}

// Class is the first digit of the code: 2, 3, 4 or 5; 0 for no reply.
func (r Reply) Class() int { return r.Code / 100 }

// OK reports whether the command was done: a code of 200 to 299.
func (r Reply) OK() bool { return r.Class() == 2 }

// Temporary reports whether the same command may succeed later (400 to 499).
func (r Reply) Temporary() bool { return r.Class() == 4 }

// Permanent reports whether the same command will fail again (500 to 599).
func (r Reply) Permanent() bool { return r.Class() == 5 }

// String is the reply on one line, as in "550 5.1.1 no such user".
func (r Reply) String() string {
	if r.Code == 0 {
		return "no reply"
	}
	s := strconv.Itoa(r.Code)
	if text := strings.Join(r.Lines, " / "); text != "" {
		s += " " + text
	}
	return s
}

// enhancedCode reads the status code at the start of a reply's text. RFC 2034,
// section 4, wants its class to equal the reply code's first digit; a server
// that contradicts itself is taken at its reply code.
func enhancedCode(code int, text string) string {
	end := strings.IndexByte(text, ' ')
	if end < 0 {
		end = len(text)
	}
	word := text[:end]
	if len(word) < 5 || word[1] != '.' || int(word[0]-'0') != code/100 {
		return ""
	}
	subject, detail, found := strings.Cut(word[2:], ".")
	if !found || !threeDigits(subject) || !threeDigits(detail) {
		return ""
	}
	return word
}

// threeDigits reports whether s is a number of one to three digits (RFC 3463, section 2).
func threeDigits(s string) bool {
	if len(s) == 0 || len(s) > 3 {
		return false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}
