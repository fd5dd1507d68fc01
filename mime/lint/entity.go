package lint

import (
	stdmime "mime"
	"strings"
	"unicode"
)

const (
	// maxDepth is how deep parts may be nested.
	maxDepth = 100
	// maxBoundary is RFC 2046, section 5.1.1, with room for those who do not keep to it.
	maxBoundary = 200
	// maxLine and softLine are RFC 5322, section 2.1.1, without the CRLF: octets and
	// characters.
	maxLine, softLine = 998, 78
)

// field is one field of a header.
type field struct {
	name, value string // the value is unfolded, without white space at its ends
	line        int
}

// entity is a message or a part.
type entity struct {
	parent     *entity
	children   []*entity
	path       string
	line       int // of its first line
	fields     []field
	bodyLine   int
	start, end int // of the body in the message

	mediaType   string
	parameters  map[string]string
	encoding    string // lower case; "7bit" by default
	disposition string
	filename    string
	contentID   string // without angle brackets

	boundary string
	closed   bool
	hasPlain bool // a multipart with a text/plain in it
	eightBit int  // the first line with octets above 127, in its own body
}

// get returns the first field of a name.
func (e *entity) get(name string) (field, bool) {
	for _, f := range e.fields {
		if strings.EqualFold(f.name, name) {
			return f, true
		}
	}
	return field{}, false
}

// at is the place of a field of the entity.
func (e *entity) at(f field) place { return place{f.line, f.name, e.path} }

// here is the place of the entity's body.
func (e *entity) here() place { return place{e.bodyLine, "", e.path} }

// readHeader takes what is said about the body.
func (e *entity) readHeader() {
	e.mediaType, e.encoding = "text/plain", "7bit"
	if e.parent != nil && e.parent.mediaType == "multipart/digest" {
		e.mediaType = "message/rfc822"
	}
	if f, ok := e.get("Content-Type"); ok {
		e.mediaType, e.parameters = mediaType(f.value)
	}
	if f, ok := e.get("Content-Transfer-Encoding"); ok {
		e.encoding = strings.ToLower(f.value)
	}
	if f, ok := e.get("Content-Disposition"); ok {
		var parameters map[string]string
		e.disposition, parameters = mediaType(f.value)
		e.filename = parameters["filename"]
	}
	if e.filename == "" {
		e.filename = e.parameters["name"]
	}
	e.filename = decodeWords(e.filename)
	if f, ok := e.get("Content-ID"); ok {
		e.contentID = strings.Trim(f.value, "<> \t")
	}
}

// mediaType reads a value with parameters, as far as it can be read.
func mediaType(value string) (string, map[string]string) {
	name, parameters, err := stdmime.ParseMediaType(value)
	if err == nil || (err == stdmime.ErrInvalidMediaParameter && parameters != nil) {
		return name, parameters
	}
	name, rest, _ := strings.Cut(value, ";")
	parameters = map[string]string{}
	for parameter := range strings.SplitSeq(rest, ";") {
		key, value, _ := strings.Cut(parameter, "=")
		key = strings.ToLower(strings.TrimSpace(key))
		if _, known := parameters[key]; !known {
			parameters[key] = strings.Trim(strings.TrimSpace(value), `"`)
		}
	}
	return strings.ToLower(strings.TrimSpace(name)), parameters
}

func isASCII[T string | []byte](text T) bool {
	for i := range len(text) {
		if text[i] >= 0x80 {
			return false
		}
	}
	return true
}

// printable takes what a terminal must not get out of a text.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.In(r, unicode.Bidi_Control) || r == 0x2028 || r == 0x2029 {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD"))
}
