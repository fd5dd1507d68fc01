package luaapi

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/mailscript/mailscript/engine"
)

// inJob runs Lua for a job.
func inJob(t *testing.T, job *Job, source string) (string, error) {
	t.Helper()
	api := New(Options{Root: t.TempDir(), Job: job})
	var out bytes.Buffer
	rt := engine.New(engine.Options{Modules: api.Modules(), Stdout: &out})
	defer rt.Close(t.Context())
	script, err := engine.LoadSource("test.lua", `local job, time = require "job", require "time"`+"\n"+source)
	if err != nil {
		t.Fatal(err)
	}
	err = rt.Run(t.Context(), script)
	return strings.TrimSuffix(out.String(), "\n"), err
}

func TestJob(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 9, 7, 5, 0, 0, 0, time.UTC)
	all := `print(job.name, job.key, job.period, job.scheduled, job.mode, job.previous)`
	for _, test := range []struct {
		name   string
		job    *Job
		source string
		want   string
	}{
		{"no job", nil, all, "nil\tnil\tnil\tnil\tnil\tnil"},
		{"the first run", &Job{Name: "sales", Period: "2026-W37", Zone: berlin, Scheduled: at, Mode: JobScheduled}, all, "sales\t2026-W37\t2026-W37\t2026-09-07T07:00:00+02:00\tschedule\tnil"},
		{"by hand", &Job{Name: "sales", Mode: JobManual}, all, "sales\tnil\tnil\tnil\tmanual\tnil"},
		{"several times a day", &Job{Name: "sales", Period: "2026-09-07T07:00", Zone: berlin, Scheduled: at, Mode: JobRehearsed}, all, "sales\t2026-09-07T07:00\tnil\t2026-09-07T07:00:00+02:00\trehearsal\tnil"},
		{"no words", &Job{Name: "sales", Period: "last week"}, `print(job.period)`, "nil"},
		{"the week before", &Job{Name: "sales", Period: "2026-W37", Zone: berlin}, `local week = job.period:previous() print(week, week.starts, week.ends)`, "2026-W36\t2026-08-31T00:00:00+02:00\t2026-09-07T00:00:00+02:00"},
		{"UTC", &Job{Name: "sales", Period: "2026-09"}, `print(job.period.starts)`, "2026-09-01T00:00:00Z"},
		{"the run before", &Job{Name: "sales", Zone: berlin, Previous: &PreviousRun{At: at, Period: "2026-W37", Outcome: "nothing"}}, `local p = job.previous print(p.at, p.key, p.outcome, p)`, "2026-09-07T07:00:00+02:00\t2026-W37\tnothing\t2026-W37: nothing"},
	} {
		got, err := inJob(t, test.job, test.source)
		if err != nil || got != test.want {
			t.Errorf("%s: %v\n%s\nwant\n%s", test.name, err, got, test.want)
		}
	}
	for _, test := range []struct{ source, want string }{
		{`job.skip()`, "argument 1 (reason) is missing"},
		{`job.skip("")`, "a reason is missing"},
		{`job.name = "x"`, "module job is read-only"},
		{`print(job.nmae)`, `module job has no function "nmae" (did you mean "name"?)`},
	} {
		if _, err := inJob(t, nil, test.source); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s\n%v\nwant %s", test.source, err, test.want)
		}
	}
}

// Nothing catches the end of a run, and nothing runs behind it.
func TestJobSkip(t *testing.T) {
	for _, source := range []string{
		`job.skip("no sales")`,
		`pcall(job.skip, "no sales") print "behind"`,
		`try(job.skip, "no sales") print "behind"`,
		`pcall(pcall, function() job.skip("no sales") end) print "behind"`,
		`xpcall(function() job.skip("no sales") end, function() print "handler" end) print "behind"`,
		`coroutine.wrap(function() job.skip("no sales") end)() print "behind"`,
		`pcall(coroutine.wrap(function() job.skip("no sales") end)) print "behind"`,
		`table.sort({ 1, 2, 3 }, function() job.skip("no sales") end) print "behind"`,
		`pcall(require "csv".write, "x.csv", function() job.skip("no sales") end) print "behind"`,
		`pcall(require "xlsx".workbook, { name = "x.xlsx", sheets = { { name = "x", columns = { "a" }, rows = function() job.skip("no sales") end } } }) print "behind"`,
		`pcall(function() local t = setmetatable({}, { __index = function() job.skip("no sales") end }) return t.x end) print "behind"`,
	} {
		for _, job := range []*Job{nil, {Name: "sales"}} {
			out, err := inJob(t, job, source)
			var nothing *NothingToReport
			if out != "" || !errors.As(err, &nothing) || nothing.Reason != "no sales" || err.Error() != "nothing to report: no sales" {
				t.Errorf("%s\nprinted %q and ended with %v", source, out, err)
			}
		}
	}
}
