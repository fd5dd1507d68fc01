//go:build interop

package interop

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
)

func startPostgreSQL(t *testing.T) database {
	t.Helper()
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	if err != nil || len(found) == 0 {
		t.Fatal("PostgreSQL is not installed; run interop/install.sh as root")
	}
	bin := slices.Max(found)
	folder := databaseFolder(t)
	data := filepath.Join(folder, "data")
	write(t, filepath.Join(folder, "password"), databasePassword+"\n", 0o644)
	prepare(t, folder, filepath.Join(bin, "initdb"), "-D", data, "-U", "merge", "--pwfile", filepath.Join(folder, "password"), "--auth=scram-sha-256", "--locale=C.UTF-8", "--no-sync")
	certificates := makeCertificates(t, "localhost", "127.0.0.1")
	for from, to := range map[string]string{certificates.certificate: "server.crt", certificates.key: "server.key"} {
		copyFile(t, filepath.Join(data, to), from)
		own(t, "nobody", filepath.Join(data, to))
	}
	port := freePorts(t, 1)[0]
	serve(t, folder, os.Interrupt, filepath.Join(bin, "postgres"), "-D", data, "-k", folder, "-p", strconv.Itoa(port), "-h", "127.0.0.1", "-F", "-c", "ssl=on", "-c", "timezone=Europe/Berlin")
	login := url.UserPassword("merge", databasePassword).String()
	await(t, "PostgreSQL", func() bool {
		_, err := os.Stat(filepath.Join(folder, fmt.Sprintf(".s.PGSQL.%d", port)))
		return err == nil
	})
	awaitPort(t, fmt.Sprintf("127.0.0.1:%d", port))
	return database{
		certificates: certificates,
		address:      fmt.Sprintf("postgres://%s@127.0.0.1:%d/postgres", login, port),
		secure:       fmt.Sprintf("postgres://%s@localhost:%d/postgres?sslmode=verify-full", login, port),
		socket:       fmt.Sprintf("postgres://%s@/postgres?host=%s&port=%d", login, url.QueryEscape(folder), port),
		tls:          "&sslrootcert=",
		create: []string{
			"create table notes (note text)",
			`create table kinds (b bool, s smallint, i int, l bigint, huge bigint, n numeric(20,4), r real, d double precision, t text, c char(5), v varchar(9), day date, t0 time, t1 timetz, ts timestamp, tz timestamptz,
				bytes bytea, j json, jb jsonb, u uuid, a int[], iv interval, m bit(3), ip inet, e text, nothing text)`,
			`insert into kinds values (true, -5, 7, 9007199254740992, 9007199254740993, 1234567890123456.7, 0.1, 1.5, 'Müller', 'ab', 'x', '2026-11-24', '07:30:00.25', '07:30:00+02', '2026-11-24 07:30:00', '2026-11-24 07:30:00+00',
				'\x00ff', '{"a": [1, null]}', '{"b": "x"}', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '{1,2}', '1 day 2 hours', '101', '192.0.2.1', '', null)`,
		},
		types: "select * from kinds",
		want: `b=true
s=-5
i=7
l=9007199254740992
huge="9007199254740993"
n="1234567890123456.7000"
r=0.1f
d=1.5f
t="Müller"
c="ab   "
v="x"
day=2026-11-24
t0="07:30:00.25"
t1="07:30:00+02:00"
ts=2026-11-24T07:30:00Z
tz=2026-11-24T08:30:00+01:00
bytes="\x00\xff"
j=map[a:[1 <nil>]]
jb=map[b:x]
u="a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"
a="{1,2}"
iv="1 day 02:00:00"
m="101"
ip="192.0.2.1"
e=""
nothing=<nil>
`,
		many:     "select generate_series(1, 1000000) as i, repeat('x', 100) as text",
		param:    "$1",
		sleep:    "select pg_sleep(60)",
		wrong:    `password authentication failed for user "merge"`,
		noTable:  `relation "nobody" does not exist`,
		notTrust: "sslrootcert=FILE",
	}
}
