package probe

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/mailscript/mailscript/smtp"
)

// errIndirect is the cause where a connection of our own cannot be made.
var errIndirect = errors.New("not through a proxy")

// dial makes a TCP connection beside those of the client, for handshakes that
// the client would refuse.
func (p *prober) dial(ctx context.Context, mode smtp.TLSMode) (net.Conn, error) {
	o := p.Connection
	ctx, cancel := context.WithTimeout(ctx, p.Timeout)
	defer cancel()
	target := smtp.Target{Host: o.Host, Port: o.Port, TLS: mode}
	dialer := &net.Dialer{Resolver: o.Resolver}
	switch {
	case o.Dial != nil:
		return o.Dial(ctx, target)
	case o.Proxy != (smtp.Proxy{}) || o.ProxyHeader != (smtp.ProxyHeader{}):
		return nil, errIndirect
	case o.Socket != "":
		return dialer.DialContext(ctx, "unix", o.Socket)
	case o.SourceAddress != "":
		source, err := netip.ParseAddr(o.SourceAddress)
		if err != nil {
			return nil, err
		}
		dialer.LocalAddr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(source, 0))
	}
	return dialer.DialContext(ctx, "tcp", target.Address())
}

// encrypt makes a connection and puts TLS over it as config says, behind
// STARTTLS where the server speaks so. Whatever the config, no credentials ever
// cross it.
func (p *prober) encrypt(ctx context.Context, config *tls.Config) (*tls.Conn, error) {
	mode := p.target.Mode
	conn, err := p.dial(ctx, mode)
	if err != nil {
		return nil, err
	}
	if mode == smtp.TLSStartTLS {
		if err := p.askForTLS(ctx, conn); err != nil {
			conn.Close()
			return nil, err
		}
	}
	config.ServerName = strings.TrimSuffix(p.Connection.Host, ".")
	secured := tls.Client(conn, config)
	_ = conn.SetDeadline(time.Now().Add(p.Timeout))
	if err := secured.HandshakeContext(ctx); err != nil {
		conn.Close()
		return nil, err
	}
	_ = conn.SetDeadline(time.Time{})
	return secured, nil
}

// askForTLS says STARTTLS, and leaves the handshake to the caller. The session
// is only a reader and writer of commands here: conn outlives it.
func (p *prober) askForTLS(ctx context.Context, conn net.Conn) error {
	s, err := p.over(ctx, conn)
	if err != nil {
		return err
	}
	// STARTTLS by its method would go on with the handshake.
	if err := s.Write(ctx, []byte("STARTTLS\r\n")); err != nil {
		return err
	}
	replies, err := s.Read(ctx, 1)
	if err == nil && replies[0].Code != 220 {
		err = &smtp.Error{Kind: smtp.KindRefused, Command: "STARTTLS", Reply: &replies[0]}
	}
	return err
}

// over is a session on a connection that was made before.
func (p *prober) over(ctx context.Context, conn net.Conn) (*smtp.Session, error) {
	o := p.Connection
	o.TLS, o.Socket, o.Proxy, o.ProxyHeader, o.SourceAddress = smtp.TLSOff, "", smtp.Proxy{}, smtp.ProxyHeader{}, ""
	if o.Port == 0 {
		o.Port = smtp.PortSMTP // a socket has none, and nobody looks
	}
	o.Dial = func(context.Context, smtp.Target) (net.Conn, error) { return conn, nil }
	return smtp.Connect(ctx, o)
}

// behindRefused is a session over TLS whose certificate was not verified: to
// look, and for nothing else.
func (p *prober) behindRefused(ctx context.Context) (*smtp.Session, tls.ConnectionState, error) {
	conn, err := p.encrypt(ctx, &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS12, Certificates: p.Connection.Certificates})
	if err != nil {
		return nil, tls.ConnectionState{}, err
	}
	state := conn.ConnectionState()
	var greeted net.Conn = conn
	if p.target.Mode == smtp.TLSStartTLS {
		// The server has greeted before STARTTLS; a session waits for it again.
		greeted = &withGreeting{Conn: conn, rest: "220 greeted before STARTTLS\r\n"}
	}
	s, err := p.over(ctx, greeted)
	if err != nil {
		conn.Close()
	}
	return s, state, err
}

// withGreeting is a connection that says something first.
type withGreeting struct {
	net.Conn
	rest string
}

func (c *withGreeting) Read(b []byte) (int, error) {
	if c.rest == "" {
		return c.Conn.Read(b)
	}
	n := copy(b, c.rest)
	c.rest = c.rest[n:]
	return n, nil
}

// where names the target.
func (p *prober) where() string {
	if p.Connection.Socket != "" {
		return p.Connection.Socket
	}
	return smtp.Target{Host: p.Connection.Host, Port: p.Connection.Port}.Address()
}

// isLocal reports whether the connection does not leave this machine.
func (o Options) isLocal() bool {
	host := o.Connection.Host
	ip, err := netip.ParseAddr(host)
	return o.Connection.Socket != "" || host == "localhost" || err == nil && ip.IsLoopback()
}
