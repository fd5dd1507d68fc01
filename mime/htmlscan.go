package mime

import "strings"

// htmlValue says what the scanner stands on.
type htmlValue int

const (
	htmlQuoted       htmlValue = iota // an attribute value between quotes
	htmlUnquoted                      // an attribute value without
	htmlStyleElement                  // the text of a style element
)

// htmlScanner walks over HTML and stops at each attribute value and each style sheet. It
// follows the tokenization of the HTML standard, section 13.2.5, as far as that decides
// what is an attribute.
type htmlScanner struct {
	text       string
	pos        int
	inTag      bool
	tag        string // lower case; "/p" for an end tag
	kind       htmlValue
	attribute  string // lower case; "" for a style sheet
	start, end int    // of the value in text
}

// next moves to the next value and reports whether there is one.
func (s *htmlScanner) next() bool {
	for s.pos < len(s.text) {
		if s.inTag {
			if s.nextAttribute() {
				return true
			}
			if s.tagEnds() {
				return true
			}
			continue
		}
		open := strings.IndexByte(s.text[s.pos:], '<')
		if open < 0 {
			break
		}
		s.pos += open
		s.openTag()
	}
	s.pos = len(s.text)
	return false
}

// openTag steps over "<name", or over a whole comment.
func (s *htmlScanner) openTag() {
	rest := s.text[s.pos:]
	switch {
	case strings.HasPrefix(rest, "<!--[if"):
		// What follows is markup, for those who read conditional comments.
		s.skipPast("]>", 0)
	case strings.HasPrefix(rest, "<!--"):
		s.skipPast("-->", len("<!")) // <!--> is a whole one
	case strings.HasPrefix(rest, "<!"), strings.HasPrefix(rest, "<?"):
		s.skipPast(">", 0)
	default:
		end := 1
		if end < len(rest) && rest[end] == '/' {
			end++
		}
		if end >= len(rest) || !isLetter(rest[end]) {
			s.pos++
			return
		}
		for end < len(rest) && !isHTMLSpace(rest[end]) && rest[end] != '>' && rest[end] != '/' {
			end++
		}
		s.tag = strings.ToLower(rest[1:end])
		s.inTag = true
		s.pos += end
	}
}

// skipPast moves behind the next occurrence of mark, looked for from offset on.
func (s *htmlScanner) skipPast(mark string, offset int) {
	from := min(s.pos+offset, len(s.text))
	end := strings.Index(s.text[from:], mark)
	if end < 0 {
		s.pos = len(s.text)
		return
	}
	s.pos = from + end + len(mark)
}

// nextAttribute reads attributes up to the first one with a value.
func (s *htmlScanner) nextAttribute() bool {
	for {
		for s.pos < len(s.text) && (isHTMLSpace(s.text[s.pos]) || s.text[s.pos] == '/') {
			s.pos++
		}
		begin := s.pos
		for s.pos < len(s.text) && !isHTMLSpace(s.text[s.pos]) && s.text[s.pos] != '/' && s.text[s.pos] != '>' &&
			(s.text[s.pos] != '=' || s.pos == begin) {
			s.pos++
		}
		if s.pos == begin {
			return false // > or the end
		}
		s.attribute = strings.ToLower(s.text[begin:s.pos])
		s.skipSpace()
		if s.pos < len(s.text) && s.text[s.pos] == '=' {
			s.pos++
			s.skipSpace()
			return s.value()
		}
	}
}

func (s *htmlScanner) value() bool {
	if s.pos >= len(s.text) || s.text[s.pos] == '>' {
		return false
	}
	if quote := s.text[s.pos]; quote == '"' || quote == '\'' {
		s.kind = htmlQuoted
		s.start = s.pos + 1
		end := strings.IndexByte(s.text[s.start:], quote)
		if end < 0 {
			s.pos = len(s.text) // no tag then, says the standard
			return false
		}
		s.end = s.start + end
		s.pos = s.end + 1
		return true
	}
	s.kind, s.start = htmlUnquoted, s.pos
	for s.pos < len(s.text) && !isHTMLSpace(s.text[s.pos]) && s.text[s.pos] != '>' {
		s.pos++
	}
	s.end = s.pos
	return true
}

// tagEnds steps over the > of a tag. It stops at the style sheet behind <style>, and
// passes over elements whose content is no markup.
func (s *htmlScanner) tagEnds() bool {
	if s.pos >= len(s.text) {
		return false
	}
	s.pos++
	s.inTag = false
	switch s.tag {
	case "style":
		s.kind, s.attribute = htmlStyleElement, ""
		s.start = s.pos
		s.end = s.start + endTag(s.text[s.start:], "</style")
		s.pos = s.end
		return true
	case "script", "title", "textarea", "xmp", "iframe", "noembed", "noframes":
		s.pos += endTag(s.text[s.pos:], "</"+s.tag)
	}
	return false
}

// endTag returns where an end tag begins, or the length of the text.
func endTag(text, tag string) int {
	for from := 0; ; {
		i := strings.Index(text[from:], "</")
		if i < 0 || from+i+len(tag) > len(text) {
			return len(text)
		}
		from += i
		if strings.EqualFold(text[from:from+len(tag)], tag) {
			return from
		}
		from += 2
	}
}

func (s *htmlScanner) skipSpace() {
	for s.pos < len(s.text) && isHTMLSpace(s.text[s.pos]) {
		s.pos++
	}
}

func isHTMLSpace(c byte) bool {
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f'
}

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }
