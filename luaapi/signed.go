package luaapi

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/mailscript/mailscript/mime/dkim"
	"github.com/mailscript/mailscript/smtp"
)

// signed is a message with its signatures, in the encoding that no server on the way changes
// (RFC 6376, section 5.3).
func (c *Call) signed(l *letter, signers []*dkimSigner) (smtp.Content, error) {
	now := time.Now
	if c.options.Now != nil {
		now = c.options.Now
	}
	return l.signed(signers, now())
}

// signed is the message with signatures of that time.
func (l *letter) signed(signers []*dkimSigner, at time.Time) (smtp.Content, error) {
	m, err := l.For("")
	if err != nil {
		return smtp.Content{}, err
	}
	content := contentOf(m)
	header, err := l.hash(content, signers)
	if err != nil {
		return smtp.Content{}, err
	}
	var fields []byte
	for _, s := range signers {
		// RFC 6376, section 5.6: signatures need not cover each other.
		made, err := s.Sign(header, l.hashes[s.body], at)
		if err != nil {
			return smtp.Content{}, fmt.Errorf("dkim: %w", err)
		}
		fields = append(fields, made...)
	}
	content.Size += int64(len(fields))
	content.Writer = signedText{fields, content.Writer}
	if content.Pieces != nil {
		content.Pieces = append([][]byte{fields}, content.Pieces...)
	}
	return content, nil
}

// hash returns the header of a message, and sees to it that all hashes of the body that
// signers need are known.
func (l *letter) hash(content smtp.Content, signers []*dkimSigner) (header []byte, err error) {
	if l.hashes == nil {
		l.hashes = map[dkim.Canonicalization]dkim.BodyHash{}
	}
	split := &splitter{}
	hashers := map[dkim.Canonicalization]*dkim.BodyHasher{}
	for _, s := range signers {
		if _, known := l.hashes[s.body]; !known && hashers[s.body] == nil {
			hasher := s.NewBodyHasher()
			hashers[s.body] = hasher
			split.body = append(split.body, hasher)
		}
	}
	_, err = content.Writer.WriteTo(split)
	if err != nil && !errors.Is(err, errHeaderRead) {
		return nil, err
	}
	for canonicalization, hasher := range hashers {
		l.hashes[canonicalization] = hasher.Sum()
	}
	return split.header, nil
}

// errHeaderRead ends the reading of a message whose body nobody needs.
var errHeaderRead = errors.New("the header has been read")

// splitter keeps the header of the message that is written to it, and hands on the body.
type splitter struct {
	header []byte
	ended  bool
	body   []io.Writer
}

func (s *splitter) Write(p []byte) (int, error) {
	rest := p
	if !s.ended {
		seen := len(s.header)
		s.header = append(s.header, p...)
		end := bytes.Index(s.header[max(0, seen-3):], []byte("\r\n\r\n"))
		if end < 0 {
			return len(p), nil
		}
		end += max(0, seen-3)
		rest = s.header[end+4:]
		s.header, s.ended = s.header[:end+2:end+2], true
	}
	if len(s.body) == 0 {
		return 0, errHeaderRead
	}
	for _, w := range s.body {
		if _, err := w.Write(rest); err != nil {
			return 0, err
		}
	}
	return len(p), nil
}

// signedText is a message behind its signatures.
type signedText struct {
	fields []byte
	text   io.WriterTo
}

func (s signedText) WriteTo(w io.Writer) (int64, error) {
	n, err := w.Write(s.fields)
	if err != nil {
		return int64(n), err
	}
	written, err := s.text.WriteTo(w)
	return int64(n) + written, err
}
