package smtp

import (
	"strconv"
	"strings"
)

// Capabilities is what a server offered in answer to EHLO (RFC 5321, section
// 4.1.1.1). The zero value is that of a server that knows only HELO.
type Capabilities struct {
	keywords []Capability
	bounds   limits // what LIMITS says
	size     int64  // what SIZE says
}

// Capability is one line of an EHLO reply.
type Capability struct {
	Keyword    string // upper case
	Parameters string // as sent
}

// parseCapabilities reads an EHLO reply. The first line is a greeting.
//
// QUIRK: "AUTH=PLAIN LOGIN" is the form of an old draft that servers still send
// beside the right one; the mechanisms of both count.
func parseCapabilities(reply Reply) Capabilities {
	var c Capabilities
	for _, line := range reply.Lines[min(1, len(reply.Lines)):] {
		keyword, parameters, _ := strings.Cut(line, " ")
		if rest, ok := strings.CutPrefix(strings.ToUpper(keyword), "AUTH="); ok {
			keyword, parameters = "AUTH", strings.TrimSpace(rest+" "+parameters)
		}
		if keyword == "" || !printableASCII(keyword) {
			continue // no keyword, whatever it is (RFC 5321, section 4.1.1.1)
		}
		c.add(strings.ToUpper(keyword), strings.TrimSpace(parameters))
	}
	c.bounds, c.size = c.limits(), c.maxSize()
	return c
}

// add merges lines of the same keyword, as servers with two AUTH lines mean it.
func (c *Capabilities) add(keyword, parameters string) {
	for i := range c.keywords {
		if c.keywords[i].Keyword == keyword {
			c.keywords[i].Parameters = strings.TrimSpace(c.keywords[i].Parameters + " " + parameters)
			return
		}
	}
	c.keywords = append(c.keywords, Capability{keyword, parameters})
}

// All returns what was offered, in the server's order.
func (c Capabilities) All() []Capability { return append([]Capability(nil), c.keywords...) }

// Has reports whether keyword was offered; case does not matter.
func (c Capabilities) Has(keyword string) bool {
	_, ok := c.Parameters(keyword)
	return ok
}

// has is Has for a keyword in upper case.
func (c *Capabilities) has(keyword string) bool {
	for i := range c.keywords {
		if c.keywords[i].Keyword == keyword {
			return true
		}
	}
	return false
}

// Parameters returns what stands behind keyword.
func (c Capabilities) Parameters(keyword string) (string, bool) {
	for _, offered := range c.keywords {
		if strings.EqualFold(offered.Keyword, keyword) {
			return offered.Parameters, true
		}
	}
	return "", false
}

// Mechanisms are the SASL mechanisms offered, in upper case.
func (c Capabilities) Mechanisms() []string {
	parameters, _ := c.Parameters("AUTH")
	var mechanisms []string
	seen := map[string]bool{}
	for _, name := range strings.Fields(strings.ToUpper(parameters)) {
		if !seen[name] {
			seen[name] = true
			mechanisms = append(mechanisms, name)
		}
	}
	return mechanisms
}

// MaxSize is the size in octets above which the server refuses a message, 0
// where it names none (RFC 1870, section 4). What is no number is ignored.
func (c Capabilities) MaxSize() int64 { return c.size }

func (c Capabilities) maxSize() int64 {
	parameters, _ := c.Parameters("SIZE")
	first, _, _ := strings.Cut(parameters, " ")
	size, err := strconv.ParseInt(first, 10, 64)
	if err != nil || size < 0 {
		return 0
	}
	return size
}
