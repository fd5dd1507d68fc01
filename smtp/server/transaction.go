package server

import (
	"errors"
	"slices"
)

// mail is MAIL: RFC 5321, section 4.1.1.2.
func (s *session) mail(c command) {
	switch {
	case s.peer.Hello == "":
		s.outOfOrder("EHLO first")
		return
	case s.transaction != nil:
		s.outOfOrder("a transaction is open")
		return
	}
	s.refused = false
	sender, bad := s.parseSender(c.argument)
	if bad != (Reply{}) {
		s.refuse(bad)
		return
	}
	// The reply may quote the address, which needs the transaction for its charset.
	s.transaction = &transaction{envelope: Envelope{Sender: sender}}
	reply := s.config.Handler.Mail(s.ctx, s.peer, sender).or(Reply{250, "2.1.0", "sender ok"})
	s.answer(reply)
	if !reply.Positive() {
		s.transaction = nil
		s.refused = true
	}
}

// refuse answers a MAIL or RCPT that cannot even be judged. A message that is too
// large for us, or an address our offers exclude, is no malformed command.
func (s *session) refuse(bad Reply) {
	s.refused = true
	if bad.Code == 552 || bad.Code == 553 {
		s.answer(bad)
		return
	}
	s.fail(bad)
}

func (s *session) parseSender(argument string) (Sender, Reply) {
	path, rest, err := cutPath(argument, "FROM:")
	if err != nil {
		return Sender{}, Reply{501, "5.5.4", "want MAIL FROM:<address>"}
	}
	sender := Sender{}
	parameters, ok := parseParameters(rest)
	if !ok {
		return Sender{}, replyBadParameter
	}
	for _, p := range parameters {
		if bad := s.senderParameter(&sender, p); bad != (Reply{}) {
			return Sender{}, bad
		}
	}
	if !isASCII(rest) {
		return Sender{}, replyBadParameter
	}
	sender.Address, err = s.address(path, reversePath, sender.UTF8)
	switch {
	case errors.Is(err, errPathUTF8):
		return Sender{}, Reply{553, "5.6.7", err.Error()} // RFC 6531, section 3.5
	case err != nil:
		return Sender{}, Reply{501, "5.1.7", "malformed sender address"}
	}
	return sender, Reply{}
}

// address is parsePath with the rule that UTF-8 needs a transaction with SMTPUTF8.
func (s *session) address(path string, kind pathKind, allowUTF8 bool) (string, error) {
	if !allowUTF8 && !isASCII(path) {
		return "", errPathUTF8
	}
	return parsePath(path, kind)
}

// rcpt is RCPT: RFC 5321, section 4.1.1.3.
func (s *session) rcpt(c command) {
	switch {
	case s.transaction == nil:
		s.outOfOrder("MAIL first")
		return
	case s.transaction.chunked:
		s.outOfOrder("the message has begun")
		return
	}
	envelope := &s.transaction.envelope
	recipient, bad := s.parseRecipient(c.argument, envelope.Sender.UTF8)
	switch {
	case bad != (Reply{}):
		s.refuse(bad)
		return
	case len(envelope.Recipients) >= s.config.Limits.Recipients:
		// RFC 5321, section 4.5.3.1.10: 452, and the ones before stay.
		s.refused = true
		s.answer(Reply{452, "4.5.3", "too many recipients"})
		return
	}
	// The handler may keep the envelope: what it got is never appended to.
	given := Envelope{envelope.Sender, slices.Clip(envelope.Recipients)}
	reply := s.config.Handler.Rcpt(s.ctx, s.peer, given, recipient).or(Reply{250, "2.1.5", "recipient ok"})
	s.answer(reply)
	if !reply.Positive() {
		s.refused = true
		return
	}
	envelope.Recipients = append(envelope.Recipients, recipient)
}

func (s *session) parseRecipient(argument string, allowUTF8 bool) (Recipient, Reply) {
	path, rest, err := cutPath(argument, "TO:")
	if err != nil {
		return Recipient{}, Reply{501, "5.5.4", "want RCPT TO:<address>"}
	}
	recipient := Recipient{}
	recipient.Address, err = s.address(path, forwardPath, allowUTF8)
	switch {
	case errors.Is(err, errPathUTF8):
		return Recipient{}, Reply{553, "5.6.7", err.Error()}
	case err != nil:
		return Recipient{}, Reply{501, "5.1.3", "malformed recipient address"}
	}
	parameters, ok := parseParameters(rest)
	if !ok || !allowUTF8 && !isASCII(rest) {
		return Recipient{}, replyBadParameter
	}
	for _, p := range parameters {
		if bad := s.recipientParameter(&recipient, p); bad != (Reply{}) {
			return Recipient{}, bad
		}
	}
	return recipient, Reply{}
}
