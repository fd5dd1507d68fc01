package server

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Sizes of encoded values: RFC 3461, sections 4.2 and 4.4.
const (
	maxEnvelopeID        = 100
	maxOriginalRecipient = 500
)

// parseNotify reads NOTIFY: RFC 3461, section 4.1. NEVER stands alone.
func parseNotify(value string) ([]string, bool) {
	var list []string
	for word := range strings.SplitSeq(strings.ToUpper(value), ",") {
		switch word {
		case "NEVER", "SUCCESS", "FAILURE", "DELAY":
		default:
			return nil, false
		}
		if slices.Contains(list, word) {
			return nil, false
		}
		list = append(list, word)
	}
	return list, len(list) == 1 || !slices.Contains(list, "NEVER")
}

// parseOriginal reads ORCPT: RFC 3461, section 4.2 and RFC 6533, section 3.
func parseOriginal(value string) (OriginalRecipient, bool) {
	kind, encoded, found := strings.Cut(value, ";")
	if !found || kind == "" || !isASCII(kind) || !isAtom(kind) || encoded == "" || len(value) > maxOriginalRecipient {
		return OriginalRecipient{}, false
	}
	decode := decodeXtext
	if strings.EqualFold(kind, "utf-8") {
		decode = decodeUnitext
	}
	address, ok := decode(encoded)
	return OriginalRecipient{Type: strings.ToLower(kind), Address: address}, ok
}

// decodeXtext decodes RFC 3461, section 4. What it encodes must be printable
// ASCII (sections 4.2 and 4.4): "+0D+0A" would end up in the header of a report.
func decodeXtext(text string) (string, bool) {
	decoded := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c == '+' {
			if i+2 >= len(text) || strings.Trim(text[i+1:i+3], "0123456789ABCDEF") != "" {
				return "", false
			}
			value, _ := strconv.ParseUint(text[i+1:i+3], 16, 8)
			c = byte(value)
			i += 2
			if c < ' ' || c > '~' {
				return "", false
			}
		} else if c < '!' || c > '~' || c == '=' {
			return "", false
		}
		decoded = append(decoded, c)
	}
	return string(decoded), len(decoded) > 0
}

// decodeUnitext decodes both forms of RFC 6533, section 3: characters stand for
// themselves, and \x{HEX} for the others.
func decodeUnitext(text string) (string, bool) {
	var decoded strings.Builder
	for len(text) > 0 {
		r, size := utf8.DecodeRuneInString(text)
		if hex, embedded := strings.CutPrefix(text, `\x{`); embedded {
			digits, _, closed := strings.Cut(hex, "}")
			value, err := strconv.ParseUint(digits, 16, 21)
			if !closed || err != nil || len(digits) < 2 || len(digits) > 6 {
				return "", false
			}
			r, size = rune(value), len(`\x{}`)+len(digits)
		} else if r == utf8.RuneError || r == '+' || r == '=' || r == '\\' {
			return "", false
		}
		if !utf8.ValidRune(r) || unicode.IsControl(r) {
			return "", false
		}
		decoded.WriteRune(r)
		text = text[size:]
	}
	return decoded.String(), decoded.Len() > 0
}
