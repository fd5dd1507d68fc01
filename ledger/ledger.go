package ledger

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"time"

	"zombiezen.com/go/sqlite"
)

// Names in the project folder.
const (
	// FolderName is the folder of the ledger in that of the project.
	FolderName   = ".mailscript"
	databaseName = "ledger.db"
	lockName     = "ledger.lock"
)

// Path is where the ledger of a project is.
func Path(project string) string { return filepath.Join(project, FolderName, databaseName) }

// Takeover says what becomes of a ledger that was copied, restored or used on another
// machine.
type Takeover string

const (
	// Refuse does not open it. It is the default.
	Refuse Takeover = ""
	// TakeOver makes it the ledger of this machine and this place. What was sent after
	// it was copied is not in it.
	TakeOver Takeover = "take over"
)

// Options say how to open a ledger.
type Options struct {
	Takeover Takeover
	// Clock is the time of day; time.Now where it is nil.
	Clock func() time.Time
	// Host tells this machine from others; where it is empty, what the operating system
	// says.
	Host string
	// Failpoint is called at each of Failpoints, by name, for tests: an error becomes
	// that of the write, and what never returns is a crash.
	Failpoint func(name string) error

	vfs string // of SQLite, for tests
}

func (o Options) withDefaults() Options {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Host == "" {
		o.Host = hostIdentity()
	}
	return o
}

// Ledger is an open one. Its methods may be called from several goroutines.
type Ledger struct {
	options Options
	path    string
	lock    *lock // nil where it is only read
	holder  holder

	version int64 // of the schema
	name    string
	seed    []byte
	epoch   int64

	turn    chan struct{} // held by the one who commits
	queueMu sync.Mutex
	queue   []*request

	mu     sync.Mutex // guards the connection and all below
	conn   *sqlite.Conn
	writes bool // conn is there to write
	stmt   map[string]*sqlite.Stmt
	failed error
	pages  int // that the log holds, about
	runs   map[string]*Run
	via    map[string]int64
	never  int64 // how many addresses are suppressed
	// pending is true while a transaction is open with what was planned, and alarm ends it.
	pending bool
	alarm   *time.Timer
}

// Open opens the ledger of a project folder for writing, and makes it where there is none.
// The error is a *LockedError where another process has it, or an *Error. Close ends it.
//
// What an earlier process left in doubt is unknown from now on.
func Open(ctx context.Context, project string, options Options) (*Ledger, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	l := newLedger(Path(project), options)
	if err := makeFolder(folderOf(l.path)); err != nil {
		return nil, l.stopped("making its folder", err)
	}
	if err := l.point("lock.before"); err != nil {
		return nil, l.stopped("taking its lock", err)
	}
	held, last, err := acquire(folderOf(l.path))
	if err != nil {
		return nil, l.stopped("taking its lock", err)
	}
	l.lock = held
	if err := l.open(ctx, last); err != nil {
		l.abandon()
		return nil, err
	}
	return l, nil
}

// OpenReadOnly opens the ledger of a project folder for looking at it, also while another
// process writes.
func OpenReadOnly(ctx context.Context, project string, options Options) (*Ledger, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	l := newLedger(Path(project), options)
	if _, err := os.Stat(l.path); err != nil {
		return nil, l.missing(err)
	}
	if err := l.connect(sqlite.OpenReadOnly); err != nil {
		return nil, err
	}
	err := l.recognise()
	if err == nil {
		_, err = l.readIdentity()
	}
	if err != nil {
		l.conn.Close()
		return nil, err
	}
	return l, nil
}

func newLedger(path string, options Options) *Ledger {
	return &Ledger{
		options: options.withDefaults(), path: path, turn: make(chan struct{}, 1),
		stmt: map[string]*sqlite.Stmt{}, runs: map[string]*Run{}, via: map[string]int64{},
	}
}

func (l *Ledger) open(ctx context.Context, last holder) error {
	if last.Damaged != "" {
		return &Error{Path: l.path, Text: "salvaging it was interrupted", Hint: "run mailscript ledger salvage once more", Err: ErrCorrupt}
	}
	now := l.now()
	l.holder = holder{PID: os.Getpid(), Host: hostName(), Since: now, Ledger: last.Ledger, Epoch: last.Epoch, Open: last.Open}
	if err := l.announce("lock.write"); err != nil {
		return err
	}
	created, err := l.prepareFile()
	if err != nil {
		return l.stopped("making its file", err)
	}
	if err := l.inspectLog(); err != nil {
		return err
	}
	if err := l.examine(ctx, last); err != nil {
		return err
	}
	l.writes = true
	if err := l.connect(sqlite.OpenReadWrite); err != nil {
		return err
	}
	if err := l.create(); err != nil {
		return err
	}
	if created {
		// SQLite syncs the folder for its log, and not for the database itself.
		err := l.point("create.sync")
		if err == nil {
			err = syncFolders(folderOf(l.path))
		}
		if err != nil {
			return l.stopped("making its file", err)
		}
	}
	if err := l.enter(); err != nil {
		return err
	}
	l.holder.Ledger, l.holder.Epoch, l.holder.Open = l.name, l.epoch, true
	return l.announce("lock.epoch")
}

// announce writes who holds the lock.
func (l *Ledger) announce(point string) error {
	err := l.point(point)
	if err == nil {
		err = l.lock.write(l.holder)
	}
	return l.stopped("saying who holds its lock", err)
}

// Close ends the ledger, and with it all claims. What is in doubt will be unknown to the
// next one who opens it.
func (l *Ledger) Close() error {
	l.turn <- struct{}{} // and nobody commits any more
	l.mu.Lock()
	defer l.mu.Unlock()
	if errors.Is(l.failed, ErrClosed) {
		<-l.turn
		return nil
	}
	defer func() {
		l.failed = &Error{Path: l.path, Text: "closed", Err: ErrClosed}
		<-l.turn
	}()
	if l.lock == nil {
		return l.explain(l.conn.Close())
	}
	defer l.lock.release()
	if l.failed != nil {
		// The connection is left as it is: closing it would copy the log into the
		// database, after a write went wrong.
		return nil
	}
	err, what := l.point("close.before"), "what is planned"
	if err == nil && l.pending {
		if err = l.end(); err != nil {
			err = l.undo(err)
		}
	}
	if err == nil {
		what = "the log into the database"
		err = l.checkpoint()
	}
	if err != nil {
		return &FailedError{Path: l.path, What: what, Err: err}
	}
	// On disk before SQLite removes its log.
	l.holder.Open = false
	err = l.lock.write(l.holder)
	if err == nil {
		err = l.lock.f.Sync()
	}
	if err != nil {
		return l.stopped("saying that it is closed", err)
	}
	if err := l.point("close.database"); err != nil {
		return err
	}
	return l.explain(l.conn.Close())
}

// abandon gives up a ledger that could not be opened. A connection that writes is left as
// it is, as by Close after a fault: the log is what the next one has to find.
func (l *Ledger) abandon() {
	if l.conn != nil && !l.writes {
		l.disconnect()
	}
	l.lock.release()
}

// Err is the error of the write that made the ledger fail, nil while there was none.
func (l *Ledger) Err() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.failed
}

// Epoch is how many times the ledger was opened.
func (l *Ledger) Epoch() int64 { return l.epoch }

func (l *Ledger) now() time.Time { return l.options.Clock() }

func milliseconds(t time.Time) int64 { return t.UnixMilli() }

func fromMilliseconds(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.UnixMilli(n).UTC()
}
