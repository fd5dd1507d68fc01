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
type exim struct{ server }

// startExim starts one, with more lines of configuration where the usual do not do.
func startExim(t *testing.T, lines ...string) exim {
	t.Helper()
	if _, err := os.Stat(eximProgram); err != nil {
		t.Fatal("exim is not installed; run interop/install.sh as root")
	}
	folder := t.TempDir()
	reachable(t, folder)
	ports := freePorts(t, 3)
	e := exim{server{
		name: "Exim", version: version(t, eximProgram, "-bV"),
		certificates: makeCertificates(t, "localhost", "127.0.0.1"), implicit: ports[0], starttls: ports[1], mutual: account(ports[2], "implicit"),
		folder: func(mailbox string) string { return filepath.Join(folder, "mail", mailbox, "new") },
		queue:  []string{filepath.Join(folder, "spool/input")},
	}}
	for _, name := range []string{"spool", "log", "mail"} {
		if err := os.Mkdir(filepath.Join(folder, name), 0o755); err != nil {
			t.Fatal(err)
		}
		own(t, "Debian-exim", filepath.Join(folder, name))
	}
	// It reads these as its own user.
	for name, file := range map[string]string{"server.pem": e.certificate, "server.key": e.key, "ca.pem": e.ca} {
		copyFile(t, filepath.Join(folder, name), file)
		own(t, "Debian-exim", filepath.Join(folder, name))
	}
	config := filepath.Join(folder, "exim.conf")
	write(t, config, strings.Join(lines, "\n")+e.config(folder, ports[2]), 0o644)
	command := exec.Command(eximProgram, "-C", config, "-bdf", "-oX", fmt.Sprintf("%d:%d:%d", e.implicit, e.starttls, ports[2]))
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

func (e exim) config(folder string, mutual int) string {
	return fmt.Sprintf(`
exim_path = %[2]s
exim_user = Debian-exim
exim_group = Debian-exim
# A delivery goes on in the process that it begins in.
deliver_drop_privilege = true
keep_environment =
spool_directory = %[1]s/spool
log_file_path = %[1]s/log/%%slog
pid_file_path = %[1]s/pid
primary_hostname = mx.example
domainlist local_domains = example.org
local_interfaces = 127.0.0.1
tls_on_connect_ports = %[3]d : %[6]d
tls_advertise_hosts = *
tls_certificate = %[1]s/server.pem
tls_privatekey = %[1]s/server.key
tls_verify_certificates = ${if eq{$received_port}{%[6]d}{%[1]s/ca.pem}{/dev/null}}
tls_verify_hosts = ${if eq{$received_port}{%[6]d}{*}}
tls_try_verify_hosts =
host_lookup =
rfc1413_query_timeout = 0s
smtputf8_advertise_hosts = *
chunking_advertise_hosts = *
dsn_advertise_hosts = *
message_size_limit = 5M
smtp_accept_queue_per_connection = 0
smtp_accept_max_per_connection = 0
recipients_max = 5
recipients_max_reject = false
acl_smtp_mail = acl_mail
acl_smtp_rcpt = acl_rcpt
acl_smtp_data = acl_data
begin acl
acl_mail:
  deny senders = %[7]s
       message = not from here
  accept
acl_data:
  deny condition = ${if match{$h_subject:}{^%[8]s}}
       message = no such news
  accept
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
  return_path_add
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
external:
  driver = external
  public_name = EXTERNAL
  server_advertise_condition = $tls_in_certificate_verified
  server_param2 = ${certextract{subject,CN}{$tls_in_peercert}}
  server_condition = ${if and{{eq{$auth1}{%[4]s}}{eq{$auth2}{localhost}}}}
  server_set_id = $auth1
`, folder, eximProgram, e.implicit, username, password, mutual, refusedSender, refusedSubject)
}

// A message with more recipients than the server takes at once arrives in parts.
func checkRecipientsInParts(t *testing.T, e exim) {
	r := e.session(t, `
local to = {}
for i = 1, 8 do to[i] = "u" .. i .. "@example.org" end
local result = session:send { from = "news@bank.example", to = to, text = "x\n" }
print(result.outcome, #result.accepted)`)
	if r.status != 0 || r.stdout != "sent\t8\n" {
		t.Fatal(r)
	}
	for i := range 8 {
		e.delivered(t, fmt.Sprintf("u%d", i+1)) // one copy each
	}
}
