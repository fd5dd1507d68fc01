package smtp

import (
	"bytes"
	"io"
	"slices"
)

// Content is a message as the client needs to know it: RFC 5322 text that
// writes itself, a size, and what it asks of the server.
type Content struct {
	// Size is the number of octets Writer will write; -1 where not known. A
	// message that turns out shorter or longer is never finished.
	Size     int64
	EightBit bool // the body holds octets above 127 (needs 8BITMIME)
	Binary   bool // the body holds lines over 998 octets or bare CR, LF, NUL (needs BINARYMIME)
	UTF8     bool // header fields hold UTF-8 (needs SMTPUTF8)
	// Writer writes the message. Line ends should be CRLF; bare CR and bare LF
	// are sent as CRLF with DATA.
	Writer io.WriterTo
	// Pieces, where not nil, are what Writer would write, held in memory: nobody
	// changes them any more, and every CR and LF in them is part of a CRLF. A
	// stream then does not look at the single lines.
	Pieces [][]byte
}

// ContentOf wraps a message held in memory, which must not change any more.
func ContentOf(message []byte) Content {
	c := Content{
		Size:     int64(len(message)),
		EightBit: slices.ContainsFunc(message, func(c byte) bool { return c > 127 }),
		Writer:   bytesContent(message),
	}
	if onlyCRLF(message) {
		c.Pieces = [][]byte{message}
	}
	return c
}

// onlyCRLF reports whether every CR and LF of a message is part of a CRLF.
func onlyCRLF(p []byte) bool {
	for {
		end := bytes.IndexByte(p, '\n')
		if end < 0 {
			return bytes.IndexByte(p, '\r') < 0
		}
		if end == 0 || p[end-1] != '\r' || bytes.IndexByte(p[:end-1], '\r') >= 0 {
			return false
		}
		p = p[end+1:]
	}
}

type bytesContent []byte

func (b bytesContent) WriteTo(w io.Writer) (int64, error) {
	n, err := w.Write(b)
	return int64(n), err
}

// dotStuffer turns message text into what follows DATA (RFC 5321, section
// 4.5.2): every line that begins with a dot gets a second one, and every line
// ends with CRLF. A bare CR or LF becomes a line end too, because servers
// disagree on it, and that is how a message can end where the sender did not
// end it.
type dotStuffer struct {
	out   io.Writer
	state stufferState
	read  int64 // octets taken
	// chunked leaves dots alone, for BDAT.
	chunked bool
}

type stufferState int

const (
	lineStart stufferState = iota
	inLine
	afterCR
)

func (d *dotStuffer) Write(p []byte) (int, error) {
	d.read += int64(len(p))
	start := 0
	flush := func(end int) error {
		if end <= start {
			return nil
		}
		_, err := d.out.Write(p[start:end])
		return err
	}
	for i := 0; i < len(p); i++ {
		c := p[i]
		if d.state == afterCR {
			if c == '\n' {
				d.state = lineStart
				continue
			}
			// A bare CR: complete the line end before c.
			if err := flush(i); err != nil {
				return i, err
			}
			if _, err := d.out.Write(lf); err != nil {
				return i, err
			}
			start, d.state = i, lineStart
		}
		switch {
		case c == '\r':
			d.state = afterCR
		case c == '\n':
			// A bare LF: put the CR in front.
			if err := flush(i); err != nil {
				return i, err
			}
			if _, err := d.out.Write(cr); err != nil {
				return i, err
			}
			start, d.state = i, lineStart
		case c == '.' && d.state == lineStart && !d.chunked:
			if err := flush(i); err != nil {
				return i, err
			}
			if _, err := d.out.Write(dot); err != nil {
				return i, err
			}
			start, d.state = i, inLine
		default:
			d.state = inLine
			// Nothing happens before the next CR or LF.
			if next := bytes.IndexAny(p[i:], "\r\n"); next > 1 {
				i += next - 1
			} else if next < 0 {
				i = len(p) - 1
			}
		}
	}
	return len(p), flush(len(p))
}

var (
	cr  = []byte("\r")
	lf  = []byte("\n")
	dot = []byte(".")
)

// ending is what completes the text and ends the message.
func (d *dotStuffer) ending() string {
	end := ".\r\n"
	if d.chunked {
		end = ""
	}
	switch d.state {
	case inLine:
		return "\r\n" + end
	case afterCR:
		return "\n" + end
	}
	return end
}
