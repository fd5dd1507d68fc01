//go:build interop && linux

package interop

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// manner is how a thousand messages share a connection, as the trace shows it.
type manner string

const (
	backToBack manner = "BDAT, back to back"
	inTurns    manner = "DATA, in turns"
	oneByOne   manner = "DATA, one by one"
)

// TestThousand streams a thousand messages over one connection, every fiftieth to
// nobody, and counts what is in the mailboxes afterwards: all others, once each.
func TestThousand(t *testing.T) {
	t.Parallel()
	p, e, o := startPostfix(t), startExim(t), startOpenSMTPD(t)
	d := startDovecot(t, startPostfix(t))
	for _, test := range []struct {
		server
		manner
	}{
		{p.server, backToBack},
		{e.server, inTurns}, // what it does with a refused chunk is right, but it counts RSETs
		{o.server, oneByOne},
		{d.submission, backToBack},
		{d.lmtp, backToBack},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := test.session(t, streamThousand)
			checkThousand(t, r, test.manner)
			checkStored(t, test.stored(t, "ann", "bob"))
		})
	}
}

// TestThousandSent sends them in a loop. A pipelined envelope for each is what no
// stream does: to Postfix a stream sends chunks.
func TestThousandSent(t *testing.T) {
	t.Parallel()
	s := startPostfix(t).server
	r := s.session(t, `
local count = { sent = 0, failed = 0 }
for i = 1, 1000 do
  local to = i % 50 == 0 and "eve@example.org" or i % 2 == 0 and "ann@example.org" or "bob@example.org"
  local result = session:send { from = "news@bank.example", to = to, subject = "number " .. i, text = "x\n" }
  assert(count[result.outcome], result)
  count[result.outcome] = count[result.outcome] + 1
  result:handled()
end
print(count.sent, count.failed)`)
	expect(t, r, "980\t20\n")
	checkStored(t, s.stored(t, "ann", "bob"))
}

// streamThousand has a session. Half of its messages are for ann, half for bob.
const streamThousand = `
local i = 0
local function messages()
  i = i + 1
  if i > 1000 then return nil end
  local to = i % 50 == 0 and "eve@example.org" or i % 2 == 0 and "ann@example.org" or "bob@example.org"
  return { from = "news@bank.example", to = to, subject = "number " .. i, text = "x\n" }
end
local heard = 0
for result, number in session:stream(messages) do
  heard = heard + 1
  assert(number == heard)
  assert(result.outcome == (number % 50 == 0 and "failed" or "sent"), result)
  result:handled()
end
print(heard)`

func checkThousand(t *testing.T, r ran, want manner) {
	t.Helper()
	if r.status != 0 || r.stdout != "1000\n" {
		t.Fatalf("exit status %d\n%s%s", r.status, r.stdout, tail(r.stderr))
	}
	if got := r.manner(); got != want {
		t.Errorf("they travelled as %s, want %s; the trace ends\n%s", got, want, tail(r.stderr))
	}
}

// tail is the end of a long trace.
func tail(text string) string {
	lines := strings.SplitAfter(text, "\n")
	return strings.Join(lines[max(0, len(lines)-100):], "")
}

// manner is what most of a thousand messages did.
func (r ran) manner() manner {
	ahead, chunks := r.ahead()
	switch most := 800; { // each 50th is refused, and windows have an end
	case ahead < most:
		return oneByOne
	case chunks < most:
		return inTurns
	}
	return backToBack
}

// ahead counts the envelopes that left while the text before them was not answered,
// and the chunks.
func (r ran) ahead() (envelopes, chunks int) {
	var owed []string // what awaits a reply
	for line := range strings.Lines(r.stderr) {
		fields := strings.Fields(line)
		switch {
		case len(fields) < 5:
		case fields[0] == "S:" && len(fields[4]) == len("250"): // the last line of a reply
			owed = owed[min(1, len(owed)):]
		case fields[0] != "C:" || fields[4] == "NOOP" || fields[4] == "(chunk)": // the first is the text of the probe's chunk
		default:
			if fields[4] == "BDAT" {
				chunks++
			}
			if fields[4] == "MAIL" && (slices.Contains(owed, "BDAT") || slices.Contains(owed, "(message)")) {
				envelopes++
			}
			owed = append(owed, fields[4])
		}
	}
	return envelopes, chunks
}

// checkStored counts subjects.
func checkStored(t *testing.T, stored map[string]int) {
	t.Helper()
	for i := 1; i <= 1000; i++ {
		want := 1
		if i%50 == 0 {
			want = 0
		}
		if subject := fmt.Sprintf("number %d", i); stored[subject] != want {
			t.Errorf("%q is stored %d times, want %d", subject, stored[subject], want)
		}
	}
	if len(stored) != 980 {
		t.Errorf("%d subjects are stored, want 980", len(stored))
	}
}
