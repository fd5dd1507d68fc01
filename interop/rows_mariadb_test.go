//go:build interop

package interop

import (
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// startMariaDB runs the server of MySQL's protocol that Debian has.
func startMariaDB(t *testing.T) database {
	t.Helper()
	program := require(t, "mariadbd")
	folder := databaseFolder(t)
	data, socket := filepath.Join(folder, "data"), filepath.Join(folder, "socket")
	prepare(t, folder, require(t, "mariadb-install-db"), "--no-defaults", "--datadir="+data, "--auth-root-authentication-method=normal", "--skip-test-db")
	certificates := makeCertificates(t, "localhost", "127.0.0.1")
	for from, to := range map[string]string{certificates.certificate: "server.crt", certificates.key: "server.key"} {
		copyFile(t, filepath.Join(folder, to), from)
		own(t, "nobody", filepath.Join(folder, to))
	}
	setUp := fmt.Sprintf("create database shop;\ncreate user 'merge'@'%%' identified by '%s';\ngrant all on shop.* to 'merge'@'%%';\n", strings.ReplaceAll(databasePassword, "'", "''"))
	write(t, filepath.Join(folder, "setup.sql"), setUp, 0o644)
	port := freePorts(t, 1)[0]
	serve(t, folder, syscall.SIGTERM, program, "--no-defaults", "--datadir="+data, "--socket="+socket, fmt.Sprintf("--port=%d", port), "--bind-address=127.0.0.1", "--skip-name-resolve",
		"--pid-file="+filepath.Join(folder, "pid"), "--init-file="+filepath.Join(folder, "setup.sql"), "--ssl-cert="+filepath.Join(folder, "server.crt"), "--ssl-key="+filepath.Join(folder, "server.key"),
		"--innodb-flush-log-at-trx-commit=0", "--character-set-server=utf8mb4", "--max-allowed-packet=16M", "--default-time-zone=+01:00")
	awaitPort(t, fmt.Sprintf("127.0.0.1:%d", port))
	login := url.UserPassword("merge", databasePassword).String()
	return database{
		certificates: certificates,
		address:      fmt.Sprintf("mysql://%s@127.0.0.1:%d/shop", login, port),
		secure:       fmt.Sprintf("mysql://%s@localhost:%d/shop?tls=true", login, port),
		socket:       fmt.Sprintf("mysql://%s@/shop?socket=%s", login, url.QueryEscape(socket)),
		tls:          "&ca=",
		create: []string{
			"create table notes (note longtext) character set utf8mb4",
			`create table kinds (b bool, s smallint, i int unsigned, l bigint, huge bigint, u bigint unsigned, n decimal(20,4), r float, d double, t text, c char(5), v varchar(9), day date, zero date, t0 time(2), dt datetime(3), ts timestamp,
				bytes blob, m bit(9), y year, en enum('x','y'), e text, nothing text) character set utf8mb4`,
			"set statement sql_mode='' for insert into kinds values (true, -5, 4294967295, 9007199254740992, -9007199254740993, 18446744073709551615, 1234567890123456.7, 0.1, 1.5, 'Müller', 'ab', 'x', '2026-11-24', '0000-00-00', '-100:30:00.25', '2026-11-24 07:30:00.125', '2026-11-24 07:30:00', x'00ff', b'100000001', 2026, 'y', '', null)",
		},
		types: "select * from kinds",
		want: `b=1
s=-5
i=4294967295
l=9007199254740992
huge="-9007199254740993"
u="18446744073709551615"
n="1234567890123456.7000"
r=0.1f
d=1.5f
t="Müller"
c="ab"
v="x"
day=2026-11-24
zero=<nil>
t0="-100:30:00.25"
dt=2026-11-24T07:30:00.125Z
ts=2026-11-24T07:30:00Z
bytes="\x00\xff"
m=257
y=2026
en="y"
e=""
nothing=<nil>
`,
		many:     "select seq as i, repeat('x', 100) as text from seq_1_to_1000000",
		param:    "?",
		sleep:    "select sleep(60)",
		wrong:    "Access denied for user 'merge'",
		noTable:  "Table 'shop.nobody' doesn't exist",
		notTrust: "ca=FILE",
	}
}
