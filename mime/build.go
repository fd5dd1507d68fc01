package mime

import (
	"bytes"
	"fmt"
	"slices"
	"sync"
	"time"
)

// Build makes the message of a description. The description can be changed or reused
// afterwards. Errors are *Error.
//
// The body has the levels it needs and no others: multipart/mixed around the attachments,
// multipart/related around inline parts, multipart/alternative around text and HTML.
func Build(d Description, env Environment) (*Message, error) {
	m := &Message{description: d}
	m.description.detach(&m.single)
	b := builder{d: &m.description, env: env}
	if err := b.buildIn(m); err != nil {
		return nil, err
	}
	return m, nil
}

// For returns the message for a way that can take other bodies than the one it was built
// for. Message-ID, Date and boundaries stay. A message under a signature is the same on
// every way.
func (m *Message) For(transfer Transfer) (*Message, error) {
	if transfer == m.description.Transfer || m.description.Protect != nil {
		return m, nil
	}
	changed := &Message{description: m.Description()}
	changed.description.Transfer = transfer
	resolved := changed.description
	resolved.MessageID, resolved.Date = m.id, m.date
	b := builder{d: &resolved, boundary: m.boundary}
	if err := b.buildIn(changed); err != nil {
		return nil, err
	}
	return changed, nil
}

// builder is one call of Build.
type builder struct {
	d   *Description // nobody else changes it
	env Environment

	from, sender         []Address // checked, domains in ASCII; sender has one or none
	replyTo, to, cc, bcc AddressList
	fields               []checkedField
	id                   string
	date                 time.Time
	charset              *charset
	boundary             string // random digits
	delimiter            string // the same, or others where a body holds them
	*workshop
}

// workshop is memory for what is gone when a message is built. It is used again, since
// otherwise much of the time of a merge would be spent on its garbage.
type workshop struct {
	small    [smallMessage]byte // small messages are put together here, and then copied
	entities [4]entity
	used     int // of entities
	children [4]*entity
	drawn    [2 * idLength]byte
}

// smallMessage is in octets.
const smallMessage = 8 << 10

// workshops is no state: nothing that a message shows depends on it.
var workshops = sync.Pool{New: func() any { return new(workshop) }}

// buildIn is build in a workshop.
func (b *builder) buildIn(m *Message) *Error {
	b.workshop = workshops.Get().(*workshop)
	err := b.build(m)
	clear(b.entities[:b.used]) // let go of the message
	b.used = 0
	workshops.Put(b.workshop)
	return err
}

func (b *builder) build(m *Message) (err *Error) {
	if err := b.checkAddresses(); err != nil {
		return err
	}
	if err := checkValue("subject", b.d.Subject); err != nil {
		return err
	}
	if b.fields, err = b.d.furtherFields(); err != nil {
		return err
	}
	if year := b.d.Date.Year(); !b.d.Date.IsZero() && (year < 1900 || year > 9999) {
		return &Error{Field: "date", Offset: -1, Reason: "the year is not one of RFC 5322, section 3.3"}
	}
	if b.date = b.d.Date; b.date.IsZero() {
		b.date = b.env.now()
	}
	if m.from, m.to, err = b.envelope(m.single.recipient[:0]); err != nil {
		return err
	}
	m.utf8 = m.from.NeedsUTF8() || slices.ContainsFunc(m.to, Address.NeedsUTF8)
	if err := b.messageID(); err != nil {
		return err
	}
	if b.charset, err = newCharset(b.d.Charset); err != nil {
		return err
	}
	root, err := b.tree()
	if err != nil {
		return err
	}
	if b.d.Protect != nil {
		if root, err = b.protect(root); err != nil {
			return err
		}
	}
	widest, err := b.prepare(root, b.d.Transfer)
	if err != nil {
		return err
	}
	m.eightBit, m.binary = widest != encoding7Bit, widest == encodingBinary
	root.endsLine()
	m.id, m.date, m.boundary = b.id, b.date, b.boundary
	a := assembler{headerWriter: headerWriter{buf: b.small[:0], utf8: b.headerUTF8(), charset: b.charset}, random: b.delimiter}
	size := b.estimate(root)
	if size > smallMessage {
		a.buf = make([]byte, 0, size)
	}
	b.writeHeader(&a)
	if a.entity(root); a.err != nil {
		return a.err
	}
	if size <= smallMessage {
		a.buf = bytes.Clone(a.buf)
	}
	m.chunks, m.head, m.utf8 = a.finish(m.single.chunk[:0]), int32(a.head), m.utf8 || a.utf8
	for _, c := range m.chunks {
		m.size += c.size()
	}
	return nil
}

// prepare decides all that stands in the Content- fields of a tree, and returns the
// widest encoding in it.
func (b *builder) prepare(root *entity, transfer Transfer) (string, *Error) {
	switch transfer {
	case TransferSevenBit, TransferEightBit, TransferBinary:
	default:
		return "", &Error{Field: "transfer", Value: string(transfer), Offset: -1, Reason: "unknown transfer", Hint: `"8bit" or "binary"`}
	}
	widest := wider(root.plan(transfer), encoding7Bit)
	if root.isLeaf() {
		return widest, nil
	}
	if b.boundary == "" {
		var digits [2 * idLength]byte
		if err := b.draw(digits[:]); err != nil {
			return "", err
		}
		b.boundary = string(digits[:])
	}
	b.delimiter = setBoundaries(root, b.boundary)
	return widest, nil
}

// estimate is about the room that header and text take, in octets: enough for most
// messages, so that the buffer need not grow.
func (b *builder) estimate(root *entity) int {
	size := 1 << 10
	root.walk(func(e *entity) {
		if size += len(e.text) + len(e.text)/16; e.notASCII {
			size += len(e.text)/16 + qpSlack
		}
	})
	return size
}

// writeHeader writes all fields. RFC 5322, section 3.6, leaves the order to us: who, to
// whom, what about, when; then the further ones; then what the body is.
func (b *builder) writeHeader(a *assembler) {
	a.mailboxes("From", b.from)
	if len(b.sender) > 0 && (len(b.from) > 1 || b.sender[0].key() != b.from[0].key()) {
		a.mailboxes("Sender", b.sender)
	}
	for _, f := range []struct {
		name string
		list AddressList
	}{{"Reply-To", b.replyTo}, {"To", b.to}, {"Cc", b.cc}} {
		if len(f.list) > 0 {
			a.addresses(f.name, f.list)
		}
	}
	if b.d.Subject != "" {
		a.text("Subject", b.d.Subject)
	}
	a.begin("Date")
	a.buf = appendDate(append(a.buf, ' '), b.date)
	a.end()
	a.field("Message-ID", b.id)
	for _, f := range b.fields {
		switch f.kind {
		case fieldAddresses:
			a.addresses(f.name, f.addresses)
		case fieldStructured:
			a.structured(f.name, f.value)
		case fieldListID:
			a.begin(f.name)
			if f.value != "" {
				a.phrase(f.value, "")
			}
			a.word(f.id)
			a.end()
		default:
			a.text(f.name, f.value)
		}
	}
	a.constant("MIME-Version", "1.0")
}

// headerUTF8 reports whether an address in the header makes it one of RFC 6532.
func (b *builder) headerUTF8() bool {
	if slices.ContainsFunc(b.from, Address.NeedsUTF8) || slices.ContainsFunc(b.sender, Address.NeedsUTF8) ||
		b.replyTo.needsUTF8() || b.to.needsUTF8() || b.cc.needsUTF8() {
		return true
	}
	return slices.ContainsFunc(b.fields, func(f checkedField) bool { return f.addresses.needsUTF8() })
}

func (b *builder) checkAddresses() (err *Error) {
	if len(b.d.From) == 0 {
		return &Error{Field: "from", Offset: -1, Reason: "no sender", Hint: `from = "Ann <ann@example.org>"`}
	}
	if b.from, err = checkMailboxes("from", b.d.From); err != nil {
		return err
	}
	if b.d.Sender != nil {
		if b.sender, err = checkMailboxes("sender", []Address{*b.d.Sender}); err != nil {
			return err
		}
	} else if len(b.from) > 1 {
		// RFC 5322, section 3.6.2.
		return &Error{Field: "sender", Offset: -1, Reason: "several from addresses need a sender",
			Hint: "name the one who sends the message"}
	}
	if b.replyTo, err = checkList("reply_to", b.d.ReplyTo); err != nil {
		return err
	}
	if b.to, err = checkList("to", b.d.To); err != nil {
		return err
	}
	if b.cc, err = checkList("cc", b.d.Cc); err != nil {
		return err
	}
	b.bcc, err = checkList("bcc", b.d.Bcc)
	return err
}

// checkMailboxes is checkList where a group cannot stand.
func checkMailboxes(place string, addresses []Address) ([]Address, *Error) {
	out := addresses
	for i, a := range addresses {
		checked, err := a.check()
		if err != nil {
			return nil, err.(*AddressError).in(fmt.Sprintf("%s[%d]", place, i+1))
		}
		if checked != a {
			if &out[0] == &addresses[0] {
				out = slices.Clone(addresses)
			}
			out[i] = checked
		}
	}
	return out, nil
}

// envelope finds out what the server is told. Each mailbox is told once, however often
// the fields name it. room is for the recipients.
func (b *builder) envelope(room []Address) (from Address, to []Address, err *Error) {
	e := b.d.Envelope
	switch {
	case e != nil && e.From != nil && *e.From == (Address{}):
		// the null reverse-path (RFC 5321, section 4.5.5)
	case e != nil && e.From != nil:
		checked, err := checkMailboxes("envelope.from", []Address{*e.From})
		if err != nil {
			return Address{}, nil, err
		}
		from = checked[0]
	case len(b.sender) > 0:
		from = b.sender[0]
	default:
		from = b.from[0]
	}
	if e != nil && e.To != nil {
		if to, err = checkMailboxes("envelope.to", e.To); err != nil {
			return Address{}, nil, err
		}
	} else {
		to = b.to.appendAddresses(room)
		for _, list := range []AddressList{b.cc, b.bcc} {
			if len(list) > 0 {
				to = list.appendAddresses(to)
			}
		}
	}
	if len(to) == 0 {
		return Address{}, nil, &Error{Field: "to", Offset: -1, Reason: "no recipient", Hint: `to = "Ann <ann@example.org>"`}
	}
	if len(to) == 1 {
		return from, to, nil
	}
	once := make([]Address, 0, len(to))
	seen := make(map[string]bool, len(to))
	for _, a := range to {
		if key := a.key(); !seen[key] {
			seen[key] = true
			once = append(once, a)
		}
	}
	return from, once, nil
}

// messageID takes the given Message-ID or makes one at the domain of the first From, and the
// digits of the boundaries at the same time.
func (b *builder) messageID() (err *Error) {
	if b.d.MessageID != "" {
		b.id, err = checkMessageID("message_id", b.d.MessageID)
		return err
	}
	var digits [4 * idLength]byte
	if err := b.draw(digits[:]); err != nil {
		return err
	}
	var room [128]byte
	id := append(append(room[:0], '<'), digits[:2*idLength]...)
	// Filters hold it against a message that its Message-ID has the address of From in it, as
	// one in sixteen would with a@….
	local := b.from[0].Local()
	if local != "" && len(local) < len(id) && bytes.EqualFold(id[len(id)-len(local):], []byte(local)) {
		id = append(id, 'z')
	}
	id = append(append(append(id, '@'), b.from[0].Domain()...), '>')
	both := string(append(id, digits[2*idLength:]...)) // one piece of memory
	b.id, b.boundary = both[:len(id)], both[len(id):]
	return nil
}
