package delivery

import (
	"container/heap"
	"errors"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/mailscript/mailscript/smtp"
)

// ErrExpired is what is wrong with a row that was refused for now until it was
// too old.
var ErrExpired = errors.New("it was deferred until it was too old")

// lossLimit is how often a message whose connection ends goes on at once, before
// it waits like one that was refused for now.
const lossLimit = 5

// lateItems is how many rows that are due again are on their way at once.
const lateItems = 4 * groupSize

// doubled is a pause that doubles each time, from the first time on.
func doubled(first time.Duration, times int, most time.Duration) time.Duration {
	for ; times > 1 && first < most; times-- {
		first *= 2
	}
	return min(first, most)
}

// spread is a pause somewhere between half and the whole of another.
func spread(pause time.Duration, random func() float64) time.Duration {
	return pause/2 + time.Duration(random()*float64(pause/2))
}

// pause is how long to wait after attempt number n, from 1, was answered so.
func (r Retry) pause(n int, reply smtp.Reply, random func() float64) time.Duration {
	if hint := hinted(reply); hint > 0 {
		// A little later than the server says: its clock counts from another moment.
		hint += time.Second
		return min(hint+time.Duration(random()*float64(hint/10)), r.Longest)
	}
	switch {
	case reply.Code == 0, reply.Code == 421:
		return spread(doubled(2*r.Soon, n, r.Longest), random)
	case slowDown(reply):
		return spread(doubled(time.Minute, n, r.Longest), random)
	}
	first := r.Least + time.Duration(random()*float64(r.Most-r.Least))
	return doubled(first, n, r.Longest)
}

var hint = regexp.MustCompile(`(?i)(?:again|retry|wait|delayed|for|in|after)[a-z ]{0,24}?\b(\d{1,5}) ?(s|m|h|sec|min|secs|mins|hrs|seconds?|minutes?|hours?)\b`)

// hinted is how long a server asks to wait, 0 where it does not say: Postgrey,
// milter-greylist, rspamd and Exchange Online word it so.
func hinted(reply smtp.Reply) time.Duration {
	if !reply.Temporary() {
		return 0
	}
	m := hint.FindStringSubmatch(strings.Join(reply.Lines, " "))
	if m == nil {
		return 0
	}
	n, err := strconv.Atoi(m[1])
	if err != nil {
		return 0
	}
	unit := time.Second
	switch m[2][0] {
	case 'm', 'M':
		unit = time.Minute
	case 'h', 'H':
		unit = time.Hour
	}
	return time.Duration(n) * unit
}

// waiting are rows to be tried again, the one due first in front.
type waiting []*item

func (w waiting) Len() int           { return len(w) }
func (w waiting) Less(i, j int) bool { return w[i].again.Before(w[j].again) }
func (w waiting) Swap(i, j int)      { w[i], w[j] = w[j], w[i] }
func (w *waiting) Push(x any)        { *w = append(*w, x.(*item)) }
func (w *waiting) Pop() any {
	last := len(*w) - 1
	it := (*w)[last]
	(*w)[last] = nil
	*w = (*w)[:last]
	return it
}

// due takes what is due, most at the most.
func (w *waiting) due(now time.Time, most int) (due []*item) {
	for len(*w) > 0 && len(due) < most && !(*w)[0].again.After(now) {
		due = append(due, heap.Pop(w).(*item))
	}
	return due
}
