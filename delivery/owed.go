package delivery

import "sync"

// owed is how many rows of a sender the recorder has yet to tell the journal of.
type owed struct {
	mu   sync.Mutex
	n    int
	none chan struct{} // closed once there are none; nil where nobody waits
}

func (o *owed) add(n int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.n += n; o.n == 0 && o.none != nil {
		close(o.none)
		o.none = nil
	}
}

// wait returns once there are none, or there is no recorder any more.
func (o *owed) wait(over <-chan struct{}) {
	o.mu.Lock()
	none := o.none
	if o.n > 0 && none == nil {
		none = make(chan struct{})
		o.none = none
	}
	o.mu.Unlock()
	if none == nil {
		return
	}
	select {
	case <-none:
	case <-over:
	}
}
