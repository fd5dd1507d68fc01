package main

import (
	"io"
	"time"

	"github.com/emersion/go-message"
	"github.com/emersion/go-message/mail"
)

func prepareGoMessage(l letter) (maker, error) {
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
		top.SetContentType("multipart/mixed", nil)
		mixed, err := message.CreateWriter(w, top)
		if err != nil {
			return err
		}
		if err := l.writeRelated(mixed, i); err != nil {
			return err
		}
		if l.file != nil {
			var a mail.AttachmentHeader
			a.SetContentType("application/pdf", nil)
			a.SetFilename(fileName)
			a.Set("Content-Transfer-Encoding", "base64")
			if err := writePart(mixed, a.Header, l.file); err != nil {
				return err
			}
		}
		return mixed.Close()
	}, nil
}

// writeRelated writes the texts and the picture.
func (l letter) writeRelated(mixed *message.Writer, i int) error {
	var h message.Header
	h.SetContentType("multipart/related", nil)
	related, err := mixed.CreatePart(h)
	if err != nil {
		return err
	}
	h = message.Header{}
	h.SetContentType("multipart/alternative", nil)
	alternative, err := related.CreatePart(h)
	if err != nil {
		return err
	}
	text, html := l.personal(i)
	for _, body := range []struct{ kind, text string }{{"text/plain", text}, {"text/html", html}} {
		if body.text == "" {
			continue
		}
		var h message.Header
		h.SetContentType(body.kind, map[string]string{"charset": "utf-8"})
		h.Set("Content-Transfer-Encoding", "quoted-printable")
		if err := writePart(alternative, h, []byte(body.text)); err != nil {
			return err
		}
	}
	if err := alternative.Close(); err != nil {
		return err
	}
	if l.picture != nil {
		var h message.Header
		h.SetContentType("image/png", map[string]string{"name": pictureName})
		h.SetContentDisposition("inline", map[string]string{"filename": pictureName})
		h.Set("Content-ID", "<"+pictureName+">")
		h.Set("Content-Transfer-Encoding", "base64")
		if err := writePart(related, h, l.picture); err != nil {
			return err
		}
	}
	return related.Close()
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
