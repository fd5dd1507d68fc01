package smtptest

import (
	"bytes"
	"strconv"
	"strings"
)

var (
	outOfOrder = Reply{503, "5.5.1", []string{"out of order"}}
	tooMuch    = Reply{452, "4.5.3", []string{"too many"}}
	tooBig     = Reply{552, "5.3.4", []string{"too big"}}
)

// path is the address of "FROM:<a@b> SIZE=1", and what stands behind it.
func path(argument, prefix string) (address string, parameters []string, ok bool) {
	if len(argument) < len(prefix) || !strings.EqualFold(argument[:len(prefix)], prefix) {
		return "", nil, false
	}
	words := strings.Fields(argument[len(prefix):])
	if len(words) == 0 || !strings.HasPrefix(words[0], "<") || !strings.HasSuffix(words[0], ">") {
		return "", nil, false
	}
	return words[0][1 : len(words[0])-1], words[1:], true
}

func (c *conversation) mail(argument string) error {
	from, parameters, ok := path(argument, "FROM:")
	reply := Reply{250, "2.1.0", nil}
	switch most := c.limit("MAILMAX"); {
	case !c.greeted, c.mailed:
		reply = outOfOrder
	case !ok:
		reply = Reply{501, "5.5.4", []string{"syntax"}}
	case most > 0 && c.mails >= most:
		reply = tooMuch
	case c.oversize(parameters):
		reply = tooBig
	}
	meant, err := c.speak(Mail, reply)
	if meant.positive() {
		c.reset()
		c.mailed, c.message.From = true, from
		c.mails++
	}
	return err
}

// oversize reports whether SIZE announces more than the server takes (RFC
// 1870, section 6.1).
func (c *conversation) oversize(parameters []string) bool {
	for _, parameter := range parameters {
		if value, ok := strings.CutPrefix(strings.ToUpper(parameter), "SIZE="); ok {
			n, err := strconv.Atoi(value)
			return err == nil && c.limit("SIZE") > 0 && n > c.limit("SIZE")
		}
	}
	return false
}

func (c *conversation) rcpt(argument string) error {
	to, _, ok := path(argument, "TO:")
	_, domain, _ := strings.Cut(to, "@")
	domain = strings.ToLower(domain)
	reply := Reply{250, "2.1.5", nil}
	most, mostDomains := c.limit("RCPTMAX"), c.limit("RCPTDOMAINMAX")
	switch {
	case !c.mailed:
		reply = outOfOrder
	case !ok || to == "":
		reply = Reply{501, "5.5.4", []string{"syntax"}}
	case most > 0 && len(c.message.To) >= most,
		mostDomains > 0 && !c.domains[domain] && len(c.domains) >= mostDomains:
		reply = tooMuch
	}
	meant, err := c.speak(Rcpt, reply)
	if meant.positive() && c.mailed {
		c.message.To = append(c.message.To, to)
		if c.domains == nil {
			c.domains = map[string]bool{}
		}
		c.domains[domain] = true
	}
	return err
}

func (c *conversation) data() error {
	reply := Reply{354, "", []string{"go ahead"}}
	switch {
	case !c.mailed || len(c.message.Chunks) > 0: // RFC 3030, section 2
		reply = outOfOrder
	case len(c.message.To) == 0:
		reply = Reply{554, "5.5.1", []string{"no valid recipients"}}
	}
	meant, err := c.speak(Data, reply)
	if err != nil || meant.Code != 354 {
		return err
	}
	c.message.Transfer = "DATA"
	return c.text()
}

// text reads a message behind DATA. It ends with CRLF "." CRLF and nothing else
// (RFC 5321, section 4.1.1.4).
func (c *conversation) text() error {
	act, ruled := c.act(Text)
	answered := false
	for {
		if ruled && len(c.message.Raw) >= act.After {
			ruled = false
			var err error
			if answered, err = c.early(act); err != nil {
				return err
			}
		}
		b, err := c.stream.in.ReadByte()
		if err != nil {
			return err
		}
		c.message.Raw = append(c.message.Raw, b)
		if b == '\n' && ended(c.message.Raw) {
			break
		}
	}
	c.message.Complete = true
	c.message.Text = unstuffed(c.message.Raw[:len(c.message.Raw)-len(".\r\n")])
	return c.verdict(answered)
}

func ended(raw []byte) bool {
	return bytes.Equal(raw, []byte(".\r\n")) || bytes.HasSuffix(raw, []byte("\r\n.\r\n"))
}

// unstuffed takes the first dot off each line (RFC 5321, section 4.5.2).
func unstuffed(raw []byte) []byte {
	lines := bytes.SplitAfter(raw, []byte("\r\n"))
	for i, line := range lines {
		lines[i] = bytes.TrimPrefix(line, []byte("."))
	}
	return bytes.Join(lines, nil)
}

// early speaks within a message, and reports whether that was the reply to it.
func (c *conversation) early(act Act) (answered bool, err error) {
	c.fire()
	meant, err := c.perform(act, Reply{})
	if !c.said {
		return false, err
	}
	c.turn++
	c.doubt(meant, Message)
	// Whether yes was said too early, a client that has written all cannot tell.
	c.record.OutOfStep = c.record.OutOfStep || meant.positive()
	c.message.Replies = append(c.message.Replies, meant)
	return true, err
}

// verdict answers a whole message, once or once for each recipient (RFC 2033,
// section 4.2), and ends the transaction.
func (c *conversation) verdict(answered bool) error {
	c.message.Turn = c.turn + 1
	if answered {
		c.message.Turn = c.turn
	}
	replies := 1
	if c.server.Protocol == LMTP {
		replies, c.message.Each = len(c.message.To), true
		c.record.OutOfStep = c.record.OutOfStep || answered && replies > 1
	}
	reply := Reply{250, "2.0.0", []string{"taken"}}
	if most := c.limit("SIZE"); most > 0 && len(c.message.Text) > most {
		reply = tooBig
	}
	if len(c.message.To) == 0 {
		reply = Reply{554, "5.5.1", []string{"no valid recipients"}}
	}
	for range max(replies, 1) {
		if answered {
			break
		}
		meant, err := c.speak(Message, reply)
		if c.said {
			c.message.Replies = append(c.message.Replies, meant)
		}
		if err != nil {
			return err
		}
	}
	c.reset()
	return nil
}
