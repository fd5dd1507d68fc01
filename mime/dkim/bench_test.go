package dkim

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"io"
	"strings"
	"testing"

	msgauth "github.com/emersion/go-msgauth/dkim"
)

// benchBody makes a message of about 1 KiB with testHeader.
var benchBody = []byte(strings.Repeat("The quick brown fox jumps over the lazy dog, again and again.\r\n", 10))

func benchmarkSign(b *testing.B, body Canonicalization, keys ...*Key) {
	o := Options{Body: body}
	for i, key := range keys {
		o.Signatures = append(o.Signatures, Signature{Domain: "example.com", Selector: string(rune('a' + i)), Key: key})
	}
	signer, err := NewSigner(o)
	if err != nil {
		b.Fatal(err)
	}
	header, segments := []byte(testHeader), [][]byte{benchBody}
	b.SetBytes(int64(len(header) + len(benchBody)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := signer.Sign(header, signer.HashBody(segments), signedAt); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSignEd25519(b *testing.B)        { benchmarkSign(b, Simple, edTestKey()) }
func BenchmarkSignEd25519Relaxed(b *testing.B) { benchmarkSign(b, Relaxed, edTestKey()) }
func BenchmarkSignRSA2048(b *testing.B)        { benchmarkSign(b, Simple, rsaTestKey()) }
func BenchmarkSignBoth(b *testing.B)           { benchmarkSign(b, Simple, edTestKey(), rsaTestKey()) }

// BenchmarkRawEd25519 and BenchmarkRawRSA2048 are the signatures alone, the least that
// signing a message can take.
func BenchmarkRawEd25519(b *testing.B) {
	hash := sha256.Sum256(nil)
	for b.Loop() {
		ed25519.Sign(edTestKey().ed25519, hash[:])
	}
}

func BenchmarkRawRSA2048(b *testing.B) {
	hash := sha256.Sum256(nil)
	for b.Loop() {
		if _, err := rsa.SignPKCS1v15(rand.Reader, rsaTestKey().rsa, crypto.SHA256, hash[:]); err != nil {
			b.Fatal(err)
		}
	}
}

// benchmarkMsgauth signs the same with go-msgauth, the same fields too.
func benchmarkMsgauth(b *testing.B, body msgauth.Canonicalization, key crypto.Signer) {
	signer, err := NewSigner(Options{Signatures: []Signature{{Domain: "example.com", Selector: "s", Key: edTestKey()}}})
	if err != nil {
		b.Fatal(err)
	}
	fields, err := parseHeader([]byte(testHeader))
	if err != nil {
		b.Fatal(err)
	}
	message := []byte(testHeader + "\r\n" + string(benchBody))
	options := &msgauth.SignOptions{
		Domain: "example.com", Selector: "s", Signer: key, HeaderKeys: signer.names(fields),
		HeaderCanonicalization: msgauth.CanonicalizationRelaxed, BodyCanonicalization: body,
	}
	b.SetBytes(int64(len(message)))
	b.ReportAllocs()
	for b.Loop() {
		if err := msgauth.Sign(io.Discard, bytes.NewReader(message), options); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkMsgauthEd25519(b *testing.B) {
	benchmarkMsgauth(b, msgauth.CanonicalizationSimple, edTestKey().ed25519)
}

func BenchmarkMsgauthEd25519Relaxed(b *testing.B) {
	benchmarkMsgauth(b, msgauth.CanonicalizationRelaxed, edTestKey().ed25519)
}

func BenchmarkMsgauthRSA2048(b *testing.B) {
	benchmarkMsgauth(b, msgauth.CanonicalizationSimple, rsaTestKey().rsa)
}

func benchmarkBody(b *testing.B, c Canonicalization) {
	body := [][]byte{bytes.Repeat(benchBody, 1024)}
	b.SetBytes(int64(len(body[0])))
	for b.Loop() {
		HashBody(c, body)
	}
}

func BenchmarkBodySimple(b *testing.B)  { benchmarkBody(b, Simple) }
func BenchmarkBodyRelaxed(b *testing.B) { benchmarkBody(b, Relaxed) }
