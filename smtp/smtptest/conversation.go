package smtptest

import (
	"errors"
	"net"
	"strings"
	"time"
)

// conversation is one connection on its way.
type conversation struct {
	server  Server
	stream  *stream
	record  *Connection
	closing <-chan struct{}
	calls   map[Point]int
	turn    int  // how many replies were owed so far
	mark    int  // where in record.Above the first rule applied
	silent  bool // nothing is written any more
	said    bool // the last reply was

	greeted bool
	mailed  bool // MAIL was accepted
	failed  bool // a chunk was refused: only RSET helps
	mails   int
	message Received // under way
	domains map[string]bool
	inText  Act  // what a rule has for the text of a message that comes in chunks
	ruled   bool // it has yet to apply
}

// errOver ends a conversation.
var errOver = errors.New("the conversation is over")

func newConversation(server Server, conn net.Conn, closing <-chan struct{}) *conversation {
	record := &Connection{}
	return &conversation{
		server: server, record: record, closing: closing,
		stream: newStream(conn, record), calls: map[Point]int{}, mark: -1,
	}
}

// hold holds the conversation to its end.
func (c *conversation) hold() {
	_ = c.talk()
	// Over TCP the rest is heard out, so that the record is whole.
	if c.record.Ended == "" {
		c.stream.drain()
	}
	_ = c.stream.raw.Close()
	if c.record.Ended == "" {
		c.record.Ended = ByServer
	}
	if len(c.message.Raw) > 0 || len(c.message.Chunks) > 0 {
		c.record.Messages = append(c.record.Messages, c.message) // cut short
	}
	if c.mark >= 0 {
		c.record.AfterRule = c.record.Above[c.mark:]
	}
	if n := len(c.record.Commands); n > 0 && c.record.Commands[n-1].Verb == "QUIT" {
		c.record.Ended = ByQuit
	}
}

func (c *conversation) talk() error {
	if c.server.TLS == TLSImplicit {
		if err := c.handshake(); err != nil {
			return err
		}
	}
	if _, err := c.speak(Greeting, Reply{220, "", []string{c.server.Name + " ESMTP"}}); err != nil {
		return err
	}
	for {
		line, err := c.readLine()
		if err != nil {
			return err
		}
		verb, argument, _ := strings.Cut(line, " ")
		verb = strings.ToUpper(verb)
		c.record.Commands = append(c.record.Commands, Command{Verb: verb, Line: line, Secure: c.record.Secure})
		if err := c.command(verb, argument); err != nil {
			return err
		}
	}
}

func (c *conversation) readLine() (string, error) {
	line, err := c.stream.in.ReadString('\n')
	if err != nil {
		return "", err
	}
	return strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r"), nil
}

// act is what the rules have for this occurrence of a point, and whether they
// have anything.
func (c *conversation) act(point Point) (Act, bool) {
	c.calls[point]++
	for _, rule := range c.server.Rules {
		if rule.At == point && (rule.Call == 0 || rule.Call == c.calls[point]) {
			return rule.Do, true
		}
	}
	return Act{}, false
}

// fire notes that a rule applies.
func (c *conversation) fire() {
	c.record.Fired++
	if c.mark < 0 {
		c.mark = c.stream.consumed()
	}
}

// speak says what is usual at a point, or what a rule has in its place, and
// returns what the server means by it.
func (c *conversation) speak(point Point, usual Reply) (Reply, error) {
	c.turn++
	if c.stream.in.Buffered() > 0 {
		c.record.Ahead++
	}
	act, ruled := c.act(point)
	if ruled {
		c.fire()
	}
	meant, err := c.perform(act, usual)
	c.doubt(meant, point)
	return meant, err
}

// doubt notes a reply that a client cannot go on behind.
func (c *conversation) doubt(meant Reply, point Point) {
	if c.record.doubtful == 0 && meant.Code != 0 && !meant.fits(point) {
		c.record.doubtful = c.turn
	}
}

// perform does what an act says.
func (c *conversation) perform(act Act, usual Reply) (Reply, error) {
	if err := c.wait(act.Delay); err != nil {
		return Reply{}, err
	}
	meant := usual
	if act.Reply.Code != 0 {
		meant = act.Reply
	}
	text := ""
	switch {
	case act.Mute:
	case act.Raw != "":
		meant, text = act.Reply, act.Raw
	case meant.Code != 0:
		text = meant.String()
	}
	said, spoiled := codes(act.Raw)
	odd := act.Raw != "" && meant.Code == 0 && (len(said) > 0 || !spoiled)
	if act.Surplus != "" || odd || act.Mute && act.Then == "" {
		c.record.OutOfStep = true
	}
	if act.Endless {
		c.stream.flood(text)
		return Reply{}, errOver
	}
	if act.Mute && act.Then != "" {
		meant = Reply{} // it was never said
	}
	c.said = !c.silent && meant.Code != 0
	if n := len(c.record.Commands); n > 0 && c.said {
		c.record.Commands[n-1].Replies = append(c.record.Commands[n-1].Replies, meant)
	}
	if !c.silent {
		if err := c.stream.write(text+act.Surplus, act); err != nil {
			return meant, err
		}
	}
	return meant, c.end(act)
}

// end leaves as act says.
func (c *conversation) end(act Act) error {
	switch act.Then {
	case "":
		return nil
	case HalfClose:
		c.stream.halfClose()
		c.silent = true
		return nil
	case Silence:
		c.silent = true
		return nil
	case Stop:
		limit := act.For
		if limit == 0 {
			limit = time.Hour
		}
		c.silent, c.record.stopped = true, true
		return c.wait(limit)
	default:
		c.stream.leave(act.Then)
	}
	return errOver
}

// wait lets time pass, unless the server is closed.
func (c *conversation) wait(d time.Duration) error {
	if d == 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-c.closing:
		return errOver
	}
}
