package schedule

import "time"

// Outcome is what became of a period.
type Outcome string

const (
	// OutcomeClaimed: a run is under way, or the process died during one.
	OutcomeClaimed Outcome = "claimed"
	// OutcomeRetry: an attempt failed and another will follow.
	OutcomeRetry Outcome = "retry"
	// OutcomeOK: the job did what it is for.
	OutcomeOK Outcome = "ok"
	// OutcomeNothing: the job found nothing to report, which is no failure.
	OutcomeNothing Outcome = "nothing"
	// OutcomeFailed: the job says that it failed, or it panicked.
	OutcomeFailed Outcome = "failed"
	// OutcomeTimeout: the job took longer than it may.
	OutcomeTimeout Outcome = "timeout"
	// OutcomeKilled: the job was ended by its next period or by the end of the
	// scheduler; Reason says which.
	OutcomeKilled Outcome = "killed"
	// OutcomeSkipped: the job was not run; Reason says why.
	OutcomeSkipped Outcome = "skipped"
	// OutcomeInDoubt: the process died during the run, which may have done all of
	// its work or none.
	OutcomeInDoubt Outcome = "in doubt"
)

// open says that the outcome is not yet known.
func (o Outcome) open() bool { return o == OutcomeClaimed || o == OutcomeRetry }

// done says that there is nothing more to wish for.
func (o Outcome) done() bool { return o == OutcomeOK || o == OutcomeNothing }

// Reason says why a period was skipped or a run killed.
type Reason string

const (
	ReasonOverlap Reason = "overlap"
	ReasonLate    Reason = "late"
	ReasonDayOff  Reason = "day off"
	ReasonStop    Reason = "stop"
)

// Result is what a [Runner] says about a run.
type Result struct {
	// Outcome is [OutcomeOK], [OutcomeNothing] or [OutcomeFailed]; "" is failed
	// with an error and ok without one.
	Outcome Outcome
	// Err is what went wrong.
	Err error
	// Hint is what to do about it; "" when nothing is likely.
	Hint string
	// Log is what the run logged; its end is kept.
	Log string
	// Final says that another attempt would not help, or would do harm.
	Final bool
}

// Record is what is kept of a period of a job.
type Record struct {
	Job    string `json:"job"`
	Period string `json:"period"`
	// At is the fire time.
	At time.Time `json:"at"`
	// Claimed is when the last attempt began, or when the period was skipped.
	Claimed time.Time `json:"claimed"`
	// Ended is when the outcome was known; zero before.
	Ended   time.Time `json:"ended,omitzero"`
	Attempt int       `json:"attempt,omitempty"`
	Outcome Outcome   `json:"outcome"`
	Reason  Reason    `json:"reason,omitempty"`
	// Missed is how many fire times before this one were missed and are not run,
	// at the least: beyond 10,000 nobody counts.
	Missed int `json:"missed,omitempty"`
	// Error, Hint and Log are those of the result. Of long ones the end is kept.
	Error string `json:"error,omitempty"`
	Hint  string `json:"hint,omitempty"`
	Log   string `json:"log,omitempty"`
}

const (
	maxError = 2 << 10 // bytes
	maxLog   = 8 << 10 // bytes
)

// tail is the end of a text, from a whole line on where that is possible.
func tail(text string, most int) string {
	if len(text) <= most {
		return text
	}
	text = text[len(text)-most:]
	for i := range text {
		if text[i] == '\n' && i+1 < len(text) {
			return text[i+1:]
		}
	}
	for len(text) > 0 && text[0]&0xC0 == 0x80 { // the rest of a UTF-8 sequence
		text = text[1:]
	}
	return text
}
