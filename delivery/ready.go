package delivery

import "sync"

// ready holds messages that are built and wait for a connection.
type ready struct {
	budget *budget
	mu     sync.Mutex
	some   *sync.Cond
	again  []*item // go first: their connection ended; the last is the next
	items  []*item
	first  int
	closed bool // nothing more comes
	ended  bool // and nothing is handed out any more
}

func newReady(b *budget) *ready {
	q := &ready{budget: b}
	q.some = sync.NewCond(&q.mu)
	return q
}

// put appends messages, and returns those that came too late.
func (q *ready) put(items []*item) (late []*item) {
	if len(items) == 0 {
		return nil
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.ended {
		return items
	}
	if q.first > 1024 {
		q.items = append(q.items[:0], q.items[q.first:]...)
		q.first = 0
	}
	q.items = append(q.items, items...)
	q.some.Broadcast()
	return nil
}

// putBack puts messages in front of all others, and returns those that came too late.
func (q *ready) putBack(items []*item) (late []*item) {
	if len(items) == 0 {
		return nil
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.ended {
		return items
	}
	for i := len(items) - 1; i >= 0; i-- {
		q.again = append(q.again, items[i])
	}
	q.some.Broadcast()
	return nil
}

// take returns the next message, nil where there is none.
func (q *ready) take() *item {
	q.mu.Lock()
	defer q.mu.Unlock()
	if last := len(q.again) - 1; last >= 0 {
		it := q.again[last]
		q.again = q.again[:last]
		return it
	}
	if q.first == len(q.items) {
		q.items, q.first = q.items[:0], 0
		return nil
	}
	it := q.items[q.first]
	q.items[q.first] = nil
	q.first++
	return it
}

// wait returns once there is a message and at least least of them, or no room for
// more; and false where there will be none.
func (q *ready) wait(least int) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	for {
		switch {
		case q.ended:
			return false
		case len(q.again)+len(q.items)-q.first >= max(least, 1), least > 0 && q.any() && q.budget.isSpent():
			return true
		case q.closed && (least == 0 || !q.any()):
			return false
		}
		q.some.Wait()
	}
}

func (q *ready) any() bool { return len(q.again) > 0 || q.first < len(q.items) }

// has reports whether there is a message.
func (q *ready) has() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return !q.ended && q.any()
}

// close says that nothing more comes.
func (q *ready) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.some.Broadcast()
}

// stop ends handing out, and returns what is left.
func (q *ready) stop() (left []*item) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.ended = true
	q.some.Broadcast()
	left = append(left, q.again...)
	left = append(left, q.items[q.first:]...)
	q.again, q.items, q.first = nil, nil, 0
	return left
}
