package schedule

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestRunsAtItsTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "2026-11-26 06:00:00")
		job := w.job("weekly", "0 7 * * MON", nil)
		job.Zone = mustZone(t, "Europe/Paris")
		w.begin(job)
		w.pass(15 * 24 * time.Hour)
		w.wantRan("weekly", "2026-W49", "2026-W50")
		w.wantOutcome("weekly", "2026-W49", OutcomeOK, "")
		if at := w.runs["weekly"][0].at; !at.Equal(moment2026(t, "2026-11-30 06:00:00")) {
			t.Errorf("ran at %s", at)
		}
		// Two fire times: two alarms, and none in between.
		if w.clock.rings != 2 {
			t.Errorf("woke %d times for 2 fire times", w.clock.rings)
		}
		w.wantTold()
		w.stop()
	})
}

func TestOutcomes(t *testing.T) {
	for _, test := range []struct {
		name    string
		result  Result
		outcome Outcome
		told    bool
	}{
		{"nothing said", Result{}, OutcomeOK, false},
		{"nothing to report", Result{Outcome: OutcomeNothing}, OutcomeNothing, false},
		{"error", Result{Err: errors.New("no rows")}, OutcomeFailed, true},
		{"ok with a remark", Result{Outcome: OutcomeOK, Err: errors.New("one address was odd")}, OutcomeOK, false},
		{"an outcome of its own", Result{Outcome: "great"}, OutcomeFailed, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, "2026-11-26 06:00:00")
				w.begin(w.job("a", "0 7 * * *", func(context.Context, Run) Result { return test.result }))
				w.pass(2 * time.Hour)
				w.wantOutcome("a", "2026-11-26", test.outcome, "")
				if told := len(w.told()) > 0; told != test.told {
					t.Errorf("notices: %q", w.told())
				}
				w.stop()
			})
		})
	}
}

func TestRetry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "2026-11-26 06:00:00")
		job := w.job("a", "0 7 * * *", fails(3))
		job.Retry = Retry{Attempts: 4, Wait: time.Minute, MaxWait: 3 * time.Minute}
		hopeless := w.job("b", "0 7 * * *", fails(9))
		hopeless.Retry = job.Retry
		final := w.job("c", "0 7 * * *", func(context.Context, Run) Result {
			return Result{Err: errors.New("half of it is sent"), Final: true}
		})
		final.Retry = job.Retry
		w.begin(job, hopeless, final)
		w.pass(time.Hour + 90*time.Second)
		w.wantOutcome("a", "2026-11-26", OutcomeRetry, "")
		w.pass(2 * time.Hour)
		var waits []time.Duration
		for i, r := range w.runs["a"] {
			if i > 0 {
				waits = append(waits, r.at.Sub(w.runs["a"][i-1].at))
			}
		}
		if len(waits) != 3 || waits[0] != time.Minute || waits[1] != 2*time.Minute || waits[2] != 3*time.Minute {
			t.Errorf("pauses %v", waits)
		}
		w.wantOutcome("a", "2026-11-26", OutcomeOK, "")
		w.wantOutcome("b", "2026-11-26", OutcomeFailed, "")
		w.wantRan("c", "2026-11-26")
		w.wantTold("c 2026-11-26 failed", "b 2026-11-26 failed")
		n := w.notices[1]
		if n.Record.Error != "no rows" || n.Record.Hint != "look at the query" || n.Record.Log != "select 1\n" || n.Record.Attempt != 4 {
			t.Errorf("notice %+v", n)
		}
		w.stop()
	})
}

func TestOverlap(t *testing.T) {
	for _, test := range []struct {
		overlap Overlap
		ran     []string
		second  Outcome
		told    []string
	}{
		{OverlapSkip, []string{"2026-11-26T07:00", "2026-11-26T09:00"}, OutcomeSkipped, []string{"a 2026-11-26T08:00 skipped overlap", "a 2026-11-26T10:00 skipped overlap"}},
		{OverlapQueue, []string{"2026-11-26T07:00", "2026-11-26T08:00", "2026-11-26T09:00"}, OutcomeOK, nil},
		{OverlapKill, []string{"2026-11-26T07:00", "2026-11-26T08:00", "2026-11-26T09:00", "2026-11-26T10:00"}, OutcomeKilled, []string{"a 2026-11-26T07:00 failed overlap", "a 2026-11-26T08:00 failed overlap", "a 2026-11-26T09:00 failed overlap"}},
	} {
		t.Run(string(test.overlap), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, "2026-11-26 06:30:00")
				job := w.job("a", "0 7-20 * * *", takes(90*time.Minute))
				job.Overlap = test.overlap
				w.begin(job)
				w.pass(4 * time.Hour) // 10:30
				w.wantRan("a", test.ran...)
				if got := w.record("a", "2026-11-26T08:00").Outcome; got != test.second {
					t.Errorf("the second one: %s, want %s", got, test.second)
				}
				w.wantTold(test.told...)
				w.stop()
			})
		})
	}
}

func TestTimeoutAndDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "2026-11-26 06:00:00")
		slow := w.job("slow", "0 7 * * *", takes(3*time.Hour))
		slow.Timeout = 2 * time.Hour
		slow.Deadline = time.Hour
		quick := w.job("quick", "0 7 * * *", func(context.Context, Run) Result { return Result{Outcome: OutcomeNothing} })
		quick.Deadline = time.Hour
		broken := w.job("broken", "0 7 * * *", fails(9))
		broken.Deadline = time.Hour
		w.begin(slow, quick, broken)
		w.pass(90 * time.Minute)
		w.wantTold("broken 2026-11-26 failed")
		w.pass(time.Hour)
		w.wantTold("broken 2026-11-26 failed", "slow 2026-11-26 deadline")
		w.pass(time.Hour)
		w.wantOutcome("slow", "2026-11-26", OutcomeTimeout, "")
		w.wantTold("broken 2026-11-26 failed", "slow 2026-11-26 deadline", "slow 2026-11-26 failed")
		w.stop()
	})
}

func TestReload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "2026-11-26 06:00:00")
		w.begin(w.job("a", "0 7 * * *", nil), w.job("gone", "0 12 * * *", nil), w.job("same", "0 8 * * *", nil))
		w.pass(2 * time.Hour)
		reload := func(jobs ...Job) error {
			defer synctest.Wait()
			return w.engine.Reload(t.Context(), jobs)
		}
		if err := reload(Job{Name: "bad"}); err == nil {
			t.Error("a job without anything was taken")
		}
		// A daily job keeps its day; a new one counts from now.
		if err := reload(w.job("a", "0 9 * * *", nil), w.job("new", "0 5,11 * * *", nil), w.job("same", "0 8 * * *", nil)); err != nil {
			t.Error(err)
		}
		status, err := w.engine.Status(t.Context())
		if err != nil || len(status) != 3 || status[1].Job != "new" || status[1].Next.Period != "2026-11-26T11:00" {
			t.Errorf("status %+v, %v", status, err)
		}
		w.pass(10 * time.Hour)
		w.wantRan("a", "2026-11-26")
		w.wantRan("gone")
		w.wantRan("new", "2026-11-26T11:00")
		w.wantRan("same", "2026-11-26")
		w.pass(24 * time.Hour)
		w.wantRan("a", "2026-11-26", "2026-11-27")
		// A job that comes back, or comes with another specification after a restart,
		// counts from now too: it is 18:00, and nothing of before is run.
		gone, other := w.job("gone", "0 12 * * *", nil), w.job("a", "30 12,18 * * *", nil)
		gone.Missed, other.Missed = MissedAll, MissedAll
		if err := reload(gone); err != nil {
			t.Error(err)
		}
		w.pass(time.Minute)
		w.stop()
		w.begin(gone, other)
		w.pass(10 * time.Minute)
		w.wantRan("gone")
		w.wantRan("a", "2026-11-26", "2026-11-27")
		w.stop()
		// But of what was missed since then nothing is forgotten.
		w.pass(time.Hour)
		w.begin(gone, other)
		w.pass(time.Minute)
		w.wantRan("a", "2026-11-26", "2026-11-27", "2026-11-27T18:30")
		w.stop()
		if err := reload(gone); err != errGone {
			t.Error(err)
		}
	})
}

func TestDaysOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "2026-12-24 06:00:00")
		job := w.job("a", "0 7 * * *", nil)
		dates, err := ParseCalendar("# ours\n2026-12-25 Christmas\n\n2026-12-31\n")
		if err != nil {
			t.Fatal(err)
		}
		job.DaysOff = DaysOff{Weekdays: []time.Weekday{time.Sunday}, Dates: dates}
		w.begin(job)
		w.pass(9 * 24 * time.Hour)
		w.wantRan("a", "2026-12-24", "2026-12-26", "2026-12-28", "2026-12-29", "2026-12-30", "2027-01-01")
		w.wantOutcome("a", "2026-12-25", OutcomeSkipped, ReasonDayOff)
		w.wantTold()
		w.stop()
	})
}

func TestManyAtOnce(t *testing.T) {
	for _, test := range []struct {
		name    string
		running int
		takes   time.Duration
	}{
		{"no bound", 0, 30 * time.Second},
		{"50 at once", 50, 5 * time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, "2026-11-26 06:59:00")
				w.options.Running = test.running
				var now, most int
				var jobs []Job
				for i := range 500 {
					jobs = append(jobs, w.job("job-"+string(rune('A'+i/26))+string(rune('a'+i%26)), "0 7 * * *", func(ctx context.Context, r Run) Result {
						w.mu.Lock()
						now++
						most = max(most, now)
						w.mu.Unlock()
						defer func() { w.mu.Lock(); now--; w.mu.Unlock() }()
						return takes(test.takes)(ctx, r)
					}))
				}
				w.begin(jobs...)
				w.pass(10 * time.Minute)
				for name, runs := range w.runs {
					if len(runs) != 1 || runs[0].at.After(moment2026(t, "2026-11-26 07:01:00")) {
						t.Errorf("%s: %v", name, runs)
					}
				}
				if len(w.runs) != 500 || test.running > 0 && most != test.running {
					t.Errorf("%d jobs ran, %d at once", len(w.runs), most)
				}
				w.stop()
			})
		})
	}
}

func TestJitter(t *testing.T) {
	job := Job{Name: "a", Spec: mustSpec(t, "*/10 * * * *"), Jitter: time.Hour}
	from := time.Date(2026, 11, 26, 0, 0, 0, 0, time.UTC)
	other := job
	other.Name = "b"
	seen := map[time.Duration]bool{}
	var last time.Time
	n := 0
	for fire := range job.Fires(from, from.Add(24*time.Hour)) {
		delay := fire.Due.Sub(fire.At)
		if delay < 0 || delay >= 10*time.Minute || !fire.Due.After(last) {
			t.Errorf("%s is due at %s", fire.Period, fire.Due)
		}
		last = fire.Due
		seen[delay] = true
		for again := range job.Fires(fire.At.Add(-time.Second), fire.At) {
			if again != fire {
				t.Errorf("%+v, and then %+v", fire, again)
			}
		}
		for unlike := range other.Fires(fire.At.Add(-time.Second), fire.At) {
			if unlike.Due.Equal(fire.Due) {
				t.Errorf("two jobs are due at %s", fire.Due)
			}
		}
		n++
	}
	if n != 144 || len(seen) < 140 {
		t.Errorf("%d fire times, %d delays", n, len(seen))
	}
}

func TestJobErrors(t *testing.T) {
	good := Job{Name: "a", Spec: mustSpec(t, "@daily"), Run: func(context.Context, Run) Result { return Result{} }}
	for _, test := range []struct {
		change func(*Job)
		want   string
	}{
		{func(j *Job) { j.Name = "" }, "schedule: a job without a name"},
		{func(j *Job) { j.Spec = Spec{} }, "schedule: job a: no cron specification"},
		{func(j *Job) { j.Run = nil }, "schedule: job a: nothing to run"},
		{func(j *Job) { j.Missed = "never" }, `schedule: job a: missed "never" is not once, skip or all`},
		{func(j *Job) { j.Overlap = "x" }, `schedule: job a: overlap "x" is not skip, queue or kill`},
		{func(j *Job) { j.Doubt = "x" }, `schedule: job a: doubt "x" is not report or rerun`},
		{func(j *Job) { j.Timeout = -1 }, "schedule: job a: timeout -1ns is negative"},
		{func(j *Job) { j.Retry.Attempts = -1 }, "schedule: job a: retry attempts -1 is not at least 1"},
		{func(j *Job) { j.DaysOff.Weekdays = []time.Weekday{7} }, "schedule: job a: days off: weekday 7: must be from 0 to 6"},
		{func(j *Job) { j.DaysOff.Weekdays = []time.Weekday{0, 1, 2, 3, 4, 5, 6} }, "schedule: job a: days off: every weekday is off, so the job would never run"},
	} {
		job := good
		test.change(&job)
		if _, err := New(Options{State: &Memory{}}, []Job{job}); err == nil || err.Error() != test.want {
			t.Errorf("%v, want %s", err, test.want)
		}
	}
	if _, err := New(Options{State: &Memory{}}, []Job{good, good}); err == nil || !strings.Contains(err.Error(), "two of this name") {
		t.Error(err)
	}
	if _, err := New(Options{}, []Job{good}); err == nil {
		t.Error("an engine without a state")
	}
}
