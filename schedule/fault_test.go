package schedule

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestFaultS1: the process is down at a fire time.
func TestFaultS1(t *testing.T) {
	for _, test := range []struct {
		name    string
		cron    string
		missed  Missed
		maxLate time.Duration
		down    time.Duration
		ran     []string // after the first one, 2026-11-26T07:00 or 2026-11-26
		told    []string
	}{
		{"once, by default", "0 7 * * *", "", 0, 3*24*time.Hour + 2*time.Hour, []string{"2026-11-29 2"}, nil},
		{"once, within a period", "0 7 * * *", "", 0, 23*time.Hour + 59*time.Minute, []string{"2026-11-27 0"}, nil},
		{"once, too late", "0 7 * * *", MissedOnce, time.Hour, 25*time.Hour + time.Minute, nil, []string{"a 2026-11-27 skipped late"}},
		{"once, not too late", "0 7 * * *", MissedOnce, time.Hour, 24*time.Hour + 30*time.Minute, []string{"2026-11-27 0"}, nil},
		{"skip", "0 7 * * *", MissedSkip, 0, 3*24*time.Hour + 2*time.Hour, nil, []string{"a 2026-11-29 skipped late"}},
		{"skip, but noticed within a minute", "0 7 * * *", MissedSkip, 0, 23*time.Hour + 30*time.Minute + 20*time.Second, []string{"2026-11-27 0"}, nil},
		{"all", "0 7 * * *", MissedAll, 0, 3*24*time.Hour + 2*time.Hour, []string{"2026-11-27 0", "2026-11-28 0", "2026-11-29 0"}, nil},
		{"all that are not too late", "0 7 * * *", MissedAll, 30 * time.Hour, 3*24*time.Hour + 2*time.Hour, []string{"2026-11-28 0", "2026-11-29 0"}, []string{"a 2026-11-27 skipped late"}},
		{"nothing missed", "0 7 * * *", MissedAll, 0, 20 * time.Hour, nil, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, "2026-11-26 06:30:00")
				job := w.job("a", test.cron, takes(time.Second))
				job.Missed, job.MaxLate = test.missed, test.maxLate
				w.begin(job)
				w.pass(time.Hour) // 07:30
				w.stop()
				w.pass(test.down - time.Second) // a second of it goes by below
				w.begin(job)
				w.pass(time.Minute)
				var ran []string
				for _, r := range w.runs["a"][1:] {
					ran = append(ran, fmt.Sprintf("%s %d", r.period, r.missed))
				}
				if !slices.Equal(ran, test.ran) {
					t.Errorf("ran %q, want %q", ran, test.ran)
				}
				w.wantTold(test.told...)
				w.stop()
			})
		})
	}
}

// TestFaultS1Backlog: ten years of times are no reason to run them.
func TestFaultS1Backlog(t *testing.T) {
	for missed, most := range map[Missed]int{MissedOnce: 1, MissedSkip: 0, MissedAll: Backlog} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, "2016-11-26 06:30:30")
			job := w.job("a", "*/10 * * * *", nil)
			job.Missed = missed
			w.begin(job)
			w.pass(11 * time.Minute)
			w.stop()
			w.clock.set(10 * 365 * 24 * time.Hour)
			w.begin(job)
			w.pass(time.Second)
			ran := w.ran("a")[1:]
			if len(ran) != most {
				t.Errorf("%s: %d runs, want %d", missed, len(ran), most)
			}
			if most > 0 && ran[len(ran)-1] != "2026-11-24T06:40" {
				t.Errorf("%s: the last is %s", missed, ran[len(ran)-1])
			}
			w.stop()
		})
	}
}

// TestFaultS2: gaps and overlaps live, leap days, another zone, other rules for the
// same zone: once for each date of the specification.
func TestFaultS2(t *testing.T) {
	for _, test := range []struct {
		name, zone, cron, from string
		days                   int
		ran                    []string
	}{
		{"gap", "Europe/Paris", "30 2 * * *", "2026-03-28 00:00:00", 3, []string{"2026-03-28", "2026-03-29", "2026-03-30"}},
		{"overlap", "Europe/Paris", "30 2 * * *", "2026-10-24 00:00:00", 3, []string{"2026-10-24", "2026-10-25", "2026-10-26"}},
		{"leap day", "Europe/Paris", "0 7 29 2 *", "2027-01-01 00:00:00", 1800, []string{"2028"}},
		{"last day of February", "Europe/Paris", "0 7 L 2 *", "2027-01-01 00:00:00", 1000, []string{"2027", "2028", "2029"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, test.from)
				job := w.job("a", test.cron, nil)
				job.Zone = mustZone(t, test.zone)
				w.begin(job)
				w.pass(time.Duration(test.days) * 24 * time.Hour)
				w.wantRan("a", test.ran...)
				w.wantTold()
				w.stop()
			})
		})
	}
	// The machine's zone data changes with a restart: the offset is another one.
	for _, offsets := range [][2]int{{1, 2}, {2, 1}, {-11, 13}, {13, -11}} {
		t.Run(fmt.Sprintf("rules from %+d to %+d", offsets[0], offsets[1]), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, "2026-11-26 00:00:00")
				job := w.job("a", "0 7 * * *", nil)
				job.Zone = time.FixedZone("X", offsets[0]*3600)
				w.begin(job)
				w.pass(3 * 24 * time.Hour)
				w.stop()
				job.Zone = time.FixedZone("X", offsets[1]*3600)
				w.begin(job)
				w.pass(3 * 24 * time.Hour)
				w.stop()
				ran := w.ran("a")
				if unique := slices.Compact(slices.Clone(ran)); len(unique) != len(ran) || len(ran) < 5 || len(ran) > 7 {
					t.Errorf("ran in %v", ran)
				}
			})
		})
	}
	t.Run("another zone", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, "2026-11-26 00:00:00")
			job := w.job("a", "0 7 * * *", nil)
			job.Zone = mustZone(t, "Europe/Paris")
			w.begin(job)
			w.pass(8 * time.Hour) // ran at 06:00 UTC
			job.Zone = mustZone(t, "America/New_York")
			if err := w.engine.Reload(t.Context(), []Job{job}); err != nil {
				t.Error(err)
			}
			w.pass(24 * time.Hour) // 12:00 UTC: the 26th again; and the next day not yet
			w.wantRan("a", "2026-11-26")
			w.pass(8 * time.Hour)
			w.wantRan("a", "2026-11-26", "2026-11-27")
			w.stop()
		})
	})
}

// TestFaultS3: a job takes longer than its period. It does not run twice at once,
// and somebody hears; see also TestOverlap.
func TestFaultS3(t *testing.T) {
	for _, overlap := range []Overlap{OverlapSkip, OverlapQueue, OverlapKill} {
		t.Run(string(overlap), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, "2026-11-26 06:59:30")
				at, most := 0, 0
				job := w.job("a", "* * * * *", func(ctx context.Context, r Run) Result {
					w.mu.Lock()
					at++
					most = max(most, at)
					w.mu.Unlock()
					result := takes(150*time.Second)(ctx, r)
					w.mu.Lock()
					at--
					w.mu.Unlock()
					return result
				})
				job.Overlap = overlap
				w.options.Notices = 10_000
				w.begin(job)
				w.pass(6 * time.Hour)
				w.stop()
				if most != 1 {
					t.Errorf("%d runs at once", most)
				}
				if len(w.told()) == 0 {
					t.Error("nobody heard")
				}
				outcomes := map[Outcome]int{}
				records, _ := w.state.History("a", w.clock.Now(), 1000)
				for _, r := range records {
					outcomes[r.Outcome]++
				}
				if overlap == OverlapKill && outcomes[OutcomeKilled] == 0 || overlap != OverlapKill && outcomes[OutcomeOK] == 0 || outcomes[OutcomeInDoubt] > 0 {
					t.Errorf("outcomes %v", outcomes)
				}
			})
		})
	}
}

// TestFaultS4: an error, a panic, and a run that does not end. The others do not
// notice.
func TestFaultS4(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "2026-11-26 06:59:30")
		w.options.Running = 2
		let := make(chan struct{})
		wedge := w.job("wedge", "0 7 * * *", wedged(let))
		wedge.Timeout, wedge.Watchdog = 10*time.Minute, 20*time.Second
		crash := w.job("crash", "0 7 * * *", func(context.Context, Run) Result {
			var rows []string
			return Result{Hint: rows[3]}
		})
		failing := w.job("failing", "0 7 * * *", fails(9))
		good := w.job("good", "*/5 * * * *", takes(time.Second))
		w.begin(wedge, crash, failing, good)
		w.pass(30 * time.Minute)
		w.wantOutcome("wedge", "2026-11-26", OutcomeTimeout, "")
		w.wantOutcome("crash", "2026-11-26", OutcomeFailed, "")
		w.wantTold("crash 2026-11-26 failed", "failing 2026-11-26 failed", "wedge 2026-11-26 failed")
		if r := w.record("crash", "2026-11-26"); !strings.Contains(r.Error, "index out of range") || !strings.Contains(r.Log, "fault_test.go") {
			t.Errorf("the panic: %+v", r)
		}
		if got := w.record("wedge", "2026-11-26"); !got.Ended.Equal(moment2026(t, "2026-11-26 07:10:20")) || !strings.Contains(got.Error, "did not end within 20s") {
			t.Errorf("the wedge: %+v", got)
		}
		if n := len(w.ran("good")); n != 6 {
			t.Errorf("the good one ran %d times", n)
		}
		// While it is there the job does not run; when it has ended it does again.
		w.pass(24 * time.Hour)
		w.wantOutcome("wedge", "2026-11-27", OutcomeSkipped, ReasonOverlap)
		close(let)
		w.pass(24 * time.Hour)
		w.wantOutcome("wedge", "2026-11-26", OutcomeOK, "") // it had done its work after all
		w.wantOutcome("wedge", "2026-11-28", OutcomeOK, "")
		w.stop()
	})
}

// TestFaultS4Kill: a run that should make room for the next one does not end.
func TestFaultS4Kill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "2026-11-26 06:59:30")
		let := make(chan struct{})
		job := w.job("a", "0 * * * *", wedged(let))
		job.Overlap = OverlapKill
		w.begin(job)
		w.pass(2*time.Hour + 5*time.Minute)
		w.wantRan("a", "2026-11-26T07:00")
		w.wantOutcome("a", "2026-11-26T07:00", OutcomeKilled, ReasonOverlap)
		w.wantOutcome("a", "2026-11-26T08:00", OutcomeSkipped, ReasonOverlap)
		w.wantOutcome("a", "2026-11-26T09:00", OutcomeSkipped, ReasonOverlap)
		close(let)
		w.pass(time.Hour)
		w.wantOutcome("a", "2026-11-26T10:00", OutcomeOK, "")
		w.stop()
	})
}

// TestFaultS5: the scheduler is told to end during runs.
func TestFaultS5(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "2026-11-26 06:59:30")
		w.options.Grace = time.Minute
		let := make(chan struct{})
		quick := w.job("quick", "0 7 * * *", takes(time.Minute))
		slow := w.job("slow", "0 7 * * *", takes(time.Hour))
		wedge := w.job("wedge", "0 7 * * *", wedged(let))
		waits := w.job("waits", "0 7 * * *", fails(1))
		waits.Retry = Retry{Attempts: 2, Wait: time.Hour}
		next := w.job("next", "1 7 * * *", nil)
		w.begin(quick, slow, wedge, waits, next)
		w.pass(40 * time.Second) // 07:00:10
		begin := time.Now()
		w.stop()
		if took := time.Since(begin); took != time.Minute+defaultWatchdog {
			t.Errorf("it took %s to end", took)
		}
		w.wantOutcome("quick", "2026-11-26", OutcomeOK, "")
		w.wantOutcome("slow", "2026-11-26", OutcomeKilled, ReasonStop)
		w.wantOutcome("wedge", "2026-11-26", OutcomeClaimed, "")
		w.wantRan("next")
		w.wantTold("slow 2026-11-26 failed stop")
		close(let)
		// The next process finds the doubt, ends the attempts, and misses nothing.
		w.begin(quick, slow, wedge, waits, next)
		w.pass(time.Minute)
		w.wantOutcome("wedge", "2026-11-26", OutcomeInDoubt, "")
		w.wantTold("slow 2026-11-26 failed stop", "wedge 2026-11-26 in doubt")
		w.wantRan("quick", "2026-11-26")
		w.wantRan("slow", "2026-11-26")
		w.wantRan("wedge", "2026-11-26")
		w.wantRan("waits", "2026-11-26", "2026-11-26")
		w.wantOutcome("waits", "2026-11-26", OutcomeOK, "")
		w.wantRan("next", "2026-11-26")
		w.stop()
	})
}

// TestFaultS6: what notices can do wrong themselves. They are capped for each
// recipient, none is lost from the count, and failing to send one makes no other.
// That nothing answers them is up to what they are sent with, see [Notice].
func TestFaultS6(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "2026-11-26 06:59:30")
		w.options.Notices = 5
		w.begin(w.job("a", "* * * * *", fails(9)))
		w.pass(5*time.Hour + time.Minute)
		var told, held int
		last := map[string]int{}
		for _, n := range w.notices {
			if n.Kind != NoticeHeld {
				told++
			}
			held += n.Held
			last[n.To]++
		}
		if most := 5 * 6; last["ops@bank.example"] > most {
			t.Errorf("%d notices in five hours, %d are the most", last["ops@bank.example"], most)
		}
		w.stop()
		w.begin() // no job fails any more
		if failures := len(w.ran("a")); told+held > failures || told+held < failures-60 {
			t.Errorf("%d failures, %d told and %d held back", failures, told, held)
		}
		w.stop()
	})
	t.Run("held back to the end", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, "2026-11-26 06:59:30")
			w.options.Notices = 1
			var jobs []Job
			for i := range 7 {
				jobs = append(jobs, w.job(fmt.Sprint("job", i), "0 7 26 11 *", fails(9)))
			}
			w.begin(jobs...)
			w.pass(3 * time.Hour)
			if len(w.notices) != 2 || w.notices[1].Kind != NoticeHeld || w.notices[1].Held != 6 {
				t.Errorf("notices %+v", w.notices)
			}
			w.stop()
		})
	})
	t.Run("that cannot be sent", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, "2026-11-26 06:59:30")
			tries := 0
			w.options.Notify = func(ctx context.Context, n Notice) error {
				tries++
				switch tries {
				case 1:
					<-ctx.Done() // a server that says nothing
					return ctx.Err()
				case 2:
					panic("no template")
				}
				return errors.New("no route to host")
			}
			w.begin(w.job("a", "0 7 * * *", fails(9)))
			w.pass(12 * time.Hour)
			if tries != 1+len(noticeWaits) {
				t.Errorf("%d attempts", tries)
			}
			w.stop()
		})
	})
}

// TestFaultL13: the clock is set.
func TestFaultL13(t *testing.T) {
	hourly := []string{"2026-11-26T07:00", "2026-11-26T08:00", "2026-11-26T09:00"}
	t.Run("back an hour", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, "2026-11-26 06:30:00")
			w.begin(w.job("a", "0 * * * *", nil))
			w.pass(2 * time.Hour) // 08:30
			w.set(-time.Hour)
			w.pass(2 * time.Hour) // 07:30 to 09:30
			w.wantRan("a", hourly...)
			w.wantTold()
			w.stop()
		})
	})
	t.Run("back an hour, again and again, and a deadline", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, "2026-11-26 06:30:00")
			job := w.job("a", "0 * * * *", takes(10*time.Minute))
			job.Deadline, job.Overlap = 20*time.Minute, OverlapKill
			w.begin(job)
			w.pass(35 * time.Minute) // 07:05, running
			for range 5 {
				w.set(-time.Hour)
				w.pass(time.Hour)
			}
			w.pass(2 * time.Hour)
			w.wantRan("a", hourly...)
			w.wantTold()
			w.stop()
		})
	})
	t.Run("forward an hour", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, "2026-11-26 06:30:00")
			w.begin(w.job("a", "0 * * * *", nil), w.job("b", "0 12 * * *", nil))
			w.pass(20 * time.Minute) // 06:50
			w.set(time.Hour)         // 07:50
			w.pass(100 * time.Minute)
			w.wantRan("a", hourly...)
			w.pass(4 * time.Hour)
			w.wantRan("b", "2026-11-26")
			w.stop()
		})
	})
	t.Run("forward ten years and back", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, "2026-11-26 06:30:00")
			jobs := []Job{w.job("once", "0 * * * *", nil), w.job("skip", "0 * * * *", nil), w.job("weekly", "0 7 * * FRI", nil)}
			jobs[1].Missed = MissedSkip
			w.begin(jobs...)
			w.pass(2 * time.Hour) // 08:30
			const decade = 10 * 365 * 24 * time.Hour
			w.set(decade) // 2036-11-23 08:30
			w.pass(time.Minute)
			w.wantRan("once", "2026-11-26T07:00", "2026-11-26T08:00", "2036-11-23T08:00")
			w.wantRan("skip", "2026-11-26T07:00", "2026-11-26T08:00")
			w.set(-decade) // 08:31
			w.pass(24 * time.Hour)
			if n := len(w.ran("once")); n != 2+1+24 {
				t.Errorf("%d runs: %v", n, w.ran("once"))
			}
			w.wantOutcome("weekly", "2026-W48", OutcomeOK, "")
			w.wantRan("weekly", "2036-W47", "2026-W48")
			w.stop()
			// A new process after the clock was ahead begins where this one ended.
			w.begin(jobs...)
			w.pass(time.Hour)
			if n := len(w.ran("once")); n != 2+1+24+1 {
				t.Errorf("%d runs: %v", n, w.ran("once"))
			}
			w.stop()
		})
	})
	t.Run("no clock at the start", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, "1970-01-01 00:00:30")
			w.begin(w.job("a", "0 7 * * *", nil))
			w.pass(time.Minute)
			w.set(moment2026(t, "2026-11-26 06:50:00").Sub(w.clock.Now()))
			w.pass(time.Hour)
			// Yesterday's is as late as it may be: it is run, as after any downtime.
			w.wantRan("a", "2026-11-25", "2026-11-26")
			w.stop()
		})
	})
	t.Run("a timeout does not follow it", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, "2026-11-26 06:59:00")
			job := w.job("a", "0 7 * * *", takes(20*time.Minute))
			job.Timeout = 30 * time.Minute
			w.begin(job)
			w.pass(5 * time.Minute)
			w.set(5 * time.Hour)
			w.pass(10 * time.Minute)
			w.set(-9 * time.Hour)
			w.pass(10 * time.Minute)
			w.wantOutcome("a", "2026-11-26", OutcomeOK, "")
			w.stop()
		})
	})
}
