package dkim

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"strings"
	"testing"
)

func encode(kind string, der []byte, err error) string {
	if err != nil {
		panic(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

func TestParseKey(t *testing.T) {
	pkcs8 := func(private any) string {
		der, err := x509.MarshalPKCS8PrivateKey(private)
		return encode("PRIVATE KEY", der, err)
	}
	for _, c := range []struct {
		text, want string
	}{
		{pkcs8(edTestKey().ed25519), "ed25519-sha256 key of 256 bits"},
		{"some text\n" + pkcs8(rsaTestKey().rsa), "rsa-sha256 key of 2048 bits"},
		{encode("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(rsaTestKey().rsa), nil), "rsa-sha256 key of 2048 bits"},
	} {
		key, err := ParseKey([]byte(c.text))
		if err != nil {
			t.Errorf("%s: %v", c.want, err)
			continue
		}
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%q", "%d"} {
			for _, value := range []any{key, *key} {
				if got := fmt.Sprintf(verb, value); got != c.want {
					t.Errorf("%s prints %s, want %s", verb, got, c.want)
				}
			}
			if got := fmt.Sprintf(verb, Signature{Key: key}); !strings.Contains(got, c.want) {
				t.Errorf("%s prints a signature as %s", verb, got)
			}
		}
	}
	if got := fmt.Sprint(Key{}); got != "no key" {
		t.Errorf("no key prints %s", got)
	}
}

func TestParseKeyRefuses(t *testing.T) {
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	curveDER, err := x509.MarshalPKCS8PrivateKey(curve)
	if err != nil {
		t.Fatal(err)
	}
	weak, err := os.ReadFile("testdata/rsa768.pem")
	if err != nil {
		t.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(edTestKey().ed25519.Public())
	for text, want := range map[string]string{
		"":                                   "dkim: key: no private key in PEM",
		"sesame":                             "dkim: key: no private key in PEM",
		string(weak):                         "dkim: key: an RSA key of 768 bits; verifiers ignore keys below 1024 (RFC 8301, section 3.2)",
		encode("PRIVATE KEY", curveDER, nil): "dkim: key: neither RSA nor Ed25519 (*ecdsa.PrivateKey)",
		encode("PUBLIC KEY", public, err):    "dkim: key: this is the public key",
		encode("ENCRYPTED PRIVATE KEY", []byte("x"), nil):                                         "dkim: key: the key is encrypted",
		encode("OPENSSH PRIVATE KEY", []byte("x"), nil):                                           `dkim: key: no RSA or Ed25519 key in PEM: "OPENSSH PRIVATE KEY"`,
		"-----BEGIN RSA PRIVATE KEY-----\nDEK-Info: AES\n\neA==\n-----END RSA PRIVATE KEY-----\n": "dkim: key: the key is encrypted",
		strings.Repeat("x", 1<<20):                                                                "dkim: key: has 1048576 bytes; a key has less than 65536",
	} {
		if _, err := ParseKey([]byte(text)); err == nil || err.Error() != want {
			t.Errorf("%.40q: %v, want %s", text, err, want)
		}
	}
	for _, kind := range []string{"PRIVATE KEY", "RSA PRIVATE KEY"} {
		if _, err := ParseKey([]byte(encode(kind, []byte("x"), nil))); err == nil || !strings.HasPrefix(err.Error(), "dkim: key: ") {
			t.Errorf("damaged %s: %v", kind, err)
		}
	}
	if _, err := NewKey(ed25519.PrivateKey("short")); err == nil {
		t.Error("a short Ed25519 key is taken")
	}
}

func TestWarnings(t *testing.T) {
	text, err := os.ReadFile("testdata/rfc8463-rsa.pem")
	if err != nil {
		t.Fatal(err)
	}
	short, err := ParseKey(text)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := NewSigner(Options{Signatures: []Signature{
		{Domain: "example.com", Selector: "old", Key: short},
		{Domain: "example.com", Selector: "r", Key: rsaTestKey()},
		{Domain: "example.com", Selector: "e", Key: edTestKey()},
	}})
	if err != nil {
		t.Fatal(err)
	}
	want := "old._domainkey.example.com: an RSA key of 1024 bits is weak; 2048 or more are advised (RFC 8301, section 3.2)"
	if got := signer.Warnings(); len(got) != 1 || got[0] != want {
		t.Errorf("warned %q, want %q", got, want)
	}
}
