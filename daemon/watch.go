package daemon

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/fsnotify/fsnotify"
)

// Watcher tells that one of some files was changed. It watches their folders:
// editors put a new file in the place of the old one.
type Watcher struct {
	events  *fsnotify.Watcher
	changed chan struct{}
	done    sync.WaitGroup

	mu      sync.Mutex
	folders map[string]bool
	files   map[string]os.FileInfo // nil where there is none
}

// settleTime is how long a folder must be quiet: writing a file takes several steps.
const settleTime = 200 * time.Millisecond

// NewWatcher makes a watcher of no files.
func NewWatcher() (*Watcher, error) {
	events, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, fmt.Errorf("daemon: watching files: %w", err)
	}
	w := &Watcher{events: events, changed: make(chan struct{}, 1), folders: map[string]bool{}, files: map[string]os.FileInfo{}}
	w.done.Go(w.run)
	return w, nil
}

// Files replaces the files that are watched, as they are now.
func (w *Watcher) Files(paths []string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	folders := map[string]bool{}
	w.files = map[string]os.FileInfo{}
	for _, path := range paths {
		folders[filepath.Dir(path)] = true
		w.files[path] = state(path)
	}
	for _, folder := range slices.Sorted(maps.Keys(w.folders)) {
		if !folders[folder] {
			_ = w.events.Remove(folder) // it may be gone
			delete(w.folders, folder)
		}
	}
	for _, folder := range slices.Sorted(maps.Keys(folders)) {
		if w.folders[folder] {
			continue
		}
		if err := w.events.Add(folder); err != nil {
			return fmt.Errorf("daemon: watching %s: %w", folder, err)
		}
		w.folders[folder] = true
	}
	return nil
}

// Changed gets a value after a change.
func (w *Watcher) Changed() <-chan struct{} { return w.changed }

// Close ends it.
func (w *Watcher) Close() error {
	err := w.events.Close()
	w.done.Wait()
	return err
}

func (w *Watcher) run() {
	quiet := time.NewTimer(0)
	<-quiet.C
	for {
		select {
		case _, open := <-w.events.Events:
			if !open {
				quiet.Stop()
				return
			}
			quiet.Reset(settleTime)
		case _, open := <-w.events.Errors:
			if !open {
				quiet.Stop()
				return
			}
			quiet.Reset(settleTime) // events may have been lost
		case <-quiet.C:
			if w.look() {
				select {
				case w.changed <- struct{}{}:
				default:
				}
			}
		}
	}
}

// look says whether a file differs from when it was looked at last. Other files of
// the folder have events too; links may lead elsewhere without one of the file's.
func (w *Watcher) look() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	differs := false
	for path, before := range w.files {
		now := state(path)
		if (now == nil) != (before == nil) || now != nil && (!os.SameFile(now, before) || now.Size() != before.Size() || !now.ModTime().Equal(before.ModTime())) {
			differs = true
			w.files[path] = now
		}
	}
	return differs
}

func state(path string) os.FileInfo {
	info, err := os.Stat(path)
	if err != nil {
		return nil
	}
	return info
}
