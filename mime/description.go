package mime

import (
	"crypto/rand"
	"io"
	"slices"
	"time"
)

// Field is a header field, its value as people read it: neither encoded nor folded.
type Field struct{ Name, Value string }

// Inline is a part that the HTML shows, under the name it refers to it by: a part named
// "bear" is shown by <img src="cid:bear">.
type Inline struct {
	Name string
	Part *Part
}

// Envelope is what the server is told, where that differs from the header fields.
type Envelope struct {
	// From is the reverse-path (RFC 5321, section 2.3.1). nil takes Sender, else the
	// first From; the zero Address is the null reverse-path.
	From *Address
	// To are the recipients. nil takes those of To, Cc and Bcc.
	To []Address
}

// Description is what a message is built from. Only From and a recipient are required.
type Description struct {
	From []Address
	// Sender is required when there are several From (RFC 5322, section 3.6.2). One
	// that equals the only From is not written, as that section advises.
	Sender          *Address
	ReplyTo, To, Cc AddressList
	Bcc             AddressList // envelope only, never in the header
	Subject         string
	Text, HTML      string // any line ends; "" is no such body
	// TextFromHTML makes Text of HTML where Text is "", for those who read no HTML.
	TextFromHTML bool
	// Flowed lets readers break the lines of Text as their window wants it, quotes
	// included (format=flowed, RFC 3676). Each line of Text is a paragraph then.
	Flowed bool
	// Charset is what Text, HTML and, where it has all their characters, header fields
	// are written in. "" is UTF-8, which every reader of this century knows.
	Charset string
	// AMP is a second, interactive form of HTML (AMP for Email), which it needs beside it.
	AMP string
	// Event is shown with buttons to answer it, and attached as a file.
	Event *Event
	// Body is an explicit tree in place of Text, HTML, AMP, Event and Inline.
	Body          *Part
	MessageID     string    // with or without angle brackets; "" is made
	Date          time.Time // zero is now
	InReplyTo     []string  // Message-IDs of what this answers
	References    []string  // Message-IDs of the thread, oldest first
	AutoSubmitted AutoSubmitted
	List          List
	Headers       []Field  // further fields, in this order
	Inline        []Inline // each must occur in HTML as cid:name
	Attach        []*Part
	// LocalImages is where pictures are looked for that HTML shows by the name of a file.
	// nil leaves such names alone.
	LocalImages *Folder
	Envelope    *Envelope
	// Protect gets the finished tree of parts and returns what takes its place: a
	// multipart/signed around it, say, or an encrypted form. nil changes nothing.
	Protect func(*Tree) (*Part, error)
	// Transfer is what the way to the reader can take. The zero value fits every server.
	Transfer Transfer
}

// Environment is where a message takes the time and its randomness from. The zero value
// is the real ones.
type Environment struct {
	Now    func() time.Time
	Random io.Reader // must be safe for concurrent use if Build is used so
}

func (e Environment) now() time.Time {
	if e.Now == nil {
		return time.Now()
	}
	return e.Now()
}

// read fills p with random bytes.
func (e Environment) read(p []byte) error {
	if e.Random == nil {
		_, err := rand.Read(p)
		return err
	}
	_, err := io.ReadFull(e.Random, p)
	return err
}

// clone returns a description that shares nothing that could be changed.
func (d Description) clone() Description {
	d.detach(&single{})
	return d
}

// detach copies whatever could be changed behind the back of a message, to where there is
// room for single ones. Parts are
// immutable and stay shared.
func (d *Description) detach(room *single) {
	if len(d.From) == 1 {
		d.From = append(room.from[:0], d.From...)
	} else {
		d.From = slices.Clone(d.From)
	}
	if d.Sender != nil {
		sender := *d.Sender
		d.Sender = &sender
	}
	if len(d.To) == 1 {
		d.To = d.To.appendClone(room.to[:0])
	} else {
		d.To = d.To.appendClone(nil)
	}
	for _, list := range []*AddressList{&d.ReplyTo, &d.Cc, &d.Bcc} {
		if *list != nil {
			*list = list.appendClone(nil)
		}
	}
	for _, ids := range []*[]string{&d.InReplyTo, &d.References} {
		if *ids != nil {
			*ids = slices.Clone(*ids)
		}
	}
	if d.Headers != nil {
		d.Headers = slices.Clone(d.Headers)
	}
	if d.Inline != nil {
		d.Inline = slices.Clone(d.Inline)
	}
	if d.Attach != nil {
		d.Attach = slices.Clone(d.Attach)
	}
	for _, urls := range d.List.urls() {
		if *urls != nil {
			*urls = slices.Clone(*urls)
		}
	}
	if d.Envelope != nil {
		envelope := *d.Envelope
		if envelope.From != nil {
			from := *envelope.From
			envelope.From = &from
		}
		envelope.To = slices.Clone(envelope.To)
		d.Envelope = &envelope
	}
}
