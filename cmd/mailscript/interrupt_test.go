package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
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

// TestInterruptTwice presses Ctrl-C while messages are on their way: the first
// time what is not answered is waited for a little, and then in doubt; the second
// time the process ends at once.
func TestInterruptTwice(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there is no sending of signals")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	server := smtptest.Server{Rules: []smtptest.Rule{
		{At: smtptest.Noop, Do: smtptest.Act{Mute: true, Then: smtptest.Silence}},
		{At: smtptest.Message, Call: 2, Do: smtptest.Act{Mute: true, Then: smtptest.Silence}},
	}}
	for _, times := range []int{1, 2} {
		t.Run(fmt.Sprint(times), func(t *testing.T) {
			running := server.Start(t)
			_, port, _ := net.SplitHostPort(running.Address)
			script := filepath.Join(t.TempDir(), "x.lua")
			source := fmt.Sprintf(`local smtp, mime = require "smtp", require "mime"
local message = mime.message { from = "a@bank.example", to = "ann@example.org", text = "x" }
local other = message:with { to = "bob@example.org" }
local session = smtp.connect { host = "127.0.0.1", port = %s, tls = "off" }
for result in session:stream { message, other } do print(result.outcome) end
`, port)
			if err := os.WriteFile(script, []byte(source), 0o600); err != nil {
				t.Fatal(err)
			}
			// Under this name the test is mailscript: see TestMain.
			command := exec.Cmd{Path: self, Args: []string{"mailscript", "run", script}}
			var stderr bytes.Buffer
			command.Stderr = &stderr
			stdout, err := command.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := command.Start(); err != nil {
				t.Fatal(err)
			}
			// With the first result the second message has been written, or is about
			// to be: nothing but its reply is missing.
			if _, err := bufio.NewReader(stdout).ReadString('\n'); err != nil {
				t.Error(err)
			}
			begin := time.Now()
			for i := range times {
				if i > 0 {
					// Signals that come together are one.
					waitUntil(t, func() bool { return ignores(command.Process.Pid) })
				}
				_ = command.Process.Signal(os.Interrupt)
			}
			_ = command.Wait()
			took := time.Since(begin)
			state := command.ProcessState
			switch {
			case times == 1 && (state.ExitCode() != 130 || !strings.Contains(stderr.String(), "not delivered: 1 in doubt (sent: 1)") || took < 2*time.Second):
				t.Errorf("%v after %v\n%s", state, took, stderr.String())
			case times == 2 && (state.Exited() || took > 2*time.Second):
				t.Errorf("%v after %v\n%s", state, took, stderr.String())
			}
		})
	}
}
