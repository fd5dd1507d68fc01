package smtptest_test

import (
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"

	. "github.com/mailscript/mailscript/smtp/smtptest"
)

// TestStop is a server that does not read: over a pipe the first write waits.
// Then it reads on, and says nothing.
func TestStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		done := make(chan Connection)
		go func() {
			done <- Server{Rules: []Rule{{At: Greeting, Do: Act{Delay: time.Minute, Then: Stop, For: time.Hour}}}}.Serve(theirs)
		}()
		start := time.Now()
		if _, err := io.ReadFull(ours, make([]byte, 22)); err != nil || time.Since(start) != time.Minute {
			t.Errorf("the greeting came after %v, %v", time.Since(start), err)
		}
		_ = ours.SetWriteDeadline(time.Now().Add(10 * time.Minute))
		if n, err := io.WriteString(ours, "NOOP\r\n"); n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("wrote %d octets, %v", n, err)
		}
		_ = ours.SetWriteDeadline(time.Time{})
		if _, err := io.WriteString(ours, "NOOP\r\n"); err != nil || time.Since(start) != time.Hour+time.Minute {
			t.Errorf("wrote after %v, %v", time.Since(start), err)
		}
		ours.Close()
		if seen := <-done; string(seen.AfterRule) != "NOOP\r\n" || seen.Ended != ByFIN {
			t.Errorf("%q, ended by %s", seen.AfterRule, seen.Ended)
		}
	})
}

// TestClose ends what would go on for ever.
func TestClose(t *testing.T) {
	running := Server{Rules: []Rule{{At: Greeting, Do: Act{Then: Stop}}}}.Start(t)
	conn, err := net.Dial("tcp", running.Address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.ReadFull(conn, make([]byte, 22)); err != nil {
		t.Fatal(err)
	}
	running.Close()
	if _, err := conn.Read(make([]byte, 1)); err == nil {
		t.Error("the connection is still open")
	}
	if seen := running.Connection(0); seen.Ended != ByServer {
		t.Errorf("ended by %s", seen.Ended)
	}
	if seen := running.Connection(7); seen.Ended != "" || running.Count() != 1 {
		t.Errorf("a connection that never was: %+v", seen)
	}
}
