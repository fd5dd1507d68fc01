package luaapi

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailscript/mailscript/engine"
	"github.com/mailscript/mailscript/smtp"
	"github.com/mailscript/mailscript/smtp/smtptest"
	"go.uber.org/goleak"
)

// played is what a script did to a server.
type played struct {
	out     string
	tally   Tally
	err     error
	events  []Event
	notices []string
	seen    []smtptest.Connection
}

// arrived are the recipients of whole messages that the server took, in order.
func (p played) arrived() (to []string) {
	for _, seen := range p.seen {
		for _, m := range seen.Messages {
			if m.Accepted() {
				to = append(to, m.To...)
			}
		}
	}
	return to
}

// aroundStream is what the scripts of these tests begin with.
const aroundStream = `
local smtp, mime = require "smtp", require "mime"
local function connect() return smtp.connect { host = "mx.example", port = 25, tls = "off", local_name = "client.example" } end
local session = connect()
local function letter(i) return { from = "a@bank.example", to = ("p%d@example.org"):format(i), text = "hello " .. i } end
local function list(n) local t = {} for i = 1, n do t[i] = letter(i) end return t end
`

// streamTo runs a script against a server, and checks that nothing of it is left and
// that every result is reported once.
func streamTo(t *testing.T, server smtptest.Server, options Options, source string) played {
	t.Helper()
	running := goleak.IgnoreCurrent()
	var (
		p   played
		mu  sync.Mutex
		all sync.WaitGroup
	)
	options.Dial = func(context.Context, smtp.Target) (net.Conn, error) {
		ours, theirs := net.Pipe()
		mu.Lock()
		n := len(p.seen)
		p.seen = append(p.seen, smtptest.Connection{})
		mu.Unlock()
		all.Go(func() {
			seen := server.Serve(theirs)
			mu.Lock()
			p.seen[n] = seen
			mu.Unlock()
		})
		return ours, nil
	}
	options.OnResult = func(e Event) { p.events = append(p.events, e) }
	options.Notice = func(text string) {
		mu.Lock()
		defer mu.Unlock()
		p.notices = append(p.notices, text)
	}
	if options.Root == "" {
		options.Root = t.TempDir()
	}
	api := New(options)
	var out bytes.Buffer
	rt := engine.New(engine.Options{Modules: api.Modules(), Stdout: &out, Stderr: &out})
	script, err := engine.LoadSource("test.lua", aroundStream+source)
	if err != nil {
		t.Fatal(err)
	}
	ctx := options.Context
	if ctx == nil {
		ctx = context.Background()
	}
	p.err = rt.Run(ctx, script)
	api.Close(context.Background())
	if err := rt.Close(context.Background()); err != nil {
		t.Error(err)
	}
	all.Wait()
	goleak.VerifyNone(t, running)
	p.out, p.tally = out.String(), api.Tally()
	told := map[copyOf]int{}
	for _, e := range p.events {
		for _, r := range e.Result.Recipients {
			told[copyOf{e.MessageID, r.Address}]++
		}
	}
	if tally := p.tally; tally.Sent+tally.Failed+tally.Deferred+tally.InDoubt+tally.Handled != len(told) {
		t.Errorf("%+v, and events for %d", tally, len(told))
	}
	for key, n := range told {
		if n > 1 && !strings.Contains(source, ":retry()") {
			t.Errorf("%s is reported %d times", key, n)
		}
	}
	return p
}

// rhythms are servers to which a stream goes in each of its ways.
func rhythms() map[string]smtptest.Server {
	return map[string]smtptest.Server{
		"back to back": {},
		"in turns":     {Capabilities: []string{"PIPELINING", "8BITMIME", "ENHANCEDSTATUSCODES"}},
		"one by one":   {Capabilities: []string{"8BITMIME"}},
	}
}

func eachRhythm(t *testing.T, test func(t *testing.T, server smtptest.Server)) {
	t.Helper()
	for name, server := range rhythms() {
		t.Run(name, func(t *testing.T) { test(t, server) })
	}
}

// A thousand messages arrive and are answered in the order of the list.
func TestStreamOrder(t *testing.T) {
	eachRhythm(t, func(t *testing.T, server smtptest.Server) {
		p := streamTo(t, server, Options{}, `
local n = 0
for result, number in session:stream(list(1000)) do
  n = n + 1
  assert(number == n and result.ok, number)
  assert(result.recipients[1].address == ("p%d@example.org"):format(n))
end
assert(session:noop().ok)
print(n)
`)
		if p.err != nil || p.out != "1000\n" || p.tally != (Tally{Sent: 1000}) {
			t.Fatal(p.out, p.err, p.tally)
		}
		for i, to := range p.arrived() {
			if to != fmt.Sprintf("p%d@example.org", i+1) {
				t.Fatalf("message %d is for %s", i+1, to)
			}
		}
	})
}

// A refusal is a result among the others, which go on.
func TestStreamRefusals(t *testing.T) {
	eachRhythm(t, func(t *testing.T, server smtptest.Server) {
		server.Rules = []smtptest.Rule{
			{At: smtptest.Rcpt, Call: 3, Do: smtptest.Act{Reply: smtptest.Reply{Code: 550, Lines: []string{"no such user"}}}},
			{At: smtptest.Rcpt, Call: 5, Do: smtptest.Act{Reply: smtptest.Reply{Code: 450, Lines: []string{"greylisted"}}}},
		}
		p := streamTo(t, server, Options{}, `
local later = {}
for result, number in session:stream(list(10)) do
  if not result.ok then print(number, result.outcome, result.code) end
  if result.temporary then later[#later + 1] = result end
end
for _, result in ipairs(later) do
  local again = result:retry()
  print("again", again.outcome, again.recipients[1].address)
end
`)
		want := "3\tfailed\t550\n5\tdeferred\t450\nagain\tsent\tp5@example.org\n"
		if p.err != nil || p.out != want {
			t.Fatalf("%s%v", p.out, p.err)
		}
		if p.tally != (Tally{Sent: 9, Failed: 1}) || len(p.arrived()) != 9 {
			t.Error(p.tally, p.arrived())
		}
	})
}

// Where the connection ends, everything that was on its way has its own outcome
// before the loop raises.
func TestStreamLost(t *testing.T) {
	eachRhythm(t, func(t *testing.T, server smtptest.Server) {
		server.Rules = []smtptest.Rule{{At: smtptest.Message, Call: 5, Do: smtptest.Act{Mute: true, Then: smtptest.Drop}}}
		p := streamTo(t, server, Options{}, `
local outcomes = {}
local ok, fault = try(function()
  for result, number in session:stream(list(20)) do outcomes[number] = result.outcome end
  return true
end)
-- "closed" where the last of them went alone, and nothing was lost after it.
assert(not ok and (fault.kind == "lost" or fault.kind == "closed"), tostring(fault))
for i = 1, 4 do assert(outcomes[i] == "sent", i) end
assert(outcomes[5] == "in_doubt", outcomes[5])
print(#outcomes)
`)
		if p.err != nil {
			t.Fatal(p.err)
		}
		told := 0
		_, _ = fmt.Sscan(p.out, &told)
		if told != len(p.events) || p.tally.Sent != 4 || p.tally.InDoubt < 1 || p.tally.Sent+p.tally.InDoubt+p.tally.Deferred != told {
			t.Error(told, len(p.events), p.tally)
		}
	})
}

// A message that travels alone and is cut off is counted, and the loop raises,
// also where it was the last.
func TestStreamLonelyLost(t *testing.T) {
	eachRhythm(t, func(t *testing.T, server smtptest.Server) {
		server.Rules = []smtptest.Rule{{At: smtptest.Text, Call: 2, Do: smtptest.Act{After: 10, Then: smtptest.Drop}}}
		for _, n := range []int{2, 5} {
			p := streamTo(t, server, Options{}, fmt.Sprintf(`
local text = ("x"):rep(70) .. "\r\n"
local messages = list(%d)
messages[2].text = text:rep(20000)
local _, fault = try(function() for _, number in session:stream(messages, { bytes = 10000 }) do print(number) end end)
print(fault.kind, fault.result and fault.result.outcome)
`, n))
			if p.err != nil || p.tally != (Tally{Sent: 1, Deferred: 1}) || p.out != "1\nlost\tdeferred\n" {
				t.Error(n, p.err, p.tally, p.out)
			}
		}
		// Here the source is known to be at its end when the connection is lost.
		server.Rules = []smtptest.Rule{{At: smtptest.Rcpt, Call: 2, Do: smtptest.Act{Mute: true, Then: smtptest.Drop}}}
		p := streamTo(t, server, Options{}, `
local _, fault = try(function() for _, number in session:stream(list(2), { stop_after = "rcpt" }) do print(number) end end)
print(fault.result.outcome, fault)
`)
		if p.err != nil || p.tally != (Tally{Deferred: 1}) || !strings.HasPrefix(p.out, "1\ndeferred\ttest.lua:8: session:stream: message 2: smtp: ") {
			t.Error(p.err, p.tally, p.out)
		}
	})
}

// However the loop ends, what is on its way is waited for and counted, and
// nothing more begins.
func TestStreamLeft(t *testing.T) {
	for _, way := range []struct{ name, body, after, want string }{
		{"break, then a call", `if number == 3 then break end`, `assert(session:noop().ok) assert(smtp) print "after"`, ""},
		{"break, then nothing", `if number == 3 then break end`, ``, ""},
		{"break, then a message", `if number == 3 then break end`, `assert(session:send(letter(9999)).ok)`, ""},
		{"break, then quit", `if number == 3 then break end`, `assert(session:quit().code == 221)`, ""},
		{"break, then another stream", `if number == 3 then break end`, `for r in session:stream { letter(9999) } do assert(r.ok) end`, ""},
		{"error", `if number == 3 then error "boom" end`, ``, "boom"},
		{"caught error", `if number == 3 then error "boom" end`, `assert(false)`, "boom"},
		{"exit", `if number == 3 then os.exit(7) end`, ``, "exit status 7"},
	} {
		t.Run(way.name, func(t *testing.T) {
			eachRhythm(t, func(t *testing.T, server smtptest.Server) {
				p := streamTo(t, server, Options{}, `
for result, number in session:stream(list(1000)) do `+way.body+` end
`+way.after)
				switch {
				case way.want == "" && p.err != nil, way.want != "" && (p.err == nil || !strings.Contains(p.err.Error(), way.want)):
					t.Fatalf("got %v, want %q", p.err, way.want)
				}
				if n := len(p.arrived()); n != p.tally.Sent || n < 3 || n > 500 {
					t.Errorf("%d messages arrive; %+v", n, p.tally)
				}
			})
		})
	}
}

// The end of the script is not the end of patience: replies have the time they
// always have.
func TestStreamSlowServer(t *testing.T) {
	for _, end := range []string{"break", "error 'boom'", "os.exit(7)"} {
		t.Run(end, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := smtptest.Server{Rules: []smtptest.Rule{{At: smtptest.Message, Call: 2, Do: smtptest.Act{Delay: time.Minute}}}}
				p := streamTo(t, server, Options{}, "for _ in session:stream(list(20)) do "+end+" end")
				if p.tally != (Tally{Sent: 20}) {
					t.Error(p.err, p.tally)
				}
			})
		})
	}
}

// A session that closes leaves what is on its way in doubt, and says so.
func TestStreamClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := smtptest.Server{Rules: []smtptest.Rule{{At: smtptest.Message, Call: 10, Do: smtptest.Act{Mute: true, Then: smtptest.Silence}}}}
		p := streamTo(t, server, Options{}, `
for result in session:stream(list(40)) do break end
session:close()
`)
		if p.err != nil || p.tally.InDoubt < 31 || p.tally.Sent+p.tally.InDoubt != 40 {
			t.Error(p.err, p.tally)
		}
	})
}

// A call of the session inside the loop leaves the stream: the loop gets what
// was on its way, and is told that there is no more.
func TestStreamInterloper(t *testing.T) {
	for _, call := range []string{"session:noop()", "result:retry()", "for _ in session:stream { letter(9999) } do end"} {
		t.Run(call, func(t *testing.T) {
			eachRhythm(t, func(t *testing.T, server smtptest.Server) {
				server.Rules = []smtptest.Rule{{At: smtptest.Rcpt, Call: 2, Do: smtptest.Act{Reply: smtptest.Reply{Code: 450}}}}
				p := streamTo(t, server, Options{}, `
local seen = {}
local ok, why = pcall(function()
  for result, number in session:stream(list(1000)) do
    seen[#seen + 1] = number
    if number == 2 then `+call+` end
  end
end)
assert(not ok)
for i, number in ipairs(seen) do assert(i == number) end
print(#seen)
print(why)
`)
				told := 0
				_, _ = fmt.Sscan(p.out, &told)
				if p.err != nil || !strings.Contains(p.out, fmt.Sprintf("used for something else inside the loop, which ends the stream; its last message was number %d\n", told)) {
					t.Fatal(p.out, p.err)
				}
				// Message 2 is deferred, or sent by the retry; the others are told.
				if others := len(p.events) - told; others < 0 || others > 1 || told < 2 || told > 500 {
					t.Errorf("%d results for the loop, %d events", told, len(p.events))
				}
			})
		})
	}
}

// Whatever is wrong with a message of the source, the results of those before it
// come first, and the error says which it is.
func TestStreamSourceErrors(t *testing.T) {
	for _, test := range []struct{ name, tenth, want, kind string }{
		{"an address", `{ from = "a@bank.example", to = "p10@exa mple.org", text = "x" }`, "session:stream: message 10: to: ", "argument"},
		{"an address of mime.message", `mime.message { from = "a@bank.example", to = "p10@exa mple.org", text = "x" }`, "session:stream: message 10: mime.message: to: ", "argument"},
		{"a file", `{ from = "a@bank.example", to = "p10@example.org", attach = mime.file "missing.pdf" }`, "session:stream: message 10: ", "file"},
		{"no sender", `{ to = "p10@example.org", text = "x" }`, "session:stream: message 10: from", "argument"},
		{"an option", `{ form = "a@bank.example" }`, `session:stream: message 10: unknown option "form" (did you mean "from"?)`, ""},
		{"a type", `"p10@example.org"`, "session:stream: message 10: a source gives messages and descriptions, and nil after the last; got string", ""},
		{"an error", `error("boom")`, "test.lua:9: boom", ""},
		{"a table", `error({ code = 7 })`, "table", ""},
		{"the session", `session:noop()`, "the session is busy: its stream is waiting for its source", ""},
		{"the stream", `results()`, "the session is busy: its stream is waiting for its source", ""},
		{"a new stream", `session:stream({})()`, "the session is busy: its stream is waiting for its source", ""},
		{"a result of before", `held:retry()`, "the session is busy: its stream is waiting for its source", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			eachRhythm(t, func(t *testing.T, server smtptest.Server) {
				server.Rules = []smtptest.Rule{{At: smtptest.Rcpt, Call: 1, Do: smtptest.Act{Reply: smtptest.Reply{Code: 450}}}}
				p := streamTo(t, server, Options{}, `local held = session:send(letter(9999))
local i, n, results = 0, 0
local function source() i = i + 1 if i == 10 then return `+test.tenth+` end return letter(i) end
results = session:stream(source, { messages = 4 })
local ok, why = pcall(function() for _, number in results do n = number end end)
assert(not ok)
if type(why) == "userdata" then print(why.kind) end
print(tostring(why))
print(type(why))
print(n)
assert(session:noop().ok)
`)
				if p.err != nil || !strings.Contains(p.out, test.want) || !strings.HasPrefix(p.out, test.kind) || !strings.HasSuffix(p.out, "\n9\n") {
					t.Fatalf("%s%v\nwant %s", p.out, p.err, test.want)
				}
				if p.tally != (Tally{Sent: 9, Deferred: 1}) {
					t.Error(p.tally)
				}
			})
		})
	}
}

// What a source may be.
func TestStreamSources(t *testing.T) {
	for _, test := range []struct{ source, want string }{
		{`list(3)`, "1 2 3"},
		{`{}`, ""},
		{`{ letter(1), nil, mime.message(letter(3)) }`, "1 3"},
		{`letter(1)`, "1"},
		{`mime.message(letter(1))`, "1"},
		{`coroutine.wrap(function() for i = 1, 3 do coroutine.yield(letter(i)) end end)`, "1 2 3"},
		{`(function() local i = 0 return function() i = i + 1 return i < 4 and letter(i) or nil end end)()`, "1 2 3"},
		{`function() end`, ""},
		// One that uses another session, streams among it.
		{`(function() local other, i = connect(), 0 return function()
		  i = i + 1
		  for result in other:stream { letter(100 + i), letter(200 + i) } do assert(result.ok) end
		  return i < 4 and letter(i) or nil
		end end)()`, "1 2 3"},
	} {
		t.Run(test.source, func(t *testing.T) {
			eachRhythm(t, func(t *testing.T, server smtptest.Server) {
				// The loop runs in a coroutine too, and yields.
				p := streamTo(t, server, Options{}, `
local numbers = {}
local loop = coroutine.wrap(function()
  for result, number in session:stream(`+test.source+`) do
    assert(result.ok and result.recipients[1].address == ("p%d@example.org"):format(number))
    coroutine.yield(number)
  end
end)
for number in loop do numbers[#numbers + 1] = number end
print(table.concat(numbers, " "))
`)
				if p.err != nil || p.out != test.want+"\n" {
					t.Errorf("%s%v", p.out, p.err)
				}
			})
		})
	}
	for source, want := range map[string]string{
		`"x"`:                                 "must be message|description|",
		`{ form = "a@b.org" }`:                `message 1: unknown option "form"`,
		`{ from = "a@b.example", letter(1) }`: `message 1: unknown option "1"`,
		`list(1), { messages = -1 }`:          `option "messages" must be between 1 and`,
		`list(1), { messages = 1e6 }`:         `option "messages" must be between 1 and`,
		`list(1), { bytes = -1 }`:             `option "bytes" must be more than 0`,
		`list(1), { transfer = "bdat" }`:      `option "transfer" must be "DATA" or "BDAT", got "bdat"`,
		`list(1), { mesages = 1 }`:            `did you mean "messages"?`,
		`list(1), { envelope = {} }`:          `unknown option "envelope"`,
		`list(1), { stop_after = "data" }`:    `must be "rcpt"`,
	} {
		p := streamTo(t, smtptest.Server{}, Options{}, "for _ in session:stream("+source+") do end")
		if p.err == nil || !strings.Contains(p.err.Error(), want) || len(p.arrived()) > 0 {
			t.Errorf("%s: %v, want %s", source, p.err, want)
		}
	}
}

// A stream that nobody loops over sends nothing, which somebody should know.
func TestStreamForgotten(t *testing.T) {
	p := streamTo(t, smtptest.Server{}, Options{}, "\nsession:stream(list(3))\nsession:quit()")
	if p.err != nil || len(p.arrived()) != 0 || len(p.notices) != 1 || !strings.HasPrefix(p.notices[0], "test.lua:8: session:stream sends nothing by itself") {
		t.Error(p.err, p.notices)
	}
	p = streamTo(t, smtptest.Server{}, Options{}, "for _ in session:stream(list(3)) do break end")
	if p.err != nil || len(p.notices) != 0 {
		t.Error(p.err, p.notices)
	}
}

// The bounds of the run hold for streams as for single messages.
func TestStreamBounds(t *testing.T) {
	eachRhythm(t, func(t *testing.T, server smtptest.Server) {
		for _, n := range []int{6, 20, 100} { // within the window, and more
			p := streamTo(t, server, Options{Guard: Bounds{Limit: 5}.Guard()}, fmt.Sprintf(`
for _, number in session:stream(list(%d)) do print(number) end
print "never"
`, n))
			var limit *LimitReached
			if !errors.As(p.err, &limit) || p.out != "1\n2\n3\n4\n5\n" || len(p.arrived()) != 5 || p.tally != (Tally{Sent: 5}) {
				t.Error("limit:", n, p.err, p.out, p.arrived(), p.tally)
			}
		}
		p := streamTo(t, server, Options{Guard: Bounds{To: "me@bank.example"}.Guard()}, `
for result, number in session:stream(list(10)) do assert(result.ok and result.recipients[1].address == ("p%d@example.org"):format(number)) end
`)
		if to := p.arrived(); p.err != nil || len(to) != 10 || slices.ContainsFunc(to, func(a string) bool { return a != "me@bank.example" }) {
			t.Error("redirect:", p.err, to)
		}
		allows := func(domain string) bool { return domain == "example.org" }
		p = streamTo(t, server, Options{Guard: Bounds{Allows: allows}.Guard()}, `
local messages = list(10)
messages[4].to = "x@other.example"
messages[6].to = { "p6@example.org", "y@other.example" }
for result, number in session:stream(messages) do if not result.ok then print(number, result.outcome, result.code) end end
`)
		if p.err != nil || p.out != "4\tfailed\t550\n6\tpartial\t550\n" || len(p.arrived()) != 9 {
			t.Error("allowed domains:", p.err, p.out, p.arrived())
		}
	})
}

// Options reach every message.
func TestStreamOptions(t *testing.T) {
	server := smtptest.Server{Capabilities: append(smtptest.DefaultCapabilities(), "DSN", "DELIVERBY")}
	p := streamTo(t, server, Options{}, `
local options = { dsn = { notify = { "failure" }, ret = "HDRS", envid = "x1" }, deliver_by = { within = 60, late = "notify" }, transfer = "DATA", messages = 2, bytes = 1 }
for result in session:stream(list(5), options) do assert(result.ok) end
for result in session:stream(list(3), { stop_after = "rcpt" }) do assert(result.ok and not result.outcome) end
`)
	if p.err != nil || len(p.arrived()) != 5 {
		t.Fatal(p.err, p.arrived())
	}
	wire := string(p.seen[0].Above)
	for word, n := range map[string]int{"RET=HDRS": 5, "ENVID=x1": 5, "BY=60;N": 5, "NOTIFY=FAILURE": 5, "RCPT TO": 8, "BDAT": 1} {
		if got := strings.Count(wire, word); got < n || word == "BDAT" && got > n {
			t.Errorf("%s: %d times, want %d", word, got, n)
		}
	}
	for _, server := range rhythms() {
		if server.Capabilities == nil {
			continue
		}
		for option, word := range map[string]string{`transfer = "BDAT"`: "CHUNKING", `dsn = { ret = "FULL" }`: "DSN", `require_tls = true`: "REQUIRETLS"} {
			p := streamTo(t, server, Options{}, `for _ in session:stream(list(3), { `+option+` }) do end`)
			if p.err == nil || !strings.Contains(p.err.Error(), word) || len(p.arrived()) > 0 {
				t.Errorf("%s: %v, %v", option, p.err, p.arrived())
			}
		}
	}
}

// smtp.with waits for what its function has left on its way.
func TestStreamWith(t *testing.T) {
	eachRhythm(t, func(t *testing.T, server smtptest.Server) {
		for _, body := range []string{"break", "error 'boom'", "os.exit(3)", "return 1"} {
			p := streamTo(t, server, Options{}, `
session:quit()
smtp.with({ host = "mx.example", port = 25, tls = "off" }, function(session)
  for result in session:stream(list(200)) do `+body+` end
end)
`)
			if n := len(p.arrived()); n == 0 || n != p.tally.Sent || p.tally.InDoubt > 0 {
				t.Errorf("%s: %d messages arrive; %+v; %v", body, n, p.tally, p.err)
			}
		}
	})
}

// What one connection has shown about a server is known to the next.
func TestStreamLessons(t *testing.T) {
	server := smtptest.Server{Rules: []smtptest.Rule{{At: smtptest.Bdat, Call: 1, Do: smtptest.Act{Raw: "503 no\r\n250 ok\r\n250 ok\r\n"}}}}
	p := streamTo(t, server, Options{}, `
for _, s in ipairs { session, connect() } do
  for _ in s:stream(list(3)) do end
end
`)
	if p.err != nil || len(p.seen) != 2 {
		t.Fatal(p.err, len(p.seen))
	}
	for i, want := range []bool{true, false} {
		if got := slices.Contains(p.seen[i].Verbs(), "BDAT"); got != want {
			t.Errorf("connection %d: probed: %t", i+1, got)
		}
	}
}

// Interrupted, a stream begins nothing more and waits its grace; then it is said
// what is in doubt.
func TestStreamInterrupted(t *testing.T) {
	for _, test := range []struct{ name, body string }{
		{"while it waits", ""},
		{"in the loop", "if number == 3 then interrupt() end"},
		{"left", "if number == 3 then break end"},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(context.Background())
				time.AfterFunc(10*time.Second, cancel)
				server := smtptest.Server{Rules: []smtptest.Rule{{At: smtptest.Message, Call: 11, Do: smtptest.Act{Mute: true, Then: smtptest.Silence}}}}
				begin := time.Now()
				p := streamTo(t, server, Options{Context: ctx}, strings.ReplaceAll(`
for result, number in session:stream(list(200), { messages = 50 }) do
`+test.body+`
end
`, "interrupt()", `require "time".sleep(20)`))
				var interrupted *engine.Interrupted
				if test.name != "left" && !errors.As(p.err, &interrupted) {
					t.Errorf("the run ends with %v", p.err)
				}
				if took := time.Since(begin); took != 13*time.Second {
					t.Errorf("it takes %v", took)
				}
				if p.tally.Sent != 10 {
					t.Errorf("%+v", p.tally)
				}
				if p.tally.InDoubt == 0 || p.tally.Sent+p.tally.InDoubt > 120 {
					t.Errorf("%+v", p.tally)
				}
			})
		})
	}
}
