package ledger

import "time"

// Rows that are planned need not be on disk before the end of the first of their messages
// may be written: where the machine fails in between they are new once more. So the
// transaction that they are planned in is left open for what comes of the messages before
// them, or the doubt about themselves, which needs a commit anyway.

// longestPending is how long a transaction is left open at most. Until it is committed other
// processes do not see what is planned.
const longestPending = time.Second

// suspend leaves the transaction open.
func (l *Ledger) suspend() error {
	if l.pending {
		return nil
	}
	l.pending = true
	if l.alarm == nil {
		l.alarm = time.AfterFunc(longestPending, l.writePending)
	} else {
		l.alarm.Reset(longestPending)
	}
	return l.point("begin.left")
}

// ended notes that no transaction is open any more.
func (l *Ledger) ended() {
	if l.pending {
		l.pending = false
		l.alarm.Stop()
	}
}

// writePending commits a transaction that was left open and that nothing came to end. An
// error makes the ledger fail, and the next one who writes hears of it.
func (l *Ledger) writePending() {
	l.mu.Lock()
	pending := l.pending
	l.mu.Unlock()
	if pending {
		_ = l.commit("what is planned", func() error { return nil })
	}
}
