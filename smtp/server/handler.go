package server

import (
	"context"
	"crypto/tls"
	"io"
	"net"
)

// Handler takes the decisions of a session. The zero Reply says yes in the usual
// words; 421 ends the connection after the reply (RFC 5321, section 3.8). Calls of
// one connection come one at a time, those of several at once. The context ends
// with the one given to Serve.
type Handler interface {
	// Auth judges a log-in. The usual yes is 235, the usual no 535.
	Auth(ctx context.Context, peer Peer, credentials Credentials) Reply
	// Mail judges the sender; only a positive reply begins a transaction.
	Mail(ctx context.Context, peer Peer, sender Sender) Reply
	// Rcpt judges one recipient; only a positive reply adds it to the envelope.
	// The envelope holds the ones accepted before.
	Rcpt(ctx context.Context, peer Peer, envelope Envelope, recipient Recipient) Reply
	// Message receives a message with at least one recipient. The body ends in
	// io.EOF exactly when it arrived whole and well-formed; after any other error
	// the client is not told success whatever the handler returns, and nothing may
	// be kept. What the handler leaves unread is read and dropped.
	Message(ctx context.Context, peer Peer, envelope Envelope, body io.Reader) Reply
}

// Accept is a Handler that says yes to everything and keeps nothing. Embed it
// and override what matters.
type Accept struct{}

// Auth implements Handler.
func (Accept) Auth(context.Context, Peer, Credentials) Reply { return Reply{} }

// Mail implements Handler.
func (Accept) Mail(context.Context, Peer, Sender) Reply { return Reply{} }

// Rcpt implements Handler.
func (Accept) Rcpt(context.Context, Peer, Envelope, Recipient) Reply { return Reply{} }

// Message implements Handler.
func (Accept) Message(_ context.Context, _ Peer, _ Envelope, body io.Reader) Reply {
	// An error of the body is the session's to answer.
	_, _ = io.Copy(io.Discard, body)
	return Reply{}
}

// Peer is what the server knows of the client.
type Peer struct {
	// Remote and Local are the ends of the connection.
	Remote, Local net.Addr
	// Hello is the argument of EHLO or HELO, as sent.
	Hello string
	// Extended tells EHLO from HELO.
	Extended bool
	// TLS is the state of the encryption, nil without.
	TLS *tls.ConnectionState
	// Authenticated is true after a successful AUTH, and User its user name.
	Authenticated bool
	User          string
}

// Protocol is the name of the protocol for a Received header: RFC 3848, section
// 1, and RFC 6531, section 4.3 for a transaction with SMTPUTF8.
func (p Peer) Protocol(sender Sender) string {
	name := "SMTP"
	switch {
	case sender.UTF8:
		name = "UTF8SMTP"
	case p.Extended:
		name = "ESMTP"
	default:
		return name
	}
	if p.TLS != nil {
		name += "S"
	}
	if p.Authenticated {
		name += "A"
	}
	return name
}
