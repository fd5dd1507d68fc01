package plaintext

import (
	"unicode"

	"golang.org/x/text/width"
)

// noBreak stands for a space at which no line is broken, until a line is written.
const noBreak = '\u00A0'

// class says what becomes of a character.
type class int

const (
	visible class = iota
	space         // runs of it are one space
	glue          // one of it is a space that is not broken
	joiner        // shapes letters and emoji; padding anywhere else
	mark          // a direction mark, which belongs to a word
	dropped       // invisible, or dangerous on a terminal
)

func classify(r rune) class {
	if r < 0x7F {
		switch {
		case r > ' ':
			return visible
		case r == ' ' || r == '\n' || r == '\t' || r == '\r' || r == '\f':
			return space
		}
		return dropped
	}
	switch {
	case r == noBreak, r == 0x2007, r == 0x202F:
		return glue
	case r == 0x3000: // the space of CJK text, two columns wide
		return visible
	case r == 0x2028, r == 0x2029, r == 0x2800, unicode.Is(unicode.Zs, r):
		return space
	case r == 0x200C, r == 0x200D:
		return joiner
	case r == 0x200E, r == 0x200F, r == 0x061C:
		return mark
	case unicode.Is(unicode.Cc, r), invisible(r):
		return dropped
	}
	return visible
}

// invisible are the characters that take no room, most of them used as padding behind
// preview texts, and those that change the direction of what follows, which would go on
// beyond the line they are in.
func invisible(r rune) bool {
	switch {
	case r == 0x00AD, r == 0x034F, r == 0x115F, r == 0x1160, r == 0x17B4, r == 0x17B5, r == 0x200B,
		r == 0x3164, r == 0xFEFF, r == 0xFFA0,
		r >= 0x180B && r <= 0x180F,
		r >= 0x202A && r <= 0x202E,
		r >= 0x2060 && r <= 0x206F,
		r >= 0xFFF0 && r <= 0xFFFB:
		return true
	}
	return false
}

// columns is the number of columns of a terminal that a character takes.
func columns(r rune) int {
	if r < 0x300 {
		return 1
	}
	if unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf) || r == 0xFE0F {
		return 0
	}
	if isWide(r) {
		return 2
	}
	return 1
}

func isWide(r rune) bool {
	if r < 0x1100 {
		return false
	}
	kind := width.LookupRune(r).Kind()
	return kind == width.EastAsianWide || kind == width.EastAsianFullwidth
}

// textColumns is the number of columns of a text.
func textColumns(text string) int {
	n := 0
	for _, r := range text {
		n += columns(r)
	}
	return n
}

// breaksBetween reports whether a line may end between two characters without a space:
// beside the ideographs and kana of CJK text, but neither before what closes nor after
// what opens.
func breaksBetween(before, after rune) bool {
	if !isWide(before) && !isWide(after) || isWide(before) && before >= 0x1F000 || isWide(after) && after >= 0x1F000 {
		return false
	}
	if columns(after) == 0 || unicode.In(after, unicode.Pe, unicode.Pf, unicode.Po, unicode.Lm) || unicode.In(before, unicode.Ps, unicode.Pi) {
		return false
	}
	return !smallKana(after)
}

// smallKana are the kana that belong to the one before them.
func smallKana(r rune) bool {
	switch r {
	case 'ぁ', 'ぃ', 'ぅ', 'ぇ', 'ぉ', 'っ', 'ゃ', 'ゅ', 'ょ', 'ゎ', 'ァ', 'ィ', 'ゥ', 'ェ', 'ォ', 'ッ', 'ャ', 'ュ', 'ョ', 'ヮ', 'ヵ', 'ヶ':
		return true
	}
	return false
}
