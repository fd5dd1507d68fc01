package smtp

import (
	"fmt"
	"net/netip"
	"strings"
	"unicode"
	"unicode/utf8"
)

// checkMailbox is the last look at an address before it goes between angle
// brackets: local-part "@" domain of RFC 5321, section 4.1.2, with the UTF-8 of
// RFC 6531, section 3.3. It is about what could be read as something else than
// one address; whether the address exists is for the server to say.
func checkMailbox(address string) error {
	if plainMailbox(address) {
		return nil
	}
	return mailboxFault(address)
}

// mailboxFault is checkMailbox in full.
func mailboxFault(address string) error {
	bad := func(format string, a ...any) error {
		return &argumentError{fmt.Sprintf("address %q: ", address) + fmt.Sprintf(format, a...)}
	}
	if !utf8.ValidString(address) {
		return bad("not valid UTF-8")
	}
	if i := strings.IndexFunc(address, func(c rune) bool { return unicode.IsControl(c) || c == '\u2028' || c == '\u2029' }); i >= 0 {
		return bad("control character at offset %d", i)
	}
	local, domain, err := splitMailbox(address)
	switch {
	case err != "":
		return bad("%s", err)
	case len(local) > 64:
		// RFC 5321, section 4.5.3.1.1.
		return bad("the part before the @ has %d octets; 64 are allowed", len(local))
	case len(domain) > 255:
		// RFC 5321, section 4.5.3.1.2.
		return bad("the domain has %d octets; 255 are allowed", len(domain))
	}
	if literal, ok := strings.CutPrefix(domain, "["); ok {
		literal, ok = strings.CutSuffix(literal, "]")
		if !ok || !addressLiteral(literal) {
			return bad("malformed address literal")
		}
		return nil
	}
	for _, label := range strings.Split(domain, ".") {
		if label == "" {
			return bad("empty label in the domain")
		}
		if i := strings.IndexFunc(label, func(c rune) bool {
			return c < utf8.RuneSelf && !unicode.IsLetter(c) && !unicode.IsDigit(c) && c != '-' && c != '_'
		}); i >= 0 {
			return bad("%q cannot stand in a domain", label[i])
		}
	}
	return nil
}

// plainMailbox recognises what most addresses are, and what checkMailbox would
// find nothing wrong with: a dot-string of ASCII before the @, and behind it
// labels of letters, digits and hyphens.
func plainMailbox(address string) bool {
	at := strings.IndexByte(address, '@')
	if at < 1 || at > 64 || len(address)-at-1 > 255 {
		return false
	}
	last := byte('.')
	for i := range len(address) {
		c := address[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_':
		case i < at && c == '+':
		case c == '.' && last != '.':
		case i == at && last != '.':
			c = '.' // no label before it, and one behind it
		default:
			return false
		}
		last = c
	}
	return last != '.'
}

// ascii reports whether a text has no octet above 127.
func ascii(text string) bool {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// addressLiteral reports whether text is what may stand between the brackets
// (RFC 5321, section 4.1.3). No tag but IPv6 was ever registered.
func addressLiteral(text string) bool {
	const tag = "IPv6:"
	if len(text) > len(tag) && strings.EqualFold(text[:len(tag)], tag) {
		address, err := netip.ParseAddr(text[len(tag):])
		return err == nil && address.Is6() && address.Zone() == ""
	}
	address, err := netip.ParseAddr(text)
	return err == nil && address.Is4()
}

// splitMailbox cuts an address at the @ behind its local part, which is a
// dot-string or a quoted string.
func splitMailbox(address string) (local, domain, problem string) {
	if strings.HasPrefix(address, `"`) {
		end := 1
		for end < len(address) && address[end] != '"' {
			if address[end] == '\\' {
				end++
			}
			end++
		}
		if end+1 >= len(address) || address[end+1] != '@' {
			return "", "", "the quoted part before the @ does not end"
		}
		return address[:end+1], address[end+2:], ""
	}
	at := strings.IndexByte(address, '@')
	if at < 0 {
		return "", "", "no @"
	}
	local, domain = address[:at], address[at+1:]
	if strings.HasPrefix(local, ".") || strings.HasSuffix(local, ".") || strings.Contains(local, "..") || local == "" {
		return "", "", "misplaced dot or nothing before the @"
	}
	for _, c := range local {
		// The specials of RFC 5322, section 3.2.3, and the space.
		if strings.ContainsRune(" ()<>[]:;@\\,\"", c) {
			return "", "", fmt.Sprintf("%q cannot stand unquoted before the @", c)
		}
	}
	return local, domain, ""
}
