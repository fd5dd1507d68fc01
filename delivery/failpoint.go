package delivery

import "fmt"

// Failpoints are the names Options.Failpoint is called with, on their way through a
// run.
func Failpoints() []string {
	return []string{
		"rows.claim", "rows.claimed", // around the journal's claim
		"message.build",
		"connection.open",
		"window.commit", "window.committed", // around Doubt; behind it ends may be written
		"answer.heard",                    // and not noted
		"answer.settle", "answer.settled", // around Settle, of what no window takes along
		"window.release", "window.released", // around Release
	}
}

// point stops the run where a test wants it to fail.
func (r *run) point(name string) error {
	if r.o.Failpoint == nil {
		return nil
	}
	err := r.o.Failpoint(name)
	if err != nil {
		err = fmt.Errorf("%s: %w", name, err)
		r.stop(err)
	}
	return err
}
