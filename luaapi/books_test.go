package luaapi

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mailscript/mailscript/engine"
	"github.com/mailscript/mailscript/ledger"
	"github.com/mailscript/mailscript/sink"
	"github.com/mailscript/mailscript/smtp"
)

// sharing runs scripts in one project, with ledgers that they share.
type sharing struct {
	sink  *sink.Sink
	root  string
	books *Books
}

func newSharing(t *testing.T) *sharing {
	t.Helper()
	s, err := sink.Open(sink.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	sh := &sharing{s, t.TempDir(), NewBooks()}
	if err := writeFixtures(sh.root); err != nil {
		t.Fatal(err)
	}
	return sh
}

// run runs a script for a job; begun hears of its merges.
func (s *sharing) run(ctx context.Context, job, source string, begun func(merge string)) (string, error) {
	api := New(Options{
		Root: s.root, Rehearsal: true, RootCAs: s.sink.RootCAs(), Ledger: s.root, Books: s.books, Begun: begun,
		Dial: func(ctx context.Context, target smtp.Target) (net.Conn, error) {
			return s.sink.Dial(ctx, target.Host, target.Port, target.TLS)
		},
		Job: &Job{Name: job}, Log: slog.New(slog.DiscardHandler),
	})
	var out bytes.Buffer
	rt := engine.New(engine.Options{Modules: api.Modules(), Stdout: &out, Stderr: &out})
	script, err := engine.LoadSource("test.lua", source)
	if err != nil {
		return "", err
	}
	err = rt.Run(ctx, script)
	api.Close(ctx)
	if closing := rt.Close(ctx); err == nil {
		err = closing
	}
	return out.String(), err
}

// rowsOf is a merge of a name over so many rows.
func rowsOf(name, rows, more string) string {
	return around + `local n = 0 local run = merge.run { name = "` + name + `", key = "id", unique_address = false,
	rows = function() n = n + 1 if n <= ` + rows + ` then return { id = n } end end,
	message = function(row) return { from = "news@bank.example", to = "ann@example.org", text = "x" } end, ` + more + ` } print(run.sent, run.already_sent)`
}

// Runs of different names go on at once in one ledger, which is closed behind the last.
func TestBooks(t *testing.T) {
	s := newSharing(t)
	var group sync.WaitGroup
	for _, name := range []string{"one", "two", "three"} {
		group.Go(func() {
			if out, err := s.run(t.Context(), name, rowsOf(name, "500", ""), nil); err != nil || out != "500\t0\n" {
				t.Errorf("%s: %v %s", name, err, out)
			}
		})
	}
	group.Wait()
	if len(s.books.open) > 0 {
		t.Error("it is still open")
	}
	book, err := ledger.Open(t.Context(), s.root, ledger.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	// Another process has it: that is told as before.
	if _, err := s.run(t.Context(), "late", rowsOf("four", "1", ""), nil); err == nil || !strings.Contains(err.Error(), "has been using it since") {
		t.Errorf("%v", err)
	}
}

// Of two that send one run the second is told who does, and can go on when that has ended.
func TestBooksOneName(t *testing.T) {
	s := newSharing(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	first := make(chan error, 1)
	begun, refused := make(chan struct{}), make(chan struct{})
	go func() {
		_, err := s.run(ctx, "first", rowsOf("one", "20", ""), func(string) {
			close(begun)
			<-refused
		})
		first <- err
	}()
	<-begun
	_, err := s.run(ctx, "second", rowsOf("one", "20", ""), nil)
	if err == nil || !strings.Contains(err.Error(), `run "one" is being sent already, by the job first`) {
		t.Errorf("%v", err)
	}
	close(refused)
	if err := <-first; err != nil {
		t.Fatal(err)
	}
	if out, err := s.run(ctx, "second", rowsOf("one", "25", ""), nil); err != nil || out != "5\t20\n" {
		t.Errorf("%v %s", err, out)
	}
}

// A merge that ends early leaves its rows to the next one of its name, while the ledger
// stays open: in the same script, too.
func TestBooksAgain(t *testing.T) {
	s := newSharing(t)
	source := around + "local function rows()\n" + strings.TrimPrefix(rowsOf("one", "4000", "on_result = function(row) if fails and row.id == 40 then error \"enough\" end end"), around) +
		" return run end\nfails = true\nassert(not pcall(rows))\nfails = false\nlocal run = rows()\nassert(run.sent + run.already_sent == 4000)"
	if out, err := s.run(t.Context(), "one", source, nil); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
