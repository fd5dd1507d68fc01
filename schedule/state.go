package schedule

import "time"

// State keeps what happened. What it acknowledged it must not lose: a period is
// run on the word of Claim that nobody did before. It is called by one goroutine
// at a time and may be slow, as everything waits for it.
type State interface {
	// Known is since when a job has a specification: now, unless the last call for
	// the job named the same one. Fire times before it are none of the job's.
	Known(job, spec string, now time.Time) (time.Time, error)
	// Claim keeps the first record of a period of a job. It is false, and keeps
	// nothing, when there is one.
	Claim(Record) (bool, error)
	// Settle replaces the record of a period that has one.
	Settle(Record) error
	// Open are the records whose outcome is claimed or retry, in the order of
	// their claims.
	Open() ([]Record, error)
	// History are the latest records of a job with a fire time until a time, the
	// latest first, and limit of them at the most.
	History(job string, until time.Time, limit int) ([]Record, error)
}
