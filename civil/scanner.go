package civil

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// scanner reads a text from left to right. After the first mistake it reads nothing more.
type scanner struct {
	text string
	at   int
	err  error
}

// ParseError says where a text is no time.
type ParseError struct {
	// Text is what was read.
	Text string
	// Position is the character at which it went wrong, from 1.
	Position int
	// Problem says what is wrong there.
	Problem string
}

// Error returns the text, the place and the problem.
func (e *ParseError) Error() string {
	text := e.Text
	if len(text) > 80 {
		cut := 80
		for !utf8.RuneStart(text[cut]) {
			cut--
		}
		text = text[:cut] + "…"
	}
	return fmt.Sprintf("reading time %q: at character %d: %s", text, e.Position, e.Problem)
}

// fail keeps the first mistake, at an octet of the text.
func (s *scanner) fail(at int, format string, arguments ...any) {
	if s.err == nil {
		position := utf8.RuneCountInString(s.text[:at]) + 1
		s.err = &ParseError{Text: s.text, Position: position, Problem: fmt.Sprintf(format, arguments...)}
	}
}

// rest is what is still to be read.
func (s *scanner) rest() string {
	if s.err != nil {
		return ""
	}
	return s.text[s.at:]
}

// end makes anything left over a mistake.
func (s *scanner) end() {
	if s.rest() != "" {
		s.fail(s.at, "nothing more was expected")
	}
}

// take reads a literal if it is next.
func (s *scanner) take(literal string) bool {
	if !strings.HasPrefix(s.rest(), literal) || s.err != nil {
		return false
	}
	s.at += len(literal)
	return true
}

// expect reads a literal.
func (s *scanner) expect(literal string) {
	if !s.take(literal) {
		s.fail(s.at, "%q was expected", literal)
	}
}

// digits returns how many ASCII digits come next.
func (s *scanner) digits() int {
	n := 0
	for rest := s.rest(); n < len(rest) && rest[n] >= '0' && rest[n] <= '9'; n++ {
	}
	return n
}

// number reads as many digits as there are, least to most, and checks the range.
func (s *scanner) number(name string, least, most, low, high int) int {
	start, n := s.at, min(s.digits(), most)
	if n < least {
		switch {
		case least == most:
			s.fail(start, "%s was expected, in %d digits", name, least)
		default:
			s.fail(start, "%s was expected", name)
		}
		return low
	}
	value := 0
	for _, digit := range []byte(s.rest()[:n]) {
		value = value*10 + int(digit-'0')
	}
	s.at += n
	if value < low || value > high {
		s.fail(start, "%s is %d, and not %d to %d", name, value, low, high)
		return low
	}
	return value
}

// fraction reads the digits behind the point and returns nanoseconds.
func (s *scanner) fraction() int {
	start, n := s.at, s.digits()
	if n > 9 {
		s.fail(start+9, "a second has at most 9 digits behind the point")
		return 0
	}
	value := s.number("fraction of the second", 1, 9, 0, 999_999_999)
	for ; n < 9; n++ {
		value *= 10
	}
	return value
}

// name reads one of several names in any case, in full or in its first three letters, and returns its index.
func (s *scanner) name(what string, names []string) int {
	rest := s.rest()
	for i, name := range names {
		for _, form := range []string{name, name[:3]} {
			if len(rest) >= len(form) && strings.EqualFold(rest[:len(form)], form) {
				s.at += len(form)
				return i
			}
		}
	}
	s.fail(s.at, "%s was expected", what)
	return 0
}

// offset reads a zone as ISO 8601 writes it: Z, +01, +0100 or +01:00.
func (s *scanner) offset() *time.Location {
	if s.take("Z") {
		return time.UTC
	}
	sign := 1
	switch {
	case s.take("+"):
	case s.take("-"), s.take("−"): // ISO 8601 has the minus sign of typography too
		sign = -1
	default:
		s.fail(s.at, "an offset from UTC was expected, as in Z or +01:00")
		return time.UTC
	}
	seconds := s.number("hour of the offset", 2, 2, 0, 23) * 3600
	if s.take(":") || s.digits() > 0 {
		seconds += s.number("minute of the offset", 2, 2, 0, 59) * 60
	}
	return fixed(sign * seconds)
}
