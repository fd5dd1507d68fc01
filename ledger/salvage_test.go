package ledger

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

// healthy makes a ledger with 3,000 rows: the last 500 are open, before them 1,000 failed.
func healthy(t testing.TB) string {
	t.Helper()
	folder := t.TempDir()
	l := open(t, folder, Options{})
	r := begin(t, l)
	wholeWay(t, r, 1, 1500, 64)
	ids := claim(t, r, idsOf(plan(t, r, people(1501, 1000))))
	var failed []Outcome
	for _, id := range ids {
		failed = append(failed, Outcome{ID: id, State: Failed, Code: 550, Enhanced: "5.1.1", Text: "5.1.1 no such user"})
	}
	do(t, r.Settle(failed))
	plan(t, r, people(2501, 500))
	plan(t, r, []Row{{Key: "several", Number: 3001, Recipients: []string{"a@example.org", "b@example.org"}}})
	do(t, l.Suppress([]Suppression{{Address: "never@example.org", Reason: "asked"}}))
	do(t, l.Close())
	return folder
}

func checked(t testing.TB, folder string) *Report {
	t.Helper()
	report, err := Check(context.Background(), folder, Options{})
	do(t, err)
	return report
}

func TestCheck(t *testing.T) {
	folder := healthy(t)
	report := checked(t, folder)
	if len(report.Problems) > 0 || report.Rows != 3001 || report.Runs != 1 || report.InUse {
		t.Fatalf("%+v", report)
	}
	l := open(t, folder, Options{})
	r := begin(t, l)
	ids := claim(t, r, idsOf(plan(t, r, people(2501, 2))))
	do(t, r.Doubt(ids))
	if report := checked(t, folder); len(report.Problems) > 0 || !report.InUse {
		t.Fatalf("while it is used: %+v", report)
	}
	do(t, l.Close())

	original := healthy(t)
	for harm, want := range map[string]string{
		"update run set sent = sent + 1":                                                                                     `run "news": 1500 rows are sent, and 1501 are counted`,
		"delete from row where id = 1 << 32 | 7":                                                                             `run "news": row 7 is missing`,
		"update row set key = 'x' where id = 1 << 32 | 8":                                                                    `run "news": row 8 cannot be found by its key`,
		"update row set recipients = 'x@y' where id = 1 << 32 | 9":                                                           `run "news": row 9 cannot be found by the address x@y`,
		"update outcome set state = 7 where id = (1 << 32 | 9) << 14":                                                        "1 outcomes have a state that there is not",
		"update outcome set epoch = 99 where id = (1 << 32 | 9) << 14":                                                       "1 outcomes are from the future",
		"delete from chunk where first > 1 and first < 1000":                                                                 `run "news": row 513 cannot be found by its key`,
		"insert into row values (5 << 32, 'x', 1, 1, null)":                                                                  "1 rows belong to no run",
		"insert into doubt (id, run, epoch, time, rows) values (1, 1, 1, 1, x'01000000')":                                    `run "news": row 1 is in doubt and was not to be sent`,
		"insert into row select (1 << 32) + 3002, key, 1, 1, null from row limit 1; update run set last = 3002, sent = sent": `run "news": rows 1 and 3002 have the same key`,
	} {
		folder := t.TempDir()
		afterKill(t, original, folder)
		alter(t, folder, harm)
		if got := strings.Join(checked(t, folder).Problems, "\n"); !strings.Contains(got, want) && !(strings.Contains(want, "same key") && strings.Contains(got, "3002")) {
			t.Errorf("%s: got %q, want %q", harm, got, want)
		}
	}
	if _, err := Check(context.Background(), t.TempDir(), Options{}); !errors.Is(err, ErrMissing) {
		t.Fatalf("got %v", err)
	}
}

func alter(t testing.TB, folder, query string) {
	t.Helper()
	c, err := sqlite.OpenConn(Path(folder), sqlite.OpenReadWrite|sqlite.OpenCreate)
	do(t, err)
	do(t, sqlitex.ExecuteScript(c, query, nil))
	do(t, c.Close())
}

// TestSalvage damages every page of a ledger in turn. Whatever is left, no row that was
// sent is to be sent again, and none is in the way of planning the whole source.
func TestSalvage(t *testing.T) {
	folder := healthy(t)
	whole, err := os.ReadFile(Path(folder))
	do(t, err)
	step := 17
	if raceDetector {
		step = 80
	}
	if os.Getenv("CRASH") != "" {
		step = 1
	}
	kept, unknown := 0, 0
	for page := 1; page < len(whole)/4096; page += step {
		to := t.TempDir()
		do(t, os.MkdirAll(folderOf(Path(to)), 0o700))
		harmed := append([]byte(nil), whole...)
		copy(harmed[page*4096:], strings.Repeat("\xff", 4096))
		do(t, os.WriteFile(Path(to), harmed, 0o600))
		salvaged, err := Salvage(context.Background(), to, Options{})
		if err != nil {
			t.Fatalf("page %d: %v", page+1, err)
		}
		if problems := checked(t, to).Problems; len(problems) > 0 {
			t.Fatalf("page %d: %v", page+1, problems)
		}
		if _, err := os.Stat(salvaged.Damaged); err != nil {
			t.Fatal(err)
		}
		l := open(t, to, Options{})
		runs, err := l.Runs()
		do(t, err)
		if len(runs) == 0 {
			t.Fatalf("page %d: no run is left", page+1)
		}
		if _, err := l.Run("news", Settings{}); err == nil && runs[0].Name != "news" {
			t.Fatalf("page %d: the run begins again", page+1)
		}
		r, err := l.Run(runs[0].Name, Settings{Changed: AcceptChanges})
		do(t, err)
		source := append(people(1, 3000), Row{Key: "several", Number: 3001, Recipients: []string{"a@example.org", "b@example.org"}})
		for i, s := range plan(t, r, source) {
			if i < 1500 && s.State != Sent && s.State != Unknown || i >= 1500 && i < 2500 && s.State.open() {
				t.Fatalf("page %d: row %d, which was sent or failed, is %v (%+v)", page+1, i+1, s.State, salvaged)
			}
			if s.State == Unknown {
				unknown++
			} else {
				kept++
			}
		}
		do(t, l.Close())
		if problems := checked(t, to).Problems; len(problems) > 0 {
			t.Fatalf("page %d, planned again: %v", page+1, problems)
		}
	}
	t.Logf("of each row's state %d%% was kept", 100*kept/(kept+unknown))
	if kept < 10*unknown {
		t.Fatalf("%d kept, %d unknown", kept, unknown)
	}
}

// TestSalvageInterrupted: a project whose ledger is being replaced is not one without a
// ledger.
func TestSalvageInterrupted(t *testing.T) {
	folder := healthy(t)
	_, err := Salvage(context.Background(), folder, Options{Failpoint: func(name string) error {
		if name == "salvage.rename" {
			do(t, os.Rename(Path(folder), Path(folder)+".damaged"))
			return errCrash
		}
		return nil
	}})
	if !errors.Is(err, errCrash) {
		t.Fatal(err)
	}
	if _, err := Open(context.Background(), folder, Options{}); err == nil || !strings.Contains(err.Error(), "interrupted") {
		t.Fatalf("got %v", err)
	}
	salvaged, err := Salvage(context.Background(), folder, Options{})
	do(t, err)
	if salvaged.Rows != 3001 || salvaged.Lost != 0 || salvaged.Unknown != 0 {
		t.Fatalf("%+v", salvaged)
	}
	l := open(t, folder, Options{})
	if c := begin(t, l).Counts(); c != (Counts{Rows: 3001, Planned: 501, Sent: 1500, Failed: 1000}) {
		t.Fatalf("%+v", c)
	}
	if list, err := l.Suppressions(); err != nil || fmt.Sprint(len(list)) != "1" {
		t.Fatalf("%v %v", list, err)
	}
}

// TestSalvageLog: what was committed behind the break of a log may have been sent.
func TestSalvageLog(t *testing.T) {
	folder := healthy(t)
	l := open(t, folder, Options{})
	r := begin(t, l)
	wholeWay(t, r, 5001, 300, 64)
	to := t.TempDir()
	afterKill(t, folder, to)
	do(t, l.Close())
	f, err := os.OpenFile(Path(to)+"-wal", os.O_RDWR, 0)
	do(t, err)
	_, err = f.WriteAt([]byte("\x00\xff\x00\xff\x00"), 20_000)
	do(t, err)
	do(t, f.Close())
	if report := checked(t, to); len(report.Problems) == 0 {
		t.Fatal("the log is in order")
	}
	salvaged, err := Salvage(context.Background(), to, Options{})
	do(t, err)
	if salvaged.Unknown < 501 {
		t.Fatalf("%+v", salvaged)
	}
}
