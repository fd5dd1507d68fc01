package rows

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"
)

// DatabaseOptions say how to connect, beside the URL.
type DatabaseOptions struct {
	// Name is what errors call the database; the URL without user, password and
	// parameters where empty.
	Name string
	// Password in place of one in the URL, which may be seen where the URL is.
	Password string
	// Folder is where a relative path to a SQLite database begins; the current one where
	// empty.
	Folder string
	// Connections at a time; 4 where 0. One is busy as long as rows are read from it.
	Connections int
}

func (o DatabaseOptions) withDefaults() DatabaseOptions {
	if o.Connections == 0 {
		o.Connections = 4
	}
	return o
}

const (
	connectTimeout = 15 * time.Second
	idleTimeout    = 5 * time.Minute
)

// Database is a pool of connections to SQLite, PostgreSQL or MySQL. It may be used by
// several goroutines at a time. No error of it has the password.
type Database struct {
	pool   *sql.DB
	name   string
	secret string
	bits   bool // its BIT columns are bytes
	hint   func(error) string
}

// OpenDatabase connects to the database of a URL:
//
//	sqlite:people.db, sqlite:/srv/people.db   ?mode=ro | rw | rwc; rw where left out: the file must be there
//	postgres://user@host:5432/name            ?sslmode=… and all else that lib/pq knows; ?host=/folder of a socket
//	mysql://user@host:3306/name               ?tls=true | skip-verify | preferred | false, ?ca=FILE, ?collation=…; ?socket=/path
//
// A server that is not on this machine must show a valid certificate for its name,
// unless sslmode or tls say otherwise.
func OpenDatabase(ctx context.Context, address string, options DatabaseOptions) (*Database, error) {
	options = options.withDefaults()
	d := &Database{name: options.Name, secret: options.Password}
	scheme, _, found := strings.Cut(address, ":")
	if !found {
		return nil, d.fault("connecting", errors.New("the address is no URL such as sqlite:people.db or postgres://user@host/name"))
	}
	if options.Connections < 0 {
		return nil, d.fault("connecting", fmt.Errorf("%d connections", options.Connections))
	}
	var err error
	switch scheme {
	case "sqlite":
		err = d.openSQLite(address, options)
	case "postgres", "postgresql", "mysql", "mariadb":
		var target *url.URL
		if target, err = parseAddress(address); err != nil {
			break
		}
		if password, ok := target.User.Password(); ok && d.secret == "" {
			d.secret = password
		}
		if d.name == "" {
			d.name = (&url.URL{Scheme: target.Scheme, Host: target.Host, Path: target.Path}).String()
		}
		if strings.HasPrefix(scheme, "postgres") {
			err = d.openPostgreSQL(target)
		} else {
			err = d.openMySQL(target)
		}
	default:
		err = fmt.Errorf("unknown kind of database %s; there are sqlite, postgres, mysql", excerpt(scheme))
	}
	if err != nil {
		return nil, d.fault("connecting", err)
	}
	d.pool.SetMaxOpenConns(options.Connections)
	d.pool.SetMaxIdleConns(options.Connections)
	d.pool.SetConnMaxIdleTime(idleTimeout)
	limited, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	if err := d.pool.PingContext(limited); err != nil {
		d.pool.Close()
		if limited.Err() != nil && ctx.Err() == nil {
			err = fmt.Errorf("no answer within %s", connectTimeout)
		}
		return nil, d.faultUnlessDone(ctx, "connecting", err)
	}
	return d, nil
}

// parseAddress parses a URL. What is wrong with it is not quoted: it may be the
// password.
func parseAddress(address string) (*url.URL, error) {
	target, err := url.Parse(address)
	if err != nil {
		return nil, &hintedError{"the address is no URL", "in a user or password, % is written %25, # %23, / %2F, ? %3F, @ %40; or give the password by itself"}
	}
	if target.Opaque != "" {
		return nil, fmt.Errorf("the address has no // behind %s:", target.Scheme)
	}
	if target.Fragment != "" {
		return nil, &hintedError{"the address has a #", "in a user or password it is written %23"}
	}
	return target, nil
}

// isLocal says whether a host is this machine.
func isLocal(host string) bool {
	ip := net.ParseIP(host)
	return host == "" || strings.EqualFold(host, "localhost") || strings.HasPrefix(host, "/") || ip != nil && ip.IsLoopback()
}

// Name is what errors call the database.
func (d *Database) Name() string { return d.name }

// Close ends all connections. What is being read ends with an error.
func (d *Database) Close() error { return d.pool.Close() }

// Rows is the source of what a query returns. Parameters are values of rows, in the
// places that the query has for them: ? of SQLite and MySQL, $1 of PostgreSQL.
func (d *Database) Rows(query string, params ...any) Source {
	return &querySource{database: d, runner: d.pool, query: query, params: params}
}

// Exec runs a statement, and returns how many rows it changed.
func (d *Database) Exec(ctx context.Context, statement string, params ...any) (int64, error) {
	return d.exec(ctx, d.pool, statement, params)
}

// Transaction runs f between BEGIN and COMMIT; an error of f rolls back and is
// returned.
func (d *Database) Transaction(ctx context.Context, f func(*Transaction) error) error {
	tx, err := d.pool.BeginTx(ctx, nil)
	if err != nil {
		return d.faultUnlessDone(ctx, "beginning a transaction", err)
	}
	defer tx.Rollback() // after a commit it does nothing
	if err := f(&Transaction{d, tx}); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return d.faultUnlessDone(ctx, "committing", err)
	}
	return nil
}

// Transaction is what belongs together on one connection. While rows of it are read,
// nothing else can be done in it.
type Transaction struct {
	database *Database
	tx       *sql.Tx
}

// Rows is Database.Rows in the transaction.
func (t *Transaction) Rows(query string, params ...any) Source {
	return &querySource{database: t.database, runner: t.tx, query: query, params: params, inTransaction: true}
}

// Exec is Database.Exec in the transaction.
func (t *Transaction) Exec(ctx context.Context, statement string, params ...any) (int64, error) {
	return t.database.exec(ctx, t.tx, statement, params)
}

// runner is what runs statements: a pool or a transaction.
type runner interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

func (d *Database) exec(ctx context.Context, r runner, statement string, params []any) (int64, error) {
	given, err := parameters(params)
	if err != nil {
		return 0, d.fault("", err)
	}
	result, err := r.ExecContext(ctx, statement, given...)
	if err != nil {
		return 0, d.faultUnlessDone(ctx, "", err)
	}
	n, err := result.RowsAffected()
	if err != nil {
		return 0, d.fault("", err)
	}
	return n, nil
}

// faultUnlessDone leaves the error of a context as it is.
func (d *Database) faultUnlessDone(ctx context.Context, doing string, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return d.fault(doing, err)
}

// fault is an error of the database. Drivers are not known to write passwords; but
// servers may say anything.
func (d *Database) fault(doing string, err error) *Error {
	e := &Error{Place: Place{File: d.name}, Text: strings.TrimPrefix(strings.TrimPrefix(err.Error(), "pq: "), "sqlite3: "), Fatal: true}
	if doing != "" {
		e.Text = doing + ": " + e.Text
	}
	var hinted *hintedError
	if errors.As(err, &hinted) {
		e.Hint = hinted.hint
	} else if d.hint != nil {
		e.Hint = d.hint(err)
	}
	if d.secret == "" {
		e.Err = err
		return e
	}
	escaped := url.QueryEscape(d.secret)
	for _, secret := range []string{d.secret, escaped, url.PathEscape(d.secret)} {
		if strings.Contains(e.Text, secret) {
			e.Text = strings.ReplaceAll(e.Text, secret, "‹secret›")
		}
	}
	return e
}
