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
	// fragile: it ends the connection where commands come behind a message.
	fragile bool
	// parses: it takes the octets of a chunk it has refused for commands (RFC
	// 3030, section 2, would have them skipped).
	parses bool
	// counts: it ends the connection after a few RSETs that follow no message.
	counts bool
}

// manners are what is known of servers that say in their greeting which they are.
//
// QUIRK: Exim counts RSET among "nonmail" commands where it follows a refused
// transaction, and by default hangs up at the eleventh (smtp_accept_max_nonmail):
// back to back, where every transaction begins with one, eleven unknown
// recipients would leave a whole window in doubt.
//
// QUIRK: Dovecot's submission server (2.3.19) fails an assertion when MAIL
// arrives together with the end of the message before it.
var manners = []struct {
	word string
	lesson
}{
	{" Exim ", lesson{counts: true}},
	{" Dovecot ", lesson{fragile: true}},
}

// known is what is known about the session's server.
func (s *Session) known() lesson {
	l := s.options.Lessons.about(s.Target())
	greeting := " " + s.greeting.Text() + " "
	for _, m := range manners {
		if s.options.Protocol == SMTP && strings.Contains(greeting, m.word) {
			l.fragile = l.fragile || m.fragile
			l.counts = l.counts || m.counts
		}
	}
	return l
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

// notice learns from replies that do not come. Where all that is missing was
// sent behind a message, something on the way throws such input away; where the
// connection ends as soon as anything comes behind one, the server cannot bear it.
func (st *Stream) notice(f *flight, expired bool) {
	s := st.session
	at, _ := f.at(f.heard)
	switch {
	case expired && f.heard == 0 && st.behind:
		s.log.notef("no answer to what was sent behind a message: the server loses pipelined commands")
		s.options.Lessons.learn(s.Target(), func(l *lesson) { l.deaf = true })
	case !expired && at == stageRset:
		st.noticeRset("RSET")
	case !expired && st.rhythm == inTurns && at == stageMessage && f.terminator && !st.behind && st.hearing+1 < len(st.flights):
		s.log.notef("the connection ended where commands came behind a message")
		s.options.Lessons.learn(s.Target(), func(l *lesson) { l.fragile = true })
	}
}

// noticeRset learns from a connection that ends at RSET once transactions were
// refused: the server counts them.
func (st *Stream) noticeRset(command string) {
	if s := st.session; command == "RSET" && st.rhythm == backToBack && st.refused {
		s.log.notef("the server takes few RSETs behind refused transactions")
		s.options.Lessons.learn(s.Target(), func(l *lesson) { l.counts = true })
	}
}
