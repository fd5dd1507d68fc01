package probe

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"strings"
	"time"

	"github.com/mailscript/mailscript/smtp"
)

// attempt is one try to be greeted, with TLS from the first byte or in clear
// text.
type attempt struct {
	mode    smtp.TLSMode // TLSImplicit, or one that begins in clear text
	session *smtp.Session
	err     error
}

// headStart is how long the likelier way has before the other is tried beside
// it: a server that waits for TLS says nothing to who waits for a greeting.
func (p *prober) headStart() time.Duration { return min(p.Timeout/4, 3*time.Second) }

// expected is the TLS mode that a session would be connected with.
func (p *prober) expected() smtp.TLSMode {
	switch {
	case p.Connection.TLS != "":
		return p.Connection.TLS
	case p.Connection.Socket != "":
		return smtp.TLSOff
	case p.Connection.Port == smtp.PortSubmissions:
		return smtp.TLSImplicit
	}
	return smtp.TLSStartTLS
}

// open finds out whether the server begins with TLS or in clear text, whatever
// its port suggests.
func (p *prober) open(ctx context.Context) attempt {
	ctx, cancel := context.WithCancel(ctx)
	answers := make(chan attempt, 2)
	begin := func(mode smtp.TLSMode) {
		o := p.Connection
		o.TLS = mode
		go func() {
			s, err := smtp.Dial(ctx, o)
			answers <- attempt{mode, s, err}
		}()
	}
	likely, other := p.expected(), smtp.TLSImplicit
	if likely == smtp.TLSImplicit {
		other = smtp.TLSStartTLS
	}
	begin(likely)
	running := 1
	timer := time.NewTimer(p.headStart())
	defer timer.Stop()
	var failed []attempt
	for {
		select {
		case <-timer.C:
			if other != "" {
				begin(other)
				other, running = "", running+1
			}
			continue
		case a := <-answers:
			running--
			if !a.conclusive() {
				failed = append(failed, a)
				if other != "" {
					begin(other)
					other, running = "", running+1
				}
				if running > 0 {
					continue
				}
				a = worse(failed, likely)
			}
			cancel()
			for range running {
				if late := <-answers; late.session != nil {
					late.session.Close()
				}
			}
			return a
		}
	}
}

// worse is the attempt to tell of where neither got anywhere: the likely one,
// unless it only said that the other should have worked.
func worse(failed []attempt, likely smtp.TLSMode) attempt {
	for _, a := range failed {
		misled := errors.Is(a.err, smtp.ErrPlaintext) || errors.Is(a.err, smtp.ErrUnexpectedTLS)
		if (a.mode == likely) != misled {
			return a
		}
	}
	return failed[0]
}

// conclusive reports whether the attempt says which way the server speaks, or
// that it does not matter.
func (a attempt) conclusive() bool {
	var fault *smtp.Error
	if !errors.As(a.err, &fault) {
		return true
	}
	switch fault.Kind {
	case smtp.KindTLS:
		return a.spokeTLS()
	case smtp.KindTimeout, smtp.KindLost:
		return strings.HasPrefix(fault.Command, "connect")
	case smtp.KindProtocol:
		return false
	}
	return true
}

// spokeTLS reports whether the server took part in a handshake, whatever came
// of it.
func (a attempt) spokeTLS() bool {
	if a.mode != smtp.TLSImplicit {
		return false
	}
	var refused *smtp.CertificateError
	var op *net.OpError
	var alert tls.AlertError
	var fault *smtp.Error
	greeted := errors.As(a.err, &fault) && fault.Kind == smtp.KindGreeting
	return a.err == nil || greeted || errors.As(a.err, &refused) || errors.As(a.err, &alert) ||
		errors.Is(a.err, smtp.ErrOldTLS) || errors.Is(a.err, smtp.ErrClientCertificate) ||
		errors.As(a.err, &op) && op.Op == "remote error"
}
