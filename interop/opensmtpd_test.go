//go:build interop && linux

package interop

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// openSMTPDFolder is where install.sh unpacks it: as a package it would put the
// other mail server off the machine.
const openSMTPDFolder = "/var/cache/mailscript-interop/opensmtpd"

// openSMTPD is a running OpenSMTPD that takes mail for example.org from users who
// log in, and from everybody who has a certificate.
type openSMTPD struct{ server }

func startOpenSMTPD(t *testing.T) openSMTPD {
	t.Helper()
	program := filepath.Join(openSMTPDFolder, "usr/sbin/smtpd")
	if _, err := os.Stat(program); err != nil {
		t.Fatal("OpenSMTPD is not installed; run interop/install.sh as root")
	}
	folder := t.TempDir()
	reachable(t, folder)
	ports := freePorts(t, 4)
	o := openSMTPD{server{
		name: "OpenSMTPD", version: version(t, program, "-h"),
		certificates: makeCertificates(t, "localhost", "127.0.0.1"), implicit: ports[0], starttls: ports[1], proxied: account(ports[3], "starttls"),
		folder: func(mailbox string) string { return filepath.Join(folder, "mail", mailbox, "new") },
		queue:  []string{filepath.Join(folder, "spool/smtpd/queue"), filepath.Join(folder, "spool/smtpd/incoming")},
	}}
	o.mutual = account(ports[2], "starttls") // OpenSMTPD asks for certificates there only
	for _, name := range []string{"mail", "run", "spool/smtpd", "lib/opensmtpd/empty"} {
		if err := os.MkdirAll(filepath.Join(folder, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(filepath.Join(folder, "spool/smtpd"), 0o711); err != nil { // it insists
		t.Fatal(err)
	}
	own(t, "nobody", filepath.Join(folder, "mail"))
	hash := exec.Command(require(t, "openssl"), "passwd", "-6", "-stdin")
	hash.Stdin = strings.NewReader(password + "\n")
	hashed, err := hash.Output()
	if err != nil {
		t.Fatalf("openssl passwd: %v", err)
	}
	config := filepath.Join(folder, "smtpd.conf")
	write(t, config, o.config(folder, strings.TrimSpace(string(hashed)), ports[2], ports[3]), 0o600)

	// Its folders are compiled in. It gets a view of the machine of its own in
	// which they are those of the test, and is the first process in it: where that
	// is killed, the kernel kills all others.
	command := exec.Command("/bin/sh", "-euc", `
mount --make-rprivate /
mount -t proc proc /proc
mount --bind "$1/run" /run
mount --bind "$1/spool" /var/spool
mount --bind "$1/lib" /var/lib
mount --bind "$2/usr/libexec" /usr/libexec
hostname mx.example
LD_PRELOAD="$2/key.so" exec "$2/usr/sbin/smtpd" -d -f "$1/smtpd.conf"
`, "sh", folder, openSMTPDFolder)
	command.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWPID | syscall.CLONE_NEWUTS}
	log, err := os.Create(filepath.Join(folder, "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	command.Stdout, command.Stderr = log, log
	if err := command.Start(); err != nil {
		t.Fatalf("%v; the tests of servers must run as root", err)
	}
	t.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
		if t.Failed() {
			text, _ := os.ReadFile(log.Name())
			t.Logf("the log of OpenSMTPD:\n%s", text)
		}
	})
	for _, port := range ports {
		awaitPort(t, fmt.Sprintf("127.0.0.1:%d", port))
	}
	return o
}

func (o openSMTPD) config(folder, hashed string, mutual, proxied int) string {
	return fmt.Sprintf(`
pki localhost cert %[2]q
pki localhost key %[3]q
ca authority cert %[4]q
table users { %[5]q = %[6]q }
table mailboxes { %[10]s }
smtp max-message-size "5M"
smtp limit max-mails 10000
listen on 127.0.0.1 port %[7]d smtps pki localhost hostname mx.example auth <users>
listen on 127.0.0.1 port %[11]d tls-require pki localhost hostname mx.example auth <users> proxy-v2
listen on 127.0.0.1 port %[8]d tls-require pki localhost hostname mx.example auth <users>
listen on 127.0.0.1 port %[9]d tls-require verify pki localhost ca authority hostname mx.example auth-optional <users>
action "keep" maildir "%[1]s/mail/%%{rcpt.user}" virtual <mailboxes>
match from any for domain "example.org" action "keep"
`, folder, o.certificate, o.key, o.ca, username, hashed, o.implicit, o.starttls, mutual,
		`"ann@example.org" = "nobody", "bob@example.org" = "nobody"`, proxied)
}
