package smtp

import "time"

// Timeouts are absolute: the whole exchange must end within them, however
// slowly its bytes drip. Zero fields take the values below, which are those of
// RFC 5321, section 4.5.3.2, where it names one.
type Timeouts struct {
	Connect   time.Duration // TCP connection, all addresses together
	Handshake time.Duration // TLS handshake
	Greeting  time.Duration // until the 220
	Command   time.Duration // EHLO, MAIL, RCPT, AUTH and all others not named here
	Data      time.Duration // DATA until the 354
	Block     time.Duration // one write of message text
	Message   time.Duration // end of the message until its reply
	Reset     time.Duration // RSET
	Quit      time.Duration // QUIT
}

// The defaults of Timeouts.
const (
	ConnectTimeout   = 30 * time.Second
	HandshakeTimeout = 60 * time.Second
	GreetingTimeout  = 5 * time.Minute  // RFC 5321, section 4.5.3.2.1
	CommandTimeout   = 5 * time.Minute  // sections 4.5.3.2.2 and 4.5.3.2.3
	DataTimeout      = 2 * time.Minute  // section 4.5.3.2.4
	BlockTimeout     = 3 * time.Minute  // section 4.5.3.2.5
	MessageTimeout   = 10 * time.Minute // section 4.5.3.2.6
	ResetTimeout     = 20 * time.Second
	QuitTimeout      = 5 * time.Second
)

func (t Timeouts) withDefaults() Timeouts {
	for _, field := range []struct {
		value    *time.Duration
		fallback time.Duration
	}{
		{&t.Connect, ConnectTimeout},
		{&t.Handshake, HandshakeTimeout},
		{&t.Greeting, GreetingTimeout},
		{&t.Command, CommandTimeout},
		{&t.Data, DataTimeout},
		{&t.Block, BlockTimeout},
		{&t.Message, MessageTimeout},
		{&t.Reset, ResetTimeout},
		{&t.Quit, QuitTimeout},
	} {
		if *field.value == 0 {
			*field.value = field.fallback
		}
	}
	return t
}
