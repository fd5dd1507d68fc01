//go:build interop

package interop

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// binary is the mailscript under test.
var binary string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		folder, err := os.MkdirTemp("", "mailscript-interop-")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(folder)
		binary = filepath.Join(folder, "mailscript")
		build := exec.Command("go", "build", "-o", binary, "../cmd/mailscript")
		if out, err := build.CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "%s%v\n", out, err)
			return 1
		}
		if memory := "/dev/shm"; free(memory) {
			os.Setenv("TMPDIR", memory)
		}
		return m.Run()
	}())
}

// free says whether a folder in memory has room for what servers write: they sync
// every message, several times, and disks take their time.
func free(folder string) bool {
	out, err := exec.Command("df", "--output=avail", folder).Output() // KiB
	if err != nil {
		return false
	}
	words := strings.Fields(string(out))
	room, err := strconv.Atoi(words[len(words)-1])
	return err == nil && room > 1<<20
}

// ran is what a run of the binary left behind.
type ran struct {
	stdout, stderr string
	status         int
}

func (r ran) String() string {
	return fmt.Sprintf("exit status %d\n%s%s", r.status, r.stdout, r.stderr)
}

// mailscript runs the binary in a folder.
func mailscript(t *testing.T, folder string, args ...string) ran {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, binary, args...)
	command.Dir = folder
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	_ = command.Run() // the status says more
	return ran{stdout.String(), stderr.String(), command.ProcessState.ExitCode()}
}

// require finds a program, and says how to get it.
func require(t *testing.T, program string) string {
	t.Helper()
	for _, folder := range []string{"", "/usr/sbin/", "/usr/lib/postfix/sbin/"} {
		if path, err := exec.LookPath(folder + program); err == nil {
			return path
		}
	}
	t.Fatalf("%s is not installed; run interop/install.sh as root", program)
	return ""
}

// await waits for something another process does.
func await(t *testing.T, what string, done func() bool) {
	t.Helper()
	deadline := time.Now().Add(3 * time.Minute) // on a busy machine; seldom a second
	pause := 5 * time.Millisecond
	for !done() {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within three minutes", what)
		}
		time.Sleep(pause)
		pause = min(pause*3/2, 200*time.Millisecond) // looking costs what the other process needs
	}
}

func write(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}

func copyFile(t *testing.T, to, from string) {
	t.Helper()
	content, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	write(t, to, string(content), 0o600)
}

// project is a folder with a configuration, and the password and the authority
// that account names.
func project(t *testing.T, toml, password, ca string) string {
	t.Helper()
	folder := t.TempDir()
	write(t, filepath.Join(folder, "mailscript.toml"), toml, 0o600)
	write(t, filepath.Join(folder, "password.txt"), password+"\n", 0o600)
	copyFile(t, filepath.Join(folder, "ca.pem"), ca)
	return folder
}

// account logs in to a server on this machine, with the files of a project.
func account(port int, tls string) string {
	return fmt.Sprintf("[account.default]\nhost = \"localhost\"\nport = %d\ntls = %q\nca = \"ca.pem\"\nusername = %q\npassword_file = \"password.txt\"\n", port, tls, username)
}

// noSecret fails where a password can be read out of what a run printed: as it
// is, or in base64 at any of its three alignments.
func noSecret(t *testing.T, password string, r ran) {
	t.Helper()
	text := r.stdout + r.stderr
	if strings.Contains(text, password) {
		t.Errorf("the password is in the output:\n%s", text)
	}
	for skip := range 3 {
		encoded := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", skip) + password))
		// The first and last group hold bits of what stands beside the password.
		if inner := encoded[4 : len(encoded)-4]; strings.Contains(text, inner) {
			t.Errorf("the password is in the output, in base64:\n%s", text)
		}
	}
}
