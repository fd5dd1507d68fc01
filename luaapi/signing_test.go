package luaapi

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mailscript/mailscript/config"
	"github.com/mailscript/mailscript/engine"
	"github.com/mailscript/mailscript/sink"
	"github.com/mailscript/mailscript/smtp"
)

// signatory is a project with keys, whose mail a sink keeps.
type signatory struct {
	root, caught string
	keys         map[string]crypto.Signer // by selector
	notices      []string
	printed      string
	said         string // with every other thing a user may see
}

// sign runs a script in a project whose mailscript.toml has the tables, with an RSA key in
// rsa.pem and an Ed25519 key in ed25519.pem.
func sign(t *testing.T, rehearsal bool, tables, source string) (*signatory, error) {
	t.Helper()
	s := &signatory{root: t.TempDir(), caught: t.TempDir(), keys: map[string]crypto.Signer{}}
	rsaKey, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	_, edKey, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	s.keys["r"], s.keys["e"] = rsaKey, edKey
	files := map[string][]byte{config.Name: []byte(tables), "broken.pem": []byte("-----BEGIN PRIVATE KEY-----\n" + canary + "\n-----END PRIVATE KEY-----\n")}
	for name, key := range map[string]crypto.Signer{"rsa.pem": rsaKey, "ed25519.pem": edKey} {
		der, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(s.root, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	file, err := config.Load(filepath.Join(s.root, config.Name))
	if err != nil {
		t.Fatal(err)
	}
	box, err := sink.Open(sink.Options{Dir: s.caught})
	if err != nil {
		t.Fatal(err)
	}
	defer box.Close()
	var out, trace bytes.Buffer
	options := Options{
		Root: s.root, Config: file, Rehearsal: rehearsal, RootCAs: box.RootCAs(),
		Secrets: config.Reader{Folder: s.root, Stderr: &trace, LookupEnv: func(string) (string, bool) { return string(files["ed25519.pem"]), true }},
		Now:     func() time.Time { return time.Unix(1_800_000_000, 0) },
		Notice:  func(text string) { s.notices = append(s.notices, text) },
		Trace:   func(e smtp.Entry) { fmt.Fprintln(&trace, e) },
		Dial: func(ctx context.Context, target smtp.Target) (net.Conn, error) {
			return box.Dial(ctx, target.Host, target.Port, target.TLS)
		},
	}
	api := New(options)
	rt := engine.New(engine.Options{Modules: api.Modules(), Stdout: &out, Stderr: &out})
	script, err := engine.LoadSource("test.lua", around+source)
	if err != nil {
		t.Fatal(err)
	}
	failed := rt.Run(t.Context(), script)
	api.Close(t.Context())
	s.printed = out.String()
	s.said = out.String() + trace.String() + fmt.Sprint(failed) + strings.Join(s.notices, "\n")
	for _, value := range []any{options, api, api.signing, file, file.DKIM, failed} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			s.said += fmt.Sprintf(verb, value)
		}
	}
	if err := rt.Close(t.Context()); err != nil {
		t.Error(err)
	}
	for _, name := range []string{"rsa.pem", "ed25519.pem"} {
		block, _ := pem.Decode(files[name])
		for _, form := range []string{fmt.Sprintf("%x", block.Bytes[len(block.Bytes)-32:]), strings.Trim(fmt.Sprint(block.Bytes[len(block.Bytes)-32:]), "[]"), string(block.Bytes)} {
			if strings.Contains(s.said, form) {
				t.Errorf("the key in %s is shown", name)
			}
		}
		for line := range strings.Lines(string(files[name])) {
			if line = strings.TrimSpace(line); !strings.HasPrefix(line, "-----") && strings.Contains(s.said, line) {
				t.Errorf("the key in %s is shown", name)
			}
		}
	}
	return s, failed
}

// messages are what the sink caught, without what it added.
func (s *signatory) messages(t *testing.T) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(s.caught, "new", "*"))
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(paths)
	var list []string
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		whole := string(text)
		begin := strings.Index(whole, "DKIM-Signature:")
		if from := strings.Index(whole, "From:"); begin < 0 || begin > from {
			begin = from
		}
		list = append(list, whole[begin:])
	}
	return list
}

// verify is a DKIM verifier of its own for relaxed headers and simple bodies (RFC 6376,
// section 6.1.3). It returns the selectors of the signatures that hold.
func (s *signatory) verify(t *testing.T, message string) []string {
	t.Helper()
	header, body, _ := strings.Cut(message, "\r\n\r\n")
	var fields []string
	for line := range strings.SplitSeq(header, "\r\n") {
		if strings.HasPrefix(line, " ") || strings.HasPrefix(line, "\t") {
			fields[len(fields)-1] += "\r\n" + line
		} else {
			fields = append(fields, line)
		}
	}
	relaxed := func(field string) string {
		name, value, _ := strings.Cut(field, ":")
		return strings.ToLower(name) + ":" + strings.Join(strings.Fields(value), " ")
	}
	bodySum := sha256.Sum256([]byte(strings.TrimRight(body, "\r\n") + "\r\n"))
	var hold []string
	for _, field := range fields {
		name, value, _ := strings.Cut(field, ":")
		if name != "DKIM-Signature" {
			continue
		}
		tags := map[string]string{}
		for tag := range strings.SplitSeq(value, ";") {
			k, v, _ := strings.Cut(strings.TrimSpace(tag), "=")
			tags[k] = strings.Join(strings.Fields(v), "")
		}
		var signed strings.Builder
		used := map[string]int{}
		for name := range strings.SplitSeq(strings.ToLower(tags["h"]), ":") {
			var same []string
			for _, f := range fields {
				if n, _, _ := strings.Cut(f, ":"); strings.EqualFold(n, name) {
					same = append(same, f)
				}
			}
			if i := len(same) - 1 - used[name]; i >= 0 {
				signed.WriteString(relaxed(same[i]) + "\r\n")
			}
			used[name]++
		}
		signed.WriteString(relaxed(regexp.MustCompile(`([;\s]b=)[^;]*`).ReplaceAllString(field, "$1")))
		sum := sha256.Sum256([]byte(signed.String()))
		signature, err := base64.StdEncoding.DecodeString(tags["b"])
		if err != nil {
			t.Fatal(err)
		}
		ok := tags["bh"] == base64.StdEncoding.EncodeToString(bodySum[:])
		switch key := s.keys[tags["s"]].Public().(type) {
		case *rsa.PublicKey:
			ok = ok && rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], signature) == nil
		case ed25519.PublicKey:
			ok = ok && ed25519.Verify(key, sum[:], signature)
		}
		if ok {
			hold = append(hold, tags["s"])
		}
	}
	return hold
}

const (
	rsaTable  = "[dkim.old]\ndomain='bank.example'\nselector='r'\nkey_file='rsa.pem'\nexpiry='14d'\n"
	edTable   = "[dkim.new]\ndomain='bank.example'\nselector='e'\nkey_env='KEY'\n"
	real      = "[account.default]\nhost='mail.bank.example'\ntls='starttls'\n"
	signedMin = real + rsaTable + edTable
)

// What arrives verifies, however it was sent and whatever is attached.
func TestSigned(t *testing.T) {
	s, err := sign(t, false, signedMin, `
smtp.send(message)
local session = smtp.connect()
session:send(message:with { text = "Grüße\n\n\n", transfer_encoding = "8bit", list = { unsubscribe = "https://bank.example/u", one_click = true } })
local large = ("0123456789abcdef"):rep(700000)
message:with { text = "x", attach = mime.bytes(large, { name = "x.bin" }) }:save("large.bin")
local attached = message:with { attach = mime.file("large.bin") }
for result in session:stream { attached, message:with { text = false, html = "<p>x" } } do assert(result.ok) end
local other = message:with { from = "a@other.example" }
session:send(other)
session:send(message, { dkim = false })
session:mail("a@bank.example")
session:rcpt("b@example.org")
session:data()
session:body(message)
session:mail("a@bank.example")
session:rcpt("b@example.org")
session:data()
session:body(message:with { dkim = true })
session:send(message:with { dkim = false })
session:send(message:with { dkim = "new" })
session:send(message:with { dkim = false }, { dkim = { "old" } })
assert(message:bytes():sub(1, 5) == "From:")
assert(message:bytes { dkim = true } == message:bytes { dkim = true })
io.write(message:bytes { dkim = true })
`)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, m := range append(s.messages(t), s.printed) {
		got = append(got, strings.Join(s.verify(t, m), "+"))
		if n := strings.Count(m, "DKIM-Signature:"); n != 0 && n != len(s.verify(t, m)) {
			t.Errorf("%d signatures, not all hold:\n%.2000s", n, m)
		}
		if strings.Contains(m, "Transfer-Encoding: 8bit") {
			t.Errorf("signed in 8 bits:\n%.2000s", m)
		}
	}
	if want := []string{"r+e", "r+e", "r+e", "r+e", "", "", "", "r+e", "", "e", "r", "r+e"}; !slices.Equal(got, want) {
		t.Errorf("signed by %q, want %q", got, want)
	}
	if want := "mail from other.example is not signed: the keys of mailscript.toml are of bank.example, bank.example (dkim = false in a message says that this is meant)"; !slices.Contains(s.notices, want) {
		t.Errorf("%q", s.notices)
	}
	if !strings.Contains(s.printed, "t=1800000000;") || !strings.Contains(s.printed, "x=1801209600") {
		t.Errorf("not the time of the clock:\n%s", s.printed)
	}
}

// What cannot be signed as the script asks is not sent.
func TestNotSigned(t *testing.T) {
	for _, test := range []struct{ tables, source, want string }{
		{signedMin, `smtp.send(message:with { from = "a@other.example", dkim = true })`, "other.example"},
		{signedMin, `smtp.send(message:with { from = "a@other.example", dkim = "new" })`, "other.example"},
		{signedMin, `smtp.send(message, { dkim = "never" })`, `dkim: there is no key "never"`},
		{signedMin, `smtp.send(message, { dkim = "nwe" })`, `(did you mean "new"?)`},
		{signedMin, `smtp.send(message, { dkim = {} })`, `option "dkim" is an empty list`},
		{signedMin, `smtp.send(message, { dkim = 1 })`, `option "dkim" must be a string or a list of strings`},
		{signedMin, `message:with { from = "a@other.example" }:bytes { dkim = true }`, "other.example"},
		{real, `smtp.send(message:with { dkim = true })`, "no key signs what this account sends"},
		{real + "[account.other]\nhost='x.example'\n" + rsaTable + "accounts='other'\n", `smtp.send(message, { dkim = true })`, "no key signs"},
		{real + strings.Replace(rsaTable, "rsa.pem", "none.pem", 1), `smtp.send(message)`, "no such file"},
		{real + strings.Replace(rsaTable, "rsa.pem", "broken.pem", 1), `smtp.send(message)`, `dkim "old"`},
		{real + rsaTable + "headers=['Received']\n", `smtp.send(message)`, "must not be signed"},
		{signedMin, `local s = smtp.connect() for _ in s:stream { message:with { from = "a@other.example", dkim = true } } do end`, "message 1"},
	} {
		s, err := sign(t, false, test.tables, test.source)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s:\n got  %v\n want %s", test.source, err, test.want)
		}
		if n := len(s.messages(t)); n != 0 {
			t.Errorf("%s: sent %d messages", test.source, n)
		}
		wantNoCanary(t, test.source, s.said)
	}
}

// A key for other accounts stays out of it, one for all mail does not.
func TestKeysByAccount(t *testing.T) {
	s, err := sign(t, false, real+"[account.other]\nhost='mail.bank.example'\n"+rsaTable+"accounts='other'\n"+edTable+"scope='all'\n", `
smtp.send(message)
smtp.send(message, { account = "other" })
smtp.send(message:with { from = "a@other.example" }, { account = "other" })
smtp.send(message, { host = "mail.bank.example" })
`)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, m := range s.messages(t) {
		got = append(got, strings.Join(s.verify(t, m), "+"))
	}
	if want := []string{"e", "r+e", "e", "e"}; !slices.Equal(got, want) {
		t.Errorf("signed by %q, want %q", got, want)
	}
}

// A rehearsal reads keys that are in files, and asks nobody for the others.
func TestRehearsedKeys(t *testing.T) {
	s, err := sign(t, true, rsaTable+"[dkim.new]\ndomain='bank.example'\nselector='e'\nkey_command='touch asked'\n", `smtp.send(message)`)
	if err != nil {
		t.Fatal(err)
	}
	m := s.messages(t)
	if len(m) != 1 || strings.Count(m[0], "DKIM-Signature:") != 2 || !slices.Equal(s.verify(t, m[0]), []string{"r"}) {
		t.Errorf("%s", m)
	}
	if _, err := os.Stat(filepath.Join(s.root, "asked")); err == nil {
		t.Error("the command ran")
	}
	if len(s.notices) == 0 || !strings.Contains(strings.Join(s.notices, "\n"), `the key of dkim "new" is not asked for`) {
		t.Errorf("%q", s.notices)
	}
}

// A message goes in the widest encoding that it asks for and the server offers.
func TestTransferEncoding(t *testing.T) {
	s, err := sign(t, false, real, `
local m = message:with { text = "Grüße", transfer_encoding = "8bit" }
local b = message:with { body = mime.part { type = "application/octet-stream", body = "\0\1\2" }, text = "", transfer_encoding = "binary" }
smtp.send(m)
smtp.send(b)
smtp.send(b, { transfer = "DATA" })
local session = smtp.connect()
for _ in session:stream { m, message } do end
session:helo()
session:send(m)
session:send(b)
`)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, m := range s.messages(t) {
		_, rest, _ := strings.Cut(m, "Content-Transfer-Encoding: ")
		encoding, _, _ := strings.Cut(rest, "\r\n")
		got = append(got, encoding)
	}
	if want := []string{"8bit", "binary", "base64", "8bit", "7bit", "base64", "base64"}; !slices.Equal(got, want) {
		t.Errorf("sent as %q, want %q", got, want)
	}
}
