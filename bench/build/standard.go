package main

import (
	"encoding/base64"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"net/textproto"
	"time"
)

func prepareStandard(l letter) (maker, error) {
	return func(w io.Writer, i int) error {
		mixed := multipart.NewWriter(w)
		_, err := fmt.Fprintf(w, "From: %s\r\nTo: %s\r\nSubject: %s\r\nDate: %s\r\nMessage-ID: <%d.%s@bank.example>\r\n"+
			"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=%s\r\n\r\n",
			&mail.Address{Name: fromName, Address: from}, &mail.Address{Name: toName, Address: to},
			mime.QEncoding.Encode("utf-8", subject), time.Now().Format(time.RFC1123Z), i, mixed.Boundary(), mixed.Boundary())
		if err != nil {
			return err
		}
		if err := l.writeStandardRelated(mixed, i); err != nil {
			return err
		}
		if l.file != nil {
			if err := writeBase64(mixed, textproto.MIMEHeader{
				"Content-Type":        {"application/pdf"},
				"Content-Disposition": {"attachment; filename=" + fileName},
			}, l.file); err != nil {
				return err
			}
		}
		return mixed.Close()
	}, nil
}

func (l letter) writeStandardRelated(mixed *multipart.Writer, i int) error {
	related, err := nested(mixed, "multipart/related")
	if err != nil {
		return err
	}
	alternative, err := nested(related, "multipart/alternative")
	if err != nil {
		return err
	}
	text, html := l.personal(i)
	for _, body := range []struct{ kind, text string }{{"text/plain", text}, {"text/html", html}} {
		if body.text == "" {
			continue
		}
		part, err := alternative.CreatePart(textproto.MIMEHeader{
			"Content-Type":              {body.kind + "; charset=utf-8"},
			"Content-Transfer-Encoding": {"quoted-printable"},
		})
		if err != nil {
			return err
		}
		w := quotedprintable.NewWriter(part)
		if _, err := io.WriteString(w, body.text); err != nil {
			return err
		}
		if err := w.Close(); err != nil {
			return err
		}
	}
	if err := alternative.Close(); err != nil {
		return err
	}
	if l.picture != nil {
		if err := writeBase64(related, textproto.MIMEHeader{
			"Content-Type":        {"image/png"},
			"Content-Disposition": {"inline; filename=" + pictureName},
			"Content-Id":          {"<" + pictureName + ">"},
		}, l.picture); err != nil {
			return err
		}
	}
	return related.Close()
}

// nested begins a multipart inside another. Its boundary must be known before its
// writer is, so the writer is made twice.
func nested(parent *multipart.Writer, kind string) (*multipart.Writer, error) {
	boundary := multipart.NewWriter(io.Discard).Boundary()
	part, err := parent.CreatePart(textproto.MIMEHeader{"Content-Type": {kind + "; boundary=" + boundary}})
	if err != nil {
		return nil, err
	}
	child := multipart.NewWriter(part)
	return child, child.SetBoundary(boundary)
}

func writeBase64(parent *multipart.Writer, h textproto.MIMEHeader, octets []byte) error {
	h.Set("Content-Transfer-Encoding", "base64")
	part, err := parent.CreatePart(h)
	if err != nil {
		return err
	}
	w := base64.NewEncoder(base64.StdEncoding, &lineBreaker{w: part})
	if _, err := w.Write(octets); err != nil {
		return err
	}
	return w.Close()
}

// lineBreaker puts a line end after every 76 characters (RFC 2045, section 6.8).
type lineBreaker struct {
	w    io.Writer
	used int // characters of the current line
}

const lineLength = 76

func (b *lineBreaker) Write(p []byte) (int, error) {
	for rest := p; len(rest) > 0; {
		n := min(len(rest), lineLength-b.used)
		if _, err := b.w.Write(rest[:n]); err != nil {
			return 0, err
		}
		b.used += n
		rest = rest[n:]
		if b.used == lineLength {
			if _, err := io.WriteString(b.w, "\r\n"); err != nil {
				return 0, err
			}
			b.used = 0
		}
	}
	return len(p), nil
}
