package server

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// opening begins a session up to the go-ahead for a message.
const opening = "HELO client.test\r\nMAIL FROM:<ann@client.test>\r\nRCPT TO:<bob@mx.test>\r\nDATA\r\n"

const openingReplies = "220 mx.test ESMTP\r\n250 mx.test\r\n250 2.1.0 sender ok\r\n250 2.1.5 recipient ok\r\n" +
	"354 end with <CRLF>.<CRLF>\r\n"

// Row U8: what some server takes for the end of a message, and this one must not.
// Behind each false end stands a second transaction, as smuggled mail does.
func TestSmuggling(t *testing.T) {
	for _, end := range []string{
		"\n.\n", "\n.\r\n", "\r\n.\n", "\r.\r", "\r.\n", "\n.\r", "\r\n.\r", "\r.\r\n", "\r\n.\r\r\n",
		"\r\r\n.\r\r\n", "\r\n\x00.\r\n", "\r\n.\x00\r\n", "\r\n.\r\x00\n", "\n\n.\n\n", "\n\r.\n\r", "\r\n.\n\r\n",
		"\r\n.\r.\r\n", "\x00", "\r", "\n",
	} {
		t.Run(strings.Trim(strings.ReplaceAll(quoteOctets(end), `\`, "_"), `"`), func(t *testing.T) {
			t.Parallel()
			dialogue{
				config: Config{Hostname: "mx.test"},
				client: opening + "first" + end +
					"MAIL FROM:<eve@client.test>\r\nRCPT TO:<bob@mx.test>\r\nDATA\r\nsmuggled\r\n.\r\nQUIT\r\n",
				server: openingReplies + "550 5.6.0 bare CR, bare LF or NUL in the text\r\n221 2.0.0 bye\r\n",
			}.check(t)
		})
	}
}

func quoteOctets(text string) string {
	return strings.NewReplacer("\r", "CR", "\n", "LF", "\x00", "NUL").Replace(text)
}

// stuff is dot-stuffing written another way than the server undoes it.
func stuff(text string) string {
	text = strings.ReplaceAll("\r\n"+text, "\r\n.", "\r\n..")[2:]
	if text != "" && !strings.HasSuffix(text, "\r\n") {
		text += "\r\n"
	}
	return text + ".\r\n"
}

// Octets that matter are put at every place around the edges of the buffers.
func TestDataAtBufferEdges(t *testing.T) {
	const buffer = 64
	for _, pattern := range []string{"\r\n", "\r\n.", "\r\n.\r\n", "\r\n..", ".", "\r\n.x"} {
		for offset := buffer - 8; offset <= buffer+8; offset++ {
			text := strings.Repeat("x", offset) + pattern + strings.Repeat("y", 2*buffer) + pattern
			want := text
			if !strings.HasSuffix(want, "\r\n") {
				want += "\r\n"
			}
			for _, source := range []struct {
				name string
				wrap func(io.Reader) io.Reader
			}{{"whole", func(r io.Reader) io.Reader { return r }}, {"octets", iotest.OneByteReader}, {"halves", iotest.HalfReader}} {
				in := bufio.NewReaderSize(source.wrap(strings.NewReader(stuff(text)+"NEXT")), buffer)
				body := &dataBody{in: in, limit: 1 << 20}
				got, err := io.ReadAll(body)
				if err != nil || string(got) != want {
					t.Fatalf("%s, pattern %q at %d: %q, %v, want %q", source.name, pattern, offset, got, err, want)
				}
				if rest, _ := io.ReadAll(in); string(rest) != "NEXT" {
					t.Fatalf("%s, pattern %q at %d: left %q", source.name, pattern, offset, rest)
				}
			}
		}
	}
}

// A bare CR is found at every place, the edges of usual buffers included.
func TestBareCRAtBufferEdges(t *testing.T) {
	for _, edge := range []int{4096, 8192, 16384} {
		for offset := edge - 3; offset <= edge+3; offset++ {
			text := strings.Repeat("x", offset) + "\ry\r\n.\r\n"
			body := &dataBody{in: bufio.NewReaderSize(strings.NewReader(text), 4096), limit: 1 << 20}
			if _, err := io.Copy(io.Discard, body); !errors.Is(err, ErrIllFormed) {
				t.Errorf("CR at %d: %v", offset, err)
			}
			if err := body.finish(Reply{}); err != nil || !body.ended {
				t.Errorf("CR at %d: end not found: %v", offset, err)
			}
		}
	}
}

// A message that is cut off is never taken for a whole one.
func TestDataCutOff(t *testing.T) {
	text := stuff("one\r\n.two\r\n\r\n")
	for cut := range len(text) {
		body := &dataBody{in: bufio.NewReader(strings.NewReader(text[:cut])), limit: 100}
		if _, err := io.Copy(io.Discard, body); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("cut at %d: %v", cut, err)
		}
	}
}

// FuzzData compares the reader with the plain definition: the message ends at the
// first <CRLF>.<CRLF>, and a CR, LF or NUL out of place spoils it.
func FuzzData(f *testing.F) {
	for _, seed := range []string{".\r\n", "x\r\n.\r\n", "..\r\n.\r\n", "\r\n.\n.\r\n", "a\rb\r\n.\r\n", ".\r.\r\n.\r\n"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, input []byte) {
		in := bufio.NewReaderSize(iotest.HalfReader(bytes.NewReader(input)), 16)
		body := &dataBody{in: in, limit: 1 << 20}
		got, err := io.ReadAll(body)
		whole, after, found := strings.Cut("\r\n"+string(input), "\r\n.\r\n")
		if !found {
			if err == nil {
				t.Fatalf("%q accepted without an end", input)
			}
			return
		}
		text := whole + "\r\n"
		lone := strings.ReplaceAll(text, "\r\n", "")
		if strings.ContainsAny(lone, "\r\n\x00") {
			if !errors.Is(err, ErrIllFormed) {
				t.Fatalf("%q: %v", input, err)
			}
		} else {
			want := strings.ReplaceAll(text, "\r\n.", "\r\n")[2:]
			if err != nil || string(got) != want {
				t.Fatalf("%q: %q, %v, want %q", input, got, err, want)
			}
		}
		if err := body.finish(Reply{}); err != nil {
			t.Fatalf("%q: finish: %v", input, err)
		}
		if rest, _ := io.ReadAll(in); string(rest) != after {
			t.Fatalf("%q: left %q, want %q", input, rest, after)
		}
	})
}
