package server

import (
	"errors"
	"net/netip"
	"strings"
	"unicode/utf8"
)

// Sizes in octets: RFC 5321, sections 4.5.3.1.1 to 4.5.3.1.3.
const (
	maxLocalPart = 64
	maxDomain    = 255
	maxPath      = 256 // with its brackets
)

var (
	errPath     = errors.New("malformed path")
	errPathUTF8 = errors.New("address needs SMTPUTF8")
)

// pathKind tells the two places a path can stand in.
type pathKind string

const (
	reversePath pathKind = "reverse-path" // may be <>
	forwardPath pathKind = "forward-path" // may be <Postmaster>
)

// cutPath splits "FROM:<path> rest" after checking the keyword, "FROM:" or "TO:".
// RFC 5321, section 3.3: no space on either side of the colon.
func cutPath(argument, keyword string) (path, rest string, err error) {
	if len(argument) < len(keyword) || !strings.EqualFold(argument[:len(keyword)], keyword) {
		return "", "", errPath
	}
	argument = argument[len(keyword):]
	if !strings.HasPrefix(argument, "<") {
		return "", "", errPath
	}
	// A quoted local part may hold the closing bracket and spaces.
	quoted := false
	for i := 1; i < len(argument); i++ {
		switch c := argument[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case c == '>' && !quoted:
			rest = argument[i+1:]
			if rest != "" && !strings.HasPrefix(rest, " ") {
				return "", "", errPath
			}
			return argument[:i+1], rest, nil
		}
	}
	return "", "", errPath
}

// parsePath checks a path with its brackets against RFC 5321, section 4.1.2, as
// RFC 6531, section 3.3 extends it, and returns the mailbox in it.
func parsePath(path string, kind pathKind) (string, error) {
	if len(path) > maxPath || !utf8.ValidString(path) {
		return "", errPath
	}
	mailbox := path[1 : len(path)-1]
	switch {
	case mailbox == "" && kind == reversePath: // RFC 5321, section 4.5.5
		return "", nil
	case strings.EqualFold(mailbox, "Postmaster") && kind == forwardPath: // section 4.1.1.3
		return mailbox, nil
	}
	if strings.HasPrefix(mailbox, "@") {
		// Section 4.1.1.3 and appendix C: a source route is accepted and ignored.
		route, rest, found := strings.Cut(mailbox, ":")
		if !found {
			return "", errPath
		}
		for hop := range strings.SplitSeq(route, ",") {
			if !strings.HasPrefix(hop, "@") || !validDomain(hop[1:]) {
				return "", errPath
			}
		}
		mailbox = rest
	}
	at := localPartEnd(mailbox)
	if at <= 0 || at > maxLocalPart || at == len(mailbox) || mailbox[at] != '@' {
		return "", errPath
	}
	if domain := mailbox[at+1:]; !validDomain(domain) && !validLiteral(domain) {
		return "", errPath
	}
	return mailbox, nil
}

// localPartEnd returns where the local part of a mailbox ends, 0 when it is malformed.
func localPartEnd(mailbox string) int {
	if strings.HasPrefix(mailbox, `"`) {
		for i := 1; i < len(mailbox); i++ {
			switch c := mailbox[i]; {
			case c == '\\':
				i++
				if i < len(mailbox) && mailbox[i] >= 0x80 {
					return 0
				}
			case c == '"':
				return i + 1
			}
		}
		return 0
	}
	end := strings.IndexByte(mailbox, '@')
	if end <= 0 {
		return 0
	}
	for atom := range strings.SplitSeq(mailbox[:end], ".") {
		if atom == "" || !isAtom(atom) {
			return 0
		}
	}
	return end
}

// isAtom tells whether text consists of atext: RFC 5322, section 3.2.3, with the
// octets of UTF-8 beside it (RFC 6531, section 3.3).
func isAtom(text string) bool {
	for i := range len(text) {
		c := text[i]
		if !isAlphanumeric(c) && c < 0x80 && strings.IndexByte("!#$%&'*+-/=?^_`{|}~", c) < 0 {
			return false
		}
	}
	return true
}

// validDomain checks sub-domains of letters, digits and hyphens, or of a U-label's octets.
func validDomain(domain string) bool {
	if domain == "" || len(domain) > maxDomain {
		return false
	}
	for label := range strings.SplitSeq(domain, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for i := range len(label) {
			// QUIRK: the underscore is no part of a host name, yet names with it get mail.
			if c := label[i]; !isAlphanumeric(c) && c != '-' && c != '_' && c < 0x80 {
				return false
			}
		}
	}
	return true
}

// validLiteral checks an address literal: RFC 5321, section 4.1.3. The tags of
// the general form are registered, and IPv6 is the only one that ever was.
func validLiteral(domain string) bool {
	if !strings.HasPrefix(domain, "[") || !strings.HasSuffix(domain, "]") {
		return false
	}
	text := domain[1 : len(domain)-1]
	const tag = "IPv6:"
	if len(text) > len(tag) && strings.EqualFold(text[:len(tag)], tag) {
		address, err := netip.ParseAddr(text[len(tag):])
		return err == nil && address.Is6() && address.Zone() == ""
	}
	address, err := netip.ParseAddr(text)
	return err == nil && address.Is4()
}

func isAlphanumeric(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}
