//go:build unix

package ledger

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestMain lets the test binary be a process that is killed.
func TestMain(m *testing.M) {
	if folder := os.Getenv("LEDGER_CHILD"); folder != "" {
		if err := child(folder); err != nil {
			fmt.Println("error", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// childRows is how many rows the process that is killed sends.
const childRows = 400

// child sends rows until it is killed. It says "end N" where the end of a message would be
// written, and "sent N" when the ledger has it.
func child(folder string) error {
	at, left, _ := strings.Cut(os.Getenv("LEDGER_FAILPOINT"), " ")
	passes, _ := strconv.Atoi(left)
	options := Options{Failpoint: func(name string) error {
		if name == at {
			if passes--; passes <= 0 {
				return syscall.Kill(os.Getpid(), syscall.SIGKILL)
			}
		}
		return nil
	}}
	l, err := Open(context.Background(), folder, options)
	if err != nil {
		return err
	}
	r, err := l.Run("news", Settings{})
	if err != nil {
		return err
	}
	if err := l.Suppress([]Suppression{{Address: "nobody@example.org"}}); err != nil {
		return err
	}
	rows := people(1, childRows)
	rows = append(rows, Row{Key: "skipped", Number: childRows + 1, State: Skipped, Reason: "no address"})
	if r.Resumed {
		rows[childRows-1].Hash++ // edited
	}
	var batch Batch
	for len(rows) > 0 {
		n := min(16, len(rows))
		standings, err := r.Plan(rows[:n])
		if err != nil {
			return err
		}
		var ids []ID
		for _, s := range standings {
			if s.State.open() {
				ids = append(ids, s.ID)
			}
		}
		rows = rows[n:]
		batch.Doubt = r.Claim(ids)
		if len(rows) > 0 && len(rows) < 32 {
			batch.Doubt = nil // these stay planned
		}
		if err := r.Commit(batch); err != nil {
			return err
		}
		said := func(what string, ids []ID) {
			for _, id := range ids {
				fmt.Println(what, id)
			}
		}
		for i := range batch.Settled {
			said("sent", []ID{batch.Settled[i].ID})
		}
		said("end", batch.Doubt)
		batch.Settled = sent(batch.Doubt)
		if len(ids) > 4 {
			// Some are settled at once, so that batches shrink.
			if err := r.Settle(batch.Settled[:min(4, len(batch.Settled))]); err != nil {
				return err
			}
			batch.Settled = batch.Settled[min(4, len(batch.Settled)):]
		}
	}
	if _, err := r.Resolve(AssumeSent); err != nil {
		return err
	}
	l.mu.Lock()
	l.pages = checkpointPages
	l.mu.Unlock()
	if err := r.Settle(batch.Settled); err != nil {
		return err
	}
	return l.Close()
}

// spawn runs a child, kills it after some time unless it ends before, and returns what it
// said.
func spawn(t *testing.T, folder, failpoint string, after time.Duration) (ended, sent []ID, killed bool) {
	t.Helper()
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), "LEDGER_CHILD="+folder, "LEDGER_FAILPOINT="+failpoint)
	out, err := c.StdoutPipe()
	do(t, err)
	do(t, c.Start())
	if after > 0 {
		defer time.AfterFunc(after, func() { c.Process.Kill() }).Stop()
	}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		what, n, _ := strings.Cut(lines.Text(), " ")
		id, err := strconv.Atoi(n)
		switch {
		case err != nil:
			t.Errorf("the child said %q", lines.Text())
		case what == "end":
			ended = append(ended, ID(id))
		case what == "sent":
			sent = append(sent, ID(id))
		}
	}
	var exit *exec.ExitError
	if errors.As(c.Wait(), &exit) {
		status := exit.Sys().(syscall.WaitStatus)
		killed = status.Signaled() && status.Signal() == syscall.SIGKILL
		if !killed {
			t.Fatalf("the child ended with %v", exit)
		}
	}
	return ended, sent, killed
}

// TestKill kills a process at random moments and at each failpoint, and lets the next one
// go on: no message is finished twice, and none whose end was written is to be sent.
func TestKill(t *testing.T) {
	if raceDetector {
		t.Skip("the processes that are killed would be too slow")
	}
	kills := 6
	if n, err := strconv.Atoi(os.Getenv("CRASH")); err == nil {
		kills = max(kills, n)
	}
	var failpoints []string
	for range kills {
		failpoints = append(failpoints, "")
	}
	for _, name := range Failpoints() {
		failpoints = append(failpoints, name+" 1", name+" "+strconv.Itoa(2+rand.IntN(20)))
	}
	if os.Getenv("CRASH") == "" {
		rand.Shuffle(len(failpoints), func(i, j int) { failpoints[i], failpoints[j] = failpoints[j], failpoints[i] })
		failpoints = failpoints[:24]
	}
	folder := t.TempDir()
	finished := map[ID]bool{}
	hit := map[string]bool{}
	for i, at := range failpoints {
		if i%4 == 0 {
			folder, finished = t.TempDir(), map[ID]bool{}
		}
		after := 30 * time.Second
		if at == "" {
			after = time.Duration(rand.IntN(60)) * time.Millisecond
		}
		ended, done, killed := spawn(t, folder, at, after)
		if killed {
			hit[at] = true
		}
		for _, id := range ended {
			if finished[id] {
				t.Fatalf("row %d was finished twice", id)
			}
			finished[id] = true
		}
		l := open(t, folder, Options{})
		states := map[ID]State{}
		for item, err := range l.Items(context.Background(), "news", Filter{}) {
			if err != nil && len(done) == 0 && len(ended) == 0 {
				break // killed before there was a run
			}
			do(t, err)
			states[item.ID] = item.State
		}
		for id := range finished {
			if s := states[id]; s != Sent && s != Unknown {
				t.Fatalf("after a kill at %q row %d, which was finished, is %v", at, id, s)
			}
		}
		for _, id := range done {
			if states[id] != Sent {
				t.Fatalf("after a kill at %q row %d, which was sent, is %v", at, id, states[id])
			}
		}
		do(t, l.Close())
	}
	t.Logf("killed %d times", len(hit))
	if len(hit) < len(failpoints)/5 {
		t.Fatalf("killed at %d of %d", len(hit), len(failpoints))
	}
}

// TestFailpoints kills a process at each failpoint once, and finds that each can be hit.
func TestFailpoints(t *testing.T) {
	if testing.Short() || raceDetector {
		t.Skip("starts a process for each failpoint")
	}
	for _, name := range Failpoints() {
		switch name {
		case "epoch.doubts", "plan.replace", "resolve.outcome":
			continue // of the second process, below
		case "salvage.rename":
			continue // TestSalvageInterrupted
		}
		folder := t.TempDir()
		if _, _, killed := spawn(t, folder, name+" 1", 30*time.Second); !killed {
			t.Errorf("%s was not hit", name)
		}
	}
	for name, first := range map[string]string{"epoch.doubts": "doubt.after 5", "resolve.outcome": "doubt.after 5", "plan.replace": "checkpoint.before 1"} {
		folder := t.TempDir()
		spawn(t, folder, first, 30*time.Second)
		if _, _, killed := spawn(t, folder, name+" 1", 30*time.Second); !killed {
			t.Errorf("%s was not hit", name)
		}
	}
}

// TestFaultL5Open is a disk that is full while a ledger is opened whose last process was
// killed. The next one opens it, and finds what was in doubt.
func TestFaultL5Open(t *testing.T) {
	for _, point := range []string{"lock.write", "begin.before", "begin.after", "epoch.write", "epoch.doubts", "commit.before", "commit.after", "lock.epoch"} {
		t.Run(point, func(t *testing.T) {
			folder := t.TempDir()
			if _, _, killed := spawn(t, folder, "settle.after 2", 30*time.Second); !killed {
				t.Fatal("it was not killed")
			}
			_, err := Open(context.Background(), folder, Options{Failpoint: func(name string) error {
				if name == point {
					return syscall.ENOSPC
				}
				return nil
			}})
			if !errors.Is(err, syscall.ENOSPC) {
				t.Fatalf("opening it: %v", err)
			}
			l := open(t, folder, Options{})
			if n := begin(t, l).Counts(); n.Sent == 0 || n.Unknown == 0 {
				t.Errorf("%+v", n)
			}
			do(t, l.Close())
		})
	}
}
