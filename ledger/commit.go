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
	done chan error
}

// commit writes and returns when it is on disk. An error of op is one of the database, and
// makes the ledger fail; what a caller may do wrong is found before.
func (l *Ledger) commit(what string, op func() error) error {
	if l.lock == nil {
		return &Error{Path: l.path, Text: "opened for reading"}
	}
	r := &request{what: what, op: op, done: make(chan error, 1)}
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
	err := l.transaction(what, func() error {
		epoch, err := l.integer("select epoch from ledger")
		if err != nil {
			return err
		}
		if epoch != l.epoch {
			return &Error{Path: l.path, Text: fmt.Sprintf("another process took it over (epoch %d, ours was %d)", epoch, l.epoch), Err: ErrFenced}
		}
		for _, b := range batch {
			what = b.what
			if err := b.op(); err != nil {
				return err
			}
		}
		for _, r := range l.runs {
			if err := r.writeChanges(); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil && l.pages >= checkpointPages {
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
func (l *Ledger) transaction(what string, op func() error) error {
	if err := l.point("begin.before"); err != nil {
		return err
	}
	// Immediate: it has the right to write before it reads.
	if err := l.run("begin immediate"); err != nil {
		return err
	}
	err := l.point("begin.after")
	if err == nil {
		err = op()
	}
	if err == nil {
		err = l.point("commit.before")
	}
	if err == nil {
		if err = l.run("commit"); err == nil {
			return l.point("commit.after")
		}
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
		"begin.before", "begin.after",
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
