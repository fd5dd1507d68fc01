package luaapi

import (
	"time"

	"github.com/mailscript/mailscript/civil"
	lua "github.com/yuin/gopher-lua"
)

// JobMode says who began the run of a job.
type JobMode string

// The modes.
const (
	JobScheduled JobMode = "schedule"  // its time came
	JobManual    JobMode = "manual"    // somebody asked for it
	JobRehearsed JobMode = "rehearsal" // somebody tries it out
)

// Job is the job that a script runs for.
type Job struct {
	Name string
	// Period is the key of the period, such as 2026-W37; "" where the run has none.
	Period string
	// Zone is that of the job; nil is UTC.
	Zone *time.Location
	// Scheduled is when the run was due; zero where no schedule began it.
	Scheduled time.Time
	// Previous is the run before that got to an end; nil without.
	Previous *PreviousRun
	Mode     JobMode
}

// PreviousRun is what became of an earlier run of a job.
type PreviousRun struct {
	At      time.Time // when it was due
	Period  string
	Outcome string // in the words of the scheduler: "ok", "nothing", "failed" …
}

// NothingToReport ends a run whose script says so. It is an outcome, and no error.
type NothingToReport struct{ Reason string }

func (e *NothingToReport) Error() string { return "nothing to report: " + e.Reason }

func jobModule() *Module {
	// Each field is nil where the script runs for no job.
	field := func(name, typ, doc string, get func(*Call, *Job) lua.LValue) Field {
		return Field{name, typ, doc + "; nil outside of a job", func(c *Call) lua.LValue {
			if c.options.Job == nil {
				return lua.LNil
			}
			return get(c, c.options.Job)
		}}
	}
	return &Module{
		Name: "job",
		Doc:  "The scheduled job that the script runs for. A script that is to run by hand too says what it does then: `local week = job.period or time.period(\"this week\")`.",
		Fields: []Field{
			field("name", "string?", "of the job", func(_ *Call, j *Job) lua.LValue { return optional(j.Name) }),
			field("key", "string?", `what its period is called, such as "2026-W37" or, of a job that runs several times a day, "2026-11-26T07:00"; it runs once for each`, func(_ *Call, j *Job) lua.LValue { return optional(j.Period) }),
			field("period", "period?", "the day, week, month or year of the key, which is the one in which the job runs: a report about the week before takes job.period:previous(). Of a job that runs several times a day it is nil", func(c *Call, j *Job) lua.LValue {
				p, err := civil.ParsePeriod(j.Period, c.present(j.zone()))
				if err != nil || p.Key != j.Period { // "today" is no key
					return lua.LNil
				}
				return c.object("period", p)
			}),
			field("scheduled", "time?", "when this run was due, in the zone of the job; nil as well where nothing but a person began it", func(c *Call, j *Job) lua.LValue { return c.moment(j.Scheduled, j.zone()) }),
			field("previous", "previous?", "the run before; nil as well for the first", func(c *Call, j *Job) lua.LValue {
				if j.Previous == nil {
					return lua.LNil
				}
				return c.object("previous", &previous{*j.Previous, j.zone()})
			}),
			field("mode", `"schedule"|"manual"|"rehearsal"|nil`, "who began the run: its time, a person, or a person who tries it out", func(_ *Call, j *Job) lua.LValue { return optional(string(j.Mode)) }),
		},
		Functions: []Function{{
			Name: "skip", Params: []Param{{"reason", "string", "why, for the history of the job"}},
			Doc:     "End the script: there is nothing to report. It is an outcome that is written down, and no failure; nothing catches it. What was sent before stays sent.",
			Example: `job.skip("nobody bought anything")`,
			Call: func(c *Call) []lua.LValue {
				if c.String(0) == "" {
					c.Usage("", "a reason is missing")
				}
				c.rt.Abort(c.L, &NothingToReport{c.String(0)})
				return nil
			},
		}},
		Classes: []*Class{previousClass()},
	}
}

func (j *Job) zone() *time.Location {
	if j.Zone == nil {
		return time.UTC
	}
	return j.Zone
}

// moment is an instant in a zone, nil for the zero one.
func (c *Call) moment(at time.Time, zone *time.Location) lua.LValue {
	if at.IsZero() {
		return lua.LNil
	}
	return c.object("time", civil.At(at, zone))
}

// previous is a PreviousRun as scripts see it.
type previous struct {
	PreviousRun
	zone *time.Location
}

func previousClass() *Class {
	of := func(c *Call) *previous { return c.Self.(*previous) }
	return &Class{
		Name: "previous",
		Doc:  "An earlier run of a job.",
		Fields: []Field{
			{"at", "time?", "when it was due", func(c *Call) lua.LValue { return c.moment(of(c).At, of(c).zone) }},
			{"key", "string?", "what its period is called", func(c *Call) lua.LValue { return optional(of(c).Period) }},
			{"outcome", "string", `"ok", "nothing" after job.skip, "failed", "timeout", "killed", "skipped" or "in doubt"`, func(c *Call) lua.LValue { return lua.LString(of(c).Outcome) }},
		},
		Text: func(self any) string {
			p := self.(*previous)
			return p.Period + ": " + p.Outcome
		},
	}
}
