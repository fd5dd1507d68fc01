//go:build crash && unix

package crash

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mailscript/mailscript/delivery"
	"github.com/mailscript/mailscript/ledger"
	"github.com/mailscript/mailscript/smtp/server"
)

// killAt kills a process at a failpoint, and returns what its ledger says.
func killAt(t *testing.T, s *series, w *witness, point string) []ledger.State {
	t.Helper()
	s.rows, s.connections, s.width, s.transfer = 40, 2, childWindow, "CHUNKING"
	s.prepare(t, w.address)
	o := orders{folder: s.folder, address: w.address, rows: s.rows, policy: delivery.DoubtPolicy(s.policy), point: point, pass: 1, fault: "kill"}
	s.command = func() *exec.Cmd {
		command := exec.Command(os.Args[0])
		command.Env = o.environment()
		return command
	}
	if !s.wait(t, s.start(t)) {
		t.Fatalf("%s was not hit\n%s", point, s.stderr.Bytes())
	}
	s.settle(t, w, true)
	o.point = ""
	return s.states(t)
}

func count(states []ledger.State, want ledger.State) (n int) {
	for _, state := range states[1:] {
		if state == want {
			n++
		}
	}
	return n
}

// TestFaultL1 is a kill before rows are claimed: all are sent, once.
func TestFaultL1(t *testing.T) {
	w := startWitness(t, 40, storm{})
	s := &series{policy: "hold"}
	states := killAt(t, s, w, "rows.claim")
	if n := count(states, 0) + count(states, ledger.Planned); n != 40 || w.total != 0 {
		t.Errorf("%d are to be sent, %d were", n, w.total)
	}
	s.wait(t, s.start(t))
	if n := s.total(t, w); n.sent != 40 || w.total != 40 {
		t.Errorf("%+v", n)
	}
}

// TestFaultL2 is a kill between the commit that says in doubt and the end of the first
// message: the window is in doubt, and stays so.
func TestFaultL2(t *testing.T) {
	w := startWitness(t, 40, storm{})
	s := &series{policy: "hold"}
	states := killAt(t, s, w, "window.committed")
	if n := count(states, ledger.InDoubt); n == 0 || n > 2*childWindow || w.total != 0 {
		t.Errorf("%d are in doubt, %d were sent", n, w.total)
	}
	s.wait(t, s.start(t))
	if n := s.total(t, w); n.held != s.doubts || n.sent != 40-n.held || n.twice != 0 {
		t.Errorf("%+v", n)
	}
}

// TestFaultL3 is a kill between a reply and the commit that says sent: what is sent
// again has the same octets, its Message-ID among them.
func TestFaultL3(t *testing.T) {
	w := startWitness(t, 40, storm{})
	s := &series{policy: "resend"}
	states := killAt(t, s, w, "answer.heard")
	doubts := count(states, ledger.InDoubt)
	if doubts == 0 || w.total == 0 || count(states, ledger.Sent) != 0 {
		t.Errorf("%d are in doubt, %d were taken", doubts, w.total)
	}
	taken := w.total
	s.wait(t, s.start(t))
	s.settle(t, w, false) // compares what came twice
	if n := s.total(t, w); n.sent != 40 || n.twice != taken || n.twice > doubts {
		t.Errorf("%d were taken before: %+v", taken, n)
	}
}

// TestFaultL7 is a second process: it leaves with a message and status 75, which says that
// the same call succeeds later, and disturbs nobody.
func TestFaultL7(t *testing.T) {
	w := startWitness(t, 200, storm{})
	s := &series{rows: 200, connections: 1, policy: "hold", source: "csv", transfer: "CHUNKING"}
	s.prepare(t, w.address)
	begun, goOn := make(chan bool), make(chan bool)
	w.reached = func(total int) {
		if total == 1 {
			close(begun)
			<-goOn
		}
	}
	p := s.start(t)
	<-begun
	second := s.command()
	second.Dir = s.folder
	out, err := second.CombinedOutput()
	close(goOn)
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 75 || !bytes.Contains(out, []byte("has been using it since")) {
		t.Errorf("%v\n%s", err, out)
	}
	s.wait(t, p)
	if n := s.total(t, w); n.sent != 200 || w.total != 200 {
		t.Errorf("%+v\n%s", n, s.stderr.Bytes())
	}
}

// TestFaultL8 is a project that was copied while its ledger was in use: nothing is sent
// from the copy unless it is taken over.
func TestFaultL8(t *testing.T) {
	w := startWitness(t, 50, storm{}, server.Chunking)
	s := &series{rows: 50, connections: 1, policy: "hold", source: "csv", transfer: "DATA"}
	s.prepare(t, w.address)
	if s.wait(t, s.start(t)); w.total != 50 {
		t.Fatalf("%d were sent\n%s", w.total, s.stderr.Bytes())
	}
	copied := filepath.Join(t.TempDir(), "copy")
	if err := os.CopyFS(copied, os.DirFS(s.folder)); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(ledger.Path(copied), 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(arguments ...string) string {
		command := s.command()
		command.Args = append(append([]string{command.Args[0], "run"}, arguments...), command.Args[2:]...)
		command.Dir = copied
		out, _ := command.CombinedOutput()
		return string(out)
	}
	if out := run(); w.total != 50 || !strings.Contains(out, "takeover") {
		t.Errorf("%d were sent\n%s", w.total, out)
	}
	if out := run("--takeover"); w.total != 50 || !strings.Contains(out, "finished") {
		t.Errorf("%d were sent\n%s", w.total, out)
	}
}
