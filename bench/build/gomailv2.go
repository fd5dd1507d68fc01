package main

import (
	"io"

	"gopkg.in/gomail.v2"
)

func prepareGomail(l *letter) (maker, error) {
	content := func(octets []byte) gomail.FileSetting {
		return gomail.SetCopyFunc(func(w io.Writer) error {
			_, err := w.Write(octets)
			return err
		})
	}
	return func(w io.Writer, i int) error {
		m := gomail.NewMessage()
		m.SetAddressHeader("From", from, fromName)
		m.SetAddressHeader("To", to, toName)
		m.SetHeader("Subject", subject)
		m.SetHeader("Message-ID", messageID())
		body := l.personal(i)
		m.SetBody("text/plain", body.text)
		if body.html != "" {
			m.AddAlternative("text/html", body.html)
		}
		if l.picture != nil {
			m.Embed(pictureName, content(l.picture))
		}
		if l.file != nil {
			m.Attach(fileName, content(l.file))
		}
		_, err := m.WriteTo(w)
		return err
	}, nil
}
