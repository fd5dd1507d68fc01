package config

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/mailscript/mailscript/smtp"
)

func TestDKIM(t *testing.T) {
	folder := t.TempDir()
	file, err := Parse(filepath.Join(folder, Name), []byte(`
[dkim.rsa]
domain = "example.org"
selector = "s1"
key_file = "dkim.pem"
headers = ["From", "Subject"]
canonicalization = "simple/relaxed"
expiry = "14d"
accounts = "default"
scope = "all"
[dkim.edwards]
domain = "bücher.example"
selector = "s2.mail"
key_env = "KEY"
canonicalization = "relaxed"
expiry = 86400
[account.default]
host = "smtp.example.org"
`))
	if err != nil {
		t.Fatal(said(err))
	}
	if len(file.DKIM) != 2 || file.DKIM[0].Key.File != filepath.Join(folder, "dkim.pem") || file.DKIM[1].Key.Env != "KEY" {
		t.Fatalf("%+v", file.DKIM)
	}
	want := []DKIM{
		{Name: "rsa", Domain: "example.org", Selector: "s1", Headers: []string{"From", "Subject"}, Header: "simple", Body: "relaxed", Expiry: 14 * 24 * time.Hour, Accounts: []string{"default"}, Scope: "all"},
		{Name: "edwards", Domain: "xn--bcher-kva.example", Selector: "s2.mail", Header: "relaxed", Body: "simple", Expiry: 24 * time.Hour},
	}
	if diff := cmp.Diff(want, file.DKIM, cmpopts.IgnoreUnexported(DKIM{}), cmpopts.IgnoreFields(DKIM{}, "Key")); diff != "" {
		t.Error(diff)
	}
}

// A key has many lines, and all of them count, wherever it is.
func TestWholeKey(t *testing.T) {
	const key = "-----BEGIN PRIVATE KEY-----\none\ntwo\n-----END PRIVATE KEY-----"
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "dkim.pem"), []byte(key+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	command := "cat dkim.pem"
	if runtime.GOOS == "windows" {
		command = "type dkim.pem"
	}
	for _, where := range []string{"key_file = 'dkim.pem'", "key_env = 'KEY'", "key_command = '" + command + "'"} {
		file, err := Parse(filepath.Join(folder, Name), []byte("[dkim.x]\ndomain = 'example.org'\nselector = 's'\n"+where))
		if err != nil {
			t.Fatal(said(err))
		}
		secret, err := Reader{LookupEnv: func(string) (string, bool) { return key, true }}.Secret(t.Context(), file.DKIM[0].Key)
		if err != nil || !secret.Equal(smtp.NewSecret(key)) {
			t.Errorf("%s: %v, or other bytes", where, err)
		}
	}
}
