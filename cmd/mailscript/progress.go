package main

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/mailscript/mailscript/delivery"
	"golang.org/x/term"
)

// screen is standard error while merges run. A terminal has a line at its bottom that says
// how far they are; anything else gets a line now and then.
//
// The line is drawn with carriage returns and spaces alone, which any terminal knows.
type screen struct {
	mu     sync.Mutex
	out    io.Writer
	width  func() int    // of the terminal, in columns; nil where there is none
	every  time.Duration // between lines, where there is none
	caught bool          // nothing is sent, and the run says how much there was

	line  string    // what is to be at the bottom
	drawn int       // columns that the line takes now
	open  bool      // the last text did not end its line
	told  time.Time // the last line, where there is no terminal
}

// plainEvery is how often a file or a pipe is told how far merges are.
const plainEvery = 10 * time.Second

func newScreen(stderr io.Writer) *screen {
	s := &screen{out: stderr, every: plainEvery}
	if f, ok := terminal(stderr); ok {
		s.width = func() int {
			width, _, err := term.GetSize(int(f.Fd()))
			if err != nil || width <= 0 {
				return 80
			}
			return width
		}
	}
	return s
}

func terminal(w io.Writer) (*os.File, bool) {
	f, ok := w.(*os.File)
	return f, ok && term.IsTerminal(int(f.Fd()))
}

// beside is a writer to the same terminal, whose text stands above the line. What goes
// elsewhere needs no care.
func (s *screen) beside(w io.Writer) io.Writer {
	if _, ok := terminal(w); !ok || s.width == nil {
		return w
	}
	return &aboveLine{s, w}
}

type aboveLine struct {
	screen *screen
	out    io.Writer
}

// Write takes the line away for as long as it takes, and until the text has ended its own.
func (a *aboveLine) Write(p []byte) (int, error) {
	s := a.screen
	s.mu.Lock()
	defer s.mu.Unlock()
	s.erase()
	n, err := a.out.Write(p)
	if len(p) > 0 {
		s.open = p[len(p)-1] != '\n'
	}
	s.draw()
	return n, err
}

func (s *screen) erase() {
	if s.drawn > 0 {
		fmt.Fprintf(s.out, "\r%s\r", strings.Repeat(" ", s.drawn))
		s.drawn = 0
	}
}

func (s *screen) draw() {
	if s.line == "" || s.open {
		return
	}
	line := cut(s.line, s.width()-3) // ^C still fits behind it
	columns := utf8.RuneCountInString(line)
	fmt.Fprintf(s.out, "\r%s%s", line, strings.Repeat(" ", max(0, s.drawn-columns)))
	s.drawn = max(columns, s.drawn)
}

// progress shows how far a merge is.
func (s *screen) progress(merge string, p delivery.Progress) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.width != nil {
		s.line = progressLine(merge, p)
		s.draw()
		return
	}
	now := time.Now()
	if s.told.IsZero() {
		s.told = now.Add(-p.Elapsed) // when the merge began
	}
	if now.Sub(s.told) < s.every {
		return
	}
	s.told = now
	fmt.Fprintf(s.out, "mailscript: %s\n", progressLine(merge, p))
}

// merged says what became of a merge; its line is over.
func (s *screen) merged(merge string, n delivery.Counts, elapsed time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.erase()
	s.line, s.told = "", time.Time{}
	if s.caught {
		return
	}
	fmt.Fprintf(s.out, "mailscript: %s\n", mergedLine(merge, n, elapsed))
}

// progressLine is what there is to know of a merge that runs, what matters most first: a
// narrow terminal shows the beginning.
func progressLine(merge string, p delivery.Progress) string {
	line := printable(merge) + ": " + grouped(p.Rows)
	if p.Total > 0 {
		line += " of " + grouped(p.Total)
	}
	switch {
	case p.Trouble != nil:
		line += ", waiting: " + printable(strings.TrimPrefix(p.Trouble.Error(), "smtp: "))
	default:
		if p.Total > 0 {
			line += fmt.Sprintf(" (%d %%)", 100*p.Rows/p.Total)
		}
		if p.PerSecond > 0 {
			line += ", " + rate(p.PerSecond) + "/s"
		}
		if p.Left > 0 {
			line += ", " + roughly(p.Left) + " left"
		}
	}
	n := p.Counts
	n.Deferred += p.Waiting // whether in this run or in the next, it is tried again
	return line + "; " + grouped(n.Sent) + " sent" + others(n)
}

// mergedLine sums a merge up.
func mergedLine(merge string, n delivery.Counts, elapsed time.Duration) string {
	line := fmt.Sprintf("%s: %s sent%s in %s", printable(merge), grouped(n.Sent), others(n), roughly(elapsed))
	if seconds := elapsed.Seconds(); n.Sent > 0 && seconds >= 1 {
		line += fmt.Sprintf(" (%s/s)", rate(float64(n.Sent)/seconds))
	}
	return line
}

// others are the counts beside those that were sent, what needs a person first.
func others(n delivery.Counts) string {
	text := ""
	for _, part := range []struct {
		n    int64
		what string
	}{
		{n.InDoubt, "in doubt"}, {n.Failed, "failed"}, {n.Deferred, "deferred"}, {n.AlreadySent, "already sent"}, {n.Skipped, "skipped"},
		{n.Suppressed, "suppressed"}, {n.Duplicates, "duplicates"}, {n.Untried, "not tried"},
	} {
		if part.n > 0 {
			text += ", " + grouped(part.n) + " " + part.what
		}
	}
	return text
}

func rate(perSecond float64) string {
	if perSecond < 10 {
		return strconv.FormatFloat(perSecond, 'f', 1, 64)
	}
	return grouped(int64(perSecond + 0.5))
}

// roughly is a duration as a person says it.
func roughly(d time.Duration) string {
	switch {
	case d < time.Second:
		return max(d.Round(time.Millisecond), time.Millisecond).String()
	case d < 10*time.Second:
		return d.Round(100 * time.Millisecond).String()
	case d < time.Hour:
		return d.Round(time.Second).String()
	}
	d = d.Round(time.Minute)
	return fmt.Sprintf("%dh%02dm", d/time.Hour, d%time.Hour/time.Minute)
}

// grouped is a number that can be read: 1,234,567.
func grouped(n int64) string {
	text := strconv.FormatInt(n, 10)
	for i := len(text) - 3; i > 0 && text[i-1] != '-'; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// cut shortens a line to some columns.
func cut(line string, columns int) string {
	if utf8.RuneCountInString(line) <= columns {
		return line
	}
	if columns < 2 {
		return ""
	}
	return string([]rune(line)[:columns-1]) + "…"
}

// printable is a text on one line, without what a terminal would obey: servers write it.
func printable(text string) string {
	return strings.Map(func(c rune) rune {
		switch {
		case c == '\n':
			return '/'
		case c == '\t':
			return ' '
		case unicode.IsControl(c) || unicode.Is(unicode.Cf, c) || c == utf8.RuneError:
			return '?'
		}
		return c
	}, strings.TrimRight(strings.ReplaceAll(text, "\r\n", "\n"), "\n"))
}
