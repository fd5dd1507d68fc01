package smtp

import (
	"fmt"
	"slices"
	"strings"
)

// passwordMechanisms are those that prove a password, strongest first: bound to
// the connection; proving it without telling it; telling it.
var passwordMechanisms = [...]string{
	"SCRAM-SHA-512-PLUS", "SCRAM-SHA-256-PLUS", "SCRAM-SHA-1-PLUS",
	"SCRAM-SHA-512", "SCRAM-SHA-256", "SCRAM-SHA-1",
	"CRAM-MD5", "PLAIN", "LOGIN",
}

// tokenMechanisms are those that take an access token, the standard one first.
var tokenMechanisms = [...]string{"OAUTHBEARER", "XOAUTH2"}

// Mechanisms are the SASL mechanisms of this package, strongest first.
func Mechanisms() []string {
	return slices.Concat([]string{"EXTERNAL"}, passwordMechanisms[:], tokenMechanisms[:])
}

// mechanism chooses the strongest that both sides have and the owner allows.
func (s *Session) mechanism(c Credentials) (mechanism, error) {
	auth := func(err error) error { return &Error{Kind: KindAuth, Command: "AUTH", Err: err} }
	wanted, err := c.mechanisms(len(s.options.Certificates) > 0)
	switch {
	case err != nil:
		return nil, &Error{Kind: KindArgument, Command: "AUTH", Err: err}
	case !s.has("AUTH") && s.tls == nil && s.has("STARTTLS"):
		return nil, auth(fmt.Errorf("%w before STARTTLS", ErrNotOffered))
	case !s.has("AUTH"):
		return nil, auth(ErrNotOffered)
	}
	offered := s.caps.Mechanisms()
	for _, name := range wanted {
		if !slices.Contains(offered, name) {
			continue
		}
		m, err := s.newMechanism(name, c, offered)
		if err != nil && c.Mechanism == "" {
			s.log.notef("%s is not used: %v", name, err)
			continue
		}
		if err != nil {
			return nil, &Error{Kind: KindArgument, Command: "AUTH " + name, Err: err}
		}
		return m, nil
	}
	return nil, auth(fmt.Errorf("the server offers %s; %s would be needed: %w",
		strings.Join(offered, ", "), alternatives(wanted), ErrNotOffered))
}

func alternatives(names []string) string {
	if len(names) < 3 {
		return strings.Join(names, " or ")
	}
	return strings.Join(names[:len(names)-1], ", ") + " or " + names[len(names)-1]
}

// Check refuses credentials that no server could take.
func (c Credentials) Check() error {
	if _, err := c.mechanisms(false); err != nil {
		return &Error{Kind: KindArgument, Command: "AUTH", Err: err}
	}
	return nil
}

// mechanisms are those that the credentials allow, strongest first.
func (c Credentials) mechanisms(certified bool) ([]string, error) {
	known := func(what, name string, among []string) (string, error) {
		upper := strings.ToUpper(name)
		if !slices.Contains(among, upper) {
			return "", &argumentError{fmt.Sprintf("%s %q is none of %s", what, name, strings.Join(among, ", "))}
		}
		return upper, nil
	}
	passwords := passwordMechanisms[:]
	if c.Minimum != "" {
		minimum, err := known("the minimum", c.Minimum, passwords)
		if err != nil {
			return nil, err
		}
		passwords = passwords[:slices.Index(passwords, minimum)+1]
	}
	switch {
	case c.Mechanism != "":
		name, err := known("mechanism", c.Mechanism, Mechanisms())
		if err != nil {
			return nil, err
		}
		if slices.Contains(passwordMechanisms[:], name) && !slices.Contains(passwords, name) {
			return nil, &argumentError{fmt.Sprintf("mechanism %s is weaker than the minimum %s", name, strings.ToUpper(c.Minimum))}
		}
		return []string{name}, nil
	case !c.Token.IsZero():
		return tokenMechanisms[:], nil
	case c.Password.IsZero() && certified:
		return []string{"EXTERNAL"}, nil
	}
	return passwords, nil
}

// newMechanism begins an exchange. offered decides what SCRAM says of channel
// binding.
func (s *Session) newMechanism(name string, c Credentials, offered []string) (mechanism, error) {
	switch name {
	case "EXTERNAL":
		return external{c.Username}, nil
	case "PLAIN":
		return plain{c.Username, c.Password}, nil
	case "LOGIN":
		return &login{username: c.Username, password: c.Password}, nil
	case "CRAM-MD5":
		return &cramMD5{username: c.Username, password: c.Password}, nil
	case "OAUTHBEARER", "XOAUTH2":
		token := c.Token
		if token.IsZero() {
			token = c.Password
		}
		return &bearer{mechanism: name, username: c.Username, token: token, host: s.options.Host, port: s.options.Port}, nil
	}
	m := &scram{mechanism: name, hash: scramHash(name), username: c.Username, password: c.Password, header: "n,,"}
	plus := func(name string) bool { return strings.HasSuffix(name, plusSuffix) }
	switch {
	case plus(name):
		if s.tls == nil {
			return nil, &argumentError{"channel binding needs TLS"}
		}
		binding := c.ChannelBinding
		if binding == "" {
			binding = bindingOf(s.tls)
		}
		data, err := binding.data(s.tls)
		if err != nil {
			return nil, err
		}
		m.header, m.binding = "p="+string(binding)+",,", data
	case s.tls != nil && !slices.ContainsFunc(offered, plus):
		// RFC 5802, section 6: "y" says that we could have bound the channel. A
		// server that offered it, to somebody in the middle, then refuses.
		m.header = "y,,"
	}
	return m, nil
}
