package config

import (
	"strings"
	"testing"
)

func TestDatabase(t *testing.T) {
	f, err := Parse("mailscript.toml", []byte("[database.shop]\nurl = \"postgres://reports@db.example.org/shop\"\npassword_env = \"SHOP_PASSWORD\"\nconnections = 2\n"))
	if err != nil {
		t.Fatal(err)
	}
	if d := f.Databases["shop"]; d.URL != "postgres://reports@db.example.org/shop" || d.Password.Env != "SHOP_PASSWORD" || d.Connections != 2 {
		t.Errorf("%+v", d)
	}
	for text, want := range map[string]string{
		``:                                 `database "shop" has no url`,
		`url = "oracle://x"`:               `names no kind of database`,
		`url = "postgres://a:hunter2@b/c"`: `holds a password`,
		`url = "people.db"`:                `names no kind of database`,
		`url = "sqlite:x"` + "\npassword = \"hunter2\"": `unknown key "password"`,
		`url = "sqlite:x"` + "\nconnections = 0":        `connections must be between 1 and 100`,
		`host = "db.example.org"`:                       `unknown key "host"`,
	} {
		_, err := Parse("mailscript.toml", []byte("[database.shop]\n"+text+"\n"))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: the password is shown: %v", text, err)
		}
	}
}
