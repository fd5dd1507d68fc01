package mime

import (
	"encoding/base64"
	"math"
	stdmime "mime"
	"strings"
	"unicode/utf8"
)

// An encoded-word is "=?utf-8?q?" + text + "?=", 75 octets at most (RFC 2047, section 2).
const (
	wordFrame = 12
	wordLimit = 75
	// wordSpace is the least room worth beginning an encoded-word in, text alone.
	wordSpace = 16
)

// needsEncoding reports whether a text survives only in encoded-words: because it is
// not ASCII, because it looks like one itself, because some reader would change its
// blanks, or because it has a word that no line can hold.
func needsEncoding(s string) bool {
	if s == "" {
		return false
	}
	if s[0] == ' ' || s[len(s)-1] == ' ' {
		return true
	}
	run := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c >= utf8.RuneSelf || c == '\t':
			return true
		case c == ' ' && s[i+1] == ' ':
			return true
		case c == '=' && i+1 < len(s) && s[i+1] == '?':
			return true
		case c == ' ':
			run = 0
		default:
			if run++; run > maxWord {
				return true
			}
		}
	}
	return false
}

// encoded appends text as encoded-words, Q or B, whichever is shorter, folded where a
// line is full. No code point is split, and the blanks between the words, which a
// reader drops (RFC 2047, section 6.2), are not part of the text. A number of octets is
// kept free on each line, for what will be glued to the last word.
func (h *headerWriter) encoded(text string, free int) {
	if h.charset != nil {
		if _, err := h.charset.encode(text); err == nil {
			h.encodedIn(h.charset, text, free)
			return
		}
	}
	base, length := wordEncoding(text)
	for text != "" {
		room := min(wordLimit, foldAt-h.col-1-free) - wordFrame
		if room < wordSpace {
			h.fold()
			room = wordLimit - wordFrame - free
		}
		n := len(text)
		switch {
		case length <= room:
		case base:
			n = runesWithin(text, room/4*3, func(byte) int { return 1 })
		default:
			n = runesWithin(text, room, qCost)
		}
		before := len(h.buf)
		h.buf = append(h.buf, ' ')
		h.buf = appendWord(h.buf, text[:n], base)
		h.col += len(h.buf) - before
		text, length = text[n:], math.MaxInt // of the rest it is not known
	}
}

// wordEncoding returns whether B is shorter than Q, and the length of the shorter.
func wordEncoding(text string) (base bool, length int) {
	q := 0
	for i := 0; i < len(text); i++ {
		q += qCost(text[i])
	}
	b := base64.StdEncoding.EncodedLen(len(text))
	return q > b, min(q, b)
}

// appendWord appends one encoded-word.
func appendWord(dst []byte, text string, base bool) []byte {
	if base {
		dst = append(dst, "=?utf-8?b?"...)
		dst = base64.StdEncoding.AppendEncode(dst, []byte(text))
	} else {
		dst = append(dst, "=?utf-8?q?"...)
		dst = appendQ(dst, text)
	}
	return append(dst, "?="...)
}

// runesWithin returns the length in bytes of the longest run of whole code points whose
// cost stays within room; never less than one.
func runesWithin(text string, room int, cost func(byte) int) int {
	n := 0
	for n < len(text) {
		_, size := utf8.DecodeRuneInString(text[n:])
		for i := range size {
			room -= cost(text[n+i])
		}
		if room < 0 && n > 0 {
			break
		}
		n += size
	}
	return n
}

// qCost is the length of one byte in Q encoding.
func qCost(c byte) int { return int(qCosts[c]) }

var qCosts = func() (costs [256]uint8) {
	for c := range costs {
		costs[c] = 3
		if c == ' ' || isQLiteral(byte(c)) {
			costs[c] = 1
		}
	}
	return costs
}()

// isQLiteral reports the bytes that stand for themselves. They are the few of RFC 2047,
// section 5 (3), which are safe in a phrase, so that one encoding serves everywhere.
func isQLiteral(c byte) bool {
	return isAlnum(c) || c == '!' || c == '*' || c == '+' || c == '-' || c == '/'
}

func appendQ(dst []byte, text string) []byte {
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == ' ':
			dst = append(dst, '_')
		case qCosts[c] == 1:
			dst = append(dst, c)
		default:
			dst = append(dst, '=', upperHex[c>>4], upperHex[c&15])
		}
	}
	return dst
}

const upperHex = "0123456789ABCDEF"

// decodeWords reads the encoded-words of a field we have written.
func decodeWords(s string) string {
	if !strings.Contains(s, "=?") {
		return s
	}
	decoder := stdmime.WordDecoder{CharsetReader: charsetReader}
	if text, err := decoder.DecodeHeader(s); err == nil {
		return text
	}
	return s
}
