package main

import (
	"fmt"
	"io"
	"math/rand/v2"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/smtp"
	"net/textproto"
	"time"

	"github.com/mailscript/mailscript/bench/client"
)

// subject is the same in all stacks.
func subject(row map[string]any) string { return "Rates of " + row["month"].(string) + " – été" }

const sender = "sender@example.com"

func sendNetSMTP(w work, job client.Job, _ int) error {
	text, html, err := w.letter.templates()
	if err != nil {
		return err
	}
	conn, err := job.Dial()
	if err != nil {
		return err
	}
	defer conn.Close()
	c, err := smtp.NewClient(conn, client.ServerName)
	if err != nil {
		return err
	}
	if err := c.Hello(client.LocalName); err != nil {
		return err
	}
	err = eachRow(w.rows(), func(row map[string]any) error {
		if w.letter.offers {
			row["Offers"] = offers
		}
		if err := c.Mail(sender); err != nil {
			return err
		}
		if err := c.Rcpt(row["email"].(string)); err != nil {
			return err
		}
		out, err := c.Data()
		if err != nil {
			return err
		}
		parts := multipart.NewWriter(out)
		_, err = fmt.Fprintf(out, "From: Bank <%s>\r\nTo: %s <%s>\r\nSubject: %s\r\nDate: %s\r\nMessage-ID: <%d.%d@example.com>\r\nMIME-Version: 1.0\r\n"+
			"Content-Type: multipart/alternative; boundary=%s\r\n\r\n",
			sender, mime.QEncoding.Encode("utf-8", row["name"].(string)), row["email"], mime.QEncoding.Encode("utf-8", subject(row)),
			time.Now().Format(time.RFC1123Z), time.Now().UnixNano(), rand.Int64(), parts.Boundary())
		if err != nil {
			return err
		}
		for _, part := range []struct {
			kind string
			t    interface{ Execute(io.Writer, any) error }
		}{{"text/plain", text}, {"text/html", html}} {
			body, err := parts.CreatePart(textproto.MIMEHeader{
				"Content-Type": {part.kind + "; charset=utf-8"}, "Content-Transfer-Encoding": {"quoted-printable"},
			})
			if err != nil {
				return err
			}
			encoded := quotedprintable.NewWriter(body)
			if err := part.t.Execute(encoded, row); err != nil {
				return err
			}
			if err := encoded.Close(); err != nil {
				return err
			}
		}
		if err := parts.Close(); err != nil {
			return err
		}
		return out.Close()
	})
	if err != nil {
		return err
	}
	return c.Quit()
}
