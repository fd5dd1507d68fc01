package lint

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// defaultLimit is far more than servers take.
const defaultLimit = 256 << 20

// maxFindings is how many findings of one rule are kept. One more says how many there
// were.
const maxFindings = 20

// ErrTooLarge says that a message is longer than Options.Limit.
var ErrTooLarge = errors.New("lint: the message is larger than the limit")

// Options change what is looked at. The zero value looks for everything.
type Options struct {
	// Ignore holds the IDs of rules that are left out. One that does not exist is an
	// error.
	Ignore []string
	// Limit is how many octets Read takes, 256 MiB by default.
	Limit int64
}

// Finding is one thing that is wrong, and where.
type Finding struct {
	// Rule is the ID of the rule.
	Rule string
	// Severity is that of the rule.
	Severity Severity
	// Line is the line of the message, from 1; 0 for what is wrong with the whole of it.
	Line int
	// Header is the name of the field, if it is one.
	Header string
	// Part is the part as IMAP counts (RFC 9051, section 6.4.5): "1.2"; "" for the header
	// of the message and for a message that is a single part.
	Part string
	// Text says what was found, in lower case and without a full stop. It has no control
	// characters.
	Text string
	// Hint says what to do.
	Hint string
}

// String gives all but the hint, on one line.
func (f Finding) String() string {
	var b strings.Builder
	if f.Line > 0 {
		fmt.Fprintf(&b, "line %d: ", f.Line)
	}
	if f.Part != "" {
		b.WriteString("part " + f.Part + ": ")
	}
	if f.Header != "" {
		b.WriteString(f.Header + ": ")
	}
	return b.String() + string(f.Severity) + ": " + f.Text + " [" + f.Rule + "]"
}

// Read looks at a message that is read to its end. The error is that of r, ErrTooLarge, or
// one about the options; findings are no error.
func Read(r io.Reader, o Options) ([]Finding, error) {
	limit := o.Limit
	if limit <= 0 {
		limit = defaultLimit
	}
	message, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, fmt.Errorf("lint: reading the message: %w", err)
	}
	if int64(len(message)) > limit {
		return nil, ErrTooLarge
	}
	return Check(message, o)
}

// Check looks at a message. The findings are in the order of the message; those about the
// whole come first. The error is one about the options.
func Check(message []byte, o Options) ([]Finding, error) {
	c := checker{message: message, rules: make(map[string]Rule, len(rules)), counts: map[string]int{}}
	for _, rule := range rules {
		c.rules[rule.ID] = rule
	}
	for _, id := range o.Ignore {
		if _, known := c.rules[id]; !known {
			return nil, fmt.Errorf("lint: there is no rule %q", id)
		}
	}
	for _, id := range o.Ignore {
		delete(c.rules, id)
	}
	c.parse()
	c.checkHeader()
	c.checkParts()
	c.checkTrust()
	c.checkSize()
	for _, rule := range rules {
		if more := c.counts[rule.ID] - maxFindings; more > 0 {
			c.findings = append(c.findings, Finding{Rule: rule.ID, Severity: rule.Severity, Text: fmt.Sprintf("%d more of the same", more), Hint: rule.Hint})
		}
	}
	slices.SortStableFunc(c.findings, func(a, b Finding) int { return cmp.Compare(a.Line, b.Line) })
	return c.findings, nil
}

// checker looks at one message.
type checker struct {
	message  []byte
	rules    map[string]Rule
	findings []Finding
	counts   map[string]int
	root     *entity
	leaves   []*entity
}

// place is where a finding is.
type place struct {
	line         int
	header, part string
}

func (c *checker) add(id string, at place, format string, values ...any) {
	rule, wanted := c.rules[id]
	if !wanted {
		return
	}
	if c.counts[id]++; c.counts[id] > maxFindings {
		return
	}
	c.findings = append(c.findings, Finding{
		Rule: id, Severity: rule.Severity, Line: at.line, Header: printable(cut(at.header)), Part: at.part,
		Text: printable(fmt.Sprintf(format, values...)), Hint: rule.Hint,
	})
}

// maxShown is the number of characters of a message that a text repeats.
const maxShown = 80

// shown quotes something from the message, cut to a length that can be read.
func shown(text string) string { return "“" + cut(text) + "”" }

// cut leaves as much of a text as can be read.
func cut(text string) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	n := 0
	for i := range text {
		if n == maxShown {
			return text[:i] + "…"
		}
		n++
	}
	return text
}
