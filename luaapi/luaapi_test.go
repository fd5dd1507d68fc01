package luaapi

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/mailscript/mailscript/engine"
	"github.com/mailscript/mailscript/sink"
	"github.com/mailscript/mailscript/smtp"
)

// rehearse runs Lua source against a sink and returns what it printed.
func rehearse(t *testing.T, source string) (string, Tally, error) {
	t.Helper()
	s, err := sink.Open(sink.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	root := t.TempDir()
	if err := writeFixtures(root); err != nil {
		t.Fatal(err)
	}
	api := New(Options{
		Root: root, Rehearsal: true, RootCAs: s.RootCAs(),
		Dial: func(ctx context.Context, target smtp.Target) (net.Conn, error) {
			return s.Dial(ctx, target.Host, target.Port, target.TLS)
		},
		Job: &Job{
			Name: "sales", Period: "2026-W37", Mode: JobScheduled, Scheduled: time.Date(2026, 9, 7, 5, 0, 0, 0, time.UTC),
			Previous: &PreviousRun{At: time.Date(2026, 8, 31, 5, 0, 0, 0, time.UTC), Period: "2026-W36", Outcome: "ok"},
		},
		Log: slog.New(slog.DiscardHandler),
	})
	var out bytes.Buffer
	rt := engine.New(engine.Options{Modules: api.Modules(), Stdout: &out, Stderr: &out})
	script, err := engine.LoadSource("test.lua", source)
	if err != nil {
		t.Fatalf("%v\n%s", err, source)
	}
	err = rt.Run(t.Context(), script)
	api.Close(t.Context())
	if closing := rt.Close(t.Context()); closing != nil {
		t.Error(closing)
	}
	return out.String(), api.Tally(), err
}

// around is what an example of the manual may take for granted.
const around = `
local smtp, mime, time, secret, json, csv, template, merge, xlsx, sql = require "smtp", require "mime", require "time", require "secret", require "json", require "csv", require "template", require "merge", require "xlsx", require "sql" local http, chart, log, job = require "http", require "chart", require "log", require "job"
local source = csv.rows "people.csv"
local message = mime.message { from = "news@bank.example", to = "ann@example.org", subject = "Hello", text = "Hello" }
`

const aroundSession = around + `
local session = smtp.connect { host = "mail.bank.example", port = 25, tls = "off", username = "ann", password = "secret", auth_in_clear = true }
local result = session:send(message)
`

const aroundDatabase = around + `
local db = sql.open "sqlite:people.db"
`

// TestExamples runs the example of every function in the manual.
func TestExamples(t *testing.T) {
	for _, m := range Modules() {
		eachFunction(m, func(f *Function) {
			t.Run(f.Full(), func(t *testing.T) {
				if f.Example == "" {
					t.Fatal("no example")
				}
				before := around
				if strings.Contains(f.Full(), ":") && !strings.HasPrefix(f.Full(), "run:") {
					before = aroundSession
				}
				switch f.Full() {
				case "database:rows", "database:all", "database:one", "database:value", "database:exec", "database:transaction":
					before = aroundDatabase
				case "transaction:rows", "transaction:all", "transaction:one", "transaction:value", "transaction:exec":
					before = aroundDatabase + "db:transaction(function(db)\n"
					f.Example += "\nend)"
				case "http.get", "http.post", "response:json", "log.error":
					before = around + aroundWeb(t)
				case "session:xclient":
					t.Skip("the sink does not offer it")
				case "session:auth":
					before = around + `local session = smtp.connect { host = "mail.bank.example" }` + "\n"
				case "session:starttls":
					before = around + `local session = smtp.dial { host = "mail.bank.example", port = 587 } session:ehlo()` + "\n"
				case "session:rcpt", "session:bdat":
					before += "session:mail('a@bank.example') session:rcpt('bob@example.org')\n"
				case "session:data":
					before += "session:mail('a@bank.example') session:rcpt('bob@example.org')\n"
				case "session:body":
					before += "session:mail('a@bank.example') session:rcpt('bob@example.org') session:data()\n"
				}
				_, _, err := rehearse(t, before+f.Example)
				var nothing *NothingToReport
				if err != nil && !errors.As(err, &nothing) {
					t.Errorf("%v\n%s", err, f.Example)
				}
			})
		})
	}
}

// TestDescriptors checks every descriptor for what the manual needs.
func TestDescriptors(t *testing.T) {
	sentence := func(where, text string) {
		if text == "" || strings.HasSuffix(text, " ") {
			t.Errorf("%s: no documentation: %q", where, text)
		}
	}
	options := func(where string, v any) {
		var check func(reflect.Type)
		check = func(typ reflect.Type) {
			for _, field := range optionFields(typ) {
				sentence(where+", option "+field.Name, field.Tag.Get("doc"))
				if field.Type.Kind() == reflect.Struct && field.Type != reflect.TypeFor[smtp.Secret]() {
					check(field.Type)
				}
			}
		}
		check(reflect.TypeOf(v))
	}
	for _, m := range Modules() {
		sentence(m.Name, m.Doc)
		for _, class := range m.Classes {
			sentence(class.Name, class.Doc)
			if class.Text == nil {
				t.Errorf("%s has no tostring", class.Name)
			}
			for _, f := range class.Fields {
				sentence(class.Name+"."+f.Name, f.Doc)
				if f.Type == "" || f.Get == nil {
					t.Errorf("%s.%s has no type or no value", class.Name, f.Name)
				}
			}
		}
		eachFunction(m, func(f *Function) {
			sentence(f.Full(), f.Doc)
			if f.Call == nil {
				t.Errorf("%s does nothing", f.Full())
			}
			if f.Options != nil {
				options(f.Full(), f.Options)
			}
			if found, _ := Find(f.Full()); found == nil {
				t.Errorf("%s is not found", f.Full())
			}
		})
	}
}

// TestFields reads every field of every kind of object.
func TestFields(t *testing.T) {
	objects := map[string]string{
		"session": "session", "reply": "session.greeting", "result": "result", "recipient": "result.recipients[1]",
		"remark":  "(message:with { subject = '' }):lint()[1]",
		"event":   "mime.event { uid = 'x', starts = 0, summary = 'Lunch' }",
		"message": "message", "part": "mime.file('terms.pdf')", "address": "mime.address('Ann <ann@example.org>')",
		"source": "source", "row": "source:all()[1]", "null": "json.null",
		"time": "time.now()", "period": "time.period('last week')", "database": "sql.open('sqlite:people.db')",
		"transaction": "sql.open('sqlite:people.db'):transaction(function(tx) return tx end)",
		"response":    "http.get('https://api.example.com/rates')", "previous": "job.previous",
		"skip":    "merge.skip 'x'",
		"run":     "merge.run { name = 'r', rows = source, key = 'email', message = function() return merge.skip 'x' end }",
		"problem": "merge.run({ name = 'r', rows = source, key = 'email', message = function() end, dry_run = true }).problems[1]", "template": "template.load 'letter'", "secret": "secret.env('HOME')", "report": "smtp.probe { host = 'mail.bank.example', port = 465 }",
		"finding": "smtp.probe { host = 'mail.bank.example', port = 25, tls = 'off' }.findings[1]",
	}
	for _, m := range Modules() {
		for _, class := range m.Classes {
			object, ok := objects[class.Name]
			if !ok {
				t.Errorf("no object of class %s is tested", class.Name)
				continue
			}
			source := aroundSession + aroundWeb(t) + "local o = " + object + "\nassert(#tostring(o) > 0)\n"
			if class.Name != "secret" { // joined, it stays one
				source += "assert('' .. o == tostring(o))\n"
			}
			for _, f := range class.Fields {
				source += fmt.Sprintf("local v = o.%s\n", f.Name)
				base, _, optional := strings.Cut(strings.TrimSuffix(f.Type, "[]"), "?")
				switch {
				case strings.HasSuffix(f.Type, "[]"), strings.HasSuffix(f.Type, "[]?"), strings.HasPrefix(f.Type, "table"):
					base = "table"
				case base == "integer":
					base = "number"
				case base != "string" && base != "boolean" && base != "number":
					base = "userdata"
				}
				source += fmt.Sprintf("assert(type(v) == %q or v == nil and %v, %q .. type(v))\n", base, optional || strings.HasSuffix(f.Type, "?"), class.Name+"."+f.Name+" is a ")
			}
			if class.Index == nil {
				source += fmt.Sprintf("local ok, e = pcall(function() return o.nonsense end)\nassert(not ok and e:find('%s has no field'), e)\n", class.Name)
			} else {
				source += "local ok, e = pcall(function() return o.nonsense end)\nassert(not ok and e:find('no column'), e)\n"
			}
			source += "ok, e = pcall(function() o.x = 1 end)\nassert(not ok and e:find('read%-only'), e)\n"
			if _, _, err := rehearse(t, source); err != nil {
				t.Errorf("%s: %v", class.Name, err)
			}
		}
	}
}

// TestMistakes are calls that must not be guessed at.
func TestMistakes(t *testing.T) {
	for _, test := range []struct{ source, want string }{
		{`mime.message { from = "a@b.example", to = { name = "Ann", address = "ann@example.org" }, text = "x" }`, `to must be an address or a list of them, got a table with the name`},
		{`smtp.connect { prot = 1 }`, `smtp.connect: unknown option "prot" (did you mean "port"?)`},
		{`smtp.connect { host = "h", port = 1.5 }`, `option "port" must be a whole number, got number`},
		{`smtp.connect { host = "h", port = "25" }`, `option "port" must be a whole number, got string`},
		{`smtp.connect { host = "h", account = "main" }`, `options "account", "host", "mx" and "socket" exclude each other`},
		{`smtp.connect { host = "h", mx = "example.org" }`, `exclude each other`},
		{`smtp.dial { mx = "example.org" }`, `option "mx" is for smtp.connect`},
		{`smtp.connect { host = "h", proxy = "ftp://x" }`, `option "proxy": a proxy is written`},
		{`smtp.connect { host = "h", proxy_header = { version = 1, source = "x" } }`, `source "x" is not an address with a port`},
		{`session:send(message, { deliver_by = { within = 60, late = "bounce" } })`, `must be "return" or "notify"`},
		{`session:send(message, { hold_until = "tomorrow" })`, `is not a moment`},
		{`session:send(message, { priority = 1.5 })`, `must be a whole number`},
		{`session:send(message, { dsn = { recipients = { ["ann@example.com"] = { notify = "never" } } } })`, `(did you mean "ann@example.org"?)`},
		{`session:send(message, { dsn = { recipients = { ["ann@example.org"] = { notfy = "never" } } } })`, `did you mean "notify"?`},
		{`session:xclient { addr = "192.0.2.1" }`, `not offered`},
		{`session:auth { mechanism = "NTLM" }`, `is none of EXTERNAL`},
		{`session:auth { auth_min = "strong" }`, `is none of`},
		{`smtp.connect { host = "h", timeouts = { grteting = 1 } }`, `timeouts: unknown option "grteting" (did you mean "greeting"?)`},
		{`smtp.connect { host = "h", timeouts = { greeting = "soon" } }`, `"soon" is not a duration`},
		{`smtp.connect { "h" }`, `unknown option "1"`},
		{`smtp.connect(1)`, `argument 1 (account) must be string|connect.options, got number`},
		{`smtp.connect("a", "b", "c")`, `smtp.connect: takes 1 argument, got 3`},
		{`session.send(message)`, `session:send: expected a session before the colon, got message`},
		{`session:send()`, `argument 1 (message) is missing`},
		{`session:send("text")`, `argument 1 (message) must be message|description, got string`},
		{`session:mail()`, `argument 1 (address) is missing`},
		{`session:command("NOOP\r\nRSET")`, `command holds a carriage return`},
		{`session:command("STARTTLS")`, `use the method starttls`},
		{`session:pipeline{ "AUTH PLAIN x" }`, `use the method auth`},
		{`session:pipeline{ "DATA", "NOOP" }`, `DATA must be the last`},
		{`session:body("x")`, `the server has not asked for it`},
		{`mime.message { from = "a@x.example", to = "b@x.example", subjet = "x" }`, `unknown option "subjet" (did you mean "subject"?)`},
		{`mime.message { from = "a@x.example", to = "a@x.example, b@x.example", text = "" }`, `smtp`},
		{`mime.message { from = "a@x.example", to = "b@x.example", subject = "\255" }`, `option "subject" is not valid UTF-8 at byte 1`},
		{`mime.message { from = "a@x.example", to = "b@x.example", attach = { "terms.pdf" } }`, `attach[1] must be a part, got string`},
		{`mime.message { from = "a@x.example", to = "b@x.example", headers = { ["X-A"] = "1\r\nBcc: e@x" } }`, `headers.X-A`},
		{`mime.message { from = "a@x.example", to = "b@x.example", headers = { Bcc = "e@x.example" } }`, `headers`},
		{`mime.part { type = "text/plain" }`, `give either "body" or "parts"`},
		{`message:save("../x.eml")`, `not inside the project folder`},
		{`time.sleep("soon")`, `not a duration`},
		{`session:read(0)`, `between 1 and 10000`},
		{`session:rcpt("a@b.example", { notify = "often" })`, `notify "often"`},
		{`session:mail("a@b.example>\r\nDATA")`, `smtp`},
		{`smtp.send({ from = "a@x.example", to = "b@x.example", text = "x" }, { stop_after = "data" })`, `must be "rcpt"`},
	} {
		_, tally, err := rehearse(t, aroundSession+test.source)
		if err == nil {
			t.Errorf("%s: no error", test.source)
			continue
		}
		want := test.want
		if want == "smtp" {
			want = "@" // any error that shows the address
		}
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%s:\n got  %v\n want %s", test.source, err, test.want)
		}
		if tally.Sent != 1 { // the one of aroundSession
			t.Errorf("%s: sent %d messages", test.source, tally.Sent)
		}
	}
}

// TestOrder keeps header fields and recipients in the order of the script:
// traversal of a Lua table has none.
func TestOrder(t *testing.T) {
	out, _, err := rehearse(t, around+`
local to, fields = {}, {}
for i = 1, 50 do
  to[i] = "person" .. i .. "@example.org"
  fields[i] = { "X-Field-" .. i, tostring(i) }
end
local m = mime.message { from = "a@bank.example", to = to, headers = fields, text = "x" }
local i = 0
for _, field in ipairs(m:headers()) do
  if field[1]:find "^X%-Field" then i = i + 1; assert(field[1] == "X-Field-" .. i and field[2] == tostring(i)) end
end
assert(i == 50)
for i, r in ipairs(smtp.send(m).recipients) do assert(r.address == "person" .. i .. "@example.org") end
print "ok"
`)
	if err != nil || out != "ok\n" {
		t.Fatalf("%s%v", out, err)
	}
}
