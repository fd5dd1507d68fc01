package smtp

import (
	"errors"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// saslPrep brings a user name or password into the one form in which client and
// server compare it (RFC 4013): spaces become one kind of space, what has no
// width goes, and characters that look the same are the same.
func saslPrep(text string) (string, error) {
	ascii := true
	for i := range len(text) {
		if text[i] < ' ' || text[i] == 0x7f {
			return "", errors.New("must not hold control characters")
		}
		ascii = ascii && text[i] < 0x80
	}
	if ascii {
		return text, nil
	}
	text = strings.Map(func(c rune) rune {
		switch {
		case mappedToNothing(c):
			return -1
		case c != ' ' && unicode.Is(unicode.Zs, c):
			return ' '
		}
		return c
	}, text)
	text = norm.NFKC.String(text)
	for _, c := range text {
		// RFC 4013, section 2.3.
		if c == unicode.ReplacementChar || unicode.Is(unicode.Cc, c) || unicode.Is(unicode.Co, c) || unicode.Is(unicode.Cs, c) || unicode.Is(unicode.Noncharacter_Code_Point, c) {
			return "", errors.New("holds a character that no password may hold")
		}
	}
	return text, nil
}

// mappedToNothing is table B.1 of RFC 3454.
func mappedToNothing(c rune) bool {
	switch {
	case c == 0xad, c == 0x34f, c == 0x1806, c == 0x2060, c == 0xfeff,
		0x180b <= c && c <= 0x180d, 0x200b <= c && c <= 0x200d, 0xfe00 <= c && c <= 0xfe0f:
		return true
	}
	return false
}
