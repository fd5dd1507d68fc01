//go:build interop

package interop

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// The user that may log in to every server.
const (
	username = "news"
	password = "interop-canary-8716"
)

// What Postfix and Exim refuse: a sender, and messages whose subject begins so.
const (
	refusedSender  = "refused@bank.example"
	refusedSubject = "refused"
)

// postfix is a running Postfix that takes mail for example.org, and from users
// who log in.
type postfix struct {
	server
	clear int // a port without TLS
	log   string
}

func startPostfix(t *testing.T) postfix {
	t.Helper()
	command := require(t, "postfix")
	folder := t.TempDir()
	ports := freePorts(t, 5)
	p := postfix{server: server{
		name: "Postfix", version: version(t, require(t, "postconf"), "-d", "mail_version"),
		certificates: makeCertificates(t, "localhost", "127.0.0.1"), implicit: ports[0], starttls: ports[1], mutual: account(ports[3], "implicit"), proxied: account(ports[4], "implicit"),
		folder: func(mailbox string) string { return filepath.Join(folder, "mail", mailbox, "new") },
		queue:  []string{filepath.Join(folder, "queue/incoming"), filepath.Join(folder, "queue/active"), filepath.Join(folder, "queue/deferred")},
	}, clear: ports[2], log: filepath.Join(folder, "log")}
	reachable(t, folder)
	for _, name := range []string{"config", "config/sasl", "queue", "data", "mail"} {
		if err := os.Mkdir(filepath.Join(folder, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	own(t, "postfix", filepath.Join(folder, "data"))
	own(t, "nobody", filepath.Join(folder, "mail"))
	config := filepath.Join(folder, "config")

	users := filepath.Join(folder, "data", "sasldb")
	run(t, password, require(t, "saslpasswd2"), "-p", "-c", "-f", users, "-u", "mx.example", username)
	own(t, "postfix", users)
	// Debian's Postfix looks for this file below its configuration.
	write(t, filepath.Join(config, "sasl", "smtpd.conf"), fmt.Sprintf("pwcheck_method: auxprop\nauxprop_plugin: sasldb\nsasldb_path: %s\nmech_list: PLAIN LOGIN CRAM-MD5 DIGEST-MD5 SCRAM-SHA-1 SCRAM-SHA-256 SCRAM-SHA-512\n", users), 0o644)
	write(t, filepath.Join(config, "mailboxes"), "ann@example.org ann/\nbob@example.org bob/\njürgen@example.org jürgen/\n", 0o644)
	write(t, filepath.Join(config, "senders"), refusedSender+" REJECT not from here\n", 0o644)
	write(t, filepath.Join(config, "subjects"), "/^Subject: "+refusedSubject+"/ REJECT no such news\n", 0o644)
	write(t, filepath.Join(config, "main.cf"), p.mainConfig(folder), 0o644)
	write(t, filepath.Join(config, "master.cf"), p.masterConfig(ports[3], ports[4]), 0o644)

	run(t, "", command, "-c", config, "start")
	t.Cleanup(func() {
		if out, err := exec.Command(command, "-c", config, "stop").CombinedOutput(); err != nil {
			t.Errorf("postfix stop: %v\n%s", err, out)
		}
		if t.Failed() {
			log, _ := os.ReadFile(p.log)
			t.Logf("the log of Postfix:\n%s", log)
		}
	})
	for _, port := range ports {
		awaitPort(t, fmt.Sprintf("127.0.0.1:%d", port))
	}
	return p
}

func (p postfix) mainConfig(folder string) string {
	return fmt.Sprintf(`
compatibility_level = 3.6
queue_directory = %[1]s/queue
data_directory = %[1]s/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
maillog_file = %[2]s
maillog_file_prefixes = %[1]s
myhostname = mx.example
mydestination =
mynetworks = 192.0.2.1/32
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
smtpd_peername_lookup = no
local_recipient_maps =
alias_maps =
alias_database =
default_transport = error:5.1.2 nothing leaves this machine
relay_transport = error:5.1.2 nothing leaves this machine
virtual_mailbox_domains = example.org
virtual_mailbox_maps = texthash:%[1]s/config/mailboxes
virtual_mailbox_base = %[1]s/mail
virtual_minimum_uid = 1
virtual_uid_maps = static:65534
virtual_gid_maps = static:65534
message_size_limit = 5000000
smtpd_tls_cert_file = %[3]s
smtpd_tls_key_file = %[4]s
smtpd_sasl_auth_enable = yes
smtpd_authorized_xclient_hosts = 127.0.0.1
smtpd_sasl_local_domain = mx.example
smtpd_delay_reject = no
smtpd_sender_restrictions = check_sender_access texthash:%[1]s/config/senders
header_checks = regexp:%[1]s/config/subjects
smtpd_relay_restrictions = permit_sasl_authenticated, reject_unauth_destination
`, folder, p.log, p.certificate, p.key)
}

func (p postfix) masterConfig(mutual, proxied int) string {
	return fmt.Sprintf(`
127.0.0.1:%d inet n - n - - smtpd
  -o smtpd_tls_wrappermode=yes
127.0.0.1:%d inet n - n - - smtpd
  -o smtpd_tls_security_level=encrypt
  -o smtpd_tls_auth_only=yes
127.0.0.1:%d inet n - n - - smtpd
127.0.0.1:%d inet n - n - - smtpd
  -o smtpd_tls_wrappermode=yes
  -o smtpd_upstream_proxy_protocol=haproxy
127.0.0.1:%d inet n - n - - smtpd
  -o smtpd_tls_wrappermode=yes
  -o smtpd_tls_security_level=encrypt
  -o smtpd_tls_req_ccert=yes
  -o smtpd_tls_CAfile=%s
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
proxymap unix - - n - - proxymap
postlog unix-dgram n - n - 1 postlogd
`, p.implicit, p.starttls, p.clear, proxied, mutual, p.ca)
}

// run runs a program that must succeed.
func run(t *testing.T, stdin, program string, args ...string) {
	t.Helper()
	command := exec.Command(program, args...)
	command.Stdin = strings.NewReader(stdin)
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%s %s: %v\n%s", program, strings.Join(args, " "), err, out)
	}
}

// own gives a path to a user of this machine.
func own(t *testing.T, user, path string) {
	t.Helper()
	out, err := exec.Command("id", "-u", user).Output()
	if err != nil {
		t.Fatalf("there is no user %s; run interop/install.sh as root", user)
	}
	uid, err := strconv.Atoi(strings.TrimSpace(string(out)))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(path, uid, -1); err != nil {
		t.Fatalf("%v; the tests of servers must run as root", err)
	}
}
