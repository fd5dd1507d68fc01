package config

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/mailscript/mailscript/smtp"
)

func parse(t *testing.T, source string) *File {
	t.Helper()
	file, err := Parse(filepath.Join(t.TempDir(), Name), []byte(source))
	if err != nil {
		t.Fatal(said(err))
	}
	return file
}

func TestAccount(t *testing.T) {
	file := parse(t, `
[account.default]
host = "SMTP.example.org"
port = 2525
tls = "starttls"
username = "ann"
password_env = "SMTP_PASSWORD"
mechanism = "plain"
auth_in_clear = true
local_name = "client.example.org"
source_address = "192.0.2.1"
auth_min = "scram-sha-1"
channel_binding = "tls-server-end-point"
protocol = "lmtp"
proxy = "socks5://ann:secret@proxy.example.org"
ca = "certificates/ca.pem"
client_certificate = "client.pem"
client_key = "client.pem"
pins = "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
[account.default.timeouts]
connect = 1
handshake = "2s"
greeting = 2.5
command = "5m"
data = "1h"
block = 86400
message = 1.0
reset = "100ms"
quit = "1m30s"
`)
	folder := filepath.Dir(file.Path)
	want := Account{
		Name: "default", Host: "SMTP.example.org", Port: 2525, TLS: smtp.TLSStartTLS,
		Username: "ann", Mechanism: "PLAIN", AuthInClear: true,
		AuthMin: "SCRAM-SHA-1", ChannelBinding: smtp.BindServerEndPoint, Protocol: smtp.LMTP,
		LocalName: "client.example.org", SourceAddress: "192.0.2.1",
		CA:                filepath.Join(folder, "certificates", "ca.pem"),
		ClientCertificate: filepath.Join(folder, "client.pem"), ClientKey: filepath.Join(folder, "client.pem"),
		Pins: []string{"sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="},
		Timeouts: smtp.Timeouts{
			Connect: time.Second, Handshake: 2 * time.Second, Greeting: 2500 * time.Millisecond,
			Command: 5 * time.Minute, Data: time.Hour, Block: 24 * time.Hour, Message: time.Second,
			Reset: 100 * time.Millisecond, Quit: 90 * time.Second,
		},
	}
	got := file.Accounts["default"]
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(Account{}), cmpopts.IgnoreFields(Account{}, "Password", "OAuth2", "Proxy")); diff != "" {
		t.Error(diff)
	}
	if got.Proxy.Kind != smtp.SOCKS5 || got.Proxy.Address != "proxy.example.org:1080" || got.Proxy.Username != "ann" || got.Proxy.Password.IsZero() {
		t.Errorf("proxy %+v", got.Proxy)
	}
	if got.Password.Env != "SMTP_PASSWORD" || len(file.Warnings) != 0 {
		t.Errorf("password %v, warnings %q", got.Password, file.Warnings)
	}
}

// What an account says, and where that makes smtp connect.
func TestAccountServer(t *testing.T) {
	for _, c := range []struct {
		says string
		want smtp.Options
	}{
		{`host = "smtp.example.org"`, smtp.Options{Host: "smtp.example.org"}},
		{`host = "2001:db8::1"`, smtp.Options{Host: "2001:db8::1"}},
		{`host = "größe.example"`, smtp.Options{Host: "größe.example"}},
		{`host = "mail_1.internal"`, smtp.Options{Host: "mail_1.internal"}},
		{`service = "gmail"`, smtp.Options{Host: "smtp.gmail.com", Port: 465, TLS: smtp.TLSImplicit}},
		{`service = "Google Workspace"`, smtp.Options{Host: "smtp.gmail.com", Port: 465, TLS: smtp.TLSImplicit}},
		// A port or a kind of TLS brings the usual other one along.
		{`service = "gmail"` + "\nport = 587", smtp.Options{Host: "smtp.gmail.com", Port: 587}},
		{`service = "gmail"` + "\ntls = \"starttls\"", smtp.Options{Host: "smtp.gmail.com", TLS: smtp.TLSStartTLS}},
		// Where the service has a port of its own that one stays.
		{`service = "proton bridge"`, smtp.Options{Host: "127.0.0.1", Port: 1025, TLS: smtp.TLSStartTLS}},
		{`service = "proton bridge"` + "\ntls = \"implicit\"", smtp.Options{Host: "127.0.0.1", Port: 1025, TLS: smtp.TLSImplicit}},
		{`service = "ses"` + "\nregion = \"eu-west-1\"",
			smtp.Options{Host: "email-smtp.eu-west-1.amazonaws.com", Port: 465, TLS: smtp.TLSImplicit}},
	} {
		account := parse(t, "[account.default]\n"+c.says).Accounts["default"]
		got, err := account.Options()
		if err != nil {
			t.Fatalf("%s: %v", c.says, err)
		}
		if got.Host != c.want.Host || got.Port != c.want.Port || got.TLS != c.want.TLS {
			t.Errorf("%s: %s:%d %q, want %s:%d %q", c.says, got.Host, got.Port, got.TLS, c.want.Host, c.want.Port, c.want.TLS)
		}
	}
}

// Names of accounts are in the order of the file where there are warnings.
func TestAccountWarnings(t *testing.T) {
	file, err := Parse("mailscript.toml", []byte(`
[account.b]
host = "smtp.example.org"
username = "ann"
password = "one"
[account.a]
host = "smtp.example.org"
username = "ann"
password = "two"
`))
	if err != nil {
		t.Fatal(err)
	}
	const rest = " stands in the file; password_command, password_env, password_file or keyring keep it elsewhere"
	want := []string{
		`mailscript.toml:5: the password of account "b"` + rest,
		`mailscript.toml:9: the password of account "a"` + rest,
	}
	if diff := cmp.Diff(want, file.Warnings); diff != "" {
		t.Error(diff)
	}
}

func TestAccountCertificates(t *testing.T) {
	folder := t.TempDir()
	write := func(name string, blocks ...*pem.Block) {
		var text []byte
		for _, block := range blocks {
			text = append(text, pem.EncodeToMemory(block)...)
		}
		if err := os.WriteFile(filepath.Join(folder, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	certificate, key := selfSigned(t)
	_, otherKey := selfSigned(t)
	write("both.pem", certificate, key)
	write("certificate.pem", certificate)
	write("key.pem", key)
	write("other.pem", otherKey)
	write("locked.pem", &pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: []byte("x")})
	write("old.pem", &pem.Block{Type: "RSA PRIVATE KEY", Headers: map[string]string{"Proc-Type": "4,ENCRYPTED"}, Bytes: []byte("x")})
	write("empty.pem")
	if err := os.Mkdir(filepath.Join(folder, "folder.pem"), 0o700); err != nil {
		t.Fatal(err)
	}

	load := func(t *testing.T, says string) Account {
		t.Helper()
		file, err := Parse(filepath.Join(folder, Name), []byte("[account.default]\nhost = \"smtp.example.org\"\n"+says))
		if err != nil {
			t.Fatal(said(err))
		}
		return file.Accounts["default"]
	}
	t.Run("those that are there", func(t *testing.T) {
		account := load(t, "ca = \"certificate.pem\"\nclient_certificate = \"both.pem\"\nclient_key = \"both.pem\"\n")
		options, err := account.Options()
		if err != nil || options.RootCAs == nil {
			t.Errorf("%v, %v", options.RootCAs, err)
		}
		extras, err := account.Extras()
		if err != nil || len(extras.Certificates) != 1 {
			t.Errorf("%v, %v", extras, err)
		}
	})
	for _, c := range []struct{ name, says, want string }{
		{"no authorities", `ca = "missing.pem"`,
			"FOLDER/mailscript.toml:3:6: ca: FOLDER/missing.pem: no such file\n   3 | ca = \"missing.pem\"\n     |      ^^^^^^^^^^^^^\n"},
		{"authorities in a folder", `ca = "folder.pem"`,
			"FOLDER/mailscript.toml:3:6: ca: FOLDER/folder.pem: not a regular file\n   3 | ca = \"folder.pem\"\n     |      ^^^^^^^^^^^^\n"},
		{"a key for authorities", `ca = "key.pem"`,
			"FOLDER/mailscript.toml:3:6: ca: FOLDER/key.pem holds no certificate\n   3 | ca = \"key.pem\"\n     |      ^^^^^^^^^\n" +
				"hint: a PEM file has lines that say BEGIN CERTIFICATE\n"},
		{"the key of another certificate", "client_certificate = \"certificate.pem\"\nclient_key = \"other.pem\"",
			"FOLDER/mailscript.toml:3:22: client_certificate FOLDER/certificate.pem and client_key FOLDER/other.pem: " +
				"private key does not match public key\n   3 | client_certificate = \"certificate.pem\"\n     |                      ^^^^^^^^^^^^^^^^^\n"},
		{"an encrypted key", "client_certificate = \"certificate.pem\"\nclient_key = \"locked.pem\"",
			"FOLDER/mailscript.toml:4:14: client_key: FOLDER/locked.pem is encrypted\n   4 | client_key = \"locked.pem\"\n     |              ^^^^^^^^^^^^\n" +
				"hint: decrypt it with: openssl pkey -in KEY -out PLAIN, and keep that file to yourself\n"},
		{"an encrypted key of the old kind", "client_certificate = \"certificate.pem\"\nclient_key = \"old.pem\"",
			"FOLDER/mailscript.toml:4:14: client_key: FOLDER/old.pem is encrypted\n   4 | client_key = \"old.pem\"\n     |              ^^^^^^^^^\n" +
				"hint: decrypt it with: openssl pkey -in KEY -out PLAIN, and keep that file to yourself\n"},
		{"nothing", "client_certificate = \"empty.pem\"\nclient_key = \"key.pem\"",
			"FOLDER/mailscript.toml:3:22: client_certificate FOLDER/empty.pem and client_key FOLDER/key.pem: " +
				"failed to find any PEM data in certificate input\n   3 | client_certificate = \"empty.pem\"\n     |                      ^^^^^^^^^^^\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			account := load(t, c.says)
			_, err := account.Options()
			if err == nil {
				_, err = account.Extras()
			}
			if err == nil {
				t.Fatal("no error")
			}
			got := strings.ReplaceAll(filepath.ToSlash(said(err)), filepath.ToSlash(folder), "FOLDER")
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	t.Run("an account that no file has", func(t *testing.T) {
		_, err := Account{Host: "smtp.example.org", CA: filepath.Join(folder, "missing.pem")}.Options()
		if !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%v", err)
		}
	})
}

func selfSigned(t *testing.T) (certificate, key *pem.Block) {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, public, private)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return &pem.Block{Type: "CERTIFICATE", Bytes: der}, &pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}
}
