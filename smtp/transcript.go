package smtp

import (
	"fmt"
	"strings"
	"sync"
	"time"
)

// Direction says who spoke.
type Direction byte

const (
	FromClient Direction = 'C'
	FromServer Direction = 'S'
	Note       Direction = '*' // an event: connected, TLS, an error
)

// Entry is one thing that happened on a connection.
type Entry struct {
	Direction Direction
	// Bytes is how many octets crossed the connection, 0 for a note.
	Bytes int
	// Elapsed is the time since the session was begun.
	Elapsed time.Duration
	// Text is the line without its line end. Credentials never get here: the
	// mechanism that writes them hands over what to show in their place.
	Text string
}

// String is the entry as a line of an annotated listing:
//
//	C:   46 bytes   0.012s  AUTH PLAIN ‹secret›
func (e Entry) String() string {
	if e.Direction == Note {
		return fmt.Sprintf("*:            %8.3fs  %s", e.Elapsed.Seconds(), e.Text)
	}
	return fmt.Sprintf("%c:%5d bytes %8.3fs  %s", e.Direction, e.Bytes, e.Elapsed.Seconds(), e.Text)
}

// transcriptEntries is how many entries a session keeps: enough for the last
// few messages, little enough for a session of a million.
const transcriptEntries = 512

// transcript is the ring of the last entries of one session. Lines that a stream
// writes and reads by the thousand are kept as octets, and made safe to show
// only when somebody looks.
type transcript struct {
	start time.Time
	trace func(Entry)
	// clean hides credentials in what a stream keeps.
	clean func(string) string

	mu    sync.Mutex // a reader beside the writer adds entries too
	ring  []slot
	first int // index of the oldest, once the ring is full
}

// slot is an entry as it is kept.
type slot struct {
	Entry
	octets []byte // stands for Text where it is not nil
}

func (t *transcript) add(direction Direction, bytes int, text string) {
	entry := Entry{Direction: direction, Bytes: bytes, Elapsed: time.Since(t.start), Text: text}
	t.mu.Lock()
	s := t.slot()
	s.Entry, s.octets = entry, nil
	t.mu.Unlock()
	if t.trace != nil {
		t.trace(entry)
	}
}

// slot is where the next entry goes.
func (t *transcript) slot() *slot {
	if len(t.ring) < transcriptEntries {
		t.ring = append(t.ring, slot{})
		return &t.ring[len(t.ring)-1]
	}
	s := &t.ring[t.first]
	t.first = (t.first + 1) % transcriptEntries
	return s
}

// line keeps a line that crossed the connection, without its line end, as it is.
// It allocates nothing once the ring is full. mu is held, so that one lock does
// for the lines of a whole message.
func (t *transcript) line(direction Direction, bytes int, text []byte, elapsed time.Duration) {
	s := t.slot()
	s.Direction, s.Bytes, s.Elapsed = direction, bytes, elapsed
	s.octets = append(s.octets[:0], text...)
	if t.trace != nil {
		t.trace(Entry{Direction: direction, Bytes: bytes, Elapsed: elapsed, Text: t.shown(text)})
	}
}

// shown is a line as it was on the wire, safe to show.
func (t *transcript) shown(text []byte) string {
	return strings.TrimRight(t.clean(sanitize(text)), " ")
}

func (t *transcript) notef(format string, a ...any) { t.add(Note, 0, fmt.Sprintf(format, a...)) }

// reply records a reply as the lines it came in.
func (t *transcript) reply(r Reply) {
	for i, line := range r.Lines {
		separator := "-"
		if i == len(r.Lines)-1 {
			separator = " "
		}
		text := fmt.Sprintf("%03d%s%s", r.Code, separator, line)
		t.add(FromServer, len(text)+2, strings.TrimRight(text, " "))
	}
}

// entries returns what is kept, oldest first.
func (t *transcript) entries() []Entry {
	t.mu.Lock()
	defer t.mu.Unlock()
	kept := make([]Entry, 0, len(t.ring))
	for i := range t.ring {
		s := t.ring[(t.first+i)%len(t.ring)]
		if s.octets != nil {
			s.Text = t.shown(s.octets)
		}
		kept = append(kept, s.Entry)
	}
	return kept
}
