package smtp

import (
	"strings"
	"sync"
)

// Lessons are what connections have taught about servers, for those that come
// after: only what a server does not do as it says it would. One value may serve
// any number of sessions at a time. The zero value, and nil, know nothing.
type Lessons struct {
	mu    sync.Mutex
	hosts map[string]lesson
}

// lesson is what is known about one server.
type lesson struct {
	// deaf: it offers PIPELINING and loses commands that come behind a message
	// (a filter in front of it throws its input away; RFC 2920, section 3.1,
	// would have it kept).
	deaf bool
	// parses: it takes the octets of a chunk it has refused for commands (RFC
	// 3030, section 2, would have them skipped).
	parses bool
}

func (l *Lessons) about(t Target) lesson {
	if l == nil {
		return lesson{}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.hosts[strings.ToLower(t.Address())]
}

func (l *Lessons) learn(t Target, teach func(*lesson)) {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.hosts == nil {
		l.hosts = map[string]lesson{}
	}
	known := l.hosts[strings.ToLower(t.Address())]
	teach(&known)
	l.hosts[strings.ToLower(t.Address())] = known
}
