package main

import (
	"fmt"
	"strings"
	"testing"
	"time"
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
