//go:build interop

package interop

import (
	"strings"
	"testing"
)

func checkPartly(t *testing.T, s server) string {
	r := s.session(t, `
local result = session:send { from = "news@bank.example", to = { "ann@example.org", "eve@example.org", "bob@example.org" }, subject = "Some", text = "x\n" }
for _, r in ipairs(result.recipients) do print(r.outcome, r.code, r.enhanced or "") end
print(result.outcome)
result:handled()`)
	lines := strings.Split(r.stdout, "\n")
	if r.status != 0 || len(lines) != 5 || !strings.HasPrefix(lines[0], "sent\t250\t") || !strings.HasPrefix(lines[1], "failed\t5") || !strings.HasPrefix(lines[2], "sent\t250\t") || lines[3] != "partial" {
		t.Fatal(r)
	}
	s.delivered(t, "ann")
	s.delivered(t, "bob")
	return strings.TrimSpace(strings.ReplaceAll(strings.TrimPrefix(lines[1], "failed\t"), "\t", " "))
}

// checkAfterRefusal sends a message that nobody gets, and another one.
func checkAfterRefusal(t *testing.T, s server) string {
	expect(t, s.session(t, `
local first = session:send { from = "news@bank.example", to = "eve@example.org", text = "x\n" }
local second = session:send { from = "news@bank.example", to = "ann@example.org", subject = "second", text = "x\n" }
print(first.outcome, second.outcome)
first:handled()`), "failed\tsent\n")
	if read := readByPython(t, s.delivered(t, "ann")); read.header("Subject") != "second" {
		t.Errorf("%q arrived", read.header("Subject"))
	}
	return yes
}

// checkReplies counts what follows the end of a message: SMTP has one reply, LMTP
// one for each recipient (RFC 2033, section 4.2).
func checkReplies(t *testing.T, s server) string {
	r := s.session(t, `
session:mail "news@bank.example"
session:rcpt "ann@example.org"
session:rcpt "eve@example.org"
session:rcpt "bob@example.org"
session:data()
local replies = { session:body "Subject: by hand\r\n\r\nHello\r\n" }
for _, reply in ipairs(replies) do assert(reply.code == 250) end
print(#replies)
print(session:noop().code)`)
	count := "1"
	if s.socket != "" {
		count = "2"
	}
	expect(t, r, count+"\n250\n")
	s.delivered(t, "ann")
	s.delivered(t, "bob")
	return count
}
