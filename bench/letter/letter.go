// Package letter makes the messages that are sent.
package letter

import (
	"bytes"
	"strings"
)

// The envelope of every message.
const (
	From = "sender@example.com"
	To   = "recipient@example.net"
)

// Subject is for clients that make the header themselves.
const Subject = "Benchmark message"

const header = "From: Sender <" + From + ">\r\n" +
	"To: Recipient <" + To + ">\r\n" +
	"Subject: " + Subject + "\r\n" +
	"Date: Mon, 02 Jan 2006 15:04:05 +0000\r\n" +
	"Message-ID: <1234567890.abcdef@example.com>\r\n" +
	"MIME-Version: 1.0\r\n" +
	"Content-Type: text/plain; charset=utf-8\r\n" +
	"Content-Transfer-Encoding: 8bit\r\n" +
	"\r\n"

// Message is a message of so many octets, a usual header included. A size below
// that of the header and a line end gets those.
func Message(size int) []byte {
	return append([]byte(header), Body(size)...)
}

// Body is the body of Message(size): lines of 76 characters, none of which begins
// with a dot.
func Body(size int) []byte {
	const end = "\r\n"
	line := strings.Repeat("abcdefghijklmnopqrstuvwxyz 0123456789 ", 2)
	var body bytes.Buffer
	left := max(size-len(header), len(end))
	for ; left >= len(line)+2*len(end); left -= len(line) + len(end) {
		body.WriteString(line + end)
	}
	// One line, or none, is left; two where one would be too long.
	if left > len(line)+len(end) {
		body.WriteString(line[:left-2*len(end)-1] + end)
		left = len(end) + 1
	}
	body.WriteString(line[:left-len(end)] + end)
	return body.Bytes()
}
