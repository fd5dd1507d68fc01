package config

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/mailscript/mailscript/smtp"
)

// account reads one table [account.NAME].
func (t *table) account(name, folder string) Account {
	a := Account{Name: name, at: map[string]place{}}
	t.server(&a)

	var username *entry
	a.Username, username = t.string("username")
	a.Mechanism = t.mechanism("mechanism")
	a.AuthMin = t.mechanism("auth_min")
	a.ChannelBinding = smtp.ChannelBinding(t.choice("channel_binding", string(smtp.BindExporter), string(smtp.BindServerEndPoint)))
	a.AuthInClear = t.bool("auth_in_clear")
	a = a.withService()
	a.Password = t.password(a, folder)
	if !a.Password.IsZero() && a.Username == "" && username == nil && t.values["username"] == nil {
		t.fail(t.entry.key, "", "account %q has a password but no username", name)
	}

	a.LocalName = t.checked("local_name", localNameFault)
	a.SourceAddress = t.checked("source_address", func(text string) (string, string) {
		if _, err := netip.ParseAddr(text); err != nil {
			return "is not an IP address", "write an address of this machine"
		}
		return "", ""
	})
	if text, e := t.string("proxy"); e != nil {
		proxy, err := smtp.ParseProxy(text)
		if err != nil {
			t.fail(e.value, "", "proxy: %s", err)
		}
		a.Proxy = proxy
	}
	a.Protocol = smtp.Protocol(t.choice("protocol", string(smtp.SMTP), string(smtp.LMTP)))
	t.files(&a, folder)
	t.strings("pins", func(text string, e *entry) {
		if reason, hint := pinFault(text); reason != "" {
			t.fail(e.value, hint, "pins: %s", reason)
			return
		}
		a.Pins = append(a.Pins, text)
	})
	a.Timeouts = t.timeouts()

	t.tokens(&a, folder)
	t.finish(accountKeyHint)
	return a
}

// accountKeyHint knows how other programs call a setting.
func accountKeyHint(key string) string {
	switch strings.ToLower(key) {
	case "user", "login", "auth_user":
		return "it is called username here"
	case "pass", "passwd":
		return "it is called password here; better is password_command"
	case "server", "hostname", "smtp", "address":
		return "it is called host here"
	case "ssl", "starttls", "encryption", "secure", "security", "tls_starttls":
		return `it is called tls here: "implicit", "starttls", "opportunistic" or "off"`
	case "passwordeval", "password_eval", "passwordcmd":
		return "it is called password_command here"
	case "timeout":
		return "timeouts are a table: timeouts = { connect = \"30s\" }"
	case "from", "sender":
		return "each message names its sender"
	case "helo", "ehlo", "domain":
		return "it is called local_name here"
	case "tls_fingerprint", "fingerprint":
		return "pins take the hash of the server's public key"
	case "insecure", "verify", "tls_certcheck", "insecure_skip_verify":
		return "certificates are always verified; name the authority with ca, or the key with pins"
	}
	return ""
}

// checked reads a string and has fault look at it, which returns what to put
// behind it.
func (t *table) checked(key string, fault func(text string) (reason, hint string)) string {
	text, e := t.string(key)
	if e == nil {
		return ""
	}
	if reason, hint := fault(text); reason != "" {
		t.fail(e.value, hint, "%s %q %s", key, text, reason)
		return ""
	}
	return text
}

// server reads where to connect.
func (t *table) server(a *Account) {
	host, hostEntry := t.string("host")
	service, serviceEntry := t.string("service")
	region, regionEntry := t.string("region")
	if hostEntry != nil {
		switch reason, hint := hostFault(host); {
		case isGuarded(host):
			// It may hold a password, and is not repeated.
			t.fail(hostEntry.value, hint, "host %s", reason)
		case reason != "":
			t.fail(hostEntry.value, hint, "host %q %s", host, reason)
		default:
			a.Host = host
		}
	}
	switch {
	case serviceEntry != nil && hostEntry != nil:
		at, other := hostEntry, "service"
		if serviceEntry.key.start > hostEntry.key.start {
			at, other = serviceEntry, "host"
		}
		t.fail(at.key, "a service knows its host; leave one out", "%s and %s exclude each other", other, at.name)
	case serviceEntry != nil:
		t.service(a, service, serviceEntry, region, regionEntry)
	case t.values["host"] == nil && t.values["service"] == nil && t.values["socket"] == nil:
		t.fail(t.entry.key, `write host = "smtp.example.org", or service = "gmail"`, "account %q has neither host nor service", a.Name)
	}
	if regionEntry != nil && serviceEntry == nil && t.values["service"] == nil {
		t.fail(regionEntry.key, "", "region goes with a service that asks for one")
	}

	if port, e := t.integer("port"); e != nil {
		if port < 1 || port > 65535 {
			t.fail(e.value, "465, 587 and 25 are the usual ones", "port %d is not between 1 and 65535", port)
		} else {
			a.Port = int(port)
		}
	}
	a.TLS = t.tls()
}

// service checks the name of a service and its region.
func (t *table) service(a *Account, name string, e *entry, region string, regionEntry *entry) {
	service, ok := FindService(name)
	switch {
	case !ok:
		t.fail(e.value, "write host, port and tls of a service that is not known", "unknown service %q%s",
			name, didYouMean(name, serviceNames()))
		return
	case service.Regional() && regionEntry == nil:
		t.fail(e.value, `write region = "eu-west-1", or where the account is`, "service %q needs a region", name)
		return
	case !service.Regional() && regionEntry != nil:
		t.fail(regionEntry.key, "", "service %q has no regions", name)
		return
	case service.Regional():
		if _, reason := asciiHost(region); reason != "" || strings.Contains(region, ".") {
			t.fail(regionEntry.value, `a region looks like "eu-west-1"`, "region %q is not one", region)
			return
		}
	}
	a.Service, a.Region = service.Name, region
}

var tlsModes = [...]string{
	string(smtp.TLSImplicit), string(smtp.TLSStartTLS), string(smtp.TLSOpportunistic), string(smtp.TLSOff),
}

func (t *table) tls() smtp.TLSMode {
	value, e := t.take("tls")
	if value == nil {
		return ""
	}
	const choice = `"implicit" (port 465), "starttls" (587 and 25), "opportunistic" or "off"`
	text, ok := value.(string)
	switch {
	case !ok:
		t.fail(e.value, "it is one of "+choice, "tls must be a string, not %s", typeName(value))
		return ""
	case slices.Contains(tlsModes[:], text):
		return smtp.TLSMode(text)
	}
	help := didYouMean(text, tlsModes[:])
	switch strings.ToLower(text) {
	case "ssl", "ssl/tls", "smtps", "tls":
		help = ` (did you mean "implicit"?)`
	case "none", "no", "false", "plain":
		help = ` (did you mean "off"?)`
	}
	t.fail(e.value, "it is one of "+choice, "unknown tls %q%s", text, help)
	return ""
}

// mechanism reads the name of a SASL mechanism (RFC 4422, section 3.1).
func (t *table) mechanism(key string) string {
	return strings.ToUpper(t.checked(key, func(text string) (string, string) {
		if !slices.Contains(smtp.Mechanisms(), strings.ToUpper(text)) {
			return "is not a mechanism that mailscript has", "they are " + strings.Join(smtp.Mechanisms(), ", ")
		}
		return "", ""
	}))
}

// choice reads a key that has a few values only.
func (t *table) choice(key string, values ...string) string {
	return t.checked(key, func(text string) (string, string) {
		if !slices.Contains(values, text) {
			return "is none of " + strings.Join(values, ", "), ""
		}
		return "", ""
	})
}

// files reads the paths of certificates and keys.
func (t *table) files(a *Account, folder string) {
	for _, file := range []struct {
		key  string
		path *string
	}{{"socket", &a.Socket}, {"ca", &a.CA}, {"client_certificate", &a.ClientCertificate}, {"client_key", &a.ClientKey}} {
		text, e := t.string(file.key)
		if e == nil {
			continue
		}
		a.at[file.key] = t.place(e.value)
		path, err := inFolder(folder, text)
		if err != nil {
			t.fail(e.value, "write the whole path", "%s: %s", file.key, err)
			continue
		}
		*file.path = path
	}
	if e := t.entry.entries["socket"]; a.Socket != "" && (a.Host != "" || a.Service != "" || a.Proxy != (smtp.Proxy{}) || a.SourceAddress != "") {
		t.fail(e.key, "a unix socket is on this machine", "socket goes with neither host, service, proxy nor source_address")
	}
	for _, half := range [...][2]string{{"client_certificate", "client_key"}, {"client_key", "client_certificate"}} {
		if t.values[half[0]] != nil && t.values[half[1]] == nil {
			t.fail(t.entry.entries[half[0]].key, "a client certificate needs both; they may be the same file",
				"%s is given, but no %s", half[0], half[1])
		}
	}
}

func (t *table) timeouts() smtp.Timeouts {
	var all smtp.Timeouts
	inner := t.table("timeouts")
	if inner == nil {
		return all
	}
	all = smtp.Timeouts{
		Connect:   inner.duration("connect"),
		Handshake: inner.duration("handshake"),
		Greeting:  inner.duration("greeting"),
		Command:   inner.duration("command"),
		Data:      inner.duration("data"),
		Block:     inner.duration("block"),
		Message:   inner.duration("message"),
		Reset:     inner.duration("reset"),
		Quit:      inner.duration("quit"),
	}
	inner.finish(nil)
	return all
}

// password reads where the account's password is.
func (t *table) password(a Account, folder string) Source {
	s := t.source(passwordKeys, folder, Keyring{Service: a.Host, User: a.Username})
	if s.IsZero() {
		return s
	}
	s.label = fmt.Sprintf("password of account %q", a.Name)
	if !s.Literal.IsZero() {
		t.file.Warnings = append(t.file.Warnings, fmt.Sprintf("%s:%d: the %s stands in the file; "+
			"password_command, password_env, password_file or keyring keep it elsewhere", s.at.path, s.at.line, s.label))
	}
	if s.Keyring != nil && s.Keyring.User == "" {
		t.fail(t.entry.entries["keyring"].key, "", "keyring needs a username")
	}
	return s
}

// secret reads one table [secret.NAME].
func (t *table) secret(name, folder string) Source {
	before := len(t.faults)
	s := t.source(secretKeys, folder, Keyring{Service: "mailscript", User: name})
	s.label = fmt.Sprintf("secret %q", name)
	t.finish(func(key string) string {
		switch key {
		case "value", "literal", "password", "secret", "text":
			return "a secret does not stand in the file; say where it is"
		case "password_command", "password_env", "password_file":
			return "it is called " + strings.TrimPrefix(key, "password_") + " here"
		}
		return ""
	})
	if s.IsZero() && len(t.faults) == before {
		t.fail(t.entry.key, "give one of command, env, file, keyring, prompt", "secret %q does not say where it is", name)
	}
	return s
}
