package smtp

import "strings"

// external is EXTERNAL (RFC 4422, appendix A): who the client is, the server
// knows from its certificate.
type external struct{ identity string }

func (external) name() string { return "EXTERNAL" }

func (e external) start() (step, bool, error) {
	if strings.ContainsRune(e.identity, 0) {
		return step{}, false, &argumentError{"the user name must not hold a NUL"}
	}
	return step{response: []byte(e.identity)}, true, nil
}

func (external) next(challenge []byte) (step, error) {
	if len(challenge) > 0 {
		return step{}, errUnexpectedChallenge
	}
	return step{}, nil
}

func (external) finish() error { return nil }
