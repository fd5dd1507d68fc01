package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/mailscript/mailscript/mime"
	"github.com/mailscript/mailscript/schedule"
)

// Job is one table [job.NAME]: a script that runs at certain times.
type Job struct {
	// Job says when and how. It has nothing to run yet, and of the days off only
	// those that stand in the table; see [Job.Scheduled].
	schedule.Job
	// Script is the path of the script, absolute where the configuration has a path.
	Script string
	// Args are the script's arguments.
	Args []string
	// Account is what the script and notices about it send through where they name
	// none; "" is "default".
	Account string
	// DaysOffFile is a file of further days off, "" where there is none.
	DaysOffFile string

	daysOffAt place
}

// maxDaysOff is the size of the largest file of days off that is read, in bytes.
const maxDaysOff = 1 << 20

// Scheduled is the job with the days off of its file. An error is an *Error.
func (j Job) Scheduled() (schedule.Job, error) {
	if j.DaysOffFile == "" {
		return j.Job, nil
	}
	text, _, err := readRegular(j.DaysOffFile, maxDaysOff)
	if err != nil {
		return j.Job, j.daysOffAt.fault(fmt.Sprintf("days_off: %s: %s", j.DaysOffFile, err), "a file has one date a line: 2026-12-25 Christmas", err)
	}
	dates, err := schedule.ParseCalendar(string(text))
	if err != nil {
		return j.Job, j.daysOffAt.fault(fmt.Sprintf("days_off: %s: %s", j.DaysOffFile, err), "a file has one date a line: 2026-12-25 Christmas", err)
	}
	scheduled := j.Job
	scheduled.DaysOff.Dates = slices.Concat(j.DaysOff.Dates, dates)
	return scheduled, nil
}

// job reads one table [job.NAME].
func (t *table) job(name, folder string) Job {
	j := Job{Job: schedule.Job{Name: name}}
	before := len(t.faults)
	if text, e := t.string("script"); e != nil {
		path, err := inFolder(folder, text)
		if err != nil {
			t.fail(e.value, "write the whole path", "script: %s", err)
		}
		j.Script = path
	}
	t.strings("args", func(text string, _ *entry) { j.Args = append(j.Args, text) })
	t.when(&j, folder)
	j.Missed = schedule.Missed(t.choice("missed", string(schedule.MissedOnce), string(schedule.MissedSkip), string(schedule.MissedAll)))
	j.MaxLate = t.span("max_late", time.Second)
	j.Overlap = schedule.Overlap(t.choice("overlap", string(schedule.OverlapSkip), string(schedule.OverlapQueue), string(schedule.OverlapKill)))
	j.Timeout = t.span("timeout", time.Second)
	j.Watchdog = t.span("watchdog", time.Second)
	j.Doubt = schedule.Doubt(t.choice("in_doubt", string(schedule.DoubtReport), string(schedule.DoubtRerun)))
	j.Deadline = t.span("deadline", time.Second)
	if retries := t.table("retries"); retries != nil {
		j.Retry = retries.retries()
	}
	t.notices(&j)
	t.finish(jobKeyHint)
	if len(t.faults) > before {
		return j
	}
	switch {
	case j.Script == "":
		t.fail(t.entry.key, `write script = "weekly.lua"`, "job %q has no script", name)
	case t.values["cron"] == nil:
		t.fail(t.entry.key, `write cron = "0 7 * * MON": minute, hour, day, month, weekday`, "job %q does not say when", name)
	}
	return j
}

// jobKeyHint knows how other programs call a setting.
func jobKeyHint(key string) string {
	switch strings.ToLower(key) {
	case "schedule", "when", "at", "spec", "every", "interval":
		return `it is called cron here: cron = "0 7 * * MON"`
	case "command", "run", "file", "exec":
		return "it is called script here, and is a Lua script"
	case "tz", "zone", "location":
		return "it is called timezone here"
	case "holidays", "exclude", "blackout":
		return "it is called days_off here"
	case "retry", "attempts", "max_retries":
		return `retries are a table: retries = { attempts = 3, wait = "5m" }`
	case "notify", "mailto", "email", "on_error", "alert":
		return "it is called on_failure here"
	case "catch_up", "catchup", "misfire", "persistent":
		return `it is called missed here: "once", "skip" or "all"`
	case "concurrency", "concurrent":
		return `it is called overlap here: "skip", "queue" or "kill"`
	}
	return ""
}

// when reads at which times the job runs.
func (t *table) when(j *Job, folder string) {
	options := schedule.SpecOptions{Seconds: t.bool("seconds")}
	if text, e := t.string("cron"); e != nil {
		spec, err := schedule.ParseSpec(text, options)
		if err != nil {
			t.specFault(e, text, err)
		}
		j.Spec = spec
	}
	if text, e := t.string("timezone"); e != nil {
		// Local is a name for time.LoadLocation, and another zone on each machine.
		zone, err := time.LoadLocation(text)
		if err != nil || strings.EqualFold(text, "local") {
			t.fail(e.value, `a zone is called "Europe/Paris" or "UTC"`, "timezone is none that is known")
		}
		j.Zone = zone
	}
	j.Jitter = t.span("jitter", time.Millisecond)
	t.daysOff(j, folder)
}

// specFault puts the caret below the field at fault.
func (t *table) specFault(e *entry, text string, err error) {
	at, hint, problem := e.value, "", err.Error()
	var fault *schedule.SpecError
	if errors.As(err, &fault) {
		hint, problem = fault.Hint, fault.Problem
		if len(strings.Fields(text)) == 6 && t.values["seconds"] == nil {
			hint = "where the first field is the second, write seconds = true"
		}
		if fault.Field != "" {
			problem = fault.Field + ": " + problem
		}
		// Only where the value is written as it is, between two quotes.
		if start := at.start + fault.Column; fault.Column > 0 && at.end-at.start == len(text)+2 && fault.Column <= len(text) {
			field, _, _ := strings.Cut(text[fault.Column-1:], " ")
			at = span{start, start + max(1, len(field))}
		}
	}
	t.fail(at, hint, "cron: %s", problem)
}

// daysOff reads dates, weekdays, or the path of a file of dates.
func (t *table) daysOff(j *Job, folder string) {
	path, alone := t.values["days_off"].(string)
	if _, listed := dayOff(path); alone && !listed {
		text, e := t.string("days_off")
		if e == nil {
			return
		}
		j.daysOffAt = t.place(e.value)
		file, err := inFolder(folder, text)
		if err != nil {
			t.fail(e.value, "write the whole path", "days_off: %s", err)
		}
		j.DaysOffFile = file
		return
	}
	list, _ := t.strings("days_off", func(text string, e *entry) {
		day, ok := dayOff(text)
		if !ok {
			t.fail(e.value, `write dates and weekdays, as in ["SAT", "SUN", "2026-12-25"], or the path of one file`, "days_off: this is neither a date nor a weekday")
			return
		}
		j.DaysOff.Weekdays = append(j.DaysOff.Weekdays, day.Weekdays...)
		j.DaysOff.Dates = append(j.DaysOff.Dates, day.Dates...)
	})
	week := slices.Clone(j.DaysOff.Weekdays)
	slices.Sort(week)
	if list != nil && len(slices.Compact(week)) == 7 {
		t.fail(list.value, "", "days_off: no day is left")
	}
}

// dayOff is a date, or a weekday by its English name.
func dayOff(text string) (schedule.DaysOff, bool) {
	for day := time.Sunday; day <= time.Saturday; day++ {
		if strings.EqualFold(text, day.String()) || strings.EqualFold(text, day.String()[:3]) {
			return schedule.DaysOff{Weekdays: []time.Weekday{day}}, true
		}
	}
	date, err := schedule.ParseDate(text)
	return schedule.DaysOff{Dates: []schedule.Date{date}}, err == nil
}

// maxAttempts bounds how often a job is tried in one period.
const maxAttempts = 100

// retries reads the table of that name.
func (t *table) retries() schedule.Retry {
	var r schedule.Retry
	if n, e := t.integer("attempts"); e != nil {
		if n < 1 || n > maxAttempts {
			t.fail(e.value, "it counts all runs, the first one too", "attempts must be between 1 and %d", maxAttempts)
		}
		r.Attempts = int(n)
	} else if t.values["attempts"] == nil {
		t.fail(t.entry.key, "write retries = { attempts = 3 }", "retries does not say how many attempts")
	}
	r.Wait = t.span("wait", time.Second)
	r.MaxWait = t.span("max_wait", time.Second)
	if r.MaxWait > 0 && r.MaxWait < r.Wait {
		t.fail(t.entry.entries["max_wait"].value, "", "max_wait is shorter than wait")
	}
	t.finish(nil)
	return r
}

// notices reads who is told of a failure, and how.
func (t *table) notices(j *Job) {
	list, _ := t.strings("on_failure", func(text string, e *entry) {
		address, err := mime.ParseAddress(text)
		wire := ""
		if err == nil {
			wire, err = address.Wire()
		}
		if err != nil {
			t.fail(e.value, `write "ops@example.org"`, "on_failure: this is not an address")
			return
		}
		if domain := wire[strings.LastIndexByte(wire, '@')+1:]; !t.file.AllowsDomain(domain) {
			t.fail(e.value, "add its domain to allow", "on_failure: [recipients] allow lets no mail go there")
			return
		}
		j.Notify = append(j.Notify, wire)
	})
	text, e := t.string("account")
	j.Account = text
	name := "default"
	if e != nil {
		name = text
	}
	if _, ok := t.file.Accounts[name]; ok {
		return
	}
	switch {
	case e != nil:
		t.fail(e.value, "a line [account.NAME] begins one", "there is no account of this name")
	case list != nil && t.values["account"] == nil:
		t.fail(list.key, `write account = "NAME"`, `on_failure needs an account to send through, and there is none called "default"`)
	}
}

// maxSpan bounds the spans of jobs; more is a mistake in the unit.
const maxSpan = 366 * 24 * time.Hour

// span reads seconds, or a string such as "14d", "36h" or "90s".
func (t *table) span(key string, least time.Duration) time.Duration {
	value, e := t.take(key)
	var d time.Duration
	switch v := value.(type) {
	case nil:
		return 0
	case int64:
		d = secondsUpTo(v, maxSpan)
	case string:
		var err error
		if d, err = parseLongTime(v); err != nil {
			t.fail(e.value, `write "2d", "36h", "90s", or seconds without quotes`, "%s is not a duration", key)
			return 0
		}
	default:
		t.wrongType(e, key, `seconds or a string such as "36h"`, value)
		return 0
	}
	switch {
	case d < least:
		t.fail(e.value, "leave the key out for the default", "%s must be at least %s", key, least)
		return 0
	case d > maxSpan:
		t.fail(e.value, "a bare number is seconds", "%s is longer than a year", key)
		return 0
	}
	return d
}
