package luaapi

import (
	"fmt"
	"strings"
	"time"

	"github.com/mailscript/mailscript/engine"
	"github.com/mailscript/mailscript/mime"
	lua "github.com/yuin/gopher-lua"
)

// eventOptions are the fields of mime.event.
type eventOptions struct {
	UID         string   `lua:"uid" doc:"names the event for good, such as \"board-2026-11@example.org\"; required"`
	Sequence    int      `lua:"sequence" doc:"higher with each change of the same uid; default 0"`
	Method      string   `lua:"method" type:"\"request\"|\"publish\"" doc:"\"publish\" tells of an event that needs no answer; default \"request\""`
	Starts      luaValue `lua:"starts" type:"string|integer" doc:"\"2026-11-02 09:00\" with zone, \"2026-11-02T09:00:00+01:00\", or os.time(); with all_day a date; required"`
	Ends        luaValue `lua:"ends" type:"string|integer" doc:"the same; with all_day the first day that is free again"`
	Duration    seconds  `lua:"duration" doc:"in place of ends, such as \"90m\""`
	Zone        string   `lua:"zone" doc:"the time zone of starts and ends, such as \"Europe/Berlin\"; with repeats, nine o'clock stays nine o'clock in summer"`
	AllDay      bool     `lua:"all_day" doc:"only the dates of starts and ends count"`
	Repeats     string   `lua:"repeats" doc:"a rule of RFC 5545, such as \"FREQ=WEEKLY;COUNT=10\""`
	Summary     string   `lua:"summary" doc:"what calendars show"`
	Description string   `lua:"description" doc:"any text, any line ends"`
	Location    string   `lua:"location" doc:"where"`
	URL         string   `lua:"url" doc:"https:, http: or mailto:"`
	Organizer   luaValue `lua:"organizer" type:"string|address" doc:"who invites; default the sender of the message"`
	Attendees   luaValue `lua:"attendees" type:"string|address|attendee.options|(string|address|attendee.options)[]" doc:"who is invited; default the recipients in to and cc"`
	Alarm       seconds  `lua:"alarm" doc:"how long before the start to remind, such as \"15m\""`
}

// attendeeOptions is one of the invited, where more than the address is said.
type attendeeOptions struct {
	Address  luaValue `lua:"address" type:"string|address" doc:"who"`
	Optional bool     `lua:"optional" doc:"may stay away"`
}

func eventFunction() Function {
	return Function{
		Name: "event", Params: []Param{{"description", "event.options", "what, when and for whom"}}, Options: eventOptions{}, Returns: "event",
		Doc: "An event for calendars (RFC 5545, RFC 6047), to be given to a message as event. Send the same uid with a higher sequence to change it, and event:cancel() to take it back.",
		Example: "local event = mime.event { uid = \"board-2026-11@bank.example\", starts = \"2026-11-02 09:00\", zone = \"Europe/Berlin\", duration = \"90m\", summary = \"Board meeting\" }\n" +
			"local invitation = mime.message { from = \"ann@bank.example\", to = \"bob@example.org\", subject = \"Board meeting\", text = \"Please come.\", event = event }",
		Call: func(c *Call) []lua.LValue {
			var o eventOptions
			c.Options(0, &o)
			c.refuseSecretsIn(o)
			return c.event(mime.NewEvent(o.options(c)))
		},
	}
}

func (c *Call) event(e *mime.Event, err error) []lua.LValue {
	if err != nil {
		c.Fail(err)
	}
	return values(c.object("event", e))
}

func (o eventOptions) options(c *Call) mime.EventOptions {
	d := &describer{c: c}
	zone := o.zone(c)
	e := mime.EventOptions{
		UID: o.UID, Sequence: o.Sequence, Method: mime.EventMethod(strings.ToUpper(o.Method)),
		Starts: o.moment(c, "starts", o.Starts, zone), Ends: o.moment(c, "ends", o.Ends, zone), Duration: o.Duration,
		AllDay: o.AllDay, Repeat: o.Repeats, Summary: o.Summary, Description: o.Description, Location: o.Location, URL: o.URL, Alarm: o.Alarm,
	}
	switch e.Method {
	case "", mime.EventRequest, mime.EventPublish:
	default:
		c.Usage("event:cancel() and event:reply() make the others", `option "method" must be "request" or "publish", got %q`, o.Method)
	}
	if o.Organizer != nil {
		organizer := d.address("organizer", o.Organizer)
		e.Organizer = &organizer
	}
	if o.Attendees != nil {
		e.Attendees = o.attendees(c, d)
	}
	return e
}

// attendees reads one, or a list; a table with names is one.
func (o eventOptions) attendees(c *Call, d *describer) []mime.Attendee {
	items := []lua.LValue{o.Attendees}
	if t, ok := o.Attendees.(*lua.LTable); ok && t.RawGetString("address") == lua.LNil && t.RawGetString("optional") == lua.LNil {
		items = listItems(t)
	}
	list := make([]mime.Attendee, 0, len(items))
	for i, item := range items {
		place := fmt.Sprintf("attendees[%d]", i+1)
		var given attendeeOptions
		if t, ok := item.(*lua.LTable); ok {
			c.decode(c.function.full+": "+place, t, &given)
			if item = given.Address; item == nil {
				c.Usage("", "%s: option \"address\" is missing", place)
			}
		}
		list = append(list, mime.Attendee{Address: d.address(place, item), Optional: given.Optional})
	}
	return list
}

// zone is that of the option, nil without.
func (o eventOptions) zone(c *Call) *time.Location {
	if o.Zone == "" {
		return nil
	}
	// "Local" is not a place that an attendee knows.
	zone, err := time.LoadLocation(o.Zone)
	if err != nil || o.Zone == "Local" {
		c.Usage(`write it as "Europe/Berlin" or "UTC"`, `option "zone": there is no time zone %q`, o.Zone)
	}
	return zone
}

// The ways to write a moment without its zone.
var localMoments = [...]string{"2006-01-02 15:04", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02T15:04:05"}

const momentHint = `write "2026-11-02 09:00" and a zone, "2026-11-02T09:00:00+01:00", or a number from os.time()`

// moment reads a point in time. One without a zone is refused: what nine o'clock is on the
// machine of the script is not what an attendee should have to guess.
func (o eventOptions) moment(c *Call, name string, v lua.LValue, zone *time.Location) time.Time {
	in := zone
	if in == nil {
		in = time.UTC
	}
	switch v := v.(type) {
	case nil:
		return time.Time{}
	case lua.LNumber:
		if v != lua.LNumber(int64(v)) {
			c.Usage("use os.time()", "option %q must be a whole number of seconds since 1970", name)
		}
		return time.Unix(int64(v), 0).In(in)
	case lua.LString:
		if date, err := time.ParseInLocation(time.DateOnly, string(v), in); err == nil && o.AllDay {
			return date
		}
		if moment, err := time.Parse(time.RFC3339, string(v)); err == nil {
			if zone == nil {
				return moment.UTC()
			}
			return moment.In(zone)
		}
		for _, layout := range localMoments {
			moment, err := time.ParseInLocation(layout, string(v), in)
			if err != nil {
				continue
			}
			if zone == nil {
				c.Usage(`add zone = "Europe/Berlin", or "UTC"`, "option %q: %q has no time zone", name, string(v))
			}
			return moment
		}
		c.Usage(momentHint, "option %q is not a moment: %q", name, string(v))
	}
	c.Usage(momentHint, "option %q must be a string or a number, got %s", name, engine.TypeName(v))
	return time.Time{}
}

// event reads an event object.
func (d *describer) event(field string, v lua.LValue) *mime.Event {
	if ud, ok := v.(*lua.LUserData); ok {
		if e, ok := ud.Value.(*mime.Event); ok {
			return e
		}
	}
	d.c.Usage("write mime.event { … }", "%s must be an event, got %s", field, engine.TypeName(v))
	return nil
}

func eventClass() *Class {
	of := func(c *Call) *mime.Event { return c.Self.(*mime.Event) }
	event := "local event = mime.event { uid = \"board-2026-11@bank.example\", starts = \"2026-11-02T09:00:00+01:00\", duration = \"90m\", organizer = \"ann@bank.example\" }\n"
	return &Class{
		Name: "event",
		Doc:  "An event for calendars. It never changes.",
		Methods: []Function{
			{
				Name: "cancel", Returns: "event",
				Doc:     "The event that takes this one back, with the next sequence. Send it to those who got the invitation.",
				Example: event + `local cancelled = mime.message { from = "ann@bank.example", to = "bob@example.org", subject = "Cancelled", text = "Sorry.", event = event:cancel() }`,
				Call:    func(c *Call) []lua.LValue { return values(c.object("event", of(c).Cancel())) },
			},
			{
				Name: "reply", Params: []Param{{"who", "string|address", "the attendee who answers"}, {"status", `"accepted"|"declined"|"tentative"`, ""}}, Returns: "event",
				Doc:     "The answer of an attendee, to be sent to the organizer, whom the event must name.",
				Example: event + `local yes = mime.message { from = "bob@example.org", to = "ann@bank.example", subject = "Accepted", text = "I come.", event = event:reply("bob@example.org", "accepted") }`,
				Call: func(c *Call) []lua.LValue {
					d := &describer{c: c}
					who := d.address("who", c.Arg(0))
					switch status := c.String(1); status {
					case "accepted", "declined", "tentative":
						return c.event(of(c).Reply(who, mime.EventStatus(strings.ToUpper(status))))
					default:
						c.Usage("", `status must be "accepted", "declined" or "tentative", got %q`, status)
						return nil
					}
				},
			},
		},
		Fields: []Field{
			{"uid", "string", "its name for good", func(c *Call) lua.LValue { return lua.LString(of(c).Options().UID) }},
			{"sequence", "integer", "how often it has changed", func(c *Call) lua.LValue { return lua.LNumber(of(c).Options().Sequence) }},
			{"method", "string", `"request", "publish", "cancel" or "reply"`, func(c *Call) lua.LValue {
				return lua.LString(strings.ToLower(string(of(c).Options().Method)))
			}},
			{"summary", "string?", "what calendars show", func(c *Call) lua.LValue { return optional(of(c).Options().Summary) }},
			{"starts", "integer", "seconds since 1970", func(c *Call) lua.LValue { return lua.LNumber(of(c).Options().Starts.Unix()) }},
		},
		Text: func(self any) string { return self.(*mime.Event).String() },
	}
}
