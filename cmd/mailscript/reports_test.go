package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
)

// TestReportsDoc does what docs/reports.md says, to the letter: it runs its commands,
// looks for what they are said to print, and writes its mailscript.toml, with the
// test's server for that of the example.
func TestReportsDoc(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("there is no sending of signals")
	}
	text, err := os.ReadFile("../../docs/reports.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(text), "\n## From nothing ")
	section, _, _ = strings.Cut(section, "\n## ")
	box := openMailbox(t)
	folder := t.TempDir()
	steps := 0
	for _, block := range regexp.MustCompile("(?s)```(toml|console)\n(.*?)```").FindAllStringSubmatch(section, -1) {
		if block[1] == "toml" {
			own := regexp.MustCompile(`(?s)\[account\.default\].*?\n\n`).ReplaceAllString(block[2], fmt.Sprintf("[account.default]\nhost = \"127.0.0.1\"\nport = %d\ntls = \"off\"\n\n", box.port))
			if own == block[2] {
				t.Fatal("the account is not where it was")
			}
			if err := os.WriteFile(filepath.Join(folder, "mailscript.toml"), []byte(own), 0o600); err != nil {
				t.Fatal(err)
			}
			continue
		}
		for _, command := range strings.Split("\n"+block[2], "\n$ ")[1:] {
			line, want, _ := strings.Cut(strings.TrimSuffix(command, "\n"), "\n")
			steps++
			switch arguments := strings.Fields(line); {
			case line == "cd sales":
				folder = filepath.Join(folder, "sales")
			case line == "mailscript serve":
				before := len(box.all())
				s := startServing(t, folder)
				s.await(t, 1, says("msg", "run ended", "job", "weekly-sales", "outcome", "ok"))
				s.stop(t)
				if len(box.all()) == before {
					t.Error("serve sent nothing")
				}
			case arguments[0] == "mailscript":
				followReport(t, folder, arguments[1:], want)
			default:
				t.Errorf("what is %q?", line)
			}
		}
	}
	letters := box.all()
	if steps < 9 || len(letters) < 3 || letters[0].to != "you@example.org" || !strings.Contains(letters[1].text, "12500.50") && !strings.Contains(letters[1].text, "12,500.50") {
		t.Errorf("%d steps, %d letters", steps, len(letters))
	}
}

// followReport runs one command, and compares what it prints with what is said, where "…"
// is anything, and so is the width of columns.
func followReport(t *testing.T, folder string, arguments []string, want string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Cmd{Path: self, Args: append([]string{"mailscript"}, arguments...), Dir: folder, Env: os.Environ()}
	out, err := command.CombinedOutput()
	if err != nil {
		t.Errorf("%q: %v\n%s", arguments, err, out)
	}
	pattern := regexp.QuoteMeta(strings.Join(strings.Fields(want), " "))
	pattern = strings.ReplaceAll(pattern, "…", ".*")
	got := strings.Join(strings.Fields(string(out)), " ")
	if !regexp.MustCompile("^" + pattern + "$").MatchString(got) {
		t.Errorf("%q prints\n%s\nand not\n%s", arguments, out, want)
	}
}
