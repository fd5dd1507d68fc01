package smtp

import (
	"context"
	"fmt"
	"strconv"
	"strings"
)

// BodyType is the BODY parameter of MAIL (RFC 6152, RFC 3030).
type BodyType string

const (
	Body7Bit   BodyType = "7BIT"
	Body8Bit   BodyType = "8BITMIME"
	BodyBinary BodyType = "BINARYMIME"
)

// MailOptions are the parameters of MAIL. What the server does not offer is an
// error, never dropped.
type MailOptions struct {
	Size       int64     // SIZE, octets; 0 says nothing (RFC 1870)
	Body       BodyType  // BODY; "" says nothing
	UTF8       bool      // SMTPUTF8: addresses or header fields hold UTF-8 (RFC 6531)
	Return     DSNReturn // RET: how much of the message a notice returns (RFC 3461)
	EnvelopeID string    // ENVID: comes back in notices (RFC 3461)
}

// DSNReturn is how much of a message a delivery status notification returns.
type DSNReturn string

const (
	ReturnFull    DSNReturn = "FULL"
	ReturnHeaders DSNReturn = "HDRS"
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

// Mail begins a transaction. address "" is the null reverse-path of notices.
func (s *Session) Mail(ctx context.Context, address string, options MailOptions) (Reply, error) {
	text, err := s.mailLine(address, options)
	if err != nil {
		return Reply{}, err
	}
	return s.Command(ctx, text)
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

func (s *Session) mailLine(address string, o MailOptions) (string, error) {
	text := "MAIL FROM:<" + address + ">"
	if address != "" {
		if err := checkMailbox(address); err != nil {
			return "", &Error{Kind: KindArgument, Command: "MAIL", Err: err}
		}
	}
	needs := func(keyword string) error {
		if s.has(keyword) {
			return nil
		}
		return &Error{Kind: KindRefused, Command: "MAIL", Err: fmt.Errorf("%s: %w", keyword, ErrNotOffered)}
	}
	if o.Size > 0 {
		if err := needs("SIZE"); err != nil {
			return "", err
		}
		text += " SIZE=" + strconv.FormatInt(o.Size, 10)
	}
	switch o.Body {
	case "":
	case Body7Bit, Body8Bit, BodyBinary:
		extension := "8BITMIME"
		if o.Body == BodyBinary {
			extension = "BINARYMIME"
		}
		if err := needs(extension); err != nil {
			return "", err
		}
		text += " BODY=" + string(o.Body)
	default:
		return "", &Error{Kind: KindArgument, Command: "MAIL", Err: &argumentError{fmt.Sprintf("body %q is none of 7BIT, 8BITMIME, BINARYMIME", o.Body)}}
	}
	if o.UTF8 {
		if err := needs("SMTPUTF8"); err != nil {
			return "", err
		}
		text += " SMTPUTF8"
	}
	if o.Return != "" || o.EnvelopeID != "" {
		if err := needs("DSN"); err != nil {
			return "", err
		}
	}
	switch o.Return {
	case "":
	case ReturnFull, ReturnHeaders:
		text += " RET=" + string(o.Return)
	default:
		return "", &Error{Kind: KindArgument, Command: "MAIL", Err: &argumentError{fmt.Sprintf("ret %q is neither FULL nor HDRS", o.Return)}}
	}
	if o.EnvelopeID != "" {
		// RFC 3461, section 4.4: at most 100 characters, printable.
		if len(o.EnvelopeID) > 100 || !printableASCII(o.EnvelopeID) {
			return "", &Error{Kind: KindArgument, Command: "MAIL", Err: &argumentError{"the envelope id must be at most 100 printable ASCII characters"}}
		}
		text += " ENVID=" + xtext(o.EnvelopeID)
	}
	return text, nil
}

func (s *Session) rcptLine(address string, o RcptOptions) (string, error) {
	argument := func(err error) error { return &Error{Kind: KindArgument, Command: "RCPT", Err: err} }
	if err := checkMailbox(address); err != nil {
		return "", argument(err)
	}
	text := "RCPT TO:<" + address + ">"
	if (len(o.Notify) > 0 || o.Original != "") && !s.has("DSN") {
		return "", &Error{Kind: KindRefused, Command: "RCPT", Err: fmt.Errorf("DSN: %w", ErrNotOffered)}
	}
	if len(o.Notify) > 0 {
		words := make([]string, len(o.Notify))
		for i, word := range o.Notify {
			words[i] = strings.ToUpper(word)
			switch words[i] {
			case "SUCCESS", "FAILURE", "DELAY":
			case "NEVER":
				// RFC 3461, section 4.1: NEVER stands alone.
				if len(o.Notify) > 1 {
					return "", argument(&argumentError{`notify "never" must stand alone`})
				}
			default:
				return "", argument(&argumentError{fmt.Sprintf(`notify %q is none of "never", "success", "failure", "delay"`, word)})
			}
		}
		text += " NOTIFY=" + strings.Join(words, ",")
	}
	if o.Original != "" {
		kind, original, found := strings.Cut(o.Original, ";")
		if !found || !validLocalName(kind) || len(o.Original) > 500 || !printableASCII(original) {
			return "", argument(&argumentError{`the original recipient must look like "rfc822;ann@example.org"`})
		}
		text += " ORCPT=" + kind + ";" + xtext(original)
	}
	return text, nil
}

// xtext encodes a parameter value (RFC 3461, section 4).
func xtext(value string) string {
	var b strings.Builder
	for _, c := range []byte(value) {
		if c <= ' ' || c >= 0x7f || c == '+' || c == '=' {
			fmt.Fprintf(&b, "+%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

func printableASCII(s string) bool {
	return !strings.ContainsFunc(s, func(c rune) bool { return c < ' ' || c > '~' })
}
