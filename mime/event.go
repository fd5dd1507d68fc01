package mime

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// EventMethod is what a message wants with an event (RFC 5546, section 1.4).
type EventMethod string

const (
	// EventRequest invites, or changes an invitation. It is the default, "".
	EventRequest EventMethod = "REQUEST"
	// EventCancel takes an invitation back. Event.Cancel makes one.
	EventCancel EventMethod = "CANCEL"
	// EventReply answers an invitation. Event.Reply makes one.
	EventReply EventMethod = "REPLY"
	// EventPublish tells of an event that needs no answer.
	EventPublish EventMethod = "PUBLISH"
)

// EventStatus is the answer of an attendee (RFC 5545, section 3.2.12).
type EventStatus string

const (
	EventNeedsAction EventStatus = "NEEDS-ACTION" // the default, ""
	EventAccepted    EventStatus = "ACCEPTED"
	EventDeclined    EventStatus = "DECLINED"
	EventTentative   EventStatus = "TENTATIVE"
)

// EventOptions describe an event. UID and Starts are required.
type EventOptions struct {
	// UID names the event for good: a change or a cancellation must have that of the
	// invitation, and a higher Sequence.
	UID      string
	Sequence int
	Method   EventMethod
	// Starts and Ends are moments. They are written in UTC, or, where Repeat is set, in
	// the zone of Starts, so that a meeting at nine stays one at nine in summer. With
	// AllDay only their dates count, and Ends is the first day that is free again.
	Starts, Ends time.Time
	Duration     time.Duration // instead of Ends; whole seconds
	AllDay       bool
	// Repeat is a recurrence rule (RFC 5545, section 3.3.10): "FREQ=WEEKLY;COUNT=10".
	Repeat      string
	Summary     string
	Description string // any line ends
	Location    string
	URL         string
	// Organizer is who invites. nil is the sender of the message.
	Organizer *Address
	// Attendees are who is invited. nil are the recipients in To and Cc.
	Attendees []Attendee
	// Alarm is how long before the start a reader is reminded. Zero is not at all.
	Alarm time.Duration
}

// Attendee is somebody invited to an event.
type Attendee struct {
	Address  Address
	Optional bool // may stay away (RFC 5545, section 3.2.16)
	Status   EventStatus
}

// Event is a checked event. It is immutable.
type Event struct{ o EventOptions }

// NewEvent makes an event. Errors are *Error, their Field begins with "event".
func NewEvent(o EventOptions) (*Event, error) {
	e := &Event{o.clone()}
	if err := e.check(); err != nil {
		return nil, err
	}
	return e, nil
}

func (o EventOptions) clone() EventOptions {
	o.Attendees = slices.Clone(o.Attendees)
	if o.Organizer != nil {
		organizer := *o.Organizer
		o.Organizer = &organizer
	}
	return o
}

// Options returns what the event was made of.
func (e *Event) Options() EventOptions { return e.o.clone() }

// Cancel returns the event that takes this one back. Its Sequence is one higher (RFC
// 5546, section 2.1.4).
func (e *Event) Cancel() *Event {
	o := e.Options()
	o.Method, o.Alarm = EventCancel, 0
	o.Sequence++
	return &Event{o}
}

// Reply returns the answer of one attendee to the organizer (RFC 5546, section 3.2.3).
// The event must have an organizer of its own.
func (e *Event) Reply(who Address, status EventStatus) (*Event, error) {
	o := e.Options()
	o.Method, o.Alarm, o.Attendees = EventReply, 0, []Attendee{{Address: who, Status: status}}
	return NewEvent(o)
}

// String describes the event on one line: «event "Meeting", 2026-11-02 07:00 UTC».
func (e *Event) String() string {
	format := "2006-01-02 15:04 MST"
	if e.o.AllDay {
		format = time.DateOnly
	}
	return fmt.Sprintf("«event %q, %s»", e.o.Summary, e.o.Starts.Format(format))
}

func (e *Event) check() *Error {
	o := &e.o
	if o.Method == "" {
		o.Method = EventRequest
	}
	fail := func(field, value, reason, hint string) *Error {
		return &Error{Field: "event." + field, Value: value, Offset: -1, Reason: reason, Hint: hint}
	}
	for _, f := range []struct {
		name, text string
		lines      contentKind
	}{
		{"uid", o.UID, contentOneLine}, {"repeat", o.Repeat, contentOneLine}, {"summary", o.Summary, contentOneLine},
		{"description", o.Description, contentLinesAllowed}, {"location", o.Location, contentLinesAllowed}, {"url", o.URL, contentOneLine},
	} {
		if err := checkContent("event."+f.name, f.text, f.lines); err != nil {
			return err
		}
	}
	switch o.Method {
	case EventRequest, EventCancel, EventPublish:
	case EventReply:
		if o.Organizer == nil || len(o.Attendees) != 1 {
			return fail("method", string(o.Method), "a reply has an organizer and one attendee, who answers", "")
		}
	default:
		return fail("method", string(o.Method), "unknown method", "REQUEST, CANCEL, REPLY or PUBLISH")
	}
	switch {
	case strings.TrimSpace(o.UID) == "":
		return fail("uid", "", "an event needs a uid", `one that never changes: uid = "board-2026-11@example.org"`)
	case o.Sequence < 0:
		return fail("sequence", "", "negative", "")
	case o.Starts.IsZero():
		return fail("starts", "", "an event needs a start", "")
	case o.Starts.Year() < 1900 || o.Starts.Year() > 9999 || (!o.Ends.IsZero() && o.Ends.Year() > 9999):
		return fail("starts", "", "the year is not between 1900 and 9999", "")
	case !o.Ends.IsZero() && o.Duration != 0:
		return fail("duration", "", "given together with ends", "one of them is enough")
	case o.Duration < 0 || (!o.Ends.IsZero() && o.Ends.Before(o.Starts)):
		return fail("ends", "", "the event ends before it starts", "")
	case o.Duration%time.Second != 0 || o.Alarm%time.Second != 0 || o.Alarm < 0:
		return fail("duration", "", "not in whole seconds", "")
	case o.URL != "" && urlFault(o.URL, "https", "http", "mailto") != "":
		return fail("url", o.URL, urlFault(o.URL, "https", "http", "mailto"), "")
	case o.Repeat != "" && !isRecurrence(o.Repeat):
		return fail("repeat", o.Repeat, "not a recurrence rule", "such as FREQ=WEEKLY;COUNT=10")
	}
	if o.Organizer != nil {
		organizer, err := checkMailboxes("event.organizer", []Address{*o.Organizer})
		if err != nil {
			return err
		}
		o.Organizer = &organizer[0]
	}
	for i, a := range o.Attendees {
		checked, err := a.Address.check()
		if err != nil {
			return err.(*AddressError).in(fmt.Sprintf("event.attendees[%d]", i+1))
		}
		o.Attendees[i].Address = checked
		switch a.Status {
		case "", EventNeedsAction, EventAccepted, EventDeclined, EventTentative:
		default:
			return fail(fmt.Sprintf("attendees[%d]", i+1), string(a.Status), "unknown status", "ACCEPTED, DECLINED, TENTATIVE or NEEDS-ACTION")
		}
	}
	return nil
}

// isRecurrence checks the outside of a rule, "NAME=VALUE;NAME=VALUE" with FREQ first, and
// leaves its sense to the calendars.
func isRecurrence(rule string) bool {
	if !strings.HasPrefix(rule, "FREQ=") {
		return false
	}
	for part := range strings.SplitSeq(rule, ";") {
		name, value, ok := strings.Cut(part, "=")
		if !ok || name == "" || value == "" {
			return false
		}
		for i := 0; i < len(part); i++ {
			if !isAlnum(part[i]) && strings.IndexByte("=,+-", part[i]) < 0 {
				return false
			}
		}
	}
	return true
}
