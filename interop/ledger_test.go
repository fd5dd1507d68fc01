//go:build interop && linux

package interop

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/mailscript/mailscript/ledger"
)

// TestLedger merges 10,000 rows through Postfix, over TLS and logged in. Two in a
// hundred recipients do not exist and one has a mailbox that is locked. What the
// ledger says of each row must be what Postfix has written into its log.
func TestLedger(t *testing.T) {
	t.Parallel()
	const rows = 10_000
	p := startPostfix(t)
	config := filepath.Join(filepath.Dir(p.log), "config")
	write(t, filepath.Join(config, "people"), "/^r[0-9]*(00|50)@/ 550 5.1.1 no such person\n/^r[0-9]*01@/ 450 4.2.1 the mailbox is locked\n", 0o644)
	run(t, "", require(t, "postconf"), "-c", config, "-e",
		"smtpd_recipient_restrictions = check_recipient_access regexp:"+filepath.Join(config, "people"),
		"transport_maps = inline:{ people.example=discard: }",
		"in_flow_delay = 0", "smtpd_soft_error_limit = 1000", "smtpd_hard_error_limit = 1000")
	run(t, "", require(t, "postfix"), "-c", config, "reload")

	folder := project(t, account(p.implicit, "implicit"), password, p.ca)
	write(t, filepath.Join(folder, "merge.lua"), fmt.Sprintf(`
local merge = require "merge"
local i = 0
local run = merge.run {
  name = "all", key = "email", retry_for = 0, connections = 4,
  rows = function()
    i = i + 1
    if i <= %d then return { email = ("r%%d@people.example"):format(i), name = "Row " .. i } end
  end,
  message = function(row)
    return { from = "news@bank.example", to = row.email, subject = "Hello " .. row.name, text = "Hello " .. row.name .. "\n" }
  end,
}
print(run.sent, run.failed, run.deferred, run.in_doubt)`, rows), 0o600)
	r := mailscript(t, folder, "run", "merge.lua")
	noSecret(t, password, r)
	if want := "9701\t200\t99\t0\n"; r.stdout != want {
		t.Errorf("%s, want %s", r, want)
	}
	p.stored(t) // waits for an empty queue

	log := readLog(t, p.log)
	book, err := ledger.OpenReadOnly(t.Context(), folder, ledger.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	count := 0
	for item, err := range book.Items(t.Context(), "all", ledger.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		count++
		got := ofLedger(t, item)
		if want := log[item.Key]; len(want) != 1 || got != want[0] {
			t.Errorf("%s: the ledger says %q, the log of Postfix %q", item.Key, got, want)
		}
		delete(log, item.Key)
	}
	if count != rows || len(log) > 0 {
		t.Errorf("the ledger has %d rows of %d; %d more are in the log of Postfix", count, rows, len(log))
	}
}

var queuedAs = regexp.MustCompile(`queued as (\w+)`)

// ofLedger words what the ledger knows of a row as readLog does.
func ofLedger(t *testing.T, item ledger.Item) string {
	t.Helper()
	to := item.Recipients[0]
	if len(item.Recipients) != 1 || to.Address != item.Key || to.Attempts != 1 {
		t.Errorf("%+v", item)
	}
	switch item.State {
	case ledger.Sent:
		if m := queuedAs.FindStringSubmatch(to.Text); m != nil && to.Code == 250 && strings.HasSuffix(to.Via, " TLS 1.3") {
			return "sent as " + m[1] + " with " + to.Message
		}
	case ledger.Failed, ledger.Deferred:
		_, text, _ := strings.Cut(to.Text, ">: ")
		return fmt.Sprintf("%s: %d %s %s", item.State, to.Code, to.Enhanced, text)
	}
	return fmt.Sprintf("%+v", item)
}

var (
	loggedID     = regexp.MustCompile(`cleanup\[\d+\]: (\w+): message-id=(<\S+>)`)
	loggedSent   = regexp.MustCompile(`discard\[\d+\]: (\w+): to=<(\S+)>, .* status=sent`)
	loggedReject = regexp.MustCompile(`smtpd\[\d+\]: \w+: reject: RCPT from \S+: (\d{3}) (\S+) <\S+>: (.*); from=\S+ to=<(\S+)> `)
)

// readLog is what Postfix says became of each recipient, each time.
func readLog(t *testing.T, path string) map[string][]string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	ids, became := map[string]string{}, map[string][]string{}
	for line := range bytes.Lines(text) {
		if m := loggedID.FindSubmatch(line); m != nil {
			ids[string(m[1])] = string(m[2])
		} else if m := loggedSent.FindSubmatch(line); m != nil {
			to := string(m[2])
			became[to] = append(became[to], "sent as "+string(m[1])+" with "+ids[string(m[1])])
		} else if m := loggedReject.FindSubmatch(line); m != nil {
			state, to := ledger.Failed, string(m[4])
			if m[1][0] == '4' {
				state = ledger.Deferred
			}
			became[to] = append(became[to], fmt.Sprintf("%s: %s %s %s", state, m[1], m[2], m[3]))
		}
	}
	return became
}
