package smtp

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
)

// Kind says at which point something went wrong.
type Kind string

const (
	KindArgument Kind = "argument" // the caller asked for something that cannot be sent
	KindDNS      Kind = "dns"      // the host name has no address
	KindConnect  Kind = "connect"  // no TCP connection
	KindTLS      Kind = "tls"      // handshake or certificate
	KindGreeting Kind = "greeting" // the server does not want to talk to us
	KindAuth     Kind = "auth"     // credentials refused, or none of the mechanisms fit
	KindRefused  Kind = "refused"  // a command that must succeed was refused, or is not offered
	KindTimeout  Kind = "timeout"  // no answer in time
	KindLost     Kind = "lost"     // the connection ended
	KindProtocol Kind = "protocol" // the server broke the protocol
	KindFile     Kind = "file"     // the message could not be read to its end
	KindClosed   Kind = "closed"   // the session was closed, or broke earlier
)

// Error is what prevented an answer, or a refusal of something that must
// succeed for the session to be of use.
type Error struct {
	Kind Kind
	// Command is what was being done, such as "RCPT TO:<bob@example.org>",
	// "connect mail.example.org:587" or "greeting".
	Command string
	// Reply is the refusing reply, nil where there was none.
	Reply *Reply
	// Err is the cause where it was not a reply.
	Err error
	// InDoubt is true where the end of a message had been written: it may have
	// been delivered. Trying again may deliver it twice.
	InDoubt bool
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("smtp: ")
	if e.Command != "" {
		b.WriteString(e.Command)
		b.WriteString(": ")
	}
	switch {
	case e.Reply != nil && e.Err != nil:
		fmt.Fprintf(&b, "%v: %v", e.Err, *e.Reply)
	case e.Reply != nil:
		b.WriteString(e.Reply.String())
	default:
		b.WriteString(cause(e.Err))
	}
	if e.InDoubt {
		b.WriteString("; the end of the message was written, so it may have been delivered")
	}
	return b.String()
}

func (e *Error) Unwrap() error { return e.Err }

// Temporary reports whether doing the same again may succeed. It is false for a
// message in doubt, so that no retry loop sends it twice.
func (e *Error) Temporary() bool {
	if e.InDoubt {
		return false
	}
	if e.Reply != nil {
		return e.Reply.Temporary()
	}
	switch e.Kind {
	case KindTimeout, KindLost, KindConnect, KindProtocol:
		return true
	case KindDNS:
		var dns *net.DNSError
		return errors.As(e.Err, &dns) && !dns.IsNotFound
	}
	return false
}

// Sentinels, for errors.Is.
var (
	// ErrClosed is the cause where the session was closed by its owner.
	ErrClosed = errors.New("the session is closed")
	// ErrBroken is the cause where an earlier fault ended the session.
	ErrBroken = errors.New("the connection broke earlier")
	// ErrSurplus is the cause where the server sent more than it was asked for.
	ErrSurplus = errors.New("the server sent bytes nobody asked for")
	// ErrNotOffered is the cause where a needed extension is missing.
	ErrNotOffered = errors.New("not offered by the server")
	// ErrLimit is the cause where the server takes no more on this connection, and
	// has said so before (RFC 9422).
	ErrLimit = errors.New("the server takes no more on this connection")
	// ErrClearText is the cause where credentials would have crossed an
	// unencrypted connection.
	ErrClearText = errors.New("credentials are not sent over an unencrypted connection")
	// ErrPlaintext is the cause where the server answers a TLS handshake in clear
	// text; see PlaintextError for what it said.
	ErrPlaintext = errors.New("the server speaks clear text where TLS was expected")
	// ErrUnexpectedTLS is the reverse: TLS came where a reply was expected. Most
	// such servers say nothing at all, which ends in a timeout of the greeting.
	ErrUnexpectedTLS = errors.New("the server speaks TLS where clear text was expected")
	// ErrHungUp is the cause where the server ended the connection. No error of
	// this package is io.EOF, which is how sources and streams end well.
	ErrHungUp = errors.New("the server ended the connection")
	// ErrOldTLS is the cause where the server has no TLS version that is safe.
	ErrOldTLS = errors.New("the server has no TLS newer than version 1.1")
	// ErrClientCertificate is the cause where the server refused the client's
	// certificate, or refused to go on without one.
	ErrClientCertificate = errors.New("the server did not accept the client's certificate, or wants one")
)

// cause words an i/o error for a reader who does not know Go's.
func cause(err error) string {
	if err == nil {
		return "unknown cause"
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded) {
		return "no answer in time"
	}
	var through *ProxyError
	if errors.As(err, &through) {
		return "proxy " + through.Address + ": " + cause(through.Err)
	}
	var op *net.OpError
	if errors.As(err, &op) && op.Err != nil && !isAlert(op) {
		var system *os.SyscallError
		if errors.As(op.Err, &system) {
			return system.Err.Error()
		}
		return op.Err.Error()
	}
	return err.Error()
}

// isAlert reports whether an error of crypto/tls stands for an alert, which
// may arrive with the first read after the handshake (TLS 1.3 refuses a client
// certificate that way).
func isAlert(op *net.OpError) bool {
	return op.Op == "remote error" || op.Op == "local error"
}

// kindOf classes an i/o error. ctx is the context of the operation: where it
// ended, its cause is what happened.
func kindOf(ctx context.Context, err error) (Kind, error) {
	if ctx.Err() != nil {
		return KindLost, context.Cause(ctx)
	}
	var (
		dns     *net.DNSError
		op      *net.OpError
		timeout net.Error
		record  tls.RecordHeaderError
		refused *CertificateError
		clear   *PlaintextError
	)
	switch {
	case err == io.EOF, err == io.ErrUnexpectedEOF:
		return KindLost, ErrHungUp
	case errors.As(err, &dns):
		return KindDNS, err
	case errors.As(err, &record), errors.As(err, &refused), errors.As(err, &clear):
		return KindTLS, err
	case errors.As(err, &op) && isAlert(op):
		// Where the certificate of a client is refused, TLS 1.3 says so only with
		// the first read behind the handshake (RFC 8446, section 4.4.2.4).
		if isRemoteAlert(err, certificateAlerts[:]...) {
			err = &causedError{ErrClientCertificate, err}
		}
		return KindTLS, err
	case errors.As(err, &timeout) && timeout.Timeout():
		return KindTimeout, err
	case errors.As(err, &op) && op.Op == "dial":
		return KindConnect, err
	}
	return KindLost, err
}
