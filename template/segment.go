package template

import (
	"regexp"
	"strconv"
	"strings"
	"text/template/parse"
)

// A segment is a stretch of text, or one action without its delimiters. Sources are
// cut into segments before anything else looks at them, so that neither Markdown nor
// a CSS inliner can change or even see what an action says.
type segment struct {
	text string
	// keyword is that of an action: "if", "range", "with", "else", "end", "break",
	// "continue", "define", "block", "template", or "output" for any other; "" for text.
	keyword string
	// inline says that it stands within a paragraph of Markdown.
	inline bool
	// always says that the block of a control action is entered, once: the body of a
	// template that was put in.
	always bool
	// lead is put before the text of an action: the beginning of one that the
	// package made.
	lead, trail string
	// source and offset say where text comes from; source is nil for what the package made.
	source *source
	offset int
}

const (
	leftDelimiter  = "{{"
	rightDelimiter = "}}"
	// space is what a trim marker removes (text/template, "Text and spaces").
	space = " \t\r\n"
)

// control characters delimit actions once segments are joined again, so that a "{{"
// which Markdown or the inliner leaves in the text is text.
const (
	innerLeft  = "\x01{"
	innerRight = "}\x01"
)

var keywords = map[string]string{
	"if": "if", "range": "range", "with": "with", "else": "else", "end": "end", "break": "break",
	"continue": "continue", "define": "define", "block": "block", "template": "template",
}

// split checks a source with the parser of text/template and cuts it into segments.
func split(s *source) ([]segment, error) {
	if i := strings.IndexAny(s.text, "\x00\x01"); i >= 0 {
		return nil, s.errorAt(i, mistakef("a control character (%q) in a template", s.text[i]))
	}
	if _, err := parse.Parse(s.name, s.text, leftDelimiter, rightDelimiter, parserFunctions()); err != nil {
		return nil, s.parseError(err)
	}
	var segments []segment
	text := func(from, until int) {
		if from < until {
			segments = append(segments, segment{text: s.text[from:until], source: s, offset: from})
		}
	}
	trimNext := false
	for at := 0; ; {
		from, left := at, strings.Index(s.text[at:], leftDelimiter)
		until := len(s.text)
		if left >= 0 {
			until = at + left
		}
		end := until
		if left >= 0 && hasLeftTrim(s.text[until+2:]) {
			end = from + len(strings.TrimRight(s.text[from:until], space))
		}
		if trimNext {
			from = end - len(strings.TrimLeft(s.text[from:end], space))
		}
		text(from, end)
		if left < 0 {
			return segments, nil
		}
		a := scanAction(s.text, until)
		at, trimNext = a.end, a.trim
		if a.comment {
			continue
		}
		code := strings.TrimRight(s.text[a.from:a.until], space)
		a.from += len(code) - len(strings.TrimLeft(code, space))
		code = strings.TrimLeft(code, space)
		segments = append(segments, segment{text: code, keyword: keywordOf(code), source: s, offset: a.from})
	}
}

func hasLeftTrim(s string) bool {
	return len(s) >= 2 && s[0] == '-' && strings.IndexByte(space, s[1]) >= 0
}

// action is where an action and its code lie.
type action struct {
	from, until, end int
	// trim says that the space behind it goes.
	trim    bool
	comment bool
}

// scanAction reads the action that begins at start, as the lexer of text/template
// does. The source is known to parse.
func scanAction(s string, start int) action {
	i := start + len(leftDelimiter)
	if hasLeftTrim(s[i:]) {
		i += 2
	}
	a := action{from: i}
	if strings.HasPrefix(s[i:], "/*") {
		a.comment = true
		i += 2
		if n := strings.Index(s[i:], "*/"); n >= 0 {
			i += n + 2
		}
	}
	for i < len(s) {
		if strings.IndexByte(space, s[i]) >= 0 && strings.HasPrefix(s[i+1:], "-"+rightDelimiter) {
			a.until, a.end, a.trim = i, i+2+len(rightDelimiter), true
			return a
		}
		if strings.HasPrefix(s[i:], rightDelimiter) {
			a.until, a.end = i, i+len(rightDelimiter)
			return a
		}
		switch quote := s[i]; quote {
		case '"', '\'', '`':
			for i++; i < len(s) && s[i] != quote; i++ {
				if s[i] == '\\' && quote != '`' {
					i++
				}
			}
		}
		i++
	}
	a.until, a.end = len(s), len(s)
	return a
}

var wordPattern = regexp.MustCompile(`^[a-z]+`)

func keywordOf(code string) string {
	word := wordPattern.FindString(code)
	if rest := code[len(word):]; rest != "" && strings.IndexByte(space+`"`+"`", rest[0]) < 0 {
		return "output"
	}
	if k, ok := keywords[word]; ok {
		return k
	}
	return "output"
}

// opens tells whether an action needs an {{end}}.
func (s *segment) opens() bool {
	switch s.keyword {
	case "if", "range", "with", "block", "define":
		return true
	}
	return false
}

// argument returns the quoted name behind the keyword of define, block and template,
// and the segment of what follows it.
func (s *segment) argument() (string, segment) {
	rest := s.text[len(s.keyword):]
	from := len(rest) - len(strings.TrimLeft(rest, space))
	quoted, err := strconv.QuotedPrefix(rest[from:])
	if err != nil {
		return "", segment{}
	}
	name, _ := strconv.Unquote(quoted)
	from += len(quoted)
	pipe := rest[from:]
	from += len(pipe) - len(strings.TrimLeft(pipe, space))
	return name, segment{text: strings.TrimLeft(pipe, space), source: s.source, offset: s.offset + len(s.keyword) + from}
}

// closing returns the index of the {{end}} that belongs to the action at open.
func closing(segments []segment, open int) int {
	depth := 0
	for i := open; i < len(segments); i++ {
		switch {
		case segments[i].opens():
			depth++
		case segments[i].keyword == "end":
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return len(segments)
}

// parseErrorPattern is how package parse writes its errors.
var parseErrorPattern = regexp.MustCompile(`(?s)^template: .*?:(\d+)(?::\d+)?: (.*)$`)

// parseError turns an error of the parser into one of ours.
func (s *source) parseError(err error) error {
	m := parseErrorPattern.FindStringSubmatch(err.Error())
	if m == nil {
		return &Error{File: s.name, Message: err.Error(), Err: err}
	}
	line, _ := strconv.Atoi(m[1])
	what := &mistake{message: m[2]}
	if name, ok := strings.CutPrefix(m[2], `function "`); ok {
		name, _, _ = strings.Cut(name, `"`)
		what = unknownFunction(name)
	}
	return s.errorInLine(line, what)
}

// document is the text that is parsed in the end, and where its parts come from.
type document struct {
	// root is the source that errors without a place belong to.
	root *source
	text string
	// marks are in ascending order of at.
	marks []mark
}

type mark struct {
	at     int
	source *source
	offset int
}

// join makes one text of the segments.
func join(root *source, segments []segment) *document {
	var b strings.Builder
	d := &document{root: root}
	mark := func(s *segment) {
		if s.source != nil {
			d.marks = append(d.marks, markAt(b.Len(), s))
		}
	}
	for i := range segments {
		s := &segments[i]
		if s.keyword == "" {
			mark(s)
			b.WriteString(s.text)
			continue
		}
		b.WriteString(innerLeft)
		b.WriteString(s.lead)
		mark(s)
		b.WriteString(s.text)
		b.WriteString(s.trail)
		b.WriteString(innerRight)
	}
	d.text = b.String()
	return d
}

func markAt(at int, s *segment) mark { return mark{at, s.source, s.offset} }

// errorAt makes an error that points at where the position of the document comes from.
func (d *document) errorAt(position int, cause error) *Error {
	found := mark{source: d.root}
	for _, m := range d.marks {
		if m.at > position {
			break
		}
		found = m
	}
	return found.source.errorAt(found.offset+position-found.at, cause)
}

// errorInLine makes an error for the line of the document, counted from 1.
func (d *document) errorInLine(line int, cause error) *Error {
	offset := 0
	for range line - 1 {
		i := strings.IndexByte(d.text[offset:], '\n')
		if i < 0 {
			break
		}
		offset += i + 1
	}
	e := d.errorAt(offset, cause)
	e.Column = 0
	return e
}
