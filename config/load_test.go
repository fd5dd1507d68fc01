package config

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A file that is named, as --config does, is the base of the paths in it.
func TestLoad(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "other.toml")
	text := "[account.default]\nhost = \"smtp.example.org\"\nusername = \"ann\"\npassword_file = \"password.txt\"\n[recipients]\nallow = \"example.org\"\n"
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	file, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if want := filepath.Join(folder, "password.txt"); file.Accounts["default"].Password.File != want || file.Path != path {
		t.Errorf("%s, %v, want %s", file.Path, file.Accounts["default"].Password, want)
	}
	if len(file.Warnings) != 0 {
		t.Errorf("warnings %q, though it holds no password", file.Warnings)
	}
}

// Paths in the home of the user begin with "~/".
func TestLoadHome(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("USERPROFILE", home)
	file := parse(t, "[secret.x]\nfile = \"~/token\"\n[secret.y]\nfile = \"~x\"\n")
	if got := file.Secrets["x"].File; got != filepath.Join(home, "token") {
		t.Errorf("%s", got)
	}
	if got := file.Secrets["y"].File; got != filepath.Join(filepath.Dir(file.Path), "~x") {
		t.Errorf("%s", got)
	}
}

// What cannot be read as a configuration, and never makes anybody wait.
func TestLoadErrors(t *testing.T) {
	folder := t.TempDir()
	path := func(name string) string { return filepath.Join(folder, name) }
	if err := os.Mkdir(path("folder.toml"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path("huge.toml"), []byte(strings.Repeat("# more\n", 50_000)), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path("wrong.toml"), []byte("\nprot = 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("nothing.toml", path("link.toml")); err != nil {
		t.Log(err)
		if err := os.WriteFile(path("link.toml"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name, want string
		missing    bool
	}{
		{"missing.toml", "missing.toml: no such file", true},
		{filepath.Join("missing", "missing.toml"), "missing.toml: no such file", true},
		{"folder.toml", "folder.toml: not a regular file", false},
		{"huge.toml", "huge.toml: larger than 256 KiB", false},
		{"wrong.toml", `wrong.toml:2:1: unknown key "prot"`, false},
		// Not the same as none: the run must not go on with another server.
		{"link.toml", "link.toml: a link to a file that does not exist", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Load(path(c.name))
			var fault *Error
			if !errors.As(err, &fault) {
				t.Fatalf("%T: %v", err, err)
			}
			if fault.Path != path(c.name) || !strings.HasSuffix(err.Error(), c.want) {
				t.Errorf("%q, want %q", err, c.want)
			}
			if errors.Is(err, fs.ErrNotExist) != c.missing {
				t.Errorf("fs.ErrNotExist: %v", !c.missing)
			}
		})
	}
}
