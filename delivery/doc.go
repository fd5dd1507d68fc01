// Package delivery is the pipeline of a merge: rows become messages, messages
// travel over several connections, and what became of each comes back in the
// order of the rows.
//
// The goroutine that calls Run drives. It alone asks the source for rows and is
// told of results, so that a script can be behind both. All others belong to Run
// and are gone when it returns:
//
//	caller ─ rows ─▶ claim ─▶ build ×n ─▶ ready ─▶ connection ×n ─▶ record ─ results ─▶ caller
//	                   ▲                                              │
//	                   └────────────── what is due again ─────────────┘
//
// Rows travel in groups, because handing over a single one costs more than what
// is done with it. What is on its way is bounded in rows and in octets; no queue
// ever blocks but the one in front, which is the caller's.
//
// A Journal remembers what became of each row and recipient. It hears of a
// message before its end is written, and a result is handed out once it has been
// recorded.
//
// Whatever is sent a second time has the same octets as the first, or is not
// sent.
package delivery
