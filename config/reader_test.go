package config

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/mailscript/mailscript/smtp"
	"github.com/zalando/go-keyring"
)

// reveal reads what a secret holds, which no code outside of smtp should.
func reveal(s smtp.Secret) string { return reflect.ValueOf(s).Field(0).Elem().String() }

// environment is a LookupEnv.
func environment(variables map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		value, ok := variables[name]
		return value, ok
	}
}

func TestSecretEnvironment(t *testing.T) {
	r := Reader{LookupEnv: environment(map[string]string{
		"PLAIN": " sec ret ", "ECHOED": "secret\n", "WINDOWS": "secret\r\n", "LINES": "one\ntwo\n", "EMPTY": "", "END": "\n",
	})}
	for _, c := range []struct{ name, value, want string }{
		{"PLAIN", " sec ret ", ""},
		{"ECHOED", "secret", ""},
		{"WINDOWS", "secret", ""},
		{"LINES", "one\ntwo", ""},
		{"EMPTY", "", "secret: environment variable EMPTY is empty"},
		{"END", "", "secret: environment variable END is empty"},
		{"MISSING", "", "secret: environment variable MISSING is not set"},
		{"not a name!", "", "secret: environment variable ‹hidden› is not set"},
	} {
		check(t, r, Source{Env: c.name}, c.value, c.want)
	}
}

// check reads a secret and compares it, or the error.
func check(t *testing.T, r Reader, s Source, value, want string) {
	t.Helper()
	secret, err := r.Secret(t.Context(), s)
	switch {
	case err != nil && err.Error() != want:
		t.Errorf("%v: %q, want %q", s, err, want)
	case err != nil && !secret.IsZero():
		t.Errorf("%v: an error and a secret", s)
	case err == nil && want != "":
		t.Errorf("%v: no error, want %q", s, want)
	case err == nil && reveal(secret) != value:
		t.Errorf("%v: %q, want %q", s, reveal(secret), value)
	}
}

func TestSecretFile(t *testing.T) {
	folder := t.TempDir()
	for _, c := range []struct{ name, text, value, want string }{
		{"plain", "secret", "secret", ""},
		{"line", "secret\n", "secret", ""},
		{"windows", "secret\r\n", "secret", ""},
		{"first", "secret\nlogin: ann\n", "secret", ""},
		{"spaces", "  sec ret \n", "  sec ret ", ""},
		{"marked", "\ufeffsecret\n", "secret", ""},
		{"binary", "a\x00b\xff\n", "a\x00b\xff", ""},
		{"largest", strings.Repeat("x", maxSecret), strings.Repeat("x", maxSecret), ""},
		{"empty", "", "", "secret: file FOLDER/empty is empty"},
		{"second", "\nsecret\n", "", "secret: file FOLDER/second is empty"},
		{"wide", "\xff\xfes\x00e\x00", "", "secret: file FOLDER/wide is UTF-16"},
		{"large", strings.Repeat("x", maxSecret+1), "", "secret: file FOLDER/large: larger than 64 KiB"},
	} {
		path := filepath.Join(folder, c.name)
		if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		check(t, Reader{}, Source{File: path}, c.value, strings.ReplaceAll(c.want, "FOLDER/", folder+string(filepath.Separator)))
	}
	check(t, Reader{}, Source{File: filepath.Join(folder, "none")}, "", "secret: file "+filepath.Join(folder, "none")+": no such file")
	// A relative path is one in the reader's folder.
	check(t, Reader{Folder: folder}, Source{File: "plain"}, "secret", "")
}

func TestSecretOthers(t *testing.T) {
	check(t, Reader{}, Source{Literal: smtp.NewSecret("secret")}, "secret", "")
	check(t, Reader{}, Source{}, "", "secret is nowhere")
	check(t, Reader{}, Source{Env: "X", File: "y"}, "", "secret is in more than one place")
}

// Faults that show only when the secret is needed still name the line.
func TestSecretPlace(t *testing.T) {
	file, err := Parse("mailscript.toml", []byte("[account.default]\nhost = \"smtp.example.org\"\nusername = \"ann\"\npassword_env = \"SMTP_PASSWORD\"\n[secret.crm]\nenv = \"CRM_TOKEN\"\n"))
	if err != nil {
		t.Fatal(err)
	}
	r := Reader{LookupEnv: environment(nil)}
	_, err = file.Accounts["default"].Credentials(t.Context(), r)
	const want = `mailscript.toml:4:1: password of account "default": environment variable SMTP_PASSWORD is not set
   4 | password_env = "SMTP_PASSWORD"
     | ^^^^^^^^^^^^
`
	if err == nil || said(err) != want {
		t.Errorf("%v", err)
	}
	_, err = r.Secret(t.Context(), file.Secrets["crm"])
	const other = `mailscript.toml:6:1: secret "crm": environment variable CRM_TOKEN is not set
   6 | env = "CRM_TOKEN"
     | ^^^
`
	if err == nil || said(err) != other {
		t.Errorf("%v", err)
	}
}

func TestCredentials(t *testing.T) {
	file := parse(t, `
[account.full]
service = "sendgrid"
mechanism = "login"
auth_in_clear = true
password_env = "KEY"
[account.bare]
host = "localhost"
`)
	r := Reader{LookupEnv: environment(map[string]string{"KEY": "secret"})}
	c, err := file.Accounts["full"].Credentials(t.Context(), r)
	if err != nil || c.Username != "apikey" || c.Mechanism != "LOGIN" || !c.InClear || reveal(c.Password) != "secret" {
		t.Errorf("%+v, %v", c, err)
	}
	c, err = file.Accounts["bare"].Credentials(t.Context(), r)
	if err != nil || c.Username != "" || !c.Password.IsZero() {
		t.Errorf("%+v, %v", c, err)
	}
}

// A context that has ended asks nobody.
func TestSecretEnded(t *testing.T) {
	cause := errors.New("the day is over")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(cause)
	for _, s := range []Source{{Env: "X"}, {Command: NewCommand("exit 1")}, {File: "x"}, {Prompt: true}, {Keyring: &Keyring{"a", "b"}}} {
		_, err := (Reader{LookupEnv: environment(map[string]string{"X": "y"})}).Secret(ctx, s)
		var fault *Error
		if !errors.Is(err, context.Canceled) || !errors.Is(err, cause) || !errors.As(err, &fault) {
			t.Errorf("%v: %v", s, err)
		}
	}
}

func TestSecretKeyring(t *testing.T) {
	file := parse(t, `
[account.usual]
host = "smtp.example.org"
username = "ann"
keyring = true
[account.service]
host = "smtp.example.org"
username = "ann"
keyring = "mail"
[account.both]
host = "smtp.example.org"
username = "ann"
keyring = { service = "mail", user = "bob" }
[account.known]
service = "gmail"
username = "ann"
keyring = true
[account.windows]
host = "smtp.example.org"
username = "cmdkey"
keyring = true
[account.none]
host = "smtp.example.org"
username = "carol"
keyring = true
[secret.crm]
keyring = true
[account.off]
host = "smtp.example.org"
username = "ann"
keyring = false
`)
	keyring.MockInit()
	for _, e := range [][3]string{
		{"smtp.example.org", "ann", "one"}, {"mail", "ann", "two"}, {"mail", "bob", "three"}, {"smtp.gmail.com", "ann", "four"},
		{"smtp.example.org", "cmdkey", "f\x00ü\x00"[:2] + "\xfc\x00"}, {"mailscript", "crm", "six"},
	} {
		if err := keyring.Set(e[0], e[1], e[2]); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]string{"usual": "one", "service": "two", "both": "three", "known": "four", "windows": "fü"} {
		check(t, Reader{}, file.Accounts[name].Password, want, "")
	}
	check(t, Reader{}, file.Secrets["crm"], "six", "")
	if !file.Accounts["off"].Password.IsZero() {
		t.Error("keyring = false is a source")
	}

	_, err := (Reader{}).Secret(t.Context(), file.Accounts["none"].Password)
	if err == nil || !errors.Is(err, keyring.ErrNotFound) ||
		!strings.HasSuffix(err.Error(), `password of account "none": keyring entry "carol" of "smtp.example.org" is not there`) {
		t.Errorf("%v", err)
	}
	keyring.MockInitWithError(errors.New("no bus"))
	_, err = (Reader{}).Secret(t.Context(), file.Accounts["usual"].Password)
	if err == nil || !strings.HasSuffix(err.Error(), `password of account "usual": keyring: no bus`) {
		t.Errorf("%v", err)
	}
}

func TestKeyringHint(t *testing.T) {
	k := Keyring{"smtp.example.org", "ann"}
	for system, want := range map[string]string{
		"linux":   `store it with: secret-tool store --label=mailscript service "smtp.example.org" username "ann"`,
		"darwin":  `store it with: security add-generic-password -s "smtp.example.org" -a "ann" -w`,
		"windows": `store it with: cmdkey /generic:"smtp.example.org:ann" /user:"ann" /pass`,
	} {
		if got := k.storeHint(system); got != want {
			t.Errorf("%s: %s", system, got)
		}
	}
}

// Where there is no terminal nobody is asked, whoever else could answer.
func TestPromptWithoutTerminal(t *testing.T) {
	answers, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer answers.Close()
	if _, err := io.WriteString(writer, "secret\n"); err != nil {
		t.Fatal(err)
	}
	writer.Close()
	var stderr bytes.Buffer
	check(t, Reader{Stdin: answers, Stderr: &stderr}, Source{Prompt: true}, "", "secret is asked for at a terminal, and there is none")
	if stderr.Len() > 0 {
		t.Errorf("asked: %q", stderr.String())
	}
	if rest, _ := io.ReadAll(answers); string(rest) != "secret\n" {
		t.Errorf("the input was read, up to %q", rest)
	}
}

// A source prints as where the secret is, and never with a part of it.
func TestSourceString(t *testing.T) {
	for _, c := range []struct {
		want string
		s    Source
	}{
		{`command "pass"`, Source{Command: NewCommand("pass show canary")}},
		{`command "/usr/bin/op"`, Source{Command: NewCommand("OP_TOKEN=canary /usr/bin/op read canary")}},
		{`command "security"`, Source{Command: NewCommand("  security  find-generic-password -w canary")}},
		{`command "C:\\Program\\pass.exe"`, Source{Command: NewCommand(`C:\Program\pass.exe canary`)}},
		{"command ‹hidden›", Source{Command: NewCommand("TOKEN='can ary canary' op read x")}},
		{"command ‹hidden›", Source{Command: NewCommand(`echo; "canary"`)}},
		{"command ‹hidden›", Source{Command: NewCommand("TOKEN=canary")}},
		{"command ‹hidden›", Source{Command: NewCommand(strings.Repeat("canary", 100))}},
		{"environment variable X", Source{Env: "X"}},
		{"environment variable ‹hidden›", Source{Env: "canary!"}},
		{"file x", Source{File: "x"}},
		{`keyring entry "ann" of "mail"`, Source{Keyring: &Keyring{"mail", "ann"}}},
		{"prompt", Source{Prompt: true, Question: "Password"}},
		{"‹secret›", Source{Literal: smtp.NewSecret("canary")}},
		{"none", Source{}},
	} {
		if got := c.s.String(); got != c.want {
			t.Errorf("%s, want %s", got, c.want)
		}
	}
}
