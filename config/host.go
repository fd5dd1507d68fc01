package config

import (
	"net/netip"
	"strconv"
	"strings"

	"golang.org/x/net/idna"
)

// asciiHost returns a domain name in lower-case ASCII (RFC 5891), or what is
// wrong with it, to be put behind the name.
//
// QUIRK: the underscore, which RFC 1123 does not allow, is taken: internal mail
// hosts are named so.
func asciiHost(name string) (ascii, reason string) {
	ascii = strings.ToLower(name)
	if strings.ContainsFunc(name, func(c rune) bool { return c >= 0x80 }) {
		mapped, err := idna.Lookup.ToASCII(name)
		if err != nil {
			return "", "is not a domain name"
		}
		ascii = mapped
	}
	if ascii == "" || len(ascii) > 253 {
		return "", "is not a domain name"
	}
	for label := range strings.SplitSeq(ascii, ".") {
		switch {
		case label == "":
			return "", "has an empty part"
		case len(label) > 63:
			return "", "has a part of more than 63 letters"
		case label[0] == '-' || label[len(label)-1] == '-':
			return "", "has a part that begins or ends with a hyphen"
		}
		for _, c := range []byte(label) {
			switch {
			case 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '-', c == '_':
			default:
				return "", "is not a domain name"
			}
		}
	}
	return ascii, ""
}

// hostFault says what is wrong with the name or the address of a server, ""
// where nothing is.
func hostFault(host string) (reason, hint string) {
	if _, err := netip.ParseAddr(host); err == nil {
		return "", ""
	}
	if _, rest, ok := strings.Cut(host, "://"); ok {
		return "is a URL", "write the host name alone: " + strconv.Quote(hostOf(rest))
	}
	if strings.Contains(host, "@") {
		return "holds an @", "write the name of the mail server"
	}
	if inner, ok := strings.CutPrefix(host, "["); ok {
		inner, _, _ = strings.Cut(inner, "]")
		if _, err := netip.ParseAddr(inner); err == nil {
			return "is not a host name", "write the address without brackets"
		}
	}
	if name, port, ok := strings.Cut(host, ":"); ok {
		if _, err := strconv.Atoi(port); err == nil {
			return "holds a port", "write host = " + strconv.Quote(name) + " and port = " + port
		}
	}
	_, reason = asciiHost(host)
	if reason == "" && allDigits(host[strings.LastIndexByte(host, '.')+1:]) {
		return "is neither a host name nor an IP address", ""
	}
	return reason, ""
}

func hostOf(rest string) string {
	if n := strings.LastIndexByte(rest, '@'); n >= 0 {
		rest = rest[n+1:]
	}
	if n := strings.IndexAny(rest, ":/?"); n >= 0 {
		rest = rest[:n]
	}
	return rest
}

func allDigits(text string) bool {
	return text != "" && strings.Trim(text, "0123456789") == ""
}

// localNameFault says what is wrong with the argument of EHLO: a domain or an
// address literal (RFC 5321, section 4.1.1.1).
func localNameFault(name string) (reason, hint string) {
	if literal, ok := strings.CutPrefix(name, "["); ok {
		literal, ok = strings.CutSuffix(literal, "]")
		six := strings.HasPrefix(literal, "IPv6:")
		address, err := netip.ParseAddr(strings.TrimPrefix(literal, "IPv6:"))
		if !ok || err != nil || address.Is6() != six || address.Zone() != "" {
			return "is not an address literal", "write [192.0.2.1] or [IPv6:2001:db8::1]"
		}
		return "", ""
	}
	if _, err := netip.ParseAddr(name); err == nil {
		return "is an address", "an address stands in brackets: [192.0.2.1] or [IPv6:2001:db8::1]"
	}
	_, reason = asciiHost(name)
	return reason, ""
}
