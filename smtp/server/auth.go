package server

import (
	"encoding/base64"
	"errors"
	"os"
	"slices"
	"strings"
	"unicode/utf8"
)

// auth is AUTH: RFC 4954, section 4.
func (s *session) auth(c command) {
	name, initial, hasInitial := strings.Cut(c.argument, " ")
	mechanism := strings.ToUpper(name)
	switch {
	case !s.config.offers(Auth):
		s.fail(Reply{502, "5.5.1", "AUTH is not offered"})
		return
	case !s.peer.Extended:
		s.outOfOrder("EHLO first")
		return
	case s.peer.Authenticated:
		s.outOfOrder("already authenticated")
		return
	case s.transaction != nil:
		s.outOfOrder("a transaction is open")
		return
	case mechanism == "":
		s.fail(Reply{501, "5.5.4", "AUTH needs a mechanism"})
		return
	case !slices.Contains(s.config.Mechanisms, mechanism):
		s.fail(Reply{504, "5.5.4", "mechanism not supported"})
		return
	case !s.offers(Auth):
		s.fail(Reply{538, "5.7.11", "encryption required"}) // RFC 4954, section 6
		return
	}
	credentials, err := s.exchange(mechanism, initial, hasInitial)
	if err != nil {
		s.exchangeFailed(err)
		return
	}
	reply := s.config.Handler.Auth(s.ctx, s.peer, credentials).or(Reply{235, "2.7.0", "authenticated"})
	if !reply.Positive() {
		s.fail(reply)
		return
	}
	s.peer.Authenticated, s.peer.User = true, credentials.Username
	s.answer(reply)
}

var (
	errCancelled   = errors.New("authentication cancelled")
	errBase64      = errors.New("not base64")
	errCredentials = errors.New("malformed credentials")
)

func (s *session) exchangeFailed(err error) {
	reply, isLine := malformed(err)
	switch {
	case isLine:
	case errors.Is(err, errCancelled):
		reply = Reply{501, "5.7.0", "authentication cancelled"} // RFC 4954, section 4
	case errors.Is(err, errBase64):
		reply = Reply{501, "5.5.2", "not base64"} // RFC 4954, section 4
	case errors.Is(err, errCredentials):
		reply = Reply{501, "5.5.2", "malformed credentials"}
	default:
		if !errors.Is(err, os.ErrDeadlineExceeded) && !errors.Is(err, errNoise) {
			s.leave(err)
			return
		}
		s.leave(s.farewell(err))
		return
	}
	s.fail(reply)
}

// exchange collects what the mechanism needs. The initial response saves PLAIN and
// LOGIN their first challenge.
func (s *session) exchange(mechanism, initial string, hasInitial bool) (Credentials, error) {
	first := "" // PLAIN begins with an empty challenge
	if mechanism == "LOGIN" {
		first = "Username:"
	}
	var response string
	var err error
	switch {
	case !hasInitial:
		response, err = s.challenge(first)
	case initial == "=": // RFC 4954, section 4: an empty initial response
	default:
		response, err = decodeResponse(initial)
	}
	if err != nil {
		return Credentials{}, err
	}
	if mechanism == "LOGIN" {
		password, err := s.challenge("Password:")
		if err != nil {
			return Credentials{}, err
		}
		return Credentials{Mechanism: mechanism, Username: response, Password: Secret{&password}}, nil
	}
	return plainCredentials(response)
}

// challenge sends one challenge and returns the decoded response.
func (s *session) challenge(text string) (string, error) {
	s.reply(replyPlain, Reply{334, "", base64.StdEncoding.EncodeToString([]byte(text))})
	s.clock.arm(s.config.Timeouts.Command)
	line, err := s.readLine(authLine)
	if err != nil {
		return "", err
	}
	if string(line) == "*" {
		return "", errCancelled
	}
	return decodeResponse(string(line))
}

func decodeResponse(text string) (string, error) {
	decoded, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil {
		return "", errBase64 // the decoder's own error quotes nothing, but belongs to a secret
	}
	return string(decoded), nil
}

// plainCredentials splits the message of RFC 4616, section 2.
func plainCredentials(message string) (Credentials, error) {
	fields := strings.Split(message, "\x00")
	if len(fields) != 3 || fields[1] == "" || fields[2] == "" || !utf8.ValidString(message) {
		return Credentials{}, errCredentials
	}
	return Credentials{Mechanism: "PLAIN", Identity: fields[0], Username: fields[1], Password: Secret{&fields[2]}}, nil
}
