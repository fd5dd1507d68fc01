package smtp

import (
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"hash"
	"strconv"
	"strings"
)

// How often SCRAM may have the client hash the password. Fewer rounds than the
// minimum of RFC 7677, section 4, make the exchange easy to break for whoever
// overhears it; more than the maximum keep the client busy for a server's
// pleasure.
const (
	minScramRounds = 4096
	maxScramRounds = 1_000_000
)

// scram is the family SCRAM-* (RFC 5802, RFC 7677). The password never leaves the
// client, and the server proves that it knows it too.
type scram struct {
	mechanism string
	hash      func() hash.Hash
	username  string
	password  Secret
	// header is the GS2 header: "n,,", "y,," or "p=tls-exporter,,".
	header  string
	binding []byte // channel binding data, empty without
	nonce   string // for tests; "" makes one

	round     int
	firstBare string // client-first-message without the header
	signature []byte // what the server must send
	verified  bool
}

// scramHashes are the hash functions by the name of the mechanism, without
// "SCRAM-" and "-PLUS".
func scramHash(mechanism string) func() hash.Hash {
	switch strings.TrimSuffix(strings.TrimPrefix(mechanism, "SCRAM-"), plusSuffix) {
	case "SHA-1":
		return sha1.New
	case "SHA-256":
		return sha256.New
	case "SHA-512":
		return sha512.New
	}
	return nil
}

func (s *scram) name() string { return s.mechanism }

func (s *scram) start() (step, bool, error) {
	user, err := saslPrep(s.username)
	if err != nil {
		return step{}, false, &argumentError{"user name " + err.Error()}
	}
	if _, err := saslPrep(s.password.reveal()); err != nil {
		return step{}, false, &argumentError{"password " + err.Error()}
	}
	if s.nonce == "" {
		s.nonce = rand.Text()
	}
	// RFC 5802, section 5.1: "=" and "," stand for themselves nowhere in a name.
	user = strings.NewReplacer("=", "=3D", ",", "=2C").Replace(user)
	s.firstBare = "n=" + user + ",r=" + s.nonce
	return step{response: []byte(s.header + s.firstBare)}, true, nil
}

func (s *scram) next(challenge []byte) (step, error) {
	s.round++
	switch s.round {
	case 1:
		return s.prove(string(challenge))
	case 2:
		return step{}, s.verify(string(challenge))
	}
	return step{}, errUnexpectedChallenge
}

// prove answers the server-first-message.
func (s *scram) prove(first string) (step, error) {
	fields, err := scramFields(first, "r", "s", "i")
	if err != nil {
		return step{}, err
	}
	nonce := fields[0]
	if !strings.HasPrefix(nonce, s.nonce) || nonce == s.nonce {
		return step{}, errors.New("the server's nonce does not begin with ours")
	}
	salt, err := base64.StdEncoding.DecodeString(fields[1])
	if err != nil || len(salt) == 0 {
		return step{}, errors.New("the salt is not base64")
	}
	rounds, err := strconv.Atoi(fields[2])
	if err != nil || rounds < minScramRounds || rounds > maxScramRounds {
		return step{}, fmt.Errorf("the server asks for %s rounds of hashing; between %d and %d are accepted", quoteShort(fields[2]), minScramRounds, maxScramRounds)
	}
	password, err := saslPrep(s.password.reveal())
	if err != nil {
		return step{}, err
	}
	salted, err := pbkdf2.Key(s.hash, password, salt, rounds, s.hash().Size())
	if err != nil {
		return step{}, err
	}
	final := "c=" + base64.StdEncoding.EncodeToString(append([]byte(s.header), s.binding...)) + ",r=" + nonce
	message := s.firstBare + "," + first + "," + final
	clientKey := s.mac(salted, "Client Key")
	stored := s.hash()
	stored.Write(clientKey)
	proof := s.mac(stored.Sum(nil), message)
	for i := range proof {
		proof[i] ^= clientKey[i]
	}
	s.signature = s.mac(s.mac(salted, "Server Key"), message)
	return step{response: []byte(final + ",p=" + base64.StdEncoding.EncodeToString(proof)), secret: true, proven: true}, nil
}

// verify checks the server-final-message.
func (s *scram) verify(final string) error {
	if reason, ok := strings.CutPrefix(final, "e="); ok {
		return fmt.Errorf("the server says %s", quoteShort(reason))
	}
	fields, err := scramFields(final, "v")
	if err != nil {
		return err
	}
	signature, err := base64.StdEncoding.DecodeString(fields[0])
	if err != nil || !hmac.Equal(signature, s.signature) {
		return errors.New("the server does not know the password: its signature is wrong")
	}
	s.verified = true
	return nil
}

// finish refuses a success that came before the server has proved anything.
func (s *scram) finish() error {
	if !s.verified {
		return errors.New("the server accepts without having proved that it knows the password")
	}
	return nil
}

func (s *scram) mac(key []byte, message string) []byte {
	m := hmac.New(s.hash, key)
	m.Write([]byte(message))
	return m.Sum(nil)
}

// scramFields reads "a=x,b=y" with just these names, in this order; extensions
// may follow. One that must be understood, "m=", is refused by its place.
func scramFields(message string, names ...string) ([]string, error) {
	parts := strings.Split(message, ",")
	values := make([]string, len(names))
	for i, name := range names {
		if i >= len(parts) || !strings.HasPrefix(parts[i], name+"=") {
			return nil, fmt.Errorf("the challenge has no %q where it belongs", name)
		}
		values[i] = parts[i][2:]
	}
	return values, nil
}

// quoteShort quotes the beginning of what a server sent.
func quoteShort(text string) string {
	if len(text) > 60 {
		text = text[:60] + "…"
	}
	return strconv.Quote(text)
}
