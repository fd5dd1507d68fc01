package mime

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// eventParts returns an event the two ways clients look for it: as an alternative to the
// text, where Outlook, Gmail and Apple Mail show the buttons to answer, and as a file,
// for those that only know attachments.
func (b *builder) eventParts() (alternative, file *entity, err *Error) {
	calendar, err := b.calendar()
	if err != nil {
		return nil, nil, err
	}
	// RFC 6047, section 2.4: the method is a parameter too, and must be the same.
	kind := mediaType{name: "text/calendar", charset: "utf-8", parameters: []parameter{{"method", string(b.d.Event.o.Method)}}}
	alternative = &entity{kind: kind, text: calendar}
	part := &Part{kind: mediaType{name: "application/ics"}, name: "invite.ics", file: true, depth: 1, count: 1}
	part.keepEncoded([]byte(calendar))
	return alternative, newEntity(part, DispositionAttachment), nil
}

// calendar writes the event as an iCalendar object (RFC 5545, section 3.4).
func (b *builder) calendar() (string, *Error) {
	o := b.d.Event.Options()
	if o.Organizer == nil {
		organizer := b.from[0]
		if len(b.sender) > 0 {
			organizer = b.sender[0]
		}
		o.Organizer = &organizer
	}
	if o.Attendees == nil && o.Method != EventPublish {
		for _, a := range append(b.to.Addresses(), b.cc.Addresses()...) {
			o.Attendees = append(o.Attendees, Attendee{Address: a})
		}
	}
	c := &contentLines{}
	c.line("BEGIN", "VCALENDAR")
	c.line("VERSION", "2.0")
	c.line("PRODID", "-//mailscript//mailscript//EN")
	c.line("CALSCALE", "GREGORIAN")
	c.line("METHOD", string(o.Method))
	zone := ""
	if o.Repeat != "" && !o.AllDay {
		zone = c.timeZone(o.Starts)
	}
	c.line("BEGIN", "VEVENT")
	c.text("UID", o.UID)
	c.line("DTSTAMP", b.date.UTC().Format(calendarUTC))
	c.line("SEQUENCE", strconv.Itoa(o.Sequence))
	c.times(o, zone)
	if o.Repeat != "" {
		c.line("RRULE", o.Repeat)
	}
	c.text("SUMMARY", o.Summary)
	c.text("DESCRIPTION", o.Description)
	c.text("LOCATION", o.Location)
	if o.URL != "" {
		c.line("URL", o.URL)
	}
	c.person("ORGANIZER", *o.Organizer, "")
	for _, a := range o.Attendees {
		c.person("ATTENDEE", a.Address, a.parameters(o.Method))
	}
	switch o.Method {
	case EventCancel:
		c.line("STATUS", "CANCELLED")
	case EventRequest, EventPublish:
		c.line("STATUS", "CONFIRMED")
	}
	if o.Alarm > 0 {
		c.line("BEGIN", "VALARM")
		c.line("ACTION", "DISPLAY")
		c.text("DESCRIPTION", cmp.Or(o.Summary, "Reminder")) // required (section 3.6.6)
		c.line("TRIGGER", "-"+calendarDuration(o.Alarm))
		c.line("END", "VALARM")
	}
	c.line("END", "VEVENT")
	c.line("END", "VCALENDAR")
	return string(c.buf), c.err
}

// Forms of times (RFC 5545, sections 3.3.4 and 3.3.5).
const (
	calendarUTC   = "20060102T150405Z"
	calendarLocal = "20060102T150405"
	calendarDate  = "20060102"
)

func (c *contentLines) times(o EventOptions, zone string) {
	write := func(name string, t time.Time) {
		switch {
		case o.AllDay:
			c.line(name+";VALUE=DATE", t.Format(calendarDate))
		case zone != "":
			c.line(name+";TZID="+zone, t.In(o.Starts.Location()).Format(calendarLocal))
		default:
			c.line(name, t.UTC().Format(calendarUTC))
		}
	}
	write("DTSTART", o.Starts)
	if !o.Ends.IsZero() {
		write("DTEND", o.Ends)
	} else if o.Duration > 0 {
		c.line("DURATION", calendarDuration(o.Duration))
	}
}

// calendarDuration writes a duration of whole seconds (RFC 5545, section 3.3.6).
func calendarDuration(d time.Duration) string {
	if d%(24*time.Hour) == 0 {
		return fmt.Sprintf("P%dD", d/(24*time.Hour))
	}
	text := "PT"
	for _, unit := range []struct {
		size time.Duration
		name string
	}{{time.Hour, "H"}, {time.Minute, "M"}, {time.Second, "S"}} {
		if n := d / unit.size; n > 0 {
			text += strconv.Itoa(int(n)) + unit.name
			d %= unit.size
		}
	}
	return text
}

// maxTransitions is how many changes of a zone's offset are written: those of ten years
// where there are two a year. A rule that runs longer keeps the last.
const maxTransitions = 20

// timeZone writes the zone of a time, each change of its offset one by one (RFC 5545,
// section 3.6.5), and returns its name; "" for UTC, which needs none.
func (c *contentLines) timeZone(t time.Time) string {
	zone := t.Location().String()
	if _, offset := t.Zone(); offset == 0 && (zone == "UTC" || zone == "") {
		return ""
	}
	if zone == "Local" || !isZoneName(zone) {
		zone = t.Format("UTC-0700")
	}
	c.line("BEGIN", "VTIMEZONE")
	c.line("TZID", zone)
	for n, at := 0, t; n < maxTransitions; n++ {
		begins, ends := at.ZoneBounds()
		name, offset := at.Zone()
		before := offset
		if begins.IsZero() {
			begins = time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC)
		} else {
			_, before = begins.Add(-time.Second).Zone()
		}
		kind := "STANDARD"
		if at.IsDST() {
			kind = "DAYLIGHT"
		}
		c.line("BEGIN", kind)
		// The time of the change is told in the offset before it.
		c.line("DTSTART", begins.UTC().Add(time.Duration(before)*time.Second).Format(calendarLocal))
		c.line("TZOFFSETFROM", calendarOffset(before))
		c.line("TZOFFSETTO", calendarOffset(offset))
		c.text("TZNAME", name)
		c.line("END", kind)
		if !ends.After(at) {
			break // there is none, or the wrong one that Go 1.26 names on 31 December of leap years from 2040 on
		}
		at = ends
	}
	c.line("END", "VTIMEZONE")
	return zone
}

// isZoneName reports the names that can stand as a parameter, which is not quoted (RFC
// 5545, section 3.2.19).
func isZoneName(s string) bool {
	for i := 0; i < len(s); i++ {
		if !isAlnum(s[i]) && strings.IndexByte("/_+-", s[i]) < 0 {
			return false
		}
	}
	return s != ""
}

// calendarOffset writes an offset in seconds (RFC 5545, section 3.3.14).
func calendarOffset(seconds int) string {
	sign := '+'
	if seconds < 0 {
		sign, seconds = '-', -seconds
	}
	text := fmt.Sprintf("%c%02d%02d", sign, seconds/3600, seconds/60%60)
	if seconds%60 != 0 {
		text += fmt.Sprintf("%02d", seconds%60)
	}
	return text
}

// person writes a calendar user (RFC 5545, section 3.3.3) with parameters in front.
func (c *contentLines) person(property string, a Address, parameters string) {
	if a.Name != "" {
		parameters += ";CN=" + contentParameter(strings.ReplaceAll(a.Name, "\t", " "))
	}
	c.line(property+parameters, "mailto:"+escapeID(a.Local())+"@"+a.Domain())
}

// parameters returns role and answer of an attendee. Only an invitation asks for one.
func (a Attendee) parameters(method EventMethod) string {
	status := a.Status
	if status == "" {
		status = EventNeedsAction
	}
	role := "REQ-PARTICIPANT"
	if a.Optional {
		role = "OPT-PARTICIPANT"
	}
	text := ";ROLE=" + role + ";PARTSTAT=" + string(status)
	if method == EventRequest && status == EventNeedsAction {
		text += ";RSVP=TRUE"
	}
	return text
}
