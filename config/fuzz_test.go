package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/BurntSushi/toml"
)

// FuzzParse: no text makes the parser panic; an error names a line of the text,
// in a form a terminal can show; and a password that stands somewhere in the
// text is never part of it.
func FuzzParse(f *testing.F) {
	f.Add(Template(), "")
	f.Add("[account.default]\nhost = \"smtp.example.org\"\nusername = \"ann\"\n", "timeouts = { connect = 5 }\n")
	files, err := filepath.Glob(filepath.Join("testdata", "*.txt"))
	if err != nil || len(files) == 0 {
		f.Fatal(err)
	}
	for _, path := range files {
		text, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		for _, part := range strings.Split(string(text), "\n## ")[1:] {
			_, rest, _ := strings.Cut(part, "\n")
			source, _, _ := strings.Cut(rest, "=>\n")
			f.Add(source, "")
			f.Add(source[:len(source)/2], source[len(source)/2:])
		}
	}
	const secret = `password = "` + canary + `"`
	f.Fuzz(func(t *testing.T, before, behind string) {
		if strings.Contains(before+behind, "anary") {
			return
		}
		for _, text := range []string{
			before + behind,
			before + "\n" + secret + "\n" + behind,
			before + " " + secret + " " + behind,
		} {
			file, err := Parse("mailscript.toml", []byte(text))
			if err != nil {
				checkError(t, text, err)
				continue
			}
			for name, account := range file.Accounts {
				if reason, _ := hostFault(account.Host); reason != "" || name == "" {
					t.Errorf("account %q with host %q in %q", name, account.Host, text)
				}
			}
			for _, warning := range file.Warnings {
				checkLine(t, text, warning)
			}
			checkPlaces(t, text)
		}
	})
}

func checkError(t *testing.T, text string, err error) {
	t.Helper()
	var fault *Error
	if !errors.As(err, &fault) {
		t.Fatalf("%T: %v for %q", err, err, text)
	}
	if lines := strings.Count(text, "\n") + 1; fault.Line < 1 || fault.Line > lines || fault.Column < 1 {
		t.Errorf("%d:%d in %d lines: %v for %q", fault.Line, fault.Column, lines, err, text)
	}
	checkLine(t, text, fault.Error())
	checkLine(t, text, fault.Hint)
	if fault.Excerpt == "" {
		return // the text is UTF-16
	}
	line, caret, ok := strings.Cut(fault.Excerpt, "\n")
	if !ok || !strings.HasSuffix(caret, "^") {
		t.Errorf("excerpt %q for %q", fault.Excerpt, text)
	}
	checkLine(t, text, line)
	checkLine(t, text, caret)
	if len([]rune(line)) > 130 || len([]rune(caret)) > 130 {
		t.Errorf("excerpt %q for %q", fault.Excerpt, text)
	}
}

// checkLine wants one line that can be printed, and holds no password.
func checkLine(t *testing.T, text, line string) {
	t.Helper()
	if strings.ContainsFunc(line, func(c rune) bool { return !unicode.IsPrint(c) }) {
		t.Errorf("%q for %q", line, text)
	}
	if strings.Contains(line, "anary") {
		t.Errorf("the password is shown: %q for %q", line, text)
	}
}

// checkPlaces wants a place for each key that the TOML library finds.
func checkPlaces(t *testing.T, text string) {
	t.Helper()
	text = strings.TrimPrefix(text, "\ufeff")
	values := map[string]any{}
	if _, err := toml.Decode(text, &values); err != nil {
		t.Fatalf("%v for %q", err, text)
	}
	var walk func(values map[string]any, e *entry)
	walk = func(values map[string]any, e *entry) {
		for key, value := range values {
			found, ok := e.entries[key]
			if !ok {
				t.Errorf("no place for %q in %q", key, text)
				continue
			}
			if inner, ok := value.(map[string]any); ok {
				walk(inner, found)
			}
		}
	}
	walk(values, locate(text).root)
}
