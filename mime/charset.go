package mime

import (
	"fmt"
	"io"
	"strings"

	"golang.org/x/text/encoding/htmlindex"
)

// charsetReader decodes the charsets of encoded-words in names we are given.
func charsetReader(charset string, input io.Reader) (io.Reader, error) {
	encoding, err := htmlindex.Get(charset)
	if err != nil {
		return nil, fmt.Errorf("unknown charset %q", charset)
	}
	return encoding.NewDecoder().Reader(input), nil
}

// charsetName returns the name under which a charset is declared, and "" for one that
// the register of RFC 2978 does not know, as far as the WHATWG's list has it.
func charsetName(charset string) string {
	name := strings.ToLower(charset)
	switch name {
	case "us-ascii", "ascii":
		return "us-ascii"
	case "utf8":
		return "utf-8"
	}
	if _, err := htmlindex.Get(name); err != nil {
		return ""
	}
	return name
}
