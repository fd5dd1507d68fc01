package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/mailscript/mailscript/ledger"
)

// TestOfLedger is what commands make of a ledger that cannot be used.
func TestOfLedger(t *testing.T) {
	for _, test := range []struct {
		err    error
		status int
		hint   string
	}{
		{&ledger.LockedError{Path: "ledger.db"}, 75, "wait until the other ends"},
		{&ledger.Error{Path: "ledger.db", Text: "it was copied", Hint: "--takeover", Err: ledger.ErrForeign}, 65, "--takeover"},
		{&ledger.FailedError{Path: "ledger.db", What: "the run", Err: syscall.ENOSPC}, 65, "make room"},
		{&ledger.FailedError{Path: "ledger.db", What: "the run", Err: errors.New("odd")}, 65, ""},
	} {
		var status int
		err := ofLedger(&status, fmt.Errorf("suppressions: %w", test.err))
		if _, hint := explain(err); status != test.status || !strings.Contains(hint, test.hint) || err.Error() == "" {
			t.Errorf("%v: status %d, hint %q", test.err, status, hint)
		}
	}
}

// TestLedger checks a ledger, damages it and salvages what is left.
func TestLedger(t *testing.T) {
	folder := t.TempDir()
	script := filepath.Join(folder, "news.lua")
	if err := os.WriteFile(script, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := ledger.Open(context.Background(), folder, ledger.Options{})
	if err != nil {
		t.Fatal(err)
	}
	run, err := l.Run("news", ledger.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	var rows []ledger.Row
	for i := range 1000 {
		key := fmt.Sprintf("customer%d@example.org", i)
		rows = append(rows, ledger.Row{Key: key, Number: int64(i + 1), Recipients: []string{key}})
	}
	if _, err := run.Plan(rows); err != nil {
		t.Fatal(err)
	}
	expect := func(code int, out string, args ...string) {
		t.Helper()
		var stdout, stderr bytes.Buffer
		if got := Main(context.Background(), args, strings.NewReader(""), &stdout, &stderr); got != code {
			t.Fatalf("%v: status %d, want %d: %s%s", args, got, code, &stdout, &stderr)
		}
		if text := stdout.String() + stderr.String(); !strings.Contains(text, out) {
			t.Fatalf("%v says %q, which lacks %q", args, text, out)
		}
	}
	expect(0, "a merge is using it", "ledger", "check", script)
	expect(75, fmt.Sprintf("process %d on ", os.Getpid()), "ledger", "salvage", script)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	expect(0, "1 run, 1000 rows", "ledger", "check", script)
	f, err := os.OpenFile(ledger.Path(folder), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt(bytes.Repeat([]byte{0xff}, 4096), 18*4096); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	expect(76, "hint: mailscript ledger salvage", "ledger", "check", script)
	expect(0, "ledger.db.damaged", "ledger", "salvage", script)
	expect(0, "in order", "ledger", "check", script)
}
