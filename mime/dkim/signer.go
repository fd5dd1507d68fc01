package dkim

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
)

// maxHeader is the number of octets of a header that SignReader takes.
const maxHeader = 1 << 20

// Signer signs messages. It is immutable: any number of goroutines can use it at once.
type Signer struct {
	options Options
	plan    []plannedField
	keys    []signingKey
}

// plannedField is a name that messages may have fields of, and whether it is listed once
// more than they have: always, or where they have any.
type plannedField struct {
	name                      string
	oversign, oversignPresent bool
}

// signingKey is a signature and the beginning of its field, which is always the same.
type signingKey struct {
	Signature
	organization string
	begin        string
}

// NewSigner checks the options and returns a signer. Errors are of type *Error.
func NewSigner(o Options) (*Signer, error) {
	s := &Signer{options: o.withDefaults()}
	if err := s.options.check(); err != nil {
		return nil, err
	}
	var present []string
	if o.Oversign == nil {
		present = oversignedWhenPresent()
	}
	s.plan = plan(s.options.Headers, s.options.Oversign, present)
	for i, signature := range s.options.Signatures {
		signature, fault := signature.checked()
		if fault != nil {
			if len(s.options.Signatures) > 1 {
				fault.Field = fmt.Sprintf("signatures[%d].%s", i+1, fault.Field)
			}
			return nil, fault
		}
		for _, key := range s.keys {
			// RFC 6376, section 3.6.2.2: what a verifier does with two records is open.
			if key.Domain == signature.Domain && strings.EqualFold(key.Selector, signature.Selector) {
				return nil, &Error{Field: fmt.Sprintf("signatures[%d].selector", i+1), Value: signature.Selector, Reason: "is used twice for " + signature.Domain, Hint: "each key has a selector of its own"}
			}
		}
		var f fieldWriter
		f.text("DKIM-Signature: v=1;")
		f.text("a=" + string(signature.Key.Algorithm()) + ";")
		f.text("c=" + string(s.options.Header) + "/" + string(s.options.Body) + ";")
		f.text("d=" + signature.Domain + ";")
		f.text("s=" + signature.Selector + ";")
		if signature.Identity != "" {
			f.text("i=" + signature.Identity + ";")
		}
		s.keys = append(s.keys, signingKey{signature, organization(signature.Domain), string(f.buf)})
	}
	return s, nil
}

// plan puts the lists of names together.
func plan(headers, oversign, present []string) []plannedField {
	var fields []plannedField
	for _, name := range append(slices.Clone(headers), oversign...) {
		if !slices.ContainsFunc(fields, func(f plannedField) bool { return sameName(f.name, name) }) {
			fields = append(fields, plannedField{name, listed(oversign, name), listed(present, name)})
		}
	}
	return fields
}

// Warnings says what is unwise about the keys, one text each.
func (s *Signer) Warnings() []string {
	var warnings []string
	for _, key := range s.keys {
		if warning := key.Key.Warning(); warning != "" {
			warnings = append(warnings, key.Selector+"._domainkey."+key.Domain+": "+warning)
		}
	}
	return warnings
}

// HashBody hashes a body for Sign, in the canonicalization of the signer.
func (s *Signer) HashBody(segments [][]byte) BodyHash { return HashBody(s.options.Body, segments) }

// NewBodyHasher returns a hasher in the canonicalization of the signer.
func (s *Signer) NewBodyHasher() *BodyHasher { return NewBodyHasher(s.options.Body) }

// Sign returns the DKIM-Signature fields of a message, each with its CRLF, to be put
// before the header. The header is all fields with their CRLFs, with or without the empty
// line behind them. now becomes the t= tag, in whole seconds; the zero time means none.
//
// The error is an *AlignmentError when the keys do not suit the From field, an *Error when
// the header is none, or one of the crypto packages.
func (s *Signer) Sign(header []byte, body BodyHash, now time.Time) ([]byte, error) {
	if body.canonicalization != s.options.Body {
		return nil, &Error{Field: "body", Value: string(body.canonicalization), Reason: "was hashed in another canonicalization than " + string(s.options.Body)}
	}
	if now.IsZero() && s.options.Lifetime != 0 {
		return nil, &Error{Field: "lifetime", Reason: "needs the time of signing"}
	}
	fields, err := parseHeader(header)
	if err != nil {
		return nil, err
	}
	keys, err := s.choose(fields)
	if err != nil {
		return nil, err
	}
	names := s.names(fields)
	middle := s.middle(names, body, now)

	signed := make([]byte, 0, len(header)+1024)
	signed = appendSigned(signed, s.options.Header, fields, names)
	common := len(signed)
	out := make([]byte, 0, len(keys)*(len(middle)+768))
	for _, key := range keys {
		begin := len(out)
		out = append(append(out, key.begin...), middle...)
		// RFC 6376, section 3.7: the field itself comes last, with an empty b= and
		// without its CRLF.
		signed = appendCanonical(signed[:common], s.options.Header, append(out[begin:], '\r', '\n'))
		hash := sha256.Sum256(signed[:len(signed)-len("\r\n")])
		signature, err := key.Key.sign(hash[:])
		if err != nil {
			return nil, fmt.Errorf("dkim: signing for %s: %w", key.Domain, err)
		}
		out = appendFolded(out, signature, len("\tb="))
		out = append(out, '\r', '\n')
	}
	return out, nil
}

// SignReader reads a whole message, hashes its body and returns what Sign does.
func (s *Signer) SignReader(message io.Reader, now time.Time) ([]byte, error) {
	r := bufio.NewReaderSize(message, relaxedBuffer)
	var header []byte
	for {
		line, err := r.ReadSlice('\n')
		header = append(header, line...)
		if len(header) > maxHeader {
			return nil, &Error{Field: "header", Reason: fmt.Sprintf("is longer than %d octets", maxHeader)}
		}
		if err == bufio.ErrBufferFull {
			continue
		}
		if err != nil && err != io.EOF {
			return nil, err
		}
		if err == io.EOF || bytes.HasSuffix(header, []byte("\r\n\r\n")) || string(header) == "\r\n" {
			break
		}
	}
	body, err := HashBodyReader(s.options.Body, r)
	if err != nil {
		return nil, err
	}
	return s.Sign(header, body, now)
}

// choose returns the keys that sign this message.
func (s *Signer) choose(fields []headerField) ([]signingKey, error) {
	if s.options.Alignment == IgnoreAlignment {
		return s.keys, nil
	}
	var from []string
	seen := false
	for _, f := range fields {
		if !sameName(f.name, "From") {
			continue
		}
		if seen {
			return nil, &Error{Field: "header", Reason: "has more than one From field"}
		}
		seen, from = true, FromDomains(string(f.value()))
	}
	chosen := make([]signingKey, 0, len(s.keys))
	uncovered := len(from)
	for i, domain := range from {
		from[i] = organization(domain)
		if slices.ContainsFunc(s.keys, func(key signingKey) bool { return key.organization == from[i] }) {
			uncovered--
		}
	}
	if len(from) == 0 || uncovered > 0 {
		return nil, s.unaligned(fields)
	}
	for _, key := range s.keys {
		if key.Scope == AllMail || slices.Contains(from, key.organization) {
			chosen = append(chosen, key)
		}
	}
	return chosen, nil
}

// unaligned names all the domains, those of From as they are.
func (s *Signer) unaligned(fields []headerField) *AlignmentError {
	var fault AlignmentError
	for _, f := range fields {
		if sameName(f.name, "From") {
			fault.From = FromDomains(string(f.value()))
		}
	}
	for _, key := range s.keys {
		if !slices.Contains(fault.Domains, key.Domain) {
			fault.Domains = append(fault.Domains, key.Domain)
		}
	}
	return &fault
}

// names returns what the h= tag lists.
func (s *Signer) names(fields []headerField) []string {
	names := make([]string, 0, len(fields)+len(s.plan))
	for _, p := range s.plan {
		occurs := 0
		for _, f := range fields {
			if sameName(f.name, p.name) {
				names = append(names, p.name)
				occurs++
			}
		}
		if p.oversign || (occurs > 0 && p.oversignPresent) {
			names = append(names, p.name)
		}
	}
	return names
}

// middle is what all signatures of a message have alike, up to the value of b=.
func (s *Signer) middle(names []string, body BodyHash, now time.Time) []byte {
	f := fieldWriter{buf: make([]byte, 0, 1024), column: lineLength}
	if !now.IsZero() {
		t := now.Unix()
		f.text("t=" + strconv.FormatInt(t, 10) + ";")
		if s.options.Lifetime != 0 {
			f.text("x=" + strconv.FormatInt(t+int64(s.options.Lifetime/time.Second), 10) + ";")
		}
	}
	f.names(names)
	f.text("bh=" + base64.StdEncoding.EncodeToString(body.sum[:]) + ";")
	f.buf = append(f.buf, "\r\n\tb="...)
	return f.buf
}
