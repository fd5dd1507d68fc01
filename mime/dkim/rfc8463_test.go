package dkim

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestRFC8463 makes the two signatures of RFC 8463, appendix A, again: both algorithms
// give the same octets each time.
func TestRFC8463(t *testing.T) {
	message, err := os.ReadFile("testdata/rfc8463.eml")
	if err != nil {
		t.Fatal(err)
	}
	rsaPEM, err := os.ReadFile("testdata/rfc8463-rsa.pem")
	if err != nil {
		t.Fatal(err)
	}
	rsaKey, err := ParseKey(rsaPEM)
	if err != nil {
		t.Fatal(err)
	}
	seed, err := base64.StdEncoding.DecodeString("nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=")
	if err != nil {
		t.Fatal(err)
	}
	edKey, err := NewKey(ed25519.NewKeyFromSeed(seed))
	if err != nil {
		t.Fatal(err)
	}
	if want := "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="; edKey.Record() != want {
		t.Errorf("the record is %s, want %s", edKey.Record(), want)
	}

	end := bytes.Index(message, []byte("\r\n\r\n")) + 2
	fields, err := parseHeader(message[:end])
	if err != nil {
		t.Fatal(err)
	}
	hash := HashBody(Relaxed, [][]byte{message[end+2:]})
	if got, want := base64.StdEncoding.EncodeToString(hash.sum[:]), "2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8="; got != want {
		t.Errorf("bh=%s, want %s", got, want)
	}
	names := []string{"from", "to", "subject", "date", "message-id", "from", "subject", "date"}
	signatureValue := regexp.MustCompile(`b=([^;=]+=*)\r\n$`)
	for i, key := range []*Key{edKey, rsaKey} {
		own := string(fields[i].raw)
		value := signatureValue.FindStringSubmatch(own)
		if value == nil {
			t.Fatalf("no b= in %q", own)
		}
		signed := appendSigned(nil, Relaxed, fields, names)
		signed = appendCanonical(signed, Relaxed, []byte(strings.TrimSuffix(own, value[1]+"\r\n")+"\r\n"))
		sum := sha256.Sum256(bytes.TrimSuffix(signed, []byte("\r\n")))
		signature, err := key.sign(sum[:])
		if err != nil {
			t.Fatal(err)
		}
		want := strings.Join(strings.Fields(value[1]), "")
		if got := base64.StdEncoding.EncodeToString(signature); got != want {
			t.Errorf("%s: b=%s, want %s", key.Algorithm(), got, want)
		}
	}
}
