//go:build crash && linux

package crash

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// startSink runs smtp-sink of Postfix, which writes each message into a file, and
// returns who looks at them. It offers PIPELINING, and no CHUNKING.
func startSink(t *testing.T, rows int) *witness {
	t.Helper()
	program, err := exec.LookPath("smtp-sink")
	if err != nil {
		program = "/usr/sbin/smtp-sink"
		if _, err := os.Stat(program); err != nil {
			t.Skip("smtp-sink, of Postfix, is not installed")
		}
	}
	folder, err := os.MkdirTemp("/dev/shm", "crash-sink-") // it syncs nothing, but writes much
	if err != nil {
		folder = t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(folder) })
	if err := os.Chmod(folder, 0o777); err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	listener.Close()
	arguments := []string{"-d", "taken/%M.", address, "256"}
	if os.Getuid() == 0 {
		arguments = append([]string{"-u", "nobody"}, arguments...)
	}
	command := exec.Command(program, arguments...)
	command.Dir = folder
	var said bytes.Buffer
	command.Stderr = &said
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Signal(syscall.SIGTERM)
		_ = command.Wait()
	})
	for deadline := time.Now().Add(time.Minute); ; {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			conn.Close()
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("smtp-sink does not listen: %v\n%s", err, said.Bytes())
		}
		time.Sleep(5 * time.Millisecond)
	}
	w := newWitness(rows, storm{})
	w.address = address
	w.ask = func() { readSink(t, w, filepath.Join(folder, "taken")) }
	return w
}

var sinkRecipient = regexp.MustCompile(`(?m)^X-Rcpt-Args: <(.*)>$`)

// readSink takes the messages out of the sink's folder.
func readSink(t *testing.T, w *witness, folder string) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); connected(t, w.address); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("somebody is still connected to smtp-sink")
		}
	}
	files, err := os.ReadDir(folder)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, file := range files {
		path := filepath.Join(folder, file.Name())
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		to := sinkRecipient.FindSubmatch(text)
		_, text, found := bytes.Cut(text, []byte("(UTC)\n")) // the sink's own fields
		if to == nil || !found {
			t.Fatalf("smtp-sink wrote %.300q", text)
		}
		w.take(rowOf(string(to[1])), text)
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
}

// connected reports whether the server has a connection that it has not closed.
func connected(t *testing.T, address string) bool {
	t.Helper()
	table, err := os.ReadFile("/proc/net/tcp")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := strings.Cut(address, ":")
	var n int
	fmt.Sscan(port, &n)
	for line := range strings.Lines(string(table)) {
		fields := strings.Fields(line)
		if len(fields) < 4 || !strings.HasSuffix(fields[1], fmt.Sprintf(":%04X", n)) {
			continue
		}
		if state := fields[3]; state == "01" || state == "08" { // established, or the client has left
			return true
		}
	}
	return false
}

// TestSink kills merges that go to a server that is not of ours.
func TestSink(t *testing.T) {
	if testing.Short() {
		t.Skip("kills processes for some seconds")
	}
	kills, rows := max(4, number("CRASH_KILLS", 0)/20), 2000
	if kills > 4 {
		rows = 10_000
	}
	var all []tally
	for _, policy := range []string{"hold", "resend"} {
		w := startSink(t, rows)
		s := &series{rows: rows, kills: kills, connections: 4, policy: policy, source: "csv", blind: true, transfer: "DATA"}
		s.run(t, w)
		all = append(all, s.total(t, w))
		t.Logf("%s: %+v", s, all[len(all)-1])
	}
	if !t.Failed() {
		report(t, "smtp-sink", all)
	}
}
