package config

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// DKIM is one table [dkim.NAME]: a key that messages are signed with (RFC 6376).
type DKIM struct {
	Name string
	// Domain and Selector say where DNS has the public key; Domain is in ASCII.
	Domain, Selector string
	// Key is where the private key is, in PEM; Reader.Secret reads all of it.
	Key Source
	// Headers are the names of the fields to sign; nil leaves them to package dkim.
	Headers []string
	// Header and Body are canonicalizations, "relaxed" or "simple", "" by default.
	Header, Body string
	// Expiry is how long a signature is valid; 0 is for ever.
	Expiry time.Duration
	// Accounts are those whose mail is signed; nil are all.
	Accounts []string
	// Scope is "all" for mail of every domain; "" and "aligned" are for mail from Domain
	// and others of its organization.
	Scope string

	at place
}

// Fault is an error about the table.
func (d DKIM) Fault(text, hint string, cause error) *Error {
	return d.at.fault(fmt.Sprintf("dkim %q: %s", d.Name, text), hint, cause)
}

var dkimKeys = sourceKeys{"", "key_command", "key_env", "key_file", "key_keyring", ""}

// dkim reads one table [dkim.NAME].
func (t *table) dkim(name, folder string) DKIM {
	d := DKIM{Name: name, at: t.place(t.entry.key)}
	before := len(t.faults)
	d.Domain = t.checked("domain", func(text string) (string, string) {
		_, reason := asciiHost(text)
		return reason, "write the domain that mail is from"
	})
	d.Domain, _ = asciiHost(d.Domain)
	d.Selector = t.checked("selector", func(text string) (string, string) {
		if strings.Contains(text, "_domainkey") {
			return "is a whole name", "write only what stands before ._domainkey"
		}
		_, reason := asciiHost(text)
		return reason, ""
	})
	d.Key = t.source(dkimKeys, folder, Keyring{Service: "mailscript", User: "dkim " + name})
	d.Key.label, d.Key.whole = fmt.Sprintf("key of dkim %q", name), true
	t.strings("headers", func(text string, _ *entry) { d.Headers = append(d.Headers, text) })
	if text, e := t.string("canonicalization"); e != nil {
		var both bool
		if d.Header, d.Body, both = strings.Cut(text, "/"); !both {
			d.Body = "simple" // RFC 6376, section 3.5, at c=
		}
		for _, part := range []string{d.Header, d.Body} {
			if part != "relaxed" && part != "simple" {
				t.fail(e.value, "that of the header, a slash and that of the body", `canonicalization %q is not like "relaxed/simple"`, text)
				break
			}
		}
	}
	d.Expiry = t.days("expiry")
	t.strings("accounts", func(text string, e *entry) {
		if _, ok := t.file.Accounts[text]; !ok {
			var names []string
			for known := range t.file.Accounts {
				names = append(names, known)
			}
			slices.Sort(names)
			t.fail(e.value, "", "there is no account %q%s", text, didYouMean(text, names))
		}
		d.Accounts = append(d.Accounts, text)
	})
	d.Scope = t.choice("scope", "aligned", "all")
	t.finish(func(key string) string {
		switch key {
		case "key", "private_key", "keyfile", "private_key_file":
			return "say where the key is: key_file, key_command, key_env or key_keyring"
		case "algorithm":
			return "it follows from the key: RSA or Ed25519"
		}
		return ""
	})
	if len(t.faults) > before {
		return d
	}
	switch {
	case d.Domain == "":
		t.fail(t.entry.key, `write domain = "example.org"`, "dkim %q has no domain", name)
	case d.Selector == "":
		t.fail(t.entry.key, "the public key stands at SELECTOR._domainkey.DOMAIN in the DNS", "dkim %q has no selector", name)
	case d.Key.IsZero():
		t.fail(t.entry.key, `write key_file = "dkim.pem"; openssl genpkey -algorithm ed25519 makes one`, "dkim %q does not say where its key is", name)
	}
	return d
}

// maxDays bounds how long a signature is valid; more is a mistake in the unit.
const maxDays = 3650 * 24 * time.Hour

// days reads seconds, or a string such as "14d" or "36h".
func (t *table) days(key string) time.Duration {
	value, e := t.take(key)
	var d time.Duration
	switch v := value.(type) {
	case nil:
		return 0
	case int64:
		d = secondsUpTo(v, maxDays)
	case string:
		var err error
		if d, err = parseLongTime(v); err != nil {
			t.fail(e.value, `write "14d", "36h", or seconds without quotes`, "%s: %q is not a duration", key, v)
			return 0
		}
	default:
		t.wrongType(e, key, `seconds or a string such as "14d"`, value)
		return 0
	}
	switch {
	case d < time.Hour:
		t.fail(e.value, "give days, or leave the key out", "%s is shorter than mail may wait on its way", key)
		return 0
	case d > maxDays:
		t.fail(e.value, "a bare number is seconds", "%s is longer than ten years", key)
		return 0
	}
	return d
}
