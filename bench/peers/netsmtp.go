package main

import (
	"net/smtp"

	"github.com/mailscript/mailscript/bench/client"
	"github.com/mailscript/mailscript/bench/letter"
)

func sendNetSMTP(job client.Job, n int) error {
	message := letter.Message(job.Size)
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
	if job.TLS == client.StartTLS {
		if err := c.StartTLS(job.TLSConfig()); err != nil {
			return err
		}
	}
	if job.Login {
		if err := c.Auth(smtp.PlainAuth("", "user", "password", client.ServerName)); err != nil {
			return err
		}
	}
	for range n {
		if err := c.Mail(letter.From); err != nil {
			return err
		}
		if err := c.Rcpt(letter.To); err != nil {
			return err
		}
		w, err := c.Data()
		if err != nil {
			return err
		}
		if _, err := w.Write(message); err != nil {
			return err
		}
		if err := w.Close(); err != nil {
			return err
		}
	}
	return c.Quit()
}
