package luaapi

import (
	"crypto/tls"
	"net/netip"

	"github.com/mailscript/mailscript/smtp"
)

// transportOptions are how a connection is made, beyond host and port.
type transportOptions struct {
	MX                string             `lua:"mx" doc:"a domain: connect to one of its mail servers, on port 25, without a log-in"`
	Socket            string             `lua:"socket" doc:"path of a unix socket, in place of host and port"`
	Protocol          string             `lua:"protocol" type:"\"smtp\"|\"lmtp\"" doc:"LMTP answers for each recipient (RFC 2033)"`
	SourceAddress     string             `lua:"source_address" doc:"the local IP address to connect from"`
	Proxy             string             `lua:"proxy" doc:"\"socks5://host:port\" or \"http://host:port\", with user:password@ in front of the host where it wants a log-in"`
	ProxyHeader       proxyHeaderOptions `lua:"proxy_header" doc:"say whom we stand for, in HAProxy's PROXY protocol"`
	Pins              []string           `lua:"pins" doc:"\"sha256//…\": public keys of which the server's chain must have one"`
	ClientCertificate string             `lua:"client_certificate" doc:"PEM file to show a server that asks who we are"`
	ClientKey         string             `lua:"client_key" doc:"PEM file of its key"`
}

type proxyHeaderOptions struct {
	Version     int    `lua:"version" doc:"1 or 2"`
	Source      string `lua:"source" doc:"\"192.0.2.1:1025\""`
	Destination string `lua:"destination" doc:"\"192.0.2.2:25\""`
}

// apply puts what was given over options.
func (o transportOptions) apply(c *Call, options *smtp.Options) {
	set := func(to *string, from string) {
		if from != "" {
			*to = from
		}
	}
	set(&options.SourceAddress, o.SourceAddress)
	if o.Socket != "" {
		options.Socket = c.path(o.Socket)
	}
	if o.Protocol != "" {
		options.Protocol = smtp.Protocol(o.Protocol)
	}
	if o.Proxy != "" {
		proxy, err := smtp.ParseProxy(o.Proxy)
		if err != nil {
			c.Usage("", `option "proxy": %v`, err)
		}
		options.Proxy = proxy
	}
	if o.ProxyHeader != (proxyHeaderOptions{}) {
		options.ProxyHeader = smtp.ProxyHeader{
			Version: o.ProxyHeader.Version, Source: c.endpoint("source", o.ProxyHeader.Source), Destination: c.endpoint("destination", o.ProxyHeader.Destination),
		}
	}
	if len(o.Pins) > 0 {
		options.Pins = o.Pins
	}
	if (o.ClientCertificate != "" || o.ClientKey != "") && !c.options.Rehearsal {
		pair, err := tls.LoadX509KeyPair(c.path(o.ClientCertificate), c.path(o.ClientKey))
		if err != nil {
			c.Fail(err)
		}
		options.Certificates = []tls.Certificate{pair}
	}
}

func (c *Call) endpoint(name, text string) netip.AddrPort {
	if text == "" {
		return netip.AddrPort{}
	}
	address, err := netip.ParseAddrPort(text)
	if err != nil {
		c.Usage(`write it as "192.0.2.1:1025"`, `option "proxy_header": %s %q is not an address with a port`, name, text)
	}
	return address
}
