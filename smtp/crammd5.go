package smtp

import (
	"crypto/hmac"
	"crypto/md5"
	"encoding/hex"
	"errors"
)

// cramMD5 is CRAM-MD5 (RFC 2195). Who overhears it can try passwords at leisure,
// so what it sends counts as a secret.
type cramMD5 struct {
	username string
	password Secret
	answered bool
}

func (*cramMD5) name() string { return "CRAM-MD5" }

func (*cramMD5) start() (step, bool, error) { return step{}, false, nil }

func (c *cramMD5) next(challenge []byte) (step, error) {
	switch {
	case c.answered:
		return step{}, errUnexpectedChallenge
	case len(challenge) == 0:
		return step{}, errors.New("the challenge is empty")
	}
	c.answered = true
	mac := hmac.New(md5.New, []byte(c.password.reveal()))
	mac.Write(challenge)
	return step{response: []byte(c.username + " " + hex.EncodeToString(mac.Sum(nil))), secret: true}, nil
}

func (c *cramMD5) finish() error {
	if !c.answered {
		return errUnasked
	}
	return nil
}
