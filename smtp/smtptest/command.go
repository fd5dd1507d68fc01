package smtptest

import (
	"strconv"
	"strings"
)

// command answers one line.
func (c *conversation) command(verb, argument string) error {
	switch verb {
	case "EHLO", "LHLO", "HELO":
		return c.hello(verb)
	case "STARTTLS":
		return c.startTLS()
	case "AUTH":
		return c.auth(argument)
	case "MAIL":
		return c.mail(argument)
	case "RCPT":
		return c.rcpt(argument)
	case "DATA":
		return c.data()
	case "BDAT":
		return c.bdat(argument)
	case "RSET":
		meant, err := c.speak(Rset, Reply{250, "2.0.0", nil})
		if meant.positive() {
			c.reset()
		}
		return err
	case "NOOP":
		_, err := c.speak(Noop, Reply{250, "2.0.0", nil})
		return err
	case "VRFY":
		_, err := c.speak("VRFY", Reply{252, "2.1.5", nil})
		return err
	case "QUIT":
		if _, err := c.speak(Quit, Reply{221, "2.0.0", []string{"bye"}}); err != nil {
			return err
		}
		c.stream.halfClose()
		c.stream.drain()
		return errOver
	}
	_, err := c.speak(Point(verb), Reply{500, "5.5.2", []string{"unknown command"}})
	return err
}

func (c *conversation) hello(verb string) error {
	// RFC 2033, section 4.1: LMTP knows LHLO only, and SMTP does not know it.
	if (verb == "LHLO") != (c.server.Protocol == LMTP) {
		_, err := c.speak(Point(verb), Reply{500, "5.5.1", []string{"wrong protocol"}})
		return err
	}
	point, reply := Ehlo, Reply{250, "", append([]string{c.server.Name}, c.capabilities()...)}
	if verb == "HELO" {
		point, reply = Helo, Reply{250, "", []string{c.server.Name}}
	}
	meant, err := c.speak(point, reply)
	if meant.positive() {
		c.greeted = true
		c.reset() // RFC 5321, section 4.1.4
	}
	return err
}

// capabilities are what EHLO offers at this moment.
func (c *conversation) capabilities() []string {
	list := c.server.Capabilities
	if c.record.Secure {
		list = c.server.Secure
	}
	list = append([]string(nil), list...)
	if c.server.TLS == TLSStart && !c.record.Secure {
		list = append(list, "STARTTLS")
	}
	if len(c.server.Users) > 0 {
		list = append(list, "AUTH PLAIN LOGIN")
	}
	return list
}

// limit is the number behind a capability, or within LIMITS (RFC 9422, section
// 4); 0 is none.
func (c *conversation) limit(keyword string) int {
	for _, line := range c.capabilities() {
		name, parameters, _ := strings.Cut(line, " ")
		if name == keyword {
			n, _ := strconv.Atoi(parameters)
			return n
		}
		if name != "LIMITS" {
			continue
		}
		for _, word := range strings.Fields(parameters) {
			if value, ok := strings.CutPrefix(word, keyword+"="); ok {
				n, _ := strconv.Atoi(value)
				return n
			}
		}
	}
	return 0
}

// reset forgets the transaction.
func (c *conversation) reset() {
	if len(c.message.Raw) > 0 || len(c.message.Chunks) > 0 {
		c.record.Messages = append(c.record.Messages, c.message)
	}
	c.mailed, c.failed, c.message, c.domains = false, false, Received{}, nil
}
