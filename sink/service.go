package sink

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"

	"github.com/mailscript/mailscript/smtp"
	"github.com/mailscript/mailscript/smtp/server"
)

// service is how one connection is served.
type service struct {
	config   server.Config
	implicit *tls.Config // nil unless TLS begins at once
}

func (s *Sink) service(name hostName, mode smtp.TLSMode) (service, error) {
	result := service{config: server.Config{
		Hostname:    name.greeting(),
		AuthInClear: mode == smtp.TLSOff,
		Handler:     catcher{sink: s, host: name.greeting()},
		Limits:      server.Limits{Errors: errorLimit},
		Timeouts:    server.Timeouts{Grace: closeGrace},
	}}
	switch mode {
	case smtp.TLSOff:
		return result, nil
	case smtp.TLSImplicit, smtp.TLSStartTLS, smtp.TLSOpportunistic:
	default:
		return service{}, fmt.Errorf("unknown TLS mode %q", string(mode))
	}
	certificate, err := s.issuer.leaf(name)
	if err != nil {
		return service{}, err
	}
	config := &tls.Config{Certificates: []tls.Certificate{*certificate}, MinVersion: tls.VersionTLS12}
	if mode == smtp.TLSImplicit {
		result.implicit = config
	} else {
		result.config.TLS = config
	}
	return result, nil
}

func (s service) wrap(conn net.Conn) net.Conn {
	if s.implicit == nil {
		return conn
	}
	return tls.Server(conn, s.implicit)
}

// catcher accepts everything and stores the messages. Credentials pass through
// server.Accept, which looks at none.
type catcher struct {
	server.Accept
	sink *Sink
	host string
}

// Message implements server.Handler.
func (c catcher) Message(_ context.Context, peer server.Peer, envelope server.Envelope, body io.Reader) server.Reply {
	name, err := c.sink.mailbox.store(trace{peer, envelope, c.host}, body)
	if err != nil {
		// A fault of the body is answered by the session; what is left is the disk,
		// which RFC 5321, section 4.2.2 has this code for.
		return server.Reply{Code: 452, Enhanced: "4.3.1", Text: "the sink cannot store the message"}
	}
	c.sink.count.Add(1)
	return server.Reply{Code: 250, Enhanced: "2.0.0", Text: "caught as " + name}
}
