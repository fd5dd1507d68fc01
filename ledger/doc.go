// Package ledger remembers what became of every message of every merge, so that a run that
// was killed can be resumed: nothing is lost, nothing is sent twice without being told.
//
// A ledger is a folder, .mailscript in that of the project, with an SQLite database. It holds
// runs, a run holds rows, a row has a key and envelope recipients. A row goes
//
//	planned → claimed → in doubt → sent | deferred | failed
//
// and back to claimed where the end of its message provably was not written (Release).
// In doubt is committed before the end of a message may be written (Doubt) and sent after
// the reply (Settle). A row that is in doubt when the process dies, or whose reply never
// came, is unknown: it may have arrived. It is sent again only when a person or the policy of
// the run says so (Resolve).
//
// # What a commit costs
//
// The rows that a merge has most of, with one recipient and sent at the first attempt, are
// written twice: when planned and when settled, both times at the end of a table, many with
// one statement. What is planned waits for the next commit, a second at most: after a crash
// in between the rows are new once more, which does no harm before the end of their messages
// may have been written. Rows that end when they are planned do not wait. A claim is not
// written at all: it belongs to the process that holds the lock and dies with it. In doubt
// is one record for a whole batch, with its Message-IDs for whoever has to look for them, and
// takes the place of one that has been settled. Keys and addresses are not indexed by SQLite, where inserting in random order costs
// four times as much, but by four octets of a hash each, which are kept in memory for the
// run at hand (keySet) and written in chunks.
//
// # Who may write
//
// An exclusive lock on ledger.lock is the lease; it ends with the process, whatever clocks do.
// Opening raises the epoch, and each transaction looks whether it is still the same: a process
// that was believed dead cannot write any more. A ledger that was copied or restored from a
// backup does not know what was sent since, so it is refused unless it is taken over.
//
// After an error of any write the ledger has failed: nothing is written any more, because
// after a failed fsync nobody knows what the disk holds.
package ledger
