package probe

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/mailscript/mailscript/smtp"
)

// width is that of a terminal, in characters.
const width = 80

// labelWidth is the column where facts begin.
const labelWidth = 15

// String is the report for people, in lines of 80 characters where words allow.
func (r Report) String() string {
	var b strings.Builder
	for i, t := range r.Targets {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(t.String())
	}
	if r.Account != "" {
		b.WriteString("\nFor mailscript.toml:\n\n" + r.Account)
	}
	return b.String()
}

// String is the target for people.
func (t Target) String() string {
	l := &listing{}
	l.line(t.Address + ": " + t.summary())
	if t.Greeting != "" {
		l.facts("greeting", t.Greeting)
	}
	if t.TLS != nil {
		l.tls(*t.TLS)
	}
	if t.Mode != "" && len(t.Capabilities) > 0 {
		l.auth(t)
		l.facts("limits", t.Limits.String())
		l.facts("pipelining", t.Pipelining.String())
		l.facts("chunking", t.Chunking.String())
		l.extensions(t.Capabilities)
	}
	for _, f := range t.Findings {
		l.line("")
		l.finding(f)
	}
	return l.String()
}

func (t Target) summary() string {
	text := "no mail server could be reached"
	switch t.Mode {
	case "":
		if t.Greeting != "" {
			text = "the server does not want to talk"
		}
	case smtp.TLSImplicit:
		text = "TLS from the first byte"
	case smtp.TLSStartTLS:
		text = "encrypted with STARTTLS"
	case smtp.TLSOff:
		text = "not encrypted"
	}
	switch {
	case t.Mode == "", t.Mode == smtp.TLSOff:
	case t.TLS == nil && t.Mode == smtp.TLSImplicit && t.Greeting != "":
		text += "; the server does not want to talk"
	case t.TLS == nil:
		text += ", without success"
	case t.TLS.Verified:
		text += ", certificate verified"
	default:
		text += ", certificate refused"
	}
	return text
}

// listing is text in two columns.
type listing struct{ strings.Builder }

func (l *listing) line(text string) { l.WriteString(strings.TrimRight(text, " ") + "\n") }

// facts writes texts beside a label, one below the other.
func (l *listing) facts(label string, texts ...string) {
	for _, text := range texts {
		l.wrap(fmt.Sprintf("  %-*s", labelWidth-2, label), text)
		label = ""
	}
}

// wrap writes a text behind a first column, and goes on below it.
func (l *listing) wrap(first, text string) {
	indent := strings.Repeat(" ", utf8.RuneCountInString(first))
	line := first
	empty := true
	for _, word := range strings.Fields(text) {
		if !empty && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > width {
			l.line(line)
			line, empty = indent, true
		}
		if !empty {
			line += " "
		}
		line += word
		empty = false
	}
	l.line(line)
}

func (l *listing) tls(t TLS) {
	if t.Version != "" {
		l.facts("encryption", t.Version+", "+t.Cipher)
	}
	for i, c := range t.Certificates {
		label := "certificate"
		if i > 0 {
			label = "authority"
		}
		lines := []string{c.Subject, "issued by " + c.Issuer}
		if c.Subject == c.Issuer {
			lines[1] = "issued by itself"
		}
		if len(c.Names) > 1 || len(c.Names) == 1 && c.Names[0] != c.Subject {
			lines = append(lines, "for "+strings.Join(c.Names, ", "))
		}
		l.facts(label, append(lines,
			fmt.Sprintf("valid %s to %s, %s", c.NotBefore.Format("2006-01-02"), c.NotAfter.Format("2006-01-02"), c.left()),
			c.Key+", signed with "+c.Signature)...)
		if i == 0 {
			l.facts("pin", c.Pin)
			l.facts("fingerprint", c.Fingerprint)
		}
	}
}

func (c Certificate) left() string {
	switch {
	case c.DaysLeft < -1:
		return "expired " + days(-c.DaysLeft-1) + " ago"
	case c.DaysLeft < 0:
		return "expired"
	}
	return within(c.DaysLeft) + " left"
}

func (l *listing) auth(t Target) {
	if len(t.Auth.Mechanisms) == 0 {
		l.facts("log-in", "none offered")
	}
	label := "log-in"
	for _, m := range t.Auth.Mechanisms {
		text := m.Strength
		if !m.Supported {
			text += " (mailscript has it not)"
		}
		l.wrap(fmt.Sprintf("  %-*s%-14s ", labelWidth-2, label, m.Name), text)
		label = ""
	}
	switch {
	case t.Auth.Choice == "":
	case t.TLS == nil:
		l.facts("", "mailscript takes "+t.Auth.Choice+", and only with auth_in_clear = true")
	default:
		l.facts("", "mailscript takes "+t.Auth.Choice)
	}
	if t.Auth.Login != "" {
		l.facts("", "log-in "+t.Auth.Login)
	}
	if t.Mode == smtp.TLSStartTLS {
		text := "none offered"
		if len(t.Auth.InClear) > 0 {
			text = strings.Join(t.Auth.InClear, " ")
		}
		l.facts("  in clear", text)
	}
}

// String is the limits in words.
func (l Limits) String() string {
	var parts []string
	if l.MessageSize > 0 {
		parts = append(parts, fmt.Sprintf("messages up to %.1f MB (%d octets)", float64(l.MessageSize)/1e6, l.MessageSize))
	}
	for _, limit := range []struct {
		n    int
		what string
	}{{l.Messages, "messages on one connection"}, {l.Recipients, "recipients at once"}, {l.RecipientDomains, "recipient domains at once"}} {
		if limit.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", limit.n, limit.what))
		}
	}
	if len(parts) == 0 {
		return "none named"
	}
	return strings.Join(parts, ", ")
}

// String is the extension in words.
func (e Extension) String() string {
	text := "not offered"
	if e.Offered {
		text = "offered"
	}
	switch e.Behaviour {
	case Works:
		return text + ", works"
	case Fails:
		return text + ", does not work"
	case Unknown:
		return text + "; whether it works could not be told"
	}
	return text
}

// shownElsewhere are the extensions that have lines of their own.
var shownElsewhere = map[string]bool{"AUTH": true, "SIZE": true, "PIPELINING": true, "CHUNKING": true, "STARTTLS": true}

func (l *listing) extensions(offered []Capability) {
	label := "extensions"
	for _, c := range offered {
		if shownElsewhere[c.Keyword] {
			continue
		}
		text := c.Meaning
		if text == "" {
			text = c.Parameters
		}
		l.wrap(fmt.Sprintf("  %-*s%-19s ", labelWidth-2, label, c.Keyword), text)
		label = ""
	}
}

func (l *listing) finding(f Finding) {
	l.wrap("  "+string(f.Severity)+": ", f.What)
	for _, part := range []struct{ label, text string }{{"cause", f.Cause}, {"do", f.Action}} {
		if part.text != "" {
			l.wrap(fmt.Sprintf("    %-8s", part.label+":"), part.text)
		}
	}
	label := "config:"
	for line := range strings.Lines(f.Config) {
		l.line(fmt.Sprintf("    %-8s%s", label, strings.TrimRight(line, "\n")))
		label = ""
	}
}
