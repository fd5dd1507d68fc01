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

func prepareStandard(l *letter) (maker, error) {
	levels := l.levels()
	return func(w io.Writer, i int) error {
		root := multipart.NewWriter(w)
		_, err := fmt.Fprintf(w, "From: %s\r\nTo: %s\r\nSubject: %s\r\nDate: %s\r\nMessage-ID: %s\r\n"+
			"MIME-Version: 1.0\r\nContent-Type: multipart/%s; boundary=%s\r\n\r\n",
			&mail.Address{Name: fromName, Address: from}, &mail.Address{Name: toName, Address: to},
			mime.QEncoding.Encode("utf-8", subject), time.Now().Format(time.RFC1123Z), messageID(), levels[0], root.Boundary())
		if err != nil {
			return err
		}
		writers := []*multipart.Writer{root}
		for n, kind := range levels[1:] {
			child, err := nested(writers[n], "multipart/"+kind)
			if err != nil {
				return err
			}
			writers = append(writers, child)
		}
		if err := l.writeStandardTexts(writers[len(writers)-1], i); err != nil {
			return err
		}
		for n := len(levels) - 1; n >= 0; n-- {
			if err := l.writeStandardFile(writers[n], levels[n]); err != nil {
				return err
			}
			if err := writers[n].Close(); err != nil {
				return err
			}
		}
		return nil
	}, nil
}

func (l *letter) writeStandardTexts(parent *multipart.Writer, i int) error {
	body := l.personal(i)
	for _, text := range []struct {
		kind   string
		octets []byte
	}{{"text/plain", body.textBytes}, {"text/html", body.htmlBytes}} {
		if len(text.octets) == 0 {
			continue
		}
		part, err := parent.CreatePart(textproto.MIMEHeader{
			"Content-Type":              {text.kind + "; charset=utf-8"},
			"Content-Transfer-Encoding": {"quoted-printable"},
		})
		if err != nil {
			return err
		}
		w := quotedprintable.NewWriter(part)
		if _, err := w.Write(text.octets); err != nil {
			return err
		}
		if err := w.Close(); err != nil {
			return err
		}
	}
	return nil
}

// writeStandardFile writes the file that stands at the end of a multipart.
func (l *letter) writeStandardFile(parent *multipart.Writer, level string) error {
	switch level {
	case "related":
		return writeBase64(parent, textproto.MIMEHeader{
			"Content-Type":        {"image/png"},
			"Content-Disposition": {"inline; filename=" + pictureName},
			"Content-Id":          {"<" + pictureName + ">"},
		}, l.picture)
	case "mixed":
		return writeBase64(parent, textproto.MIMEHeader{
			"Content-Type":        {"application/pdf"},
			"Content-Disposition": {"attachment; filename=" + fileName},
		}, l.file)
	}
	return nil
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
