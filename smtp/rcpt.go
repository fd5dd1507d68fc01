package smtp

import (
	"context"
	"strings"
)

// RcptOptions are the parameters of RCPT (RFC 3461).
type RcptOptions struct {
	// Notify says when to send a notice: "never", or any of "success",
	// "failure", "delay". Empty leaves it to the server.
	Notify []string
	// Original is ORCPT, the address the sender meant, such as
	// "rfc822;ann@example.org".
	Original string
}

// Rcpt adds a recipient.
func (s *Session) Rcpt(ctx context.Context, address string, options RcptOptions) (Reply, error) {
	text, err := s.rcptLine(address, options)
	if err != nil {
		return Reply{}, err
	}
	return s.Command(ctx, text)
}

// Data asks for permission to send the message. After a 354, Body must follow.
func (s *Session) Data(ctx context.Context) (Reply, error) {
	return s.Command(ctx, "DATA")
}

func (s *Session) rcptLine(address string, o RcptOptions) (string, error) {
	s.words = s.words[:0]
	err := s.wordRcpt(address, o)
	return string(s.words), err
}

// wordRcpt words RCPT behind what the session's words hold already.
func (s *Session) wordRcpt(address string, o RcptOptions) error {
	p := s.parameters("RCPT", "TO", address)
	p.fail(checkMailbox(address))
	if len(o.Notify) > 0 {
		words := make([]string, len(o.Notify))
		for i, word := range o.Notify {
			words[i] = strings.ToUpper(word)
			switch words[i] {
			case "SUCCESS", "FAILURE", "DELAY":
			case "NEVER":
				// RFC 3461, section 4.1: NEVER stands alone.
				if len(o.Notify) > 1 {
					p.refuse(`notify "never" must stand alone`)
				}
			default:
				p.refuse(`notify %q is none of "never", "success", "failure", "delay"`, word)
			}
		}
		p.add("DSN", "NOTIFY="+strings.Join(words, ","))
	}
	if o.Original != "" {
		kind, original, found := strings.Cut(o.Original, ";")
		if !found || !validLocalName(kind) || len(o.Original) > 500 || !printableASCII(original) {
			p.refuse(`the original recipient must look like "rfc822;ann@example.org"`)
		}
		p.add("DSN", "ORCPT="+kind+";"+xtext(original))
	}
	return p.err
}
