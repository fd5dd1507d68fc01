//go:build interop

package interop

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// startStunnel puts TLS in front of a port and returns the new one.
func startStunnel(t *testing.T, c certificates, to int) int {
	t.Helper()
	port := freePorts(t, 1)[0]
	config := filepath.Join(t.TempDir(), "stunnel.conf")
	write(t, config, fmt.Sprintf("foreground = yes\npid =\nsyslog = no\n[smtps]\naccept = 127.0.0.1:%d\nconnect = 127.0.0.1:%d\ncert = %s\nkey = %s\n", port, to, c.certificate, c.key), 0o600)
	command := exec.Command(require(t, "stunnel4"), config)
	log, err := os.Create(filepath.Join(filepath.Dir(config), "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	command.Stdout, command.Stderr = log, log
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
		if t.Failed() {
			text, _ := os.ReadFile(log.Name())
			t.Logf("the log of stunnel:\n%s", text)
		}
	})
	awaitPort(t, fmt.Sprintf("127.0.0.1:%d", port))
	return port
}
