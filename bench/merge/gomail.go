package main

import (
	"context"
	"crypto/tls"

	gomail "github.com/wneessen/go-mail"

	"github.com/mailscript/mailscript/bench/client"
)

func sendGoMail(w work, job client.Job, _ int) error {
	text, html, err := w.letter.templates()
	if err != nil {
		return err
	}
	host, port, err := job.HostPort()
	if err != nil {
		return err
	}
	options := []gomail.Option{
		gomail.WithPort(port), gomail.WithHELO(client.LocalName), gomail.WithoutNoop(), gomail.WithoutRset(),
		gomail.WithTLSPolicy(gomail.NoTLS),
	}
	if job.TLS == client.Implicit {
		options = append(options, gomail.WithSSL(), gomail.WithTLSConfig(&tls.Config{RootCAs: job.Roots(), ServerName: client.ServerName}))
	}
	c, err := gomail.NewClient(host, options...)
	if err != nil {
		return err
	}
	if err := c.DialWithContext(context.Background()); err != nil {
		return err
	}
	err = eachRow(w.rows(), func(row map[string]any) error {
		if w.letter.offers {
			row["Offers"] = offers
		}
		m := gomail.NewMsg()
		if err := m.FromFormat("Bank", sender); err != nil {
			return err
		}
		if err := m.AddToFormat(row["name"].(string), row["email"].(string)); err != nil {
			return err
		}
		m.Subject(subject(row))
		m.SetDate()
		m.SetMessageID()
		if err := m.SetBodyTextTemplate(text, row); err != nil {
			return err
		}
		if err := m.AddAlternativeHTMLTemplate(html, row); err != nil {
			return err
		}
		return c.Send(m)
	})
	if err != nil {
		return err
	}
	return c.Close()
}
