package smtp

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// bearer is XOAUTH2 (of Google, which others took over) or OAUTHBEARER (RFC
// 7628): an access token in the place of a password.
type bearer struct {
	mechanism string
	username  string
	token     Secret
	host      string
	port      int

	refused bool
	problem string // what the server said of the token
}

func (b *bearer) name() string { return b.mechanism }

func (b *bearer) start() (step, bool, error) {
	token := b.token.reveal()
	// RFC 7628, section 3.1: fields end with ^A; RFC 6750, section 2.1: a token is
	// printable and holds no blank.
	if token == "" || strings.ContainsFunc(token, func(c rune) bool { return c <= ' ' || c > '~' }) {
		return step{}, false, &argumentError{"the access token must be printable ASCII without blanks"}
	}
	if strings.ContainsAny(b.username, "\x00\x01") {
		return step{}, false, &argumentError{"the user name must not hold control characters"}
	}
	if b.mechanism == "XOAUTH2" {
		return step{response: []byte("user=" + b.username + "\x01auth=Bearer " + token + "\x01\x01"), secret: true}, true, nil
	}
	header := "n,,"
	if b.username != "" {
		header = "n,a=" + strings.NewReplacer("=", "=3D", ",", "=2C").Replace(b.username) + ","
	}
	text := header + "\x01host=" + b.host + "\x01port=" + strconv.Itoa(b.port) + "\x01auth=Bearer " + token + "\x01\x01"
	return step{response: []byte(text), secret: true}, true, nil
}

// next answers the one challenge there is: the reason of a refusal. The answer
// only makes the server say 535 (RFC 7628, section 3.2.3).
func (b *bearer) next(challenge []byte) (step, error) {
	if b.refused {
		return step{}, errUnexpectedChallenge
	}
	b.refused = true
	var said struct{ Status, Scope, Schemes string }
	if json.Unmarshal(challenge, &said) == nil && said.Status != "" {
		b.problem = "the server says of the token: " + quoteShort(said.Status)
		if said.Scope != "" {
			b.problem += fmt.Sprintf(" (it should be for %s)", quoteShort(said.Scope))
		}
	}
	if b.mechanism == "XOAUTH2" {
		return step{}, nil
	}
	return step{response: []byte("\x01")}, nil
}

func (b *bearer) finish() error { return nil }

// why adds to a refusal what came before it.
func (b *bearer) why() string { return b.problem }
