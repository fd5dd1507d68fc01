package dkim

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Options say how to sign. The zero value of everything but Signatures is the default.
type Options struct {
	// Signatures are made for every message they suit, in this order; the fields come
	// out in it too. At least one is needed. RSA and Ed25519 of one domain are two.
	Signatures []Signature
	// Headers are the names of the fields to sign, as often as each occurs. The default
	// is DefaultHeaders. From is always signed, whether it is named or not.
	Headers []string
	// Oversign are the names of fields to sign once more than each occurs, even where it
	// does not occur, so that nobody can add one. The default is DefaultOversign, and
	// List-Unsubscribe and List-Unsubscribe-Post in messages that have them. From is
	// always oversigned. A list that is empty but not nil means From alone.
	Oversign []string
	// Header is the canonicalization of the header: Relaxed by default.
	Header Canonicalization
	// Body is the canonicalization of the body: Simple by default. It is the quicker one,
	// and enough for bodies that are 7-bit and that no server has to convert. Relaxed
	// forgives servers that strip white space from the ends of lines.
	Body Canonicalization
	// Lifetime is how long a signature is valid, from the time it is made; the x= tag. It
	// is rounded down to seconds. The default, 0, is for ever; less than an hour is refused,
	// for mail may wait that long.
	Lifetime time.Duration
	// Alignment says what happens to a message whose From is of none of the domains:
	// RequireAlignment by default.
	Alignment AlignmentPolicy
}

// Signature is one key and the name under which DNS has it.
type Signature struct {
	// Domain is the d= tag, the domain that takes responsibility. U-labels are converted.
	Domain string
	// Selector is the s= tag: the public key stands at Selector._domainkey.Domain.
	Selector string
	// Key signs.
	Key *Key
	// Identity is the i= tag: "user@domain" or "@domain", where the domain is Domain or
	// one below it. The default is not to say any.
	Identity string
	// Scope says for which messages the signature is made: AlignedMail by default.
	Scope Scope
}

// AlignmentPolicy says whether messages are signed that DMARC would not take as signed.
type AlignmentPolicy string

// The policies.
const (
	// RequireAlignment refuses to sign a message, with an *AlignmentError, when no
	// signature is aligned with each of the domains in its From field.
	RequireAlignment AlignmentPolicy = "require"
	// IgnoreAlignment makes every signature for every message.
	IgnoreAlignment AlignmentPolicy = "ignore"
)

// Scope says for which messages a signature is made.
type Scope string

// The scopes.
const (
	// AlignedMail is mail from the domain of the signature or another of its
	// organization. A run that sends for several domains has a signature for each.
	AlignedMail Scope = "aligned"
	// AllMail is all mail, as when a service signs beside its customer.
	AllMail Scope = "all"
)

// minLifetime is shorter than mail waits in any queue.
const minLifetime = time.Hour

// DefaultHeaders returns the fields that are signed: those of RFC 6376, section 5.4.1;
// Message-ID and those of MIME, which decide what a reader sees; and the ones that
// RFC 8058, section 4, asks for.
func DefaultHeaders() []string {
	return []string{
		"From", "Sender", "Reply-To", "Subject", "Date", "Message-ID", "To", "Cc",
		"MIME-Version", "Content-Type", "Content-Transfer-Encoding",
		"In-Reply-To", "References",
		"Resent-Date", "Resent-From", "Resent-Sender", "Resent-To", "Resent-Cc", "Resent-Message-ID",
		"List-Id", "List-Help", "List-Unsubscribe", "List-Unsubscribe-Post", "List-Subscribe", "List-Post",
		"List-Owner", "List-Archive",
	}
}

// DefaultOversign returns the fields that are signed once more than they occur: those
// that readers show or go by, and of which RFC 5322, section 3.6, allows but one.
func DefaultOversign() []string {
	return []string{
		"From", "Reply-To", "Subject", "Date", "Message-ID", "To", "Cc",
		"MIME-Version", "Content-Type", "Content-Transfer-Encoding",
	}
}

// oversignedWhenPresent returns what is oversigned by default in messages that have it.
// A list server adds its own to those that have none, and may.
func oversignedWhenPresent() []string {
	return []string{"Sender", "List-Unsubscribe", "List-Unsubscribe-Post"}
}

// unsignable are fields that change underway (RFC 6376, section 5.4), or that cannot be
// covered by the signature they are in.
var unsignable = []string{"Return-Path", "Received", "Comments", "Keywords", "Bcc", "Resent-Bcc", "DKIM-Signature"}

// withDefaults returns the options with every default in its place.
func (o Options) withDefaults() Options {
	if o.Headers == nil {
		o.Headers = DefaultHeaders()
	}
	if o.Oversign == nil {
		o.Oversign = DefaultOversign()
	}
	o.Headers, o.Oversign = withFrom(o.Headers), withFrom(o.Oversign)
	if o.Header == "" {
		o.Header = Relaxed
	}
	if o.Body == "" {
		o.Body = Simple
	}
	if o.Alignment == "" {
		o.Alignment = RequireAlignment
	}
	o.Signatures = slices.Clone(o.Signatures)
	for i := range o.Signatures {
		if o.Signatures[i].Scope == "" {
			o.Signatures[i].Scope = AlignedMail
		}
	}
	return o
}

// withFrom puts From first. RFC 6376, section 5.4: it must be signed.
func withFrom(names []string) []string {
	if listed(names, "From") {
		return slices.Clone(names)
	}
	return append([]string{"From"}, names...)
}

// check says what is wrong with options that have their defaults.
func (o Options) check() error {
	if len(o.Signatures) == 0 {
		return &Error{Field: "signatures", Reason: "there is none"}
	}
	for _, list := range []struct {
		field string
		names []string
	}{{"headers", o.Headers}, {"oversign", o.Oversign}} {
		for i, name := range list.names {
			if reason := signableFault(name); reason != "" {
				return &Error{Field: list.field, Value: name, Reason: reason}
			}
			if listed(list.names[:i], name) {
				return &Error{Field: list.field, Value: name, Reason: "is named twice"}
			}
		}
	}
	for _, c := range []struct {
		field string
		value Canonicalization
	}{{"header", o.Header}, {"body", o.Body}} {
		if c.value != Simple && c.value != Relaxed {
			return &Error{Field: c.field, Value: string(c.value), Reason: `neither "relaxed" nor "simple"`}
		}
	}
	if o.Lifetime != 0 && o.Lifetime < minLifetime {
		return &Error{Field: "lifetime", Reason: fmt.Sprintf("%s is shorter than mail may wait in a queue", o.Lifetime), Hint: "give days, or none"}
	}
	if o.Alignment != RequireAlignment && o.Alignment != IgnoreAlignment {
		return &Error{Field: "alignment", Value: string(o.Alignment), Reason: `neither "require" nor "ignore"`}
	}
	return nil
}

func signableFault(name string) string {
	if name == "" {
		return "has no name"
	}
	for _, c := range []byte(name) {
		if !isFieldNameByte(c) {
			return "is no name of a field"
		}
	}
	if listed(unsignable, name) {
		return "must not be signed (RFC 6376, section 5.4)"
	}
	return ""
}

// checked returns the signature with its domain and identity in ASCII, or says what is
// wrong with it.
func (s Signature) checked() (Signature, *Error) {
	domain, reason := asciiDomain(s.Domain)
	if reason != "" {
		return s, &Error{Field: "domain", Value: s.Domain, Reason: reason}
	}
	s.Domain = domain
	if reason := labelsFault(s.Selector); reason != "" {
		return s, &Error{Field: "selector", Value: s.Selector, Reason: reason}
	}
	if len(s.Selector)+len("._domainkey.")+len(s.Domain) > maxDomain {
		return s, &Error{Field: "selector", Value: s.Selector, Reason: "makes a name longer than the DNS has"}
	}
	if s.Key == nil || (s.Key.rsa == nil && s.Key.ed25519 == nil) {
		return s, &Error{Field: "key", Reason: "is missing"}
	}
	if s.Scope != AlignedMail && s.Scope != AllMail {
		return s, &Error{Field: "scope", Value: string(s.Scope), Reason: `neither "aligned" nor "all"`}
	}
	if s.Identity == "" {
		return s, nil
	}
	at := strings.LastIndexByte(s.Identity, '@')
	if at < 0 {
		return s, &Error{Field: "identity", Value: s.Identity, Reason: "has no @"}
	}
	below, reason := asciiDomain(s.Identity[at+1:])
	if reason != "" {
		return s, &Error{Field: "identity", Value: s.Identity, Reason: "the domain " + reason}
	}
	if below != s.Domain && !strings.HasSuffix(below, "."+s.Domain) {
		return s, &Error{Field: "identity", Value: s.Identity, Reason: "the domain is not " + s.Domain + " or below it (RFC 6376, section 3.5)"}
	}
	local := s.Identity[:at]
	if len(local) > maxLocalPart {
		return s, &Error{Field: "identity", Value: s.Identity, Reason: "the local part is longer than 64 octets"}
	}
	for _, c := range []byte(local) {
		if c < ' ' || c == 0x7F {
			return s, &Error{Field: "identity", Value: s.Identity, Reason: "holds a control character"}
		}
	}
	s.Identity = quotedPrintable(local) + "@" + below
	return s, nil
}

// maxLocalPart is RFC 5321, section 4.5.3.1.1, in octets.
const maxLocalPart = 64

// quotedPrintable is dkim-quoted-printable of RFC 6376, section 2.11, in which no white
// space and no semicolon is left.
func quotedPrintable(text string) string {
	var b strings.Builder
	for _, c := range []byte(text) {
		if c > ' ' && c < 0x7F && c != ';' && c != '=' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "=%02X", c)
		}
	}
	return b.String()
}
