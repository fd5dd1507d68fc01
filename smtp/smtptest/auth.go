package smtptest

import (
	"encoding/base64"
	"strings"
)

// auth holds one exchange of AUTH (RFC 4954, section 4).
func (c *conversation) auth(argument string) error {
	name, initial, has := strings.Cut(argument, " ")
	e := &exchange{mechanism: strings.ToUpper(name), users: c.server.Users}
	reply := Reply{504, "5.5.4", []string{"unknown mechanism"}}
	switch {
	case len(c.server.Users) == 0:
		reply = Reply{502, "5.5.1", []string{"not offered"}}
	case e.mechanism == "PLAIN" || e.mechanism == "LOGIN":
		if has && initial != "=" {
			reply = e.next(initial)
		} else {
			reply = e.ask()
		}
	}
	meant, err := c.speak(Auth, reply)
	for err == nil && meant.Code == 334 {
		var line string
		if line, err = c.readLine(); err != nil {
			return err
		}
		c.record.Commands = append(c.record.Commands, Command{Line: line, Secure: c.record.Secure})
		reply = Reply{501, "5.7.0", []string{"cancelled"}}
		if line != "*" {
			reply = e.next(line)
		}
		meant, err = c.speak(AuthResponse, reply)
	}
	if e.mechanism == "PLAIN" || e.mechanism == "LOGIN" {
		c.record.Logins = append(c.record.Logins, Login{e.mechanism, e.username, meant.Code == 235, c.record.Secure})
	}
	return err
}

// exchange is PLAIN (RFC 4616) or LOGIN (draft-murchison-sasl-login).
type exchange struct {
	mechanism string
	users     map[string]string
	username  string
	answers   int
}

var (
	askName     = base64.StdEncoding.EncodeToString([]byte("Username:"))
	askPassword = base64.StdEncoding.EncodeToString([]byte("Password:"))
)

// ask is the challenge of an exchange that began without a response.
func (e *exchange) ask() Reply {
	if e.mechanism == "LOGIN" {
		return Reply{334, "", []string{askName}}
	}
	return Reply{334, "", []string{""}}
}

// next takes one response.
func (e *exchange) next(line string) Reply {
	response, err := base64.StdEncoding.DecodeString(line)
	if err != nil {
		return Reply{501, "5.5.2", []string{"not base64"}}
	}
	e.answers++
	if e.mechanism == "LOGIN" && e.answers == 1 {
		e.username = string(response)
		return Reply{334, "", []string{askPassword}}
	}
	password := string(response)
	if e.mechanism == "PLAIN" {
		fields := strings.Split(password, "\x00")
		if len(fields) != 3 {
			return Reply{501, "5.5.2", []string{"not three fields"}}
		}
		e.username, password = fields[1], fields[2]
	}
	if want, known := e.users[e.username]; !known || want != password {
		return Reply{535, "5.7.8", []string{"wrong name or password"}}
	}
	return Reply{235, "2.7.0", nil}
}
