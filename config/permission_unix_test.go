//go:build unix

package config

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// setMode makes a file whose permissions are exactly these.
func setMode(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	// A file that nobody may write to is replaced.
	_ = os.Remove(path)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

const (
	withPassword = "[account.default]\nhost = \"smtp.example.org\"\nusername = \"ann\"\npassword = \"x\"\n"
	without      = "[account.default]\nhost = \"smtp.example.org\"\n"
)

// FAULTS K2: who may read and write a configuration.
func TestLoadPermissions(t *testing.T) {
	path := filepath.Join(t.TempDir(), Name)
	for _, c := range []struct {
		text string
		mode os.FileMode
		want string // the last warning, "" for none
	}{
		{withPassword, 0o600, ""},
		{withPassword, 0o400, ""},
		{withPassword, 0o640, " holds a password and is readable by others; chmod 600"},
		{withPassword, 0o644, " holds a password and is readable by others; chmod 600"},
		{withPassword, 0o604, " holds a password and is readable by others; chmod 600"},
		{without, 0o644, ""},
		{without, 0o664, ""},
		{without, 0o666, " is writable by everybody, and may run commands; chmod o-w"},
	} {
		setMode(t, path, c.text, c.mode)
		file, err := Load(path)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, warning := range file.Warnings {
			if strings.HasPrefix(warning, path+" ") {
				got = strings.TrimPrefix(warning, path)
			}
		}
		if got != c.want {
			t.Errorf("%v: %q, want %q", c.mode, got, c.want)
		}
	}
}

// FAULTS K2: who may read a file that holds a secret.
func TestSecretFilePermissions(t *testing.T) {
	path := filepath.Join(t.TempDir(), "password.txt")
	for mode, warns := range map[os.FileMode]bool{0o600: false, 0o400: false, 0o640: true, 0o644: true, 0o602: true} {
		setMode(t, path, "secret\n", mode)
		var warnings []string
		r := Reader{Warn: func(text string) { warnings = append(warnings, text) }}
		value, err := r.Secret(t.Context(), Source{File: path})
		if err != nil || reveal(value) != "secret" {
			t.Fatalf("%v: %v", mode, err)
		}
		if got := strings.Join(warnings, "; "); warns && got != path+" is readable by others; chmod 600" || !warns && got != "" {
			t.Errorf("%v: %q", mode, got)
		}
	}
	// Without Warn the user is still told.
	var stderr bytes.Buffer
	setMode(t, path, "secret\n", 0o644)
	if _, err := (Reader{Stderr: &stderr}).Secret(t.Context(), Source{File: path}); err != nil {
		t.Fatal(err)
	}
	if want := "mailscript: warning: " + path + " is readable by others; chmod 600\n"; stderr.String() != want {
		t.Errorf("%q, want %q", stderr.String(), want)
	}
}

// Neither as a configuration nor as a secret is anything read that has no end,
// or waits for somebody.
func TestSpecialFiles(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Skip(err)
	}
	for _, path := range []string{pipe, "/dev/zero", "/dev/null", "/"} {
		if _, err := Load(path); err == nil || err.Error() != path+": not a regular file" {
			t.Errorf("%v", err)
		}
		want := "secret: file " + path + ": not a regular file"
		if _, err := (Reader{}).Secret(t.Context(), Source{File: path}); err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

func TestUnreadable(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("root reads everything")
	}
	path := filepath.Join(t.TempDir(), Name)
	setMode(t, path, "", 0)
	if _, err := Load(path); err == nil || err.Error() != path+": permission denied" {
		t.Errorf("%v", err)
	}
}

// A configuration runs commands. What anybody may have put beside the script,
// or above it, does not count.
func TestFindTrust(t *testing.T) {
	const stranger = 54321
	if os.Getuid() != 0 {
		t.Skip("only root can make a file somebody else's")
	}
	root := tree(t, "shared/mailscript.toml", "shared/work/x.lua")
	shared := filepath.Join(root, "shared")
	script := filepath.Join(shared, "work", "x.lua")
	expect := func(when, want string) {
		t.Helper()
		if got := Find(script); got != want {
			t.Errorf("%s: %s, want %s", when, got, want)
		}
	}
	expect("in a folder of the user", shared)
	if err := os.Chmod(shared, 0o777|os.ModeSticky); err != nil {
		t.Fatal(err)
	}
	expect("a file of the user in a folder of all", shared)
	if err := os.Lchown(filepath.Join(shared, Name), stranger, stranger); err != nil {
		t.Skip(err)
	}
	expect("a file of a stranger in a folder of all", filepath.Dir(script))

	// A stranger's link to a file of the user, and the user's to a stranger's.
	elsewhere := filepath.Join(root, "elsewhere.toml")
	if err := os.Rename(filepath.Join(shared, Name), elsewhere); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(elsewhere, filepath.Join(shared, Name)); err != nil {
		t.Fatal(err)
	}
	expect("the user's link to a stranger's file", filepath.Dir(script))
	if err := os.Lchown(elsewhere, 0, 0); err != nil {
		t.Fatal(err)
	}
	expect("the user's link to the user's file", shared)
	if err := os.Lchown(filepath.Join(shared, Name), stranger, stranger); err != nil {
		t.Fatal(err)
	}
	expect("a stranger's link to the user's file", filepath.Dir(script))
}
