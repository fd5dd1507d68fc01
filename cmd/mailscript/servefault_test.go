package main

import (
	"strings"
	"testing"
)

// reportJob is a job whose report has its period as the subject.
func reportJob(cron, more string) string {
	return "[job.a]\nscript = \"a.lua\"\non_failure = \"" + ops + "\"\ncron = \"" + cron + "\"\n" + more
}

// FAULTS row S1: serve was not running when it was time.
func TestServeS1(t *testing.T) {
	for _, test := range []struct {
		name, more string
		reports    []string
		notice     string // its subject
		text       string // of it
	}{
		{"once", `missed = "once"`, []string{"2026-11-26T12:00 at 2026-11-26T12:20:00Z"}, "", ""},
		{"by default", ``, []string{"2026-11-26T12:00 at 2026-11-26T12:20:00Z"}, "", ""},
		{"skip", `missed = "skip"`, nil, "a: skipped (2026-11-26T12:00)", "too much time had passed when it could run; nor was it for 3 times before."},
		{"all", `missed = "all"`, []string{
			"2026-11-26T09:00 at 2026-11-26T12:20:00Z", "2026-11-26T10:00 at 2026-11-26T12:20:00Z",
			"2026-11-26T11:00 at 2026-11-26T12:20:00Z", "2026-11-26T12:00 at 2026-11-26T12:20:00Z",
		}, "", ""},
		{"all that are not too late", "missed = \"all\"\nmax_late = \"140m\"", []string{
			"2026-11-26T10:00 at 2026-11-26T12:20:00Z", "2026-11-26T11:00 at 2026-11-26T12:20:00Z", "2026-11-26T12:00 at 2026-11-26T12:20:00Z",
		}, "a: skipped (2026-11-26T09:00)", "too much time had passed when it could run."},
		{"too late for all", "missed = \"once\"\nmax_late = \"19m\"", nil, "a: skipped (2026-11-26T12:00)", "nor was it for 3 times before."},
	} {
		t.Run(test.name, func(t *testing.T) {
			inBubble(t, reportJob("0 * * * *", test.more), []string{"a.lua", keyScript}, func(b *bubble) {
				b.serve()
				b.until("2026-11-26T08:10:00Z")
				b.want(boss, "2026-11-26T07:00 at 2026-11-26T07:00:00Z", "2026-11-26T08:00 at 2026-11-26T08:00:00Z")
				b.stop()
				b.until("2026-11-26T12:20:00Z")
				b.want(boss)
				b.serve()
				b.want(boss, test.reports...)
				notices := b.take(ops)
				if test.notice == "" && len(notices) > 0 || test.notice != "" && (len(notices) != 1 || notices[0].header.Get("Subject") != test.notice || !strings.Contains(notices[0].text, test.text)) {
					t.Errorf("want %q, %q, got %+v", test.notice, test.text, notices)
				}
				// Neither what was missed nor what was run comes again.
				b.stop()
				b.serve()
				b.until("2026-11-26T13:30:00Z")
				b.want(boss, "2026-11-26T13:00 at 2026-11-26T13:00:00Z")
				b.want(ops)
			})
		})
	}
}

// FAULTS row S2: the clock skips the time or reads it twice, the zone changes, and the day
// is there every four years.
func TestServeS2(t *testing.T) {
	if raceEnabled {
		t.Skip("not about races, and takes long")
	}
	paris := "timezone = \"Europe/Paris\"\n"
	files := []string{"a.lua", keyScript}
	t.Run("gap and overlap", func(t *testing.T) {
		inBubble(t, reportJob("30 2 * * *", paris), files, func(b *bubble) {
			b.until("2027-03-26T12:00:00Z")
			b.serve()
			b.until("2027-03-29T12:00:00Z")
			b.want(boss, "2027-03-27 at 2027-03-27T01:30:00Z", "2027-03-28 at 2027-03-28T01:00:00Z", "2027-03-29 at 2027-03-29T00:30:00Z")
			b.until("2027-10-29T12:00:00Z")
			if n := len(b.take(boss)); n != 214 {
				t.Errorf("%d reports in 214 days", n)
			}
			b.until("2027-11-01T12:00:00Z")
			b.want(boss, "2027-10-30 at 2027-10-30T00:30:00Z", "2027-10-31 at 2027-10-31T00:30:00Z", "2027-11-01 at 2027-11-01T01:30:00Z")
			b.want(ops)
		})
	})
	t.Run("down during the gap", func(t *testing.T) {
		inBubble(t, reportJob("30 2 * * *", paris), files, func(b *bubble) {
			b.until("2027-03-27T12:00:00Z")
			b.serve()
			b.until("2027-03-28T00:50:00Z")
			b.stop()
			b.until("2027-03-28T01:10:00Z")
			b.serve()
			b.until("2027-03-29T12:00:00Z")
			b.want(boss, "2027-03-28 at 2027-03-28T01:10:00Z", "2027-03-29 at 2027-03-29T00:30:00Z")
			b.want(ops)
		})
	})
	t.Run("restarts while the clock reads it again", func(t *testing.T) {
		inBubble(t, reportJob("30 2 * * *", paris), files, func(b *bubble) {
			b.until("2027-10-31T00:00:00Z")
			b.serve()
			for _, at := range []string{"2027-10-31T00:30:30Z", "2027-10-31T01:10:00Z", "2027-10-31T01:30:00Z", "2027-10-31T01:30:30Z"} {
				b.until(at)
				b.stop()
				b.serve()
			}
			b.until("2027-11-01T00:00:00Z")
			b.want(boss, "2027-10-31 at 2027-10-31T00:30:00Z")
			b.want(ops)
		})
	})
	t.Run("another zone", func(t *testing.T) {
		inBubble(t, reportJob("0 7 * * *", paris), files, func(b *bubble) {
			b.serve()
			b.until("2026-11-27T06:10:00Z")
			b.want(boss, "2026-11-27 at 2026-11-27T06:00:00Z")
			// It is seven again on that day, and the report of that day is out.
			b.reload(reportJob("0 7 * * *", "timezone = \"America/New_York\"\n"))
			b.until("2026-11-28T13:00:00Z")
			b.want(boss, "2026-11-28 at 2026-11-28T12:00:00Z")
			b.reload(reportJob("0 7 * * *", "timezone = \"Asia/Tokyo\"\n"))
			b.until("2026-11-29T13:00:00Z")
			b.want(boss, "2026-11-29 at 2026-11-28T22:00:00Z")
			b.want(ops)
		})
	})
	t.Run("leap day", func(t *testing.T) {
		inBubble(t, reportJob("0 7 29 2 *", paris), files, func(b *bubble) {
			b.serve()
			b.until("2032-03-01T00:00:00Z")
			b.want(boss, "2028 at 2028-02-29T06:00:00Z", "2032 at 2032-02-29T06:00:00Z")
			b.want(ops)
		})
	})
}

// FAULTS row S3: a run takes longer than its period.
func TestServeS3(t *testing.T) {
	const slow = "require \"time\".sleep(25 * 60)\n" + keyScript
	late := func(period, at string) string { return "2026-11-26T" + period + " at 2026-11-26T" + at + ":00Z" }
	for _, test := range []struct {
		name, more string
		reports    []string
		notices    []string
		text       string // of the first notice
	}{
		{"by default it is left out", ``, []string{late("07:00", "07:25"), late("07:30", "07:55")},
			[]string{"a: skipped (2026-11-26T07:10) at 2026-11-26T07:10:00Z", "a: skipped (2026-11-26T07:20) at 2026-11-26T07:20:00Z",
				"a: skipped (2026-11-26T07:40) at 2026-11-26T07:40:00Z", "a: skipped (2026-11-26T07:50) at 2026-11-26T07:50:00Z"},
			"its last run was still there."},
		{"it waits", `overlap = "queue"`, []string{late("07:00", "07:25"), late("07:10", "07:50")}, nil, ""},
		{"it ends the other", `overlap = "kill"`, nil,
			[]string{"a: failed (2026-11-26T07:00) at 2026-11-26T07:10:00Z", "a: failed (2026-11-26T07:10) at 2026-11-26T07:20:00Z", "a: failed (2026-11-26T07:20) at 2026-11-26T07:30:00Z",
				"a: failed (2026-11-26T07:30) at 2026-11-26T07:40:00Z", "a: failed (2026-11-26T07:40) at 2026-11-26T07:50:00Z"},
			"the next period of the job began"},
	} {
		t.Run(test.name, func(t *testing.T) {
			jobs := reportJob("*/10 * * * *", test.more) + "\n[job.b]\nscript = \"b.lua\"\ncron = \"*/10 * * * *\"\n"
			inBubble(t, jobs, []string{"a.lua", slow, "b.lua", strings.Replace(keyScript, "boss@", "beside@", 1)}, func(b *bubble) {
				b.until("2026-11-26T06:55:00Z")
				b.serve()
				b.until("2026-11-26T07:59:00Z")
				b.want(boss, test.reports...)
				if n := len(b.take("beside@bank.example")); n != 6 {
					t.Errorf("the job beside it sent %d reports in an hour", n)
				}
				if notices := b.box.all(); len(notices) > 0 && !strings.Contains(notices[0].text, test.text) {
					t.Errorf("the notice says\n%s", notices[0].text)
				}
				b.want(ops, test.notices...)
			})
		})
	}
}

// FAULTS row S6: a job that fails each minute fills nobody's mailbox, and a notice tells of
// those that were held back. Nothing answers a notice.
func TestServeS6(t *testing.T) {
	if raceEnabled {
		t.Skip("not about races, and takes long")
	}
	inBubble(t, reportJob("* * * * *", ""), []string{"a.lua", `error "no data"`}, func(b *bubble) {
		b.serve()
		b.until("2026-11-26T11:30:30Z")
		perHour := map[string]int{}
		for _, e := range b.take(ops) {
			at, err := e.header.Date()
			if err != nil {
				t.Fatal(err)
			}
			perHour[at.UTC().Add(-30*60e9).Format("15")]++
			if e.from != "" || e.header.Get("Auto-Submitted") != "auto-generated" {
				t.Errorf("from %q, %v", e.from, e.header)
			}
		}
		for hour, n := range perHour {
			if n > 10 {
				t.Errorf("%d notices in the hour from %s:30", n, hour)
			}
		}
		if len(perHour) < 5 {
			t.Errorf("notices in %v", perHour)
		}
	})
}
