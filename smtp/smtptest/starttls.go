package smtptest

import (
	"crypto/tls"
	"io"
	"net"
)

func (c *conversation) startTLS() error {
	reply := Reply{220, "2.0.0", []string{"go ahead"}}
	if c.server.TLS != TLSStart || c.record.Secure {
		reply = outOfOrder
	}
	meant, err := c.speak(StartTLS, reply)
	if err != nil || meant.Code != 220 {
		return err
	}
	if err := c.handshake(); err != nil {
		return err
	}
	// RFC 3207, section 4.2: what was known of the client is forgotten.
	c.greeted = false
	c.reset()
	return nil
}

// handshakeFailure is a fatal alert of that name (RFC 8446, section 6).
const handshakeFailure = "\x15\x03\x03\x00\x02\x02\x28"

func (c *conversation) handshake() error {
	act, ruled := c.act(Handshake)
	if ruled {
		c.fire()
		if act.TLS == Refuse {
			act.Raw = handshakeFailure
		}
		if act.Raw != "" || act.Then != "" {
			// The ClientHello is read first: left unread, it would turn every end of
			// the connection into a reset.
			hello := make([]byte, 16<<10)
			if _, err := c.stream.raw.Read(hello); err != nil {
				return err
			}
			if _, err := c.perform(act, Reply{}); err != nil {
				return err
			}
			c.drainBelow()
			return errOver
		}
		if err := c.wait(act.Delay); err != nil {
			return err
		}
	}
	config := &tls.Config{Certificates: []tls.Certificate{c.server.Identity.Certificate}}
	if act.TLS == AlertAfter {
		config.ClientAuth = tls.RequireAnyClientCert
	}
	if _, ok := c.stream.raw.Conn.(*net.TCPConn); !ok {
		// Over a pipe the tickets would wait to be read, and we with them.
		config.SessionTicketsDisabled = true
	}
	secure := tls.Server(&pieces{c.stream.raw, act}, config)
	if err := secure.Handshake(); err != nil {
		c.drainBelow()
		return errOver
	}
	c.stream.use(secure)
	c.record.Secure = true
	return nil
}

// drainBelow reads on where there is no TLS to read with.
func (c *conversation) drainBelow() { _, _ = io.Copy(io.Discard, c.stream.raw) }

// pieces writes one octet at a time where a rule for the handshake wants it.
type pieces struct {
	net.Conn
	act Act
}

func (p *pieces) Write(text []byte) (int, error) {
	if !p.act.Octets {
		return p.Conn.Write(text)
	}
	for i := range text {
		if _, err := p.Conn.Write(text[i : i+1]); err != nil {
			return i, err
		}
	}
	return len(text), nil
}
