package mime

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"slices"
	"strconv"
	"strings"
)

// idLength is the number of random bytes behind a Message-ID, and behind the boundaries
// of a message.
const idLength = 16

// setBoundaries gives each multipart of the tree its boundary: "=_", a number, "_" and 32
// random hex digits. "=_" cannot occur in quoted-printable (RFC 2045, section 6.7, advises
// it) or base64, so that only 7bit bodies are searched for the digits; the number in front
// keeps one boundary from being the beginning of another (RFC 2046, section 5.1.1).
func setBoundaries(root *entity, random string) {
	for root.holds(random) {
		// Cannot happen by chance. It does when somebody injects the randomness, and
		// when a message encloses one that was built with the same.
		sum := sha256.Sum256([]byte(random))
		random = hex.EncodeToString(sum[:idLength])
	}
	count := 0
	root.setBoundary(random, &count)
}

func (e *entity) setBoundary(random string, count *int) {
	if len(e.children) == 0 {
		return
	}
	*count++
	e.boundary = "=_" + strconv.Itoa(*count) + "_" + random
	for _, child := range e.children {
		child.setBoundary(random, count)
	}
}

// holds reports whether a body of the tree that is not encoded, or may not be, contains the
// text. Files
// too large to be held are not looked at: 128 random bits are not in them.
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
		return strings.Contains(e.text, text)
	}
	switch e.encoding {
	case encoding7Bit, encoding8Bit, encodingBinary:
		return bytes.Contains(e.part.raw(), []byte(text))
	}
	return false
}

// draw returns random hex digits for a Message-ID or for boundaries. Both are drawn at once.
func (b *builder) draw() (string, *Error) {
	if b.drawn == "" {
		raw := make([]byte, 2*idLength)
		if b.d.MessageID != "" {
			raw = raw[:idLength]
		}
		if _, err := io.ReadFull(b.env.Random, raw); err != nil {
			return "", &Error{Offset: -1, Reason: "reading random bytes: " + err.Error(), Err: err}
		}
		var digits [4 * idLength]byte
		b.drawn = string(digits[:hex.Encode(digits[:], raw)])
	}
	digits := b.drawn[:2*idLength]
	b.drawn = b.drawn[2*idLength:]
	return digits, nil
}
