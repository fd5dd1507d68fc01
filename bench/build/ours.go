package main

import (
	"io"

	"github.com/mailscript/mailscript/mime"
)

func prepareOurs(l *letter) (maker, error) {
	sender, err := mime.NewAddress(fromName, from)
	if err != nil {
		return nil, err
	}
	recipient, err := mime.NewAddress(toName, to)
	if err != nil {
		return nil, err
	}
	description := mime.Description{
		From: []mime.Address{sender}, To: mime.NewAddressList(recipient), Subject: subject,
	}
	if l.picture != nil {
		picture, err := mime.Bytes(l.picture, mime.PartOptions{Name: pictureName})
		if err != nil {
			return nil, err
		}
		description.Inline = []mime.Inline{{Name: pictureName, Part: picture}}
	}
	attach := func() error {
		file, err := mime.Bytes(l.file, mime.PartOptions{Name: fileName})
		description.Attach = []*mime.Part{file}
		return err
	}
	if l.file != nil && !l.fresh {
		if err := attach(); err != nil {
			return nil, err
		}
	}
	return func(w io.Writer, i int) error {
		body := l.personal(i)
		description.Text, description.HTML = body.text, body.html
		if l.fresh {
			if err := attach(); err != nil {
				return err
			}
		}
		m, err := mime.Build(description, mime.Environment{})
		if err != nil {
			return err
		}
		_, err = m.WriteTo(w)
		return err
	}, nil
}
