package civil

import (
	"fmt"
	"strings"
)

// FormatError says where a format is wrong.
type FormatError struct {
	// Format is what was given.
	Format string
	// Position is the character of the mistake, from 1.
	Position int
	// Problem says what is wrong.
	Problem string
}

// Error returns the format, the place and the problem.
func (e *FormatError) Error() string {
	return fmt.Sprintf("time format %q: at character %d: %s", e.Format, e.Position, e.Problem)
}

// item is a letter of a format behind %, or literal text.
type item struct {
	letter  byte // 0 in literal text
	unpad   bool // a - stood before the letter
	text    string
	at      int // where it begins, in octets
	numeric bool
}

// The letters of formats, as strftime has them in its C locale, less those that depend on where one is.
const (
	numericLetters = "YymdeHIMSjfsGVuwCg"
	formatLetters  = numericLetters + "aAbBhpzZcxXFTDRrnt%"
)

// composed are letters that stand for several.
var composed = map[byte]string{
	'c': "%a %b %e %H:%M:%S %Y",
	'x': "%m/%d/%y",
	'D': "%m/%d/%y",
	'X': "%H:%M:%S",
	'T': "%H:%M:%S",
	'F': "%Y-%m-%d",
	'R': "%H:%M",
	'r': "%I:%M:%S %p",
}

// items takes a format apart.
func items(format string) ([]item, error) {
	var list []item
	for at := 0; at < len(format); {
		percent := strings.IndexByte(format[at:], '%')
		if percent != 0 {
			end := len(format)
			if percent > 0 {
				end = at + percent
			}
			list = append(list, item{text: format[at:end], at: at})
			at = end
			continue
		}
		it := item{at: at}
		next := at + 1
		if next < len(format) && format[next] == '-' {
			it.unpad = true
			next++
		}
		if next == len(format) {
			return nil, formatError(format, at, "a letter was expected behind %%")
		}
		it.letter = format[next]
		if !strings.ContainsRune(formatLetters, rune(it.letter)) || it.letter >= 0x80 {
			return nil, formatError(format, at, "there is no %q; there are %s", format[at:next]+runeAt(format[next:]), formatLetters)
		}
		it.numeric = strings.IndexByte(numericLetters, it.letter) >= 0
		if it.unpad && !it.numeric {
			return nil, formatError(format, at, "%q has no padding to leave out", format[at:next+1])
		}
		if inner, ok := composed[it.letter]; ok {
			parts, err := items(inner)
			if err != nil {
				return nil, err
			}
			for _, part := range parts {
				part.at = at
				list = append(list, part)
			}
		} else {
			list = append(list, it)
		}
		at = next + 1
	}
	return list, nil
}

func formatError(format string, at int, problem string, arguments ...any) error {
	return &FormatError{Format: format, Position: len([]rune(format[:at])) + 1, Problem: fmt.Sprintf(problem, arguments...)}
}

// runeAt returns the first character of a text.
func runeAt(text string) string {
	for _, r := range text {
		return string(r)
	}
	return ""
}

// Format writes a time with the letters of strftime and os.date in English: %Y-%m-%d %H:%M:%S and so on. %-d leaves out the
// leading zero, %f is the fraction of the second in six digits, %s the seconds since 1970.
func (t Time) Format(format string) (string, error) {
	list, err := items(format)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for _, it := range list {
		if it.letter == 0 {
			b.WriteString(it.text)
			continue
		}
		t.write(&b, it)
	}
	return b.String(), nil
}

// write appends what a letter stands for.
func (t Time) write(b *strings.Builder, it item) {
	f := t.Fields()
	number := func(value, width int, pad string) {
		switch {
		case it.unpad:
			fmt.Fprintf(b, "%d", value)
		case pad == " ":
			fmt.Fprintf(b, "%*d", width, value)
		default:
			fmt.Fprintf(b, "%0*d", width, value)
		}
	}
	weekYear, week := t.Week()
	switch it.letter {
	case 'Y':
		number(f.Year, 4, "0")
	case 'C':
		number(f.Year/100, 2, "0")
	case 'y':
		number(f.Year%100, 2, "0")
	case 'm':
		number(f.Month, 2, "0")
	case 'd':
		number(f.Day, 2, "0")
	case 'e':
		number(f.Day, 2, " ")
	case 'H':
		number(f.Hour, 2, "0")
	case 'I':
		number((f.Hour+11)%12+1, 2, "0")
	case 'M':
		number(f.Minute, 2, "0")
	case 'S':
		number(f.Second, 2, "0")
	case 'f':
		number(f.Nanosecond/1000, 6, "0")
	case 'j':
		number(t.YearDay(), 3, "0")
	case 's':
		number(int(t.Instant().Unix()), 1, "0")
	case 'G':
		number(weekYear, 4, "0")
	case 'g':
		number(weekYear%100, 2, "0")
	case 'V':
		number(week, 2, "0")
	case 'u':
		number(t.Weekday(), 1, "0")
	case 'w':
		number(t.Weekday()%7, 1, "0")
	case 'a':
		b.WriteString(weekdayNames[t.Weekday()-1][:3])
	case 'A':
		b.WriteString(weekdayNames[t.Weekday()-1])
	case 'b', 'h':
		b.WriteString(monthNames[f.Month-1][:3])
	case 'B':
		b.WriteString(monthNames[f.Month-1])
	case 'p':
		b.WriteString([]string{"AM", "PM"}[f.Hour/12])
	case 'z':
		sign, offset := '+', t.Offset()
		if offset < 0 {
			sign, offset = '-', -offset
		}
		fmt.Fprintf(b, "%c%02d%02d", sign, offset/3600, offset/60%60)
	case 'Z':
		b.WriteString(t.Abbreviation())
	case 'n':
		b.WriteByte('\n')
	case 't':
		b.WriteByte('\t')
	case '%':
		b.WriteByte('%')
	}
}
