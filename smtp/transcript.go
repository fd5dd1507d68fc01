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

// transcript is the ring of the last entries of one session.
type transcript struct {
	start time.Time
	trace func(Entry)

	mu    sync.Mutex // a reader beside the writer adds entries too
	ring  []Entry
	first int // index of the oldest, once the ring is full
}

func (t *transcript) add(direction Direction, bytes int, text string) {
	entry := Entry{Direction: direction, Bytes: bytes, Elapsed: time.Since(t.start), Text: text}
	t.mu.Lock()
	if len(t.ring) < transcriptEntries {
		t.ring = append(t.ring, entry)
	} else {
		t.ring[t.first] = entry
		t.first = (t.first + 1) % transcriptEntries
	}
	t.mu.Unlock()
	if t.trace != nil {
		t.trace(entry)
	}
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
	kept = append(kept, t.ring[t.first:]...)
	return append(kept, t.ring[:t.first]...)
}
