package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/mailscript/mailscript/bench/client"
)

// clientTime bounds one run of a client.
const clientTime = 5 * time.Minute

// cores a process is pinned to; "" is none.
type cores struct{ server, client string }

// meter runs servers and clients.
type meter struct {
	bin         string
	rounds      int
	pinned      bool
	certificate string // where servers leave theirs
	folder      string
}

func newMeter(o options) (*meter, error) {
	folder, err := os.MkdirTemp("", "bench")
	if err != nil {
		return nil, err
	}
	bin, err := filepath.Abs(o.bin)
	if err != nil {
		return nil, err
	}
	_, err = exec.LookPath("taskset")
	return &meter{
		bin:         bin,
		rounds:      max(o.rounds, 1),
		pinned:      err == nil && runtime.NumCPU() > 1,
		certificate: filepath.Join(folder, "certificate.pem"),
		folder:      folder,
	}, nil
}

func (m *meter) close() { os.RemoveAll(m.folder) }

// apart and together are where processes run.
func (m *meter) apart() cores {
	if !m.pinned {
		return cores{}
	}
	return cores{server: "0", client: "1"}
}

func (m *meter) together() cores {
	if !m.pinned {
		return cores{}
	}
	return cores{server: "1", client: "1"}
}

// start prepares a command of this module, pinned to a core.
func (m *meter) start(ctx context.Context, core string, command []string) *exec.Cmd {
	command = append([]string{filepath.Join(m.bin, command[0])}, command[1:]...)
	if core != "" {
		command = append([]string{"taskset", "-c", core}, command...)
	}
	c := exec.CommandContext(ctx, command[0], command[1:]...)
	c.Stderr = os.Stderr
	return c
}

// sample is what one run of one client gave.
type sample struct {
	report client.Report
	server counts
}

// counts are those of the server's totals that matter here.
type counts struct {
	Messages     int64   `json:"messages"`
	BodyOctets   int64   `json:"body_octets"`
	MessageTurns int64   `json:"message_turns"`
	Rounds       int64   `json:"rounds"`
	Errors       int64   `json:"errors"`
	CPU          float64 `json:"cpu"`
}

// measure runs all rounds of a line.
func (m *meter) measure(ctx context.Context, l line) ([]figures, error) {
	all := make([]samples, len(l.clients))
	for round := range m.rounds {
		for i, c := range l.clients {
			if c.once && round > 0 {
				continue
			}
			s, err := m.once(ctx, l, c, m.apart())
			if err != nil {
				return nil, fmt.Errorf("%s: %w", c.name, err)
			}
			all[i].apart = append(all[i].apart, s)
			if l.apart {
				continue
			}
			if s, err = m.once(ctx, l, c, m.together()); err != nil {
				return nil, fmt.Errorf("%s: %w", c.name, err)
			}
			all[i].together = append(all[i].together, s)
		}
	}
	result := make([]figures, len(all))
	for i, s := range all {
		result[i] = s.figures(l, l.clients[i])
	}
	return result, nil
}

// once runs one client against a server of its own.
func (m *meter) once(ctx context.Context, l line, c contestant, on cores) (sample, error) {
	ctx, cancel := context.WithTimeout(ctx, clientTime)
	defer cancel()
	if l.server == nil {
		report, err := m.client(ctx, on.client, c.command("", ""))
		return sample{report: report}, err
	}
	server := m.start(ctx, on.server, l.serverCommand(m.certificate))
	out, err := server.StdoutPipe()
	if err != nil {
		return sample{}, err
	}
	if err := server.Start(); err != nil {
		return sample{}, err
	}
	reader := bufio.NewReader(out)
	ready, err := reader.ReadString('\n')
	address, ok := strings.CutPrefix(strings.TrimSpace(ready), "ready ")
	if err != nil || !ok {
		return sample{}, errors.Join(errors.New("the server did not start"), server.Wait())
	}
	s := sample{}
	var fault error
	s.report, fault = m.client(ctx, on.client, c.command(address, m.certificate))
	if err := server.Process.Signal(syscall.SIGTERM); err != nil {
		return sample{}, errors.Join(fault, err)
	}
	err = json.NewDecoder(reader).Decode(&s.server)
	if err := errors.Join(fault, err, server.Wait()); err != nil {
		return sample{}, err
	}
	return s, s.check(c)
}

func (m *meter) client(ctx context.Context, core string, command []string) (client.Report, error) {
	var r client.Report
	c := m.start(ctx, core, command)
	out, err := c.Output()
	if err != nil {
		return r, err
	}
	return r, json.NewDecoder(bytes.NewReader(out)).Decode(&r)
}

// check sees that what was measured is what was asked for.
func (s sample) check(c contestant) error {
	switch {
	case s.server.Errors != 0:
		return fmt.Errorf("%d connections broke", s.server.Errors)
	case s.server.Messages != int64(c.n) || s.report.Messages != c.n:
		return fmt.Errorf("%d messages were to be sent, the client reports %d, the server %d", c.n, s.report.Messages, s.server.Messages)
	case c.raw && s.server.BodyOctets != int64(c.n)*int64(c.size):
		return fmt.Errorf("%d messages of %d octets were to be sent, and %d octets arrived", c.n, c.size, s.server.BodyOctets)
	}
	return nil
}

// commands are how to do by hand what a line's first round does.
func (m *meter) commands(l line) []string {
	on, one := m.apart(), m.together()
	pin := func(core string, command []string) string {
		text := "bench/bin/" + strings.Join(quoted(command), " ")
		if core != "" {
			text = "taskset -c " + core + " " + text
		}
		return text
	}
	var all []string
	if l.server != nil {
		listen := append(l.serverCommand("c.pem"), "-listen", "127.0.0.1:2525")
		all = append(all, pin(on.server, listen)+" &")
		if !l.apart && m.pinned {
			all[0] += "  # then with -c " + one.server + " for wall time"
		}
	}
	for _, c := range l.clients {
		all = append(all, pin(on.client, c.command("127.0.0.1:2525", "c.pem")))
	}
	return all
}

func quoted(words []string) []string {
	out := make([]string, len(words))
	for i, w := range words {
		if strings.Contains(w, " ") {
			w = "'" + w + "'"
		}
		out[i] = w
	}
	return out
}
