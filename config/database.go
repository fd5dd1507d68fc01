package config

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// Database is one table [database.NAME].
type Database struct {
	Name string
	// URL says which database, and who to be; never a password.
	URL         string
	Password    Source
	Connections int // at once; 0 is the usual
}

var databaseKeys = sourceKeys{"", "password_command", "password_env", "password_file", "keyring", "prompt"}

// databaseSchemes are the kinds of databases.
var databaseSchemes = []string{"sqlite", "postgres", "postgresql", "mysql"}

// database reads one table [database.NAME].
func (t *table) database(name, folder string) Database {
	d := Database{Name: name}
	before := len(t.faults)
	if text, e := t.string("url"); e != nil {
		if reason, hint := databaseURLFault(text); reason != "" {
			t.fail(e.value, hint, "url %s", reason) // which may hold a password
		}
		d.URL = text
	}
	d.Password = t.source(databaseKeys, folder, Keyring{Service: "mailscript", User: "database " + name})
	d.Password.label = fmt.Sprintf("password of database %q", name)
	if n, e := t.integer("connections"); e != nil {
		if n < 1 || n > 100 {
			t.fail(e.value, "", "connections must be between 1 and 100")
		}
		d.Connections = int(n)
	}
	t.finish(func(key string) string {
		switch key {
		case "password":
			return "a password does not stand in the file; write password_command, password_env, password_file or keyring"
		case "dsn", "host", "user", "name", "driver", "address":
			return `url says it all: "postgres://user@host/name"`
		}
		return ""
	})
	if d.URL == "" && len(t.faults) == before {
		t.fail(t.entry.key, `write url = "postgres://user@host/name"`, "database %q has no url", name)
	}
	return d
}

// databaseURLFault is what is wrong with the URL of a database.
func databaseURLFault(text string) (reason, hint string) {
	scheme, _, _ := strings.Cut(text, ":")
	u, err := url.Parse(text)
	switch {
	case !slices.Contains(databaseSchemes, scheme):
		return "names no kind of database", `write "sqlite:people.db", "postgres://user@host/name" or "mysql://user@host/name"`
	case err != nil:
		return "is no URL", "an @, : or / in a user name is written as in a web address: %40, %3A, %2F"
	}
	if _, set := u.User.Password(); set {
		return "holds a password", "write password_command, password_env, password_file or keyring in place of it"
	}
	return "", ""
}
