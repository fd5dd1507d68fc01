package lint

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf8"
)

// parser goes over the lines of a message once. Which boundary a line is takes the same
// time however many are open.
type parser struct {
	*checker
	line     int
	entity   *entity
	inHeader bool
	text     []byte // of the field that is being read
	textLine int
	depth    int
	open     map[string]*entity // by boundary

	bareCR, bareLF, nul, long, soft lineCount
}

// lineCount counts lines of a kind and remembers the first.
type lineCount struct{ first, count int }

func (l *lineCount) add(line int) {
	if l.count++; l.first == 0 {
		l.first = line
	}
}

func (c *checker) parse() {
	c.root = &entity{line: 1, bodyLine: 1}
	p := parser{checker: c, entity: c.root, inHeader: true, open: map[string]*entity{}}
	for offset := 0; offset < len(c.message); {
		rest := c.message[offset:]
		length := bytes.IndexByte(rest, '\n') + 1
		if length == 0 {
			length = len(rest)
		}
		p.line++
		p.octets(rest[:length])
		p.structure(rest[:length], offset)
		offset += length
	}
	if p.inHeader {
		p.endHeader(len(c.message))
	}
	for e := p.entity; e != nil; e = e.parent {
		if e.end == 0 {
			e.end = len(c.message)
		}
		if e.boundary != "" && !e.closed {
			c.add("multipart-broken", e.here(), "the multipart has no end")
		}
	}
	for _, l := range []struct {
		rule  string
		lines lineCount
		what  string
	}{
		{"bare-cr", p.bareCR, "hold a CR without LF"}, {"bare-lf", p.bareLF, "end in LF without CR"}, {"nul", p.nul, "hold a NUL"},
		{"line-too-long", p.long, "have more than 998 octets"}, {"line-long", p.soft, "have more than 78 characters"},
	} {
		if l.lines.count > 0 {
			c.add(l.rule, place{line: l.lines.first}, "lines that %s: %d, this is the first", l.what, l.lines.count)
		}
	}
}

// octets looks at what lines are made of.
func (p *parser) octets(line []byte) {
	text := line
	if n := len(line); n > 0 && line[n-1] == '\n' {
		text = line[:n-1]
		if n > 1 && line[n-2] == '\r' {
			text = line[:n-2]
		} else {
			p.bareLF.add(p.line)
		}
	}
	if bytes.IndexByte(text, '\r') >= 0 {
		p.bareCR.add(p.line)
	}
	if bytes.IndexByte(text, 0) >= 0 {
		p.nul.add(p.line)
	}
	switch {
	case len(text) > maxLine:
		p.long.add(p.line)
	case len(text) > softLine && utf8.RuneCount(text) > softLine:
		p.soft.add(p.line)
	}
}

// structure follows headers and boundaries.
func (p *parser) structure(line []byte, offset int) {
	text := bytes.TrimRight(line, "\r\n")
	if len(text) > 1 && text[0] == '-' && text[1] == '-' && p.boundaryLine(text, offset, len(line)) {
		return
	}
	e := p.entity
	if !p.inHeader {
		if e.eightBit == 0 && !isASCII(line) {
			e.eightBit = p.line
		}
		return
	}
	switch {
	case len(text) == 0:
		p.endHeader(offset + len(line))
	case text[0] == ' ' || text[0] == '\t':
		if p.textLine == 0 {
			p.add("header-malformed", place{p.line, "", e.path}, "the line continues no field")
			return
		}
		p.text = append(p.text, text...)
	default:
		p.endField()
		p.text, p.textLine = append(p.text[:0], text...), p.line
	}
}

// boundaryLine takes a line that begins with two hyphens, and reports whether it was a
// boundary of a multipart that is open.
func (p *parser) boundaryLine(text []byte, offset, length int) bool {
	if len(text) > maxBoundary+4 || len(p.open) == 0 {
		return false
	}
	name := strings.TrimRight(string(text[2:]), " \t")
	multipart, ending := p.open[name], false
	if multipart == nil {
		if multipart, ending = p.open[strings.TrimSuffix(name, "--")], strings.HasSuffix(name, "--"); !ending || multipart == nil {
			return false
		}
	}
	if p.inHeader {
		p.endHeader(offset)
	}
	// The CRLF before a boundary belongs to it (RFC 2046, section 5.1.1).
	end := offset
	if end > 0 && p.message[end-1] == '\n' {
		end--
		if end > 0 && p.message[end-1] == '\r' {
			end--
		}
	}
	for e := p.entity; e != multipart; e = e.parent {
		e.end = max(e.start, end)
		if e.boundary != "" && !e.closed {
			p.add("multipart-broken", e.here(), "the multipart has no end")
		}
		p.leave(e)
	}
	p.entity = multipart
	if ending {
		if len(multipart.children) == 0 {
			p.add("multipart-broken", multipart.here(), "the multipart has no part")
		}
		multipart.closed = true
		delete(p.open, multipart.boundary)
		return true
	}
	prefix := ""
	if multipart.path != "" {
		prefix = multipart.path + "."
	}
	part := &entity{parent: multipart, path: prefix + strconv.Itoa(len(multipart.children)+1), line: p.line + 1, bodyLine: p.line + 1, start: offset + length}
	multipart.children = append(multipart.children, part)
	p.entity, p.inHeader, p.textLine = part, true, 0
	p.depth++
	return true
}

func (p *parser) leave(e *entity) {
	if e.boundary != "" && p.open[e.boundary] == e {
		delete(p.open, e.boundary)
	}
	p.depth--
}

// endField takes a field whose lines have all been read.
func (p *parser) endField() {
	if p.textLine == 0 {
		return
	}
	line := p.textLine
	p.textLine = 0
	colon := bytes.IndexByte(p.text, ':')
	if colon <= 0 {
		p.add("header-malformed", place{line, "", p.entity.path}, "the line is no field: %s", shown(string(p.text)))
		return
	}
	name := string(p.text[:colon])
	value := strings.Trim(string(p.text[colon+1:]), " \t\r")
	p.entity.fields = append(p.entity.fields, field{name, value, line})
}

// endHeader reads what the header says about the body, which begins at start.
func (p *parser) endHeader(start int) {
	p.endField()
	p.inHeader = false
	e := p.entity
	e.start, e.bodyLine = start, p.line+1
	e.readHeader()
	if !strings.HasPrefix(e.mediaType, "multipart/") {
		p.leaves = append(p.leaves, e)
		if e.parent != nil && e.mediaType == "text/plain" {
			e.parent.hasPlain = true
		}
		return
	}
	// RFC 2045, section 6.4: the encodings are for what has no parts.
	if e.encoding == "quoted-printable" || e.encoding == "base64" {
		p.add("encoding-broken", e.here(), "a multipart cannot be in %s", e.encoding)
	}
	boundary := strings.TrimRight(e.parameters["boundary"], " ")
	switch {
	case boundary == "" || len(boundary) > maxBoundary:
		p.add("multipart-broken", e.here(), "the multipart has no boundary")
	case p.open[boundary] != nil:
		p.add("multipart-broken", e.here(), "the multipart has the boundary of one that it is in")
	case p.depth >= maxDepth:
		p.add("nesting", e.here(), "parts are nested more than %d deep", maxDepth)
	default:
		e.boundary = boundary
		p.open[boundary] = e
	}
}
