package ledger

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
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

	name  string
	seed  []byte
	epoch int64

	turn    chan struct{} // held by the one who commits
	queueMu sync.Mutex
	queue   []*request

	mu     sync.Mutex // guards the connection and all below
	conn   *sqlite.Conn
	stmt   map[string]*sqlite.Stmt
	failed error
	pages  int // that the log holds, about
	runs   map[string]*Run
	via    map[string]int64
	never  int64 // how many addresses are suppressed
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
		return nil, err
	}
	if err := l.point("lock.before"); err != nil {
		return nil, err
	}
	held, last, err := acquire(folderOf(l.path))
	if err != nil {
		return nil, err
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

// missing explains why there is no file.
func (l *Ledger) missing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return &Error{Path: l.path, Text: "there is none", Hint: "a merge makes one when it first sends", Err: ErrMissing}
	}
	return &Error{Path: l.path, Text: "cannot be used", Err: err}
}

func folderOf(path string) string { return filepath.Dir(path) }

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
	if err := l.point("lock.write"); err != nil {
		return err
	}
	if err := l.lock.write(l.holder); err != nil {
		return fmt.Errorf("ledger %s: saying who holds the lock: %w", l.path, err)
	}
	created, err := l.prepareFile()
	if err != nil {
		return err
	}
	if err := l.inspectLog(); err != nil {
		return err
	}
	if err := l.examine(ctx, last); err != nil {
		return err
	}
	if err := l.connect(sqlite.OpenReadWrite); err != nil {
		return err
	}
	if err := l.create(); err != nil {
		return err
	}
	if created {
		// SQLite syncs the folder for its log, and not for the database itself.
		if err := l.point("create.sync"); err != nil {
			return err
		}
		if err := syncFolders(folderOf(l.path)); err != nil {
			return fmt.Errorf("ledger %s: %w", l.path, err)
		}
	}
	if err := l.enter(); err != nil {
		return err
	}
	l.holder.Ledger, l.holder.Epoch, l.holder.Open = l.name, l.epoch, true
	if err := l.point("lock.epoch"); err != nil {
		return err
	}
	if err := l.lock.write(l.holder); err != nil {
		return fmt.Errorf("ledger %s: saying who holds the lock: %w", l.path, err)
	}
	return nil
}

// makeFolder makes the folder of the ledger, for its owner alone, and keeps what is in it
// out of Git: a ledger that comes back from there no longer knows what was sent.
func makeFolder(folder string) error {
	switch err := os.Mkdir(folder, 0o700); {
	case errors.Is(err, fs.ErrExist):
		return nil
	case err != nil:
		return fmt.Errorf("ledger: %w", err)
	}
	if err := os.WriteFile(filepath.Join(folder, ".gitignore"), []byte("*\n"), 0o600); err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	return nil
}

// prepareFile makes the database file where there is none, readable for its owner alone.
// SQLite gives its log the same permissions.
func (l *Ledger) prepareFile() (created bool, err error) {
	info, err := os.Stat(l.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if err := l.point("create.file"); err != nil {
			return false, err
		}
		f, err := os.OpenFile(l.path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return false, fmt.Errorf("ledger: %w", err)
		}
		return true, f.Close()
	case err != nil:
		return false, fmt.Errorf("ledger: %w", err)
	case !info.Mode().IsRegular():
		return false, &Error{Path: l.path, Text: "not a regular file", Err: ErrNotLedger}
	case runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0:
		return false, &Error{
			Path: l.path, Text: fmt.Sprintf("others may read it (mode %04o), and it has addresses in it", info.Mode().Perm()),
			Hint: "chmod 600 " + l.path, Err: ErrPermission,
		}
	}
	return info.Size() == 0, nil
}

// syncFolders writes to disk that there is a folder and what is in it.
func syncFolders(folder string) error {
	if runtime.GOOS == "windows" {
		return nil // has no such thing
	}
	for _, path := range []string{folder, filepath.Dir(folder)} {
		d, err := os.Open(path)
		if err != nil {
			return err
		}
		err = d.Sync()
		d.Close()
		if err != nil {
			return err
		}
	}
	return nil
}

// connect opens the database.
func (l *Ledger) connect(flags sqlite.OpenFlags) error {
	path := l.path
	if l.options.vfs != "" {
		path = "file:" + path + "?vfs=" + l.options.vfs
		flags |= sqlite.OpenURI
	}
	c, err := sqlite.OpenConn(path, flags)
	if err != nil {
		return l.explain(err)
	}
	l.conn = c
	c.SetBusyTimeout(busyTimeout)
	pragmas := []string{
		// Of 2 MiB: rows are worked on in the order of the table.
		"pragma cache_size = -2048",
		"pragma temp_store = memory",
		"pragma trusted_schema = off",
		"pragma cell_size_check = on",
	}
	if flags&sqlite.OpenReadWrite != 0 {
		pragmas = append(pragmas,
			"pragma journal_mode = wal",
			"pragma synchronous = full",
			"pragma fullfsync = on", // of macOS, where fsync does not reach the disk
			"pragma checkpoint_fullfsync = on",
			// Ours to call (checkpoint): SQLite's own overlooks errors of fsync.
			"pragma wal_autocheckpoint = 0",
		)
	}
	for _, pragma := range pragmas {
		if err := l.run(pragma); err != nil {
			return l.explain(err)
		}
	}
	return nil
}

// busyTimeout is how long to wait for a program that is not ours, such as sqlite3, to end
// its transaction.
const busyTimeout = 10 * time.Second

// recognise looks whether the database is a ledger, and of a version this program knows.
func (l *Ledger) recognise() error {
	id, err := l.integer("pragma application_id")
	if err != nil {
		return l.explain(err)
	}
	version, err := l.integer("pragma user_version")
	if err != nil {
		return l.explain(err)
	}
	tables, err := l.integer("select count(*) from sqlite_schema")
	if err != nil {
		return l.explain(err)
	}
	switch {
	case id == 0 && version == 0 && tables == 0:
		if l.lock == nil {
			return &Error{Path: l.path, Text: "it is empty", Hint: "a merge begins it when it first sends", Err: ErrMissing}
		}
	case id != applicationID:
		return &Error{Path: l.path, Text: "this is a database of something else", Hint: "move it away; a new ledger knows nothing of earlier runs", Err: ErrNotLedger}
	case version > schemaVersion:
		return &Error{
			Path: l.path, Text: fmt.Sprintf("a newer mailscript wrote it (version %d; this one knows %d)", version, schemaVersion),
			Hint: "use that mailscript", Err: ErrNewer,
		}
	}
	return nil
}

// create makes the tables where there are none.
func (l *Ledger) create() error {
	tables, err := l.integer("select count(*) from sqlite_schema")
	if err != nil || tables > 0 {
		return l.explain(err)
	}
	return l.explain(l.transaction("the tables", func() error {
		if err := l.point("create.schema"); err != nil {
			return err
		}
		if err := createSchema(l.conn); err != nil {
			return err
		}
		file, err := fileIdentity(l.path)
		if err != nil {
			return err
		}
		name, seed := make([]byte, 8), make([]byte, 16)
		rand.Read(name) // which never fails
		rand.Read(seed)
		return l.run("insert into ledger values (1, ?, ?, 0, ?, ?)", hex.EncodeToString(name), seed, l.options.Host, file)
	}))
}

// identity is where a ledger believes to be.
type identity struct {
	host, file string
}

func (l *Ledger) readIdentity() (identity, error) {
	var id identity
	err := l.query("select name, seed, epoch, host, file from ledger", func(s *sqlite.Stmt) error {
		l.name, l.seed, l.epoch = s.ColumnText(0), columnBytes(s, 1), s.ColumnInt64(2)
		id = identity{s.ColumnText(3), s.ColumnText(4)}
		return nil
	})
	if err == nil && l.name == "" {
		err = &Error{Path: l.path, Text: "it does not say which ledger it is", Err: ErrCorrupt}
	}
	return id, l.explain(err)
}

// examine decides whether the ledger may be written to. It does so with a connection that
// cannot write, so that one that is refused stays as it is, its log included.
func (l *Ledger) examine(ctx context.Context, last holder) (err error) {
	err = l.connect(sqlite.OpenReadOnly)
	if sqlite.ErrCode(err).ToPrimary() == sqlite.ResultReadOnly {
		// The power went while the file was being made, before it had a log, and SQLite
		// has to put right what is there. Nobody has sent anything yet.
		err = errors.Join(l.disconnect(), l.connect(sqlite.OpenReadWrite))
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.disconnect()) }()
	if err := l.recognise(); err != nil {
		return err
	}
	if err := l.quickCheck(ctx, last); err != nil {
		return err
	}
	if tables, err := l.integer("select count(*) from sqlite_schema"); err != nil || tables == 0 {
		return l.explain(err)
	}
	id, err := l.readIdentity()
	if err != nil {
		return err
	}
	file, err := fileIdentity(l.path)
	if err != nil {
		return fmt.Errorf("ledger %s: %w", l.path, err)
	}
	if err := l.foreign(id, file, last); err != nil && l.options.Takeover != TakeOver {
		return err
	}
	return nil
}

func (l *Ledger) disconnect() error {
	if l.conn == nil {
		return nil
	}
	err := l.conn.Close()
	l.conn = nil
	clear(l.stmt)
	return err
}

// enter makes this process the owner: it raises the epoch, and what the last one had in
// doubt becomes unknown, in one transaction.
func (l *Ledger) enter() error {
	if _, err := l.readIdentity(); err != nil {
		return err
	}
	file, err := fileIdentity(l.path)
	if err != nil {
		return fmt.Errorf("ledger %s: %w", l.path, err)
	}
	if l.never, err = l.integer("select count(*) from suppression"); err != nil {
		return l.explain(err)
	}
	l.epoch++
	return l.explain(l.transaction("the epoch", func() error {
		if err := l.point("epoch.write"); err != nil {
			return err
		}
		if err := l.run("update ledger set epoch = ?, host = ?, file = ?", l.epoch, l.options.Host, file); err != nil {
			return err
		}
		if err := l.run("insert into opening values (?, ?, ?, ?)", l.epoch, milliseconds(l.now()), int64(os.Getpid()), hostName()); err != nil {
			return err
		}
		return l.recoverDoubts()
	}))
}

// foreign says how one sees that this is not the ledger that was last written here.
func (l *Ledger) foreign(id identity, file string, last holder) error {
	text := ""
	switch {
	case id.host != l.options.Host:
		text = "it belongs to another machine"
	case id.file != file:
		text = "it was copied or restored from a backup"
	case last.Ledger == l.name && last.Epoch > l.epoch:
		text = fmt.Sprintf("it was replaced by an older one (%s says it was opened %d times, it says %d)", lockName, last.Epoch, l.epoch)
	case last.Ledger == l.name && last.Open && last.Epoch == l.epoch && l.logless():
		text = "its journal is missing, though the last process did not end in good order"
	default:
		return nil
	}
	return &Error{
		Path: l.path, Text: text, Err: ErrForeign,
		Hint: "what was sent elsewhere or since is not in it and would be sent again; if nothing was, use --takeover",
	}
}

// logless reports whether there was no log when this process came. SQLite makes one with
// the first write, and this process has not written yet.
func (l *Ledger) logless() bool {
	info, err := os.Stat(l.path + "-wal")
	return err != nil || info.Size() == 0
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
	err := l.point("close.before")
	if err == nil {
		err = l.checkpoint()
	}
	if err != nil {
		return &FailedError{Path: l.path, What: "the log into the database", Err: err}
	}
	// On disk before SQLite removes its log.
	l.holder.Open = false
	if err := l.lock.write(l.holder); err != nil {
		return fmt.Errorf("ledger %s: %w", l.path, err)
	}
	if err := l.lock.f.Sync(); err != nil {
		return fmt.Errorf("ledger %s: %w", l.path, err)
	}
	if err := l.point("close.database"); err != nil {
		return err
	}
	return l.explain(l.conn.Close())
}

// abandon gives up a ledger that could not be opened.
func (l *Ledger) abandon() {
	if l.conn != nil && l.failed == nil {
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
