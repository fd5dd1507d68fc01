package mime

import (
	"strings"
	"unicode/utf8"
)

// contentLine is the longest line of iCalendar and vCard without its end, in octets
// (RFC 5545, section 3.1; RFC 2426, section 2.6).
const contentLine = 75

// contentLines writes the properties of iCalendar objects and vCards, which share their
// syntax. Like headerWriter it checks what it has written a last time.
type contentLines struct {
	buf []byte
	err *Error
}

// line writes "name:value". The value is in its final form: contentText makes one of text.
func (c *contentLines) line(name, value string) {
	line := name + ":" + value
	if offset, reason := textFault(line); offset >= 0 && c.err == nil {
		// Not expected: whatever is wrong was refused with better words before.
		c.err = &Error{Field: strings.ToLower(name), Value: value, Offset: -1, Reason: reason}
	}
	for room := contentLine; len(line) > room; room = contentLine - 1 {
		cut := room
		for cut > 1 && !utf8.RuneStart(line[cut]) {
			cut-- // a code point stays in one piece, for those who decode line by line
		}
		c.buf = append(c.buf, line[:cut]...)
		c.buf = append(c.buf, "\r\n "...)
		line = line[cut:]
	}
	c.buf = append(c.buf, line...)
	c.buf = append(c.buf, '\r', '\n')
}

// text writes a property whose value is TEXT, and none for "".
func (c *contentLines) text(name, value string) {
	if value != "" {
		c.line(name, contentText(value))
	}
}

// contentText writes text as a value (RFC 5545, section 3.3.11): line ends become \n.
func contentText(s string) string {
	return contentEscapes.Replace(s)
}

var contentEscapes = strings.NewReplacer(`\`, `\\`, ";", `\;`, ",", `\,`, "\r\n", `\n`, "\n", `\n`, "\r", `\n`)

// contentParameter writes a parameter value, always quoted. What cannot stand in quotes
// is written with the carets of RFC 6868.
func contentParameter(s string) string {
	return `"` + strings.NewReplacer("^", "^^", `"`, "^'").Replace(s) + `"`
}

// checkContent checks text for a calendar or a card. Line ends are allowed where the
// property has several lines by its nature.
func checkContent(place, text string, lines contentKind) *Error {
	checked := text
	if lines == contentLinesAllowed {
		checked = strings.NewReplacer("\r", " ", "\n", " ").Replace(text)
	}
	return checkValue(place, checked)
}

// contentKind says whether a text can have several lines.
type contentKind int

const (
	contentOneLine contentKind = iota
	contentLinesAllowed
)
