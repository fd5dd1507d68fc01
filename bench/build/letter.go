package main

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// letter is what messages are made of.
type letter struct {
	text, html string
	picture    []byte // shown inline; nil is none
	file       []byte // attached; nil is none
	fresh      bool   // the file stands for another one in each message
}

// The header and the names of the files.
const (
	fromName, from = "Bank", "news@bank.example"
	toName, to     = "Ann Example", "ann@example.org"
	subject        = "Grüße aus der Bank"
	pictureName    = "bear.png"
	fileName       = "terms.pdf"
)

// personal are text and HTML of message i.
func (l letter) personal(i int) (text, html string) {
	text = fmt.Sprintf("Dear customer %d,\r\n\r\n", i) + l.text
	if l.html != "" {
		html = fmt.Sprintf("<p>Dear customer %d,</p>\r\n", i) + l.html
	}
	return text, html
}

func letters() map[string]letter {
	const sentence = "The terms of your account change on the first of March; what changes stands in the paper attached.\r\n"
	text := strings.Repeat(sentence, 11) + "Mit freundlichen Grüßen\r\n"
	html := strings.Repeat("<p style=\"margin:0\">"+strings.TrimSuffix(sentence, "\r\n")+"</p>\r\n", 23) + "<p>Mit freundlichen Grüßen</p>\r\n"
	plain := letter{text: text, html: html}
	full := plain
	full.html += "<img src=\"cid:" + pictureName + "\">\r\n"
	full.picture = noise("\x89PNG\r\n\x1a\n", 90_000)
	full.file = noise("%PDF-1.7\n", 500_000)
	return map[string]letter{
		"letter":      plain,
		"attachments": full,
		"base64":      {text: "See the paper attached.\r\n", file: noise("%PDF-1.7\n", 1_000_000), fresh: true},
	}
}

// noise is n octets that begin as a file of its kind does.
func noise(magic string, n int) []byte {
	octets := make([]byte, n)
	source := rand.NewChaCha8([32]byte{})
	_, _ = source.Read(octets) // never fails
	copy(octets, magic)
	return octets
}
