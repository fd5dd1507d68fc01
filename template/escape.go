package template

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Escapers do what those of html/template of the same names do, octet by octet; the
// tests compare them. Here they append, and take strings and octets alike.

// escaper is one, for both kinds of input.
type escaper struct {
	text   func(out []byte, s string) []byte
	octets func(out, s []byte) []byte
}

// escapers are by html/template's name, without its prefix. That for names of
// attributes is missing: html/template runs templates that make such names.
var escapers = map[string]escaper{
	"attrescaper":      {escapeHTML[string], escapeHTML[[]byte]},
	"htmlescaper":      {escapeHTML[string], escapeHTML[[]byte]},
	"rcdataescaper":    {escapeHTML[string], escapeHTML[[]byte]},
	"nospaceescaper":   {escapeUnquoted[string], escapeUnquoted[[]byte]},
	"commentescaper":   {escapeComment[string], escapeComment[[]byte]},
	"urlfilter":        {filterURL[string], filterURL[[]byte]},
	"urlnormalizer":    {normalizeURL[string], normalizeURL[[]byte]},
	"urlescaper":       {escapeURL[string], escapeURL[[]byte]},
	"srcsetescaper":    {escapeSrcset[string], escapeSrcset[[]byte]},
	"cssescaper":       {escapeCSS[string], escapeCSS[[]byte]},
	"cssvaluefilter":   {filterCSS[string], filterCSS[[]byte]},
	"jsstrescaper":     {escapeJSString[string], escapeJSString[[]byte]},
	"jstmpllitescaper": {escapeJSTemplate[string], escapeJSTemplate[[]byte]},
	"jsregexpescaper":  {escapeJSRegexp[string], escapeJSRegexp[[]byte]},
}

type content interface{ string | []byte }

// failsafe is what html/template writes in place of what is not safe.
const failsafe = "ZgotmplZ"

// replacements are what octets become; "" leaves one as it is.
type replacements [256]string

// with returns the replacements with some more.
func (r replacements) with(more map[byte]string) *replacements {
	for c, s := range more {
		r[c] = s
	}
	return &r
}

func appendReplaced[T content](out []byte, s T, table *replacements) []byte {
	written := 0
	for i := 0; i < len(s); i++ {
		if r := table[s[i]]; r != "" {
			out = append(append(out, s[written:i]...), r...)
			written = i + 1
		}
	}
	return append(out, s[written:]...)
}

var htmlReplacements = replacements{}.with(map[byte]string{
	0: "\ufffd", '"': "&#34;", '&': "&amp;", '\'': "&#39;", '+': "&#43;", '<': "&lt;", '>': "&gt;",
})

func escapeHTML[T content](out []byte, s T) []byte { return appendReplaced(out, s, htmlReplacements) }

var unquotedReplacements = htmlReplacements.with(map[byte]string{
	0: "&#xfffd;", '\t': "&#9;", '\n': "&#10;", '\v': "&#11;", '\f': "&#12;", '\r': "&#13;", ' ': "&#32;", '=': "&#61;",
	'`': "&#96;",
})

// escapeUnquoted is for attributes without quotes, which cannot be empty, and where
// some browsers did not bear characters that are none.
func escapeUnquoted[T content](out []byte, s T) []byte {
	if len(s) == 0 {
		return append(out, failsafe...)
	}
	written := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			if r := unquotedReplacements[c]; r != "" {
				out = append(append(out, s[written:i]...), r...)
				written = i + 1
			}
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(string(s[i:min(len(s), i+utf8.UTFMax)]))
		if 0xfdd0 <= r && r <= 0xfdef || 0xfff0 <= r && r <= 0xffff {
			out = append(append(out, s[written:i]...), "&#x"...)
			for shift := 12; shift >= 0; shift -= 4 {
				out = append(out, hexDigits[r>>shift&15])
			}
			out = append(out, ';')
			written = i + size
		}
		i += size
	}
	return append(out, s[written:]...)
}

func escapeComment[T content](out []byte, _ T) []byte { return out }

// isSafeURL tells of addresses without a scheme, and those of the web and of mail.
func isSafeURL[T content](s T) bool {
	for i := 0; i < len(s) && s[i] != '/'; i++ {
		if s[i] == ':' {
			scheme := string(s[:i])
			return strings.EqualFold(scheme, "http") || strings.EqualFold(scheme, "https") || strings.EqualFold(scheme, "mailto")
		}
	}
	return true
}

func filterURL[T content](out []byte, s T) []byte {
	if !isSafeURL(s) {
		return append(out, "#"+failsafe...)
	}
	return append(out, s...)
}

const hexDigits = "0123456789abcdef"

// urlClass is what becomes of an octet of an address.
type urlClass uint8

const (
	encoded urlClass = iota
	unreserved
	reserved
	percentSign
)

var urlClasses = func() (classes [256]urlClass) {
	for c := range classes {
		switch b := byte(c); {
		case 'a' <= b && b <= 'z', 'A' <= b && b <= 'Z', '0' <= b && b <= '9', strings.IndexByte("-._~", b) >= 0:
			classes[c] = unreserved
		case strings.IndexByte("!#$&*+,/:;=?@[]", b) >= 0:
			classes[c] = reserved
		case b == '%':
			classes[c] = percentSign
		}
	}
	return classes
}()

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

// normalizeURL encodes what cannot stand in an address (RFC 3986, section 2), and
// leaves what is encoded.
func normalizeURL[T content](out []byte, s T) []byte {
	written := 0
	for i := 0; i < len(s); i++ {
		switch urlClasses[s[i]] {
		case unreserved, reserved:
			continue
		case percentSign:
			if i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]) {
				continue
			}
		}
		out = append(append(out, s[written:i]...), '%', hexDigits[s[i]>>4], hexDigits[s[i]&15])
		written = i + 1
	}
	return append(out, s[written:]...)
}

// escapeURL encodes all that has a meaning in an address.
func escapeURL[T content](out []byte, s T) []byte {
	written := 0
	for i := 0; i < len(s); i++ {
		if urlClasses[s[i]] != unreserved {
			out = append(append(out, s[written:i]...), '%', hexDigits[s[i]>>4], hexDigits[s[i]&15])
			written = i + 1
		}
	}
	return append(out, s[written:]...)
}

// escapeSrcset filters each of several addresses with a size behind it.
func escapeSrcset[T content](out []byte, s T) []byte {
	from := 0
	for i := 0; i < len(s); i++ {
		if s[i] == ',' {
			out = append(appendSource(out, s[from:i]), ',')
			from = i + 1
		}
	}
	return appendSource(out, s[from:])
}

func isHTMLSpace(c byte) bool {
	return c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r'
}

func appendSource[T content](out []byte, s T) []byte {
	start := 0
	for start < len(s) && isHTMLSpace(s[start]) {
		start++
	}
	end := start
	for end < len(s) && !isHTMLSpace(s[end]) {
		end++
	}
	safe := isSafeURL(s[start:end])
	for i := end; i < len(s) && safe; i++ {
		c := s[i]
		safe = isHTMLSpace(c) || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
	}
	if !safe {
		return append(out, "#"+failsafe...)
	}
	out = append(out, s[:start]...)
	out = normalizeURL(out, s[start:end])
	return append(out, s[end:]...)
}

var cssReplacements = replacements{}.with(map[byte]string{
	0: `\0`, '\t': `\9`, '\n': `\a`, '\f': `\c`, '\r': `\d`, '"': `\22`, '&': `\26`, '\'': `\27`, '(': `\28`, ')': `\29`,
	'+': `\2b`, '/': `\2f`, ':': `\3a`, ';': `\3b`, '<': `\3c`, '>': `\3e`, '\\': `\\`, '{': `\7b`, '}': `\7d`,
})

// escapeCSS is for strings in styles. A space ends a number that would go on.
func escapeCSS[T content](out []byte, s T) []byte {
	written := 0
	for i := 0; i < len(s); i++ {
		r := cssReplacements[s[i]]
		if r == "" {
			continue
		}
		out = append(append(out, s[written:i]...), r...)
		written = i + 1
		if s[i] != '\\' && (written == len(s) || isHex(s[written]) || isHTMLSpace(s[written])) {
			out = append(out, ' ')
		}
	}
	return append(out, s[written:]...)
}

// filterCSS lets values of styles through that are words, numbers and colours.
func filterCSS[T content](out []byte, s T) []byte {
	from := len(out)
	out = appendDecodedCSS(out, s)
	value := out[from:]
	var word []byte
	for i, c := range value {
		switch {
		case c == 0, strings.IndexByte("\"'()/;@[\\]`{}<>", c) >= 0, c == '-' && i > 0 && value[i-1] == '-':
			return append(out[:from], failsafe...)
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '_':
			word = append(word, c)
		case 'A' <= c && c <= 'Z':
			word = append(word, c+'a'-'A')
		}
	}
	if bytes.Contains(word, []byte("expression")) || bytes.Contains(word, []byte("mozbinding")) {
		return append(out[:from], failsafe...)
	}
	return out
}

// appendDecodedCSS undoes the escapes of styles (CSS Syntax, section 4.3.7).
func appendDecodedCSS[T content](out []byte, s T) []byte {
	for i := 0; i < len(s); {
		if s[i] != '\\' {
			out = append(out, s[i])
			i++
			continue
		}
		if i+1 == len(s) {
			break
		}
		i++
		if !isHex(s[i]) {
			_, size := utf8.DecodeRuneInString(string(s[i:min(len(s), i+utf8.UTFMax)]))
			out = append(out, s[i:i+size]...)
			i += size
			continue
		}
		var r rune
		for n := 0; n < 6 && i < len(s) && isHex(s[i]); n++ {
			digit := rune(strings.IndexByte(hexDigits, s[i]|0x20))
			if s[i] <= '9' {
				digit = rune(s[i] - '0')
			}
			if r*16+digit > unicode.MaxRune {
				break
			}
			r = r*16 + digit
			i++
		}
		out = utf8.AppendRune(out, r)
		switch {
		case i+1 < len(s) && s[i] == '\r' && s[i+1] == '\n':
			i += 2
		case i < len(s) && isHTMLSpace(s[i]):
			i++
		}
	}
	return out
}

var controlReplacements = func() (r replacements) {
	for c := range 0x20 {
		r[c] = `\u00` + string(hexDigits[c>>4]) + string(hexDigits[c&15])
	}
	r['\t'], r['\n'], r['\f'], r['\r'] = `\t`, `\n`, `\f`, `\r`
	return r
}()

var jsStringReplacements = controlReplacements.with(map[byte]string{
	'"': `\u0022`, '`': `\u0060`, '&': `\u0026`, '\'': `\u0027`, '+': `\u002b`, '/': `\/`, '<': `\u003c`, '>': `\u003e`,
	'\\': `\\`,
})

var jsTemplateReplacements = jsStringReplacements.with(map[byte]string{'$': `\u0024`, '{': `\u007b`, '}': `\u007d`})

var jsRegexpReplacements = controlReplacements.with(map[byte]string{
	'"': `\u0022`, '$': `\$`, '&': `\u0026`, '\'': `\u0027`, '(': `\(`, ')': `\)`, '*': `\*`, '+': `\u002b`, '-': `\-`,
	'.': `\.`, '/': `\/`, '<': `\u003c`, '>': `\u003e`, '?': `\?`, '[': `\[`, '\\': `\\`, ']': `\]`, '^': `\^`, '{': `\{`,
	'|': `\|`, '}': `\}`,
})

// appendScriptText replaces octets and the two line separators that end a line of a script.
func appendScriptText[T content](out []byte, s T, table *replacements) []byte {
	written := 0
	for i := 0; i < len(s); i++ {
		r, size := table[s[i]], 1
		if r == "" && s[i] == 0xe2 && i+2 < len(s) && s[i+1] == 0x80 && s[i+2]&^1 == 0xa8 {
			r, size = `\u2028`, 3
			if s[i+2] == 0xa9 {
				r = `\u2029`
			}
		}
		if r != "" {
			out = append(append(out, s[written:i]...), r...)
			written = i + size
		}
	}
	return append(out, s[written:]...)
}

func escapeJSString[T content](out []byte, s T) []byte {
	return appendScriptText(out, s, jsStringReplacements)
}

func escapeJSTemplate[T content](out []byte, s T) []byte {
	return appendScriptText(out, s, jsTemplateReplacements)
}

// escapeJSRegexp never makes // of an empty value.
func escapeJSRegexp[T content](out []byte, s T) []byte {
	if len(s) == 0 {
		return append(out, "(?:)"...)
	}
	return appendScriptText(out, s, jsRegexpReplacements)
}
