package delivery

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// ErrChanged is what is wrong with a message that would be sent again and has
// other octets than the first time.
var ErrChanged = errors.New("the message is not what it was when it was tried first")

// build is a stage that builds messages.
func (r *run) build() {
	for g := range r.builds {
		r.buildGroup(g)
	}
}

// flushSize is how many octets of messages are handed on at the latest.
const flushSize = 256 << 10

func (r *run) buildGroup(g *group) {
	var (
		built [groupSize]*item
		n     int
		size  int64
		count int64
		begun = time.Now()
		since = begun
	)
	flush := func() {
		if leftover := r.ready.put(built[:n]); len(leftover) > 0 {
			r.untried(leftover)
		}
		n, size = 0, 0
	}
	// The last row handed on may give the group back to the caller.
	var todo [groupSize]*item
	for _, it := range todo[:copy(todo[:], g.all)] {
		if r.budget.isSpent() {
			flush() // what is held back may be what it waits for
			r.budget.wait()
		}
		if r.isStopped() {
			r.untried([]*item{it})
			continue
		}
		count++
		r.buildOne(it)
		if it.ended() {
			r.answer([]*item{it})
			continue
		}
		built[n] = it
		n++
		size += it.weight
		if size >= flushSize || count%8 == 0 && time.Since(since) > patience {
			flush()
			since = time.Now()
		}
	}
	flush()
	if count > 0 {
		each := int64(time.Since(begun)) / count
		r.building.Store(max((r.building.Load()*3+each)/4, 1))
	}
}

// buildOne builds one message, and ends it where that is not possible.
func (r *run) buildOne(it *item) {
	if r.point("message.build") != nil {
		it.end(Untried, nil)
		return
	}
	letter, err := it.job.Build(r.ctx)
	switch {
	case err != nil && r.ctx.Err() != nil:
		it.end(Untried, nil)
		return
	case err != nil:
		it.end(Failed, err)
		return
	case letter.Content.Size < 0:
		it.end(Failed, fmt.Errorf("delivery: %s: a message of unknown size", it.job.where()))
		return
	}
	it.letter = letter
	it.weight = letter.Content.Size
	r.budget.take(it.weight)
	if r.inspect != nil {
		if err := r.inspect(r.ctx, &it.job, &it.letter); err != nil {
			it.end(Failed, err)
		} else {
			it.end(Good, nil)
		}
		r.drop(it)
		return
	}
	if it.sum == nil {
		return
	}
	if sum, err := sumOf(letter); err != nil {
		it.end(Failed, err)
		r.drop(it)
	} else if !bytes.Equal(sum, it.sum) {
		it.end(Failed, ErrChanged)
		r.drop(it)
	}
}

// sumOf is the digest of a message's octets.
func sumOf(letter Letter) ([]byte, error) {
	h := sha256.New()
	if letter.Content.Pieces != nil {
		for _, piece := range letter.Content.Pieces {
			h.Write(piece)
		}
	} else if _, err := letter.Content.Writer.WriteTo(h); err != nil {
		return nil, err
	}
	return h.Sum(nil), nil
}

// budget is how many octets of built messages there may be. It can be overdrawn
// by one message a worker, since their size is known once they are built.
type budget struct {
	most  int64
	spent atomic.Int64
	mu    sync.Mutex
	less  *sync.Cond
	over  bool
}

func newBudget(most int64) *budget {
	b := &budget{most: most}
	b.less = sync.NewCond(&b.mu)
	return b
}

func (b *budget) take(n int64) { b.spent.Add(n) }

func (b *budget) isSpent() bool { return b.spent.Load() >= b.most }

func (b *budget) put(n int64) {
	before := b.spent.Add(-n) + n
	if before >= b.most && before-n < b.most {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.less.Broadcast()
	}
}

// wait returns once there is something left, or nothing matters any more.
func (b *budget) wait() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for b.isSpent() && !b.over {
		b.less.Wait()
	}
}

// free ends all waiting.
func (b *budget) free() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.over = true
	b.less.Broadcast()
}
