package main

import (
	"bytes"
	"io"

	"github.com/wneessen/go-mail"
)

func prepareGoMail(l *letter) (maker, error) {
	return func(w io.Writer, i int) error {
		m := mail.NewMsg()
		if err := m.FromFormat(fromName, from); err != nil {
			return err
		}
		if err := m.AddToFormat(toName, to); err != nil {
			return err
		}
		m.Subject(subject)
		m.SetDate()
		m.SetMessageID()
		body := l.personal(i)
		m.SetBodyString(mail.TypeTextPlain, body.text)
		if body.html != "" {
			m.AddAlternativeString(mail.TypeTextHTML, body.html)
		}
		if l.picture != nil {
			m.EmbedReadSeeker(pictureName, bytes.NewReader(l.picture), mail.WithFileContentID(pictureName))
		}
		if l.file != nil {
			m.AttachReadSeeker(fileName, bytes.NewReader(l.file))
		}
		_, err := m.WriteTo(w)
		return err
	}, nil
}
