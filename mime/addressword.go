package mime

import (
	"strings"
	"unicode/utf8"
)

// word is an atom or a quoted string of a phrase.
type word struct {
	text   string
	quoted bool
	start  int
}

// parseWords reads atoms and quoted strings with what may stand between them.
//
// QUIRK: dots are taken in atoms, since people do write Dr. Ann Example (RFC 5322,
// section 4.1, obs-phrase).
func (p *addressParser) parseWords() ([]word, error) {
	var words []word
	for {
		if err := p.skipBlanks(); err != nil {
			return nil, err
		}
		w, ok, err := p.parseWord()
		if err != nil {
			return nil, err
		}
		if !ok {
			return words, nil
		}
		words = append(words, w)
	}
}

func (p *addressParser) parseWord() (w word, ok bool, err error) {
	start := p.pos
	if p.peek() == '"' {
		text, err := p.parseQuoted()
		return word{text, true, start}, true, err
	}
	for !p.atEnd() && isAtomByte(p.text[p.pos]) {
		p.pos++
	}
	return word{p.text[start:p.pos], false, start}, p.pos > start, nil
}

func isAtomByte(c byte) bool { return isAtext(c) || c == '.' || c >= utf8.RuneSelf }

func (p *addressParser) parseQuoted() (string, error) {
	start := p.pos
	var b strings.Builder
	for p.pos++; p.pos < len(p.text); p.pos++ {
		switch c := p.text[p.pos]; c {
		case '"':
			p.pos++
			return b.String(), nil
		case '\\':
			p.pos++
			if p.pos < len(p.text) {
				b.WriteByte(p.text[p.pos])
			}
		default:
			b.WriteByte(c)
		}
	}
	return "", p.fault(start, `a " is not closed`, "")
}

// skipBlanks passes over white space and comments (RFC 5322, section 3.2.2).
func (p *addressParser) skipBlanks() error {
	for depth, open := 0, 0; ; p.pos++ {
		if depth == 0 {
			p.skipSpace()
		}
		switch c := p.peek(); {
		case p.atEnd() && depth > 0:
			return p.fault(open, "a ( is not closed", "")
		case c == '(':
			if depth == 0 {
				open = p.pos
			}
			if depth++; depth > maxComments {
				return p.fault(p.pos, "comments nested too deep", "")
			}
		case c == ')' && depth > 0:
			depth--
		case c == '\\' && depth > 0:
			p.pos++
		case depth == 0:
			return nil
		}
	}
}

func (p *addressParser) skipSpace() {
	for p.pos < len(p.text) && (p.text[p.pos] == ' ' || p.text[p.pos] == '\t') {
		p.pos++
	}
}

func (p *addressParser) atEnd() bool { return p.pos >= len(p.text) }

// peek returns the next byte, or 0 at the end; checkText has refused the NUL.
func (p *addressParser) peek() byte {
	if p.atEnd() {
		return 0
	}
	return p.text[p.pos]
}
