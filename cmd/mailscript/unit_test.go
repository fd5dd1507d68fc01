package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The unit that comes with mailscript is one that systemd understands, and what it
// promises serve keeps: see TestServeReload.
func TestUnit(t *testing.T) {
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip(err)
	}
	text, err := os.ReadFile("../../contrib/mailscript.service")
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	const program = "/usr/local/bin/mailscript"
	for _, line := range []string{"Type=notify\n", "WatchdogSec=", "ExecReload=/bin/kill -HUP $MAINPID\n", "ExecStart=" + program + " serve "} {
		if !strings.Contains(string(text), line) {
			t.Errorf("there is no %q", line)
		}
	}
	verify := func(text string) (string, error) {
		path := filepath.Join(t.TempDir(), "mailscript.service")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command(analyze, "--man=no", "verify", path).CombinedOutput()
		return string(out), err
	}
	// It says what it does not understand, and is not always an error.
	if said, err := verify(strings.ReplaceAll(string(text), program, self)); err != nil || said != "" {
		t.Errorf("%v\n%s", err, said)
	}
	if said, _ := verify(strings.ReplaceAll(string(text), program, self) + "[Service]\nWatchdog=1\n"); said == "" {
		t.Error("it finds nothing wrong with a mistake")
	}
}
