package plaintext

import (
	"strings"
	"unicode/utf8"
)

// narrowest is the number of columns that stay for text, however deep it is indented.
const narrowest = 24

// maxIndent is the number of columns that indentation may take. What lies deeper is not
// indented further, or every line of a deep nesting would be as long as the nesting.
const maxIndent = 32

// indent is what the lines of an element begin with.
type indent struct {
	first, rest string
	used        bool // first was written
}

// word is what a line is not broken in.
type word struct {
	text   string
	width  int
	spaced bool // a space stands before it, if no line begins
	breaks int  // line breaks before it
}

// flow is a column of text: the page, or the inside of a cell.
type flow struct {
	width   int
	lines   []string
	indents []indent
	over    int // indentations that are too deep to be shown
	low     int // the fewest indents since the last line
	gap     int // 2 for an empty line before the next line
	rule    bool
	rows    int // len(lines) behind the last row of a layout table, for rows that follow each other

	// The paragraph that is being filled.
	words   []word
	current []byte
	columns int
	last    rune // of current
	pending class
	joiner  rune
	spaced  bool // a space stands before current
	breaks  int  // line breaks before current
	isURL   bool // current is not broken, whatever is in it
}

// write adds text whose white space is as HTML source has it.
func (f *flow) write(text string) {
	for _, r := range text {
		switch c := classify(r); c {
		case space:
			f.pending, f.joiner = space, 0
		case glue:
			if f.pending == glue || f.pending == space {
				f.pending = space
			} else {
				f.pending = glue
			}
			f.joiner = 0
		case joiner:
			if len(f.current) > 0 && f.pending == visible && f.last >= 0x300 {
				f.joiner = r
			}
		case mark:
			if len(f.current) > 0 && f.pending == visible {
				f.append(r)
			}
		case visible:
			f.put(r)
		}
	}
}

// put adds one character, with what stood before it.
func (f *flow) put(r rune) {
	switch {
	case f.pending == space:
		f.endWord()
		f.spaced = true
	case f.pending == glue && len(f.current) > 0:
		f.append(noBreak)
	case f.pending == glue:
		f.spaced = true
	case f.joiner != 0 && r >= 0x300:
		f.append(f.joiner)
	case len(f.current) > 0 && !f.isURL && breaksBetween(f.last, r):
		f.endWord()
	}
	f.pending, f.joiner = visible, 0
	f.append(r)
	if r == '/' && strings.HasSuffix(string(f.current[max(0, len(f.current)-3):]), "://") {
		f.isURL = true
	}
}

func (f *flow) append(r rune) {
	f.current = utf8.AppendRune(f.current, r)
	f.columns += columns(r)
	f.last = r
}

// writePreformatted adds text whose white space counts.
func (f *flow) writePreformatted(text string) {
	for _, r := range text {
		switch c := classify(r); {
		case r == '\n':
			f.endWord()
			f.breaks++
		case r == '\t':
			for range 8 - f.columns%8 {
				f.append(noBreak)
			}
		case r == ' ', c == glue:
			f.append(noBreak)
		case c == visible, c == joiner && f.last >= 0x300:
			f.append(r)
		}
	}
	f.pending = visible
}

// writeURL adds an address, which is never broken.
func (f *flow) writeURL(url string) {
	if f.pending != visible {
		f.endWord()
		f.spaced = true
	}
	f.pending, f.isURL = visible, true
	for _, r := range url {
		f.append(r)
	}
}

// attach adds a text to the last word, with a space that is not broken, and leaves the
// white space behind it as it was.
func (f *flow) attach(text string) {
	if len(f.current) == 0 && len(f.words) > 0 {
		last := &f.words[len(f.words)-1]
		last.text += string(noBreak) + text
		last.width += 1 + len(text)
		return
	}
	if len(f.current) > 0 {
		f.append(noBreak)
	}
	for _, r := range text {
		f.append(r)
	}
}

func (f *flow) endWord() {
	if len(f.current) > 0 {
		f.words = append(f.words, word{string(f.current), f.columns, f.spaced, f.breaks})
		f.current, f.columns, f.breaks = f.current[:0], 0, 0
	}
	f.spaced, f.isURL, f.last, f.joiner, f.pending = false, false, 0, 0, visible
}

// breakLine ends the line, and leaves one empty at most.
func (f *flow) breakLine() {
	f.endWord()
	if len(f.words) == 0 {
		f.gap = min(2, f.gap+1)
		return
	}
	f.breaks = min(2, f.breaks+1)
}

// space ends the paragraph, and asks for an empty line before the next if n is 2.
func (f *flow) space(n int) {
	f.flush()
	if k := len(f.indents); k > 0 && f.over == 0 && !f.indents[k-1].used && f.indents[k-1].first != f.indents[k-1].rest {
		n = 1 // what is first in an item of a list stands beside its mark
	}
	f.gap = max(f.gap, n)
}

// empty reports whether no paragraph has begun.
func (f *flow) empty() bool { return len(f.words) == 0 && len(f.current) == 0 }

// flush writes the paragraph.
func (f *flow) flush() {
	f.endWord()
	if f.breaks > 1 {
		defer func() { f.gap = max(f.gap, 2) }()
	}
	f.breaks = 0
	if len(f.words) == 0 {
		return
	}
	limit := f.room()
	var line strings.Builder
	used := 0
	for i, w := range f.words {
		separator := 0
		if w.spaced && used > 0 {
			separator = 1
		}
		if i > 0 && (w.breaks > 0 || used+separator+w.width > limit) {
			f.line(line.String())
			line.Reset()
			used, separator = 0, 0
			for range w.breaks - 1 {
				f.line("")
			}
		}
		if separator > 0 {
			line.WriteByte(' ')
		}
		line.WriteString(w.text)
		used += separator + w.width
	}
	f.line(line.String())
	clear(f.words)
	f.words = f.words[:0]
}

// room is the number of columns for text.
func (f *flow) room() int {
	used := 0
	for _, i := range f.indents {
		used += len(i.rest)
	}
	return max(min(narrowest, f.width), f.width-used)
}

// line writes one line, behind the empty line or the rule it was to be set off by.
func (f *flow) line(text string) {
	if len(f.lines) > 0 && (f.gap > 1 || f.rule) {
		var begin strings.Builder
		for _, i := range f.indents[:min(f.low, len(f.indents))] {
			begin.WriteString(i.rest)
		}
		empty := strings.TrimRight(begin.String(), " ")
		f.lines = append(f.lines, empty)
		if f.rule {
			f.lines = append(f.lines, begin.String()+strings.Repeat("-", max(narrowest, min(f.width, pageWidth)-begin.Len())), empty)
		}
	}
	f.gap, f.rule, f.low = 0, false, len(f.indents)
	var b strings.Builder
	for k := range f.indents {
		i := &f.indents[k]
		if i.used {
			b.WriteString(i.rest)
		} else {
			b.WriteString(i.first)
			i.used = true
		}
	}
	b.WriteString(strings.ReplaceAll(text, string(noBreak), " "))
	f.lines = append(f.lines, strings.TrimRight(b.String(), " "))
}

// push indents what follows. The columns of first and rest are the same.
func (f *flow) push(first, rest string) {
	used := len(rest)
	for _, i := range f.indents {
		used += len(i.rest)
	}
	if f.over > 0 || used > maxIndent {
		f.over++
		return
	}
	f.indents = append(f.indents, indent{first: first, rest: rest})
}

// pop ends the innermost indentation.
func (f *flow) pop() {
	if f.over > 0 {
		f.over--
		return
	}
	f.indents = f.indents[:len(f.indents)-1]
	f.low = min(f.low, len(f.indents))
}
