package letter

import (
	"bytes"
	"testing"
)

func TestMessage(t *testing.T) {
	for size := len(header) + 2; size < len(header)+400; size++ {
		m := Message(size)
		if len(m) != size {
			t.Errorf("Message(%d) has %d octets", size, len(m))
		}
		for line := range bytes.SplitSeq(bytes.TrimSuffix(m, []byte("\r\n")), []byte("\r\n")) {
			if len(line) > 78 || bytes.HasPrefix(line, []byte(".")) || bytes.ContainsAny(line, "\r\n") {
				t.Fatalf("Message(%d) has the line %q", size, line)
			}
		}
	}
}
