package luaapi

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	gomime "mime"
	"net"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/mailscript/mailscript/engine"
	"github.com/mailscript/mailscript/smtp"
)

// payloads try to end a command early, each in front of a verb that no client
// has: XEVIL on the wire, at the beginning of a line, is an injection.
func payloads() []string {
	var list []string
	for _, before := range []string{"", "a", "a@b.example", "a@b.example>", `"a"@b.example`} {
		for _, end := range []string{
			"\r\n", "\n", "\r", "\x00", "\r\n.\r\n", "\n.\n", "\r.\r", "\r\n\r\n", "\u0085", "\u2028", "\u010a", "\u560a", "\xc0\x8a", "%0d%0a", "=0D=0A", "\\r\\n", "\v",
		} {
			list = append(list, before+end+"XEVIL "+end)
		}
	}
	if raceDetector {
		return list[:17] // the others have more in front
	}
	return list
}

// injections are the calls to put payloads into: OPTS is a table of options with
// the payload in one of them, TEXT the payload itself.
var injections = map[string]string{
	"smtp.send":        "smtp.send(M, OPTS)",
	"smtp.connect":     "local s = smtp.connect(OPTS) s:auth() s:send(M)",
	"smtp.with":        "smtp.with(OPTS, function(s) s:send(M) end)",
	"smtp.dial":        "local s = smtp.dial(OPTS) s:ehlo() s:send(M)",
	"smtp.probe":       `smtp.probe { host = "mx.example", port = 25, tls = "off", local_name = TEXT, username = TEXT, password = TEXT, auth = true, auth_in_clear = true, timeout = 0.02 }`, // the other options are those of connect
	"session:send":     "session:send(M, OPTS)",
	"session:stream":   "for _ in session:stream({ M, M }, OPTS) do end",
	"session:auth":     "session:auth(OPTS)",
	"session:offers":   "session:offers(TEXT)",
	"session:ehlo":     "session:ehlo(TEXT)",
	"session:helo":     "session:helo(TEXT)",
	"session:mail":     `session:mail(TEXT or "a@b.example", OPTS)`,
	"session:rcpt":     `session:mail("a@b.example") session:rcpt(TEXT or "c@d.example", OPTS)`,
	"session:body":     `session:mail("a@b.example") session:rcpt("c@d.example") session:data() session:body(TEXT)`,
	"session:bdat":     `session:mail("a@b.example") session:rcpt("c@d.example") session:bdat(TEXT) session:bdat(TEXT, true)`,
	"session:verify":   "session:verify(TEXT)",
	"session:xclient":  "session:xclient({ addr = TEXT, [TEXT] = TEXT, name = TEXT })",
	"session:command":  "session:command(TEXT)",
	"session:pipeline": `session:pipeline({ TEXT, "NOOP" }) session:pipeline({ "NOOP", "VRFY " .. TEXT })`,
	"result:handled":   "session:send(M):handled(TEXT)",
	"mime.message":     "session:send(mime.message(OPTS))",
	"mime.file":        `session:send(M:with { attach = mime.file(TEXT or "terms.pdf", OPTS) })`,
	"mime.bytes":       `session:send(M:with { attach = mime.bytes(TEXT or "x", OPTS) })`,
	"mime.part":        "session:send(M:with { attach = mime.part(OPTS) })",
	"mime.address":     `session:send(M:with { to = mime.address(TEXT) }) session:send(M:with { to = mime.address(TEXT, "a@b.example") }) session:send(M:with { to = mime.address("Ann", TEXT) })`,
	"mime.valid":       "if mime.valid(TEXT) then session:mail(TEXT) end",
	"mime.event":       "session:send(M:with { event = mime.event(OPTS) })",
	"mime.card":        "session:send(M:with { attach = mime.card(OPTS) })",
	"event:reply":      `session:send(M:with { event = E:reply(TEXT, "accepted") }) session:send(M:with { event = E:reply(mime.address(TEXT, "a@b.example"), "accepted") }) E:reply("a@b.example", TEXT)`,
	"message:part":     `session:send(M:with { attach = M:part(OPTS) })`,
	"message:with":     "session:send(M:with { subject = TEXT, text = TEXT, html = TEXT })",
	"message:header":   "session:send(M, { envelope = { to = M:header(TEXT) or TEXT, from = TEXT } })",
	"message:save":     "M:save(TEXT) M:save('x.eml', OPTS)",
	"message:bytes":    "M:bytes(OPTS)",
	"message:lint":     "M:lint(OPTS)",
	"csv.rows":         `for row in require "csv".rows(TEXT or "people.csv", OPTS) do session:verify(row.email) end`,
	"json.rows":        `for row in require "json".rows(TEXT or "people.jsonl", OPTS) do session:verify(row.email) end`,
	"template.load":    `pcall(require "template".load, TEXT) local r = require "template".load("letter", OPTS):render { name = "Ann", city = "Paris" } session:send(M:with { text = r.text, html = r.html, subject = r.subject })`,
	"template.new":     `local r = require "template".new(OPTS):render { name = "Ann" } session:send(M:with { text = r.text, html = r.html, subject = r.subject })`,
	"template:render":  "",
	"merge.run":        `require "merge".run(OPTS)`,
	"merge.open":       "require 'merge'.open(TEXT) session:noop()",
	"merge.suppress":   `require "merge".suppress(TEXT, "x") require "merge".suppress("a@b.example", TEXT) session:noop()`,
	"merge.skip":       `require "merge".run { name = "x", rows = { { id = "1" } }, key = "id", message = function() return require "merge".skip(TEXT) end, account = { host = "mx.example", port = 25, tls = "off" } }`,
	"run:items":        `require "merge".run { name = "x", rows = { { id = "1" } }, key = "id", message = function() return require "merge".skip("x") end, account = { host = "mx.example", port = 25, tls = "off" } }:items(OPTS)`,
	"run:export":       `require "merge".run { name = "x", rows = { { id = "1" } }, key = "id", message = function() return require "merge".skip("x") end, account = { host = "mx.example", port = 25, tls = "off" } }:export(TEXT)`,
	"xlsx.rows":        `for row in require "xlsx".rows(TEXT or "people.xlsx", OPTS) do session:verify(row.email) end`,
	"sql.open":         `pcall(require "sql".open, TEXT or OPTS)`,
	"database:rows":    "", "database:all": "", "database:one": "", "database:exec": "", // a database is no mail server
	"database:value":   `session:verify(require "sql".open("sqlite:people.db"):value("SELECT ?", { TEXT }))`,
	"transaction:rows": "", "transaction:all": "", "transaction:one": "", "transaction:value": "", "transaction:exec": "",
	"time.now":      "pcall(require 'time'.now, TEXT) session:noop()",
	"time.today":    "pcall(require 'time'.today, TEXT) session:noop()",
	"time.new":      "pcall(require 'time'.new, OPTS) session:noop()",
	"time.parse":    "session:verify(tostring(require 'time'.parse(TEXT)))",
	"time.period":   "session:verify(require 'time'.period(TEXT or 'today', OPTS).key)",
	"time:format":   "session:verify(require 'time'.now():format(TEXT))",
	"time:add":      "session:verify(tostring(require 'time'.now():add(OPTS)))",
	"time:start_of": "session:verify(tostring(require 'time'.now():start_of(TEXT)))",
	"time:in_zone":  "session:verify(tostring(require 'time'.now():in_zone(TEXT)))",
	"json.decode":   `session:verify(require "json".decode(require "json".encode(TEXT))) require "json".decode(TEXT)`,
	"json.encode":   `session:verify(require "json".encode(TEXT)) session:command(require "json".encode({ [TEXT] = TEXT }))`,
	"secret.get":    "session:auth { username = TEXT, password = secret.get(TEXT) }",
	"secret.env":    "session:auth { username = TEXT, password = secret.env(TEXT) }",
	"secret.file":   "session:auth { username = TEXT, password = secret.file(TEXT) }",
	"secret.prompt": "session:auth { username = TEXT, password = secret.prompt(TEXT) }",
	"csv.write":     `require "csv".write(TEXT or "x.csv", { { a = p } }, OPTS) session:verify(require "csv".encode({ { a = p } }, OPTS).name) session:noop()`,
	"csv.encode":    `session:send(M:with { attach = require "csv".encode({ { a = p } }, OPTS) })`,
	"xlsx.workbook": `session:send(M:with { attach = require "xlsx".workbook(OPTS) })`,
	"chart.line":    "", "chart.pie": "", // what they do with text is what chart.bar does
	"chart.bar": `local c = require "chart".bar(OPTS) session:send(M:with { html = c:img("x"), inline = { x = c } })`,
	"part:img":  `session:send(M:with { html = mime.bytes("x", { name = "x.png" }):img(TEXT), inline = { x = mime.bytes("x", { name = "x.png" }) } })`,
	"job.skip":  "",                                       // ends the script
	"http.get":  "", "http.post": "", "response:json": "", // a web server is no mail server: TestWebInjection
	"time.sleep":    "time.sleep(TEXT) session:noop()",
	"session:write": "", // past all checks, as it says
}

// required are options without which a call would fail before its string.
var required = map[string]string{
	"smtp.":         `host = "mx.example", port = 25, tls = "off", username = "ann", password = "x", auth_in_clear = true, `,
	"merge.run":     `name = "x", key = "id", rows = { { id = p, to = "c@d.example" } }, message = function(row) return { from = "a@b.example", to = "c@d.example", subject = p, text = p } end, account = { host = "mx.example", port = 25, tls = "off" }, `,
	"mime.message":  `from = "a@b.example", to = "c@d.example", text = "x", `,
	"mime.bytes":    `name = "x.txt", `,
	"mime.event":    `uid = "x", starts = 0, attendees = { { address = "c@d.example", optional = true } }, `,
	"mime.card":     `family = "x", `,
	"mime.part":     `type = "text/plain", body = "x", `,
	"xlsx.workbook": `name = "x.xlsx", sheets = { { name = "x", rows = { { a = p } } } }, `,
	"chart.bar":     `width = 100, height = 100, scale = 1, series = { 1 }, `,
}

// within are the options inside an option.
var within = map[string][]string{
	"timeouts":     {"greeting"},
	"proxy_header": {"source", "destination"},
	"dsn":          {"notify", "ret", "envid", "recipients"},
	"envelope":     {"from", "to"},
	"deliver_by":   {"late"},
	"list":         {"id", "unsubscribe", "help", "subscribe", "post", "owner", "archive"},
	"attendees":    {"address"},
}

// Every string a script can give, as a parameter or as an option of any
// function, with every payload: no command on the wire but those of the call.
func TestInjection(t *testing.T) {
	for _, m := range Modules() {
		eachFunction(m, func(f *Function) {
			call, known := injections[f.Full()]
			takesText := false
			for _, p := range f.Params {
				takesText = takesText || strings.Contains(p.Type, "string")
			}
			if !takesText && f.Options == nil {
				return
			}
			if !known {
				t.Errorf("%s takes text, and nobody tries to inject into it", f.Full())
				return
			}
			var tables []string
			if f.Options != nil && strings.Contains(call, "OPTS") {
				for _, o := range OptionsOf(f.Options) {
					for _, value := range optionValues(o.Name) {
						tables = append(tables, "{ "+requiredBy(f.Full())+value+" }")
					}
				}
			}
			if strings.Contains(call, "TEXT") {
				tables = append(tables, "")
			}
			for i, table := range tables {
				if call == "" {
					continue
				}
				t.Run(fmt.Sprintf("%s/%d", f.Full(), i), func(t *testing.T) {
					t.Parallel()
					source := strings.ReplaceAll(call, "OPTS", strings.ReplaceAll(orNil(table), "PAYLOAD", "p"))
					text := "p"
					if table != "" {
						text = "nil"
					}
					inject(t, strings.ReplaceAll(source, "TEXT", text))
				})
			}
		})
	}
}

func orNil(table string) string {
	if table == "" {
		return "nil"
	}
	return table
}

func requiredBy(function string) string {
	if text, ok := required[function]; ok {
		return text
	}
	if strings.HasPrefix(function, "smtp.") {
		return required["smtp."]
	}
	return ""
}

// optionValues are the ways to put a payload into one option.
func optionValues(name string) []string {
	if inner, ok := within[name]; ok {
		var values []string
		for _, key := range inner {
			values = append(values, fmt.Sprintf("%s = { %s = PAYLOAD }", name, key), fmt.Sprintf("%s = { %s = { PAYLOAD } }", name, key))
		}
		if name == "dsn" {
			values = append(values, `dsn = { recipients = { ["c@d.example"] = { orcpt = "rfc822;" .. PAYLOAD, notify = PAYLOAD } } }`)
		}
		return values
	}
	values := []string{name + " = PAYLOAD", name + " = { PAYLOAD }"}
	switch name {
	case "headers":
		values = append(values, `headers = { ["X-A"] = PAYLOAD }`, "headers = { [PAYLOAD] = 'x' }", "headers = { { PAYLOAD, PAYLOAD } }")
	case "inline":
		values = append(values, `html = "<img src='cid:x'>", inline = { [PAYLOAD] = mime.bytes("x", { name = "x" }) }`)
	case "unsubscribe":
		values = append(values, `list = { unsubscribe = "https://x.example/" .. PAYLOAD, one_click = true }`)
	case "html":
		values = append(values, `html = "<p>" .. PAYLOAD, local_images = true`, `html = "<img src='" .. PAYLOAD .. "'>", local_images = true`, `html = PAYLOAD, text = false`)
	case "text":
		values = append(values, "text = PAYLOAD, flowed = true", `text = PAYLOAD, charset = "iso-8859-1"`, `text = PAYLOAD, transfer_encoding = "binary"`)
	case "amp":
		values = append(values, `html = "<p>x", amp = PAYLOAD`)
	case "subject":
		values = append(values, `subject = PAYLOAD, charset = "iso-8859-1"`)
	case "name":
		values = append(values, "name = 'a' .. PAYLOAD")
	case "content_id":
		values = append(values, "content_id = PAYLOAD .. '@x.example'")
	case "message_id", "in_reply_to", "references":
		values = append(values, name+" = '<' .. PAYLOAD .. '@x.example>'")
	case "username", "password", "token":
		values = append(values, "mechanism = 'LOGIN', username = PAYLOAD, password = PAYLOAD", "mechanism = 'XOAUTH2', username = PAYLOAD, token = PAYLOAD")
	}
	return values
}

// inject runs a call with every payload, each on a session of its own.
func inject(t *testing.T, call string) {
	t.Helper()
	wire := &tolerant{}
	root := t.TempDir()
	if err := writeFixtures(root); err != nil {
		t.Fatal(err)
	}
	api := New(Options{Root: root, Dial: func(context.Context, smtp.Target) (net.Conn, error) {
		near, far := net.Pipe()
		go wire.serve(far)
		return near, nil
	}})
	var out bytes.Buffer
	rt := engine.New(engine.Options{Modules: api.Modules(), Stdout: &out, Stderr: &out})
	var list strings.Builder
	for _, p := range payloads() {
		list.WriteString(luaString(p) + ", ")
	}
	script, err := engine.LoadSource("test.lua", `
local smtp, mime, secret, time = require "smtp", require "mime", require "secret", require "time"
local M = mime.message { from = "a@b.example", to = "c@d.example", text = "x" }
local E = mime.event { uid = "x", starts = 0, organizer = "o@b.example" }
local calls = 0
for _, p in ipairs { `+list.String()+` } do
  local session = smtp.connect { host = "mx.example", port = 25, tls = "off", username = "ann", password = "x", auth_in_clear = true, timeouts = { quit = 0.01 } }
  pcall(function() `+call+` end)
  session:close()
  calls = calls + 1
end
print(calls)
`)
	if err != nil {
		t.Fatalf("%v\n%s", err, call)
	}
	if err := rt.Run(t.Context(), script); err != nil {
		t.Fatalf("%v\n%s", err, call)
	}
	if out.String() != fmt.Sprintln(len(payloads())) {
		t.Fatalf("tried %s", out.String())
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	api.Close(ctx)
	_ = rt.Close(t.Context())
	for _, line := range wire.bad() {
		t.Errorf("%s: the server read the command %q", call, line)
	}
	if !strings.Contains(call, "mime.") && !strings.Contains(call, "M:with") {
		return // its text is the script's own
	}
	for _, message := range wire.messages {
		if err := wantOwnFields(message); err != nil {
			t.Errorf("%s: %v in\n%q", call, err, message)
		}
	}
}

// luaString is a string in Lua, every octet escaped.
func luaString(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, c := range []byte(text) {
		fmt.Fprintf(&b, "\\%03d", c)
	}
	return b.String() + `"`
}

// tolerant is the worst server there is for this: it takes CR, LF and NUL for
// line ends, in commands as in text, and remembers each command it reads.
type tolerant struct {
	mu       sync.Mutex
	commands []string
	messages []string
}

// keep remembers the text of a message.
func (w *tolerant) keep(text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.messages = append(w.messages, text)
}

func (w *tolerant) serve(conn net.Conn) {
	defer conn.Close()
	r := bufio.NewReader(conn)
	say := func(text string) { _, _ = io.WriteString(conn, text+"\r\n") }
	say("220 mx.example")
	for {
		line, err := looseLine(r)
		if err != nil {
			return
		}
		w.mu.Lock()
		w.commands = append(w.commands, line)
		w.mu.Unlock()
		verb, rest, _ := strings.Cut(strings.ToUpper(line), " ")
		switch verb {
		case "EHLO":
			say("250-mx.example\r\n250-PIPELINING\r\n250-AUTH PLAIN LOGIN XOAUTH2 OAUTHBEARER EXTERNAL\r\n250-SIZE\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-CHUNKING\r\n250-BINARYMIME\r\n250-DSN\r\n250-DELIVERBY\r\n250-FUTURERELEASE\r\n250-MT-PRIORITY\r\n250 XCLIENT NAME ADDR")
		case "AUTH":
			if rest == "LOGIN" {
				say("334 ")
				_, _ = looseLine(r)
				say("334 ")
				_, _ = looseLine(r)
			}
			say("235 ok")
		case "XCLIENT":
			say("220 mx.example")
		case "DATA":
			say("354 go")
			var text strings.Builder
			for {
				line, end, err := looseLineAndEnd(r)
				if err != nil {
					return
				}
				if line == "." {
					break
				}
				text.WriteString(line + end)
			}
			w.keep(text.String())
			say("250 ok")
		case "BDAT":
			size, _, _ := strings.Cut(rest, " ")
			n, _ := strconv.Atoi(size)
			var text strings.Builder
			_, _ = io.CopyN(&text, r, int64(n))
			w.keep(text.String())
			say("250 ok")
		default:
			say("250 ok")
		}
	}
}

// looseLine reads up to CR, LF or NUL, and takes CRLF for one end.
func looseLine(r *bufio.Reader) (string, error) {
	line, _, err := looseLineAndEnd(r)
	return line, err
}

func looseLineAndEnd(r *bufio.Reader) (line, end string, err error) {
	var b strings.Builder
	for {
		c, err := r.ReadByte()
		if err != nil {
			return "", "", err
		}
		switch c {
		case '\n', 0:
			return b.String(), string(c), nil
		case '\r':
			if next, err := r.Peek(1); err == nil && next[0] == '\n' {
				_, _ = r.ReadByte()
				return b.String(), "\r\n", nil
			}
			return b.String(), "\r", nil
		}
		b.WriteByte(c)
	}
}

// ownField is a header field that mailscript writes by itself, or that a test gave by name.
var (
	ownField  = regexp.MustCompile(`^(From|Sender|Reply-To|To|Cc|Subject|Date|Message-ID|MIME-Version|In-Reply-To|References|Auto-Submitted|List-[A-Za-z-]+|X-A|Content-(Type|Transfer-Encoding|Disposition|ID|Description)):( |$)`)
	partField = regexp.MustCompile(`^Content-(Type|Transfer-Encoding|Disposition|ID|Description):( |$)`)
)

// wantOwnFields looks through the header of a message and of each of its parts for a line
// that nobody but a payload can have put there.
func wantOwnFields(message string) error {
	if header, _, _ := strings.Cut(message, "\r\n\r\n"); !strings.Contains(header+"\r\n", "\r\nMIME-Version: 1.0\r\n") {
		return fmt.Errorf("the header ends early")
	}
	return wantFields(message, ownField)
}

func wantFields(entity string, own *regexp.Regexp) error {
	header, body, ended := strings.Cut(entity, "\r\n\r\n")
	if rest, none := strings.CutPrefix(entity, "\r\n"); none { // a part without fields
		header, body, ended = "", rest, true
	}
	if !ended {
		return fmt.Errorf("the header has no end")
	}
	kind, field := "", ""
	for i, line := range strings.Split(header, "\r\n") {
		switch {
		case header == "":
		case strings.ContainsAny(line, "\r\n\x00"):
			return fmt.Errorf("line %q", line)
		case i > 0 && (line[0] == ' ' || line[0] == '\t'):
			if field == "Content-Type" {
				kind += line
			}
			continue
		case !own.MatchString(line):
			return fmt.Errorf("field %q", line)
		}
		var value string
		if field, value, _ = strings.Cut(line, ":"); field == "Content-Type" {
			kind = value
		}
	}
	name, parameters, err := gomime.ParseMediaType(kind)
	switch {
	case kind == "" || !strings.HasPrefix(name, "multipart/") && name != "message/rfc822":
		return nil
	case err != nil:
		return fmt.Errorf("%q: %w", kind, err)
	case name == "message/rfc822":
		return wantFields(body, ownField)
	}
	parts := strings.Split("\r\n"+body, "\r\n--"+parameters["boundary"])
	for _, part := range parts[1 : len(parts)-1] {
		if err := wantFields(strings.TrimPrefix(part, "\r\n"), partField); err != nil {
			return err
		}
	}
	return nil
}

// onePath is a MAIL or RCPT with one path and nothing hidden behind it.
var onePath = regexp.MustCompile(`^(MAIL FROM|RCPT TO):<("([^"\\]|\\.)*"|[^<>"])*>( [A-Z0-9-]+(=[!-~]+)?)*$`)

// bad are the commands that no call meant.
func (w *tolerant) bad() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var list []string
	for _, line := range w.commands {
		verb, _, _ := strings.Cut(strings.ToUpper(line), " ")
		switch {
		case strings.HasPrefix(strings.TrimLeft(line, " \t.>"), "XEVIL"), line == "":
			list = append(list, line)
		case (verb == "MAIL" || verb == "RCPT") && !onePath.MatchString(line):
			list = append(list, line)
		}
	}
	return list
}
