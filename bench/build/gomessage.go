package main

import (
	"io"
	"time"

	"github.com/emersion/go-message"
	"github.com/emersion/go-message/mail"
)

func prepareGoMessage(l *letter) (maker, error) {
	levels := l.levels()
	return func(w io.Writer, i int) error {
		var h mail.Header
		h.SetAddressList("From", []*mail.Address{{Name: fromName, Address: from}})
		h.SetAddressList("To", []*mail.Address{{Name: toName, Address: to}})
		h.SetSubject(subject)
		h.SetDate(time.Now())
		if err := h.GenerateMessageID(); err != nil {
			return err
		}
		// Package mail knows no multipart/related, so levels are made one by one.
		top := h.Header
		top.SetContentType("multipart/"+levels[0], nil)
		root, err := message.CreateWriter(w, top)
		if err != nil {
			return err
		}
		writers := []*message.Writer{root}
		for n, kind := range levels[1:] {
			var h message.Header
			h.SetContentType("multipart/"+kind, nil)
			child, err := writers[n].CreatePart(h)
			if err != nil {
				return err
			}
			writers = append(writers, child)
		}
		if err := l.writeTexts(writers[len(writers)-1], i); err != nil {
			return err
		}
		for n := len(levels) - 1; n >= 0; n-- {
			if err := l.writeFile(writers[n], levels[n]); err != nil {
				return err
			}
			if err := writers[n].Close(); err != nil {
				return err
			}
		}
		return nil
	}, nil
}

func (l *letter) writeTexts(parent *message.Writer, i int) error {
	body := l.personal(i)
	for _, text := range []struct {
		kind   string
		octets []byte
	}{{"text/plain", body.textBytes}, {"text/html", body.htmlBytes}} {
		if len(text.octets) == 0 {
			continue
		}
		var h message.Header
		h.SetContentType(text.kind, map[string]string{"charset": "utf-8"})
		h.Set("Content-Transfer-Encoding", "quoted-printable")
		if err := writePart(parent, h, text.octets); err != nil {
			return err
		}
	}
	return nil
}

// writeFile writes the file that stands at the end of a multipart.
func (l *letter) writeFile(parent *message.Writer, level string) error {
	switch level {
	case "related":
		var h message.Header
		h.SetContentType("image/png", map[string]string{"name": pictureName})
		h.SetContentDisposition("inline", map[string]string{"filename": pictureName})
		h.Set("Content-ID", "<"+pictureName+">")
		h.Set("Content-Transfer-Encoding", "base64")
		return writePart(parent, h, l.picture)
	case "mixed":
		var a mail.AttachmentHeader
		a.SetContentType("application/pdf", nil)
		a.SetFilename(fileName)
		a.Set("Content-Transfer-Encoding", "base64")
		return writePart(parent, a.Header, l.file)
	}
	return nil
}

func writePart(parent *message.Writer, h message.Header, octets []byte) error {
	w, err := parent.CreatePart(h)
	if err != nil {
		return err
	}
	if _, err := w.Write(octets); err != nil {
		return err
	}
	return w.Close()
}
