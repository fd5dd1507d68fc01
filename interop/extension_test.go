//go:build interop

package interop

import (
	"bytes"
	"strings"
	"testing"
)

func checkPipelining(t *testing.T, s server) string {
	r := s.session(t, `
for _, reply in ipairs(session:pipeline { "NOOP", "MAIL FROM:<news@bank.example>", "RCPT TO:<bob@example.org>", "RCPT TO:<eve@example.org>" }) do print(reply.class) end
print(session:reset().class)
print(session:send { from = "news@bank.example", to = { "ann@example.org", "bob@example.org" }, text = "x\n" }.outcome)`)
	expect(t, r, "2\n2\n2\n5\n2\nsent\n")
	if got := strings.Join(r.sent("NOOP", "MAIL", "RCPT", "RSET", "DATA", "S:"), " "); !strings.Contains(got, "NOOP MAIL RCPT RCPT S") || !strings.Contains(got, "MAIL RCPT RCPT DATA S") {
		t.Errorf("%s\n%v", got, r)
	}
	s.delivered(t, "ann")
	s.delivered(t, "bob")
	return yes
}

// checkPipelinedReset has a transaction that fails, and its RSET, in one write, and
// begins another.
func checkPipelinedReset(t *testing.T, s server) string {
	r := s.session(t, `
local works = try(function()
  local replies = session:pipeline { "MAIL FROM:<news@bank.example>", "RCPT TO:<eve@example.org>", "RSET" }
  assert(replies[1].class == 2 and replies[2].class == 5 and replies[3].class == 2)
  return session:mail("news@bank.example").ok and session:rcpt("ann@example.org").ok
end)
print(works and "works" or "breaks")`)
	switch strings.TrimSpace(r.stdout) {
	case "works":
		return yes
	case "breaks":
		t.Log(r)
		return "breaks what follows"
	}
	t.Fatal(r)
	return ""
}

func checkEightBit(t *testing.T, s server) string {
	expect(t, s.session(t, `
session:mail("news@bank.example", { body = "8BITMIME" })
session:rcpt "ann@example.org"
session:data()
print((session:body "Subject: eight\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nGrüße\r\n").code)`), "250\n")
	if message := s.delivered(t, "ann"); !bytes.Contains(message, []byte("Grüße")) {
		t.Errorf("arrived as\n%s", message)
	}
	return yes
}

// checkChunking sends a whole message, one of whose recipients is refused, and
// one chunk by chunk.
func checkChunking(t *testing.T, s server) string {
	r := s.session(t, `
local result = session:send({ from = "news@bank.example", to = { "ann@example.org", "eve@example.org" }, subject = "Chunks", text = (".line\n"):rep(100000) }, { transfer = "BDAT" })
for _, r in ipairs(result.recipients) do print(r.address, r.outcome) end
result:handled()
session:mail "news@bank.example"
session:rcpt "bob@example.org"
print(session:bdat("Subject: by hand\r\n\r\n.Hello ").code)
print((session:bdat("Bob\r\n.\r\n", true)).code)`)
	expect(t, r, "ann@example.org\tsent\neve@example.org\tfailed\n250\n250\n")
	if len(r.sent("BDAT")) < 3 || len(r.sent("DATA")) > 0 {
		t.Error(r)
	}
	if read := readByPython(t, s.delivered(t, "ann")); read.Text != strings.Repeat(".line\n", 100000) {
		t.Errorf("%d characters of text arrived", len(read.Text))
	}
	if read := readByPython(t, s.delivered(t, "bob")); read.Text != ".Hello Bob\n.\n" {
		t.Errorf("arrived as %q", read.Text)
	}
	return yes
}

// checkBinary sends octets that no line could hold.
func checkBinary(t *testing.T, s server) string {
	expect(t, s.session(t, `
session:mail("news@bank.example", { body = "BINARYMIME" })
session:rcpt "ann@example.org"
print((session:bdat("Subject: binary\r\nMIME-Version: 1.0\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: binary\r\n\r\n\0\1\255" .. ("x"):rep(2000), true)).code)`), "250\n")
	if message := s.delivered(t, "ann"); !bytes.Contains(message, append([]byte{0, 1, 255}, bytes.Repeat([]byte("x"), 2000)...)) {
		t.Errorf("arrived as\n%q", message)
	}
	return yes
}

func checkUTF8(t *testing.T, s server) string {
	r := s.session(t, `print(session:send { from = "news@bank.example", to = "jürgen@example.org", subject = "Grüße", text = "Hallo\n" }.outcome)`)
	expect(t, r, "sent\n")
	if !strings.Contains(r.stderr, " SMTPUTF8") {
		t.Error(r)
	}
	if read := readByPython(t, s.delivered(t, "jürgen")); read.header("Subject") != "Grüße" || read.Text != "Hallo\n" {
		t.Errorf("arrived about %q: %q", read.header("Subject"), read.Text)
	}
	return yes
}

// checkSize has a message refused by ourselves, with nothing sent.
func checkSize(t *testing.T, s server) string {
	r := s.session(t, `
local result = session:send { from = "news@bank.example", to = "ann@example.org", text = ("x"):rep(session.max_size) }
print(result.outcome, result.code)
result:handled()`)
	expect(t, r, "failed\t552\n")
	if len(r.sent("MAIL")) > 0 {
		t.Error(r)
	}
	return yes
}

// checkNamedSize names a size beyond the limit.
func checkNamedSize(t *testing.T, s server) string {
	r := s.session(t, `
local reply = session:mail("news@bank.example", { size = session.max_size + 1000000 })
print(reply.code .. " " .. (reply.enhanced or ""))`)
	if r.status != 0 {
		t.Fatal(r)
	}
	return strings.TrimSpace(r.stdout)
}

// checkHiddenSize names no size, and sends more than the limit.
func checkHiddenSize(t *testing.T, s server) string {
	r := s.session(t, `
session:mail "news@bank.example"
session:rcpt "ann@example.org"
session:data()
local reply = session:body("Subject: too large\r\n\r\n" .. (("x"):rep(98) .. "\r\n"):rep(session.max_size / 100 + 10000))
print(reply.code .. " " .. (reply.enhanced or ""))
print(session:noop().code)`)
	answer, rest, _ := strings.Cut(r.stdout, "\n")
	if r.status != 0 || answer[0] != '5' || rest != "250\n" {
		t.Fatal(r)
	}
	return strings.TrimSpace(answer)
}

func checkNotice(t *testing.T, s server) string {
	notice(t, s)
	return yes
}

// checkNoticeFields looks for what the client asked to be told again (RFC 3464,
// sections 2.2.1 and 2.3.1).
func checkNoticeFields(t *testing.T, s server) string {
	text := strings.ToLower(strings.ReplaceAll(notice(t, s), "rfc822; ", "rfc822;"))
	var named []string
	switch {
	case strings.Contains(text, "\noriginal-envelope-id: x+y=1"):
		named = append(named, "the envelope")
	case strings.Contains(text, "\noriginal-envelope-id: x+2by+3d1"):
		named = append(named, "the envelope (as xtext)")
	}
	if strings.Contains(text, "\noriginal-recipient: rfc822;bob@old.example") {
		named = append(named, "the original recipient")
	}
	if named == nil {
		return "neither"
	}
	return strings.Join(named, ", ")
}

// notice asks for a notice of success and returns the one that came.
func notice(t *testing.T, s server) string {
	t.Helper()
	expect(t, s.session(t, `
local result = session:send({ from = "ann@example.org", to = "bob@example.org", subject = "Confirm", text = "x\n" },
  { dsn = { ret = "HDRS", envid = "x+y=1", recipients = { ["bob@example.org"] = { notify = { "success", "failure" }, orcpt = "rfc822;bob@old.example" } } } })
print(result.outcome)`), "sent\n")
	s.delivered(t, "bob")
	text := string(s.delivered(t, "ann"))
	if !strings.Contains(text, "message/delivery-status") || !strings.Contains(text, "\nAction: ") || !strings.Contains(text, "bob@example.org") {
		t.Fatalf("the notice is\n%s", text)
	}
	return text
}

func checkEnhanced(t *testing.T, s server) string {
	expect(t, s.session(t, `print(session:reset().enhanced)`), "2.0.0\n")
	return yes
}

func checkVerify(t *testing.T, s server) string {
	r := s.session(t, `print(session:verify("ann@example.org").code, session:verify("eve@example.org").code)`)
	if r.status != 0 {
		t.Fatal(r)
	}
	there, missing, _ := strings.Cut(strings.TrimSpace(r.stdout), "\t")
	return there + ", and " + missing + " where there is nobody"
}
