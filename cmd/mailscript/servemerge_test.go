package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/mailscript/mailscript/ledger"
)

// mergeScript sends a message for each of its argument's rows, under the name that
// its job gives.
const mergeScript = `
local merge = require "merge"
local name, rows = arg[1], tonumber(arg[2])
local n = 0
local run = merge.run {
  name = name, key = "id", unique_address = false,
  rows = function() n = n + 1 if n <= rows then return { id = n } end end,
  message = function(row)
    return { from = "news@bank.example", to = "ann@bank.example", subject = name .. " " .. row.id, text = "x" }
  end,
}
print("sent " .. run.sent)
`

// once is a specification for one time, soon.
func once() string {
	soon := time.Now().UTC().Add(4 * time.Second)
	return fmt.Sprintf("%d %d %d * * *", soon.Second(), soon.Minute(), soon.Hour())
}

// Jobs that send merges at the same time share the ledger of the project, each row
// goes out once, and of two that send the same run the second is told so.
func TestServeMerges(t *testing.T) {
	t.Parallel()
	const rows = 3000
	box := openMailbox(t)
	at := once()
	job := func(name, run, more string) string {
		return fmt.Sprintf("[job.%s]\nscript = \"news.lua\"\nargs = [\"%s\", \"%d\"]\ncron = \"%s\"\nseconds = true\non_failure = \"ops@bank.example\"\n%s", name, run, rows, at, more)
	}
	folder := jobProject(t, box, job("a", "first", "")+job("b", "second", "")+job("c", "third", "")+job("d", "third", ""), "news.lua", mergeScript)
	s := startServing(t, folder)
	s.await(t, 4, says("msg", "run ended"))
	refused := box.await(t, func(e envelope) bool { return e.to == "ops@bank.example" })
	s.stop(t)
	sent := map[string]int{}
	for _, letter := range box.all() {
		sent[letter.header.Get("Subject")]++
	}
	for _, name := range []string{"first", "second", "third"} {
		for i := range rows {
			if n := sent[fmt.Sprintf("%s %d", name, i+1)]; n != 1 {
				t.Fatalf("row %d of %s was sent %d times", i+1, name, n)
			}
		}
	}
	if ok := s.count(says("msg", "run ended", "outcome", "ok")); ok != 3 {
		t.Errorf("%d of 4 ended well\n%s", ok, s.log())
	}
	if !strings.Contains(refused.text, `run "third" is being sent already, by the job `) {
		t.Errorf("the notice says\n%s", refused.text)
	}
}

// TestServeKillMerges kills the daemon while two jobs send merges: each row is out once, or
// is in doubt, and the runs go on. MAILSCRIPT_TEST_KILLS says how often.
func TestServeKillMerges(t *testing.T) {
	t.Parallel()
	if raceEnabled {
		t.Skip("not about races, and takes long")
	}
	kills := 4
	if text := os.Getenv("MAILSCRIPT_TEST_KILLS"); text != "" {
		var err error
		if kills, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	rows := 1000 + 300*kills // so that each kill finds something to send
	box := openMailbox(t)
	job := func(name, run string) string {
		return fmt.Sprintf("[job.%s]\nscript = \"news.lua\"\nargs = [\"%s\", \"%d\"]\ncron = \"* * * * * *\"\nseconds = true\nin_doubt = \"rerun\"\n", name, run, rows)
	}
	folder := jobProject(t, box, job("a", "first")+job("b", "second"), "news.lua", mergeScript)
	for range kills {
		s := startServing(t, folder)
		begun := len(box.all())
		for len(box.all()) < begun+rand.N(800) {
			<-box.more
		}
		s.kill()
	}
	s := startServing(t, folder)
	for _, job := range []string{"a", "b"} {
		// Nothing is left to send: all is out, or in doubt.
		out, doubtful := says("msg", "run ended", "job", job, "err", "the run is finished"), says("msg", "output", "job", job, "text", "sent 0")
		s.await(t, 1, func(line map[string]any) bool { return out(line) || line["stream"] == "stdout" && doubtful(line) })
	}
	s.stop(t)

	sent := map[string]int{}
	for _, letter := range box.all() {
		sent[letter.header.Get("Subject")]++
	}
	book, err := ledger.OpenReadOnly(t.Context(), folder, ledger.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	for _, name := range []string{"first", "second"} {
		missing := 0
		for i := range rows {
			switch n := sent[fmt.Sprintf("%s %d", name, i+1)]; {
			case n == 0:
				missing++
			case n > 1:
				t.Errorf("row %d of %s was sent %d times", i+1, name, n)
			}
		}
		summary, err := book.Summary(name)
		if err != nil {
			t.Fatal(err)
		}
		c := summary.Counts
		if int(c.Sent+c.Unknown) != rows || missing > int(c.Unknown) {
			t.Errorf("%s: %d rows did not arrive, and the ledger says %+v", name, missing, c)
		}
		t.Logf("%s: %d kills, %d rows, %d in doubt, of which %d did not arrive", name, kills, rows, c.Unknown, missing)
	}
}
