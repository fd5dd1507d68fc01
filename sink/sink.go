// Package sink is an SMTP server inside the process that catches all mail of a
// run and keeps it as a Maildir. Nothing leaves the machine: a connection to the
// sink is a pair of sockets on the loopback interface whose listener exists only
// while that one connection is made.
//
// A message is stored with the octets that arrived, dot-stuffing undone and lines
// ending in CRLF, behind a header that records the envelope:
//
//	Return-Path: <sender>
//	X-Envelope-To: <recipient>        one for each accepted recipient
//	Received: from client ([127.0.0.1]:port)
//		by host with ESMTPSA; date
package sink

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mailscript/mailscript/smtp"
	"github.com/mailscript/mailscript/smtp/server"
)

// Options says where mail is kept. Dir is required.
type Options struct {
	// Dir is the Maildir. It and its folders are made where they are missing.
	Dir string
	// Now is the clock of file names and Received headers; the system's by default.
	// Certificates keep to the system's clock, as those who verify them do.
	Now func() time.Time
	// Random makes file names unique; crypto/rand by default. Reads come one at a time.
	Random io.Reader
}

func (o Options) withDefaults() Options {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Random == nil {
		o.Random = rand.Reader
	}
	return o
}

const (
	// connectTime bounds the making of a connection when the context has no deadline.
	connectTime = 10 * time.Second
	// closeGrace is what a message on its way gets when the sink closes.
	closeGrace = 2 * time.Second
	// errorLimit is generous: scripts rehearse what servers refuse.
	errorLimit = 100
)

// Sink catches mail. Its methods may be called from several goroutines.
type Sink struct {
	mailbox *maildir
	issuer  issuer
	count   atomic.Int64

	ctx    context.Context // ends with Close, and with it the service of every connection
	cancel context.CancelFunc

	mu          sync.Mutex
	closed      bool
	connections sync.WaitGroup
}

// Open makes the Maildir. Listeners and keys are made when they are needed.
func Open(opts Options) (*Sink, error) {
	if opts.Dir == "" {
		return nil, errors.New("sink: no folder given for the mail")
	}
	opts = opts.withDefaults()
	mailbox, err := openMaildir(opts.Dir, opts.Now, opts.Random)
	if err != nil {
		return nil, fmt.Errorf("sink: %w", err)
	}
	s := &Sink{mailbox: mailbox}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	return s, nil
}

// Dir is the absolute path of the Maildir.
func (s *Sink) Dir() string { return s.mailbox.dir }

// Count is the number of messages caught since Open.
func (s *Sink) Count() int { return int(s.count.Load()) }

// RootCAs holds the authority that signs the certificates of this sink. The pool is
// empty when no key could be made, which Dial reports.
func (s *Sink) RootCAs() *x509.CertPool {
	pool := x509.NewCertPool()
	if root, err := s.issuer.root(); err == nil {
		pool.AddCert(root.certificate)
	}
	return pool
}

// Dial connects to the sink as if it were host and port, without DNS and without
// a proxy: the sink answers under the name host, with TLS as mode asks and a
// certificate for host. STARTTLS is offered to smtp.TLSStartTLS and
// smtp.TLSOpportunistic. AUTH takes every credential; in clear text it is offered
// with smtp.TLSOff only. The name must be ASCII, an IDN its A-labels, as on the wire.
//
// What the connection does is up to the caller, TLS included; ctx ends with Dial.
func (s *Sink) Dial(ctx context.Context, host string, port int, mode smtp.TLSMode) (net.Conn, error) {
	conn, err := s.dial(ctx, host, port, mode)
	if err != nil {
		return nil, fmt.Errorf("sink: dial %s: %w", net.JoinHostPort(host, fmt.Sprint(port)), err)
	}
	return conn, nil
}

func (s *Sink) dial(ctx context.Context, host string, port int, mode smtp.TLSMode) (net.Conn, error) {
	if port < 1 || port > 65535 {
		return nil, errors.New("port out of range")
	}
	name, err := parseHost(host)
	if err != nil {
		return nil, err
	}
	service, err := s.service(name, mode)
	if err != nil {
		return nil, err
	}
	if err := s.enter(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, connectTime)
	defer cancel()
	defer context.AfterFunc(s.ctx, cancel)()
	client, accepted, err := connect(ctx)
	if err != nil {
		s.connections.Done()
		return nil, err
	}
	go func() {
		defer s.connections.Done()
		// How a session ends is the client's to tell; the sink counts messages.
		_ = server.Serve(s.ctx, service.wrap(accepted), service.config)
	}()
	return client, nil
}

// enter counts one connection, unless the sink is closed.
func (s *Sink) enter() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return net.ErrClosed
	}
	s.connections.Add(1)
	return nil
}

// Close ends every connection: idle ones at once, one with a message on its way
// within two seconds. It returns when the last has ended. The mail stays.
func (s *Sink) Close() error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.cancel()
	s.connections.Wait()
	return nil
}
