package config

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write what is seen to testdata")

// said is what the user sees of an error.
func said(err error) string {
	var fault *Error
	if !errors.As(err, &fault) {
		return "not a config.Error: " + err.Error() + "\n"
	}
	text := fault.Error() + "\n"
	if fault.Excerpt != "" {
		text += fault.Excerpt + "\n"
	}
	if fault.Hint != "" {
		text += "hint: " + fault.Hint + "\n"
	}
	return text
}

// The files in testdata hold cases: a line "## TITLE", a configuration, a line
// "=>", and what the user sees.
func TestParseErrors(t *testing.T) {
	for _, name := range []string{"syntax.txt", "accounts.txt", "oauth2.txt", "secrets.txt", "dkim.txt", "jobs.txt"} {
		path := filepath.Join("testdata", name)
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		parts := strings.Split(strings.ReplaceAll(string(text), "\r\n", "\n"), "\n## ")
		for i, part := range parts[1:] {
			title, rest, _ := strings.Cut(part, "\n")
			source, want, ok := strings.Cut(rest, "=>\n")
			if !ok {
				source = strings.TrimSuffix(rest, "=>")
			}
			t.Run(title, func(t *testing.T) {
				_, err := Parse("mailscript.toml", []byte(source))
				if err == nil {
					t.Fatal("no error")
				}
				got := said(err)
				if *update {
					parts[i+1] = title + "\n" + source + "=>\n" + got
					return
				}
				if diff := cmp.Diff(strings.TrimRight(want, "\n"), strings.TrimRight(got, "\n")); diff != "" {
					t.Error(diff)
				}
				if strings.Contains(got, "canary") {
					t.Errorf("the password is shown:\n%s", got)
				}
			})
		}
		if *update {
			for i := range parts {
				parts[i] = strings.TrimRight(parts[i], "\n") + "\n"
			}
			if err := os.WriteFile(path, []byte(strings.Join(parts, "\n## ")), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}
