package probe

import (
	"context"
	"errors"
	"fmt"

	"github.com/mailscript/mailscript/smtp"
)

// prober asks one target.
type prober struct {
	Options
	target Target
	// session is open and greeted with EHLO; nil where there is none.
	session *smtp.Session
	// refused is set where session goes over TLS that was not verified, and
	// inClear where it was to be encrypted and could not be.
	refused, inClear bool
}

// examine fills the target.
func (p *prober) examine(ctx context.Context) {
	p.target.Capabilities, p.target.Findings, p.target.Auth.Mechanisms = []Capability{}, []Finding{}, []Mechanism{}
	opened := p.open(ctx)
	switch {
	case opened.spokeTLS():
		p.implicit(ctx, opened)
	case opened.err != nil:
		p.fail(opened.err)
		p.noteGreeting(opened.err)
		return
	default:
		p.clear(ctx, opened.session)
	}
	p.judgeMode()
	if p.target.Mode == smtp.TLSOff && !p.session.Capabilities().Has("STARTTLS") {
		p.notEncrypted()
	}
	if p.session == nil && p.target.Greeting != "" && p.target.TLS == nil {
		return // it does not want to talk
	}
	p.oldVersions(ctx)
	if p.session == nil {
		return
	}
	if p.target.Greeting == "" {
		p.target.Greeting = p.session.Greeting().String()
	}
	offered := p.session.Capabilities()
	p.target.Capabilities = describe(offered)
	p.judgeAuth(offered)
	p.limits(offered)
	p.pipelining(ctx, offered)
	p.chunking(ctx, offered)
}

// implicit goes on where TLS came first.
func (p *prober) implicit(ctx context.Context, opened attempt) {
	p.target.Mode = smtp.TLSImplicit
	if opened.err != nil {
		p.fail(opened.err)
		if p.noteGreeting(opened.err); p.target.Greeting == "" {
			p.lookBehind(ctx)
		}
		return
	}
	p.target.Greeting = opened.session.Greeting().String()
	p.describeTLS(*opened.session.TLS(), verifiedChain)
	p.hello(ctx, opened.session)
}

// clear goes on where the server greeted in clear text.
func (p *prober) clear(ctx context.Context, s *smtp.Session) {
	p.target.Greeting = s.Greeting().String()
	if !p.hello(ctx, s) {
		return
	}
	offered := s.Capabilities()
	starts := offered.Has("STARTTLS")
	if !starts || p.Connection.Socket != "" && p.expected() == smtp.TLSOff {
		p.target.Mode = smtp.TLSOff
		p.target.Auth.InClear = offered.Mechanisms()
		return
	}
	p.target.Mode = smtp.TLSStartTLS
	p.target.InClear, p.target.Auth.InClear = describe(offered), offered.Mechanisms()
	_, err := s.StartTLS(ctx)
	if err == nil {
		p.describeTLS(*s.TLS(), verifiedChain)
		return
	}
	s.Close()
	p.session = nil
	p.fail(err)
	if p.Connection.TLS == smtp.TLSOff {
		p.target.Findings[len(p.target.Findings)-1].Severity = Note // nobody meant to use it
	}
	var fault *smtp.Error
	if errors.As(err, &fault) && fault.Kind == smtp.KindRefused {
		p.inClear = true
		p.session, _ = p.connect(ctx)
		return
	}
	p.lookBehind(ctx)
}

// hello makes s the session, if the server lets it say EHLO.
func (p *prober) hello(ctx context.Context, s *smtp.Session) bool {
	if _, err := s.Ehlo(ctx, ""); err != nil {
		p.fail(err)
		s.Close()
		return false
	}
	p.session = s
	return true
}

// noteGreeting keeps the reply of a server that does not want to talk.
func (p *prober) noteGreeting(err error) {
	var fault *smtp.Error
	if errors.As(err, &fault) && fault.Kind == smtp.KindGreeting && fault.Reply != nil {
		p.target.Greeting = fault.Reply.String()
	}
}

// lookBehind goes on without verification where a handshake failed.
func (p *prober) lookBehind(ctx context.Context) {
	s, state, err := p.behindRefused(ctx)
	if len(state.PeerCertificates) > 0 {
		p.describeTLS(state, refusedChain)
	}
	if err == nil {
		p.session, p.refused = s, true
	}
}

// connect opens another session like the one at hand.
func (p *prober) connect(ctx context.Context) (*smtp.Session, error) {
	if p.refused {
		s, _, err := p.behindRefused(ctx)
		return s, err
	}
	o := p.Connection
	o.TLS = p.target.Mode
	if p.inClear {
		o.TLS = smtp.TLSOff
	}
	return smtp.Connect(ctx, o)
}

// usable is the session, or another where it broke.
func (p *prober) usable(ctx context.Context) (*smtp.Session, error) {
	if p.session.Usable() == nil {
		return p.session, nil
	}
	s, err := p.connect(ctx)
	if err == nil {
		p.session = s
	}
	return s, err
}

// judgeMode compares the mode that fits with the one that was asked for, or that
// everybody expects of the port.
func (p *prober) judgeMode() {
	expected, found := p.expected(), p.target.Mode
	if found == "" {
		return
	}
	wellKnown := false
	for _, port := range usualPorts {
		wellKnown = wellKnown || port == p.Connection.Port
	}
	if p.Connection.TLS == "" && !wellKnown {
		return
	}
	if expected == smtp.TLSOff && found == smtp.TLSStartTLS && p.target.TLS != nil && p.target.TLS.Verified {
		p.find(Finding{Severity: Warning, Name: "encryption-unused", What: "STARTTLS works here, and tls = \"off\" does not use it",
			Cause:  "the account was written for another server, or before this one could encrypt",
			Action: "use it: everything would cross the network readable", Config: `tls = "starttls"`})
		return
	}
	what := "the server begins in clear text, where TLS from the first byte is expected"
	switch {
	case expected == smtp.TLSImplicit && found != smtp.TLSImplicit:
	case expected != smtp.TLSImplicit && found == smtp.TLSImplicit:
		what = "the server speaks TLS from the first byte, where clear text is expected"
	default:
		return
	}
	f := Finding{Severity: Error, Name: "tls-mode", What: what,
		Cause:  fmt.Sprintf("the server is set up otherwise than is usual on port %d", p.Connection.Port),
		Action: "tell mailscript how this server begins, or use another port",
		Config: fmt.Sprintf("tls = %q", found),
	}
	if p.Connection.TLS != "" {
		f.Cause = fmt.Sprintf("tls = %q does not fit this port", p.Connection.TLS)
	}
	p.find(f)
}

// notEncrypted is a server without STARTTLS.
func (p *prober) notEncrypted() {
	f := Finding{Severity: Error, Name: "not-encrypted", What: "STARTTLS is not offered: nothing is encrypted on this port",
		Cause:  "the server has no certificate set up, or something on the way removes STARTTLS",
		Action: "use port 465 if the server has it; without encryption everybody on the way can read and change the mail",
		Config: `tls = "off"`,
	}
	if p.isLocal() {
		f.Severity, f.Cause = Note, "the server has no certificate set up, which is usual on the same machine"
		f.Action = "nothing leaves this machine unencrypted; tell mailscript that it is meant so"
	}
	switch {
	case p.Connection.TLS == smtp.TLSOff && f.Severity == Note:
		return // as it is meant
	case p.Connection.TLS == smtp.TLSOff:
		f.Config = ""
	case p.Connection.TLS == smtp.TLSOpportunistic && f.Severity == Error:
		f.Severity, f.Config = Warning, ""
	}
	p.find(f)
}
