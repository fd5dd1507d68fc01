package luaapi

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/mailscript/mailscript/config"
	"github.com/mailscript/mailscript/engine"
	"github.com/mailscript/mailscript/mime/dkim"
	"github.com/mailscript/mailscript/smtp"
	lua "github.com/yuin/gopher-lua"
)

// signing says what a script wants of signatures.
type signing struct {
	mode  signMode
	names []string // of keys, with signNamed
}

type signMode string

const (
	signSuiting  signMode = ""      // with every key whose domain suits
	signNever    signMode = "never" // not at all
	signRequired signMode = "must"  // with every key that suits, and there must be one
	signNamed    signMode = "named" // with these
)

// signing reads an option dkim; nil where it is not given.
func (c *Call) signing(v lua.LValue) *signing {
	switch v := v.(type) {
	case nil, *lua.LNilType:
		return nil
	case lua.LBool:
		if v {
			return &signing{mode: signRequired}
		}
		return &signing{mode: signNever}
	}
	d := &decoder{b: c.bound, L: c.L, path: c.function.full}
	names := d.strings("dkim", v)
	if len(names) == 0 {
		c.Usage("dkim = false leaves the message unsigned", `option "dkim" is an empty list`)
	}
	return &signing{mode: signNamed, names: names}
}

// dkimSigner is a key that was read.
type dkimSigner struct {
	*dkim.Signer
	body dkim.Canonicalization
}

// signers are the keys that sign a message which goes through an account. A key whose domain
// is not that of From would be of no use to DMARC, and is left out unless it says that it is
// for all mail; who asks for it by name, or for any at all, is told.
func (c *Call) signers(from []string, s signing, account string) ([]*dkimSigner, error) {
	var tables []config.DKIM
	if c.options.Config != nil {
		tables = c.options.Config.DKIM
	}
	switch s.mode {
	case signNever:
		return nil, nil
	case signSuiting:
		if len(tables) == 0 {
			return nil, nil
		}
	case signNamed:
		var err error
		if tables, err = named(tables, s.names); err != nil {
			return nil, err
		}
	}
	var chosen []config.DKIM
	var domains []string
	for _, t := range tables {
		if s.mode != signNamed && len(t.Accounts) > 0 && !slices.Contains(t.Accounts, account) {
			continue
		}
		domains = append(domains, t.Domain)
		if t.Scope == string(dkim.AllMail) || slices.ContainsFunc(from, func(d string) bool { return dkim.Align(d, t.Domain) != dkim.Unaligned }) {
			chosen = append(chosen, t)
		}
	}
	if s.mode == signRequired || s.mode == signNamed {
		if len(domains) == 0 {
			return nil, &engine.Fault{
				Kind: engine.KindConfig, Message: "dkim: no key signs what this account sends",
				Hint: "write [dkim.NAME] in mailscript.toml, with domain, selector and key_file",
			}
		}
		// RFC 7489, section 3.1.1: one aligned signature is enough, for each domain in From.
		for _, d := range from {
			if !slices.ContainsFunc(chosen, func(t config.DKIM) bool { return dkim.Align(d, t.Domain) != dkim.Unaligned }) {
				return nil, &dkim.AlignmentError{From: from, Domains: domains}
			}
		}
	}
	if len(chosen) == 0 && len(domains) > 0 {
		// A misspelt domain would look just like this.
		c.notice(fmt.Sprintf("mail from %s is not signed: the keys of mailscript.toml are of %s (dkim = false in a message says that this is meant)",
			strings.Join(from, ", "), strings.Join(domains, ", ")))
	}
	signers := make([]*dkimSigner, len(chosen))
	for i, t := range chosen {
		signer, err := c.signer(t)
		if err != nil {
			return nil, err
		}
		signers[i] = signer
	}
	return signers, nil
}

func named(tables []config.DKIM, names []string) ([]config.DKIM, error) {
	var found []config.DKIM
	for _, name := range names {
		i := slices.IndexFunc(tables, func(t config.DKIM) bool { return t.Name == name })
		if i < 0 {
			f := &engine.Fault{
				Kind: engine.KindConfig, Message: fmt.Sprintf("dkim: there is no key %q", name),
				Hint: "write [dkim." + name + "] in mailscript.toml, with domain, selector and key_file",
			}
			var known []string
			for _, t := range tables {
				known = append(known, t.Name)
			}
			if near, ok := engine.Closest(name, known); ok {
				f.Message += fmt.Sprintf(" (did you mean %q?)", near)
			}
			return nil, f
		}
		found = append(found, tables[i])
	}
	return found, nil
}

// signer reads a key once a run.
func (c *Call) signer(t config.DKIM) (*dkimSigner, error) {
	if known, ok := c.API.signing[t.Name]; ok {
		return known, nil
	}
	key, err := c.privateKey(t)
	if err != nil {
		return nil, err
	}
	body := dkim.Canonicalization(t.Body)
	if body == "" {
		body = dkim.Simple
	}
	made, err := dkim.NewSigner(dkim.Options{
		Signatures: []dkim.Signature{{Domain: t.Domain, Selector: t.Selector, Key: key}},
		Headers:    t.Headers, Header: dkim.Canonicalization(t.Header), Body: body,
		Lifetime: t.Expiry,
		// Which key suits which message is decided above, for all of them together.
		Alignment: dkim.IgnoreAlignment,
	})
	if err != nil {
		return nil, t.Fault(err.Error(), dkimHint(err), err)
	}
	for _, text := range made.Warnings() {
		c.notice(fmt.Sprintf("dkim %q: %s", t.Name, text))
	}
	signer := &dkimSigner{made, body}
	c.API.signing[t.Name] = signer
	return signer, nil
}

// privateKey reads a key. A rehearsal takes one from a file, which asks nobody, and does
// without the others: it signs with a key of its own.
func (c *Call) privateKey(t config.DKIM) (*dkim.Key, error) {
	if c.options.Rehearsal && t.Key.File == "" {
		return c.rehearsalKey(fmt.Sprintf("the key of dkim %q is not asked for in a rehearsal", t.Name))
	}
	text, err := c.options.Secrets.Secret(c.Context(), t.Key)
	switch {
	case err != nil && c.options.Rehearsal:
		return c.rehearsalKey(err.Error())
	case err != nil:
		return nil, err
	}
	return parseKey(t, text)
}

func parseKey(t config.DKIM, text smtp.Secret) (*dkim.Key, error) {
	var pem bytes.Buffer
	if err := text.SaveTo(&pem); err != nil {
		return nil, err
	}
	key, err := dkim.ParseKey(pem.Bytes())
	if err != nil {
		return nil, t.Fault(err.Error(), dkimHint(err), err)
	}
	return key, nil
}

func (c *Call) rehearsalKey(why string) (*dkim.Key, error) {
	c.notice(why + "; this rehearsal signs with a key of its own")
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		return nil, err
	}
	return dkim.NewKey(private)
}

// KeyRecord is what the DNS must say of a key.
type KeyRecord struct {
	Name    string // of the TXT record
	Text    string
	Warning string // what is unwise about the key, "" where nothing is
}

// PublishedKey reads a key and returns the record that publishes its public half (RFC 6376,
// section 3.6.1). Errors are of type *config.Error.
func PublishedKey(ctx context.Context, t config.DKIM, secrets config.Reader) (KeyRecord, error) {
	text, err := secrets.Secret(ctx, t.Key)
	if err != nil {
		return KeyRecord{}, err
	}
	key, err := parseKey(t, text)
	if err != nil {
		return KeyRecord{}, err
	}
	return KeyRecord{t.Selector + "._domainkey." + t.Domain, key.Record(), key.Warning()}, nil
}

func dkimHint(err error) string {
	var fault *dkim.Error
	if errors.As(err, &fault) {
		return fault.Hint
	}
	return ""
}
