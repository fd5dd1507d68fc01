package rows

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math/bits"
	"unicode/utf8"
)

// csvParser cuts text into records.
type csvParser struct {
	window    *window
	text      *textFile
	file      string
	delimiter byte
	special   [256]bool // the bytes that can end a cell without quotes, or be wrong in it
	row       int64     // of the record, from 1
	line      int64     // that the next record begins in
	// recordLine is that in which the record began.
	recordLine int64
	// joined are the cells of the record, one byte between each and the next, and ends
	// where each ends in it.
	joined  []byte
	ends    []int
	scratch []byte // of cells in quotes, and of packed
	again   int64  // bytes that were looked at a second time, after faults
}

// maxAgain bounds how often a broken file is gone over again, in bytes: every line that
// opens quotes and does not close them can cost a row of the largest size.
const maxAgain = 256 << 20

func (p *csvParser) place() Place { return Place{File: p.file, Row: p.row, Line: p.recordLine} }

// cell is the text of the record's cell i.
func (p *csvParser) cell(i int) []byte {
	start := 0
	if i > 0 {
		start = p.ends[i-1] + 1
	}
	return p.joined[start:p.ends[i]]
}

// divideBy sets the delimiter.
func (p *csvParser) divideBy(delimiter byte) {
	p.delimiter = delimiter
	p.special = [256]bool{'\n': true, '\r': true, '"': true}
	p.special[delimiter] = true
}

// skipLine passes over the first bytes of the window: a line that is no record.
func (p *csvParser) skipLine(size int) {
	p.window.consume(size)
	p.row++
	p.line++
}

// record reads the next record that is not an empty line.
func (p *csvParser) record() error {
	for {
		p.row++
		p.recordLine = p.line
		end, size, err := p.lineEnd()
		if err != nil {
			return err
		}
		if end == 0 {
			p.window.consume(size)
			p.line++
			continue
		}
		line := p.window.rest()[:end]
		if bytes.IndexByte(line, '"') >= 0 {
			return p.quoted(size)
		}
		err = p.plain(line)
		p.window.consume(size)
		p.line++
		return err
	}
}

// lineEnd finds the end of the line that the window begins with: its bytes without the
// line end, and with it.
func (p *csvParser) lineEnd() (end, size int, err error) {
	for looked := 0; ; {
		rest := p.window.rest()
		if i := bytes.IndexByte(rest[looked:], '\n'); i >= 0 {
			end, size = looked+i, looked+i+1
			if end > 0 && rest[end-1] == '\r' {
				end--
			}
			return end, size, nil
		}
		looked = len(rest)
		err := p.window.more()
		if err == io.EOF {
			if looked == 0 {
				return 0, 0, io.EOF
			}
			// A last line without an end, or with half of one.
			rest = p.window.rest()
			return len(bytes.TrimSuffix(rest, []byte("\r"))), len(rest), nil
		}
		if err != nil {
			return 0, 0, p.readError(p.place(), err)
		}
	}
}

// readError is the error of a window that could not be moved on.
func (p *csvParser) readError(place Place, err error) error {
	switch {
	case err == errRowTooLarge:
		return &Error{Place: place, Text: fmt.Sprintf("larger than %d MiB", MaxRow>>20), Hint: "are there quotes that are opened and not closed?", Fatal: true, Err: err}
	case p.window.ctx.Err() != nil:
		return err
	}
	return readFault(place, err)
}

// plain divides a line without quotes.
func (p *csvParser) plain(line []byte) error {
	p.ends = append(appendPositions(p.ends[:0], line, p.delimiter), len(line))
	p.joined = line
	return p.check(bytes.IndexByte(line, '\r'), line)
}

// appendPositions appends where a byte stands in a text. It looks at eight bytes at a
// time: cells are short, and a call of IndexByte for each takes twice the time.
func appendPositions(positions []int, text []byte, wanted byte) []int {
	const low, each = 0x7f7f7f7f7f7f7f7f, 0x0101010101010101
	pattern := uint64(wanted) * each
	i := 0
	for ; i+8 <= len(text); i += 8 {
		// Equal bytes become 0, and of all bytes only 0 has no bit set after this.
		word := binary.LittleEndian.Uint64(text[i:]) ^ pattern
		for found := ^((word&low + low) | word | low); found != 0; found &= found - 1 {
			positions = append(positions, i+bits.TrailingZeros64(found)/8)
		}
	}
	for ; i < len(text); i++ {
		if text[i] == wanted {
			positions = append(positions, i)
		}
	}
	return positions
}

// check looks for what no cell may have. cr is where a CR stands outside of quotes, or
// -1; raw is the record as it stands in the window.
func (p *csvParser) check(cr int, raw []byte) error {
	record := p.joined
	if cr >= 0 {
		return p.faultAt(cr, "a CR without a LF", "if the lines of the whole file end so, save it anew: with LF or CR LF")
	}
	if nul := bytes.IndexByte(record, 0); nul >= 0 {
		return p.faultAt(nul, "a NUL", `text has none; if the file is in UTF-16, encoding = "utf-16le"`)
	}
	if p.text.decoded {
		if bad := bytes.Index(record, []byte("\ufffd")); bad >= 0 {
			return p.faultAt(bad, "bytes that are no "+p.text.encoding, "")
		}
	} else if !utf8.Valid(record) {
		bad := invalidAt(record)
		offset := p.window.at() + int64(invalidAt(raw)) + p.text.skipped
		return p.faultAt(bad, fmt.Sprintf("byte 0x%02X at offset %d is no UTF-8", record[bad], offset), encodingHint(record))
	}
	if len(record) > MaxCell {
		for i := range p.ends {
			if cell := p.cell(i); len(cell) > MaxCell {
				return &Error{Place: p.place(), Cell: i + 1, Text: fmt.Sprintf("%d bytes, and a cell may have %d", len(cell), MaxCell)}
			}
		}
	}
	return nil
}

// faultAt is a fault at a byte of the record.
func (p *csvParser) faultAt(at int, text, hint string) *Error {
	cell := 0
	for cell < len(p.ends)-1 && p.ends[cell] < at {
		cell++
	}
	return &Error{Place: p.place(), Cell: cell + 1, Text: text, Hint: hint}
}

// quoted reads a record with quotes, which may have several lines. The first one has
// size bytes: after a fault, reading goes on behind it.
func (p *csvParser) quoted(size int) error {
	r := quotedRecord{p: p, text: p.scratch[:0], first: size, cr: -1}
	p.ends = p.ends[:0]
	err := r.read()
	p.scratch = r.text
	if err != nil {
		e, ok := err.(*Error)
		if ok && !e.Fatal {
			if p.again += int64(max(r.at, r.looked)); p.again > maxAgain {
				e.Fatal = true
				e.Hint = "too many rows have quotes that fit no others; see what the rows before this one have"
			}
			p.window.consume(size)
			p.line++
		}
		return err
	}
	p.joined = r.text
	err = p.check(r.cr, p.window.rest()[:r.at])
	p.line += int64(r.lines)
	p.window.consume(r.at)
	return err
}

// quotedRecord is a record with quotes while it is read.
type quotedRecord struct {
	p      *csvParser
	at     int    // in the window
	first  int    // bytes of the first line
	looked int    // how far quotes were looked for
	text   []byte // of the cells
	lines  int    // ends of lines
	cr     int    // a CR outside of quotes, or -1
}

// peek is the next byte, or false at the end of the file.
func (r *quotedRecord) peek() (byte, bool, error) {
	for {
		if rest := r.p.window.rest(); r.at < len(rest) {
			return rest[r.at], true, nil
		}
		if err := r.p.window.more(); err == io.EOF {
			return 0, false, nil
		} else if err != nil {
			return 0, false, r.p.tooLargeInQuotes(len(r.p.ends), err)
		}
	}
}

// tooLargeInQuotes makes a row that has grown too large in quotes one bad row: most
// probably the quotes are never closed.
func (p *csvParser) tooLargeInQuotes(cell int, err error) error {
	if err == errRowTooLarge {
		return &Error{Place: p.place(), Cell: cell + 1, Text: fmt.Sprintf("quotes that are not closed within %d MiB", MaxRow>>20), Err: err}
	}
	return p.readError(p.place(), err)
}

func (r *quotedRecord) read() error {
	for {
		c, ok, err := r.peek()
		if err != nil {
			return err
		}
		var ended bool
		if ok && c == '"' {
			r.at++
			ended, err = r.quotes()
		} else {
			ended, err = r.bare()
		}
		if err != nil {
			return err
		}
		r.p.ends = append(r.p.ends, len(r.text))
		if ended {
			return nil
		}
		r.text = append(r.text, r.p.delimiter)
	}
}

// bare reads a cell without quotes, and what ends it: true for the end of the record.
func (r *quotedRecord) bare() (bool, error) {
	for {
		rest := r.p.window.rest()
		special := &r.p.special
		for i := r.at; i < len(rest); i++ {
			if !special[rest[i]] {
				continue
			}
			switch c := rest[i]; {
			case c == r.p.delimiter:
				r.text = append(r.text, rest[r.at:i]...)
				r.at = i + 1
				return false, nil
			case c == '\n':
				r.text = append(r.text, rest[r.at:i]...)
				if i > r.at && rest[i-1] == '\r' {
					r.text = r.text[:len(r.text)-1]
				}
				r.at = i + 1
				r.lines++
				return true, nil
			case c == '\r' && r.cr < 0 && !(i+1 < len(rest) && rest[i+1] == '\n') && (i+1 < len(rest) || !r.p.window.ended):
				if i+1 == len(rest) {
					break // the next byte decides
				}
				r.cr = len(r.text) + i - r.at
			case c == '"':
				return false, &Error{Place: r.p.place(), Cell: len(r.p.ends) + 1, Text: "quotes inside of a cell that does not begin with them", Hint: `such a cell stands in quotes, and has "" for each of them`}
			}
		}
		if err := r.p.window.more(); err == io.EOF {
			rest = r.p.window.rest()
			r.text = append(r.text, bytes.TrimSuffix(rest[r.at:], []byte("\r"))...)
			r.at = len(rest)
			return true, nil
		} else if err != nil {
			return false, r.p.tooLargeInQuotes(len(r.p.ends), err)
		}
	}
}

// quotes reads a cell behind its opening quotes, and what ends it.
func (r *quotedRecord) quotes() (bool, error) {
	for looked := r.at; ; {
		rest := r.p.window.rest()
		i := bytes.IndexByte(rest[looked:], '"')
		if i < 0 {
			looked = len(rest)
			r.looked = looked
			if err := r.p.window.more(); err == io.EOF {
				return false, &Error{Place: r.p.place(), Cell: len(r.p.ends) + 1, Text: "quotes that are opened and not closed"}
			} else if err != nil {
				return false, r.p.tooLargeInQuotes(len(r.p.ends), err)
			}
			continue
		}
		if looked+i < r.first {
			r.text = append(r.text, rest[r.at:looked+i]...)
		} else {
			r.appendQuoted(rest[r.at : looked+i])
		}
		r.at = looked + i + 1
		c, ok, err := r.peek()
		switch {
		case err != nil:
			return false, err
		case !ok:
			return true, nil
		case c == '"':
			r.text = append(r.text, '"')
			r.at++
			looked = r.at
			continue
		case c == r.p.delimiter:
			r.at++
			return false, nil
		case c == '\n':
			r.at++
			r.lines++
			return true, nil
		case c == '\r':
			r.at++
			if c, ok, err = r.peek(); err != nil {
				return false, err
			} else if !ok {
				return true, nil
			} else if c == '\n' {
				r.at++
				r.lines++
				return true, nil
			}
		}
		return false, &Error{Place: r.p.place(), Cell: len(r.p.ends) + 1, Text: "text behind the quotes that close the cell", Hint: `quotes inside of a cell are written ""`}
	}
}

// appendQuoted appends text from inside of quotes, with LF for CR LF.
func (r *quotedRecord) appendQuoted(text []byte) {
	for {
		i := bytes.IndexByte(text, '\n')
		if i < 0 {
			r.text = append(r.text, text...)
			return
		}
		r.lines++
		end := i
		if i > 0 && text[i-1] == '\r' {
			end--
		}
		r.text = append(append(r.text, text[:end]...), '\n')
		text = text[i+1:]
	}
}

// packed is the record in one string: the cells, and behind them where each ends, in as
// many bytes each as the largest needs. One string is one piece of memory, and nothing
// else is needed to find a cell.
func (p *csvParser) packed() string {
	size := len(p.joined)
	b := append(p.scratch[:0], p.joined...)
	switch {
	case size < 1<<8:
		for _, end := range p.ends {
			b = append(b, byte(end))
		}
	case size < 1<<16:
		for _, end := range p.ends {
			b = binary.LittleEndian.AppendUint16(b, uint16(end))
		}
	default:
		for _, end := range p.ends {
			b = binary.LittleEndian.AppendUint32(b, uint32(end))
		}
	}
	p.scratch = b
	return string(b)
}

// csvCell finds a cell of n in what packed made.
func csvCell(raw string, n, i int) string {
	var start, end int
	switch {
	case len(raw) < 1<<8+n:
		ends := raw[len(raw)-n:]
		if i > 0 {
			start = int(ends[i-1]) + 1
		}
		end = int(ends[i])
	case len(raw) < 1<<16+2*n:
		ends := raw[len(raw)-2*n:]
		if i > 0 {
			start = packed16(ends, i-1) + 1
		}
		end = packed16(ends, i)
	default:
		ends := raw[len(raw)-4*n:]
		if i > 0 {
			start = packed32(ends, i-1) + 1
		}
		end = packed32(ends, i)
	}
	return raw[start:end]
}

func packed16(s string, i int) int { return int(s[2*i]) | int(s[2*i+1])<<8 }

func packed32(s string, i int) int {
	return int(s[4*i]) | int(s[4*i+1])<<8 | int(s[4*i+2])<<16 | int(s[4*i+3])<<24
}
