package luaapi

import (
	"os"
	"strings"
	"testing"
)

// TestLetters builds what people send, and looks at the bytes.
func TestLetters(t *testing.T) {
	const base = `from = "ann@bank.example", to = "bob@example.org", `
	for _, test := range []struct {
		name, fields string
		want         []string
		never        string
	}{
		{"text of HTML", `html = "<p>Hello <b>Bob</b></p>"`, []string{"multipart/alternative", "text/plain", "\r\nHello Bob\r\n", "text/html"}, ""},
		{"HTML alone", `html = "<p>Hello</p>", text = false`, []string{"Content-Type: text/html"}, "text/plain"},
		{"text given", `html = "<p>Hello</p>", text = "other"`, []string{"\r\nother\r\n"}, ""},
		{"flowed", `text = "a paragraph", flowed = true`, []string{"format=flowed"}, ""},
		{"charset", `text = "Grüße", charset = "iso-8859-1"`, []string{"charset=iso-8859-1", "Gr=FC=DFe"}, ""},
		{"AMP", `html = "<p>x</p>", amp = "<html ⚡4email>"`, []string{"text/x-amp-html"}, ""},
		{"thread", `text = "x", in_reply_to = "<a@b.example>", references = { "<c@b.example>", "a@b.example" }`,
			[]string{"In-Reply-To: <a@b.example>", "References: <c@b.example> <a@b.example>"}, ""},
		{"automatic", `text = "x", auto_submitted = "auto-generated"`, []string{"Auto-Submitted: auto-generated"}, ""},
		{"list", `text = "x", list = { id = "news.bank.example", unsubscribe = "https://bank.example/u/1", one_click = true, help = "https://bank.example/help" }`,
			[]string{"List-Id: <news.bank.example>", "List-Unsubscribe: <https://bank.example/u/1>", "List-Unsubscribe-Post: List-Unsubscribe=One-Click", "List-Help:"}, ""},
		{"local pictures", `html = "<img src='bear.png'>", local_images = true`, []string{"multipart/related", "Content-ID: <", "src='cid:"}, "bear.png'"},
		{"tree", `body = mime.part { type = "multipart/alternative", parts = { mime.part { type = "text/plain", body = "x" }, mime.part { type = "text/html", body = "y" } } }`,
			[]string{"multipart/alternative"}, ""},
		{"tree with pictures", `body = mime.part { type = "multipart/related", parts = { mime.part { type = "text/html", body = "<img src='cid:bear@bank.example'>" }, mime.file("bear.png", { content_id = "bear@bank.example", disposition = "inline" }) } }`,
			[]string{"Content-ID: <bear@bank.example>", "Content-Disposition: inline"}, ""},
		{"event", `text = "x", event = mime.event { uid = "1@bank.example", starts = "2026-11-02 09:00", zone = "Europe/Berlin", duration = "90m", summary = "Board", alarm = "15m" }`,
			[]string{"method=REQUEST", "DTSTART:20261102T080000Z", "BEGIN:VALARM", "bob@example.org"}, ""},
		{"weekly event", `text = "x", event = mime.event { uid = "1@bank.example", starts = "2026-11-02 09:00", zone = "Europe/Berlin", ends = "2026-11-02 10:00", repeats = "FREQ=WEEKLY" }`,
			[]string{"DTSTART;TZID=Europe/Berlin:20261102T090000", "RRULE:FREQ=WEEKLY"}, ""},
		{"day", `text = "x", event = mime.event { uid = "1@bank.example", starts = "2026-12-24", all_day = true }`, []string{"DTSTART;VALUE=DATE:20261224"}, ""},
		{"attendees", `text = "x", event = mime.event { uid = "1@bank.example", starts = 0, organizer = "ann@bank.example", attendees = { "carol@example.org", { address = "Dan <dan@example.org>", optional = true } } }`,
			[]string{"mailto:carol@example.org", "ROLE=OPT-PARTICIPANT", "mailto:ann@bank.example"}, "ATTENDEE;.*bob@"},
		{"cancelled", `text = "x", event = mime.event { uid = "1@bank.example", starts = 0, sequence = 2 }:cancel()`, []string{"method=CANCEL", "SEQUENCE:3", "STATUS:CANCELLED"}, ""},
		{"answer", `text = "x", event = mime.event { uid = "1@bank.example", starts = 0, organizer = "bob@example.org" }:reply("ann@bank.example", "tentative")`,
			[]string{"method=REPLY", "PARTSTAT=TENTATIVE"}, ""},
		{"card", `text = "x", attach = mime.card { given = "Ann", family = "Example", phones = { "1", "2" } }`, []string{"text/vcard", "N:Example;Ann"}, ""},
		{"forwarded", `text = "x", attach = message:part { name = "hello.eml" }`, []string{"message/rfc822", "hello.eml", "Subject: Hello"}, ""},
		{"8bit", `text = "Grüße", transfer_encoding = "8bit"`, []string{"Content-Transfer-Encoding: 8bit", "Grüße"}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			out, _, err := rehearse(t, around+"io.write(mime.message { "+base+test.fields+" }:bytes())")
			if err != nil {
				t.Fatal(err)
			}
			unfolded := strings.NewReplacer("\r\n ", "", "\r\n\t", "").Replace(out)
			for _, want := range test.want {
				if !strings.Contains(out, want) && !strings.Contains(unfolded, want) {
					t.Errorf("no %q in\n%s", want, out)
				}
			}
			if test.never != "" && strings.Contains(out, test.never) {
				t.Errorf("%q in\n%s", test.never, out)
			}
		})
	}
}

// TestWithKeeps changes one field and keeps the others, the absence of a text included.
func TestWithKeeps(t *testing.T) {
	out, _, err := rehearse(t, around+`
local m = mime.message { from = "ann@bank.example", to = "bob@example.org", html = "<p>Hello</p>", text = false, list = { id = "news.bank.example" } }
local other = m:with { to = "carol@example.org" }
print(other:header("List-Id"), (other:header("Content-Type"):find("text/html")))
local e = other:with { event = mime.event { uid = "1", starts = 0 } }
print(e:bytes():find("BEGIN:VCALENDAR") ~= nil, e:with { event = false }:bytes():find("BEGIN:VCALENDAR"))
print((other:with { html = "", body = mime.part { type = "text/plain", body = "x" } }:with { body = false, text = "Hello" }:bytes():find("Hello")) ~= nil)
print((other:with { text = "Hello" }:header("Content-Type"):find("multipart/alternative")))
`)
	if err != nil || out != "<news.bank.example>\t1\ntrue\tnil\ntrue\n1\n" {
		t.Errorf("%s%v", out, err)
	}
}

// TestLetterMistakes are descriptions that must not be guessed at.
func TestLetterMistakes(t *testing.T) {
	const event = `mime.event { uid = "x", starts = `
	for source, want := range map[string]string{
		`message:with { text = true }`:                                             `option "text" must be a string or false, got boolean`,
		`message:with { text = "\255" }`:                                           `option "text" is not valid UTF-8 at byte 1`,
		`message:with { transfer_encoding = "base64" }`:                            `must be "7bit", "8bit" or "binary"`,
		`message:with { list = { one_click = true } }`:                             `list`,
		`message:with { lists = {} }`:                                              `did you mean "list"?`,
		`message:with { event = "tomorrow" }`:                                      `event must be an event, got string`,
		`message:with { body = mime.part { type = "text/plain", body = "x" } }`:    `given together with text`,
		`message:with { html = "<img src='../x.png'>", local_images = true }`:      `x.png`,
		`message:with { html = "<img src='no.png'>", local_images = true }`:        `no.png`,
		`message:with { html = "<p>", local_images = ".." }`:                       `.. is not inside the project folder`,
		`message:with { html = "<p>", local_images = "/etc" }`:                     `/etc is not inside the project folder`,
		`message:with { list = { help = tostring(secret.env("HOME")) } }`:          `a secret was put into it`,
		event + `"2026-11-02 09:00" }`:                                             `has no time zone`,
		event + `"2026-11-02 09:00", zone = "Europe/Berlon" }`:                     `there is no time zone "Europe/Berlon"`,
		event + `"soon", zone = "UTC" }`:                                           `option "starts" is not a moment: "soon"`,
		event + `"2026-11-02", zone = "UTC" }`:                                     `option "starts" is not a moment`,
		event + `0, method = "cancel" }`:                                           `must be "request" or "publish"`,
		event + `0, attendees = { { optional = true } } }`:                         `attendees[1]: option "address" is missing`,
		event + `0, attendees = { { addres = "a@b.example" } } }`:                  `did you mean "address"?`,
		event + `0 }:reply("a@b.example", "maybe")`:                                `must be "accepted", "declined" or "tentative"`,
		event + `0 }:reply("a@b.example", "accepted")`:                             `organizer`,
		`message:lint { ignore = "nonsense" }`:                                     `nonsense`,
		`mime.card { emails = "a@b.example" }`:                                     `name`,
		`message:with { text = "ü", transfer_encoding = "8bit" }:part()`:           `not 7-bit`,
		`mime.message { from = "a@x.example", to = "b@x.example", charset = "x" }`: `charset`,
	} {
		if _, _, err := rehearse(t, around+source); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s:\n got  %v\n want %s", source, err, want)
		}
	}
}

// TestChangedFile: a large file that has changed since is a fault about the file, whoever
// meets it, and nothing of the message counts as sent.
func TestChangedFile(t *testing.T) {
	out, tally, err := rehearse(t, around+`
local function fill(with)
  message:with { attach = mime.bytes(with:rep(9000000), { name = "x" }) }:save("large.bin")
end
fill("x")
local large = message:with { attach = mime.file("large.bin") }
fill("y")
for _, f in ipairs {
  function() return large:bytes() end,
  function() return large:save("large.eml") end,
  function() return smtp.send(large) end,
} do
  local result, fault = try(f)
  print(result, fault.kind, fault.temporary)
end
`)
	if err != nil || out != strings.Repeat("nil\tfile\tfalse\n", 3) || tally.Sent != 0 {
		t.Errorf("%s%v %+v", out, err, tally)
	}
}

// TestLint tells the same as the package, of the form that is asked for.
func TestLint(t *testing.T) {
	out, _, err := rehearse(t, around+`
local broken = message:with { subject = "", text = "Dear {{name}}", headers = { ["X-A"] = "1" } }
for _, r in ipairs(broken:lint()) do print(r.rule, r.severity, r.line ~= nil, r.text ~= "", r.hint ~= "") end
print(#broken:lint { ignore = { "subject-empty", "template-marker" } }, #message:lint())
`)
	if want := "subject-empty\twarning\tfalse\ttrue\ttrue\ntemplate-marker\terror\ttrue\ttrue\ttrue\n0\t0\n"; err != nil || out != want {
		t.Errorf("%s%v", out, err)
	}
}

// TestGuide runs every piece of Lua in docs/messages.md.
func TestGuide(t *testing.T) {
	text, err := os.ReadFile("../docs/messages.md")
	if err != nil {
		t.Fatal(err)
	}
	pieces := strings.Split(string(text), "```lua\n")
	if len(pieces) < 8 {
		t.Fatalf("%d pieces", len(pieces))
	}
	for _, piece := range pieces[1:] {
		source, _, _ := strings.Cut(piece, "```")
		if _, _, err := rehearse(t, around+source); err != nil {
			t.Errorf("%v\n%s", err, source)
		}
	}
}
