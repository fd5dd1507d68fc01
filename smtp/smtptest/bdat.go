package smtptest

import (
	"io"
	"strconv"
	"strings"
)

// bdat reads one chunk. Its octets are read whatever becomes of them (RFC 3030,
// section 2): else they would be taken for commands.
func (c *conversation) bdat(argument string) error {
	words := strings.Fields(argument)
	last := len(words) == 2 && strings.EqualFold(words[1], "LAST")
	size, err := 0, error(nil)
	if len(words) > 0 {
		size, err = strconv.Atoi(words[0])
	}
	if len(words) == 0 || len(words) > 2 || len(words) == 2 && !last || err != nil || size < 0 {
		_, err := c.speak(Bdat, Reply{501, "5.5.4", []string{"syntax"}})
		return err
	}
	refusal := outOfOrder
	if c.mailed && !c.failed && len(c.message.To) == 0 {
		refusal = Reply{554, "5.5.1", []string{"no valid recipients"}}
	}
	if !c.mailed || c.failed || len(c.message.To) == 0 {
		if _, err := io.CopyN(io.Discard, c.stream.in, int64(size)); err != nil {
			return err
		}
		_, err := c.speak(Bdat, refusal)
		return err
	}
	c.message.Transfer = "BDAT"
	c.message.Chunks = append(c.message.Chunks, size)
	answered, err := c.chunk(size)
	if err != nil {
		return err
	}
	if last {
		c.message.Complete = true
		return c.verdict(answered)
	}
	if answered {
		if !c.failed {
			c.message.Replies = nil // it was for the chunk, not for the message
		}
		return nil
	}
	meant, err := c.speak(Bdat, Reply{250, "2.0.0", nil})
	c.refused(meant)
	return err
}

// refused notes what a reply to a chunk means for the rest.
func (c *conversation) refused(meant Reply) {
	if !meant.negative() {
		return
	}
	c.failed = true
	if c.said {
		c.message.Replies = append(c.message.Replies, meant)
	}
}

// chunk reads the octets of one chunk. A rule for the text of a message applies
// once, wherever its chunks end.
func (c *conversation) chunk(size int) (answered bool, err error) {
	if len(c.message.Chunks) == 1 {
		c.inText, c.ruled = c.act(Text)
	}
	for size > 0 || c.ruled && len(c.message.Raw) >= c.inText.After {
		n := size
		if c.ruled {
			n = min(n, c.inText.After-len(c.message.Raw))
			if n <= 0 {
				c.ruled = false
				if answered, err = c.earlyChunk(c.inText); err != nil {
					return answered, err
				}
				continue
			}
		}
		before := len(c.message.Raw)
		c.message.Raw = append(c.message.Raw, make([]byte, n)...)
		got, err := io.ReadFull(c.stream.in, c.message.Raw[before:])
		c.message.Raw = c.message.Raw[:before+got]
		c.message.Text = c.message.Raw
		if err != nil {
			return answered, err
		}
		size -= n
	}
	return answered, nil
}

// earlyChunk is early within a chunk, whose own reply it is.
func (c *conversation) earlyChunk(act Act) (answered bool, err error) {
	answered, err = c.early(act)
	if answered {
		c.failed = c.message.Replies[len(c.message.Replies)-1].negative()
	}
	return answered, err
}
