package lint

import (
	"io"
	stdmime "mime"
	"net/mail"
	"strings"

	"golang.org/x/text/encoding/htmlindex"
)

// once are the fields that a header may have one of (RFC 5322, section 3.6; RFC 2045 and
// 2183; RFC 2369, section 3; RFC 8058, section 3.1).
var once = []string{
	"From", "Sender", "Reply-To", "To", "Cc", "Bcc", "Message-ID", "In-Reply-To", "References", "Subject", "Date",
	"MIME-Version", "Content-Type", "Content-Transfer-Encoding", "Content-Disposition", "Content-ID", "Content-Description",
	"List-Id", "List-Unsubscribe", "List-Unsubscribe-Post", "List-Help", "List-Post", "List-Owner", "List-Archive", "List-Subscribe",
}

// known are further names that others may be taken for.
var known = append([]string{"Received", "Return-Path", "DKIM-Signature", "Authentication-Results", "Comments", "Keywords",
	"Auto-Submitted", "Precedence", "Importance", "X-Priority", "X-Mailer", "User-Agent", "Organization", "Feedback-ID",
	"Autocrypt", "ARC-Seal", "ARC-Message-Signature", "ARC-Authentication-Results"}, once...)

// shown to readers, so that a marker in it is seen.
var readable = []string{"Subject", "From", "Reply-To", "To", "Cc", "List-Unsubscribe", "Content-Description", "Organization"}

func (c *checker) checkHeader() {
	c.eachField(c.root)
	r := c.root
	if f, ok := r.get("From"); !ok || !strings.Contains(f.value, "@") {
		c.add("from-missing", place{line: f.line, header: f.name}, "the message has no From with an address")
	}
	if f, ok := r.get("Date"); !ok {
		c.add("date-missing", place{}, "the message has no Date")
	} else if _, err := mail.ParseDate(f.value); err != nil {
		c.add("date-invalid", r.at(f), "is no date: %s", shown(f.value))
	}
	if _, ok := r.get("Message-ID"); !ok {
		c.add("message-id-missing", place{}, "the message has no Message-ID")
	}
	if _, ok := r.get("MIME-Version"); !ok {
		c.add("mime-version-missing", place{}, "the message has no MIME-Version")
	}
	if f, _ := r.get("Subject"); strings.TrimSpace(decodeWords(f.value)) == "" {
		c.add("subject-empty", place{line: f.line, header: f.name}, "the message has no subject")
	}
	for _, name := range []string{"Bcc", "Resent-Bcc"} {
		if f, ok := r.get(name); ok {
			c.add("bcc-present", r.at(f), "shows everybody %s", shown(f.value))
		}
	}
	for _, name := range readable {
		if f, ok := r.get(name); ok {
			c.marker(r.at(f), decodeWords(f.value))
		}
	}
}

// eachField looks at the fields of a message or part on their own.
func (c *checker) eachField(e *entity) {
	first := map[string]int{}
	for _, f := range e.fields {
		if !isASCII(f.value) {
			c.add("header-8bit", e.at(f), "has octets above 127: %s", shown(f.value))
		}
		if like := lookalike(f.name); like != "" {
			c.add("header-lookalike", e.at(f), "the name looks like %s and is another", like)
			continue
		}
		if !isName(f.name) {
			c.add("header-malformed", place{f.line, "", e.path}, "fields cannot have the name %s", shown(f.name))
			continue
		}
		name := strings.ToLower(f.name)
		if line, twice := first[name]; twice && onceOnly[name] {
			c.add("header-duplicate", e.at(f), "stands on line %d already", line)
		} else if !twice {
			first[name] = f.line
		}
	}
	for _, child := range e.children {
		c.eachField(child)
	}
}

var onceOnly = func() map[string]bool {
	names := map[string]bool{}
	for _, name := range once {
		names[strings.ToLower(name)] = true
	}
	return names
}()

// skeletons are the known names as they look.
var skeletons = func() map[string]string {
	names := map[string]string{}
	for _, name := range known {
		names[skeleton(name)] = name
	}
	return names
}()

// lookalike returns the known name that a name looks like without being it, or "".
func lookalike(name string) string {
	if len(name) > maxShown {
		return ""
	}
	like := skeletons[skeleton(name)]
	if strings.EqualFold(like, name) {
		return ""
	}
	return like
}

// skeleton returns what is left of a name for a quick eye: letters, of those that look
// alike always the same. The idea is that of UTS #39, section 4; fields need but little of
// its data.
func skeleton(name string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			r += 'a' - 'A'
		}
		switch {
		case r == '0':
			return 'o'
		case r == '1':
			return 'l'
		case r >= 'a' && r <= 'z', r >= '2' && r <= '9':
			return r
		case r < 0x80:
			return -1
		}
		if latin, ok := homoglyphs[r]; ok {
			return latin
		}
		if r >= 0xFF21 && r <= 0xFF3A { // full-width
			return r - 0xFF21 + 'a'
		}
		if r >= 0xFF41 && r <= 0xFF5A {
			return r - 0xFF41 + 'a'
		}
		if r >= 0x2000 && r <= 0x206F || r == 0xAD || r == 0xFEFF || r == 0xA0 { // invisible, or a hyphen
			return -1
		}
		return r
	}, name)
}

// homoglyphs are Cyrillic and Greek letters that look like Latin ones.
var homoglyphs = map[rune]rune{
	'а': 'a', 'А': 'a', 'В': 'b', 'с': 'c', 'С': 'c', 'ԁ': 'd', 'е': 'e', 'Е': 'e', 'ё': 'e', 'Н': 'h', 'һ': 'h', 'і': 'i', 'І': 'i',
	'ї': 'i', 'ј': 'j', 'Ј': 'j', 'К': 'k', 'к': 'k', 'ӏ': 'l', 'М': 'm', 'м': 'm', 'о': 'o', 'О': 'o', 'р': 'p', 'Р': 'p', 'ѕ': 's',
	'Ѕ': 's', 'Т': 't', 'т': 't', 'у': 'y', 'У': 'y', 'х': 'x', 'Х': 'x', 'ԝ': 'w',
	'Α': 'a', 'α': 'a', 'Β': 'b', 'Ε': 'e', 'ε': 'e', 'Η': 'h', 'Ι': 'i', 'ι': 'i', 'Κ': 'k', 'κ': 'k', 'Μ': 'm', 'Ν': 'n', 'ν': 'v',
	'Ο': 'o', 'ο': 'o', 'Ρ': 'p', 'ρ': 'p', 'Τ': 't', 'τ': 't', 'Υ': 'y', 'υ': 'u', 'Χ': 'x', 'χ': 'x',
	'ı': 'i', 'ɡ': 'g', 'é': 'e', 'è': 'e', 'ö': 'o', 'ó': 'o', 'á': 'a', 'à': 'a', 'ä': 'a', 'í': 'i', 'ú': 'u', 'ü': 'u',
}

// isName is RFC 5322, section 3.6.8.
func isName(name string) bool {
	for i := range len(name) {
		if name[i] <= ' ' || name[i] >= 0x7F {
			return false
		}
	}
	return name != ""
}

// decodeWords reads encoded-words (RFC 2047); what cannot be read stays.
func decodeWords(value string) string {
	decoder := stdmime.WordDecoder{CharsetReader: func(charset string, input io.Reader) (io.Reader, error) {
		encoding, err := htmlindex.Get(charset)
		if err != nil {
			return nil, err
		}
		return encoding.NewDecoder().Reader(input), nil
	}}
	decoded, err := decoder.DecodeHeader(value)
	if err != nil {
		return value
	}
	return decoded
}
