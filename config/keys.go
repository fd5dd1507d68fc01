package config

import (
	"slices"
	"strings"
)

// shownKeys are those whose values may appear in an error. All others are
// hidden, misspelt ones among them: "pasword" holds a password too. So are user
// names, which some services give out as tokens, and commands.
var shownKeys = [...]string{
	"host", "port", "tls", "service", "region", "mechanism", "auth_in_clear", "local_name", "source_address",
	"ca", "client_certificate", "client_key", "pins", "socket", "protocol", "auth_min", "channel_binding",
	"connect", "handshake", "greeting", "data", "block", "message", "reset", "quit",
	"password_env", "password_file", "env", "file", "keyring", "prompt", "allow",
	"tenant", "scope", "token_url", "token_file", "client_secret_env", "client_secret_file", "client_secret_keyring",
	"refresh_token_env", "refresh_token_file", "refresh_token_keyring",
	"domain", "selector", "key_env", "key_file", "key_keyring", "headers", "canonicalization", "expiry", "accounts", "connections",
	"script", "cron", "seconds", "timezone", "jitter", "days_off", "missed", "max_late", "overlap", "timeout", "watchdog",
	"attempts", "wait", "max_wait", "in_doubt", "deadline",
}

// hiddenKeys are the other ones that have a meaning.
var hiddenKeys = [...]string{
	"username", "password", "proxy", "password_command", "command", "user", "timeouts",
	"account", "secret", "recipients", "job", "oauth2", "client_id", "dkim", "key_command", "database", "url",
	"client_secret", "client_secret_command", "refresh_token", "refresh_token_command",
	"args", "retries", "on_failure",
}

// isShown reports whether a value, as it is written behind a key, may appear.
func isShown(key, value string) bool {
	key = strings.ToLower(key)
	switch {
	case !slices.Contains(shownKeys[:], key), isGuarded(value):
		return false
	case key == "env", strings.HasSuffix(key, "_env"):
		// A password where its variable's name should be.
		return isVariable(strings.Trim(value, `"'`))
	}
	return true
}

func isKnown(key string) bool {
	key = strings.ToLower(key)
	return slices.Contains(shownKeys[:], key) || slices.Contains(hiddenKeys[:], key)
}

// isGuarded reports whether the value of any key may hold a password, as
// "smtp://user:password@host" does, or one whose quotes are those of the next
// setting.
func isGuarded(value string) bool {
	const quotes = `"'`
	colon := strings.Index(value, ":")
	return strings.Contains(value, "://") || colon >= 0 && strings.LastIndex(value, "@") > colon ||
		strings.Contains(value, "=") && strings.ContainsAny(strings.Trim(value, quotes), quotes)
}
