package luaapi

import (
	"fmt"
	"time"

	"github.com/mailscript/mailscript/civil"
	"github.com/mailscript/mailscript/engine"
	lua "github.com/yuin/gopher-lua"
)

// clockFields are the fields of time.new.
type clockFields struct {
	Year   int      `lua:"year" doc:"required"`
	Month  int      `lua:"month" doc:"1 to 12; required"`
	Day    int      `lua:"day" doc:"1 to 31; required"`
	Hour   luaValue `lua:"hour" type:"integer" doc:"without it the result is a date"`
	Minute int      `lua:"minute" doc:"default 0"`
	Second int      `lua:"second" doc:"default 0"`
	Zone   string   `lua:"zone" doc:"such as \"Europe/Paris\"; default the machine's"`
}

// spanOptions are the fields of time:add.
type spanOptions struct {
	Years   int `lua:"years" doc:"of the calendar; a day that the month lacks becomes its last"`
	Months  int `lua:"months" doc:"of the calendar"`
	Weeks   int `lua:"weeks" doc:"of the calendar: the time on the wall stays"`
	Days    int `lua:"days" doc:"of the calendar: the time on the wall stays"`
	Hours   int `lua:"hours" doc:"exact"`
	Minutes int `lua:"minutes" doc:"exact"`
	Seconds int `lua:"seconds" doc:"exact"`
}

// periodOptions are the options of time.period.
type periodOptions struct {
	Zone string   `lua:"zone" doc:"where days begin; default the machine's zone"`
	Now  luaValue `lua:"now" type:"time" doc:"what \"today\" and \"last week\" are seen from; default the present"`
}

func timeModule() *Module {
	zone := Param{"zone?", "string", `such as "Europe/Paris" or "UTC"; default the machine's`}
	return &Module{
		Name: "time",
		Doc:  "Times, dates and periods in zones, and waiting. Durations are a number of seconds, or a text such as \"90s\", \"5m\", \"1h30m\".",
		Functions: []Function{
			{
				Name: "now", Params: []Param{zone}, Returns: "time", Doc: "The present time.", Example: `print(time.now("UTC"))`,
				Call: func(c *Call) []lua.LValue { return values(c.object("time", c.present(c.zone(c.String(0))))) },
			},
			{
				Name: "today", Params: []Param{zone}, Returns: "time", Doc: "The present date.", Example: `print(time.today():add { days = 1 })`,
				Call: func(c *Call) []lua.LValue { return values(c.object("time", c.present(c.zone(c.String(0))).Date())) },
			},
			{
				Name: "new", Params: []Param{{"fields", "clock.options", ""}}, Options: clockFields{}, Returns: "time",
				Doc:     "The time at which clocks show these fields. Where they were put forward past it, it is the moment after the gap; where they show it twice, the first time.",
				Example: `print(time.new { year = 2026, month = 3, day = 29, hour = 7, zone = "Europe/Paris" })`,
				Call:    newTime,
			},
			{
				Name: "parse", Params: []Param{{"text", "string", ""}, {"format?", "string", "as os.date writes it, such as \"%d.%m.%Y\"; default ISO 8601, or the date of a message"}, {"zone?", "string", "of a text that does not say; default the machine's"}}, Returns: "time",
				Doc: "The time or date in a text.", Example: `print(time.parse("24.11.2026", "%d.%m.%Y"):format("%A"))`,
				Call: func(c *Call) []lua.LValue {
					in := c.zone(c.String(2))
					parse := func() (civil.Time, error) { return civil.Parse(c.String(0), in) }
					if c.Given(1) {
						parse = func() (civil.Time, error) { return civil.ParseFormat(c.String(0), c.String(1), in) }
					}
					return c.timeOr(parse())
				},
			},
			{
				Name: "period", Params: []Param{{"spec", "string", `"today", "yesterday", "last week", "this month", "last quarter", "last 7 days", or a key such as "2026-W37", "2026-11", "2026-Q3"`}, {"opts?", "period.options", ""}}, Options: periodOptions{}, Returns: "period",
				Doc: "A stretch of the calendar, to ask a database for: from starts until before ends.", Example: `local week = time.period("last week")` + "\nprint(week.key, week.starts, week.ends)",
				Call: func(c *Call) []lua.LValue {
					var o periodOptions
					c.Options(1, &o)
					now := c.present(c.zone(o.Zone))
					if o.Now != nil {
						now = *c.timeOption("now", o.Now)
						if o.Zone != "" {
							now = now.In(c.zone(o.Zone))
						}
					}
					return c.periodOr(civil.ParsePeriod(c.String(0), now))
				},
			},
			{
				Name: "sleep", Params: []Param{{"duration", "number|string", `seconds, or "5m"`}},
				Doc: "Wait. Ctrl-C ends it at once.", Example: `time.sleep("0.01s")`,
				Call: sleep,
			},
		},
		Classes: []*Class{timeClass(), periodClass()},
	}
}

func sleep(c *Call) []lua.LValue {
	duration, err := parseDuration(c.Arg(0))
	if err != nil {
		c.Usage("", "%v", err)
	}
	timer := time.NewTimer(duration)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-c.Context().Done():
	}
	return nil
}

func newTime(c *Call) []lua.LValue {
	var o clockFields
	c.Options(0, &o)
	fields := civil.Fields{Year: o.Year, Month: o.Month, Day: o.Day, Minute: o.Minute, Second: o.Second}
	in := c.zone(o.Zone)
	if o.Hour == nil {
		if o.Minute != 0 || o.Second != 0 {
			c.Usage("", `option "hour" is missing`)
		}
		return c.timeOr(civil.NewDate(fields, in))
	}
	hour, ok := o.Hour.(lua.LNumber)
	if !ok || hour != lua.LNumber(int(hour)) {
		c.Usage("", `option "hour" must be a whole number, got %s`, engine.TypeName(o.Hour))
	}
	fields.Hour = int(hour)
	return c.timeOr(civil.New(fields, in))
}

// present is now, by the clock of the run.
func (c *Call) present(zone *time.Location) civil.Time {
	if c.options.Now != nil {
		return civil.At(c.options.Now(), zone)
	}
	return civil.Now(zone)
}

func (c *Call) zone(name string) *time.Location {
	if name == "" {
		return time.Local
	}
	zone, err := civil.Zone(name)
	if err != nil {
		c.Usage("zones have names such as Europe/Paris", "%v", err)
	}
	return zone
}

// timeOr returns a time, or raises what is wrong with the text or numbers it came from.
func (c *Call) timeOr(t civil.Time, err error) []lua.LValue {
	if err != nil {
		c.rt.Raise(c.L, &engine.Fault{Kind: engine.KindArgument, Message: c.function.full + ": " + err.Error(), Err: err})
	}
	return values(c.object("time", t))
}

func (c *Call) periodOr(p civil.Period, err error) []lua.LValue {
	if err != nil {
		c.rt.Raise(c.L, &engine.Fault{Kind: engine.KindArgument, Message: c.function.full + ": " + err.Error(), Err: err})
	}
	return values(c.object("period", p))
}

func (c *Call) timeOption(name string, v lua.LValue) *civil.Time {
	if ud, ok := v.(*lua.LUserData); ok {
		if t, ok := ud.Value.(civil.Time); ok {
			return &t
		}
	}
	c.Usage("", "option %q must be a time, got %s", name, engine.TypeName(v))
	return nil
}

func timeClass() *Class {
	of := func(c *Call) civil.Time { return c.Self.(civil.Time) }
	number := func(name, doc string, get func(civil.Time) int) Field {
		return Field{name, "integer", doc, func(c *Call) lua.LValue { return lua.LNumber(get(of(c))) }}
	}
	units := `"hour", "day", "week" (from Monday), "month", "quarter" or "year"`
	return &Class{
		Name: "time",
		Doc:  "A moment in a zone, or a date. It never changes. Times are compared with ==, < and <=.",
		Methods: []Function{
			{
				Name: "format", Params: []Param{{"format", "string", "as os.date takes it; %-d leaves out a leading zero"}}, Returns: "string",
				Doc: "The time as text, names in English.", Example: `print(time.now():format("%d %B %Y"))`,
				Call: func(c *Call) []lua.LValue {
					text, err := of(c).Format(c.String(0))
					if err != nil {
						c.Usage("", "%v", err)
					}
					return values(lua.LString(text))
				},
			},
			{
				Name: "add", Params: []Param{{"span", "span.options", ""}}, Options: spanOptions{}, Returns: "time",
				Doc: "A time so much later, or earlier where numbers are negative.", Example: `print(time.today():add { months = -1 })`,
				Call: func(c *Call) []lua.LValue {
					var o spanOptions
					c.Options(0, &o)
					return c.timeOr(of(c).Add(civil.Span{Years: o.Years, Months: o.Months, Weeks: o.Weeks, Days: o.Days, Hours: o.Hours, Minutes: o.Minutes, Seconds: o.Seconds}))
				},
			},
			{
				Name: "start_of", Params: []Param{{"unit", "string", units}}, Returns: "time",
				Doc: "When the unit began in which the time lies.", Example: `print(time.now():start_of("month"))`,
				Call: func(c *Call) []lua.LValue { return c.timeOr(of(c).StartOf(civil.Unit(c.String(0)))) },
			},
			{
				Name: "in_zone", Params: []Param{{"zone", "string", "such as \"Europe/Paris\""}}, Returns: "time",
				Doc: "The same moment as clocks elsewhere show it.", Example: `print(time.now():in_zone("America/New_York"))`,
				Call: func(c *Call) []lua.LValue { return values(c.object("time", of(c).In(c.zone(c.String(0))))) },
			},
			{
				Name: "since", Params: []Param{{"other", "time", ""}}, Returns: "table",
				Doc: "How far it lies behind other: {seconds, days, months, years}, each by itself and negative where it lies before. Days are those of the calendar.", Example: `print(time.today():since(time.new { year = 2026, month = 1, day = 1 }).days)`,
				Call: func(c *Call) []lua.LValue {
					d := of(c).Since(c.Object(0).(civil.Time))
					t := c.rt.State().NewTable()
					t.RawSetString("seconds", lua.LNumber(d.Seconds))
					for _, f := range []struct {
						name string
						n    int
					}{{"days", d.Days}, {"months", d.Months}, {"years", d.Years}} {
						t.RawSetString(f.name, lua.LNumber(f.n))
					}
					return values(t)
				},
			},
		},
		Fields: []Field{
			number("year", "of the calendar", func(t civil.Time) int { return t.Fields().Year }),
			number("month", "from 1", func(t civil.Time) int { return t.Fields().Month }),
			number("day", "of the month", func(t civil.Time) int { return t.Fields().Day }),
			number("hour", "0 to 23", func(t civil.Time) int { return t.Fields().Hour }),
			number("minute", "0 to 59", func(t civil.Time) int { return t.Fields().Minute }),
			number("second", "0 to 59", func(t civil.Time) int { return t.Fields().Second }),
			number("weekday", "1 is Monday, 7 is Sunday (ISO 8601)", civil.Time.Weekday),
			number("yearday", "from 1", civil.Time.YearDay),
			number("week", "of ISO 8601", func(t civil.Time) int { _, week := t.Week(); return week }),
			number("quarter", "1 to 4", civil.Time.Quarter),
			{"unix", "number", "seconds since 1970, as os.time() counts them", func(c *Call) lua.LValue {
				at := of(c).Instant()
				return lua.LNumber(float64(at.Unix()) + float64(at.Nanosecond())/1e9)
			}},
			{"zone", "string", "its name", func(c *Call) lua.LValue { return lua.LString(of(c).Zone().String()) }},
			{"is_date", "boolean", "it has no time of day", func(c *Call) lua.LValue { return lua.LBool(of(c).IsDate()) }},
		},
		Text:    func(self any) string { return self.(civil.Time).String() },
		Compare: func(a, b any) int { return a.(civil.Time).Compare(b.(civil.Time)) },
	}
}

func periodClass() *Class {
	of := func(c *Call) civil.Period { return c.Self.(civil.Period) }
	return &Class{
		Name: "period",
		Doc:  "A stretch of the calendar: one or more whole days, weeks, months, quarters or years.",
		Fields: []Field{
			{"key", "string", `its name, such as "2026-W37"; time.period reads it back`, func(c *Call) lua.LValue { return lua.LString(of(c).Key) }},
			{"label", "string", "for people, in English", func(c *Call) lua.LValue { return lua.LString(of(c).Label) }},
			{"starts", "time", "the first moment", func(c *Call) lua.LValue { return c.object("time", of(c).Starts) }},
			{"ends", "time", "the first moment behind it", func(c *Call) lua.LValue { return c.object("time", of(c).Ends) }},
		},
		Methods: []Function{
			{
				Name: "previous", Returns: "period", Doc: "The period of the same length before.", Example: `print(time.period("this month"):previous().key)`,
				Call: func(c *Call) []lua.LValue { return c.periodOr(of(c).Previous()) },
			},
			{
				Name: "next", Returns: "period", Doc: "The period of the same length that follows.", Example: `print(time.period("this month"):next().key)`,
				Call: func(c *Call) []lua.LValue { return c.periodOr(of(c).Next()) },
			},
		},
		Text: func(self any) string { return fmt.Sprint(self.(civil.Period).Key) },
	}
}
