package probe

import (
	"slices"
	"time"

	"github.com/mailscript/mailscript/smtp"
)

// Report is what was found out about a server. Its JSON is described in
// docs/probe.md.
type Report struct {
	Host string `json:"host"`
	// Chosen is the index of the target to use.
	Chosen int `json:"chosen"`
	// Targets are the ports that were asked.
	Targets []Target `json:"targets"`
	// Account is what to write into mailscript.toml, "" where the server could not
	// be reached.
	Account string `json:"account,omitempty"`
}

// Failed reports whether a finding is an error.
func (r Report) Failed() bool { return slices.ContainsFunc(r.Targets, Target.Failed) }

// Target is one port of the server, or its socket.
type Target struct {
	Address string `json:"target"`
	Host    string `json:"host"`
	Port    int    `json:"port,omitempty"`
	Socket  string `json:"socket,omitempty"`
	// Mode is the TLS mode that fits; "" where there was no mail server.
	Mode smtp.TLSMode `json:"tls_mode,omitempty"`
	// Greeting is the first reply with its code.
	Greeting string `json:"greeting,omitempty"`
	// Capabilities are what EHLO offered, behind STARTTLS where there was one.
	Capabilities []Capability `json:"capabilities"`
	// InClear are those before STARTTLS.
	InClear    []Capability `json:"capabilities_in_clear,omitempty"`
	TLS        *TLS         `json:"tls,omitempty"`
	Auth       Auth         `json:"auth"`
	Limits     Limits       `json:"limits"`
	Pipelining Extension    `json:"pipelining"`
	Chunking   Extension    `json:"chunking"`
	Findings   []Finding    `json:"findings"`
}

// Failed reports whether a finding is an error.
func (t Target) Failed() bool {
	return slices.ContainsFunc(t.Findings, func(f Finding) bool { return f.Severity == Error })
}

// Capability is one line of the reply to EHLO.
type Capability struct {
	Keyword    string `json:"keyword"`
	Parameters string `json:"parameters,omitempty"`
	// Meaning is what it lets one do, "" where it is not known here.
	Meaning string `json:"meaning,omitempty"`
}

// TLS is how the connection was encrypted.
type TLS struct {
	Version string `json:"version,omitempty"`
	Cipher  string `json:"cipher,omitempty"`
	// Verified is false where the certificate was refused; the findings say why.
	Verified bool `json:"verified"`
	// Certificates are those the server sent, its own first.
	Certificates []Certificate `json:"certificates"`
	// OldVersions are those the server takes that are no longer safe (RFC 8996).
	OldVersions []string `json:"old_versions,omitempty"`
}

// Certificate is one of a chain.
type Certificate struct {
	Subject   string    `json:"subject"`
	Issuer    string    `json:"issuer"`
	Names     []string  `json:"names,omitempty"` // hosts and addresses it is for
	NotBefore time.Time `json:"not_before"`
	NotAfter  time.Time `json:"not_after"`
	// DaysLeft are whole days until it expires, negative behind that.
	DaysLeft    int    `json:"days_left"`
	Key         string `json:"key"`       // "RSA, 2048 bits"
	Signature   string `json:"signature"` // "SHA256-RSA"
	Authority   bool   `json:"authority"`
	Fingerprint string `json:"fingerprint"` // SHA-256 of the whole, hexadecimal
	Pin         string `json:"pin"`         // as the option pins takes it
	PEM         string `json:"pem"`
}

// Auth is how one may log in.
type Auth struct {
	Mechanisms []Mechanism `json:"mechanisms"`
	// InClear are the mechanisms offered before STARTTLS, or without any TLS.
	InClear []string `json:"mechanisms_in_clear,omitempty"`
	// Choice is the mechanism that mailscript takes for a password, or where
	// there is none for one, for a token or a client certificate.
	Choice string `json:"choice,omitempty"`
	// Login is the outcome of a log-in: "accepted", "refused", "not tried" where it
	// would not have been safe; "" where none was asked for.
	Login string `json:"login,omitempty"`
}

// Mechanism is one way to log in.
type Mechanism struct {
	Name string `json:"name"`
	// Strength says what the mechanism gives away.
	Strength string `json:"strength"`
	// Supported is true where mailscript has it.
	Supported bool `json:"supported"`
}

// Limits are what the server says of itself; 0 says nothing.
type Limits struct {
	MessageSize      int64 `json:"message_size,omitempty"`      // octets (RFC 1870)
	Messages         int   `json:"messages,omitempty"`          // on one connection (RFC 9422)
	Recipients       int   `json:"recipients,omitempty"`        // of one message
	RecipientDomains int   `json:"recipient_domains,omitempty"` // of one message
}

// Behaviour is whether a server does what it says.
type Behaviour string

const (
	Works   Behaviour = "works"
	Fails   Behaviour = "fails"
	Unknown Behaviour = "unknown" // it could not be told
)

// Extension is one that was tried.
type Extension struct {
	Offered bool `json:"offered"`
	// Behaviour is "" where it was not tried.
	Behaviour Behaviour `json:"behaviour,omitempty"`
}
