//go:build interop

package interop

import (
	"bytes"
	"fmt"
	"io/fs"
	"net/mail"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// server is what the tests of every server need to know about one. It has the
// mailboxes ann and bob, and jürgen where it takes such addresses, all at
// example.org, and no eve.
type server struct {
	name, version string // version has two numbers
	certificates
	implicit, starttls int                         // ports
	mutual             string                      // an account that needs a client certificate too
	proxied            string                      // an account that needs a PROXY header; empty where the server knows none
	socket             string                      // LMTP, in place of the ports
	token              string                      // an access token; none where empty
	folder             func(mailbox string) string // where messages arrive, by the part before the @
	queue              []string                    // folders that hold files while messages are on their way
}

// version finds the first two numbers of a version in what a program prints.
func version(t *testing.T, program string, args ...string) string {
	t.Helper()
	out, _ := exec.Command(program, args...).CombinedOutput() // some exit with 1
	found := regexp.MustCompile(`\d+\.\d+`).Find(out)
	if found == nil {
		t.Fatalf("%s %s names no version:\n%s", program, strings.Join(args, " "), out)
	}
	return string(found)
}

// reachable lets others walk into a test's folder: servers do as their own users.
func reachable(t *testing.T, folder string) {
	t.Helper()
	for path := folder; path != os.TempDir() && path != "/"; path = filepath.Dir(path) {
		if err := os.Chmod(path, 0o755); err != nil {
			t.Fatal(err)
		}
	}
}

// withCertificate makes an account show the server's own certificate.
func (s server) withCertificate(toml string) string {
	return toml + fmt.Sprintf("client_certificate = %q\nclient_key = %q\n", s.certificate, s.key)
}

// script runs a script beside an account.
func (s server) script(t *testing.T, toml, password, script string) ran {
	t.Helper()
	var folder string
	if s.socket != "" {
		folder = t.TempDir()
	} else {
		folder = project(t, toml, password, s.ca)
	}
	write(t, filepath.Join(folder, "send.lua"), script, 0o600)
	r := mailscript(t, folder, "run", "--trace", "send.lua")
	if s.socket == "" {
		noSecret(t, password, r)
	}
	return r
}

// session runs a script that has a session, logged in.
func (s server) session(t *testing.T, script string) ran {
	t.Helper()
	begin := "local session = require \"smtp\".connect()\nsession:auth()\n"
	if s.socket != "" {
		begin = fmt.Sprintf("local session = require \"smtp\".connect { socket = %q, protocol = \"lmtp\" }\n", s.socket)
	}
	return s.script(t, account(s.implicit, "implicit"), password, begin+script+"\nsession:quit()\n")
}

// delivered waits for the one message of a mailbox, and takes it out.
func (s server) delivered(t *testing.T, mailbox string) []byte {
	t.Helper()
	folder := s.folder(mailbox)
	await(t, "a message for "+mailbox, func() bool {
		entries, err := os.ReadDir(folder)
		return err == nil && len(entries) > 0
	})
	all := s.taken(t, mailbox)
	if len(all) != 1 {
		t.Fatalf("%s has %d messages, want 1", mailbox, len(all))
	}
	for _, message := range all {
		return message
	}
	return nil
}

// taken are the messages of a mailbox, which is empty afterwards.
func (s server) taken(t *testing.T, mailbox string) map[string][]byte {
	t.Helper()
	all := messages(t, s.folder(mailbox))
	for name := range all {
		if err := os.Remove(filepath.Join(s.folder(mailbox), name)); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// stored waits until nothing is on its way any more, and returns the subjects of
// all messages in some mailboxes, how often each.
func (s server) stored(t *testing.T, mailboxes ...string) map[string]int {
	t.Helper()
	await(t, "an empty queue", func() bool {
		waiting := 0
		for _, folder := range s.queue {
			_ = filepath.WalkDir(folder, func(_ string, entry fs.DirEntry, err error) error {
				if err == nil && !entry.IsDir() {
					waiting++
				}
				return nil // files and folders come and go
			})
		}
		return waiting == 0
	})
	subjects := map[string]int{}
	for _, mailbox := range mailboxes {
		for _, message := range messages(t, s.folder(mailbox)) {
			read, err := mail.ReadMessage(bytes.NewReader(message))
			if err != nil {
				t.Fatal(err)
			}
			subjects[read.Header.Get("Subject")]++
		}
	}
	return subjects
}

// messages reads a folder of messages, by the names of their files.
func messages(t *testing.T, folder string) map[string][]byte {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]byte{}
	for _, entry := range entries {
		text, err := os.ReadFile(filepath.Join(folder, entry.Name()))
		if err != nil {
			t.Fatal(err)
		}
		all[entry.Name()] = text
	}
	return all
}
