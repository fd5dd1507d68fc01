package mime

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"time"
)

// Message is a finished message. It is immutable: all methods return copies, and it can
// be written by any number of goroutines at once.
type Message struct {
	description Description
	id          string
	date        time.Time
	boundary    string // the random digits of its boundaries
	from        Address
	to          []Address
	chunks      []chunk // what WriteTo writes, in order; shared with parts
	size        int64
	head        int32 // octets of the header in chunks[0], without the blank line
	eightBit    bool
	binary      bool
	utf8        bool
	single      single
}

// single is room for what most messages have one of, so that it takes no memory of its own:
// in a merge, each piece of memory costs as much as a header field.
type single struct {
	from, recipient [1]Address
	to              [1]Recipient
	chunk           [1]chunk
}

// Description returns what the message was built from, as it was given: what Build has
// made, such as a Message-ID, is not in it. To change a message, change its description
// and build another.
func (m *Message) Description() Description { return m.description.clone() }

// WriteTo writes the message as RFC 5322 has it: every line ends in CRLF, no dots are
// doubled. It implements io.WriterTo.
//
// Files of more than 8 MiB are read now. One that is no longer what it was when it was
// attached is an error that wraps ErrChanged; fewer octets than Size have been written
// then, so that no half of a file can pass for a whole one.
func (m *Message) WriteTo(w io.Writer) (int64, error) {
	return writeChunks(w, m.chunks)
}

// Segments returns what WriteTo writes as bytes held in memory, for those who can send
// from there without a copy. They belong to the message and to others that share its
// parts: nobody may change them. It is nil when a file is too large to be held.
//
// Unless Binary reports true, every CR and every LF in them is part of a CRLF, no CRLF is
// cut by the end of a segment, the message ends in one, and no line has more than 998
// octets. That holds by construction, so that a client need not look: it only has to
// double the dots at the beginning of lines (RFC 5321, section 4.5.2).
func (m *Message) Segments() [][]byte {
	segments := make([][]byte, len(m.chunks))
	for i, c := range m.chunks {
		if c.file != nil {
			return nil
		}
		segments[i] = c.data
	}
	return segments
}

// Bytes returns a copy of what WriteTo writes, files included. It is nil where WriteTo
// returns an error, which only happens with a file of more than 8 MiB.
func (m *Message) Bytes() []byte {
	all := bytes.NewBuffer(make([]byte, 0, m.size))
	if _, err := m.WriteTo(all); err != nil {
		return nil
	}
	return all.Bytes()
}

// Size returns the number of octets WriteTo writes.
func (m *Message) Size() int64 { return m.size }

// ID returns the Message-ID with its angle brackets.
func (m *Message) ID() string { return m.id }

// Envelope returns the reverse-path and the recipients, without doubles. Domains are
// A-labels, so that Mailbox is what MAIL and RCPT carry; a From without Mailbox is the
// null reverse-path.
func (m *Message) Envelope() (from Address, to []Address) {
	return m.from, append([]Address(nil), m.to...)
}

// EightBit reports whether the body needs 8BITMIME (RFC 6152). It does only when the
// description asked for that.
func (m *Message) EightBit() bool { return m.eightBit }

// Binary reports whether the body needs BINARYMIME (RFC 3030). It does only when the
// description asked for that.
func (m *Message) Binary() bool { return m.binary }

// UTF8 reports whether the message needs SMTPUTF8 (RFC 6531): the local part of an
// address, in the header or in the envelope, is not ASCII.
func (m *Message) UTF8() bool { return m.utf8 }

// Header returns the value of the first field of that name, in any case, as people read
// it: unfolded and decoded.
func (m *Message) Header(name string) (string, bool) {
	for _, f := range m.Headers() {
		if strings.EqualFold(f.Name, name) {
			return f.Value, true
		}
	}
	return "", false
}

// Headers returns all fields in order, unfolded and decoded.
func (m *Message) Headers() []Field {
	var fields []Field
	block := strings.TrimSuffix(string(m.chunks[0].data[:m.head]), "\r\n")
	block = strings.NewReplacer("\r\n ", " ", "\r\n\t", "\t").Replace(block)
	for line := range strings.SplitSeq(block, "\r\n") {
		name, value, _ := strings.Cut(line, ":")
		fields = append(fields, Field{name, decodeWords(strings.Trim(value, " \t"))})
	}
	return fields
}

// String describes the message on one line:
// «message <id@example.org> to 2 recipients, 14.2 kB, "Subject"».
func (m *Message) String() string {
	recipients := "1 recipient"
	if len(m.to) != 1 {
		recipients = fmt.Sprintf("%d recipients", len(m.to))
	}
	subject := []rune(m.description.Subject)
	if len(subject) > shownLength {
		subject = append(subject[:shownLength], '…')
	}
	return fmt.Sprintf("«message %s to %s, %s, %q»", m.id, recipients, humanSize(m.size), string(subject))
}

// humanSize writes a number of bytes with a decimal unit.
func humanSize(n int64) string {
	if n < 1000 {
		return fmt.Sprintf("%d B", n)
	}
	size, unit := float64(n)/1000, 0
	for size >= 999.95 && unit < 2 {
		size, unit = size/1000, unit+1
	}
	return fmt.Sprintf("%.1f %s", size, [...]string{"kB", "MB", "GB"}[unit])
}
