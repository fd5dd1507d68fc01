package main

import (
	"math"
	"strings"
	"testing"

	"github.com/mailscript/mailscript/bench/client"
)

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		values []float64
		want   float64
	}{{[]float64{3, 1, 2}, 2}, {[]float64{4, 1, 3, 2}, 2.5}, {[]float64{7}, 7}} {
		if got := medianOf(c.values); got != c.want {
			t.Errorf("medianOf(%v) = %v, want %v", c.values, got, c.want)
		}
	}
	if got := medianOf(nil); !math.IsNaN(got) {
		t.Errorf("medianOf(nil) = %v", got)
	}
}

func TestJudge(t *testing.T) {
	l := line{
		clients: []contestant{{name: "ours"}, {name: "slow"}, {name: "slower"}},
		goals: []goal{
			{figure: figureCPU, against: "slower", atLeast: 4},
			{figure: figureCPU, against: "slow", atLeast: 4},
			{figure: figureCPU, against: fastestPeer, atLeast: 3},
			{figure: figureTurns, atMost: 1},
			{figure: figureTurns, atMost: 0.5},
			{figure: figureWall},
		},
	}
	verdicts := l.judge([]figures{{cpu: 10, least: 8, turns: 1.004, wall: 5}, {cpu: 30, least: 28}, {cpu: 40, least: 36}})
	want := []struct {
		met     bool
		against string
		ratio   float64
		least   float64
	}{{true, "slower", 4, 4.5}, {false, "slow", 3, 3.5}, {true, "slow", 3, 3.5}, {true, "", 0, 0}, {false, "", 0, 0}, {true, "", 0, 0}}
	for i, v := range verdicts {
		if v.met() != want[i].met || v.against != want[i].against || v.ratio != want[i].ratio || v.least != want[i].least {
			t.Errorf("goal %d: got %+v, met %v", i, v, v.met())
		}
	}
}

func TestFigures(t *testing.T) {
	var runs samples
	for _, cpu := range []float64{0.3, 0.1, 0.2} {
		runs.apart = append(runs.apart, sample{report: client.Report{CPU: cpu}})
	}
	f := runs.figures(line{}, contestant{n: 1000})
	if f.cpu != 200 || f.least != 100 {
		t.Errorf("the median is %v, the least %v, want 200 and 100", f.cpu, f.least)
	}
}

func TestLines(t *testing.T) {
	seen := map[string]bool{}
	for _, l := range lines() {
		if seen[l.name] {
			t.Errorf("two lines are called %q", l.name)
		}
		seen[l.name] = true
		if l.clients[0].name != "ours" {
			t.Errorf("%s: the first client is %s", l.name, l.clients[0].name)
		}
		for _, g := range l.goals {
			found := g.against == "" || g.against == fastestPeer
			for _, c := range l.clients[1:] {
				found = found || c.name == g.against
			}
			if !found {
				t.Errorf("%s: nobody is called %q", l.name, g.against)
			}
			if l.apart && g.figure == figureWall {
				t.Errorf("%s: nothing is measured on one core", l.name)
			}
			if (l.delay > 0) != (g.figure == figureTrips || g.figure == figureChain) {
				t.Errorf("%s: %s, with a delay of %v", l.name, g.figure, l.delay)
			}
		}
	}
}

// TestQuickLeavesTheOriginal is about a slice that two lines could share.
func TestQuickLeavesTheOriginal(t *testing.T) {
	l := lines()[0]
	n := l.clients[0].n
	if quick := l.quick(); quick.clients[0].n >= n || l.clients[0].n != n {
		t.Errorf("%d messages became %d, and the original has %d", n, quick.clients[0].n, l.clients[0].n)
	}
}

func TestCheck(t *testing.T) {
	c := contestant{n: 2, size: 10, raw: true}
	good := sample{report: client.Report{Messages: 2}, server: counts{Messages: 2, BodyOctets: 20}}
	if err := good.check(c); err != nil {
		t.Error(err)
	}
	for what, spoil := range map[string]func(*sample){
		"connections broke":    func(s *sample) { s.server.Errors = 1 },
		"messages were":        func(s *sample) { s.server.Messages = 1 },
		"19 octets arrived":    func(s *sample) { s.server.BodyOctets = 19 },
		"the client reports 1": func(s *sample) { s.report.Messages = 1 },
	} {
		s := good
		spoil(&s)
		if err := s.check(c); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("want %q, got %v", what, err)
		}
	}
}

func TestReplaceMarked(t *testing.T) {
	page := "before\n" + beginMark + "\nold\n" + endMark + "\nafter\n"
	once, err := replaceMarked(page, "new\n")
	if err != nil {
		t.Fatal(err)
	}
	if want := "before\n" + beginMark + "\n\nnew\n\n" + endMark + "\nafter\n"; once != want {
		t.Errorf("got %q, want %q", once, want)
	}
	if twice, err := replaceMarked(once, "new\n"); err != nil || twice != once {
		t.Errorf("a second time: %q, %v", twice, err)
	}
	if _, err := replaceMarked("no marks", "new\n"); err == nil {
		t.Error("no marks, and no error")
	}
}

func TestTable(t *testing.T) {
	got := table{{"a", "ratio"}, {"Grüße", times(3.5)}}.markdown()
	want := "| a     | ratio |\n|-------|-------|\n| Grüße | 3.50× |\n"
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}
