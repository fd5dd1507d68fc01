//go:build interop && linux

package interop

import (
	"bytes"
	"fmt"
	"maps"
	"net/mail"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// letter is a kind of message, and what becomes of it.
type letter struct {
	from       string // default one of its own
	to         []string
	subject    string // what its subject begins with
	size       int    // octets of its text
	recipients string // what becomes of each, in order
	gets       []string
}

// letters are everything that ends a transaction, with one recipient and several. The
// first is good.
func letters() []letter {
	return []letter{
		{to: []string{"ann"}, recipients: "sent", gets: []string{"ann"}},
		{from: refusedSender, to: []string{"ann"}, recipients: "failed"},
		{to: []string{"eve"}, recipients: "failed"},
		{to: []string{"ann", "bob"}, recipients: "sent sent", gets: []string{"ann", "bob"}},
		{to: []string{"eve", "bob", "eve2"}, recipients: "failed sent failed", gets: []string{"bob"}},
		{to: []string{"eve", "eve2"}, recipients: "failed failed"},
		{to: []string{"ann", "bob"}, subject: refusedSubject + " ", recipients: "failed failed"},
		{to: []string{"eve", "ann"}, subject: refusedSubject + " ", recipients: "failed failed"},
		{from: refusedSender, to: []string{"ann", "bob"}, recipients: "failed failed"},
		{to: []string{"ann", "bob"}, size: 6e6, recipients: "failed failed"}, // more than SIZE: refused here, in the middle of the others
	}
}

// lent is a stream in which every kind of message follows every other, and a good one
// each pair, so that no server loses its patience. Those too large are costly: they
// follow each kind, and each kind them, only once.
func lent() []letter {
	kinds := letters()
	var all []letter
	for i, before := range kinds {
		for j, behind := range kinds {
			if large := len(kinds) - 1; i != large && j != large || i+j == large+1 {
				all = append(all, before, behind, kinds[0])
			}
		}
	}
	return all[1:] // the first is a refused one
}

// TestLending streams messages of which servers refuse the sender, recipients or the
// text. No other message may come to have a sender or a recipient of theirs.
func TestLending(t *testing.T) {
	t.Parallel()
	// Unless told otherwise, Exim hangs up where a RSET that follows no message is the
	// eleventh of its kind: refused messages in a row cause some.
	p, e := startPostfix(t), startExim(t, "smtp_accept_max_nonmail = 1000")
	for _, test := range []struct {
		server
		transfer string
		chunks   bool
	}{{p.server, "", true}, {p.server, "DATA", false}, {e.server, "", false}, {e.server, "BDAT", true}} {
		name := test.name
		if test.transfer != "" {
			name += " told to take " + test.transfer
		}
		t.Run(name, func(t *testing.T) {
			streamLent(t, test.server, test.transfer, test.chunks)
		})
	}
}

func streamLent(t *testing.T, s server, transfer string, chunks bool) {
	t.Helper()
	all := lent()
	var script, printed strings.Builder
	script.WriteString("local list = {\n")
	want := map[string]int{}
	for i, l := range all {
		from := l.from
		if from == "" {
			from = fmt.Sprintf("news%d@bank.example", i+1)
		}
		subject := fmt.Sprintf("%snumber %d", l.subject, i+1)
		fmt.Fprintf(&script, "{ from = %q, to = { \"%s@example.org\" }, subject = %q, text = (\"x\"):rep(%d) },\n", from, strings.Join(l.to, `@example.org", "`), subject, l.size)
		fmt.Fprintf(&printed, "%d %s\n", i+1, l.recipients)
		for _, mailbox := range l.gets {
			want[fmt.Sprintf("%s from <%s> to %s", subject, from, mailbox)] = 1
		}
	}
	option := "nil"
	if transfer != "" {
		option = fmt.Sprintf("%q", transfer)
	}
	fmt.Fprintf(&script, `}
for result, number in session:stream(list, { transfer = %s }) do
  local outcomes = { number }
  for i, r in ipairs(result.recipients) do outcomes[i + 1] = r.outcome end
  print(table.concat(outcomes, " "))
  result:handled()
end`, option)
	r := s.session(t, script.String())
	if diff := cmp.Diff(strings.Split(printed.String(), "\n"), strings.Split(r.stdout, "\n")); r.status != 0 || diff != "" {
		t.Fatalf("exit status %d, %s\n%s", r.status, diff, tail(r.stderr))
	}
	envelopes, sent := r.ahead()
	if chunks != (sent > 0) || envelopes < len(all)/4 {
		t.Errorf("%d chunks, %d envelopes ahead of the reply to the message before\n%s", sent, envelopes, tail(r.stderr))
	}
	s.stored(t) // waits
	found := map[string]int{}
	for _, mailbox := range []string{"ann", "bob"} {
		for _, message := range s.taken(t, mailbox) {
			read, err := mail.ReadMessage(bytes.NewReader(message))
			if err != nil {
				t.Fatal(err)
			}
			found[fmt.Sprintf("%s from %s to %s", read.Header.Get("Subject"), read.Header.Get("Return-Path"), mailbox)]++
		}
	}
	if diff := cmp.Diff(want, found); diff != "" {
		t.Errorf("%s\n%q", diff, slices.Sorted(maps.Keys(found)))
	}
}
