package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mailscript/mailscript/ledger"
)

const runScript = `
require("merge").run {
  name = "news", rows = { { to = "ann@example.org" } }, key = "to", account = { host = "127.0.0.1", port = 1, tls = "off" },
  message = function(row) return { from = "news@bank.example", to = row.to, text = "x" } end,
}`

// TestLedgerInUse has a ledger that another process is writing to: it can be looked at,
// and nothing else.
func TestLedgerInUse(t *testing.T) {
	folder := t.TempDir()
	book := bookWith(t, folder)
	defer book.Close()
	const hint = "hint: one "
	for _, test := range []struct {
		code int
		out  string
		args []string
	}{
		{0, "1  planned     to be sent", []string{"status", "news"}},
		{0, "news", []string{"runs"}},
		{0, "ann@example.org,planned", []string{"export", "news"}},
		{0, "not yet  news  planned", []string{"audit", "ann@example.org"}},
		{0, "nothing of news", []string{"doubt", "news"}},
		{75, hint, []string{"doubt", "news", "--sent", "--all"}},
		{75, hint, []string{"suppressions", "add", "--reason", "x", "bob@example.org"}},
		{75, hint, []string{"run", filepath.Join(folder, "news.lua")}},
		{75, hint, []string{"resume", "news"}},
	} {
		expect(t, folder, test.code, test.out, test.args...)
	}
}

// TestLedgerElsewhere copies a ledger: it can be looked at, and is not written to unless
// somebody says that nothing was sent since.
func TestLedgerElsewhere(t *testing.T) {
	from, folder := t.TempDir(), t.TempDir()
	if err := bookWith(t, from).Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(folder, ledger.FolderName), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{ledger.Path(from), filepath.Join(from, ledger.FolderName, originsName), filepath.Join(from, "news.lua")} {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		inside, err := filepath.Rel(from, path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, inside), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	expect(t, folder, 0, "begun", "status", "news")
	expect(t, folder, 65, "--takeover", "run", filepath.Join(folder, "news.lua"))
	expect(t, folder, 65, "--takeover", "doubt", "news", "--sent", "--all")
	expect(t, folder, 65, "--takeover", "resume", "news")
	expect(t, folder, 0, "0 rows taken for sent", "doubt", "news", "--sent", "--all", "--takeover")
}

// bookWith is a ledger with a run that has one row and was made by news.lua.
func bookWith(t *testing.T, folder string) *ledger.Ledger {
	t.Helper()
	if err := os.WriteFile(filepath.Join(folder, "news.lua"), []byte(runScript), 0o600); err != nil {
		t.Fatal(err)
	}
	book, err := ledger.Open(context.Background(), folder, ledger.Options{})
	if err != nil {
		t.Fatal(err)
	}
	run, err := book.Run("news", ledger.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := run.Plan([]ledger.Row{{Key: "ann@example.org", Number: 1, Recipients: []string{"ann@example.org"}}}); err != nil {
		t.Fatal(err)
	}
	if err := run.Leave(); err != nil { // others see at once what is planned
		t.Fatal(err)
	}
	noteOrigin(folder, "news", origin{Script: "news.lua"}, func(text string) { t.Error(text) })
	return book
}

// expect runs a command on a project and looks at its status and at what it says.
func expect(t *testing.T, project string, code int, out string, args ...string) {
	t.Helper()
	if args[0] != "run" {
		args = append(args, "--project", project)
	}
	var stdout, stderr bytes.Buffer
	if got := Main(context.Background(), args, strings.NewReader(""), &stdout, &stderr); got != code {
		t.Errorf("%v: status %d, want %d: %s%s", args, got, code, &stdout, &stderr)
	}
	if text := stdout.String() + stderr.String(); !strings.Contains(text, out) {
		t.Errorf("%v says %q, which lacks %q", args, text, out)
	}
}

// TestAlike groups replies that mean the same, whatever servers put into them.
func TestAlike(t *testing.T) {
	of := func(address, text string) string {
		return alike(&ledger.Recipient{Address: address, Code: 550, Enhanced: "5.1.1", Text: text})
	}
	for _, same := range [][2]string{
		{"<ann@example.org>: Recipient address rejected: User unknown in virtual mailbox table", "<bob@example.org>: Recipient address rejected: User unknown in virtual mailbox table"},
		{"greylisted for 300 seconds", "greylisted for 12 seconds"},
		{"try later (queue 4F2A)", "try later (queue 91BC7)"},
	} {
		if a, b := of("ann@example.org", same[0]), of("bob@example.org", same[1]); a != b {
			t.Errorf("%q and %q", a, b)
		}
	}
	if of("ann@example.org", "mailbox full") == of("ann@example.org", "no such user") {
		t.Error("two reasons are one")
	}
}
