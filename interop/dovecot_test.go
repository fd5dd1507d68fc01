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
type dovecot struct{ submission, lmtp server }

func startDovecot(t *testing.T, relay postfix) dovecot {
	t.Helper()
	program := require(t, "dovecot")
	folder := t.TempDir()
	reachable(t, folder)
	// A path of a socket has 108 octets at most; those of test folders are longer.
	run, err := os.MkdirTemp("/tmp", "dv")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(run, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(run) })
	ports := freePorts(t, 4)
	home := filepath.Join(folder, "home")
	d := dovecot{
		submission: server{
			name: "Dovecot submission", version: version(t, program, "--version"),
			certificates: makeCertificates(t, "localhost", "127.0.0.1"), implicit: ports[0], starttls: ports[1], proxied: account(ports[3], "implicit"),
			// It lets clients without a certificate in, but not with EXTERNAL.
			mutual: strings.Replace(account(ports[0], "implicit"), username, "localhost", 1) + "mechanism = \"EXTERNAL\"\n",
			token:  token(username),
			folder: relay.folder, queue: relay.queue,
		},
		lmtp: server{
			name: "Dovecot LMTP", socket: filepath.Join(run, "lmtp"), starttls: ports[2],
			folder: func(mailbox string) string { return filepath.Join(home, mailbox+"@example.org", "Maildir", "new") },
		},
	}
	d.lmtp.version, d.lmtp.certificates = d.submission.version, d.submission.certificates
	if err := os.Mkdir(home, 0o755); err != nil {
		t.Fatal(err)
	}
	own(t, "nobody", home)
	write(t, filepath.Join(folder, "users"), users(home), 0o644)
	writeTokenKey(t, folder)
	log := filepath.Join(folder, "log")
	config := filepath.Join(folder, "dovecot.conf")
	write(t, config, d.config(folder, run, log, relay, ports[3]), 0o644)
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

func (d dovecot) config(folder, run, log string, relay postfix, proxied int) string {
	return fmt.Sprintf(`
base_dir = %[2]s/run
state_dir = %[2]s/state
log_path = %[3]s
protocols = submission lmtp
haproxy_trusted_networks = 127.0.0.1
login_trusted_networks = 127.0.0.1
listen = 127.0.0.1
hostname = mx.example
ssl = yes
ssl_cert = <%[4]s
ssl_key = <%[5]s
ssl_ca = <%[10]s
ssl_verify_client_cert = yes
ssl_require_crl = no
auth_ssl_username_from_cert = yes
auth_mechanisms = plain login cram-md5 scram-sha-1 scram-sha-256 external oauthbearer xoauth2
auth_verbose = yes
auth_failure_delay = 0
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
passdb {
  driver = oauth2
  mechanisms = oauthbearer xoauth2
  args = %[1]s/oauth2.conf
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
mail_fsync = never
submission_max_mail_size = 5M
submission_relay_host = 127.0.0.1
submission_relay_port = %[6]d
service submission-login {
  inet_listener submission {
    port = %[7]d
  }
  inet_listener proxied {
    port = %[12]d
    ssl = yes
    haproxy = yes
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
  inet_listener lmtp {
    address = 127.0.0.1
    port = %[11]d
  }
}
`, folder, run, log, d.submission.certificate, d.submission.key, relay.clear, d.submission.starttls, d.submission.implicit, d.lmtp.socket, d.submission.ca, d.lmtp.starttls, proxied)
}

// users are those of submission and the owners of mailboxes. The name in the
// certificate logs in without a password.
func users(home string) string {
	lines := fmt.Sprintf("localhost::65534:65534::%s/localhost::nopassword=y\n", home)
	for _, user := range []struct{ name, password string }{
		{username, password}, {"ann@example.org", "x"}, {"bob@example.org", "x"}, {"jürgen@example.org", "x"},
	} {
		lines += fmt.Sprintf("%s:{PLAIN}%s:65534:65534::%s/%[1]s::\n", user.name, user.password, home)
	}
	return lines
}
