package mime

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
)

// idLength is the number of random bytes behind a Message-ID, and behind the boundaries
// of a message.
const idLength = 16

// setBoundaries gives each multipart of the tree its number, and returns the random digits
// of all their boundaries: those given, unless a body holds them.
func setBoundaries(root *entity, random string) string {
	for root.holds(random) {
		// Cannot happen by chance. It does when somebody injects the randomness, and
		// when a message encloses one that was built with the same.
		sum := sha256.Sum256([]byte(random))
		random = hex.EncodeToString(sum[:idLength])
	}
	count := 0
	root.setNumber(&count)
	return random
}

func (e *entity) setNumber(count *int) {
	if len(e.children) == 0 {
		return
	}
	*count++
	e.number = *count
	for _, child := range e.children {
		child.setNumber(count)
	}
}

// appendBoundary appends the boundary of a multipart: "=_", its number, "_" and 32 random
// hex digits. "=_" cannot occur in quoted-printable (RFC 2045, section 6.7, advises it) or
// base64, so that only 7bit bodies are searched for the digits; the number in front keeps
// one boundary from being the beginning of another (RFC 2046, section 5.1.1).
func (a *assembler) appendBoundary(dst []byte, e *entity) []byte {
	dst = strconv.AppendInt(append(dst, "=_"...), int64(e.number), 10)
	return append(append(dst, '_'), a.random...)
}

// holds reports whether a body of the tree that is not encoded, or may not be, contains the
// text. Files too large to be held are not looked at: 128 random bits are not in them.
func (e *entity) holds(text string) bool {
	for _, child := range e.children {
		if child.holds(text) {
			return true
		}
	}
	if e.part != nil && e.part.enclosed != nil {
		return slices.ContainsFunc(e.part.enclosed, func(c chunk) bool { return bytes.Contains(c.data, []byte(text)) })
	}
	if e.part == nil {
		return !(e.encoding == "" && e.notASCII) && strings.Contains(e.text, text)
	}
	switch e.encoding {
	case encoding7Bit, encoding8Bit, encodingBinary:
		return bytes.Contains(e.part.raw(), []byte(text))
	}
	return false
}

// draw fills digits with random hex digits.
func (b *builder) draw(digits []byte) *Error {
	random := b.drawn[:hex.DecodedLen(len(digits))]
	if err := b.env.read(random); err != nil {
		return &Error{Offset: -1, Reason: "reading random bytes: " + err.Error(), Err: err}
	}
	hex.Encode(digits, random)
	return nil
}
