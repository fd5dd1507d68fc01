package smtptest

import (
	"strconv"
	"strings"
	"time"
)

// Point is a moment of the conversation at which the server speaks. Each verb
// not named here is one too.
type Point string

const (
	Greeting     Point = "greeting"
	Handshake    Point = "handshake" // of TLS
	Ehlo         Point = "EHLO"      // and LHLO
	Helo         Point = "HELO"
	StartTLS     Point = "STARTTLS"
	Auth         Point = "AUTH"
	AuthResponse Point = "AUTH response" // to each line that answers a challenge
	Mail         Point = "MAIL"
	Rcpt         Point = "RCPT"
	Data         Point = "DATA"
	// Text is within a message, where a good server says nothing. The rule
	// applies once Act.After octets of it have arrived.
	Text Point = "text"
	Bdat Point = "BDAT" // chunks but the last
	// Message is behind a whole message: its dot, or its last chunk. With LMTP
	// it comes once for each accepted recipient.
	Message Point = "message"
	Rset    Point = "RSET"
	Noop    Point = "NOOP"
	Quit    Point = "QUIT"
)

// Rule is what the server does at a point in the place of the usual. The first
// rule that fits applies.
type Rule struct {
	At   Point
	Call int // which occurrence on the connection, from 1; 0 is each
	Do   Act
}

// Act is what the server does. Its fields apply in this order; the zero value
// is the usual.
type Act struct {
	After int           // Text only: octets of the message that come first
	Delay time.Duration // passes before anything is said
	// Reply is said in the place of the usual reply, where its Code is not 0.
	Reply Reply
	// Raw is written in the place of a reply. The server then means Reply by it,
	// or nothing where that is zero.
	Raw string
	// Endless writes Raw again and again, until the client hangs up.
	Endless bool
	// Mute says nothing, though the server goes on as if it had.
	Mute bool
	// Surplus is written behind the reply, in the same write.
	Surplus string
	// Hold keeps what would be written until the next write, and joins them.
	Hold bool
	// Cut splits the write into two behind so many octets; 0 does not.
	Cut int
	// Octets writes one octet at a time.
	Octets bool
	// TLS is a fault of the handshake.
	TLS TLSFault
	// Then is how the conversation ends here; "" goes on.
	Then Ending
	// For is how long Stop lasts; 0 is an hour, or until the server is closed.
	For time.Duration
}

// Ending is how the server leaves a conversation.
type Ending string

const (
	// Close says goodbye on every layer: with TLS close_notify comes first.
	Close Ending = "close"
	// Drop ends the TCP connection; TLS hears nothing of it.
	Drop Ending = "drop"
	// Reset ends it with RST. A pipe, which has none, is closed.
	Reset Ending = "reset"
	// HalfClose is Silence, and ends the server's direction.
	HalfClose Ending = "half-close"
	// Silence reads on, as a server that goes on would, and says nothing more.
	Silence Ending = "silence"
	// Stop does not even read, so that the client's window closes. After a while
	// it is Silence.
	Stop Ending = "stop"
)

// TLSFault is what goes wrong with a handshake. A certificate of another host
// is no fault of its own: see Server.Identity.
type TLSFault string

const (
	// Refuse answers the ClientHello with a fatal alert, handshake_failure.
	Refuse TLSFault = "refuse"
	// AlertAfter completes the handshake for the client, which hears of an alert
	// with its first read: how TLS 1.3 refuses a client without a certificate
	// (RFC 8446, section 4.4.2.4).
	AlertAfter TLSFault = "alert after"
)

// Reply is what the server says. Lines default to a word for the code's class.
type Reply struct {
	Code     int
	Enhanced string // RFC 3463, such as "4.2.1"; "" for none
	Lines    []string
}

// String is the reply as it crosses the wire.
func (r Reply) String() string {
	lines := r.Lines
	if len(lines) == 0 {
		lines = []string{words[r.Code/100%len(words)]}
	}
	var b strings.Builder
	for i, line := range lines {
		b.WriteString(strconv.Itoa(r.Code))
		switch {
		case i < len(lines)-1:
			b.WriteByte('-') // RFC 5321, section 4.2.1
		default:
			b.WriteByte(' ')
		}
		if r.Enhanced != "" {
			b.WriteString(r.Enhanced + " ")
		}
		b.WriteString(line + "\r\n")
	}
	return b.String()
}

var words = [...]string{"", "", "ok", "go on", "not now", "no"}

func (r Reply) positive() bool { return r.Code/100 == 2 }
func (r Reply) negative() bool { return r.Code/100 == 4 || r.Code/100 == 5 }

// fits reports whether a client may go on behind the reply: it is of a class
// that the standards have for the point, and does not end the connection.
func (r Reply) fits(point Point) bool {
	switch {
	case r.Code == 421: // RFC 5321, section 3.8
		return false
	case point == Data:
		return r.Code == 354 || r.negative()
	case point == Rset:
		return r.positive() // what it leaves would be lent to the next transaction
	}
	return r.positive() || r.negative()
}
