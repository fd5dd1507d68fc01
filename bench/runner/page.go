package main

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"strings"
)

// The tables stand between these lines of a page.
const (
	beginMark = "<!-- measured: begin -->"
	endMark   = "<!-- measured: end -->"
)

// page is everything that was measured.
type page struct {
	machine string
	quick   bool
	lines   []measured
}

// measured is a line with its figures, client by client.
type measured struct {
	line
	figures  []figures
	commands []string
}

func (p page) missed() bool {
	for _, l := range p.lines {
		for _, v := range l.judge(l.figures) {
			if !v.met() {
				return true
			}
		}
	}
	return false
}

func (p page) markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", p.machine)
	if p.quick {
		b.WriteString("\nA quick run: the figures mean nothing and are not judged.\n")
	}
	b.WriteString("\n### Targets\n\n")
	b.WriteString(p.targets().markdown())
	b.WriteString("\n### All figures\n\n")
	b.WriteString(p.everything().markdown())
	b.WriteString("\n### Commands\n\n```sh\n")
	for i, l := range p.lines {
		if i > 0 {
			b.WriteString("\n")
		}
		fmt.Fprintf(&b, "# %s\n%s\n", l.name, strings.Join(l.commands, "\n"))
	}
	b.WriteString("```\n")
	return b.String()
}

func (p page) targets() table {
	t := table{{"line", "figure", "ours", "against", "theirs", "ratio", "by the least", "target", "met"}}
	for _, l := range p.lines {
		for _, v := range l.judge(l.figures) {
			row := []string{l.name, string(v.figure), number(v.ours), "", "", "", "", "", ""}
			if v.against != "" {
				row[3], row[4], row[5] = v.against, number(v.theirs), times(v.ratio)
			}
			if v.least > 0 {
				row[6] = times(v.least)
			}
			switch {
			case v.atLeast > 0:
				row[7] = "≥ " + times(v.atLeast)
			case v.atMost > 0:
				row[7] = "≤ " + number(v.atMost)
			}
			switch {
			case row[7] == "" || p.quick:
			case v.met():
				row[8] = "yes"
			default:
				row[8] = "**no**"
			}
			t = append(t, row)
		}
	}
	return t
}

func (p page) everything() table {
	t := table{{"line", "client", "messages", "client CPU", "wall, one core", "CPU of both", "turns a message", "round trips", "counted", "memory, MiB"}}
	for _, l := range p.lines {
		for i, c := range l.clients {
			f := l.figures[i]
			name := c.name
			if f.what != "" && !strings.Contains(name, f.what) {
				name += " (" + f.what + ")"
			}
			row := []string{l.name, name, fmt.Sprint(c.n), "", "", "", "", "", "", number(f.memory)}
			if l.delay == 0 {
				row[3], row[4], row[5] = number(f.cpu), number(f.wall), number(f.both)
			} else {
				row[7], row[8] = number(f.trips), number(f.chain)
			}
			if l.server != nil && c.n > 0 {
				row[6] = number(f.turns)
			}
			t = append(t, row)
		}
	}
	return t
}

// facts are what the figures depend on.
func (m *meter) facts() string {
	where := "server on core 0 and client on core 1, or both on core 1"
	if !m.pinned {
		where = "nothing pinned, for want of taskset or of a second core"
	}
	return fmt.Sprintf("%s, %d cores, %s/%s, %s; %s; rounds: %d; load average before: %s.\nTimes are milliseconds for 1,000 messages; a ratio is theirs to ours.",
		processor(), runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, runtime.Version(), where, m.rounds, load())
}

// load is the average over the last minute, as Linux has it: what else the machine was doing.
func load() string {
	averages, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	first, _, _ := strings.Cut(string(averages), " ")
	return first
}

// processor is the model as Linux knows it.
func processor() string {
	f, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return "unknown processor"
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		if key, value, ok := strings.Cut(s.Text(), ":"); ok && strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "unknown processor"
}

// replaceInFile puts text between the marks of a file.
func replaceInFile(name, text string) error {
	old, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	page, err := replaceMarked(string(old), text)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return os.WriteFile(name, []byte(page), 0o644)
}

func replaceMarked(page, text string) (string, error) {
	before, rest, begins := strings.Cut(page, beginMark+"\n")
	_, after, ends := strings.Cut(rest, endMark)
	if !begins || !ends {
		return "", fmt.Errorf("no lines %q and %q", beginMark, endMark)
	}
	return before + beginMark + "\n\n" + text + "\n" + endMark + after, nil
}
