package probe

import (
	"fmt"
	"strings"

	"github.com/mailscript/mailscript/smtp"
)

// accountBlock is the account to write into mailscript.toml for a target.
func (o Options) accountBlock(t Target) string {
	if t.Mode == "" {
		return ""
	}
	var b strings.Builder
	set := func(key, value string) { fmt.Fprintf(&b, "%s = %s\n", key, quote(value)) }
	fmt.Fprintf(&b, "[account.%s]\n", bare(o.Account))
	if t.Socket != "" {
		set("socket", t.Socket)
	} else {
		set("host", t.Host)
		fmt.Fprintf(&b, "port = %d\n", t.Port)
	}
	if o.Connection.Protocol == smtp.LMTP {
		set("protocol", "lmtp")
	}
	usual := smtp.TLSStartTLS
	switch {
	case t.Socket != "":
		usual = smtp.TLSOff
	case t.Port == smtp.PortSubmissions:
		usual = smtp.TLSImplicit
	}
	if t.Mode != usual {
		set("tls", string(t.Mode))
	}
	if t.Mode == smtp.TLSOff && !o.isLocal() {
		b.WriteString("# everything crosses the network readable\n")
	}
	if t.TLS != nil && !t.TLS.Verified {
		b.WriteString("# refused as long as the certificate is not in order, or not trusted\n")
	}
	switch {
	case t.TLS == nil || !t.TLS.Verified || o.Connection.RootCAs == nil:
	case o.CA != "":
		set("ca", o.CA)
	default:
		b.WriteString("# ca: as in the account, for the authority is none of the system's\n")
	}
	for _, f := range t.Findings {
		switch {
		case !strings.HasPrefix(f.Name, "certificate-") && f.Name != "client-certificate", f.Config == "":
		case strings.HasPrefix(f.Config, "host = "):
			fmt.Fprintf(&b, "# the certificate is for another host: %s\n", f.Config)
		case strings.HasPrefix(f.Config, "pins = "):
			fmt.Fprintf(&b, "# only if the key was changed on purpose: %s\n", f.Config)
		default:
			b.WriteString(f.Config + "\n")
		}
	}
	switch {
	case t.Auth.Choice == "", t.Auth.Choice == "EXTERNAL":
	case t.TLS == nil && (o.Login == nil || !o.Login.InClear):
		b.WriteString("# no log-in: the password would cross the network readable, which\n# auth_in_clear = true would allow\n")
	default:
		username := "you@example.org"
		if o.Login != nil && o.Login.Username != "" {
			username = o.Login.Username
		}
		set("username", username)
		if o.Login != nil {
			b.WriteString("# password: as in the account\n")
		} else {
			set("password_command", "pass show smtp/"+t.Host)
		}
		if t.TLS == nil {
			b.WriteString("auth_in_clear = true\n")
		}
	}
	return b.String()
}

// quote writes a basic string of TOML. What it cannot hold as it is, host names,
// paths and user names do not have.
func quote(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(printable(text)) + `"`
}

// bare is a name as a key of TOML: as it is where it may be, else quoted.
func bare(name string) string {
	for _, c := range name {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_':
		default:
			return quote(name)
		}
	}
	return name
}
