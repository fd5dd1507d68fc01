package smtp

import (
	"bytes"
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of one reply. RFC 5321, section 4.5.3.1.5, promises 512 octets a line;
// servers in use send more, hostile ones send without end.
const (
	maxReplyLine  = 4 << 10
	maxReplyLines = 128
	maxReplyBytes = 64 << 10
)

var (
	errReplyLine   = errors.New("reply line is longer than 4 KiB")
	errReplyLines  = errors.New("reply has more than 128 lines")
	errReplyBytes  = errors.New("reply is longer than 64 KiB")
	errReplySyntax = errors.New("not an SMTP reply")
	errReplyCodes  = errors.New("the lines of one reply have different codes")
)

// replyReader assembles replies from bytes as they arrive, in whatever pieces.
// It looks at each byte once, so that an endless reply costs linear time.
type replyReader struct {
	buf   []byte // not yet consumed
	room  []byte // where buf begins, to be used again once it is empty
	scan  int    // buf[:scan] holds no line end
	reply Reply  // lines seen so far of the reply under way
	total int    // octets of the reply under way
}

// buffered is how many octets have arrived that belong to no complete reply.
func (r *replyReader) buffered() int { return len(r.buf) + r.total }

func (r *replyReader) feed(p []byte) {
	if len(r.buf) > 0 {
		r.buf = append(r.buf, p...)
		return
	}
	r.buf = append(r.room[:0], p...)
	r.room = nil
	if cap(r.buf) <= maxReplyBytes {
		r.room = r.buf // a larger one is given back
	}
}

// short returns the next reply where it has arrived whole on a single line, as
// most do in a stream: that line as it is, which stays valid until the next
// feed, and its code. It allocates nothing. What it does not take, next does.
func (r *replyReader) short() (line []byte, code int, ok bool) {
	if r.total > 0 {
		return nil, 0, false
	}
	end := bytes.IndexByte(r.buf[r.scan:], '\n') + r.scan
	if end < r.scan {
		return nil, 0, false
	}
	line = bytes.TrimSuffix(r.buf[:end], crByte)
	if len(line) > maxReplyLine || len(line) > 3 && line[3] != ' ' {
		return nil, 0, false
	}
	if code, ok = replyCode(line); ok {
		r.buf, r.scan = r.buf[end+1:], 0
	}
	return line, code, ok
}

// shortReply is what next makes of a line that short has returned, with its text
// in room where that has some.
func shortReply(line []byte, code int, room []string) Reply {
	var text []byte
	if len(line) > 3 {
		text = line[4:]
	}
	printable := strings.TrimSpace(sanitize(text))
	return Reply{Code: code, Enhanced: enhancedCode(code, printable), Lines: append(room, printable)}
}

var crByte = []byte("\r")

// replyCode reads the three digits that a line begins with.
func replyCode(line []byte) (code int, ok bool) {
	if len(line) < 3 || bytes.IndexByte(line, 0) >= 0 {
		return 0, false
	}
	for i, c := range line[:3] {
		if c < '0' || c > '9' || i == 0 && (c < '2' || c > '5') {
			return 0, false
		}
	}
	return int(line[0]-'0')*100 + int(line[1]-'0')*10 + int(line[2]-'0'), true
}

// next returns the next whole reply; complete is false where more bytes are needed.
func (r *replyReader) next() (reply Reply, complete bool, err error) {
	for {
		end := bytes.IndexByte(r.buf[r.scan:], '\n')
		if end < 0 {
			r.scan = len(r.buf)
			if r.scan > maxReplyLine {
				return Reply{}, false, errReplyLine
			}
			return Reply{}, false, nil
		}
		end += r.scan
		line := r.buf[:end]
		if len(line) > maxReplyLine {
			return Reply{}, false, errReplyLine
		}
		last, err := r.line(line)
		r.buf, r.scan = r.buf[end+1:], 0
		r.total += end + 1
		switch {
		case err != nil:
			return Reply{}, false, err
		case r.total > maxReplyBytes:
			return Reply{}, false, errReplyBytes
		case last:
			reply, r.reply, r.total = r.reply, Reply{}, 0
			return reply, true, nil
		case len(r.reply.Lines) == maxReplyLines:
			return Reply{}, false, errReplyLines
		}
	}
}

// line adds one line, without its LF, to the reply under way.
//
// QUIRK: a line may end with a bare LF; some servers and most hand-made ones
// send it, and here it cannot be mistaken for anything else.
func (r *replyReader) line(line []byte) (last bool, err error) {
	line = bytes.TrimSuffix(line, crByte)
	code, ok := replyCode(line)
	if !ok {
		return false, errReplySyntax
	}
	more := false
	var text []byte
	if len(line) > 3 {
		if line[3] != ' ' && line[3] != '-' {
			return false, errReplySyntax
		}
		more, text = line[3] == '-', line[4:]
	}
	first := len(r.reply.Lines) == 0
	if !first && code != r.reply.Code {
		return false, errReplyCodes
	}
	printable := strings.TrimSpace(sanitize(text))
	if first {
		r.reply.Code = code
		r.reply.Enhanced = enhancedCode(code, printable)
	}
	r.reply.Lines = append(r.reply.Lines, printable)
	return !more, nil
}

// sanitize makes a server's text safe to print and to log: control characters,
// which could move a terminal's cursor or forge a log line, characters that turn
// the direction of writing, and invalid UTF-8 become U+FFFD.
func sanitize(text []byte) string {
	clean := true
	for _, c := range text {
		if c < ' ' || c >= 0x7f {
			clean = false
			break
		}
	}
	if clean {
		return string(text)
	}
	var b strings.Builder
	for len(text) > 0 {
		c, size := utf8.DecodeRune(text)
		if c == '\t' {
			c = ' '
		} else if unicode.IsControl(c) || unicode.Is(unicode.Bidi_Control, c) || c == '\u2028' || c == '\u2029' {
			c = utf8.RuneError
		}
		b.WriteRune(c)
		text = text[size:]
	}
	return b.String()
}
