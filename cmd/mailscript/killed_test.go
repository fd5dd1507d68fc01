package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/mailscript/mailscript/smtp/server"
)

// mute takes messages and never answers that it did.
type mute struct {
	server.Accept
	messages chan string
}

func (m *mute) Message(ctx context.Context, _ server.Peer, _ server.Envelope, body io.Reader) server.Reply {
	text, err := io.ReadAll(body)
	if err == nil {
		m.messages <- string(text)
	}
	<-ctx.Done()
	return server.Reply{Code: 451, Text: "too late"}
}

// startMute serves until the test ends.
func startMute(t *testing.T, m *mute) net.Addr {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	over := make(chan struct{})
	go func() {
		defer close(over)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_ = server.Serve(ctx, conn, server.Config{Hostname: "mx.example", Handler: m})
		}
	}()
	t.Cleanup(func() {
		cancel()
		listener.Close()
		<-over
	})
	return listener.Addr()
}

// TestKilledInDoubt kills a merge between the end of a message and its reply. The commands
// then tell its Message-ID and its server, which is what one looks for in a log.
func TestKilledInDoubt(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	m := &mute{messages: make(chan string, 1)}
	address := startMute(t, m)
	folder := t.TempDir()
	script := filepath.Join(folder, "news.lua")
	source := strings.Replace(runScript, "port = 1,", fmt.Sprintf("port = %d,", address.(*net.TCPAddr).Port), 1)
	if err := os.WriteFile(script, []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	command := exec.Cmd{Path: self, Args: []string{"mailscript", "run", script}, Stderr: &stderr}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- command.Wait() }()
	select {
	case err := <-ended:
		t.Fatalf("it sent nothing: %v\n%s", err, &stderr)
	case text := <-m.messages:
		// FAULTS L7: a second process leaves with 75, since the same call succeeds later,
		// and says who has the ledger.
		using := fmt.Sprintf("process %d on ", command.Process.Pid)
		expect(t, folder, 75, using, "run", script)
		expect(t, folder, 75, using, "resume", "news")
		expect(t, folder, 75, using, "doubt", "news", "--sent", "--all")
		if err := command.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		<-ended
		found := regexp.MustCompile(`(?mi)^Message-ID: (<[^>]+>)`).FindStringSubmatch(text)
		if found == nil {
			t.Fatal(text)
		}
		details := address.String() + " (not encrypted), Message-ID " + found[1]
		look := func() {
			t.Helper()
			expect(t, folder, 0, details, "doubt", "news")
			expect(t, folder, 0, details, "audit", "ann@example.org")
			expect(t, folder, 0, found[1], "export", "--in-doubt", "news")
			expect(t, folder, 0, `"message_id":"`+found[1]+`"`, "doubt", "--json", "news")
		}
		look() // nobody has opened the ledger for writing since
		expect(t, folder, 74, "1 in doubt", "run", script)
		look()
	}
}
