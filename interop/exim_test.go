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

// eximProgram is where install.sh unpacks it: as a package it would put the
// other mail server off the machine.
const eximProgram = "/var/cache/mailscript-interop/exim/usr/sbin/exim4"

// exim is a running Exim that takes mail for example.org, and from users who log
// in: one message to five recipients at a time.
type exim struct {
	certificates
	implicit, starttls int // ports
	mail               string
}

func startExim(t *testing.T) exim {
	t.Helper()
	if _, err := os.Stat(eximProgram); err != nil {
		t.Fatal("exim is not installed; run interop/install.sh as root")
	}
	folder := t.TempDir()
	for path := folder; path != os.TempDir() && path != "/"; path = filepath.Dir(path) {
		if err := os.Chmod(path, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	ports := freePorts(t, 2)
	e := exim{certificates: makeCertificates(t, "localhost", "127.0.0.1"), implicit: ports[0], starttls: ports[1], mail: filepath.Join(folder, "mail")}
	for _, name := range []string{"spool", "log", "mail"} {
		if err := os.Mkdir(filepath.Join(folder, name), 0o755); err != nil {
			t.Fatal(err)
		}
		own(t, "Debian-exim", filepath.Join(folder, name))
	}
	// It reads these as its own user.
	copyFile(t, filepath.Join(folder, "server.pem"), e.certificate)
	copyFile(t, filepath.Join(folder, "server.key"), e.key)
	own(t, "Debian-exim", filepath.Join(folder, "server.pem"))
	own(t, "Debian-exim", filepath.Join(folder, "server.key"))
	config := filepath.Join(folder, "exim.conf")
	write(t, config, e.config(folder), 0o644)
	command := exec.Command(eximProgram, "-C", config, "-bdf", "-oX", fmt.Sprintf("%d:%d", e.implicit, e.starttls))
	output, err := os.Create(filepath.Join(folder, "output"))
	if err != nil {
		t.Fatal(err)
	}
	defer output.Close()
	command.Stdout, command.Stderr = output, output
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
		if t.Failed() {
			text, _ := os.ReadFile(output.Name())
			log, _ := os.ReadFile(filepath.Join(folder, "log", "mainlog"))
			t.Logf("the log of Exim:\n%s%s", text, log)
		}
	})
	for _, port := range ports {
		awaitPort(t, fmt.Sprintf("127.0.0.1:%d", port))
	}
	return e
}

func (e exim) config(folder string) string {
	return fmt.Sprintf(`
exim_path = %[2]s
exim_user = Debian-exim
exim_group = Debian-exim
keep_environment =
spool_directory = %[1]s/spool
log_file_path = %[1]s/log/%%slog
pid_file_path = %[1]s/pid
primary_hostname = mx.example
domainlist local_domains = example.org
local_interfaces = 127.0.0.1
tls_on_connect_ports = %[3]d
tls_advertise_hosts = *
tls_certificate = %[1]s/server.pem
tls_privatekey = %[1]s/server.key
host_lookup =
rfc1413_query_timeout = 0s
smtputf8_advertise_hosts = *
chunking_advertise_hosts = *
dsn_advertise_hosts = *
message_size_limit = 5M
recipients_max = 5
recipients_max_reject = false
acl_smtp_rcpt = acl_rcpt
begin acl
acl_rcpt:
  deny !authenticated = *
       message = authentication required
  accept domains = +local_domains
         verify = recipient
  deny message = relay not permitted
begin routers
local:
  driver = accept
  domains = +local_domains
  local_parts = ann : bob : jürgen : u1 : u2 : u3 : u4 : u5 : u6 : u7 : u8
  transport = maildir
begin transports
maildir:
  driver = appendfile
  directory = %[1]s/mail/$local_part_data
  maildir_format
  create_directory
  user = Debian-exim
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_advertise_condition = ${if def:tls_in_cipher}
  server_prompts = :
  server_condition = ${if and{{eq{$auth2}{%[4]s}}{eq{$auth3}{%[5]s}}}}
  server_set_id = $auth2
login:
  driver = plaintext
  public_name = LOGIN
  server_advertise_condition = ${if def:tls_in_cipher}
  server_prompts = <| Username: | Password:
  server_condition = ${if and{{eq{$auth1}{%[4]s}}{eq{$auth2}{%[5]s}}}}
  server_set_id = $auth1
cram:
  driver = cram_md5
  public_name = CRAM-MD5
  server_secret = ${if eq{$auth1}{%[4]s}{%[5]s}fail}
  server_set_id = $auth1
`, folder, eximProgram, e.implicit, username, password)
}

// delivered waits for the one message of a mailbox and takes it out.
func (e exim) delivered(t *testing.T, mailbox string) []byte {
	t.Helper()
	return postfix{mail: e.mail}.delivered(t, mailbox)
}

func TestExim(t *testing.T) {
	e := startExim(t)
	for _, mode := range []struct {
		tls  string
		port int
	}{{"implicit", e.implicit}, {"starttls", e.starttls}} {
		t.Run(mode.tls, func(t *testing.T) {
			folder := project(t, account(mode.port, mode.tls), password, e.ca)
			for _, name := range []string{"hello.lua", "bear.png", "terms.pdf"} {
				copyFile(t, filepath.Join(folder, name), filepath.Join("../examples", name))
			}
			r := mailscript(t, folder, "run", "--trace", "hello.lua")
			if r.status != 0 || strings.Count(r.stdout, "\t250\t") != 2 {
				t.Fatal(r)
			}
			noSecret(t, password, r)
			checkHello(t, e.delivered(t, "ann"))
			checkHello(t, e.delivered(t, "bob"))
		})
	}
	for _, mechanism := range []string{"PLAIN", "LOGIN", "CRAM-MD5"} {
		t.Run(mechanism, func(t *testing.T) {
			for _, right := range []bool{true, false} {
				used := password
				if !right {
					used += "x"
				}
				folder := project(t, account(e.starttls, "starttls")+fmt.Sprintf("mechanism = %q\n", mechanism), used, e.ca)
				write(t, filepath.Join(folder, "login.lua"), `print(require "smtp".connect():auth().code)`, 0o600)
				r := mailscript(t, folder, "run", "--trace", "login.lua")
				if right && (r.status != 0 || r.stdout != "235\n") || !right && (r.status != 69 || !strings.Contains(r.stderr, "535")) {
					t.Error(r)
				}
				noSecret(t, used, r)
			}
		})
	}
	for _, test := range []struct{ name, script, want string }{
		{"one bad among good", `
local result = session:send { from = "news@bank.example", to = { "ann@example.org", "eve@example.org", "eve@elsewhere.example", "bob@example.org" }, subject = "Some", text = "x\n" }
for _, r in ipairs(result.recipients) do print(r.address, r.outcome, r.code) end
result:handled()`,
			"ann@example.org\tsent\t250\neve@example.org\tfailed\t550\neve@elsewhere.example\tfailed\t550\nbob@example.org\tsent\t250\n"},
		{"BDAT", `
local result = session:send({ from = "news@bank.example", to = "ann@example.org", subject = "Chunks", text = (".line\n"):rep(100000) }, { transfer = "BDAT" })
print(result.outcome)`, "sent\n"},
		{"SMTPUTF8", `
local result = session:send { from = "news@bank.example", to = "jürgen@example.org", subject = "Grüße", text = "Hallo\n" }
print(result.outcome, result.text:match "^OK")`, "sent\tOK\n"},
		{"DSN", `
local result = session:send({ from = "news@bank.example", to = "ann@example.org", text = "x\n" }, { dsn = { notify = { "failure", "delay" }, ret = "HDRS", envid = "x+y=1", recipients = { ["ann@example.org"] = { notify = "never", orcpt = "rfc822;ann@old.example" } } } })
print(result.outcome)`, "sent\n"},
		{"size", `
local result = session:send { from = "news@bank.example", to = "ann@example.org", text = ("x"):rep(6e6) }
print(result.outcome, result.code, session.max_size) result:handled()`, "failed\t552\t5242880\n"},
		{"too many recipients", `
local to = {}
for i = 1, 8 do to[i] = "u" .. i .. "@example.org" end
local result = session:send { from = "news@bank.example", to = to, text = "x\n" }
print(result.outcome, #result.accepted)`, "sent\t8\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			folder := project(t, account(e.implicit, "implicit"), password, e.ca)
			write(t, filepath.Join(folder, "send.lua"), "local session = require \"smtp\".connect()\nsession:auth()\n"+test.script+"\nsession:quit()\n", 0o600)
			r := mailscript(t, folder, "run", "--trace", "send.lua")
			if r.status != 0 || r.stdout != test.want {
				t.Fatal(r)
			}
			switch test.name {
			case "one bad among good":
				e.delivered(t, "ann")
				e.delivered(t, "bob")
			case "BDAT":
				if read := readByPython(t, e.delivered(t, "ann")); read.Text != strings.Repeat(".line\n", 100000) {
					t.Errorf("%d characters of text arrived", len(read.Text))
				}
			case "SMTPUTF8":
				if read := readByPython(t, e.delivered(t, "jürgen")); read.header("Subject") != "Grüße" {
					t.Errorf("the subject is %q", read.header("Subject"))
				}
			case "DSN":
				e.delivered(t, "ann")
			case "too many recipients":
				for i := range 8 {
					e.delivered(t, fmt.Sprintf("u%d", i+1)) // one copy each
				}
			}
		})
	}
}
