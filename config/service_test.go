package config

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/mailscript/mailscript/smtp"
)

// The servers as the providers' pages name them.
func TestServices(t *testing.T) {
	for _, c := range []struct {
		names string // all of which mean the same
		want  string
	}{
		{"gmail, Google, googlemail, google workspace", "smtp.gmail.com:465 implicit"},
		{"gmail-relay", "smtp-relay.gmail.com:465 implicit"},
		{"microsoft365, office365, outlook365, M365", "smtp.office365.com:587 starttls"},
		{"outlook, outlook.com, hotmail, live.com", "smtp-mail.outlook.com:587 starttls"},
		{"yahoo", "smtp.mail.yahoo.com:465 implicit"},
		{"aol", "smtp.aol.com:465 implicit"},
		{"icloud, me.com", "smtp.mail.me.com:587 starttls"},
		{"fastmail", "smtp.fastmail.com:465 implicit"},
		{"amazon-ses, ses, AWS SES", "email-smtp.REGION.amazonaws.com:465 implicit"},
		{"sendgrid", "smtp.sendgrid.net:465 implicit as apikey"},
		{"mailgun", "smtp.mailgun.org:465 implicit"},
		{"mailgun-eu", "smtp.eu.mailgun.org:465 implicit"},
		{"postmark", "smtp.postmarkapp.com:587 starttls"},
		{"mailjet", "in-v3.mailjet.com:465 implicit"},
		{"sparkpost", "smtp.sparkpostmail.com:587 starttls as SMTP_Injection"},
		{"brevo, sendinblue", "smtp-relay.brevo.com:587 starttls"},
		{"mandrill, mailchimp", "smtp.mandrillapp.com:465 implicit"},
		{"elastic email, elastic-email", "smtp.elasticemail.com:465 implicit"},
		{"smtp2go", "mail.smtp2go.com:465 implicit"},
		{"mailtrap", "live.smtp.mailtrap.io:587 starttls as api"},
		{"mailtrap sandbox", "sandbox.smtp.mailtrap.io:587 starttls"},
		{"resend", "smtp.resend.com:465 implicit as resend"},
		{"mailersend", "smtp.mailersend.net:587 starttls"},
		{"zoho", "smtp.zoho.com:465 implicit"},
		{"zoho.eu", "smtp.zoho.eu:465 implicit"},
		{"gmx, gmx.de", "mail.gmx.net:465 implicit"},
		{"gmx.com", "mail.gmx.com:465 implicit"},
		{"web.de", "smtp.web.de:465 implicit"},
		{"mail.ru", "smtp.mail.ru:465 implicit"},
		{"yandex", "smtp.yandex.com:465 implicit"},
		{"proton, protonmail", "smtp.protonmail.ch:587 starttls"},
		{"proton-bridge, protonmail bridge", "127.0.0.1:1025 starttls"},
		{"ionos, 1und1", "smtp.ionos.de:465 implicit"},
		{"ovh", "ssl0.ovh.net:465 implicit"},
		{"gandi", "mail.gandi.net:465 implicit"},
		{"posteo", "posteo.de:465 implicit"},
		{"mailbox.org", "smtp.mailbox.org:465 implicit"},
		{"t-online, telekom", "securesmtp.t-online.de:465 implicit"},
		{"infomaniak", "mail.infomaniak.com:465 implicit"},
		{"runbox", "mail.runbox.com:465 implicit"},
		{"163", "smtp.163.com:465 implicit"},
	} {
		for name := range strings.SplitSeq(c.names, ", ") {
			s, ok := FindService(name)
			got := fmt.Sprintf("%s:%d %s", s.Host, s.Port, s.TLS)
			if s.Username != "" {
				got += " as " + s.Username
			}
			if !ok || got != c.want {
				t.Errorf("%s: %s, want %s", name, got, c.want)
			}
		}
	}
	if _, ok := FindService(""); ok {
		t.Error("a service without a name")
	}
}

// What holds for all of them.
func TestServicesTable(t *testing.T) {
	all := Services()
	if !slices.IsSortedFunc(all, func(a, b Service) int { return strings.Compare(a.Name, b.Name) }) {
		t.Error("they are not in the order of their names")
	}
	seen := map[string]string{}
	for _, s := range all {
		for _, name := range append([]string{s.Name}, s.Aliases...) {
			if name != strings.ToLower(name) || strings.ContainsAny(name, " _") {
				t.Errorf("%q is not how a name is written", name)
			}
			if other, ok := seen[plainName(name)]; ok {
				t.Errorf("%q is a name of %s and %s", name, other, s.Name)
			}
			seen[plainName(name)] = s.Name
		}
		if s.Name != "proton-bridge" && (s.Port == smtp.PortSubmissions) != (s.TLS == smtp.TLSImplicit) ||
			s.Port != smtp.PortSubmissions && s.TLS != smtp.TLSStartTLS {
			t.Errorf("%s: port %d with %s", s.Name, s.Port, s.TLS)
		}
		if strings.Contains(s.Note, "\n") || strings.HasSuffix(s.Note, ".") || strings.Contains(s.Note, "!") {
			t.Errorf("%s: the note is not in the style of a hint: %q", s.Name, s.Note)
		}
		region := ""
		if s.Regional() {
			region = "region = \"eu-west-1\"\n"
		}
		account := parse(t, fmt.Sprintf("[account.x]\nservice = %q\n%s", s.Name, region)).Accounts["x"]
		if reason, _ := hostFault(account.Host); reason != "" {
			t.Errorf("%s: host %q %s", s.Name, account.Host, reason)
		}
		if account.Service != s.Name || account.Port != s.Port || account.TLS != s.TLS || account.Username != s.Username {
			t.Errorf("%s: the account is %+v", s.Name, account)
		}
	}
	if len(all) < 25 {
		t.Errorf("%d services", len(all))
	}
	all[0].Aliases[0] = "changed"
	if services[0].Aliases[0] == "changed" {
		t.Error("the table can be changed from outside")
	}
}

// A user name that all customers have may still be another one.
func TestServiceUsername(t *testing.T) {
	for says, want := range map[string]string{
		"service = \"sendgrid\"":                       "apikey",
		"service = \"sendgrid\"\nusername = \"ann\"":   "ann",
		"service = \"gmail\"":                          "",
		"host = \"smtp.sendgrid.net\"":                 "",
		"service = \"sendgrid\"\npassword_env = \"K\"": "apikey",
	} {
		if got := parse(t, "[account.x]\n"+says).Accounts["x"].Username; got != want {
			t.Errorf("%s: %q, want %q", says, got, want)
		}
	}
}
