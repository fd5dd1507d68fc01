package delivery

import (
	"slices"
	"sync"
)

// ready holds messages that are built and wait for a connection, in the order of
// their rows: workers are done with them in another.
type ready struct {
	budget *budget
	mu     sync.Mutex
	some   *sync.Cond
	items  []*item // items[first:] wait
	first  int
	closed bool // nothing more comes
	ended  bool // and nothing is handed out any more
}

func newReady(b *budget) *ready {
	q := &ready{budget: b}
	q.some = sync.NewCond(&q.mu)
	return q
}

// put adds messages, which stand in order, and returns those that came too late.
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
		kept := copy(q.items, q.items[q.first:])
		clear(q.items[kept:])
		q.items, q.first = q.items[:kept], 0
	}
	if last := len(q.items) - 1; last < q.first || q.items[last].place < items[0].place {
		q.items = append(q.items, items...)
	} else {
		for _, it := range items {
			at, _ := slices.BinarySearchFunc(q.items[q.first:], it.place, func(other *item, place int64) int {
				return int(other.place - place)
			})
			q.items = slices.Insert(q.items, q.first+at, it)
		}
	}
	q.some.Broadcast()
	return nil
}

// take returns the next message, nil where there is none.
func (q *ready) take() *item {
	q.mu.Lock()
	defer q.mu.Unlock()
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
		n := len(q.items) - q.first
		switch {
		case q.ended:
			return false
		case n >= max(least, 1), n > 0 && q.budget.isSpent():
			return true
		case q.closed:
			return false
		}
		q.some.Wait()
	}
}

// has reports whether there is a message.
func (q *ready) has() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.first < len(q.items)
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
	left = slices.Clone(q.items[q.first:])
	q.items, q.first = nil, 0
	return left
}
