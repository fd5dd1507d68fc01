//go:build crash && unix

package crash

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"testing"

	"github.com/mailscript/mailscript/delivery"
	"github.com/mailscript/mailscript/ledger"
	"github.com/mailscript/mailscript/smtp"
	"github.com/mailscript/mailscript/smtp/server"
)

// before is what a first process has to go through where one failpoint is only on the
// way of the next.
var before = map[string]string{
	"epoch.doubts": "window.committed", "resolve.outcome": "window.committed",
	"plan.replace": "rows.claimed", "salvage.rename": "settle.after",
}

// TestFailpoints ends a merge at each place it names, in each of three ways: killed,
// and with an error of a disk that is broken or full; make crash does, and make test
// takes one of the two errors. Whatever goes on from there
// loses nothing, claims nothing and sends nothing twice.
func TestFailpoints(t *testing.T) {
	if testing.Short() {
		t.Skip("starts some hundred processes")
	}
	points := append(ledger.Failpoints(), delivery.Failpoints()...)
	if len(points) < 30 {
		t.Errorf("%d failpoints", len(points))
	}
	for i, point := range points {
		t.Run(point, func(t *testing.T) {
			t.Parallel()
			for j, fault := range []string{"kill", "EIO", "ENOSPC"} {
				if j == 1+i/2%2 && os.Getenv("CRASH_KILLS") == "" {
					continue
				}
				policy := []string{"hold", "resend"}[(i+j)%2]
				if point == "resolve.outcome" {
					policy = "resend" // else nobody resolves
				}
				s := &series{
					rows: 120, connections: 2, policy: policy, transfer: []string{"DATA", "CHUNKING"}[i%2], width: childWindow,
				}
				breakAt(t, s, point, fault)
			}
		})
	}
}

// breakAt runs one series that breaks at a failpoint.
func breakAt(t *testing.T, s *series, point, fault string) {
	t.Helper()
	weather := storm{Later: 40, RcptLater: 60, RcptNever: 60, After: 60}
	if point == "window.release" || point == "window.released" {
		// In turns a window is committed ahead, and lost with its connection.
		s.transfer, weather = "DATA", storm{Before: 10}
	}
	var withheld []server.Extension
	if s.transfer == "DATA" {
		withheld = []server.Extension{server.Chunking, server.BinaryMIME}
	}
	w := startWitness(t, s.rows, weather, withheld...)
	s.prepare(t, w.address)
	o := orders{
		folder: s.folder, address: w.address, rows: s.rows, policy: delivery.DoubtPolicy(s.policy), transfer: smtp.TransferData, pass: 1, fault: fault,
	}
	if s.transfer == "CHUNKING" {
		o.transfer = ""
	}
	s.command = func() *exec.Cmd {
		command := exec.Command(os.Args[0])
		command.Env = o.environment()
		return command
	}
	if first := before[point]; first != "" {
		o.point, o.fault = first, "kill"
		if first == "rows.claimed" {
			o.fault = "EIO" // rows that are only planned are there when the ledger was closed
		}
		killed := s.wait(t, s.start(t))
		if !killed && !(o.fault != "kill" && bytes.Contains(s.stderr.Bytes(), []byte(hit))) {
			t.Fatalf("%s was not hit", first)
		}
		s.settle(t, w, killed)
		o.fault = fault
	}
	o.point, o.edited, o.salvage = point, point == "plan.replace", point == "salvage.rename"
	killed := s.wait(t, s.start(t))
	if !killed && !(fault != "kill" && bytes.Contains(s.stderr.Bytes(), []byte(hit))) {
		t.Fatalf("%s was not hit with %s\n%s", point, fault, s.stderr.Bytes())
	}
	o.point = ""
	if o.salvage {
		s.wait(t, s.start(t))
		o.salvage = false
	}
	s.disturbed = true // rows may be in doubt although the process ended by itself
	s.settle(t, w, killed)
	w.mu.Lock()
	w.calm = true
	w.mu.Unlock()
	for range 3 {
		s.wait(t, s.start(t))
		s.disturbed = false
		if s.settle(t, w, false) == 0 {
			break
		}
	}
	n := s.total(t, w)
	if n.sent+n.failed+n.held != s.rows {
		t.Errorf("%s: %+v", s, n)
	}
	if t.Failed() {
		t.Logf("%s at %s: %+v\n%s", fault, point, n, s.stderr.Bytes())
	}
}

// exitOf runs a child to its end.
func exitOf(err error) int {
	if err == nil {
		return 0
	}
	fmt.Fprintln(os.Stderr, err)
	return 75
}
