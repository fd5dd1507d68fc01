package dkim

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"strings"
)

// RSA keys by their length in bits, RFC 8301, section 3.2: below the first signing is
// forbidden, below the second discouraged, above the third verifiers may give up.
const (
	minRSABits      = 1024
	advisedRSABits  = 2048
	maxVerifiedBits = 4096
	maxRSABits      = 16384
	maxPEMLength    = 64 << 10
)

// Algorithm is the value of the a= tag.
type Algorithm string

// The algorithms that signatures are made with. rsa-sha1 is not among them (RFC 8301,
// section 3.1).
const (
	RSASHA256     Algorithm = "rsa-sha256"
	Ed25519SHA256 Algorithm = "ed25519-sha256"
)

// Key is a private key. It prints as its kind and length, never as itself.
type Key struct {
	rsa     *rsa.PrivateKey
	ed25519 ed25519.PrivateKey
}

// ParseKey reads a private key in PEM: PKCS #1 or PKCS #8, RSA or Ed25519. Text around
// the key is ignored. Errors are of type *Error, with the field "key".
func ParseKey(text []byte) (*Key, error) {
	if len(text) > maxPEMLength {
		return nil, &Error{Field: "key", Reason: fmt.Sprintf("has %d bytes; a key has less than %d", len(text), maxPEMLength)}
	}
	var seen string
	for {
		block, rest := pem.Decode(text)
		if block == nil {
			break
		}
		switch block.Type {
		case "RSA PRIVATE KEY":
			if block.Headers["DEK-Info"] != "" {
				return nil, encryptedKey()
			}
			private, err := x509.ParsePKCS1PrivateKey(block.Bytes)
			if err != nil {
				return nil, damagedKey(err)
			}
			return NewKey(private)
		case "PRIVATE KEY":
			private, err := x509.ParsePKCS8PrivateKey(block.Bytes)
			if err != nil {
				return nil, damagedKey(err)
			}
			return NewKey(private)
		case "ENCRYPTED PRIVATE KEY":
			return nil, encryptedKey()
		}
		seen, text = block.Type, rest
	}
	switch {
	case strings.HasSuffix(seen, "PUBLIC KEY"):
		return nil, &Error{Field: "key", Reason: "this is the public key", Hint: "the private key signs; the public key goes into DNS"}
	case seen != "":
		return nil, &Error{Field: "key", Reason: "no RSA or Ed25519 key in PEM", Value: seen, Hint: keyHint}
	}
	return nil, &Error{Field: "key", Reason: "no private key in PEM", Hint: keyHint}
}

const keyHint = `"openssl genpkey -algorithm rsa -pkeyopt rsa_keygen_bits:2048" or "openssl genpkey -algorithm ed25519" makes one`

func encryptedKey() *Error {
	return &Error{Field: "key", Reason: "the key is encrypted", Hint: `"openssl pkey -in FILE" writes it without a passphrase`}
}

func damagedKey(err error) *Error {
	return &Error{Field: "key", Reason: strings.TrimPrefix(err.Error(), "x509: ")}
}

// NewKey takes a private key as the standard library has it: *rsa.PrivateKey or
// ed25519.PrivateKey.
func NewKey(private crypto.PrivateKey) (*Key, error) {
	switch private := private.(type) {
	case *rsa.PrivateKey:
		bits := private.N.BitLen()
		switch {
		case bits < minRSABits:
			return nil, &Error{Field: "key", Reason: fmt.Sprintf("an RSA key of %d bits; verifiers ignore keys below %d (RFC 8301, section 3.2)", bits, minRSABits), Hint: keyHint}
		case bits > maxRSABits:
			return nil, &Error{Field: "key", Reason: fmt.Sprintf("an RSA key of %d bits; more than %d are not supported", bits, maxRSABits), Hint: keyHint}
		}
		if err := private.Validate(); err != nil {
			return nil, &Error{Field: "key", Reason: strings.TrimPrefix(err.Error(), "crypto/rsa: ")}
		}
		return &Key{rsa: private}, nil
	case ed25519.PrivateKey:
		if len(private) != ed25519.PrivateKeySize {
			return nil, &Error{Field: "key", Reason: fmt.Sprintf("an Ed25519 key has %d bytes, not %d", ed25519.PrivateKeySize, len(private))}
		}
		return &Key{ed25519: private}, nil
	}
	return nil, &Error{Field: "key", Reason: fmt.Sprintf("neither RSA nor Ed25519 (%T)", private), Hint: keyHint}
}

// Algorithm returns what the key signs with.
func (k *Key) Algorithm() Algorithm {
	if k.rsa != nil {
		return RSASHA256
	}
	return Ed25519SHA256
}

// Bits returns the length of the key: that of the modulus for RSA, 256 for Ed25519.
func (k *Key) Bits() int {
	if k.rsa != nil {
		return k.rsa.N.BitLen()
	}
	return 256
}

// Warning says what is unwise about the key, or "".
func (k *Key) Warning() string {
	switch bits := k.Bits(); {
	case k.rsa == nil:
		return ""
	case bits < advisedRSABits:
		return fmt.Sprintf("an RSA key of %d bits is weak; %d or more are advised (RFC 8301, section 3.2)", bits, advisedRSABits)
	case bits > maxVerifiedBits:
		return fmt.Sprintf("an RSA key of %d bits; verifiers need not take more than %d (RFC 8301, section 3.2)", bits, maxVerifiedBits)
	}
	return ""
}

// Record returns the text of the TXT record that publishes the public key at
// selector._domainkey.domain (RFC 6376, section 3.6.1).
func (k *Key) Record() string {
	if k.rsa == nil {
		public := k.ed25519.Public().(ed25519.PublicKey)
		// RFC 8463, section 4: the 32 octets alone, in no further structure.
		return "v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(public)
	}
	der, err := x509.MarshalPKIXPublicKey(k.rsa.Public())
	if err != nil {
		panic("dkim: a valid RSA key has no DER form: " + err.Error())
	}
	return "v=DKIM1; k=rsa; p=" + base64.StdEncoding.EncodeToString(der)
}

// Format implements fmt.Formatter, so that no verb shows the key itself. The receiver is
// no pointer, for a copied Key keeps the secret as well.
func (k Key) Format(f fmt.State, _ rune) {
	if k.rsa == nil && k.ed25519 == nil {
		fmt.Fprint(f, "no key")
		return
	}
	fmt.Fprintf(f, "%s key of %d bits", k.Algorithm(), k.Bits())
}

// sign signs the SHA-256 of the canonical header. RFC 8463, section 3: Ed25519 signs
// that hash too, as its message, and not what was hashed.
func (k *Key) sign(hash []byte) ([]byte, error) {
	if k.rsa != nil {
		return rsa.SignPKCS1v15(rand.Reader, k.rsa, crypto.SHA256, hash)
	}
	return ed25519.Sign(k.ed25519, hash), nil
}
