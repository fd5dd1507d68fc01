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
