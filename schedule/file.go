package schedule

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// File is a [State] in a file: one line of JSON for each change, on the disk
// before it is acknowledged. It remembers as much as [Memory] does and is written
// anew, without the rest, when it is opened and when most of it is forgotten. One
// process at a time may have it open.
type File struct {
	mu     sync.Mutex
	memory Memory
	path   string
	file   *os.File
	size   int64 // bytes that were acknowledged
	lines  int
	live   int // lines when it was last written anew
	err    error
}

// entry is a line: a record, or since when a job has a specification.
type entry struct {
	Record *Record    `json:"record,omitempty"`
	Job    string     `json:"job,omitempty"`
	Spec   string     `json:"spec,omitempty"`
	Known  *time.Time `json:"known,omitempty"`
}

// OpenFile opens the file of a state, or makes it.
func OpenFile(path string) (*File, error) {
	f := &File{path: path}
	if err := f.read(); err != nil {
		return nil, err
	}
	if err := f.rewrite(); err != nil {
		return nil, err
	}
	return f, nil
}

// ReadFile reads the file of a state as it is now, while another process may have
// it open. A file that is not there is a state of nothing.
func ReadFile(path string) (*Memory, error) {
	f := &File{path: path}
	if err := f.read(); err != nil {
		return nil, err
	}
	return &f.memory, nil
}

// read takes up what the file says. A last line without its end was never
// acknowledged; anything else that is no entry is damage, and not for us to drop.
func (f *File) read() error {
	file, err := os.Open(f.path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("schedule: opening the state: %w", err)
	}
	defer file.Close()
	lines := bufio.NewReader(file)
	for n := 1; ; n++ {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("schedule: reading the state: %w", err)
		}
		var e entry
		if err := json.Unmarshal(line, &e); err != nil {
			return fmt.Errorf("schedule: reading the state: %s, line %d: %w", f.path, n, err)
		}
		f.take(e)
	}
}

func (f *File) take(e entry) {
	if e.Known != nil {
		f.memory.Known(e.Job, e.Spec, *e.Known)
	}
	if e.Record != nil {
		if fresh, _ := f.memory.Claim(*e.Record); !fresh {
			f.memory.Settle(*e.Record)
		}
	}
}

// rewrite makes the file anew from what is remembered, and opens it.
func (f *File) rewrite() error {
	if err := f.replace(); err != nil {
		return fmt.Errorf("schedule: writing the state anew: %w", err)
	}
	return nil
}

func (f *File) replace() error {
	fresh, err := os.OpenFile(f.path+".new", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer fresh.Close()
	w := bufio.NewWriter(fresh)
	encoder := json.NewEncoder(w)
	lines := 0
	for name, job := range f.memory.jobs {
		if !job.known.IsZero() {
			lines++
			if err := encoder.Encode(entry{Job: name, Spec: job.spec, Known: &job.known}); err != nil {
				return err
			}
		}
		for _, r := range job.records {
			lines++
			if err := encoder.Encode(entry{Record: r}); err != nil {
				return err
			}
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if err := fresh.Sync(); err != nil {
		return err
	}
	if err := fresh.Close(); err != nil {
		return err
	}
	if f.file != nil {
		f.file.Close()
	}
	if err := os.Rename(f.path+".new", f.path); err != nil {
		return err
	}
	syncFolder(filepath.Dir(f.path))
	if f.file, err = os.OpenFile(f.path, os.O_WRONLY|os.O_APPEND, 0); err != nil {
		return err
	}
	if f.size, err = f.file.Seek(0, io.SeekEnd); err != nil {
		return err
	}
	f.lines, f.live = lines, lines
	return nil
}

// syncFolder makes a new name last. Where folders cannot be synced, as on
// Windows, the file system does it.
func syncFolder(path string) {
	if folder, err := os.Open(path); err == nil {
		folder.Sync()
		folder.Close()
	}
}

// write puts an entry on the disk. After an error the file is as it was, or takes
// no more.
func (f *File) write(e entry) error {
	if f.err != nil {
		return f.err
	}
	line, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("schedule: writing the state: %w", err)
	}
	line = append(line, '\n')
	if _, err = f.file.Write(line); err == nil {
		err = f.file.Sync()
	}
	if err != nil {
		err = fmt.Errorf("schedule: writing the state: %w", err)
		if undo := f.file.Truncate(f.size); undo != nil {
			f.err = errors.Join(err, undo)
		}
		return err
	}
	f.size += int64(len(line))
	f.lines++
	return nil
}

// shrink writes the file anew when most of it is forgotten. That it could not is
// no reason to fail: what was to be written is written.
func (f *File) shrink() {
	if f.lines > 4*f.live+10_000 {
		if err := f.rewrite(); err != nil {
			f.live = f.lines
		}
	}
}

// Known is part of [State].
func (f *File) Known(job, spec string, now time.Time) (time.Time, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if j := f.memory.job(job); j.spec == spec && !j.known.IsZero() {
		return j.known, nil
	}
	if err := f.write(entry{Job: job, Spec: spec, Known: &now}); err != nil {
		return time.Time{}, err
	}
	return f.memory.Known(job, spec, now)
}

// Claim is part of [State].
func (f *File) Claim(r Record) (bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.memory.job(r.Job).periods[r.Period] != nil {
		return false, nil
	}
	if err := f.write(entry{Record: &r}); err != nil {
		return false, err
	}
	defer f.shrink()
	return f.memory.Claim(r)
}

// Settle is part of [State].
func (f *File) Settle(r Record) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.memory.job(r.Job).periods[r.Period] == nil {
		return f.memory.Settle(r)
	}
	if err := f.write(entry{Record: &r}); err != nil {
		return err
	}
	return f.memory.Settle(r)
}

// Open is part of [State].
func (f *File) Open() ([]Record, error) { return f.memory.Open() }

// History is part of [State].
func (f *File) History(job string, until time.Time, limit int) ([]Record, error) {
	return f.memory.History(job, until, limit)
}

// Close closes the file.
func (f *File) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.err = errors.New("schedule: the state is closed")
	return f.file.Close()
}
