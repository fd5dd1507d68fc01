package main

import (
	"io"

	"github.com/jhillyerd/enmime/v2"
)

func prepareEnmime(l *letter) (maker, error) {
	return func(w io.Writer, i int) error {
		body := l.personal(i)
		b := enmime.Builder().From(fromName, from).To(toName, to).Subject(subject).
			Header("Message-ID", messageID()).Text(body.textBytes)
		if body.html != "" {
			b = b.HTML(body.htmlBytes)
		}
		if l.picture != nil {
			b = b.AddInline(l.picture, "image/png", pictureName, pictureName)
		}
		if l.file != nil {
			b = b.AddAttachment(l.file, "application/pdf", fileName)
		}
		root, err := b.Build()
		if err != nil {
			return err
		}
		return root.Encode(w)
	}, nil
}
