package ledger

import (
	"errors"
	"fmt"

	"zombiezen.com/go/sqlite"
)

// request is what one caller wants written. Those that wait at the same time are written
// in one transaction, with one fsync.
type request struct {
	what string
	op   func() error
	// waits is true, also where op only finds that out, of what need not be on disk before
	// the next thing that has to be: the transaction is left open for that.
	waits bool
	done  chan error
}

// commit writes and returns when it is on disk. An error of op is one of the database, and
// makes the ledger fail; what a caller may do wrong is found before.
func (l *Ledger) commit(what string, op func() error) error {
	return l.write(&request{what: what, op: op})
}

func (l *Ledger) write(r *request) error {
	if l.lock == nil {
		return &Error{Path: l.path, Text: "opened for reading"}
	}
	r.done = make(chan error, 1)
	l.queueMu.Lock()
	l.queue = append(l.queue, r)
	l.queueMu.Unlock()
	select {
	case err := <-r.done:
		return err
	case l.turn <- struct{}{}:
	}
	l.queueMu.Lock()
	batch := l.queue
	l.queue = nil
	l.queueMu.Unlock()
	if len(batch) > 0 {
		err := l.writeBatch(batch)
		for _, b := range batch {
			b.done <- err
		}
	}
	<-l.turn
	return <-r.done
}

func (l *Ledger) writeBatch(batch []*request) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.failed != nil {
		return l.failed
	}
	what := batch[0].what
	waits := true
	err := l.begin(func() error {
		epoch, err := l.integer("select epoch from ledger")
		if err == nil && epoch != l.epoch {
			err = &Error{Path: l.path, Text: fmt.Sprintf("another process took it over (epoch %d, ours was %d)", epoch, l.epoch), Err: ErrFenced}
		}
		return err
	})
	for _, b := range batch {
		if err == nil {
			what = b.what
			err = b.op()
		}
		waits = waits && b.waits
	}
	for _, r := range l.runs {
		if err == nil {
			err = r.writeChanges()
		}
	}
	switch {
	case err != nil:
	case waits:
		err = l.suspend()
	default:
		err = l.end()
	}
	if err != nil {
		err = l.undo(err)
	}
	if err == nil && !l.pending && l.pages >= checkpointPages {
		what = "the log into the database"
		err = l.checkpoint()
	}
	if err != nil {
		l.failed = &FailedError{Path: l.path, What: what, Err: l.explain(err)}
	}
	return l.failed
}

// transaction runs op between begin and commit. After an error nothing of it is kept, but
// for what a failed commit may have left on the disk.
func (l *Ledger) transaction(op func() error) error {
	err := l.begin(op)
	if err == nil {
		err = l.end()
	}
	if err != nil {
		err = l.undo(err)
	}
	return err
}

// begin begins a transaction with op, or goes on with the one that was left open.
func (l *Ledger) begin(op func() error) error {
	if l.pending {
		if l.conn.AutocommitEnabled() {
			// SQLite does so by itself after some errors, also of who only reads.
			return errors.New("what was planned was taken back")
		}
		return nil
	}
	if err := l.point("begin.before"); err != nil {
		return err
	}
	// Immediate: it has the right to write before it reads.
	if err := l.run("begin immediate"); err != nil {
		return err
	}
	if err := l.point("begin.after"); err != nil {
		return err
	}
	return op()
}

// end commits the transaction.
func (l *Ledger) end() error {
	if err := l.point("commit.before"); err != nil {
		return err
	}
	if err := l.run("commit"); err != nil {
		return err
	}
	l.ended()
	return l.point("commit.after")
}

// undo rolls a transaction back, after an error.
func (l *Ledger) undo(err error) error {
	l.ended()
	for _, r := range l.runs {
		r.planned, r.firsts = nil, nil
	}
	if !l.conn.AutocommitEnabled() {
		err = errors.Join(err, l.run("rollback"))
	}
	return err
}

// checkpointPages is after about how many pages the log is copied into the database.
const checkpointPages = 1000

// checkpoint copies the log into the database. A reader may keep some of it from being
// copied, which is no error.
func (l *Ledger) checkpoint() error {
	if err := l.point("checkpoint.before"); err != nil {
		return err
	}
	if err := l.query("pragma wal_checkpoint(passive)", func(*sqlite.Stmt) error { return nil }); err != nil {
		return err
	}
	l.pages = 0
	return l.point("checkpoint.after")
}

// Failpoints are the names Options.Failpoint is called with.
func Failpoints() []string {
	return []string{
		"lock.before", "lock.write", "lock.epoch",
		"create.file", "create.schema", "create.sync",
		"epoch.write", "epoch.doubts",
		"begin.before", "begin.after", "begin.left",
		"run.insert",
		"plan.row", "plan.outcome", "plan.replace", "plan.chunk",
		"doubt.before", "doubt.after",
		"settle.before", "settle.outcome", "settle.after",
		"resolve.outcome",
		"window.delete", "window.update",
		"counts.write",
		"suppress.write",
		"commit.before", "commit.after",
		"checkpoint.before", "checkpoint.after",
		"close.before", "close.database",
		"salvage.rename",
	}
}

func (l *Ledger) point(name string) error {
	if l.options.Failpoint == nil {
		return nil
	}
	return l.options.Failpoint(name)
}
