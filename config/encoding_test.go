package config

import (
	"strings"
	"testing"
)

// Files that are not plain text in UTF-8, and those that nearly are.
func TestParseEncoding(t *testing.T) {
	const account = "[account.default]\nhost = \"smtp.example.org\"\n"
	for _, c := range []struct{ name, source, want string }{
		{"a byte order mark is skipped", "\ufeff" + account, ""},
		{"and does not shift the columns", "\ufeffhost = 1\n",
			"mailscript.toml:1:1: unknown key \"host\"\n   1 | host = 1\n     | ^^^^\n" +
				"hint: settings of an account stand below a line [account.default]\n"},
		{"lines may end with CR LF", strings.ReplaceAll(account, "\n", "\r\n"), ""},
		{"which is no part of the line that is shown", "[account.default]\r\nhost = 1\r\n",
			"mailscript.toml:2:8: host must be a string, not an integer\n   2 | host = 1\n     |        ^\nhint: write it in quotes\n"},
		{"CR alone ends no line", strings.ReplaceAll(account, "\n", "\r"),
			"mailscript.toml:1:18: the file holds a control character\n   1 | [account.default]‹hidden›\n     |                  ^^^^^^^^\n" +
				"hint: lines end with LF or CR LF\n"},
		{"an empty file says nothing", "", ""},
		{"nor does a comment", "# nothing", ""},
		{"a NUL", account + "port = 5\x0087\n",
			"mailscript.toml:3:9: the file holds a NUL\n   3 | port = 5�87\n     |         ^\nhint: save it as plain text in UTF-8\n"},
		{"a NUL in a comment", "# \x00\n" + account,
			"mailscript.toml:1:3: the file holds a NUL\n   1 | # …\n     | ^^^\nhint: save it as plain text in UTF-8\n"},
		{"Latin-1", "[account.default]\nhost = \"k\xf6ln.example\"\n",
			"mailscript.toml:2:10: the file is not valid UTF-8\n   2 | host = \"k�ln.example\"\n     |          ^\nhint: save it as plain text in UTF-8\n"},
		{"half a surrogate pair", account + "ca = \"\xed\xa0\x80\"\n",
			"mailscript.toml:3:7: the file is not valid UTF-8\n   3 | ca = \"���\"\n     |       ^\nhint: save it as plain text in UTF-8\n"},
		{"a replacement character is one like others", account + "ca = \"\ufffd\"\n", ""},
		{"UTF-16", "\xff\xfe[\x00a\x00]\x00", "mailscript.toml:1:1: the file is UTF-16\nhint: save it as plain text in UTF-8\n"},
		{"UTF-16 the other way", "\xfe\xff\x00[", "mailscript.toml:1:1: the file is UTF-16\nhint: save it as plain text in UTF-8\n"},
		{"UTF-16 without a mark", "[\x00a\x00]\x00",
			"mailscript.toml:1:2: the file holds a NUL\n   1 | [‹hidden›\n     |  ^^^^^^^^\nhint: save it as plain text in UTF-8\n"},
		{"a control character", account + "port = 587 # \x1b[2J\n",
			"mailscript.toml:3:14: the file holds a control character\n   3 | port = 587 # …\n     |            ^^^\nhint: save it as plain text in UTF-8\n"},
		{"text that would run backwards", account + "local_name = \"\u202egro\"\n",
			"mailscript.toml:3:14: local_name \"\\u202egro\" is not a domain name\n   3 | local_name = \"�gro\"\n     |              ^^^^^^\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := ""
			if _, err := Parse("mailscript.toml", []byte(c.source)); err != nil {
				got = said(err)
			}
			if got != c.want {
				t.Errorf("got:\n%swant:\n%s", got, c.want)
			}
		})
	}
}
