package main

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/mailscript/mailscript/delivery"
)

// TestProgressLine has what a person reads while a merge runs, and when it is over.
func TestProgressLine(t *testing.T) {
	counts := delivery.Counts{Rows: 12345, Sent: 12300, Failed: 20, AlreadySent: 25}
	for _, test := range []struct {
		p    delivery.Progress
		want string
	}{
		{delivery.Progress{Counts: counts, Total: 100000, PerSecond: 850.4, Left: 103 * time.Second, Waiting: 7},
			"news: 12,345 of 100,000 (12 %), 850/s, 1m43s left; 12,300 sent, 20 failed, 7 deferred, 25 already sent"},
		{delivery.Progress{Counts: delivery.Counts{Rows: 3, Sent: 1, InDoubt: 2}, PerSecond: 0.25, Left: 5*time.Hour + 4*time.Minute},
			"news: 3, 0.2/s, 5h04m left; 1 sent, 2 in doubt"},
		{delivery.Progress{Total: 10, Left: time.Hour, PerSecond: 3, Trouble: errors.New("smtp: 421 4.3.2 \x1b[31mtoo busy\nlater")},
			"news: 0 of 10, waiting: 421 4.3.2 ?[31mtoo busy/later; 0 sent"},
	} {
		if got := progressLine("news", test.p); got != test.want {
			t.Errorf("got  %q\nwant %q", got, test.want)
		}
	}
	if got, want := mergedLine("news", counts, 12*time.Second+345*time.Millisecond), "news: 12,300 sent, 20 failed, 25 already sent in 12s (996/s)"; got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if got, want := mergedLine("news", delivery.Counts{Sent: 2}, 123400*time.Microsecond), "news: 2 sent in 123ms"; got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// TestScreen plays what a terminal shows: text of the script stays whole above the line.
func TestScreen(t *testing.T) {
	var out strings.Builder
	s := &screen{out: &out, width: func() int { return 24 }}
	above := &aboveLine{s, &out}
	p := delivery.Progress{Counts: delivery.Counts{Rows: 1, Sent: 1}}
	s.progress("m", p)
	above.Write([]byte("hel"))
	s.progress("m", p) // must not be drawn into the open line
	above.Write([]byte("lo\n"))
	p.Rows, p.Total, p.Sent = 1000, 2000, 1000
	s.progress("m", p)
	s.merged("m", p.Counts, 2*time.Second)
	if got, want := shown(out.String(), 24), "hello\nmailscript: m: 1,000 sen\nt in 2s (500/s)\n"; got != want {
		t.Errorf("the terminal shows\n%q\nwant\n%q", got, want)
	}
	if strings.Contains(out.String(), "\x1b") {
		t.Errorf("escape codes: %q", &out)
	}
	if !strings.Contains(out.String(), "\rm: 1,000 of 2,000 (5…") {
		t.Errorf("the line is not cut: %q", &out)
	}
}

// shown is what a terminal of some columns makes of a text with carriage returns.
func shown(text string, width int) string {
	var lines []string
	line, column := []rune{}, 0
	end := func() { lines, line, column = append(lines, strings.TrimRight(string(line), " ")), nil, 0 }
	for _, c := range text {
		switch {
		case c == '\r':
			column = 0
			continue
		case c == '\n':
			end()
			continue
		case column == width:
			end()
		}
		if column == len(line) {
			line = append(line, c)
		} else {
			line[column] = c
		}
		column++
	}
	return strings.Join(lines, "\n") + "\n" + strings.TrimRight(string(line), " ")
}

// TestScreenPlain looks at what a file gets: a line now and then.
func TestScreenPlain(t *testing.T) {
	var out strings.Builder
	s := newScreen(&out)
	if w := s.beside(&out); w != &out {
		t.Error("what is no terminal is not left alone")
	}
	for second := range 13 {
		s.progress("m", delivery.Progress{Counts: delivery.Counts{Rows: int64(second)}, Elapsed: time.Duration(second) * time.Second})
		s.told = s.told.Add(-time.Second) // a second passes
	}
	if got := strings.Count(out.String(), "\n"); got != 1 || strings.ContainsAny(out.String(), "\r\x1b") {
		t.Errorf("%d lines in 12 seconds: %q", got, &out)
	}
	if newScreen(os.NewFile(^uintptr(0), "closed")).width != nil {
		t.Error("what cannot be asked is a terminal")
	}
}

func TestGrouped(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", -1000: "-1,000", -100: "-100"} {
		if got := grouped(n); got != want {
			t.Errorf("%d: %q", n, got)
		}
	}
}
