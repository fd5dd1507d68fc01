package rows

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// openSQLite is a new database with some statements run.
func openSQLite(t *testing.T, statements ...string) *Database {
	t.Helper()
	d, err := OpenDatabase(t.Context(), "sqlite:shop.db?mode=rwc", DatabaseOptions{Folder: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	for _, statement := range statements {
		if _, err := d.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	return d
}

func TestSQLite(t *testing.T) {
	d := openSQLite(t,
		`create table people (id integer primary key, name text, age int, score real, vip boolean, born date, seen datetime, stamp timestamp, photo blob, price decimal(10,2), extra json, free)`,
		`insert into people values (1, 'Ann', 33, 1.5, 1, '1990-02-03', '2026-11-24 07:30:00', '2026-11-24T07:30:00Z', x'00ff', 12.5, '{"a":[1,null]}', 'x')`,
		`insert into people (id, age) values (9007199254740993, -9007199254740993)`,
		`insert into people (id, name, born, extra) values (3, '=cmd|x <b>{{.}}'||char(13)||char(10)||char(0), 'someday', '{')`,
	)
	for _, test := range []struct {
		query  string
		params []any
		want   string
	}{
		{"select * from people where id = ?", []any{1.0}, "1: id=1 name=\"Ann\" age=33 score=1.5f vip=true born=1990-02-03 seen=2026-11-24T07:30:00Z stamp=2026-11-24T07:30:00Z photo=\"\\x00\\xff\" price=12.5f extra=map[a:[1 <nil>]] free=\"x\"\n"},
		{"select id, name, age from people where id > 5", nil, "1: id=\"9007199254740993\" name=<nil> age=\"-9007199254740993\"\n"},
		{"select name, born, extra from people where id = 3", nil, "1: name=\"=cmd|x <b>{{.}}\\r\\n\\x00\" born=\"someday\" error: shop.db: row 1, column \"extra\": JSON: ends where a name in quotes should be\n"},
		{"select ? a, ? b, ? c, ? d, ? e", []any{"x' or 1=1", nil, true, 1.25, Date{2026, 11, 24}}, "1: a=\"x' or 1=1\" b=<nil> c=1 d=1.25f e=\"2026-11-24\"\n"},
		{"select 1 as a, 2 as a", nil, "error: shop.db, column \"a\": the name of column 1 of the query again\nhint: AS gives one of them another name\n"},
		{"select * from nobody", nil, "error: shop.db: SQL logic error: no such table: nobody (1)\n"},
		{"select ?", []any{[]any{1}}, "error: shop.db: parameter 1 is a list\n"},
		{"select * from people where id = 77", nil, ""},
		{"create table other (a)", nil, "error: shop.db: the statement returns no columns, and so no rows\n"},
	} {
		if diff := cmp.Diff(test.want, table(t, d.Rows(test.query, test.params...))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.query, diff)
		}
	}
	if n, err := d.Exec(t.Context(), "update people set age = ? where age is not null", int64(5)); n != 2 || err != nil {
		t.Error(n, err)
	}
}

func TestSQLiteStreams(t *testing.T) {
	d := openSQLite(t)
	source := d.Rows("with recursive n(i) as (select 1 union all select i+1 from n) select i from n") // endless
	reader, err := source.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for want := range int64(1000) {
		row, err := reader.Next()
		if err != nil {
			t.Fatal(err)
		}
		if value, _ := row.Get("i"); value != want+1 {
			t.Fatal(value)
		}
	}
	if err := reader.Close(); err != nil {
		t.Error(err)
	}
	if _, err := reader.Next(); !errors.Is(err, errClosed) {
		t.Error(err)
	}

	ctx, cancel := context.WithCancel(t.Context())
	if reader, err = source.Open(ctx); err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	if _, err := reader.Next(); err != nil {
		t.Fatal(err)
	}
	cancel()
	for err == nil {
		_, err = reader.Next()
	}
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestTransaction(t *testing.T) {
	d := openSQLite(t, "create table t (a)")
	stop := errors.New("stop")
	err := d.Transaction(t.Context(), func(tx *Transaction) error {
		if _, err := tx.Exec(t.Context(), "insert into t values (1)"); err != nil {
			return err
		}
		if n, err := Count(t.Context(), tx.Rows("select * from t")); n != 1 || err != nil {
			t.Error(n, err)
		}
		return stop
	})
	if !errors.Is(err, stop) {
		t.Error(err)
	}
	if n, err := Count(t.Context(), d.Rows("select * from t")); n != 0 || err != nil {
		t.Error(n, err)
	}
	if err := d.Transaction(t.Context(), func(tx *Transaction) error {
		_, err := tx.Exec(t.Context(), "insert into t values (1)")
		return err
	}); err != nil {
		t.Error(err)
	}
	if n, err := Count(t.Context(), d.Rows("select * from t")); n != 1 || err != nil {
		t.Error(n, err)
	}
}

func TestSQLiteFiles(t *testing.T) {
	folder := t.TempDir()
	for address, want := range map[string]string{
		"sqlite:none.db":                 "none.db: connecting: no such file",
		"sqlite:":                        "connecting: no path",
		"sqlite:.":                       ".: connecting: is a folder",
		"sqlite:x.db?mod=ro":             "x.db: connecting: unknown parameter \"mod\" (did you mean \"mode\"?)",
		"sqlite:x.db?mode=memory":        "x.db: connecting: mode \"memory\" is none of ro, rw, rwc",
		"x.db":                           "connecting: the address is no URL such as sqlite:people.db or postgres://user@host/name",
		"oracle://x":                     "connecting: unknown kind of database \"oracle\"; there are sqlite, postgres, mysql",
		"mysql://u@h/d?multiStatements=": "mysql://h/d: connecting: unknown parameter \"multiStatements\"",
		"mysql://u@h/d?tls=yes":          "mysql://h/d: connecting: tls \"yes\" is none of true, skip-verify, preferred, false",
		"mysql://u@h/d?ca=none.pem":      "mysql://h/d: connecting: ca: no such file",
		"mysql:h/d":                      "connecting: the address has no // behind mysql:",
	} {
		if _, err := OpenDatabase(t.Context(), address, DatabaseOptions{Folder: folder}); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", address, err, want)
		}
	}
	path := filepath.Join(folder, "a b?c%20#.db") // ? ends the path
	d, err := OpenDatabase(t.Context(), "sqlite:a b%20#.db?mode=rwc", DatabaseOptions{Folder: folder})
	if err != nil {
		t.Fatal(path, err)
	}
	defer d.Close()
	if _, err := d.Exec(t.Context(), "create table t (a)"); err != nil {
		t.Fatal(err)
	}
	again, err := OpenDatabase(t.Context(), "sqlite:"+filepath.Join(folder, "a b%20#.db")+"?mode=ro", DatabaseOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if _, err := again.Exec(t.Context(), "insert into t values (1)"); err == nil || !strings.Contains(err.Error(), "readonly") {
		t.Error(err)
	}
}

// TestNoPasswords opens databases that cannot be opened, in every way there is, and
// looks for the password in what is said.
func TestNoPasswords(t *testing.T) {
	const canary = "s3cr3t-c4n4ry"
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := listener.Addr().String()
	listener.Close()
	stranger := listen(t, func(c net.Conn) { io.WriteString(c, "SSH-2.0-x\r\n") })
	// A server of PostgreSQL whose error has what a client sent.
	parrot := listen(t, func(c net.Conn) {
		b := make([]byte, 4096)
		c.Read(b)
		c.Write([]byte("R\x00\x00\x00\x08\x00\x00\x00\x03")) // AuthenticationCleartextPassword
		n, _ := c.Read(b)
		text := "SFATAL\x00C28000\x00Mno, " + strings.Trim(string(b[min(5, n):n]), "\x00") + "\x00\x00"
		fmt.Fprintf(c, "E%c%c%c%c%s", 0, 0, 0, len(text)+4, text)
	})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for _, address := range []string{
		"postgres://u:" + canary + "@" + closed + "/d", "mysql://u:" + canary + "@" + closed + "/d",
		"postgres://u:" + canary + "@" + stranger + "/d", "mysql://u:" + canary + "@" + stranger + "/d",
		"postgres://u:" + canary + "@" + parrot + "/d",
		"postgres://u:" + canary + "%zz@h/d", "mysql://u:#" + canary + "@h/d", "mysql://u:" + canary + "/x@h/d", "postgres://u:" + canary + "?@h:x/d",
		"postgres://u:" + canary + "@h/d?sslmode=x", "postgres://u@h/d?password=" + canary, "mysql://u:" + canary + "@h/d?x=1", "mysql://u:" + canary + "@h/d?ca=none",
		"postgres://u:" + canary + "@h:99999999/d", "postgres://u:" + canary + "@h/d?host=/none&nonsense=1", "sqlserver://u:" + canary + "@h",
		"postgres:u:" + canary + "@h/d",
	} {
		for _, options := range []DatabaseOptions{{}, {Password: canary}} {
			d, err := OpenDatabase(ctx, address, options)
			if err == nil {
				d.Close()
				t.Errorf("%s is open", address)
				continue
			}
			if strings.Contains(address, parrot) && !strings.Contains(err.Error(), "‹secret›") {
				t.Errorf("%v, which should have the password, hidden", err)
			}
			var e *Error
			if !errors.As(err, &e) {
				t.Errorf("%s: %T %v", address, err, err)
				continue
			}
			if text := fmt.Sprintf("%v %s %v %+v", err, e.Hint, e.Place, e); strings.Contains(text, canary) {
				t.Errorf("%s: %s", address, text)
			}
		}
	}
	if ctx.Err() != nil {
		t.Error("it took too long")
	}
}

// listen serves connections on this machine until the test ends.
func listen(t *testing.T, serve func(net.Conn)) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	t.Cleanup(func() { listener.Close(); <-done })
	go func() {
		defer close(done)
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			c.SetDeadline(time.Now().Add(10 * time.Second))
			serve(c)
			c.Close()
		}
	}()
	return listener.Addr().String()
}
