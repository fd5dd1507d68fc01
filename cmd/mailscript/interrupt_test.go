package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// TestInterruptDuringSilence cancels, as Ctrl-C does, while a server says
// nothing: the command ends at once, whatever the script catches.
func TestInterruptDuringSilence(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	accepted := make(chan net.Conn, 1)
	go func() {
		if conn, err := listener.Accept(); err == nil {
			accepted <- conn
		}
	}()
	script := filepath.Join(t.TempDir(), "x.lua")
	source := fmt.Sprintf(`local smtp = require "smtp"
while true do
  pcall(function() try(smtp.connect, { host = "127.0.0.1", port = %d, tls = "off" }) end)
end
`, listener.Addr().(*net.TCPAddr).Port)
	if err := os.WriteFile(script, []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var interrupted time.Time
	go func() {
		conn := <-accepted
		defer conn.Close()
		interrupted = time.Now()
		cancel()
		_, _ = conn.Read(make([]byte, 1)) // silent until the client is gone
	}()
	var stderr bytes.Buffer
	status := Main(ctx, []string{"run", script}, strings.NewReader(""), &stderr, &stderr)
	took := time.Since(interrupted)
	if status != 130 || !strings.Contains(stderr.String(), "mailscript: interrupted") {
		t.Errorf("exit status %d, want 130\n%s", status, stderr.String())
	}
	// The bound is 100 ms; a busy machine is forgiven, a wait for the server's
	// five minutes is not.
	if took > 2*time.Second {
		t.Errorf("took %v to end", took)
	}
	t.Logf("ended after %v", took)
}

// TestInterruptTwice presses Ctrl-C while a message is on its way. The first time
// its reply is waited for a little, and then it is in doubt; the second time the
// process ends at once.
func TestInterruptTwice(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there is no sending of signals")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, times := range []int{1, 2} {
		t.Run(fmt.Sprint(times), func(t *testing.T) {
			port, taken := forgetfulServer(t)
			script := filepath.Join(t.TempDir(), "x.lua")
			source := fmt.Sprintf(`local smtp = require "smtp"
local session = smtp.connect { host = "127.0.0.1", port = %d, tls = "off" }
for result in session:stream { from = "a@bank.example", to = "ann@example.org", text = "x" } do end
`, port)
			if err := os.WriteFile(script, []byte(source), 0o600); err != nil {
				t.Fatal(err)
			}
			// Under this name the test is mailscript: see TestMain.
			command := exec.Cmd{Path: self, Args: []string{"mailscript", "run", script}}
			pipe, err := command.StderrPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := command.Start(); err != nil {
				t.Fatal(err)
			}
			stderr := bufio.NewReader(pipe)
			<-taken
			begin := time.Now()
			_ = command.Process.Signal(os.Interrupt)
			text, _ := stderr.ReadString('\n')
			if !strings.Contains(text, "a second Ctrl-C ends at once") {
				t.Errorf("said %q", text)
			}
			if times == 2 {
				_ = command.Process.Signal(os.Interrupt)
			}
			rest, _ := io.ReadAll(stderr)
			_ = command.Wait()
			took, state := time.Since(begin), command.ProcessState
			switch {
			case times == 1 && (state.ExitCode() != 130 || !strings.Contains(string(rest), "not delivered: 1 in doubt (sent: 0)") || took < 2*time.Second):
				t.Errorf("%v after %v\n%s", state, took, rest)
			case times == 2 && (state.Exited() || took > 2*time.Second):
				t.Errorf("%v after %v\n%s", state, took, rest)
			}
		})
	}
}

// forgetfulServer takes one message and never answers it. The channel is closed
// when the message has arrived.
func forgetfulServer(t *testing.T) (port int, taken chan struct{}) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	taken = make(chan struct{})
	done := make(chan struct{})
	go func() {
		defer close(done)
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		answers := map[string]string{"EHLO": "250-mx.example\r\n250 PIPELINING", "DATA": "354 go on"}
		_, _ = io.WriteString(conn, "220 mx.example\r\n")
		text := false
		for lines := bufio.NewScanner(conn); lines.Scan(); {
			verb, _, _ := strings.Cut(lines.Text(), " ")
			answer, special := answers[verb]
			if text && verb == "." {
				close(taken)
			}
			if text {
				continue
			}
			if !special {
				answer = "250 ok"
			}
			text = verb == "DATA"
			_, _ = io.WriteString(conn, answer+"\r\n")
		}
	}()
	t.Cleanup(func() {
		listener.Close()
		<-done
	})
	return listener.Addr().(*net.TCPAddr).Port, taken
}
