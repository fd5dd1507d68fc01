package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mailscript/mailscript/schedule"
)

func TestJob(t *testing.T) {
	folder := t.TempDir()
	file, err := Parse(filepath.Join(folder, Name), []byte(`
[account.reports]
host = "smtp.example.org"
[job.weekly-sales]
script = "weekly.lua"
args = ["north", "2"]
cron = "0 0 7 * * MON"
seconds = true
timezone = "Europe/Paris"
jitter = "2m"
days_off = "holidays.txt"
missed = "all"
max_late = "2d"
overlap = "queue"
timeout = 90
watchdog = "5s"
retries = { attempts = 3, wait = "5m", max_wait = "1h" }
in_doubt = "rerun"
deadline = "30m"
on_failure = ["Ops <ops@example.org>", "boss@example.org"]
account = "reports"
[job.daily]
script = "/srv/daily.lua"
cron = "@daily"
days_off = ["sat", "Sunday", "2026-12-25"]
`))
	if err != nil {
		t.Fatal(said(err))
	}
	j := file.Jobs[0]
	if j.Name != "weekly-sales" || j.Script != filepath.Join(folder, "weekly.lua") || strings.Join(j.Args, " ") != "north 2" || j.Account != "reports" {
		t.Errorf("%+v", j)
	}
	if j.Spec.String() != "0 0 7 * * MON" || j.Zone.String() != "Europe/Paris" || j.Jitter != 2*time.Minute || j.Missed != schedule.MissedAll ||
		j.MaxLate != 48*time.Hour || j.Overlap != schedule.OverlapQueue || j.Timeout != 90*time.Second || j.Watchdog != 5*time.Second ||
		j.Retry != (schedule.Retry{Attempts: 3, Wait: 5 * time.Minute, MaxWait: time.Hour}) || j.Doubt != schedule.DoubtRerun ||
		j.Deadline != 30*time.Minute || strings.Join(j.Notify, " ") != "ops@example.org boss@example.org" {
		t.Errorf("%+v", j.Job)
	}
	off := file.Jobs[1].DaysOff
	if len(off.Weekdays) != 2 || off.Weekdays[1] != time.Sunday || len(off.Dates) != 1 || off.Dates[0].String() != "2026-12-25" {
		t.Errorf("%+v", off)
	}
}

// The days off of a file are read when the job is to be scheduled, and a mistake
// in it has the place where the file is named.
func TestDaysOffFile(t *testing.T) {
	folder := t.TempDir()
	file, err := Parse(filepath.Join(folder, Name), []byte("[job.a]\nscript = \"a.lua\"\ncron = \"@daily\"\ndays_off = \"holidays.txt\"\n"))
	if err != nil {
		t.Fatal(said(err))
	}
	for text, want := range map[string]string{
		"":                     "no such file",
		"# 2026\nChristmas\n":  "line 2",
		"2026-12-25 Christmas": "",
	} {
		if text != "" {
			if err := os.WriteFile(filepath.Join(folder, "holidays.txt"), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		job, err := file.Jobs[0].Scheduled()
		var fault *Error
		switch {
		case want == "" && (err != nil || len(job.DaysOff.Dates) != 1):
			t.Errorf("%q: %v, %v", text, job.DaysOff, err)
		case want != "" && (!errors.As(err, &fault) || fault.Line != 4 || !strings.Contains(fault.Text, want)):
			t.Errorf("%q: %v", text, err)
		}
		os.Remove(filepath.Join(folder, "holidays.txt"))
	}
}
