package schedule

// replace takes a new list of jobs.
func (l *loop) replace(jobs []Job) error {
	old := map[string]*task{}
	for _, t := range l.tasks {
		old[t.Name] = t
	}
	tasks := make([]*task, 0, len(jobs))
	for _, job := range jobs {
		t, err := l.newTask(job)
		if err != nil {
			return err
		}
		if had := old[job.Name]; had != nil && had.when() == job.when() && !had.removed {
			// It may be ahead of its records, which do not tell of all that was missed.
			t.seek(had.from)
		}
		tasks = append(tasks, t)
	}
	for i, fresh := range tasks {
		if t := old[fresh.Name]; t != nil {
			t.Job, t.removed = fresh.Job, false
			t.seek(fresh.from)
			tasks[i] = t
			delete(old, t.Name)
		}
	}
	for _, t := range l.tasks {
		if old[t.Name] == nil {
			continue
		}
		t.removed, t.waiting, t.deadlines = true, nil, nil
		// If it comes back it counts from then.
		if _, err := l.state.Known(t.Name, "", l.wall); err != nil {
			l.log.Error("that a job is gone could not be recorded", "job", t.Name, "err", err)
		}
		if t.run != nil && t.run.rest {
			l.surrender(t)
		}
		if t.run != nil {
			tasks = append(tasks, t)
		}
	}
	l.tasks = tasks
	l.log.Info("jobs replaced", "jobs", len(jobs))
	return nil
}

// report is the status of each job.
func (l *loop) report() []Status {
	var all []Status
	for _, t := range l.tasks {
		if t.removed {
			continue
		}
		s := Status{Job: t.Name, Next: t.next, Waiting: len(t.waiting)}
		if t.run != nil {
			record := t.run.record
			s.Running = &record
		}
		all = append(all, s)
	}
	return all
}
