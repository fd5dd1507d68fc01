package config

import (
	"fmt"
	"strings"

	"github.com/mailscript/mailscript/smtp"
)

// Source says where a secret is, in exactly one way. It prints as that, without
// the secret: a literal as ‹secret›, a command as its program.
type Source struct {
	Command Command  // the first line it prints is the secret
	Env     string   // an environment variable
	File    string   // its first line is the secret
	Keyring *Keyring // the keyring of the desktop
	Prompt  bool     // ask the person at the terminal
	Literal smtp.Secret

	// Question is what a prompt asks, without a colon; "" asks for the secret by
	// the name it has in the configuration.
	Question string

	whole bool   // all of it counts, and not only its first line
	label string // such as: password of account "default"
	at    place
}

// Keyring names one entry of the keyring.
type Keyring struct{ Service, User string }

// IsZero reports whether the source says nothing.
func (s Source) IsZero() bool { return s.ways() == 0 }

func (s Source) ways() (n int) {
	for _, given := range [...]bool{
		!s.Command.IsZero(), s.Env != "", s.File != "", s.Keyring != nil, s.Prompt, !s.Literal.IsZero(),
	} {
		if given {
			n++
		}
	}
	return n
}

// String says where the secret is, without anything that could be a part of it.
func (s Source) String() string {
	switch {
	case !s.Command.IsZero():
		return "command " + s.Command.String()
	case s.Env != "":
		if !isVariable(s.Env) {
			// Who mistook the key for that of the password must not see it.
			return "environment variable " + hiddenMark
		}
		return "environment variable " + s.Env
	case s.File != "":
		return "file " + s.File
	case s.Keyring != nil:
		return fmt.Sprintf("keyring entry %q of %q", s.Keyring.User, s.Keyring.Service)
	case s.Prompt:
		return "prompt"
	case !s.Literal.IsZero():
		return s.Literal.String()
	}
	return "none"
}

// Format writes String for every verb, %#v included.
func (s Source) Format(f fmt.State, _ rune) { fmt.Fprint(f, s.String()) }

// MarshalText writes String: a command may hold a password too.
func (s Source) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

const asciiAlphanumerics = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

// isVariable reports whether a text looks like the name of an environment
// variable. Systems allow more, but nobody uses it: Windows has parentheses,
// containers dots and hyphens.
func isVariable(name string) bool {
	return name != "" && len(name) <= 200 && strings.Trim(name, asciiAlphanumerics+"_.-()") == ""
}

// sourceKeys are the keys of one table that say where a secret is. literal is
// "" where it must not stand in the file, prompt where nobody can type it.
type sourceKeys struct{ literal, command, env, file, keyring, prompt string }

var (
	passwordKeys = sourceKeys{"password", "password_command", "password_env", "password_file", "keyring", "prompt"}
	secretKeys   = sourceKeys{"", "command", "env", "file", "keyring", "prompt"}
)

// source reads where a secret is; usual is the entry that keyring = true means.
func (t *table) source(keys sourceKeys, folder string, usual Keyring) Source {
	var s Source
	var given []*entry
	note := func(e *entry) { given = append(given, e) }

	if keys.literal != "" {
		if value, e := t.take(keys.literal); value != nil {
			text, ok := value.(string)
			switch {
			case !ok:
				t.wrongType(e, keys.literal, "a string", value)
			case text == "":
				t.fail(e.value, "leave the key out", "%s is empty", keys.literal)
			default:
				s.Literal = smtp.NewSecret(text)
				note(e)
			}
		}
	}
	if text, e := t.string(keys.command); e != nil {
		s.Command = NewCommand(text)
		note(e)
	}
	if text, e := t.string(keys.env); e != nil {
		if !isVariable(text) {
			t.fail(e.value, "write the name alone, as in SMTP_PASSWORD", "%s is not the name of a variable", keys.env)
		} else {
			s.Env = text
			note(e)
		}
	}
	if text, e := t.string(keys.file); e != nil {
		if path, err := inFolder(folder, text); err != nil {
			t.fail(e.value, "write the whole path", "%s: %s", keys.file, err)
		} else {
			s.File = path
			note(e)
		}
	}
	if found, e := t.keyring(keys.keyring, usual); found != nil {
		s.Keyring = found
		note(e)
	}
	if keys.prompt != "" && t.bool(keys.prompt) {
		s.Prompt = true
		note(t.entry.entries[keys.prompt])
	}
	if len(given) == 0 {
		return Source{}
	}
	first := given[0]
	for _, e := range given[1:] {
		later := e
		if e.key.start < first.key.start {
			first, later = e, first
		}
		t.fail(later.key, "a secret is in one place; leave the others out", "%s and %s exclude each other", first.name, later.name)
	}
	s.at = t.place(first.key)
	return s
}

// keyring reads true, the name of a service, or a table of service and user.
func (t *table) keyring(key string, usual Keyring) (*Keyring, *entry) {
	value, e := t.take(key)
	switch v := value.(type) {
	case nil:
		return nil, nil
	case bool:
		if !v {
			return nil, nil
		}
	case string:
		if !t.printable(e, key, v) {
			return nil, nil
		}
		usual.Service = v
	case map[string]any:
		inner := &table{decoder: t.decoder, name: t.name + "." + key, entry: e, values: v}
		if text, at := inner.string("service"); at != nil {
			usual.Service = text
		}
		if text, at := inner.string("user"); at != nil {
			usual.User = text
		}
		inner.finish(func(key string) string {
			if key == "username" {
				return "it is called user here"
			}
			return ""
		})
	default:
		t.wrongType(e, key, "true, the name of a service, or a table of service and user", value)
		return nil, nil
	}
	return &usual, e
}
