package luaapi

import (
	"encoding/binary"
	"math"
	"time"

	"github.com/mailscript/mailscript/mime"
	"github.com/mailscript/mailscript/rows"
	"github.com/mailscript/mailscript/template"
)

// An answer is encoded field by field, in the order below. Texts and lists begin with their
// length, lists with one more so that 0 is nil; pointers are numbers of shared values, from 1.

// answerEncoder encodes what was said of a row.
type answerEncoder struct {
	b      []byte
	shared *shared
	row    *rows.Row
	// constants have made some of the values in data.
	constants *constants
	failed    bool // something is of a kind that cannot be kept
}

func (e *answerEncoder) described(d *described) {
	e.text(d.skip)
	m := &d.description
	e.addresses(m.From)
	e.optional(m.Sender)
	for _, list := range [...]mime.AddressList{m.ReplyTo, m.To, m.Cc, m.Bcc} {
		e.recipients(list)
	}
	for _, text := range [...]string{
		m.Subject, m.Text, m.HTML, m.Charset, m.AMP, m.MessageID, string(m.AutoSubmitted), string(m.Transfer), m.List.ID,
	} {
		e.text(text)
	}
	e.flags(m.TextFromHTML, m.Flowed, m.List.OneClick)
	e.time(m.Date)
	for _, texts := range [...][]string{
		m.InReplyTo, m.References, m.List.Unsubscribe, m.List.Help, m.List.Subscribe, m.List.Post, m.List.Owner, m.List.Archive,
	} {
		e.texts(texts)
	}
	e.length(len(m.Headers), m.Headers == nil)
	for _, f := range m.Headers {
		e.text(f.Name)
		e.text(f.Value)
	}
	e.length(len(m.Inline), m.Inline == nil)
	for _, i := range m.Inline {
		e.text(i.Name)
		pointer(e, i.Part)
	}
	e.length(len(m.Attach), m.Attach == nil)
	for _, p := range m.Attach {
		pointer(e, p)
	}
	pointer(e, m.Event)
	pointer(e, m.Body)
	pointer(e, m.LocalImages)
	e.flags(m.Envelope != nil)
	if m.Envelope != nil {
		e.optional(m.Envelope.From)
		e.addresses(m.Envelope.To)
	}
	e.failed = e.failed || m.Protect != nil
	e.flags(d.letter != nil)
	if d.letter != nil {
		e.constant(d.letter)
		e.value(d.data.value)
	}
	e.text(string(d.signing.mode))
	e.texts(d.signing.names)
}

func (e *answerEncoder) number(n int) { e.b = binary.AppendUvarint(e.b, uint64(n)) }

func (e *answerEncoder) length(n int, none bool) {
	if none {
		n = -1
	}
	e.number(n + 1)
}

func (e *answerEncoder) text(s string) {
	e.number(len(s))
	e.b = append(e.b, s...)
}

func (e *answerEncoder) texts(list []string) {
	e.length(len(list), list == nil)
	for _, s := range list {
		e.text(s)
	}
}

func (e *answerEncoder) flags(all ...bool) {
	bits := byte(0)
	for i, flag := range all {
		if flag {
			bits |= 1 << i
		}
	}
	e.b = append(e.b, bits)
}

func (e *answerEncoder) address(a mime.Address) {
	e.text(a.Name)
	e.text(a.Mailbox)
}

func (e *answerEncoder) addresses(list []mime.Address) {
	e.length(len(list), list == nil)
	for _, a := range list {
		e.address(a)
	}
}

func (e *answerEncoder) optional(a *mime.Address) {
	e.flags(a != nil)
	if a != nil {
		e.address(*a)
	}
}

func (e *answerEncoder) recipients(list mime.AddressList) {
	e.length(len(list), list == nil)
	for _, r := range list {
		switch r := r.(type) {
		case mime.Address:
			e.flags(false)
			e.address(r)
		case mime.Group:
			e.flags(true)
			e.text(r.Name)
			e.addresses(r.Members)
		default:
			e.failed = true
		}
	}
}

// time keeps the zone as well.
func (e *answerEncoder) time(t time.Time) {
	e.flags(!t.IsZero())
	if !t.IsZero() {
		e.b = binary.AppendVarint(e.b, t.Unix())
		e.number(t.Nanosecond())
		e.constant(t.Location())
	}
}

func (e *answerEncoder) constant(v any) {
	n, ok := e.shared.constant(v)
	e.failed = e.failed || !ok
	e.number(n)
}

func pointer[T any](e *answerEncoder, p *T) {
	if p == nil {
		e.number(0)
		return
	}
	n, ok := e.shared.pointer(p)
	e.failed = e.failed || !ok
	e.number(n + 1)
}

// Kinds of values in data.
const (
	codeNil byte = iota
	codeFalse
	codeTrue
	codeInteger
	codeFloat
	codeText
	codeList
	codeTable
	codeDate
	codeTime
	codeRow    // the one the answer is about
	codeShared // a list or table of several rows
)

// value encodes data.
func (e *answerEncoder) value(v any) {
	switch v := v.(type) {
	case nil:
		e.b = append(e.b, codeNil)
	case bool:
		code := codeFalse
		if v {
			code = codeTrue
		}
		e.b = append(e.b, code)
	case int64:
		e.b = binary.AppendVarint(append(e.b, codeInteger), v)
	case float64:
		e.b = binary.LittleEndian.AppendUint64(append(e.b, codeFloat), math.Float64bits(v))
	case string:
		e.b = append(e.b, codeText)
		e.text(v)
	case []any:
		if e.common(v) {
			return
		}
		e.b = append(e.b, codeList)
		e.number(len(v))
		for _, item := range v {
			e.value(item)
		}
	case map[string]any:
		if e.common(v) {
			return
		}
		e.b = append(e.b, codeTable)
		e.number(len(v))
		for name, item := range v {
			e.text(name)
			e.value(item)
		}
	case rows.Date:
		e.b = append(e.b, codeDate)
		for _, n := range [...]int{v.Year, int(v.Month), v.Day} {
			e.b = binary.AppendVarint(e.b, int64(n))
		}
	case time.Time:
		e.b = append(e.b, codeTime)
		e.time(v)
	case *record:
		e.b = append(e.b, codeRow)
		e.failed = e.failed || v.row != e.row
	default:
		e.failed = true
	}
}

// common encodes a list or table that several rows have.
func (e *answerEncoder) common(v any) bool {
	if !e.constants.made(v) {
		return false
	}
	n, ok := e.shared.constant(v)
	if ok {
		e.b = append(e.b, codeShared)
		e.number(n)
	}
	return ok
}

// answerDecoder decodes what was said of a row.
type answerDecoder struct {
	text   string // what is left
	shared *shared
	row    *rows.Row
	data   data
	failed bool
}

func (d *answerDecoder) described(made *described) {
	made.skip = d.string()
	m := &made.description
	m.From = d.addresses()
	m.Sender = d.optional()
	for _, list := range [...]*mime.AddressList{&m.ReplyTo, &m.To, &m.Cc, &m.Bcc} {
		*list = d.recipients()
	}
	for _, text := range [...]*string{
		&m.Subject, &m.Text, &m.HTML, &m.Charset, &m.AMP, &m.MessageID, (*string)(&m.AutoSubmitted), (*string)(&m.Transfer), &m.List.ID,
	} {
		*text = d.string()
	}
	bits := d.octet()
	m.TextFromHTML, m.Flowed, m.List.OneClick = bits&1 != 0, bits&2 != 0, bits&4 != 0
	m.Date = d.time()
	for _, texts := range [...]*[]string{
		&m.InReplyTo, &m.References, &m.List.Unsubscribe, &m.List.Help, &m.List.Subscribe, &m.List.Post, &m.List.Owner, &m.List.Archive,
	} {
		*texts = d.strings()
	}
	m.Headers = listOf(d, func() mime.Field { return mime.Field{Name: d.string(), Value: d.string()} })
	m.Inline = listOf(d, func() mime.Inline { return mime.Inline{Name: d.string(), Part: pointed[mime.Part](d)} })
	m.Attach = listOf(d, func() *mime.Part { return pointed[mime.Part](d) })
	m.Event = pointed[mime.Event](d)
	m.Body = pointed[mime.Part](d)
	m.LocalImages = pointed[mime.Folder](d)
	if d.octet() != 0 {
		m.Envelope = &mime.Envelope{From: d.optional(), To: d.addresses()}
	}
	if d.octet() != 0 {
		made.letter = sharedOf[*template.Template](d, d.number())
		made.data.value = d.value()
		made.data.records = d.data.records
	}
	made.signing = signing{signMode(d.string()), d.strings()}
}

// number is binary.Uvarint of a text, which lists and texts of the answer then share.
func (d *answerDecoder) number() uint64 {
	for i, shift := 0, 0; i < len(d.text) && shift < 64; i, shift = i+1, shift+7 {
		if d.text[i] < 0x80 {
			n := uint64(0)
			for j := i; j >= 0; j-- {
				n = n<<7 | uint64(d.text[j]&0x7f)
			}
			d.text = d.text[i+1:]
			return n
		}
	}
	d.fail()
	return 0
}

func (d *answerDecoder) signed() int64 {
	n := d.number()
	return int64(n>>1) ^ -int64(n&1)
}

func (d *answerDecoder) fail() { d.failed, d.text = true, "" }

// take takes so many octets.
func (d *answerDecoder) take(n uint64) string {
	if n > uint64(len(d.text)) {
		d.fail()
		return ""
	}
	s := d.text[:n]
	d.text = d.text[n:]
	return s
}

func (d *answerDecoder) octet() byte {
	if s := d.take(1); s != "" {
		return s[0]
	}
	return 0
}

func (d *answerDecoder) string() string { return d.take(d.number()) }

func (d *answerDecoder) strings() []string { return listOf(d, d.string) }

// listOf decodes a list. An element has an octet at least.
func listOf[T any](d *answerDecoder, element func() T) []T {
	n := d.number()
	if n == 0 {
		return nil
	}
	if n--; n > uint64(len(d.text)) {
		d.fail()
		return nil
	}
	list := make([]T, n)
	for i := range list {
		list[i] = element()
	}
	return list
}

func (d *answerDecoder) address() mime.Address {
	return mime.Address{Name: d.string(), Mailbox: d.string()}
}

func (d *answerDecoder) addresses() []mime.Address { return listOf(d, d.address) }

func (d *answerDecoder) optional() *mime.Address {
	if d.octet() == 0 {
		return nil
	}
	a := d.address()
	return &a
}

func (d *answerDecoder) recipients() mime.AddressList {
	return listOf(d, func() mime.Recipient {
		if d.octet() == 0 {
			return d.address()
		}
		return mime.Group{Name: d.string(), Members: d.addresses()}
	})
}

func (d *answerDecoder) time() time.Time {
	if d.octet() == 0 {
		return time.Time{}
	}
	t := time.Unix(d.signed(), int64(d.number()))
	if zone := sharedOf[*time.Location](d, d.number()); zone != nil {
		t = t.In(zone)
	}
	return t
}

func sharedOf[T any](d *answerDecoder, n uint64) T {
	v, ok := get[T](d.shared, n)
	if !ok {
		d.fail()
	}
	return v
}

func pointed[T any](d *answerDecoder) *T {
	n := d.number()
	if n == 0 {
		return nil
	}
	return sharedOf[*T](d, n-1)
}

func (d *answerDecoder) value() any {
	switch d.octet() {
	case codeNil:
		return nil
	case codeFalse:
		return false
	case codeTrue:
		return true
	case codeInteger:
		return d.signed()
	case codeFloat:
		s := d.take(8)
		if s == "" {
			return nil
		}
		return math.Float64frombits(binary.LittleEndian.Uint64([]byte(s)))
	case codeText:
		return d.string()
	case codeList:
		n := d.number()
		if n > uint64(len(d.text)) {
			break
		}
		list := make([]any, n)
		for i := range list {
			list[i] = d.value()
		}
		return list
	case codeTable:
		n := d.number()
		if n > uint64(len(d.text)) {
			break
		}
		table := make(map[string]any, n)
		for range n {
			name := d.string()
			table[name] = d.value()
		}
		return table
	case codeDate:
		return rows.Date{Year: int(d.signed()), Month: time.Month(d.signed()), Day: int(d.signed())}
	case codeTime:
		return d.time()
	case codeRow:
		r := &record{row: d.row}
		d.data.records = append(d.data.records, r)
		return r
	case codeShared:
		if v, ok := get[any](d.shared, d.number()); ok {
			return v
		}
	}
	d.fail()
	return nil
}
