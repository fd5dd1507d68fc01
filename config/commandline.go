package config

import (
	"fmt"
	"strings"
)

// Command is a line for sh -c, or on Windows cmd /C. It prints as the program it
// runs, in every format: what stands behind it may be a secret.
type Command struct {
	// A pointer, because fmt forgets about methods where a verb is wrong.
	line *string
}

// NewCommand is a command of one line; none where that is empty.
func NewCommand(line string) Command {
	if line == "" {
		return Command{}
	}
	return Command{&line}
}

// IsZero reports whether there is no command.
func (c Command) IsZero() bool { return c.line == nil }

// String is the program in quotes. Words before it that set a variable are
// skipped, because the value may be a secret; one that a quote carries beyond
// the next space hides all.
func (c Command) String() string {
	if c.IsZero() {
		return "none"
	}
	const plain = asciiAlphanumerics + "._+-/\\:~"
	for word := range strings.FieldsSeq(*c.line) {
		switch sets := strings.Contains(word, "="); {
		case len(word) > 200 || strings.Trim(word, plain+"=,@%") != "":
			return hiddenMark
		case !sets && strings.Trim(word, plain) != "":
			return hiddenMark
		case !sets:
			return fmt.Sprintf("%q", word)
		}
	}
	return hiddenMark
}

// Format writes String for every verb, %#v included.
func (c Command) Format(f fmt.State, _ rune) { fmt.Fprint(f, c.String()) }

// MarshalText writes String, so that no encoder sees the line.
func (c Command) MarshalText() ([]byte, error) { return []byte(c.String()), nil }
