package smtp

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"time"
)

// handshake puts TLS over the connection. Verification is always on, and always
// whole: without a session cache no earlier connection vouches for this one.
func (s *Session) handshake(ctx context.Context, command string) error {
	// With implicit TLS, whatever has come is the server's first word, and the
	// handshake finds out what it is.
	if s.options.TLS != TLSImplicit {
		if err := s.wire.quiet(command); err != nil {
			return err
		}
	}
	heard := &underTLS{Conn: s.wire.conn}
	asked := false // for a certificate of the client
	conn := tls.Client(heard, &tls.Config{
		ServerName: s.options.verifiedHost(),
		RootCAs:    s.options.RootCAs,
		MinVersion: tls.VersionTLS12,
		// Small records first, for pages that show early, only cost here.
		DynamicRecordSizingDisabled: true,
		VerifyConnection:            s.options.verifyConnection,
		GetClientCertificate: func(request *tls.CertificateRequestInfo) (*tls.Certificate, error) {
			asked = true
			return s.options.clientCertificate(request), nil
		},
	})
	err := s.wire.within(ctx, s.options.Timeouts.Handshake, bothDeadlines, conn.Handshake)
	if err != nil {
		if asked && isRemoteAlert(err, alertHandshakeFailure) {
			// TLS 1.2 has no alert of its own for it (RFC 5246, section 7.4.6).
			err = &causedError{ErrClientCertificate, err}
		}
		fault := s.wire.fail(ctx, command, s.options.explain(err, conn.ConnectionState(), heard.text))
		if fault.Kind == KindLost && ctx.Err() == nil {
			fault.Kind = KindTLS
		}
		return fault
	}
	heard.text, heard.done = nil, true
	s.wire.use(conn)
	s.wire.below = heard
	state := conn.ConnectionState()
	s.tls = &state
	s.log.notef("%s, %s, certificate of %s", tls.VersionName(state.Version), tls.CipherSuiteName(state.CipherSuite), certificateName(state))
	return nil
}

func certificateName(state tls.ConnectionState) string {
	leaf := state.PeerCertificates[0]
	if names := certificateNames(leaf); len(names) > 0 {
		return strings.Join(names[:min(len(names), shownNames)], ", ")
	}
	return oneLine(leaf.Subject.String())
}

// verifyConnection looks at what the verifier of crypto/tls, which has passed
// the certificate before, does not: sizes of keys, the stapled answer about the server's, and pins.
func (o Options) verifyConnection(state tls.ConnectionState) error {
	c := chain{host: o.verifiedHost(), sent: state.PeerCertificates, now: time.Now()}
	good, err := c.acceptable(state.VerifiedChains)
	if err == nil {
		err = c.revoked(state.OCSPResponse, good)
	}
	switch {
	case err != nil:
		return err
	case !pinned(o.Pins, good):
		return c.fault(ProblemPin, c.sent[0], nil)
	}
	return nil
}

// explain words the failure of a handshake for somebody who has to do something
// about it. text is the first that the server said.
func (o Options) explain(err error, state tls.ConnectionState, text []byte) error {
	var record tls.RecordHeaderError
	switch {
	case errors.As(err, &record):
		if said, ok := readableText(text); ok {
			return &PlaintextError{Said: said, Err: err}
		}
	case isRemoteAlert(err, alertProtocolVersion):
		return &causedError{ErrOldTLS, err}
	case errors.Is(err, ErrClientCertificate):
		return err
	case isRemoteAlert(err, certificateAlerts[:]...):
		return &causedError{ErrClientCertificate, err}
	case strings.Contains(err.Error(), "unsupported protocol version"):
		return &causedError{ErrOldTLS, err}
	case errors.Is(err, io.EOF):
		// RFC 8446, section 6.1, would have it say why.
		return errors.New("the server ended the connection within the handshake")
	}
	return o.refused(err, state)
}

// PlaintextError is the cause where TLS was expected and the server answered in
// clear text: the port is not one for implicit TLS, or the 220 to STARTTLS was
// not meant. It is ErrPlaintext.
type PlaintextError struct {
	// Said is what it said, its first line, safe to print.
	Said string
	Err  error
}

func (e *PlaintextError) Error() string        { return fmt.Sprintf(`%v: it said "%s"`, ErrPlaintext, e.Said) }
func (e *PlaintextError) Is(target error) bool { return target == ErrPlaintext }
func (e *PlaintextError) Unwrap() error        { return e.Err }

// causedError is a sentinel with what led to it.
type causedError struct{ sentinel, why error }

func (e *causedError) Error() string {
	return fmt.Sprintf("%v (%s)", e.sentinel, detail(e.why))
}
func (e *causedError) Unwrap() []error { return []error{e.sentinel, e.why} }

// Alerts of RFC 8446, section 6, by which a server refuses a version, or the
// client's certificate.
const (
	alertHandshakeFailure tls.AlertError = 40
	alertProtocolVersion  tls.AlertError = 70
)

var certificateAlerts = [...]tls.AlertError{
	42,  // bad_certificate
	43,  // unsupported_certificate
	44,  // certificate_revoked
	45,  // certificate_expired
	46,  // certificate_unknown
	48,  // unknown_ca
	49,  // access_denied
	116, // certificate_required
}

// isRemoteAlert reports whether the server sent one of these alerts. The type
// that crypto/tls has for them is not exported; its text is that of AlertError.
func isRemoteAlert(err error, alerts ...tls.AlertError) bool {
	var op *net.OpError
	if !errors.As(err, &op) || op.Op != "remote error" || op.Err == nil {
		return false
	}
	return slices.ContainsFunc(alerts, func(a tls.AlertError) bool { return a.Error() == op.Err.Error() })
}

// clientCertificate is the first that fits what the server asks for.
func (o Options) clientCertificate(request *tls.CertificateRequestInfo) *tls.Certificate {
	for i := range o.Certificates {
		if request.SupportsCertificate(&o.Certificates[i]) == nil {
			return &o.Certificates[i]
		}
	}
	return &tls.Certificate{}
}

// tlsRecord reports whether bytes that should be a reply are the beginning of a
// TLS alert or handshake record (RFC 8446, section 5.1).
func tlsRecord(p []byte) bool {
	return len(p) >= 3 && (p[0] == 21 || p[0] == 22) && p[1] == 3 && p[2] <= 4
}

// maxFirstWords is how much of what a server says is kept for an explanation.
const maxFirstWords = 256

// underTLS is the connection that TLS uses. It remembers the first that is read
// from it, and can gather the records of one write into one, because crypto/tls
// writes each on its own.
type underTLS struct {
	net.Conn
	text []byte
	done bool

	// A reader beside the writer writes too, where TLS has to answer: records stay
	// in the order they were made in.
	mu      sync.Mutex
	gathers bool
	records []byte
}

func (b *underTLS) Read(p []byte) (int, error) {
	n, err := b.Conn.Read(p)
	if room := maxFirstWords - len(b.text); !b.done && room > 0 {
		b.text = append(b.text, p[:min(n, room)]...)
	}
	return n, err
}

func (b *underTLS) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.gathers {
		b.records = append(b.records, p...)
		return len(p), nil
	}
	return b.Conn.Write(p)
}

// writeAtOnce writes p over TLS with one write below.
func (b *underTLS) writeAtOnce(over net.Conn, p []byte) error {
	b.mu.Lock()
	b.gathers, b.records = true, b.records[:0]
	b.mu.Unlock()
	_, err := over.Write(p)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.gathers = false
	if err == nil {
		_, err = b.Conn.Write(b.records)
	}
	return err
}

// readableText is the first line of a text, and whether it is one.
func readableText(p []byte) (line string, ok bool) {
	line, _, _ = strings.Cut(string(p), "\n")
	line = strings.TrimRight(line, "\r")
	if len(line) < 3 {
		return "", false
	}
	for _, c := range []byte(line[:3]) {
		if c < ' ' || c > '~' {
			return "", false
		}
	}
	return strings.TrimSpace(oneLine(line)), true
}
