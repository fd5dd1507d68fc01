//go:build interop && linux

package interop

import (
	"fmt"
	"testing"
)

// TestThousand sends a thousand messages in one session, every fiftieth to nobody,
// and counts what is in the mailboxes afterwards: all others, once each.
func TestThousand(t *testing.T) {
	p, e, o := startPostfix(t), startExim(t), startOpenSMTPD(t)
	d := startDovecot(t, startPostfix(t))
	for _, s := range []server{p.server, e.server, o.server, d.submission, d.lmtp} {
		t.Run(s.name, func(t *testing.T) {
			sendThousand(t, s)
		})
	}
}

func sendThousand(t *testing.T, s server) {
	t.Helper()
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
	stored := s.stored(t, "ann", "bob")
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
