package luaapi

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/mailscript/mailscript/engine"
	"github.com/mailscript/mailscript/mime"
	"github.com/mailscript/mailscript/template"
	lua "github.com/yuin/gopher-lua"
)

// description is what mime.message takes.
type description struct {
	From          luaValue    `lua:"from" type:"string|address|(string|address)[]" doc:"who it is from; required"`
	Sender        luaValue    `lua:"sender" type:"string|address" doc:"who sends it, required where several are in from"`
	ReplyTo       luaValue    `lua:"reply_to" type:"string|address|(string|address)[]" doc:"where answers go"`
	To            luaValue    `lua:"to" type:"string|address|(string|address)[]" doc:"recipients; one list element is one address"`
	Cc            luaValue    `lua:"cc" type:"string|address|(string|address)[]" doc:"recipients of a copy"`
	Bcc           luaValue    `lua:"bcc" type:"string|address|(string|address)[]" doc:"recipients nobody sees: envelope only"`
	Subject       string      `lua:"subject" doc:"any UTF-8 text on one line"`
	Text          luaValue    `lua:"text" type:"string|false" doc:"plain text, any line ends; where there is html alone it is made of that, unless text is false"`
	HTML          string      `lua:"html" doc:"HTML; shows inline parts as cid:name"`
	Template      luaValue    `lua:"template" type:"template" doc:"makes html, text and, unless it is given, the subject"`
	Data          luaValue    `lua:"data" type:"row|table" doc:"what the template is filled with"`
	Flowed        bool        `lua:"flowed" doc:"each line of text is a paragraph, and readers break it as their window wants it (RFC 3676)"`
	AMP           string      `lua:"amp" doc:"a second, interactive form of html (AMP for Email)"`
	Event         luaValue    `lua:"event" type:"event|false" doc:"an invitation, a change or a cancellation: mime.event; false takes it away from a copy"`
	Body          luaValue    `lua:"body" type:"part|false" doc:"a tree of your own, made with mime.part, in place of text, html, amp, event and inline; false takes it away from a copy"`
	Inline        luaValue    `lua:"inline" type:"table<string, part>" doc:"parts the HTML shows, by the name behind cid:"`
	LocalImages   luaValue    `lua:"local_images" type:"boolean|string" doc:"pictures that the HTML shows by the name of a file, such as src=\"logo.png\", are sent with it; true looks in the project folder, a text in that folder below it"`
	Attach        luaValue    `lua:"attach" type:"part|part[]" doc:"attachments"`
	InReplyTo     []string    `lua:"in_reply_to" doc:"Message-IDs of what this answers"`
	References    []string    `lua:"references" doc:"Message-IDs of the thread, oldest first"`
	AutoSubmitted string      `lua:"auto_submitted" type:"\"auto-generated\"|\"auto-replied\"" doc:"no person wrote it, so no machine should answer (RFC 3834)"`
	List          listOptions `lua:"list" doc:"what a newsletter or a mailing list says about itself"`
	Headers       luaValue    `lua:"headers" type:"table<string, string|string[]>|string[][]" doc:"further fields: name to value or values, or a list of {name, value} where the order matters"`
	Date          luaValue    `lua:"date" type:"integer" doc:"seconds since 1970 (os.time()); default now"`
	MessageID     string      `lua:"message_id" doc:"default made at the domain of from"`
	Charset       string      `lua:"charset" doc:"what text, HTML and header fields are written in, for old readers, such as \"iso-8859-1\"; default UTF-8"`
	Transfer      string      `lua:"transfer_encoding" type:"\"7bit\"|\"8bit\"|\"binary\"" doc:"the widest encoding of bodies to use where the server offers it (8BITMIME; BINARYMIME with CHUNKING); default 7bit, which every server takes"`
	DKIM          luaValue    `lua:"dkim" type:"boolean|string|string[]" doc:"false leaves the message unsigned, true raises where no key of mailscript.toml suits, names choose keys; default: every key whose domain suits from"`
	Envelope      luaValue    `lua:"envelope" type:"envelope.options" doc:"sender and recipients where they differ from the header fields"`
}

// listOptions are the fields of RFC 2369, RFC 2919 and RFC 8058.
type listOptions struct {
	ID          string   `lua:"id" doc:"\"news.bank.example\", or \"Bank news <news.bank.example>\" (RFC 2919)"`
	Unsubscribe []string `lua:"unsubscribe" doc:"https: or mailto: URLs, the best first"`
	OneClick    bool     `lua:"one_click" doc:"a POST to the https URL unsubscribes at once (RFC 8058); large providers ask for it"`
	Help        []string `lua:"help" doc:"URLs"`
	Subscribe   []string `lua:"subscribe" doc:"URLs"`
	Post        []string `lua:"post" doc:"URLs"`
	Owner       []string `lua:"owner" doc:"URLs"`
	Archive     []string `lua:"archive" doc:"URLs"`
}

func (o listOptions) list() mime.List {
	return mime.List{
		ID: o.ID, Unsubscribe: o.Unsubscribe, OneClick: o.OneClick,
		Help: o.Help, Subscribe: o.Subscribe, Post: o.Post, Owner: o.Owner, Archive: o.Archive,
	}
}

// envelopeOptions are whom the server is told of.
type envelopeOptions struct {
	From luaValue `lua:"from" type:"string|address" doc:"the reverse-path; \"\" is the null reverse-path"`
	To   luaValue `lua:"to" type:"string|address|(string|address)[]" doc:"the recipients"`
}

// describer reads a description.
type describer struct {
	c         *Call
	signing   signing // what the description says of signatures
	letter    *template.Template
	data      data       // what the template is to be filled with
	constants *constants // of a merge, nil elsewhere
}

func (d *describer) description(t *lua.LTable) mime.Description {
	return d.change(emptyDescription(), t)
}

// emptyDescription is what a description is before anything is said: who sends HTML
// alone means those who read no HTML too.
func emptyDescription() mime.Description { return mime.Description{TextFromHTML: true} }

// change replaces the fields of m that t holds.
func (d *describer) change(m mime.Description, t *lua.LTable) mime.Description {
	d.read(&m, t)
	if d.letter != nil {
		if err := fill(d.c.Context(), &m, d.letter, d.data); err != nil {
			d.c.Fail(err)
		}
	}
	return m
}

// fill puts what a template makes into a description. It may be called on any goroutine.
func fill(ctx context.Context, m *mime.Description, letter *template.Template, with data) error {
	rendered, err := with.render(ctx, letter)
	if err != nil {
		return err
	}
	m.HTML, m.Text = rendered.HTML, rendered.Text
	if m.Subject == "" {
		m.Subject = rendered.Subject
	}
	return nil
}

// templated reads the template of a description and its data.
func (d *describer) templated(given *description) {
	ud, ok := given.Template.(*lua.LUserData)
	if ok {
		d.letter, ok = ud.Value.(*template.Template)
	}
	if !ok {
		d.c.Usage(`write template = template.load("…")`, `option "template" must be a template, got %s`, engine.TypeName(given.Template))
	}
	if given.HTML != "" || given.Text != nil && given.Text != lua.LFalse {
		d.c.Usage("", `give either "template" or "html" and "text"`)
	}
	if given.Data == nil {
		d.c.Usage("data = row, or a table of names and values", `option "data" is missing: what the template is filled with`)
	}
	d.data = d.c.templateData(d.c.function.full+": data", given.Data, d.constants)
}

// read replaces the fields of m that t holds, and leaves a template to be filled. Whom the
// message is for is read first, and known where something is wrong with the rest.
func (d *describer) read(m *mime.Description, t *lua.LTable) {
	given := &d.c.bound.given // a merge reads one for each row, and nothing of it is kept
	*given = description{}
	reader := &decoder{b: d.c.bound, L: d.c.L, path: d.c.function.full, sent: true}
	reader.table(t, reflect.ValueOf(given).Elem())
	if given.From != nil {
		m.From = d.addresses("from", given.From).Addresses()
	}
	if given.Sender != nil {
		sender := d.address("sender", given.Sender)
		m.Sender = &sender
	}
	if given.ReplyTo != nil {
		m.ReplyTo = d.addresses("reply_to", given.ReplyTo)
	}
	if given.To != nil {
		m.To = d.addresses("to", given.To)
	}
	if given.Cc != nil {
		m.Cc = d.addresses("cc", given.Cc)
	}
	if given.Bcc != nil {
		m.Bcc = d.addresses("bcc", given.Bcc)
	}
	if given.Envelope != nil {
		e := d.envelope(given.Envelope)
		m.Envelope = &e
	}
	switch {
	case given.Template != nil:
		d.templated(given)
	case given.Data != nil:
		d.c.Usage("", `option "data" is for a template`)
	}
	if given.Text != nil {
		m.Text, m.TextFromHTML = d.text(reader, given.Text)
	}
	has := func(name string) bool { return t.RawGetString(name) != lua.LNil }
	if has("subject") {
		m.Subject = given.Subject
	}
	if has("html") {
		m.HTML = given.HTML
	}
	if has("amp") {
		m.AMP = given.AMP
	}
	if has("message_id") {
		m.MessageID = given.MessageID
	}
	if has("charset") {
		m.Charset = given.Charset
	}
	if has("auto_submitted") {
		m.AutoSubmitted = mime.AutoSubmitted(given.AutoSubmitted)
	}
	if has("flowed") {
		m.Flowed = given.Flowed
	}
	if has("in_reply_to") {
		m.InReplyTo = given.InReplyTo
	}
	if has("references") {
		m.References = given.References
	}
	if has("list") {
		m.List = given.List.list()
	}
	if has("transfer_encoding") {
		m.Transfer = d.transfer(given.Transfer)
	}
	if given.DKIM != nil {
		d.signing = *d.c.signing(given.DKIM)
	}
	switch given.Event {
	case nil:
	case lua.LFalse:
		m.Event = nil
	default:
		m.Event = d.event("event", given.Event)
	}
	switch given.Body {
	case nil:
	case lua.LFalse:
		m.Body = nil
	default:
		m.Body = d.onePart("body", given.Body)
	}
	if given.LocalImages != nil {
		m.LocalImages = d.folder(given.LocalImages)
	}
	if given.Inline != nil {
		m.Inline = d.inline(given.Inline)
	}
	if given.Attach != nil {
		m.Attach = d.parts("attach", given.Attach)
	}
	if given.Headers != nil {
		m.Headers = d.headers(given.Headers)
	}
	if given.Date != nil {
		n, ok := given.Date.(lua.LNumber)
		if !ok || n < 0 || n > 253402300799 {
			d.c.Usage("use os.time()", `option "date" must be a number of seconds since 1970, got %s`, engine.TypeName(given.Date))
		}
		m.Date = time.Unix(int64(n), 0)
	}
}

// text reads text = "…", or false for a message that has only HTML.
func (d *describer) text(reader *decoder, v lua.LValue) (text string, fromHTML bool) {
	switch v := v.(type) {
	case lua.LString:
		reader.utf8("text", string(v))
		d.c.refuseShownSecret("text", string(v))
		return string(v), true
	case lua.LBool:
		if !v {
			return "", false
		}
	}
	reader.fail("", `option "text" must be a string or false, got %s`, engine.TypeName(v))
	return "", false
}

func (d *describer) transfer(name string) mime.Transfer {
	switch name {
	case "7bit":
		return mime.TransferSevenBit
	case string(mime.TransferEightBit), string(mime.TransferBinary):
		return mime.Transfer(name)
	}
	d.c.Usage("", `option "transfer_encoding" must be "7bit", "8bit" or "binary", got %q`, name)
	return ""
}

func (d *describer) envelope(v lua.LValue) mime.Envelope {
	t, ok := v.(*lua.LTable)
	if !ok {
		d.c.Usage("", `option "envelope" must be a table, got %s`, engine.TypeName(v))
	}
	var given envelopeOptions
	d.c.decode(d.c.function.full+": envelope", t, &given)
	var e mime.Envelope
	if given.From != nil {
		var from mime.Address
		if given.From != lua.LString("") {
			from = d.address("envelope.from", given.From)
		}
		e.From = &from
	}
	if given.To != nil {
		e.To = d.addresses("envelope.to", given.To).Addresses()
	}
	return e
}

// refuse raises a fault at a field of the description.
func (d *describer) refuse(field string, err error) {
	f := d.c.fault(err)
	f.Message = fmt.Sprintf("%s: %s: %s", d.c.function.full, field, strings.TrimPrefix(f.Message, "mime: "))
	d.c.rt.Raise(d.c.L, f)
}

// sorted returns the string keys of a table in order: traversal has none.
func (d *describer) sorted(field string, t *lua.LTable) []string {
	var names []string
	t.ForEach(func(key, _ lua.LValue) {
		name, ok := key.(lua.LString)
		if !ok {
			d.c.Usage("", "%s must have names as keys, got %s", field, engine.TypeName(key))
		}
		names = append(names, string(name))
	})
	slices.Sort(names)
	return names
}

// headers reads { ["X-A"] = "1", ["X-B"] = {"2", "3"} }, sorted by name, or
// { {"X-A", "1"}, {"X-B", "2"} } in that order.
func (d *describer) headers(v lua.LValue) []mime.Field {
	t, ok := v.(*lua.LTable)
	if !ok {
		d.c.Usage(`write headers = { ["X-Campaign"] = "autumn" }`, `option "headers" must be a table, got %s`, engine.TypeName(v))
	}
	text := func(place string, v lua.LValue) string {
		switch v := v.(type) {
		case lua.LString:
			d.c.refuseShownSecret(place, string(v))
			return string(v)
		case lua.LNumber:
			return v.String()
		}
		d.c.Usage("", "%s must be a string, got %s", place, engine.TypeName(v))
		return ""
	}
	fields := []mime.Field{}
	if items := listItems(t); len(items) > 0 {
		for i, item := range items {
			place := fmt.Sprintf("headers[%d]", i+1)
			pair, ok := item.(*lua.LTable)
			if !ok || pair.Len() != 2 {
				d.c.Usage("", "%s must be {name, value}", place)
			}
			fields = append(fields, mime.Field{Name: text(place, pair.RawGetInt(1)), Value: text(place, pair.RawGetInt(2))})
		}
		return fields
	}
	for _, name := range d.sorted("headers", t) {
		value := t.RawGetString(name)
		if list, ok := value.(*lua.LTable); ok {
			for _, item := range listItems(list) {
				fields = append(fields, mime.Field{Name: name, Value: text("headers."+name, item)})
			}
			continue
		}
		fields = append(fields, mime.Field{Name: name, Value: text("headers."+name, value)})
	}
	return fields
}
