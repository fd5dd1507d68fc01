package config

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// position returns line and column of an offset, from 1, the column in characters.
func (d *document) position(offset int) (line, column int) {
	offset = max(0, min(offset, len(d.text)))
	before := d.text[:offset]
	start := strings.LastIndexByte(before, '\n') + 1
	return strings.Count(before, "\n") + 1, utf8.RuneCountInString(before[start:]) + 1
}

// line returns the line an offset is in, without its end.
func (d *document) line(offset int) span {
	offset = max(0, min(offset, len(d.text)))
	start := strings.LastIndexByte(d.text[:offset], '\n') + 1
	end := len(d.text)
	if n := strings.IndexByte(d.text[offset:], '\n'); n >= 0 {
		end = offset + n
	}
	if end > start && d.text[end-1] == '\r' {
		end--
	}
	return span{start, end}
}

const (
	excerptWidth = 100 // characters of a line that are shown
	excerptLead  = 60  // of them before the caret
)

// excerpt is the line of a fault and, below it, a caret for each character of
// it.
func (d *document) excerpt(at span) string {
	line := d.line(at.start)
	at.start = max(line.start, min(at.start, line.end))
	at.end = min(max(at.end, at.start), line.end)
	shown, from, to := d.shown(line, at)
	to = max(to, from+1)
	if len(shown) > excerptWidth {
		first := max(0, from-excerptLead)
		last := min(len(shown), first+excerptWidth)
		cut := shown[first:last:last]
		if last < len(shown) {
			cut = append(cut, '…')
		}
		from, to = from-first, min(to-first, len(cut))
		if first > 0 {
			cut[0] = '…'
		}
		shown = cut
	}
	number, _ := d.position(line.start)
	gutter := max(len(strconv.Itoa(number)), 4)
	return fmt.Sprintf("%*d | %s\n%*s | %s%s", gutter, number, strings.TrimRight(string(shown), " "),
		gutter, "", strings.Repeat(" ", from), strings.Repeat("^", max(to-from, 1)))
}

// shown is a line as it may be printed, and where the columns of at are in it.
func (d *document) shown(line, at span) (text []rune, from, to int) {
	covers := d.hidden
	for i := line.start; i <= line.end; {
		for len(covers) > 0 && covers[0].end <= i {
			covers = covers[1:]
		}
		width, part := 1, []rune(nil)
		switch {
		case i == line.end:
		case len(covers) > 0 && covers[0].start <= i:
			width, part = min(covers[0].end, line.end)-i, []rune(covers[0].mark)
		case d.text[i] == '\t':
			part = []rune("    ")
		default:
			var r rune
			if r, width = utf8.DecodeRuneInString(d.text[i:line.end]); !unicode.IsPrint(r) {
				r = utf8.RuneError
			}
			part = []rune{r}
		}
		if i <= at.start && at.start < i+width {
			from = len(text)
		}
		text = append(text, part...)
		if i < at.end && at.end <= i+width {
			to = len(text)
		}
		i += width
	}
	return text, from, to
}
