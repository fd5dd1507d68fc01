//go:build crash && unix

package crash

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"
)

// script is the merge that is killed. Its rows come from a file, or are made.
const script = `local merge, csv = require "merge", require "csv"
local port, rows, connections, in_doubt = tonumber(arg[1]), tonumber(arg[2]), tonumber(arg[3]), arg[4]
local function made()
  local i = 0
  return function()
    i = i + 1
    if i > rows then return nil end
    return { email = ("r%d@example.org"):format(i), name = "Row " .. i, amount = i * 3 }
  end
end
merge.run {
  name = "crash", rows = arg[5] == "csv" and csv.rows "rows.csv" or made(), key = "email",
  account = { host = "127.0.0.1", port = port, tls = "off" },
  connections = connections, in_doubt = in_doubt, retry_for = "10m", stop_after = -1,
  message = function(row)
    return {
      from = "News <news@bank.example>", to = row.email, subject = "Hello " .. row.name,
      text = "Hello " .. row.name .. ",\nyou owe us " .. row.amount .. " pieces.\n.\n..\nYours\n",
      html = "<p>Hello " .. row.name .. "</p>",
    }
  end,
}
`

// window is how many messages a connection has on its way at most.
const window = 64

// series is one merge, killed again and again until it has been killed often enough,
// and then left to end.
type series struct {
	rows, kills int
	connections int
	policy      string // for what is in doubt
	source      string // "csv" or "made"
	blind       bool   // nobody says how many messages the server has taken
	transfer    string

	folder  string
	port    string
	command func() *exec.Cmd
	width   int // messages on their way over a connection; 0 is window
	// disturbed is true where a process that ended by itself was told of a fault.
	disturbed bool
	killed    int
	starts    int
	doubted   []int // by row: how often a kill left it in doubt
	most      int   // rows in doubt after one kill
	doubts    int   // after all
	breaks    int   // processes that were killed, or told of a fault
	stderr    bytes.Buffer
}

func (s *series) String() string { return s.transfer + ", " + s.policy }

// prepare writes the project.
func (s *series) prepare(t *testing.T, address string) {
	t.Helper()
	s.folder = t.TempDir()
	s.doubted = make([]int, s.rows+1)
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	s.port = port
	s.command = func() *exec.Cmd {
		return exec.Command(binary, "run", "send.lua", "--", s.port, strconv.Itoa(s.rows), strconv.Itoa(s.connections), s.policy, s.source)
	}
	s.width = cmp.Or(s.width, window)
	var table bytes.Buffer
	table.WriteString("email,name,amount\n")
	for i := 1; i <= s.rows; i++ {
		fmt.Fprintf(&table, "r%d@example.org,Row %d,%d\n", i, i, i*3)
	}
	for name, text := range map[string][]byte{"send.lua": []byte(script), "rows.csv": table.Bytes(), "mailscript.toml": nil} {
		if err := os.WriteFile(filepath.Join(s.folder, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// process is one process of a series.
type process struct {
	command *exec.Cmd
	once    sync.Once
}

// start begins a process.
func (s *series) start(t *testing.T) *process {
	t.Helper()
	s.starts++
	s.stderr.Reset()
	command := s.command()
	command.Dir = s.folder
	command.Stderr = &s.stderr
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	return &process{command: command}
}

// kill ends a process with SIGKILL, soon.
func (p *process) kill(after time.Duration) {
	p.once.Do(func() { time.AfterFunc(after, func() { _ = p.command.Process.Kill() }) })
}

// hangsAfter is longer than any process of a test takes.
const hangsAfter = 15 * time.Minute

// wait waits for the end of a process, and reports whether it was killed.
func (s *series) wait(t *testing.T, p *process) bool {
	t.Helper()
	// What hangs is killed too, and fails the test.
	hangs := time.AfterFunc(hangsAfter, func() { _ = p.command.Process.Signal(syscall.SIGABRT) })
	defer hangs.Stop()
	err := p.command.Wait()
	p.once.Do(func() {}) // a timer that fires now finds nobody
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return false
	}
	status := exit.Sys().(syscall.WaitStatus)
	if status.Signaled() && status.Signal() == syscall.SIGKILL {
		s.killed++
		return true
	}
	switch status.ExitStatus() {
	case 65, 69, 74, 75: // some were refused, are in doubt, or wait
	default:
		t.Fatalf("%s: process %d: %v\n%s", s, s.starts, err, s.stderr.Bytes())
	}
	return false
}

// moment says when the next process is to be killed: some time after its start, so
// that opening and reading are hit as well, or some time after the server has taken
// so many messages more.
func (s *series) moment(open int) (after time.Duration, messages int) {
	if s.blind {
		return time.Duration(40+rand.IntN(500)) * time.Millisecond, 0
	}
	if rand.IntN(4) == 0 {
		return time.Duration(rand.IntN(300)) * time.Millisecond, 0
	}
	// So many that the kills that are left find something to kill.
	return time.Duration(rand.IntN(4000)) * time.Microsecond, 1 + rand.IntN(max(2, open*3/2/(s.kills-s.killed)))
}

// run kills and resumes until all is done, and judges after each process.
func (s *series) run(t *testing.T, w *witness) {
	t.Helper()
	s.prepare(t, w.address)
	for open := s.rows; s.killed < s.kills; {
		after, messages := s.moment(open)
		p, before := (*process)(nil), 0
		w.mu.Lock()
		before = w.total
		p = s.start(t)
		if messages > 0 {
			w.reached = func(total int) {
				if total >= before+messages {
					p.kill(after)
				}
			}
		}
		w.mu.Unlock()
		if messages == 0 {
			p.kill(after)
		}
		killed := s.wait(t, p)
		if open = s.settle(t, w, killed); open == 0 {
			break // nothing is left to be killed for
		}
	}
	w.mu.Lock()
	w.calm, w.reached = true, nil
	w.mu.Unlock()
	for range 20 {
		s.wait(t, s.start(t))
		if open := s.settle(t, w, false); open == 0 {
			break
		}
	}
}
