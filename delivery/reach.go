package delivery

import "sync"

// reach is how many messages may be on their way over a connection at once. Each
// is in doubt when the connection ends, so there are fewer once that has
// happened, and more again while it does not.
type reach struct {
	mu   sync.Mutex
	most int
	less int // how many there may be; 0 is most
}

func (r *reach) messages() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.now()
}

// now is the same. mu is held.
func (r *reach) now() int {
	if r.less > 0 {
		return r.less
	}
	return r.most
}

// reachCalm is how many times what there may be must have been answered over a
// connection before there may be twice as many.
const reachCalm = 4

// note takes how a stream of so many at once has ended.
func (r *reach) note(messages, answers, doubts int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case doubts > 0:
		r.less = max(min(messages, r.now())/4, 1)
	case r.less > 0 && messages == r.less && answers >= reachCalm*messages:
		if r.less *= 2; r.less >= r.most {
			r.less = 0
		}
	}
}
