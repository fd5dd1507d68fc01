package luaapi

import (
	"fmt"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/mailscript/mailscript/engine"
	"github.com/mailscript/mailscript/ledger"
)

// TestLedgerFaults is what a person reads where the ledger cannot be written in the middle
// of a merge.
func TestLedgerFaults(t *testing.T) {
	path := filepath.Join("news", ".mailscript", "ledger.db")
	b := &bound{}
	for _, test := range []struct {
		err        error
		text, hint string
	}{
		{
			&ledger.FailedError{Path: path, What: "what came of messages", Err: syscall.ENOSPC},
			"ledger " + path + ": writing what came of messages: the disk is full; nothing more is written to it",
			"make room on the disk that " + filepath.Dir(path) + " is on; no message was begun after that. Then run the script again: it goes on where this ended; ",
		},
		{
			&ledger.FailedError{Path: path, What: "the run", Err: &ledger.Error{Path: path, Text: "another process took it over", Err: ledger.ErrFenced}},
			"ledger " + path + ": writing the run: another process took it over; nothing more is written to it",
			"no message was begun after that. ",
		},
		{
			&ledger.Error{Path: path, Text: "taking its lock: the disk is full", Hint: "make room", Err: syscall.ENOSPC},
			"ledger " + path + ": taking its lock: the disk is full", "make room",
		},
	} {
		f := b.fault(fmt.Errorf("journal: %w", test.err))
		if f.Kind != engine.KindFile || f.Message != test.text || !strings.HasPrefix(f.Hint, test.hint) {
			t.Errorf("%s: %s\nhint %s\nwant %s\nhint %s", f.Kind, f.Message, f.Hint, test.text, test.hint)
		}
	}
}
