package main

import (
	"context"

	"github.com/wneessen/go-mail"

	"github.com/mailscript/mailscript/bench/client"
	"github.com/mailscript/mailscript/bench/letter"
)

func sendGoMail(job client.Job, n int) error { return goMail(job, n) }

func sendGoMailPlain(job client.Job, n int) error {
	return goMail(job, n, mail.WithoutNoop(), mail.WithoutRset())
}

func goMail(job client.Job, n int, options ...mail.Option) error {
	host, port, err := job.HostPort()
	if err != nil {
		return err
	}
	options = append(options, mail.WithPort(port), mail.WithHELO(client.LocalName))
	switch job.TLS {
	case client.Off:
		options = append(options, mail.WithTLSPolicy(mail.NoTLS))
	case client.Implicit:
		options = append(options, mail.WithSSL(), mail.WithTLSConfig(job.TLSConfig()))
	case client.StartTLS:
		options = append(options, mail.WithTLSPolicy(mail.TLSMandatory), mail.WithTLSConfig(job.TLSConfig()))
	}
	c, err := mail.NewClient(host, options...)
	if err != nil {
		return err
	}
	if err := c.DialWithContext(context.Background()); err != nil {
		return err
	}
	body := string(letter.Body(job.Size))
	for range n {
		m := mail.NewMsg(mail.WithEncoding(mail.NoEncoding))
		if err := m.FromFormat("Sender", letter.From); err != nil {
			return err
		}
		if err := m.AddToFormat("Recipient", letter.To); err != nil {
			return err
		}
		m.Subject(letter.Subject)
		m.SetDate()
		m.SetMessageID()
		m.SetBodyString(mail.TypeTextPlain, body)
		if err := c.Send(m); err != nil {
			return err
		}
	}
	return c.Close()
}
