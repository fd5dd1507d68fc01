//go:build interop

package interop

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// dovecot is a running Dovecot: a submission service that relays to a Postfix,
// and LMTP into Maildirs.
type dovecot struct {
	certificates
	implicit, starttls int // ports of submission
	lmtp               string
	home               string // folder of home folders, by whole address
}

func startDovecot(t *testing.T, relay postfix) dovecot {
	t.Helper()
	program := require(t, "dovecot")
	folder := t.TempDir()
	// Its processes walk to their sockets as users of their own.
	for path := folder; path != os.TempDir() && path != "/"; path = filepath.Dir(path) {
		if err := os.Chmod(path, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	ports := freePorts(t, 2)
	// A path of a socket has 108 octets at most; those of test folders are longer.
	run, err := os.MkdirTemp("/tmp", "dv")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(run, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(run) })
	d := dovecot{certificates: makeCertificates(t, "localhost", "127.0.0.1"), implicit: ports[0], starttls: ports[1], lmtp: filepath.Join(run, "lmtp"), home: filepath.Join(folder, "home")}
	if err := os.Mkdir(d.home, 0o755); err != nil {
		t.Fatal(err)
	}
	own(t, "nobody", d.home)
	write(t, filepath.Join(folder, "users"), fmt.Sprintf("%[1]s:{PLAIN}%[2]s:65534:65534::%[3]s/%[1]s::\nann@example.org:{PLAIN}x:65534:65534::%[3]s/ann@example.org::\nbob@example.org:{PLAIN}x:65534:65534::%[3]s/bob@example.org::\n", username, password, d.home), 0o644)
	log := filepath.Join(folder, "log")
	config := filepath.Join(folder, "dovecot.conf")
	write(t, config, d.config(folder, run, log, relay), 0o644)
	command := exec.Command(program, "-F", "-c", config)
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = exec.Command(program, "-c", config, "stop").Run()
		_ = command.Wait()
		if t.Failed() {
			text, _ := os.ReadFile(log)
			t.Logf("the log of Dovecot:\n%s", text)
		}
	})
	for _, port := range ports {
		awaitPort(t, fmt.Sprintf("127.0.0.1:%d", port))
	}
	return d
}

func (d dovecot) config(folder, run, log string, relay postfix) string {
	return fmt.Sprintf(`
base_dir = %[2]s/run
state_dir = %[2]s/state
log_path = %[3]s
protocols = submission lmtp
listen = 127.0.0.1
hostname = mx.example
ssl = yes
ssl_cert = <%[4]s
ssl_key = <%[5]s
auth_mechanisms = plain login cram-md5 scram-sha-1 scram-sha-256
auth_failure_delay = 0
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
passdb {
  driver = passwd-file
  args = username_format=%%u %[1]s/users
}
userdb {
  driver = passwd-file
  args = username_format=%%u %[1]s/users
}
mail_location = maildir:~/Maildir
first_valid_uid = 1
submission_relay_host = 127.0.0.1
submission_relay_port = %[6]d
service submission-login {
  inet_listener submission {
    port = %[7]d
  }
  inet_listener submissions {
    port = %[8]d
    ssl = yes
  }
}
service lmtp {
  unix_listener %[9]s {
    mode = 0666
  }
}
`, folder, run, log, d.certificate, d.key, relay.clear, d.starttls, d.implicit, d.lmtp)
}

func TestDovecotSubmission(t *testing.T) {
	p := startPostfix(t)
	d := startDovecot(t, p)
	for _, toml := range []string{account(d.implicit, "implicit"), account(d.starttls, "starttls")} {
		sendHello(t, toml, d.ca)
		checkHello(t, p.delivered(t, "ann"))
		checkHello(t, p.delivered(t, "bob"))
	}
	for _, mechanism := range []string{"PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256"} {
		t.Run(mechanism, func(t *testing.T) {
			for _, right := range []bool{true, false} {
				used := password
				if !right {
					used += "x"
				}
				folder := project(t, account(d.starttls, "starttls")+fmt.Sprintf("mechanism = %q\n", mechanism), used, d.ca)
				write(t, filepath.Join(folder, "login.lua"), `print(require "smtp".connect():auth().code)`, 0o600)
				r := mailscript(t, folder, "run", "--trace", "login.lua")
				if right && (r.status != 0 || r.stdout != "235\n") || !right && (r.status != 69 || !strings.Contains(r.stderr, "535")) {
					t.Error(r)
				}
				noSecret(t, used, r)
			}
		})
	}
	t.Run("BDAT", func(t *testing.T) {
		folder := project(t, account(d.implicit, "implicit"), password, d.ca)
		write(t, filepath.Join(folder, "send.lua"), `
local smtp = require "smtp"
local session = smtp.connect()
session:auth()
assert(session:offers "CHUNKING")
local text = (".line\n"):rep(100000)
local result = session:send({ from = "news@bank.example", to = { "bob@example.org", "nobody@example.org" }, text = text, subject = "In chunks" }, { transfer = "BDAT" })
for _, r in ipairs(result.recipients) do print(r.address, r.outcome, r.code) end
result:handled()
`, 0o600)
		r := mailscript(t, folder, "run", "--trace", "send.lua")
		if r.status != 0 || !strings.Contains(r.stdout, "bob@example.org\tsent\t250\n") || !strings.Contains(r.stdout, "nobody@example.org\tfailed\t550\n") || !strings.Contains(r.stderr, "BDAT ") {
			t.Fatal(r)
		}
		if read := readByPython(t, p.delivered(t, "bob")); read.Text != strings.Repeat(".line\n", 100000) {
			t.Errorf("%d characters of text arrived", len(read.Text))
		}
	})
}

// LMTP answers for each recipient: at RCPT, and behind the message.
func TestDovecotLMTP(t *testing.T) {
	d := startDovecot(t, startPostfix(t))
	folder := t.TempDir()
	write(t, filepath.Join(folder, "deliver.lua"), fmt.Sprintf(`
local smtp = require "smtp"
local session = smtp.connect { socket = %q, protocol = "lmtp" }
local result = session:send { from = "news@bank.example", to = { "ann@example.org", "eve@example.org", "bob@example.org" }, subject = "Grüße", text = "Hello\n" }
for _, r in ipairs(result.recipients) do print(r.address, r.outcome, r.code) end
result:handled()

session:mail "news@bank.example"
session:rcpt "ann@example.org"
session:rcpt "bob@example.org"
session:data()
local first, second, third = session:body "Subject: by hand\r\n\r\nHello\r\n"
print(first.code, second.code, third)
session:quit()
`, d.lmtp), 0o600)
	r := mailscript(t, folder, "run", "--trace", "deliver.lua")
	if want := "ann@example.org\tsent\t250\neve@example.org\tfailed\t550\nbob@example.org\tsent\t250\n250\t250\tnil\n"; r.status != 0 || r.stdout != want {
		t.Fatal(r)
	}
	for _, address := range []string{"ann@example.org", "bob@example.org"} {
		subjects := map[string]bool{}
		for _, message := range messages(t, filepath.Join(d.home, address, "Maildir", "new")) {
			read := readByPython(t, message)
			subjects[read.header("Subject")] = true
			if defects := read.defects(); len(defects) > 0 || read.Text != "Hello\n" {
				t.Errorf("%s: %q, defects %q", address, read.Text, defects)
			}
		}
		if len(subjects) != 2 || !subjects["Grüße"] || !subjects["by hand"] {
			t.Errorf("%s has messages about %v", address, subjects)
		}
	}
}
