//go:build interop

package interop

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/mailscript/mailscript/rows"
)

// database is a running server of databases, with a user "merge" and a database "shop".
type database struct {
	certificates
	address  string // with the password, over TCP and in clear text
	secure   string // the same over TLS, without an authority
	socket   string // the same over a socket of the file system
	tls      string // the parameters that name the authority, and the file behind them
	create   []string
	types    string // a query for all kinds of columns, and what it returns
	want     string
	many     string // a query for a million rows of a hundred bytes
	param    string // the first place of a parameter
	sleep    string // a query that takes a minute
	wrong    string // what is said of a wrong password
	noTable  string // and of a table that is not there
	notTrust string // and the hint for a certificate of an unknown authority
}

const databasePassword = "s3cr3t/p%40ss w\"rd"

// unprivileged makes a command run as nobody: servers of databases refuse to be root.
func unprivileged(t *testing.T, command *exec.Cmd) *exec.Cmd {
	t.Helper()
	nobody, err := user.Lookup("nobody")
	if err != nil {
		t.Fatal(err)
	}
	uid, _ := strconv.Atoi(nobody.Uid)
	gid, _ := strconv.Atoi(nobody.Gid)
	command.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	return command
}

// databaseFolder is one of nobody's, with a path short enough for sockets (108 octets).
func databaseFolder(t *testing.T) string {
	t.Helper()
	folder, err := os.MkdirTemp("/tmp", "db")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(folder) })
	own(t, "nobody", folder)
	return folder
}

// prepare runs a command of nobody's to its end.
func prepare(t *testing.T, folder, program string, args ...string) {
	t.Helper()
	command := unprivileged(t, exec.Command(program, args...))
	command.Dir = folder
	command.Env = append(os.Environ(), "HOME="+folder, "TMPDIR="+folder)
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", program, err, out)
	}
}

// serve runs a server as nobody until the test ends.
func serve(t *testing.T, folder string, stop os.Signal, program string, args ...string) {
	t.Helper()
	log, err := os.Create(filepath.Join(folder, "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	command := unprivileged(t, exec.Command(program, args...))
	command.Dir, command.Stdout, command.Stderr = folder, log, log
	command.Env = append(os.Environ(), "HOME="+folder, "TMPDIR="+folder)
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Signal(stop)
		_ = command.Wait()
		if t.Failed() {
			text, _ := os.ReadFile(log.Name())
			t.Logf("the log of %s:\n%s", program, text)
		}
	})
}

// TestRowsDatabases reads rows of real servers. It looks at the memory of the process,
// and so runs while no other test does.
func TestRowsDatabases(t *testing.T) {
	for name, start := range map[string]func(*testing.T) database{"PostgreSQL": startPostgreSQL, "MariaDB": startMariaDB} {
		t.Run(name, func(t *testing.T) { start(t).test(t) })
	}
}

func (s database) test(t *testing.T) {
	await(t, "a database that has started", func() bool {
		d, err := rows.OpenDatabase(t.Context(), s.address, rows.DatabaseOptions{})
		if err != nil {
			return false
		}
		return d.Close() == nil
	})
	d := openDatabase(t, s.address, rows.DatabaseOptions{Name: "shop"})
	for _, statement := range s.create {
		if _, err := d.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	for name, address := range map[string]string{"socket": s.socket, "TLS": s.secure + s.tls + s.ca} {
		t.Run(name, func(t *testing.T) {
			if got := databaseTable(t, openDatabase(t, address, rows.DatabaseOptions{}).Rows("select 1 as one")); got != "one=1\n" {
				t.Error(got)
			}
		})
	}
	t.Run("types", func(t *testing.T) {
		if diff := cmp.Diff(s.want, databaseTable(t, d.Rows(s.types))); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
		// With a parameter the values travel in another form.
		if diff := cmp.Diff(s.want, databaseTable(t, d.Rows(s.types+" where 1 = "+s.param, 1.0))); diff != "" {
			t.Errorf("with a parameter (-want +got):\n%s", diff)
		}
	})
	t.Run("hostile texts", s.hostile)
	t.Run("streams", func(t *testing.T) {
		var most uint64
		n := 0
		for row, err := range rows.All(t.Context(), d.Rows(s.many)) {
			if err != nil {
				t.Fatal(err)
			}
			if n++; n%100000 == 0 {
				if value, err := row.Get("i"); err != nil || value != int64(n) {
					t.Fatal(value, err)
				}
				var memory runtime.MemStats
				runtime.ReadMemStats(&memory)
				most = max(most, memory.HeapAlloc)
			}
		}
		if n != 1_000_000 || most > 64<<20 {
			t.Errorf("%d rows with %d MiB", n, most>>20)
		}
	})
	t.Run("leaving early", func(t *testing.T) {
		for range 20 { // more than there are connections
			for _, err := range rows.All(t.Context(), d.Rows(s.many)) {
				if err != nil {
					t.Fatal(err)
				}
				break
			}
		}
	})
	t.Run("cancellation", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := rows.Count(ctx, d.Rows(s.sleep)); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
	})
	t.Run("transactions", func(t *testing.T) {
		stop := errors.New("stop")
		for want, end := range []error{stop, nil} {
			err := d.Transaction(t.Context(), func(tx *rows.Transaction) error {
				if n, err := tx.Exec(t.Context(), "insert into notes (note) values ("+s.param+")", "x"); n != 1 || err != nil {
					t.Error(n, err)
				}
				for _, err := range rows.All(t.Context(), tx.Rows("select * from notes")) { // left early
					if err != nil {
						t.Error(err)
					}
					break
				}
				return end
			})
			if !errors.Is(err, end) {
				t.Error(err)
			}
			if n, err := rows.Count(t.Context(), d.Rows("select * from notes where note = 'x'")); n != int64(want) || err != nil {
				t.Error(n, err)
			}
		}
	})
	t.Run("faults", func(t *testing.T) {
		wrong := strings.Replace(s.address, "merge:", "merge:n0t", 1)
		_, err := rows.OpenDatabase(t.Context(), wrong, rows.DatabaseOptions{Name: "shop"})
		if err == nil || !strings.Contains(err.Error(), s.wrong) || strings.Contains(err.Error(), "s3cr3t") {
			t.Errorf("%v, want %s", err, s.wrong)
		}
		if got := databaseTable(t, d.Rows("select * from nobody")); !strings.Contains(got, s.noTable) {
			t.Errorf("%s, want %s", got, s.noTable)
		}
		other := makeCertificates(t, "localhost")
		for name, address := range map[string]string{"another": s.secure + s.tls + other.ca, "none": s.secure} {
			_, err := rows.OpenDatabase(t.Context(), address, rows.DatabaseOptions{})
			var fault *rows.Error
			if !errors.As(err, &fault) || !strings.Contains(fault.Hint, s.notTrust) {
				t.Errorf("%s authority: %v", name, err)
			}
		}
	})
}

// hostile sends texts through a table that would be more than text if anybody let them.
func (s database) hostile(t *testing.T) {
	d := openDatabase(t, s.address, rows.DatabaseOptions{})
	for _, text := range []string{
		"'; drop table notes; --", `\'; "`, "%s %d", "$1 ? :a", "<b>{{.x}}</b>", "=cmd|' /C calc'!A0", "a\r\nBcc: x\r", "日本語 😀 e\u0301", " ", strings.Repeat("x", 1<<20),
	} {
		err := d.Transaction(t.Context(), func(tx *rows.Transaction) error {
			if _, err := tx.Exec(t.Context(), "delete from notes"); err != nil {
				return err
			}
			_, err := tx.Exec(t.Context(), "insert into notes (note) values ("+s.param+")", text)
			return err
		})
		if err != nil {
			t.Errorf("%.40q: %v", text, err)
			continue
		}
		for row, err := range rows.All(t.Context(), d.Rows("select note from notes where note = "+s.param, text)) {
			if err != nil {
				t.Fatal(err)
			}
			if got, err := row.Get("note"); got != text || err != nil {
				t.Errorf("%.40q became %.40q, %v", text, got, err)
			}
		}
		if n, err := rows.Count(t.Context(), d.Rows("select note from notes")); n != 1 || err != nil {
			t.Errorf("%.40q: %d rows, %v", text, n, err)
		}
	}
}

func openDatabase(t *testing.T, address string, options rows.DatabaseOptions) *rows.Database {
	t.Helper()
	d, err := rows.OpenDatabase(t.Context(), address, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

// databaseTable is a line for each value of a source, and for each error.
func databaseTable(t *testing.T, source rows.Source) string {
	t.Helper()
	var b strings.Builder
	for row, err := range rows.All(t.Context(), source) {
		if err != nil {
			fmt.Fprintln(&b, "error:", err)
			continue
		}
		for i := range row.Len() {
			value, err := row.At(i)
			switch value := value.(type) {
			case nil:
				fmt.Fprintf(&b, "%s=%v\n", row.Columns().Name(i), err)
			case string:
				fmt.Fprintf(&b, "%s=%q\n", row.Columns().Name(i), value)
			case time.Time:
				fmt.Fprintf(&b, "%s=%s\n", row.Columns().Name(i), value.Format(time.RFC3339Nano))
			case float64:
				fmt.Fprintf(&b, "%s=%vf\n", row.Columns().Name(i), value)
			default:
				fmt.Fprintf(&b, "%s=%v\n", row.Columns().Name(i), value)
			}
		}
	}
	return b.String()
}
