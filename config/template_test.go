package config

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/mailscript/mailscript/smtp"
)

func TestTemplate(t *testing.T) {
	file, err := Parse("mailscript.toml", []byte(Template()))
	if err != nil {
		t.Fatal(said(err))
	}
	if len(file.Accounts) != 1 || file.Accounts["default"].Password.IsZero() || len(file.Warnings) != 0 {
		t.Errorf("%v", file)
	}
}

// setting is the key of a line of the template, made or not.
func setting(line string) (key string, ok bool) {
	key, _, ok = strings.Cut(strings.TrimPrefix(line, "# "), " = ")
	return key, ok && strings.Trim(key, "abcdefghijklmnopqrstuvwxyz_") == ""
}

// excluding are the keys of which one table has one at most.
var excluding = [][]string{
	{"host", "service"},
	{"password_env", "password_command", "password_file", "keyring", "prompt", "password"},
	{"command", "env", "file", "keyring", "prompt"},
	{"key_file", "key_command", "key_env", "key_keyring"},
	{"service", "token_url"},
	{"tenant", "token_url"},
	{"client_secret_command", "client_secret_env", "client_secret_file", "client_secret_keyring", "client_secret"},
	{"token_file", "refresh_token_command", "refresh_token_env", "refresh_token_file", "refresh_token_keyring", "refresh_token"},
}

// needed are the keys without which a table of access tokens is none, and neededToSign
// those of a key that signs, and neededToRun those of a job.
var (
	needed       = []string{"service", "client_id", "token_file"}
	neededToSign = []string{"domain", "selector", "key_file"}
	neededToRun  = []string{"script", "cron"}
)

// Every line of the template that is not made works when its # is taken off,
// and the lines that exclude it get one.
func TestTemplateLines(t *testing.T) {
	lines := strings.Split(strings.TrimSuffix(Template(), "\n"), "\n")
	made := 0
	for i, line := range lines {
		key, ok := setting(line)
		if !ok || !strings.HasPrefix(line, "# ") || strings.HasPrefix(line, "# A ") {
			continue
		}
		made++
		var text []string
		in := false // the table of the line
		header := ""
		for j, other := range lines {
			bare := strings.TrimPrefix(other, "# ")
			if strings.HasPrefix(bare, "[") {
				next := slices.IndexFunc(lines[j+1:], func(l string) bool { return strings.HasPrefix(strings.TrimPrefix(l, "# "), "[") })
				in = j < i && (next < 0 || i < j+1+next)
				if in {
					header, other = bare, bare
				}
			}
			otherKey, _ := setting(other)
			switch {
			case j == i:
				other = strings.TrimPrefix(other, "# ")
			case in && slices.ContainsFunc(excluding, func(keys []string) bool {
				return slices.Contains(keys, key) && slices.Contains(keys, otherKey)
			}):
				other = "# " + other
			case in && strings.Contains(header, ".oauth2]") && slices.Contains(needed, otherKey):
				other = bare
			case in && strings.Contains(header, "[dkim.") && slices.Contains(neededToSign, otherKey):
				other = bare
			case in && strings.Contains(header, "[job.") && key == "seconds" && otherKey == "cron":
				other = `cron = "0 0 7 * * MON"`
			case in && strings.Contains(header, "[job.") && slices.Contains(neededToRun, otherKey):
				other = bare
			case in && strings.Contains(header, "[database.") && otherKey == "url":
				other = bare
			case key == "socket" && otherKey == "host" && in:
				other = "# " + other
			case key == "region" && otherKey == "host":
				other = `service = "amazon-ses"`
			case key == "client_certificate" && otherKey == "client_key", key == "client_key" && otherKey == "client_certificate":
				other = bare
			}
			text = append(text, other)
		}
		if strings.Contains(header, ".oauth2]") { // which goes without a password
			text = slices.DeleteFunc(text, func(l string) bool { return strings.HasPrefix(l, "password_env") })
		}
		if _, err := Parse("mailscript.toml", []byte(strings.Join(text, "\n"))); err != nil {
			t.Errorf("with %s:\n%s", strings.TrimPrefix(line, "# "), said(err))
		}
	}
	if made < 30 {
		t.Errorf("only %d lines were tried", made)
	}
}

// Every key the parser knows stands in the template, and nothing but those.
func TestTemplateKeys(t *testing.T) {
	known := knownKeys()
	var shown []string
	for line := range strings.SplitSeq(Template(), "\n") {
		if key, ok := setting(line); ok {
			shown = append(shown, key)
		}
		if table, _, ok := strings.Cut(strings.TrimPrefix(line, "# "), "]"); ok && strings.HasPrefix(table, "[") {
			for part := range strings.SplitSeq(table[1:], ".") {
				if !slices.Contains([]string{"default", "crm", "shop", "weekly-sales"}, part) {
					shown = append(shown, part)
				}
			}
		}
		if _, inner, ok := strings.Cut(line, "{"); ok {
			for pair := range strings.SplitSeq(inner, ", ") {
				key, _, _ := strings.Cut(strings.TrimSpace(pair), " = ")
				shown = append(shown, key)
			}
		}
	}
	for _, key := range known {
		if !slices.Contains(shown, key) {
			t.Errorf("%q is not in the template", key)
		}
	}
	for _, key := range shown {
		if !slices.Contains(known, key) {
			t.Errorf("the template has %q, which the parser does not know", key)
		}
	}
}

// Whether the values of a key may be shown has been decided for each.
func TestKeys(t *testing.T) {
	known := knownKeys()
	listed := slices.Concat(shownKeys[:], hiddenKeys[:])
	for _, key := range known {
		if !slices.Contains(listed, key) {
			t.Errorf("%q is in neither list of keys.go", key)
		}
	}
	for i, key := range listed {
		if !slices.Contains(known, key) {
			t.Errorf("keys.go has %q, which the parser does not know", key)
		}
		if slices.Contains(listed[i+1:], key) {
			t.Errorf("keys.go has %q twice", key)
		}
	}
}

// knownKeys are all keys the parser asks for.
func knownKeys() []string {
	d := &decoder{document: locate(""), file: &File{}}
	of := func(values map[string]any) *table {
		return &table{decoder: d, entry: &entry{}, values: values}
	}
	root, account, tokens, secret, database, signing, recipients := of(nil), of(nil), of(nil), of(nil), of(nil), of(nil), of(nil)
	job, retries := of(nil), of(nil)
	d.decode(root)
	account.account("default", "")
	tokens.oauth2(Account{}, "")
	secret.secret("crm", "")
	database.database("shop", "")
	signing.dkim("default", "")
	recipients.allow()
	job.job("weekly-sales", "")
	retries.retries()
	keys := slices.Concat(root.known, job.known, retries.known, account.known, tokens.known, secret.known, database.known, signing.known, recipients.known, []string{"user"})
	for i := range reflect.TypeFor[smtp.Timeouts]().NumField() {
		keys = append(keys, strings.ToLower(reflect.TypeFor[smtp.Timeouts]().Field(i).Name))
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}
