package smtptest

import "slices"

// Connection is what the server has seen of one connection.
type Connection struct {
	// Below is every octet as it arrived, ciphertext where TLS was on; Above is
	// the same without TLS: commands and messages.
	Below, Above []byte
	// Said is every octet the server wrote, without TLS.
	Said []byte
	// AfterRule is the part of Above behind the point where the first rule
	// applied; what was already on its way is part of it.
	AfterRule []byte
	// Fired is how many rules have applied.
	Fired    int
	Secure   bool // TLS was set up
	Commands []Command
	Logins   []Login
	Messages []Received
	// Ahead is how many commands arrived before the reply to the one in front
	// was written, which only PIPELINING allows (RFC 2920).
	Ahead int
	Ended Ended
	// OutOfStep is set once a rule made the server say more or less than it was
	// asked: from then on a client may take each reply for that to another command.
	OutOfStep bool
	// doubtful is which reply, from 1, was the first that a client has to leave
	// for; 0 is none.
	doubtful int
	stopped  bool // nothing was read for a time
}

// Verbs are the commands' verbs in order.
func (c Connection) Verbs() []string {
	verbs := make([]string, len(c.Commands))
	for i, command := range c.Commands {
		verbs[i] = command.Verb
	}
	return verbs
}

// Ended is how the client left.
type Ended string

const (
	ByQuit   Ended = "QUIT" // was said last
	ByFIN    Ended = "FIN"
	ByRST    Ended = "RST"
	ByServer Ended = "server" // the server left first, and what the client did is not known
)

// Command is one line of the client outside a message.
type Command struct {
	Verb   string // upper case; "" for the lines of an AUTH exchange
	Line   string // without line end
	Secure bool
	// Replies are what the server meant to answer, to DATA and the last BDAT
	// with those to the message. Garbage is none.
	Replies []Reply
}

// Login is one AUTH exchange that came to its end.
type Login struct {
	Mechanism, Username string
	OK, Secure          bool
}

// Received is one message, or what arrived of it.
type Received struct {
	From     string
	To       []string // accepted recipients
	Transfer string   // "DATA" or "BDAT"
	// Raw is what crossed the wire: behind DATA with dots doubled and the
	// terminator. Text is the message without either.
	Raw, Text []byte
	Chunks    []int // sizes, with BDAT
	// Complete is set once the terminator, or the whole last chunk, has arrived.
	Complete bool
	// Replies are those the server gave to the message: one, with LMTP one for
	// each recipient, in the order of To. Garbage is none.
	Replies []Reply
	// Turn is which reply of the connection answers the message, from 1; with LMTP
	// the first of those that do. 0 is none: it did not arrive whole.
	Turn int
	// Each is set where every recipient has a reply of its own.
	Each bool
}

// Accepted reports whether the server took the whole message for somebody.
func (m Received) Accepted() bool {
	return m.Complete && slices.ContainsFunc(m.Replies, Reply.positive)
}

// Refused reports whether the server turned the message down for everybody.
func (m Received) Refused() bool {
	return len(m.Replies) > 0 && !slices.ContainsFunc(m.Replies, func(r Reply) bool { return !r.negative() })
}

// MayHave reports whether the server may have kept a copy for a recipient: all
// of the message arrived, and it was not refused.
func (m Received) MayHave(recipient string) bool {
	i := slices.Index(m.To, recipient)
	if i < 0 || !m.Complete {
		return false
	}
	if m.Each {
		return i >= len(m.Replies) || !m.Replies[i].negative()
	}
	return !m.Refused()
}
