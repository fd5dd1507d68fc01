package mime

import (
	"strings"
	"unicode/utf8"
)

// flowAt is the length of a line of flowed text, its last blank included, in characters:
// RFC 3676, section 4.2, asks for 78 at most, and quoted-printable lines hold 76.
const flowAt = 76

// flow writes text as format=flowed (RFC 3676): each line of it is a paragraph that
// readers break as their window wants it. Lines that begin with ">" are quotes. Blanks at
// the end of lines are lost, since there they have a meaning.
func flow(text string) string {
	var out strings.Builder
	out.Grow(len(text) + len(text)/32)
	for l := linesOf(text); l.more(); {
		line := l.next()
		if line != "-- " { // the mark above a signature (section 4.3)
			line = strings.TrimRight(line, " ")
		}
		content := strings.TrimLeft(line, ">")
		quote := line[:len(line)-len(content)]
		if quote != "" {
			content = strings.TrimPrefix(content, " ")
		}
		flowParagraph(&out, quote, content)
	}
	return out.String()
}

// flowParagraph writes a paragraph as lines that end in a blank, but for the last.
func flowParagraph(out *strings.Builder, quote, content string) {
	for first := true; first || content != ""; first = false {
		out.WriteString(quote)
		room := flowAt - len(quote)
		// Stuffing (section 4.4), so that a line that happens to begin so means nothing.
		// Quotes have their blank always, as people expect it.
		if quote != "" && content != "" || strings.HasPrefix(content, " ") || strings.HasPrefix(content, ">") || strings.HasPrefix(content, "From ") {
			out.WriteByte(' ')
			room--
		}
		n := len(content)
		if utf8.RuneCountInString(content) > room && content != "-- " {
			n = flowBreak(content, room)
		}
		out.WriteString(content[:n])
		out.WriteString("\r\n")
		content = content[n:]
	}
}

// flowBreak returns where to break: behind the last blank within room characters, or the
// first one beyond it; or the length, where there is none.
func flowBreak(s string, room int) int {
	best, column := len(s), 0
	for i, r := range s {
		column++
		// Not where a line would end up as the mark above a signature.
		if r != ' ' || i+1 == len(s) || s[:i+1] == "-- " {
			continue
		}
		if column > room && best < len(s) {
			break
		}
		best = i + 1
		if column >= room {
			break
		}
	}
	return best
}
