package dkim

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	msgauth "github.com/emersion/go-msgauth/dkim"
	"github.com/google/go-cmp/cmp"
)

var (
	rsaTestKey = sync.OnceValue(func() *Key { return mustKey(rsa.GenerateKey(rand.Reader, 2048)) })
	edTestKey  = sync.OnceValue(func() *Key {
		_, private, err := ed25519.GenerateKey(rand.Reader)
		return mustKey(private, err)
	})
)

func mustKey[K crypto.PrivateKey](private K, err error) *Key {
	if err != nil {
		panic(err)
	}
	key, err := NewKey(private)
	if err != nil {
		panic(err)
	}
	return key
}

var signedAt = time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)

const testHeader = "From: Ann <ann@example.com>\r\nTo: bob@example.net\r\nSubject: Hello,\r\n  world\r\n" +
	"Date: Mon, 23 Nov 2026 10:00:00 +0000\r\nMessage-ID: <1@example.com>\r\nMIME-Version: 1.0\r\n" +
	"Content-Type: text/plain; charset=utf-8\r\nList-Unsubscribe: <https://example.com/u>\r\n" +
	"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\nX-Other: 1\r\n"

const testBody = "Hello  \r\n\r\n\tworld\r\n\r\n\r\n"

// verify asks go-msgauth, with records as published by the keys.
func verify(t *testing.T, message []byte, records map[string]string) []*msgauth.Verification {
	t.Helper()
	verifications, err := msgauth.VerifyWithOptions(bytes.NewReader(message), &msgauth.VerifyOptions{
		LookupTXT: func(name string) ([]string, error) {
			if record, ok := records[name]; ok {
				return []string{record}, nil
			}
			return nil, fmt.Errorf("no record %s", name)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return verifications
}

// TestVerified: go-msgauth takes all signatures, in every canonicalization, and none
// after a change.
func TestVerified(t *testing.T) {
	records := map[string]string{
		"r1._domainkey.example.com":  rsaTestKey().Record(),
		"e1._domainkey.example.com":  edTestKey().Record(),
		"s._domainkey.esp.example":   rsaTestKey().Record(),
		"s._domainkey.other.example": edTestKey().Record(),
	}
	for _, header := range []Canonicalization{Simple, Relaxed} {
		for _, body := range []Canonicalization{Simple, Relaxed} {
			signer, err := NewSigner(Options{
				Signatures: []Signature{
					{Domain: "example.com", Selector: "r1", Key: rsaTestKey(), Identity: "ann=;x@mail.example.com"},
					{Domain: "Example.COM.", Selector: "e1", Key: edTestKey()},
					{Domain: "esp.example", Selector: "s", Key: rsaTestKey(), Scope: AllMail},
					{Domain: "other.example", Selector: "s", Key: edTestKey()},
				},
				Header: header, Body: body,
			})
			if err != nil {
				t.Fatal(err)
			}
			fields, err := signer.Sign([]byte(testHeader), signer.HashBody([][]byte{[]byte(testBody)}), signedAt)
			if err != nil {
				t.Fatal(err)
			}
			var domains []string
			message := string(fields) + testHeader + "\r\n" + testBody
			for _, v := range verify(t, []byte(message), records) {
				if v.Err != nil {
					t.Errorf("%s/%s, %s: %v", header, body, v.Domain, v.Err)
				}
				if !v.Time.Equal(signedAt) {
					t.Errorf("t= is %s", v.Time)
				}
				domains = append(domains, v.Domain)
			}
			if diff := cmp.Diff([]string{"example.com", "example.com", "esp.example"}, domains); diff != "" {
				t.Errorf("signed for (-want +got)\n%s", diff)
			}
			for _, change := range [][2]string{{"\tworld", "\tWorld"}, {"X-Other", "Subject: Other\r\nX-Other"}, {"<1@", "<2@"}, {"X-Other", "List-Unsubscribe: <https://evil.example>\r\nX-Other"}, {"X-Other", "Cc: mallory@example.org\r\nX-Other"}} {
				changed := strings.Replace(message, change[0], change[1], 1)
				for _, v := range verify(t, []byte(changed), records) {
					if v.Err == nil {
						t.Errorf("%s/%s: still signed after %q", header, body, change)
					}
				}
			}
		}
	}
}

// TestReader signs the same from a reader.
func TestReader(t *testing.T) {
	signer, err := NewSigner(Options{Signatures: []Signature{{Domain: "example.com", Selector: "s", Key: edTestKey()}}, Body: Relaxed})
	if err != nil {
		t.Fatal(err)
	}
	long := testHeader + "X-Long: " + strings.Repeat("x", 9000) + "\r\n"
	for _, c := range []struct{ header, body string }{{testHeader, testBody}, {testHeader, ""}, {long, testBody}} {
		want, err := signer.Sign([]byte(c.header+"\r\n"), signer.HashBody([][]byte{[]byte(c.body)}), signedAt)
		if err != nil {
			t.Fatal(err)
		}
		got, err := signer.SignReader(strings.NewReader(c.header+"\r\n"+c.body), signedAt)
		if err != nil || string(got) != string(want) {
			t.Errorf("%v, (-want +got)\n%s", err, cmp.Diff(string(want), string(got)))
		}
		hasher := signer.NewBodyHasher()
		hasher.Write([]byte(c.body))
		if hasher.Sum() != signer.HashBody([][]byte{[]byte(c.body)}) {
			t.Error("the hasher of the signer gives another hash")
		}
	}
	if _, err := signer.SignReader(strings.NewReader(strings.Repeat("X: y\r\n", 200000)), signedAt); err == nil || err.Error() != "dkim: header: is longer than 1048576 octets" {
		t.Errorf("an endless header: %v", err)
	}
}

// TestField is the field as it is written: tags, folds, oversigning.
func TestField(t *testing.T) {
	signer, err := NewSigner(Options{
		Signatures: []Signature{{Domain: "bücher.example", Selector: "s2026", Key: edTestKey()}},
		Lifetime:   14 * 24 * time.Hour, Alignment: IgnoreAlignment,
	})
	if err != nil {
		t.Fatal(err)
	}
	fields, err := signer.Sign([]byte(testHeader), signer.HashBody([][]byte{[]byte(testBody)}), signedAt)
	if err != nil {
		t.Fatal(err)
	}
	got := regexp.MustCompile(`b=[^;]*\r\n$`).ReplaceAllString(string(fields), "b=…\r\n")
	if !strings.HasPrefix(got, "DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/simple;\r\n\td=xn--bcher-kva.example; s=s2026;\r\n\tt=1795428000; x=1796637600; ") {
		t.Errorf("the field is\n%s", got)
	}
	for _, line := range strings.Split(strings.TrimSuffix(string(fields), "\r\n"), "\r\n") {
		if len(line) > lineLength {
			t.Errorf("a line of %d columns: %s", len(line), line)
		}
	}
	unfolded := strings.NewReplacer("\r\n\t", "", "\r\n", "").Replace(got)
	if h := "h=From:From:Reply-To:Subject:Subject:Date:Date:Message-ID:Message-ID:To:To:Cc:MIME-Version:MIME-Version:" +
		"Content-Type:Content-Type:Content-Transfer-Encoding:List-Unsubscribe:List-Unsubscribe:" +
		"List-Unsubscribe-Post:List-Unsubscribe-Post;"; !strings.Contains(unfolded, h) {
		t.Errorf("%s\nlacks %s", unfolded, h)
	}
	if strings.Contains(unfolded, "l=") {
		t.Error("l= is never written")
	}
}

// TestConcurrent: one signer and one body hash serve many goroutines.
func TestConcurrent(t *testing.T) {
	signer, err := NewSigner(Options{Signatures: []Signature{
		{Domain: "example.com", Selector: "e", Key: edTestKey()},
		{Domain: "example.com", Selector: "r", Key: rsaTestKey()},
	}})
	if err != nil {
		t.Fatal(err)
	}
	body := signer.HashBody([][]byte{[]byte(testBody)})
	want, err := signer.Sign([]byte(testHeader), body, signedAt)
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			got, err := signer.Sign([]byte(testHeader), body, signedAt)
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("%v, (-want +got)\n%s", err, cmp.Diff(string(want), string(got)))
			}
		})
	}
	group.Wait()
}

// FuzzSign: what is signed is taken by go-msgauth, whatever the subject, the other fields
// and the body are.
func FuzzSign(f *testing.F) {
	f.Add("Hello", "X: y\r\n", testBody, true)
	f.Add(" a\r\n\tb  ", "Subject: two\r\nCC : x\r\n", "", false)
	f.Add("", "To:\r\n \r\n", "\r\n\r\nx \t", true)
	f.Fuzz(func(t *testing.T, subject, fields, body string, relaxed bool) {
		o := Options{Signatures: []Signature{{Domain: "example.com", Selector: "e", Key: edTestKey()}}, Header: Simple}
		if relaxed {
			o.Header, o.Body = Relaxed, Relaxed
		}
		// go-msgauth turns bare LFs into CRLFs, and reads less odd headers than we do.
		body = strings.NewReplacer("\r", "", "\n", "\r\n").Replace(body)
		header := "From: ann@example.com\r\nSubject:" + subject + "\r\n" + fields
		read, err := parseHeader([]byte(header))
		if err != nil || strings.HasSuffix(header, "\r\n\r\n") {
			return
		}
		for _, field := range read {
			if strings.TrimSpace(string(field.value())) == "" || strings.EqualFold(field.name, "DKIM-Signature") {
				return
			}
		}
		signer, err := NewSigner(o)
		if err != nil {
			t.Fatal(err)
		}
		signature, err := signer.Sign([]byte(header), signer.HashBody([][]byte{[]byte(body)}), signedAt)
		if err != nil {
			return // a second From
		}
		message := string(signature) + header + "\r\n" + body
		verifications := verify(t, []byte(message), map[string]string{"e._domainkey.example.com": edTestKey().Record()})
		if len(verifications) != 1 || verifications[0].Err != nil {
			t.Fatalf("%v for\n%q", verifications[0].Err, message)
		}
	})
}
