package daemon

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

func TestLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "jobs.lock")
	if _, held := Held(path); held {
		t.Error("nobody took it, and it is held")
	}
	lock, err := Acquire(path)
	if err != nil {
		t.Fatal(err)
	}
	var locked *LockedError
	if _, err := Acquire(path); !errors.As(err, &locked) || locked.Holder.PID != os.Getpid() || !strings.Contains(err.Error(), "holds it since") {
		t.Errorf("taken twice: %v", err)
	}
	if holder, held := Held(path); !held || holder.PID != os.Getpid() {
		t.Errorf("%v %v", holder, held)
	}
	if err := lock.Release(); err != nil {
		t.Fatal(err)
	}
	if _, held := Held(path); held {
		t.Error("it was given back, and is held")
	}
	if lock, err = Acquire(path); err != nil {
		t.Fatal(err)
	}
	lock.Release()
}

// listen is a service manager.
func listen(t *testing.T) (*net.UnixConn, string) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("there are no datagrams over unix sockets")
	}
	path := filepath.Join(t.TempDir(), "notify")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn, path
}

func TestNotifier(t *testing.T) {
	conn, path := listen(t)
	environment := map[string]string{"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "7"}
	n := NewNotifier(func(name string) string { return environment[name] }, 7)
	if n.Watchdog() != 30*time.Second {
		t.Errorf("watchdog %v", n.Watchdog())
	}
	if other := NewNotifier(func(name string) string { return environment[name] }, 8); other.Watchdog() != 0 {
		t.Errorf("the watchdog of another process: %v", other.Watchdog())
	}
	for _, step := range []struct {
		send func() error
		want string
	}{
		{func() error { return n.Ready("3 jobs\nREADY=0") }, "READY=1\nSTATUS=3 jobs READY=0\n"},
		{n.Reloading, "RELOADING=1\n"},
		{n.Alive, "WATCHDOG=1\n"},
		{n.Stopping, "STOPPING=1\n"},
	} {
		if err := step.send(); err != nil {
			t.Fatal(err)
		}
		text := make([]byte, 1000)
		length, err := conn.Read(text)
		if got := string(text[:length]); err != nil || !strings.HasPrefix(got, step.want) {
			t.Errorf("%q, %v; want %q", got, err, step.want)
		}
	}
	if err := NewNotifier(func(string) string { return "" }, 7).Ready(""); err != nil {
		t.Errorf("nobody listens: %v", err)
	}
}

// A file that is written, replaced, made or removed is noticed, and others of its
// folder are not.
func TestWatcher(t *testing.T) {
	folder := t.TempDir()
	path, other := filepath.Join(folder, "a"), filepath.Join(folder, "b")
	write := func(path, text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(path, "1")
	w, err := NewWatcher()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if err := w.Files([]string{path}); err != nil {
		t.Fatal(err)
	}
	expect := func(what string) {
		t.Helper()
		select {
		case <-w.Changed():
		case <-time.After(20 * time.Second):
			t.Fatalf("%s was not noticed", what)
		}
	}
	write(path, "22")
	expect("writing")
	write(other, "333")
	if err := os.Rename(other, path); err != nil {
		t.Fatal(err)
	}
	expect("replacing")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	expect("removing")
	write(path, "1")
	expect("making")
	write(other, "x")
	if w.look() {
		t.Error("another file is taken for this one")
	}
}
