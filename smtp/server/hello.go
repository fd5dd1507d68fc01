package server

import (
	"fmt"
	"strings"
	"time"
)

// hello is EHLO and HELO: RFC 5321, section 4.1.1.1. Either forgets the
// transaction, as RSET does (section 4.1.4).
func (s *session) hello(c command) {
	name, rest, _ := strings.Cut(c.argument, " ")
	switch {
	case name == "":
		s.fail(Reply{501, "5.5.4", c.verb + " needs the name of the client"})
		return
	case len(name) > maxDomain || rest != "" && c.verb == "EHLO":
		s.fail(Reply{501, "5.5.4", "not a domain or an address literal"})
		return
	}
	s.reset()
	s.peer.Hello = name
	s.peer.Extended = c.verb == "EHLO"
	if !s.peer.Extended {
		s.reply(replyPlain, Reply{250, "", s.config.Hostname})
		return
	}
	s.reply(replyPlain, Reply{250, "", strings.Join(append([]string{s.config.Hostname}, s.keywords()...), "\n")})
}

// keywords is what EHLO announces at this moment.
func (s *session) keywords() []string {
	var list []string
	for _, extension := range []Extension{Pipelining, Size, EightBitMIME, SMTPUTF8, Chunking,
		BinaryMIME, DSN, DeliverBy, FutureRelease, Priority, RequireTLS, EnhancedStatusCodes, StartTLS, Auth} {
		if !s.offers(extension) {
			continue
		}
		keyword := string(extension)
		switch extension {
		case Size:
			keyword = fmt.Sprintf("%s %d", Size, s.config.Limits.MessageSize)
		case Auth:
			keyword = fmt.Sprintf("%s %s", Auth, strings.Join(s.config.Mechanisms, " "))
		case FutureRelease: // RFC 4865, section 4
			latest := time.Now().Add(holdLimit * time.Second).UTC().Format(time.RFC3339)
			keyword = fmt.Sprintf("%s %d %s", FutureRelease, holdLimit, latest)
		}
		list = append(list, keyword)
	}
	return list
}

// offers adds to the configuration what the state of the session decides.
func (s *session) offers(extension Extension) bool {
	switch extension {
	case StartTLS: // RFC 3207, section 4.2: not under TLS
		return s.config.offers(extension) && s.peer.TLS == nil
	case RequireTLS:
		return s.config.offers(extension) && s.peer.TLS != nil
	case Auth:
		return s.config.offers(extension) && (s.peer.TLS != nil || s.config.AuthInClear)
	}
	return s.config.offers(extension)
}

// extended tells whether the parameters of an extension may be used: it is
// offered, and the client has said EHLO.
func (s *session) extended(extension Extension) bool {
	return s.peer.Extended && s.offers(extension)
}
