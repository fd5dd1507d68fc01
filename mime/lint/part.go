package lint

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"path"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/htmlindex"
)

// checkParts looks at what the parts hold.
func (c *checker) checkParts() {
	var pages []*page
	for _, e := range c.leaves {
		c.checkAttachment(e)
		content, ok := c.decode(e)
		if !ok || e.attached() || (e.mediaType != "text/plain" && e.mediaType != "text/html") {
			continue
		}
		text := c.decodeCharset(e, content)
		if e.mediaType == "text/html" {
			pages = append(pages, c.checkHTML(e, text))
			if !hasText(e) {
				c.add("text-missing", e.here(), "there is no plain text beside the HTML")
			}
		} else {
			c.marker(e.here(), text)
		}
	}
	c.checkContentIDs(pages)
}

// attached reports whether a part is a file for itself.
func (e *entity) attached() bool { return e.disposition == "attachment" }

// misdeclared reports whether a part has octets that its encoding does not allow.
func (e *entity) misdeclared() bool {
	return e.eightBit > 0 && e.encoding != "8bit" && e.encoding != "binary"
}

// hasText reports whether a plain text stands in for a page: in an alternative that the
// page is in, however deep.
func hasText(page *entity) bool {
	for e := page.parent; e != nil; e = e.parent {
		if e.mediaType == "multipart/alternative" && e.hasPlain {
			return true
		}
	}
	return false
}

// decode undoes the Content-Transfer-Encoding of a leaf.
func (c *checker) decode(e *entity) (content []byte, ok bool) {
	body := c.message[e.start:max(e.start, e.end)]
	if e.misdeclared() {
		c.add("eight-bit", place{e.eightBit, "", e.path}, "an octet above 127 in a part whose encoding is %s", e.encoding)
	}
	switch e.encoding {
	case "7bit", "8bit", "binary":
		return body, true
	case "quoted-printable":
		content, bad := decodeQuotedPrintable(body)
		if bad >= 0 {
			c.add("encoding-broken", place{e.bodyLine + bytes.Count(body[:bad], []byte("\n")), "", e.path}, "the quoted-printable has an = without two hexadecimal digits")
		}
		return content, true
	case "base64":
		content, reason := decodeBase64(body)
		if reason != "" {
			c.add("encoding-broken", e.here(), "the base64 %s", reason)
		}
		return content, true
	}
	f, _ := e.get("Content-Transfer-Encoding")
	c.add("encoding-broken", e.at(f), "there is no encoding %s", shown(f.value))
	return nil, false
}

// decodeQuotedPrintable is RFC 2045, section 6.7. bad is where an = stands that begins
// nothing, or -1.
func decodeQuotedPrintable(body []byte) (content []byte, bad int) {
	content, bad = make([]byte, 0, len(body)), -1
	for i := 0; i < len(body); i++ {
		if body[i] != '=' {
			content = append(content, body[i])
			continue
		}
		if i+2 < len(body) {
			high, low := hexadecimal(body[i+1]), hexadecimal(body[i+2])
			if high >= 0 && low >= 0 {
				content = append(content, byte(high<<4|low))
				i += 2
				continue
			}
		}
		// A soft line break, with white space that something underway added.
		end := i + 1
		for end < len(body) && (body[end] == ' ' || body[end] == '\t') {
			end++
		}
		switch {
		case end == len(body):
			i = end
		case body[end] == '\n':
			i = end
		case body[end] == '\r' && end+1 < len(body) && body[end+1] == '\n':
			i = end + 1
		default:
			if bad < 0 {
				bad = i
			}
			content = append(content, '=')
		}
	}
	return content, bad
}

func hexadecimal(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	}
	return -1
}

// decodeBase64 is RFC 2045, section 6.8.
func decodeBase64(body []byte) (content []byte, reason string) {
	compact := make([]byte, 0, len(body))
	for _, c := range body {
		if c != '\r' && c != '\n' && c != ' ' && c != '\t' {
			compact = append(compact, c)
		}
	}
	content = make([]byte, base64.StdEncoding.DecodedLen(len(compact)))
	n, err := base64.StdEncoding.Decode(content, compact)
	if err != nil {
		if len(compact)%4 != 0 {
			return content[:n], "is cut short, or has characters that do not belong there"
		}
		return content[:n], "has characters that do not belong there"
	}
	return content[:n], ""
}

// decodeCharset returns text as UTF-8.
func (c *checker) decodeCharset(e *entity, content []byte) string {
	charset := strings.ToLower(strings.TrimSpace(e.parameters["charset"]))
	switch charset {
	case "":
		if !isASCII(content) && !e.misdeclared() {
			c.add("charset-missing", e.here(), "the text is not ASCII and does not say its charset")
		}
	case "us-ascii", "ascii":
		if !isASCII(content) && !e.misdeclared() {
			c.add("charset-broken", e.here(), "the text is not ASCII")
		}
	case "utf-8", "utf8":
		if !utf8.Valid(content) {
			c.add("charset-broken", e.here(), "the text is not UTF-8")
		}
	default:
		encoding, err := htmlindex.Get(charset)
		if err != nil {
			c.add("charset-broken", e.here(), "nobody knows the charset %s", shown(charset))
			break
		}
		text, err := encoding.NewDecoder().Bytes(content)
		if err != nil || bytes.ContainsRune(text, utf8.RuneError) {
			c.add("charset-broken", e.here(), "the text is not %s", shown(charset))
		}
		return string(text)
	}
	return strings.ToValidUTF8(string(content), "\uFFFD")
}

// checkAttachment looks at the name of a file.
func (c *checker) checkAttachment(e *entity) {
	ending := strings.ToLower(strings.TrimPrefix(path.Ext(strings.TrimRight(e.filename, ". ")), "."))
	if strings.Contains(dangerousEndings, " "+ending+" ") && ending != "" {
		c.add("attachment-dangerous", place{e.line, "", e.path}, "%s has a type that many servers refuse", shown(e.filename))
	}
}

// dangerousEndings are what Gmail and Outlook refuse to deliver, as of 2026.
const dangerousEndings = " ade adp apk appx appxbundle app application bas bat cab chm cmd com cpl dll dmg ex ex_ exe gadget hlp hta inf ins iso " +
	"isp jar jnlp js jse lib lnk mde msc msi msix msixbundle msp mst nsh pif ps1 ps1xml ps2 psc1 psc2 reg scf scr sct shb shs sys url vb vbe vbs vhd vhdx vxd wsc wsf wsh xll "

// services are how large a message well-known services take, encoded as it is.
var services = []struct {
	name string
	size int
}{{"iCloud", 20 << 20}, {"Gmail", 25 << 20}, {"Yahoo", 25 << 20}, {"Exchange Online", 35 << 20}}

// checkSize compares the message with what services take.
func (c *checker) checkSize() {
	var refusing []string
	for _, s := range services {
		if len(c.message) > s.size {
			refusing = append(refusing, fmt.Sprintf("%s takes %d MB", s.name, s.size>>20))
		}
	}
	if refusing != nil {
		c.add("size", place{}, "the message has %.1f MB: %s", float64(len(c.message))/(1<<20), strings.Join(refusing, ", "))
	}
}
