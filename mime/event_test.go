package mime

import (
	"slices"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // the tests need zones on every machine
)

// property is a content line as a reader takes it apart.
type property struct{ name, parameters, value string }

// readCalendar unfolds and splits content lines (RFC 5545, section 3.1), and checks their
// lengths and the nesting of components.
func readCalendar(t testing.TB, text string) []property {
	t.Helper()
	var all []property
	var open []string
	for line := range strings.SplitSeq(strings.TrimSuffix(text, "\r\n"), "\r\n") {
		if len(line) > contentLine {
			t.Errorf("a line of %d octets: %s", len(line), line)
		}
	}
	text = strings.ReplaceAll(text, "\r\n ", "")
	if !strings.HasSuffix(text, "\r\n") || strings.Count(text, "\n") != strings.Count(text, "\r\n") {
		t.Errorf("line ends of %q", text)
	}
	for line := range strings.SplitSeq(strings.TrimSuffix(text, "\r\n"), "\r\n") {
		quoted, colon := false, -1
		for i := 0; i < len(line) && colon < 0; i++ {
			switch {
			case line[i] == '"':
				quoted = !quoted
			case line[i] == ':' && !quoted:
				colon = i
			}
		}
		if colon < 0 {
			t.Fatalf("no property: %q", line)
		}
		name, parameters, _ := strings.Cut(line[:colon], ";")
		p := property{name, parameters, line[colon+1:]}
		switch name {
		case "BEGIN":
			open = append(open, p.value)
		case "END":
			if len(open) == 0 || open[len(open)-1] != p.value {
				t.Fatalf("END:%s inside %v", p.value, open)
			}
			open = open[:len(open)-1]
		}
		all = append(all, p)
	}
	if len(open) > 0 {
		t.Errorf("%v not closed", open)
	}
	return all
}

// valuesOf returns the values of all properties of a name.
func valuesOf(properties []property, name string) []string {
	var values []string
	for _, p := range properties {
		if p.name == name {
			values = append(values, p.value)
		}
	}
	return values
}

// contentUnescape undoes contentText, written another way.
func contentUnescape(s string) string {
	var out strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			if i++; s[i] == 'n' {
				out.WriteByte('\n')
				continue
			}
		}
		out.WriteByte(s[i])
	}
	return out.String()
}

func meeting() EventOptions {
	return EventOptions{
		UID:         "board-2026-11@bank.example",
		Starts:      time.Date(2026, 11, 9, 9, 0, 0, 0, time.FixedZone("", 3600)),
		Duration:    90 * time.Minute,
		Summary:     "Board; meeting, Ännchen",
		Description: "Agenda:\n1. Grüße\r\n2. \\o/",
		Location:    "Großer Saal, " + strings.Repeat("日本語", 40),
		URL:         "https://bank.example/board?id=1",
		Alarm:       15 * time.Minute,
	}
}

func mustEvent(t testing.TB, o EventOptions) *Event {
	t.Helper()
	e, err := NewEvent(o)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// TestEventTree: the calendar stands last among the alternatives, with its method as a
// parameter (RFC 6047, section 2.4), and is a file too.
func TestEventTree(t *testing.T) {
	d := simple()
	d.HTML = `<img src="cid:bear">`
	d.Inline = []Inline{{"bear", mustBytes(t, "bear", "bear.png")}}
	d.Attach = []*Part{mustBytes(t, "x", "terms.pdf")}
	d.Event = mustEvent(t, meeting())
	_, root := readMessage(t, mustBuild(t, d).Bytes())
	if want := "mixed(related(alternative(text/plain text/html text/calendar) image/png) application/ics application/pdf)"; root.tree() != want {
		t.Fatalf("tree is %s, want %s", root.tree(), want)
	}
	leaves := root.leaves()
	calendar, file := leaves[2], leaves[4]
	if calendar.Parameters["method"] != "REQUEST" || calendar.Parameters["charset"] != "utf-8" || calendar.Disposition != "" {
		t.Errorf("the calendar is %v, %q", calendar.Parameters, calendar.Disposition)
	}
	if file.Name != "invite.ics" || file.Disposition != "attachment" || file.Body != calendar.Body {
		t.Errorf("the file is %q, %q", file.Name, file.Disposition)
	}
	properties := readCalendar(t, calendar.Body)
	o := meeting()
	for name, want := range map[string]string{
		"METHOD": "REQUEST", "UID": o.UID, "DTSTAMP": "20261102T060000Z", "DTSTART": "20261109T080000Z", "DURATION": "PT1H30M",
		"SUMMARY": o.Summary, "LOCATION": o.Location, "URL": o.URL, "SEQUENCE": "0", "STATUS": "CONFIRMED", "TRIGGER": "-PT15M",
		"ORGANIZER": "mailto:news@bank.example", "ATTENDEE": "mailto:ann@example.org",
	} {
		if got := valuesOf(properties, name); len(got) != 1 || contentUnescape(got[0]) != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if got := contentUnescape(valuesOf(properties, "DESCRIPTION")[0]); got != strings.ReplaceAll(o.Description, "\r\n", "\n") {
		t.Errorf("DESCRIPTION is %q", got)
	}

	d = simple()
	d.Text, d.Event = "", mustEvent(t, meeting())
	if _, root := readMessage(t, mustBuild(t, d).Bytes()); root.tree() != "mixed(text/calendar application/ics)" {
		t.Errorf("tree is %s", root.tree())
	}
}

func TestEventMethods(t *testing.T) {
	request := mustEvent(t, meeting())
	cancel := request.Cancel()
	organized := meeting()
	organized.Organizer = &Address{"Bank, the", "news@bücher.example"}
	if _, err := mustEvent(t, organized).Reply(Address{"", "ann b@example.org"}, EventAccepted); err == nil {
		t.Fatal("an address with a blank")
	}
	reply, err := mustEvent(t, organized).Reply(Address{`Ann "A" ^x`, `"ann b"@example.org`}, EventAccepted)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		event                     *Event
		method, sequence, partial string
	}{
		{request, "REQUEST", "0", "ATTENDEE;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:ann@example.org\r\n"},
		{cancel, "CANCEL", "1", "STATUS:CANCELLED\r\n"},
		{cancel, "CANCEL", "1", "PARTSTAT=NEEDS-ACTION:mailto:ann@example.org\r\n"},
		{reply, "REPLY", "0", `PARTSTAT=ACCEPTED;CN="Ann ^'A^' ^^x":mailto:%22ann%20b%22@example.org`},
		{reply, "REPLY", "0", `ORGANIZER;CN="Bank, the":mailto:news@xn--bcher-kva.example`},
	} {
		d := simple()
		d.Event = test.event
		_, root := readMessage(t, mustBuild(t, d).Bytes())
		calendar := root.leaves()[1]
		properties := readCalendar(t, calendar.Body)
		if calendar.Parameters["method"] != test.method || valuesOf(properties, "METHOD")[0] != test.method || valuesOf(properties, "SEQUENCE")[0] != test.sequence {
			t.Errorf("%s: %v, %s", test.method, calendar.Parameters, calendar.Body)
		}
		if !strings.Contains(strings.ReplaceAll(calendar.Body, "\r\n ", ""), test.partial) {
			t.Errorf("%s lacks %s:\n%s", test.method, test.partial, calendar.Body)
		}
		if test.method != "REQUEST" && len(valuesOf(properties, "TRIGGER")) > 0 {
			t.Errorf("%s has an alarm", test.method)
		}
	}
	if request.Options().Sequence != 0 || request.Options().Method != EventRequest {
		t.Error("the event has changed")
	}
}

// TestEventZones: a moment is one in UTC; a meeting that repeats keeps its hour.
func TestEventZones(t *testing.T) {
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	o := meeting()
	o.Starts = time.Date(2026, 10, 19, 9, 0, 0, 0, paris)
	o.Duration, o.Ends = 0, o.Starts.Add(time.Hour)
	body := func(o EventOptions) (string, []property) {
		d := simple()
		d.Event = mustEvent(t, o)
		_, root := readMessage(t, mustBuild(t, d).Bytes())
		return root.leaves()[1].Body, readCalendar(t, root.leaves()[1].Body)
	}
	_, once := body(o)
	if got := slices.Concat(valuesOf(once, "DTSTART"), valuesOf(once, "DTEND")); !slices.Equal(got, []string{"20261019T070000Z", "20261019T080000Z"}) {
		t.Errorf("once: %v", got)
	}
	o.Repeat = "FREQ=WEEKLY;COUNT=10"
	text, weekly := body(o)
	for _, want := range []string{
		`DTSTART;TZID=Europe/Paris:20261019T090000`, `DTEND;TZID=Europe/Paris:20261019T100000`, "RRULE:FREQ=WEEKLY;COUNT=10",
		"BEGIN:DAYLIGHT\r\nDTSTART:20260329T020000\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\nTZNAME:CEST\r\n",
		"BEGIN:STANDARD\r\nDTSTART:20261025T030000\r\nTZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\nTZNAME:CET\r\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("lacks %q:\n%s", want, text)
		}
	}
	if got := len(valuesOf(weekly, "TZOFFSETTO")); got != maxTransitions {
		t.Errorf("%d transitions", got)
	}
	o.Starts = time.Date(2026, 10, 19, 9, 0, 0, 0, time.FixedZone("", -(4*3600+30*60)))
	o.Ends = o.Starts.Add(time.Hour)
	if text, _ = body(o); !strings.Contains(text, "TZID:UTC-0430\r\n") || !strings.Contains(text, "TZOFFSETTO:-0430\r\n") {
		t.Errorf("a fixed zone:\n%s", text)
	}
	o.Starts = o.Starts.UTC()
	if text, _ = body(o); strings.Contains(text, "VTIMEZONE") {
		t.Errorf("UTC has a zone:\n%s", text)
	}
	o.AllDay, o.Ends, o.Duration = true, time.Time{}, 48*time.Hour
	if text, _ = body(o); !strings.Contains(text, "DTSTART;VALUE=DATE:20261019\r\n") || !strings.Contains(text, "DURATION:P2D\r\n") {
		t.Errorf("all day:\n%s", text)
	}
}

func TestEventRefuses(t *testing.T) {
	for _, test := range []struct {
		change        func(o *EventOptions)
		field, reason string
	}{
		{func(o *EventOptions) { o.UID = "" }, "event.uid", "needs a uid"},
		{func(o *EventOptions) { o.UID = "a\r\nATTACH:x" }, "event.uid", "carriage return"},
		{func(o *EventOptions) { o.Summary = "a\nMETHOD:CANCEL" }, "event.summary", "line feed"},
		{func(o *EventOptions) { o.Summary = "\xff" }, "event.summary", "invalid UTF-8"},
		{func(o *EventOptions) { o.Description = "\x00" }, "event.description", "NUL"},
		{func(o *EventOptions) { o.Location = "\x1b" }, "event.location", "U+001B"},
		{func(o *EventOptions) { o.URL = "javascript:alert(1)" }, "event.url", "not a URL"},
		{func(o *EventOptions) { o.URL = "https://x/\r\nX:y" }, "event.url", "carriage return"},
		{func(o *EventOptions) { o.Repeat = "FREQ=DAILY\r\nX:y" }, "event.repeat", "carriage return"},
		{func(o *EventOptions) { o.Repeat = "FREQ=DAILY:X" }, "event.repeat", "not a recurrence"},
		{func(o *EventOptions) { o.Repeat = "daily" }, "event.repeat", "not a recurrence"},
		{func(o *EventOptions) { o.Method = "ADD" }, "event.method", "unknown method"},
		{func(o *EventOptions) { o.Method = EventReply }, "event.method", "a reply has"},
		{func(o *EventOptions) { o.Sequence = -1 }, "event.sequence", "negative"},
		{func(o *EventOptions) { o.Starts = time.Time{} }, "event.starts", "needs a start"},
		{func(o *EventOptions) { o.Ends = o.Starts }, "event.duration", "together"},
		{func(o *EventOptions) { o.Duration, o.Ends = 0, o.Starts.Add(-1) }, "event.ends", "before it starts"},
		{func(o *EventOptions) { o.Duration = time.Millisecond }, "event.duration", "whole seconds"},
		{func(o *EventOptions) { o.Organizer = &Address{"", "x"} }, "event.organizer[1]", "no @"},
		{func(o *EventOptions) { o.Attendees = []Attendee{{Address: Address{"a\nb", "a@b"}}} }, "event.attendees[1]", "line feed"},
		{func(o *EventOptions) { o.Attendees = []Attendee{{Address: Address{"", "a@b"}, Status: "MAYBE"}} }, "event.attendees[1]", "unknown status"},
	} {
		o := meeting()
		test.change(&o)
		e, err := NewEvent(o)
		checkError(t, err, test.field, test.reason)
		if e != nil {
			t.Errorf("%s: an event with the error", test.field)
		}
	}
}

func TestCard(t *testing.T) {
	p, err := NewCard(CardOptions{
		Given: "Ann", Family: "Müller; geb. X", Organization: "Bank, the", Emails: []string{"ann@example.org"}, Phones: []string{"+1 2"},
		Address: "Street 1\nTown", URL: "https://x.example/", Note: strings.Repeat("ä", 100),
	})
	if err != nil {
		t.Fatal(err)
	}
	if p.Name() != "Ann Müller; geb. X.vcf" || p.Type() != "text/vcard" {
		t.Errorf("got %s", p)
	}
	properties := readCalendar(t, string(p.data))
	for name, want := range map[string]string{
		"FN": "Ann Müller; geb. X", "N": "Müller; geb. X;Ann;;;", "ORG": "Bank, the", "EMAIL": "ann@example.org", "TEL": "+1 2",
		"ADR": ";;Street 1\nTown;;;;", "NOTE": strings.Repeat("ä", 100), "URL": "https://x.example/", "VERSION": "3.0",
	} {
		if got := valuesOf(properties, name); len(got) != 1 || contentUnescape(got[0]) != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	for _, test := range []struct {
		o             CardOptions
		field, reason string
	}{
		{CardOptions{}, "card.name", "needs a name"},
		{CardOptions{Name: "a\r\nX:y"}, "card.name", "carriage return"},
		{CardOptions{Name: "a", Phones: []string{"1", "2\n"}}, "card.phones[2]", "line feed"},
		{CardOptions{Name: "a", Emails: []string{"x"}}, "card.emails[1]", "no @"},
		{CardOptions{Name: "a", URL: "x"}, "card.url", "not a URL"},
	} {
		_, err := NewCard(test.o)
		checkError(t, err, test.field, test.reason)
	}
}
