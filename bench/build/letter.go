package main

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	mathrand "math/rand/v2"
	"strings"
)

// letter is what messages are made of.
type letter struct {
	bodies  [salutations]bodies
	picture []byte // shown inline; nil is none
	file    []byte // attached; nil is none
	fresh   bool   // the file stands for another one in each message
}

// bodies are the texts of one message, as strings and as bytes: what a library asks for
// costs it nothing. They are made before anything is measured.
type bodies struct {
	text, html           string // html may be ""
	textBytes, htmlBytes []byte
}

// salutations is how many messages differ before their texts come again: few enough that
// the texts stay in the cache, as they would where each was made just before.
const salutations = 16

// The header and the names of the files.
const (
	fromName, from = "Bank", "news@bank.example"
	toName, to     = "Ann Example", "ann@example.org"
	subject        = "Grüße aus der Bank"
	pictureName    = "bear.png"
	fileName       = "terms.pdf"
)

// personal are text and HTML of message i.
func (l *letter) personal(i int) *bodies { return &l.bodies[i%salutations] }

// levels are the multiparts a message needs, outermost first.
func (l *letter) levels() []string {
	var levels []string
	if l.file != nil {
		levels = append(levels, "mixed")
	}
	if l.picture != nil {
		levels = append(levels, "related")
	}
	if l.bodies[0].html != "" {
		levels = append(levels, "alternative")
	}
	return levels
}

// messageID makes a Message-ID for libraries that make none: a message without one is not
// what the others build.
func messageID() string {
	var random [16]byte
	_, _ = rand.Read(random[:]) // never fails
	return "<" + hex.EncodeToString(random[:]) + "@bank.example>"
}

// newLetter makes one of the letters that -what names, and nothing of the others, which
// would be memory that a collector counts.
func newLetter(what string) (*letter, bool) {
	const sentence = "The terms of your account change on the first of March; what changes stands in the paper attached.\r\n"
	text := strings.Repeat(sentence, 11) + "Mit freundlichen Grüßen\r\n"
	html := strings.Repeat("<p style=\"margin:0\">"+strings.TrimSuffix(sentence, "\r\n")+"</p>\r\n", 23) + "<p>Mit freundlichen Grüßen</p>\r\n"
	var l letter
	switch what {
	case "letter":
	case "attachments":
		html += "<img src=\"cid:" + pictureName + "\">\r\n"
		l.picture = noise("\x89PNG\r\n\x1a\n", 90_000)
		l.file = noise("%PDF-1.7\n", 500_000)
	case "base64":
		text, html = "See the paper attached.\r\n", ""
		l.file, l.fresh = noise("%PDF-1.7\n", 1_000_000), true
	default:
		return nil, false
	}
	for i := range l.bodies {
		b := &l.bodies[i]
		b.text = fmt.Sprintf("Dear customer %d,\r\n\r\n", i) + text
		if html != "" {
			b.html = fmt.Sprintf("<p>Dear customer %d,</p>\r\n", i) + html
		}
		b.textBytes, b.htmlBytes = []byte(b.text), []byte(b.html)
	}
	return &l, true
}

// noise is n octets that begin as a file of its kind does.
func noise(magic string, n int) []byte {
	octets := make([]byte, n)
	source := mathrand.NewChaCha8([32]byte{})
	_, _ = source.Read(octets) // never fails
	copy(octets, magic)
	return octets
}
