package main

import (
	"slices"

	"github.com/mailscript/mailscript/schedule"
)

// entry is a record as history shows it.
type entry struct {
	schedule.Record
	job    schedule.Job
	manual bool
}

// records are the last of some jobs, whoever began them, the latest first.
func (b *jobBook) records(jobs []schedule.Job, count int) ([]entry, error) {
	var entries []entry
	for _, job := range jobs {
		for _, from := range []struct {
			memory *schedule.Memory
			manual bool
		}{{b.state, false}, {b.manual, true}} {
			records, err := from.memory.History(job.Name, farFuture, count)
			if err != nil {
				return nil, err
			}
			for _, r := range records {
				entries = append(entries, entry{r, job, from.manual})
			}
		}
	}
	slices.SortStableFunc(entries, func(a, b entry) int { return b.Claimed.Compare(a.Claimed) })
	return entries[:min(count, len(entries))], nil
}
