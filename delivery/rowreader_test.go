package delivery

import (
	"context"
	"errors"
	"io"
	"slices"
	"testing"

	"github.com/mailscript/mailscript/ledger"
	"github.com/mailscript/mailscript/smtp"
)

// teller is a source that counts how often rows are described.
type teller struct {
	rows []Job
	// looked and told are how often a row was described for its recipients and for its
	// letter.
	looked, told int
	fault        error // of the source, at its end
}

func tellerOf(n int64) *teller {
	t := &teller{}
	for i := range n {
		t.rows = append(t.rows, jobOf(i+1))
	}
	return t
}

func (t *teller) source(_ context.Context, need Need) (Rows, error) {
	at := 0
	rows := Rows{Next: func() (Job, error) {
		if at == len(t.rows) {
			if need != NeedRecipients && t.fault != nil {
				return Job{}, t.fault
			}
			return Job{}, io.EOF
		}
		at++
		j := t.rows[at-1]
		switch need {
		case NeedKeys:
			j.Envelope, j.Build, j.Skip = smtp.Envelope{}, nil, ""
		case NeedRecipients:
			t.looked++
		default:
			t.told++
		}
		return j, nil
	}}
	if need == NeedKeys {
		rows.Describe = func(j *Job) error {
			t.told++
			for i := range t.rows {
				if t.rows[i].Key == j.Key {
					j.Envelope, j.Build, j.Skip = t.rows[i].Envelope, t.rows[i].Build, t.rows[i].Skip
				}
			}
			return nil
		}
	}
	return rows, nil
}

// A run that is resumed asks nobody to describe rows that are done, as long as the
// source and what is searched for in it are what they were; else it asks for all
// before it sends.
func TestResumeDescribes(t *testing.T) {
	const n = 3000
	for _, test := range []struct {
		name    string
		change  func(rows []Job) []Job
		options Options
		looked  int   // rows that are described before anything is sent
		more    int64 // rows that are sent although none was left, or so many are new
	}{
		{"nothing changed", nil, Options{}, 0, 0},
		{"an edited row", func(rows []Job) []Job { rows[n-1].Hash++; return rows }, Options{}, n, 0},
		{"another row", func(rows []Job) []Job { return append(rows, jobOf(n+1)) }, Options{}, n + 1, 1},
		{"one row less", func(rows []Job) []Job { return rows[:n-1] }, Options{}, n - 1, -1},
		{"another order", func(rows []Job) []Job {
			rows[3], rows[4] = rows[4], rows[3]
			rows[3].Number, rows[4].Number = rows[4].Number, rows[3].Number
			return rows
		}, Options{}, n, 0},
		{"any addresses", nil, Options{Addresses: AnyAddresses}, n, 0},
		{"the first of duplicates", nil, Options{Duplicates: FirstDuplicate}, n, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := &post{}
			pool := p.pool(t, smtp.PoolOptions{})
			journal, rows := newStrict(t, Hold), tellerOf(n)
			var noted []byte
			o := Options{Pool: pool, Journal: journal, Connections: 1, Examined: Examined{Note: func(sum []byte) error {
				noted = sum
				return nil
			}}}
			stop := make(chan struct{})
			interrupted := o
			interrupted.Stop = stop
			interrupted.OnResult = func(r Result) error {
				if r.Job.Number == 2000 {
					close(stop)
				}
				return nil
			}
			before, err := Run(t.Context(), rows.source, interrupted)
			if !errors.Is(err, ErrStopped) || noted == nil || rows.looked != n || before.Sent == n {
				t.Fatalf("%+v, %v, sum %x", before, err, noted)
			}
			journal.reopen()
			if test.change != nil {
				rows.rows = test.change(rows.rows)
			}
			rows.looked, rows.told = 0, 0
			o.Duplicates, o.Addresses, o.Examined.Sum = test.options.Duplicates, test.options.Addresses, noted
			var got results
			o.OnResult = got.add
			counts, err := Run(t.Context(), rows.source, o)
			if left := n - before.Sent + test.more; err != nil || counts.Sent != left || counts.AlreadySent != before.Sent {
				t.Errorf("%+v, %v; %d were left", counts, err, left)
			}
			got.checkOrder(t)
			if rows.looked != test.looked {
				t.Errorf("%d rows were looked at, want %d", rows.looked, test.looked)
			}
			// What was on its way when the run was stopped may leave gaps.
			if most := int(counts.Sent) + 300; rows.told > most {
				t.Errorf("%d rows were described, want %d at most", rows.told, most)
			}
		})
	}
}

// A row that was sent and that another script would leave out is left out, in each further
// run.
func TestResumeLeavesOut(t *testing.T) {
	p := &post{}
	pool := p.pool(t, smtp.PoolOptions{})
	journal, rows := newStrict(t, Hold), tellerOf(200)
	var noted []byte
	o := Options{Pool: pool, Journal: journal, Examined: Examined{Note: func(sum []byte) error {
		noted = sum
		return nil
	}}}
	if _, err := Run(t.Context(), rows.source, o); err != nil {
		t.Fatal(err)
	}
	rows.rows[70].Skip = "not any more"
	for range 2 {
		journal.reopen()
		counts, err := Run(t.Context(), rows.source, o)
		if !errors.Is(err, ErrFinished) || counts.Skipped != 1 || counts.AlreadySent != 199 {
			t.Errorf("%+v, %v", counts, err)
		}
		o.Examined.Sum = noted
	}
}

// What describes rows otherwise than before, although they are what they were, writes to
// nobody twice: the journal is the second net.
func TestResumeDescribedOtherwise(t *testing.T) {
	p := &post{}
	pool := p.pool(t, smtp.PoolOptions{})
	folder, rows := t.TempDir(), tellerOf(10)
	var noted []byte
	o := Options{Pool: pool, Examined: Examined{Note: func(sum []byte) error {
		noted = sum
		return nil
	}}}
	last := &rows.rows[9]
	build := last.Build
	last.Build = func(context.Context) (Letter, error) { return Letter{}, errors.New("not today") }
	var end func()
	o.Journal, _, end = openedFor(t, folder, Hold, ledger.UniqueAddress)
	if counts, err := Run(t.Context(), rows.source, o); err != nil || counts.Sent != 9 {
		t.Fatalf("%+v, %v", counts, err)
	}
	end()
	last.Build, last.Envelope.To = build, []string{"TO1@example.net"}
	rows.looked, rows.told = 0, 0
	var got results
	o.Examined.Sum, o.OnResult = noted, got.add
	o.Journal, _, end = openedFor(t, folder, Hold, ledger.UniqueAddress)
	defer end()
	counts, err := Run(t.Context(), rows.source, o)
	var taken Taken
	if err != nil || counts.AlreadySent != 9 || counts.Failed != 1 || !errors.As(got.all[9].Err, &taken) {
		t.Errorf("%+v, %v", counts, err)
	}
	if rows.looked != 0 || rows.told != 1 || p.count() != 9 {
		t.Errorf("%d rows looked at, %d described, %d messages", rows.looked, rows.told, p.count())
	}
}

// What is wrong with the source ends a run behind the rows that were read before.
func TestSourceFaultBehindFinished(t *testing.T) {
	p := &post{}
	pool := p.pool(t, smtp.PoolOptions{})
	journal, rows := newStrict(t, Hold), tellerOf(100)
	if _, err := Run(t.Context(), rows.source, Options{Pool: pool, Journal: journal}); err != nil {
		t.Fatal(err)
	}
	journal.reopen()
	rows.fault = errors.New("the disk is gone")
	var got results
	_, err := Run(t.Context(), rows.source, Options{Pool: pool, Journal: journal, OnResult: got.add})
	if !errors.Is(err, rows.fault) || !slices.IsSorted(got.numbers()) || len(got.all) != 100 {
		t.Errorf("%v, %d results", err, len(got.all))
	}
}
